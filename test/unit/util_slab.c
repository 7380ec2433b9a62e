/* Pieces of one size and of all sizes: apart, aligned, given back and taken again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/util/huge.h"
#include "core/util/slab.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define PIECES 20000u

/* More than a large page of them; each keeps what was written into it. */
static void pieces_are_apart(void **state)
{
	(void)state;
	struct slab slab;
	uint32_t **pieces = malloc(PIECES * sizeof(*pieces));
	assert_non_null(pieces);
	slab_init(&slab, 250);
	for (uint32_t i = 0; i < PIECES; i++) {
		pieces[i] = slab_take(&slab);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		memset(pieces[i], 0xa5, 250);
		*pieces[i] = i;
	}
	for (uint32_t i = 0; i < PIECES; i++)
		assert_int_equal(*pieces[i], i);
	slab_free(&slab);
	free(pieces);
}

static void given_back_is_taken_again(void **state)
{
	(void)state;
	struct slab slab;
	slab_init(&slab, 1);
	void *a = slab_take(&slab), *b = slab_take(&slab);
	assert_ptr_not_equal(a, b);
	slab_give(&slab, a);
	slab_give(&slab, NULL);
	slab_give(&slab, b);
	assert_ptr_equal(slab_take(&slab), b);
	assert_ptr_equal(slab_take(&slab), a);
	assert_ptr_not_equal(slab_take(&slab), b);
	slab_free(&slab);
	slab_free(&slab);
}

static void all_sizes(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, SLABS_STEP, SLABS_STEP + 1, SLABS_MAX, SLABS_MAX + 1, 100000};
	enum { N = sizeof(sizes) / sizeof(sizes[0]) };
	struct slabs slabs;
	void *pieces[N];
	slabs_init(&slabs);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < N; i++) {
			pieces[i] = slabs_take(&slabs, sizes[i]);
			memset(pieces[i], (int)i, sizes[i]);
		}
		for (size_t i = 0; i < N; i++) {
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(((unsigned char *)pieces[i])[k], i);
			slabs_give(&slabs, pieces[i], sizes[i]);
		}
	}
	slabs_free(&slabs);
}

static void large_pages_are_whole(void **state)
{
	(void)state;
	char *p = xhuge(HUGE_PAGE + 1);
	assert_int_equal((uintptr_t)p % HUGE_PAGE, 0);
	memset(p, 1, 2 * HUGE_PAGE);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pieces_are_apart),
	        cmocka_unit_test(given_back_is_taken_again),
	        cmocka_unit_test(all_sizes),
	        cmocka_unit_test(large_pages_are_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
