/* What people do to jobs: cancel, give back, hold, release, requeue, suspend, resume. */
#include "core/cluster_priv.h"

/* squeue(1), STOPPED: stopped by a signal, it has its CPUs and its time runs. */
static void note_stop(struct cluster *c, struct job *job, int signal)
{
	uint32_t flags = job->state.flags & ~(uint32_t)JOB_FLAG_STOPPED;
	if (job->state.state != JOB_RUNNING || (signal != CORE_SIGSTOP && signal != CORE_SIGCONT))
		return;
	job->state.flags = signal == CORE_SIGSTOP ? flags | JOB_FLAG_STOPPED : flags;
	emit_job_state(c, job);
}

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
		note_stop(c, job, signal);
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
		if (job->cut_off && job_is_done(job)) {
			emit_job_gone(c, job);
			job_free(c, job);
		}
		return 0;
	}
	/* What stands still can't hear SIGTERM. */
	const bool suspended = job->state.state == JOB_SUSPENDED;
	job_end_allocated(c, job,
	                  &(struct job_end_how){.state = JOB_CANCELLED,
	                                        .reason = REASON_NONE,
	                                        .status = suspended ? CORE_SIGKILL : CORE_SIGTERM,
	                                        .text = "",
	                                        .kill_wait_s = suspended || signal == CORE_SIGKILL
	                                                               ? 0
	                                                               : c->conf->kill_wait_s});
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
	const bool oom = core_status_signal(status) == CORE_SIGNAL_OOM;
	job_end_allocated(c, job,
	                  &(struct job_end_how){.state = status == 0 ? JOB_COMPLETED
	                                                 : oom       ? JOB_OUT_OF_MEMORY
	                                                             : JOB_FAILED,
	                                        .reason = status == 0 ? REASON_NONE
	                                                  : oom       ? REASON_OUT_OF_MEMORY
	                                                              : REASON_EXIT_CODE,
	                                        .status = status,
	                                        .kill_wait_s = c->conf->kill_wait_s});
	return 0;
}

/* A running job's hold counts when it is requeued. */
int job_hold(struct cluster *c, struct job *job, bool admin, bool for_user, core_time now, struct err *err)
{
	c->now = now;
	if (job->state.state > JOB_SUSPENDED)
		return err_set(err, ERR_JOB_FINISHED, "%s", "");
	/* A user's hold doesn't take the place of an administrator's, which the user could not lift. */
	if (job->state.hold == 2 && !admin)
		return 0;
	job->state.hold = admin && !for_user ? 2 : 1;
	if (job->state.state == JOB_PENDING) {
		/* A requeued one keeps its delay. */
		if (job->state.restarts == 0 || job->state.eligible_time <= now)
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
	/* What suspends it is an administrator's hold if it is requeued. */
	if (s->hold == 0 && !(admin && s->state == JOB_SUSPENDED && s->priority == 0))
		return 0;
	s->hold = 0;
	if (spec_has_priority(&job->spec)) { /* by this it is given up */
		job->spec.priority = CORE_NO_VAL;
		emit_job_spec(c, job);
	}
	s->priority = job_new_priority(c, job);
	if (s->state == JOB_PENDING) {
		s->reason = REASON_NONE;
		s->flags &= ~(uint32_t)(JOB_FLAG_REQUEUE_HOLD | JOB_FLAG_SPECIAL_EXIT);
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
	if (job->state.state == JOB_PENDING)
		return err_set(err, ERR_JOB_PENDING, "%s", "");
	job_requeue_now(c, job, hold, "DUE TO JOB REQUEUE");
	return 0;
}

int job_requeue_special(struct cluster *c, struct job *job, core_time now, struct err *err)
{
	if (job_requeue(c, job, true, now, err) != 0)
		return -1;
	job->state.flags |= JOB_FLAG_SPECIAL_EXIT;
	emit_job_state(c, job);
	return 0;
}

/* ---- suspend, resume ---- */

static void tell_nodes(struct cluster *c, struct job *job, enum action_kind kind)
{
	emit_action(c, &(struct action){.kind = kind, .job = job, .attempt = job->state.attempt});
}

static int check_started(const struct job *job, struct err *err)
{
	if (job->state.state == JOB_PENDING)
		return err_set(err, ERR_JOB_PENDING, "%s", "");
	return job_is_active(job) ? 0 : err_set(err, ERR_ALREADY_DONE, "%s", "");
}

int job_suspend(struct cluster *c, struct job *job, core_time now, struct err *err)
{
	struct job_state *s = &job->state;
	c->now = now;
	if (check_started(job, err) != 0)
		return -1;
	if (s->state == JOB_SUSPENDED)
		return 0;
	/* A clock that was set back takes nothing away. */
	core_time ran = now - job_run_since(job);
	s->pre_suspend_s = ran > 0 ? ran / CORE_SECOND : 0;
	s->suspend_time = now;
	s->priority = 0;
	job_move(c, job, JOB_SUSPENDED);
	shares_set_idle(c, job, true);
	emit_job_state(c, job);
	tell_nodes(c, job, ACTION_SUSPEND);
	return 0;
}

int job_resume(struct cluster *c, struct job *job, core_time now, struct err *err)
{
	struct job_state *s = &job->state;
	c->now = now;
	if (check_started(job, err) != 0)
		return -1;
	if (s->state != JOB_SUSPENDED)
		return err_set(err, ERR_NOT_SUSPENDED, "%s", "");
	steps_count_suspended(c, job);
	s->suspend_time = now;
	s->priority = job_new_priority(c, job);
	job_move(c, job, JOB_RUNNING);
	shares_set_idle(c, job, false);
	job_set_limit(c, job);
	list_each (it, &job->steps)
		step_set_limit(c, list_entry(it, struct step, in_job));
	emit_job_state(c, job);
	tell_nodes(c, job, ACTION_RESUME);
	step_queue_run(c, job);
	return 0;
}
