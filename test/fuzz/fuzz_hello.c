/* A client before any bytes that a server may say: HELLO and what is made from it, or an error. */
#include "proto/conn_priv.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key_master *master;
	static struct key_host *own;
	struct session_audience audience = {.role = ROLE_CONTROLLER, .name = "head", .cluster = "lab"};
	const struct conn_credential credential = {.host_key = own};
	struct opening o = {0};
	struct err err = {0};
	uint8_t open[WIRE_OPEN_SIZE], psk[32], again[WIRE_HELLO_SIZE];
	struct session_keys keys;
	if (!master) {
		check(sodium_init() >= 0);
		master = key_master_from_bytes("0123456789abcdef0123456789abcdef", 32, &err);
		own = key_host_derive(master, "lab", KEY_CLASS_WORKER, "n1", 0, &err);
		return 0;
	}
	if (size < WIRE_HELLO_SIZE + 1)
		return 0;
	audience.role = data[0] & 1 ? ROLE_CONTROLLER : ROLE_WORKER;
	memcpy(o.hello_bytes, data + 1, WIRE_HELLO_SIZE);
	opening_start(&o);
	if (opening_hello(&o, &audience, &err) != 0) {
		check(err.code != 0 && err.text[0]);
		return 0;
	}
	/* HELLO has one form. */
	wire_put_hello(&o.hello, again);
	check(memcmp(again, o.hello_bytes, sizeof(again)) == 0);
	check(opening_sign(&o, &audience, &credential, open, psk, &err) == 0);
	if (opening_keys(&o, &audience, open, psk, &keys, &err) != 0)
		check(err.code == ERR_UNAUTHENTICATED);
	return 0;
}
