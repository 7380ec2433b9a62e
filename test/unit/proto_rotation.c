/* The cluster's key is replaced under sessions that go on: FILE.next, FILE and FILE.prev. */
#include "test/unit/proto_fixture.h"

static const uint8_t NEXT_BYTES[64] = "the next key of this test's cluster";

static struct key_master *master_of(bool old, bool new, bool new_first)
{
	struct err err = {0};
	const uint8_t *first = new_first || !old ? NEXT_BYTES : KEY_BYTES;
	struct key_master *m = key_master_from_bytes(first, sizeof(KEY_BYTES), &err);
	assert_non_null(m);
	if (old && new)
		assert_int_equal(
		        key_master_add(m, new_first ? KEY_BYTES : NEXT_BYTES, sizeof(KEY_BYTES), &err), 0);
	return m;
}

static struct key_host *host_of(const struct key_master *m, enum key_class class, const char *name)
{
	struct err err = {0};
	struct key_host *key = key_host_derive(m, "lab", class, name, 0, &err);
	assert_non_null(key);
	return key;
}

/* ---- several keys ---- */

static void keys_by_their_ids(void **state)
{
	(void)state;
	struct err err = {0};
	struct key_master *old = master_of(true, false, false), *new = master_of(false, true, true),
	                  *both = master_of(true, true, true), *back = master_of(true, true, false);
	struct key_host *one = host_of(old, KEY_CLASS_WORKER, "n1"),
	                *two = host_of(both, KEY_CLASS_WORKER, "n1");
	assert_memory_equal(key_master_id(both), key_master_id(new), KEY_ID_SIZE);
	assert_memory_equal(key_host_id(two), key_master_id(new), KEY_ID_SIZE);
	assert_memory_equal(key_host_bytes_of(two, key_master_id(old)), key_host_bytes(one), KEY_SIZE);
	assert_ptr_equal(key_host_bytes_of(two, key_master_id(new)), key_host_bytes(two));
	assert_null(key_host_bytes_of(one, key_master_id(new)));
	assert_true(key_master_has(both, key_master_id(old)));
	assert_false(key_master_has(old, key_master_id(new)));
	/* The same file under two names is one key. */
	assert_int_equal(key_master_add(both, KEY_BYTES, sizeof(KEY_BYTES), &err), 0);
	assert_int_equal(key_master_add(both, NEXT_BYTES, sizeof(NEXT_BYTES), &err), 0);
	/* Which of them makes tickets is a difference. */
	assert_false(key_master_equal(both, back));
	assert_false(key_master_equal(both, new));
	uint8_t bytes[KEYS_MAX][KEY_SIZE];
	assert_int_equal(key_master_export(both, bytes), 2);
	struct key_master *copy = key_master_import(bytes, 2);
	assert_true(key_master_equal(both, copy));
	assert_null(key_master_import(bytes, 0));
	assert_null(key_master_import(bytes, KEYS_MAX + 1));
	struct text text = TEXT_EMPTY;
	char id[17], wanted[80];
	key_master_print(both, &text);
	snprintf(wanted, sizeof(wanted),
	         "%s (accepted, too: ", sodium_bin2hex(id, sizeof(id), key_master_id(new), KEY_ID_SIZE));
	assert_memory_equal(text.s, wanted, strlen(wanted));
	assert_non_null(strstr(text.s, sodium_bin2hex(id, sizeof(id), key_master_id(old), KEY_ID_SIZE)));
	text_free(&text);
	key_host_free(one);
	key_host_free(two);
	key_master_free(old);
	key_master_free(new);
	key_master_free(both);
	key_master_free(back);
	key_master_free(copy);
}

/* ---- sessions ---- */

static struct conn *dial_with(struct world *w, struct seen *seen, const struct key_host *key)
{
	const struct session_audience audience = to_controller();
	const struct conn_credential credential = {.host_key = key};
	*seen = (struct seen){0};
	return dial_as(w, seen, server_port(w->controller), &audience, &credential);
}

/* A whole rotation at the controller: who is there stays until the key is taken away. */
static void sessions_of_a_removed_key(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct key_master *with_next = master_of(true, true, false), *swapped = master_of(true, true, true),
	                  *new = master_of(false, true, true);
	struct key_host *ahead = host_of(new, KEY_CLASS_WORKER, "n2");
	struct seen old_one, new_one, late;
	dial_with(w, &old_one, w->worker_key);
	WAIT_FOR(w, old_one.opened);
	assert_memory_equal(conn_peer(w->at_server.conn)->kid, key_master_id(w->master), KEY_ID_SIZE);
	struct seen first = w->at_server;
	/* both ends of the old one */
	conn_set_ctx(first.conn, &seen_ops, &first);
	w->at_server = (struct seen){.on_message = answer_ping};
	assert_int_equal(server_set_keys(w->controller, with_next, NULL), 0);
	struct conn *c = dial_with(w, &new_one, ahead);
	WAIT_FOR(w, new_one.opened);
	assert_int_equal(server_set_keys(w->controller, swapped, NULL), 0);
	assert_int_equal(server_set_keys(w->controller, new, NULL), 1);
	assert_false(first.closed); /* from the loop, never under somebody's hands */
	WAIT_FOR(w, first.closed && old_one.closed);
	assert_int_equal(first.err.code, ERR_UNAUTHENTICATED);
	assert_false(new_one.closed);
	send_ping(c, 4);
	WAIT_FOR(w, new_one.messages == 1);
	/* And who comes with it now hears both ids. */
	char here[17], there[17];
	dial_with(w, &late, w->worker_key);
	WAIT_FOR(w, late.closed);
	assert_non_null(strstr(late.err.text,
	                       sodium_bin2hex(here, sizeof(here), key_master_id(w->master), KEY_ID_SIZE)));
	assert_non_null(
	        strstr(late.err.text, sodium_bin2hex(there, sizeof(there), key_master_id(new), KEY_ID_SIZE)));
	conn_close(c);
	WAIT_FOR(w, w->at_server.closed);
	free(new_one.body);
	key_host_free(ahead);
	world_free(w);
	key_master_free(with_next);
	key_master_free(swapped);
	key_master_free(new);
}

