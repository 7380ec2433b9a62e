/* squeue --json */
#include "applets/client/job_name.h"
#include "applets/client/json_rows.h"
#include "applets/client/squeue.h"
#include "core/records.h"

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
JSON_AS(array_tasks, text, STATE->array_tasks)
JSON_AS(batch_features, text, SPEC->features_batch)
JSON_AS(batch_flag, bool, SPEC->batch)
JSON_AS(batch_host, text, STATE->batch_host)
JSON_AS(cluster, text, ((const struct squeue_ctx *)ctx)->cluster)
JSON_AS(command, text, SPEC->command)
JSON_AS(comment, text, SPEC->comment)
JSON_AS(contiguous, bool, SPEC->contiguous)
JSON_SET(core_spec, SPEC->core_spec, CORE_NO_VAL)
JSON_SET(cores_per_socket, SPEC->cores_per_socket, 0)
JSON_AS(billable, real, pending(JOB) ? (double)0 : (double)JOB->cpus)
JSON_SET(cpus_per_task, SPEC->cpus_per_task_set ? SPEC->cpus_per_task : 0, 0)
JSON_AS(deadline, int, SPEC->deadline / CORE_SECOND)
JSON_AS(dependency, text, JOB->dependency)
JSON_AS(derived_exit, int, STATE->derived_status)
JSON_AS(eligible_time, int, STATE->eligible_time / CORE_SECOND)
JSON_AS(end_time, int, (STATE->end_time ? STATE->end_time : JOB->end_limit) / CORE_SECOND)
JSON_AS(exc_nodes, text, SPEC->exc_nodes)
JSON_AS(exit_code, int, STATE->exit_status)
JSON_AS(features, text, SPEC->features)
JSON_AS(gid, int, SPEC->who->gid)
JSON_AS(group, text, SPEC->who->group_name)
JSON_AS(job_id, int, SPEC->job_id)
JSON_AS(state, str, job_state_word(STATE->state))
JSON_AS(last_sched, int, STATE->last_sched_eval / CORE_SECOND)
JSON_AS(licenses, text, SPEC->licenses)
JSON_AS(max_nodes, int, SPEC->nodes_max)
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
JSON_AS(min_cpus, int, SPEC->min_cpus_node ? SPEC->min_cpus_node : 1)
JSON_AS(min_tmp, int, SPEC->min_tmp_disk)
JSON_AS(pre_suspend, int, STATE->pre_suspend_s)
JSON_AS(priority, int, STATE->hold ? 0 : STATE->priority)
JSON_AS(qos, text, SPEC->qos)
JSON_AS(req_nodes, text, SPEC->req_nodes)
JSON_AS(requeue, bool, SPEC->requeue)
JSON_AS(restarts, int, STATE->restarts)
JSON_AS(reservation, text, SPEC->reservation)
JSON_SET(sockets_per_node, SPEC->sockets_per_node, 0)
JSON_AS(reason_text, text, JOB->reason_text)
JSON_AS(reason, str, job_reason_word(JOB->reason))
JSON_AS(std_err, text, JOB->std_err)
JSON_AS(std_in, text, JOB->std_in)
JSON_AS(std_out, text, JOB->std_out)
JSON_AS(submit_time, int, SPEC->submit_time / CORE_SECOND)
JSON_AS(suspend_time, int, STATE->suspend_time / CORE_SECOND)
JSON_AS(time_min, int, SPEC->time_min_min == CORE_NO_VAL ? 0 : SPEC->time_min_min)
JSON_SET(threads_per_core, SPEC->threads_per_core, 0)
JSON_AS(tres_alloc, text, pending(JOB) ? NULL : JOB->tres)
JSON_AS(uid, int, SPEC->who->uid)
JSON_AS(user, text, SPEC->who->user_name)
JSON_AS(wckey, text, SPEC->wckey)
JSON_AS(work_dir, text, SPEC->work_dir)

JSON(start_time)
{
	UNUSED;
	json_time(j, pending(JOB) ? JOB->start_time : STATE->start_time);
}

JSON(time_limit)
{
	UNUSED;
	json_limit(j, JOB->limit_min);
}

JSON(shared)
{
	UNUSED;
	if (SPEC->exclusive || SPEC->oversubscribe)
		json_int(j, SPEC->oversubscribe);
	else
		json_null(j);
}

JSON(show_flags)
{
	UNUSED;
	json_words(j, "SHOW_ALL,SHOW_DETAIL,SHOW_LOCAL");
}

/* ---- job_resources ---- */

#define ALLOC ((const struct node_alloc *)record)

JSON(sockets)
{
	UNUSED;
	json_object(j);
	json_key(j, "0");
	json_object(j);
	json_key(j, "cores");
	json_object(j);
	for (uint32_t i = 0; i < ALLOC->cores.n; i++) {
		char number[16];
		snprintf(number, sizeof(number), "%" PRIu32, ALLOC->cores.v[i]);
		json_key(j, number);
		json_str(j, "allocated");
	}
	json_end(j);
	json_end(j);
	json_end(j);
}

JSON_AS(node_name, text, ALLOC->node)
JSON_AS(memory, int, (int64_t)ALLOC->mem)

static const struct json_row node_rows[] = {
        {"sockets", sockets},      {"nodename", node_name},       {"cpus_used", json_zero},
        {"memory_used", json_zero}, {"memory_allocated", memory},
};

