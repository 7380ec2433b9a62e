/* Workers as values. What applets/worker promises is true here as well: a launch is recorded before it starts
 * and never starts twice, a fate is kept until it is acknowledged, the end of an attempt is remembered, and
 * nothing of it starts after that. The disk survives a crash, processes don't. */
#include "test/sim/sim.h"
#include "core/util/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS ((core_time)1000)

void host_init(struct host *h, uint32_t index)
{
	*h = (struct host){.index = index, .powered = true, .boot = 1};
	snprintf(h->name, sizeof(h->name), "n%u", index + 1);
	list_init(&h->launches);
	map_init_u64(&h->done);
	map_init_u64(&h->ended);
}

static void launch_free(struct launch *l)
{
	list_remove(&l->in_node);
	free(l->cores.v);
	free(l);
}

void host_free(struct host *h)
{
	size_t at = 0;
	void *value;
	list_each_safe (it, tmp, &h->launches)
		launch_free(list_entry(it, struct launch, in_node));
	while (map_next(&h->ended, &at, &value))
		free(value);
	map_free(&h->done);
	map_free(&h->ended);
}

static struct launch *find(const struct host *h, uint64_t number)
{
	list_each (it, &h->launches) {
		struct launch *l = list_entry(it, struct launch, in_node);
		if (l->number == number)
			return l;
	}
	return NULL;
}

/* ---- messages ---- */

/* Both directions of a connection keep their order. */
static void send_on_link(struct world *w, struct host *h, struct event e, int direction)
{
	core_time at = w->mono + (core_time)pick(w, 200) * MS;
	if (at < h->last_delivery[direction])
		at = h->last_delivery[direction];
	h->last_delivery[direction] = at;
	e.at = at;
	e.node = h->index;
	e.conn = h->conn;
	world_put(w, e);
}

static void report(struct world *w, struct host *h, enum under_way what, const struct launch *l)
{
	struct event e = {.what = what,
	                  .serial = l->serial,
	                  .launch = l->number,
	                  .attempt = l->attempt,
	                  .status = l->status,
	                  .failed = what == FROM_FATE && !l->started};
	if (!h->linked)
		return;
	send_on_link(w, h, e, 1);
	/* Said twice, or once more much later on another connection: both are harmless. */
	if (chance(w, 50))
		send_on_link(w, h, e, 1);
	if (chance(w, 30)) {
		e.at = w->mono + (core_time)pick(w, 400) * CORE_SECOND;
		e.node = h->index;
		world_put(w, e);
	}
}

static bool has_launches(const struct host *h, uint64_t serial, uint32_t attempt)
{
	list_each (it, &h->launches) {
		const struct launch *l = list_entry(it, struct launch, in_node);
		if (l->serial == serial && l->attempt <= attempt)
			return true;
	}
	return false;
}

static void gone_if_gone(struct world *w, struct host *h, uint64_t serial)
{
	struct ended_job *e = map_get(&h->ended, serial);
	if (!e || e->reported || has_launches(h, serial, e->attempt) || !h->linked)
		return;
	e->reported = true;
	report(w, h, FROM_GONE, &(struct launch){.serial = serial, .attempt = e->attempt, .started = true});
}

/* ---- launches ---- */

static void launch_over(struct world *w, struct host *h, struct launch *l, uint32_t status, bool lost)
{
	l->over = true;
	l->status = status;
	l->end_time = world_now(w);
	if (l->batch)
		map_put(&w->statuses, l->number, lost ? (void *)SIM_LOST : (void *)(uintptr_t)(status + 1));
	report(w, h, FROM_FATE, l);
}

/* Cores are exclusive, but for steps and script of one attempt among each other, and where a partition lets
 * jobs share: that they may was seen when the later of them started. */
static void check_cores(struct world *w, const struct host *h, const struct launch *l)
{
	list_each (it, &h->launches) {
		const struct launch *o = list_entry(it, struct launch, in_node);
		if (o == l || !o->started || o->over ||
		    (o->serial == l->serial && o->attempt == l->attempt) ||
		    map_get(&w->was_suspended, o->serial) || map_get(&w->was_suspended, l->serial) ||
		    (map_get(&w->was_shared, o->serial) && map_get(&w->was_shared, l->serial)))
			continue;
		for (uint32_t i = 0; i < l->cores.n; i++)
			for (uint32_t k = 0; k < o->cores.n; k++)
				if (l->cores.v[i] == o->cores.v[k])
					world_fail(w,
					           "launch %llu starts on core %u of %s, where launch %llu "
					           "of another attempt still runs",
					           (unsigned long long)l->number, l->cores.v[i], h->name,
					           (unsigned long long)o->number);
	}
}

