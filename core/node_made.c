/* Nodes that slurm.conf doesn't have: made by scontrol create, or by a slurmd that joins by itself. Each is a
 * record of its own; the configuration in force is slurm.conf's with them behind. */
#include "core/cluster_priv.h"

#include <string.h>

struct node_made_entry {
	struct list in_all;
	struct node_made record;
};

/* Members that the record and the configuration have by the same name. */
#define MADE_VALUES(V)                                                                                       \
	V(name)                                                                                              \
	V(addr)                                                                                              \
	V(hostname)                                                                                          \
	V(port)                                                                                              \
	V(cpus)                                                                                              \
	V(boards)                                                                                            \
	V(sockets)                                                                                           \
	V(cores_per_socket)                                                                                  \
	V(threads_per_core)                                                                                  \
	V(real_memory)                                                                                       \
	V(tmp_disk)                                                                                          \
	V(weight)                                                                                            \
	V(features)                                                                                          \
	V(reason)

/* The texts are the configuration's own. */
static struct node_made record_of(const struct core_node_conf *conf)
{
	struct node_made record;
	schema_init(schema_of_node_made(), &record);
#define V(member) record.member = conf->member;
	MADE_VALUES(V)
#undef V
	record.state = conf->state;
	return record;
}

static struct core_node_conf conf_of(const struct node_made *record)
{
	struct core_node_conf conf = {.dynamic = true};
#define V(member) conf.member = record->member;
	MADE_VALUES(V)
#undef V
	conf.state =
	        record->state <= CONF_NODE_CLOUD ? (enum conf_node_state)record->state : CONF_NODE_UNKNOWN;
	return conf;
}

/* ---- the records ---- */

static struct node_made_entry *entry_of(const struct cluster *c, const char *name)
{
	list_each (it, &c->nodes_made) {
		struct node_made_entry *entry = list_entry(it, struct node_made_entry, in_all);
		if (text_eq(entry->record.name, name))
			return entry;
	}
	return NULL;
}

static void entry_free(struct node_made_entry *entry)
{
	list_remove(&entry->in_all);
	schema_free(schema_of_node_made(), &entry->record);
	free(entry);
}

void node_made_load(struct cluster *c, const struct node_made *record)
{
	struct node_made_entry *entry = xcalloc(1, sizeof(*entry)), *old = entry_of(c, record->name);
	schema_copy(schema_of_node_made(), &entry->record, record, NULL);
	list_append(old ? &old->in_all : &c->nodes_made, &entry->in_all);
	if (old)
		entry_free(old);
}

void node_made_forget(struct cluster *c, const char *name)
{
	struct node_made_entry *entry = entry_of(c, name);
	if (entry)
		entry_free(entry);
}

void nodes_made_free(struct cluster *c)
{
	list_each_safe (it, tmp, &c->nodes_made)
		entry_free(list_entry(it, struct node_made_entry, in_all));
}

static void keep(struct cluster *c, const struct core_node_conf *conf)
{
	const struct node_made record = record_of(conf);
	node_made_load(c, &record);
	emit_node_made(c, &record);
}

/* ---- into a configuration ---- */

static bool has_node(const struct cluster_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->node_count; i++)
		if (text_eq(conf->nodes[i].name, name))
			return true;
	return false;
}

/* The same with other nodes, which partitions follow. */
static struct cluster_conf *with_nodes(const struct cluster_conf *conf, struct core_node_conf *nodes,
                                       size_t n, struct arena *arena)
{
	struct cluster_conf *to = arena_memdup(arena, conf, sizeof(*conf));
	to->nodes = nodes;
	to->node_count = n;
	to->parts = arena_array(arena, conf->part_count + 1, sizeof(*to->parts));
	for (size_t i = 0; i < conf->part_count; i++)
		to->parts[i] = conf->parts[i];
	parts_resolve_nodes(to, arena);
	return to;
}

