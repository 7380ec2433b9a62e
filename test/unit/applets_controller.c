/* slurmctld as a whole: jobs, workers, restarts, a full disk. */
#include "test/unit/applets_controller_fixture.h"

/* ---- jobs and workers ---- */

static void test_an_acknowledged_job_survives_kill_9(void **state)
{
	struct fixture *f = *state;
	for (int round = 0; round < 5; round++) {
		struct client *c = dial(f);
		uint32_t id = submit(f, c, "kept");
		stop(f, SIGKILL);
		client_close(c);
		start(f);
		c = dial(f);
		const struct job_info *job = job_of(f, c, id);
		assert_non_null(job);
		assert_string_equal(job->spec->name, "kept");
		assert_int_equal(job->spec->who->uid, geteuid());
		assert_int_equal(job->state->state, JOB_PENDING);
		client_close(c);
	}
}

static void test_an_orderly_end_keeps_all_and_leaves_no_fault(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	uint32_t id = submit(f, c, "kept");
	client_close(c);
	int status = stop(f, SIGTERM);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	start(f);
	c = dial(f);
	assert_non_null(job_of(f, c, id));
	client_close(c);
}

static void test_a_batch_job_from_submit_to_history(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct fake *w = worker(f, "w1");
	uint32_t id = submit(f, c, "work");
	const struct step_grant *g = fake_wait(w, MSG_step_grant);
	assert_int_equal(g->job_id, id);
	assert_int_equal(g->step_id, CORE_STEP_BATCH);
	assert_string_equal(g->node, "w1");
	assert_int_equal(g->who->uid, geteuid());
	assert_non_null(g->batch);
	assert_int_equal(g->batch->script.n, sizeof(script_text) - 1);
	assert_memory_equal(g->batch->script.v, script_text, sizeof(script_text) - 1);
	assert_string_equal(g->batch->env.v[1], "B=two words");
	report_started(w, g);
	report_fate(w, g, 3 << 8);
	report_gone(w, fake_wait(w, MSG_job_end));
	job_reaches(f, c, w, id, JOB_FAILED);
	assert_int_equal(job_of(f, c, id)->state->exit_status, 3 << 8);
	report_fate(w, g, 3 << 8); /* a repeat is acknowledged again */

	struct history_query q;
	schema_init(schema_of_history_query(), &q);
	q.job_ids = (struct schema_u32s){&id, 1};
	const struct history_list *list = call(f, c, MSG_history_query, &q, MSG_history_list);
	assert_int_equal(list->jobs.n, 1);
	assert_int_equal(list->jobs.v[0].steps.n, 1);
	fake_free(w);
	client_close(c);
}

static void test_a_running_job_is_found_again_after_kill_9(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct fake *w = worker(f, "w1");
	uint32_t id = submit(f, c, "runs");
	const struct step_grant *g = fake_wait(w, MSG_step_grant);
	report_started(w, g);
	job_reaches(f, c, w, id, JOB_RUNNING);
	stop(f, SIGKILL);
	client_close(c);
	fake_free(w);
	start(f);
	c = dial(f);
	assert_int_equal(job_of(f, c, id)->state->state, JOB_RUNNING);
	w = fake_dial(f, "w1");
	struct launch_status running = {.serial = g->serial,
	                                .attempt = g->attempt,
	                                .step_id = g->step_id,
	                                .launch = g->launch,
	                                .job_id = id};
	fake_register(w, "w1", 1, &running, 1);
	const struct worker_registered *m = fake_wait(w, MSG_worker_registered);
	assert_true(m->epoch > g->epoch);
	report_fate(w, g, 0);
	report_gone(w, fake_wait(w, MSG_job_end));
	job_reaches(f, c, w, id, JOB_COMPLETED);
	fake_free(w);
	client_close(c);
}

static void test_a_grant_that_never_arrived_is_sent_again_with_the_same_launch(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct fake *w = worker(f, "w1");
	submit(f, c, "once");
	uint64_t launch = ((const struct step_grant *)fake_wait(w, MSG_step_grant))->launch;
	fake_free(w); /* without a word about it */
	w = worker(f, "w1");
	const struct step_grant *again = fake_wait(w, MSG_step_grant);
	assert_int_equal(again->launch, launch);
	assert_non_null(again->batch);
	fake_free(w);
	client_close(c);
}

