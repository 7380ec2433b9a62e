/* Sealed frames: what a relay on the path can do to them, and what lengths a peer can claim. */
#include "proto/session.h"

#include "core/util/arena.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPE    7u
#define HEADER  24u
#define SEALING 17u
#define LIMIT   (1u << 20)

static size_t limit(uint32_t type)
{
	return type == TYPE ? LIMIT : 0;
}

struct ends {
	struct session_keys keys;
	struct session *client, *server;
};

static struct ends ends_new(void)
{
	struct ends e;
	randombytes_buf(&e.keys, sizeof(e.keys));
	e.client = session_new(&e.keys, false);
	e.server = session_new(&e.keys, true);
	return e;
}

static void ends_free(struct ends *e)
{
	session_free(e->client);
	session_free(e->server);
}

static void seal(struct session *s, uint64_t id, const void *body, size_t n, bool final, struct text *out)
{
	struct err err = {0};
	assert_int_equal(session_seal(s, TYPE, id, body, n, final, out, &err), 0);
}

/* Feeds everything; the number of whole messages, or -1 on a failure. *end: the authenticated end came. */
static int feed_all(struct session *s, const struct text *wire, bool *end)
{
	size_t at = 0;
	int messages = 0;
	*end = false;
	for (;;) {
		struct session_message m;
		struct err err = {0};
		size_t used = 0;
		int rc = session_feed(s, (const uint8_t *)wire->s + at, wire->len - at, &used, limit, &m,
		                      &err);
		at += used;
		assert_true(at <= wire->len);
		if (rc == 1)
			messages++;
		if (rc == 2)
			*end = true;
		if (rc < 0)
			assert_int_not_equal(err.code, 0);
		if (rc != 1)
			return rc < 0 ? -1 : messages;
	}
}

static void every_size_arrives(void **state)
{
	(void)state;
	static const size_t sizes[] = {0,     1,     17,    1000,   65500,  65507, 65519,
	                               65520, 65536, 65537, 131072, 300001, LIMIT};
	struct ends e = ends_new();
	uint8_t *body = xmalloc(LIMIT);
	randombytes_buf(body, LIMIT);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct text wire = TEXT_EMPTY;
		struct session_message m;
		struct err err = {0};
		size_t used = 0, at = 0;
		int rc;
		seal(e.client, 1000 + i, body, sizes[i], false, &wire);
		while ((rc = session_feed(e.server, (uint8_t *)wire.s + at, wire.len - at, &used, limit, &m,
		                          &err)) == 0 &&
		       used)
			at += used;
		at += used;
		assert_int_equal(rc, 1);
		assert_int_equal(at, wire.len);
		assert_int_equal(m.type, TYPE);
		assert_int_equal(m.id, 1000 + i);
		assert_int_equal(m.n, sizes[i]);
		if (m.n)
			assert_memory_equal(m.body, body, m.n);
		text_free(&wire);
	}
	free(body);
	ends_free(&e);
}

/* What comes in pieces of any size is the same; the caller keeps what was not taken. */
static void pieces(void **state)
{
	(void)state;
	struct ends e = ends_new();
	struct text wire = TEXT_EMPTY;
	uint8_t *body = xcalloc(1, 70000);
	int messages = 0;
	size_t at = 0;
	seal(e.server, 1, "one", 3, false, &wire);
	seal(e.server, 2, body, 70000, false, &wire);
	seal(e.server, 3, "", 0, true, &wire);
	for (size_t there = 1; there < wire.len; there++) {
		struct session_message m;
		struct err err = {0};
		size_t used = 0;
		int rc;
		while ((rc = session_feed(e.client, (uint8_t *)wire.s + at, there - at, &used, limit, &m,
		                          &err)) == 1) {
			messages++;
			assert_int_equal(m.id, messages);
			at += used;
		}
		at += used;
		assert_int_equal(rc, 0);
	}
	bool end;
	struct text rest = {wire.s + at, wire.len - at, 0};
	messages += feed_all(e.client, &rest, &end);
	assert_int_equal(messages, 3);

	assert_true(end);
	free(body);
	text_free(&wire);
	ends_free(&e);
}

