/* squeue(1) */
#include "applets/client/squeue.h"

#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "applets/client/hidden.h"
#include "applets/client/json_rows.h"
#include "applets/client/show.h"
#include "applets/common/job_brief.h"
#include "core/taskset.h"
#include "core/util/arena.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"
#include "core/util/map.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORMAT_DEFAULT "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R"
#define FORMAT_LONG    "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R"
#define FORMAT_START   "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R"
#define FORMAT_STEPS   "%.15i %.8j %.9P %.8u %.9M %N"
#define SORT_JOBS      "P,t,-p"
#define SORT_STEPS     "P,i"
#define SORT_START     "S"

struct squeue_options {
	struct job_query query;
	struct filter_steps steps; /* -s's list */
	const char *why;           /* --why: this job; or NULL */
	bool show_steps, long_format, no_header, start, all, each_task, json, no_convert, priority;
	const char *format, *format_names, *sort, *clusters;
	bool clusters_set; /* by the option, not by SLURM_CLUSTERS */
	unsigned iterate_s;
	char **argv;
};

enum {
	OPT_HELP = 256,
	OPT_USAGE,
	OPT_ME,
	OPT_START,
	OPT_NOCONVERT,
	OPT_HIDE,
	OPT_ONE_CLUSTER,
	OPT_JSON,
	OPT_WHY,
	OPT_YAML
};

