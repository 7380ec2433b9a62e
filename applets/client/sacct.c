/* sacct(1), over the controller's own history: nothing has to be set up. */
#include "applets/client/sacct.h"

#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "applets/client/json_rows.h"
#include "applets/common/users.h"
#include "conf/time.h"
#include "core/util/log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORMAT_DEFAULT "JobID,JobName,Partition,Account,AllocCPUS,State,ExitCode"
#define FORMAT_BRIEF   "JobID,State,ExitCode"

struct sacct_options {
	struct history_query query;
	struct filter_steps steps;
	bool no_header, jobs_only, all_states, from_set, jobs_set, truncate, json, no_convert, scripts;
	char unit; /* of sizes; 0: as they are kept */
	const char *format, *clusters;
	struct sacct_format shape;
	char **argv;
};

enum {
	OPT_HELP = 256,
	OPT_USAGE,
	OPT_DELIMITER,
	OPT_NAME,
	OPT_NOCONVERT,
	OPT_UNITS,
	OPT_HERE,
	OPT_JSON,
	OPT_YAML,
	OPT_ENV_VARS
};

static const struct command_option options[] = {
        {"accounts", 'A', required_argument, "ACCOUNTS", "jobs of these accounts"},
        {"allusers", 'a', no_argument, NULL, "jobs of all users"},
        {"brief", 'b', no_argument, NULL, "job, state and exit code"},
        {"constraints", 'C', required_argument, "LIST", "jobs that asked for these features"},
        {"delimiter", OPT_DELIMITER, required_argument, "TEXT", "between columns, with -p and -P"},
        {"helpformat", 'e', no_argument, NULL, "the names of all columns"},
        {"endtime", 'E', required_argument, "TIME", "jobs that were there before this time"},
        {"gid", 'g', required_argument, "GROUPS", "jobs of these groups"},
        {"nnodes", 'i', required_argument, "N[-M]", "jobs that had so many nodes"},
        {"ncpus", 'I', required_argument, "N[-M]", "jobs that had so many CPUs"},
        {"jobs", 'j', required_argument, "STEPS", "these jobs or steps"},
        {"timelimit-min", 'k', required_argument, "TIME", "jobs with no lower time limit"},
        {"timelimit-max", 'K', required_argument, "TIME", "jobs with no higher time limit"},
        {"long", 'l', no_argument, NULL, "most columns"},
        {"name", OPT_NAME, required_argument, "NAMES", "jobs of these names"},
        {"noheader", 'n', no_argument, NULL, "no header"},
        {"nodelist", 'N', required_argument, "NODES", "jobs on these nodes"},
        {"format", 'o', required_argument, "COLUMNS", "columns by name, each with %WIDTH if wanted"},
        {"qos", 'q', required_argument, "NAMES", "jobs of these QOS"},
        {"reason", 'R', required_argument, "WORDS", "jobs that ended for these reasons"},
        {"partition", 'r', required_argument, "PARTITIONS", "jobs of these partitions"},
        {"state", 's', required_argument, "STATES", "jobs in these states"},
        {"starttime", 'S', required_argument, "TIME",
         "jobs that were there after this time (default: today, 00:00)"},
        {"truncate", 'T', no_argument, NULL, "times cut to those of -S and -E"},
        {"user", 'u', required_argument, "USERS", "jobs of these users"},
        {"units", OPT_UNITS, required_argument, "UNIT", "sizes in this unit: K, M, G, T or P"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"wckeys", 'W', required_argument, "NAMES", "jobs of these wckeys"},
        {"allocations", 'X', no_argument, NULL, "no steps"},
        {"allclusters", 'L', no_argument, NULL, "jobs of all clusters: there is one"},
        {"associations", 'x', required_argument, REFUSED},
        {"batch-script", 'B', no_argument, NULL, "the scripts of jobs that are named with -j"},
        {"cluster", 'M', required_argument, NULL, NULL},
        {"clusters", 'M', required_argument, "NAMES", "jobs of these clusters: there is one"},
        {"completion", 'c', no_argument, REFUSED},
        {"duplicates", 'D', no_argument, NULL, "each attempt of a job that was requeued, as there is anyway"},
        {"env-vars", OPT_ENV_VARS, no_argument, REFUSED},
        {"federation", OPT_HERE, no_argument, NULL, "jobs of all clusters of the federation: there is one"},
        {"fields", 'o', required_argument, NULL, NULL},
        {"file", 'f', required_argument, REFUSED},
        {"flags", 'F', required_argument, REFUSED},
        {"group", 'g', required_argument, NULL, NULL},
        {"json", OPT_JSON, no_argument, NULL, "the jobs, with all that is kept of them, as JSON"},
        {"local", OPT_HERE, no_argument, NULL, "jobs of this cluster: there is one"},
        {"use-local-uid", OPT_HERE, no_argument, NULL, "names of users are this host's, as they are anyway"},
        {"verbose", 'v', no_argument, NULL, "say more of what goes on"},
        {"whole-hetjob", OPT_HERE, optional_argument, "YES|NO",
         "all parts of a heterogeneous job: there are none"},
        {"yaml", OPT_YAML, no_argument, REFUSED},
        {"help", OPT_HELP, no_argument, NULL, "this text"},
        {"noconvert", OPT_NOCONVERT, no_argument, NULL, "sizes as they are kept"},
        {"parsable", 'p', no_argument, NULL, "columns end with '|'"},
        {"parsable2", 'P', no_argument, NULL, "'|' between columns"},
        {"uid", 'u', required_argument, NULL, NULL},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
};

