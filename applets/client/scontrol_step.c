/* scontrol update stepid= */
#include "applets/client/filters.h"
#include "applets/client/scontrol.h"
#include "conf/time.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct step_edit {
	struct job_name step; /* step_id CORE_NO_VAL: all */
	bool named, set;
	uint32_t minutes;
};

/* ---- more or less than it has now ---- */

static uint32_t now_has;
static const struct job_name *asked;

static bool take_limit(struct scontrol *sc, const void *record)
{
	const struct job_list *list = record;
	(void)sc;
	for (uint32_t i = 0; i < list->jobs.n; i++)
		for (uint32_t s = 0; s < list->jobs.v[i].steps.n; s++)
			if (list->jobs.v[i].steps.v[s].step_id == asked->step_id)
				now_has = list->jobs.v[i].steps.v[s].time_limit_min;
	return list->last;
}

/* -1: it can't be: of no step that runs with a limit. Where the real one says nothing, this does. */
static int add_to_limit(struct scontrol *sc, struct step_edit *e, char sign, uint32_t by)
{
	struct job_query q;
	struct err err = {0};
	schema_init(schema_of_job_query(), &q);
	q.with_steps = true;
	if (!e->named || e->step.step_id == CORE_NO_VAL) {
		log_info("StepId=JOB.STEP must stand before what its limit is changed by");
		return -1;
	}
	filter_add_job(&e->step, &q.job_ids, &q.tasks, &sc->arena);
	now_has = CORE_NO_VAL;
	asked = &e->step;
	if (scontrol_connect(sc, "slurm_get_job_steps error") != 0)
		return -1;
	if (scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_limit, &err) != 0 ||
	    now_has == CORE_NO_VAL || now_has == CORE_INFINITE) {
		log_info("the step does not run, or has no time limit");
		return -1;
	}
	if (sign == '-' && by > now_has) {
		log_error("TimeLimit decrement larger than current time limit (%" PRIu32 " > %" PRIu32 ")",
		          by, now_has);
		return -1;
	}
	e->minutes = sign == '-' ? now_has - by : now_has + by < CORE_NO_VAL ? now_has + by : CORE_INFINITE;
	return 0;
}

/* ---- words ---- */

static int take_limit_word(struct scontrol *sc, struct step_edit *e, const char *value)
{
	char sign = *value == '+' || *value == '-' ? *value++ : '\0';
	e->set = true;
	if (!time_parse_minutes(value, &e->minutes)) {
		log_error("Invalid TimeLimit value");
		return -1;
	}
	return sign ? add_to_limit(sc, e, sign, e->minutes) : 0;
}

static int take_word(struct scontrol *sc, struct step_edit *e, char *word)
{
	const char *value = strchr(word, '=');
	if (!value) {
		fprintf(stderr, "Invalid input: %s\nRequest aborted\nslurm_update error: No error\n", word);
		return -1;
	}
	if (scontrol_is_key(word, "TimeLimit", 5))
		return take_limit_word(sc, e, value + 1);
	if (!scontrol_is_key(word, "StepId", 4)) {
		fprintf(stderr, "Update of this parameter is not supported: %s\nRequest aborted\n", word);
		return -1;
	}
	e->named = true;
	if (job_name_parse(value + 1, &e->step, &sc->arena) && !e->step.tasks)
		return 0;
	fprintf(stderr, "Invalid StepID parameter: %s\nRequest aborted\n", word);
	return -1;
}

int scontrol_update_step(struct scontrol *sc, int argc, char **argv)
{
	struct step_edit e = {0};
	for (int i = 0; i < argc; i++)
		if (take_word(sc, &e, argv[i]) != 0)
			return 1;
	if (!e.set) {
		fputs("No changes specified\n", stderr);
		return 1;
	}
	const struct step_update_request m = {
	        .job_id = e.step.job_id, .step_id = e.step.step_id, .time_limit_min = e.minutes};
	return scontrol_request(sc, MSG_step_update_request, &m, "slurm_update error", NULL);
}
