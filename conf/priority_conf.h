/* The Priority* parameters of slurm.conf as the core has them. */
#pragma once
#include "conf/slurm_conf.h"

/* Into conf->core.priority; what can't be read is an error. */
void priority_conf_read(struct slurm_conf *conf, struct conf_errors *errors);