static const struct command_word variables[] = {
        {"SACCT_FORMAT", NULL, "as --format"},
        COMMAND_TIME_VARIABLES,
        COMMAND_COMMON_VARIABLES,
};

const struct command sacct_command = {
        .name = "sacct",
        .synopsis = "[OPTIONS]",
        COMMAND_OPTIONS(options),
        .variables = variables,
        .sets = {{"-o", sacct_columns, &sacct_column_count}},
};

static int take_time(const char *s, int64_t *out, struct err *err)
{
	return complain_when(s, true, out) ? 0 : err_set(err, ERR_INVALID_TIME, NULL);
}

static int take_states(const char *list, struct sacct_options *o, struct arena *arena, struct err *err)
{
	const char *bad = filter_states_of(list, &o->query.states, &o->all_states, arena);
	if (!bad)
		return 0;
	log_write(LOG_LEVEL_FATAL, "unrecognized job state value '%s'", bad);
	return err_set(err, ERR_INVALID_STATE, NULL);
}

static int take_jobs(const char *list, struct sacct_options *o, struct arena *arena, struct err *err)
{
	struct err bad = {0};
	if (filter_steps(list, &o->steps, &o->query.job_ids, &o->query.tasks, arena, &bad) == 0)
		return 0;
	const char *name = strrchr(err_text(&bad), ' ');
	log_write(LOG_LEVEL_FATAL, "Bad job/step specified: %s", name ? name + 1 : list);
	return err_set(err, ERR_INVALID_STATE, NULL);
}

static int take_users(const char *list, struct sacct_options *o, struct arena *arena, struct err *err)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		uid_t uid;
		if (!*word)
			continue;
		if (user_parse(word, &uid) != 0)
			return err_set(err, ERR_INVALID, "Invalid user id: %s", word);
		filter_add_u32(&o->query.uids, uid, arena);
	}
	return 0;
}

/* --starttime after --endtime, which is now if it isn't given. */
static int check_times(const struct sacct_options *o, struct err *err)
{
	int64_t to = o->query.to ? o->query.to : loop_wall_clock();
	if (o->query.from <= to)
		return 0;
	struct text a = TEXT_EMPTY, b = TEXT_EMPTY;
	time_print_stamp(&a, o->query.from);
	time_print_stamp(&b, to);
	err_set(err, ERR_INVALID, "Start time (%s) requested is after end time (%s).", text_str(&a),
	        text_str(&b));
	text_free(&a);
	text_free(&b);
	return -1;
}

/* "4", "2-4" */
static int take_range(const char *what, const char *s, uint32_t *least, uint32_t *most, struct err *err)
{
	const char *p = s;
	bool good = text_read_u32(&p, least);
	*most = CORE_INFINITE;
	if (good && *p == '-') {
		p++;
		good = text_read_u32(&p, most);
	} else {
		*most = *least; /* one number is exactly that many */
	}
	return good && !*p ? 0 : err_set(err, ERR_INVALID, "%s=%s: a number or a range is wanted", what, s);
}

static int take_groups(const char *list, struct sacct_options *o, struct arena *arena, struct err *err)
{
	char *rest = arena_strdup(arena, list);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		gid_t gid;
		uint32_t number;
		if (text_to_u32(word, &number))
			filter_add_u32(&o->query.gids, number, arena);
		else if (group_by_name(word, &gid) == 0)
			filter_add_u32(&o->query.gids, gid, arena);
		else
			return err_set(err, ERR_INVALID, "Invalid group id: %s", word);
	}
	return 0;
}

