#include "core/util/arena.h"
#include "core/util/log.h"
#include "proto/conn_priv.h"
#include "proto/fault.h"
#include "proto/permission.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define READ_SIZE  65536
#define READ_TURNS 4 /* reads of one connection before others get their turn */
#define LOW_MARK   65536
#define KEPT_MAX   65536 /* bytes of an empty queue's memory that are kept */
#define LINGER_US  5000000

static void conn_event(void *ctx, uint32_t events);
static void push(struct conn *c);

/* ---- life ---- */

struct conn *conn_new(struct loop *loop, const struct conn_ops *ops, void *ctx)
{
	static atomic_uint_least64_t last_id;
	struct conn *c = xcalloc(1, sizeof(*c));
	c->loop = loop;
	c->fd = -1;
	c->id = atomic_fetch_add(&last_id, 1) + 1;
	c->ops = ops;
	c->ctx = ctx;
	list_init(&c->in_server);
	return c;
}

/* Gives up what others can notice: socket, timers, a place among the server's sessions. */
static void let_go(struct conn *c)
{
	c->phase = CONN_DEAD;
	loop_del_timer(c->loop, c->later);
	loop_del_timer(c->loop, c->limit);
	c->later = c->limit = NULL;
	loop_del_fd(c->loop, c->watch);
	c->watch = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	dial_free(c);
	server_forget(c);
}

void conn_retain(struct conn *c)
{
	c->busy++;
}

void conn_release(struct conn *c)
{
	if (--c->busy > 0 || c->phase != CONN_DEAD)
		return;
	session_free(c->session);
	if (c->early.s)
		sodium_memzero(c->early.s, c->early.len);
	text_free(&c->early);
	text_free(&c->in);
	text_free(&c->out);
	free(c);
}

void conn_close(struct conn *c)
{
	if (!c || c->phase == CONN_DEAD)
		return;
	conn_retain(c);
	push(c); /* what was sent in a batch that is not over */
	let_go(c);
	conn_release(c);
}

void conn_fail(struct conn *c, const struct err *err)
{
	struct err copy = {0};
	if (c->phase == CONN_DEAD)
		return;
	if (err)
		copy = *err;
	conn_retain(c);
	let_go(c);
	if (c->ops && c->ops->closed)
		c->ops->closed(c->ctx, c, err ? &copy : NULL);
	conn_release(c);
}

void conn_set_ctx(struct conn *c, const struct conn_ops *ops, void *ctx)
{
	c->ops = ops;
	c->ctx = ctx;
}

void *conn_ctx(const struct conn *c)
{
	return c->ctx;
}

const struct session_peer *conn_peer(const struct conn *c)
{
	return &c->peer;
}

size_t conn_waiting(const struct conn *c)
{
	return c->out.len - c->out_at + c->early.len;
}

int conn_fd(const struct conn *c)
{
	return c->fd;
}

uint64_t conn_id(const struct conn *c)
{
	return c->id;
}

/* ---- watching ---- */

int conn_watch(struct conn *c, uint32_t events, struct err *err)
{
	if (!c->watch)
		c->watch = loop_add_fd(c->loop, c->fd, events, conn_event, c, err);
	else if (events != c->events)
		loop_mod_fd(c->loop, c->watch, events);
	c->events = events;
	return c->watch ? 0 : -1;
}

static void rewatch(struct conn *c)
{
	if (!c->watch || c->phase == CONN_DIALING || c->phase == CONN_DEAD)
		return;
	uint32_t events = c->paused && c->phase < CONN_LINGERING ? 0 : EPOLLIN;
	if (c->out.len > c->out_at && !c->held && !c->broken)
		events |= EPOLLOUT;
	conn_watch(c, events, NULL);
}

/* ---- what must not happen inside a call of the connection's user happens in the loop's next round ---- */

static void take(struct conn *c, const uint8_t *bytes, size_t n);
static void uncork(struct conn *c);

static void run_later(void *ctx)
{
	struct conn *c = ctx;
	struct err err = {0};
	c->later = NULL;
	conn_retain(c);
	if (c->failed.code) {
		conn_fail(c, &c->failed);
	} else if (!c->paused && c->session) {
		c->corked = true;
		take(c, NULL, 0);
		uncork(c);
		if (c->phase != CONN_DEAD && !c->watch && conn_watch(c, EPOLLIN, &err) != 0)
			conn_fail(c, &err);
	}
	conn_release(c); /* NOLINT(clang-analyzer-unix.Malloc): it is retained */
}

static void call_later(struct conn *c)
{
	if (!c->later)
		c->later = loop_add_timer(c->loop, 0, run_later, c);
}

