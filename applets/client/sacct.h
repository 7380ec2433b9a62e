/* sacct's rows and columns. */
#pragma once
#include "applets/client/columns.h"
#include "proto/messages.h"

struct sacct_row {
	const struct history_job *job;
	const struct step_record *step; /* NULL: the row is the job's */
};
struct sacct_ctx {
	int64_t now;
	const char *cluster;
	char unit; /* K, M, G, T, P: of all sizes; 0: each in the largest that it is a whole number of */
	bool no_convert; /* sizes as they are kept */
};

/* What a job asked for; memory in MiB, 0 if it said nothing of it. */
struct sacct_asked {
	uint64_t cpus, nodes, memory;
};
struct sacct_asked sacct_asked(const struct sacct_row *row);
uint64_t sacct_cpus(const struct sacct_row *row); /* that it has or had */
/* In sum over the step's nodes, or over the job's steps. */
struct usage sacct_usage(const struct sacct_row *row);
int64_t sacct_elapsed(const struct sacct_row *row, int64_t now);   /* seconds */
int64_t sacct_suspended(const struct sacct_row *row, int64_t now); /* seconds */
const char *sacct_layout(const struct step_record *step);          /* "Block", "Unknown" */

struct json;
void sacct_json(struct json *j, const struct history_job *job, const struct sacct_ctx *ctx);

extern const struct column sacct_columns[];
extern const char sacct_format_long[]; /* -l */
extern const size_t sacct_column_count;
