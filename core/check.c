/* What must always hold. */
#include "core/cluster_priv.h"

#include <string.h>

#define BREACH(...) return err_set(err, ERR_INTERNAL, __VA_ARGS__)

static int check_node(const struct cluster *c, const struct node *node, struct err *err)
{
	struct core_bits *seen = bits_new(node->cores_total);
	uint32_t cpus = 0, jobs = 0, completing = 0;
	uint64_t mem = 0;
	int rc = 0;
	for (struct job *job = job_next(c, NULL); job && rc == 0; job = job_next(c, job)) {
		const struct node_alloc *share = job_share_on(job, node->conf->name);
		if (!share || share->phase == ALLOC_RELEASED)
			continue;
		cpus += share->cpus;
		mem += share->mem;
		jobs++;
		completing += share->phase >= ALLOC_ENDING;
		for (uint32_t i = 0; i < share->cores.n && rc == 0; i++) {
			/* After a reconfiguration a share may name cores that the node no longer has. */
			if (share->cores.v[i] < node->cores_total && !bits_add(seen, share->cores.v[i]))
				rc = err_set(err, ERR_INTERNAL, "core %u of %s is given twice (job %u)",
				             share->cores.v[i], node->conf->name, job->job_id);
			else if (share->cores.v[i] < node->cores_total &&
			         !bits_has(node->cores_busy, share->cores.v[i]))
				rc = err_set(err, ERR_INTERNAL, "core %u of %s has job %u but is free",
				             share->cores.v[i], node->conf->name, job->job_id);
		}
	}
	if (rc == 0 && seen->set != node->cores_busy->set)
		rc = err_set(err, ERR_INTERNAL, "%s counts %u busy cores, its jobs have %u", node->conf->name,
		             node->cores_busy->set, seen->set);
	free(seen);
	if (rc != 0)
		return rc;
	if (cpus != node->cpus_alloc || mem != node->mem_alloc || jobs != node->jobs ||
	    completing != node->completing)
		BREACH("%s counts %u CPUs, %u jobs, %u ending; its jobs make %u, %u, %u", node->conf->name,
		       node->cpus_alloc, node->jobs, node->completing, cpus, jobs, completing);
	if ((c->conf->select_flags & CONF_CR_MEMORY) && mem > node->conf->real_memory)
		BREACH("%s has %llu MiB and gave %llu", node->conf->name,
		       (unsigned long long)node->conf->real_memory, (unsigned long long)mem);
	return 0;
}

/* A step's cores are its job's, and no two running steps that don't share have one twice. */
static int check_steps(struct job *job, struct err *err)
{
	list_each (it, &job->steps) {
		struct step *step = list_entry(it, struct step, in_job);
		if (!step_is_running(step))
			continue;
		if (job->state.nodes.n == 0 || step->record.attempt != job->state.attempt)
			BREACH("job %u has a running step %u of another attempt", job->job_id,
			       step->record.step_id);
		for (uint32_t n = 0; n < step->record.nodes.n; n++) {
			const struct step_node *sn = &step->record.nodes.v[n];
			const struct node_alloc *share = job_share_on(job, sn->node);
			if (!share)
				BREACH("step %u.%u is on %s, its job is not", job->job_id,
				       step->record.step_id, sn->node);
			for (uint32_t i = 0; i < sn->cores.n; i++) {
				bool own = false;
				for (uint32_t k = 0; k < share->cores.n; k++)
					own = own || share->cores.v[k] == sn->cores.v[i];
				if (!own)
					BREACH("step %u.%u has core %u of %s, its job has not", job->job_id,
					       step->record.step_id, sn->cores.v[i], sn->node);
			}
		}
		list_each (other_it, &job->steps) {
			struct step *other = list_entry(other_it, struct step, in_job);
			if (other == step || !step_is_running(other) || other->record.overlap ||
			    step->record.overlap)
				continue;
			for (uint32_t n = 0; n < step->record.nodes.n; n++) {
				const struct step_node *a = &step->record.nodes.v[n],
				                       *b = step_share_on(other, a->node);
				for (uint32_t i = 0;
				     b && a->phase != STEP_ENDED && b->phase != STEP_ENDED && i < a->cores.n;
				     i++)
					for (uint32_t k = 0; k < b->cores.n; k++)
						if (a->cores.v[i] == b->cores.v[k])
							BREACH("core %u of %s is in steps %u.%u and %u.%u",
							       a->cores.v[i], a->node, job->job_id,
							       step->record.step_id, job->job_id,
							       other->record.step_id);
			}
		}
	}
	return 0;
}

static int check_job(const struct cluster *c, struct job *job, struct err *err)
{
	bool completing = job->state.flags & JOB_FLAG_COMPLETING, held_back = false;
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		held_back = held_back || job->state.nodes.v[i].phase != ALLOC_RELEASED;
	if (map_get(&c->jobs_by_serial, job->serial) != job)
		BREACH("job %u is not found by its serial", job->job_id);
	if (job->spec.serial != job->serial || job->state.serial != job->serial ||
	    job->spec.job_id != job->job_id)
		BREACH("job %u has records of another job", job->job_id);
	if (job->queued != (job->state.state == JOB_PENDING && !completing))
		BREACH("job %u is %s and %sin the queue", job->job_id, job_state_word(job->state.state),
		       job->queued ? "" : "not ");
	if (job_is_active(job) && !held_back)
		BREACH("job %u runs without a node", job->job_id);
	if (!job_is_active(job) && held_back && !completing)
		BREACH("job %u is %s, not completing, and holds nodes", job->job_id,
		       job_state_word(job->state.state));
	if (completing && !held_back)
		BREACH("job %u is completing without a node to wait for", job->job_id);
	if (!job_is_active(job) && !list_empty(&job->step_queue))
		BREACH("job %u does not run and has steps in its queue", job->job_id);
	return check_steps(job, err);
}

int cluster_check(const struct cluster *c, struct err *err)
{
	const struct job *last = NULL;
	for (size_t i = 0; i < c->node_count; i++)
		if (check_node(c, c->nodes[i], err) != 0)
			return -1;
	for (struct job *job = job_next(c, NULL); job; job = job_next(c, job)) {
		if (check_job(c, job, err) != 0)
			return -1;
		if (last && last->serial >= job->serial)
			BREACH("jobs %u and %u are out of order", last->job_id, job->job_id);
		last = job;
	}
	last = NULL;
	list_each (it, &c->queue) {
		const struct job *job = list_entry(it, struct job, in_queue);
		if (last && last->part == job->part && last->state.priority < job->state.priority)
			BREACH("jobs %u and %u are queued in the wrong order", last->job_id, job->job_id);
		last = job;
	}
	return 0;
}
