/* The shepherds of this worker: started, found again, lost. */
#include "applets/common/spawn.h"
#include "applets/worker/health.h"
#include "applets/worker/hooks.h"
#include "applets/worker/identity.h"
#include "applets/worker/processes.h"
#include "applets/worker/step_groups.h"
#include "applets/worker/worker.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define RETRY_US 20000
#define LOST_US  100000 /* between two looks at what a lost shepherd left */

static const char *self_path = "/proc/self/exe";

static bool is_alive(const struct launch *l)
{
	struct process p;
	return l->pid > 0 && process_read(l->pid, &p) && p.state != 'Z' &&
	       (l->pid_start == 0 || p.start == l->pid_start);
}

static void set_timer(struct launch *l, int64_t delay_us, loop_fn fn)
{
	if (l->timer)
		loop_del_timer(l->worker->loop, l->timer);
	l->timer = loop_add_timer(l->worker->loop, delay_us, fn, l);
}

void shepherd_unlink(struct launch *l)
{
	if (l->link_watch)
		loop_del_fd(l->worker->loop, l->link_watch);
	if (l->link >= 0)
		close(l->link);
	l->link_watch = NULL;
	l->link = -1;
}

/* ---- a lost shepherd ---- */

struct hunt {
	const struct launch *l;
	char job[24];
	uint64_t *tasks; /* their first processes */
	size_t task_count, found;
};

static bool has_mark(const struct hunt *h, pid_t pid)
{
	struct text env = TEXT_EMPTY;
	uint64_t task = 0;
	bool ours = process_environment(pid, &env) &&
	            text_eq(environment_value(&env, "SLURM_JOB_ID"), h->job) &&
	            text_eq(environment_value(&env, "SLURMD_NODENAME"), h->l->worker->node);
	const char *value = ours ? environment_value(&env, "SLURM_TASK_PID") : NULL;
	ours = value && text_to_u64(value, &task);
	text_free(&env);
	for (size_t i = 0; ours && i < h->task_count; i++)
		if (h->tasks[i] == task)
			return true;
	return false;
}

/* Tasks are in their shepherd's session. A process that left it came to us, when its parents had died and the
 * shepherd was our child (we are a subreaper); whatever was inherited from a task has its environment. */
static bool is_left_over(const struct hunt *h, const struct process *p)
{
	const struct launch *l = h->l;
	if (p->pid == getpid() || p->state == 'Z' || p->pid == l->worker->health.pid ||
	    map_get(&l->worker->hook_pids, (uint64_t)p->pid))
		return false;
	if (l->pid > 0 && (p->sid == l->pid || p->pid == l->pid))
		return true;
	if (p->ppid == getpid() && !map_get(&l->worker->children, (uint64_t)p->pid))
		return true;
	return has_mark(h, p->pid);
}

static bool hunt_one(void *ctx, const struct process *p)
{
	struct hunt *h = ctx;
	if (is_left_over(h, p) && kill(p->pid, SIGKILL) == 0)
		h->found++;
	return true;
}

static void fate_of_lost(struct launch *l, struct step_fate *fate, char *text)
{
	schema_init(schema_of_step_fate(), fate);
	fate->serial = l->serial;
	fate->attempt = l->attempt;
	fate->step_id = l->step_id;
	fate->launch = l->number;
	fate->job_id = l->job_id;
	fate->status = SIGKILL;
	fate->end_time = loop_wall_clock();
	fate->text = text;
}

/* The cgroups of a launch, killed and removed: all of it that is left. false: some are there yet. */
static bool groups_are_gone(const struct launch *l)
{
	struct launch_record record;
	if (l->foreign || spool_read_grant(&l->worker->spool, l->number, &record, NULL) != 0)
		return true;
	bool gone = true;
	if (record.groups) {
		step_groups_kill(record.groups);
		gone = step_groups_remove(record.groups);
	}
	schema_free(schema_of_launch_record(), &record);
	return gone;
}

static void lost_look(void *ctx)
{
	struct launch *l = ctx;
	struct hunt h = {.l = l};
	struct err err = {0};
	l->timer = NULL;
	snprintf(h.job, sizeof(h.job), "%u", l->job_id);
	if (!l->foreign)
		h.tasks = spool_read_tasks(&l->worker->spool, l->number, &h.task_count);
	const bool gone = groups_are_gone(l);
	processes_each(hunt_one, &h);
	free(h.tasks);
	if (h.found > 0 || !gone) {
		set_timer(l, LOST_US, lost_look);
		return;
	}
	if (l->foreign) {
		launch_forget(l);
		return;
	}
	struct step_fate fate;
	char text[] = "its shepherd was lost";
	fate_of_lost(l, &fate, text);
	if (spool_write_fate(&l->worker->spool, &fate, &err) != 0) {
		log_error("%s: %s: trying again", launch_name(l), err_text(&err));
		set_timer(l, 10 * LOST_US, lost_look);
		return;
	}
	launch_ended(l);
}

