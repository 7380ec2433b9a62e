/* The lab's jobs through the core alone: submit, start, steps, ends; and every stored change replayed into a
 * fresh cluster. */
#include "test/unit/core_fixture.h"

static void check(struct lab *lab)
{
	check_cluster(lab->c);
}

static struct lab *lab_new(uint32_t cpus)
{
	static const char *const names[] = {"worker-1", "worker-2", "worker-3"};
	struct lab *lab = xcalloc(1, sizeof(*lab));
	lab_conf(lab, names, cpus, 1800, new_part("compute", "worker-[1-3]"));
	lab->conf.kill_wait_s = 30;
	lab->conf.slurmd_timeout_s = 300;
	lab->conf.job_requeue = true;
	lab_start(lab, T0);
	return lab;
}

static struct job *submit(struct lab *lab, bool batch, uint32_t nodes, uint32_t tasks, core_time now)
{
	struct identity who = {.uid = 1000, .gid = 1000, .user_name = (char *)(uintptr_t) "alice"};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = batch;
	spec.nodes_min = nodes;
	spec.tasks = tasks;
	spec.tasks_set = tasks != 0;
	assert_int_equal(job_submit(lab->c, &spec, now, &job, &err), 0);
	cluster_run(lab->c, now);
	check(lab);
	return job;
}

static struct step *step(struct lab *lab, struct job *job, core_time now)
{
	const struct step_request r = {.name = "python3",
	                               .tasks = 1,
	                               .tasks_set = true,
	                               .nodes_min = 1,
	                               .nodes_max = 1,
	                               .mem_per_node = CORE_NO_VAL64,
	                               .relative = CORE_NO_VAL,
	                               .dist = CORE_NO_VAL,
	                               .time_limit_min = CORE_NO_VAL};
	struct step *out = NULL;
	struct err err = {0};
	assert_int_equal(step_create(lab->c, job, &r, now, &out, &err), 0);
	check(lab);
	return out;
}

/* A batch job on three nodes whose three steps go to a node each; a fourth waits until one ends. */
static void batch_with_steps(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	struct job *job = submit(lab, true, 3, 3, T0);
	assert_int_equal(job->state.state, JOB_RUNNING);
	assert_int_equal(job->state.nodes.n, 3);
	assert_int_equal(lab->seen.launched, 1);
	struct step *s[4];
	for (int i = 0; i < 4; i++)
		s[i] = step(lab, job, T0);
	assert_string_equal(s[0]->record.nodes.v[0].node, "worker-1");
	assert_string_equal(s[1]->record.nodes.v[0].node, "worker-2");
	assert_string_equal(s[2]->record.nodes.v[0].node, "worker-3");
	assert_true(s[3]->queued);
	assert_int_equal(lab->seen.granted, 3);
	report_step_started(lab->c, "worker-2", job->serial, 1, s[1]->record.launch, T0);
	report_step_ended(lab->c, "worker-2", job->serial, 1, s[1]->record.launch, 0, NULL, NULL, T0);
	check(lab);
	assert_false(s[3]->queued);
	assert_string_equal(s[3]->record.nodes.v[0].node, "worker-2");
	report_step_ended(lab->c, "worker-2", job->serial, 1, s[1]->record.launch, 0, NULL, NULL, T0);
	uint64_t batch = job->state.batch_launch;
	report_step_ended(lab->c, "worker-1", job->serial, 1, batch, 0, NULL, NULL, T0 + CORE_SECOND);
	check(lab);
	assert_int_equal(job->state.state, JOB_COMPLETED);
	assert_string_equal(job_shown_word(job->state.state, job->state.flags), "COMPLETING");
	assert_int_equal(lab->seen.ended, 3);
	for (int i = 0; i < 3; i++) {
		report_job_gone(lab->c, lab->nodes[i].name, job->serial, 1, T0 + CORE_SECOND);
		check(lab);
	}
	assert_true(job_is_done(job));
	assert_int_equal(node_shown_base(node_by_name(lab->c, "worker-1")), NODE_IDLE);
	/* MinJobAge later it is gone. */
	cluster_run(lab->c, T0 + 400 * CORE_SECOND);
	assert_null(job_by_id(lab->c, 1));
	lab_free(lab);
}

