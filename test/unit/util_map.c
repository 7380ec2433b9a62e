#include "core/util/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEYS 2000u

static void empty(void **state)
{
	(void)state;
	struct map m;
	size_t at = 0;
	void *value;
	map_init_u64(&m);
	assert_null(map_get(&m, 1));
	assert_null(map_del(&m, 1));
	assert_false(map_next(&m, &at, &value));
	assert_int_equal(map_count(&m), 0);
	map_free(&m);
	map_init_text(&m);
	assert_null(map_get_text(&m, "x"));
	map_free(&m);
}

/* A map and a plain array do the same random things. */
static void against_an_array(void **state)
{
	(void)state;
	static char values[4], *plain[KEYS];
	struct map m;
	uint64_t seed = 5;
	size_t count = 0;
	map_init_u64(&m);
	for (unsigned i = 0; i < 200000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		size_t key = (size_t)(seed >> 33) % KEYS;
		/* Phases in which it mostly grows and mostly shrinks. */
		bool put = (seed >> 20) % 10 < (i / 10000 % 2 ? 2u : 8u);
		assert_ptr_equal(map_get(&m, key * 64), plain[key]);
		if (put) {
			count += !plain[key];
			plain[key] = &values[i % 4];
			map_put(&m, key * 64, plain[key]);
		} else {
			count -= plain[key] != NULL;
			assert_ptr_equal(map_del(&m, key * 64), plain[key]);
			plain[key] = NULL;
		}
		assert_int_equal(map_count(&m), count);
	}
	for (size_t key = 0; key < KEYS; key++)
		assert_ptr_equal(map_get(&m, key * 64), plain[key]);
	assert_true(m.cap <= KEYS * 8);
	map_free(&m);
	assert_int_equal(map_count(&m), 0);
}

static void text_keys(void **state)
{
	(void)state;
	static char names[KEYS][24];
	struct map m;
	map_init_text(&m);
	for (size_t i = 0; i < KEYS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), i % 2 ? "n%zu" : "a-longer-name-%zu", i);
		map_put_text(&m, names[i], names[i]);
	}
	assert_int_equal(map_count(&m), KEYS);
	for (size_t i = 0; i < KEYS; i++) {
		char copy[24];
		memcpy(copy, names[i], sizeof(copy));
		assert_ptr_equal(map_get_text(&m, copy), names[i]);
	}
	assert_null(map_get_text(&m, "n"));
	assert_null(map_get_text(&m, ""));
	map_put_text(&m, "", names[0]);
	assert_ptr_equal(map_get_text(&m, ""), names[0]);

	/* A new value brings its own key; the old one may go. */
	char again[24];
	memcpy(again, names[1], sizeof(again));
	map_put_text(&m, again, again);
	memset(names[1], 'x', 5);
	assert_ptr_equal(map_get_text(&m, "n1"), again);
	assert_ptr_equal(map_del_text(&m, "n1"), again);
	assert_null(map_get_text(&m, "n1"));
	map_free(&m);
}

static void walking_and_deleting(void **state)
{
	(void)state;
	static uint64_t keys[KEYS];
	struct map m;
	map_init_u64(&m);
	for (uint64_t i = 0; i < KEYS; i++) {
		keys[i] = i;
		map_put(&m, i, &keys[i]);
	}
	size_t at = 0, seen = 0;
	void *value;
	while (map_next(&m, &at, &value)) {
		uint64_t key = *(uint64_t *)value;
		seen++;
		if (key % 3)
			assert_ptr_equal(map_del(&m, key), value);
	}
	assert_int_equal(seen, KEYS);
	assert_int_equal(map_count(&m), (KEYS + 2) / 3);
	for (at = 0, seen = 0; map_next(&m, &at, &value); seen++)
		assert_int_equal(*(uint64_t *)value % 3, 0);
	assert_int_equal(seen, map_count(&m));
	map_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(empty),
	        cmocka_unit_test(against_an_array),
	        cmocka_unit_test(text_keys),
	        cmocka_unit_test(walking_and_deleting),
	};
	return cmocka_run_group_tests_name("util_map", tests, NULL, NULL);
}
