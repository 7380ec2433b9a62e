/* Jobs as values: made, found, asked about. */
#include "core/cluster_priv.h"

#include <string.h>

struct job *job_alloc(struct cluster *c)
{
	struct job *job = slab_take(&c->job_slab);
	memset(job, 0, sizeof(*job));
	schema_init(schema_of_job_spec(), &job->spec);
	schema_init(schema_of_job_state(), &job->state);
	list_init(&job->steps);
	list_init(&job->in_all);
	list_init(&job->in_array);
	list_init(&job->in_look);
	list_init(&job->in_unsaved);
	list_init(&job->step_queue);
	c->jobs_in[job->state.state]++;
	return job;
}

static void give_spec(struct cluster *c, void *block, size_t size)
{
	if (block)
		slabs_give(&c->spec_slabs, block, size);
}

void job_set_spec(struct cluster *c, struct job *job, const struct job_spec *spec)
{
	const struct schema_packing packing = schema_measure(schema_of_job_spec(), spec);
	const size_t size = packing.aligned + packing.bytes, size_before = job->spec_size;
	void *block = slabs_take(&c->spec_slabs, size), *before = job->spec_block;
	struct job_spec copy;
	schema_pack_into(schema_of_job_spec(), &copy, spec, block, packing);
	job->spec = copy;
	job->spec_block = block;
	job->spec_size = size;
	give_spec(c, before, size_before); /* last: `spec` may lie in it */
}

void job_free(struct cluster *c, struct job *job)
{
	list_each_safe (it, tmp, &job->steps)
		step_free(c, list_entry(it, struct step, in_job));
	list_each_safe (it, tmp, &job->step_queue)
		step_free(c, list_entry(it, struct step, in_step_queue));
	queue_remove(c, job);
	licenses_drop(c, job);
	depend_leave(c, job);
	array_leave(c, job);
	shares_free(job);
	list_remove(&job->in_all);
	list_remove(&job->in_unsaved);
	map_del(&c->jobs_by_serial, job->serial);
	if (map_get(&c->jobs_by_id, job->job_id) == job)
		map_del(&c->jobs_by_id, job->job_id);
	c->jobs_in[job->state.state]--;
	give_spec(c, job->spec_block, job->spec_size);
	schema_free(schema_of_job_state(), &job->state);
	slab_give(&c->job_slab, job);
}

void job_index(struct cluster *c, struct job *job)
{
	map_put(&c->jobs_by_serial, job->serial, job);
	const struct job *other = map_get(&c->jobs_by_id, job->job_id);
	if (job->job_id != 0 && !job->cut_off && (!other || other->serial < job->serial))
		map_put(&c->jobs_by_id, job->job_id, job);
	struct list *at = c->jobs.prev;
	while (at != &c->jobs && list_entry(at, struct job, in_all)->serial > job->serial)
		at = at->prev;
	list_prepend(at, &job->in_all);
}

struct job *job_by_id(const struct cluster *c, uint32_t job_id)
{
	return map_get(&c->jobs_by_id, job_id);
}

struct job *job_by_serial(const struct cluster *c, uint64_t serial)
{
	return map_get(&c->jobs_by_serial, serial);
}

struct job *job_next(const struct cluster *c, const struct job *after)
{
	const struct list *next = after ? after->in_all.next : c->jobs.next;
	return next == &c->jobs ? NULL : list_entry(next, struct job, in_all);
}

struct job *job_after(const struct cluster *c, uint64_t serial)
{
	struct job *there = job_by_serial(c, serial), *job = job_next(c, there);
	while (!there && job && job->serial <= serial)
		job = job_next(c, job);
	return job;
}

size_t job_count(const struct cluster *c)
{
	return map_count(&c->jobs_by_serial);
}

bool job_is_done(const struct job *job)
{
	return job->state.state > JOB_SUSPENDED && !(job->state.flags & JOB_FLAG_COMPLETING);
}

bool job_is_active(const struct job *job)
{
	return (job->state.state == JOB_RUNNING || job->state.state == JOB_SUSPENDED) &&
	       !(job->state.flags & JOB_FLAG_COMPLETING);
}

core_time job_run_since(const struct job *job)
{
	const struct job_state *s = &job->state;
	return s->suspend_time ? s->suspend_time - s->pre_suspend_s * CORE_SECOND : s->start_time;
}

void job_heard(struct job *job, core_time now)
{
	job->last_heard = now;
}

