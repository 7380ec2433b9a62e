/* The shepherd alone: the test plays the worker (spool, link, hand-over) and srun (the other end of the
 * session). */
#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/applet.h"
#include "applets/worker/identity.h"
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

/* ---- batch scripts ---- */

static void batch_to_a_file(void **state)
{
	struct play *p = *state;
	play_batch(p, "#!/bin/sh\necho out $1; echo err >&2; pwd; basename $0; exit 3\n");
	p->grant.batch->argv.v = arena_array(&p->arena, 1, sizeof(char *));
	p->grant.batch->argv.v[0] = arena_strdup(&p->arena, "first");
	p->grant.batch->argv.n = 1;
	play_spawn(p);
	const struct step_fate *fate = play_fate(p);
	assert_true(p->started && p->ended);
	assert_int_equal(fate->status, 3 << 8);
	assert_null(fate->failed_why);
	assert_int_equal(fate->launch, 21);
	assert_true(fate->usage->max_rss_kb > 0);
	char *expected = xprintf("out first\nerr\n%s\nslurm_script\n", p->dir);
	assert_file(p, "slurm-42.out", expected);
	free(expected);
}

static void batch_killed_by_a_signal(void **state)
{
	struct play *p = *state;
	play_batch(p, "#!/bin/sh\nkill -9 $$\n");
	play_spawn(p);
	assert_int_equal(play_fate(p)->status, SIGKILL);
}

static void batch_environment(void **state)
{
	struct play *p = *state;
	play_batch(p, "#!/bin/sh\nenv | grep -E '^(SLURM|ENVIRONMENT|TMPDIR|HOSTNAME)' | grep -v "
	              "SLURM_TASK_PID | sort\n"
	              "[ $SLURM_TASK_PID = $$ ] && echo pid\n");
	play_spawn(p);
	assert_int_equal(play_fate(p)->status, 0);
	char *expected = xprintf(
	        "ENVIRONMENT=BATCH\nHOSTNAME=worker-1\nSLURMD_NODENAME=worker-1\nSLURM_CLUSTER_NAME=lab-"
	        "cluster\n"
	        "SLURM_CONF=/etc/slurm/slurm.conf\nSLURM_CPUS_ON_NODE=2\nSLURM_GTIDS=0\nSLURM_JOBID=42\n"
	        "SLURM_JOB_CPUS_PER_NODE=2(x3)\nSLURM_JOB_GID=%u\nSLURM_JOB_ID=42\nSLURM_JOB_NAME=test\n"
	        "SLURM_JOB_NODELIST=worker-[1-3]\nSLURM_JOB_NUM_NODES=3\nSLURM_JOB_PARTITION=compute\n"
	        "SLURM_JOB_UID=%u\nSLURM_JOB_USER=tester\nSLURM_LOCALID=0\nSLURM_NNODES=3\nSLURM_NODEID=0\n"
	        "SLURM_NODELIST=worker-[1-3]\nSLURM_NODE_ALIASES=(null)\nSLURM_PROCID=0\n"
	        "SLURM_SUBMIT_DIR=/somewhere\nSLURM_TASKS_PER_NODE=1(x3)\nSLURM_TOPOLOGY_ADDR=worker-1\n"
	        "SLURM_TOPOLOGY_ADDR_PATTERN=node\nTMPDIR=/tmp\npid\n",
	        (unsigned)getegid(), (unsigned)geteuid());
	assert_file(p, "slurm-42.out", expected);
	free(expected);
}

static void batch_unwritable_output(void **state)
{
	struct play *p = *state;
	struct batch_launch *b = play_batch(p, "#!/bin/sh\ntouch mark\n");
	b->std_out = arena_strdup(&p->arena, "/nonexistent/x.out");
	play_spawn(p);
	const struct step_fate *fate = play_fate(p);
	assert_int_equal(fate->status, 53);
	assert_string_equal(fate->failed_why,
	                    "Could not open stdout file /nonexistent/x.out: No such file or directory");
	assert_false(p->started);
	assert_false(file_is_there(p));
}

