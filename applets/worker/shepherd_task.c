/* Starting tasks: a child that becomes the user, takes the limits, directory and files of the launch, and the
 * program's place. */
#include "applets/common/rlimits.h"
#include "applets/worker/identity.h"
#include "applets/worker/shepherd.h"
#include "applets/worker/task_hooks.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FALLBACK_DIR "/tmp" /* where a task goes whose directory is missing, as srun(1) has it */
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4u
#endif

struct trouble {
	uint32_t local;
	char text[240];
};

/* ---- in the child; everything ends in execve or _exit ---- */

struct child {
	const struct shepherd *s;
	const struct task *task;
	int fds[3];
	int trouble_fd;
	bool terminal; /* that is what its files are */
};

static void say(const struct child *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct child *c, const char *fmt, ...)
{
	struct text line = TEXT_EMPTY;
	va_list ap;
	text_printf(&line, "slurmstepd-%s: error: ", c->s->record.grant->node);
	va_start(ap, fmt);
	text_vprintf(&line, fmt, ap);
	va_end(ap);
	text_add_char(&line, '\n');
	if (write(2, line.s, line.len) < 0)
		_exit(1);
	text_free(&line);
}

/* Something that is ours to do failed: the whole launch must end. */
static void give_up(const struct child *c, const char *text) __attribute__((noreturn));
static void give_up(const struct child *c, const char *text)
{
	struct trouble t = {.local = c->task->local};
	text_copy(t.text, sizeof(t.text), text);
	if (write(c->trouble_fd, &t, sizeof(t)) < 0)
		_exit(127);
	_exit(126);
}

