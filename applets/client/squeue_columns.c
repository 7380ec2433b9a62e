#include "applets/client/job_name.h"
#include "applets/client/show.h"
#include "applets/client/squeue.h"
#include "core/util/hostlist.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROW          ((const struct squeue_row *)record)
#define JOB          (ROW->job)
#define STEP         (ROW->step)
#define NOW          (((const struct squeue_ctx *)ctx)->now)
#define TEXT(name)   static void name(struct text *out, const void *record, const void *ctx)
#define NUMBER(name) static int64_t name(const void *record, const void *ctx)
#define UNUSED       (void)record, (void)ctx

/* A string member, NULL as `none`. */
#define MEMBER(name, what, none)                                                                             \
	TEXT(name)                                                                                           \
	{                                                                                                    \
		UNUSED;                                                                                      \
		text_add(out, (what) ? (what) : (none));                                                     \
	}
/* A number as sort key and as text. */
#define NUMERIC(name, what)                                                                                  \
	NUMBER(name##_number)                                                                                \
	{                                                                                                    \
		UNUSED;                                                                                      \
		return (int64_t)(what);                                                                      \
	}                                                                                                    \
	TEXT(name)                                                                                           \
	{                                                                                                    \
		text_printf(out, "%" PRId64, name##_number(record, ctx));                                    \
	}

/* ---- both ---- */

void squeue_id(struct text *out, const struct squeue_row *row)
{
	if (row->task != CORE_NO_VAL)
		text_printf(out, "%" PRIu32 "_%" PRIu32, row->job->spec->array_job_id, row->task);
	else
		job_name_print(out, row->job->spec, row->job->state);
	if (row->step)
		job_name_step(out, row->step->step_id);
}

TEXT(id)
{
	(void)ctx;
	squeue_id(out, record);
}

NUMBER(id_number)
{
	(void)ctx;
	if (STEP || !JOB->spec->array_job_id)
		return (int64_t)JOB->spec->job_id << 32 | (STEP ? STEP->step_id : 0);
	return (int64_t)JOB->spec->array_job_id << 32 |
	       (ROW->task != CORE_NO_VAL ? ROW->task : JOB->spec->array_task_id);
}

NUMBER(array_id_number)
{
	(void)ctx;
	return JOB->spec->array_job_id ? JOB->spec->array_job_id : JOB->spec->job_id;
}

TEXT(array_id)
{
	text_printf(out, "%" PRId64, array_id_number(record, ctx));
}

NUMBER(array_task_number)
{
	(void)ctx;
	return ROW->task != CORE_NO_VAL ? ROW->task : JOB->spec->array_task_id;
}

TEXT(array_task)
{
	(void)ctx;
	if (!JOB->spec->array_job_id)
		text_add(out, "N/A");
	else if (ROW->task != CORE_NO_VAL)
		text_printf(out, "%" PRIu32, ROW->task);
	else
		job_name_tasks(out, JOB->spec, JOB->state);
}

static const char *partition_of(const struct job_info *job)
{
	return job->state->partition ? job->state->partition : job->spec->partition;
}

MEMBER(partition, ROW->partition ? ROW->partition : partition_of(JOB), "")
MEMBER(user, JOB->spec->who->user_name, "")
NUMERIC(uid, JOB->spec->who->uid)
NUMERIC(gid, JOB->spec->who->gid)
MEMBER(group, JOB->spec->who->group_name, "")

/* ---- jobs ---- */

NUMERIC(job_id, JOB->spec->job_id)
NUMERIC(priority, JOB->state->hold ? 0 : JOB->state->priority)
NUMERIC(nice, JOB->spec->nice)
NUMERIC(cpus, JOB->cpus)
NUMERIC(cpus_max, JOB->state->state == JOB_PENDING && JOB->spec->cpus_max ? JOB->spec->cpus_max : JOB->cpus)
NUMERIC(nodes, JOB->node_count ? JOB->node_count : JOB->spec->nodes_min)
NUMERIC(min_cpus, (int64_t)show_min_cpus(JOB->spec))
NUMERIC(contiguous, JOB->spec->contiguous)
NUMERIC(restarts, JOB->state->restarts)
NUMERIC(tasks, JOB->spec->tasks)
NUMERIC(alloc_sid, JOB->spec->alloc_sid)
NUMERIC(requeue, JOB->spec->requeue)
MEMBER(name, JOB->spec->name, "")
MEMBER(account, JOB->spec->account, "(null)")
MEMBER(comment, JOB->spec->comment, "(null)")
MEMBER(features, job_features(JOB->spec, JOB->state), "(null)")
MEMBER(prefer, JOB->state->state == JOB_PENDING ? JOB->spec->prefer : NULL, "(null)")
MEMBER(dependency, JOB->dependency, "(null)")
MEMBER(qos, JOB->spec->qos, "(null)")
MEMBER(reservation, JOB->spec->reservation, "(null)")
MEMBER(wckey, JOB->spec->wckey, "(null)")
MEMBER(licenses, JOB->spec->licenses, "(null)")
MEMBER(req_nodes, JOB->spec->req_nodes, "")
MEMBER(exc_nodes, JOB->spec->exc_nodes, "")
MEMBER(work_dir, JOB->spec->work_dir, "")
MEMBER(node_list, JOB->nodes, "")
MEMBER(alloc_node, JOB->spec->alloc_node, "")
MEMBER(sched_nodes, JOB->sched_nodes, "(null)")
MEMBER(batch_host, JOB->state->batch_host, "n/a")

void squeue_file(struct text *out, const struct job_info *job, const char *given, const char *expanded)
{
	if (given && given[0] != '/' && job->spec->work_dir)
		text_printf(out, "%s/", job->spec->work_dir);
	text_add(out, given ? given : expanded ? expanded : "");
}

TEXT(std_out)
{
	(void)ctx;
	squeue_file(out, JOB, JOB->spec->std_out, JOB->std_out);
}

TEXT(std_err)
{
	(void)ctx;
	/* Without a name of its own it goes where the output goes. */
	squeue_file(out, JOB, JOB->spec->std_err ? JOB->spec->std_err : JOB->spec->std_out, JOB->std_err);
}

TEXT(std_in)
{
	(void)ctx;
	squeue_file(out, JOB, JOB->spec->std_in, JOB->std_in);
}

MEMBER(state_code, job_shown_code(JOB->state->state, JOB->state->flags), "")
MEMBER(state_word, job_shown_word(JOB->state->state, JOB->state->flags), "")
MEMBER(tres_alloc, JOB->tres, "N/A")
MEMBER(not_available, NULL, "N/A")
MEMBER(null_word, NULL, "(null)")
MEMBER(nothing, NULL, "")

/* States sort by their names. */
NUMBER(state_number)
{
	(void)ctx;
	const char *word = job_shown_word(JOB->state->state, JOB->state->flags);
	int64_t rank = 0;
	for (int i = 0; i < 7; i++) {
		rank = rank << 8 | (unsigned char)*word;
		word += *word != '\0';
	}
	return rank;
}

TEXT(exec_host)
{
	if (JOB->spec->batch)
		batch_host(out, record, ctx);
	else
		text_add(out, JOB->state->state == JOB_PENDING ? "n/a"
		              : JOB->spec->alloc_node          ? JOB->spec->alloc_node
		                                               : "n/a");
}

static const char *reason_of(const struct job_info *job)
{
	return job->reason_text ? job->reason_text : job_reason_word(job->reason);
}

MEMBER(reason, reason_of(JOB), "")

/* A pending job's reason or a failed one's cause, in brackets; else its nodes. */
TEXT(reason_or_nodes)
{
	(void)ctx;
	uint32_t s = JOB->state->state;
	bool failed = s == JOB_FAILED || s == JOB_TIMEOUT || s == JOB_BOOT_FAIL || s == JOB_DEADLINE ||
	              s == JOB_OUT_OF_MEMORY;
	if ((s == JOB_PENDING || failed) && !(JOB->state->flags & JOB_FLAG_COMPLETING))
		text_printf(out, "(%s)", reason_of(JOB));
	else
		text_add(out, JOB->nodes ? JOB->nodes : "");
}

static int64_t elapsed_s(const struct job_info *job, int64_t now)
{
	return show_run_time(job->state, now);
}

NUMBER(elapsed_number)
{
	return elapsed_s(JOB, NOW);
}

TEXT(elapsed)
{
	show_elapsed(out, elapsed_s(JOB, NOW));
}

NUMBER(limit_number)
{
	(void)ctx;
	return JOB->limit_min;
}

static void print_limit(struct text *out, uint32_t minutes)
{
	if (minutes == CORE_NO_VAL)
		text_add(out, "NOT_SET");
	else if (minutes == CORE_INFINITE)
		text_add(out, "UNLIMITED");
	else
		show_elapsed(out, (int64_t)minutes * 60);
}

TEXT(limit)
{
	(void)ctx;
	print_limit(out, JOB->limit_min);
}

NUMBER(left_number)
{
	uint32_t minutes = JOB->limit_min;
	if (minutes == CORE_NO_VAL || minutes == CORE_INFINITE)
		return INT64_MAX;
	return (int64_t)minutes * 60 - elapsed_s(JOB, NOW);
}

TEXT(left)
{
	int64_t s = left_number(record, ctx);
	if (s == INT64_MAX)
		print_limit(out, JOB->limit_min);
	else
		show_elapsed(out, s);
}

NUMBER(submit_number)
{
	(void)ctx;
	return JOB->spec->submit_time / CORE_SECOND;
}

TEXT(submit_time)
{
	(void)ctx;
	show_time(out, JOB->spec->submit_time, "N/A");
}

/* Those that nobody knows yet come last. */
NUMBER(start_number)
{
	(void)ctx;
	int64_t start = show_expected_start(JOB);
	return start ? start / CORE_SECOND : INT64_MAX;
}

TEXT(start_time)
{
	(void)ctx;
	show_time(out, show_expected_start(JOB), "N/A");
}

/* Of a job whose start is known already, too. */
NUMBER(end_number)
{
	(void)ctx;
	int64_t start = JOB->state->state == JOB_PENDING ? show_expected_start(JOB) : 0;
	bool limited = JOB->limit_min != CORE_INFINITE && JOB->limit_min != CORE_NO_VAL;
	if (start && limited)
		return start + (int64_t)JOB->limit_min * 60 * CORE_SECOND;
	return JOB->state->end_time ? JOB->state->end_time : JOB->end_limit;
}

TEXT(end_time)
{
	show_time(out, end_number(record, ctx), JOB->state->state == JOB_PENDING ? "N/A" : "NONE");
}

TEXT(eligible_time)
{
	(void)ctx;
	show_time(out, show_eligible(JOB->spec, JOB->state), "N/A");
}

TEXT(accrue_time)
{
	(void)ctx;
	show_time(out, JOB->state->accrue_time, "N/A");
}

TEXT(deadline)
{
	(void)ctx;
	show_time(out, JOB->spec->deadline, "N/A");
}

NUMBER(memory_number)
{
	(void)ctx;
	uint64_t mib =
	        JOB->spec->mem_per_cpu != CORE_NO_VAL64 ? JOB->spec->mem_per_cpu : JOB->spec->mem_per_node;
	return mib == CORE_NO_VAL64 ? 0 : (int64_t)mib;
}

static void print_mib(struct text *out, int64_t mib, const void *ctx)
{
	if (mib == 0)
		text_add(out, "0");
	else if (((const struct squeue_ctx *)ctx)->no_convert)
		text_printf(out, "%" PRId64 "M", mib);
	else
		text_add_size(out, (uint64_t)mib, 'M');
}

TEXT(memory)
{
	print_mib(out, memory_number(record, ctx), ctx);
}

NUMBER(min_tmp_number)
{
	(void)ctx;
	return JOB->spec->min_tmp_disk;
}

TEXT(min_tmp)
{
	print_mib(out, min_tmp_number(record, ctx), ctx);
}

/* The priority as a fraction of the largest one. */
TEXT(priority_fraction)
{
	text_printf(out, "%.14f", (double)priority_number(record, ctx) / 4294967295.0);
}

TEXT(command)
{
	(void)ctx;
	text_add(out, JOB->spec->command ? JOB->spec->command : "(null)");
	for (uint32_t i = 0; JOB->spec->command && i < JOB->spec->argv.n; i++)
		text_printf(out, " %s", JOB->spec->argv.v[i]);
}

TEXT(oversubscribe)
{
	(void)ctx;
	text_add(out, job_sharing_word(JOB->sharing));
}

static void asked(struct text *out, uint32_t n, const char *none)
{
	if (n == 0 || n == CORE_NO_VAL)
		text_add(out, none);
	else
		text_printf(out, "%" PRIu32, n);
}

/* What wasn't asked for sorts behind the numbers. */
NUMBER(sockets_number)
{
	(void)ctx;
	return JOB->spec->sockets_per_node ? JOB->spec->sockets_per_node : UINT32_MAX;
}

TEXT(sockets)
{
	(void)ctx;
	asked(out, JOB->spec->sockets_per_node, "*");
}

TEXT(cores)
{
	(void)ctx;
	asked(out, JOB->spec->cores_per_socket, "*");
}

TEXT(threads)
{
	(void)ctx;
	asked(out, JOB->spec->threads_per_core, "*");
}

TEXT(sct)
{
	sockets(out, record, ctx);
	text_add(out, ":");
	cores(out, record, ctx);
	text_add(out, ":");
	threads(out, record, ctx);
}

TEXT(core_spec)
{
	(void)ctx;
	asked(out, JOB->spec->core_spec, "N/A");
}

TEXT(exit_code)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, JOB->state->exit_status);
}

