/* A small cluster in one process: a controller's and a worker's server, their ticket sockets, and raw sockets
 * for those who cheat. */
#pragma once
#include "core/util/arena.h"
#include "core/util/log.h"
#include "proto/conn_priv.h"
#include "proto/permission.h"
#include "proto/secret.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_US 20000000 /* generous: nothing here is timed */

/* Pass -fsanitize's allocator on what this file does not use. */
#define UNUSED __attribute__((unused))

/* What a connection's callbacks saw. */
struct seen {
	struct conn *conn;
	bool opened, closed;
	struct err err; /* of closed */
	unsigned messages, drained, late;
	uint32_t type;
	uint64_t id;
	uint8_t *body;
	size_t n;
	void (*on_message)(struct seen *seen, uint32_t type, uint64_t id, const uint8_t *body, size_t n);
};

struct world {
	struct loop *loop;
	struct key_master *master;
	struct key_host *controller_key, *worker_key, *login_key;
	struct server *controller, *worker;
	struct ticket_server *tickets;
	char run_dir[64];
	/* what the servers saw last */
	struct seen at_server;
	unsigned accepted;
	bool refuse_accept;
	/* the worker's grants */
	bool granted;
	int step_fd;
	struct session_peer step_peer;
	struct session_keys step_keys;
};

static const uint8_t KEY_BYTES[64] = "the key file of this test's cluster";
static const uint8_t INSTANCE[16] = "instance of test";

static inline void seen_opened(void *ctx, struct conn *conn)
{
	struct seen *s = ctx;
	(void)conn;
	s->opened = true;
}
static inline void seen_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                                size_t n)
{
	struct seen *s = ctx;
	s->conn = conn;
	s->messages++;
	s->type = type;
	s->id = id;
	free(s->body);
	s->body = xmalloc(n + 1);
	memcpy(s->body, body, n);
	s->n = n;
	if (s->on_message)
		s->on_message(s, type, id, body, n);
}
static inline void seen_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct seen *s = ctx;
	(void)conn;
	s->closed = true;
	s->conn = NULL;
	if (err)
		s->err = *err;
}
static inline void seen_drained(void *ctx, struct conn *conn)
{
	struct seen *s = ctx;
	(void)conn;
	s->drained++;
}
static const struct conn_ops seen_ops UNUSED = {
        .opened = seen_opened, .message = seen_message, .closed = seen_closed, .drained = seen_drained};

static inline void seen_reset(struct seen *s)
{
	free(s->body);
	*s = (struct seen){.on_message = s->on_message};
}

