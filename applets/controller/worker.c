/* Workers: registration, heartbeats, and what they report. */
#include "applets/controller/controller.h"
#include "conf/digest.h"
#include "core/util/log.h"
#include "proto/permission.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct peer *worker_of(struct controller *ctl, const char *node)
{
	return node ? map_get_text(&ctl->workers, node) : NULL;
}

/* The connection is no longer that node's. */
static void worker_drop(struct peer *peer)
{
	struct controller *ctl = peer->ctl;
	struct worker *worker = peer->worker;
	if (map_get_text(&ctl->workers, worker->node) == peer)
		map_del_text(&ctl->workers, worker->node);
	peer->worker = NULL;
	free(worker->node);
	free(worker);
}

void worker_closed(struct peer *peer)
{
	struct controller *ctl = peer->ctl;
	bool mine = map_get_text(&ctl->workers, peer->worker->node) == peer;
	if (mine && !ctl->degraded && !ctl->stopping) {
		log_info("node %s: the connection of its slurmd is gone", peer->worker->node);
		ctl->touched = true;
		node_lost(ctl->cluster, peer->worker->node, controller_now());
	}
	worker_drop(peer);
}

void workers_close_foreign(struct controller *ctl)
{
	size_t n = 0, at = 0;
	void *entry;
	uint64_t *ids = xcalloc(map_count(&ctl->workers) + 1, sizeof(*ids));
	while (map_next(&ctl->workers, &at, &entry)) {
		const struct peer *peer = entry;
		if (!node_by_name(ctl->cluster, peer->worker->node))
			ids[n++] = peer->id;
	}
	for (size_t i = 0; i < n; i++)
		peer_close(peer_by_id(ctl, ids[i]));
	free(ids);
}

/* ---- silence ---- */

static void watch(void *ctx)
{
	struct controller *ctl = ctx;
	size_t n = 0, at = 0;
	uint64_t *ids = xcalloc(map_count(&ctl->workers) + 1, sizeof(*ids));
	void *entry;
	int64_t now = loop_clock();
	while (map_next(&ctl->workers, &at, &entry)) {
		const struct peer *peer = entry;
		if (now - peer->worker->heard > SILENCE_US)
			ids[n++] = peer->id;
	}
	for (size_t i = 0; i < n; i++) {
		struct peer *peer = peer_by_id(ctl, ids[i]);
		log_error("node %s: nothing was heard of its slurmd for %d s", peer->worker->node,
		          (int)(SILENCE_US / CORE_SECOND));
		/* It has to register again, which settles what happened meanwhile. */
		peer_close(peer);
	}
	free(ids);
	ctl->watch_timer = loop_add_timer(ctl->loop, CORE_SECOND, watch, ctl);
}

void workers_watch(struct controller *ctl)
{
	ctl->watch_timer = loop_add_timer(ctl->loop, CORE_SECOND, watch, ctl);
}

/* ---- registration ---- */

/* Another live slurmd of that name keeps it; a later connection of the same one, or one whose predecessor is
 * silent, takes over. */
static int check_claim(struct request *r, const struct worker_register *m, struct err *err)
{
	struct peer *other = worker_of(r->ctl, m->node);
	if (!other || other == r->peer)
		return 0;
	if (other->worker->life_id != m->life_id && loop_clock() - other->worker->heard <= SILENCE_US) {
		char holder[64];
		text_copy(holder, sizeof(holder), conn_peer(other->conn)->address);
		log_error("node %s: a slurmd at %s wants to register, but one at %s serves the node: refused",
		          m->node, conn_peer(r->peer->conn)->address, holder);
		return err_set(err, ERR_DUPLICATE_NODE,
		               "node %s is served by a slurmd at %s; this one at %s is refused: give each "
		               "host its own NodeName",
		               m->node, holder, conn_peer(r->peer->conn)->address);
	}
	/* Not worker_closed(): the node is not lost, it only has another connection. */
	log_info("node %s: its slurmd at %s has registered on a new connection", m->node,
	         conn_peer(r->peer->conn)->address);
	worker_drop(other);
	peer_close(other);
	return 0;
}

