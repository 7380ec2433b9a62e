#include "applets/client/job_name.h"

#include "core/taskset.h"

#include <stdlib.h>
#include <string.h>

#define ID_CHARS   31 /* of an array's id, where SLURM_BITSTR_LEN doesn't say more */
#define LIST_CHARS 64 /* SLURM_BITSTR_LEN's default (squeue(1)), with a NUL */

/* ---- steps ---- */

static const struct {
	const char *word;
	uint32_t id;
} step_words[] = {
        {"batch", CORE_STEP_BATCH}, {"extern", CORE_STEP_EXTERN}, {"interactive", CORE_STEP_INTERACTIVE}};
#define STEP_WORDS (sizeof(step_words) / sizeof(step_words[0]))

bool job_name_step_id(const char *word, uint32_t *out)
{
	for (size_t i = 0; i < STEP_WORDS; i++) {
		if (text_eq_nocase(word, step_words[i].word)) {
			*out = step_words[i].id;
			return true;
		}
	}
	return text_to_u32(word, out);
}

void job_name_step(struct text *out, uint32_t step_id)
{
	for (size_t i = 0; i < STEP_WORDS; i++) {
		if (step_words[i].id == step_id) {
			text_printf(out, ".%s", step_words[i].word);
			return;
		}
	}
	text_printf(out, ".%u", step_id);
}

/* ---- read ---- */

/* What stands behind the '_': in brackets or not, as squeue prints it or as it was asked for. */
static bool parse_tasks(char *s, struct job_name *out)
{
	size_t n = strlen(s);
	uint32_t limit;
	struct core_bits *set = taskset_parse(s, TASKS_END, &limit, NULL);
	free(set);
	if (!set)
		return false;
	if (n > 1 && s[0] == '[') {
		s++;
		s[strcspn(s, "]")] = '\0';
	}
	s[strcspn(s, "%")] = '\0';
	out->tasks = s;
	return true;
}

bool job_name_parse(const char *word, struct job_name *out, struct arena *arena)
{
	char *s = arena_strdup(arena, word), *dot = strchr(s, '.'), *tasks = strchr(s, '_');
	*out = (struct job_name){.step_id = CORE_NO_VAL};
	if (dot)
		*dot = '\0';
	if (tasks && (!dot || tasks < dot))
		*tasks++ = '\0';
	else
		tasks = NULL;
	return text_to_u32(s, &out->job_id) && out->job_id != 0 && (!tasks || parse_tasks(tasks, out)) &&
	       (!dot || job_name_step_id(dot + 1, &out->step_id));
}

char *job_name_split(char **rest)
{
	char *word = *rest;
	bool inside = false;
	if (!word)
		return NULL;
	for (char *p = word; *p; p++) {
		inside = *p == '[' || (inside && *p != ']');
		if (*p != ',' || inside)
			continue;
		*p = '\0';
		*rest = p + 1;
		return word;
	}
	*rest = NULL;
	return word;
}

/* ---- compared ---- */

static bool has_task(const char *tasks, const struct job_spec *spec, const struct job_state *state)
{
	struct core_bits *set = taskset_parse(tasks, TASKS_END, NULL, NULL), *of = NULL;
	bool has = set && bits_has(set, spec->array_task_id);
	if (state->array_tasks)
		of = taskset_parse(state->array_tasks, TASKS_END, NULL, NULL);
	for (uint32_t i = set && of ? bits_next(set, 0) : 0; !has && set && of && i < set->n;
	     i = bits_next(set, i + 1))
		has = bits_has(of, i);
	free(set);
	free(of);
	return has;
}

bool job_name_means(const struct job_name *name, const struct job_spec *spec, const struct job_state *state,
                    uint32_t step_id)
{
	if (name->step_id != CORE_NO_VAL && name->step_id != step_id)
		return false;
	if (!name->tasks)
		return name->job_id == spec->job_id || name->job_id == spec->array_job_id;
	return name->job_id == spec->array_job_id && has_task(name->tasks, spec, state);
}

/* ---- printed ---- */

void job_name_tasks(struct text *out, const struct job_spec *spec, const struct job_state *state)
{
	struct core_bits *set = NULL;
	size_t start = out->len;
	if (!spec->array_job_id)
		return;
	if (state->array_tasks)
		set = taskset_parse(state->array_tasks, TASKS_END, NULL, NULL);
	if (!set) {
		text_printf(out, "%u", spec->array_task_id);
		return;
	}
	taskset_text(set, false, out);
	if (state->array_limit)
		text_printf(out, "%%%u", state->array_limit);
	free(set);
	uint32_t longest = LIST_CHARS;
	const char *asked = getenv("SLURM_BITSTR_LEN");
	if (asked && !text_to_u32(asked, &longest))
		longest = LIST_CHARS;
	if (longest == 0 || out->len - start < longest)
		return;
	text_cut(out, start + (longest > 4 ? longest - 4 : 0));
	text_add(out, "...");
}

void job_name_print(struct text *out, const struct job_spec *spec, const struct job_state *state)
{
	struct text tasks = TEXT_EMPTY;
	size_t start = out->len;
	bool several = state->array_tasks != NULL;
	/* A set of tasks that was cancelled as a whole goes by the array's number. */
	if (!spec->array_job_id || (several && state->state != JOB_PENDING)) {
		text_printf(out, "%u", spec->job_id);
		return;
	}
	job_name_tasks(&tasks, spec, state);
	text_printf(out, several ? "%u_[%s]" : "%u_%s", spec->array_job_id, text_str(&tasks));
	text_free(&tasks);
	if (!getenv("SLURM_BITSTR_LEN") && out->len - start > ID_CHARS)
		text_cut(out, start + ID_CHARS);
}
