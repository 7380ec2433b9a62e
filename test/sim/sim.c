/* Random but seeded histories through the core, with virtual workers that carry its actions out, late, twice
 * or never, and restarts from what was stored. After every event the invariants are checked (cluster_check);
 * at the end of a history everything must drain. A failing seed is printed and replays exactly: sim --seed N
 * --histories 1.
 *
 *   sim [--seed N] [--histories N] [--events N] [-v] */
#include "core/cluster.h"
#include "core/util/arena.h"
#include "core/util/map.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES       6
#define PARTS       2
#define RUNNING_MAX 512
#define QUEUE_MAX   4096
#define T0          ((core_time)1700000000 * CORE_SECOND)

/* ---- random numbers ---- */

static uint64_t rng;

static uint64_t next_random(void)
{
	uint64_t z = (rng += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint32_t below(uint32_t n)
{
	return n ? (uint32_t)(next_random() % n) : 0;
}

static bool chance(uint32_t percent)
{
	return below(100) < percent;
}

/* ---- the world ---- */

enum order_kind { ORDER_LAUNCH, ORDER_END_JOB, ORDER_END_STEP };

/* What the controller sends to a worker. */
struct order {
	enum order_kind kind;
	uint32_t node;
	uint64_t serial, launch;
	uint32_t attempt;
	bool batch;
};

/* A launch on a virtual worker. */
struct run {
	uint64_t serial, launch;
	uint32_t attempt, node;
	bool told_start, ended; /* an ended one is kept until its fate was taken */
	uint32_t status;
};

struct row {
	const struct schema *schema;
	char *bytes;
	size_t n;
	char key[64];
};

struct world {
	struct core_node_conf nodes[NODES];
	struct core_part_conf parts[PARTS];
	uint32_t index[PARTS][NODES];
	char names[NODES][16];
	struct cluster_conf conf;
	struct cluster *c;
	core_time now;
	struct order orders[QUEUE_MAX];
	size_t order_count;
	struct run runs[RUNNING_MAX];
	size_t run_count;
	bool up[NODES];
	unsigned boot[NODES];
	struct map started; /* launch * NODES + node: was started there */
	struct map rows;    /* what is stored, by key */
	uint64_t events;
	char breach[400];
};

static bool verbose;

static void breach(struct world *w, const char *what)
{
	if (!*w->breach)
		snprintf(w->breach, sizeof(w->breach), "%s", what);
}

static uint32_t node_index(const struct world *w, const char *name)
{
	for (uint32_t i = 0; i < NODES; i++)
		if (strcmp(w->names[i], name) == 0)
			return i;
	return NODES;
}

/* ---- the store ---- */

static void row_key(const struct schema *schema, const void *record, char key[64])
{
	if (schema == schema_of_job_spec())
		snprintf(key, 64, "spec %" PRIu64, ((const struct job_spec *)record)->serial);
	else if (schema == schema_of_job_state())
		snprintf(key, 64, "state %" PRIu64, ((const struct job_state *)record)->serial);
	else if (schema == schema_of_step_record())
		snprintf(key, 64, "step %" PRIu64 " %" PRIu32, ((const struct step_record *)record)->serial,
		         ((const struct step_record *)record)->step_id);
	else if (schema == schema_of_node_state())
		snprintf(key, 64, "node %s", ((const struct node_state *)record)->name);
	else
		snprintf(key, 64, "meta");
}

static void row_forget(struct world *w, const char *key)
{
	struct row *row = map_del_text(&w->rows, key);
	if (!row)
		return;
	free(row->bytes);
	free(row);
}

static void on_change(void *ctx, const struct schema *schema, const void *record)
{
	struct world *w = ctx;
	char key[64];
	if (schema == schema_of_history_job())
		return;
	if (schema == schema_of_job_gone()) {
		uint64_t serial = ((const struct job_gone *)record)->serial;
		snprintf(key, sizeof(key), "spec %" PRIu64, serial);
		row_forget(w, key);
		snprintf(key, sizeof(key), "state %" PRIu64, serial);
		row_forget(w, key);
		return;
	}
	if (schema == schema_of_step_gone()) {
		snprintf(key, sizeof(key), "step %" PRIu64 " %" PRIu32,
		         ((const struct step_gone *)record)->serial,
		         ((const struct step_gone *)record)->step_id);
		row_forget(w, key);
		return;
	}
	row_key(schema, record, key);
	row_forget(w, key);
	struct row *row = xcalloc(1, sizeof(*row));
	struct text bytes = TEXT_EMPTY;
	schema_encode(schema, record, &bytes);
	row->schema = schema;
	row->n = bytes.len;
	row->bytes = text_take(&bytes);
	memcpy(row->key, key, sizeof(key));
	map_put_text(&w->rows, row->key, row);
}

/* ---- what the core asks for ---- */

static void add_order(struct world *w, struct order order)
{
	if (w->order_count == QUEUE_MAX) {
		breach(w, "more orders than the simulation can hold");
		return;
	}
	w->orders[w->order_count++] = order;
}

static void step_orders(struct world *w, const struct action *a, enum order_kind kind)
{
	for (uint32_t i = 0; i < a->step->record.nodes.n; i++) {
		const struct step_node *sn = &a->step->record.nodes.v[i];
		if (a->node && strcmp(a->node, sn->node) != 0)
			continue;
		add_order(w, (struct order){.kind = kind,
		                            .node = node_index(w, sn->node),
		                            .serial = a->job->serial,
		                            .launch = a->step->record.launch,
		                            .attempt = a->step->record.attempt,
		                            .batch = a->kind == ACTION_LAUNCH_BATCH});
	}
}

static void on_action(void *ctx, const struct action *a)
{
	struct world *w = ctx;
	switch (a->kind) {
	case ACTION_LAUNCH_BATCH:
	case ACTION_GRANT_STEP:
		step_orders(w, a, ORDER_LAUNCH);
		break;
	case ACTION_END_STEP:
		step_orders(w, a, ORDER_END_STEP);
		break;
	case ACTION_END_JOB:
		add_order(w, (struct order){.kind = ORDER_END_JOB,
		                            .node = node_index(w, a->node),
		                            .serial = a->job->serial,
		                            .attempt = (uint32_t)a->attempt});
		break;
	case ACTION_JOB_STARTED:
	case ACTION_SIGNAL:
	case ACTION_JOB_ENDED:
	case ACTION_STEP_ENDED:
	case ACTION_REFUSE_STEP:
		break;
	}
}

/* ---- virtual workers ---- */

static void drop_run(struct world *w, size_t i)
{
	w->runs[i] = w->runs[--w->run_count];
}

static void report_run(struct world *w, size_t i)
{
	struct run *r = &w->runs[i];
	const char *node = w->names[r->node];
	if (!w->up[r->node])
		return;
	if (!r->ended) {
		r->told_start = true;
		report_step_started(w->c, node, r->serial, r->attempt, r->launch, w->now);
		return;
	}
	report_step_ended(w->c, node, r->serial, r->attempt, r->launch, r->status, NULL, NULL, w->now);
	/* Without an acknowledgement it comes again. */
	if (chance(80))
		drop_run(w, i);
}

static void launch(struct world *w, const struct order *o)
{
	uint64_t key = o->launch * NODES + o->node + 1;
	if (map_get(&w->started, key))
		return; /* a worker starts no launch twice */
	if (w->run_count == RUNNING_MAX) {
		breach(w, "more launches than the simulation can hold");
		return;
	}
	map_put(&w->started, key, w);
	w->runs[w->run_count++] = (struct run){
	        .serial = o->serial, .launch = o->launch, .attempt = o->attempt, .node = o->node};
}

static void end_runs(struct world *w, const struct order *o)
{
	for (size_t i = 0; i < w->run_count; i++) {
		struct run *r = &w->runs[i];
		if (r->node != o->node || r->serial != o->serial || r->ended ||
		    (o->kind == ORDER_END_STEP && r->launch != o->launch))
			continue;
		r->ended = true;
		r->status = 15;
	}
	if (o->kind != ORDER_END_JOB)
		return;
	/* Fates first, then "gone". */
	for (size_t i = 0; i < w->run_count;) {
		struct run *r = &w->runs[i];
		if (r->node == o->node && r->serial == o->serial) {
			report_step_ended(w->c, w->names[r->node], r->serial, r->attempt, r->launch,
			                  r->status, NULL, NULL, w->now);
			drop_run(w, i);
		} else {
			i++;
		}
	}
	report_job_gone(w->c, w->names[o->node], o->serial, o->attempt, w->now);
	if (chance(10))
		report_job_gone(w->c, w->names[o->node], o->serial, o->attempt, w->now);
}

/* The oldest order of a random node; a node that is away gets nothing (its session is gone, so are the orders
 * in it). */
static void carry_out(struct world *w, size_t at)
{
	struct order o = w->orders[at];
	for (size_t i = 0; i < at; i++)
		if (w->orders[i].node == o.node) {
			carry_out(w, i);
			return;
		}
	memmove(&w->orders[at], &w->orders[at + 1], (--w->order_count - at) * sizeof(o));
	if (!w->up[o.node])
		return;
	if (o.kind == ORDER_LAUNCH)
		launch(w, &o);
	else
		end_runs(w, &o);
}

static void drop_orders(struct world *w, uint32_t node)
{
	size_t to = 0;
	for (size_t i = 0; i < w->order_count; i++)
		if (node != NODES && w->orders[i].node != node)
			w->orders[to++] = w->orders[i];
	w->order_count = to;
}

static void go_away(struct world *w, uint32_t node)
{
	if (!w->up[node])
		return;
	w->up[node] = false;
	drop_orders(w, node);
	node_lost(w->c, w->names[node], w->now);
}

static void come_back(struct world *w, uint32_t node, bool rebooted)
{
	uint64_t launches[RUNNING_MAX];
	size_t n = 0;
	char boot[32];
	struct hardware hw = {.cpus = 64, .real_memory = 1000000, .tmp_disk = 1000000};
	struct err err = {0};
	if (rebooted) {
		w->boot[node]++;
		for (size_t i = 0; i < w->run_count;) {
			if (w->runs[i].node == node)
				drop_run(w, i);
			else
				i++;
		}
	}
	w->up[node] = true;
	/* Ended ones are told before the registration, as worker_register's fates are. */
	for (size_t i = 0; i < w->run_count;) {
		size_t before = w->run_count;
		if (w->runs[i].node == node && w->runs[i].ended)
			report_run(w, i);
		if (w->run_count == before)
			i++;
	}
	for (size_t i = 0; i < w->run_count; i++)
		if (w->runs[i].node == node)
			launches[n++] = w->runs[i].launch;
	snprintf(boot, sizeof(boot), "boot-%u", w->boot[node]);
	const struct node_registration reg = {
	        .boot_id = boot, .version = "1", .hardware = &hw, .launches = launches, .launch_count = n};
	if (node_register(w->c, w->names[node], &reg, w->now, &err) != 0)
		breach(w, err_text(&err));
	/* What the controller knows nothing of, or has ended, is ended there (applets/controller/worker.c).
	 */
	for (size_t i = 0; i < w->run_count;) {
		const struct run *r = &w->runs[i];
		const struct step *step = step_by_launch(w->c, r->launch);
		bool wanted = step && step->record.state == JOB_RUNNING &&
		              step->record.attempt == r->attempt && job_is_active(step->job);
		if (r->node == node && !wanted && !(step && (step->job->state.flags & JOB_FLAG_COMPLETING)))
			drop_run(w, i);
		else
			i++;
	}
}

/* ---- the cluster and its restarts ---- */

static void note(void *ctx, const char *text)
{
	(void)ctx;
	if (verbose)
		printf("  note: %s\n", text);
}

static void start(struct world *w)
{
	static const uint8_t instance[16] = {7};
	const struct core_sink sink = {w, on_change, on_action};
	struct arena arena;
	struct err err = {0};
	size_t at = 0;
	void *value;
	arena_init(&arena);
	w->c = cluster_new(&w->conf, &sink);
	while (map_next(&w->rows, &at, &value)) {
		const struct row *row = value;
		void *record = arena_alloc(&arena, row->schema->size);
		if (schema_decode(row->schema, record, row->bytes, row->n, &arena, &err) != 0 ||
		    cluster_load(w->c, row->schema, record, &err) != 0)
			breach(w, err_text(&err));
	}
	arena_free(&arena);
	cluster_start(w->c, w->now, instance, note, w);
}

/* Everything in memory is lost, with the orders that were on their way; workers go on, and register again. */
static void restart(struct world *w)
{
	cluster_free(w->c);
	w->order_count = 0;
	start(w);
	for (uint32_t i = 0; i < NODES; i++)
		if (w->up[i])
			come_back(w, i, false);
}

static void make_conf(struct world *w)
{
	static const char *const part_names[PARTS] = {"batch", "quick"};
	for (uint32_t i = 0; i < NODES; i++) {
		snprintf(w->names[i], sizeof(w->names[i]), "n%u", i + 1);
		uint32_t cpus = 1 + i % 4;
		w->nodes[i] = (struct core_node_conf){.name = w->names[i],
		                                      .addr = w->names[i],
		                                      .hostname = w->names[i],
		                                      .cpus = cpus,
		                                      .boards = 1,
		                                      .sockets = cpus,
		                                      .cores_per_socket = 1,
		                                      .threads_per_core = 1,
		                                      .real_memory = 1000 * cpus,
		                                      .weight = 1 + i % 2};
	}
	for (uint32_t p = 0; p < PARTS; p++) {
		uint32_t n = p ? NODES / 2 : NODES;
		for (uint32_t i = 0; i < n; i++)
			w->index[p][i] = i;
		w->parts[p] = (struct core_part_conf){.name = (char *)(uintptr_t)part_names[p],
		                                      .nodes = (char *)(uintptr_t) "n[1-6]",
		                                      .node_index = w->index[p],
		                                      .node_count = n,
		                                      .is_default = p == 0,
		                                      .max_time_min = p ? 30 : CORE_INFINITE,
		                                      .default_time_min = CORE_NO_VAL,
		                                      .max_nodes = CORE_INFINITE,
		                                      .max_cpus_per_node = CORE_INFINITE,
		                                      .priority_tier = 1,
		                                      .over_time_limit_min = CORE_NO_VAL};
	}
	w->conf = (struct cluster_conf){.cluster_name = (char *)(uintptr_t) "sim",
	                                .nodes = w->nodes,
	                                .node_count = NODES,
	                                .parts = w->parts,
	                                .part_count = PARTS,
	                                .select_flags = CONF_CR_CORE | (chance(50) ? CONF_CR_MEMORY : 0),
	                                .max_job_count = 1000,
	                                .min_job_age_s = 60,
	                                .kill_wait_s = 30,
	                                .slurmd_timeout_s = 120,
	                                .return_to_service = below(3),
	                                .job_requeue = true};
}

/* ---- events ---- */

static struct job *random_job(struct world *w)
{
	size_t n = job_count(w->c);
	uint32_t skip = below((uint32_t)n);
	struct job *job = job_next(w->c, NULL);
	while (job && skip--)
		job = job_next(w->c, job);
	return job;
}

static void event_submit(struct world *w)
{
	struct identity who = {.uid = 1000, .gid = 1000, .user_name = (char *)(uintptr_t) "u"};
	struct job_spec spec;
	struct job *job;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = chance(70);
	spec.partition = chance(30) ? (char *)(uintptr_t) "quick" : NULL;
	spec.nodes_min = 1 + below(3);
	spec.nodes_max = chance(30) ? spec.nodes_min : 0;
	spec.tasks = 1 + below(6);
	spec.tasks_set = chance(70);
	spec.cpus_per_task = 1 + below(2);
	spec.exclusive = chance(10);
	spec.overcommit = chance(5);
	spec.requeue = chance(60);
	spec.mem_per_node = chance(20) ? 500 + below(2000) : CORE_NO_VAL64;
	spec.time_limit_min = chance(50) ? 1 + below(40) : CORE_NO_VAL;
	spec.priority = chance(10) ? below(1000) : CORE_NO_VAL;
	spec.begin_time = chance(10) ? w->now + below(100) * CORE_SECOND : 0;
	spec.req_nodes = chance(10) ? w->names[below(NODES)] : NULL;
	spec.exc_nodes = chance(10) ? w->names[below(NODES)] : NULL;
	job_submit(w->c, &spec, w->now, &job, &err);
}

static void event_step(struct world *w)
{
	struct job *job = random_job(w);
	struct step *step;
	struct err err = {0};
	const struct step_request r = {.name = "s",
	                               .tasks = 1 + below(4),
	                               .tasks_set = true,
	                               .nodes_min = below(3),
	                               .nodes_max = 0,
	                               .cpus_per_task = 1,
	                               .mem_per_node = CORE_NO_VAL64,
	                               .relative = chance(10) ? below(2) : CORE_NO_VAL,
	                               .dist = chance(30) ? DIST_CYCLIC : CORE_NO_VAL,
	                               .time_limit_min = chance(20) ? 1 + below(5) : CORE_NO_VAL,
	                               .overlap = chance(20),
	                               .exact = chance(60),
	                               .immediate = chance(20)};
	if (job)
		step_create(w->c, job, &r, w->now, &step, &err);
}

static void event_job(struct world *w)
{
	struct job *job = random_job(w);
	struct err err = {0};
	if (!job)
		return;
	switch (below(7)) {
	case 0:
		job_cancel(w->c, job, 0, false, false, 1000, w->now, &err);
		break;
	case 1:
		job_cancel(w->c, job, 1 + (int)below(30), chance(20), chance(20), 0, w->now, &err);
		break;
	case 2:
		if (!job->spec.batch)
			job_complete(w->c, job, chance(70) ? 0 : 256, w->now, &err);
		break;
	case 3:
		job_hold(w->c, job, chance(50), w->now, &err);
		break;
	case 4:
		job_release(w->c, job, true, w->now, &err);
		break;
	case 5:
		job_requeue(w->c, job, chance(20), w->now, &err);
		break;
	default:
		list_each_safe (it, tmp, &job->steps) {
			struct step *step = list_entry(it, struct step, in_job);
			if (chance(30))
				step_cancel(w->c, step, chance(50) ? 0 : 10, 1000, w->now, &err);
		}
	}
}

static void event_run(struct world *w)
{
	if (w->run_count == 0)
		return;
	size_t i = below((uint32_t)w->run_count);
	if (chance(50) && !w->runs[i].ended) {
		w->runs[i].ended = true;
		w->runs[i].status = chance(70) ? 0 : chance(50) ? 256 * (1 + below(255)) : 1 + below(15);
	}
	report_run(w, i);
}

static void event_node(struct world *w)
{
	static const char *const verbs[] = {"DRAIN", "DOWN", "RESUME", "RESUME", "UNDRAIN"};
	uint32_t node = below(NODES);
	struct err err = {0};
	if (chance(30))
		node_update(w->c, w->names[node], verbs[below(5)], "test", 0, w->now, &err);
	else if (w->up[node])
		go_away(w, node);
	else
		come_back(w, node, chance(30));
}

static void check(struct world *w)
{
	struct err err = {0};
	cluster_run(w->c, w->now);
	if (cluster_check(w->c, &err) != 0)
		breach(w, err_text(&err));
}

static void one_event(struct world *w)
{
	uint32_t dice = below(100);
	if (dice < 15)
		event_submit(w);
	else if (dice < 27)
		event_step(w);
	else if (dice < 35)
		event_job(w);
	else if (dice < 60 && w->order_count)
		carry_out(w, below((uint32_t)w->order_count));
	else if (dice < 80)
		event_run(w);
	else if (dice < 86)
		event_node(w);
	else if (dice < 87)
		restart(w);
	else if (dice < 98)
		w->now += (core_time)below(20) * CORE_SECOND;
	else
		w->now += chance(90) ? (core_time)below(600) * CORE_SECOND
		                     : -(core_time)below(60) * CORE_SECOND;
	check(w);
	w->events++;
}

/* ---- the end: everything that can run runs and ends, and nothing is left ---- */

static bool is_quiet(const struct world *w)
{
	for (const struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job)) {
		/* Held ones, and those that this cluster can never run, wait for ever. */
		bool waits_for_ever = job->state.state == JOB_PENDING &&
		                      (job->state.hold || job->reason == REASON_PART_CONFIG);
		if (!job_is_done(job) && !waits_for_ever)
			return false;
	}
	return true;
}

static void drain(struct world *w)
{
	struct err err = {0};
	for (uint32_t i = 0; i < NODES; i++) {
		node_update(w->c, w->names[i], "RESUME", NULL, 0, w->now, &err);
		if (!w->up[i])
			come_back(w, i, false);
		node_update(w->c, w->names[i], "RESUME", NULL, 0, w->now, &err);
	}
	for (int round = 0; round < 20000 && !*w->breach && !is_quiet(w); round++) {
		while (w->order_count)
			carry_out(w, 0);
		for (size_t i = 0; i < w->run_count;) {
			size_t before = w->run_count;
			w->runs[i].ended = true;
			report_run(w, i);
			if (w->run_count == before)
				i++;
		}
		for (struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job))
			if (!job->spec.batch && job_is_active(job))
				job_complete(w->c, job, 0, w->now, &err);
		w->now += 10 * CORE_SECOND;
		check(w);
	}
	if (!is_quiet(w))
		breach(w, "a job that could run has not ended");
	for (uint32_t i = 0; i < NODES && !*w->breach; i++)
		if (node_at(w->c, i)->jobs || node_at(w->c, i)->cpus_alloc)
			breach(w, "something is still allocated on an idle cluster");
}

