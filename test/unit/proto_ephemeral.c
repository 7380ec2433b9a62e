/* Keys that must not outlive their time, looked at from inside: the server's X25519 keys, and pieces of
 * secret memory. */
#include "proto/server.c"

#include "test/unit/proto_fixture.h"

static void secrets_are_wiped(void **state)
{
	(void)state;
	size_t before = secret_live();
	uint8_t *pieces[300];
	for (size_t i = 0; i < 300; i++) {
		pieces[i] = secret_alloc(SECRET_MAX);
		assert_true(sodium_is_zero(pieces[i], SECRET_MAX));
		memset(pieces[i], 0xaa, SECRET_MAX);
	}
	assert_int_equal(secret_live(), before + 300);
	for (size_t i = 0; i < 300; i++) {
		secret_free(pieces[i]);
		/* All but the link to the next free one. */
		assert_true(sodium_is_zero(pieces[i] + sizeof(void *), SECRET_MAX - sizeof(void *)));
	}
	assert_int_equal(secret_live(), before);
	uint8_t *again = secret_alloc(1);
	assert_true(sodium_is_zero(again, SECRET_MAX));
	secret_free(again);
	secret_free(NULL);
}

/* The session, its keys and the client's X25519 key are gone when the connection is. */
static void session_leaves_nothing(void **state)
{
	(void)state;
	struct world *w = world_new();
	size_t before = secret_live();
	struct seen mine = {0};
	struct conn *c = dial_controller(w, &mine);
	WAIT_FOR(w, mine.opened && w->at_server.opened);
	assert_int_equal(secret_live(), before + 2); /* the two sessions */
	conn_finish(c);
	WAIT_FOR(w, w->at_server.closed && mine.closed);
	assert_int_equal(secret_live(), before);
	world_free(w);
	assert_int_equal(secret_live(), 0);
}

static int raw_hello(struct world *w, uint8_t hello[WIRE_HELLO_SIZE])
{
	int fd = raw_connect(server_port(w->controller));
	assert_int_equal(raw_read(w, fd, hello, WIRE_HELLO_SIZE), WIRE_HELLO_SIZE);
	return fd;
}

static void keys_change_and_go(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct server *s = w->controller;
	uint8_t hello[3][WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE], byte, first_secret[32];
	struct session_keys keys;
	assert_int_equal(s->now->serial, 0); /* none before it is needed */
	int one = raw_hello(w, hello[0]), two = raw_hello(w, hello[1]);
	/* Shared within its time, under a nonce for each connection. */
	assert_memory_equal(hello[0] + 52, hello[1] + 52, 32);
	assert_memory_not_equal(hello[0] + 20, hello[1] + 20, 32);
	memcpy(first_secret, s->now->e_secret, sizeof(first_secret));
	/* 55 s later: new connections get another, the old one still serves those that have it. */
	s->now->made -= EPHEMERAL_USE_US;
	int three = raw_hello(w, hello[2]);
	assert_memory_not_equal(hello[0] + 52, hello[2] + 52, 32);
	assert_memory_equal(s->before->e_secret, first_secret, 32);
	raw_open(w, hello[0], open, &keys);
	assert_int_equal(send(one, open, sizeof(open), 0), sizeof(open));
	assert_int_equal(raw_read(w, one, &byte, 1), 1);
	assert_int_equal(w->accepted, 1);
	/* After 60 s the timer wipes it, and who comes then with it is too late. */
	s->before->made -= OPEN_LIMIT_US;
	plan_wipe(s);
	WAIT_FOR(w, s->before->serial == 0);
	assert_true(sodium_is_zero((uint8_t *)s->before, sizeof(*s->before)));
	raw_open(w, hello[1], open, &keys);
	assert_int_equal(send(two, open, sizeof(open), 0), sizeof(open));
	assert_int_equal(raw_read(w, two, &byte, 1), 0);
	assert_int_equal(w->accepted, 1);
	/* The newer one goes without anybody coming. */
	assert_int_not_equal(s->now->serial, 0);
	s->now->made -= EPHEMERAL_US;
	plan_wipe(s);
	WAIT_FOR(w, s->now->serial == 0);
	assert_true(sodium_is_zero((uint8_t *)s->now, sizeof(*s->now)));
	assert_null(s->wipe);
	close(one);
	close(two);
	close(three);
	WAIT_FOR(w, w->at_server.closed);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(secrets_are_wiped),
	        cmocka_unit_test(session_leaves_nothing),
	        cmocka_unit_test(keys_change_and_go),
	};
	if (sodium_init() < 0)
		return 1;
	log_init("proto_ephemeral", LOG_LEVEL_QUIET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
