/* slurm.conf(5), PrologSlurmctld and EpilogSlurmctld: programs that the controller runs for an attempt of a
 * job.
 *
 * Between its start and the end of the prolog a job is CONFIGURING: it has its nodes, and nothing of it goes
 * there. After its end it is COMPLETING until the epilog has ended, too. Both facts are stored, so that a
 * controller that comes back runs again what it can't have seen end. */
#include "core/cluster_priv.h"

bool job_is_configuring(const struct job *job)
{
	return (job->state.flags & JOB_FLAG_CONFIGURING) != 0;
}

void hook_begin(struct cluster *c, struct job *job)
{
	if (c->conf->prolog_slurmctld)
		job->state.flags |= JOB_FLAG_CONFIGURING;
}

void hook_end(struct cluster *c, struct job *job)
{
	if (!job_is_active(job))
		return; /* it had ended, and is requeued */
	if (job_is_configuring(job))
		emit_action(c, &(struct action){.kind = ACTION_PROLOG_OVER,
		                                .job = job,
		                                .attempt = job->state.attempt});
	job->state.epilog = c->conf->epilog_slurmctld;
}

void hook_actions(struct cluster *c, const struct job *job)
{
	if (job_is_active(job) && job_is_configuring(job))
		emit_action(c, &(struct action){
		                       .kind = ACTION_PROLOG, .job = job, .attempt = job->state.attempt});
	if (job->state.epilog)
		emit_action(c, &(struct action){
		                       .kind = ACTION_EPILOG, .job = job, .attempt = job->state.attempt});
}

static struct job *of_attempt(struct cluster *c, uint64_t serial, uint32_t attempt)
{
	struct job *job = job_by_serial(c, serial);
	return job && job->state.attempt == attempt ? job : NULL;
}

static void ready(struct cluster *c, struct job *job)
{
	job->state.flags &= ~(uint32_t)JOB_FLAG_CONFIGURING;
	job_launch(c, job, ACTION_JOB_READY);
	step_queue_run(c, job);
}

void report_prolog_slurmctld(struct cluster *c, uint64_t serial, uint32_t attempt, bool failed, core_time now)
{
	struct job *job = of_attempt(c, serial, attempt);
	c->now = now;
	if (!job || !job_is_active(job) || !job_is_configuring(job))
		return;
	if (!failed)
		ready(c, job);
	else if (job->spec.batch && job->spec.requeue)
		job_requeue_now(c, job, false, "DUE TO JOB REQUEUE");
	else
		job_end_allocated(c, job,
		                  &(struct job_end_how){.state = JOB_CANCELLED,
		                                        .text = "",
		                                        .kill_wait_s = c->conf->kill_wait_s});
}

void report_epilog_slurmctld(struct cluster *c, uint64_t serial, uint32_t attempt, core_time now)
{
	struct job *job = of_attempt(c, serial, attempt);
	c->now = now;
	if (!job || !job->state.epilog)
		return;
	job->state.epilog = false;
	emit_job_state(c, job);
	job_look_back(c, job);
}
