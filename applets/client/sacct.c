/* sacct(1), over the controller's own history: nothing has to be set up. */
#include "applets/client/sacct.h"

#include "applets/applet.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "conf/time.h"
#include "core/util/log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORMAT_DEFAULT "JobID,JobName,Partition,Account,AllocCPUS,State,ExitCode"
#define FORMAT_BRIEF   "JobID,State,ExitCode"

struct sacct_options {
	struct history_query query;
	struct filter_steps steps;
	bool no_header, parsable, parsable2, jobs_only, all_states, times_set, jobs_set;
	const char *format, *delimiter;
	char **argv;
};

enum { OPT_HELP = 256, OPT_USAGE, OPT_DELIMITER, OPT_NAME, OPT_ME, OPT_NOCONVERT, OPT_UNITS };

static const struct option long_options[] = {
        {"allusers", no_argument, NULL, 'a'},        {"allocations", no_argument, NULL, 'X'},
        {"brief", no_argument, NULL, 'b'},           {"delimiter", required_argument, NULL, OPT_DELIMITER},
        {"endtime", required_argument, NULL, 'E'},   {"format", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, OPT_HELP},       {"helpformat", no_argument, NULL, 'e'},
        {"jobs", required_argument, NULL, 'j'},      {"long", no_argument, NULL, 'l'},
        {"name", required_argument, NULL, OPT_NAME}, {"noconvert", no_argument, NULL, OPT_NOCONVERT},
        {"nodelist", required_argument, NULL, 'N'},  {"noheader", no_argument, NULL, 'n'},
        {"parsable", no_argument, NULL, 'p'},        {"parsable2", no_argument, NULL, 'P'},
        {"partition", required_argument, NULL, 'r'}, {"starttime", required_argument, NULL, 'S'},
        {"state", required_argument, NULL, 's'},     {"uid", required_argument, NULL, 'u'},
        {"usage", no_argument, NULL, OPT_USAGE},     {"user", required_argument, NULL, 'u'},
        {"version", no_argument, NULL, 'V'},         {NULL, 0, NULL, 0},
};

static const char usage[] =
        "Usage: sacct [OPTIONS]\n"
        "  -a, --allusers          jobs of all users\n"
        "  -b, --brief             job, state and exit code\n"
        "      --delimiter=TEXT    between columns, with -p and -P\n"
        "  -e, --helpformat        the names of all columns\n"
        "  -E, --endtime=TIME      jobs that were there before this time\n"
        "  -j, --jobs=IDS          these jobs or steps\n"
        "  -l, --long              most columns\n"
        "      --name=NAMES        jobs of these names\n"
        "  -n, --noheader          no header\n"
        "  -N, --nodelist=HOSTS    jobs on these nodes\n"
        "  -o, --format=COLUMNS    columns by name, each with %WIDTH if wanted\n"
        "  -p, -P                  columns separated by | (with -p also behind the last)\n"
        "  -r, --partition=NAMES   jobs of these partitions\n"
        "  -s, --state=STATES      jobs in these states\n"
        "  -S, --starttime=TIME    jobs that were there after this time (default: today, 00:00)\n"
        "  -u, --user=NAMES        jobs of these users\n"
        "  -V, --version           the version\n"
        "  -X, --allocations       no steps\n";

static void add_column(struct column_format *f, const struct sacct_options *o, const struct column *column,
                       int64_t width)
{
	bool bars = o->parsable || o->parsable2;
	width = width ? width : column->width;
	column_format_add(f, column, bars ? 0 : (size_t)(width < 0 ? -width : width), width > 0,
	                  !bars          ? " "
	                  : o->delimiter ? o->delimiter
	                                 : "|");
	f->uses[f->n - 1].cut_mark = true;
}

static void print_names(void)
{
	for (size_t i = 0; i < sacct_column_count; i++)
		printf("%-19s%s", sacct_columns[i].header,
		       i % 4 == 3 || i + 1 == sacct_column_count ? "\n" : " ");
}

static int take_time(const char *s, int64_t *out, struct sacct_options *o, struct err *err)
{
	o->times_set = true;
	if (time_parse_when(s, loop_wall_clock(), out))
		return 0;
	fprintf(stderr, "Invalid time specification (pos=0): %s\n", s);
	return err_set(err, ERR_INVALID_TIME, NULL);
}

