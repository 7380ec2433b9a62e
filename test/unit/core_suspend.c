/* A job is suspended and resumed: its cores, its time, its steps, its ends, and a restart meanwhile. */
#include "test/unit/core_fixture.h"

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->conf.select_flags = CONF_CR_CORE | CONF_CR_MEMORY;
	lab->conf.job_requeue = true;
	lab_start(lab, T0);
	*state = lab;
	return 0;
}

static core_time at(int64_t seconds)
{
	return T0 + seconds * CORE_SECOND;
}

/* All cores of all nodes, and 400 MiB of each. */
static struct job *submit(struct lab *lab, bool batch, int64_t second)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = batch;
	spec.nodes_min = spec.nodes_max = 3;
	spec.tasks = 6;
	spec.tasks_set = true;
	spec.mem_per_node = 400;
	spec.time_limit_min = 10;
	if (job_submit(lab->c, &spec, at(second), &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, at(second));
	return job;
}

static void run(struct lab *lab, int64_t second)
{
	cluster_run(lab->c, at(second));
	check_cluster(lab->c);
}

static void suspend(struct lab *lab, struct job *job, int64_t second)
{
	struct err err = {0};
	assert_int_equal(job_suspend(lab->c, job, at(second), &err), 0);
	run(lab, second);
	assert_int_equal(job->state.state, JOB_SUSPENDED);
}

static void resume(struct lab *lab, struct job *job, int64_t second)
{
	struct err err = {0};
	assert_int_equal(job_resume(lab->c, job, at(second), &err), 0);
	run(lab, second);
	assert_int_equal(job->state.state, JOB_RUNNING);
}

static void its_time_stands_still(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, true, 0);
	suspend(lab, job, 60);
	assert_int_equal(job->state.pre_suspend_s, 60);
	run(lab, 3600);
	assert_int_equal(job->state.state, JOB_SUSPENDED);
	resume(lab, job, 3600);
	assert_int_equal(job->limit_at, at(3600 + 540));
	suspend(lab, job, 3700);
	assert_int_equal(job->state.pre_suspend_s, 160);
	resume(lab, job, 5000);
	run(lab, 5000 + 439);
	assert_int_equal(job->state.state, JOB_RUNNING);
	run(lab, 5000 + 440);
	assert_int_equal(job->state.state, JOB_TIMEOUT);
	assert_int_equal(lab->seen.suspended, 2);
	assert_int_equal(lab->seen.resumed, 2);
}

static void its_cores_are_free_and_its_memory_is_not(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, true, 0), *second = submit(lab, true, 0), *third;
	const struct node *node = node_by_name(lab->c, "n1");
	assert_int_equal(second->state.state, JOB_PENDING);
	suspend(lab, first, 1);
	assert_int_equal(second->state.state, JOB_RUNNING);
	assert_int_equal(node->mem_alloc, 800);
	third = submit(lab, true, 2);
	suspend(lab, second, 3);
	assert_int_equal(node_shown_base(node), NODE_IDLE);
	assert_int_equal(third->state.state, JOB_PENDING); /* for want of memory */
	resume(lab, second, 4);
	resume(lab, first, 5);
	assert_int_equal(node_shown_cpus(node), 2);
	assert_int_equal(node_shown_base(node), NODE_ALLOCATED);
	/* What one gives back the other still has. */
	struct err err = {0};
	assert_int_equal(job_cancel(lab->c, second, 0, false, false, 0, at(6), &err), 0);
	for (int i = 0; i < 3; i++)
		report_job_gone(lab->c, lab->nodes[i].name, second->serial, 1, at(6));
	run(lab, 6);
	assert_int_equal(node_shown_cpus(node), 2);
	assert_int_equal(third->state.state, JOB_PENDING);
}

static void what_cant_be_suspended(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, true, 0), *waits = submit(lab, true, 0);
	struct err err = {0};
	assert_int_equal(job_resume(lab->c, job, at(1), &err), -1);
	assert_int_equal(err.code, ERR_NOT_SUSPENDED);
	err_clear(&err);
	assert_int_equal(job_suspend(lab->c, waits, at(1), &err), -1);
	assert_int_equal(err.code, ERR_JOB_PENDING);
	err_clear(&err);
	suspend(lab, job, 1);
	suspend(lab, job, 50); /* once more is nothing new */
	assert_int_equal(job->state.pre_suspend_s, 1);
	assert_int_equal(job_cancel(lab->c, job, 0, false, false, 0, at(100), &err), 0);
	assert_int_equal(job->state.state, JOB_CANCELLED);
	assert_int_equal(job_run_since(job), at(99));
	assert_int_equal(job_resume(lab->c, job, at(101), &err), -1);
	assert_int_equal(err.code, ERR_ALREADY_DONE);
}

