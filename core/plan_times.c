/* What a search for a place in the plan goes by: the times at which something ends, and from when on the
 * nodes have room, but for the plan. Both are kept from one pass to the next, and put right where something
 * happened. Times at which nothing ends any more may stay for a while, and a node may be thought to have room
 * too early: that only makes a search longer. */
#include "core/cluster_priv.h"
#include "core/util/sort.h"

#include <string.h>

#define STALE_MAX 100 /* ends that didn't come, beside as many as there are */
#define MOVED_MAX 200 /* nodes: more are not put right one by one */

/* ---- times ---- */

static int by_time(const void *pa, const void *pb, void *ctx)
{
	core_time a = *(const core_time *)pa, b = *(const core_time *)pb;
	(void)ctx;
	return a < b ? -1 : a > b;
}

size_t plan_time_after(const struct plan *p, core_time at)
{
	size_t low = 0, high = p->time_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (p->times[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool is_known(const struct cluster *c, core_time at)
{
	return at < span_end(c->now, CORE_INFINITE);
}

/* False: it was there. */
static bool put_time(struct plan *p, core_time at)
{
	const size_t i = plan_time_after(p, at);
	if (i > 0 && p->times[i - 1] == at)
		return false;
	p->times = xgrow(p->times, &p->time_cap, p->time_count + 1, sizeof(core_time));
	memmove(p->times + i + 1, p->times + i, (p->time_count - i) * sizeof(core_time));
	p->times[i] = at;
	p->time_count++;
	return true;
}

void plan_note_time(struct cluster *c, core_time at)
{
	struct plan *p = &c->plan;
	if (!p->times_known || !is_known(c, at))
		return;
	put_time(p, at);
	if (at == p->soon)
		p->soon = 0; /* something else ends then, too */
}

static void gather_time(struct cluster *c, core_time at)
{
	struct plan *p = &c->plan;
	if (!is_known(c, at))
		return; /* nobody knows */
	p->times = xgrow(p->times, &p->time_cap, p->time_count + 1, sizeof(core_time));
	p->times[p->time_count++] = at;
}

static void gather_times(struct cluster *c)
{
	struct plan *p = &c->plan;
	size_t n = 0;
	p->time_count = p->stale = 0;
	p->soon = 0;
	for (size_t i = 0; i < c->node_count; i++)
		list_each (it, &c->nodes[i]->shares)
			gather_time(c, job_expected_end(c, list_entry(it, struct share, on_node)->job));
	for (size_t i = 0; i < p->n; i++)
		gather_time(c, p->v[i]->end);
	sort_stable(p->times, p->time_count, sizeof(core_time), by_time, NULL);
	for (size_t i = 0; i < p->time_count; i++)
		if (n == 0 || p->times[n - 1] != p->times[i])
			p->times[n++] = p->times[i];
	p->time_count = n;
	p->times_known = true;
}

/* What is over by its limit, or ending, is expected to end with each second. */
static void put_soon(struct cluster *c)
{
	struct plan *p = &c->plan;
	const core_time soon = plan_soon(c);
	if (p->soon == soon)
		return;
	if (p->soon) {
		const size_t i = plan_time_after(p, p->soon);
		memmove(p->times + i - 1, p->times + i, (p->time_count - i) * sizeof(core_time));
		p->time_count--;
	}
	p->soon = put_time(p, soon) ? soon : 0;
}

/* ---- rooms ---- */

static bool room_before(const struct plan_room *a, const struct plan_room *b)
{
	return a->from != b->from ? a->from < b->from : a->node < b->node;
}

static int by_room(const void *pa, const void *pb, void *ctx)
{
	const struct plan_room *a = pa, *b = pb;
	(void)ctx;
	return room_before(a, b) ? -1 : room_before(b, a);
}

static core_time free_from(const struct cluster *c, const struct node *node)
{
	core_time from = node->cores_free > 0 ? 0 : CORE_INFINITE64;
	list_each (it, &node->shares) {
		const core_time end = job_expected_end(c, list_entry(it, struct share, on_node)->job);
		from = end < from ? end : from;
	}
	return from;
}

static void gather_rooms(struct cluster *c)
{
	struct plan *p = &c->plan;
	p->room_count = p->moved_count = 0;
	p->rooms = xgrow(p->rooms, &p->room_cap, c->node_count + 1, sizeof(*p->rooms));
	for (size_t i = 0; i < c->node_count; i++) {
		struct node *node = c->nodes[i];
		node->room_moved = false;
		node->free_from = free_from(c, node);
		p->rooms[p->room_count++] = (struct plan_room){node->free_from, (uint32_t)i};
	}
	sort_stable(p->rooms, p->room_count, sizeof(*p->rooms), by_room, NULL);
}

/* How many come before that one. */
static size_t place_of(const struct plan *p, const struct plan_room *room)
{
	size_t low = 0, high = p->room_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (room_before(&p->rooms[middle], room))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void move_room(struct cluster *c, struct node *node)
{
	struct plan *p = &c->plan;
	const struct plan_room was = {node->free_from, node->index}, is = {free_from(c, node), node->index};
	size_t from = place_of(p, &was), to = place_of(p, &is);
	node->room_moved = false;
	node->free_from = is.from;
	if (to > from) {
		to--;
		memmove(p->rooms + from, p->rooms + from + 1, (to - from) * sizeof(*p->rooms));
	} else {
		memmove(p->rooms + to + 1, p->rooms + to, (from - to) * sizeof(*p->rooms));
	}
	p->rooms[to] = is;
}

void plan_room_moved(struct cluster *c, struct node *node)
{
	struct plan *p = &c->plan;
	p->stale++;
	if (node->room_moved || !p->times_known)
		return;
	if (p->moved_count >= MOVED_MAX) {
		p->times_known = false;
		return;
	}
	node->room_moved = true;
	p->moved = xgrow(p->moved, &p->moved_cap, p->moved_count + 1, sizeof(*p->moved));
	p->moved[p->moved_count++] = node->index;
}

void plan_end_moved(struct cluster *c, const struct job *job)
{
	for (uint32_t i = 0; job->shares && i < job->state.nodes.n; i++)
		if (job->shares[i].node)
			plan_room_moved(c, job->shares[i].node);
	plan_note_time(c, job_expected_end(c, job));
	c->plan.again = true;
}

void plan_know_times(struct cluster *c)
{
	struct plan *p = &c->plan;
	if (!p->times_known || p->stale > p->time_count + STALE_MAX) {
		gather_times(c);
		gather_rooms(c);
	}
	for (size_t i = 0; i < p->moved_count; i++)
		move_room(c, c->nodes[p->moved[i]]);
	p->moved_count = 0;
	put_soon(c);
}
