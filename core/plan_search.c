/* The search for a place in the plan: the earliest start that a job can have beside what runs and those that
 * are planned before it. */
#include "core/cluster_priv.h"

/* So long no more is planned, in microseconds, for each node that was looked at: some ten times what it took.
 * On a small cluster the plan is made anew at every event, on a large one it leaves time for the rest. */
#define PLAN_REST_US 5
#define LONGEST_MIN  (365 * 24 * 60) /* what has no limit is counted on for so long */

static void rest(struct cluster *c, size_t nodes)
{
	struct plan *p = &c->plan;
	const core_time longest = c->now + c->conf->bf_interval * CORE_SECOND;
	p->slice += nodes;
	p->rest_until = (p->rest_until > c->now && p->rest_until < longest ? p->rest_until : c->now) +
	                (core_time)nodes * PLAN_REST_US;
	p->rest_until = p->rest_until < longest ? p->rest_until : longest;
}

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
	size_t i;
	plan_know_times(c);
	ask.not_before = know_nothing(c, &ask);
	i = plan_time_after(p, from > c->now ? from - 1 : c->now);
	for (i = first_room(c, &ask, i); i < p->time_count; i++) {
		if (window && p->times[i] > span_end(c->now, window))
			return 0;
		if (fits(c, &ask, p->times[i], minutes, nodes))
			return p->times[i];
	}
	return 0;
}

bool plan_find(struct cluster *c, struct part *const *parts, uint32_t n, const struct job_spec *spec,
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
	if (!out->start && plan_find(c, parts, n, spec, c->plan.n, 0, &found))
		*out = (struct job_outlook){found.start, found.part, found.nodes};
	free(parts);
}
