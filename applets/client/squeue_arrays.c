/* The tasks of an array that wait are one line of squeue(1), whatever each of them waits for: the line of the
 * array's own record, which stands for those that nobody has done anything to. Where there is none any more,
 * each task has a line. */
#include "applets/client/squeue.h"
#include "core/taskset.h"
#include "core/util/map.h"

#include <stdlib.h>
#include <string.h>

struct array_line {
	uint32_t array;
	struct core_bits *tasks;
	struct text reasons;
	size_t records;
	bool is_set; /* its own record stands for a set of them, be it one task */
	bool shown;
};

static struct array_line *line_of(const struct map *lines, const struct squeue_row *row)
{
	const struct job_spec *spec = row->job->spec;
	if (!spec->array_job_id || row->job->state->state != JOB_PENDING)
		return NULL;
	return map_get(lines, spec->array_job_id);
}

static bool is_own_record(const struct squeue_row *row)
{
	const struct job_spec *spec = row->job->spec;
	return spec->array_job_id && spec->job_id == spec->array_job_id &&
	       row->job->state->state == JOB_PENDING;
}

static void add_task(struct array_line *line, uint32_t task)
{
	if (!line->tasks || task >= line->tasks->n) {
		struct core_bits *old = line->tasks, *new = bits_new(task < 32 ? 64 : task * 2);
		for (uint32_t i = old ? bits_next(old, 0) : 0; old && i < old->n; i = bits_next(old, i + 1))
			bits_add(new, i);
		free(old);
		line->tasks = new;
	}
	bits_add(line->tasks, task);
}

static void add_tasks(struct array_line *line, const struct squeue_row *row)
{
	const char *list = row->job->state->array_tasks;
	struct core_bits *set = list ? taskset_parse(list, TASKS_END, NULL, NULL) : NULL;
	for (uint32_t i = set ? bits_next(set, 0) : 0; set && i < set->n; i = bits_next(set, i + 1))
		add_task(line, i);
	if (!set && row->job->spec->array_task_id < TASKS_END)
		add_task(line, row->job->spec->array_task_id);
	line->records++;
	free(set);
}

void squeue_arrays_find(struct map *lines, const struct squeue_row *rows, size_t n)
{
	size_t at = 0;
	void *value;
	map_init_u64(lines);
	for (size_t i = 0; i < n; i++) {
		struct array_line *line = line_of(lines, &rows[i]);
		if (!is_own_record(&rows[i]))
			continue;
		if (!line) {
			line = xcalloc(1, sizeof(*line));
			line->array = rows[i].job->spec->array_job_id;
			map_put(lines, line->array, line);
		}
		add_tasks(line, &rows[i]);
		line->is_set |= rows[i].job->state->array_tasks != NULL;
	}
	/* One task alone is a job as any other. */
	while (map_next(lines, &at, &value)) {
		struct array_line *line = value;
		if (line->is_set || (line->tasks && line->tasks->set > 1))
			continue;
		map_del(lines, line->array);
		free(line->tasks);
		free(line);
	}
}

bool squeue_arrays_has(const struct map *lines, const struct squeue_row *row)
{
	return line_of(lines, row) != NULL;
}

void squeue_arrays_free(struct map *lines)
{
	size_t at = 0;
	void *value;
	while (map_next(lines, &at, &value)) {
		struct array_line *line = value;
		free(line->tasks);
		text_free(&line->reasons);
		free(line);
	}
	map_free(lines);
}

static void add_reason(struct array_line *line, const struct squeue_row *row)
{
	const char *reason =
	        row->job->reason_text ? row->job->reason_text : job_reason_word(row->job->reason);
	if (!text_list_has(text_str(&line->reasons), reason, strlen(reason)))
		text_printf(&line->reasons, "%s%s", line->reasons.len ? "," : "", reason);
}

/* The row as it is shown: of several records, with what all of them have. */
static void show_line(struct squeue_row *row, const struct array_line *line, struct arena *arena)
{
	struct text tasks = TEXT_EMPTY;
	if (line->records < 2)
		return;
	struct job_info *job = arena_memdup(arena, row->job, sizeof(*row->job));
	job->state = arena_memdup(arena, job->state, sizeof(*job->state));
	taskset_text(line->tasks, true, &tasks);
	job->state->array_tasks = arena_strdup(arena, text_str(&tasks));
	job->state->array_limit = 0;
	job->reason_text = arena_strdup(arena, text_str(&line->reasons));
	row->job = job;
	text_free(&tasks);
}

size_t squeue_arrays_join(const struct map *lines, struct squeue_row **order, size_t n, struct arena *arena)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (line_of(lines, order[i]) && is_own_record(order[i]))
			add_reason(line_of(lines, order[i]), order[i]);
	for (size_t i = 0; i < n; i++) {
		struct array_line *line = line_of(lines, order[i]);
		if (!line || is_own_record(order[i]))
			continue;
		add_tasks(line, order[i]);
		add_reason(line, order[i]);
	}
	for (size_t i = 0; i < n; i++) {
		struct array_line *line = line_of(lines, order[i]);
		if (line && (!is_own_record(order[i]) || line->shown))
			continue;
		if (line) {
			line->shown = true;
			show_line(order[i], line, arena);
		}
		order[kept++] = order[i];
	}
	return kept;
}
