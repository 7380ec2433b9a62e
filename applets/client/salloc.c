/* salloc(1) */
#include "applets/applet.h"
#include "applets/client/submit.h"
#include "core/util/log.h"

#include <errno.h>
#include <inttypes.h>
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

/* Starts the command, or the user's shell, with the allocation in its environment. */
static void start(const struct submit *s, const struct allocation *a, char **argv)
{
	struct env_list env = {0};
	const char *shell = getenv("SHELL");
	char *own[] = {(char *)(uintptr_t)(shell && *shell ? shell : "/bin/sh"), NULL};
	char **command = *argv ? argv : own;
	env_list_export(&env, NULL);
	env_list_set(&env, "SLURM_SUBMIT_DIR", "%s", s->spec.work_dir);
	env_list_set(&env, "SLURM_SUBMIT_HOST", "%s", s->spec.alloc_node);
	env_list_set(&env, "SLURM_JOB_NAME", "%s", s->spec.name);
	env_list_job(&env, a->job);
	env_list_distribution(&env, s);
	if (s->spec.tasks_set) {
		env_list_set(&env, "SLURM_NTASKS", "%" PRIu32, s->spec.tasks);
		env_list_set(&env, "SLURM_NPROCS", "%" PRIu32, s->spec.tasks);
	}
	if (s->spec.cpus_per_task_set)
		env_list_set(&env, "SLURM_CPUS_PER_TASK", "%" PRIu32, s->spec.cpus_per_task);
	env_list_set(&env, "SLURM_NODE_ALIASES", "(null)");
	child = fork();
	if (child == 0) {
		if (s->chdir_set && chdir(s->spec.work_dir) != 0)
			log_error("couldn't chdir to `%s': %s", s->spec.work_dir, strerror(errno));
		execvpe(command[0], command, env.v);
		log_error("%s: %s", command[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
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

static void attend_controller(struct allocation *a, bool *gone)
{
	if (*gone || !a->connection.client || !hear(a))
		return;
	*gone = true;
	if (a->end_state == JOB_TIMEOUT)
		log_info("Job %" PRIu32 " has exceeded its time limit and its allocation has been revoked.",
		         a->job_id);
	else
		log_info("Job allocation %" PRIu32 " has been revoked.", a->job_id);
}

/* Until the command ends: its status, as wait(2) gives it. */
static int attend(struct allocation *a, bool *gone)
{
	int status = 1 << 8;
	bool over = child <= 0;
	sigset_t mask, old;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	a->connection.interrupted = &child_ended;
	while (!over) {
		/* What lies in the client's buffer already no poll sees. */
		attend_controller(a, gone);
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
	attend_controller(a, gone);
	return status;
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
	if (submit_finish(&s, "interactive", &err) != 0) {
		log_error("%s", err_text(&err));
		return 1;
	}
	catch_signals();
	rc = allocation_get(&a, &s, &interrupted);
	if (rc == 0) {
		log_info("Granted job allocation %" PRIu32, a.job_id);
		if (!s.no_shell) {
			bool gone = false;
			start(&s, &a, argv + rest);
			int status = attend(&a, &gone);
			if (!gone) {
				log_info("Relinquishing job allocation %" PRIu32, a.job_id);
				allocation_release(&a, (uint32_t)status);
			}
			rc = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		}
	}
	allocation_free(&a);
	submit_free(&s);
	return rc;
}
