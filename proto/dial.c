/* A client's way to a session:
 *
 *     name ──▶ connect ──▶ HELLO ──┬─ own key ──────────────┬──▶ OPEN and the first messages ──▶ (conn.c)
 *                │ ▲                └─ ticket of the local ──┘
 *                └─┘ the next address      daemon
 *
 * Nothing of this calls back inside conn_dial(). */
#include "core/util/arena.h"
#include "proto/conn_priv.h"
#include "proto/secret.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum dial_phase { DIAL_NAME, DIAL_CONNECT, DIAL_HELLO, DIAL_TICKET, DIAL_OPENED };

/* What must not be seen. */
struct dial_secrets {
	struct opening opening;
	uint8_t step_key[KEY_SIZE], step_kid[KEY_ID_SIZE], psk[32];
};
_Static_assert(sizeof(struct dial_secrets) <= SECRET_MAX, "a dialling fits a piece of secret memory");

struct dial {
	struct conn *conn;
	enum dial_phase phase;
	uint16_t port;
	struct resolve *resolve;
	struct sockaddr_storage addrs[RESOLVE_MAX];
	size_t addr_count, addr_next;
	struct err last; /* why the last address did not do */
	struct session_audience audience;
	struct conn_credential credential;
	struct key_step_of step;
	struct dial_secrets *secrets;
	bool has_key; /* e_c was made */
	size_t hello_got;
	struct ticket_ask *ask;
	struct loop_fd *ask_watch;
	struct loop_timer *ask_timer;
	int64_t timeout_us;
};

void dial_free(struct conn *c)
{
	struct dial *d = c->dial;
	if (!d)
		return;
	c->dial = NULL;
	resolve_cancel(d->resolve);
	loop_del_fd(c->loop, d->ask_watch);
	loop_del_timer(c->loop, d->ask_timer);
	ticket_ask_free(d->ask);
	secret_free(d->secrets);
	free(d);
}

/* From the loop only, never inside conn_dial(). d is gone afterwards. */
static void fail(struct dial *d, struct err *err)
{
	struct err copy = *err;
	conn_fail(d->conn, &copy);
}

static void timed_out(void *ctx)
{
	struct dial *d = ctx;
	struct err err = {0};
	struct conn *c = d->conn;
	c->limit = NULL;
	if (d->phase == DIAL_OPENED && c->ops && c->ops->late && c->ops->late(c->ctx, c))
		return;
	if (d->phase == DIAL_NAME)
		err_set(&err, ERR_CONNECT, "the address of %s was not found in time", d->audience.name);
	else if (d->phase == DIAL_CONNECT)
		err_set(&err, ERR_CONNECT, "%s (%s port %u) does not answer", d->audience.name,
		        c->peer.address, (unsigned)d->port);
	else
		err_set(&err, ERR_TIMEOUT, "no session with %s (%s port %u) within %lld ms", d->audience.name,
		        c->peer.address, (unsigned)d->port, (long long)(d->timeout_us / 1000));
	fail(d, &err);
}

/* ---- an address after the other ---- */

static int try_address(struct dial *d, const struct sockaddr_storage *addr)
{
	struct conn *c = d->conn;
	address_text(addr, c->peer.address);
	err_clear(&d->last);
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(&d->last, ERR_CONNECT, "cannot make a socket for %s: %s", c->peer.address,
		               strerror(errno));
	socket_tune(fd);
	c->fd = fd;
	if (connect(fd, (const struct sockaddr *)addr, address_length(addr)) != 0 && errno != EINPROGRESS)
		return err_set(&d->last, ERR_CONNECT, "cannot connect to %s (%s port %u): %s",
		               d->audience.name, c->peer.address, (unsigned)d->port, strerror(errno));
	d->phase = DIAL_CONNECT;
	d->hello_got = 0;
	return conn_watch(c, EPOLLIN | EPOLLOUT, &d->last);
}

