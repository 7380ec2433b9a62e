/* The plan: who starts before his turn, who doesn't, and what is promised to those who wait. Three nodes of
 * two cores each. */
#include "test/unit/core_fixture.h"

#include "core/plan.h"

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->conf.select_flags = CONF_CR_CORE | CONF_CR_MEMORY;
	lab->conf.backfill = true;
	lab->conf.bf_interval = 30;
	lab->conf.max_array_size = 1001;
	lab->conf.bf_max_job_test = 500;
	lab->conf.bf_max_job_array_resv = 20;
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

static core_time at(int64_t minutes)
{
	return T0 + minutes * 60 * CORE_SECOND;
}

struct want {
	uint32_t nodes, tasks, minutes;
	uint64_t mem;
	uint32_t uid;
	const char *array;
	uint32_t least; /* minutes; 0: none */
};

static struct job *submit(struct lab *lab, struct want want, int64_t minute)
{
	struct identity who = {.uid = want.uid ? want.uid : 1000, .gid = 1000};
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
	spec.mem_per_node = want.mem;
	spec.time_limit_min = want.minutes;
	spec.time_min_min = want.least ? want.least : CORE_NO_VAL;
	spec.array = (char *)(uintptr_t)want.array;
	if (job_submit(lab->c, &spec, at(minute), &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, at(minute));
	check_cluster(lab->c);
	return job;
}

static void end(struct lab *lab, struct job *job, int64_t minute)
{
	struct err err = {0};
	assert_int_equal(job_cancel(lab->c, job, 0, false, false, 0, at(minute), &err), 0);
	while (job->state.nodes.n > 0 && !job_is_done(job))
		for (uint32_t i = 0; i < job->state.nodes.n; i++)
			report_job_gone(lab->c, job->state.nodes.v[i].node, job->serial, job->state.attempt,
			                at(minute));
	cluster_run(lab->c, at(minute));
	check_cluster(lab->c);
}

static bool runs(const struct job *job)
{
	return job->state.state == JOB_RUNNING;
}

#define assert_planned(job, minute) assert_int_equal(job_planned_start(job), at(minute))

static void a_short_one_passes_and_a_long_one_does_not(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60}, 0),
	           *wide = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0);
	assert_true(runs(first));
	assert_planned(wide, 60);
	assert_int_equal(job_planned_nodes(wide)->n, 3);
	struct job *too_long = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 61}, 0),
	           *fits = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 60}, 0);
	assert_false(runs(too_long));
	assert_planned(too_long, 90);
	assert_true(runs(fits));
	assert_int_equal(job_reason(lab->c, wide), REASON_RESOURCES);
	assert_int_equal(job_reason(lab->c, too_long), REASON_PRIORITY);
	assert_planned(wide, 60);
}

static void an_early_end_moves_all_forward(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60}, 0),
	           *wide = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0),
	           *last = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 10}, 0);
	assert_planned(last, 90);
	end(lab, first, 7);
	assert_true(runs(wide));
	assert_planned(last, 37);
	assert_int_equal(job_planned_start(wide), 0);
}

static void memory_is_planned_as_well(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, (struct want){.nodes = 3, .tasks = 3, .minutes = 60, .mem = 600}, 0),
	           *second = submit(lab, (struct want){.nodes = 3, .tasks = 3, .minutes = 30, .mem = 600}, 0);
	assert_true(runs(first));
	assert_planned(second, 60);
	/* A core is free on each node; the memory is not, once the second one has come. */
	struct job *over = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 61, .mem = 401}, 0),
	           *fits = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 61, .mem = 400}, 0);
	assert_false(runs(over));
	assert_true(runs(fits));
}

static void without_a_limit_nothing_is_planned(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, (struct want){.nodes = 1, .tasks = 2, .minutes = 0}, 0),
	           *wide = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0),
	           *other = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 0}, 0);
	assert_true(runs(first));
	assert_int_equal(job_planned_start(wide), 0);
	assert_true(runs(other));
}

static void builtin_keeps_the_order(void **state)
{
	struct lab *lab = *state;
	lab->conf.backfill = false;
	submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60}, 0);
	struct job *wide = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0),
	           *small = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 1}, 0);
	assert_int_equal(job_planned_start(wide), 0);
	assert_false(runs(small));
	assert_int_equal(job_reason(lab->c, small), REASON_PRIORITY);
}

