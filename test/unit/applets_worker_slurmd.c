/* A whole slurmd with its shepherds, as a process; the test plays the controller and srun. When started as
 * root it goes on as an ordinary user: a single-user cluster, which needs nothing of this host. */
#include "test/unit/applets_worker_slurmd_fixture.h"

#include <sodium.h>

/* ---- tests ---- */

static void registration(void **state)
{
	struct cluster *c = *state;
	const struct worker_register *r = &c->registered;
	assert_string_equal(r->node, "worker-1");
	assert_string_equal(r->version, "22.05.8");
	assert_true(r->hardware->cpus > 0 && r->hardware->real_memory > 0);
	assert_ptr_equal(strstr(r->hardware->os, "Linux "), r->hardware->os);
	assert_int_equal(r->conf_hash.n, 32);
	assert_int_equal(r->port, c->worker_port);
	assert_true(r->boot_time > 0 && r->slurmd_start_time > 0 && r->boot_id[0]);
	assert_int_equal(r->running.n, 0);
	UNTIL(c, c->heartbeats >= 2);
	/* The connection is lost: it comes back by itself, as the same life. */
	uint64_t life = r->life_id;
	conn_close(c->worker);
	UNTIL(c, c->registrations == 2);
	assert_int_equal(c->registered.life_id, life);
	assert_int_equal(c->registered.epoch_seen, 3);
	assert_memory_equal(c->registered.instance_seen.v, c->instance, 16);
}

static void batch_job(void **state)
{
	struct cluster *c = *state;
	send_grant(c, batch(c, 1, "#!/bin/sh\necho hello; echo $0 >&2; exit 3\n"));
	UNTIL(c, c->fates == 1);
	assert_int_equal(c->started, 1);
	assert_int_equal(c->fate.status, 3 << 8);
	send_end(c, 1, 30);
	UNTIL(c, c->gone == 1);
	assert_false(is_there(c, "spool.worker-1/launch/1"));
	assert_false(is_there(c, "spool.worker-1/job00042"));
	assert_true(is_there(c, "slurm-42.out"));
	/* Once more: it is long gone. */
	send_end(c, 1, 30);
	UNTIL(c, c->gone == 2);
}

