#include "applets/worker/hooks.h"

#include "applets/common/hook_program.h"
#include "core/util/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARKS        "prolog" /* in SlurmdSpoolDir: SERIAL.ATTEMPT */
#define NO_TIMEOUT_S 65534

/* One job's attempt on this node, from its first prolog to the end of its epilog. */
struct hook {
	struct worker *worker;
	uint64_t serial;
	uint32_t attempt, job_id;
	bool is_epilog, epilog_waits, prolog_done, ordered;
	/* what runs */
	pid_t pid; /* 0: nothing */
	glob_t programs;
	size_t at;
	char **env, **epilog_env;
	struct loop_timer *timer;
	bool timed_out;
	bool queued; /* it will run when its turn comes (PrologFlags=Serial) */
	struct list in_queue;
};

static void finish(struct hook *h, bool failed);

static const char *name_of(const struct hook *h)
{
	return h->is_epilog ? "epilog" : "prolog";
}

static bool is_busy(const struct hook *h)
{
	return h->pid != 0 || h->queued;
}

/* ---- marks ---- */

static char *mark_of(const struct hook *h)
{
	return xprintf(MARKS "/%" PRIu64 ".%u", h->serial, h->attempt);
}

static void mark(const struct hook *h)
{
	char *name = mark_of(h);
	int fd = openat(h->worker->spool.dir, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		log_error("cannot note that job %u's prolog was run: %s: %s", h->job_id, name,
		          strerror(errno));
	else
		close(fd);
	free(name);
}

static void unmark(const struct hook *h)
{
	char *name = mark_of(h);
	if (unlinkat(h->worker->spool.dir, name, 0) != 0 && errno != ENOENT)
		log_error("cannot remove %s: %s", name, strerror(errno));
	free(name);
}

/* ---- entries ---- */

static struct hook *hook_of(struct worker *w, uint64_t serial, uint32_t attempt, uint32_t job_id)
{
	struct hook *h = map_get(&w->hooks, serial);
	if (!h) {
		h = xcalloc(1, sizeof(*h));
		*h = (struct hook){.worker = w, .serial = serial, .attempt = attempt, .job_id = job_id};
		map_put(&w->hooks, serial, h);
	}
	if (!is_busy(h) && attempt > h->attempt) {
		unmark(h);
		h->attempt = attempt;
		h->prolog_done = false;
	}
	if (job_id)
		h->job_id = job_id;
	return h;
}

static void env_free(char **env)
{
	for (size_t i = 0; env && env[i]; i++)
		free(env[i]);
	free(env);
}

static void hook_free(struct hook *h)
{
	map_del(&h->worker->hooks, h->serial);
	if (h->queued)
		list_remove(&h->in_queue);
	if (h->timer)
		loop_del_timer(h->worker->loop, h->timer);
	env_free(h->env);
	env_free(h->epilog_env);
	globfree(&h->programs);
	free(h);
}

/* Only documented names come from the controller: nothing that a shell or the dynamic loader listens to. */
static char **env_make(const struct hook *h, const struct schema_strs *given, bool epilog)
{
	uint32_t n = 0, count = given ? given->n : 0;
	char **env = xcalloc((size_t)count + 6, sizeof(*env));
	for (uint32_t i = 0; i < count; i++)
		if (strncmp(given->v[i], "SLURM_", 6) == 0)
			env[n++] = xstrdup(given->v[i]);
	if (count == 0) {
		env[n++] = xprintf("SLURM_JOB_ID=%u", h->job_id);
		env[n++] = xprintf("SLURM_JOBID=%u", h->job_id);
	}
	env[n++] = xprintf("SLURMD_NODENAME=%s", h->worker->node);
	env[n++] = xprintf("SLURM_CONF=%s", h->worker->conf_path);
	env[n] = xprintf("SLURM_SCRIPT_CONTEXT=%s_slurmd", epilog ? "epilog" : "prolog");
	return env;
}

/* ---- running ---- */

static void timed_out(void *ctx)
{
	struct hook *h = ctx;
	h->timer = NULL;
	h->timed_out = true;
	log_error("[job %u] the %s %s runs longer than PrologEpilogTimeout: it is killed", h->job_id,
	          name_of(h), h->programs.gl_pathv[h->at]);
	kill(-h->pid, SIGKILL);
}

/* The next program, of those that the pattern names. */
static bool spawn_next(struct hook *h)
{
	struct worker *w = h->worker;
	struct err err = {0};
	const char *path = h->programs.gl_pathv[h->at];
	if (hook_spawn(path, NULL, h->env, &h->pid, &err) != 0) {
		h->pid = 0;
		log_error("[job %u] %s: %s", h->job_id, name_of(h), err_text(&err));
		return false;
	}
	map_put(&w->hook_pids, (uint64_t)h->pid, h);
	uint32_t limit_s = conf_u32(&w->file.conf, P_PrologEpilogTimeout);
	if (limit_s < NO_TIMEOUT_S)
		h->timer = loop_add_timer(w->loop, (int64_t)limit_s * 1000000, timed_out, h);
	return true;
}

static bool run_next(struct hook *h)
{
	struct worker *w = h->worker;
	if (map_count(&w->hook_pids) == 0 || !conf_list_has(&w->file.conf, P_PrologFlags, "Serial"))
		return spawn_next(h);
	h->queued = true;
	list_append(&w->hook_queue, &h->in_queue);
	return true;
}

static void next_turn(struct worker *w)
{
	while (map_count(&w->hook_pids) == 0 && !list_empty(&w->hook_queue)) {
		struct hook *h = list_entry(w->hook_queue.next, struct hook, in_queue);
		list_remove(&h->in_queue);
		h->queued = false;
		if (!spawn_next(h))
			finish(h, true);
	}
}

static bool begin(struct hook *h, const char *pattern, bool epilog)
{
	globfree(&h->programs);
	h->programs = (glob_t){0};
	h->at = 0;
	h->timed_out = false;
	h->is_epilog = epilog;
	int rc = pattern[0] == '/' ? glob(pattern, 0, NULL, &h->programs) : GLOB_NOMATCH;
	if (rc != 0) {
		log_error("[job %u] %s: there is no program %s", h->job_id, name_of(h), pattern);
		return false;
	}
	return run_next(h);
}

static void begin_epilog(struct hook *h)
{
	env_free(h->env);
	h->env = h->epilog_env;
	h->epilog_env = NULL;
	h->epilog_waits = false;
	const char *path = conf_str(&h->worker->file.conf, P_Epilog);
	h->is_epilog = true;
	if (!path) {
		finish(h, false);
		return;
	}
	char *pattern = worker_expand_path(h->worker, path);
	if (!begin(h, pattern, true))
		finish(h, true);
	free(pattern);
}

static void report_prolog_over(struct worker *w, uint64_t serial, uint32_t attempt, bool failed)
{
	const struct job_prolog_report m = {.serial = serial, .attempt = attempt, .failed = failed};
	control_send(w, MSG_job_prolog_report, &m);
}

static void finish(struct hook *h, bool failed)
{
	struct worker *w = h->worker;
	bool ordered = h->ordered;
	uint64_t serial = h->serial;
	uint32_t attempt = h->attempt;
	if (h->is_epilog) {
		unmark(h);
		hook_free(h);
		jobs_epilog_over(w, serial, failed);
		return;
	}
	h->prolog_done = !failed;
	if (!failed)
		mark(h);
	h->ordered = false;
	if (ordered)
		report_prolog_over(w, serial, attempt, failed);
	if (h->epilog_waits)
		begin_epilog(h);
	grants_prolog_over(w, serial, attempt, failed);
	bcasts_prolog_over(w, serial, attempt, failed);
}

bool hooks_reap(struct worker *w, pid_t pid, int status)
{
	struct hook *h = map_get(&w->hook_pids, (uint64_t)pid);
	if (!h)
		return false;
	map_del(&w->hook_pids, (uint64_t)pid);
	h->pid = 0;
	if (h->timer)
		loop_del_timer(w->loop, h->timer);
	h->timer = NULL;
	bool failed = status != 0 || h->timed_out;
	if (failed)
		log_error("[job %u] %s %s failed status=%d:%d", h->job_id, name_of(h),
		          h->programs.gl_pathv[h->at], WEXITSTATUS(status), WTERMSIG(status));
	else if (++h->at < h->programs.gl_pathc && !(failed = !run_next(h)))
		return true;
	finish(h, failed);
	next_turn(w);
	return true;
}

/* ---- from outside ---- */

enum hook_answer hooks_prolog(struct worker *w, uint64_t serial, uint32_t attempt, uint32_t job_id,
                              const struct schema_strs *env)
{
	const char *path = w->has_hooks ? conf_str(&w->file.conf, P_Prolog) : NULL;
	if (!path)
		return HOOK_DONE;
	struct hook *h = hook_of(w, serial, attempt, job_id);
	if (is_busy(h))
		return HOOK_RUNNING;
	if (h->prolog_done && h->attempt == attempt)
		return HOOK_DONE;
	env_free(h->env);
	h->env = env_make(h, env, false);
	char *pattern = worker_expand_path(w, path);
	bool begun = begin(h, pattern, false);
	free(pattern);
	return begun ? HOOK_RUNNING : HOOK_FAILED;
}

void hooks_order(struct worker *w, const struct job_prolog *order)
{
	if (jobs_is_ending(w, order->serial, order->attempt))
		return;
	switch (hooks_prolog(w, order->serial, order->attempt, order->job_id, &order->hook_env)) {
	case HOOK_RUNNING:
		((struct hook *)map_get(&w->hooks, order->serial))->ordered = true;
		break;
	case HOOK_DONE:
		report_prolog_over(w, order->serial, order->attempt, false);
		break;
	case HOOK_FAILED:
		report_prolog_over(w, order->serial, order->attempt, true);
	}
}

enum hook_answer hooks_epilog(struct worker *w, uint64_t serial, uint32_t attempt, uint32_t job_id,
                              const struct schema_strs *env)
{
	const char *path = w->has_hooks ? conf_str(&w->file.conf, P_Epilog) : NULL;
	struct hook *h = map_get(&w->hooks, serial);
	if (!path && !h)
		return HOOK_DONE;
	h = hook_of(w, serial, attempt, job_id);
	env_free(h->epilog_env);
	h->epilog_env = env_make(h, env, true);
	h->epilog_waits = true;
	if (is_busy(h))
		return HOOK_RUNNING; /* the prolog is to end first */
	begin_epilog(h);
	return HOOK_RUNNING;
}

void hooks_init(struct worker *w)
{
	w->has_hooks = true;
	if (mkdirat(w->spool.dir, MARKS, 0700) != 0 && errno != EEXIST)
		log_error("cannot make %s/" MARKS ": %s", w->spool.path, strerror(errno));
	int fd = openat(w->spool.dir, MARKS, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	for (const struct dirent *e; dir && (e = readdir(dir));) {
		char *end;
		uint64_t serial = strtoull(e->d_name, &end, 10);
		uint32_t attempt;
		if (serial && *end == '.' && text_to_u32(end + 1, &attempt))
			hook_of(w, serial, attempt, 0)->prolog_done = true;
	}
	if (dir)
		closedir(dir);
}

void hooks_free(struct worker *w)
{
	void *entry;
	for (size_t at = 0; map_next(&w->hooks, &at, &entry); at = 0) {
		struct hook *h = entry;
		if (h->pid > 0)
			kill(-h->pid, SIGKILL);
		hook_free(h);
	}
	map_free(&w->hooks);
	map_free(&w->hook_pids);
}