static bool history(uint64_t seed, unsigned events, char breach_out[450])
{
	struct world *w = xcalloc(1, sizeof(*w));
	size_t at = 0;
	void *value;
	rng = seed * 0x2545f4914f6cdd1du + 1;
	w->now = T0;
	map_init_u64(&w->started);
	map_init_text(&w->rows);
	make_conf(w);
	start(w);
	for (uint32_t i = 0; i < NODES; i++)
		come_back(w, i, false);
	check(w);
	while (w->events < events && !*w->breach)
		one_event(w);
	if (!*w->breach)
		drain(w);
	snprintf(breach_out, 450, "%s (after %" PRIu64 " events)", w->breach, w->events);
	bool good = !*w->breach;
	cluster_free(w->c);
	while (map_next(&w->rows, &at, &value)) {
		free(((struct row *)value)->bytes);
		free(value);
	}
	map_free(&w->rows);
	map_free(&w->started);
	free(w);
	return good;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, histories = 300, events = 400;
	unsigned passed = 0, failed = 0;
	char why[450];
	for (int i = 1; i < argc; i++) {
		uint64_t *to = strcmp(argv[i], "--seed") == 0        ? &seed
		               : strcmp(argv[i], "--histories") == 0 ? &histories
		               : strcmp(argv[i], "--events") == 0    ? &events
		                                                     : NULL;
		if (strcmp(argv[i], "-v") == 0) {
			verbose = true;
		} else if (!to || i + 1 == argc || !text_to_u64(argv[++i], to)) {
			fprintf(stderr, "Usage: sim [--seed N] [--histories N] [--events N] [-v]\n");
			return 2;
		}
	}
	for (uint64_t s = seed; s < seed + histories; s++) {
		if (history(s, (unsigned)events, why)) {
			passed++;
			continue;
		}
		failed++;
		printf("seed %" PRIu64 ": %s\n", s, why);
		if (failed == 5)
			break;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}
