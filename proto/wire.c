#include "proto/wire.h"

#include "core/util/text.h"
#include "proto/mac.h"

#include <sodium.h>
#include <string.h>

/* A cursor over a fixed struct: sizes are constants, so it can't run over. */
struct pen {
	uint8_t *p;
};
struct eye {
	const uint8_t *p;
};

static void put(struct pen *w, const void *bytes, size_t n)
{
	memcpy(w->p, bytes, n);
	w->p += n;
}

static void put_int(struct pen *w, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*w->p++ = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static void put_name(struct pen *w, const char *name)
{
	size_t n = strnlen(name, WIRE_NAME - 1);
	memset(w->p, 0, WIRE_NAME);
	memcpy(w->p, name, n);
	w->p += WIRE_NAME;
}

static void get(struct eye *r, void *bytes, size_t n)
{
	memcpy(bytes, r->p, n);
	r->p += n;
}

static uint64_t get_int(struct eye *r, unsigned bytes)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | *r->p++;
	return v;
}

/* A name must end within its field, nothing but zeros may follow it, and nothing in it may upset a log or a
 * terminal. */
static bool get_name(struct eye *r, char name[WIRE_NAME])
{
	get(r, name, WIRE_NAME);
	size_t n = strnlen(name, WIRE_NAME);
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	for (size_t i = n; i < WIRE_NAME; i++)
		if (name[i] != '\0')
			return false;
	return n < WIRE_NAME;
}

static int check_magic(struct eye *r, const char *magic, const char *what, struct err *err)
{
	uint8_t got[4];
	get(r, got, sizeof(got));
	if (memcmp(got, magic, sizeof(got)) != 0)
		return err_set(err, ERR_COMMUNICATION, "the peer does not speak batchbox's protocol (no %s)",
		               what);
	return 0;
}

const char *wire_refusal_text(uint8_t code)
{
	static const char *const texts[] = {
	        [REFUSED_VERSION] = "no common protocol version",
	        [REFUSED_AUDIENCE] = "it is not the server that was meant",
	        [REFUSED_KEY] = "it has another cluster key",
	        [REFUSED_MAC] = "the ticket is not valid there (is ClusterName the same on both hosts?)",
	        [REFUSED_USER] = "this user is not served there",
	        [REFUSED_BUSY] = "too many sessions of this user are open: close some, or try again later",
	        [REFUSED_STEP] = "no such step is granted there",
	};
	return code < sizeof(texts) / sizeof(texts[0]) && texts[code] ? texts[code] : "no reason given";
}

const char *wire_no_ticket_text(uint32_t code)
{
	static const char *const texts[] = {
	        [NO_TICKET_VERSION] = "it is of another release",
	        [NO_TICKET_USER] =
	                "this user id gets none (unmapped, a subordinate id, or not the cluster's)",
	        [NO_TICKET_AUDIENCE] = "it gives none for that server",
	        [NO_TICKET_BUSY] = "too many requests of this user at once",
	};
	return code < sizeof(texts) / sizeof(texts[0]) && texts[code] ? texts[code] : "no reason given";
}

/* ---- HELLO ---- */

void wire_put_hello(const struct wire_hello *hello, uint8_t out[WIRE_HELLO_SIZE])
{
	struct pen w = {out};
	put(&w, "BBH1", 4);
	put_int(&w, hello->version_min, 2);
	put_int(&w, hello->version_max, 2);
	put_int(&w, (uint64_t)hello->role, 4);
	put(&w, hello->kid, sizeof(hello->kid));
	put(&w, hello->nonce, sizeof(hello->nonce));
	put(&w, hello->e_s, sizeof(hello->e_s));
}

int wire_get_hello(const uint8_t in[WIRE_HELLO_SIZE], struct wire_hello *hello, struct err *err)
{
	struct eye r = {in};
	if (check_magic(&r, "BBH1", "HELLO", err) != 0)
		return -1;
	hello->version_min = (uint16_t)get_int(&r, 2);
	hello->version_max = (uint16_t)get_int(&r, 2);
	uint64_t role = get_int(&r, 4);
	if (role != ROLE_CONTROLLER && role != ROLE_WORKER)
		return err_set(err, ERR_COMMUNICATION, "HELLO of an unknown role %llu",
		               (unsigned long long)role);
	hello->role = (enum session_role)role;
	get(&r, hello->kid, sizeof(hello->kid));
	get(&r, hello->nonce, sizeof(hello->nonce));
	get(&r, hello->e_s, sizeof(hello->e_s));
	if (hello->version_min > SESSION_VERSION || hello->version_max < SESSION_VERSION)
		return err_set(err, ERR_VERSION,
		               "the server speaks protocol versions %u to %u, this program %u: install the "
		               "same release",
		               hello->version_min, hello->version_max, SESSION_VERSION);
	return 0;
}

