/* Jobs: submit, start, end, requeue, hold, release. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"

#include <string.h>

#define PRIORITY_FIRST  4294901760u /* of priority/basic: each job gets one less than the one before */
#define REQUEUE_DELAY_S 121         /* as the real one delays a requeued job */
#define SIGTERM_STATUS  15u

/* ---- memory ---- */

struct job *job_alloc(struct cluster *c)
{
	struct job *job = xcalloc(1, sizeof(*job));
	schema_init(schema_of_job_spec(), &job->spec);
	schema_init(schema_of_job_state(), &job->state);
	list_init(&job->steps);
	list_init(&job->in_all);
	list_init(&job->in_queue);
	list_init(&job->step_queue);
	job->order = c->next_order++;
	return job;
}

void job_free(struct cluster *c, struct job *job)
{
	list_each_safe (it, tmp, &job->steps)
		step_free(c, list_entry(it, struct step, in_job));
	list_each_safe (it, tmp, &job->step_queue)
		step_free(c, list_entry(it, struct step, in_step_queue));
	queue_remove(job);
	list_remove(&job->in_all);
	map_del(&c->jobs_by_serial, job->serial);
	if (map_get(&c->jobs_by_id, job->job_id) == job)
		map_del(&c->jobs_by_id, job->job_id);
	schema_free(schema_of_job_spec(), &job->spec);
	schema_free(schema_of_job_state(), &job->state);
	free(job);
}

void job_index(struct cluster *c, struct job *job)
{
	map_put(&c->jobs_by_serial, job->serial, job);
	struct job *other = map_get(&c->jobs_by_id, job->job_id);
	if (!other || other->serial < job->serial)
		map_put(&c->jobs_by_id, job->job_id, job);
	struct list *at = c->jobs.prev;
	while (at != &c->jobs && list_entry(at, struct job, in_all)->serial > job->serial)
		at = at->prev;
	list_prepend(at, &job->in_all);
}

struct job *job_by_id(const struct cluster *c, uint32_t job_id)
{
	return map_get(&c->jobs_by_id, job_id);
}

struct job *job_by_serial(const struct cluster *c, uint64_t serial)
{
	return map_get(&c->jobs_by_serial, serial);
}

struct job *job_next(const struct cluster *c, const struct job *after)
{
	const struct list *next = after ? after->in_all.next : c->jobs.next;
	return next == &c->jobs ? NULL : list_entry(next, struct job, in_all);
}

size_t job_count(const struct cluster *c)
{
	return map_count(&c->jobs_by_serial);
}

struct node_alloc *job_share_on(struct job *job, const char *node)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		if (strcmp(job->state.nodes.v[i].node, node) == 0)
			return &job->state.nodes.v[i];
	return NULL;
}

bool job_is_done(const struct job *job)
{
	return job->state.state > JOB_SUSPENDED && !(job->state.flags & JOB_FLAG_COMPLETING);
}

bool job_is_active(const struct job *job)
{
	return (job->state.state == JOB_RUNNING || job->state.state == JOB_SUSPENDED) &&
	       !(job->state.flags & JOB_FLAG_COMPLETING);
}

void job_heard(struct job *job, core_time now)
{
	job->last_heard = now;
}

/* In minutes: what was asked for, else the partition's default, else its maximum. */
uint32_t job_time_limit(const struct job *job)
{
	const struct core_part_conf *part = job->part->conf;
	if (job->spec.time_limit_min != CORE_NO_VAL && job->spec.time_limit_min != 0)
		return job->spec.time_limit_min;
	return part->default_time_min != CORE_NO_VAL ? part->default_time_min : part->max_time_min;
}

struct tres job_tres(const struct cluster *c, const struct job *job)
{
	struct tres t = {0};
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		t.v[TRES_CPU] += job->state.nodes.v[i].cpus;
		t.v[TRES_MEM] += job->state.nodes.v[i].mem;
		t.v[TRES_NODE]++;
	}
	if (job->state.nodes.n == 0) {
		uint32_t per_task = job->spec.cpus_per_task ? job->spec.cpus_per_task : 1;
		t.v[TRES_NODE] = job->spec.nodes_min ? job->spec.nodes_min : 1;
		t.v[TRES_CPU] = (uint64_t)job->spec.tasks * per_task;
		if (t.v[TRES_CPU] < t.v[TRES_NODE])
			t.v[TRES_CPU] = t.v[TRES_NODE];
		if (job->spec.mem_per_node != CORE_NO_VAL64)
			t.v[TRES_MEM] = job->spec.mem_per_node * t.v[TRES_NODE];
		else if (job->spec.mem_per_cpu != CORE_NO_VAL64)
			t.v[TRES_MEM] = job->spec.mem_per_cpu * t.v[TRES_CPU];
		else if (job->part && job->part->conf->node_count && c->node_count)
			t.v[TRES_MEM] =
			        c->nodes[job->part->conf->node_index[0]]->conf->real_memory * t.v[TRES_NODE];
	}
	t.v[TRES_BILLING] = t.v[TRES_CPU];
	return t;
}

