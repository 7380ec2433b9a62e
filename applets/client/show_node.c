/* scontrol show node, scontrol show partition */
#include "applets/client/show.h"
#include "applets/common/users.h"
#include "conf/node_part.h"
#include "core/conf.h"
#include "core/records.h"
#include "core/tres.h"
#include "proto/messages.h"

#include <inttypes.h>

#define NODE      ((const struct node_info *)record)
#define PART      ((const struct part_info *)record)
#define ROW(name) static void name(struct text *out, const void *record, const struct show_ctx *ctx)
/* A row whose value is one printf of a member, and one whose value is a string. */
#define ROW_U32(name, what, member)                                                                          \
	ROW(name)                                                                                            \
	{                                                                                                    \
		(void)ctx;                                                                                   \
		text_printf(out, "%" PRIu32, what->member);                                                  \
	}
#define ROW_STR(name, what, member)                                                                          \
	ROW(name)                                                                                            \
	{                                                                                                    \
		(void)ctx;                                                                                   \
		show_str(out, what->member);                                                                 \
	}

/* ---- nodes ---- */

ROW_STR(node_name, NODE, name)
ROW_U32(cores_per_socket, NODE, cores_per_socket)
ROW_U32(cpus_alloc, NODE, cpus_alloc)
ROW_U32(cpus, NODE, cpus)
ROW_STR(features, NODE, features)
ROW_STR(gres, NODE, gres)
ROW_STR(addr, NODE, addr)
ROW_STR(hostname, NODE, hostname)
ROW_U32(port, NODE, port)
ROW_U32(sockets, NODE, sockets)
ROW_U32(boards, NODE, boards)
ROW_U32(threads_per_core, NODE, threads_per_core)
ROW_U32(weight, NODE, weight)

/* A node that has never registered: the lines that only its worker can fill are left out, as the real one
 * does. */
static bool is_registered(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return NODE->state->hardware != NULL;
}

ROW(arch)
{
	(void)ctx;
	show_str(out, NODE->state->hardware->arch);
}

ROW(cpu_load)
{
	(void)ctx;
	if (NODE->cpu_load == CORE_NO_VAL)
		text_add(out, "N/A");
	else
		text_printf(out, "%" PRIu32 ".%02" PRIu32, NODE->cpu_load / 100, NODE->cpu_load % 100);
}

static bool when_other_port(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return NODE->port != 0 && NODE->port != 6818;
}

static bool when_detail(const void *record, const struct show_ctx *ctx)
{
	(void)record;
	return ctx->detail > 0;
}

static bool when_version(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return NODE->state->version != NULL;
}

/* A blank stands behind the last word of that line, unless it is the version. */
static bool when_more_of_place(const void *record, const struct show_ctx *ctx)
{
	return when_version(record, ctx) || when_other_port(record, ctx);
}

static bool when_no_more_of_place(const void *record, const struct show_ctx *ctx)
{
	return !when_more_of_place(record, ctx);
}

static bool when_port_and_version(const void *record, const struct show_ctx *ctx)
{
	return when_version(record, ctx) && when_other_port(record, ctx);
}

static bool when_port_is_last(const void *record, const struct show_ctx *ctx)
{
	return !when_version(record, ctx) && when_other_port(record, ctx);
}

ROW(version)
{
	(void)ctx;
	show_str(out, NODE->state->version);
}

ROW(os)
{
	(void)ctx;
	show_str(out, NODE->state->hardware->os);
}

ROW(real_memory)
{
	(void)ctx;
	text_printf(out, "%" PRIu64, NODE->real_memory);
}

ROW(alloc_mem)
{
	(void)ctx;
	text_printf(out, "%" PRIu64, NODE->mem_alloc);
}

ROW(free_mem)
{
	(void)ctx;
	if (NODE->free_mem == CORE_NO_VAL64)
		text_add(out, "N/A");
	else
		text_printf(out, "%" PRIu64, NODE->free_mem);
}

ROW(node_state)
{
	(void)ctx;
	text_add(out, node_state_word(NODE->base));
	node_flags_text(NODE->flags, out);
}

ROW(tmp_disk)
{
	(void)ctx;
	text_printf(out, "%" PRIu64, NODE->tmp_disk);
}

ROW(partitions)
{
	(void)ctx;
	for (uint32_t i = 0; i < NODE->partitions.n; i++)
		text_printf(out, "%s%s", i ? "," : "", NODE->partitions.v[i]);
}

static bool when_in_partition(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return NODE->partitions.n > 0;
}

ROW(boot_time)
{
	(void)ctx;
	show_time(out, NODE->state->boot_time, "None");
}

