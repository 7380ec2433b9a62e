/* What a partition allows: asked at submit, at updates, and in every pass of the scheduler. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"

#include <stdlib.h>
#include <string.h>

/* ---- who may use it at all ---- */

static bool in_group(const struct core_part_conf *part, const struct identity *who)
{
	for (size_t i = 0; i < part->allow_gid_count; i++) {
		if (part->allow_gids[i] == who->gid)
			return true;
		for (uint32_t k = 0; k < who->groups.n; k++)
			if (part->allow_gids[i] == who->groups.v[k])
				return true;
	}
	return false;
}

static bool from_node(const struct core_part_conf *part, const char *node)
{
	struct hostlist *h = hostlist_parse(part->alloc_nodes, NULL);
	bool is = h && node && hostlist_contains(h, node);
	hostlist_free(h);
	return is;
}

int part_names_check(const struct cluster *c, const char *names, struct err *err)
{
	char *copy = xstrdup(names), *rest = copy;
	int rc = 0;
	for (char *name = copy ? text_split(&rest, ',') : NULL; rc == 0 && name;
	     name = text_split(&rest, ','))
		if (!part_by_name(c, name))
			rc = err_set(err, ERR_INVALID_PARTITION, "invalid partition specified: %s",
			             *name ? name : "(null)");
	free(copy);
	return rc;
}

bool part_has_group(const struct part *part, const struct identity *who)
{
	return !part->conf->allow_groups || who->uid == 0 || in_group(part->conf, who);
}

static int check_access(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                        struct err *err)
{
	bool is_root = spec->who->uid == 0;
	if ((part->conf->no_root_jobs || c->conf->disable_root_jobs) && is_root)
		return err_set(err, ERR_USER_UNKNOWN, "%s", "");
	/* One of several that wants a reservation is only never taken. */
	if (part->conf->req_resv && !spec->reservation && !parts_are_several(spec))
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	if ((part->conf->root_only && !is_root) ||
	    (part->conf->alloc_nodes && !from_node(part->conf, spec->alloc_node)))
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	/* Unless limits are enforced, one of several that isn't for the user's groups is only never taken. */
	if (!part_has_group(part, spec->who) && (c->conf->enforce_part_limits || !parts_are_several(spec)))
		return err_set(err, ERR_GROUP_NOT_PERMITTED, "%s", "");
	return 0;
}

static bool takes_jobs(const struct part *part)
{
	return part->state != CONF_PART_INACTIVE && part->state != CONF_PART_DRAIN;
}

char *part_alternates(const struct cluster *c, const char *names)
{
	char *copy = xstrdup(names), *rest = copy;
	struct text text = TEXT_EMPTY;
	bool other = false;
	for (char *name = copy ? text_split(&rest, ',') : NULL; name; name = text_split(&rest, ',')) {
		const struct part *part = part_by_name(c, name);
		const bool away = part && !takes_jobs(part) && part->conf->alternate;
		other = other || away;
		text_printf(&text, "%s%s", text.len ? "," : "", away ? part->conf->alternate : name);
	}
	free(copy);
	if (other)
		return text_take(&text);
	text_free(&text);
	return NULL;
}

struct part *job_check_part(const struct cluster *c, const struct job_spec *spec, struct err *err)
{
	uint32_t n = 0, open = 0;
	if (!spec->partition && !part_default(c)) {
		err_set(err, ERR_NO_DEFAULT_PARTITION, "%s", "");
		return NULL;
	}
	if (spec->partition && part_names_check(c, spec->partition, err) != 0)
		return NULL;
	struct part *first = part_first_asked(c, spec);
	struct part **parts = parts_asked(c, spec, &n);
	if (n == 0 && first) {
		parts[0] = first;
		n = 1;
	}
	/* One that is closed is passed over where others are open; one that isn't for this user, never. */
	for (uint32_t i = 0; i < n; i++)
		open += takes_jobs(parts[i]);
	int rc = open ? 0 : err_set(err, ERR_PARTITION_DOWN, "%s", "");
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = check_access(c, parts[i], spec, err);
	free(parts);
	return rc == 0 ? first : NULL;
}

/* ---- how much ---- */

static uint64_t max_mem_per_node(const struct cluster *c, const struct core_part_conf *part)
{
	if (part->max_mem_per_node || part->max_mem_per_cpu)
		return part->max_mem_per_node;
	return c->conf->max_mem_per_cpu ? 0 : c->conf->max_mem_per_node;
}

static uint64_t max_mem_per_cpu(const struct cluster *c, const struct core_part_conf *part)
{
	return part->max_mem_per_node || part->max_mem_per_cpu ? part->max_mem_per_cpu
	                                                       : c->conf->max_mem_per_cpu;
}

