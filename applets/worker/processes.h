/* Processes as /proc shows them: who descends from whom, who is left of a step, and when a process was
 * started. */
#pragma once
#include "core/util/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid, ppid, pgid, sid;
	char state;     /* as in /proc/PID/stat: 'Z' is dead already */
	uint64_t start; /* clock ticks since boot: with the pid, the name of a process that is never reused */
};

/* false: there is no such process (or no /proc). */
bool process_read(pid_t pid, struct process *out);
/* The environment that the process was started with: entries, each with its NUL. false: gone, or not ours to
 * read. */
bool process_environment(pid_t pid, struct text *out);
/* The value of a variable in it; NULL: not set. */
const char *environment_value(const struct text *environment, const char *name);

/* Signals all that descends from root, root itself excepted; returns how many (living) there were. */
size_t processes_signal_descendants(pid_t root, int signo);
/* Calls fn for every process until it returns false. */
void processes_each(bool (*fn)(void *ctx, const struct process *p), void *ctx);

/* All processes, as they were at nearly one moment. */
struct process_table;
struct process_table *process_table_new(void);
void process_table_free(struct process_table *t);
/* Was pid started by root, or by what root started? root itself does not descend from itself. */
bool process_table_descends(const struct process_table *t, pid_t pid, pid_t root);
/* Of pid's ancestors, itself among them, the one that root started; 0: it does not descend from root. */
pid_t process_table_branch(const struct process_table *t, pid_t pid, pid_t root);
const struct process *process_table_at(const struct process_table *t, size_t i); /* NULL past the end */