/* Who is beyond the depth is not overtaken: nobody knows what he will need. */
static void beyond_the_depth_nobody_passes(void **state)
{
	struct lab *lab = *state;
	lab->conf.bf_max_job_test = 1;
	submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60}, 0);
	struct job *wide = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0),
	           *next = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0),
	           *small = submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 1}, 0);
	assert_planned(wide, 60);
	assert_int_equal(job_planned_start(next), 0);
	assert_false(runs(small));
}

static void a_user_has_his_share_of_it(void **state)
{
	struct lab *lab = *state;
	lab->conf.bf_max_job_user = 1;
	submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60}, 0);
	struct job *wide = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0),
	           *same = submit(lab, (struct want){.nodes = 3, .tasks = 5, .minutes = 30}, 0),
	           *other = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30, .uid = 1001}, 0);
	assert_planned(wide, 60);
	assert_int_equal(job_planned_start(same), 0);
	assert_planned(other, 90);
}

static void an_array_is_planned_task_by_task(void **state)
{
	struct lab *lab = *state;
	lab->conf.bf_max_job_array_resv = 2;
	submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 60}, 0);
	struct job *array = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30, .array = "1-9"},
	                           0),
	           *behind = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 5}, 0);
	assert_planned(array, 60);
	assert_planned(behind, 120);
	assert_int_equal(plan_at(lab->c, 1)->start, at(90));
	assert_ptr_equal(plan_at(lab->c, 1)->job, array);
}

static void a_longer_limit_moves_it(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60}, 0),
	           *wide = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0);
	struct job_edit edit;
	struct err err = {0};
	schema_init(schema_of_job_edit(), &edit);
	edit.time_limit_min = 100;
	assert_int_equal(job_update(lab->c, first, &edit, true, at(1), &err), 0);
	cluster_run(lab->c, at(1));
	assert_planned(wide, 100);
}

static void a_node_that_is_drained_is_not_counted_on(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60}, 0);
	struct job *two = submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 30}, 0);
	assert_planned(two, 60);
	assert_int_equal(node_update(lab->c, "n1", "DRAIN", "a disk", 0, at(1), &err), 0);
	cluster_run(lab->c, at(1));
	assert_planned(two, 60);
	assert_string_equal(job_planned_nodes(two)->v[0].node, "n2");
	assert_int_equal(node_update(lab->c, "n2", "DRAIN", "a disk", 0, at(1), &err), 0);
	cluster_run(lab->c, at(1));
	assert_int_equal(job_planned_start(two), 0);
}

static void a_limit_shrinks_where_that_is_earlier(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, (struct want){.mem = 100, .nodes = 2, .tasks = 4, .minutes = 60}, 0),
	           *wide = submit(lab, (struct want){.mem = 100, .nodes = 3, .tasks = 6, .minutes = 30}, 0);
	assert_int_equal(first->state.time_limit_min, 60);
	struct job *too_long = submit(
	                   lab,
	                   (struct want){.mem = 100, .nodes = 1, .tasks = 1, .minutes = 100, .least = 61}, 0),
	           *fits = submit(
	                   lab,
	                   (struct want){.mem = 100, .nodes = 1, .tasks = 1, .minutes = 100, .least = 30}, 0),
	           *endless = submit(lab, (struct want){.mem = 100, .nodes = 1, .tasks = 1, .least = 10}, 1);
	assert_planned(too_long, 90);
	/* As long as there is room for. */
	assert_true(runs(fits));
	assert_int_equal(fits->state.time_limit_min, 60);
	assert_int_equal(fits->spec.time_limit_min, 100);
	assert_true(runs(endless));
	assert_int_equal(endless->state.time_limit_min, 59);
	assert_planned(wide, 60);
}

