#include "applets/client/show.h"

#include "conf/time.h"
#include "core/records.h"
#include "proto/messages.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

void show_rows(const struct show_row *rows, size_t n, const void *record, const struct show_ctx *ctx,
               struct text *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct show_row *row = &rows[i];
		if (row->when && !row->when(record, ctx))
			continue;
		if (i > 0)
			text_add(out, row->new_line && !ctx->one_line ? "\n   " : " ");
		text_add(out, row->key);
		size_t from = out->len;
		if (row->value)
			row->value(out, record, ctx);
		if (row->new_line != SHOW_LINES)
			text_tame(out, from);
		if (row->after)
			text_add(out, row->after);
	}
	text_add(out, ctx->one_line ? "\n" : "\n\n");
}

int64_t show_run_time(const struct job_state *state, int64_t now)
{
	int64_t since = state->suspend_time ? state->suspend_time - state->pre_suspend_s * CORE_SECOND
	                                    : state->start_time;
	int64_t end = state->state == JOB_SUSPENDED ? state->suspend_time : state->end_time;
	end = end ? end : now;
	if (state->state == JOB_PENDING || state->start_time == 0 || end < since)
		return 0;
	return (end - since) / CORE_SECOND;
}

uint64_t show_min_cpus(const struct job_spec *spec)
{
	uint64_t n = spec->cpus_per_task ? spec->cpus_per_task : 1;
	n *= spec->tasks_per_node ? spec->tasks_per_node : 1;
	return spec->min_cpus_node > n ? spec->min_cpus_node : n;
}

int64_t show_expected_start(const struct job_info *job)
{
	if (job->state->state != JOB_PENDING)
		return job->state->start_time;
	if (job->start_time)
		return job->start_time;
	/* What is held, or depends on others, has its time all the same. */
	if ((job->state->hold || job->reason == REASON_DEPENDENCY) &&
	    job->spec->begin_time > job->spec->submit_time)
		return job->spec->begin_time;
	bool delayed = job->reason == REASON_BEGIN_TIME || (job->state->restarts > 0 && job->state->hold > 0);
	return delayed ? job->state->eligible_time : 0;
}

int64_t show_eligible(const struct job_spec *spec, const struct job_state *state)
{
	const bool waits = state->state == JOB_PENDING && spec->begin_time > spec->submit_time;
	return state->eligible_time || !waits ? state->eligible_time : spec->begin_time;
}

void show_str(struct text *out, const char *s)
{
	text_add(out, s ? s : "(null)");
}

const char *show_yes(bool yes)
{
	return yes ? "YES" : "NO";
}

void show_exit(struct text *out, uint32_t wait_status)
{
	int status = (int)wait_status;
	text_printf(out, "%d:%d", WIFEXITED(status) ? WEXITSTATUS(status) : 0,
	            WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

void show_time(struct text *out, int64_t time_us, const char *unset)
{
	if (time_us == 0)
		text_add(out, unset);
	else
		time_print_stamp(out, time_us);
}

void show_hms(struct text *out, int64_t seconds)
{
	time_print_hms(out, seconds);
}

void show_elapsed(struct text *out, int64_t seconds)
{
	time_print_elapsed(out, seconds);
}

void show_limit(struct text *out, uint32_t minutes, const char *unset)
{
	if (minutes == CORE_NO_VAL)
		text_add(out, unset);
	else if (minutes == CORE_INFINITE)
		text_add(out, "UNLIMITED");
	else
		time_print_hms(out, (int64_t)minutes * 60);
}

void show_date_line(struct text *out, int64_t time_us)
{
	char buf[64];
	struct tm tm;
	time_t t = (time_t)(time_us / CORE_SECOND);
	if (localtime_r(&t, &tm) && strftime(buf, sizeof(buf), "%a %b %d %H:%M:%S %Y", &tm))
		text_printf(out, "%s\n", buf);
}
