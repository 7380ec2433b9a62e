#include "core/util/map.h"
#include "core/util/arena.h"

#include <stdlib.h>
#include <string.h>

/* A slot is empty (value NULL), deleted (value &deleted) or taken. Probing is linear; at most three quarters
 * of the slots are not empty. The hash has no seed, so that walks repeat from run to run. */
struct map_slot {
	union {
		uint64_t number;
		const char *text;
	} key;
	uint64_t hash;
	void *value;
};

#define CAP_FIRST 16u

static char deleted;

static uint64_t mix(uint64_t h)
{
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
	return h ^ (h >> 31);
}

static uint64_t hash_text(const char *s)
{
	size_t n = strlen(s);
	uint64_t h = n * 0x9e3779b97f4a7c15u, word;
	for (; n >= sizeof(word); s += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, s, sizeof(word));
		h = mix(h ^ word);
	}
	word = 0;
	memcpy(&word, s, n);
	return mix(h ^ word);
}

void map_init_u64(struct map *m)
{
	*m = (struct map){.by_text = false};
}

void map_init_text(struct map *m)
{
	*m = (struct map){.by_text = true};
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){.by_text = m->by_text};
}

size_t map_count(const struct map *m)
{
	return m->count;
}

static bool taken(const struct map_slot *s)
{
	return s->value && s->value != &deleted;
}

static bool same_key(const struct map *m, const struct map_slot *a, const struct map_slot *b)
{
	if (a->hash != b->hash)
		return false;
	return m->by_text ? strcmp(a->key.text, b->key.text) == 0 : a->key.number == b->key.number;
}

/* The slot that holds the key, or NULL. */
static struct map_slot *find(const struct map *m, const struct map_slot *key)
{
	if (m->count == 0)
		return NULL;
	size_t mask = m->cap - 1;
	for (size_t i = key->hash & mask;; i = (i + 1) & mask) {
		struct map_slot *s = &m->slots[i];
		if (!s->value)
			return NULL;
		if (s->value != &deleted && same_key(m, s, key))
			return s;
	}
}

/* The first slot on the key's way that isn't taken. */
static struct map_slot *find_free(const struct map *m, uint64_t hash)
{
	size_t mask = m->cap - 1, i = hash & mask;
	while (taken(&m->slots[i]))
		i = (i + 1) & mask;
	return &m->slots[i];
}

/* Room for one more: a new table of at least twice the entries, without the deleted ones. */
static void make_room(struct map *m)
{
	if (m->cap && (m->used + 1) * 4 <= m->cap * 3)
		return;
	struct map_slot *old = m->slots;
	size_t old_cap = m->cap, cap = CAP_FIRST;
	while (cap < (m->count + 1) * 2)
		cap *= 2;
	m->slots = xcalloc(cap, sizeof(*m->slots));
	m->cap = cap;
	m->used = m->count;
	for (size_t i = 0; i < old_cap; i++)
		if (taken(&old[i]))
			*find_free(m, old[i].hash) = old[i];
	free(old);
}

static void put(struct map *m, struct map_slot key)
{
	struct map_slot *s = find(m, &key);
	if (!s) {
		make_room(m);
		s = find_free(m, key.hash);
		m->used += !s->value;
		m->count++;
	}
	*s = key;
}

static void *del(struct map *m, const struct map_slot *key)
{
	struct map_slot *s = find(m, key);
	if (!s)
		return NULL;
	void *value = s->value;
	size_t mask = m->cap - 1, i = (size_t)(s - m->slots);
	m->count--;
	s->value = &deleted;
	if (m->slots[(i + 1) & mask].value)
		return value;
	/* Nothing follows: this slot and deleted ones before it end no chain any more. */
	for (; m->slots[i].value == &deleted; i = (i - 1) & mask) {
		m->slots[i].value = NULL;
		m->used--;
	}
	return value;
}

static struct map_slot number_slot(uint64_t key, void *value)
{
	return (struct map_slot){.key.number = key, .hash = mix(key), .value = value};
}

static struct map_slot text_slot(const char *key, void *value)
{
	return (struct map_slot){.key.text = key, .hash = hash_text(key), .value = value};
}

void *map_get(const struct map *m, uint64_t key)
{
	struct map_slot k = number_slot(key, NULL);
	const struct map_slot *s = find(m, &k);
	return s ? s->value : NULL;
}

void map_put(struct map *m, uint64_t key, void *value)
{
	put(m, number_slot(key, value));
}

void *map_del(struct map *m, uint64_t key)
{
	struct map_slot k = number_slot(key, NULL);
	return del(m, &k);
}

void *map_get_text(const struct map *m, const char *key)
{
	struct map_slot k = text_slot(key, NULL);
	const struct map_slot *s = find(m, &k);
	return s ? s->value : NULL;
}

void map_put_text(struct map *m, const char *key, void *value)
{
	put(m, text_slot(key, value));
}

void *map_del_text(struct map *m, const char *key)
{
	struct map_slot k = text_slot(key, NULL);
	return del(m, &k);
}

bool map_next(const struct map *m, size_t *at, void **value)
{
	while (*at < m->cap) {
		const struct map_slot *s = &m->slots[(*at)++];
		if (taken(s)) {
			*value = s->value;
			return true;
		}
	}
	return false;
}