void conn_fail_later(struct conn *c, const struct err *err)
{
	if (!c->failed.code)
		c->failed = *err;
	call_later(c);
}

void conn_pause(struct conn *c, bool pause)
{
	bool resumes = c->paused && !pause;
	c->paused = pause;
	if (c->phase == CONN_DEAD)
		return;
	rewatch(c);
	/* Messages may lie here already, that no event will announce. */
	if (resumes)
		call_later(c);
}

/* ---- sending ---- */

static void linger_over(void *ctx)
{
	struct conn *c = ctx;
	struct err err = {0};
	int unsent = 0;
	c->limit = NULL;
	/* What the peer's kernel has, its program can still read. */
	if (ioctl(c->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0)
		err_set(&err, ERR_TIMEOUT, "%s did not take the end of the session", c->peer.address);
	conn_fail(c, err.code ? &err : NULL);
}

/* All is sent. A socket that is closed with unread bytes in it resets the connection, and the peer may lose
 * what it has not read: so what still comes is read and dropped until the peer closes. */
static void linger(struct conn *c)
{
	c->phase = CONN_LINGERING;
	text_free(&c->in);
	c->in_at = 0;
	shutdown(c->fd, SHUT_WR);
	loop_del_timer(c->loop, c->limit);
	c->limit = loop_add_timer(c->loop, LINGER_US, linger_over, c);
}

/* As much as the kernel takes. */
static void push(struct conn *c)
{
	while (c->out.len > c->out_at && !c->held && !c->broken && c->fd >= 0) {
		fault_point("before send");
		ssize_t n = send(c->fd, c->out.s + c->out_at, c->out.len - c->out_at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM))
			break;
		/* When it failed, what the peer sent before it went can still be read: the loop comes to its
		 * end by itself. */
		c->broken = n < 0;
		fault_point("after send");
		c->out_at += n > 0 ? (size_t)n : 0;
	}
}

void conn_flush(struct conn *c)
{
	push(c);
	if (c->broken || c->out_at == c->out.len) {
		c->out_at = 0;
		text_clear(&c->out);
		if (c->out.cap > KEPT_MAX)
			text_free(&c->out);
	} else if (c->out_at > c->out.len / 2) {
		memmove(c->out.s, c->out.s + c->out_at, c->out.len - c->out_at);
		c->out.len -= c->out_at;
		c->out_at = 0;
	}
	if (c->out.len > 0)
		c->tell_drained = true;
	else if (c->phase == CONN_FINISHING && !c->broken)
		linger(c);
	rewatch(c);
}

static void uncork(struct conn *c)
{
	c->corked = false;
	if (c->phase != CONN_DEAD)
		conn_flush(c);
}

void conn_send_encoded(struct conn *c, uint32_t type, uint64_t id, const void *body, size_t n)
{
	if (c->phase >= CONN_FINISHING || c->broken || c->finish_early)
		return;
	if (!c->session) {
		varint_put(&c->early, type);
		varint_put(&c->early, id);
		varint_put(&c->early, n);
		text_add_n(&c->early, body, n);
		return;
	}
	session_seal(c->session, type, id, body, n, false, &c->out, NULL);
	c->held = false;
	if (!c->corked)
		conn_flush(c);
}

void conn_send(struct conn *c, uint32_t type, uint64_t id, const void *record)
{
	struct text body = TEXT_EMPTY;
	schema_encode(message_schema(type), record, &body);
	conn_send_encoded(c, type, id, body.s, body.len);
	text_free(&body);
}

void conn_send_error(struct conn *c, uint64_t id, const struct err *err, const char *help)
{
	struct msg_error m;
	char *text = xstrdup(err->text), *advice = xstrdup(help);
	schema_init(schema_of_msg_error(), &m);
	m.code = (uint32_t)(err->code > 0 ? err->code : ERR_INTERNAL);
	m.text = *text ? text : NULL;
	m.help = advice;
	conn_send(c, MSG_msg_error, id, &m);
	free(text);
	free(advice);
}

void conn_finish(struct conn *c)
{
	if (c->phase >= CONN_FINISHING)
		return;
	if (!c->session) {
		c->finish_early = true;
		return;
	}
	session_seal_final(c->session, &c->out, NULL);
	c->phase = CONN_FINISHING;
	c->held = false;
	if (!c->corked)
		conn_flush(c);
}

