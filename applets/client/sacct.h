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
	char unit; /* K, M, G, T, P: of all sizes; 0: each in its own */
};
extern const struct column sacct_columns[];
extern const char sacct_format_long[]; /* -l */
extern const size_t sacct_column_count;
