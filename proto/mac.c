#include "proto/mac.h"

#include <string.h>

void mac_start(struct mac *m, const uint8_t key[32], const char *label)
{
	crypto_auth_hmacsha256_init(&m->state, key, 32);
	mac_string(m, label);
}

void mac_bytes(struct mac *m, const void *bytes, size_t n)
{
	crypto_auth_hmacsha256_update(&m->state, bytes, n);
}

void mac_u32(struct mac *m, uint32_t v)
{
	const uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
	mac_bytes(m, b, sizeof(b));
}

void mac_u64(struct mac *m, uint64_t v)
{
	mac_u32(m, (uint32_t)(v >> 32));
	mac_u32(m, (uint32_t)v);
}

void mac_string(struct mac *m, const char *s)
{
	size_t n = strlen(s);
	mac_u32(m, (uint32_t)n);
	mac_bytes(m, s, n);
}

void mac_end(struct mac *m, uint8_t out[32])
{
	crypto_auth_hmacsha256_final(&m->state, out);
	sodium_memzero(m, sizeof(*m));
}
