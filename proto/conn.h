/* Authenticated connections on a loop: the server's and the client's end, and the daemon's local ticket
 * socket. */
#pragma once
#include "core/util/schema.h"
#include "proto/loop.h"
#include "proto/messages.h"
#include "proto/session.h"

struct conn;

/* Callbacks; conn_close() may be called in any of them. After `closed` the conn is gone. */
struct conn_ops {
	/* The session stands: at the server after OPEN, at the client after the server's first frame. May be
	 * NULL. */
	void (*opened)(void *ctx, struct conn *conn);
	/* One authenticated message. body is valid during the call. */
	void (*message)(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
	                size_t n);
	/* err NULL: an authenticated end (TAG_FINAL). Otherwise what went wrong (ERR_TRUNCATED: cut off). */
	void (*closed)(void *ctx, struct conn *conn, const struct err *err);
	/* The bytes that wait to be sent fell below the low mark. May be NULL. */
	void (*drained)(void *ctx, struct conn *conn);
	/* At the client: conn_dial()'s time is over, OPEN has gone, and the server, which is there, has not
	 * answered it. true: it may take as long as it likes; false, or NULL: the connection fails. */
	bool (*late)(void *ctx, struct conn *conn);
};

void conn_set_ctx(struct conn *conn, const struct conn_ops *ops, void *ctx);
void *conn_ctx(const struct conn *conn);
/* Seals and queues a message; never blocks, never calls back. Before `opened` it goes with OPEN, and only the
 * server that is meant can read it. id: the request's id for answers, a new one for requests, 0 else. A
 * message that permissions.def does not allow the peer never reaches `message`: it is answered with an error.
 */
void conn_send(struct conn *conn, uint32_t type, uint64_t id, const void *record);
/* The same for bytes that were encoded already. */
void conn_send_encoded(struct conn *conn, uint32_t type, uint64_t id, const void *body, size_t n);
/* msg_error from an err. help may be NULL. */
void conn_send_error(struct conn *conn, uint64_t id, const struct err *err, const char *help);
/* TAG_FINAL after what is queued; messages that still come are dropped. `closed` follows without an error
 * when all of it has arrived. */
void conn_finish(struct conn *conn);
/* At once; `closed` is not called. */
void conn_close(struct conn *conn);
const struct session_peer *conn_peer(const struct conn *conn);
size_t conn_waiting(const struct conn *conn); /* bytes queued, not yet taken by the kernel */
/* No more messages are given (back-pressure) until resumed. */
void conn_pause(struct conn *conn, bool pause);
int conn_fd(const struct conn *conn);
/* A serial number of this connection, never reused in this process: for looking it up later. */
uint64_t conn_id(const struct conn *conn);

/* ---- server ---- */

struct server;
struct server_ops {
	/* A verified OPEN of a user or daemon: give the connection its ops by conn_set_ctx(); false refuses
	 * (closes). NULL refuses all. */
	bool (*accepted)(void *ctx, struct conn *conn);
	/* For step sessions at a worker: NULL refuses every step session. Looks the grant up from peer->step;
	 * returns true when it is known (now or within the 10 s that the server waits: it asks again whenever
	 * server_grants_changed() is called). */
	bool (*step_known)(void *ctx, const struct session_peer *peer);
	/* A step session's OPEN is verified: the raw socket with its keys is handed over, nothing was written
	 * but HELLO and nothing read behind OPEN. The callee owns fd and wipes its copy of keys. */
	void (*step_opened)(void *ctx, int fd, const struct session_peer *peer,
	                    const struct session_keys *keys);
};
struct server_conf {
	enum session_role role;
	const char *name; /* audience name: what clients must mean */
	const char *cluster;
	const struct key_master *master; /* controller: verifies every host's key; NULL at a worker */
	const struct key_host
	        *own; /* worker: verifies step keys derived from it; also user tickets of its own host */
	const char *version;
	const uint8_t *instance;    /* 16 bytes, copied, or NULL until known (server_set_instance) */
	uint32_t fd_reserve;        /* nodes + 128: descriptors that users' sessions leave free */
	uint32_t single_uid;        /* single-user mode: the only uid that is served; CORE_NO_VAL: all */
	uint32_t slurm_uid;         /* exempt from the per-uid limit, as root is */
	uint32_t sessions_per_user; /* that limit; 0: SESSIONS_PER_USER */
};
/* Each srun that waits for its step holds one, and five hundred steps in a job are nothing unusual. */
#define SESSIONS_PER_USER 1024
/* Listens on all addresses (or `address`) at port; port 0 takes a free one (server_port tells). */
struct server *server_new(struct loop *loop, const struct server_conf *conf, const char *address,
                          uint16_t port, const struct server_ops *ops, void *ctx, struct err *err);
