/* The queue: pending jobs that may start, in classes of equal need. When the first of a class can't start,
 * the others can't either, so a pass looks at no more than one of each class that it doesn't start. */
#include "core/cluster_priv.h"

#include <string.h>

/* ---- what is equal need ---- */

enum need_kind { NEED_U32, NEED_U64, NEED_BOOL, NEED_STR };
#define NEED(kind, member)                                                                                   \
	{                                                                                                    \
		NEED_##kind, offsetof(struct job_spec, member)                                               \
	}
/* All that selection looks at, and what sets a job apart in the plan. */
static const struct need_row {
	enum need_kind kind;
	size_t offset;
} need_rows[] = {
        NEED(U32, nodes_min),        NEED(U32, nodes_max),        NEED(U32, tasks),
        NEED(BOOL, tasks_set),       NEED(U32, cpus_per_task),    NEED(U32, tasks_per_node),
        NEED(U64, mem_per_node),     NEED(U64, mem_per_cpu),      NEED(U32, min_cpus_node),
        NEED(U32, min_tmp_disk),     NEED(U32, time_limit_min),   NEED(BOOL, time_zero),
        NEED(STR, features),         NEED(STR, req_nodes),        NEED(STR, exc_nodes),
        NEED(BOOL, exclusive),       NEED(BOOL, oversubscribe),   NEED(BOOL, overcommit),
        NEED(U32, sockets_per_node), NEED(BOOL, immediate),       NEED(U32, cores_per_socket),
        NEED(U32, threads_per_core), NEED(STR, partition),        NEED(BOOL, contiguous),
        NEED(U32, cpus_min),         NEED(BOOL, spread_job),      NEED(BOOL, use_min_nodes),
        NEED(U32, tasks_per_core),   NEED(U32, tasks_per_socket), NEED(BOOL, exclusive_user),
        NEED(U32, time_min_min),     NEED(STR, licenses),         NEED(STR, prefer),
};
#define NEED_ROWS (sizeof(need_rows) / sizeof(need_rows[0]))

static uint64_t mixed(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 29);
}

static uint64_t need_value(const struct need_row *row, const struct job_spec *spec)
{
	const char *at = (const char *)spec + row->offset;
	uint64_t hash = 1;
	switch (row->kind) {
	case NEED_U32:
		return *(const uint32_t *)(const void *)at;
	case NEED_U64:
		return *(const uint64_t *)(const void *)at;
	case NEED_BOOL:
		return *(const bool *)(const void *)at;
	case NEED_STR:
		at = *(char *const *)(const void *)at;
		for (; at && *at; at++)
			hash = mixed(hash, (unsigned char)*at);
		return hash;
	}
	return 0;
}

static uint64_t need_hash(const struct part *part, const struct job_spec *spec)
{
	/* Of several partitions a user may not use each, and a node may be another user's alone. */
	uint64_t hash = mixed(mixed(1, part->index), spec->who->uid);
	for (size_t i = 0; i < NEED_ROWS; i++)
		hash = mixed(hash, need_value(&need_rows[i], spec));
	return hash;
}

static bool same_need(const struct job_spec *a, const struct job_spec *b)
{
	for (size_t i = 0; i < NEED_ROWS; i++) {
		const struct need_row *row = &need_rows[i];
		if (row->kind != NEED_STR) {
			if (need_value(row, a) != need_value(row, b))
				return false;
		} else if (!text_eq(*(char *const *)(const void *)((const char *)a + row->offset),
		                    *(char *const *)(const void *)((const char *)b + row->offset))) {
			return false;
		}
	}
	return a->who->uid == b->who->uid;
}

/* ---- classes ---- */

struct job *class_head(const struct job_class *class)
{
	struct order_link *first = order_first(&class->jobs);
	return first ? list_entry(first, struct job, in_class) : NULL;
}

struct job_class *class_find(const struct cluster *c, const struct part *part, const struct job_spec *spec)
{
	struct job_class *class = map_get(&c->classes_by_need, need_hash(part, spec));
	while (class && (class->part != part || !same_need(&class_head(class)->spec, spec)))
		class = class->same_hash;
	return class;
}

static struct job_class *class_of(struct cluster *c, const struct job *job)
{
	struct job_class *class = class_find(c, job->part, &job->spec);
	if (class)
		return class;
	class = xcalloc(1, sizeof(*class));
	uint64_t hash = need_hash(job->part, &job->spec);
	*class = (struct job_class){
	        .hash = hash, .part = job->part, .same_hash = map_get(&c->classes_by_need, hash)};
	class->parts = parts_asked(c, &job->spec, &class->part_count);
	if (class->part_count == 0) { /* of the default one, or with a name that its record lacks */
		class->parts[0] = job->part;
		class->part_count = 1;
	}
	list_append(&c->classes, &class->in_all);
	map_put(&c->classes_by_need, hash, class);
	c->class_count++;
	return class;
}

static void class_free(struct cluster *c, struct job_class *class)
{
	struct job_class *first = map_get(&c->classes_by_need, class->hash), **at = &first;
	while (*at != class)
		at = &(*at)->same_hash;
	*at = class->same_hash;
	if (first)
		map_put(&c->classes_by_need, class->hash, first);
	else
		map_del(&c->classes_by_need, class->hash);
	list_remove(&class->in_all);
	c->class_count--;
	free(class->parts);
	free(class);
}

/* ---- the queue ---- */

static void enter(struct job *job)
{
	uint64_t tier = job->part->conf->priority_tier;
	/* Smaller numbers come first. */
	order_add(&job->class->jobs, &job->in_class, ~(tier << 32 | job->state.priority), job->serial);
}

void queue_add(struct cluster *c, struct job *job)
{
	if (job->class)
		return;
	if (parts_are_several(&job->spec)) /* it may have started in another one before */
		job->part = part_first_asked(c, &job->spec);
	job->class = class_of(c, job);
	enter(job);
	c->queue_length++;
	c->sched_wanted = true;
}

void queue_remove(struct cluster *c, struct job *job)
{
	struct job_class *class = job->class;
	if (!class)
		return;
	plan_forget(c, job);
	order_del(&class->jobs, &job->in_class);
	job->class = NULL;
	c->queue_length--;
	c->sched_wanted = true; /* it may have been in somebody's way */
	if (class->jobs.count == 0)
		class_free(c, class);
}

void queue_reorder(struct cluster *c, struct job *job)
{
	if (!job->class)
		return;
	order_del(&job->class->jobs, &job->in_class);
	enter(job);
	c->sched_wanted = true;
}

core_time job_eligible_at(const struct job *job)
{
	if (job->state.state != JOB_PENDING || (job->state.flags & JOB_FLAG_COMPLETING) ||
	    job->state.hold != 0 || !job->part || job->state.depend.n > 0 || array_is_full(job))
		return CORE_INFINITE64;
	return job->state.eligible_time > job->spec.begin_time ? job->state.eligible_time
	                                                       : job->spec.begin_time;
}

void queue_settle(struct cluster *c, struct job *job)
{
	core_time at = job_eligible_at(job);
	if (at <= c->now) {
		queue_add(c, job);
		due_deadline(c, job);
		return;
	}
	queue_remove(c, job);
	if (at != CORE_INFINITE64)
		due_at(c, at, DUE_BEGIN, job->serial, 0);
}
