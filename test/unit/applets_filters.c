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

static void loose_jobs(void **state)
{
	(void)state;
	struct arena a;
	struct schema_u32s ids = {0};
	struct schema_strs tasks = {0};
	struct err err = {0};
	arena_init(&a);
	assert_int_equal(
	        filter_jobs_loose(",7,8.0,9+1,10_3x,10_5,11_[1-3],12x,99999999999,", &ids, &tasks, &a, &err),
	        0);
	static const uint32_t want[] = {7, 8, 9, 10, 11, 12, CORE_NO_VAL};
	assert_int_equal(ids.n, 7);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(ids.v[i], want[i]);
	assert_string_equal(tasks.v[3], "3,5");
	assert_string_equal(tasks.v[4], "1-3");
	assert_int_equal(filter_jobs_loose("7,abc", &ids, &tasks, &a, &err), -1);
	assert_string_equal(err_text(&err), "Invalid job id: abc");
	assert_int_equal(filter_jobs_loose("0", &ids, &tasks, &a, &err), -1);
	arena_free(&a);
}

static void clusters(void **state)
{
	(void)state;
	struct err err = {0};
	assert_int_equal(filter_cluster(NULL, true, "here", &err), 0);
	assert_int_equal(filter_cluster("all", true, "here", &err), 0);
	assert_int_equal(filter_cluster("here,here", true, "here", &err), 0);
	assert_int_equal(filter_cluster("here,there", true, "here", &err), -1);
	assert_string_equal(err_text(&err),
	                    "'there' can't be reached now, or it is an invalid entry for --cluster: "
	                    "the cluster here is here");
	assert_int_equal(filter_cluster("her", false, "here", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(steps), cmocka_unit_test(states),
	                                   cmocka_unit_test(loose_jobs), cmocka_unit_test(clusters)};
	return cmocka_run_group_tests_name("applets_filters", tests, NULL, NULL);
}