/* The registration said that it runs; it is over before the controller has answered. */
static void ends_while_registering(void **state)
{
	struct cluster *c = *state;
	send_grant(c, batch(c, 1, "#!/bin/sh\nuntil [ -e go ]; do sleep 0.01; done\nexit 3\n"));
	UNTIL(c, c->started == 1);
	c->hold_registered = true;
	conn_close(c->worker);
	UNTIL(c, c->registrations == 2);
	assert_int_equal(c->registered.running.n, 1);
	char path[256];
	snprintf(path, sizeof(path), "%s/go", c->dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	UNTIL(c, is_there(c, "spool.worker-1/launch/1/fate"));
	for (int i = 0; i < 20; i++)
		loop_once(c->loop, 10);
	assert_int_equal(c->fates, 0);
	send_registered(c);
	UNTIL(c, c->fates == 1);
	assert_int_equal(c->fate.status, 3 << 8);
}

static void unknown_job(void **state)
{
	struct cluster *c = *state;
	send_end(c, 9, 30);
	UNTIL(c, c->gone == 1);
	assert_int_equal(c->gone_serial, 7);
}

static void granted_twice(void **state)
{
	struct cluster *c = *state;
	const struct step_grant *g = batch(c, 1, "#!/bin/sh\necho x >>ran; sleep 0.3\n");
	c->hold_acks = true;
	send_grant(c, g);
	UNTIL(c, c->started == 1);
	send_grant(c, g);
	UNTIL(c, c->started == 2 || c->fates > 0);
	UNTIL(c, c->fates == 1);
	send_grant(c, g); /* answered with the fate */
	UNTIL(c, c->fates == 2);
	slurmd_kill(c, SIGKILL);
	slurmd_start(c);
	UNTIL(c, c->registrations == 2);
	assert_int_equal(c->registered.fates.n, 1);
	c->hold_acks = false;
	ack(c, 1);
	send_end(c, 1, 0);
	UNTIL(c, c->gone == 1);
	slurmd_kill(c, SIGTERM);
	slurmd_start(c);
	UNTIL(c, c->registrations == 3);
	send_grant(c, g); /* acknowledged long ago: ignored */
	send_end(c, 1, 0);
	UNTIL(c, c->gone == 2);
	struct stat st;
	char path[256];
	snprintf(path, sizeof(path), "%s/ran", c->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 2);
}

static void refuse_one(struct cluster *c, const struct step_grant *g, const char *why)
{
	unsigned before = c->refused;
	send_grant(c, g);
	UNTIL(c, c->refused == before + 1);
	if (!strstr(c->why, why))
		fail_msg("%s does not say: %s", c->why, why);
	assert_false(is_there(c, "ran"));
}

static void refused_grants(void **state)
{
	struct cluster *c = *state;
	struct step_grant *g = batch(c, 1, "#!/bin/sh\ntouch ran\n");
	uint8_t other[16] = {1};
	char node[] = "worker-2";
	g->who->uid++;
	refuse_one(c, g, "start slurmd as root");
	g->who->uid = 0;
	refuse_one(c, g, "start slurmd as root");
	g->who->uid = geteuid();
	g->node = node;
	refuse_one(c, g, "this is worker-1");
	g->node = arena_strdup(&c->arena, "worker-1");
	g->instance.v = other;
	refuse_one(c, g, "another cluster instance");
	g->instance.v = c->instance;
	/* An older attempt than one that was ended here. */
	send_end(c, 2, 0);
	refuse_one(c, g, "is over here");
	/* An older epoch: no answer at all. */
	g->serial = 8;
	g->epoch = 2;
	send_grant(c, g);
	unsigned gone = c->gone;
	send_end(c, 2, 0);
	UNTIL(c, c->gone > gone);
	assert_int_equal(c->fates, 0);
	g->epoch = 3;
	send_grant(c, g);
	UNTIL(c, c->fates == 1);
	assert_true(is_there(c, "ran"));
}

static void srun_step(void **state)
{
	struct cluster *c = *state;
	struct key_step_of of = step_of(c, 1);
	/* srun is quicker than the grant. */
	srun_dial(c, &of, &of);
	srun_shell(c, "echo hello from $SLURM_JOB_ID.$SLURM_STEP_ID on $SLURMD_NODENAME");
	for (int i = 0; i < 10; i++)
		loop_once(c->loop, 10);
	send_grant(c, grant(c, 1));
	UNTIL(c, c->srun_closed);
	assert_int_equal(c->srun_err.code, 0);
	assert_true(c->srun_done);
	assert_string_equal(c->out.s, "hello from 42.0 on worker-1\n");
	UNTIL(c, c->fates == 1);
	assert_int_equal(c->fate.status, 0);
	/* After the end: the key is worth nothing. */
	send_end(c, 1, 0);
	UNTIL(c, c->gone == 1);
	srun_dial(c, &of, &of);
	UNTIL(c, c->srun_closed);
	assert_int_not_equal(c->srun_err.code, 0);
}

/* sstat: the one thing that somebody may dial a script for. */
static void a_script_is_asked_about(void **state)
{
	struct cluster *c = *state;
	const struct step_stat_query query = {0};
	const struct step_grant *g = batch(c, 1, "#!/bin/sh\nuntil [ -e go ]; do sleep 0.01; done\n");
	struct key_step_of of = step_of(c, 1);
	of.step_id = g->step_id;
	of.rights = STEP_RIGHT_STAT;
	send_grant(c, g);
	srun_dial(c, &of, &of); /* it waits for the script to run */
	conn_send(c->srun, MSG_step_stat_query, 1, &query);
	UNTIL(c, c->srun_stat);
	write_file(c, "go", "");
	UNTIL(c, c->fates == 1);
	assert_int_equal(c->started, 1);
}

static void step_keys(void **state)
{
	struct cluster *c = *state;
	send_grant(c, grant(c, 1));
	struct key_step_of right = step_of(c, 1), bad[6];
	for (int i = 0; i < 6; i++)
		bad[i] = right;
	bad[0].launch = 2;
	bad[1].serial = 8;
	bad[2].rights |= STEP_RIGHT_BCAST;
	bad[3].uid++;
	bad[4].step_id++;
	bad[5].instance[0]++;
	for (int i = 0; i < 6; i++) {
		srun_dial(c, &right, &bad[i]); /* a true key, raised */
		UNTIL(c, c->srun_closed);
		assert_int_not_equal(c->srun_err.code, 0);
	}
	assert_int_equal(c->started, 0);
	srun_dial(c, &right, &right);
	srun_shell(c, "exit 0");
	UNTIL(c, c->srun_closed);
	assert_true(c->srun_done);
}

/* ---- old step keys ---- */

/* srun's with keys of their own, all at once: a worker gives a grant that it doesn't know yet 10 s to come.
 */
#define OLD_KEYS 3

struct old_key {
	bool opened, closed;
	struct err err;
};

static void old_opened(void *ctx, struct conn *conn)
{
	struct old_key *k = ctx;
	(void)conn;
	k->opened = true;
}

static void old_said(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	(void)ctx;
	(void)conn;
	(void)id;
	(void)body;
	(void)n;
	fail_msg("an old key was answered with %s", message_name(type));
}

static void old_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct old_key *k = ctx;
	(void)conn;
	k->closed = true;
	if (err)
		k->err = *err;
}