/* ---- submit ---- */

static int check_names(const struct cluster *c, const char *list, struct err *err)
{
	struct hostlist *h = list ? hostlist_parse(list, err) : NULL;
	int rc = 0;
	if (list && !h)
		return -1;
	if (h && hostlist_count(h) > c->node_count)
		rc = err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	struct hostlist_iter it;
	if (h) {
		hostlist_iter_init(&it, h);
		for (const char *name; rc == 0 && (name = hostlist_next(&it));)
			if (!node_by_name(c, name))
				rc = err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	}
	hostlist_free(h);
	return rc;
}

/* What the core has no rules for yet is refused by name, never stored and forgotten. */
static int check_supported(const struct job_spec *spec, struct err *err)
{
	const struct {
		const char *what, *value;
	} rows[] = {{"--dependency", spec->dependency},
	            {"--licenses", spec->licenses},
	            {"--reservation", spec->reservation},
	            {"--array", spec->array}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value)
			return err_set(err, ERR_NOT_SUPPORTED, "%s=%s is not supported by this controller",
			               rows[i].what, rows[i].value);
	if (spec->contiguous)
		return err_set(err, ERR_NOT_SUPPORTED, "--contiguous is not supported by this controller");
	if (spec->features && strpbrk(spec->features, "|[]()*"))
		return err_set(err, ERR_NOT_SUPPORTED,
		               "--constraint=%s: only features joined by & are supported", spec->features);
	return 0;
}

static struct part *check_part(const struct cluster *c, const struct job_spec *spec, struct err *err)
{
	struct part *part = spec->partition ? part_by_name(c, spec->partition) : part_default(c);
	uint32_t uid = spec->who ? spec->who->uid : CORE_NO_VAL;
	if (!part)
		err_set(err, ERR_INVALID_PARTITION,
		        spec->partition ? "invalid partition specified: %s" : "%s",
		        spec->partition ? spec->partition
		                        : "no partition is the default one: name one with -p");
	else if (part->state == CONF_PART_INACTIVE || part->state == CONF_PART_DRAIN)
		err_set(err, ERR_PARTITION_DOWN, "%s", "");
	else if ((part->conf->root_only && uid != 0) ||
	         ((part->conf->no_root_jobs || c->conf->disable_root_jobs) && uid == 0))
		err_set(err, ERR_ACCESS_DENIED, "partition %s is %s", part->conf->name,
		        uid == 0 ? "closed to root" : "for root only");
	else
		return part;
	return NULL;
}

static int submit_check(const struct cluster *c, const struct job_spec *spec, struct part **part,
                        struct err *err)
{
	if (!spec->who)
		return err_set(err, ERR_USER_UNKNOWN, "%s", "");
	*part = check_part(c, spec, err);
	if (!*part || check_supported(spec, err) != 0 || check_names(c, spec->req_nodes, err) != 0 ||
	    check_names(c, spec->exc_nodes, err) != 0)
		return -1;
	if (c->conf->max_job_count && job_count(c) >= c->conf->max_job_count)
		return err_set(err, ERR_MAX_JOBS, "%s", "");
	return select_check_node(c, *part, spec, err);
}

static uint32_t new_job_id(struct cluster *c)
{
	uint32_t first = c->conf->first_job_id ? c->conf->first_job_id : 1,
	         max = c->conf->max_job_id ? c->conf->max_job_id : 0x03ff0000;
	uint32_t id = c->meta.next_job_id < first ? first : c->meta.next_job_id;
	for (uint32_t tries = 0; tries <= max; tries++, id++) {
		if (id > max)
			id = first;
		if (!map_get(&c->jobs_by_id, id))
			break;
	}
	c->meta.next_job_id = id + 1 > max ? first : id + 1;
	return id;
}

static uint32_t new_priority(struct cluster *c, const struct job_spec *spec)
{
	if (spec->priority != CORE_NO_VAL && spec->priority != 0)
		return spec->priority;
	if (c->lowest_priority == 0 || c->lowest_priority > PRIORITY_FIRST)
		c->lowest_priority = PRIORITY_FIRST;
	uint32_t base = c->lowest_priority > 1 ? --c->lowest_priority : 1;
	int64_t p = (int64_t)base - spec->nice;
	return p < 1 ? 1 : p > UINT32_MAX - 1 ? UINT32_MAX - 1 : (uint32_t)p;
}

