#include "applets/common/hook_program.h"

#include "applets/common/spawn.h"
#include "core/util/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int hook_check(const char *path, struct err *err)
{
	struct stat st, dir;
	char *parent = xstrdup(path), *slash = strrchr(parent, '/');
	int rc = 0;
	if (path[0] != '/' || !slash)
		rc = err_set(err, ERR_CONFIG, "%s is not an absolute path", path);
	else
		slash[slash == parent] = '\0';
	if (rc == 0 && (stat(path, &st) != 0 || stat(parent, &dir) != 0))
		rc = err_sys(err, errno, "%s", path);
	else if (rc == 0 && !S_ISREG(st.st_mode))
		rc = err_set(err, ERR_CONFIG, "%s is not a plain file", path);
	else if (rc == 0 && !(st.st_mode & S_IXUSR))
		rc = err_set(err, ERR_CONFIG, "%s is not executable", path);
	else if (rc == 0 && ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022)))
		rc = err_set(err, ERR_CONFIG, "%s can be changed by others than its owner root", path);
	else if (rc == 0 && ((dir.st_uid != 0 && dir.st_uid != geteuid()) || (dir.st_mode & 022)))
		rc = err_set(err, ERR_CONFIG, "%s can be changed by others than its owner root: %s", parent,
		             "another program could be put there");
	free(parent);
	return rc;
}

static int spawn(const char *path, char *const *argv, char *const *env, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int rc = posix_spawn_file_actions_init(&files);
	if (rc != 0)
		return rc;
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, 0, 1);
	posix_spawn_file_actions_adddup2(&files, 0, 2);
	rc = spawn_program(pid, path, &files, true, argv, env);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

int hook_spawn(const char *path, char *const *arguments, char *const *env, pid_t *pid, struct err *err)
{
	size_t n = 0;
	if (hook_check(path, err) != 0)
		return -1;
	while (arguments && arguments[n])
		n++;
	char *name = xstrdup(path), **argv = xcalloc(n + 2, sizeof(*argv));
	argv[0] = name;
	if (n)
		memcpy(argv + 1, arguments, n * sizeof(*argv));
	int rc = spawn(path, argv, env, pid);
	free(argv);
	free(name);
	return rc == 0 ? 0 : err_sys(err, rc, "cannot run %s", path);
}
