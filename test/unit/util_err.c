#include "core/util/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_first_error_wins(void **state)
{
	(void)state;
	struct err err = {0};
	assert_int_equal(err_set(&err, ERR_INVALID, "bad %s: %d", "value", 7), -1);
	assert_int_equal(err_set(&err, ERR_LIMIT, "later"), -1);
	assert_int_equal(err_sys(&err, 2, "later"), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err_text(&err), "bad value: 7");
	err_clear(&err);
	assert_int_equal(err.code, 0);
	assert_string_equal(err.text, "");
	assert_int_equal(err_set(&err, ERR_LIMIT, "now"), -1);
	assert_string_equal(err_text(&err), "now");
}

static void no_error_wanted(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_INVALID, "x"), -1);
	assert_int_equal(err_sys(NULL, 2, "x"), -1);
	err_prefix(NULL, "x");
	err_clear(NULL);
}

static void system_errors(void **state)
{
	(void)state;
	struct err err = {0};
	assert_int_equal(err_sys(&err, 2, "can't open %s", "/x"), -1);
	assert_int_equal(err.code, ERR_SYSTEM);
	assert_string_equal(err.text, "can't open /x: No such file or directory");
}

static void prefixes(void **state)
{
	(void)state;
	struct err err = {0};
	err_prefix(&err, "nothing");
	assert_int_equal(err.code, 0);
	assert_string_equal(err.text, "");
	(void)err_set(&err, ERR_INVALID_TIME, "bad");
	err_prefix(&err, "line %d", 3);
	err_prefix(&err, "%s", "slurm.conf");
	assert_int_equal(err.code, ERR_INVALID_TIME);
	assert_string_equal(err.text, "slurm.conf: line 3: bad");

	err_clear(&err);
	(void)err_set(&err, ERR_NOT_FOUND, NULL);
	err_prefix(&err, "job 7");
	assert_string_equal(err.text, "job 7: Not found");
}

static void long_texts_are_cut(void **state)
{
	(void)state;
	struct err err = {0};
	char text[900];
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, ERR_INVALID, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, "%s", "short");
	assert_int_equal(strncmp(err.text, "short: aaa", 10), 0);
	err_prefix(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_clear(&err);
	(void)err_sys(&err, 2, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void words(void **state)
{
	(void)state;
	struct err err = {0};
	(void)err_set(&err, ERR_INVALID_PARTITION, NULL);
	assert_string_equal(err_text(&err), "Invalid partition name specified");
	assert_string_equal(err_code_text(ERR_INVALID_TIME), "Invalid time limit specification");
	assert_string_equal(err_code_text(54321), "Unknown error 54321");
	assert_string_equal(err_code_text(-1), "Unknown error -1");
	assert_string_equal(err_code_text(0), "No error");
}

static void numbers_are_unique(void **state)
{
	(void)state;
	static const int numbers[] = {
#define E(number, name, text) number,
#include "core/util/errors.def"
#undef E
	};
	for (size_t i = 1; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_true(numbers[i - 1] < numbers[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_first_error_wins), cmocka_unit_test(no_error_wanted),
	        cmocka_unit_test(system_errors),        cmocka_unit_test(prefixes),
	        cmocka_unit_test(long_texts_are_cut),   cmocka_unit_test(words),
	        cmocka_unit_test(numbers_are_unique),
	};
	return cmocka_run_group_tests_name("util_err", tests, NULL, NULL);
}
