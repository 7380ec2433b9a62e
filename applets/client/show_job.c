/* scontrol show job */
#include "applets/client/show.h"

#include "applets/client/job_name.h"
#include "conf/size.h"
#include "conf/time.h"
#include "core/mail.h"
#include "core/records.h"
#include "core/util/hostlist.h"
#include "proto/messages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define JOB       ((const struct job_info *)record)
#define ROW(name) static void name(struct text *out, const void *record, const struct show_ctx *ctx)

static bool is_pending(const struct job_info *job)
{
	return job->state->state == JOB_PENDING;
}

ROW(job_id)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, JOB->spec->job_id);
}

static bool when_array(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->spec->array_job_id != 0;
}

static bool when_throttled(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->spec->array_job_id != 0 && JOB->state->array_limit != 0;
}

ROW(array_job)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, JOB->spec->array_job_id);
}

ROW(array_task)
{
	(void)ctx;
	job_name_tasks(out, JOB->spec, JOB->state);
}

ROW(array_limit)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, JOB->state->array_limit);
}

ROW(name)
{
	(void)ctx;
	show_str(out, JOB->spec->name);
}

ROW(user)
{
	(void)ctx;
	text_printf(out, "%s(%" PRIu32 ")", JOB->spec->who->user_name, JOB->spec->who->uid);
}

ROW(group)
{
	(void)ctx;
	text_printf(out, "%s(%" PRIu32 ")", JOB->spec->who->group_name, JOB->spec->who->gid);
}

ROW(mail)
{
	(void)ctx;
	text_add(out, "MailUser=");
	show_str(out, JOB->spec->mail_user ? JOB->spec->mail_user : JOB->spec->who->user_name);
	text_add(out, " MailType=");
	mail_types_text(JOB->spec->mail_type, out);
}

ROW(priority)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, JOB->state->hold ? 0 : JOB->state->priority);
}

ROW(nice)
{
	(void)ctx;
	text_printf(out, "%" PRId32, JOB->spec->nice);
}

ROW(account)
{
	(void)ctx;
	show_str(out, JOB->spec->account);
}

ROW(qos)
{
	(void)ctx;
	show_str(out, JOB->spec->qos);
}

ROW(state)
{
	(void)ctx;
	text_add(out, job_shown_word(JOB->state->state, JOB->state->flags));
}

ROW(reason)
{
	(void)ctx;
	/* A text that says more than the word (which nodes are missing, why a launch failed) takes its place.
	 */
	const char *p = JOB->reason_text ? JOB->reason_text : job_reason_word(JOB->reason);
	for (; *p; p++) /* what parses this line expects one word */
		text_add_char(out, *p == ' ' ? '_' : *p);
}

ROW(dependency)
{
	(void)ctx;
	show_str(out, JOB->dependency);
}

ROW(requeue)
{
	(void)ctx;
	text_printf(out, "%d", JOB->spec->requeue);
}

ROW(restarts)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, JOB->state->restarts);
}

ROW(batch_flag)
{
	(void)ctx;
	text_printf(out, "%d", JOB->spec->batch);
}

ROW(exit_code)
{
	(void)ctx;
	show_exit(out, JOB->state->exit_status);
}

ROW(derived_exit_code)
{
	(void)ctx;
	show_exit(out, JOB->state->derived_status);
}

static bool when_detail(const void *record, const struct show_ctx *ctx)
{
	(void)record;
	return ctx->detail > 0;
}

ROW(run_time)
{
	show_hms(out, show_run_time(JOB->state, ctx->now));
}

ROW(time_limit)
{
	(void)ctx;
	show_limit(out, JOB->limit_min, "Partition_Limit");
}

ROW(time_min)
{
	(void)ctx;
	show_limit(out, JOB->spec->time_min_min, "N/A");
}

ROW(submit_time)
{
	(void)ctx;
	show_time(out, JOB->spec->submit_time, "Unknown");
}

/* As long as its array's own limit holds it back it is not eligible. */
static bool is_throttled(const struct job_info *job)
{
	return is_pending(job) && job->reason == REASON_ARRAY_TASK_LIMIT;
}

ROW(eligible_time)
{
	(void)ctx;
	show_time(out, is_throttled(JOB) ? 0 : show_eligible(JOB->spec, JOB->state), "Unknown");
}