uint32_t job_tasks_on(const struct job *job, const struct node_alloc *share)
{
	const struct job_spec *spec = &job->spec;
	uint32_t per_task = spec->cpus_per_task ? spec->cpus_per_task : 1;
	if (spec->tasks_set || spec->tasks_per_node)
		return share->tasks;
	return share->cpus > per_task ? share->cpus / per_task : 1;
}

uint64_t spec_cpus(const struct job_spec *spec)
{
	if (spec->cpus_min)
		return spec->cpus_min;
	return (uint64_t)spec->tasks * (spec->cpus_per_task ? spec->cpus_per_task : 1);
}

uint32_t spec_time_limit(const struct part *part, const struct job_spec *spec)
{
	if (spec->time_limit_min == 0)
		return spec->time_zero ? 0 : CORE_INFINITE; /* sbatch(1), --time: zero is no limit */
	if (spec->time_limit_min != CORE_NO_VAL)
		return spec->time_limit_min;
	if (!part)
		return CORE_INFINITE;
	return part->conf->default_time_min != CORE_NO_VAL ? part->conf->default_time_min
	                                                   : part->conf->max_time_min;
}

uint32_t job_time_limit(const struct job *job)
{
	/* A requeued one's is given anew. */
	if (job->state.state != JOB_PENDING && job->state.time_limit_min != CORE_NO_VAL)
		return job->state.time_limit_min;
	return job->part || job->spec.time_limit_min != CORE_NO_VAL ? spec_time_limit(job->part, &job->spec)
	                                                            : CORE_NO_VAL;
}

/* What it has been given. */
static struct tres allocated(const struct job *job)
{
	struct tres t = {0};
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		t.v[TRES_CPU] += job->state.nodes.v[i].cpus;
		t.v[TRES_MEM] += job->state.nodes.v[i].mem;
		t.v[TRES_NODE]++;
	}
	return t;
}

uint32_t spec_nodes_guess(const struct part *part, const struct job_spec *spec)
{
	const uint32_t least = spec->nodes_min ? spec->nodes_min : 1,
	               per_task = spec->cpus_per_task ? spec->cpus_per_task : 1;
	if (!part || part->cpus_most == 0)
		return least;
	uint32_t fit = part->cpus_most > per_task ? part->cpus_most / per_task : 1;
	if (spec->tasks_per_node && fit > spec->tasks_per_node)
		fit = spec->tasks_per_node;
	const uint32_t need = spec->tasks / fit + (spec->tasks % fit != 0);
	return need > least ? need : least;
}

uint32_t job_nodes_guess(const struct job *job)
{
	return job->state.nodes.n ? job->state.nodes.n : spec_nodes_guess(job->part, &job->spec);
}

/* What it asks for: without a word about memory, and without a default, that is all of a node's. */
static struct tres asked(const struct cluster *c, const struct job *job)
{
	const struct job_spec *spec = &job->spec;
	const struct core_part_conf *part = job->part ? job->part->conf : NULL;
	uint64_t per_cpu, per_node;
	part_default_memory(c, job->part, &per_cpu, &per_node);
	struct tres t = {0};
	t.v[TRES_NODE] = spec->nodes_min ? spec->nodes_min : 1;
	t.v[TRES_CPU] = spec->overcommit ? t.v[TRES_NODE] : spec_cpus(spec);
	if (t.v[TRES_CPU] < t.v[TRES_NODE])
		t.v[TRES_CPU] = t.v[TRES_NODE];
	if (spec->mem_per_node != CORE_NO_VAL64 && spec->mem_per_node != 0)
		t.v[TRES_MEM] = spec->mem_per_node * t.v[TRES_NODE];
	else if (spec->mem_per_cpu != CORE_NO_VAL64)
		t.v[TRES_MEM] = spec->mem_per_cpu * t.v[TRES_CPU];
	else if (per_cpu)
		t.v[TRES_MEM] = per_cpu * t.v[TRES_CPU];
	else if (per_node)
		t.v[TRES_MEM] = per_node * t.v[TRES_NODE];
	else if (part && part->node_count)
		t.v[TRES_MEM] = c->nodes[part->node_index[0]]->conf->real_memory * t.v[TRES_NODE];
	return t;
}

struct tres job_tres_asked(const struct cluster *c, const struct job *job)
{
	struct tres t = asked(c, job);
	t.v[TRES_BILLING] = part_billing(c, job->part, &t);
	return t;
}

struct tres job_tres(const struct cluster *c, const struct job *job)
{
	struct tres t = job->state.nodes.n ? allocated(job) : asked(c, job);
	t.v[TRES_BILLING] = part_billing(c, job->part, &t);
	return t;
}
