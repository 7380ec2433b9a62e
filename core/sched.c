/* The scheduler: who of the queue starts now, in order. */
#include "core/cluster_priv.h"

/* A pass goes through the classes by their first jobs: a heap of those that can still start something. */
struct pass {
	struct cluster *c;
	struct plan plan;
	struct job_class **heap;
	size_t n;
};

static bool before(const struct job_class *a, const struct job_class *b)
{
	return order_before(order_first(&a->jobs), order_first(&b->jobs));
}

static void heap_put(struct pass *p, struct job_class *class)
{
	size_t i = p->n++;
	for (; i > 0 && before(class, p->heap[(i - 1) / 2]); i = (i - 1) / 2)
		p->heap[i] = p->heap[(i - 1) / 2];
	p->heap[i] = class;
}

static struct job_class *heap_take(struct pass *p)
{
	struct job_class *first = p->heap[0], *last = p->heap[--p->n];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < p->n; i = child) {
		if (child + 1 < p->n && before(p->heap[child + 1], p->heap[child]))
			child++;
		if (before(last, p->heap[child]))
			break;
		p->heap[i] = p->heap[child];
	}
	if (p->n > 0)
		p->heap[i] = last;
	return first;
}

/* ---- one class ---- */

/* Why the whole class waits, when there is no room for its first one: the best of what its partitions
 * promise. */
static enum job_reason outlook_reason(struct cluster *c, struct job_class *class)
{
	const struct job_spec *spec = &class_head(class)->spec;
	if (class->known_at != c->nodes_version) {
		class->outlook = SELECT_NEVER;
		for (uint32_t i = 0; i < class->part_count; i++) {
			int outlook = (int)select_outlook(c, class->parts[i], spec);
			if (outlook < class->outlook &&
			    part_list_reason(c, class, class->parts[i]) == REASON_NONE)
				class->outlook = outlook;
		}
	}
	class->known_at = c->nodes_version;
	if (class->outlook == SELECT_NEVER)
		return REASON_PART_CONFIG;
	if (class->outlook == SELECT_UNAVAILABLE)
		return spec->req_nodes ? REASON_REQ_NODE_NOT_AVAIL : REASON_NODES_UNAVAILABLE;
	return REASON_NONE;
}

static bool find_room(struct cluster *c, struct job_class *class, const struct part *part,
                      const struct core_bits *limits, struct node_alloc_list *nodes)
{
	const struct select_ask ask = {.part = part, .spec = &class_head(class)->spec, .without = limits};
	const bool one = class->part_count == 1;
	/* A refusal stands until something becomes free: what was given away meanwhile only made it less. */
	if (one && class->refused_at == c->room)
		return false;
	c->stats.cycle_depth_sum++;
	if (select_job(c, &ask, nodes))
		return true;
	if (one && !limits)
		class->refused_at = c->room;
	return false;
}

/* Where its first job may start now. NULL: nowhere; what it waits for is held for it. */
static struct part *find_part(struct pass *p, struct job_class *class, struct node_alloc_list *nodes)
{
	struct cluster *c = p->c;
	struct job *job = class_head(class);
	bool tried = false;
	for (uint32_t i = 0; i < class->part_count; i++) {
		struct part *part = class->parts[i];
		if (p->plan.parts[part->index] || part_list_reason(c, class, part) != REASON_NONE)
			continue;
		tried = true;
		if (find_room(c, class, part, plan_limits(&p->plan, part), nodes))
			return part;
	}
	if (!tried)
		return NULL;
	job->state.last_sched_eval = c->now;
	class->reason = outlook_reason(c, class);
	for (uint32_t i = 0; i < class->part_count && class->reason == REASON_NONE; i++) {
		struct part *part = class->parts[i];
		if (p->plan.parts[part->index] || part_list_reason(c, class, part) != REASON_NONE)
			continue;
		bool first = !plan_limits(&p->plan, part);
		plan_hold(&p->plan, part);
		if (first)
			part->first_waiting = job->serial;
	}
	return NULL;
}

/* Tries the first job of the class. True: it is out of the way, and the class has another one. */
static bool try_first(struct pass *p, struct job_class *class)
{
	struct cluster *c = p->c;
	struct job *job = class_head(class);
	bool more = class->jobs.count > 1;
	struct node_alloc_list nodes = {0};
	if (class->part_count == 1 && p->plan.parts[class->part->index])
		return false;
	if (array_is_full(job)) {
		queue_remove(c, job); /* and comes back when a task has ended */
		return more;
	}
	struct part *part = find_part(p, class, &nodes);
	if (!part)
		return false;
	more |= job->tasks && job->tasks->set > 1;
	struct job *starts = job->tasks ? array_take_first(c, job) : job;
	starts->part = part;
	job_start(c, starts, &nodes);
	return more;
}

/* Who would not wait is refused now. */
static void refuse_immediate(struct cluster *c)
{
	for (struct list *it = c->classes.next, *next; it != &c->classes; it = next) {
		struct job_class *class = list_entry(it, struct job_class, in_all);
		next = it->next;
		for (size_t left = class_head(class)->spec.immediate ? class->jobs.count : 0; left > 0;
		     left--) {
			struct job *job = class_head(class);
			job_end_pending(c, job, JOB_FAILED, (enum job_reason)job_reason(c, job));
		}
	}
}

void sched_pass(struct cluster *c)
{
	struct pass p = {.c = c, .heap = xcalloc(c->class_count + 1, sizeof(*p.heap))};
	c->stats.cycles++;
	c->stats.last_queue_length = (uint32_t)c->queue_length;
	plan_init(&p.plan, c);
	for (size_t i = 0; i < c->part_count; i++)
		c->parts[i]->first_waiting = 0;
	list_each (it, &c->classes) {
		struct job_class *class = list_entry(it, struct job_class, in_all);
		class->reason = class_limits_reason(c, class);
		if (class->reason == REASON_NONE)
			heap_put(&p, class);
	}
	while (p.n > 0 && p.plan.parts_left > 0) {
		struct job_class *class = heap_take(&p);
		if (try_first(&p, class))
			heap_put(&p, class);
	}
	plan_free(&p.plan);
	free(p.heap);
	arrays_settle(c);
	c->sched_wanted = !list_empty(&c->to_look);
	refuse_immediate(c);
}
