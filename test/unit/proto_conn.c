/* A connection's life once its session stands: ends of all kinds, back-pressure, what callbacks may do. */
#include "test/unit/proto_fixture.h"

/* ---- ends ---- */

/* A relay that passes whole frames and then cuts: the reader learns that the end is not the peer's. */
static void cut_after_a_whole_frame(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE];
	struct session_keys keys;
	struct text wire = TEXT_EMPTY;
	int fd = raw_connect(server_port(w->controller));
	assert_int_equal(raw_read(w, fd, hello, sizeof(hello)), sizeof(hello));
	raw_open(w, hello, open, &keys);
	struct session *s = session_new(&keys, false);
	text_add_n(&wire, (const char *)open, sizeof(open));
	struct text ping = TEXT_EMPTY;
	assert_int_equal(session_seal(s, MSG_msg_ping, 1, ping.s, 0, false, &wire, NULL), 0);
	assert_int_equal(send(fd, wire.s, wire.len, 0), wire.len);
	WAIT_FOR(w, w->at_server.messages == 1);
	shutdown(fd, SHUT_WR);
	WAIT_FOR(w, w->at_server.closed);
	assert_int_equal(w->at_server.err.code, ERR_TRUNCATED);
	text_free(&wire);
	session_free(s);
	close(fd);
	world_free(w);
}

/* The server's end is cut off from the client. */
static void cut_at_the_client(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	send_ping(c, 1);
	WAIT_FOR(w, mine.messages == 1);
	conn_close(w->at_server.conn); /* no TAG_FINAL */
	w->at_server.conn = NULL;
	WAIT_FOR(w, mine.closed);
	assert_int_equal(mine.err.code, ERR_TRUNCATED);
	free(mine.body);
	world_free(w);
}

#define BIG (4u << 20)

/* All that was sent before the end arrives, although the other side sends at the same time and reads late. */
static void nothing_lost_at_the_end(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	WAIT_FOR(w, mine.opened);
	uint8_t *big = xcalloc(1, BIG);
	randombytes_buf(big, BIG);
	conn_pause(c, true);
	conn_send_encoded(w->at_server.conn, MSG_job_list, 3, big, BIG);
	conn_finish(w->at_server.conn);
	for (int i = 0; i < 50; i++) {
		send_ping(c, 5);
		loop_once(w->loop, 1);
	}
	assert_int_equal(mine.messages, 0);
	conn_pause(c, false);
	WAIT_FOR(w, mine.closed && w->at_server.closed);
	assert_int_equal(mine.messages, 1);
	assert_int_equal(mine.n, BIG);
	assert_memory_equal(mine.body, big, BIG);
	assert_int_equal(mine.err.code, 0);
	assert_int_equal(w->at_server.err.code, 0);
	free(big);
	free(mine.body);
	world_free(w);
}

static void finish_before_it_stands(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	send_ping(c, 1);
	conn_finish(c);
	send_ping(c, 2); /* after the end: nothing */
	WAIT_FOR(w, mine.closed && w->at_server.closed);
	assert_int_equal(w->at_server.messages, 1);
	assert_int_equal(w->at_server.err.code, 0);
	free(mine.body);
	world_free(w);
}

static void nobody_there(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	uint16_t port = server_port(w->controller);
	server_free(w->controller);
	w->controller = NULL;
	const struct session_audience audience = to_controller();
	const struct conn_credential credential = {.host_key = w->worker_key};
	dial_as(w, &mine, port, &audience, &credential);
	assert_false(mine.closed); /* never inside conn_dial */
	WAIT_FOR(w, mine.closed);
	assert_int_equal(mine.err.code, ERR_CONNECT);
	assert_non_null(strstr(mine.err.text, "refused"));
	world_free(w);
}

/* A server that accepts and says nothing. */
static void silent_server(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct err err = {0};
	struct seen mine = {0};
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	const struct session_audience audience = to_controller();
	const struct conn_credential credential = {.host_key = w->worker_key};
	conn_dial(w->loop, "127.0.0.1", ntohs(addr.sin_port), &audience, &credential, 50000, &seen_ops, &mine,
	          &err);
	WAIT_FOR(w, mine.closed);
	assert_int_equal(mine.err.code, ERR_TIMEOUT);
	close(listener);
	world_free(w);
}

