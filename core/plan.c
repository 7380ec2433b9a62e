/* The plan (backfill): the highest of those that wait, in their order, each with the earliest start that
 * those before it leave, and the nodes, cores and memory that it will have then. Nobody starts into what
 * somebody before him will have. It is kept from one pass to the next, as far as nothing that it relied on
 * takes longer, and begun anew when something became free; where that takes much time, no more often than
 * bf_interval. */
#include "core/cluster_priv.h"
#include "core/util/sort.h"

#include <string.h>

#define PLAN_SLICE 10000 /* nodes looked at in one pass: a few ms */
/* So long no more is planned, in microseconds, for each node that was looked at: some ten times what it took.
 * On a small cluster the plan is made anew at every event, on a large one it leaves time for the rest. */
#define PLAN_REST_US  5
#define LONGEST_MIN   (365 * 24 * 60) /* what has no limit is counted on for so long */
#define PLAN_GRACE_US 20000           /* after so much it begins to rest */

/* ---- entries ---- */

static void entry_free(struct cluster *c, struct planned *e)
{
	for (uint32_t i = 0; i < e->nodes.n; i++)
		list_remove(&e->shares[i].on_node);
	if (e->job->planned == e) {
		e->job->planned = NULL;
		for (size_t i = 0; e->job->tasks && i < c->plan.n && !e->job->planned; i++)
			if (c->plan.v[i] != e && c->plan.v[i]->job == e->job)
				e->job->planned = c->plan.v[i];
	}
	node_alloc_list_free(&e->nodes);
	free(e->shares);
	free(e);
}

void plan_cut(struct cluster *c, size_t rank)
{
	struct plan *p = &c->plan;
	while (p->n > rank)
		entry_free(c, p->v[--p->n]);
}

void plan_doubt(struct cluster *c)
{
	c->plan.broken = true;
	c->sched_wanted = true;
}

void plan_free(struct cluster *c)
{
	plan_cut(c, 0);
	free(c->plan.v);
	free(c->plan.times);
	free(c->plan.rooms);
	free(c->plan.not_before);
}

static void enter(struct cluster *c, const struct planned *found)
{
	struct plan *p = &c->plan;
	struct planned *e = xcalloc(1, sizeof(*e));
	*e = *found;
	p->v = xgrow(p->v, &p->cap, p->n + 1, sizeof(struct planned *));
	e->rank = (uint32_t)p->n;
	p->v[p->n++] = e;
	e->shares = xcalloc((size_t)e->nodes.n + 1, sizeof(*e->shares));
	for (uint32_t i = 0; i < e->nodes.n; i++) {
		e->shares[i] = (struct plan_share){.of = e, .index = i};
		list_append(&node_by_name(c, e->nodes.v[i].node)->planned, &e->shares[i].on_node);
	}
	if (!e->job->planned)
		e->job->planned = e;
}

bool plan_has(const struct cluster *c, size_t rank, const struct job *job)
{
	return rank < c->plan.n && c->plan.v[rank]->job == job && c->plan.v[rank]->start > c->now;
}

/* ---- times ---- */

static int by_time(const void *pa, const void *pb, void *ctx)
{
	core_time a = *(const core_time *)pa, b = *(const core_time *)pb;
	(void)ctx;
	return a < b ? -1 : a > b;
}

static void add_time(struct cluster *c, core_time at)
{
	struct plan *p = &c->plan;
	if (at >= span_end(c->now, CORE_INFINITE))
		return; /* nobody knows */
	p->times = xgrow(p->times, &p->time_cap, p->time_count + 1, sizeof(core_time));
	p->times[p->time_count++] = at;
}

static int by_room(const void *pa, const void *pb, void *ctx)
{
	const struct plan_room *a = pa, *b = pb;
	(void)ctx;
	return a->from < b->from ? -1 : a->from > b->from;
}

