/* submit_batch and alloc_request: who asks is resolved off the loop, then the core decides. */
#include "applets/common/users.h"
#include "applets/controller/controller.h"
#include "applets/controller/programs.h"
#include "core/why.h"
#include "core/util/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPEC_MAX (256u * 1024u) /* bytes of one job's record, without script and environment */

/* ---- what both have ---- */

static const char *partition_of(const struct controller *ctl, const struct job_spec *spec)
{
	const struct part *part =
	        spec->partition ? part_by_name(ctl->cluster, spec->partition) : part_default(ctl->cluster);
	return part ? part->conf->name : spec->partition;
}

static int check_spec(const struct job_spec *spec, struct err *err)
{
	struct text bytes = TEXT_EMPTY;
	schema_encode(schema_of_job_spec(), spec, &bytes);
	size_t n = bytes.len;
	text_free(&bytes);
	return n <= SPEC_MAX
	               ? 0
	               : err_set(err, ERR_LIMIT,
	                         "the job's description has %zu bytes, more than %u: shorten its arguments",
	                         n, SPEC_MAX);
}

/* What a user may not ask for is refused, or as if not asked, as in the real one: sbatch(1), --nice and
 * --priority. */
static int limit_rights(const struct request *r, struct job_spec *spec, struct err *err)
{
	if (request_is_operator(r))
		return 0;
	spec->admin_comment = NULL;
	if (spec->priority != 0)
		spec->priority = CORE_NO_VAL;
	return spec->nice < 0 ? err_set(err, ERR_INVALID_NICE, "%s", "") : 0;
}

/* Where it comes from is what the session says, as AllocNodes goes by it. */
static void set_origin(struct request *r, struct job_spec *spec)
{
	const struct session_peer *peer = conn_peer(r->peer->conn);
	if (peer->host[0])
		spec->alloc_node = arena_strdup(&r->arena, peer->host);
}

/* Which nodes lack what, or which licences there aren't, in the line that helps. */
static void explain(struct request *r, const struct job_spec *spec, struct err *err)
{
	struct text text = TEXT_EMPTY;
	if (err->code == ERR_INVALID_LICENSES) {
		r->help = arena_strdup(&r->arena, err->text);
		err->text[0] = '\0';
	}
	if (err->code != ERR_NODE_CONFIG_UNAVAILABLE)
		return;
	spec_why_never(r->ctl->cluster, spec, &text);
	if (text.len)
		r->help = arena_strdup(&r->arena, text_str(&text));
	text_free(&text);
}

static int test_only(struct request *r, const struct job_spec *spec, struct err *err)
{
	struct controller *ctl = r->ctl;
	const struct cluster_conf *conf = cluster_conf_of(ctl->cluster);
	struct job_outlook outlook;
	struct submit_reply m;
	if (job_test(ctl->cluster, spec, controller_now(), &outlook, err) != 0) {
		explain(r, spec, err);
		return -1;
	}
	schema_init(schema_of_submit_reply(), &m);
	m.job_id = cluster_meta(ctl->cluster)->next_job_id;
	if (m.job_id < conf->first_job_id)
		m.job_id = conf->first_job_id;
	m.start_time = outlook.start;
	m.partition = outlook.part ? outlook.part->conf->name : (char *)(uintptr_t)partition_of(ctl, spec);
	uint32_t per_task = spec->cpus_per_task ? spec->cpus_per_task : 1,
	         nodes = spec->nodes_min ? spec->nodes_min : 1;
	m.cpus = (spec->tasks > nodes ? spec->tasks : nodes) * per_task;
	if (outlook.nodes.n > 0) {
		m.cpus = 0;
		for (uint32_t i = 0; i < outlook.nodes.n; i++)
			m.cpus += outlook.nodes.v[i].cpus;
		m.nodes = alloc_node_list(&outlook.nodes, &r->arena);
	}
	node_alloc_list_free(&outlook.nodes);
	answer(r, MSG_submit_reply, &m);
	return 0;
}

/* In a single-user cluster the user may be one that no database knows; then our own groups, which are his,
 * decide. */
static bool is_own_group(uint32_t gid)
{
	gid_t groups[1024];
	int n = getgroups(1024, groups);
	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return gid == getegid();
}

