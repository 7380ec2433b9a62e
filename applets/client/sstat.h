/* sstat's rows and columns. */
#pragma once
#include "applets/client/sacct.h"

struct sstat_row {
	struct sacct_row
	        figures; /* the step, with what its nodes said so far; no job. First: sacct's columns read it
	                  */
	uint32_t job_id;
	const char *nodes, *pids;
};

extern const struct column sstat_columns[];
extern const size_t sstat_column_count;
