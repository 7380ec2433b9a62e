/* sbcast(1): a file to the nodes of a job. */
#include "applets/applet.h"
#include "applets/client/bcast.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/job_name.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXIT_LOOKUP 255 /* where the file or the job isn't there, as the real one has it */

struct sbcast {
	struct connect connection;
	struct arena arena;
	struct bcast b;
	const char *job, *exclude;
	struct job_name what;
	uint32_t task_id; /* of an array; CORE_NO_VAL: none was named */
	unsigned verbose;
	bool over;
	int exit_code;
};

enum { OPT_EXCLUDE = 256, OPT_SEND_LIBS, OPT_HELP, OPT_USAGE };

static const struct command_option options[] = {
        {"compress", 'C', optional_argument, "LIBRARY", "accepted; nothing is compressed on the way"},
        {"exclude", OPT_EXCLUDE, required_argument, "PATHS", "accepted; it matters to --send-libs alone"},
        {"force", 'f', no_argument, NULL, "in place of a file that is there"},
        {"fanout", 'F', required_argument, "N", "so many nodes at once"},
        {"jobid", 'j', required_argument, "JOB",
         "to the nodes of this job, array task (JOB_TASK) or step (JOB.STEP)"},
        {"preserve", 'p', no_argument, NULL, "keep the times of access and change"},
        {"send-libs", OPT_SEND_LIBS, optional_argument, REFUSED},
        {"size", 's', required_argument, "SIZE",
         "bytes in a message, also with k or m; between 4 KiB and 512 KiB, which is the default"},
        {"timeout", 't', required_argument, "SECONDS", "how long a node may say nothing"},
        {"verbose", 'v', no_argument, NULL, "say what is done; repeat for more"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"help", OPT_HELP, no_argument, NULL, "this text"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
};

static const struct command_word variables[] = {
        {"SLURM_JOB_ID", NULL, "as --jobid"},         {"SBCAST_COMPRESS", NULL, "as --compress"},
        {"SBCAST_EXCLUDE", NULL, "as --exclude"},     {"SBCAST_FANOUT", NULL, "as --fanout"},
        {"SBCAST_FORCE", NULL, "as --force"},         {"SBCAST_PRESERVE", NULL, "as --preserve"},
        {"SBCAST_SEND_LIBS", NULL, "as --send-libs"}, {"SBCAST_SIZE", NULL, "as --size"},
        {"SBCAST_TIMEOUT", NULL, "as --timeout"},     COMMAND_COMMON_VARIABLES,
};

const struct command sbcast_command = {
        .name = "sbcast",
        .synopsis = "[options] SOURCE DEST",
        COMMAND_OPTIONS(options),
        .variables = variables,
};

/* ---- options; numbers that are none count as 0, as with the real one ---- */

static uint32_t number(const char *value)
{
	long long n = strtoll(value, NULL, 10);
	return n > 0 && n < UINT32_MAX ? (uint32_t)n : 0;
}

static void set_size(struct sbcast *s, const char *value)
{
	char *end;
	long long n = strtoll(value, &end, 10);
	const char *units = "kKmM", *unit = *end ? strchr(units, *end) : NULL;
	if (end == value || n <= 0 || n > UINT32_MAX || (*end && (!unit || end[1]))) {
		fputs("size specification is invalid, ignored\n", stderr);
		return;
	}
	s->b.block = (uint64_t)n << (!unit ? 0 : unit - units < 2 ? 10 : 20);
}

static int set_send_libs(const char *value)
{
	if (value && *value && text_eq_nocase(value, "no"))
		return 0;
	if (value && *value && !text_eq_nocase(value, "yes")) {
		log_error("Ignoring unrecognized --send-libs value '%s'", log_escape(value));
		return 0;
	}
	log_error("--send-libs is not supported by batchbox: the shared objects of a program are not looked "
	          "for");
	return -1;
}

static int set_option(struct sbcast *s, int c, const char *value)
{
	switch (c) {
	case 'C':
		bcast_check_compression(value);
		return 0;
	case OPT_EXCLUDE:
		s->exclude = value;
		return 0;
	case 'f':
		s->b.force = true;
		return 0;
	case 'F':
		s->b.fanout = number(value);
		return 0;
	case 'j':
		s->job = value;
		return 0;
	case 'p':
		s->b.preserve = true;
		return 0;
	case OPT_SEND_LIBS:
		return set_send_libs(value);
	case 's':
		set_size(s, value);
		return 0;
	case 't':
		s->b.patience_s = number(value);
		return 0;
	case 'v':
		s->verbose++;
		log_set_stderr_level((enum log_level)(LOG_LEVEL_INFO + (s->verbose > 5 ? 5 : s->verbose)));
		return 0;
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		break;
	default:
		command_print_usage(&sbcast_command, stdout);
	}
	s->over = true;
	return 0;
}

static int take_environment(struct sbcast *s)
{
	static const struct {
		const char *name;
		int option;
	} rows[] = {
	        {"SBCAST_COMPRESS", 'C'},
	        {"SBCAST_EXCLUDE", OPT_EXCLUDE},
	        {"SBCAST_FANOUT", 'F'},
	        {"SBCAST_FORCE", 'f'},
	        {"SBCAST_PRESERVE", 'p'},
	        {"SBCAST_SIZE", 's'},
	        {"SBCAST_SEND_LIBS", OPT_SEND_LIBS},
	        {"SBCAST_TIMEOUT", 't'},
	        {"SLURM_JOB_ID", 'j'},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = getenv(rows[i].name);
		if (value && set_option(s, rows[i].option, value) != 0)
			return -1;
	}
	return 0;
}

/* A place that is not said from the root is in DestDir, or in the directory of here. */
static const char *whole_path(struct sbcast *s, const char *dest)
{
	char here[PATH_MAX];
	const char *dir = bcast_dest_dir(conf_str(&s->connection.file.conf, P_BcastParameters), &s->arena);
	if (*dest == '/')
		return dest;
	if (!dir)
		dir = getcwd(here, sizeof(here)) ? here : "/";
	return arena_printf(&s->arena, "%s/%s", dir, dest);
}

/* A word that names no job is job 0, which isn't there, as with the real one. */
static int read_job(struct sbcast *s)
{
	const char *task = strchr(s->job, '_');
	s->task_id = CORE_NO_VAL;
	bool named = job_name_parse(s->job, &s->what, &s->arena);
	if (!named)
		s->what = (struct job_name){.step_id = CORE_NO_VAL};
	if (task && (!named || !s->what.tasks || !text_to_u32(s->what.tasks, &s->task_id))) {
		fprintf(stderr, "sbcast: fatal: Bad job array element specified: %.*s\n",
		        (int)(task - s->job), log_escape(s->job));
		return -1;
	}
	return 0;
}

static int parse(struct sbcast *s, int argc, char **argv)
{
	struct command_getopt known;
	if (take_environment(s) != 0)
		return -1;
	command_getopt_init(&known, &sbcast_command);
	for (int c; (c = command_getopt_next(&known, argc, argv)) != -1 && !s->over;) {
		if (c == '?' || c == ':') {
			complain_option("sbcast", c, argv);
			return -1;
		}
		if (set_option(s, c, optarg) != 0)
			return -1;
	}
	if (s->over)
		return 0;
	if (argc - optind != 2) {
		fprintf(stderr,
		        "Need two file names, have %d names\nTry \"sbcast --help\" for more information\n",
		        argc - optind);
		return -1;
	}
	s->b.source = argv[optind];
	s->b.dest = argv[optind + 1];
	if (!s->job) {
		log_error("Need a job id to run this command.  Run from within a Slurm job or use the "
		          "--jobid option.");
		return -1;
	}
	if (*s->b.dest && s->b.dest[strlen(s->b.dest) - 1] == '/') {
		log_error("Target filename cannot be a directory.");
		return -1;
	}
	return read_job(s);
}

/* ---- what -v says ---- */

#define RULE "-----------------------------"

static void say_options(const struct sbcast *s)
{
	const struct bcast *b = &s->b;
	const char *exclude = s->exclude ? s->exclude : conf_str(&s->connection.file.conf, P_BcastExclude);
	log_verbose(RULE);
	log_verbose("block_size = %" PRIu64, b->block ? b->block : BCAST_BLOCK_DEFAULT);
	log_verbose("compress   = 0");
	log_verbose("exclude    = %s", exclude ? exclude : "");
	log_verbose("force      = %s", b->force ? "true" : "false");
	log_verbose("fanout     = %" PRIu32, b->fanout);
	log_verbose("preserve   = %s", b->preserve ? "true" : "false");
	log_verbose("send_libs  = false");
	log_verbose("timeout    = %" PRIu64, (uint64_t)b->patience_s * 1000);
	log_verbose("verbose    = %u", s->verbose);
	log_verbose("source     = %s", b->source);
	log_verbose("dest       = %s", b->dest);
	log_verbose(RULE);
}

static void say_time(const char *what, time_t at)
{
	char text[32] = "";
	log_verbose("%s    = %.24s", what, ctime_r(&at, text) ? text : "");
}

static void say_file(const struct stat *st)
{
	log_verbose("modes    = %o", (unsigned)st->st_mode);
	log_verbose("uid      = %u", (unsigned)st->st_uid);
	log_verbose("gid      = %u", (unsigned)st->st_gid);
	say_time("atime", st->st_atime);
	say_time("mtime", st->st_mtime);
	say_time("ctime", st->st_ctime);
	log_verbose("size     = %" PRId64, (int64_t)st->st_size);
}

/* ---- the job ---- */

/* As it was named: "12" or "12_3". */
static const char *job_text(struct sbcast *s)
{
	struct text out = TEXT_EMPTY;
	text_printf(&out, "%" PRIu32, s->what.job_id);
	if (s->task_id != CORE_NO_VAL)
		text_printf(&out, "_%" PRIu32, s->task_id);
	const char *text = arena_strdup(&s->arena, out.s);
	text_free(&out);
	return text;
}

static const struct step_ready *ask(struct sbcast *s)
{
	const struct bcast_request m = {
	        .job_id = s->what.job_id, .step_id = s->what.step_id, .task_id = s->task_id};
	struct err err = {0};
	void *record = NULL;
	if (connect_open(&s->connection, &err) == 0 &&
	    connect_ask(&s->connection, MSG_bcast_request, &m, MSG_step_ready, &s->arena, &record, &err) == 0)
		return record;
	const char *step = s->what.step_id == CORE_NO_VAL ? NULL : strchr(s->job, '.');
	log_error("Slurm job %s%s lookup error: %s", job_text(s), step ? step : "", err_text(&err));
	connect_help(1, &err);
	return NULL;
}

static int run(struct sbcast *s)
{
	struct err err = {0};
	if (connect_configure(&s->connection, &err) != 0)
		return 1;
	s->b.dest = whole_path(s, s->b.dest);
	s->b.cluster = s->connection.file.controller.cluster;
	s->b.message_timeout_us = connect_patience_us(&s->connection);
	say_options(s);
	if (bcast_open_source(&s->b) != 0)
		return EXIT_LOOKUP;
	say_file(&s->b.st);
	const struct step_ready *to = ask(s);
	if (!to)
		return EXIT_LOOKUP;
	log_verbose("jobid      = %s", job_text(s));
	log_verbose("node_list  = %s", to->nodes);
	if (bcast_run(&s->b, to) == 0)
		return 0;
	return s->b.error & 0xff ? s->b.error & 0xff : 1;
}

int sbcast_main(int argc, char **argv)
{
	struct sbcast s = {0};
	struct err err = {0};
	log_init("sbcast", LOG_LEVEL_INFO);
	arena_init(&s.arena);
	if (parse(&s, argc, argv) != 0)
		s.exit_code = 1;
	else if (!s.over && key_init(&err) != 0) {
		log_error("%s", err_text(&err));
		s.exit_code = 1;
	} else if (!s.over)
		s.exit_code = run(&s);
	connect_close(&s.connection);
	arena_free(&s.arena);
	return s.exit_code;
}