static void batch_missing_directory(void **state)
{
	struct play *p = *state;
	struct batch_launch *b = play_batch(p, "#!/bin/sh\npwd\n");
	b->std_out = arena_printf(&p->arena, "%s/o", p->dir);
	p->grant.work_dir = arena_strdup(&p->arena, "/nonexistent");
	play_spawn(p);
	assert_int_equal(play_fate(p)->status, 0);
	assert_file(p, "o",
	            "slurmstepd-worker-1: error: couldn't chdir to `/nonexistent': No such file or "
	            "directory: going to /tmp instead\n/tmp\n");
}

static void batch_missing_interpreter(void **state)
{
	struct play *p = *state;
	play_batch(p, "#!/no/such/interp -x\n");
	play_spawn(p);
	assert_int_equal(play_fate(p)->status, 2 << 8);
	assert_file(p, "slurm-42.out",
	            "slurmstepd-worker-1: error: execve(): bad interpreter(/no/such/interp): No such file or "
	            "directory\n");
}

static void batch_daemonised_child(void **state)
{
	struct play *p = *state;
	struct process q;
	play_batch(p, "#!/bin/sh\nsetsid sleep 1000 >/dev/null 2>&1 &\nsleep 0.1; echo $!\n");
	play_spawn(p);
	assert_int_equal(play_fate(p)->status, 0);
	struct text bytes = TEXT_EMPTY;
	int dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(recordfile_slurp(dir, "slurm-42.out", 1000, &bytes, NULL), 0);
	close(dir);
	int pid = atoi(text_str(&bytes));
	assert_true(pid > 1);
	assert_false(process_read(pid, &q) && q.state != 'Z');
	text_free(&bytes);
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

static void end_of_one_that_ignores_term(void **state)
{
	struct play *p = *state;
	play_batch(p, "#!/bin/sh\ntrap 'echo no' TERM\ntouch mark\nwhile :; do sleep 1000 & wait; done\n");
	play_spawn(p);
	play_until(p, file_is_there);
	send_end(p, 1, "DUE TO TIME LIMIT");
	assert_int_equal(play_fate(p)->status, SIGKILL);
	struct text bytes = TEXT_EMPTY;
	int dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(recordfile_slurp(dir, "slurm-42.out", 1000, &bytes, NULL), 0);
	close(dir);
	const char *line = strstr(bytes.s, "*** JOB 42 ON worker-1 CANCELLED AT ");
	assert_ptr_equal(strstr(bytes.s, "slurmstepd-worker-1: error: *** JOB"), bytes.s);
	assert_non_null(line);
	assert_non_null(strstr(line, " DUE TO TIME LIMIT ***\n"));
	assert_non_null(strstr(line, "\nno\n"));
	text_free(&bytes);
}

static void end_before_the_start(void **state)
{
	struct play *p = *state;
	char *fifo = xprintf("%s/fifo", p->dir);
	struct batch_launch *b = play_batch(p, "#!/bin/sh\ntouch mark\n");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	b->std_out = arena_strdup(&p->arena, fifo); /* nobody reads it: opening waits */
	free(fifo);
	play_spawn(p);
	send_end(p, 5, "");
	assert_int_equal(play_fate(p)->status, SIGTERM);
	assert_false(file_is_there(p));
}

static void signal_to_the_script(void **state)
{
	struct play *p = *state;
	struct job_signal m = {.epoch = 1, .serial = 7, .attempt = 1, .signal = SIGUSR1};
	play_batch(p, "#!/bin/sh\ntrap 'exit 5' USR2\ntrap 'exit 6' USR1\ntouch mark\nwhile :; do sleep "
	              "0.05; done\n");
	play_spawn(p);
	play_until(p, file_is_there);
	assert_int_equal(link_send(p->link, LINK_SIGNAL, &m, NULL), 0); /* not for the batch script */
	m.signal = SIGUSR2;
	m.batch_only = true;
	assert_int_equal(link_send(p->link, LINK_SIGNAL, &m, NULL), 0);
	assert_int_equal(play_fate(p)->status, 5 << 8);
}

static void one_shepherd_only(void **state)
{
	struct play *p = *state;
	play_batch(p, "#!/bin/sh\necho once >>mark\nsleep 0.3\n");
	play_spawn(p);
	play_until(p, is_started);
	pid_t first = p->pid;
	int first_link = p->link;
	play_spawn(p);
	assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
	close(p->link);
	p->pid = first;
	p->link = first_link;
	assert_int_equal(play_fate(p)->status, 0);
	assert_file(p, "mark", "once\n");
}

static void files_of_a_task(void **state)
{
	struct play *p = *state;
	play_batch(p, "#!/bin/sh\nls /proc/self/fd | tr '\\n' ' '\n");
	play_spawn(p);
	assert_int_equal(play_fate(p)->status, 0);
	assert_file(p, "slurm-42.out", "0 1 2 3 "); /* 3 is ls's own */
}

static void other_user(void **state)
{
	struct play *p = *state;
	if (geteuid() != 0) {
		play_batch(p, "#!/bin/sh\ntouch mark\n");
		p->who.uid = geteuid() + 1;
		play_spawn(p);
		assert_non_null(play_fate(p)->failed_why);
		assert_false(file_is_there(p));
		return;
	}
	play_batch(p, "#!/bin/sh\nid -u; id -g; id -G; cat $1 2>/dev/null || echo no\n");
	p->who.uid = 65532;
	p->who.gid = 65531;
	p->who.groups.v = arena_array(&p->arena, 3, sizeof(gid_t));
	p->who.groups.v[0] = 65531;
	p->who.groups.v[1] = 30000;
	p->who.groups.v[2] = 30001;
	p->who.groups.n = 3;
	p->grant.batch->argv.v = arena_array(&p->arena, 1, sizeof(char *));
	p->grant.batch->argv.v[0] = arena_strdup(&p->arena, "/etc/shadow");
	p->grant.batch->argv.n = 1;
	assert_int_equal(chown(p->dir, 65532, 65531), 0);
	play_spawn(p);
	assert_int_equal(play_fate(p)->status, 0);
	assert_file(p, "slurm-42.out", "65532\n65531\n65531 30000 30001\nno\n");
	struct stat st;
	char path[128];
	snprintf(path, sizeof(path), "%s/slurm-42.out", p->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 65532);
}

/* ---- steps ---- */

static void step_play(struct play *p, uint32_t tasks)
{
	play_grant(p, tasks);
	play_spawn(p);
	play_session(p);
}

static void step_output(void **state)
{
	struct play *p = *state;
	step_play(p, 3);
	play_shell(p, "echo out $SLURM_PROCID $SLURM_LOCALID $SLURM_GTIDS $SLURM_STEP_ID; echo err >&2; exit "
	              "$SLURM_PROCID");
	play_until(p, is_closed);
	assert_false(p->cut);
	assert_true(p->running && p->done && p->started);
	for (int i = 0; i < 3; i++) {
		char expected[64];
		snprintf(expected, sizeof(expected), "out %d %d 0,1,2 0\n", i, i);
		assert_string_equal(text_str(&p->out[i][0]), expected);
		assert_string_equal(text_str(&p->out[i][1]), "err\n");
		assert_true(p->exited[i]);
		assert_int_equal(p->status[i], i << 8);
	}
	const struct step_fate *fate = play_fate(p);
	assert_int_equal(fate->status, 2 << 8);
	assert_int_equal(fate->tasks.n, 3);
	assert_int_equal(p->ends, 6);
}

static void step_cannot_exec(void **state, const char *program, int status, const char *said)
{
	struct play *p = *state;
	const char *const argv[] = {program, NULL};
	step_play(p, 1);
	play_launch(p, argv);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][1]), said);
	assert_int_equal(p->status[0], status << 8);
	assert_int_equal(play_fate(p)->status, status << 8);
}
static void step_missing_program(void **state)
{
	step_cannot_exec(state, "nosuchcmd", 2,
	                 "slurmstepd-worker-1: error: execve(): nosuchcmd: No such file or directory\n");
}
static void step_not_executable(void **state)
{
	step_cannot_exec(state, "/etc/passwd", 13,
	                 "slurmstepd-worker-1: error: execve(): /etc/passwd: Permission denied\n");
}