static void normalise(struct job *job)
{
	struct job_spec *spec = &job->spec;
	if (spec->nodes_min == 0)
		spec->nodes_min = 1;
	if (spec->cpus_per_task == 0)
		spec->cpus_per_task = 1;
	if (!spec->tasks_set && spec->tasks < spec->nodes_min)
		spec->tasks = spec->nodes_min;
	if (!spec->partition)
		spec->partition = xstrdup(job->part->conf->name);
}

int job_submit(struct cluster *c, const struct job_spec *spec, core_time now, struct job **out,
               struct err *err)
{
	struct part *part = NULL;
	c->now = now;
	if (submit_check(c, spec, &part, err) != 0)
		return -1;
	struct job *job = job_alloc(c);
	schema_copy(schema_of_job_spec(), &job->spec, spec, NULL);
	job->part = part;
	job->serial = job->spec.serial = job->state.serial = c->meta.next_serial++;
	job->job_id = job->spec.job_id = new_job_id(c);
	job->spec.submit_time = now;
	normalise(job);
	job->state.hold = spec->priority == 0 ? 1 : 0;
	job->state.priority = new_priority(c, spec);
	if (!job->state.hold)
		job->state.eligible_time = job->state.accrue_time =
		        spec->begin_time > now ? spec->begin_time : now;
	job->reason = job->state.hold ? REASON_HELD_USER : REASON_PRIORITY;
	job->last_heard = now;
	job_index(c, job);
	emit_meta(c);
	emit_job_spec(c, job);
	emit_job_state(c, job);
	queue_add(c, job);
	if (spec->begin_time > now)
		due_add(&c->due, (struct due){.at = spec->begin_time, .kind = DUE_BEGIN, .key = job->serial});
	c->stats.submitted++;
	*out = job;
	return 0;
}

int job_test(struct cluster *c, const struct job_spec *spec, core_time now, core_time *start, struct err *err)
{
	struct part *part = NULL;
	c->now = now;
	*start = 0;
	if (submit_check(c, spec, &part, err) != 0)
		return -1;
	const struct select_ask ask = {.part = part, .spec = spec};
	if (select_job(c, &ask, NULL) == SELECT_OK)
		*start = now;
	return 0;
}

/* ---- start ---- */

void job_set_limit_due(struct cluster *c, struct job *job)
{
	uint32_t minutes = job->state.time_limit_min;
	uint32_t over = job->part->conf->over_time_limit_min != CORE_NO_VAL
	                        ? job->part->conf->over_time_limit_min
	                        : c->conf->over_time_limit_min;
	job->limit_at = 0;
	if (minutes == CORE_INFINITE || minutes == CORE_NO_VAL || over == CORE_INFINITE)
		return;
	job->limit_at = job->state.start_time + ((core_time)minutes + over) * 60 * CORE_SECOND;
	due_add(&c->due, (struct due){.at = job->limit_at,
	                              .kind = DUE_LIMIT,
	                              .key = job->serial,
	                              .attempt = job->state.attempt});
}

static void take_nodes(struct cluster *c, struct job *job)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		struct node *node = node_by_name(c, job->state.nodes.v[i].node);
		if (node && job->state.nodes.v[i].phase != ALLOC_RELEASED)
			node_take(node, &job->state.nodes.v[i]);
	}
}