static void first_come_first_served(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	struct job *a = submit(lab, false, 2, 0, T0), *b = submit(lab, true, 3, 0, T0),
	           *d = submit(lab, true, 1, 1, T0);
	struct err err = {0};
	assert_int_equal(a->state.state, JOB_RUNNING);
	assert_int_equal(job_reason(lab->c, b), REASON_RESOURCES);
	assert_int_equal(job_reason(lab->c, d), REASON_PRIORITY);
	assert_int_equal(a->state.priority, b->state.priority + 1);
	assert_int_equal(job_complete(lab->c, a, 0, T0, &err), 0);
	for (uint32_t i = 0; i < a->state.nodes.n; i++)
		report_job_gone(lab->c, a->state.nodes.v[i].node, a->serial, 1, T0);
	cluster_run(lab->c, T0);
	check(lab);
	assert_int_equal(b->state.state, JOB_RUNNING);
	assert_int_equal(d->state.state, JOB_PENDING);
	assert_int_equal(job_cancel(lab->c, b, 0, false, false, 1000, T0, &err), 0);
	for (int i = 0; i < 3; i++)
		report_job_gone(lab->c, lab->nodes[i].name, b->serial, 1, T0);
	cluster_run(lab->c, T0);
	check(lab);
	assert_int_equal(d->state.state, JOB_RUNNING);
	assert_int_equal(b->state.exit_status, 15);
	lab_free(lab);
}

static void refusals(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job;
	const struct {
		uint32_t nodes_min, nodes_max, tasks, cpus;
		uint64_t mem;
		const char *partition, *nodes;
		int code;
	} rows[] = {
	        {1, 0, 1, 2, CORE_NO_VAL64, NULL, NULL, ERR_NODE_CONFIG_UNAVAILABLE},
	        {1, 0, 1, 1, 4000, NULL, NULL, ERR_NODE_CONFIG_UNAVAILABLE},
	        {1, 1, 3, 1, CORE_NO_VAL64, NULL, NULL, ERR_NODE_CONFIG_UNAVAILABLE},
	        {1, 0, 1, 1, CORE_NO_VAL64, "nosuch", NULL, ERR_INVALID_PARTITION},
	        {1, 0, 1, 1, CORE_NO_VAL64, NULL, "worker-9", ERR_INVALID_NODE_NAME},
	        {4, 0, 4, 1, CORE_NO_VAL64, NULL, NULL, 0}, /* it can only wait */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {0};
		schema_init(schema_of_job_spec(), &spec);
		spec.who = &who;
		spec.nodes_min = rows[i].nodes_min;
		spec.nodes_max = rows[i].nodes_max;
		spec.tasks = rows[i].tasks;
		spec.tasks_set = true;
		spec.cpus_per_task = rows[i].cpus;
		spec.mem_per_node = rows[i].mem;
		spec.partition = (char *)(uintptr_t)rows[i].partition;
		spec.req_nodes = (char *)(uintptr_t)rows[i].nodes;
		assert_int_equal(job_submit(lab->c, &spec, T0, &job, &err), rows[i].code ? -1 : 0);
		assert_int_equal(err.code, rows[i].code);
	}
	cluster_run(lab->c, T0);
	check(lab);
	assert_int_equal(job_reason(lab->c, job), REASON_PART_CONFIG);
	lab_free(lab);
}