static void step_input(void **state)
{
	struct play *p = *state;
	struct step_input m;
	static uint8_t block[100000];
	memset(block, 'x', sizeof(block));
	step_play(p, 2);
	play_shell(p, "if [ $SLURM_PROCID = 0 ]; then cat | wc -c; else head -c 3; fi");
	for (int i = 0; i < 30; i++) {
		schema_init(schema_of_step_input(), &m);
		m.data.v = block;
		m.data.n = sizeof(block);
		m.eof = i == 29;
		conn_send(p->conn, MSG_step_input, 0, &m);
	}
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "3000000\n");
	assert_string_equal(text_str(&p->out[1][0]), "xxx");
	assert_int_equal(p->credit, 3000000);
}

/* More than all buffers and windows together, through a task that reads and writes. */
static void step_echo(void **state)
{
	struct play *p = *state;
	struct step_input m;
	static uint8_t block[60000];
	memset(block, 'y', sizeof(block));
	const char *const argv[] = {"cat", NULL};
	step_play(p, 1);
	play_launch(p, argv);
	uint64_t sent = 0;
	int64_t until = loop_clock() + LIMIT_US;
	while (sent < 6000000 && loop_clock() < until) {
		if (sent - p->credit > 1000000) {
			loop_once(p->loop, 5);
			continue;
		}
		schema_init(schema_of_step_input(), &m);
		m.data.v = block;
		m.data.n = sizeof(block);
		conn_send(p->conn, MSG_step_input, 0, &m);
		sent += sizeof(block);
	}
	schema_init(schema_of_step_input(), &m);
	m.eof = true;
	conn_send(p->conn, MSG_step_input, 0, &m);
	play_until(p, is_closed);
	assert_int_equal(p->bytes, 6000000);
}

