/* What no node of a partition has, however idle: the refusals of a submit, and what people are told of it. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"

/* Could the node be one of the job's, with one alternative or another? */
static bool has_features(const struct node *node, const struct constraint *wanted)
{
	const char *features = node_features(node, true);
	for (uint32_t i = 0; i == 0 || i < wanted->alternatives; i++)
		if (constraint_open(wanted, features, i))
			return true;
	return false;
}

/* Has any of the partition's nodes that feature, now or after a reboot? */
static bool is_known_feature(const struct cluster *c, const struct part *part, const char *name, size_t n)
{
	for (size_t i = 0; i < part->conf->node_count; i++)
		if (text_list_has(node_features(c->nodes[part->conf->node_index[i]], false), name, n))
			return true;
	return false;
}

bool select_has_features(const struct cluster *c, const struct part *part, const char *wanted)
{
	struct constraint features;
	const char *at = NULL;
	size_t n = 0;
	if (!constraint_parse(wanted, &features))
		return false;
	while (constraint_name(&features, &at, &n))
		if (!is_known_feature(c, part, at, n))
			return false;
	return true;
}

static bool has_wanted(const struct node *node, const char *wanted)
{
	struct constraint features;
	return constraint_parse(wanted, &features) && has_features(node, &features);
}

unsigned select_lacks(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                      const struct node *node)
{
	const uint32_t per_task = spec->cpus_per_task ? spec->cpus_per_task : 1,
	               max = part->conf->max_cpus_per_node;
	const uint32_t cpus = per_task > spec->min_cpus_node ? per_task : spec->min_cpus_node;
	const uint64_t together = spec->overcommit ? 0 : (uint64_t)spec->tasks_per_node * per_task;
	const uint32_t has = max != 0 && max < node->cpus_total ? max : node->cpus_total;
	struct hostlist *out = spec->exc_nodes ? hostlist_parse(spec->exc_nodes, NULL) : NULL;
	unsigned lacks = 0;
	if (has < cpus || has < together)
		lacks |= LACK_CPUS;
	if (select_memory(c, part, spec, node, cpus) > node->conf->real_memory)
		lacks |= LACK_MEMORY;
	if (!has_wanted(node, spec->features) &&
	    (!text_or_null(spec->prefer) || !has_wanted(node, spec->prefer)))
		lacks |= LACK_FEATURES;
	if (node->conf->tmp_disk < spec->min_tmp_disk)
		lacks |= LACK_TMP_DISK;
	if (!select_shape_fits(spec, node))
		lacks |= LACK_SHAPE;
	if (out && hostlist_contains(out, node->conf->name))
		lacks |= LACK_LISTED;
	hostlist_free(out);
	return lacks;
}

/* A submit is refused where what it prefers can't be had at all, though it could do without. */
static int check_preferred(const struct cluster *c, const struct part *part, const struct job_spec *asked,
                           struct err *err)
{
	const struct job_spec spec = spec_as_preferred(asked);
	struct constraint features;
	if (!constraint_parse(spec.features, &features) || !select_has_features(c, part, asked->features))
		return err_set(err, ERR_INVALID_FEATURE, "%s", "");
	if (!select_has_features(c, part, spec.features))
		return err_set(err, ERR_INVALID_PREFER, "%s", "");
	return select_check(c, part, &spec, err);
}

int select_check(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                 struct err *err)
{
	if (part->conf->node_count > 0 && text_or_null(spec->prefer))
		return check_preferred(c, part, spec, err);
	uint32_t cpus = spec->cpus_per_task > spec->min_cpus_node ? spec->cpus_per_task : spec->min_cpus_node;
	bool cpus_ok = false, mem_ok = false, shape_ok = false, tmp_ok = false, active_ok = !spec->features;
	struct constraint features;
	uint32_t max = part->conf->max_cpus_per_node;
	cpus = cpus ? cpus : 1;
	/* Tasks that belong together need their CPUs together. */
	const uint64_t per_node = spec->overcommit ? 0
	                                           : (uint64_t)spec->tasks_per_node *
	                                                     (spec->cpus_per_task ? spec->cpus_per_task : 1);
	if (part->conf->node_count == 0) /* it may have nodes one day */
		return 0;
	constraint_parse(spec->features, &features);
	if (!select_has_features(c, part, spec->features))
		return err_set(err, ERR_INVALID_FEATURE, "%s", "");
	if (max != CORE_INFINITE && max != 0 && cpus > max)
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s", "");
	for (size_t i = 0; i < part->conf->node_count; i++) {
		const struct node *node = c->nodes[part->conf->node_index[i]];
		cpus_ok = cpus_ok || (node->cpus_total >= cpus && node->cpus_total >= per_node);
		mem_ok = mem_ok || select_memory(c, part, spec, node, cpus) <= node->conf->real_memory;
		active_ok = active_ok || has_features(node, &features);
		shape_ok = shape_ok || select_shape_fits(spec, node);
		tmp_ok = tmp_ok || node->conf->tmp_disk >= spec->min_tmp_disk;
	}
	if (spec->priority == 0) /* held: what it asks for is looked at when it is released */
		return 0;
	if (!active_ok)
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s", "");
	if (!shape_ok)
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s",
		               spec->tasks_per_socket ? "" : err_code_text(ERR_SOCKETS_UNAVAILABLE));
	if (!tmp_ok)
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s",
		               err_code_text(ERR_TMP_DISK_UNAVAILABLE));
	if (!cpus_ok)
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s", err_code_text(ERR_TOO_MANY_CPUS));
	if (!mem_ok)
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s", err_code_text(ERR_INVALID_MEMORY));
	/* There are CPUs for it, but no nodes that can hold its tasks, however empty they are. Who asks for
	 * more nodes than there are, or than are allowed, waits. */
	const struct select_ask ask = {.part = part, .spec = spec, .ignore_use = true, .ignore_state = true};
	if (spec->nodes_min <= part->conf->node_count && part_limits_reason(c, part, spec) == REASON_NONE &&
	    !select_job(c, &ask, NULL))
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s", "");
	return 0;
}
