#include "applets/common/filename.h"
#include "applets/worker/shepherd.h"

#include "applets/applet.h"
#include "applets/worker/identity.h"
#include "applets/worker/processes.h"
#include "applets/worker/recordfile.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FATE_AGAIN_US 1000000 /* a full disk: until there is room */
/* What the job's exit code says when the files of a batch script can't be opened, as the real program has it:
 * 0:53. */
#define STATUS_NO_FILES 53

void shepherd_tell_user(struct shepherd *s, const char *fmt, ...)
{
	struct text line = TEXT_EMPTY;
	va_list ap;
	text_printf(&line, "slurmstepd-%s: error: ", s->record.grant->node);
	va_start(ap, fmt);
	text_vprintf(&line, fmt, ap);
	va_end(ap);
	log_verbose("%s", line.s);
	if (s->message_fd >= 0) {
		text_add_char(&line, '\n');
		if (write(s->message_fd, line.s, line.len) < 0)
			log_error("cannot write to the batch script's stderr: %s", strerror(errno));
	} else if (s->srun) {
		struct step_message m;
		schema_init(schema_of_step_message(), &m);
		m.text = line.s;
		m.level = LOG_LEVEL_ERROR;
		conn_send(s->srun->conn, MSG_step_message, 0, &m);
	}
	text_free(&line);
}

/* ---- the fate ---- */

