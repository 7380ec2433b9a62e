#include "test/unit/test_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- helpers ---- */

static int decode(const struct schema *s, void *record, const char *bytes, size_t n, struct err *err)
{
	/* A copy of exactly n bytes on the heap: a read beyond is seen by ASan. */
	uint8_t *copy = malloc(n ? n : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, n);
	memset(err, 0, sizeof(*err));
	int rc = schema_decode(s, record, copy, n, NULL, err);
	assert_int_equal(rc < 0, err->code != 0);
	free(copy);
	return rc;
}

static void refuse_n(const struct schema *s, const char *bytes, size_t n, int code, const char *word)
{
	struct err err;
	max_align_t room[64];
	assert_true(s->size <= sizeof(room));
	assert_int_equal(decode(s, room, bytes, n, &err), -1);
	if (err.code != code || !strstr(err.text, word))
		fail_msg("expected code %d and '%s', got %d: %s", code, word, err.code, err.text);
}
#define REFUSE(schema, bytes, code, word) refuse_n(schema, bytes, sizeof(bytes) - 1, code, word)

/* uid (field 20, required) = 5, as most encodings of test_all need it. */
#define UID5 "\xc0\x02\x05"

static void expect_bytes(const struct text *t, const char *bytes, size_t n)
{
	assert_int_equal(t->len, n);
	assert_memory_equal(t->s, bytes, n);
}
#define EXPECT(t, bytes) expect_bytes(t, bytes, sizeof(bytes) - 1)

/* ---- varints ---- */

static void varints(void **state)
{
	(void)state;
	static const struct {
		uint64_t v;
		size_t n;
	} cases[] = {
	        {0, 1},      {1, 1},          {0x7f, 1},      {0x80, 2},        {0x3fff, 2},
	        {0x4000, 3}, {UINT32_MAX, 5}, {INT64_MAX, 9}, {UINT64_MAX, 10},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text t = TEXT_EMPTY;
		uint64_t v = 42;
		varint_put(&t, cases[i].v);
		assert_int_equal(t.len, cases[i].n);
		assert_int_equal(varint_get((const uint8_t *)t.s, t.len, &v), t.len);
		assert_true(v == cases[i].v);
		assert_int_equal(varint_get((const uint8_t *)t.s, t.len - 1, &v), 0);
		text_free(&t);
	}
	uint64_t v;
	const uint8_t too_large[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
	const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0};
	const uint8_t longer_than_needed[] = {0x81, 0};
	assert_int_equal(varint_get(too_large, sizeof(too_large), &v), 0);
	assert_int_equal(varint_get(endless, sizeof(endless), &v), 0);
	assert_int_equal(varint_get(longer_than_needed, sizeof(longer_than_needed), &v), 0);
}

/* ---- encoding ---- */

static void defaults_are_left_out(void **state)
{
	(void)state;
	struct test_all r;
	struct text t = TEXT_EMPTY;
	schema_init(schema_of_test_all(), &r);
	assert_true(r.flag_on);
	assert_true(r.count == 0xfffffffe && r.big == 0x7ffffffffffffffe && r.when == -1);
	schema_encode(schema_of_test_all(), &r, &t);
	EXPECT(&t, "\xc0\x02\x00"); /* uid alone, since it is required */
	text_free(&t);
}

static void bytes_as_documented(void **state)
{
	(void)state;
	uint32_t groups[] = {1, 300};
	char *argv[] = {"a", ""};
	struct test_leaf leaf = {.id = 3, .name = "x", .nice = -7};
	struct test_all r;
	schema_init(schema_of_test_all(), &r);
	r.flag = true;
	r.small = -2;
	r.name = "";
	r.groups = (struct schema_u32s){groups, 2};
	r.argv = (struct schema_strs){argv, 2};
	r.leaf = &leaf;
	r.uid = 5;
	r.rights = 1;
	struct text t = TEXT_EMPTY;
	schema_encode(schema_of_test_all(), &r, &t);
	EXPECT(&t, "\x10\x01"                 /* flag */
	           "\x50\x03"                 /* small: zigzag */
	           "\x71\x00"                 /* name: "" is not NULL */
	           "\x91\x01\x03\x01\xac\x02" /* groups: packed */
	           "\xb1\x01\x01"
	           "a\xb1\x01\x00"                 /* argv: repeated */
	           "\xc1\x01\x05\x10\x03\x21\x01x" /* leaf */
	       UID5                                /* uid */
	           "\xd8\x02\x01");                /* rights: critical */

	struct test_all back;
	struct err err;
	assert_int_equal(decode(schema_of_test_all(), &back, t.s, t.len, &err), 0);
	assert_int_equal(schema_differs(schema_of_test_all(), &r, &back), 0);
	assert_string_equal(back.name, "");
	assert_null(back.home);
	schema_free(schema_of_test_all(), &back);
	text_free(&t);
}