static void drop_socket(struct conn *c)
{
	loop_del_fd(c->loop, c->watch);
	c->watch = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void try_next(struct dial *d)
{
	struct conn *c = d->conn;
	drop_socket(c);
	while (d->addr_next < d->addr_count) {
		if (try_address(d, &d->addrs[d->addr_next++]) == 0) {
			/* While the connection is being made. */
			if (!d->has_key)
				opening_start(&d->secrets->opening);
			d->has_key = true;
			return;
		}
		drop_socket(c);
	}
	conn_fail_later(c, &d->last);
}

static void resolved(void *ctx, const struct sockaddr_storage *addrs, size_t n, const struct err *err)
{
	struct dial *d = ctx;
	d->resolve = NULL;
	d->addr_count = n < RESOLVE_MAX ? n : RESOLVE_MAX;
	if (n) {
		memcpy(d->addrs, addrs, d->addr_count * sizeof(*addrs));
		try_next(d);
	} else {
		conn_fail_later(d->conn, err);
	}
}

/* ---- HELLO, OPEN ---- */

static void send_open(struct dial *d, const uint8_t open[WIRE_OPEN_SIZE])
{
	struct session_keys *keys = secret_alloc(sizeof(*keys));
	struct err err = {0};
	int rc = opening_keys(&d->secrets->opening, &d->audience, open, d->secrets->psk, keys, &err);
	d->phase = DIAL_OPENED;
	if (rc == 0)
		conn_begin(d->conn, open, keys);
	secret_free(keys);
	if (rc != 0)
		fail(d, &err);
}

static void ask_again(struct dial *d);

static void ask_event(void *ctx, uint32_t events)
{
	(void)events;
	ask_again(ctx);
}

static void ask_too_slow(void *ctx)
{
	struct dial *d = ctx;
	d->ask_timer = NULL;
	ticket_ask_skip(d->ask);
	ask_again(d);
}

static void ask_again(struct dial *d)
{
	struct loop *loop = d->conn->loop;
	struct err err = {0};
	uint8_t open[WIRE_OPEN_SIZE];
	loop_del_fd(loop, d->ask_watch);
	loop_del_timer(loop, d->ask_timer);
	d->ask_watch = NULL;
	d->ask_timer = NULL;
	int rc = ticket_ask_step(d->ask, open, d->secrets->psk, &err);
	if (rc > 0) {
		struct wire_open w;
		if (wire_get_open(open, &w, &err) == 0)
			memcpy(d->secrets->opening.own_kid, w.kid, KEY_ID_SIZE);
		send_open(d, open);
		return;
	}
	if (rc == 0) {
		d->ask_timer = loop_add_timer(loop, TICKET_TIME_US, ask_too_slow, d);
		d->ask_watch = loop_add_fd(loop, ticket_ask_fd(d->ask), EPOLLIN, ask_event, d, &err);
		if (d->ask_watch)
			return;
	}
	fail(d, &err);
}

static void got_hello(struct dial *d)
{
	struct err err = {0};
	uint8_t open[WIRE_OPEN_SIZE];
	/* Nothing more comes until OPEN is sent, but an end of the connection. */
	conn_watch(d->conn, 0, NULL);
	if (opening_hello(&d->secrets->opening, &d->audience, &err) != 0) {
		fail(d, &err);
		return;
	}
	if (d->credential.local_daemon) {
		d->phase = DIAL_TICKET;
		d->ask = ticket_ask_new(&d->secrets->opening, &d->audience, &err);
		if (d->ask)
			ask_again(d);
		else
			fail(d, &err);
		return;
	}
	if (opening_sign(&d->secrets->opening, &d->audience, &d->credential, open, d->secrets->psk, &err) !=
	    0)
		fail(d, &err);
	else
		send_open(d, open);
}

static void read_hello(struct dial *d)
{
	struct conn *c = d->conn;
	uint8_t *to = d->secrets->opening.hello_bytes;
	ssize_t n = recv(c->fd, to + d->hello_got, WIRE_HELLO_SIZE - d->hello_got, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		err_clear(&d->last);
		err_set(&d->last, ERR_CONNECT, "%s (%s port %u) closed the connection at once%s%s",
		        d->audience.name, c->peer.address, (unsigned)d->port, n < 0 ? ": " : "",
		        n < 0 ? strerror(errno) : "");
		try_next(d);
		return;
	}
	d->hello_got += (size_t)n;
	if (d->hello_got == WIRE_HELLO_SIZE)
		got_hello(d);
}

void dial_event(struct conn *c, uint32_t events)
{
	struct dial *d = c->dial;
	if (d->phase == DIAL_CONNECT) {
		int why = 0;
		socklen_t len = sizeof(why);
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &why, &len) != 0)
			why = errno;
		if (why) {
			err_clear(&d->last);
			err_set(&d->last, ERR_CONNECT, "cannot connect to %s (%s port %u): %s",
			        d->audience.name, c->peer.address, (unsigned)d->port, strerror(why));
			try_next(d);
			return;
		}
		d->phase = DIAL_HELLO;
		conn_watch(c, EPOLLIN, NULL);
	}
	if (d->phase == DIAL_HELLO && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
		read_hello(d);
	} else if (d->phase == DIAL_TICKET && (events & (EPOLLHUP | EPOLLERR))) {
		err_clear(&d->last);
		err_set(&d->last, ERR_CONNECT, "%s (%s port %u) closed the connection", d->audience.name,
		        c->peer.address, (unsigned)d->port);
		fail(d, &d->last);
	}
}

