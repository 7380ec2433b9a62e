/* HealthCheckProgram: the administrator's program that looks after this node, as root, every
 * HealthCheckInterval. What it finds it acts on itself (scontrol update). */
#pragma once
#include "applets/worker/worker.h"

/* Runs it the first time, and registers with the controller after it (control_start()); without a program at
 * once. */
void health_start(struct worker *w);
/* slurm.conf was read again. */
void health_configured(struct worker *w);
void health_stop(struct worker *w);
/* A child of the worker has exited: ours? */
bool health_reap(struct worker *w, pid_t pid, int status);
