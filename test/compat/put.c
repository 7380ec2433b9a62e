/* put [-t TITLE] FILE SECONDS USER COMMAND: runs COMMAND by bash, as timeout(1) would, and records in FILE
 * what it said and how it ended, below TITLE where one is given. USER is root, with the caller's environment,
 * or another, with that of a login. FILE -: nothing is recorded, what it says goes where the caller's goes.
 *
 * What scenes do most is this, and starting a program costs milliseconds: here it is one and bash, in place
 * of eight. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t is_over;
static pid_t child;

static void over(int signo)
{
	(void)signo;
	is_over = 1;
	kill(child, SIGTERM);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
}

static int fail(const char *what)
{
	fprintf(stderr, "put: %s: %s\n", what, strerror(errno));
	return 125;
}

static int become(const char *name)
{
	const struct passwd *pw = getpwnam(name);
	char *home;
	if (!pw || initgroups(name, pw->pw_gid) != 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0 || clearenv() != 0 ||
	    asprintf(&home, "/home/%s", name) < 0)
		return -1;
	return setenv("HOME", home, 1) | setenv("USER", name, 1) | setenv("LOGNAME", name, 1) |
	       setenv("SHELL", "/bin/bash", 1) | setenv("LANG", "C.UTF-8", 1) | setenv("TERM", "xterm", 1) |
	       setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
}

/* Only what asks, which nothing of a shell's reaches: others hand on its environment. */
static int is_plain(const char *name)
{
	static const char *const names[] = {"squeue", "sinfo", "scontrol", "scancel", "sacct",
	                                    "sdiag",  "sprio", "sshare",   "sacctmgr"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return 1;
	return 0;
}

#define WORDS_MAX 64

/* A command of plain and quoted words alone: then bash, which is slow to start, isn't needed. 0: it is. */
static int split(char *command, char *words[WORDS_MAX])
{
	int n = 0;
	char *to = command, *at = command;
	while (*at) {
		if (n == WORDS_MAX - 1)
			return 0;
		words[n++] = to;
		while (*at && *at != ' ') {
			char quote = *at == '\'' || *at == '"' ? *at++ : 0;
			for (; *at && (quote ? *at != quote : *at != ' ' && *at != '\'' && *at != '"');
			     at++) {
				if (strchr(quote == '\'' ? ""
				           : quote       ? "$`\\"
				                         : "$`\\|&;<>()*?[]#~{}!\n\t",
				           *at))
					return 0;
				*to++ = *at;
			}
			if (quote && *at++ != quote)
				return 0;
		}
		while (*at == ' ')
			at++;
		*to++ = '\0';
	}
	words[n] = NULL;
	return n > 0 && is_plain(words[0]);
}

/* Does not return. */
static void run(const int fds[3], const char *user, char *command)
{
	char *const argv[] = {(char[]){"bash"}, (char[]){"-c"}, command, NULL};
	char *words[WORDS_MAX], *copy = strdup(command);
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(fail("dup2"));
	signal(SIGALRM, SIG_DFL);
	if (strcmp(user, "root") != 0 && become(user) != 0)
		_exit(fail(user));
	if (copy && split(copy, words))
		execvp(words[0], words);
	execvp(argv[0], argv);
	_exit(fail(argv[0]));
}

/* A file of what was said, as a command sees one of its caller's. */
static int said(void)
{
	char path[] = "/tmp/put.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0 && (unlink(path) != 0 || fchmod(fd, 0644) != 0))
		return -1;
	return fd;
}

/* As it is, and a newline where it has none at its end. */
static void copy(int fd, FILE *to)
{
	char buffer[65536], last = '\n';
	lseek(fd, 0, SEEK_SET);
	for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;) {
		fwrite(buffer, 1, (size_t)n, to);
		last = buffer[n - 1];
	}
	if (last != '\n')
		fputc('\n', to);
}

static int exit_code(int status)
{
	if (is_over)
		return 124;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int record(FILE *to, const char *title, const char *user, const char *command, const int fds[3],
                  int status)
{
	if (title)
		fprintf(to, "%s\n--- stdout\n", title);
	else
		fprintf(to, "%s$ %s\n", strcmp(user, "alice") == 0 ? "" : user, command);
	copy(fds[1], to);
	if (lseek(fds[2], 0, SEEK_END) > 0) {
		fprintf(to, "--- stderr\n");
		copy(fds[2], to);
	}
	fprintf(to, "--- exit %d\n", exit_code(status));
	return fclose(to);
}

int main(int argc, char **argv)
{
	const char *title = NULL;
	int status = 0;
	if (argc > 2 && strcmp(argv[1], "-t") == 0) {
		title = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc != 5)
		return fprintf(stderr, "put [-t TITLE] FILE SECONDS USER COMMAND\n"), 125;
	const char *path = argv[1], *user = argv[3], *command = argv[4];
	const int is_kept = strcmp(path, "-") != 0;
	const int fds[3] = {open("/dev/null", O_RDWR | O_CLOEXEC), is_kept ? said() : 1,
	                    is_kept ? said() : 2};
	FILE *to = is_kept ? fopen(path, "we") : NULL;
	if ((is_kept && !to) || fds[0] < 0 || fds[1] < 0 || fds[2] < 0)
		return fail(path);
	setpgid(0, 0);
	child = fork();
	if (child == 0)
		run(fds, user, argv[4]);
	if (child < 0)
		return fail("fork");
	signal(SIGALRM, over);
	alarm((unsigned)strtoul(argv[2], NULL, 10));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	if (!to)
		return exit_code(status);
	return record(to, title, user, command, fds, status) == 0 ? 0 : fail(path);
}
