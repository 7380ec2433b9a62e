/* What -j, -u, -t, -p, -n and -s name, as the queries have it. Everything lives in the arena. */
#pragma once
#include "applets/client/job_name.h"
#include "core/util/arena.h"
#include "core/util/err.h"
#include "core/util/schema.h"

#include <stdbool.h>
#include <stdint.h>

struct filter_steps {
	struct job_name *v; /* a step id of CORE_NO_VAL stands for every step of the job */
	size_t n, cap;
};

/* Job ids ("6,7_[1,3]"), as job_query has them: tasks beside ids. Adds to what is there. The error is
 * squeue's "Invalid job id: abc". */
int filter_jobs(const char *list, struct schema_u32s *ids, struct schema_strs *tasks, struct arena *arena,
                struct err *err);
/* squeue -j: empty words are passed over, and of each only the number and one task count; what else there may
 * be behind ("7.0", "7x") doesn't. */
int filter_jobs_loose(const char *list, struct schema_u32s *ids, struct schema_strs *tasks,
                      struct arena *arena, struct err *err);
/* One of them, of which a step is of no interest. */
void filter_add_job(const struct job_name *name, struct schema_u32s *ids, struct schema_strs *tasks,
                    struct arena *arena);
/* "6.0,7_1.batch,8"; the jobs are added to ids and tasks too. */
int filter_steps(const char *list, struct filter_steps *steps, struct schema_u32s *ids,
                 struct schema_strs *tasks, struct arena *arena, struct err *err);
/* step_id CORE_NO_VAL: the job's own row. */
bool filter_step_wanted(const struct filter_steps *steps, const struct job_spec *spec,
                        const struct job_state *state, uint32_t step_id);
/* User names or uids. An unknown one is reported as squeue does (and matches nothing). */
int filter_users(const char *list, struct schema_u32s *uids, struct arena *arena);
int filter_me(struct schema_u32s *uids, struct arena *arena);
/* "PD,R", "running", "all". What is wrong is said here, in the real one's lines: the caller prints nothing on
 * ERR_INVALID_STATE. */
int filter_states(const char *list, struct schema_u32s *states, bool *all, struct arena *arena,
                  struct err *err);
/* The same without a complaint: the first word that is no state, or NULL. */
const char *filter_states_of(const char *list, struct schema_u32s *states, bool *all, struct arena *arena);
void filter_add_word(struct schema_strs *words, const char *word, struct arena *arena);
/* --clusters (or SLURM_CLUSTERS): there is one cluster only, `here`; a list of others is an error. NULL:
 * none. */
int filter_cluster(const char *list, bool option, const char *here, struct err *err);
int filter_words(const char *list, struct schema_strs *words, struct arena *arena);
void filter_add_u32(struct schema_u32s *list, uint32_t value, struct arena *arena);
