/* Another configuration under running and pending jobs, by a reconfigure and by a restart: the same
 * differences have the same end, and the invariants hold after each. */
#include "test/unit/core_fixture.h"

#include <stdio.h>

struct two_parts {
	struct lab lab;
	struct core_part_conf parts[2];
	uint32_t index[2][3];
};

static struct text notes;

static void note(void *ctx, const char *text)
{
	(void)ctx;
	text_printf(&notes, "%s\n", text);
}

/* Four CPUs and 1000 MiB on each of three nodes; "main" and "other" have all of them. */
static int setup(void **state)
{
	static const char *const names[] = {"n1", "n2", "n3"};
	struct two_parts *t = xcalloc(1, sizeof(*t));
	lab_conf(&t->lab, names, 4, 1000, new_part("main", "n[1-3]"));
	t->lab.conf.select_flags = CONF_CR_CORE | CONF_CR_MEMORY;
	t->lab.conf.job_requeue = true;
	t->parts[0] = t->lab.part;
	t->parts[1] = new_part("other", "n[1-3]");
	for (uint32_t p = 0; p < 2; p++) {
		for (uint32_t i = 0; i < 3; i++)
			t->index[p][i] = i;
		t->parts[p].node_index = t->index[p];
		t->parts[p].node_count = 3;
	}
	t->lab.conf.parts = t->parts;
	t->lab.conf.part_count = 2;
	lab_start(&t->lab, T0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct two_parts *t = *state;
	text_free(&notes);
	lab_free(&t->lab); /* the first member: it is all freed */
	return 0;
}

static uint32_t submit(struct two_parts *t, const char *part, const char *node, uint32_t cpus)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = spec.requeue = true;
	spec.partition = word(part);
	spec.req_nodes = word(node);
	spec.nodes_min = spec.nodes_max = 1;
	spec.tasks = cpus;
	spec.mem_per_cpu = 200;
	if (job_submit(t->lab.c, &spec, T0, &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(t->lab.c, T0);
	return job->job_id;
}

/* Every worker comes back with what runs there. */
static void register_all(struct two_parts *t)
{
	for (size_t i = 0; i < t->lab.conf.node_count; i++) {
		uint64_t launches[16];
		size_t n = 0;
		for (uint32_t id = 1; id <= 8; id++) {
			const struct job *job = job_by_id(t->lab.c, id);
			if (!job || job->state.state != JOB_RUNNING ||
			    strcmp(job->state.nodes.v[0].node, t->lab.nodes[i].name) != 0)
				continue;
			list_each (it, &job->steps)
				launches[n++] = list_entry(it, struct step, in_job)->record.launch;
		}
		lab_register(&t->lab, t->lab.nodes[i].name, launches, n, T0);
	}
}

/* By one of the two ways; the last notes are kept. */
static void change(struct two_parts *t, bool restart)
{
	static const uint8_t instance[16] = {1};
	text_clear(&notes);
	if (restart) {
		const struct core_sink sink = {&t->lab, on_change, on_action};
		cluster_free(t->lab.c);
		t->lab.c = cluster_new(&t->lab.conf, &sink);
		replay(t->lab.c, &t->lab.stored, NULL);
		cluster_start(t->lab.c, T0, instance, note, NULL);
		check_cluster(t->lab.c);
		register_all(t);
	} else {
		cluster_reconfigure(t->lab.c, &t->lab.conf, T0, note, NULL);
	}
	check_cluster(t->lab.c);
	cluster_run(t->lab.c, T0);
	check_cluster(t->lab.c);
}

static const struct job *job_of(struct two_parts *t, uint32_t id)
{
	const struct job *job = job_by_id(t->lab.c, id);
	assert_non_null(job);
	return job;
}

#define STATE_IS(t, id, s) assert_int_equal(job_of(t, id)->state.state, s)

/* The end of a job is reported from the node, and all that it had comes back. */
static void end(struct two_parts *t, uint32_t id, const char *node)
{
	const struct job *job = job_of(t, id);
	list_each (it, &job->steps) {
		const struct step_record *r = &list_entry(it, struct step, in_job)->record;
		report_step_ended(t->lab.c, node, r->serial, r->attempt, r->launch, 0, NULL, NULL, T0);
		break;
	}
	cluster_run(t->lab.c, T0);
	report_job_gone(t->lab.c, node, job->serial, job->state.attempt, T0);
	cluster_run(t->lab.c, T0);
	check_cluster(t->lab.c);
}

/* ---- nodes ---- */

static void a_node_shrinks(struct two_parts *t, bool restart)
{
	uint32_t running = submit(t, "main", "n1", 4), waiting = submit(t, "main", "n1", 4);
	STATE_IS(t, running, JOB_RUNNING);
	STATE_IS(t, waiting, JOB_PENDING);
	t->lab.nodes[0].cpus = t->lab.nodes[0].sockets = 2;
	t->lab.nodes[0].real_memory = 500;
	change(t, restart);
	/* What runs goes on with what it has; nothing more is put there, and what can't fit any more waits.
	 */
	STATE_IS(t, running, JOB_RUNNING);
	const struct node *node = node_by_name(t->lab.c, "n1");
	assert_int_equal(node->cpus_total, 2);
	assert_int_equal(node->cpus_alloc, 4);
	assert_int_equal(node->mem_alloc, 800);
	uint32_t small = submit(t, "main", "n1", 1);
	STATE_IS(t, small, JOB_PENDING);
	end(t, running, "n1");
	assert_true(job_is_done(job_of(t, running)));
	STATE_IS(t, small, JOB_RUNNING);
	STATE_IS(t, waiting, JOB_PENDING);
	/* And back. */
	t->lab.nodes[0].cpus = t->lab.nodes[0].sockets = 8;
	t->lab.nodes[0].real_memory = 2000;
	change(t, restart);
	STATE_IS(t, small, JOB_RUNNING);
}

static void a_node_goes(struct two_parts *t, bool restart)
{
	uint32_t on_it = submit(t, "main", "n3", 4), elsewhere = submit(t, "main", "n1", 4),
	         waiting = submit(t, "main", "n3", 4);
	t->lab.conf.node_count = t->parts[0].node_count = t->parts[1].node_count = 2;
	t->parts[0].nodes = t->parts[1].nodes = word("n[1-2]");
	change(t, restart);
	assert_non_null(strstr(text_str(&notes), "had node n3"));
	assert_null(node_by_name(t->lab.c, "n3"));
	STATE_IS(t, elsewhere, JOB_RUNNING);
	STATE_IS(t, waiting, JOB_PENDING);
	STATE_IS(t, on_it, JOB_PENDING); /* requeued, as after any loss of a node */
	/* The node is back: those that ask for it run there. */
	t->lab.conf.node_count = t->parts[0].node_count = t->parts[1].node_count = 3;
	t->parts[0].nodes = t->parts[1].nodes = word("n[1-3]");
	change(t, restart);
	lab_register(&t->lab, "n3", NULL, 0, T0);
	cluster_run(t->lab.c, T0 + 200 * CORE_SECOND);
	check_cluster(t->lab.c);
	assert_int_equal((job_of(t, on_it)->state.state == JOB_RUNNING) +
	                         (job_of(t, waiting)->state.state == JOB_RUNNING),
	                 1);
}

static void a_node_is_renamed(struct two_parts *t, bool restart)
{
	uint32_t on_it = submit(t, "main", "n2", 1), elsewhere = submit(t, "main", "n1", 1);
	t->lab.nodes[1].name = word("fresh");
	t->parts[0].nodes = t->parts[1].nodes = word("n1,fresh,n3");
	change(t, restart);
	assert_null(node_by_name(t->lab.c, "n2"));
	assert_int_equal(node_by_name(t->lab.c, "fresh")->state.base, restart ? NODE_IDLE : NODE_UNKNOWN);
	STATE_IS(t, on_it, JOB_PENDING);
	STATE_IS(t, elsewhere, JOB_RUNNING);
	lab_register(&t->lab, "fresh", NULL, 0, T0);
	cluster_run(t->lab.c, T0);
	STATE_IS(t, submit(t, "main", "fresh", 1), JOB_RUNNING);
	check_cluster(t->lab.c);
}

/* Of nodes that change places each keeps its own jobs, state and reason. */
static void nodes_change_places(struct two_parts *t, bool restart)
{
	const struct node_edit drain = {.weight = CORE_NO_VAL, .state = "DRAIN", .reason = "mend"};
	struct err err = {0};
	uint32_t one = submit(t, "main", "n1", 3);
	assert_int_equal(node_edit(t->lab.c, "n3", &drain, 0, T0, &err), 0);
	const struct core_node_conf first = t->lab.nodes[0];
	t->lab.nodes[0] = t->lab.nodes[2];
	t->lab.nodes[2] = first;
	change(t, restart);
	STATE_IS(t, one, JOB_RUNNING);
	assert_int_equal(node_by_name(t->lab.c, "n1")->cpus_alloc, 3);
	assert_int_equal(node_by_name(t->lab.c, "n3")->cpus_alloc, 0);
	assert_string_equal(node_by_name(t->lab.c, "n3")->state.reason, "mend");
	assert_null(node_by_name(t->lab.c, "n1")->state.reason);
}

/* ---- partitions ---- */

static void a_partition_goes(struct two_parts *t, bool restart)
{
	uint32_t running = submit(t, "other", "n1", 4), waiting = submit(t, "other", "n1", 1),
	         behind = submit(t, "main", "n1", 1);
	t->lab.conf.part_count = 1;
	change(t, restart);
	assert_non_null(strstr(text_str(&notes), "partition other"));
	STATE_IS(t, running, JOB_RUNNING);
	STATE_IS(t, waiting, JOB_PENDING);
	end(t, running, "n1");
	STATE_IS(t, waiting, JOB_PENDING); /* for what isn't there */
	STATE_IS(t, behind, JOB_RUNNING);  /* which holds up nobody */
	t->lab.conf.part_count = 2;
	change(t, restart);
	STATE_IS(t, waiting, JOB_RUNNING);
}

static void a_partition_is_renamed(struct two_parts *t, bool restart)
{
	uint32_t running = submit(t, "other", "n1", 4), waiting = submit(t, "other", "n1", 1);
	struct err err = {0};
	t->parts[1].name = word("fresh");
	change(t, restart);
	STATE_IS(t, running, JOB_RUNNING);
	STATE_IS(t, waiting, JOB_PENDING);
	/* An administrator moves it. */
	struct job_edit e;
	schema_init(schema_of_job_edit(), &e);
	e.partition = word("fresh");
	assert_int_equal(job_update(t->lab.c, job_by_id(t->lab.c, waiting), &e, true, T0, &err), 0);
	end(t, running, "n1");
	STATE_IS(t, waiting, JOB_RUNNING);
}

static void a_partition_loses_its_nodes(struct two_parts *t, bool restart)
{
	uint32_t running = submit(t, "other", "n3", 4), waiting = submit(t, "other", "n3", 1);
	t->parts[1].nodes = word("n1");
	t->parts[1].node_count = 1;
	change(t, restart);
	STATE_IS(t, running, JOB_RUNNING);
	STATE_IS(t, waiting, JOB_PENDING);
	end(t, running, "n3");
	STATE_IS(t, waiting, JOB_PENDING);
}

/* ---- both ways ---- */

#define BOTH_WAYS(name)                                                                                      \
	static void name##_by_reconfigure(void **state)                                                      \
	{                                                                                                    \
		name(*state, false);                                                                         \
	}                                                                                                    \
	static void name##_by_restart(void **state)                                                          \
	{                                                                                                    \
		name(*state, true);                                                                          \
	}
BOTH_WAYS(a_node_shrinks)
BOTH_WAYS(a_node_goes)
BOTH_WAYS(a_node_is_renamed)
BOTH_WAYS(nodes_change_places)
BOTH_WAYS(a_partition_goes)
BOTH_WAYS(a_partition_is_renamed)
BOTH_WAYS(a_partition_loses_its_nodes)

#define T(name)                                                                                              \
	cmocka_unit_test_setup_teardown(name##_by_reconfigure, setup, teardown),                             \
	        cmocka_unit_test_setup_teardown(name##_by_restart, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(a_node_shrinks),
	        T(a_node_goes),
	        T(a_node_is_renamed),
	        T(nodes_change_places),
	        T(a_partition_goes),
	        T(a_partition_is_renamed),
	        T(a_partition_loses_its_nodes),
	};
	return cmocka_run_group_tests_name("core_reconfigure", tests, NULL, NULL);
}
