#include "applets/controller/blob_cache.h"

#include "core/util/arena.h"
#include "core/util/list.h"
#include "core/util/map.h"

#include <stdlib.h>
#include <string.h>

struct blob_cache {
	struct map by_hash; /* the hash's first 8 bytes -> struct cached */
	struct list by_use; /* the oldest first */
	size_t used, limit;
};

struct cached {
	struct list in_use;
	uint8_t hash[32];
	size_t n;
	uint8_t bytes[];
};

static uint64_t short_key(const uint8_t hash[32])
{
	uint64_t key;
	memcpy(&key, hash, sizeof(key));
	return key;
}

struct blob_cache *blob_cache_new(size_t limit)
{
	struct blob_cache *cache = xcalloc(1, sizeof(*cache));
	map_init_u64(&cache->by_hash);
	list_init(&cache->by_use);
	cache->limit = limit;
	return cache;
}

static void drop(struct blob_cache *cache, struct cached *c)
{
	list_remove(&c->in_use);
	map_del(&cache->by_hash, short_key(c->hash));
	cache->used -= c->n;
	free(c);
}

void blob_cache_free(struct blob_cache *cache)
{
	if (!cache)
		return;
	while (!list_empty(&cache->by_use))
		drop(cache, list_entry(cache->by_use.next, struct cached, in_use));
	map_free(&cache->by_hash);
	free(cache);
}

static struct cached *find(struct blob_cache *cache, const uint8_t hash[32])
{
	struct cached *c = map_get(&cache->by_hash, short_key(hash));
	return c && memcmp(c->hash, hash, sizeof(c->hash)) == 0 ? c : NULL;
}

void blob_cache_put(struct blob_cache *cache, const uint8_t hash[32], const void *bytes, size_t n)
{
	struct cached *old = map_get(&cache->by_hash, short_key(hash));
	if (n > cache->limit / 2 || find(cache, hash))
		return;
	if (old)
		drop(cache, old);
	while (cache->used + n > cache->limit)
		drop(cache, list_entry(cache->by_use.next, struct cached, in_use));
	struct cached *c = xmalloc(sizeof(*c) + n);
	memcpy(c->hash, hash, sizeof(c->hash));
	c->n = n;
	if (n)
		memcpy(c->bytes, bytes, n);
	list_append(&cache->by_use, &c->in_use);
	map_put(&cache->by_hash, short_key(hash), c);
	cache->used += n;
}

bool blob_cache_get(struct blob_cache *cache, const uint8_t hash[32], const uint8_t **bytes, size_t *n)
{
	struct cached *c = find(cache, hash);
	if (!c)
		return false;
	list_remove(&c->in_use);
	list_append(&cache->by_use, &c->in_use);
	*bytes = c->bytes;
	*n = c->n;
	return true;
}
