/* A job's life: it starts, loses nodes, ends, gives everything back, is requeued. */
#include "core/cluster_priv.h"

#define REQUEUE_DELAY_S 121 /* before a requeued job may start again, as in the real one */

/* ---- start ---- */

static void set_limit(struct cluster *c, struct job *job)
{
	uint32_t minutes = job->state.time_limit_min, over = c->conf->over_time_limit_min;
	if (job->part && job->part->conf->over_time_limit_min != CORE_NO_VAL)
		over = job->part->conf->over_time_limit_min;
	job->limit_at = 0;
	warn_arm(c, job);
	mail_arm(c, job);
	if (minutes == CORE_INFINITE || minutes == CORE_NO_VAL || over == CORE_INFINITE)
		return;
	/* It stands still while the job is suspended (due.c); resumed, it is set anew. */
	job->limit_at = job_run_since(job) + ((core_time)minutes + over) * 60 * CORE_SECOND;
	due_at(c, job->limit_at, DUE_LIMIT, job->serial, job->state.attempt);
}

void job_set_limit(struct cluster *c, struct job *job)
{
	set_limit(c, job);
	plan_end_moved(c, job);
	plan_doubt(c);
}

static void forget_suspension(struct job *job)
{
	job->state.suspend_time = 0;
	job->state.pre_suspend_s = 0;
}

/* It has run no longer than until it was suspended. */
static void stop_suspended(struct cluster *c, struct job *job)
{
	if (job->state.state == JOB_SUSPENDED)
		job->state.suspend_time = c->now;
}

static void forget_last_attempt(struct cluster *c, struct job *job)
{
	struct job_state *s = &job->state;
	steps_drop(c, job);
	shares_free(job);
	node_alloc_list_free(&s->nodes);
	text_set(&s->reason_text, NULL);
	text_set(&s->failed_node, NULL);
	s->flags = 0;
	forget_suspension(job);
	s->end_time = 0;
	s->exit_status = s->derived_status = 0;
	s->reason = REASON_NONE;
	s->ended_by_uid = CORE_NO_VAL;
	s->batch_launch = 0;
	s->epilog = false;
	s->warned_at = 0;
	s->next_step_id = 0;
}

/* The time limit of a job that starts now: it ends by its deadline. */
static uint32_t start_limit(const struct cluster *c, const struct job *job, uint32_t limit)
{
	core_time left = job->spec.deadline ? (job->spec.deadline - c->now) / (60 * CORE_SECOND) : 0;
	return left > 0 && left < (core_time)limit ? (uint32_t)left : limit;
}

void job_launch(struct cluster *c, struct job *job, enum action_kind word)
{
	const bool batch = job->spec.batch && !prolog_defers_batch(c, job);
	if (batch)
		step_start_batch(c, job);
	emit_job_state(c, job);
	emit_action(c, &(struct action){.kind = word, .job = job});
	prolog_order(c, job);
	if (batch)
		emit_action(c, &(struct action){.kind = ACTION_LAUNCH_BATCH,
		                                .job = job,
		                                .step = step_by_id(job, CORE_STEP_BATCH)});
}

void job_start(struct cluster *c, struct job *job, uint32_t minutes, struct node_alloc_list *nodes)
{
	struct job_state *s = &job->state;
	emit_unsaved(c);
	queue_remove(c, job);
	job_move(c, job, JOB_RUNNING);
	forget_last_attempt(c, job);
	s->attempt++;
	s->start_time = s->last_sched_eval = job->last_heard = c->now;
	s->nodes = *nodes;
	*nodes = (struct node_alloc_list){0};
	text_set(&s->partition, job->part->conf->name);
	text_set(&s->batch_host, s->nodes.v[0].node);
	s->time_limit_min = start_limit(c, job, minutes);
	job_start_sharing(job);
	shares_take(c, job, false);
	licenses_settle(c, job, false);
	set_limit(c, job);
	c->stats.started++;
	depend_fire(c, job);
	hook_begin(c, job);
	prolog_begin(c, job);
	mail_begin(c, job);
	if (!job_is_configuring(job)) {
		job_launch(c, job, ACTION_JOB_STARTED);
		return;
	}
	emit_job_state(c, job);
	emit_action(c, &(struct action){.kind = ACTION_JOB_STARTED, .job = job});
	hook_actions(c, job);
}

/* ---- end ---- */

