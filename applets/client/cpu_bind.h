/* srun(1), --cpu-bind, and --mem-bind. On a cluster that does not bind tasks to CPUs (TaskPlugin without
 * task/affinity) the option is checked, said to have no effect, and told to the tasks. */
#pragma once
#include "applets/client/submit.h"

/* -1: a value can't be read; it has been said, and submit_over() knows the exit code. */
/* Is there anything to check, or to say? */
bool cpu_bind_is_asked(const struct submit *s);
int cpu_bind_check(struct submit *s, const struct slurm_conf *conf);
/* SLURM_CPU_BIND and its like, after cpu_bind_check(). */
void cpu_bind_environment(struct submit *s, const struct slurm_conf *conf, struct env_list *env);
/* For the shepherds, where slurm.conf has task/affinity: they bind the tasks, and tell them so. NULL: it
 * doesn't. In the submit's arena. */
struct task_binding *cpu_bind_launch(struct submit *s, const struct slurm_conf *conf);
struct task_binding *mem_bind_launch(struct submit *s, const struct slurm_conf *conf);
