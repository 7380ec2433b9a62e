/* Every change of a record leaves the core here, and states change in one place, against tables of allowed
 * moves. */
#include "core/cluster_priv.h"

#include <assert.h>

/* ---- allowed moves ---- */

#define TO(state) (1u << JOB_##state)
#define ENDS                                                                                                 \
	(TO(COMPLETED) | TO(CANCELLED) | TO(FAILED) | TO(TIMEOUT) | TO(NODE_FAIL) | TO(PREEMPTED) |          \
	 TO(BOOT_FAIL) | TO(DEADLINE) | TO(OUT_OF_MEMORY))

/* From each base state: where it may go. An ended job may only be requeued. */
static const uint32_t job_moves[JOB_STATE_COUNT] = {
        [JOB_PENDING] = TO(RUNNING) | ENDS,
        [JOB_RUNNING] = TO(SUSPENDED) | TO(PENDING) | ENDS,
        [JOB_SUSPENDED] = TO(RUNNING) | TO(PENDING) | ENDS,
        [JOB_COMPLETED] = TO(PENDING),
        [JOB_CANCELLED] = TO(PENDING),
        [JOB_FAILED] = TO(PENDING),
        [JOB_TIMEOUT] = TO(PENDING),
        [JOB_NODE_FAIL] = TO(PENDING),
        [JOB_PREEMPTED] = TO(PENDING),
        [JOB_BOOT_FAIL] = TO(PENDING),
        [JOB_DEADLINE] = TO(PENDING),
        [JOB_OUT_OF_MEMORY] = TO(PENDING),
};

/* A step waits, runs, ends. */
static const uint32_t step_moves[JOB_STATE_COUNT] = {
        [JOB_PENDING] = TO(RUNNING),
        [JOB_RUNNING] = ENDS,
};

/* What is stored of a node's state: FUTURE and back only by another configuration. */
static const uint32_t node_moves[] = {
        [NODE_UNKNOWN] = 1u << NODE_IDLE | 1u << NODE_DOWN | 1u << NODE_FUTURE,
        [NODE_DOWN] = 1u << NODE_IDLE | 1u << NODE_DOWN | 1u << NODE_FUTURE,
        [NODE_IDLE] = 1u << NODE_DOWN | 1u << NODE_FUTURE,
        [NODE_ALLOCATED] = 0,
        [NODE_ERROR] = 0,
        [NODE_MIXED] = 0,
        [NODE_FUTURE] = 1u << NODE_IDLE | 1u << NODE_DOWN | 1u << NODE_FUTURE,
};

void job_move(struct cluster *c, struct job *job, enum job_base_state to)
{
	assert(job->state.state < JOB_STATE_COUNT && (job_moves[job->state.state] & (1u << to)));
	bool was_active = job_is_active(job);
	c->jobs_in[job->state.state]--;
	c->jobs_in[to]++;
	job->state.state = to;
	if (was_active && !job_is_active(job))
		plan_end_moved(c, job);
	array_count_move(c, job, was_active, to == JOB_RUNNING || to == JOB_SUSPENDED);
}

void alloc_move(struct node_alloc *share, enum alloc_phase to)
{
	assert(share->phase < (uint32_t)to);
	share->phase = to;
}

void step_move(struct step *step, enum job_base_state to)
{
	assert(step->record.state < JOB_STATE_COUNT && (step_moves[step->record.state] & (1u << to)));
	step->record.state = to;
}

void step_node_move(struct step_node *share, enum step_phase to)
{
	assert(share->phase < (uint32_t)to);
	share->phase = to;
}

void node_move(struct node *node, enum node_base_state to)
{
	assert(node->state.base < sizeof(node_moves) / sizeof(node_moves[0]) &&
	       (node_moves[node->state.base] & (1u << to)));
	node->state.base = to;
}

/* ---- changes and actions ---- */

static void change(struct cluster *c, const struct schema *schema, const void *record)
{
	if (c->sink.change)
		c->sink.change(c->sink.ctx, schema, record);
}

