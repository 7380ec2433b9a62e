/* The tables of all commands, from which getopt, -h, manual pages and completions come. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "applets/client/command.h"

#include <stdlib.h>
#include <string.h>

static void no_option_stands_for_two(void **state)
{
	(void)state;
	for (size_t c = 0; command_at(c); c++) {
		const struct command *command = command_at(c);
		struct command_option a, b;
		assert_true(command->option_count <= COMMAND_OPTIONS_MAX);
		for (size_t i = 0; command_option_at(command, i, &a); i++)
			for (size_t k = 0; a.help && k < i && command_option_at(command, k, &b); k++) {
				if (b.help && a.name && b.name && strcmp(a.name, b.name) == 0)
					fail_msg("%s has --%s twice", command->name, a.name);
				if (b.help && a.value < 256 && a.value == b.value && a.argument != b.argument)
					fail_msg("%s: -%c has two kinds of argument", command->name, a.value);
			}
	}
}

static void every_column_is_explained(void **state)
{
	(void)state;
	for (size_t c = 0; command_at(c); c++)
		for (size_t s = 0; s < COMMAND_SETS; s++) {
			const struct command_column_set *set = &command_at(c)->sets[s];
			for (size_t i = 0; set->of && i < *set->n; i++)
				if (!command_column_help(command_at(c), &set->columns[i]))
					fail_msg("column_help.def lacks %s of %s", set->columns[i].name,
					         command_at(c)->name);
		}
}

static bool is_explained(bool (*word_at)(size_t i, struct command_word *out), const char *name)
{
	struct command_word word;
	for (size_t i = 0; word_at(i, &word); i++)
		if (strcmp(word.name, name) == 0)
			return word.help && *word.help;
	return false;
}

static void verbs_and_nouns_are_told(void **state)
{
	(void)state;
	const struct command *scontrol = command_find("scontrol");
	assert_true(is_explained(scontrol->verb, "hold"));
	assert_true(is_explained(scontrol->noun, "hostnames"));
	assert_false(is_explained(scontrol->verb, "nosuch"));
}

static void variables_are_told(void **state)
{
	(void)state;
	struct text name = TEXT_EMPTY, help = TEXT_EMPTY;
	bool account = false, conf = false;
	for (size_t i = 0; command_variable_at(command_find("sbatch"), i, &name, &help); i++) {
		account = account || (strcmp(text_str(&name), "SBATCH_ACCOUNT") == 0 &&
		                      strcmp(text_str(&help), "as --account") == 0);
		conf = conf || strcmp(text_str(&name), "SLURM_CONF") == 0;
		text_clear(&name);
		text_clear(&help);
	}
	assert_true(account && conf);
	text_free(&name);
	text_free(&help);
}

/* What getopt is given, from a table of every kind of row. */
static void getopt_follows_the_table(void **state)
{
	(void)state;
	static const struct command_option rows[] = {
	        {"all", 'a', no_argument, NULL, "all"},
	        {"jobs", 'j', optional_argument, "JOBS", "some"},
	        {"name", 300, required_argument, "NAME", "by name"},
	        {NULL, 'x', required_argument, "N", "a letter alone"},
	};
	const struct command command = {.name = "test", .synopsis = "", COMMAND_OPTIONS(rows), .stop = true};
	struct command_getopt g;
	char *argv[] = {(char[]){"test"},     (char[]){"-a"}, (char[]){"-j5"},
	                (char[]){"--name=n"}, (char[]){"-x"}, (char[]){"7"},
	                (char[]){"word"},     (char[]){"-a"}, NULL};
	command_getopt_init(&g, &command);
	optind = 0;
	assert_string_equal("+:aj::x:", g.shorts);
	assert_int_equal('a', command_getopt_next(&g, 8, argv));
	assert_int_equal('j', command_getopt_next(&g, 8, argv));
	assert_string_equal("5", optarg);
	assert_int_equal(300, command_getopt_next(&g, 8, argv));
	assert_string_equal("n", optarg);
	assert_int_equal('x', command_getopt_next(&g, 8, argv));
	assert_string_equal("7", optarg);
	assert_int_equal(-1, command_getopt_next(&g, 8, argv));
	assert_int_equal(6, optind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(no_option_stands_for_two), cmocka_unit_test(every_column_is_explained),
	        cmocka_unit_test(verbs_and_nouns_are_told), cmocka_unit_test(variables_are_told),
	        cmocka_unit_test(getopt_follows_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
