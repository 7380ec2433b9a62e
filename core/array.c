/* Job arrays (sbatch(1), --array): tasks that have not started are one record, which stands for a set of task
 * numbers. A task that starts, or is meant by itself, becomes a job of its own; the last one keeps the
 * record, and with it the array's job id. */
#include "core/cluster_priv.h"

#include <string.h>

static struct job_array *array_of_id(const struct cluster *c, uint32_t id)
{
	return id ? map_get(&c->arrays_by_id, id) : NULL;
}

/* ---- what a record stands for ---- */

static uint32_t task_count(const struct job *job)
{
	return job->tasks ? job->tasks->set : 0;
}

/* The record stood for so many tasks before: it is counted and written anew. */
static void tasks_changed(struct cluster *c, struct job *job, uint32_t before)
{
	struct text text = TEXT_EMPTY;
	c->array_tasks = c->array_tasks - before + task_count(job);
	free(job->state.array_tasks);
	job->state.array_tasks = NULL;
	if (!job->tasks)
		return;
	taskset_text(job->tasks, true, &text);
	job->state.array_tasks = text_take(&text);
}

static void set_tasks(struct cluster *c, struct job *job, struct core_bits *tasks)
{
	uint32_t before = task_count(job);
	free(job->tasks);
	job->tasks = tasks;
	tasks_changed(c, job, before);
}

/* In place: a copy would be as long as the array. */
static void take_task(struct cluster *c, struct job *job, uint32_t task)
{
	uint32_t before = task_count(job);
	bits_del(job->tasks, task);
	tasks_changed(c, job, before);
}

bool job_has_task(const struct job *job, uint32_t task)
{
	return job->tasks ? bits_has(job->tasks, task) : job->array && job->spec.array_task_id == task;
}

bool array_is_full(const struct job *job)
{
	return job->array && job->array->limit != 0 && job->array->running >= job->array->limit;
}

uint32_t array_plannable(const struct cluster *c, const struct job *job)
{
	uint32_t n = task_count(job), free = CORE_INFINITE;
	if (job->array && job->array->limit != 0)
		free = job->array->limit > job->array->running ? job->array->limit - job->array->running : 0;
	n = n < free ? n : free;
	return n < c->conf->bf_max_job_array_resv ? n : c->conf->bf_max_job_array_resv;
}

/* ---- as it was submitted ---- */

/* The step that was written ("0-8:2"), wherever it stands; 1 where none was. */
static uint32_t written_step(const char *list)
{
	const char *colon = strchr(list, ':');
	uint32_t step = 1;
	if (colon++)
		text_read_u32(&colon, &step);
	return step;
}

struct array_facts array_facts(const struct job *job)
{
	struct array_facts *facts = job->array ? &job->array->facts : NULL;
	if (!facts)
		return (struct array_facts){0};
	if (facts->count == 0 && job->spec.array) {
		struct core_bits *set = taskset_parse(job->spec.array, TASKS_END, &(uint32_t){0}, NULL);
		if (set)
			*facts = (struct array_facts){set->set, bits_next(set, 0), set->n - 1,
			                              written_step(job->spec.array)};
		free(set);
	}
	return *facts;
}

/* ---- made and ended ---- */

void array_join(struct cluster *c, struct job *job)
{
	uint32_t id = job->spec.array_job_id;
	if (id == 0)
		return;
	struct job_array *array = array_of_id(c, id);
	if (!array) {
		array = xcalloc(1, sizeof(*array));
		array->id = id;
		list_init(&array->records);
		map_put(&c->arrays_by_id, id, array);
	}
	job->array = array;
	array->limit = job->state.array_limit;
	array->running += job_is_active(job);
	struct list *at = array->records.prev;
	while (at != &array->records && list_entry(at, struct job, in_array)->serial > job->serial)
		at = at->prev;
	list_prepend(at, &job->in_array);
	if (job->state.array_tasks)
		set_tasks(c, job, taskset_parse(job->state.array_tasks, TASKS_END, NULL, NULL));
}

void array_leave(struct cluster *c, struct job *job)
{
	struct job_array *array = job->array;
	if (!array)
		return;
	set_tasks(c, job, NULL);
	array->running -= job_is_active(job);
	list_remove(&job->in_array);
	job->array = NULL;
	if (list_empty(&array->records)) {
		map_del(&c->arrays_by_id, array->id);
		free(array);
	}
}

/* All but one, which is being changed. */
static void settle_others(struct cluster *c, const struct job_array *array, const struct job *but)
{
	for (struct job *job = array_next(c, array->id, NULL); job; job = array_next(c, array->id, job))
		if (job != but && job->state.state == JOB_PENDING)
			queue_settle(c, job);
}

