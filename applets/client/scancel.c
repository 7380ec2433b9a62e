/* scancel(1) */
#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "applets/client/signals.h"
#include "applets/client/job_name.h"
#include "applets/common/users.h"
#include "core/taskset.h"
#include "core/util/log.h"

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
        {"clusters", 'M', required_argument, REFUSED},
        {"ctld", OPT_CTLD, no_argument, NULL, "signals go through the controller, as they do anyway"},
        {"help", OPT_HELP, no_argument, NULL, "this text"},
        {"hurry", 'H', no_argument, NULL, "nothing is brought back first: there is nothing"},
        {"jobname", 'n', required_argument, NULL, NULL},
        {"sibling", OPT_SIBLING, required_argument, REFUSED},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
};

static const struct command_word variables[] = {COMMAND_COMMON_VARIABLES};

const struct command scancel_command = {
        .name = "scancel",
        .synopsis = "[OPTIONS] [JOB_ID[.STEP_ID]...]",
        COMMAND_OPTIONS(options),
        .variables = variables,
};

static int add_user(struct scancel_options *o, const char *name, struct arena *arena, struct err *err)
{
	uid_t uid;
	if (user_parse(name, &uid) != 0)
		return err_set(err, ERR_USER_UNKNOWN, "Invalid user name: %s", name);
	filter_add_u32(&o->query.uids, uid, arena);
	return 0;
}

static int take_state(struct scancel_options *o, const char *word, struct arena *arena)
{
	const char *bad = filter_states_of(word, &o->query.states, &o->query.all_states, arena);
	if (!bad)
		return 0;
	fprintf(stderr,
	        "Invalid job state specified: %s\nValid job states are PENDING, RUNNING, and SUSPENDED\n",
	        bad);
	exit(1);
}

static int set_option(int c, struct scancel_options *o, struct arena *arena, struct err *err)
{
	o->filtered = o->filtered || strchr("AnpqRtuw", c) || c == OPT_ME || c == OPT_WCKEY;
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
		return take_state(o, optarg, arena);
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
		return filter_words(optarg, &o->query.accounts, arena);
	case 'q':
		return filter_words(optarg, &o->query.qoses, arena);
	case 'R':
		return filter_words(optarg, &o->query.reservations, arena);
	case OPT_WCKEY:
		return filter_words(optarg, &o->query.wckeys, arena);
	case OPT_CTLD: /* it is the controller that signals, always */
	case 'H':      /* there is nothing that would have to be brought back first */
		return 0;
	case 'M':
	case OPT_SIBLING:
		return err_set(err, ERR_NOT_SUPPORTED, "option %s is not supported by batchbox",
		               o->argv[optind - 1]);
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		exit(0);
	case OPT_HELP:
	case OPT_USAGE:
		command_print_usage(&scancel_command, stdout);
		exit(0);
	default:
		complain_option("scancel", c, o->argv);
		exit(1);
	}
}

/* ---- one job or step ---- */

static bool agreed(const struct scancel_options *o, const char *job)
{
	char answer[16];
	if (!o->interactive)
		return true;
	printf("Cancel job_id=%s (y/n)? ", job);
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
	struct job_name name;
	const char *word; /* as it is said */
	uint64_t number;  /* of the request */
};
struct targets {
	struct target *v;
	size_t n, cap;
};
#define UNDER_WAY_MAX 256

static void add_target(struct targets *t, const struct job_name *name, const char *word)
{
	t->v = xgrow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = (struct target){*name, word, 0};
}

static int ask_to_cancel(struct connect *c, const struct scancel_options *o, struct target *t,
                         struct err *err)
{
	struct job_signal_request m;
	schema_init(schema_of_job_signal_request(), &m);
	m.job_id = t->name.job_id;
	m.tasks = t->name.tasks;
	m.step_id = t->name.step_id;
	m.signal = (uint32_t)o->signal;
	m.batch_only = o->batch;
	m.full = o->full;
	if (o->verbose)
		log_info("%s job %s", o->signal ? "Signaling" : "Terminating", t->word);
	if (client_send(c->client, MSG_job_signal_request, &m, err) != 0)
		return -1;
	t->number = client_sent(c->client);
	return 0;
}

/* A job that nobody knows, or that has ended, is as good as cancelled. */
static int report(const struct scancel_options *o, const char *job, const struct err *err)
{
	const bool over = err->code == ERR_INVALID_JOB_ID || err->code == ERR_ALREADY_DONE;
	/* But it can't have a signal. */
	const bool wanted = over && o->signal > 0;
	if (!over || wanted || o->verbose)
		log_error("Kill job error on job id %s: %s", job,
		          err_code_text(wanted ? ERR_INVALID_JOB_ID : err->code));
	return wanted ? 1 : exit_code_of(err->code);
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
			if (!agreed(o, t->v[sent].word)) {
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
		rc = report(o, one ? one->word : t->v[answered].word, &err);
		worst = rc > worst ? rc : worst;
		if (!one) /* the session is over */
			break;
	}
	arena_free(&arena);
	return worst;
}