/* Signals count as they do in a shell. */
static int severity(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void fate_make(struct shepherd *s, struct step_fate *fate)
{
	const struct step_grant *g = s->record.grant;
	schema_init(schema_of_step_fate(), fate);
	fate->serial = g->serial;
	fate->attempt = g->attempt;
	fate->step_id = g->step_id;
	fate->launch = g->launch;
	fate->job_id = g->job_id;
	fate->status = (uint32_t)s->failed_status;
	fate->failed_why = s->failed_why;
	fate->text = s->end_text;
	fate->start_time = s->start_time;
	fate->end_time = loop_wall_clock();
	fate->usage = usage_of_step(s, false, &s->arena);
	if (s->phase != SHEPHERD_RUNNING) {
		if (!s->failed_why)
			fate->status = SIGTERM; /* ended before it began */
		return;
	}
	fate->tasks.v = arena_array(&s->arena, s->task_count, sizeof(*fate->tasks.v));
	for (uint32_t i = 0; i < s->task_count; i++) {
		const struct task *t = &s->tasks[i];
		if (t->pid == 0)
			continue;
		struct task_end *end = &fate->tasks.v[fate->tasks.n++];
		schema_init(schema_of_task_end(), end);
		end->task = t->global;
		end->status = (uint32_t)t->status;
		if (!s->failed_why && severity(t->status) > severity((int)fate->status))
			fate->status = (uint32_t)t->status;
	}
	if (!s->failed_why && s->oom)
		fate->status = CORE_SIGNAL_OOM;
}

static void leave_late(void *ctx)
{
	struct shepherd *s = ctx;
	s->leave_timer = NULL;
	log_verbose("srun did not take the end of its session");
	loop_stop(s->loop);
}

static void finish(void *ctx)
{
	struct shepherd *s = ctx;
	struct step_fate fate;
	struct err err = {0};
	s->fate_timer = NULL;
	memory_ended(s);
	fate_make(s, &fate);
	if (recordfile_write(AT_FDCWD, "fate", schema_of_step_fate(), &fate, true, &err) != 0) {
		log_error("launch %llu: %s: trying again", (unsigned long long)fate.launch, err_text(&err));
		s->fate_timer = loop_add_timer(s->loop, FATE_AGAIN_US, finish, s);
		return;
	}
	/* Before anybody is told: the next step may have the same name. */
	if (s->record.groups && !step_groups_remove(s->record.groups))
		log_error("launch %llu: cannot remove its cgroups: %s", (unsigned long long)fate.launch,
		          s->record.groups->path);
	s->phase = SHEPHERD_LEAVING;
	end_disarm(s);
	struct link_ended ended = {.launch = fate.launch};
	link_say(s, LINK_ENDED, &ended);
	session_ended(s, &fate);
	s->leave_timer = loop_add_timer(s->loop, SHEPHERD_LEAVE_US, leave_late, s);
	shepherd_check(s);
}

/* ---- progress ---- */

static void discard_late(void *ctx)
{
	struct shepherd *s = ctx;
	s->leave_timer = NULL;
	log_verbose("srun did not take the last output");
	streams_close(s);
	shepherd_check(s);
}

static void check_running(struct shepherd *s)
{
	bool over = s->tasks_exited >= s->task_count;
	if (!over && !(s->failed_why && s->childless))
		return;
	if (!streams_at_end(s)) {
		/* While processes of the step hold its output open it goes on, as a shell's pipe does. When
		 * none is left, srun has some time to take the rest. */
		if (s->childless && !s->leave_timer && s->ending)
			s->leave_timer = loop_add_timer(s->loop, SHEPHERD_LEAVE_US, discard_late, s);
		return;
	}
	if (!s->childless) {
		if (!s->killing)
			end_kill(s);
		return;
	}
	if (s->leave_timer)
		loop_del_timer(s->loop, s->leave_timer);
	s->leave_timer = NULL;
	for (uint32_t i = 0; i < s->task_count; i++)
		task_report_exit(&s->tasks[i]);
	streams_close(s);
	mpi_end(s);
	finish(s);
}

void shepherd_check(struct shepherd *s)
{
	if (s->fate_timer)
		return;
	switch (s->phase) {
	case SHEPHERD_WAITING:
	case SHEPHERD_OPENING:
		if ((s->ending || s->failed_why) && s->childless)
			finish(s);
		break;
	case SHEPHERD_RUNNING:
		check_running(s);
		break;
	case SHEPHERD_LEAVING:
		if (list_empty(&s->sessions))
			loop_stop(s->loop);
	}
}

void shepherd_fail(struct shepherd *s, int status, const char *fmt, ...)
{
	if (s->phase == SHEPHERD_LEAVING || s->failed_why)
		return;
	va_list ap;
	struct text why = TEXT_EMPTY;
	va_start(ap, fmt);
	text_vprintf(&why, fmt, ap);
	va_end(ap);
	shepherd_tell_user(s, "%s", why.s);
	shepherd_give_up(s, status, text_take(&why));
}

void shepherd_give_up(struct shepherd *s, int status, char *why)
{
	s->failed_why = why;
	s->failed_status = status;
	log_error("job %u: %s", s->record.grant->job_id, s->failed_why);
	if (s->phase == SHEPHERD_OPENING)
		files_abort(s);
	if (s->phase == SHEPHERD_RUNNING) {
		if (!s->srun)
			s->discard = true;
		end_kill(s);
	}
	shepherd_check(s);
}

static struct task *task_of(struct shepherd *s, pid_t pid)
{
	for (uint32_t i = 0; i < s->task_count; i++)
		if (s->tasks[i].pid == pid && !s->tasks[i].exited && s->tasks[i].epilog == 0)
			return &s->tasks[i];
	return NULL;
}

static struct task *epilog_of(struct shepherd *s, pid_t pid)
{
	for (uint32_t i = 0; i < s->task_count; i++)
		if (s->tasks[i].epilog == pid)
			return &s->tasks[i];
	return NULL;
}

/* Waits for one that has ended, after a last look at it. As wait4(2). */
static pid_t next_dead(struct shepherd *s, int *status, struct rusage *used)
{
	siginfo_t dead = {0};
	if (s->record.acct_gathers && waitid(P_ALL, 0, &dead, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    dead.si_pid > 0)
		samples_last(s, dead.si_pid);
	return wait4(dead.si_pid > 0 ? dead.si_pid : -1, status, WNOHANG, used);
}

void shepherd_reap(struct shepherd *s)
{
	struct rusage used;
	int status;
	pid_t pid;
	while ((pid = next_dead(s, &status, &used)) > 0) {
		struct task *t = task_of(s, pid), *after = epilog_of(s, pid);
		if (pid == s->opener)
			s->opener = 0;
		if (t) {
			tasks_read_trouble(s);
			t->used = usage_of(&used);
		}
		if (t && !task_epilog_begin(t, status))
			task_exited(t, status);
		if (after && !task_epilog_ended(after, status))
			task_exited(after, after->status);
	}
	bool childless = pid < 0 && errno == ECHILD;
	if (childless && !s->childless)
		streams_mark(s, NULL);
	s->childless = childless;
	shepherd_check(s);
}

static void child_signal(void *ctx, int signo)
{
	(void)signo;
	shepherd_reap(ctx);
}

/* ---- the start ---- */

/* The only place where a launch becomes a running one: whoever creates this file is its shepherd, for ever.
 */
static int claim(struct shepherd *s, struct err *err)
{
	struct process self;
	char line[64];
	int fd = open("shepherd", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, errno, "this launch has a shepherd already");
	if (!process_read(getpid(), &self))
		self.start = 0;
	int n = snprintf(line, sizeof(line), "%ld %llu\n", (long)getpid(), (unsigned long long)self.start);
	s->claim_fd = fd;
	return write(fd, line, (size_t)n) == n ? 0 : err_sys(err, errno, "cannot write the shepherd's file");
}

/* By these a worker finds what is left when this shepherd is lost. */
static void claim_tasks(struct shepherd *s)
{
	struct text line = TEXT_EMPTY;
	for (uint32_t i = 0; i < s->task_count; i++)
		text_printf(&line, "%s%ld", i ? " " : "", (long)s->tasks[i].pid);
	text_add_char(&line, '\n');
	if (write(s->claim_fd, line.s, line.len) != (ssize_t)line.len)
		log_error("cannot write the shepherd's file: %s", strerror(errno));
	close(s->claim_fd);
	s->claim_fd = -1;
	text_free(&line);
}

void shepherd_launch(struct shepherd *s)
{
	struct err err = {0};
	if (s->refused)
		return;
	s->launched = true;
	if (s->unclaimed)
		loop_del_timer(s->loop, s->unclaimed);
	s->unclaimed = NULL;
	s->phase = SHEPHERD_OPENING;
	s->childless = true;
	if (files_open(s, &err) != 0)
		shepherd_fail(s, SIGKILL, "%s", err_text(&err));
}

/* The first file that could not be opened, as a sentence. */
static bool files_failed(struct shepherd *s)
{
	static const char *const names[] = {"stdin", "stdout", "stderr"};
	for (size_t i = 0; i < (size_t)s->task_count * 3; i++) {
		const struct user_file *f = files_of(s, (uint32_t)(i / 3), (int)(i % 3));
		if (!f || (f->fd >= 0 && f->error == 0))
			continue;
		shepherd_fail(s, STATUS_NO_FILES, "Could not open %s file %s: %s", names[i % 3], f->path,
		              strerror(f->error ? f->error : EIO));
		return true;
	}
	return false;
}

static int enter_groups(struct shepherd *s, struct err *err)
{
	const struct step_groups *g = s->record.groups;
	return !g || (step_groups_make(g, err) == 0 && step_groups_open(g, &s->doors, err) == 0) ? 0 : -1;
}

void shepherd_files_opened(struct shepherd *s)
{
	struct err err = {0};
	if (s->ending || s->failed_why || files_failed(s)) {
		shepherd_check(s);
		return;
	}
	const struct user_file *stderr_file = s->batch ? files_of(s, 0, 2) : NULL;
	if (stderr_file)
		s->message_fd = fcntl(stderr_file->fd, F_DUPFD_CLOEXEC, 3);
	env_make(s);
	s->phase = SHEPHERD_RUNNING;
	s->childless = false;
	s->start_time = loop_wall_clock();
	if (enter_groups(s, &err) != 0 || mpi_begin(s, &err) != 0 || tasks_start(s, &err) != 0) {
		files_close(s);
		shepherd_fail(s, SIGKILL, "%s", err_text(&err));
		return;
	}
	files_close(s);
	claim_tasks(s);
	end_arm_limit(s);
	samples_begin(s);
	const struct step_grant *g = s->record.grant;
	struct step_started_report started = {
	        .serial = g->serial, .attempt = g->attempt, .step_id = g->step_id, .launch = g->launch};
	link_say(s, LINK_STARTED, &started);
	session_started(s);
	mpi_started(s);
	streams_watch(s);
	input_watch(s);
	shepherd_reap(s);
}

/* A batch script's launch is in the grant. */
static void batch_to_launch(struct shepherd *s)
{
	const struct batch_launch *b = s->record.grant->batch;
	struct step_launch *l = &s->launch;
	schema_init(schema_of_step_launch(), l);
	l->argv.n = b->argv.n + 1;
	l->argv.v = arena_array(&s->arena, l->argv.n, sizeof(*l->argv.v));
	l->argv.v[0] = s->record.script_path;
	for (uint32_t i = 0; i < b->argv.n; i++)
		l->argv.v[i + 1] = b->argv.v[i];
	l->env = b->env;
	l->work_dir = s->record.grant->work_dir;
	l->umask = b->umask;
	l->open_mode = b->open_mode;
	l->std_in = b->std_in ? b->std_in : arena_strdup(&s->arena, "/dev/null");
	l->std_out = b->std_out
	                     ? b->std_out
	                     : arena_strdup(&s->arena, filename_default(s->record.grant->array_job_id != 0));
	l->std_err = b->std_err;
}

static void unclaimed(void *ctx)
{
	struct shepherd *s = ctx;
	s->unclaimed = NULL;
	shepherd_fail(s, SIGKILL, "no srun came for the step");
}

static void make_tasks(struct shepherd *s)
{
	const struct schema_u32s *numbers = &s->record.grant->tasks;
	s->task_count = s->batch ? 1 : numbers->n;
	s->tasks = xcalloc(s->task_count, sizeof(*s->tasks));
	for (uint32_t i = 0; i < s->task_count; i++) {
		struct task *t = &s->tasks[i];
		t->shepherd = s;
		t->local = i;
		t->global = i < numbers->n ? numbers->v[i] : 0;
		t->in_fd = -1;
		for (uint32_t k = 0; k < 2; k++)
			t->out[k] = (struct stream){.task = t, .number = k + 1, .fd = -1};
	}
}

static int prepare(struct shepherd *s, const char *dir, struct err *err)
{
	link_standard_files();
	umask(077);
	setsid();
	prctl(PR_SET_NAME, "slurmstepd"); /* not "exe", as which it was started */
	if (chdir(dir) != 0)
		return err_sys(err, errno, "cannot enter %s", dir);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return err_sys(err, errno, "prctl");
	if (recordfile_read(AT_FDCWD, "grant", schema_of_launch_record(), &s->record, err) != 0)
		return -1;
	if (s->record.log_path &&
	    log_open_file(s->record.log_path, (enum log_level)s->record.log_level, NULL) != 0)
		log_debug("cannot open %s", s->record.log_path);
	if (s->record.log_time_format)
		log_set_time_format(s->record.log_time_format);
	s->batch = s->record.grant->batch != NULL;
	if (!s->batch && s->record.grant->tasks.n == 0)
		return err_set(err, ERR_INVALID, "the grant has no task for this node");
	make_tasks(s);
	return claim(s, err);
}

static int run(struct shepherd *s, struct err *err)
{
	s->loop = loop_new(err);
	if (!s->loop || loop_add_signal(s->loop, SIGCHLD, child_signal, s, err) != 0 ||
	    link_listen(s, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(shepherd_ignores) / sizeof(shepherd_ignores[0]); i++)
		signal(shepherd_ignores[i], SIG_IGN);
	struct stat st;
	if (fstat(LINK_SHEPHERD_FD, &st) == 0 && S_ISSOCK(st.st_mode) && LINK_SHEPHERD_FD != s->listener)
		link_adopt(s, LINK_SHEPHERD_FD);
	if (s->batch) {
		batch_to_launch(s);
		if (bind_prepare(s, err) != 0)
			return -1;
		shepherd_launch(s);
	} else {
		s->childless = true;
		s->unclaimed = loop_add_timer(s->loop, SHEPHERD_UNCLAIMED_US, unclaimed, s);
	}
	loop_run(s->loop);
	return 0;
}

/* shepherd DIRECTORY: started by slurmd; fd LINK_SHEPHERD_FD is the link. */
int shepherd_main(int argc, char **argv)
{
	static struct shepherd s = {.opener_fd = -1,
	                            .message_fd = -1,
	                            .trouble_fd = -1,
	                            .listener = -1,
	                            .claim_fd = -1,
	                            .doors = {{-1, -1, -1}},
	                            .report_fd = -1,
	                            .worker = -1};
	struct err err = {0};
	log_init("slurmstepd", LOG_LEVEL_INFO);
	if (argc != 2) {
		log_error("this program is started by slurmd");
		return 1;
	}
	arena_init(&s.arena);
	list_init(&s.sessions);
	if (prepare(&s, argv[1], &err) != 0 || run(&s, &err) != 0) {
		log_error("%s: %s", argv[1], err_text(&err));
		return 1;
	}
	return 0;
}
