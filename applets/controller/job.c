/* Verbs of jobs: signal and cancel, hold, release, requeue, give back, come back to; and a job's script. */
#include "applets/controller/controller.h"

#include <signal.h>
#include <string.h>

int on_job_signal(struct request *r, struct err *err)
{
	const struct job_signal_request *m = r->m;
	struct cluster *c = r->ctl->cluster;
	struct job *job = request_job(r, m->job_id, err);
	if (!job)
		return -1;
	if (m->signal >= (uint32_t)NSIG)
		return err_set(err, ERR_INVALID, "there is no signal %u", m->signal);
	int rc;
	if (m->step_id != CORE_NO_VAL) {
		struct step *step = step_by_id(job, m->step_id);
		if (!step)
			return err_set(err, ERR_INVALID_STEP_ID, "%s", "");
		rc = step_cancel(c, step, (int)m->signal, request_uid(r), controller_now(), err);
	} else {
		rc = job_cancel(c, job, (int)m->signal, m->batch_only, m->full, request_uid(r),
		                controller_now(), err);
	}
	if (rc == 0)
		answer_ok(r);
	return rc;
}

/* Jobs in a new order: the first one has been looked up. */
static int update_top(struct request *r, const struct job_update_request *m, struct err *err)
{
	struct job **jobs = arena_array(&r->arena, (size_t)m->top.n + 1, sizeof(struct job *));
	if (!request_is_operator(r))
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	for (uint32_t i = 0; i < m->top.n; i++)
		if (!(jobs[i] = request_job(r, m->top.v[i], err)))
			return -1;
	return job_top(r->ctl->cluster, jobs, m->top.n, controller_now(), err);
}

static int update_job(struct request *r, struct job *job, struct err *err)
{
	const struct job_update_request *m = r->m;
	struct cluster *c = r->ctl->cluster;
	core_time now = controller_now();
	/* An operator's hold is an administrator's, which only one can lift. */
	bool admin = request_is_operator(r);
	switch ((enum job_verb)m->verb) {
	case JOB_VERB_HOLD:
		return job_hold(c, job, admin, now, err);
	case JOB_VERB_UHOLD:
		return job_hold(c, job, false, now, err);
	case JOB_VERB_RELEASE:
		return job_release(c, job, admin, now, err);
	case JOB_VERB_REQUEUE:
		return job_requeue(c, job, false, now, err);
	case JOB_VERB_REQUEUE_HOLD:
		return job_requeue(c, job, true, now, err);
	case JOB_VERB_EDIT:
		if (!m->edit)
			return err_set(err, ERR_INVALID, "an update of a job without a change");
		return job_update(c, job, m->edit, admin, now, err);
	case JOB_VERB_TOP:
		return update_top(r, m, err);
	}
	return err_set(err, ERR_NOT_SUPPORTED, "there is no update %u of a job", m->verb);
}

int on_job_update(struct request *r, struct err *err)
{
	const struct job_update_request *m = r->m;
	struct job *job = request_job(r, m->job_id, err);
	/* Slurm's word for one whose job it isn't, apart from what the owner may not do. */
	if (!job && err->code == ERR_ACCESS_DENIED) {
		err_clear(err);
		return err_set(err, ERR_USER_UNKNOWN, "%s", "");
	}
	if (!job || update_job(r, job, err) != 0)
		return -1;
	answer_ok(r);
	return 0;
}

int on_job_complete(struct request *r, struct err *err)
{
	const struct job_complete_request *m = r->m;
	struct job *job = request_job(r, m->job_id, err);
	if (!job)
		return -1;
	if (job->spec.batch && !request_is_operator(r))
		return err_set(err, ERR_ACCESS_DENIED, "job %u is a batch job: it ends with its script",
		               m->job_id);
	/* Who gives it back is told by this answer, not by job_ended. */
	struct waiter *next;
	for (struct waiter *w = waiter_next(r->ctl, job->serial, NULL); w; w = next) {
		next = waiter_next(r->ctl, job->serial, w);
		if (w->kind == WAIT_ALLOC && w->peer == r->peer)
			waiter_remove(w);
	}
	/* Asked again after a lost answer, it is done already. */
	struct err done = {0};
	if (job_complete(r->ctl->cluster, job, m->exit_status, controller_now(), &done) != 0 &&
	    done.code != ERR_ALREADY_DONE)
		return err_set(err, (enum err_code)done.code, "%s", done.text);
	answer_ok(r);
	return 0;
}

int on_job_attach(struct request *r, struct err *err)
{
	const struct job_attach *m = r->m;
	struct controller *ctl = r->ctl;
	struct job *job = request_job(r, m->job_id, err);
	if (!job)
		return -1;
	bool pending = job->state.state == JOB_PENDING;
	if (!m->watch && pending)
		return err_set(err, ERR_JOB_PENDING, "%s", "");
	if (!m->watch && !job_is_active(job))
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	if (!pending && !job_is_active(job)) {
		const struct job_ended ended = {.job_id = job->job_id,
		                                .state = job->state.state,
		                                .exit_status = job->state.exit_status,
		                                .reason = job->state.reason};
		answer(r, MSG_job_ended, &ended);
		return 0;
	}
	if (m->watch) {
		struct waiter *w = waiter_add(r, job->serial, job->spec.batch ? WAIT_END : WAIT_ALLOC);
		w->replied = true;
		if (!ctl->degraded)
			job_heard(job, controller_now());
		if (!pending)
			send_job_ready(ctl, job, w);
		return 0;
	}
	struct job_ready ready;
	fill_job_ready(ctl, job, &ready, &r->arena);
	answer(r, MSG_job_ready, &ready);
	return 0;
}

/* ---- the script ---- */

static void script_read(void *ctx, const uint8_t *bytes, size_t n)
{
	struct request *r = ctx;
	struct err err = {0};
	if (bytes) {
		const struct script_reply m = {.script = {(uint8_t *)(uintptr_t)bytes, (uint32_t)n}};
		answer(r, MSG_script_reply, &m);
	} else {
		err_set(&err, ERR_NOT_FOUND, "the script of this job is not in the store");
		answer_error(r, &err);
	}
	request_finish(r);
}

int on_script_query(struct request *r, struct err *err)
{
	const struct script_query *m = r->m;
	struct job *job = request_job(r, m->job_id, err);
	if (!job)
		return -1;
	if (job->spec.script_hash.n != STORE_HASH_SIZE)
		return err_set(err, ERR_NOT_FOUND, "job %u has no batch script", m->job_id);
	request_defer(r);
	store_read_blob(r->ctl->store, job->spec.script_hash.v, script_read, r);
	return 0;
}