TEXT(derived_exit_code)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, JOB->state->derived_status);
}

/* What is here always as it is in a cluster without federation, burst buffers or heterogeneous jobs. */
MEMBER(none_na, NULL, "NA")
MEMBER(zero, NULL, "0")
MEMBER(not_set, NULL, "NotSet")
MEMBER(no_delay, NULL, "0:00")
MEMBER(admin_comment, JOB->spec->admin_comment, "(null)")
NUMERIC(batch_flag, JOB->spec->batch)
NUMERIC(tasks_per_node, JOB->spec->tasks_per_node)
NUMERIC(cpus_per_task, JOB->spec->cpus_per_task ? JOB->spec->cpus_per_task : 1)

NUMBER(max_nodes_number)
{
	(void)ctx;
	return JOB->state->state != JOB_PENDING ? JOB->node_count
	       : JOB->spec->nodes_max           ? JOB->spec->nodes_max
	                                        : JOB->node_count;
}

TEXT(max_nodes)
{
	text_printf(out, "%" PRId64, max_nodes_number(record, ctx));
}

TEXT(time_min)
{
	(void)ctx;
	show_elapsed(out, JOB->spec->time_min_min == CORE_NO_VAL ? 0 : (int64_t)JOB->spec->time_min_min * 60);
}

