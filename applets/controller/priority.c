/* What sprio asks for: the factors of those that wait, in chunks that hold the loop for at most 2 ms; and
 * what squeue --why does. */
#include "applets/controller/controller.h"
#include "applets/controller/job_filter.h"
#include "core/priority.h"
#include "core/util/real.h"
#include "core/why.h"

#include <stdlib.h>

#define CHUNK_US    2000
#define CHUNK_ROWS  256
#define CLOCK_EVERY 16 /* jobs between looks at the clock */

struct priority_cursor {
	struct cursor base;
	struct priority_query query;
	struct job_filter filter;
	struct arena arena, chunk; /* the query's; that of the rows under way */
	uint64_t last;             /* serial of the last job that was looked at */
};

static struct schema_u64s bits_of(const double v[TRES_COUNT], struct arena *arena)
{
	struct schema_u64s list = {arena_array(arena, TRES_COUNT, sizeof(uint64_t)), TRES_COUNT};
	for (uint32_t i = 0; i < TRES_COUNT; i++)
		list.v[i] = real_to_bits(v[i]);
	return list;
}

static void add_row(struct priority_cursor *cur, const struct job *job, const struct part *part,
                    struct priority_list *m, size_t *cap)
{
	const struct cluster *c = cur->base.peer->ctl->cluster;
	const struct priority_factors f = priority_factors(c, job, part, job->priority_at);
	struct priority_info *info;
	if (m->jobs.n == *cap) {
		struct priority_info *more = arena_array(&cur->chunk, *cap * 2, sizeof(*more));
		memcpy(more, m->jobs.v, *cap * sizeof(*more));
		m->jobs.v = more;
		*cap *= 2;
	}
	info = &m->jobs.v[m->jobs.n++];
	schema_init(schema_of_priority_info(), info);
	info->job_id = job->job_id;
	info->partition = part ? part->conf->name : job->spec.partition;
	info->user_name = job->spec.who->user_name;
	info->uid = job->spec.who->uid;
	info->priority = priority_clamped(f.sum);
	info->nice = f.nice;
	info->admin = f.admin;
	info->age = real_to_bits(f.age);
	info->assoc = real_to_bits(f.assoc);
	info->fairshare = real_to_bits(f.fairshare);
	info->job_size = real_to_bits(f.job_size);
	info->part_factor = real_to_bits(f.partition);
	info->qos = real_to_bits(f.qos);
	info->tres = bits_of(f.tres, &cur->chunk);
	info->sum = real_to_bits(f.sum);
}

static bool is_named(const struct schema_strs *names, const char *name)
{
	for (uint32_t i = 0; i < names->n; i++)
		if (text_eq(names->v[i], name))
			return true;
	return names->n == 0;
}

/* A row for each partition that it may start in. */
static void add_job(struct priority_cursor *cur, const struct job *job, struct priority_list *m, size_t *cap)
{
	const struct cluster *c = cur->base.peer->ctl->cluster;
	char *copy = xstrdup(job->spec.partition), *rest = copy;
	for (char *name = copy ? text_split(&rest, ',') : NULL; name; name = text_split(&rest, ','))
		if (is_named(&cur->query.partitions, name))
			add_row(cur, job, part_by_name(c, name), m, cap);
	free(copy);
}

static bool is_wanted(const struct priority_cursor *cur, const struct job *job)
{
	const core_time now = controller_now();
	const bool running = cluster_conf_of(cur->base.peer->ctl->cluster)->priority.calculate_running;
	return (job->state.state == JOB_PENDING || (running && job->state.state <= JOB_SUSPENDED)) &&
	       job->spec.who && !job->state.hold && job->state.depend.n == 0 &&
	       job->state.eligible_time <= now && job->spec.begin_time <= now &&
	       (cur->query.job_ids.n == 0 ||
	        job_named(&cur->query.job_ids, &cur->query.tasks, &job->spec, &job->state)) &&
	       job_filter_wants(&cur->filter, &job->spec, &job->state);
}