static void node_lost_and_requeued(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	struct job *job = submit(lab, true, 1, 1, T0);
	node_lost(lab->c, "worker-1", T0 + CORE_SECOND);
	cluster_run(lab->c, T0 + 100 * CORE_SECOND);
	assert_int_equal(job->state.state, JOB_RUNNING);
	cluster_run(lab->c, T0 + 302 * CORE_SECOND);
	check(lab);
	assert_int_equal(node_shown_base(node_by_name(lab->c, "worker-1")), NODE_DOWN);
	assert_int_equal(job->state.state, JOB_PENDING);
	assert_int_equal(job->state.restarts, 1);
	cluster_run(lab->c, T0 + 500 * CORE_SECOND);
	check(lab);
	assert_int_equal(job->state.state, JOB_RUNNING);
	assert_int_equal(job->state.attempt, 2);
	lab_free(lab);
}

static void time_limit(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.time_limit_min = 1;
	assert_int_equal(job_submit(lab->c, &spec, T0, &job, &err), 0);
	cluster_run(lab->c, T0);
	assert_int_equal(cluster_next_time(lab->c), T0 + 60 * CORE_SECOND);
	cluster_run(lab->c, T0 + 60 * CORE_SECOND);
	assert_int_equal(job->state.state, JOB_TIMEOUT);
	check(lab);
	lab_free(lab);
}

/* OverTimeLimit (slurm.conf(5)): minutes beyond the limit; a partition's own counts instead. */
static void over_time_limit(void **state)
{
	(void)state;
	const struct {
		uint32_t cluster, part, minutes; /* 0: never */
	} rows[] = {{0, CORE_NO_VAL, 1},
	            {5, CORE_NO_VAL, 6},
	            {5, 2, 3},
	            {5, 0, 1},
	            {CORE_INFINITE, CORE_NO_VAL, 0},
	            {CORE_INFINITE, 1, 2}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lab *lab = lab_new(1);
		struct job_spec spec;
		struct identity who = {.uid = 1000, .gid = 1000};
		struct job *job;
		struct err err = {0};
		lab->conf.over_time_limit_min = rows[i].cluster;
		lab->part.over_time_limit_min = rows[i].part;
		cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
		schema_init(schema_of_job_spec(), &spec);
		spec.who = &who;
		spec.batch = true;
		spec.time_limit_min = 1;
		assert_int_equal(job_submit(lab->c, &spec, T0, &job, &err), 0);
		cluster_run(lab->c, T0);
		assert_int_equal(job->state.state, JOB_RUNNING);
		core_time end = T0 + (core_time)rows[i].minutes * 60 * CORE_SECOND;
		if (rows[i].minutes == 0)
			end = T0 + (core_time)1000000 * 60 * CORE_SECOND;
		cluster_run(lab->c, end - 1);
		assert_int_equal(job->state.state, JOB_RUNNING);
		cluster_run(lab->c, end);
		assert_int_equal(job->state.state, rows[i].minutes ? JOB_TIMEOUT : JOB_RUNNING);
		check(lab);
		lab_free(lab);
	}
}

/* ---- how many, and their numbers ---- */

/* FirstJobId, MaxJobId: numbers come round, and one that is in use is left out. Serials never do. */
static void ids_come_round(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	uint64_t last = 0;
	lab->conf.first_job_id = 7;
	lab->conf.max_job_id = 9;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	const uint32_t ids[] = {7, 8, 9, 7, 9, 7, 9};
	struct job *stays = NULL;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		core_time now = T0 + (core_time)i * 1000 * CORE_SECOND;
		struct err err = {0};
		struct job *job = submit(lab, false, 1, 1, now);
		assert_int_equal(job->job_id, ids[i]);
		assert_true(job->serial > last);
		last = job->serial;
		if (i == 1) {
			stays = job;
			continue;
		}
		assert_int_equal(job_complete(lab->c, job, 0, now, &err), 0);
		report_job_gone(lab->c, job->state.nodes.v[0].node, job->serial, 1, now);
		cluster_run(lab->c, now + 500 * CORE_SECOND); /* MinJobAge is over */
		check(lab);
	}
	assert_ptr_equal(job_by_id(lab->c, 8), stays);
	lab_free(lab);
}

