#include "core/util/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void growing(void **state)
{
	(void)state;
	struct text t = TEXT_EMPTY;
	assert_string_equal(text_str(&t), "");
	text_add(&t, "");
	assert_non_null(t.s);
	for (int i = 0; i < 500; i++) {
		text_add(&t, "ab");
		text_add_char(&t, 'c');
		text_printf(&t, "%d,", i % 10);
	}
	assert_int_equal(t.len, 500 * 5);
	assert_int_equal(strlen(t.s), t.len);
	assert_int_equal(strncmp(t.s + 5 * 7, "abc7,abc8,", 10), 0);
	text_clear(&t);
	assert_string_equal(text_str(&t), "");
	text_printf(&t, "%*s", 10000, "x");
	assert_int_equal(t.len, 10000);
	text_clear(&t);
	text_add_n(&t, "a\0b", 3);
	assert_int_equal(t.len, 3);
	assert_memory_equal(t.s, "a\0b", 4);

	char *s = text_take(&t);
	assert_memory_equal(s, "a\0b", 4);
	free(s);
	assert_int_equal(t.len, 0);
	s = text_take(&t);
	assert_string_equal(s, "");
	free(s);
	text_free(&t);
	/* Lengths around a power of two, where the NUL must still fit. */
	for (size_t n = 25; n < 70; n++) {
		char bytes[70];
		memset(bytes, 'x', sizeof(bytes));
		text_add_n(&t, bytes, n);
		text_printf(&t, "%d", 1);
		assert_int_equal(strlen(t.s), n + 1);
		text_free(&t);
	}
}

static void escaping(void **state)
{
	(void)state;
	struct text t = TEXT_EMPTY;
	text_add_escaped(&t, "", 0);
	assert_string_equal(text_str(&t), "");
	text_add_escaped(&t, "a\n\x1b[m\\\xc3\x7f\0~", 10);
	assert_string_equal(t.s, "a\\012\\033[m\\134\\303\\177\\000~");
	text_free(&t);
}

static void owned(void **state)
{
	(void)state;
	char *s = NULL;
	text_set(&s, "abc");
	assert_string_equal(s, "abc");
	text_set(&s, s + 1);
	assert_string_equal(s, "bc");
	text_set(&s, s);
	assert_string_equal(s, "bc");
	text_set(&s, "");
	assert_string_equal(s, "");
	text_set(&s, NULL);
	assert_null(s);
	assert_null(text_or_null(NULL));
	assert_null(text_or_null(""));
	assert_string_equal(text_or_null("a"), "a");
}

static void unsigned_numbers(void **state)
{
	(void)state;
	static const char *const bad[] = {"",   " 1", "1 ", "+1", "-1", "0x1", "1a", "18446744073709551616",
	                                  "1.0"};
	uint64_t v = 42;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_to_u64(bad[i], &v));
	assert_false(text_to_u64(NULL, &v));
	assert_true(v == 42);
	assert_true(text_to_u64("18446744073709551615", &v) && v == UINT64_MAX);
	assert_true(text_to_u64("007", &v) && v == 7);
	uint32_t w = 42;
	assert_true(text_to_u32("4294967295", &w) && w == UINT32_MAX);
	assert_false(text_to_u32("4294967296", &w));
	assert_true(text_to_u32("0", &w) && w == 0);
}

static void signed_numbers(void **state)
{
	(void)state;
	int64_t v = 42;
	assert_true(text_to_i64("-9223372036854775808", &v) && v == INT64_MIN);
	assert_true(text_to_i64("9223372036854775807", &v) && v == INT64_MAX);
	assert_true(text_to_i64("-0", &v) && v == 0);
	assert_true(text_to_i64("-17", &v) && v == -17);
	assert_false(text_to_i64("9223372036854775808", &v));
	assert_false(text_to_i64("-9223372036854775809", &v));
	assert_false(text_to_i64("-", &v));
	assert_false(text_to_i64("--1", &v));
	assert_false(text_to_i64("", &v));
	assert_false(text_to_i64(NULL, &v));
}

static void leading_numbers(void **state)
{
	(void)state;
	static const char *const bad[] = {
	        "", "x", " 1", "-1", "+1", "4294967295", "4294967296", "99999999999999999999999",
	};
	uint32_t v = 42;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *p = bad[i];
		assert_false(text_read_u32(&p, &v));
	}
	assert_int_equal(v, 42);
	const char *p = "007-4294967294:5";
	assert_true(text_read_u32(&p, &v) && v == 7 && *p++ == '-');
	assert_true(text_read_u32(&p, &v) && v == 4294967294 && *p++ == ':');
	assert_true(text_read_u32(&p, &v) && v == 5 && *p == '\0');
	assert_false(text_read_u32(&p, &v));
}

static void comparing(void **state)
{
	(void)state;
	assert_true(text_eq(NULL, NULL));
	assert_false(text_eq(NULL, ""));
	assert_false(text_eq("", NULL));
	assert_true(text_eq("ab", "ab"));
	assert_false(text_eq("ab", "aB"));
	assert_true(text_eq_nocase("NodeName", "nodename"));
	assert_false(text_eq_nocase("node", "nodes"));
	assert_false(text_eq_nocase("nodes", "node"));
	assert_false(text_eq_nocase(NULL, "x"));
	assert_true(text_eq_nocase(NULL, NULL));
	assert_false(text_eq_nocase("[", "{")); /* 32 apart as letters are */
	assert_true(text_starts_nocase("DebugFlags", "debug"));
	assert_false(text_starts_nocase("deb", "debug"));
	assert_true(text_starts_nocase("x", ""));
}

