/* What workers report. Each report may come twice, late, or after a restart: those that say nothing new are
 * ignored. */
#include "core/cluster_priv.h"

/* What sacct shows as 0:53, as the real one does when a launch failed on the node. */
#define STATUS_LAUNCH_FAILED 53

/* The step that a report is about, when it is of the job's present attempt and has a share on that node. */
static struct step *find(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                         uint64_t launch, struct step_node **sn)
{
	struct step *step = step_by_launch(c, launch);
	if (!step || step->job->serial != serial || step->record.attempt != attempt || !step_is_running(step))
		return NULL;
	*sn = step_share_on(step, node);
	return *sn && (*sn)->phase != STEP_ENDED ? step : NULL;
}

bool report_step_started(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                         uint64_t launch, core_time now)
{
	struct step_node *sn;
	c->now = now;
	struct step *step = find(c, node, serial, attempt, launch, &sn);
	if (!step)
		return false;
	if (sn->phase == STEP_GRANTED) {
		step_node_move(sn, STEP_RUNNING);
		emit_step(c, step);
	}
	struct share *share = share_on(c, step->job, node);
	if (share && share_record(share)->phase < ALLOC_RUNNING) {
		alloc_move(share_record(share), ALLOC_RUNNING);
		emit_job_state(c, step->job);
		prolog_look(c, step->job); /* the prolog was before it, and its report may still come */
	}
	/* The word that its job is suspended came before it was there. */
	if (step->job->state.state == JOB_SUSPENDED)
		emit_action(c, &(struct action){.kind = ACTION_SUSPEND,
		                                .job = step->job,
		                                .step = step,
		                                .node = sn->node,
		                                .attempt = attempt});
	return true;
}

/* The job ends as its batch script did. Where its end is on its way already, this is its exit code all the
 * same. */
static void batch_ended(struct cluster *c, struct job *job, enum job_reason reason, uint32_t status)
{
	if (!job_is_active(job)) {
		if (job->state.state == JOB_CANCELLED || job->state.state == JOB_TIMEOUT) {
			job->state.exit_status = status;
			emit_job_state(c, job);
		}
		return;
	}
	const bool oom = core_status_signal(status) == CORE_SIGNAL_OOM;
	if (oom)
		reason = REASON_OUT_OF_MEMORY;
	else if (reason == REASON_NONE && status != 0)
		reason = core_status_signal(status) != 0 ? REASON_SIGNALED : REASON_EXIT_CODE;
	job_end_allocated(c, job,
	                  &(struct job_end_how){.state = status == 0 ? JOB_COMPLETED
	                                                 : oom       ? JOB_OUT_OF_MEMORY
	                                                             : JOB_FAILED,
	                                        .reason = reason,
	                                        .status = status,
	                                        .kill_wait_s = c->conf->kill_wait_s});
}

static void over(struct cluster *c, struct step *step, struct step_node *sn, enum job_reason reason,
                 uint32_t status, const char *text)
{
	struct job *job = step->job;
	bool batch = step->record.step_id == CORE_STEP_BATCH;
	step_node_over(c, step, sn, status, text);
	if (batch)
		batch_ended(c, job, reason, status);
}

void report_step_ended(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                       uint64_t launch, uint32_t status, const struct usage *usage, const char *text,
                       core_time now)
{
	struct step_node *sn;
	c->now = now;
	struct step *step = find(c, node, serial, attempt, launch, &sn);
	if (!step)
		return;
	if (usage && !sn->usage) {
		sn->usage = xcalloc(1, sizeof(*sn->usage));
		schema_copy(schema_of_usage(), sn->usage, usage, NULL);
	}
	over(c, step, sn, REASON_NONE, status, text);
}

const struct job *report_over_memory(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                                     uint64_t launch, core_time now)
{
	struct step_node *sn;
	struct err err = {0};
	c->now = now;
	struct step *step = find(c, node, serial, attempt, launch, &sn);
	if (!step || step->record.ended_by_uid != CORE_NO_VAL ||
	    step_cancel(c, step, CORE_SIGKILL, 0, now, &err) != 0)
		return NULL;
	return step->job;
}

/* Nothing listens there for the step's srun: it would dial in vain. */
static void tell_refused(struct cluster *c, const struct step *step, const struct step_node *sn,
                         const char *why)
{
	if (step->record.step_id != CORE_STEP_BATCH)
		emit_action(c, &(struct action){.kind = ACTION_STEP_REFUSED,
		                                .job = step->job,
		                                .step = step,
		                                .node = sn->node,
		                                .text = why});
}

void report_launch_failed(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                          uint64_t launch, const char *why, core_time now)
{
	struct step_node *sn;
	c->now = now;
	struct step *step = find(c, node, serial, attempt, launch, &sn);
	if (!step)
		return;
	tell_refused(c, step, sn, why);
	over(c, step, sn, REASON_LAUNCH_FAILED, STATUS_LAUNCH_FAILED, why);
}

/* ---- hooks ---- */

/* An administrator's reason stays. */
void node_drain_for(struct cluster *c, const char *name, const char *reason)
{
	struct node *node = node_by_name(c, name);
	if (!node || (node->state.flags & NODE_FLAG_DRAIN))
		return;
	node->state.flags |= NODE_FLAG_DRAIN;
	node_set_reason(c, node, reason, c->conf->slurm_uid);
	emit_node(c, node);
	cluster_nodes_changed(c);
}

void report_prolog_failed(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                          uint64_t launch, const char *why, core_time now)
{
	struct step_node *sn;
	c->now = now;
	struct step *step = find(c, node, serial, attempt, launch, &sn);
	if (!step)
		return;
	struct job *job = step->job;
	step_node_over(c, step, sn, STATUS_LAUNCH_FAILED, why);
	prolog_fails_job(c, job, node);
}

void report_node_unfit(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                       uint64_t launch, const char *reason, const char *why, core_time now)
{
	struct step_node *sn;
	c->now = now;
	node_drain_for(c, node, reason);
	struct step *step = find(c, node, serial, attempt, launch, &sn);
	if (!step)
		return;
	struct job *job = step->job;
	bool again = step->record.step_id == CORE_STEP_BATCH && job->spec.requeue && job_is_active(job);
	if (!again) {
		tell_refused(c, step, sn, why);
		over(c, step, sn, REASON_LAUNCH_FAILED, STATUS_LAUNCH_FAILED, why);
		return;
	}
	step_node_over(c, step, sn, STATUS_LAUNCH_FAILED, why);
	job_requeue_now(c, job, false, "DUE TO NODE FAILURE");
}

void report_epilog_failed(struct cluster *c, const char *node, core_time now)
{
	c->now = now;
	node_drain_for(c, node, "Epilog error");
}

void report_job_gone(struct cluster *c, const char *name, uint64_t serial, uint32_t attempt, core_time now)
{
	struct job *job = job_by_serial(c, serial);
	struct node *node = node_by_name(c, name);
	c->now = now;
	if (node && leaving_is_gone(node, serial, attempt))
		cluster_nodes_changed(c);
	if (!job || job->state.attempt != attempt)
		return;
	struct share *share = share_on(c, job, name);
	if (share && share_record(share)->phase == ALLOC_ENDING)
		job_release_share(c, job, share);
}
