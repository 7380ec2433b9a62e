/* What controller and workers must agree on, as items of a name and a value: one hash of all, and for when
 * that differs, a short digest from which the other end finds the names. */
#include "conf/digest.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_MAX 8u

typedef void (*item_fn)(void *ctx, const char *name, const char *value);

static void add_values(struct text *value, const struct companion_line *line)
{
	for (int i = 0; i < COMPANION_KEYS; i++)
		if (line->values[i])
			text_printf(value, "%s=%s ", companion_rows[i].name, line->values[i]);
}

/* Each parameter of cgroup.conf; topology.conf as a whole. gres.conf(5) may be another on each node. */
static void each_companion(const struct companions *c, item_fn fn, void *ctx)
{
	struct text value = TEXT_EMPTY;
	for (int i = 0; c->files[COMPANION_CGROUP].count && i < COMPANION_KEYS; i++)
		if (c->files[COMPANION_CGROUP].lines[0].values[i])
			fn(ctx, companion_rows[i].name, c->files[COMPANION_CGROUP].lines[0].values[i]);
	for (size_t i = 0; i < c->files[COMPANION_TOPOLOGY].count; i++)
		add_values(&value, &c->files[COMPANION_TOPOLOGY].lines[i]);
	if (value.len)
		fn(ctx, companion_names[COMPANION_TOPOLOGY], value.s);
	text_free(&value);
}

/* All that slurm.conf says of a partition. */
static void part_value(const struct core_part_conf *p, struct text *out)
{
	const char *const texts[] = {p->nodes,       p->allow_groups,  p->allow_accounts, p->allow_qos,
	                             p->alloc_nodes, p->deny_accounts, p->billing,        p->deny_qos,
	                             p->qos,         p->alternate,     p->cpu_bind};
	const uint64_t numbers[] = {p->is_default,
	                            p->hidden,
	                            p->root_only,
	                            p->lln,
	                            p->exclusive_user,
	                            p->no_root_jobs,
	                            p->max_time_min,
	                            p->default_time_min,
	                            p->max_nodes,
	                            p->min_nodes,
	                            p->max_cpus_per_node,
	                            p->priority_tier,
	                            p->priority_job_factor,
	                            p->def_mem_per_node,
	                            p->def_mem_per_cpu,
	                            p->max_mem_per_node,
	                            p->max_mem_per_cpu,
	                            p->grace_time_s,
	                            p->over_time_limit_min,
	                            p->state,
	                            p->oversubscribe,
	                            p->oversubscribe_max,
	                            p->req_resv,
	                            p->preempt_mode,
	                            p->def_cpu_per_gpu,
	                            p->def_mem_per_gpu,
	                            p->select_flags};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		text_printf(out, "%s;", texts[i] ? texts[i] : "");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		text_printf(out, "%" PRIu64 " ", numbers[i]);
}

static void node_value(const struct core_node_conf *n, struct text *out)
{
	text_printf(out, "%s %u %u %u %u %u %u %" PRIu64 " %" PRIu64 " %u %u %s %s", n->addr, n->port,
	            n->cpus, n->boards, n->sockets, n->cores_per_socket, n->threads_per_core, n->real_memory,
	            n->tmp_disk, n->weight, (unsigned)n->state, n->features ? n->features : "",
	            n->gres ? n->gres : "");
}

/* Parameters, partitions, nodes: what is most likely to differ first, since a digest is bounded. */
static void each_item(const struct slurm_conf *conf, const struct companions *companions, item_fn fn,
                      void *ctx)
{
	struct text name = TEXT_EMPTY, value = TEXT_EMPTY;
	for (int i = 0; i < PARAM_COUNT; i++)
		if (conf->values[i].text && i != P_SlurmctldHost)
			fn(ctx, param_rows[i].name, conf->values[i].text);
	if (companions)
		each_companion(companions, fn, ctx);
	for (size_t i = 0; i < conf->host_count; i++)
		text_printf(&value, "%s(%s)", conf->hosts[i].name, conf->hosts[i].addr);
	fn(ctx, param_rows[P_SlurmctldHost].name, text_str(&value));
	for (size_t i = 0; i < conf->core.part_count; i++) {
		text_clear(&name);
		text_clear(&value);
		text_printf(&name, "PartitionName=%s", conf->core.parts[i].name);
		part_value(&conf->core.parts[i], &value);
		fn(ctx, text_str(&name), text_str(&value));
	}
	for (size_t i = 0; i < conf->core.node_count; i++) {
		const struct core_node_conf *n = &conf->core.nodes[i];
		text_clear(&name);
		text_clear(&value);
		text_printf(&name, "NodeName=%s", n->name);
		node_value(n, &value);
		fn(ctx, text_str(&name), text_str(&value));
	}
	text_free(&name);
	text_free(&value);
}

