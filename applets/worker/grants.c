/* The table of launches. What was granted is in the spool before anything of it is started; a launch that is
 * known is answered with its state and never started again. */
#include "applets/worker/hooks.h"
#include "applets/worker/identity.h"
#include "applets/worker/worker.h"
#include "conf/job_acct.h"
#include "core/util/log.h"
#include "proto/handover.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASSWD_BUFFER 16384
#define PROLOG_FAILED "Job prolog failed"

const char *launch_name(const struct launch *l)
{
	static char name[96];
	if (l->batch)
		snprintf(name, sizeof(name), "job %u's batch script (launch %" PRIu64 ")", l->job_id,
		         l->number);
	else
		snprintf(name, sizeof(name), "step %u.%u (launch %" PRIu64 ")", l->job_id, l->step_id,
		         l->number);
	return name;
}

/* ---- entries ---- */

static struct launch *launch_new(struct worker *w, const struct step_grant *g)
{
	struct launch *l = xcalloc(1, sizeof(*l));
	*l = (struct launch){.worker = w,
	                     .number = g->launch,
	                     .serial = g->serial,
	                     .attempt = g->attempt,
	                     .step_id = g->step_id,
	                     .job_id = g->job_id,
	                     .uid = g->who->uid,
	                     .batch = g->batch != NULL,
	                     .state = LAUNCH_GRANTED,
	                     .link = -1};
	schema_init(schema_of_step_fate(), &l->fate);
	list_init(&l->held);
	list_append(&w->launches, &l->in_all);
	map_put(&w->by_number, l->number, l);
	return l;
}

static bool has_other_script(const struct launch *l)
{
	list_each (it, &l->worker->launches) {
		const struct launch *other = list_entry(it, struct launch, in_all);
		if (other != l && other->batch && other->job_id == l->job_id)
			return true;
	}
	return false;
}

/* An srun's session that came while the prolog ran. */
struct held_session {
	int fd;
	struct session_peer peer;
	struct session_keys keys;
	struct list in_launch;
};

static void held_free(struct held_session *h)
{
	list_remove(&h->in_launch);
	sodium_memzero(&h->keys, sizeof(h->keys));
	free(h);
}

static void held_drop(struct launch *l)
{
	list_each_safe (it, next, &l->held) {
		struct held_session *h = list_entry(it, struct held_session, in_launch);
		close(h->fd);
		held_free(h);
	}
}

void launch_free(struct launch *l)
{
	struct worker *w = l->worker;
	held_drop(l);
	shepherd_unlink(l);
	if (l->timer)
		loop_del_timer(w->loop, l->timer);
	if (w->reading == l)
		w->reading = NULL;
	list_remove(&l->in_all);
	if (l->end) {
		schema_free(schema_of_job_end(), l->end);
		free(l->end);
	}
	free(l->suspend);
	schema_free(schema_of_step_fate(), &l->fate);
	free(l);
}

void launch_forget(struct launch *l)
{
	struct worker *w = l->worker;
	uint64_t serial = l->serial;
	bool foreign = l->foreign;
	if (foreign) {
		spool_remove_disowned(&w->spool, l->number);
	} else {
		spool_remove(&w->spool, l->number,
		             l->batch && !has_other_script(l) ? l->job_id : CORE_NO_VAL);
		map_del(&w->by_number, l->number);
	}
	launch_free(l);
	if (!foreign)
		jobs_launch_gone(w, serial);
}

