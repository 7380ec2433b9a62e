/* The key file: read with every check that a shared secret deserves, and made. */
#include "core/util/arena.h"
#include "proto/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_NEW 1024

/* A key file that is being read: who may own it, and where it really is. */
struct key_source {
	const char *path;
	const uid_t *allowed;
	size_t n;
};

static bool owner_is_allowed(const struct key_source *src, uid_t uid)
{
	if (uid == 0 || uid == geteuid())
		return true;
	for (size_t i = 0; i < src->n; i++)
		if (src->allowed[i] == uid)
			return true;
	return false;
}

/* Whoever can write a directory can put another file, or another directory, in the place of one that is in
 * it. A sticky directory
 * (/tmp) forbids that for what belongs to others. */
static int check_directory(const struct key_source *src, const char *dir, struct err *err)
{
	struct stat st;
	if (lstat(dir, &st) != 0)
		return err_sys(err, errno, "cannot look at %s, above the key file", dir);
	if (!owner_is_allowed(src, st.st_uid))
		return err_set(
		        err, ERR_CONFIG,
		        "%s, above the key file, belongs to uid %u: move the key, or chown the directory",
		        dir, (unsigned)st.st_uid);
	if (!S_ISLNK(st.st_mode) && (st.st_mode & 022) && !(st.st_mode & S_ISVTX))
		return err_set(err, ERR_CONFIG, "others may write %s, above the key file: chmod go-w %s", dir,
		               dir);
	return 0;
}

/* dir and all above it; dir is absolute. */
static int check_chain(const struct key_source *src, const char *dir, struct err *err)
{
	char *at = xstrdup(dir);
	int rc = check_directory(src, "/", err);
	for (char *slash = at; rc == 0 && *at == '/' && slash[1];) {
		slash = strchrnul(slash + 1, '/');
		char kept = *slash;
		*slash = '\0';
		rc = check_directory(src, at, err);
		*slash = kept;
		if (!kept)
			break;
	}
	free(at);
	return rc;
}

/* The file's directory, absolute, as it was written (links in it stand in directories that count too). */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char cwd[4096] = "";
	if (*path == '/')
		return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
	if (!getcwd(cwd, sizeof(cwd)))
		return xstrdup("/");
	return slash ? xprintf("%s/%.*s", cwd, (int)(slash - path), path) : xstrdup(cwd);
}

/* Checks the way to the file, then opens it there: nobody else can change that way in between. -1 with errno
 * ENOENT for a missing file. */
static int open_checked(const struct key_source *src, struct err *err)
{
	const char *slash = strrchr(src->path, '/');
	char *dir = directory_of(src->path), *real = realpath(dir, NULL);
	int fd = -1;
	if (!real) {
		err_sys(err, errno, "cannot open the key file %s", src->path);
	} else if (check_chain(src, real, err) == 0 && check_chain(src, dir, err) == 0) {
		char *file = xprintf("%s/%s", real, slash ? slash + 1 : src->path);
		/* O_NONBLOCK: a FIFO in the file's place must not hold us up. */
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
		int why = errno;
		free(file);
		if (fd < 0 && why == ELOOP)
			err_set(err, ERR_CONFIG,
			        "the key file %s is a symbolic link: put the key itself there", src->path);
		else if (fd < 0 && why == ENOENT)
			err_set(err, ERR_NOT_FOUND,
			        "cannot open the key file %s: %s; make one with `batchbox keygen %s` and "
			        "copy it to every host",
			        src->path, strerror(why), src->path);
		else if (fd < 0)
			err_sys(err, why, "cannot open the key file %s", src->path);
	}
	free(real);
	free(dir);
	return fd;
}