/* Room for n more, filled with those that are there. */
static struct core_node_conf *longer(const struct cluster_conf *conf, size_t n, struct arena *arena)
{
	struct core_node_conf *nodes = arena_array(arena, conf->node_count + n + 1, sizeof(*nodes));
	for (size_t i = 0; i < conf->node_count; i++)
		nodes[i] = conf->nodes[i];
	return nodes;
}

struct cluster_conf *nodes_made_apply(struct cluster *c, const struct cluster_conf *file, struct arena *arena)
{
	size_t n = 0, count = file->node_count;
	list_each_safe (it, tmp, &c->nodes_made) {
		struct node_made_entry *entry = list_entry(it, struct node_made_entry, in_all);
		if (has_node(file, entry->record.name)) { /* slurm.conf has taken it over */
			emit_node_unmade(c, entry->record.name);
			entry_free(entry);
			continue;
		}
		n++;
	}
	if (n == 0)
		return arena_memdup(arena, file, sizeof(*file));
	struct core_node_conf *nodes = longer(file, n, arena);
	list_each (it, &c->nodes_made)
		nodes[count++] = conf_of(&list_entry(it, struct node_made_entry, in_all)->record);
	return with_nodes(file, nodes, count, arena);
}

/* ---- made and removed ---- */

static size_t nodes_max(const struct cluster_conf *conf)
{
	size_t fixed = 0;
	for (size_t i = 0; i < conf->node_count; i++)
		fixed += !conf->nodes[i].dynamic;
	return conf->max_node_count > fixed ? conf->max_node_count : fixed;
}

int nodes_create(struct cluster *c, const struct core_node_conf *wanted, size_t n, core_time now,
                 struct err *err)
{
	const struct notes quiet = {NULL, NULL};
	const size_t before = c->conf->node_count, max = nodes_max(c->conf);
	struct arena arena;
	int rc = 0;
	c->now = now;
	arena_init(&arena);
	struct cluster_conf conf = *c->conf;
	conf.nodes = longer(c->conf, n, &arena);
	for (size_t i = 0; i < n; i++) {
		if (has_node(&conf, wanted[i].name))
			continue; /* as the real one: what is there stays as it is */
		struct core_node_conf *node = &conf.nodes[conf.node_count++];
		*node = wanted[i];
		node->dynamic = true;
	}
	if (conf.node_count > max && conf.node_count > before)
		rc = err_set(err, ERR_LIMIT,
		             "there would be %zu nodes, and MaxNodeCount of slurm.conf allows %zu",
		             conf.node_count, max);
	else if (conf.node_count > before) {
		for (size_t i = before; i < conf.node_count; i++)
			keep(c, &conf.nodes[i]);
		cluster_take_conf(c, with_nodes(&conf, conf.nodes, conf.node_count, &arena), &quiet);
		for (size_t i = before; i < c->node_count; i++)
			emit_node(c, c->nodes[i]);
	}
	arena_free(&arena);
	return rc;
}

static bool same_place(const struct core_node_conf *a, const struct core_node_conf *b)
{
	return text_eq(a->addr, b->addr) && text_eq(a->hostname, b->hostname) && a->port == b->port;
}

static bool same_node(const struct core_node_conf *a, const struct core_node_conf *b)
{
	return same_place(a, b) && a->cpus == b->cpus && a->boards == b->boards && a->sockets == b->sockets &&
	       a->cores_per_socket == b->cores_per_socket && a->threads_per_core == b->threads_per_core &&
	       a->real_memory == b->real_memory && a->tmp_disk == b->tmp_disk && a->weight == b->weight &&
	       text_eq(a->features, b->features);
}

