/* A test plays the worker (spool, link, hand-over) and srun (the other end of the session) for one shepherd.
 * For the tests that include it; its functions are theirs. The program itself is the shepherd, too:
 * play_main(). */
#pragma once
#pragma GCC diagnostic ignored "-Wunused-function"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/applet.h"
#include "applets/worker/link.h"
#include "applets/worker/processes.h"
#include "applets/worker/recordfile.h"
#include "applets/worker/spool.h"
#include "core/util/log.h"
#include "proto/conn.h"
#include "proto/handover.h"
#include "proto/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_US 60000000
#define TASKS    4

struct play {
	char dir[64];
	struct spool spool;
	struct arena arena;
	struct step_grant grant;
	struct identity who;
	pid_t pid;
	int link;
	struct loop *loop;
	struct key_host *key;
	struct server *server;
	bool wrong_launch;
	bool gathers; /* what tasks use is sampled, every so many seconds */
	uint32_t interval_s;
	struct conn *conn;
	struct text out[TASKS][2];
	struct text messages;
	int status[TASKS];
	bool exited[TASKS], running, done, closed, cut, started, ended, link_gone, no_credit;
	char *failed_why;
	uint32_t pids[TASKS];
	uint64_t credit, bytes;
	unsigned ends; /* streams whose end was told */
};

/* ---- the worker's side ---- */

static void play_grant(struct play *p, uint32_t tasks)
{
	struct step_grant *g = &p->grant;
	schema_init(schema_of_step_grant(), g);
	schema_init(schema_of_identity(), &p->who);
	p->who.uid = geteuid();
	p->who.gid = getegid();
	p->who.user_name = arena_strdup(&p->arena, "tester");
	int n = getgroups(0, NULL);
	p->who.groups.v = arena_array(&p->arena, (size_t)n + 1, sizeof(gid_t));
	p->who.groups.n = (uint32_t)getgroups(n, p->who.groups.v);
	g->epoch = 1;
	g->serial = 7;
	g->attempt = 1;
	g->step_id = 0;
	g->launch = 21;
	g->job_id = 42;
	g->who = &p->who;
	g->tasks.v = arena_array(&p->arena, TASKS, sizeof(uint32_t));
	g->tasks.n = tasks;
	for (uint32_t i = 0; i < tasks; i++)
		g->tasks.v[i] = i;
	g->task_count = tasks;
	g->cpus_on_node = 2;
	g->job_nodes = arena_strdup(&p->arena, "worker-[1-3]");
	g->step_nodes = arena_strdup(&p->arena, "worker-[1-3]");
	g->job_name = arena_strdup(&p->arena, "test");
	g->partition = arena_strdup(&p->arena, "compute");
	g->node = arena_strdup(&p->arena, "worker-1");
	g->cluster_name = arena_strdup(&p->arena, "lab-cluster");
	g->instance.v = arena_alloc(&p->arena, 16);
	g->instance.n = 16;
	g->kill_wait_s = 30;
	g->work_dir = p->dir;
}

static struct batch_launch *play_batch(struct play *p, const char *script)
{
	struct batch_launch *b = arena_alloc(&p->arena, sizeof(*b));
	play_grant(p, 1);
	schema_init(schema_of_batch_launch(), b);
	b->script.v = arena_memdup(&p->arena, script, strlen(script));
	b->script.n = (uint32_t)strlen(script);
	b->env.v = arena_array(&p->arena, 2, sizeof(char *));
	b->env.v[0] = arena_strdup(&p->arena, "PATH=/usr/bin:/bin");
	b->env.v[1] = arena_strdup(&p->arena, "SLURM_SUBMIT_DIR=/somewhere");
	b->env.n = 2;
	p->grant.batch = b;
	p->grant.step_id = CORE_STEP_BATCH;
	return b;
}

static void play_spawn(struct play *p)
{
	struct err err = {0};
	struct launch_record record;
	int ends[2];
	schema_init(schema_of_launch_record(), &record);
	record.grant = &p->grant;
	char conf[] = "/etc/slurm/slurm.conf";
	record.conf_path = conf;
	record.acct_gathers = p->gathers;
	record.acct_interval_s = p->interval_s;
	if (spool_record(&p->spool, &record, &err) != 0)
		fail_msg("%s", err_text(&err));
	free(record.script_path);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	char name[] = "shepherd", *path = spool_launch_path(&p->spool, p->grant.launch),
	     *argv[] = {name, path, NULL}, *envp[] = {NULL};
	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, ends[1], LINK_SHEPHERD_FD);
	assert_int_equal(posix_spawn(&p->pid, "/proc/self/exe", &files, NULL, argv, envp), 0);
	posix_spawn_file_actions_destroy(&files);
	free(path);
	close(ends[1]);
	p->link = ends[0];
}

