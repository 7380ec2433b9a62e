/* HELLO and OPEN over loopback, with somebody in between: nothing but the true peer ever gets a session. */
#include "test/unit/proto_fixture.h"

/* ---- what works ---- */

static void daemon_session(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	send_ping(c, 42); /* before the session stands: goes with OPEN */
	WAIT_FOR(w, mine.messages == 1);
	assert_true(mine.opened);
	assert_int_equal(mine.type, MSG_msg_pong);
	assert_int_equal(mine.id, 42);
	assert_true(w->at_server.opened);
	const struct session_peer *peer = conn_peer(w->at_server.conn);
	assert_int_equal(peer->kind, SESSION_DAEMON);
	assert_int_equal(peer->class, KEY_CLASS_WORKER);
	assert_string_equal(peer->host, "n1");
	assert_string_equal(peer->address, "127.0.0.1");
	assert_int_equal(conn_peer(c)->class, KEY_CLASS_CONTROLLER);
	assert_string_equal(conn_peer(c)->host, "head");
	conn_finish(c);
	WAIT_FOR(w, w->at_server.closed && mine.closed);
	assert_int_equal(w->at_server.err.code, 0);
	assert_int_equal(mine.err.code, 0);
	world_free(w);
	free(mine.body);
	assert_int_equal(secret_live(), 0);
}

static void step_session(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0}, shepherd = {.on_message = answer_ping};
	const struct session_audience audience = to_worker();
	const struct key_step_of of = a_step();
	struct err err = {0};
	uint8_t key[KEY_SIZE];
	key_step_derive(w->worker_key, &of, key);
	const struct conn_credential credential = {.step_key = key, .step = &of};
	struct conn *c = dial_as(w, &mine, server_port(w->worker), &audience, &credential);
	struct msg_ping ping;
	schema_init(schema_of_msg_ping(), &ping);
	conn_send(c, MSG_msg_ping, 9, &ping); /* in OPEN's segment: must be there after the hand-over */
	for (int i = 0; i < 20; i++)
		loop_once(w->loop, 5);
	assert_int_equal(w->step_fd, -1); /* the grant has not come */
	assert_false(mine.closed);
	w->granted = true;
	server_grants_changed(w->worker);
	assert_true(w->step_fd >= 0);
	assert_int_equal(w->step_peer.kind, SESSION_STEP);
	assert_int_equal(w->step_peer.uid, 1000);
	assert_int_equal(w->step_peer.step.rights, of.rights);
	assert_int_equal(w->step_peer.step.serial, 5);
	struct conn *s =
	        conn_adopt(w->loop, w->step_fd, &w->step_keys, &w->step_peer, &seen_ops, &shepherd, &err);
	assert_non_null(s);
	w->step_fd = -1;
	WAIT_FOR(w, mine.messages == 1);
	assert_int_equal(mine.id, 9);
	assert_true(mine.opened);
	conn_finish(s);
	WAIT_FOR(w, mine.closed && shepherd.closed);
	assert_int_equal(mine.err.code, 0);
	assert_int_equal(shepherd.err.code, 0);
	free(mine.body);
	free(shepherd.body);
	world_free(w);
}

/* ---- refusals ---- */

