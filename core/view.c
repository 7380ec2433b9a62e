/* What of a node is taken during a span of time: by jobs that run, until their limits, and by those before in
 * the plan. */
#include "core/cluster_priv.h"

#include <string.h>

#define NO_END_S (365 * 24 * 3600) /* what has no limit is counted on for so long, as the real one does */

core_time plan_soon(const struct cluster *c)
{
	return (c->now / CORE_SECOND + 1) * CORE_SECOND;
}

core_time job_expected_end(const struct cluster *c, const struct job *job)
{
	uint32_t minutes = job->state.time_limit_min;
	core_time soon = plan_soon(c), end;
	if (job->state.state == JOB_SUSPENDED)
		return c->now + NO_END_S * CORE_SECOND;
	if (!job_is_active(job))
		return soon;
	if (minutes == CORE_INFINITE || minutes == CORE_NO_VAL)
		return c->now + NO_END_S * CORE_SECOND;
	end = job_run_since(job) + (core_time)minutes * 60 * CORE_SECOND;
	return end > soon ? end : soon;
}

core_time span_end(core_time from, uint32_t minutes)
{
	return from +
	       (minutes == CORE_INFINITE ? (core_time)NO_END_S : (core_time)minutes * 60) * CORE_SECOND;
}

static bool is_before(const struct planned *of, const struct select_ask *ask)
{
	return of->rank < ask->rank && of->start < ask->to && of->end > ask->from;
}

static bool is_planned(const struct node *node, const struct select_ask *ask)
{
	list_each (it, &node->planned)
		if (is_before(list_entry(it, struct plan_share, on_node)->of, ask))
			return true;
	return false;
}

static void add_cores(struct core_bits *busy, const struct node_alloc *record)
{
	for (uint32_t i = 0; i < record->cores.n; i++)
		bits_add(busy, record->cores.v[i]);
}

/* Cores that anybody has at any time of the span. */
static void look_at_cores(const struct cluster *c, const struct node *node, const struct select_ask *ask,
                          struct core_bits *busy)
{
	memset(busy->words, 0, ((size_t)busy->n + 63) / 64 * sizeof(uint64_t));
	busy->set = 0;
	list_each (it, &node->shares) {
		const struct share *share = list_entry(it, struct share, on_node);
		if (!share->idle && job_expected_end(c, share->job) > ask->from)
			add_cores(busy, share_record(share));
	}
	list_each (it, &node->planned) {
		const struct plan_share *share = list_entry(it, struct plan_share, on_node);
		if (is_before(share->of, ask))
			add_cores(busy, &share->of->nodes.v[share->index]);
	}
}

core_time view_first_end(const struct cluster *c, const struct node *node, const struct select_ask *ask)
{
	core_time first = CORE_INFINITE64;
	list_each (it, &node->shares) {
		const core_time end = job_expected_end(c, list_entry(it, struct share, on_node)->job);
		first = end > ask->from && end < first ? end : first;
	}
	list_each (it, &node->planned) {
		const struct planned *of = list_entry(it, struct plan_share, on_node)->of;
		first = is_before(of, ask) && of->end < first ? of->end : first;
	}
	return first;
}

/* What is counted, not named, at a moment of the span: the view has the most of any. */
static void look_at_moment(const struct cluster *c, const struct node *node, const struct select_ask *ask,
                           core_time at, struct node_view *view)
{
	uint64_t mem = 0;
	uint32_t cpus = 0;
	list_each (it, &node->shares) {
		const struct share *share = list_entry(it, struct share, on_node);
		if (job_expected_end(c, share->job) <= at)
			continue;
		mem += share_record(share)->mem;
		cpus += share->job->part == ask->part ? share_record(share)->cpus : 0;
	}
	list_each (it, &node->planned) {
		const struct plan_share *share = list_entry(it, struct plan_share, on_node);
		if (!is_before(share->of, ask) || share->of->start > at || share->of->end <= at)
			continue;
		mem += share->of->nodes.v[share->index].mem;
		cpus += share->of->part == ask->part ? share->of->nodes.v[share->index].cpus : 0;
	}
	view->mem = mem > view->mem ? mem : view->mem;
	view->part_cpus = cpus > view->part_cpus ? cpus : view->part_cpus;
}