ROW(accrue_time)
{
	bool begun = !is_pending(JOB) || JOB->state->restarts > 0 ||
	             (JOB->state->accrue_time <= ctx->now && !is_throttled(JOB));
	show_time(out, begun ? JOB->state->accrue_time : 0, "Unknown");
}

ROW(start_time)
{
	(void)ctx;
	show_time(out, show_expected_start(JOB), "Unknown");
}

ROW(end_time)
{
	(void)ctx;
	int64_t end = JOB->state->end_time && !is_pending(JOB) ? JOB->state->end_time : JOB->end_limit;
	/* When it would end, were it to start when it may. */
	const int64_t start = is_pending(JOB) && !end ? show_expected_start(JOB) : 0;
	if (start && JOB->limit_min < CORE_NO_VAL)
		end = start + (int64_t)JOB->limit_min * 60000000;
	show_time(out, end, "Unknown");
}

static bool when_planned(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->sched_nodes != NULL;
}

ROW(scheduler)
{
	text_add(out, when_planned(record, ctx) ? "Backfill:*" : "Main");
}

ROW(sched_nodes)
{
	(void)ctx;
	text_add(out, JOB->sched_nodes);
}

ROW(deadline)
{
	(void)ctx;
	show_time(out, JOB->spec->deadline, "N/A");
}

ROW(suspend_time)
{
	(void)ctx;
	show_time(out, JOB->state->suspend_time, "None");
}

ROW(pre_suspend)
{
	(void)ctx;
	text_printf(out, "%" PRId64, JOB->state->pre_suspend_s);
}

ROW(last_sched_eval)
{
	(void)ctx;
	show_time(out, JOB->state->last_sched_eval, "N/A");
}

static bool when_evaluated(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->state->last_sched_eval != 0;
}

ROW(partition)
{
	(void)ctx;
	show_str(out, JOB->state->partition ? JOB->state->partition : JOB->spec->partition);
}

ROW(alloc_node)
{
	(void)ctx;
	text_printf(out, "%s:%" PRIu32, JOB->spec->alloc_node ? JOB->spec->alloc_node : "(null)",
	            JOB->spec->alloc_sid);
}

ROW(req_nodes)
{
	(void)ctx;
	show_str(out, JOB->spec->req_nodes);
}

ROW(exc_nodes)
{
	(void)ctx;
	show_str(out, JOB->spec->exc_nodes);
}

ROW(nodes)
{
	(void)ctx;
	text_add(out, JOB->nodes ? JOB->nodes : "");
}

ROW(batch_host)
{
	(void)ctx;
	show_str(out, JOB->state->batch_host);
}

static bool when_batch_host(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->state->batch_host != NULL;
}

ROW(num_nodes)
{
	(void)ctx;
	uint32_t min = JOB->node_count ? JOB->node_count : JOB->spec->nodes_min;
	if (is_pending(JOB) && JOB->spec->nodes_max != 0 && min > JOB->spec->nodes_max)
		min = JOB->spec->nodes_max;
	text_printf(out, "%" PRIu32, min);
	if (is_pending(JOB) && JOB->spec->nodes_max != 0)
		text_printf(out, "-%" PRIu32, JOB->spec->nodes_max);
}

ROW(num_cpus)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, JOB->cpus);
	if (is_pending(JOB) && JOB->spec->cpus_max != 0)
		text_printf(out, "-%" PRIu32, JOB->spec->cpus_max);
}

ROW(num_tasks)
{
	(void)ctx;
	const struct job_spec *spec = JOB->spec;
	bool each = !spec->tasks_set && spec->tasks < JOB->state->nodes.n;
	text_printf(out, "%" PRIu32, each ? JOB->state->nodes.n : spec->tasks);
}

ROW(cpus_per_task)
{
	(void)ctx;
	if (JOB->spec->batch || JOB->spec->cpus_per_task_set || JOB->spec->cpus_per_task > 0)
		text_printf(out, "%" PRIu32, JOB->spec->cpus_per_task);
	else
		text_add(out, "N/A");
}

/* A number that was asked for, or Slurm's sign for "none asked". */
static void asked(struct text *out, uint32_t n, const char *none)
{
	if (n == 0 || n == CORE_NO_VAL)
		text_add(out, none);
	else
		text_printf(out, "%" PRIu32, n);
}

ROW(req_bsct)
{
	(void)ctx;
	text_add(out, "0:0:");
	asked(out, JOB->spec->cores_per_socket, "*");
	text_add(out, ":");
	asked(out, JOB->spec->threads_per_core, "*");
}