static void step_much_output(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "head -c 50000000 /dev/zero; echo end >&2");
	play_until(p, is_closed);
	assert_int_equal(p->bytes, 50000004);
	assert_string_equal(text_str(&p->out[0][1]), "");
	assert_int_equal(p->status[0], 0);
}

/* Nothing is read from tasks beyond the window while srun gives no credit. */
static void step_window(void **state)
{
	struct play *p = *state;
	p->no_credit = true;
	step_play(p, 1);
	play_shell(p, "head -c 3000000 /dev/zero; touch mark");
	int64_t until = loop_clock() + LIMIT_US;
	while (p->bytes < (1u << 20) && loop_clock() < until)
		loop_once(p->loop, 5);
	for (int i = 0; i < 40; i++)
		loop_once(p->loop, 5);
	assert_int_equal(p->bytes, 1u << 20);
	assert_false(file_is_there(p));
	assert_false(p->exited[0]);
	p->no_credit = false;
	struct step_credit all = {.bytes = 1u << 20};
	conn_send(p->conn, MSG_step_credit, 0, &all);
	play_until(p, is_closed);
	assert_int_equal(p->bytes, 3000000);
}

/* As with the real srun: a background process that holds the output keeps the step. */
static void step_background_output(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "(sleep 0.5; echo late) & echo early; exit 4");
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "early\nlate\n");
	assert_int_equal(p->status[0], 4 << 8);
}

