/* Why a job waits, in sentences: three nodes of two CPUs. */
#include "test/unit/core_fixture.h"

#include "core/why.h"

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->conf.backfill = true;
	lab->conf.bf_interval = 30;
	lab->conf.bf_max_job_test = 500;
	lab_start(lab, T0);
	*state = lab;
	return 0;
}

static struct job_spec spec_of(struct identity *who, uint32_t nodes, uint32_t tasks, uint32_t minutes)
{
	struct job_spec spec;
	schema_init(schema_of_job_spec(), &spec);
	spec.who = who;
	spec.batch = true;
	spec.nodes_min = nodes;
	spec.tasks = tasks;
	spec.tasks_set = true;
	spec.time_limit_min = minutes;
	return spec;
}

static struct job *submit(struct lab *lab, uint32_t nodes, uint32_t tasks, uint32_t minutes)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	const struct job_spec spec = spec_of(&who, nodes, tasks, minutes);
	struct job *job = NULL;
	struct err err = {0};
	if (job_submit(lab->c, &spec, T0, &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, T0);
	return job;
}

static void assert_why(struct lab *lab, const struct job *job, const char *want)
{
	struct text text = TEXT_EMPTY;
	job_why(lab->c, job, &text);
	assert_string_equal(text_str(&text), want);
	text_free(&text);
}

static void the_plan_is_told(void **state)
{
	struct lab *lab = *state;
	submit(lab, 2, 4, 60);
	struct job *wide = submit(lab, 3, 6, 90), *last = submit(lab, 1, 1, 61);
	assert_why(
	        lab, wide,
	        "Job 2 asks for 6 CPUs on 3 nodes of partition main, for 1 h 30 min.\n"
	        "2 CPUs are idle on 1 of the 3 usable nodes of partition main, the most on n3: 2.\n"
	        "Nobody is before it in the queue.\n"
	        "It is planned to start in 1 h on n[1-3], when the time of job 1 is over; earlier, if others "
	        "end before their limits.\n");
	assert_why(lab, last,
	           "Job 3 asks for 1 CPU on 1 node of partition main, for 1 h 1 min.\n"
	           "2 CPUs are idle on 1 of the 3 usable nodes of partition main, the most on n3: 2.\n"
	           "1 job is before it in the queue: 2.\n"
	           "It is planned to start in 2 h 30 min on n1, when the time of job 2 is over; earlier, if "
	           "others end before their limits.\n");
}

static void holds_and_starts_are_told(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	struct job *runs = submit(lab, 3, 6, 60), *held = submit(lab, 1, 1, 10);
	assert_why(lab, runs, "Job 1 does not wait: it is RUNNING.\n");
	assert_int_equal(job_hold(lab->c, held, true, false, T0, &err), 0);
	assert_why(lab, held,
	           "Job 2 asks for 1 CPU on 1 node of partition main, for 10 min.\n"
	           "It is held by an administrator: `scontrol release 2` lets it go.\n");
}

static void what_nodes_lack_is_told(void **state)
{
	struct lab *lab = *state;
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec = spec_of(&who, 1, 1, 10);
	struct job *job = NULL;
	struct text text = TEXT_EMPTY;
	struct err err = {0};
	spec.cpus_per_task = 3;
	spec.mem_per_node = 2000;
	spec.exc_nodes = (char *)(uintptr_t) "n1";
	assert_int_equal(job_submit(lab->c, &spec, T0, &job, &err), -1);
	spec_why_never(lab->c, &spec, &text);
	assert_string_equal(
	        text_str(&text),
	        "Of the 3 nodes of partition main, 3 lack the 3 CPUs that have to be on one (n[1-3]), "
	        "3 lack the memory that is asked for (2000 MiB) (n[1-3]), "
	        "1 lacks a place on the list of nodes that may be used (n1).");
	text_free(&text);
}

static struct job *submit_with(struct lab *lab, struct job_spec *spec)
{
	static struct identity who = {.uid = 1000, .gid = 1000};
	struct job *job = NULL;
	struct err err = {0};
	spec->who = &who;
	if (job_submit(lab->c, spec, T0, &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, T0);
	return job;
}

static void which_nodes_it_wants_is_told(void **state)
{
	struct lab *lab = *state;
	struct job_spec spec = spec_of(NULL, 1, 1, 10);
	submit(lab, 3, 6, 60);
	spec.req_nodes = word("n2");
	spec.exc_nodes = word("n1");
	spec.contiguous = true;
	assert_why(
	        lab, submit_with(lab, &spec),
	        "Job 2 asks for 1 CPU on 1 node of partition main, for 10 min, on n2 at the least, "
	        "not on n1, on nodes that follow each other.\n"
	        "0 CPUs are idle on 0 of the 3 usable nodes of partition main.\n"
	        "Nobody is before it in the queue.\n"
	        "It is planned to start in 1 h on n2, when the time of job 1 is over; earlier, if others end "
	        "before their limits.\n");
}

static void what_the_partition_keeps_off_is_told(void **state)
{
	struct lab *lab = *state;
	struct job_spec spec = spec_of(NULL, 1, 1, 10);
	lab->part.state = CONF_PART_DOWN;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	assert_why(lab, submit_with(lab, &spec),
	           "Job 1 asks for 1 CPU on 1 node of partition main, for 10 min.\n"
	           "Partition main is DOWN, and starts nothing until an administrator opens it: `scontrol "
	           "update "
	           "partitionname=main state=up`.\n");
	lab->part.state = CONF_PART_UP;
	lab->part.max_mem_per_node = 500;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	spec.mem_per_node = 600;
	assert_why(
	        lab, submit_with(lab, &spec),
	        "Job 2 asks for 1 CPU on 1 node of partition main, for 10 min.\n"
	        "It asks for more memory than partition main, or the cluster, allows on a node or for a CPU "
	        "(MaxMemPerNode, MaxMemPerCPU: `scontrol show partition main`).\n");
}

static void memory_that_is_free_is_told(void **state)
{
	struct lab *lab = *state;
	struct job_spec spec = spec_of(NULL, 3, 3, 60);
	lab->conf.select_flags |= CONF_CR_MEMORY;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	spec.mem_per_node = 700;
	submit_with(lab, &spec);
	spec.nodes_min = spec.tasks = 1;
	assert_why(
	        lab, submit_with(lab, &spec),
	        "Job 2 asks for 1 CPU and 700 MiB on 1 node of partition main, for 1 h.\n"
	        "3 CPUs are idle on 3 of the 3 usable nodes of partition main, the most on n1: 1.\n"
	        "Beside idle CPUs the most memory is free on n1: 300 MiB.\n"
	        "Nobody is before it in the queue.\n"
	        "It is planned to start in 1 h on n1, when the time of job 1 is over; earlier, if others end "
	        "before their limits.\n");
}

static void nodes_that_are_too_few_are_told(void **state)
{
	struct lab *lab = *state;
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec = spec_of(&who, 1, 3, 10);
	struct text text = TEXT_EMPTY;
	spec.nodes_max = 1;
	spec_why_never(lab->c, &spec, &text);
	assert_string_equal(text_str(&text),
	                    "Of the 3 nodes of partition main, none alone has 3 tasks' CPUs and "
	                    "memory, even when idle.");
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_teardown)
	        T(the_plan_is_told),
	        T(holds_and_starts_are_told),
	        T(what_nodes_lack_is_told),
	        T(which_nodes_it_wants_is_told),
	        T(what_the_partition_keeps_off_is_told),
	        T(memory_that_is_free_is_told),
	        T(nodes_that_are_too_few_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
