/* Every change of a record leaves the core here, and base states change in one place, against a table of
 * allowed moves. */
#include "core/cluster_priv.h"

#include <assert.h>

#define TO(state) (1u << JOB_##state)
#define ENDS                                                                                                 \
	(TO(COMPLETED) | TO(CANCELLED) | TO(FAILED) | TO(TIMEOUT) | TO(NODE_FAIL) | TO(PREEMPTED) |          \
	 TO(BOOT_FAIL) | TO(DEADLINE) | TO(OUT_OF_MEMORY))

/* From each base state: where it may go. An ended job may only be requeued. */
static const uint32_t moves[JOB_STATE_COUNT] = {
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

void job_move(struct job *job, enum job_base_state to)
{
	assert(job->state.state < JOB_STATE_COUNT && (moves[job->state.state] & (1u << to)));
	job->state.state = to;
}

static void change(struct cluster *c, const struct schema *schema, const void *record)
{
	if (c->sink.change)
		c->sink.change(c->sink.ctx, schema, record);
}

void emit_meta(struct cluster *c)
{
	change(c, schema_of_meta(), &c->meta);
}

void emit_job_spec(struct cluster *c, struct job *job)
{
	change(c, schema_of_job_spec(), &job->spec);
}

void emit_job_state(struct cluster *c, struct job *job)
{
	change(c, schema_of_job_state(), &job->state);
}

void emit_step(struct cluster *c, struct step *step)
{
	change(c, schema_of_step_record(), &step->record);
}

void emit_node(struct cluster *c, struct node *node)
{
	change(c, schema_of_node_state(), &node->state);
}

void emit_history(struct cluster *c, struct job *job)
{
	size_t n = 0;
	struct step_record *steps;
	struct history_job h = {.serial = job->serial, .spec = &job->spec, .state = &job->state};
	list_each (it, &job->steps)
		n++;
	steps = xcalloc(n + 1, sizeof(*steps));
	list_each (it, &job->steps)
		steps[h.steps.n++] = list_entry(it, struct step, in_job)->record;
	h.steps.v = steps;
	change(c, schema_of_history_job(), &h);
	free(steps);
}

void emit_job_gone(struct cluster *c, struct job *job)
{
	const struct job_gone gone = {.serial = job->serial};
	list_each (it, &job->steps) {
		const struct step_gone step = {.serial = job->serial,
		                               .step_id =
		                                       list_entry(it, struct step, in_job)->record.step_id};
		change(c, schema_of_step_gone(), &step);
	}
	change(c, schema_of_job_gone(), &gone);
}

void emit_action(struct cluster *c, const struct action *action)
{
	if (c->sink.action)
		c->sink.action(c->sink.ctx, action);
}
