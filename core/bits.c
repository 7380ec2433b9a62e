#include "core/bits.h"

#include "core/util/arena.h"

struct core_bits *bits_new(uint32_t n)
{
	struct core_bits *b = xcalloc(1, sizeof(*b) + ((size_t)n + 63) / 64 * sizeof(uint64_t));
	b->n = n;
	return b;
}

bool bits_has(const struct core_bits *b, uint32_t i)
{
	return i < b->n && (b->words[i / 64] >> (i % 64) & 1);
}

bool bits_add(struct core_bits *b, uint32_t i)
{
	if (i >= b->n || bits_has(b, i))
		return false;
	b->words[i / 64] |= UINT64_C(1) << (i % 64);
	b->set++;
	return true;
}

bool bits_del(struct core_bits *b, uint32_t i)
{
	if (!bits_has(b, i))
		return false;
	b->words[i / 64] &= ~(UINT64_C(1) << (i % 64));
	b->set--;
	return true;
}

uint32_t bits_free_from(const struct core_bits *b, uint32_t from)
{
	for (uint32_t i = from; i < b->n; i++) {
		uint64_t word = ~b->words[i / 64] >> (i % 64);
		if (word == 0)
			i |= 63; /* the rest of this word is taken */
		else
			return i + (uint32_t)__builtin_ctzll(word) < b->n
			               ? i + (uint32_t)__builtin_ctzll(word)
			               : b->n;
	}
	return b->n;
}
