/* Nodes that slurm.conf doesn't have, FUTURE and CLOUD ones, and what hardware and an administrator make of
 * a node's state: through the core alone. */
#include "test/unit/core_fixture.h"

static int setup(void **state)
{
	static const char *const names[] = {"n1", "n2", "n3"};
	struct lab *lab = xcalloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->part.all_nodes = true;
	lab->conf.max_node_count = 5;
	lab->conf.slurm_uid = 77;
	lab->conf.return_to_service = 2;
	lab_start(lab, T0);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	lab_free(*state);
	return 0;
}

static void restart(struct lab *lab)
{
	cluster_free(lab->c);
	lab_start(lab, T0 + 10 * CORE_SECOND);
}

static struct core_node_conf new_node(const char *name, enum conf_node_state state)
{
	return (struct core_node_conf){.name = word(name),
	                               .addr = word("10.0.0.9"),
	                               .hostname = word("host9"),
	                               .port = 6818,
	                               .cpus = 2,
	                               .boards = 1,
	                               .sockets = 2,
	                               .cores_per_socket = 1,
	                               .threads_per_core = 1,
	                               .real_memory = 500,
	                               .weight = 3,
	                               .features = word("f1"),
	                               .state = state};
}

static int join(struct lab *lab, const struct core_node_conf *node)
{
	struct hardware hw = {
	        .cpus = 2, .sockets = 2, .cores_per_socket = 1, .threads_per_core = 1, .real_memory = 1000};
	struct err err = {0};
	const struct node_registration reg = {.boot_id = "b", .hardware = &hw, .joins = true};
	if (node_join(lab->c, node, T0, &err) != 0)
		return err.code;
	assert_int_equal(node_register(lab->c, node->name, &reg, T0, &err), 0);
	cluster_run(lab->c, T0);
	check_cluster(lab->c);
	return 0;
}

static struct job *submit(struct lab *lab, const char *node)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.req_nodes = word(node);
	if (job_submit(lab->c, &spec, T0, &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, T0);
	return job;
}

static void a_node_joins_runs_and_goes(void **state)
{
	struct lab *lab = *state;
	struct core_node_conf wanted = new_node("d1", CONF_NODE_UNKNOWN);
	struct err err = {0};
	assert_int_equal(join(lab, &wanted), 0);
	const struct node *node = node_by_name(lab->c, "d1");
	assert_true(node_shown_flags(node) == NODE_FLAG_DYNAMIC);
	assert_int_equal(part_default(lab->c)->conf->node_count, 4);
	struct job *job = submit(lab, "d1");
	assert_int_equal(job->state.state, JOB_RUNNING);
	assert_int_equal(node_delete(lab->c, "d1", T0, &err), -1);
	assert_int_equal(err.code, ERR_NODES_BUSY);
	restart(lab);
	node = node_by_name(lab->c, "d1");
	assert_non_null(node);
	assert_int_equal(node->conf->weight, 3);
	assert_string_equal(node->conf->addr, "10.0.0.9");
	assert_int_equal(node->cpus_alloc, 1);
	assert_int_equal(part_default(lab->c)->conf->node_count, 4);
	job = job_by_id(lab->c, 1);
	assert_int_equal(job_cancel(lab->c, job, 9, false, false, 0, T0, &err), 0);
	report_job_gone(lab->c, "d1", job->serial, job->state.attempt, T0);
	err_clear(&err);
	assert_int_equal(node_delete(lab->c, "d1", T0, &err), 0);
	check_cluster(lab->c);
	assert_null(node_by_name(lab->c, "d1"));
	assert_int_equal(part_default(lab->c)->conf->node_count, 3);
	restart(lab);
	assert_null(node_by_name(lab->c, "d1"));
}

static void what_joins_anew_is_what_it_says_now(void **state)
{
	struct lab *lab = *state;
	struct core_node_conf wanted = new_node("d1", CONF_NODE_UNKNOWN);
	assert_int_equal(join(lab, &wanted), 0);
	wanted.weight = 9;
	wanted.real_memory = 700;
	assert_int_equal(join(lab, &wanted), 0);
	assert_int_equal(node_by_name(lab->c, "d1")->conf->real_memory, 700);
	restart(lab);
	assert_int_equal(node_by_name(lab->c, "d1")->conf->weight, 9);
	/* One of slurm.conf's is what slurm.conf says. */
	wanted.name = word("n1");
	assert_int_equal(join(lab, &wanted), 0);
	assert_int_equal(node_by_name(lab->c, "n1")->conf->weight, 1);
	assert_int_equal(lab->c ? node_shown_flags(node_by_name(lab->c, "n1")) : 0, 0);
}