static uint64_t start_key(const struct host *h, uint64_t launch)
{
	return launch * SIM_NODES + h->index;
}

static void launch_start(struct world *w, struct host *h, struct launch *l)
{
	check_cores(w, h, l);
	if (map_get(&w->confirmed, start_key(h, l->number)))
		world_fail(w, "%s starts launch %llu a second time", h->name, (unsigned long long)l->number);
	world_trace(w, "%s starts launch %llu", h->name, (unsigned long long)l->number);
	l->started = true;
	report(w, h, FROM_STARTED, l);
	core_time lasts =
	        chance(w, 300) ? (core_time)pick(w, 5) * CORE_SECOND : (core_time)pick(w, 900) * CORE_SECOND;
	uint32_t status = chance(w, 750) ? 0 : chance(w, 500) ? pick(w, 255) << 8 : 1 + pick(w, 15);
	world_put(w, (struct event){.at = w->mono + lasts,
	                            .what = HOST_ENDS,
	                            .node = h->index,
	                            .launch = l->number,
	                            .status = status});
}

static void granted(struct world *w, struct host *h, const struct event *e)
{
	struct launch *l = find(h, e->launch);
	const struct ended_job *ended = map_get(&h->ended, e->serial);
	if (l) {
		if (l->over || l->started)
			report(w, h, l->over ? FROM_FATE : FROM_STARTED, l);
		return;
	}
	if (map_get(&h->done, e->launch))
		return;
	l = xcalloc(1, sizeof(*l));
	*l = (struct launch){.number = e->launch,
	                     .serial = e->serial,
	                     .attempt = e->attempt,
	                     .step_id = e->step_id,
	                     .batch = e->batch};
	if (ended && ended->attempt >= e->attempt) { /* superseded: refused without a record */
		report(w, h, FROM_FATE, l);
		free(l);
		return;
	}
	l->cores.v = xcalloc(e->cores.n + 1u, sizeof(uint32_t));
	l->cores.n = e->cores.n;
	memcpy(l->cores.v, e->cores.v, e->cores.n * sizeof(uint32_t));
	list_append(&h->launches, &l->in_node);
	if (l->batch) {
		if (chance(w, 20))
			launch_over(w, h, l, 1 << 8, false); /* it could not be started */
		else
			launch_start(w, h, l);
		return;
	}
	bool claimed = !chance(w, 50);
	world_put(w,
	          (struct event){.at = w->mono + (claimed ? (core_time)pick(w, 300) * MS : 60 * CORE_SECOND),
	                         .what = claimed ? HOST_CLAIM : HOST_VOID,
	                         .node = h->index,
	                         .launch = l->number});
}

static void end_launch(struct world *w, struct host *h, struct launch *l)
{
	if (l->over) {
		report(w, h, FROM_FATE, l);
	} else if (!l->started) {
		launch_over(w, h, l, 15, false);
	} else if (!l->killed) {
		l->killed = true;
		world_put(w, (struct event){.at = w->mono + (core_time)pick(w, 31000) * MS,
		                            .what = HOST_KILL,
		                            .node = h->index,
		                            .launch = l->number});
	}
}

static void end_job(struct world *w, struct host *h, const struct event *e)
{
	if (e->launch == 0) {
		struct ended_job *ended = map_get(&h->ended, e->serial);
		if (!ended) {
			ended = xcalloc(1, sizeof(*ended));
			map_put(&h->ended, e->serial, ended);
		}
		if (e->attempt > ended->attempt)
			ended->attempt = e->attempt;
		ended->reported = false;
	}
	list_each_safe (it, tmp, &h->launches) {
		struct launch *l = list_entry(it, struct launch, in_node);
		if (l->serial == e->serial && l->attempt <= e->attempt &&
		    (e->launch == 0 || e->launch == l->number))
			end_launch(w, h, l);
	}
	if (e->launch == 0)
		gone_if_gone(w, h, e->serial);
}

static void acknowledged(struct world *w, struct host *h, const struct event *e)
{
	struct launch *l = find(h, e->launch);
	if (!l || !l->over)
		return;
	uint64_t serial = l->serial;
	map_put(&h->done, l->number, h);
	launch_free(l);
	gone_if_gone(w, h, serial);
}

