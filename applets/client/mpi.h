/* srun --mpi: what kinds there are. */
#pragma once
#include "core/util/arena.h"
#include "core/util/err.h"
#include "proto/messages.h"

#include <stdbool.h>
#include <stdio.h>

/* --mpi=list. */
void mpi_list(FILE *to);
/* Which one a value of --mpi or MpiDefault means: NULL: none; "pmi2". -1: another, which was said on stderr
 * in Slurm's words; for what only batchbox has not, with the reason. */
int mpi_kind(const char *value, const char **kind);
/* Of the launch of a step: NULL where kind is. In the arena. */
struct step_mpi *mpi_launch(const struct step_ready *step, const char *kind, struct arena *arena);
/* PMI_process_mapping: which tasks are on the same node, as MPICH's processes read it: "(vector,(FIRST NODE,
 * NODES,TASKS ON EACH),...)", from the beginning again where it ends too early. NULL: longer than `limit`. */
char *mpi_mapping(const struct step_ready *step, size_t limit, struct arena *arena);
