/* From stored rows to a running cluster, and from one configuration to another. */
#include "core/cluster_priv.h"

#include <string.h>

/* ---- rows ---- */

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

static void load_meta(struct cluster *c, const void *record)
{
	schema_free(schema_of_meta(), &c->meta);
	schema_copy(schema_of_meta(), &c->meta, record, NULL);
}

static void load_spec(struct cluster *c, const void *record)
{
	const struct job_spec *spec = record;
	struct job *job = loaded_job(c, spec->serial);
	job_set_spec(c, job, spec);
	job->job_id = spec->job_id;
	const struct job *other = job_by_id(c, job->job_id);
	if (!other || other->serial <= job->serial)
		map_put(&c->jobs_by_id, job->job_id, job);
}

static void load_state(struct cluster *c, const void *record)
{
	const struct job_state *state = record;
	struct job *job = loaded_job(c, state->serial);
	c->jobs_in[job->state.state]--;
	schema_free(schema_of_job_state(), &job->state);
	schema_copy(schema_of_job_state(), &job->state, state, NULL);
	c->jobs_in[job->state.state]++;
}

static void load_step(struct cluster *c, const void *record)
{
	const struct step_record *r = record;
	struct job *job = loaded_job(c, r->serial);
	struct step *step = step_by_id(job, r->step_id);
	if (step)
		step_free(c, step);
	step = xcalloc(1, sizeof(*step));
	step->job = job;
	schema_copy(schema_of_step_record(), &step->record, r, NULL);
	list_init(&step->in_job);
	list_init(&step->in_step_queue);
	struct list *at = job->steps.prev;
	while (at != &job->steps && list_entry(at, struct step, in_job)->record.launch > r->launch)
		at = at->prev;
	list_prepend(at, &step->in_job);
	map_put(&c->steps_by_launch, r->launch, step);
}

static void take_node_state(struct node *node, const struct node_state *state)
{
	schema_free(schema_of_node_state(), &node->state);
	schema_copy(schema_of_node_state(), &node->state, state, NULL);
	/* FUTURE is the configuration's word, until an administrator or a slurmd has made it a node. */
	if (node->conf->state == CONF_NODE_FUTURE && !node->state.left_future)
		node->state.base = NODE_FUTURE;
	else if (node->conf->state != CONF_NODE_FUTURE && node->state.base == NODE_FUTURE)
		node->state.base = NODE_UNKNOWN;
}

static void load_node(struct cluster *c, const void *record)
{
	const struct node_state *state = record;
	struct node *node = node_by_name(c, state->name);
	if (node) {
		take_node_state(node, state);
		return;
	}
	/* Of a node that was made and whose row comes later, or that the configuration no longer has. */
	c->strays = xgrow(c->strays, &c->stray_cap, c->stray_count + 1, sizeof(*c->strays));
	schema_copy(schema_of_node_state(), &c->strays[c->stray_count++], state, NULL);
}

static void load_node_made(struct cluster *c, const void *record)
{
	node_made_load(c, record);
}

static void load_node_unmade(struct cluster *c, const void *record)
{
	node_made_forget(c, ((const struct node_unmade *)record)->name);
}

static void load_step_gone(struct cluster *c, const void *record)
{
	const struct step_gone *gone = record;
	struct job *job = job_by_serial(c, gone->serial);
	struct step *step = job ? step_by_id(job, gone->step_id) : NULL;
	if (step)
		step_free(c, step);
}

static void load_job_gone(struct cluster *c, const void *record)
{
	struct job *job = job_by_serial(c, ((const struct job_gone *)record)->serial);
	if (job)
		job_free(c, job);
}

static void load_part(struct cluster *c, const void *record)
{
	part_edit_load(c, record);
}

static void load_part_gone(struct cluster *c, const void *record)
{
	part_edit_forget(c, ((const struct part_gone *)record)->name);
}

static void load_nothing(struct cluster *c, const void *record)
{
	(void)c;
	(void)record;
}

static const struct load_row {
	const struct schema *(*schema)(void);
	void (*load)(struct cluster *c, const void *record);
} load_rows[] = {
        {schema_of_meta, load_meta},
        {schema_of_job_spec, load_spec},
        {schema_of_job_state, load_state},
        {schema_of_step_record, load_step},
        {schema_of_node_state, load_node},
        {schema_of_step_gone, load_step_gone},
        {schema_of_job_gone, load_job_gone},
        {schema_of_node_gone, load_nothing},
        {schema_of_history_job, load_nothing},
        {schema_of_part_record, load_part},
        {schema_of_part_gone, load_part_gone},
        {schema_of_node_made, load_node_made},
        {schema_of_node_unmade, load_node_unmade},
};

