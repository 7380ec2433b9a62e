/* scontrol(1): options and verbs, one on the command line or a line at a time. */
#include "applets/client/scontrol.h"

#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/common/users.h"
#include "core/util/log.h"

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

static int verb_help(struct scontrol *sc, int argc, char **argv)
{
	(void)sc, (void)argc, (void)argv;
	command_print_usage(&scontrol_command, stdout);
	return 0;
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
	const char *name, *arguments, *help; /* as in struct command_word */
	size_t shortest;
	int min, max;
	const char *few, *many;
	bool loud;
	int (*run)(struct scontrol *sc, int argc, char **argv);
} verbs[] = {
        {"abort", REFUSED, SHORT_ALL, 0, ANY, NULL, NULL, false, scontrol_abort},
        {"all", NULL, "show hidden partitions, too, from now on", 2, 0, ANY, NULL, NULL, false, verb_all},
        {"cancel_reboot", "NODES", "take back what would reboot nodes (root and SlurmUser)", 3, 1, 1, MISSING,
         MANY, true, scontrol_cancel_reboot},
        {"cluster", "[NAME]", "speak to another cluster, of which only slurmdbd would know", 2, 0, ANY, NULL,
         NULL, false, scontrol_cluster},
        {"completing", NULL, "jobs that are ending, and their nodes that are not done", 2, 0, 0, NULL, MANY,
         true, scontrol_completing},
        {"create", "NodeName=NAME|PartitionName=NAME [KEY=VALUE...]",
         "make nodes or a partition (root and SlurmUser)", 2, 1, ANY, FEW_OF, NULL, true, scontrol_create},
        {"details", NULL, "show more of jobs from now on", 1, 0, 0, NULL, MANY, true, verb_details},
        {"delete", "NodeName=NAMES|PartitionName=NAME", "take nodes or a partition away (root and SlurmUser)",
         3, 1, ANY, FEW_OF, NULL, true, scontrol_delete},
        {"errnumstr", "NUMBER", "the words of an error of that number", 2, 1, 1, ONE, ONE, true,
         scontrol_errnumstr},
        {"exit", NULL, "end", 2, 0, 0, NULL, MANY, true, verb_exit},
        {"fsdampeningfactor", REFUSED, 3, 1, 1, FEW, MANY, false, scontrol_fsdampeningfactor},
        {"help", NULL, "print what -h prints", 2, 0, 0, NULL, MANY, true, verb_help},
        {"hide", NULL, "show no hidden partitions from now on", 2, 0, ANY, NULL, NULL, false, verb_hide},
        {"hold", "JOB...", "keep jobs that wait from starting", SHORT_ALL, 1, ANY, FEW, NULL, false,
         verb_hold},
        {"holdu", NULL, NULL, SHORT_ALL, 1, ANY, FEW, NULL, false, verb_uhold},
        {"listpids", "[JOB[.STEP] [NODE]]", "the processes of steps on this host", 1, 0, 2, NULL, MANY, true,
         scontrol_listpids},
        {"notify", "JOB TEXT...",
         "a line for the batch script's standard error, or for the job's srun or salloc", 1, 2, ANY, FEW,
         NULL, true, scontrol_notify},
        {"oneliner", NULL, "show one line for each record from now on", 1, 0, 0, NULL, MANY, true,
         verb_oneliner},
        {"pidinfo", "PID", "which job a process of this host belongs to, and when that ends", 3, 1, 1,
         MISSING, MANY, true, scontrol_pidinfo},
        {"ping", NULL, "say whether the controller answers", 3, 0, 0, NULL, MANY, true, scontrol_ping},
        {"quiet", NULL, "say only errors from now on", 4, 0, 0, NULL, MANY, true, verb_quiet},
        {"quit", NULL, "end", 4, 0, 0, NULL, MANY, true, verb_exit},
        {"reboot", REFUSED, 3, 0, ANY, NULL, NULL, true, scontrol_reboot},
        {"reboot_nodes", NULL, NULL, SHORT_ALL, 0, ANY, NULL, NULL, true, scontrol_reboot},
        {"reconfigure", NULL,
         "have slurm.conf read again, by the controller and all workers (root and SlurmUser)", 3, 0, ANY,
         NULL, NULL, false, scontrol_reconfigure},
        {"release", "JOB...", "let held jobs start", 3, 1, ANY, FEW, NULL, false, verb_release},
        {"requeue", "JOB...", "end jobs and put them back into the queue", 3, 1, ANY, FEW, NULL, false,
         verb_requeue},
        {"requeuehold", "JOB...", "the same, and hold them", SHORT_ALL, 1, ANY, FEW, NULL, false,
         verb_requeuehold},
        {"resume", "JOB...", "let suspended jobs go on", 3, 1, ANY, FEW, NULL, false, verb_resume},
        {"schedloglevel", "LEVEL", "the log of the scheduler alone, which there is none of", 3, 1, 1, FEW,
         MANY, false, scontrol_schedloglevel},
        {"setdebug", "LEVEL", "the level of the controller's log, by number or word (root and SlurmUser)", 2,
         1, 1, FEW, MANY, false, scontrol_setdebug},
        {"setdebugflags", "+FLAG|-FLAG", "what the controller's log has more of (root and SlurmUser)", 9, 1,
         1, FEW, MANY, false, scontrol_setdebugflags},
        {"show", "NOUN [NAME]", "print records: see the nouns", 3, 1, ANY, FEW, NULL, false, scontrol_show},
        {"shutdown", "[slurmctld]",
         "end the controller and all workers, or the controller alone (root and SlurmUser)", 8, 0, 1, NULL,
         MANY, true, scontrol_shutdown},
        {"suspend", "JOB...", "stop the processes of jobs (root and SlurmUser)", 2, 1, ANY, FEW, NULL, false,
         verb_suspend},
        {"takeover", "[NUMBER]", "have a backup controller take over: there is none", SHORT_ALL, 0, ANY, NULL,
         NULL, true, scontrol_takeover},
        {"token", "[lifespan=SECONDS] [username=NAME]", "print a token for auth/jwt, which there is none of",
         3, 0, ANY, NULL, NULL, true, scontrol_token},
        {"top", "JOB,...", "put one's jobs before one's others", SHORT_ALL, 1, 1, FEW, MANY, false,
         scontrol_top},
        {"update", "JobId=JOB|StepId=STEP|NodeName=NAMES|PartitionName=NAME KEY=VALUE...",
         "change jobs, steps, nodes or a partition", 1, 1, ANY, FEW_OF, NULL, true, scontrol_update},
        {"uhold", "JOB...", "the same as hold, so that their users may release them", SHORT_ALL, 1, ANY, FEW,
         NULL, false, verb_uhold},
        {"verbose", NULL, "say more from now on", 4, 0, 0, NULL, MANY_OF, true, verb_verbose},
        {"version", NULL, "print the version", 4, 0, 0, NULL, MANY_OF, true, scontrol_version},
        {"wait_job", "JOB", "wait until the nodes of a job that has begun are ready", 2, 1, 1, FEW, MANY,
         true, scontrol_wait_job},
        {"write", "batch_script JOB [FILE|-] | config [FILE] | state FILE",
         "write a job's script, the configuration in force, or a copy of the state (root and SlurmUser)",
         SHORT_ALL, 1, ANY, FEW, NULL, false, scontrol_write},
};