/* The offsets where frames begin. */
static size_t frame_starts(const struct text *wire, size_t *starts, size_t max)
{
	size_t n = 0;
	for (size_t at = HEADER; at < wire->len && n < max; n++) {
		const uint8_t *p = (const uint8_t *)wire->s + at;
		starts[n] = at;
		at += 4 + ((size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
	}
	starts[n] = wire->len;
	return n;
}

static struct text three_messages(struct session *s)
{
	struct text wire = TEXT_EMPTY;
	seal(s, 1, "first", 5, false, &wire);
	seal(s, 2, "second", 6, false, &wire);
	seal(s, 3, "third", 5, true, &wire);
	return wire;
}

static void add_frame(struct text *to, const struct text *from, const size_t *starts, size_t i)
{
	text_add_n(to, from->s + starts[i], starts[i + 1] - starts[i]);
}

/* A relay drops, doubles and swaps frames: the session breaks where the first is out of its place, and stays
 * broken. */
static void relay(void **state)
{
	(void)state;
	static const struct {
		int order[4];
		int readable; /* messages before the break */
	} tricks[] = {
	        {{1, 2, -1, -1}, 0}, {{0, 2, -1, -1}, 1}, {{0, 0, 1, 2}, 1},
	        {{0, 1, 1, 2}, 2},   {{1, 0, 2, -1}, 0},  {{0, 2, 1, -1}, 1},
	};
	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
		struct ends e = ends_new();
		struct text wire = three_messages(e.client), sent = TEXT_EMPTY;
		size_t starts[5] = {0};
		bool end;
		assert_int_equal(frame_starts(&wire, starts, 4), 3);
		text_add_n(&sent, wire.s, HEADER);
		for (int k = 0; k < tricks[i].readable; k++)
			add_frame(&sent, &wire, starts, (size_t)tricks[i].order[k]);
		assert_int_equal(feed_all(e.server, &sent, &end), tricks[i].readable);
		text_clear(&sent);
		for (int k = tricks[i].readable; k < 4 && tricks[i].order[k] >= 0; k++)
			add_frame(&sent, &wire, starts, (size_t)tricks[i].order[k]);
		assert_int_equal(feed_all(e.server, &sent, &end), -1);
		assert_false(end);
		assert_int_equal(feed_all(e.server, &wire, &end), -1);
		text_free(&wire);
		text_free(&sent);
		ends_free(&e);
	}
}

/* One's own bytes come back; a foreign session's bytes are inserted. */
static void reflected_and_inserted(void **state)
{
	(void)state;
	struct ends e = ends_new(), other = ends_new();
	struct text mine = three_messages(e.client), foreign = three_messages(other.server);
	bool end;
	assert_int_equal(feed_all(e.client, &mine, &end), -1);
	struct text answer = TEXT_EMPTY;
	size_t starts[5] = {0};
	seal(e.server, 1, "answer", 6, false, &answer);
	frame_starts(&foreign, starts, 4);
	struct session *victim = session_new(&e.keys, false);
	assert_int_equal(feed_all(victim, &answer, &end), 1);
	struct text inserted = TEXT_EMPTY;
	add_frame(&inserted, &foreign, starts, 0);
	assert_int_equal(feed_all(victim, &inserted, &end), -1);
	text_free(&inserted);
	text_free(&answer);
	text_free(&mine);
	text_free(&foreign);
	session_free(victim);
	ends_free(&e);
	ends_free(&other);
}

/* Every bit of header, lengths and ciphertext counts: with any byte changed, the message that has it never
 * comes out. */
static void every_byte_counts(void **state)
{
	(void)state;
	struct ends e = ends_new();
	struct text wire = TEXT_EMPTY;
	seal(e.client, 1, "secret", 6, true, &wire);
	for (size_t i = 0; i < wire.len; i++) {
		struct session *s = session_new(&e.keys, true);
		bool end;
		wire.s[i] = (char)(wire.s[i] ^ 1);
		int messages = feed_all(s, &wire, &end);
		assert_true(messages <= 0);
		assert_false(end);
		wire.s[i] = (char)(wire.s[i] ^ 1);
		session_free(s);
	}
	text_free(&wire);
	ends_free(&e);
}

/* A claimed length is judged before anything is allocated or waited for. */
static void lengths(void **state)
{
	(void)state;
	static const uint32_t bad[] = {0,          1,          SEALING - 1, SESSION_FRAME_MAX + 1,
	                               0x7fffffff, 0x80000000, 0xffffffff};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ends e = ends_new();
		struct text wire = TEXT_EMPTY;
		bool end;
		seal(e.client, 1, "x", 1, false, &wire);
		for (int k = 0; k < 4; k++)
			wire.s[HEADER + (unsigned)k] = (char)(bad[i] >> (24 - 8 * k));
		wire.len = HEADER + 4;
		assert_int_equal(feed_all(e.server, &wire, &end), -1);
		text_free(&wire);
		ends_free(&e);
	}
}