JSON_AS(cores, int, JOB->cpus)
JSON_AS(hosts, int, STATE->nodes.n)

JSON(allocated)
{
	UNUSED;
	json_list(j);
	for (uint32_t i = 0; i < STATE->nodes.n; i++)
		JSON_ROWS(j, node_rows, &STATE->nodes.v[i], ctx);
	json_end(j);
}

static const struct json_row resource_rows[] = {
        {"nodes", nodes},
        {"allocated_cores", cores},
        {"allocated_hosts", hosts},
        {"allocated_nodes", allocated},
};

JSON(resources)
{
	if (STATE->nodes.n) {
		JSON_ROWS(j, resource_rows, record, ctx);
	} else {
		json_object(j);
		json_end(j);
	}
}

/* ---- all of it ---- */

JSON(tres_req)
{
	UNUSED;
	json_text(j, JOB->tres);
}

static const struct json_row rows[] = {
        {"account", account},
        {"accrue_time", accrue_time},
        {"admin_comment", admin_comment},
        {"array_job_id", array_job_id},
        {"array_task_id", array_task_id},
        {"array_max_tasks", array_max_tasks},
        {"array_task_string", array_tasks},
        {"association_id", json_zero},
        {"batch_features", batch_features},
        {"batch_flag", batch_flag},
        {"batch_host", batch_host},
        {"flags", json_no_list},
        {"burst_buffer", json_no_text},
        {"burst_buffer_state", json_no_text},
        {"cluster", cluster},
        {"cluster_features", json_no_text},
        {"command", command},
        {"comment", comment},
        {"container", json_no_text},
        {"contiguous", contiguous},
        {"core_spec", core_spec},
        {"thread_spec", json_no_number},
        {"cores_per_socket", cores_per_socket},
        {"billable_tres", billable},
        {"cpus_per_task", cpus_per_task},
        {"cpu_frequency_minimum", json_no_number},
        {"cpu_frequency_maximum", json_no_number},
        {"cpu_frequency_governor", json_no_number},
        {"cpus_per_tres", json_no_text},
        {"deadline", deadline},
        {"delay_boot", json_zero},
        {"dependency", dependency},
        {"derived_exit_code", derived_exit},
        {"eligible_time", eligible_time},
        {"end_time", end_time},
        {"excluded_nodes", exc_nodes},
        {"exit_code", exit_code},
        {"features", features},
        {"federation_origin", json_no_text},
        {"federation_siblings_active", json_no_text},
        {"federation_siblings_viable", json_no_text},
        {"gres_detail", json_no_list},
        {"group_id", gid},
        {"group_name", group},
        {"job_id", job_id},
        {"job_resources", resources},
        {"job_state", state},
        {"last_sched_evaluation", last_sched},
        {"licenses", licenses},
        {"max_cpus", json_zero},
        {"max_nodes", max_nodes},
        {"mcs_label", json_no_text},
        {"memory_per_tres", json_no_text},
        {"name", name},
        {"nodes", nodes},
        {"nice", nice},
        {"tasks_per_core", json_no_number},
        {"tasks_per_node", tasks_per_node},
        {"tasks_per_socket", json_no_number},
        {"tasks_per_board", json_zero},
        {"cpus", cpus},
        {"node_count", node_count},
        {"tasks", tasks},
        {"het_job_id", json_zero},
        {"het_job_id_set", json_no_text},
        {"het_job_offset", json_zero},
        {"partition", partition},
        {"prefer", json_no_text},
        {"memory_per_node", mem_node},
        {"memory_per_cpu", mem_cpu},
        {"minimum_cpus_per_node", min_cpus},
        {"minimum_tmp_disk_per_node", min_tmp},
        {"preempt_time", json_zero},
        {"pre_sus_time", pre_suspend},
        {"priority", priority},
        {"profile", json_no_number},
        {"qos", qos},
        {"reboot", json_no},
        {"required_nodes", req_nodes},
        {"requeue", requeue},
        {"resize_time", json_zero},
        {"restart_cnt", restarts},
        {"resv_name", reservation},
        {"shared", shared},
        {"show_flags", show_flags},
        {"sockets_per_board", json_zero},
        {"sockets_per_node", sockets_per_node},
        {"start_time", start_time},
        {"state_description", reason_text},
        {"state_reason", reason},
        {"standard_error", std_err},
        {"standard_input", std_in},
        {"standard_output", std_out},
        {"submit_time", submit_time},
        {"suspend_time", suspend_time},
        {"system_comment", json_no_text},
        {"time_limit", time_limit},
        {"time_minimum", time_min},
        {"threads_per_core", threads_per_core},
        {"tres_bind", json_no_text},
        {"tres_freq", json_no_text},
        {"tres_per_job", json_no_text},
        {"tres_per_node", json_no_text},
        {"tres_per_socket", json_no_text},
        {"tres_per_task", json_no_text},
        {"tres_req_str", tres_req},
        {"tres_alloc_str", tres_alloc},
        {"user_id", uid},
        {"user_name", user},
        {"wckey", wckey},
        {"current_working_directory", work_dir},
};

void squeue_json(struct json *j, const struct job_info *job, const struct squeue_ctx *ctx)
{
	JSON_ROWS(j, rows, job, ctx);
}
