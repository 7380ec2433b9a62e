/* A program of the administrator that a daemon runs: Prolog, Epilog, PrologSlurmctld, MailProg ... */
#pragma once
#include "core/util/err.h"

#include <sys/types.h>

/* May a daemon run this? A plain file, executable, and nobody but root (or the user that we are) may change
 * it or put another in its place. -1: ERR_CONFIG, which says what is wrong with it. */
int hook_check(const char *path, struct err *err);
/* Checks it and starts it as the leader of a process group, without input and output. argv: after its name,
 * NULL-terminated; or NULL. env is all that it gets. *pid is the caller's to wait for. */
int hook_spawn(const char *path, char *const *arguments, char *const *env, pid_t *pid, struct err *err);
