/* What a job may not touch because of those before it. First come, first served: a job that waits for room
 * holds all nodes of its partition, whose others wait behind it; lower partitions get only what it could not
 * use. */
#include "core/cluster_priv.h"

void plan_init(struct plan *plan, const struct cluster *c)
{
	*plan = (struct plan){.nodes = bits_new((uint32_t)c->node_count),
	                      .parts = xcalloc(c->part_count + 1, sizeof(bool)),
	                      .parts_left = c->part_count};
}

void plan_free(struct plan *plan)
{
	free(plan->nodes);
	free(plan->parts);
}

void plan_hold(struct plan *plan, const struct part *part)
{
	if (plan->parts[part->index])
		return;
	plan->parts[part->index] = true;
	plan->parts_left--;
	for (size_t i = 0; i < part->conf->node_count; i++)
		bits_add(plan->nodes, part->conf->node_index[i]);
}

const struct core_bits *plan_limits(const struct plan *plan, const struct part *part)
{
	for (size_t i = 0; plan->nodes->set && i < part->conf->node_count; i++)
		if (bits_has(plan->nodes, part->conf->node_index[i]))
			return plan->nodes;
	return NULL;
}
