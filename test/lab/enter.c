/* enter [-t SECONDS] USER HOST COMMAND ARGUMENT...: becomes COMMAND on a host of the lab in LAB_DIR, with the
 * environment that a login there would have; what `lab exec` does by four programs, since tests do little
 * else. -t: as timeout(1), in a process group of its own. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMED_OUT 124
#define BROKEN    125

static volatile sig_atomic_t is_over;
static pid_t child;

/* As timeout(1): what it is sent the command is sent, and what that started in its group. */
static void forward(int signo)
{
	if (signo == SIGALRM) {
		is_over = 1;
		signo = SIGTERM;
	}
	kill(child, signo);
	signal(signo, SIG_IGN);
	kill(0, signo);
}

static void fail(const char *what)
{
	fprintf(stderr, "enter: %s: %s\n", what, strerror(errno));
	_exit(BROKEN);
}

/* The start time is the 20th word behind the name in brackets: a process id that is used again is not the
 * host. */
static unsigned long long start_time(int pid)
{
	char path[64], line[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *file = fopen(path, "re");
	char *word = file && fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	if (file)
		fclose(file);
	for (int i = 0; word && i < 20; i++)
		word = strchr(word + 1, ' ');
	return word ? strtoull(word + 1, NULL, 10) : 0;
}

static int init_of(const char *lab, const char *host)
{
	char path[512];
	int pid = 0;
	unsigned long long start = 0;
	snprintf(path, sizeof(path), "%s/hosts/%s/pid", lab, host);
	FILE *file = fopen(path, "re");
	if (file && (fscanf(file, "%d %llu", &pid, &start) != 2 || start_time(pid) != start))
		pid = 0;
	if (file)
		fclose(file);
	if (pid == 0) {
		fprintf(stderr, "lab: there is no host %s, or it is down\n", host);
		_exit(1);
	}
	return pid;
}

static void enter_groups(const char *lab, const char *host)
{
	char path[1024], hierarchy[64], parent[512];
	snprintf(path, sizeof(path), "%s/groups", lab);
	FILE *file = fopen(path, "re");
	while (file && fscanf(file, "%63s %511s", hierarchy, parent) == 2) {
		snprintf(path, sizeof(path), "%s/%s/cgroup.procs", parent, host);
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && write(fd, "0", 1) != 1)
			perror(path);
		if (fd >= 0)
			close(fd);
	}
	if (file)
		fclose(file);
}

static void enter_host(int pid)
{
	static const char *const spaces[] = {"cgroup", "ipc", "uts", "net", "pid", "mnt"};
	int fds[6];
	for (size_t i = 0; i < 6; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, spaces[i]);
		if ((fds[i] = open(path, O_RDONLY | O_CLOEXEC)) < 0)
			fail(path);
	}
	for (size_t i = 0; i < 6; i++)
		if (setns(fds[i], 0) != 0)
			fail(spaces[i]);
}

/* Does not return. */
static void become(const char *user, const char *term, char **argv)
{
	const struct passwd *pw = getpwnam(user);
	int is_root = strcmp(user, "root") == 0;
	char *home;
	if (!pw || asprintf(&home, is_root ? "/root" : "/home/%s", user) < 0 ||
	    chdir(is_root ? "/home" : home) != 0)
		fail(user);
	if (!is_root &&
	    (initgroups(user, pw->pw_gid) != 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	     setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0))
		fail(user);
	if (clearenv() != 0 ||
	    (setenv("HOME", home, 1) | setenv("USER", user, 1) | setenv("LOGNAME", user, 1) |
	     setenv("SHELL", "/bin/bash", 1) | setenv("LANG", "C.UTF-8", 1) | setenv("TERM", term, 1) |
	     setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1)))
		fail("environment");
	execvp(argv[0], argv);
	int status = errno == ENOENT ? 127 : 126;
	fprintf(stderr, "enter: %s: %s\n", argv[0], strerror(errno));
	_exit(status);
}

static void guard(unsigned seconds)
{
	static const int forwarded[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGALRM};
	struct sigaction action = {.sa_handler = forward}, before;
	setpgid(0, 0);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		/* What the caller ignores stays ignored, for the command as well. */
		if (sigaction(forwarded[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	alarm(seconds);
}

int main(int argc, char **argv)
{
	const char *lab = getenv("LAB_DIR"), *term = getenv("TERM");
	unsigned seconds = 0;
	int status = 0;
	argv++;
	argc--;
	if (argc >= 2 && strcmp(argv[0], "-t") == 0) {
		seconds = (unsigned)strtoul(argv[1], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	if (argc < 3 || !lab) {
		fprintf(stderr, "LAB_DIR=DIR enter [-t SECONDS] USER HOST COMMAND ARGUMENT...\n");
		return BROKEN;
	}
	int pid = init_of(lab, argv[1]);
	enter_groups(lab, argv[1]);
	enter_host(pid);
	/* Signals wait until there is somebody to send them to. */
	sigset_t all, none;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &none);
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &none, NULL);
		become(argv[0], term ? term : "dumb", argv + 2);
	}
	if (seconds > 0)
		guard(seconds);
	sigprocmask(SIG_SETMASK, &none, NULL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	if (is_over)
		return TIMED_OUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
