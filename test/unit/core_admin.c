/* What an administrator changes at run time, through the core alone: jobs, nodes and partitions; refusals
 * change nothing, and what is stored comes back. */
#include "test/unit/core_fixture.h"

static int setup(void **state)
{
	static const char *const names[] = {"n1", "n2", "n3"};
	struct lab *lab = xcalloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
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

/* The controller is started again, with or without what was set at run time. */
static void restart(struct lab *lab, bool keep)
{
	cluster_free(lab->c);
	lab->conf.keep_part_info = lab->conf.keep_node_edits = keep;
	lab_start(lab, T0 + 10 * CORE_SECOND);
}

static struct job *submit(struct lab *lab, uint32_t uid, uint32_t nodes)
{
	struct identity who = {.uid = uid, .gid = uid};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.nodes_min = spec.nodes_max = nodes;
	spec.tasks = nodes;
	spec.time_limit_min = 10;
	spec.exclusive = nodes == 3;
	if (job_submit(lab->c, &spec, T0, &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, T0);
	return job;
}

static struct job_edit no_edit(void)
{
	struct job_edit e;
	schema_init(schema_of_job_edit(), &e);
	return e;
}

static int update(struct lab *lab, struct job *job, const struct job_edit *e, bool admin)
{
	struct err err = {0};
	int rc = job_update(lab->c, job, e, admin, T0, &err);
	cluster_run(lab->c, T0);
	check_cluster(lab->c);
	return rc == 0 ? 0 : err.code;
}

/* ---- jobs ---- */

static void a_running_job_keeps_its_shape(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, 1000, 1);
	struct job_edit e = no_edit();
	assert_int_equal(job->state.state, JOB_RUNNING);
	e.tasks = 2;
	assert_int_equal(update(lab, job, &e, true), ERR_JOB_NOT_PENDING);
	e = no_edit();
	e.time_limit_min = 20;
	assert_int_equal(update(lab, job, &e, false), ERR_ACCESS_DENIED);
	assert_int_equal(job->state.time_limit_min, 10);
	assert_int_equal(update(lab, job, &e, true), 0);
	assert_int_equal(job->state.time_limit_min, 20);
	assert_int_equal(job->limit_at, T0 + (core_time)20 * 60 * CORE_SECOND);
	e = no_edit();
	e.time_take_min = 15;
	e.name = word("shorter");
	assert_int_equal(update(lab, job, &e, false), 0);
	assert_int_equal(job->state.time_limit_min, 5);
	assert_string_equal(job->spec.name, "shorter");
	cluster_run(lab->c, T0 + (core_time)5 * 60 * CORE_SECOND);
	assert_int_equal(job->state.state, JOB_TIMEOUT);
}

static void a_user_lengthens_up_to_the_partitions_limit(void **state)
{
	struct lab *lab = *state;
	lab->part.max_time_min = 30;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	submit(lab, 1000, 3);
	struct job *job = submit(lab, 1000, 3);
	struct job_edit e = no_edit();
	e.time_limit_min = 30;
	assert_int_equal(update(lab, job, &e, false), 0);
	e.time_limit_min = 31;
	assert_int_equal(update(lab, job, &e, false), ERR_ACCESS_DENIED);
	assert_int_equal(job->spec.time_limit_min, 30);
	assert_int_equal(update(lab, job, &e, true), 0);
	e.time_limit_min = 31; /* no longer than it is already */
	assert_int_equal(update(lab, job, &e, false), 0);
}

static void a_pending_job_becomes_another(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, 1000, 3), *job = submit(lab, 1000, 3);
	struct job_edit e = no_edit();
	struct err err = {0};
	e.nodes_min = e.nodes_max = 9;
	assert_int_equal(update(lab, job, &e, false), ERR_INVALID_NODE_COUNT);
	assert_int_equal(job->spec.nodes_min, 3);
	e = no_edit();
	e.req_nodes = word("n9");
	assert_int_equal(update(lab, job, &e, false), ERR_INVALID_NODE_NAME);
	e = no_edit();
	e.features = word("fast");
	assert_int_equal(update(lab, job, &e, false), ERR_INVALID_FEATURE);
	e = no_edit();
	e.partition = word("none");
	assert_int_equal(update(lab, job, &e, true), ERR_INVALID_PARTITION);
	e = no_edit();
	e.priority = 0;
	assert_int_equal(update(lab, job, &e, true), 0);
	assert_int_equal(job_reason(lab->c, job), REASON_HELD_ADMIN);
	assert_int_equal(job_release(lab->c, job, false, T0, &err), -1);
	assert_int_equal(job_hold(lab->c, job, false, true, T0, &err), 0);
	assert_int_equal(job_reason(lab->c, job), REASON_HELD_ADMIN);
	assert_int_equal(job_hold(lab->c, job, true, true, T0, &err), 0);
	assert_int_equal(job_reason(lab->c, job), REASON_HELD_USER);
	assert_int_equal(job_release(lab->c, job, false, T0, &err), 0);
	assert_int_equal(job_hold(lab->c, job, true, false, T0, &err), 0);
	assert_int_equal(job_reason(lab->c, job), REASON_HELD_ADMIN);
	e.priority = 5000;
	assert_int_equal(update(lab, job, &e, true), 0);
	assert_int_equal(job->state.hold, 0);
	assert_int_equal(job->state.priority, 5000);
	e = no_edit();
	e.nice = -5;
	e.nice_set = true;
	assert_int_equal(update(lab, first, &e, false), ERR_ACCESS_DENIED); /* of a running one neither */
	e = no_edit();
	e.begin_time = T0 + 3600 * CORE_SECOND;
	assert_int_equal(update(lab, job, &e, false), 0);
	assert_int_equal(job_reason(lab->c, job), REASON_BEGIN_TIME);
}

