/* sacct --json */
#include "applets/client/job_name.h"
#include "applets/client/json_rows.h"
#include "applets/client/sacct.h"
#include "applets/client/show.h"
#include "applets/common/users.h"
#include "core/util/hostlist.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define ROW    ((const struct sacct_row *)record)
#define SPEC   (ROW->job->spec)
#define STATE  (ROW->job->state)
#define STEP   (ROW->step)
#define CTX    ((const struct sacct_ctx *)ctx)
#define UNUSED (void)record, (void)ctx
/* A member that is an object of such rows. */
#define OBJECT(name, rows)                                                                                   \
	JSON(name)                                                                                           \
	{                                                                                                    \
		JSON_ROWS(j, rows, record, ctx);                                                             \
	}

/* ---- what a job's and a step's row both have ---- */

static void exit_status(struct json *j, uint32_t wait_status)
{
	int status = (int)wait_status;
	json_object(j);
	json_key(j, "status");
	json_str(j, status == 0 ? "SUCCESS" : WIFSIGNALED(status) ? "SIGNALED" : "ERROR");
	json_key(j, "return_code");
	if (!WIFSIGNALED(status)) {
		json_int(j, WEXITSTATUS(status));
	} else {
		json_null(j);
		json_key(j, "signal");
		json_object(j);
		json_key(j, "signal_id");
		json_int(j, WTERMSIG(status));
		json_key(j, "name");
		json_str(j, strsignal(WTERMSIG(status)));
		json_end(j);
	}
	json_end(j);
}

static void cpu_time(struct json *j, uint64_t us)
{
	json_object(j);
	json_key(j, "seconds");
	json_int(j, (int64_t)(us / 1000000));
	json_key(j, "microseconds");
	json_int(j, (int64_t)(us % 1000000));
	json_end(j);
}

JSON_AS(elapsed, int, sacct_elapsed(ROW, CTX->now))
JSON_AS(start, int, (STEP ? STEP->start_time : STATE->start_time) / CORE_SECOND)
JSON_AS(end, int, (STEP ? STEP->end_time : STATE->end_time) / CORE_SECOND)
JSON_AS(suspended, int, sacct_suspended(ROW, CTX->now))

JSON(system_cpu)
{
	UNUSED;
	cpu_time(j, sacct_usage(ROW).system_us);
}

JSON(user_cpu)
{
	UNUSED;
	cpu_time(j, sacct_usage(ROW).user_us);
}

JSON(total_cpu)
{
	UNUSED;
	struct usage u = sacct_usage(ROW);
	cpu_time(j, u.user_us + u.system_us);
}

JSON(exit_code)
{
	UNUSED;
	exit_status(j, STEP ? STEP->exit_status : STATE->state == JOB_CANCELLED ? 0 : STATE->exit_status);
}

/* Who ended it. */
JSON(killer)
{
	UNUSED;
	uint32_t state = STEP ? STEP->state : STATE->state,
	         uid = STEP ? STEP->ended_by_uid : STATE->ended_by_uid;
	if (state == JOB_CANCELLED && uid != CORE_NO_VAL)
		json_str(j, user_name_of(uid));
	else
		json_null(j);
}

static void amounts(struct json *j, const struct sacct_amount *v, size_t n)
{
	json_list(j);
	for (size_t i = 0; i < n; i++) {
		json_object(j);
		json_key(j, "type");
		json_str(j, v[i].type);
		json_key(j, "name");
		if (v[i].name)
			json_str(j, v[i].name);
		else
			json_null(j);
		json_key(j, "id");
		json_int(j, v[i].id);
		json_key(j, "count");
		json_int(j, (int64_t)v[i].count);
		json_end(j);
	}
	json_end(j);
}

/* ---- steps ---- */

static struct hostlist *step_hosts(const struct sacct_row *row)
{
	struct hostlist *names = hostlist_new();
	for (uint32_t i = 0; i < row->step->nodes.n; i++)
		hostlist_add_name(names, row->step->nodes.v[i].node);
	return names;
}

JSON(host_list)
{
	UNUSED;
	json_list(j);
	for (uint32_t i = 0; i < STEP->nodes.n; i++)
		json_str(j, STEP->nodes.v[i].node);
	json_end(j);
}

JSON(host_range)
{
	UNUSED;
	struct hostlist *names = step_hosts(ROW);
	struct text t = TEXT_EMPTY;
	hostlist_compress(names, &t);
	json_str(j, text_str(&t));
	text_free(&t);
	hostlist_free(names);
}