ROW(tres)
{
	(void)ctx;
	show_str(out, JOB->tres);
}

ROW(socks_per_node)
{
	(void)ctx;
	asked(out, JOB->spec->sockets_per_node, "*");
}

ROW(ntasks_per_node)
{
	(void)ctx;
	text_printf(out, "%" PRIu32 ":0:", JOB->spec->tasks_per_node);
	asked(out, JOB->spec->tasks_per_socket, "*");
	text_add(out, ":");
	asked(out, JOB->spec->tasks_per_core, "*");
}

ROW(core_spec)
{
	(void)ctx;
	asked(out, JOB->spec->core_spec, "*");
}

/* "0-3,8" from core numbers in ascending order. */
static void core_ids(struct text *out, const struct schema_u32s *cores)
{
	for (uint32_t i = 0; i < cores->n;) {
		uint32_t last = i;
		while (last + 1 < cores->n && cores->v[last + 1] == cores->v[last] + 1)
			last++;
		text_printf(out, "%s%" PRIu32, i ? "," : "", cores->v[i]);
		if (last > i)
			text_printf(out, "-%" PRIu32, cores->v[last]);
		i = last + 1;
	}
}

static bool same_share(const struct node_alloc *a, const struct node_alloc *b)
{
	return a->mem == b->mem && a->cores.n == b->cores.n &&
	       (a->cores.n == 0 || memcmp(a->cores.v, b->cores.v, a->cores.n * sizeof(*a->cores.v)) == 0);
}

/* Nodes with equal shares stand in one line. */
ROW(shares)
{
	const struct node_alloc_list *nodes = &JOB->state->nodes;
	for (uint32_t i = 0; i < nodes->n;) {
		struct hostlist *names = hostlist_new();
		uint32_t first = i;
		for (; i < nodes->n && same_share(&nodes->v[first], &nodes->v[i]); i++)
			hostlist_add_name(names, nodes->v[i].node);
		text_add(out, ctx->one_line ? " Nodes=" : "\n     Nodes=");
		hostlist_compress(names, out);
		hostlist_free(names);
		text_add(out, " CPU_IDs=");
		core_ids(out, &nodes->v[first].cores);
		text_printf(out, " Mem=%" PRIu64 " GRES=", nodes->v[first].mem);
	}
}

ROW(min_cpus_node)
{
	(void)ctx;
	text_printf(out, "%" PRIu64, show_min_cpus(JOB->spec));
}

ROW(min_memory)
{
	(void)ctx;
	bool per_cpu = JOB->spec->mem_per_cpu != CORE_NO_VAL64;
	uint64_t mib = per_cpu ? JOB->spec->mem_per_cpu : JOB->spec->mem_per_node;
	if (mib == CORE_NO_VAL64)
		mib = 0;
	text_printf(out, "%s=", per_cpu ? "MinMemoryCPU" : "MinMemoryNode");
	size_print_mib(out, mib);
}

ROW(min_tmp_disk)
{
	(void)ctx;
	size_print_mib(out, JOB->spec->min_tmp_disk);
}

ROW(features)
{
	(void)ctx;
	show_str(out, job_features(JOB->spec, JOB->state));
}

ROW(oversubscribe)
{
	(void)ctx;
	text_add(out, job_sharing_word(JOB->sharing));
}

ROW(contiguous)
{
	(void)ctx;
	text_printf(out, "%d", JOB->spec->contiguous);
}

ROW(licenses)
{
	(void)ctx;
	show_str(out, JOB->spec->licenses);
}

ROW(command)
{
	(void)ctx;
	show_str(out, JOB->spec->command);
	for (uint32_t i = 0; JOB->spec->command && i < JOB->spec->argv.n; i++)
		text_printf(out, " %s", JOB->spec->argv.v[i]);
}

ROW(work_dir)
{
	(void)ctx;
	show_str(out, JOB->spec->work_dir);
}

ROW(admin_comment)
{
	(void)ctx;
	show_str(out, JOB->spec->admin_comment);
}

static bool when_admin_comment(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->spec->admin_comment != NULL;
}

ROW(comment)
{
	(void)ctx;
	show_str(out, JOB->spec->comment);
}

static bool when_comment(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->spec->comment != NULL;
}

ROW(mcs_label)
{
	(void)ctx;
	text_add(out, JOB->spec->mcs_label ? JOB->spec->mcs_label : "N/A");
}

