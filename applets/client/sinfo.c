/* sinfo(1) */
#include "applets/client/sinfo.h"

#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "applets/client/hidden.h"
#include "applets/client/json_rows.h"
#include "applets/client/show.h"
#include "core/records.h"
#include "core/util/arena.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"
#include "core/util/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sinfo_options {
	bool node_oriented, long_format, no_header, summarize, reasons, exact, all, responding, dead, json,
	        reservations;
	const char *format, *format_names, *sort, *nodes, *clusters;
	bool clusters_set; /* by the option, not by SLURM_CLUSTERS */
	struct schema_strs states, partitions;
	unsigned iterate_s;
	char **argv;
};

/* The formats that options imply; '#' of the manual page: as wide as the longest partition name or node list.
 */
static const struct {
	bool node_oriented, long_format, summarize, reasons;
	const char *format, *sort;
} formats[] = {
        {false, false, true, false, "%#P %.5a %.10l %.16F %N", "#P"},
        {true, true, false, false, "%#N %.6D %.#P %.11T %4c %.8z %.6m %.8d %.6w %.8f %20E", "N"},
        {true, false, false, false, "%#N %.6D %.#P %6t", "N"},
        {false, true, false, true, "%20E %12U %19H %6t %N", "#P,-t"},
        {false, false, false, true, "%20E %9u %19H %N", "#P,-t"},
        {false, true, false, false, "%#P %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %N", "#P,-t"},
        {false, false, false, false, "%#P %.5a %.10l %.6D %.6t %N", "#P,-t"},
};
#define AUTO_WIDTH_MIN 9

enum { OPT_HELP = 256, OPT_USAGE, OPT_NOCONVERT, OPT_HIDE, OPT_ONE_CLUSTER, OPT_JSON, OPT_YAML };

