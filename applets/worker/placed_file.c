#include "applets/worker/placed_file.h"

#include "core/util/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TRIES 100

#ifdef BATCHBOX_TEST
bool placed_named_only;
#define NAMED_ONLY placed_named_only
#else
#define NAMED_ONLY false
#endif

static int failed(struct placed_file *f, int number, struct err *err)
{
	f->error = number;
	return err_set(err, ERR_SYSTEM, "%s", strerror(number));
}

/* "/a/b/c": the directory is opened, c is the name. */
static int open_directory(struct placed_file *f, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	if (path[0] != '/' || strlen(path) >= PATH_MAX)
		return failed(f, path[0] == '/' ? ENAMETOOLONG : EINVAL, err);
	if (!slash[1] || strcmp(slash + 1, ".") == 0 || strcmp(slash + 1, "..") == 0)
		return failed(f, EISDIR, err);
	char *dir = xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	/* O_PATH: who may make files in a directory need not be able to list it. */
	f->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (f->dir < 0)
		return failed(f, errno, err);
	f->name = xstrdup(slash + 1);
	return 0;
}

/* It is looked at again when the name is given; here, so that nothing is sent in vain. */
static int check_place(struct placed_file *f, struct err *err)
{
	struct stat st, dir;
	if (fstatat(f->dir, f->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : failed(f, errno, err);
	if (!f->replace)
		return failed(f, EEXIST, err);
	if (S_ISDIR(st.st_mode))
		return failed(f, EISDIR, err);
	/* A device, say, is no place for it, whoever asks. */
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return failed(f, EEXIST, err);
	/* In a directory like /tmp only one's own can be replaced: told now, not when others have theirs. */
	if (fstat(f->dir, &dir) == 0 && (dir.st_mode & S_ISVTX) && geteuid() != 0 && st.st_uid != geteuid() &&
	    dir.st_uid != geteuid())
		return failed(f, EPERM, err);
	return 0;
}

/* A name of our own beside it, which nobody else has: make() is tried with one after the other. */
static char *own_name(struct placed_file *f, int (*make)(struct placed_file *f, const char *name),
                      struct err *err)
{
	char name[64];
	for (int i = 0; i < TRIES; i++) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		snprintf(name, sizeof(name), ".bcast-%ld-%" PRIx64, (long)getpid(), (uint64_t)now.tv_nsec);
		if (make(f, name) == 0)
			return xstrdup(name);
		if (errno != EEXIST)
			break;
	}
	failed(f, errno, err);
	return NULL;
}

static int make_file(struct placed_file *f, const char *name)
{
	f->fd = openat(f->dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return f->fd < 0 ? -1 : 0;
}

/* The nameless file gets a name. */
static int make_link(struct placed_file *f, const char *name)
{
	char self[64];
	snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
	return linkat(AT_FDCWD, self, f->dir, name, AT_SYMLINK_FOLLOW);
}

static int open_file(struct placed_file *f, struct err *err)
{
	/* A nameless file gets its name by way of /proc. */
	const bool has_proc = !NAMED_ONLY && access("/proc/self/fd", X_OK) == 0;
	f->fd = has_proc ? openat(f->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
	if (f->fd >= 0)
		return 0;
	if (has_proc && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return failed(f, errno, err);
	f->temporary = own_name(f, make_file, err);
	return f->temporary ? 0 : -1;
}

int placed_begin(struct placed_file *f, const char *path, uint64_t size, bool replace, struct err *err)
{
	*f = (struct placed_file){.dir = -1, .fd = -1, .replace = replace};
	if (size > INT64_MAX)
		return failed(f, EFBIG, err);
	if (open_directory(f, path, err) != 0 || check_place(f, err) != 0 || open_file(f, err) != 0)
		return -1;
	/* A disk that has no room for it says so now, where it can tell. */
	int rc = size ? posix_fallocate(f->fd, 0, (off_t)size) : 0;
	return rc == ENOSPC || rc == EFBIG ? failed(f, rc, err) : 0;
}

int placed_write(struct placed_file *f, const void *data, size_t n, struct err *err)
{
	const char *at = data;
	while (n > 0) {
		ssize_t done = write(f->fd, at, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return failed(f, errno, err);
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

int placed_attributes(struct placed_file *f, mode_t mode, const struct timespec times[2], struct err *err)
{
	if (fchmod(f->fd, mode) != 0 || (times && futimens(f->fd, times) != 0))
		return failed(f, errno, err);
	return 0;
}

/* In one step: over what is there, or only if nothing is. */
static int take_place(struct placed_file *f, struct err *err)
{
	const bool nameless = !f->temporary;
	if (nameless && !f->replace)
		return make_link(f, f->name) == 0 ? 0 : failed(f, errno, err);
	if (nameless && !(f->temporary = own_name(f, make_link, err)))
		return -1;
	int rc = f->replace ? renameat(f->dir, f->temporary, f->dir, f->name)
	                    : linkat(f->dir, f->temporary, f->dir, f->name, 0);
	if (rc != 0)
		return failed(f, errno, err);
	if (!f->replace)
		unlinkat(f->dir, f->temporary, 0);
	free(f->temporary);
	f->temporary = NULL;
	return 0;
}

/* Byte for byte, and the same user's. */
static bool is_the_same(const struct placed_file *f, int other)
{
	char a[16384], b[16384];
	struct stat mine, its;
	if (fstat(f->fd, &mine) != 0 || fstat(other, &its) != 0 || !S_ISREG(its.st_mode) ||
	    mine.st_size != its.st_size || mine.st_uid != its.st_uid)
		return false;
	for (off_t at = 0; at < mine.st_size;) {
		ssize_t n = pread(f->fd, a, sizeof(a), at);
		if (n <= 0 || pread(other, b, (size_t)n, at) != n || memcmp(a, b, (size_t)n) != 0)
			return false;
		at += n;
	}
	return true;
}

/* It was not there in the beginning, and is now: by another node that has the same directory, say. */
static bool is_there_by_now(const struct placed_file *f)
{
	int other = openat(f->dir, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool same = other >= 0 && is_the_same(f, other);
	if (other >= 0)
		close(other);
	return same;
}

int placed_commit(struct placed_file *f, struct err *err)
{
	if (check_place(f, err) == 0 && take_place(f, err) == 0)
		return 0;
	if (f->error != EEXIST || f->replace || !is_there_by_now(f))
		return -1;
	err_clear(err);
	return 0;
}

void placed_close(struct placed_file *f)
{
	if (f->temporary)
		unlinkat(f->dir, f->temporary, 0);
	if (f->fd >= 0)
		close(f->fd);
	if (f->dir >= 0)
		close(f->dir);
	free(f->temporary);
	free(f->name);
	*f = (struct placed_file){.dir = -1, .fd = -1};
}
