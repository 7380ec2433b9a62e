#include "core/util/arena.h"
#include "core/util/hostlist.h"
#include "core/util/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- helpers ---- */

static struct hostlist *parse(const char *s)
{
	struct err err = {0};
	struct hostlist *h = hostlist_parse(s, &err);
	if (!h)
		fail_msg("%s: %s", s, err_text(&err));
	return h;
}

static char *names_of(const struct hostlist *h)
{
	struct text t = TEXT_EMPTY;
	struct hostlist_iter it;
	hostlist_iter_init(&it, h);
	for (const char *name; (name = hostlist_next(&it));)
		text_printf(&t, "%s%s", t.len ? " " : "", name);
	return text_take(&t);
}

static void expect_names(const char *list, const char *names)
{
	struct hostlist *h = parse(list);
	char *got = names_of(h);
	assert_string_equal(got, names);
	free(got);
	hostlist_free(h);
}

enum order { AS_GIVEN, SORTED, UNIQ };

static void expect_list(const char *list, enum order order, const char *expected)
{
	struct hostlist *h = parse(list);
	uint64_t count = hostlist_count(h);
	if (order == SORTED)
		hostlist_sort(h);
	if (order == UNIQ)
		hostlist_uniq(h);
	else
		assert_true(hostlist_count(h) == count);
	char *got = hostlist_string(h);
	assert_string_equal(got, expected);
	free(got);
	hostlist_free(h);
}

/* ---- reading ---- */

static void names_in_order(void **state)
{
	(void)state;
	/* As `scontrol show hostnames` of Slurm 22.05 prints them. */
	expect_names("n[1-3],m[01-02,10]", "n1 n2 n3 m01 m02 m10");
	expect_names("rack[0-2]n[01-03]",
	             "rack0n01 rack0n02 rack0n03 rack1n01 rack1n02 rack1n03 rack2n01 rack2n02 rack2n03");
	expect_names("worker-[1-3,7,09-11]",
	             "worker-1 worker-2 worker-3 worker-7 worker-09 worker-10 worker-11");
	expect_names("n1,,n2", "n1 n2");
	expect_names(",n1,", "n1");
	expect_names("", "");
	expect_names("1,2,3", "1 2 3");
	expect_names("[1-3]", "1 2 3");
	expect_names("n[01-9]", "n01 n02 n03 n04 n05 n06 n07 n08 n09");
	expect_names("n[1-010]", "n1 n2 n3 n4 n5 n6 n7 n8 n9 n10");
	expect_names("n[098-101]", "n098 n099 n100 n101");
	expect_names("n[5-5]", "n5");
	expect_names("n1[8-12]", "n18 n19 n110 n111 n112");
	expect_names("n0[8-12]", "n08 n09 n010 n011 n012");
	expect_names("r[0-1][0-2]", "r00 r01 r02 r10 r11 r12");
	expect_names("a[1-2]b[1-2]c[8-9]", "a1b1c8 a1b1c9 a1b2c8 a1b2c9 a2b1c8 a2b1c9 a2b2c8 a2b2c9");
	expect_names("n000000000000000000001,n99999999999999999999",
	             "n000000000000000000001 n99999999999999999999");
	expect_names("n99999999999[12345678-12345680]",
	             "n9999999999912345678 n9999999999912345679 n9999999999912345680");
}

static void compressed(void **state)
{
	(void)state;
	/* As `scontrol show hostlist`. */
	expect_list("worker-3,worker-1,worker-2", AS_GIVEN, "worker-[3,1-2]");
	expect_list("n1,n2,n3", AS_GIVEN, "n[1-3]");
	expect_list("n01,n02,n3,n4", AS_GIVEN, "n[01-02,3-4]");
	expect_list("n9,n10,n11", AS_GIVEN, "n[9-11]");
	expect_list("n09,n10,n11", AS_GIVEN, "n[09-11]");
	expect_list("n99,n100", AS_GIVEN, "n[99-100]");
	expect_list("n099,n100", AS_GIVEN, "n[099-100]");
	expect_list("n1,n01,n001", AS_GIVEN, "n[1,01,001]");
	expect_list("n1,n3,n2,n1,n1", AS_GIVEN, "n[1,3,2,1,1]");
	expect_list("a1,a2,b1,a3", AS_GIVEN, "a[1-2],b1,a3");
	expect_list("r1n1,r1n2,r2n1,r2n2", AS_GIVEN, "r1n[1-2],r2n[1-2]");
	expect_list("a1-ib,a2-ib", AS_GIVEN, "a1-ib,a2-ib");
	expect_list("rack[0-1]n[01-16]", AS_GIVEN, "rack0n[01-16],rack1n[01-16]");
	expect_list("n,n", AS_GIVEN, "n,n");
	expect_list("n,n1", AS_GIVEN, "n,n1");
	expect_list("1,2,3", AS_GIVEN, "[1-3]");
	expect_list("n[1-3],n4,n5,n7,n[8-9]", AS_GIVEN, "n[1-5,7-9]");
	expect_list("n[01-03],n4,n04", AS_GIVEN, "n[01-03,4,04]");
	expect_list("n10,n11,n1[2-3]", AS_GIVEN, "n[10-13]");
	expect_list("", AS_GIVEN, "");
}

