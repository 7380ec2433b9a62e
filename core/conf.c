#include "core/conf.h"

#include <string.h>

static void copy_node(struct core_node_conf *to, const struct core_node_conf *from, struct arena *arena)
{
	*to = *from;
	to->name = arena_strdup(arena, from->name);
	to->addr = arena_strdup(arena, from->addr);
	to->hostname = arena_strdup(arena, from->hostname);
	to->features = arena_strdup(arena, from->features);
	to->features_act = arena_strdup(arena, from->features_act);
	to->gres = arena_strdup(arena, from->gres);
	to->reason = arena_strdup(arena, from->reason);
}

static void copy_part(struct core_part_conf *to, const struct core_part_conf *from, struct arena *arena)
{
	*to = *from;
	to->name = arena_strdup(arena, from->name);
	to->nodes = arena_strdup(arena, from->nodes);
	to->node_index = from->node_count ? arena_memdup(arena, from->node_index,
	                                                 from->node_count * sizeof(*from->node_index))
	                                  : NULL;
	to->allow_groups = arena_strdup(arena, from->allow_groups);
	to->allow_accounts = arena_strdup(arena, from->allow_accounts);
	to->allow_qos = arena_strdup(arena, from->allow_qos);
	to->alloc_nodes = arena_strdup(arena, from->alloc_nodes);
	to->deny_qos = arena_strdup(arena, from->deny_qos);
	to->qos = arena_strdup(arena, from->qos);
	to->alternate = arena_strdup(arena, from->alternate);
	to->cpu_bind = arena_strdup(arena, from->cpu_bind);
	to->billing = arena_strdup(arena, from->billing);
	to->set_features = arena_strdup(arena, from->set_features);
	to->deny_accounts = arena_strdup(arena, from->deny_accounts);
	to->allow_gids = from->allow_gid_count
	                         ? arena_memdup(arena, from->allow_gids,
	                                        from->allow_gid_count * sizeof(*from->allow_gids))
	                         : NULL;
}

struct cluster_conf *cluster_conf_copy(const struct cluster_conf *conf, struct arena *arena)
{
	struct cluster_conf *to = arena_memdup(arena, conf, sizeof(*conf));
	to->cluster_name = arena_strdup(arena, conf->cluster_name);
	to->nodes = arena_array(arena, conf->node_count + 1, sizeof(*to->nodes));
	to->parts = arena_array(arena, conf->part_count + 1, sizeof(*to->parts));
	to->licenses = arena_array(arena, conf->license_count + 1, sizeof(*to->licenses));
	for (size_t i = 0; i < conf->license_count; i++)
		to->licenses[i] = (struct core_license_conf){arena_strdup(arena, conf->licenses[i].name),
		                                             conf->licenses[i].total};
	for (size_t i = 0; i < conf->node_count; i++)
		copy_node(&to->nodes[i], &conf->nodes[i], arena);
	for (size_t i = 0; i < conf->part_count; i++)
		copy_part(&to->parts[i], &conf->parts[i], arena);
	return to;
}