static void no_more_than_max_node_count(void **state)
{
	struct lab *lab = *state;
	struct core_node_conf three[] = {new_node("d1", CONF_NODE_FUTURE), new_node("d2", CONF_NODE_FUTURE),
	                                 new_node("d3", CONF_NODE_FUTURE)};
	struct err err = {0};
	assert_int_equal(nodes_create(lab->c, three, 3, T0, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_null(node_by_name(lab->c, "d1"));
	assert_int_equal(nodes_create(lab->c, three, 2, T0, &err), 0);
	assert_int_equal(nodes_create(lab->c, three, 2, T0, &err), 0); /* they are there */
	struct core_node_conf more = new_node("d3", CONF_NODE_UNKNOWN);
	assert_int_equal(join(lab, &more), ERR_LIMIT);
	lab->conf.max_node_count = 0;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	check_cluster(lab->c);
	assert_non_null(node_by_name(lab->c, "d2"));
}

static void slurm_conf_takes_a_node_over(void **state)
{
	struct lab *lab = *state;
	struct core_node_conf wanted = new_node("d1", CONF_NODE_UNKNOWN), nodes[4];
	assert_int_equal(join(lab, &wanted), 0);
	memcpy(nodes, lab->nodes, sizeof(lab->nodes));
	nodes[3] = wanted;
	nodes[3].weight = 42;
	lab->conf.nodes = nodes;
	lab->conf.node_count = 4;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	assert_int_equal(node_by_name(lab->c, "d1")->conf->weight, 42);
	assert_false(node_by_name(lab->c, "d1")->conf->dynamic);
	/* And with its line it goes. */
	lab->conf.nodes = lab->nodes;
	lab->conf.node_count = 3;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	assert_null(node_by_name(lab->c, "d1"));
	check_cluster(lab->c);
}

static void cloud_nodes_are_idle_when_they_come(void **state)
{
	struct lab *lab = *state;
	struct core_node_conf wanted = new_node("d1", CONF_NODE_CLOUD);
	struct err err = {0};
	assert_int_equal(nodes_create(lab->c, &wanted, 1, T0, &err), 0);
	const struct node *node = node_by_name(lab->c, "d1");
	assert_true(node_shown_flags(node) == (NODE_FLAG_CLOUD | NODE_FLAG_POWERED_DOWN | NODE_FLAG_DYNAMIC));
	cluster_run(lab->c, T0 + 3600 * CORE_SECOND);
	assert_int_equal(node_shown_base(node), NODE_IDLE); /* nobody waits for it */
	wanted.addr = word("10.0.0.8");
	wanted.real_memory = 1; /* what was made counts */
	assert_int_equal(join(lab, &wanted), 0);
	node = node_by_name(lab->c, "d1");
	assert_true(node_shown_flags(node) == (NODE_FLAG_CLOUD | NODE_FLAG_DYNAMIC));
	assert_string_equal(node->conf->addr, "10.0.0.8");
	assert_int_equal(node->conf->real_memory, 500);
}

static int edit(struct lab *lab, const char *name, const char *verb)
{
	struct err err = {0};
	int rc = node_update(lab->c, name, verb, "why", 0, T0, &err);
	check_cluster(lab->c);
	return rc == 0 ? 0 : err.code;
}

static void future_nodes_are_taken_and_put_back(void **state)
{
	static const struct hardware hw = {
	        .sockets = 2, .cores_per_socket = 1, .threads_per_core = 1, .real_memory = 1000};
	struct lab *lab = *state;
	struct core_node_conf two[] = {new_node("d1", CONF_NODE_FUTURE), new_node("d2", CONF_NODE_FUTURE)};
	struct err err = {0};
	assert_int_equal(nodes_create(lab->c, two, 2, T0, &err), 0);
	assert_int_equal(edit(lab, "d1", "IDLE"), ERR_INVALID_STATE);
	assert_null(node_take_future(lab->c, "h1", "10.0.0.1", &hw, "other", T0, &err));
	err_clear(&err);
	assert_string_equal(node_take_future(lab->c, "h1", "10.0.0.1", &hw, "f1", T0, &err), "d1");
	assert_string_equal(node_take_future(lab->c, "h1", "10.0.0.1", &hw, NULL, T0, &err), "d1");
	assert_string_equal(node_take_future(lab->c, "h2", "10.0.0.2", &hw, NULL, T0, &err), "d2");
	assert_null(node_take_future(lab->c, "h3", "10.0.0.3", &hw, NULL, T0, &err));
	two[0].addr = word("10.0.0.1");
	assert_int_equal(join(lab, &two[0]), 0);
	assert_int_equal(node_shown_base(node_by_name(lab->c, "d1")), NODE_IDLE);
	restart(lab);
	assert_int_equal(node_shown_base(node_by_name(lab->c, "d1")), NODE_IDLE);
	assert_string_equal(node_by_name(lab->c, "d1")->conf->addr, "10.0.0.1");
	assert_int_equal(edit(lab, "d1", "FUTURE"), 0);
	assert_int_equal(node_shown_base(node_by_name(lab->c, "d1")), NODE_FUTURE);
	assert_string_equal(node_by_name(lab->c, "d1")->conf->addr, "d1");
	restart(lab);
	assert_int_equal(node_shown_base(node_by_name(lab->c, "d1")), NODE_FUTURE);
}

/* As the real one moves them. */
static void states_and_their_words(void **state)
{
	static const struct {
		const char *word;
		int code;
		enum node_base_state base;
		uint32_t flags;
		bool reason;
	} rows[] = {
	        {"IDLE", ERR_INVALID_STATE, NODE_IDLE, 0, false},
	        {"RESUME", ERR_INVALID_STATE, NODE_IDLE, 0, false},
	        {"DRAIN", 0, NODE_IDLE, NODE_FLAG_DRAIN, true},
	        {"FAIL", 0, NODE_IDLE, NODE_FLAG_FAIL, true},
	        {"DRAIN", 0, NODE_IDLE, NODE_FLAG_DRAIN, true},
	        {"RESUME", 0, NODE_IDLE, 0, false},
	        {"FAIL", 0, NODE_IDLE, NODE_FLAG_FAIL, true},
	        {"UNDRAIN", 0, NODE_IDLE, 0, false},
	        {"DOWN", 0, NODE_DOWN, 0, true},
	        {"UNDRAIN", 0, NODE_DOWN, 0, true},
	        {"IDLE", 0, NODE_IDLE, 0, false},
	        {"FUTURE", 0, NODE_FUTURE, 0, false},
	        {"DRAIN", 0, NODE_FUTURE, NODE_FLAG_DRAIN, true},
	        {"FUTURE", ERR_INVALID_STATE, NODE_FUTURE, NODE_FLAG_DRAIN, true},
	        {"UNDRAIN", 0, NODE_FUTURE, 0, false},
	        {"DOWN", 0, NODE_DOWN, 0, true},
	        {"FUTURE", 0, NODE_FUTURE, 0, false},
	        {"IDLE", ERR_INVALID_STATE, NODE_FUTURE, 0, false},
	        {"RESUME", 0, NODE_IDLE, 0, false},
	        {"POWER_DOWN", ERR_INVALID_STATE, NODE_IDLE, 0, false},
	        {"POWER_UP", ERR_INVALID_STATE, NODE_IDLE, 0, false},
	        {"MIXED", ERR_INVALID_STATE, NODE_IDLE, 0, false},
	};
	struct lab *lab = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int code = edit(lab, "n1", rows[i].word);
		const struct node *n = node_by_name(lab->c, "n1");
		if (code != rows[i].code || n->state.base != rows[i].base ||
		    n->state.flags != rows[i].flags || (n->state.reason != NULL) != rows[i].reason)
			fail_msg("row %zu, %s: code %d, base %u, flags %#x, reason %s", i, rows[i].word, code,
			         n->state.base, n->state.flags, n->state.reason ? n->state.reason : "none");
	}
}

static void a_node_that_has_less(void **state)
{
	struct lab *lab = *state;
	struct hardware hw = {.cpus = 2, .real_memory = 900};
	struct err err = {0};
	const struct node_registration reg = {.boot_id = "boot-1", .hardware = &hw};
	assert_int_equal(node_register(lab->c, "n1", &reg, T0, &err), 0);
	const struct node *n = node_by_name(lab->c, "n1");
	assert_true(n->state.flags == (NODE_FLAG_DRAIN | NODE_FLAG_INVALID_REG));
	assert_string_equal(n->state.reason, "Low RealMemory (reported:900 < 100.00% of configured:1000)");
	assert_int_equal(n->state.reason_uid, 77);
}

static void a_closed_connection_is_no_silence(void **state)
{
	struct lab *lab = *state;
	const struct node *n1 = node_by_name(lab->c, "n1"), *n2 = node_by_name(lab->c, "n2");
	node_lost(lab->c, "n1", T0 + CORE_SECOND);
	cluster_run(lab->c, T0 + 2 * CORE_SECOND);
	assert_false(n1->connected);
	assert_false(node_shown_flags(n1) & NODE_FLAG_NO_RESPOND);
	assert_true(cluster_next_time(lab->c) > 0 && cluster_next_time(lab->c) <= T0 + 10 * CORE_SECOND);
	cluster_run(lab->c, T0 + 10 * CORE_SECOND);
	assert_true(node_shown_flags(n1) & NODE_FLAG_NO_RESPOND);
	assert_int_equal(node_shown_base(n1), NODE_IDLE);
	node_lost(lab->c, "n2", T0 + 20 * CORE_SECOND); /* one that was silent before */
	assert_true(node_shown_flags(n2) & NODE_FLAG_NO_RESPOND);
	lab_register(lab, "n1", NULL, 0, T0 + 21 * CORE_SECOND);
	assert_false(node_shown_flags(n1) & NODE_FLAG_NO_RESPOND);
	check_cluster(lab->c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(a_node_joins_runs_and_goes),
	        T(what_joins_anew_is_what_it_says_now),
	        T(no_more_than_max_node_count),
	        T(slurm_conf_takes_a_node_over),
	        T(cloud_nodes_are_idle_when_they_come),
	        T(future_nodes_are_taken_and_put_back),
	        T(states_and_their_words),
	        T(a_node_that_has_less),
	        T(a_closed_connection_is_no_silence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
