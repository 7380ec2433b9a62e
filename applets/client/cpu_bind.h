/* srun(1), --cpu-bind, on a cluster that does not bind tasks to CPUs (TaskPlugin=task/none): the option is
 * checked, said to have no effect, and told to the tasks. */
#pragma once
#include "applets/client/submit.h"

/* -1: a value can't be read; it has been said, and submit_over() knows the exit code. */
int cpu_bind_check(struct submit *s);
/* SLURM_CPU_BIND and its like, after cpu_bind_check(). */
void cpu_bind_environment(const struct submit *s, struct env_list *env);
