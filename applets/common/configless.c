#include "applets/common/configless.h"

#include "applets/common/cluster_file.h"
#include "core/util/log.h"
#include "proto/conn.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX      1000u
#define DIAL_US        5000000
#define RETRY_FIRST_US 200000
#define RETRY_MAX_US   10000000
#define FETCH_LIMIT_US 9000000 /* as long as Slurm's commands and daemons try */

struct configless {
	struct loop *loop;
	struct arena arena; /* servers */
	struct conf_server *servers;
	size_t server_count, at;
	size_t listed; /* of them, those that were asked for by name; one more may stand behind them */
	struct key_host *key;
	struct conn *conn; /* NULL: waiting to dial */
	struct loop_timer *redial;
	int64_t backoff_us;
	bool follow;
	const struct configless_ops *ops;
	void *ctx;
};

/* ---- files ---- */

static bool name_is_good(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
	size_t n = strlen(s);
	return n > 0 && n <= 200 && s[0] != '.' && strspn(s, allowed) == n;
}

/* Of batchbox.conf nothing but what is accepted counts here; where the controller was reached is noted. */
static int add_own(struct conf_texts *texts, const struct conf_texts *sent, const struct conf_server *server,
                   struct arena *arena, struct err *err)
{
	struct conf_batchbox own;
	struct conf_errors errors = {0};
	const struct conf_source source = {.path = "slurm.conf", .texts = sent};
	struct text t = TEXT_EMPTY;
	int rc = batchbox_conf_read_from(&own, &source, &errors);
	if (rc != 0)
		err_set(err, ERR_CONFIG, "%s from the controller: %s", BATCHBOX_CONF, errors.v[0].text);
	if (rc == 0 && own.unsafe && *own.unsafe)
		text_printf(&t, "[accept]\nunsafe = %s\n", own.unsafe);
	if (rc == 0 && server)
		text_printf(&t,
		            strchr(server->host, ':') ? "[configless]\nserver = [%s]:%u\n"
		                                      : "[configless]\nserver = %s:%u\n",
		            server->host, server->port);
	if (t.len) {
		const struct conf_text text = {
		        .name = BATCHBOX_CONF, .text = arena_strdup(arena, t.s), .n = t.len, .beside = true};
		conf_texts_add(texts, arena, &text);
	}
	text_free(&t);
	conf_errors_free(&errors);
	batchbox_conf_free(&own);
	return rc;
}

int configless_take(const struct config_file_list *files, const struct conf_server *server,
                    struct arena *arena, struct conf_texts *texts, struct err *err)
{
	struct conf_texts sent = {0};
	*texts = (struct conf_texts){0};
	if (files->n == 0 || files->n > FILES_MAX || !text_eq(files->v[0].name, "slurm.conf"))
		return err_set(err, ERR_CONFIG, "the controller sent no slurm.conf");
	for (uint32_t i = 0; i < files->n; i++) {
		const struct config_file *f = &files->v[i];
		const struct conf_text text = {.name = arena_strdup(arena, f->name),
		                               .text = f->text.n ? arena_memdup(arena, f->text.v, f->text.n)
		                                                 : "",
		                               .n = f->text.n,
		                               .beside = true};
		if (!name_is_good(f->name) || conf_texts_find(&sent, f->name))
			return err_set(err, ERR_CONFIG, "the controller sent a file with the name \"%s\"",
			               log_escape(f->name));
		conf_texts_add(&sent, arena, &text);
		if (strcmp(f->name, BATCHBOX_CONF) != 0)
			conf_texts_add(texts, arena, &text);
	}
	return add_own(texts, &sent, server, arena, err);
}

void configless_fill(const struct conf_texts *texts, struct config_file_list *files, struct arena *arena)
{
	files->n = (uint32_t)texts->n;
	files->v = arena_array(arena, texts->n + 1, sizeof(*files->v));
	for (size_t i = 0; i < texts->n; i++)
		files->v[i] = (struct config_file){
		        .name = (char *)(uintptr_t)texts->v[i].name,
		        .text = {(uint8_t *)(uintptr_t)texts->v[i].text, (uint32_t)texts->v[i].n}};
}

