/* scancel(1): options and environment. */
#include "applets/client/scancel.h"

#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/filters.h"
#include "applets/client/signals.h"
#include "applets/client/slurm_errno.h"
#include "applets/common/users.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_HELP = 256, OPT_USAGE, OPT_ME, OPT_CTLD, OPT_SIBLING, OPT_WCKEY };

static const struct command_option options[] = {
        {"account", 'A', required_argument, "ACCOUNTS", "jobs of these accounts"},
        {"batch", 'b', no_argument, NULL, "signal only the batch script"},
        {"full", 'f', no_argument, NULL, "signal the batch script and its steps"},
        {"interactive", 'i', no_argument, NULL, "ask before each job"},
        {"me", OPT_ME, no_argument, NULL, "the caller's jobs"},
        {"name", 'n', required_argument, "NAME", "jobs of this name"},
        {"partition", 'p', required_argument, "PARTITIONS", "jobs of this partition"},
        {"qos", 'q', required_argument, "NAMES", "jobs of these QOS"},
        {"quiet", 'Q', no_argument, NULL, "say nothing of jobs that have ended"},
        {"reservation", 'R', required_argument, "NAME", "jobs of this reservation"},
        {"signal", 's', required_argument, "SIGNAL", "send this signal in place of ending the job"},
        {"state", 't', required_argument, "STATES", "jobs in this state: pending, running, suspended"},
        {"user", 'u', required_argument, "USERS", "jobs of this user"},
        {"verbose", 'v', no_argument, NULL, "say more"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"nodelist", 'w', required_argument, "NODES", "jobs on these nodes"},
        {"wckey", OPT_WCKEY, required_argument, "NAMES", "jobs of these wckeys"},
        {"clusters", 'M', required_argument, "NAMES", "other clusters, of which only slurmdbd would know"},
        {"ctld", OPT_CTLD, no_argument, NULL, "signals go through the controller, as they do anyway"},
        {"help", OPT_HELP, no_argument, NULL, "this text"},
        {"hurry", 'H', no_argument, NULL, "nothing is brought back first: there is nothing"},
        {"jobname", 'n', required_argument, NULL, NULL},
        {"sibling", OPT_SIBLING, required_argument, "NAME", "a federated job's part: no job here has one"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
};

static const struct command_word variables[] = {
        {"SCANCEL_ACCOUNT", NULL, "as --account"},
        {"SCANCEL_BATCH", NULL, "as --batch: true or false"},
        {"SCANCEL_CTLD", NULL, "as --ctld, whatever it holds"},
        {"SCANCEL_FULL", NULL, "as --full: true or false"},
        {"SCANCEL_HURRY", NULL, "as --hurry, whatever it holds"},
        {"SCANCEL_INTERACTIVE", NULL, "as --interactive: true or false"},
        {"SCANCEL_NAME", NULL, "as --name"},
        {"SCANCEL_PARTITION", NULL, "as --partition"},
        {"SCANCEL_QOS", NULL, "as --qos"},
        {"SCANCEL_STATE", NULL, "as --state"},
        {"SCANCEL_USER", NULL, "as --user"},
        {"SCANCEL_VERBOSE", NULL, "as --verbose: true or false"},
        {"SCANCEL_WCKEY", NULL, "as --wckey"},
        {"SLURM_CLUSTERS", NULL, "as --clusters"},
        COMMAND_COMMON_VARIABLES,
};

const struct command scancel_command = {
        .name = "scancel",
        .synopsis = "[OPTIONS] [JOB_ID[.STEP_ID]...]",
        COMMAND_OPTIONS(options),
        .variables = variables,
};

/* ---- values ---- */

/* One name, whatever is in it. */
static void set_name(struct schema_strs *names, const char *name, struct arena *arena)
{
	names->v = arena_array(arena, 1, sizeof(char *));
	names->v[0] = arena_strdup(arena, name);
	names->n = 1;
}

static int set_user(struct scancel *s, const char *name)
{
	struct user user;
	uid_t uid;
	if (user_parse(name, &uid) != 0 || user_by_uid(uid, &user) != 0) {
		log_error("Invalid user name: %s", name);
		return 1;
	}
	s->query.uids.n = 0;
	filter_add_u32(&s->query.uids, uid, &s->arena);
	s->user = name;
	return 0;
}

/* One state. complaint: what stands before it when it is none. */
static int set_state(struct scancel *s, const char *word, const char *complaint)
{
	bool all = false;
	s->query.states.n = 0;
	if (strchr(word, ',') || filter_states_of(word, &s->query.states, &all, &s->arena)) {
		fprintf(stderr, "%s: %s\nValid job states are PENDING, RUNNING, and SUSPENDED\n", complaint,
		        word);
		return 1;
	}
	int state = job_state_parse(word);
	s->state = state >= 0 && state < JOB_STATE_COUNT ? job_state_word((uint32_t)state) : word;
	return 0;
}

/* ---- environment ---- */

static bool read_truth(const char *variable, bool *out)
{
	const char *value = getenv(variable);
	if (!value)
		return false;
	if (text_eq_nocase(value, "t") || text_eq_nocase(value, "true"))
		*out = true;
	else if (text_eq_nocase(value, "f") || text_eq_nocase(value, "false"))
		*out = false;
	else
		log_error("Unrecognized %s value: %s", variable, value);
	return *out;
}

static int read_environment(struct scancel *s)
{
	const struct {
		const char *variable;
		struct schema_strs *names;
	} rows[] = {{"SCANCEL_ACCOUNT", &s->query.accounts},
	            {"SCANCEL_NAME", &s->query.names},
	            {"SCANCEL_PARTITION", &s->query.partitions},
	            {"SCANCEL_QOS", &s->query.qoses},
	            {"SCANCEL_WCKEY", &s->query.wckeys}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (getenv(rows[i].variable)) {
			set_name(rows[i].names, getenv(rows[i].variable), &s->arena);
			s->filtered = true;
		}
	read_truth("SCANCEL_BATCH", &s->batch);
	read_truth("SCANCEL_FULL", &s->full);
	read_truth("SCANCEL_INTERACTIVE", &s->interactive);
	const char *state = getenv("SCANCEL_STATE"), *user = getenv("SCANCEL_USER"),
	           *clusters = getenv("SLURM_CLUSTERS");
	if (state && set_state(s, state, "Unrecognized SCANCEL_STATE value") != 0)
		return 1;
	if (user && set_user(s, user) != 0)
		return 1;
	s->filtered = s->filtered || state || user;
	read_truth("SCANCEL_VERBOSE", &s->verbose);
	return clusters ? complain_clusters(clusters, "SLURM_CLUSTERS") : 0;
}

/* ---- options ---- */

static int set_flag(struct scancel *s, int c)
{
	switch (c) {
	case 'b':
		s->batch = true;
		return 0;
	case 'f':
		s->full = true;
		return 0;
	case 'i':
		s->interactive = true;
		return 0;
	case 'Q':
		s->quiet = true;
		return 0;
	case 'v':
		s->verbose = true;
		return 0;
	default: /* it is the controller that signals, always; and nothing would have to be brought back first
	          */
		return 0;
	}
}

/* 0: it goes on; else the exit code. */
static int set_filter(struct scancel *s, int c)
{
	const struct {
		int option;
		struct schema_strs *names;
	} rows[] = {{'A', &s->query.accounts}, {'n', &s->query.names},        {'p', &s->query.partitions},
	            {'q', &s->query.qoses},    {'R', &s->query.reservations}, {OPT_WCKEY, &s->query.wckeys}};
	s->filtered = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].option == c)
			set_name(rows[i].names, optarg, &s->arena);
	if (c == 'w')
		s->query.nodes = optarg;
	if (c == 't')
		return set_state(s, optarg, "Invalid job state specified");
	if (c == 'u')
		return set_user(s, optarg);
	if (c == OPT_ME) {
		s->query.uids.n = 0;
		s->user = arena_printf(&s->arena, "%u", (unsigned)geteuid());
		return filter_me(&s->query.uids, &s->arena);
	}
	return 0;
}