/* The session must not stand; the client is told an error. */
static void expect_refusal(struct world *w, struct seen *mine, const char *words)
{
	WAIT_FOR(w, mine->closed);
	assert_false(mine->opened);
	assert_int_not_equal(mine->err.code, 0);
	if (words && !strstr(mine->err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", mine->err.text, words);
	assert_int_equal(w->accepted, 0);
	assert_int_equal(w->step_fd, -1);
	free(mine->body);
}

static void step_key_elsewhere(void **state)
{
	(void)state;
	/* What of the step is claimed differently than the key was made for. */
	for (int change = 0; change < 8; change++) {
		struct world *w = world_new();
		struct seen mine = {0};
		const struct session_audience audience = to_worker();
		struct err err = {0};
		struct key_step_of of = a_step();
		struct key_host *other = key_host_derive(w->master, "lab", KEY_CLASS_WORKER, "n2", 0, &err);
		uint8_t key[KEY_SIZE];
		key_step_derive(change == 0 ? other : w->worker_key, &of, key);
		of.serial += change == 1;
		of.step_id += change == 2;
		of.launch += change == 3;
		of.uid += change == 4;
		of.rights |= change == 5 ? STEP_RIGHT_BCAST : 0u;
		of.instance[0] ^= change == 6;
		key[31] ^= change == 7;
		const struct conn_credential credential = {.step_key = key, .step = &of};
		w->granted = true;
		dial_as(w, &mine, server_port(w->worker), &audience, &credential);
		expect_refusal(w, &mine, "ticket is not valid");
		key_host_free(other);
		world_free(w);
	}
}

/* One that has no slurm.conf names neither cluster nor controller; nobody else may leave them out, and it may
 * not name them. */
static void configless(void **state)
{
	(void)state;
	static const struct {
		enum key_class class;
		const char *of, *cluster, *name, *refused;
	} rows[] = {{KEY_CLASS_CONFIGLESS, KEY_ANY, KEY_ANY, KEY_ANY, NULL},
	            {KEY_CLASS_CONFIGLESS, "lab", KEY_ANY, KEY_ANY, "ticket is not valid"},
	            {KEY_CLASS_CONFIGLESS, KEY_ANY, "lab", KEY_ANY, "ticket is not valid"},
	            {KEY_CLASS_CONFIGLESS, KEY_ANY, KEY_ANY, "head", "not the server that was meant"},
	            {KEY_CLASS_WORKER, KEY_ANY, KEY_ANY, KEY_ANY, "not the server that was meant"},
	            {KEY_CLASS_WORKER, "lab", KEY_ANY, "head", "ticket is not valid"},
	            {KEY_CLASS_LOGIN, "lab", "lab", KEY_ANY, "not the server that was meant"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = world_new();
		struct seen mine = {0};
		struct err err = {0};
		struct session_audience audience = {.role = ROLE_CONTROLLER};
		struct key_host *key = key_host_derive(w->master, rows[i].of, rows[i].class, "n1", 0, &err);
		const struct conn_credential credential = {.host_key = key};
		text_copy(audience.cluster, sizeof(audience.cluster), rows[i].cluster);
		text_copy(audience.name, sizeof(audience.name), rows[i].name);
		struct conn *c = dial_as(w, &mine, server_port(w->controller), &audience, &credential);
		if (rows[i].refused) {
			expect_refusal(w, &mine, rows[i].refused);
		} else {
			WAIT_FOR(w, mine.opened);
			assert_int_equal(conn_peer(w->at_server.conn)->class, KEY_CLASS_CONFIGLESS);
			conn_close(c);
			WAIT_FOR(w, w->at_server.closed);
		}
		key_host_free(key);
		world_free(w);
	}
}

static void wrong_role_for_kind(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct session_audience audience = to_controller();
	const struct key_step_of of = a_step();
	uint8_t key[KEY_SIZE];
	/* A step session at the controller. */
	struct seen mine = {0};
	key_step_derive(w->controller_key, &of, key);
	struct conn_credential credential = {.step_key = key, .step = &of};
	dial_as(w, &mine, server_port(w->controller), &audience, &credential);
	expect_refusal(w, &mine, "not served");
	/* A daemon's at a worker, also with the worker's own key. */
	mine = (struct seen){0};
	audience = to_worker();
	credential = (struct conn_credential){.host_key = w->worker_key};
	dial_as(w, &mine, server_port(w->worker), &audience, &credential);
	expect_refusal(w, &mine, "not served");
	world_free(w);
}

static void other_keys_and_names(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct err err = {0};
	uint8_t other_bytes[64] = "another cluster's key";
	struct key_master *other = key_master_from_bytes(other_bytes, sizeof(other_bytes), &err);
	struct key_host *foreign = key_host_derive(other, "lab", KEY_CLASS_WORKER, "n1", 0, &err);
	struct key_host *renamed = key_host_derive(w->master, "lab2", KEY_CLASS_WORKER, "n1", 0, &err);
	char here[17], there[17];
	sodium_bin2hex(here, sizeof(here), key_master_id(w->master), 8);
	sodium_bin2hex(there, sizeof(there), key_master_id(other), 8);
	struct session_audience audience = to_controller();
	struct conn_credential credential = {.host_key = foreign};
	struct seen mine = {0};
	dial_as(w, &mine, server_port(w->controller), &audience, &credential);
	WAIT_FOR(w, mine.closed);
	assert_non_null(strstr(mine.err.text, here));
	assert_non_null(strstr(mine.err.text, there));
	expect_refusal(w, &mine, "unverified");
	/* The same key, another ClusterName on the client's side. */
	text_copy(audience.cluster, sizeof(audience.cluster), "lab2");
	credential.host_key = renamed;
	mine = (struct seen){0};
	dial_as(w, &mine, server_port(w->controller), &audience, &credential);
	expect_refusal(w, &mine, "ClusterName");
	/* Another audience name. */
	audience = to_controller();
	text_copy(audience.name, sizeof(audience.name), "head2");
	credential.host_key = w->worker_key;
	mine = (struct seen){0};
	dial_as(w, &mine, server_port(w->controller), &audience, &credential);
	expect_refusal(w, &mine, "not the server that was meant");
	/* A worker where the controller was meant. */
	audience = to_controller();
	mine = (struct seen){0};
	dial_as(w, &mine, server_port(w->worker), &audience, &credential);
	expect_refusal(w, &mine, "controller head was meant");
	key_host_free(foreign);
	key_host_free(renamed);
	key_master_free(other);
	world_free(w);
}

/* FILE.next and FILE.prev: accepted while they are there, refused with both ids when they are not. */
static void keys_in_rotation(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct err err = {0};
	uint8_t next_bytes[64] = "the next key";
	struct key_master *next = key_master_from_bytes(next_bytes, sizeof(next_bytes), &err);
	struct key_host *ahead = key_host_derive(next, "lab", KEY_CLASS_WORKER, "n1", 0, &err);
	const struct session_audience audience = to_controller();
	const struct conn_credential credential = {.host_key = ahead};
	struct seen mine = {0};
	assert_int_equal(key_master_add(w->master, next_bytes, sizeof(next_bytes), &err), 0);
	struct conn *c = dial_as(w, &mine, server_port(w->controller), &audience, &credential);
	WAIT_FOR(w, mine.opened);
	conn_close(c);
	WAIT_FOR(w, w->at_server.closed);
	key_host_free(ahead);
	key_master_free(next);
	world_free(w);
}

/* ---- a proxy ---- */

#define NOWHERE SIZE_MAX

/* Between a client and the server: flips one bit of HELLO (at < 84) or of OPEN, passes all else. true: a
 * session stood. */
static bool flipped(struct world *w, size_t at)
{
	struct err err = {0};
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	const struct session_audience audience = to_controller();
	const struct conn_credential credential = {.host_key = w->worker_key};
	struct seen mine = {0};
	uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE];
	w->accepted = 0;
	struct conn *c = conn_dial(w->loop, "127.0.0.1", ntohs(addr.sin_port), &audience, &credential,
	                           WAIT_US, &seen_ops, &mine, &err);
	int victim = accept(listener, NULL, NULL), server = raw_connect(server_port(w->controller));
	assert_int_equal(raw_read(w, server, hello, sizeof(hello)), sizeof(hello));
	if (at < WIRE_HELLO_SIZE)
		hello[at] ^= 1;
	assert_int_equal(send(victim, hello, sizeof(hello), MSG_NOSIGNAL), sizeof(hello));
	/* The client may see at once that HELLO is none. */
	if (raw_read(w, victim, open, sizeof(open)) == sizeof(open)) {
		if (at >= WIRE_HELLO_SIZE && at != NOWHERE)
			open[at - WIRE_HELLO_SIZE] ^= 1;
		assert_int_equal(send(server, open, sizeof(open), MSG_NOSIGNAL), sizeof(open));
		uint8_t rest[256];
		size_t n = raw_read(w, server, rest, 1);
		(void)!send(victim, rest, n, MSG_NOSIGNAL);
	}
	shutdown(victim, SHUT_RDWR);
	WAIT_FOR(w, mine.closed || mine.opened);
	bool stood = mine.opened || w->accepted > 0;
	if (!mine.closed)
		conn_close(c);
	close(victim);
	close(server);
	close(listener);
	free(mine.body);
	return stood;
}

static void every_bit_of_hello_and_open(void **state)
{
	(void)state;
	struct world *w = world_new();
	assert_true(flipped(w, NOWHERE)); /* the proxy itself is not what breaks it */
	for (size_t at = 0; at < WIRE_HELLO_SIZE + WIRE_OPEN_SIZE; at++)
		if (flipped(w, at))
			fail_msg("a session stood with bit 0 of byte %zu flipped", at);
	world_free(w);
}

/* A relay that changes nothing gains a session for the two, and nothing for itself. */
static void an_honest_relay(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE], rest[24];
	struct session_keys keys;
	int server = raw_connect(server_port(w->controller));
	assert_int_equal(raw_read(w, server, hello, sizeof(hello)), sizeof(hello));
	raw_open(w, hello, open, &keys);
	assert_int_equal(send(server, open, sizeof(open), 0), sizeof(open));
	assert_int_equal(raw_read(w, server, rest, sizeof(rest)), sizeof(rest));
	assert_int_equal(w->accepted, 1);
	close(server);
	WAIT_FOR(w, w->at_server.closed);
	assert_int_equal(w->at_server.err.code, ERR_TRUNCATED);
	world_free(w);
}

static uint8_t refusal_of(struct world *w, int fd)
{
	uint8_t byte[2] = {0};
	assert_int_equal(raw_read(w, fd, byte, 2), 1);
	close(fd);
	return byte[0];
}

static void replayed_open(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE], again[WIRE_HELLO_SIZE], rest[24];
	struct session_keys keys;
	uint16_t port = server_port(w->controller);
	int server = raw_connect(port);
	raw_read(w, server, hello, sizeof(hello));
	raw_open(w, hello, open, &keys);
	(void)!send(server, open, sizeof(open), 0);
	assert_int_equal(raw_read(w, server, rest, sizeof(rest)), sizeof(rest));
	assert_int_equal(w->accepted, 1);
	/* On a second connection. */
	int second = raw_connect(port);
	raw_read(w, second, again, sizeof(again));
	assert_memory_not_equal(hello, again, sizeof(hello));
	(void)!send(second, open, sizeof(open), 0);
	assert_int_equal(refusal_of(w, second), REFUSED_MAC);
	/* After a restart. */
	server_free(w->controller);
	w->controller = start_controller(w, 0);
	int third = raw_connect(server_port(w->controller));
	raw_read(w, third, again, sizeof(again));
	(void)!send(third, open, sizeof(open), 0);
	assert_int_equal(refusal_of(w, third), REFUSED_MAC);
	assert_int_equal(w->accepted, 1);
	close(server);
	WAIT_FOR(w, w->at_server.closed);
	world_free(w);
}

