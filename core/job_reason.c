/* Why a job waits, in Slurm's words (squeue(1), "JOB REASON CODES"). Derived when somebody asks. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"

uint32_t job_reason(const struct cluster *c, const struct job *job)
{
	(void)c;
	/* A hold that will count when it is requeued. */
	if (job->state.state == JOB_RUNNING && job->state.hold && job->state.reason == REASON_NONE)
		return job->state.hold == 2 ? REASON_HELD_ADMIN : REASON_HELD_USER;
	if (job->state.state != JOB_PENDING)
		return job->state.reason;
	if (job->state.flags & JOB_FLAG_COMPLETING)
		return REASON_NONE;
	if (job->state.hold)
		return job->state.reason      ? job->state.reason
		       : job->state.hold == 2 ? REASON_HELD_ADMIN
		                              : REASON_HELD_USER;
	if (job->state.depend.n > 0)
		return depend_is_hopeless(job) ? REASON_DEP_NEVER : REASON_DEPENDENCY;
	if (array_is_full(job))
		return REASON_ARRAY_TASK_LIMIT;
	if (!job->part)
		return REASON_PART_DOWN;
	/* Once in the queue it stays there, even if the clock is set back. */
	if (!job->class)
		return REASON_BEGIN_TIME;
	if (job->class->reason != REASON_NONE)
		return job->class->reason;
	for (uint32_t i = 0; i < job->class->part_count; i++)
		if (job->class->parts[i]->first_waiting == job->serial)
			return REASON_RESOURCES;
	return REASON_PRIORITY;
}

/* The nodes that --nodelist names and that can't be used now. */
static void print_unavailable(const struct cluster *c, const struct job *job, struct text *out)
{
	struct hostlist *asked = hostlist_parse(job->spec.req_nodes, NULL), *bad = hostlist_new();
	struct hostlist_iter it;
	if (asked && hostlist_count(asked) <= c->node_count) {
		hostlist_iter_init(&it, asked);
		for (const char *name; (name = hostlist_next(&it));) {
			const struct node *node = node_by_name(c, name);
			if (!node || !node_is_usable(node))
				hostlist_add_name(bad, name);
		}
	}
	if (hostlist_count(bad) > 0) {
		text_add(out, ", UnavailableNodes:");
		hostlist_compress(bad, out);
	}
	hostlist_free(asked);
	hostlist_free(bad);
}

void job_reason_text(const struct cluster *c, const struct job *job, struct text *out)
{
	uint32_t reason = job_reason(c, job);
	if (job->state.reason_text) {
		text_add(out, job->state.reason_text);
		return;
	}
	if (reason == REASON_ACCOUNT && job->part && job->part->conf->allow_accounts) {
		text_printf(out, "Job's account not known, so it can't use this partition (%s allows %s)",
		            job->part->conf->name, job->part->conf->allow_accounts);
		return;
	}
	text_add(out, job_reason_word(reason));
	if (reason == REASON_REQ_NODE_NOT_AVAIL && job->state.state == JOB_PENDING)
		print_unavailable(c, job, out);
}