static void count_end(struct cluster *c, enum job_base_state state)
{
	if (state == JOB_COMPLETED)
		c->stats.completed++;
	else if (state == JOB_CANCELLED)
		c->stats.cancelled++;
	else
		c->stats.failed++;
}

/* slurm.conf(5), MinJobAge: 0 prevents the purging of any record. */
void job_set_purge(struct cluster *c, struct job *job)
{
	if (c->conf->min_job_age_s == 0)
		return;
	due_at(c, job->state.end_time + c->conf->min_job_age_s * CORE_SECOND, DUE_PURGE, job->serial,
	       job->state.attempt);
}

static void finished(struct cluster *c, struct job *job)
{
	depend_leave(c, job);
	depend_fire(c, job);
	emit_history(c, job);
	job_set_purge(c, job);
}

/* Nothing is left on any node: the end (or the requeue) is complete. */
static void shares_are_back(struct cluster *c, struct job *job)
{
	struct job_state *s = &job->state;
	list_each (it, &job->steps)
		step_end_all(c, list_entry(it, struct step, in_job), JOB_CANCELLED, CORE_SIGKILL);
	s->flags &= ~(uint32_t)JOB_FLAG_COMPLETING;
	licenses_settle(c, job, false);
	if (s->state == JOB_PENDING) {
		shares_free(job);
		node_alloc_list_free(&s->nodes);
		text_set(&s->batch_host, NULL);
		emit_job_state(c, job);
		queue_settle(c, job);
		return;
	}
	emit_job_state(c, job);
	finished(c, job);
}

static bool all_are_back(struct job *job)
{
	const struct node_alloc_list *nodes = &job->state.nodes;
	if (job->state.epilog)
		return false;
	while (job->back_before < nodes->n && nodes->v[job->back_before].phase == ALLOC_RELEASED)
		job->back_before++;
	return job->back_before >= nodes->n;
}

void job_look_back(struct cluster *c, struct job *job)
{
	if ((job->state.flags & JOB_FLAG_COMPLETING) && all_are_back(job))
		shares_are_back(c, job);
}

void job_end_share(struct cluster *c, struct share *share, const char *text, uint32_t kill_wait_s)
{
	emit_action(c, &(struct action){.kind = ACTION_END_JOB,
	                                .job = share->job,
	                                .serial = share->job->serial,
	                                .node = share_record(share)->node,
	                                .attempt = share->job->state.attempt,
	                                .kill_wait_s = kill_wait_s,
	                                .text = text});
}

/* All shares that are not back yet are told to end. */
static void end_shares(struct cluster *c, struct job *job, const char *text, uint32_t kill_wait_s)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		struct share *share = &job->shares[i];
		if (share_record(share)->phase >= ALLOC_ENDING)
			continue;
		alloc_move(share_record(share), ALLOC_ENDING);
		if (share->node)
			share->node->completing++;
		job_end_share(c, share, text, kill_wait_s);
	}
}

void job_release_share(struct cluster *c, struct job *job, struct share *share)
{
	struct node_alloc *record = share_record(share);
	if (record->phase == ALLOC_RELEASED)
		return;
	share_give_back(c, share);
	alloc_move(record, ALLOC_RELEASED);
	if ((job->state.flags & JOB_FLAG_COMPLETING) && all_are_back(job))
		shares_are_back(c, job);
	else
		emit_job_state_later(c, job);
}

void job_end_allocated(struct cluster *c, struct job *job, const struct job_end_how *how)
{
	hook_end(c, job);
	steps_count_suspended(c, job);
	stop_suspended(c, job);
	job_move(c, job, how->state);
	job->state.flags = JOB_FLAG_COMPLETING;
	job->state.end_time = c->now;
	job->state.exit_status = how->status;
	if (how->reason != REASON_NONE || job->state.reason != REASON_PROLOG) /* that one stays, as there */
		job->state.reason = how->reason;
	job->limit_at = 0;
	count_end(c, how->state);
	step_queue_refuse(c, job, "its job has ended");
	end_shares(c, job, how->text, how->kill_wait_s);
	emit_job_state(c, job);
	hook_actions(c, job);
	emit_action(c, &(struct action){.kind = ACTION_JOB_ENDED, .job = job});
	mail_end(c, job);
	if (all_are_back(job))
		shares_are_back(c, job);
}

