/* scontrol(1): options and verbs. */
#include "applets/client/scontrol.h"

#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "core/util/log.h"
#include "core/util/log_flags.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int scontrol_connect(struct scontrol *sc, const char *call)
{
	struct err err = {0};
	if (sc->connection.client || connect_open(&sc->connection, &err) == 0)
		return 0;
	fprintf(stderr, "%s: %s\n", call, err_text(&err));
	connect_help(1, &err);
	return 1;
}

/* ---- small verbs ---- */

static int verb_ping(struct scontrol *sc, int argc, char **argv)
{
	struct msg_ping m = {.token = 1};
	struct err err = {0};
	void *record = NULL;
	(void)argc, (void)argv;
	/* No retry: the answer is wanted now. */
	bool up =
	        connect_open_within(&sc->connection, 0, &err) == 0 &&
	        connect_ask(&sc->connection, MSG_msg_ping, &m, MSG_msg_pong, &sc->arena, &record, &err) == 0;
	printf("Slurmctld(primary) at %s is %s\n", sc->connection.file.controller.name, up ? "UP" : "DOWN");
	if (!up && err.code != ERR_CONNECT)
		log_error("%s", err_text(&err));
	return up ? 0 : 1;
}

static int verb_version(struct scontrol *sc, int argc, char **argv)
{
	(void)sc, (void)argc, (void)argv;
	puts("slurm " SLURM_VERSION_TEXT);
	return 0;
}

static int simple_request(struct scontrol *sc, uint32_t type, const void *request, const char *call)
{
	struct err err = {0};
	void *record = NULL;
	if (scontrol_connect(sc, call) != 0)
		return 1;
	if (connect_ask(&sc->connection, type, request, MSG_msg_ok, &sc->arena, &record, &err) == 0)
		return 0;
	/* Slurm's word for a caller who may not. */
	fprintf(stderr, "%s: %s\n", call,
	        err.code == ERR_ACCESS_DENIED ? err_code_text(ERR_USER_UNKNOWN) : err_text(&err));
	return 1;
}

static int verb_shutdown(struct scontrol *sc, int argc, char **argv)
{
	struct shutdown_request m = {.workers_too = argc == 0 || !text_eq_nocase(argv[0], "slurmctld")};
	return simple_request(sc, MSG_shutdown_request, &m, "slurm_shutdown error");
}

static int verb_reconfigure(struct scontrol *sc, int argc, char **argv)
{
	struct reconfigure_request m = {0};
	(void)argc, (void)argv;
	return simple_request(sc, MSG_reconfigure_request, &m, "slurm_reconfigure error");
}

/* ---- setdebug, setdebugflags ---- */

static int one_argument(const char *verb, int argc)
{
	if (argc == 1)
		return 0;
	fprintf(stderr, "too %s arguments for keyword:%s\n", argc == 0 ? "few" : "many", verb);
	return 1;
}

static int ask_log_level(struct scontrol *sc, const struct log_level_request *m, const char *call)
{
	struct err err = {0};
	void *record = NULL;
	if (scontrol_connect(sc, call) != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_log_level_request, m, MSG_msg_ok, &sc->arena, &record, &err) ==
	    0)
		return 0;
	fprintf(stderr, "%s: %s\n", call,
	        err.code == ERR_ACCESS_DENIED ? "Permission denied" : err_text(&err));
	return 1;
}

static int verb_setdebug(struct scontrol *sc, int argc, char **argv)
{
	struct log_level_request m;
	enum log_level level;
	schema_init(schema_of_log_level_request(), &m);
	if (one_argument("setdebug", argc) != 0)
		return 1;
	if (!log_level_parse(argv[0], &level)) {
		fprintf(stderr, "invalid debug level: %s\n", argv[0]);
		return 1;
	}
	m.level = (uint32_t)level;
	return ask_log_level(sc, &m, "slurm_set_debug_level error");
}

static int verb_setdebugflags(struct scontrol *sc, int argc, char **argv)
{
	struct log_level_request m;
	uint64_t flags;
	const char *bad;
	size_t n;
	schema_init(schema_of_log_level_request(), &m);
	if (one_argument("setdebugflags", argc) != 0)
		return 1;
	if (argv[0][0] != '+' && argv[0][0] != '-') {
		fprintf(stderr, "invalid debug flag: %s\nUsage: setdebugflags [+|-]NAME\n", argv[0]);
		return 1;
	}
	if (!log_flags_parse(argv[0] + 1, &flags, &bad, &n)) {
		log_error("Invalid DebugFlag: %.*s", (int)n, bad);
		fprintf(stderr, "invalid debug flag: %s\n", argv[0]);
		return 1;
	}
	*(argv[0][0] == '+' ? &m.flags_on : &m.flags_off) = argv[0] + 1;
	return ask_log_level(sc, &m, "slurm_set_debug_flags error");
}

