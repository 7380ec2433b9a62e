/* Sets of small numbers: a node's cores, an array's tasks. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct core_bits {
	uint32_t n;
	uint32_t set; /* how many are in */
	uint64_t words[];
};

struct core_bits *bits_new(uint32_t n); /* empty; free() it */
bool bits_has(const struct core_bits *b, uint32_t i);
/* False when i was in already, or is out of range; nothing changes then. */
bool bits_add(struct core_bits *b, uint32_t i);
bool bits_del(struct core_bits *b, uint32_t i);
/* The first member that is not in, at or after `from`; n when there is none. */
uint32_t bits_free_from(const struct core_bits *b, uint32_t from);
/* The first member at or after `from`; n when there is none. */
uint32_t bits_next(const struct core_bits *b, uint32_t from);
