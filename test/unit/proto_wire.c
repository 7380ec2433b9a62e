/* The fixed structs: sizes, one form only, and every byte of what is signed. */
#include "proto/wire.h"

#include "core/util/arena.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct wire_open an_open(enum session_kind kind)
{
	struct wire_open o = {.version = SESSION_VERSION,
	                      .kind = kind,
	                      .class = KEY_CLASS_WORKER,
	                      .generation = 3,
	                      .uid = kind == SESSION_DAEMON ? UINT32_MAX : 1000,
	                      .gid = kind == SESSION_USER ? 100 : UINT32_MAX,
	                      .role = ROLE_WORKER,
	                      .host = "n1",
	                      .audience = "n1"};
	if (kind == SESSION_STEP)
		o.step = (struct key_step_of){.serial = 1ull << 40,
		                              .step_id = 2,
		                              .launch = 3,
		                              .rights = 1,
		                              .uid = 1000,
		                              .instance = "abc"};
	randombytes_buf(o.kid, sizeof(o.kid));
	randombytes_buf(o.e_c, sizeof(o.e_c));
	randombytes_buf(o.mac, sizeof(o.mac));
	return o;
}

static void open_there_and_back(void **state)
{
	(void)state;
	static const enum session_kind kinds[] = {SESSION_USER, SESSION_DAEMON, SESSION_STEP};
	for (size_t i = 0; i < 3; i++) {
		struct wire_open there = an_open(kinds[i]), back;
		uint8_t bytes[WIRE_OPEN_SIZE], again[WIRE_OPEN_SIZE];
		wire_put_open(&there, bytes);
		assert_int_equal(wire_get_open(bytes, &back, NULL), 0);
		assert_int_equal(back.kind, there.kind);
		assert_int_equal(back.uid, there.uid);
		assert_int_equal(back.gid, there.gid);
		assert_int_equal(back.generation, 3);
		assert_int_equal(back.step.serial, there.step.serial);
		assert_int_equal(back.step.uid, there.step.uid);
		assert_string_equal(back.host, "n1");
		assert_memory_equal(back.mac, there.mac, 32);
		wire_put_open(&back, again);
		assert_memory_equal(bytes, again, sizeof(bytes));
	}
}

/* Any bytes are refused or have the one form that they were written in. */
static void one_form(void **state)
{
	(void)state;
	uint8_t bytes[WIRE_OPEN_SIZE], again[WIRE_OPEN_SIZE];
	for (int round = 0; round < 3; round++) {
		struct wire_open o = an_open(round == 0   ? SESSION_USER
		                             : round == 1 ? SESSION_DAEMON
		                                          : SESSION_STEP),
		                 back;
		for (size_t i = 0; i < sizeof(bytes); i++)
			for (int bit = 0; bit < 8; bit++) {
				wire_put_open(&o, bytes);
				bytes[i] = (uint8_t)(bytes[i] ^ (1 << bit));
				if (wire_get_open(bytes, &back, NULL) != 0)
					continue;
				wire_put_open(&back, again);
				assert_memory_equal(bytes, again, sizeof(bytes));
			}
	}
}

static void implausible(void **state)
{
	(void)state;
	uint8_t bytes[WIRE_OPEN_SIZE];
	struct wire_open back, o;
	struct err err = {0};
#define REFUSED(kind, change)                                                                                \
	o = an_open(kind);                                                                                   \
	change;                                                                                              \
	wire_put_open(&o, bytes);                                                                            \
	assert_int_equal(wire_get_open(bytes, &back, &err), -1)
	REFUSED(SESSION_USER, o.uid = UINT32_MAX);
	REFUSED(SESSION_USER, o.gid = UINT32_MAX);
	REFUSED(SESSION_USER, o.step.rights = 1);
	REFUSED(SESSION_USER, o.step.launch = 1);
	REFUSED(SESSION_USER, o.step.instance[15] = 1);
	REFUSED(SESSION_DAEMON, o.uid = 0);
	REFUSED(SESSION_DAEMON, o.gid = 0);
	REFUSED(SESSION_STEP, o.gid = 0);
	REFUSED(SESSION_STEP, o.uid = UINT32_MAX);
	REFUSED(SESSION_STEP, o.step.rights = 0);
	REFUSED(SESSION_STEP, o.class = KEY_CLASS_CONTROLLER);
	REFUSED(SESSION_USER, o.host[0] = '\0');
	REFUSED(SESSION_USER, o.audience[0] = '\0');
	REFUSED(SESSION_USER, memcpy(o.host, "a\nb", 4));
	REFUSED(SESSION_USER, memcpy(o.host, "a b", 4));
	REFUSED(SESSION_USER, memcpy(o.host, "a\033b", 4));
	REFUSED(SESSION_USER, o.kind = (enum session_kind)0);
	REFUSED(SESSION_USER, o.kind = (enum session_kind)4);
	REFUSED(SESSION_USER, o.class = (enum key_class)0);
	REFUSED(SESSION_USER, o.role = (enum session_role)3);
#undef REFUSED
	/* No end of the name; something behind its end. */
	o = an_open(SESSION_USER);
	wire_put_open(&o, bytes);
	memset(bytes + 32, 'x', 256);
	assert_int_equal(wire_get_open(bytes, &back, &err), -1);
	wire_put_open(&o, bytes);
	bytes[32 + 255] = 'x';
	assert_int_equal(wire_get_open(bytes, &back, &err), -1);
}

