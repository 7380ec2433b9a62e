/* Histories of a small cluster whose jobs are such as the reference scheduler knows: after each event every
 * decision of the pass is compared with what that one says. Workers only say now and then that what was to
 * end is gone; nothing is lost and nobody is restarted, which the large histories see to. */
#include "test/sim/sim.h"

#include "core/cluster_priv.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#define NODES 4
#define PARTS 2
#define T0    ((core_time)1700000000 * CORE_SECOND)

struct small {
	struct cluster *c;
	struct cluster_conf conf;
	struct core_node_conf nodes[NODES];
	struct core_part_conf parts[PARTS];
	uint32_t part_nodes[PARTS][NODES];
	struct core_license_conf licenses[1];
	uint64_t rng;
	core_time now;
	bool trace;
	struct small_counts *counts;
};

static uint32_t pick_small(struct small *w, uint32_t n)
{
	w->rng = w->rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(w->rng >> 33) % n;
}

static bool once_in(struct small *w, uint32_t n)
{
	return pick_small(w, n) == 0;
}

static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

/* ---- the cluster ---- */

static void on_change(void *ctx, const struct schema *schema, const void *record)
{
	(void)ctx, (void)schema, (void)record;
}

static void on_action(void *ctx, const struct action *a)
{
	struct small *w = ctx;
	w->counts->started += a->kind == ACTION_JOB_STARTED;
	if (w->trace && a->kind == ACTION_JOB_STARTED && a->job)
		printf("  job %u starts on %u nodes, first %s\n", a->job->job_id, a->job->state.nodes.n,
		       a->job->state.nodes.v[0].node);
}

static void make_nodes(struct small *w, uint32_t n)
{
	static const char *const names[NODES] = {"n1", "n2", "n3", "n4"};
	static const char *const features[] = {NULL, "a", "b", "a,b"};
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t sockets = 1 + pick_small(w, 2), cores = 1 + pick_small(w, 3),
		               threads = once_in(w, 4) ? 2 : 1;
		w->nodes[i] = (struct core_node_conf){.name = text(names[i]),
		                                      .addr = text(names[i]),
		                                      .hostname = text(names[i]),
		                                      .cpus = sockets * cores * threads,
		                                      .boards = 1,
		                                      .sockets = sockets,
		                                      .cores_per_socket = cores,
		                                      .threads_per_core = threads,
		                                      .real_memory = 500 + 500 * pick_small(w, 3),
		                                      .weight = 1 + pick_small(w, 2),
		                                      .features = text(features[pick_small(w, 4)])};
	}
}

static void make_part(struct small *w, uint32_t at, uint32_t first, uint32_t nodes)
{
	static const char *const names[PARTS] = {"main", "low"};
	static const char *const lists[PARTS] = {"n[1-4]", "n[2-4]"};
	uint32_t n = 0;
	for (uint32_t i = first; i < nodes; i++)
		w->part_nodes[at][n++] = i;
	w->parts[at] = (struct core_part_conf){
	        .name = text(names[at]),
	        .nodes = text(lists[at]),
	        .node_index = w->part_nodes[at],
	        .node_count = n,
	        .is_default = at == 0,
	        .max_time_min = once_in(w, 4) ? 60 : CORE_INFINITE,
	        .default_time_min = CORE_NO_VAL,
	        .min_nodes = once_in(w, 6) ? 2 : 0,
	        .max_nodes = once_in(w, 6) ? 2 : CORE_INFINITE,
	        /* Whole cores of two threads: of other limits a started job may take a CPU more. */
	        .max_cpus_per_node = once_in(w, 4) ? 2 * (1 + pick_small(w, 2)) : CORE_INFINITE,
	        .priority_tier = at == 1 ? 1 : 2,
	        .over_time_limit_min = CORE_NO_VAL,
	        .exclusive_user = once_in(w, 8),
	        .oversubscribe = once_in(w, 8) ? CONF_SHARE_EXCLUSIVE : CONF_SHARE_NO};
}

