#include "applets/client/sacct.h"

#include "applets/client/job_name.h"
#include "applets/client/show.h"
#include "applets/common/users.h"
#include "core/util/hostlist.h"

#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#define ROW        ((const struct sacct_row *)record)
#define SPEC       (ROW->job->spec)
#define STATE      (ROW->job->state)
#define STEP       (ROW->step)
#define NOW        (((const struct sacct_ctx *)ctx)->now)
#define TEXT(name) static void name(struct text *out, const void *record, const void *ctx)
#define UNUSED     (void)record, (void)ctx
/* A string that only a job's row has, or a job's and a step's. */
#define JOB_STR(name, member)                                                                                \
	TEXT(name)                                                                                           \
	{                                                                                                    \
		UNUSED;                                                                                      \
		if (!STEP && (member))                                                                       \
			text_add(out, member);                                                               \
	}
#define JOB_NUMBER(name, value)                                                                              \
	TEXT(name)                                                                                           \
	{                                                                                                    \
		UNUSED;                                                                                      \
		if (!STEP)                                                                                   \
			text_printf(out, "%" PRId64, (int64_t)(value));                                      \
	}
#define TIME(name, job_value, step_value, unset)                                                             \
	TEXT(name)                                                                                           \
	{                                                                                                    \
		UNUSED;                                                                                      \
		show_time(out, STEP ? (step_value) : (job_value), unset);                                    \
	}

TEXT(job_id)
{
	(void)ctx;
	struct text tasks = TEXT_EMPTY;
	job_name_tasks(&tasks, SPEC, STATE);
	if (!SPEC->array_job_id)
		text_printf(out, "%" PRIu32, SPEC->job_id);
	else
		text_printf(out, STATE->array_tasks ? "%" PRIu32 "_[%s]" : "%" PRIu32 "_%s",
		            SPEC->array_job_id, text_str(&tasks));
	text_free(&tasks);
	if (STEP)
		job_name_step(out, STEP->step_id);
}

TEXT(job_id_raw)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, SPEC->job_id);
	if (STEP)
		job_name_step(out, STEP->step_id);
}

TEXT(name)
{
	(void)ctx;
	const char *s = STEP ? STEP->name : SPEC->name;
	text_add(out, s ? s : "");
}

TEXT(account)
{
	(void)ctx;
	text_add(out, SPEC->account ? SPEC->account : "");
}

JOB_STR(user, SPEC->who->user_name)
JOB_STR(group, SPEC->who->group_name)
JOB_STR(partition, STATE->partition ? STATE->partition : SPEC->partition)
JOB_STR(qos, SPEC->qos)
JOB_STR(comment, SPEC->comment)
JOB_STR(admin_comment, SPEC->admin_comment)
JOB_STR(wckey, SPEC->wckey)
JOB_STR(work_dir, SPEC->work_dir)
JOB_STR(reason, job_reason_word(STATE->reason))
JOB_STR(constraints, SPEC->features)
JOB_NUMBER(uid, SPEC->who->uid)
JOB_NUMBER(gid, SPEC->who->gid)
JOB_NUMBER(priority, STATE->priority)
TIME(submit_time, SPEC->submit_time, STEP->start_time, "Unknown")
TIME(eligible_time, show_eligible(SPEC, STATE), STEP->start_time, "Unknown")
TIME(start_time, STATE->start_time, STEP->start_time, "Unknown")
TIME(end_time, STATE->end_time, STEP->end_time, "Unknown")

void sacct_print_size(struct text *out, uint64_t n, char of, const struct sacct_ctx *ctx)
{
	static const char units[] = " KMGTP"; /* a number of nothing in particular has none */
	const char *unit = strchr(units, of ? of : ' '), *to = ctx->unit ? strchr(units, ctx->unit) : unit;
	double value = (double)n;
	if (n == 0) {
		text_add(out, "0");
		return;
	}
	if (!ctx->unit && !ctx->no_convert) {
		text_add_size(out, n, *unit);
		return;
	}
	for (; unit < to; unit++)
		value /= 1024;
	for (; unit > to; unit--)
		value *= 1024;
	text_printf(out, value == (double)(uint64_t)value ? "%.0f" : "%.2f", value);
	if (*unit != ' ')
		text_add_char(out, *unit);
}

