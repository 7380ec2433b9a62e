/* squeue --json */
#include "applets/client/job_name.h"
#include "applets/client/json_rows.h"
#include "applets/client/show.h"
#include "applets/client/squeue.h"
#include "core/records.h"
#include "core/util/map.h"

#include <inttypes.h>
#include <stdio.h>

#define JOB    ((const struct job_info *)record)
#define SPEC   (JOB->spec)
#define STATE  (JOB->state)
#define UNUSED (void)record, (void)ctx

static bool pending(const struct job_info *job)
{
	return job->state->state == JOB_PENDING;
}

JSON_AS(account, text, SPEC->account)
JSON_AS(accrue_time, int, STATE->accrue_time / CORE_SECOND)
JSON_AS(admin_comment, text, SPEC->admin_comment)
JSON_AS(array_job_id, int, SPEC->array_job_id)
JSON_SET(array_task_id, SPEC->array_task_id, CORE_NO_VAL)
JSON_AS(array_max_tasks, int, STATE->array_limit)
JSON(array_tasks)
{
	UNUSED;
	struct text t = TEXT_EMPTY;
	if (STATE->array_tasks)
		job_name_tasks(&t, SPEC, STATE);
	json_str(j, text_str(&t));
	text_free(&t);
}

JSON_AS(batch_features, text, SPEC->features_batch)
JSON_AS(batch_flag, bool, SPEC->batch)
JSON_AS(batch_host, text, STATE->batch_host)
JSON_AS(cluster, text, ((const struct squeue_ctx *)ctx)->cluster)
JSON_AS(command, text, SPEC->command)
JSON_AS(comment, text, SPEC->comment)
JSON_AS(contiguous, bool, SPEC->contiguous)
JSON_SET(core_spec, SPEC->core_spec, CORE_NO_VAL)
JSON_SET(cores_per_socket, SPEC->cores_per_socket, 0)
JSON_SET(cpus_per_task, SPEC->cpus_per_task, 1)
JSON_AS(delay_boot, int, SPEC->delay_boot_s)
JSON_AS(deadline, int, SPEC->deadline / CORE_SECOND)
JSON_AS(dependency, text, JOB->dependency)
JSON_AS(derived_exit, int, STATE->derived_status)
JSON_AS(eligible_time, int, STATE->eligible_time / CORE_SECOND)
JSON_AS(exc_nodes, text, SPEC->exc_nodes)
JSON_AS(exit_code, int, STATE->exit_status)
JSON_AS(features, text, job_features(SPEC, STATE))
JSON_AS(prefer, text, STATE->state == JOB_PENDING ? SPEC->prefer : NULL)
JSON_AS(gid, int, SPEC->who->gid)
JSON_AS(group, text, SPEC->who->group_name)
JSON_AS(job_id, int, SPEC->job_id)
JSON_AS(state, str, job_state_word(STATE->state))
JSON_AS(last_sched, int, STATE->last_sched_eval / CORE_SECOND)
JSON_AS(licenses, text, SPEC->licenses)
JSON_AS(max_nodes, int, pending(JOB) ? SPEC->nodes_max : 0)
JSON_AS(name, text, SPEC->name)
JSON_AS(nodes, text, JOB->nodes)
JSON_SET(nice, SPEC->nice, 0)
JSON_AS(tasks_per_node, int, SPEC->tasks_per_node)
JSON_AS(cpus, int, JOB->cpus)
JSON_AS(node_count, int, JOB->node_count ? JOB->node_count : SPEC->nodes_min)
JSON_AS(tasks, int, SPEC->tasks)
JSON_AS(partition, text, STATE->partition ? STATE->partition : SPEC->partition)
JSON_SET(mem_node, SPEC->mem_per_node, CORE_NO_VAL64)
JSON_SET(mem_cpu, SPEC->mem_per_cpu, CORE_NO_VAL64)
JSON_AS(min_cpus, int, (int64_t)show_min_cpus(SPEC))
JSON_AS(min_tmp, int, SPEC->min_tmp_disk)
JSON_AS(pre_suspend, int, STATE->pre_suspend_s)
JSON_AS(priority, int, STATE->hold ? 0 : STATE->priority)
JSON_AS(qos, text, SPEC->qos)
JSON_AS(req_nodes, text, SPEC->req_nodes)
JSON_AS(requeue, bool, SPEC->requeue)
JSON_AS(restarts, int, STATE->restarts)
JSON_AS(reservation, text, SPEC->reservation)
JSON_SET(sockets_per_node, SPEC->sockets_per_node, 0)
JSON_AS(reason, str, job_reason_word(JOB->reason))
JSON_AS(submit_time, int, SPEC->submit_time / CORE_SECOND)
JSON_AS(suspend_time, int, STATE->suspend_time / CORE_SECOND)
JSON_AS(time_min, int, SPEC->time_min_min == CORE_NO_VAL ? 0 : SPEC->time_min_min)
JSON_SET(threads_per_core, SPEC->threads_per_core, 0)
JSON_AS(tres_alloc, text, STATE->nodes.n ? JOB->tres : NULL)
JSON_AS(tres_req, text, JOB->tres_req ? JOB->tres_req : JOB->tres)
JSON_AS(uid, int, SPEC->who->uid)
JSON_AS(user, text, SPEC->who->user_name)
JSON_AS(wckey, text, SPEC->wckey)
JSON_AS(work_dir, text, SPEC->work_dir)