bool configless_equal(const struct conf_texts *a, const struct conf_texts *b)
{
	bool equal = a->n == b->n;
	for (size_t i = 0; equal && i < a->n; i++) {
		const struct conf_text *other = conf_texts_find(b, a->v[i].name);
		equal = other && other->n == a->v[i].n && memcmp(other->text, a->v[i].text, other->n) == 0;
	}
	return equal;
}

/* ---- asking ---- */

static void dial(void *ctx);

static void again_later(struct configless *c)
{
	c->conn = NULL;
	c->at = (c->at + 1) % c->server_count;
	if (c->redial)
		return;
	/* The servers in turn at once; then a pause. */
	c->redial = loop_add_timer(c->loop, c->at ? 0 : c->backoff_us, dial, c);
	if (c->at == 0)
		c->backoff_us = c->backoff_us * 2 < RETRY_MAX_US ? c->backoff_us * 2 : RETRY_MAX_US;
}

static void fail(struct configless *c, const struct err *err)
{
	again_later(c);
	c->ops->failed(c->ctx, err);
}

static void opened(void *ctx, struct conn *conn)
{
	struct configless *c = ctx;
	const struct config_fetch m = {.follow = c->follow};
	conn_send(conn, MSG_config_fetch, 1, &m);
}

static void closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct configless *c = ctx;
	struct err ended = {0};
	(void)conn;
	if (err)
		ended = *err;
	else
		err_set(&ended, ERR_TRUNCATED, "the controller ended the session");
	fail(c, &ended);
}

static void take(struct configless *c, const struct config_files *m, struct arena *arena)
{
	struct conf_texts texts;
	struct err err = {0};
	if (configless_take(&m->files, &c->servers[c->at], arena, &texts, &err) != 0) {
		conn_close(c->conn);
		fail(c, &err);
		return;
	}
	c->backoff_us = RETRY_FIRST_US;
	c->ops->files(c->ctx, &texts);
}

static void message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct configless *c = ctx;
	const struct schema *schema = message_schema(type);
	struct arena arena;
	struct err err = {0};
	(void)id;
	if (!schema || (type != MSG_config_files && type != MSG_msg_error))
		return;
	arena_init(&arena);
	void *record = arena_alloc(&arena, schema->size);
	if (schema_decode(schema, record, body, n, &arena, &err) != 0) {
		conn_close(conn);
		fail(c, &err);
	} else if (type == MSG_msg_error) {
		const struct msg_error *e = record;
		int code = e->code > 0 && e->code <= INT32_MAX ? (int)e->code : ERR_INTERNAL;
		err_set(&err, (enum err_code)code, "%s", log_escape(e->text ? e->text : ""));
		conn_close(conn);
		fail(c, &err);
	} else {
		take(c, record, &arena);
	}
	arena_free(&arena);
}

static const struct conn_ops ops = {.opened = opened, .message = message, .closed = closed};

static void dial(void *ctx)
{
	struct configless *c = ctx;
	const struct conn_credential credential = {.host_key = c->key};
	const struct session_audience audience = {
	        .role = ROLE_CONTROLLER, .name = KEY_ANY, .cluster = KEY_ANY};
	struct err err = {0};
	c->redial = NULL;
	c->conn = conn_dial(c->loop, c->servers[c->at].host, c->servers[c->at].port, &audience, &credential,
	                    DIAL_US, &ops, c, &err);
	if (!c->conn)
		fail(c, &err);
}

static int read_servers(struct configless *c, const char *list, struct err *err)
{
	const char *rest = list;
	struct conf_server server;
	while (conf_server_next(&c->arena, &rest, &server)) {
		struct conf_server *longer = arena_array(&c->arena, c->server_count + 1, sizeof(*longer));
		if (c->server_count)
			memcpy(longer, c->servers, c->server_count * sizeof(*longer));
		longer[c->server_count++] = server;
		c->servers = longer;
	}
	c->listed = c->server_count;
	if (*rest || c->server_count == 0)
		return err_set(err, ERR_CONFIG, "\"%s\" is no list of servers: HOST[:PORT],... is wanted",
		               list);
	return 0;
}

