/* Batch scripts under a shepherd, and how it becomes the user. */
#include "applets/worker/identity.h"
#include "test/unit/worker_play.h"

#include <sys/prctl.h>

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
	uint32_t pid_read = 0;
	assert_true(text_to_u32(text_trim(bytes.s), &pid_read));
	pid_t pid = (pid_t)pid_read;
	assert_true(pid > 1);
	assert_false(process_read(pid, &q) && q.state != 'Z');
	text_free(&bytes);
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

/* Told twice, it is sent once; a step's is not the script's. */
static void warning_to_the_script(void **state)
{
	struct play *p = *state;
	struct job_signal m = {.epoch = 1, .serial = 7, .attempt = 1, .launch = 1, .batch_only = true};
	play_batch(p, "#!/bin/sh\nn=0\ntrap 'n=$((n+1))' USR2\ntrap 'exit $n' USR1\ntouch mark\nwhile :; do "
	              "sleep 0.05; done\n");
	play_spawn(p);
	play_until(p, file_is_there);
	m.signal = m.warning = SIGUSR2;
	assert_int_equal(link_send(p->link, LINK_SIGNAL, &m, NULL), 0);
	usleep(200000);
	m.signal = 0;
	assert_int_equal(link_send(p->link, LINK_SIGNAL, &m, NULL), 0);
	usleep(200000);
	m.signal = SIGUSR1;
	m.warning = 0;
	assert_int_equal(link_send(p->link, LINK_SIGNAL, &m, NULL), 0);
	assert_int_equal(play_fate(p)->status, 1 << 8);
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

/* A kernel whose fs.suid_dumpable is 1: whoever changes his uid can be dumped and traced from then on. */
static int dumpable_setresuid(uid_t r, uid_t e, uid_t s)
{
	return setresuid(r, e, s) == 0 ? prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) : -1;
}

/* What has become the user, and still holds the shepherd's memory, is closed to the user. */
static void identity_closed(void **state)
{
	gid_t groups[] = {65531};
	struct identity who = {.uid = 65532, .gid = 65531, .groups = {groups, 1}};
	int status = -1;
	(void)state;
	if (geteuid() != 0) {
		print_message("needs root: to become another user\n");
		skip();
	}
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		identity_calls.setresuid = dumpable_setresuid;
		_exit(identity_become(&who, NULL) != 0 ? 1 : prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int tests(void)
{
	const struct CMUnitTest all[] = {
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
	        T(warning_to_the_script),
	        T(one_shepherd_only),
	        T(files_of_a_task),
	        T(other_user),
	        cmocka_unit_test(identity_failures),
	        cmocka_unit_test(identity_closed),
	};
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(int argc, char **argv)
{
	return play_main(argc, argv, tests);
}
