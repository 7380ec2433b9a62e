/* What the lines of a companion file say together, and against slurm.conf. */
#pragma once
#include "conf/companion.h"

void companion_check(const struct companions *c, enum companion_file file, const struct slurm_conf *conf,
                     struct conf_errors *errors);
