/* A file for a job's nodes (sbcast, srun --bcast): each worker is granted it, and the sender gets a key for
 * each. */
#include "applets/controller/controller.h"
#include "core/util/hostlist.h"

#include <stdlib.h>

/* Where it goes: the job's nodes, or those of one of its steps. */
static int names_of(struct request *r, const struct job *job, uint32_t step_id, struct schema_strs *out,
                    struct err *err)
{
	const struct step *step = step_id == CORE_NO_VAL ? NULL : step_by_id(job, step_id);
	if (step_id != CORE_NO_VAL && (!step || step->record.state != JOB_RUNNING))
		return err_set(err, ERR_INVALID_JOB_ID, "%s", "");
	const uint32_t n = step ? step->record.nodes.n : job->state.nodes.n;
	out->v = arena_array(&r->arena, n, sizeof(char *));
	out->n = n;
	for (uint32_t i = 0; i < n; i++)
		out->v[i] = step ? step->record.nodes.v[i].node : job->state.nodes.v[i].node;
	return 0;
}

static char *list_of(struct request *r, const struct schema_strs *names)
{
	struct hostlist *h = hostlist_new();
	struct text out = TEXT_EMPTY;
	for (uint32_t i = 0; i < names->n; i++)
		hostlist_add_name(h, names->v[i]);
	hostlist_compress(h, &out);
	char *list = arena_strdup(&r->arena, text_str(&out));
	text_free(&out);
	hostlist_free(h);
	return list;
}

/* All of an array have one owner. NULL: it is not one that has started. */
static struct job *task_of(const struct request *r, const struct job *job, uint32_t task_id)
{
	struct job *task = NULL;
	while ((task = array_next(r->ctl->cluster, job->spec.array_job_id, task)))
		if (!task->tasks && task->spec.array_task_id == task_id)
			break;
	return task;
}

static struct job *find_job(struct request *r, const struct bcast_request *m, struct err *err)
{
	struct err why = {0};
	struct job *job = request_job(r, m->job_id, &why);
	if (job && m->task_id != CORE_NO_VAL)
		job = job->spec.array_job_id ? task_of(r, job, m->task_id) : NULL;
	if (!job && why.code == 0)
		err_set(&why, ERR_INVALID_JOB_ID, "%s", "");
	if (!job) /* in the real one's word */
		err_set(err, why.code == ERR_ACCESS_DENIED ? ERR_USER_UNKNOWN : (enum err_code)why.code, "%s",
		        "");
	else if (job->state.state == JOB_PENDING)
		err_set(err, ERR_JOB_PENDING, "%s", "");
	else if (!job_is_active(job))
		err_set(err, ERR_ALREADY_DONE, "%s", "");
	else
		return job;
	return NULL;
}

int on_bcast(struct request *r, struct err *err)
{
	const struct bcast_request *m = r->m;
	struct controller *ctl = r->ctl;
	const struct job *job = find_job(r, m, err);
	const struct meta *meta = cluster_meta(ctl->cluster);
	struct schema_strs names = {0};
	if (!job || names_of(r, job, m->step_id, &names, err) != 0)
		return -1;
	struct step_ready ready;
	schema_init(schema_of_step_ready(), &ready);
	ready.job_id = job->job_id;
	ready.serial = job->serial;
	ready.step_id = m->step_id;
	ready.launch = cluster_take_launch(ctl->cluster);
	ready.rights = STEP_RIGHT_BCAST;
	ready.uid = job->spec.who->uid;
	ready.instance = meta->instance;
	ready.nodes = list_of(r, &names);
	ready.places.v = arena_array(&r->arena, names.n, sizeof(*ready.places.v));
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < names.n; i++) {
		struct key_step_of of = {.serial = job->serial,
		                         .step_id = ready.step_id,
		                         .launch = ready.launch,
		                         .uid = ready.uid,
		                         .rights = ready.rights};
		schema_init(schema_of_step_place(), &ready.places.v[ready.places.n]);
		rc = fill_step_place(ctl, names.v[i], &of, &ready.places.v[ready.places.n++], &r->arena, err);
	}
	struct schema_strs hooks = {0};
	if (rc == 0 && conf_str(&ctl->file->conf, P_Prolog))
		hooks = hook_env(ctl, job, HOOK_WORKER, false, &r->arena);
	for (uint32_t i = 0; rc == 0 && i < names.n; i++) {
		const struct bcast_grant grant = {.epoch = meta->epoch,
		                                  .instance = meta->instance,
		                                  .node = names.v[i],
		                                  .serial = job->serial,
		                                  .attempt = job->state.attempt,
		                                  .step_id = ready.step_id,
		                                  .launch = ready.launch,
		                                  .job_id = job->job_id,
		                                  .who = job->spec.who,
		                                  .hook_env = hooks};
		send_bcast_grant(ctl, &grant);
	}
	if (rc == 0)
		answer(r, MSG_step_ready, &ready);
	wipe_step_places(&ready);
	return rc;
}
