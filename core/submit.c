/* A new job: what is checked before it is accepted, and its numbers. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"

#include <stdlib.h>
#include <string.h>

#define JOB_ID_LAST 0x03ff0000u /* MaxJobId where none is set */

/* An array's numbers are below this. */
static uint32_t array_end(const struct cluster *c)
{
	uint32_t end = c->conf->max_array_size;
	return end > TASKS_END ? TASKS_END : end;
}

/* ---- checks, in the order in which the real one finds fault ---- */

int check_node_names(const struct cluster *c, const char *list, struct err *err)
{
	struct hostlist *h = list ? hostlist_parse(list, err) : NULL;
	struct hostlist_iter it;
	int rc = 0;
	if (list && !h)
		return -1;
	if (h && hostlist_count(h) > c->node_count)
		rc = err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	if (h && rc == 0) {
		hostlist_iter_init(&it, h);
		for (const char *name; rc == 0 && (name = hostlist_next(&it));)
			if (!node_by_name(c, name))
				rc = err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	}
	hostlist_free(h);
	return rc;
}

/* A node can't be asked for and excluded. */
static int check_both_names(const struct job_spec *spec, struct err *err)
{
	struct hostlist *req = spec->req_nodes ? hostlist_parse(spec->req_nodes, NULL) : NULL;
	struct hostlist *exc = spec->exc_nodes ? hostlist_parse(spec->exc_nodes, NULL) : NULL;
	struct hostlist_iter it;
	int rc = 0;
	if (req && exc) {
		hostlist_iter_init(&it, req);
		for (const char *name; rc == 0 && (name = hostlist_next(&it));)
			if (hostlist_contains(exc, name))
				rc = err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	}
	hostlist_free(req);
	hostlist_free(exc);
	return rc;
}

/* What there are no rules for is refused by name, never stored and forgotten. */
static int check_supported(const struct job_spec *spec, struct err *err)
{
	/* There are none: the real one's words where it has none. */
	if (text_or_null(spec->reservation))
		return err_set(err, ERR_RESERVATION_INVALID, "%s", "");
	return 0;
}

/* sbatch(1), --time-min and --deadline */
static int check_times(const struct cluster *c, const struct job_spec *spec, struct err *err)
{
	const uint32_t limit = spec->time_limit_min, least = spec->time_min_min;
	if (least != CORE_NO_VAL &&
	    (least == 0 || least == CORE_INFINITE || (limit != CORE_NO_VAL && limit != 0 && least > limit)))
		return err_set(err, ERR_INVALID_TIME_MIN, "%s", "");
	if (spec->deadline && spec->deadline / CORE_SECOND < c->now / CORE_SECOND)
		return err_set(err, ERR_TIME_LIMIT_EXCEEDED, "%s", "");
	return 0;
}

int check_spec_numbers(const struct job_spec *spec, struct err *err)
{
	/* Products of these must fit. */
	const uint32_t max = 1u << 24;
	if (spec->nodes_min > max || (spec->nodes_max && spec->nodes_max < spec->nodes_min))
		return err_set(err, ERR_INVALID_NODE_COUNT, "%s", "");
	if (spec->tasks > max || spec->cpus_per_task > max || spec->min_cpus_node > max ||
	    spec->cpus_min > max)
		return err_set(err, ERR_INVALID_TASK_COUNT, "%s", "");
	if ((spec->mem_per_node != CORE_NO_VAL64 && spec->mem_per_node >> 40) ||
	    (spec->mem_per_cpu != CORE_NO_VAL64 && spec->mem_per_cpu >> 40))
		return err_set(err, ERR_INVALID_MEMORY, "%s", "");
	return 0;
}

/* Each task counts, whether it is a record of its own or not (slurm.conf(5), MaxJobCount). */
static int check_array(const struct cluster *c, const struct job_spec *spec, struct err *err)
{
	uint64_t tasks = 1;
	if (spec->array) {
		struct core_bits *set = taskset_parse(spec->array, array_end(c), &(uint32_t){0}, err);
		if (!set)
			return -1;
		tasks = set->set;
		free(set);
	}
	if (c->conf->max_job_count && job_count(c) + c->array_tasks + tasks > c->conf->max_job_count)
		return err_set(err, ERR_MAX_JOBS, "%s", "");
	return 0;
}

