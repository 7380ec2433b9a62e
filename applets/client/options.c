#include "applets/client/options.h"

#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/option_parsers.h"
#include "core/util/log.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { S = SUBMIT_SRUN, B = SUBMIT_SBATCH, A = SUBMIT_SALLOC };

static const struct option_row rows[] = {
#define NONE       no_argument
#define REQUIRED   required_argument
#define OPTIONAL   optional_argument
#define EACH(name) "SLURM_" name " SBATCH_" name " SALLOC_" name
#define O(name, letter, argument, commands, environment, parser, member, help)                               \
	{name, letter, argument, commands, environment, option_##parser, offsetof(struct submit, member),    \
	 help, NULL},
#define U(name, letter, argument, commands, environment, reason)                                             \
	{name, letter, argument, commands, environment, option_unsupported, 0, NULL, reason},
#include "applets/client/options.def"
#undef O
#undef U
};
#define ROWS     (sizeof(rows) / sizeof(rows[0]))
#define ROW_BASE 1000 /* getopt's value of a row */
_Static_assert(ROWS <= 256, "struct submit remembers the origin of 256 rows");

size_t option_count(void)
{
	return ROWS;
}

const char *option_name(size_t row)
{
	return rows[row].name;
}

const struct option_row *option_row_at(size_t i)
{
	return i < ROWS ? &rows[i] : NULL;
}

bool option_is_for(size_t row, enum submit_command command)
{
	return rows[row].commands & command;
}

const char *option_reason(size_t row)
{
	return rows[row].reason;
}

size_t option_row_number(const struct option_row *row)
{
	return (size_t)(row - rows);
}

enum option_origin submit_origin(const struct submit *s, const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].commands & s->command) && strcmp(rows[i].name, name) == 0)
			return s->origin[i];
	return ORIGIN_DEFAULT;
}

const char *submit_failure(const struct submit *s)
{
	return s->command == SUBMIT_SBATCH   ? "Batch job submission failed"
	       : s->command == SUBMIT_SALLOC ? "Job submit/allocate failed"
	                                     : "Unable to allocate resources";
}

/* ---- setting ---- */

static int set(struct submit *s, const struct option_row *row, const char *value, enum option_origin origin,
               struct err *err)
{
	size_t i = (size_t)(row - rows);
	if (s->origin[i] > origin)
		return 0;
	s->origin[i] = s->parsing = origin;
	s->given[i] = arena_strdup(&s->arena, value);
	return row->parse(s, row, value, err);
}

const char *option_next_variable(const char **at, enum submit_command command, size_t *n)
{
	while (*at && **at) {
		const char *name = *at;
		bool all = *name == '*';
		name += all;
		*n = strcspn(name, " ");
		*at = name + *n + strspn(name + *n, " ");
		unsigned of = strncmp(name, "SBATCH_", 7) == 0   ? SUBMIT_SBATCH
		              : strncmp(name, "SALLOC_", 7) == 0 ? SUBMIT_SALLOC
		                                                 : SUBMIT_SRUN;
		if (all || of == command)
			return name;
	}
	return NULL;
}

/* srun(1): a flag is set by nothing, "yes" and numbers but 0. */
static bool is_set(const char *value)
{
	return !*value || text_eq_nocase(value, "yes") || strtol(value, NULL, 10) != 0;
}

static int one_variable(struct submit *s, const struct option_row *row, const char *name, size_t n,
                        struct err *err)
{
	char *variable = arena_strndup(&s->arena, name, n);
	const char *value = getenv(variable);
	if (!value || (row->argument == no_argument && !is_set(value)))
		return 0;
	bool level = row->parse == option_verbose;
	if (set(s, row, row->argument == no_argument && !level ? NULL : value, ORIGIN_ENVIRONMENT, err) == 0)
		return 0;
	s->variable = variable;
	return -1;
}

/* The time of --switches has a variable of its own. */
static void switches_wait(struct submit *s)
{
	static const char names[] = EACH("WAIT4SWITCH");
	const char *at = names;
	size_t n;
	const char *name = option_next_variable(&at, s->command, &n);
	const char *value = name ? getenv(arena_strndup(&s->arena, name, n)) : NULL;
	if (value && submit_origin(s, "switches") == ORIGIN_ENVIRONMENT)
		option_switches_wait(s, value);
}

int submit_environment(struct submit *s, struct err *err)
{
	for (size_t i = 0; i < ROWS; i++) {
		const char *at = rows[i].environment, *name;
		size_t n;
		if (!(rows[i].commands & s->command))
			continue;
		while ((name = option_next_variable(&at, s->command, &n)))
			if (one_variable(s, &rows[i], name, n, err) != 0)
				return -1;
	}
	switches_wait(s);
	return 0;
}

int submit_error_exit(void)
{
	const char *value = getenv("SLURM_EXIT_ERROR");
	int code = value ? (int)strtol(value, NULL, 10) : 0;
	return code ? code : 1;
}

