/* slurm.conf(5), PrologFlags=Alloc: the Prolog runs on all nodes of a job when they are allocated.
 *
 * A share of a node is ALLOC_PROLOG until the node has reported it. Until all have, the job's reason is
 * Prolog, srun and salloc wait for their nodes, and with DeferBatch so does a batch script. Without it a
 * script waits for the prolog of its own node alone, which that node sees to, and with NoHold that goes for
 * all steps, and nothing waits here. Phase and reason are stored, so a node that registers is told again what
 * it may not have heard. */
#include "core/cluster_priv.h"

static bool awaits_prologs(const struct job *job)
{
	return job_is_active(job) && job->state.reason == REASON_PROLOG;
}

bool job_awaits_nodes(const struct job *job)
{
	return job_is_configuring(job) || awaits_prologs(job);
}

bool prolog_defers_batch(const struct cluster *c, const struct job *job)
{
	return awaits_prologs(job) && c->conf->prolog_defer_batch;
}

void prolog_begin(struct cluster *c, struct job *job)
{
	if (!c->conf->prolog_alloc)
		return;
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		job->state.nodes.v[i].phase = ALLOC_PROLOG;
	if (!c->conf->prolog_nohold)
		job->state.reason = REASON_PROLOG;
}

void prolog_order_on(struct cluster *c, const struct share *share)
{
	const struct job *job = share->job;
	const struct node_alloc *record = &job->state.nodes.v[share->index];
	if (record->phase == ALLOC_PROLOG && job_is_active(job) && !job_is_configuring(job))
		emit_action(c, &(struct action){.kind = ACTION_NODE_PROLOG,
		                                .job = job,
		                                .serial = job->serial,
		                                .node = record->node,
		                                .attempt = job->state.attempt});
}

void prolog_order(struct cluster *c, const struct job *job)
{
	for (uint32_t i = 0; c->conf->prolog_alloc && i < job->state.nodes.n; i++)
		prolog_order_on(c, &job->shares[i]);
}

void prolog_look(struct cluster *c, struct job *job)
{
	if (!awaits_prologs(job))
		return;
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		if (job->state.nodes.v[i].phase == ALLOC_PROLOG)
			return;
	job->state.reason = REASON_NONE;
	if (job->spec.batch && !step_by_id(job, CORE_STEP_BATCH))
		job_launch(c, job, ACTION_JOB_READY);
	else
		emit_job_state(c, job);
	if (!job->spec.batch)
		emit_action(c, &(struct action){.kind = ACTION_JOB_READY, .job = job});
}

void prolog_fails_job(struct cluster *c, struct job *job, const char *node)
{
	node_drain_for(c, node, "Prolog error");
	if (!job || !job_is_active(job))
		return;
	if (!job->spec.batch || !job->spec.requeue) {
		job_end_allocated(c, job,
		                  &(struct job_end_how){.state = JOB_CANCELLED,
		                                        .text = "",
		                                        .kill_wait_s = c->conf->kill_wait_s});
		return;
	}
	bool hold = !c->conf->nohold_on_prolog_fail && job->state.hold == 0;
	job_requeue_now(c, job, hold, "DUE TO JOB REQUEUE");
	if (hold) {
		job->state.reason = REASON_LAUNCH_FAILED_HELD;
		emit_job_state(c, job);
	}
}

void report_prolog(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt, bool failed,
                   core_time now)
{
	struct job *job = job_by_serial(c, serial);
	struct share *share = job && job->state.attempt == attempt ? share_on(c, job, node) : NULL;
	c->now = now;
	if (failed) {
		prolog_fails_job(c, share ? job : NULL, node);
		return;
	}
	if (!share || share_record(share)->phase != ALLOC_PROLOG)
		return;
	alloc_move(share_record(share), ALLOC_READY);
	prolog_look(c, job);
	emit_job_state_later(c, job);
}
