/* Scripts and environments that were used last, by content hash: a job that starts soon after its submit
 * needs no disk. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob_cache;

/* limit: bytes of content that it keeps at most. */
struct blob_cache *blob_cache_new(size_t limit);
void blob_cache_free(struct blob_cache *cache);
void blob_cache_put(struct blob_cache *cache, const uint8_t hash[32], const void *bytes, size_t n);
/* The content stays valid until the next blob_cache_put(). */
bool blob_cache_get(struct blob_cache *cache, const uint8_t hash[32], const uint8_t **bytes, size_t *n);
