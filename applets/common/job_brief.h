/* What an answer about many jobs leaves out, since nobody who asks so would show it: most of a job's bytes.
 */
#pragma once
#include "core/util/arena.h"
#include "proto/messages.h"

/* job_query.leave_out */
enum job_leave_out {
	JOB_LEAVE_PROCESS = 1, /* limits, environment's names, hashes, the user's home, shell and groups */
	JOB_LEAVE_FILES = 2,   /* files, directory, command and its arguments */
	JOB_LEAVE_PLACES = 4,  /* what it has on each node */
};

/* Sets those members of *info, of its spec and its state to none that leave_out (JOB_LEAVE_*) names. What
 * info points to stays as it is: it gets copies in the arena. */
void job_brief(struct job_info *info, uint32_t leave_out, struct arena *arena);
