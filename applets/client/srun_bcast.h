/* srun --bcast: the program goes to the step's nodes, and what is run there is the copy. */
#pragma once
#include "applets/client/connect.h"
#include "applets/client/options.h"

/* Where the program is on this host; NULL: there is none, and that was said. */
const char *srun_bcast_find(const char *command, struct arena *arena);
/* Copies it. *copies has for each of the step's places what is to be run there. -1: it was said why not. */
int srun_bcast_send(const struct submit *s, struct connect *connection, const struct step_ready *step,
                    const char *program, const char *work_dir, struct arena *arena, char ***copies);
