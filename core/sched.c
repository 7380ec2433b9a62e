/* The scheduler: who of the queue starts now, in order. */
#include "core/cluster_priv.h"

/* What is held for those who wait beyond the plan: all nodes of their partitions, in which nothing more
 * starts. */
struct hold {
	struct core_bits *nodes;
	bool *parts; /* by index */
	size_t parts_left;
};

/* A pass goes through the classes, always the one whose turn is next: a heap of those that can still start
 * something, or be planned. */
struct pass {
	struct cluster *c;
	struct hold hold;
	struct core_bits *waited_for; /* nodes of partitions in which somebody waits */
	bool *waited_in;              /* these partitions, by index */
	size_t rank;                  /* how many were planned in this pass */
	bool full;                    /* no more will be */
	bool somebody_waits;          /* and those behind him are looked at, in numbers: */
	uint32_t depth, tries;
	bool settles;      /* the room that was found last is not what that job prefers */
	struct map users;  /* uid -> how many of them */
	uint32_t *in_part; /* by index: likewise */
	struct job_class **heap;
	size_t n;
};

/* ---- what is held ---- */

static void hold_part(struct hold *hold, const struct part *part)
{
	if (hold->parts[part->index])
		return;
	hold->parts[part->index] = true;
	hold->parts_left--;
	for (size_t i = 0; i < part->conf->node_count; i++)
		bits_add(hold->nodes, part->conf->node_index[i]);
}

static bool has_any(const struct core_bits *nodes, const struct part *part)
{
	for (size_t i = 0; nodes->set && i < part->conf->node_count; i++)
		if (bits_has(nodes, part->conf->node_index[i]))
			return true;
	return false;
}

/* Somebody waits for room in the partition; its first one, if nobody before waits for any of its nodes. Who
 * waits for licences is nobody's first. */
static void note_waiting(struct pass *p, struct part *part, const struct job *job)
{
	if (p->waited_in[part->index] && part->conf->node_count > 0)
		return;
	p->waited_in[part->index] = true;
	if (job->class->reason == REASON_NONE && !has_any(p->waited_for, part))
		part->first_waiting = job->serial;
	for (size_t i = 0; i < part->conf->node_count; i++)
		bits_add(p->waited_for, part->conf->node_index[i]);
}

/* ---- whose turn it is ---- */

static struct job *class_turn(const struct job_class *class)
{
	return list_entry(class->at, struct job, in_class);
}

static bool before(const struct job_class *a, const struct job_class *b)
{
	return order_before(a->at, b->at);
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
			    part_list_reason(c, spec, class->parts[i]) == REASON_NONE)
				class->outlook = outlook;
		}
	}
	class->known_at = c->nodes_version;
	if (class->outlook == SELECT_NEVER)
		return REASON_BAD_CONSTRAINTS;
	if (class->outlook == SELECT_UNAVAILABLE)
		return spec->req_nodes ? REASON_REQ_NODE_NOT_AVAIL : REASON_NODES_UNAVAILABLE;
	return REASON_NONE;
}

/* *minutes: the limit with which it starts; less than it asks for only to be before others (--time-min). */
static bool find_room(struct pass *p, struct job_class *class, const struct part *part, uint32_t *minutes,
                      struct node_alloc_list *nodes)
{
	struct cluster *c = p->c;
	struct select_ask ask = {.part = part, .spec = &class_head(class)->spec, .settles = &p->settles};
	const bool one = class->part_count == 1;
	if (has_any(p->hold.nodes, part))
		ask.without = p->hold.nodes;
	/* A refusal stands until something becomes free: what was given away meanwhile only made it less. */
	if (one && class->refused_at == c->room)
		return false;
	c->stats.cycle_depth_sum++;
	if (!select_job(c, &ask, p->rank ? NULL : nodes)) {
		if (one && !ask.without)
			class->refused_at = c->room;
		return false;
	}
	*minutes = spec_time_limit(part, ask.spec);
	if (p->rank == 0)
		return true;
	ask.rank = p->rank;
	ask.from = c->now;
	return plan_fits(c, &ask, minutes, nodes);
}