static void add_weights(struct priority_cursor *cur, struct priority_list *m)
{
	const struct priority_conf *w = &cluster_conf_of(cur->base.peer->ctl->cluster)->priority;
	m->type = (char *)(uintptr_t)(w->multifactor ? "priority/multifactor" : "priority/basic");
	m->weight_age = w->age;
	m->weight_assoc = w->assoc;
	m->weight_fairshare = w->fairshare;
	m->weight_job_size = w->job_size;
	m->weight_partition = w->partition;
	m->weight_qos = w->qos;
	m->weight_tres = bits_of(w->tres, &cur->chunk);
	m->weights_text = (char *)(uintptr_t)conf_str(&cur->base.peer->ctl->file->conf, P_PriorityWeightTRES);
}

static bool priorities_next(struct cursor *base)
{
	struct priority_cursor *cur = (struct priority_cursor *)(void *)base;
	struct controller *ctl = base->peer->ctl;
	struct priority_list m;
	const int64_t until = loop_clock() + CHUNK_US;
	unsigned looked = 0;
	size_t cap = CHUNK_ROWS;
	arena_reset(&cur->chunk);
	schema_init(schema_of_priority_list(), &m);
	m.jobs.v = arena_array(&cur->chunk, cap, sizeof(*m.jobs.v));
	m.last = true;
	add_weights(cur, &m);
	const bool none = cur->query.weights_only || !cluster_conf_of(ctl->cluster)->priority.multifactor;
	const struct job *job = none ? NULL : job_after(ctl->cluster, cur->last);
	for (; job && m.last; job = job_next(ctl->cluster, job)) {
		cur->last = job->serial;
		if (is_wanted(cur, job))
			add_job(cur, job, &m, &cap);
		if (m.jobs.n >= CHUNK_ROWS || (++looked % CLOCK_EVERY == 0 && loop_clock() > until))
			m.last = false;
	}
	outbox_add(ctl->outbox, base->peer->id, MSG_priority_list, base->id, false, &m);
	return m.last;
}

static void priorities_free(struct cursor *base)
{
	struct priority_cursor *cur = (struct priority_cursor *)(void *)base;
	arena_free(&cur->chunk);
	arena_free(&cur->arena);
	free(cur);
}

int on_priority_query(struct request *r, struct err *err)
{
	struct priority_cursor *cur = xcalloc(1, sizeof(*cur));
	(void)err;
	arena_init(&cur->arena);
	arena_init(&cur->chunk);
	schema_copy(schema_of_priority_query(), &cur->query, r->m, &cur->arena);
	cur->filter = (struct job_filter){.uids = cur->query.uids, .partitions = cur->query.partitions};
	cursor_start(&cur->base, r, priorities_next, priorities_free);
	return 0;
}

/* ---- squeue --why ---- */

static const struct job *why_job(const struct cluster *c, const struct why_query *m)
{
	uint32_t task;
	if (!m->tasks || !text_to_u32(m->tasks, &task))
		return job_by_id(c, m->job_id);
	for (const struct job *job = array_next(c, m->job_id, NULL); job; job = array_next(c, m->job_id, job))
		if (job_has_task(job, task))
			return job;
	return NULL;
}

int on_why_query(struct request *r, struct err *err)
{
	const struct job *job = why_job(r->ctl->cluster, r->m);
	struct text text = TEXT_EMPTY;
	struct why_reply m;
	if (!job || !job->spec.who)
		return err_set(err, ERR_INVALID_JOB_ID, "%s", "");
	job_why(r->ctl->cluster, job, &text);
	schema_init(schema_of_why_reply(), &m);
	m.text = arena_strdup(&r->arena, text_str(&text));
	text_free(&text);
	answer(r, MSG_why_reply, &m);
	return 0;
}
