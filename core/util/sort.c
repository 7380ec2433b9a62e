#include "core/util/sort.h"
#include "core/util/arena.h"

#include <stdlib.h>
#include <string.h>

#define RUN 8u /* runs of this length are made by insertion */

struct sorter {
	sort_compare compare;
	void *ctx;
	char *spare;
};

/* The same code is made three times, with the size as a constant where that is common: moves then are single
 * instructions instead of calls of memcpy. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE void insertion(const struct sorter *s, char *base, size_t n, size_t size)
{
	for (size_t i = 1; i < n; i++) {
		char *at = base + i * size, *to = at;
		while (to > base && s->compare(to - size, at, s->ctx) > 0)
			to -= size;
		if (to == at)
			continue;
		memcpy(s->spare, at, size);
		memmove(to + size, to, (size_t)(at - to));
		memcpy(to, s->spare, size);
	}
}

/* Merges [from, mid) and [mid, end) into to. */
ALWAYS_INLINE void merge(const struct sorter *s, char *to, const char *from, const char *mid, const char *end,
                         size_t size)
{
	const char *a = from, *b = mid;
	if (a < mid && b < end && s->compare(mid - size, mid, s->ctx) <= 0) {
		memcpy(to, from, (size_t)(end - from));
		return;
	}
	while (a < mid && b < end) {
		const char **least = s->compare(a, b, s->ctx) <= 0 ? &a : &b;
		memcpy(to, *least, size);
		*least += size;
		to += size;
	}
	memcpy(to, a, (size_t)(mid - a));
	memcpy(to + (mid - a), b, (size_t)(end - b));
}

ALWAYS_INLINE void sort_sized(const struct sorter *s, char *base, size_t n, size_t size)
{
	for (size_t i = 0; i < n; i += RUN)
		insertion(s, base + i * size, n - i < RUN ? n - i : RUN, size);
	char *from = base, *to = s->spare;
	for (size_t run = RUN; run < n; run *= 2) {
		for (size_t i = 0; i < n; i += 2 * run) {
			size_t mid = n - i < run ? n : i + run;
			size_t end = n - i < 2 * run ? n : i + 2 * run;
			merge(s, to + i * size, from + i * size, from + mid * size, from + end * size, size);
		}
		char *swap = from;
		from = to;
		to = swap;
	}
	if (from != base)
		memcpy(base, from, n * size);
}

void sort_stable(void *base, size_t n, size_t size, sort_compare compare, void *ctx)
{
	if (n < 2 || size == 0)
		return;
	struct sorter s = {compare, ctx, xcalloc(n, size)};
	switch (size) {
	case 4:
		sort_sized(&s, base, n, 4);
		break;
	case 8:
		sort_sized(&s, base, n, 8);
		break;
	default:
		sort_sized(&s, base, n, size);
	}
	free(s.spare);
}
