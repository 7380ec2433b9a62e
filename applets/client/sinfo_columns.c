#include "applets/client/show.h"
#include "applets/client/sinfo.h"
#include "applets/common/users.h"
#include "conf/node_part.h"
#include "core/records.h"
#include "core/util/hostlist.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GROUP        ((const struct sinfo_group *)record)
#define PART         (GROUP->part)
#define FIRST        (GROUP->nodes[0])
#define TEXT(name)   static void name(struct text *out, const void *record, const void *ctx)
#define NUMBER(name) static int64_t name(const void *record, const void *ctx)

/* ---- partitions ---- */

TEXT(part_name)
{
	(void)ctx;
	text_add(out, PART ? PART->name : "");
}

TEXT(part_mark)
{
	(void)ctx;
	part_name(out, record, ctx);
	if (PART && PART->is_default)
		text_add(out, "*");
}

NUMBER(part_order)
{
	(void)ctx;
	return GROUP->part_order;
}

TEXT(avail)
{
	(void)ctx;
	static const char *const words[] = {"up", "down", "drain", "inactive"};
	text_add(out, !PART ? "n/a" : PART->state < 4 ? words[PART->state] : "?");
}

/* A limit in minutes as sinfo has it: "infinite", "30:00", "2-00:00:00". */
static void limit(struct text *out, uint32_t minutes)
{
	if (minutes == CORE_INFINITE)
		text_add(out, "infinite");
	else if (minutes == CORE_NO_VAL)
		text_add(out, "n/a");
	else
		show_elapsed(out, (int64_t)minutes * 60);
}

TEXT(time_limit)
{
	(void)ctx;
	limit(out, PART ? PART->max_time_min : CORE_NO_VAL);
}

NUMBER(time_limit_number)
{
	(void)ctx;
	return PART ? PART->max_time_min : 0;
}

TEXT(default_time)
{
	(void)ctx;
	limit(out, PART ? PART->default_time_min : CORE_NO_VAL);
}

TEXT(groups)
{
	(void)ctx;
	text_add(out, PART && PART->allow_groups ? PART->allow_groups : "all");
}

TEXT(alloc_nodes)
{
	(void)ctx;
	text_add(out, PART && PART->alloc_nodes ? PART->alloc_nodes : "all");
}

TEXT(oversubscribe)
{
	(void)ctx;
	uint32_t o = PART && PART->oversubscribe < 4 ? PART->oversubscribe : 0;
	text_add(out, node_part_share_word(o));
	if (o >= 2)
		text_printf(out, ":%" PRIu32, PART->oversubscribe_max);
}

TEXT(root_only)
{
	(void)ctx;
	text_add(out, PART && PART->root_only ? "yes" : "no");
}

TEXT(job_size)
{
	(void)ctx;
	uint32_t min = PART && PART->min_nodes > 1 ? PART->min_nodes : 1,
	         max = PART ? PART->max_nodes : CORE_INFINITE;
	if (max == CORE_INFINITE)
		text_printf(out, "%" PRIu32 "-infinite", min);
	else if (min == max)
		text_printf(out, "%" PRIu32, min);
	else
		text_printf(out, "%" PRIu32 "-%" PRIu32, min, max);
}

NUMBER(tier_number)
{
	(void)ctx;
	return PART ? PART->priority_tier : 0;
}

TEXT(tier)
{
	text_printf(out, "%" PRId64, tier_number(record, ctx));
}

TEXT(job_factor)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, PART ? PART->priority_job_factor : 0);
}

TEXT(max_cpus)
{
	(void)ctx;
	if (!PART || PART->max_cpus_per_node == CORE_INFINITE)
		text_add(out, "UNLIMITED");
	else
		text_printf(out, "%" PRIu32, PART->max_cpus_per_node);
}

TEXT(preempt_mode)
{
	(void)record, (void)ctx;
	text_add(out, "OFF");
}

TEXT(cluster)
{
	(void)record, (void)ctx;
	text_add(out, "N/A");
}

/* ---- nodes ---- */

NUMBER(node_count)
{
	(void)ctx;
	return (int64_t)GROUP->n;
}

TEXT(nodes)
{
	text_printf(out, "%" PRId64, node_count(record, ctx));
}

/* The names (or another member) of all nodes, compressed. */
static void node_names(struct text *out, const struct sinfo_group *group, size_t offset)
{
	struct hostlist *names = hostlist_new();
	for (size_t i = 0; i < group->n; i++) {
		const char *name = *(char *const *)(const void *)((const char *)group->nodes[i] + offset);
		if (name)
			hostlist_add_name(names, name);
	}
	hostlist_sort(names);
	hostlist_compress(names, out);
	hostlist_free(names);
}