void emit_meta(struct cluster *c)
{
	change(c, schema_of_meta(), &c->meta);
}

void emit_job_spec(struct cluster *c, const struct job *job)
{
	change(c, schema_of_job_spec(), &job->spec);
}

void emit_job_state(struct cluster *c, struct job *job)
{
	list_remove(&job->in_unsaved);
	change(c, schema_of_job_state(), &job->state);
}

void emit_job_state_later(struct cluster *c, struct job *job)
{
	list_remove(&job->in_unsaved);
	list_append(&c->unsaved, &job->in_unsaved);
}

void emit_unsaved(struct cluster *c)
{
	while (!list_empty(&c->unsaved))
		emit_job_state(c, list_entry(c->unsaved.next, struct job, in_unsaved));
}

void emit_step(struct cluster *c, const struct step *step)
{
	change(c, schema_of_step_record(), &step->record);
}

void emit_node(struct cluster *c, const struct node *node)
{
	change(c, schema_of_node_state(), &node->state);
}

void emit_node_gone(struct cluster *c, const char *name)
{
	const struct node_gone gone = {.name = (char *)(uintptr_t)name};
	change(c, schema_of_node_gone(), &gone);
}

void emit_node_made(struct cluster *c, const struct node_made *record)
{
	change(c, schema_of_node_made(), record);
}

void emit_node_unmade(struct cluster *c, const char *name)
{
	const struct node_unmade unmade = {.name = (char *)(uintptr_t)name};
	change(c, schema_of_node_unmade(), &unmade);
}

void emit_part(struct cluster *c, const struct part_record *record)
{
	change(c, schema_of_part_record(), record);
}

void emit_part_gone(struct cluster *c, const char *name)
{
	const struct part_gone gone = {.name = (char *)(uintptr_t)name};
	change(c, schema_of_part_gone(), &gone);
}

static struct job_amounts amounts(const struct tres *t)
{
	return (struct job_amounts){.cpus = t->v[TRES_CPU],
	                            .mem = t->v[TRES_MEM],
	                            .nodes = t->v[TRES_NODE],
	                            .billing = t->v[TRES_BILLING]};
}

void job_amounts_of(const struct cluster *c, const struct job *job, struct job_amounts *asked,
                    struct job_amounts *had)
{
	const struct tres wanted = job_tres_asked(c, job), has = job_tres(c, job);
	*asked = amounts(&wanted);
	*had = amounts(&has);
}

void emit_history(struct cluster *c, const struct job *job)
{
	struct job_amounts asked, had;
	size_t n = 0;
	job_amounts_of(c, job, &asked, &had);
	struct history_job h = {.serial = job->serial,
	                        .spec = (struct job_spec *)(uintptr_t)&job->spec,
	                        .state = (struct job_state *)(uintptr_t)&job->state,
	                        .asked = &asked,
	                        .had = job->state.nodes.n ? &had : NULL};
	list_each (it, &job->steps)
		n++;
	struct step_record *steps = xcalloc(n + 1, sizeof(*steps));
	list_each (it, &job->steps)
		steps[h.steps.n++] = list_entry(it, struct step, in_job)->record;
	h.steps.v = steps;
	change(c, schema_of_history_job(), &h);
	free(steps);
}

void emit_step_gone(struct cluster *c, const struct step *step)
{
	const struct step_gone gone = {.serial = step->record.serial, .step_id = step->record.step_id};
	change(c, schema_of_step_gone(), &gone);
}

void emit_job_gone(struct cluster *c, const struct job *job)
{
	const struct job_gone gone = {.serial = job->serial};
	list_each (it, &job->steps)
		emit_step_gone(c, list_entry(it, struct step, in_job));
	change(c, schema_of_job_gone(), &gone);
}

void emit_action(struct cluster *c, const struct action *action)
{
	if (c->sink.action)
		c->sink.action(c->sink.ctx, action);
}