static void sorted(void **state)
{
	(void)state;
	/* As `scontrol show hostlistsorted`. */
	expect_list("worker-3,worker-1,worker-2,a9,a10", SORTED, "a[9-10],worker-[1-3]");
	expect_list("n1,n01,n001,n10,n2", SORTED, "n[1-2,01,10,001]");
	expect_list("n3,n2,n1,n1", SORTED, "n[1,1-3]");
	expect_list("b1,a,a1,n,N1", SORTED, "N1,a,a1,b1,n");
	expect_list("r2n1,r1n2,r1n1,r10n1,r2n2", SORTED, "r1n[1-2],r2n[1-2],r10n1");
	expect_list("a10b1,a9b1,a9b", SORTED, "a9b,a9b1,a10b1");
	expect_list("x-10-1,x-9-1,x10,x9", SORTED, "x[9-10],x-9-1,x-10-1");
	expect_list("r02n1,r1n1,r2n1,r01n1", SORTED, "r01n1,r02n1,r1n1,r2n1");
	expect_list("a-1,a1,a.1,a,aa,a-,ab,A,B1,b", SORTED, "A,B1,a,a1,a-,a-1,a.1,aa,ab,b");
	expect_list("a,a1,b,a10,a2,a", SORTED, "a,a,a[1-2,10],b");
	expect_list("n2a3,n10a1,n2a1", SORTED, "n2a[1,3],n10a1");
	expect_list("n[10-12],n[1-9]", SORTED, "n[1-12]");

	expect_list("n3,n2,n1,n1", UNIQ, "n[1-3]");
	expect_list("n[1-5],n[3-8],n7", UNIQ, "n[1-8]");
	expect_list("n[8-12],n[09-11]", UNIQ, "n[8-9,09-12]");
	expect_list("a,b,a,a1,a", UNIQ, "a,a1,b");
	expect_list("n[1-999999999],n[500-2000000000]", UNIQ, "n[1-2000000000]");
	expect_list("n[1-100],n[5-6],n[7-8],n101", UNIQ, "n[1-101]");
	expect_list("", UNIQ, "");
}