void launch_ended(struct launch *l)
{
	struct worker *w = l->worker;
	struct err err = {0};
	if (l->state == LAUNCH_ENDED)
		return;
	shepherd_unlink(l);
	held_drop(l);
	if (l->timer)
		loop_del_timer(w->loop, l->timer);
	l->timer = NULL;
	if (l->foreign) {
		launch_forget(l);
		return;
	}
	schema_free(schema_of_step_fate(), &l->fate);
	if (spool_read_fate(&w->spool, l->number, &l->fate, &err) != 0) {
		log_error("%s: the fate can't be read: %s", launch_name(l), err_text(&err));
		schema_init(schema_of_step_fate(), &l->fate);
		l->fate.serial = l->serial;
		l->fate.attempt = l->attempt;
		l->fate.step_id = l->step_id;
		l->fate.launch = l->number;
		l->fate.job_id = l->job_id;
		l->fate.status = SIGKILL;
		l->fate.text = xprintf("its fate can't be read: %s", err_text(&err));
	}
	l->fate.prolog_failed |= l->prolog_failed;
	l->state = LAUNCH_ENDED;
	log_verbose("%s ended with status %u%s%s", launch_name(l), l->fate.status,
	            l->fate.failed_why ? ": " : "", l->fate.failed_why ? l->fate.failed_why : "");
	control_send(w, MSG_step_fate, &l->fate);
}

void launch_void(struct launch *l, int status, bool failed, const char *why)
{
	struct step_fate fate;
	struct err err = {0};
	if (!spool_claim(&l->worker->spool, l->number)) {
		shepherd_find(l); /* a shepherd of an earlier life was quicker */
		return;
	}
	schema_init(schema_of_step_fate(), &fate);
	char *text = xstrdup(why);
	fate.serial = l->serial;
	fate.attempt = l->attempt;
	fate.step_id = l->step_id;
	fate.launch = l->number;
	fate.job_id = l->job_id;
	fate.status = (uint32_t)status;
	fate.failed_why = failed ? text : NULL;
	fate.text = failed ? NULL : text;
	fate.prolog_failed = l->prolog_failed;
	fate.end_time = loop_wall_clock();
	log_info("%s: %s", launch_name(l), why);
	if (spool_write_fate(&l->worker->spool, &fate, &err) != 0)
		log_error("%s: %s", launch_name(l), err_text(&err));
	free(text);
	launch_ended(l);
}

static void grant_expired(void *ctx)
{
	struct launch *l = ctx;
	l->timer = NULL;
	launch_void(l, SIGKILL, true, "no srun claimed the step within 60 s");
}

static void grant_wait(struct launch *l)
{
	l->timer = loop_add_timer(l->worker->loop, GRANT_VOID_US, grant_expired, l);
	if (l->worker->server)
		server_grants_changed(l->worker->server);
}

void grants_hold(struct worker *w, uint64_t serial, uint32_t step_id, bool hold)
{
	list_each (it, &w->launches) {
		struct launch *l = list_entry(it, struct launch, in_all);
		if (l->serial != serial || l->step_id != step_id || l->batch || l->foreign ||
		    l->state != LAUNCH_GRANTED || l->prolog_waits)
			continue;
		if (l->timer)
			loop_del_timer(w->loop, l->timer);
		l->timer = NULL;
		if (!hold)
			grant_wait(l);
	}
}

/* ---- receiving ---- */

/* The name that this host's passwd gives the uid, where it has one. */
static int check_name(const struct identity *who, struct err *err)
{
	char buf[PASSWD_BUFFER];
	struct passwd pw, *found = NULL;
	if (!who->user_name || getpwuid_r(who->uid, &pw, buf, sizeof(buf), &found) != 0 || !found)
		return 0;
	if (strcmp(found->pw_name, who->user_name) == 0)
		return 0;
	return err_set(
	        err, ERR_USER_UNKNOWN,
	        "uid %u is user %s on the controller and user %s here: users must be the same on all hosts",
	        who->uid, who->user_name, found->pw_name);
}

static bool is_superseded(const struct worker *w, uint64_t serial, uint32_t attempt)
{
	list_each (it, &w->launches) {
		const struct launch *l = list_entry(it, struct launch, in_all);
		if (!l->foreign && l->serial == serial && l->attempt > attempt)
			return true;
	}
	return jobs_is_ending(w, serial, attempt);
}

