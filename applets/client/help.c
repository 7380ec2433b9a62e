/* batchbox help: what a command takes, for people and, with --facts, for what makes manual pages and
 * completions. */
#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/scontrol.h"
#include "applets/client/signals.h"
#include "applets/client/sinfo.h"

#include <string.h>

static const struct applet applets[] = {
#define APPLET(name, function, kind, summary) {#name, function, APPLET_##kind, summary},
#include "applets/applets.def"
#undef APPLET
};
#define APPLET_COUNT (sizeof(applets) / sizeof(applets[0]))

static const struct applet *applet_of(const char *name)
{
	for (size_t i = 0; i < APPLET_COUNT; i++)
		if (strcmp(applets[i].name, name) == 0)
			return &applets[i];
	return NULL;
}

/* ---- for people ---- */

static void print_refused(const struct command *command)
{
	struct command_option o;
	bool any = false;
	for (size_t i = 0; command_option_at(command, i, &o); i++) {
		if (!o.help || *o.help)
			continue;
		printf("%s --%s", any ? "" : "\nRefused by name:", o.name);
		any = true;
	}
	if (any)
		puts("");
}

static void print_columns(const struct command *command, const struct command_column_set *set)
{
	printf("\nColumns of %s:\n", set->of);
	for (size_t i = 0; i < *set->n; i++) {
		const struct column *column = &set->columns[i];
		const char *help = command_column_help(command, column);
		char letter[4] = "  ";
		if (column->letter)
			snprintf(letter, sizeof(letter), "%%%c", column->letter);
		printf("  %s  %-19s %-19s %s\n", letter, column->name, column->header, help ? help : "");
	}
}

static void print_variables(const struct command *command)
{
	struct text name = TEXT_EMPTY, help = TEXT_EMPTY;
	puts("\nEnvironment:");
	for (size_t i = 0; command_variable_at(command, i, &name, &help); i++) {
		if (name.len)
			printf("  %-25s %s\n", text_str(&name), text_str(&help));
		text_clear(&name);
		text_clear(&help);
	}
	text_free(&name);
	text_free(&help);
}

static int print_command(const struct applet *applet, const struct command *command)
{
	printf("%s: %s\n\n", command->name, applet->summary);
	command_print_usage(command, stdout);
	print_refused(command);
	for (size_t i = 0; i < COMMAND_SETS; i++)
		if (command->sets[i].of)
			print_columns(command, &command->sets[i]);
	if (command->variables->name)
		print_variables(command);
	return 0;
}

/* ---- for programs: fields separated by tabs ---- */

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void facts_options(const char *name, const struct command *command)
{
	static const char *const arguments[] = {"none", "required", "optional"};
	struct command_option o;
	for (size_t i = 0; command_option_at(command, i, &o); i++) {
		const char *kind = !o.help ? "synonym" : *o.help ? "option" : "refused";
		bool ours = o.help || !command->submit;
		if (ours)
			printf("%s\t%s\t%s\t%.1s\t%s\t%s\t%s\n", name, kind, or_empty(o.name),
			       o.value < 256 ? (const char[]){(char)o.value, '\0'} : "",
			       arguments[o.argument], or_empty(o.word), or_empty(o.help));
	}
}

static void facts_words(const char *name, const char *kind,
                        bool (*word_at)(size_t i, struct command_word *out))
{
	struct command_word word;
	for (size_t i = 0; word_at && word_at(i, &word); i++)
		printf("%s\t%s%s\t%s\t%s\t%s\n", name, kind,
		       !word.help   ? "-synonym"
		       : *word.help ? ""
		                    : "-refused",
		       word.name, or_empty(word.arguments), or_empty(word.help));
}

static void facts_columns(const char *name, const struct command *command)
{
	for (size_t s = 0; s < COMMAND_SETS; s++) {
		const struct command_column_set *set = &command->sets[s];
		for (size_t i = 0; set->of && i < *set->n; i++) {
			const struct column *column = &set->columns[i];
			printf("%s\tcolumn\t%s\t%.1s\t%s\t%s\t%s\n", name, set->of, &column->letter,
			       column->name, column->header, or_empty(command_column_help(command, column)));
		}
	}
}

static void print_facts(const struct applet *applet, const struct command *command)
{
	struct text variable = TEXT_EMPTY, help = TEXT_EMPTY;
	printf("%s\tabout\t%s\t%s\t%s\n", applet->name, applet->summary, command->synopsis,
	       or_empty(command->note));
	facts_options(applet->name, command);
	facts_words(applet->name, "verb", command->verb);
	facts_words(applet->name, "noun", command->noun);
	facts_columns(applet->name, command);
	for (size_t i = 0; command_variable_at(command, i, &variable, &help); i++) {
		if (variable.len)
			printf("%s\tvariable\t%s\t%s\n", applet->name, text_str(&variable), text_str(&help));
		text_clear(&variable);
		text_clear(&help);
	}
	text_free(&variable);
	text_free(&help);
}

static const char *job_state(size_t i)
{
	static const char *const words[] = {
#define JOB_STATE(symbol, number, word, code) word, code,
#define JOB_FLAG(symbol, bit, word, code)     word, code,
#define JOB_REASON(symbol, number, word)
#define NODE_STATE(symbol, number, word)
#define NODE_FLAG(symbol, bit, word)
#include "core/words.def"
#undef JOB_STATE
#undef JOB_FLAG
#undef JOB_REASON
#undef NODE_STATE
#undef NODE_FLAG
	};
	return i < sizeof(words) / sizeof(words[0]) ? words[i] : NULL;
}

/* Arguments for which there is a list of words. */
static const struct {
	const char *word;
	const char *(*value)(size_t i);
} values[] = {{"STATES", job_state},
              {"NODESTATES", sinfo_state_word},
              {"SIGNAL", signal_word},
              {"JOBKEYS", scontrol_job_key},
              {"NODEKEYS", scontrol_node_key}};

static int all_facts(void)
{
	for (size_t i = 0; i < APPLET_COUNT; i++) {
		const struct command *command = command_find(applets[i].name);
		printf("batchbox\tapplet\t%s\t%s\n", applets[i].name, applets[i].summary);
		if (command)
			print_facts(&applets[i], command);
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (size_t k = 0; values[i].value(k); k++)
			if (*values[i].value(k))
				printf("batchbox\tvalue\t%s\t%s\n", values[i].word, values[i].value(k));
	return 0;
}

/* ---- the command line ---- */

static void print_usage(FILE *to)
{
	fputs("Usage: batchbox help COMMAND\n"
	      "What a command takes: options, columns, verbs, environment. Its manual page says more: man "
	      "COMMAND\n",
	      to);
	for (size_t i = 0; i < APPLET_COUNT; i++)
		fprintf(to, "  %-10s  %s\n", applets[i].name, applets[i].summary);
}

int help_main(int argc, char **argv)
{
	static char help[] = "--help";
	if (argc == 2 && strcmp(argv[1], "--facts") == 0)
		return all_facts();
	if (argc < 2 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
		print_usage(stdout);
		return 0;
	}
	const struct applet *applet = argc == 2 ? applet_of(argv[1]) : NULL;
	if (!applet || applet->main == help_main) {
		if (argc == 2 && !applet)
			fprintf(stderr, "batchbox help: error: there is no command %s\n", argv[1]);
		print_usage(applet ? stdout : stderr);
		return applet ? 0 : 1;
	}
	const struct command *command = command_find(applet->name);
	if (command)
		return print_command(applet, command);
	char *words[] = {argv[1], help, NULL}; /* the daemons and tools tell it themselves */
	return applet->main(2, words);
}
