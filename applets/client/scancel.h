/* scancel's parts. */
#pragma once
#include "applets/client/connect.h"
#include "core/util/arena.h"

#include <stdbool.h>

struct scancel {
	struct job_query query; /* the filters */
	bool filtered, batch, full, interactive, quiet, verbose;
	int signal;          /* 0: end it */
	const char *sibling; /* --sibling, or NULL */
	const char *state;   /* the word of -t */
	const char *user;    /* as it was named */
	struct connect connection;
	struct arena arena;
};

/* Jobs and steps by name ("12", "12_[1,3]", "12.0"), those that the filters match, or of the former the
 * latter; says what went wrong. The exit code. */
int scancel_jobs(struct scancel *s, char **words);
/* Are these words all names of jobs? -1: it was said which is none. */
int scancel_check(struct scancel *s, char **words);
