/* Floods: silent connections, slow ones, one user's thousands of sessions. Others are served all the while.
 */
#include "test/unit/proto_fixture.h"

#include <sys/resource.h>

/* As many raw connections as asked for, or as the limit on descriptors allows both ends of. */
static unsigned flood_size(unsigned wanted)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	unsigned can = limit.rlim_cur > 400 ? (unsigned)((limit.rlim_cur - 300) / 2) : 50;
	if (can >= wanted)
		return wanted;
	print_message("%u connections in place of %u: %lu descriptors\n", can, wanted,
	              (unsigned long)limit.rlim_cur);
	return can;
}

static void turn(struct world *w, int rounds)
{
	for (int i = 0; i < rounds; i++)
		loop_once(w->loop, 0);
}

static unsigned still_open(const int *fds, unsigned n)
{
	unsigned count = 0;
	uint8_t bytes[WIRE_HELLO_SIZE + 1];
	for (unsigned i = 0; i < n; i++) {
		ssize_t r = recv(fds[i], bytes, sizeof(bytes), MSG_DONTWAIT);
		while (r > 0)
			r = recv(fds[i], bytes, sizeof(bytes), MSG_DONTWAIT);
		count += r < 0 && errno == EAGAIN;
	}
	return count;
}

/* A daemon's session is made and used. */
static void gets_in(struct world *w)
{
	struct seen mine = {0};
	seen_reset(&w->at_server);
	struct conn *c = dial_controller(w, &mine);
	send_ping(c, 1);
	WAIT_FOR(w, mine.messages == 1);
	conn_close(c);
	WAIT_FOR(w, w->at_server.closed);
	free(mine.body);
}

static void silent_and_slow(void **state)
{
	(void)state;
	struct world *w = world_new();
	unsigned n = flood_size(4000);
	int *fds = xcalloc(n, sizeof(*fds));
	uint16_t port = server_port(w->controller);
	for (unsigned i = 0; i < n; i++) {
		fds[i] = raw_connect(port);
		if (i % 16 == 0)
			turn(w, 2);
	}
	turn(w, 200);
	/* 64 of one address: the newest. */
	assert_int_equal(still_open(fds, n), n < 64 ? n : 64);
	gets_in(w);
	/* Half of those that are left send a byte now and then: that doesn't prolong their time. */
	int64_t until = loop_clock() + WAIT_US;
	unsigned rounds = 0;
	while (still_open(fds, n) > 0) {
		for (unsigned i = 0; i < n; i += 2)
			(void)!send(fds[i], "B", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		loop_once(w->loop, 50);
		if (rounds++ % 20 == 0)
			gets_in(w);
		if (loop_clock() > until)
			fail_msg("connections without OPEN live for ever");
	}
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	free(fds);
	world_free(w);
}

/* Many addresses: the fullest loses its oldest. */
static void from_many_addresses(void **state)
{
	(void)state;
	struct world *w = world_new();
	unsigned n = flood_size(1100);
	int *fds = xcalloc(n, sizeof(*fds));
	struct sockaddr_in to = {.sin_family = AF_INET,
	                         .sin_port = htons(server_port(w->controller)),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	/* 127.0.1.x: each opens 4, but for the first one, that has 60. */
	for (unsigned i = 0; i < n; i++) {
		struct sockaddr_in from = {.sin_family = AF_INET,
		                           .sin_addr.s_addr =
		                                   htonl(0x7f000101u + (i < 60 ? 0 : 1 + (i - 60) / 4))};
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fds[i], (struct sockaddr *)&from, sizeof(from)), 0);
		assert_int_equal(connect(fds[i], (struct sockaddr *)&to, sizeof(to)), 0);
		if (i % 16 == 0)
			turn(w, 2);
	}
	turn(w, 100);
	if (n == 1100) {
		/* 76 too many: the first address shrinks to the others' size, then the oldest of all go. */
		assert_int_equal(still_open(fds, n), 1024);
		assert_true(still_open(fds, 60) <= 4);
		assert_int_equal(still_open(fds + 200, n - 200), n - 200);
	}
	gets_in(w);
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	turn(w, 10);
	free(fds);
	world_free(w);
}

/* ---- one user's sessions ---- */

/* A user's session made from a key that the test has: what the daemon would do for him. */
static int user_session(struct world *w, uint32_t uid, uint8_t *refusal)
{
	uint8_t hello[WIRE_HELLO_SIZE], bytes[WIRE_OPEN_SIZE], h[32], psk[32], byte;
	struct wire_open open = {.version = SESSION_VERSION,
	                         .kind = SESSION_USER,
	                         .class = KEY_CLASS_LOGIN,
	                         .uid = uid,
	                         .gid = 100,
	                         .role = ROLE_CONTROLLER,
	                         .host = "login1",
	                         .audience = "head"};
	int fd = raw_connect(server_port(w->controller));
	assert_int_equal(raw_read(w, fd, hello, sizeof(hello)), sizeof(hello));
	memcpy(open.kid, key_host_id(w->login_key), KEY_ID_SIZE);
	crypto_scalarmult_base(open.e_c, KEY_BYTES);
	wire_put_open(&open, bytes);
	wire_transcript(hello, "lab", bytes, h);
	wire_ticket(key_host_bytes(w->login_key), h, open.mac, psk);
	wire_put_open(&open, bytes);
	assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	assert_int_equal(raw_read(w, fd, &byte, 1), 1);
	/* The welcome is longer than a refusal. */
	uint8_t more;
	*refusal = raw_read(w, fd, &more, 1) == 1 ? 0 : byte;
	return fd;
}

