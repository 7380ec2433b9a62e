#include "core/util/list.h"
#include "core/util/sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The first four bytes are the key; the rest says where the element stood. */
#define SIZE_MAX_TESTED 24u

static unsigned compared;

static int by_key(const void *a, const void *b, void *ctx)
{
	uint32_t x, y;
	(*(unsigned *)ctx)++;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static void sort_one(size_t n, size_t size, uint32_t keys, uint64_t *seed)
{
	char *v = calloc(n ? n : 1, size);
	unsigned *seen = calloc(n ? n : 1, sizeof(*seen));
	assert_true(v && seen);
	uint64_t sum = 0;
	for (uint32_t i = 0; i < n; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		/* keys 0: descending; else random with many equal ones */
		uint32_t key = keys ? (uint32_t)(*seed >> 33) % keys : (uint32_t)n - i;
		memcpy(v + i * size, &key, sizeof(key));
		if (size >= 8)
			memcpy(v + i * size + 4, &i, sizeof(i));
		sum += key;
	}
	sort_stable(v, n, size, by_key, &compared);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t key, at, last_key, last_at;
		memcpy(&key, v + i * size, sizeof(key));
		sum -= key;
		if (size >= 8) {
			memcpy(&at, v + i * size + 4, sizeof(at));
			assert_true(at < n && seen[at]++ == 0);
		}
		if (i == 0)
			continue;
		memcpy(&last_key, v + (i - 1) * size, sizeof(last_key));
		assert_true(last_key <= key);
		if (size >= 8 && last_key == key) {
			memcpy(&last_at, v + (i - 1) * size + 4, sizeof(last_at));
			assert_true(last_at < at);
		}
	}
	assert_true(sum == 0);
	free(v);
	free(seen);
}

static void sorts_stably(void **state)
{
	(void)state;
	static const size_t counts[] = {0,  1,  2,  3,  7,  8,  9,   15,   16,   17,
	                                24, 31, 33, 63, 64, 65, 100, 1000, 1025, 5000};
	static const size_t sizes[] = {4, 8, 12, SIZE_MAX_TESTED};
	static const uint32_t keys[] = {0, 1, 3, 50, 1u << 30};
	uint64_t seed = 1;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
				sort_one(counts[i], sizes[j], keys[k], &seed);
}

static void sorted_input_is_cheap(void **state)
{
	(void)state;
	uint32_t v[4096];
	unsigned calls = 0;
	for (uint32_t i = 0; i < 4096; i++)
		v[i] = i;
	sort_stable(v, 4096, sizeof(v[0]), by_key, &calls);
	assert_true(calls < 2 * 4096);
}

struct item {
	int number;
	struct list link;
};

static void lists(void **state)
{
	(void)state;
	struct list head;
	struct item items[5];
	list_init(&head);
	assert_true(list_empty(&head));
	for (int i = 0; i < 5; i++) {
		items[i].number = i;
		if (i % 2)
			list_prepend(&head, &items[i].link);
		else
			list_append(&head, &items[i].link);
	}
	static const int order[] = {3, 1, 0, 2, 4};
	size_t n = 0;
	list_each (it, &head) {
		assert_int_equal(list_entry(it, struct item, link)->number, order[n]);
		n++;
	}
	assert_int_equal(n, 5);
	list_each_safe (it, next, &head) {
		if (list_entry(it, struct item, link)->number % 2)
			list_remove(it);
	}
	n = 0;
	list_each (it, &head)
		n++;
	assert_int_equal(n, 3);
	list_remove(&items[1].link); /* twice is fine */
	list_each_safe (it, next, &head)
		list_remove(it);
	assert_true(list_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(sorts_stably),
	        cmocka_unit_test(sorted_input_is_cheap),
	        cmocka_unit_test(lists),
	};
	return cmocka_run_group_tests_name("util_sort", tests, NULL, NULL);
}
