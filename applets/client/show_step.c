/* scontrol show step */
#include "applets/client/show.h"

#include "applets/client/job_name.h"
#include "core/records.h"
#include "core/util/hostlist.h"
#include "proto/messages.h"

#include <inttypes.h>

struct one_step {
	const struct job_info *job;
	const struct step_record *step;
};
#define STEP      ((const struct one_step *)record)->step
#define JOB       ((const struct one_step *)record)->job
#define ROW(name) static void name(struct text *out, const void *record, const struct show_ctx *ctx)

static bool is_batch(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return STEP->step_id == CORE_STEP_BATCH;
}

static bool is_srun(const void *record, const struct show_ctx *ctx)
{
	return !is_batch(record, ctx);
}

ROW(id)
{
	(void)ctx;
	job_name_print(out, JOB->spec, JOB->state);
	job_name_step(out, STEP->step_id);
}

ROW(user)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, JOB->spec->who->uid);
}

ROW(start)
{
	(void)ctx;
	show_time(out, STEP->start_time, "Unknown");
}

ROW(limit)
{
	(void)ctx;
	show_limit(out, STEP->time_limit_min, "UNLIMITED");
}

ROW(state)
{
	(void)ctx;
	text_add(out, job_state_word(STEP->state));
}

ROW(partition)
{
	(void)ctx;
	show_str(out, JOB->state->partition);
}

ROW(node_list)
{
	(void)ctx;
	struct hostlist *names = hostlist_new();
	for (uint32_t i = 0; i < STEP->nodes.n; i++)
		hostlist_add_name(names, STEP->nodes.v[i].node);
	hostlist_compress(names, out);
	hostlist_free(names);
}

static uint32_t cpus_of(const struct step_record *step)
{
	return step->step_id == CORE_STEP_BATCH ? 0 : step->tasks * step->cpus_per_task;
}

ROW(nodes)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, STEP->nodes.n);
}

ROW(cpus)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, cpus_of(STEP));
}

ROW(tasks)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, STEP->tasks);
}

ROW(name)
{
	(void)ctx;
	show_str(out, STEP->name);
}

ROW(tres)
{
	(void)ctx;
	if (STEP->step_id == CORE_STEP_BATCH)
		text_add(out, "(null)");
	else
		text_printf(out, "cpu=%" PRIu32 ",mem=0,node=%" PRIu32, cpus_of(STEP), STEP->nodes.n);
}

ROW(dist)
{
	(void)ctx;
	static const char *const words[] = {"Block", "Cyclic", "Plane", "Arbitrary"};
	text_add(out, STEP->dist < 4 ? words[STEP->dist] : "?");
}

ROW(srun)
{
	(void)ctx;
	text_printf(out, "%s:%" PRIu32, STEP->srun_host ? STEP->srun_host : "(null)", STEP->srun_pid);
}

static const struct show_row rows[] = {
        {false, "StepId=", id, NULL, NULL},
        {false, "UserId=", user, NULL, NULL},
        {false, "StartTime=", start, NULL, NULL},
        {false, "TimeLimit=", limit, NULL, NULL},
        {true, "State=", state, NULL, NULL},
        {false, "Partition=", partition, NULL, NULL},
        {false, "NodeList=", node_list, NULL, NULL},
        {true, "Nodes=", nodes, NULL, NULL},
        {false, "CPUs=", cpus, NULL, NULL},
        {false, "Tasks=", tasks, NULL, NULL},
        {false, "Name=", name, NULL, NULL},
        {false, "Network=(null)", NULL, NULL, NULL},
        {true, "TRES=", tres, NULL, NULL},
        {true, "ResvPorts=(null)", NULL, NULL, NULL},
        {true, "CPUFreqReq=Default", NULL, is_batch, NULL},
        {true, "CPUFreqReq=Default Dist=", dist, is_srun, NULL},
        {true, "SrunHost:Pid=", srun, NULL, NULL},
};

void show_step(const struct job_info *job, const struct step_record *step, const struct show_ctx *ctx,
               struct text *out)
{
	const struct one_step one = {job, step};
	show_rows(rows, sizeof(rows) / sizeof(rows[0]), &one, ctx, out);
}