TEXT(node_list)
{
	(void)ctx;
	node_names(out, GROUP, offsetof(struct node_info, name));
}

TEXT(host_list)
{
	(void)ctx;
	node_names(out, GROUP, offsetof(struct node_info, hostname));
}

TEXT(addr_list)
{
	(void)ctx;
	node_names(out, GROUP, offsetof(struct node_info, addr));
}

TEXT(state_compact)
{
	(void)ctx;
	if (GROUP->n)
		sinfo_state(out, FIRST, true);
	else
		text_add(out, "n/a");
}

TEXT(state_long)
{
	(void)ctx;
	if (GROUP->n)
		sinfo_state(out, FIRST, false);
	else
		text_add(out, "n/a");
}

NUMBER(state_number)
{
	(void)ctx;
	if (GROUP->n == 0)
		return -1;
	return (int64_t)FIRST->base + ((FIRST->flags & NODE_FLAG_PLANNED) ? 16 : 0) +
	       ((FIRST->flags & NODE_FLAG_DRAIN) ? 32 : 0);
}

/* The smallest and largest value of a number among the nodes: "1", "1+" (or "20250-20251" for a measured
 * one). */
static void span(struct text *out, const struct sinfo_group *group, uint64_t (*get)(const struct node_info *),
                 bool both)
{
	uint64_t min = UINT64_MAX, max = 0;
	for (size_t i = 0; i < group->n; i++) {
		uint64_t v = get(group->nodes[i]);
		min = v < min ? v : min;
		max = v > max ? v : max;
	}
	if (group->n == 0)
		text_add(out, "0");
	else if (min == max)
		text_printf(out, "%" PRIu64, min);
	else if (both)
		text_printf(out, "%" PRIu64 "-%" PRIu64, min, max);
	else
		text_printf(out, "%" PRIu64 "+", min);
}