static int verb_hold(struct scontrol *sc, int argc, char **argv)
{
	return scontrol_jobs(sc, JOB_VERB_HOLD, argc, argv);
}
static int verb_uhold(struct scontrol *sc, int argc, char **argv)
{
	return scontrol_jobs(sc, JOB_VERB_UHOLD, argc, argv);
}
static int verb_release(struct scontrol *sc, int argc, char **argv)
{
	return scontrol_jobs(sc, JOB_VERB_RELEASE, argc, argv);
}
static int verb_requeue(struct scontrol *sc, int argc, char **argv)
{
	return scontrol_jobs(sc, JOB_VERB_REQUEUE, argc, argv);
}
static int verb_requeuehold(struct scontrol *sc, int argc, char **argv)
{
	return scontrol_jobs(sc, JOB_VERB_REQUEUE_HOLD, argc, argv);
}
static int verb_suspend(struct scontrol *sc, int argc, char **argv)
{
	return scontrol_jobs(sc, JOB_VERB_SUSPEND, argc, argv);
}
static int verb_resume(struct scontrol *sc, int argc, char **argv)
{
	return scontrol_jobs(sc, JOB_VERB_RESUME, argc, argv);
}

/* NULL: a verb that Slurm has and this release refuses by name. */
static const struct verb {
	const char *name, *arguments, *help; /* as in struct command_word */
	int (*run)(struct scontrol *sc, int argc, char **argv);
} verbs[] = {
        {"hold", "JOB...", "keep jobs that wait from starting", verb_hold},
        {"uhold", "JOB...", "the same, so that their users may release them", verb_uhold},
        {"holdu", NULL, NULL, verb_uhold},
        {"ping", NULL, "say whether the controller answers", verb_ping},
        {"reconfigure", NULL,
         "have slurm.conf read again, by the controller and all workers (root and SlurmUser)",
         verb_reconfigure},
        {"release", "JOB...", "let held jobs start", verb_release},
        {"requeue", "JOB...", "end jobs and put them back into the queue", verb_requeue},
        {"requeuehold", "JOB...", "the same, and hold them", verb_requeuehold},
        {"resume", "JOB...", "let suspended jobs go on", verb_resume},
        {"setdebug", "LEVEL", "the level of the controller's log, by number or word (root and SlurmUser)",
         verb_setdebug},
        {"setdebugflags", "+FLAG|-FLAG", "what the controller's log has more of (root and SlurmUser)",
         verb_setdebugflags},
        {"show", "NOUN [NAME]", "print records: see the nouns", scontrol_show},
        {"shutdown", "[slurmctld]",
         "end the controller and all workers, or the controller alone (root and SlurmUser)", verb_shutdown},
        {"create", "NodeName=NAME|PartitionName=NAME [KEY=VALUE...]",
         "make nodes or a partition (root and SlurmUser)", scontrol_create},
        {"delete", "NodeName=NAMES|PartitionName=NAME", "take nodes or a partition away (root and SlurmUser)",
         scontrol_delete},
        {"suspend", "JOB...", "stop the processes of jobs (root and SlurmUser)", verb_suspend},
        {"top", "JOB...", "put one's jobs before one's others", scontrol_top},
        {"update", "JobId=JOB|NodeName=NAMES|PartitionName=NAME KEY=VALUE...",
         "change jobs, nodes or a partition", scontrol_update},
        {"version", NULL, "print the version", verb_version},
        {"write", "batch_script JOB [FILE|-] | state FILE",
         "write a job's script, or a copy of the state (root and SlurmUser)", scontrol_write},
        {"abort", REFUSED, NULL},
        {"cancel_reboot", REFUSED, NULL},
        {"cluster", REFUSED, NULL},
        {"completing", REFUSED, NULL},
        {"errnumstr", REFUSED, NULL},
        {"fsdampeningfactor", REFUSED, NULL},
        {"listpids", REFUSED, NULL},
        {"notify", REFUSED, NULL},
        {"pidinfo", REFUSED, NULL},
        {"reboot", REFUSED, NULL},
        {"schedloglevel", REFUSED, NULL},
        {"token", REFUSED, NULL},
        {"takeover", REFUSED, NULL},
        {"wait_job", REFUSED, NULL},
};