/* MaxJobCount counts what is in memory; what has left it makes room. */
static void too_many_jobs(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = submit(lab, false, 1, 1, T0);
	struct err err = {0};
	lab->conf.max_job_count = 2;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	submit(lab, true, 1, 1, T0);
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	struct job *third;
	assert_int_equal(job_submit(lab->c, &spec, T0, &third, &err), -1);
	assert_int_equal(err.code, ERR_MAX_JOBS);
	err_clear(&err);
	assert_int_equal(job_complete(lab->c, job, 0, T0, &err), 0);
	report_job_gone(lab->c, job->state.nodes.v[0].node, job->serial, 1, T0);
	cluster_run(lab->c, T0 + 301 * CORE_SECOND);
	assert_int_equal(job_submit(lab->c, &spec, T0 + 301 * CORE_SECOND, &third, &err), 0);
	check(lab);
	lab_free(lab);
}

static void too_many_steps(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	const struct step_request r = {.tasks = 1,
	                               .tasks_set = true,
	                               .mem_per_node = CORE_NO_VAL64,
	                               .relative = CORE_NO_VAL,
	                               .dist = CORE_NO_VAL,
	                               .time_limit_min = CORE_NO_VAL};
	struct step *out = NULL;
	struct err err = {0};
	lab->conf.max_step_count = 2;
	cluster_reconfigure(lab->c, &lab->conf, T0, NULL, NULL);
	struct job *job = submit(lab, true, 3, 3, T0);
	step(lab, job, T0);
	step(lab, job, T0);
	assert_int_equal(step_create(lab->c, job, &r, T0, &out, &err), -1);
	assert_int_equal(err.code, ERR_STEP_LIMIT);
	lab_free(lab);
}

/* ---- restoring ---- */

/* Of these the last one counts; a step is loaded once, as its row is in the end. */
static bool loads_again(const struct schema *s)
{
	return s != schema_of_job_gone() && s != schema_of_step_gone() && s != schema_of_history_job() &&
	       s != schema_of_step_record();
}

static void restored_as_it_was(void **state)
{
	(void)state;
	static const uint8_t instance[16] = {2};
	struct lab *lab = lab_new(2);
	struct job *running = submit(lab, false, 3, 6, T0), *waiting = submit(lab, true, 1, 1, T0);
	struct cluster *c = cluster_new(&lab->conf, &(struct core_sink){0});
	replay(c, &lab->stored, loads_again);
	cluster_start(c, T0 + CORE_SECOND, instance, NULL, NULL);
	check_cluster(c);
	const struct job *a = job_by_id(c, running->job_id), *b = job_by_id(c, waiting->job_id);
	assert_int_equal(schema_differs(schema_of_job_state(), &a->state, &running->state), 0);
	assert_int_equal(schema_differs(schema_of_job_spec(), &b->spec, &waiting->spec), 0);
	assert_int_equal(cluster_meta(c)->epoch, cluster_meta(lab->c)->epoch + 1);
	assert_memory_equal(cluster_meta(c)->instance.v, cluster_meta(lab->c)->instance.v, 16);
	/* Nothing starts before the workers have said what they run. */
	cluster_run(c, T0 + CORE_SECOND);
	assert_int_equal(b->state.state, JOB_PENDING);
	cluster_free(c);
	lab_free(lab);
}

