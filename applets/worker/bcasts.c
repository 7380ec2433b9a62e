/* Files that jobs' users bring here (sbcast, srun --bcast): grants of it, and the receivers that take the
 * files. Nothing of that is in the spool: a transfer that is cut off left nothing, and is done anew. */
#include "applets/worker/hooks.h"
#include "core/util/log.h"
#include "proto/handover.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BCASTS_MAX 256 /* that wait or run */

struct bcast {
	struct worker *worker;
	struct bcast_grant grant;
	struct loop_timer *timer; /* void, unless it is claimed before; NULL: it is */
	pid_t pid;                /* of its receiver; 0: none */
	bool prolog_waits, prolog_failed;
	struct {        /* the sender's session, when it came while the prolog ran */
		int fd; /* -1: none */
		struct session_peer peer;
		struct session_keys keys;
	} held;
	struct list in_all;
};

static void bcast_free(struct bcast *b)
{
	if (b->timer)
		loop_del_timer(b->worker->loop, b->timer);
	if (b->held.fd >= 0)
		close(b->held.fd);
	sodium_memzero(&b->held.keys, sizeof(b->held.keys));
	list_remove(&b->in_all);
	b->worker->bcast_count--;
	grants_hold(b->worker, b->grant.serial, b->grant.step_id, false);
	schema_free(schema_of_bcast_grant(), &b->grant);
	free(b);
}

static void unclaimed(void *ctx)
{
	struct bcast *b = ctx;
	b->timer = NULL;
	bcast_free(b);
}

static int check(const struct worker *w, const struct bcast_grant *g, struct err *err)
{
	const struct grant_facts facts = {.node = g->node,
	                                  .instance = &g->instance,
	                                  .serial = g->serial,
	                                  .attempt = g->attempt,
	                                  .who = g->who};
	if (grants_check(w, &facts, err) != 0)
		return -1;
	return w->bcast_count < BCASTS_MAX
	               ? 0
	               : err_set(err, ERR_LIMIT, "%d files are being sent here already", BCASTS_MAX);
}

void bcasts_grant(struct worker *w, const struct bcast_grant *g)
{
	struct err err = {0};
	if (check(w, g, &err) != 0) {
		/* Who dials will wait in vain, and be told that nothing was granted. */
		log_error("a file for job %u is refused: %s", g->job_id, err_text(&err));
		return;
	}
	struct bcast *b = xcalloc(1, sizeof(*b));
	b->worker = w;
	b->held.fd = -1;
	schema_copy(schema_of_bcast_grant(), &b->grant, g, NULL);
	b->timer = loop_add_timer(w->loop, GRANT_VOID_US, unclaimed, b);
	list_append(&w->bcasts, &b->in_all);
	w->bcast_count++;
	grants_hold(w, g->serial, g->step_id, true);
	const enum hook_answer prolog = hooks_prolog(w, g->serial, g->attempt, g->job_id, &g->hook_env);
	b->prolog_waits = prolog == HOOK_RUNNING;
	b->prolog_failed = prolog == HOOK_FAILED;
	if (w->server)
		server_grants_changed(w->server);
}

static struct bcast *claimable(const struct worker *w, const struct session_peer *peer)
{
	list_each (it, &w->bcasts) {
		struct bcast *b = list_entry(it, struct bcast, in_all);
		const struct bcast_grant *g = &b->grant;
		if (b->pid == 0 && b->held.fd < 0 && g->launch == peer->step.launch &&
		    g->serial == peer->step.serial && g->step_id == peer->step.step_id &&
		    g->who->uid == peer->step.uid && w->has_instance &&
		    memcmp(w->instance, peer->step.instance, sizeof(w->instance)) == 0)
			return b;
	}
	return NULL;
}

bool bcasts_known(const struct worker *w, const struct session_peer *peer)
{
	return claimable(w, peer) != NULL;
}

static int start(struct bcast *b, int fd, const struct session_peer *peer, const struct session_keys *keys,
                 struct err *err)
{
	char name[] = "receiver", *argv[] = {name, NULL};
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return err_sys(err, errno, "cannot make a socket pair");
	int rc = link_send(ends[0], LINK_BCAST, &b->grant, err);
	if (rc == 0)
		rc = handover_send(ends[0], fd, peer, keys, err);
	if (rc == 0)
		rc = worker_spawn(argv, ends[1], &b->pid, err);
	close(ends[0]);
	close(ends[1]);
	if (rc == 0)
		map_put(&b->worker->children, (uint64_t)b->pid, b->worker);
	return rc;
}

/* Where the Prolog failed the sender sees its session end. The node is drained when the job's next launch
 * here fails by it, too. */
static void receive(struct bcast *b, int fd, const struct session_peer *peer, const struct session_keys *keys)
{
	struct err err = {0};
	int rc = b->prolog_failed ? err_set(&err, ERR_INVALID, "the prolog failed")
	                          : start(b, fd, peer, keys, &err);
	if (rc != 0) {
		log_error("a file for job %u can't be received: %s", b->grant.job_id, err_text(&err));
		bcast_free(b);
	}
}

void bcasts_opened(struct worker *w, int fd, const struct session_peer *peer, const struct session_keys *keys)
{
	struct bcast *b = claimable(w, peer);
	if (b && b->timer) {
		loop_del_timer(w->loop, b->timer);
		b->timer = NULL;
	}
	if (b && b->prolog_waits) {
		b->held.fd = fd;
		b->held.peer = *peer;
		b->held.keys = *keys;
		return;
	}
	if (b)
		receive(b, fd, peer, keys);
	close(fd);
}

void bcasts_prolog_over(struct worker *w, uint64_t serial, uint32_t attempt, bool failed)
{
	list_each_safe (it, next, &w->bcasts) {
		struct bcast *b = list_entry(it, struct bcast, in_all);
		if (!b->prolog_waits || b->grant.serial != serial || b->grant.attempt != attempt)
			continue;
		b->prolog_waits = false;
		b->prolog_failed = failed;
		const int fd = b->held.fd;
		if (fd < 0)
			continue;
		b->held.fd = -1;
		struct session_keys keys = b->held.keys;
		const struct session_peer peer = b->held.peer;
		sodium_memzero(&b->held.keys, sizeof(b->held.keys));
		receive(b, fd, &peer, &keys);
		sodium_memzero(&keys, sizeof(keys));
		close(fd);
	}
}

void bcasts_reap(struct worker *w, pid_t pid)
{
	list_each_safe (it, next, &w->bcasts) {
		struct bcast *b = list_entry(it, struct bcast, in_all);
		uint64_t serial = b->grant.serial;
		if (b->pid != pid)
			continue;
		bcast_free(b);
		jobs_launch_gone(w, serial);
	}
}

/* The job's attempt ends here: nothing more comes for it. */
void bcasts_end(struct worker *w, uint64_t serial, uint32_t attempt)
{
	list_each_safe (it, next, &w->bcasts) {
		struct bcast *b = list_entry(it, struct bcast, in_all);
		if (b->grant.serial != serial || b->grant.attempt > attempt)
			continue;
		if (b->pid > 0)
			kill(b->pid, SIGTERM);
		else
			bcast_free(b);
	}
}

bool bcasts_of(const struct worker *w, uint64_t serial, uint32_t attempt)
{
	list_each (it, &w->bcasts) {
		const struct bcast *b = list_entry(it, struct bcast, in_all);
		if (b->grant.serial == serial && b->grant.attempt <= attempt)
			return true;
	}
	return false;
}

void bcasts_free(struct worker *w)
{
	list_each_safe (it, next, &w->bcasts)
		bcast_free(list_entry(it, struct bcast, in_all));
}
