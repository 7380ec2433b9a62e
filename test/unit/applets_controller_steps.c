/* slurmctld as a whole: allocations and the steps inside them. */
#include "test/unit/applets_controller_fixture.h"

static const struct job_ready *allocate(struct fixture *f, struct client *c, uint32_t nodes)
{
	struct job_spec spec = spec_of("alloc");
	struct alloc_request m;
	schema_init(schema_of_alloc_request(), &m);
	spec.nodes_min = nodes;
	spec.tasks = nodes;
	m.spec = &spec;
	const struct submit_reply *reply = call(f, c, MSG_alloc_request, &m, MSG_submit_reply);
	assert_false(reply->waiting);
	return pushed(f, c, MSG_job_ready);
}

static void test_a_step_has_a_grant_and_the_key_for_it(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct fake *w[2] = {worker(f, "w1"), worker(f, "w2")};
	const struct job_ready *job = allocate(f, c, 2);
	assert_int_equal(job->node_count, 2);
	assert_string_equal(job->nodes, "w[1-2]");
	struct step_create_request m;
	schema_init(schema_of_step_create_request(), &m);
	m.job_id = job->job_id;
	m.tasks = 2;
	m.nodes_min = 2;
	const struct step_ready *step = call(f, c, MSG_step_create_request, &m, MSG_step_ready);
	assert_int_equal(step->places.n, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct step_grant *g = fake_wait(w[i], MSG_step_grant);
		assert_int_equal(g->launch, step->launch);
		assert_int_equal(g->node_index, i);
		assert_null(g->batch);
		struct key_step_of of = {.serial = step->serial,
		                         .step_id = step->step_id,
		                         .launch = step->launch,
		                         .uid = (uint32_t)geteuid(),
		                         .rights = step->rights};
		uint8_t key[KEY_SIZE];
		memcpy(of.instance, step->instance.v, 16);
		key_step_derive(w[i]->key, &of, key);
		assert_int_equal(step->places.v[i].key.n, KEY_SIZE);
		assert_memory_equal(step->places.v[i].key.v, key, KEY_SIZE);
		assert_int_equal(step->places.v[i].port, 19999);
		report_started(w[i], g);
		report_fate(w[i], g, 0);
	}
	const struct step_ended *ended = pushed(f, c, MSG_step_ended);
	assert_int_equal(ended->step_id, step->step_id);
	assert_int_equal(ended->state, JOB_COMPLETED);
	const struct job_complete_request done = {.job_id = job->job_id, .exit_status = 0};
	call(f, c, MSG_job_complete_request, &done, MSG_msg_ok);
	for (uint32_t i = 0; i < 2; i++)
		report_gone(w[i], fake_wait(w[i], MSG_job_end));
	job_reaches(f, c, w[0], job->job_id, JOB_COMPLETED);
	fake_free(w[0]);
	fake_free(w[1]);
	client_close(c);
}

static void test_an_allocation_that_waits_is_told_when_it_is_there(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f), *other = dial(f);
	struct job_spec spec = spec_of("waits");
	struct alloc_request m;
	schema_init(schema_of_alloc_request(), &m);
	m.spec = &spec;
	const struct submit_reply *reply = call(f, c, MSG_alloc_request, &m, MSG_submit_reply);
	assert_true(reply->waiting);
	/* A command that comes back to it hears of it as well. */
	const struct job_attach attach = {.job_id = reply->job_id, .watch = true};
	assert_int_equal(client_send(other, MSG_job_attach, &attach, &f->err), 0);
	struct fake *w = worker(f, "w1");
	const struct job_ready *ready = pushed(f, c, MSG_job_ready);
	assert_int_equal(ready->job_id, reply->job_id);
	ready = pushed(f, other, MSG_job_ready);
	assert_int_equal(ready->job_id, reply->job_id);
	const struct job_signal_request cancel = {.job_id = reply->job_id, .step_id = CORE_NO_VAL};
	struct client *third = dial(f);
	call(f, third, MSG_job_signal_request, &cancel, MSG_msg_ok);
	const struct job_ended *ended = pushed(f, c, MSG_job_ended);
	assert_int_equal(ended->state, JOB_CANCELLED);
	fake_free(w);
	client_close(c);
	client_close(other);
	client_close(third);
}

static void test_a_queued_step_is_placed_when_there_is_room(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f), *other = dial(f);
	struct fake *w = worker(f, "w1");
	const struct job_ready *job = allocate(f, c, 1);
	struct step_create_request m;
	schema_init(schema_of_step_create_request(), &m);
	m.job_id = job->job_id;
	m.tasks = 1;
	call(f, c, MSG_step_create_request, &m, MSG_step_ready);
	const struct step_grant *first = fake_wait(w, MSG_step_grant);
	call(f, other, MSG_step_create_request, &m, MSG_step_queued);
	report_started(w, first);
	report_fate(w, first, 0);
	loop_once(f->loop, 0);
	const struct step_ready *step = pushed(f, other, MSG_step_ready);
	assert_int_equal(step->step_id, 1);
	const struct step_grant *second = fake_wait(w, MSG_step_grant);
	assert_int_equal(second->launch, step->launch);
	fake_free(w);
	client_close(c);
	client_close(other);
}

/* sbcast: each of the nodes is granted one file, and the sender gets the key for it, with that right alone.
 */