static const struct command_option options[] = {
        {"account", 'A', required_argument, "ACCOUNTS", "jobs of these accounts"},
        {"all", 'a', no_argument, NULL, "jobs of hidden partitions too"},
        {"noheader", 'h', no_argument, NULL, "no header"},
        {"hide", OPT_HIDE, no_argument, NULL, "no jobs of hidden partitions"},
        {"iterate", 'i', required_argument, "SECONDS", "again every so many seconds"},
        {"jobs", 'j', optional_argument, "JOBS", "these jobs"},
        {"licenses", 'L', required_argument, "NAMES", "jobs that asked for these licences"},
        {"long", 'l', no_argument, NULL, "more columns"},
        {"me", OPT_ME, no_argument, NULL, "the caller's jobs"},
        {"name", 'n', required_argument, "NAMES", "jobs of these names"},
        {"format", 'o', required_argument, "LETTERS", "columns by letter, as squeue(1) lists them"},
        {"Format", 'O', required_argument, "COLUMNS", "columns by name"},
        {"partition", 'p', required_argument, "PARTITIONS", "jobs of these partitions"},
        {"priority", 'P', no_argument, NULL, "a line for each partition of a pending job"},
        {"qos", 'q', required_argument, "NAMES", "jobs of these QOS"},
        {"reservation", 'R', required_argument, "NAMES", "jobs of this reservation"},
        {"array", 'r', no_argument, NULL, "one line for each task of an array"},
        {"steps", 's', optional_argument, "STEPS", "steps in place of jobs"},
        {"sort", 'S', required_argument, "KEYS", "sort by columns"},
        {"start", OPT_START, no_argument, NULL, "expected start times of pending jobs"},
        {"states", 't', required_argument, "STATES", "jobs in these states, or all"},
        {"user", 'u', required_argument, "USERS", "jobs of these users"},
        {"nodelist", 'w', required_argument, "NODES", "jobs on these nodes"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"array-unique", OPT_ONE_CLUSTER, no_argument, NULL, "waiting tasks once, as they are anyway"},
        {"clusters", 'M', required_argument, "NAMES", "jobs of these clusters: there is one"},
        {"federation", OPT_ONE_CLUSTER, no_argument, NULL,
         "jobs of all clusters of the federation: there is one"},
        {"help", OPT_HELP, no_argument, NULL, "this text"},
        {"json", OPT_JSON, no_argument, NULL, "all jobs, with all that is known of them, as JSON"},
        {"local", OPT_ONE_CLUSTER, no_argument, NULL, "jobs of this cluster: there is one"},
        {"noconvert", OPT_NOCONVERT, no_argument, NULL, "sizes as they are kept"},
        {"why", OPT_WHY, required_argument, "JOB", "why that job waits, in sentences (batchbox's own)"},
        {"nodes", 'w', required_argument, NULL, NULL},
        {"sibling", OPT_ONE_CLUSTER, no_argument, NULL, "jobs of sibling clusters: there are none"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
        {"verbose", 'v', no_argument, NULL, "say more of what goes on"},
        {"yaml", OPT_YAML, no_argument, REFUSED},
};

static const struct command_word variables[] = {
        {"SQUEUE_ACCOUNT", NULL, "as --account"},
        {"SQUEUE_ALL", NULL, "as --all, whatever it holds"},
        {"SQUEUE_ARRAY", NULL, "as --array, whatever it holds"},
        {"SQUEUE_FORMAT", NULL, "as --format"},
        {"SQUEUE_FORMAT2", NULL, "as --Format"},
        {"SQUEUE_LICENSES", NULL, "as --licenses"},
        {"SQUEUE_NAMES", NULL, "as --name"},
        {"SQUEUE_PARTITION", NULL, "as --partition"},
        {"SQUEUE_PRIORITY", NULL, "as --priority, whatever it holds"},
        {"SQUEUE_QOS", NULL, "as --qos"},
        {"SQUEUE_SORT", NULL, "as --sort"},
        {"SQUEUE_STATES", NULL, "as --states"},
        {"SQUEUE_USERS", NULL, "as --user"},
        COMMAND_TIME_VARIABLES,
        {"SLURM_BITSTR_LEN", NULL, "how many characters of an array's waiting tasks are shown: 64; 0: all"},
        COMMAND_COMMON_VARIABLES,
};

const struct command squeue_command = {
        .name = "squeue",
        .synopsis = "[OPTIONS]",
        COMMAND_OPTIONS(options),
        .variables = variables,
        .sets = {{"-o and -O", squeue_job_columns, &squeue_job_column_count},
                 {"-o and -O with -s", squeue_step_columns, &squeue_step_column_count}},
};

static const char usage_short[] =
        "Usage: squeue [-A account] [--clusters names] [-i seconds] [--job jobid]\n"
        "              [-n name] [-o format] [-p partitions] [--qos qos]\n"
        "              [--reservation reservation] [--sort fields] [--start]\n"
        "              [--step step_id] [-t states] [-u user_name] [--usage]\n"
        "              [-L licenses] [-w nodes] [--federation] [--local] [--sibling]\n"
        "\t      [-ahjlrsv]\n";

/* Options that are lists of words. */
static struct schema_strs *words_of(int c, struct job_query *q)
{
	switch (c) {
	case 'A':
		return &q->accounts;
	case 'q':
		return &q->qoses;
	case 'R':
		return &q->reservations;
	case 'L':
		return &q->licenses;
	case 'n':
		return &q->names;
	case 'p':
		return &q->partitions;
	default:
		return NULL;
	}
}

/* An option replaces what a variable or the same option before it said; a list of nothing finds nothing. */
static int only_words(const char *list, struct schema_strs *words, struct arena *arena)
{
	words->n = 0;
	filter_words(list, words, arena);
	if (words->n == 0)
		filter_add_word(words, "", arena);
	return 0;
}

static int only_users(const char *list, struct squeue_options *o, struct arena *arena)
{
	o->query.uids.n = 0;
	filter_users(list, &o->query.uids, arena);
	if (o->query.uids.n == 0)
		filter_add_u32(&o->query.uids, CORE_NO_VAL, arena);
	return 0;
}

static int only_jobs(const char *list, struct squeue_options *o, struct arena *arena, struct err *err)
{
	if (filter_jobs_loose(list, &o->query.job_ids, &o->query.tasks, arena, err) != 0)
		return -1;
	if (o->query.job_ids.n == 0) /* nobody's jobs */
		filter_add_u32(&o->query.uids, CORE_NO_VAL, arena);
	return 0;
}

static int only_states(const char *list, struct squeue_options *o, struct arena *arena, struct err *err)
{
	o->query.states.n = 0;
	o->query.all_states = false;
	if (filter_states(list, &o->query.states, &o->query.all_states, arena, err) != 0)
		return -1;
	if (o->query.states.n == 0 && !o->query.all_states)
		filter_add_u32(&o->query.states, CORE_NO_VAL, arena);
	return 0;
}

static int set_option(int c, struct squeue_options *o, struct arena *arena, struct err *err)
        __attribute__((nonnull(2)));
static int set_option(int c, struct squeue_options *o, struct arena *arena, struct err *err)
{
	struct schema_strs *words = words_of(c, &o->query);
	if (words)
		return only_words(optarg, words, arena);
	switch (c) {
	case 'a':
		o->all = true;
		return 0;
	case OPT_HIDE:
		o->all = false;
		return 0;
	case OPT_ONE_CLUSTER: /* there is one, in no federation; and waiting tasks are told once anyway */
		return 0;
	case 'P':
		o->priority = true;
		return 0;
	case 'M':
		o->clusters = optarg;
		o->clusters_set = true;
		return 0;
	case 'v':
		log_set_stderr_level(LOG_LEVEL_VERBOSE);
		return 0;
	case 'r':
		o->each_task = true;
		return 0;
	case OPT_NOCONVERT:
		o->no_convert = true;
		return 0;
	case 'o':
		if (o->format_names)
			return err_set(err, ERR_INVALID, "-o (--format) is incompatible with -O (--Format)");
		o->format = optarg;
		return 0;
	case 'O':
		if (o->format)
			return err_set(err, ERR_INVALID, "-O (--Format) is incompatible with -o (--format)");
		o->format_names = optarg;
		return 0;
	case 'i':
		if (text_to_u32(optarg, &o->iterate_s) && o->iterate_s > 0)
			return 0;
		log_error("--iterate=%s", optarg);
		fputc('\n', stderr); /* as the real one does */
		return err_set(err, ERR_INVALID_STATE, NULL);
	case 'j':
		return optarg ? only_jobs(optarg, o, arena, err) : 0;
	case 'l':
		o->long_format = true;
		return 0;
	case OPT_ME:
		o->query.uids.n = 0;
		return filter_me(&o->query.uids, arena);
	case OPT_WHY:
		o->why = optarg;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_YAML:
		return err_set(err, ERR_NOT_SUPPORTED,
		               "option --yaml is not supported by batchbox: --json says the same");
	case 'w':
		o->query.nodes = optarg;
		return 0;
	case 'h':
		o->no_header = true;
		return 0;
	case 'S':
		o->sort = optarg;
		return 0;
	case OPT_START:
		o->start = true;
		return 0;
	case 't':
		return only_states(optarg, o, arena, err);
	case 's':
		o->show_steps = true;
		return optarg ? filter_steps(optarg, &o->steps, &o->query.job_ids, &o->query.tasks, arena,
		                             err)
		              : 0;
	case 'u':
		return only_users(optarg, o, arena);
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		exit(0);
	case OPT_HELP:
	case OPT_USAGE:
		command_print_usage(&squeue_command, stdout);
		exit(0);
	default:
		complain_option("squeue", c, o->argv);
		exit(1);
	}
}

/* squeue(1), --json: "All other formatting and filtering arguments will be ignored." */
static void all_of_them(struct squeue_options *o)
{
	schema_init(schema_of_job_query(), &o->query);
	o->query.all_states = true;
	o->all = true;
	o->query.with_steps = true;
	o->show_steps = o->each_task = o->start = false;
	o->iterate_s = 0;
}

/* The options' variables. Those of formats count where no option says anything of them
 * (use_format_variables). */
static int read_variables(struct squeue_options *o, struct arena *arena, struct err *err)
{
	const char *states = getenv("SQUEUE_STATES"), *users = getenv("SQUEUE_USERS");
	o->all = getenv("SQUEUE_ALL") != NULL;
	o->each_task = getenv("SQUEUE_ARRAY") != NULL;
	o->priority = getenv("SQUEUE_PRIORITY") != NULL;
	o->sort = getenv("SQUEUE_SORT");
	o->clusters = getenv("SLURM_CLUSTERS");
	if (states && only_states(states, o, arena, err) != 0)
		return -1;
	if (users)
		only_users(users, o, arena);
	const struct {
		const char *name;
		struct schema_strs *words;
	} lists[] = {{"SQUEUE_ACCOUNT", &o->query.accounts},
	             {"SQUEUE_QOS", &o->query.qoses},
	             {"SQUEUE_LICENSES", &o->query.licenses},
	             {"SQUEUE_NAMES", &o->query.names},
	             {"SQUEUE_PARTITION", &o->query.partitions}};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (getenv(lists[i].name))
			only_words(getenv(lists[i].name), lists[i].words, arena);
	return 0;
}

static void use_format_variables(struct squeue_options *o)
{
	if (o->format || o->format_names || o->long_format)
		return;
	o->format = getenv("SQUEUE_FORMAT");
	o->format_names = o->format ? NULL : getenv("SQUEUE_FORMAT2");
}

/* "-j 6" and "-s 6.0": an optional argument may also stand as the next word. */
static int read_rest(int argc, char **argv, struct squeue_options *o, bool jobs_asked, struct arena *arena,
                     struct err *err)
{
	for (; optind < argc; optind++) {
		if (!jobs_asked && !o->show_steps) {
			log_error("Unrecognized option: %s", argv[optind]);
			fputs(usage_short, stdout);
			return err_set(err, ERR_INVALID_STATE, NULL);
		}
		int rc = o->show_steps ? filter_steps(argv[optind], &o->steps, &o->query.job_ids,
		                                      &o->query.tasks, arena, err)
		                       : filter_jobs_loose(argv[optind], &o->query.job_ids, &o->query.tasks,
		                                           arena, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int parse_options(int argc, char **argv, struct squeue_options *o, struct arena *arena,
                         struct err *err)
{
	bool jobs_asked = false;
	struct command_getopt options_known;
	schema_init(schema_of_job_query(), &o->query);
	if (read_variables(o, arena, err) != 0)
		return -1;
	o->argv = argv;
	command_getopt_init(&options_known, &squeue_command);
	for (int c; (c = command_getopt_next(&options_known, argc, argv)) != -1;) {
		jobs_asked |= c == 'j';
		if (set_option(c, o, arena, err) != 0)
			return -1;
	}
	if (read_rest(argc, argv, o, jobs_asked, arena, err) != 0)
		return -1;
	if (o->long_format && (o->format || o->format_names)) {
		log_write(LOG_LEVEL_FATAL,
		          "Options %s and -l(--long) are mutually exclusive. Please remove one and retry.",
		          o->format ? "-o(--format)" : "-O(--Format)");
		return err_set(err, ERR_INVALID_STATE, NULL);
	}
	use_format_variables(o);
	if (o->start && o->query.states.n == 0 && !o->query.all_states)
		filter_add_u32(&o->query.states, JOB_PENDING, arena);
	o->query.with_steps = o->show_steps;
	if (o->show_steps) { /* these say nothing of steps */
		o->query.names.n = o->query.accounts.n = o->query.states.n = 0;
		o->query.all_states = false;
	}
	if (o->json)
		all_of_them(o);
	return 0;
}

static void choose_format(const struct squeue_options *o, struct column_format *f)
{
	const struct column *columns = o->show_steps ? squeue_step_columns : squeue_job_columns;
	size_t n = o->show_steps ? squeue_step_column_count : squeue_job_column_count;
	const char *letters = o->show_steps    ? FORMAT_STEPS
	                      : o->start       ? FORMAT_START
	                      : o->long_format ? FORMAT_LONG
	                                       : FORMAT_DEFAULT;
	column_format_init(f);
	if (o->show_steps)
		f->what = "job step format";
	if (o->format_names)
		column_format_names(f, o->format_names, columns, n);
	else
		column_format_letters(f, o->format ? o->format : letters, columns, n);
	/* squeue(1): an array's list has "any width necessary" then. */
	for (size_t i = 0; getenv("SLURM_BITSTR_LEN") && i < f->n; i++)
		f->uses[i].whole = f->uses[i].column && f->uses[i].column->letter == 'i';
}

/* What no column shows is not asked for. */
static uint32_t needless(const struct squeue_options *o)
{
	if (o->json)
		return JOB_LEAVE_PROCESS;
	return JOB_LEAVE_PROCESS | JOB_LEAVE_PLACES |
	       (squeue_shows_files(o->format, o->format_names) ? 0 : JOB_LEAVE_FILES);
}

struct squeue_rows {
	struct squeue_row *v;
	size_t n, cap;
	struct map hidden; /* partitions whose jobs are not shown */
};

static void add_row(struct squeue_rows *rows, const struct job_info *job, const struct step_record *step,
                    uint32_t task)
{
	rows->v = xgrow(rows->v, &rows->cap, rows->n + 1, sizeof(*rows->v));
	rows->v[rows->n++] = (struct squeue_row){.job = job, .step = step, .task = task};
}

/* --array: a line for each task that the record stands for, as long as they wait. */
static bool add_tasks(struct squeue_rows *rows, const struct job_info *job)
{
	struct core_bits *set = job->state->array_tasks && job->state->state == JOB_PENDING
	                                ? taskset_parse(job->state->array_tasks, TASKS_END, NULL, NULL)
	                                : NULL;
	for (uint32_t task = set ? bits_next(set, 0) : 0; set && task < set->n;
	     task = bits_next(set, task + 1))
		add_row(rows, job, NULL, task);
	free(set);
	return set != NULL;
}

/* --priority: a line for each partition that a waiting job may start in. */
static bool add_partitions(struct squeue_rows *rows, const struct job_info *job, struct arena *arena)
{
	const char *list = job->state->state == JOB_PENDING ? job->spec->partition : NULL;
	if (!list || !strchr(list, ','))
		return false;
	char *rest = arena_strdup(arena, list);
	for (char *name = text_split(&rest, ','); name; name = text_split(&rest, ',')) {
		add_row(rows, job, NULL, CORE_NO_VAL);
		rows->v[rows->n - 1].partition = name;
	}
	return true;
}

static void add_job(struct squeue_rows *rows, const struct job_info *job, const struct squeue_options *o,
                    struct arena *arena)
{
	if (job->spec->partition && map_get_text(&rows->hidden, job->spec->partition))
		return;
	if (!o->show_steps) {
		if (!(o->each_task && add_tasks(rows, job)) &&
		    !(o->priority && add_partitions(rows, job, arena)))
			add_row(rows, job, NULL, CORE_NO_VAL);
		return;
	}
	for (uint32_t i = 0; i < job->steps.n; i++)
		if (job->steps.v[i].state == JOB_RUNNING &&
		    filter_step_wanted(&o->steps, job->spec, job->state, job->steps.v[i].step_id))
			add_row(rows, job, &job->steps.v[i], CORE_NO_VAL);
}

/* Reads all chunks of the answer. */
static int fetch(struct connect *connection, const struct squeue_options *o, struct arena *arena,
                 struct squeue_rows *rows, int64_t *now, struct err *err)
{
	uint32_t type = 0;
	void *record = NULL;
	/* Partitions and jobs that are asked for by name are seen. */
	if (!o->all && o->query.partitions.n == 0 && o->query.job_ids.n == 0 &&
	    hidden_parts(connection, arena, &rows->hidden, err) != 0)
		return -1;
	struct job_query query = o->query;
	query.leave_out = needless(o);
	if (client_call(connection->client, MSG_job_query, &query, arena, &type, &record, NULL, err) != 0)
		return -1;
	for (;;) {
		if (type != MSG_job_list)
			return err_set(err, ERR_COMMUNICATION,
			               "the controller answered %s to a query for jobs", message_name(type));
		const struct job_list *list = record;
		*now = list->now;
		for (uint32_t i = 0; i < list->jobs.n; i++)
			add_job(rows, &list->jobs.v[i], o, arena);
		if (list->last)
			return 0;
		if (client_next(connection->client, arena, -1, &type, &record, err) != 0)
			return -1;
	}
}

/* Sets of tasks that have no line in common with their array: a line each. */
static void part_arrays(struct squeue_rows *rows, const struct map *lines)
{
	size_t n = rows->n, kept = 0;
	for (size_t i = 0; i < n; i++) {
		const struct squeue_row row = rows->v[i];
		if (squeue_arrays_has(lines, &row) || !add_tasks(rows, row.job))
			rows->v[kept++] = row;
	}
	memmove(rows->v + kept, rows->v + n, (rows->n - n) * sizeof(*rows->v));
	rows->n -= n - kept;
}

static int print_rows(const struct squeue_options *o, struct squeue_rows *rows, const char *cluster,
                      int64_t now, struct arena *arena, struct err *err)
{
	struct map lines;
	const bool join = !o->each_task && !o->show_steps && rows->n > 0;
	squeue_arrays_find(&lines, rows->v, join ? rows->n : 0);
	if (join)
		part_arrays(rows, &lines);
	const struct squeue_ctx ctx = {now, cluster, o->no_convert, NULL};
	const struct column *columns = o->show_steps ? squeue_step_columns : squeue_job_columns;
	size_t n = o->show_steps ? squeue_step_column_count : squeue_job_column_count;
	const char *sort = o->sort ? o->sort : o->show_steps ? SORT_STEPS : o->start ? SORT_START : SORT_JOBS;
	struct squeue_row **order = xcalloc(rows->n + 1, sizeof(*order));
	for (size_t i = 0; i < rows->n; i++)
		order[i] = &rows->v[i];
	const struct column_sorting how = {.never = o->show_steps ? NULL : "akoqrswxyAEFKRWXYZ",
	                                   .lenient = o->show_steps};
	int rc = column_sort((const void **)order, rows->n, sort, columns, n, &how, &ctx, err);
	if (rc != 0)
		log_error("%s", err_text(err));
	const size_t shown = squeue_arrays_join(&lines, order, rows->n, arena);
	struct column_format f;
	struct text out = TEXT_EMPTY;
	choose_format(o, &f);
	if ((o->long_format || o->iterate_s) && !o->no_header)
		show_date_line(&out, now);
	if (!o->no_header)
		column_print_header(&f, &out);
	for (size_t i = 0; rc == 0 && i < shown; i++)
		column_print_row(&f, order[i], &ctx, &out);
	if (rc == 0)
		fwrite(text_str(&out), 1, out.len, stdout);
	text_free(&out);
	column_format_free(&f);
	squeue_arrays_free(&lines);
	free(order);
	return rc;
}

/* The nodes (NULL: all of them) by name. */
static int fetch_nodes(struct connect *connection, const char *nodes, struct map *by_name,
                       struct arena *arena, struct err *err)
{
	struct node_query q = {.nodes = arena_strdup(arena, nodes)};
	uint32_t type = 0;
	void *record = NULL;
	int rc = client_call(connection->client, MSG_node_query, &q, arena, &type, &record, NULL, err);
	while (rc == 0 && type == MSG_node_list) {
		const struct node_list *list = record;
		for (uint32_t i = 0; i < list->nodes.n; i++)
			map_put_text(by_name, list->nodes.v[i].name, &list->nodes.v[i]);
		if (list->last)
			break;
		rc = client_next(connection->client, arena, -1, &type, &record, err);
	}
	return rc;
}

static int print_json(const struct squeue_rows *rows, struct connect *connection, int64_t now,
                      struct arena *arena, struct err *err)
{
	struct map nodes;
	const struct squeue_ctx ctx = {now, connection->file.controller.cluster, true, &nodes};
	map_init_text(&nodes);
	if (fetch_nodes(connection, NULL, &nodes, arena, err) != 0) {
		map_free(&nodes);
		return -1;
	}
	struct text out = TEXT_EMPTY;
	struct json j = json_begin(&out);
	json_head(&j, "openapi/v0.0.38", "Slurm OpenAPI v0.0.38");
	json_key(&j, "jobs");
	json_list(&j);
	for (size_t i = 0; i < rows->n; i++)
		squeue_json(&j, rows->v[i].job, &ctx);
	json_end(&j);
	json_end(&j);
	fwrite(text_str(&out), 1, out.len, stdout);
	text_free(&out);
	map_free(&nodes);
	return 0;
}

static int squeue_once(struct connect *connection, const struct squeue_options *o, struct err *err)
{
	struct arena arena;
	struct squeue_rows rows = {0};
	int64_t now = 0;
	arena_init(&arena);
	map_init_text(&rows.hidden);
	int rc = fetch(connection, o, &arena, &rows, &now, err);
	if (rc != 0)
		fprintf(stderr, "slurm_load_jobs error: %s\n", err_text(err));
	else if (o->json)
		rc = print_json(&rows, connection, now, &arena, err);
	else
		rc = print_rows(o, &rows, connection->file.controller.cluster, now, &arena, err);
	free(rows.v);
	map_free(&rows.hidden);
	arena_free(&arena);
	return rc;
}

/* --why */
static int print_why(struct connect *connection, const char *name, struct arena *arena, struct err *err)
{
	struct schema_u32s ids = {0};
	struct schema_strs tasks = {0};
	struct why_query q;
	void *record = NULL;
	schema_init(schema_of_why_query(), &q);
	if (filter_jobs(name, &ids, &tasks, arena, err) != 0) {
		log_error("%s", err_text(err));
		return -1;
	}
	for (uint32_t i = 0; i < ids.n; i++) {
		q.job_id = ids.v[i];
		q.tasks = i < tasks.n ? tasks.v[i] : NULL;
		if (connect_ask(connection, MSG_why_query, &q, MSG_why_reply, arena, &record, err) != 0) {
			fprintf(stderr, "slurm_load_jobs error: %s\n", err_text(err));
			return -1;
		}
		fputs(((const struct why_reply *)record)->text, stdout);
	}
	return 0;
}

/* A host list in -w that names no node of the cluster is an error here, as there. */
static int check_nodes(const struct squeue_options *o, struct connect *connection, struct arena *arena,
                       struct err *err)
{
	if (!o->query.nodes)
		return 0;
	struct hostlist *names = hostlist_parse(o->query.nodes, err);
	if (!names)
		return -1;
	struct hostlist_iter it;
	struct map known;
	map_init_text(&known);
	int rc = fetch_nodes(connection, o->query.nodes, &known, arena, err);
	hostlist_iter_init(&it, names);
	for (const char *name; rc == 0 && (name = hostlist_next(&it));)
		if (!map_get_text(&known, name))
			rc = err_set(err, ERR_INVALID_NODE_NAME, "Invalid node name %s", name);
	map_free(&known);
	hostlist_free(names);
	return rc;
}

int squeue_main(int argc, char **argv)
{
	struct squeue_options o = {0};
	struct connect connection = {0};
	struct arena arena;
	struct err err = {0};
	int rc = -1;
	log_init("squeue", LOG_LEVEL_INFO);
	arena_init(&arena);
	if (parse_options(argc, argv, &o, &arena, &err) != 0 || connect_configure(&connection, &err) != 0 ||
	    filter_cluster(o.clusters, o.clusters_set, connection.file.controller.cluster, &err) != 0) {
		if (err.code != ERR_INVALID_STATE) /* of these it was said where they were found */
			log_error("%s", err_text(&err));
	} else if (connect_open(&connection, &err) != 0) {
		fprintf(stderr, "slurm_load_jobs error: %s\n", err_text(&err));
	} else if (check_nodes(&o, &connection, &arena, &err) != 0) {
		log_error("%s", err_text(&err));
	} else if (o.why) {
		rc = print_why(&connection, o.why, &arena, &err);
	} else {
		for (;;) {
			if (o.clusters && !o.no_header && !o.json)
				printf("CLUSTER: %s\n", connection.file.controller.cluster);
			rc = squeue_once(&connection, &o, &err);
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
