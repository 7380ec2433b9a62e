/* Licences: counted for the whole cluster, given back when a job ends, planned where that is wanted. Three
 * nodes of two cores each. */
#include "test/unit/core_fixture.h"

#include "core/bits.h"
#include "core/license.h"
#include "core/plan.h"
#include "core/why.h"

static struct core_license_conf licenses[] = {{(char *)(uintptr_t) "fluent", 4},
                                              {(char *)(uintptr_t) "matlab", 1}};

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->conf.backfill = true;
	lab->conf.bf_interval = 30;
	lab->conf.bf_max_job_test = 500;
	lab->conf.bf_max_job_array_resv = 20;
	lab->conf.max_array_size = 1001;
	lab->conf.licenses = licenses;
	lab->conf.license_count = 2;
	*state = lab;
	return 0;
}

static int setup_planned(void **state)
{
	setup(state);
	((struct lab *)*state)->conf.bf_licenses = true;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;
	if (lab->c)
		check_cluster(lab->c);
	lab_free(lab);
	return 0;
}

static core_time at(int64_t minutes)
{
	return T0 + minutes * 60 * CORE_SECOND;
}

struct want {
	uint32_t nodes, minutes;
	const char *licenses, *array;
};

static int try_submit(struct lab *lab, struct want want, struct job **out, struct err *err)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	if (!lab->c)
		lab_start(lab, T0);
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.nodes_min = want.nodes;
	spec.tasks = want.nodes;
	spec.cpus_per_task = lab->conf.bf_licenses ? 2 : 1; /* where it is planned, a node is for one */
	spec.requeue = spec.requeue_set = true;
	spec.time_limit_min = want.minutes;
	spec.licenses = word(want.licenses);
	spec.array = word(want.array);
	return job_submit(lab->c, &spec, T0, out, err);
}

static struct job *submit(struct lab *lab, struct want want)
{
	struct job *job = NULL;
	struct err err = {0};
	if (try_submit(lab, want, &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, T0);
	check_cluster(lab->c);
	return job;
}

static void end(struct lab *lab, struct job *job, int64_t minute)
{
	struct err err = {0};
	assert_int_equal(job_cancel(lab->c, job, 0, false, false, 0, at(minute), &err), 0);
	cluster_run(lab->c, at(minute));
	check_cluster(lab->c);
	report_job_gone(lab->c, job->state.nodes.v[0].node, job->serial, job->state.attempt, at(minute));
	cluster_run(lab->c, at(minute));
	check_cluster(lab->c);
}

static bool runs(const struct job *job)
{
	return job->state.state == JOB_RUNNING;
}

static uint64_t used(const struct lab *lab, size_t i)
{
	return license_at(lab->c, i)->used;
}

static void they_are_counted_while_a_job_runs(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	struct job *first = submit(lab, (struct want){1, 10, "fluent:3,matlab", NULL}),
	           *second = submit(lab, (struct want){1, 10, "fluent:2", NULL}),
	           *third = submit(lab, (struct want){1, 10, "fluent", NULL}),
	           *fourth = submit(lab, (struct want){1, 10, NULL, NULL});
	assert_true(runs(first) && runs(third) && runs(fourth));
	assert_false(runs(second));
	assert_int_equal(job_reason(lab->c, second), REASON_LICENSES);
	assert_int_equal(used(lab, 0), 4);
	assert_int_equal(used(lab, 1), 1);
	assert_int_equal(job_suspend(lab->c, first, T0, &err), 0);
	cluster_run(lab->c, T0);
	assert_int_equal(used(lab, 0), 4);
	assert_int_equal(job_resume(lab->c, first, T0, &err), 0);
	assert_int_equal(job_cancel(lab->c, first, 0, false, false, 0, at(1), &err), 0);
	cluster_run(lab->c, at(1));
	assert_int_equal(used(lab, 0), 4); /* it is still ending */
	report_job_gone(lab->c, first->state.nodes.v[0].node, first->serial, first->state.attempt, at(1));
	cluster_run(lab->c, at(1));
	assert_true(runs(second));
	assert_int_equal(used(lab, 0), 3);
	assert_int_equal(used(lab, 1), 0);
	assert_int_equal(job_requeue(lab->c, second, false, at(1), &err), 0);
	cluster_run(lab->c, at(1));
	assert_int_equal(used(lab, 0), 3);
	report_job_gone(lab->c, second->state.nodes.v[0].node, second->serial, second->state.attempt, at(1));
	cluster_run(lab->c, at(1));
	assert_int_equal(used(lab, 0), 1);
}

static void each_task_of_an_array_has_its_own(void **state)
{
	struct lab *lab = *state;
	struct job *array = submit(lab, (struct want){1, 10, "fluent:2", "0-4"});
	assert_int_equal(used(lab, 0), 4);
	assert_int_equal(array->tasks->set, 3);
	assert_int_equal(job_reason(lab->c, array), REASON_LICENSES);
}

static void what_there_is_none_of_is_refused(void **state)
{
	static const char *const lists[] = {"nosuch",       "fluent:5",  "fluent:3,fluent:2",  "fluent:x",
	                                    ":2",           "fluent:-1", "fluent:99999999999", "fluent:1:1",
	                                    "fluent,nosuch"};
	struct lab *lab = *state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct job *job = NULL;
		struct err err = {0};
		assert_int_equal(try_submit(lab, (struct want){1, 10, lists[i], NULL}, &job, &err), -1);
		assert_int_equal(err.code, ERR_INVALID_LICENSES);
	}
}

