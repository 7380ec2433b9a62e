/* Which jobs a query wants: the same for jobs that live and for those of the history. */
#pragma once
#include "core/records.h"
#include "core/util/hostlist.h"
#include "core/util/schema.h"

#include <stdbool.h>

struct job_filter {
	struct schema_u32s uids, states; /* empty: all. States as job_state_parse() gives them */
	struct schema_strs users, names, partitions;
	struct hostlist *nodes; /* NULL: all; the filter's */
	bool live_only;         /* pending, running, suspended or completing */
};
bool job_filter_wants(const struct job_filter *f, const struct job_spec *spec, const struct job_state *state);
