#include "applets/controller/controller.h"
#include "core/util/log.h"
#include "core/util/log_flags.h"
#include "proto/permission.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEER_BUSY                                                                                            \
	(1024u * 1024u) /* bytes on their way to one peer, above which nothing more is read from it */

/* ---- the table of handlers ---- */

enum effect { READS, CHANGES };
static const struct handler {
	uint32_t type;
	int (*function)(struct request *r, struct err *err);
	enum effect effect;
} handlers[] = {
#define HANDLER(message, function, effect) {MSG_##message, function, effect},
#include "applets/controller/handlers.def"
#undef HANDLER
};

static const struct handler *handler_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].type == type)
			return &handlers[i];
	return NULL;
}

static const struct {
	int code;
	const char *help;
} helps[] = {
        {ERR_STORE,
         "the controller cannot write to StateSaveLocation: see its log, make room there, and try again"},
        {ERR_ACCESS_DENIED, "only the owner of a job, root or SlurmUser may do this"},
        {ERR_INVALID_PARTITION, "sinfo -s lists the partitions"},
        {ERR_INVALID_NODE_NAME, "sinfo -N lists the nodes"},
        {ERR_PARTITION_DOWN, "sinfo -s shows the partitions and their states"},
        {ERR_NODE_CONFIG_UNAVAILABLE, "scontrol show nodes shows what each node has"},
        {ERR_SCRIPT_TOO_LARGE, "the limit is 4 MiB: put the data into a file that the script reads"},
};

const char *error_help(int code)
{
	for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++)
		if (helps[i].code == code)
			return helps[i].help;
	return NULL;
}

/* ---- peers ---- */

struct peer *peer_by_id(struct controller *ctl, uint64_t id)
{
	return map_get(&ctl->peers, id);
}

const char *peer_title(const struct peer *peer)
{
	static char title[400];
	const struct session_peer *p = conn_peer(peer->conn);
	if (p->kind == SESSION_USER)
		snprintf(title, sizeof(title), "uid %" PRIu32 " at %s", p->uid, p->address);
	else
		snprintf(title, sizeof(title), "%.250s at %s", log_escape(p->host), p->address);
	return title;
}

static void cursor_end(struct cursor *cursor)
{
	struct loop *loop = cursor->peer->ctl->loop;
	list_remove(&cursor->in_peer);
	if (cursor->timer)
		loop_del_timer(loop, cursor->timer);
	cursor->free(cursor);
}

static void peer_free(struct peer *peer)
{
	struct controller *ctl = peer->ctl;
	map_del(&ctl->peers, peer->id);
	list_each_safe (it, next, &peer->cursors)
		cursor_end(list_entry(it, struct cursor, in_peer));
	if (peer->worker)
		worker_closed(peer);
	waiters_peer_closed(peer);
	free(peer);
}

void peer_close(struct peer *peer)
{
	struct conn *conn = peer->conn;
	peer_free(peer);
	conn_close(conn);
}

static void on_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct peer *peer = ctx;
	(void)conn;
	log_debug("%s is gone: %s", peer_title(peer), err ? err_text(err) : "it ended in order");
	peer_free(peer);
}

/* ---- messages ---- */

void request_defer(struct request *r)
{
	r->holders++;
}

void request_finish(struct request *r)
{
	if (--r->holders > 0)
		return;
	arena_free(&r->arena);
	free(r);
}

void answer(struct request *r, uint32_t type, const void *record)
{
	outbox_add(r->ctl->outbox, r->peer_id, type, r->id, false, record);
}

void answer_ok(struct request *r)
{
	const struct msg_ok ok = {0};
	answer(r, MSG_msg_ok, &ok);
}

void answer_error(struct request *r, const struct err *err)
{
	outbox_add_error(r->ctl->outbox, r->peer_id, r->id, err, r->help ? r->help : error_help(err->code));
}

uint32_t request_uid(const struct request *r)
{
	return conn_peer(r->peer->conn)->uid;
}

bool request_is_operator(const struct request *r)
{
	const struct session_peer *p = conn_peer(r->peer->conn);
	return p->kind == SESSION_USER && (p->uid == 0 || p->uid == r->ctl->slurm_uid);
}

struct job *request_job(struct request *r, uint32_t job_id, struct err *err)
{
	struct job *job = job_by_id(r->ctl->cluster, job_id);
	/* The one that had the array's own number may have gone before the others. */
	if (!job)
		job = array_next(r->ctl->cluster, job_id, NULL);
	if (!job || !job->spec.who) {
		err_set(err, ERR_INVALID_JOB_ID, "%s", "");
		return NULL;
	}
	return permission_check(r->type, conn_peer(r->peer->conn), r->ctl->slurm_uid, job->spec.who->uid,
	                        NULL, err) == 0
	               ? job
	               : NULL;
}

int request_jobs(struct request *r, uint32_t job_id, const char *tasks, bool to_cancel, struct job ***jobs,
                 size_t *n, struct err *err)
{
	struct job **meant = NULL;
	*jobs = NULL;
	*n = 0;
	/* All of an array have one owner. */
	if (!request_job(r, job_id, err) ||
	    jobs_meant(r->ctl->cluster, job_id, tasks, to_cancel, controller_now(), &meant, n, err) != 0)
		return -1;
	*jobs = arena_array(&r->arena, *n, sizeof(struct job *));
	memcpy(*jobs, meant, *n * sizeof(struct job *));
	free(meant);
	return 0;
}

/* May this be handled at all? Before anything of it is decoded. */
static int check_request(const struct request *r, const struct handler *h, struct err *err)
{
	if (!h)
		return err_set(err, ERR_NOT_SUPPORTED,
		               "message %u is not supported by batchbox " BATCHBOX_VERSION,
		               (unsigned)r->type);
	if (!permission_may_send(r->type, conn_peer(r->peer->conn), r->ctl->slurm_uid))
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	if (h->effect == CHANGES && r->ctl->degraded)
		return err_set(err, ERR_STORE, "%s", "");
	return 0;
}