ROW(slurmd_start)
{
	(void)ctx;
	show_time(out, NODE->state->slurmd_start_time, "None");
}

ROW(last_busy)
{
	(void)ctx;
	show_time(out, NODE->state->last_busy, "Unknown");
}

ROW(cfg_tres)
{
	(void)ctx;
	struct tres t = {0};
	t.v[TRES_CPU] = NODE->cpus;
	t.v[TRES_MEM] = NODE->real_memory;
	t.v[TRES_BILLING] = NODE->billing ? NODE->billing : NODE->cpus;
	tres_print(&t, out);
}

ROW(alloc_tres)
{
	(void)ctx;
	struct tres t = {0};
	t.v[TRES_CPU] = NODE->cpus_alloc;
	t.v[TRES_MEM] = NODE->mem_alloc;
	tres_print(&t, out);
}

static bool when_reason(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return NODE->state->reason != NULL;
}

ROW(reason)
{
	(void)ctx;
	text_add(out, NODE->state->reason);
	if (NODE->state->reason_uid == CORE_NO_VAL)
		return;
	text_printf(out, " [%s@",
	            NODE->reason_user ? NODE->reason_user : user_name_of(NODE->state->reason_uid));
	show_time(out, NODE->state->reason_time, "Unknown");
	text_add(out, "]");
}

ROW(features_act)
{
	const char *active = NODE->features_act ? NODE->features_act : NODE->features;
	(void)ctx;
	text_add(out, active && *active ? active : "(null)");
}

ROW_STR(node_comment, NODE->state, comment)
ROW_STR(node_extra, NODE->state, extra)

static bool when_comment(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return NODE->state->comment != NULL;
}

static bool when_extra(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return NODE->state->extra != NULL;
}

static const struct show_row node_rows[] = {
        {false, "NodeName=", node_name, NULL, NULL},
        {false, "Arch=", arch, is_registered, NULL},
        {false, "CoresPerSocket=", cores_per_socket, NULL, " "},
        {true, "CPUAlloc=", cpus_alloc, NULL, NULL},
        {false, "CPUEfctv=", cpus, NULL, NULL},
        {false, "CPUTot=", cpus, NULL, NULL},
        {false, "CPULoad=", cpu_load, NULL, NULL},
        {true, "AvailableFeatures=", features, NULL, NULL},
        {true, "ActiveFeatures=", features_act, NULL, NULL},
        {true, "Gres=", gres, NULL, NULL},
        {true, "GresDrain=N/A", NULL, when_detail, NULL},
        {true, "NodeAddr=", addr, NULL, NULL},
        {false, "NodeHostName=", hostname, when_more_of_place, NULL},
        {false, "NodeHostName=", hostname, when_no_more_of_place, " "},
        {false, "Port=", port, when_port_and_version, NULL},
        {false, "Port=", port, when_port_is_last, " "},
        {false, "Version=", version, when_version, NULL},
        {true, "OS=", os, is_registered, " "},
        {true, "RealMemory=", real_memory, NULL, NULL},
        {false, "AllocMem=", alloc_mem, NULL, NULL},
        {false, "FreeMem=", free_mem, NULL, NULL},
        {false, "Sockets=", sockets, NULL, NULL},
        {false, "Boards=", boards, NULL, NULL},
        {true, "State=", node_state, NULL, NULL},
        {false, "ThreadsPerCore=", threads_per_core, NULL, NULL},
        {false, "TmpDisk=", tmp_disk, NULL, NULL},
        {false, "Weight=", weight, NULL, NULL},
        {false, "Owner=N/A", NULL, NULL, NULL},
        {false, "MCS_label=N/A", NULL, NULL, NULL},
        {true, "Partitions=", partitions, when_in_partition, " "},
        {true, "BootTime=", boot_time, NULL, NULL},
        {false, "SlurmdStartTime=", slurmd_start, NULL, NULL},
        {true, "LastBusyTime=", last_busy, NULL, NULL},
        {true, "CfgTRES=", cfg_tres, NULL, NULL},
        {true, "AllocTRES=", alloc_tres, NULL, NULL},
        {true, "CapWatts=n/a", NULL, NULL, NULL},
        {true, "CurrentWatts=0", NULL, NULL, NULL},
        {false, "AveWatts=0", NULL, NULL, NULL},
        {true, "ExtSensorsJoules=n/s", NULL, NULL, NULL},
        {false, "ExtSensorsWatts=0", NULL, NULL, NULL},
        {false, "ExtSensorsTemp=n/s", NULL, NULL, NULL},
        {true, "Reason=", reason, when_reason, NULL},
        {true, "Comment=", node_comment, when_comment, NULL},
        {true, "Extra=", node_extra, when_extra, NULL},
};

