/* sstat(1): what running steps have used so far, as their shepherds say. */
#include "applets/client/sstat.h"

#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "applets/client/job_name.h"
#include "applets/client/step_stat.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_DEFAULT                                                                                       \
	"jobid,maxvmsize,maxvmsizenode,maxvmsizetask,avevmsize,maxrss,maxrssnode,maxrsstask,averss,"         \
	"maxpages,maxpagesnode,maxpagestask,avepages,mincpu,mincpunode,mincputask,avecpu,ntasks,"            \
	"avecpufreq,reqcpufreqmin,reqcpufreqmax,reqcpufreqgov,consumedenergy,maxdiskread,maxdiskreadnode,"   \
	"maxdiskreadtask,avediskread,maxdiskwrite,maxdiskwritenode,maxdiskwritetask,avediskwrite,"           \
	"tresusageinave,tresusageinmax,tresusageinmaxnode,tresusageinmaxtask,tresusageinmin,"                \
	"tresusageinminnode,tresusageinmintask,tresusageintot,tresusageoutave,tresusageoutmax,"              \
	"tresusageoutmaxnode,tresusageoutmaxtask,tresusageoutmin,tresusageoutminnode,"                       \
	"tresusageoutmintask,tresusageouttot"
#define FORMAT_PIDS "jobid,nodelist,pids"

struct sstat {
	struct connect connection;
	struct arena arena;
	struct sacct_format shape;
	struct sacct_ctx ctx;
	struct column_format format;
	const char *spec; /* NULL: the default */
	struct schema_strs words;
	struct job_name *jobs; /* of these words */
	bool all_steps, by_pids, no_header, over;
	int exit_code;
};

enum { OPT_NOCONVERT = 256, OPT_USAGE };