static bool conf_agrees(const struct controller *ctl, const struct worker_register *m)
{
	return m->conf_hash.n == 0 || (m->conf_hash.n == sizeof(ctl->conf_hash) &&
	                               memcmp(ctl->conf_hash, m->conf_hash.v, sizeof(ctl->conf_hash)) == 0);
}

static void take_over(struct request *r, const struct worker_register *m)
{
	struct worker *worker = r->peer->worker;
	if (!worker) {
		worker = xcalloc(1, sizeof(*worker));
		worker->node = xstrdup(m->node);
		worker->peer = r->peer;
		r->peer->worker = worker;
		map_put_text(&r->ctl->workers, worker->node, r->peer);
	}
	worker->life_id = m->life_id;
	worker->configless = m->configless;
	worker->port = (uint16_t)(m->port <= UINT16_MAX ? m->port : 0);
	worker->heard = loop_clock();
}

static void send_registered(struct request *r, const struct worker_register *m)
{
	struct text names = TEXT_EMPTY;
	char *texts[1];
	const struct meta *meta = cluster_meta(r->ctl->cluster);
	struct worker_registered reply;
	schema_init(schema_of_worker_registered(), &reply);
	reply.epoch = meta->epoch;
	reply.instance = meta->instance;
	reply.heartbeat_s = HEARTBEAT_S;
	bool push = !conf_agrees(r->ctl, m) && m->configless && r->ctl->configless;
	if (!push && !conf_agrees(r->ctl, m) &&
	    !conf_list_has(&r->ctl->file->conf, P_DebugFlags, "NO_CONF_HASH")) {
		slurm_conf_differences(&r->ctl->file->conf, &r->ctl->file->companions, m->conf_digest.v,
		                       m->conf_digest.n, &names);
		log_error("node %s appears to have a different slurm.conf than the slurmctld: %s", m->node,
		          names.len ? names.s : "a part that is not told apart");
		texts[0] = (char *)(uintptr_t)(names.len ? names.s : "slurm.conf");
		reply.conf_differs = (struct schema_strs){texts, 1};
	}
	outbox_add(r->ctl->outbox, r->peer_id, MSG_worker_registered, r->id, true, &reply);
	if (push) {
		log_info("node %s has an older configuration: it is sent the one in force", m->node);
		config_push_worker(r->ctl, r->peer);
	}
	text_free(&names);
}

static void fate_taken(struct request *r, const char *node, const struct step_fate *f)
{
	struct cluster *c = r->ctl->cluster;
	core_time now = controller_now();
	if (f->prolog_failed) {
		log_error("Prolog error on node %s, job %" PRIu32 ": the node is drained: %s", node,
		          f->job_id, log_escape(f->failed_why ? f->failed_why : "no reason given"));
		report_prolog_failed(c, node, f->serial, f->attempt, f->launch, f->failed_why, now);
	} else if (f->failed_why)
		report_launch_failed(c, node, f->serial, f->attempt, f->launch, f->failed_why, now);
	else
		report_step_ended(c, node, f->serial, f->attempt, f->launch, f->status, f->usage, f->text,
		                  now);
	const struct fate_ack ack = {.launch = f->launch};
	outbox_add(r->ctl->outbox, r->peer_id, MSG_fate_ack, 0, true, &ack);
}

/* Something runs there that should not: it is ended. */
static void end_unknown(struct request *r, const char *node, uint64_t serial, uint32_t attempt,
                        uint64_t launch, uint32_t job_id)
{
	struct job_end m;
	schema_init(schema_of_job_end(), &m);
	log_info("node %s runs launch %" PRIu64 " of job %" PRIu32 ", which should not run: it is ended",
	         node, launch, job_id);
	m.epoch = cluster_meta(r->ctl->cluster)->epoch;
	m.serial = serial;
	m.attempt = attempt;
	m.launch = launch;
	m.job_id = job_id;
	send_job_end(r->ctl, node, &m);
}

