/* slurmctld's part of configless: who gets the configuration, what of it, and that it follows. */
#include "test/unit/applets_controller_fixture.h"

static struct fake *without_conf(struct fixture *f)
{
	const struct session_audience audience = {
	        .role = ROLE_CONTROLLER, .name = KEY_ANY, .cluster = KEY_ANY};
	return fake_dial_as(f, KEY_CLASS_CONFIGLESS, "w1", &audience);
}

static void fetch(struct fake *w, bool follow)
{
	const struct config_fetch m = {.follow = follow};
	conn_send(w->conn, MSG_config_fetch, 7, &m);
}

static bool has(const struct config_file_list *files, const char *name, const char *words)
{
	for (uint32_t i = 0; i < files->n; i++)
		if (strcmp(files->v[i].name, name) == 0)
			return memmem(files->v[i].text.v, files->v[i].text.n, words, strlen(words)) != NULL;
	return false;
}

static void enable(struct fixture *f, const char *more)
{
	char *text = xprintf("SlurmctldParameters=enable_configless\n%s\n", more);
	write_conf(f, text);
	free(text);
}

static void test_it_is_refused_unless_enabled_at_the_start(void **state)
{
	struct fixture *f = *state;
	struct client *c = dial(f);
	struct fake *w = without_conf(f);
	const struct reconfigure_request m = {0};
	fetch(w, false);
	const struct msg_error *e = fake_wait(w, MSG_msg_error);
	assert_int_equal(e->code, ERR_CONFIGLESS_DISABLED);
	enable(f, "");
	call(f, c, MSG_reconfigure_request, &m, MSG_msg_ok);
	fetch(w, false);
	e = fake_wait(w, MSG_msg_error);
	assert_int_equal(e->code, ERR_CONFIGLESS_DISABLED);
	fake_free(w);
	client_close(c);
}

static void test_it_is_sent_and_followed(void **state)
{
	struct fixture *f = *state;
	const struct reconfigure_request m = {0};
	const struct job_query q = {0};
	stop(f, SIGTERM);
	enable(f, "WaitTime=31\n");
	start(f);
	struct client *c = dial(f);
	struct fake *follower = without_conf(f), *once = without_conf(f);
	fetch(once, false);
	fetch(follower, true);
	const struct config_files *files = fake_wait(once, MSG_config_files);
	assert_string_equal(files->files.v[0].name, "slurm.conf");
	assert_true(has(&files->files, "slurm.conf", "WaitTime=31"));
	files = fake_wait(follower, MSG_config_files);
	assert_true(has(&files->files, "slurm.conf", "WaitTime=31"));
	/* Such a session may do nothing else. */
	conn_send(once->conn, MSG_job_query, 8, &q);
	const struct msg_error *e = fake_wait(once, MSG_msg_error);
	assert_int_equal(e->code, ERR_ACCESS_DENIED);
	enable(f, "WaitTime=32\n");
	call(f, c, MSG_reconfigure_request, &m, MSG_msg_ok);
	files = fake_wait(follower, MSG_config_files);
	assert_true(has(&files->files, "slurm.conf", "WaitTime=32"));
	/* A bad one reaches nobody: the next that comes is the good one after it. */
	enable(f, "WaitTime=33\nNodNme=x\n");
	refused(f, c, MSG_reconfigure_request, &m, ERR_CONFIG);
	enable(f, "WaitTime=34\n");
	call(f, c, MSG_reconfigure_request, &m, MSG_msg_ok);
	files = fake_wait(follower, MSG_config_files);
	assert_true(has(&files->files, "slurm.conf", "WaitTime=34"));
	assert_true(list_empty(&once->inbox));
	fake_free(follower);
	fake_free(once);
	client_close(c);
}

static void test_a_worker_is_brought_up_to_date(void **state)
{
	struct fixture *f = *state;
	const struct reconfigure_request m = {0};
	stop(f, SIGTERM);
	enable(f, "WaitTime=31\n");
	start(f);
	struct client *c = dial(f);
	struct fake *w = fake_dial(f, "w1"), *other = fake_dial(f, "w2");
	struct hardware hw = {.cpus = 2,
	                      .boards = 1,
	                      .sockets = 1,
	                      .cores_per_socket = 2,
	                      .threads_per_core = 1,
	                      .real_memory = 100};
	uint8_t hash[32] = {1};
	char boot[] = "boot-1";
	struct worker_register r;
	schema_init(schema_of_worker_register(), &r);
	r.hardware = &hw;
	r.boot_id = boot;
	r.life_id = 1;
	r.conf_hash = (struct schema_bytes){hash, sizeof(hash)};
	r.node = (char *)(uintptr_t) "w1";
	r.configless = true;
	conn_send(w->conn, MSG_worker_register, 1, &r);
	r.node = (char *)(uintptr_t) "w2";
	r.configless = false;
	conn_send(other->conn, MSG_worker_register, 1, &r);
	/* It isn't told that it differs, but given what is in force; the other is told. */
	const struct worker_registered *reg = fake_wait(w, MSG_worker_registered);
	assert_int_equal(reg->conf_differs.n, 0);
	const struct worker_reconfigure *order = fake_wait(w, MSG_worker_reconfigure);
	assert_true(has(&order->files, "slurm.conf", "WaitTime=31"));
	reg = fake_wait(other, MSG_worker_registered);
	assert_int_equal(reg->conf_differs.n, 1);
	enable(f, "WaitTime=32\n");
	call(f, c, MSG_reconfigure_request, &m, MSG_msg_ok);
	order = fake_wait(w, MSG_worker_reconfigure);
	assert_true(has(&order->files, "slurm.conf", "WaitTime=32"));
	order = fake_wait(other, MSG_worker_reconfigure);
	assert_int_equal(order->files.n, 0);
	fake_free(w);
	fake_free(other);
	client_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_it_is_refused_unless_enabled_at_the_start),
	        T(test_it_is_sent_and_followed),
	        T(test_a_worker_is_brought_up_to_date),
	};
	struct err err = {0};
	if (fixture_init(&err) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