static uint32_t shown_state(const struct sacct_row *row)
{
	return row->step ? row->step->state : row->job->state->state;
}

TEXT(state)
{
	(void)ctx;
	uint32_t s = shown_state(ROW), by = STEP ? CORE_NO_VAL : STATE->ended_by_uid;
	text_add(out, job_state_word(s));
	if (s == JOB_CANCELLED && by != CORE_NO_VAL)
		text_printf(out, " by %" PRIu32, by);
}

TEXT(exit_code)
{
	(void)ctx;
	/* Of a job that was ended, the end of its batch script is that step's. */
	const bool was_ended = STATE->state == JOB_CANCELLED || STATE->state == JOB_TIMEOUT;
	show_exit(out, STEP ? STEP->exit_status : was_ended ? 0 : STATE->exit_status);
}

TEXT(derived_exit_code)
{
	(void)ctx;
	if (!STEP)
		show_exit(out, STATE->derived_status);
}

int64_t sacct_elapsed(const struct sacct_row *row, int64_t now)
{
	int64_t start = row->step ? row->step->start_time : 0, end = row->step ? row->step->end_time : 0;
	const struct job_state *state = row->job->state;
	if (!row->step)
		return show_run_time(state, now);
	if (start == 0)
		return 0;
	if (end == 0)
		end = state->state == JOB_SUSPENDED ? state->suspend_time : now;
	int64_t ran = (end - start) / CORE_SECOND - row->step->suspended_s;
	return ran > 0 ? ran : 0;
}

TEXT(elapsed)
{
	show_hms(out, sacct_elapsed(ROW, NOW));
}

TEXT(elapsed_raw)
{
	text_printf(out, "%" PRId64, sacct_elapsed(ROW, NOW));
}

uint64_t sacct_cpus(const struct sacct_row *row)
{
	uint64_t n = 0;
	if (!row->step) {
		for (uint32_t i = 0; i < row->job->state->nodes.n; i++)
			n += row->job->state->nodes.v[i].cpus;
		return n;
	}
	/* The batch step runs on its node's share of the job. */
	for (uint32_t i = 0; row->step->step_id == CORE_STEP_BATCH && i < row->job->state->nodes.n; i++)
		if (text_eq(row->job->state->nodes.v[i].node, row->job->state->batch_host))
			return row->job->state->nodes.v[i].cpus;
	return (uint64_t)row->step->tasks * row->step->cpus_per_task;
}

/* Of a job that waits: what it asked for, as the real one has it. */
TEXT(alloc_cpus)
{
	(void)ctx;
	text_printf(out, "%" PRIu64, STEP || STATE->nodes.n ? sacct_cpus(ROW) : sacct_asked(ROW).cpus);
}

TEXT(req_cpus)
{
	(void)ctx;
	text_printf(out, "%" PRIu64, STEP ? sacct_cpus(ROW) : sacct_asked(ROW).cpus);
}

TEXT(tasks)
{
	(void)ctx;
	if (STEP)
		text_printf(out, "%" PRIu32, STEP->tasks);
}

static uint32_t node_count(const struct sacct_row *row)
{
	return row->step ? row->step->nodes.n : row->job->state->nodes.n;
}

TEXT(req_nodes)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, STEP ? STEP->nodes.n : SPEC->nodes_min);
}

TEXT(nodes)
{
	(void)ctx;
	uint32_t n = node_count(ROW);
	text_printf(out, "%" PRIu32, n ? n : SPEC->nodes_min);
}

TEXT(node_list)
{
	(void)ctx;
	struct hostlist *names = hostlist_new();
	for (uint32_t i = 0; i < node_count(ROW); i++)
		hostlist_add_name(names, STEP ? STEP->nodes.v[i].node : STATE->nodes.v[i].node);
	if (node_count(ROW))
		hostlist_compress(names, out);
	else
		text_add(out, "None assigned");
	hostlist_free(names);
}

