/* scontrol update jobid=: what is asked for is checked against a copy, and becomes the job as a whole or not
 * at all. What a user may not do, and what only a pending job can have changed, is as scontrol(1) has it. */
#include "core/cluster_priv.h"

#include <string.h>

#define JOB_UNSET CORE_NO_VAL

/* ---- simple members ---- */

enum edit_kind { EDIT_STR, EDIT_U32, EDIT_U64 };
enum {
	EDIT_PENDING = 1, /* of a pending job only */
	EDIT_ADMIN = 2,   /* by an administrator only */
	EDIT_EMPTY = 4,   /* an empty text stays one */
};
#define E(kind, member, rules)                                                                               \
	{                                                                                                    \
		EDIT_##kind, rules, offsetof(struct job_edit, member), offsetof(struct job_spec, member)     \
	}
static const struct edit_row {
	enum edit_kind kind;
	unsigned rules;
	size_t from, to;
} edit_rows[] = {
        E(STR, name, EDIT_EMPTY),
        E(STR, comment, 0),
        E(STR, admin_comment, EDIT_ADMIN),
        E(STR, account, EDIT_PENDING),
        E(STR, wckey, EDIT_PENDING),
        E(STR, work_dir, EDIT_PENDING),
        E(STR, std_out, EDIT_PENDING),
        E(STR, exc_nodes, EDIT_PENDING),
        E(STR, features, EDIT_PENDING),
        E(STR, prefer, EDIT_PENDING),
        E(STR, licenses, 0),
        E(STR, mail_user, 0),
        E(U32, cpus_per_task, EDIT_PENDING),
        E(U32, tasks_per_node, EDIT_PENDING | EDIT_ADMIN),
        E(U32, min_cpus_node, EDIT_PENDING),
        E(U32, min_tmp_disk, EDIT_PENDING),
        E(U32, sockets_per_node, EDIT_PENDING),
        E(U32, cores_per_socket, EDIT_PENDING),
        E(U32, threads_per_core, EDIT_PENDING),
        E(U64, mem_per_node, EDIT_PENDING),
        E(U64, mem_per_cpu, EDIT_PENDING),
};
#define EDIT_ROWS (sizeof(edit_rows) / sizeof(edit_rows[0]))

static bool row_is_set(const struct edit_row *row, const struct job_edit *edit)
{
	const void *at = (const char *)edit + row->from;
	if (row->kind == EDIT_STR)
		return *(char *const *)at != NULL;
	return row->kind == EDIT_U32 ? *(const uint32_t *)at != JOB_UNSET
	                             : *(const uint64_t *)at != CORE_NO_VAL64;
}

static void row_apply(const struct edit_row *row, const struct job_edit *edit, struct job_spec *spec)
{
	const void *from = (const char *)edit + row->from;
	void *to = (char *)spec + row->to;
	if (row->kind == EDIT_STR)
		text_set(to,
		         row->rules & EDIT_EMPTY ? *(char *const *)from : text_or_null(*(char *const *)from));
	else if (row->kind == EDIT_U32)
		*(uint32_t *)to = *(const uint32_t *)from;
	else
		*(uint64_t *)to = *(const uint64_t *)from;
}

/* ---- who may, and when ---- */

struct update {
	struct cluster *c;
	struct job *job;
	const struct job_edit *edit;
	bool admin, pending;
	struct job_spec spec; /* what it will be */
	struct part *part;
	uint32_t limit; /* in force, of a running job */
};

static int check_rights(const struct update *u, struct err *err)
{
	const struct job_edit *e = u->edit;
	for (size_t i = 0; i < EDIT_ROWS; i++) {
		const struct edit_row *row = &edit_rows[i];
		if (!row_is_set(row, e))
			continue;
		if ((row->rules & EDIT_PENDING) && !u->pending)
			return err_set(err, ERR_JOB_NOT_PENDING, "%s", "");
		if ((row->rules & EDIT_ADMIN) && !u->admin)
			return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	}
	if (e->req_nodes && !u->pending) /* taking nodes away from a running job is not supported */
		return err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	bool shape = e->tasks != JOB_UNSET || e->cpus != JOB_UNSET || e->begin_time || e->reset_accrue ||
	             e->oversubscribe != JOB_UNSET;
	if (shape && !u->pending)
		return err_set(err, ERR_JOB_NOT_PENDING, "%s", "");
	if (!u->admin && e->oversubscribe != JOB_UNSET)
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	return 0;
}