/* Somebody sits on a dead worker's port and passes all on to the controller: the client means the worker, the
 * controller isn't it. */
static void squatter(void **state)
{
	(void)state;
	struct world *w = world_new();
	const struct key_step_of of = a_step();
	struct session_audience audience = to_worker();
	uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE], psk[32], key[KEY_SIZE];
	struct opening o = {0};
	struct err err = {0};
	int server = raw_connect(server_port(w->controller));
	raw_read(w, server, hello, sizeof(hello));
	opening_start(&o);
	memcpy(o.hello_bytes, hello, sizeof(hello));
	assert_int_equal(opening_hello(&o, &audience, &err), -1); /* HELLO says controller */
	/* And with the role in HELLO changed, OPEN is for the worker. */
	hello[11] = ROLE_WORKER;
	memcpy(o.hello_bytes, hello, sizeof(hello));
	err_clear(&err);
	assert_int_equal(opening_hello(&o, &audience, &err), 0);
	key_step_derive(w->worker_key, &of, key);
	const struct conn_credential credential = {.step_key = key, .step = &of};
	assert_int_equal(opening_sign(&o, &audience, &credential, open, psk, &err), 0);
	(void)!send(server, open, sizeof(open), 0);
	assert_int_equal(refusal_of(w, server), REFUSED_AUDIENCE);
	world_free(w);
}

