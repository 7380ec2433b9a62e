/* TaskProlog and TaskEpilog, and srun's --task-prolog and --task-epilog: programs that run as the user around
 * each task. What a prolog prints changes the task's environment and output. */
#pragma once
#include "core/util/text.h"

#include <stddef.h>

#define TASK_HOOK_OUTPUT_MAX (1u << 20) /* bytes of a prolog's output that are read */

/* A NULL-terminated environment whose entries and array were malloc'ed. */
struct task_env {
	char **v;
	size_t n, cap;
};
void task_env_copy(struct task_env *env, char *const *from);
void task_env_set(struct task_env *env, const char *name, const char *value);
void task_env_unset(struct task_env *env, const char *name);
void task_env_free(struct task_env *env);

/* A prolog's output: "export NAME=VALUE" and "unset NAME" change env, "print TEXT" adds a line to out. Other
 * lines say nothing. The output is the user's: any bytes. */
void task_hook_output(const char *output, size_t n, struct task_env *env, struct text *out);

/* Runs a program as who we are, in the directory where we are, with its output into `output`, and waits for
 * it and for all that writes there. errno; 0: *status is as wait(2) gives it. */
int task_hook_run(const char *path, char *const *env, struct text *output, int *status);
/* Becomes the program. Its output goes to `out`, or with -1 nowhere. */
void task_hook_exec(const char *path, char *const *env, int out) __attribute__((noreturn));
