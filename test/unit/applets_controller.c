/* slurmctld as a whole, from outside: a real process on loopback, a user's sessions, and workers that this test plays. */
#include "applets/applet.h"
#include "core/util/arena.h"
#include "core/util/list.h"
#include "core/util/log.h"
#include "core/util/text.h"
#include "proto/conn.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST_UID   23456 /* when the test runs as root: the cluster is an ordinary user's */
#define PATIENCE_S 30

struct fixture {
	char dir[64];
	uint16_t port;
	pid_t pid;
	struct loop *loop;
	struct key_master *master;
	struct session_audience audience;
	struct arena arena;
	struct err err;
};

/* ---- the daemon ---- */

static void write_file(struct fixture *f, const char *name, const void *bytes, size_t n)
{
	char *path = xprintf("%s/%s", f->dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
	free(path);
}

static void write_conf(struct fixture *f, const char *more)
{
	char *text = xprintf("ClusterName=unit\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=%u\nSlurmUser=%u\n"
	                     "StateSaveLocation=%s/state\nSlurmctldPidFile=%s/pid\nSlurmdSpoolDir=%s/spool\n"
	                     "SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\nMinJobAge=300\nReturnToService=2\nKillWait=1\n"
	                     "ProctrackType=proctrack/linuxproc\n"
	                     "NodeName=w[1-2] NodeAddr=127.0.0.1 Port=19999 CPUs=2 RealMemory=100\n"
	                     "PartitionName=all Nodes=w[1-2] Default=YES State=UP\n%s",
	                     f->port, (unsigned)geteuid(), f->dir, f->dir, f->dir, more);
	write_file(f, "slurm.conf", text, strlen(text));
	free(text);
}

static uint16_t free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static pid_t spawn(struct fixture *f)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *conf = xprintf("%s/slurm.conf", f->dir), *log = xprintf("%s/log", f->dir);
		char *argv[] = {"slurmctld", "-D", "-f", conf, NULL};
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd >= 0)
			dup2(fd, 2);
		optind = 1;
		_exit(slurmctld_main(4, argv));
	}
	return pid;
}

static struct client *dial(struct fixture *f)
{
	struct err err = {0};
	for (int i = 0; i < PATIENCE_S * 20; i++) {
		err_clear(&err);
		struct client *c = client_open("127.0.0.1", f->port, &f->audience, 5000000, &err);
		if (c)
			return c;
		usleep(50000);
	}
	fail_msg("no session with slurmctld: %s", err_text(&err));
	return NULL;
}

static void start(struct fixture *f)
{
	f->pid = spawn(f);
	client_close(dial(f));
}

