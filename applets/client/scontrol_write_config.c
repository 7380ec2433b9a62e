/* scontrol write config: the configuration in force, with what scontrol has changed of nodes and partitions,
 * as a slurm.conf. */
#include "applets/client/scontrol.h"
#include "conf/node_part.h"
#include "core/conf.h"
#include "core/util/hostlist.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- parameters ---- */

static const struct row {
	const char *section, *key; /* one of them */
} rows[] = {
#define SECTION(title) {title, NULL},
#define KEY(name)      {NULL, #name},
#include "applets/client/scontrol_write_config.def"
#undef SECTION
#undef KEY
};

static void section(struct text *out, const char *title)
{
	static const char bar[] = "################################################\n";
	const int width = (int)sizeof(bar) - 4, left = (width - (int)strlen(title)) / 2;
	text_printf(out, "#\n%s#%*s%-*s#\n%s", bar, left, "", width - left, title, bar);
}

/* "30 sec", "slurm(64030)": without what stands behind the value; of several words, in quotes. */
static void value(struct text *out, const char *s)
{
	static const char *const units[] = {" sec", " min", " usec", " percent", " nodes/min"};
	const char *paren = strchr(s, '(');
	size_t n = paren && paren > s ? (size_t)(paren - s) : strlen(s);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const size_t unit = strlen(units[i]);
		if (n > unit && text_eq(s + n - unit, units[i]))
			n -= unit;
	}
	const char *quote = memchr(s, ' ', n) ? "\"" : "";
	text_printf(out, "%s%.*s%s", quote, (int)n, s, quote);
}

/* Is it what stands for no value at all, and would be none if it were read again? */
static bool is_unset(const char *key, const char *s)
{
	return !s || (text_eq(key, "DefMemPerNode") && text_eq(s, "UNLIMITED")) ||
	       (text_eq(key, "MaxDBDMsgs") && text_eq(s, "0"));
}

static const char *value_of(const struct config_reply *m, const char *key)
{
	for (uint32_t i = 0; i < m->names.n && i < m->values.n; i++)
		if (text_eq(m->names.v[i], key))
			return text_starts_nocase(m->values.v[i], "(null") ? NULL
			                                                   : text_or_null(m->values.v[i]);
	return NULL;
}

static void parameter(struct text *out, const struct config_reply *m, const char *key)
{
	const char *s = value_of(m, key);
	if (text_eq(key, "SlurmctldHost")) {
		for (uint32_t i = 0; i < m->names.n && i < m->values.n; i++)
			if (text_starts_nocase(m->names.v[i], "SlurmctldHost["))
				text_printf(out, "SlurmctldHost=%s\n", m->values.v[i]);
		return;
	}
	if (is_unset(key, s)) {
		text_printf(out, "#%s=\n", key);
		return;
	}
	text_printf(out, "%s=", key);
	value(out, s);
	text_add_char(out, '\n');
}

/* ---- nodes and partitions: what is not the default ---- */

static void put_str(struct text *out, const char *key, const char *s)
{
	if (text_or_null(s))
		text_printf(out, strpbrk(s, " \t#\"") ? " %s=\"%s\"" : " %s=%s", key, s);
}

static void put_number(struct text *out, const char *key, uint64_t n, uint64_t usual)
{
	if (n != usual)
		text_printf(out, " %s=%" PRIu64, key, n);
}

static void put_yes(struct text *out, const char *key, bool yes)
{
	if (yes)
		text_printf(out, " %s=YES", key);
}

static void put_limit(struct text *out, const char *key, uint32_t minutes, uint32_t usual)
{
	if (minutes == usual)
		return;
	text_printf(out, " %s=", key);
	show_limit(out, minutes, "NONE");
}