static void a_plan_may_rest_on_a_lesser_limit(void **state)
{
	struct lab *lab = *state;
	submit(lab, (struct want){.mem = 100, .nodes = 3, .tasks = 6, .minutes = 10}, 0);
	struct job *one = submit(lab, (struct want){.mem = 100, .nodes = 3, .tasks = 3, .minutes = 20}, 0);
	struct job *small = submit(lab, (struct want){.mem = 100, .nodes = 2, .tasks = 2, .minutes = 60}, 0);
	struct job *all = submit(lab, (struct want){.mem = 100, .nodes = 3, .tasks = 6, .minutes = 10}, 0);
	struct job *shrinks =
	        submit(lab, (struct want){.mem = 100, .nodes = 1, .tasks = 1, .minutes = 100, .least = 5}, 0);
	assert_planned(one, 10);
	assert_planned(small, 10);
	assert_planned(all, 70);
	/* Until the wide one comes; what is shown is all that it asks for. */
	assert_planned(shrinks, 10);
	assert_int_equal(shrinks->planned->end, at(70));
	assert_int_equal(job_planned_end(shrinks), at(110));
}

static void figures_tell_of_it(void **state)
{
	struct lab *lab = *state;
	submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60, .mem = 100}, 0);
	const struct plan_stats *s = &cluster_stats(lab->c)->plan;
	assert_int_equal(s->cycles, 0);
	submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30, .mem = 100}, 1);
	assert_int_equal(s->cycles, 1);
	assert_int_equal(s->when, at(1));
	assert_int_equal(s->depth.last, 1);
	assert_int_equal(s->queue.last, 1);
	assert_int_equal(s->table.last, 2);
	submit(lab, (struct want){.nodes = 1, .tasks = 1, .minutes = 10, .mem = 100}, 2);
	assert_int_equal(s->started, 1);
	assert_int_equal(s->depth.last, 2);
	assert_int_equal(s->depth.sum, 3);
	cluster_stats_reset(lab->c);
	assert_int_equal(s->cycles, 0);
	assert_int_equal(s->started, 0);
	assert_int_equal(s->started_ever, 1);
}

/* As little as one node at a time: the plan comes to the same in the end. */
static void in_slices_it_is_the_same(void **state)
{
	struct lab *lab = *state;
	lab->conf.bf_slice = 1;
	submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60}, 0);
	struct job *jobs[5];
	for (int i = 0; i < 5; i++)
		jobs[i] = submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0);
	for (core_time next; (next = cluster_next_time(lab->c)) && next < at(1);)
		cluster_run(lab->c, next);
	for (int i = 0; i < 5; i++)
		assert_planned(jobs[i], 60 + 30 * i);
}

static void a_test_says_when_and_where(void **state)
{
	struct lab *lab = *state;
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_outlook outlook;
	struct job_spec spec;
	struct err err = {0};
	submit(lab, (struct want){.nodes = 2, .tasks = 4, .minutes = 60}, 0);
	submit(lab, (struct want){.nodes = 3, .tasks = 6, .minutes = 30}, 0);
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.nodes_min = 1;
	spec.tasks = 1;
	spec.time_limit_min = 60;
	assert_int_equal(job_test(lab->c, &spec, at(0), &outlook, &err), 0);
	assert_int_equal(outlook.start, at(0));
	assert_string_equal(outlook.nodes.v[0].node, "n3");
	node_alloc_list_free(&outlook.nodes);
	spec.time_limit_min = 61;
	assert_int_equal(job_test(lab->c, &spec, at(0), &outlook, &err), 0);
	assert_int_equal(outlook.start, at(90));
	node_alloc_list_free(&outlook.nodes);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(a_short_one_passes_and_a_long_one_does_not),
	        T(an_early_end_moves_all_forward),
	        T(memory_is_planned_as_well),
	        T(without_a_limit_nothing_is_planned),
	        T(builtin_keeps_the_order),
	        T(beyond_the_depth_nobody_passes),
	        T(a_user_has_his_share_of_it),
	        T(an_array_is_planned_task_by_task),
	        T(a_longer_limit_moves_it),
	        T(a_node_that_is_drained_is_not_counted_on),
	        T(figures_tell_of_it),
	        T(in_slices_it_is_the_same),
	        T(a_limit_shrinks_where_that_is_earlier),
	        T(a_plan_may_rest_on_a_lesser_limit),
	        T(a_test_says_when_and_where),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