void array_count_move(struct cluster *c, const struct job *job, bool was_active, bool is_active)
{
	struct job_array *array = job->array;
	if (!array || was_active == is_active)
		return;
	bool was_full = array_is_full(job);
	array->running = is_active ? array->running + 1 : array->running - 1;
	if (was_full == array_is_full(job))
		return;
	if (was_full) {
		settle_others(c, array, job);
		return;
	}
	/* A pass is at work on the queue, and goes by array_is_full() until its end. */
	c->arrays_unsettled = array->unsettled = true;
}

void arrays_settle(struct cluster *c)
{
	void *value;
	for (size_t at = 0; c->arrays_unsettled && map_next(&c->arrays_by_id, &at, &value);) {
		struct job_array *array = value;
		if (array->unsettled)
			settle_others(c, array, NULL);
		array->unsettled = false;
	}
	c->arrays_unsettled = false;
}

void job_set_array_limit(struct cluster *c, struct job *job, uint32_t limit, core_time now)
{
	c->now = now;
	if (!job->array)
		return;
	job->array->limit = limit;
	list_each (it, &job->array->records) {
		struct job *record = list_entry(it, struct job, in_array);
		record->state.array_limit = limit;
		emit_job_state(c, record);
	}
	settle_others(c, job->array, NULL);
}

/* ---- split ---- */

/* A record like this one, with numbers of its own; cut off: with the array's. */
static struct job *another(struct cluster *c, const struct job *like, bool cut_off)
{
	struct job *job = job_alloc(c);
	job_set_spec(c, job, &like->spec);
	schema_free(schema_of_job_state(), &job->state);
	schema_copy(schema_of_job_state(), &job->state, &like->state, NULL);
	free(job->state.array_tasks);
	job->state.array_tasks = NULL;
	job->part = like->part;
	job->last_heard = like->last_heard;
	job->priority_at = like->priority_at;
	job->serial = job->spec.serial = job->state.serial = c->meta.next_serial++;
	job->cut_off = cut_off;
	job->job_id = job->spec.job_id = cut_off ? like->spec.array_job_id : job_new_id(c);
	job_index(c, job);
	array_join(c, job);
	return job;
}

/* A task of its own is not a set any more. */
static void become_task(struct cluster *c, struct job *job, uint32_t task)
{
	set_tasks(c, job, NULL);
	job->spec.array_task_id = task;
}

struct job *array_split(struct cluster *c, struct job *job, const struct core_bits *wanted, bool cut_off)
{
	struct core_bits *here = bits_new(job->tasks->n), *left = bits_new(job->tasks->n);
	for (uint32_t i = bits_next(job->tasks, 0); i < job->tasks->n; i = bits_next(job->tasks, i + 1))
		bits_add(bits_has(wanted, i) ? here : left, i);
	bool all = left->set == 0;
	struct job *part = all ? job : another(c, job, cut_off);
	if (here->set == 1)
		become_task(c, part, bits_next(here, 0));
	else if (!all)
		set_tasks(c, part, here);
	if (here != part->tasks)
		free(here);
	if (all)
		free(left);
	else
		set_tasks(c, job, left);
	emit_meta(c);
	emit_job_spec(c, part);
	/* The new one first: a task that two records have is found at the next start, a lost one is not. */
	emit_job_state(c, part);
	if (part != job) {
		emit_job_state(c, job);
		depend_join(c, part);
		queue_settle(c, part);
	}
	return part;
}

struct job *array_take_first(struct cluster *c, struct job *job)
{
	uint32_t first = bits_next(job->tasks, 0);
	if (job->tasks->set == 1) {
		become_task(c, job, first);
		emit_job_spec(c, job);
		return job;
	}
	struct job *task = another(c, job, false);
	become_task(c, task, first);
	take_task(c, job, first);
	emit_meta(c);
	emit_job_spec(c, task);
	emit_job_state(c, task);
	emit_job_state(c, job);
	return task;
}

/* ---- after a start: no task is in two records ---- */

/* The array's tasks that have records of their own; the caller's to free. */
static struct core_bits *own_tasks(const struct job_array *array)
{
	uint32_t end = 0;
	list_each (it, &array->records) {
		const struct job *job = list_entry(it, struct job, in_array);
		if (!job->tasks && job->spec.array_task_id < TASKS_END && job->spec.array_task_id >= end)
			end = job->spec.array_task_id + 1;
	}
	struct core_bits *own = bits_new(end);
	list_each (it, &array->records) {
		const struct job *job = list_entry(it, struct job, in_array);
		if (!job->tasks)
			bits_add(own, job->spec.array_task_id);
	}
	return own;
}