static void child_files(const struct child *c)
{
	for (int i = 0; i < 3; i++)
		if (dup2(c->fds[i], i) < 0)
			give_up(c, "cannot place a task's files");
	/* All of ours is close-on-exec already; this also covers what libraries and parents left open. */
	if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	long max = sysconf(_SC_OPEN_MAX);
	for (int fd = 3; fd < (max > 0 && max < 65536 ? (int)max : 65536); fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void child_signals(void)
{
	sigset_t none;
	/* execve takes handlers away by itself, but not "ignored". */
	for (size_t i = 0; i < sizeof(shepherd_ignores) / sizeof(shepherd_ignores[0]); i++)
		signal(shepherd_ignores[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool limit_value(const char *s, size_t n, rlim_t *out)
{
	char word[32];
	uint64_t v;
	if (n >= sizeof(word))
		return false;
	memcpy(word, s, n);
	word[n] = '\0';
	if (text_eq_nocase(word, "unlimited") || strcmp(word, "-1") == 0) {
		*out = RLIM_INFINITY;
		return true;
	}
	if (!text_to_u64(word, &v))
		return false;
	*out = (rlim_t)v;
	return true;
}

/* "NOFILE=soft:hard". The soft limit is the user's; the hard one is raised only as far as that needs. A limit
 * that may not be set (no CAP_SYS_RESOURCE, as in many containers) is logged and no reason to fail. */
static void child_limit(const char *entry)
{
	const char *equals = strchr(entry, '=');
	rlim_t soft;
	struct rlimit now;
	if (!equals || !limit_value(equals + 1, strcspn(equals + 1, ":"), &soft))
		return;
	const struct rlimit_row *row = rlimit_find(entry, (size_t)(equals - entry));
	if (!row || getrlimit(row->resource, &now) != 0)
		return;
	struct rlimit new = {.rlim_cur = soft, .rlim_max = soft > now.rlim_max ? soft : now.rlim_max};
	if (setrlimit(row->resource, &new) == 0)
		return;
	log_verbose("cannot set the limit %s: %s", entry, strerror(errno));
	new = (struct rlimit){.rlim_cur = soft < now.rlim_max ? soft : now.rlim_max,
	                      .rlim_max = now.rlim_max};
	if (setrlimit(row->resource, &new) != 0)
		log_verbose("cannot set the limit %s at all: %s", entry, strerror(errno));
}

/* slurmd and the shepherd need more files than users expect of a shell. */
static void child_open_files(const struct shepherd *s)
{
	struct rlimit now;
	if (s->record.open_files && getrlimit(RLIMIT_NOFILE, &now) == 0 &&
	    now.rlim_cur > s->record.open_files) {
		now.rlim_cur = s->record.open_files;
		setrlimit(RLIMIT_NOFILE, &now);
	}
}

static void child_directory(const struct child *c)
{
	const char *dir = c->s->launch.work_dir;
	if (!dir || chdir(dir) == 0)
		return;
	say(c, "couldn't chdir to `%s': %s: going to " FALLBACK_DIR " instead", dir, strerror(errno));
	if (chdir(FALLBACK_DIR) != 0 && chdir("/") != 0)
		_exit(1);
}

/* A script whose interpreter is missing fails like a missing program: the message names the interpreter. */
static bool missing_interpreter(const char *path, char *name, size_t size)
{
	char head[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, head, sizeof(head) - 1);
	close(fd);
	if (n < 3 || head[0] != '#' || head[1] != '!')
		return false;
	head[n] = '\0';
	const char *start = head + 2 + strspn(head + 2, " \t");
	size_t len = strcspn(start, " \t\r\n");
	if (len == 0 || len >= size)
		return false;
	memcpy(name, start, len);
	name[len] = '\0';
	return true;
}

static const char *env_value(char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* execve with the PATH of the task's environment; the program sees the path that it was found by as its name.
 * Returns errno; *tried is the last path. A file that exists and may not be run explains more than the
 * directories that lack it. */
static int exec_search(char **argv, char *const *env, char *tried, size_t size)
{
	const char *path = env_value(env, "PATH");
	char *name = argv[0];
	int worst = ENOENT;
	text_copy(tried, size, argv[0]);
	if (strchr(argv[0], '/')) {
		execve(argv[0], argv, env);
		return errno;
	}
	for (const char *p = path && *path ? path : DEFAULT_PATH;; p++) {
		size_t n = strcspn(p, ":");
		int len = snprintf(tried, size, "%.*s%s%s", (int)n, p, n ? "/" : "", name);
		if (*name && len > 0 && (size_t)len < size) {
			argv[0] = tried;
			execve(tried, argv, env);
			argv[0] = name;
			if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
				return errno;
			struct stat st;
			if (errno == EACCES && stat(tried, &st) == 0 && S_ISREG(st.st_mode))
				worst = EACCES;
			else if (errno == ENOENT && access(tried, F_OK) == 0)
				return ENOENT;
		}
		p += n;
		if (!*p)
			break;
	}
	text_copy(tried, size, argv[0]);
	return worst;
}

static const struct schema_strs *child_argv(const struct child *c)
{
	const struct step_launch *launch = &c->s->launch;
	return launch->multi_prog ? &launch->programs.v[c->task->local].argv : &launch->argv;
}

static void child_exec(const struct child *c, char *const *env) __attribute__((noreturn));
static void child_exec(const struct child *c, char *const *env)
{
	const struct schema_strs *args = child_argv(c);
	char **argv = xcalloc((size_t)args->n + 1, sizeof(*argv));
	char tried[4096], interpreter[256];
	if (args->n == 0) {
		say(c, "No executable program specified for this task");
		_exit(ENOENT);
	}
	for (uint32_t i = 0; i < args->n; i++)
		argv[i] = args->v[i];
	int error = exec_search(argv, env, tried, sizeof(tried));
	if (error == ENOENT && missing_interpreter(tried, interpreter, sizeof(interpreter)))
		say(c, "execve(): bad interpreter(%s): %s", interpreter, strerror(error));
	else
		say(c, "execve(): %s: %s", argv[0], strerror(error));
	_exit(error & 0xff);
}

/* In the real one's words. */
static int prolog_status(const struct child *c, const char *path, const char *kind, struct task_env *env)
{
	struct text output = TEXT_EMPTY, lines = TEXT_EMPTY;
	int status = 0, error = 0;
	if (path[0] != '/')
		say(c, "run_command: %s task_prolog is not fully qualified pathname (%s)", kind, path);
	else if (access(path, R_OK | X_OK) != 0 ||
	         (error = task_hook_run(path, env->v, &output, &status)) != 0)
		say(c, "run_command: %s task_prolog can not be executed (%s) %s", kind, path,
		    strerror(error ? error : errno));
	else if (WIFEXITED(status)) {
		task_hook_output(text_str(&output), output.len, env, &lines);
		if (lines.len > 0 && write(1, lines.s, lines.len) < 0)
			say(c, "cannot write what the task prolog prints: %s", strerror(errno));
		text_free(&output);
		text_free(&lines);
		return WEXITSTATUS(status);
	} else {
		say(c, "%s task_prolog did not exit normally. reason: signal %d", kind, WTERMSIG(status));
		return 1;
	}
	say(c, "%s task_prolog did not exit normally. reason: Run command failed - configuration error",
	    kind);
	return 1;
}

/* TaskProlog, then srun's --task-prolog; the task's environment after them. */
static char **child_prologs(const struct child *c)
{
	const struct shepherd *s = c->s;
	const struct {
		const char *path, *kind, *name;
	} prologs[] = {{s->record.task_prolog, "slurm", "TaskProlog"},
	               {s->launch.task_prolog, "user", "--task-prolog"}};
	struct task_env env;
	if (!prologs[0].path && !prologs[1].path)
		return s->env;
	task_env_copy(&env, s->env);
	for (size_t i = 0; i < 2; i++) {
		if (!prologs[i].path)
			continue;
		task_env_set(&env, "SLURM_SCRIPT_CONTEXT", "prolog_task");
		int status = prolog_status(c, prologs[i].path, prologs[i].kind, &env);
		if (status != 0) {
			say(c, "%s failed status=%d", prologs[i].name, status);
			_exit(status);
		}
		task_env_unset(&env, "SLURM_SCRIPT_CONTEXT");
	}
	return env.v;
}

/* The user, and what the launch says of limits, umask and directory. */
static void child_become(const struct child *c)
{
	const struct shepherd *s = c->s;
	struct err err = {0};
	int error = step_doors_enter(&s->doors);
	if (error)
		give_up(c, strerror(error));
	if (!c->terminal)
		setpgid(0, 0);
	child_files(c);
	if (c->terminal && (error = terminal_control()) != 0)
		give_up(c, strerror(error));
	child_open_files(s);
	const struct schema_strs *limits = s->launch.limits.n ? &s->launch.limits : &s->record.grant->limits;
	for (uint32_t i = 0; i < limits->n; i++)
		child_limit(limits->v[i]);
	if (identity_become(s->record.grant->who, &err) != 0)
		give_up(c, err_text(&err));
	umask((mode_t)(s->launch.umask & 0777));
	child_directory(c);
	child_signals();
}

static void child_env(const struct child *c, pid_t pid)
{
	const struct shepherd *s = c->s;
	s->env[s->env_procid] = xprintf("SLURM_PROCID=%u", c->task->global);
	s->env[s->env_localid] = xprintf("SLURM_LOCALID=%u", c->task->local);
	s->env[s->env_pid] = xprintf("SLURM_TASK_PID=%ld", (long)pid);
	if (mpi_task_fd(c->task) >= 0) {
		s->env[s->env_pmi_fd] = xprintf("PMI_FD=%d", mpi_task_fd(c->task));
		s->env[s->env_pmi_rank] = xprintf("PMI_RANK=%u", c->task->global);
	}
}

static void child_run(const struct child *c) __attribute__((noreturn));
static void child_run(const struct child *c)
{
	if (bind_task(c->task, c->fds[2]) != 0)
		_exit(1);
	child_become(c);
	child_env(c, getpid());
	char **env = child_prologs(c);
	if (mpi_task_fd(c->task) >= 0)
		fcntl(mpi_task_fd(c->task), F_SETFD, 0);
	child_exec(c, env);
}

static void child_epilog(const struct child *c, const char *path) __attribute__((noreturn));
static void child_epilog(const struct child *c, const char *path)
{
	struct task_env env;
	child_become(c);
	child_env(c, c->task->pid);
	task_env_copy(&env, c->s->env);
	task_env_set(&env, "SLURM_SCRIPT_CONTEXT", "epilog_task");
	task_hook_exec(path, env.v, -1);
}

/* ---- in the shepherd ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The child's end into *theirs, ours (not blocking) into *ours. */
static int make_pipe(int *theirs, int *ours, bool child_reads, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(err, errno, "cannot make a pipe");
	*theirs = ends[child_reads ? 0 : 1];
	*ours = ends[child_reads ? 1 : 0];
	if (fcntl(*ours, F_SETFL, O_NONBLOCK) != 0)
		return err_sys(err, errno, "cannot set up a pipe");
	return 0;
}

/* Our end of its terminal. */
static int take_terminal(struct shepherd *s, struct task *t, struct err *err)
{
	int master = files_take_master(s);
	t->out[0].fd = master;
	t->out[0].terminal = true;
	t->in_fd = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (t->in_fd < 0)
		return err_sys(err, errno, "cannot share a terminal");
	return terminal_set_up(s, master, err);
}

static int task_start(struct shepherd *s, struct task *t, int trouble_fd, struct err *err)
{
	struct child c = {.s = s,
	                  .task = t,
	                  .fds = {-1, -1, -1},
	                  .trouble_fd = trouble_fd,
	                  .terminal = t == s->terminal};
	int pipes[3] = {-1, -1, -1}, rc = c.terminal ? take_terminal(s, t, err) : 0;
	for (int i = 0; rc == 0 && i < 3; i++) {
		const struct user_file *file = files_of(s, t->local, i);
		if (file)
			c.fds[i] = file->fd;
		else if (i == 0)
			rc = make_pipe(&pipes[0], &t->in_fd, true, err);
		else
			rc = make_pipe(&pipes[i], &t->out[i - 1].fd, false, err);
		if (!file)
			c.fds[i] = pipes[i];
	}
	if (rc == 0 && t->local == 0 && bind_is_told(s))
		s->report_fd = fcntl(c.fds[2], F_DUPFD_CLOEXEC, 3);
	if (rc == 0) {
		t->pid = fork();
		if (t->pid == 0)
			child_run(&c);
		if (t->pid < 0) {
			t->pid = 0;
			rc = err_sys(err, errno, "cannot fork");
		} else {
			if (!c.terminal)                 /* that one begins a session */
				setpgid(t->pid, t->pid); /* whichever of the two comes first */
		}
	}
	for (int i = 0; i < 3; i++)
		close_fd(&pipes[i]);
	return rc;
}

/* ---- after a task ---- */

/* srun's --task-epilog, then TaskEpilog; the real one has their names the other way round when they fail. */
static const char *const epilog_names[] = {"TaskEpilog", "--task-epilog"};

static const char *epilog_path(const struct shepherd *s, unsigned which)
{
	return which == 0 ? s->launch.task_epilog : s->record.task_epilog;
}

static bool epilog_start(struct task *t)
{
	const struct shepherd *s = t->shepherd;
	const char *path = epilog_path(s, t->epilog_at);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct child c = {.s = s, .task = t, .fds = {null, null, null}, .trouble_fd = -1};
	t->epilog = null >= 0 ? fork() : -1;
	if (t->epilog == 0)
		child_epilog(&c, path);
	close_fd(&null);
	if (t->epilog > 0)
		return true;
	log_error("cannot run the task epilog %s: %s", path, strerror(errno));
	t->epilog = 0;
	return false;
}

static bool epilog_next(struct task *t)
{
	for (; t->epilog_at < sizeof(epilog_names) / sizeof(epilog_names[0]); t->epilog_at++)
		if (epilog_path(t->shepherd, t->epilog_at) && epilog_start(t))
			return true;
	return false;
}

bool task_epilog_begin(struct task *t, int status)
{
	/* What is to be killed is not to be begun. */
	if (t->shepherd->killing || t->epilog_at > 0 || !epilog_next(t))
		return false;
	t->status = status;
	return true;
}

bool task_epilog_ended(struct task *t, int status)
{
	t->epilog = 0;
	if (status != 0)
		shepherd_tell_user(t->shepherd, "%s failed status=%d", epilog_names[t->epilog_at], status);
	t->epilog_at++;
	return !t->shepherd->killing && epilog_next(t);
}

int tasks_start(struct shepherd *s, struct err *err)
{
	int ends[2], rc = 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_sys(err, errno, "cannot make a pipe");
	s->trouble_fd = ends[0];
	for (uint32_t i = 0; rc == 0 && i < s->task_count; i++)
		rc = task_start(s, &s->tasks[i], ends[1], err);
	close(ends[1]);
	close_fd(&s->report_fd);
	return rc;
}

void tasks_read_trouble(struct shepherd *s)
{
	struct trouble t;
	while (s->trouble_fd >= 0 && read(s->trouble_fd, &t, sizeof(t)) == (ssize_t)sizeof(t)) {
		t.text[sizeof(t.text) - 1] = '\0';
		shepherd_fail(s, SIGKILL, "task %u could not be started: %s",
		              s->tasks[t.local % s->task_count].global, t.text);
	}
}