static int check_file(const struct key_source *src, int fd, size_t *size, struct err *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return err_sys(err, errno, "cannot look at the key file %s", src->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "the key file %s is not a regular file", src->path);
	if (!owner_is_allowed(src, st.st_uid))
		return err_set(err, ERR_CONFIG,
		               "the key file %s belongs to uid %u: chown it to root, SlurmUser or munge",
		               src->path, (unsigned)st.st_uid);
	if (st.st_mode & 077)
		return err_set(err, ERR_CONFIG,
		               "the key file %s may be used by others (mode %04o): chmod 0400 %s", src->path,
		               (unsigned)(st.st_mode & 07777), src->path);
	if (st.st_size < KEY_FILE_MIN || st.st_size > KEY_FILE_MAX)
		return err_set(err, ERR_CONFIG,
		               "the key file %s has %lld bytes: a key has %d to %d; make one with `batchbox "
		               "keygen FILE`",
		               src->path, (long long)st.st_size, KEY_FILE_MIN, KEY_FILE_MAX);
	*size = (size_t)st.st_size;
	return 0;
}

/* Reads exactly size bytes; a file that has fewer or more by now was changed meanwhile. */
static int read_whole(const struct key_source *src, int fd, uint8_t *bytes, size_t size, struct err *err)
{
	size_t got = 0;
	while (got < size + 1) {
		ssize_t r = read(fd, bytes + got, size + 1 - got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(err, errno, "cannot read the key file %s", src->path);
		if (r == 0)
			break;
		got += (size_t)r;
	}
	if (got != size)
		return err_set(err, ERR_CONFIG, "the key file %s changed while it was read: start again",
		               src->path);
	return 0;
}

/* Adds the file's key to *master, which is made when it is NULL. */
static int read_key(const struct key_source *src, struct key_master **master, struct err *err)
{
	size_t size = 0;
	int fd = open_checked(src, err), rc = -1;
	if (fd < 0)
		return -1;
	if (check_file(src, fd, &size, err) == 0) {
		uint8_t *bytes = xmalloc(size + 1);
		if (read_whole(src, fd, bytes, size, err) != 0)
			rc = -1;
		else if (*master)
			rc = key_master_add(*master, bytes, size, err);
		else
			rc = (*master = key_master_from_bytes(bytes, size, err)) ? 0 : -1;
		sodium_memzero(bytes, size + 1);
		free(bytes);
	}
	close(fd);
	return rc;
}

struct key_master *key_master_read(const char *path, const uid_t *allowed, size_t n, struct err *err)
{
	static const char *const others[] = {"next", "prev"};
	struct key_source src = {.path = path, .allowed = allowed, .n = n};
	struct key_master *master = NULL;
	int rc = read_key(&src, &master, err);
	for (size_t i = 0; rc == 0 && i < sizeof(others) / sizeof(others[0]); i++) {
		char *name = xprintf("%s.%s", path, others[i]);
		struct err other = {0};
		src.path = name;
		if (read_key(&src, &master, &other) != 0 && other.code != ERR_NOT_FOUND)
			rc = err_set(err, (enum err_code)other.code, "%s", err_text(&other));
		free(name);
	}
	if (rc == 0)
		return master;
	if (master)
		key_master_free(master);
	return NULL;
}

int key_file_make(const char *path, struct err *err)
{
	uint8_t bytes[KEY_FILE_NEW];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_EXISTS,
		               "%s exists: a key is never overwritten, since whoever has the old one would "
		               "be shut out",
		               path);
	if (fd < 0)
		return err_sys(err, errno, "cannot make the key file %s", path);
	randombytes_buf(bytes, sizeof(bytes));
	ssize_t n = write(fd, bytes, sizeof(bytes));
	int why = n < 0 ? errno : n != KEY_FILE_NEW ? ENOSPC : 0;
	sodium_memzero(bytes, sizeof(bytes));
	if (!why && fsync(fd) != 0)
		why = errno;
	if (close(fd) != 0 && !why)
		why = errno;
	if (!why)
		return 0;
	unlink(path);
	return err_sys(err, why, "cannot write the key file %s", path);
}