JSON_AS(host_count, int, STEP->nodes.n)
JSON_AS(task_count, int, STEP->tasks)
JSON_AS(step_state, str, job_state_word(STEP->state))
JSON_AS(step_name, text, STEP->name)
JSON_AS(job_id, int, SPEC->job_id)

static const struct json_row nodes_rows[] = {
        {"list", host_list, NULL}, {"count", host_count, NULL}, {"range", host_range, NULL}};
OBJECT(step_nodes, nodes_rows)

static const struct json_row time_rows[] = {
        {"elapsed", elapsed, NULL},     {"end", end, NULL},           {"start", start, NULL},
        {"suspended", suspended, NULL}, {"system", system_cpu, NULL}, {"total", total_cpu, NULL},
        {"user", user_cpu, NULL},
};
OBJECT(step_time, time_rows)

/* ---- what it used: read, and written ---- */

static void used(struct json *j, const struct sacct_row *row, bool written, enum sacct_total total)
{
	struct sacct_amount v[SACCT_AMOUNTS];
	amounts(j, v, sacct_amounts(row->step, written, total, v));
}

#define USED(name, written, total)                                                                           \
	JSON(name)                                                                                           \
	{                                                                                                    \
		UNUSED;                                                                                      \
		used(j, ROW, written, total);                                                                \
	}
USED(read_most, false, SACCT_MOST)
USED(read_least, false, SACCT_LEAST)
USED(read_mean, false, SACCT_MEAN)
USED(read_sum, false, SACCT_SUM)
USED(written_most, true, SACCT_MOST)
USED(written_least, true, SACCT_LEAST)
USED(written_mean, true, SACCT_MEAN)
USED(written_sum, true, SACCT_SUM)

static const struct json_row read_rows[] = {
        {"max", read_most, NULL},
        {"min", read_least, NULL},
        {"average", read_mean, NULL},
        {"total", read_sum, NULL},
};
OBJECT(read_figures, read_rows)

static const struct json_row written_rows[] = {
        {"max", written_most, NULL},
        {"min", written_least, NULL},
        {"average", written_mean, NULL},
        {"total", written_sum, NULL},
};
OBJECT(written_figures, written_rows)

JSON(step_allocated)
{
	UNUSED;
	uint64_t memory = 0;
	for (uint32_t i = 0; i < STEP->nodes.n; i++)
		memory += STEP->nodes.v[i].mem;
	const struct sacct_amount v[] = {{"cpu", NULL, 1, sacct_cpus(ROW)},
	                                 {"mem", NULL, 2, memory},
	                                 {"node", NULL, 4, STEP->nodes.n}};
	amounts(j, v, 3);
}

static const struct json_row step_tres_rows[] = {{"requested", read_figures, NULL},
                                                 {"consumed", written_figures, NULL},
                                                 {"allocated", step_allocated, NULL}};
OBJECT(step_tres, step_tres_rows)

static const struct json_row tasks_rows[] = {{"count", task_count, NULL}};
OBJECT(tasks, tasks_rows)

static bool is_batch(const struct sacct_row *row)
{
	return row->step->step_id == CORE_STEP_BATCH;
}

JSON(frequency)
{
	UNUSED;
	if (is_batch(ROW))
		json_int(j, 0);
	else
		json_null(j);
}

JSON(governor)
{
	UNUSED;
	json_words(j, is_batch(ROW) ? NULL : "Conservative,Performance,PowerSave,OnDemand,UserSpace");
}

static const struct json_row frequency_rows[] = {{"min", frequency, NULL}, {"max", frequency, NULL}};
OBJECT(frequencies, frequency_rows)
static const struct json_row cpu_rows[] = {{"requested_frequency", frequencies, NULL},
                                           {"governor", governor, NULL}};
OBJECT(cpu, cpu_rows)

static const struct json_row actual_rows[] = {{"actual_frequency", json_zero, NULL}};
OBJECT(actual, actual_rows)
static const struct json_row energy_rows[] = {{"consumed", json_zero, NULL}};
OBJECT(energy, energy_rows)
static const struct json_row statistics_rows[] = {{"CPU", actual, NULL}, {"energy", energy, NULL}};
OBJECT(statistics, statistics_rows)

/* A number, or a word: "batch". */
JSON(step_id)
{
	UNUSED;
	struct text t = TEXT_EMPTY;
	job_name_step(&t, STEP->step_id);
	const char *word = text_str(&t) + strspn(text_str(&t), ".");
	if (*word >= '0' && *word <= '9')
		json_int(j, STEP->step_id);
	else
		json_str(j, word);
	text_free(&t);
}