/* ---- what has rules of its own ---- */

static int update_partition(struct update *u, struct err *err)
{
	const char *name = u->edit->partition;
	struct err why = {0};
	if (!name || (!u->pending && u->part && text_eq(name, u->part->conf->name)))
		return 0;
	if (!u->pending)
		return err_set(err, ERR_JOB_NOT_PENDING, "%s", "");
	text_set(&u->spec.partition, name);
	if (part_names_check(u->c, name, err) != 0)
		return -1;
	/* That a group may not is told in these words at submission alone. */
	if (!u->admin && !job_check_part(u->c, &u->spec, &why))
		return err_set(err,
		               why.code == ERR_GROUP_NOT_PERMITTED ? ERR_PARTITION_CONFIG_UNAVAILABLE
		                                                   : (enum err_code)why.code,
		               "%s", why.text);
	u->part = part_first_asked(u->c, &u->spec);
	if (u->part && u->part->conf->req_resv && !u->spec.reservation && !parts_are_several(&u->spec))
		return err_set(err, ERR_PARTITION_CONFIG_UNAVAILABLE, "%s", "");
	return u->part ? 0 : err_set(err, ERR_INVALID_PARTITION, "%s", "");
}

static int update_nodes(struct update *u, struct err *err)
{
	const struct job_edit *e = u->edit;
	struct job_spec *spec = &u->spec;
	if (e->req_nodes)
		text_set(&spec->req_nodes, text_or_null(e->req_nodes));
	if (check_node_names(u->c, spec->req_nodes, err) != 0 ||
	    check_node_names(u->c, spec->exc_nodes, err) != 0)
		return -1;
	if (e->nodes_min == JOB_UNSET)
		return 0;
	if (e->nodes_min == 0)
		return err_set(err, ERR_INVALID_NODE_COUNT, "%s", "");
	if (!u->pending && e->nodes_min == u->job->state.nodes.n && e->nodes_max == JOB_UNSET)
		return 0;
	if (!u->pending)
		return err_set(err,
		               e->nodes_min > u->job->state.nodes.n ? ERR_NOT_ON_SYSTEM : ERR_JOB_NOT_PENDING,
		               "%s", "");
	spec->nodes_min = e->nodes_min;
	if (e->nodes_max != JOB_UNSET)
		spec->nodes_max = e->nodes_max;
	if ((spec->nodes_max && spec->nodes_max < spec->nodes_min) ||
	    (u->part && spec->nodes_min > u->part->conf->node_count))
		return err_set(err, ERR_INVALID_NODE_COUNT, "%s", "");
	if (!spec->tasks_set)
		spec->tasks = spec->nodes_min;
	return 0;
}

/* Is there a node in the partition that has so many? */
static bool has_cpus(const struct update *u, uint32_t cpus)
{
	for (size_t i = 0; u->part && i < u->part->conf->node_count; i++)
		if (node_at(u->c, u->part->conf->node_index[i])->cpus_total >= cpus)
			return true;
	return !u->part;
}

/* scontrol(1), NumCPUs=<min_count>[-<max_count>]: how many in all, whatever the tasks need. */
static int update_cpus(struct update *u, struct err *err)
{
	const struct job_edit *e = u->edit;
	struct job_spec *spec = &u->spec;
	if (e->cpus == JOB_UNSET)
		return 0;
	if (e->cpus_max != JOB_UNSET)
		spec->cpus_max = e->cpus_max;
	if (e->cpus == 0 || (spec->cpus_max && e->cpus > spec->cpus_max))
		return err_set(err, ERR_INVALID_CPU_COUNT, "%s", "");
	spec->cpus_min = e->cpus;
	return u->part && part_lacks_cpus(u->part, spec)
	               ? err_set(err, ERR_PARTITION_CONFIG_UNAVAILABLE, "%s", "")
	               : 0;
}