int cluster_load(struct cluster *c, const struct schema *schema, const void *record, struct err *err)
{
	for (size_t i = 0; i < sizeof(load_rows) / sizeof(load_rows[0]); i++) {
		if (load_rows[i].schema() == schema) {
			load_rows[i].load(c, record);
			return 0;
		}
	}
	return err_set(err, ERR_CORRUPT, "a stored record of kind %s, which is never stored", schema->name);
}

/* ---- a job's place ---- */

/* Shares on nodes that are gone are released: nothing will be reported from there. */
static void settle_shares(struct cluster *c, struct job *job, const struct notes *notes)
{
	shares_take(c, job, true);
	for (uint32_t i = 0; job->shares && i < job->state.nodes.n; i++) {
		struct share *share = &job->shares[i];
		if (share->node || share_record(share)->phase == ALLOC_RELEASED)
			continue;
		notes_add(notes, "job %u had node %s, which the configuration no longer has", job->job_id,
		          share_record(share)->node);
		job_lose_node(c, share);
	}
}

static void settle_part(struct cluster *c, struct job *job, const struct notes *notes)
{
	const bool started = job->state.state != JOB_PENDING && job->state.partition;
	const char *name = started ? job->state.partition : job->spec.partition;
	job->part = started ? part_by_name(c, name) : name ? part_first_asked(c, &job->spec) : NULL;
	if (!job->part && !job_is_done(job))
		notes_add(notes, "job %u is of partition %s, which the configuration no longer has: %s",
		          job->job_id, name ? name : "(none)",
		          job->state.state == JOB_PENDING ? "it waits" : "it goes on");
}

/* priority/basic counts down from the lowest that it gave. */
static void settle_priority(struct cluster *c, const struct job *job)
{
	int64_t given = (int64_t)job->state.priority + job->spec.nice;
	if (job->spec.priority == CORE_NO_VAL && given > 1 && given <= UINT32_MAX &&
	    (c->lowest_priority == 0 || given < c->lowest_priority))
		c->lowest_priority = (uint32_t)given;
}

void job_settle(struct cluster *c, struct job *job, const struct notes *notes)
{
	settle_part(c, job, notes);
	settle_shares(c, job, notes);
	settle_priority(c, job);
	licenses_settle(c, job, true);
	if (job->state.state == JOB_PENDING)
		queue_settle(c, job);
	if (job_is_active(job))
		job_set_limit(c, job);
	hook_actions(c, job); /* also what ran when the controller ended */
	list_each (it, &job->steps)
		step_set_limit(c, list_entry(it, struct step, in_job));
	if (job_is_done(job))
		job_set_purge(c, job);
}

/* ---- starting ---- */

/* A job of which only one row came back is of no use to anybody; its number stays taken. */
static bool is_whole(const struct job *job)
{
	return job->spec.who && job->spec.serial == job->serial && job->state.serial == job->serial;
}

/* Numbers that were given out stay given out, even if the row that counts them is older than those that have
 * them. */
static void next_numbers(struct cluster *c)
{
	const struct job *newest = NULL;
	list_each (it, &c->jobs) {
		const struct job *job = list_entry(it, struct job, in_all);
		if (job->serial >= c->meta.next_serial) {
			c->meta.next_serial = job->serial + 1;
			newest = job;
		}
		list_each (st, &job->steps) {
			const struct step *step = list_entry(st, struct step, in_job);
			if (step->record.launch >= c->meta.next_launch)
				c->meta.next_launch = step->record.launch + 1;
		}
	}
	if (newest && newest->job_id >= c->meta.next_job_id)
		c->meta.next_job_id = newest->job_id + 1;
}

static void start_meta(struct cluster *c, const uint8_t instance[16])
{
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
}

static void settle_strays(struct cluster *c, const struct notes *notes)
{
	for (size_t i = 0; i < c->stray_count; i++) {
		struct node_state *stray = &c->strays[i];
		struct node *node = node_by_name(c, stray->name);
		if (node) {
			take_node_state(node, stray);
		} else {
			notes_add(notes, "the configuration no longer has node %s", stray->name);
			emit_node_gone(c, stray->name);
		}
		schema_free(schema_of_node_state(), stray);
	}
	free(c->strays);
	c->strays = NULL;
	c->stray_count = c->stray_cap = 0;
}

static void swap_conf(struct cluster *c, const struct cluster_conf *conf, struct arena *old_arena);

/* What was made and set at run time comes back, or is forgotten, before jobs find their places. */
static void take_edits(struct cluster *c, const struct notes *notes)
{
	struct arena arena, old_arena;
	arena_init(&arena);
	if (!list_empty(&c->nodes_made) || !list_empty(&c->part_edits)) {
		swap_conf(c, part_edits_apply(c, nodes_made_apply(c, c->conf, &arena), &arena), &old_arena);
		arena_free(&old_arena);
	}
	settle_strays(c, notes);
	node_edits_apply(c, c->conf->keep_node_edits);
	arena_free(&arena);
}