static void requeued_it_is_held(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, true, 0);
	struct err err = {0};
	suspend(lab, job, 5);
	assert_int_equal(job_requeue(lab->c, job, false, at(6), &err), 0);
	run(lab, 6);
	assert_int_equal(job->state.state, JOB_PENDING);
	assert_int_equal(job_reason(lab->c, job), REASON_NONE); /* while it is completing */
	assert_int_equal(job->state.hold, 2);
	assert_int_equal(job->state.suspend_time, 0);
	assert_int_equal(job->state.pre_suspend_s, 0);
}

static void released_and_requeued_it_is_not(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, true, 0);
	struct err err = {0};
	suspend(lab, job, 5);
	assert_int_equal(job_release(lab->c, job, false, at(6), &err), 0);
	assert_int_equal(job->state.priority, 0);
	assert_int_equal(job_release(lab->c, job, true, at(6), &err), 0);
	assert_int_equal(job_requeue(lab->c, job, false, at(6), &err), 0);
	assert_int_equal(job->state.hold, 0);
}

static void a_lost_node_ends_it(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, false, 0);
	struct err err = {0};
	suspend(lab, job, 5);
	assert_int_equal(node_update(lab->c, "n2", "DOWN", "gone", 0, at(6), &err), 0);
	run(lab, 6);
	assert_int_equal(job->state.state, JOB_NODE_FAIL);
}

static void its_steps_wait_and_their_time_too(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, false, 0);
	struct step_request r = {.name = "s",
	                         .tasks = 1,
	                         .tasks_set = true,
	                         .exact = true,
	                         .mem_per_node = 10,
	                         .relative = CORE_NO_VAL,
	                         .dist = CORE_NO_VAL,
	                         .time_limit_min = 1};
	struct step *step = NULL, *late = NULL;
	struct err err = {0};
	assert_int_equal(step_create(lab->c, job, &r, at(0), &step, &err), 0);
	assert_int_equal(step->limit_at, at(60));
	suspend(lab, job, 30);
	assert_int_equal(step_create(lab->c, job, &r, at(40), &late, &err), 0);
	assert_true(late->queued);
	run(lab, 100);
	resume(lab, job, 130);
	assert_false(late->queued);
	assert_int_equal(step->record.suspended_s, 100);
	assert_int_equal(step->limit_at, at(160));
	assert_int_equal(late->limit_at, at(190));
}

/* Its number is the job's only one of that kind, also while it waits: two would be one in the store. */
static void a_waiting_interactive_step_is_the_only_one(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, false, 0);
	const struct step_request r = {.name = "interactive",
	                               .tasks = 1,
	                               .tasks_set = true,
	                               .interactive = true,
	                               .mem_per_node = CORE_NO_VAL64,
	                               .relative = CORE_NO_VAL,
	                               .dist = CORE_NO_VAL,
	                               .time_limit_min = CORE_NO_VAL};
	struct step *first = NULL, *second = NULL;
	struct err err = {0};
	suspend(lab, job, 10);
	assert_int_equal(step_create(lab->c, job, &r, at(20), &first, &err), 0);
	assert_true(first->queued);
	assert_int_equal(step_create(lab->c, job, &r, at(30), &second, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	resume(lab, job, 40);
	assert_false(first->queued);
}

/* The word is said again to a node that may not have heard it, and to a step that was not there yet. */
static void it_is_told_again(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, true, 0);
	const uint64_t launch = job->state.batch_launch;
	suspend(lab, job, 1);
	assert_int_equal(lab->seen.suspended, 1);
	assert_true(report_step_started(lab->c, "n1", job->serial, 1, launch, at(2)));
	assert_int_equal(lab->seen.suspended, 2);
	lab_register(lab, "n1", &launch, 1, at(3));
	assert_int_equal(lab->seen.suspended, 3);
	resume(lab, job, 4);
	lab_register(lab, "n1", &launch, 1, at(5));
	assert_int_equal(lab->seen.resumed, 2);
}

static void a_restart_finds_it_suspended(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, true, 0);
	const uint32_t id = job->job_id;
	suspend(lab, job, 60);
	cluster_free(lab->c);
	lab_start(lab, at(4000));
	job = job_by_id(lab->c, id);
	assert_int_equal(job->state.state, JOB_SUSPENDED);
	assert_int_equal(node_by_name(lab->c, "n1")->cpus_alloc, 0);
	assert_int_equal(node_by_name(lab->c, "n1")->mem_alloc, 400);
	resume(lab, job, 4100);
	assert_int_equal(job->limit_at, at(4100 + 540));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(its_time_stands_still),
	        T(its_cores_are_free_and_its_memory_is_not),
	        T(what_cant_be_suspended),
	        T(requeued_it_is_held),
	        T(released_and_requeued_it_is_not),
	        T(a_lost_node_ends_it),
	        T(its_steps_wait_and_their_time_too),
	        T(a_waiting_interactive_step_is_the_only_one),
	        T(it_is_told_again),
	        T(a_restart_finds_it_suspended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
