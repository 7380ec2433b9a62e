/* Formats, cutting and sorting by a table of columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "applets/client/columns.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <string.h>

struct thing {
	const char *name;
	int64_t size;
};

static void name(struct text *out, const void *record, const void *ctx)
{
	(void)ctx;
	text_add(out, ((const struct thing *)record)->name);
}

static int64_t size_number(const void *record, const void *ctx)
{
	(void)ctx;
	return ((const struct thing *)record)->size;
}

static void size(struct text *out, const void *record, const void *ctx)
{
	text_printf(out, "%" PRId64, size_number(record, ctx));
}

static const struct column columns[] = {
        {'n', "name", "NAME", 0, name, NULL},
        {'w', "whole", "WHOLE", COLUMN_WHOLE, name, NULL},
        {'t', "number", "NUMBER", COLUMN_WHOLE_NUMBER, name, NULL},
        {'M', "mark", "MARK", COLUMN_KEEP_MARK, name, size_number},
        {'S', "size", "SIZE", 0, size, size_number},
};
#define COUNT (sizeof(columns) / sizeof(columns[0]))

static void assert_line(bool names, const char *spec, const char *value, const char *header, const char *line)
{
	const struct thing thing = {value, 12};
	struct column_format f;
	struct text out = TEXT_EMPTY;
	column_format_init(&f);
	f.all_is_a_name = f.spaced_capitals = true;
	if (names)
		column_format_names(&f, spec, columns, COUNT);
	else
		column_format_letters(&f, spec, columns, COUNT);
	column_print_header(&f, &out);
	assert_string_equal(text_str(&out), header);
	text_clear(&out);
	column_print_row(&f, &thing, NULL, &out);
	assert_string_equal(text_str(&out), line);
	text_free(&out);
	column_format_free(&f);
}

static void letters(void **state)
{
	(void)state;
	log_init("test", LOG_LEVEL_FATAL);
	assert_line(false, "a%nb%5Sc", "x", "aNAMEbSIZE c\n", "axb12   c\n");
	assert_line(false, "%%n%%", "x", "NAME\n", "x\n");
	assert_line(false, "%", "x", "\n", "\n");
	assert_line(false, "", "x", "\n", "\n");
	assert_line(false, "plain", "x", "plain\n", "plain\n");
	assert_line(false, "%.5x %n", "x", "%.5x NAME\n", "%.5x x\n"); /* an unknown one stays as it is */
	assert_line(false, "[%.0n]", "x", "[NAME]\n", "[x]\n");
	assert_line(false, ">%all", "x", ">NAME|WHOLE|NUMBER|MARK |SIZE \n", ">x|x|x|x |12 \n");
	assert_line(false, "%allx", "x", "%allx\n", "%allx\n");
	assert_line(false, "%n\x1f%S", "x", "NAME\x1fSIZE\n", "x\x1f\x31\x32\n");
}

static void names(void **state)
{
	(void)state;
	assert_line(true, "name,SIZE:4", "x", "NAME                SIZE\n", "x                   12  \n");
	assert_line(true, "Name:.6;,size:|", "x", "  NAME;SIZE|\n", "     x;12|\n");
	assert_line(true, "name:.", "x", "NAME\n", "x\n");
	assert_line(true, "bogus:9|,name:3", "xyzz", "|NAM\n", "|xyz\n"); /* its suffix stays */
	assert_line(true, ",name:2,,", "x", "NA\n", "x \n");
	assert_line(true, "all", "x", "NAME|WHOLE|NUMBER|MARK |SIZE \n", "x|x|x|x |12 \n");
	assert_line(true, "name:\x1f,size:3\x1f", "x", "NAME\x1fSIZ\x1f\n", "x\x1f\x31\x32 \x1f\n");
}

/* What is too long: cut, but for what is to the right of some columns. */
static void cutting(void **state)
{
	(void)state;
	assert_line(false, "%3n %.3n", "abcdef", "NAM NAM\n", "abc abc\n");
	assert_line(false, "%3w %.3w", "n[1-3]", "WHO WHO\n", "n[1 n[1-3]\n");
	assert_line(false, "%.3w", "(why)", "WHO\n", "(wh\n");
	assert_line(false, "%3t %.3t", "1:00:00", "NUM NUM\n", "1:0 1:00:00\n");
	assert_line(false, "%.3t", "UNLIMITED", "NUM\n", "UNL\n");
	assert_line(false, "%3M %.3M", "parts*", "MAR MAR\n", "pa* pa*\n");
	assert_line(false, "[%3n] [%.3n] [%6n] [%.3w]", "(null)", "[NAM] [NAM] [NAME  ] [WHO]\n",
	            "[   ] [(nu] [(null)] [(null)]\n");
}

static void assert_order(const char *spec, const struct column_sorting *how, const char *order)
{
	static const struct thing things[] = {{"c", 2}, {"a", 3}, {"b", 2}};
	const void *v[] = {&things[0], &things[1], &things[2]};
	struct err err = {0};
	char got[4] = "";
	assert_int_equal(column_sort(v, 3, spec, columns, COUNT, how, NULL, &err), 0);
	for (size_t i = 0; i < 3; i++)
		got[i] = *((const struct thing *)v[i])->name;
	assert_string_equal(got, order);
}

static void sorting(void **state)
{
	(void)state;
	const struct column_sorting strict = {.never = "w"}, loose = {.marked = "M", .lenient = true};
	struct err err = {0};
	assert_order("", &strict, "cab");
	assert_order(",", &strict, "cab");
	assert_order("n", &strict, "abc");
	assert_order("-n", &strict, "cba");
	assert_order("S", &strict, "cba");
	assert_order("+S,n", &strict, "bca");
	assert_order("-S,-n", &strict, "acb");
	assert_order("Sn", &strict, "bca");
	assert_order("cluster,n", &strict, "abc");
	assert_order("-,n", &strict, "abc");
	assert_order("M", &loose, "abc");
	assert_order("#M", &loose, "cba");
	assert_order("!,x,n", &loose, "abc");
	assert_int_equal(column_sort(NULL, 0, "n,w", columns, COUNT, &strict, NULL, &err), -1);
	assert_string_equal(err_text(&err), "Invalid sort specification: w");
	assert_int_equal(column_sort(NULL, 0, "#n", columns, COUNT, &strict, NULL, &err), -1);
	assert_int_equal(column_sort(NULL, 0, "?", columns, COUNT, &strict, NULL, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(letters), cmocka_unit_test(names),
	                                   cmocka_unit_test(cutting), cmocka_unit_test(sorting)};
	return cmocka_run_group_tests_name("applets_columns", tests, NULL, NULL);
}
