/* File name patterns of -o, -e and -i, as sbatch(1) and srun(1) describe them ("filename pattern"). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct filename_facts {
	uint32_t job_id;
	uint32_t array_job_id, array_task_id; /* CORE_NO_VAL: no array */
	uint32_t step_id;                     /* CORE_STEP_BATCH: %J is the job id alone, %s "batch" */
	const char *user, *job_name, *node;   /* %u %x %N (short host name) */
	uint32_t node_index, task;            /* %n %t; CORE_NO_VAL: left as they stand */
};

/* The name with its patterns filled in, relative names made absolute under work_dir (NULL: left as they are).
 * malloc'ed. A backslash at the front switches patterns off, `%%` is `%`, %5j pads with zeros. */
char *filename_expand(const char *pattern, const struct filename_facts *facts, const char *work_dir);
/* Where a batch script's output goes by default (sbatch(1), --output). */
const char *filename_default(bool of_array);
/* True when the pattern gives each task a name of its own (%t), or each node (%n, %N). */
bool filename_per_task(const char *pattern);
bool filename_per_node(const char *pattern);