static int update_tasks(struct update *u, struct err *err)
{
	const struct job_edit *e = u->edit;
	struct job_spec *spec = &u->spec;
	if (e->tasks == 0)
		return err_set(err, ERR_BAD_TASK_COUNT, "%s", "");
	if (e->tasks != JOB_UNSET) {
		if (spec->cpus_min == 0 && !spec->overcommit) /* its CPUs stay: NumCPUs is their own */
			spec->cpus_min = (uint32_t)job_tres_asked(u->c, u->job).v[TRES_CPU];
		spec->tasks = e->tasks;
		spec->tasks_set = true;
	}
	if (e->min_cpus_node != JOB_UNSET && !has_cpus(u, e->min_cpus_node))
		return err_set(err, ERR_PARTITION_CONFIG_UNAVAILABLE, "%s", "");
	if (e->cpus_per_task != JOB_UNSET) {
		spec->cpus_per_task = e->cpus_per_task ? e->cpus_per_task : 1;
		spec->cpus_per_task_set = true;
	}
	if (e->mem_per_node != CORE_NO_VAL64)
		spec->mem_per_cpu = CORE_NO_VAL64;
	else if (e->mem_per_cpu != CORE_NO_VAL64)
		spec->mem_per_node = CORE_NO_VAL64;
	if (e->oversubscribe != JOB_UNSET) {
		spec->oversubscribe = e->oversubscribe != 0;
		spec->exclusive = !spec->oversubscribe;
		spec->exclusive_user = spec->exclusive_mcs = false;
	}
	if (e->requeue != JOB_UNSET)
		spec->requeue = e->requeue != 0;
	return 0;
}

/* The limit that is meant: an absolute one, more or less than now, or by the time of the end. */
static int wanted_limit(const struct update *u, uint32_t *out, struct err *err)
{
	const struct job_edit *e = u->edit;
	uint32_t now = u->pending ? spec_time_limit(u->part, &u->spec) : u->limit;
	*out = now;
	if (e->end_time && !u->pending) {
		core_time run = e->end_time - job_run_since(u->job);
		if (run <= 0)
			return err_set(err, ERR_TIME_LIMIT_EXCEEDED, "%s", "");
		run = (run + 60 * CORE_SECOND - 1) / (60 * CORE_SECOND);
		*out = run < CORE_NO_VAL ? (uint32_t)run : CORE_INFINITE;
	} else if (e->end_time) {
		return err_set(err, ERR_JOB_NOT_RUNNING, "%s", "");
	}
	if (e->time_limit_min != JOB_UNSET)
		*out = e->time_limit_min;
	if (e->time_add_min != JOB_UNSET && now != CORE_INFINITE)
		*out = now < CORE_NO_VAL - e->time_add_min ? now + e->time_add_min : CORE_INFINITE;
	if (e->time_take_min != JOB_UNSET) {
		if (now == CORE_INFINITE || now < e->time_take_min)
			return err_set(err, ERR_TIME_LIMIT_EXCEEDED, "%s", "");
		*out = now - e->time_take_min;
	}
	return 0;
}

static int update_limit(struct update *u, struct err *err)
{
	const struct job_edit *e = u->edit;
	uint32_t limit, had = u->pending ? spec_time_limit(u->part, &u->spec) : u->limit;
	if (e->time_limit_min == JOB_UNSET && e->time_add_min == JOB_UNSET && e->time_take_min == JOB_UNSET &&
	    !e->end_time)
		return 0;
	if (wanted_limit(u, &limit, err) != 0)
		return -1;
	/* A user may lengthen what has not begun, up to what its partition allows. */
	if (!u->admin && limit > had && (!u->pending || (u->part && limit > u->part->conf->max_time_min)))
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	/* Of an update, other than of a submit, zero is meant as it stands. */
	u->spec.time_limit_min = limit;
	u->spec.time_zero = limit == 0;
	if (!u->pending)
		u->limit = limit;
	return 0;
}