static void long_values(void **state)
{
	(void)state;
	/* Lengths around those where the length takes a byte more, nested and packed. */
	static const size_t lengths[] = {0, 1, 119, 120, 121, 127, 128, 16300, 16383, 16384, 300000};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t n = lengths[i];
		struct arena a;
		arena_init(&a);
		struct test_all r, back;
		struct test_leaf leaf = {.id = 1, .nice = -7};
		schema_init(schema_of_test_all(), &r);
		leaf.name = arena_alloc(&a, n + 1);
		memset(leaf.name, 'x', n);
		r.leaf = &leaf;
		r.leaves = (struct test_leaf_list){&leaf, 1};
		r.serials.n = (uint32_t)n;
		r.serials.v = arena_array(&a, n, sizeof(uint64_t));
		for (size_t j = 0; j < n; j++)
			r.serials.v[j] = j * j * j;
		struct text t = TEXT_EMPTY;
		struct err err;
		schema_encode(schema_of_test_all(), &r, &t);
		assert_int_equal(decode(schema_of_test_all(), &back, t.s, t.len, &err), 0);
		assert_int_equal(schema_differs(schema_of_test_all(), &r, &back), 0);
		schema_free(schema_of_test_all(), &back);
		text_free(&t);
		arena_free(&a);
	}
}

/* ---- decoding ---- */

static void damaged_values(void **state)
{
	(void)state;
	const struct schema *all = schema_of_test_all();
	REFUSE(all, "\x10\x02" UID5, ERR_CORRUPT, "flag (1)");                       /* a bool of 2 */
	REFUSE(all, "\x30\xff\xff\xff\xff\x1f" UID5, ERR_CORRUPT, "too large");      /* 33 bits in a U32 */
	REFUSE(all, "\x50\x80\x80\x80\x80\x10" UID5, ERR_CORRUPT, "too large");      /* INT32_MAX + 1 */
	REFUSE(all, "\x91\x01\x05\xff\xff\xff\xff\x1f" UID5, ERR_CORRUPT, "groups"); /* the same in a list */
	REFUSE(all, "\x91\x01\x02\x01\x80" UID5, ERR_CORRUPT, "groups"); /* list ends inside a varint */
	REFUSE(all, "\x91\x01\x03\x81\x80\x00" UID5, ERR_CORRUPT, "groups");
	REFUSE(all,
	       "\x71\x03"
	       "a\0b" UID5,
	       ERR_CORRUPT, "NUL");
	REFUSE(all, "\xb1\x01\x01\x00" UID5, ERR_CORRUPT, "NUL");
	REFUSE(all, "\x10\x01\x10\x01" UID5, ERR_CORRUPT, "twice");
	REFUSE(all,
	       "\x71\x01"
	       "a\x71\x01"
	       "b" UID5,
	       ERR_CORRUPT, "twice");
	REFUSE(all,
	       "\xb1\x01\x01"
	       "a\x10\x01\xb1\x01\x01"
	       "b" UID5,
	       ERR_CORRUPT, "twice");
	REFUSE(all, "\xc1\x01\x02\x10\x03\xc1\x01\x02\x10\x03" UID5, ERR_CORRUPT, "twice");
	REFUSE(all, "\x11\x01\x01" UID5, ERR_CORRUPT, "wire"); /* a bool as bytes */
	REFUSE(all, "\x70\x01" UID5, ERR_CORRUPT, "wire");     /* a string as a number */
	REFUSE(all, "\x12\x01" UID5, ERR_CORRUPT, "tag");      /* wire type 2 */
	REFUSE(all, "\x00\x01" UID5, ERR_CORRUPT, "tag");      /* field 0 */
	REFUSE(all, UID5 "\x71", ERR_CORRUPT, "name");
	REFUSE(all,
	       UID5 "\x71\x02"
	            "a",
	       ERR_CORRUPT, "name");
	REFUSE(all, UID5 "\x71\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", ERR_CORRUPT, "name");
	REFUSE(all,
	       UID5 "\xb1\x01\x01"
	            "a\xb1\x01\x02"
	            "a",
	       ERR_CORRUPT, "argv");
	REFUSE(all, UID5 "\xd1\x01\x02\x10\x03\xd1\x01\x02\x10", ERR_CORRUPT, "leaves");
	REFUSE(all, UID5 "\xd1", ERR_CORRUPT, "tag");
	REFUSE(all, UID5 "\xc1\x01\x03\x21\x05x", ERR_CORRUPT,
	       "name"); /* inner length passes the outer one */
	REFUSE(all,
	       UID5 "\x81\x01\x05"
	            "abcd",
	       ERR_CORRUPT, "hash");
}