static bool memory_is_over(const struct cluster *c, const struct core_part_conf *part,
                           const struct job_spec *spec)
{
	uint64_t max = max_mem_per_node(c, part);
	if (max && spec->mem_per_node != CORE_NO_VAL64)
		return spec->mem_per_node > max || spec->mem_per_node == 0;
	if (max && spec->mem_per_cpu != CORE_NO_VAL64)
		return spec->mem_per_cpu * (spec->cpus_per_task ? spec->cpus_per_task : 1) > max;
	return false;
}

static uint32_t capped(uint64_t n)
{
	return n < (1u << 24) ? (uint32_t)n : 1u << 24;
}

void part_raise_cpus(const struct cluster *c, const struct part *part, struct job_spec *spec)
{
	uint64_t max = part ? max_mem_per_cpu(c, part->conf) : 0, times;
	if (max == 0)
		return;
	/* slurm.conf(5), MaxMemPerCPU: who wants more memory for a CPU gets more CPUs. */
	if (spec->mem_per_cpu != CORE_NO_VAL64 && spec->mem_per_cpu > max) {
		times = (spec->mem_per_cpu + max - 1) / max;
		spec->cpus_per_task = capped((spec->cpus_per_task ? spec->cpus_per_task : 1) * times);
		spec->mem_per_cpu = (spec->mem_per_cpu + times - 1) / times;
	} else if (spec->mem_per_node != CORE_NO_VAL64 && spec->mem_per_node > max) {
		times = capped((spec->mem_per_node + max - 1) / max);
		if (spec->min_cpus_node < times)
			spec->min_cpus_node = (uint32_t)times;
	}
}

bool part_lacks_cpus(const struct part *part, const struct job_spec *spec)
{
	const uint64_t least = (uint64_t)spec->nodes_min * (spec->cpus_per_task ? spec->cpus_per_task : 1),
	               cpus = spec->overcommit ? 0 : spec_cpus(spec);
	/* A partition without nodes may have some one day. */
	return part->conf->node_count && (cpus > least ? cpus : least) > part->cpus;
}

enum job_reason part_limits_reason(const struct cluster *c, const struct part *part,
                                   const struct job_spec *spec)
{
	const struct core_part_conf *conf = part->conf;
	bool counted = spec->nodes_max != 0; /* -N was given */
	if (part->state == CONF_PART_DOWN)
		return REASON_PART_DOWN;
	if (part->state == CONF_PART_INACTIVE)
		return REASON_PART_INACTIVE;
	if (conf->req_resv && !spec->reservation)
		return REASON_PART_CONFIG;
	if (conf->allow_accounts) /* without accounts there is none that it could know */
		return REASON_ACCOUNT;
	if (conf->max_time_min != CORE_INFINITE && spec_time_limit(part, spec) > conf->max_time_min)
		return REASON_PART_TIME_LIMIT;
	if (part_lacks_cpus(part, spec))
		return REASON_PART_CONFIG;
	if (spec->nodes_min > conf->max_nodes || spec->nodes_max > conf->max_nodes ||
	    (counted && spec->nodes_min < conf->min_nodes) ||
	    (counted && conf->node_count && spec->nodes_min > conf->node_count))
		return REASON_PART_NODE_LIMIT;
	return memory_is_over(c, conf, spec) ? REASON_MAX_MEM_PER_LIMIT : REASON_NONE;
}

/* ---- EnforcePartLimits ---- */

int part_enforce(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                 struct err *err)
{
	static const struct {
		enum job_reason reason;
		enum err_code code;
	} rows[] = {
	        {REASON_ACCOUNT, ERR_INVALID_ACCOUNT},
	        {REASON_PART_TIME_LIMIT, ERR_TIME_LIMIT_EXCEEDED},
	        {REASON_PART_NODE_LIMIT, ERR_INVALID_NODE_COUNT},
	        {REASON_MAX_MEM_PER_LIMIT, ERR_INVALID_TASK_MEMORY},
	};
	if (c->conf->enforce_part_limits == 0)
		return 0;
	if (spec->account && text_list_has(part->conf->deny_accounts, spec->account, strlen(spec->account)))
		return err_set(err, ERR_PARTITION_CONFIG_UNAVAILABLE, "%s", "");
	if (part_lacks_cpus(part, spec))
		return err_set(err, ERR_TOO_MANY_STEP_CPUS, "%s", "");
	enum job_reason reason = part_limits_reason(c, part, spec);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].reason == reason)
			return err_set(err, rows[i].code, "%s", "");
	return 0;
}

void part_default_memory(const struct cluster *c, const struct part *part, uint64_t *per_cpu,
                         uint64_t *per_node)
{
	const struct core_part_conf *conf = part ? part->conf : NULL;
	*per_cpu = conf && conf->def_mem_per_cpu ? conf->def_mem_per_cpu : c->conf->def_mem_per_cpu;
	*per_node = conf && conf->def_mem_per_node ? conf->def_mem_per_node : c->conf->def_mem_per_node;
}