int grants_check(const struct worker *w, const struct grant_facts *g, struct err *err)
{
	if (!text_eq(g->node, w->node))
		return err_set(err, ERR_INVALID, "the grant is for node %s and this is %s", g->node, w->node);
	if (!w->has_instance || g->instance->n != sizeof(w->instance) ||
	    memcmp(g->instance->v, w->instance, sizeof(w->instance)) != 0)
		return err_set(err, ERR_STALE, "the grant is of another cluster instance");
	if (is_superseded(w, g->serial, g->attempt))
		return err_set(err, ERR_STALE, "attempt %u of this job is over here", g->attempt);
	if (identity_check(g->who, err) != 0 || check_name(g->who, err) != 0)
		return -1;
	return 0;
}

static int grant_check(const struct worker *w, const struct step_grant *g, struct err *err)
{
	const struct grant_facts facts = {.node = g->node,
	                                  .instance = &g->instance,
	                                  .serial = g->serial,
	                                  .attempt = g->attempt,
	                                  .who = g->who};
	if (grants_check(w, &facts, err) != 0)
		return -1;
	return g->batch || g->tasks.n > 0 ? 0
	                                  : err_set(err, ERR_INVALID, "the grant has no task for this node");
}

/* unfit: why this node should not get others, or NULL. */
static void grant_refuse(struct worker *w, const struct step_grant *g, const struct err *why,
                         const char *unfit)
{
	struct launch_failed_report m = {.serial = g->serial,
	                                 .attempt = g->attempt,
	                                 .launch = g->launch,
	                                 .step_id = g->step_id,
	                                 .why = (char *)(uintptr_t)err_text(why),
	                                 .unfit = (char *)(uintptr_t)unfit};
	log_error("launch %" PRIu64 " of job %u is refused: %s", g->launch, g->job_id, err_text(why));
	control_send(w, MSG_launch_failed_report, &m);
}

static void grant_repeated(struct launch *l)
{
	log_verbose("%s is known: not started again", launch_name(l));
	if (l->state == LAUNCH_ENDED) {
		control_send(l->worker, MSG_step_fate, &l->fate);
	} else if (l->started) {
		struct step_started_report m = {.serial = l->serial,
		                                .attempt = l->attempt,
		                                .step_id = l->step_id,
		                                .launch = l->number};
		control_send(l->worker, MSG_step_started_report, &m);
	}
}

int grants_record(struct worker *w, const struct step_grant *g, struct err *err)
{
	struct launch_record record;
	struct job_acct acct;
	schema_init(schema_of_launch_record(), &record);
	record.grant = (struct step_grant *)(uintptr_t)g;
	record.conf_path = w->conf_path;
	record.working_cluster = w->working_cluster;
	record.append = w->append;
	record.log_path = w->log.path;
	record.log_level = w->log.level;
	record.log_time_format = (char *)(uintptr_t)w->log.time_format;
	record.host = w->host;
	record.open_files = w->open_files;
	record.task_prolog = (char *)(uintptr_t)conf_str(&w->file.conf, P_TaskProlog);
	record.task_epilog = (char *)(uintptr_t)conf_str(&w->file.conf, P_TaskEpilog);
	struct arena arena;
	arena_init(&arena);
	record.groups = containment_groups(w, g, &arena);
	record.cpus = containment_cpus(w, g, &arena);
	job_acct_read(&w->file.conf, &acct);
	record.acct_gathers = acct.gathers;
	record.acct_memory = acct.memory;
	record.acct_interval_s = acct.interval_s;
	record.acct_kills = acct.kills;
	int rc = spool_record(&w->spool, &record, err);
	arena_free(&arena);
	free(record.script_path);
	return rc;
}

static void begin(struct launch *l)
{
	struct err err = {0};
	if (!l->batch)
		grant_wait(l);
	else if (shepherd_spawn(l, &err) != 0)
		launch_void(l, SIGKILL, true, err_text(&err));
}

