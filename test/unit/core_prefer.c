/* --prefer: what a job would rather have, and has to do with. Three nodes of one core each. */
#include "test/unit/core_fixture.h"

static core_time at(int64_t minutes)
{
	return T0 + minutes * 60 * CORE_SECOND;
}

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"}, *const features[3] = {"a,x", "b,x", "a"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 1, 1000, new_part("main", "n[1-3]"));
	lab->conf.backfill = true;
	lab->conf.job_requeue = true;
	lab->conf.bf_interval = 30;
	lab->conf.bf_max_job_test = 500;
	for (int i = 0; i < 3; i++)
		lab->nodes[i].features = word(features[i]);
	*state = lab;
	lab_start(lab, T0);
	return 0;
}

struct wish {
	const char *prefer, *features, *named;
	uint32_t nodes, minutes;
};

/* NULL: refused, and *code says how. */
static struct job *submit(struct lab *lab, struct wish wish, int64_t minute, int *code)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.nodes_min = spec.nodes_max = spec.tasks = wish.nodes ? wish.nodes : 1;
	spec.time_limit_min = wish.minutes ? wish.minutes : 10;
	spec.prefer = word(wish.prefer);
	spec.features = word(wish.features);
	spec.req_nodes = word(wish.named);
	if (job_submit(lab->c, &spec, at(minute), &job, &err) != 0) {
		*code = (int)err.code;
		return NULL;
	}
	cluster_run(lab->c, at(minute));
	check_cluster(lab->c);
	return job;
}

/* Where it starts in an idle cluster, and with which features; "": it is refused. */
static void where_it_starts(void **state)
{
	static const struct {
		struct wish wish;
		const char *node, *features;
	} rows[] = {
	        {{.prefer = "b"}, "n2", "b"},
	        {{.prefer = "x", .features = "a", .nodes = 2}, "n1", "x"},
	        {{.prefer = "a", .features = "b"}, "n1", "a"},
	        {{.prefer = "", .features = "b"}, "n2", "b"},
	        {{.prefer = "a", .named = "n3"}, "n3", "a"},
	        {{.prefer = "[b|a]", .nodes = 2}, "n1", "[b|a]"},
	};
	struct lab *lab = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {0};
		int code = 0;
		struct job *job = submit(lab, rows[i].wish, 0, &code);
		assert_non_null(job);
		assert_int_equal(job->state.nodes.n, rows[i].wish.nodes ? rows[i].wish.nodes : 1);
		assert_string_equal(job->state.nodes.v[0].node, rows[i].node);
		assert_string_equal(job_features(&job->spec, &job->state), rows[i].features);
		assert_false(job->state.settles);
		assert_int_equal(job_cancel(lab->c, job, 9, false, false, 0, T0, &err), 0);
		for (uint32_t k = 0; k < job->state.nodes.n; k++)
			report_job_gone(lab->c, job->state.nodes.v[k].node, job->serial, job->state.attempt,
			                T0);
	}
}

/* The real one refuses what could never have what it prefers, though it would do without. */
static void what_is_refused(void **state)
{
	static const struct {
		struct wish wish;
		int code;
	} rows[] = {
	        {{.prefer = "nosuch"}, ERR_INVALID_PREFER},
	        {{.prefer = "a||b"}, ERR_INVALID_FEATURE},
	        {{.prefer = "a", .features = "nosuch"}, ERR_INVALID_FEATURE},
	        {{.prefer = "b", .nodes = 2}, ERR_NODE_CONFIG_UNAVAILABLE},
	        {{.prefer = "b", .named = "n3"}, ERR_NODE_CONFIG_UNAVAILABLE},
	        {{.prefer = "a&b"}, ERR_NODE_CONFIG_UNAVAILABLE},
	};
	struct lab *lab = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int code = 0;
		assert_null(submit(lab, rows[i].wish, 0, &code));
		assert_int_equal(code, rows[i].code);
	}
}

/* It doesn't wait for what it prefers where others will do, now or in the plan. */
static void it_settles_for_others(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	int code = 0;
	struct job *first = submit(lab, (struct wish){.features = "b", .minutes = 30}, 0, &code);
	struct job *settles = submit(lab, (struct wish){.prefer = "b", .minutes = 10}, 0, &code);
	assert_string_equal(settles->state.nodes.v[0].node, "n1");
	assert_true(settles->state.settles);
	assert_null(job_features(&settles->spec, &settles->state));
	struct job *third = submit(lab, (struct wish){.minutes = 40}, 0, &code);
	struct job *waits = submit(lab, (struct wish){.prefer = "b"}, 0, &code);
	assert_string_equal(third->state.nodes.v[0].node, "n3");
	assert_int_equal(job_planned_start(waits), at(10)); /* not at 30, when the preferred one is free */
	assert_string_equal(job_planned_nodes(waits)->v[0].node, "n1");
	/* Then both are free, and it has the better one. */
	struct job *later = submit(lab, (struct wish){.nodes = 2, .minutes = 5}, 0, &code);
	assert_non_null(later);
	assert_int_equal(job_cancel(lab->c, first, 9, false, false, 0, at(1), &err), 0);
	assert_int_equal(job_cancel(lab->c, third, 9, false, false, 0, at(1), &err), 0);
	report_job_gone(lab->c, "n3", third->serial, third->state.attempt, at(1));
	report_job_gone(lab->c, "n2", first->serial, first->state.attempt, at(1));
	cluster_run(lab->c, at(1));
	check_cluster(lab->c);
	assert_string_equal(waits->state.nodes.v[0].node, "n2");
	assert_false(waits->state.settles);
}

static void it_can_be_changed_while_it_waits(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	struct job_edit edit;
	int code = 0;
	struct job *all = submit(lab, (struct wish){.nodes = 3}, 0, &code);
	struct job *job = submit(lab, (struct wish){.prefer = "a", .features = "x"}, 0, &code);
	schema_init(schema_of_job_edit(), &edit);
	edit.prefer = word("nosuch");
	assert_int_equal(job_update(lab->c, job, &edit, false, T0, &err), -1);
	assert_int_equal(err.code, ERR_INVALID_PREFER);
	edit.prefer = word("b");
	assert_int_equal(job_update(lab->c, job, &edit, false, T0, &err), 0);
	assert_string_equal(job_features(&job->spec, &job->state), "x");
	err = (struct err){0};
	assert_int_equal(job_update(lab->c, all, &edit, false, T0, &err), -1);
	assert_int_equal(err.code, ERR_JOB_NOT_PENDING);
	job_cancel(lab->c, all, 9, false, false, 0, T0, &err);
	for (int i = 0; i < 3; i++)
		report_job_gone(lab->c, lab->nodes[i].name, all->serial, all->state.attempt, T0);
	cluster_run(lab->c, T0);
	assert_string_equal(job->state.nodes.v[0].node, "n2");
	/* Back in the queue it prefers again. */
	assert_int_equal(job_requeue(lab->c, job, true, T0, &err), 0);
	report_job_gone(lab->c, "n2", job->serial, job->state.attempt, T0);
	assert_string_equal(job_features(&job->spec, &job->state), "x");
	edit.prefer = word("");
	assert_int_equal(job_update(lab->c, job, &edit, false, T0, &err), 0);
	assert_null(job->spec.prefer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(where_it_starts, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(what_is_refused, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(it_settles_for_others, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(it_can_be_changed_while_it_waits, setup, lab_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
