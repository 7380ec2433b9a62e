/* Which jobs a query wants: the same for jobs that live and for those of the history. */
#pragma once
#include "core/bits.h"
#include "core/records.h"
#include "core/util/hostlist.h"
#include "core/util/schema.h"

#include <stdbool.h>

struct job_filter {
	struct schema_u32s uids, states; /* empty: all. States as job_state_parse() gives them */
	struct schema_strs users, names, partitions, accounts, qoses, reservations, wckeys, licenses;
	struct hostlist *nodes; /* NULL: all; the filter's */
	bool live_only;         /* pending, running, suspended or completing */
};
/* Is it one of these ids, as a job or as one of an array's tasks? tasks: beside ids, of that array only these
 * ("": all); or empty. */
bool job_named(const struct schema_u32s *ids, const struct schema_strs *tasks, const struct job_spec *spec,
               const struct job_state *state);
/* Those of the wanted tasks that the record stands for; free() it. */
struct core_bits *job_tasks_meant(const struct core_bits *wanted, const struct job_spec *spec,
                                  const struct job_state *state);
bool job_filter_wants(const struct job_filter *f, const struct job_spec *spec, const struct job_state *state);
