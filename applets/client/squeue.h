/* squeue's rows and columns. */
#pragma once
#include "applets/client/columns.h"
#include "proto/messages.h"

struct map;

struct squeue_row {
	const struct job_info *job;
	const struct step_record *step; /* NULL: the row is the job's */
	uint32_t task;                  /* --array: this one of the tasks that the record stands for */
	const char *partition;          /* --priority: this one of the job's; else NULL */
};

struct squeue_ctx {
	int64_t now; /* microseconds, the controller's clock */
	const char *cluster;
	bool no_convert;         /* sizes stay in megabytes */
	const struct map *nodes; /* by name; --json only */
};

extern const struct column squeue_job_columns[];
extern const size_t squeue_job_column_count;
extern const struct column squeue_step_columns[];
extern const size_t squeue_step_column_count;

/* As it was given, under the job's directory; else `expanded`, if that isn't NULL. */
void squeue_file(struct text *out, const struct job_info *job, const char *given, const char *expanded);
/* "7", "7_3", "7_[4-9]", "7.0", "7_3.batch" */
void squeue_id(struct text *out, const struct squeue_row *row);
