#include "applets/controller/controller.h"
#include "core/util/log.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Who waits for one job, and the time that its allocation has left when nobody holds it. */
struct wait_list {
	struct controller *ctl;
	uint64_t serial;
	struct list waiters;
	struct loop_timer *orphan;
};

static struct wait_list *list_of(struct controller *ctl, uint64_t serial, bool make)
{
	struct wait_list *l = map_get(&ctl->waits, serial);
	if (!l && make) {
		l = xcalloc(1, sizeof(*l));
		l->ctl = ctl;
		l->serial = serial;
		list_init(&l->waiters);
		map_put(&ctl->waits, serial, l);
	}
	return l;
}

static void list_drop_if_empty(struct wait_list *l)
{
	if (!list_empty(&l->waiters) || l->orphan)
		return;
	map_del(&l->ctl->waits, l->serial);
	free(l);
}

static void not_an_orphan(struct wait_list *l)
{
	if (l->orphan)
		loop_del_timer(l->ctl->loop, l->orphan);
	l->orphan = NULL;
}

#define ARRAY_KEY (1ull << 63) /* no serial is as great */

uint64_t waiter_key(const struct job *job)
{
	return job->spec.array_job_id ? ARRAY_KEY | job->spec.array_job_id : job->serial;
}

static bool is_there(const struct controller *ctl, uint64_t key)
{
	return key & ARRAY_KEY ? array_next(ctl->cluster, (uint32_t)key, NULL) != NULL
	                       : job_by_serial(ctl->cluster, key) != NULL;
}

struct waiter *waiter_add(struct request *r, uint64_t serial, enum wait_kind kind)
{
	struct wait_list *l = list_of(r->ctl, serial, true);
	struct waiter *w = xcalloc(1, sizeof(*w));
	*w = (struct waiter){.peer = r->peer, .id = r->id, .serial = serial, .kind = kind};
	list_append(&l->waiters, &w->in_job);
	list_append(&r->peer->waits, &w->in_peer);
	list_init(&w->in_unsettled);
	if (kind == WAIT_ALLOC)
		not_an_orphan(l);
	return w;
}

void waiter_remove(struct waiter *w)
{
	struct wait_list *l = list_of(w->peer->ctl, w->serial, false);
	list_remove(&w->in_job);
	list_remove(&w->in_peer);
	list_remove(&w->in_unsettled);
	free(w);
	if (l)
		list_drop_if_empty(l);
}

struct waiter *waiter_next(struct controller *ctl, uint64_t serial, const struct waiter *after)
{
	struct wait_list *l = list_of(ctl, serial, false);
	if (!l)
		return NULL;
	const struct list *next = after ? after->in_job.next : l->waiters.next;
	return next == &l->waiters ? NULL : list_entry(next, struct waiter, in_job);
}

struct waiter *waiter_of_step(struct controller *ctl, const struct step *step)
{
	for (struct waiter *w = waiter_next(ctl, step->record.serial, NULL); w;
	     w = waiter_next(ctl, w->serial, w))
		if (w->kind == WAIT_STEP && (w->step ? w->step == step : w->launch == step->record.launch))
			return w;
	return NULL;
}

/* ---- allocations that nobody holds ---- */

static void orphan_ends(void *ctx)
{
	struct wait_list *l = ctx;
	struct controller *ctl = l->ctl;
	struct job *job = job_by_serial(ctl->cluster, l->serial);
	struct err err = {0};
	l->orphan = NULL;
	if (ctl->degraded) {
		l->orphan = loop_add_timer(ctl->loop, ORPHAN_US, orphan_ends, l);
		return;
	}
	list_drop_if_empty(l);
	if (!job || job->spec.batch || job_is_done(job))
		return;
	log_info("job %u: its srun or salloc has not come back: the allocation is ended", job->job_id);
	ctl->touched = true;
	if (job_cancel(ctl->cluster, job, SIGKILL, false, false, job->spec.who->uid, controller_now(),
	               &err) != 0)
		log_debug("job %u: %s", job->job_id, err_text(&err));
}

static bool is_held(const struct wait_list *l)
{
	list_each (it, &l->waiters)
		if (list_entry(it, struct waiter, in_job)->kind == WAIT_ALLOC)
			return true;
	return false;
}

