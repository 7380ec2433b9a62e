/* What srun gathers of each node's tasks in an MPI fence, without connections. */
#include "applets/client/kvs_gather.h"

#include "core/util/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLACES 3

struct fixture {
	struct kvs_gather *gather;
	struct text told[PLACES]; /* "FENCE< key value key value >": < and > where it was the first, the last
	                             part */
	uint32_t parts, pairs;    /* told to the first place */
	struct err err;
};

static void send(void *ctx, uint32_t place, const struct step_kvs *m)
{
	struct fixture *f = ctx;
	assert_true(place < PLACES);
	text_printf(&f->told[place], "%u%s", m->fence, m->first ? "<" : "");
	for (uint32_t i = 0; i < m->pairs.n; i++)
		text_printf(&f->told[place], " %s", m->pairs.v[i]);
	text_add(&f->told[place], m->last ? " >" : "");
	assert_true(m->pairs.n % 2 == 0 && m->pairs.n <= 256);
	f->parts += place == 0;
	f->pairs += place == 0 ? m->pairs.n / 2 : 0;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->gather = kvs_gather_new(PLACES, send, f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < PLACES; i++)
		text_free(&f->told[i]);
	kvs_gather_free(f->gather);
	free(f);
	return 0;
}

enum part { MIDDLE = 0, FIRST = 1, LAST = 2, WHOLE = 3 };

/* A place's part of a fence: "key value key value". */
static int take(struct fixture *f, uint32_t place, uint32_t fence, enum part part, const char *words)
{
	char *copy = strdup(words), *rest = *copy ? copy : NULL, *v[64];
	struct step_kvs m;
	schema_init(schema_of_step_kvs(), &m);
	m.fence = fence;
	m.first = (part & FIRST) != 0;
	m.last = (part & LAST) != 0;
	m.pairs.v = v;
	while (rest)
		v[m.pairs.n++] = text_split(&rest, ' ');
	f->err = (struct err){0};
	int result = kvs_gather_take(f->gather, place, &m, &f->err);
	free(copy);
	return result;
}

/* What each place was told since this was asked last. */
static void told(struct fixture *f, const char *first, const char *second, const char *third)
{
	const char *wanted[PLACES] = {first, second, third};
	for (int i = 0; i < PLACES; i++) {
		assert_string_equal(wanted[i], text_str(&f->told[i]));
		text_clear(&f->told[i]);
	}
}

static void all_hear_all(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(0, take(f, 1, 1, FIRST, "b 1"));
	assert_int_equal(0, take(f, 0, 1, WHOLE, "a 0 aa 00"));
	assert_int_equal(0, take(f, 1, 1, MIDDLE, "bb 11"));
	assert_int_equal(0, take(f, 2, 1, WHOLE, "")); /* a fence without a put */
	told(f, "", "", "");
	assert_int_equal(0, take(f, 1, 1, LAST, "bbb 111"));
	told(f, "1< a 0 aa 00 b 1 bb 11 bbb 111 >", "1< a 0 aa 00 b 1 bb 11 bbb 111 >",
	     "1< a 0 aa 00 b 1 bb 11 bbb 111 >");
	/* The next one begins with nothing of this one. */
	for (uint32_t i = 0; i < PLACES; i++)
		assert_int_equal(0, take(f, i, 2, WHOLE, ""));
	told(f, "2< >", "2< >", "2< >");
}

/* The same key of two nodes: both come, in the order of the nodes, so that all see the same one win. */
static void one_key_twice(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(0, take(f, 2, 1, WHOLE, "k third"));
	assert_int_equal(0, take(f, 0, 1, WHOLE, "k first"));
	assert_int_equal(0, take(f, 1, 1, WHOLE, ""));
	told(f, "1< k first k third >", "1< k first k third >", "1< k first k third >");
}

/* A connection was cut: what a shepherd has not heard of it sends once more, from its first part on. */
static void sent_again(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(0, take(f, 0, 1, FIRST, "a 0")); /* cut in the middle of it */
	assert_int_equal(0, take(f, 0, 1, FIRST, "a 0"));
	assert_int_equal(0, take(f, 0, 1, LAST, "aa 00"));
	assert_int_equal(0, take(f, 1, 1, WHOLE, "b 1")); /* cut behind it */
	assert_int_equal(0, take(f, 1, 1, FIRST, "b 1"));
	assert_true(kvs_gather_waits_for(f->gather, 1));
	assert_int_equal(0, take(f, 2, 1, WHOLE, ""));
	told(f, "", "", ""); /* not with half of it */
	assert_int_equal(0, take(f, 1, 1, LAST, "bb 2"));
	told(f, "1< a 0 aa 00 b 1 bb 2 >", "1< a 0 aa 00 b 1 bb 2 >", "1< a 0 aa 00 b 1 bb 2 >");
	/* Who has not heard that it is over asks, and is told alone, once for all its parts. */
	assert_int_equal(0, take(f, 0, 1, FIRST, "a 0"));
	assert_int_equal(0, take(f, 0, 1, LAST, "aa 00"));
	told(f, "1< a 0 aa 00 b 1 bb 2 >", "", "");
	assert_int_equal(0, take(f, 1, 2, WHOLE, "c 3"));
	assert_int_equal(0, take(f, 2, 1, WHOLE, "")); /* also when others have gone on */
	told(f, "", "", "1< a 0 aa 00 b 1 bb 2 >");
}

