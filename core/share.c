/* What a job holds on a node: its cores and memory there, and what of them its steps have for themselves. */
#include "core/cluster_priv.h"

#include <assert.h>
#include <string.h>

struct node_alloc *share_record(const struct share *share)
{
	return &share->job->state.nodes.v[share->index];
}

/* Has somebody a core of it beside whom it would not be given now? */
static bool is_given_away(const struct cluster *c, const struct share *share)
{
	const struct node_alloc *record = share_record(share);
	const struct node *node = share->node;
	const struct job *job = share->job;
	/* What it started with counts, whatever its partition allows by now. */
	const uint32_t limit = job->state.shares ? share_limit(job->part, &job->spec) : 0;
	uint32_t *loads = NULL;
	bool is = false;
	for (uint32_t i = 0; !is && i < record->cores.n; i++) {
		const uint32_t core = record->cores.v[i];
		if (!bits_has(node->cores_busy, core))
			continue;
		if (!loads) {
			loads = xcalloc(node->cores_total, sizeof(*loads));
			node_loads(c, node, share->job->part, loads);
		}
		is = loads[core] > limit;
	}
	free(loads);
	return is;
}

static void count_free(const struct cluster *c, struct node *node)
{
	node->cores_free = node->cores_total - node->cores_busy->set;
	if (node->cores_free > 0)
		bits_add(c->nodes_open, node->index);
	else
		bits_del(c->nodes_open, node->index);
}

/* `late`: they were given in another time, and others may have them by now. */
static void take_cores(const struct cluster *c, struct share *share, bool late)
{
	const struct node_alloc *record = share_record(share);
	struct node *node = share->node;
	if (late && is_given_away(c, share))
		node->overdrawn = true;
	for (uint32_t i = 0; i < record->cores.n; i++) {
		const uint32_t core = record->cores.v[i];
		if (core >= node->cores_total) /* of another configuration */
			continue;
		bits_add(node->cores_busy, core);
		node->core_jobs[core]++;
	}
	count_free(c, node);
	node->cpus_alloc += record->cpus;
}

static void give_back_cores(const struct cluster *c, struct share *share)
{
	const struct node_alloc *record = share_record(share);
	struct node *node = share->node;
	for (uint32_t i = 0; i < record->cores.n; i++) {
		const uint32_t core = record->cores.v[i];
		if (core < node->cores_total && --node->core_jobs[core] == 0)
			bits_del(node->cores_busy, core);
	}
	count_free(c, node);
	assert(node->cpus_alloc >= record->cpus);
	node->cpus_alloc -= record->cpus;
}

static void take(struct cluster *c, struct share *share, bool late)
{
	const struct node_alloc *record = share_record(share);
	struct node *node = share->node;
	share->idle = share->job->state.state == JOB_SUSPENDED;
	if (late && node_is_for_others(node, share->job->spec.who->uid, share->job->state.for_user))
		node->overdrawn = true;
	if (!share->idle)
		take_cores(c, share, late);
	node->mem_alloc += record->mem;
	node->jobs++;
	node->user_jobs += share->job->state.for_user;
	node->completing += record->phase >= ALLOC_ENDING;
	list_append(&node->shares, &share->on_node);
	plan_room_moved(c, node);
	plan_note_time(c, job_expected_end(c, share->job));
}

static void take_steps(struct cluster *c, struct job *job)
{
	list_each (it, &job->steps) {
		const struct step *step = list_entry(it, struct step, in_job);
		for (uint32_t i = 0; step_is_running(step) && i < step->record.nodes.n; i++) {
			const struct step_node *sn = &step->record.nodes.v[i];
			struct share *share = sn->phase == STEP_ENDED ? NULL : share_on(c, job, sn->node);
			if (share)
				share_step_take(share, &step->record, sn);
		}
	}
}

