/* sbatch --signal: when what runs of a job is warned, whom it is meant for, and that it is once. */
#include "test/unit/core_fixture.h"

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->conf.job_requeue = true;
	lab->conf.over_time_limit_min = 0;
	lab_start(lab, T0);
	*state = lab;
	return 0;
}

static core_time at(int64_t seconds)
{
	return T0 + seconds * CORE_SECOND;
}

static void run(struct lab *lab, int64_t second)
{
	cluster_run(lab->c, at(second));
	check_cluster(lab->c);
}

/* A batch job that runs from second 0 on, for ten minutes, and whose script does. */
static struct job *started(struct lab *lab, bool batch_only, uint32_t time_s)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.requeue = true;
	spec.time_limit_min = 10;
	spec.warn_signal = 10;
	spec.warn_time_s = time_s;
	spec.warn_batch = batch_only;
	if (job_submit(lab->c, &spec, at(0), &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	run(lab, 0);
	assert_true(report_step_started(lab->c, job->state.batch_host, job->serial, job->state.attempt,
	                                job->state.batch_launch, at(0)));
	return job;
}

static struct step *new_step(struct lab *lab, struct job *job, int64_t second)
{
	const struct step_request r = {.name = "s",
	                               .tasks = 1,
	                               .tasks_set = true,
	                               .overlap = true,
	                               .mem_per_node = CORE_NO_VAL64,
	                               .relative = CORE_NO_VAL,
	                               .dist = CORE_NO_VAL,
	                               .time_limit_min = CORE_NO_VAL};
	struct step *step = NULL;
	struct err err = {0};
	if (step_create(lab->c, job, &r, at(second), &step, &err) != 0)
		fail_msg("%s", err_text(&err));
	return step;
}

static void so_long_before_its_end_and_once(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab, false, 60);
	const struct step *first = new_step(lab, job, 1);
	run(lab, 539);
	assert_int_equal(lab->seen.warned, 0);
	assert_false(job_is_warned(job, first));
	run(lab, 540);
	assert_int_equal(lab->seen.warned, 1);
	assert_int_equal(job->state.warned_at, at(540));
	const struct step *late = new_step(lab, job, 541);
	assert_true(job_is_warned(job, first));
	assert_false(job_is_warned(job, late));
	assert_false(job_is_warned(job, step_by_id(job, CORE_STEP_BATCH)));
	run(lab, 599);
	assert_int_equal(lab->seen.warned, 1);
	run(lab, 600);
	assert_int_equal(job->state.state, JOB_TIMEOUT);
}

static void the_batch_shell_alone(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab, true, 0);
	const struct step *step = new_step(lab, job, 1);
	run(lab, 599);
	assert_int_equal(lab->seen.warned, 0);
	run(lab, 600); /* both at once: the warning comes first */
	assert_int_equal(lab->seen.warned, 1);
	assert_int_equal(job->state.state, JOB_TIMEOUT);
	assert_false(job_is_warned(job, step));
}

static void a_short_job_has_time_to_get_ready(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab, true, 65535);
	run(lab, 4);
	assert_int_equal(lab->seen.warned, 0);
	run(lab, 5);
	assert_int_equal(lab->seen.warned, 1);
	assert_true(job_is_warned(job, step_by_id(job, CORE_STEP_BATCH)));
}

/* A Prolog takes its time. */
static void a_script_that_is_not_there_yet(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab, true, 300);
	struct err err = {0};
	assert_int_equal(job_requeue(lab->c, job, false, at(1), &err), 0);
	report_job_gone(lab->c, "n1", job->serial, 1, at(1));
	run(lab, 200);
	assert_int_equal(job->state.attempt, 2);
	run(lab, 500);
	run(lab, 520);
	assert_int_equal(lab->seen.warned, 0);
	assert_true(report_step_started(lab->c, job->state.batch_host, job->serial, 2,
	                                job->state.batch_launch, at(521)));
	run(lab, 526);
	assert_int_equal(lab->seen.warned, 1);
}

static void its_limit_changes(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab, false, 60);
	struct job_edit edit;
	struct err err = {0};
	schema_init(schema_of_job_edit(), &edit);
	edit.time_limit_min = 20;
	assert_int_equal(job_update(lab->c, job, &edit, true, at(1), &err), 0);
	run(lab, 600);
	assert_int_equal(lab->seen.warned, 0);
	edit.time_limit_min = 15;
	assert_int_equal(job_update(lab->c, job, &edit, true, at(601), &err), 0);
	run(lab, 840);
	assert_int_equal(lab->seen.warned, 1);
	run(lab, 1140);
	assert_int_equal(lab->seen.warned, 1);
}

static void suspended_it_waits(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab, false, 60);
	struct err err = {0};
	assert_int_equal(job_suspend(lab->c, job, at(500), &err), 0);
	run(lab, 580);
	assert_int_equal(lab->seen.warned, 0);
	assert_int_equal(job_resume(lab->c, job, at(600), &err), 0);
	run(lab, 639);
	assert_int_equal(lab->seen.warned, 0);
	run(lab, 640);
	assert_int_equal(lab->seen.warned, 1);
}

static void each_attempt_is_warned(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab, false, 60);
	struct err err = {0};
	run(lab, 540);
	assert_int_equal(job_requeue(lab->c, job, false, at(541), &err), 0);
	report_job_gone(lab->c, "n1", job->serial, 1, at(541));
	run(lab, 700);
	assert_int_equal(job->state.attempt, 2);
	assert_int_equal(job->state.warned_at, 0);
	run(lab, 700 + 540);
	assert_int_equal(lab->seen.warned, 2);
}

/* The controller is another one; the workers have not registered with it yet. */
static struct job *restart(struct lab *lab, uint32_t id, int64_t second)
{
	static const uint8_t instance[16] = {1};
	const struct core_sink sink = {lab, on_change, on_action};
	cluster_free(lab->c);
	lab->c = cluster_new(&lab->conf, &sink);
	replay(lab->c, &lab->stored, NULL);
	cluster_start(lab->c, at(second), instance, NULL, NULL);
	run(lab, second);
	return job_by_id(lab->c, id);
}

/* A restarted controller neither forgets it nor begins anew; it tells again who may not have heard it. */
static void over_restarts(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab, true, 60);
	const uint64_t launch = job->state.batch_launch;
	const uint32_t id = job->job_id;
	restart(lab, id, 100);
	lab_register(lab, "n1", &launch, 1, at(100));
	assert_int_equal(lab->seen.warned, 0);
	run(lab, 540);
	assert_int_equal(lab->seen.warned, 1);
	lab_register(lab, "n1", &launch, 1, at(541));
	assert_int_equal(lab->seen.warned, 2);
	job = restart(lab, id, 550);
	assert_int_equal(job->state.warned_at, at(540));
	assert_int_equal(lab->seen.warned, 2);
	lab_register(lab, "n1", &launch, 1, at(551));
	assert_int_equal(lab->seen.warned, 3);
	assert_true(job_is_warned(job, step_by_id(job, CORE_STEP_BATCH)));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(so_long_before_its_end_and_once),
	        T(the_batch_shell_alone),
	        T(a_short_job_has_time_to_get_ready),
	        T(a_script_that_is_not_there_yet),
	        T(its_limit_changes),
	        T(suspended_it_waits),
	        T(each_attempt_is_warned),
	        T(over_restarts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