static void test_what_should_not_run_is_ended(void **state)
{
	struct fixture *f = *state;
	struct fake *w = fake_dial(f, "w1");
	struct launch_status stray = {
	        .serial = 999, .attempt = 1, .step_id = 0, .launch = 4711, .job_id = 99};
	fake_register(w, "w1", 1, &stray, 1);
	fake_wait(w, MSG_worker_registered);
	/* The whole attempt first, whose end is reported; then what of it was named. */
	const struct job_end *end = fake_wait(w, MSG_job_end);
	assert_int_equal(end->launch, 0);
	assert_int_equal(end->serial, 999);
	end = fake_wait(w, MSG_job_end);
	assert_int_equal(end->launch, 4711);
	assert_int_equal(end->serial, 999);
	fake_free(w);
}

static void test_a_second_claimant_is_refused_with_both_addresses(void **state)
{
	struct fixture *f = *state;
	struct fake *first = worker(f, "w1"), *second = fake_dial(f, "w1");
	fake_register(second, "w1", 2, NULL, 0);
	const struct msg_error *m = fake_wait(second, MSG_msg_error);
	assert_int_equal(m->code, ERR_DUPLICATE_NODE);
	assert_non_null(strstr(m->text, "at 127.0.0.1; this one at 127.0.0.1"));
	/* The same slurmd on a new connection takes over. */
	struct fake *third = fake_dial(f, "w1");
	fake_register(third, "w1", 1, NULL, 0);
	fake_wait(third, MSG_worker_registered);
	fake_free(first);
	fake_free(second);
	fake_free(third);
}

static void test_a_worker_cannot_be_another_node(void **state)
{
	struct fixture *f = *state;
	struct fake *w = fake_dial(f, "w1");
	fake_register(w, "w2", 1, NULL, 0);
	const struct msg_error *m = fake_wait(w, MSG_msg_error);
	assert_int_equal(m->code, ERR_ACCESS_DENIED);
	fake_free(w);
	w = fake_dial(f, "stranger");
	fake_register(w, "stranger", 1, NULL, 0);
	m = fake_wait(w, MSG_msg_error);
	assert_int_equal(m->code, ERR_INVALID_NODE_NAME);
	fake_free(w);
}

static void test_users_send_only_what_users_may(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct worker_heartbeat beat;
	schema_init(schema_of_worker_heartbeat(), &beat);
	refused(f, c, MSG_worker_heartbeat, &beat, ERR_ACCESS_DENIED);
	const struct job_end end = {.serial = 1, .attempt = 1, .epoch = 99};
	refused(f, c, MSG_job_end, &end, ERR_ACCESS_DENIED);
	const struct job_signal_request signal_request = {.job_id = 12345, .step_id = CORE_NO_VAL};
	refused(f, c, MSG_job_signal_request, &signal_request, ERR_INVALID_JOB_ID);
	client_close(c);
}

static void test_bad_submits_are_refused(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct job_spec spec = spec_of("bad");
	struct submit_batch m = batch_of(&spec);
	m.script = (struct schema_bytes){NULL, 0};
	refused(f, c, MSG_submit_batch, &m, ERR_SCRIPT_MISSING);
	m = batch_of(&spec);
	m.script.n = 5 * 1024 * 1024;
	m.script.v = xcalloc(1, m.script.n);
	refused(f, c, MSG_submit_batch, &m, ERR_SCRIPT_TOO_LARGE);
	free(m.script.v);
	m = batch_of(&spec);
	m.claimed_gid = 4242;
	refused(f, c, MSG_submit_batch, &m, ERR_GROUP_UNKNOWN);
	m = batch_of(&spec);
	spec.partition = "nosuch";
	refused(f, c, MSG_submit_batch, &m, ERR_INVALID_PARTITION);
	client_close(c);
}

/* ---- trouble ---- */