/* ---- the host ---- */

void host_cut(struct world *w, struct host *h)
{
	bool was_linked = h->linked;
	h->linked = false;
	h->conn = ++w->next_conn;
	h->last_delivery[0] = h->last_delivery[1] = 0;
	if (was_linked && node_by_name(w->c, h->name))
		node_lost(w->c, h->name, world_now(w));
	if (h->powered)
		world_put(w,
		          (struct event){.at = w->mono + (core_time)(1 + pick(w, chance(w, 200) ? 900 : 20)) *
		                                                 CORE_SECOND,
		                         .what = HOST_DIAL,
		                         .node = h->index,
		                         .conn = h->conn});
}

void host_loses_disk(struct world *w, struct host *h)
{
	size_t at = 0;
	void *value;
	if (!h->powered)
		return;
	host_cut(w, h);
	list_each_safe (it, tmp, &h->launches) {
		struct launch *l = list_entry(it, struct launch, in_node);
		uintptr_t known = (uintptr_t)map_get(&w->statuses, l->number);
		if (l->batch)
			map_put(&w->statuses, l->number, (void *)(known ? known | SIM_MAYBE_LOST : SIM_LOST));
		launch_free(l);
	}
	while (map_next(&h->ended, &at, &value))
		free(value);
	map_free(&h->ended);
	map_free(&h->done);
	map_init_u64(&h->ended);
	map_init_u64(&h->done);
}

void host_crash(struct world *w, struct host *h)
{
	h->powered = false;
	host_cut(w, h);
	/* What it ran is lost; that is found out after the boot. */
	world_put(w, (struct event){.at = w->mono + (core_time)(5 + pick(w, 600)) * CORE_SECOND,
	                            .what = HOST_BOOT,
	                            .node = h->index});
}

static void boot(struct world *w, struct host *h)
{
	h->powered = true;
	h->boot++;
	h->boot_time = world_now(w);
	h->conn = ++w->next_conn;
	list_each_safe (it, tmp, &h->launches) {
		struct launch *l = list_entry(it, struct launch, in_node);
		if (l->over)
			continue;
		l->over = true;
		l->status = 9;
		l->end_time = h->boot_time + 1;
		if (l->batch)
			map_put(&w->statuses, l->number, (void *)SIM_LOST);
	}
	world_put(w,
	          (struct event){
	                  .at = w->mono + CORE_SECOND, .what = HOST_DIAL, .node = h->index, .conn = h->conn});
}

/* The registration is one message: nothing comes between what it lists and what follows on the same
 * connection. */
static void register_now(struct world *w, struct host *h)
{
	uint64_t launches[512], serials[512];
	uint32_t attempts[512];
	core_time ends[512];
	size_t n = 0;
	struct err err = {0};
	struct hardware hw = {.cpus = 64, .real_memory = 1000000, .tmp_disk = 1000};
	char boot[16];
	if (!node_by_name(w->c, h->name)) {
		host_cut(w, h);
		return;
	}
	list_each (it, &h->launches) {
		const struct launch *l = list_entry(it, struct launch, in_node);
		if (n == 512)
			world_fail(w, "%s has more than 512 launches", h->name);
		launches[n] = l->number;
		serials[n] = l->serial;
		attempts[n] = l->attempt;
		ends[n++] = l->over ? l->end_time : 0;
	}
	snprintf(boot, sizeof(boot), "boot-%u", h->boot);
	if (chance(w, 20))
		hw.real_memory = 1;
	const struct node_registration reg = {.boot_id = boot,
	                                      .version = "22.05.8",
	                                      .boot_time = h->boot_time,
	                                      .hardware = &hw,
	                                      .launches = launches,
	                                      .launch_count = n,
	                                      .serials = serials,
	                                      .attempts = attempts,
	                                      .end_times = ends};
	world_trace(w, "%s registers, boot %u, %zu launches", h->name, h->boot, n);
	h->linked = true;
	map_free(&w->was_active);
	map_init_u64(&w->was_active);
	for (const struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job))
		if (job_is_active(job))
			map_put(&w->was_active, job->serial, w);
	if (node_register(w->c, h->name, &reg, world_now(w), &err) != 0)
		world_fail(w, "%s can't register: %s", h->name, err_text(&err));
	if (h->boot != h->registered_boot && h->registered_boot != 0)
		property_after_boot(w, h);
	h->registered_boot = h->boot;
	list_each (it, &h->launches) {
		const struct launch *l = list_entry(it, struct launch, in_node);
		if (l->over)
			report(w, h, FROM_FATE, l);
		else if (l->started)
			report(w, h, FROM_STARTED, l);
	}
	size_t at = 0;
	void *value;
	while (map_next(&h->ended, &at, &value))
		((struct ended_job *)value)->reported = false;
	for (uint64_t serial = 1; serial < cluster_meta(w->c)->next_serial; serial++)
		gone_if_gone(w, h, serial);
}

