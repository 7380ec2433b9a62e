/* HMAC-SHA256 over labelled fields: strings are length-prefixed, integers of fixed width (big endian), each
 * use has a label of its own, so no two uses can ever hash the same bytes. */
#pragma once
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

struct mac {
	crypto_auth_hmacsha256_state state;
};

void mac_start(struct mac *m, const uint8_t key[32], const char *label);
void mac_bytes(struct mac *m, const void *bytes, size_t n); /* of a length that the label fixes */
void mac_string(struct mac *m, const char *s);
void mac_u32(struct mac *m, uint32_t v);
void mac_u64(struct mac *m, uint64_t v);
void mac_end(struct mac *m, uint8_t out[32]); /* wipes the state */
