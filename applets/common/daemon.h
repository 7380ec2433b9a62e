/* What the daemons share: going to the background, pid files, privileges, systemd's notify protocol. */
#pragma once
#include "core/util/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Detaches from the terminal: the parent waits until daemon_ready() or the child's death and exits with its
 * code, so that whoever starts a daemon knows that it runs (or reads why it does not on stderr). Only before
 * threads and keys. */
int daemon_detach(struct err *err);
/* The daemon serves now: releases the parent, notifies systemd (READY=1), and points stdin, stdout and stderr
 * to /dev/null when detached. */
void daemon_ready(void);
/* The path as it will be found from another directory: a daemon leaves the one it was started in. malloc'ed.
 */
char *daemon_absolute_path(const char *path);
void daemon_notify(const char *state); /* sd_notify's text, e.g. "STOPPING=1" */

/* Creates and locks the pid file and writes the pid; a live holder is an error that names it. The fd stays
 * open (and locked). */
int daemon_pidfile(const char *path, uid_t owner, gid_t group, struct err *err);
void daemon_pidfile_remove(void);

/* -n of slurmctld(8) and slurmd(8): a word that is no number is logged, and 0; the kernel bounds the value.
 */
int daemon_nice_value(const char *word);
void daemon_nice(int value); /* 0: stays as it is; a failure is logged */

/* A directory with that owner and mode, made (with its parents, 0755) when missing; an existing one is
 * checked: owner, and no write for others. */
int daemon_directory(const char *path, uid_t owner, gid_t group, mode_t mode, struct err *err);

/* The directory of a file that a daemon is about to make: made (0755) when missing; an existing one is taken
 * as it is. */
int daemon_parent(const char *path, uid_t owner, gid_t group, struct err *err);

/* setgroups, setresgid, setresuid, each verified, and that root can't come back. Any failure is an error: the
 * caller must end. */
int daemon_drop(uid_t uid, gid_t gid, const char *user, struct err *err);
