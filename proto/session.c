#include "proto/session.h"

#include "core/util/arena.h"
#include "core/util/schema.h"
#include "proto/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define TAG_SIZE    crypto_secretstream_xchacha20poly1305_ABYTES
#define PLAIN_MAX   (SESSION_FRAME_MAX - TAG_SIZE)
#define TAG_PART    crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
#define TAG_END     crypto_secretstream_xchacha20poly1305_TAG_PUSH
#define TAG_FINAL   crypto_secretstream_xchacha20poly1305_TAG_FINAL

/* What a connection keeps between messages. */
#define KEPT_MAX 4096

/* On the wire each direction is libsodium's 24-byte header, then frames: length u32 (big endian, of the
 * ciphertext), ciphertext.
 *
 *     header  [len|sealed] [len|sealed] [len|sealed] ...
 *
 * A message is one frame or more: its last carries TAG_PUSH (or TAG_FINAL, which ends the direction too),
 * those before it TAG_MESSAGE. The first frame's text begins with the message's type and id as varints. An
 * empty frame with TAG_FINAL between messages ends the direction; no other frame may be empty. */
struct session {
	uint8_t push_key[KEY_SIZE], pull_key[KEY_SIZE];
	crypto_secretstream_xchacha20poly1305_state push, pull;
	bool push_started, pull_started, push_ended, pull_ended, broken;
	/* The message that is being received: head bytes of type and id, then n of the body. */
	uint8_t *message;
	size_t head, n, cap;
	bool in_message;
	uint32_t type;
	uint64_t id;
	size_t limit;
};
_Static_assert(sizeof(struct session) <= SECRET_MAX, "a session fits a piece of secret memory");

struct session *session_new(const struct session_keys *keys, bool is_server)
{
	struct session *s = secret_alloc(sizeof(*s));
	memcpy(s->push_key, is_server ? keys->s2c : keys->c2s, KEY_SIZE);
	memcpy(s->pull_key, is_server ? keys->c2s : keys->s2c, KEY_SIZE);
	return s;
}

static void drop_message(struct session *s)
{
	if (s->message)
		sodium_memzero(s->message, s->head + s->n);
	free(s->message);
	s->message = NULL;
	s->head = s->n = s->cap = 0;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	drop_message(s);
	secret_free(s);
}

/* ---- sending ---- */

static uint8_t *text_room(struct text *t, size_t n)
{
	text_reserve(t, n);
	return (uint8_t *)t->s + t->len;
}

static void seal_frame(struct session *s, const uint8_t *plain, size_t n, uint8_t tag, struct text *out)
{
	if (!s->push_started) {
		uint8_t *header = text_room(out, HEADER_SIZE);
		crypto_secretstream_xchacha20poly1305_init_push(&s->push, header, s->push_key);
		sodium_memzero(s->push_key, sizeof(s->push_key));
		out->len += HEADER_SIZE;
		s->push_started = true;
	}
	size_t len = n + TAG_SIZE;
	uint8_t *p = text_room(out, 4 + len);
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(len >> (8 * (3 - i)));
	crypto_secretstream_xchacha20poly1305_push(&s->push, p + 4, NULL, plain, n, NULL, 0, tag);
	out->len += 4 + len;
	out->s[out->len] = '\0';
}

int session_seal(struct session *s, uint32_t type, uint64_t id, const void *body, size_t n, bool final,
                 struct text *out, struct err *err)
{
	struct text first = TEXT_EMPTY;
	if (s->push_ended)
		return err_set(err, ERR_INTERNAL, "a message after the end of a session");
	varint_put(&first, type);
	varint_put(&first, id);
	size_t head = PLAIN_MAX - first.len < n ? PLAIN_MAX - first.len : n;
	uint8_t end = final ? TAG_FINAL : TAG_END;
	text_add_n(&first, body, head);
	seal_frame(s, (const uint8_t *)first.s, first.len, head == n ? end : TAG_PART, out);
	sodium_memzero(first.s, first.len);
	text_free(&first);
	for (size_t at = head; at < n;) {
		size_t part = n - at < PLAIN_MAX ? n - at : PLAIN_MAX;
		seal_frame(s, (const uint8_t *)body + at, part, at + part == n ? end : TAG_PART, out);
		at += part;
	}
	s->push_ended = final;
	return 0;
}

