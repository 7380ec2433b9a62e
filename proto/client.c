/* The blocking client of commands: a loop of its own with one connection. */
#include "core/util/arena.h"
#include "core/util/log.h"
#include "proto/conn_priv.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_US 50000
#define RETRY_MAX_US   1000000

/* A message that came while another one was waited for. */
struct kept {
	struct list in_kept;
	uint32_t type;
	uint64_t id;
	size_t n;
	uint8_t body[];
};

struct client {
	struct loop *loop;
	struct conn *conn; /* NULL: it is over */
	bool over;
	struct err ended; /* why; code 0: in order */
	int64_t timeout_us;
	uint64_t last_id;
	/* The message that has just come: its body is the connection's, which is paused meanwhile. */
	bool has_message;
	uint32_t type;
	uint64_t id;
	const uint8_t *body;
	size_t n;
	struct list kept;
};

static void client_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                           size_t n)
{
	struct client *c = ctx;
	c->has_message = true;
	c->type = type;
	c->id = id;
	c->body = body;
	c->n = n;
	conn_pause(conn, true);
}

static void client_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct client *c = ctx;
	(void)conn;
	c->conn = NULL;
	c->over = true;
	if (err)
		c->ended = *err;
}

static const struct conn_ops client_ops = {.message = client_message, .closed = client_closed};

static void wake(void *ctx)
{
	*(bool *)ctx = true;
}

/* Lets the loop turn for a while. */
static void rest(struct client *c, int64_t us)
{
	bool over = false;
	loop_add_timer(c->loop, us, wake, &over);
	while (!over)
		loop_once(c->loop, -1);
}

/* Dials once, until OPEN could be sent. */
static int dial_once(struct client *c, const char *addr, uint16_t port,
                     const struct session_audience *audience, int64_t timeout_us)
{
	const struct conn_credential credential = {.local_daemon = true};
	err_clear(&c->ended);
	c->over = false;
	c->conn =
	        dial_held(c->loop, addr, port, audience, &credential, timeout_us, &client_ops, c, &c->ended);
	while (c->conn && c->conn->phase == CONN_DIALING)
		loop_once(c->loop, -1);
	return c->conn ? 0 : -1;
}

/* Why it is over. Where nobody could be reached, Slurm's words are the code's own. */
static int is_over(const struct client *c, struct err *err)
{
	if (!c->ended.code)
		return err_set(err, ERR_TRUNCATED, "the server ended the session");
	if (c->ended.code != ERR_CONNECT)
		return err_set(err, (enum err_code)c->ended.code, "%s", err_text(&c->ended));
	log_verbose("%s", err_text(&c->ended));
	return err_set(err, ERR_CONNECT, NULL);
}

struct client *client_open(const char *addr, uint16_t port, const struct session_audience *audience,
                           int64_t timeout_us, struct err *err)
{
	int64_t until = loop_clock() + timeout_us, pause = RETRY_FIRST_US;
	if (sodium_init() < 0) {
		err_set(err, ERR_SYSTEM, "libsodium cannot start: no source of random numbers");
		return NULL;
	}
	struct loop *loop = loop_new(err);
	if (!loop)
		return NULL;
	struct client *c = xcalloc(1, sizeof(*c));
	c->loop = loop;
	c->timeout_us = timeout_us;
	list_init(&c->kept);
	for (;;) {
		int64_t left = until - loop_clock();
		if (dial_once(c, addr, port, audience, left > 1000 ? left : 1000) == 0)
			return c;
		left = until - loop_clock();
		/* Only a server that isn't there may be there in a moment. */
		if (c->ended.code != ERR_CONNECT || left <= 0)
			break;
		rest(c, pause < left ? pause : left);
		pause = pause * 2 < RETRY_MAX_US ? pause * 2 : RETRY_MAX_US;
	}
	is_over(c, err);
	client_close(c);
	return NULL;
}

static int send_id(struct client *c, uint32_t type, uint64_t id, const void *request, struct err *err)
{
	if (!c->conn)
		return is_over(c, err);
	conn_send(c->conn, type, id, request);
	return 0;
}

int client_send(struct client *c, uint32_t type, const void *request, struct err *err)
{
	return send_id(c, type, ++c->last_id, request, err);
}

/* Turns the loop until a message is there. 1: it is; 0: the time is over, or a signal came (when asked for);
 * -1. */
