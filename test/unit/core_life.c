/* What a job goes through beside start and end: stopped by a signal, put aside for its user, ended while it
 * is ending. */
#include "test/unit/core_fixture.h"

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->conf.job_requeue = true;
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

/* A batch job that runs, for at most a minute. */
static struct job *started(struct lab *lab)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.time_limit_min = 1;
	if (job_submit(lab->c, &spec, at(0), &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	run(lab, 0);
	assert_int_equal(job->state.state, JOB_RUNNING);
	return job;
}

static void batch_ends(struct lab *lab, const struct job *job, uint32_t status, int64_t second)
{
	report_step_ended(lab->c, job->state.batch_host, job->serial, job->state.attempt,
	                  job->state.batch_launch, status, NULL, NULL, at(second));
	run(lab, second);
}

static void node_is_done(struct lab *lab, const struct job *job, int64_t second)
{
	report_job_gone(lab->c, job->state.nodes.v[0].node, job->serial, job->state.attempt, at(second));
	run(lab, second);
}

static const char *shown(const struct job *job)
{
	return job_shown_word(job->state.state, job->state.flags);
}

static void send(struct lab *lab, struct job *job, int signal, int64_t second)
{
	struct err err = {0};
	assert_int_equal(job_cancel(lab->c, job, signal, false, false, 1000, at(second), &err), 0);
	run(lab, second);
}

/* ---- the cases ---- */

static void stopped_by_a_signal(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab);
	send(lab, job, 19, 1);
	assert_string_equal(shown(job), "STOPPED");
	send(lab, job, 10, 2);
	assert_string_equal(shown(job), "STOPPED");
	send(lab, job, 18, 3);
	assert_string_equal(shown(job), "RUNNING");
	send(lab, job, 19, 4);
	run(lab, 60); /* its time runs */
	assert_string_equal(shown(job), "COMPLETING");
	node_is_done(lab, job, 61);
	assert_string_equal(shown(job), "TIMEOUT");
}

static void out_of_memory(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab);
	batch_ends(lab, job, CORE_SIGNAL_OOM, 2);
	assert_int_equal(job->state.state, JOB_OUT_OF_MEMORY);
	assert_int_equal(job->state.reason, REASON_OUT_OF_MEMORY);
	assert_int_equal(job->state.exit_status, CORE_SIGNAL_OOM);
	node_is_done(lab, job, 3);
	assert_string_equal(shown(job), "OUT_OF_MEMORY");
	job = started(lab);
	struct err err = {0};
	assert_int_equal(job_complete(lab->c, job, CORE_SIGNAL_OOM, at(4), &err), 0);
	assert_int_equal(job->state.state, JOB_OUT_OF_MEMORY);
	assert_int_equal(job->state.reason, REASON_OUT_OF_MEMORY);
}

static void its_script_has_the_last_word(void **state)
{
	struct lab *lab = *state;
	struct job *job = started(lab);
	send(lab, job, 0, 1);
	assert_int_equal(job->state.exit_status, 15);
	batch_ends(lab, job, 9 << 8, 2);
	assert_int_equal(job->state.state, JOB_CANCELLED);
	assert_int_equal(job->state.exit_status, 9 << 8);
	node_is_done(lab, job, 3);
	job = started(lab);
	run(lab, 60);
	batch_ends(lab, job, 9, 61);
	assert_int_equal(job->state.state, JOB_TIMEOUT);
	assert_int_equal(job->state.exit_status, 9);
	node_is_done(lab, job, 62);
	/* What stands still is killed. */
	struct err err = {0};
	job = started(lab);
	assert_int_equal(job_suspend(lab->c, job, at(63), &err), 0);
	send(lab, job, 0, 64);
	assert_int_equal(job->state.exit_status, 9);
	node_is_done(lab, job, 65);
}

static void special_exit(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	struct job *job = started(lab);
	assert_int_equal(job_requeue_special(lab->c, job, at(1), &err), 0);
	assert_string_equal(shown(job), "COMPLETING");
	node_is_done(lab, job, 2);
	assert_string_equal(shown(job), "SPECIAL_EXIT");
	assert_int_equal(job_reason(lab->c, job), REASON_REQUEUED_HELD);
	assert_int_equal(job_requeue(lab->c, job, false, at(3), &err), -1);
	assert_int_equal(err.code, ERR_JOB_PENDING);
	run(lab, 1000);
	assert_string_equal(shown(job), "SPECIAL_EXIT");
	assert_int_equal(job_release(lab->c, job, false, at(1001), &err), 0);
	run(lab, 1002);
	assert_string_equal(shown(job), "RUNNING");
	assert_int_equal(job->state.restarts, 1);
	/* Cancelled while it is one. */
	assert_int_equal(job_requeue_special(lab->c, job, at(1003), &err), 0);
	node_is_done(lab, job, 1004);
	send(lab, job, 0, 1005);
	assert_string_equal(shown(job), "CANCELLED");
}

static void requeued_while_it_ends(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	struct job *job = started(lab);
	send(lab, job, 0, 1);
	assert_int_equal(job_requeue(lab->c, job, false, at(2), &err), 0);
	assert_int_equal(job->state.state, JOB_PENDING);
	node_is_done(lab, job, 3);
	assert_string_equal(shown(job), "PENDING");
	run(lab, 200);
	assert_string_equal(shown(job), "RUNNING");
	assert_int_equal(job->state.attempt, 2);
}

/* Of a job that is ending no step is ended any sooner. */
static void its_steps_have_the_time_that_it_has(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	struct job *job = started(lab);
	struct step *batch = step_by_id(job, CORE_STEP_BATCH);
	send(lab, job, 0, 1);
	assert_int_equal(step_cancel(lab->c, batch, 9, 1000, at(2), &err), -1);
	assert_int_equal(err.code, ERR_ALREADY_DONE);
}

/* slurm.conf(5), MinJobAge: zero prevents any purging. */
static void never_purged(void **state)
{
	struct lab *lab = *state;
	lab->conf.min_job_age_s = 0;
	cluster_reconfigure(lab->c, &lab->conf, at(0), NULL, NULL);
	for (int i = 0; i < 3; i++)
		lab_register(lab, lab->nodes[i].name, NULL, 0, at(0));
	struct job *job = started(lab);
	uint32_t id = job->job_id;
	batch_ends(lab, job, 0, 1);
	node_is_done(lab, job, 2);
	run(lab, 100000000);
	assert_non_null(job_by_id(lab->c, id));
	lab->conf.min_job_age_s = 5;
	cluster_reconfigure(lab->c, &lab->conf, at(100000001), NULL, NULL);
	run(lab, 100000002);
	assert_null(job_by_id(lab->c, id));
}

static void held_while_it_runs(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	struct job *job = started(lab);
	assert_int_equal(job_hold(lab->c, job, false, false, at(1), &err), 0);
	assert_int_equal(job_reason(lab->c, job), REASON_HELD_USER);
	assert_int_equal(job_release(lab->c, job, false, at(2), &err), 0);
	assert_int_equal(job_reason(lab->c, job), REASON_NONE);
	assert_int_equal(job_hold(lab->c, job, true, false, at(3), &err), 0);
	assert_int_equal(job_reason(lab->c, job), REASON_HELD_ADMIN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(stopped_by_a_signal), T(out_of_memory),          T(its_script_has_the_last_word),
	        T(special_exit),        T(requeued_while_it_ends), T(its_steps_have_the_time_that_it_has),
	        T(never_purged),        T(held_while_it_runs),
	};
	return cmocka_run_group_tests_name("core_life", tests, NULL, NULL);
}
