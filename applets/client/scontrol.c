/* scontrol(1): options and verbs, one on the command line or a line at a time. */
#include "applets/client/scontrol.h"

#include "applets/applet.h"
#include "applets/client/complain.h"
#include "applets/common/users.h"
#include "core/util/log.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 127 /* of a line */

int scontrol_connect(struct scontrol *sc, const char *call)
{
	struct err err = {0};
	if (sc->connection.client || connect_open(&sc->connection, &err) == 0)
		return 0;
	fprintf(stderr, "%s: %s\n", call, err_text(&err));
	connect_help(1, &err);
	return 1;
}

int scontrol_complain(const struct scontrol *sc, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (!sc->quiet)
		vfprintf(stderr, fmt, ap);
	va_end(ap);
	return 1;
}

int scontrol_request(struct scontrol *sc, uint32_t type, const void *request, const char *call,
                     const char *denied)
{
	struct err err = {0};
	void *record = NULL;
	if (scontrol_connect(sc, call) != 0)
		return 1;
	if (connect_ask(&sc->connection, type, request, MSG_msg_ok, &sc->arena, &record, &err) == 0)
		return 0;
	scontrol_complain(sc, "%s: %s\n", call,
	                  err.code == ERR_ACCESS_DENIED && denied ? denied : err_text(&err));
	if (err.code == ERR_NOT_SUPPORTED)
		log_info("%s", err_text(&err));
	return 1;
}

/* ---- verbs of jobs ---- */

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

/* ---- how things are shown from now on ---- */

static int verb_all(struct scontrol *sc, int argc, char **argv)
{
	(void)argc, (void)argv;
	sc->all = true;
	return 0;
}
static int verb_hide(struct scontrol *sc, int argc, char **argv)
{
	(void)argc, (void)argv;
	sc->all = false;
	return 0;
}
static int verb_details(struct scontrol *sc, int argc, char **argv)
{
	(void)argc, (void)argv;
	sc->show.detail = 1;
	return 0;
}
static int verb_oneliner(struct scontrol *sc, int argc, char **argv)
{
	(void)argc, (void)argv;
	sc->show.one_line = true;
	return 0;
}
static int verb_quiet(struct scontrol *sc, int argc, char **argv)
{
	(void)argc, (void)argv;
	sc->quiet = true;
	sc->verbose = 0;
	return 0;
}
static int verb_verbose(struct scontrol *sc, int argc, char **argv)
{
	(void)argc, (void)argv;
	sc->quiet = false;
	sc->verbose = 1;
	return 0;
}

static const char usage[] =
        "Usage: scontrol [OPTIONS] [VERB [ARGUMENTS]]\n"
        "  -a, --all            hidden partitions too\n"
        "  -d, --details        more of a job; repeat for its script\n"
        "      --federation, --local, --sibling   accepted: this cluster is in no federation\n"
        "  -F, --future         FUTURE nodes too\n"
        "  -h, --help           this text\n"
        "      --hide           no hidden partitions (the default)\n"
        "  -M, --cluster=NAME   another cluster, of which only slurmdbd would know\n"
        "  -o, --oneliner       one line for each record\n"
        "  -Q, --quiet          only errors\n"
        "  -u, --uid=USER       as root: change only what is that user's\n"
        "  -v, --verbose        say more\n"
        "  -V, --version        the version\n"
        "Verbs, which may be cut short; without one, a line at a time is read from standard input:\n"
        "  show aliases|assoc_mgr|bbstat|burstbuffer|config|daemons|dwstat|federation|frontend|hostlist|\n"
        "       hostlistsorted|hostnames|jobs|licenses|nodes|partitions|reservations|slurmd|steps|topology "
        "[NAME]\n"
        "  update, create, delete KEY=VALUE...\n"
        "  hold, uhold, release, requeue, requeuehold, suspend, resume, top JOBS\n"
        "  notify JOB TEXT; wait_job JOB; completing; listpids [JOB[.STEP] [NODE]]; pidinfo PID\n"
        "  write batch_script JOB [FILE]; write config [FILE]; write state FILE\n"
        "  ping, reconfigure, shutdown [slurmctld], takeover, reboot, cancel_reboot NODES\n"
        "  setdebug LEVEL, setdebugflags +FLAG|-FLAG, schedloglevel LEVEL, fsdampeningfactor N\n"
        "  errnumstr NUMBER, token, cluster [NAME], version, help\n"
        "Between lines: all, hide, details, oneliner, quiet, verbose, exit, quit, !! (the last line again)\n";

