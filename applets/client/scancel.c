/* scancel(1) */
#include "applets/applet.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "applets/client/signals.h"
#include "applets/common/users.h"
#include "core/util/log.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scancel_options {
	struct job_query query; /* the filters */
	bool filtered, batch, full, interactive, quiet, verbose;
	int signal;
	char **argv;
};

enum { OPT_HELP = 256, OPT_USAGE, OPT_ME, OPT_SIBLING, OPT_WCKEY };

static const struct option long_options[] = {
        {"account", required_argument, NULL, 'A'},
        {"batch", no_argument, NULL, 'b'},
        {"full", no_argument, NULL, 'f'},
        {"help", no_argument, NULL, OPT_HELP},
        {"hurry", no_argument, NULL, 'H'},
        {"interactive", no_argument, NULL, 'i'},
        {"me", no_argument, NULL, OPT_ME},
        {"name", required_argument, NULL, 'n'},
        {"nodelist", required_argument, NULL, 'w'},
        {"partition", required_argument, NULL, 'p'},
        {"qos", required_argument, NULL, 'q'},
        {"quiet", no_argument, NULL, 'Q'},
        {"reservation", required_argument, NULL, 'R'},
        {"signal", required_argument, NULL, 's'},
        {"state", required_argument, NULL, 't'},
        {"usage", no_argument, NULL, OPT_USAGE},
        {"user", required_argument, NULL, 'u'},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {"wckey", required_argument, NULL, OPT_WCKEY},
        {NULL, 0, NULL, 0},
};

static const char usage[] = "Usage: scancel [OPTIONS] [JOB_ID[.STEP_ID]...]\n"
                            "  -b, --batch             signal only the batch script\n"
                            "  -f, --full              signal the batch script and its steps\n"
                            "  -i, --interactive       ask before each job\n"
                            "      --me                the caller's jobs\n"
                            "  -n, --name=NAME         jobs of this name\n"
                            "  -p, --partition=NAME    jobs of this partition\n"
                            "  -Q, --quiet             say nothing of jobs that have ended\n"
                            "  -s, --signal=NAME       send this signal in place of ending the job\n"
                            "  -t, --state=STATE       jobs in this state: pending, running, suspended\n"
                            "  -u, --user=NAME         jobs of this user\n"
                            "  -v, --verbose           say more\n"
                            "  -V, --version           the version\n"
                            "  -w, --nodelist=HOSTS    jobs on these nodes\n";

static int add_user(struct scancel_options *o, const char *name, struct arena *arena, struct err *err)
{
	uid_t uid;
	if (user_parse(name, &uid) != 0)
		return err_set(err, ERR_USER_UNKNOWN, "Invalid user name: %s", name);
	filter_add_u32(&o->query.uids, uid, arena);
	return 0;
}

static int set_option(int c, struct scancel_options *o, struct arena *arena, struct err *err)
{
	o->filtered = o->filtered || strchr("npwtu", c) || c == OPT_ME;
	switch (c) {
	case 'b':
		o->batch = true;
		return 0;
	case 'f':
		o->full = true;
		return 0;
	case 'i':
		o->interactive = true;
		return 0;
	case 'n':
		return filter_words(optarg, &o->query.names, arena);
	case 'p':
		return filter_words(optarg, &o->query.partitions, arena);
	case 'w':
		o->query.nodes = optarg;
		return 0;
	case 't':
		return filter_states(optarg, &o->query.states, &o->query.all_states, arena, err);
	case 'u':
		return add_user(o, optarg, arena, err);
	case OPT_ME:
		return filter_me(&o->query.uids, arena);
	case 'Q':
		o->quiet = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case 's':
		o->signal = signal_parse(optarg);
		if (o->signal < 0) {
			fprintf(stderr, "Unknown job signal: %s\n", optarg);
			exit(1);
		}
		return 0;
	case 'A':
	case 'q':
	case 'R':
	case 'H':
	case OPT_WCKEY:
		return err_set(err, ERR_NOT_SUPPORTED, "option %s is not supported by batchbox",
		               o->argv[optind - 1]);
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		exit(0);
	case OPT_HELP:
	case OPT_USAGE:
		fputs(usage, stdout);
		exit(0);
	default:
		complain_option("scancel", c, o->argv);
		exit(1);
	}
}

/* ---- one job or step ---- */

static bool agreed(const struct scancel_options *o, uint32_t job_id)
{
	char answer[16];
	if (!o->interactive)
		return true;
	printf("Cancel job_id=%" PRIu32 " (y/n)? ", job_id);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Exit codes are the error numbers of Slurm, cut to a byte, as there. */
static int exit_code_of(int code)
{
	return code == ERR_ACCESS_DENIED                                ? 210
	       : code == ERR_CONNECT                                    ? 8
	       : code == ERR_INVALID_JOB_ID || code == ERR_ALREADY_DONE ? 0
	                                                                : 1;
}

/* What is to be cancelled: a request each, many of them under way at a time, so that one wait for the
 * controller's disk serves many. */
struct target {
	uint32_t job_id, step_id;
	uint64_t number; /* of the request */
};
struct targets {
	struct target *v;
	size_t n, cap;
};
#define UNDER_WAY_MAX 256

static void add_target(struct targets *t, uint32_t job_id, uint32_t step_id)
{
	t->v = xgrow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = (struct target){job_id, step_id, 0};
}

static int ask_to_cancel(struct connect *c, const struct scancel_options *o, struct target *t,
                         struct err *err)
{
	struct job_signal_request m;
	schema_init(schema_of_job_signal_request(), &m);
	m.job_id = t->job_id;
	m.step_id = t->step_id;
	m.signal = (uint32_t)o->signal;
	m.batch_only = o->batch;
	m.full = o->full;
	if (o->verbose)
		log_info("%s job %" PRIu32, o->signal ? "Signaling" : "Terminating", t->job_id);
	if (client_send(c->client, MSG_job_signal_request, &m, err) != 0)
		return -1;
	t->number = client_sent(c->client);
	return 0;
}

/* A job that nobody knows, or that has ended, is as good as cancelled. */
static int report(const struct scancel_options *o, uint32_t job_id, const struct err *err)
{
	bool over = err->code == ERR_INVALID_JOB_ID || err->code == ERR_ALREADY_DONE;
	if (!over || o->verbose)
		log_error("Kill job error on job id %" PRIu32 ": %s", job_id, err_code_text(err->code));
	return exit_code_of(err->code);
}

/* Numbers grow with the targets: the one with this number, NULL if none has it. */
static const struct target *target_of(const struct targets *t, size_t sent, uint64_t number)
{
	size_t from = 0, to = sent;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (t->v[mid].number < number)
			from = mid + 1;
		else
			to = mid;
	}
	return from < sent && t->v[from].number == number ? &t->v[from] : NULL;
}

