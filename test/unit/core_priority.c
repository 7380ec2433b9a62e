/* PriorityType=priority/multifactor: what the factors are, when they are reckoned, and that the queue
 * follows. Three nodes of two CPUs, all of which one job has until somebody ends it. */
#include "test/unit/core_fixture.h"

#include "core/priority.h"

#define HOUR (3600 * CORE_SECOND)

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->part.priority_job_factor = 1;
	lab->conf.backfill = true;
	lab->conf.bf_interval = 30;
	lab->conf.bf_max_job_test = 500;
	lab->conf.bf_max_job_array_resv = 20;
	lab->conf.max_array_size = 1001;
	lab->conf.priority =
	        (struct priority_conf){.multifactor = true, .max_age_s = 7200, .calc_period_s = 300};
	*state = lab;
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

struct want {
	uint32_t nodes, tasks, minutes;
	int32_t nice;
	uint32_t priority; /* 0: none of its own */
	const char *array;
};

static struct job *submit_only(struct lab *lab, struct want want, core_time at)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	if (!lab->c)
		lab_start(lab, T0);
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.nodes_min = want.nodes;
	spec.tasks = want.tasks;
	spec.tasks_set = true;
	spec.nice = want.nice;
	spec.priority = want.priority ? want.priority : CORE_NO_VAL;
	spec.time_limit_min = want.minutes;
	spec.array = (char *)(uintptr_t)want.array;
	if (job_submit(lab->c, &spec, at, &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	return job;
}

static struct job *submit(struct lab *lab, struct want want, core_time at)
{
	struct job *job = submit_only(lab, want, at);
	cluster_run(lab->c, at);
	check_cluster(lab->c);
	return job;
}

/* One that has all nodes, so that all others wait. */
static struct job *fill(struct lab *lab)
{
	struct job *job =
	        submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 600, .priority = 1}, T0);
	assert_int_equal(job->state.state, JOB_RUNNING);
	return job;
}

static void run(struct lab *lab, core_time at)
{
	cluster_run(lab->c, at);
	check_cluster(lab->c);
}

static void end(struct lab *lab, struct job *job, core_time at)
{
	struct err err = {0};
	assert_int_equal(job_cancel(lab->c, job, 0, false, false, 0, at, &err), 0);
	while (job->state.nodes.n > 0 && !job_is_done(job))
		for (uint32_t i = 0; i < job->state.nodes.n; i++)
			report_job_gone(lab->c, job->state.nodes.v[i].node, job->serial, job->state.attempt,
			                at);
	run(lab, at);
}

static void update(struct lab *lab, struct job *job, struct job_edit *edit, core_time at)
{
	struct err err = {0};
	if (job_update(lab->c, job, edit, true, at, &err) != 0)
		fail_msg("%s", err_text(&err));
	run(lab, at);
}

static void age_grows_every_period_up_to_its_maximum(void **state)
{
	struct lab *lab = *state;
	lab->conf.priority.age = 1000;
	fill(lab);
	struct job *job = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0);
	assert_int_equal(job->state.priority, 1);
	run(lab, T0 + 299 * CORE_SECOND);
	assert_int_equal(job->state.priority, 1);
	run(lab, T0 + 300 * CORE_SECOND);
	assert_int_equal(job->state.priority, 1000 * 300 / 7200);
	assert_int_equal(job->priority_at, T0 + 300 * CORE_SECOND);
	run(lab, T0 + HOUR);
	assert_int_equal(job->state.priority, 500);
	run(lab, T0 + 5 * HOUR);
	assert_int_equal(job->state.priority, 1000);
}

/* The last one comes in another slice, at once, and its next time is that of all. */
static void many_are_weighed_slice_by_slice(void **state)
{
	struct lab *lab = *state;
	const core_time then = T0 + 300 * CORE_SECOND;
	const uint32_t aged = 1000 * 300 / 7200;
	struct job *first, *last = NULL;
	lab->conf.priority.age = 1000;
	lab->conf.max_job_count = 20000;
	fill(lab);
	first = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0);
	for (int i = 0; i < 10500; i++)
		last = submit_only(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0);
	cluster_run(lab->c, T0);
	cluster_run(lab->c, then);
	assert_int_equal(first->state.priority, aged);
	assert_int_equal(last->state.priority, 1);
	while (cluster_next_time(lab->c) < then + CORE_SECOND)
		cluster_run(lab->c, cluster_next_time(lab->c));
	assert_int_equal(last->state.priority, aged);
	run(lab, then + 299 * CORE_SECOND);
	assert_int_equal(first->state.priority, aged);
	cluster_run(lab->c, then + 300 * CORE_SECOND);
	assert_int_equal(first->state.priority, 2 * 1000 * 300 / 7200);
}

