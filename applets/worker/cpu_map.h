/* The CPUs of a node as Slurm numbers them, and as the kernel does. Slurm's number of one (srun(1),
 * SLURM_CPU_BIND_LIST): Board x threads of a board + Socket x threads of a socket + Core x threads of a core
 * + Thread. A node may claim CPUs that its host doesn't have (SlurmdParameters=config_overrides). */
#pragma once
#include "applets/worker/binding.h"

#include <stddef.h>
#include <stdint.h>

struct cpu_map {
	uint32_t *cpu; /* the kernel's number, by Slurm's */
	size_t n;
};

/* Of the CPUs of this host that this process may use. */
void cpu_map_find(struct cpu_map *out);
void cpu_map_free(struct cpu_map *map);

/* The locality domains of this host (NUMA nodes), at most `max`; one of all CPUs where there are none.
 * Returns how many. */
size_t cpu_map_ldoms(struct cpu_mask *out, size_t max);

/* Those of the cores (numbers on the node) as cpuset(7) lists them, "0-3,8"; malloc'ed. NULL: this host has
 * none of them. */
char *cpu_map_list(const struct cpu_map *map, const uint32_t *cores, size_t n, uint32_t threads_per_core);
