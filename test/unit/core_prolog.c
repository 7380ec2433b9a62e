/* PrologFlags=Alloc, DeferBatch, NoHold: what is ordered when, who waits for it, and what a failure does. */
#include "test/unit/core_fixture.h"

static core_time at(int64_t seconds)
{
	return T0 + seconds * CORE_SECOND;
}

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->conf.prolog_alloc = true;
	*state = lab;
	return 0;
}

static struct job *submit(struct lab *lab, bool batch)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = batch;
	spec.requeue = spec.requeue_set = true;
	spec.nodes_min = 2;
	if (job_submit(lab->c, &spec, at(0), &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, at(0));
	assert_int_equal(job->state.state, JOB_RUNNING);
	assert_int_equal(job->state.nodes.n, 2);
	return job;
}

static void prolog(struct lab *lab, const struct job *job, uint32_t node, bool failed)
{
	report_prolog(lab->c, job->state.nodes.v[node].node, job->serial, job->state.attempt, failed, at(2));
	cluster_run(lab->c, at(2));
	check_cluster(lab->c);
}

static void an_allocation_waits_for_all(void **state)
{
	struct lab *lab = *state;
	lab_start(lab, T0);
	const struct job *job = submit(lab, false);
	assert_int_equal(lab->seen.node_prologs, 2);
	assert_int_equal(job_reason(lab->c, job), REASON_PROLOG);
	assert_true(job_awaits_nodes(job));
	prolog(lab, job, 1, false);
	prolog(lab, job, 1, false); /* told again */
	assert_true(job_awaits_nodes(job));
	assert_int_equal(lab->seen.ready, 0);
	prolog(lab, job, 0, false);
	assert_false(job_awaits_nodes(job));
	assert_int_equal(job_reason(lab->c, job), REASON_NONE);
	assert_int_equal(lab->seen.ready, 1);
	prolog(lab, job, 0, false);
	assert_int_equal(lab->seen.ready, 1);
}

static void a_script_waits_only_if_it_is_deferred(void **state)
{
	struct lab *lab = *state;
	lab_start(lab, T0);
	const struct job *job = submit(lab, true);
	assert_int_equal(lab->seen.launched, 1);
	prolog(lab, job, 0, false);
	prolog(lab, job, 1, false);
	assert_int_equal(lab->seen.launched, 1);
	cluster_free(lab->c);
	lab->conf.prolog_defer_batch = true;
	lab_start(lab, at(3)); /* which sends the first script again */
	const int before = lab->seen.launched;
	job = submit(lab, true);
	prolog(lab, job, 0, false);
	assert_int_equal(lab->seen.launched, before);
	prolog(lab, job, 1, false);
	assert_int_equal(lab->seen.launched, before + 1);
	assert_int_equal(job_reason(lab->c, job), REASON_NONE);
}

static void nobody_waits_with_nohold(void **state)
{
	struct lab *lab = *state;
	lab->conf.prolog_nohold = lab->conf.prolog_defer_batch = true;
	lab_start(lab, T0);
	const struct job *job = submit(lab, true);
	assert_int_equal(lab->seen.node_prologs, 2);
	assert_int_equal(lab->seen.launched, 1);
	assert_false(job_awaits_nodes(job));
	assert_int_equal(job_reason(lab->c, job), REASON_NONE);
	prolog(lab, job, 0, false);
	prolog(lab, job, 1, false);
	assert_int_equal(lab->seen.launched, 1);
	assert_int_equal(lab->seen.ready, 0);
}

static void one_that_fails(void **state)
{
	struct lab *lab = *state;
	lab_start(lab, T0);
	const struct job *job = submit(lab, true);
	const char *name = job->state.nodes.v[1].node;
	prolog(lab, job, 1, true);
	assert_int_equal(job->state.state, JOB_PENDING);
	assert_int_equal(job_reason(lab->c, job), REASON_NONE); /* while it is completing */
	assert_int_equal(job->state.reason, REASON_LAUNCH_FAILED_HELD);
	assert_true(node_by_name(lab->c, name)->state.flags & NODE_FLAG_DRAIN);
}

static void an_ended_job_keeps_the_word(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	lab_start(lab, T0);
	struct job *job = submit(lab, true);
	assert_int_equal(job_cancel(lab->c, job, 0, false, false, 1000, at(1), &err), 0);
	assert_int_equal(job->state.reason, REASON_PROLOG);
	prolog(lab, job, 0, false); /* that came too late */
	prolog(lab, job, 1, true);
	assert_int_equal(job->state.state, JOB_CANCELLED);
	assert_int_equal(lab->seen.ready, 0);
}

/* A controller that was away, and workers that may not have heard of it: who has run it says so again. */
static void it_is_ordered_again(void **state)
{
	struct lab *lab = *state;
	lab_start(lab, T0);
	struct job *job = submit(lab, false);
	const uint64_t serial = job->serial;
	prolog(lab, job, 0, false);
	cluster_free(lab->c);
	const int before = lab->seen.node_prologs;
	lab_start(lab, at(3)); /* its workers register */
	job = job_by_serial(lab->c, serial);
	assert_in_range(lab->seen.node_prologs, before + 1, before + 2);
	assert_true(job_awaits_nodes(job));
	prolog(lab, job, 0, false);
	prolog(lab, job, 1, false);
	assert_false(job_awaits_nodes(job));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(an_allocation_waits_for_all), T(a_script_waits_only_if_it_is_deferred),
	        T(nobody_waits_with_nohold),    T(one_that_fails),
	        T(an_ended_job_keeps_the_word), T(it_is_ordered_again),
	};
	return cmocka_run_group_tests_name("core_prolog", tests, NULL, NULL);
}