static void shepherd_lost(struct launch *l)
{
	log_error("the shepherd of %s, process %ld, was lost: what it left is ended", launch_name(l),
	          (long)l->pid);
	l->state = LAUNCH_LOST;
	lost_look(l);
}

/* ---- the link ---- */

static void link_lost(struct launch *l);
static void link_retry(void *ctx);

static void link_message(struct launch *l, uint32_t type, const void *record)
{
	const struct link_hello *hello = record;
	switch (type) {
	case LINK_HELLO:
		l->pid = (pid_t)hello->pid;
		if (hello->started && !l->started)
			log_info("found %s running", launch_name(l));
		l->started |= hello->started;
		if (hello->ended)
			launch_ended(l);
		break;
	case LINK_STARTED:
		l->started = true;
		if (!l->foreign)
			control_send(l->worker, MSG_step_started_report, record);
		break;
	case LINK_ENDED:
		launch_ended(l);
		break;
	case LINK_OVERDUE:
		/* The controller knows its clock and what it granted since; without it nobody ends the step
		 * but we. */
		if (!control_is_up(l->worker)) {
			char text[] = "DUE TO TIME LIMIT";
			struct job_end end = {.serial = l->serial,
			                      .attempt = l->attempt,
			                      .launch = l->number,
			                      .kill_wait_s = l->worker->kill_wait_s,
			                      .text = text,
			                      .job_id = l->job_id};
			shepherd_send(l, LINK_END, &end);
		}
		break;
	case LINK_OVER_MEMORY: {
		const struct over_memory_report m = {
		        .serial = l->serial, .attempt = l->attempt, .launch = l->number};
		if (!l->foreign)
			control_send(l->worker, MSG_over_memory_report, &m);
		break;
	}
	default:
		break;
	}
}

static void link_readable(void *ctx, uint32_t events)
{
	static uint8_t buf[LINK_PACKET_MAX];
	struct launch *l = ctx;
	struct worker *w = l->worker;
	struct arena arena;
	int rc = 1;
	(void)events;
	arena_init(&arena);
	w->reading = l;
	/* Several may be there; each may be the launch's last. */
	while (rc == 1 && w->reading == l && l->link >= 0) {
		uint32_t type = 0;
		void *record = NULL;
		struct err err = {0};
		rc = link_receive(l->link, buf, &arena, &type, &record, &err);
		if (rc == 1 && record)
			link_message(l, type, record);
		else if (rc < 0)
			link_lost(l);
	}
	w->reading = NULL;
	arena_free(&arena);
}

static int link_take(struct launch *l, int fd, struct err *err)
{
	struct link_hello hello = {.version = LINK_VERSION, .launch = l->number, .pid = (uint32_t)getpid()};
	l->link = fd;
	l->link_tries = 0;
	l->link_watch = loop_add_fd(l->worker->loop, fd, EPOLLIN, link_readable, l, err);
	if (!l->link_watch || link_send(fd, LINK_HELLO, &hello, err) != 0) {
		shepherd_unlink(l);
		return -1;
	}
	if (l->end) {
		shepherd_send(l, LINK_END, l->end);
		schema_free(schema_of_job_end(), l->end);
		free(l->end);
		l->end = NULL;
	}
	struct job_signal *suspend = l->suspend;
	l->suspend = NULL;
	if (suspend)
		shepherd_send(l, LINK_SIGNAL, suspend);
	free(suspend);
	if (l->worker->server)
		server_grants_changed(l->worker->server);
	return 0;
}

static int link_connect(struct launch *l)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct ucred who;
	socklen_t n = sizeof(who);
	int dir = spool_launch_dir(&l->worker->spool, l->number), rc = -1;
	int fd = dir >= 0 ? socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
	if (fd >= 0) {
		snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/socket", dir);
		if (connect(fd, (const struct sockaddr *)(const void *)&to, sizeof(to)) == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && who.uid == geteuid())
			rc = link_take(l, fd, NULL);
		else
			close(fd);
	}
	if (dir >= 0)
		close(dir);
	return rc;
}