static int take_units(const char *s, struct sacct_options *o, struct err *err)
{
	o->unit = strlen(s) == 1 ? (char)toupper((unsigned char)s[0]) : '?';
	return strchr("KMGTP", o->unit)
	               ? 0
	               : err_set(err, ERR_INVALID, "Invalid unit type '%s'. Possible options are 'KMGTP'", s);
}

/* Options that are lists of words. */
static struct schema_strs *words_of(int c, struct history_query *q)
{
	switch (c) {
	case 'A':
		return &q->accounts;
	case 'q':
		return &q->qoses;
	case 'W':
		return &q->wckeys;
	case 'R':
		return &q->reasons;
	case 'C':
		return &q->constraints;
	case 'r':
		return &q->partitions;
	case OPT_NAME:
		return &q->names;
	default:
		return NULL;
	}
}

/* What the real one has, and there is nothing for here. */
static int unsupported(int c, struct err *err)
{
	static const int letters[] = {'x', 'F', 'f', 'c', OPT_YAML};
	bool known = false;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		known |= letters[i] == c;
	for (size_t i = 0; known && i < sacct_command.option_count; i++)
		if (options[i].value == c)
			return err_set(err, ERR_NOT_SUPPORTED, "option --%s is not supported by batchbox",
			               options[i].name);
	return 0;
}

static int set_option(int c, struct sacct_options *o, struct arena *arena, struct err *err)
{
	struct schema_strs *words = words_of(c, &o->query);
	if (unsupported(c, err) != 0)
		return -1;
	if (words)
		return filter_words(optarg, words, arena);
	switch (c) {
	case 'a':
		o->query.all_users = true;
		return 0;
	case 'b':
		o->format = FORMAT_BRIEF;
		return 0;
	case 'e':
		sacct_format_names(&o->shape);
		exit(0);
	case 'E':
		return take_time(optarg, &o->query.to, err);
	case 'S':
		o->from_set = true;
		return take_time(optarg, &o->query.from, err);
	case 'j':
		o->jobs_set = true;
		return take_jobs(optarg, o, arena, err);
	case 'l':
		o->format = sacct_format_long;
		return 0;
	case 'n':
		o->no_header = true;
		return 0;
	case 'N':
		o->query.nodes = optarg;
		return 0;
	case 'o':
		o->format = strcasecmp(optarg, "all") == 0 ? "" : optarg;
		return 0;
	case 'p':
		o->shape.parsable = true;
		return 0;
	case 'P':
		o->shape.parsable2 = true;
		return 0;
	case 's':
		return take_states(optarg, o, arena, err);
	case 'u':
		return take_users(optarg, o, arena, err);
	case 'X':
		o->jobs_only = true;
		return 0;
	case OPT_DELIMITER:
		o->shape.delimiter = optarg;
		return 0;
	case OPT_NOCONVERT:
		o->no_convert = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case 'B':
		o->scripts = true;
		return 0;
	case OPT_ENV_VARS:
		return err_set(
		        err, ERR_NOT_SUPPORTED,
		        "option --env-vars is not supported by batchbox: a job's environment, which may "
		        "hold what is secret, is given to its node only");
	case OPT_HERE: /* there is one cluster, all uids are its own, each attempt and task is shown anyway */
	case 'D':
	case 'L':
		return 0;
	case OPT_UNITS:
		return take_units(optarg, o, err);
	case 'T':
		o->truncate = true;
		return 0;
	case 'v':
		log_set_stderr_level(LOG_LEVEL_VERBOSE);
		return 0;
	case 'M':
		o->clusters = optarg;
		return 0;
	case 'g':
		return take_groups(optarg, o, arena, err);
	case 'i':
		return take_range("--nnodes", optarg, &o->query.nodes_least, &o->query.nodes_most, err);
	case 'I':
		return take_range("--ncpus", optarg, &o->query.cpus_least, &o->query.cpus_most, err);
	case 'k':
	case 'K':
		if (time_parse_minutes(optarg, c == 'k' ? &o->query.limit_least : &o->query.limit_most))
			return 0;
		return err_set(err, ERR_INVALID, "\"%s\" is no time limit", optarg);
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		exit(0);
	case OPT_HELP:
	case OPT_USAGE:
		command_print_usage(&sacct_command, stdout);
		exit(0);
	default:
		complain_option("sacct", c, o->argv);
		exit(1);
	}
}

