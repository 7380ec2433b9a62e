#include "applets/common/spawn.h"

#include <signal.h>

int spawn_program(pid_t *pid, const char *path, const posix_spawn_file_actions_t *files, bool leads,
                  char *const *argv, char *const *env)
{
	posix_spawnattr_t attr;
	sigset_t none, usual;
	sigemptyset(&none);
	sigfillset(&usual);
	int rc = posix_spawnattr_init(&attr);
	if (rc != 0)
		return rc;
	posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
	                                        (leads ? POSIX_SPAWN_SETPGROUP : 0)));
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	rc = posix_spawn(pid, path, files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	return rc;
}
