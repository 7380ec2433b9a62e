/* What people do to jobs: cancel, give back, hold, release, requeue. */
#include "core/cluster_priv.h"

int job_cancel(struct cluster *c, struct job *job, int signal, bool batch_only, bool full, uint32_t by_uid,
               core_time now, struct err *err)
{
	bool ends = signal == 0 || (signal == CORE_SIGKILL && !batch_only);
	c->now = now;
	if (job->state.state > JOB_SUSPENDED)
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	if (job->state.state == JOB_PENDING && !ends)
		return err_set(err, ERR_JOB_PENDING, "%s", "");
	if (!ends) {
		emit_action(c, &(struct action){.kind = ACTION_SIGNAL,
		                                .job = job,
		                                .attempt = job->state.attempt,
		                                .signal = signal,
		                                .signal_batch_only = batch_only,
		                                .signal_full = full});
		return 0;
	}
	job->state.ended_by_uid = by_uid;
	if (job->state.state == JOB_PENDING) {
		/* It keeps the reason for which it waited. */
		job->state.exit_status = 0;
		job_end_pending(c, job, JOB_CANCELLED, (enum job_reason)job_reason(c, job));
		return 0;
	}
	job_end_allocated(
	        c, job,
	        &(struct job_end_how){.state = JOB_CANCELLED,
	                              .reason = REASON_NONE,
	                              .status = CORE_SIGTERM,
	                              .text = "",
	                              .kill_wait_s = signal == CORE_SIGKILL ? 0 : c->conf->kill_wait_s});
	return 0;
}

int job_complete(struct cluster *c, struct job *job, uint32_t status, core_time now, struct err *err)
{
	c->now = now;
	if (job->state.state == JOB_PENDING) {
		job->state.ended_by_uid = job->spec.who->uid;
		job_end_pending(c, job, JOB_CANCELLED, (enum job_reason)job_reason(c, job));
		return 0;
	}
	if (!job_is_active(job))
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	job_end_allocated(c, job,
	                  &(struct job_end_how){.state = status == 0 ? JOB_COMPLETED : JOB_FAILED,
	                                        .reason = status == 0 ? REASON_NONE : REASON_EXIT_CODE,
	                                        .status = status,
	                                        .kill_wait_s = c->conf->kill_wait_s});
	return 0;
}

/* A running job's hold counts when it is requeued. */
int job_hold(struct cluster *c, struct job *job, bool admin, core_time now, struct err *err)
{
	c->now = now;
	if (job->state.state > JOB_SUSPENDED)
		return err_set(err, ERR_JOB_FINISHED, "%s", "");
	/* A user's hold doesn't take the place of an administrator's, which the user could not lift. */
	if (job->state.hold == 2 && !admin)
		return 0;
	job->state.hold = admin ? 2 : 1;
	if (job->state.state == JOB_PENDING) {
		job->state.eligible_time = job->state.accrue_time = 0;
		job->state.reason = REASON_NONE;
		queue_settle(c, job);
	}
	emit_job_state(c, job);
	return 0;
}

int job_release(struct cluster *c, struct job *job, bool admin, core_time now, struct err *err)
{
	struct job_state *s = &job->state;
	c->now = now;
	if (s->state > JOB_SUSPENDED)
		return err_set(err, ERR_JOB_FINISHED, "%s", "");
	if (s->hold == 2 && !admin)
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	if (s->hold == 0)
		return 0;
	s->hold = 0;
	s->priority = job_new_priority(c, &job->spec);
	if (s->state == JOB_PENDING) {
		s->reason = REASON_NONE;
		s->flags &= ~(uint32_t)JOB_FLAG_REQUEUE_HOLD;
		/* A requeued one still has its delay. */
		if (s->eligible_time < now && s->depend.n == 0)
			s->eligible_time = s->accrue_time =
			        job->spec.begin_time > now ? job->spec.begin_time : now;
		queue_settle(c, job);
	}
	emit_job_state(c, job);
	return 0;
}

int job_requeue(struct cluster *c, struct job *job, bool hold, core_time now, struct err *err)
{
	c->now = now;
	if (!job->spec.requeue)
		return err_set(err, ERR_OP_DISABLED, "%s", "");
	if (!job->spec.batch)
		return err_set(err, ERR_BATCH_ONLY, "%s", "");
	if (job->state.state == JOB_PENDING || (job->state.flags & JOB_FLAG_COMPLETING))
		return err_set(err, ERR_JOB_PENDING, "%s", "");
	job_requeue_now(c, job, hold, "DUE TO JOB REQUEUE");
	return 0;
}