static int cancel_all(struct connect *c, const struct scancel_options *o, struct targets *t)
{
	int worst = 0;
	size_t sent = 0, answered = 0;
	struct arena arena;
	arena_init(&arena);
	while (answered < t->n) {
		struct err err = {0};
		uint64_t number = 0;
		uint32_t type = 0;
		void *record = NULL;
		int rc = 0;
		if (sent < t->n && sent - answered < UNDER_WAY_MAX) {
			if (!agreed(o, t->v[sent].job_id)) {
				t->n--;
				memmove(&t->v[sent], &t->v[sent + 1], (t->n - sent) * sizeof(*t->v));
				continue;
			}
			rc = ask_to_cancel(c, o, &t->v[sent], &err);
			sent += rc == 0;
		} else {
			arena_reset(&arena);
			rc = client_answer(c->client, &arena, -1, &number, &type, &record, &err);
		}
		const struct target *one = target_of(t, sent, number);
		answered += one != NULL;
		if (rc == 0)
			continue;
		rc = report(o, one ? one->job_id : t->v[answered].job_id, &err);
		worst = rc > worst ? rc : worst;
		if (!one) /* the session is over */
			break;
	}
	arena_free(&arena);
	return worst;
}

static int add_words(struct targets *t, char **words)
{
	for (; *words; words++) {
		char *dot = strchr(*words, '.');
		uint32_t job, step = CORE_NO_VAL;
		if (dot)
			*dot = '\0';
		if (!text_to_u32(*words, &job) || job == 0 || (dot && !filter_step_id(dot + 1, &step))) {
			log_error("Invalid job id %s", *words);
			return -1;
		}
		add_target(t, job, step);
	}
	return 0;
}

/* Everything that the filters match. */
static int add_matching(struct targets *t, struct connect *c, const struct scancel_options *o,
                        struct arena *arena)
{
	struct err err = {0};
	uint32_t type = 0;
	void *record = NULL;
	int rc = client_call(c->client, MSG_job_query, &o->query, arena, &type, &record, NULL, &err);
	while (rc == 0 && type == MSG_job_list) {
		const struct job_list *list = record;
		for (uint32_t i = 0; i < list->jobs.n; i++)
			if (list->jobs.v[i].state->state <= JOB_SUSPENDED)
				add_target(t, list->jobs.v[i].spec->job_id, CORE_NO_VAL);
		if (list->last)
			return 0;
		rc = client_next(c->client, arena, -1, &type, &record, &err);
	}
	log_error("%s", err_text(&err));
	return -1;
}

/* The jobs of the command line, or those that the filters match. */
static int cancel(struct connect *c, const struct scancel_options *o, char **words, struct arena *arena)
{
	struct targets t = {0};
	int rc = *words ? add_words(&t, words) : add_matching(&t, c, o, arena);
	rc = rc == 0 ? cancel_all(c, o, &t) : 1;
	free(t.v);
	return rc;
}

int scancel_main(int argc, char **argv)
{
	struct scancel_options o = {.argv = argv};
	struct connect c = {0};
	struct arena arena;
	struct err err = {0};
	log_init("scancel", LOG_LEVEL_INFO);
	arena_init(&arena);
	schema_init(schema_of_job_query(), &o.query);
	opterr = 0;
	for (int ch;
	     (ch = getopt_long(argc, argv, ":A:bfHin:p:q:QR:s:t:u:vVw:", long_options, NULL)) != -1;) {
		if (set_option(ch, &o, &arena, &err) != 0) {
			if (err.code != ERR_INVALID_STATE) /* of these filter_states has spoken */
				log_error("%s", err_text(&err));
			return 1;
		}
	}
	if (optind == argc && !o.filtered) {
		log_error("No job identification provided");
		return 1;
	}
	uint32_t first = 0;
	if (optind < argc && !text_to_u32(argv[optind], &first) && !strchr(argv[optind], '.')) {
		log_error("Invalid job id %s", argv[optind]);
		return 1;
	}
	int rc = 1;
	if (connect_configure(&c, &err) != 0)
		log_error("%s", err_text(&err));
	else if (connect_open(&c, &err) != 0) {
		if (optind < argc)
			log_error("Kill job error on job id %s: %s", argv[optind], err_text(&err));
		else
			fprintf(stderr, "slurm_load_jobs error: %s\n", err_text(&err));
		rc = exit_code_of(err.code);
	} else {
		rc = cancel(&c, &o, argv + optind, &arena);
	}
	connect_help(rc, &err);
	connect_close(&c);
	arena_free(&arena);
	return rc;
}