/* What waits for its nodes may be given other wishes; what runs has what it has. */
static void an_update_of_wishes(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, 1000, 3), *job = submit(lab, 1000, 3);
	struct job_edit e = no_edit();
	e.contiguous = 1;
	assert_int_equal(update(lab, job, &e, false), ERR_ACCESS_DENIED);
	assert_false(job->spec.contiguous);
	assert_int_equal(update(lab, job, &e, true), 0);
	assert_true(job->spec.contiguous);
	assert_int_equal(update(lab, first, &e, true), ERR_JOB_NOT_PENDING);
	e.contiguous = 0;
	assert_int_equal(update(lab, job, &e, false), 0);
	assert_false(job->spec.contiguous);
	e = no_edit();
	e.time_limit_min = 10;
	assert_int_equal(update(lab, job, &e, false), 0);
	e = no_edit();
	e.time_min_min = 20;
	assert_int_equal(update(lab, job, &e, true), ERR_INVALID_TIME_MIN);
	assert_int_equal(job->spec.time_min_min, CORE_NO_VAL);
	assert_int_equal(update(lab, first, &e, false), 0);
	assert_int_equal(first->spec.time_min_min, CORE_NO_VAL);
	e.time_min_min = 5;
	assert_int_equal(update(lab, job, &e, false), 0);
	assert_int_equal(job->spec.time_min_min, 5);
	e.time_min_min = 0;
	assert_int_equal(update(lab, job, &e, false), 0);
	assert_int_equal(job->spec.time_min_min, CORE_NO_VAL);
	e = no_edit();
	e.switches = 2;
	e.switches_wait_s = 99999;
	assert_int_equal(update(lab, job, &e, false), 0);
	assert_int_equal(job->spec.switches_wait_s, 300);
}

/* A deadline that an update brings ends the job like one that it came with. */
static void an_update_brings_a_deadline(void **state)
{
	struct lab *lab = *state;
	submit(lab, 1000, 3);
	struct job *job = submit(lab, 1000, 3);
	struct job_edit e = no_edit();
	e.deadline = T0 - CORE_SECOND;
	assert_int_equal(update(lab, job, &e, true), ERR_INVALID_TIME_VALUE);
	e.deadline = T0 + 1200 * CORE_SECOND;
	assert_int_equal(update(lab, job, &e, false), ERR_ACCESS_DENIED);
	assert_int_equal(update(lab, job, &e, true), 0);
	assert_int_equal(job->spec.deadline, e.deadline);
	cluster_run(lab->c, T0 + 590 * CORE_SECOND);
	assert_int_equal(job->state.state, JOB_PENDING);
	/* It needs ten minutes. */
	cluster_run(lab->c, T0 + 602 * CORE_SECOND);
	assert_int_equal(job->state.state, JOB_DEADLINE);
}