static void step_files(void **state)
{
	struct play *p = *state;
	const char *const argv[] = {"sh", "-c", "echo $SLURM_PROCID; echo e$SLURM_PROCID >&2; cat", NULL};
	struct step_launch m;
	char out[] = "o-%j-%t";
	step_play(p, 2);
	step_launch_init(p, &m, argv);
	m.std_out = out;
	m.stdin_task = 1;
	conn_send(p->conn, MSG_step_launch, 0, &m);
	struct step_input input;
	schema_init(schema_of_step_input(), &input);
	input.data.v = (uint8_t *)(uintptr_t) "typed\n";
	input.data.n = 6;
	input.eof = true;
	conn_send(p->conn, MSG_step_input, 0, &input);
	play_until(p, is_closed);
	assert_file(p, "o-42-0", "0\ne0\n");
	assert_file(p, "o-42-1", "1\ne1\ntyped\n");
}

static void step_bad_file(void **state)
{
	struct play *p = *state;
	const char *const argv[] = {"true", NULL};
	struct step_launch m;
	char out[] = "/nonexistent/%t";
	step_play(p, 1);
	step_launch_init(p, &m, argv);
	m.std_out = out;
	conn_send(p->conn, MSG_step_launch, 0, &m);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->messages), "slurmstepd-worker-1: error: Could not open stdout file "
	                                            "/nonexistent/0: No such file or directory\n");
	assert_string_equal(p->failed_why,
	                    "Could not open stdout file /nonexistent/0: No such file or directory");
	assert_int_equal(play_fate(p)->status, 53);
}

static void step_signal(void **state)
{
	struct play *p = *state;
	struct step_signal m = {.signal = SIGUSR1};
	step_play(p, 2);
	play_shell(p, "trap 'echo got; exit 9' USR1; echo ready; while :; do sleep 0.05; done");
	play_until(p, first_said);
	while (p->out[1][0].len == 0)
		loop_once(p->loop, 5);
	conn_send(p->conn, MSG_step_signal, 0, &m);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[1][0]), "ready\ngot\n");
	assert_int_equal(p->status[0], 9 << 8);
}

static void step_end_by_order(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "echo ready; exec sleep 1000");
	play_until(p, first_said);
	send_end(p, 30, "");
	play_until(p, is_closed);
	assert_ptr_equal(strstr(text_str(&p->messages),
	                        "slurmstepd-worker-1: error: *** STEP 42.0 ON worker-1 CANCELLED AT "),
	                 text_str(&p->messages));
	assert_int_equal(p->status[0], SIGTERM);
	assert_int_equal(play_fate(p)->status, SIGTERM);
}

/* srun that closes its session without a word may come back; one that says goodbye may not. */
static void step_srun_leaves(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "echo ready; exec sleep 1000");
	play_until(p, first_said);
	conn_finish(p->conn);
	assert_int_equal(play_fate(p)->status, SIGTERM);
}

static void step_srun_comes_back(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "echo ready; while [ ! -e mark ]; do sleep 0.05; done; echo more; exit 2");
	play_until(p, first_said);
	conn_close(p->conn);
	p->running = false;
	play_session(p);
	play_until(p, is_running);
	char path[128];
	snprintf(path, sizeof(path), "%s/mark", p->dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "ready\nmore\n");
	assert_int_equal(p->status[0], 2 << 8);
}

/* The worker's end of the link closes; another worker connects through the spool and hands a session over. */
static void worker_restarts(void **state)
{
	struct play *p = *state;
	play_grant(p, 1);
	play_spawn(p);
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/spool/launch/21/socket", p->dir);
	int64_t until = loop_clock() + LIMIT_US;
	while (access(to.sun_path, F_OK) != 0 && loop_clock() < until)
		loop_once(p->loop, 2);
	close(p->link);
	p->link = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	while (connect(p->link, (struct sockaddr *)&to, sizeof(to)) != 0 && loop_clock() < until)
		loop_once(p->loop, 2);
	play_session(p);
	play_shell(p, "echo hello");
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "hello\n");
	assert_int_equal(play_fate(p)->status, 0);
}