static int check_priority(const struct update *u, struct err *err)
{
	const struct job_edit *e = u->edit;
	if (u->admin)
		return 0;
	if (e->nice_set && e->nice < 0)
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	if (e->priority == JOB_UNSET || e->priority == 0)
		return 0;
	if (!u->pending)
		return err_set(err, ERR_PRIORITY_NOT_KEPT, "%s", "");
	if (u->job->state.hold)
		return err_set(err, ERR_JOB_HELD_SCHEDULER, "%s", "");
	if (u->c->conf->priority.multifactor)
		return err_set(err, ERR_PRIORITY_NOT_KEPT, "%s", "");
	return e->priority <= u->job->state.priority ? 0 : err_set(err, ERR_ACCESS_DENIED, "%s", "");
}

/* ---- it becomes so ---- */

static void apply_priority(struct update *u)
{
	const struct job_edit *e = u->edit;
	struct job_state *s = &u->job->state;
	if (e->nice_set) {
		s->priority = priority_clamped((double)s->priority + u->job->spec.nice - e->nice);
		u->spec.nice = e->nice;
		if (spec_has_priority(&u->spec))
			u->spec.priority = s->priority;
	}
	if (e->priority == 0) {
		if (s->hold != 2)
			s->hold = u->admin ? 2 : 1;
		if (u->pending)
			s->eligible_time = s->accrue_time = 0;
		s->reason = REASON_NONE;
	} else if (e->priority != JOB_UNSET) {
		u->spec.priority = s->priority = priority_clamped(e->priority);
		u->spec.nice = 0;
		s->hold = 0;
		if (u->pending) {
			s->reason = REASON_NONE;
			s->flags &= ~(uint32_t)(JOB_FLAG_REQUEUE_HOLD | JOB_FLAG_SPECIAL_EXIT);
			if (s->eligible_time < u->c->now && s->depend.n == 0)
				s->eligible_time = s->accrue_time =
				        u->spec.begin_time > u->c->now ? u->spec.begin_time : u->c->now;
		}
	}
}

static void apply_times(struct update *u)
{
	const struct job_edit *e = u->edit;
	struct job_state *s = &u->job->state;
	if (e->begin_time) {
		u->spec.begin_time = e->begin_time;
		if (!s->hold && s->depend.n == 0)
			s->eligible_time = s->accrue_time =
			        e->begin_time > u->c->now ? e->begin_time : u->c->now;
	}
	if (e->reset_accrue && s->accrue_time)
		s->accrue_time = u->c->now;
}

static void apply(struct update *u)
{
	struct job *job = u->job;
	queue_remove(u->c, job);
	licenses_drop(u->c, job);
	if (u->edit->priority != JOB_UNSET || u->edit->nice_set)
		apply_priority(u);
	apply_times(u);
	job_set_spec(u->c, job, &u->spec);
	schema_free(schema_of_job_spec(), &u->spec);
	job->part = u->part;
	licenses_settle(u->c, job, true);
	if (job->licensed)
		plan_doubt(u->c);
	job_weigh(u->c, job);
	if (u->pending) {
		queue_settle(u->c, job);
	} else if (u->limit != job->state.time_limit_min) {
		job->state.time_limit_min = u->limit;
		job_set_limit(u->c, job);
	}
	emit_job_spec(u->c, job);
	emit_job_state(u->c, job);
	if (u->edit->array_limit != JOB_UNSET)
		job_set_array_limit(u->c, job, u->edit->array_limit, u->c->now);
}