static void listed(void **state)
{
	(void)state;
	assert_true(text_list_has("gpu,Big,x", "gpu", 3));
	assert_true(text_list_has("gpu,Big,x", "bIG", 3));
	assert_true(text_list_has("gpu,Big,x", "x&y", 1)); /* so many bytes of it */
	assert_false(text_list_has("gpu,Big,x", "gp", 2));
	assert_false(text_list_has("gpu,Big,x", "gpux", 4));
	assert_false(text_list_has("gpu,Big,x", "gpu,Big", 7));
	assert_false(text_list_has("gpu,Big,x", "", 0));
	assert_true(text_list_has("gpu,,x", "", 0));
	assert_true(text_list_has(",x,", "x", 1));
	assert_false(text_list_has("", "x", 1));
	assert_false(text_list_has(NULL, "x", 1));
}

static void copying(void **state)
{
	(void)state;
	char to[4];
	assert_true(text_copy(to, sizeof(to), "abc"));
	assert_string_equal(to, "abc");
	assert_false(text_copy(to, sizeof(to), "abcd"));
	assert_string_equal(to, "abc");
	assert_true(text_copy(to, sizeof(to), ""));
	assert_string_equal(to, "");
	assert_false(text_copy(to, 0, "a"));
}

static void nearest(void **state)
{
	(void)state;
	assert_int_equal(text_distance("kitten", "sitting", 10), 3);
	assert_int_equal(text_distance("", "abc", 10), 3);
	assert_int_equal(text_distance("abc", "", 10), 3);
	assert_int_equal(text_distance("abc", "ABC", 10), 0);
	assert_int_equal(text_distance("kitten", "sitting", 2), 2);
	static const char *const names[] = {"NodeName", "NodeAddr", "NodeHostname", "PartitionName"};
	assert_string_equal(text_nearest("NodName", names, 4), "NodeName");
	assert_string_equal(text_nearest("partitionnmae", names, 4), "PartitionName");
	assert_null(text_nearest("Gres", names, 4));
	assert_null(text_nearest("", names, 4));
	char long_word[400];
	memset(long_word, 'x', sizeof(long_word));
	long_word[399] = '\0';
	assert_null(text_nearest(long_word, names, 4));
}

static void splitting(void **state)
{
	(void)state;
	char s[] = "a,,bc,";
	char *rest = s;
	assert_string_equal(text_split(&rest, ','), "a");
	assert_string_equal(text_split(&rest, ','), "");
	assert_string_equal(text_split(&rest, ','), "bc");
	assert_string_equal(text_split(&rest, ','), "");
	assert_null(text_split(&rest, ','));
	assert_null(text_split(&rest, ','));
	char blanks[] = " \t a b\r\n ", none[] = "x", all[] = "  ";
	assert_string_equal(text_trim(blanks), "a b");
	assert_string_equal(text_trim(none), "x");
	assert_string_equal(text_trim(all), "");
}

static void tame(void **state)
{
	(void)state;
	struct text t = TEXT_EMPTY;
	text_add(&t, "a\nb\033[2Jc\177 \303\244\\");
	text_tame(&t, 2);
	assert_string_equal(text_str(&t), "a\nb\\033[2Jc\\177 \303\244\\");
	text_tame(&t, 0);
	assert_string_equal(text_str(&t), "a\\012b\\033[2Jc\\177 \303\244\\");
	text_tame(&t, t.len);
	text_free(&t);
}

static void sizes(void **state)
{
	static const struct {
		uint64_t n;
		char unit;
		const char *text;
	} rows[] = {{0, 'M', "0M"},          {1, 'K', "1K"},       {1024, 'K', "1M"},
	            {1536, 'M', "1.50G"},    {1792, 'M', "1792M"}, {512, 'M', "512M"},
	            {2560, 'K', "2.50M"},    {1536, ' ', "1.50K"}, {10576253, ' ', "10576253"},
	            {1572864, 'K', "1.50G"}, {1048576, 'M', "1T"}, {3072, 'P', "3072P"}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text t = TEXT_EMPTY;
		text_add_size(&t, rows[i].n, rows[i].unit);
		assert_string_equal(text_str(&t), rows[i].text);
		text_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(tame),           cmocka_unit_test(growing),
	        cmocka_unit_test(escaping),       cmocka_unit_test(unsigned_numbers),
	        cmocka_unit_test(signed_numbers), cmocka_unit_test(comparing),
	        cmocka_unit_test(copying),        cmocka_unit_test(nearest),
	        cmocka_unit_test(splitting),      cmocka_unit_test(listed),
	        cmocka_unit_test(owned),          cmocka_unit_test(leading_numbers),
	        cmocka_unit_test(sizes),
	};
	return cmocka_run_group_tests_name("util_text", tests, NULL, NULL);
}
