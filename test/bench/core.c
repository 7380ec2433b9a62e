/* bench-core [NAME...]: how long the scheduler's core takes, and how much memory it has, at a size that no
 * test has. Nothing here passes or fails: it reports, beside what is aimed at.
 *
 *   pass    a pass over 100,000 pending jobs in 1,000 classes on 10,000 nodes, all of them busy; and the pass
 *           after one job's end
 *   plan    the same jobs planned: in how many slices, and how long the longest holds the loop
 *   memory  of 1,000,000 pending jobs
 *   array   a submit of an array of 1,000,000 tasks, and the start of its first ones
 *   weigh   priority/multifactor weighs 100,000 jobs anew */
#include "core/cluster.h"
#include "core/util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NODES   10000u
#define CORES   16u
#define JOBS    100000u
#define CLASSES 1000u
#define MANY    1000000u
#define T0      ((core_time)1700000000 * CORE_SECOND)

/* ---- figures ---- */

static double now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void figure(const char *name, double value, const char *unit, const char *aim)
{
	printf("%-58s %10.3f %-4s %s\n", name, value, unit, aim);
	fflush(stdout);
}

static double resident_mib(void)
{
	unsigned long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%lu %lu", &pages, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return (double)resident * 4 / 1024;
}

/* ---- a cluster ---- */

struct bench {
	struct cluster *c;
	struct cluster_conf conf;
	struct core_node_conf *nodes;
	struct core_part_conf part;
	uint32_t *index;
	uint64_t started;
	core_time now;
};

static void on_action(void *ctx, const struct action *a)
{
	struct bench *b = ctx;
	b->started += a->kind == ACTION_JOB_STARTED;
}

static char *printed(const char *fmt, unsigned n)
{
	struct text t = TEXT_EMPTY;
	text_printf(&t, fmt, n);
	return text_take(&t);
}

