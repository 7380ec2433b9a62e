/* Orders about a job's attempt on this node: its end, and signals. */
#include "applets/worker/hooks.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#define ENDED_MAX 4096 /* attempts whose end is remembered */

/* The end of an attempt was ordered here. Kept for a while after it was reported: a grant that was on its way
 * is refused. */
struct ended_job {
	uint64_t serial;
	uint32_t attempt, job_id;
	bool reported;
	enum { EPILOG_NOT, EPILOG_RUNS, EPILOG_OVER } epilog;
	bool epilog_failed;
	struct job_end order; /* the last one, for its hook_env */
	struct list in_all;
};

void jobs_init(struct worker *w)
{
	list_init(&w->ended);
	map_init_u64(&w->ended_by_serial);
}

bool jobs_is_ending(const struct worker *w, uint64_t serial, uint32_t attempt)
{
	const struct ended_job *e = map_get(&w->ended_by_serial, serial);
	return e && e->attempt >= attempt;
}

static bool has_launches(const struct worker *w, uint64_t serial, uint32_t attempt)
{
	list_each (it, &w->launches) {
		const struct launch *l = list_entry(it, struct launch, in_all);
		if (!l->foreign && l->serial == serial && l->attempt <= attempt)
			return true;
	}
	return bcasts_of(w, serial, attempt);
}

static void report_gone(struct worker *w, struct ended_job *e)
{
	struct job_gone_report m = {.serial = e->serial, .attempt = e->attempt};
	if (has_launches(w, e->serial, e->attempt) || e->epilog == EPILOG_RUNS)
		return;
	if (e->epilog == EPILOG_NOT) {
		e->epilog = EPILOG_RUNS;
		if (hooks_epilog(w, e->serial, e->attempt, e->job_id, &e->order.hook_env) != HOOK_DONE)
			return; /* jobs_epilog_over() goes on, or has */
		e->epilog = EPILOG_OVER;
	}
	m.epilog_failed = e->epilog_failed;
	e->reported = control_is_up(w);
	control_send(w, MSG_job_gone_report, &m);
}

void jobs_epilog_over(struct worker *w, uint64_t serial, bool failed)
{
	struct ended_job *e = map_get(&w->ended_by_serial, serial);
	if (!e)
		return;
	e->epilog = EPILOG_OVER;
	e->epilog_failed = failed;
	schema_free(schema_of_job_end(), &e->order);
	schema_init(schema_of_job_end(), &e->order);
	report_gone(w, e);
}

static void ended_free(struct ended_job *e)
{
	schema_free(schema_of_job_end(), &e->order);
	free(e);
}

void jobs_launch_gone(struct worker *w, uint64_t serial)
{
	struct ended_job *e = map_get(&w->ended_by_serial, serial);
	if (e && !e->reported)
		report_gone(w, e);
}

void jobs_registered(struct worker *w)
{
	list_each (it, &w->ended) {
		struct ended_job *e = list_entry(it, struct ended_job, in_all);
		if (!e->reported)
			report_gone(w, e);
	}
}

static void launch_end(struct launch *l, const struct job_end *order)
{
	switch (l->state) {
	case LAUNCH_GRANTED:
		launch_void(l, SIGTERM, false, "ended before srun claimed it");
		if (l->state == LAUNCH_RUNNING) /* it has a shepherd of an earlier life after all */
			l->worker->orders->tell(l, LINK_END, order);
		break;
	case LAUNCH_RUNNING:
		l->worker->orders->tell(l, LINK_END, order);
		break;
	case LAUNCH_ENDED:
		control_send(l->worker, MSG_step_fate, &l->fate);
		break;
	case LAUNCH_LOST:
		break;
	}
}

static void remember(struct worker *w, const struct job_end *order)
{
	struct ended_job *e = map_get(&w->ended_by_serial, order->serial);
	if (!e) {
		if (map_count(&w->ended_by_serial) >= ENDED_MAX) {
			struct ended_job *oldest = list_entry(w->ended.next, struct ended_job, in_all);
			map_del(&w->ended_by_serial, oldest->serial);
			list_remove(&oldest->in_all);
			ended_free(oldest);
		}
		e = xcalloc(1, sizeof(*e));
		e->serial = order->serial;
		e->job_id = order->job_id;
		schema_init(schema_of_job_end(), &e->order);
		list_append(&w->ended, &e->in_all);
		map_put(&w->ended_by_serial, e->serial, e);
	}
	if (order->attempt > e->attempt) {
		e->attempt = order->attempt;
		e->epilog = EPILOG_NOT;
		e->epilog_failed = false;
	}
	if (e->epilog == EPILOG_NOT) {
		schema_free(schema_of_job_end(), &e->order);
		schema_copy(schema_of_job_end(), &e->order, order, NULL);
	}
	e->reported = false;
}

void jobs_end(struct worker *w, const struct job_end *order)
{
	log_verbose("end of job %u, attempt %u, launch %" PRIu64 ", kill wait %u s", order->job_id,
	            order->attempt, order->launch, order->kill_wait_s);
	if (order->launch == 0) {
		remember(w, order);
		bcasts_end(w, order->serial, order->attempt);
	}
	list_each_safe (it, next, &w->launches) {
		struct launch *l = list_entry(it, struct launch, in_all);
		if (l->foreign || l->serial != order->serial || l->attempt > order->attempt)
			continue;
		if (order->launch == 0 || order->launch == l->number)
			launch_end(l, order);
	}
	if (order->launch == 0)
		report_gone(w, map_get(&w->ended_by_serial, order->serial));
}

void jobs_signal(struct worker *w, const struct job_signal *order)
{
	list_each (it, &w->launches) {
		struct launch *l = list_entry(it, struct launch, in_all);
		if (l->foreign || l->serial != order->serial || l->attempt != order->attempt ||
		    l->state != LAUNCH_RUNNING)
			continue;
		if (order->launch != 0 && order->launch != l->number)
			continue;
		if (!l->batch && order->batch_only)
			continue;
		l->worker->orders->tell(l, LINK_SIGNAL, order);
	}
}

void jobs_notify(struct worker *w, const struct job_notify *order)
{
	list_each (it, &w->launches) {
		struct launch *l = list_entry(it, struct launch, in_all);
		if (!l->foreign && l->batch && l->state == LAUNCH_RUNNING && l->serial == order->serial &&
		    l->attempt == order->attempt)
			l->worker->orders->tell(l, LINK_NOTIFY, order);
	}
}

void jobs_disown(struct worker *w)
{
	jobs_free(w);
	map_init_u64(&w->ended_by_serial);
}

void jobs_free(struct worker *w)
{
	list_each_safe (it, next, &w->ended)
		ended_free(list_entry(it, struct ended_job, in_all));
	list_init(&w->ended);
	map_free(&w->ended_by_serial);
}
