/* The blocking client, in a thread of its own, against a server on the test's loop. */
#include "test/unit/proto_fixture.h"

/* A thread with a client: what it does is `work`; what it found is in the struct. */
struct guest {
	struct world *w;
	uint16_t port;
	int64_t timeout_us;
	int (*work)(struct guest *g, struct client *c);
	int rc;
	struct err err;
	char *help;
	uint32_t type;
	uint32_t types[4];
	bool done;
};

static void *guest_thread(void *ctx)
{
	struct guest *g = ctx;
	const struct session_audience audience = to_controller();
	struct client *c = client_open("127.0.0.1", g->port, &audience, g->timeout_us, &g->err);
	g->rc = c ? (g->work ? g->work(g, c) : 0) : -2;
	client_close(c);
	__atomic_store_n(&g->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void run_guest(struct world *w, struct guest *g)
{
	pthread_t thread;
	g->w = w;
	if (!g->port)
		g->port = server_port(w->controller);
	if (!g->timeout_us)
		g->timeout_us = WAIT_US;
	assert_int_equal(pthread_create(&thread, NULL, guest_thread, g), 0);
	WAIT_FOR(w, __atomic_load_n(&g->done, __ATOMIC_ACQUIRE));
	pthread_join(thread, NULL);
}

static struct world *world_with_tickets(void)
{
	struct world *w = world_new();
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	return w;
}

static int ping(struct guest *g, struct client *c)
{
	struct msg_ping m;
	struct arena arena;
	void *record = NULL;
	arena_init(&arena);
	schema_init(schema_of_msg_ping(), &m);
	int rc = client_call(c, MSG_msg_ping, &m, &arena, &g->type, &record, NULL, &g->err);
	arena_free(&arena);
	return rc;
}

static void call(void **state)
{
	(void)state;
	struct world *w = world_with_tickets();
	struct guest g = {.work = ping};
	run_guest(w, &g);
	if (g.rc)
		fail_msg("%s", err_text(&g.err));
	assert_int_equal(g.type, MSG_msg_pong);
	WAIT_FOR(w, w->at_server.closed);
	assert_int_equal(w->at_server.err.code, 0); /* it said goodbye */
	world_free(w);
	assert_int_equal(secret_live(), 0);
}

/* ---- what the server sees of a user ---- */

static void check_user(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	const struct session_peer *peer = conn_peer(s->conn);
	assert_int_equal(peer->kind, SESSION_USER);
	assert_int_equal(peer->class, KEY_CLASS_CONTROLLER);
	assert_int_equal(peer->uid, geteuid());
	assert_int_equal(peer->gid, getegid());
	answer_ping(s, type, id, body, n);
}

static void who(void **state)
{
	(void)state;
	struct world *w = world_with_tickets();
	struct guest g = {.work = ping};
	w->at_server.on_message = check_user;
	run_guest(w, &g);
	assert_int_equal(g.rc, 0);
	world_free(w);
}

/* ---- answers ---- */

static void answer_error(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct err err = {0};
	(void)type;
	(void)body;
	(void)n;
	err_set(&err, ERR_INVALID_PARTITION, "no partition named \"x\"");
	conn_send_error(s->conn, id, &err, "there are: debug, long");
}

static int call_with_help(struct guest *g, struct client *c)
{
	struct msg_ping m;
	struct arena arena;
	void *record = NULL;
	char *help = NULL;
	arena_init(&arena);
	schema_init(schema_of_msg_ping(), &m);
	int rc = client_call(c, MSG_msg_ping, &m, &arena, &g->type, &record, &help, &g->err);
	g->help = xstrdup(help);
	arena_free(&arena);
	return rc;
}

static void an_error(void **state)
{
	(void)state;
	struct world *w = world_with_tickets();
	struct guest g = {.work = call_with_help};
	w->at_server.on_message = answer_error;
	run_guest(w, &g);
	assert_int_equal(g.rc, -1);
	assert_int_equal(g.err.code, ERR_INVALID_PARTITION);
	assert_string_equal(g.err.text, "no partition named \"x\"");
	assert_string_equal(g.help, "there are: debug, long");
	free(g.help);
	world_free(w);
}

/* Pushed messages come before the answer; they wait until they are asked for. */
static void push_then_answer(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct job_ended ended;
	schema_init(schema_of_job_ended(), &ended);
	ended.job_id = 7;
	conn_send(s->conn, MSG_job_ended, 0, &ended);
	ended.job_id = 8;
	conn_send(s->conn, MSG_job_ended, 0, &ended);
	answer_ping(s, type, id, body, n);
	ended.job_id = 9;
	conn_send(s->conn, MSG_job_ended, 0, &ended);
}

static int call_and_next(struct guest *g, struct client *c)
{
	struct arena arena;
	int rc = ping(g, c);
	arena_init(&arena);
	for (uint32_t i = 0; rc == 0 && i < 3; i++) {
		void *record = NULL;
		rc = client_next(c, &arena, WAIT_US, &g->types[i], &record, &g->err);
		if (rc == 0 && (!record || ((struct job_ended *)record)->job_id != 7 + i))
			rc = -10;
	}
	void *record = NULL;
	if (rc == 0)
		rc = client_next(c, &arena, 1000, &g->types[3], &record, &g->err);
	arena_free(&arena);
	return rc;
}

static void pushed(void **state)
{
	(void)state;
	struct world *w = world_with_tickets();
	struct guest g = {.work = call_and_next};
	w->at_server.on_message = push_then_answer;
	run_guest(w, &g);
	assert_int_equal(g.rc, 0);
	assert_int_equal(g.type, MSG_msg_pong);
	for (int i = 0; i < 3; i++)
		assert_int_equal(g.types[i], MSG_job_ended);
	assert_int_equal(g.types[3], 0); /* the time was over */
	world_free(w);
}

/* ---- ends ---- */

static void cut(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	(void)type;
	(void)id;
	(void)body;
	(void)n;
	conn_close(s->conn);
	s->conn = NULL;
}

static void cut_off(void **state)
{
	(void)state;
	struct world *w = world_with_tickets();
	struct guest g = {.work = ping};
	w->at_server.on_message = cut;
	run_guest(w, &g);
	assert_int_equal(g.rc, -1);
	assert_int_equal(g.err.code, ERR_TRUNCATED);
	world_free(w);
}

static void half(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	static uint8_t big[300000];
	(void)type;
	(void)body;
	(void)n;
	conn_send_encoded(s->conn, MSG_job_list, id, big, sizeof(big));
	shutdown(conn_fd(s->conn), SHUT_WR);
}

static void nobody_home(void **state)
{
	(void)state;
	struct world *w = world_with_tickets();
	struct guest g = {.timeout_us = 300000, .port = server_port(w->controller)};
	server_free(w->controller);
	w->controller = NULL;
	run_guest(w, &g);
	assert_int_equal(g.rc, -2);
	assert_int_equal(g.err.code, ERR_CONNECT);
	assert_string_equal(err_text(&g.err), "Unable to contact slurm controller (connect failure)");
	world_free(w);
}

/* The controller comes back while a command tries. */
static struct world *late_world;
static uint16_t late_port;

static void start_late(void *ctx)
{
	(void)ctx;
	late_world->controller = start_controller(late_world, late_port);
}

static void comes_back(void **state)
{
	(void)state;
	struct world *w = world_with_tickets();
	struct guest g = {.work = ping, .port = server_port(w->controller)};
	server_free(w->controller);
	w->controller = NULL;
	late_world = w;
	late_port = g.port;
	loop_add_timer(w->loop, 120000, start_late, NULL);
	run_guest(w, &g);
	if (g.rc)
		fail_msg("%s", err_text(&g.err));
	world_free(w);
}

static void no_daemon(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct guest g = {0};
	run_guest(w, &g);
	assert_int_equal(g.rc, -2);
	assert_int_equal(g.err.code, ERR_UNAUTHENTICATED);
	assert_non_null(strstr(g.err.text, "start slurmd or sackd"));
	world_free(w);
}

/* A body that isn't the answer it claims to be. */
static void nonsense(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	(void)type;
	(void)body;
	(void)n;
	conn_send_encoded(s->conn, MSG_submit_reply, id, "\xff\xff\xff\xff", 4);
}

static void bad_body(void **state)
{
	(void)state;
	struct world *w = world_with_tickets();
	struct guest g = {.work = ping};
	w->at_server.on_message = nonsense;
	run_guest(w, &g);
	assert_int_equal(g.rc, -1);
	assert_int_equal(g.err.code, ERR_CORRUPT);
	g = (struct guest){.work = ping};
	w->at_server.on_message = half; /* sent whole, then cut: the answer is good, what follows is not */
	seen_reset(&w->at_server);
	run_guest(w, &g);
	assert_int_not_equal(g.err.code, 0);
	world_free(w);
}

/* A big answer, as squeue's. */
static void answer_big(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct config_reply m;
	struct schema_strs names = {.v = xcalloc(20000, sizeof(char *)), .n = 20000};
	(void)type;
	(void)body;
	(void)n;
	schema_init(schema_of_config_reply(), &m);
	for (uint32_t i = 0; i < names.n; i++)
		names.v[i] = (char *)"a value of some length, as configurations have them, and a bit more so "
		                     "that it is big";
	m.names = names;
	conn_send(s->conn, MSG_config_reply, id, &m);
	free(names.v);
}

static int read_big(struct guest *g, struct client *c)
{
	struct config_query q;
	struct arena arena;
	void *record = NULL;
	arena_init(&arena);
	schema_init(schema_of_config_query(), &q);
	int rc = client_call(c, MSG_config_query, &q, &arena, &g->type, &record, NULL, &g->err);
	if (rc == 0 && ((struct config_reply *)record)->names.n != 20000)
		rc = -5;
	arena_free(&arena);
	return rc;
}

static void big(void **state)
{
	(void)state;
	struct world *w = world_with_tickets();
	struct guest g = {.work = read_big};
	w->at_server.on_message = answer_big;
	run_guest(w, &g);
	if (g.rc)
		fail_msg("%d %s", g.rc, err_text(&g.err));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(call),       cmocka_unit_test(who),       cmocka_unit_test(an_error),
	        cmocka_unit_test(pushed),     cmocka_unit_test(cut_off),   cmocka_unit_test(nobody_home),
	        cmocka_unit_test(comes_back), cmocka_unit_test(no_daemon), cmocka_unit_test(bad_body),
	        cmocka_unit_test(big),
	};
	if (sodium_init() < 0)
		return 1;
	log_init("proto_client", LOG_LEVEL_QUIET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
