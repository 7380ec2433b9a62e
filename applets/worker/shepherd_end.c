/* Signals to the step's processes, its end by order or by time, and what it leaves over.
 *
 * All processes of the step descend from the shepherd: it is their subreaper, so that one which daemonises
 * itself becomes its child. When wait finds no child any more, nothing of the step is left. With
 * ProctrackType=proctrack/cgroup they are in a cgroup as well, which is killed all at once. */
#include "applets/worker/processes.h"
#include "applets/worker/shepherd.h"
#include "core/util/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define KILL_AGAIN_US 50000

/* Those that have come so far that they are in the step's cgroup: all, but for the first moments. */
static bool signal_group(struct shepherd *s, int signo)
{
	const struct step_groups *g = s->record.groups;
	size_t tasks = 0;
	for (uint32_t i = 0; i < s->task_count; i++)
		tasks += s->tasks[i].pid > 0 && !s->tasks[i].exited;
	return step_groups_track(g) && step_groups_signal(g, 0) >= tasks && step_groups_signal(g, signo) > 0;
}

static void signal_all(struct shepherd *s, int signo)
{
	if (signal_group(s, signo) || processes_signal_descendants(getpid(), signo) > 0)
		return;
	/* Without a /proc: at least the tasks' own process groups. */
	for (uint32_t i = 0; i < s->task_count; i++)
		if (s->tasks[i].pid > 0 && !s->tasks[i].exited && s->tasks[i].epilog == 0)
			kill(-s->tasks[i].pid, signo);
}

void end_signal(struct shepherd *s, int signo, bool batch_only, bool full)
{
	if (s->phase != SHEPHERD_RUNNING || signo <= 0 || signo >= NSIG)
		return;
	if (s->batch && batch_only) {
		if (!s->tasks[0].exited && s->tasks[0].epilog == 0)
			kill(s->tasks[0].pid, signo);
	} else if (!s->batch || full || signo == SIGKILL) {
		signal_all(s, signo);
	}
}

void end_warn(struct shepherd *s, int signo)
{
	if (s->warned || s->phase != SHEPHERD_RUNNING)
		return;
	s->warned = true;
	end_signal(s, signo, true, false);
}

/* ---- suspended ---- */

/* A process that handles SIGTSTP has so long to do it. */
#define SUSPEND_GRACE_US 1000000
#define STOP_AGAIN_US    50000
/* A process may have forked while the list was read. */
#define STOPS 3

static void stop_again(void *ctx)
{
	struct shepherd *s = ctx;
	s->stop_timer = NULL;
	signal_all(s, SIGSTOP);
	if (--s->stops_left > 0)
		s->stop_timer = loop_add_timer(s->loop, STOP_AGAIN_US, stop_again, s);
}

static void forget_suspension(struct shepherd *s)
{
	if (s->stop_timer)
		loop_del_timer(s->loop, s->stop_timer);
	s->stop_timer = NULL;
	s->suspended = false;
}

void end_suspend(struct shepherd *s)
{
	if (s->phase != SHEPHERD_RUNNING || s->ending || s->suspended)
		return;
	s->suspended = true;
	if (s->overdue_timer)
		loop_del_timer(s->loop, s->overdue_timer);
	s->overdue_timer = NULL;
	signal_all(s, SIGTSTP);
	s->stops_left = STOPS;
	s->stop_timer = loop_add_timer(s->loop, SUSPEND_GRACE_US, stop_again, s);
}

void end_resume(struct shepherd *s, uint64_t time_left_s)
{
	if (s->phase != SHEPHERD_RUNNING || s->ending || !s->suspended)
		return;
	forget_suspension(s);
	signal_all(s, SIGCONT);
	s->record.grant->time_left_s = time_left_s;
	end_arm_limit(s);
}

static void kill_again(void *ctx)
{
	struct shepherd *s = ctx;
	s->kill_timer = NULL;
	end_kill(s);
	shepherd_reap(s);
}

void end_kill(struct shepherd *s)
{
	s->killing = true;
	if (s->kill_timer)
		loop_del_timer(s->loop, s->kill_timer);
	if (step_groups_track(s->record.groups))
		step_groups_kill(s->record.groups);
	signal_all(s, SIGKILL);
	/* A process may have forked while the list was read. */
	s->kill_timer = loop_add_timer(s->loop, KILL_AGAIN_US, kill_again, s);
}

/* "*** JOB 89 ON worker-1 CANCELLED AT 2026-11-23T03:41:25 DUE TO TIME LIMIT ***": the first node says it for
 * all. */
static void say_why(struct shepherd *s, const char *text)
{
	const struct step_grant *g = s->record.grant;
	time_t now = (time_t)(loop_wall_clock() / 1000000);
	struct tm tm;
	char when[32] = "", what[64];
	if (g->node_index != 0)
		return;
	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	if (s->batch)
		snprintf(what, sizeof(what), "JOB %u", g->job_id);
	else
		snprintf(what, sizeof(what), "STEP %u.%u", g->job_id, g->step_id);
	shepherd_tell_user(s, "*** %s ON %s CANCELLED AT %s%s%s ***", what, g->node, when, *text ? " " : "",
	                   text);
}

void end_begin(struct shepherd *s, uint32_t kill_wait_s, const char *text)
{
	if (s->phase == SHEPHERD_LEAVING)
		return;
	bool first = !s->ending;
	forget_suspension(s);
	s->ending = true;
	if (!s->srun)
		s->discard = true;
	if (s->phase == SHEPHERD_OPENING)
		files_abort(s);
	if (s->phase == SHEPHERD_RUNNING && !s->killing) {
		if (first && text && !s->childless)
			say_why(s, text);
		if (kill_wait_s == 0) {
			end_kill(s);
		} else if (first) {
			signal_all(s, SIGCONT);
			signal_all(s, SIGTERM);
			s->kill_timer =
			        loop_add_timer(s->loop, (int64_t)kill_wait_s * 1000000, kill_again, s);
		}
	}
	if (s->discard)
		streams_watch(s);
	shepherd_check(s);
}

/* The controller ends steps in time. When it can't (or its worker can't be reached), the step still ends. */
static void overdue(void *ctx)
{
	struct shepherd *s = ctx;
	struct link_overdue m = {.launch = s->record.grant->launch};
	s->overdue_timer = NULL;
	if (s->worker < 0) {
		text_set(&s->end_text, "its time was over and the controller could not be reached");
		end_begin(s, s->record.grant->kill_wait_s, "DUE TO TIME LIMIT");
		return;
	}
	link_say(s, LINK_OVERDUE, &m);
	s->overdue_timer = loop_add_timer(s->loop, SHEPHERD_OVERDUE_US, overdue, s);
}

void end_arm_limit(struct shepherd *s)
{
	uint64_t left_s = s->record.grant->time_left_s;
	if (left_s > 0 && left_s < (uint64_t)INT64_MAX / 2000000)
		s->overdue_timer =
		        loop_add_timer(s->loop, (int64_t)left_s * 1000000 + SHEPHERD_OVERDUE_US, overdue, s);
}

void end_disarm(struct shepherd *s)
{
	struct loop_timer **timers[] = {&s->kill_timer, &s->overdue_timer, &s->srun_lost,
	                                &s->unclaimed,  &s->stop_timer,    &s->sample_timer};
	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
		if (*timers[i])
			loop_del_timer(s->loop, *timers[i]);
		*timers[i] = NULL;
	}
}
