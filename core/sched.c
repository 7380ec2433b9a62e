/* The scheduler: who of the queue starts now, in order; and what falls due. */
#include "core/cluster_priv.h"

/* Jobs that have to wait for others' ends hold back those behind them in the same partition: first come,
 * first served. (A plan that lets later ones through where they delay nobody has its place here: before a job
 * is passed over.) */
static enum job_reason limits_reason(const struct job *job)
{
	const struct core_part_conf *part = job->part->conf;
	uint32_t limit = job->spec.time_limit_min;
	if (job->part->state == CONF_PART_DOWN)
		return REASON_PART_DOWN;
	if (job->part->state == CONF_PART_INACTIVE)
		return REASON_PART_INACTIVE;
	if (limit != CORE_NO_VAL && part->max_time_min != CORE_INFINITE && limit > part->max_time_min)
		return REASON_PART_CONFIG;
	if (job->spec.nodes_min > part->max_nodes ||
	    (job->spec.nodes_max && job->spec.nodes_max < part->min_nodes))
		return REASON_PART_CONFIG;
	return REASON_NONE;
}

static enum job_reason waiting_reason(const struct cluster *c, const struct job *job)
{
	if (job->state.hold)
		return job->state.hold == 2 ? REASON_HELD_ADMIN : REASON_HELD_USER;
	if (job->state.flags & JOB_FLAG_COMPLETING)
		return REASON_CLEANING;
	if (job->state.eligible_time > c->now || job->spec.begin_time > c->now)
		return REASON_BEGIN_TIME;
	if (!job->part)
		return REASON_PART_CONFIG;
	return limits_reason(job);
}

static enum job_reason answer_reason(const struct job *job, enum select_answer answer)
{
	if (answer == SELECT_BUSY)
		return REASON_RESOURCES;
	if (answer == SELECT_NEVER)
		return REASON_PART_CONFIG;
	return job->spec.req_nodes ? REASON_REQ_NODE_NOT_AVAIL : REASON_NODES_UNAVAILABLE;
}

/* Tries one job; true when the jobs behind it in its partition must wait for it. */
static bool try_job(struct cluster *c, struct job *job)
{
	struct node_alloc_list nodes = {0};
	const struct select_ask ask = {.part = job->part, .spec = &job->spec};
	c->stats.cycle_depth_sum++;
	job->state.last_sched_eval = c->now;
	enum select_answer answer = select_job(c, &ask, &nodes);
	if (answer == SELECT_OK) {
		job_start(c, job, &nodes);
		return false;
	}
	job->reason = answer_reason(job, answer);
	return answer == SELECT_BUSY;
}

void sched_pass(struct cluster *c)
{
	bool *blocked = xcalloc(c->part_count + 1, sizeof(*blocked));
	size_t blocked_count = 0;
	uint32_t length = 0;
	c->sched_wanted = false;
	c->stats.cycles++;
	list_each_safe (it, tmp, &c->queue) {
		struct job *job = list_entry(it, struct job, in_queue);
		enum job_reason reason = waiting_reason(c, job);
		length++;
		if (reason != REASON_NONE) {
			job->reason = reason;
			continue;
		}
		if (blocked[job->part->index]) {
			job->reason = REASON_PRIORITY;
			continue;
		}
		if (try_job(c, job)) {
			blocked[job->part->index] = true;
			/* Those behind have Priority as their reason from the start: nothing is left to find
			 * out. */
			if (++blocked_count == c->part_count)
				break;
		} else if (job->spec.immediate && job->state.state == JOB_PENDING) {
			job_end_pending(c, job, JOB_FAILED, job->reason);
		}
	}
	free(blocked);
	c->stats.last_queue_length = length;
}

/* ---- what falls due ---- */

static void limit_reached(struct cluster *c, const struct due *due)
{
	struct job *job = job_by_serial(c, due->key);
	if (!job || !job_is_active(job) || job->state.attempt != due->attempt || job->limit_at == 0 ||
	    job->limit_at > c->now)
		return;
	job_end_allocated(c, job, JOB_TIMEOUT, REASON_TIME_LIMIT, job->spec.batch ? 0 : 15,
	                  "DUE TO TIME LIMIT", c->conf->kill_wait_s);
}

static void step_limit_reached(struct cluster *c, const struct due *due)
{
	struct step *step = step_by_launch(c, due->attempt);
	if (!step || !step_is_running(step) || step->limit_at == 0 || step->limit_at > c->now)
		return;
	emit_action(c, &(struct action){.kind = ACTION_END_STEP,
	                                .job = step->job,
	                                .step = step,
	                                .attempt = step->record.attempt,
	                                .kill_wait_s = c->conf->kill_wait_s,
	                                .text = "DUE TO TIME LIMIT"});
}

static void purge(struct cluster *c, const struct due *due)
{
	struct job *job = job_by_serial(c, due->key);
	if (!job || !job_is_done(job) || job->state.attempt != due->attempt)
		return;
	emit_job_gone(c, job);
	job_free(c, job);
}

static void node_timed_out(struct cluster *c, const struct due *due)
{
	struct node *node = node_at(c, (size_t)due->key);
	if (!node || node->connected || node->state.base == NODE_DOWN || node->state.base == NODE_FUTURE)
		return;
	if (node->last_heard + (core_time)c->conf->slurmd_timeout_s * CORE_SECOND > c->now)
		return;
	node_set_down(c, node, "Not responding", 0);
}

void due_run(struct cluster *c)
{
	struct due due;
	while (due_pop(&c->due, c->now, &due)) {
		switch (due.kind) {
		case DUE_LIMIT:
			limit_reached(c, &due);
			break;
		case DUE_STEP_LIMIT:
			step_limit_reached(c, &due);
			break;
		case DUE_BEGIN:
			c->sched_wanted = true;
			break;
		case DUE_PURGE:
			purge(c, &due);
			break;
		case DUE_NODE_DOWN:
			node_timed_out(c, &due);
			break;
		}
	}
}

/* ---- reasons ---- */

void job_reason_text(const struct cluster *c, const struct job *job, struct text *out)
{
	(void)c;
	text_add(out, job_reason_word(job->state.state == JOB_PENDING ? job->reason : job->state.reason));
}
