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

/* The first number whose bit is 1, in the words or in their complements. */
static uint32_t first_from(const struct core_bits *b, uint32_t from, uint64_t flip)
{
	for (uint32_t i = from; i < b->n; i++) {
		uint64_t word = (b->words[i / 64] ^ flip) >> (i % 64);
		if (word != 0) {
			uint32_t at = i + (uint32_t)__builtin_ctzll(word);
			return at < b->n ? at : b->n;
		}
		i |= 63; /* nothing in the rest of this word */
	}
	return b->n;
}

uint32_t bits_free_from(const struct core_bits *b, uint32_t from)
{
	return first_from(b, from, UINT64_MAX);
}

uint32_t bits_next(const struct core_bits *b, uint32_t from)
{
	return first_from(b, from, 0);
}