void configless_also(struct configless *c, const char *host, uint16_t port)
{
	for (size_t i = 0; i < c->server_count; i++)
		if (c->servers[i].port == port && strcmp(c->servers[i].host, host) == 0)
			return;
	struct conf_server *servers = arena_array(&c->arena, c->listed + 1, sizeof(*servers));
	memcpy(servers, c->servers, c->listed * sizeof(*servers));
	servers[c->listed] = (struct conf_server){.host = arena_strdup(&c->arena, host), .port = port};
	c->servers = servers;
	c->server_count = c->listed + 1;
}

static struct key_host *own_key(struct err *err)
{
	char host[256] = "";
	struct key_host *key = NULL;
	if (gethostname(host, sizeof(host) - 1) != 0) {
		err_set(err, ERR_SYSTEM, "cannot read this host's name");
		return NULL;
	}
	host[strcspn(host, ".")] = '\0';
	struct key_master *master = cluster_file_read_first_key(err);
	if (master)
		key = key_host_derive(master, KEY_ANY, KEY_CLASS_CONFIGLESS, host, 0, err);
	key_master_free(master);
	return key;
}

struct configless *configless_start(struct loop *loop, const char *servers, bool follow,
                                    const struct configless_ops *configless_ops, void *ctx, struct err *err)
{
	struct configless *c = xcalloc(1, sizeof(*c));
	*c = (struct configless){.loop = loop,
	                         .follow = follow,
	                         .ops = configless_ops,
	                         .ctx = ctx,
	                         .backoff_us = RETRY_FIRST_US};
	arena_init(&c->arena);
	if (read_servers(c, servers, err) == 0 && (c->key = own_key(err))) {
		c->redial = loop_add_timer(loop, 0, dial, c);
		return c;
	}
	configless_stop(c);
	return NULL;
}

void configless_stop(struct configless *c)
{
	if (!c)
		return;
	if (c->conn)
		conn_close(c->conn);
	if (c->redial)
		loop_del_timer(c->loop, c->redial);
	key_host_free(c->key);
	arena_free(&c->arena);
	free(c);
}

/* ---- waiting for it ---- */

struct wait {
	struct loop *loop;
	struct arena *arena;
	struct conf_texts *texts;
	struct err last;
	bool got, refused, late;
};

static void wait_files(void *ctx, const struct conf_texts *texts)
{
	struct wait *w = ctx;
	/* Their bytes are the message's. */
	for (size_t i = 0; i < texts->n; i++) {
		struct conf_text text = texts->v[i];
		char *copy = arena_alloc(w->arena, text.n + 1);
		memcpy(copy, text.text, text.n);
		text.name = arena_strdup(w->arena, text.name);
		text.text = copy;
		conf_texts_add(w->texts, w->arena, &text);
	}
	w->got = true;
}

static void wait_failed(void *ctx, const struct err *err)
{
	struct wait *w = ctx;
	w->last = *err;
	w->refused = err->code == ERR_CONFIGLESS_DISABLED || err->code == ERR_CONFIG;
}

static void too_late(void *ctx)
{
	((struct wait *)ctx)->late = true;
}

int configless_fetch(const char *servers, struct arena *arena, struct conf_texts *texts, struct err *err)
{
	static const struct configless_ops wait_ops = {.files = wait_files, .failed = wait_failed};
	struct wait w = {.arena = arena, .texts = texts};
	*texts = (struct conf_texts){0};
	w.loop = key_init(err) == 0 ? loop_new(err) : NULL;
	if (!w.loop)
		return -1;
	struct configless *c = configless_start(w.loop, servers, false, &wait_ops, &w, err);
	if (c) {
		loop_add_timer(w.loop, FETCH_LIMIT_US, too_late, &w);
		while (!w.got && !w.refused && !w.late)
			loop_once(w.loop, -1);
		configless_stop(c);
		if (!w.got && !w.last.code)
			err_set(&w.last, ERR_CONNECT, NULL);
		if (!w.got)
			*err = w.last;
	}
	loop_free(w.loop);
	return w.got ? 0 : -1;
}