static void play_link(struct play *p)
{
	static uint8_t buf[LINK_PACKET_MAX];
	uint32_t type;
	void *record;
	int rc;
	while ((rc = link_receive(p->link, buf, &p->arena, &type, &record, NULL)) == 1) {
		p->started |= type == LINK_STARTED;
		p->ended |= type == LINK_ENDED;
	}
	p->link_gone |= rc < 0;
}

/* ---- srun's side ---- */

static void got(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct play *p = ctx;
	struct arena arena;
	const struct schema *schema = message_schema(type);
	(void)id;
	arena_init(&arena);
	void *record = arena_alloc(&arena, schema->size);
	assert_int_equal(schema_decode(schema, record, body, n, &arena, NULL), 0);
	const struct step_output *output = record;
	const struct step_task_exit *exits = record;
	const struct step_done *done = record;
	const struct step_running *running = record;
	const struct step_message *said = record;
	const struct step_credit *credit = record;
	const struct msg_error *error = record;
	switch (type) {
	case MSG_step_output:
		if (p->bytes < 1000000)
			text_add_n(&p->out[output->task][output->fd - 1], (const char *)output->data.v,
			           output->data.n);
		p->bytes += output->data.n;
		p->ends += output->eof;
		if (!p->no_credit && output->data.n) {
			struct step_credit taken = {.bytes = output->data.n};
			conn_send(conn, MSG_step_credit, 0, &taken);
		}
		break;
	case MSG_step_task_exit:
		for (uint32_t i = 0; i < exits->tasks.n; i++) {
			p->status[exits->tasks.v[i].task] = (int)exits->tasks.v[i].status;
			p->exited[exits->tasks.v[i].task] = true;
		}
		break;
	case MSG_step_done:
		p->done = true;
		p->failed_why = arena_strdup(&p->arena, done->fate->failed_why);
		break;
	case MSG_step_running:
		p->running = true;
		for (uint32_t i = 0; i < running->pids.n; i++)
			p->pids[i] = running->pids.v[i];
		break;
	case MSG_step_message:
		text_printf(&p->messages, "%s\n", said->text);
		break;
	case MSG_step_credit:
		p->credit += credit->bytes;
		break;
	case MSG_msg_error:
		text_printf(&p->messages, "error %s\n", error->text);
		break;
	default:
		break;
	}
	arena_free(&arena);
}

static void gone(void *ctx, struct conn *conn, const struct err *err)
{
	struct play *p = ctx;
	(void)conn;
	p->conn = NULL;
	p->closed = true;
	p->cut = err != NULL;
}

static const struct conn_ops srun_ops = {.message = got, .closed = gone};

/* The worker's server has verified a session: it goes to the shepherd. */
static void step_opened(void *ctx, int fd, const struct session_peer *peer, const struct session_keys *keys)
{
	struct play *p = ctx;
	struct link_session follows = {.version = LINK_VERSION};
	struct session_peer told = *peer;
	struct err err = {0};
	if (p->wrong_launch)
		told.step.launch++;
	assert_int_equal(link_send(p->link, LINK_SESSION, &follows, &err), 0);
	if (handover_send(p->link, fd, &told, keys, &err) != 0)
		fail_msg("%s", err_text(&err));
	close(fd);
}

static bool step_known(void *ctx, const struct session_peer *peer)
{
	(void)ctx;
	(void)peer;
	return true;
}

static const struct server_ops worker_server = {.step_known = step_known, .step_opened = step_opened};

static void play_serve(struct play *p)
{
	struct err err = {0};
	uint8_t secret[KEY_FILE_MIN] = {1, 2, 3};
	struct key_master *master = key_master_from_bytes(secret, sizeof(secret), &err);
	p->key = key_host_derive(master, "lab-cluster", KEY_CLASS_WORKER, "worker-1", 0, &err);
	key_master_free(master);
	const struct server_conf conf = {.role = ROLE_WORKER,
	                                 .name = "worker-1",
	                                 .cluster = "lab-cluster",
	                                 .own = p->key,
	                                 .version = "test",
	                                 .fd_reserve = 128,
	                                 .single_uid = CORE_NO_VAL};
	p->server = server_new(p->loop, &conf, "127.0.0.1", 0, &worker_server, p, &err);
	if (!p->server)
		fail_msg("%s", err_text(&err));
}

static void play_dial(struct play *p, uint32_t rights)
{
	struct session_audience worker = {.role = ROLE_WORKER, .name = "worker-1", .cluster = "lab-cluster"};
	struct key_step_of of = {.serial = p->grant.serial,
	                         .step_id = p->grant.step_id,
	                         .launch = p->grant.launch,
	                         .uid = p->who.uid,
	                         .rights = rights};
	uint8_t key[KEY_SIZE];
	key_step_derive(p->key, &of, key);
	const struct conn_credential credential = {.step_key = key, .step = &of};
	p->closed = p->cut = false;
	p->conn = conn_dial(p->loop, "127.0.0.1", server_port(p->server), &worker, &credential, LIMIT_US,
	                    &srun_ops, p, NULL);
	assert_non_null(p->conn);
}