static void make_conf(struct small *w)
{
	static const uint32_t selects[] = {CONF_CR_CORE, CONF_CR_CPU, CONF_CR_SOCKET, 0};
	const uint32_t nodes = once_in(w, 8) ? 1 : 2 + pick_small(w, NODES - 1);
	make_nodes(w, nodes);
	make_part(w, 0, 0, nodes);
	make_part(w, 1, 1, nodes);
	w->licenses[0] = (struct core_license_conf){text("lic"), 1 + pick_small(w, 3)};
	w->conf = (struct cluster_conf){.cluster_name = text("small"),
	                                .nodes = w->nodes,
	                                .node_count = nodes,
	                                .parts = w->parts,
	                                .part_count = nodes > 1 ? 2 : 1,
	                                .licenses = w->licenses,
	                                .license_count = 1,
	                                .bf_licenses = true,
	                                .backfill = true,
	                                .bf_slice =
	                                        1000000, /* all of the plan in one pass, which is compared */
	                                .bf_interval = 30,
	                                .bf_max_job_test = 500,
	                                .max_job_count = 10000,
	                                .min_job_age_s = 300,
	                                .select_flags = selects[pick_small(w, 4)]};
	if (!once_in(w, 3))
		w->conf.select_flags |= CONF_CR_MEMORY;
	if (once_in(w, 6))
		w->conf.select_flags |= CONF_CR_ONE_TASK_PER_CORE;
	if (once_in(w, 4))
		w->conf.select_flags |= CONF_CR_LLN;
}

static void start(struct small *w)
{
	static const uint8_t instance[16] = {1};
	const struct core_sink sink = {w, on_change, on_action};
	w->c = cluster_new(&w->conf, &sink);
	cluster_start(w->c, w->now, instance, NULL, NULL);
	for (size_t i = 0; i < w->conf.node_count; i++) {
		struct hardware hw = {.cpus = 64, .real_memory = 100000, .tmp_disk = 1000};
		struct err err = {0};
		const struct node_registration reg = {
		        .boot_id = text("boot-1"), .version = text("22.05.8"), .hardware = &hw};
		node_register(w->c, w->nodes[i].name, &reg, w->now, &err);
	}
	cluster_run(w->c, w->now);
}

/* ---- what happens ---- */

static struct job *any_job(struct small *w)
{
	uint32_t left = 0;
	struct job *job;
	for (job = job_next(w->c, NULL); job; job = job_next(w->c, job))
		left += !job_is_done(job);
	left = left ? pick_small(w, left) + 1 : 0;
	for (job = job_next(w->c, NULL); job && left > 0; job = job_next(w->c, job))
		if (!job_is_done(job) && --left == 0)
			return job;
	return NULL;
}

static void ask_for_memory(struct small *w, struct job_spec *spec)
{
	const uint32_t kind = pick_small(w, 4);
	if (kind == 0)
		spec->mem_per_cpu = 100 + 100 * pick_small(w, 4);
	else if (kind < 3)
		spec->mem_per_node = 100 * pick_small(w, 8);
}

static void ask_for_nodes(struct small *w, struct job_spec *spec)
{
	static const char *const forms[] = {"a", "b", "a&b", "a|b", "[a|b]", "[a*1&b*1]"};
	spec->contiguous = once_in(w, 8);
	spec->req_nodes = text(once_in(w, 8) ? "n2" : NULL);
	spec->exc_nodes = text(once_in(w, 8) ? "n1" : NULL);
	if (once_in(w, 4))
		spec->features = text(forms[pick_small(w, spec->contiguous || spec->req_nodes ? 5 : 6)]);
	if (once_in(w, 6))
		spec->prefer = text(forms[pick_small(w, 5)]);
}

