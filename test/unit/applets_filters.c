/* What -j and -t name; everything lives in the arena (the leak checker watches). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "applets/client/filters.h"
#include "core/records.h"

static void steps(void **state)
{
	(void)state;
	struct arena a;
	struct filter_steps list = {0};
	struct schema_u32s ids = {0};
	struct schema_strs tasks = {0};
	const struct job_state state_of = {.state = JOB_RUNNING};
	struct err err = {0};
	arena_init(&a);
	assert_int_equal(filter_steps("1.0,2.batch,3,4.1,5.1,6.1,7.1,8.1,9_[2,5].1,10.1", &list, &ids, &tasks,
	                              &a, &err),
	                 0);
	assert_int_equal(list.n, 10);
	assert_int_equal(ids.n, 10);
	assert_int_equal(tasks.n, 10);
	assert_string_equal(tasks.v[7], "");
	assert_string_equal(tasks.v[8], "2,5");
	assert_true(filter_step_wanted(&list, &(struct job_spec){.job_id = 1}, &state_of, 0));
	assert_false(filter_step_wanted(&list, &(struct job_spec){.job_id = 1}, &state_of, 1));
	assert_true(filter_step_wanted(&list, &(struct job_spec){.job_id = 2}, &state_of, CORE_STEP_BATCH));
	assert_true(filter_step_wanted(&list, &(struct job_spec){.job_id = 3}, &state_of, 17));
	assert_true(filter_step_wanted(&list, &(struct job_spec){.job_id = 10}, &state_of, 1));
	assert_int_equal(filter_steps("1.x", &list, &ids, &tasks, &a, &err), -1);
	arena_free(&a);
}

static void states(void **state)
{
	(void)state;
	struct arena a;
	struct schema_u32s list = {0};
	bool all = false;
	arena_init(&a);
	assert_null(filter_states_of("PD,running,RESIZING", &list, &all, &a));
	assert_int_equal(list.n, 3);
	assert_int_equal(list.v[0], JOB_PENDING);
	assert_int_equal(list.v[1], JOB_RUNNING);
	assert_false(all);
	assert_null(filter_states_of("all", &list, &all, &a));
	assert_true(all);
	assert_string_equal(filter_states_of("CD,bogus,R", &list, &all, &a), "bogus");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(steps), cmocka_unit_test(states)};
	return cmocka_run_group_tests_name("applets_filters", tests, NULL, NULL);
}