static void play_session(struct play *p)
{
	play_dial(p, STEP_RIGHT_IO | STEP_RIGHT_SIGNAL);
}

static void step_launch_init(struct play *p, struct step_launch *m, const char *const *argv)
{
	static char *env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin",
	                      (char *)(uintptr_t) "SLURM_UMASK=0022"};
	schema_init(schema_of_step_launch(), m);
	while (argv[m->argv.n])
		m->argv.n++;
	m->argv.v = (char **)(uintptr_t)argv;
	m->env.v = env;
	m->env.n = 2;
	m->work_dir = p->dir;
}

static void play_launch(struct play *p, const char *const *argv)
{
	struct step_launch m;
	step_launch_init(p, &m, argv);
	conn_send(p->conn, MSG_step_launch, 0, &m);
}

static void play_shell(struct play *p, const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	play_launch(p, argv);
}

static void play_until(struct play *p, bool (*over)(struct play *p))
{
	int64_t until = loop_clock() + LIMIT_US;
	while (!over(p)) {
		play_link(p);
		if (loop_clock() > until)
			fail_msg("nothing happened for %d s", LIMIT_US / 1000000);
		loop_once(p->loop, 5);
	}
}

static bool is_running(struct play *p)
{
	return p->running;
}
static bool is_started(struct play *p)
{
	return p->started;
}
static bool is_closed(struct play *p)
{
	return p->closed;
}
static bool has_left(struct play *p)
{
	return p->link_gone;
}
static bool first_said(struct play *p)
{
	return p->out[0][0].len > 0;
}
static bool file_is_there(struct play *p)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/mark", p->dir);
	return access(path, F_OK) == 0;
}

/* Waits for the shepherd's end; its fate. */
static struct step_fate *play_fate(struct play *p)
{
	struct step_fate *fate = arena_alloc(&p->arena, sizeof(*fate)), read;
	struct err err = {0};
	play_until(p, has_left);
	assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
	p->pid = 0;
	if (spool_read_fate(&p->spool, p->grant.launch, &read, &err) != 0)
		fail_msg("%s", err_text(&err));
	schema_copy(schema_of_step_fate(), fate, &read, &p->arena);
	schema_free(schema_of_step_fate(), &read);
	return fate;
}

static void send_end(struct play *p, uint32_t kill_wait_s, const char *text)
{
	struct job_end end = {.epoch = 1,
	                      .serial = 7,
	                      .attempt = 1,
	                      .kill_wait_s = kill_wait_s,
	                      .text = (char *)(uintptr_t)text,
	                      .job_id = 42};
	assert_int_equal(link_send(p->link, LINK_END, &end, NULL), 0);
}

static void assert_file(struct play *p, const char *name, const char *content)
{
	struct text bytes = TEXT_EMPTY;
	int dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(recordfile_slurp(dir, name, 1000000, &bytes, NULL), 0);
	assert_string_equal(text_str(&bytes), content);
	text_free(&bytes);
	close(dir);
}

static int set_up(void **state)
{
	struct play *p = xcalloc(1, sizeof(*p));
	struct err err = {0};
	arena_init(&p->arena);
	text_copy(p->dir, sizeof(p->dir), "/tmp/bb-shepherd-XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	char *spool = xprintf("%s/spool", p->dir);
	int rc = spool_open(&p->spool, spool, geteuid(), &err);
	free(spool);
	p->loop = loop_new(&err);
	p->link = -1;
	play_serve(p);
	*state = p;
	return rc == 0 && p->loop ? 0 : -1;
}

static int tear_down(void **state)
{
	struct play *p = *state;
	char *command = xprintf("rm -rf %s", p->dir);
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	if (p->conn)
		conn_close(p->conn);
	server_free(p->server);
	key_host_free(p->key);
	loop_once(p->loop, 0);
	if (p->link >= 0)
		close(p->link);
	loop_free(p->loop);
	spool_close(&p->spool);
	for (int i = 0; i < TASKS; i++)
		for (int k = 0; k < 2; k++)
			text_free(&p->out[i][k]);
	text_free(&p->messages);
	arena_free(&p->arena);
	int rc = system(command);
	free(command);
	free(p);
	return rc;
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int play_main(int argc, char **argv, int (*tests)(void))
{
	struct err err = {0};
	if (argc > 1 && strcmp(argv[0], "shepherd") == 0)
		return shepherd_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	log_init("test", LOG_LEVEL_ERROR);
	return key_init(&err) == 0 ? tests() : 1;
}
