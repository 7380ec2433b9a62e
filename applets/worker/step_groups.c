#include "applets/worker/step_groups.h"

#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What was killed leaves its group a moment later. */
#define LEAVE_LOOKS 200
#define LEAVE_US    5000

const char *step_groups_word(uint32_t step_id, char buf[16])
{
	switch (step_id) {
	case CORE_STEP_BATCH:
		return "batch";
	case CORE_STEP_EXTERN:
		return "extern";
	case CORE_STEP_INTERACTIVE:
		return "interactive";
	default:
		snprintf(buf, 16, "%u", step_id);
		return buf;
	}
}

static const char *base_of(const struct step_groups *g, enum cgroup_use use)
{
	return use == CGROUP_TRACK ? g->track : use == CGROUP_CPUSET ? g->cpuset : g->memory;
}

/* Is it the same directory as that of an earlier use? */
static bool is_shared(const struct step_groups *g, enum cgroup_use use)
{
	for (int before = 0; before < (int)use; before++)
		if (text_eq(base_of(g, (enum cgroup_use)before), base_of(g, use)))
			return true;
	return false;
}

/* The step's directory of that use, malloc'ed; NULL: it has none. */
static char *dir_of(const struct step_groups *g, enum cgroup_use use)
{
	const char *base = base_of(g, use);
	return base ? xprintf("%s/%s", base, g->path) : NULL;
}

/* That which has all of the step's processes: any has. */
static char *any_dir(const struct step_groups *g)
{
	for (int use = 0; use < CGROUP_USES; use++)
		if (base_of(g, (enum cgroup_use)use))
			return dir_of(g, (enum cgroup_use)use);
	return NULL;
}

/* ---- limits ---- */

static int write_number(const char *dir, const char *file, uint64_t n)
{
	char value[24];
	snprintf(value, sizeof(value), "%" PRIu64, n);
	return cgroup_write(dir, file, value);
}

/* A kernel that doesn't account for swap lacks its file: slurmd has said so. */
static int unless_absent(int error)
{
	return error == ENOENT || error == EACCES ? 0 : error;
}

static int limit_memory(const struct step_groups *g, const char *dir, const struct memory_limit *m)
{
	int error = 0;
	if (!m || m->hard == 0)
		return 0;
	if (g->unified) {
		error = write_number(dir, "memory.max", m->hard);
		if (!error && m->soft < m->hard)
			error = write_number(dir, "memory.high", m->soft);
		if (!error && m->with_swap)
			error = unless_absent(write_number(dir, "memory.swap.max", m->with_swap - m->hard));
		return error;
	}
	error = write_number(dir, "memory.limit_in_bytes", m->hard);
	if (!error)
		error = write_number(dir, "memory.soft_limit_in_bytes", m->soft);
	if (!error && m->with_swap)
		error = unless_absent(write_number(dir, "memory.memsw.limit_in_bytes", m->with_swap));
	if (!error && g->swappiness != CORE_NO_VAL)
		error = unless_absent(write_number(dir, "memory.swappiness", g->swappiness));
	return error;
}

static int limit_cpus(const struct step_groups *g, const char *dir, const char *cpus)
{
	int error = g->unified ? 0 : cgroup_inherit_cpus(dir);
	return error || !cpus ? error : cgroup_write(dir, "cpuset.cpus", cpus);
}

enum level { LEVEL_USER, LEVEL_JOB, LEVEL_STEP };

/* In the directory of that use; with version 2 of all uses. */
static int set_limits(const struct step_groups *g, enum cgroup_use in, const char *dir, enum level level)
{
	int error = 0;
	for (int use = 0; use < CGROUP_USES && !error; use++) {
		if (!base_of(g, (enum cgroup_use)use) || (use != (int)in && !g->unified))
			continue;
		if (g->unified && use != CGROUP_TRACK && level != LEVEL_STEP)
			error = cgroup_let_act(dir, cgroup_controllers[use]);
		if (!error && use == CGROUP_CPUSET)
			error = limit_cpus(g, dir,
			                   level == LEVEL_STEP  ? g->cpus
			                   : level == LEVEL_JOB ? g->job_cpus
			                                        : NULL);
		if (!error && use == CGROUP_MEMORY && level != LEVEL_USER)
			error = limit_memory(g, dir, level == LEVEL_STEP ? g->limit : g->job_limit);
	}
	return error;
}

/* ---- making ---- */

static int make_dir(const char *path)
{
	const mode_t mask = umask(022); /* what a task has there it may read */
	int error = mkdir(path, 0755) == 0 ? 0 : errno;
	umask(mask);
	return error;
}

/* The base, and what is between it and the step: its job's, and with version 1 its user's. All are set up
 * anew, since whoever made one may not have come to that yet. */