static const struct command_option options[] = {
        {"all", 'a', no_argument, NULL, "hidden partitions too"},
        {"dead", 'd', no_argument, NULL, "only nodes that do not respond"},
        {"exact", 'e', no_argument, NULL, "group only nodes that are alike in all that is printed"},
        {"noheader", 'h', no_argument, NULL, "no header"},
        {"hide", OPT_HIDE, no_argument, NULL, "no hidden partitions"},
        {"iterate", 'i', required_argument, "SECONDS", "again every so many seconds"},
        {"long", 'l', no_argument, NULL, "more columns"},
        {"nodes", 'n', required_argument, "NODES", "only these nodes"},
        {"Node", 'N', no_argument, NULL, "one line for each node"},
        {"format", 'o', required_argument, "LETTERS", "columns by letter, as sinfo(1) lists them"},
        {"Format", 'O', required_argument, "COLUMNS", "columns by name"},
        {"partition", 'p', required_argument, "PARTITIONS", "only these partitions"},
        {"responding", 'r', no_argument, NULL, "only nodes that respond"},
        {"list-reasons", 'R', no_argument, NULL, "why nodes are down or drained"},
        {"summarize", 's', no_argument, NULL, "one line for each partition"},
        {"sort", 'S', required_argument, "KEYS", "sort by columns"},
        {"states", 't', required_argument, "NODESTATES", "only nodes in these states"},
        {"reservation", 'T', no_argument, NULL, "reservations"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"clusters", 'M', required_argument, "NAMES", "these clusters: there is one"},
        {"federation", OPT_ONE_CLUSTER, no_argument, NULL, "all clusters of the federation: there is one"},
        {"help", OPT_HELP, no_argument, NULL, "this text"},
        {"json", OPT_JSON, no_argument, NULL, "all nodes, with all that is known of them, as JSON"},
        {"local", OPT_ONE_CLUSTER, no_argument, NULL, "this cluster: there is one"},
        {"noconvert", OPT_NOCONVERT, no_argument, NULL, "numbers as they are, which they are anyway"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
        {"verbose", 'v', no_argument, NULL, "say more of what goes on"},
        {"yaml", OPT_YAML, no_argument, REFUSED},
};

static const struct command_word variables[] = {
        {"SINFO_ALL", NULL, "as --all, whatever it holds"},
        {"SINFO_FORMAT", NULL, "as --format"},
        {"SINFO_PARTITION", NULL, "as --partition"},
        {"SINFO_SORT", NULL, "as --sort"},
        COMMAND_TIME_VARIABLES,
        COMMAND_COMMON_VARIABLES,
};

const struct command sinfo_command = {
        .name = "sinfo",
        .synopsis = "[OPTIONS]",
        COMMAND_OPTIONS(options),
        .variables = variables,
        .sets = {{"-o and -O", sinfo_columns, &sinfo_column_count}},
};

static int bad_state(const char *word, struct err *err)
{
	/* The real one's list, with what it has twice or has no word for. */
	log_error("Bad state string: \"%s\"", word);
	return err_set(
	        err, ERR_INVALID_STATE,
	        "valid states: unknown,down,idle,allocated,?,mixed,future,drain,drained,draining,no_respond,"
	        "reserved,perfctrs,cloud,completing,powering_down,powered_down,power_down,powering_up,fail,"
	        "maint,reboot,reboot^,unknown");
}

static int add_states(struct sinfo_options *o, const char *list, struct arena *arena, struct err *err)
{
	struct schema_strs words = {0};
	filter_words(list, &words, arena);
	for (uint32_t i = 0; i < words.n; i++) {
		/* idle&drain and the like are made of known words. */
		char *copy = arena_strdup(arena, words.v[i]), *rest = copy;
		for (char *word = text_split(&rest, '&'); word; word = text_split(&rest, '&'))
			if (!sinfo_state_known(word))
				return bad_state(word, err);
	}
	if (words.n == 0)
		filter_add_word(&words, "", arena); /* no state's name */
	o->states = words;
	return 0;
}

/* A list of nothing finds nothing. */
static int only_parts(const char *list, struct sinfo_options *o, struct arena *arena)
{
	o->partitions.n = 0;
	filter_words(list, &o->partitions, arena);
	if (o->partitions.n == 0)
		filter_add_word(&o->partitions, "", arena);
	return 0;
}

static int set_option(int c, struct sinfo_options *o, struct arena *arena, struct err *err)
{
	switch (c) {
	case 'a':
		o->all = true;
		return 0;
	case OPT_HIDE:
		o->all = false;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_YAML:
		return err_set(err, ERR_NOT_SUPPORTED,
		               "option --yaml is not supported by batchbox: --json says the same");
	case OPT_ONE_CLUSTER: /* there is one, and it is in no federation */
		return 0;
	case 'M':
		o->clusters = optarg;
		o->clusters_set = true;
		return 0;
	case 'T':
		o->reservations = true;
		return 0;
	case 'v':
		log_set_stderr_level(LOG_LEVEL_VERBOSE);
		return 0;
	case 'd':
		o->dead = true;
		return 0;
	case 'e':
		o->exact = true;
		return 0;
	case 'h':
		o->no_header = true;
		return 0;
	case 'i':
		return text_to_u32(optarg, &o->iterate_s) && o->iterate_s > 0
		               ? 0
		               : err_set(err, ERR_INVALID, "Error: invalid entry for --iterate=%s", optarg);
	case 'l':
		o->long_format = true;
		return 0;
	case 'n':
		o->nodes = optarg;
		return 0;
	case 'N':
		o->node_oriented = true;
		return 0;
	case 'o':
		o->format = optarg;
		return 0;
	case 'O':
		o->format_names = optarg;
		return 0;
	case 'p':
		return only_parts(optarg, o, arena);
	case 'r':
		o->responding = true;
		return 0;
	case 'R':
		o->reasons = true;
		return 0;
	case 's':
		o->summarize = true;
		return 0;
	case 'S':
		o->sort = optarg;
		return 0;
	case 't':
		return add_states(o, optarg, arena, err);
	case OPT_NOCONVERT:
		return 0; /* numbers are never converted */
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		exit(0);
	case OPT_HELP:
	case OPT_USAGE:
		command_print_usage(&sinfo_command, stdout);
		exit(0);
	default:
		complain_option("sinfo", c, o->argv);
		exit(1);
	}
}

static int parse_options(int argc, char **argv, struct sinfo_options *o, struct arena *arena, struct err *err)
{
	const char *parts = getenv("SINFO_PARTITION");
	struct command_getopt options_known;
	o->all = getenv("SINFO_ALL") != NULL;
	o->sort = getenv("SINFO_SORT");
	o->clusters = getenv("SLURM_CLUSTERS");
	if (parts)
		only_parts(parts, o, arena);
	o->argv = argv;
	command_getopt_init(&options_known, &sinfo_command);
	for (int c; (c = command_getopt_next(&options_known, argc, argv)) != -1;)
		if (set_option(c, o, arena, err) != 0)
			return -1;
	if (o->long_format && (o->format || o->format_names)) {
		log_write(LOG_LEVEL_FATAL,
		          "Options %s and -l(--long) are mutually exclusive. Please remove one and retry.",
		          o->format ? "-o(--format)" : "-O(--Format)");
		exit(1);
	}
	if (!o->format && !o->format_names)
		o->format = getenv("SINFO_FORMAT");
	if (o->reservations) {
		puts("No reservations in the system");
		exit(0);
	}
	if (o->json) { /* sinfo(1): all other arguments are ignored then */
		o->nodes = NULL;
		o->iterate_s = 0;
	}
	return 0;
}

/* ---- choosing nodes ---- */

static bool in_state(const struct node_info *node, const struct schema_strs *states, struct arena *arena)
{
	if (states->n == 0)
		return true;
	for (uint32_t i = 0; i < states->n; i++) {
		bool all = true;
		char *rest = arena_strdup(arena, states->v[i]);
		for (char *word = text_split(&rest, '&'); word; word = text_split(&rest, '&'))
			all = all && sinfo_state_is(node, word);
		if (all)
			return true;
	}
	return false;
}

static bool wanted_node(const struct node_info *node, const struct sinfo_options *o, struct arena *arena)
{
	bool lost = node->flags & NODE_FLAG_NO_RESPOND;
	if ((o->responding && lost) || (o->dead && !lost))
		return false;
	if (o->reasons && (!node->state->reason ||
	                   (node->base != NODE_DOWN && !(node->flags & (NODE_FLAG_DRAIN | NODE_FLAG_FAIL)))))
		return false;
	return in_state(node, &o->states, arena);
}

static bool wanted_part(const struct part_info *part, const struct sinfo_options *o)
{
	if (o->partitions.n == 0)
		return o->all || !part_is_hidden(part);
	for (uint32_t i = 0; i < o->partitions.n; i++)
		if (text_eq(o->partitions.v[i], part->name))
			return true;
	return false;
}

/* ---- grouping ---- */

struct sinfo_groups {
	struct sinfo_group **v;
	size_t n, cap;
	struct map by_key;  /* struct sinfo_group */
	struct map members; /* a group's key and the name of a node that is in it */
};

static struct sinfo_group *new_group(struct sinfo_groups *groups, const struct part_info *part,
                                     uint32_t order, struct arena *arena)
{
	struct sinfo_group *group = arena_alloc(arena, sizeof(*group));
	group->part = part;
	group->part_order = order;
	groups->v = xgrow(groups->v, &groups->cap, groups->n + 1, sizeof(struct sinfo_group *));
	groups->v[groups->n++] = group;
	return group;
}

/* The columns in which the nodes of one line must be alike; the others are summed up. And those in which the
 * partitions must be: where a format has none that tells them apart, a line is of all of them. */
static const char grouping[] = "tTEuUHvfbG", exact_grouping[] = "cdmwXYZzeO",
                  of_partition[] = "alLsrhgPRSBIpM";

/* The text of the node's line in those columns is the group's key. node NULL: the partition has none. */
static void group_key(struct text *key, const struct column_format *f, const struct node_info *node,
                      const struct sinfo_options *o, const struct part_info *part)
{
	const struct node_info *one[] = {node};
	const struct sinfo_group alone = {.part = part, .nodes = one, .n = node != NULL};
	for (size_t i = 0; i < f->n; i++) {
		const struct column *column = f->uses[i].column;
		/* Those without a letter (-O) are among the first, too. */
		const bool of_node = node && (strchr(grouping, column->letter) ||
		                              (o->exact && strchr(exact_grouping, column->letter)));
		if (!of_node && (!column->letter || !strchr(of_partition, column->letter)))
			continue;
		column->value(key, &alone, NULL);
		text_add_char(key, '\n');
	}
	if (o->node_oriented && part)
		text_printf(key, "%s\n", part->name);
	if (!node)
		text_add_char(key, '\n');
	else if (o->node_oriented || column_format_has(f, "HOSTNAMES") || column_format_has(f, "NODE_ADDR"))
		text_add(key, node->name);
}

static struct sinfo_group *group_of(struct sinfo_groups *groups, struct text *key,
                                    const struct part_info *part, uint32_t order, struct arena *arena)
{
	struct sinfo_group *group = map_get_text(&groups->by_key, text_str(key));
	if (!group) {
		group = new_group(groups, part, order, arena);
		map_put_text(&groups->by_key, arena_strdup(arena, text_str(key)), group);
	}
	return group;
}

static void group_nodes(struct sinfo_groups *groups, const struct part_info *part, uint32_t order,
                        const struct node_info **nodes, size_t n, const struct column_format *f,
                        const struct sinfo_options *o, struct arena *arena)
{
	struct text key = TEXT_EMPTY;
	for (size_t i = 0; i < n; i++) {
		text_clear(&key);
		group_key(&key, f, nodes[i], o, part);
		struct sinfo_group *group = group_of(groups, &key, part, order, arena);
		text_printf(&key, "\n%s", nodes[i]->name);
		if (map_get_text(&groups->members, text_str(&key)))
			continue; /* by another partition */
		map_put_text(&groups->members, arena_strdup(arena, text_str(&key)), group);
		group->nodes = xgrow(group->nodes, &group->cap, group->n + 1, sizeof(*group->nodes));
		group->nodes[group->n++] = nodes[i];
	}
	if (n == 0 && !o->node_oriented && column_format_has(f, "PARTITION")) {
		group_key(&key, f, NULL, o, part);
		group_of(groups, &key, part, order, arena);
	}
	text_free(&key);
}

/* ---- one answer ---- */

struct sinfo_data {
	const struct part_list *parts;
	const struct node_info **nodes;
	size_t n, cap;
	struct map by_name;
	int64_t now;
};

static int fetch(struct connect *connection, const struct sinfo_options *o, struct arena *arena,
                 struct sinfo_data *d, struct err *err)
{
	struct part_query parts;
	struct node_query nodes;
	uint32_t type = 0;
	void *record = NULL;
	schema_init(schema_of_part_query(), &parts);
	schema_init(schema_of_node_query(), &nodes);
	nodes.nodes = arena_strdup(arena, o->nodes);
	if (client_call(connection->client, MSG_part_query, &parts, arena, &type, &record, NULL, err) != 0)
		return -1;
	if (type != MSG_part_list)
		return err_set(err, ERR_COMMUNICATION, "the controller answered %s to a query for partitions",
		               message_name(type));
	d->parts = record;
	if (client_call(connection->client, MSG_node_query, &nodes, arena, &type, &record, NULL, err) != 0)
		return -1;
	for (bool last = false; !last;) {
		if (type != MSG_node_list)
			return err_set(err, ERR_COMMUNICATION,
			               "the controller answered %s to a query for nodes", message_name(type));
		const struct node_list *list = record;
		d->now = list->now;
		for (uint32_t i = 0; i < list->nodes.n; i++) {
			d->nodes = xgrow(d->nodes, &d->cap, d->n + 1, sizeof(*d->nodes));
			d->nodes[d->n++] = &list->nodes.v[i];
			map_put_text(&d->by_name, list->nodes.v[i].name, &list->nodes.v[i]);
		}
		last = list->last;
		if (!last && client_next(connection->client, arena, -1, &type, &record, err) != 0)
			return -1;
	}
	return 0;
}

static void collect(struct sinfo_groups *groups, const struct sinfo_data *d, const struct column_format *f,
                    const struct sinfo_options *o, struct arena *arena)
{
	for (uint32_t p = 0; p < d->parts->parts.n; p++) {
		const struct part_info *part = &d->parts->parts.v[p];
		if (!wanted_part(part, o))
			continue;
		const struct node_info **nodes =
		        arena_array(arena, (size_t)part->node_names.n + 1, sizeof(*nodes));
		size_t n = 0;
		for (uint32_t i = 0; i < part->node_names.n; i++) {
			const struct node_info *node = map_get_text(&d->by_name, part->node_names.v[i]);
			if (node && wanted_node(node, o, arena))
				nodes[n++] = node;
		}
		group_nodes(groups, part, p, nodes, n, f, o, arena);
	}
}

/* Replaces '#' in a format by the longest value's width, at least AUTO_WIDTH_MIN. */
static char *fill_widths(const char *format, const struct sinfo_data *d, struct arena *arena)
{
	size_t part = AUTO_WIDTH_MIN, node = AUTO_WIDTH_MIN;
	for (uint32_t i = 0; i < d->parts->parts.n; i++) {
		size_t len = strlen(d->parts->parts.v[i].name) + d->parts->parts.v[i].is_default;
		part = len > part ? len : part;
	}
	for (size_t i = 0; i < d->n; i++)
		node = strlen(d->nodes[i]->name) > node ? strlen(d->nodes[i]->name) : node;
	struct text out = TEXT_EMPTY;
	for (const char *p = format; *p; p++) {
		if (*p == '#')
			text_printf(&out, "%zu", p[1] == 'N' ? node : part);
		else
			text_add_char(&out, *p);
	}
	char *filled = arena_strdup(arena, text_str(&out));
	text_free(&out);
	return filled;
}

static int print_groups(struct sinfo_groups *groups, const struct column_format *f, const char *sort,
                        bool header, struct text *out, struct err *err)
{
	const void **order = xcalloc(groups->n + 1, sizeof(*order));
	for (size_t i = 0; i < groups->n; i++)
		order[i] = groups->v[i];
	const struct column_sorting how = {.marked = "PR", .lenient = true};
	int rc = column_sort(order, groups->n, sort, sinfo_columns, sinfo_column_count, &how, NULL, err);
	if (header)
		column_print_header(f, out);
	for (size_t i = 0; rc == 0 && i < groups->n; i++)
		column_print_row(f, order[i], NULL, out);
	free(order);
	return rc;
}

static void print_json(const struct sinfo_data *d)
{
	struct text out = TEXT_EMPTY;
	struct json j = json_begin(&out);
	json_head(&j, "openapi/v0.0.38", "Slurm OpenAPI v0.0.38");
	json_key(&j, "nodes");
	json_list(&j);
	for (size_t i = 0; i < d->n; i++)
		sinfo_json(&j, d->nodes[i]);
	json_end(&j);
	json_end(&j);
	fwrite(text_str(&out), 1, out.len, stdout);
	text_free(&out);
}

static int sinfo_once(struct connect *connection, const struct sinfo_options *o, struct err *err)
{
	struct arena arena;
	struct sinfo_data d = {0};
	struct sinfo_groups groups = {0};
	struct column_format f;
	struct text out = TEXT_EMPTY;
	arena_init(&arena);
	map_init_text(&d.by_name);
	map_init_text(&groups.by_key);
	map_init_text(&groups.members);
	column_format_init(&f);
	f.bare_letters = f.spaced_capitals = f.all_is_a_name = true;
	int rc = fetch(connection, o, &arena, &d, err);
	if (rc != 0) {
		fprintf(stderr, "slurm_load_partitions: %s\n", err_text(err));
	} else if (o->json) {
		print_json(&d);
	} else {
		size_t i = 0;
		while (formats[i].node_oriented > o->node_oriented ||
		       formats[i].long_format > o->long_format || formats[i].summarize > o->summarize ||
		       formats[i].reasons > o->reasons)
			i++;
		if (o->format_names)
			column_format_names(&f, o->format_names, sinfo_columns, sinfo_column_count);
		else
			column_format_letters(
			        &f, o->format ? o->format : fill_widths(formats[i].format, &d, &arena),
			        sinfo_columns, sinfo_column_count);
		collect(&groups, &d, &f, o, &arena);
		if ((o->long_format || o->iterate_s) && !o->no_header)
			show_date_line(&out, d.now);
		const char *sort = o->sort ? o->sort : o->node_oriented ? "N" : formats[i].sort;
		rc = print_groups(&groups, &f, sort, !o->no_header, &out, err);
		if (rc != 0)
			log_error("%s", err_text(err));
		else
			fwrite(text_str(&out), 1, out.len, stdout);
	}
	for (size_t i = 0; i < groups.n; i++)
		free(groups.v[i]->nodes);
	free(groups.v);
	free(d.nodes);
	map_free(&d.by_name);
	map_free(&groups.by_key);
	map_free(&groups.members);
	column_format_free(&f);
	text_free(&out);
	arena_free(&arena);
	return rc;
}

int sinfo_main(int argc, char **argv)
{
	struct sinfo_options o = {0};
	struct connect connection = {0};
	struct arena arena;
	struct err err = {0};
	int rc = -1;
	log_init("sinfo", LOG_LEVEL_INFO);
	arena_init(&arena);
	if (parse_options(argc, argv, &o, &arena, &err) != 0 || connect_configure(&connection, &err) != 0 ||
	    filter_cluster(o.clusters, o.clusters_set, connection.file.controller.cluster, &err) != 0) {
		log_error("%s", err_text(&err));
	} else if (connect_open(&connection, &err) != 0) {
		fprintf(stderr, "slurm_load_partitions: %s\n", err_text(&err));
	} else {
		for (;;) {
			if (o.clusters && !o.no_header && !o.json)
				printf("CLUSTER: %s\n", connection.file.controller.cluster);
			rc = sinfo_once(&connection, &o, &err);
			if (rc != 0 || o.iterate_s == 0)
				break;
			puts("");
			fflush(stdout);
			sleep(o.iterate_s);
		}
	}
	connect_help(rc, &err);
	connect_close(&connection);
	arena_free(&arena);
	return rc == 0 ? 0 : 1;
}