/* Turns the loop until the condition holds; fails the test when it doesn't come true. */
#define WAIT_FOR(w, condition)                                                                               \
	do {                                                                                                 \
		int64_t until_ = loop_clock() + WAIT_US;                                                     \
		while (!(condition)) {                                                                       \
			loop_once((w)->loop, 100);                                                           \
			if (loop_clock() > until_)                                                           \
				fail_msg("waited in vain for: %s", #condition);                              \
		}                                                                                            \
	} while (0)

static inline void answer_ping(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct msg_pong pong;
	(void)body;
	(void)n;
	schema_init(schema_of_msg_pong(), &pong);
	if (type == MSG_msg_ping)
		conn_send(s->conn, MSG_msg_pong, id, &pong);
}

static inline bool world_accepted(void *ctx, struct conn *conn)
{
	struct world *w = ctx;
	w->accepted++;
	if (w->refuse_accept)
		return false;
	w->at_server.conn = conn;
	conn_set_ctx(conn, &seen_ops, &w->at_server);
	return true;
}
static inline bool world_step_known(void *ctx, const struct session_peer *peer)
{
	struct world *w = ctx;
	return w->granted && peer->step.launch == 77;
}
static inline void world_step_opened(void *ctx, int fd, const struct session_peer *peer,
                                     const struct session_keys *keys)
{
	struct world *w = ctx;
	if (w->step_fd >= 0)
		close(w->step_fd);
	w->step_fd = fd;
	w->step_peer = *peer;
	w->step_keys = *keys;
}
static const struct server_ops controller_ops UNUSED = {.accepted = world_accepted};
static const struct server_ops worker_ops UNUSED = {
        .accepted = world_accepted, .step_known = world_step_known, .step_opened = world_step_opened};

static inline struct server *start_controller(struct world *w, uint16_t port)
{
	struct err err = {0};
	const struct server_conf conf = {.role = ROLE_CONTROLLER,
	                                 .name = "head",
	                                 .cluster = "lab",
	                                 .master = w->master,
	                                 .own = w->controller_key,
	                                 .version = "test 1",
	                                 .instance = INSTANCE,
	                                 .fd_reserve = 8,
	                                 .single_uid = CORE_NO_VAL,
	                                 .slurm_uid = 990};
	struct server *s = server_new(w->loop, &conf, "127.0.0.1", port, &controller_ops, w, &err);
	if (!s)
		fail_msg("%s", err_text(&err));
	return s;
}

static inline struct server *start_worker(struct world *w)
{
	struct err err = {0};
	const struct server_conf conf = {.role = ROLE_WORKER,
	                                 .name = "n1",
	                                 .cluster = "lab",
	                                 .own = w->worker_key,
	                                 .version = "test 1",
	                                 .fd_reserve = 8,
	                                 .single_uid = CORE_NO_VAL,
	                                 .slurm_uid = 990};
	struct server *s = server_new(w->loop, &conf, "127.0.0.1", 0, &worker_ops, w, &err);
	if (!s)
		fail_msg("%s", err_text(&err));
	return s;
}

static inline struct ticket_server *start_tickets(struct world *w, const char *daemon, const char *file,
                                                  struct key_host *own)
{
	struct err err = {0};
	char *dir = xprintf("%s/%s", w->run_dir, daemon);
	const struct ticket_server_conf conf = {
	        .dir = dir,
	        .file = file,
	        .own = own,
	        .controller = "head",
	        .worker = key_host_class(own) == KEY_CLASS_WORKER ? key_host_name(own) : NULL,
	        .single_uid = CORE_NO_VAL,
	        .subuid_path = "/nonexistent"};
	struct ticket_server *t = ticket_server_new(w->loop, &conf, &err);
	if (!t)
		fail_msg("%s", err_text(&err));
	free(dir);
	return t;
}

static inline struct world *world_new(void)
{
	struct err err = {0};
	struct world *w = xcalloc(1, sizeof(*w));
	w->step_fd = -1;
	w->loop = loop_new(&err);
	w->master = key_master_from_bytes(KEY_BYTES, sizeof(KEY_BYTES), &err);
	w->controller_key = key_host_derive(w->master, "lab", KEY_CLASS_CONTROLLER, "head", 0, &err);
	w->worker_key = key_host_derive(w->master, "lab", KEY_CLASS_WORKER, "n1", 0, &err);
	w->login_key = key_host_derive(w->master, "lab", KEY_CLASS_LOGIN, "login1", 0, &err);
	w->controller = start_controller(w, 0);
	w->worker = start_worker(w);
	w->at_server.on_message = answer_ping;
	snprintf(w->run_dir, sizeof(w->run_dir), "/tmp/proto_world.XXXXXX");
	if (!mkdtemp(w->run_dir))
		fail_msg("mkdtemp");
	chmod(w->run_dir, 0755);
	setenv("BATCHBOX_RUN_DIR", w->run_dir, 1);
	return w;
}

static inline void world_free(struct world *w)
{
	char command[96];
	server_free(w->controller);
	server_free(w->worker);
	ticket_server_free(w->tickets);
	if (w->at_server.conn)
		conn_close(w->at_server.conn);
	free(w->at_server.body);
	if (w->step_fd >= 0)
		close(w->step_fd);
	key_host_free(w->controller_key);
	key_host_free(w->worker_key);
	key_host_free(w->login_key);
	key_master_free(w->master);
	loop_free(w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->run_dir);
	assert_int_equal(system(command), 0);
	free(w);
}

static inline struct session_audience to_controller(void)
{
	return (struct session_audience){.role = ROLE_CONTROLLER, .name = "head", .cluster = "lab"};
}
static inline struct session_audience to_worker(void)
{
	return (struct session_audience){.role = ROLE_WORKER, .name = "n1", .cluster = "lab"};
}
static inline struct key_step_of a_step(void)
{
	struct key_step_of of = {.serial = 5,
	                         .step_id = 0,
	                         .launch = 77,
	                         .uid = 1000,
	                         .rights = STEP_RIGHT_IO | STEP_RIGHT_SIGNAL};
	memcpy(of.instance, INSTANCE, sizeof(of.instance));
	return of;
}

/* A daemon's or a step's connection, dialled to that port. */
static inline struct conn *dial_as(struct world *w, struct seen *seen, uint16_t port,
                                   const struct session_audience *audience,
                                   const struct conn_credential *credential)
{
	struct err err = {0};
	struct conn *c =
	        conn_dial(w->loop, "127.0.0.1", port, audience, credential, WAIT_US, &seen_ops, seen, &err);
	if (!c)
		fail_msg("%s", err_text(&err));
	seen->conn = c;
	return c;
}

static inline struct conn *dial_controller(struct world *w, struct seen *seen)
{
	const struct session_audience audience = to_controller();
	const struct conn_credential credential = {.host_key = w->worker_key};
	return dial_as(w, seen, server_port(w->controller), &audience, &credential);
}

static inline void send_ping(struct conn *c, uint64_t id)
{
	struct msg_ping ping;
	schema_init(schema_of_msg_ping(), &ping);
	ping.token = id;
	conn_send(c, MSG_msg_ping, id, &ping);
}

/* ---- raw sockets ---- */

static inline int raw_connect(uint16_t port)
{
	struct sockaddr_in addr = {
	        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* Reads exactly n bytes while the loop turns; fewer when the other side closes. */
static inline size_t raw_read(struct world *w, int fd, uint8_t *to, size_t n)
{
	size_t got = 0;
	int64_t until = loop_clock() + WAIT_US;
	while (got < n) {
		ssize_t r = recv(fd, to + got, n - got, MSG_DONTWAIT);
		if (r == 0 || (r < 0 && errno != EAGAIN))
			break;
		if (r > 0)
			got += (size_t)r;
		else
			loop_once(w->loop, 10);
		if (loop_clock() > until)
			fail_msg("waited in vain for %zu bytes", n - got);
	}
	return got;
}

/* An OPEN of a worker daemon for that HELLO, and the session's keys. */
static inline void raw_open(struct world *w, const uint8_t hello[WIRE_HELLO_SIZE],
                            uint8_t open[WIRE_OPEN_SIZE], struct session_keys *keys)
{
	const struct session_audience audience = to_controller();
	const struct conn_credential credential = {.host_key = w->worker_key};
	struct opening o = {0};
	struct err err = {0};
	uint8_t psk[32];
	opening_start(&o);
	memcpy(o.hello_bytes, hello, WIRE_HELLO_SIZE);
	assert_int_equal(opening_hello(&o, &audience, &err), 0);
	assert_int_equal(opening_sign(&o, &audience, &credential, open, psk, &err), 0);
	assert_int_equal(opening_keys(&o, &audience, open, psk, keys, &err), 0);
}
