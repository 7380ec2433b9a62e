/* What priorities are made of (priority.h). */
#include "core/cluster_priv.h"

#define PRIORITY_FIRST 4294901760u /* of priority/basic: each job gets one less than the one before */
#define WEIGH_SLICE    10000       /* jobs that are weighed anew at a time: 1 or 2 ms */

/* ---- factors ---- */

static double fraction(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

/* Since it could have started: what it waits for others, or held, doesn't count unless ACCRUE_ALWAYS is set.
 */
static double age(const struct cluster *c, const struct job *job, core_time at)
{
	const struct priority_conf *conf = &c->conf->priority;
	const core_time since = conf->accrue_always ? job->spec.submit_time : job->state.accrue_time;
	if (since == 0 || since >= at)
		return 0;
	const core_time waited = (at - since) / CORE_SECOND;
	return waited >= (core_time)conf->max_age_s ? 1 : fraction((double)waited, conf->max_age_s);
}

/* The mean of its shares of all nodes and of all CPUs; or the larger one, for each minute of its limit. */
static double job_size(const struct cluster *c, const struct job *job, const struct part *part)
{
	const struct priority_conf *conf = &c->conf->priority;
	const struct tres t = job_tres_asked(c, job);
	const double nodes = (double)c->all_tres.v[TRES_NODE], cpus = (double)c->all_tres.v[TRES_CPU];
	const double of_nodes = fraction((double)t.v[TRES_NODE], nodes),
	             of_cpus = fraction((double)t.v[TRES_CPU], cpus);
	double size = (of_nodes + of_cpus) / 2;
	if (conf->small_relative_to_time) {
		const uint32_t limit = spec_time_limit(part, &job->spec);
		size = limit == CORE_INFINITE
		               ? 0
		               : fraction(of_nodes > of_cpus ? of_nodes : of_cpus, (double)limit);
	}
	return conf->favor_small ? 1 - size : size;
}

static double partition(const struct cluster *c, const struct part *part)
{
	if (!part)
		return 0;
	if (c->conf->priority.no_normal_part)
		return part->conf->priority_job_factor;
	return fraction(part->conf->priority_job_factor, c->job_factor_max);
}

static void tres(const struct cluster *c, const struct job *job, const struct part *part,
                 double out[TRES_COUNT])
{
	const struct tres t = job_tres_asked(c, job);
	for (int i = 0; i < TRES_COUNT; i++) {
		out[i] = 0;
		if (c->conf->priority.tres[i] == 0)
			continue;
		if (c->conf->priority.no_normal_tres)
			out[i] = (double)t.v[i];
		else if (part)
			out[i] = fraction((double)t.v[i], (double)part->tres.v[i]);
	}
}

/* The sum as it is, even if it is less than the least that a priority can be. */
static struct priority_factors factors(const struct cluster *c, const struct job *job,
                                       const struct part *part, core_time at)
{
	const struct priority_conf *w = &c->conf->priority;
	struct priority_factors f = {.nice = job->spec.nice};
	if (spec_has_priority(&job->spec)) {
		f.admin = job->spec.priority;
		f.sum = f.admin;
		return f;
	}
	f.age = w->age ? age(c, job, at) : 0;
	f.job_size = w->job_size ? job_size(c, job, part) : 0;
	f.partition = w->partition ? partition(c, part) : 0;
	tres(c, job, part, f.tres);
	f.sum = f.age * w->age + f.job_size * w->job_size + f.partition * w->partition - f.nice;
	for (int i = 0; i < TRES_COUNT; i++)
		f.sum += f.tres[i] * w->tres[i];
	return f;
}

struct priority_factors priority_factors(const struct cluster *c, const struct job *job,
                                         const struct part *part, core_time at)
{
	struct priority_factors f = factors(c, job, part, at);
	f.sum = f.sum < 1 ? 1 : f.sum;
	return f;
}

/* ---- priorities ---- */

bool spec_has_priority(const struct job_spec *spec)
{
	return spec->priority != CORE_NO_VAL && spec->priority != 0;
}

uint32_t priority_clamped(double priority)
{
	return priority < 1 ? 1 : priority > UINT32_MAX - 2 ? UINT32_MAX - 2 : (uint32_t)priority;
}

static uint32_t next_basic(struct cluster *c, const struct job_spec *spec)
{
	if (c->lowest_priority == 0 || c->lowest_priority > PRIORITY_FIRST)
		c->lowest_priority = PRIORITY_FIRST;
	uint32_t base = c->lowest_priority > 1 ? --c->lowest_priority : 1;
	return priority_clamped((double)base - spec->nice);
}

/* The best of its partitions counts, as it has one place in the queue. */
static double best_sum(struct cluster *c, const struct job *job)
{
	uint32_t n = 0;
	double best = factors(c, job, job->part, c->now).sum;
	struct part **parts = parts_are_several(&job->spec) ? parts_asked(c, &job->spec, &n) : NULL;
	for (uint32_t i = 0; i < n; i++) {
		const double sum = factors(c, job, parts[i], c->now).sum;
		best = sum > best ? sum : best;
	}
	free(parts);
	return best;
}

static uint32_t weighed(struct cluster *c, struct job *job)
{
	job->priority_at = c->now;
	return priority_clamped(best_sum(c, job));
}

uint32_t job_new_priority(struct cluster *c, struct job *job)
{
	if (spec_has_priority(&job->spec))
		return job->spec.priority;
	return c->conf->priority.multifactor ? weighed(c, job) : next_basic(c, &job->spec);
}

/* More than what may be asked for isn't given, either. */
static int32_t nice_clamped(double nice)
{
	return nice > CORE_NICE_MAX ? CORE_NICE_MAX : nice < -CORE_NICE_MAX ? -CORE_NICE_MAX : (int32_t)nice;
}

/* What is below 1 counts as it is: a nice that only made up for the difference from 1 would be too small. */
static void weigh_as(struct cluster *c, struct job *job, uint32_t to)
{
	job->spec.nice = nice_clamped(job->spec.nice + best_sum(c, job) - to);
	/* A nice below 0 was rounded up. */
	if (weighed(c, job) < to && job->spec.nice > -CORE_NICE_MAX)
		job->spec.nice--;
	const uint32_t has = weighed(c, job);
	job->state.priority = has < to && c->conf->priority.incr_only ? to : has;
}

uint32_t priority_reach(struct cluster *c, const struct job *job)
{
	const struct priority_conf *conf = &c->conf->priority;
	if (!conf->multifactor || conf->incr_only || spec_has_priority(&job->spec))
		return priority_clamped(UINT32_MAX);
	return priority_clamped(best_sum(c, job) + job->spec.nice + CORE_NICE_MAX);
}

void priority_set(struct cluster *c, struct job *job, uint32_t to)
{
	const bool own = spec_has_priority(&job->spec);
	if (c->conf->priority.multifactor && !own) {
		weigh_as(c, job, to);
		return;
	}
	job->spec.nice = nice_clamped((double)job->spec.nice + job->state.priority - to);
	job->state.priority = to;
	if (own)
		job->spec.priority = to;
}

void job_weigh(struct cluster *c, struct job *job)
{
	struct job_state *s = &job->state;
	const struct priority_conf *conf = &c->conf->priority;
	if (!conf->multifactor || spec_has_priority(&job->spec) || s->state > JOB_SUSPENDED ||
	    (s->state != JOB_PENDING && !conf->calculate_running) || s->priority == 0)
		return;
	const uint32_t now = weighed(c, job);
	if (now == s->priority || (conf->incr_only && now < s->priority))
		return;
	s->priority = now;
	queue_reorder(c, job);
}

/* They are derived, and not stored when they are made anew; without factors the last ones stay, and count. */
static void keep_last(struct cluster *c)
{
	c->weigh_at = 0;
	list_each (it, &c->jobs)
		emit_job_state(c, list_entry(it, struct job, in_all));
}

static void weigh_next_at(struct cluster *c, core_time at)
{
	c->weigh_at = at;
	due_at(c, at, DUE_PRIORITY, 0, 0);
}

void priorities_weigh_some(struct cluster *c)
{
	struct job *job = job_after(c, c->weighed_to);
	if (c->weighed_to == 0)
		c->weigh_began = c->now;
	for (unsigned i = 0; job && i < WEIGH_SLICE; i++, job = job_next(c, job)) {
		job_weigh(c, job);
		c->weighed_to = job->serial;
	}
	if (job) {
		weigh_next_at(c, c->now + 1);
		return;
	}
	c->weighed_to = 0;
	weigh_next_at(c, c->weigh_began + (core_time)c->conf->priority.calc_period_s * CORE_SECOND);
}

void priorities_weigh(struct cluster *c)
{
	const struct priority_conf *conf = &c->conf->priority;
	if (!conf->multifactor && c->weigh_at)
		keep_last(c);
	if (!conf->multifactor)
		return;
	list_each (it, &c->jobs)
		job_weigh(c, list_entry(it, struct job, in_all));
	c->weighed_to = 0;
	weigh_next_at(c, c->now + (core_time)conf->calc_period_s * CORE_SECOND);
}