static const struct conn_ops old_ops = {.opened = old_opened, .message = old_said, .closed = old_closed};

/* Each of these steps, with the key that the controller once gave for it: refused by the worker itself. */
static void old_keys_are_refused(struct cluster *c, const struct key_step_of *of, size_t n)
{
	struct old_key keys[OLD_KEYS] = {0};
	const struct session_audience worker = {.role = ROLE_WORKER, .name = "worker-1", .cluster = "unit"};
	assert_in_range(n, 1, OLD_KEYS);
	for (size_t i = 0; i < n; i++) {
		uint8_t key[KEY_SIZE];
		key_step_derive(c->worker_key, &of[i], key);
		const struct conn_credential credential = {.step_key = key, .step = &of[i]};
		assert_non_null(conn_dial(c->loop, "127.0.0.1", c->worker_port, &worker, &credential,
		                          2 * (int64_t)LIMIT_US, &old_ops, &keys[i], NULL));
	}
	for (size_t i = 0; i < n; i++) {
		UNTIL(c, keys[i].closed);
		assert_false(keys[i].opened);
		if (!strstr(keys[i].err.text, "refused"))
			fail_msg("launch %d: \"%s\" is no refusal", (int)of[i].launch, keys[i].err.text);
	}
}

static void serve(struct cluster *c, const struct key_step_of *of, const char *script)
{
	text_free(&c->out);
	srun_dial(c, of, of);
	srun_shell(c, script);
}

/* A requeue, the job's end, other lives of worker and controller: what was given out for an earlier launch
 * opens nothing any more, while the launch in force goes on. */