static int stop(struct fixture *f, int signo)
{
	int status = 0;
	kill(f->pid, signo);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	return status;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	uint8_t key[64];
	text_copy(f->dir, sizeof(f->dir), "/tmp/bbctld-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	arena_init(&f->arena);
	f->port = free_port();
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + 1);
	write_file(f, "key", key, sizeof(key));
	char *own = xprintf("[auth]\nkey_file = %s/key\n", f->dir), *run = xprintf("%s/run", f->dir);
	write_file(f, "batchbox.conf", own, strlen(own));
	write_conf(f, "");
	assert_int_equal(mkdir(run, 0700), 0);
	setenv("BATCHBOX_RUN_DIR", run, 1);
	free(own);
	free(run);
	f->loop = loop_new(&f->err);
	f->master = key_master_from_bytes(key, sizeof(key), &f->err);
	assert_non_null(f->master);
	f->audience.role = ROLE_CONTROLLER;
	text_copy(f->audience.name, sizeof(f->audience.name), "localhost");
	text_copy(f->audience.cluster, sizeof(f->audience.cluster), "unit");
	start(f);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	if (f->pid)
		stop(f, SIGKILL);
	loop_once(f->loop, 0);
	loop_free(f->loop);
	key_master_free(f->master);
	arena_free(&f->arena);
	if (!getenv("KEEP")) nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* ---- users ---- */

/* The answer, of that type; an error fails the test. */
static void *call(struct fixture *f, struct client *c, uint32_t type, const void *m, uint32_t want)
{
	uint32_t got = 0;
	void *record = NULL;
	err_clear(&f->err);
	if (client_call(c, type, m, &f->arena, &got, &record, NULL, &f->err) != 0)
		fail_msg("%s: %s", message_name(type), err_text(&f->err));
	assert_int_equal(got, want);
	return record;
}

static void refused(struct fixture *f, struct client *c, uint32_t type, const void *m, enum err_code code)
{
	uint32_t got = 0;
	void *record = NULL;
	err_clear(&f->err);
	assert_int_equal(client_call(c, type, m, &f->arena, &got, &record, NULL, &f->err), -1);
	assert_int_equal(f->err.code, code);
}

static void *pushed(struct fixture *f, struct client *c, uint32_t want)
{
	uint32_t got = 0;
	void *record = NULL;
	if (client_next(c, &f->arena, (int64_t)PATIENCE_S * 1000000, &got, &record, &f->err) != 0)
		fail_msg("%s", err_text(&f->err));
	assert_int_equal(got, want);
	return record;
}

static struct identity nobody = {.uid = 1, .gid = 1}; /* what a message says about its sender counts for nothing */

static struct job_spec spec_of(const char *name)
{
	struct job_spec spec;
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &nobody;
	spec.name = (char *)(uintptr_t)name;
	return spec;
}

static char script_text[] = "#!/bin/sh\nexit 0\n";

static struct submit_batch batch_of(struct job_spec *spec)
{
	static char *env[] = {"A=1", "B=two words"};
	struct submit_batch m;
	schema_init(schema_of_submit_batch(), &m);
	m.spec = spec;
	m.script = (struct schema_bytes){(uint8_t *)script_text, sizeof(script_text) - 1};
	m.env = (struct schema_strs){env, 2};
	return m;
}

static uint32_t submit(struct fixture *f, struct client *c, const char *name)
{
	struct job_spec spec = spec_of(name);
	struct submit_batch m = batch_of(&spec);
	const struct submit_reply *reply = call(f, c, MSG_submit_batch, &m, MSG_submit_reply);
	return reply->job_id;
}

static const struct job_info *job_of(struct fixture *f, struct client *c, uint32_t id)
{
	struct job_query q;
	schema_init(schema_of_job_query(), &q);
	q.job_ids = (struct schema_u32s){&id, 1};
	q.all_states = true;
	const struct job_list *list = call(f, c, MSG_job_query, &q, MSG_job_list);
	assert_true(list->last);
	return list->jobs.n ? &list->jobs.v[0] : NULL;
}

/* ---- workers ---- */

struct letter {
	struct list in_list;
	uint32_t type;
	void *record;
};

struct fake {
	struct fixture *f;
	struct conn *conn;
	struct key_host *key;
	struct list inbox;
	bool open, gone;
};

static void fake_opened(void *ctx, struct conn *conn)
{
	(void)conn;
	((struct fake *)ctx)->open = true;
}

static void fake_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct fake *w = ctx;
	struct letter *l = arena_alloc(&w->f->arena, sizeof(*l));
	const struct schema *schema = message_schema(type);
	(void)conn;
	(void)id;
	l->type = type;
	l->record = arena_alloc(&w->f->arena, schema->size);
	assert_int_equal(schema_decode(schema, l->record, body, n, &w->f->arena, NULL), 0);
	list_append(&w->inbox, &l->in_list);
}

static void fake_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct fake *w = ctx;
	(void)conn;
	(void)err;
	w->conn = NULL;
	w->gone = true;
}

static const struct conn_ops fake_ops = {.opened = fake_opened, .message = fake_message, .closed = fake_closed};

static struct fake *fake_dial(struct fixture *f, const char *host)
{
	struct fake *w = xcalloc(1, sizeof(*w));
	w->f = f;
	list_init(&w->inbox);
	w->key = key_host_derive(f->master, "unit", KEY_CLASS_WORKER, host, 0, &f->err);
	const struct conn_credential credential = {.host_key = w->key};
	w->conn = conn_dial(f->loop, "127.0.0.1", f->port, &f->audience, &credential, 10000000, &fake_ops, w, &f->err);
	for (int i = 0; i < PATIENCE_S * 10 && !w->open && !w->gone; i++)
		loop_once(f->loop, 100);
	assert_true(w->open);
	return w;
}

static void fake_free(struct fake *w)
{
	if (w->conn)
		conn_close(w->conn);
	loop_once(w->f->loop, 0);
	key_host_free(w->key);
	free(w);
}