/* What was left out, as it is meant: in a copy that shares the texts, but for *own, which is the caller's to
 * free. */
static struct job_spec normalised(const struct cluster *c, const struct job_spec *from, char **own)
{
	struct job_spec spec = *from;
	if (spec.array && !*spec.array)
		spec.array = NULL;
	if (spec.nodes_min == 0)
		spec.nodes_min = 1;
	if (!spec.requeue_set && !c->conf->job_requeue)
		spec.requeue = false;
	if (spec.cpus_per_task == 0)
		spec.cpus_per_task = 1;
	if (!spec.tasks_set && spec.tasks < spec.nodes_min)
		spec.tasks = spec.nodes_min;
	if (spec.tasks_set && spec.nodes_max > spec.tasks && spec.tasks >= spec.nodes_min)
		spec.nodes_max = spec.tasks; /* none without a task */
	spec.qos = NULL; /* without accounts there are none, and the real one forgets it */
	if (spec.deadline && spec.time_limit_min == CORE_NO_VAL && spec.time_min_min == CORE_NO_VAL)
		spec.time_min_min = 1;
	const struct part *part = part_first_asked(c, &spec);
	if (!spec.partition && part)
		spec.partition = part->conf->name;
	*own = spec.partition ? part_alternates(c, spec.partition) : NULL;
	if (*own) {
		spec.partition = *own;
		part = part_first_asked(c, &spec);
	}
	part_raise_cpus(c, part, &spec);
	return spec;
}

/* Nodes that are named must be the partition's. */
static int check_req_nodes(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                           struct err *err)
{
	struct hostlist *req = spec->req_nodes ? hostlist_parse(spec->req_nodes, NULL) : NULL;
	struct hostlist_iter it;
	bool all = true;
	if (req && part->conf->node_count)
		hostlist_iter_init(&it, req);
	for (const char *name; req && part->conf->node_count && all && (name = hostlist_next(&it));) {
		const struct node *node = node_by_name(c, name);
		all = false;
		for (size_t i = 0; node && i < part->conf->node_count && !all; i++)
			all = part->conf->node_index[i] == node->index;
	}
	hostlist_free(req);
	if (all)
		return 0;
	return err_set(
	        err, c->conf->enforce_part_limits ? ERR_NODES_NOT_IN_PARTITION : ERR_NODE_CONFIG_UNAVAILABLE,
	        "%s", "");
}

/* What one partition has against it. */
static int check_in_part(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                         struct err *err)
{
	/* Who asks for the same as one that was accepted asks for nothing impossible. */
	const bool known = class_find(c, part, spec) != NULL;
	if (part_enforce(c, part, spec, err) != 0 || (!known && check_req_nodes(c, part, spec, err) != 0))
		return -1;
	/* What all nodes together don't have can only wait for others. */
	return known || part_lacks_cpus(part, spec) ? 0 : select_check(c, part, spec, err);
}

/* EnforcePartLimits: ALL of them must take it, or one of them. */
static int check_in_parts(const struct cluster *c, const struct job_spec *spec, struct err *err)
{
	uint32_t n, good = 0, tried = 0;
	struct part **parts = parts_asked(c, spec, &n);
	struct err last = {0};
	for (uint32_t i = 0; i < n; i++) {
		struct err why = {0};
		if (parts[i]->state == CONF_PART_INACTIVE || parts[i]->state == CONF_PART_DRAIN)
			continue;
		tried++;
		good += check_in_part(c, parts[i], spec, &why) == 0;
		if (why.code && !last.code)
			last = why;
	}
	free(parts);
	if (good == tried || (good > 0 && c->conf->enforce_part_limits != 2))
		return 0;
	if (c->conf->enforce_part_limits == 1)
		return err_set(err, ERR_PARTITION_CONFIG_UNAVAILABLE, "%s", "");
	*err = last;
	return -1;
}

