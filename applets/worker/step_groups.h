/* The cgroups of a step on this host: one in each hierarchy that is used, below its job's. The shepherd makes
 * and removes them; slurmd only ends what a lost shepherd has left. All of it is root's. */
#pragma once
#include "applets/worker/cgroup.h"
#include "applets/worker/link.h"

/* A step by its name in a job: "0", "batch". */
const char *step_groups_word(uint32_t step_id, char buf[16]);

/* Makes them with their limits. What a step of that name has left in them is ended first. */
int step_groups_make(const struct step_groups *g, struct err *err);

/* By these a task puts itself into them, as long as it is root's. -1 where there is none. */
struct step_doors {
	int fd[CGROUP_USES];
};
int step_groups_open(const struct step_groups *g, struct step_doors *doors, struct err *err);
/* In the task: 0 or errno. */
int step_doors_enter(const struct step_doors *doors);
void step_doors_close(struct step_doors *doors);

/* Is it by them that the step's processes are told? */
bool step_groups_track(const struct step_groups *g);
size_t step_groups_signal(const struct step_groups *g, int signo);
/* SIGKILL to all of them at one moment. */
void step_groups_kill(const struct step_groups *g);
/* How many processes the kernel has killed since they had no memory left. */
uint64_t step_groups_oom(const struct step_groups *g);
/* They, and those above that are empty then; what is still in them is killed. false: some are in use yet. */
bool step_groups_remove(const struct step_groups *g);