/* A step's srun is told by a shepherd, which starts nothing. */
static void prolog_failed(struct launch *l)
{
	l->prolog_failed = true;
	if (l->batch)
		launch_void(l, SIGKILL, true, PROLOG_FAILED);
	else
		grant_wait(l);
}

void grants_start(struct launch *l, const struct step_grant *g)
{
	switch (hooks_prolog(l->worker, l->serial, l->attempt, l->job_id, &g->hook_env)) {
	case HOOK_DONE:
		begin(l);
		break;
	case HOOK_RUNNING:
		l->prolog_waits = true;
		if (l->worker->server)
			server_grants_changed(l->worker->server);
		break;
	case HOOK_FAILED:
		prolog_failed(l);
	}
}

void grants_receive(struct worker *w, const struct step_grant *g)
{
	struct err err = {0};
	struct launch *l = map_get(&w->by_number, g->launch);
	if (l) {
		grant_repeated(l);
		return;
	}
	if (spool_is_done(&w->spool, g->launch)) {
		log_error("launch %" PRIu64 " was granted again after its end: ignored", g->launch);
		return;
	}
	if (grant_check(w, g, &err) != 0) {
		grant_refuse(w, g, &err, NULL);
		return;
	}
	if (w->orders->record(w, g, &err) != 0) {
		/* The next one would fare no better. */
		grant_refuse(w, g, &err, err.code == ERR_SYSTEM ? spool_trouble(&w->spool) : NULL);
		return;
	}
	w->orders->start(launch_new(w, g), g);
}

void grants_ack(struct worker *w, uint64_t number)
{
	struct launch *l = map_get(&w->by_number, number);
	if (!l || l->state != LAUNCH_ENDED)
		return;
	spool_mark_done(&w->spool, number);
	launch_forget(l);
}

/* ---- srun ---- */

static struct launch *claimable(struct worker *w, const struct session_peer *peer)
{
	struct launch *l = map_get(&w->by_number, peer->step.launch);
	const bool stat = peer->step.rights == STEP_RIGHT_STAT; /* starts nothing, and may look at a script */
	if (!l || (l->batch && !stat) || l->serial != peer->step.serial || l->step_id != peer->step.step_id ||
	    l->uid != peer->step.uid || !w->has_instance ||
	    memcmp(w->instance, peer->step.instance, sizeof(w->instance)) != 0)
		return NULL;
	return (l->state == LAUNCH_GRANTED && !stat) || (l->state == LAUNCH_RUNNING && l->link >= 0) ? l
	                                                                                             : NULL;
}

bool grants_step_known(void *ctx, const struct session_peer *peer)
{
	return peer->step.rights == STEP_RIGHT_BCAST ? bcasts_known(ctx, peer) : claimable(ctx, peer) != NULL;
}

/* l NULL: there is nothing to hand it to. */
static void hand_over(struct launch *l, int fd, const struct session_peer *peer,
                      const struct session_keys *keys)
{
	struct link_session follows = {.version = LINK_VERSION};
	struct link_refuse refuse = {.launch = peer->step.launch, .why = (char[]){PROLOG_FAILED}};
	struct err err = {0};
	if (l && l->state == LAUNCH_GRANTED && shepherd_spawn(l, &err) != 0) {
		launch_void(l, SIGKILL, true, err_text(&err));
		l = NULL;
	}
	if (l && l->prolog_failed)
		shepherd_send(l, LINK_REFUSE, &refuse);
	if (l)
		shepherd_send(l, LINK_SESSION, &follows);
	if (!l || handover_send(l->link, fd, peer, keys, &err) != 0)
		log_error("the session of launch %" PRIu64 " with %s can't be handed over: %s",
		          peer->step.launch, peer->address, err_text(&err));
	close(fd);
}

