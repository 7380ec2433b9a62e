/* strigger(1). There are no triggers here: what is asked about them is answered as on a cluster that has none
 * set, and the one who might set them, SlurmUser, is told so by name. */
#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/common/users.h"
#include "core/util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OFFSET_MAX 32000
#define EVENT      "an event that a program would be run at"

enum {
	OPT_HELP = 256,
	OPT_USAGE,
	OPT_SET,
	OPT_GET,
	OPT_CLEAR,
	OPT_BURST_BUFFER,
	OPT_FRONT_END,
	OPT_FLAGS,
	OPT_USER
};
static const struct command_option options[] = {
        {"set", OPT_SET, no_argument, NULL, "make a trigger (SlurmUser): refused"},
        {"get", OPT_GET, no_argument, NULL, "list triggers: there are none"},
        {"clear", OPT_CLEAR, no_argument, NULL, "take triggers away: there are none"},
        {"burst_buffer", OPT_BURST_BUFFER, no_argument, NULL, EVENT},
        {"front_end", OPT_FRONT_END, no_argument, NULL, EVENT},
        {"primary_slurmctld_failure", 'a', no_argument, NULL, EVENT},
        {"primary_slurmctld_resumed_operation", 'A', no_argument, NULL, EVENT},
        {"primary_slurmctld_resumed_control", 'b', no_argument, NULL, EVENT},
        {"backup_slurmctld_failure", 'B', no_argument, NULL, EVENT},
        {"backup_slurmctld_resumed_operation", 'c', no_argument, NULL, EVENT},
        {"backup_slurmctld_assumed_control", 'C', no_argument, NULL, EVENT},
        {"down", 'd', no_argument, NULL, EVENT},
        {"drained", 'D', no_argument, NULL, EVENT},
        {"primary_slurmctld_acct_buffer_full", 'e', no_argument, NULL, EVENT},
        {"fail", 'F', no_argument, NULL, EVENT},
        {"fini", 'f', no_argument, NULL, EVENT},
        {"primary_slurmdbd_failure", 'g', no_argument, NULL, EVENT},
        {"primary_slurmdbd_resumed_operation", 'G', no_argument, NULL, EVENT},
        {"primary_database_failure", 'h', no_argument, NULL, EVENT},
        {"primary_database_resumed_operation", 'H', no_argument, NULL, EVENT},
        {"idle", 'I', no_argument, NULL, EVENT},
        {"reconfig", 'r', no_argument, NULL, EVENT},
        {"time", 't', no_argument, NULL, EVENT},
        {"up", 'u', no_argument, NULL, EVENT},
        {"flags", OPT_FLAGS, required_argument, "FLAGS", "PERM: the trigger stays when it was met"},
        {"id", 'i', required_argument, "NUMBER", "the trigger of this number"},
        {"jobid", 'j', required_argument, "JOB", "of this job"},
        {"node", 'n', optional_argument, "NODES", "of these nodes, or of all"},
        {"offset", 'o', required_argument, "SECONDS", "so long after the event, or before it"},
        {"program", 'p', required_argument, "PROGRAM", "what is to be run"},
        {"user", OPT_USER, required_argument, "USER", "triggers of this user"},
        {"noheader", 'N', no_argument, NULL, "no header"},
        {"quiet", 'Q', no_argument, NULL, "say nothing of what isn't there"},
        {"verbose", 'v', no_argument, NULL, "say more"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"clusters", 'M', required_argument, "NAMES", "other clusters, of which only slurmdbd would know"},
        {"cluster", 'M', required_argument, NULL, NULL},
        {"help", OPT_HELP, no_argument, NULL, "this text"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
};

static const struct command_word variables[] = {
        {"SLURM_CLUSTERS", NULL, "as --clusters"},
        COMMAND_COMMON_VARIABLES,
};

const struct command strigger_command = {
        .name = "strigger",
        .synopsis = "--set|--get|--clear [OPTIONS]",
        .note = "Programs that are run when something happens. There are none here, and none can be set.",
        COMMAND_OPTIONS(options),
        .variables = variables,
};

struct strigger {
	unsigned set, get, clear;
	bool event, of_job, has_user, quiet, verbose;
	uint32_t id, job;
	const char *program;
};

static bool is_event(int c)
{
	return c == OPT_BURST_BUFFER || (c < 256 && strchr("aAbBcCdDeFfgGhHIrtu", c));
}

static int set_value(struct strigger *s, int c)
{
	uid_t uid;
	int64_t offset;
	switch (c) {
	case 'i':
		s->id = text_to_u32(optarg, &s->id) ? s->id : 0;
		return 0;
	case 'j':
		if (text_to_u32(optarg, &s->job) && s->job)
			return 0;
		log_error("Invalid jobid %s", optarg);
		return 1;
	case 'o':
		offset = text_to_i64(optarg, &offset) ? offset : 0;
		if (offset <= OFFSET_MAX && offset >= -OFFSET_MAX)
			return 0;
		log_error("The --offset parameter must be between +/-%d", OFFSET_MAX);
		return 1;
	case OPT_FLAGS:
		for (char *rest = optarg, *word; (word = text_split(&rest, ','));)
			if (!text_eq_nocase(word, "perm")) {
				log_error("Invalid flags %s", word);
				return 1;
			}
		return 0;
	case OPT_USER:
		s->has_user = true;
		if (user_parse(optarg, &uid) == 0)
			return 0;
		log_error("Invalid user %s", optarg);
		return 1;
	default:
		return 0;
	}
}

/* 0: it goes on; -1: it is over, and well; else the exit code. */
static int set_option(struct strigger *s, int c, char **argv)
{
	s->event = s->event || is_event(c);
	s->of_job = s->of_job || c == 'f' || c == 't';
	s->set += c == OPT_SET;
	s->get += c == OPT_GET;
	s->clear += c == OPT_CLEAR;
	switch (c) {
	case 'p':
		s->program = optarg;
		return 0;
	case 'Q':
		s->quiet = true;
		return 0;
	case 'v':
		s->verbose = true;
		return 0;
	case 'M':
		return complain_clusters(optarg, "--cluster");
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		return -1;
	case OPT_HELP:
	case OPT_USAGE:
		command_print_usage(&strigger_command, stdout);
		return -1;
	case '?':
	case ':':
		complain_option("strigger", c, argv);
		return 1;
	default:
		return set_value(s, c);
	}
}

static int check_program(const char *program)
{
	char path[4096];
	struct stat st;
	if (!program) {
		log_error("You must specify a --program value");
		return 1;
	}
	if (program[0] != '/') {
		log_error("The --program value must start with \"/\"");
		return 1;
	}
	text_copy(path, sizeof(path), program);
	path[strcspn(path, " ")] = '\0';
	if (stat(path, &st) != 0)
		log_error("Invalid --program value, file not found");
	else if (!S_ISREG(st.st_mode))
		log_error("Invalid --program value, not regular file");
	else
		return 0;
	return 1;
}

static int check_set(const struct strigger *s)
{
	if (!s->event) {
		log_error("You must specify a trigger (--down, --up, --reconfig, --time, --fini, "
		          "--burst_buffer,\n"
		          "--primary_slurmctld_failure,\n--primary_slurmctld_resumed_operation,\n"
		          "--primary_slurmctld_resumed_control,\n--primary_slurmctld_acct_buffer_full,\n"
		          "--backup_slurmctld_failure,\n--backup_slurmctld_resumed_operation,\n"
		          "--backup_slurmctld_as_ctrl,\n--primary_slurmdbd_failure,\n"
		          "--primary_slurmdbd_resumed_operation,\n--primary_database_failure, or \n"
		          "--primary_database_resumed_operation)");
		fputc('\n', stderr);
		return 1;
	}
	if (check_program(s->program) != 0)
		return 1;
	if (s->of_job && !s->job) {
		log_error("You must specify a --jobid value");
		return 1;
	}
	return 0;
}

static int set(const struct strigger *s)
{
	struct connect c = {0};
	struct err err = {0};
	uid_t slurm = (uid_t)-1;
	gid_t group;
	if (check_set(s) != 0)
		return 1;
	if (connect_configure(&c, &err) == 0)
		cluster_file_slurm_user(&c.file, &slurm, &group, &err);
	connect_close(&c);
	if (err.code) {
		log_error("%s", err_text(&err));
		return 1;
	}
	/* Nobody else may, not even root. */
	if (geteuid() != slurm)
		fprintf(stderr, "slurm_set_trigger: %s\n", err_code_text(ERR_ACCESS_DENIED));
	else
		log_error("--set is not supported by batchbox: there are no triggers. HealthCheckProgram, "
		          "Prolog, Epilog "
		          "and `squeue`, `sinfo` in a loop can do much of it");
	return 1;
}

static int clear(const struct strigger *s)
{
	if (!s->id && !s->job && !s->has_user) {
		log_error("You must specify a --id, --jobid, or --user to clear");
		return 1;
	}
	if (s->quiet)
		return 0;
	fputs("slurm_clear_trigger: No such process\n", stderr);
	return 1;
}

int strigger_main(int argc, char **argv)
{
	struct strigger s = {0};
	struct command_getopt known;
	const char *clusters = getenv("SLURM_CLUSTERS");
	int rc = 0;
	log_init("strigger", LOG_LEVEL_INFO);
	if (clusters)
		return complain_clusters(clusters, "SLURM_CLUSTERS");
	command_getopt_init(&known, &strigger_command);
	for (int c; rc == 0 && (c = command_getopt_next(&known, argc, argv)) != -1;)
		rc = set_option(&s, c, argv);
	if (rc != 0)
		return rc > 0 ? rc : 0;
	if ((s.set != 0) + (s.get != 0) + (s.clear != 0) != 1) {
		log_error("You must use exactly one of the following options: --set, --get or --clear");
		return 1;
	}
	if (s.set)
		return set(&s);
	if (s.clear)
		return clear(&s);
	if (s.verbose)
		log_info("Read 0 trigger records");
	return 0;
}
