/* The surroundings of a real slurmd process: a controller and an srun that the test plays. For
 * applets_worker_slurmd.c. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/applet.h"
#include "applets/worker/processes.h"
#include "core/util/log.h"
#include "core/util/text.h"
#include "proto/conn.h"
#include "test/unit/port_fixture.h"
#include "test/unit/user_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_US  60000000
#define OTHER_UID 64999

struct cluster {
	char dir[64];
	struct arena arena;
	struct loop *loop;
	struct server *server;
	struct key_master *master;
	struct key_host *worker_key;
	uint8_t instance[16];
	uint64_t epoch;
	uint16_t worker_port;
	pid_t slurmd;
	struct conn *worker;
	/* what the worker said */
	unsigned registrations, heartbeats, started, gone, refused;
	uint64_t gone_serial;
	struct worker_register registered; /* the last one; in the arena */
	struct step_fate fate;             /* the last one */
	unsigned fates;
	char why[512];
	bool hold_acks, hold_registered;
	/* srun */
	struct conn *srun;
	struct text out;
	bool srun_running, srun_done, srun_closed, srun_stat;
	struct err srun_err;
};

/* ---- the controller ---- */

static void ack(struct cluster *c, uint64_t launch)
{
	struct fate_ack m = {.launch = launch};
	if (!c->hold_acks)
		conn_send(c->worker, MSG_fate_ack, 0, &m);
}

static void got_fate(struct cluster *c, const struct step_fate *fate)
{
	schema_copy(schema_of_step_fate(), &c->fate, fate, &c->arena);
	c->fates++;
	ack(c, fate->launch);
}

static void send_registered(struct cluster *c)
{
	struct worker_registered reply = {.epoch = c->epoch, .instance = {c->instance, 16}, .heartbeat_s = 1};
	conn_send(c->worker, MSG_worker_registered, 1, &reply);
}

static void got_register(struct cluster *c, struct conn *conn, const struct worker_register *m)
{
	c->worker = conn;
	schema_copy(schema_of_worker_register(), &c->registered, m, &c->arena);
	c->registrations++;
	if (!c->hold_registered)
		send_registered(c);
	for (uint32_t i = 0; i < m->fates.n; i++)
		got_fate(c, &m->fates.v[i]);
}

static void worker_said(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                        size_t n)
{
	struct cluster *c = ctx;
	const struct schema *schema = message_schema(type);
	void *record = arena_alloc(&c->arena, schema->size);
	(void)id;
	assert_int_equal(schema_decode(schema, record, body, n, &c->arena, NULL), 0);
	const struct job_gone_report *gone = record;
	const struct launch_failed_report *failed = record;
	switch (type) {
	case MSG_worker_register:
		got_register(c, conn, record);
		break;
	case MSG_worker_heartbeat:
		c->heartbeats++;
		break;
	case MSG_step_started_report:
		c->started++;
		break;
	case MSG_step_fate:
		got_fate(c, record);
		break;
	case MSG_job_gone_report:
		c->gone++;
		c->gone_serial = gone->serial;
		break;
	case MSG_launch_failed_report:
		c->refused++;
		text_copy(c->why, sizeof(c->why), failed->why);
		break;
	default:
		fail_msg("the worker sent %s", message_name(type));
	}
}

static void worker_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct cluster *c = ctx;
	(void)err;
	if (c->worker == conn)
		c->worker = NULL;
}

static const struct conn_ops worker_ops = {.message = worker_said, .closed = worker_closed};

static bool accepted(void *ctx, struct conn *conn)
{
	const struct session_peer *peer = conn_peer(conn);
	if (peer->kind != SESSION_DAEMON || peer->class != KEY_CLASS_WORKER ||
	    strcmp(peer->host, "worker-1") != 0)
		return false;
	conn_set_ctx(conn, &worker_ops, ctx);
	return true;
}

static const struct server_ops controller_ops = {.accepted = accepted};

/* ---- srun ---- */

static void srun_said(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct cluster *c = ctx;
	struct arena arena;
	struct step_output output;
	(void)id;
	arena_init(&arena);
	if (type == MSG_step_output) {
		assert_int_equal(schema_decode(schema_of_step_output(), &output, body, n, &arena, NULL), 0);
		text_add_n(&c->out, (const char *)output.data.v, output.data.n);
		struct step_credit credit = {.bytes = output.data.n};
		if (output.data.n)
			conn_send(conn, MSG_step_credit, 0, &credit);
	}
	c->srun_running |= type == MSG_step_running;
	c->srun_done |= type == MSG_step_done;
	c->srun_stat |= type == MSG_step_stat;
	arena_free(&arena);
}

