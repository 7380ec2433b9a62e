/* Steps: placed inside jobs on free cores, or waiting in their job's queue, in order, until there is room. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"

#include <string.h>

/* ---- memory ---- */

struct step *step_new(struct cluster *c, struct job *job, uint32_t step_id)
{
	struct step *step = xcalloc(1, sizeof(*step));
	step->job = job;
	schema_init(schema_of_step_record(), &step->record);
	step->record.serial = job->serial;
	step->record.step_id = step_id;
	step->record.attempt = job->state.attempt;
	step->record.launch = c->meta.next_launch++;
	list_init(&step->in_job);
	list_init(&step->in_step_queue);
	map_put(&c->steps_by_launch, step->record.launch, step);
	return step;
}

static void request_free(struct step_request *r)
{
	if (!r)
		return;
	free((char *)(uintptr_t)r->name);
	free((char *)(uintptr_t)r->node_list);
	free((char *)(uintptr_t)r->exclude);
	free((char *)(uintptr_t)r->srun_host);
	free(r);
}

static struct step_request *request_copy(const struct step_request *from)
{
	struct step_request *r = xmalloc(sizeof(*r));
	*r = *from;
	r->name = xstrdup(from->name);
	r->node_list = xstrdup(from->node_list);
	r->exclude = xstrdup(from->exclude);
	r->srun_host = xstrdup(from->srun_host);
	return r;
}

void step_free(struct cluster *c, struct step *step)
{
	list_remove(&step->in_job);
	list_remove(&step->in_step_queue);
	map_del(&c->steps_by_launch, step->record.launch);
	request_free(step->request);
	schema_free(schema_of_step_record(), &step->record);
	free(step);
}

struct step *step_by_id(const struct job *job, uint32_t step_id)
{
	list_each (it, &job->steps) {
		struct step *step = list_entry(it, struct step, in_job);
		if (step->record.step_id == step_id)
			return step;
	}
	return NULL;
}

struct step *step_by_launch(const struct cluster *c, uint64_t launch)
{
	return map_get(&c->steps_by_launch, launch);
}

struct step_node *step_share_on(struct step *step, const char *node)
{
	for (uint32_t i = 0; i < step->record.nodes.n; i++)
		if (strcmp(step->record.nodes.v[i].node, node) == 0)
			return &step->record.nodes.v[i];
	return NULL;
}

bool step_is_running(const struct step *step)
{
	return step->record.state == JOB_RUNNING;
}

/* ---- the batch step ---- */

void step_start_batch(struct cluster *c, struct job *job)
{
	struct step *old = step_by_id(job, CORE_STEP_BATCH);
	if (old)
		step_free(c, old); /* of an earlier attempt: its record is replaced */
	struct step *step = step_new(c, job, CORE_STEP_BATCH);
	struct step_record *r = &step->record;
	r->state = JOB_RUNNING;
	r->name = xstrdup("batch");
	r->start_time = c->now;
	r->nodes.v = xcalloc(1, sizeof(*r->nodes.v));
	r->nodes.n = 1;
	schema_init(schema_of_step_node(), &r->nodes.v[0]);
	r->nodes.v[0].node = xstrdup(job->state.batch_host);
	r->nodes.v[0].tasks.v = xcalloc(1, sizeof(uint32_t));
	r->nodes.v[0].tasks.n = 1;
	list_append(&job->steps, &step->in_job);
	job->state.batch_launch = r->launch;
	emit_meta(c);
	emit_step(c, step);
}

/* ---- placement ---- */

struct place {
	struct node_alloc *share;
	struct node *node;
	uint32_t cap; /* tasks that fit now */
	uint32_t tasks;
};

struct placement {
	const struct step_request *r;
	struct job *job;
	struct place *v;
	size_t n;
	uint32_t nodes_min, nodes_max, tasks, cpus_per_task;
};

/* Is the core held by a running step of the job that doesn't share? */
static bool core_is_used(const struct job *job, const char *node, uint32_t core)
{
	list_each (it, &job->steps) {
		struct step *step = list_entry(it, struct step, in_job);
		struct step_node *sn;
		if (!step_is_running(step) || step->record.overlap || !(sn = step_share_on(step, node)) ||
		    sn->phase == STEP_ENDED)
			continue;
		for (uint32_t i = 0; i < sn->cores.n; i++)
			if (sn->cores.v[i] == core)
				return true;
	}
	return false;
}

