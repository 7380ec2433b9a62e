/* The one connection to the controller: dialled by this worker, kept, dialled again. An order of an older
 * epoch than the highest that was obeyed is refused; another cluster instance means that all that is here
 * belongs to nobody. */
#include "applets/applet.h"
#include "applets/worker/hardware.h"
#include "applets/worker/hooks.h"
#include "applets/worker/worker.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define BACKOFF_MIN_US 100000
/* At most; less where SlurmdTimeout is short, so that a controller that restarts hears of us before that is
 * over. */
#define BACKOFF_MAX_US  5000000
#define DIAL_TIMEOUT_US 10000000
#define DIAL_MIN_US     500000
#define HEARTBEAT_MAX_S 60
#define SILENCE_US      10000000 /* how long the kernel tries to reach a silent controller */

struct control {
	struct conn *conn;                          /* NULL: waiting to dial */
	bool registered, was_registered;            /* now; ever in this life, with this database */
	char said[sizeof(((struct err *)0)->text)]; /* why it was not reached the last time */
	int64_t backoff_us;
	uint32_t heartbeat_s;
	struct loop_timer *redial, *heartbeat;
	struct arena arena; /* of the message that is being handled */
};

static void time_to_dial(void *ctx);

/* A share of SlurmdTimeout, between DIAL_MIN_US and that limit. */
static int64_t share_of_timeout(const struct worker *w, unsigned parts, int64_t limit_us)
{
	int64_t us = (int64_t)w->file.conf.core.slurmd_timeout_s * 1000000 / parts;
	if (us == 0 || us > limit_us)
		return limit_us;
	return us > DIAL_MIN_US ? us : DIAL_MIN_US;
}

static int64_t backoff_max(const struct worker *w)
{
	return share_of_timeout(w, 10, BACKOFF_MAX_US);
}

bool control_is_up(const struct worker *w)
{
	return w->control && w->control->registered;
}

void control_send(struct worker *w, uint32_t type, const void *record)
{
	if (control_is_up(w))
		conn_send(w->control->conn, type, 0, record);
}

static void stop_timer(struct worker *w, struct loop_timer **timer)
{
	if (*timer)
		loop_del_timer(w->loop, *timer);
	*timer = NULL;
}

static void settled(struct worker *w)
{
	if (w->orders->settled)
		w->orders->settled(w);
}

/* Workers that lost the same controller don't come back all at once. */
static void redial_later(struct worker *w)
{
	struct control *c = w->control;
	uint32_t r = 0;
	if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
		r = (uint32_t)loop_clock();
	int64_t delay = c->backoff_us / 2 + (int64_t)(r % 1000) * c->backoff_us / 1000;
	c->backoff_us = c->backoff_us * 2 < backoff_max(w) ? c->backoff_us * 2 : backoff_max(w);
	c->registered = false;
	c->conn = NULL;
	stop_timer(w, &c->heartbeat);
	if (!c->redial)
		c->redial = loop_add_timer(w->loop, delay, time_to_dial, w);
	settled(w);
}

/* ---- registration ---- */

static void fill_launches(struct worker *w, struct worker_register *m, struct arena *arena)
{
	size_t n = map_count(&w->by_number);
	m->running.v = arena_array(arena, n, sizeof(*m->running.v));
	m->fates.v = arena_array(arena, n, sizeof(*m->fates.v));
	list_each (it, &w->launches) {
		struct launch *l = list_entry(it, struct launch, in_all);
		if (l->foreign)
			continue;
		l->fate_told = l->state == LAUNCH_ENDED;
		if (l->fate_told) {
			m->fates.v[m->fates.n++] = l->fate;
			continue;
		}
		m->running.v[m->running.n++] = (struct launch_status){.serial = l->serial,
		                                                      .attempt = l->attempt,
		                                                      .step_id = l->step_id,
		                                                      .launch = l->number,
		                                                      .job_id = l->job_id};
	}
}

