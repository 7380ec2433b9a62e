#include "applets/client/filters.h"

#include "applets/common/users.h"
#include "core/records.h"
#include "core/util/log.h"
#include "core/util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Lists of a command line are short: growing by copying inside the arena is good enough. */
void filter_add_u32(struct schema_u32s *list, uint32_t value, struct arena *arena)
{
	uint32_t *longer = arena_array(arena, (size_t)list->n + 1, sizeof(*longer));
	if (list->n)
		memcpy(longer, list->v, list->n * sizeof(*longer));
	longer[list->n] = value;
	list->v = longer;
	list->n++;
}

void filter_add_word(struct schema_strs *words, const char *word, struct arena *arena)
{
	char **longer = arena_array(arena, (size_t)words->n + 1, sizeof(*longer));
	if (words->n)
		memcpy(longer, words->v, words->n * sizeof(*longer));
	longer[words->n] = arena_strdup(arena, word);
	words->v = longer;
	words->n++;
}

int filter_words(const char *list, struct schema_strs *words, struct arena *arena)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ','))
		if (*word)
			filter_add_word(words, word, arena);
	return 0;
}

void filter_add_job(const struct job_name *name, struct schema_u32s *ids, struct schema_strs *tasks,
                    struct arena *arena)
{
	/* Several tasks of one array are one record of it, as far as they wait. */
	for (uint32_t i = 0; name->tasks && i < ids->n; i++) {
		if (ids->v[i] != name->job_id || !*tasks->v[i])
			continue;
		tasks->v[i] = arena_printf(arena, "%s,%s", tasks->v[i], name->tasks);
		return;
	}
	filter_add_u32(ids, name->job_id, arena);
	filter_add_word(tasks, name->tasks ? name->tasks : "", arena);
}

/* "7", "7_3" with whatever stands behind, as the real one reads them. */
static bool loose_name(const char *word, struct job_name *name, struct arena *arena)
{
	const char *p = word;
	uint32_t task;
	size_t digits = strspn(word, "0123456789");
	*name = (struct job_name){.step_id = CORE_NO_VAL};
	if (digits == 0)
		return false;
	if (!text_read_u32(&p, &name->job_id))
		name->job_id = CORE_NO_VAL; /* nobody's */
	if (name->job_id == 0)
		return false;
	p = word + digits;
	const char *from = p + 1;
	if (*p++ == '_' && text_read_u32(&p, &task))
		name->tasks = arena_printf(arena, "%.*s", (int)(p - from), from);
	return true;
}

int filter_jobs_loose(const char *list, struct schema_u32s *ids, struct schema_strs *tasks,
                      struct arena *arena, struct err *err)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = job_name_split(&rest); word; word = job_name_split(&rest)) {
		struct job_name name;
		if (!*word)
			continue;
		if ((!job_name_parse(word, &name, arena) || name.step_id != CORE_NO_VAL) &&
		    !loose_name(word, &name, arena))
			return err_set(err, ERR_INVALID_JOB_ID, "Invalid job id: %s", word);
		filter_add_job(&name, ids, tasks, arena);
	}
	return 0;
}

int filter_jobs(const char *list, struct schema_u32s *ids, struct schema_strs *tasks, struct arena *arena,
                struct err *err)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = job_name_split(&rest); word; word = job_name_split(&rest)) {
		struct job_name name;
		if (!job_name_parse(word, &name, arena) || name.step_id != CORE_NO_VAL)
			return err_set(err, ERR_INVALID_JOB_ID, "Invalid job id: %s", word);
		filter_add_job(&name, ids, tasks, arena);
	}
	return 0;
}

static void add_step(struct filter_steps *steps, const struct job_name *step, struct arena *arena)
{
	if (steps->n == steps->cap) {
		steps->cap = steps->cap ? steps->cap * 2 : 8;
		struct job_name *longer = arena_array(arena, steps->cap, sizeof(*longer));
		if (steps->n)
			memcpy(longer, steps->v, steps->n * sizeof(*longer));
		steps->v = longer;
	}
	steps->v[steps->n++] = *step;
}