int submit_init(struct submit *s, enum submit_command command, struct err *err)
{
	const char *exit_error = getenv("SLURM_EXIT_ERROR");
	memset(s, 0, sizeof(*s));
	arena_init(&s->arena);
	s->command = command;
	s->program = command == SUBMIT_SBATCH ? "sbatch" : command == SUBMIT_SALLOC ? "salloc" : "srun";
	schema_init(schema_of_job_spec(), &s->spec);
	s->spec.nodes_min = 0;
	s->spec.tasks = 0;
	s->spec.cpus_per_task = 0;
	s->dist = s->immediate_s = s->job_id = s->relative = s->wait_s = s->uid = s->gid = CORE_NO_VAL;
	s->core_spec = s->thread_spec = CORE_NO_VAL;
	if (exit_error && strtol(exit_error, NULL, 10) == 0)
		log_error("SLURM_EXIT_ERROR has zero value");
	(void)err;
	return 0;
}

void submit_free(struct submit *s)
{
	arena_free(&s->arena);
}

/* ---- the command line ---- */

static void short_options(const struct submit *s, char *out, size_t size)
{
	size_t at = 0;
	/* '+': the first word that is no option ends them; ':': a missing argument is told apart. */
	out[at++] = '+';
	out[at++] = ':';
	for (size_t i = 0; i < ROWS && at + 4 < size; i++) {
		if (!rows[i].letter || !(rows[i].commands & s->command))
			continue;
		out[at++] = rows[i].letter;
		for (int k = 0; k < rows[i].argument; k++)
			out[at++] = ':';
	}
	out[at] = '\0';
}

static const struct option_row *row_of(const struct submit *s, int c)
{
	if (c >= ROW_BASE)
		return &rows[c - ROW_BASE];
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].letter == c && (rows[i].commands & s->command))
			return &rows[i];
	return NULL;
}

int submit_over(struct submit *s, int exit_code)
{
	s->over = true;
	s->exit_code = exit_code;
	return -1;
}

int submit_exit_code(const struct submit *s, const struct err *err)
{
	if (s->over)
		return s->exit_code;
	log_error("%s", err_text(err));
	if (s->variable)
		log_info("%s in the environment has that value", s->variable);
	return err->code == ERR_INVALID ? 255 : 1;
}

/* What is asked for on the command line alone: in a script it means nothing. */
static bool is_for_us(const struct submit *s, const struct option_row *row, enum option_origin origin)
{
	return !(origin == ORIGIN_SCRIPT && s->command == SUBMIT_SBATCH &&
	         (row->parse == option_help || row->parse == option_version ||
	          row->offset == offsetof(struct submit, quiet)));
}

static int one_option(struct submit *s, const struct option_row *row, enum option_origin origin,
                      struct err *err)
{
	if (!is_for_us(s, row, origin))
		return 0;
	if (row->parse == option_help) {
		command_print_usage(command_find(s->program), stdout);
		return submit_over(s, 0);
	}
	if (row->parse == option_version) {
		puts("slurm " SLURM_VERSION_TEXT);
		return submit_over(s, 0);
	}
	return set(s, row, optarg, origin, err);
}

int submit_arguments(struct submit *s, int argc, char **argv, enum option_origin origin, int *rest,
                     struct err *err)
{
	struct option longs[ROWS + 1];
	char shorts[3 * ROWS + 4];
	size_t n = 0;
	memset(longs, 0, sizeof(longs));
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].commands & s->command)
			longs[n++] = (struct option){rows[i].name, rows[i].argument, NULL, ROW_BASE + (int)i};
	short_options(s, shorts, sizeof(shorts));
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		const struct option_row *row = c == '?' || c == ':' ? NULL : row_of(s, c);
		if (!row) {
			complain_option_of(s->program, c, argv, longs);
			return submit_over(s, 255);
		}
		if (one_option(s, row, origin, err) != 0)
			return -1;
	}
	*rest = optind;
	return 0;
}

int submit_set(struct submit *s, const char *name, const char *value, enum option_origin origin,
               struct err *err)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].commands & s->command) && strcmp(rows[i].name, name) == 0)
			return set(s, &rows[i], value, origin, err);
	return err_set(err, ERR_INTERNAL, "there is no option --%s", name);
}

void submit_show(const struct submit *s)
{
	if (s->verbose == 0)
		return;
	log_info("defined options");
	log_info("-------------------- --------------------");
	for (size_t i = 0; i < ROWS; i++) {
		if (s->origin[i] == ORIGIN_DEFAULT)
			continue;
		struct text value = TEXT_EMPTY;
		option_print(s, &rows[i], &value);
		log_info("%-20s: %s", rows[i].name, text_str(&value));
		text_free(&value);
	}
	log_info("-------------------- --------------------");
	log_info("end of defined options");
}
