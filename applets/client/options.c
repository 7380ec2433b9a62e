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
#define NONE     no_argument
#define REQUIRED required_argument
#define OPTIONAL optional_argument
#define O(name, letter, argument, commands, environment, parser, member, help)                               \
	{name, letter, argument, commands, environment, option_##parser, offsetof(struct submit, member),    \
	 help},
#include "applets/client/options.def"
#undef O
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

enum option_origin submit_origin(const struct submit *s, const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].commands & s->command) && strcmp(rows[i].name, name) == 0)
			return s->origin[i];
	return ORIGIN_DEFAULT;
}

/* ---- setting ---- */

static int set(struct submit *s, const struct option_row *row, const char *value, enum option_origin origin,
               struct err *err)
{
	size_t i = (size_t)(row - rows);
	if (s->origin[i] > origin)
		return 0;
	s->origin[i] = origin;
	return row->parse(s, row, value, err);
}

const char *option_prefix(enum submit_command command)
{
	return command == SUBMIT_SBATCH ? "SBATCH" : command == SUBMIT_SALLOC ? "SALLOC" : "SLURM";
}

int submit_environment(struct submit *s, struct err *err)
{
	for (size_t i = 0; i < ROWS; i++) {
		char name[64];
		if (!(rows[i].commands & s->command) || !rows[i].environment ||
		    rows[i].parse == option_unsupported)
			continue;
		snprintf(name, sizeof(name), "%s_%s", option_prefix(s->command), rows[i].environment);
		const char *value = getenv(name);
		if (value && set(s, &rows[i], value, ORIGIN_ENVIRONMENT, err) != 0) {
			err_prefix(err, "environment variable %s=%s", name, value);
			return -1;
		}
	}
	return 0;
}

int submit_init(struct submit *s, enum submit_command command, struct err *err)
{
	memset(s, 0, sizeof(*s));
	arena_init(&s->arena);
	s->command = command;
	s->program = command == SUBMIT_SBATCH ? "sbatch" : command == SUBMIT_SALLOC ? "salloc" : "srun";
	schema_init(schema_of_job_spec(), &s->spec);
	s->spec.nodes_min = 0;
	s->spec.tasks = 0;
	s->spec.cpus_per_task = 0;
	s->dist = s->immediate_s = s->job_id = s->relative = s->wait_s = s->uid = s->gid = CORE_NO_VAL;
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
	return err->code == ERR_INVALID ? 255 : 1;
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
			complain_option(s->program, c, argv);
			return submit_over(s, 255);
		}
		if (row->parse == option_help) {
			command_print_usage(command_find(s->program), stdout);
			return submit_over(s, 0);
		}
		if (row->parse == option_version) {
			puts("slurm " SLURM_VERSION_TEXT);
			return submit_over(s, 0);
		}
		if (set(s, row, optarg, origin, err) != 0)
			return -1;
	}
	*rest = optind;
	return 0;
}

/* ---- #SBATCH ---- */

int directive_words(struct arena *arena, const char *line, char ***words, int *count, struct err *err)
{
	char **v = arena_array(arena, strlen(line) / 2 + 3, sizeof(char *));
	int n = 0;
	for (const char *p = line;;) {
		p += strspn(p, " \t");
		if (*p == '\0' || *p == '#')
			break;
		struct text word = TEXT_EMPTY;
		text_add(&word, "");
		for (char quote = 0; *p && (quote || (*p != ' ' && *p != '\t')); p++) {
			if (quote && *p == quote)
				quote = 0;
			else if (!quote && (*p == '"' || *p == '\''))
				quote = *p;
			else if (*p == '\\' && p[1] && quote != '\'')
				text_add_char(&word, *++p);
			else
				text_add_char(&word, *p);
			if (quote && p[1] == '\0') {
				text_free(&word);
				return err_set(err, ERR_INVALID, "a quote is not closed in: #SBATCH %s",
				               line);
			}
		}
		v[n++] = arena_strdup(arena, text_str(&word));
		text_free(&word);
	}
	v[n] = NULL;
	*words = v;
	*count = n;
	return 0;
}

static int one_directive(struct submit *s, const char *line, struct err *err)
{
	char **words = NULL, **argv;
	int n = 0, rest = 0;
	if (directive_words(&s->arena, line, &words, &n, err) != 0)
		return -1;
	argv = arena_array(&s->arena, (size_t)n + 2, sizeof(char *));
	argv[0] = arena_strdup(&s->arena, s->program);
	for (int i = 0; i < n; i++)
		argv[i + 1] = words[i];
	if (submit_arguments(s, n + 1, argv, ORIGIN_SCRIPT, &rest, err) != 0)
		return -1;
	if (rest < n + 1)
		return err_set(err, ERR_INVALID, "Invalid directive found in batch script: %s", argv[rest]);
	return 0;
}

int submit_directives(struct submit *s, const char *script, size_t n, struct err *err)
{
	const char *end = script + n;
	for (const char *line = script; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = stop ? (size_t)(stop - line) : (size_t)(end - line);
		char *text = arena_strndup(&s->arena, line, len);
		const char *first = text + strspn(text, " \t");
		/* The first line that is neither blank nor a comment is the first command: nothing after it
		 * counts. */
		if (*first && *first != '#')
			return 0;
		if (strncmp(text, "#SBATCH", 7) == 0 && (text[7] == ' ' || text[7] == '\t') &&
		    one_directive(s, text + 8, err) != 0)
			return -1;
		line += len + 1;
	}
	return 0;
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
