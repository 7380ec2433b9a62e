#include "core/util/json.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void nesting(void **state)
{
	(void)state;
	struct text out = TEXT_EMPTY;
	struct json j = json_begin(&out);
	json_object(&j);
	json_key(&j, "list");
	json_list(&j);
	json_int(&j, -7);
	json_null(&j);
	json_object(&j);
	json_end(&j);
	json_list(&j);
	json_bool(&j, true);
	json_end(&j);
	json_end(&j);
	json_key(&j, "empty");
	json_list(&j);
	json_end(&j);
	json_key(&j, "words");
	json_words(&j, "a,,b");
	json_key(&j, "last");
	json_text(&j, NULL);
	json_end(&j);
	assert_string_equal(text_str(&out),
	                    "{\n  \"list\": [\n    -7,\n    null,\n    {\n    },\n    [\n      true\n"
	                    "    ]\n  ],\n  \"empty\": [\n  ],\n  \"words\": [\n    \"a\",\n"
	                    "    \"b\"\n  ],\n  \"last\": \"\"\n}\n");
	text_free(&out);
}

static void assert_string(const char *s, const char *written)
{
	struct text out = TEXT_EMPTY;
	struct json j = json_begin(&out);
	json_str(&j, s);
	assert_string_equal(text_str(&out), written);
	text_free(&out);
}

static void strings(void **state)
{
	(void)state;
	assert_string(NULL, "null");
	assert_string("", "\"\"");
	assert_string("/home/a\\b \"c\"", "\"\\/home\\/a\\\\b \\\"c\\\"\"");
	assert_string("\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
	assert_string("grün € 𝄞", "\"grün € 𝄞\"");
}

/* Each of these bytes, or each that begins what isn't a character, is replaced by U+FFFD. */
static void no_utf8(void **state)
{
	(void)state;
#define BAD "\xef\xbf\xbd"
	assert_string("a\x80z", "\"a" BAD "z\"");
	assert_string("\xc0\xaf", "\"" BAD BAD "\"");                 /* overlong */
	assert_string("\xe0\x80\xaf", "\"" BAD BAD BAD "\"");         /* overlong */
	assert_string("\xed\xa0\x80", "\"" BAD BAD BAD "\"");         /* a surrogate */
	assert_string("\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\""); /* above U+10FFFF */
	assert_string("\xf5z", "\"" BAD "z\"");
	assert_string("\xc3", "\"" BAD "\"");
	assert_string("\xe2\x82", "\"" BAD BAD "\"");
	assert_string("\xf0\x9d\x84", "\"" BAD BAD BAD "\"");
	assert_string("\xe2\x82\"", "\"" BAD BAD "\\\"\"");
	/* The borders of what is allowed. */
	assert_string("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4"
	              "\x8f\xbf\xbf",
	              "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4"
	              "\x8f\xbf\xbf\"");
}

static void assert_real(double value, const char *written)
{
	struct text out = TEXT_EMPTY;
	struct json j = json_begin(&out);
	json_real(&j, value);
	assert_string_equal(text_str(&out), written);
	text_free(&out);
}

static void reals(void **state)
{
	(void)state;
	assert_real(0, "0.0");
	assert_real(3, "3.0");
	assert_real(-0.25, "-0.25");
	assert_real(0.1, "0.1");
	assert_real(1.0 / 3, "0.3333333333333333");
	assert_real(1e300, "1e+300");
	assert_real(INFINITY, "null");
	assert_real(NAN, "null");
}

/* Whatever the bytes, what is written is UTF-8 without bare control characters, and ends its string. */
static void any_bytes(void **state)
{
	(void)state;
	uint64_t seed = 1;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (int round = 0; round < 20000; round++) {
		char s[9] = "";
		for (size_t i = 0; i < sizeof(s) - 1; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			s[i] = (char)(seed >> 56);
		}
		struct text out = TEXT_EMPTY;
		struct json j = json_begin(&out);
		json_str(&j, s);
		assert_int_equal(out.s[0], '"');
		assert_int_equal(out.s[out.len - 1], '"');
		for (size_t i = 1; i + 1 < out.len; i++) {
			assert_true((unsigned char)out.s[i] >= 0x20);
			if (out.s[i] == '\\')
				i++;
			else
				assert_int_not_equal(out.s[i], '"');
		}
		assert_true(mbstowcs(NULL, out.s, 0) != (size_t)-1);
		text_free(&out);
	}
}

static void number(struct json *j, const void *record, const void *ctx)
{
	json_int(j, *(const int *)record + *(const int *)ctx);
}
static void word(struct json *j, const void *record, const void *ctx)
{
	(void)record, (void)ctx;
	json_str(j, "w");
}
static bool never(const void *record, const void *ctx)
{
	(void)record, (void)ctx;
	return false;
}
static const struct json_row rows[] = {
        {"number", number, NULL}, {"left out", word, never}, {"word", word, NULL}};

static void tables(void **state)
{
	(void)state;
	struct text out = TEXT_EMPTY;
	struct json j = json_begin(&out);
	const int three = 3, four = 4;
	json_rows(&j, rows, 3, &three, &four);
	assert_string_equal(text_str(&out), "{\n  \"number\": 7,\n  \"word\": \"w\"\n}\n");
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(nesting), cmocka_unit_test(strings),   cmocka_unit_test(no_utf8),
	        cmocka_unit_test(reals),   cmocka_unit_test(any_bytes), cmocka_unit_test(tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