/* Leaves when what it depends on is committed. */
static struct wanted *answer(struct world *w, const struct host *h, const struct event *e, bool ack)
{
	struct wanted *a = world_wants(w);
	a->kind = ACTION_END_STEP;
	a->ack = ack;
	a->one_node = true;
	a->serial = e->serial;
	a->attempt = e->attempt;
	a->launch = e->launch;
	text_copy(a->node, sizeof(a->node), h->name);
	return a;
}

/* The controller's end of a worker's report: what should not run is ended, fates are acknowledged. */
static void core_hears(struct world *w, struct host *h, const struct event *e)
{
	core_time now = world_now(w);
	bool late = e->conn == 0;
	switch (e->what) {
	case FROM_STARTED:
		if (report_step_started(w->c, h->name, e->serial, e->attempt, e->launch, now))
			answer(w, h, e, false)->confirm = true;
		else if (!late)
			answer(w, h, e, false);
		break;
	case FROM_FATE:
		if (e->failed)
			report_launch_failed(w->c, h->name, e->serial, e->attempt, e->launch,
			                     "it could not be started", now);
		else
			report_step_ended(w->c, h->name, e->serial, e->attempt, e->launch, e->status, NULL,
			                  NULL, now);
		if (!late)
			answer(w, h, e, true);
		break;
	case FROM_PROLOG:
		report_prolog(w->c, h->name, e->serial, e->attempt, false, now);
		break;
	case FROM_GONE:
		report_job_gone(w->c, h->name, e->serial, e->attempt, now);
		break;
	default:
		break;
	}
}

static void host_does(struct world *w, struct host *h, const struct event *e)
{
	struct launch *l = find(h, e->launch);
	if (e->what == HOST_BOOT && !h->powered) {
		boot(w, h);
	} else if (e->what == HOST_DIAL && h->powered && !h->linked) {
		register_now(w, h);
	} else if (!l || l->over || !h->powered) {
		return;
	} else if (e->what == HOST_CLAIM && !l->started) {
		launch_start(w, h, l);
	} else if (e->what == HOST_VOID && !l->started) {
		launch_over(w, h, l, 9, false);
	} else if (e->what == HOST_ENDS && l->started) {
		launch_over(w, h, l, e->status, false);
	} else if (e->what == HOST_KILL && l->started) {
		launch_over(w, h, l, chance(w, 700) ? 15 : chance(w, 500) ? 9 : 0, false);
	}
}

void host_sees(struct world *w, const struct event *e)
{
	struct host *h = &w->hosts[e->node];
	if (e->conn != 0 && e->conn != h->conn)
		return; /* its connection broke meanwhile */
	switch (e->what) {
	case TO_GRANT:
		granted(w, h, e);
		break;
	case TO_END:
		end_job(w, h, e);
		break;
	case TO_ACK:
		acknowledged(w, h, e);
		break;
	case FROM_REGISTER:
	case FROM_STARTED:
	case FROM_FATE:
	case FROM_GONE:
	case FROM_PROLOG:
		core_hears(w, h, e);
		break;
	case HOOK_PROLOG:
		report_prolog_slurmctld(w->c, e->serial, e->attempt, e->failed, world_now(w));
		break;
	case HOOK_EPILOG:
		report_epilog_slurmctld(w->c, e->serial, e->attempt, world_now(w));
		break;
	case HOST_CLAIM:
	case HOST_VOID:
	case HOST_ENDS:
	case HOST_KILL:
	case HOST_DIAL:
	case HOST_BOOT:
		host_does(w, h, e);
		break;
	}
}

/* ---- what the core wants done ---- */