static void look(const struct cluster *c, const struct node *node, const struct select_ask *ask,
                 struct node_view *view)
{
	view->mem = view->part_cpus = 0;
	look_at_cores(c, node, ask, view->own);
	view->busy = view->own;
	view->cores_free = node->cores_total - view->own->set;
	look_at_moment(c, node, ask, ask->from, view);
	/* It becomes more only where somebody begins. */
	list_each (it, &node->planned) {
		const struct planned *of = list_entry(it, struct plan_share, on_node)->of;
		if (is_before(of, ask) && of->start > ask->from)
			look_at_moment(c, node, ask, of->start, view);
	}
}

/* CPUs that the partition's jobs have there (slurm.conf(5), MaxCPUsPerNode). */
static uint32_t part_cpus_on(const struct part *part, const struct node *node)
{
	uint32_t n = 0;
	list_each (it, &node->shares) {
		const struct share *share = list_entry(it, struct share, on_node);
		if (share->job->part == part)
			n += share_record(share)->cpus;
	}
	return n;
}

void view_node(const struct cluster *c, const struct node *node, const struct select_ask *ask,
               struct node_view *view)
{
	uint32_t max = ask->part->conf->max_cpus_per_node;
	if (view->own && view->own->n != node->cores_total) {
		free(view->own);
		view->own = NULL;
	}
	if (!view->own)
		view->own = bits_new(node->cores_total);
	if (ask->from > c->now || (ask->from && is_planned(node, ask))) {
		look(c, node, ask, view);
		return;
	}
	view->busy = node->cores_busy;
	view->cores_free = node->cores_free;
	view->mem = node->mem_alloc;
	view->part_cpus = max == CORE_INFINITE || max == 0 ? 0 : part_cpus_on(ask->part, node);
}

/* ---- with whom it would be there ---- */

void view_loads(const struct cluster *c, const struct node *node, const struct select_ask *ask,
                struct node_view *view)
{
	const bool all = conf_is_linear(c->conf), later = ask->from > c->now;
	if (view->load_cap < node->cores_total)
		view->loads = xgrow(view->loads, &view->load_cap, node->cores_total, sizeof(*view->loads));
	for (uint32_t i = 0; i < node->cores_total; i++)
		view->loads[i] = 0;
	list_each (it, &node->shares) {
		const struct share *share = list_entry(it, struct share, on_node);
		if (!share->idle && (!later || job_expected_end(c, share->job) > ask->from))
			loads_add(view->loads, node, share_record(share), share->job->state.shares,
			          all || share->job->part == ask->part);
	}
	/* Those who come one after the other count as if they came together. */
	list_each (it, &node->planned) {
		const struct plan_share *share = list_entry(it, struct plan_share, on_node);
		const struct planned *of = share->of;
		if (is_before(of, ask))
			loads_add(view->loads, node, &of->nodes.v[share->index],
			          share_limit(of->part, &of->job->spec) > 0, all || of->part == ask->part);
	}
}

bool view_is_for_others(const struct cluster *c, const struct node *node, const struct select_ask *ask,
                        bool for_user)
{
	const uint32_t uid = ask->spec->who->uid;
	if (ask->from <= c->now && node_is_for_others(node, uid, for_user))
		return true;
	for (const struct list *it = node->shares.next; ask->from > c->now && it != &node->shares;
	     it = it->next) {
		const struct job *job = list_entry(it, struct share, on_node)->job;
		if (job->spec.who->uid != uid && (for_user || job->state.for_user) &&
		    job_expected_end(c, job) > ask->from)
			return true;
	}
	list_each (it, &node->planned) {
		const struct planned *of = list_entry(it, struct plan_share, on_node)->of;
		if (is_before(of, ask) && of->job->spec.who->uid != uid &&
		    (for_user || spec_is_for_user(of->part, &of->job->spec)))
			return true;
	}
	return false;
}