void job_start(struct cluster *c, struct job *job, struct node_alloc_list *nodes)
{
	queue_remove(job);
	job_move(job, JOB_RUNNING);
	job->state.flags = 0;
	job->state.attempt++;
	job->state.start_time = c->now;
	job->state.end_time = 0;
	job->state.last_sched_eval = c->now;
	job->state.exit_status = job->state.derived_status = 0;
	job->state.reason = job->reason = REASON_NONE;
	free(job->state.reason_text);
	job->state.reason_text = NULL;
	node_alloc_list_free(&job->state.nodes);
	job->state.nodes = *nodes;
	*nodes = (struct node_alloc_list){0};
	free(job->state.partition);
	job->state.partition = xstrdup(job->part->conf->name);
	free(job->state.batch_host);
	job->state.batch_host = xstrdup(job->state.nodes.v[0].node);
	job->state.time_limit_min = job_time_limit(job);
	job->last_heard = c->now;
	take_nodes(c, job);
	job_set_limit_due(c, job);
	c->stats.started++;
	if (job->spec.batch)
		step_start_batch(c, job);
	emit_job_state(c, job);
	emit_action(c, &(struct action){.kind = ACTION_JOB_STARTED, .job = job});
	if (job->spec.batch)
		emit_action(c, &(struct action){.kind = ACTION_LAUNCH_BATCH,
		                                .job = job,
		                                .step = step_by_id(job, CORE_STEP_BATCH)});
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

static void refuse_queued_steps(struct cluster *c, struct job *job)
{
	list_each_safe (it, tmp, &job->step_queue) {
		struct step *step = list_entry(it, struct step, in_step_queue);
		emit_action(c, &(struct action){.kind = ACTION_REFUSE_STEP,
		                                .job = job,
		                                .step = step,
		                                .text = "its job has ended"});
		step_free(c, step);
	}
}

/* All shares that are not back yet are told to end. */
static void end_shares(struct cluster *c, struct job *job, const char *text, uint32_t kill_wait_s)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		struct node_alloc *share = &job->state.nodes.v[i];
		struct node *node = node_by_name(c, share->node);
		if (share->phase >= ALLOC_ENDING)
			continue;
		share->phase = ALLOC_ENDING;
		if (node)
			node->completing++;
		emit_action(c, &(struct action){.kind = ACTION_END_JOB,
		                                .job = job,
		                                .node = share->node,
		                                .attempt = job->state.attempt,
		                                .kill_wait_s = kill_wait_s,
		                                .text = text});
	}
}

/* Nothing is left on any node: the end (or the requeue) is complete. */
static void shares_are_back(struct cluster *c, struct job *job)
{
	list_each_safe (it, tmp, &job->steps) {
		struct step *step = list_entry(it, struct step, in_job);
		if (step_is_running(step))
			step_end(c, step, job->state.state == JOB_CANCELLED ? JOB_CANCELLED : JOB_FAILED, 9);
	}
	job->state.flags &= ~(uint32_t)JOB_FLAG_COMPLETING;
	if (job->state.state == JOB_PENDING) {
		node_alloc_list_free(&job->state.nodes);
		free(job->state.batch_host);
		job->state.batch_host = NULL;
		emit_job_state(c, job);
		queue_add(c, job);
		due_add(&c->due,
		        (struct due){.at = job->state.eligible_time, .kind = DUE_BEGIN, .key = job->serial});
		return;
	}
	emit_job_state(c, job);
	job_finished(c, job);
}

static bool all_released(const struct job *job)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		if (job->state.nodes.v[i].phase != ALLOC_RELEASED)
			return false;
	return true;
}

void job_release_node(struct cluster *c, struct job *job, struct node_alloc *share)
{
	struct node *node = node_by_name(c, share->node);
	if (share->phase == ALLOC_RELEASED)
		return;
	if (node)
		node_give_back(c, node, share, share->phase >= ALLOC_ENDING);
	share->phase = ALLOC_RELEASED;
	if (all_released(job) && (job->state.flags & JOB_FLAG_COMPLETING))
		shares_are_back(c, job);
	else
		emit_job_state(c, job);
}

void job_end_allocated(struct cluster *c, struct job *job, enum job_base_state state, enum job_reason reason,
                       uint32_t status, const char *text, uint32_t kill_wait_s)
{
	job_move(job, state);
	job->state.flags |= JOB_FLAG_COMPLETING;
	job->state.end_time = c->now;
	job->state.exit_status = status;
	job->state.reason = job->reason = reason;
	job->limit_at = 0;
	count_end(c, state);
	refuse_queued_steps(c, job);
	end_shares(c, job, text, kill_wait_s);
	emit_job_state(c, job);
	emit_action(c, &(struct action){.kind = ACTION_JOB_ENDED, .job = job});
	if (all_released(job))
		shares_are_back(c, job);
}

void job_end_pending(struct cluster *c, struct job *job, enum job_base_state state, enum job_reason reason)
{
	queue_remove(job);
	job_move(job, state);
	job->state.start_time = job->state.end_time = c->now;
	job->state.reason = job->reason = reason;
	count_end(c, state);
	emit_job_state(c, job);
	emit_action(c, &(struct action){.kind = ACTION_JOB_ENDED, .job = job});
	job_finished(c, job);
	c->sched_wanted = true;
}

void job_finished(struct cluster *c, struct job *job)
{
	emit_history(c, job);
	due_add(&c->due,
	        (struct due){.at = job->state.end_time + (core_time)c->conf->min_job_age_s * CORE_SECOND,
	                     .kind = DUE_PURGE,
	                     .key = job->serial,
	                     .attempt = job->state.attempt});
}

