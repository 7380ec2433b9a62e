/* SrunProlog and SrunEpilog of slurm.conf, and srun's --prolog and --epilog: programs that srun runs itself,
 * as the user that it is, around a step. */
#pragma once
#include "applets/client/submit.h"

enum srun_hook { SRUN_PROLOG, SRUN_EPILOG };

/* Which program it is: the option's, else slurm.conf's; NULL: none, or the option was "none". */
const char *srun_hook_path(const struct submit *s, const struct slurm_conf *conf, enum srun_hook which);
/* Runs it with the step's command as arguments and the step's environment, and waits for it. A path that is
 * no executable is said, and nothing else. Its status as wait(2) gives it. */
int srun_hook_run(const char *path, enum srun_hook which, char *const *command, const struct env_list *env);
