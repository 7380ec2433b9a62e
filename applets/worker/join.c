/* A slurmd that joins the cluster by itself. slurmd -Z says what its node is; slurmd -F asks the controller
 * which of the FUTURE nodes it becomes, and is started as that one then. */
#include "applets/worker/hardware.h"
#include "applets/worker/worker.h"
#include "conf/node_part.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TRY_US   10000000
#define AGAIN_US 1000000

/* ---- slurmd -Z ---- */

/* Does the line say that? Keys begin words. */
static bool says(const char *line, const char *key)
{
	size_t n = strlen(key);
	for (const char *p = line; p && *p;) {
		p += strspn(p, " \t");
		if (strncasecmp(p, key, n) == 0 && p[n] == '=')
			return true;
		p += strcspn(p, " \t");
	}
	return false;
}

char *join_node_line(const struct hardware *hw, const char *extra)
{
	/* Any word about its shape, and nothing of what was found counts. */
	static const char *const shape[] = {
	        "CPUs", "Procs", "Boards", "Sockets", "SocketsPerBoard", "CoresPerSocket", "ThreadsPerCore"};
	struct text line = TEXT_EMPTY;
	bool said = false;
	for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++)
		said = said || says(extra, shape[i]);
	if (!said)
		text_printf(&line,
		            "CPUs=%u Boards=%u SocketsPerBoard=%u CoresPerSocket=%u ThreadsPerCore=%u ",
		            hw->cpus, hw->boards, hw->sockets, hw->cores_per_socket, hw->threads_per_core);
	if (!says(extra, "RealMemory"))
		text_printf(&line, "RealMemory=%" PRIu64 " ", hw->real_memory);
	text_add(&line, extra ? extra : "");
	return text_take(&line);
}

static const struct core_node_conf *own_node(struct worker *w, const char *name, const char *extra)
{
	struct hardware hw;
	struct err err = {0};
	size_t n = 0;
	hardware_find(&hw, conf_str(&w->file.conf, P_TmpFS));
	w->node_line = join_node_line(&hw, extra);
	schema_free(schema_of_hardware(), &hw);
	char *line = xprintf("NodeName=%s %s", name, w->node_line);
	int rc = node_part_nodes(&w->file.conf, line, &w->own_arena, &w->own_node, &n, &err);
	if (rc != 0 || n != 1) {
		log_error("Failed to parse nodeline '%s'%s%s", line, rc != 0 ? ": " : "",
		          rc != 0 ? err_text(&err) : "");
		log_write(LOG_LEVEL_FATAL, "failed to create dynamic node '%s'", line);
		w->own_node = NULL;
	}
	free(line);
	return w->own_node;
}

const struct core_node_conf *join_as_new(struct worker *w, const char *name, const char *extra)
{
	static const char *const not_allowed[] = {"NodeName", "NodeAddr", "NodeHostname", "Port"};
	for (size_t i = 0; i < sizeof(not_allowed) / sizeof(not_allowed[0]); i++) {
		if (!says(extra, not_allowed[i]))
			continue;
		log_write(LOG_LEVEL_FATAL, "option '%s=' not allowed in --conf", not_allowed[i]);
		return NULL;
	}
	return own_node(w, name, extra);
}

/* ---- slurmd -F ---- */

struct asking {
	struct worker *w;
	struct loop *loop;
	struct key_host *key; /* of this host's name: it has no node's yet */
	struct hardware hardware;
	char *name; /* the answer */
	struct err refused;
	struct arena arena;
};

static void ask_again(struct asking *a);

static void opened(void *ctx, struct conn *conn)
{
	struct asking *a = ctx;
	struct future_query m;
	schema_init(schema_of_future_query(), &m);
	m.hostname = a->w->host;
	m.hardware = &a->hardware;
	m.feature = (char *)(uintptr_t)a->w->feature;
	conn_send(conn, MSG_future_query, 1, &m);
}

static void message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct asking *a = ctx;
	const struct schema *schema = message_schema(type);
	struct err err = {0};
	(void)conn;
	(void)id;
	if (!schema || (type != MSG_future_reply && type != MSG_msg_error))
		return;
	void *record = arena_alloc(&a->arena, schema->size);
	if (schema_decode(schema, record, body, n, &a->arena, &err) != 0)
		return;
	const struct msg_error *error = record;
	if (type == MSG_future_reply)
		a->name = xstrdup(((const struct future_reply *)record)->node);
	else
		err_set(&a->refused, error->code ? (enum err_code)error->code : ERR_INVALID, "%s",
		        error->text ? error->text : err_code_text((int)error->code));
	loop_stop(a->loop);
}

static void redial(void *ctx)
{
	ask_again(ctx);
}

static void closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct asking *a = ctx;
	unsigned swallowed = 0;
	(void)conn;
	if (a->name || a->refused.code)
		return;
	if (log_once_in("future", 30, &swallowed))
		log_error("cannot ask the controller at %s:%u which node this is: %s",
		          a->w->file.controller_addr, a->w->file.controller_port,
		          err ? err_text(err) : "it closed the connection");
	loop_add_timer(a->loop, AGAIN_US, redial, a);
}

static void ask_again(struct asking *a)
{
	static const struct conn_ops ops = {.opened = opened, .message = message, .closed = closed};
	const struct conn_credential credential = {.host_key = a->key};
	struct err err = {0};
	if (!conn_dial(a->loop, a->w->file.controller_addr, a->w->file.controller_port,
	               &a->w->file.controller, &credential, TRY_US, &ops, a, &err))
		closed(a, NULL, &err);
}

static void stop(void *ctx, int signo)
{
	struct asking *a = ctx;
	err_set(&a->refused, ERR_INTERRUPTED, "ended by signal %d before the controller had answered", signo);
	loop_stop(a->loop);
}

static int ask(struct asking *a, struct err *err)
{
	struct key_master *master = key_init(err) == 0 ? cluster_file_read_key(&a->w->file, err) : NULL;
	if (master)
		a->key = key_host_derive(master, a->w->file.controller.cluster, KEY_CLASS_WORKER, a->w->host,
		                         0, err);
	key_master_free(master);
	a->loop = a->key ? loop_new(err) : NULL;
	if (!a->loop || loop_add_signal(a->loop, SIGTERM, stop, a, err) != 0 ||
	    loop_add_signal(a->loop, SIGINT, stop, a, err) != 0)
		return -1;
	ask_again(a);
	loop_run(a->loop);
	if (a->name)
		return 0;
	*err = a->refused;
	return -1;
}

const struct core_node_conf *join_as_future(struct worker *w, struct err *err)
{
	struct asking a = {.w = w};
	const struct core_node_conf *node = NULL;
	arena_init(&a.arena);
	hardware_find(&a.hardware, conf_str(&w->file.conf, P_TmpFS));
	if (ask(&a, err) == 0) {
		log_info("this host is node %s", a.name);
		node = worker_find_node(w, &w->file, a.name, w->host);
		if (!node) /* one that scontrol made */
			node = own_node(w, a.name, NULL);
	}
	if (a.loop)
		loop_free(a.loop);
	key_host_free(a.key);
	schema_free(schema_of_hardware(), &a.hardware);
	arena_free(&a.arena);
	free(a.name);
	return node;
}