/* Starts the look-up; done() goes on with the request. */
static int resolve(struct request *r, uint32_t claimed_gid, users_done done, struct err *err)
{
	const struct session_peer *peer = conn_peer(r->peer->conn);
	uint32_t gid = claimed_gid != CORE_NO_VAL ? claimed_gid : peer->gid;
	if (r->ctl->single_user && !is_own_group(gid))
		return err_set(err, ERR_GROUP_UNKNOWN, "the user of this cluster is not in group %u",
		               (unsigned)gid);
	request_defer(r);
	users_resolve_async(r->ctl->loop, peer->uid, gid, r->ctl->single_user, done, r);
	return 0;
}

/* Is there still somebody to answer, and may anything be changed? False: the request is finished. */
static bool go_on(struct request *r, const struct identity *who, const struct err *err)
{
	struct err unwritable = {0};
	r->peer = peer_by_id(r->ctl, r->peer_id);
	if (r->ctl->degraded)
		err_set(&unwritable, ERR_STORE, "%s", "");
	if (r->peer && who && !unwritable.code)
		return true;
	if (r->peer)
		answer_error(r, who ? &unwritable : err);
	request_finish(r);
	return false;
}

/* The job that this request made, when it was asked before and its answer was lost. */
static struct job *job_of_request(const struct controller *ctl, bool again, const struct job_spec *spec,
                                  uint32_t uid)
{
	if (!again || spec->request == 0)
		return NULL;
	for (struct job *job = job_next(ctl->cluster, NULL); job; job = job_next(ctl->cluster, job))
		if (job->spec.request == spec->request && job->spec.who->uid == uid)
			return job;
	return NULL;
}

static struct submit_reply reply_of(const struct controller *ctl, const struct job *job)
{
	return (struct submit_reply){.job_id = job->job_id,
	                             .serial = job->serial,
	                             .cluster_name = cluster_conf_of(ctl->cluster)->cluster_name,
	                             .partition = job->spec.partition};
}

/* ---- batch jobs ---- */

/* The environment as a blob: strings, each with its NUL. */
static void pack_env(const struct schema_strs *env, struct text *out)
{
	for (uint32_t i = 0; i < env->n; i++)
		text_add_n(out, env->v[i], strlen(env->v[i]) + 1);
}

static void answer_batch(struct request *r, const struct job *job, bool wait)
{
	const struct submit_reply reply = reply_of(r->ctl, job);
	answer(r, MSG_submit_reply, &reply);
	if (!wait)
		return;
	struct waiter *w = waiter_add(r, waiter_key(job), WAIT_END);
	w->replied = true;
	if (job->array)
		tell_array_waiters(r->ctl, job);
	else if (job->state.state > JOB_SUSPENDED)
		send_job_ended(r->ctl, job, w);
}

static int submit_batch(struct request *r, const struct submit_batch *m, struct err *err)
{
	struct controller *ctl = r->ctl;
	struct job_spec spec = *m->spec;
	struct text env = TEXT_EMPTY;
	uint8_t script_hash[STORE_HASH_SIZE], env_hash[STORE_HASH_SIZE];
	struct job *job = NULL;
	pack_env(&m->env, &env);
	store_hash(m->script.v, m->script.n, script_hash);
	store_hash(env.s, env.len, env_hash);
	spec.batch = true;
	spec.script_hash = (struct schema_bytes){script_hash, sizeof(script_hash)};
	spec.env_hash = (struct schema_bytes){env_hash, sizeof(env_hash)};
	int rc = job_submit(ctl->cluster, &spec, controller_now(), &job, err);
	if (rc == 0) {
		store_blob(ctl->store, script_hash, m->script.v, m->script.n);
		store_blob(ctl->store, env_hash, env.s, env.len);
		answer_batch(r, job, m->wait);
	}
	if (rc != 0)
		explain(r, &spec, err);
	text_free(&env);
	return rc;
}

static void take_identity(struct request *r, struct job_spec *spec, const struct identity *who)
{
	spec->who = (struct identity *)(uintptr_t)who;
	if (spec->mail_type && !spec->mail_user)
		spec->mail_user = mail_default_user(r->ctl, who, &r->arena);
}

static void batch_resolved(void *ctx, const struct identity *who, const struct err *why)
{
	struct request *r = ctx;
	const struct submit_batch *m = r->m;
	struct err err = {0};
	if (!go_on(r, who, why))
		return;
	take_identity(r, m->spec, who);
	r->ctl->touched = true;
	const struct job *known = job_of_request(r->ctl, m->again, m->spec, who->uid);
	if (known)
		answer_batch(r, known, m->wait);
	else if ((m->test_only ? test_only(r, m->spec, &err) : submit_batch(r, m, &err)) != 0)
		answer_error(r, &err);
	request_finish(r);
}