/* What was recorded; before there was a record of it, what the request says. */
struct job_amounts sacct_asked(const struct sacct_row *row)
{
	const struct job_spec *spec = row->job->spec;
	if (row->job->asked)
		return *row->job->asked;
	struct job_amounts a = {.cpus = (uint64_t)spec->tasks *
	                                (spec->cpus_per_task ? spec->cpus_per_task : 1),
	                        .nodes = spec->nodes_min ? spec->nodes_min : 1};
	if (a.cpus < a.nodes)
		a.cpus = a.nodes;
	if (spec->mem_per_node != CORE_NO_VAL64)
		a.mem = spec->mem_per_node * a.nodes;
	else if (spec->mem_per_cpu != CORE_NO_VAL64)
		a.mem = spec->mem_per_cpu * a.cpus;
	a.billing = a.cpus;
	return a;
}

struct job_amounts sacct_had(const struct sacct_row *row)
{
	struct job_amounts a = {0};
	if (row->job->had)
		return *row->job->had;
	for (uint32_t i = 0; i < row->job->state->nodes.n; i++) {
		a.cpus += row->job->state->nodes.v[i].cpus;
		a.mem += row->job->state->nodes.v[i].mem;
		a.nodes++;
	}
	a.billing = a.cpus;
	return a;
}

TEXT(req_mem)
{
	const struct job_amounts asked = sacct_asked(ROW);
	if (!STEP && asked.mem)
		sacct_print_size(out, asked.mem, 'M', ctx);
}

static void print_amounts(struct text *out, const struct job_amounts *a, const void *ctx)
{
	text_printf(out, "billing=%" PRIu64 ",cpu=%" PRIu64, a->billing, a->cpus);
	if (a->mem) {
		text_add(out, ",mem=");
		sacct_print_size(out, a->mem, 'M', ctx);
	}
	text_printf(out, ",node=%" PRIu64, a->nodes);
}

TEXT(req_tres)
{
	const struct job_amounts asked = sacct_asked(ROW);
	if (!STEP)
		print_amounts(out, &asked, ctx);
}

const char *sacct_layout(const struct step_record *step)
{
	static const char *const words[] = {"Block", "Cyclic", "Plane", "Unknown"};
	return words[step->step_id == CORE_STEP_BATCH || step->dist > DIST_PLANE ? 3 : step->dist];
}

TEXT(layout)
{
	(void)ctx;
	if (STEP)
		text_add(out, sacct_layout(STEP));
}

TEXT(alloc_nodes)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, STEP ? STEP->nodes.n : STATE->nodes.n);
}

/* Nobody asks for a frequency here. */
TEXT(frequency)
{
	(void)ctx;
	text_add(out, STEP && STEP->step_id == CORE_STEP_BATCH ? "0" : "Unknown");
}

TEXT(flags)
{
	(void)ctx;
	if (!STEP)
		text_add(out, STATE->start_time ? "SchedMain,StartRecieved" : "StartRecieved");
}

struct usage sacct_usage(const struct sacct_row *row)
{
	struct usage u = {0};
	for (uint32_t s = 0; s < row->job->steps.n; s++) {
		const struct step_record *step = &row->job->steps.v[s];
		if (row->step && row->step != step)
			continue;
		for (uint32_t i = 0; i < step->nodes.n; i++) {
			const struct usage *n = step->nodes.v[i].usage;
			if (!n)
				continue;
			u.user_us += n->user_us;
			u.system_us += n->system_us;
			u.max_rss_kb = n->max_rss_kb > u.max_rss_kb ? n->max_rss_kb : u.max_rss_kb;
		}
	}
	return u;
}