/* Connections that nobody looks after: each closes by itself. */
static bool accept_and_forget(void *ctx, struct conn *conn)
{
	static const struct conn_ops none;
	struct world *w = ctx;
	w->accepted++;
	conn_set_ctx(conn, &none, NULL);
	return true;
}
static const struct server_ops forgetful_ops = {.accepted = accept_and_forget};

static void thousands_of_one_user(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct err err = {0};
	const struct server_conf conf = {.role = ROLE_CONTROLLER,
	                                 .name = "head",
	                                 .cluster = "lab",
	                                 .master = w->master,
	                                 .version = "test",
	                                 .fd_reserve = 8,
	                                 .single_uid = CORE_NO_VAL,
	                                 .slurm_uid = 990,
	                                 .sessions_per_user = 128};
	server_free(w->controller);
	w->controller = server_new(w->loop, &conf, "127.0.0.1", 0, &forgetful_ops, w, &err);
	assert_non_null(w->controller);
	enum { TRIES = 300 };
	int fds[TRIES];
	unsigned refused = 0;
	uint8_t refusal;
	if (flood_size(TRIES + 100) < TRIES + 100)
		skip();
	for (int i = 0; i < TRIES; i++) {
		fds[i] = user_session(w, 1000, &refusal);
		refused += refusal == REFUSED_BUSY;
	}
	assert_int_equal(w->accepted, 128);
	assert_int_equal(refused, TRIES - 128);
	/* Another user, root, SlurmUser, a daemon. */
	static const uint32_t others[] = {1001, 0, 990};
	for (size_t i = 0; i < 3; i++) {
		int fd = user_session(w, others[i], &refusal);
		assert_int_equal(refusal, 0);
		close(fd);
	}
	/* Those who are exempt are so beyond 128, too. */
	int roots[140];
	for (int i = 0; i < 140; i++) {
		roots[i] = user_session(w, 0, &refusal);
		assert_int_equal(refusal, 0);
	}
	for (int i = 0; i < 140; i++)
		close(roots[i]);
	/* Room comes back. */
	for (int i = 0; i < TRIES; i++)
		close(fds[i]);
	turn(w, 400);
	int again = user_session(w, 1000, &refusal);
	assert_int_equal(refusal, 0);
	close(again);
	turn(w, 50);
	world_free(w);
}

/* Ids that no ticket may carry, whoever signed it. */
static void impossible_users(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint8_t refusal;
	close(user_session(w, 65534, &refusal));
	assert_int_equal(refusal, REFUSED_USER);
	close(user_session(w, UINT32_MAX, &refusal));
	assert_int_equal(refusal, REFUSED_MAC);
	assert_int_equal(w->accepted, 0);
	world_free(w);
}

/* 64 step sessions wait for their grants; one more is turned away, and those that wait keep nobody out. */
static void waiting_steps(void **state)
{
	(void)state;
	struct world *w = world_new();
	const struct session_audience audience = to_worker();
	struct key_step_of of = a_step();
	uint8_t key[KEY_SIZE];
	struct seen seen[65] = {0};
	struct conn *conns[65];
	key_step_derive(w->worker_key, &of, key);
	const struct conn_credential credential = {.step_key = key, .step = &of};
	for (int i = 0; i < 65; i++)
		conns[i] = dial_as(w, &seen[i], server_port(w->worker), &audience, &credential);
	unsigned closed = 0;
	int64_t until = loop_clock() + WAIT_US;
	while (closed == 0 && loop_clock() < until) {
		loop_once(w->loop, 10);
		for (int i = 0; i < 65; i++)
			closed += seen[i].closed;
	}
	assert_int_equal(closed, 1);
	w->granted = true;
	server_grants_changed(w->worker);
	assert_true(w->step_fd >= 0);
	for (int i = 0; i < 65; i++)
		if (!seen[i].closed)
			conn_close(conns[i]);
	turn(w, 20);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(silent_and_slow),       cmocka_unit_test(from_many_addresses),
	        cmocka_unit_test(thousands_of_one_user), cmocka_unit_test(impossible_users),
	        cmocka_unit_test(waiting_steps),
	};
	if (sodium_init() < 0)
		return 1;
	log_init("proto_limits", LOG_LEVEL_QUIET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
