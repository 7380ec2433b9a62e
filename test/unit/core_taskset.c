/* Task numbers of arrays, read and written. */
#include "core/taskset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void reads_and_writes(void **state)
{
	static const struct {
		const char *list, *shown, *stored;
		uint32_t count, limit;
	} rows[] = {
	        {"1-7:2", "1,3,5,7", "1-7:2", 4, 0},
	        {"0-5,9,20-30:5%2", "0-5,9,20,25,30", "0-5,9,20-30:5", 10, 2},
	        {"1,1,2", "1-2", "1-2", 2, 0},
	        {"[1-3]", "1-3", "1-3", 3, 0},
	        {"[3-5%2]", "3-5", "3-5", 3, 2},
	        {"1-3%", "1-3", "1-3", 3, 0},
	        {"1-3%0", "1-3", "1-3", 3, 0},
	        {"1000", "1000", "1000", 1, 0},
	        {"1-10:3", "1,4,7,10", "1-10:3", 4, 0},
	        {"0-200:64", "0,64,128,192", "0-192:64", 4, 0},
	        {"1-11:2", "1,3,5,7,9,11", "1-11:2", 6, 0},
	        {"2-17:3", "2-17:3", "2-17:3", 6, 0},
	        {"0-40:10,50", "0-50:10", "0-50:10", 6, 0},
	        {"1-40:3,50", "1,4,7,10,13,16,19,22,25,28,31,34,37,40,50", "1-40:3,50", 15, 0},
	        {"0-20", "0-20", "0-20", 21, 0},
	        {"1-3,", "1-3", "1-3", 3, 0},
	        {"1-3%x", "1-3", "1-3", 3, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text shown = TEXT_EMPTY, stored = TEXT_EMPTY;
		uint32_t limit = 99;
		struct err err = {0};
		struct core_bits *set = taskset_parse(rows[i].list, 1001, &limit, &err);
		assert_non_null(set);
		assert_int_equal(set->set, rows[i].count);
		assert_int_equal(limit, rows[i].limit);
		taskset_text(set, false, &shown);
		taskset_text(set, true, &stored);
		assert_string_equal(text_str(&shown), rows[i].shown);
		assert_string_equal(text_str(&stored), rows[i].stored);
		struct core_bits *again = taskset_parse(text_str(&stored), 1001, NULL, &err);
		assert_non_null(again);
		assert_int_equal(again->set, set->set);
		free(again);
		free(set);
		text_free(&shown);
		text_free(&stored);
	}
}

static void refuses(void **state)
{
	static const char *const lists[] = {"",     "abc",       "5-1",        "1-3:0",       "0x1",
	                                    "1001", "1-5000",    ",1",         "1-",          "-1",
	                                    "[1",   "[1-3]%2%3", "1 2",        "1-3:",        "1--3",
	                                    "1-3]", "%2",        "4294967296", "1-4294967295"};
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct err err = {0};
		uint32_t limit;
		assert_null(taskset_parse(lists[i], 1001, &limit, &err));
		assert_int_equal(err.code, ERR_INVALID_ARRAY);
	}
	assert_null(taskset_parse("1-3%2", 1001, NULL, &(struct err){0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads_and_writes), cmocka_unit_test(refuses)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