/* Nobody after it may take what it could get, in none of its partitions. */
static void hold_parts(struct pass *p, const struct job_class *class)
{
	for (uint32_t i = 0; i < class->part_count; i++)
		if (part_list_reason(p->c, &class_head(class)->spec, class->parts[i]) == REASON_NONE)
			hold_part(&p->hold, class->parts[i]);
}

/* bf_max_job_user and bf_max_job_part: so many are planned of each, and the rest is passed over. */
static bool beyond_its_share(struct pass *p, const struct job_class *class, const struct job *job)
{
	const struct cluster_conf *conf = p->c->conf;
	uintptr_t user = 0;
	if (conf->bf_max_job_user) {
		user = (uintptr_t)map_get(&p->users, job->spec.who->uid) + 1;
		map_put(&p->users, job->spec.who->uid, (void *)user);
	}
	return (conf->bf_max_job_user && user > conf->bf_max_job_user) ||
	       (conf->bf_max_job_part && ++p->in_part[class->part->index] > conf->bf_max_job_part);
}

static bool next_turn(struct job_class *class)
{
	class->at = order_next(class->at);
	class->tasks_planned = 0;
	return class->at != NULL;
}

/* It can't start now. False: those behind it in its class need not be looked at. */
static bool wait_planned(struct pass *p, struct job_class *class, struct job *job)
{
	struct cluster *c = p->c;
	const bool again = class->waits && class->tasks_planned > 0;
	p->depth += !p->somebody_waits;
	p->somebody_waits = true;
	for (uint32_t i = 0; !class->waits && i < class->part_count; i++)
		if (part_list_reason(c, &job->spec, class->parts[i]) == REASON_NONE)
			note_waiting(p, class->parts[i], job);
	class->waits = true;
	if (!again && beyond_its_share(p, class, job))
		return next_turn(class);
	const uint64_t searches = c->plan.searches;
	switch (p->full ? PLAN_FULL : plan_add(c, class, job, p->rank, class->planned_from)) {
	case PLAN_UNKNOWN:
		p->tries++;
		return false;
	case PLAN_FULL:
		p->tries += !p->full;
		p->full = true;
		hold_parts(p, class);
		return false;
	case PLAN_ADDED:
		p->tries += c->plan.searches != searches;
		break;
	}
	class->planned_from = c->plan.v[p->rank++]->start;
	class->tasks_planned++;
	if (job->tasks && class->tasks_planned < array_plannable(c, job))
		return true;
	return next_turn(class);
}

/* Where its next job may start now. NULL: nowhere. */
static struct part *find_part(struct pass *p, struct job_class *class, uint32_t *minutes,
                              struct node_alloc_list *nodes)
{
	for (uint32_t i = 0; i < class->part_count; i++) {
		struct part *part = class->parts[i];
		if (!p->hold.parts[part->index] &&
		    part_list_reason(p->c, &class_head(class)->spec, part) == REASON_NONE &&
		    find_room(p, class, part, minutes, nodes))
			return part;
	}
	return NULL;
}

/* Licences that it needs are others', or will be theirs before it could be over. */
static bool lacks_licenses(const struct pass *p, const struct job_class *class, const struct job *job)
{
	const struct cluster *c = p->c;
	struct select_ask ask = {.part = class->part, .spec = &job->spec};
	if (!text_or_null(job->spec.licenses))
		return false;
	if (!licenses_fit(c, &ask))
		return true;
	ask.rank = p->rank;
	ask.from = c->now;
	ask.to = span_end(c->now, plan_least_limit(ask.spec, spec_time_limit(ask.part, ask.spec)));
	return licenses_are_planned(c) && p->rank > 0 && !licenses_fit(c, &ask);
}

/* Who lacks licences is passed by those that need none, unless the plan has a place for him. */
static bool may_wait(struct cluster *c, struct job_class *class)
{
	const struct select_ask ever = {
	        .part = class->part, .spec = &class_head(class)->spec, .ignore_use = true};
	return class->reason == REASON_NONE ||
	       (class->reason == REASON_LICENSES && licenses_are_planned(c) && licenses_fit(c, &ever) &&
	        outlook_reason(c, class) == REASON_NONE);
}

static bool all_held(const struct pass *p, const struct job_class *class)
{
	for (uint32_t i = 0; i < class->part_count; i++)
		if (!p->hold.parts[class->parts[i]->index])
			return false;
	return true;
}