void cluster_start(struct cluster *c, core_time now, const uint8_t instance[16],
                   void (*note)(void *ctx, const char *text), void *ctx)
{
	const struct notes notes = {note, ctx};
	c->now = now;
	start_meta(c, instance);
	take_edits(c, &notes);
	for (size_t i = 0; i < c->node_count; i++) {
		struct node_state *state = &c->nodes[i]->state;
		if (state->reason && state->reason_uid != CORE_NO_VAL && state->reason_time == 0)
			state->reason_time = now;
		c->nodes[i]->last_heard = now;
		node_arm_down(c, c->nodes[i]);
	}
	list_each_safe (it, tmp, &c->jobs) {
		struct job *job = list_entry(it, struct job, in_all);
		if (!is_whole(job)) {
			notes_add(&notes, "half a job with serial %llu is dropped",
			          (unsigned long long)job->serial);
			emit_job_gone(c, job);
			job_free(c, job);
			continue;
		}
		job->last_heard = now;
		array_join(c, job);
	}
	arrays_mend(c);
	list_each (it, &c->jobs)
		depend_join(c, list_entry(it, struct job, in_all));
	list_each_safe (it, tmp, &c->jobs)
		job_settle(c, list_entry(it, struct job, in_all), &notes);
	priorities_weigh(c);
	cluster_nodes_changed(c);
}

/* ---- another configuration ---- */

static void take_over_node(struct cluster *c, struct node *old)
{
	struct node *node = node_by_name(c, old->conf->name);
	shares_leave(old);
	if (!node) {
		emit_node_gone(c, old->conf->name);
		return;
	}
	bool was_future = old->state.base == NODE_FUTURE,
	     is_future = node->state.base == NODE_FUTURE && !old->state.left_future;
	schema_free(schema_of_node_state(), &node->state);
	node->state = old->state;
	schema_init(schema_of_node_state(), &old->state);
	node->connected = old->connected;
	node->waited_for = old->waited_for;
	node->last_heard = old->last_heard;
	node->cpu_load = old->cpu_load;
	node->free_mem = old->free_mem;
	list_each_safe (it, tmp, &old->leaving) {
		list_remove(it);
		list_append(&node->leaving, it);
	}
	if (was_future != is_future)
		node->state.base = is_future ? NODE_FUTURE : node->connected ? NODE_IDLE : NODE_UNKNOWN;
	uint32_t flags = node->state.flags;
	char *reason = xstrdup(node->state.reason);
	if (node->connected)
		node_check_hardware(c, node);
	if (was_future != is_future || flags != node->state.flags || !text_eq(reason, node->state.reason))
		emit_node(c, node);
	free(reason);
}

/* Nodes, which keep their states, and partitions as another configuration has them, of which c gets a copy.
 * The old one's memory is the caller's to free, once nothing points there. */
static void swap_conf(struct cluster *c, const struct cluster_conf *conf, struct arena *old_arena)
{
	struct node **old_nodes = c->nodes, *old_block = c->node_block;
	size_t old_count = c->node_count;
	*old_arena = c->conf_arena;
	map_free(&c->nodes_by_name);
	parts_free(c);
	arena_init(&c->conf_arena);
	c->conf = cluster_conf_copy(conf, &c->conf_arena);
	cluster_make_nodes(c);
	parts_make(c);
	licenses_make(c);
	for (size_t i = 0; i < old_count; i++)
		take_over_node(c, old_nodes[i]);
	cluster_free_nodes(old_nodes, old_block, old_count);
}

void cluster_take_conf(struct cluster *c, const struct cluster_conf *conf, const struct notes *notes)
{
	struct arena old_arena;
	/* The queue's classes hang on partitions. */
	list_each (it, &c->jobs)
		queue_remove(c, list_entry(it, struct job, in_all));
	swap_conf(c, conf, &old_arena);
	list_each (it, &c->jobs)
		shares_free(list_entry(it, struct job, in_all));
	list_each_safe (it, tmp, &c->jobs)
		job_settle(c, list_entry(it, struct job, in_all), notes);
	for (size_t i = 0; i < c->node_count; i++) {
		struct node *node = c->nodes[i];
		if (node->last_heard == 0)
			node->last_heard = c->now; /* a new one has time to come */
		if (node->connected)
			continue;
		if (node->waited_for)
			node_wait_for(c, node);
		node_arm_down(c, node);
	}
	arena_free(&old_arena);
	priorities_weigh(c);
	cluster_nodes_changed(c);
}

void cluster_reconfigure(struct cluster *c, const struct cluster_conf *conf, core_time now,
                         void (*note)(void *ctx, const char *text), void *ctx)
{
	const struct notes notes = {note, ctx};
	struct arena arena;
	c->now = now;
	arena_init(&arena);
	cluster_take_conf(c, part_edits_apply(c, nodes_made_apply(c, conf, &arena), &arena), &notes);
	node_edits_apply(c, c->conf->keep_node_edits);
	arena_free(&arena);
}