static void mend(struct cluster *c, struct job_array *array)
{
	struct core_bits *own = own_tasks(array);
	list_each (it, &array->records) {
		struct job *job = list_entry(it, struct job, in_array);
		bool changed = false;
		for (uint32_t i = job->tasks ? bits_next(own, 0) : own->n; i < own->n;
		     i = bits_next(own, i + 1)) {
			if (!bits_has(job->tasks, i))
				continue;
			take_task(c, job, i);
			changed = true;
		}
		if (changed)
			emit_job_state(c, job);
	}
	free(own);
}

void arrays_mend(struct cluster *c)
{
	size_t at = 0;
	void *array;
	while (map_next(&c->arrays_by_id, &at, &array))
		mend(c, array);
	list_each_safe (it, tmp, &c->jobs) {
		struct job *job = list_entry(it, struct job, in_all);
		if (!job->tasks || job->tasks->set > 0)
			continue;
		emit_job_gone(c, job);
		job_free(c, job);
	}
}

/* ---- who is meant ---- */

struct job *array_next(const struct cluster *c, uint32_t array_job_id, const struct job *after)
{
	const struct job_array *array = array_of_id(c, array_job_id);
	if (!array)
		return NULL;
	const struct list *next = after ? after->in_array.next : array->records.next;
	return next == &array->records ? NULL : list_entry(next, struct job, in_array);
}

struct job *array_before(const struct cluster *c, uint32_t array_job_id, uint64_t serial)
{
	const struct job_array *array = array_of_id(c, array_job_id);
	const struct job *there = job_by_serial(c, serial);
	if (!array)
		return NULL;
	const struct list *at = there && there->array == array ? there->in_array.prev : array->records.prev;
	while (at != &array->records && list_entry(at, struct job, in_array)->serial >= serial)
		at = at->prev;
	return at == &array->records ? NULL : list_entry(at, struct job, in_array);
}

/* Adds the record that stands for those of the wanted tasks that this one has, and takes them off the list.
 */
static void add_part(struct cluster *c, struct job *job, struct core_bits *wanted, bool to_cancel,
                     struct job **out, size_t *n)
{
	if (!job->tasks) {
		if (bits_del(wanted, job->spec.array_task_id))
			out[(*n)++] = job;
		return;
	}
	bool any = false;
	struct core_bits *mine = bits_new(wanted->n);
	for (uint32_t i = bits_next(wanted, 0); i < wanted->n; i = bits_next(wanted, i + 1))
		any |= bits_has(job->tasks, i) && bits_del(wanted, i) && bits_add(mine, i);
	if (any && job->state.state != JOB_PENDING)
		out[(*n)++] = job;
	else if (any)
		out[(*n)++] = array_split(c, job, mine, to_cancel);
	free(mine);
}

int jobs_meant(struct cluster *c, uint32_t job_id, const char *tasks, bool to_cancel, core_time now,
               struct job ***out, size_t *n, struct err *err)
{
	const struct job_array *array = array_of_id(c, job_id);
	struct job *single = array ? NULL : job_by_id(c, job_id);
	size_t cap = 1;
	*out = NULL;
	*n = 0;
	c->now = now;
	if (!array && (!single || tasks))
		return err_set(err, ERR_INVALID_JOB_ID, "%s", "");
	if (single) {
		*out = xcalloc(1, sizeof(struct job *));
		(*out)[(*n)++] = single;
		return 0;
	}
	struct core_bits *wanted = tasks ? taskset_parse(tasks, TASKS_END, NULL, NULL) : NULL;
	if (tasks && !wanted)
		return err_set(err, ERR_INVALID_JOB_ID, "%s", "");
	/* Splitting adds records behind the last one; these are not looked at. */
	const struct list *last = array->records.prev;
	for (struct list *it = array->records.next, *next;; it = next) {
		struct job *job = list_entry(it, struct job, in_array);
		next = it->next;
		if (*n + 1 >= cap || !*out)
			*out = xrealloc(*out, (cap *= 2) * sizeof(struct job *));
		if (wanted)
			add_part(c, job, wanted, to_cancel, *out, n);
		else
			(*out)[(*n)++] = job;
		if (it == last || (wanted && wanted->set == 0))
			break;
	}
	free(wanted);
	if (*n > 0)
		return 0;
	free(*out);
	*out = NULL;
	return err_set(err, ERR_INVALID_JOB_ID, "%s", "");
}