/* sacct(1), DEFAULT TIME WINDOW; the caller's own jobs, unless root asks. */
static void defaults(struct sacct_options *o, struct arena *arena)
{
	bool states = o->query.states.n > 0;
	if (!o->from_set && !o->jobs_set) {
		o->query.from_now = states;
		if (!states)
			time_parse_when("today", loop_wall_clock(), &o->query.from);
		o->query.from -= o->query.from % 1000000;
	}
	if (o->truncate && !o->query.to)
		o->query.to = loop_wall_clock();
	if (states && o->from_set && !o->jobs_set && !o->query.to)
		o->query.to = o->query.from;
	if (o->query.to) /* times are whole seconds here, and the last one counts */
		o->query.to += 999999 - o->query.to % 1000000;
	if (geteuid() == 0 || o->query.uids.n || o->jobs_set)
		o->query.all_users = true;
	else if (!o->query.all_users)
		filter_me(&o->query.uids, arena);
}

/* ---- rows ---- */

static int step_order(const struct step_record *a, const struct step_record *b)
{
	/* The batch script first, then the steps as they came. */
	bool ba = a->step_id == CORE_STEP_BATCH, bb = b->step_id == CORE_STEP_BATCH;
	if (ba != bb)
		return ba ? -1 : 1;
	return a->step_id < b->step_id ? -1 : 1;
}

static void sort_steps(struct history_job *job)
{
	for (uint32_t i = 1; i < job->steps.n; i++)
		for (uint32_t k = i; k > 0 && step_order(&job->steps.v[k], &job->steps.v[k - 1]) < 0; k--) {
			struct step_record swap = job->steps.v[k];
			job->steps.v[k] = job->steps.v[k - 1];
			job->steps.v[k - 1] = swap;
		}
}

/* -T: as if nothing were known of what was before --starttime and after --endtime. */
static void cut_times(const struct history_query *q, int64_t *start, int64_t *end)
{
	if (*start && q->from && *start < q->from)
		*start = q->from;
	if (*start && q->to && (*end == 0 || *end > q->to))
		*end = q->to;
}

static void print_job(const struct sacct_options *o, const struct column_format *f, struct history_job *job,
                      const struct sacct_ctx *ctx)
{
	struct text out = TEXT_EMPTY;
	struct sacct_row row = {job, NULL};
	if (o->truncate)
		cut_times(&o->query, &job->state->start_time, &job->state->end_time);
	for (uint32_t i = 0; o->truncate && i < job->steps.n; i++)
		cut_times(&o->query, &job->steps.v[i].start_time, &job->steps.v[i].end_time);
	if (filter_step_wanted(&o->steps, job->spec, job->state, CORE_NO_VAL))
		column_print_row(f, &row, ctx, &out);
	for (uint32_t i = 0; !o->jobs_only && i < job->steps.n; i++) {
		row.step = &job->steps.v[i];
		if (filter_step_wanted(&o->steps, job->spec, job->state, row.step->step_id))
			column_print_row(f, &row, ctx, &out);
	}
	fputs(text_str(&out), stdout);
	text_free(&out);
}

/* -B. Scripts are kept as long as squeue can show the job; then, as of what has none, NONE. */
static void print_scripts(struct connect *c, const struct schema_u32s *ids, struct arena *arena)
{
	for (uint32_t i = 0; i < ids->n; i++) {
		const struct script_query q = {.job_id = ids->v[i]};
		struct err none = {0};
		void *record = NULL;
		bool has = connect_ask(c, MSG_script_query, &q, MSG_script_reply, arena, &record, &none) == 0;
		printf("Batch Script for %u\n", ids->v[i]);
		for (int k = 0; k < 80; k++)
			putchar('-');
		putchar('\n');
		const struct script_reply *reply = record;
		if (has && reply->script.n)
			fwrite(reply->script.v, 1, reply->script.n, stdout);
		else
			fputs("NONE\n", stdout);
		putchar('\n');
	}
}

/* What is printed in the end: the JSON, or the scripts of these jobs. */
struct sacct_output {
	struct text text;
	struct json json;
	struct schema_u32s ids;
	struct arena arena;
};