static void seal_early(struct conn *c)
{
	struct text early = c->early;
	const uint8_t *p = (const uint8_t *)early.s;
	c->early = (struct text)TEXT_EMPTY;
	for (size_t at = 0; at < early.len;) {
		uint64_t type = 0, id = 0, n = 0;
		at += varint_get(p + at, early.len - at, &type);
		at += varint_get(p + at, early.len - at, &id);
		at += varint_get(p + at, early.len - at, &n);
		session_seal(c->session, (uint32_t)type, id, p + at, (size_t)n, false, &c->out, NULL);
		at += (size_t)n;
		c->held = false;
	}
	if (early.s)
		sodium_memzero(early.s, early.len);
	text_free(&early);
}

void conn_begin(struct conn *c, const uint8_t open[WIRE_OPEN_SIZE], const struct session_keys *keys)
{
	c->session = session_new(keys, false);
	c->phase = CONN_WELCOME;
	text_add_n(&c->out, (const char *)open, WIRE_OPEN_SIZE);
	seal_early(c);
	conn_watch(c, EPOLLIN, NULL);
	conn_flush(c);
}

/* ---- receiving ---- */

static void refuse_message(struct conn *c, const struct session_message *m)
{
	struct err err = {0};
	if (!message_schema(m->type))
		err_set(&err, ERR_NOT_SUPPORTED, "message %u is not supported by version %s",
		        (unsigned)m->type, BATCHBOX_VERSION);
	else
		err_set(&err, ERR_ACCESS_DENIED, NULL);
	log_debug("%s may not send message %u (%s)", c->peer.address, (unsigned)m->type,
	          message_name(m->type));
	conn_send_error(c, m->id, &err, NULL);
}

static bool is_welcome(const struct session_message *m)
{
	struct arena arena;
	struct msg_welcome welcome;
	struct err err = {0};
	if (m->type != MSG_msg_welcome)
		return false;
	arena_init(&arena);
	int rc = schema_decode(schema_of_msg_welcome(), &welcome, m->body, m->n, &arena, &err);
	arena_free(&arena);
	return rc == 0;
}

static void opened(struct conn *c)
{
	c->phase = CONN_OPEN;
	loop_del_timer(c->loop, c->limit);
	c->limit = NULL;
	dial_free(c);
	if (c->ops && c->ops->opened)
		c->ops->opened(c->ctx, c);
	if (c->finish_early && c->phase == CONN_OPEN) {
		c->finish_early = false;
		conn_finish(c);
	}
}

static void deliver(struct conn *c, const struct session_message *m)
{
	if (c->phase == CONN_WELCOME) {
		struct err err = {0};
		if (is_welcome(m)) {
			opened(c);
		} else {
			err_set(&err, ERR_COMMUNICATION, "%s did not begin with a welcome", c->peer.address);
			conn_fail(c, &err);
		}
		return;
	}
	/* An answer to an error would be answered for ever. */
	bool known = message_schema(m->type) != NULL;
	bool allowed = !c->checked || m->type == MSG_msg_error ||
	               permission_may_send(m->type, &c->peer, c->slurm_uid);
	if (!known || !allowed)
		refuse_message(c, m);
	else if (c->ops && c->ops->message)
		c->ops->message(c->ctx, c, m->type, m->id, m->body, m->n);
}

/* The peer ended its direction, and wants no more of ours. */
static void peer_finished(struct conn *c)
{
	if (c->phase == CONN_OPEN) {
		session_seal_final(c->session, &c->out, NULL);
		c->held = false;
		push(c);
	}
	conn_fail(c, NULL);
}

/* Hands out every whole message of these bytes; returns how many bytes were used. */
static size_t digest(struct conn *c, const uint8_t *bytes, size_t n)
{
	size_t at = 0;
	while (!c->paused && (c->phase == CONN_OPEN || c->phase == CONN_WELCOME)) {
		struct session_message m;
		struct err err = {0};
		size_t used = 0;
		int rc = session_feed(c->session, bytes + at, n - at, &used, message_limit, &m, &err);
		at += used;
		if (rc == 1)
			deliver(c, &m);
		else if (rc == 2)
			peer_finished(c);
		else if (rc < 0)
			conn_fail(c, &err);
		if (rc != 1)
			break;
	}
	return at;
}

static void take(struct conn *c, const uint8_t *bytes, size_t n)
{
	static const uint8_t nothing[1];
	if (c->in.len == c->in_at) {
		size_t used = digest(c, n ? bytes : nothing, n);
		c->in_at = 0;
		text_clear(&c->in);
		if (c->phase < CONN_FINISHING && used < n)
			text_add_n(&c->in, (const char *)bytes + used, n - used);
	} else {
		if (n)
			text_add_n(&c->in, (const char *)bytes, n);
		c->in_at += digest(c, (const uint8_t *)c->in.s + c->in_at, c->in.len - c->in_at);
	}
	if (c->in_at == c->in.len) {
		c->in_at = 0;
		text_clear(&c->in);
	} else if (c->in_at > c->in.len / 2) {
		memmove(c->in.s, c->in.s + c->in_at, c->in.len - c->in_at);
		c->in.len -= c->in_at;
		c->in_at = 0;
	}
	if (c->in.len == 0 && c->in.cap > KEPT_MAX)
		text_free(&c->in);
}