void dial_refused(const struct conn *c, uint8_t code, struct err *err)
{
	const struct dial *d = c->dial;
	const char *text = wire_refusal_text(code);
	char there[2 * KEY_ID_SIZE + 1], here[2 * KEY_ID_SIZE + 1];
	if (!d || code != REFUSED_KEY) {
		err_set(err,
		        code == REFUSED_BUSY      ? ERR_LIMIT
		        : code == REFUSED_VERSION ? ERR_VERSION
		                                  : ERR_UNAUTHENTICATED,
		        "%s refused this connection (unverified answer: %s)", c->peer.address, text);
		return;
	}
	sodium_bin2hex(there, sizeof(there), d->secrets->opening.hello.kid, KEY_ID_SIZE);
	sodium_bin2hex(here, sizeof(here), d->secrets->opening.own_kid, KEY_ID_SIZE);
	err_set(err, ERR_UNAUTHENTICATED,
	        "%s refused this connection (unverified answer: %s): its key has id %s, this host's %s; put "
	        "the same key file on both",
	        c->peer.address, text, there, here);
}

/* ---- starting ---- */

static struct conn *dial(struct loop *loop, const char *addr, uint16_t port,
                         const struct session_audience *audience, const struct conn_credential *credential,
                         int64_t timeout_us, const struct conn_ops *ops, void *ctx, bool held,
                         struct err *err)
{
	if (!credential->host_key && !credential->local_daemon &&
	    !(credential->step_key && credential->step)) {
		err_set(err, ERR_INTERNAL, "a connection without a credential");
		return NULL;
	}
	struct conn *c = conn_new(loop, ops, ctx);
	struct dial *d = xcalloc(1, sizeof(*d));
	c->phase = CONN_DIALING;
	c->held = held;
	c->dial = d;
	c->peer.kind = SESSION_DAEMON;
	c->peer.class = audience->role == ROLE_CONTROLLER ? KEY_CLASS_CONTROLLER : KEY_CLASS_WORKER;
	c->peer.uid = c->peer.gid = UINT32_MAX;
	text_copy(c->peer.host, sizeof(c->peer.host), audience->name);
	text_copy(c->peer.address, sizeof(c->peer.address), addr);
	d->conn = c;
	d->port = port;
	d->audience = *audience;
	d->credential = *credential;
	d->timeout_us = timeout_us;
	d->secrets = secret_alloc(sizeof(*d->secrets));
	if (credential->step_key && credential->step) {
		memcpy(d->secrets->step_key, credential->step_key, KEY_SIZE);
		d->step = *credential->step;
		d->credential.step_key = d->secrets->step_key;
		d->credential.step = &d->step;
		if (credential->step_kid) {
			memcpy(d->secrets->step_kid, credential->step_kid, KEY_ID_SIZE);
			d->credential.step_kid = d->secrets->step_kid;
		}
	}
	c->limit = loop_add_timer(loop, timeout_us, timed_out, d);
	struct resolve *resolve = resolve_start(loop, addr, port, resolved, d);
	d->resolve = resolve;
	return c;
}

struct conn *conn_dial(struct loop *loop, const char *addr, uint16_t port,
                       const struct session_audience *audience, const struct conn_credential *credential,
                       int64_t timeout_us, const struct conn_ops *ops, void *ctx, struct err *err)
{
	return dial(loop, addr, port, audience, credential, timeout_us, ops, ctx, false, err);
}

struct conn *dial_held(struct loop *loop, const char *addr, uint16_t port,
                       const struct session_audience *audience, const struct conn_credential *credential,
                       int64_t timeout_us, const struct conn_ops *ops, void *ctx, struct err *err)
{
	return dial(loop, addr, port, audience, credential, timeout_us, ops, ctx, true, err);
}
