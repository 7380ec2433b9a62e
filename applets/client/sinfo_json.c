/* sinfo --json */
#include "applets/client/json_rows.h"
#include "applets/client/sinfo.h"
#include "core/records.h"

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
JSON_AS(reason_user, str, NODE->state->reason ? NODE->reason_user : NULL)
JSON_AS(slurmd_start, int, NODE->state->slurmd_start_time / CORE_SECOND)
JSON_AS(sockets, int, NODE->sockets)
JSON_AS(threads, int, NODE->threads_per_core)
JSON_AS(tmp_disk, int, (int64_t)NODE->tmp_disk)
JSON_AS(weight, int, NODE->weight)
JSON_AS(version, text, NODE->state->version)
JSON_AS(alloc_memory, int, (int64_t)NODE->mem_alloc)
JSON_AS(alloc_cpus, int, NODE->cpus_alloc)
JSON_AS(idle_cpus, int, (int64_t)NODE->cpus - NODE->cpus_alloc)
JSON_AS(zero_real, real, 0.0)

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

JSON(tres)
{
	(void)ctx;
	struct text t = TEXT_EMPTY;
	text_printf(&t, "cpu=%" PRIu32 ",mem=%" PRIu64 "M,billing=%" PRIu64, NODE->cpus, NODE->real_memory,
	            NODE->billing ? NODE->billing : NODE->cpus);
	json_str(j, text_str(&t));
	text_free(&t);
}

static const struct json_row rows[] = {
        {"architecture", arch},
        {"burstbuffer_network_address", json_no_text},
        {"boards", boards},
        {"boot_time", boot_time},
        {"comment", comment},
        {"cores", cores},
        {"cpu_binding", json_zero},
        {"cpu_load", cpu_load},
        {"extra", extra},
        {"free_memory", free_memory},
        {"cpus", cpus},
        {"last_busy", last_busy},
        {"features", features},
        {"active_features", features_act},
        {"gres", gres},
        {"gres_drained", gres_drained},
        {"gres_used", json_no_text},
        {"mcs_label", json_no_text},
        {"name", name},
        {"next_state_after_reboot", invalid},
        {"address", address},
        {"hostname", hostname},
        {"state", state},
        {"state_flags", state_flags},
        {"next_state_after_reboot_flags", json_no_list},
        {"operating_system", os},
        {"owner", json_no_number},
        {"partitions", partitions},
        {"port", port},
        {"real_memory", memory},
        {"reason", reason},
        {"reason_changed_at", reason_time},
        {"reason_set_by_user", reason_user},
        {"slurmd_start_time", slurmd_start},
        {"sockets", sockets},
        {"threads", threads},
        {"temporary_disk", tmp_disk},
        {"weight", weight},
        {"tres", tres},
        {"slurmd_version", version},
        {"alloc_memory", alloc_memory},
        {"alloc_cpus", alloc_cpus},
        {"idle_cpus", idle_cpus},
        {"tres_used", json_no_number},
        {"tres_weighted", zero_real},
};

void sinfo_json(struct json *j, const struct node_info *node)
{
	JSON_ROWS(j, rows, node, NULL);
}