void show_node(const struct node_info *node, const struct show_ctx *ctx, struct text *out)
{
	show_rows(node_rows, sizeof(node_rows) / sizeof(node_rows[0]), node, ctx, out);
}

/* ---- partitions ---- */

ROW_STR(part_name, PART, name)
ROW_U32(priority_factor, PART, priority_job_factor)
ROW_U32(priority_tier, PART, priority_tier)
ROW_U32(min_nodes, PART, min_nodes)
ROW_U32(grace_time, PART, grace_time_s)
ROW_U32(total_cpus, PART, total_cpus)
ROW_U32(total_nodes, PART, total_nodes)
ROW_STR(part_nodes, PART, nodes)
ROW_STR(part_tres, PART, tres)

static void or_all(struct text *out, const char *s)
{
	text_add(out, s ? s : "ALL");
}

static void or_unlimited(struct text *out, uint32_t n)
{
	if (n == CORE_INFINITE || n == CORE_NO_VAL)
		text_add(out, "UNLIMITED");
	else
		text_printf(out, "%" PRIu32, n);
}

ROW(allow_groups)
{
	(void)ctx;
	or_all(out, PART->allow_groups);
}

ROW(allow_accounts)
{
	(void)ctx;
	or_all(out, PART->allow_accounts);
}

ROW(allow_qos)
{
	(void)ctx;
	or_all(out, PART->allow_qos);
}

ROW(alloc_nodes)
{
	(void)ctx;
	or_all(out, PART->alloc_nodes);
}

ROW(is_default)
{
	(void)ctx;
	text_add(out, show_yes(PART->is_default));
}

ROW(default_time)
{
	(void)ctx;
	show_limit(out, PART->default_time_min, "NONE");
}

ROW(no_root_jobs)
{
	(void)ctx;
	text_add(out, show_yes(PART->no_root_jobs));
}

ROW(exclusive_user)
{
	(void)ctx;
	text_add(out, show_yes(PART->exclusive_user));
}

ROW(hidden)
{
	(void)ctx;
	text_add(out, show_yes(PART->hidden));
}

ROW(max_nodes)
{
	(void)ctx;
	or_unlimited(out, PART->max_nodes);
}

ROW(max_time)
{
	(void)ctx;
	show_limit(out, PART->max_time_min, "UNLIMITED");
}

ROW(lln)
{
	(void)ctx;
	text_add(out, show_yes(PART->lln));
}

ROW(max_cpus)
{
	(void)ctx;
	or_unlimited(out, PART->max_cpus_per_node);
}

ROW(root_only)
{
	(void)ctx;
	text_add(out, show_yes(PART->root_only));
}

ROW(oversubscribe)
{
	(void)ctx;
	text_add(out, node_part_share_word(PART->oversubscribe));
	if (PART->oversubscribe >= 2)
		text_printf(out, ":%" PRIu32, PART->oversubscribe_max);
}

ROW(over_time)
{
	(void)ctx;
	if (PART->over_time_limit_min == CORE_NO_VAL)
		text_add(out, "NONE");
	else
		or_unlimited(out, PART->over_time_limit_min);
}

ROW(part_state)
{
	(void)ctx;
	text_add(out, node_part_state_word(PART->state));
}

static void memory(struct text *out, const char *word, uint64_t per_node, uint64_t per_cpu)
{
	if (per_cpu)
		text_printf(out, "%sMemPerCPU=%" PRIu64, word, per_cpu);
	else if (per_node)
		text_printf(out, "%sMemPerNode=%" PRIu64, word, per_node);
	else
		text_printf(out, "%sMemPerNode=UNLIMITED", word);
}

ROW(def_mem)
{
	(void)ctx;
	memory(out, "Def", PART->def_mem_per_node, PART->def_mem_per_cpu);
}

ROW(max_mem)
{
	(void)ctx;
	memory(out, "Max", PART->max_mem_per_node, PART->max_mem_per_cpu);
}

ROW(preempt_mode)
{
	(void)ctx;
	text_add(out, node_part_preempt_word(PART->preempt_mode));
}

ROW(select_type)
{
	(void)ctx;
	const uint32_t flags = PART->select_flags;
	if (flags == 0)
		text_add(out, "NONE");
	else
		text_printf(out, "CR_%s%s", flags & CONF_CR_SOCKET ? "SOCKET" : "CORE",
		            flags & CONF_CR_MEMORY ? "_MEMORY" : "");
}

ROW(req_resv)
{
	(void)ctx;
	text_add(out, show_yes(PART->req_resv));
}

