/* What batchbox up writes, and removes again. */
#include "applets/client/up.h"
#include "applets/common/users.h"
#include "core/util/log.h"
#include "core/util/text.h"
#include "proto/key.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* ---- where ---- */

/* A directory of ours; made when it is missing. Others may look into root's, whose cluster they use. */
static int own_directory(const char *path, struct err *err)
{
	struct stat st;
	mode_t mode = geteuid() == 0 ? 0755 : 0700;
	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return err_sys(err, errno, "cannot make the directory %s", path);
	if (lstat(path, &st) != 0)
		return err_sys(err, errno, "cannot look at %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(
		        err, ERR_ACCESS_DENIED,
		        "%s must be a directory of uid %u that nobody else can write to: remove it, or ask "
		        "its owner to",
		        path, (unsigned)geteuid());
	return 0;
}

int up_place(struct up *up, struct err *err)
{
	char base[40];
	if (geteuid() == 0)
		snprintf(base, sizeof(base), "/run/batchbox-up");
	else
		snprintf(base, sizeof(base), "/tmp/batchbox-%u", (unsigned)geteuid());
	if (own_directory(base, err) != 0)
		return -1;
	snprintf(up->dir, sizeof(up->dir), "%s/%s", base, up->name);
	snprintf(up->lock, sizeof(up->lock), "%s.lock", up->dir);
	int fd = open(up->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		err_sys(err, errno, "cannot lock %s", up->lock);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static char *path_in(const struct up *up, const char *name)
{
	return xprintf("%s/%s", up->dir, name);
}

bool up_exists(const struct up *up)
{
	char *conf = path_in(up, "slurm.conf");
	bool exists = access(conf, F_OK) == 0;
	free(conf);
	return exists;
}

bool up_remains(const struct up *up)
{
	struct stat st;
	return lstat(up->dir, &st) == 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

int up_remove(const struct up *up, struct err *err)
{
	if (nftw(up->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		return err_sys(err, errno, "cannot remove %s", up->dir);
	return 0;
}

char *up_closed_place(void)
{
	char self[4096];
	struct stat st;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return NULL;
	self[n] = '\0';
	for (char *p = strchr(self + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (stat(self, &st) == 0 && !(st.st_mode & S_IXOTH))
			return xstrdup(self);
		*p = '/';
	}
	return stat(self, &st) == 0 && !(st.st_mode & S_IXOTH) ? xstrdup(self) : NULL;
}

void up_leave(const struct up *up, int lock)
{
	char base[sizeof(up->dir)];
	if (!up_exists(up)) {
		text_copy(base, sizeof(base), up->dir);
		*strrchr(base, '/') = '\0';
		if (unlink(up->lock) != 0 || (rmdir(base) != 0 && errno != ENOTEMPTY && errno != EEXIST))
			log_debug("cannot remove %s: %s", base, strerror(errno));
	}
	close(lock);
}

/* ---- ports that nobody has: all are held until each is known ---- */

static int free_ports(uint16_t *ports, size_t n, struct err *err)
{
	int *fds = xcalloc(n, sizeof(*fds)), rc = 0;
	size_t held = 0;
	for (; rc == 0 && held < n; held++) {
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		socklen_t len = sizeof(at);
		fds[held] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fds[held] < 0 || bind(fds[held], (struct sockaddr *)(void *)&at, sizeof(at)) != 0 ||
		    getsockname(fds[held], (struct sockaddr *)(void *)&at, &len) != 0)
			rc = err_sys(err, errno, "cannot find a free port on 127.0.0.1");
		ports[held] = ntohs(at.sin_port);
	}
	for (size_t i = 0; i < held; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(fds);
	return rc;
}

/* ---- the configuration ---- */

static uint32_t machine_cpus(void)
{
	cpu_set_t set;
	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

/* A tenth is left to everything else that runs here. */
static uint64_t machine_mem(void)
{
	struct sysinfo info;
	return sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit / 1048576 * 9 / 10 : 1024;
}

static void write_settings(const struct up *up, uint16_t port, const char *host, struct text *out)
{
	struct user user;
	char uid[16];
	snprintf(uid, sizeof(uid), "%u", (unsigned)geteuid());
	const char *me = geteuid() == 0 ? "root" : user_by_uid(geteuid(), &user) == 0 ? user.name : uid;
	text_printf(out,
	            "# Made by batchbox up; batchbox down removes it.\n"
	            "ClusterName=%s\nSlurmctldHost=%s(127.0.0.1)\nSlurmctldPort=%u\n"
	            "SlurmUser=%s\nSlurmdUser=%s\n",
	            up->name, host, port, me, me);
	text_printf(out,
	            "StateSaveLocation=%s/state\nSlurmdSpoolDir=%s/spool/%%n\n"
	            "SlurmctldPidFile=%s/run/slurmctld.pid\nSlurmdPidFile=%s/run/slurmd-%%n.pid\n"
	            "SlurmctldLogFile=%s/log/slurmctld.log\nSlurmdLogFile=%s/log/slurmd-%%n.log\n",
	            up->dir, up->dir, up->dir, up->dir, up->dir, up->dir);
	/* The machine is told to be several: what slurm.conf says counts. */
	text_add(out,
	         "SlurmdParameters=config_overrides\nProctrackType=proctrack/linuxproc\n"
	         "TaskPlugin=task/none\nSelectType=select/cons_tres\nSelectTypeParameters=CR_CPU_Memory\n"
	         "SchedulerType=sched/backfill\nReturnToService=2\nMpiDefault=none\nKillWait=5\n");
}

static void write_nodes(const struct up *up, const uint16_t *ports, const char *host, struct text *out)
{
	uint32_t cpus = up->cpus ? up->cpus : machine_cpus() / up->workers;
	uint64_t mem = up->mem ? up->mem : machine_mem() / up->workers;
	cpus = cpus ? cpus : 1;
	mem = mem ? mem : 1;
	text_printf(out, "DefMemPerCPU=%llu\n", (unsigned long long)(mem / cpus ? mem / cpus : 1));
	for (uint32_t i = 0; i < up->workers; i++)
		text_printf(out,
		            "NodeName=worker-%u NodeAddr=127.0.0.1 NodeHostname=%s Port=%u CPUs=%u "
		            "RealMemory=%llu "
		            "State=UNKNOWN\n",
		            i + 1, host, ports[i], cpus, (unsigned long long)mem);
	text_printf(out, "PartitionName=%s Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n",
	            up->partition ? up->partition : UP_PARTITION);
}

static int write_file(const struct up *up, const char *name, const struct text *content, struct err *err)
{
	char *path = path_in(up, name), *fresh = xprintf("%s.new", path);
	mode_t mode = geteuid() == 0 ? 0644 : 0600;
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode), rc = 0;
	if (fd < 0 || write(fd, content->s, content->len) != (ssize_t)content->len || fchmod(fd, mode) != 0)
		rc = err_sys(err, errno, "cannot write %s", fresh);
	if (fd >= 0 && close(fd) != 0 && rc == 0)
		rc = err_sys(err, errno, "cannot write %s", fresh);
	if (rc == 0 && rename(fresh, path) != 0)
		rc = err_sys(err, errno, "cannot put %s in place", path);
	free(fresh);
	free(path);
	return rc;
}

static int write_confs(const struct up *up, struct err *err)
{
	struct text conf = TEXT_EMPTY, own = TEXT_EMPTY;
	uint16_t *ports = xcalloc((size_t)up->workers + 1, sizeof(*ports));
	char host[256] = "localhost";
	if (gethostname(host, sizeof(host) - 1) == 0)
		host[strcspn(host, ".")] = '\0';
	int rc = free_ports(ports, (size_t)up->workers + 1, err);
	write_settings(up, ports[up->workers], host, &conf);
	write_nodes(up, ports, host, &conf);
	text_printf(&own, "[auth]\nkey_file = %s/batchbox.key\n", up->dir);
	if (rc == 0)
		rc = write_file(up, "batchbox.conf", &own, err);
	if (rc == 0)
		rc = write_file(up, "slurm.conf", &conf, err);
	text_free(&conf);
	text_free(&own);
	free(ports);
	return rc;
}

int up_make(const struct up *up, struct err *err)
{
	static const char *const parts[] = {"", "bin", "run", "log", "spool"};
	char *key = path_in(up, "batchbox.key"), *bin = path_in(up, "bin");
	int rc = up_remove(up, err); /* what an earlier one left that was not finished */
	for (size_t i = 0; rc == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *path = path_in(up, parts[i]);
		rc = own_directory(path, err);
		free(path);
	}
	if (rc == 0)
		rc = key_file_make(key, err);
	if (rc == 0)
		rc = up_run(up, "batchbox", "--install", bin, err);
	if (rc == 0)
		rc = write_confs(up, err);
	free(bin);
	free(key);
	return rc;
}
