/* What the files of connections share.
 *
 *   conn.c           a connection whose session stands: sending, receiving, ending
 *   dial.c           a client's way there: name, connect, HELLO, OPEN
 *   open.c           a client's half of the handshake
 *   ticket_client.c  where a user's half comes from: a daemon of this host
 *   server.c         a server: listening, connections that have not said who they are, sessions
 *   verify.c         a server's half of the handshake
 *   ticket.c         the daemon's local socket
 *   client.c         a connection for those without a loop
 *   handover.c       a session that moves to another process
 *   resolve.c        names and addresses */
#pragma once
#include "core/util/list.h"
#include "proto/conn.h"
#include "proto/wire.h"

#include <netinet/in.h>
#include <sys/socket.h>

#ifndef BATCHBOX_VERSION
#define BATCHBOX_VERSION "0.1"
#endif

/* ---- conn.c ---- */

enum conn_phase {
	CONN_DIALING,
	CONN_WELCOME, /* client: OPEN is made, the server's first frame is to come */
	CONN_OPEN,
	CONN_FINISHING, /* TAG_FINAL is queued */
	CONN_LINGERING, /* it was sent: until the peer has closed, too */
	CONN_DEAD,
};

struct conn {
	struct loop *loop;
	const struct conn_ops *ops;
	void *ctx;
	uint64_t id;
	enum conn_phase phase;
	int fd;
	struct loop_fd *watch; /* NULL also when a paused connection was broken by its peer: the rest is read
	                          when the reader goes on */
	uint32_t events;
	bool paused;
	bool corked; /* what is sent waits for the end of a batch */
	bool held;   /* OPEN waits for the first message, to go with it */
	bool broken; /* the kernel takes no more: the loop will tell */
	bool finish_early;
	bool tell_drained;
	bool checked; /* a server's: what the peer may send is in permissions.def */
	uint32_t slurm_uid;
	unsigned busy; /* callbacks that are running: memory stays until they have returned */
	struct session *session;
	struct session_peer peer;
	struct text in; /* received, not yet used: from in_at */
	size_t in_at;
	struct text out; /* sealed: from out_at not yet taken by the kernel */
	size_t out_at;
	struct text early; /* messages that were sent before the session stood */
	struct err failed;
	struct loop_timer *later; /* a callback that must not run inside the call that caused it */
	struct loop_timer *limit;
	struct dial *dial;     /* a client's, until its session stands */
	struct server *server; /* that counts it, or NULL */
	struct list in_server;
};

struct conn *conn_new(struct loop *loop, const struct conn_ops *ops, void *ctx);
/* A server's connection, with msg_welcome queued and corked; nothing is read or written before conn_start().
 * Takes fd, also when it fails. */
struct conn *conn_serve(struct loop *loop, int fd, const struct session_keys *keys,
                        const struct session_peer *peer, const char *version, const uint8_t *instance,
                        struct err *err);
/* Calls `opened`, takes what has come already, sends. */
void conn_start(struct conn *conn);
/* A client's session is ready to begin: sends OPEN (unless it is held) and what was sent early. */
void conn_begin(struct conn *conn, const uint8_t open[WIRE_OPEN_SIZE], const struct session_keys *keys);
/* Ends the connection: `closed` is told. err NULL: in order. Never inside a call of the connection's user. */
void conn_fail(struct conn *conn, const struct err *err);
/* The same, from the loop. */
void conn_fail_later(struct conn *conn, const struct err *err);
/* The connection stays in memory until the matching release. */
void conn_retain(struct conn *conn);
void conn_release(struct conn *conn);
/* Adds or changes the watch on its socket. */
int conn_watch(struct conn *conn, uint32_t events, struct err *err);
/* Sends what is queued as far as the kernel takes it. */
void conn_flush(struct conn *conn);

/* ---- dial.c ---- */