static const struct command_option options[] = {
        {"allsteps", 'a', no_argument, NULL, "all running steps of a job, where none is named"},
        {"helpformat", 'e', no_argument, NULL, "the names of all columns"},
        {"help", 'h', no_argument, NULL, "this text"},
        {"pidformat", 'i', no_argument, NULL, "the nodes and processes of each step"},
        {"jobs", 'j', required_argument, "STEPS", "these jobs or steps"},
        {"noheader", 'n', no_argument, NULL, "no header"},
        {"format", 'o', required_argument, "COLUMNS", "columns by name, each with %WIDTH if wanted"},
        {"fields", 'o', required_argument, NULL, NULL},
        {"parsable", 'p', no_argument, NULL, "columns end with '|'"},
        {"parsable2", 'P', no_argument, NULL, "'|' between columns"},
        {"noconvert", OPT_NOCONVERT, no_argument, NULL, "sizes as they are counted"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
        {"verbose", 'v', no_argument, NULL, "say more of what goes on"},
        {"version", 'V', no_argument, NULL, "the version"},
};

static const struct command_word variables[] = {COMMAND_COMMON_VARIABLES};

const struct command sstat_command = {
        .name = "sstat",
        .synopsis = "-j <job(.stepid)> [OPTION]",
        COMMAND_OPTIONS(options),
        .variables = variables,
        .sets = {{"-o", sstat_columns, &sstat_column_count}},
};

/* ---- the command line ---- */

/* Those of -o and -i, in their order. What stands behind an empty word does not count, as with the real one.
 */
static void add_columns(struct sstat *s, const char *names)
{
	s->spec = s->spec ? arena_printf(&s->arena, "%s,%s", s->spec, names) : names;
}

static int read_format(struct sstat *s, struct err *err)
{
	char *spec = arena_strdup(&s->arena, s->spec ? s->spec : FORMAT_DEFAULT), *empty = strstr(spec, ",,");
	if (empty)
		*empty = '\0';
	if (*spec && *spec != ',')
		return sacct_format_read(&s->shape, spec, &s->format, err);
	column_format_init(&s->format);
	return 0;
}

/* "12", "12_3", "12.0", "12.batch"; behind a number anything. In the real one's words. */
static int read_job(struct sstat *s, const char *word, struct job_name *out)
{
	const size_t digits = strspn(word, "0123456789");
	const char *number = word, *step = strchr(word, '.');
	if (job_name_parse(word, out, &s->arena))
		return 0;
	*out = (struct job_name){.step_id = CORE_NO_VAL};
	if (digits == 0 || !text_read_u32(&number, &out->job_id)) {
		log_write(LOG_LEVEL_FATAL, "Bad job/step specified: %s", log_escape(word));
		return -1;
	}
	if (step && !job_name_step_id(step + 1, &out->step_id)) {
		number = step + 1;
		if (text_read_u32(&number, &out->step_id))
			return 0;
		log_write(LOG_LEVEL_FATAL, "Bad step specified: %.*s", (int)digits, word);
		return -1;
	}
	return 0;
}

static int add_jobs(struct sstat *s, const char *list)
{
	char *rest = arena_strdup(&s->arena, list);
	for (char *word = job_name_split(&rest); word; word = job_name_split(&rest))
		if (*word)
			filter_add_word(&s->words, word, &s->arena);
	return 0;
}

static int read_jobs(struct sstat *s)
{
	s->jobs = arena_array(&s->arena, s->words.n + 1u, sizeof(*s->jobs));
	for (uint32_t i = 0; i < s->words.n; i++)
		if (read_job(s, s->words.v[i], &s->jobs[i]) != 0)
			return -1;
	return 0;
}

static int set_option(struct sstat *s, int c)
{
	switch (c) {
	case 'a':
		s->all_steps = true;
		return 0;
	case 'i':
		s->by_pids = true;
		add_columns(s, FORMAT_PIDS);
		return 0;
	case 'j':
		return add_jobs(s, optarg);
	case 'n':
		s->no_header = true;
		return 0;
	case 'o':
		add_columns(s, optarg);
		return 0;
	case 'p':
		s->shape.parsable = true;
		return 0;
	case 'P':
		s->shape.parsable2 = true;
		return 0;
	case OPT_NOCONVERT:
		s->ctx.no_convert = true;
		return 0;
	case 'v':
		log_set_stderr_level(LOG_LEVEL_VERBOSE);
		return 0;
	case 'e':
		sacct_format_names(&s->shape);
		break;
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		break;
	case OPT_USAGE:
		puts("Usage: sstat [options] -j <job(.stepid)>\n\tUse --help for help");
		break;
	default:
		command_print_usage(&sstat_command, stdout);
	}
	s->over = true;
	return 0;
}

static int parse(struct sstat *s, int argc, char **argv)
{
	struct command_getopt known;
	struct err err = {0};
	command_getopt_init(&known, &sstat_command);
	for (int c; (c = command_getopt_next(&known, argc, argv)) != -1 && !s->over;) {
		if (c == '?' || c == ':') {
			complain_option("sstat", c, argv);
			return -1;
		}
		if (set_option(s, c) != 0)
			return -1;
	}
	if (s->over)
		return 0;
	if (optind < argc) /* one more, as with the real one */
		add_jobs(s, argv[optind]);
	if (read_jobs(s) != 0)
		return -1;
	if (read_format(s, &err) != 0) {
		log_error("%s", err_text(&err));
		return -1;
	}
	if (s->words.n == 0) {
		log_error("You didn't give me any jobs to stat.");
		return -1;
	}
	return 0;
}

/* ---- a step ---- */

/* As the real one has it: what went wrong at a node, then whose figures are missing. */
static void say_node(const char *node, const char *why)
{
	log_error("slurm_job_step_stat: there was an error with the request to %s rc = %s", node, why);
}

static char *step_name(uint32_t job_id, uint32_t step_id, struct arena *arena)
{
	struct text name = TEXT_EMPTY;
	text_printf(&name, "StepId=%" PRIu32, job_id);
	job_name_step(&name, step_id);
	char *out = arena_strdup(arena, text_str(&name));
	text_free(&name);
	return out;
}

static void add_pids(const struct stat_answer *answer, struct text *out)
{
	for (uint32_t i = 0; answer->stat && i < answer->stat->pids.n; i++)
		text_printf(out, "%s%" PRIu32, out->len ? "," : "", answer->stat->pids.v[i]);
}

static void print_row(const struct sstat *s, const struct sstat_row *row)
{
	struct text line = TEXT_EMPTY;
	column_print_row(&s->format, row, &s->ctx, &line);
	fputs(text_str(&line), stdout);
	text_free(&line);
}

/* -i: a row for each node, without figures. */
static void print_pids(const struct sstat *s, const struct step_ready *ready,
                       const struct stat_answer *answers)
{
	const struct step_record none = {.step_id = ready->step_id};
	for (uint32_t i = 0; i < ready->places.n; i++) {
		struct text pids = TEXT_EMPTY;
		add_pids(&answers[i], &pids);
		const struct sstat_row row = {.figures = {.step = &none},
		                              .job_id = ready->job_id,
		                              .nodes = ready->places.v[i].node,
		                              .pids = text_str(&pids)};
		if (answers[i].stat)
			print_row(s, &row);
		text_free(&pids);
	}
}

/* Of those who answered. */
static void print_figures(struct sstat *s, const struct step_ready *ready, const struct stat_answer *answers)
{
	struct step_record step;
	struct text pids = TEXT_EMPTY;
	schema_init(schema_of_step_record(), &step);
	step.step_id = ready->step_id;
	step.nodes.v = arena_array(&s->arena, ready->places.n + 1u, sizeof(*step.nodes.v));
	for (uint32_t i = 0; i < ready->places.n; i++) {
		struct step_node *node = &step.nodes.v[step.nodes.n];
		if (!answers[i].stat)
			continue;
		schema_init(schema_of_step_node(), node);
		node->node = ready->places.v[i].node;
		node->usage = answers[i].stat->usage;
		step.nodes.n++;
		add_pids(&answers[i], &pids);
	}
	const struct sstat_row row = {.figures = {.step = &step},
	                              .job_id = ready->job_id,
	                              .nodes = ready->nodes,
	                              .pids = text_str(&pids)};
	if (step.nodes.n)
		print_row(s, &row);
	text_free(&pids);
}

static void print_step(struct sstat *s, uint32_t job_id, const struct step_record *step)
{
	const struct step_stat_request m = {.job_id = job_id, .step_id = step->step_id};
	struct err err = {0};
	void *record = NULL;
	if (connect_ask(&s->connection, MSG_step_stat_request, &m, MSG_step_ready, &s->arena, &record,
	                &err) != 0) {
		const char *why =
		        err.code == ERR_ACCESS_DENIED ? err_code_text(ERR_USER_UNKNOWN) : err_text(&err);
		for (uint32_t i = 0; i < step->nodes.n; i++)
			say_node(step->nodes.v[i].node, why);
		log_error("problem getting step_layout for %s: %s",
		          step_name(job_id, step->step_id, &s->arena), why);
		return;
	}
	const struct step_ready *ready = record;
	const struct stat_answer *answers =
	        step_stat_ask(ready, s->connection.file.controller.cluster, &s->arena, &err);
	if (!answers) {
		log_error("%s", err_text(&err));
		return;
	}
	for (uint32_t i = 0; i < ready->places.n; i++)
		if (!answers[i].stat)
			say_node(ready->places.v[i].node, answers[i].why ? answers[i].why : "no answer");
	if (s->by_pids)
		print_pids(s, ready, answers);
	else
		print_figures(s, ready, answers);
}

/* ---- which steps ---- */

/* The script before the steps, these by their numbers. */
static int compare_steps(const void *a, const void *b)
{
	const struct step_record *x = *(const struct step_record *const *)a,
	                         *y = *(const struct step_record *const *)b;
	const uint32_t m = x->step_id == CORE_STEP_BATCH ? 0 : x->step_id + 1,
	               n = y->step_id == CORE_STEP_BATCH ? 0 : y->step_id + 1;
	return m < n ? -1 : m > n;
}

static bool is_ordinary(const struct step_record *step)
{
	return step->step_id != CORE_STEP_BATCH && step->step_id != CORE_STEP_EXTERN &&
	       step->step_id != CORE_STEP_INTERACTIVE;
}

/* How many of the job's running steps are meant or could be. */
static uint32_t print_steps(struct sstat *s, const struct job_name *name, const struct job_info *job)
{
	const struct step_record **steps = arena_array(&s->arena, job->steps.n + 1u, sizeof(*steps));
	const bool named = name->step_id != CORE_NO_VAL;
	uint32_t n = 0;
	for (uint32_t i = 0; i < job->steps.n; i++) {
		const struct step_record *step = &job->steps.v[i];
		if (step->state == JOB_RUNNING && (!named || step->step_id == name->step_id))
			steps[n++] = step;
	}
	if (n > 1)
		qsort(steps, n, sizeof(*steps), compare_steps);
	for (uint32_t i = 0; i < n; i++) {
		if (!named && !s->all_steps && !is_ordinary(steps[i]))
			continue;
		print_step(s, job->spec->job_id, steps[i]);
		if (!s->all_steps)
			break;
	}
	return n;
}

static void print_job(struct sstat *s, const struct job_name *name)
{
	struct job_query q;
	struct err err = {0};
	void *record = NULL;
	uint32_t n = 0;
	bool known = name->job_id == 0; /* as the real one has it */
	schema_init(schema_of_job_query(), &q);
	q.with_steps = true;
	q.all_states = true;
	filter_add_job(name, &q.job_ids, &q.tasks, &s->arena);
	if (connect_ask(&s->connection, MSG_job_query, &q, MSG_job_list, &s->arena, &record, &err) == 0) {
		const struct job_list *list = record;
		known |= list->jobs.n > 0;
		for (uint32_t i = 0; i < list->jobs.n; i++)
			n += print_steps(s, name, &list->jobs.v[i]);
	} else if (err.code != ERR_INVALID_JOB_ID) {
		log_error("couldn't get steps for job %" PRIu32 ": %s", name->job_id, err_text(&err));
		return;
	}
	if (n == 0 && !known)
		log_error("couldn't get steps for job %" PRIu32, name->job_id);
	else if (n == 0 && name->step_id == CORE_NO_VAL)
		log_error("No steps running for job %" PRIu32, name->job_id);
	else if (n == 0)
		log_error("%s not found running.", step_name(name->job_id, name->step_id, &s->arena));
}

static int run(struct sstat *s)
{
	struct err err = {0};
	if (connect_configure(&s->connection, &err) != 0)
		return 1;
	if (!s->no_header)
		sacct_format_header(&s->shape, &s->format);
	if (connect_open(&s->connection, &err) != 0) {
		log_error("%s", err_text(&err));
		connect_help(1, &err);
		return 1;
	}
	for (uint32_t i = 0; i < s->words.n; i++)
		print_job(s, &s->jobs[i]);
	return 0;
}

int sstat_main(int argc, char **argv)
{
	struct sstat s = {
	        .ctx = {.sstat = true},
	        .shape = {.columns = sstat_columns, .column_count = sstat_column_count},
	};
	struct err err = {0};
	log_init("sstat", LOG_LEVEL_INFO);
	arena_init(&s.arena);
	if (parse(&s, argc, argv) != 0)
		s.exit_code = 1;
	else if (!s.over && key_init(&err) != 0) {
		log_error("%s", err_text(&err));
		s.exit_code = 1;
	} else if (!s.over)
		s.exit_code = run(&s);
	column_format_free(&s.format);
	connect_close(&s.connection);
	arena_free(&s.arena);
	return s.exit_code;
}