static bool verb_word(size_t i, struct command_word *out)
{
	if (i >= sizeof(verbs) / sizeof(verbs[0]))
		return false;
	*out = (struct command_word){verbs[i].name, verbs[i].arguments, verbs[i].help};
	return true;
}

static int run_verb(struct scontrol *sc, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!text_eq_nocase(argv[0], verbs[i].name))
			continue;
		if (verbs[i].run)
			return verbs[i].run(sc, argc - 1, argv + 1);
		log_error("%s is not supported by batchbox", verbs[i].name);
		return 1;
	}
	fprintf(stderr, "invalid keyword: %s\n", argv[0]);
	return 1;
}

/* ---- without a verb: a line at a time ---- */

static int interactive(struct scontrol *sc)
{
	char line[4096];
	int rc = 0;
	for (;;) {
		if (isatty(0)) {
			fputs("scontrol: ", stdout);
			fflush(stdout);
		}
		if (!fgets(line, sizeof(line), stdin))
			return rc;
		char *argv[64], *rest = text_trim(line);
		int argc = 0;
		for (char *word = text_split(&rest, ' '); word && argc < 63; word = text_split(&rest, ' '))
			if (*word)
				argv[argc++] = word;
		argv[argc] = NULL;
		if (argc == 0)
			continue;
		if (text_eq_nocase(argv[0], "exit") || text_eq_nocase(argv[0], "quit"))
			return rc;
		rc = run_verb(sc, argc, argv);
	}
}

/* ---- options ---- */

enum { OPT_USAGE = 256, OPT_LOCAL, OPT_HIDE };
static const struct command_option options[] = {
        {"all", 'a', no_argument, NULL, "hidden partitions too"},
        {"details", 'd', no_argument, NULL, "more of a job; repeat for its script"},
        {"future", 'F', no_argument, NULL, "FUTURE nodes too"},
        {"hide", OPT_HIDE, no_argument, NULL, "no hidden partitions (the default)"},
        {"oneliner", 'o', no_argument, NULL, "one line for each record"},
        {"quiet", 'Q', no_argument, NULL, "only errors"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"help", 'h', no_argument, NULL, "this text"},
        {"local", OPT_LOCAL, no_argument, NULL, "of this cluster: there is one"},
        {"usage", OPT_USAGE, no_argument, NULL, "this text"},
        {"verbose", 'v', no_argument, NULL, "say more of what goes on"},
};

static const struct command_word variables[] = {
        {"SCONTROL_ALL", NULL, "as --all, whatever it holds"},
        {"SCONTROL_FUTURE", NULL, "as --future, whatever it holds"},
        {"SLURM_JOB_NODELIST", NULL, "the hosts that show hostnames names when it is given none"},
        COMMAND_TIME_VARIABLES,
        COMMAND_COMMON_VARIABLES,
};

const struct command scontrol_command = {
        .name = "scontrol",
        .synopsis = "[OPTIONS] [VERB [ARGUMENTS]]",
        COMMAND_OPTIONS(options),
        .stop = true,
        .verb = verb_word,
        .noun = scontrol_show_noun,
        .variables = variables,
};

int scontrol_main(int argc, char **argv)
{
	struct scontrol sc = {0};
	struct command_getopt options_known;
	struct err err = {0};
	log_init("scontrol", LOG_LEVEL_INFO);
	sc.all = getenv("SCONTROL_ALL") != NULL;
	sc.future = getenv("SCONTROL_FUTURE") != NULL;
	map_init_text(&sc.hidden);
	command_getopt_init(&options_known, &scontrol_command);
	for (int c; (c = command_getopt_next(&options_known, argc, argv)) != -1;) {
		switch (c) {
		case 'a':
			sc.all = true;
			break;
		case OPT_HIDE:
			sc.all = false;
			break;
		case 'F':
			sc.future = true;
			break;
		case 'd':
			sc.show.detail++;
			break;
		case 'o':
			sc.show.one_line = true;
			break;
		case 'Q':
			sc.quiet = true;
			break;
		case 'v':
		case OPT_LOCAL:
			break;
		case 'V':
			return verb_version(&sc, 0, NULL);
		case 'h':
		case OPT_USAGE:
			command_print_usage(&scontrol_command, stdout);
			return 0;
		default:
			complain_option("scontrol", c, argv);
			return 1;
		}
	}
	if (connect_configure(&sc.connection, &err) != 0) {
		log_error("%s", err_text(&err));
		return 1;
	}
	arena_init(&sc.arena);
	int rc = optind < argc ? run_verb(&sc, argc - optind, argv + optind) : interactive(&sc);
	map_free(&sc.hidden);
	arena_free(&sc.arena);
	connect_close(&sc.connection);
	return rc;
}
