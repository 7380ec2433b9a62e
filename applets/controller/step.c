/* srun asks for a step: placed at once, or queued inside its job until there is room. */
#include "applets/controller/controller.h"

static struct step_request core_request(const struct step_create_request *m)
{
	return (struct step_request){
	        .name = m->name,
	        .tasks = m->tasks,
	        .tasks_set = m->tasks_set,
	        .nodes_min = m->nodes_min,
	        .nodes_max = m->nodes_max,
	        .cpus_per_task = m->cpus_per_task,
	        .tasks_per_node = m->tasks_per_node,
	        .mem_per_node = m->mem_per_node,
	        .node_list = m->node_list,
	        .exclude = m->exclude,
	        .relative = m->relative,
	        .dist = m->dist,
	        .plane_size = m->plane_size,
	        .time_limit_min = m->time_limit_min,
	        .overlap = m->overlap,
	        .exclusive = m->exclusive,
	        .exact = m->exact,
	        .whole = m->whole,
	        .immediate = m->immediate,
	        .overcommit = m->overcommit,
	        .interactive = m->interactive,
	        .srun_host = m->srun_host,
	        .srun_pid = m->srun_pid,
	        .request = m->request,
	};
}

/* The step that this request made, when it was asked before and its answer was lost. */
static struct step *step_of_request(const struct job *job, const struct step_create_request *m)
{
	if (!m->again || m->request == 0)
		return NULL;
	list_each (it, &job->steps) {
		struct step *step = list_entry(it, struct step, in_job);
		if (step->record.request == m->request && step->record.state == JOB_RUNNING)
			return step;
	}
	return NULL;
}

int on_step_create(struct request *r, struct err *err)
{
	const struct step_create_request *m = r->m;
	struct controller *ctl = r->ctl;
	struct job *job = request_job(r, m->job_id, err);
	struct step *step = NULL;
	if (!job)
		return -1;
	step = step_of_request(job, m);
	if (step) {
		struct waiter *known = waiter_add(r, job->serial, WAIT_STEP);
		known->launch = step->record.launch;
		known->ready = true;
		send_step_ready(ctl, step, STEP_RIGHTS_SRUN, r->peer, r->id);
		return 0;
	}
	const struct step_request request = core_request(m);
	/* A step that is placed at once is told of by the action that comes within the call. */
	ctl->step_asker = r;
	int rc = step_create(ctl->cluster, job, &request, controller_now(), &step, err);
	ctl->step_asker = NULL;
	if (rc != 0 || !step->queued)
		return rc;
	struct waiter *w = waiter_add(r, job->serial, WAIT_STEP);
	w->step = step;
	w->launch = step->record.launch;
	const struct step_queued queued = {.job_id = job->job_id,
	                                   .why = (char *)(uintptr_t)err_code_text(ERR_NODES_BUSY)};
	answer(r, MSG_step_queued, &queued);
	return 0;
}

/* scontrol update stepid= */
int on_step_update(struct request *r, struct err *err)
{
	const struct step_update_request *m = r->m;
	struct cluster *c = r->ctl->cluster;
	struct err why = {0};
	struct job *job = request_job(r, m->job_id, &why);
	if (!job) /* in the word that an update has for who may not */
		return err_set(err,
		               why.code == ERR_ACCESS_DENIED ? ERR_USER_UNKNOWN : (enum err_code)why.code,
		               "%s", "");
	struct step *one = m->step_id == CORE_NO_VAL ? NULL : step_by_id(job, m->step_id);
	if (m->step_id != CORE_NO_VAL && (!one || one->record.state != JOB_RUNNING))
		return err_set(err, ERR_INVALID_STEP_ID, "%s", "");
	list_each (it, &job->steps) {
		struct step *step = list_entry(it, struct step, in_job);
		if (step->record.state == JOB_RUNNING && (!one || step == one))
			step_update(c, step, m->time_limit_min, controller_now());
	}
	answer_ok(r);
	return 0;
}

/* sattach: keys to a step that somebody else's srun holds. */
int on_step_attach(struct request *r, struct err *err)
{
	const struct step_attach_request *m = r->m;
	const struct job *job = request_job(r, m->job_id, err);
	if (!job)
		return -1;
	const struct step *step = step_by_id(job, m->step_id);
	if (!step || step->record.state != JOB_RUNNING)
		return err_set(err, ERR_INVALID_JOB_ID, "%s", "");
	if (step->record.step_id == CORE_STEP_BATCH)
		return err_set(err, ERR_NOT_SUPPORTED,
		               "a batch script has its output in files, and nothing to attach to");
	send_step_ready(r->ctl, step, STEP_RIGHT_ATTACH, r->peer, r->id);
	return 0;
}

/* sstat: keys to ask a step's shepherds what it uses. */
int on_step_stat(struct request *r, struct err *err)
{
	const struct step_stat_request *m = r->m;
	const struct job *job = request_job(r, m->job_id, err);
	if (!job)
		return -1;
	const struct step *step = step_by_id(job, m->step_id);
	if (!step || step->record.state != JOB_RUNNING)
		return err_set(err, ERR_INVALID_JOB_ID, "%s", "");
	send_step_ready(r->ctl, step, STEP_RIGHT_STAT, r->peer, r->id);
	return 0;
}
