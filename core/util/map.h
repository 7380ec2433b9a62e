/* Hash maps: u64 -> pointer and string -> pointer. Open addressing; keys of the string map are the
 * caller's and must outlive their entry. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map {
	struct map_slot *slots;
	size_t count, cap, used;
	bool by_text;
};

void map_init_u64(struct map *m);
void map_init_text(struct map *m);
void map_free(struct map *m);
size_t map_count(const struct map *m);

void *map_get(const struct map *m, uint64_t key);       /* NULL: not there */
void map_put(struct map *m, uint64_t key, void *value); /* value must not be NULL */
void *map_del(struct map *m, uint64_t key);             /* the value that was there, or NULL */
void *map_get_text(const struct map *m, const char *key);
void map_put_text(struct map *m, const char *key, void *value);
void *map_del_text(struct map *m, const char *key);

/* Walks all entries in an unspecified order: `size_t at = 0; while (map_next(&m, &at, &value)) ...`.
 * Deleting the entry just given is allowed, putting is not. */
bool map_next(const struct map *m, size_t *at, void **value);