static void begin_output(struct sacct_output *out, const struct sacct_options *o,
                         const struct column_format *f)
{
	arena_init(&out->arena);
	out->json = json_begin(&out->text);
	if (o->json) {
		json_head(&out->json, "openapi/dbv0.0.38", "Slurm OpenAPI DB v0.0.38");
		json_key(&out->json, "jobs");
		json_list(&out->json);
	} else if (!o->no_header && !o->scripts) {
		sacct_format_header(&o->shape, f);
	}
}

static void output_job(struct sacct_output *out, const struct sacct_options *o, const struct column_format *f,
                       struct history_job *job, const struct sacct_ctx *ctx)
{
	sort_steps(job);
	if (o->json)
		sacct_json(&out->json, job, ctx);
	else if (o->scripts)
		filter_add_u32(&out->ids, job->spec->job_id, &out->arena);
	else
		print_job(o, f, job, ctx);
}

static void end_output(struct sacct_output *out, const struct sacct_options *o, struct connect *c, bool good)
{
	if (good && o->json) {
		json_end(&out->json);
		json_end(&out->json);
		fputs(text_str(&out->text), stdout);
	} else if (good && o->scripts) {
		print_scripts(c, &out->ids, &out->arena);
	}
	text_free(&out->text);
	arena_free(&out->arena);
}

static int print_all(struct connect *c, const struct sacct_options *o, const struct column_format *f,
                     struct err *err)
{
	uint32_t type = 0;
	void *record = NULL;
	struct arena arena;
	struct sacct_output out = {.text = TEXT_EMPTY};
	arena_init(&arena);
	if (filter_cluster(o->clusters, true, c->file.controller.cluster, err) != 0) {
		arena_free(&arena);
		return -1;
	}
	int rc = client_call(c->client, MSG_history_query, &o->query, &arena, &type, &record, NULL, err);
	bool begun = rc == 0;
	if (begun)
		begin_output(&out, o, f);
	while (rc == 0) {
		if (type != MSG_history_list) {
			rc = err_set(err, ERR_COMMUNICATION,
			             "the controller answered %s to a query for history", message_name(type));
			break;
		}
		struct history_list *list = record;
		const struct sacct_ctx ctx = {.now = list->now,
		                              .cluster = c->file.controller.cluster,
		                              .unit = o->unit,
		                              .no_convert = o->no_convert};
		for (uint32_t i = 0; i < list->jobs.n; i++)
			output_job(&out, o, f, &list->jobs.v[i], &ctx);
		if (list->last)
			break;
		arena_reset(&arena);
		rc = client_next(c->client, &arena, -1, &type, &record, err);
	}
	if (begun)
		end_output(&out, o, c, rc == 0);
	arena_free(&arena);
	return rc;
}

int sacct_main(int argc, char **argv)
{
	struct sacct_options o = {
	        .argv = argv,
	        .format = getenv("SACCT_FORMAT"),
	        .shape = {.columns = sacct_columns, .column_count = sacct_column_count},
	};
	struct connect c = {0};
	struct column_format f = {0};
	struct command_getopt options_known;
	struct arena arena;
	struct err err = {0};
	log_init("sacct", LOG_LEVEL_INFO);
	arena_init(&arena);
	schema_init(schema_of_history_query(), &o.query);
	int rc = 0;
	command_getopt_init(&options_known, &sacct_command);
	for (int ch; rc == 0 && (ch = command_getopt_next(&options_known, argc, argv)) != -1;)
		rc = set_option(ch, &o, &arena, &err);
	if (rc == 0 && o.scripts && !o.jobs_set) {
		log_write(LOG_LEVEL_FATAL,
		          "When requesting job scripts you must also request specific jobs with "
		          "the '-j' option.");
		rc = err_set(&err, ERR_INVALID_STATE, NULL);
	}
	if (rc == 0)
		rc = sacct_format_read(&o.shape, o.format ? o.format : FORMAT_DEFAULT, &f, &err);
	if (rc == 0) {
		defaults(&o, &arena);
		rc = check_times(&o, &err) != 0 || connect_configure(&c, &err) != 0 ||
		                     connect_open(&c, &err) != 0 || print_all(&c, &o, &f, &err) != 0
		             ? -1
		             : 0;
	}
	if (rc != 0 && *err_text(&err) && err.code != ERR_INVALID_TIME && err.code != ERR_INVALID_STATE)
		log_error("%s", err_text(&err)); /* of these two it was said in the real one's form */
	connect_help(rc, &err);
	column_format_free(&f);
	connect_close(&c);
	arena_free(&arena);
	return rc == 0 ? 0 : 1;
}