/* Versions: a server that offers none of ours; one that was made to look older. */
static void versions(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE];
	struct session_keys keys;
	struct wire_hello h;
	struct err err = {0};
	int server = raw_connect(server_port(w->controller));
	raw_read(w, server, hello, sizeof(hello));
	uint8_t old[WIRE_HELLO_SIZE];
	memcpy(old, hello, sizeof(old));
	old[4] = old[6] = 0;
	old[5] = 2;
	old[7] = 3;
	assert_int_equal(wire_get_hello(old, &h, &err), -1);
	assert_int_equal(err.code, ERR_VERSION);
	/* min lowered from 1 to 0: still a version of ours in it, but the server's HELLO was another one. */
	hello[5] = 0;
	raw_open(w, hello, open, &keys);
	(void)!send(server, open, sizeof(open), 0);
	assert_int_equal(refusal_of(w, server), REFUSED_MAC);
	/* An OPEN of another version. */
	server = raw_connect(server_port(w->controller));
	raw_read(w, server, hello, sizeof(hello));
	raw_open(w, hello, open, &keys);
	open[5] = 2;
	(void)!send(server, open, sizeof(open), 0);
	assert_int_equal(refusal_of(w, server), REFUSED_VERSION);
	/* Something else altogether is turned away at its first bytes. */
	server = raw_connect(server_port(w->controller));
	raw_read(w, server, hello, sizeof(hello));
	(void)!send(server, "GET / HTTP/1.0\r\n\r\n", 18, 0);
	assert_int_equal(refusal_of(w, server), REFUSED_VERSION);
	assert_int_equal(w->accepted, 0);
	world_free(w);
}

