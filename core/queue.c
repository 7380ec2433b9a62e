/* The order of pending jobs: higher priority first, then the earlier submit. */
#include "core/cluster_priv.h"

static bool before(const struct job *a, const struct job *b)
{
	if (a->part->conf->priority_tier != b->part->conf->priority_tier)
		return a->part->conf->priority_tier > b->part->conf->priority_tier;
	if (a->state.priority != b->state.priority)
		return a->state.priority > b->state.priority;
	return a->order < b->order;
}

void queue_add(struct cluster *c, struct job *job)
{
	if (job->queued)
		return;
	/* From the end: a new job has the lowest priority as a rule. */
	struct list *at = c->queue.prev;
	while (at != &c->queue && before(job, list_entry(at, struct job, in_queue)))
		at = at->prev;
	list_prepend(at, &job->in_queue);
	job->queued = true;
	c->sched_wanted = true;
}

void queue_remove(struct job *job)
{
	if (!job->queued)
		return;
	list_remove(&job->in_queue);
	job->queued = false;
}

bool job_is_eligible(const struct cluster *c, const struct job *job)
{
	return job->state.state == JOB_PENDING && !(job->state.flags & JOB_FLAG_COMPLETING) &&
	       job->state.hold == 0 && job->part && job->state.eligible_time <= c->now &&
	       job->spec.begin_time <= c->now;
}