/* ---- the hash of all ---- */

static void add_line(void *ctx, const char *name, const char *value)
{
	text_printf(ctx, "%s=%s\n", name, value);
}

void slurm_conf_hash(const struct slurm_conf *conf, const struct companions *companions, uint8_t out[32])
{
	struct text t = TEXT_EMPTY;
	each_item(conf, companions, add_line, &t);
	crypto_generichash(out, 32, (const uint8_t *)text_str(&t), t.len, NULL, 0);
	text_free(&t);
}

/* ---- the digest ---- */

static void hash_half(const char *s, uint8_t out[CONF_DIGEST_ITEM / 2])
{
	uint8_t whole[crypto_generichash_BYTES_MIN];
	crypto_generichash(whole, sizeof(whole), (const uint8_t *)s, strlen(s), NULL, 0);
	memcpy(out, whole, CONF_DIGEST_ITEM / 2);
}

static void hash_item(const char *name, const char *value, uint8_t out[CONF_DIGEST_ITEM])
{
	hash_half(name, out);
	hash_half(value, out + CONF_DIGEST_ITEM / 2);
}

struct writer {
	uint8_t *v;
	size_t n;
};

static void write_item(void *ctx, const char *name, const char *value)
{
	struct writer *w = ctx;
	if (w->n + CONF_DIGEST_ITEM > CONF_DIGEST_MAX)
		return;
	hash_item(name, value, w->v + w->n);
	w->n += CONF_DIGEST_ITEM;
}

size_t slurm_conf_digest(const struct slurm_conf *conf, const struct companions *companions,
                         uint8_t out[CONF_DIGEST_MAX])
{
	struct writer w = {out, 0};
	each_item(conf, companions, write_item, &w);
	return w.n;
}

/* ---- what differs ---- */

struct comparison {
	const uint8_t *v;
	size_t n; /* items */
	bool *met;
	struct text *out;
	size_t differing, own;
};
#define ITEMS_MAX (CONF_DIGEST_MAX / CONF_DIGEST_ITEM)

static void name_one(struct comparison *c, const char *name, const char *how)
{
	if (c->differing++ < NAMED_MAX)
		text_printf(c->out, "%s%s%s", c->out->len ? ", " : "", name, how);
}

static void compare_item(void *ctx, const char *name, const char *value)
{
	struct comparison *c = ctx;
	uint8_t own[CONF_DIGEST_ITEM];
	/* What is behind the bound in our own digest can't be expected in the other. */
	if (c->own++ >= ITEMS_MAX)
		return;
	hash_item(name, value, own);
	for (size_t i = 0; i < c->n; i++) {
		const uint8_t *other = c->v + i * CONF_DIGEST_ITEM;
		if (memcmp(other, own, sizeof(own) / 2) != 0)
			continue;
		c->met[i] = true;
		if (memcmp(other, own, sizeof(own)) != 0)
			name_one(c, name, "");
		return;
	}
	/* A digest that is full has left some out. */
	if (c->n < ITEMS_MAX)
		name_one(c, name, " (missing there)");
}

/* What only the other end has is known by its hash alone: a parameter is found in the table. */
static bool name_if(struct comparison *c, const uint8_t *item, const char *name)
{
	uint8_t half[CONF_DIGEST_ITEM / 2];
	hash_half(name, half);
	if (memcmp(half, item, sizeof(half)) != 0)
		return false;
	name_one(c, name, " (only there)");
	return true;
}

static void name_foreign(struct comparison *c, const uint8_t *item)
{
	for (int i = 0; i < PARAM_COUNT; i++)
		if (name_if(c, item, param_rows[i].name))
			return;
	for (size_t i = 0; i < companion_row_count; i++)
		if (companion_rows[i].file == COMPANION_CGROUP && name_if(c, item, companion_rows[i].name))
			return;
	if (!name_if(c, item, companion_names[COMPANION_TOPOLOGY]))
		name_one(c, "a NodeName or PartitionName", " (only there)");
}

void slurm_conf_differences(const struct slurm_conf *conf, const struct companions *companions,
                            const uint8_t *digest, size_t n, struct text *out)
{
	struct comparison c = {
	        .v = digest, .n = (n < CONF_DIGEST_MAX ? n : CONF_DIGEST_MAX) / CONF_DIGEST_ITEM, .out = out};
	c.met = xcalloc(c.n + 1, sizeof(*c.met));
	each_item(conf, companions, compare_item, &c);
	for (size_t i = 0; i < c.n && c.own < ITEMS_MAX; i++)
		if (!c.met[i])
			name_foreign(&c, digest + i * CONF_DIGEST_ITEM);
	if (c.differing > NAMED_MAX)
		text_printf(out, " and %zu more", c.differing - NAMED_MAX);
	free(c.met);
}
