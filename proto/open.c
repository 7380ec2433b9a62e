/* The client's half of a handshake (shared/security.md, "Session"): HELLO is judged, OPEN made, the keys
 * computed. */
#include "proto/conn_priv.h"

#include <sodium.h>
#include <string.h>

void opening_start(struct opening *o)
{
	randombytes_buf(o->e_secret, sizeof(o->e_secret));
	crypto_scalarmult_base(o->e_public, o->e_secret);
}

int opening_hello(struct opening *o, const struct session_audience *audience, struct err *err)
{
	if (wire_get_hello(o->hello_bytes, &o->hello, err) != 0)
		return -1;
	if (o->hello.role != audience->role)
		return err_set(err, ERR_UNAUTHENTICATED,
		               "a %s answers there, where the %s %s was meant: check address and port",
		               o->hello.role == ROLE_CONTROLLER ? "controller" : "worker",
		               audience->role == ROLE_CONTROLLER ? "controller" : "worker", audience->name);
	return 0;
}

int opening_sign(struct opening *o, const struct session_audience *audience,
                 const struct conn_credential *credential, uint8_t open[WIRE_OPEN_SIZE], uint8_t psk[32],
                 struct err *err)
{
	struct wire_open w = {
	        .version = SESSION_VERSION, .role = audience->role, .uid = UINT32_MAX, .gid = UINT32_MAX};
	const uint8_t *key = credential->step_key;
	const char *host = audience->name;
	uint8_t h[32];
	if (credential->step) {
		/* Made by the controller, which says from which of the worker's keys. */
		w.kind = SESSION_STEP;
		w.class = KEY_CLASS_WORKER;
		w.step = *credential->step;
		w.uid = credential->step->uid;
		memcpy(w.kid, credential->step_kid ? credential->step_kid : o->hello.kid, KEY_ID_SIZE);
	} else {
		const struct key_host *own = credential->host_key;
		w.kind = SESSION_DAEMON;
		w.class = key_host_class(own);
		w.generation = key_host_generation(own);
		memcpy(w.kid, key_host_id(own), KEY_ID_SIZE);
		host = key_host_name(own);
		key = key_host_bytes(own);
	}
	memcpy(o->own_kid, w.kid, KEY_ID_SIZE);
	memcpy(w.e_c, o->e_public, sizeof(w.e_c));
	if (!text_copy(w.host, sizeof(w.host), host) ||
	    !text_copy(w.audience, sizeof(w.audience), audience->name))
		return err_set(err, ERR_INVALID, "a host's name of more than %d characters", KEY_NAME_MAX);
	wire_put_open(&w, open);
	wire_transcript(o->hello_bytes, audience->cluster, open, h);
	wire_ticket(key, h, w.mac, psk);
	wire_put_open(&w, open);
	return 0;
}

int opening_keys(const struct opening *o, const struct session_audience *audience,
                 const uint8_t open[WIRE_OPEN_SIZE], const uint8_t psk[32], struct session_keys *keys,
                 struct err *err)
{
	uint8_t h[32];
	wire_transcript(o->hello_bytes, audience->cluster, open, h);
	return wire_session_keys(psk, o->e_secret, o->hello.e_s, h, open + WIRE_OPEN_MAC_AT, keys, err);
}
