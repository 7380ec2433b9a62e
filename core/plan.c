/* The plan (backfill): the highest of those that wait, in their order, each with the earliest start that
 * those before it leave, and the nodes, cores and memory that it will have then. Nobody starts into what
 * somebody before him will have. It is kept from one pass to the next, and made better place by place; where
 * that takes much time, in slices with rests between them. */
#include "core/cluster_priv.h"

#include <string.h>

#define PLAN_SLICE    20000 /* nodes looked at in one pass: 2 or 3 ms */
#define PLAN_AT_ONCE  1500  /* in one that has something else to do: less than that */
#define PUT_OFF_MAX   3     /* passes that have something else to do go before so often */
#define PLAN_GRACE_US 20000 /* after so much it begins to rest */

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
	c->plan.stale++;
	node_alloc_list_free(&e->nodes);
	free(e->shares);
	free(e);
}

void plan_cut(struct cluster *c, size_t rank)
{
	struct plan *p = &c->plan;
	while (p->n > rank)
		entry_free(c, p->v[--p->n]);
	p->sure = p->sure < p->n ? p->sure : p->n;
}

void plan_doubt(struct cluster *c)
{
	c->plan.broken = true;
	c->sched_wanted = true;
}

void plan_turn(struct cluster *c)
{
	struct plan *p = &c->plan;
	p->turn = !c->sched_wanted || ++p->put_off > PUT_OFF_MAX;
	if (p->turn)
		p->put_off = 0;
	c->sched_wanted = true;
}

void plan_free(struct cluster *c)
{
	plan_cut(c, 0);
	free(c->plan.v);
	free(c->plan.times);
	free(c->plan.rooms);
	free(c->plan.moved);
	free(c->plan.not_before);
	free(c->plan.view.own);
}

static void renumber(struct plan *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		p->v[i]->rank = (uint32_t)i;
}

/* What it leaves may be an earlier place for those behind. */
static void drop(struct cluster *c, size_t at)
{
	struct plan *p = &c->plan;
	struct planned *e = p->v[at];
	p->n--;
	memmove(p->v + at, p->v + at + 1, (p->n - at) * sizeof(struct planned *));
	renumber(p, at, p->n);
	if (at < p->sure) {
		p->sure--;
		p->again = true;
	}
	entry_free(c, e);
}

static struct planned *enter(struct cluster *c, size_t rank, const struct planned *found)
{
	struct plan *p = &c->plan;
	struct planned *e = xcalloc(1, sizeof(*e));
	*e = *found;
	p->v = xgrow(p->v, &p->cap, p->n + 1, sizeof(struct planned *));
	memmove(p->v + rank + 1, p->v + rank, (p->n - rank) * sizeof(struct planned *));
	p->v[rank] = e;
	renumber(p, rank, ++p->n);
	p->sure += rank < p->sure;
	e->shares = xcalloc((size_t)e->nodes.n + 1, sizeof(*e->shares));
	for (uint32_t i = 0; i < e->nodes.n; i++) {
		e->shares[i] = (struct plan_share){.of = e, .index = i};
		list_append(&node_by_name(c, e->nodes.v[i].node)->planned, &e->shares[i].on_node);
	}
	if (!e->job->planned || e->job->planned->rank > rank)
		e->job->planned = e;
	plan_note_time(c, e->end);
	return e;
}

/* The job's own place, if it has one at that rank or behind, which comes to that rank: whom it passes there
 * isn't in its way, as no two places are. */
static struct planned *bring_up(struct cluster *c, size_t rank, const struct job *job)
{
	struct plan *p = &c->plan;
	size_t at = rank;
	if (at >= p->n || !job->planned)
		return NULL;
	if (p->v[at]->job == job)
		return p->v[at];
	if (job->planned->rank > rank)
		at = job->planned->rank;
	else
		while (at < p->n && p->v[at]->job != job)
			at++;
	if (at == p->n)
		return NULL;
	struct planned *e = p->v[at];
	memmove(p->v + rank + 1, p->v + rank, (at - rank) * sizeof(struct planned *));
	p->v[rank] = e;
	renumber(p, rank, at + 1);
	p->sure = p->sure < rank ? p->sure : rank;
	return e;
}

