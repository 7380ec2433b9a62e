/* Verbs of jobs: signal and cancel, hold, release, requeue, suspend, resume, give back, come back to; and a
 * job's script. */
#include "applets/controller/controller.h"
#include "core/taskset.h"

#include <signal.h>
#include <string.h>

static int signal_job(struct request *r, struct job *job, struct err *err)
{
	const struct job_signal_request *m = r->m;
	struct cluster *c = r->ctl->cluster;
	if (m->step_id == CORE_NO_VAL)
		return job_cancel(c, job, (int)m->signal, m->batch_only, m->full, request_uid(r),
		                  controller_now(), err);
	struct step *step = step_by_id(job, m->step_id);
	if (!step)
		return err_set(err, ERR_INVALID_STEP_ID, "%s", "");
	return step_cancel(c, step, (int)m->signal, request_uid(r), controller_now(), err);
}

/* Of an array it is enough that one could be signalled: the others have ended, or not begun. */
int on_job_signal(struct request *r, struct err *err)
{
	const struct job_signal_request *m = r->m;
	struct job **jobs;
	struct err first = {0};
	size_t n, done = 0;
	if (m->signal >= (uint32_t)NSIG)
		return err_set(err, ERR_INVALID, "there is no signal %u", m->signal);
	bool ends = m->step_id == CORE_NO_VAL && (m->signal == 0 || (m->signal == SIGKILL && !m->batch_only));
	if (request_jobs(r, m->job_id, m->tasks, ends, &jobs, &n, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		err_clear(err);
		if (signal_job(r, jobs[i], err) == 0)
			done++;
		else if (!first.code)
			first = *err;
	}
	*err = first;
	if (done == 0)
		return -1;
	err_clear(err);
	answer_ok(r);
	return 0;
}

/* Jobs in a new order: the first one has been looked up. */
static int update_top(struct request *r, const struct job_update_request *m, struct err *err)
{
	struct job **jobs = arena_array(&r->arena, (size_t)m->top.n + 1, sizeof(struct job *));
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
	if (m->incomplete && !job_is_active(job))
		return 0;
	switch ((enum job_verb)m->verb) {
	case JOB_VERB_HOLD:
		return job_hold(c, job, admin, false, now, err);
	case JOB_VERB_UHOLD:
		return job_hold(c, job, admin, true, now, err);
	case JOB_VERB_RELEASE:
		return job_release(c, job, admin, now, err);
	case JOB_VERB_REQUEUE:
		return job_requeue(c, job, false, now, err);
	case JOB_VERB_REQUEUE_HOLD:
		return job_requeue(c, job, true, now, err);
	case JOB_VERB_REQUEUE_SPECIAL:
		return job_requeue_special(c, job, now, err);
	case JOB_VERB_EDIT:
		if (!m->edit)
			return err_set(err, ERR_INVALID, "an update of a job without a change");
		return job_update(c, job, m->edit, admin, now, err);
	case JOB_VERB_TOP:
		return update_top(r, m, err);
	case JOB_VERB_SUSPEND:
	case JOB_VERB_RESUME:
		if (!admin)
			return err_set(err, ERR_ACCESS_DENIED, "%s", "");
		return m->verb == JOB_VERB_SUSPEND ? job_suspend(c, job, now, err)
		                                   : job_resume(c, job, now, err);
	}
	return err_set(err, ERR_NOT_SUPPORTED, "there is no update %u of a job", m->verb);
}

/* "12_3-5: why" */
static char *outcome(struct request *r, const struct job *job, const struct err *err)
{
	struct text line = TEXT_EMPTY;
	text_printf(&line, "%u_", job->spec.array_job_id);
	if (job->tasks)
		taskset_text(job->tasks, false, &line);
	else
		text_printf(&line, "%u", job->spec.array_task_id);
	text_printf(&line, ": %s", err_code_text(err->code));
	char *s = arena_strdup(&r->arena, text_str(&line));
	text_free(&line);
	return s;
}

/* Each of an array's records; where one could not be changed, what became of each is the answer. */
static void update_records(struct request *r, struct job **jobs, size_t n)
{
	struct msg_ok m;
	bool failed = false, all_over = true;
	for (size_t i = 0; i < n; i++)
		all_over = all_over && jobs[i]->state.state > JOB_SUSPENDED;
	schema_init(schema_of_msg_ok(), &m);
	m.lines.v = arena_array(&r->arena, n, sizeof(char *));
	for (size_t i = 0; i < n; i++) {
		struct err err = {0};
		/* What has ended is not meant, as long as others live. */
		if (!all_over && jobs[i]->state.state > JOB_SUSPENDED)
			continue;
		failed |= update_job(r, jobs[i], &err) != 0;
		m.lines.v[m.lines.n++] = outcome(r, jobs[i], &err);
	}
	if (!failed)
		m.lines.n = 0;
	answer(r, MSG_msg_ok, &m);
}

int on_job_update(struct request *r, struct err *err)
{
	const struct job_update_request *m = r->m;
	struct job **jobs;
	size_t n;
	if (m->verb == JOB_VERB_TOP && !request_is_operator(r))
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	/* Slurm's word for one whose job it isn't, apart from what the owner may not do. */
	if (request_jobs(r, m->job_id, m->tasks, false, &jobs, &n, err) != 0) {
		const bool stands = m->verb == JOB_VERB_SUSPEND || m->verb == JOB_VERB_RESUME;
		if (stands && err->code == ERR_INVALID_JOB_ID) {
			err_clear(err);
			return err_set(err, ERR_UNEXPECTED, "%s", "");
		}
		if (err->code != ERR_ACCESS_DENIED || stands || m->verb == JOB_VERB_REQUEUE ||
		    m->verb == JOB_VERB_REQUEUE_HOLD || m->verb == JOB_VERB_REQUEUE_SPECIAL)
			return -1;
		err_clear(err);
		/* What has ended nobody can update: that comes first. */
		const struct job *job = m->tasks ? NULL : job_by_id(r->ctl->cluster, m->job_id);
		const bool over = m->verb == JOB_VERB_EDIT && job && job->state.state > JOB_SUSPENDED;
		return err_set(err, over ? ERR_JOB_FINISHED : ERR_USER_UNKNOWN, "%s", "");
	}
	/* scontrol -u */
	if (m->as_uid != CORE_NO_VAL && m->as_uid != jobs[0]->spec.who->uid && m->as_uid != 0 &&
	    m->verb != JOB_VERB_REQUEUE && m->verb != JOB_VERB_REQUEUE_HOLD &&
	    m->verb != JOB_VERB_REQUEUE_SPECIAL)
		return err_set(err, ERR_USER_UNKNOWN, "%s", "");
	if (n > 1) {
		update_records(r, jobs, n);
		return 0;
	}
	if (update_job(r, jobs[0], err) != 0)
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

/* scontrol notify: to the batch script's standard error, or to the srun or salloc that holds the allocation.
 */
int on_job_notify(struct request *r, struct err *err)
{
	const struct job_notify_request *m = r->m;
	struct err why = {0};
	const struct job *job = request_job(r, m->job_id, &why);
	if (!job) /* in the word that an update has for who may not */
		return err_set(err,
		               why.code == ERR_ACCESS_DENIED ? ERR_USER_UNKNOWN : (enum err_code)why.code,
		               "%s", "");
	if (job->state.state == JOB_PENDING)
		return err_set(err, ERR_OP_DISABLED, "%s", "");
	if (!job_is_active(job))
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	tell_job(r->ctl, job, m->text);
	answer_ok(r);
	return 0;
}

/* sbatch --wait that comes back. */
static void wait_for_array(struct request *r, const struct job *job)
{
	struct waiter *w = waiter_add(r, waiter_key(job), WAIT_END);
	w->replied = true;
	tell_array_waiters(r->ctl, job);
}

int on_job_attach(struct request *r, struct err *err)
{
	const struct job_attach *m = r->m;
	struct controller *ctl = r->ctl;
	struct job *job = request_job(r, m->job_id, err);
	if (!job)
		return -1;
	if (m->whole_array && job->array) {
		wait_for_array(r, job);
		return 0;
	}
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
		return err_set(err, ERR_SCRIPT_MISSING, "job %u has no batch script", m->job_id);
	request_defer(r);
	store_read_blob(r->ctl->store, job->spec.script_hash.v, script_read, r);
	return 0;
}
