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

int filter_words(const char *list, struct schema_strs *words, struct arena *arena)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		if (!*word)
			continue;
		char **longer = arena_array(arena, (size_t)words->n + 1, sizeof(*longer));
		if (words->n)
			memcpy(longer, words->v, words->n * sizeof(*longer));
		longer[words->n] = word;
		words->v = longer;
		words->n++;
	}
	return 0;
}

int filter_jobs(const char *list, struct schema_u32s *ids, struct arena *arena, struct err *err)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		uint32_t id;
		if (!text_to_u32(word, &id) || id == 0)
			return err_set(err, ERR_INVALID_JOB_ID, "Invalid job id: %s", word);
		filter_add_u32(ids, id, arena);
	}
	return 0;
}

bool filter_step_id(const char *word, uint32_t *out)
{
	static const struct {
		const char *word;
		uint32_t id;
	} words[] = {{"batch", CORE_STEP_BATCH},
	             {"extern", CORE_STEP_EXTERN},
	             {"interactive", CORE_STEP_INTERACTIVE}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_eq_nocase(word, words[i].word)) {
			*out = words[i].id;
			return true;
		}
	}
	return text_to_u32(word, out);
}

static void add_step(struct filter_steps *steps, uint64_t step, struct arena *arena)
{
	if (steps->n == steps->cap) {
		steps->cap = steps->cap ? steps->cap * 2 : 8;
		uint64_t *longer = arena_array(arena, steps->cap, sizeof(*longer));
		if (steps->n)
			memcpy(longer, steps->v, steps->n * sizeof(*longer));
		steps->v = longer;
	}
	steps->v[steps->n++] = step;
}

int filter_steps(const char *list, struct filter_steps *steps, struct schema_u32s *job_ids,
                 struct arena *arena, struct err *err)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		uint32_t job, step = CORE_NO_VAL;
		char *dot = strchr(word, '.');
		if (dot)
			*dot = '\0';
		if (!text_to_u32(word, &job) || job == 0 || (dot && !filter_step_id(dot + 1, &step)))
			return err_set(err, ERR_INVALID_STEP_ID, "Invalid job_step id: %s%s%s", word,
			               dot ? "." : "", dot ? dot + 1 : "");
		filter_add_u32(job_ids, job, arena);
		add_step(steps, (uint64_t)job << 32 | step, arena);
	}
	return 0;
}

bool filter_step_wanted(const struct filter_steps *steps, uint32_t job_id, uint32_t step_id)
{
	if (steps->n == 0)
		return true;
	for (size_t i = 0; i < steps->n; i++) {
		uint32_t step = (uint32_t)steps->v[i];
		if (steps->v[i] >> 32 == job_id && (step == CORE_NO_VAL || step == step_id))
			return true;
	}
	return false;
}

int filter_users(const char *list, struct schema_u32s *uids, struct arena *arena)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		uid_t uid = CORE_NO_VAL;
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
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		uint32_t state;
		if (text_eq_nocase(word, "all"))
			*all = true;
		else if (state_of(word, &state))
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