void shares_take(struct cluster *c, struct job *job, bool late)
{
	shares_free(job);
	job->back_before = 0;
	job->shares = xcalloc((size_t)job->state.nodes.n + 1, sizeof(*job->shares));
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		struct share *share = &job->shares[i];
		*share = (struct share){
		        .job = job, .index = i, .node = node_by_name(c, job->state.nodes.v[i].node)};
		list_init(&share->on_node);
		if (share->node && share_record(share)->phase != ALLOC_RELEASED)
			take(c, share, late);
	}
	take_steps(c, job);
}

void shares_free(struct job *job)
{
	for (uint32_t i = 0; job->shares && i < job->state.nodes.n; i++) {
		list_remove(&job->shares[i].on_node);
		free(job->shares[i].stepped);
	}
	free(job->shares);
	job->shares = NULL;
}

void share_give_back(struct cluster *c, struct share *share)
{
	const struct node_alloc *record = share_record(share);
	struct node *node = share->node;
	if (!node)
		return;
	assert(node->mem_alloc >= record->mem && node->jobs > 0);
	if (!share->idle)
		give_back_cores(c, share);
	node->mem_alloc -= record->mem;
	node->jobs--;
	node->user_jobs -= share->job->state.for_user;
	node->overdrawn = node->overdrawn && node->jobs > 0;
	node->completing -= record->phase >= ALLOC_ENDING;
	node->state.last_busy = c->now;
	list_remove(&share->on_node);
	plan_room_moved(c, node);
	cluster_has_room(c);
}

void shares_set_idle(struct cluster *c, struct job *job, bool idle)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		struct share *share = &job->shares[i];
		if (!share->node || share_record(share)->phase == ALLOC_RELEASED || share->idle == idle)
			continue;
		share->idle = idle;
		if (idle)
			give_back_cores(c, share);
		else
			take_cores(c, share, true);
	}
	cluster_has_room(c);
	plan_end_moved(c, job);
	plan_doubt(c);
}

struct share *share_on(const struct cluster *c, const struct job *job, const char *name)
{
	const struct node *node = node_by_name(c, name);
	if (!job->shares)
		return NULL;
	/* A node has fewer jobs than a job may have nodes. */
	if (node) {
		list_each (it, &node->shares) {
			struct share *share = list_entry(it, struct share, on_node);
			if (share->job == job)
				return share;
		}
	}
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		if (strcmp(job->state.nodes.v[i].node, name) == 0)
			return &job->shares[i];
	return NULL;
}

void shares_leave(struct node *node)
{
	list_each_safe (it, tmp, &node->shares) {
		struct share *share = list_entry(it, struct share, on_node);
		list_remove(it);
		share->node = NULL;
	}
}

/* ---- steps ---- */

bool share_core_is_stepped(const struct share *share, uint32_t at)
{
	return share->stepped && bits_has(share->stepped, at);
}

/* The place of a core in the record; both lists ascend, so the search goes on where the last one ended. */
static uint32_t place_of(const struct node_alloc *record, uint32_t core, uint32_t from)
{
	for (uint32_t i = 0; i < record->cores.n; i++) {
		uint32_t at = (from + i) % record->cores.n;
		if (record->cores.v[at] == core)
			return at;
	}
	return record->cores.n;
}

static void mark_cores(struct share *share, const struct step_node *sn,
                       bool (*mark)(struct core_bits *, uint32_t))
{
	const struct node_alloc *record = share_record(share);
	uint32_t at = 0;
	if (!share->stepped)
		share->stepped = bits_new(record->cores.n);
	for (uint32_t i = 0; i < sn->cores.n; i++) {
		at = place_of(record, sn->cores.v[i], at);
		mark(share->stepped, at);
	}
}

void share_step_take(struct share *share, const struct step_record *step, const struct step_node *sn)
{
	if (step->overlap)
		return;
	mark_cores(share, sn, bits_add);
	if (!step->mem_shared)
		share->step_mem += sn->mem;
}

void share_step_give_back(struct share *share, const struct step_record *step, const struct step_node *sn)
{
	if (step->overlap)
		return;
	mark_cores(share, sn, bits_del);
	if (!step->mem_shared)
		share->step_mem -= sn->mem <= share->step_mem ? sn->mem : share->step_mem;
}
