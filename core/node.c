/* Nodes: made, shown, lost, down, and what an administrator says of them. */
#include "core/cluster_priv.h"

/* Selection counts cores; each stands for as many of the node's CPUs. Where CPUs is less than the cores, each
 * CPU is one. */
static void node_shape(struct node *node)
{
	const struct core_node_conf *conf = node->conf;
	uint32_t cores = conf->sockets * conf->cores_per_socket;
	if (cores == 0 || cores > conf->cpus)
		cores = conf->cpus;
	node->cores_total = cores;
	node->cpus_per_core = cores ? conf->cpus / cores : 1;
	node->cpus_total = conf->cpus;
}

void node_init(struct node *node, const struct core_node_conf *conf, uint32_t index)
{
	static const struct {
		enum node_base_state base;
		uint32_t flags;
	} first[] = {
	        [CONF_NODE_UNKNOWN] = {NODE_UNKNOWN, 0},
	        [CONF_NODE_DOWN] = {NODE_DOWN, 0},
	        [CONF_NODE_DRAIN] = {NODE_UNKNOWN, NODE_FLAG_DRAIN},
	        [CONF_NODE_FAIL] = {NODE_IDLE, NODE_FLAG_FAIL},
	        [CONF_NODE_FUTURE] = {NODE_FUTURE, 0},
	        [CONF_NODE_CLOUD] = {NODE_IDLE, NODE_FLAG_CLOUD | NODE_FLAG_POWERED_DOWN},
	};
	*node = (struct node){0};
	node->index = index;
	node->conf = conf;
	node->cpu_load = CORE_NO_VAL;
	node->free_mem = CORE_NO_VAL64;
	list_init(&node->shares);
	list_init(&node->planned);
	list_init(&node->leaving);
	schema_init(schema_of_node_state(), &node->state);
	node->state.name = xstrdup(conf->name);
	node->state.base = first[conf->state].base;
	if (conf->dynamic && conf->state == CONF_NODE_UNKNOWN)
		node->state.base = NODE_IDLE;
	node->state.flags = first[conf->state].flags | (conf->dynamic ? NODE_FLAG_DYNAMIC : 0);
	node->state.reason = xstrdup(conf->reason);
	node_shape(node);
	node->cores_busy = bits_new(node->cores_total);
	node->core_jobs = xcalloc((size_t)node->cores_total + 1, sizeof(*node->core_jobs));
	node->cores_free = node->cores_total;
}

void node_clear(struct node *node)
{
	shares_leave(node);
	leaving_clear(node);
	schema_free(schema_of_node_state(), &node->state);
	free(node->cores_busy);
	free(node->core_jobs);
}

struct node *node_by_name(const struct cluster *c, const char *name)
{
	return name ? map_get_text(&c->nodes_by_name, name) : NULL;
}

struct node *node_at(const struct cluster *c, size_t index)
{
	return index < c->node_count ? c->nodes[index] : NULL;
}

uint32_t node_shown_cpus(const struct node *node)
{
	/* What several jobs have counts once. */
	uint32_t busy = node->cores_busy->set * node->cpus_per_core;
	return busy < node->cpus_alloc ? busy : node->cpus_alloc;
}

uint32_t node_shown_base(const struct node *node)
{
	uint32_t cpus = node_shown_cpus(node);
	if (node->state.base != NODE_IDLE || cpus == 0)
		return node->state.base;
	return cpus >= node->cpus_total ? NODE_ALLOCATED : NODE_MIXED;
}

uint32_t node_shown_flags(const struct node *node)
{
	uint32_t flags = node->state.flags;
	if (!node->connected && !node->waited_for && node->state.base != NODE_FUTURE &&
	    !(flags & NODE_FLAG_POWERED_DOWN))
		flags |= NODE_FLAG_NO_RESPOND;
	if (node->completing)
		flags |= NODE_FLAG_COMPLETING;
	if (!list_empty(&node->planned) && node_shown_base(node) == NODE_IDLE)
		flags |= NODE_FLAG_PLANNED;
	return flags;
}