/* ---- who is in whose way ---- */

/* Is the place as good as it was, beside those before it and what runs? */
static bool stands_on(struct cluster *c, const struct node *node, const struct plan_share *share)
{
	const struct planned *e = share->of;
	const struct job_spec *spec = &e->job->spec;
	const struct node_alloc *record = &e->nodes.v[share->index];
	const struct select_ask ask = {
	        .part = e->part, .spec = spec, .from = e->start, .to = e->end, .rank = e->rank};
	const uint32_t max = e->part->conf->max_cpus_per_node;
	struct node_view *view = &c->plan.view;
	if (e->start <= c->now || share_limit(e->part, spec) > 0)
		return false; /* who shares may find another place as easily */
	view_node(c, node, &ask, view);
	for (uint32_t i = 0; i < record->cores.n; i++)
		if (bits_has(view->busy, record->cores.v[i]))
			return false;
	if ((part_select_flags(c, e->part) & CONF_CR_MEMORY) &&
	    view->mem + record->mem > node->conf->real_memory)
		return false;
	if (max != CORE_INFINITE && max != 0 && view->part_cpus + record->cpus > max)
		return false;
	return !view_is_for_others(c, node, &ask, spec_is_for_user(e->part, spec));
}

static bool has_licenses_yet(const struct cluster *c, const struct planned *e)
{
	const struct select_ask ask = {
	        .part = e->part, .spec = &e->job->spec, .from = e->start, .to = e->end, .rank = e->rank};
	return licenses_fit(c, &ask);
}

/* Somebody new has these nodes from one time to another: of the places of that rank and behind, the first
 * that can't be kept. SIZE_MAX: all can. */
struct newcomer {
	const struct job *job;
	const struct node_alloc_list *nodes;
	core_time from, to;
};
static size_t first_in_the_way(struct cluster *c, size_t rank, const struct newcomer *new)
{
	const struct plan *p = &c->plan;
	size_t first = SIZE_MAX;
	for (uint32_t i = 0; i < new->nodes->n; i++) {
		const struct node *node = node_by_name(c, new->nodes->v[i].node);
		list_each (it, &node->planned) {
			const struct plan_share *share = list_entry(it, struct plan_share, on_node);
			const struct planned *e = share->of;
			if (e->rank >= rank && e->rank < first && e->start < new->to && e->end > new->from &&
			    !stands_on(c, node, share))
				first = e->rank;
		}
	}
	if (!licenses_are_planned(c) || !text_or_null(new->job->spec.licenses))
		return first;
	for (size_t i = rank; i < p->n && i < first; i++)
		if (p->v[i]->start < new->to &&
		    p->v[i]->end > new->from &&licenses_meet(&new->job->spec, &p->v[i]->job->spec) &&
		    !has_licenses_yet(c, p->v[i]))
			first = i;
	return first;
}

static void make_way(struct cluster *c, size_t rank, const struct newcomer *new)
{
	struct plan *p = &c->plan;
	for (size_t at; (at = first_in_the_way(c, rank, new)) != SIZE_MAX; rank = at) {
		p->sure = p->sure < at ? p->sure : at;
		drop(c, at);
	}
}

/* ---- in a pass ---- */

/* What was done has been rested from, but for a little. */
static bool has_rested(const struct cluster *c)
{
	const core_time longest = c->conf->bf_interval * CORE_SECOND, rest = c->plan.rest_until - c->now;
	return rest <= PLAN_GRACE_US || rest > longest; /* more only by a clock that was set back */
}

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
	p->denied = false;
	p->slice_max = !c->conf->backfill || !has_rested(c) ? 0
	               : c->conf->bf_slice                  ? c->conf->bf_slice
	               : p->turn                            ? PLAN_SLICE
	                                                    : PLAN_AT_ONCE;
	if (gone)
		plan_cut(c, 0);
	if (!gone && (p->sure < p->n || (!p->again && p->room == c->room)))
		return;
	p->run++;
	p->sure = 0;
	p->again = p->broken = false;
	p->nodes_version = c->nodes_version;
	p->room = c->room;
}