/* ---- OPEN ---- */

void wire_put_open(const struct wire_open *open, uint8_t out[WIRE_OPEN_SIZE])
{
	struct pen w = {out};
	put(&w, "BBO1", 4);
	put_int(&w, open->version, 2);
	put_int(&w, (uint64_t)open->kind, 1);
	put_int(&w, (uint64_t)open->class, 1);
	put_int(&w, open->generation, 4);
	put(&w, open->kid, sizeof(open->kid));
	put_int(&w, open->uid, 4);
	put_int(&w, open->gid, 4);
	put_int(&w, (uint64_t)open->role, 4);
	put_name(&w, open->host);
	put_name(&w, open->audience);
	put(&w, open->e_c, sizeof(open->e_c));
	put_int(&w, open->step.serial, 8);
	put_int(&w, open->step.step_id, 4);
	put_int(&w, open->step.launch, 8);
	put_int(&w, open->step.rights, 4);
	put(&w, open->step.instance, sizeof(open->step.instance));
	put(&w, open->mac, sizeof(open->mac));
}

/* Each kind has its own fields; the others must be empty, so that an OPEN has one form only. */
static bool open_is_plausible(const struct wire_open *open)
{
	bool user = open->uid != UINT32_MAX, group = open->gid != UINT32_MAX;
	bool step = open->step.serial || open->step.step_id || open->step.launch || open->step.rights ||
	            !sodium_is_zero(open->step.instance, sizeof(open->step.instance));
	if (!*open->host || !*open->audience)
		return false;
	if (open->class == KEY_CLASS_CONFIGLESS && open->kind != SESSION_DAEMON)
		return false;
	switch (open->kind) {
	case SESSION_USER:
		return user && group && !step;
	case SESSION_DAEMON:
		return !user && !group && !step;
	case SESSION_STEP:
		return user && !group && open->class == KEY_CLASS_WORKER && open->step.rights != 0;
	}
	return false;
}

int wire_get_open(const uint8_t in[WIRE_OPEN_SIZE], struct wire_open *open, struct err *err)
{
	struct eye r = {in};
	memset(open, 0, sizeof(*open));
	if (check_magic(&r, "BBO1", "OPEN", err) != 0)
		return -1;
	open->version = (uint16_t)get_int(&r, 2);
	uint64_t kind = get_int(&r, 1), class = get_int(&r, 1);
	open->generation = (uint32_t)get_int(&r, 4);
	get(&r, open->kid, sizeof(open->kid));
	open->uid = (uint32_t)get_int(&r, 4);
	open->gid = (uint32_t)get_int(&r, 4);
	uint64_t role = get_int(&r, 4);
	bool names = get_name(&r, open->host);
	names = get_name(&r, open->audience) && names;
	get(&r, open->e_c, sizeof(open->e_c));
	open->step.serial = get_int(&r, 8);
	open->step.step_id = (uint32_t)get_int(&r, 4);
	open->step.launch = get_int(&r, 8);
	open->step.rights = (uint32_t)get_int(&r, 4);
	get(&r, open->step.instance, sizeof(open->step.instance));
	get(&r, open->mac, sizeof(open->mac));
	open->kind = (enum session_kind)kind;
	open->class = (enum key_class) class;
	open->role = (enum session_role)role;
	if (kind < SESSION_USER || kind > SESSION_STEP || class < KEY_CLASS_CONTROLLER ||
	    class > KEY_CLASS_CONFIGLESS || (role != ROLE_CONTROLLER && role != ROLE_WORKER) || !names ||
	    !open_is_plausible(open))
		return err_set(err, ERR_UNAUTHENTICATED, "OPEN with impossible values");
	open->step.uid = open->kind == SESSION_STEP ? open->uid : 0;
	return 0;
}

/* ---- the local socket ---- */