bool node_is_usable(const struct node *node)
{
	const uint32_t bad = NODE_FLAG_DRAIN | NODE_FLAG_FAIL | NODE_FLAG_INVALID_REG | NODE_FLAG_MAINT;
	return node->connected && node->state.base == NODE_IDLE && !(node->state.flags & bad) &&
	       list_empty(&node->leaving);
}

/* ---- what has to leave before anything starts ---- */

void leaving_add(struct node *node, uint64_t serial, uint32_t attempt)
{
	list_each (it, &node->leaving) {
		struct leaving *l = list_entry(it, struct leaving, on_node);
		if (l->serial == serial && l->attempt == attempt)
			return;
	}
	struct leaving *l = xcalloc(1, sizeof(*l));
	l->serial = serial;
	l->attempt = attempt;
	list_append(&node->leaving, &l->on_node);
}

bool leaving_is_gone(struct node *node, uint64_t serial, uint32_t attempt)
{
	bool found = false;
	list_each_safe (it, tmp, &node->leaving) {
		struct leaving *l = list_entry(it, struct leaving, on_node);
		if (l->serial != serial || l->attempt > attempt)
			continue;
		found = true;
		list_remove(it);
		free(l);
	}
	return found && list_empty(&node->leaving);
}

void leaving_clear(struct node *node)
{
	list_each_safe (it, tmp, &node->leaving) {
		list_remove(it);
		free(list_entry(it, struct leaving, on_node));
	}
}

/* ---- down and up ---- */

void node_set_reason(struct cluster *c, struct node *node, const char *reason, uint32_t uid)
{
	text_set(&node->state.reason, reason);
	node->state.reason_uid = node->state.reason ? uid : CORE_NO_VAL;
	node->state.reason_time = node->state.reason ? c->now : 0;
}

void node_fail_jobs(struct cluster *c, struct node *node)
{
	/* Losing one share takes it off the list and leaves the others there. */
	while (!list_empty(&node->shares))
		job_lose_node(c, list_entry(node->shares.next, struct share, on_node));
}

void node_set_down(struct cluster *c, struct node *node, const char *reason, uint32_t uid)
{
	node_move(node, NODE_DOWN);
	if (reason)
		node_set_reason(c, node, reason, uid);
	emit_node(c, node);
	node_fail_jobs(c, node);
	cluster_nodes_changed(c);
}

void node_arm_down(struct cluster *c, struct node *node)
{
	node->down_at = 0;
	if (c->conf->slurmd_timeout_s == 0 || (node->state.flags & NODE_FLAG_POWERED_DOWN))
		return;
	node->down_at = node->last_heard + c->conf->slurmd_timeout_s * CORE_SECOND;
	due_at(c, node->down_at, DUE_NODE_DOWN, node->index, 0);
}

void node_wait_for(struct cluster *c, struct node *node)
{
	core_time patience = NODE_PATIENCE_S * CORE_SECOND, down = c->conf->slurmd_timeout_s * CORE_SECOND;
	if (down > 0 && patience > down / 2)
		patience = down / 2;
	node->silent_at = node->last_heard + patience;
	node->waited_for = node->silent_at > c->now;
	if (node->waited_for)
		due_at(c, node->silent_at, DUE_NODE_SILENT, node->index, 0);
}

void node_lost(struct cluster *c, const char *name, core_time now)
{
	struct node *node = node_by_name(c, name);
	c->now = now;
	if (!node || !node->connected)
		return;
	node->connected = false;
	node->cpu_load = CORE_NO_VAL;
	leaving_clear(node); /* it says again what runs there when it registers */
	node_wait_for(c, node);
	node_arm_down(c, node);
	cluster_nodes_changed(c);
}

void node_heard(struct cluster *c, const char *name, uint32_t cpu_load, uint64_t free_mem, core_time now)
{
	struct node *node = node_by_name(c, name);
	c->now = now;
	if (!node)
		return;
	node->last_heard = now;
	if (cpu_load != CORE_NO_VAL)
		node->cpu_load = cpu_load;
	if (free_mem != CORE_NO_VAL64)
		node->free_mem = free_mem;
}
