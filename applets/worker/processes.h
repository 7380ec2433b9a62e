/* Processes as /proc shows them: who descends from whom, who is left of a step, and when a process was
 * started. */
#pragma once
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
/* The environment that the process was started with has this entry ("NAME=value"). */
bool process_has_env(pid_t pid, const char *entry);

/* Signals all that descends from root, root itself excepted; returns how many (living) there were. */
size_t processes_signal_descendants(pid_t root, int signo);
/* Calls fn for every process until it returns false. */
void processes_each(bool (*fn)(void *ctx, const struct process *p), void *ctx);