/* What the workers report of their hooks: the node is drained, the job waits for somebody to look at it. */
static void prolog_fails(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	struct job *job = submit(lab, true, 1, 1, T0);
	struct job *mine = submit(lab, false, 1, 1, T0);
	struct err err = {0};
	job->spec.requeue = true;
	const struct step *s = list_entry(job->steps.next, struct step, in_job);
	assert_string_equal(job->state.nodes.v[0].node, "worker-1");
	report_prolog_failed(lab->c, "worker-1", job->serial, 1, s->record.launch, "Job prolog failed", T0);
	check(lab);
	const struct node *node = node_by_name(lab->c, "worker-1");
	assert_true(node->state.flags & NODE_FLAG_DRAIN);
	assert_string_equal(node->state.reason, "Prolog error");
	report_job_gone(lab->c, "worker-1", job->serial, 1, T0);
	check(lab);
	assert_int_equal(job->state.state, JOB_PENDING);
	assert_int_equal(job_reason(lab->c, job), REASON_LAUNCH_FAILED_HELD);
	assert_int_equal(job->state.restarts, 1);
	assert_int_equal(job_release(lab->c, job, false, T0, &err), 0);
	/* An interactive one can't be requeued. */
	const struct step *t = step(lab, mine, T0);
	assert_string_equal(t->record.nodes.v[0].node, "worker-2");
	report_prolog_failed(lab->c, "worker-2", mine->serial, 1, t->record.launch, "Job prolog failed", T0);
	check(lab);
	assert_int_equal(mine->state.state, JOB_CANCELLED);
	/* An administrator's own reason stays. */
	assert_int_equal(node_update(lab->c, "worker-3", "DRAIN", "disk", 0, T0, &err), 0);
	report_epilog_failed(lab->c, "worker-3", T0);
	assert_string_equal(node_by_name(lab->c, "worker-3")->state.reason, "disk");
	check(lab);
	lab_free(lab);
}

static void node_is_unfit(void **state)
{
	(void)state;
	struct lab *lab = lab_new(1);
	struct job *job = submit(lab, true, 1, 1, T0);
	struct job *once = submit(lab, true, 1, 1, T0);
	const struct step *s = list_entry(job->steps.next, struct step, in_job);
	job->spec.requeue = true;
	once->spec.requeue = false;
	report_node_unfit(lab->c, "worker-1", job->serial, 1, s->record.launch, "SlurmdSpoolDir is full",
	                  "no", T0);
	check(lab);
	const struct node *node = node_by_name(lab->c, "worker-1");
	assert_true(node->state.flags & NODE_FLAG_DRAIN);
	assert_string_equal(node->state.reason, "SlurmdSpoolDir is full");
	report_job_gone(lab->c, "worker-1", job->serial, 1, T0);
	check(lab);
	assert_int_equal(job->state.state, JOB_PENDING);
	assert_int_equal(job->state.hold, 0);
	/* Not requeued, it fails. */
	s = list_entry(once->steps.next, struct step, in_job);
	report_node_unfit(lab->c, "worker-2", once->serial, 1, s->record.launch, "SlurmdSpoolDir is full",
	                  "no", T0);
	check(lab);
	assert_int_equal(once->state.state, JOB_FAILED);
	/* A repeat changes nothing. */
	report_node_unfit(lab->c, "worker-2", once->serial, 1, 999, "other", "no", T0);
	assert_string_equal(node_by_name(lab->c, "worker-2")->state.reason, "SlurmdSpoolDir is full");
	cluster_run(lab->c, T0 + 200 * CORE_SECOND);
	check(lab);
	assert_int_equal(job->state.state, JOB_RUNNING);
	assert_string_equal(job->state.nodes.v[0].node, "worker-3");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(batch_with_steps),        cmocka_unit_test(prolog_fails),
	        cmocka_unit_test(first_come_first_served), cmocka_unit_test(refusals),
	        cmocka_unit_test(node_lost_and_requeued),  cmocka_unit_test(time_limit),
	        cmocka_unit_test(restored_as_it_was),      cmocka_unit_test(over_time_limit),
	        cmocka_unit_test(ids_come_round),          cmocka_unit_test(too_many_jobs),
	        cmocka_unit_test(too_many_steps),          cmocka_unit_test(node_is_unfit),
	};
	return cmocka_run_group_tests_name("core journey", tests, NULL, NULL);
}