static const struct json_row het_rows[] = {{"component", json_no_number, NULL}};
OBJECT(component, het_rows)
static const struct json_row id_rows[] = {
        {"job_id", job_id, NULL}, {"het", component, NULL}, {"id", step_id, NULL}, {"name", step_name, NULL}};
OBJECT(step, id_rows)

JSON(distribution)
{
	UNUSED;
	json_str(j, sacct_layout(STEP));
}

static const struct json_row task_rows[] = {{"distribution", distribution, NULL}};
OBJECT(task, task_rows)

static const struct json_row step_rows[] = {
        {"nodes", step_nodes, NULL}, {"tres", step_tres, NULL},
        {"time", step_time, NULL},   {"exit_code", exit_code, NULL},
        {"tasks", tasks, NULL},      {"pid", json_no_number, NULL},
        {"CPU", cpu, NULL},          {"kill_request_user", killer, NULL},
        {"state", step_state, NULL}, {"statistics", statistics, NULL},
        {"step", step, NULL},        {"task", task, NULL},
};

JSON(steps)
{
	json_list(j);
	for (uint32_t i = 0; i < ROW->job->steps.n; i++) {
		const struct sacct_row row = {ROW->job, &ROW->job->steps.v[i]};
		JSON_ROWS(j, step_rows, &row, ctx);
	}
	json_end(j);
}

/* ---- jobs ---- */

JSON_AS(account, text, SPEC->account)
JSON_AS(account_or_none, str, SPEC->account)
JSON_AS(admin_comment, str, SPEC->admin_comment)
JSON_AS(comment_text, str, SPEC->comment)
JSON_AS(node_count, int, STATE->nodes.n)
JSON_AS(array_job, int, SPEC->array_job_id)
JSON_SET(array_task, SPEC->array_task_id, CORE_NO_VAL)
JSON_AS(array_limit, int, STATE->array_limit)
JSON_AS(array_tasks, str, STATE->array_tasks)
JSON_AS(cluster, text, CTX->cluster)
JSON_AS(user, text, SPEC->who->user_name)
JSON_AS(group, text, SPEC->who->group_name)
JSON_AS(constraints, text, SPEC->features)
JSON_AS(eligible, int, STATE->eligible_time / CORE_SECOND)
JSON_AS(submission, int, SPEC->submit_time / CORE_SECOND)
JSON_AS(name, text, SPEC->name)
JSON_AS(partition, text, STATE->partition ? STATE->partition : SPEC->partition)
JSON_AS(priority, int, STATE->hold ? 0 : STATE->priority)
JSON_AS(qos, text, SPEC->qos)
JSON_AS(req_cpus, int, (int64_t)sacct_asked(ROW).cpus)
JSON_AS(current, str, job_state_word(STATE->state))
JSON_AS(reason, str, job_reason_word(STATE->reason))
JSON_AS(wckey_text, text, SPEC->wckey)
JSON_AS(work_dir, text, SPEC->work_dir)

static const struct json_row comment_rows[] = {{"administrator", admin_comment, NULL},
                                               {"job", comment_text, NULL},
                                               {"system", json_no_number, NULL}};
OBJECT(comment, comment_rows)

static const struct json_row running_rows[] = {{"tasks", array_limit, NULL}};
OBJECT(running, running_rows)
static const struct json_row max_rows[] = {{"running", running, NULL}};
OBJECT(max, max_rows)
static const struct json_row limits_rows[] = {{"max", max, NULL}};
OBJECT(limits, limits_rows)
static const struct json_row array_rows[] = {{"job_id", array_job, NULL},
                                             {"limits", limits, NULL},
                                             {"task", array_tasks, NULL},
                                             {"task_id", array_task, NULL}};
OBJECT(array, array_rows)

static const struct json_row association_rows[] = {{"account", account_or_none, NULL},
                                                   {"cluster", cluster, NULL},
                                                   {"partition", json_no_number, NULL},
                                                   {"user", user, NULL}};
OBJECT(association, association_rows)

JSON(derived_exit)
{
	UNUSED;
	exit_status(j, STATE->derived_status);
}

JSON(limit)
{
	UNUSED;
	json_limit(j, STATE->time_limit_min != CORE_NO_VAL ? STATE->time_limit_min : SPEC->time_limit_min);
}

static const struct json_row job_time_rows[] = {
        {"elapsed", elapsed, NULL},   {"eligible", eligible, NULL},     {"end", end, NULL},
        {"start", start, NULL},       {"submission", submission, NULL}, {"suspended", suspended, NULL},
        {"system", system_cpu, NULL}, {"limit", limit, NULL},           {"total", total_cpu, NULL},
        {"user", user_cpu, NULL},
};
OBJECT(job_time, job_time_rows)