static void submit(struct small *w)
{
	static const char *const licenses[] = {"lic:1", "lic:2"};
	struct identity who = {.uid = 1000 + pick_small(w, 2), .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.partition = text(once_in(w, 3) ? "low" : "main");
	spec.nodes_min = 1 + pick_small(w, 2);
	spec.nodes_max = once_in(w, 2) ? spec.nodes_min + pick_small(w, 2) : 0;
	spec.tasks = spec.nodes_min + pick_small(w, 4);
	spec.tasks_set = true;
	spec.cpus_per_task = once_in(w, 3) ? 2 : 1;
	spec.tasks_per_node = once_in(w, 6) ? 1 + pick_small(w, 2) : 0;
	spec.min_cpus_node = once_in(w, 12) ? 2 : 0;
	spec.time_limit_min = 1 + pick_small(w, 70);
	spec.exclusive = once_in(w, 6);
	spec.exclusive_user = !spec.exclusive && once_in(w, 8);
	spec.licenses = text(once_in(w, 6) ? licenses[pick_small(w, 2)] : NULL);
	spec.nice = (int32_t)pick_small(w, 3) * 1000;
	ask_for_memory(w, &spec);
	ask_for_nodes(w, &spec);
	const bool taken = job_submit(w->c, &spec, w->now, &job, &err) == 0;
	*(taken ? &w->counts->taken : &w->counts->refused) += 1;
	if (!w->trace)
		return;
	printf("  %s %u of %s: %u-%u nodes, %u tasks of %u CPUs, %u a node, %u CPUs a node, %lld MiB, %lld a "
	       "CPU, %u min%s%s, "
	       "-C %s --prefer=%s -w %s -x %s -L %s\n",
	       taken ? "job" : "refused", taken ? job->job_id : 0, spec.partition, spec.nodes_min,
	       spec.nodes_max, spec.tasks, spec.cpus_per_task, spec.tasks_per_node, spec.min_cpus_node,
	       (long long)spec.mem_per_node, (long long)spec.mem_per_cpu, spec.time_limit_min,
	       spec.exclusive ? ", exclusive" : "", spec.contiguous ? ", contiguous" : "",
	       spec.features ? spec.features : "", spec.prefer ? spec.prefer : "",
	       spec.req_nodes ? spec.req_nodes : "", spec.exc_nodes ? spec.exc_nodes : "",
	       spec.licenses ? spec.licenses : "");
}

/* What is ending on that node is gone from it. */
static void end_on(struct small *w, const char *node)
{
	for (struct job *job = job_next(w->c, NULL), *next; job; job = next) {
		next = job_next(w->c, job);
		if (job_is_active(job) || !(job->state.flags & JOB_FLAG_COMPLETING))
			continue;
		for (uint32_t i = 0; i < job->state.nodes.n; i++)
			if (strcmp(job->state.nodes.v[i].node, node) == 0 &&
			    job->state.nodes.v[i].phase != ALLOC_RELEASED) {
				report_job_gone(w->c, node, job->serial, job->state.attempt, w->now);
				return;
			}
	}
}

static void update(struct small *w, struct job *job)
{
	struct job_edit edit;
	struct err err = {0};
	schema_init(schema_of_job_edit(), &edit);
	if (once_in(w, 2))
		edit.time_limit_min = 1 + pick_small(w, 70);
	else
		edit.priority = 1 + pick_small(w, 1000);
	job_update(w->c, job, &edit, true, w->now, &err);
}

/* Any of these may be refused, as things are. */
static void happens(struct small *w)
{
	struct job *job = any_job(w);
	struct err err = {0};
	const char *node = w->nodes[pick_small(w, (uint32_t)w->conf.node_count)].name;
	switch (job ? pick_small(w, 20) : 19) {
	case 0:
		if (once_in(w, 3))
			node_update(w->c, node, "DRAIN", "a disk", 0, w->now, &err);
		break;
	case 1:
	case 2:
		node_update(w->c, node, "RESUME", NULL, 0, w->now, &err);
		break;
	case 3:
		update(w, job);
		break;
	case 4:
		job_hold(w->c, job, false, false, w->now, &err);
		break;
	case 5:
		job_release(w->c, job, false, w->now, &err);
		break;
	case 6:
	case 7:
		job_cancel(w->c, job, 0, false, false, 0, w->now, &err); /* COMPLETING at first */
		break;
	case 8:
	case 9:
	case 10:
	case 11:
		end_on(w, node);
		break;
	default:
		submit(w);
	}
}

char *small_fails(uint64_t seed, const bool *wanted, unsigned events, bool trace, struct small_counts *counts)
{
	struct small *w = xcalloc(1, sizeof(*w));
	struct text why = TEXT_EMPTY;
	struct err err = {0};
	*w = (struct small){.rng = seed, .now = T0, .trace = trace, .counts = counts};
	if (trace)
		printf("small %llu\n", (unsigned long long)seed);
	make_conf(w);
	start(w);
	for (unsigned i = 0; i < events && why.len == 0; i++) {
		if (!wanted[i])
			continue;
		w->rng = seed * UINT64_C(0x9e3779b97f4a7c15) + i; /* the chances of one event */
		pick_small(w, 2);
		if (trace)
			printf("event %u\n", i);
		w->now += (core_time)(1 + pick_small(w, 600)) * CORE_SECOND;
		happens(w);
		plan_doubt(w->c); /* all of it is made anew, as at some event it always is */
		cluster_run(w->c, w->now);
		if (cluster_check(w->c, &err) != 0)
			text_add(&why, err_text(&err));
		else
			reference_agrees(w->c, w->now, &counts->compared, &why);
	}
	cluster_free(w->c);
	free(w);
	if (why.len > 0)
		return why.s;
	text_free(&why);
	return NULL;
}