/* slurm.conf(5), InactiveLimit: how long an allocation lives on when its command is not heard; none in
 * partitions for root only, whose scheduler sees to them. */
static int64_t grace_of(const struct controller *ctl, const struct job *job, int64_t grace_us)
{
	int64_t limit = (int64_t)cluster_conf_of(ctl->cluster)->inactive_limit_s * CORE_SECOND;
	return limit == 0 || (job->part && job->part->conf->root_only) || limit < grace_us ? grace_us : limit;
}

static void may_be_orphan(struct controller *ctl, uint64_t serial, int64_t grace_us)
{
	const struct job *job = job_by_serial(ctl->cluster, serial);
	if (!job || job->spec.batch || job->spec.detached || job->state.state > JOB_SUSPENDED)
		return;
	struct wait_list *l = list_of(ctl, serial, true);
	if (!is_held(l) && !l->orphan)
		l->orphan = loop_add_timer(ctl->loop, grace_of(ctl, job, grace_us), orphan_ends, l);
}

/* ---- events ---- */

void waiters_peer_closed(struct peer *peer)
{
	struct controller *ctl = peer->ctl;
	while (!list_empty(&peer->waits)) {
		struct waiter *w = list_entry(peer->waits.next, struct waiter, in_peer);
		struct waiter copy = *w;
		waiter_remove(w);
		if (copy.kind == WAIT_ALLOC && !ctl->stopping)
			may_be_orphan(ctl, copy.serial, ORPHAN_US);
		if (copy.kind == WAIT_STEP && copy.step && !ctl->degraded && !ctl->stopping) {
			ctl->touched = true;
			step_forget(ctl->cluster, (struct step *)(uintptr_t)copy.step, controller_now());
		}
	}
}

void waiters_job_over(struct controller *ctl, uint64_t serial)
{
	struct wait_list *l = list_of(ctl, serial, false);
	if (!l)
		return;
	not_an_orphan(l);
	list_each_safe (it, next, &l->waiters) {
		struct waiter *w = list_entry(it, struct waiter, in_job);
		list_remove(&w->in_job);
		list_remove(&w->in_peer);
		list_remove(&w->in_unsettled);
		free(w);
	}
	list_drop_if_empty(l);
}

static void lost(struct controller *ctl, struct waiter *w)
{
	struct err err = {0};
	if (outbox_answers(ctl->outbox, w->peer->id, w->id))
		return; /* it hears of it already */
	err_set(&err, ERR_STORE, "%s", "");
	outbox_add_error(ctl->outbox, w->peer->id, w->id, &err, error_help(ERR_STORE));
}

void waiters_loaded(struct controller *ctl, int64_t grace_us)
{
	size_t n = 0, at = 0;
	void *entry;
	uint64_t *serials = xcalloc(map_count(&ctl->waits) + 1, sizeof(*serials));
	while (map_next(&ctl->waits, &at, &entry))
		serials[n++] = ((struct wait_list *)entry)->serial;
	for (size_t i = 0; i < n; i++) {
		struct waiter *next;
		bool job_is_there = is_there(ctl, serials[i]);
		for (struct waiter *w = waiter_next(ctl, serials[i], NULL); w; w = next) {
			next = waiter_next(ctl, serials[i], w);
			if (job_is_there && !w->step &&
			    (w->kind != WAIT_STEP || step_by_launch(ctl->cluster, w->launch)))
				continue;
			lost(ctl, w);
			waiter_remove(w);
		}
	}
	free(serials);
	for (struct job *job = job_next(ctl->cluster, NULL); job; job = job_next(ctl->cluster, job))
		may_be_orphan(ctl, job->serial, grace_us);
}

void waiters_free(struct controller *ctl)
{
	size_t at = 0;
	void *entry;
	while (map_next(&ctl->waits, &at, &entry)) {
		struct wait_list *l = entry;
		not_an_orphan(l);
		list_each_safe (it, next, &l->waiters) {
			struct waiter *w = list_entry(it, struct waiter, in_job);
			list_remove(&w->in_peer);
			list_remove(&w->in_unsettled);
			free(w);
		}
		map_del(&ctl->waits, l->serial);
		free(l);
	}
	map_free(&ctl->waits);
}
