/* sprio(1): the factors of the priorities of those that wait. With PriorityType=priority/basic there are
 * none, and it refuses; but what is wrong with the command line it says first. */
#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "applets/client/sprio.h"
#include "core/util/log.h"
#include "core/util/real.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_HELP = 256, OPT_USAGE, OPT_FEDERATION, OPT_SIBLING };
static const struct command_option options[] = {
        {"noheader", 'h', no_argument, NULL, "no header"},
        {"jobs", 'j', optional_argument, "JOBS", "these jobs"},
        {"long", 'l', no_argument, NULL, "more columns"},
        {"norm", 'n', no_argument, NULL, "values between 0 and 1"},
        {"format", 'o', required_argument, "COLUMNS", "columns by letter"},
        {"sort", 'S', required_argument, "COLUMNS", "sort by these"},
        {"partition", 'p', required_argument, "PARTITIONS", "jobs of these partitions"},
        {"user", 'u', required_argument, "USERS", "jobs of these users"},
        {"weights", 'w', no_argument, NULL, "the weights of the factors"},
        {"verbose", 'v', no_argument, NULL, "say more"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"clusters", 'M', required_argument, "NAMES", "other clusters, of which only slurmdbd would know"},
        {"cluster", 'M', required_argument, NULL, NULL},
        {"federation", OPT_FEDERATION, no_argument, NULL, "of the whole federation: this cluster is in none"},
        {"help", OPT_HELP, no_argument, NULL, "this text"},
        {"local", OPT_FEDERATION, no_argument, NULL, "of this cluster: there is one"},
        {"sibling", OPT_SIBLING, no_argument, NULL, "of each cluster of a federation: there is one"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
};

static const struct command_word variables[] = {
        {"SLURM_CLUSTERS", NULL, "as --clusters"},
        {"SPRIO_FORMAT", NULL, "as --format"},
        {"SPRIO_SIBLING", NULL, "as --sibling, whatever it holds"},
        COMMAND_COMMON_VARIABLES,
};

const struct command sprio_command = {
        .name = "sprio",
        .synopsis = "[OPTIONS]",
        .note = "The factors of jobs' priorities. With PriorityType=priority/basic there are none.",
        COMMAND_OPTIONS(options),
        .variables = variables,
        .sets = {{"-o", sprio_columns, &sprio_column_count}},
};

struct sprio {
	const char *format, *jobs, *partitions, *users, *sort;
	bool no_header, long_format, normal, weights, sibling;
	unsigned verbose;
	struct priority_query query;
	struct priority_list list; /* the weights, and all rows */
	size_t cap;
};

static int check_jobs(const char *list)
{
	char *copy = xstrdup(list), *rest = copy;
	uint32_t id;
	int rc = 0;
	for (char *word = text_split(&rest, ','); word && rc == 0; word = text_split(&rest, ','))
		if (!text_to_u32(word, &id) || id == 0) {
			log_error("Invalid job id: %s", word);
			rc = 1;
		}
	free(copy);
	return rc;
}

/* 0: it goes on; else the exit code, or -1: it is over, and well. */
static int set_option(struct sprio *s, int c, char **argv)
{
	switch (c) {
	case 'j':
		if (!optarg && argv[optind] && *argv[optind] != '-')
			optarg = argv[optind++];
		s->jobs = optarg;
		return optarg ? check_jobs(optarg) : 0;
	case OPT_SIBLING:
		s->sibling = true;
		return 0;
	case 'o':
		s->format = optarg;
		return 0;
	case 'p':
		s->partitions = optarg;
		return 0;
	case 'u':
		s->users = optarg;
		return 0;
	case 'h':
		s->no_header = true;
		return 0;
	case 'l':
		s->long_format = true;
		return 0;
	case 'n':
		s->normal = true;
		return 0;
	case 'S':
		s->sort = optarg;
		return 0;
	case 'w':
		s->weights = true;
		return 0;
	case 'v':
		s->verbose++;
		return 0;
	case 'M':
		return complain_clusters(optarg, "--cluster");
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		return -1;
	case OPT_HELP:
	case OPT_USAGE:
		command_print_usage(&sprio_command, stdout);
		return -1;
	case '?':
	case ':':
		complain_option("sprio", c, argv);
		return 1;
	default: /* of federations there are none */
		return 0;
	}
}

static void print_settings(const struct sprio *s)
{
	static const char line[] = "-----------------------------";
	const char *none = "(null)";
	printf("%s\nformat     = %s\njob_flag   = %d\njobs       = %s\npartition  = %s\nusers      = %s\n"
	       "verbose    = %u\n%s\n\n\n",
	       line, s->format ? s->format : none, s->jobs != NULL, s->jobs ? s->jobs : none,
	       s->partitions ? s->partitions : none, s->users ? s->users : none, s->verbose, line);
}

/* ---- rows ---- */

static void add_rows(struct sprio *s, const struct priority_list *list)
{
	struct priority_info_list *rows = &s->list.jobs;
	const struct priority_info_list had = *rows;
	s->list = *list;
	s->list.jobs = had;
	rows->v = xgrow(rows->v, &s->cap, (size_t)rows->n + list->jobs.n, sizeof(*rows->v));
	for (uint32_t i = 0; i < list->jobs.n; i++)
		rows->v[rows->n++] = list->jobs.v[i];
}

/* Reads all chunks of the answer. */
static int fetch(struct connect *c, struct sprio *s, struct arena *arena, struct err *err)
{
	uint32_t type = 0;
	void *record = NULL;
	s->query.weights_only = s->weights;
	int rc = client_call(c->client, MSG_priority_query, &s->query, arena, &type, &record, NULL, err);
	while (rc == 0) {
		if (type != MSG_priority_list)
			return err_set(err, ERR_COMMUNICATION,
			               "the controller answered %s to a query for priorities",
			               message_name(type));
		add_rows(s, record);
		if (s->list.last)
			return 0;
		rc = client_next(c->client, arena, -1, &type, &record, err);
	}
	return rc;
}

/* ---- printing ---- */

static bool has_tres(const struct priority_list *list)
{
	for (uint32_t i = 0; i < list->weight_tres.n; i++)
		if (real_of_bits(list->weight_tres.v[i]) != 0)
			return true;
	return false;
}

/* Columns of factors that have a weight, or all of them. */
static void default_format(const struct sprio *s, struct text *out)
{
	const struct priority_list *w = &s->list;
	const bool all = s->long_format;
	const struct {
		bool shown;
		const char *normal, *weighed;
	} rows[] = {
	        {true, "%.15i %9r", "%.15i %9r"},
	        {s->sibling, " %.8c", " %.8c"},
	        {all || s->users, " %.8u", " %.8u"},
	        {true, " %10y", " %.10Y"},
	        {!s->normal, "", " %.10S"},
	        {all || w->weight_age, " %10a", " %.10A"},
	        {all || w->weight_assoc, " %10b", " %.10B"},
	        {all || w->weight_fairshare, " %10f", " %.10F"},
	        {all || w->weight_job_size, " %10j", " %.10J"},
	        {all || w->weight_partition, " %10p", " %.10P"},
	        {all || w->weight_qos, " %10q", " %.10Q"},
	        {all && !s->normal, "", " %.11N"},
	        {all || has_tres(w), " %20t", " %.20T"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].shown)
			text_add(out, s->normal ? rows[i].normal : rows[i].weighed);
}

static int print_rows(const struct sprio *s, struct err *err)
{
	const struct priority_info_list *rows = &s->list.jobs;
	const struct column *columns = s->weights ? sprio_weights : sprio_columns;
	const struct column_sorting how = {0};
	const void **order = xcalloc((size_t)rows->n + 1, sizeof(*order));
	struct text format = TEXT_EMPTY, out = TEXT_EMPTY;
	struct column_format f;
	for (uint32_t i = 0; i < rows->n; i++)
		order[i] = &rows->v[i];
	int rc;
	if (s->jobs && rows->n == 0 && !s->weights) { /* that there is none is no error */
		puts("Unable to find jobs matching user/id(s) specified");
		free(order);
		return 0;
	}
	default_format(s, &format);
	column_format_init(&f);
	f.drops_unknown = true;
	column_format_letters(&f, s->format ? s->format : text_str(&format), columns, sprio_column_count);
	if (!s->no_header)
		column_print_header(&f, &out);
	rc = column_sort(order, rows->n, s->sort ? s->sort : "i", sprio_columns, sprio_column_count, &how,
	                 &s->list, err);
	if (s->weights)
		column_print_row(&f, NULL, &s->list, &out);
	for (uint32_t i = 0; rc == 0 && i < rows->n; i++)
		column_print_row(&f, order[i], &s->list, &out);
	fwrite(text_str(&out), 1, out.len, stdout);
	fflush(stdout);
	if (rc != 0)
		log_error("%s", err_text(err));
	column_format_free(&f);
	text_free(&format);
	text_free(&out);
	free(order);
	return rc;
}

static int run(struct sprio *s, struct arena *arena)
{
	struct connect c = {0};
	struct err err = {0};
	int rc = connect_configure(&c, &err);
	if (rc != 0) {
		log_error("%s", err_text(&err));
	} else if (connect_open(&c, &err) != 0 || fetch(&c, s, arena, &err) != 0) {
		fprintf(stderr, "Couldn't get priority factors from controller: %s\n", err_text(&err));
		rc = 255;
	} else if (!text_eq(s->list.type, "priority/multifactor")) {
		fprintf(stderr,
		        "You are not running a supported priority plugin\n(%s).\n"
		        "Only 'priority/multifactor' is supported.\n",
		        s->list.type);
		rc = 1;
	} else {
		rc = print_rows(s, &err) == 0 ? 0 : 1;
	}
	connect_help(rc, &err);
	connect_close(&c);
	free(s->list.jobs.v);
	return rc;
}

int sprio_main(int argc, char **argv)
{
	struct sprio s = {.sibling = getenv("SPRIO_SIBLING") != NULL};
	struct command_getopt known;
	struct arena arena;
	struct err err = {0};
	const char *clusters = getenv("SLURM_CLUSTERS");
	int rc = 0;
	log_init("sprio", LOG_LEVEL_INFO);
	schema_init(schema_of_priority_query(), &s.query);
	if (clusters)
		return complain_clusters(clusters, "SLURM_CLUSTERS");
	command_getopt_init(&known, &sprio_command);
	for (int c; rc == 0 && (c = command_getopt_next(&known, argc, argv)) != -1;)
		rc = set_option(&s, c, argv);
	if (rc != 0)
		return rc > 0 ? rc : 0;
	if (optind < argc) {
		log_error("Unrecognized option: %s", argv[optind]);
		command_print_usage(&sprio_command, stdout);
		return 1;
	}
	if (s.format && s.long_format) {
		log_write(LOG_LEVEL_FATAL,
		          "Options -o(--format) and -l(--long) are mutually exclusive. Please "
		          "remove one and retry.");
		return 1;
	}
	if (!s.format && !s.long_format)
		s.format = getenv("SPRIO_FORMAT");
	arena_init(&arena);
	if (s.users)
		filter_users(s.users, &s.query.uids, &arena);
	if (s.partitions)
		filter_words(s.partitions, &s.query.partitions, &arena);
	if (s.jobs)
		filter_jobs(s.jobs, &s.query.job_ids, &s.query.tasks, &arena, &err);
	if (s.verbose)
		print_settings(&s);
	rc = run(&s, &arena);
	arena_free(&arena);
	return rc;
}
