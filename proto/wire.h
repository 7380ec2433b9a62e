/* The fixed structs that come before a session: HELLO, OPEN, and the ticket request and answer of the local
 * socket. All integers are big endian; names are printable ASCII without blanks, zero-padded. Nothing here is
 * allocated, and no schema is involved. Each struct has exactly one form: what is not meant for its kind is
 * zero, and checked. uid and gid are 0xffffffff where there is no user.
 *
 *   HELLO   magic[4] "BBH1"  version_min u16  version_max u16  role u32  kid[8]  nonce[32]  e_s[32] = 84
 * bytes OPEN    magic[4] "BBO1"  version u16  kind u8  class u8  generation u32  kid[8]  uid u32  gid u32
 * role u32 host[256]  audience[256]  e_c[32] serial u64  step u32  launch u64  rights u32  instance[16] (zero
 * but for a step) mac[32] = 648 bytes REQUEST magic[4] "BBR1"  version u16  zero u16  HELLO[84]  role u32
 * audience[256]  e_c[32]                           = 384 bytes ANSWER  magic[4] "BBA1"  code u32 (0, or why
 * not)  OPEN[648]  psk[32]  cluster[256]                                   = 944 bytes
 */
#pragma once
#include "core/util/err.h"
#include "proto/session.h"

#include <stdint.h>

#define WIRE_NAME         256
#define WIRE_HELLO_SIZE   84
#define WIRE_OPEN_SIZE    648
#define WIRE_OPEN_MAC_AT  616
#define WIRE_REQUEST_SIZE 384
#define WIRE_ANSWER_SIZE  944

/* Why a server closed before authentication: one byte, which the client shows as an unverified answer. */
enum wire_refusal {
	REFUSED_VERSION = 1,
	REFUSED_AUDIENCE,
	REFUSED_KEY,
	REFUSED_MAC,
	REFUSED_USER,
	REFUSED_BUSY,
	REFUSED_STEP,
};
const char *wire_refusal_text(uint8_t code);

/* Why a local daemon gives no ticket. */
enum wire_no_ticket {
	NO_TICKET_VERSION = 1,
	NO_TICKET_USER,
	NO_TICKET_AUDIENCE,
	NO_TICKET_BUSY,
};
const char *wire_no_ticket_text(uint32_t code);

struct wire_hello {
	uint16_t version_min, version_max;
	enum session_role role;
	uint8_t kid[KEY_ID_SIZE], nonce[32], e_s[32];
};

struct wire_open {
	uint16_t version;
	enum session_kind kind;
	enum key_class class;
	uint32_t generation;
	uint8_t kid[KEY_ID_SIZE];
	uint32_t uid, gid;
	enum session_role role; /* audience */
	char host[WIRE_NAME], audience[WIRE_NAME];
	uint8_t e_c[32];
	struct key_step_of step; /* uid is OPEN's */
	uint8_t mac[32];
};

struct wire_request {
	uint8_t hello[WIRE_HELLO_SIZE];
	enum session_role role;
	char audience[WIRE_NAME];
	uint8_t e_c[32];
};

struct wire_answer {
	uint32_t code; /* enum wire_no_ticket; 0: granted */
	uint8_t open[WIRE_OPEN_SIZE];
	uint8_t psk[32];
	char cluster[WIRE_NAME];
};

void wire_put_hello(const struct wire_hello *hello, uint8_t out[WIRE_HELLO_SIZE]);
int wire_get_hello(const uint8_t in[WIRE_HELLO_SIZE], struct wire_hello *hello, struct err *err);
void wire_put_open(const struct wire_open *open, uint8_t out[WIRE_OPEN_SIZE]);
int wire_get_open(const uint8_t in[WIRE_OPEN_SIZE], struct wire_open *open, struct err *err);
void wire_put_request(const struct wire_request *request, uint8_t out[WIRE_REQUEST_SIZE]);
int wire_get_request(const uint8_t in[WIRE_REQUEST_SIZE], struct wire_request *request, struct err *err);
void wire_put_answer(const struct wire_answer *answer, uint8_t out[WIRE_ANSWER_SIZE]);
int wire_get_answer(const uint8_t in[WIRE_ANSWER_SIZE], struct wire_answer *answer, struct err *err);

/* H = SHA-256(HELLO as sent, cluster, OPEN without mac). */
void wire_transcript(const uint8_t hello[WIRE_HELLO_SIZE], const char *cluster,
                     const uint8_t open[WIRE_OPEN_SIZE], uint8_t h[32]);
/* mac and psk of H under K (K_h, or K_step). */
void wire_ticket(const uint8_t key[KEY_SIZE], const uint8_t h[32], uint8_t mac[32], uint8_t psk[32]);
/* The session's keys: S = HMAC(psk, dh); each direction's = HMAC(S, "c2s" or "s2c", H, mac). -1 when dh is
 * zero. */
int wire_session_keys(const uint8_t psk[32], const uint8_t secret[32], const uint8_t public_key[32],
                      const uint8_t h[32], const uint8_t mac[32], struct session_keys *out, struct err *err);
