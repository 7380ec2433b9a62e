#include "conf/companion_check.h"

#include "core/util/hostlist.h"
#include "core/util/map.h"

#include <stdlib.h>
#include <string.h>

struct check {
	const struct companions *c;
	const struct slurm_conf *conf;
	struct conf_errors *errors;
	struct map nodes; /* names of slurm.conf */
};

#define MISSING_MAX 1000u
#define AT(k, l)    (k)->errors, (l)->file, (l)->line

/* Every name of a host list that the map lacks is an error, once a line. */
static void names_exist(struct check *k, const struct companion_line *l, enum companion_key key,
                        const struct map *known, const char *what)
{
	struct hostlist_iter it;
	const char *name;
	unsigned missing = 0; /* counted up to MISSING_MAX */
	char first[256] = "";
	if (!l->values[key])
		return;
	struct hostlist *list = hostlist_parse(l->values[key], NULL);
	if (!list)
		return;
	hostlist_iter_init(&it, list);
	while (missing < MISSING_MAX && (name = hostlist_next(&it)))
		if (!map_get_text(known, name) && missing++ == 0)
			text_copy(first, sizeof(first), name);
	hostlist_free(list);
	if (missing == 1)
		conf_error_add(AT(k, l), "%s=%.60s: %s %s", companion_rows[key].name, l->values[key], first,
		               what);
	else if (missing)
		conf_error_add(AT(k, l), "%s=%.60s: %s %s, and %s%u more", companion_rows[key].name,
		               l->values[key], first, what, missing == MISSING_MAX ? "at least " : "",
		               missing - 1);
}

/* ---- gres.conf ---- */

static void check_gres_line(struct check *k, const struct companion_line *l)
{
	const char *name = l->values[GRES_Name], *types = conf_str(k->conf, P_GresTypes);
	if (!name && !l->values[GRES_AutoDetect])
		conf_error_add(AT(k, l), "a line without Name: which of GresTypes=%s is it?", types);
	else if (name && !text_list_has(types, name, strlen(name)))
		conf_error_add(AT(k, l), "Name=%.60s is not in GresTypes=%s of slurm.conf", name, types);
	if (l->values[GRES_File] && l->values[GRES_MultipleFiles])
		conf_error_add(AT(k, l), "File and MultipleFiles exclude each other");
	if (l->values[GRES_Cores] && l->values[GRES_CPUs])
		conf_error_add(AT(k, l), "Cores and CPUs are the same: only one may be set");
	names_exist(k, l, GRES_NodeName, &k->nodes, "is no NodeName of slurm.conf");
}

/* "/dev/nvidia[0-3]": how many. 0: not to be told. */
static uint64_t file_count(const char *files)
{
	struct hostlist *list = hostlist_parse(files, NULL);
	uint64_t n = list ? hostlist_count(list) : 0;
	hostlist_free(list);
	return n;
}

static void check_gres_count(struct check *k, const struct companion_line *l)
{
	const char *name = l->values[GRES_Name], *files = l->values[GRES_File],
	           *count = l->values[GRES_Count];
	uint64_t wanted;
	if (!files || !count || !name || text_eq_nocase(name, "mps") || text_eq_nocase(name, "shard") ||
	    !text_to_u64(count, &wanted))
		return;
	uint64_t n = file_count(files);
	if (n > 0 && n != wanted)
		conf_error_add(AT(k, l), "Count=%s, but File=%.60s names %llu: leave Count out", count, files,
		               (unsigned long long)n);
}

/* ---- topology.conf ---- */

static void check_switch(struct check *k, const struct companion_line *l, struct map *switches)
{
	const char *name = l->values[TOPOLOGY_SwitchName];
	bool nodes = l->values[TOPOLOGY_Nodes], below = l->values[TOPOLOGY_Switches];
	if (!name)
		conf_error_add(AT(k, l), "a line without SwitchName");
	else if (map_get_text(switches, name))
		conf_error_add(AT(k, l), "SwitchName=%.60s stands twice", name);
	else
		map_put_text(switches, name, (void *)(uintptr_t)l);
	if (nodes == below)
		conf_error_add(AT(k, l), "SwitchName=%.60s: %s", name ? name : "",
		               nodes ? "it has either Nodes or Switches, not both"
		                     : "its Nodes or its Switches are missing");
}

enum { UNSEEN, OPEN, DONE };

/* Depth first: a switch that is met while it is open is below itself. */
static bool is_below_itself(const struct companions *c, const struct map *switches, unsigned char *seen,
                            const struct companion_line *l, unsigned depth)
{
	size_t i = (size_t)(l - c->files[COMPANION_TOPOLOGY].lines);
	struct hostlist_iter it;
	const char *name;
	bool found = false;
	if (seen[i] != UNSEEN || depth > 1000)
		return seen[i] == OPEN || depth > 1000;
	seen[i] = OPEN;
	struct hostlist *list =
	        l->values[TOPOLOGY_Switches] ? hostlist_parse(l->values[TOPOLOGY_Switches], NULL) : NULL;
	if (list) {
		hostlist_iter_init(&it, list);
		while (!found && (name = hostlist_next(&it))) {
			const struct companion_line *next = map_get_text(switches, name);
			found = next && is_below_itself(c, switches, seen, next, depth + 1);
		}
		hostlist_free(list);
	}
	seen[i] = DONE;
	return found;
}

static void check_topology(struct check *k)
{
	const struct companion_line *lines = k->c->files[COMPANION_TOPOLOGY].lines;
	size_t n = k->c->files[COMPANION_TOPOLOGY].count;
	struct map switches;
	size_t before = k->errors->n;
	map_init_text(&switches);
	for (size_t i = 0; i < n; i++)
		check_switch(k, &lines[i], &switches);
	for (size_t i = 0; i < n; i++) {
		names_exist(k, &lines[i], TOPOLOGY_Nodes, &k->nodes, "is no NodeName of slurm.conf");
		names_exist(k, &lines[i], TOPOLOGY_Switches, &switches, "is no SwitchName of this file");
	}
	unsigned char *seen = xcalloc(n + 1, 1);
	for (size_t i = 0; k->errors->n == before && i < n; i++)
		if (is_below_itself(k->c, &switches, seen, &lines[i], 0))
			conf_error_add(AT(k, &lines[i]),
			               "SwitchName=%.60s: a switch below it has it among its Switches",
			               lines[i].values[TOPOLOGY_SwitchName]
			                       ? lines[i].values[TOPOLOGY_SwitchName]
			                       : "");
	free(seen);
	map_free(&switches);
}

/* ---- all ---- */

void companion_check(const struct companions *c, enum companion_file file, const struct slurm_conf *conf,
                     struct conf_errors *errors)
{
	struct check k = {.c = c, .conf = conf, .errors = errors};
	map_init_text(&k.nodes);
	for (size_t i = 0; i < conf->core.node_count; i++)
		map_put_text(&k.nodes, conf->core.nodes[i].name, &conf->core.nodes[i]);
	for (size_t i = 0; file == COMPANION_GRES && i < c->files[file].count; i++) {
		check_gres_line(&k, &c->files[file].lines[i]);
		check_gres_count(&k, &c->files[file].lines[i]);
	}
	if (file == COMPANION_TOPOLOGY)
		check_topology(&k);
	map_free(&k.nodes);
}