static void limit_daemon(struct fixture *f, rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(prlimit(f->pid, RLIMIT_FSIZE, NULL, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(prlimit(f->pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void test_a_full_disk_refuses_changes_and_answers_reads(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	uint32_t id = submit(f, c, "kept");
	struct job_spec spec = spec_of("lost");
	struct submit_batch m = batch_of(&spec);
	limit_daemon(f, 4096);
	refused(f, c, MSG_submit_batch, &m, ERR_STORE);
	refused(f, c, MSG_submit_batch, &m, ERR_STORE);
	assert_non_null(job_of(f, c, id));
	/* A worker is not served on the word of a state that is not on disk. */
	struct fake *w = fake_dial(f, "w1");
	fake_register(w, "w1", 1, NULL, 0);
	const struct msg_error *error = fake_wait(w, MSG_msg_error);
	assert_int_equal(error->code, ERR_STORE);
	fake_free(w);
	limit_daemon(f, RLIM_INFINITY);
	uint32_t later = 0;
	for (int i = 0; i < PATIENCE_S * 10 && later == 0; i++) {
		uint32_t got = 0;
		void *record = NULL;
		err_clear(&f->err);
		if (client_call(c, MSG_submit_batch, &m, &f->arena, &got, &record, NULL, &f->err) == 0)
			later = ((const struct submit_reply *)record)->job_id;
		else
			usleep(100000);
	}
	assert_int_equal(later, id + 1);
	stop(f, SIGKILL);
	client_close(c);
	start(f);
	c = dial(f);
	assert_non_null(job_of(f, c, id));
	assert_non_null(job_of(f, c, later));
	client_close(c);
}

static void test_a_broken_configuration_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	const struct reconfigure_request m = {0};
	const struct node_query q = {0};
	write_conf(f, "NodeNme=w9\n");
	refused(f, c, MSG_reconfigure_request, &m, ERR_CONFIG);
	write_conf(f, "NodeName=w3 CPUs=4 RealMemory=10\nPartitionName=more Nodes=w3\n");
	call(f, c, MSG_reconfigure_request, &m, MSG_msg_ok);
	const struct node_list *nodes = call(f, c, MSG_node_query, &q, MSG_node_list);
	assert_int_equal(nodes->nodes.n, 3);
	client_close(c);
}

static void test_many_jobs_come_in_several_messages(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct job_query q;
	uint32_t jobs = 600, seen = 0, messages = 0;
	for (uint32_t i = 0; i < jobs; i++)
		submit(f, c, i % 2 ? "odd" : "even");
	schema_init(schema_of_job_query(), &q);
	const struct job_list *list = call(f, c, MSG_job_query, &q, MSG_job_list);
	for (;; list = pushed(f, c, MSG_job_list)) {
		seen += list->jobs.n;
		messages++;
		if (list->last)
			break;
	}
	assert_int_equal(seen, jobs);
	assert_true(messages > 1);
	char *names[] = {"odd"};
	q.names = (struct schema_strs){names, 1};
	seen = 0;
	list = call(f, c, MSG_job_query, &q, MSG_job_list);
	for (;; list = pushed(f, c, MSG_job_list)) {
		seen += list->jobs.n;
		if (list->last)
			break;
	}
	assert_int_equal(seen, jobs / 2);
	client_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_an_acknowledged_job_survives_kill_9),
	        T(test_an_orderly_end_keeps_all_and_leaves_no_fault),
	        T(test_a_batch_job_from_submit_to_history),
	        T(test_a_running_job_is_found_again_after_kill_9),
	        T(test_a_grant_that_never_arrived_is_sent_again_with_the_same_launch),
	        T(test_what_should_not_run_is_ended),
	        T(test_a_second_claimant_is_refused_with_both_addresses),
	        T(test_a_worker_cannot_be_another_node),
	        T(test_users_send_only_what_users_may),
	        T(test_bad_submits_are_refused),
	        T(test_a_full_disk_refuses_changes_and_answers_reads),
	        T(test_a_broken_configuration_changes_nothing),
	        T(test_many_jobs_come_in_several_messages),
	};
	struct err err = {0};
	if (fixture_init(&err) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