static void srun_gone(void *ctx, struct conn *conn, const struct err *err)
{
	struct cluster *c = ctx;
	(void)conn;
	c->srun = NULL;
	c->srun_closed = true;
	if (err)
		c->srun_err = *err;
}

static const struct conn_ops srun_ops = {.message = srun_said, .closed = srun_gone};

static struct key_step_of step_of(const struct cluster *c, uint64_t launch)
{
	struct key_step_of of = {.serial = 7,
	                         .step_id = 0,
	                         .launch = launch,
	                         .uid = geteuid(),
	                         .rights = STEP_RIGHT_IO | STEP_RIGHT_SIGNAL};
	memcpy(of.instance, c->instance, sizeof(of.instance));
	return of;
}

/* key_of: for what the key was made; of: what srun claims. */
static void srun_dial(struct cluster *c, const struct key_step_of *key_of, const struct key_step_of *of)
{
	uint8_t key[KEY_SIZE];
	struct session_audience worker = {.role = ROLE_WORKER, .name = "worker-1", .cluster = "unit"};
	key_step_derive(c->worker_key, key_of, key);
	const struct conn_credential credential = {.step_key = key, .step = of};
	c->srun_closed = c->srun_done = c->srun_running = false;
	err_clear(&c->srun_err);
	c->srun = conn_dial(c->loop, "127.0.0.1", c->worker_port, &worker, &credential, 20000000, &srun_ops,
	                    c, NULL);
	assert_non_null(c->srun);
}

static void srun_shell(struct cluster *c, const char *script)
{
	char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)script};
	char *env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin"};
	struct step_launch m;
	schema_init(schema_of_step_launch(), &m);
	m.argv.v = argv;
	m.argv.n = 3;
	m.env.v = env;
	m.env.n = 1;
	m.work_dir = c->dir;
	conn_send(c->srun, MSG_step_launch, 0, &m);
}

/* ---- waiting ---- */

