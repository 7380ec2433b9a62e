#include "applets/common/daemon.h"

#include "core/util/arena.h"
#include "core/util/log.h"
#include "core/util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready_fd = -1;   /* the waiting parent reads this */
static int pidfile_fd = -1; /* locked while we live */
static char pidfile_path[4096];

int daemon_detach(struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(err, errno, "cannot make a pipe");
	pid_t pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return err_sys(err, errno, "cannot start a background process");
	}
	if (pid > 0) {
		char byte = 0;
		close(ends[1]);
		ssize_t n;
		do {
			n = read(ends[0], &byte, 1);
		} while (n < 0 && errno == EINTR);
		if (n == 1)
			_exit(0);
		int status = 0;
		if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) != 0)
			_exit(WEXITSTATUS(status));
		_exit(1);
	}
	close(ends[0]);
	ready_fd = ends[1];
	if (setsid() < 0 || chdir("/") != 0)
		return err_sys(err, errno, "cannot leave the terminal");
	return 0;
}

void daemon_ready(void)
{
	daemon_notify("READY=1");
	if (ready_fd < 0)
		return;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		for (int fd = 0; fd <= 2; fd++)
			if (dup2(null, fd) < 0)
				log_error("cannot point file descriptor %d to /dev/null: %s", fd,
				          strerror(errno));
		if (null > 2)
			close(null);
	}
	if (write(ready_fd, "", 1) != 1)
		log_debug("the process that started this daemon is gone");
	close(ready_fd);
	ready_fd = -1;
}

void daemon_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	if (!path || (path[0] != '/' && path[0] != '@') || !text_copy(to.sun_path, sizeof(to.sun_path), path))
		return;
	size_t n = strlen(path);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)(const void *)&to, len) <
	    0)
		log_debug("cannot notify systemd at %s: %s", path, strerror(errno));
	close(fd);
}

static int pidfile_held(const char *path, int fd, struct err *err)
{
	char pid[32] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
	pid[n > 0 ? n : 0] = '\0';
	return err_set(err, ERR_LOCKED, "%s is held by process %s: this daemon runs already", path,
	               text_trim(pid));
}

int daemon_pidfile(const char *path, uid_t owner, gid_t group, struct err *err)
{
	if (!text_copy(pidfile_path, sizeof(pidfile_path), path))
		return err_set(err, ERR_CONFIG, "the pid file's path is too long: %s", path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_sys(err, errno, "cannot open the pid file %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int rc = errno == EWOULDBLOCK ? pidfile_held(path, fd, err)
		                              : err_sys(err, errno, "cannot lock the pid file %s", path);
		close(fd);
		return rc;
	}
	char pid[32];
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n ||
	    (geteuid() == 0 && fchown(fd, owner, group) != 0)) {
		int rc = err_sys(err, errno, "cannot write the pid file %s", path);
		close(fd);
		return rc;
	}
	pidfile_fd = fd;
	return 0;
}

void daemon_pidfile_remove(void)
{
	if (pidfile_fd < 0)
		return;
	/* After dropping root the directory may not be ours any more: then an empty, unlocked file stays. */
	if (unlink(pidfile_path) != 0 && ftruncate(pidfile_fd, 0) != 0)
		log_debug("cannot remove the pid file %s: %s", pidfile_path, strerror(errno));
	close(pidfile_fd);
	pidfile_fd = -1;
}

int daemon_nice_value(const char *word)
{
	int64_t value;
	if (text_to_i64(word, &value) && value > INT_MIN && value < INT_MAX)
		return (int)value;
	log_error("Invalid option for -n option (nice value), ignored");
	return 0;
}

void daemon_nice(int value)
{
	if (value != 0 && setpriority(PRIO_PROCESS, 0, value) != 0)
		log_error("cannot set the nice value to %d: %s", value, strerror(errno));
}

