#include "applets/worker/spool.h"

#include "applets/common/daemon.h"
#include "applets/worker/recordfile.h"
#include "core/util/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DONE_FILE_MAX     (1u << 20)
#define SHEPHERD_FILE_MAX (1u << 20)

/* Every file that a launch's directory may have. */
static const char *const launch_files[] = {"grant", "grant.new", "shepherd", "socket", "fate", "fate.new"};

static void number_name(char out[32], const char *prefix, uint64_t number)
{
	snprintf(out, 32, "%s%" PRIu64, prefix, number);
}

static void job_name(char out[32], uint32_t job_id)
{
	snprintf(out, 32, "job%05u", job_id);
}

/* ---- opening ---- */

static void done_remember(struct spool *sp, uint64_t number)
{
	uint64_t *slot = &sp->done_ring[sp->done_at++ % SPOOL_DONE_MAX];
	if (*slot)
		map_del(&sp->done_set, *slot);
	*slot = number;
	map_put(&sp->done_set, number, slot);
}

static void done_append(const struct spool *sp, uint64_t number)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(number >> (8 * i));
	if (write(sp->done, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
		log_error("cannot write to %s/done: %s", sp->path, strerror(errno));
}

static void done_rewrite(struct spool *sp)
{
	if (ftruncate(sp->done, 0) != 0)
		log_error("cannot shorten %s/done: %s", sp->path, strerror(errno));
	for (size_t i = 0; i < SPOOL_DONE_MAX; i++) {
		uint64_t number = sp->done_ring[(sp->done_at + i) % SPOOL_DONE_MAX];
		if (number)
			done_append(sp, number);
	}
}

static int done_load(struct spool *sp, struct err *err)
{
	struct text bytes = TEXT_EMPTY;
	sp->done_ring = xcalloc(SPOOL_DONE_MAX, sizeof(*sp->done_ring));
	map_init_u64(&sp->done_set);
	sp->done = openat(sp->dir, "done", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (sp->done < 0)
		return err_sys(err, errno, "cannot open %s/done", sp->path);
	if (recordfile_slurp(sp->dir, "done", 16 * DONE_FILE_MAX, &bytes, err) != 0) {
		text_free(&bytes);
		return -1;
	}
	size_t n = bytes.len / 8;
	for (size_t i = n > SPOOL_DONE_MAX ? n - SPOOL_DONE_MAX : 0; i < n; i++) {
		uint64_t number = 0;
		for (size_t k = 0; k < 8; k++)
			number |= (uint64_t)(uint8_t)bytes.s[i * 8 + k] << (8 * k);
		if (number && !spool_is_done(sp, number))
			done_remember(sp, number);
	}
	if (bytes.len > DONE_FILE_MAX || bytes.len % 8)
		done_rewrite(sp);
	text_free(&bytes);
	return 0;
}

int spool_open(struct spool *sp, const char *path, uid_t slurm_user, struct err *err)
{
	struct stat st;
	uid_t owner = stat(path, &st) == 0 && st.st_uid == slurm_user ? slurm_user : geteuid();
	*sp = (struct spool){.path = xstrdup(path), .dir = -1, .launches = -1, .done = -1};
	char *launches = xprintf("%s/launch", path);
	int rc = daemon_directory(path, owner, getegid(), 0755, err);
	if (rc == 0)
		rc = daemon_directory(launches, geteuid(), getegid(), 0700, err);
	if (rc == 0) {
		sp->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		sp->launches = open(launches, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = sp->dir >= 0 && sp->launches >= 0 ? done_load(sp, err)
		                                       : err_sys(err, errno, "cannot open %s", path);
	}
	if (rc != 0)
		err_prefix(err, "SlurmdSpoolDir");
	free(launches);
	return rc;
}

const char *spool_trouble(const struct spool *sp)
{
	struct statvfs fs;
	bool full = fstatvfs(sp->dir, &fs) == 0 && !(fs.f_flag & ST_RDONLY) &&
	            (fs.f_bavail == 0 || (fs.f_files > 0 && fs.f_favail == 0));
	return full ? "SlurmdSpoolDir is full" : "SlurmdSpoolDir can not be written";
}

void spool_close(struct spool *sp)
{
	int *fds[] = {&sp->dir, &sp->launches, &sp->done};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	map_free(&sp->done_set);
	free(sp->done_ring);
	free(sp->path);
}

/* ---- launches ---- */

char *spool_launch_path(const struct spool *sp, uint64_t number)
{
	return xprintf("%s/launch/%" PRIu64, sp->path, number);
}

int spool_launch_dir(const struct spool *sp, uint64_t number)
{
	char name[32];
	number_name(name, "", number);
	return openat(sp->launches, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static int write_script_file(int dir, const struct step_grant *g, struct err *err)
{
	const struct schema_bytes *script = &g->batch->script;
	int fd = openat(dir, "slurm_script", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0700);
	if (fd < 0)
		return err_sys(err, errno, "cannot create the script's file");
	int rc = 0;
	for (size_t at = 0; rc == 0 && at < script->n;) {
		ssize_t n = write(fd, script->v + at, script->n - at);
		if (n < 0 && errno != EINTR)
			rc = err_sys(err, errno, "cannot write the script");
		else if (n > 0)
			at += (size_t)n;
	}
	/* The file is the user's, as with the real slurmd, in a directory where the user can't replace it. */
	if (rc == 0 &&
	    (fchmod(fd, 0700) != 0 || (geteuid() == 0 && fchown(fd, g->who->uid, g->who->gid) != 0)))
		rc = err_sys(err, errno, "cannot give the script to uid %u", g->who->uid);
	if (close(fd) != 0 && rc == 0)
		rc = err_sys(err, errno, "cannot write the script");
	return rc;
}

static int write_script(struct spool *sp, struct launch_record *record, struct err *err)
{
	const struct step_grant *g = record->grant;
	char name[32];
	job_name(name, g->job_id);
	if (mkdirat(sp->dir, name, 0750) != 0 && errno != EEXIST)
		return err_sys(err, errno, "cannot make %s/%s", sp->path, name);
	int dir = openat(sp->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), rc = -1;
	if (dir < 0)
		return err_sys(err, errno, "cannot open %s/%s", sp->path, name);
	if (fchmod(dir, 0750) != 0 || (geteuid() == 0 && fchown(dir, 0, g->who->gid) != 0))
		err_sys(err, errno, "cannot set the owner of %s/%s", sp->path, name);
	else if (unlinkat(dir, "slurm_script", 0) != 0 && errno != ENOENT)
		err_sys(err, errno, "cannot remove the script of an earlier attempt");
	else
		rc = write_script_file(dir, g, err);
	close(dir);
	if (rc == 0) {
		free(record->script_path);
		record->script_path = xprintf("%s/%s/slurm_script", sp->path, name);
	}
	return rc;
}

int spool_record(struct spool *sp, struct launch_record *record, struct err *err)
{
	struct step_grant *g = record->grant;
	char name[32];
	int dir = -1, rc = -1;
	number_name(name, "", g->launch);
	if (g->batch && write_script(sp, record, err) != 0)
		return -1;
	if (mkdirat(sp->launches, name, 0700) != 0 && errno != EEXIST)
		return err_sys(err, errno, "cannot make %s/launch/%s", sp->path, name);
	dir = spool_launch_dir(sp, g->launch);
	if (dir < 0)
		return err_sys(err, errno, "cannot open %s/launch/%s", sp->path, name);
	/* The script is in its own file: the record stays small. */
	struct schema_bytes script = {NULL, 0};
	if (g->batch) {
		script = g->batch->script;
		g->batch->script = (struct schema_bytes){NULL, 0};
	}
	rc = recordfile_write(dir, "grant", schema_of_launch_record(), record, false, err);
	if (g->batch)
		g->batch->script = script;
	close(dir);
	if (rc != 0)
		spool_remove(sp, g->launch, g->batch ? g->job_id : CORE_NO_VAL);
	return rc;
}

int spool_read_grant(const struct spool *sp, uint64_t number, struct launch_record *out, struct err *err)
{
	int dir = spool_launch_dir(sp, number);
	if (dir < 0)
		return err_sys(err, errno, "cannot open the directory of launch %" PRIu64, number);
	int rc = recordfile_read(dir, "grant", schema_of_launch_record(), out, err);
	close(dir);
	return rc;
}

int spool_read_fate(const struct spool *sp, uint64_t number, struct step_fate *out, struct err *err)
{
	int dir = spool_launch_dir(sp, number);
	if (dir < 0)
		return err_sys(err, errno, "cannot open the directory of launch %" PRIu64, number);
	int rc = recordfile_read(dir, "fate", schema_of_step_fate(), out, err);
	close(dir);
	return rc;
}

int spool_write_fate(const struct spool *sp, const struct step_fate *fate, struct err *err)
{
	int dir = spool_launch_dir(sp, fate->launch);
	if (dir < 0)
		return err_sys(err, errno, "cannot open the directory of launch %" PRIu64, fate->launch);
	int rc = recordfile_write(dir, "fate", schema_of_step_fate(), fate, true, err);
	close(dir);
	return rc;
}

static bool read_shepherd(const struct spool *sp, uint64_t number, struct text *out)
{
	int dir = spool_launch_dir(sp, number);
	bool there = dir >= 0 && recordfile_slurp(dir, "shepherd", SHEPHERD_FILE_MAX, out, NULL) == 0;
	if (dir >= 0)
		close(dir);
	return there;
}

bool spool_read_shepherd(const struct spool *sp, uint64_t number, pid_t *pid, uint64_t *start)
{
	struct text lines = TEXT_EMPTY;
	long p = 0;
	unsigned long long s = 0;
	bool there = read_shepherd(sp, number, &lines);
	*pid = 0;
	*start = 0;
	if (there && lines.len > 0 && sscanf(lines.s, "%ld %llu", &p, &s) == 2) {
		*pid = (pid_t)p;
		*start = s;
	}
	text_free(&lines);
	return there;
}

uint64_t *spool_read_tasks(const struct spool *sp, uint64_t number, size_t *n)
{
	struct text lines = TEXT_EMPTY;
	size_t cap = 0;
	uint64_t *pids = NULL, pid;
	*n = 0;
	char *rest = read_shepherd(sp, number, &lines) && lines.len > 0 ? strchr(lines.s, '\n') : NULL;
	if (rest)
		rest = text_trim(rest);
	for (char *word; rest && (word = text_split(&rest, ' ')) != NULL;) {
		if (!text_to_u64(word, &pid))
			continue;
		pids = xgrow(pids, &cap, *n + 1, sizeof(*pids));
		pids[(*n)++] = pid;
	}
	text_free(&lines);
	return pids;
}

bool spool_claim(const struct spool *sp, uint64_t number)
{
	int dir = spool_launch_dir(sp, number);
	if (dir < 0)
		return false;
	int fd = openat(dir, "shepherd", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
	close(dir);
	return fd >= 0;
}

static void remove_launch(struct spool *sp, const char *name)
{
	int dir = openat(sp->launches, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return;
	for (size_t i = 0; i < sizeof(launch_files) / sizeof(launch_files[0]); i++)
		unlinkat(dir, launch_files[i], 0);
	close(dir);
	if (unlinkat(sp->launches, name, AT_REMOVEDIR) != 0)
		log_error("cannot remove %s/launch/%s: %s", sp->path, name, strerror(errno));
}

void spool_remove(struct spool *sp, uint64_t number, uint32_t script_of)
{
	char name[32];
	number_name(name, "", number);
	remove_launch(sp, name);
	if (script_of == CORE_NO_VAL)
		return;
	job_name(name, script_of);
	int dir = openat(sp->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return;
	unlinkat(dir, "slurm_script", 0);
	close(dir);
	unlinkat(sp->dir, name, AT_REMOVEDIR);
}

static void move_launch(struct spool *sp, uint64_t number, const char *prefix)
{
	char name[32], to[32];
	number_name(name, "", number);
	number_name(to, prefix, number);
	remove_launch(sp, to);
	if (renameat(sp->launches, name, sp->launches, to) != 0)
		log_error("cannot rename %s/launch/%s: %s", sp->path, name, strerror(errno));
}

void spool_disown(struct spool *sp, uint64_t number)
{
	move_launch(sp, number, "old.");
}

void spool_remove_disowned(struct spool *sp, uint64_t number)
{
	char name[32];
	number_name(name, "old.", number);
	remove_launch(sp, name);
}

void spool_set_aside(struct spool *sp, uint64_t number, const char *why)
{
	log_error("%s/launch/%" PRIu64 " can't be read and is kept as bad.%" PRIu64 ": %s", sp->path, number,
	          number, why);
	move_launch(sp, number, "bad.");
}

uint64_t *spool_launches(const struct spool *sp, size_t *n)
{
	size_t cap = 0;
	uint64_t *v = xgrow(NULL, &cap, 1, sizeof(*v));
	*n = 0;
	int fd = dup(sp->launches);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir)
		rewinddir(dir);
	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
		uint64_t number;
		if (!text_to_u64(e->d_name, &number))
			continue;
		v = xgrow(v, &cap, *n + 1, sizeof(*v));
		v[(*n)++] = number;
	}
	if (dir)
		closedir(dir);
	return v;
}

/* ---- what is over ---- */

bool spool_is_done(const struct spool *sp, uint64_t number)
{
	return map_get(&sp->done_set, number) != NULL;
}

void spool_mark_done(struct spool *sp, uint64_t number)
{
	if (spool_is_done(sp, number))
		return;
	done_remember(sp, number);
	done_append(sp, number);
	struct stat st;
	if (fstat(sp->done, &st) == 0 && st.st_size > DONE_FILE_MAX)
		done_rewrite(sp);
}

void spool_forget_done(struct spool *sp)
{
	memset(sp->done_ring, 0, SPOOL_DONE_MAX * sizeof(*sp->done_ring));
	map_free(&sp->done_set);
	map_init_u64(&sp->done_set);
	sp->done_at = 0;
	done_rewrite(sp);
}

int spool_read_controller(const struct spool *sp, struct controller_record *out, struct err *err)
{
	return recordfile_read(sp->dir, "controller", schema_of_controller_record(), out, err);
}

void spool_write_controller(const struct spool *sp, uint64_t epoch, const uint8_t instance[16])
{
	struct err err = {0};
	uint8_t copy[16];
	memcpy(copy, instance, sizeof(copy));
	struct controller_record record = {.epoch = epoch, .instance = {copy, sizeof(copy)}};
	if (recordfile_write(sp->dir, "controller", schema_of_controller_record(), &record, true, &err) != 0)
		log_error("%s", err_text(&err));
}