static void node_rest(struct text *out, const struct node_info *n, uint32_t port)
{
	if (!text_eq(n->hostname, n->name))
		put_str(out, "NodeHostname", n->hostname);
	if (n->port != port)
		put_number(out, "Port", n->port, 0);
	put_number(out, "CPUs", n->cpus, (uint64_t)n->sockets * n->cores_per_socket * n->threads_per_core);
	put_number(out, "Boards", n->boards, 1);
	text_printf(out,
	            " Sockets=%" PRIu32 " CoresPerSocket=%" PRIu32 " ThreadsPerCore=%" PRIu32
	            " RealMemory=%" PRIu64,
	            n->sockets, n->cores_per_socket, n->threads_per_core, n->real_memory);
	put_number(out, "TmpDisk", n->tmp_disk, 0);
	put_number(out, "Weight", n->weight, 1);
	put_str(out, "Feature", n->features);
	if (n->flags & NODE_FLAG_CLOUD)
		text_add(out, " State=CLOUD");
	else if (n->base == NODE_FUTURE)
		text_add(out, " State=FUTURE");
}

struct kind { /* nodes of which the same is to be said */
	char *rest;
	struct hostlist *names;
};
struct kinds {
	struct kind *v;
	size_t n, cap;
	uint32_t port;
};
static struct kinds kinds;

static void take_node(struct scontrol *sc, const struct node_info *n)
{
	struct text rest = TEXT_EMPTY;
	size_t i = 0;
	node_rest(&rest, n, kinds.port);
	while (i < kinds.n && !text_eq(kinds.v[i].rest, text_str(&rest)))
		i++;
	if (i == kinds.n) {
		if (kinds.n == kinds.cap) {
			struct kind *more = arena_array(&sc->arena, 2 * kinds.cap + 8, sizeof(struct kind));
			if (kinds.n)
				memcpy(more, kinds.v, kinds.n * sizeof(struct kind));
			kinds.v = more;
			kinds.cap = 2 * kinds.cap + 8;
		}
		kinds.v[kinds.n++] = (struct kind){arena_strdup(&sc->arena, text_str(&rest)), hostlist_new()};
	}
	hostlist_add_name(kinds.v[i].names, n->name);
	text_free(&rest);
}

static bool take_nodes(struct scontrol *sc, const void *record)
{
	const struct node_list *list = record;
	for (uint32_t i = 0; i < list->nodes.n; i++)
		take_node(sc, &list->nodes.v[i]);
	return list->last;
}

static int print_nodes(struct scontrol *sc, struct text *out, struct err *err)
{
	struct node_query q;
	schema_init(schema_of_node_query(), &q);
	q.future = true;
	kinds = (struct kinds){.port = conf_u32(&sc->connection.file.conf, P_SlurmdPort)};
	int rc = scontrol_ask_all(sc, MSG_node_query, &q, MSG_node_list, take_nodes, err);
	for (size_t i = 0; i < kinds.n; i++) {
		text_add(out, "NodeName=");
		hostlist_compress(kinds.v[i].names, out);
		text_printf(out, "%s\n", kinds.v[i].rest);
		hostlist_free(kinds.v[i].names);
	}
	return rc;
}

static void print_part(struct text *out, const struct part_info *p)
{
	text_printf(out, "PartitionName=%s", p->name);
	put_str(out, "AllocNodes", p->alloc_nodes);
	put_str(out, "AllowAccounts", p->allow_accounts);
	put_str(out, "AllowGroups", p->allow_groups);
	put_str(out, "AllowQos", p->allow_qos);
	put_str(out, "Alternate", p->alternate);
	put_str(out, "CpuBind", p->cpu_bind);
	put_yes(out, "Default", p->is_default);
	put_number(out, "DefMemPerCPU", p->def_mem_per_cpu, 0);
	put_number(out, "DefMemPerNode", p->def_mem_per_node, 0);
	put_limit(out, "DefaultTime", p->default_time_min, CORE_NO_VAL);
	put_str(out, "DenyAccounts", p->deny_accounts);
	put_str(out, "DenyQos", p->deny_qos);
	put_yes(out, "DisableRootJobs", p->no_root_jobs);
	put_yes(out, "ExclusiveUser", p->exclusive_user);
	put_number(out, "GraceTime", p->grace_time_s, 0);
	put_yes(out, "Hidden", p->hidden);
	put_yes(out, "LLN", p->lln);
	put_number(out, "MaxCPUsPerNode", p->max_cpus_per_node, CORE_INFINITE);
	put_number(out, "MaxMemPerCPU", p->max_mem_per_cpu, 0);
	put_number(out, "MaxMemPerNode", p->max_mem_per_node, 0);
	put_number(out, "MaxNodes", p->max_nodes, CORE_INFINITE);
	put_limit(out, "MaxTime", p->max_time_min, CORE_INFINITE);
	put_number(out, "MinNodes", p->min_nodes, 1);
	put_str(out, "Nodes", p->nodes);
	put_number(out, "OverTimeLimit", p->over_time_limit_min, CORE_NO_VAL);
	if (p->preempt_mode > 0 && p->preempt_mode < 4)
		put_str(out, "PreemptMode", node_part_preempt_word(p->preempt_mode));
	put_number(out, "PriorityJobFactor", p->priority_job_factor, 1);
	put_number(out, "PriorityTier", p->priority_tier, 1);
	put_str(out, "QOS", p->qos);
	put_yes(out, "ReqResv", p->req_resv);
	put_yes(out, "RootOnly", p->root_only);
	if (p->select_flags)
		text_printf(out, " SelectTypeParameters=CR_%s%s",
		            p->select_flags & CONF_CR_SOCKET ? "SOCKET" : "CORE",
		            p->select_flags & CONF_CR_MEMORY ? "_MEMORY" : "");
	if (p->oversubscribe > 0 && p->oversubscribe < 4) {
		text_printf(out, " OverSubscribe=%s", node_part_share_word(p->oversubscribe));
		if (p->oversubscribe >= 2)
			text_printf(out, ":%" PRIu32, p->oversubscribe_max);
	}
	put_str(out, "State", node_part_state_word(p->state < 4 ? p->state : 0));
	put_str(out, "TRESBillingWeights", p->billing);
	text_add_char(out, '\n');
}