#define UNTIL(c, condition)                                                                                  \
	do {                                                                                                 \
		int64_t until_ = loop_clock() + LIMIT_US;                                                    \
		while (!(condition)) {                                                                       \
			if (loop_clock() > until_)                                                           \
				fail_msg("line %d: never came: %s", __LINE__, #condition);                   \
			loop_once((c)->loop, 20);                                                            \
		}                                                                                            \
	} while (0)

static bool is_there(const struct cluster *c, const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	return access(path, F_OK) == 0;
}

/* The number that a file begins with; 0 while there is none. */
static int number_in(const struct cluster *c, const char *name)
{
	char path[256], line[32] = "";
	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	FILE *f = fopen(path, "re");
	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	uint32_t n = 0;
	line[strcspn(line, " \n")] = '\0';
	return text_to_u32(line, &n) ? (int)n : 0;
}

static bool is_alive(int pid)
{
	struct process p;
	return process_read(pid, &p) && p.state != 'Z';
}

/* ---- slurmd ---- */

static void slurmd_start(struct cluster *c)
{
	char name[] = "slurmd", foreground[] = "-D", dash_n[] = "-N", node[] = "worker-1", dash_f[] = "-f";
	char *conf = xprintf("%s/slurm.conf", c->dir), *run = xprintf("BATCHBOX_RUN_DIR=%s/run", c->dir),
	     *argv[] = {name, foreground, dash_n, node, dash_f, conf, NULL}, *envp[] = {run, NULL};
	assert_int_equal(posix_spawn(&c->slurmd, "/proc/self/exe", NULL, NULL, argv, envp), 0);
	free(conf);
	free(run);
}

static void slurmd_kill(struct cluster *c, int signo)
{
	int status;
	kill(c->slurmd, signo);
	assert_int_equal(waitpid(c->slurmd, &status, 0), c->slurmd);
	if (signo == SIGTERM)
		assert_int_equal(status, 0);
	c->slurmd = 0;
	UNTIL(c, c->worker == NULL);
}

static void write_file(const struct cluster *c, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void write_conf(struct cluster *c)
{
	const char *d = c->dir;
	char *conf = xprintf("ClusterName=unit\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=%"
	                     "u\nSlurmUser=%u\nSlurmdUser=%u\n"
	                     "SlurmdSpoolDir=%s/spool.%%n\nSlurmdPidFile=%s/slurmd.pid\nSlurmdLogFile=%s/"
	                     "log\nSlurmdDebug=debug\n"
	                     "StateSaveLocation=%s/state\nProctrackType=proctrack/linuxproc\n"
	                     "NodeName=worker-1 NodeAddr=127.0.0.1 Port=%u CPUs=1\nPartitionName=p Nodes=ALL "
	                     "Default=YES\n",
	                     server_port(c->server), (unsigned)geteuid(), (unsigned)geteuid(), d, d, d, d,
	                     c->worker_port);
	char *own = xprintf("[auth]\nkey_file = %s/key\n", d);
	write_file(c, "slurm.conf", conf);
	write_file(c, "batchbox.conf", own);
	free(conf);
	free(own);
}

static int set_up(void **state)
{
	struct cluster *c = xcalloc(1, sizeof(*c));
	struct err err = {0};
	*state = c;
	arena_init(&c->arena);
	text_copy(c->dir, sizeof(c->dir), "/tmp/bb-slurmd-XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	char *key = xprintf("%s/key", c->dir), *run = xprintf("%s/run", c->dir);
	assert_int_equal(mkdir(run, 0700), 0);
	if (key_file_make(key, &err) != 0)
		fail_msg("%s", err_text(&err));
	c->master = key_master_read(key, NULL, 0, &err);
	assert_non_null(c->master);
	free(key);
	free(run);
	c->worker_key = key_host_derive(c->master, "unit", KEY_CLASS_WORKER, "worker-1", 0, &err);
	assert_non_null(c->worker_key);
	memset(c->instance, 5, sizeof(c->instance));
	c->epoch = 3;
	c->loop = loop_new(&err);
	const struct server_conf conf = {.role = ROLE_CONTROLLER,
	                                 .name = "localhost",
	                                 .cluster = "unit",
	                                 .master = c->master,
	                                 .version = "test",
	                                 .instance = c->instance,
	                                 .fd_reserve = 128,
	                                 .single_uid = geteuid(),
	                                 .slurm_uid = geteuid()};
	c->server = server_new(c->loop, &conf, "127.0.0.1", 0, &controller_ops, c, &err);
	if (!c->server)
		fail_msg("%s", err_text(&err));
	c->worker_port = free_port();
	write_conf(c);
	slurmd_start(c);
	UNTIL(c, c->registrations == 1);
	return 0;
}

static int tear_down(void **state)
{
	struct cluster *c = *state;
	if (c->slurmd)
		slurmd_kill(c, SIGTERM);
	if (c->srun)
		conn_close(c->srun);
	server_free(c->server);
	loop_once(c->loop, 0);
	loop_free(c->loop);
	key_master_free(c->master);
	key_host_free(c->worker_key);
	text_free(&c->out);
	arena_free(&c->arena);
	char *command = xprintf("rm -rf %s", c->dir);
	int rc = system(command);
	free(command);
	free(c);
	return rc;
}

static struct step_grant *grant(struct cluster *c, uint64_t launch)
{
	struct step_grant *g = arena_alloc(&c->arena, sizeof(*g));
	schema_init(schema_of_step_grant(), g);
	g->who = arena_alloc(&c->arena, sizeof(*g->who));
	schema_init(schema_of_identity(), g->who);
	g->who->uid = geteuid();
	g->who->gid = getegid();
	g->epoch = c->epoch;
	g->serial = 7;
	g->attempt = 1;
	g->launch = launch;
	g->job_id = 42;
	g->tasks.v = arena_alloc(&c->arena, sizeof(uint32_t));
	g->tasks.n = 1;
	g->task_count = 1;
	g->instance.v = c->instance;
	g->instance.n = 16;
	g->node = arena_strdup(&c->arena, "worker-1");
	g->work_dir = c->dir;
	g->kill_wait_s = 30;
	return g;
}

static struct step_grant *batch(struct cluster *c, uint64_t launch, const char *script)
{
	struct step_grant *g = grant(c, launch);
	g->step_id = CORE_STEP_BATCH;
	g->batch = arena_alloc(&c->arena, sizeof(*g->batch));
	schema_init(schema_of_batch_launch(), g->batch);
	g->batch->script.v = arena_memdup(&c->arena, script, strlen(script));
	g->batch->script.n = (uint32_t)strlen(script);
	g->batch->env.v = arena_alloc(&c->arena, sizeof(char *));
	g->batch->env.v[0] = arena_strdup(&c->arena, "PATH=/usr/bin:/bin");
	g->batch->env.n = 1;
	return g;
}

static void send_grant(struct cluster *c, const struct step_grant *g)
{
	conn_send(c->worker, MSG_step_grant, 0, g);
}

static void send_end(struct cluster *c, uint32_t attempt, uint32_t kill_wait_s)
{
	struct job_end end = {
	        .epoch = c->epoch, .serial = 7, .attempt = attempt, .kill_wait_s = kill_wait_s, .job_id = 42};
	conn_send(c->worker, MSG_job_end, 0, &end);
}