static void opened(void *ctx, struct conn *conn)
{
	struct worker *w = ctx;
	struct worker_register m;
	struct arena arena;
	char boot_id[64];
	unsigned silence = (unsigned)(share_of_timeout(w, 4, SILENCE_US) / 1000);
	setsockopt(conn_fd(conn), IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
	arena_init(&arena);
	schema_init(schema_of_worker_register(), &m);
	hardware_boot_id(boot_id);
	m.node = (char *)(uintptr_t)w->node;
	m.version = (char *)(uintptr_t)w->version;
	m.hardware = &w->hardware;
	m.boot_id = boot_id;
	m.life_id = w->life_id;
	m.boot_time = w->rebooted ? w->start_time : hardware_boot_time();
	m.slurmd_start_time = w->start_time;
	m.port = w->port;
	m.epoch_seen = w->epoch;
	if (w->has_instance)
		m.instance_seen = (struct schema_bytes){w->instance, sizeof(w->instance)};
	m.cpu_load = hardware_load();
	m.free_mem = hardware_free_mem();
	m.joins = w->joins;
	m.node_line = w->node_line;
	m.hostname = w->host;
	m.was_registered = w->control->was_registered;
	m.conf_hash = w->conf_hash;
	m.conf_digest = w->conf_digest;
	m.configless = w->conf_servers != NULL;
	fill_launches(w, &m, &arena);
	conn_send(conn, MSG_worker_register, 1, &m);
	arena_free(&arena);
}

static void beat(void *ctx)
{
	struct worker *w = ctx;
	struct control *c = w->control;
	struct worker_heartbeat m = {.cpu_load = hardware_load(), .free_mem = hardware_free_mem()};
	conn_send(c->conn, MSG_worker_heartbeat, 0, &m);
	c->heartbeat = loop_add_timer(w->loop, (int64_t)c->heartbeat_s * 1000000, beat, w);
}

/* Is this the controller that was obeyed so far, or a later life of it? */
static bool accept_controller(struct worker *w, const struct worker_registered *m)
{
	if (m->instance.n != sizeof(w->instance)) {
		log_error("the controller did not say which cluster instance it is");
		return false;
	}
	bool same = w->has_instance && memcmp(w->instance, m->instance.v, sizeof(w->instance)) == 0;
	if (same && m->epoch < w->epoch) {
		log_error("a controller of epoch %" PRIu64 " is refused: epoch %" PRIu64
		          " was obeyed already",
		          m->epoch, w->epoch);
		return false;
	}
	if (w->has_instance && !same) {
		log_error("the controller has another database than before: nothing that runs here is known "
		          "to it");
		w->orders->disown(w);
		w->control->was_registered = false;
	}
	if (!same || m->epoch != w->epoch) {
		memcpy(w->instance, m->instance.v, sizeof(w->instance));
		w->has_instance = true;
		w->epoch = m->epoch;
		w->orders->obeyed(w);
	}
	return true;
}

static void registered(struct worker *w, const struct worker_registered *m)
{
	struct control *c = w->control;
	if (!accept_controller(w, m)) {
		conn_close(c->conn);
		c->backoff_us = backoff_max(w);
		redial_later(w);
		return;
	}
	for (uint32_t i = 0; i < m->conf_differs.n; i++)
		log_error("the configuration differs from the controller's: %s",
		          log_escape(m->conf_differs.v[i]));
	c->registered = c->was_registered = true;
	c->backoff_us = BACKOFF_MIN_US;
	c->heartbeat_s = m->heartbeat_s ? m->heartbeat_s : 1;
	if (c->heartbeat_s > HEARTBEAT_MAX_S)
		c->heartbeat_s = HEARTBEAT_MAX_S;
	log_info("registered with the controller %s, epoch %" PRIu64, w->file.controller.name, w->epoch);
	stop_timer(w, &c->heartbeat);
	c->heartbeat = loop_add_timer(w->loop, (int64_t)c->heartbeat_s * 1000000, beat, w);
	list_each (it, &w->launches) {
		const struct launch *l = list_entry(it, struct launch, in_all);
		struct step_started_report started = {.serial = l->serial,
		                                      .attempt = l->attempt,
		                                      .step_id = l->step_id,
		                                      .launch = l->number};
		if (!l->foreign && l->state == LAUNCH_RUNNING && l->started)
			control_send(w, MSG_step_started_report, &started);
		/* It ended while the registration was on its way. */
		if (!l->foreign && l->state == LAUNCH_ENDED && !l->fate_told)
			control_send(w, MSG_step_fate, &l->fate);
	}
	jobs_registered(w);
	settled(w);
}

/* ---- orders ---- */

static bool is_current(const struct worker *w, uint64_t epoch, const char *what)
{
	if (epoch >= w->epoch)
		return true;
	log_error("%s of epoch %" PRIu64 " is refused: epoch %" PRIu64 " was obeyed already", what, epoch,
	          w->epoch);
	return false;
}

static void handle(struct worker *w, uint32_t type, void *record)
{
	const struct msg_error *error = record;
	const struct step_grant *grant = record;
	const struct job_signal *sig = record;
	const struct job_end *end = record;
	const struct job_notify *notify = record;
	const struct fate_ack *ack = record;
	switch (type) {
	case MSG_worker_registered:
		registered(w, record);
		break;
	case MSG_msg_error:
		log_error("the controller refuses: %s",
		          log_escape(error->text ? error->text : err_code_text((int)error->code)));
		if (!w->control->registered) {
			conn_close(w->control->conn);
			w->control->backoff_us = backoff_max(w);
			redial_later(w);
		}
		break;
	case MSG_step_grant:
		if (is_current(w, grant->epoch, "a grant"))
			grants_receive(w, grant);
		break;
	case MSG_bcast_grant:
		if (is_current(w, ((const struct bcast_grant *)record)->epoch, "a file"))
			bcasts_grant(w, record);
		break;
	case MSG_job_signal:
		if (is_current(w, sig->epoch, "a signal"))
			jobs_signal(w, sig);
		break;
	case MSG_job_end:
		if (is_current(w, end->epoch, "the end of a job"))
			jobs_end(w, end);
		break;
	case MSG_job_prolog:
		if (is_current(w, ((const struct job_prolog *)record)->epoch, "a prolog"))
			hooks_order(w, record);
		break;
	case MSG_job_notify:
		if (is_current(w, notify->epoch, "a notice"))
			jobs_notify(w, notify);
		break;
	case MSG_worker_stop:
		if (is_current(w, ((const struct worker_stop *)record)->epoch, "a shutdown")) {
			log_info("stopping on the controller's word: what runs here goes on");
			loop_stop(w->loop);
		}
		break;
	case MSG_worker_reconfigure:
		if (is_current(w, ((const struct worker_reconfigure *)record)->epoch, "a reconfigure"))
			w->orders->reconfigure(w, &((const struct worker_reconfigure *)record)->files);
		break;
	case MSG_fate_ack:
		w->orders->ack(w, ack->launch);
		break;
	default:
		log_error("the controller sent a message that this version doesn't know: %s",
		          message_name(type));
	}
}

static void message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct worker *w = ctx;
	struct control *c = w->control;
	const struct schema *schema = message_schema(type);
	struct err err = {0};
	(void)conn;
	(void)id;
	w->last_order = loop_wall_clock();
	if (!schema || (!c->registered && type != MSG_worker_registered && type != MSG_msg_error)) {
		log_error("the controller sent message %u, which is not expected", type);
		return;
	}
	arena_reset(&c->arena);
	void *record = arena_alloc(&c->arena, schema->size);
	if (schema_decode(schema, record, body, n, &c->arena, &err) != 0)
		log_error("a message %s of the controller can't be read: %s", message_name(type),
		          err_text(&err));
	else
		handle(w, type, record);
}

