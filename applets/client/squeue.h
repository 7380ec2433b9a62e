/* squeue's rows and columns. */
#pragma once
#include "applets/client/columns.h"
#include "core/util/map.h"
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

/* Whether a format (-o's, -O's or NULL) may have columns of files, directories and commands. */
bool squeue_shows_files(const char *letters, const char *names);

/* As it was given, under the job's directory; else `expanded`, if that isn't NULL. */
void squeue_file(struct text *out, const struct job_info *job, const char *given, const char *expanded);
/* "7", "7_3", "7_[4-9]", "7.0", "7_3.batch" */
void squeue_id(struct text *out, const struct squeue_row *row);

/* Which arrays have one line for all their tasks that wait (squeue_arrays.c): before rows are sorted. */
void squeue_arrays_find(struct map *lines, const struct squeue_row *rows, size_t n);
bool squeue_arrays_has(const struct map *lines, const struct squeue_row *row);
/* Sorted rows: those that go into one line become one; how many are left. What is made is in the arena. */
size_t squeue_arrays_join(const struct map *lines, struct squeue_row **order, size_t n, struct arena *arena);
void squeue_arrays_free(struct map *lines);
