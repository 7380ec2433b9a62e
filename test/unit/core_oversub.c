/* Jobs that have cores and nodes together: OverSubscribe, ExclusiveUser, and what jobs say of it themselves.
 */
#include "test/unit/core_fixture.h"

#include <stdio.h>

/* Three nodes of four cores and two partitions over all of them. */
static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	static struct core_part_conf parts[2];
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 4, 1000, new_part("main", "n[1-3]"));
	parts[0] = parts[1] = lab->part;
	parts[1].name = word("other");
	parts[1].is_default = false;
	lab->conf.parts = parts;
	lab->conf.part_count = 2;
	lab->conf.job_requeue = true;
	lab_start(lab, T0);
	*state = lab;
	return 0;
}

static void let_share(struct lab *lab, const char *name, enum conf_share share, uint32_t most, bool for_user)
{
	struct core_part_conf part = *part_by_name(lab->c, name)->conf;
	struct err err = {0};
	part.oversubscribe = share;
	part.oversubscribe_max = most;
	part.exclusive_user = for_user;
	assert_int_equal(part_update(lab->c, &part, false, T0, &err), 0);
	cluster_run(lab->c, T0);
	check_cluster(lab->c);
}

enum { PLAIN, SHARE = 1, ALONE = 2, USER = 4 };