TEXT(last_sched_eval)
{
	(void)ctx;
	show_time(out, JOB->state->last_sched_eval, "N/A");
}

/* Seconds from the submit to the start, or until now. */
NUMBER(pending_time_number)
{
	int64_t start = JOB->state->state == JOB_PENDING || JOB->state->start_time == 0
	                        ? NOW
	                        : JOB->state->start_time;
	return start > JOB->spec->submit_time ? (start - JOB->spec->submit_time) / CORE_SECOND : 0;
}

TEXT(pending_time)
{
	text_printf(out, "%" PRId64, pending_time_number(record, ctx));
}

TEXT(cluster)
{
	(void)record;
	text_add(out, ((const struct squeue_ctx *)ctx)->cluster);
}

/* In the order in which %all prints them. Rows without a letter come last. */
const struct column squeue_job_columns[] = {
        {'a', "account", "ACCOUNT", 0, account, NULL},
        {'b', "tres-per-node", "TRES_PER_NODE", 0, not_available, NULL},
        {0, "gres", "TRES_PER_NODE", 0, not_available, NULL},
        {'c', "mincpus", "MIN_CPUS", 0, min_cpus, min_cpus_number},
        {'d', "mintmpdisk", "MIN_TMP_DISK", 0, min_tmp, min_tmp_number},
        {'e', "endtime", "END_TIME", 0, end_time, end_number},
        {'f', "feature", "FEATURES", 0, features, NULL},
        {'g', "groupname", "GROUP", 0, group, NULL},
        {'h', "oversubscribe", "OVER_SUBSCRIBE", 0, oversubscribe, NULL},
        {'i', "jobarrayid", "JOBID", 0, id, id_number},
        {'j', "name", "NAME", 0, name, NULL},
        {'k', "comment", "COMMENT", 0, comment, NULL},
        {'l', "timelimit", "TIME_LIMIT", COLUMN_WHOLE_NUMBER, limit, limit_number},
        {'m', "minmemory", "MIN_MEMORY", 0, memory, memory_number},
        {'n', "reqnodes", "REQ_NODES", COLUMN_WHOLE, req_nodes, NULL},
        {'o', "command", "COMMAND", 0, command, NULL},
        {'p', "priority", "PRIORITY", 0, priority_fraction, priority_number},
        {'q', "qos", "QOS", 0, qos, NULL},
        {'r', "reason", "REASON", 0, reason, NULL},
        {'s', "selectjobinfo", "", 0, nothing, NULL},
        {'t', "statecompact", "ST", 0, state_code, state_number},
        {'u', "username", "USER", 0, user, NULL},
        {'v', "reservation", "RESERVATION", 0, reservation, NULL},
        {'w', "wckey", "WCKEY", 0, wckey, NULL},
        {'x', "excnodes", "EXC_NODES", COLUMN_WHOLE, exc_nodes, NULL},
        {'y', "nice", "NICE", 0, nice, nice_number},
        {'z', "sct", "S:C:T", 0, sct, sockets_number},
        {'A', "jobid", "JOBID", 0, job_id, job_id_number},
        {'B', "batchhost", "EXEC_HOST", 0, exec_host, NULL},
        {'C', "numcpus", "CPUS", 0, cpus, cpus_number},
        {'D', "numnodes", "NODES", 0, nodes, nodes_number},
        {'E', "dependency", "DEPENDENCY", 0, dependency, NULL},
        {'F', "arrayjobid", "ARRAY_JOB_ID", 0, array_id, array_id_number},
        {'G', "groupid", "GROUP", 0, gid, gid_number},
        {'H', "sockets", "SOCKETS_PER_NODE", 0, sockets, sockets_number},
        {'I', "cores", "CORES_PER_SOCKET", 0, cores, NULL},
        {'J', "threads", "THREADS_PER_CORE", 0, threads, NULL},
        {'K', "arraytaskid", "ARRAY_TASK_ID", 0, array_task, array_task_number},
        {'L', "timeleft", "TIME_LEFT", COLUMN_WHOLE_NUMBER, left, left_number},
        {'M', "timeused", "TIME", COLUMN_WHOLE_NUMBER, elapsed, elapsed_number},
        {'N', "nodelist", "NODELIST", COLUMN_WHOLE, node_list, NULL},
        {'O', "contiguous", "CONTIGUOUS", 0, contiguous, contiguous_number},
        {'P', "partition", "PARTITION", 0, partition, NULL},
        {'Q', "prioritylong", "PRIORITY", 0, priority, priority_number},
        {'R', "reasonlist", "NODELIST(REASON)", COLUMN_WHOLE, reason_or_nodes, NULL},
        {'S', "starttime", "START_TIME", 0, start_time, start_number},
        {'T', "state", "STATE", 0, state_word, state_number},
        {'U', "userid", "UID", 0, uid, uid_number},
        {'V', "submittime", "SUBMIT_TIME", 0, submit_time, submit_number},
        {'W', "licenses", "LICENSES", 0, licenses, NULL},
        {'X', "corespec", "CORE_SPEC", 0, core_spec, NULL},
        {'Y', "schednodes", "SCHEDNODES", COLUMN_WHOLE, sched_nodes, NULL},
        {'Z', "workdir", "WORK_DIR", 0, work_dir, NULL},
        {0, "shared", "OVER_SUBSCRIBE", 0, oversubscribe, NULL},
        {0, "numtask", "TASKS", 0, tasks, tasks_number},
        {0, "wait4switch", "WAIT4SWITCH", 0, no_delay, NULL},
        {0, "accruetime", "ACCRUE_TIME", 0, accrue_time, NULL},
        {0, "eligibletime", "ELIGIBLE_TIME", 0, eligible_time, NULL},
        {0, "deadline", "DEADLINE", 0, deadline, NULL},
        {0, "allocnodes", "ALLOC_NODES", 0, alloc_node, NULL},
        {0, "allocsid", "ALLOC_SID", 0, alloc_sid, alloc_sid_number},
        {0, "exit_code", "EXIT_CODE", 0, exit_code, NULL},
        {0, "derivedec", "DERIVED_EC", 0, derived_exit_code, NULL},
        {0, "numtasks", "TASKS", 0, tasks, tasks_number},
        {0, "requeue", "REQUEUE", 0, requeue, requeue_number},
        {0, "restartcnt", "RESTART_COUNT", 0, restarts, restarts_number},
        {0, "stdin", "STDIN", 0, std_in, NULL},
        {0, "stdout", "STDOUT", 0, std_out, NULL},
        {0, "stderr", "STDERR", 0, std_err, NULL},
        {0, "tres-alloc", "TRES_ALLOC", 0, tres_alloc, NULL},
        {0, "tres", "TRES_ALLOC", 0, tres_alloc, NULL},
        {0, "admin_comment", "ADMIN_COMMENT", 0, admin_comment, NULL},
        {0, "associd", "ASSOC_ID", 0, zero, NULL},
        {0, "batchflag", "BATCH_FLAG", 0, batch_flag, batch_flag_number},
        {0, "boardspernode", "BOARDS_PER_NODE", 0, zero, NULL},
        {0, "burstbuffer", "BURST_BUFFER", 0, null_word, NULL},
        {0, "burstbufferstate", "BURST_BUFFER_STATE", 0, null_word, NULL},
        {0, "cluster", "CLUSTER", 0, cluster, NULL},
        {0, "clusterfeature", "CLUSTER_FEATURES", 0, null_word, NULL},
        {0, "container", "CONTAINER", 0, null_word, NULL},
        {0, "cpus-per-task", "CPUS_PER_TASK", 0, cpus_per_task, cpus_per_task_number},
        {0, "cpus-per-tres", "CPUS_PER_TRES", 0, not_available, NULL},
        {0, "delayboot", "DELAY_BOOT", 0, no_delay, NULL},
        {0, "hetjobid", "HET_JOB_ID", 0, not_available, NULL},
        {0, "hetjobidset", "HET_JOB_ID_SET", 0, not_available, NULL},
        {0, "hetjoboffset", "HET_JOB_OFFSET", 0, not_available, NULL},
        {0, "lastschedeval", "LAST_SCHED_EVAL", 0, last_sched_eval, NULL},
        {0, "maxcpus", "MAX_CPUS", 0, cpus_max, cpus_max_number},
        {0, "maxnodes", "MAX_NODES", 0, max_nodes, max_nodes_number},
        {0, "mcslabel", "MCSLABEL", 0, null_word, NULL},
        {0, "mem-per-tres", "MEM_PER_TRES", 0, not_available, NULL},
        {0, "mintime", "TIME_MIN", 0, time_min, NULL},
        {0, "network", "NETWORK", 0, null_word, NULL},
        {0, "ntperboard", "NTASKS_PER_BOARD", 0, zero, NULL},
        {0, "ntpercore", "NTASKS_PER_CORE", 0, not_available, NULL},
        {0, "ntpernode", "NTASKS_PER_NODE", 0, tasks_per_node, tasks_per_node_number},
        {0, "ntpersocket", "NTASKS_PER_SOCKET", 0, not_available, NULL},
        {0, "origin", "ORIGIN", 0, none_na, NULL},
        {0, "originraw", "ORIGIN_RAW", 0, none_na, NULL},
        {0, "pendingtime", "PENDING_TIME", 0, pending_time, pending_time_number},
        {0, "preempttime", "PREEMPT_TIME", 0, not_available, NULL},
        {0, "prefer", "PREFER", 0, prefer, NULL},
        {0, "profile", "PROFILE", 0, not_set, NULL},
        {0, "reboot", "REBOOT", 0, zero, NULL},
        {0, "reqswitch", "REQ_SWITCH", 0, zero, NULL},
        {0, "resizetime", "RESIZE_TIME", 0, not_available, NULL},
        {0, "siblingsactive", "ACTIVE_SIBLINGS", 0, none_na, NULL},
        {0, "siblingsactiveraw", "ACTIVE_SIBLINGS_RAW", 0, none_na, NULL},
        {0, "siblingsviable", "VIABLE_SIBLINGS", 0, none_na, NULL},
        {0, "siblingsviableraw", "VIALBLE_SIBLINGS_RAW", 0, none_na, NULL},
        {0, "sperboard", "SOCKETS_PER_BOARD", 0, zero, NULL},
        {0, "system_comment", "SYSTEM_COMMENT", 0, null_word, NULL},
        {0, "tres-bind", "TRES_BIND", 0, not_available, NULL},
        {0, "tres-freq", "TRES_FREQ", 0, not_available, NULL},
        {0, "tres-per-job", "TRES_PER_JOB", 0, not_available, NULL},
        {0, "tres-per-socket", "TRES_PER_SOCKET", 0, not_available, NULL},
        {0, "tres-per-task", "TRES_PER_TASK", 0, not_available, NULL},
};
const size_t squeue_job_column_count = sizeof(squeue_job_columns) / sizeof(squeue_job_columns[0]);

