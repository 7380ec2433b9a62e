/* What falls due: a heap of times. Entries are never taken out early: who pops one checks whether it still
 * means something. */
#pragma once
#include "core/records.h"

#include <stdbool.h>
#include <stddef.h>

enum due_kind {
	DUE_LIMIT,
	DUE_BEGIN,
	DUE_PURGE,
	DUE_NODE_SILENT,
	DUE_NODE_DOWN,
	DUE_STEP_LIMIT,
	DUE_DEPEND,
	DUE_DEADLINE,
	DUE_PLAN,
	DUE_WARN,
	DUE_PRIORITY,
	DUE_MAIL, /* attempt has which part of the limit above it */
};

struct due {
	core_time at;
	enum due_kind kind;
	uint64_t key;     /* serial, or node index */
	uint64_t attempt; /* the attempt, or launch, that it was set for */
};

struct due_heap {
	struct due *v;
	size_t n, cap;
};

void due_add(struct due_heap *h, struct due due);
/* The earliest, when it is not later than now. */
bool due_pop(struct due_heap *h, core_time now, struct due *out);
core_time due_next(const struct due_heap *h); /* 0: empty */
void due_free(struct due_heap *h);