static void held_ones_do_not_age_unless_they_always_do(void **state)
{
	for (int always = 0; always < 2; always++) {
		struct lab *lab = *state;
		struct err err = {0};
		lab->conf.priority.age = 1000;
		lab->conf.priority.accrue_always = always;
		fill(lab);
		struct job *job = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0);
		assert_int_equal(job_hold(lab->c, job, true, false, T0, &err), 0);
		run(lab, T0 + HOUR);
		assert_int_equal(job_release(lab->c, job, true, T0 + HOUR, &err), 0);
		run(lab, T0 + HOUR);
		assert_int_equal(job->state.priority, always ? 500 : 1);
		if (!always) {
			teardown(state);
			setup(state);
		}
	}
}

static void size_favors_large_ones_or_small_ones(void **state)
{
	struct lab *lab = *state;
	lab->conf.priority.job_size = 600;
	fill(lab);
	struct job *small = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0),
	           *large = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 10}, T0);
	/* A third of the nodes and a sixth of the CPUs. */
	assert_int_equal(small->state.priority, 150);
	assert_int_equal(large->state.priority, 600);
	lab->conf.priority.favor_small = true;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	run(lab, T0);
	assert_true(small->state.priority > large->state.priority);
	lab->conf.priority.favor_small = false;
	lab->conf.priority.small_relative_to_time = true;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	run(lab, T0);
	assert_int_equal(large->state.priority, 60);
	assert_int_equal(small->state.priority, 20);
}

static void partitions_and_tres_count_by_their_weights(void **state)
{
	struct lab *lab = *state;
	struct core_part_conf parts[2] = {lab->part, lab->part};
	parts[1].name = word("fast");
	parts[1].is_default = false;
	parts[1].priority_job_factor = 4;
	lab->conf.parts = parts;
	lab->conf.part_count = 2;
	lab->conf.priority.partition = 1000;
	fill(lab);
	struct job *job = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0);
	struct job_edit edit;
	assert_int_equal(job->state.priority, 250);
	schema_init(schema_of_job_edit(), &edit);
	edit.partition = word("fast");
	update(lab, job, &edit, T0);
	assert_int_equal(job->state.priority, 1000);
	lab->conf.priority.partition = 0;
	lab->conf.priority.tres[TRES_CPU] = 600;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	run(lab, T0);
	assert_int_equal(job->state.priority, 100);
	lab->conf.priority.no_normal_tres = true;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	run(lab, T0);
	assert_int_equal(job->state.priority, 600);
	lab->conf.parts = &lab->part;
	lab->conf.part_count = 1;
}

static void the_queue_follows(void **state)
{
	struct lab *lab = *state;
	struct job_edit edit;
	lab->conf.priority.job_size = 6000;
	struct job *first = fill(lab),
	           *small = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0),
	           *large = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 10},
	                           T0 + CORE_SECOND);
	assert_int_equal(job_reason(lab->c, large), REASON_RESOURCES);
	assert_int_equal(job_reason(lab->c, small), REASON_PRIORITY);
	assert_true(job_planned_start(large) < job_planned_start(small));
	schema_init(schema_of_job_edit(), &edit);
	edit.nice = 5999;
	edit.nice_set = true;
	update(lab, large, &edit, T0 + 2 * CORE_SECOND);
	assert_int_equal(large->state.priority, 1);
	assert_int_equal(job_reason(lab->c, small), REASON_RESOURCES);
	end(lab, first, T0 + 3 * CORE_SECOND);
	assert_int_equal(small->state.state, JOB_RUNNING);
	assert_int_equal(large->state.state, JOB_PENDING);
}

static void what_was_asked_for_stays(void **state)
{
	struct lab *lab = *state;
	struct job_edit edit;
	struct err err = {0};
	lab->conf.priority.age = 1000;
	fill(lab);
	struct job *own = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10, .priority = 777},
	                         T0),
	           *job = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0);
	schema_init(schema_of_job_edit(), &edit);
	edit.priority = 900;
	update(lab, job, &edit, T0);
	run(lab, T0 + HOUR);
	assert_int_equal(own->state.priority, 777);
	assert_int_equal(job->state.priority, 900);
	struct job *top[] = {own};
	assert_int_equal(job_top(lab->c, top, 1, T0 + HOUR, &err), 0);
	run(lab, T0 + 2 * HOUR);
	assert_true(own->state.priority > job->state.priority);
}

/* Its factors make less than 1, which is shown as 1: the nice value has to make up for all of it. */
static void one_far_below_the_least_gets_to_the_top(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	lab->conf.priority.age = 1000;
	fill(lab);
	struct job *low = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10, .nice = 5000}, T0),
	           *other = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0);
	run(lab, T0 + 450 * CORE_SECOND); /* an age of 41.67, and then 83.33 */
	struct job *top[] = {low, other};
	assert_int_equal(job_top(lab->c, top, 2, T0 + 600 * CORE_SECOND, &err), 0);
	const uint32_t was = low->state.priority;
	assert_true(was > other->state.priority);
	run(lab, T0 + 600 * CORE_SECOND);
	assert_int_equal(low->state.priority, was);
	assert_true(low->state.priority > other->state.priority);
	run(lab, T0 + 5 * HOUR);
	assert_true(low->state.priority > other->state.priority);
}