/* All launches that are there, running or ended, as the core wants them. */
static void fill_launches(struct request *r, const struct worker_register *m, struct node_registration *reg)
{
	size_t n = (size_t)m->running.n + m->fates.n, at = 0;
	uint64_t *launches = arena_array(&r->arena, n + 1, sizeof(*launches));
	uint64_t *serials = arena_array(&r->arena, n + 1, sizeof(*serials));
	uint32_t *attempts = arena_array(&r->arena, n + 1, sizeof(*attempts));
	core_time *end_times = arena_array(&r->arena, n + 1, sizeof(*end_times));
	for (uint32_t i = 0; i < m->running.n; i++, at++) {
		launches[at] = m->running.v[i].launch;
		serials[at] = m->running.v[i].serial;
		attempts[at] = m->running.v[i].attempt;
	}
	for (uint32_t i = 0; i < m->fates.n; i++, at++) {
		launches[at] = m->fates.v[i].launch;
		serials[at] = m->fates.v[i].serial;
		attempts[at] = m->fates.v[i].attempt;
		end_times[at] = m->fates.v[i].end_time;
	}
	reg->launches = launches;
	reg->launch_count = n;
	reg->serials = serials;
	reg->attempts = attempts;
	reg->end_times = end_times;
}

int on_worker_register(struct request *r, struct err *err)
{
	const struct worker_register *m = r->m;
	struct controller *ctl = r->ctl;
	struct cluster *c = ctl->cluster;
	const struct meta *meta = cluster_meta(c);
	if (permission_check(r->type, conn_peer(r->peer->conn), ctl->slurm_uid, CORE_NO_VAL, m->node, err) !=
	    0)
		return -1;
	if (m->joins != JOINS_AS_NEW && !node_by_name(c, m->node))
		return err_set(err, ERR_INVALID_NODE_NAME, "the controller's slurm.conf has no NodeName=%s",
		               m->node);
	if (m->instance_seen.n == sizeof(ctl->instance) &&
	    memcmp(m->instance_seen.v, meta->instance.v, sizeof(ctl->instance)) == 0 &&
	    m->epoch_seen > meta->epoch)
		return err_set(err, ERR_STALE,
		               "node %s has obeyed epoch %" PRIu64 ", this controller is of epoch %" PRIu64
		               ": its state was put back, or another controller runs",
		               m->node, m->epoch_seen, meta->epoch);
	if (check_claim(r, m, err) != 0 || worker_join(r, m, err) != 0)
		return -1;
	struct node_registration reg = {.boot_id = m->boot_id,
	                                .version = m->version,
	                                .boot_time = m->boot_time,
	                                .slurmd_start_time = m->slurmd_start_time,
	                                .hardware = m->hardware,
	                                .joins = m->joins != JOINS_NOT};
	fill_launches(r, m, &reg);
	core_time now = controller_now();
	take_over(r, m);
	send_registered(r, m);
	log_info("node %s registered from %s (slurmd %s, %" PRIu32 " running)", m->node,
	         conn_peer(r->peer->conn)->address, log_escape(m->version ? m->version : "?"), m->running.n);
	/* node_register() gives orders about what is missing there; what the fates and the running say comes
	 * behind them. */
	if (node_register(c, m->node, &reg, now, err) != 0)
		return -1;
	node_heard(c, m->node, m->cpu_load, m->free_mem, now);
	for (uint32_t i = 0; i < m->fates.n; i++)
		fate_taken(r, m->node, &m->fates.v[i]);
	for (uint32_t i = 0; i < m->running.n; i++) {
		const struct launch_status *s = &m->running.v[i];
		const struct step *step = step_by_launch(c, s->launch);
		/* A granted launch counts as there; that it was started is reported by itself. */
		if (!step || step->record.serial != s->serial || step->record.attempt != s->attempt ||
		    step->record.state != JOB_RUNNING)
			end_unknown(r, m->node, s->serial, s->attempt, s->launch, s->job_id);
	}
	return 0;
}

