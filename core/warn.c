/* sbatch(1), --signal: so long before a job's time is over, what runs of it is warned, once in an attempt.
 * That it was is stored before anything is sent; what may not have arrived is sent again when the worker
 * registers, to those that were running then, and a launch takes it only once. */
#include "core/cluster_priv.h"

/* A job that is shorter than its warning time has so long to get ready for it. */
#define WARN_AFTER_START (5 * CORE_SECOND)

/* 0: never. The end is the limit's, whatever OverTimeLimit gives it beyond that; of two things at the same
 * time, this one comes first. */
static core_time warn_time(const struct job *job)
{
	uint32_t minutes = job->state.time_limit_min;
	if (job->spec.warn_signal == 0 || minutes == CORE_INFINITE || minutes == CORE_NO_VAL)
		return 0;
	core_time since = job_run_since(job), soonest = since + WARN_AFTER_START,
	          at = since + ((core_time)minutes * 60 - job->spec.warn_time_s) * CORE_SECOND - 1;
	return at > soonest ? at : soonest;
}

void warn_arm(struct cluster *c, struct job *job)
{
	core_time at = warn_time(job);
	if (at != 0 && job->state.warned_at == 0)
		due_at(c, at, DUE_WARN, job->serial, job->state.attempt);
}

bool job_is_warned(const struct job *job, const struct step *step)
{
	bool batch = step->record.step_id == CORE_STEP_BATCH;
	return batch == job->spec.warn_batch && step_is_running(step) &&
	       step->record.start_time <= job->state.warned_at;
}

/* Its script waits for a prolog, say. */
static bool batch_is_not_there_yet(const struct job *job)
{
	const struct step *step = job->spec.warn_batch ? step_by_id(job, CORE_STEP_BATCH) : NULL;
	return step && step_is_running(step) && step->record.nodes.v[0].phase == STEP_GRANTED;
}

void warn_due(struct cluster *c, const struct due *due)
{
	struct job *job = job_by_serial(c, due->key);
	/* A suspended one is warned after it was resumed; one whose limit was raised, later. */
	if (!job || !job_is_active(job) || job->state.attempt != due->attempt || job->state.warned_at != 0 ||
	    job->state.state == JOB_SUSPENDED || warn_time(job) == 0 || due->at < warn_time(job))
		return;
	if (batch_is_not_there_yet(job)) {
		due_at(c, c->now + WARN_AFTER_START, DUE_WARN, due->key, due->attempt);
		return;
	}
	job->state.warned_at = c->now;
	emit_job_state(c, job);
	emit_action(c, &(struct action){.kind = ACTION_WARN, .job = job, .attempt = job->state.attempt});
}

void warn_again(struct cluster *c, struct job *job, const char *node)
{
	if (job_is_active(job) && job->state.warned_at != 0)
		emit_action(c, &(struct action){.kind = ACTION_WARN,
		                                .job = job,
		                                .node = node,
		                                .attempt = job->state.attempt});
}
