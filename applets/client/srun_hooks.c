#include "applets/client/srun_hooks.h"

#include "applets/common/spawn.h"
#include "core/util/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *srun_hook_path(const struct submit *s, const struct slurm_conf *conf, enum srun_hook which)
{
	const char *asked = which == SRUN_PROLOG ? s->prolog : s->epilog;
	const char *path = asked ? asked : conf_str(conf, which == SRUN_PROLOG ? P_SrunProlog : P_SrunEpilog);
	return path && !text_eq_nocase(path, "none") ? path : NULL;
}

static char **argv_make(const char *path, char *const *command)
{
	size_t n = 0;
	while (command[n])
		n++;
	char **argv = xcalloc(n + 2, sizeof(*argv));
	argv[0] = (char *)(uintptr_t)path;
	memcpy(argv + 1, command, n * sizeof(*argv));
	return argv;
}

int srun_hook_run(const char *path, enum srun_hook which, char *const *command, const struct env_list *env)
{
	if (access(path, R_OK | X_OK) != 0) {
		log_info("Access denied for %s: %s", path, strerror(errno));
		return 0;
	}
	pid_t pid = 0;
	int status = 0;
	char before[] = "SLURM_SCRIPT_CONTEXT=prolog_srun", after[] = "SLURM_SCRIPT_CONTEXT=epilog_srun";
	char **argv = argv_make(path, command), **vars = xcalloc(env->n + 2, sizeof(*vars));
	memcpy(vars, env->v, env->n * sizeof(*vars));
	vars[env->n] = which == SRUN_PROLOG ? before : after;
	int rc = spawn_program(&pid, path, NULL, false, argv, vars);
	free(argv);
	free(vars);
	if (rc != 0) {
		log_error("%s: %s", path, strerror(rc));
		return 127 << 8;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127 << 8;
	return status;
}