/* Points of small order, on both sides, with an otherwise true handshake. */
static void small_order(void **state)
{
	(void)state;
	static const char *const points[] = {
	        "0000000000000000000000000000000000000000000000000000000000000000",
	        "0100000000000000000000000000000000000000000000000000000000000000",
	        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	struct world *w = world_new();
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE], psk[32], point[32];
		struct opening o = {0};
		struct err err = {0};
		struct session_keys keys;
		const struct session_audience audience = to_controller();
		const struct conn_credential credential = {.host_key = w->worker_key};
		sodium_hex2bin(point, sizeof(point), points[i], 64, NULL, NULL, NULL);
		int server = raw_connect(server_port(w->controller));
		raw_read(w, server, hello, sizeof(hello));
		opening_start(&o);
		memcpy(o.e_public, point, sizeof(point));
		memcpy(o.hello_bytes, hello, sizeof(hello));
		assert_int_equal(opening_hello(&o, &audience, &err), 0);
		assert_int_equal(opening_sign(&o, &audience, &credential, open, psk, &err), 0);
		(void)!send(server, open, sizeof(open), 0);
		assert_int_equal(refusal_of(w, server), REFUSED_MAC);
		/* The client's side: HELLO with such a point. */
		memcpy(o.hello_bytes + 52, point, sizeof(point));
		assert_int_equal(opening_hello(&o, &audience, &err), 0);
		assert_int_equal(opening_keys(&o, &audience, open, psk, &keys, &err), -1);
		assert_int_equal(err.code, ERR_UNAUTHENTICATED);
	}
	assert_int_equal(w->accepted, 0);
	world_free(w);
}

/* Everything that was on the wire, and the key file afterwards: psk can be computed, the session's keys
 * can't. */
static void recorded(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE], wire[200], k[KEY_SIZE], h[32], mac[32], psk[32];
	struct session_keys keys, guess;
	struct err err = {0};
	int server = raw_connect(server_port(w->controller));
	raw_read(w, server, hello, sizeof(hello));
	raw_open(w, hello, open, &keys);
	(void)!send(server, open, sizeof(open), 0);
	/* The true client reads the first frame from exactly these bytes. */
	size_t n = 0, at = 0, used = 0;
	struct session_message m;
	struct session *true_one = session_new(&keys, false);
	int rc = 0;
	while (rc == 0 && n < sizeof(wire)) {
		n += raw_read(w, server, wire + n, 1);
		rc = session_feed(true_one, wire + at, n - at, &used, message_limit, &m, &err);
		at += used;
	}
	assert_int_equal(rc, 1);
	session_free(true_one);
	assert_true(
	        key_master_host(w->master, key_master_id(w->master), "lab", KEY_CLASS_WORKER, "n1", 0, k));
	wire_transcript(hello, "lab", open, h);
	wire_ticket(k, h, mac, psk);
	assert_memory_equal(mac, open + WIRE_OPEN_MAC_AT, 32);
	assert_memory_equal(h, keys.h, 32);
	/* All that an eavesdropper has in place of an X25519 secret. */
	const uint8_t *secrets[] = {k, psk, h, mac, hello + 52, open + 544};
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		for (int side = 0; side < 2; side++) {
			err_clear(&err);
			if (wire_session_keys(psk, secrets[i], side ? hello + 52 : open + 544, h, mac, &guess,
			                      &err) != 0)
				continue;
			struct session *s = session_new(&guess, false);
			assert_int_equal(session_feed(s, wire, n, &used, message_limit, &m, &err), -1);
			session_free(s);
		}
	close(server);
	WAIT_FOR(w, w->at_server.closed);
	world_free(w);
}

static void accepted_says_no(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct seen mine = {0};
	w->refuse_accept = true;
	dial_controller(w, &mine);
	WAIT_FOR(w, mine.closed);
	assert_false(mine.opened);
	world_free(w);
}

/* ---- a single user's cluster ---- */

#define THE_USER 1000