void job_end_pending(struct cluster *c, struct job *job, enum job_base_state state, enum job_reason reason)
{
	queue_remove(c, job);
	job_move(c, job, state);
	job->state.flags &= JOB_FLAG_COMPLETING;
	depend_leave(c, job); /* at once, even if it is still completing */
	job->state.start_time = job->state.end_time = c->now;
	job->state.reason = reason;
	count_end(c, state);
	emit_job_state(c, job);
	emit_action(c, &(struct action){.kind = ACTION_JOB_ENDED, .job = job});
	mail_end(c, job);
	/* Requeued, and its old attempt is still ending: that completes this end, too. */
	if (!(job->state.flags & JOB_FLAG_COMPLETING))
		finished(c, job);
}

/* ---- requeue ---- */

void job_requeue_now(struct cluster *c, struct job *job, bool hold, const char *text)
{
	struct job_state *s = &job->state;
	/* scontrol(1), suspend: one that is requeued is held; not one that was released meanwhile. */
	if (s->state == JOB_SUSPENDED && s->priority == 0 && s->hold == 0)
		s->hold = 2;
	hook_end(c, job);
	steps_count_suspended(c, job);
	job_move(c, job, JOB_PENDING);
	mail_requeue(c, job);
	forget_suspension(job);
	s->flags = JOB_FLAG_COMPLETING;
	s->restarts++;
	s->eligible_time = s->accrue_time = c->now + REQUEUE_DELAY_S * CORE_SECOND;
	job->spec.submit_time = c->now;       /* as if it were submitted anew */
	if (s->priority == 0 && s->hold == 0) /* it had ended suspended */
		s->priority = job_new_priority(c, job);
	job_weigh(c, job);
	s->end_time = 0;
	s->time_limit_min = CORE_NO_VAL; /* the one in force comes with the start */
	s->ended_by_uid = CORE_NO_VAL;
	s->reason = REASON_NONE;
	if (hold && s->hold == 0) {
		s->hold = 1;
		s->reason = REASON_REQUEUED_HELD;
	}
	job->limit_at = 0;
	depend_join(c, job); /* it may have ended while it waited */
	emit_job_spec(c, job);
	step_queue_refuse(c, job, "its job is requeued");
	end_shares(c, job, text, c->conf->kill_wait_s);
	emit_job_state(c, job);
	hook_actions(c, job);
	if (all_are_back(job))
		shares_are_back(c, job);
}

/* ---- a lost node ---- */

/* Which of its parts on that node were running can't be told any more. */
static void steps_lose_node(struct cluster *c, struct job *job, const char *node)
{
	list_each_safe (it, tmp, &job->steps) {
		struct step *step = list_entry(it, struct step, in_job);
		struct step_node *sn = step_is_running(step) ? step_share_on(step, node) : NULL;
		if (sn && sn->phase != STEP_ENDED)
			step_node_over(c, step, sn, CORE_SIGKILL, "its node was lost");
	}
}

void job_lose_node(struct cluster *c, struct share *share)
{
	struct job *job = share->job;
	struct node_alloc *record = share_record(share);
	bool active = job_is_active(job);
	bool goes_on = job->spec.no_kill && job->state.nodes.n > 1 &&
	               !(job->spec.batch && text_eq(job->state.batch_host, record->node));
	if (record->phase < ALLOC_ENDING) {
		alloc_move(record, ALLOC_ENDING); /* no step is placed there any more */
		if (share->node)
			share->node->completing++;
	}
	if (active)
		text_set(&job->state.failed_node, record->node);
	if (active && !goes_on)
		step_queue_refuse(c, job, "its job has lost a node");
	steps_lose_node(c, job, record->node);
	if (share->node &&
	    share->node->connected) { /* an administrator's word: its worker ends what runs there */
		leaving_add(share->node, job->serial, job->state.attempt);
		job_end_share(c, share, "DUE TO NODE FAILURE", c->conf->kill_wait_s);
	}
	job_release_share(c, job, share);
	emit_unsaved(c); /* a lost node may never say that it is gone */
	if (!active)
		return;
	if (goes_on && !all_are_back(job)) {
		prolog_look(c, job);
		step_queue_run(c, job);
	} else if (job->spec.batch && job->spec.requeue)
		job_requeue_now(c, job, false, "DUE TO NODE FAILURE");
	else
		job_end_allocated(c, job,
		                  &(struct job_end_how){.state = JOB_NODE_FAIL,
		                                        .reason = REASON_NODE_DOWN,
		                                        .text = "DUE TO NODE FAILURE",
		                                        .kill_wait_s = c->conf->kill_wait_s});
}
