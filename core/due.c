/* The heap of what falls due, and what happens then. */
#include "core/due.h"

#include "core/cluster_priv.h"

void due_add(struct due_heap *h, struct due due)
{
	h->v = xgrow(h->v, &h->cap, h->n + 1, sizeof(*h->v));
	size_t i = h->n++;
	for (; i > 0 && h->v[(i - 1) / 2].at > due.at; i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = due;
}

bool due_pop(struct due_heap *h, core_time now, struct due *out)
{
	if (h->n == 0 || h->v[0].at > now)
		return false;
	*out = h->v[0];
	struct due last = h->v[--h->n];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && h->v[child + 1].at < h->v[child].at)
			child++;
		if (h->v[child].at >= last.at)
			break;
		h->v[i] = h->v[child];
	}
	if (h->n > 0)
		h->v[i] = last;
	return true;
}

core_time due_next(const struct due_heap *h)
{
	return h->n ? h->v[0].at : 0;
}

void due_free(struct due_heap *h)
{
	free(h->v);
	*h = (struct due_heap){0};
}

void due_at(struct cluster *c, core_time at, enum due_kind kind, uint64_t key, uint64_t attempt)
{
	due_add(&c->due, (struct due){.at = at, .kind = kind, .key = key, .attempt = attempt});
}

/* The last moment at which a job with a deadline may start (sbatch(1), --deadline): its smallest limit must
 * fit. */
static core_time last_start(const struct job *job)
{
	const struct job_spec *spec = &job->spec;
	uint32_t least = spec->time_min_min != CORE_NO_VAL ? spec->time_min_min : job_time_limit(job);
	/* Without a word about its time a minute will do; one that is submitted so has that as its TimeMin.
	 */
	if (spec->time_min_min == CORE_NO_VAL && spec->time_limit_min == CORE_NO_VAL)
		least = 1;
	return least == CORE_INFINITE || least == CORE_NO_VAL
	               ? 0
	               : spec->deadline - (core_time)least * 60 * CORE_SECOND;
}

void due_deadline(struct cluster *c, const struct job *job)
{
	core_time at = job->spec.deadline ? last_start(job) + CORE_SECOND : 0;
	if (job->spec.deadline)
		due_at(c, at > c->now ? at : c->now, DUE_DEADLINE, job->serial, 0);
}

/* ---- what happens ---- */

static void job_limit(struct cluster *c, const struct due *due)
{
	struct job *job = job_by_serial(c, due->key);
	if (!job || !job_is_active(job) || job->state.attempt != due->attempt || job->limit_at != due->at ||
	    job->state.state == JOB_SUSPENDED)
		return;
	mail_time_limit(c, job);
	/* As the real one: the batch script's own status counts, srun's allocation shows SIGTERM. */
	job_end_allocated(c, job,
	                  &(struct job_end_how){.state = JOB_TIMEOUT,
	                                        .reason = REASON_TIME_LIMIT,
	                                        .status = job->spec.batch ? 0 : CORE_SIGTERM,
	                                        .text = "DUE TO TIME LIMIT",
	                                        .kill_wait_s = c->conf->kill_wait_s});
}

static void step_limit(struct cluster *c, const struct due *due)
{
	struct step *step = step_by_launch(c, due->attempt);
	if (!step || !step_is_running(step) || step->limit_at != due->at ||
	    step->job->state.state == JOB_SUSPENDED)
		return;
	emit_action(c, &(struct action){.kind = ACTION_END_STEP,
	                                .job = step->job,
	                                .step = step,
	                                .attempt = step->record.attempt,
	                                .kill_wait_s = c->conf->kill_wait_s,
	                                .text = "DUE TO TIME LIMIT"});
}

static void job_begin(struct cluster *c, const struct due *due)
{
	struct job *job = job_by_serial(c, due->key);
	if (job && !job->class)
		queue_settle(c, job);
}

static void job_deadline(struct cluster *c, const struct due *due)
{
	struct job *job = job_by_serial(c, due->key);
	if (job && job->state.state == JOB_PENDING && job->class && job->spec.deadline &&
	    last_start(job) < c->now) {
		job->state.exit_status = 1; /* 0:1 is what the real one shows of it */
		job_end_pending(c, job, JOB_DEADLINE, REASON_DEADLINE);
	}
}

static void job_depend(struct cluster *c, const struct due *due)
{
	struct job *job = job_by_serial(c, due->key);
	if (job && job->state.depend.n > 0)
		depend_look_later(c, job);
}

static void job_purge(struct cluster *c, const struct due *due)
{
	struct job *job = job_by_serial(c, due->key);
	/* Requeued and ended again, it has its time anew. */
	if (!job || !job_is_done(job) || c->conf->min_job_age_s == 0 ||
	    job->state.end_time + c->conf->min_job_age_s * CORE_SECOND > c->now)
		return;
	emit_job_gone(c, job);
	job_free(c, job);
}

static void node_down(struct cluster *c, const struct due *due)
{
	struct node *node = node_at(c, (size_t)due->key);
	if (!node || node->connected || node->down_at != due->at || node->state.base == NODE_FUTURE)
		return;
	node->down_at = 0;
	if (node->state.base != NODE_DOWN)
		node_set_down(c, node, "Not responding", c->conf->slurm_uid);
	else
		node_fail_jobs(c, node); /* what was left to it after a reboot */
}

static void node_silent(struct cluster *c, const struct due *due)
{
	struct node *node = node_at(c, (size_t)due->key);
	if (node && node->silent_at == due->at)
		node->waited_for = false;
}

static void plan_again(struct cluster *c, const struct due *due)
{
	(void)due;
	plan_turn(c);
}

static void weigh_again(struct cluster *c, const struct due *due)
{
	if (due->at == c->weigh_at)
		priorities_weigh_some(c);
}

void due_run(struct cluster *c)
{
	static void (*const runs[])(struct cluster *, const struct due *) = {
	        [DUE_LIMIT] = job_limit,         [DUE_BEGIN] = job_begin,       [DUE_PURGE] = job_purge,
	        [DUE_NODE_DOWN] = node_down,     [DUE_STEP_LIMIT] = step_limit, [DUE_DEPEND] = job_depend,
	        [DUE_NODE_SILENT] = node_silent, [DUE_DEADLINE] = job_deadline, [DUE_PLAN] = plan_again,
	        [DUE_WARN] = warn_due,           [DUE_PRIORITY] = weigh_again,  [DUE_MAIL] = mail_due,
	};
	struct due due;
	while (due_pop(&c->due, c->now, &due))
		runs[due.kind](c, &due);
}
