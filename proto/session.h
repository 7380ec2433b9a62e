/* The authenticated session (shared/security.md, "Session" and "Tickets"): HELLO, OPEN, tickets, sealed
 * frames. This file is pure bytes in, bytes out: no sockets. conn.h puts it on one. */
#pragma once
#include "core/util/text.h"
#include "proto/key.h"

#include <stdint.h>

enum session_role { ROLE_CONTROLLER = 1, ROLE_WORKER = 2 };
enum session_kind { SESSION_USER = 1, SESSION_DAEMON = 2, SESSION_STEP = 3 };

#define SESSION_VERSION 1

#define SESSION_FRAME_MAX 65536

/* Who is at the other end: filled in by the server from a verified OPEN, never from messages. */
struct session_peer {
	enum session_kind kind;
	enum key_class class;        /* of the host key that signed */
	char host[KEY_NAME_MAX + 1]; /* name of the host (NodeName or short host name) that vouches */
	uint8_t kid[KEY_ID_SIZE]; /* the cluster key that it came from; zero at a client and in a shepherd */
	uint32_t uid, gid;        /* user and step sessions */
	struct key_step_of step;  /* step sessions */
	char address[64];         /* numeric, for logs */
};

/* Whom a client means to reach. */
struct session_audience {
	enum session_role role;
	char name[KEY_NAME_MAX + 1]; /* the controller's host name as configured, or a worker's NodeName */
	char cluster[KEY_NAME_MAX + 1];
};

/* Both directions' keys of a session, for hand-over to a shepherd. Wipe after use. */
struct session_keys {
	uint8_t c2s[KEY_SIZE], s2c[KEY_SIZE];
	uint8_t h[32];
};

struct session; /* sealed streams of both directions, after OPEN */
/* is_server: which of the keys seals. Neither direction's stream has started. */
struct session *session_new(const struct session_keys *keys, bool is_server);
void session_free(struct session *s); /* wipes */

/* Appends one message (type, id, body), as frames, to out. final: the last of this direction (TAG_FINAL). */
int session_seal(struct session *s, uint32_t type, uint64_t id, const void *body, size_t n, bool final,
                 struct text *out, struct err *err);
/* Ends this direction without a message. */
int session_seal_final(struct session *s, struct text *out, struct err *err);

struct session_message {
	uint32_t type;
	uint64_t id;   /* of the request; answers carry it back; 0: none */
	uint8_t *body; /* valid until the next session_feed */
	size_t n;
};
/* Takes raw bytes; each call gives at most one message: *used bytes were taken (whole frames: the caller
 * keeps the rest and gives it again, with more); returns 1 with *m filled, 0 when more bytes are needed, 2 at
 * the authenticated end of the direction, -1 on any failure (the connection must be closed). limit(type)
 * gives the most bytes for a type (0: unknown type; its bytes are bounded by SESSION_FRAME_MAX). */
int session_feed(struct session *s, const uint8_t *bytes, size_t n, size_t *used,
                 size_t (*limit)(uint32_t type), struct session_message *m, struct err *err);
