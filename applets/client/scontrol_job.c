/* scontrol's verbs of jobs: which are meant, and what becomes of each. */
#include "applets/client/filters.h"
#include "applets/client/scontrol.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- which jobs ---- */

static bool take_ids(struct scontrol *sc, const void *record)
{
	const struct job_list *list = record;
	for (uint32_t i = 0; i < list->jobs.n; i++) {
		const struct job_spec *spec = list->jobs.v[i].spec;
		uint32_t id = spec->array_job_id ? spec->array_job_id : spec->job_id;
		bool known = false; /* of an array all records have one name and one number */
		for (uint32_t k = 0; spec->array_job_id && k < sc->found.n; k++)
			known |= sc->found.v[k] == id;
		if (!known)
			filter_add_u32(&sc->found, id, &sc->arena);
	}
	return list->last;
}

/* Every job of that name, of that user if one is given, into sc->found. */
static int find_by_name(struct scontrol *sc, const char *name, uint32_t uid)
{
	struct job_query q;
	struct err err = {0};
	char *names[] = {(char *)(uintptr_t)name};
	schema_init(schema_of_job_query(), &q);
	q.names = (struct schema_strs){names, 1};
	q.all_states = true;
	if (uid != CORE_NO_VAL)
		q.uids = (struct schema_u32s){&uid, 1};
	sc->found = (struct schema_u32s){0};
	if (scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_ids, &err) == 0)
		return 0;
	log_error("%s", err_text(&err));
	return -1;
}

/* ---- requests ---- */

/* Not all of an array's records could be changed: *said, what became of each. */
static int send(struct scontrol *sc, const struct job_update_request *m, bool *said, struct err *err)
{
	void *record = NULL;
	*said = false;
	if (connect_ask(&sc->connection, MSG_job_update_request, m, MSG_msg_ok, &sc->arena, &record, err) !=
	    0)
		return -1;
	const struct msg_ok *ok = record;
	for (uint32_t i = 0; i < ok->lines.n; i++)
		fprintf(stderr, "%s\n", ok->lines.v[i]);
	*said = ok->lines.n > 0;
	return *said ? -1 : 0;
}

/* Of an array's tasks by their numbers, as the real one does it; but an update of what isn't there as of a
 * job, and what stands or goes on by the word that was typed. */
static void say(const struct scontrol *sc, const struct err *err, const char *job,
                const struct job_update_request *m)
{
	const bool stands = m->verb == JOB_VERB_SUSPEND || m->verb == JOB_VERB_RESUME;
	const bool nowhere = m->verb == JOB_VERB_EDIT && err->code == ERR_INVALID_JOB_ID;
	if (m->tasks && !stands && !nowhere)
		scontrol_complain(sc, "%" PRIu32 "_%s: %s\n", m->job_id, m->tasks, err_code_text(err->code));
	else
		scontrol_complain(sc, "%s for job %s\n", err_code_text(err->code), job);
	if (*err->text && (err->code == ERR_NOT_SUPPORTED || m->verb == JOB_VERB_EDIT))
		log_info("%s", err->text);
}

/* The request, for the job of that number; *code is set when it failed as a whole. */
static int change_one(struct scontrol *sc, struct job_update_request *m, const char *word, int *code)
{
	struct err err = {0};
	struct job_name name;
	bool said = false, named = job_name_parse(word, &name, &sc->arena) && name.step_id == CORE_NO_VAL;
	m->as_uid = geteuid() == 0 ? sc->as_uid : CORE_NO_VAL;
	m->job_id = name.job_id;
	m->tasks = named ? name.tasks : NULL;
	if (!named)
		err_set(&err, ERR_INVALID_JOB_ID, "%s", "");
	else if (send(sc, m, &said, &err) == 0)
		return 0;
	if (said)
		return 1;
	say(sc, &err, word, m);
	if (!m->tasks)
		*code = err.code;
	return 1;
}

/* Is each word of the list one of a job? */
static bool are_jobs(struct scontrol *sc, const char *ids)
{
	char *rest = arena_strdup(&sc->arena, ids);
	struct job_name name;
	for (char *word = job_name_split(&rest); word; word = job_name_split(&rest))
		if (*word && (!job_name_parse(word, &name, &sc->arena) || name.step_id != CORE_NO_VAL))
			return false;
	return true;
}