static bool seen_late(void *ctx, struct conn *conn)
{
	struct seen *s = ctx;
	(void)conn;
	return ++s->late == 1;
}

/* A worker that holds a step's connection, be it for longer than the dialling may take. */
static void late_server(void **state)
{
	(void)state;
	const struct conn_ops patient = {
	        .opened = seen_opened, .message = seen_message, .closed = seen_closed, .late = seen_late};
	const struct conn_ops *kinds[] = {&patient, &seen_ops};
	const struct session_audience audience = to_worker();
	for (int i = 0; i < 2; i++) {
		struct world *w = world_new();
		struct seen mine = {0}, shepherd = {0};
		struct err err = {0};
		uint8_t key[KEY_SIZE];
		const struct key_step_of of = a_step();
		key_step_derive(w->worker_key, &of, key);
		const struct conn_credential credential = {.step_key = key, .step = &of};
		w->granted = true;
		struct conn *c = conn_dial(w->loop, "127.0.0.1", server_port(w->worker), &audience,
		                           &credential, 300000, kinds[i], &mine, &err);
		send_ping(c, 9);
		WAIT_FOR(w, w->step_fd >= 0 && (mine.late || mine.closed));
		assert_int_equal(mine.late, i == 0);
		assert_int_equal(mine.closed, i == 1);
		assert_int_equal(mine.err.code, i == 0 ? 0 : ERR_TIMEOUT);
		if (i == 0) {
			struct conn *s = conn_adopt(w->loop, w->step_fd, &w->step_keys, &w->step_peer,
			                            &seen_ops, &shepherd, &err);
			w->step_fd = -1;
			shepherd.on_message = answer_ping;
			WAIT_FOR(w, mine.messages == 1);
			assert_true(mine.opened);
			conn_close(s);
			WAIT_FOR(w, mine.closed);
		}
		free(mine.body);
		free(shepherd.body);
		world_free(w);
	}
}

static void names(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct err err = {0};
	struct seen mine = {0}, lost = {0};
	const struct session_audience audience = to_controller();
	const struct conn_credential credential = {.host_key = w->worker_key};
	struct conn *c = conn_dial(w->loop, "localhost", server_port(w->controller), &audience, &credential,
	                           WAIT_US, &seen_ops, &mine, &err);
	WAIT_FOR(w, mine.opened);
	conn_close(c);
	/* One that doesn't exist is looked up in a thread; closing doesn't wait for it. */
	conn_dial(w->loop, "no-such-host.invalid", 1, &audience, &credential, WAIT_US, &seen_ops, &lost,
	          &err);
	WAIT_FOR(w, lost.closed);
	assert_int_equal(lost.err.code, ERR_CONNECT);
	c = conn_dial(w->loop, "neither-is-this.invalid", 1, &audience, &credential, WAIT_US, &seen_ops,
	              &lost, &err);
	conn_close(c);
	WAIT_FOR(w, w->at_server.closed);
	world_free(w);
}

/* ---- back-pressure ---- */

static void paused_reader(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	WAIT_FOR(w, mine.opened);
	conn_pause(c, true);
	for (unsigned i = 0; i < 10; i++)
		conn_send_encoded(w->at_server.conn, MSG_msg_pong, i + 1, NULL, 0);
	for (int i = 0; i < 20; i++)
		loop_once(w->loop, 1);
	assert_int_equal(mine.messages, 0);
	conn_pause(c, false);
	assert_int_equal(mine.messages, 0); /* not inside the call */
	WAIT_FOR(w, mine.messages == 10);
	conn_close(c);
	WAIT_FOR(w, w->at_server.closed);
	free(mine.body);
	world_free(w);
}

static void pause_after_each(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	(void)type;
	(void)body;
	(void)n;
	assert_int_equal(id, s->messages);
	conn_pause(s->conn, true);
}

