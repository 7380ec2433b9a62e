/* What a configless daemon keeps on disk. */
#include "applets/common/cluster_file.h"
#include "applets/common/configless.h"
#include "core/util/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_PREFIX ".new."

const char *configless_link_dir(void)
{
	const char *run = cluster_file_run_dir(NULL);
	return strcmp(run, "/run/batchbox") == 0 ? "/run/slurm" : run;
}

/* A directory that every user may read, whatever our umask is. */
static int make_readable(const char *dir)
{
	if (mkdir(dir, 0755) == 0)
		return chmod(dir, 0755);
	return errno == EEXIST ? 0 : -1;
}

/* A directory of our own that nobody else may write; -1 with err set. */
static int open_own(const char *dir, struct err *err)
{
	struct stat st;
	if (make_readable(dir) != 0)
		return err_sys(err, errno, "cannot make the directory %s", dir);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open the directory %s", dir);
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 022))
		return fd;
	close(fd);
	return err_set(err, ERR_CONFIG, "%s is not uid %u's alone: remove it, it is made again", dir,
	               (unsigned)geteuid());
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = write(fd, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

static int write_one(int dir, const struct conf_text *text, struct err *err)
{
	char *fresh = xprintf(NEW_PREFIX "%s", text->name);
	int rc = 0;
	unlinkat(dir, fresh, 0);
	int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, 0644) != 0 || write_all(fd, text->text, text->n) != 0 || fdatasync(fd) != 0)
		rc = err_sys(err, errno, "cannot write %s", text->name);
	if (fd >= 0)
		close(fd);
	if (rc == 0 && renameat(dir, fresh, dir, text->name) != 0)
		rc = err_sys(err, errno, "cannot put %s in its place", text->name);
	if (rc != 0)
		unlinkat(dir, fresh, 0);
	free(fresh);
	return rc;
}

/* What an earlier configuration had. */
static void remove_others(int dir, const struct conf_texts *texts)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	for (const struct dirent *e; d && (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    !conf_texts_find(texts, e->d_name) && unlinkat(dir, e->d_name, 0) != 0)
			log_debug("%s stays where the configuration is kept: %s", e->d_name, strerror(errno));
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

int configless_store(const char *dir, const struct conf_texts *texts, struct err *err)
{
	int rc = 0, fd = open_own(dir, err);
	if (fd < 0)
		return -1;
	/* slurm.conf, which is the first, comes last: it names the others. */
	for (size_t i = texts->n; rc == 0 && i-- > 0;)
		rc = write_one(fd, &texts->v[i], err);
	if (rc == 0) {
		remove_others(fd, texts);
		fsync(fd);
	} else {
		err_prefix(err, "%s", dir);
	}
	close(fd);
	return rc;
}

/* slurm.conf is put first. */
static void load_one(const char *dir, const char *name, struct arena *arena, struct conf_texts *texts)
{
	const struct conf_source source = {.path = dir};
	struct conf_text text;
	if (conf_source_load(&source, arena, arena_printf(arena, "%s/%s", dir, name), &text) != 0)
		return;
	text.name = arena_strdup(arena, name);
	text.beside = true;
	conf_texts_add(texts, arena, &text);
}

int configless_load(const char *dir, struct arena *arena, struct conf_texts *texts, struct err *err)
{
	struct stat st;
	*texts = (struct conf_texts){0};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open the directory %s", dir);
	DIR *d = fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 022) ? fdopendir(fd) : NULL;
	if (!d) {
		close(fd);
		return err_set(err, ERR_CONFIG, "%s is not uid %u's alone", dir, (unsigned)geteuid());
	}
	load_one(dir, "slurm.conf", arena, texts);
	for (const struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.' && strcmp(e->d_name, "slurm.conf") != 0)
			load_one(dir, e->d_name, arena, texts);
	closedir(d);
	if (texts->n && strcmp(texts->v[0].name, "slurm.conf") == 0)
		return 0;
	return err_set(err, ERR_CONFIG, "there is no slurm.conf in %s", dir);
}

void configless_link(const char *dir)
{
	const char *where = configless_link_dir();
	char there[4096];
	struct stat st;
	if (make_readable(where) != 0)
		log_error("cannot make %s, so commands of this host find no configuration: %s", where,
		          strerror(errno));
	int fd = open(where, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = readlinkat(fd, "conf", there, sizeof(there) - 1);
	there[n > 0 ? n : 0] = '\0';
	if (fstat(fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 022))
		log_error("%s is not uid %u's alone, so no link to the configuration is made there", where,
		          (unsigned)geteuid());
	else if (strcmp(there, dir) != 0) {
		unlinkat(fd, NEW_PREFIX "conf", 0);
		if (symlinkat(dir, fd, NEW_PREFIX "conf") != 0 ||
		    renameat(fd, NEW_PREFIX "conf", fd, "conf") != 0)
			log_error("cannot make the link %s/conf to %s: %s", where, dir, strerror(errno));
	}
	close(fd);
}
