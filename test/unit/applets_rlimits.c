/* Which resource limits travel along. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/common/rlimits.h"

#include <string.h>

static void which(void **state)
{
	(void)state;
	static const struct {
		const char *list, *name;
		bool have;
	} rows[] = {
	        {NULL, "AS", true},           {"", "AS", true},           {"ALL", "NOFILE", true},
	        {"NONE", "NOFILE", false},    {"NOFILE", "NOFILE", true}, {"NOFILE,CORE", "CORE", true},
	        {"NOFILE,CORE", "AS", false}, {"CORE,AS", "AS", true},    {"RSS", "AS", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rlimits_have(rows[i].list, rows[i].name), rows[i].have);
}

static void bad_words(void **state)
{
	(void)state;
	static const struct {
		const char *list, *bad;
	} rows[] = {
	        {NULL, NULL},        {"", NULL},           {"ALL", NULL},          {"NONE", NULL},
	        {"NOFILE,AS", NULL}, {"nofile", "nofile"}, {"AS,x", "x"},          {"ALL,AS", "ALL"},
	        {"AS,", ""},         {",AS", ""},          {"NOFILES", "NOFILES"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *bad = NULL;
		size_t n = 0;
		assert_int_equal(rlimits_valid(rows[i].list, &bad, &n), rows[i].bad == NULL);
		if (rows[i].bad) {
			assert_int_equal(n, strlen(rows[i].bad));
			assert_memory_equal(bad, rows[i].bad, n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(which), cmocka_unit_test(bad_words)};
	return cmocka_run_group_tests_name("resource limits", tests, NULL, NULL);
}
