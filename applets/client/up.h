/* batchbox up and down: a cluster on this machine, of the caller's own. */
#pragma once
#include "core/util/err.h"

#include <stdbool.h>
#include <stdint.h>

#define UP_WORKERS_MAX 512

/* Strings are the caller's, or of up_place(). */
struct up {
	const char *name;
	const char *partition; /* NULL: not asked for */
	uint32_t workers;      /* 0: not asked for */
	uint32_t cpus;         /* of each; 0: this machine's, divided */
	uint64_t mem;          /* MiB of each; 0: as with cpus */
	char dir[64];          /* where all of it lies */
	char lock[80];         /* held by whoever makes or ends it */
};

/* Finds dir and lock, makes what is above dir, and takes the lock: an open fd, or -1. The directories are the
 * caller's own and closed to others, or refused: /tmp is everybody's. */
int up_place(struct up *up, struct err *err);
/* Is there a cluster in dir (made whole, whether it runs or not)? */
bool up_exists(const struct up *up);
/* Is there what one left that was not made whole, or not wholly removed? */
bool up_remains(const struct up *up);
#define UP_PARTITION "main" /* where none is asked for */
/* Key, configuration and links, in dir; slurm.conf comes last. */
int up_make(const struct up *up, struct err *err);
/* All that is in dir, and dir. */
int up_remove(const struct up *up, struct err *err);

/* Where others than root cannot come to this very program, of which they call links: that place, malloc'ed;
 * else NULL. */
char *up_closed_place(void);

/* Gives the lock back; where no cluster is, nothing stays. */
void up_leave(const struct up *up, int lock);

/* Runs this very program as that applet, with up to two words, in the cluster's environment. 0: it ended
 * well. */
int up_run(const struct up *up, const char *applet, const char *a, const char *b, struct err *err);