/* What the others have is up to PriorityCalcPeriod old, and they are older than that now. */
static void the_top_lasts_when_all_are_weighed_again(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	lab->conf.priority.age = 7200;
	fill(lab);
	struct job *other = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0);
	run(lab, T0 + 300 * CORE_SECOND);
	struct job *late =
	        submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0 + 590 * CORE_SECOND);
	assert_int_equal(other->state.priority, 300);
	assert_int_equal(job_top(lab->c, &late, 1, T0 + 590 * CORE_SECOND, &err), 0);
	assert_int_equal(late->state.priority, 591);
	run(lab, T0 + 600 * CORE_SECOND);
	assert_int_equal(other->state.priority, 600);
	assert_int_equal(late->state.priority, 601);
}

/* 2^31 and more of nice isn't turned into its opposite, which would last once its own priority is given up.
 */
static void nice_stays_in_its_range(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	const struct want plain = {.nodes = 1, .tasks = 1, .minutes = 10};
	struct want prior = plain;
	lab->conf.priority.job_size = 600;
	fill(lab);
	prior.priority = 5;
	struct job *own = submit(lab, prior, T0);
	prior.priority = 4000000000u;
	submit(lab, prior, T0);
	assert_int_equal(job_top(lab->c, &own, 1, T0, &err), 0);
	assert_int_equal(own->state.priority, 4000000001u);
	assert_int_equal(own->spec.nice, -2147483645);
	assert_int_equal(job_hold(lab->c, own, true, false, T0, &err), 0);
	assert_int_equal(job_release(lab->c, own, true, T0, &err), 0);
	assert_in_range(own->state.priority, 2147483645u, 2147483645u + 600);
	/* Those that no nice value brings before that one have the order that was asked for. */
	struct job *small = submit(lab, plain, T0),
	           *large = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 10}, T0);
	struct job *top[] = {small, large};
	assert_int_equal(job_top(lab->c, top, 2, T0, &err), 0);
	run(lab, T0 + HOUR);
	assert_true(small->state.priority > large->state.priority);
	assert_true(large->state.priority >= 2147483645u);
	/* Where priorities only rise, they can have any. */
	lab->conf.priority.incr_only = true;
	cluster_reconfigure(lab->c, &lab->conf, T0 + HOUR, NULL, NULL);
	assert_int_equal(job_top(lab->c, top, 2, T0 + HOUR, &err), 0);
	run(lab, T0 + 2 * HOUR);
	assert_int_equal(small->state.priority, 4000000002u);
	assert_int_equal(large->state.priority, 4000000001u);
}

static void of_a_class_the_first_may_become_another(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	lab->conf.priority.age = 7200;
	struct job *first = fill(lab),
	           *a = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0),
	           *b = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0);
	run(lab, T0 + 600 * CORE_SECOND);
	assert_int_equal(a->state.priority, 600);
	/* Held for a while, it has lost its age. */
	assert_int_equal(job_hold(lab->c, a, true, false, T0 + 600 * CORE_SECOND, &err), 0);
	assert_int_equal(job_release(lab->c, a, true, T0 + 601 * CORE_SECOND, &err), 0);
	run(lab, T0 + 900 * CORE_SECOND);
	assert_int_equal(b->state.priority, 900);
	assert_int_equal(a->state.priority, 299);
	assert_int_equal(job_reason(lab->c, b), REASON_RESOURCES);
	end(lab, first, T0 + 901 * CORE_SECOND);
	assert_int_equal(b->state.state, JOB_RUNNING);
}

static void it_only_rises_where_that_is_wanted(void **state)
{
	struct lab *lab = *state;
	lab->conf.priority.job_size = 600;
	lab->conf.priority.incr_only = true;
	fill(lab);
	struct job *job = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 10}, T0);
	assert_int_equal(job->state.priority, 600);
	lab->conf.priority.job_size = 60;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	run(lab, T0);
	assert_int_equal(job->state.priority, 600);
	lab->conf.priority.job_size = 6000;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	run(lab, T0);
	assert_int_equal(job->state.priority, 6000);
}

static void a_restart_reckons_them_again(void **state)
{
	struct lab *lab = *state;
	lab->conf.priority.age = 1000;
	fill(lab);
	uint32_t id = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10}, T0)->job_id;
	cluster_free(lab->c);
	lab_start(lab, T0 + HOUR);
	assert_int_equal(job_by_id(lab->c, id)->state.priority, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	        T(age_grows_every_period_up_to_its_maximum),
	        T(many_are_weighed_slice_by_slice),
	        T(held_ones_do_not_age_unless_they_always_do),
	        T(size_favors_large_ones_or_small_ones),
	        T(partitions_and_tres_count_by_their_weights),
	        T(the_queue_follows),
	        T(what_was_asked_for_stays),
	        T(one_far_below_the_least_gets_to_the_top),
	        T(the_top_lasts_when_all_are_weighed_again),
	        T(nice_stays_in_its_range),
	        T(of_a_class_the_first_may_become_another),
	        T(it_only_rises_where_that_is_wanted),
	        T(a_restart_reckons_them_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