static uint32_t free_cores(const struct placement *p, const struct place *place, bool ignore_use)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < place->share->cores.n; i++)
		n += ignore_use || p->r->overlap ||
		     !core_is_used(p->job, place->share->node, place->share->cores.v[i]);
	return n;
}

static uint32_t capacity(const struct placement *p, const struct place *place, bool ignore_use)
{
	uint32_t cores = free_cores(p, place, ignore_use);
	/* A step that isn't --exact has all of the job's CPUs of its nodes. */
	if (!p->r->exact && !p->r->overlap && cores < place->share->cores.n)
		return 0;
	if (cores == 0)
		return 0;
	uint32_t cap = p->r->overcommit ? p->tasks : cores * place->node->cpus_per_core / p->cpus_per_task;
	if (p->r->tasks_per_node && cap > p->r->tasks_per_node)
		cap = p->r->tasks_per_node;
	return cap;
}

static int gather(struct placement *p, struct err *err)
{
	struct hostlist *only = p->r->node_list ? hostlist_parse(p->r->node_list, err) : NULL;
	struct hostlist *without = p->r->exclude ? hostlist_parse(p->r->exclude, err) : NULL;
	int rc = (p->r->node_list && !only) || (p->r->exclude && !without) ? -1 : 0;
	p->v = xcalloc((size_t)p->job->state.nodes.n + 1, sizeof(*p->v));
	for (uint32_t i = 0; rc == 0 && i < p->job->state.nodes.n; i++) {
		struct node_alloc *share = &p->job->state.nodes.v[i];
		if (p->r->relative != CORE_NO_VAL && i < p->r->relative)
			continue;
		if ((only && !hostlist_contains(only, share->node)) ||
		    (without && hostlist_contains(without, share->node)))
			continue;
		p->v[p->n++].share = share;
	}
	if (rc == 0 && only && p->n < hostlist_count(only))
		rc = err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s is not in this job's allocation",
		             p->r->node_list);
	hostlist_free(only);
	hostlist_free(without);
	return rc;
}

static void defaults(struct placement *p)
{
	const struct step_request *r = p->r;
	uint32_t job_nodes = (uint32_t)p->n;
	p->cpus_per_task = r->cpus_per_task ? r->cpus_per_task : 1;
	p->nodes_min = r->nodes_min ? r->nodes_min : 1;
	p->nodes_max = r->nodes_max ? r->nodes_max : job_nodes;
	p->tasks = r->tasks;
	if (p->tasks == 0)
		p->tasks = r->nodes_min ? r->nodes_min : job_nodes;
	if (p->nodes_min == 1 && !r->nodes_min) {
		/* No -N: as many of the job's nodes as there are tasks for. */
		p->nodes_min = p->tasks < job_nodes ? p->tasks : job_nodes;
		if (r->tasks_set && p->tasks < job_nodes)
			p->nodes_min = 1;
	}
	if (p->nodes_max < p->nodes_min)
		p->nodes_max = p->nodes_min;
}

/* The first places with room, as many as are wanted; true when they are enough. */
static bool fits(struct placement *p, bool ignore_use)
{
	uint64_t room = 0;
	uint32_t nodes = 0;
	for (size_t i = 0; i < p->n; i++)
		p->v[i].tasks = 0;
	for (size_t i = 0; i < p->n && nodes < p->nodes_max; i++) {
		p->v[i].cap = capacity(p, &p->v[i], ignore_use);
		if (p->v[i].cap == 0)
			continue;
		p->v[i].tasks = 1;
		room += p->v[i].cap;
		nodes++;
		if (nodes >= p->nodes_min && room >= p->tasks)
			break;
	}
	return nodes >= p->nodes_min && room >= p->tasks;
}

/* Numbers of tasks for each chosen place: one each, then in blocks or round in turn. */
static void spread(struct placement *p)
{
	uint32_t left = p->tasks;
	bool cyclic = p->r->dist == DIST_CYCLIC;
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].tasks && left)
			left--;
		else
			p->v[i].tasks = 0;
	}
	while (left > 0) {
		uint32_t before = left;
		for (size_t i = 0; i < p->n && left > 0; i++) {
			struct place *place = &p->v[i];
			uint32_t more = place->tasks ? place->cap - place->tasks : 0;
			more = cyclic && more > 1 ? 1 : more;
			more = more < left ? more : left;
			place->tasks += more;
			left -= more;
		}
		if (left == before)
			break;
	}
}