void dial_event(struct conn *conn, uint32_t events);
void dial_free(struct conn *conn);
/* Why an unanswered OPEN may have been refused: code is the server's byte. */
void dial_refused(const struct conn *conn, uint8_t code, struct err *err);
/* conn_dial(), with OPEN held back until the first message is sent. */
struct conn *dial_held(struct loop *loop, const char *addr, uint16_t port,
                       const struct session_audience *audience, const struct conn_credential *credential,
                       int64_t timeout_us, const struct conn_ops *ops, void *ctx, struct err *err);

/* ---- open.c ---- */

/* The client's half of a handshake. Lives in secret memory. */
struct opening {
	uint8_t hello_bytes[WIRE_HELLO_SIZE];
	struct wire_hello hello;
	uint8_t e_secret[32], e_public[32];
	uint8_t own_kid[KEY_ID_SIZE]; /* of what signed OPEN */
};
void opening_start(struct opening *o); /* makes the X25519 key */
/* Looks at HELLO (hello_bytes): is it a server that we can talk to, of the role that is meant? */
int opening_hello(struct opening *o, const struct session_audience *audience, struct err *err);
/* OPEN with the mac of a key that this process has: a daemon's or a step's. */
int opening_sign(struct opening *o, const struct session_audience *audience,
                 const struct conn_credential *credential, uint8_t open[WIRE_OPEN_SIZE], uint8_t psk[32],
                 struct err *err);
/* The session's keys, from OPEN and psk. */
int opening_keys(const struct opening *o, const struct session_audience *audience,
                 const uint8_t open[WIRE_OPEN_SIZE], const uint8_t psk[32], struct session_keys *keys,
                 struct err *err);

/* ---- ticket_client.c ---- */

/* Asks the daemons of this host in turn for a user's ticket. */
struct ticket_ask;
struct ticket_ask *ticket_ask_new(const struct opening *o, const struct session_audience *audience,
                                  struct err *err);
/* 1: open and psk are filled in; 0: wait until ticket_ask_fd() is readable (it may be another one than
 * before); -1: nobody gave one. */
int ticket_ask_step(struct ticket_ask *ask, uint8_t open[WIRE_OPEN_SIZE], uint8_t psk[32], struct err *err);
/* The daemon that is being asked is too slow: on to the next. */
void ticket_ask_skip(struct ticket_ask *ask);
int ticket_ask_fd(const struct ticket_ask *ask);
void ticket_ask_free(struct ticket_ask *ask);
#define TICKET_TIME_US 2000000

/* ---- verify.c ---- */

struct verifier {
	enum session_role role;
	const char *name, *cluster;
	const struct key_master *master;
	const struct key_host *own;
	uint32_t single_uid;
};
/* Checks OPEN in the specification's order and computes the session. 0, or why not, with the reason in why.
 */
enum wire_refusal verify_open(const struct verifier *v, const uint8_t hello[WIRE_HELLO_SIZE],
                              const uint8_t e_secret[32], const uint8_t open[WIRE_OPEN_SIZE],
                              struct session_peer *peer, struct session_keys *keys, char why[200]);
/* The ids that stand for an unmapped user; read once. */
uint32_t overflow_uid(void);
uint32_t overflow_gid(void);

/* ---- server.c ---- */

void server_forget(struct conn *conn); /* it is gone: no longer counted */

/* ---- resolve.c ---- */

#define RESOLVE_MAX 8
/* done runs in the loop's thread. n = 0: err is set. */
typedef void (*resolve_done)(void *ctx, const struct sockaddr_storage *addrs, size_t n,
                             const struct err *err);
struct resolve;
/* Resolves off the loop; numeric addresses and /etc/hosts at once. NULL when done was called already. */
struct resolve *resolve_start(struct loop *loop, const char *name, uint16_t port, resolve_done done,
                              void *ctx);
void resolve_cancel(struct resolve *resolve); /* done is not called any more */
bool address_numeric(const char *name, uint16_t port, struct sockaddr_storage *out);
socklen_t address_length(const struct sockaddr_storage *addr);
void address_text(const struct sockaddr_storage *addr, char out[64]); /* without the port */
/* TCP_NODELAY, keepalive. */
void socket_tune(int fd);