/* The next message of that type; others that came before it stay. */
static void *fake_wait(struct fake *w, uint32_t type)
{
	for (int i = 0; i < PATIENCE_S * 10; i++) {
		list_each(it, &w->inbox)
		{
			struct letter *l = list_entry(it, struct letter, in_list);
			if (l->type != type)
				continue;
			list_remove(it);
			return l->record;
		}
		if (w->gone)
			break;
		loop_once(w->f->loop, 100);
	}
	fail_msg("no %s came", message_name(type));
	return NULL;
}

static void fake_register(struct fake *w, const char *node, uint64_t life, struct launch_status *running, uint32_t n)
{
	struct hardware hw = {.cpus = 2, .boards = 1, .sockets = 1, .cores_per_socket = 2, .threads_per_core = 1, .real_memory = 100};
	char boot[] = "boot-1";
	struct worker_register m;
	schema_init(schema_of_worker_register(), &m);
	m.node = (char *)(uintptr_t)node;
	m.hardware = &hw;
	m.boot_id = boot;
	m.life_id = life;
	m.port = 19999;
	m.running.v = running;
	m.running.n = n;
	conn_send(w->conn, MSG_worker_register, 1, &m);
}

static struct fake *worker(struct fixture *f, const char *node)
{
	struct fake *w = fake_dial(f, node);
	fake_register(w, node, 1, NULL, 0);
	const struct worker_registered *m = fake_wait(w, MSG_worker_registered);
	assert_int_equal(m->instance.n, 16);
	return w;
}

static void report_started(struct fake *w, const struct step_grant *g)
{
	const struct step_started_report m = {.serial = g->serial, .attempt = g->attempt, .step_id = g->step_id, .launch = g->launch};
	conn_send(w->conn, MSG_step_started_report, 0, &m);
}

static void report_fate(struct fake *w, const struct step_grant *g, uint32_t status)
{
	struct step_fate m;
	schema_init(schema_of_step_fate(), &m);
	m.serial = g->serial;
	m.attempt = g->attempt;
	m.step_id = g->step_id;
	m.launch = g->launch;
	m.status = status;
	conn_send(w->conn, MSG_step_fate, 0, &m);
	const struct fate_ack *ack = fake_wait(w, MSG_fate_ack);
	assert_int_equal(ack->launch, g->launch);
}

static void report_gone(struct fake *w, const struct job_end *end)
{
	const struct job_gone_report m = {.serial = end->serial, .attempt = end->attempt};
	conn_send(w->conn, MSG_job_gone_report, 0, &m);
}

/* Asks until the job is in that state and has nothing left to end. */
static void job_reaches(struct fixture *f, struct client *c, struct fake *w, uint32_t id, uint32_t state)
{
	for (int i = 0; i < PATIENCE_S * 20; i++) {
		const struct job_info *job = job_of(f, c, id);
		if (job && job->state->state == state && !(job->state->flags & JOB_FLAG_COMPLETING))
			return;
		if (w)
			loop_once(f->loop, 50);
		else
			usleep(50000);
	}
	fail_msg("job %u never was in state %s", id, job_state_word(state));
}

/* ---- tests ---- */

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
	struct launch_status running = {
		.serial = g->serial, .attempt = g->attempt, .step_id = g->step_id, .launch = g->launch, .job_id = id};
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
	struct launch_status stray = {.serial = 999, .attempt = 1, .step_id = 0, .launch = 4711, .job_id = 99};
	fake_register(w, "w1", 1, &stray, 1);
	fake_wait(w, MSG_worker_registered);
	const struct job_end *end = fake_wait(w, MSG_job_end);
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
	refused(f, c, MSG_job_end, &end, ERR_NOT_SUPPORTED);
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
	/* An empty script is no message at all. */
	uint32_t got;
	void *record;
	assert_int_equal(client_call(c, MSG_submit_batch, &m, &f->arena, &got, &record, NULL, &f->err), -1);
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

/* ---- allocations and steps ---- */

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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
		T(test_a_step_has_a_grant_and_the_key_for_it),
		T(test_an_allocation_that_waits_is_told_when_it_is_there),
		T(test_a_queued_step_is_placed_when_there_is_room),
		T(test_a_full_disk_refuses_changes_and_answers_reads),
		T(test_a_broken_configuration_changes_nothing),
		T(test_many_jobs_come_in_several_messages),
	};
	struct err err = {0};
	log_init("test", LOG_LEVEL_QUIET);
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(TEST_UID, TEST_UID, TEST_UID) != 0 ||
	                       setresuid(TEST_UID, TEST_UID, TEST_UID) != 0))
		return 1;
	if (key_init(&err) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