int session_seal_final(struct session *s, struct text *out, struct err *err)
{
	if (s->push_ended)
		return err_set(err, ERR_INTERNAL, "a session ended twice");
	seal_frame(s, NULL, 0, TAG_FINAL, out);
	s->push_ended = true;
	return 0;
}

/* ---- receiving ---- */

static int broken(struct session *s, struct err *err, const char *why)
{
	s->broken = true;
	return err_set(err, ERR_COMMUNICATION, "%s", why);
}

/* Reads type and id from the first frame's text. */
static bool read_head(struct session *s, size_t n, size_t (*limit)(uint32_t type))
{
	uint64_t type = 0;
	size_t a = varint_get(s->message, n, &type);
	size_t b = a ? varint_get(s->message + a, n - a, &s->id) : 0;
	if (b == 0 || type > UINT32_MAX)
		return false;
	s->type = (uint32_t)type;
	s->limit = limit ? limit(s->type) : 0;
	if (s->limit == 0)
		s->limit = SESSION_FRAME_MAX;
	s->head = a + b;
	s->in_message = true;
	return true;
}

/* Opens one whole frame behind what is there of its message. 1: a message is complete; 0: more frames follow;
 * 2: the end; -1. */
static int take_frame(struct session *s, const uint8_t *cipher, size_t len, size_t (*limit)(uint32_t type),
                      struct session_message *m, struct err *err)
{
	unsigned long long n = 0;
	unsigned char tag = 0;
	if (!s->in_message)
		s->head = s->n = 0;
	if (s->in_message && len - TAG_SIZE > s->limit - s->n)
		return broken(s, err, "a message over its limit");
	size_t at = s->head + s->n;
	s->message = xgrow(s->message, &s->cap, at + len, 1);
	if (crypto_secretstream_xchacha20poly1305_pull(&s->pull, s->message + at, &n, &tag, cipher, len, NULL,
	                                               0) != 0)
		return broken(s, err, "a frame that is not the peer's: altered, repeated or out of order");
	if (tag != TAG_PART && tag != TAG_END && tag != TAG_FINAL)
		return broken(s, err, "a frame with an unknown tag");
	s->pull_ended = tag == TAG_FINAL;
	if (n == 0)
		return tag == TAG_FINAL && !s->in_message ? 2 : broken(s, err, "an empty frame");
	if (s->in_message) {
		s->n += (size_t)n;
	} else {
		if (!read_head(s, (size_t)n, limit))
			return broken(s, err, "a message without a type");
		s->n = (size_t)n - s->head;
		if (s->n > s->limit)
			return broken(s, err, "a message over its limit");
	}
	if (tag == TAG_PART)
		return 0;
	s->in_message = false;
	*m = (struct session_message){s->type, s->id, s->message + s->head, s->n};
	return 1;
}

static int start_pull(struct session *s, const uint8_t *header, struct err *err)
{
	if (crypto_secretstream_xchacha20poly1305_init_pull(&s->pull, header, s->pull_key) != 0)
		return broken(s, err, "a session that does not begin as one");
	sodium_memzero(s->pull_key, sizeof(s->pull_key));
	s->pull_started = true;
	return 0;
}

int session_feed(struct session *s, const uint8_t *bytes, size_t n, size_t *used,
                 size_t (*limit)(uint32_t type), struct session_message *m, struct err *err)
{
	*used = 0;
	if (s->broken)
		return err_set(err, ERR_COMMUNICATION, "the session is broken");
	if (!s->in_message && s->cap > KEPT_MAX)
		drop_message(s);
	if (!s->pull_started) {
		if (n < HEADER_SIZE)
			return 0;
		if (start_pull(s, bytes, err) != 0)
			return -1;
		*used = HEADER_SIZE;
	}
	for (;;) {
		const uint8_t *p = bytes + *used;
		size_t left = n - *used;
		if (s->pull_ended)
			return left == 0 ? 2 : broken(s, err, "bytes after the end of a session");
		if (left < 4)
			return 0;
		uint32_t len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		if (len < TAG_SIZE || len > SESSION_FRAME_MAX)
			return broken(s, err, "a frame of an impossible length");
		if (left - 4 < len)
			return 0;
		*used += 4 + (size_t)len;
		int rc = take_frame(s, p + 4, len, limit, m, err);
		if (rc != 0)
			return rc;
	}
}