static char *word(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void make_conf(struct bench *b, uint32_t nodes, bool backfill, bool multifactor)
{
	b->nodes = xcalloc(nodes, sizeof(*b->nodes));
	b->index = xcalloc(nodes, sizeof(*b->index));
	for (uint32_t i = 0; i < nodes; i++) {
		b->index[i] = i;
		b->nodes[i] = (struct core_node_conf){.name = printed("n%u", i + 1),
		                                      .cpus = CORES,
		                                      .boards = 1,
		                                      .sockets = 2,
		                                      .cores_per_socket = CORES / 2,
		                                      .threads_per_core = 1,
		                                      .real_memory = 64000,
		                                      .weight = 1};
		b->nodes[i].addr = b->nodes[i].hostname = b->nodes[i].name;
	}
	b->part = (struct core_part_conf){.name = word("main"),
	                                  .nodes = printed("n[1-%u]", nodes),
	                                  .node_index = b->index,
	                                  .node_count = nodes,
	                                  .is_default = true,
	                                  .max_time_min = CORE_INFINITE,
	                                  .default_time_min = CORE_NO_VAL,
	                                  .max_nodes = CORE_INFINITE,
	                                  .max_cpus_per_node = CORE_INFINITE,
	                                  .priority_tier = 1,
	                                  .priority_job_factor = 1,
	                                  .over_time_limit_min = CORE_NO_VAL};
	b->conf = (struct cluster_conf){.cluster_name = word("bench"),
	                                .nodes = b->nodes,
	                                .node_count = nodes,
	                                .parts = &b->part,
	                                .part_count = 1,
	                                .select_flags = CONF_CR_CORE | CONF_CR_MEMORY,
	                                .max_job_count = 2 * MANY,
	                                .max_array_size = MANY + 1,
	                                .min_job_age_s = 300,
	                                .def_mem_per_cpu = 1000,
	                                .backfill = backfill,
	                                .bf_interval = 30,
	                                .bf_max_job_test = CLASSES,
	                                .bf_max_job_array_resv = 20};
	if (multifactor)
		b->conf.priority = (struct priority_conf){.multifactor = true,
		                                          .age = 1000,
		                                          .job_size = 1000,
		                                          .partition = 1000,
		                                          .max_age_s = 7 * 86400,
		                                          .calc_period_s = 300};
}

static struct bench *bench_new(uint32_t nodes, bool backfill, bool multifactor)
{
	static const uint8_t instance[16] = {1};
	struct bench *b = xcalloc(1, sizeof(*b));
	const struct core_sink sink = {.ctx = b, .action = on_action};
	const struct hardware hw = {.cpus = CORES, .real_memory = 64000};
	b->now = T0;
	make_conf(b, nodes, backfill, multifactor);
	b->c = cluster_new(&b->conf, &sink);
	cluster_start(b->c, b->now, instance, NULL, NULL);
	for (uint32_t i = 0; i < nodes; i++) {
		const struct node_registration reg = {
		        .boot_id = "boot", .version = "22.05.8", .hardware = &hw};
		struct err err = {0};
		if (node_register(b->c, b->nodes[i].name, &reg, b->now, &err) != 0) {
			fprintf(stderr, "bench-core: %s\n", err_text(&err));
			exit(1);
		}
	}
	cluster_run(b->c, b->now);
	return b;
}

static void bench_free(struct bench *b)
{
	cluster_free(b->c);
	for (size_t i = 0; i < b->conf.node_count; i++)
		free(b->nodes[i].name);
	free(b->part.nodes);
	free(b->nodes);
	free(b->index);
	free(b);
}

struct want {
	uint32_t nodes, cpus, minutes;
	const char *array;
};

static struct job *submit(struct bench *b, struct want want)
{
	static char *argv[] = {(char *)(uintptr_t) "job.sh"};
	struct identity who = {.uid = 1000,
	                       .gid = 1000,
	                       .user_name = word("alice"),
	                       .group_name = word("alice"),
	                       .home = word("/home/alice"),
	                       .shell = word("/bin/bash")};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.name = word("job.sh");
	spec.command = word("/home/alice/job.sh");
	spec.work_dir = word("/home/alice");
	spec.alloc_node = word("head");
	spec.argv.v = argv;
	spec.argv.n = 1;
	spec.nodes_min = want.nodes;
	spec.nodes_max = want.nodes;
	spec.tasks = want.nodes;
	spec.cpus_per_task = want.cpus;
	spec.time_limit_min = want.minutes;
	spec.array = word(want.array);
	if (job_submit(b->c, &spec, b->now, &job, &err) != 0) {
		fprintf(stderr, "bench-core: %s\n", err_text(&err));
		exit(1);
	}
	return job;
}

/* A job of a whole node on each node, whose ends lie far apart; behind them the classes, one after the other.
 */
static struct job *fill(struct bench *b)
{
	struct job *last = NULL;
	for (uint32_t i = 0; i < NODES; i++)
		last = submit(b, (struct want){1, CORES, 60 + i % 997, NULL});
	cluster_run(b->c, b->now);
	if (b->started != NODES)
		fprintf(stderr, "bench-core: %llu jobs were started\n", (unsigned long long)b->started);
	return last;
}

static void queue(struct bench *b, uint32_t jobs)
{
	for (uint32_t i = 0; i < jobs; i++) {
		const uint32_t class = i % CLASSES;
		submit(b, (struct want){1 + class % 4, 1 + class % CORES, 10 + class, NULL});
	}
}

/* The job's node is free again, and something may start there. */
static void end(struct bench *b, struct job *job)
{
	struct err err = {0};
	job_cancel(b->c, job, 9, false, false, 0, b->now, &err);
	report_job_gone(b->c, job->state.nodes.v[0].node, job->serial, job->state.attempt, b->now);
}

static double pass_ms(struct bench *b)
{
	const double began = now_ms();
	cluster_run(b->c, b->now);
	return now_ms() - began;
}

/* ---- what is measured ---- */

static void measure_pass(void)
{
	for (int backfill = 0; backfill < 2; backfill++) {
		struct bench *b = bench_new(NODES, backfill, false);
		struct job *last = fill(b), *job;
		double began = now_ms();
		queue(b, JOBS);
		figure(backfill ? "submit of 100,000 jobs, sched/backfill"
		                : "submit of 100,000 jobs, sched/builtin",
		       now_ms() - began, "ms", "");
		figure("  a pass over all of them", pass_ms(b), "ms", "(50)");
		for (int i = 0; i < 200 && backfill; i++) { /* until all is planned */
			b->now = cluster_next_time(b->c) > b->now ? cluster_next_time(b->c) : b->now;
			if (cluster_next_time(b->c) > T0 + 3600 * CORE_SECOND)
				break;
			cluster_run(b->c, b->now);
		}
		double most = 0, sum = 0;
		for (int i = 0; i < 20; i++) {
			job = last;
			last = job_by_serial(b->c, job->serial - 1);
			b->now += CORE_SECOND;
			end(b, job);
			const double ms = pass_ms(b);
			sum += ms;
			most = ms > most ? ms : most;
		}
		figure("  the pass after one job's end, mean of 20", sum / 20, "ms", "(1)");
		figure("  the longest of them", most, "ms", "");
		bench_free(b);
	}
}

static void measure_plan(void)
{
	struct bench *b = bench_new(NODES, true, false);
	double sum = 0, most = 0;
	unsigned slices = 0;
	fill(b);
	queue(b, CLASSES);
	do {
		const double ms = pass_ms(b);
		sum += ms;
		most = ms > most ? ms : most;
		slices++;
		b->now = cluster_next_time(b->c) > b->now ? cluster_next_time(b->c) : b->now + 1;
	} while (slices < 100000 && cluster_next_time(b->c) < T0 + 3600 * CORE_SECOND);
	uint64_t planned = 0;
	for (const struct job *job = job_next(b->c, NULL); job; job = job_next(b->c, job))
		planned += job_planned_start(job) != 0;
	figure("1,000 classes planned, in all", sum, "ms", "(250)");
	figure("  jobs that have a place", (double)planned, "", "");
	figure("  passes", slices, "", "");
	figure("  the longest of them", most, "ms", "(5)");
	figure("  of virtual time", (double)(b->now - T0) / CORE_SECOND, "s", "");
	bench_free(b);
}

static void measure_memory(void)
{
	struct bench *b = bench_new(NODES, true, false);
	fill(b);
	const double before = resident_mib(), began = now_ms();
	queue(b, MANY);
	figure("submit of 1,000,000 jobs", now_ms() - began, "ms", "");
	figure("  resident memory of them", resident_mib() - before, "MiB", "(512)");
	figure("  a pass over all of them", pass_ms(b), "ms", "");
	bench_free(b);
}

static void measure_array(void)
{
	struct bench *b = bench_new(100, true, false);
	double began = now_ms();
	submit(b, (struct want){1, 1, 10, "0-999999"});
	figure("submit of an array of 1,000,000", now_ms() - began, "ms", "(a few)");
	figure("  the pass that starts 1,600 of its tasks", pass_ms(b), "ms", "");
	bench_free(b);
}

static void measure_weigh(void)
{
	struct bench *b = bench_new(NODES, false, true);
	double sum = 0, most = 0;
	unsigned passes = 0;
	fill(b);
	queue(b, JOBS);
	cluster_run(b->c, b->now);
	for (const core_time until = b->now + 301 * CORE_SECOND; b->now < until; passes++) {
		const core_time next = cluster_next_time(b->c);
		b->now = next > b->now && next < until ? next : until;
		const double ms = pass_ms(b);
		sum += ms;
		most = ms > most ? ms : most;
	}
	figure("100,000 jobs weighed anew, in all", sum, "ms", "");
	figure("  passes", passes, "", "");
	figure("  the longest of them", most, "ms", "(5)");
	bench_free(b);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} rows[] = {{"pass", measure_pass},
	            {"plan", measure_plan},
	            {"memory", measure_memory},
	            {"array", measure_array},
	            {"weigh", measure_weigh}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool wanted = argc < 2;
		for (int k = 1; k < argc; k++)
			wanted = wanted || strcmp(argv[k], rows[i].name) == 0;
		if (wanted)
			rows[i].run();
	}
	return 0;
}