static struct server *single_users(struct world *w, enum session_role role)
{
	struct err err = {0};
	bool controller = role == ROLE_CONTROLLER;
	const struct server_conf conf = {.role = role,
	                                 .name = controller ? "head" : "n1",
	                                 .cluster = "lab",
	                                 .master = controller ? w->master : NULL,
	                                 .own = controller ? w->controller_key : w->worker_key,
	                                 .version = "test 1",
	                                 .instance = INSTANCE,
	                                 .fd_reserve = 8,
	                                 .single_uid = THE_USER,
	                                 .slurm_uid = THE_USER};
	struct server *s = server_new(w->loop, &conf, "127.0.0.1", 0,
	                              controller ? &controller_ops : &worker_ops, w, &err);
	if (!s)
		fail_msg("%s", err_text(&err));
	return s;
}

/* A ticket for that user that is true in all else: made with the daemons' own keys. */
static int dial_with_ticket_of(struct world *w, struct server *s, enum session_kind kind, uint32_t uid)
{
	bool step = kind == SESSION_STEP;
	uint8_t hello[WIRE_HELLO_SIZE], bytes[WIRE_OPEN_SIZE], h[32], psk[32], key[KEY_SIZE];
	struct wire_open open = {.version = SESSION_VERSION,
	                         .kind = kind,
	                         .class = step ? KEY_CLASS_WORKER : KEY_CLASS_CONTROLLER,
	                         .uid = uid,
	                         .gid = step ? UINT32_MAX : 1000,
	                         .role = step ? ROLE_WORKER : ROLE_CONTROLLER};
	int fd = raw_connect(server_port(s));
	assert_int_equal(raw_read(w, fd, hello, sizeof(hello)), sizeof(hello));
	memcpy(open.kid, key_master_id(w->master), KEY_ID_SIZE);
	text_copy(open.host, sizeof(open.host), step ? "n1" : "head");
	text_copy(open.audience, sizeof(open.audience), step ? "n1" : "head");
	crypto_scalarmult_base(open.e_c, KEY_BYTES);
	if (step) {
		open.step = a_step();
		open.step.uid = uid;
		key_step_derive(w->worker_key, &open.step, key);
	} else {
		memcpy(key, key_host_bytes(w->controller_key), sizeof(key));
	}
	wire_put_open(&open, bytes);
	wire_transcript(hello, "lab", bytes, h);
	wire_ticket(key, h, open.mac, psk);
	wire_put_open(&open, bytes);
	assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	return fd;
}

/* Nobody else is served, not even root, and not even with what only the cluster's key can make. */
static void a_single_users_cluster(void **state)
{
	(void)state;
	static const uint32_t others[] = {0, THE_USER + 1, 990};
	struct world *w = world_new();
	uint8_t rest[24];
	struct server *head = single_users(w, ROLE_CONTROLLER), *node = single_users(w, ROLE_WORKER);
	w->granted = true;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		int user = dial_with_ticket_of(w, head, SESSION_USER, others[i]);
		assert_int_equal(refusal_of(w, user), REFUSED_USER);
		int step = dial_with_ticket_of(w, node, SESSION_STEP, others[i]);
		assert_int_equal(refusal_of(w, step), REFUSED_USER);
	}
	assert_int_equal(w->accepted, 0);
	assert_int_equal(w->step_fd, -1);
	int user = dial_with_ticket_of(w, head, SESSION_USER, THE_USER);
	assert_int_equal(raw_read(w, user, rest, sizeof(rest)), sizeof(rest));
	assert_int_equal(w->accepted, 1);
	int step = dial_with_ticket_of(w, node, SESSION_STEP, THE_USER);
	WAIT_FOR(w, w->step_fd >= 0);
	assert_int_equal(w->step_peer.uid, THE_USER);
	close(user);
	close(step);
	WAIT_FOR(w, w->at_server.closed);
	server_free(head);
	server_free(node);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(daemon_session),     cmocka_unit_test(step_session),
	        cmocka_unit_test(step_key_elsewhere), cmocka_unit_test(wrong_role_for_kind),
	        cmocka_unit_test(configless),         cmocka_unit_test(other_keys_and_names),
	        cmocka_unit_test(keys_in_rotation),   cmocka_unit_test(every_bit_of_hello_and_open),
	        cmocka_unit_test(an_honest_relay),    cmocka_unit_test(replayed_open),
	        cmocka_unit_test(squatter),           cmocka_unit_test(versions),
	        cmocka_unit_test(small_order),        cmocka_unit_test(recorded),
	        cmocka_unit_test(accepted_says_no),   cmocka_unit_test(a_single_users_cluster),
	};
	if (sodium_init() < 0)
		return 1;
	log_init("proto_handshake", LOG_LEVEL_QUIET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
