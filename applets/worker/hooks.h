/* Prolog and Epilog: programs of the administrator that the worker runs, as root, around each job's attempt
 * on this node. They are told what slurm.conf(5) documents, and nothing else of the user's reaches them.
 *
 * The Prolog runs before the attempt's first launch here; that it succeeded is a file in
 * SlurmdSpoolDir/prolog, so that a restarted slurmd doesn't run it again. The Epilog runs when nothing of the
 * attempt is left, and the job is reported gone after it. */
#pragma once
#include "applets/worker/worker.h"

enum hook_answer { HOOK_DONE, HOOK_RUNNING, HOOK_FAILED };

void hooks_init(struct worker *w);
/* What runs is killed, and begins again with the next slurmd. */
void hooks_free(struct worker *w);
/* Before a launch is started. HOOK_RUNNING: grants_prolog_over() and
 * bcasts_prolog_over() follow. env: the job's, of the grant. */
enum hook_answer hooks_prolog(struct worker *w, uint64_t serial, uint32_t attempt, uint32_t job_id,
                              const struct schema_strs *env);
/* The same on the controller's order, at the job's start: it is told how the prolog ended. */
void hooks_order(struct worker *w, const struct job_prolog *order);
/* When nothing of the attempt is left. HOOK_RUNNING: jobs_epilog_over() follows. */
enum hook_answer hooks_epilog(struct worker *w, uint64_t serial, uint32_t attempt, uint32_t job_id,
                              const struct schema_strs *env);
/* A child of the worker has exited: one of ours? */
bool hooks_reap(struct worker *w, pid_t pid, int status);
