/* Licenses of slurm.conf(5), as the core has them, by name; what can't be read is an error. */
#pragma once
#include "conf/slurm_conf.h"

void license_conf_read(struct slurm_conf *conf, struct conf_errors *errors);