static struct host *host_of(struct world *w, const char *name)
{
	for (uint32_t i = 0; i < SIM_NODES; i++)
		if (strcmp(w->hosts[i].name, name) == 0)
			return &w->hosts[i];
	return NULL;
}

static void send_grants(struct world *w, const struct wanted *a)
{
	for (uint32_t i = 0; i < a->step.nodes.n; i++) {
		const struct step_node *sn = &a->step.nodes.v[i];
		struct host *h = host_of(w, sn->node);
		bool batch = a->kind == ACTION_LAUNCH_BATCH;
		if ((a->node[0] && strcmp(a->node, sn->node) != 0) || (batch && i > 0))
			continue;
		if (batch) {
			uintptr_t known = (uintptr_t)map_get(&w->launched, a->step.launch);
			if (known && known != h->index + 1)
				world_fail(w, "batch launch %llu is sent to a second node, %s",
				           (unsigned long long)a->step.launch, h->name);
			map_put(&w->launched, a->step.launch, (void *)(uintptr_t)(h->index + 1));
		}
		if (!h->linked)
			continue;
		struct event e = {
		        .what = TO_GRANT,
		        .serial = a->step.serial,
		        .attempt = a->step.attempt,
		        .launch = a->step.launch,
		        .step_id = a->step.step_id,
		        .batch = batch,
		        .cores = {xcalloc(a->job_cores[i].n + 1u, sizeof(uint32_t)), a->job_cores[i].n}};
		memcpy(e.cores.v, a->job_cores[i].v, a->job_cores[i].n * sizeof(uint32_t));
		send_on_link(w, h, e, 0);
	}
}

/* The controller's own program: it takes its time, and may fail. */
static void run_hook(struct world *w, const struct wanted *a)
{
	const bool prolog = a->kind == ACTION_PROLOG;
	world_put(w, (struct event){.at = w->mono + pick(w, 5000) * (core_time)1000,
	                            .what = prolog ? HOOK_PROLOG : HOOK_EPILOG,
	                            .serial = a->serial,
	                            .attempt = a->attempt,
	                            .failed = prolog && chance(w, 100)});
}

void wanted_send(struct world *w, const struct wanted *a)
{
	struct event end = {.what = TO_END, .serial = a->serial, .attempt = a->attempt, .launch = a->launch};
	struct host *h;
	if (a->confirm) {
		map_put(&w->confirmed, start_key(host_of(w, a->node), a->launch), w);
		return;
	}
	switch (a->kind) {
	case ACTION_LAUNCH_BATCH:
	case ACTION_GRANT_STEP:
		send_grants(w, a);
		break;
	case ACTION_END_JOB:
		h = host_of(w, a->node);
		if (h && h->linked)
			send_on_link(w, h, end, 0);
		break;
	case ACTION_END_STEP:
		h = a->one_node ? host_of(w, a->node) : NULL;
		end.what = a->ack ? TO_ACK : TO_END;
		if (h && h->linked)
			send_on_link(w, h, end, 0);
		for (uint32_t i = 0; i < a->step.nodes.n; i++) {
			h = host_of(w, a->step.nodes.v[i].node);
			if (h && h->linked && a->step.nodes.v[i].phase != STEP_ENDED)
				send_on_link(w, h, end, 0);
		}
		break;
	case ACTION_WARN:
		if (!a->node[0] && (uintptr_t)map_get(&w->warned, a->serial) == a->attempt)
			world_fail(w, "serial %llu is warned twice", (unsigned long long)a->serial);
		if (!a->node[0])
			map_put(&w->warned, a->serial, (void *)(uintptr_t)a->attempt);
		break;
	case ACTION_NODE_PROLOG:
		h = host_of(w, a->node);
		if (h && h->linked)
			send_on_link(w, h,
			             (struct event){
			                     .what = FROM_PROLOG, .serial = a->serial, .attempt = a->attempt},
			             1);
		break;
	case ACTION_PROLOG:
	case ACTION_EPILOG:
		run_hook(w, a);
		break;
	case ACTION_JOB_STARTED:
	case ACTION_JOB_READY:
	case ACTION_PROLOG_OVER:
	case ACTION_MAIL:
	case ACTION_SIGNAL:
	case ACTION_SUSPEND:
	case ACTION_RESUME:
	case ACTION_JOB_ENDED:
	case ACTION_STEP_ENDED:
	case ACTION_STEP_REFUSED:
	case ACTION_REFUSE_STEP:
		break;
	}
}