static void fill_cores(const struct placement *p, const struct place *place, struct step_node *sn)
{
	uint32_t per = place->node->cpus_per_core ? place->node->cpus_per_core : 1;
	uint32_t want = (place->tasks * p->cpus_per_task + per - 1) / per;
	if (!p->r->exact && !p->r->overlap)
		want = place->share->cores.n;
	sn->cores.v = xcalloc((size_t)place->share->cores.n + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < place->share->cores.n && sn->cores.n < want; i++)
		if (p->r->overlap || !core_is_used(p->job, place->share->node, place->share->cores.v[i]))
			sn->cores.v[sn->cores.n++] = place->share->cores.v[i];
}

/* Global task numbers: consecutive on a node (block), or dealt out in turn (cyclic). */
static void number_tasks(const struct placement *p, struct step_record *r)
{
	bool cyclic = p->r->dist == DIST_CYCLIC;
	uint32_t next = 0;
	if (!cyclic) {
		for (uint32_t n = 0; n < r->nodes.n; n++)
			for (uint32_t t = 0; t < r->nodes.v[n].tasks.n; t++)
				r->nodes.v[n].tasks.v[t] = next++;
		return;
	}
	for (uint32_t round = 0; next < p->tasks; round++)
		for (uint32_t n = 0; n < r->nodes.n; n++)
			if (round < r->nodes.v[n].tasks.n)
				r->nodes.v[n].tasks.v[round] = next++;
}

static void fill_record(struct cluster *c, const struct placement *p, struct step *step)
{
	struct step_record *r = &step->record;
	r->state = JOB_RUNNING;
	r->start_time = c->now;
	r->tasks = p->tasks;
	r->cpus_per_task = p->cpus_per_task;
	r->overlap = p->r->overlap;
	r->time_limit_min = p->r->time_limit_min;
	r->srun_pid = p->r->srun_pid;
	r->nodes.v = xcalloc(p->n, sizeof(*r->nodes.v));
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].tasks == 0)
			continue;
		struct step_node *sn = &r->nodes.v[r->nodes.n++];
		schema_init(schema_of_step_node(), sn);
		sn->node = xstrdup(p->v[i].share->node);
		sn->mem = p->r->mem_per_node != CORE_NO_VAL64 ? p->r->mem_per_node : p->v[i].share->mem;
		sn->tasks.v = xcalloc(p->v[i].tasks, sizeof(uint32_t));
		sn->tasks.n = p->v[i].tasks;
		fill_cores(p, &p->v[i], sn);
	}
	number_tasks(p, r);
	/* As srun(1) has it: one task a node is dealt out, more are put in blocks. */
	r->dist = p->r->dist != CORE_NO_VAL ? p->r->dist : p->tasks <= r->nodes.n ? DIST_CYCLIC : DIST_BLOCK;
}

/* 1: placed, 0: no room now, -1: never. */
static int place_step(struct cluster *c, struct step *step, struct err *err)
{
	struct placement p = {.r = step->request, .job = step->job};
	int rc = gather(&p, err);
	for (size_t i = 0; i < p.n; i++) {
		p.v[i].node = node_by_name(c, p.v[i].share->node);
		if (!p.v[i].node)
			rc = err_set(err, ERR_NODE_DOWN, "node %s is not in the configuration any more",
			             p.v[i].share->node);
	}
	if (rc == 0) {
		defaults(&p);
		if (fits(&p, false)) {
			spread(&p);
			fill_record(c, &p, step);
			rc = 1;
		} else if (!fits(&p, true)) {
			rc = err_set(err,
			             p.nodes_min > p.n ? ERR_NODE_CONFIG_UNAVAILABLE : ERR_TOO_MANY_STEP_CPUS,
			             "%s", "");
		}
	}
	free(p.v);
	return rc;
}

static void step_started(struct cluster *c, struct step *step)
{
	step->queued = false;
	list_append(&step->job->steps, &step->in_job);
	if (step->record.time_limit_min != CORE_NO_VAL && step->record.time_limit_min != CORE_INFINITE) {
		step->limit_at = c->now + (core_time)step->record.time_limit_min * 60 * CORE_SECOND;
		due_add(&c->due, (struct due){.at = step->limit_at,
		                              .kind = DUE_STEP_LIMIT,
		                              .key = step->job->serial,
		                              .attempt = step->record.launch});
	}
	emit_meta(c);
	emit_job_state(c, step->job);
	emit_step(c, step);
	emit_action(c, &(struct action){.kind = ACTION_GRANT_STEP, .job = step->job, .step = step});
}

