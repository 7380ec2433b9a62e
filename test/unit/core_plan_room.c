/* The plan against a plain search: whatever happens in a small cluster, each job that waits is promised the
 * earliest start that those before it leave, as it comes out when every node is looked at, at every time at
 * which something ends. */
#include "test/unit/core_fixture.h"

#include "core/cluster_priv.h"

#define JOBS      24
#define STEPS     40
#define HISTORIES 120
#define SLICES    (CORE_SECOND / 2) /* no plan takes so long, with its rests */

struct play {
	struct lab lab;
	struct core_part_conf parts[2]; /* all three nodes, and two of them */
	uint32_t rng;
	int64_t minute;
	size_t compared;
};

static core_time at(int64_t minutes)
{
	return T0 + minutes * 60 * CORE_SECOND;
}

static uint32_t pick(struct play *p, uint32_t n)
{
	p->rng = p->rng * 1664525u + 1013904223u;
	return (p->rng >> 8) % n;
}

static bool chance(struct play *p, uint32_t of)
{
	return pick(p, of) == 0;
}

static struct play *begin(uint32_t seed)
{
	static const char *const names[3] = {"n1", "n2", "n3"}, *const features[3] = {"a", "a,b", "b"};
	struct play *p = calloc(1, sizeof(*p));
	struct lab *lab = &p->lab;
	p->rng = seed;
	lab_conf(lab, names, 4, 1000, new_part("main", "n[1-3]"));
	for (int i = 0; i < 3; i++)
		lab->nodes[i].features = word(features[i]);
	p->parts[0] = lab->part;
	p->parts[1] = lab->part;
	p->parts[1].name = word("small");
	p->parts[1].nodes = word("n[2-3]");
	p->parts[1].node_index = lab->index + 1;
	p->parts[1].node_count = 2;
	p->parts[1].is_default = false;
	for (int i = 0; i < 2; i++) {
		p->parts[i].max_cpus_per_node = chance(p, 3) ? 3 : CORE_INFINITE;
		p->parts[i].over_time_limit_min = chance(p, 3) ? 7 : CORE_NO_VAL;
		p->parts[i].exclusive_user = chance(p, 8);
	}
	lab->conf.parts = p->parts;
	lab->conf.part_count = 2;
	lab->conf.select_flags = CONF_CR_CORE | CONF_CR_MEMORY;
	lab->conf.backfill = true;
	lab->conf.bf_interval = 30;
	lab->conf.max_array_size = 1001;
	lab->conf.bf_max_job_test = 500;
	lab->conf.bf_max_job_array_resv = 20;
	lab_start(lab, at(0));
	return p;
}

/* ---- what happens ---- */

static struct job *any_job(struct play *p)
{
	uint32_t left = 0;
	list_each (it, &p->lab.c->jobs)
		left += !job_is_done(list_entry(it, struct job, in_all));
	left = left ? pick(p, left) + 1 : 0;
	list_each (it, &p->lab.c->jobs) {
		struct job *job = list_entry(it, struct job, in_all);
		if (!job_is_done(job) && --left == 0)
			return job;
	}
	return NULL;
}

static void submit(struct play *p)
{
	static const char *const wanted[6] = {NULL, NULL, NULL, "b", "a", "[a|b]"};
	struct identity who = {.uid = 1000 + pick(p, 2), .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.partition = word(chance(p, 3) ? "small" : "main");
	spec.nodes_min = 1 + pick(p, 2);
	spec.nodes_max = chance(p, 3) ? spec.nodes_min : 0;
	spec.tasks = spec.nodes_min + pick(p, 5);
	spec.tasks_set = true;
	spec.mem_per_node = 100 + 100 * pick(p, 8);
	spec.time_limit_min = 1 + pick(p, 60);
	spec.exclusive = chance(p, 6);
	spec.exclusive_user = !spec.exclusive && chance(p, 8);
	spec.contiguous = chance(p, 6);
	spec.features = word(wanted[pick(p, 6)]);
	spec.req_nodes = word(!spec.features && chance(p, 8) ? "n2" : NULL);
	/* What it can never have is refused, and that is all right. */
	job_submit(p->lab.c, &spec, at(p->minute), &job, &err);
}

static void all_report_gone(struct play *p, struct job *job)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		report_job_gone(p->lab.c, job->state.nodes.v[i].node, job->serial, job->state.attempt,
		                at(p->minute));
}

static void update_limit(struct play *p, struct job *job)
{
	struct job_edit edit;
	struct err err = {0};
	schema_init(schema_of_job_edit(), &edit);
	edit.time_limit_min = 1 + pick(p, 90);
	job_update(p->lab.c, job, &edit, true, at(p->minute), &err);
}

