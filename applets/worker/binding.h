/* Which CPUs each task of a step on one node is bound to (srun(1), --cpu-bind). Pure: numbers in, masks out.
 */
#pragma once
#include "core/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BINDING_CPUS 1024

/* Of the kernel's numbers. */
struct cpu_mask {
	uint64_t word[BINDING_CPUS / 64];
};

enum binding_spread { SPREAD_CYCLIC, SPREAD_BLOCK, SPREAD_FCYCLIC }; /* -m, its second part */

struct binding_facts {
	uint32_t cores_per_socket, threads_per_core, node_cores; /* as slurm.conf has the node */
	const uint32_t *machine; /* the kernel's number of a CPU, by Slurm's; a CPU behind them isn't there */
	size_t machine_n;
	const uint32_t *cores; /* the step's, ascending */
	size_t core_n;
	const struct cpu_mask *ldoms;
	size_t ldom_n;
	uint32_t tasks, cpus_per_task;
	enum binding_spread spread;
};

/* What is asked for. type NULL: by the numbers of tasks and CPUs ("auto binding"), else autobind. */
struct binding_wish {
	const char *type, *list, *autobind;
	bool verbose;
};

struct binding {
	struct cpu_mask *masks; /* of each task; NULL: they are not bound */
	const char *word;       /* of the report: "=MASK", "-cores=MASK" */
	const char *type;       /* SLURM_CPU_BIND_TYPE: "mask_cpu:", "rank" */
	char *list;             /* SLURM_CPU_BIND_LIST; malloc'ed */
};

/* ERR_CPU_BIND in the real one's words. binding_free() whatever happened. */
int binding_make(struct binding *out, const struct binding_facts *f, const struct binding_wish *wish,
                 struct err *err);
void binding_free(struct binding *b);

void cpu_mask_set(struct cpu_mask *mask, uint32_t cpu);
bool cpu_mask_has(const struct cpu_mask *mask, uint32_t cpu);
/* "0x3"; malloc'ed. */
char *cpu_mask_text(const struct cpu_mask *mask);
/* Hexadecimal, with or without 0x, so many characters. */
bool cpu_mask_read(struct cpu_mask *mask, const char *s, size_t n);

/* The entry of a list "0*4,3" or "0xf,0xf0*2" that is the task's: its text without the repetition, and its
 * length. The list begins anew when it is over. NULL: there is none. */
const char *binding_entry(const char *list, uint32_t task, size_t *n);
