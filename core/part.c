/* Partitions. */
#include "core/cluster_priv.h"

static void node_tres_add(const struct node *node, struct tres *to)
{
	to->v[TRES_CPU] += node->cpus_total;
	to->v[TRES_MEM] += node->conf->real_memory;
	to->v[TRES_NODE]++;
}

void parts_make(struct cluster *c)
{
	c->part_count = c->conf->part_count;
	c->parts = xcalloc(c->part_count + 1, sizeof(struct part *));
	map_init_text(&c->parts_by_name);
	c->job_factor_max = 0;
	c->all_tres = (struct tres){0};
	for (size_t i = 0; i < c->node_count; i++)
		node_tres_add(c->nodes[i], &c->all_tres);
	for (size_t i = 0; i < c->part_count; i++) {
		const struct core_part_conf *conf = &c->conf->parts[i];
		c->parts[i] = xcalloc(1, sizeof(struct part));
		*c->parts[i] = (struct part){.index = (uint32_t)i, .conf = conf, .state = conf->state};
		c->parts[i]->nodes = bits_new((uint32_t)c->node_count);
		for (size_t k = 0; k < conf->node_count; k++) {
			bits_add(c->parts[i]->nodes, conf->node_index[k]);
			uint32_t cpus = c->nodes[conf->node_index[k]]->cpus_total,
			         max = conf->max_cpus_per_node;
			cpus = max != 0 && max < cpus ? max : cpus;
			c->parts[i]->cpus += cpus;
			c->parts[i]->cpus_most =
			        cpus > c->parts[i]->cpus_most ? cpus : c->parts[i]->cpus_most;
			node_tres_add(c->nodes[conf->node_index[k]], &c->parts[i]->tres);
		}
		if (!conf->billing || tres_weights(conf->billing, c->parts[i]->weights) != 0)
			c->parts[i]->weights[TRES_CPU] = 1;
		map_put_text(&c->parts_by_name, conf->name, c->parts[i]);
		if (conf->priority_job_factor > c->job_factor_max)
			c->job_factor_max = conf->priority_job_factor;
	}
}

void parts_free(struct cluster *c)
{
	for (size_t i = 0; i < c->part_count; i++) {
		free(c->parts[i]->nodes);
		free(c->parts[i]);
	}
	free(c->parts);
	map_free(&c->parts_by_name);
}

struct part *part_by_name(const struct cluster *c, const char *name)
{
	return name ? map_get_text(&c->parts_by_name, name) : NULL;
}

struct part *part_at(const struct cluster *c, size_t index)
{
	return index < c->part_count ? c->parts[index] : NULL;
}

struct part *part_default(const struct cluster *c)
{
	for (size_t i = 0; i < c->part_count; i++)
		if (c->parts[i]->conf->is_default)
			return c->parts[i];
	return NULL;
}

uint64_t part_billing(const struct cluster *c, const struct part *part, const struct tres *t)
{
	double sum = 0, most = 0;
	if (!part)
		return t->v[TRES_CPU];
	for (int i = 0; i < TRES_COUNT; i++) {
		double cost = part->weights[i] * (double)t->v[i];
		sum += cost;
		most = cost > most ? cost : most;
	}
	if (c->conf->billing_max)
		sum = most;
	return sum <= 0 ? 0 : sum >= 1e18 ? (uint64_t)1e18 : (uint64_t)sum;
}
