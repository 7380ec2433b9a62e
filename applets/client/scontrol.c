/* scontrol(1): options and verbs. */
#include "applets/client/scontrol.h"

#include "applets/applet.h"
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
	const char *name;
	int (*run)(struct scontrol *sc, int argc, char **argv);
} verbs[] = {
        {"hold", verb_hold},
        {"uhold", verb_uhold},
        {"holdu", verb_uhold},
        {"ping", verb_ping},
        {"reconfigure", verb_reconfigure},
        {"release", verb_release},
        {"requeue", verb_requeue},
        {"requeuehold", verb_requeuehold},
        {"resume", verb_resume},
        {"setdebug", verb_setdebug},
        {"setdebugflags", verb_setdebugflags},
        {"show", scontrol_show},
        {"shutdown", verb_shutdown},
        {"create", scontrol_create},
        {"delete", scontrol_delete},
        {"suspend", verb_suspend},
        {"top", scontrol_top},
        {"update", scontrol_update},
        {"version", verb_version},
        {"write", scontrol_write},
        {"abort", NULL},
        {"cancel_reboot", NULL},
        {"cluster", NULL},
        {"completing", NULL},
        {"errnumstr", NULL},
        {"fsdampeningfactor", NULL},
        {"listpids", NULL},
        {"notify", NULL},
        {"pidinfo", NULL},
        {"reboot", NULL},
        {"schedloglevel", NULL},
        {"token", NULL},
        {"takeover", NULL},
        {"wait_job", NULL},
};

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

enum { OPT_HELP = 256, OPT_USAGE, OPT_LOCAL, OPT_HIDE };
static const struct option long_options[] = {
        {"all", no_argument, NULL, 'a'},         {"details", no_argument, NULL, 'd'},
        {"future", no_argument, NULL, 'F'},      {"hide", no_argument, NULL, OPT_HIDE},
        {"help", no_argument, NULL, 'h'},        {"oneliner", no_argument, NULL, 'o'},
        {"quiet", no_argument, NULL, 'Q'},       {"local", no_argument, NULL, OPT_LOCAL},
        {"usage", no_argument, NULL, OPT_USAGE}, {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},     {NULL, 0, NULL, 0},
};

static const char usage[] =
        "Usage: scontrol [OPTIONS] [VERB [ARGUMENTS]]\n"
        "  -a, --all       hidden partitions too\n"
        "  -d, --details   more of a job; repeat for its script\n"
        "  -F, --future    FUTURE nodes too\n"
        "      --hide      no hidden partitions (the default)\n"
        "  -o, --oneliner  one line for each record\n"
        "  -Q, --quiet     only errors\n"
        "  -V, --version   the version\n"
        "Verbs: create delete hold ping reconfigure release requeue requeuehold setdebug setdebugflags show "
        "shutdown top uhold "
        "update\n"
        "       version write\n"
        "  show job|node|partition|step|config|hostnames|hostlist|hostlistsorted [NAME]\n"
        "  show assoc_mgr|daemons|licenses|topology\n";

int scontrol_main(int argc, char **argv)
{
	struct scontrol sc = {0};
	struct err err = {0};
	log_init("scontrol", LOG_LEVEL_INFO);
	opterr = 0;
	sc.all = getenv("SCONTROL_ALL") != NULL;
	sc.future = getenv("SCONTROL_FUTURE") != NULL;
	map_init_text(&sc.hidden);
	for (int c; (c = getopt_long(argc, argv, "+:adFhoQvV", long_options, NULL)) != -1;) {
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
			fputs(usage, stdout);
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