static int wait_message(struct client *c, int64_t until, bool signals, struct err *err)
{
	while (!c->has_message) {
		int64_t left = until < 0 ? -1 : until - loop_clock();
		if (c->over)
			return is_over(c, err);
		if (c->conn && c->conn->held) {
			c->conn->held = false;
			conn_flush(c->conn);
		}
		loop_once(c->loop, left < 0              ? (until < 0 ? -1 : 0)
		                   : left > 3600000000ll ? 3600000
		                                         : (int)((left + 999) / 1000));
		if (c->has_message || c->over)
			continue;
		if (signals && loop_interrupted(c->loop))
			return 0;
		if (until >= 0 && loop_clock() >= until)
			return 0;
	}
	return 1;
}

/* The message that has come is dealt with: the next may come. */
static void message_done(struct client *c)
{
	c->has_message = false;
	if (c->conn)
		conn_pause(c->conn, false);
}

static int decode(uint32_t type, const uint8_t *body, size_t n, struct arena *arena, void **record,
                  struct err *err)
{
	const struct schema *schema = message_schema(type);
	void *r = arena_alloc(arena, schema->size);
	if (schema_decode(schema, r, body, n, arena, err) != 0) {
		err_prefix(err, "an answer of type %s", schema->name);
		return -1;
	}
	*record = r;
	return 0;
}

static int become_error(const struct msg_error *m, char **help, struct arena *arena, struct err *err)
{
	int code = m->code > 0 && m->code <= INT32_MAX ? (int)m->code : ERR_INTERNAL;
	if (help && m->help)
		*help = arena_strdup(arena, m->help);
	return err_set(err, (enum err_code)code, "%s", m->text ? m->text : "");
}

/* Decodes a message; an error of the server becomes ours. */
static int give(uint32_t type, const uint8_t *body, size_t n, struct arena *arena, uint32_t *reply_type,
                void **record, char **help, struct err *err)
{
	if (decode(type, body, n, arena, record, err) != 0)
		return -1;
	*reply_type = type;
	return type == MSG_msg_error ? become_error(*record, help, arena, err) : 0;
}

static void keep(struct client *c)
{
	struct kept *k = xmalloc(sizeof(*k) + c->n);
	k->type = c->type;
	k->id = c->id;
	k->n = c->n;
	if (c->n)
		memcpy(k->body, c->body, c->n);
	list_append(&c->kept, &k->in_kept);
}

void client_patience(struct client *c, int64_t timeout_us)
{
	c->timeout_us = timeout_us;
}

int client_call(struct client *c, uint32_t type, const void *request, struct arena *arena,
                uint32_t *reply_type, void **record, char **help, struct err *err)
{
	uint64_t id = ++c->last_id;
	int64_t until = loop_clock() + c->timeout_us;
	*reply_type = 0;
	*record = NULL;
	if (help)
		*help = NULL;
	if (send_id(c, type, id, request, err) != 0)
		return -1;
	for (;;) {
		int rc = wait_message(c, until, false, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_set(err, ERR_TIMEOUT, NULL);
		if (c->id == id)
			break;
		keep(c);
		message_done(c);
	}
	int rc = give(c->type, c->body, c->n, arena, reply_type, record, help, err);
	message_done(c);
	return rc;
}

int client_answer(struct client *c, struct arena *arena, int64_t timeout_us, uint64_t *id, uint32_t *type,
                  void **record, struct err *err)
{
	*id = 0;
	*type = 0;
	*record = NULL;
	if (!list_empty(&c->kept)) {
		struct kept *k = list_entry(c->kept.next, struct kept, in_kept);
		list_remove(&k->in_kept);
		*id = k->id;
		int rc = give(k->type, k->body, k->n, arena, type, record, NULL, err);
		free(k);
		return rc;
	}
	int rc = wait_message(c, timeout_us < 0 ? -1 : loop_clock() + timeout_us, true, err);
	if (rc <= 0)
		return rc;
	*id = c->id;
	rc = give(c->type, c->body, c->n, arena, type, record, NULL, err);
	message_done(c);
	return rc;
}

int client_next(struct client *c, struct arena *arena, int64_t timeout_us, uint32_t *type, void **record,
                struct err *err)
{
	uint64_t id;
	return client_answer(c, arena, timeout_us, &id, type, record, err);
}

uint64_t client_sent(const struct client *c)
{
	return c->last_id;
}

int client_fd(const struct client *c)
{
	return c->conn ? conn_fd(c->conn) : -1;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	if (c->conn) {
		if (c->conn->phase == CONN_OPEN)
			conn_finish(c->conn);
		conn_close(c->conn);
	}
	list_each_safe (it, tmp, &c->kept) {
		list_remove(it);
		free(list_entry(it, struct kept, in_kept));
	}
	loop_free(c->loop);
	free(c);
}