/* Each byte of HELLO, of the cluster and of OPEN up to the mac changes H; and mac and psk differ by key and
 * by use. */
static void transcript(void **state)
{
	(void)state;
	uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE], h[32], other[32], key[32], mac[32], psk[32],
	        mac2[32], psk2[32];
	randombytes_buf(hello, sizeof(hello));
	randombytes_buf(open, sizeof(open));
	randombytes_buf(key, sizeof(key));
	wire_transcript(hello, "lab", open, h);
	for (size_t i = 0; i < sizeof(hello); i++) {
		hello[i] ^= 1;
		wire_transcript(hello, "lab", open, other);
		assert_memory_not_equal(h, other, 32);
		hello[i] ^= 1;
	}
	for (size_t i = 0; i < sizeof(open); i++) {
		open[i] ^= 1;
		wire_transcript(hello, "lab", open, other);
		assert_int_equal(memcmp(h, other, 32) != 0, i < WIRE_OPEN_MAC_AT);
		open[i] ^= 1;
	}
	wire_transcript(hello, "lab2", open, other);
	assert_memory_not_equal(h, other, 32);
	wire_ticket(key, h, mac, psk);
	assert_memory_not_equal(mac, psk, 32);
	wire_ticket(key, other, mac2, psk2);
	assert_memory_not_equal(mac, mac2, 32);
	assert_memory_not_equal(psk, psk2, 32);
	key[0] ^= 1;
	wire_ticket(key, h, mac2, psk2);
	assert_memory_not_equal(mac, mac2, 32);
	assert_memory_not_equal(psk, psk2, 32);
}

/* The formula of the specification, written a second time. */
static void hmac(const uint8_t *key, const char *label, const uint8_t *a, size_t a_n, const uint8_t *b,
                 size_t b_n, uint8_t out[32])
{
	struct text m = TEXT_EMPTY;
	const char length[4] = {0, 0, 0, (char)strlen(label)};
	text_add_n(&m, length, 4);
	text_add(&m, label);
	text_add_n(&m, (const char *)a, a_n);
	text_add_n(&m, (const char *)b, b_n);
	crypto_auth_hmacsha256(out, (const uint8_t *)m.s, m.len, key);
	text_free(&m);
}

static void keys(void **state)
{
	(void)state;
	uint8_t a[32], a_public[32], b[32], b_public[32], psk[32], h[32], mac[32], dh[32], s[32], c2s[32],
	        s2c[32];
	struct session_keys client, server;
	struct err err = {0};
	randombytes_buf(a, 32);
	randombytes_buf(b, 32);
	randombytes_buf(psk, 32);
	randombytes_buf(h, 32);
	randombytes_buf(mac, 32);
	crypto_scalarmult_base(a_public, a);
	crypto_scalarmult_base(b_public, b);
	assert_int_equal(wire_session_keys(psk, a, b_public, h, mac, &client, &err), 0);
	assert_int_equal(wire_session_keys(psk, b, a_public, h, mac, &server, &err), 0);
	assert_memory_equal(&client, &server, sizeof(client));
	assert_int_equal(crypto_scalarmult(dh, a, b_public), 0);
	hmac(psk, "session", dh, 32, NULL, 0, s);
	hmac(s, "c2s", h, 32, mac, 32, c2s);
	hmac(s, "s2c", h, 32, mac, 32, s2c);
	assert_memory_equal(client.c2s, c2s, 32);
	assert_memory_equal(client.s2c, s2c, 32);
	assert_memory_equal(client.h, h, 32);
	psk[31] ^= 1;
	assert_int_equal(wire_session_keys(psk, b, a_public, h, mac, &server, &err), 0);
	assert_memory_not_equal(client.c2s, server.c2s, 32);
}

static void request_and_answer(void **state)
{
	(void)state;
	struct wire_request request = {.role = ROLE_CONTROLLER, .audience = "head"}, request2;
	struct wire_answer answer = {.code = 0, .cluster = "lab"}, answer2;
	uint8_t r[WIRE_REQUEST_SIZE], a[WIRE_ANSWER_SIZE];
	randombytes_buf(request.hello, sizeof(request.hello));
	randombytes_buf(answer.psk, sizeof(answer.psk));
	wire_put_request(&request, r);
	assert_int_equal(wire_get_request(r, &request2, NULL), 0);
	assert_memory_equal(request.hello, request2.hello, sizeof(request.hello));
	assert_string_equal(request2.audience, "head");
	wire_put_answer(&answer, a);
	assert_int_equal(wire_get_answer(a, &answer2, NULL), 0);
	assert_memory_equal(answer.psk, answer2.psk, 32);
	assert_string_equal(answer2.cluster, "lab");
	/* One can't stand for the other. */
	uint8_t swapped[WIRE_ANSWER_SIZE] = {0};
	memcpy(swapped, r, sizeof(r));
	assert_int_equal(wire_get_answer(swapped, &answer2, NULL), -1);
	assert_int_equal(wire_get_request(a, &request2, NULL), -1);
	r[5] ^= 2;
	assert_int_equal(wire_get_request(r, &request2, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(open_there_and_back),
	        cmocka_unit_test(one_form),
	        cmocka_unit_test(implausible),
	        cmocka_unit_test(transcript),
	        cmocka_unit_test(keys),
	        cmocka_unit_test(request_and_answer),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