static void required_and_critical(void **state)
{
	(void)state;
	REFUSE(schema_of_test_all(), "", ERR_INVALID, "uid (20): required");
	REFUSE(schema_of_test_all(), "\x10\x01", ERR_INVALID, "uid (20): required");
	REFUSE(schema_of_test_all(), UID5 "\xc1\x01\x00", ERR_INVALID,
	       "record test_leaf, field id (1): required");
	REFUSE(schema_of_test_old(), UID5 "\xd8\x02\x01", ERR_NOT_SUPPORTED, "field 21");

	/* An unknown field that isn't critical is skipped, of either wire type. */
	struct test_old old;
	struct err err;
	static const char bytes[] = UID5 "\xe1\x02\x02"
	                                 "/r\xc0\x25\x81\x01\x71\x01z";
	assert_int_equal(decode(schema_of_test_old(), &old, bytes, sizeof(bytes) - 1, &err), 0);
	assert_int_equal(old.uid, 5);
	assert_string_equal(old.name, "z");
	schema_free(schema_of_test_old(), &old);
	REFUSE(schema_of_test_old(), UID5 "\xe1\x02\x03/r", ERR_CORRUPT, "field 22");
	REFUSE(schema_of_test_old(), UID5 "\xc0\x25\x81", ERR_CORRUPT, "field 300");
}

static void depth_is_limited(void **state)
{
	(void)state;
	struct test_chain links[SCHEMA_DEPTH_MAX] = {0}, back;
	for (int i = 0; i + 1 < SCHEMA_DEPTH_MAX; i++)
		links[i].next = &links[i + 1];
	links[SCHEMA_DEPTH_MAX - 1].id = 9;
	struct text t = TEXT_EMPTY, deeper = TEXT_EMPTY;
	struct err err;
	schema_encode(schema_of_test_chain(), &links[0], &t);
	assert_int_equal(decode(schema_of_test_chain(), &back, t.s, t.len, &err), 0);
	assert_int_equal(schema_differs(schema_of_test_chain(), &links[0], &back), 0);
	schema_free(schema_of_test_chain(), &back);

	text_add_char(&deeper, 0x21);
	varint_put(&deeper, t.len);
	text_add_n(&deeper, t.s, t.len);
	refuse_n(schema_of_test_chain(), deeper.s, deeper.len, ERR_LIMIT, "deeper");
	text_free(&t);
	text_free(&deeper);
}

static void memory_is_limited(void **state)
{
	(void)state;
	/* 4 MB of empty records, two bytes each: 300 bytes each in memory. */
	size_t n = 4u << 20;
	char *bytes = malloc(n);
	assert_non_null(bytes);
	for (size_t i = 0; i < n; i += 2) {
		bytes[i] = 0x21;
		bytes[i + 1] = 0;
	}
	refuse_n(schema_of_test_wide(), bytes, n, ERR_LIMIT, "all (2)");

	/* A plain record of that many bytes passes. */
	struct text t = TEXT_EMPTY;
	struct test_old old = {.uid = 1, .name = bytes}, back;
	struct err err;
	memset(bytes, 'x', n - 1);
	bytes[n - 1] = '\0';
	schema_encode(schema_of_test_old(), &old, &t);
	assert_int_equal(decode(schema_of_test_old(), &back, t.s, t.len, &err), 0);
	assert_string_equal(back.name, bytes);
	schema_free(schema_of_test_old(), &back);
	text_free(&t);
	free(bytes);
}

/* ---- random records ---- */

static const struct schema *nth_schema(unsigned i)
{
	switch (i % 6) {
	case 0:
		return schema_of_test_must();
	case 1:
		return schema_of_test_chain();
	case 2:
		return schema_of_test_wide();
	case 3:
		return schema_of_test_old();
	default:
		return schema_of_test_all();
	}
}