JSON(start_time)
{
	UNUSED;
	json_time(j, show_expected_start(JOB));
}

JSON(time_limit)
{
	UNUSED;
	json_limit(j, JOB->limit_min);
}

JSON(shared)
{
	UNUSED;
	if (SPEC->exclusive)
		json_str(j, "none");
	else if (SPEC->oversubscribe)
		json_str(j, "shared");
	else
		json_null(j);
}

JSON(billable)
{
	UNUSED;
	if (STATE->nodes.n)
		json_real(j, (double)JOB->billing);
	else
		json_null(j);
}

#define YEAR (365 * 24 * 3600 * CORE_SECOND)

/* Without a time limit the real one's jobs end after a year. */
JSON(end_time)
{
	UNUSED;
	int64_t start = show_expected_start(JOB);
	int64_t limit = JOB->limit_min == CORE_INFINITE || JOB->limit_min == CORE_NO_VAL
	                        ? YEAR
	                        : (int64_t)JOB->limit_min * 60 * CORE_SECOND;
	json_time(j, STATE->end_time  ? STATE->end_time
	             : JOB->end_limit ? JOB->end_limit
	             : start          ? start + limit
	                              : 0);
}

/* The reason's word has a member of its own. */
JSON(reason_text)
{
	UNUSED;
	json_text(j, text_eq(JOB->reason_text, job_reason_word(JOB->reason)) ? NULL : JOB->reason_text);
}

static void file_name(struct json *j, const struct job_info *job, const char *given, const char *expanded)
{
	struct text t = TEXT_EMPTY;
	squeue_file(&t, job, given, expanded);
	json_str(j, text_str(&t));
	text_free(&t);
}

JSON(std_out)
{
	UNUSED;
	file_name(j, JOB, SPEC->std_out, JOB->std_out);
}

JSON(std_in)
{
	UNUSED;
	file_name(j, JOB, SPEC->std_in, SPEC->batch ? "/dev/null" : NULL);
}

JSON(std_err)
{
	UNUSED;
	file_name(j, JOB, SPEC->std_err, NULL);
}

JSON(flags)
{
	UNUSED;
	bool runs = STATE->state == JOB_RUNNING || STATE->state == JOB_SUSPENDED;
	const struct {
		const char *word;
		bool set;
	} known[] = {
	        {"JOB_CPUS_SET", SPEC->cpus_per_task_set},
	        {"JOB_MEM_SET", SPEC->mem_per_node != CORE_NO_VAL64 || SPEC->mem_per_cpu != CORE_NO_VAL64},
	        {"JOB_WAS_RUNNING", runs},
	        {"TRES_STR_CALC", !runs && !pending(JOB) && STATE->nodes.n},
	};
	json_list(j);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].set)
			json_str(j, known[i].word);
	json_end(j);
}

JSON(show_flags)
{
	UNUSED;
	json_words(j, "SHOW_ALL,SHOW_DETAIL,SHOW_LOCAL");
}

/* ---- job_resources ---- */

/* A job's share of a node. */
struct share {
	const struct job_info *job;
	const struct node_alloc *alloc;
	const struct node_info *node; /* NULL: it isn't there any more */
};
#define SHARE ((const struct share *)record)

static void core_key(struct json *j, uint32_t number)
{
	char text[16];
	snprintf(text, sizeof(text), "%" PRIu32, number);
	json_key(j, text);
}