void wire_put_request(const struct wire_request *request, uint8_t out[WIRE_REQUEST_SIZE])
{
	struct pen w = {out};
	put(&w, "BBR1", 4);
	put_int(&w, SESSION_VERSION, 2);
	put_int(&w, 0, 2);
	put(&w, request->hello, sizeof(request->hello));
	put_int(&w, (uint64_t)request->role, 4);
	put_name(&w, request->audience);
	put(&w, request->e_c, sizeof(request->e_c));
}

int wire_get_request(const uint8_t in[WIRE_REQUEST_SIZE], struct wire_request *request, struct err *err)
{
	struct eye r = {in};
	if (check_magic(&r, "BBR1", "ticket request", err) != 0)
		return -1;
	uint64_t version = get_int(&r, 2), zero = get_int(&r, 2);
	get(&r, request->hello, sizeof(request->hello));
	uint64_t role = get_int(&r, 4);
	bool name = get_name(&r, request->audience);
	get(&r, request->e_c, sizeof(request->e_c));
	if (version != SESSION_VERSION || zero != 0 || (role != ROLE_CONTROLLER && role != ROLE_WORKER) ||
	    !name)
		return err_set(err, ERR_INVALID, "a ticket request with impossible values");
	request->role = (enum session_role)role;
	return 0;
}

void wire_put_answer(const struct wire_answer *answer, uint8_t out[WIRE_ANSWER_SIZE])
{
	struct pen w = {out};
	put(&w, "BBA1", 4);
	put_int(&w, answer->code, 4);
	put(&w, answer->open, sizeof(answer->open));
	put(&w, answer->psk, sizeof(answer->psk));
	put_name(&w, answer->cluster);
}

int wire_get_answer(const uint8_t in[WIRE_ANSWER_SIZE], struct wire_answer *answer, struct err *err)
{
	struct eye r = {in};
	if (check_magic(&r, "BBA1", "ticket", err) != 0)
		return -1;
	answer->code = (uint32_t)get_int(&r, 4);
	get(&r, answer->open, sizeof(answer->open));
	get(&r, answer->psk, sizeof(answer->psk));
	return get_name(&r, answer->cluster) ? 0
	                                     : err_set(err, ERR_INVALID, "a ticket with impossible values");
}

/* ---- keys ---- */

void wire_transcript(const uint8_t hello[WIRE_HELLO_SIZE], const char *cluster,
                     const uint8_t open[WIRE_OPEN_SIZE], uint8_t h[32])
{
	crypto_hash_sha256_state state;
	size_t n = strlen(cluster);
	const uint8_t len[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, hello, WIRE_HELLO_SIZE);
	crypto_hash_sha256_update(&state, len, sizeof(len));
	crypto_hash_sha256_update(&state, (const uint8_t *)cluster, n);
	crypto_hash_sha256_update(&state, open, WIRE_OPEN_MAC_AT);
	crypto_hash_sha256_final(&state, h);
}

void wire_ticket(const uint8_t key[KEY_SIZE], const uint8_t h[32], uint8_t mac[32], uint8_t psk[32])
{
	struct mac m;
	mac_start(&m, key, "mac");
	mac_bytes(&m, h, 32);
	mac_end(&m, mac);
	mac_start(&m, key, "psk");
	mac_bytes(&m, h, 32);
	mac_end(&m, psk);
}

int wire_session_keys(const uint8_t psk[32], const uint8_t secret[32], const uint8_t public_key[32],
                      const uint8_t h[32], const uint8_t mac[32], struct session_keys *out, struct err *err)
{
	uint8_t dh[32], s[32];
	struct mac m;
	/* crypto_scalarmult refuses points that lead to zero. */
	if (crypto_scalarmult(dh, secret, public_key) != 0 || sodium_is_zero(dh, sizeof(dh)))
		return err_set(err, ERR_UNAUTHENTICATED, "the peer's X25519 key is of small order");
	mac_start(&m, psk, "session");
	mac_bytes(&m, dh, sizeof(dh));
	mac_end(&m, s);
	mac_start(&m, s, "c2s");
	mac_bytes(&m, h, 32);
	mac_bytes(&m, mac, 32);
	mac_end(&m, out->c2s);
	mac_start(&m, s, "s2c");
	mac_bytes(&m, h, 32);
	mac_bytes(&m, mac, 32);
	mac_end(&m, out->s2c);
	memcpy(out->h, h, 32);
	sodium_memzero(dh, sizeof(dh));
	sodium_memzero(s, sizeof(s));
	return 0;
}
