/* The cluster as a whole: made, restored, reconfigured, run. */
#include "core/cluster_priv.h"

#include <string.h>

static void say(void (*note)(void *ctx, const char *text), void *ctx, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
static void say(void (*note)(void *ctx, const char *text), void *ctx, const char *fmt, ...)
{
	struct text t = TEXT_EMPTY;
	va_list ap;
	if (!note)
		return;
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	note(ctx, text_str(&t));
	text_free(&t);
}

/* ---- nodes and partitions of a configuration ---- */

static void add_nodes(struct cluster *c)
{
	c->node_count = c->conf->node_count;
	c->nodes = xcalloc(c->node_count + 1, sizeof(struct node *));
	map_init_text(&c->nodes_by_name);
	for (size_t i = 0; i < c->node_count; i++) {
		c->nodes[i] = node_new(c, &c->conf->nodes[i], (uint32_t)i);
		map_put_text(&c->nodes_by_name, c->conf->nodes[i].name, c->nodes[i]);
	}
}

static void add_parts(struct cluster *c)
{
	c->part_count = c->conf->part_count;
	c->parts = xcalloc(c->part_count + 1, sizeof(struct part *));
	map_init_text(&c->parts_by_name);
	for (size_t i = 0; i < c->part_count; i++) {
		c->parts[i] = xcalloc(1, sizeof(struct part));
		*c->parts[i] = (struct part){
		        .index = (uint32_t)i, .conf = &c->conf->parts[i], .state = c->conf->parts[i].state};
		map_put_text(&c->parts_by_name, c->conf->parts[i].name, c->parts[i]);
	}
}

static void free_nodes_and_parts(struct cluster *c)
{
	for (size_t i = 0; i < c->node_count; i++)
		node_free(c->nodes[i]);
	for (size_t i = 0; i < c->part_count; i++)
		free(c->parts[i]);
	free(c->nodes);
	free(c->parts);
	map_free(&c->nodes_by_name);
	map_free(&c->parts_by_name);
}

struct cluster *cluster_new(const struct cluster_conf *conf, const struct core_sink *sink)
{
	struct cluster *c = xcalloc(1, sizeof(*c));
	c->sink = *sink;
	arena_init(&c->conf_arena);
	c->conf = cluster_conf_copy(conf, &c->conf_arena);
	schema_init(schema_of_meta(), &c->meta);
	list_init(&c->jobs);
	list_init(&c->queue);
	map_init_u64(&c->jobs_by_serial);
	map_init_u64(&c->jobs_by_id);
	map_init_u64(&c->steps_by_launch);
	add_nodes(c);
	add_parts(c);
	return c;
}

void cluster_free(struct cluster *c)
{
	if (!c)
		return;
	list_each_safe (it, tmp, &c->jobs)
		job_free(c, list_entry(it, struct job, in_all));
	free_nodes_and_parts(c);
	map_free(&c->jobs_by_serial);
	map_free(&c->jobs_by_id);
	map_free(&c->steps_by_launch);
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

/* ---- restoring ---- */

/* Rows come in any order, so each of a job's rows may be the one that makes it. */
static struct job *loaded_job(struct cluster *c, uint64_t serial)
{
	struct job *job = job_by_serial(c, serial);
	if (!job) {
		job = job_alloc(c);
		job->serial = serial;
		job_index(c, job);
	}
	return job;
}

static void load_spec(struct cluster *c, const struct job_spec *spec)
{
	struct job *job = loaded_job(c, spec->serial);
	schema_free(schema_of_job_spec(), &job->spec);
	schema_copy(schema_of_job_spec(), &job->spec, spec, NULL);
	job->job_id = spec->job_id;
	struct job *other = job_by_id(c, job->job_id);
	if (!other || other->serial <= job->serial)
		map_put(&c->jobs_by_id, job->job_id, job);
}

static void load_state(struct cluster *c, const struct job_state *state)
{
	struct job *job = loaded_job(c, state->serial);
	schema_free(schema_of_job_state(), &job->state);
	schema_copy(schema_of_job_state(), &job->state, state, NULL);
}

static void load_step(struct cluster *c, const struct step_record *record)
{
	struct job *job = loaded_job(c, record->serial);
	struct step *step = xcalloc(1, sizeof(*step));
	step->job = job;
	schema_copy(schema_of_step_record(), &step->record, record, NULL);
	list_init(&step->in_job);
	list_init(&step->in_step_queue);
	struct list *at = job->steps.prev;
	while (at != &job->steps && list_entry(at, struct step, in_job)->record.launch > record->launch)
		at = at->prev;
	list_prepend(at, &step->in_job);
	map_put(&c->steps_by_launch, record->launch, step);
}

static void load_node(struct cluster *c, const struct node_state *state)
{
	struct node *node = node_by_name(c, state->name);
	if (!node)
		return; /* the configuration no longer has it */
	schema_free(schema_of_node_state(), &node->state);
	schema_copy(schema_of_node_state(), &node->state, state, NULL);
	/* What the file says now counts for nodes that it sets down, drained or into the future. */
	if (node->conf->state == CONF_NODE_FUTURE)
		node->state.base = NODE_FUTURE;
}

int cluster_load(struct cluster *c, const struct schema *schema, const void *record, struct err *err)
{
	if (schema == schema_of_meta()) {
		schema_free(schema, &c->meta);
		schema_copy(schema, &c->meta, record, NULL);
	} else if (schema == schema_of_job_spec()) {
		load_spec(c, record);
	} else if (schema == schema_of_job_state()) {
		load_state(c, record);
	} else if (schema == schema_of_step_record()) {
		load_step(c, record);
	} else if (schema == schema_of_node_state()) {
		load_node(c, record);
	} else {
		return err_set(err, ERR_CORRUPT, "a stored record of kind %s, which is never stored",
		               schema->name);
	}
	return 0;
}

/* ---- starting ---- */

static void settle_pending(struct cluster *c, struct job *job, void (*note)(void *, const char *), void *ctx)
{
	if (job->state.state != JOB_PENDING)
		return;
	if (job->state.priority && (c->lowest_priority == 0 || job->state.priority < c->lowest_priority))
		c->lowest_priority = job->state.priority;
	job->reason = job->state.hold ? (job->state.hold == 2 ? REASON_HELD_ADMIN : REASON_HELD_USER)
	                              : REASON_PRIORITY;
	if (job->state.eligible_time > c->now)
		due_add(&c->due,
		        (struct due){.at = job->state.eligible_time, .kind = DUE_BEGIN, .key = job->serial});
	if (job->spec.begin_time > c->now)
		due_add(&c->due,
		        (struct due){.at = job->spec.begin_time, .kind = DUE_BEGIN, .key = job->serial});
	if (!(job->state.flags & JOB_FLAG_COMPLETING))
		queue_add(c, job);
	(void)note;
	(void)ctx;
}

/* Shares go back onto their nodes; those on nodes that are gone are released. */
static void settle_shares(struct cluster *c, struct job *job, void (*note)(void *, const char *), void *ctx)
{
	bool lost = false;
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		struct node_alloc *share = &job->state.nodes.v[i];
		struct node *node = node_by_name(c, share->node);
		if (share->phase == ALLOC_RELEASED)
			continue;
		if (node) {
			node_take(node, share);
			continue;
		}
		say(note, ctx, "job %u had node %s, which the configuration no longer has", job->job_id,
		    share->node);
		lost = true;
	}
	if (lost && job_is_active(job))
		job_end_allocated(c, job, JOB_NODE_FAIL, REASON_NODE_DOWN, 0, "DUE TO NODE FAILURE",
		                  c->conf->kill_wait_s);
	for (uint32_t i = 0; lost && i < job->state.nodes.n; i++)
		if (!node_by_name(c, job->state.nodes.v[i].node))
			job_release_node(c, job, &job->state.nodes.v[i]);
}

static void settle_job(struct cluster *c, struct job *job, void (*note)(void *, const char *), void *ctx)
{
	const char *name = job->state.partition ? job->state.partition : job->spec.partition;
	job->part = part_by_name(c, name);
	if (!job->part) {
		say(note, ctx, "job %u is of partition %s, which the configuration no longer has",
		    job->job_id, name ? name : "(none)");
		job->part = part_default(c) ? part_default(c) : part_at(c, 0);
	}
	job->last_heard = c->now;
	settle_shares(c, job, note, ctx);
	settle_pending(c, job, note, ctx);
	if (job_is_active(job))
		job_set_limit_due(c, job);
	if (job_is_done(job))
		due_add(&c->due, (struct due){.at = job->state.end_time +
		                                    (core_time)c->conf->min_job_age_s * CORE_SECOND,
		                              .kind = DUE_PURGE,
		                              .key = job->serial,
		                              .attempt = job->state.attempt});
}

/* A job of which only one row came back is of no use to anybody; its number stays taken. */
static bool is_whole(const struct job *job)
{
	return job->spec.who && job->spec.serial == job->serial && job->state.serial == job->serial;
}

static void next_numbers(struct cluster *c)
{
	list_each (it, &c->jobs) {
		struct job *job = list_entry(it, struct job, in_all);
		if (job->serial >= c->meta.next_serial)
			c->meta.next_serial = job->serial + 1;
		list_each (st, &job->steps) {
			const struct step *step = list_entry(st, struct step, in_job);
			if (step->record.launch >= c->meta.next_launch)
				c->meta.next_launch = step->record.launch + 1;
		}
	}
}

void cluster_start(struct cluster *c, core_time now, const uint8_t instance[16],
                   void (*note)(void *ctx, const char *text), void *ctx)
{
	c->now = now;
	c->started = true;
	next_numbers(c);
	c->meta.epoch++;
	if (c->meta.instance.n == 0) {
		c->meta.instance.v = xmalloc(16);
		memcpy(c->meta.instance.v, instance, 16);
		c->meta.instance.n = 16;
	}
	if (!c->meta.cluster_name)
		c->meta.cluster_name = xstrdup(c->conf->cluster_name);
	emit_meta(c);
	for (size_t i = 0; i < c->node_count; i++) {
		c->nodes[i]->last_heard = now;
		node_arm_down(c, c->nodes[i]);
	}
	list_each_safe (it, tmp, &c->jobs) {
		struct job *job = list_entry(it, struct job, in_all);
		if (!is_whole(job)) {
			say(note, ctx, "half a job with serial %llu is dropped",
			    (unsigned long long)job->serial);
			emit_job_gone(c, job);
			job_free(c, job);
			continue;
		}
		settle_job(c, job, note, ctx);
	}
	c->sched_wanted = true;
}

/* ---- another configuration ---- */

static void move_node(struct cluster *c, struct node *old, struct map *old_nodes)
{
	struct node *node = node_by_name(c, old->conf->name);
	(void)old_nodes;
	if (!node)
		return;
	schema_free(schema_of_node_state(), &node->state);
	node->state = old->state;
	schema_init(schema_of_node_state(), &old->state);
	node->connected = old->connected;
	node->last_heard = old->last_heard;
	node->cpu_load = old->cpu_load;
	node->free_mem = old->free_mem;
}

void cluster_reconfigure(struct cluster *c, const struct cluster_conf *conf, core_time now,
                         void (*note)(void *ctx, const char *text), void *ctx)
{
	struct arena old_arena = c->conf_arena;
	struct node **old_nodes = c->nodes;
	struct part **old_parts = c->parts;
	size_t old_node_count = c->node_count, old_part_count = c->part_count;
	c->now = now;
	map_free(&c->nodes_by_name);
	map_free(&c->parts_by_name);
	arena_init(&c->conf_arena);
	c->conf = cluster_conf_copy(conf, &c->conf_arena);
	add_nodes(c);
	add_parts(c);
	for (size_t i = 0; i < old_node_count; i++) {
		move_node(c, old_nodes[i], NULL);
		node_free(old_nodes[i]);
	}
	for (size_t i = 0; i < old_part_count; i++)
		free(old_parts[i]);
	free(old_nodes);
	free(old_parts);
	list_each_safe (it, tmp, &c->jobs) {
		struct job *job = list_entry(it, struct job, in_all);
		queue_remove(job);
		settle_job(c, job, note, ctx);
	}
	for (size_t i = 0; i < c->node_count; i++)
		if (!c->nodes[i]->connected)
			node_arm_down(c, c->nodes[i]);
	arena_free(&old_arena);
	c->sched_wanted = true;
}

/* ---- running ---- */

void cluster_run(struct cluster *c, core_time now)
{
	if (now > c->now)
		c->now = now;
	due_run(c);
	/* A pass may end jobs at once (an immediate one that can't start), which wants another. */
	for (int i = 0; c->sched_wanted && i < 4; i++)
		sched_pass(c);
}

core_time cluster_next_time(const struct cluster *c)
{
	return c->sched_wanted ? c->now : due_next(&c->due);
}

/* ---- figures ---- */

const struct sched_stats *cluster_stats(const struct cluster *c)
{
	struct sched_stats *s = &((struct cluster *)(uintptr_t)c)->stats;
	s->pending = s->running = 0;
	for (const struct job *job = job_next(c, NULL); job; job = job_next(c, job)) {
		s->pending += job->state.state == JOB_PENDING;
		s->running += job->state.state == JOB_RUNNING;
	}
	return s;
}

void cluster_stats_reset(struct cluster *c)
{
	c->stats = (struct sched_stats){0};
}