uint16_t server_port(const struct server *server);
void server_set_instance(struct server *server, const uint8_t instance[16]);
void server_grants_changed(struct server *server);
/* From now on these are the server's keys, of the kind that it was made with. Sessions under a key that is
 * not among them are closed, from the loop: how many. The old ones may be freed then. */
size_t server_set_keys(struct server *server, const struct key_master *master, const struct key_host *own);
void server_free(struct server *server); /* stops listening; open conns stay */

/* ---- client: asynchronous, for daemons and srun ---- */

/* How OPEN gets its mac and keys: one of these. */
struct conn_credential {
	const struct key_host *host_key; /* a daemon's own session */
	const uint8_t *step_key;         /* KEY_SIZE bytes: a step session, of `step` */
	const struct key_step_of *step;
	const uint8_t *step_kid; /* KEY_ID_SIZE bytes: the cluster key of step_key; NULL: the one that the
	                            worker says */
	bool local_daemon;       /* a user's ticket from the daemon of this host */
};
/* Starts to connect to addr ("host" or numeric) at port; returns at once; `opened` or `closed` follows.
 * timeout_us covers connect to opened (see `late`). Names are resolved off the loop's thread, numeric
 * addresses at once.
 */
struct conn *conn_dial(struct loop *loop, const char *addr, uint16_t port,
                       const struct session_audience *audience, const struct conn_credential *credential,
                       int64_t timeout_us, const struct conn_ops *ops, void *ctx, struct err *err);
/* A connection whose session keys came by hand-over (the shepherd's end of a step session): we are the
 * server. Takes fd, also when it fails. `opened` is not called: it stands. */
struct conn *conn_adopt(struct loop *loop, int fd, const struct session_keys *keys,
                        const struct session_peer *peer, const struct conn_ops *ops, void *ctx,
                        struct err *err);

/* ---- client: blocking, for commands ---- */

struct client;
/* Connects to the cluster's controller with a ticket of the local daemon (sockets in /run/batchbox/..., or
 * $BATCHBOX_RUN_DIR of a single-user cluster owned by the caller). Tries for at most timeout_us. Errors:
 * ERR_CONNECT (with Slurm's words), ERR_UNAUTHENTICATED. */
struct client *client_open(const char *addr, uint16_t port, const struct session_audience *audience,
                           int64_t timeout_us, struct err *err);
/* Sends a request and receives the next message with its id: *type and the record decoded into the arena
 * (*record). An msg_error answer becomes err (code and text; help, if any, in *help when not NULL) and -1. */
int client_call(struct client *client, uint32_t type, const void *request, struct arena *arena,
                uint32_t *reply_type, void **record, char **help, struct err *err);
/* How long client_call() waits for an answer from now on; at first as long as client_open() was given. */
void client_patience(struct client *client, int64_t timeout_us);
/* Receives the next message (of the same request or pushed). timeout_us -1: for ever. 0 and *type 0 on a
 * time-out or a signal (EINTR). */
int client_next(struct client *client, struct arena *arena, int64_t timeout_us, uint32_t *type, void **record,
                struct err *err);
int client_send(struct client *client, uint32_t type, const void *request, struct err *err);
/* The number of what was sent last; client_answer is client_next with the number of what is answered, which
 * is 0 when -1 doesn't mean that a request failed, but that no more answers will come. */
uint64_t client_sent(const struct client *client);
int client_answer(struct client *client, struct arena *arena, int64_t timeout_us, uint64_t *id,
                  uint32_t *type, void **record, struct err *err);
int client_fd(const struct client *client);
void client_close(struct client *client);

/* ---- the local ticket socket ---- */

struct ticket_server;
/* Serves tickets at path (`auth` or `auth.NODE` in dir), mode 0666, under a lock; a stale socket is replaced,
 * a live one is an error. dir is made (0755) when missing; each failure says the mend. audiences: the
 * controller's name, and own worker name or NULL. */
struct ticket_server_conf {
	const char *dir;  /* /run/batchbox/slurmctld ... */
	const char *file; /* auth */
	const struct key_host *own;
	const char *controller;  /* audience name */
	const char *worker;      /* own NodeName, or NULL */
	uint32_t single_uid;     /* CORE_NO_VAL: none */
	const char *subuid_path; /* NULL: /etc/subuid */
};
struct ticket_server *ticket_server_new(struct loop *loop, const struct ticket_server_conf *conf,
                                        struct err *err);
/* Tickets are made with this key from now on. */
void ticket_server_set_key(struct ticket_server *server, const struct key_host *own);
void ticket_server_free(struct ticket_server *server);