static void closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct worker *w = ctx;
	const char *why = err ? err_text(err) : "it closed the connection";
	char *said = w->control->said;
	unsigned swallowed = 0;
	(void)conn;
	/* Another reason is told at once, the same one now and then. */
	if (w->control->registered)
		log_info("the controller is gone: %s", why);
	else if (log_once_in("dial", 30, &swallowed) || strcmp(said, why) != 0)
		log_error("cannot reach the controller at %s:%u: %s", w->file.controller_addr,
		          w->file.controller_port, why);
	(void)text_copy(said, sizeof(w->control->said), why);
	redial_later(w);
}

static const struct conn_ops control_ops = {.opened = opened, .message = message, .closed = closed};

void control_dial(struct worker *w)
{
	struct control *c = w->control;
	struct err err = {0};
	const struct conn_credential credential = {.host_key = w->key};
	c->conn = conn_dial(w->loop, w->file.controller_addr, w->file.controller_port, &w->file.controller,
	                    &credential, share_of_timeout(w, 4, DIAL_TIMEOUT_US), &control_ops, w, &err);
	if (!c->conn) {
		log_error("cannot dial the controller: %s", err_text(&err));
		redial_later(w);
	}
}

static void time_to_dial(void *ctx)
{
	struct worker *w = ctx;
	w->control->redial = NULL;
	w->orders->dial(w);
}

void control_start(struct worker *w)
{
	w->control = xcalloc(1, sizeof(*w->control));
	w->control->backoff_us = BACKOFF_MIN_US;
	arena_init(&w->control->arena);
	if (getrandom(&w->life_id, sizeof(w->life_id), 0) != (ssize_t)sizeof(w->life_id))
		w->life_id = (uint64_t)loop_clock();
	w->orders->dial(w);
}

void control_renew(struct worker *w)
{
	struct control *c = w->control;
	if (!c || !c->conn)
		return; /* the next registration tells it */
	conn_close(c->conn);
	c->backoff_us = BACKOFF_MIN_US;
	redial_later(w);
}

void control_stop(struct worker *w)
{
	struct control *c = w->control;
	stop_timer(w, &c->redial);
	stop_timer(w, &c->heartbeat);
	if (c->conn)
		conn_close(c->conn);
	arena_free(&c->arena);
	free(c);
	w->control = NULL;
}
