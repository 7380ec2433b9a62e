/* salloc(1) */
#include "applets/applet.h"
#include "applets/client/submit.h"
#include "core/util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int interrupted, child_ended;
static volatile pid_t child;

static void on_signal(int signo)
{
	interrupted = signo;
	if (child > 0)
		kill(child, signo);
}

static void on_child(int signo)
{
	child_ended = signo;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	action.sa_handler = on_child;
	sigaction(SIGCHLD, &action, NULL);
}

/* The program, as execvp(3) would find it, before anybody changes the directory; NULL: nowhere. */
static char *find_command(struct arena *arena, const char *name)
{
	char cwd[PATH_MAX];
	if (strchr(name, '/')) {
		bool here = *name == '.' && getcwd(cwd, sizeof(cwd));
		char *path = here ? arena_printf(arena, "%s/%s", cwd, name) : arena_strdup(arena, name);
		return access(path, F_OK) == 0 ? path : NULL;
	}
	char *rest = arena_strdup(arena, getenv("PATH"));
	while (rest) {
		const char *dir = text_split(&rest, ':');
		char *path = arena_printf(arena, "%s/%s", *dir ? dir : ".", name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* Starts the command with the allocation in its environment. */
static void start(const struct submit *s, const struct allocation *a, char **command, const char *path)
{
	struct env_list env = {0};
	env_list_export(&env, s);
	env_list_set(&env, "SLURM_SUBMIT_DIR", "%s", s->submit_dir);
	env_list_set(&env, "SLURM_SUBMIT_HOST", "%s", s->submit_host);
	env_list_set(&env, "SLURM_JOB_NAME", "%s", s->spec.name);
	env_list_job(&env, a->job);
	env_list_options(&env, s);
	env_list_set(&env, "SLURM_NODE_ALIASES", "(null)");
	child = fork();
	if (child == 0) {
		execve(path, command, env.v);
		log_error("%s: %s", path, strerror(errno));
		_exit(126);
	}
	env_list_free(&env);
}

/* What the controller says while the command runs: that the job has ended (true), or a line for the user. */
static bool hear(struct allocation *a)
{
	for (;;) {
		uint32_t type = 0;
		void *record = NULL;
		struct err err = {0};
		if (client_next(a->connection.client, &a->arena, 0, &type, &record, &err) != 0) {
			/* It restarts: the job is on its disk, we say at once that it is still wanted. */
			struct job_attach m = {.job_id = a->job_id, .watch = true};
			log_debug("%s", err_text(&err));
			if (connect_again(&a->connection, &err) != 0 ||
			    client_send(a->connection.client, MSG_job_attach, &m, &err) != 0)
				return false;
			continue;
		}
		if (type == 0)
			return false;
		if (type == MSG_job_message)
			log_info("%s", ((const struct job_message *)record)->text);
		if (type == MSG_job_ended) {
			a->end_state = ((const struct job_ended *)record)->state;
			return true;
		}
	}
}

/* kill_command: the signal that the command gets when its allocation is gone; 0: none. */
static void attend_controller(struct allocation *a, bool *gone, int kill_command)
{
	if (*gone || !a->connection.client || !hear(a))
		return;
	*gone = true;
	if (a->end_state == JOB_TIMEOUT)
		log_info("Job %" PRIu32 " has exceeded its time limit and its allocation has been revoked.",
		         a->job_id);
	else
		log_info("Job allocation %" PRIu32 " has been revoked.", a->job_id);
	if (kill_command && child > 0)
		kill(child, kill_command);
}

/* Until the command ends: its status, as wait(2) gives it. */
static int attend(struct allocation *a, bool *gone, int kill_command)
{
	int status = 1 << 8;
	bool over = child <= 0;
	sigset_t mask, old;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	a->connection.interrupted = &child_ended;
	while (!over) {
		/* What lies in the client's buffer already no poll sees. */
		attend_controller(a, gone, kill_command);
		sigprocmask(SIG_BLOCK, &mask, &old);
		over = waitpid(child, &status, WNOHANG) != 0;
		struct pollfd fd = {.fd = *gone || !a->connection.client ? -1
		                                                         : client_fd(a->connection.client),
		                    .events = POLLIN};
		if (!over)
			ppoll(&fd, 1, NULL, &old);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	child = 0;
	attend_controller(a, gone, kill_command);
	return status;
}

/* The exit code. A command that a signal ended counts as one that ended well. */
static int run(const struct submit *s, struct allocation *a, char **command, const char *path)
{
	bool gone = false;
	int status = submit_error_exit() << 8;
	if (path) {
		start(s, a, command, path);
		status = attend(a, &gone, s->kill_command);
	} else {
		log_error("_fork_command: Unable to find command \"%s\"", command[0]);
	}
	if (!gone) {
		log_info("Relinquishing job allocation %" PRIu32, a->job_id);
		allocation_release(a, (uint32_t)status);
	}
	return WIFSIGNALED(status) ? 0 : WEXITSTATUS(status);
}

int salloc_main(int argc, char **argv)
{
	struct submit s;
	struct allocation a = {0};
	struct err err = {0};
	int rest = argc, rc;
	log_init("salloc", LOG_LEVEL_INFO);
	submit_init(&s, SUBMIT_SALLOC, &err);
	if (submit_arguments(&s, argc, argv, ORIGIN_COMMAND_LINE, &rest, &err) != 0 ||
	    submit_environment(&s, &err) != 0) {
		return submit_exit_code(&s, &err);
	}
	log_set_stderr_level(s.quiet ? LOG_LEVEL_ERROR
	                             : (enum log_level)(LOG_LEVEL_INFO + (s.verbose > 5 ? 5 : s.verbose)));
	submit_show(&s);
	s.spec.detached = s.no_shell;
	if (s.get_user_env && err_set(&err, ERR_LIMIT, "SlurmdUser must be root to use --get-user-env") != 0)
		return submit_exit_code(&s, &err);
	if (submit_hosts(&s) != 0)
		return submit_error_exit();
	if (submit_finish(&s, "interactive", &err) != 0)
		return submit_exit_code(&s, &err);
	const char *shell = getenv("SHELL");
	char *own[] = {(char *)(uintptr_t)(shell && *shell ? shell : "/bin/sh"), NULL};
	char **command = rest < argc ? argv + rest : own;
	const char *path = find_command(&s.arena, command[0]);
	char here[PATH_MAX];
	s.submit_dir = arena_strdup(&s.arena, getcwd(here, sizeof(here)) ? here : "/");
	if (s.chdir_set && chdir(s.spec.work_dir) != 0) {
		log_error("chdir(%s): %s", s.spec.work_dir, strerror(errno));
		return submit_error_exit();
	}
	catch_signals();
	rc = allocation_get(&a, &s, &interrupted);
	if (rc == 0) {
		if (a.configured)
			log_info("Nodes %s are ready for job", log_escape(a.job->nodes));
		else
			log_info("Granted job allocation %" PRIu32, a.job_id);
		if (s.bell && !s.no_bell && isatty(STDOUT_FILENO))
			dprintf(STDOUT_FILENO, "\a");
		if (!s.no_shell)
			rc = run(&s, &a, command, path);
	}
	allocation_free(&a);
	submit_free(&s);
	return rc;
}