/* Tries the job of the class whose turn it is. True: it is out of the way, and the class has another one. */
static bool try_next(struct pass *p, struct job_class *class)
{
	struct cluster *c = p->c;
	struct job *job = class_turn(class);
	struct order_link *next = order_next(class->at);
	struct node_alloc_list nodes = {0};
	p->depth += p->somebody_waits;
	if (all_held(p, class))
		return false;
	if (array_is_full(job)) {
		class->at = next;
		queue_remove(c, job); /* and comes back when a task has ended */
		return next != NULL;
	}
	uint32_t minutes = 0;
	p->tries += p->somebody_waits && !class->waits;
	const bool lacks = !class->waits && lacks_licenses(p, class, job);
	struct part *part = class->waits || lacks ? NULL : find_part(p, class, &minutes, &nodes);
	if (!part) {
		job->state.last_sched_eval = c->now;
		if (!class->waits)
			class->reason = lacks ? REASON_LICENSES : outlook_reason(c, class);
		return may_wait(c, class) && wait_planned(p, class, job);
	}
	const bool more_tasks = job->tasks && job->tasks->set > 1;
	plan_take(c, job);
	struct job *starts = job->tasks ? array_take_first(c, job) : job;
	starts->part = part;
	starts->state.settles = p->settles;
	if (!more_tasks)
		class->at = next;
	job_start(c, starts, minutes, &nodes);
	plan_started(c, p->rank, starts);
	c->stats.plan.started += p->somebody_waits;
	c->stats.plan.started_ever += p->somebody_waits;
	return more_tasks || next;
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

static void pass_begin(struct pass *p)
{
	struct cluster *c = p->c;
	plan_begin(c);
	p->waited_for = bits_new((uint32_t)c->node_count);
	p->hold = (struct hold){.nodes = bits_new((uint32_t)c->node_count),
	                        .parts = xcalloc(c->part_count + 1, sizeof(bool)),
	                        .parts_left = c->part_count};
	p->in_part = xcalloc(c->part_count + 1, sizeof(uint32_t));
	p->waited_in = xcalloc(c->part_count + 1, sizeof(bool));
	map_init_u64(&p->users);
	for (size_t i = 0; i < c->part_count; i++)
		c->parts[i]->first_waiting = 0;
	list_each (it, &c->classes) {
		struct job_class *class = list_entry(it, struct job_class, in_all);
		class->reason = class_limits_reason(c, class);
		class->at = order_first(&class->jobs);
		class->waits = false;
		class->tasks_planned = 0;
		class->planned_from = 0;
		if (class->reason == REASON_NONE)
			heap_put(p, class);
	}
}

static void note(struct plan_figure *f, uint64_t value)
{
	f->last = value;
	f->sum += value;
}

static void note_cycle(struct cluster *c, const struct pass *p)
{
	struct plan_stats *s = &c->stats.plan;
	uint64_t queue = 0;
	if (!c->conf->backfill || !p->somebody_waits)
		return;
	list_each (it, &c->classes) {
		const struct job_class *class = list_entry(it, struct job_class, in_all);
		queue += (uint64_t) class->jobs.count * class->part_count;
	}
	s->cycles++;
	s->when = c->now;
	note(&s->depth, p->depth);
	note(&s->tries, p->tries);
	note(&s->queue, queue);
	note(&s->table, c->plan.time_count - (c->plan.soon != 0));
}

void sched_pass(struct cluster *c)
{
	struct pass p = {.c = c, .heap = xcalloc(c->class_count + 1, sizeof(*p.heap))};
	c->stats.cycles++;
	c->stats.last_queue_length = (uint32_t)c->queue_length;
	pass_begin(&p);
	while (p.n > 0 && p.hold.parts_left > 0) {
		struct job_class *class = heap_take(&p);
		if (try_next(&p, class))
			heap_put(&p, class);
	}
	plan_end(c, p.rank, p.full);
	note_cycle(c, &p);
	free(p.hold.nodes);
	free(p.hold.parts);
	free(p.waited_for);
	free(p.in_part);
	free(p.waited_in);
	map_free(&p.users);
	free(p.heap);
	arrays_settle(c);
	c->sched_wanted = !list_empty(&c->to_look);
	refuse_immediate(c);
}
