#include "applets/controller/store_db.h"
#include "core/util/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* "host bootid" of this machine. */
static void own_mark(char *out, size_t size)
{
	char host[256] = "?", boot[64] = "?";
	if (gethostname(host, sizeof(host) - 1) != 0)
		text_copy(host, sizeof(host), "?");
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, boot, sizeof(boot) - 1) : 0;
	if (n > 0)
		boot[n] = '\0';
	if (fd >= 0)
		close(fd);
	boot[strcspn(boot, "\n")] = '\0';
	snprintf(out, size, "host %s boot %s", host, boot);
}

static void read_mark(int fd, char *out, size_t size)
{
	ssize_t n = pread(fd, out, size - 1, 0);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static bool same_host(const char *a, const char *b)
{
	size_t n = strcspn(a + strcspn(a, " ") + 1, " ") + strcspn(a, " ") + 1;
	return strncmp(a, b, n) == 0 && (b[n] == ' ' || b[n] == '\0');
}

int store_lock_take(const char *dir, struct err *err)
{
	char *path = xprintf("%s/lock", dir), mine[400], held[400];
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), rc = -1;
	own_mark(mine, sizeof(mine));
	if (fd < 0) {
		err_sys(err, errno, "cannot open %s", path);
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno != ENOLCK && errno != EOPNOTSUPP) {
		if (errno == EWOULDBLOCK) {
			read_mark(fd, held, sizeof(held));
			err_set(err, ERR_LOCKED,
			        "%s is in use by another slurmctld (%s): stop that one first", dir, held);
		} else {
			err_sys(err, errno, "cannot lock %s", path);
		}
	} else {
		/* Where the file system belongs to another host, flock may hold on this one alone: the mark
		 * is what is left to go by. */
		read_mark(fd, held, sizeof(held));
		if (*held && store_on_network(dir) && !same_host(held, mine)) {
			err_set(err, ERR_LOCKED,
			        "%s was last used by a slurmctld on another host (%s), which did not end in "
			        "order: make sure that it is dead, "
			        "then remove %s",
			        dir, held, path);
		} else {
			int n = snprintf(held, sizeof(held), "%s pid %ld\n", mine, (long)getpid());
			rc = ftruncate(fd, 0) == 0 && pwrite(fd, held, (size_t)n, 0) == n && fsync(fd) == 0
			             ? 0
			             : err_sys(err, errno, "cannot write %s", path);
		}
	}
	if (rc != 0 && fd >= 0)
		close(fd);
	free(path);
	return rc == 0 ? fd : -1;
}

int store_lock_is_free(const char *dir, struct err *err)
{
	char *path = xprintf("%s/lock", dir), held[400];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = 0;
	free(path);
	if (fd < 0)
		return 0; /* never used, or a copy */
	if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		read_mark(fd, held, sizeof(held));
		rc = err_set(err, ERR_LOCKED,
		             "%s is in use by a slurmctld (%s): stop that one first, or look at a copy "
		             "(scontrol write state FILE)",
		             dir, held);
	}
	close(fd);
	return rc;
}

void store_lock_release(int fd)
{
	if (fd < 0)
		return;
	/* An empty mark: ended in order. Without it (full disk) the next start on this host goes on anyway.
	 */
	if (ftruncate(fd, 0) != 0)
		errno = 0;
	close(fd);
}