bool squeue_shows_files(const char *letters, const char *names)
{
	static const char *const of_files[] = {"command", "workdir", "std"};
	for (size_t i = 0; names && i < sizeof(of_files) / sizeof(of_files[0]); i++)
		if (strcasestr(names, of_files[i]))
			return true;
	return letters && (strpbrk(letters, "oZ") || strcasestr(letters, "all"));
}

/* ---- steps ---- */

MEMBER(step_name, STEP->name, "")
NUMERIC(step_tasks, STEP->tasks)
NUMERIC(step_array, JOB->spec->array_job_id)

TEXT(step_nodes)
{
	(void)ctx;
	struct hostlist *names = hostlist_new();
	for (uint32_t i = 0; i < STEP->nodes.n; i++)
		hostlist_add_name(names, STEP->nodes.v[i].node);
	hostlist_compress(names, out);
	hostlist_free(names);
}

NUMBER(step_elapsed_number)
{
	int64_t end = STEP->end_time ? STEP->end_time : NOW;
	return end > STEP->start_time ? (end - STEP->start_time) / CORE_SECOND : 0;
}

TEXT(step_elapsed)
{
	show_elapsed(out, step_elapsed_number(record, ctx));
}

NUMBER(step_start_number)
{
	(void)ctx;
	return STEP->start_time / CORE_SECOND;
}