static void know_rooms(struct cluster *c)
{
	struct plan *p = &c->plan;
	p->room_count = 0;
	p->rooms = xgrow(p->rooms, &p->room_cap, c->node_count + 1, sizeof(*p->rooms));
	for (size_t i = 0; i < c->node_count; i++)
		if (c->nodes[i]->free_from != CORE_INFINITE64)
			p->rooms[p->room_count++] = (struct plan_room){c->nodes[i]->free_from, (uint32_t)i};
	sort_stable(p->rooms, p->room_count, sizeof(*p->rooms), by_room, NULL);
}

static void know_times(struct cluster *c)
{
	struct plan *p = &c->plan;
	size_t n = 0;
	if (p->times_known)
		return;
	p->time_count = 0;
	for (size_t i = 0; i < c->node_count; i++) {
		struct node *node = c->nodes[i];
		node->free_from = node->cores_free > 0 ? 0 : CORE_INFINITE64;
		list_each (it, &node->shares) {
			const core_time end = job_expected_end(c, list_entry(it, struct share, on_node)->job);
			add_time(c, end);
			node->free_from = end < node->free_from ? end : node->free_from;
		}
	}
	for (size_t i = 0; i < p->n; i++)
		add_time(c, p->v[i]->end);
	sort_stable(p->times, p->time_count, sizeof(core_time), by_time, NULL);
	for (size_t i = 0; i < p->time_count; i++)
		if (n == 0 || p->times[n - 1] != p->times[i])
			p->times[n++] = p->times[i];
	p->time_count = n;
	p->times_known = true;
	know_rooms(c);
}

static void note_time(struct cluster *c, core_time at)
{
	struct plan *p = &c->plan;
	size_t n = p->time_count;
	if (!p->times_known)
		return;
	add_time(c, at);
	if (p->time_count == n)
		return;
	for (; n > 0 && p->times[n - 1] > at; n--)
		p->times[n] = p->times[n - 1];
	p->times[n] = at;
}

/* ---- how much of it at a time ---- */

/* What was done has been rested from, but for a little. */
static bool has_rested(const struct cluster *c)
{
	const core_time longest = c->conf->bf_interval * CORE_SECOND, rest = c->plan.rest_until - c->now;
	return rest <= PLAN_GRACE_US || rest > longest; /* more only by a clock that was set back */
}

static void rest(struct cluster *c, size_t nodes)
{
	struct plan *p = &c->plan;
	const core_time longest = c->now + c->conf->bf_interval * CORE_SECOND;
	p->slice += nodes;
	p->rest_until = (p->rest_until > c->now && p->rest_until < longest ? p->rest_until : c->now) +
	                (core_time)nodes * PLAN_REST_US;
	p->rest_until = p->rest_until < longest ? p->rest_until : longest;
}

/* ---- the earliest start ---- */

static bool fits_for(const struct cluster *c, struct select_ask *ask, uint32_t minutes,
                     struct node_alloc_list *out)
{
	ask->to = span_end(ask->from, minutes);
	return (!licenses_are_planned(c) || licenses_fit(c, ask)) && select_job(c, ask, out);
}

uint32_t plan_least_limit(const struct job_spec *spec, uint32_t limit)
{
	const uint32_t least = spec->time_min_min;
	return least != CORE_NO_VAL && least != CORE_INFINITE && least < limit ? least : limit;
}

bool plan_fits(struct cluster *c, struct select_ask *ask, uint32_t *minutes, struct node_alloc_list *out)
{
	const uint32_t limit = spec_time_limit(ask->part, ask->spec),
	               least = plan_least_limit(ask->spec, limit);
	*minutes = limit;
	if (least == limit)
		return fits_for(c, ask, limit, out);
	if (!fits_for(c, ask, least, NULL))
		return false;
	if (fits_for(c, ask, limit, out))
		return true;
	/* The longest that leaves those before it their places: what fits for long fits for less. */
	uint32_t low = least, high = limit == CORE_INFINITE ? LONGEST_MIN : limit;
	while (high - low > 1) {
		const uint32_t middle = low + (high - low) / 2;
		if (fits_for(c, ask, middle, NULL))
			low = middle;
		else
			high = middle;
	}
	*minutes = low;
	return fits_for(c, ask, low, out);
}