JSON(flags)
{
	UNUSED;
	json_words(j, STATE->start_time ? "CLEAR_SCHEDULING,STARTED_ON_SCHEDULE" : NULL);
}

static const struct json_row job_het_rows[] = {{"job_id", json_zero, NULL},
                                               {"job_offset", json_no_number, NULL}};
OBJECT(het, job_het_rows)
static const struct json_row mcs_rows[] = {{"label", json_no_text, NULL}};
OBJECT(mcs, mcs_rows)

JSON(nodes)
{
	UNUSED;
	struct hostlist *names = hostlist_new();
	struct text t = TEXT_EMPTY;
	for (uint32_t i = 0; i < STATE->nodes.n; i++)
		hostlist_add_name(names, STATE->nodes.v[i].node);
	hostlist_compress(names, &t);
	json_str(j, STATE->nodes.n ? text_str(&t) : "None assigned");
	text_free(&t);
	hostlist_free(names);
}

/* For each node or each CPU, as it was asked for. */
JSON(req_memory)
{
	UNUSED;
	uint64_t mib = SPEC->mem_per_node != CORE_NO_VAL64 ? SPEC->mem_per_node : SPEC->mem_per_cpu;
	json_int(j, mib == CORE_NO_VAL64 ? 0 : (int64_t)mib);
}

static const struct json_row required_rows[] = {{"CPUs", req_cpus, NULL}, {"memory", req_memory, NULL}};
OBJECT(required, required_rows)
static const struct json_row reservation_rows[] = {{"id", json_zero, NULL}, {"name", json_zero, NULL}};
OBJECT(reservation, reservation_rows)
static const struct json_row state_rows[] = {{"current", current, NULL}, {"reason", reason, NULL}};
OBJECT(state, state_rows)

static void job_amounts(struct json *j, const struct job_amounts *a)
{
	struct sacct_amount v[4];
	size_t n = 0;
	if (a) {
		v[n++] = (struct sacct_amount){"cpu", NULL, 1, a->cpus};
		if (a->mem)
			v[n++] = (struct sacct_amount){"mem", NULL, 2, a->mem};
		v[n++] = (struct sacct_amount){"node", NULL, 4, a->nodes};
		v[n++] = (struct sacct_amount){"billing", NULL, 5, a->billing};
	}
	amounts(j, v, n);
}

JSON(allocated)
{
	UNUSED;
	const struct job_amounts had = sacct_had(ROW);
	job_amounts(j, STATE->nodes.n ? &had : NULL);
}

JSON(requested)
{
	UNUSED;
	const struct job_amounts asked = sacct_asked(ROW);
	job_amounts(j, &asked);
}

static const struct json_row tres_rows[] = {{"allocated", allocated, NULL}, {"requested", requested, NULL}};
OBJECT(tres, tres_rows)
static const struct json_row wckey_rows[] = {{"wckey", wckey_text, NULL}, {"flags", json_no_list, NULL}};
OBJECT(wckey, wckey_rows)

static const struct json_row rows[] = {
        {"account", account, NULL},
        {"comment", comment, NULL},
        {"allocation_nodes", node_count, NULL},
        {"array", array, NULL},
        {"association", association, NULL},
        {"cluster", cluster, NULL},
        {"constraints", constraints, NULL},
        {"container", json_no_number, NULL},
        {"derived_exit_code", derived_exit, NULL},
        {"time", job_time, NULL},
        {"exit_code", exit_code, NULL},
        {"flags", flags, NULL},
        {"group", group, NULL},
        {"het", het, NULL},
        {"job_id", job_id, NULL},
        {"name", name, NULL},
        {"mcs", mcs, NULL},
        {"nodes", nodes, NULL},
        {"partition", partition, NULL},
        {"priority", priority, NULL},
        {"qos", qos, NULL},
        {"required", required, NULL},
        {"kill_request_user", killer, NULL},
        {"reservation", reservation, NULL},
        {"state", state, NULL},
        {"steps", steps, NULL},
        {"tres", tres, NULL},
        {"user", user, NULL},
        {"wckey", wckey, NULL},
        {"working_directory", work_dir, NULL},
};

void sacct_json(struct json *j, const struct history_job *job, const struct sacct_ctx *ctx)
{
	const struct sacct_row row = {job, NULL};
	JSON_ROWS(j, rows, &row, ctx);
}
