/* The cluster as a whole: made, run, counted. */
#include "core/cluster_priv.h"

#define PASSES_MAX 8 /* in one run */

void notes_add(const struct notes *notes, const char *fmt, ...)
{
	struct text t = TEXT_EMPTY;
	va_list ap;
	if (!notes->say)
		return;
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	notes->say(notes->ctx, text_str(&t));
	text_free(&t);
}

void cluster_make_nodes(struct cluster *c)
{
	c->node_count = c->conf->node_count;
	c->nodes = xcalloc(c->node_count + 1, sizeof(struct node *));
	c->node_block = xcalloc(c->node_count + 1, sizeof(struct node));
	free(c->nodes_open);
	c->nodes_open = bits_new((uint32_t)c->node_count);
	map_init_text(&c->nodes_by_name);
	c->plan.times_known = false;
	for (size_t i = 0; i < c->node_count; i++) {
		c->nodes[i] = &c->node_block[i];
		node_init(c->nodes[i], &c->conf->nodes[i], (uint32_t)i);
		if (c->conf->nodes[i].down_line) {
			c->nodes[i]->state.reason_uid = c->conf->slurm_uid;
			c->nodes[i]->state.reason_time = c->now; /* 0 before the start */
		}
		if (c->nodes[i]->cores_free > 0)
			bits_add(c->nodes_open, (uint32_t)i);
		map_put_text(&c->nodes_by_name, c->conf->nodes[i].name, c->nodes[i]);
	}
}

void cluster_free_nodes(struct node **nodes, struct node *block, size_t n)
{
	for (size_t i = 0; i < n; i++)
		node_clear(nodes[i]);
	free(nodes);
	free(block);
}

struct cluster *cluster_new(const struct cluster_conf *conf, const struct core_sink *sink)
{
	struct cluster *c = xcalloc(1, sizeof(*c));
	c->sink = *sink;
	c->room = c->nodes_version = 1;
	c->scratch = select_new();
	arena_init(&c->conf_arena);
	c->conf = cluster_conf_copy(conf, &c->conf_arena);
	schema_init(schema_of_meta(), &c->meta);
	slab_init(&c->job_slab, sizeof(struct job));
	slabs_init(&c->spec_slabs);
	list_init(&c->jobs);
	list_init(&c->classes);
	list_init(&c->part_edits);
	list_init(&c->nodes_made);
	list_init(&c->to_look);
	list_init(&c->unsaved);
	list_init(&c->license_holds);
	map_init_u64(&c->classes_by_need);
	map_init_u64(&c->jobs_by_serial);
	map_init_u64(&c->jobs_by_id);
	map_init_u64(&c->steps_by_launch);
	map_init_u64(&c->arrays_by_id);
	map_init_u64(&c->waits);
	cluster_make_nodes(c);
	parts_make(c);
	licenses_make(c);
	return c;
}

void cluster_free(struct cluster *c)
{
	if (!c)
		return;
	list_each_safe (it, tmp, &c->jobs)
		job_free(c, list_entry(it, struct job, in_all));
	slab_free(&c->job_slab);
	slabs_free(&c->spec_slabs);
	plan_free(c);
	cluster_free_nodes(c->nodes, c->node_block, c->node_count);
	free(c->nodes_open);
	map_free(&c->nodes_by_name);
	select_free(c->scratch);
	parts_free(c);
	licenses_free(c);
	part_edits_free(c);
	map_free(&c->classes_by_need);
	map_free(&c->jobs_by_serial);
	map_free(&c->jobs_by_id);
	map_free(&c->steps_by_launch);
	map_free(&c->arrays_by_id);
	map_free(&c->waits);
	nodes_made_free(c);
	for (size_t i = 0; i < c->stray_count; i++)
		schema_free(schema_of_node_state(), &c->strays[i]);
	free(c->strays);
	due_free(&c->due);
	schema_free(schema_of_meta(), &c->meta);
	arena_free(&c->conf_arena);
	free(c);
}

const struct meta *cluster_meta(const struct cluster *c)
{
	return &c->meta;
}

const struct cluster_conf *cluster_conf_of(const struct cluster *c)
{
	return c->conf;
}

/* ---- running ---- */

void cluster_has_room(struct cluster *c)
{
	c->room++;
	c->sched_wanted = true;
}

void cluster_nodes_changed(struct cluster *c)
{
	c->nodes_version++;
	cluster_has_room(c);
}

void cluster_run(struct cluster *c, core_time now)
{
	c->now = now;
	due_run(c);
	/* A pass that refuses who would not wait makes way for others; a start may be what others wait for.
	 */
	for (int i = 0; c->sched_wanted && i < PASSES_MAX; i++) {
		depend_run(c);
		sched_pass(c);
	}
}

core_time cluster_next_time(const struct cluster *c)
{
	return c->sched_wanted ? c->now : due_next(&c->due);
}

/* ---- figures ---- */

const struct sched_stats *cluster_stats(const struct cluster *c)
{
	struct sched_stats *s = &((struct cluster *)(uintptr_t)c)->stats;
	s->pending = c->jobs_in[JOB_PENDING];
	s->running = c->jobs_in[JOB_RUNNING];
	return s;
}

void cluster_stats_reset(struct cluster *c)
{
	const uint64_t ever = c->stats.plan.started_ever;
	c->stats = (struct sched_stats){.plan = {.started_ever = ever}};
}