static int make_above(const struct step_groups *g, enum cgroup_use use)
{
	const char *base = base_of(g, use);
	int error = make_dir(base);
	error = error == 0 ? set_limits(g, use, base, LEVEL_USER) : error == EEXIST ? 0 : error;
	for (const char *end = strchr(g->path, '/'); end && !error; end = strchr(end + 1, '/')) {
		char *dir = xprintf("%s/%.*s", base, (int)(end - g->path), g->path);
		error = make_dir(dir);
		if (error == 0 || error == EEXIST)
			error = set_limits(g, use, dir, strchr(end + 1, '/') ? LEVEL_USER : LEVEL_JOB);
		free(dir);
	}
	return error;
}

static void wait_a_little(void)
{
	const struct timespec pause = {.tv_nsec = LEAVE_US * 1000};
	nanosleep(&pause, NULL);
}

/* A step of that name ran here, and lost its shepherd and its slurmd. */
static int empty_dir(const char *dir)
{
	int error = EBUSY;
	log_info("%s is left over: what is in it is ended", dir);
	for (int i = 0; i < LEAVE_LOOKS && error; i++) {
		error = cgroup_remove(dir) ? 0 : EBUSY;
		if (error)
			wait_a_little();
	}
	return error ? error : make_dir(dir);
}

static int make_step_dir(const struct step_groups *g, enum cgroup_use use, const char *dir)
{
	int error = make_dir(dir);
	/* Another step of the job that ends takes the job's directory with it. */
	for (int i = 0; i < 3 && error == ENOENT; i++) {
		error = make_above(g, use);
		if (!error)
			error = make_dir(dir);
	}
	if (error == EEXIST)
		error = empty_dir(dir);
	if (!error)
		error = set_limits(g, use, dir, LEVEL_STEP);
	if (!error)
		return 0;
	error = make_above(g, use);
	return error ? error : set_limits(g, use, dir, LEVEL_STEP);
}

int step_groups_make(const struct step_groups *g, struct err *err)
{
	int rc = 0;
	for (int use = 0; use < CGROUP_USES && rc == 0; use++) {
		char *dir = is_shared(g, (enum cgroup_use)use) ? NULL : dir_of(g, (enum cgroup_use)use);
		const int error = dir ? make_step_dir(g, (enum cgroup_use)use, dir) : 0;
		if (error)
			rc = err_sys(err, error, "cannot make the cgroup %s", dir);
		free(dir);
	}
	if (rc != 0)
		step_groups_remove(g);
	return rc;
}

/* ---- going in ---- */

int step_groups_open(const struct step_groups *g, struct step_doors *doors, struct err *err)
{
	int rc = 0;
	*doors = (struct step_doors){{-1, -1, -1}};
	for (int use = 0; use < CGROUP_USES && rc == 0; use++) {
		char *dir = is_shared(g, (enum cgroup_use)use) ? NULL : dir_of(g, (enum cgroup_use)use);
		char *file = dir ? xprintf("%s/cgroup.procs", dir) : NULL;
		if (file)
			doors->fd[use] = open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (file && doors->fd[use] < 0)
			rc = err_sys(err, errno, "cannot open %s", file);
		free(file);
		free(dir);
	}
	if (rc != 0)
		step_doors_close(doors);
	return rc;
}

int step_doors_enter(const struct step_doors *doors)
{
	for (int use = 0; use < CGROUP_USES; use++)
		if (doors->fd[use] >= 0 && write(doors->fd[use], "0", 1) != 1)
			return errno;
	return 0;
}

void step_doors_close(struct step_doors *doors)
{
	for (int use = 0; use < CGROUP_USES; use++) {
		if (doors->fd[use] >= 0)
			close(doors->fd[use]);
		doors->fd[use] = -1;
	}
}

/* ---- what is in them ---- */

bool step_groups_track(const struct step_groups *g)
{
	return g && g->track;
}

size_t step_groups_signal(const struct step_groups *g, int signo)
{
	char *dir = any_dir(g);
	size_t found = dir ? cgroup_signal(dir, signo) : 0;
	free(dir);
	return found;
}

void step_groups_kill(const struct step_groups *g)
{
	char *dir = any_dir(g);
	if (dir)
		cgroup_kill(dir);
	free(dir);
}

uint64_t step_groups_oom(const struct step_groups *g)
{
	char *dir = dir_of(g, CGROUP_MEMORY);
	uint64_t count =
	        dir ? cgroup_count(dir, g->unified ? "memory.events" : "memory.oom_control", "oom_kill") : 0;
	free(dir);
	return count;
}

/* ---- the end ---- */

static bool remove_in(const char *base, const char *path)
{
	char *dir = xprintf("%s/%s", base, path);
	const size_t least = strlen(base);
	bool gone = cgroup_remove(dir);
	/* Those above, while nothing else is in them. */
	for (char *slash; gone && (slash = strrchr(dir, '/')) && (size_t)(slash - dir) > least;) {
		*slash = '\0';
		if (rmdir(dir) != 0)
			break;
	}
	free(dir);
	return gone;
}

bool step_groups_remove(const struct step_groups *g)
{
	bool gone = true;
	for (int use = 0; use < CGROUP_USES; use++)
		if (base_of(g, (enum cgroup_use)use) && !is_shared(g, (enum cgroup_use)use))
			gone &= remove_in(base_of(g, (enum cgroup_use)use), g->path);
	return gone;
}