/* ---- heartbeats and reports ---- */

/* The node that this connection serves; NULL with err set before registration. */
static const char *own_node(struct request *r, struct err *err)
{
	if (!r->peer->worker) {
		err_set(err, ERR_ACCESS_DENIED, "this connection has not registered a node");
		return NULL;
	}
	r->peer->worker->heard = loop_clock();
	return r->peer->worker->node;
}

int on_worker_heartbeat(struct request *r, struct err *err)
{
	const struct worker_heartbeat *m = r->m;
	const char *node = own_node(r, err);
	if (!node)
		return -1;
	node_heard(r->ctl->cluster, node, m->cpu_load, m->free_mem, controller_now());
	return 0;
}

int on_step_started(struct request *r, struct err *err)
{
	const struct step_started_report *m = r->m;
	const char *node = own_node(r, err);
	if (!node)
		return -1;
	if (!report_step_started(r->ctl->cluster, node, m->serial, m->attempt, m->launch, controller_now()))
		end_unknown(r, node, m->serial, m->attempt, m->launch, 0);
	return 0;
}

int on_step_fate(struct request *r, struct err *err)
{
	const char *node = own_node(r, err);
	if (!node)
		return -1;
	fate_taken(r, node, r->m);
	return 0;
}

int on_job_gone(struct request *r, struct err *err)
{
	const struct job_gone_report *m = r->m;
	const char *node = own_node(r, err);
	if (!node)
		return -1;
	if (m->epilog_failed) {
		log_error("Epilog error on node %s, job %" PRIu64 ": the node is drained", node, m->serial);
		report_epilog_failed(r->ctl->cluster, node, controller_now());
	}
	report_job_gone(r->ctl->cluster, node, m->serial, m->attempt, controller_now());
	return 0;
}

int on_job_prolog(struct request *r, struct err *err)
{
	const struct job_prolog_report *m = r->m;
	struct cluster *c = r->ctl->cluster;
	const char *node = own_node(r, err);
	if (!node)
		return -1;
	const struct job *job = job_by_serial(c, m->serial);
	if (m->failed && job && job->state.attempt == m->attempt && job_is_active(job)) {
		char *text = xprintf("Prolog failure on node %s", node);
		log_error("Prolog error on node %s, job %" PRIu32 ": the node is drained", node, job->job_id);
		send_job_message(r->ctl, job, text);
		free(text);
	}
	report_prolog(c, node, m->serial, m->attempt, m->failed, controller_now());
	return 0;
}

/* As with a cancelled step, all of it is killed on all of its nodes. */
int on_over_memory(struct request *r, struct err *err)
{
	const struct over_memory_report *m = r->m;
	struct cluster *c = r->ctl->cluster;
	const char *node = own_node(r, err);
	if (!node)
		return -1;
	const struct job *job =
	        report_over_memory(c, node, m->serial, m->attempt, m->launch, controller_now());
	char text[] = "Exceeded job memory limit";
	if (job)
		tell_job(r->ctl, job, text);
	return 0;
}

int on_launch_failed(struct request *r, struct err *err)
{
	const struct launch_failed_report *m = r->m;
	const char *node = own_node(r, err);
	if (!node)
		return -1;
	log_error("node %s could not start launch %" PRIu64 ": %s", node, m->launch,
	          log_escape(m->why ? m->why : "no reason given"));
	struct cluster *c = r->ctl->cluster;
	if (m->unfit) {
		log_error("node %s is drained: %s", node, log_escape(m->unfit));
		report_node_unfit(c, node, m->serial, m->attempt, m->launch, m->unfit, m->why,
		                  controller_now());
	} else {
		report_launch_failed(c, node, m->serial, m->attempt, m->launch, m->why, controller_now());
	}
	return 0;
}