static bool fits(struct cluster *c, struct select_ask *ask, core_time at, uint32_t *minutes,
                 struct node_alloc_list *out)
{
	const size_t before = select_looked(c);
	ask->from = at;
	const bool fit = plan_fits(c, ask, minutes, out);
	rest(c, select_looked(c) - before + 1);
	return fit;
}

/* The first of the times at which what runs now leaves room: from then on it always does. */
static size_t first_room(struct cluster *c, const struct select_ask *asked, size_t from)
{
	struct select_ask ask = *asked;
	const struct plan *p = &c->plan;
	size_t low = from, high = p->time_count;
	uint32_t minutes;
	ask.rank = 0;
	/* In steps that become longer: most often it is among the first, when few nodes have room. */
	for (size_t step = 1; low < high; step *= 2) {
		const size_t at = low + step - 1 < high ? low + step - 1 : high - 1;
		if (fits(c, &ask, p->times[at], &minutes, NULL)) {
			high = at;
			break;
		}
		low = at + 1;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (fits(c, &ask, p->times[middle], &minutes, NULL))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Before a search for the job. Who may have cores together with others, or a shorter limit, finds a place at
 * one time in several ways: NULL. */
static core_time *know_nothing(struct cluster *c, const struct select_ask *ask)
{
	struct plan *p = &c->plan;
	const struct core_part_conf *part = ask->part->conf;
	const uint32_t limit = spec_time_limit(ask->part, ask->spec);
	if (share_limit(ask->part, ask->spec) > 0 || plan_least_limit(ask->spec, limit) != limit)
		return NULL;
	p->not_before = xgrow(p->not_before, &p->not_before_cap, c->node_count + 1, sizeof(core_time));
	for (size_t i = 0; i < c->node_count; i++)
		p->not_before[i] = CORE_INFINITE64;
	for (size_t i = 0; i < part->node_count; i++)
		p->not_before[part->node_index[i]] = 0;
	return p->not_before;
}

/* 0: none is known. */
static core_time earliest(struct cluster *c, const struct part *part, const struct job_spec *spec,
                          size_t rank, core_time from, uint32_t *minutes, struct node_alloc_list *nodes)
{
	const struct plan *p = &c->plan;
	const uint32_t window = c->conf->bf_window;
	struct select_ask ask = {.part = part, .spec = spec, .rank = rank};
	size_t i = 0;
	know_times(c);
	ask.not_before = know_nothing(c, &ask);
	while (i < p->time_count && (p->times[i] <= c->now || p->times[i] < from))
		i++;
	for (i = first_room(c, &ask, i); i < p->time_count; i++) {
		if (window && p->times[i] > span_end(c->now, window))
			return 0;
		if (fits(c, &ask, p->times[i], minutes, nodes))
			return p->times[i];
	}
	return 0;
}

/* Of several partitions the one where it starts first. False: none is known. */
static bool find(struct cluster *c, struct part *const *parts, uint32_t n, const struct job_spec *spec,
                 size_t rank, core_time from, struct planned *best)
{
	for (uint32_t i = 0; i < n; i++) {
		struct node_alloc_list nodes = {0};
		if (part_list_reason(c, spec, parts[i]) != REASON_NONE)
			continue;
		uint32_t minutes = 0;
		core_time start = earliest(c, parts[i], spec, rank, from, &minutes, &nodes);
		if (start == 0 || (best->part && best->start <= start)) {
			node_alloc_list_free(&nodes);
			continue;
		}
		node_alloc_list_free(&best->nodes);
		best->part = parts[i];
		best->start = start;
		best->end = span_end(start, minutes);
		best->nodes = nodes;
	}
	return best->part != NULL;
}

/* ---- in a pass ---- */

static void look_again_at(struct cluster *c, core_time at)
{
	struct plan *p = &c->plan;
	if (p->retry_at > c->now && p->retry_at <= at)
		return;
	p->retry_at = at;
	due_at(c, at, DUE_PLAN, 0, 0);
}

void plan_begin(struct cluster *c)
{
	struct plan *p = &c->plan;
	const bool gone = p->broken || p->nodes_version != c->nodes_version;
	p->slice = 0;
	p->times_known = false;
	p->may_grow = c->conf->backfill && has_rested(c);
	if (gone || (p->may_grow && p->room != c->room))
		plan_cut(c, 0);
	if (p->may_grow) {
		p->broken = false;
		p->nodes_version = c->nodes_version;
		p->room = c->room;
	} else if (c->conf->backfill && (gone || p->room != c->room)) {
		look_again_at(c, p->rest_until);
	}
}

enum plan_answer plan_add(struct cluster *c, const struct job_class *class, struct job *job, size_t rank,
                          core_time from)
{
	struct plan *p = &c->plan;
	const size_t slice = c->conf->bf_slice ? c->conf->bf_slice : PLAN_SLICE;
	if (!c->conf->backfill || rank >= c->conf->bf_max_job_test)
		return PLAN_FULL;
	if (!p->may_grow || p->slice >= slice) {
		look_again_at(c, p->rest_until);
		return PLAN_FULL;
	}
	struct planned found = {.job = job};
	if (!find(c, class->parts, class->part_count, &job->spec, rank, from, &found))
		return PLAN_UNKNOWN;
	plan_cut(c, rank);
	enter(c, &found);
	note_time(c, found.end);
	return PLAN_ADDED;
}

void plan_take(struct cluster *c, size_t rank, const struct job *job)
{
	struct plan *p = &c->plan;
	struct planned *e = rank < p->n ? p->v[rank] : NULL;
	if (!e || e->job != job)
		return;
	for (size_t i = rank; i + 1 < p->n; i++) {
		p->v[i] = p->v[i + 1];
		p->v[i]->rank = (uint32_t)i;
	}
	p->n--;
	entry_free(c, e);
}

void plan_started(struct cluster *c, size_t rank, const struct job *started)
{
	const core_time end = job_expected_end(c, started);
	size_t first = SIZE_MAX;
	for (uint32_t i = 0; i < started->state.nodes.n; i++) {
		list_each (it, &started->shares[i].node->planned) {
			const struct planned *of = list_entry(it, struct plan_share, on_node)->of;
			if (of->rank >= rank && of->start < end && of->rank < first)
				first = of->rank;
		}
	}
	for (size_t i = rank; started->licensed && licenses_are_planned(c) && i < c->plan.n && i < first; i++)
		if (c->plan.v[i]->start < end && licenses_meet(&started->spec, &c->plan.v[i]->job->spec))
			first = i;
	plan_cut(c, first);
	note_time(c, end);
}

/* ---- what people see of it ---- */

const struct planned *plan_at(const struct cluster *c, size_t rank)
{
	return rank < c->plan.n ? c->plan.v[rank] : NULL;
}

core_time job_planned_start(const struct job *job)
{
	return job->planned ? job->planned->start : 0;
}

core_time job_planned_end(const struct job *job)
{
	/* As if it had all of its limit, which it still may have when it starts. */
	return job->planned ? span_end(job->planned->start, spec_time_limit(job->planned->part, &job->spec))
	                    : 0;
}

const struct node_alloc_list *job_planned_nodes(const struct job *job)
{
	return job->planned ? &job->planned->nodes : NULL;
}

void plan_outlook(struct cluster *c, const struct job_spec *spec, struct part *part, struct job_outlook *out)
{
	uint32_t n = 0;
	struct part **parts = parts_asked(c, spec, &n);
	struct planned found = {0};
	if (n == 0)
		parts[n++] = part;
	for (uint32_t i = 0; i < n && !out->start; i++) {
		struct select_ask ask = {.part = parts[i], .spec = spec, .rank = c->plan.n};
		uint32_t minutes;
		if (part_list_reason(c, spec, parts[i]) == REASON_NONE && licenses_fit(c, &ask) &&
		    fits(c, &ask, c->now, &minutes, &out->nodes)) {
			out->start = c->now;
			out->part = parts[i];
		}
	}
	c->plan.times_known = false;
	if (!out->start && find(c, parts, n, spec, c->plan.n, 0, &found))
		*out = (struct job_outlook){found.start, found.part, found.nodes};
	free(parts);
}
