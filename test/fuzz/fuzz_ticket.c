/* The local socket's two structs: any bytes are an error, or have the one form that they are in. */
#include "proto/wire.h"

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
	struct err err = {0};
	if (size >= WIRE_REQUEST_SIZE) {
		struct wire_request r;
		uint8_t again[WIRE_REQUEST_SIZE];
		if (wire_get_request(data, &r, &err) == 0) {
			wire_put_request(&r, again);
			check(memcmp(again, data, sizeof(again)) == 0);
			check(memchr(r.audience, '\0', sizeof(r.audience)) != NULL);
		} else {
			check(err.code != 0 && err.text[0]);
		}
	}
	err_clear(&err);
	if (size >= WIRE_ANSWER_SIZE) {
		struct wire_answer a;
		uint8_t again[WIRE_ANSWER_SIZE];
		if (wire_get_answer(data, &a, &err) == 0) {
			wire_put_answer(&a, again);
			check(memcmp(again, data, sizeof(again)) == 0);
			check(wire_no_ticket_text(a.code) != NULL);
		} else {
			check(err.code != 0 && err.text[0]);
		}
	}
	for (size_t i = 0; i < size && i < 8; i++)
		check(wire_refusal_text(data[i]) != NULL);
	return 0;
}