/* Cores are counted within their socket. */
JSON(sockets)
{
	UNUSED;
	uint32_t per_socket =
	        SHARE->node && SHARE->node->cores_per_socket ? SHARE->node->cores_per_socket : UINT32_MAX;
	uint32_t open = UINT32_MAX;
	json_object(j);
	for (uint32_t i = 0; i < SHARE->alloc->cores.n; i++) {
		uint32_t core = SHARE->alloc->cores.v[i], socket = core / per_socket;
		if (socket != open) {
			if (i > 0) {
				json_end(j);
				json_end(j);
			}
			core_key(j, socket);
			json_object(j);
			json_key(j, "cores");
			json_object(j);
			open = socket;
		}
		core_key(j, core % per_socket);
		json_str(j, "allocated");
	}
	if (SHARE->alloc->cores.n) {
		json_end(j);
		json_end(j);
	}
	json_end(j);
}

/* What the job's steps have of its share. */
static void used(const struct share *share, uint64_t *cpus, uint64_t *memory)
{
	*cpus = *memory = 0;
	for (uint32_t i = 0; i < share->job->steps.n; i++) {
		const struct step_record *step = &share->job->steps.v[i];
		for (uint32_t k = 0; step->step_id != CORE_STEP_BATCH && k < step->nodes.n; k++)
			if (text_eq(step->nodes.v[k].node, share->alloc->node)) {
				*cpus += (uint64_t)step->nodes.v[k].tasks.n * step->cpus_per_task;
				*memory += step->mem_shared ? 0 : step->nodes.v[k].mem;
			}
	}
	*cpus = *cpus > share->alloc->cpus ? share->alloc->cpus : *cpus;
}

JSON(cpus_used)
{
	UNUSED;
	uint64_t cpus, memory;
	used(SHARE, &cpus, &memory);
	json_int(j, (int64_t)cpus);
}

JSON(memory_used)
{
	UNUSED;
	uint64_t cpus, memory;
	used(SHARE, &cpus, &memory);
	json_int(j, (int64_t)memory);
}

JSON_AS(node_name, text, SHARE->alloc->node)
JSON_AS(memory, int, (int64_t)SHARE->alloc->mem)

static const struct json_row node_rows[] = {
        {"sockets", sockets, NULL},         {"nodename", node_name, NULL},
        {"cpus_used", cpus_used, NULL},     {"memory_used", memory_used, NULL},
        {"memory_allocated", memory, NULL},
};

JSON_AS(hosts, int, STATE->nodes.n)

JSON(cores)
{
	UNUSED;
	int64_t n = 0;
	for (uint32_t i = 0; i < STATE->nodes.n; i++)
		n += STATE->nodes.v[i].cores.n;
	json_int(j, n);
}

JSON(allocated)
{
	const struct map *nodes_by_name = ((const struct squeue_ctx *)ctx)->nodes;
	json_list(j);
	for (uint32_t i = 0; i < STATE->nodes.n; i++) {
		const struct node_alloc *alloc = &STATE->nodes.v[i];
		const struct share share = {JOB, alloc, map_get_text(nodes_by_name, alloc->node)};
		JSON_ROWS(j, node_rows, &share, ctx);
	}
	json_end(j);
}

static const struct json_row resource_rows[] = {
        {"nodes", nodes, NULL},
        {"allocated_cores", cores, NULL},
        {"allocated_hosts", hosts, NULL},
        {"allocated_nodes", allocated, NULL},
};

static bool has_nodes(const void *record, const void *ctx)
{
	UNUSED;
	return STATE->nodes.n > 0;
}

JSON(resources)
{
	JSON_ROWS(j, resource_rows, record, ctx);
}

/* ---- all of it ---- */