/* The socket ended: cause 0 in order, as far as the kernel knows, or an errno. */
static void ended(struct conn *c, int cause)
{
	struct err err = {0};
	if (c->phase == CONN_LINGERING) {
		conn_fail(c, NULL);
		return;
	}
	/* Before anything authenticated came, a server may say in one byte why it refuses. */
	if (c->phase == CONN_WELCOME && c->in.len - c->in_at == 1)
		dial_refused(c, (uint8_t)c->in.s[c->in_at], &err);
	else if (c->phase == CONN_WELCOME)
		err_set(&err, ERR_CONNECT, "%s closed the connection before the session stood%s%s",
		        c->peer.address, cause ? ": " : "", cause ? strerror(cause) : "");
	else
		err_set(&err, ERR_TRUNCATED, "the connection with %s was cut%s%s", c->peer.address,
		        cause ? ": " : "", cause ? strerror(cause) : "");
	conn_fail(c, &err);
}

static void receive(struct conn *c)
{
	uint8_t buf[READ_SIZE];
	c->corked = true;
	/* What a reader that has just resumed left lying comes before what is new, or the end. */
	if (c->later)
		take(c, NULL, 0);
	for (int turn = 0;
	     turn < READ_TURNS && c->phase != CONN_DEAD && !(c->paused && c->phase < CONN_LINGERING);
	     turn++) {
		ssize_t n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			ended(c, n < 0 ? errno : 0);
			break;
		}
		if (c->phase < CONN_FINISHING)
			take(c, buf, (size_t)n);
		if ((size_t)n < sizeof(buf))
			break;
	}
	uncork(c); /* NOLINT(clang-analyzer-unix.Malloc): it is retained */
}

static void writable(struct conn *c)
{
	conn_flush(c);
	if (c->tell_drained && conn_waiting(c) < LOW_MARK) {
		c->tell_drained = false;
		if (c->phase == CONN_OPEN && c->ops && c->ops->drained)
			c->ops->drained(c->ctx, c);
	}
}

static void conn_event(void *ctx, uint32_t events)
{
	struct conn *c = ctx;
	conn_retain(c);
	if (c->phase == CONN_DIALING) {
		dial_event(c, events);
	} else {
		if (events & EPOLLOUT)
			writable(c);
		if (c->phase != CONN_DEAD && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
			if (c->paused && c->phase < CONN_LINGERING) {
				loop_del_fd(c->loop, c->watch);
				c->watch = NULL;
			} else {
				receive(c);
			}
		}
	}
	conn_release(c);
}

/* ---- a server's end ---- */

struct conn *conn_serve(struct loop *loop, int fd, const struct session_keys *keys,
                        const struct session_peer *peer, const char *version, const uint8_t *instance,
                        struct err *err)
{
	struct conn *c = conn_new(loop, NULL, NULL);
	struct msg_welcome m;
	char *text = xstrdup(version);
	uint8_t copy[16];
	c->fd = fd;
	c->peer = *peer;
	c->phase = CONN_OPEN;
	c->corked = c->checked = true;
	c->slurm_uid = CORE_NO_VAL;
	c->session = session_new(keys, true);
	if (conn_watch(c, EPOLLIN, err) != 0) {
		conn_close(c);
		c = NULL;
	} else {
		schema_init(schema_of_msg_welcome(), &m);
		m.version = text;
		if (instance) {
			memcpy(copy, instance, sizeof(copy));
			m.instance = (struct schema_bytes){copy, sizeof(copy)};
		}
		conn_send(c, MSG_msg_welcome, 0, &m);
	}
	free(text);
	return c;
}

void conn_start(struct conn *c)
{
	conn_retain(c);
	opened(c);
	if (c->phase != CONN_DEAD)
		receive(c);
	conn_release(c);
}

struct conn *conn_adopt(struct loop *loop, int fd, const struct session_keys *keys,
                        const struct session_peer *peer, const struct conn_ops *ops, void *ctx,
                        struct err *err)
{
	struct conn *c = conn_serve(loop, fd, keys, peer, BATCHBOX_VERSION, peer->step.instance, err);
	if (c) {
		conn_set_ctx(c, ops, ctx);
		uncork(c);
	}
	return c;
}