int filter_steps(const char *list, struct filter_steps *steps, struct schema_u32s *ids,
                 struct schema_strs *tasks, struct arena *arena, struct err *err)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = job_name_split(&rest); word; word = job_name_split(&rest)) {
		struct job_name name;
		if (!job_name_parse(word, &name, arena))
			return err_set(err, ERR_INVALID_STEP_ID, "Invalid job_step id: %s", word);
		filter_add_job(&name, ids, tasks, arena);
		add_step(steps, &name, arena);
	}
	return 0;
}

bool filter_step_wanted(const struct filter_steps *steps, const struct job_spec *spec,
                        const struct job_state *state, uint32_t step_id)
{
	for (size_t i = 0; i < steps->n; i++)
		if (job_name_means(&steps->v[i], spec, state, step_id))
			return true;
	return steps->n == 0;
}

int filter_users(const char *list, struct schema_u32s *uids, struct arena *arena)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		uid_t uid = CORE_NO_VAL;
		if (!*word)
			continue;
		if (user_parse(word, &uid) != 0) {
			log_error("Invalid user: %s", word);
			fputc('\n', stderr); /* as the real one does */
		}
		filter_add_u32(uids, uid, arena);
	}
	return 0;
}

int filter_me(struct schema_u32s *uids, struct arena *arena)
{
	filter_add_u32(uids, geteuid(), arena);
	return 0;
}

/* Words of flags, in the order in which the error lists them. Those that no job here can have match none. */
static const char *const flag_words[] = {"COMPLETING", "CONFIGURING",  "RESIZING",     "RESV_DEL_HOLD",
                                         "REQUEUED",   "REQUEUE_FED",  "REQUEUE_HOLD", "REVOKED",
                                         "SIGNALING",  "SPECIAL_EXIT", "STAGE_OUT",    "STOPPED"};
#define FLAG_WORDS    (sizeof(flag_words) / sizeof(flag_words[0]))
#define STATE_OF_NONE UINT32_MAX

/* Every word that may be asked for, for the error's second line. */
static void state_words(struct text *out)
{
	for (uint32_t s = 0; s < JOB_STATE_COUNT && job_state_word(s); s++)
		text_printf(out, "%s%s", s ? "," : "", job_state_word(s));
	for (size_t i = 0; i < FLAG_WORDS; i++)
		text_printf(out, ",%s", flag_words[i]);
}

static bool state_of(const char *word, uint32_t *state)
{
	int known = job_state_parse(word);
	*state = known < 0 ? STATE_OF_NONE : (uint32_t)known;
	for (size_t i = 0; known < 0 && i < FLAG_WORDS; i++)
		if (text_eq_nocase(word, flag_words[i]))
			return true;
	return known >= 0;
}

const char *filter_states_of(const char *list, struct schema_u32s *states, bool *all, struct arena *arena)
{
	char *rest = arena_strdup(arena, list);
	if (text_eq_nocase(list, "all")) {
		*all = true;
		return NULL;
	}
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		uint32_t state;
		if (!*word)
			continue;
		if (state_of(word, &state))
			filter_add_u32(states, state, arena);
		else
			return word;
	}
	return NULL;
}

int filter_states(const char *list, struct schema_u32s *states, bool *all, struct arena *arena,
                  struct err *err)
{
	const char *bad = filter_states_of(list, states, all, arena);
	if (!bad)
		return 0;
	struct text words = TEXT_EMPTY;
	state_words(&words);
	log_error("Invalid job state specified: %s", bad);
	log_error("Valid job states include: %s", text_str(&words));
	fputc('\n', stderr);
	err_set(err, ERR_INVALID_STATE, NULL);
	text_free(&words);
	return -1;
}

int filter_cluster(const char *list, bool option, const char *here, struct err *err)
{
	if (!list || text_eq_nocase(list, "all"))
		return 0;
	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");
		if (n && (strlen(here) != n || strncmp(p, here, n) != 0))
			return err_set(err, ERR_INVALID,
			               "'%.*s' can't be reached now, or it is an invalid entry for %s: the "
			               "cluster here is %s",
			               (int)n, p, option ? "--cluster" : "SLURM_CLUSTERS", here);
		p += n + (p[n] == ',');
	}
	return 0;
}
