/* slurmctld as a whole, from outside: a real process on loopback, a user's sessions, and workers that this
 * test plays. */
#include "applets/applet.h"
#include "core/util/arena.h"
#include "core/util/list.h"
#include "core/util/log.h"
#include "core/util/text.h"
#include "proto/conn.h"
#include "test/unit/port_fixture.h"
#include "test/unit/user_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TEST_UID   23456 /* when the test runs as root: the cluster is an ordinary user's */
#define PATIENCE_S 30
#define UNUSED     __attribute__((unused))

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

UNUSED static void write_file(struct fixture *f, const char *name, const void *bytes, size_t n)
{
	char *path = xprintf("%s/%s", f->dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
	free(path);
}

UNUSED static void write_conf(struct fixture *f, const char *more)
{
	char *text = xprintf(
	        "ClusterName=unit\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=%u\nSlurmUser=%u\n"
	        "StateSaveLocation=%s/state\nSlurmctldPidFile=%s/pid\nSlurmdSpoolDir=%s/spool\n"
	        "SelectType=select/"
	        "cons_tres\nSelectTypeParameters=CR_Core\nMinJobAge=300\nReturnToService=2\nKillWait=1\n"
	        "ProctrackType=proctrack/linuxproc\n"
	        "NodeName=w[1-2] NodeAddr=127.0.0.1 Port=19999 CPUs=2 RealMemory=100\n"
	        "PartitionName=all Nodes=w[1-2] Default=YES State=UP\n%s",
	        f->port, (unsigned)geteuid(), f->dir, f->dir, f->dir, more);
	write_file(f, "slurm.conf", text, strlen(text));
	free(text);
}

UNUSED static pid_t spawn(struct fixture *f)
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

UNUSED static struct client *dial(struct fixture *f)
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

UNUSED static void start(struct fixture *f)
{
	f->pid = spawn(f);
	client_close(dial(f));
}

UNUSED static int stop(struct fixture *f, int signo)
{
	int status = 0;
	kill(f->pid, signo);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	return status;
}

UNUSED static int setup(void **state)
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

UNUSED static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

UNUSED static int teardown(void **state)
{
	struct fixture *f = *state;
	if (f->pid)
		stop(f, SIGKILL);
	loop_once(f->loop, 0);
	loop_free(f->loop);
	key_master_free(f->master);
	arena_free(&f->arena);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* ---- users ---- */

/* The answer, of that type; an error fails the test. */
UNUSED static void *call(struct fixture *f, struct client *c, uint32_t type, const void *m, uint32_t want)
{
	uint32_t got = 0;
	void *record = NULL;
	err_clear(&f->err);
	if (client_call(c, type, m, &f->arena, &got, &record, NULL, &f->err) != 0)
		fail_msg("%s: %s", message_name(type), err_text(&f->err));
	assert_int_equal(got, want);
	return record;
}

UNUSED static void refused(struct fixture *f, struct client *c, uint32_t type, const void *m,
                           enum err_code code)
{
	uint32_t got = 0;
	void *record = NULL;
	err_clear(&f->err);
	assert_int_equal(client_call(c, type, m, &f->arena, &got, &record, NULL, &f->err), -1);
	assert_int_equal(f->err.code, code);
}

UNUSED static void *pushed(struct fixture *f, struct client *c, uint32_t want)
{
	uint32_t got = 0;
	void *record = NULL;
	if (client_next(c, &f->arena, (int64_t)PATIENCE_S * 1000000, &got, &record, &f->err) != 0)
		fail_msg("%s", err_text(&f->err));
	assert_int_equal(got, want);
	return record;
}

static struct identity nobody = {.uid = 1,
                                 .gid = 1}; /* what a message says about its sender counts for nothing */

UNUSED static struct job_spec spec_of(const char *name)
{
	struct job_spec spec;
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &nobody;
	spec.name = (char *)(uintptr_t)name;
	return spec;
}

static char script_text[] = "#!/bin/sh\nexit 0\n";

UNUSED static struct submit_batch batch_of(struct job_spec *spec)
{
	static char *env[] = {"A=1", "B=two words"};
	struct submit_batch m;
	schema_init(schema_of_submit_batch(), &m);
	m.spec = spec;
	m.script = (struct schema_bytes){(uint8_t *)script_text, sizeof(script_text) - 1};
	m.env = (struct schema_strs){env, 2};
	return m;
}

UNUSED static uint32_t submit(struct fixture *f, struct client *c, const char *name)
{
	struct job_spec spec = spec_of(name);
	struct submit_batch m = batch_of(&spec);
	const struct submit_reply *reply = call(f, c, MSG_submit_batch, &m, MSG_submit_reply);
	return reply->job_id;
}

UNUSED static const struct job_info *job_of(struct fixture *f, struct client *c, uint32_t id)
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

UNUSED static void fake_opened(void *ctx, struct conn *conn)
{
	(void)conn;
	((struct fake *)ctx)->open = true;
}

UNUSED static void fake_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                                size_t n)
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

UNUSED static void fake_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct fake *w = ctx;
	(void)conn;
	(void)err;
	w->conn = NULL;
	w->gone = true;
}