static int set_option(struct scancel *s, int c, char **argv)
{
	switch (c) {
	case 'b':
	case 'f':
	case 'i':
	case 'Q':
	case 'v':
	case 'H':
	case OPT_CTLD:
		return set_flag(s, c);
	case 's':
		s->signal = signal_parse(optarg);
		if (s->signal >= 0)
			return 0;
		fprintf(stderr, "Unknown job signal: %s\n", optarg);
		return 1;
	case 'M':
		return complain_clusters(optarg, "--cluster");
	case OPT_SIBLING:
		s->sibling = optarg;
		return 0;
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		exit(0);
	case OPT_HELP:
	case OPT_USAGE:
		command_print_usage(&scancel_command, stdout);
		exit(0);
	case '?':
	case ':':
		complain_option("scancel", c, argv);
		return 1;
	default:
		return set_filter(s, c);
	}
}

/* ---- the whole ---- */

/* A list of hosts that is none matches no job. */
static void check_nodes(struct scancel *s)
{
	struct hostlist *nodes = s->query.nodes ? hostlist_parse(s->query.nodes, NULL) : NULL;
	static char nobodys[] = "no-such-node";
	if (s->query.nodes && !nodes)
		s->query.nodes = nobodys;
	hostlist_free(nodes);
}

static int run(struct scancel *s, char **words)
{
	struct err err = {0};
	int rc = 1;
	if (connect_configure(&s->connection, &err) != 0) {
		log_error("%s", err_text(&err));
	} else if (connect_open(&s->connection, &err) != 0) {
		if (*words)
			log_error("Kill job error on job id %s: %s", *words, err_text(&err));
		else
			fprintf(stderr, "slurm_load_jobs error: %s\n", err_text(&err));
		int number = slurm_errno_of(err.code);
		rc = number ? number & 0xff : 1;
	} else {
		rc = scancel_jobs(s, words);
	}
	connect_help(rc, &err);
	connect_close(&s->connection);
	return rc;
}

int scancel_main(int argc, char **argv)
{
	struct scancel s = {0};
	struct command_getopt options_known;
	log_init("scancel", LOG_LEVEL_INFO);
	arena_init(&s.arena);
	schema_init(schema_of_job_query(), &s.query);
	int rc = read_environment(&s);
	command_getopt_init(&options_known, &scancel_command);
	for (int c; rc == 0 && (c = command_getopt_next(&options_known, argc, argv)) != -1;)
		rc = set_option(&s, c, argv);
	s.verbose = s.verbose && !s.quiet;
	if (rc == 0 && optind == argc && (!s.filtered || s.sibling)) {
		log_error("No job identification provided");
		rc = 1;
	}
	check_nodes(&s);
	if (rc == 0)
		rc = scancel_check(&s, argv + optind) == 0 ? run(&s, argv + optind) : 1;
	arena_free(&s.arena);
	return rc;
}