int step_create(struct cluster *c, struct job *job, const struct step_request *request, core_time now,
                struct step **out, struct err *err)
{
	c->now = now;
	if (job->state.state == JOB_PENDING)
		return err_set(err, ERR_JOB_PENDING, "%s", "");
	if (!job_is_active(job))
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	if (c->conf->max_step_count && job->state.next_step_id >= c->conf->max_step_count)
		return err_set(err, ERR_LIMIT, "the job has had MaxStepCount=%u steps",
		               c->conf->max_step_count);
	struct step *step =
	        step_new(c, job, request->interactive ? CORE_STEP_INTERACTIVE : job->state.next_step_id);
	step->request = request_copy(request);
	step->record.name = xstrdup(request->name);
	step->record.srun_host = xstrdup(request->srun_host);
	/* Those that came first go first. */
	int rc = list_empty(&job->step_queue) || request->overlap ? place_step(c, step, err) : 0;
	if (rc == 0 && request->immediate)
		rc = err_set(err, ERR_NODES_BUSY, "%s", "");
	if (rc < 0) {
		step_free(c, step);
		return -1;
	}
	if (!request->interactive)
		job->state.next_step_id++;
	*out = step;
	if (rc == 0) {
		step->queued = true;
		list_append(&job->step_queue, &step->in_step_queue);
		emit_meta(c);
		emit_job_state(c, job);
	} else {
		step_started(c, step);
	}
	return 0;
}

void step_queue_run(struct cluster *c, struct job *job)
{
	while (job_is_active(job) && !list_empty(&job->step_queue)) {
		struct step *step = list_entry(job->step_queue.next, struct step, in_step_queue);
		struct err err = {0};
		int rc = place_step(c, step, &err);
		if (rc == 0)
			return;
		list_remove(&step->in_step_queue);
		if (rc > 0) {
			step_started(c, step);
			continue;
		}
		emit_action(c, &(struct action){.kind = ACTION_REFUSE_STEP,
		                                .job = job,
		                                .step = step,
		                                .text = err_text(&err)});
		step_free(c, step);
	}
}

void step_forget(struct cluster *c, struct step *step, core_time now)
{
	struct job *job = step->job;
	c->now = now;
	if (!step->queued)
		return;
	step_free(c, step);
	step_queue_run(c, job);
}

/* ---- end ---- */

void step_end(struct cluster *c, struct step *step, enum job_base_state state, uint32_t status)
{
	struct step_record *r = &step->record;
	if (r->state != JOB_RUNNING)
		return;
	r->state = state;
	r->exit_status = status;
	r->end_time = c->now;
	step->limit_at = 0;
	for (uint32_t i = 0; i < r->nodes.n; i++)
		r->nodes.v[i].phase = STEP_ENDED;
	emit_step(c, step);
	emit_action(c, &(struct action){.kind = ACTION_STEP_ENDED, .job = step->job, .step = step});
	step_queue_run(c, step->job);
}

int step_cancel(struct cluster *c, struct step *step, int signal, uint32_t by_uid, core_time now,
                struct err *err)
{
	c->now = now;
	if (step->queued) {
		emit_action(c, &(struct action){.kind = ACTION_REFUSE_STEP,
		                                .job = step->job,
		                                .step = step,
		                                .text = "cancelled"});
		step_forget(c, step, now);
		return 0;
	}
	if (!step_is_running(step))
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	if (signal == 0 || signal == CORE_SIGKILL) {
		step->record.ended_by_uid = by_uid;
		emit_step(c, step);
		emit_action(c,
		            &(struct action){.kind = ACTION_END_STEP,
		                             .job = step->job,
		                             .step = step,
		                             .attempt = step->record.attempt,
		                             .kill_wait_s = signal == CORE_SIGKILL ? 0 : c->conf->kill_wait_s,
		                             .text = ""});
	} else {
		emit_action(c, &(struct action){.kind = ACTION_SIGNAL,
		                                .job = step->job,
		                                .step = step,
		                                .attempt = step->record.attempt,
		                                .signal = signal});
	}
	return 0;
}
