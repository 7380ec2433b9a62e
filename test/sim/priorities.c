/* Priorities by a second, obvious reckoning. */
#include "test/sim/sim.h"
#include "core/priority.h"

#include <stdlib.h>

static double size_of(const struct world *w, const struct job *job)
{
	const struct priority_conf *p = &w->conf.priority;
	const struct tres asked = job_tres_asked(w->c, job);
	const struct node *node;
	const uint32_t limit = job_time_limit(job);
	double nodes = 0, cpus = 0, size;
	for (size_t i = 0; (node = node_at(w->c, i)); i++) {
		nodes++;
		cpus += node->cpus_total;
	}
	nodes = (double)asked.v[TRES_NODE] / nodes;
	cpus = (double)asked.v[TRES_CPU] / cpus;
	size = (nodes + cpus) / 2;
	if (p->small_relative_to_time)
		size = limit == CORE_INFINITE ? 0 : (nodes > cpus ? nodes : cpus) / limit;
	return p->favor_small ? 1 - size : size;
}

static double partition_of(const struct world *w, const struct job *job)
{
	uint32_t largest = 0;
	const struct part *part;
	for (size_t i = 0; (part = part_at(w->c, i)); i++)
		if (part->conf->priority_job_factor > largest)
			largest = part->conf->priority_job_factor;
	const double own = job->part->conf->priority_job_factor;
	return w->conf.priority.no_normal_part ? own : largest ? own / largest : 0;
}

static double tres_of(const struct world *w, const struct job *job)
{
	const struct tres asked = job_tres_asked(w->c, job);
	double sum = 0;
	for (int i = 0; i < TRES_COUNT; i++) {
		double all = 0;
		for (size_t k = 0; k < job->part->conf->node_count; k++) {
			const struct node *node = node_at(w->c, job->part->conf->node_index[k]);
			all += i == TRES_CPU   ? node->cpus_total
			       : i == TRES_MEM ? (double)node->conf->real_memory
			                       : 0;
		}
		if (w->conf.priority.no_normal_tres)
			sum += w->conf.priority.tres[i] * (double)asked.v[i];
		else if (all > 0)
			sum += w->conf.priority.tres[i] * (double)asked.v[i] / all;
	}
	return sum;
}

void property_priorities(struct world *w)
{
	const struct priority_conf *p = &w->conf.priority;
	for (const struct job *job = job_next(w->c, NULL); p->multifactor && job; job = job_next(w->c, job)) {
		if (job->state.state != JOB_PENDING || job->state.hold || !job->part || p->incr_only)
			continue;
		double least = p->job_size * size_of(w, job) + p->partition * partition_of(w, job) +
		               tres_of(w, job) - job->spec.nice,
		       most = least + p->age; /* since when it waits may have changed since it was weighed */
		if (job->spec.priority != CORE_NO_VAL && job->spec.priority != 0)
			least = most = job->spec.priority;
		/* Sums in another order may be rounded otherwise. */
		if (job->state.priority + 1.001 < least ||
		    job->state.priority > (most < 1 ? 1 : most) + 0.001)
			world_fail(w, "job %u has priority %u, and its factors make %f to %f", job->job_id,
			           job->state.priority, least, most);
	}
}