/* A message's own limit, once its type is known; an unknown type has a frame's. */
static void limits(void **state)
{
	(void)state;
	uint8_t *body = xcalloc(1, LIMIT + 1);
	struct ends e = ends_new();
	struct text wire = TEXT_EMPTY;
	bool end;
	seal(e.client, 1, body, LIMIT + 1, false, &wire);
	assert_int_equal(feed_all(e.server, &wire, &end), -1);
	text_clear(&wire);
	ends_free(&e);
	e = ends_new();
	assert_int_equal(
	        session_seal(e.client, 9999, 1, body, (size_t)2 * SESSION_FRAME_MAX, false, &wire, NULL), 0);
	assert_int_equal(feed_all(e.server, &wire, &end), -1);
	text_free(&wire);
	ends_free(&e);
	free(body);
}

static void the_end(void **state)
{
	(void)state;
	struct ends e = ends_new();
	struct text wire = TEXT_EMPTY;
	struct err err = {0};
	bool end;
	seal(e.client, 1, "last words", 10, false, &wire);
	assert_int_equal(feed_all(e.server, &wire, &end), 1);
	assert_false(
	        end); /* a cut here is a cut: the bytes ended at a frame's border, the direction did not */
	text_clear(&wire);
	assert_int_equal(session_seal_final(e.client, &wire, &err), 0);
	assert_int_equal(feed_all(e.server, &wire, &end), 0);
	assert_true(end);
	assert_int_equal(session_seal_final(e.client, &wire, &err), -1);
	err_clear(&err);
	assert_int_equal(session_seal(e.client, TYPE, 2, "x", 1, false, &wire, &err), -1);
	struct text more = TEXT_EMPTY;
	text_add(&more, "more");
	assert_int_equal(feed_all(e.server, &more, &end), -1);
	text_free(&more);
	text_free(&wire);
	ends_free(&e);
}

/* The test's own writer of frames, straight on libsodium: what no honest peer sends. */
static void raw_frame(crypto_secretstream_xchacha20poly1305_state *st, const void *plain, size_t n,
                      uint8_t tag, struct text *out)
{
	size_t len = n + SEALING;
	for (int k = 0; k < 4; k++)
		text_add_char(out, (char)(len >> (24 - 8 * k)));
	text_reserve(out, len);
	crypto_secretstream_xchacha20poly1305_push(st, (uint8_t *)out->s + out->len, NULL, plain, n, NULL, 0,
	                                           tag);
	out->len += len;
}

static void dishonest_peers(void **state)
{
	(void)state;
	enum {
		PART = crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
		END = crypto_secretstream_xchacha20poly1305_TAG_PUSH
	};
	static const struct {
		const char *plain;
		size_t n;
		uint8_t tag;
	} bad[] = {
	        {"", 0, END},  /* a message without a type */
	        {"", 0, PART}, /* nothing, for ever */
	        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 13, END}, /* no number */
	        {"\x07", 1, END},                                                  /* a type and no id */
	        {"\xff\xff\xff\xff\xff\xff\xff\x7f\x00", 9, END},                  /* a type over 32 bits */
	        {"\x07\x01x", 3, crypto_secretstream_xchacha20poly1305_TAG_REKEY}, /* a tag that isn't ours */
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ends e = ends_new();
		crypto_secretstream_xchacha20poly1305_state st;
		struct text wire = TEXT_EMPTY;
		bool end;
		text_reserve(&wire, HEADER);
		crypto_secretstream_xchacha20poly1305_init_push(&st, (uint8_t *)wire.s, e.keys.c2s);
		wire.len = HEADER;
		raw_frame(&st, bad[i].plain, bad[i].n, bad[i].tag, &wire);
		assert_int_equal(feed_all(e.server, &wire, &end), -1);
		text_free(&wire);
		ends_free(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_size_arrives),
	        cmocka_unit_test(pieces),
	        cmocka_unit_test(relay),
	        cmocka_unit_test(reflected_and_inserted),
	        cmocka_unit_test(every_byte_counts),
	        cmocka_unit_test(lengths),
	        cmocka_unit_test(limits),
	        cmocka_unit_test(the_end),
	        cmocka_unit_test(dishonest_peers),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
