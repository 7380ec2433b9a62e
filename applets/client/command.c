#include "applets/client/command.h"

#include "applets/client/option_parsers.h"

#include <string.h>

#define HELP_COLUMN 28 /* where -h explains */

static const struct command *const commands[] = {
        &srun_command,     &sbatch_command,   &salloc_command, &squeue_command,   &sinfo_command,
        &scontrol_command, &sattach_command,  &sbcast_command, &scancel_command,  &sacct_command,
        &sstat_command,    &sdiag_command,    &sshare_command, &sacctmgr_command, &sreport_command,
        &sprio_command,    &strigger_command, &up_command,     &down_command,
};

const struct command *command_at(size_t i)
{
	return i < sizeof(commands) / sizeof(commands[0]) ? commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const char *space = strrchr(commands[i]->name, ' ');
		if (strcmp(space ? space + 1 : commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

/* ---- options ---- */

void command_getopt_init(struct command_getopt *g, const struct command *command)
{
	size_t at = 0, n = 0;
	memset(g, 0, sizeof(*g));
	if (command->stop)
		g->shorts[at++] = '+';
	g->shorts[at++] = ':'; /* a missing argument is told apart */
	for (size_t i = 0; i < command->option_count && n < COMMAND_OPTIONS_MAX; i++) {
		const struct command_option *o = &command->options[i];
		if (o->name)
			g->longs[n++] = (struct option){o->name, o->argument, NULL, o->value};
		if (o->value >= 256)
			continue;
		g->shorts[at++] = (char)o->value;
		for (int k = 0; k < o->argument; k++)
			g->shorts[at++] = ':';
	}
	opterr = 0;
}

int command_getopt_next(struct command_getopt *g, int argc, char **argv)
{
	return getopt_long(argc, argv, g->shorts, g->longs, NULL);
}

bool command_option_at(const struct command *command, size_t i, struct command_option *out)
{
	if (command->submit)
		return option_told(command->submit, i, out);
	if (i >= command->option_count)
		return false;
	*out = command->options[i];
	return true;
}

bool command_variable_at(const struct command *command, size_t i, struct text *name, struct text *help)
{
	size_t before = command->submit ? option_count() : 0;
	if (i < before)
		return option_variable(command->submit, i, name, help);
	const struct command_word *variable = &command->variables[i - before];
	if (!variable->name)
		return false;
	text_add(name, variable->name);
	text_add(help, variable->help);
	return true;
}

/* ---- -h ---- */

static void option_text(struct text *out, const struct command_option *o)
{
	bool optional = o->argument == optional_argument;
	text_add(out, "  ");
	if (o->value < 256)
		text_printf(out, "-%c%s", o->value, o->name ? ", " : "");
	else
		text_add(out, "    ");
	if (o->name)
		text_printf(out, "--%s", o->name);
	if (o->argument != no_argument)
		text_printf(out, "%s%s%s%s", optional ? "[" : "", o->name ? "=" : " ",
		            o->word ? o->word : "...", optional ? "]" : "");
}

static void print_line(struct text *left, const char *help, FILE *to)
{
	bool wide = left->len >= HELP_COLUMN;
	fprintf(to, "%-*s%s%*s %s\n", HELP_COLUMN - 1, text_str(left), wide ? "\n" : "",
	        wide ? HELP_COLUMN - 1 : 0, "", help);
	text_free(left);
}

static void print_words(const char *title, bool (*word_at)(size_t i, struct command_word *out), FILE *to)
{
	struct command_word word;
	if (!word_at)
		return;
	fprintf(to, "%s:\n", title);
	for (size_t i = 0; word_at(i, &word); i++) {
		struct text left = TEXT_EMPTY;
		if (!word.help || !*word.help)
			continue;
		text_printf(&left, "  %s%s%s", word.name, word.arguments ? " " : "",
		            word.arguments ? word.arguments : "");
		print_line(&left, word.help, to);
	}
}

void command_print_usage(const struct command *command, FILE *to)
{
	struct command_option o;
	fprintf(to, "Usage: %s %s\n", command->name, command->synopsis);
	if (command->note)
		fprintf(to, "%s\n", command->note);
	for (size_t i = 0; command_option_at(command, i, &o); i++) {
		struct text left = TEXT_EMPTY;
		if (!o.help || !*o.help)
			continue;
		option_text(&left, &o);
		print_line(&left, o.help, to);
	}
	print_words("Verbs", command->verb, to);
	print_words("Nouns of show", command->noun, to);
}

/* ---- columns ---- */

static const struct {
	const char *command; /* NULL: in all others */
	const char *name, *help;
} column_helps[] = {
#define H(command, name, help) {command, name, help},
#include "applets/client/column_help.def"
#undef H
};

const char *command_column_help(const struct command *command, const struct column *column)
{
	const char *found = NULL;
	for (size_t i = 0; i < sizeof(column_helps) / sizeof(column_helps[0]); i++) {
		if (strcmp(column_helps[i].name, column->name) != 0)
			continue;
		if (column_helps[i].command && strcmp(column_helps[i].command, command->name) == 0)
			return column_helps[i].help;
		if (!column_helps[i].command)
			found = column_helps[i].help;
	}
	return found;
}
