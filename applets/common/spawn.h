/* Starting programs: whatever the caller does with signals is not passed on. */
#pragma once
#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

/* posix_spawn(3) with all signals unblocked and as usual. leads: as the leader of a process group of its own.
 * files may be NULL. 0 or errno. */
int spawn_program(pid_t *pid, const char *path, const posix_spawn_file_actions_t *files, bool leads,
                  char *const *argv, char *const *env);
