/* What of a node is taken during a span of time. */
#pragma once
#include "core/bits.h"

#include <stddef.h>
#include <stdint.h>

struct node_view {
	const struct core_bits *busy;
	uint32_t cores_free;
	uint64_t mem;       /* MiB taken */
	uint32_t part_cpus; /* that jobs of the partition have */
	struct core_bits *own;
	uint32_t *loads; /* as node_loads has them */
	size_t load_cap;
};