static const struct conn_ops fake_ops = {
        .opened = fake_opened, .message = fake_message, .closed = fake_closed};

UNUSED static struct fake *fake_dial_as(struct fixture *f, enum key_class class, const char *host,
                                        const struct session_audience *audience)
{
	struct fake *w = xcalloc(1, sizeof(*w));
	w->f = f;
	list_init(&w->inbox);
	w->key = key_host_derive(f->master, audience->cluster, class, host, 0, &f->err);
	const struct conn_credential credential = {.host_key = w->key};
	w->conn = conn_dial(f->loop, "127.0.0.1", f->port, audience, &credential, 10000000, &fake_ops, w,
	                    &f->err);
	for (int i = 0; i < PATIENCE_S * 10 && !w->open && !w->gone; i++)
		loop_once(f->loop, 100);
	assert_true(w->open);
	return w;
}

UNUSED static struct fake *fake_dial(struct fixture *f, const char *host)
{
	return fake_dial_as(f, KEY_CLASS_WORKER, host, &f->audience);
}

UNUSED static void fake_free(struct fake *w)
{
	if (w->conn)
		conn_close(w->conn);
	loop_once(w->f->loop, 0);
	key_host_free(w->key);
	free(w);
}

/* The next message of that type; others that came before it stay. */
UNUSED static void *fake_wait(struct fake *w, uint32_t type)
{
	for (int i = 0; i < PATIENCE_S * 10; i++) {
		list_each (it, &w->inbox) {
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

UNUSED static void fake_register(struct fake *w, const char *node, uint64_t life,
                                 struct launch_status *running, uint32_t n)
{
	struct hardware hw = {.cpus = 2,
	                      .boards = 1,
	                      .sockets = 1,
	                      .cores_per_socket = 2,
	                      .threads_per_core = 1,
	                      .real_memory = 100};
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

UNUSED static struct fake *worker(struct fixture *f, const char *node)
{
	struct fake *w = fake_dial(f, node);
	fake_register(w, node, 1, NULL, 0);
	const struct worker_registered *m = fake_wait(w, MSG_worker_registered);
	assert_int_equal(m->instance.n, 16);
	return w;
}

UNUSED static void report_started(struct fake *w, const struct step_grant *g)
{
	const struct step_started_report m = {
	        .serial = g->serial, .attempt = g->attempt, .step_id = g->step_id, .launch = g->launch};
	conn_send(w->conn, MSG_step_started_report, 0, &m);
}

UNUSED static void report_fate(struct fake *w, const struct step_grant *g, uint32_t status)
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

UNUSED static void report_gone(struct fake *w, const struct job_end *end)
{
	const struct job_gone_report m = {.serial = end->serial, .attempt = end->attempt};
	conn_send(w->conn, MSG_job_gone_report, 0, &m);
}

/* Asks until the job is in that state and has nothing left to end. */
UNUSED static void job_reaches(struct fixture *f, struct client *c, struct fake *w, uint32_t id,
                               uint32_t state)
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

/* An ordinary user's cluster, also when the test runs as root. */
UNUSED static int fixture_init(struct err *err)
{
	log_init("test", LOG_LEVEL_QUIET);
	return become_ordinary(TEST_UID) ? key_init(err) : -1;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