static void old_step_keys(void **state)
{
	struct cluster *c = *state;
	struct key_step_of requeued = step_of(c, 1), now = step_of(c, 2), unclaimed = step_of(c, 3);
	struct step_grant *g = grant(c, 1);
	/* The first attempt of job 7, which is requeued; the second one runs. */
	send_grant(c, g);
	serve(c, &requeued, "exit 0");
	UNTIL(c, c->srun_closed && c->fates == 1);
	assert_true(c->srun_done);
	send_end(c, 1, 30);
	UNTIL(c, c->gone == 1);
	g = grant(c, 2);
	g->attempt = 2;
	send_grant(c, g);
	serve(c, &now, "echo up; while [ ! -e go ]; do sleep 0.05; done");
	UNTIL(c, c->out.len == 3);
	/* Another job, which ended before its srun came. */
	unclaimed.serial = 9;
	g = grant(c, 3);
	g->serial = 9;
	send_grant(c, g);
	const struct job_end end = {.epoch = c->epoch, .serial = 9, .attempt = 1, .kill_wait_s = 30};
	conn_send(c->worker, MSG_job_end, 0, &end);
	UNTIL(c, c->gone == 2);
	const struct key_step_of old[] = {requeued, unclaimed, now};
	old_keys_are_refused(c, old, 2);
	/* Both daemons start again. */
	slurmd_kill(c, SIGKILL);
	c->epoch++;
	slurmd_start(c);
	UNTIL(c, c->registrations == 2);
	assert_int_equal(c->registered.running.n, 1);
	assert_int_equal(c->fates, 2);
	old_keys_are_refused(c, old, 2);
	assert_false(c->srun_closed);
	write_file(c, "go", "");
	UNTIL(c, c->srun_closed && c->fates == 3);
	assert_true(c->srun_done);
	assert_int_equal(c->fate.launch, 2);
	assert_int_equal(c->fate.status, 0);
	/* The job's last end, with the controller's new life. */
	send_end(c, 2, 30);
	UNTIL(c, c->gone == 3);
	conn_close(c->worker);
	c->worker = NULL;
	c->epoch++;
	UNTIL(c, c->registrations == 3);
	old_keys_are_refused(c, old, 3);
	assert_int_equal(c->fates, 3);
	/* The worker that refused all these serves the next. */
	struct key_step_of next = step_of(c, 4);
	send_grant(c, grant(c, 4));
	UNTIL(c, c->refused == 1); /* job 7 is over here */
	next.serial = 10;
	g = grant(c, 4);
	g->serial = 10;
	send_grant(c, g);
	serve(c, &next, "echo served");
	UNTIL(c, c->srun_closed);
	assert_string_equal(text_str(&c->out), "served\n");
}

static void unclaimed_grant(void **state)
{
	struct cluster *c = *state;
	send_grant(c, grant(c, 1));
	send_end(c, 1, 30);
	UNTIL(c, c->gone == 1);
	assert_int_equal(c->fates, 1);
	assert_int_equal(c->fate.status, SIGTERM);
	assert_false(is_there(c, "spool.worker-1/launch/1"));
}

static void ended_by_force(void **state)
{
	struct cluster *c = *state;
	send_grant(c, batch(c, 1, "#!/bin/sh\ntrap '' TERM\necho $$ >pid\nwhile :; do sleep 1; done\n"));
	send_grant(c, grant(c, 2));
	UNTIL(c, number_in(c, "pid") > 1);
	int pid = number_in(c, "pid");
	send_end(c, 1, 1);
	UNTIL(c, c->gone == 1);
	assert_int_equal(c->fates, 2);
	assert_false(is_alive(pid));
}