/* A link that closes is usually a shepherd that ends: the fate tells. One that lives is connected to again.
 */
static void link_retry(void *ctx)
{
	struct launch *l = ctx;
	struct step_fate fate;
	l->timer = NULL;
	if (l->foreign) {
		/* Its directory was renamed: there is nothing to connect to, and nobody to tell. */
		if (is_alive(l))
			set_timer(l, LOST_US, link_retry);
		else
			shepherd_lost(l);
		return;
	}
	if (spool_read_fate(&l->worker->spool, l->number, &fate, NULL) == 0) {
		schema_free(schema_of_step_fate(), &fate);
		launch_ended(l);
		return;
	}
	if (l->pid == 0)
		spool_read_shepherd(&l->worker->spool, l->number, &l->pid, &l->pid_start);
	bool young = l->pid == 0 && l->link_tries++ < 50;
	if (!young && !is_alive(l)) {
		shepherd_lost(l);
		return;
	}
	if (link_connect(l) != 0)
		set_timer(l, RETRY_US, link_retry);
}

static void link_lost(struct launch *l)
{
	shepherd_unlink(l);
	if (l->state == LAUNCH_RUNNING)
		link_retry(l);
}

void shepherd_send(struct launch *l, enum link_type type, const void *record)
{
	struct err err = {0};
	if (l->link >= 0 && link_send(l->link, type, record, &err) == 0)
		return;
	log_verbose("%s has no link with its shepherd now", launch_name(l));
	if (type == LINK_END && !l->end) {
		l->end = xcalloc(1, sizeof(*l->end));
		schema_copy(schema_of_job_end(), l->end, record, NULL);
	}
	const struct job_signal *sig = record;
	if (type == LINK_SIGNAL && sig->suspend != SIGNAL_PLAIN) {
		struct job_signal *kept = xmalloc(sizeof(*kept));
		*kept = *sig; /* it has nothing of its own */
		free(l->suspend);
		l->suspend = kept;
	}
	/* One that takes nothing any more is connected to again. */
	if (l->link >= 0 && l->state == LAUNCH_RUNNING) {
		shepherd_unlink(l);
		set_timer(l, RETRY_US, link_retry);
	}
}

/* ---- starting ---- */

int worker_spawn(char *const argv[], int link, pid_t *pid, struct err *err)
{
	const char *zone = getenv("TZ");
	char *tz = zone ? xprintf("TZ=%s", zone) : NULL, *envp[] = {tz, NULL};
	posix_spawn_file_actions_t files;
	int rc = posix_spawn_file_actions_init(&files);
	if (rc == 0) {
		posix_spawn_file_actions_adddup2(&files, link, LINK_SHEPHERD_FD);
		rc = spawn_program(pid, self_path, &files, false, argv, envp);
		posix_spawn_file_actions_destroy(&files);
	}
	free(tz);
	return rc == 0 ? 0 : err_sys(err, rc, "cannot start a %s", argv[0]);
}

int shepherd_spawn(struct launch *l, struct err *err)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return err_sys(err, errno, "cannot make a socket pair");
	char name[] = "shepherd", *dir = spool_launch_path(&l->worker->spool, l->number),
	     *argv[] = {name, dir, NULL};
	int rc = worker_spawn(argv, ends[1], &l->pid, err);
	free(dir);
	close(ends[1]);
	if (rc != 0) {
		close(ends[0]);
		l->pid = 0;
		return -1;
	}
	if (l->timer)
		loop_del_timer(l->worker->loop, l->timer);
	l->timer = NULL;
	l->pid_start = 0;
	l->state = LAUNCH_RUNNING;
	map_put(&l->worker->children, (uint64_t)l->pid, l->worker);
	return link_take(l, ends[0], err);
}

void shepherd_find(struct launch *l)
{
	l->state = LAUNCH_RUNNING;
	link_retry(l);
}

/* Shepherds, and what lost ones left to us. The link tells first and says more. */
static void reap(void *ctx, int signo)
{
	struct worker *w = ctx;
	pid_t pid;
	int status;
	(void)signo;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!health_reap(w, pid, status) && !hooks_reap(w, pid, status)) {
			map_del(&w->children, (uint64_t)pid);
			bcasts_reap(w, pid);
		}
}

void shepherds_init(struct worker *w)
{
	struct err err = {0};
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (loop_add_signal(w->loop, SIGCHLD, reap, w, &err) != 0)
		log_error("%s", err_text(&err));
}