/* 00:00.109, 01:02:03 */
static void cpu_time(struct text *out, uint64_t us)
{
	uint64_t s = us / 1000000;
	if (s >= 3600)
		show_hms(out, (int64_t)s);
	else
		text_printf(out, "%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64, s / 60, s % 60, us / 1000 % 1000);
}

TEXT(total_cpu)
{
	(void)ctx;
	struct usage u = sacct_usage(ROW);
	if (shown_state(ROW) <= JOB_SUSPENDED && u.user_us + u.system_us == 0)
		text_add(out, "00:00:00");
	else
		cpu_time(out, u.user_us + u.system_us);
}

TEXT(user_cpu)
{
	(void)ctx;
	cpu_time(out, sacct_usage(ROW).user_us);
}

TEXT(system_cpu)
{
	(void)ctx;
	cpu_time(out, sacct_usage(ROW).system_us);
}

/* Of a step: memory that it may use, its own or the job's. */
TEXT(alloc_tres)
{
	uint64_t mem = 0;
	if (node_count(ROW) == 0)
		return;
	if (!STEP) {
		const struct job_amounts had = sacct_had(ROW);
		print_amounts(out, &had, ctx);
		return;
	}
	for (uint32_t i = 0; i < STEP->nodes.n; i++)
		mem += STEP->nodes.v[i].mem;
	text_printf(out, "cpu=%" PRIu64 ",mem=", sacct_cpus(ROW));
	sacct_print_size(out, mem, 'M', ctx);
	text_printf(out, ",node=%" PRIu32, node_count(ROW));
}

TEXT(time_limit)
{
	(void)ctx;
	if (!STEP)
		show_limit(out,
		           STATE->time_limit_min != CORE_NO_VAL ? STATE->time_limit_min
		                                                : SPEC->time_limit_min,
		           "Partition_Limit");
}

TEXT(cpu_time_raw)
{
	text_printf(out, "%" PRIu64, (uint64_t)sacct_elapsed(ROW, NOW) * sacct_cpus(ROW));
}

TEXT(cpu_time_text)
{
	show_hms(out, sacct_elapsed(ROW, NOW) * (int64_t)sacct_cpus(ROW));
}

/* What isn't kept here: the real one's column, empty. */
TEXT(nothing)
{
	(void)out, (void)record, (void)ctx;
}

TEXT(cluster)
{
	(void)record;
	text_add(out, ((const struct sacct_ctx *)ctx)->cluster);
}

TEXT(time_limit_raw)
{
	(void)ctx;
	uint32_t minutes =
	        STATE->time_limit_min != CORE_NO_VAL ? STATE->time_limit_min : SPEC->time_limit_min;
	if (STEP)
		return;
	if (minutes == CORE_NO_VAL)
		text_add(out, "Partition_Limit");
	else if (minutes == CORE_INFINITE)
		text_add(out, "UNLIMITED");
	else
		text_printf(out, "%" PRIu32, minutes);
}

/* How long the job waited after it could have started; seconds. */
static int64_t waited_s(const struct sacct_row *row, int64_t now)
{
	const struct job_state *state = row->job->state;
	int64_t to = state->start_time ? state->start_time : state->end_time ? state->end_time : now;
	bool could = state->eligible_time && to > state->eligible_time;
	return could ? (to - state->eligible_time) / CORE_SECOND : 0;
}

TEXT(reserved)
{
	if (!STEP)
		show_hms(out, waited_s(ROW, NOW));
}

TEXT(reserved_cpu)
{
	if (!STEP)
		show_hms(out, waited_s(ROW, NOW) * (int64_t)sacct_asked(ROW).cpus);
}

TEXT(reserved_cpu_raw)
{
	if (!STEP)
		text_printf(out, "%" PRId64, waited_s(ROW, NOW) * (int64_t)sacct_asked(ROW).cpus);
}

int64_t sacct_suspended(const struct sacct_row *row, int64_t now)
{
	const struct job_state *state = row->job->state;
	int64_t end = state->end_time ? state->end_time : now;
	if (row->step)
		return row->step->suspended_s;
	int64_t stood =
	        state->suspend_time ? (end - state->start_time) / CORE_SECOND - show_run_time(state, now) : 0;
	return stood > 0 ? stood : 0;
}

TEXT(suspended)
{
	if (!STEP)
		show_hms(out, sacct_suspended(ROW, NOW));
}

/* In the order of --helpformat; width as sacct prints them without -p. */
const struct column sacct_columns[] = {
        {0, "account", "Account", 10, account, NULL},
        {0, "admincomment", "AdminComment", 19, admin_comment, NULL},
        {0, "alloccpus", "AllocCPUS", 10, alloc_cpus, NULL},
        {0, "allocnodes", "AllocNodes", 10, alloc_nodes, NULL},
        {0, "alloctres", "AllocTRES", 10, alloc_tres, NULL},
        {0, "associd", "AssocID", 7, nothing, NULL},
        {0, "avecpu", "AveCPU", 10, sacct_ave_cpu, NULL},
        {0, "avecpufreq", "AveCPUFreq", 10, nothing, NULL},
        {0, "avediskread", "AveDiskRead", 14, sacct_ave_read, NULL},
        {0, "avediskwrite", "AveDiskWrite", 14, sacct_ave_written, NULL},
        {0, "avepages", "AvePages", 10, sacct_ave_pages, NULL},
        {0, "averss", "AveRSS", 10, sacct_ave_rss, NULL},
        {0, "avevmsize", "AveVMSize", 10, sacct_ave_vm, NULL},
        {0, "blockid", "BlockID", 16, nothing, NULL},
        {0, "cluster", "Cluster", 10, cluster, NULL},
        {0, "comment", "Comment", 14, comment, NULL},
        {0, "constraints", "Constraints", 19, constraints, NULL},
        {0, "consumedenergy", "ConsumedEnergy", 14, nothing, NULL},
        {0, "consumedenergyraw", "ConsumedEnergyRaw", 17, nothing, NULL},
        {0, "container", "Container", 20, nothing, NULL},
        {0, "cputime", "CPUTime", 10, cpu_time_text, NULL},
        {0, "cputimeraw", "CPUTimeRAW", 10, cpu_time_raw, NULL},
        {0, "dbindex", "DBIndex", 10, nothing, NULL},
        {0, "derivedexitcode", "DerivedExitCode", 15, derived_exit_code, NULL},
        {0, "elapsed", "Elapsed", 10, elapsed, NULL},
        {0, "elapsedraw", "ElapsedRaw", 10, elapsed_raw, NULL},
        {0, "eligible", "Eligible", 19, eligible_time, NULL},
        {0, "end", "End", 19, end_time, NULL},
        {0, "exitcode", "ExitCode", 8, exit_code, NULL},
        {0, "flags", "Flags", 20, flags, NULL},
        {0, "gid", "GID", 6, gid, NULL},
        {0, "group", "Group", 9, group, NULL},
        {0, "jobid", "JobID", -12, job_id, NULL},
        {0, "jobidraw", "JobIDRaw", -12, job_id_raw, NULL},
        {0, "jobname", "JobName", 10, name, NULL},
        {0, "layout", "Layout", 9, layout, NULL},
#include "applets/client/usage_columns.def"
        {0, "mcslabel", "McsLabel", 19, nothing, NULL},
        {0, "mincpu", "MinCPU", 10, sacct_min_cpu, NULL},
        {0, "mincpunode", "MinCPUNode", 10, sacct_min_cpu_node, NULL},
        {0, "mincputask", "MinCPUTask", 10, sacct_min_cpu_task, NULL},
        {0, "ncpus", "NCPUS", 10, alloc_cpus, NULL},
        {0, "nnodes", "NNodes", 8, nodes, NULL},
        {0, "nodelist", "NodeList", 15, node_list, NULL},
        {0, "ntasks", "NTasks", 8, tasks, NULL},
        {0, "partition", "Partition", 10, partition, NULL},
        {0, "priority", "Priority", 10, priority, NULL},
        {0, "qos", "QOS", 10, qos, NULL},
        {0, "qosraw", "QOSRAW", 10, nothing, NULL},
        {0, "reason", "Reason", 22, reason, NULL},
        {0, "reqcpufreq", "ReqCPUFreq", 20, frequency, NULL},
        {0, "reqcpufreqgov", "ReqCPUFreqGov", 13, frequency, NULL},
        {0, "reqcpufreqmax", "ReqCPUFreqMax", 13, frequency, NULL},
        {0, "reqcpufreqmin", "ReqCPUFreqMin", 13, frequency, NULL},
        {0, "reqcpus", "ReqCPUS", 8, req_cpus, NULL},
        {0, "reqmem", "ReqMem", 10, req_mem, NULL},
        {0, "reqnodes", "ReqNodes", 8, req_nodes, NULL},
        {0, "reqtres", "ReqTRES", 10, req_tres, NULL},
        {0, "reservation", "Reservation", 20, nothing, NULL},
        {0, "reservationid", "ReservationId", 19, nothing, NULL},
        {0, "reserved", "Reserved", 10, reserved, NULL},
        {0, "resvcpu", "ResvCPU", 10, reserved_cpu, NULL},
        {0, "resvcpuraw", "ResvCPURAW", 10, reserved_cpu_raw, NULL},
        {0, "start", "Start", 19, start_time, NULL},
        {0, "state", "State", 10, state, NULL},
        {0, "submit", "Submit", 19, submit_time, NULL},
        {0, "submitline", "SubmitLine", 20, nothing, NULL},
        {0, "suspended", "Suspended", 10, suspended, NULL},
        {0, "systemcomment", "SystemComment", 19, nothing, NULL},
        {0, "systemcpu", "SystemCPU", 10, system_cpu, NULL},
        {0, "timelimit", "Timelimit", 10, time_limit, NULL},
        {0, "timelimitraw", "TimelimitRaw", 10, time_limit_raw, NULL},
        {0, "totalcpu", "TotalCPU", 10, total_cpu, NULL},
        {0, "tresusageinave", "TRESUsageInAve", 14, sacct_in_ave, NULL},
        {0, "tresusageinmax", "TRESUsageInMax", 14, sacct_in_max, NULL},
        {0, "tresusageinmaxnode", "TRESUsageInMaxNode", 18, sacct_in_max_node, NULL},
        {0, "tresusageinmaxtask", "TRESUsageInMaxTask", 18, sacct_in_max_task, NULL},
        {0, "tresusageinmin", "TRESUsageInMin", 14, sacct_in_min, NULL},
        {0, "tresusageinminnode", "TRESUsageInMinNode", 18, sacct_in_min_node, NULL},
        {0, "tresusageinmintask", "TRESUsageInMinTask", 18, sacct_in_min_task, NULL},
        {0, "tresusageintot", "TRESUsageInTot", 14, sacct_in_tot, NULL},
        {0, "tresusageoutave", "TRESUsageOutAve", 15, sacct_out_ave, NULL},
        {0, "tresusageoutmax", "TRESUsageOutMax", 15, sacct_out_max, NULL},
        {0, "tresusageoutmaxnode", "TRESUsageOutMaxNode", 19, sacct_out_max_node, NULL},
        {0, "tresusageoutmaxtask", "TRESUsageOutMaxTask", 19, sacct_out_max_task, NULL},
        {0, "tresusageoutmin", "TRESUsageOutMin", 15, sacct_out_min, NULL},
        {0, "tresusageoutminnode", "TRESUsageOutMinNode", 19, sacct_out_min_node, NULL},
        {0, "tresusageoutmintask", "TRESUsageOutMinTask", 19, sacct_out_min_task, NULL},
        {0, "tresusageouttot", "TRESUsageOutTot", 15, sacct_out_tot, NULL},
        {0, "uid", "UID", 6, uid, NULL},
        {0, "user", "User", 9, user, NULL},
        {0, "usercpu", "UserCPU", 10, user_cpu, NULL},
        {0, "wckey", "WCKey", 10, wckey, NULL},
        {0, "wckeyid", "WCKeyID", 8, nothing, NULL},
        {0, "workdir", "WorkDir", 20, work_dir, NULL},
};
const size_t sacct_column_count = sizeof(sacct_columns) / sizeof(sacct_columns[0]);

const char sacct_format_long[] =
        "JobID,JobIDRaw,JobName,Partition,MaxVMSize,MaxVMSizeNode,MaxVMSizeTask,"
        "AveVMSize,MaxRSS,MaxRSSNode,MaxRSSTask,AveRSS,MaxPages,MaxPagesNode,"
        "MaxPagesTask,AvePages,MinCPU,MinCPUNode,MinCPUTask,AveCPU,NTasks,AllocCPUS,"
        "Elapsed,State,ExitCode,AveCPUFreq,ReqCPUFreqMin,ReqCPUFreqMax,ReqCPUFreqGov,"
        "ReqMem,ConsumedEnergy,MaxDiskRead,MaxDiskReadNode,MaxDiskReadTask,"
        "AveDiskRead,MaxDiskWrite,MaxDiskWriteNode,MaxDiskWriteTask,AveDiskWrite,"
        "ReqTRES,AllocTRES,TRESUsageInAve,TRESUsageInMax,TRESUsageInMaxNode,"
        "TRESUsageInMaxTask,TRESUsageInMin,TRESUsageInMinNode,TRESUsageInMinTask,"
        "TRESUsageInTot,TRESUsageOutMax,TRESUsageOutMaxNode,TRESUsageOutMaxTask,"
        "TRESUsageOutAve,TRESUsageOutTot";
