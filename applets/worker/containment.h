/* What slurm.conf and cgroup.conf ask of slurmd by way of containment: ProctrackType=proctrack/cgroup,
 * TaskPlugin=task/cgroup and task/affinity. Where cgroups can't be had it goes on without, and the log says
 * what that means. */
#pragma once
#include "applets/worker/cgroup.h"
#include "applets/worker/cpu_map.h"
#include "applets/worker/link.h"

struct worker;

struct containment {
	struct cgroup_tree tree;
	struct cgroup_conf conf;
	struct cpu_map cpus;
	char *missing; /* what was said to be missing; NULL: nothing */
	struct loop_timer *sweep;
	unsigned sweeps;
};

/* Takes what the configuration in force says; again after each change of it. */
void containment_configure(struct worker *w);
/* The cgroups of a step that is to be run here, for its shepherd; NULL: it has none. In the arena. */
struct step_groups *containment_groups(const struct worker *w, const struct step_grant *g,
                                       struct arena *arena);
/* Where its tasks are bound to CPUs (TaskPlugin=task/affinity): the node, for its shepherd; else NULL. */
struct node_cpus *containment_cpus(const struct worker *w, const struct step_grant *g, struct arena *arena);
/* What is in cgroups of steps that are not among our launches is ended, and they are removed. */
void containment_sweep(struct worker *w);
/* The directories, if nothing is in them. */
void containment_free(struct worker *w);
