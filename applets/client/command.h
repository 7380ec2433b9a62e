/* What a command takes, as tables: options, words, variables and columns. Its getopt, its -h, `batchbox
 * help`, its manual page and the shells' completions come from them. */
#pragma once
#include "applets/client/columns.h"
#include "applets/client/options.h"

#include <getopt.h>
#include <stdio.h>

#define COMMAND_OPTIONS_MAX 128

struct command_option {
	const char *name; /* long; NULL: there is only the letter */
	int value;        /* what getopt gives: the letter, or from 256 where there is none */
	int argument;     /* no_argument, required_argument, optional_argument */
	const char
	        *word; /* what the argument is: for some words (packaging/completions) a shell knows values */
	const char *help; /* NULL: known, and not told of (a second name); "": refused by name */
};
/* In place of word and help. */
#define REFUSED NULL, ""

/* A verb or a noun of scontrol, or an environment variable. help as above. */
struct command_word {
	const char *name, *arguments, *help;
};
/* The last rows of a command's variables. */
#define COMMAND_TIME_VARIABLES                                                                               \
	{                                                                                                    \
		"SLURM_TIME_FORMAT", NULL,                                                                   \
		        "how times are printed: standard, relative, or a format of strftime(3)"              \
	}
#define COMMAND_COMMON_VARIABLES                                                                             \
	{"SLURM_CONF", NULL, "the configuration file, in place of /etc/slurm/slurm.conf"},                   \
	        {"SLURM_CONF_SERVER", NULL, "where a host without that file gets it: HOST[:PORT]"},          \
	        {"BATCHBOX_RUN_DIR", NULL, "where the sockets of authentication are: see batchbox(1)"},      \
	{                                                                                                    \
		NULL, NULL, NULL                                                                             \
	}

struct command_column_set {
	const char *of; /* the options that name them: "-o and -O" */
	const struct column *columns;
	const size_t *n;
};
#define COMMAND_SETS 2

/* Strings and lists are static. */
struct command {
	const char *name;     /* as it is called: "squeue", "batchbox up" */
	const char *synopsis; /* behind its name */
	const char *note;     /* a sentence below it, or NULL */
	const struct command_option *options;
	size_t option_count;
	enum submit_command submit; /* srun, sbatch, salloc: their options are those of options.def */
	bool stop;                  /* the first word that is no option ends the options */
	/* Verbs, and nouns of `show`, by number; false: there are no more. NULL: there are none. */
	bool (*verb)(size_t i, struct command_word *out);
	bool (*noun)(size_t i, struct command_word *out);
	const struct command_word *variables; /* ends with a row without a name */
	struct command_column_set sets[COMMAND_SETS];
};
#define COMMAND_OPTIONS(rows) .options = (rows), .option_count = sizeof(rows) / sizeof((rows)[0])

#define APPLET(name, function, kind, summary) extern const struct command name##_command;
#include "applets/applets.def"
#undef APPLET

/* getopt's tables of a command whose options are its own. */
struct command_getopt {
	struct option longs[COMMAND_OPTIONS_MAX + 1];
	char shorts[3 * COMMAND_OPTIONS_MAX + 3];
};
void command_getopt_init(struct command_getopt *g, const struct command *command);
/* getopt_long() over these, silent about mistakes: complain_option() tells of '?' and ':'. */
int command_getopt_next(struct command_getopt *g, int argc, char **argv);

/* The option of that number, of either kind of command; false: there are no more. */
bool command_option_at(const struct command *command, size_t i, struct command_option *out);
/* The variables that it reads, by number, into empty texts, which stay empty where that number stands for
 * none. */
bool command_variable_at(const struct command *command, size_t i, struct text *name, struct text *help);
/* Of srun, sbatch and salloc: a row that is not the command's has neither help nor variable
 * (submit_command.c). */
bool option_told(enum submit_command command, size_t i, struct command_option *out);
bool option_variable(enum submit_command command, size_t i, struct text *name, struct text *help);
/* What -h prints. */
void command_print_usage(const struct command *command, FILE *to);

/* By the last word of its name; NULL: it has no tables. */
const struct command *command_find(const char *name);
const struct command *command_at(size_t i); /* NULL: there are no more */

/* What a column shows, in a few words; NULL: column_help.def lacks it. */
const char *command_column_help(const struct command *command, const struct column *column);
