#include "core/util/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void pieces_are_zeroed_aligned_apart(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 3, 8, 17, 100, 2000, 5000, 70000, 300000};
	struct arena a;
	arena_init(&a);
	for (int round = 0; round < 3; round++) {
		unsigned char *pieces[300];
		size_t lens[300], total = 0;
		for (size_t i = 0; i < 300; i++) {
			lens[i] = sizes[(i * 7) % 10];
			pieces[i] = arena_alloc(&a, lens[i]);
			assert_true((uintptr_t)pieces[i] % _Alignof(max_align_t) == 0);
			for (size_t j = 0; j < lens[i]; j++)
				assert_int_equal(pieces[i][j], 0);
			memset(pieces[i], (int)(i & 0xff), lens[i]);
			total += lens[i];
		}
		for (size_t i = 0; i < 300; i++)
			for (size_t j = 0; j < lens[i]; j++)
				assert_int_equal(pieces[i][j], i & 0xff);
		assert_true(a.used >= total && a.used <= total + 300 * 32);
		arena_reset(&a);
		assert_int_equal(a.used, 0);
	}
	arena_free(&a);
	assert_int_equal(a.used, 0);
	assert_non_null(arena_alloc(&a, 1));
	arena_free(&a);
	arena_reset(&a);
}

static void reset_reuses_memory(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a);
	void *first = arena_alloc(&a, 100);
	arena_reset(&a);
	assert_ptr_equal(arena_alloc(&a, 100), first);
	arena_free(&a);
}

static void strings(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a);
	assert_null(arena_strdup(&a, NULL));
	assert_null(arena_strndup(&a, NULL, 3));
	assert_string_equal(arena_strdup(&a, "abc"), "abc");
	assert_string_equal(arena_strdup(&a, ""), "");
	assert_string_equal(arena_strndup(&a, "abc", 2), "ab");
	assert_string_equal(arena_strndup(&a, "abc", 9), "abc");
	assert_memory_equal(arena_memdup(&a, "a\0b", 3), "a\0b", 3);
	assert_non_null(arena_memdup(&a, NULL, 0));
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	char *wide = arena_printf(&a, "%*d", 5000, 1);
	assert_int_equal(strlen(wide), 5000);
	arena_free(&a);

	char *s = xprintf("%s=%d", "a", 1);
	assert_string_equal(s, "a=1");
	free(s);
	s = xstrndup("abc", 2);
	assert_string_equal(s, "ab");
	free(s);
	assert_null(xstrdup(NULL));
}

static void growing(void **state)
{
	(void)state;
	int *v = NULL;
	size_t cap = 0;
	for (int i = 0; i < 1000; i++) {
		v = xgrow(v, &cap, (size_t)i + 1, sizeof(*v));
		assert_true(cap > (size_t)i);
		v[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(v[i], i);
	int *same = xgrow(v, &cap, 10, sizeof(*v));
	assert_ptr_equal(same, v);
	v = xgrow(v, &cap, cap * 5, sizeof(*v));
	assert_int_equal(v[999], 999);
	free(v);
	void *nothing = xmalloc(0);
	assert_non_null(nothing);
	nothing = xrealloc(nothing, 0);
	assert_non_null(nothing);
	free(nothing);
	char *zeroed = xcalloc(10, 10);
	assert_int_equal(zeroed[99], 0);
	free(zeroed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pieces_are_zeroed_aligned_apart),
	        cmocka_unit_test(reset_reuses_memory),
	        cmocka_unit_test(strings),
	        cmocka_unit_test(growing),
	};
	return cmocka_run_group_tests_name("util_arena", tests, NULL, NULL);
}
