/* Jobs as people name them: "12", of an array "12_3" or "12_[3-5,9]", with a step "12_3.0", "12.batch"
 * (squeue(1), scancel(1), scontrol(1)). */
#pragma once
#include "core/records.h"
#include "core/util/arena.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stdint.h>

struct job_name {
	uint32_t job_id;
	char *tasks;      /* NULL: a job, or the whole array */
	uint32_t step_id; /* CORE_NO_VAL: none was named */
};

/* Reads a word; tasks lives in the arena. False: it is no job's name. */
bool job_name_parse(const char *word, struct job_name *out, struct arena *arena);
/* The next of "12,13_[1,5],14", which is cut up: at commas outside brackets. NULL at the end. */
char *job_name_split(char **rest);
/* Does it name this job, or some of an array's tasks that it stands for (and, if it names a step, this one)?
 */
bool job_name_means(const struct job_name *name, const struct job_spec *spec, const struct job_state *state,
                    uint32_t step_id);
/* "12", "12_3", and for a record of several tasks "12_[3-9%2]": the list as SLURM_BITSTR_LEN has it, if that
 * is set, else all of it cut to the 31 characters that the real squeue has for it. */
void job_name_print(struct text *out, const struct job_spec *spec, const struct job_state *state);
/* The same without brackets or a length: "3-9%2"; nothing for a job that is not of an array. */
void job_name_tasks(struct text *out, const struct job_spec *spec, const struct job_state *state);
/* ".0", ".batch", ".extern", ".interactive" */
void job_name_step(struct text *out, uint32_t step_id);
/* A step id by number or word (batch, extern, interactive). */
bool job_name_step_id(const char *word, uint32_t *out);
