#include "conf/node_part.h"

#include "conf/reader.h"
#include "conf/record.h"
#include "core/records.h"
#include "core/util/hostlist.h"
#include "core/util/map.h"

#include <stdlib.h>
#include <string.h>

/* What a NodeName line holds beside the core's own structure. */
struct node_line {
	struct core_node_conf core;
	char *names, *addrs, *hostnames, *ports;
	uint32_t sockets_per_board;
	bool has_cpus;
	const char *file;
	unsigned line;
};
struct part_line {
	struct core_part_conf core;
	const char *file;
	unsigned line;
};
struct down_line {
	char *names, *reason;
	enum conf_node_state state;
	const char *file;
	unsigned line;
};
struct set_line {
	char *name, *nodes, *feature;
	enum {
		SET_NOT_SEEN,
		SET_OPEN,
		SET_SEEN
	} look; /* while a partition is filled: sets may name sets, but not in a ring */
};

#define NODES_MAX 65536u

struct node_part {
	size_t room; /* in conf->core.nodes */
	struct slurm_conf *conf;
	struct conf_errors *errors;
	struct node_line node_default, *nodes;
	struct part_line part_default, *parts;
	struct down_line *downs;
	struct set_line *sets;
	size_t node_count, node_cap, part_count, part_cap, down_count, down_cap, set_count, set_cap;
	struct map index; /* node name -> index + 1 */
};

static bool read_node_state(struct arena *arena, void *at, const char *s, bool running)
{
	static const char *const words[] = {"UNKNOWN", "DOWN", "DRAIN", "FAIL", "FUTURE", "CLOUD"};
	uint32_t v = 0;
	(void)arena;
	(void)running;
	if (text_eq_nocase(s, "FAILING"))
		s = "FAIL";
	else if (text_eq_nocase(s, "IDLE")) /* what it is then is found out */
		s = "UNKNOWN";
	if (!record_word(s, words, 6, &v))
		return false;
	*(enum conf_node_state *)at = (enum conf_node_state)v;
	return true;
}

#define N(name, how, member)                                                                                 \
	{                                                                                                    \
		.key = (name), .kind = FIELD_##how, .offset = offsetof(struct node_line, member)             \
	}
#define NX(name, how, fine)                                                                                  \
	{                                                                                                    \
		.key = (name), .kind = FIELD_##how, .none = (fine)                                           \
	}
static const struct record_row node_rows[] = {
        N("NodeName", STR, names),
        N("NodeAddr", STR, addrs),
        N("NodeHostname", STR, hostnames),
        N("Port", STR, ports),
        N("CPUs", U32, core.cpus),
        N("Procs", U32, core.cpus),
        N("Boards", U32, core.boards),
        N("Sockets", U32, core.sockets),
        N("SocketsPerBoard", U32, sockets_per_board),
        N("CoresPerSocket", U32, core.cores_per_socket),
        N("ThreadsPerCore", U32, core.threads_per_core),
        N("RealMemory", MIB, core.real_memory),
        N("TmpDisk", MIB, core.tmp_disk),
        N("Weight", U32, core.weight),
        N("Feature", STR, core.features),
        N("Features", STR, core.features),
        {.key = "State", .own = read_node_state, .offset = offsetof(struct node_line, core.state)},
        N("Reason", STR, core.reason),
        NX("Gres", REFUSED, "none"),
        NX("BcastAddr", IGNORED, NULL),
        NX("CoreSpecCount", REFUSED, "0"),
        NX("CpuSpecList", REFUSED, ""),
        NX("MemSpecLimit", REFUSED, "0"),
        NX("CpuBind", REFUSED, "none"),
};

static const struct record_row down_rows[] = {
        {.key = "DownNodes", .kind = FIELD_STR, .offset = offsetof(struct down_line, names)},
        {.key = "Reason", .kind = FIELD_STR, .offset = offsetof(struct down_line, reason)},
        {.key = "State", .own = read_node_state, .offset = offsetof(struct down_line, state)},
};
static const struct record_row set_rows[] = {
        {.key = "NodeSet", .kind = FIELD_STR, .offset = offsetof(struct set_line, name)},
        {.key = "Nodes", .kind = FIELD_STR, .offset = offsetof(struct set_line, nodes)},
        {.key = "Feature", .kind = FIELD_STR, .offset = offsetof(struct set_line, feature)},
};

