/* sprio(1): with PriorityType=priority/basic, which is what this cluster has, the real one refuses; but what
 * is wrong with the command line it says first. */
#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "core/util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_HELP = 256, OPT_USAGE, OPT_FEDERATION };
static const struct command_option options[] = {
        {"noheader", 'h', no_argument, NULL, "no header"},
        {"jobs", 'j', required_argument, "JOBS", "these jobs"},
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
        {"sibling", OPT_FEDERATION, no_argument, NULL, "of each cluster of a federation: there is one"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
};

static const struct command_word variables[] = {
        {"SLURM_CLUSTERS", NULL, "as --clusters"},
        {"SPRIO_FORMAT", NULL, "as --format"},
        COMMAND_COMMON_VARIABLES,
};

const struct command sprio_command = {
        .name = "sprio",
        .synopsis = "[OPTIONS]",
        .note = "The factors of jobs' priorities. With PriorityType=priority/basic, the only one here, there "
                "are "
                "none: all is refused.",
        COMMAND_OPTIONS(options),
        .variables = variables,
};

struct sprio {
	const char *format, *jobs, *partitions, *users;
	unsigned verbose;
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
		s->jobs = optarg;
		return check_jobs(optarg);
	case 'o':
		s->format = optarg;
		return 0;
	case 'p':
		s->partitions = optarg;
		return 0;
	case 'u':
		s->users = optarg;
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
	default: /* they choose among rows, and how those look */
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

int sprio_main(int argc, char **argv)
{
	struct sprio s = {.format = getenv("SPRIO_FORMAT")};
	struct command_getopt known;
	struct schema_u32s users = {0};
	struct arena arena;
	const char *clusters = getenv("SLURM_CLUSTERS");
	int rc = 0;
	log_init("sprio", LOG_LEVEL_INFO);
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
	arena_init(&arena);
	if (s.users)
		filter_users(s.users, &users, &arena);
	arena_free(&arena);
	if (s.verbose)
		print_settings(&s);
	fputs("You are not running a supported priority plugin\n(priority/basic).\n"
	      "Only 'priority/multifactor' is supported.\n",
	      stderr);
	return 1;
}