ROW(delay_boot)
{
	(void)ctx;
	if (JOB->spec->delay_boot_s == CORE_INFINITE)
		text_add(out, "UNLIMITED");
	else
		time_print_hms(out, JOB->spec->delay_boot_s);
}

/* What is shown only where it was asked for. */
#define OPTIONAL_ROW(name, member)                                                                           \
	ROW(name)                                                                                            \
	{                                                                                                    \
		(void)ctx;                                                                                   \
		text_add(out, JOB->spec->member);                                                            \
	}                                                                                                    \
	static bool when_##name(const void *record, const struct show_ctx *ctx)                              \
	{                                                                                                    \
		(void)ctx;                                                                                   \
		return JOB->spec->member != NULL;                                                            \
	}
OPTIONAL_ROW(cluster_features, cluster_features)
OPTIONAL_ROW(burst_buffer, burst_buffer)
OPTIONAL_ROW(tres_bind, tres_bind)
OPTIONAL_ROW(tres_freq, tres_freq)

ROW(network)
{
	(void)ctx;
	show_str(out, JOB->spec->network);
}

ROW(power)
{
	(void)ctx;
	text_add(out, JOB->spec->power ? JOB->spec->power : "");
}

ROW(prefer)
{
	(void)ctx;
	text_add(out, JOB->spec->prefer);
}

static bool when_prefer(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->state->state == JOB_PENDING && JOB->spec->prefer;
}

static bool when_mail(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->spec->mail_type != 0;
}

static bool when_switches(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->spec->switches != 0;
}

ROW(switches)
{
	(void)ctx;
	text_printf(out, "%" PRIu32 "@", JOB->spec->switches);
	time_print_hms(out, JOB->spec->switches_wait_s);
}

static bool when_cpu_freq(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->spec->cpu_freq_min || JOB->spec->cpu_freq_max || JOB->spec->cpu_governor;
}

ROW(cpu_freq)
{
	const struct job_spec *spec = JOB->spec;
	const struct {
		const char *key, *value;
	} words[] = {{"CPU_min_freq", spec->cpu_freq_min},
	             {"CPU_max_freq", spec->cpu_freq_max},
	             {"Governor", spec->cpu_governor}};
	const char *between = "";
	(void)ctx;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!words[i].value)
			continue;
		text_printf(out, "%s%s=%s", between, words[i].key, words[i].value);
		between = " ";
	}
}

/* In one line, and with nothing between them, as the real one has it. */
ROW(flags)
{
	const struct job_spec *spec = JOB->spec;
	(void)ctx;
	if (spec->gres_flags)
		text_printf(out, "GresEnforceBind=%s", spec->gres_flags == 1 ? "Yes" : "No");
	if (spec->kill_invalid_depend <= 1)
		text_printf(out, "KillOInInvalidDependent=%s", spec->kill_invalid_depend ? "Yes" : "No");
	if (spec->spread_job)
		text_add(out, "SpreadJob=Yes");
}

static bool when_flags(const void *record, const struct show_ctx *ctx)
{
	const struct job_spec *spec = JOB->spec;
	(void)ctx;
	return spec->gres_flags || spec->kill_invalid_depend <= 1 || spec->spread_job;
}

ROW(std_err)
{
	(void)ctx;
	show_str(out, JOB->std_err);
}

ROW(std_in)
{
	(void)ctx;
	show_str(out, JOB->std_in);
}

ROW(std_out)
{
	(void)ctx;
	show_str(out, JOB->std_out);
}

static bool when_batch(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return JOB->spec->batch;
}