int node_join(struct cluster *c, const struct core_node_conf *wanted, core_time now, struct err *err)
{
	const struct node *node = node_by_name(c, wanted->name);
	const struct notes quiet = {NULL, NULL};
	struct arena arena;
	if (!node)
		return nodes_create(c, wanted, 1, now, err);
	struct node_made_entry *entry = entry_of(c, wanted->name);
	if (!entry)
		return 0; /* slurm.conf says what it is */
	struct core_node_conf known = conf_of(&entry->record), next = known;
	/* What an administrator made is what he said; where it is, only it knows. */
	if (known.state == CONF_NODE_UNKNOWN)
		next = *wanted;
	next.addr = wanted->addr;
	next.hostname = wanted->hostname;
	next.port = wanted->port;
	next.dynamic = true;
	if (same_node(&known, &next))
		return 0;
	c->now = now;
	arena_init(&arena);
	struct core_node_conf *nodes = longer(c->conf, 0, &arena);
	nodes[node->index] = next;
	struct cluster_conf *conf = with_nodes(c->conf, nodes, c->conf->node_count, &arena);
	const struct cluster_conf *copy = cluster_conf_copy(conf, &arena); /* outlives the entry's texts */
	keep(c, &copy->nodes[node->index]);
	cluster_take_conf(c, copy, &quiet);
	node_edits_apply(c, true);
	arena_free(&arena);
	return 0;
}

int node_delete(struct cluster *c, const char *name, core_time now, struct err *err)
{
	const struct node *node = node_by_name(c, name);
	const struct notes quiet = {NULL, NULL};
	struct arena arena;
	size_t n = 0;
	c->now = now;
	if (!node)
		return err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	if (!list_empty(&node->shares) || !list_empty(&node->leaving))
		return err_set(err, ERR_NODES_BUSY, "%s", "");
	arena_init(&arena);
	struct core_node_conf *nodes = longer(c->conf, 0, &arena);
	for (size_t i = 0; i < c->conf->node_count; i++)
		if (i != node->index)
			nodes[n++] = c->conf->nodes[i];
	if (entry_of(c, name)) {
		emit_node_unmade(c, name);
		node_made_forget(c, name);
	}
	cluster_take_conf(c, with_nodes(c->conf, nodes, n, &arena), &quiet);
	arena_free(&arena);
	return 0;
}

/* ---- FUTURE nodes ---- */

static bool has_shape(const struct core_node_conf *conf, const struct hardware *hw)
{
	return conf->sockets == hw->sockets && conf->cores_per_socket == hw->cores_per_socket &&
	       conf->threads_per_core == hw->threads_per_core;
}

const char *node_take_future(struct cluster *c, const char *hostname, const char *addr,
                             const struct hardware *hw, const char *feature, core_time now, struct err *err)
{
	struct node *fit = NULL;
	c->now = now;
	for (size_t i = 0; i < c->node_count; i++) {
		struct node *node = c->nodes[i];
		const bool taken = (node->state.flags & NODE_FLAG_DYNAMIC_FUTURE) != 0;
		const bool fits = node->state.base == NODE_FUTURE && has_shape(node->conf, hw) &&
		                  (!feature || text_list_has(node->conf->features, feature, strlen(feature)));
		if (taken && text_eq(node->state.hostname, hostname)) {
			fit = node;
			break;
		}
		if (!fit && !taken && fits)
			fit = node;
	}
	if (!fit) {
		err_set(err, ERR_INVALID_NODE_NAME,
		        "no FUTURE node is free that has Sockets=%u CoresPerSocket=%u ThreadsPerCore=%u%s%s",
		        hw->sockets, hw->cores_per_socket, hw->threads_per_core,
		        feature ? " and feature " : "", feature ? feature : "");
		return NULL;
	}
	const struct node_edit place = {.weight = CORE_NO_VAL, .addr = addr, .hostname = hostname};
	fit->state.flags |= NODE_FLAG_DYNAMIC_FUTURE;
	return node_edit(c, fit->conf->name, &place, c->conf->slurm_uid, now, err) == 0 ? fit->conf->name
	                                                                                : NULL;
}
