#include "applets/client/local.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX     "auth."
#define TIMEOUT_US 10000000

/* The name of a slurmd that has its socket in DIR: the one asked for, or any. NULL: there is none. */
static char *find(const char *dir, const char *wanted, struct arena *arena)
{
	char *found = NULL;
	DIR *d = opendir(dir);
	for (const struct dirent *e = d ? readdir(d) : NULL; e && !found; e = readdir(d))
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) == 0 &&
		    (!wanted || strcmp(e->d_name + strlen(PREFIX), wanted) == 0))
			found = arena_strdup(arena, e->d_name + strlen(PREFIX));
	if (d)
		closedir(d);
	return found;
}

/* Where it listens: as slurm.conf says, or, of a node that was made at run time, the controller. */
static int address_of(struct connect *c, const char *node, struct arena *arena, const char **addr,
                      uint32_t *port, struct err *err)
{
	const struct cluster_conf *core = &c->file.conf.core;
	for (size_t i = 0; i < core->node_count; i++)
		if (text_eq(core->nodes[i].name, node)) {
			*addr = core->nodes[i].addr;
			*port = core->nodes[i].port;
			return 0;
		}
	struct node_query q = {.nodes = (char *)(uintptr_t)node, .future = true};
	void *record = NULL;
	if ((!c->client && connect_open(c, err) != 0) ||
	    connect_ask(c, MSG_node_query, &q, MSG_node_list, arena, &record, err) != 0)
		return -1;
	const struct node_list *list = record;
	if (list->nodes.n != 1)
		return err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	*addr = list->nodes.v[0].addr;
	*port = list->nodes.v[0].port;
	return 0;
}

struct client *local_open(struct connect *c, const char *node, struct arena *arena, struct err *err)
{
	struct session_audience audience = {.role = ROLE_WORKER};
	const char *addr = NULL, *own = getenv("SLURMD_NODENAME");
	uint32_t port = 0;
	char *dir = xprintf("%s/slurmd", cluster_file_run_dir(&c->file));
	char *name = node ? find(dir, node, arena) : own ? find(dir, own, arena) : NULL;
	if (!name && !node)
		name = find(dir, NULL, arena);
	free(dir);
	if (!name) {
		err_set(err, ERR_NOT_FOUND, "no slurmd%s%s runs on this host", node ? " of node " : "",
		        node ? node : "");
		return NULL;
	}
	if (address_of(c, name, arena, &addr, &port, err) != 0)
		return NULL;
	text_copy(audience.name, sizeof(audience.name), name);
	text_copy(audience.cluster, sizeof(audience.cluster), c->file.controller.cluster);
	return client_open(addr, (uint16_t)port, &audience, TIMEOUT_US, err);
}
