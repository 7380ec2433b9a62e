/* sinfo --json */
#include "applets/client/json_rows.h"
#include "applets/client/sinfo.h"
#include "applets/common/users.h"
#include "core/records.h"
#include "core/tres.h"

#include <ctype.h>
#include <inttypes.h>

#define NODE ((const struct node_info *)record)

static const char *architecture(const struct node_info *node)
{
	return node->state->hardware ? node->state->hardware->arch : NULL;
}

JSON_AS(arch, text, architecture(NODE))
JSON_AS(boards, int, NODE->boards)
JSON_AS(boot_time, int, NODE->state->boot_time / CORE_SECOND)
JSON_AS(comment, text, NODE->state->comment)
JSON_AS(cores, int, NODE->cores_per_socket)
JSON_SET(cpu_load, NODE->cpu_load, CORE_NO_VAL)
JSON_AS(extra, text, NODE->state->extra)
JSON_SET(free_memory, NODE->free_mem, CORE_NO_VAL64)
JSON_AS(cpus, int, NODE->cpus)
JSON_AS(last_busy, int, NODE->state->last_busy / CORE_SECOND)
JSON_AS(features, text, NODE->features)
JSON_AS(features_act, text, NODE->features_act ? NODE->features_act : NODE->features)
JSON_AS(gres, text, NODE->gres)
JSON_AS(gres_drained, str, "N/A")
JSON_AS(name, text, NODE->name)
JSON_AS(invalid, str, "invalid")
JSON_AS(address, text, NODE->addr)
JSON_AS(hostname, text, NODE->hostname)
JSON_AS(os, text, NODE->state->hardware ? NODE->state->hardware->os : NULL)
JSON_AS(port, int, NODE->port)
JSON_AS(memory, int, (int64_t)NODE->real_memory)
JSON_AS(reason, text, NODE->state->reason)
JSON_AS(reason_time, int, NODE->state->reason_time / CORE_SECOND)

JSON(reason_user)
{
	(void)ctx;
	uint32_t uid = NODE->state->reason ? NODE->state->reason_uid : CORE_NO_VAL;
	if (uid == CORE_NO_VAL)
		json_null(j);
	else
		json_str(j, NODE->reason_user ? NODE->reason_user : user_name_of(uid));
}

JSON_AS(slurmd_start, int, NODE->state->slurmd_start_time / CORE_SECOND)
JSON_AS(sockets, int, NODE->sockets)
JSON_AS(threads, int, NODE->threads_per_core)
JSON_AS(tmp_disk, int, (int64_t)NODE->tmp_disk)
JSON_AS(weight, int, NODE->weight)
JSON_AS(version, text, NODE->state->version)
JSON_AS(alloc_memory, int, (int64_t)NODE->mem_alloc)
JSON_AS(alloc_cpus, int, NODE->cpus_alloc)
JSON_AS(idle_cpus, int, (int64_t)NODE->cpus - NODE->cpus_alloc)
JSON_AS(weighted, real, NODE->cpus_alloc)

static void lower(struct json *j, const char *word)
{
	struct text t = TEXT_EMPTY;
	text_add(&t, word);
	for (char *p = t.s; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	json_str(j, text_str(&t));
	text_free(&t);
}

JSON(state)
{
	(void)ctx;
	lower(j, node_state_word(NODE->base));
}

JSON(state_flags)
{
	(void)ctx;
	struct text flags = TEXT_EMPTY;
	text_add(&flags, "");
	node_flags_text(NODE->flags, &flags);
	char *rest = flags.s;
	json_list(j);
	for (char *word = text_split(&rest, '+'); word; word = text_split(&rest, '+'))
		if (*word)
			json_str(j, word);
	json_end(j);
	text_free(&flags);
}

JSON(partitions)
{
	(void)ctx;
	json_list(j);
	for (uint32_t i = 0; i < NODE->partitions.n; i++)
		json_str(j, NODE->partitions.v[i]);
	json_end(j);
}

static void tres_text(struct json *j, const struct tres *tres)
{
	struct text t = TEXT_EMPTY;
	tres_print(tres, &t);
	json_str(j, text_str(&t));
	text_free(&t);
}

JSON(tres)
{
	(void)ctx;
	struct tres t = {0};
	t.v[TRES_CPU] = NODE->cpus;
	t.v[TRES_MEM] = NODE->real_memory;
	t.v[TRES_BILLING] = NODE->billing ? NODE->billing : NODE->cpus;
	tres_text(j, &t);
}

JSON(tres_used)
{
	(void)ctx;
	struct tres t = {0};
	t.v[TRES_CPU] = NODE->cpus_alloc;
	t.v[TRES_MEM] = NODE->mem_alloc;
	if (NODE->cpus_alloc || NODE->mem_alloc)
		tres_text(j, &t);
	else
		json_null(j);
}

static const struct json_row rows[] = {
        {"architecture", arch, NULL},
        {"burstbuffer_network_address", json_no_text, NULL},
        {"boards", boards, NULL},
        {"boot_time", boot_time, NULL},
        {"comment", comment, NULL},
        {"cores", cores, NULL},
        {"cpu_binding", json_zero, NULL},
        {"cpu_load", cpu_load, NULL},
        {"extra", extra, NULL},
        {"free_memory", free_memory, NULL},
        {"cpus", cpus, NULL},
        {"last_busy", last_busy, NULL},
        {"features", features, NULL},
        {"active_features", features_act, NULL},
        {"gres", gres, NULL},
        {"gres_drained", gres_drained, NULL},
        {"gres_used", json_no_text, NULL},
        {"mcs_label", json_no_text, NULL},
        {"name", name, NULL},
        {"next_state_after_reboot", invalid, NULL},
        {"address", address, NULL},
        {"hostname", hostname, NULL},
        {"state", state, NULL},
        {"state_flags", state_flags, NULL},
        {"next_state_after_reboot_flags", json_no_list, NULL},
        {"operating_system", os, NULL},
        {"owner", json_no_number, NULL},
        {"partitions", partitions, NULL},
        {"port", port, NULL},
        {"real_memory", memory, NULL},
        {"reason", reason, NULL},
        {"reason_changed_at", reason_time, NULL},
        {"reason_set_by_user", reason_user, NULL},
        {"slurmd_start_time", slurmd_start, NULL},
        {"sockets", sockets, NULL},
        {"threads", threads, NULL},
        {"temporary_disk", tmp_disk, NULL},
        {"weight", weight, NULL},
        {"tres", tres, NULL},
        {"slurmd_version", version, NULL},
        {"alloc_memory", alloc_memory, NULL},
        {"alloc_cpus", alloc_cpus, NULL},
        {"idle_cpus", idle_cpus, NULL},
        {"tres_used", tres_used, NULL},
        {"tres_weighted", weighted, NULL},
};

void sinfo_json(struct json *j, const struct node_info *node)
{
	JSON_ROWS(j, rows, node, NULL);
}