static void worker_restarts(void **state)
{
	struct cluster *c = *state;
	struct key_step_of of = step_of(c, 2);
	send_grant(c, batch(c, 1, "#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.05; done; exit 5\n"));
	send_grant(c, grant(c, 2));
	srun_dial(c, &of, &of);
	srun_shell(c, "echo one; while [ ! -e go2 ]; do sleep 0.05; done; echo two");
	UNTIL(c, c->started == 2 && c->out.len == 4);
	slurmd_kill(c, SIGKILL);
	slurmd_start(c);
	UNTIL(c, c->registrations == 2);
	assert_int_equal(c->registered.running.n, 2);
	assert_int_equal(c->registered.fates.n, 0);
	write_file(c, "go2", "");
	UNTIL(c, c->srun_closed);
	assert_true(c->srun_done);
	assert_string_equal(c->out.s, "one\ntwo\n");
	UNTIL(c, c->fates == 1);
	assert_int_equal(c->fate.launch, 2);
	/* It ends while there is no worker. */
	slurmd_kill(c, SIGTERM);
	write_file(c, "go", "");
	UNTIL(c, is_there(c, "spool.worker-1/launch/1/fate"));
	slurmd_start(c);
	UNTIL(c, c->registrations == 3);
	assert_int_equal(c->registered.fates.n, 1);
	assert_int_equal(c->registered.running.n, 0);
	assert_int_equal(c->fate.status, 5 << 8);
	UNTIL(c, !is_there(c, "spool.worker-1/launch/1"));
}

static int shepherd_pid(const struct cluster *c, uint64_t launch)
{
	char name[64];
	snprintf(name, sizeof(name), "spool.worker-1/launch/%d/shepherd", (int)launch);
	return number_in(c, name);
}

/* One child leaves the session, another loses its environment: neither gets away. */
#define STUBBORN                                                                                             \
	"#!/bin/sh\necho $$ >pid1\nsetsid sh -c 'echo $$ >pid2; exec sleep 1000' &\n"                        \
	"env -i /bin/sh -c 'echo $$ >pid3; exec /bin/sleep 1000' &\nwait\n"

static void stubborn_is_up(struct cluster *c, int pids[3])
{
	UNTIL(c, number_in(c, "pid1") > 1 && number_in(c, "pid2") > 1 && number_in(c, "pid3") > 1);
	pids[0] = number_in(c, "pid1");
	pids[1] = number_in(c, "pid2");
	pids[2] = number_in(c, "pid3");
}

static void stubborn_is_gone(struct cluster *c, const int pids[3])
{
	assert_int_equal(c->fate.status, SIGKILL);
	assert_string_equal(c->fate.text, "its shepherd was lost");
	for (int i = 0; i < 3; i++)
		assert_false(is_alive(pids[i]));
}

static void shepherd_lost(void **state)
{
	struct cluster *c = *state;
	int pids[3];
	send_grant(c, batch(c, 1, STUBBORN));
	stubborn_is_up(c, pids);
	UNTIL(c, shepherd_pid(c, 1) > 1); /* 0 would mean ourselves, -1 everybody */
	kill(shepherd_pid(c, 1), SIGKILL);
	UNTIL(c, c->fates == 1);
	stubborn_is_gone(c, pids);
}

static void both_lost(void **state)
{
	struct cluster *c = *state;
	int pids[3];
	send_grant(c, batch(c, 1, STUBBORN));
	stubborn_is_up(c, pids);
	UNTIL(c, shepherd_pid(c, 1) > 1);
	int shepherd = shepherd_pid(c, 1);
	slurmd_kill(c, SIGKILL);
	kill(shepherd, SIGKILL);
	slurmd_start(c);
	UNTIL(c, c->fates == 1);
	stubborn_is_gone(c, pids);
}

static void other_database(void **state)
{
	struct cluster *c = *state;
	send_grant(c, batch(c, 1, "#!/bin/sh\necho $$ >pid\nexec sleep 1000\n"));
	UNTIL(c, number_in(c, "pid") > 1);
	int pid = number_in(c, "pid");
	c->instance[0]++;
	c->epoch = 1;
	conn_close(c->worker);
	c->worker = NULL;
	UNTIL(c, c->registrations == 2);
	UNTIL(c, !is_alive(pid));
	/* The same launch number means something else now. */
	send_grant(c, batch(c, 1, "#!/bin/sh\nexit 4\n"));
	UNTIL(c, c->fates == 1);
	assert_int_equal(c->fate.status, 4 << 8);
	UNTIL(c, !is_there(c, "spool.worker-1/launch/old.1"));
}

