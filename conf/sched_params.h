/* The numbers among the words of SchedulerParameters (slurm.conf(5)). */
#pragma once
#include "core/conf.h"

/* Fills what the list says, the rest with its defaults. NULL: no list. A number out of its range is as if it
 * were not there, as in the real one. */
void sched_params_read(const char *list, struct cluster_conf *out);
/* Is that word (n bytes of it) one of ours with a good number? */
bool sched_params_knows(const char *word, size_t n);