static void roundtrips(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (unsigned i = 0; i < 3000; i++) {
		const struct schema *s = nth_schema(i);
		struct arena a;
		arena_init(&a);
		void *record = arena_alloc(&a, s->size), *back = arena_alloc(&a, s->size);
		struct text t = TEXT_EMPTY, again = TEXT_EMPTY;
		struct err err = {0};
		schema_random(s, record, &seed, &a);
		schema_encode(s, record, &t);
		if (schema_decode(s, back, t.s, t.len, i % 2 ? &a : NULL, &err) < 0)
			fail_msg("%s, round %u: %s", s->name, i, err_text(&err));
		assert_int_equal(schema_differs(s, record, back), 0);
		schema_encode(s, back, &again);
		expect_bytes(&again, t.s, t.len);
		if (i % 2 == 0)
			schema_free(s, back);
		text_free(&t);
		text_free(&again);
		arena_free(&a);
	}
}

static void damaged_bytes(void **state)
{
	(void)state;
	/* Every prefix and a flipped bit in every byte: a record or an error, and no leak, no read outside.
	 */
	uint64_t seed = 7;
	struct arena a;
	arena_init(&a);
	unsigned refused = 0;
	for (unsigned i = 0; i < 12; i++) {
		const struct schema *s = nth_schema(i);
		void *record = arena_alloc(&a, s->size), *back = arena_alloc(&a, s->size);
		struct text t = TEXT_EMPTY;
		struct err err;
		schema_random(s, record, &seed, &a);
		schema_encode(s, record, &t);
		for (size_t at = 0; at < t.len && at < 2000; at++) {
			if (decode(s, back, t.s, at, &err) == 0)
				schema_free(s, back);
			else
				refused++;
			t.s[at] = (char)(t.s[at] ^ 1 << at % 8);
			if (decode(s, back, t.s, t.len, &err) == 0)
				schema_free(s, back);
			t.s[at] = (char)(t.s[at] ^ 1 << at % 8);
		}
		text_free(&t);
	}
	assert_true(refused > 100);
	arena_free(&a);
}

static void random_is_repeatable(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a);
	struct test_all x, y;
	uint64_t one = 5, two = 5;
	schema_random(schema_of_test_all(), &x, &one, &a);
	schema_random(schema_of_test_all(), &y, &two, &a);
	assert_int_equal(schema_differs(schema_of_test_all(), &x, &y), 0);
	schema_random(schema_of_test_all(), &y, &two, &a);
	assert_int_not_equal(schema_differs(schema_of_test_all(), &x, &y), 0);
	arena_free(&a);
}

/* ---- copy, compare, dump, golden ---- */

static void copies_are_deep(void **state)
{
	(void)state;
	uint64_t seed = 11;
	for (unsigned i = 0; i < 300; i++) {
		const struct schema *s = nth_schema(i);
		struct arena a, b;
		arena_init(&a);
		arena_init(&b);
		void *record = arena_alloc(&a, s->size), *copy = malloc(s->size), *third = malloc(s->size);
		assert_true(copy && third);
		schema_random(s, record, &seed, &a);
		schema_copy(s, copy, record, NULL);
		schema_copy(s, third, record, &b);
		assert_int_equal(schema_differs(s, record, copy), 0);
		arena_free(&a); /* what is shared would now be seen by ASan */
		assert_int_equal(schema_differs(s, third, copy), 0);
		schema_free(s, copy);
		free(copy);
		free(third);
		arena_free(&b);
	}
}

/* One block: ASan sees what lies beyond it, and what is still the original's. */
static void packs_are_deep(void **state)
{
	(void)state;
	uint64_t seed = 12;
	for (unsigned i = 0; i < 600; i++) {
		const struct schema *s = nth_schema(i);
		struct arena a, b;
		arena_init(&a);
		arena_init(&b);
		void *record = arena_alloc(&a, s->size), *other = arena_alloc(&b, s->size),
		     *packed = malloc(s->size);
		assert_non_null(packed);
		schema_random(s, record, &seed, &a);
		schema_copy(s, other, record, &b);
		const struct schema_packing size = schema_measure(s, record);
		void *block = malloc(size.aligned + size.bytes);
		schema_pack_into(s, packed, record, block, size);
		assert_int_equal(schema_differs(s, record, packed), 0);
		arena_free(&a);
		assert_int_equal(schema_differs(s, other, packed), 0);
		free(block);
		free(packed);
		arena_free(&b);
	}
}

