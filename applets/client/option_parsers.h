/* The parsers that rows of options.def name. Each reads one value into struct submit; -1 with err:
 * ERR_INVALID where the real commands exit with 255, another code where they exit with 1. */
#pragma once
#include "applets/client/options.h"

struct option_row {
	const char *name;
	char letter;
	int argument; /* getopt's no_argument, required_argument, optional_argument */
	unsigned commands;
	const char *environment; /* names of variables, as options.def has them */
	int (*parse)(struct submit *s, const struct option_row *row, const char *value, struct err *err);
	size_t offset; /* of the member, for the generic parsers */
	const char *help;
	const char *reason; /* of a row that is refused */
};

/* Those that rows name, and a few that call each other. */
#define PARSER(name)                                                                                         \
	int option_##name(struct submit *s, const struct option_row *row, const char *value, struct err *err)
#define O(name, letter, argument, commands, environment, parser, member, help) PARSER(parser);
#define U(name, letter, argument, commands, environment, reason)
#include "applets/client/options.def"
#undef O
#undef U
PARSER(unsupported);
/* SBATCH_WAIT4SWITCH and its like: the time of --switches. */
void option_switches_wait(struct submit *s, const char *value);

#define OPTION_AT(type) ((type *)(void *)((char *)s + row->offset))
#define OPTION_UNUSED   (void)s, (void)row, (void)value, (void)err

/* "Invalid --NAME specification": ERR_INVALID. */
int option_bad(const struct option_row *row, struct err *err);
/* 'Invalid numeric value "VALUE" for --NAME.' */
int option_bad_number(const struct option_row *row, const char *value, struct err *err);
/* The program ends with exit code 1, and with these words behind "fatal: ". */
int option_fatal(struct submit *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Does one of the words, which a NULL ends, equal the n bytes, in any case? Its index, or -1. */
int option_word(const char *const *words, const char *word, size_t n);

/* The value in force, for -v. */
void option_print(const struct submit *s, const struct option_row *row, struct text *out);

/* The rows; NULL: there are no more. */
const struct option_row *option_row_at(size_t i);