static void dial_step(struct world *w, struct seen *seen, const struct key_host *worker, const uint8_t *kid)
{
	const struct session_audience audience = to_worker();
	const struct key_step_of of = a_step();
	uint8_t key[KEY_SIZE];
	assert_true(key_step_derive_of(worker, kid, &of, key));
	const struct conn_credential credential = {.step_key = key, .step = &of, .step_kid = kid};
	*seen = (struct seen){0};
	dial_as(w, seen, server_port(w->worker), &audience, &credential);
	sodium_memzero(key, sizeof(key));
}

/* A step's key names the cluster key that it came from: a worker takes any that it has itself. */
static void step_keys_in_rotation(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct key_master *swapped = master_of(true, true, true), *new = master_of(false, true, true);
	struct key_host *with_prev = host_of(swapped, KEY_CLASS_WORKER, "n1"),
	                *after = host_of(new, KEY_CLASS_WORKER, "n1");
	struct seen mine;
	uint8_t key[KEY_SIZE];
	const struct key_step_of of = a_step();
	assert_false(key_step_derive_of(after, key_master_id(w->master), &of, key));
	w->granted = true;
	server_set_keys(w->worker, NULL, with_prev);
	for (int old = 0; old < 2; old++) {
		w->step_fd = -1;
		dial_step(w, &mine, with_prev, old ? key_master_id(w->master) : key_master_id(new));
		WAIT_FOR(w, w->step_fd >= 0);
		conn_close(mine.conn);
		close(w->step_fd);
		w->step_fd = -1;
	}
	/* One that waits for its grant when its key goes is told so. */
	w->granted = false;
	dial_step(w, &mine, with_prev, key_master_id(w->master));
	for (int i = 0; i < 20; i++)
		loop_once(w->loop, 5);
	assert_false(mine.closed);
	server_set_keys(w->worker, NULL, after);
	WAIT_FOR(w, mine.closed);
	assert_non_null(strstr(mine.err.text, wire_refusal_text(REFUSED_KEY)));
	w->granted = true;
	dial_step(w, &mine, with_prev, key_master_id(w->master));
	WAIT_FOR(w, mine.closed);
	assert_non_null(strstr(mine.err.text, wire_refusal_text(REFUSED_KEY)));
	server_free(w->worker);
	w->worker = NULL;
	key_host_free(with_prev);
	key_host_free(after);
	key_master_free(swapped);
	key_master_free(new);
	world_free(w);
}

/* ---- tickets ---- */

static void ask_kid(struct world *w, uint8_t kid[KEY_ID_SIZE])
{
	struct opening o = {0};
	struct err err = {0};
	struct wire_hello hello = {.version_min = 1, .version_max = 1, .role = ROLE_CONTROLLER};
	struct session_audience audience = to_controller();
	uint8_t bytes[WIRE_OPEN_SIZE], psk[32];
	struct wire_open open;
	int rc, turns = 0;
	memcpy(hello.kid, key_master_id(w->master), KEY_ID_SIZE);
	opening_start(&o);
	wire_put_hello(&hello, o.hello_bytes);
	assert_int_equal(opening_hello(&o, &audience, &err), 0);
	struct ticket_ask *ask = ticket_ask_new(&o, &audience, &err);
	assert_non_null(ask);
	while ((rc = ticket_ask_step(ask, bytes, psk, &err)) == 0 && turns++ < 2000)
		loop_once(w->loop, 5);
	ticket_ask_free(ask);
	assert_int_equal(rc, 1);
	assert_int_equal(wire_get_open(bytes, &open, &err), 0);
	memcpy(kid, open.kid, KEY_ID_SIZE);
}

static void tickets_of_the_new_key(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct key_master *swapped = master_of(true, true, true);
	struct key_host *key = host_of(swapped, KEY_CLASS_LOGIN, "login1");
	uint8_t kid[KEY_ID_SIZE];
	w->tickets = start_tickets(w, "sackd", "auth", w->login_key);
	ask_kid(w, kid);
	assert_memory_equal(kid, key_master_id(w->master), KEY_ID_SIZE);
	ticket_server_set_key(w->tickets, key);
	ask_kid(w, kid); /* FILE's alone, though the server says the other, which is accepted */
	assert_memory_equal(kid, key_master_id(swapped), KEY_ID_SIZE);
	ticket_server_free(w->tickets);
	w->tickets = NULL;
	key_host_free(key);
	key_master_free(swapped);
	world_free(w);
}

int main(void)
{
	struct err err = {0};
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(keys_by_their_ids),
	        cmocka_unit_test(sessions_of_a_removed_key),
	        cmocka_unit_test(step_keys_in_rotation),
	        cmocka_unit_test(tickets_of_the_new_key),
	};
	log_init("test", LOG_LEVEL_FATAL);
	if (key_init(&err) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
