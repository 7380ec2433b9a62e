/* Steps: made, queued inside their job, started, ended. */
#include "core/cluster_priv.h"

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

uint64_t cluster_take_launch(struct cluster *c)
{
	uint64_t launch = c->meta.next_launch++;
	emit_meta(c);
	return launch;
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
	/* salloc(1): the interactive step doesn't keep resources from others. */
	r->overlap = from->overlap || from->interactive;
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

void steps_drop(struct cluster *c, struct job *job)
{
	list_each_safe (it, tmp, &job->steps) {
		struct step *step = list_entry(it, struct step, in_job);
		emit_step_gone(c, step);
		step_free(c, step);
	}
}

struct step *step_by_id(const struct job *job, uint32_t step_id)
{
	/* The one that is meant is mostly a late one. */
	for (struct list *it = job->steps.prev; it != &job->steps; it = it->prev) {
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

struct step_node *step_share_on(const struct step *step, const char *node)
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

/* ---- start ---- */

void step_start_batch(struct cluster *c, struct job *job)
{
	struct step *step = step_new(c, job, CORE_STEP_BATCH);
	struct step_record *r = &step->record;
	step_move(step, JOB_RUNNING);
	r->name = xstrdup("batch");
	r->start_time = c->now;
	r->overlap = true; /* it holds no cores */
	r->mem_shared = true;
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

void step_set_limit(struct cluster *c, struct step *step)
{
	uint32_t minutes = step->record.time_limit_min;
	step->limit_at = 0;
	if (!step_is_running(step) || minutes == CORE_NO_VAL || minutes == CORE_INFINITE || minutes == 0)
		return;
	step->limit_at =
	        step->record.start_time + ((core_time)minutes * 60 + step->record.suspended_s) * CORE_SECOND;
	due_at(c, step->limit_at, DUE_STEP_LIMIT, step->job->serial, step->record.launch);
}

void step_update(struct cluster *c, struct step *step, uint32_t limit_min, core_time now)
{
	c->now = now;
	step->record.time_limit_min = limit_min ? limit_min : CORE_INFINITE;
	step_set_limit(c, step);
	emit_step(c, step);
}

void steps_count_suspended(struct cluster *c, struct job *job)
{
	if (job->state.state != JOB_SUSPENDED)
		return;
	list_each (it, &job->steps) {
		struct step *step = list_entry(it, struct step, in_job);
		core_time stood = c->now - job->state.suspend_time;
		if (!step_is_running(step) || stood <= 0)
			continue;
		step->record.suspended_s += stood / CORE_SECOND;
		emit_step(c, step);
	}
}

static void started(struct cluster *c, struct step *step)
{
	struct step_record *r = &step->record;
	step->queued = false;
	step_move(step, JOB_RUNNING);
	r->start_time = c->now;
	list_append(&step->job->steps, &step->in_job);
	for (uint32_t i = 0; i < r->nodes.n; i++)
		share_step_take(share_on(c, step->job, r->nodes.v[i].node), r, &r->nodes.v[i]);
	step_set_limit(c, step);
	emit_meta(c);
	emit_job_state(c, step->job);
	emit_step(c, step);
	emit_action(c, &(struct action){.kind = ACTION_GRANT_STEP, .job = step->job, .step = step});
}

/* ---- the queue of a job ---- */

static void refuse(struct cluster *c, struct step *step, const char *text)
{
	emit_action(c, &(struct action){
	                       .kind = ACTION_REFUSE_STEP, .job = step->job, .step = step, .text = text});
	step_free(c, step);
}

/* Which of the job's shares, by index, steps that wait could use: who comes later leaves these alone. NULL:
 * nobody waits. */
static bool *held_by_queue(struct cluster *c, struct job *job)
{
	uint32_t left = job->state.nodes.n;
	bool *held = list_empty(&job->step_queue) ? NULL : xcalloc((size_t)left + 1, sizeof(*held));
	for (struct list *it = job->step_queue.next; it != &job->step_queue && left > 0; it = it->next)
		left -= step_could_use(c, list_entry(it, struct step, in_step_queue), held);
	return held;
}

/* One in all the job's life, that which still waits included: it has one number for all of them. */
static bool has_interactive(const struct job *job)
{
	list_each (it, &job->step_queue)
		if (list_entry(it, struct step, in_step_queue)->record.step_id == CORE_STEP_INTERACTIVE)
			return true;
	return step_by_id(job, CORE_STEP_INTERACTIVE) != NULL;
}

static int check_request(const struct cluster *c, const struct job *job, const struct step_request *r,
                         struct err *err)
{
	const uint32_t max = 1u << 24;
	if (job->state.state == JOB_PENDING)
		return err_set(err, ERR_JOB_PENDING, "%s", "");
	if (!job_is_active(job))
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	if (c->conf->max_step_count && job->state.next_step_id >= c->conf->max_step_count)
		return err_set(err, ERR_STEP_LIMIT, "%s", "");
	if (r->interactive && has_interactive(job))
		return err_set(err, ERR_EXISTS, "the job has had its interactive step");
	if (r->tasks > max || r->cpus_per_task > max || r->nodes_min > max ||
	    (r->nodes_max && r->nodes_max < r->nodes_min))
		return err_set(err, ERR_INVALID_TASK_COUNT, "%s", "");
	if (r->dist == DIST_ARBITRARY && !r->node_list)
		return err_set(err, ERR_INVALID, "an arbitrary distribution needs a list of nodes");
	return 0;
}

static bool steps_must_wait(const struct job *job)
{
	return job->state.state == JOB_SUSPENDED || job_is_configuring(job);
}

int step_create(struct cluster *c, struct job *job, const struct step_request *request, core_time now,
                struct step **out, struct err *err)
{
	c->now = now;
	if (check_request(c, job, request, err) != 0)
		return -1;
	struct step *step =
	        step_new(c, job, request->interactive ? CORE_STEP_INTERACTIVE : job->state.next_step_id);
	step->request = request_copy(request);
	step->record.name = xstrdup(request->name);
	step->record.srun_host = xstrdup(request->srun_host);
	bool *held = step->request->overlap ? NULL : held_by_queue(c, job);
	enum place_answer answer = steps_must_wait(job) ? PLACE_WAIT : step_place(c, step, held, err);
	free(held);
	if (answer == PLACE_WAIT && request->immediate) {
		err_set(err, ERR_NODES_BUSY, "%s", "");
		answer = PLACE_NEVER;
	}
	if (answer == PLACE_NEVER) {
		step_free(c, step);
		c->meta.next_launch--; /* nobody was told of it */
		return -1;
	}
	if (!request->interactive)
		job->state.next_step_id++;
	*out = step;
	if (answer == PLACE_OK) {
		started(c, step);
		return 0;
	}
	step->queued = true;
	list_append(&job->step_queue, &step->in_step_queue);
	emit_meta(c);
	emit_job_state(c, job);
	return 0;
}

/* In order; who has to wait keeps those behind it from what it could use, and only from that. */
void step_queue_run(struct cluster *c, struct job *job)
{
	uint32_t left = job->state.nodes.n;
	if (!job_is_active(job) || steps_must_wait(job) || list_empty(&job->step_queue))
		return;
	bool *held = xcalloc((size_t)left + 1, sizeof(*held));
	for (struct list *it = job->step_queue.next, *next; it != &job->step_queue && left > 0; it = next) {
		struct step *step = list_entry(it, struct step, in_step_queue);
		struct err err = {0};
		next = it->next;
		switch (step_place(c, step, held, &err)) {
		case PLACE_OK:
			list_remove(&step->in_step_queue);
			started(c, step);
			break;
		case PLACE_NEVER:
			refuse(c, step, err_text(&err));
			break;
		case PLACE_WAIT:
			left -= step_could_use(c, step, held);
			break;
		}
	}
	free(held);
}

void step_queue_refuse(struct cluster *c, struct job *job, const char *text)
{
	list_each_safe (it, tmp, &job->step_queue)
		refuse(c, list_entry(it, struct step, in_step_queue), text);
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

/* The worse of two statuses: a signal beats an exit code, then the greater number. */
static uint32_t worse(uint32_t a, uint32_t b)
{
	bool a_is_signal = core_status_signal(a) != 0, b_is_signal = core_status_signal(b) != 0;
	if (a_is_signal != b_is_signal)
		return a_is_signal ? a : b;
	return a > b ? a : b;
}

static bool all_ended(const struct step *step, uint32_t *status)
{
	*status = 0;
	for (uint32_t i = 0; i < step->record.nodes.n; i++) {
		if (step->record.nodes.v[i].phase != STEP_ENDED)
			return false;
		*status = worse(*status, step->record.nodes.v[i].status);
	}
	return true;
}

/* A step that fails because somebody ended it, or its job, was cancelled. */
static enum job_base_state outcome(const struct step *step, uint32_t status)
{
	if (status == 0)
		return JOB_COMPLETED;
	if (core_status_signal(status) == CORE_SIGNAL_OOM)
		return JOB_OUT_OF_MEMORY;
	return step->record.ended_by_uid != CORE_NO_VAL || !job_is_active(step->job) ? JOB_CANCELLED
	                                                                             : JOB_FAILED;
}

static void part_over(struct cluster *c, struct step *step, struct step_node *sn, uint32_t status)
{
	struct share *share = share_on(c, step->job, sn->node);
	step_node_move(sn, STEP_ENDED);
	sn->status = status;
	if (share)
		share_step_give_back(share, &step->record, sn);
}

static void ended(struct cluster *c, struct step *step, enum job_base_state state, uint32_t status)
{
	struct job *job = step->job;
	step_move(step, state);
	step->record.exit_status = status;
	step->record.end_time = c->now;
	step->limit_at = 0;
	if (step->record.step_id != CORE_STEP_BATCH &&
	    worse(job->state.derived_status, status) != job->state.derived_status) {
		job->state.derived_status = status;
		emit_job_state(c, job);
	}
	emit_step(c, step);
	emit_action(c, &(struct action){.kind = ACTION_STEP_ENDED, .job = job, .step = step});
}

void step_node_over(struct cluster *c, struct step *step, struct step_node *sn, uint32_t status,
                    const char *text)
{
	uint32_t total;
	if (sn->phase == STEP_ENDED || !step_is_running(step))
		return;
	part_over(c, step, sn, status);
	if (text && !step->record.end_text)
		step->record.end_text = xstrdup(text);
	if (all_ended(step, &total))
		ended(c, step, outcome(step, total), total);
	else
		emit_step(c, step);
	if (!step->record.overlap)
		step_queue_run(c, step->job);
}

void step_end_all(struct cluster *c, struct step *step, enum job_base_state state, uint32_t status)
{
	if (!step_is_running(step))
		return;
	for (uint32_t i = 0; i < step->record.nodes.n; i++)
		if (step->record.nodes.v[i].phase != STEP_ENDED)
			part_over(c, step, &step->record.nodes.v[i], status);
	ended(c, step, state, status);
}

int step_cancel(struct cluster *c, struct step *step, int signal, uint32_t by_uid, core_time now,
                struct err *err)
{
	struct job *job = step->job;
	c->now = now;
	if (step->queued) {
		refuse(c, step, "cancelled");
		step_queue_run(c, job);
		return 0;
	}
	/* Where its job is ending, that takes its time: a batch script's srun, which hears SIGTERM as well,
	 * must not end it any sooner. */
	if (!step_is_running(step) || !job_is_active(job))
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	if (signal == 0 || signal == CORE_SIGKILL) {
		step->record.ended_by_uid = by_uid;
		emit_step(c, step);
		emit_action(c,
		            &(struct action){.kind = ACTION_END_STEP,
		                             .job = job,
		                             .step = step,
		                             .attempt = step->record.attempt,
		                             .kill_wait_s = signal == CORE_SIGKILL ? 0 : c->conf->kill_wait_s,
		                             .text = ""});
	} else {
		emit_action(c, &(struct action){.kind = ACTION_SIGNAL,
		                                .job = job,
		                                .step = step,
		                                .attempt = step->record.attempt,
		                                .signal = signal});
	}
	return 0;
}
