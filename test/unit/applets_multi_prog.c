/* Files of srun --multi-prog, as the real srun 22.05.8 reads them. */
#include "applets/client/multi_prog.h"
#include "core/util/log.h"
#include "core/util/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* "<one><two>" of a task. */
static void assert_words(const struct multi_prog *m, uint32_t task, char *const *more, struct arena *arena,
                         const char *expected)
{
	struct text got = TEXT_EMPTY;
	const struct schema_strs argv = multi_prog_argv(m, task, more, arena);
	for (uint32_t i = 0; i < argv.n; i++)
		text_printf(&got, "<%s>", argv.v[i]);
	assert_string_equal(text_str(&got), expected);
	text_free(&got);
}

static void words(void **state)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
	        {"0 a b", "<a><b>"},
	        {"  0\t a \t b \r\n", "<a><b>"},
	        {"0 a x'y z'w 'a\"b' \"a'b\" \\'q \\n \\\\ end\\\n",
	         "<a><xy zw><a\"b><\"ab\" \\q><n><\\><end>"},
	        {"0 a \\'q 'a\\'b 'c\\nd\\\\e' \\%t \\%%t %\\t", "<a><'q><a\\b><c\\nd\\\\e><%t><%0><t>"},
	        {"0 a b \\\n  c\\\n d \\\ne\n", "<a><b><><c><d><e>"},
	        {"0 a x\\\n\ty \\ \\\n", "<a><x><y>< >"},
	        {"0 a%t '%t' %t%o-%T%s t%to %0t %%%t %% x% %", "<a0><%t><00-><t0o><t><0><><x><>"},
	        {"0 a b \\\n# no comment\n", "<a><b><#><no><comment>"},
	        {"# comment\n\n # another\n0 a '' \"\"", "<a><><\"\">"},
	        {"0 a 'not closed\n", ""},
	        {"0 'a", ""},
	        {"0 'a b' \\", "<a b><>"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena;
		struct multi_prog m;
		struct err err = {0};
		arena_init(&arena);
		if (multi_prog_parse(&m, rows[i].line, "f", 1, &arena, &err) != 0)
			fail_msg("%s: %s", rows[i].line, err_text(&err));
		assert_words(&m, 0, NULL, &arena, rows[i].words);
		arena_free(&arena);
	}
}

static void ranks(void **state)
{
	char more_one[] = "%t", *more[] = {more_one, NULL};
	struct arena arena;
	struct multi_prog m;
	struct err err = {0};
	(void)state;
	arena_init(&arena);
	assert_int_equal(
	        multi_prog_parse(&m, "3,1,0-0 a %t %o\n4- c\n* b %t %o\n* never", "f", 6, &arena, &err), 0);
	assert_int_equal(m.tasks, 6);
	assert_words(&m, 3, more, &arena, "<a><3><0><%t>");
	assert_words(&m, 1, NULL, &arena, "<a><1><1>");
	assert_words(&m, 0, NULL, &arena, "<a><0><2>");
	assert_words(&m, 2, NULL, &arena, "<b><2><2>");
	assert_words(&m, 4, NULL, &arena, "<c>");
	assert_words(&m, 5, NULL, &arena, "<b><5><5>");
	arena_free(&arena);
}

/* Without -n there are as many as it names. */
static void counts(void **state)
{
	static const struct {
		const char *text;
		uint32_t tasks;
	} rows[] = {{"* a", 1}, {"0 a", 1}, {"1 a\n* b", 2}, {"0-1,3 a\n2 b", 4}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena;
		struct multi_prog m;
		struct err err = {0};
		arena_init(&arena);
		assert_int_equal(multi_prog_parse(&m, rows[i].text, "f", 0, &arena, &err), 0);
		assert_int_equal(m.tasks, rows[i].tasks);
		arena_free(&arena);
	}
}

static void mistakes(void **state)
{
	static const struct {
		const char *text;
		uint32_t tasks;
		const char *says;
	} rows[] = {
	        {"", 1, "Configuration file f invalid, no record for task id 0"},
	        {"0 a\n2 b", 3, "Configuration file f invalid, no record for task id 1"},
	        {"0-1,5 a", 0, "Configuration file f invalid, no record for task id 2"},
	        {"0", 1, "Line 1 of configuration file f invalid"},
	        {"0 a\n1 \n", 2, "Line 2 of configuration file f invalid"},
	        {"# c\n\n0 a \\\nb\nx a\n", 1, "Line 5 of configuration file f invalid"},
	        {"0x a", 1, "Line 1 of configuration file f invalid"},
	        {"-1 a", 1, "Line 1 of configuration file f invalid"},
	        {"1-0 a", 2, "Line 1 of configuration file f invalid"},
	        {"0-1-2 a", 3, "Line 1 of configuration file f invalid"},
	        {"0-99999999999 a", 0, "Line 1 of configuration file f invalid"},
	        {"1 a", 1, "Line 1 of configuration file f invalid"},
	        {"0-1 a\n1 b", 2, "Line 2 of configuration file f invalid"},
	        {"* a\n0 b", 2, "Line 2 of configuration file f invalid"},
	        {"0,* a", 1, "Line 1 of configuration file f invalid"},
	};
	(void)state;
	log_set_stderr_level(LOG_LEVEL_QUIET);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena;
		struct multi_prog m;
		struct err err = {0};
		arena_init(&arena);
		assert_int_equal(multi_prog_parse(&m, rows[i].text, "f", rows[i].tasks, &arena, &err), -1);
		assert_string_equal(err_text(&err), rows[i].says);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(words),
	        cmocka_unit_test(ranks),
	        cmocka_unit_test(counts),
	        cmocka_unit_test(mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