/* Any of these may be refused, as things are. */
static void something_happens(struct play *p)
{
	struct job *job = any_job(p);
	struct err err = {0};
	const core_time now = at(p->minute);
	const char *node = p->lab.nodes[pick(p, 3)].name;
	switch (job ? pick(p, 12) : 0) {
	case 0:
		node_update(p->lab.c, node, "DRAIN", "a disk", 0, now, &err);
		break;
	case 1:
	case 2:
		node_update(p->lab.c, node, "RESUME", NULL, 0, now, &err);
		break;
	case 3:
		job_suspend(p->lab.c, job, now, &err);
		break;
	case 4:
	case 5:
		job_resume(p->lab.c, job, now, &err);
		break;
	case 6:
		update_limit(p, job);
		break;
	case 7:
		job_cancel(p->lab.c, job, 0, false, false, 0, now, &err); /* COMPLETING at first */
		break;
	case 8:
		if (job->state.nodes.n > 0 && !job_is_active(job))
			all_report_gone(p, job);
		break;
	default:
		submit(p);
	}
}

/* ---- the plain search ---- */

static bool plain_fits(struct cluster *c, const struct part *part, const struct job_spec *spec, size_t rank,
                       core_time from)
{
	const struct select_ask ask = {.part = part,
	                               .spec = spec,
	                               .rank = rank,
	                               .from = from,
	                               .to = span_end(from, spec_time_limit(part, spec))};
	struct node_alloc_list nodes = {0};
	const bool fits = select_job(c, &ask, &nodes);
	node_alloc_list_free(&nodes);
	return fits;
}

/* CORE_INFINITE64: never. */
static core_time plain_start(struct cluster *c, const struct part *part, const struct job_spec *spec,
                             size_t rank)
{
	core_time best = CORE_INFINITE64, known[3];
	for (size_t i = 0; i < c->node_count; i++) {
		known[i] = c->nodes[i]->free_from;
		c->nodes[i]->free_from = 0; /* whatever is known: look there */
	}
	for (size_t i = 0; i < c->node_count; i++) {
		list_each (it, &c->nodes[i]->shares) {
			const core_time end = job_expected_end(c, list_entry(it, struct share, on_node)->job);
			if (end < best && end < span_end(c->now, CORE_INFINITE) &&
			    plain_fits(c, part, spec, rank, end))
				best = end;
		}
	}
	for (size_t i = 0; i < rank; i++)
		if (plan_at(c, i)->end < best && plain_fits(c, part, spec, rank, plan_at(c, i)->end))
			best = plan_at(c, i)->end;
	for (size_t i = 0; i < c->node_count; i++)
		c->nodes[i]->free_from = known[i];
	return best;
}

static void compare(struct play *p)
{
	struct cluster *c = p->lab.c;
	for (size_t rank = 0; plan_at(c, rank); rank++, p->compared++) {
		const struct planned *e = plan_at(c, rank);
		assert_int_equal(e->start, plain_start(c, e->part, &e->job->spec, rank));
		assert_false(plain_fits(c, e->part, &e->job->spec, rank, c->now));
	}
	list_each (it, &c->jobs) {
		const struct job *job = list_entry(it, struct job, in_all);
		if (job->state.state != JOB_PENDING || job->planned || !job->class)
			continue;
		for (uint32_t i = 0; i < job->class->part_count; i++)
			assert_int_equal(plain_start(c, job->class->parts[i], &job->spec, c->plan.n),
			                 CORE_INFINITE64);
	}
}

static void it_is_the_earliest(void **state)
{
	size_t compared = 0;
	(void)state;
	for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
		struct play *p = begin(seed);
		for (int i = 0; i < JOBS; i++)
			submit(p);
		for (int i = 0; i < STEPS; i++) {
			p->minute += pick(p, 12) + 1;
			something_happens(p);
			if (seed % 2 == 0)
				plan_doubt(p->lab.c); /* all of it is made anew; else it is kept */
			p->lab.c->sched_wanted = true;
			cluster_run(p->lab.c, at(p->minute));
			for (core_time t; (t = cluster_next_time(p->lab.c)) && t < at(p->minute) + SLICES;)
				cluster_run(p->lab.c, t); /* slice by slice */
			check_cluster(p->lab.c);
			compare(p);
		}
		compared += p->compared;
		cluster_free(p->lab.c);
		text_free(&p->lab.stored);
		free(p);
	}
	assert_true(compared > (size_t)HISTORIES * STEPS); /* most have a queue */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_the_earliest)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
