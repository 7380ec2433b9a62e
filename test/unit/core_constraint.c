/* --constraint: what can be read, what a node must have, and which nodes a job gets. Three nodes of two cores
 * each. */
#include "test/unit/core_fixture.h"

#include "core/constraint.h"

static const char *const features[3] = {"a,x,rack1", "b,x,rack1", "a,rack2"};

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	for (int i = 0; i < 3; i++)
		lab->nodes[i].features = word(features[i]);
	*state = lab;
	lab_start(lab, T0);
	return 0;
}

/* As Slurm 22.05 takes them or refuses them. */
static void what_can_be_read(void **state)
{
	static const char *const good[] = {
	        "",        "a",         "a&x",     "a|b",     "a,x",       "(a|b)&x",       "(a)",
	        "a&",      "a|",        "a*1",     "a*1.5",   "a*1*2",     "a*99999999999", "[a]",
	        "[a|b]",   "[a*1&b*1]", "[a|b]&x", "x&[a|b]", "[a|(b&x)]", "[(a|b)*1&c*1]", "a*1&b*1",
	        "a*1|b*1", "(a)b",      "[a]b"};
	static const char *const bad[] = {
	        "((a))",     "(a|(b&x))", "&a",          "|a",      "a||b",  "a&&b", "(a",
	        "a)",        "()",        "[]",          "[a",      "a]",    "a b",  " a",
	        "a ",        "a*",        "*2",          "a*x",     "a*-1",  "a*0",  "[a&b]",
	        "[a*1|b*1]", "[a*1&b]",   "[a|b]&[a|b]", "[[a|b]]", "(a*1)", ",",    "[a|b&x]",
	        "a(b)",      "[a|]",      "[|a]",        "[a*1&]",  "(a&)"};
	struct constraint c;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!constraint_parse(good[i], &c))
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (constraint_parse(bad[i], &c))
			fail_msg("%s is taken", bad[i]);
	assert_true(constraint_parse(NULL, &c));
}

static void names_are_told_one_by_one(void **state)
{
	struct constraint c;
	struct text all = TEXT_EMPTY;
	const char *at = NULL;
	size_t n = 0;
	(void)state;
	assert_true(constraint_parse("a&(bb|c)*2&[d|(e&ff)]&g|", &c));
	while (constraint_name(&c, &at, &n)) {
		text_add_n(&all, at, n);
		text_add(&all, " ");
	}
	assert_string_equal(all.s, "a bb c d e ff g ");
	text_free(&all);
}

/* What a job asks for. */
struct wish {
	const char *constraint, *named;
	uint32_t nodes_min, nodes_max, tasks;
};

/* Nodes that it gets, as digits; "": it waits; "-": it is refused. */
static void nodes_of(struct lab *lab, const struct wish *wish, char out[8])
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	size_t n = 0;
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.nodes_min = wish->nodes_min;
	spec.nodes_max = wish->nodes_max;
	spec.tasks = wish->tasks;
	spec.tasks_set = true;
	spec.features = word(wish->constraint);
	spec.req_nodes = wish->named ? word(wish->named) : NULL;
	text_copy(out, 8, "-");
	if (job_submit(lab->c, &spec, T0, &job, &err) != 0)
		return;
	cluster_run(lab->c, T0);
	check_cluster(lab->c);
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		out[n++] = job->state.nodes.v[i].node[1];
	out[n] = '\0';
	job_cancel(lab->c, job, 9, false, false, 0, T0, &err);
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		report_job_gone(lab->c, job->state.nodes.v[i].node, job->serial, job->state.attempt, T0);
}

static void which_nodes_a_job_gets(void **state)
{
	static const struct {
		const char *constraint;
		uint32_t nodes, tasks;
		const char *gets;
	} rows[] = {
	        {"a", 2, 2, "13"},
	        {"a&x", 1, 1, "1"},
	        {"a|b", 2, 2, "12"},
	        {"b|rack2", 2, 2, "23"},
	        {"b|a&x", 2, 2, "12"},
	        {"b|a&x", 3, 3, "-"},
	        {"[b|a]", 2, 2, "13"},
	        {"[rack2|rack1]", 2, 2, "12"},
	        {"[rack2|rack1]", 3, 3, "-"},
	        {"[a*1&b*1]", 2, 2, "12"},
	        {"[a*2&b*1]", 3, 3, "123"},
	        {"[a*1&b*2]", 3, 3, "-"},
	        {"[x*1&a*1]", 2, 2, "12"},
	        {"b*1", 2, 2, "12"},
	        {"rack2*1", 2, 2, "13"},
	        {"rack2*1&x", 2, 2, "-"},
	        {"[(a&x)*1&b*1]", 2, 4, "12"},
	        {"[rack1*2&a*1]", 3, 6, "123"},
	        {"[b*1&(a|b)*1]", 2, 2, "12"},
	        {"nosuch", 1, 1, "-"},
	        {"a|nosuch", 1, 1, "-"},
	};
	struct lab *lab = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wish wish = {.constraint = rows[i].constraint,
		                          .nodes_min = rows[i].nodes,
		                          .nodes_max = rows[i].nodes,
		                          .tasks = rows[i].tasks};
		char gets[8];
		nodes_of(lab, &wish, gets);
		if (strcmp(gets, rows[i].gets) != 0)
			fail_msg("%s on %u nodes gets '%s', not '%s'", rows[i].constraint, rows[i].nodes,
			         gets, rows[i].gets);
	}
}

/* The named ones and the counted ones together may be more than the least number of nodes. */
static void named_and_counted_nodes_are_all_there(void **state)
{
	struct lab *lab = *state;
	struct wish wish = {.constraint = "[a*2&b*1]", .named = "n2", .nodes_min = 2, .tasks = 2};
	char gets[8];
	nodes_of(lab, &wish, gets);
	assert_string_equal(gets, "123");
	wish.constraint = "a*2";
	nodes_of(lab, &wish, gets);
	assert_string_equal(gets, "123");
	wish.nodes_max = 2;
	nodes_of(lab, &wish, gets);
	assert_string_equal(gets, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_can_be_read),
	        cmocka_unit_test(names_are_told_one_by_one),
	        cmocka_unit_test_setup_teardown(which_nodes_a_job_gets, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(named_and_counted_nodes_are_all_there, setup, lab_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