/* What was over in the old database is a new job in the new one. */
static void other_database_after_end(void **state)
{
	struct cluster *c = *state;
	send_grant(c, batch(c, 1, "#!/bin/sh\nexit 0\n"));
	UNTIL(c, c->fates == 1);
	send_end(c, 1, 0);
	UNTIL(c, c->gone == 1);
	c->instance[0]++;
	c->epoch = 1;
	conn_close(c->worker);
	c->worker = NULL;
	UNTIL(c, c->registrations == 2);
	send_grant(c, batch(c, 1, "#!/bin/sh\nexit 4\n"));
	UNTIL(c, c->fates == 2);
	assert_int_equal(c->fate.status, 4 << 8);
}

static void older_epoch(void **state)
{
	struct cluster *c = *state;
	send_grant(c, batch(c, 1, "#!/bin/sh\ntouch ran\n"));
	UNTIL(c, c->fates == 1);
	c->epoch = 2;
	conn_close(c->worker);
	c->worker = NULL;
	UNTIL(c, c->registrations == 2);
	/* The worker hangs up on it, and obeys when a newer one comes. */
	UNTIL(c, c->worker == NULL);
	c->epoch = 4;
	UNTIL(c, c->registrations >= 3 && c->worker);
	send_grant(c, batch(c, 2, "#!/bin/sh\nexit 0\n"));
	UNTIL(c, c->fates == 2);
}

static void signals(void **state)
{
	struct cluster *c = *state;
	struct job_signal m = {.epoch = c->epoch, .serial = 7, .attempt = 1, .signal = SIGUSR1, .full = true};
	send_grant(c, batch(c, 1, "#!/bin/sh\ntrap 'exit 6' USR1\ntouch up\nwhile :; do sleep 0.05; done\n"));
	UNTIL(c, is_there(c, "up"));
	conn_send(c->worker, MSG_job_signal, 0, &m);
	UNTIL(c, c->fates == 1);
	assert_int_equal(c->fate.status, 6 << 8);
}

/* The shepherd has the same uid as the tasks here: they still can't look into it, and start with the limits
 * slurmd was started with. */
