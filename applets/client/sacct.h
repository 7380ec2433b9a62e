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
	bool sstat;      /* lists have some of the real sstat's oddities */
};

/* What the row's job asked for, and what it had (all 0: it didn't start). Memory in MiB. */
struct job_amounts sacct_asked(const struct sacct_row *row);
struct job_amounts sacct_had(const struct sacct_row *row);
uint64_t sacct_cpus(const struct sacct_row *row); /* that it has or had */
/* In sum over the step's nodes, or over the job's steps. */
struct usage sacct_usage(const struct sacct_row *row);
int64_t sacct_elapsed(const struct sacct_row *row, int64_t now);   /* seconds */
int64_t sacct_suspended(const struct sacct_row *row, int64_t now); /* seconds */
const char *sacct_layout(const struct step_record *step);          /* "Block", "Unknown" */

/* A size that is so many of K or M (0: one), as --units wants it. */
void sacct_print_size(struct text *out, uint64_t n, char of, const struct sacct_ctx *ctx);

/* sacct_usage.c: what a step used of one thing, over all of its tasks. */
enum sacct_thing {
	SACCT_CPU, /* microseconds */
	SACCT_RSS, /* KiB */
	SACCT_VM,
	SACCT_PAGES,
	SACCT_READ, /* bytes */
	SACCT_WRITTEN,
	SACCT_THINGS
};
struct sacct_spread {
	uint64_t sum, most, least;
	uint32_t tasks;                     /* that are known */
	const char *most_node, *least_node; /* NULL: of no task alone is it known */
	uint32_t most_task, least_task;
};
/* false: nothing is known of it (yet). */
bool sacct_spread_of(const struct step_record *step, enum sacct_thing thing, struct sacct_spread *out);

/* What one thing comes to, in --json: CPU time in milliseconds, the rest in bytes or as a number; of all
 * tasks the one that used most or least, the mean, the sum. */
enum sacct_total { SACCT_MOST, SACCT_LEAST, SACCT_MEAN, SACCT_SUM, SACCT_TOTALS };
struct sacct_amount {
	const char *type, *name; /* static; name may be NULL */
	int id;                  /* the real one's number of it (sacctmgr(1), show tres) */
	uint64_t count;
};
#define SACCT_AMOUNTS 8 /* at most */
/* Those of a step that are known, in the order of the columns TRESUsageIn* and, when written, TRESUsageOut*;
 * how many. */
size_t sacct_amounts(const struct step_record *step, bool written, enum sacct_total total,
                     struct sacct_amount out[SACCT_AMOUNTS]);

/* A column is one figure of one thing, or of all that are read or written. */
#define SACCT_FIGURES(F)                                                                                     \
	F(ave_cpu)                                                                                           \
	F(ave_rss)                                                                                           \
	F(ave_vm)                                                                                            \
	F(ave_pages)                                                                                         \
	F(ave_read)                                                                                          \
	F(ave_written)                                                                                       \
	F(max_rss)                                                                                           \
	F(max_rss_node)                                                                                      \
	F(max_rss_task)                                                                                      \
	F(max_vm)                                                                                            \
	F(max_vm_node)                                                                                       \
	F(max_vm_task)                                                                                       \
	F(max_pages)                                                                                         \
	F(max_pages_node)                                                                                    \
	F(max_pages_task)                                                                                    \
	F(max_read)                                                                                          \
	F(max_read_node)                                                                                     \
	F(max_read_task)                                                                                     \
	F(max_written)                                                                                       \
	F(max_written_node)                                                                                  \
	F(max_written_task)                                                                                  \
	F(min_cpu)                                                                                           \
	F(min_cpu_node)                                                                                      \
	F(min_cpu_task)                                                                                      \
	F(in_ave)                                                                                            \
	F(in_max)                                                                                            \
	F(in_max_node)                                                                                       \
	F(in_max_task)                                                                                       \
	F(in_min)                                                                                            \
	F(in_min_node)                                                                                       \
	F(in_min_task)                                                                                       \
	F(in_tot)                                                                                            \
	F(out_ave)                                                                                           \
	F(out_max)                                                                                           \
	F(out_max_node)                                                                                      \
	F(out_max_task)                                                                                      \
	F(out_min)                                                                                           \
	F(out_min_node)                                                                                      \
	F(out_min_task)                                                                                      \
	F(out_tot)
#define SACCT_FIGURE(name) void sacct_##name(struct text *out, const void *record, const void *ctx);
SACCT_FIGURES(SACCT_FIGURE)
#undef SACCT_FIGURE

/* sacct_format.c: which columns, in which shape; sstat's as well. */
struct sacct_format {
	const struct column *columns; /* to choose from */
	size_t column_count;
	bool parsable, parsable2;
	const char *delimiter; /* NULL: a bar */
};
/* "JobID,State%20,..."; "": all. What is no column is an error in the real one's words. */
int sacct_format_read(const struct sacct_format *o, const char *spec, struct column_format *f,
                      struct err *err);
void sacct_format_header(const struct sacct_format *o, const struct column_format *f);
void sacct_format_names(const struct sacct_format *o); /* --helpformat */

struct json;
void sacct_json(struct json *j, const struct history_job *job, const struct sacct_ctx *ctx);

extern const struct column sacct_columns[];
extern const char sacct_format_long[]; /* -l */
extern const size_t sacct_column_count;