/* What there is none of: the real one's word, and nothing is changed. */
static void an_update_of_what_is_not_there(void **state)
{
	struct lab *lab = *state;
	struct job *first = submit(lab, 1000, 3), *job = submit(lab, 1000, 3);
	const struct {
		size_t at;
		int waiting, empty, running;
	} rows[] = {
	        {offsetof(struct job_edit, licenses), ERR_INVALID_LICENSES, 0, ERR_INVALID_LICENSES},
	        {offsetof(struct job_edit, reservation), ERR_RESERVATION_INVALID, 0, ERR_RESERVATION_INVALID},
	        {offsetof(struct job_edit, burst_buffer), ERR_NOT_ON_SYSTEM, ERR_NOT_ON_SYSTEM,
	         ERR_NOT_ON_SYSTEM},
	        {offsetof(struct job_edit, gres), ERR_INVALID_GRES, ERR_INVALID_TRES, ERR_JOB_NOT_PENDING},
	        {offsetof(struct job_edit, core_spec), ERR_ACCESS_DENIED, ERR_ACCESS_DENIED,
	         ERR_JOB_NOT_PENDING},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct job_edit e = no_edit();
		char **at = (char **)(void *)((char *)&e + rows[i].at);
		e.name = word("changed");
		*at = word("x");
		assert_int_equal(update(lab, job, &e, true), rows[i].waiting);
		assert_int_equal(update(lab, first, &e, true), rows[i].running);
		assert_true(!job->spec.name || strcmp(job->spec.name, "changed") != 0);
		e.name = NULL;
		*at = word("");
		assert_int_equal(update(lab, job, &e, true), rows[i].empty);
	}
	struct job_edit e = no_edit();
	e.reboot = 1;
	assert_int_equal(update(lab, job, &e, false), ERR_ACCESS_DENIED);
	assert_int_equal(update(lab, job, &e, true), ERR_NOT_SUPPORTED);
	e.reboot = 0;
	assert_int_equal(update(lab, job, &e, true), 0);
}

static void nice_of_a_user_only_goes_down(void **state)
{
	struct lab *lab = *state;
	submit(lab, 1000, 3);
	struct job *a = submit(lab, 1000, 3), *b = submit(lab, 1000, 3), *jobs[] = {b, a};
	struct job_edit e = no_edit();
	struct err err = {0};
	e.nice = -5;
	e.nice_set = true;
	assert_int_equal(update(lab, a, &e, false), ERR_ACCESS_DENIED);
	e.nice = 5;
	uint32_t before = a->state.priority;
	assert_int_equal(update(lab, a, &e, false), 0);
	assert_int_equal(a->state.priority, before - 5);
	assert_int_equal(job_top(lab->c, jobs, 2, T0, &err), 0);
	assert_true(b->state.priority > a->state.priority && a->state.priority >= before);
}

/* ---- partitions ---- */

static void partitions_come_and_go(void **state)
{
	struct lab *lab = *state;
	struct core_part_conf part = new_part("more", "n[2-3]"), bad = new_part("bad", "n9");
	struct err err = {0};
	assert_int_equal(part_update(lab->c, &bad, true, T0, &err), -1);
	assert_int_equal(err.code, ERR_INVALID_NODE_NAME);
	part.is_default = true;
	part.state = CONF_PART_DOWN;
	err_clear(&err);
	assert_int_equal(part_update(lab->c, &part, true, T0, &err), 0);
	assert_int_equal(part_update(lab->c, &part, true, T0, &err), -1);
	assert_string_equal(part_default(lab->c)->conf->name, "more");
	struct job *job = submit(lab, 1000, 1);
	assert_int_equal(job_reason(lab->c, job), REASON_PART_DOWN);
	err_clear(&err);
	assert_int_equal(part_delete(lab->c, "more", T0, &err), -1);
	assert_int_equal(err.code, ERR_PARTITION_IN_USE);
	/* With -R it is all there again, without it slurm.conf counts and the job waits. */
	restart(lab, true);
	assert_string_equal(part_default(lab->c)->conf->name, "more");
	assert_int_equal(part_by_name(lab->c, "more")->conf->node_count, 2);
	restart(lab, false);
	assert_null(part_by_name(lab->c, "more"));
	assert_string_equal(part_default(lab->c)->conf->name, "main");
	assert_int_equal(job_by_id(lab->c, 1)->state.state, JOB_PENDING);
	restart(lab, true);
	assert_null(part_by_name(lab->c, "more"));
}

static void a_deleted_partition_stays_away_until_slurm_conf_is_read(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};
	assert_int_equal(part_delete(lab->c, "main", T0, &err), 0);
	restart(lab, true);
	assert_null(part_by_name(lab->c, "main"));
	lab->conf.keep_part_info = false;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	assert_non_null(part_by_name(lab->c, "main"));
	assert_int_equal(part_record_count(lab->c), 0);
}

static void running_jobs_outlive_their_partitions_nodes(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, 1000, 3);
	struct core_part_conf part = new_part("main", "n1");
	struct err err = {0};
	part.is_default = true;
	assert_int_equal(part_update(lab->c, &part, false, T0, &err), 0);
	cluster_run(lab->c, T0);
	assert_int_equal(job->state.state, JOB_RUNNING);
	assert_int_equal(cluster_check(lab->c, &err), 0);
	assert_int_equal(node_by_name(lab->c, "n3")->cpus_alloc, 2);
}

