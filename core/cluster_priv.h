/* What the core's files share. Nothing outside core/ includes it. */
#pragma once
#include "core/bits.h"
#include "core/cluster.h"
#include "core/due.h"
#include "core/util/arena.h"
#include "core/util/map.h"

#include <stdlib.h>

struct cluster {
	struct arena conf_arena;
	struct cluster_conf *conf;
	struct core_sink sink;
	struct meta meta;
	struct node **nodes;
	size_t node_count;
	struct part **parts;
	size_t part_count;
	struct map nodes_by_name, parts_by_name;
	struct map jobs_by_serial, jobs_by_id, steps_by_launch;
	struct list jobs;  /* by serial */
	struct list queue; /* pending, by priority and then order */
	struct due_heap due;
	struct sched_stats stats;

	core_time now;
	bool started;
	bool sched_wanted; /* something changed that may let a job start */
	uint64_t next_order;
	uint32_t lowest_priority;
};

/* ---- emit.c: every change of a record leaves the core here ---- */
void emit_meta(struct cluster *c);
void emit_job_spec(struct cluster *c, struct job *job);
void emit_job_state(struct cluster *c, struct job *job);
void emit_step(struct cluster *c, struct step *step);
void emit_node(struct cluster *c, struct node *node);
void emit_history(struct cluster *c, struct job *job);
void emit_job_gone(struct cluster *c, struct job *job);
void emit_action(struct cluster *c, const struct action *action);
/* The only way a job's base state changes: checks the table of allowed moves. */
void job_move(struct job *job, enum job_base_state to);

/* ---- queue.c: the order of pending jobs ---- */
void queue_add(struct cluster *c, struct job *job);
void queue_remove(struct job *job);
bool job_is_eligible(const struct cluster *c, const struct job *job);

/* ---- job.c ---- */
struct job *job_alloc(struct cluster *c);
void job_free(struct cluster *c, struct job *job);
void job_index(struct cluster *c, struct job *job); /* into the cluster's maps and lists */
void job_start(struct cluster *c, struct job *job, struct node_alloc_list *nodes);
/* Ends a job that has an allocation: state, reason and actions. `text` as in struct action. */
void job_end_allocated(struct cluster *c, struct job *job, enum job_base_state state, enum job_reason reason,
                       uint32_t status, const char *text, uint32_t kill_wait_s);
/* Its share of one node comes back. The last one completes the end (or the requeue). */
void job_release_node(struct cluster *c, struct job *job, struct node_alloc *share);
void job_end_pending(struct cluster *c, struct job *job, enum job_base_state state, enum job_reason reason);
void job_finished(struct cluster *c, struct job *job);
void job_set_limit_due(struct cluster *c, struct job *job);
void job_requeue_after(struct cluster *c, struct job *job, bool hold, const char *text);
struct node_alloc *job_share_on(struct job *job, const char *node);
uint32_t job_time_limit(const struct job *job);

/* ---- select.c ---- */
enum select_answer {
	SELECT_OK,
	SELECT_BUSY,        /* it fits when others end */
	SELECT_UNAVAILABLE, /* the nodes that it needs are down or drained */
	SELECT_NEVER,       /* not with this configuration */
};
struct select_ask {
	const struct part *part;
	const struct job_spec *spec;
	bool ignore_use;   /* as if every node were free */
	bool ignore_state; /* and up */
};
/* Finds nodes and cores for a job. With SELECT_OK, *out is filled (malloc'ed members; out may be NULL).
 * Changes nothing. */
enum select_answer select_job(const struct cluster *c, const struct select_ask *ask,
                              struct node_alloc_list *out);
void node_alloc_list_free(struct node_alloc_list *list);
/* What one node would have to give at least; for the refusals of a submit. 0, or the error of what no node
 * has. */
int select_check_node(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                      struct err *err);
bool node_is_usable(const struct node *node); /* may something be started there? */

/* ---- node.c ---- */
struct node *node_new(struct cluster *c, const struct core_node_conf *conf, uint32_t index);
void node_free(struct node *node);
void node_take(struct node *node, const struct node_alloc *share);
void node_give_back(struct cluster *c, struct node *node, const struct node_alloc *share, bool was_ending);
void node_set_down(struct cluster *c, struct node *node, const char *reason, uint32_t uid);
void node_arm_down(struct cluster *c, struct node *node);

/* ---- step.c ---- */
struct step *step_new(struct cluster *c, struct job *job, uint32_t step_id);
void step_free(struct cluster *c, struct step *step);
void step_start_batch(struct cluster *c, struct job *job);
void step_queue_run(struct cluster *c, struct job *job);
/* The step is over on all of its nodes, or its job is. */
void step_end(struct cluster *c, struct step *step, enum job_base_state state, uint32_t status);
struct step_node *step_share_on(struct step *step, const char *node);
bool step_is_running(const struct step *step);

/* ---- sched.c, job_reason.c ---- */
void sched_pass(struct cluster *c);
void due_run(struct cluster *c);