bool node_part_takes(const char *key)
{
	static const char *const keys[] = {"NodeName", "PartitionName", "DownNodes", "NodeSet",
	                                   "FrontendName"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (text_eq_nocase(key, keys[i]))
			return true;
	return false;
}

/* ---- one line ---- */

static void unknown_key(struct node_part *np, const char *file, unsigned line, const struct record_row *rows,
                        size_t n, const char *key, const char *value)
{
	const char *names[64];
	size_t count = 0;
	for (size_t i = 0; i < n && count < 64; i++)
		if (!rows[i].running_only)
			names[count++] = rows[i].key;
	const char *near = text_nearest(key, names, count);
	conf_error_add(np->errors, file, line, "%s=%.60s is not a parameter of %s%s%s%s", key, value,
	               rows[0].key, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static void read_line(struct node_part *np, const char *file, unsigned line, const char *text,
                      const struct record_row *rows, size_t n, void *record,
                      void (*follow)(struct core_part_conf *part, const char *key))
{
	const char *rest = text, *key, *value;
	while (reader_pair(&np->conf->arena, &rest, &key, &value)) {
		const struct record_row *row = key ? record_row_of(rows, n, key, false) : NULL;
		if (!key)
			conf_error_add(np->errors, file, line, "%.60s: a Parameter=Value is wanted", value);
		else if (!row)
			unknown_key(np, file, line, rows, n, key, value);
		else if (!record_read(&np->conf->arena, row, record, value, false))
			conf_error_add(
			        np->errors, file, line,
			        row->kind == FIELD_REFUSED
			                ? "%s=%.60s is not supported, and ignoring it would not be safe"
			                : "%s=%.60s: not a valid value",
			        row->key, value);
		else if (follow)
			follow(record, row->key);
	}
}

struct node_part *node_part_new(struct slurm_conf *conf, struct conf_errors *errors)
{
	struct node_part *np = arena_alloc(&conf->arena, sizeof(*np));
	np->conf = conf;
	np->errors = errors;
	np->node_default.core = (struct core_node_conf){.boards = 1, .real_memory = 1, .weight = 1};
	np->part_default.core = node_part_default();
	return np;
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void node_line(struct node_part *np, const char *file, unsigned line, const char *text)
{
	struct node_line node = np->node_default;
	node.file = file;
	node.line = line;
	read_line(np, file, line, text, node_rows, COUNT(node_rows), &node, NULL);
	if (text_eq_nocase(node.names, "DEFAULT")) {
		np->node_default = node;
		return;
	}
	np->nodes = xgrow(np->nodes, &np->node_cap, np->node_count + 1, sizeof(*np->nodes));
	np->nodes[np->node_count++] = node;
}

static void part_line(struct node_part *np, const char *file, unsigned line, const char *text)
{
	struct part_line part = np->part_default;
	part.file = file;
	part.line = line;
	part.core.name = NULL;
	size_t n;
	const struct record_row *rows = part_value_rows(&n);
	read_line(np, file, line, text, rows, n, &part.core, part_value_follow);
	if (text_eq_nocase(part.core.name, "DEFAULT")) {
		np->part_default = part;
		return;
	}
	np->parts = xgrow(np->parts, &np->part_cap, np->part_count + 1, sizeof(*np->parts));
	np->parts[np->part_count++] = part;
}

void node_part_line(struct node_part *np, const char *file, unsigned line, const char *text)
{
	if (text_starts_nocase(text, "NodeName")) {
		node_line(np, file, line, text);
	} else if (text_starts_nocase(text, "PartitionName")) {
		part_line(np, file, line, text);
	} else if (text_starts_nocase(text, "DownNodes")) {
		struct down_line down = {.state = CONF_NODE_DOWN, .file = file, .line = line};
		read_line(np, file, line, text, down_rows, COUNT(down_rows), &down, NULL);
		np->downs = xgrow(np->downs, &np->down_cap, np->down_count + 1, sizeof(*np->downs));
		np->downs[np->down_count++] = down;
	} else if (text_starts_nocase(text, "NodeSet")) {
		struct set_line set = {0};
		read_line(np, file, line, text, set_rows, COUNT(set_rows), &set, NULL);
		np->sets = xgrow(np->sets, &np->set_cap, np->set_count + 1, sizeof(*np->sets));
		np->sets[np->set_count++] = set;
	} else {
		conf_error_add(np->errors, file, line, "front-end nodes are not supported");
	}
}

/* ---- nodes ---- */

/* CPUs against sockets, cores and threads: what is left out follows from the rest. */
static void check_shape(struct node_part *np, struct node_line *n)
{
	struct core_node_conf *c = &n->core;
	if (n->sockets_per_board && !c->sockets)
		c->sockets = n->sockets_per_board * c->boards;
	uint32_t cores = c->cores_per_socket ? c->cores_per_socket : 1,
	         threads = c->threads_per_core ? c->threads_per_core : 1;
	if (!c->sockets)
		c->sockets = c->cpus && c->cpus % (cores * threads) == 0 ? c->cpus / (cores * threads) : 1;
	if (!c->cores_per_socket)
		c->cores_per_socket = 1;
	if (!c->threads_per_core)
		c->threads_per_core = 1;
	uint64_t total = (uint64_t)c->sockets * c->cores_per_socket * c->threads_per_core;
	if (!c->cpus)
		c->cpus = total > UINT32_MAX ? UINT32_MAX : (uint32_t)total;
	if (total != c->cpus && (uint64_t)c->sockets * c->cores_per_socket != c->cpus &&
	    c->sockets != c->cpus && total != 0) {
		/* As the real one: more CPUs than the sockets make is no error, the sockets are then counted
		 * anew. */
		if (c->cpus % (c->cores_per_socket * c->threads_per_core) == 0)
			c->sockets = c->cpus / (c->cores_per_socket * c->threads_per_core);
		else
			conf_error_add(np->errors, n->file, n->line,
			               "NodeName=%s: CPUs=%u does not match Sockets=%u CoresPerSocket=%u "
			               "ThreadsPerCore=%u",
			               n->names, c->cpus, c->sockets, c->cores_per_socket,
			               c->threads_per_core);
	}
	if (c->cpus > 65535)
		conf_error_add(np->errors, n->file, n->line, "NodeName=%s: CPUs=%u is more than 65535",
		               n->names, c->cpus);
}

/* A list that goes along with the names: as many entries, or one for all; NULL when it isn't given. */
static char **parallel(struct node_part *np, const struct node_line *n, const char *what, const char *list,
                       size_t count, size_t *got)
{
	struct err err = {0};
	struct hostlist *h = list ? hostlist_parse(list, &err) : NULL;
	char **names = h ? hostlist_expand(h, HOSTLIST_EXPAND_MAX, got, &err) : NULL;
	hostlist_free(h);
	if (list && !names)
		conf_error_add(np->errors, n->file, n->line, "%s=%s: %s", what, list, err_text(&err));
	else if (names && *got != count && *got != 1) {
		conf_error_add(np->errors, n->file, n->line, "%s=%s has %zu entries for %zu nodes", what,
		               list, *got, count);
		free(names);
		names = NULL;
	}
	return names;
}

static void add_node(struct node_part *np, const struct node_line *n, const char *name, const char *addr,
                     const char *host, uint32_t port)
{
	struct cluster_conf *core = &np->conf->core;
	struct arena *arena = &np->conf->arena;
	if (map_get_text(&np->index, name)) {
		conf_error_add(np->errors, n->file, n->line, "node %s stands twice", name);
		return;
	}
	struct core_node_conf *node = &core->nodes[core->node_count++];
	*node = n->core;
	node->name = arena_strdup(arena, name);
	node->addr = arena_strdup(arena, addr ? addr : host ? host : name);
	node->hostname = arena_strdup(arena, host ? host : name);
	node->port = port ? port : conf_u32(np->conf, P_SlurmdPort);
	map_put_text(&np->index, node->name, (void *)(uintptr_t)core->node_count);
}

/* At least doubled, as a file may have a line for each node. */
static void make_room(struct node_part *np, size_t more)
{
	struct cluster_conf *core = &np->conf->core;
	size_t need = core->node_count + more;
	if (need <= np->room)
		return;
	np->room = need > 2 * np->room ? need : 2 * np->room;
	struct core_node_conf *longer = arena_array(&np->conf->arena, np->room, sizeof(*longer));
	if (core->node_count)
		memcpy(longer, core->nodes, core->node_count * sizeof(*longer));
	core->nodes = longer;
}

static void expand_nodes(struct node_part *np, struct node_line *n)
{
	struct err err = {0};
	size_t count = 0, addrs_n = 0, hosts_n = 0, ports_n = 0;
	struct hostlist *h = n->names ? hostlist_parse(n->names, &err) : NULL;
	size_t left = NODES_MAX - np->conf->core.node_count;
	char **names = h && hostlist_count(h) <= left ? hostlist_expand(h, left, &count, &err) : NULL;
	if (h && !names)
		err_set(&err, ERR_LIMIT, "more than %u nodes in all", NODES_MAX);
	hostlist_free(h);
	if (!names) {
		conf_error_add(np->errors, n->file, n->line, "NodeName=%s: %s", n->names ? n->names : "",
		               err_text(&err));
		return;
	}
	check_shape(np, n);
	char **addrs = parallel(np, n, "NodeAddr", n->addrs, count, &addrs_n);
	char **hosts = parallel(np, n, "NodeHostname", n->hostnames, count, &hosts_n);
	char **ports = parallel(np, n, "Port", n->ports, count, &ports_n);
	make_room(np, count);
	for (size_t i = 0; i < count; i++) {
		uint32_t port = 0;
		const char *text = ports ? ports[ports_n == 1 ? 0 : i] : NULL;
		if (text && (!text_to_u32(text, &port) || port == 0 || port > 65535))
			conf_error_add(np->errors, n->file, n->line, "Port=%s: not a port number", text);
		add_node(np, n, names[i], addrs ? addrs[addrs_n == 1 ? 0 : i] : NULL,
		         hosts ? hosts[hosts_n == 1 ? 0 : i] : NULL, port);
	}
	free(names);
	free(addrs);
	free(hosts);
	free(ports);
}

/* ---- partitions ---- */

static struct set_line *find_set(const struct node_part *np, const char *name)
{
	for (size_t i = 0; i < np->set_count; i++)
		if (text_eq(np->sets[i].name, name))
			return &np->sets[i];
	return NULL;
}

static void add_feature(struct node_part *np, struct part_line *p, const char *feature)
{
	char **list = &p->core.set_features;
	*list = *list ? arena_printf(&np->conf->arena, "%s,%s", *list, feature)
	              : arena_strdup(&np->conf->arena, feature);
}

static void mark(struct node_part *np, struct part_line *p, const char *list, bool *in);

static void mark_set(struct node_part *np, struct part_line *p, struct set_line *set, bool *in)
{
	set->look = SET_OPEN;
	mark(np, p, set->nodes, in);
	set->look = SET_SEEN;
}

static void mark(struct node_part *np, struct part_line *p, const char *list, bool *in)
{
	struct err err = {0};
	struct hostlist *h = hostlist_parse(list, &err);
	struct hostlist_iter it;
	if (!h) {
		conf_error_add(np->errors, p->file, p->line, "PartitionName=%s Nodes=%s: %s", p->core.name,
		               list, err_text(&err));
		return;
	}
	if (hostlist_count(h) > HOSTLIST_EXPAND_MAX) {
		conf_error_add(np->errors, p->file, p->line, "PartitionName=%s Nodes=%s: too many nodes",
		               p->core.name, list);
		hostlist_free(h);
		return;
	}
	hostlist_iter_init(&it, h);
	for (const char *name; (name = hostlist_next(&it));) {
		struct set_line *set = find_set(np, name);
		uintptr_t index = (uintptr_t)map_get_text(&np->index, name);
		if (index) {
			in[index - 1] = true;
		} else if (text_eq_nocase(name, "ALL")) {
			p->core.all_nodes = true;
			for (size_t i = 0; i < np->conf->core.node_count; i++)
				in[i] = true;
		} else if (set) {
			if (set->feature)
				add_feature(np, p, set->feature);
			for (size_t i = 0; set->feature && i < np->conf->core.node_count; i++)
				in[i] = in[i] || text_list_has(np->conf->core.nodes[i].features, set->feature,
				                               strlen(set->feature));
			if (set->look == SET_OPEN)
				conf_error_add(np->errors, p->file, p->line,
				               "PartitionName=%s: NodeSet=%s contains itself", p->core.name,
				               name);
			else if (set->nodes && set->look == SET_NOT_SEEN)
				mark_set(np, p, set, in);
		} else {
			conf_error_add(np->errors, p->file, p->line,
			               "PartitionName=%s: node %s is on no NodeName line", p->core.name,
			               name);
		}
	}
	hostlist_free(h);
}

static void expand_part(struct node_part *np, struct part_line *p)
{
	struct cluster_conf *core = &np->conf->core;
	struct core_part_conf *part = &core->parts[core->part_count];
	bool *in = xcalloc(core->node_count + 1, sizeof(*in));
	struct hostlist *shown = hostlist_new();
	for (size_t i = 0; i < core->part_count; i++)
		if (text_eq(core->parts[i].name, p->core.name))
			conf_error_add(np->errors, p->file, p->line, "partition %s stands twice",
			               p->core.name);
	for (size_t i = 0; i < np->set_count; i++)
		np->sets[i].look = SET_NOT_SEEN;
	if (p->core.nodes)
		mark(np, p, p->core.nodes, in);
	*part = p->core;
	part->node_index = arena_array(&np->conf->arena, core->node_count + 1, sizeof(*part->node_index));
	for (size_t i = 0; i < core->node_count; i++) {
		if (!in[i])
			continue;
		part->node_index[part->node_count++] = (uint32_t)i;
		hostlist_add_name(shown, core->nodes[i].name);
	}
	char *text = hostlist_string(shown);
	part->nodes = arena_strdup(&np->conf->arena, text);
	free(text);
	hostlist_free(shown);
	free(in);
	core->part_count++;
}

static void check_default(struct node_part *np)
{
	const char *first = NULL;
	for (size_t i = 0; i < np->part_count; i++) {
		if (!np->parts[i].core.is_default)
			continue;
		if (first)
			conf_error_add(np->errors, np->parts[i].file, np->parts[i].line,
			               "PartitionName=%s: %s is Default=YES already", np->parts[i].core.name,
			               first);
		first = np->parts[i].core.name;
	}
}

static void apply_down(struct node_part *np, const struct down_line *d)
{
	struct err err = {0};
	struct hostlist *h = d->names ? hostlist_parse(d->names, &err) : NULL;
	for (size_t i = 0; h && i < np->conf->core.node_count; i++) {
		struct core_node_conf *node = &np->conf->core.nodes[i];
		if (!hostlist_contains(h, node->name) && !text_eq_nocase(d->names, "ALL"))
			continue;
		node->state = d->state;
		node->reason = d->reason ? d->reason : arena_strdup(&np->conf->arena, "Set in slurm.conf");
		node->down_line = true;
	}
	if (!h)
		conf_error_add(np->errors, d->file, d->line, "DownNodes=%s: %s", d->names ? d->names : "",
		               err_text(&err));
	hostlist_free(h);
}

int node_part_nodes(const struct slurm_conf *conf, const char *line, struct arena *arena,
                    struct core_node_conf **nodes, size_t *n, struct err *err)
{
	struct slurm_conf own = {.arena = *arena};
	struct conf_errors errors = {0};
	own.values[P_SlurmdPort] = conf->values[P_SlurmdPort];
	struct node_part *np = node_part_new(&own, &errors);
	map_init_text(&np->index);
	node_line(np, NULL, 0, line);
	if (errors.n == 0 && np->node_count == 1 && np->nodes[0].names)
		expand_nodes(np, &np->nodes[0]);
	map_free(&np->index);
	free(np->nodes);
	*arena = own.arena;
	*nodes = own.core.nodes;
	*n = own.core.node_count;
	int rc = 0;
	if (errors.n > 0)
		rc = err_set(err, ERR_INVALID, "%s", errors.v[0].text);
	else if (*n == 0)
		rc = err_set(err, ERR_INVALID, "NodeName= is missing");
	conf_errors_free(&errors);
	return rc;
}

void node_part_finish(struct node_part *np)
{
	map_init_text(&np->index);
	for (size_t i = 0; i < np->node_count; i++)
		expand_nodes(np, &np->nodes[i]);
	for (size_t i = 0; i < np->down_count; i++)
		apply_down(np, &np->downs[i]);
	np->conf->core.parts =
	        arena_array(&np->conf->arena, np->part_count + 1, sizeof(*np->conf->core.parts));
	for (size_t i = 0; i < np->part_count; i++)
		expand_part(np, &np->parts[i]);
	check_default(np);
	map_free(&np->index);
	free(np->nodes);
	free(np->parts);
	free(np->downs);
	free(np->sets);
	*np = (struct node_part){0};
}