static void differences_are_found(void **state)
{
	(void)state;
	char *argv[] = {"a"}, *other[] = {"b"};
	struct test_leaf leaf = {.id = 1}, leaf2 = {.id = 2};
	struct test_all a, b;
	schema_init(schema_of_test_all(), &a);
	schema_init(schema_of_test_all(), &b);
#define DIFFERS(number, change)                                                                              \
	do {                                                                                                 \
		struct test_all saved_a = a, saved_b = b;                                                    \
		change;                                                                                      \
		assert_int_equal(schema_differs(schema_of_test_all(), &a, &b), number);                      \
		a = saved_a;                                                                                 \
		b = saved_b;                                                                                 \
	} while (0)
	DIFFERS(0, (void)0);
	DIFFERS(2, b.flag_on = false);
	DIFFERS(7, b.name = "");
	DIFFERS(7, (a.name = "x", b.name = "y"));
	DIFFERS(8, (b.hash = (struct schema_bytes){(uint8_t *)argv[0], 1}));
	DIFFERS(0, (b.hash = (struct schema_bytes){(uint8_t *)argv[0], 0}));
	DIFFERS(11, (a.argv = (struct schema_strs){argv, 1}, b.argv = (struct schema_strs){other, 1}));
	DIFFERS(12, b.leaf = &leaf);
	DIFFERS(12, (a.leaf = &leaf, b.leaf = &leaf2));
	DIFFERS(13, (a.leaves = (struct test_leaf_list){&leaf, 1},
	             b.leaves = (struct test_leaf_list){&leaf2, 1}));
	DIFFERS(300, b.far = 1);
}

static void dumps(void **state)
{
	(void)state;
	uint8_t key[] = {'s', 'e', 'c'};
	uint32_t groups[] = {4, 5};
	char *argv[] = {"a b", "\"\n"};
	struct test_leaf leaf = {.id = 3, .nice = -1};
	struct test_all r;
	schema_init(schema_of_test_all(), &r);
	struct text t = TEXT_EMPTY;
	schema_dump(schema_of_test_all(), &r, &t);
	assert_string_equal(t.s, "test_all{}");

	r.flag_on = false;
	r.count = 7;
	r.when = -5;
	r.name = "x\x1b\\";
	r.hash = (struct schema_bytes){key, 3};
	r.groups = (struct schema_u32s){groups, 2};
	r.argv = (struct schema_strs){argv, 2};
	r.leaf = &leaf;
	r.leaves = (struct test_leaf_list){&leaf, 1};
	text_clear(&t);
	schema_dump(schema_of_test_all(), &r, &t);
	assert_string_equal(t.s, "test_all{flag_on=0 count=7 when=-5 name=\"x\\033\\134\" hash=<3 bytes> "
	                         "groups=[4 5] argv=[\"a b\" \"\\042\\012\"] leaf={id=3 nice=-1} "
	                         "leaves=[{id=3 nice=-1}]}");
	text_free(&t);
}

static void golden(void **state)
{
	(void)state;
	struct text t = TEXT_EMPTY;
	schema_golden(schema_of_test_wide(), "test", &t);
	schema_golden(schema_of_test_leaf(), "test", &t);
	assert_string_equal(t.s, "test 6 test_wide 1 chains RECS:test_chain OPTIONAL\n"
	                         "test 6 test_wide 2 all RECS:test_optional OPTIONAL\n"
	                         "test 1 test_leaf 1 id U32 REQUIRED\n"
	                         "test 1 test_leaf 2 name STR OPTIONAL\n"
	                         "test 1 test_leaf 3 nice I32 OPTIONAL\n");
	text_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(varints),
	        cmocka_unit_test(defaults_are_left_out),
	        cmocka_unit_test(bytes_as_documented),
	        cmocka_unit_test(long_values),
	        cmocka_unit_test(damaged_values),
	        cmocka_unit_test(required_and_critical),
	        cmocka_unit_test(depth_is_limited),
	        cmocka_unit_test(memory_is_limited),
	        cmocka_unit_test(roundtrips),
	        cmocka_unit_test(damaged_bytes),
	        cmocka_unit_test(random_is_repeatable),
	        cmocka_unit_test(copies_are_deep),
	        cmocka_unit_test(packs_are_deep),
	        cmocka_unit_test(differences_are_found),
	        cmocka_unit_test(dumps),
	        cmocka_unit_test(golden),
	};
	return cmocka_run_group_tests_name("util_schema", tests, NULL, NULL);
}