#define SPAN(name, member)                                                                                   \
	static uint64_t name##_get(const struct node_info *node)                                             \
	{                                                                                                    \
		return node->member;                                                                         \
	}                                                                                                    \
	NUMBER(name##_number)                                                                                \
	{                                                                                                    \
		(void)ctx;                                                                                   \
		return GROUP->n ? (int64_t)FIRST->member : 0;                                                \
	}                                                                                                    \
	TEXT(name)                                                                                           \
	{                                                                                                    \
		(void)ctx;                                                                                   \
		span(out, GROUP, name##_get, false);                                                         \
	}
SPAN(cpus, cpus)
SPAN(tmp_disk, tmp_disk)
SPAN(memory, real_memory)
SPAN(weight, weight)
SPAN(sockets, sockets)
SPAN(cores, cores_per_socket)
SPAN(threads, threads_per_core)

static uint64_t free_mem_get(const struct node_info *node)
{
	return node->free_mem;
}

TEXT(free_mem)
{
	(void)ctx;
	if (GROUP->n && FIRST->free_mem == CORE_NO_VAL64)
		text_add(out, "N/A");
	else
		span(out, GROUP, free_mem_get, true);
}

TEXT(cpu_load)
{
	(void)ctx;
	uint32_t min = UINT32_MAX, max = 0;
	for (size_t i = 0; i < GROUP->n; i++) {
		uint32_t v = GROUP->nodes[i]->cpu_load;
		if (v == CORE_NO_VAL)
			continue;
		min = v < min ? v : min;
		max = v > max ? v : max;
	}
	if (GROUP->n == 0)
		text_add(out, "0.00");
	else if (min == UINT32_MAX)
		text_add(out, "N/A");
	else if (min == max)
		text_printf(out, "%.2f", min / 100.0);
	else
		text_printf(out, "%.2f-%.2f", min / 100.0, max / 100.0);
}

TEXT(sct)
{
	sockets(out, record, ctx);
	text_add(out, ":");
	cores(out, record, ctx);
	text_add(out, ":");
	threads(out, record, ctx);
}

static void count_nodes(const struct sinfo_group *group, uint32_t by_kind[SINFO_KINDS])
{
	memset(by_kind, 0, sizeof(*by_kind) * SINFO_KINDS);
	for (size_t i = 0; i < group->n; i++)
		by_kind[sinfo_kind_of(group->nodes[i])]++;
}

TEXT(nodes_ai)
{
	(void)ctx;
	uint32_t k[SINFO_KINDS];
	count_nodes(GROUP, k);
	text_printf(out, "%" PRIu32 "/%" PRIu32, k[SINFO_ALLOCATED], k[SINFO_IDLE]);
}

TEXT(nodes_aiot)
{
	uint32_t k[SINFO_KINDS];
	count_nodes(GROUP, k);
	text_printf(out, "%" PRIu32 "/%" PRIu32 "/%" PRIu32 "/%" PRId64, k[SINFO_ALLOCATED], k[SINFO_IDLE],
	            k[SINFO_OTHER], node_count(record, ctx));
}

TEXT(cpus_aiot)
{
	(void)ctx;
	uint64_t alloc = 0, idle = 0, other = 0, total = 0;
	for (size_t i = 0; i < GROUP->n; i++) {
		const struct node_info *node = GROUP->nodes[i];
		uint32_t rest = node->cpus - (node->cpus_alloc < node->cpus ? node->cpus_alloc : node->cpus);
		alloc += node->cpus_alloc;
		total += node->cpus;
		if (sinfo_kind_of(node) == SINFO_OTHER || (node->flags & NODE_FLAG_DRAIN))
			other += rest;
		else
			idle += rest;
	}
	text_printf(out, "%" PRIu64 "/%" PRIu64 "/%" PRIu64 "/%" PRIu64, alloc, idle, other, total);
}

TEXT(features)
{
	(void)ctx;
	text_add(out, GROUP->n && FIRST->features ? FIRST->features : "(null)");
}

TEXT(gres)
{
	(void)ctx;
	text_add(out, GROUP->n && FIRST->gres ? FIRST->gres : "(null)");
}

TEXT(version)
{
	(void)ctx;
	text_add(out, GROUP->n && FIRST->state->version ? FIRST->state->version : "N/A");
}

static const struct node_state *reason_state(const struct sinfo_group *group)
{
	return group->n && group->nodes[0]->state->reason ? group->nodes[0]->state : NULL;
}

TEXT(reason)
{
	(void)ctx;
	text_add(out, reason_state(GROUP) ? reason_state(GROUP)->reason : "none");
}

static const char *reason_user(const struct sinfo_group *group)
{
	return group->nodes[0]->reason_user ? group->nodes[0]->reason_user
	                                    : user_name_of(reason_state(group)->reason_uid);
}

TEXT(reason_who)
{
	(void)ctx;
	bool known = reason_state(GROUP) && reason_state(GROUP)->reason_uid != CORE_NO_VAL;
	/* Of a partition without nodes the real one says so. */
	text_add(out, GROUP->n == 0 ? "root" : known ? reason_user(GROUP) : "Unknown");
}

TEXT(reason_who_uid)
{
	(void)ctx;
	if (GROUP->n == 0)
		text_add(out, "root(0)");
	else if (!reason_state(GROUP) || reason_state(GROUP)->reason_uid == CORE_NO_VAL)
		text_add(out, "Unknown");
	else
		text_printf(out, "%s(%" PRIu32 ")", reason_user(GROUP), reason_state(GROUP)->reason_uid);
}

TEXT(reason_time)
{
	(void)ctx;
	show_time(out, reason_state(GROUP) ? reason_state(GROUP)->reason_time : 0, "Unknown");
}

TEXT(features_act)
{
	(void)ctx;
	const char *list = GROUP->n == 0 ? NULL : FIRST->features_act ? FIRST->features_act : FIRST->features;
	text_add(out, list ? list : "(null)");
}

NUMBER(alloc_mem_number)
{
	(void)ctx;
	return GROUP->n ? (int64_t)FIRST->mem_alloc : 0;
}

TEXT(alloc_mem)
{
	text_printf(out, "%" PRId64, alloc_mem_number(record, ctx));
}

NUMBER(port_number)
{
	(void)ctx;
	return GROUP->n ? FIRST->port : 0;
}

TEXT(port)
{
	text_printf(out, "%" PRId64, port_number(record, ctx));
}

TEXT(comment)
{
	(void)ctx;
	text_add(out, GROUP->n && FIRST->state->comment ? FIRST->state->comment : "(null)");
}

TEXT(extra)
{
	(void)ctx;
	text_add(out, GROUP->n && FIRST->state->extra ? FIRST->state->extra : "(null)");
}

TEXT(gres_used)
{
	(void)ctx, (void)record;
	text_add(out, "(null)");
}

/* The base state and each flag: "idle+drain". */
TEXT(state_complete)
{
	(void)ctx;
	struct text words = TEXT_EMPTY;
	if (GROUP->n == 0) {
		text_add(&words, "n/a");
	} else {
		text_add(&words, node_state_word(FIRST->base));
		node_flags_text(FIRST->flags, &words);
	}
	for (const char *p = text_str(&words); *p; p++)
		text_add_char(out, (char)tolower((unsigned char)*p));
	text_free(&words);
}

const struct column sinfo_columns[] = {
        {'a', "available", "AVAIL", 0, avail, NULL},
        {'b', "features_act", "ACTIVE_FEATURES", 0, features_act, NULL},
        {'c', "cpus", "CPUS", 0, cpus, cpus_number},
        {'d', "disk", "TMP_DISK", 0, tmp_disk, tmp_disk_number},
        {'e', "freemem", "FREE_MEM", 0, free_mem, NULL},
        {'f', "features", "AVAIL_FEATURES", 0, features, NULL},
        {'g', "groups", "GROUPS", 0, groups, NULL},
        {'h', "oversubscribe", "OVERSUBSCRIBE", 0, oversubscribe, NULL},
        {'l', "time", "TIMELIMIT", 0, time_limit, time_limit_number},
        {'m', "memory", "MEMORY", 0, memory, memory_number},
        {'n', "nodehost", "HOSTNAMES", 0, host_list, NULL},
        {'o', "nodeaddr", "NODE_ADDR", 0, addr_list, NULL},
        {'p', "prioritytier", "PRIO_TIER", 0, tier, tier_number},
        {'r', "root", "ROOT", 0, root_only, NULL},
        {'s', "size", "JOB_SIZE", 0, job_size, NULL},
        {'t', "statecompact", "STATE", 0, state_compact, state_number},
        {'u', "user", "USER", 0, reason_who, NULL},
        {'v', "version", "VERSION", 0, version, NULL},
        {'w', "weight", "WEIGHT", 0, weight, weight_number},
        {'z', "socketcorethread", "S:C:T", 0, sct, NULL},
        {'A', "nodeai", "NODES(A/I)", 0, nodes_ai, NULL},
        {'B', "maxcpuspernode", "MAX_CPUS_PER_NODE", 0, max_cpus, NULL},
        {'C', "cpusstate", "CPUS(A/I/O/T)", 0, cpus_aiot, NULL},
        {'D', "nodes", "NODES", 0, nodes, node_count},
        {'E', "reason", "REASON", 0, reason, NULL},
        {'F', "nodeaiot", "NODES(A/I/O/T)", 0, nodes_aiot, NULL},
        {'G', "gres", "GRES", 0, gres, NULL},
        {'H', "timestamp", "TIMESTAMP", 0, reason_time, NULL},
        {'I', "priorityjobfactor", "PRIO_JOB_FACTOR", 0, job_factor, NULL},
        {'L', "defaulttime", "DEFAULTTIME", 0, default_time, NULL},
        {'M', "preemptmode", "PREEMPT_MODE", 0, preempt_mode, NULL},
        {'N', "nodelist", "NODELIST", 0, node_list, NULL},
        {'O', "cpusload", "CPU_LOAD", 0, cpu_load, NULL},
        {'P', "partition", "PARTITION", COLUMN_KEEP_MARK, part_mark, part_order},
        {'R', "partitionname", "PARTITION", 0, part_name, part_order},
        {'S', "allocnodes", "ALLOCNODES", 0, alloc_nodes, NULL},
        {'T', "statelong", "STATE", 0, state_long, state_number},
        {'U', "userlong", "USER", 0, reason_who_uid, NULL},
        {'V', "cluster", "CLUSTER", 0, cluster, NULL},
        {'X', "sockets", "SOCKETS", 0, sockets, sockets_number},
        {'Y', "cores", "CORES", 0, cores, cores_number},
        {'Z', "threads", "THREADS", 0, threads, threads_number},
        {0, "share", "OVERSUBSCRIBE", 0, oversubscribe, NULL},
        {0, "allocmem", "ALLOCMEM", 0, alloc_mem, alloc_mem_number},
        {0, "comment", "COMMENT", 0, comment, NULL},
        {0, "extra", "EXTRA", 0, extra, NULL},
        {0, "gresused", "GRES_USED", 0, gres_used, NULL},
        {0, "port", "PORT", 0, port, port_number},
        {0, "statecomplete", "STATECOMPLETE", 0, state_complete, NULL},
};
const size_t sinfo_column_count = sizeof(sinfo_columns) / sizeof(sinfo_columns[0]);