static void lists_are_read_as_the_real_one_does(void **state)
{
	static const char *const lists[] = {"fluent:", "fluent:+1",     "fluent: 1", ",fluent,",
	                                    ",",       "fluent;matlab", "fluent:0",  "fluent,fluent"};
	static const uint64_t asked[] = {0, 1, 1, 1, 0, 1, 0, 2};
	struct lab *lab = *state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct err err = {0};
		struct job *job = submit(lab, (struct want){1, 10, lists[i], NULL});
		assert_int_equal(used(lab, 0), asked[i]);
		assert_int_equal(job_complete(lab->c, job, 0, T0, &err), 0);
		report_job_gone(lab->c, job->state.nodes.v[0].node, job->serial, job->state.attempt, T0);
		assert_int_equal(used(lab, 0), 0);
	}
}

static void they_are_planned_where_that_is_wanted(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, (struct want){1, 10, "fluent:4", NULL}),
	           *wide = submit(lab, (struct want){3, 10, "fluent:1", NULL}),
	           *too_long = submit(lab, (struct want){1, 20, NULL, NULL}),
	           *fits = submit(lab, (struct want){1, 9, NULL, NULL}),
	           *behind = submit(lab, (struct want){1, 10, "fluent:4", NULL});
	assert_true(runs(first) && runs(fits));
	assert_false(runs(wide) || runs(too_long) || runs(behind));
	assert_int_equal(job_reason(lab->c, wide), REASON_LICENSES);
	assert_int_equal(job_planned_start(wide), at(10));
	assert_int_equal(job_planned_start(too_long), at(20));
	assert_int_equal(job_planned_start(behind), at(20));
}

/* Licences that are free now, but promised to somebody before its end. */
static void a_promise_is_kept(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, (struct want){3, 10, "matlab", NULL}),
	           *wide = submit(lab, (struct want){3, 10, "fluent:4", NULL}),
	           *long_one = submit(lab, (struct want){1, 30, "fluent:1", NULL});
	assert_true(runs(first));
	assert_int_equal(job_planned_start(wide), at(10));
	assert_int_equal(job_planned_start(long_one), at(20));
	assert_int_equal(job_reason(lab->c, long_one), REASON_LICENSES);
}

static void another_configuration_changes_how_many_there_are(void **state)
{
	static struct core_license_conf fewer[] = {{(char *)(uintptr_t) "fluent", 1}};
	struct lab *lab = *state;
	struct job *first = submit(lab, (struct want){1, 10, "fluent:3,matlab", NULL}),
	           *second = submit(lab, (struct want){1, 10, "matlab", NULL});
	lab->conf.licenses = fewer;
	lab->conf.license_count = 1;
	cluster_reconfigure(lab->c, &lab->conf, at(1), NULL, NULL);
	cluster_run(lab->c, at(1));
	check_cluster(lab->c);
	assert_int_equal(used(lab, 0), 3);
	assert_null(license_at(lab->c, 1));
	assert_true(runs(first));
	assert_int_equal(job_reason(lab->c, second), REASON_LICENSES);
	lab->conf.licenses = licenses;
	lab->conf.license_count = 2;
	cluster_reconfigure(lab->c, &lab->conf, at(1), NULL, NULL);
	cluster_run(lab->c, at(1));
	check_cluster(lab->c);
	assert_int_equal(used(lab, 1), 1);
	end(lab, first, 2);
	assert_true(runs(second));
}

static void a_restart_counts_them_again(void **state)
{
	struct lab *lab = *state;
	submit(lab, (struct want){1, 10, "fluent:3", NULL});
	cluster_free(lab->c);
	lab->c = NULL;
	lab_start(lab, at(1));
	assert_int_equal(used(lab, 0), 3);
}

static void it_is_told_in_sentences(void **state)
{
	struct lab *lab = *state;
	struct text out = TEXT_EMPTY;
	submit(lab, (struct want){1, 10, "fluent:3", NULL});
	job_why(lab->c, submit(lab, (struct want){1, 10, "fluent:2", NULL}), &out);
	assert_non_null(strstr(
	        out.s, "It asks for 2 of licence fluent, of which 1 of 4 are free; taken by job 1.\n"));
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(they_are_counted_while_a_job_runs, setup, teardown),
	        cmocka_unit_test_setup_teardown(each_task_of_an_array_has_its_own, setup, teardown),
	        cmocka_unit_test_setup_teardown(what_there_is_none_of_is_refused, setup, teardown),
	        cmocka_unit_test_setup_teardown(lists_are_read_as_the_real_one_does, setup, teardown),
	        cmocka_unit_test_setup_teardown(they_are_planned_where_that_is_wanted, setup_planned,
	                                        teardown),
	        cmocka_unit_test_setup_teardown(a_promise_is_kept, setup_planned, teardown),
	        cmocka_unit_test_setup_teardown(another_configuration_changes_how_many_there_are, setup,
	                                        teardown),
	        cmocka_unit_test_setup_teardown(a_restart_counts_them_again, setup, teardown),
	        cmocka_unit_test_setup_teardown(it_is_told_in_sentences, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
