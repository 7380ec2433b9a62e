/* Why a job waits or is refused, in sentences with numbers: for people (squeue --why). */
#pragma once
#include "core/cluster.h"

/* A sentence a line: what it asks for, what keeps it, who is before it, what the plan has. */
void job_why(const struct cluster *c, const struct job *job, struct text *out);
/* Of a submit that no node could serve: which nodes of its partition lack what. Nothing when that isn't so.
 */
void spec_why_never(const struct cluster *c, const struct job_spec *spec, struct text *out);
