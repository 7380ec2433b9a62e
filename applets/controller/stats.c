/* sdiag's figures: calls and times by message and by user, and the scheduler's passes. */
#include "applets/controller/controller.h"

#include <stdlib.h>
#include <string.h>

#define USERS_MAX 4096 /* beyond that, a user who was not seen yet is not counted by name */
#define TYPES     256

struct figure {
	uint32_t number;
	uint64_t count, total_us;
};

struct stats {
	core_time since;
	struct figure by_type[TYPES];
	struct map by_user; /* uid + 1 -> struct figure */
	struct spent {
		uint64_t last_us, max_us, sum_us, n;
	} cycles, plans; /* runs of the scheduler, and those in which it planned */
	uint64_t plans_seen;
};

struct stats *stats_new(void)
{
	struct stats *s = xcalloc(1, sizeof(*s));
	s->since = controller_now();
	map_init_u64(&s->by_user);
	return s;
}

static void forget_users(struct stats *s)
{
	size_t at = 0;
	void *f;
	while (map_next(&s->by_user, &at, &f))
		free(f);
	map_free(&s->by_user);
}

void stats_free(struct stats *s)
{
	if (!s)
		return;
	forget_users(s);
	free(s);
}

static void count(struct figure *f, int64_t us)
{
	f->count++;
	f->total_us += us > 0 ? (uint64_t)us : 0;
}

void stats_message(struct stats *s, uint32_t type, uint32_t uid, int64_t us)
{
	uint64_t key = (uint64_t)uid + 1;
	struct figure *user = map_get(&s->by_user, key);
	if (!user && map_count(&s->by_user) < USERS_MAX) {
		user = xcalloc(1, sizeof(*user));
		user->number = uid;
		map_put(&s->by_user, key, user);
	}
	if (type < TYPES)
		count(&s->by_type[type], us);
	if (user)
		count(user, us);
}

static void spend(struct spent *spent, int64_t us)
{
	uint64_t t = us > 0 ? (uint64_t)us : 0;
	spent->last_us = t;
	spent->sum_us += t;
	spent->n++;
	if (t > spent->max_us)
		spent->max_us = t;
}

void stats_cycle(struct stats *s, const struct cluster *c, int64_t us)
{
	const uint64_t plans = cluster_stats(c)->plan.cycles;
	spend(&s->cycles, us);
	if (plans != s->plans_seen)
		spend(&s->plans, us);
	s->plans_seen = plans;
}

static void reset(struct stats *s)
{
	forget_users(s);
	*s = (struct stats){.since = controller_now(), .cycles = {.last_us = s->cycles.last_us}};
	map_init_u64(&s->by_user);
}

/* ---- sdiag ---- */

static struct stats_row row_of(const struct figure *f, char *name)
{
	return (struct stats_row){
	        .name = name, .number = f->number, .count = f->count, .total_us = f->total_us};
}

static void fill_rows(struct stats *s, struct stats_reply *m, struct arena *arena)
{
	size_t at = 0;
	void *entry;
	m->by_message.v = arena_array(arena, TYPES, sizeof(*m->by_message.v));
	m->by_user.v = arena_array(arena, map_count(&s->by_user), sizeof(*m->by_user.v));
	for (uint32_t type = 0; type < TYPES; type++) {
		struct figure *f = &s->by_type[type];
		f->number = type;
		if (f->count)
			m->by_message.v[m->by_message.n++] =
			        row_of(f, arena_strdup(arena, message_name(type)));
	}
	/* Names are the client's to find: a look-up could hold this loop. */
	while (map_next(&s->by_user, &at, &entry))
		m->by_user.v[m->by_user.n++] = row_of(entry, NULL);
}

static void fill_plan(const struct stats *s, const struct plan_stats *p, struct stats_reply *m)
{
	m->plan_started_ever = p->started_ever;
	m->plan_started = p->started;
	m->plan_cycles = p->cycles;
	m->plan_when = p->when;
	m->plan_last_us = s->plans.last_us;
	m->plan_max_us = s->plans.max_us;
	m->plan_sum_us = s->plans.sum_us;
	m->plan_depth = p->depth.last;
	m->plan_depth_sum = p->depth.sum;
	m->plan_tries = p->tries.last;
	m->plan_tries_sum = p->tries.sum;
	m->plan_queue = p->queue.last;
	m->plan_queue_sum = p->queue.sum;
	m->plan_table = p->table.last;
	m->plan_table_sum = p->table.sum;
}

static uint64_t clock_cost(void)
{
	int64_t began = loop_clock();
	for (int i = 0; i < 1000; i++)
		(void)loop_wall_clock();
	return (uint64_t)(loop_clock() - began);
}

int on_stats_query(struct request *r, struct err *err)
{
	const struct stats_query *q = r->m;
	struct stats *s = r->ctl->stats;
	const struct sched_stats *sched = cluster_stats(r->ctl->cluster);
	struct store_stats store = store_stats(r->ctl->store);
	struct stats_reply m;
	if (q->reset && !request_is_operator(r))
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	if (q->reset) {
		reset(s);
		cluster_stats_reset(r->ctl->cluster);
		answer_ok(r);
		return 0;
	}
	schema_init(schema_of_stats_reply(), &m);
	m.now = controller_now();
	m.since = s->since;
	m.submitted = sched->submitted;
	m.started = sched->started;
	m.completed = sched->completed;
	m.cancelled = sched->cancelled;
	m.failed = sched->failed;
	m.pending = sched->pending;
	m.running = sched->running;
	m.states_time = m.now;
	m.cycle_last_us = s->cycles.last_us;
	m.cycle_max_us = s->cycles.max_us;
	m.cycle_sum_us = s->cycles.sum_us;
	m.cycles = s->cycles.n;
	fill_plan(s, &sched->plan, &m);
	m.depth_sum = sched->cycle_depth_sum;
	m.last_queue_length = sched->last_queue_length;
	m.threads = 3; /* loop, writer, reader of the history */
	m.outbox_waiting = (uint32_t)outbox_waiting(r->ctl->outbox);
	m.commits = store.commits;
	m.committed_changes = store.changes;
	m.gettimeofday_us = clock_cost();
	fill_rows(s, &m, &r->arena);
	answer(r, MSG_stats_reply, &m);
	return 0;
}
