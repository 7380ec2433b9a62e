/* scontrol's parts. */
#pragma once
#include "applets/client/connect.h"
#include "applets/client/show.h"
#include "core/util/arena.h"

struct scontrol {
	struct connect connection;
	struct show_ctx show;
	struct arena arena;
	bool all, quiet;
};

/* Connects once; prints why not, with the call's name in front as the real one does. */
int scontrol_connect(struct scontrol *sc, const char *call);
/* Each prints its errors and gives the exit code. argv is behind the verb. */
int scontrol_show(struct scontrol *sc, int argc, char **argv);
int scontrol_update(struct scontrol *sc, int argc, char **argv);
/* hold, uhold, release, requeue, requeuehold: verb is of enum job_verb. */
int scontrol_jobs(struct scontrol *sc, uint32_t verb, int argc, char **argv);