ROW(part_qos)
{
	(void)ctx;
	text_add(out, PART->qos ? PART->qos : "N/A");
}

ROW(job_defaults)
{
	(void)ctx;
	if (PART->def_cpu_per_gpu)
		text_printf(out, "DefCpuPerGPU=%" PRIu32, PART->def_cpu_per_gpu);
	if (PART->def_mem_per_gpu)
		text_printf(out, "%sDefMemPerGPU=%" PRIu32, PART->def_cpu_per_gpu ? "," : "",
		            PART->def_mem_per_gpu);
	if (!PART->def_cpu_per_gpu && !PART->def_mem_per_gpu)
		text_add(out, "(null)");
}

/* As the real one, with a blank behind it. */
ROW(cpu_bind)
{
	(void)ctx;
	text_printf(out, "%s ", PART->cpu_bind);
}

ROW_STR(alternate, PART, alternate)
ROW_STR(deny_qos, PART, deny_qos)
ROW_STR(deny_accounts, PART, deny_accounts)
ROW_STR(billing_weights, PART, billing)

/* AllowAccounts counts where both are there. */
static bool when_deny(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return PART->deny_accounts && !PART->allow_accounts;
}

static bool when_no_deny(const void *record, const struct show_ctx *ctx)
{
	return !when_deny(record, ctx);
}

static bool when_deny_qos(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return PART->deny_qos && !PART->allow_qos;
}

static bool when_no_deny_qos(const void *record, const struct show_ctx *ctx)
{
	return !when_deny_qos(record, ctx);
}

static bool when_alternate(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return PART->alternate != NULL;
}

static bool when_cpu_bind(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return PART->cpu_bind != NULL;
}

static bool when_billing(const void *record, const struct show_ctx *ctx)
{
	(void)ctx;
	return PART->billing != NULL;
}

static const struct show_row part_rows[] = {
        {false, "PartitionName=", part_name, NULL, NULL},
        {true, "AllowGroups=", allow_groups, NULL, NULL},
        {false, "AllowAccounts=", allow_accounts, when_no_deny, NULL},
        {false, "DenyAccounts=", deny_accounts, when_deny, NULL},
        {false, "AllowQos=", allow_qos, when_no_deny_qos, NULL},
        {false, "DenyQos=", deny_qos, when_deny_qos, NULL},
        {true, "AllocNodes=", alloc_nodes, NULL, NULL},
        {false, "Alternate=", alternate, when_alternate, NULL},
        {false, "Default=", is_default, NULL, NULL},
        {false, "CpuBind=", cpu_bind, when_cpu_bind, NULL},
        {false, "QoS=", part_qos, NULL, NULL},
        {true, "DefaultTime=", default_time, NULL, NULL},
        {false, "DisableRootJobs=", no_root_jobs, NULL, NULL},
        {false, "ExclusiveUser=", exclusive_user, NULL, NULL},
        {false, "GraceTime=", grace_time, NULL, NULL},
        {false, "Hidden=", hidden, NULL, NULL},
        {true, "MaxNodes=", max_nodes, NULL, NULL},
        {false, "MaxTime=", max_time, NULL, NULL},
        {false, "MinNodes=", min_nodes, NULL, NULL},
        {false, "LLN=", lln, NULL, NULL},
        {false, "MaxCPUsPerNode=", max_cpus, NULL, NULL},
        {true, "Nodes=", part_nodes, NULL, NULL},
        {true, "PriorityJobFactor=", priority_factor, NULL, NULL},
        {false, "PriorityTier=", priority_tier, NULL, NULL},
        {false, "RootOnly=", root_only, NULL, NULL},
        {false, "ReqResv=", req_resv, NULL, NULL},
        {false, "OverSubscribe=", oversubscribe, NULL, NULL},
        {true, "OverTimeLimit=", over_time, NULL, NULL},
        {false, "PreemptMode=", preempt_mode, NULL, NULL},
        {true, "State=", part_state, NULL, NULL},
        {false, "TotalCPUs=", total_cpus, NULL, NULL},
        {false, "TotalNodes=", total_nodes, NULL, NULL},
        {false, "SelectTypeParameters=", select_type, NULL, NULL},
        {true, "JobDefaults=", job_defaults, NULL, NULL},
        {true, "", def_mem, NULL, NULL},
        {false, "", max_mem, NULL, NULL},
        {true, "TRES=", part_tres, NULL, NULL},
        {true, "TRESBillingWeights=", billing_weights, when_billing, NULL},
};

void show_part(const struct part_info *part, const struct show_ctx *ctx, struct text *out)
{
	show_rows(part_rows, sizeof(part_rows) / sizeof(part_rows[0]), part, ctx, out);
}