/* Messages that came in one segment are given one by one; the end behind them is not forgotten. */
static void pause_in_the_callback(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {.on_message = pause_after_each};
	struct conn *c = dial_controller(w, &mine);
	WAIT_FOR(w, mine.opened);
	for (unsigned i = 0; i < 5; i++)
		conn_send_encoded(w->at_server.conn, MSG_msg_pong, i + 1, "x", 1);
	conn_finish(w->at_server.conn);
	for (unsigned i = 1; i <= 5; i++) {
		WAIT_FOR(w, mine.messages == i);
		for (int k = 0; k < 5; k++)
			loop_once(w->loop, 1);
		assert_int_equal(mine.messages, i);
		assert_false(mine.closed);
		conn_pause(c, false);
	}
	WAIT_FOR(w, mine.closed && w->at_server.closed);
	assert_int_equal(mine.err.code, 0);
	free(mine.body);
	world_free(w);
}

static void drained(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	WAIT_FOR(w, mine.opened);
	uint8_t *big = xcalloc(1, BIG);
	conn_pause(c, true);
	for (int i = 0; i < 8; i++)
		conn_send_encoded(w->at_server.conn, MSG_job_list, 0, big, BIG);
	assert_true(conn_waiting(w->at_server.conn) > BIG);
	assert_int_equal(w->at_server.drained, 0);
	conn_pause(c, false);
	WAIT_FOR(w, mine.messages == 8 && w->at_server.drained > 0);
	assert_int_equal(conn_waiting(w->at_server.conn), 0);
	conn_close(c);
	WAIT_FOR(w, w->at_server.closed);
	free(big);
	free(mine.body);
	world_free(w);
}

/* ---- in callbacks ---- */

static void close_in_message(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	(void)type;
	(void)id;
	conn_close(s->conn);
	s->conn = NULL;
	/* The body is still there. */
	assert_int_equal(n, 4);
	assert_memory_equal(body, "body", 4);
}

static void closed_in_its_callback(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {.on_message = close_in_message};
	dial_controller(w, &mine);
	WAIT_FOR(w, mine.opened);
	conn_send_encoded(w->at_server.conn, MSG_msg_pong, 1, "body", 4);
	conn_send_encoded(w->at_server.conn, MSG_msg_pong, 2, "more", 4);
	WAIT_FOR(w, w->at_server.closed);
	assert_int_equal(mine.messages, 1);
	assert_false(mine.closed);
	free(mine.body);
	world_free(w);
}

static struct conn *other_conn;

static void close_the_other(struct seen *s, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	(void)s;
	(void)type;
	(void)id;
	(void)body;
	(void)n;
	conn_close(other_conn);
	other_conn = NULL;
}

/* Two connections are ready in one round; the first closes the second. */
static void closed_by_another(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen one = {.on_message = close_the_other}, two = {0};
	dial_controller(w, &one);
	WAIT_FOR(w, one.opened && w->at_server.conn);
	struct conn *first = w->at_server.conn;
	other_conn = dial_controller(w, &two);
	WAIT_FOR(w, two.opened && w->at_server.conn != first);
	conn_send_encoded(w->at_server.conn, MSG_msg_pong, 1, "x", 1);
	conn_send_encoded(first, MSG_msg_pong, 1, "x", 1);
	WAIT_FOR(w, one.messages == 1);
	assert_null(other_conn);
	assert_false(two.closed);
	conn_close(first);
	WAIT_FOR(w, one.closed && w->at_server.closed);
	free(one.body);
	free(two.body);
	world_free(w);
}

/* ---- what a peer may send ---- */