/* What the worker's server never hands over, but a broken worker might. */
static void wrong_hand_over(void **state)
{
	struct play *p = *state;
	play_grant(p, 1);
	play_spawn(p);
	p->wrong_launch = true;
	play_session(p);
	play_until(p, is_closed);
	assert_true(p->cut);
	p->wrong_launch = false;
	play_session(p);
	play_shell(p, "echo well");
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "well\n");
}

static void session_without_the_right(void **state)
{
	struct play *p = *state;
	play_grant(p, 1);
	play_spawn(p);
	play_dial(p, STEP_RIGHT_STAT);
	play_shell(p, "touch mark");
	int64_t until = loop_clock() + LIMIT_US;
	while (p->messages.len == 0 && loop_clock() < until)
		loop_once(p->loop, 5);
	assert_ptr_equal(strstr(text_str(&p->messages), "error "), text_str(&p->messages));
	assert_false(file_is_there(p));
}

/* ---- identity ---- */

static int fails(size_t n, const gid_t *g)
{
	(void)n;
	(void)g;
	errno = EPERM;
	return -1;
}
static int fails_ids(unsigned a, unsigned b, unsigned c)
{
	(void)a;
	(void)b;
	(void)c;
	errno = EPERM;
	return -1;
}
static int lies(size_t n, const gid_t *g)
{
	(void)n;
	(void)g;
	return 0;
}
static int lies_ids(unsigned a, unsigned b, unsigned c)
{
	(void)a;
	(void)b;
	(void)c;
	return 0;
}

static int become_in_child(const struct identity *who, const struct identity_calls *calls)
{
	pid_t pid = fork();
	if (pid == 0) {
		identity_calls = *calls;
		_exit(identity_become(who, NULL) == 0 ? 0 : 1);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	return status;
}

static void identity_failures(void **state)
{
	gid_t groups[] = {65531, 30000};
	struct identity who = {.uid = 65532, .gid = 65531, .groups = {groups, 2}};
	const struct identity_calls good = identity_calls;
	struct identity_calls bad[6];
	(void)state;
	if (geteuid() != 0) {
		assert_int_not_equal(become_in_child(&who, &good), 0);
		who.uid = geteuid();
		who.gid = getegid();
		assert_int_equal(become_in_child(&who, &good), 0);
		return;
	}
	for (int i = 0; i < 6; i++)
		bad[i] = good;
	bad[0].setgroups = fails;
	bad[1].setresgid = fails_ids;
	bad[2].setresuid = fails_ids;
	bad[3].setgroups = lies;
	bad[4].setresgid = lies_ids;
	bad[5].setresuid = lies_ids;
	assert_int_equal(become_in_child(&who, &good), 0);
	for (int i = 0; i < 6; i++)
		assert_int_not_equal(become_in_child(&who, &bad[i]), 0);
	who.uid = (uint32_t)-1;
	assert_int_not_equal(become_in_child(&who, &good), 0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[0], "shepherd") == 0)
		return shepherd_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	struct err err = {0};
	log_init("test", LOG_LEVEL_ERROR);
	if (key_init(&err) != 0)
		return 1;
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(batch_to_a_file),
	        T(batch_killed_by_a_signal),
	        T(batch_environment),
	        T(batch_unwritable_output),
	        T(batch_missing_directory),
	        T(batch_missing_interpreter),
	        T(batch_daemonised_child),
	        T(end_of_one_that_ignores_term),
	        T(end_before_the_start),
	        T(signal_to_the_script),
	        T(one_shepherd_only),
	        T(files_of_a_task),
	        T(other_user),
	        T(step_output),
	        T(step_missing_program),
	        T(step_not_executable),
	        T(step_input),
	        T(step_echo),
	        T(step_much_output),
	        T(step_window),
	        T(step_background_output),
	        T(step_files),
	        T(step_bad_file),
	        T(step_signal),
	        T(step_end_by_order),
	        T(step_srun_leaves),
	        T(step_srun_comes_back),
	        T(worker_restarts),
	        T(wrong_hand_over),
	        T(session_without_the_right),
	        cmocka_unit_test(identity_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
