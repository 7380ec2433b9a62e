/* Where each task goes, in order (srun -m arbitrary): SLURM_HOSTFILE, or -w. */
#pragma once
#include "core/util/arena.h"
#include "core/util/err.h"

#include <stdint.h>

struct hostfile {
	char *list;     /* host list of all tasks' hosts, in order, with repetitions */
	char *names;    /* of the hosts, each once */
	uint32_t count; /* tasks */
	uint32_t nodes; /* hosts */
	uint32_t most;  /* how many tasks the host has that has most */
};

/* The file has names or host lists, with newlines, blanks or commas between them. want: only so many of the
 * first tasks; 0: all. Strings live in the arena. Errors in the real one's words. */
int hostfile_read(struct hostfile *h, const char *path, uint32_t want, struct arena *arena, struct err *err);
int hostfile_of_list(struct hostfile *h, const char *list, uint32_t want, struct arena *arena,
                     struct err *err);