static struct job *submit(struct lab *lab, const char *part, uint32_t cpus, int how, uint32_t uid)
{
	struct identity who = {.uid = uid, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.partition = word(part);
	spec.nodes_min = 1;
	spec.nodes_max = 1;
	spec.req_nodes = word("n1");
	spec.tasks = cpus;
	spec.tasks_set = true;
	spec.oversubscribe = how & SHARE;
	spec.exclusive = how & ALONE;
	spec.exclusive_user = how & USER;
	if (job_submit(lab->c, &spec, T0, &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, T0);
	check_cluster(lab->c);
	return job;
}

static void end(struct lab *lab, struct job *job)
{
	struct err err = {0};
	assert_int_equal(job_cancel(lab->c, job, 0, false, false, 0, T0, &err), 0);
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		report_job_gone(lab->c, job->state.nodes.v[i].node, job->serial, job->state.attempt, T0);
	cluster_run(lab->c, T0);
	check_cluster(lab->c);
}

static void assert_cores(const struct job *job, const char *wanted)
{
	char has[64] = "";
	size_t n = 0;
	for (uint32_t i = 0; job->state.nodes.n && i < job->state.nodes.v[0].cores.n; i++)
		n += (size_t)snprintf(has + n, sizeof(has) - n, "%s%u", n ? "," : "",
		                      job->state.nodes.v[0].cores.v[i]);
	assert_string_equal(has, wanted);
}

static void as_many_as_the_partition_says(void **state)
{
	struct lab *lab = *state;
	let_share(lab, "main", CONF_SHARE_FORCE, 2, false);
	struct job *a = submit(lab, "main", 2, PLAIN, 1), *b = submit(lab, "main", 3, PLAIN, 1),
	           *c = submit(lab, "main", 2, PLAIN, 2), *d = submit(lab, "main", 1, PLAIN, 3),
	           *e = submit(lab, "main", 1, PLAIN, 1);
	assert_cores(a, "0,1");
	assert_cores(b, "0,1,2"); /* there are not enough that nobody has */
	assert_cores(c, "2,3");   /* those that the fewest have */
	assert_cores(d, "3");
	assert_int_equal(e->state.state, JOB_PENDING);
	assert_int_equal(job_reason(lab->c, e), REASON_RESOURCES);
	const struct node *node = node_by_name(lab->c, "n1");
	assert_int_equal(node_shown_cpus(node), 4);
	assert_int_equal(node->cpus_alloc, 8);
	end(lab, b);
	assert_cores(e, "0");
	assert_int_equal(node->cpus_alloc, 6);
	end(lab, a);
	end(lab, c);
	assert_int_equal(node_shown_cpus(node), 2);
	assert_int_equal(node_shown_base(node), NODE_MIXED);
}

static void who_asks_for_it(void **state)
{
	struct lab *lab = *state;
	let_share(lab, "main", CONF_SHARE_YES, 2, false);
	struct job *a = submit(lab, "main", 4, SHARE, 1), *b = submit(lab, "main", 4, SHARE, 1),
	           *c = submit(lab, "main", 1, PLAIN, 1);
	assert_int_equal(b->state.state, JOB_RUNNING);
	assert_int_equal(c->state.state, JOB_PENDING);
	assert_int_equal(job_sharing(lab->c, a), SHARING_YES);
	assert_int_equal(job_sharing(lab->c, c), SHARING_OK);
	end(lab, a);
	end(lab, b);
	assert_int_equal(c->state.state, JOB_RUNNING);
	a = submit(lab, "main", 4, SHARE, 1);
	assert_int_equal(a->state.state, JOB_PENDING); /* who doesn't want it has its core alone */
}

static void whole_nodes(void **state)
{
	struct lab *lab = *state;
	let_share(lab, "main", CONF_SHARE_EXCLUSIVE, 1, false);
	struct job *a = submit(lab, "main", 1, SHARE, 1), *b = submit(lab, "main", 1, PLAIN, 1);
	assert_cores(a, "0,1,2,3");
	assert_int_equal(job_sharing(lab->c, a), SHARING_NO);
	assert_int_equal(b->state.state, JOB_PENDING);
	end(lab, a);
	end(lab, b);
	let_share(lab, "main", CONF_SHARE_FORCE, 2, false);
	a = submit(lab, "main", 1, ALONE, 1); /* all of it, and not alone */
	b = submit(lab, "main", 1, PLAIN, 1);
	assert_cores(a, "0,1,2,3");
	assert_cores(b, "0");
	assert_int_equal(job_sharing(lab->c, a), SHARING_YES);
}

static void partitions_over_the_same_nodes(void **state)
{
	struct lab *lab = *state;
	let_share(lab, "main", CONF_SHARE_FORCE, 1, false);
	let_share(lab, "other", CONF_SHARE_FORCE, 2, false);
	struct job *a = submit(lab, "main", 4, PLAIN, 1), *b = submit(lab, "other", 4, PLAIN, 1),
	           *c = submit(lab, "other", 4, PLAIN, 1), *d = submit(lab, "main", 1, PLAIN, 1);
	assert_int_equal(b->state.state, JOB_RUNNING);
	assert_int_equal(c->state.state, JOB_RUNNING);
	assert_int_equal(d->state.state, JOB_PENDING); /* of main one is enough */
	end(lab, a);
	assert_int_equal(d->state.state, JOB_RUNNING);
	end(lab, b);
	end(lab, c);
	end(lab, d);
	let_share(lab, "main", CONF_SHARE_NO, 1, false);
	submit(lab, "main", 1, SHARE, 1);
	b = submit(lab, "other", 4, PLAIN, 1);
	assert_int_equal(b->state.state, JOB_PENDING);
}

static void of_one_user(void **state)
{
	struct lab *lab = *state;
	let_share(lab, "main", CONF_SHARE_NO, 1, true);
	struct job *a = submit(lab, "main", 1, PLAIN, 1), *c = submit(lab, "main", 1, PLAIN, 1),
	           *b = submit(lab, "other", 1, PLAIN, 2);
	assert_int_equal(c->state.state, JOB_RUNNING);
	assert_int_equal(b->state.state, JOB_PENDING);
	assert_int_equal(job_sharing(lab->c, a), SHARING_USER);
	end(lab, a);
	assert_int_equal(b->state.state, JOB_PENDING);
	end(lab, c);
	assert_int_equal(b->state.state, JOB_RUNNING);
	a = submit(lab, "main", 1, PLAIN, 1);
	assert_int_equal(a->state.state, JOB_PENDING);
	end(lab, a);
	c = submit(lab, "other", 1, USER, 2); /* beside its own user's */
	assert_int_equal(c->state.state, JOB_RUNNING);
	a = submit(lab, "other", 1, PLAIN, 1);
	assert_int_equal(a->state.state, JOB_PENDING);
}

static void what_it_started_with_stays(void **state)
{
	struct lab *lab = *state;
	struct job *a = submit(lab, "main", 4, PLAIN, 1), *b = submit(lab, "main", 4, PLAIN, 1);
	let_share(lab, "main", CONF_SHARE_FORCE, 3, false);
	assert_int_equal(b->state.state, JOB_PENDING); /* a has them alone */
	end(lab, a);
	assert_int_equal(b->state.state, JOB_RUNNING);
	a = submit(lab, "main", 4, PLAIN, 1);
	assert_int_equal(a->state.state, JOB_RUNNING);
	let_share(lab, "main", CONF_SHARE_NO, 1, false);
	struct job *c = submit(lab, "main", 1, PLAIN, 1);
	assert_int_equal(c->state.state, JOB_PENDING);
	end(lab, a);
	assert_int_equal(c->state.state, JOB_PENDING);
	let_share(lab, "main", CONF_SHARE_FORCE, 2, true);
	assert_int_equal(c->state.state, JOB_RUNNING);
}

static void after_a_restart(void **state)
{
	struct lab *lab = *state;
	let_share(lab, "main", CONF_SHARE_FORCE, 2, false);
	struct job *a = submit(lab, "main", 4, PLAIN, 1), *b = submit(lab, "main", 4, PLAIN, 1),
	           *c = submit(lab, "main", 1, PLAIN, 1);
	const uint32_t a_id = a->job_id, b_id = b->job_id, c_id = c->job_id;
	cluster_free(lab->c);
	lab->conf.keep_part_info = true;
	lab_start(lab, T0 + CORE_SECOND);
	a = job_by_id(lab->c, a_id);
	b = job_by_id(lab->c, b_id);
	c = job_by_id(lab->c, c_id);
	assert_true(a->state.shares && b->state.shares);
	assert_int_equal(a->state.state, JOB_RUNNING);
	assert_int_equal(b->state.state, JOB_RUNNING);
	assert_int_equal(c->state.state, JOB_PENDING);
	assert_int_equal(node_by_name(lab->c, "n1")->core_jobs[0], 2);
	assert_false(node_by_name(lab->c, "n1")->overdrawn);
	end(lab, a);
	assert_int_equal(c->state.state, JOB_RUNNING);
}

static void a_job_is_changed(void **state)
{
	struct lab *lab = *state;
	let_share(lab, "main", CONF_SHARE_YES, 2, false);
	struct job *a = submit(lab, "main", 4, SHARE, 1), *b = submit(lab, "main", 4, USER, 1);
	struct job_edit edit;
	struct err err = {0};
	assert_int_equal(a->state.state, JOB_RUNNING);
	assert_int_equal(b->state.state, JOB_PENDING);
	assert_int_equal(job_sharing(lab->c, b), SHARING_USER);
	schema_init(schema_of_job_edit(), &edit);
	edit.oversubscribe = 1;
	assert_int_equal(job_update(lab->c, b, &edit, true, T0, &err), 0);
	cluster_run(lab->c, T0);
	assert_int_equal(b->state.state, JOB_RUNNING);
	assert_int_equal(job_sharing(lab->c, b), SHARING_YES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(as_many_as_the_partition_says, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(who_asks_for_it, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(whole_nodes, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(partitions_over_the_same_nodes, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(of_one_user, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(what_it_started_with_stays, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(after_a_restart, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(a_job_is_changed, setup, lab_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
