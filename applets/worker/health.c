#include "applets/worker/health.h"

#include "applets/common/hook_program.h"
#include "core/util/log.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define LIMIT_US 60000000 /* as slurm.conf(5) has it */

static void due(void *ctx);

static const char *program(const struct worker *w)
{
	return conf_u32(&w->file.conf, P_HealthCheckInterval) ? conf_str(&w->file.conf, P_HealthCheckProgram)
	                                                      : NULL;
}

static void arm(struct worker *w)
{
	if (w->health.timer)
		loop_del_timer(w->loop, w->health.timer);
	w->health.timer = NULL;
	if (program(w))
		w->health.timer = loop_add_timer(
		        w->loop, (int64_t)conf_u32(&w->file.conf, P_HealthCheckInterval) * 1000000, due, w);
}

static void too_long(void *ctx)
{
	struct worker *w = ctx;
	w->health.limit = NULL;
	log_error("health_check runs longer than 60 s: it is killed");
	kill(-w->health.pid, SIGKILL);
}

static bool run(struct worker *w)
{
	struct err err = {0};
	const char *path = program(w);
	char *node = xprintf("SLURMD_NODENAME=%s", w->node), *conf = xprintf("SLURM_CONF=%s", w->conf_path),
	     *env[] = {node, conf, NULL};
	int rc = hook_spawn(path, NULL, env, &w->health.pid, &err);
	free(node);
	free(conf);
	if (rc != 0) {
		log_error("health_check: %s", err_text(&err));
		w->health.pid = 0;
		return false;
	}
	w->health.limit = loop_add_timer(w->loop, LIMIT_US, too_long, w);
	return true;
}

static void due(void *ctx)
{
	struct worker *w = ctx;
	w->health.timer = NULL;
	arm(w);
	/* Not on a node that doesn't respond, and one at a time. */
	if (w->health.pid == 0 && program(w) && control_is_up(w))
		run(w);
}

void health_start(struct worker *w)
{
	arm(w);
	if (program(w) && run(w))
		w->health.starting = true;
	else
		control_start(w);
}

void health_configured(struct worker *w)
{
	arm(w);
}

void health_stop(struct worker *w)
{
	if (w->health.pid > 0)
		kill(-w->health.pid, SIGKILL);
	w->health.pid = 0;
	if (w->health.timer)
		loop_del_timer(w->loop, w->health.timer);
	if (w->health.limit)
		loop_del_timer(w->loop, w->health.limit);
	w->health.timer = w->health.limit = NULL;
}

bool health_reap(struct worker *w, pid_t pid, int status)
{
	if (pid != w->health.pid)
		return false;
	w->health.pid = 0;
	if (w->health.limit)
		loop_del_timer(w->loop, w->health.limit);
	w->health.limit = NULL;
	if (status != 0)
		log_error("health_check failed: rc:%d signal:%d", WEXITSTATUS(status), WTERMSIG(status));
	if (w->health.starting) {
		w->health.starting = false;
		control_start(w);
	}
	return true;
}
