/* Messages: a body of any type decodes or is an error; sealed and fed in pieces it arrives as it was; raw
 * bytes in a session's place, or a sealed message with bytes changed, end the session and nothing else. The
 * first two bytes: type and what is changed. */
#include "proto/messages.h"
#include "proto/session.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* 1: exactly this message came out; 0: nothing; -1: the session is broken. */
static int feed(struct session *s, const uint8_t *wire, size_t n, size_t piece, uint32_t type,
                const uint8_t *body, size_t body_n)
{
	size_t at = 0;
	int got = 0;
	for (size_t there = piece < n ? piece : n;; there = there + piece < n ? there + piece : n) {
		struct session_message m;
		struct err err = {0};
		size_t used = 0;
		int rc = session_feed(s, wire + at, there - at, &used, message_limit, &m, &err);
		check(used <= there - at);
		at += used;
		if (rc < 0) {
			check(err.code != 0);
			return -1;
		}
		if (rc == 1) {
			check(!got && m.type == type && m.id == 77 && m.n == body_n &&
			      (body_n == 0 || memcmp(m.body, body, body_n) == 0));
			got = 1;
		} else if (there == n) {
			return got;
		}
	}
}

static void check_record(const struct schema *schema, const uint8_t *body, size_t n)
{
	struct arena arena;
	struct err err = {0};
	struct text bytes = TEXT_EMPTY;
	arena_init(&arena);
	void *record = arena_alloc(&arena, schema->size), *back = arena_alloc(&arena, schema->size);
	if (schema_decode(schema, record, body, n, &arena, &err) == 0) {
		schema_encode(schema, record, &bytes);
		check(schema_decode(schema, back, bytes.s, bytes.len, &arena, &err) == 0);
		check(schema_differs(schema, record, back) == 0);
	} else {
		check(err.code != 0);
	}
	text_free(&bytes);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct session_keys keys = {.c2s = "client", .s2c = "server"};
	if (sodium_init() < 0 || size < 3)
		return 0;
	uint32_t type = data[0];
	const uint8_t *body = data + 2;
	size_t n = size - 2;
	const struct schema *schema = message_schema(type);
	if (schema)
		check_record(schema, body, n);
	struct session *client = session_new(&keys, false), *server = session_new(&keys, true),
	               *raw = session_new(&keys, true);
	struct text wire = TEXT_EMPTY;
	check(session_seal(client, type, 77, body, n, data[1] & 1, &wire, NULL) == 0);
	if (data[1] & 2) {
		/* Somewhere one bit is another. */
		size_t at = ((size_t)data[1] << 8 | body[0]) % wire.len;
		wire.s[at] = (char)(wire.s[at] ^ (1 << (body[n - 1] & 7)));
		check(feed(server, (uint8_t *)wire.s, wire.len, 1 + data[1] % 61u, type, body, n) <= 0);
	} else {
		size_t limit = schema ? message_limit(type) : SESSION_FRAME_MAX;
		check(feed(server, (uint8_t *)wire.s, wire.len, 1 + data[1] % 61u, type, body, n) ==
		      (n <= limit ? 1 : -1));
	}
	/* Bytes that nobody sealed. */
	check(feed(raw, body, n, 1 + data[1], UINT32_MAX, NULL, 0) <= 0);
	text_free(&wire);
	session_free(client);
	session_free(server);
	session_free(raw);
	return 0;
}