static int check(const struct cluster *c, const struct job_spec *spec, struct part **part, struct err *err)
{
	if (!spec->who)
		return err_set(err, ERR_USER_UNKNOWN, "%s", "");
	if (check_supported(spec, err) != 0 || licenses_check(c, spec, err) != 0 ||
	    check_spec_numbers(spec, err) != 0 || check_times(c, spec, err) != 0 ||
	    check_array(c, spec, err) != 0 || depend_check(c, spec->dependency, err) != 0)
		return -1;
	*part = job_check_part(c, spec, err);
	if (!*part || check_node_names(c, spec->req_nodes, err) != 0 ||
	    check_node_names(c, spec->exc_nodes, err) != 0 || check_both_names(spec, err) != 0)
		return -1;
	return parts_are_several(spec) ? check_in_parts(c, spec, err) : check_in_part(c, *part, spec, err);
}

/* ---- numbers ---- */

/* The next id that no job in memory has; ids wrap at MaxJobId. */
uint32_t job_new_id(struct cluster *c)
{
	uint32_t first = c->conf->first_job_id ? c->conf->first_job_id : 1;
	uint32_t last = c->conf->max_job_id ? c->conf->max_job_id : JOB_ID_LAST;
	uint32_t id = c->meta.next_job_id;
	for (size_t tries = 0; tries <= job_count(c); tries++, id++) {
		if (id < first || id > last)
			id = first;
		if (!map_get(&c->jobs_by_id, id) && !map_get(&c->arrays_by_id, id))
			break;
	}
	c->meta.next_job_id = id >= last ? first : id + 1;
	return id;
}

/* ---- submit ---- */

/* The partition that isn't there was not named by who submits. */
static int refused(bool by_alternate, struct err *err)
{
	if (by_alternate && err->code == ERR_INVALID_PARTITION)
		err_set(err, ERR_INVALID_PARTITION, "%s", "");
	return -1;
}

static void take_place(struct cluster *c, struct job *job)
{
	job_index(c, job);
	if (!job->spec.array)
		return;
	struct core_bits *set = taskset_parse(job->spec.array, array_end(c), &job->state.array_limit, NULL);
	struct text text = TEXT_EMPTY;
	if (set)
		taskset_text(set, true, &text);
	free(set);
	job->spec.array_job_id = job->job_id;
	job->state.array_tasks = text_take(&text);
	array_join(c, job);
}

int job_submit(struct cluster *c, const struct job_spec *asked, core_time now, struct job **out,
               struct err *err)
{
	char *own = NULL;
	struct job_spec normal = normalised(c, asked, &own);
	const struct job_spec *spec = &normal;
	struct part *part = NULL;
	c->now = now;
	if (check(c, spec, &part, err) != 0 || !part) {
		const bool by_alternate = own != NULL;
		free(own);
		return refused(by_alternate, err);
	}
	struct job *job = job_alloc(c);
	if (!normal.partition)
		normal.partition = part->conf->name;
	job_set_spec(c, job, spec);
	job->part = part;
	job->serial = job->spec.serial = job->state.serial = c->meta.next_serial++;
	job->job_id = job->spec.job_id = job_new_id(c);
	job->spec.submit_time = job->state.last_sched_eval = job->last_heard = now;
	job->state.hold = spec->priority == 0 ? 1 : 0;
	job->state.priority = job_new_priority(c, job);
	take_place(c, job);
	depend_parse(c, job, spec->dependency, NULL);
	depend_join(c, job);
	if (!job->state.hold && job->state.depend.n == 0)
		job->state.eligible_time = job->state.accrue_time =
		        spec->begin_time > now ? spec->begin_time : now;
	emit_meta(c);
	emit_job_spec(c, job);
	emit_job_state(c, job);
	queue_settle(c, job);
	c->stats.submitted++;
	*out = job;
	free(own);
	return 0;
}

int job_test(struct cluster *c, const struct job_spec *asked, core_time now, struct job_outlook *out,
             struct err *err)
{
	char *own = NULL;
	const struct job_spec normal = normalised(c, asked, &own), *spec = &normal;
	struct part *part = NULL;
	c->now = now;
	*out = (struct job_outlook){0};
	int rc = check(c, spec, &part, err);
	if (rc == 0)
		plan_outlook(c, spec, part, out);
	const bool by_alternate = own != NULL;
	free(own);
	return rc == 0 ? 0 : refused(by_alternate, err);
}
