#include "core/due.h"

#include "core/util/arena.h"

#include <stdlib.h>

void due_add(struct due_heap *h, struct due due)
{
	h->v = xgrow(h->v, &h->cap, h->n + 1, sizeof(*h->v));
	size_t i = h->n++;
	for (; i > 0 && h->v[(i - 1) / 2].at > due.at; i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = due;
}

bool due_pop(struct due_heap *h, core_time now, struct due *out)
{
	if (h->n == 0 || h->v[0].at > now)
		return false;
	*out = h->v[0];
	struct due last = h->v[--h->n];
	size_t i = 0;
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= h->n)
			break;
		if (child + 1 < h->n && h->v[child + 1].at < h->v[child].at)
			child++;
		if (h->v[child].at >= last.at)
			break;
		h->v[i] = h->v[child];
		i = child;
	}
	if (h->n > 0)
		h->v[i] = last;
	return true;
}

core_time due_next(const struct due_heap *h)
{
	return h->n ? h->v[0].at : 0;
}

void due_free(struct due_heap *h)
{
	free(h->v);
	*h = (struct due_heap){0};
}