TEXT(step_start)
{
	(void)ctx;
	show_time(out, STEP->start_time, "N/A");
}

TEXT(step_limit)
{
	(void)ctx;
	print_limit(out, STEP->time_limit_min == CORE_NO_VAL ? CORE_INFINITE : STEP->time_limit_min);
}

TEXT(step_state)
{
	(void)ctx;
	text_add(out, job_state_word(STEP->state));
}

TEXT(cpu_freq)
{
	(void)ctx;
	text_add(out, STEP->step_id == CORE_STEP_BATCH ? "0-0:0" : "Unknown-Unknown:Unknown");
}

/* A batch script has none of its own, as the real one counts. */
NUMERIC(step_cpus, STEP->step_id == CORE_STEP_BATCH ? 0 : (int64_t)STEP->tasks * STEP->cpus_per_task)

const struct column squeue_step_columns[] = {
        {'A', "numtasks", "TASKS", 0, step_tasks, step_tasks_number},
        {'b', "tres-per-node", "TRES_PER_JOB", 0, null_word, NULL},
        {'i', "stepid", "STEPID", 0, id, id_number},
        {'j', "stepname", "NAME", 0, step_name, NULL},
        {'l', "timelimit", "TIME_LIMIT", 0, step_limit, NULL},
        {'M', "timeused", "TIME", 0, step_elapsed, step_elapsed_number},
        {'N', "nodes", "NODELIST", 0, step_nodes, NULL},
        {'P', "partition", "PARTITION", 0, partition, NULL},
        {'S', "starttime", "START_TIME", 0, step_start, step_start_number},
        {'u', "username", "USER", 0, user, NULL},
        {'U', "userid", "UID", 0, uid, uid_number},
        {0, "arrayjobid", "ARRAY_JOB_ID", 0, step_array, NULL},
        {0, "arraytaskid", "ARRAY_TASK_ID", 0, array_task, array_task_number},
        {0, "numtask", "TASKS", 0, step_tasks, step_tasks_number},
        {0, "jobid", "JOB_ID", 0, job_id, job_id_number},
        {0, "stepstate", "STATE", 0, step_state, NULL},
        {0, "cluster", "CLUSTER", 0, cluster, NULL},
        {0, "container", "CONTAINER", 0, null_word, NULL},
        {0, "cpufreq", "CPU_FREQ", 0, cpu_freq, NULL},
        {0, "cpus-per-tres", "CPUS_PER_TRES", 0, null_word, NULL},
        {0, "mem-per-tres", "MEM_PER_TRES", 0, null_word, NULL},
        {0, "network", "NETWORK", 0, null_word, NULL},
        {0, "numcpus", "NUM_CPUS", 0, step_cpus, step_cpus_number},
        {0, "tres-bind", "TRES_BIND", 0, null_word, NULL},
        {0, "tres-freq", "TRES_FREQ", 0, null_word, NULL},
        {0, "tres-per-job", "TRES_PER_STEP", 0, null_word, NULL},
        {0, "tres-per-socket", "TRES_PER_SOCKET", 0, null_word, NULL},
        {0, "tres-per-step", "TRES_PER_STEP", 0, null_word, NULL},
        {0, "tres-per-task", "TRES_PER_TASK", 0, null_word, NULL},
};
const size_t squeue_step_column_count = sizeof(squeue_step_columns) / sizeof(squeue_step_columns[0]);