static void task_surroundings(void **state)
{
	struct cluster *c = *state;
	struct rlimit limit;
	send_grant(c, batch(c, 1,
	                    "#!/bin/sh\ncat /proc/$PPID/environ >/dev/null 2>&1 && exit 1\n"
	                    "ls /proc/$PPID/fd >/dev/null 2>&1 && exit 2\nulimit -n >files\nexit 0\n"));
	UNTIL(c, c->fates == 1);
	assert_int_equal(c->fate.status, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(number_in(c, "files"), limit.rlim_cur);
}

/* A damaged directory does not stop the worker, and is kept. */
static void damaged_spool(void **state)
{
	struct cluster *c = *state;
	c->hold_acks = true;
	send_grant(c, batch(c, 1, "#!/bin/sh\nexit 0\n"));
	UNTIL(c, c->fates == 1);
	slurmd_kill(c, SIGTERM);
	write_file(c, "spool.worker-1/launch/1/grant", "rubbish");
	slurmd_start(c);
	UNTIL(c, c->registrations == 2);
	assert_true(is_there(c, "spool.worker-1/launch/bad.1"));
}

/* ---- sbcast ---- */

struct carrier { /* of one file */
	struct cluster *c;
	struct conn *conn;
	struct bcast_state state;
	unsigned states;
	bool closed;
	char why[256];
};

static void carrier_heard(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                          size_t n)
{
	struct carrier *k = ctx;
	(void)conn, (void)id;
	if (type != MSG_bcast_state)
		return;
	assert_int_equal(schema_decode(schema_of_bcast_state(), &k->state, body, n, &k->c->arena, NULL), 0);
	text_copy(k->why, sizeof(k->why), k->state.why ? k->state.why : "");
	k->states++;
}

static void carrier_gone(void *ctx, struct conn *conn, const struct err *err)
{
	struct carrier *k = ctx;
	(void)conn, (void)err;
	k->conn = NULL;
	k->closed = true;
}

static const struct conn_ops carrier_ops = {.message = carrier_heard, .closed = carrier_gone};

static void grant_file(struct cluster *c, uint64_t launch)
{
	const struct step_grant *g = grant(c, launch);
	const struct bcast_grant m = {.epoch = g->epoch,
	                              .instance = g->instance,
	                              .node = g->node,
	                              .serial = g->serial,
	                              .attempt = g->attempt,
	                              .step_id = CORE_NO_VAL,
	                              .launch = launch,
	                              .job_id = 42,
	                              .who = g->who};
	conn_send(c->worker, MSG_bcast_grant, 0, &m);
}

static void carrier_dial(struct carrier *k, struct cluster *c, uint64_t launch)
{
	uint8_t key[KEY_SIZE];
	struct session_audience worker = {.role = ROLE_WORKER, .name = "worker-1", .cluster = "unit"};
	struct key_step_of of = step_of(c, launch);
	of.step_id = CORE_NO_VAL;
	of.rights = STEP_RIGHT_BCAST;
	key_step_derive(c->worker_key, &of, key);
	const struct conn_credential credential = {.step_key = key, .step = &of};
	*k = (struct carrier){.c = c};
	k->conn = conn_dial(c->loop, "127.0.0.1", c->worker_port, &worker, &credential, 20000000,
	                    &carrier_ops, k, NULL);
	assert_non_null(k->conn);
}

static void carrier_open(struct carrier *k, const char *name, const char *text, bool force)
{
	uint8_t hash[BCAST_HASH_SIZE];
	struct bcast_open m;
	char *path = xprintf("%s/%s", k->c->dir, name);
	crypto_generichash(hash, sizeof(hash), (const uint8_t *)text, strlen(text), NULL, 0);
	schema_init(schema_of_bcast_open(), &m);
	m.path = path;
	m.size = strlen(text);
	m.mode = 04755;
	m.hash = (struct schema_bytes){hash, sizeof(hash)};
	m.force = force;
	conn_send(k->conn, MSG_bcast_open, 0, &m);
	free(path);
}

static void carrier_data(struct carrier *k, const char *text)
{
	const struct bcast_data m = {.data = {(uint8_t *)(uintptr_t)text, (uint32_t)strlen(text)}};
	conn_send(k->conn, MSG_bcast_data, 0, &m);
}

static void a_file_is_brought(void **state)
{
	struct cluster *c = *state;
	struct carrier k;
	const struct bcast_commit commit = {0};
	struct stat st;
	grant_file(c, 5);
	carrier_dial(&k, c, 5);
	carrier_open(&k, "brought", "12 ab", false);
	carrier_data(&k, "12");
	UNTIL(c, k.states == 1);
	assert_int_equal(k.state.phase, BCAST_OPENED);
	carrier_data(&k, " ab");
	UNTIL(c, k.states == 2);
	assert_int_equal(k.state.phase, BCAST_RECEIVED);
	assert_false(is_there(c, "brought"));
	conn_send(k.conn, MSG_bcast_commit, 0, &commit);
	UNTIL(c, k.closed);
	assert_int_equal(k.state.phase, BCAST_DONE);
	assert_int_equal(number_in(c, "brought"), 12);
	char *path = xprintf("%s/brought", c->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	free(path);
	/* What is there stays, and its reason has a number. */
	grant_file(c, 6);
	carrier_dial(&k, c, 6);
	carrier_open(&k, "brought", "13", false);
	UNTIL(c, k.closed);
	assert_int_equal(k.state.phase, BCAST_FAILED);
	assert_int_equal(k.state.error, EEXIST);
	assert_int_equal(number_in(c, "brought"), 12);
}

/* Bytes that are others than was said, too many, a name before the file. */
static void a_file_that_is_not_what_it_should_be(void **state)
{
	struct cluster *c = *state;
	const struct bcast_commit commit = {0};
	for (uint64_t i = 0; i < 3; i++) {
		struct carrier k;
		grant_file(c, 5 + i);
		carrier_dial(&k, c, 5 + i);
		carrier_open(&k, "wrong", "abcd", false);
		if (i == 2)
			conn_send(k.conn, MSG_bcast_commit, 0, &commit);
		else
			carrier_data(&k, i == 0 ? "abce" : "abcde");
		UNTIL(c, k.closed);
		assert_int_equal(k.state.phase, BCAST_FAILED);
		assert_false(is_there(c, "wrong"));
	}
	grant_file(c, 9);
	struct carrier k;
	carrier_dial(&k, c, 9);
	carrier_open(&k, "../../../wrong/", "abcd", false);
	UNTIL(c, k.closed);
	assert_int_equal(k.state.error, EISDIR);
}

static bool only(const struct cluster *c, const char *hidden)
{
	char *command = xprintf("ls -A %s | grep -q '%s'", c->dir, hidden);
	int rc = system(command);
	free(command);
	return rc != 0;
}

/* The sender goes, or the job ends, in the middle. */
static void a_file_that_is_cut_off(void **state)
{
	struct cluster *c = *state;
	struct carrier k;
	for (uint64_t i = 0; i < 2; i++) {
		grant_file(c, 5 + i);
		carrier_dial(&k, c, 5 + i);
		carrier_open(&k, "cut", "abcd", false);
		UNTIL(c, k.states == 1);
		carrier_data(&k, "ab");
		if (i == 0) {
			conn_close(k.conn);
		} else {
			send_end(c, 1, 1);
			UNTIL(c, k.closed);
			UNTIL(c, c->gone == 1); /* and not before it has ended */
		}
	}
	UNTIL(c, only(c, "bcast"));
	assert_false(is_there(c, "cut"));
	/* Of a job that is over nothing is taken, and a grant is for one file. */
	struct carrier late[2];
	grant_file(c, 8);
	carrier_dial(&late[0], c, 8);
	carrier_dial(&late[1], c, 5);
	for (int i = 0; i < 2; i++)
		carrier_open(&late[i], "late", "abcd", false);
	UNTIL(c, late[0].closed && late[1].closed);
	assert_int_equal(late[0].states + late[1].states, 0);
	assert_false(is_there(c, "late"));
}

int main(int argc, char **argv)
{
	if (strcmp(argv[0], "receiver") == 0)
		return receiver_main(argc, argv);
	if (argc > 1 && strcmp(argv[0], "shepherd") == 0)
		return shepherd_main(argc, argv);
	if (argc > 1 && strcmp(argv[0], "slurmd") == 0)
		return slurmd_main(argc, argv);
	struct err err = {0};
	signal(SIGPIPE, SIG_IGN);
	log_init("test", LOG_LEVEL_ERROR);
	if (!become_ordinary(OTHER_UID) || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || key_init(&err) != 0)
		return 1;
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(registration),
	        T(batch_job),
	        T(ends_while_registering),
	        T(unknown_job),
	        T(granted_twice),
	        T(refused_grants),
	        T(srun_step),
	        T(a_script_is_asked_about),
	        T(step_keys),
	        T(old_step_keys),
	        T(unclaimed_grant),
	        T(ended_by_force),
	        T(worker_restarts),
	        T(shepherd_lost),
	        T(both_lost),
	        T(other_database),
	        T(other_database_after_end),
	        T(older_epoch),
	        T(signals),
	        T(task_surroundings),
	        T(damaged_spool),
	        T(a_file_is_brought),
	        T(a_file_that_is_not_what_it_should_be),
	        T(a_file_that_is_cut_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