static int prepare(struct update *u, struct err *err)
{
	for (size_t i = 0; i < EDIT_ROWS; i++)
		if (row_is_set(&edit_rows[i], u->edit))
			row_apply(&edit_rows[i], u->edit, &u->spec);
	if (update_partition(u, err) != 0 || update_nodes(u, err) != 0 || update_tasks(u, err) != 0 ||
	    update_cpus(u, err) != 0 || update_limit(u, err) != 0 ||
	    job_edit_asks(u->c, u->edit, &u->spec, u->admin, u->pending, err) != 0 ||
	    check_priority(u, err) != 0 || check_spec_numbers(&u->spec, err) != 0)
		return -1;
	/* What runs gets others, whoever has them, by an administrator's word alone; to give them up it may.
	 */
	if (u->edit->licenses && licenses_check(u->c, &u->spec, err) != 0)
		return -1;
	if (u->edit->licenses && *u->edit->licenses && !u->pending && !u->admin)
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	if (u->edit->features && u->part && u->pending && *u->edit->features) {
		if (!select_has_features(u->c, u->part, u->edit->features))
			return err_set(err, ERR_INVALID_FEATURE, "%s", "");
	}
	if (text_or_null(u->edit->prefer) && u->part && !select_has_features(u->c, u->part, u->edit->prefer))
		return err_set(err, ERR_INVALID_PREFER, "no nodes of the partition have all features of %s",
		               u->edit->prefer);
	return 0;
}

int job_update(struct cluster *c, struct job *job, const struct job_edit *edit, bool admin, core_time now,
               struct err *err)
{
	struct update u = {.c = c,
	                   .job = job,
	                   .edit = edit,
	                   .admin = admin,
	                   .pending = job->state.state == JOB_PENDING,
	                   .part = job->part,
	                   .limit = job->state.time_limit_min};
	c->now = now;
	if (!u.pending && !job_is_active(job))
		return err_set(err, ERR_JOB_FINISHED, "%s", "");
	if (check_rights(&u, err) != 0 || job_edit_refuse(edit, admin, u.pending, err) != 0)
		return -1;
	schema_copy(schema_of_job_spec(), &u.spec, &job->spec, NULL);
	if (prepare(&u, err) != 0) {
		schema_free(schema_of_job_spec(), &u.spec);
		return -1;
	}
	if (edit->dependency) {
		if (job_set_dependency(c, job, edit->dependency, now, err) != 0) {
			schema_free(schema_of_job_spec(), &u.spec);
			return -1;
		}
		text_set(&u.spec.dependency, job->spec.dependency);
	}
	apply(&u);
	return 0;
}

/* ---- scontrol top ---- */

/* Those of one user and partition among the named ones take over the best places that they have together. */
int job_top(struct cluster *c, struct job **jobs, size_t n, core_time now, struct err *err)
{
	c->now = now;
	for (size_t i = 0; i < n; i++)
		if (jobs[i]->state.state != JOB_PENDING)
			return err_set(err, ERR_JOB_NOT_PENDING, "%s", "");
	uint32_t best = 0;
	list_each (it, &c->jobs) {
		struct job *job = list_entry(it, struct job, in_all);
		if (n == 0 || job->state.state != JOB_PENDING ||
		    job->spec.who->uid != jobs[0]->spec.who->uid ||
		    !text_eq(job->spec.partition, jobs[0]->spec.partition))
			continue;
		job_weigh(c, job); /* or the next time that all are weighed, it would pass those */
		if (job->state.priority > best)
			best = job->state.priority;
	}
	if (c->conf->priority.multifactor)
		plan_cut(c, 0); /* it is in the order that they had */
	/* Before one that has been given more than any nice value makes they can't come; they keep their
	 * order. */
	for (size_t i = 0; i < n; i++) {
		const uint32_t reach = priority_reach(c, jobs[i]);
		if ((double)best + (double)n > reach)
			best = reach > n ? reach - (uint32_t)n : 0;
	}
	/* Last to first, each before all that were there. */
	for (size_t i = n; i > 0; i--) {
		struct job *job = jobs[i - 1];
		if (job->spec.who->uid != jobs[0]->spec.who->uid ||
		    !text_eq(job->spec.partition, jobs[0]->spec.partition))
			continue;
		uint32_t to = priority_clamped((double)best + (double)(n - i + 1));
		queue_remove(c, job);
		priority_set(c, job, to);
		queue_settle(c, job);
		emit_job_spec(c, job);
		emit_job_state(c, job);
	}
	return 0;
}