void grants_step_opened(void *ctx, int fd, const struct session_peer *peer, const struct session_keys *keys)
{
	struct worker *w = ctx;
	if (peer->step.rights == STEP_RIGHT_BCAST) {
		bcasts_opened(w, fd, peer, keys);
		return;
	}
	struct launch *l = claimable(w, peer);
	if (l && l->prolog_waits) {
		struct held_session *h = xcalloc(1, sizeof(*h));
		*h = (struct held_session){.fd = fd, .peer = *peer, .keys = *keys};
		list_append(&l->held, &h->in_launch);
		return;
	}
	hand_over(l, fd, peer, keys);
}

void grants_prolog_over(struct worker *w, uint64_t serial, uint32_t attempt, bool failed)
{
	list_each_safe (it, next, &w->launches) {
		struct launch *l = list_entry(it, struct launch, in_all);
		if (!l->prolog_waits || l->serial != serial || l->attempt != attempt)
			continue;
		l->prolog_waits = false;
		if (l->state != LAUNCH_GRANTED)
			continue;
		if (failed)
			prolog_failed(l);
		else
			begin(l);
		list_each_safe (held, after, &l->held) {
			struct held_session *h = list_entry(held, struct held_session, in_launch);
			hand_over(l->state <= LAUNCH_RUNNING ? l : NULL, h->fd, &h->peer, &h->keys);
			held_free(h);
		}
	}
}

/* ---- start and change of the controller ---- */

static void load_one(struct worker *w, uint64_t number)
{
	struct launch_record record;
	struct err err = {0};
	if (spool_read_grant(&w->spool, number, &record, &err) != 0) {
		if (err.code == ERR_NOT_FOUND)
			spool_remove(&w->spool, number, CORE_NO_VAL); /* a crash before the grant was there */
		else
			spool_set_aside(&w->spool, number, err_text(&err));
		return;
	}
	struct launch *l = launch_new(w, record.grant);
	struct step_fate fate;
	bool ended = spool_read_fate(&w->spool, number, &fate, NULL) == 0;
	if (ended)
		schema_free(schema_of_step_fate(), &fate);
	bool claimed = spool_read_shepherd(&w->spool, number, &l->pid, &l->pid_start);
	if (ended)
		launch_ended(l);
	else if (claimed)
		shepherd_find(l);
	else
		grants_start(l, record.grant);
	schema_free(schema_of_launch_record(), &record);
}

int grants_load(struct worker *w, struct err *err)
{
	struct controller_record controller;
	struct err why = {0};
	if (spool_read_controller(&w->spool, &controller, &why) == 0) {
		w->epoch = controller.epoch;
		w->has_instance = controller.instance.n == sizeof(w->instance);
		if (w->has_instance)
			memcpy(w->instance, controller.instance.v, sizeof(w->instance));
		schema_free(schema_of_controller_record(), &controller);
	} else if (why.code != ERR_NOT_FOUND) {
		return err_set(
		        err, ERR_CORRUPT,
		        "%s: move the files of SlurmdSpoolDir away to start without the jobs that are there",
		        err_text(&why));
	}
	size_t n;
	uint64_t *numbers = spool_launches(&w->spool, &n);
	for (size_t i = 0; i < n; i++)
		load_one(w, numbers[i]);
	free(numbers);
	return 0;
}

void grants_disown(struct worker *w)
{
	list_each_safe (it, next, &w->launches) {
		struct launch *l = list_entry(it, struct launch, in_all);
		if (l->foreign)
			continue;
		log_error("%s is of another cluster instance: it is ended", launch_name(l));
		spool_disown(&w->spool, l->number);
		map_del(&w->by_number, l->number);
		l->foreign = true;
		struct job_end end = {.serial = l->serial, .attempt = l->attempt, .kill_wait_s = 0};
		if (l->state == LAUNCH_RUNNING)
			shepherd_send(l, LINK_END, &end);
		else if (l->state != LAUNCH_LOST)
			launch_forget(l);
	}
	spool_forget_done(&w->spool);
	jobs_disown(w);
}
