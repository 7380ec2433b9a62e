/* What workers report. Each report may come twice, late, or after a restart: those that say nothing new are
 * ignored. */
#include "core/cluster_priv.h"

#include <string.h>

/* What sacct shows as 0:53, as the real one does when a launch failed on the node. */
#define STATUS_LAUNCH_FAILED 53

/* The step that a report is about, when it is of the job's present attempt and has a share on that node. */
static struct step *find(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                         uint64_t launch, struct step_node **share)
{
	struct job *job = job_by_serial(c, serial);
	struct step *step = step_by_launch(c, launch);
	if (!job || !step || step->job != job || step->record.attempt != attempt || step->queued)
		return NULL;
	*share = step_share_on(step, node);
	return *share ? step : NULL;
}

bool report_step_started(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                         uint64_t launch, core_time now)
{
	struct step_node *share;
	c->now = now;
	struct step *step = find(c, node, serial, attempt, launch, &share);
	if (!step || !step_is_running(step))
		return false;
	if (share->phase == STEP_GRANTED) {
		share->phase = STEP_RUNNING;
		emit_step(c, step);
	}
	struct node_alloc *alloc = job_share_on(step->job, node);
	if (alloc && alloc->phase < ALLOC_RUNNING) {
		alloc->phase = ALLOC_RUNNING;
		emit_job_state(c, step->job);
	}
	return true;
}

/* The worse of two wait(2) statuses: a signal beats an exit code, then the greater number. */
static uint32_t worse(uint32_t a, uint32_t b)
{
	bool sa = core_status_signal(a) != 0, sb = core_status_signal(b) != 0;
	if (sa != sb)
		return sa ? a : b;
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

static enum job_base_state step_outcome(const struct step *step, uint32_t status)
{
	if (step->record.ended_by_uid != CORE_NO_VAL || step->job->state.state == JOB_CANCELLED)
		return JOB_CANCELLED;
	if (step->job->state.state == JOB_TIMEOUT)
		return JOB_TIMEOUT;
	return status == 0 ? JOB_COMPLETED : JOB_FAILED;
}

static void batch_ended(struct cluster *c, struct job *job, uint32_t status)
{
	enum job_reason reason = REASON_NONE;
	if (!job_is_active(job))
		return; /* its end is on its way already */
	if (status != 0)
		reason = core_status_signal(status) != 0 ? REASON_SIGNALED : REASON_EXIT_CODE;
	job_end_allocated(c, job, status == 0 ? JOB_COMPLETED : JOB_FAILED, reason, status, NULL,
	                  c->conf->kill_wait_s);
}

void report_step_ended(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                       uint64_t launch, uint32_t status, const struct usage *usage, const char *text,
                       core_time now)
{
	struct step_node *share;
	c->now = now;
	struct step *step = find(c, node, serial, attempt, launch, &share);
	if (!step || share->phase == STEP_ENDED)
		return;
	share->phase = STEP_ENDED;
	share->status = status;
	if (usage && !share->usage) {
		share->usage = xcalloc(1, sizeof(*share->usage));
		schema_copy(schema_of_usage(), share->usage, usage, NULL);
	}
	if (text && !step->record.end_text)
		step->record.end_text = xstrdup(text);
	struct job *job = step->job;
	bool batch = step->record.step_id == CORE_STEP_BATCH;
	uint32_t total;
	if (!all_ended(step, &total)) {
		emit_step(c, step);
		return;
	}
	if (!batch && total > job->state.derived_status)
		job->state.derived_status = total;
	step_end(c, step, step_outcome(step, total), total);
	if (batch)
		batch_ended(c, job, total);
}

void report_job_gone(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt, core_time now)
{
	struct job *job = job_by_serial(c, serial);
	c->now = now;
	if (!job || job->state.attempt != attempt)
		return;
	struct node_alloc *share = job_share_on(job, node);
	if (!share || share->phase != ALLOC_ENDING)
		return;
	job_release_node(c, job, share);
}

void report_launch_failed(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                          uint64_t launch, const char *why, core_time now)
{
	struct step_node *share;
	c->now = now;
	struct step *step = find(c, node, serial, attempt, launch, &share);
	if (!step || share->phase == STEP_ENDED)
		return;
	struct job *job = step->job;
	bool batch = step->record.step_id == CORE_STEP_BATCH;
	uint32_t total;
	share->phase = STEP_ENDED;
	share->status = STATUS_LAUNCH_FAILED;
	if (why && !step->record.end_text)
		step->record.end_text = xstrdup(why);
	if (all_ended(step, &total))
		step_end(c, step, step_outcome(step, total), total);
	else
		emit_step(c, step);
	if (!batch || !job_is_active(job))
		return;
	job_end_allocated(c, job, JOB_FAILED, REASON_LAUNCH_FAILED, STATUS_LAUNCH_FAILED, NULL,
	                  c->conf->kill_wait_s);
}