static int verb_help(struct scontrol *sc, int argc, char **argv)
{
	(void)sc, (void)argc, (void)argv;
	return fputs(usage, stdout) < 0;
}

static int verb_exit(struct scontrol *sc, int argc, char **argv)
{
	(void)argc, (void)argv;
	sc->over = true;
	return 0;
}

/* ---- the table ---- */

#define ANY       1000
#define KEYWORD   "arguments for keyword:%s\n"
#define OF_WORD   "arguments for %s keyword\n"
#define FEW       "too few " KEYWORD
#define MANY      "too many " KEYWORD
#define FEW_OF    "too few " OF_WORD
#define MANY_OF   "too many " OF_WORD
#define MISSING   "missing argument for keyword:%s\n"
#define ONE       "one arguments required for keyword:%s\n"
#define SHORT_ALL 0 /* it can't be cut short */

/* shortest: so many letters of it will do. loud: what is wrong with the number of arguments is said with -Q,
 * too. In the order in which an abbreviation is looked for. */
static const struct verb {
	const char *name;
	size_t shortest;
	int min, max;
	const char *few, *many;
	bool loud;
	int (*run)(struct scontrol *sc, int argc, char **argv);
} verbs[] = {
        {"abort", SHORT_ALL, 0, ANY, NULL, NULL, false, scontrol_abort},
        {"all", 2, 0, ANY, NULL, NULL, false, verb_all},
        {"cancel_reboot", 3, 1, 1, MISSING, MANY, true, scontrol_cancel_reboot},
        {"cluster", 2, 0, ANY, NULL, NULL, false, scontrol_cluster},
        {"completing", 2, 0, 0, NULL, MANY, true, scontrol_completing},
        {"create", 2, 1, ANY, FEW_OF, NULL, true, scontrol_create},
        {"details", 1, 0, 0, NULL, MANY, true, verb_details},
        {"delete", 3, 1, ANY, FEW_OF, NULL, true, scontrol_delete},
        {"errnumstr", 2, 1, 1, ONE, ONE, true, scontrol_errnumstr},
        {"exit", 2, 0, 0, NULL, MANY, true, verb_exit},
        {"fsdampeningfactor", 3, 1, 1, FEW, MANY, false, scontrol_fsdampeningfactor},
        {"help", 2, 0, 0, NULL, MANY, true, verb_help},
        {"hide", 2, 0, ANY, NULL, NULL, false, verb_hide},
        {"hold", SHORT_ALL, 1, ANY, FEW, NULL, false, verb_hold},
        {"holdu", SHORT_ALL, 1, ANY, FEW, NULL, false, verb_uhold},
        {"listpids", 1, 0, 2, NULL, MANY, true, scontrol_listpids},
        {"notify", 1, 2, ANY, FEW, NULL, true, scontrol_notify},
        {"oneliner", 1, 0, 0, NULL, MANY, true, verb_oneliner},
        {"pidinfo", 3, 1, 1, MISSING, MANY, true, scontrol_pidinfo},
        {"ping", 3, 0, 0, NULL, MANY, true, scontrol_ping},
        {"quiet", 4, 0, 0, NULL, MANY, true, verb_quiet},
        {"quit", 4, 0, 0, NULL, MANY, true, verb_exit},
        {"reboot", 3, 0, ANY, NULL, NULL, true, scontrol_reboot},
        {"reconfigure", 3, 0, ANY, NULL, NULL, false, scontrol_reconfigure},
        {"release", 3, 1, ANY, FEW, NULL, false, verb_release},
        {"requeue", 3, 1, ANY, FEW, NULL, false, verb_requeue},
        {"requeuehold", SHORT_ALL, 1, ANY, FEW, NULL, false, verb_requeuehold},
        {"resume", 3, 1, ANY, FEW, NULL, false, verb_resume},
        {"schedloglevel", 3, 1, 1, FEW, MANY, false, scontrol_schedloglevel},
        {"setdebug", 2, 1, 1, FEW, MANY, false, scontrol_setdebug},
        {"setdebugflags", 9, 1, 1, FEW, MANY, false, scontrol_setdebugflags},
        {"show", 3, 1, ANY, FEW, NULL, false, scontrol_show},
        {"shutdown", 8, 0, 1, NULL, MANY, true, scontrol_shutdown},
        {"suspend", 2, 1, ANY, FEW, NULL, false, verb_suspend},
        {"takeover", SHORT_ALL, 0, ANY, NULL, NULL, true, scontrol_takeover},
        {"token", 3, 0, ANY, NULL, NULL, true, scontrol_token},
        {"top", SHORT_ALL, 1, 1, FEW, MANY, false, scontrol_top},
        {"update", 1, 1, ANY, FEW_OF, NULL, true, scontrol_update},
        {"uhold", SHORT_ALL, 1, ANY, FEW, NULL, false, verb_uhold},
        {"verbose", 4, 0, 0, NULL, MANY_OF, true, verb_verbose},
        {"version", 4, 0, 0, NULL, MANY_OF, true, scontrol_version},
        {"wait_job", 2, 1, 1, FEW, MANY, true, scontrol_wait_job},
        {"write", SHORT_ALL, 1, ANY, FEW, NULL, false, scontrol_write},
};