int on_submit_batch(struct request *r, struct err *err)
{
	const struct submit_batch *m = r->m;
	if (m->script.n == 0)
		return err_set(err, ERR_SCRIPT_MISSING, "%s", "");
	if (m->script.n > SCRIPT_MAX)
		return err_set(err, ERR_SCRIPT_TOO_LARGE, "%s", "");
	if (check_spec(m->spec, err) != 0)
		return -1;
	set_origin(r, m->spec);
	if (limit_rights(r, m->spec, err) != 0)
		return -1;
	return resolve(r, m->claimed_gid, batch_resolved, err);
}

/* ---- allocations ---- */

static int submit_alloc(struct request *r, const struct alloc_request *m, struct err *err)
{
	struct job_spec spec = *m->spec;
	struct job *job = NULL;
	spec.batch = false;
	spec.script_hash = spec.env_hash = (struct schema_bytes){NULL, 0};
	if (job_submit(r->ctl->cluster, &spec, controller_now(), &job, err) != 0) {
		explain(r, &spec, err);
		return -1;
	}
	struct waiter *w = waiter_add(r, job->serial, WAIT_ALLOC);
	list_append(&r->ctl->unsettled, &w->in_unsettled);
	return 0;
}

/* Asked again: the allocation is there, or in the queue, and has found its holder. */
static int alloc_known(struct request *r, const struct job *job, struct err *err)
{
	if (job->state.state != JOB_PENDING && !job_is_active(job))
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	struct waiter *w = waiter_add(r, job->serial, WAIT_ALLOC);
	struct submit_reply reply = reply_of(r->ctl, job);
	reply.waiting = job->state.state == JOB_PENDING;
	w->replied = true;
	answer(r, MSG_submit_reply, &reply);
	if (!reply.waiting)
		send_job_ready(r->ctl, job, w);
	return 0;
}

static void alloc_resolved(void *ctx, const struct identity *who, const struct err *why)
{
	struct request *r = ctx;
	const struct alloc_request *m = r->m;
	struct err err = {0};
	if (!go_on(r, who, why))
		return;
	take_identity(r, m->spec, who);
	r->ctl->touched = true;
	const struct job *known = job_of_request(r->ctl, m->again, m->spec, who->uid);
	int rc = known          ? alloc_known(r, known, &err)
	         : m->test_only ? test_only(r, m->spec, &err)
	                        : submit_alloc(r, m, &err);
	if (rc != 0)
		answer_error(r, &err);
	request_finish(r);
}

int on_alloc_request(struct request *r, struct err *err)
{
	const struct alloc_request *m = r->m;
	if (check_spec(m->spec, err) != 0)
		return -1;
	set_origin(r, m->spec);
	if (limit_rights(r, m->spec, err) != 0)
		return -1;
	return resolve(r, m->claimed_gid, alloc_resolved, err);
}

/* A job that waits for another configuration, not for other jobs: its user is told. */
static const char *waits_in_vain(const struct controller *ctl, const struct job *job)
{
	switch (job_reason(ctl->cluster, job)) {
	case REASON_PART_CONFIG:
	case REASON_PART_NODE_LIMIT:
	case REASON_PART_TIME_LIMIT:
	case REASON_MAX_MEM_PER_LIMIT:
	case REASON_ACCOUNT:
		return err_code_text(ERR_PARTITION_CONFIG_UNAVAILABLE);
	default:
		return NULL;
	}
}

void submits_settle(struct controller *ctl)
{
	while (!list_empty(&ctl->unsettled)) {
		struct waiter *w = list_entry(ctl->unsettled.next, struct waiter, in_unsettled);
		const struct job *job = job_by_serial(ctl->cluster, w->serial);
		list_remove(&w->in_unsettled);
		if (w->replied || !job)
			continue;
		w->replied = true;
		struct submit_reply reply = reply_of(ctl, job);
		reply.waiting = true;
		reply.message = (char *)(uintptr_t)waits_in_vain(ctl, job);
		outbox_add(ctl->outbox, w->peer->id, MSG_submit_reply, w->id, false, &reply);
	}
}