static int directory_parents(const char *path, struct err *err)
{
	char part[4096];
	if (!text_copy(part, sizeof(part), path))
		return err_set(err, ERR_CONFIG, "the path is too long: %s", path);
	for (char *p = strchr(part + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return err_sys(err, errno, "cannot make the directory %s", part);
		*p = '/';
	}
	return 0;
}

int daemon_directory(const char *path, uid_t owner, gid_t group, mode_t mode, struct err *err)
{
	struct stat st;
	if (path[0] != '/')
		return err_set(err, ERR_CONFIG, "%s is not an absolute path", path);
	int seen = lstat(path, &st);
	/* Whoever put it there chooses what a daemon with root's rights writes into. */
	if (seen == 0 && S_ISLNK(st.st_mode) && st.st_uid != owner && st.st_uid != 0)
		return err_set(
		        err, ERR_CONFIG,
		        "%s is a symbolic link of uid %u: remove it, or put the directory itself there", path,
		        (unsigned)st.st_uid);
	if (seen != 0 && errno == ENOENT) {
		if (directory_parents(path, err) != 0)
			return -1;
		if (mkdir(path, mode) != 0 && errno != EEXIST)
			return err_sys(err, errno, "cannot make the directory %s", path);
		if (geteuid() == 0 && lchown(path, owner, group) != 0)
			return err_sys(err, errno, "cannot give the directory %s to uid %u", path,
			               (unsigned)owner);
		if (chmod(path, mode) != 0)
			return err_sys(err, errno, "cannot set the mode of %s", path);
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open the directory %s", path);
	int rc = fstat(fd, &st);
	close(fd);
	if (rc != 0)
		return err_sys(err, errno, "cannot look at the directory %s", path);
	if (st.st_uid != owner && st.st_uid != 0)
		return err_set(err, ERR_CONFIG, "the directory %s belongs to uid %u: chown it to uid %u",
		               path, (unsigned)st.st_uid, (unsigned)owner);
	if (st.st_mode & 022 & ~mode)
		return err_set(err, ERR_CONFIG,
		               "the directory %s may be written by others (mode %04o): chmod %04o %s", path,
		               (unsigned)(st.st_mode & 07777), (unsigned)mode, path);
	return 0;
}

int daemon_parent(const char *path, uid_t owner, gid_t group, struct err *err)
{
	char dir[4096];
	struct stat st;
	if (!text_copy(dir, sizeof(dir), path))
		return err_set(err, ERR_CONFIG, "the path is too long: %s", path);
	char *slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = '\0';
	return stat(dir, &st) == 0 ? 0 : daemon_directory(dir, owner, group, 0755, err);
}

int daemon_drop(uid_t uid, gid_t gid, const char *user, struct err *err)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;
	if (geteuid() != 0) {
		if (geteuid() == uid)
			return 0;
		return err_set(err, ERR_ACCESS_DENIED,
		               "started by uid %u, but must run as %s: start it as root or as %s",
		               (unsigned)geteuid(), user, user);
	}
	if (uid == 0)
		return 0;
	if (initgroups(user, gid) != 0 && setgroups(1, &gid) != 0)
		return err_sys(err, errno, "cannot set the groups of %s", user);
	if (setresgid(gid, gid, gid) != 0)
		return err_sys(err, errno, "cannot become group %u", (unsigned)gid);
	if (setresuid(uid, uid, uid) != 0)
		return err_sys(err, errno, "cannot become user %s", user);
	if (getresuid(&r, &e, &s) != 0 || r != uid || e != uid || s != uid || getresgid(&rg, &eg, &sg) != 0 ||
	    rg != gid || eg != gid || sg != gid || setuid(0) == 0)
		return err_set(err, ERR_ACCESS_DENIED, "root was not given up for %s", user);
	/* Another uid makes a process as dumpable as fs.suid_dumpable says, which systemd-coredump sets. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(err, errno, "cannot forbid core dumps");
	return 0;
}

char *daemon_absolute_path(const char *path)
{
	char cwd[PATH_MAX];
	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return xstrdup(path);
	return xprintf("%s/%s", cwd, path);
}