static int add_words(struct targets *t, char **words, struct arena *arena)
{
	for (; *words; words++) {
		char *rest = arena_strdup(arena, *words);
		for (char *word = job_name_split(&rest); word; word = job_name_split(&rest)) {
			struct job_name name;
			if (!job_name_parse(word, &name, arena)) {
				log_error("Invalid job id %s", *words);
				return -1;
			}
			add_target(t, &name, word);
		}
	}
	return 0;
}

/* The tasks of a record that are meant by this list as well. */
static char *common_tasks(const char *record, const char *list, struct arena *arena)
{
	struct core_bits *have = taskset_parse(record, TASKS_END, NULL, NULL),
	                 *want = taskset_parse(list, TASKS_END, NULL, NULL);
	struct text out = TEXT_EMPTY;
	for (uint32_t i = 0; have && i < have->n; i++)
		if (bits_has(have, i) && !(want && i < want->n && bits_has(want, i)))
			bits_del(have, i);
	if (have)
		taskset_text(have, true, &out);
	char *tasks = arena_strdup(arena, text_str(&out));
	text_free(&out);
	free(have);
	free(want);
	return tasks;
}

/* A job that a filter found; of an array those tasks alone that its record stands for. `asked`: what the
 * command line has of it, or NULL. */
static void add_found(struct targets *t, const struct job_info *job, const struct job_name *asked,
                      struct arena *arena)
{
	struct job_name name = {.job_id = job->spec->job_id, .step_id = CORE_NO_VAL};
	struct text word = TEXT_EMPTY;
	job_name_print(&word, job->spec, job->state);
	if (job->spec->array_job_id) {
		name.job_id = job->spec->array_job_id;
		name.tasks = job->state->array_tasks
		                     ? job->state->array_tasks
		                     : arena_printf(arena, "%" PRIu32, job->spec->array_task_id);
	}
	if (asked && asked->tasks && job->state->array_tasks)
		name.tasks = common_tasks(job->state->array_tasks, asked->tasks, arena);
	if (asked)
		name.step_id = asked->step_id;
	add_target(t, &name, arena_strdup(arena, text_str(&word)));
	text_free(&word);
}

/* Of a job that the filters match what was named, or all of it where nothing was. */
static void add_wanted(struct targets *t, const struct job_info *job, const struct targets *named,
                       struct arena *arena)
{
	if (job->state->state > JOB_SUSPENDED)
		return;
	if (named->n == 0)
		add_found(t, job, NULL, arena);
	for (size_t i = 0; i < named->n; i++) {
		struct job_name name = named->v[i].name;
		const uint32_t step = name.step_id;
		name.step_id = CORE_NO_VAL;
		if (!job_name_means(&name, job->spec, job->state, CORE_NO_VAL))
			continue;
		name.step_id = step;
		add_found(t, job, &name, arena);
	}
}

static void query_named(struct job_query *query, const struct targets *named, struct arena *arena)
{
	query->job_ids.v = arena_array(arena, named->n + 1, sizeof(uint32_t));
	query->tasks.v = arena_array(arena, named->n + 1, sizeof(char *));
	for (size_t i = 0; i < named->n; i++) {
		query->job_ids.v[query->job_ids.n++] = named->v[i].name.job_id;
		query->tasks.v[query->tasks.n++] =
		        named->v[i].name.tasks ? named->v[i].name.tasks : arena_strdup(arena, "");
	}
}

/* Everything that the filters match; of the named jobs alone, if any are named. */
static int add_matching(struct targets *t, struct connect *c, const struct scancel_options *o,
                        const struct targets *named, struct arena *arena)
{
	struct job_query query = o->query;
	struct err err = {0};
	uint32_t type = 0;
	void *record = NULL;
	query_named(&query, named, arena);
	int rc = client_call(c->client, MSG_job_query, &query, arena, &type, &record, NULL, &err);
	while (rc == 0 && type == MSG_job_list) {
		const struct job_list *list = record;
		for (uint32_t i = 0; i < list->jobs.n; i++)
			add_wanted(t, &list->jobs.v[i], named, arena);
		if (list->last)
			return 0;
		rc = client_next(c->client, arena, -1, &type, &record, &err);
	}
	log_error("%s", err_text(&err));
	return -1;
}

/* The jobs of the command line, those that the filters match, or of the former the latter. */
static int cancel(struct connect *c, const struct scancel_options *o, char **words, struct arena *arena)
{
	struct targets t = {0}, named = {0};
	int rc = add_words(&named, words, arena);
	if (rc == 0 && o->filtered)
		rc = add_matching(&t, c, o, &named, arena);
	rc = rc == 0 ? cancel_all(c, o, o->filtered ? &t : &named) : 1;
	free(t.v);
	free(named.v);
	return rc;
}

int scancel_main(int argc, char **argv)
{
	struct scancel_options o = {.argv = argv};
	struct connect c = {0};
	struct command_getopt options_known;
	struct arena arena;
	struct err err = {0};
	log_init("scancel", LOG_LEVEL_INFO);
	arena_init(&arena);
	schema_init(schema_of_job_query(), &o.query);
	command_getopt_init(&options_known, &scancel_command);
	for (int ch; (ch = command_getopt_next(&options_known, argc, argv)) != -1;) {
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
	struct targets named = {0};
	if (add_words(&named, argv + optind, &arena) != 0)
		return 1;
	free(named.v);
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