/* Those that were not looked at may have come into another order, or too late. */
static void tidy(struct cluster *c, size_t rank)
{
	struct plan *p = &c->plan;
	while (rank < p->n) {
		const struct planned *e = p->v[rank], *last = rank > 0 ? p->v[rank - 1] : NULL;
		if (e->start > c->now &&
		    (!last || last->job == e->job || order_before(&last->job->in_class, &e->job->in_class)))
			rank++;
		else
			drop(c, rank);
	}
	plan_cut(c, c->conf->bf_max_job_test);
}

void plan_end(struct cluster *c, size_t rank, bool full)
{
	struct plan *p = &c->plan;
	p->turn = false;
	if (full && rank < c->conf->bf_max_job_test && c->conf->backfill)
		tidy(c, rank);
	else
		plan_cut(c, rank);
	if (p->denied || (p->n > 0 && (p->again || p->room != c->room)))
		look_again_at(c, p->rest_until > c->now ? p->rest_until : c->now + 1);
}

bool plan_is_due(const struct cluster *c)
{
	return c->plan.denied;
}

/* Is there time for a search in this pass? Some is left for those that have no place at all. */
static bool may_search(struct cluster *c, bool has_place)
{
	struct plan *p = &c->plan;
	const size_t max = has_place ? (p->slice_max + 1) / 2 : p->slice_max;
	const bool may = max > 0 && ((p->turn && p->slice == 0) || p->slice + p->search <= max);
	p->denied |= !may;
	return may;
}

static bool search(struct cluster *c, const struct job_class *class, size_t rank, core_time from,
                   struct planned *found)
{
	struct plan *p = &c->plan;
	const size_t before = p->slice;
	const bool is = plan_find(c, class->parts, class->part_count, &found->job->spec, rank, from, found);
	p->search = p->slice - before;
	p->searches++;
	return is;
}

static void give_place(struct cluster *c, size_t rank, const struct planned *found)
{
	const struct planned *e = enter(c, rank, found);
	make_way(c, rank + 1, &(struct newcomer){e->job, &e->nodes, e->start, e->end});
}

enum plan_answer plan_add(struct cluster *c, struct job_class *class, struct job *job, size_t rank,
                          core_time from)
{
	struct plan *p = &c->plan;
	if (!c->conf->backfill || rank >= c->conf->bf_max_job_test)
		return PLAN_FULL;
	struct planned *e = bring_up(c, rank, job), found = {.job = job};
	const bool stands = e && e->start > c->now;
	if (stands && (rank < p->sure || !may_search(c, true)))
		return PLAN_ADDED;
	if (!stands && class->no_place && (class->no_place == p->run || !may_search(c, true)))
		return PLAN_UNKNOWN;
	if (!stands && !may_search(c, false))
		return PLAN_FULL;
	const bool is = search(c, class, rank, from, &found),
	           better = is && (!stands || found.start <= e->start);
	if (e && (better || !stands))
		drop(c, rank);
	if (better)
		give_place(c, rank, &found);
	else
		node_alloc_list_free(&found.nodes);
	class->no_place = better || stands ? 0 : p->run;
	p->sure += p->sure == rank && class->no_place == 0;
	return class->no_place ? PLAN_UNKNOWN : PLAN_ADDED;
}

void plan_take(struct cluster *c, const struct job *job)
{
	if (job->planned)
		drop(c, job->planned->rank);
}

void plan_forget(struct cluster *c, const struct job *job)
{
	while (job->planned)
		drop(c, job->planned->rank);
}

void plan_started(struct cluster *c, size_t rank, const struct job *started)
{
	const core_time end = job_expected_end(c, started);
	make_way(c, rank, &(struct newcomer){started, &started->state.nodes, c->now, end});
	plan_note_time(c, end);
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