static void test_a_file_has_a_grant_and_the_key_for_it(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct fake *w[2] = {worker(f, "w1"), worker(f, "w2")};
	const struct job_ready *job = allocate(f, c, 2);
	struct bcast_request m = {.job_id = job->job_id, .step_id = CORE_NO_VAL, .task_id = CORE_NO_VAL};
	uint64_t last = 0;
	for (int round = 0; round < 2; round++) {
		const struct step_ready *to = call(f, c, MSG_bcast_request, &m, MSG_step_ready);
		assert_int_equal(to->places.n, 2);
		assert_int_equal(to->rights, STEP_RIGHT_BCAST);
		assert_string_equal(to->nodes, "w[1-2]");
		assert_true(to->launch > last);
		last = to->launch;
		for (uint32_t i = 0; i < 2; i++) {
			const struct bcast_grant *g = fake_wait(w[i], MSG_bcast_grant);
			struct key_step_of of = {.serial = g->serial,
			                         .step_id = g->step_id,
			                         .launch = g->launch,
			                         .uid = (uint32_t)geteuid(),
			                         .rights = STEP_RIGHT_BCAST};
			uint8_t key[KEY_SIZE];
			assert_int_equal(g->launch, to->launch);
			assert_int_equal(g->job_id, job->job_id);
			assert_int_equal(g->attempt, 1);
			assert_int_equal(g->who->uid, geteuid());
			memcpy(of.instance, g->instance.v, 16);
			key_step_derive(w[i]->key, &of, key);
			assert_memory_equal(to->places.v[i].key.v, key, KEY_SIZE);
		}
	}
	m.step_id = 0;
	refused(f, c, MSG_bcast_request, &m, ERR_INVALID_JOB_ID);
	m = (struct bcast_request){.job_id = 4711, .step_id = CORE_NO_VAL, .task_id = CORE_NO_VAL};
	refused(f, c, MSG_bcast_request, &m, ERR_INVALID_JOB_ID);
	m.job_id = job->job_id;
	const struct job_complete_request done = {.job_id = job->job_id, .exit_status = 0};
	call(f, c, MSG_job_complete_request, &done, MSG_msg_ok);
	refused(f, c, MSG_bcast_request, &m, ERR_ALREADY_DONE);
	fake_free(w[0]);
	fake_free(w[1]);
	client_close(c);
}

/* sstat: keys for who asks about a step that runs, with that right alone. */
static void test_a_step_is_asked_about(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f), *other = dial(f);
	struct fake *w = worker(f, "w1");
	const struct job_ready *job = allocate(f, c, 1);
	struct step_create_request m;
	schema_init(schema_of_step_create_request(), &m);
	m.job_id = job->job_id;
	m.tasks = 1;
	struct step_stat_request ask = {.job_id = job->job_id, .step_id = 0};
	refused(f, other, MSG_step_stat_request, &ask, ERR_INVALID_JOB_ID);
	call(f, c, MSG_step_create_request, &m, MSG_step_ready);
	const struct step_grant *g = fake_wait(w, MSG_step_grant);
	report_started(w, g);
	loop_once(f->loop, 0);
	const struct step_ready *to = call(f, other, MSG_step_stat_request, &ask, MSG_step_ready);
	struct key_step_of of = {.serial = g->serial,
	                         .step_id = 0,
	                         .launch = g->launch,
	                         .uid = (uint32_t)geteuid(),
	                         .rights = STEP_RIGHT_STAT};
	uint8_t key[KEY_SIZE];
	assert_int_equal(to->rights, STEP_RIGHT_STAT);
	assert_int_equal(to->places.n, 1);
	memcpy(of.instance, g->instance.v, 16);
	key_step_derive(w->key, &of, key);
	assert_memory_equal(to->places.v[0].key.v, key, KEY_SIZE);
	ask.step_id = 1;
	refused(f, other, MSG_step_stat_request, &ask, ERR_INVALID_JOB_ID);
	report_fate(w, g, 0);
	loop_once(f->loop, 0);
	fake_free(w);
	client_close(c);
	client_close(other);
}

/* sbatch --signal: a worker that is there again is told once more, in words that an older one takes for
 * nothing. */
static void test_a_warning_is_told_again(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct fake *w = worker(f, "w1");
	struct job_spec spec = spec_of("warned");
	spec.time_limit_min = 1;
	spec.warn_signal = SIGUSR1;
	spec.warn_time_s = 60;
	spec.warn_batch = true;
	struct submit_batch m = batch_of(&spec);
	call(f, c, MSG_submit_batch, &m, MSG_submit_reply);
	const struct step_grant *g = fake_wait(w, MSG_step_grant);
	struct launch_status running = {
	        .serial = g->serial, .attempt = g->attempt, .step_id = g->step_id, .launch = g->launch};
	report_started(w, g);
	for (int told = 0; told < 2; told++) {
		const struct job_signal *s = fake_wait(w, MSG_job_signal);
		assert_int_equal(s->warning, SIGUSR1);
		assert_int_equal(s->signal, told == 0 ? SIGUSR1 : 0);
		assert_int_equal(s->launch, g->launch);
		assert_true(s->batch_only);
		if (told == 1)
			break;
		fake_free(w);
		w = fake_dial(f, "w1");
		fake_register(w, "w1", 1, &running, 1);
		fake_wait(w, MSG_worker_registered);
	}
	report_fate(w, g, 0);
	fake_free(w);
	client_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_a_step_has_a_grant_and_the_key_for_it),
	        T(test_an_allocation_that_waits_is_told_when_it_is_there),
	        T(test_a_queued_step_is_placed_when_there_is_room),
	        T(test_a_file_has_a_grant_and_the_key_for_it),
	        T(test_a_step_is_asked_about),
	        T(test_a_warning_is_told_again),
	};
	struct err err = {0};
	if (fixture_init(&err) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