static bool verb_word(size_t i, struct command_word *out)
{
	if (i >= sizeof(verbs) / sizeof(verbs[0]))
		return false;
	*out = (struct command_word){verbs[i].name, verbs[i].arguments, verbs[i].help};
	return true;
}

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
	if (v->run == scontrol_version || v->run == verb_help || v->run == verb_quiet)
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

/* One failure is enough for the exit code 1, unless a ping comes behind it: as the real one. What stands
 * behind the end is left to the next program that reads it: a byte at a time is read. */
static int interactive(struct scontrol *sc)
{
	char *line = NULL, *last = NULL, *argv[WORDS_MAX + 1];
	size_t cap = 0;
	int rc = 0;
	bool terminal = isatty(STDIN_FILENO);
	setvbuf(stdin, NULL, _IONBF, 0);
	while (!sc->over && read_line(&line, &cap, terminal)) {
		if (strcmp(text_trim(line), "!!") != 0)
			text_set(&last, line);
		char *words = last ? xstrdup(last) : NULL;
		int argc = words ? split_line(words, argv) : 0;
		const int said = argc ? run_verb(sc, argc, argv) : 1;
		const struct verb *v = argc ? verb_of(argv[0]) : NULL;
		rc = v && v->run == scontrol_ping ? said : rc | said;
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

enum { OPT_USAGE = 256, OPT_HIDE, OPT_FEDERATION };
static const struct command_option options[] = {
        {"all", 'a', no_argument, NULL, "hidden partitions too"},
        {"details", 'd', no_argument, NULL, "more of a job; repeat for its script"},
        {"future", 'F', no_argument, NULL, "FUTURE nodes too"},
        {"hide", OPT_HIDE, no_argument, NULL, "no hidden partitions (the default)"},
        {"oneliner", 'o', no_argument, NULL, "one line for each record"},
        {"quiet", 'Q', no_argument, NULL, "only errors"},
        {"uid", 'u', required_argument, "USERS", "as root: change only what is that user's"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"cluster", 'M', required_argument, "NAME", "another cluster, of which only slurmdbd would know"},
        {"clusters", 'M', required_argument, NULL, NULL},
        {"federation", OPT_FEDERATION, no_argument, NULL, "of the whole federation: this cluster is in none"},
        {"help", 'h', no_argument, NULL, "this text"},
        {"local", OPT_FEDERATION, no_argument, NULL, "of this cluster: there is one"},
        {"sibling", OPT_FEDERATION, no_argument, NULL, "of each cluster of a federation: there is one"},
        {"usage", OPT_USAGE, no_argument, NULL, "this text"},
        {"verbose", 'v', no_argument, NULL, "say more of what goes on"},
};

static const struct command_word variables[] = {
        {"SCONTROL_ALL", NULL, "as --all, whatever it holds"},
        {"SCONTROL_FUTURE", NULL, "as --future, whatever it holds"},
        {"SLURM_CLUSTERS", NULL, "as --cluster"},
        {"SLURM_NODELIST", NULL, "the hosts that show hostnames names when it is given none"},
        {"SLURMD_NODENAME", NULL, "which node this host is to listpids, of those that are on it"},
        {"SLURM_JOB_NODELIST", NULL, "the same, where that one isn't set"},
        COMMAND_TIME_VARIABLES,
        COMMAND_COMMON_VARIABLES,
};

const struct command scontrol_command = {
        .name = "scontrol",
        .synopsis = "[OPTIONS] [VERB [ARGUMENTS]]",
        .note = "Verbs and nouns may be cut short. Without a verb, a line at a time is read from standard "
                "input, and !! "
                "stands for the last one.",
        COMMAND_OPTIONS(options),
        .verb = verb_word,
        .noun = scontrol_show_noun,
        .variables = variables,
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
	struct command_getopt options_known;
	struct err err = {0};
	const char *clusters = getenv("SLURM_CLUSTERS");
	log_init("scontrol", LOG_LEVEL_INFO);
	sc.all = getenv("SCONTROL_ALL") != NULL;
	sc.future = getenv("SCONTROL_FUTURE") != NULL;
	if (clusters)
		return complain_clusters(clusters, "SLURM_CLUSTERS");
	const int upto = options_end(argc, argv);
	command_getopt_init(&options_known, &scontrol_command);
	for (int c; (c = command_getopt_next(&options_known, upto, argv)) != -1;) {
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