int scontrol_change_jobs(struct scontrol *sc, struct job_update_request *m, char *ids)
{
	int rc = 0, code = 0;
	char *rest = ids;
	/* An update is of all of them or, where one is no job's number, of none. */
	if (m->verb == JOB_VERB_EDIT && !are_jobs(sc, ids))
		return scontrol_complain(sc, "%s for job %s\n", err_code_text(ERR_INVALID_JOB_ID), ids);
	for (char *word = job_name_split(&rest); word; word = job_name_split(&rest))
		if (*word)
			rc |= change_one(sc, m, word, &code);
	if (m->verb <= JOB_VERB_RELEASE && code)
		scontrol_complain(sc, "slurm_suspend error: %s\n", err_code_text(code));
	return rc;
}

int scontrol_change_named(struct scontrol *sc, struct job_update_request *m, const char *name, uint32_t uid)
{
	int rc = 0, code = 0;
	if (find_by_name(sc, name, uid) != 0)
		return 1;
	if (sc->found.n == 0 && m->verb == JOB_VERB_EDIT) {
		if (uid == CORE_NO_VAL)
			log_error("No jobs with name '%s'", name);
		else
			log_error("No jobs with user ID %" PRIu32 " and name '%s'", uid, name);
		return 1;
	}
	for (uint32_t i = 0; i < sc->found.n; i++) {
		char word[16];
		snprintf(word, sizeof(word), "%" PRIu32, sc->found.v[i]);
		rc |= change_one(sc, m, word, &code);
	}
	return rc;
}

/* ---- hold, uhold, release, requeue, requeuehold, suspend, resume ---- */

/* "Incomplete", "State=SpecialExit" before the jobs. */
static int take_requeue_options(struct job_update_request *m, int argc, char **argv)
{
	int i = 0;
	for (; i < argc; i++) {
		if (text_eq_nocase(argv[i], "incomplete"))
			m->incomplete = true;
		else if (m->verb != JOB_VERB_REQUEUE && text_eq_nocase(argv[i], "state=specialexit"))
			m->verb = JOB_VERB_REQUEUE_SPECIAL;
		else
			break;
	}
	return i;
}

int scontrol_jobs(struct scontrol *sc, uint32_t verb, int argc, char **argv)
{
	struct job_update_request m;
	int rc = 0, i = 0;
	schema_init(schema_of_job_update_request(), &m);
	m.verb = verb;
	const bool requeue = verb == JOB_VERB_REQUEUE || verb == JOB_VERB_REQUEUE_HOLD;
	if (requeue)
		i = take_requeue_options(&m, argc, argv);
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return 1;
	for (; i < argc; i++) {
		char *equals = strchr(argv[i], '=');
		if (!requeue &&
		    (scontrol_is_key(argv[i], "JobName", 4) || scontrol_is_key(argv[i], "Name", 4)))
			rc |= scontrol_change_named(sc, &m, equals + 1, CORE_NO_VAL);
		else if (verb != JOB_VERB_REQUEUE_HOLD && scontrol_is_key(argv[i], "JobId", 3))
			rc |= scontrol_change_jobs(sc, &m, equals + 1);
		else
			rc |= scontrol_change_jobs(sc, &m, argv[i]);
	}
	return rc;
}

int scontrol_top(struct scontrol *sc, int argc, char **argv)
{
	struct job_update_request m;
	struct err err = {0};
	bool said;
	(void)argc;
	schema_init(schema_of_job_update_request(), &m);
	m.verb = JOB_VERB_TOP;
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return 1;
	char *rest = arena_strdup(&sc->arena, argv[0]);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		uint32_t id;
		if (!text_to_u32(word, &id) || id == 0) {
			m.top.n =
			        0; /* the controller says what comes first: who may not, or that it is none */
			break;
		}
		filter_add_u32(&m.top, id, &sc->arena);
	}
	m.job_id = m.top.n ? m.top.v[0] : 0;
	if (send(sc, &m, &said, &err) == 0)
		return 0;
	say(sc, &err, argv[0], &m);
	return 1;
}
