/* --json of squeue, sinfo and sacct: one row a member, in the shape that Slurm 22.05 gives it
 * (its OpenAPI plugin v0.0.38). */
#pragma once
#include "core/util/json.h"

/* What every answer begins with: an object with `meta` (of this kind, "openapi/v0.0.38", and its name) and
 * `errors`, of which there are none; it is left open for the list that follows, and closed by json_end. */
void json_head(struct json *j, const char *plugin, const char *name);

/* A member's writer: its value of `record`. */
#define JSON(name) static void name(struct json *j, const void *record, const void *ctx)
#define JSON_AS(name, kind, what)                                                                            \
	JSON(name)                                                                                           \
	{                                                                                                    \
		(void)record, (void)ctx;                                                                     \
		json_##kind(j, what);                                                                        \
	}
/* A number, or null for the one that stands for none. */
#define JSON_SET(name, what, none)                                                                           \
	JSON(name)                                                                                           \
	{                                                                                                    \
		(void)record, (void)ctx;                                                                     \
		if ((what) == (none))                                                                        \
			json_null(j);                                                                        \
		else                                                                                         \
			json_int(j, (int64_t)(what));                                                        \
	}
#define JSON_ROWS(j, rows, record, ctx) json_rows(j, rows, sizeof(rows) / sizeof((rows)[0]), record, ctx)

/* Of what isn't kept here, or can't be otherwise. */
void json_no_text(struct json *j, const void *record, const void *ctx);   /* "" */
void json_no_number(struct json *j, const void *record, const void *ctx); /* null */
void json_no_list(struct json *j, const void *record, const void *ctx);   /* [] */
void json_zero(struct json *j, const void *record, const void *ctx);      /* 0 */
void json_no(struct json *j, const void *record, const void *ctx);        /* false */

/* A time in seconds, of one in microseconds; unset: 0. */
void json_time(struct json *j, int64_t time_us);
/* Minutes, or null where there is no limit. */
void json_limit(struct json *j, uint32_t minutes);

struct job_info;
struct node_info;
struct history_job;
struct squeue_ctx;
void squeue_json(struct json *j, const struct job_info *job, const struct squeue_ctx *ctx);
void sinfo_json(struct json *j, const struct node_info *node);