static const struct verb *verb_of(const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct verb *v = &verbs[i];
		size_t least = v->shortest == SHORT_ALL ? strlen(v->name) : v->shortest;
		if (n >= least && text_starts_nocase(v->name, word))
			return v;
	}
	return NULL;
}

/* The format is one of the table's. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static int wrong_count(const struct scontrol *sc, const struct verb *v, const char *format)
{
	if (v->loud || !sc->quiet)
		fprintf(stderr, format, sc->word);
	return 1;
}
#pragma GCC diagnostic pop

static int run_verb(struct scontrol *sc, int argc, char **argv)
{
	const struct verb *v = verb_of(argv[0]);
	sc->word = argv[0];
	if (!v) {
		fprintf(stderr, "invalid keyword: %s\n", argv[0]);
		return 1;
	}
	if (argc - 1 < v->min)
		return wrong_count(sc, v, v->few);
	if (argc - 1 <= v->max)
		return v->run(sc, argc - 1, argv + 1);
	/* These do what they can; the last ones nothing but that. */
	if (v->run == scontrol_version || v->run == verb_help)
		v->run(sc, 0, argv + argc);
	sc->over = sc->over || v->run == verb_exit;
	return wrong_count(sc, v, v->many);
}

/* ---- without a verb: a line at a time ---- */

