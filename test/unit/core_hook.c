/* PrologSlurmctld and EpilogSlurmctld: what waits for them, what they end in, and a restart meanwhile. */
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
	lab->conf.prolog_slurmctld = lab->conf.epilog_slurmctld = true;
	lab_start(lab, T0);
	*state = lab;
	return 0;
}

static struct job *submit(struct lab *lab, bool batch, bool requeue)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = batch;
	spec.requeue = requeue;
	spec.requeue_set = true;
	if (job_submit(lab->c, &spec, at(0), &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, at(0));
	assert_int_equal(job->state.state, JOB_RUNNING);
	assert_int_equal(job->state.flags, JOB_FLAG_CONFIGURING);
	return job;
}

static void prolog(struct lab *lab, const struct job *job, bool failed)
{
	report_prolog_slurmctld(lab->c, job->serial, job->state.attempt, failed, at(2));
	cluster_run(lab->c, at(2));
	check_cluster(lab->c);
}

static void gone(struct lab *lab, const struct job *job)
{
	report_job_gone(lab->c, "n1", job->serial, job->state.attempt, at(3));
	check_cluster(lab->c);
}

static void epilog(struct lab *lab, const struct job *job)
{
	report_epilog_slurmctld(lab->c, job->serial, job->state.attempt, at(4));
	cluster_run(lab->c, at(4));
	check_cluster(lab->c);
}

static void its_script_waits_for_the_prolog(void **state)
{
	struct lab *lab = *state;
	const struct job *job = submit(lab, true, true);
	assert_int_equal(lab->seen.prologs, 1);
	assert_int_equal(lab->seen.launched, 0);
	assert_int_equal(node_by_name(lab->c, "n1")->jobs, 1);
	prolog(lab, job, false);
	assert_int_equal(lab->seen.launched, 1);
	assert_int_equal(job->state.flags, 0);
	prolog(lab, job, false); /* told again */
	assert_int_equal(lab->seen.launched, 1);
	assert_int_equal(lab->seen.prologs_over, 0);
}

static void its_steps_wait_too(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, false, false);
	const struct step_request r = {.name = "s",
	                               .tasks = 1,
	                               .tasks_set = true,
	                               .mem_per_node = CORE_NO_VAL64,
	                               .relative = CORE_NO_VAL,
	                               .dist = CORE_NO_VAL,
	                               .time_limit_min = CORE_NO_VAL};
	struct step *step = NULL;
	struct err err = {0};
	assert_int_equal(step_create(lab->c, job, &r, at(1), &step, &err), 0);
	assert_true(step->queued);
	assert_int_equal(lab->seen.granted, 0);
	prolog(lab, job, false);
	assert_false(step->queued);
	assert_int_equal(lab->seen.granted, 1);
	assert_int_equal(lab->seen.started, 1);
	assert_int_equal(lab->seen.ready, 1);
}

static void a_prolog_that_fails(void **state)
{
	static const struct {
		bool batch, requeue;
		enum job_base_state state;
	} rows[] = {{true, true, JOB_PENDING}, {true, false, JOB_CANCELLED}, {false, true, JOB_CANCELLED}};
	struct lab *lab = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct job *job = submit(lab, rows[i].batch, rows[i].requeue);
		prolog(lab, job, true);
		assert_int_equal(job->state.state, rows[i].state);
		assert_int_equal(job->state.hold, 0);
		assert_int_equal(job->state.flags, JOB_FLAG_COMPLETING);
		assert_int_equal(lab->seen.launched, 0);
		assert_int_equal(lab->seen.prologs_over, i + 1);
		assert_int_equal(lab->seen.epilogs, i + 1);
		gone(lab, job);
		assert_int_equal(node_by_name(lab->c, "n1")->jobs,
		                 0); /* its nodes don't wait for the epilog */
		assert_int_equal(job->state.flags, JOB_FLAG_COMPLETING);
		epilog(lab, job);
		assert_int_equal(job->state.flags, 0);
	}
}

static void cancelled_before_its_prolog_is_over(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, true, true);
	struct err err = {0};
	assert_int_equal(job_cancel(lab->c, job, 0, false, false, 1000, at(1), &err), 0);
	assert_int_equal(lab->seen.prologs_over, 1);
	prolog(lab, job, false); /* that came too late */
	assert_int_equal(lab->seen.launched, 0);
	epilog(lab, job);
	assert_int_equal(job->state.flags, JOB_FLAG_COMPLETING); /* a node is still to come back */
	gone(lab, job);
	assert_int_equal(job->state.flags, 0);
	assert_int_equal(job->state.state, JOB_CANCELLED);
}

/* What the controller can't have seen end runs again, and only that. */
static void a_restart_runs_them_again(void **state)
{
	struct lab *lab = *state;
	const struct job *job = submit(lab, true, true);
	const uint64_t serial = job->serial;
	cluster_free(lab->c);
	lab_start(lab, at(1));
	assert_int_equal(lab->seen.prologs, 2);
	assert_int_equal(lab->seen.launched, 0);
	prolog(lab, job_by_serial(lab->c, serial), false);
	cluster_free(lab->c);
	lab_start(lab, at(2));
	assert_int_equal(lab->seen.prologs, 2);
	job = job_by_serial(lab->c, serial);
	report_step_ended(lab->c, "n1", serial, 1, job->state.batch_launch, 0, NULL, NULL, at(2));
	gone(lab, job);
	assert_int_equal(lab->seen.epilogs, 1);
	cluster_free(lab->c);
	lab_start(lab, at(3));
	assert_int_equal(lab->seen.epilogs, 2);
	job = job_by_serial(lab->c, serial);
	gone(lab, job); /* a worker that comes back says it again */
	epilog(lab, job);
	assert_int_equal(job->state.state, JOB_COMPLETED);
	assert_int_equal(job->state.flags, 0);
	cluster_free(lab->c);
	lab_start(lab, at(4));
	assert_int_equal(lab->seen.epilogs, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(its_script_waits_for_the_prolog),     T(its_steps_wait_too),        T(a_prolog_that_fails),
	        T(cancelled_before_its_prolog_is_over), T(a_restart_runs_them_again),
	};
	return cmocka_run_group_tests_name("core_hook", tests, NULL, NULL);
}