static void limits_of_a_partition(void **state)
{
	static const struct {
		uint32_t enforce, time, nodes, uid;
		int code;
		enum job_reason reason;
	} rows[] = {
	        {0, 20, 1, 1000, 0, REASON_PART_TIME_LIMIT},
	        {0, 5, 3, 1000, 0, REASON_PART_NODE_LIMIT},
	        {1, 20, 1, 1000, ERR_TIME_LIMIT_EXCEEDED, REASON_NONE},
	        {2, 5, 3, 1000, ERR_INVALID_NODE_COUNT, REASON_NONE},
	        {0, 5, 1, 1001, ERR_GROUP_NOT_PERMITTED, REASON_NONE},
	        {0, 5, 1, 0, 0, REASON_NONE},
	};
	struct lab *lab = *state;
	uint32_t gid = 1000;
	lab->part.max_time_min = 10;
	lab->part.max_nodes = 2;
	lab->part.allow_groups = word("alice");
	lab->part.allow_gids = &gid;
	lab->part.allow_gid_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct identity who = {.uid = rows[i].uid, .gid = rows[i].uid};
		struct job_spec spec;
		struct job *job = NULL;
		struct err err = {0};
		lab->conf.enforce_part_limits = rows[i].enforce;
		cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
		schema_init(schema_of_job_spec(), &spec);
		spec.who = &who;
		spec.time_limit_min = rows[i].time;
		spec.nodes_min = spec.nodes_max = spec.tasks = rows[i].nodes;
		job_submit(lab->c, &spec, T0, &job, &err);
		assert_int_equal(err.code, rows[i].code);
		cluster_run(lab->c, T0);
		if (job)
			assert_int_equal(job_reason(lab->c, job), rows[i].reason);
	}
}

/* ---- nodes ---- */

static void a_nodes_words_come_back(void **state)
{
	struct lab *lab = *state;
	const struct node_edit edit = {
	        .weight = 7, .features = "a,b", .features_act = "a", .comment = "remark", .extra = "x"};
	const struct node_edit foreign = {.weight = CORE_NO_VAL, .features_act = "z"};
	const struct node_edit idle = {.weight = CORE_NO_VAL, .state = "RESUME"};
	struct err err = {0};
	assert_int_equal(node_edit(lab->c, "n2", &foreign, 0, T0, &err), -1);
	assert_int_equal(err.code, ERR_ACTIVE_FEATURE_NO_SUBSET);
	err_clear(&err);
	assert_int_equal(node_edit(lab->c, "n2", &idle, 0, T0, &err), -1);
	assert_int_equal(err.code, ERR_INVALID_STATE);
	assert_int_equal(node_edit(lab->c, "n2", &edit, 0, T0, &err), 0);
	restart(lab, true);
	const struct node *node = node_by_name(lab->c, "n2");
	assert_int_equal(node->conf->weight, 7);
	assert_string_equal(node->conf->features, "a,b");
	assert_string_equal(node->conf->features_act, "a");
	/* What becomes available is active, too; what is active can't be taken away. */
	const struct node_edit more = {.weight = CORE_NO_VAL, .features = "a,c"},
	                       less = {.weight = CORE_NO_VAL, .features = "c"};
	assert_int_equal(node_edit(lab->c, "n2", &more, 0, T0, &err), 0);
	assert_string_equal(node->conf->features_act, "a,c");
	err_clear(&err);
	assert_int_equal(node_edit(lab->c, "n2", &less, 0, T0, &err), -1);
	assert_int_equal(err.code, ERR_ACTIVE_FEATURE_NO_SUBSET);
	restart(lab, false);
	node = node_by_name(lab->c, "n2");
	assert_int_equal(node->conf->weight, 1);
	assert_null(node->conf->features);
	assert_string_equal(node->state.comment, "remark");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(a_running_job_keeps_its_shape),
	        T(a_user_lengthens_up_to_the_partitions_limit),
	        T(a_pending_job_becomes_another),
	        T(an_update_of_wishes),
	        T(an_update_brings_a_deadline),
	        T(an_update_of_what_is_not_there),
	        T(nice_of_a_user_only_goes_down),
	        T(partitions_come_and_go),
	        T(a_deleted_partition_stays_away_until_slurm_conf_is_read),
	        T(running_jobs_outlive_their_partitions_nodes),
	        T(limits_of_a_partition),
	        T(a_nodes_words_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