static int take_states(const char *list, struct sacct_options *o, struct arena *arena, struct err *err)
{
	const char *bad = filter_states_of(list, &o->query.states, &o->all_states, arena);
	if (!bad)
		return 0;
	log_write(LOG_LEVEL_FATAL, "unrecognized job state value '%s'", bad);
	return err_set(err, ERR_INVALID_STATE, NULL);
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

static int set_option(int c, struct sacct_options *o, struct arena *arena, struct err *err)
{
	switch (c) {
	case 'a':
		o->query.all_users = true;
		return 0;
	case 'b':
		o->format = FORMAT_BRIEF;
		return 0;
	case 'e':
		print_names();
		exit(0);
	case 'E':
		return take_time(optarg, &o->query.to, o, err);
	case 'S':
		return take_time(optarg, &o->query.from, o, err);
	case 'j':
		o->jobs_set = true;
		return filter_steps(optarg, &o->steps, &o->query.job_ids, arena, err);
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
		o->parsable = true;
		return 0;
	case 'P':
		o->parsable2 = true;
		return 0;
	case 'r':
		return filter_words(optarg, &o->query.partitions, arena);
	case 's':
		return take_states(optarg, o, arena, err);
	case 'u':
		return filter_users(optarg, &o->query.uids, arena);
	case 'X':
		o->jobs_only = true;
		return 0;
	case OPT_DELIMITER:
		o->delimiter = optarg;
		return 0;
	case OPT_NAME:
		return filter_words(optarg, &o->query.names, arena);
	case OPT_NOCONVERT:
		return 0; /* numbers are never converted */
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		exit(0);
	case OPT_HELP:
	case OPT_USAGE:
		fputs(usage, stdout);
		exit(0);
	default:
		complain_option("sacct", c, o->argv);
		exit(1);
	}
}

/* Midnight of today, unless jobs or times were asked for; the caller's own jobs, unless root asks. */
static void defaults(struct sacct_options *o, struct arena *arena)
{
	if (!o->times_set && !o->jobs_set)
		time_parse_when("today", loop_wall_clock(), &o->query.from);
	if (!o->times_set && !o->jobs_set)
		o->query.from -= o->query.from % 1000000;
	if (geteuid() == 0 || o->query.uids.n || o->jobs_set)
		o->query.all_users = true;
	else if (!o->query.all_users)
		filter_me(&o->query.uids, arena);
}

/* ---- format ---- */

/* "JobID,State%20,..." */
static int make_format(const struct sacct_options *o, struct column_format *f, struct err *err)
{
	char *copy = xstrdup(o->format ? o->format : FORMAT_DEFAULT), *rest = copy;
	int rc = 0;
	column_format_init(f);
	for (size_t i = 0; o->format && !*o->format && i < sacct_column_count; i++) /* ALL */
		add_column(f, o, &sacct_columns[i], 0);
	for (char *word = text_split(&rest, ','); rc == 0 && word; word = text_split(&rest, ',')) {
		char *percent = strchr(word, '%');
		size_t len = percent ? (size_t)(percent - word) : strlen(word);
		int64_t width = 0;
		if (len == 0)
			continue;
		const struct column *column = column_by_name(sacct_columns, sacct_column_count, word, len);
		if (!column || (percent && !text_to_i64(percent + 1, &width))) {
			rc = err_set(err, ERR_INVALID, "Invalid field requested: \"%.*s\"", (int)len, word);
			break;
		}
		add_column(f, o, column, width);
	}
	if (rc == 0 && o->parsable2 && f->n)
		text_set(&f->uses[f->n - 1].suffix, "");
	free(copy);
	return rc;
}

static void print_header(const struct sacct_options *o, const struct column_format *f)
{
	struct text out = TEXT_EMPTY;
	column_print_header(f, &out);
	for (size_t i = 0; !o->parsable && !o->parsable2 && i < f->n; i++) {
		for (size_t k = 0; k < f->uses[i].width; k++)
			text_add_char(&out, '-');
		text_add(&out, i + 1 < f->n ? " " : " \n");
	}
	fputs(text_str(&out), stdout);
	text_free(&out);
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

static void print_job(const struct sacct_options *o, const struct column_format *f, struct history_job *job,
                      const struct sacct_ctx *ctx)
{
	struct text out = TEXT_EMPTY;
	struct sacct_row row = {job, NULL};
	if (filter_step_wanted(&o->steps, job->spec->job_id, CORE_NO_VAL))
		column_print_row(f, &row, ctx, &out);
	for (uint32_t i = 1; i < job->steps.n; i++)
		for (uint32_t k = i; k > 0 && step_order(&job->steps.v[k], &job->steps.v[k - 1]) < 0; k--) {
			struct step_record swap = job->steps.v[k];
			job->steps.v[k] = job->steps.v[k - 1];
			job->steps.v[k - 1] = swap;
		}
	for (uint32_t i = 0; !o->jobs_only && i < job->steps.n; i++) {
		row.step = &job->steps.v[i];
		if (filter_step_wanted(&o->steps, job->spec->job_id, row.step->step_id))
			column_print_row(f, &row, ctx, &out);
	}
	fputs(text_str(&out), stdout);
	text_free(&out);
}

static int print_all(struct connect *c, const struct sacct_options *o, const struct column_format *f,
                     struct err *err)
{
	uint32_t type = 0;
	void *record = NULL;
	struct arena arena;
	arena_init(&arena);
	int rc = client_call(c->client, MSG_history_query, &o->query, &arena, &type, &record, NULL, err);
	if (rc == 0 && !o->no_header)
		print_header(o, f);
	while (rc == 0) {
		if (type != MSG_history_list) {
			rc = err_set(err, ERR_COMMUNICATION,
			             "the controller answered %s to a query for history", message_name(type));
			break;
		}
		struct history_list *list = record;
		const struct sacct_ctx ctx = {list->now, c->file.controller.cluster};
		for (uint32_t i = 0; i < list->jobs.n; i++)
			print_job(o, f, &list->jobs.v[i], &ctx);
		if (list->last)
			break;
		arena_reset(&arena);
		rc = client_next(c->client, &arena, -1, &type, &record, err);
	}
	arena_free(&arena);
	return rc;
}

int sacct_main(int argc, char **argv)
{
	struct sacct_options o = {.argv = argv, .format = getenv("SACCT_FORMAT")};
	struct connect c = {0};
	struct column_format f = {0};
	struct arena arena;
	struct err err = {0};
	log_init("sacct", LOG_LEVEL_INFO);
	arena_init(&arena);
	schema_init(schema_of_history_query(), &o.query);
	opterr = 0;
	int rc = 0;
	for (int ch; rc == 0 &&
	             (ch = getopt_long(argc, argv, ":abeE:j:lnN:o:pPr:s:S:u:VX", long_options, NULL)) != -1;)
		rc = set_option(ch, &o, &arena, &err);
	if (rc == 0)
		rc = make_format(&o, &f, &err);
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
