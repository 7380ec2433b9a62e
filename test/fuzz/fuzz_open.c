/* A server before any bytes that a client may send as OPEN: never a session, unless the mac is right; and
 * then only what the mac says. The first byte chooses the server, and whether OPEN gets a true mac. */
#include "proto/conn_priv.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void check(bool ok)
{
	if (!ok)
		abort();
}

static struct key_master *master;
static struct key_host *worker;
static uint8_t e_secret[32];

static void sign(const struct verifier *v, const uint8_t *hello, uint8_t *open)
{
	struct wire_open o;
	uint8_t key[KEY_SIZE] = {0}, h[32], psk[32];
	if (wire_get_open(open, &o, NULL) != 0)
		return;
	memcpy(o.kid, key_master_id(master), KEY_ID_SIZE);
	wire_put_open(&o, open);
	if (v->master)
		check(key_master_host(master, o.kid, v->cluster, o.class, o.host, o.generation, key));
	else if (o.kind == SESSION_STEP)
		key_step_derive(worker, &o.step, key);
	else
		memcpy(key, key_host_bytes(worker), KEY_SIZE);
	wire_transcript(hello, v->cluster, open, h);
	wire_ticket(key, h, open + WIRE_OPEN_MAC_AT, psk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t hello[WIRE_HELLO_SIZE] = {0}, open[WIRE_OPEN_SIZE];
	struct session_peer peer = {0};
	struct session_keys keys;
	struct wire_open o;
	char why[200];
	if (!master) {
		check(sodium_init() >= 0);
		master = key_master_from_bytes("0123456789abcdef0123456789abcdef", 32, NULL);
		worker = key_host_derive(master, "lab", KEY_CLASS_WORKER, "n1", 0, NULL);
		memset(e_secret, 7, sizeof(e_secret));
	}
	if (size < 1 + WIRE_OPEN_SIZE)
		return 0;
	const struct verifier controller = {.role = ROLE_CONTROLLER,
	                                    .name = "head",
	                                    .cluster = "lab",
	                                    .master = master,
	                                    .single_uid = CORE_NO_VAL};
	const struct verifier node = {.role = ROLE_WORKER,
	                              .name = "n1",
	                              .cluster = "lab",
	                              .own = worker,
	                              .single_uid = data[0] & 4 ? 1000 : CORE_NO_VAL};
	const struct verifier *v = data[0] & 1 ? &controller : &node;
	memcpy(open, data + 1, WIRE_OPEN_SIZE);
	if (data[0] & 2)
		sign(v, hello, open);
	enum wire_refusal refusal = verify_open(v, hello, e_secret, open, &peer, &keys, why);
	if (refusal) {
		check(why[0] && strlen(why) < sizeof(why));
		return 0;
	}
	check(data[0] & 2);
	check(wire_get_open(open, &o, NULL) == 0);
	check(peer.kind == o.kind && peer.class == o.class && peer.uid == o.uid && peer.gid == o.gid);
	check(strcmp(peer.host, o.host) == 0 && strcmp(o.audience, v->name) == 0 && o.role == v->role);
	check(o.kind == SESSION_DAEMON || (o.uid != UINT32_MAX && o.uid != overflow_uid()));
	check(o.kind == SESSION_DAEMON || v->single_uid == CORE_NO_VAL || o.uid == v->single_uid);
	check(v == &controller ? o.kind != SESSION_STEP
	                       : o.kind != SESSION_DAEMON && strcmp(o.host, "n1") == 0);
	return 0;
}