int job_cancel(struct cluster *c, struct job *job, int signal, bool batch_only, bool full, uint32_t by_uid,
               core_time now, struct err *err)
{
	c->now = now;
	if (job->state.state > JOB_SUSPENDED)
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	bool end = signal == 0 || (signal == CORE_SIGKILL && !batch_only);
	if (job->state.state == JOB_PENDING && !end)
		return err_set(err, ERR_JOB_PENDING, "%s", "");
	if (end)
		job->state.ended_by_uid = by_uid;
	if (job->state.state == JOB_PENDING && (job->state.flags & JOB_FLAG_COMPLETING)) {
		/* Requeued, and its old attempt is still ending: that one's end is the job's. */
		job_move(job, JOB_CANCELLED);
		job->state.end_time = now;
		count_end(c, JOB_CANCELLED);
		emit_job_state(c, job);
		emit_action(c, &(struct action){.kind = ACTION_JOB_ENDED, .job = job});
	} else if (job->state.state == JOB_PENDING) {
		job->state.exit_status = 0;
		job_end_pending(c, job, JOB_CANCELLED, REASON_NONE);
	} else if (end) {
		job_end_allocated(c, job, JOB_CANCELLED, REASON_NONE, SIGTERM_STATUS, "",
		                  signal == CORE_SIGKILL ? 0 : c->conf->kill_wait_s);
	} else {
		emit_action(c, &(struct action){.kind = ACTION_SIGNAL,
		                                .job = job,
		                                .attempt = job->state.attempt,
		                                .signal = signal,
		                                .signal_batch_only = batch_only,
		                                .signal_full = full});
	}
	return 0;
}

int job_complete(struct cluster *c, struct job *job, uint32_t status, core_time now, struct err *err)
{
	c->now = now;
	if (job->state.state == JOB_PENDING) {
		job_end_pending(c, job, status == 0 ? JOB_COMPLETED : JOB_CANCELLED, REASON_NONE);
		return 0;
	}
	if (!job_is_active(job))
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	job_end_allocated(c, job, status == 0 ? JOB_COMPLETED : JOB_FAILED,
	                  status == 0 ? REASON_NONE : REASON_EXIT_CODE, status, NULL, c->conf->kill_wait_s);
	return 0;
}

/* ---- hold, release, requeue ---- */

int job_hold(struct cluster *c, struct job *job, bool admin, core_time now, struct err *err)
{
	c->now = now;
	if (job->state.state != JOB_PENDING)
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	job->state.hold = admin ? 2 : 1;
	job->state.eligible_time = job->state.accrue_time = 0;
	job->reason = admin ? REASON_HELD_ADMIN : REASON_HELD_USER;
	emit_job_state(c, job);
	return 0;
}

int job_release(struct cluster *c, struct job *job, bool admin, core_time now, struct err *err)
{
	c->now = now;
	if (job->state.state != JOB_PENDING)
		return err_set(err, ERR_ALREADY_DONE, "%s", "");
	if (job->state.hold == 2 && !admin)
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	job->state.hold = 0;
	job->state.flags &= ~(uint32_t)JOB_FLAG_REQUEUE_HOLD;
	job->state.eligible_time = job->state.accrue_time =
	        job->spec.begin_time > now ? job->spec.begin_time : now;
	job->reason = REASON_PRIORITY;
	emit_job_state(c, job);
	c->sched_wanted = true;
	return 0;
}

void job_requeue_after(struct cluster *c, struct job *job, bool hold, const char *text)
{
	refuse_queued_steps(c, job);
	job_move(job, JOB_PENDING);
	job->state.flags |= JOB_FLAG_COMPLETING;
	job->state.restarts++;
	job->state.eligible_time = job->state.accrue_time = c->now + REQUEUE_DELAY_S * CORE_SECOND;
	job->state.hold = hold ? 1 : 0;
	job->reason = hold ? REASON_HELD_USER : REASON_BEGIN_TIME;
	job->state.reason = REASON_NONE;
	job->limit_at = 0;
	end_shares(c, job, text, c->conf->kill_wait_s);
	emit_job_state(c, job);
	if (all_released(job))
		shares_are_back(c, job);
}

int job_requeue(struct cluster *c, struct job *job, bool hold, core_time now, struct err *err)
{
	c->now = now;
	if (!job->spec.batch)
		return err_set(
		        err, ERR_NOT_SUPPORTED,
		        "Requested operation not supported on this system: only batch jobs can be requeued");
	if (job->state.state == JOB_PENDING || (job->state.flags & JOB_FLAG_COMPLETING))
		return err_set(err, ERR_JOB_PENDING, "%s", "");
	job_requeue_after(c, job, hold, "DUE TO JOB REQUEUE");
	return 0;
}