static const struct json_row rows[] = {
        {"account", account, NULL},
        {"accrue_time", accrue_time, NULL},
        {"admin_comment", admin_comment, NULL},
        {"array_job_id", array_job_id, NULL},
        {"array_task_id", array_task_id, NULL},
        {"array_max_tasks", array_max_tasks, NULL},
        {"array_task_string", array_tasks, NULL},
        {"association_id", json_zero, NULL},
        {"batch_features", batch_features, NULL},
        {"batch_flag", batch_flag, NULL},
        {"batch_host", batch_host, NULL},
        {"flags", flags, NULL},
        {"burst_buffer", json_no_text, NULL},
        {"burst_buffer_state", json_no_text, NULL},
        {"cluster", cluster, NULL},
        {"cluster_features", json_no_text, NULL},
        {"command", command, NULL},
        {"comment", comment, NULL},
        {"container", json_no_text, NULL},
        {"contiguous", contiguous, NULL},
        {"core_spec", core_spec, NULL},
        {"thread_spec", json_no_number, NULL},
        {"cores_per_socket", cores_per_socket, NULL},
        {"billable_tres", billable, NULL},
        {"cpus_per_task", cpus_per_task, NULL},
        {"cpu_frequency_minimum", json_no_number, NULL},
        {"cpu_frequency_maximum", json_no_number, NULL},
        {"cpu_frequency_governor", json_no_number, NULL},
        {"cpus_per_tres", json_no_text, NULL},
        {"deadline", deadline, NULL},
        {"delay_boot", delay_boot, NULL},
        {"dependency", dependency, NULL},
        {"derived_exit_code", derived_exit, NULL},
        {"eligible_time", eligible_time, NULL},
        {"end_time", end_time, NULL},
        {"excluded_nodes", exc_nodes, NULL},
        {"exit_code", exit_code, NULL},
        {"features", features, NULL},
        {"federation_origin", json_no_text, NULL},
        {"federation_siblings_active", json_no_text, NULL},
        {"federation_siblings_viable", json_no_text, NULL},
        {"gres_detail", json_no_list, NULL},
        {"group_id", gid, NULL},
        {"group_name", group, NULL},
        {"job_id", job_id, NULL},
        {"job_resources", resources, has_nodes},
        {"job_state", state, NULL},
        {"last_sched_evaluation", last_sched, NULL},
        {"licenses", licenses, NULL},
        {"max_cpus", json_zero, NULL},
        {"max_nodes", max_nodes, NULL},
        {"mcs_label", json_no_text, NULL},
        {"memory_per_tres", json_no_text, NULL},
        {"name", name, NULL},
        {"nodes", nodes, NULL},
        {"nice", nice, NULL},
        {"tasks_per_core", json_no_number, NULL},
        {"tasks_per_node", tasks_per_node, NULL},
        {"tasks_per_socket", json_no_number, NULL},
        {"tasks_per_board", json_zero, NULL},
        {"cpus", cpus, NULL},
        {"node_count", node_count, NULL},
        {"tasks", tasks, NULL},
        {"het_job_id", json_zero, NULL},
        {"het_job_id_set", json_no_text, NULL},
        {"het_job_offset", json_zero, NULL},
        {"partition", partition, NULL},
        {"prefer", prefer, NULL},
        {"memory_per_node", mem_node, NULL},
        {"memory_per_cpu", mem_cpu, NULL},
        {"minimum_cpus_per_node", min_cpus, NULL},
        {"minimum_tmp_disk_per_node", min_tmp, NULL},
        {"preempt_time", json_zero, NULL},
        {"pre_sus_time", pre_suspend, NULL},
        {"priority", priority, NULL},
        {"profile", json_no_number, NULL},
        {"qos", qos, NULL},
        {"reboot", json_no, NULL},
        {"required_nodes", req_nodes, NULL},
        {"requeue", requeue, NULL},
        {"resize_time", json_zero, NULL},
        {"restart_cnt", restarts, NULL},
        {"resv_name", reservation, NULL},
        {"shared", shared, NULL},
        {"show_flags", show_flags, NULL},
        {"sockets_per_board", json_zero, NULL},
        {"sockets_per_node", sockets_per_node, NULL},
        {"start_time", start_time, NULL},
        {"state_description", reason_text, NULL},
        {"state_reason", reason, NULL},
        {"standard_error", std_err, NULL},
        {"standard_input", std_in, NULL},
        {"standard_output", std_out, NULL},
        {"submit_time", submit_time, NULL},
        {"suspend_time", suspend_time, NULL},
        {"system_comment", json_no_text, NULL},
        {"time_limit", time_limit, NULL},
        {"time_minimum", time_min, NULL},
        {"threads_per_core", threads_per_core, NULL},
        {"tres_bind", json_no_text, NULL},
        {"tres_freq", json_no_text, NULL},
        {"tres_per_job", json_no_text, NULL},
        {"tres_per_node", json_no_text, NULL},
        {"tres_per_socket", json_no_text, NULL},
        {"tres_per_task", json_no_text, NULL},
        {"tres_req_str", tres_req, NULL},
        {"tres_alloc_str", tres_alloc, NULL},
        {"user_id", uid, NULL},
        {"user_name", user, NULL},
        {"wckey", wckey, NULL},
        {"current_working_directory", work_dir, NULL},
};

void squeue_json(struct json *j, const struct job_info *job, const struct squeue_ctx *ctx)
{
	JSON_ROWS(j, rows, job, ctx);
}
