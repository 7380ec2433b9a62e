/* scontrol show: a record is printed by a table of rows, each `Key=value`, in lines indented by three blanks,
 * or in one line with -o. */
#pragma once
#include "core/records.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stdint.h>

struct show_ctx {
	bool one_line;
	unsigned detail; /* how often -d was given */
	int64_t now;     /* microseconds since the epoch, by the controller's clock */
};

#define SHOW_LINES 2
struct show_row {
	uint8_t new_line; /* the row begins a line: true; and its value has lines of its own: SHOW_LINES */
	const char *key;  /* with what stands before the value: "JobId=" */
	void (*value)(struct text *out, const void *record,
	              const struct show_ctx *ctx);                    /* NULL: `key` is all */
	bool (*when)(const void *record, const struct show_ctx *ctx); /* NULL: always */
	const char *after;                                            /* printed behind the value, or NULL */
};

void show_rows(const struct show_row *rows, size_t n, const void *record, const struct show_ctx *ctx,
               struct text *out);

struct job_info;
/* Seconds that a job has run: what it was suspended for doesn't count. */
int64_t show_run_time(const struct job_state *state, int64_t now);
/* Since when it may run: its begin time, too, while it is held or depends on others; 0: nobody knows. */
int64_t show_eligible(const struct job_spec *spec, const struct job_state *state);
/* CPUs that must be on one node (squeue(1), MIN_CPUS). */
uint64_t show_min_cpus(const struct job_spec *spec);
/* When a job started, or when a pending one will, as far as is known; 0: it isn't. */
int64_t show_expected_start(const struct job_info *job);

/* Values that several tables print. */
void show_str(struct text *out, const char *s); /* NULL: (null) */
/* A time as SLURM_TIME_FORMAT asks for, by default 2026-11-23T03:34:06; 0: `unset`. */
void show_time(struct text *out, int64_t time_us, const char *unset);
void show_hms(struct text *out, int64_t seconds); /* 00:00:07, 1-02:03:04 */
/* 0:07, 1:02:03, 1-02:03:04 */
void show_elapsed(struct text *out, int64_t seconds);
/* "Mon Nov 23 03:33:57 2026\n": the line above the long formats. */
void show_date_line(struct text *out, int64_t time_us);
/* Minutes as a limit: UNLIMITED, 01:00:00; CORE_NO_VAL: `unset`. */
void show_limit(struct text *out, uint32_t minutes, const char *unset);
void show_exit(struct text *out, uint32_t wait_status); /* 3:0, 0:15 */
const char *show_yes(bool yes);                         /* YES, NO */

/* The records' tables. */
struct job_info;
struct node_info;
struct part_info;
struct step_record;
void show_job(const struct job_info *job, const struct show_ctx *ctx, struct text *out);
void show_node(const struct node_info *node, const struct show_ctx *ctx, struct text *out);
void show_part(const struct part_info *part, const struct show_ctx *ctx, struct text *out);
void show_step(const struct job_info *job, const struct step_record *step, const struct show_ctx *ctx,
               struct text *out);
