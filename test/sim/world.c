/* One history's world: the controller's part of the simulation, and the time. */
#include "test/sim/sim.h"
#include "core/bits.h"
#include "core/util/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0 ((core_time)1700000000 * CORE_SECOND)

/* ---- chance ---- */

static uint64_t next_random(struct world *w)
{
	uint64_t x = w->rng += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

void world_seed(struct world *w, uint64_t seed, uint64_t event)
{
	w->rng = seed * UINT64_C(0xd6e8feb86659fd93) + event;
	w->rng = next_random(w);
}

uint32_t pick(struct world *w, uint32_t n)
{
	return n ? (uint32_t)(next_random(w) % n) : 0;
}

bool chance(struct world *w, uint32_t of_1000)
{
	return pick(w, 1000) < of_1000;
}

core_time world_now(const struct world *w)
{
	return w->mono + w->skew;
}

void world_fail(struct world *w, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	longjmp(w->failed, 1);
}

void world_trace(struct world *w, const char *fmt, ...)
{
	va_list ap;
	if (!w->trace)
		return;
	va_start(ap, fmt);
	printf("%12.3f  ", (double)(w->mono - T0) / (double)CORE_SECOND);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
}

/* ---- what is under way ---- */

static bool sooner(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

void world_put(struct world *w, struct event event)
{
	event.seq = w->next_seq++;
	w->heap = xgrow(w->heap, &w->heap_cap, w->heap_n + 1, sizeof(*w->heap));
	size_t i = w->heap_n++;
	for (; i > 0 && sooner(&event, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = event;
}

bool world_take(struct world *w, core_time until, struct event *out)
{
	if (w->heap_n == 0 || w->heap[0].at > until)
		return false;
	*out = w->heap[0];
	struct event last = w->heap[--w->heap_n];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < w->heap_n; i = child) {
		if (child + 1 < w->heap_n && sooner(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (sooner(&last, &w->heap[child]))
			break;
		w->heap[i] = w->heap[child];
	}
	if (w->heap_n > 0)
		w->heap[i] = last;
	return true;
}

/* ---- what comes out of the core ---- */

/* How many tasks of its array a record is. */
static uint64_t tasks_of(const struct job *job)
{
	return !job || !job->array ? 0 : job->tasks ? job->tasks->set : 1;
}

static uint64_t tasks_there(const struct world *w)
{
	uint64_t n = 0;
	for (const struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job))
		n += tasks_of(job);
	return n;
}

static void on_change(void *ctx, const struct schema *schema, const void *record)
{
	struct world *w = ctx;
	w->batch = xgrow(w->batch, &w->batch_cap, w->batch_n + 1, sizeof(*w->batch));
	w->batch[w->batch_n++] = row_of(schema, record);
	if (schema == schema_of_job_gone())
		w->tasks_out += tasks_of(job_by_serial(w->c, ((const struct job_gone *)record)->serial));
	if (schema == schema_of_history_job())
		property_history(w, record);
}

static struct schema_u32s cores_of(const struct job *job, const char *node)
{
	struct schema_u32s cores = {NULL, 0};
	for (uint32_t i = 0; job && i < job->state.nodes.n; i++) {
		const struct node_alloc *share = &job->state.nodes.v[i];
		if (strcmp(share->node, node) != 0)
			continue;
		cores.v = xcalloc(share->cores.n + 1u, sizeof(uint32_t));
		cores.n = share->cores.n;
		memcpy(cores.v, share->cores.v, share->cores.n * sizeof(uint32_t));
	}
	return cores;
}

struct wanted *world_wants(struct world *w)
{
	w->wanted = xgrow(w->wanted, &w->wanted_cap, w->wanted_n + 1, sizeof(*w->wanted));
	struct wanted *wanted = &w->wanted[w->wanted_n++];
	*wanted = (struct wanted){0};
	schema_init(schema_of_step_record(), &wanted->step);
	return wanted;
}

static void on_action(void *ctx, const struct action *a)
{
	struct world *w = ctx;
	struct wanted *wanted = world_wants(w);
	wanted->kind = a->kind;
	wanted->serial = a->job ? a->job->serial : a->serial;
	wanted->attempt = (uint32_t)a->attempt;
	if (a->node)
		text_copy(wanted->node, sizeof(wanted->node), a->node);
	if (a->step && a->kind != ACTION_REFUSE_STEP) {
		wanted->launch = a->step->record.launch;
		schema_copy(schema_of_step_record(), &wanted->step, &a->step->record, NULL);
		wanted->job_cores = xcalloc(wanted->step.nodes.n + 1u, sizeof(*wanted->job_cores));
		for (uint32_t i = 0; i < wanted->step.nodes.n; i++)
			wanted->job_cores[i] = cores_of(a->job, wanted->step.nodes.v[i].node);
	}
	if (a->kind == ACTION_JOB_STARTED && a->job) {
		map_put(&w->started_now, a->job->serial, w);
		map_del(&w->stands_still, a->job->serial);
		w->started_jobs++;
	}
	w->ended_jobs += a->kind == ACTION_JOB_ENDED;
	world_trace(w, "  action %d job %u attempt %u step %u %s %s", (int)a->kind,
	            a->job ? a->job->job_id : 0, (unsigned)a->attempt, a->step ? a->step->record.step_id : 0,
	            a->node ? a->node : "", a->text ? a->text : "");
}

static void forget_wanted(struct world *w)
{
	for (size_t i = 0; i < w->wanted_n; i++) {
		struct wanted *a = &w->wanted[i];
		for (uint32_t k = 0; a->job_cores && k < a->step.nodes.n; k++)
			free(a->job_cores[k].v);
		free(a->job_cores);
		schema_free(schema_of_step_record(), &a->step);
	}
	w->wanted_n = 0;
}

static void commit(struct world *w)
{
	for (size_t i = 0; i < w->batch_n; i++)
		store_apply(&w->store, w->batch[i]);
	w->batch_n = 0;
	for (struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job))
		map_put(&w->acked, job->serial, w);
}

static void lose_batch(struct world *w)
{
	for (size_t i = 0; i < w->batch_n; i++)
		row_free(w->batch[i]);
	w->batch_n = 0;
}

static void check(struct world *w)
{
	struct err err = {0};
	if (tasks_there(w) != w->tasks_in - w->tasks_out)
		world_fail(w, "%llu tasks of arrays were submitted, %llu are forgotten, %llu are there",
		           (unsigned long long)w->tasks_in, (unsigned long long)w->tasks_out,
		           (unsigned long long)tasks_there(w));
	if (cluster_check(w->c, &err) != 0)
		world_fail(w, "%s", err_text(&err));
}

/* ---- configurations ---- */

void world_will_take_conf(struct world *w)
{
	map_free(&w->stood_still);
	map_init_u64(&w->stood_still);
	for (const struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job))
		if (job->state.state == JOB_SUSPENDED)
			map_put(&w->stood_still, job->serial, w);
}

void world_took_conf(struct world *w)
{
	map_free(&w->stands_still);
	w->stands_still = w->stood_still;
	map_init_u64(&w->stood_still);
}

void random_sharing(struct world *w, struct core_part_conf *part)
{
	part->oversubscribe = chance(w, 500) ? CONF_SHARE_NO : pick(w, 4);
	part->oversubscribe_max = 1 + pick(w, 3);
	part->exclusive_user = chance(w, 100);
}

static void part_of(struct world *w, uint32_t at, uint32_t first, uint32_t last, uint32_t nodes)
{
	static const char *const names[SIM_PARTS] = {"main", "low", "other"};
	uint32_t n = 0;
	for (uint32_t i = first; i <= last && i < nodes; i++)
		w->part_nodes[at][n++] = i;
	w->parts[at] = (struct core_part_conf){.name = (char *)(uintptr_t)names[at],
	                                       .nodes = w->part_lists[at],
	                                       .node_index = w->part_nodes[at],
	                                       .node_count = n,
	                                       .is_default = at == 0,
	                                       .max_time_min = chance(w, 700) ? CORE_INFINITE : 30,
	                                       .default_time_min = CORE_NO_VAL,
	                                       .max_nodes = CORE_INFINITE,
	                                       .max_cpus_per_node = CORE_INFINITE,
	                                       .priority_tier = at == 1 ? 1 : 2,
	                                       .priority_job_factor = 1 + pick(w, 4),
	                                       .over_time_limit_min = CORE_NO_VAL,
	                                       .state = chance(w, 50) ? CONF_PART_DOWN : CONF_PART_UP};
	random_sharing(w, &w->parts[at]);
}

/* Half of the histories have factors, with weights that let each of them decide now and then. */
static struct priority_conf random_priority(struct world *w)
{
	if (chance(w, 500))
		return (struct priority_conf){0};
	struct priority_conf p = {.multifactor = true,
	                          .age = chance(w, 700) ? 1 + pick(w, 2000) : 0,
	                          .job_size = chance(w, 500) ? pick(w, 1000) : 0,
	                          .partition = chance(w, 500) ? pick(w, 1000) : 0,
	                          .max_age_s = 1 + pick(w, 3600),
	                          .calc_period_s = 60 + pick(w, 240),
	                          .favor_small = chance(w, 300),
	                          .small_relative_to_time = chance(w, 200),
	                          .accrue_always = chance(w, 200),
	                          .calculate_running = chance(w, 200),
	                          .incr_only = chance(w, 100),
	                          .no_normal_part = chance(w, 200),
	                          .no_normal_tres = chance(w, 200)};
	if (chance(w, 300))
		p.tres[TRES_CPU] = (double)pick(w, 1000) - 200;
	if (chance(w, 200))
		p.tres[TRES_MEM] = (double)pick(w, 100) / 10;
	return p;
}

void world_vary_conf(struct world *w)
{
	static const uint32_t selects[] = {CONF_CR_CORE, CONF_CR_CORE | CONF_CR_MEMORY, CONF_CR_CPU,
	                                   CONF_CR_SOCKET | CONF_CR_MEMORY, 0};
	uint32_t nodes = 1 + pick(w, SIM_NODES), parts = 1 + pick(w, SIM_PARTS);
	for (uint32_t i = 0; i < nodes; i++) {
		uint32_t sockets = 1 + pick(w, 2), cores = 1 + pick(w, 4), threads = chance(w, 250) ? 2 : 1;
		w->nodes[i] = (struct core_node_conf){
		        .name = w->hosts[i].name,
		        .addr = w->hosts[i].name,
		        .hostname = w->hosts[i].name,
		        .cpus = sockets * cores * threads,
		        .boards = 1,
		        .sockets = sockets,
		        .cores_per_socket = cores,
		        .threads_per_core = threads,
		        .real_memory = 500 + 500 * pick(w, 4),
		        .weight = 1 + pick(w, 2),
		        .features = (char *)(uintptr_t)(i % 2 ? "odd,all" : "even,all"),
		        .state = chance(w, 20) ? CONF_NODE_FUTURE : CONF_NODE_UNKNOWN};
	}
	part_of(w, 0, 0, nodes, nodes);
	part_of(w, 1, 0, chance(w, 500) ? nodes : nodes / 2, nodes);
	part_of(w, 2, nodes / 2, nodes, nodes);
	w->licenses[0] = (struct core_license_conf){(char *)(uintptr_t) "fluent", pick(w, 5)};
	w->licenses[1] = (struct core_license_conf){(char *)(uintptr_t) "matlab", 1 + pick(w, 2)};
	w->conf = (struct cluster_conf){.cluster_name = (char *)(uintptr_t) "sim",
	                                .nodes = w->nodes,
	                                .node_count = nodes,
	                                .parts = w->parts,
	                                .part_count = parts,
	                                .licenses = w->licenses,
	                                .license_count = 1 + pick(w, SIM_LICENSES),
	                                .bf_licenses = chance(w, 500),
	                                .allow_zero_lic = chance(w, 200),
	                                .select_flags = selects[pick(w, 5)],
	                                .backfill = chance(w, 800),
	                                .bf_interval = 30,
	                                .bf_window = chance(w, 200) ? 30 : 0,
	                                .bf_max_job_test = chance(w, 300) ? 1 + pick(w, 6) : 500,
	                                .bf_max_job_array_resv = chance(w, 300) ? pick(w, 3) : 20,
	                                .bf_slice = chance(w, 300) ? 1 + pick(w, 40) : 0,
	                                .max_job_count = 10000,
	                                .max_step_count = 40000,
	                                .min_job_age_s = chance(w, 300) ? 10 : 300,
	                                .kill_wait_s = 30,
	                                .slurmd_timeout_s = chance(w, 100) ? 0 : 300,
	                                .return_to_service = pick(w, 3),
	                                .def_mem_per_cpu = chance(w, 300) ? 100 : 0,
	                                .job_requeue = true,
	                                .prolog_slurmctld = (w->seed & 5) == 5,
	                                .epilog_slurmctld = (w->seed & 6) == 6,
	                                .prolog_alloc = (w->seed & 9) == 9,
	                                .prolog_nohold = (w->seed & 16) == 16,
	                                .prolog_defer_batch = (w->seed & 32) == 32,
	                                .priority = random_priority(w)};
}

/* ---- life ---- */

/* No worker is there yet; the controller's own programs begin again. */
static void send_hooks(struct world *w)
{
	for (size_t i = 0; i < w->wanted_n; i++)
		if (w->wanted[i].kind == ACTION_PROLOG || w->wanted[i].kind == ACTION_EPILOG)
			wanted_send(w, &w->wanted[i]);
	forget_wanted(w);
}

static void start(struct world *w)
{
	static const uint8_t instance[16] = {7};
	const struct core_sink sink = {.ctx = w, .change = on_change, .action = on_action};
	struct err err = {0};
	struct arena arena;
	w->c = cluster_new(&w->conf, &sink);
	arena_init(&arena);
	/* Rows come in any order. */
	size_t n = 0;
	struct row **rows = xcalloc(w->store.count + 1, sizeof(struct row *));
	list_each (it, &w->store.all)
		rows[n++] = list_entry(it, struct row, in_all);
	for (size_t i = 0; i < n; i++) {
		size_t k = i + pick(w, (uint32_t)(n - i));
		struct row *row = rows[k];
		rows[k] = rows[i];
		const struct schema *schema = schema_of_kind(row->kind);
		void *record = arena_alloc(&arena, schema->size);
		if (schema_decode(schema, record, row->bytes, row->n, &arena, &err) != 0 ||
		    cluster_load(w->c, schema, record, &err) != 0) {
			free(rows);
			arena_free(&arena);
			world_fail(w, "a row of %s can't be loaded: %s", schema->name, err_text(&err));
		}
		arena_reset(&arena);
	}
	free(rows);
	arena_free(&arena);
	world_will_take_conf(w);
	cluster_start(w->c, world_now(w), instance, NULL, NULL);
	world_took_conf(w);
	w->tasks_in = tasks_there(w);
	w->tasks_out = 0;
	check(w);
	cluster_run(w->c, world_now(w));
	check(w);
	commit(w);
	send_hooks(w);
	map_free(&w->started_now);
	map_init_u64(&w->started_now);
}

void world_restart(struct world *w)
{
	world_trace(w, "the controller is restarted");
	w->restarts++;
	cluster_free(w->c);
	w->c = NULL;
	lose_batch(w);
	forget_wanted(w);
	if (chance(w, 100))
		world_vary_conf(w);
	start(w);
	property_store(w);
	for (uint32_t i = 0; i < SIM_NODES; i++)
		host_cut(w, &w->hosts[i]);
	cluster_run(w->c, world_now(w));
	commit(w);
	send_hooks(w);
}

void world_round(struct world *w, bool may_die)
{
	size_t sent = 0;
	w->rounds++;
	check(w);
	uint64_t before = cluster_stats(w->c)->cycles;
	cluster_run(w->c, world_now(w));
	w->passes = cluster_stats(w->c)->cycles - before;
	check(w);
	property_after_pass(w);
	if (may_die && chance(w, 8)) {
		uint32_t when = pick(w, 3);
		if (when > 0)
			commit(w);
		for (; when == 2 && sent < w->wanted_n && chance(w, 700); sent++)
			wanted_send(w, &w->wanted[sent]);
		world_restart(w);
		return;
	}
	commit(w);
	for (; sent < w->wanted_n; sent++)
		wanted_send(w, &w->wanted[sent]);
	forget_wanted(w);
	if (w->rounds % 16 == 0)
		property_store(w);
}

struct world *world_new(uint64_t seed, bool trace)
{
	struct world *w = xcalloc(1, sizeof(*w));
	w->seed = w->rng = seed;
	w->trace = trace;
	w->mono = T0;
	next_random(w);
	store_init(&w->store);
	map_init_u64(&w->acked);
	map_init_u64(&w->statuses);
	map_init_u64(&w->launched);
	map_init_u64(&w->started_now);
	map_init_u64(&w->was_active);
	map_init_u64(&w->was_suspended);
	map_init_u64(&w->stands_still);
	map_init_u64(&w->stood_still);
	map_init_u64(&w->was_shared);
	map_init_u64(&w->warned);
	map_init_u64(&w->confirmed);
	for (uint32_t i = 0; i < SIM_NODES; i++)
		host_init(&w->hosts[i], i);
	world_vary_conf(w);
	return w;
}

void world_free(struct world *w)
{
	cluster_free(w->c);
	lose_batch(w);
	forget_wanted(w);
	free(w->batch);
	free(w->wanted);
	for (size_t i = 0; i < w->heap_n; i++)
		free(w->heap[i].cores.v);
	free(w->heap);
	store_free(&w->store);
	map_free(&w->acked);
	map_free(&w->statuses);
	map_free(&w->launched);
	map_free(&w->started_now);
	map_free(&w->was_active);
	map_free(&w->was_suspended);
	map_free(&w->stands_still);
	map_free(&w->stood_still);
	map_free(&w->was_shared);
	map_free(&w->warned);
	map_free(&w->confirmed);
	for (uint32_t i = 0; i < SIM_NODES; i++)
		host_free(&w->hosts[i]);
	free(w);
}

/* ---- rest ---- */

/* What an administrator does in the end. */
static void heal(struct world *w)
{
	struct err err = {0};
	const struct node *node;
	for (size_t i = 0; (node = node_at(w->c, i)); i++) {
		if (node->state.base == NODE_FUTURE)
			continue;
		bool out = node->state.base == NODE_DOWN ||
		           (node->state.flags & (NODE_FLAG_DRAIN | NODE_FLAG_FAIL));
		if (out && !(node->state.flags & NODE_FLAG_INVALID_REG))
			node_update(w->c, node->conf->name, "RESUME", NULL, 0, world_now(w), &err);
		if (node->state.flags & NODE_FLAG_INVALID_REG)
			host_cut(w, &w->hosts[i]); /* it registers again, as it should be */
	}
}

static bool settle_jobs(struct world *w)
{
	bool all_done = true;
	for (struct job *job = job_next(w->c, NULL), *next; job; job = next) {
		struct err err = {0};
		next = job_next(w->c, job);
		if (job->state.hold)
			job_release(w->c, job, true, world_now(w), &err);
		if (!job->spec.batch && job_is_active(job))
			job_complete(w->c, job, 0, world_now(w), &err);
		uint32_t reason = job_reason(w->c, job);
		bool never = reason == REASON_PART_CONFIG || reason == REASON_BAD_CONSTRAINTS ||
		             reason == REASON_PART_DOWN || reason == REASON_PART_INACTIVE ||
		             reason == REASON_PART_TIME_LIMIT || reason == REASON_PART_NODE_LIMIT ||
		             reason == REASON_MAX_MEM_PER_LIMIT || reason == REASON_NODES_UNAVAILABLE ||
		             reason == REASON_REQ_NODE_NOT_AVAIL || waits_for_others(w, job) ||
		             lacks_for_good(w, job);
		if (!job_is_done(job) && !(job->state.state == JOB_PENDING && never))
			all_done = false;
	}
	return all_done;
}

static bool node_is_at_rest(const struct node *node)
{
	if (node->state.base == NODE_FUTURE)
		return true;
	return node->connected && node->state.base == NODE_IDLE && node->state.flags == 0 &&
	       node->jobs == 0 && list_empty(&node->leaving);
}

void world_rest(struct world *w)
{
	struct event e;
	bool at_rest = false;
	w->skew = 0;
	world_trace(w, "to rest");
	/* All limits, delays and dial times are far below this. */
	core_time until = w->mono + 40 * 86400 * CORE_SECOND;
	while (!at_rest && w->mono < until) {
		core_time next = w->mono + 30 * CORE_SECOND;
		while (world_take(w, next, &e)) {
			w->mono = e.at > w->mono ? e.at : w->mono;
			host_sees(w, &e);
			free(e.cores.v);
			world_round(w, false);
		}
		w->mono = next;
		heal(w);
		world_round(w, false);
		at_rest = settle_jobs(w);
		world_round(w, false);
		for (uint32_t i = 0; i < w->conf.node_count; i++)
			at_rest = at_rest && node_is_at_rest(node_at(w->c, i));
	}
	property_at_rest(w);
	property_store(w);
}