/* Words end at blanks that stand in no quotes; quotes stay, as the real one has it. */
static int split_line(char *line, char **argv)
{
	int argc = 0;
	for (char *p = line; *p;) {
		char quote = '\0';
		p += strspn(p, " \t\r\n");
		if (!*p)
			break;
		if (argc == WORDS_MAX) {
			fprintf(stderr, "scontrol: can not process over %d words\n", WORDS_MAX);
			return 0;
		}
		argv[argc++] = p;
		for (; *p && (quote || !strchr(" \t\r\n", *p)); p++) {
			if (quote && *p == quote)
				quote = '\0';
			else if (!quote && (*p == '"' || *p == '\''))
				quote = *p;
		}
		if (*p)
			*p++ = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

/* A line without its newline: false at the end. What is no terminal's is shown behind the prompt, as a
 * terminal would have shown it. */
static bool read_line(char **line, size_t *cap, bool terminal)
{
	fputs("scontrol: ", stdout);
	fflush(stdout);
	ssize_t n = getline(line, cap, stdin);
	if (n > 0 && (*line)[n - 1] == '\n')
		(*line)[--n] = '\0';
	if (n < 0 || !terminal)
		printf("%s\n", n < 0 ? "" : *line);
	fflush(stdout);
	return n >= 0;
}

/* One failure is enough for the exit code 1. */
static int interactive(struct scontrol *sc)
{
	char *line = NULL, *last = NULL, *argv[WORDS_MAX + 1];
	size_t cap = 0;
	int rc = 0;
	bool terminal = isatty(STDIN_FILENO);
	while (!sc->over && read_line(&line, &cap, terminal)) {
		if (strcmp(text_trim(line), "!!") != 0)
			text_set(&last, line);
		char *words = last ? xstrdup(last) : NULL;
		int argc = words ? split_line(words, argv) : 0;
		rc |= argc ? run_verb(sc, argc, argv) : 1;
		fflush(stdout);
		free(words);
		/* The controller may have started anew by the next line. */
		if (sc->connection.client)
			client_close(sc->connection.client);
		sc->connection.client = NULL;
		arena_reset(&sc->arena);
	}
	free(line);
	free(last);
	return rc;
}

/* ---- options ---- */

enum { OPT_HELP = 256, OPT_USAGE, OPT_HIDE, OPT_FEDERATION };
static const struct option long_options[] = {
        {"all", no_argument, NULL, 'a'},
        {"cluster", required_argument, NULL, 'M'},
        {"clusters", required_argument, NULL, 'M'},
        {"details", no_argument, NULL, 'd'},
        {"federation", no_argument, NULL, OPT_FEDERATION},
        {"future", no_argument, NULL, 'F'},
        {"help", no_argument, NULL, 'h'},
        {"hide", no_argument, NULL, OPT_HIDE},
        {"local", no_argument, NULL, OPT_FEDERATION},
        {"oneliner", no_argument, NULL, 'o'},
        {"quiet", no_argument, NULL, 'Q'},
        {"sibling", no_argument, NULL, OPT_FEDERATION},
        {"uid", required_argument, NULL, 'u'},
        {"usage", no_argument, NULL, OPT_USAGE},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
};

/* -1: it goes on; else the exit code. */
static int take_option(struct scontrol *sc, int c, char **argv)
{
	struct user user;
	switch (c) {
	case 'a':
	case OPT_HIDE:
		sc->all = c == 'a';
		return -1;
	case 'F':
		sc->future = true;
		return -1;
	case 'd':
		sc->show.detail++;
		return -1;
	case 'M':
		return complain_clusters(optarg, "--cluster");
	case 'o':
		sc->show.one_line = true;
		return -1;
	case 'Q':
		sc->quiet = true;
		return -1;
	case 'v':
		sc->verbose++;
		return -1;
	case OPT_FEDERATION: /* it is in none */
		return -1;
	case 'u':
		if (user_parse(optarg, &sc->as_uid) == 0 && user_by_uid(sc->as_uid, &user) == 0)
			return -1;
		log_error("--uid=\"%s\" invalid", optarg);
		return 0; /* as there */
	case 'V':
		return scontrol_version(sc, 0, NULL);
	case 'h':
	case OPT_USAGE:
		return verb_help(sc, 0, NULL);
	default:
		complain_option("scontrol", c, argv);
		return 1;
	}
}

/* Options may stand anywhere, but behind setdebug and setdebugflags: "-STEPS" is an argument there. */
static int options_end(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (text_starts_nocase(argv[i], "setdebug"))
			return i + 1;
	return argc;
}

int scontrol_main(int argc, char **argv)
{
	struct scontrol sc = {.as_uid = CORE_NO_VAL};
	struct err err = {0};
	const char *clusters = getenv("SLURM_CLUSTERS");
	log_init("scontrol", LOG_LEVEL_INFO);
	opterr = 0;
	sc.all = getenv("SCONTROL_ALL") != NULL;
	sc.future = getenv("SCONTROL_FUTURE") != NULL;
	if (clusters)
		return complain_clusters(clusters, "SLURM_CLUSTERS");
	const int upto = options_end(argc, argv);
	for (int c; (c = getopt_long(upto, argv, ":adFhM:oQu:vV", long_options, NULL)) != -1;) {
		int over = take_option(&sc, c, argv);
		if (over >= 0)
			return over;
	}
	map_init_text(&sc.hidden);
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