static const struct show_row rows[] = {
        {false, "JobId=", job_id, NULL, NULL},
        {false, "ArrayJobId=", array_job, when_array, NULL},
        {false, "ArrayTaskId=", array_task, when_array, NULL},
        {false, "ArrayTaskThrottle=", array_limit, when_throttled, NULL},
        {false, "JobName=", name, NULL, NULL},
        {true, "UserId=", user, NULL, NULL},
        {false, "GroupId=", group, NULL, NULL},
        {false, "MCS_label=", mcs_label, NULL, NULL},
        {true, "Priority=", priority, NULL, NULL},
        {false, "Nice=", nice, NULL, NULL},
        {false, "Account=", account, NULL, NULL},
        {false, "QOS=", qos, NULL, NULL},
        {true, "JobState=", state, NULL, NULL},
        {false, "Reason=", reason, NULL, NULL},
        {false, "Dependency=", dependency, NULL, NULL},
        {true, "Requeue=", requeue, NULL, NULL},
        {false, "Restarts=", restarts, NULL, NULL},
        {false, "BatchFlag=", batch_flag, NULL, NULL},
        {false, "Reboot=0", NULL, NULL, NULL},
        {false, "ExitCode=", exit_code, NULL, NULL},
        {true, "DerivedExitCode=", derived_exit_code, when_detail, NULL},
        {true, "RunTime=", run_time, NULL, NULL},
        {false, "TimeLimit=", time_limit, NULL, NULL},
        {false, "TimeMin=", time_min, NULL, NULL},
        {true, "SubmitTime=", submit_time, NULL, NULL},
        {false, "EligibleTime=", eligible_time, NULL, NULL},
        {true, "AccrueTime=", accrue_time, NULL, NULL},
        {true, "StartTime=", start_time, NULL, NULL},
        {false, "EndTime=", end_time, NULL, NULL},
        {false, "Deadline=", deadline, NULL, NULL},
        {true, "SuspendTime=", suspend_time, NULL, NULL},
        {false, "SecsPreSuspend=", pre_suspend, NULL, NULL},
        {false, "LastSchedEval=", last_sched_eval, when_evaluated, NULL},
        {false, "Scheduler=", scheduler, when_evaluated, NULL},
        {true, "Partition=", partition, NULL, NULL},
        {false, "AllocNode:Sid=", alloc_node, NULL, NULL},
        {true, "ReqNodeList=", req_nodes, NULL, NULL},
        {false, "ExcNodeList=", exc_nodes, NULL, NULL},
        {true, "NodeList=", nodes, NULL, NULL},
        {false, "SchedNodeList=", sched_nodes, when_planned, NULL},
        {true, "BatchHost=", batch_host, when_batch_host, NULL},
        {true, "NumNodes=", num_nodes, NULL, NULL},
        {false, "NumCPUs=", num_cpus, NULL, NULL},
        {false, "NumTasks=", num_tasks, NULL, NULL},
        {false, "CPUs/Task=", cpus_per_task, NULL, NULL},
        {false, "ReqB:S:C:T=", req_bsct, NULL, NULL},
        {true, "TRES=", tres, NULL, NULL},
        {true, "Socks/Node=", socks_per_node, NULL, NULL},
        {false, "NtasksPerN:B:S:C=", ntasks_per_node, NULL, NULL},
        {false, "CoreSpec=", core_spec, NULL, NULL},
        {SHOW_LINES, "JOB_GRES=(null)", shares, when_detail, NULL},
        {true, "MinCPUsNode=", min_cpus_node, NULL, NULL},
        {false, "", min_memory, NULL, NULL},
        {false, "MinTmpDiskNode=", min_tmp_disk, NULL, NULL},
        {true, "Features=", features, NULL, NULL},
        {false, "DelayBoot=", delay_boot, NULL, NULL},
        {true, "Prefer=", prefer, when_prefer, NULL},
        {true, "ClusterFeatures=", cluster_features, when_cluster_features, NULL},
        {true, "OverSubscribe=", oversubscribe, NULL, NULL},
        {false, "Contiguous=", contiguous, NULL, NULL},
        {false, "Licenses=", licenses, NULL, NULL},
        {false, "Network=", network, NULL, NULL},
        {true, "Command=", command, NULL, NULL},
        {true, "WorkDir=", work_dir, NULL, NULL},
        {true, "AdminComment=", admin_comment, when_admin_comment, NULL},
        {true, "Comment=", comment, when_comment, NULL},
        {true, "StdErr=", std_err, when_batch, NULL},
        {true, "StdIn=", std_in, when_batch, NULL},
        {true, "StdOut=", std_out, when_batch, NULL},
        {true, "Switches=", switches, when_switches, NULL},
        {true, "BurstBuffer=", burst_buffer, when_burst_buffer, NULL},
        {true, "", cpu_freq, when_cpu_freq, NULL},
        {true, "Power=", power, NULL, NULL},
        {true, "", mail, when_mail, NULL},
        {true, "", flags, when_flags, NULL},
        {true, "TresBind=", tres_bind, when_tres_bind, NULL},
        {true, "TresFreq=", tres_freq, when_tres_freq, NULL},
        {true, "", NULL, NULL, NULL},
};

void show_job(const struct job_info *job, const struct show_ctx *ctx, struct text *out)
{
	show_rows(rows, sizeof(rows) / sizeof(rows[0]), job, ctx, out);
}