static void unknown_and_forbidden(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	struct arena arena;
	struct msg_error m;
	arena_init(&arena);
	conn_send_encoded(c, 251, 7, "??", 2);
	WAIT_FOR(w, mine.messages == 1);
	assert_int_equal(mine.type, MSG_msg_error);
	assert_int_equal(mine.id, 7);
	assert_int_equal(schema_decode(schema_of_msg_error(), &m, mine.body, mine.n, &arena, NULL), 0);
	assert_int_equal(m.code, ERR_NOT_SUPPORTED);
	assert_non_null(strstr(m.text, "not supported by version"));
	conn_send_encoded(c, MSG_shutdown_request, 8, "", 0);
	WAIT_FOR(w, mine.messages == 2);
	assert_int_equal(mine.id, 8);
	assert_int_equal(schema_decode(schema_of_msg_error(), &m, mine.body, mine.n, &arena, NULL), 0);
	assert_int_equal(m.code, ERR_ACCESS_DENIED);
	assert_int_equal(w->at_server.messages, 0);
	send_ping(c, 9);
	WAIT_FOR(w, mine.messages == 3);
	assert_int_equal(mine.type, MSG_msg_pong);
	arena_free(&arena);
	conn_close(c);
	WAIT_FOR(w, w->at_server.closed);
	free(mine.body);
	world_free(w);
}

/* The frame behind the header once more. */
static void repeat(struct text *wire)
{
	char frame[64];
	size_t n = wire->len - 24;
	assert_true(n <= sizeof(frame));
	memcpy(frame, wire->s + 24, n);
	text_add_n(wire, frame, n);
}

/* An authenticated peer that breaks the frames is cut off; the server lives. */
static void broken_frames(void **state)
{
	(void)state;
	struct world *w = world_new();
	for (int trick = 0; trick < 4; trick++) {
		uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE];
		struct session_keys keys;
		struct text wire = TEXT_EMPTY;
		seen_reset(&w->at_server);
		int fd = raw_connect(server_port(w->controller));
		assert_int_equal(raw_read(w, fd, hello, sizeof(hello)), sizeof(hello));
		raw_open(w, hello, open, &keys);
		struct session *s = session_new(&keys, false);
		assert_int_equal(session_seal(s, MSG_msg_ping, 1, "", 0, false, &wire, NULL), 0);
		if (trick == 0)
			wire.s[24] = (char)0xff; /* a length of 2^32 - 1 or so */
		else if (trick == 1)
			wire.s[wire.len - 1] ^= 1;
		else if (trick == 2)
			repeat(&wire);
		else
			wire.s[27] = 0;
		assert_int_equal(send(fd, open, sizeof(open), 0), sizeof(open));
		assert_int_equal(send(fd, wire.s, wire.len, 0), wire.len);
		WAIT_FOR(w, w->at_server.closed);
		assert_int_equal(w->at_server.err.code, ERR_COMMUNICATION);
		assert_int_equal(w->at_server.messages, trick == 2 ? 1 : 0);
		text_free(&wire);
		session_free(s);
		close(fd);
	}
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	WAIT_FOR(w, mine.opened);
	conn_close(c);
	seen_reset(&w->at_server);
	WAIT_FOR(w, w->at_server.closed);
	world_free(w);
}

/* Connections outlive the server that took them. */
static void server_gone_first(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	WAIT_FOR(w, mine.opened);
	server_free(w->controller);
	w->controller = NULL;
	send_ping(c, 4);
	WAIT_FOR(w, mine.messages == 1);
	conn_close(c);
	WAIT_FOR(w, w->at_server.closed);
	free(mine.body);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(cut_after_a_whole_frame),
	        cmocka_unit_test(cut_at_the_client),
	        cmocka_unit_test(nothing_lost_at_the_end),
	        cmocka_unit_test(finish_before_it_stands),
	        cmocka_unit_test(nobody_there),
	        cmocka_unit_test(silent_server),
	        cmocka_unit_test(late_server),
	        cmocka_unit_test(names),
	        cmocka_unit_test(paused_reader),
	        cmocka_unit_test(pause_in_the_callback),
	        cmocka_unit_test(drained),
	        cmocka_unit_test(closed_in_its_callback),
	        cmocka_unit_test(closed_by_another),
	        cmocka_unit_test(unknown_and_forbidden),
	        cmocka_unit_test(broken_frames),
	        cmocka_unit_test(server_gone_first),
	};
	if (sodium_init() < 0)
		return 1;
	log_init("proto_conn", LOG_LEVEL_QUIET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