static void refused(void **state)
{
	(void)state;
	static const struct {
		const char *list, *word;
	} cases[] = {
	        {"n[1-", "missing"},
	        {"n[1-3", "character 2: the bracket isn't closed"},
	        {"n[", "missing"},
	        {"n[]", "missing"},
	        {"n[1,]", "missing"},
	        {"n[,1]", "missing"},
	        {"n[3-]", "missing"},
	        {"n[-3]", "missing"},
	        {"n[1--3]", "missing"},
	        {"n[a-b]", "missing"},
	        {"n[+1-2]", "missing"},
	        {"n[ 1-2 ]", "missing"},
	        {"n[0x1-2]", "only numbers"},
	        {"n[1-2-3]", "only numbers"},
	        {"n[1:3]", "only numbers"},
	        {"n[1-[2-3]]", "missing"},
	        {"n[1-2[3-4]]", "only numbers"},
	        {"m,n[5-1]", "character 5: the range 5-1 runs backwards"},
	        {"n]1", "character 2: a ']' without"},
	        {"n[1-3]]", "']' without"},
	        {"n[1-3]-ib", "follow the last bracket"},
	        {"a[1-2]b3", "follow the last bracket"},
	        {"n 1", "not a character"},
	        {"n1 n2", "not a character"},
	        {"n\n", "not a character"},
	        {"n\x1b[1]", "n\\033[1]"},
	        {"n\xc3\xa9", "not a character"},
	        {"n[1-9999999999999999999]", "more than 18 digits"},
	        {"n[1234567890123456789]", "more than 18 digits"},
	        {"a[1]b[1]c[1]d[1]e[1]f[1]g[1]h[1]i[1]", "more than 8 brackets"},
	        {"a[0-99999999]b[1-2]", "multiply"},
	        {"a[0-999]b[0-999]c[1]", "multiply"},
	        {"a[0-19998]b[1],c[0-1]d[1]", "multiply"},
	        {"a[0-999999999999999999]b[0-999999999999999999]c[0-99999999]", "multiply"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = {0};
		struct hostlist *h = hostlist_parse(cases[i].list, &err);
		if (h || !strstr(err.text, cases[i].word))
			fail_msg("%s: %s", cases[i].list, h ? "was taken" : err.text);
		assert_non_null(strstr(err.text, "host list"));
	}
}

static void long_names(void **state)
{
	(void)state;
	struct err err = {0};
	char name[300];
	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	struct hostlist *h = parse(name);
	assert_true(hostlist_contains(h, name));
	hostlist_free(h);
	name[255] = 'n';
	name[256] = '\0';
	assert_null(hostlist_parse(name, &err));
	assert_non_null(strstr(err.text, "more than 255"));

	err_clear(&err);
	(void)snprintf(name + 253, 20, "[1-100]");
	assert_null(hostlist_parse(name, &err));
	assert_non_null(strstr(err.text, "more than 255"));
	(void)snprintf(name + 253, 20, "[1-99]");
	h = parse(name);
	assert_true(hostlist_count(h) == 99);
	hostlist_free(h);

	h = hostlist_new();
	memset(name, 'n', sizeof(name));
	name[299] = '\0';
	hostlist_add_name(h, name);
	struct hostlist_iter it;
	hostlist_iter_init(&it, h);
	assert_int_equal(strlen(hostlist_next(&it)), 255);
	hostlist_free(h);
}

static void failed_add_changes_nothing(void **state)
{
	(void)state;
	struct err err = {0};
	struct hostlist *h = parse("a,n[1-3]");
	assert_int_equal(hostlist_add(h, "n[4-9],n10,b[1-3],c[", &err), -1);
	char *s = hostlist_string(h);
	assert_string_equal(s, "a,n[1-3]");
	assert_true(hostlist_count(h) == 4);
	free(s);
	assert_int_equal(hostlist_add(h, "n[4-9],n10", NULL), 0);
	s = hostlist_string(h);
	assert_string_equal(s, "a,n[1-10]");
	free(s);
	hostlist_free(h);
}

/* ---- asking ---- */

static void counts_without_expanding(void **state)
{
	(void)state;
	struct err err = {0};
	size_t n;
	struct hostlist *h = parse("n[1-999999999]");
	assert_true(hostlist_count(h) == 999999999);
	assert_true(hostlist_contains(h, "n123456789"));
	assert_int_equal(hostlist_index(h, "n999999999"), 999999998);
	assert_null(hostlist_expand(h, 1000, &n, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.text, "999999999 hosts, more than the 1000"));
	err_clear(&err);
	assert_null(hostlist_expand(h, SIZE_MAX, &n, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	hostlist_free(h);

	h = parse("a[0-999999999999999999],b[0-999999999999999999]");
	assert_true(hostlist_count(h) == 2000000000000000000u);
	assert_int_equal(hostlist_index(h, "b0"), 1000000000000000000);
	hostlist_uniq(h);
	assert_true(hostlist_count(h) == 2000000000000000000u);
	struct text many = TEXT_EMPTY;
	err_clear(&err);
	for (int i = 0; i < 10; i++)
		text_printf(&many, "%c[0-999999999999999999],", 'a' + i);
	assert_null(hostlist_parse(many.s, &err));
	assert_non_null(strstr(err.text, "counted"));
	text_free(&many);
	hostlist_free(h);
}

static void membership(void **state)
{
	(void)state;
	struct hostlist *h = parse("head,n[08-12],n[1-3],r[1-2]x[5-6],m00000000000000000000[1-3]");
	static const char *const in[] = {"head",
	                                 "n08",
	                                 "n10",
	                                 "n12",
	                                 "n1",
	                                 "n3",
	                                 "r1x5",
	                                 "r1x6",
	                                 "r2x5",
	                                 "r2x6",
	                                 "m000000000000000000002"};
	static const char *const out[] = {
	        "hea", "headx", "head1", "n8", "n008", "n13", "n", "n01",
	        "n0",  "r1x7",  "r3x5",  "r1", "m2",   "",    "1", "m00000000000000000002"};
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		if (!hostlist_contains(h, in[i]))
			fail_msg("%s isn't found", in[i]);
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		if (hostlist_contains(h, out[i]) || hostlist_index(h, out[i]) != -1)
			fail_msg("%s is found", out[i]);
	hostlist_free(h);

	h = parse("n[9-101]");
	assert_int_equal(hostlist_index(h, "n9"), 0);
	assert_int_equal(hostlist_index(h, "n10"), 1);
	assert_int_equal(hostlist_index(h, "n101"), 92);
	assert_int_equal(hostlist_index(h, "n09"), -1);
	hostlist_free(h);
}

static void removing(void **state)
{
	(void)state;
	static const struct {
		const char *list, *name, *left;
	} cases[] = {
	        {"n[1-3]", "n1", "n[2-3]"}, {"n[1-3]", "n2", "n[1,3]"},
	        {"n[1-3]", "n3", "n[1-2]"}, {"n1", "n1", ""},
	        {"a,n1,b", "n1", "a,b"},    {"n[1-3],m[1-9],n[1-3]", "n2", "n[1,3],m[1-9],n[1-3]"},
	        {"a,a", "a", "a"},          {"n[08-11],x", "n10", "n[08-09,11],x"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hostlist *h = parse(cases[i].list);
		uint64_t count = hostlist_count(h);
		assert_int_equal(hostlist_remove(h, "nosuch"), -1);
		assert_int_equal(hostlist_remove(h, cases[i].name), 0);
		assert_true(hostlist_count(h) == count - 1);
		char *s = hostlist_string(h);
		assert_string_equal(s, cases[i].left);
		free(s);
		hostlist_free(h);
	}
}

static void expanding(void **state)
{
	(void)state;
	size_t n = 0;
	struct hostlist *h = parse("n[9-10],r[0-1]c[01-02],x");
	char **names = hostlist_expand(h, 7, &n, NULL);
	assert_non_null(names);
	assert_int_equal(n, 7);
	assert_string_equal(names[1], "n10");
	assert_string_equal(names[4], "r1c01");
	assert_string_equal(names[6], "x");
	free(names);
	assert_null(hostlist_expand(h, 6, &n, NULL));
	hostlist_free(h);
	h = hostlist_new();
	names = hostlist_expand(h, 0, &n, NULL);
	assert_non_null(names);
	assert_int_equal(n, 0);
	free(names);
	hostlist_free(h);
	hostlist_free(NULL);
}

/* ---- against a plain list of names ---- */

#define MODEL_MAX 60u

static uint32_t rnd(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void same_set(const struct hostlist *h, char (*names)[40], size_t n)
{
	char got[MODEL_MAX][40];
	size_t at = 0;
	struct hostlist_iter it;
	hostlist_iter_init(&it, h);
	for (const char *name; (name = hostlist_next(&it)); at++) {
		assert_true(at < MODEL_MAX);
		assert_true(text_copy(got[at], sizeof(got[at]), name));
	}
	assert_int_equal(at, n);
	qsort(got, n, sizeof(got[0]), by_name);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(got[i], names[i]);
}

static void random_name(uint64_t *seed, char *out, size_t size)
{
	static const char *const prefixes[] = {"n", "n", "", "r1n", "r02n", "x-"};
	static const int widths[] = {0, 0, 1, 2, 3};
	int width = widths[rnd(seed, 5)];
	const char *prefix = prefixes[rnd(seed, 6)];
	if (rnd(seed, 12) == 0)
		(void)snprintf(out, size, "%s%s", prefix, "head");
	else
		(void)snprintf(out, size, "%s%0*u", prefix, width, (unsigned)rnd(seed, 14));
}

static void one_history(uint64_t *seed)
{
	char names[MODEL_MAX][40];
	size_t n = 1 + rnd(seed, MODEL_MAX - 1);
	struct hostlist *h = hostlist_new();
	for (size_t i = 0; i < n; i++) {
		random_name(seed, names[i], sizeof(names[i]));
		hostlist_add_name(h, names[i]);
	}
	assert_true(hostlist_count(h) == n);
	struct hostlist_iter it;
	hostlist_iter_init(&it, h);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(hostlist_next(&it), names[i]);
		size_t first = 0;
		while (strcmp(names[first], names[i]) != 0)
			first++;
		assert_int_equal(hostlist_index(h, names[i]), first);
	}
	char *s = hostlist_string(h), *again;
	struct hostlist *h2 = parse(s);
	again = hostlist_string(h2);
	assert_string_equal(s, again);
	free(s);
	free(again);
	hostlist_free(h2);

	qsort(names, n, sizeof(names[0]), by_name);
	hostlist_sort(h);
	same_set(h, names, n);
	hostlist_uniq(h);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			memmove(names[kept++], names[i], sizeof(names[0]));
	same_set(h, names, kept);
	assert_true(hostlist_count(h) == kept);
	while (kept > 0) {
		assert_int_equal(hostlist_remove(h, names[--kept]), 0);
		assert_false(hostlist_contains(h, names[kept]));
		same_set(h, names, kept);
	}
	hostlist_free(h);
}

static void against_a_plain_list(void **state)
{
	(void)state;
	uint64_t seed = 3;
	for (int i = 0; i < 300; i++)
		one_history(&seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names_in_order),
	        cmocka_unit_test(compressed),
	        cmocka_unit_test(sorted),
	        cmocka_unit_test(refused),
	        cmocka_unit_test(long_names),
	        cmocka_unit_test(failed_add_changes_nothing),
	        cmocka_unit_test(counts_without_expanding),
	        cmocka_unit_test(membership),
	        cmocka_unit_test(removing),
	        cmocka_unit_test(expanding),
	        cmocka_unit_test(against_a_plain_list),
	};
	return cmocka_run_group_tests_name("util_hostlist", tests, NULL, NULL);
}