static int print_parts(struct scontrol *sc, struct text *out, struct err *err)
{
	struct part_query q = {0};
	void *record = NULL;
	if (connect_ask(&sc->connection, MSG_part_query, &q, MSG_part_list, &sc->arena, &record, err) != 0)
		return -1;
	const struct part_list *list = record;
	for (uint32_t i = 0; i < list->parts.n; i++)
		print_part(out, &list->parts.v[i]);
	return 0;
}

/* ---- the file ---- */

static int print_all(struct scontrol *sc, const struct config_reply *m, const char *stamp, struct text *out,
                     struct err *err)
{
	static const char bar[] = "########################################################\n";
	text_printf(out, "%s#  Configuration file for Slurm - %s  #\n%s#\n#\n", bar, stamp, bar);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].section)
			section(out, rows[i].section);
		else
			parameter(out, m, rows[i].key);
	section(out, "NODES");
	if (print_nodes(sc, out, err) != 0)
		return -1;
	section(out, "PARTITIONS");
	return print_parts(sc, out, err);
}

static int save(const char *path, const struct text *out)
{
	FILE *f = fopen(path, "we");
	if (!f) {
		fprintf(stderr, "Could not create file %s: %s\n", path, strerror(errno));
		return 1;
	}
	const bool written = fwrite(text_str(out), 1, out->len, f) == out->len;
	if (fclose(f) == 0 && written) {
		printf("Slurm config saved to %s\n", path);
		return 0;
	}
	fprintf(stderr, "Could not write file %s: %s\n", path, strerror(errno));
	return 1;
}

int scontrol_write_config(struct scontrol *sc, const char *path)
{
	struct config_query q = {0};
	struct err err = {0};
	void *record = NULL;
	struct text out = TEXT_EMPTY, stamp = TEXT_EMPTY;
	if (scontrol_connect(sc, "slurm_load_ctl_conf error") != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_config_query, &q, MSG_config_reply, &sc->arena, &record, &err) !=
	    0)
		return scontrol_complain(sc, "slurm_load_ctl_conf error: %s\n", err_text(&err));
	const struct config_reply *m = record;
	const char *own = sc->connection.file.path ? sc->connection.file.path : m->path;
	show_time(&stamp, m->now, "");
	const char *name = arena_printf(&sc->arena, "%s.%s",
	                                path  ? path
	                                : own ? own
	                                      : "slurm.conf",
	                                text_str(&stamp));
	int rc = print_all(sc, m, text_str(&stamp), &out, &err);
	if (rc != 0)
		fprintf(stderr, "%s\n", err_text(&err));
	else
		rc = save(name, &out);
	text_free(&out);
	text_free(&stamp);
	return rc == 0 ? 0 : 1;
}