static int run_handler(struct request *r, const uint8_t *body, size_t n, struct err *err)
{
	const struct handler *h = handler_of(r->type);
	if (check_request(r, h, err) != 0)
		return -1;
	const struct schema *schema = message_schema(h->type);
	r->m = arena_alloc(&r->arena, schema->size);
	if (schema_decode(schema, r->m, body, n, &r->arena, err) != 0)
		return -1;
	if (h->effect == CHANGES)
		r->ctl->touched = true;
	return h->function(r, err);
}

static void handle(struct request *r, const uint8_t *body, size_t n)
{
	struct err err = {0};
	log_flag(Protocol, "protocol: %s (%zu bytes) of %s", message_name(r->type), n, peer_title(r->peer));
	if (run_handler(r, body, n, &err) == 0)
		return;
	log_debug("%s: %s: %s", message_name(r->type),
	          peer_by_id(r->ctl, r->peer_id) ? peer_title(r->peer) : "gone", err_text(&err));
	answer_error(r, &err);
}

static void keep_pace(struct peer *peer)
{
	bool busy = outbox_waiting_for(peer->ctl->outbox, peer->id) + conn_waiting(peer->conn) > PEER_BUSY;
	if (busy != peer->paused) {
		peer->paused = busy;
		conn_pause(peer->conn, busy);
	}
}

static void on_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                       size_t n)
{
	struct peer *peer = ctx;
	struct controller *ctl = peer->ctl;
	uint64_t peer_id = peer->id;
	int64_t began = loop_clock();
	uint32_t uid = conn_peer(conn)->kind == SESSION_USER ? conn_peer(conn)->uid : 0;
	struct request *r = xcalloc(1, sizeof(*r));
	*r = (struct request){
	        .ctl = ctl, .peer = peer, .peer_id = peer_id, .id = id, .type = type, .holders = 1};
	arena_init(&r->arena);
	handle(r, body, n);
	request_finish(r);
	stats_message(ctl->stats, type, uid, loop_clock() - began);
	if ((peer = peer_by_id(ctl, peer_id)))
		keep_pace(peer);
}

static void cursor_turn(void *ctx)
{
	struct cursor *cursor = ctx;
	cursor->timer = NULL;
	cursor_go(cursor);
}

static void cursor_later(struct cursor *cursor)
{
	if (!cursor->timer)
		cursor->timer = loop_add_timer(cursor->peer->ctl->loop, 0, cursor_turn, cursor);
}

void peer_drained(struct peer *peer)
{
	keep_pace(peer);
	/* Not now: this may run while a round is closed, and what is queued then would lie until the next
	 * event. */
	list_each (it, &peer->cursors) {
		struct cursor *cursor = list_entry(it, struct cursor, in_peer);
		if (!cursor->waiting)
			cursor_later(cursor);
	}
}

static void on_drained(void *ctx, struct conn *conn)
{
	(void)conn;
	peer_drained(ctx);
}

static const struct conn_ops peer_ops = {.message = on_message, .closed = on_closed, .drained = on_drained};

/* ---- accepting ---- */

static bool accepted(void *ctx, struct conn *conn)
{
	struct controller *ctl = ctx;
	if (ctl->stopping)
		return false;
	struct peer *peer = xcalloc(1, sizeof(*peer));
	*peer = (struct peer){.ctl = ctl, .conn = conn, .id = conn_id(conn)};
	list_init(&peer->waits);
	list_init(&peer->cursors);
	map_put(&ctl->peers, peer->id, peer);
	conn_set_ctx(conn, &peer_ops, peer);
	return true;
}

const struct server_ops controller_server_ops = {.accepted = accepted};

static void close_some(struct controller *ctl, bool workers_only)
{
	size_t n = 0, at = 0;
	uint64_t *ids = xcalloc(map_count(&ctl->peers) + 1, sizeof(*ids));
	void *entry;
	while (map_next(&ctl->peers, &at, &entry)) {
		const struct peer *peer = entry;
		if (!workers_only || peer->worker)
			ids[n++] = peer->id;
	}
	for (size_t i = 0; i < n; i++)
		if (map_get(&ctl->peers, ids[i]))
			peer_close(map_get(&ctl->peers, ids[i]));
	free(ids);
}

bool peers_waiting(const struct controller *ctl)
{
	size_t at = 0;
	void *entry;
	while (map_next(&ctl->peers, &at, &entry))
		if (conn_waiting(((const struct peer *)entry)->conn) > 0)
			return true;
	return false;
}

void peers_close_all(struct controller *ctl)
{
	close_some(ctl, false);
}

void peers_close_workers(struct controller *ctl)
{
	close_some(ctl, true);
}

/* ---- answers in several messages ---- */

void cursor_go(struct cursor *cursor)
{
	struct peer *peer = cursor->peer;
	if (cursor->timer ||
	    outbox_waiting_for(peer->ctl->outbox, peer->id) + conn_waiting(peer->conn) > PEER_BUSY)
		return; /* it is on its way, or on_drained() wakes it */
	cursor->waiting = false;
	if (cursor->next(cursor))
		cursor_end(cursor);
	else if (!cursor->waiting)
		cursor_later(cursor);
}

void cursor_start(struct cursor *cursor, struct request *r, cursor_next next,
                  void (*free_fn)(struct cursor *cursor))
{
	cursor->peer = r->peer;
	cursor->id = r->id;
	cursor->next = next;
	cursor->free = free_fn;
	list_append(&r->peer->cursors, &cursor->in_peer);
	cursor_go(cursor);
}
