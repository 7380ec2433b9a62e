/* Control groups: where the hierarchies of this host are, and what can be done with one group. The kernel's
 * words: cgroups(7).
 *
 * Version 1 has a hierarchy for each controller, version 2 one for all; on a host with both ("hybrid") the
 * controllers are version 1's, as with Slurm. */
#pragma once
#include "conf/cgroup_conf.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum cgroup_use {
	CGROUP_TRACK, /* which processes a step has: version 1's freezer */
	CGROUP_CPUSET,
	CGROUP_MEMORY,
	CGROUP_USES
};
extern const char *const cgroup_controllers[CGROUP_USES]; /* version 1's names */

struct cgroup_tree {
	bool unified;            /* version 2: all bases are the same */
	char *base[CGROUP_USES]; /* a directory in which everything is ours, which may still have to be made;
	                            NULL: not wanted, or not to be had */
};

/* What /proc/self/mountinfo and /proc/self/cgroup say. */
struct cgroup_sources {
	const char *mounts, *own;
};

/* Finds what is wanted (bit 1 << use) below mountpoint; name is of who has it: the directory is
 * "slurm_NAME", or with version 2 "NAME_slurmstepd.scope", as Debian's slurmd names them. `missing` says what
 * isn't to be had and why, a sentence. The tree: cgroup_tree_free(). */
void cgroup_tree_find(struct cgroup_tree *out, const struct cgroup_sources *from, const char *mountpoint,
                      enum cgroup_version version, unsigned wanted, const char *name, struct text *missing);
/* The same from /proc. */
void cgroup_tree_find_here(struct cgroup_tree *out, const char *mountpoint, enum cgroup_version version,
                           unsigned wanted, const char *name, struct text *missing);
/* Makes the bases, and lets version 2's controllers act below them. What can't be made becomes NULL, and
 * `missing` says why. */
void cgroup_tree_make(struct cgroup_tree *tree, struct text *missing);
void cgroup_tree_free(struct cgroup_tree *tree);

/* ---- one group: a directory ---- */

/* 0 or errno. */
int cgroup_write(const char *dir, const char *file, const char *value);
bool cgroup_read(const char *dir, const char *file, struct text *out);
/* The number behind `key ` in a file of such lines; 0: it isn't there. */
uint64_t cgroup_count(const char *dir, const char *file, const char *key);
/* Signals all that is in it, this very process excepted; how many there were. */
size_t cgroup_signal(const char *dir, int signo);
/* SIGKILL to all that is in it at one moment: none can fork meanwhile. */
void cgroup_kill(const char *dir);
/* Removes it with what is below it; what is in them is killed. false: that takes a moment yet, or can't be.
 */
bool cgroup_remove(const char *dir);
/* Version 1: a new cpuset, which takes no process before that, has all that the one above it has. 0 or errno.
 */
int cgroup_inherit_cpus(const char *dir);
/* Version 2: what is below it has that controller. 0 or errno. */
int cgroup_let_act(const char *dir, const char *controller);