static void wrong_fence(void **state)
{
	struct fixture *f = *state;
	static const uint32_t wrong[] = {2, 3, UINT32_MAX};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(-1, take(f, 0, wrong[i], WHOLE, "a 0"));
		assert_int_equal(ERR_INVALID, f->err.code);
	}
	for (uint32_t i = 0; i < PLACES; i++)
		assert_false(kvs_gather_waits_for(f->gather, i));
	told(f, "", "", "");
}

/* All nodes together are what is limited; what is sent again counts once. */
static void limit(void **state)
{
	struct fixture *f = *state;
	enum { VALUE = 1 << 20, FITS = STEP_KVS_MAX / (VALUE + 1) };
	char *value = malloc(VALUE + 1); /* which is what the pair counts, with both NULs */
	memset(value, 'v', VALUE);
	memcpy(value, "k ", 2);
	value[VALUE] = '\0';
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < FITS - 1; i++)
			assert_int_equal(0, take(f, 0, 1, i == 0 ? FIRST : MIDDLE, value));
	assert_int_equal(0, take(f, 1, 1, FIRST, value));
	assert_int_equal(-1, take(f, 2, 1, FIRST, value));
	assert_int_equal(ERR_LIMIT, f->err.code);
	assert_string_equal("the tasks put more than 16 MB of keys and values before a fence",
	                    err_text(&f->err));
	told(f, "", "", "");
	free(value);
}

/* A fence that is over counts no more. */
static void limit_of_one_fence(void **state)
{
	struct fixture *f = *state;
	enum { VALUE = 6 << 20 };
	char *value = malloc(VALUE);
	memset(value, 'v', VALUE);
	memcpy(value, "k ", 2);
	value[VALUE - 1] = '\0';
	for (uint32_t fence = 1; fence <= 3; fence++) {
		assert_int_equal(0, take(f, 0, fence, WHOLE, value));
		assert_int_equal(0, take(f, 1, fence, WHOLE, value));
		assert_int_equal(0, take(f, 2, fence, WHOLE, ""));
	}
	free(value);
}

/* Many pairs go in parts below a message's limit. */
static void in_parts(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 300; i++) {
		char words[40];
		snprintf(words, sizeof(words), "k%d v%d", i, i);
		assert_int_equal(0, take(f, 0, 1, i == 0 ? FIRST : i == 299 ? LAST : MIDDLE, words));
	}
	assert_int_equal(0, take(f, 1, 1, WHOLE, ""));
	assert_int_equal(0, take(f, 2, 1, WHOLE, ""));
	assert_int_equal(3, f->parts);
	assert_int_equal(300, f->pairs);
	const char *all = text_str(&f->told[2]);
	assert_non_null(
	        strstr(all, " k127 v1271 k128 v128")); /* the second part begins, and is not the first */
	assert_non_null(strstr(all, " k299 v299 >"));
	assert_null(strchr(strchr(all, '<') + 1, '<'));
}

/* A node that is lost while others are in a fence: it is known that they wait for it, and for who else. */
static void lost(void **state)
{
	struct fixture *f = *state;
	assert_false(kvs_gather_waits_for(f->gather, 2)); /* none is in a fence */
	assert_int_equal(0, take(f, 0, 1, FIRST, "a 0"));
	assert_false(kvs_gather_waits_for(f->gather, 2)); /* nor now: its part may never be whole */
	assert_int_equal(0, take(f, 0, 1, LAST, ""));
	assert_int_equal(0, take(f, 2, 1, FIRST, "c 2")); /* lost in the middle of its part */
	assert_false(kvs_gather_waits_for(f->gather, 0));
	assert_true(kvs_gather_waits_for(f->gather, 1));
	assert_true(kvs_gather_waits_for(f->gather, 2));
	assert_int_equal(0, take(f, 1, 1, WHOLE, ""));
	told(f, "", "", "");
	assert_int_equal(0, take(f, 2, 1, LAST, ""));
	told(f, "1< a 0 c 2 >", "1< a 0 c 2 >", "1< a 0 c 2 >");
	assert_false(kvs_gather_waits_for(f->gather, 2)); /* over */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(all_hear_all, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(one_key_twice, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(sent_again, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(wrong_fence, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(limit, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(limit_of_one_fence, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(in_parts, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(lost, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
