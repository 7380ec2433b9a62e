/* The plan: when those that wait will start, and on what. */
#pragma once
#include "core/cluster.h"

struct job_class;
struct select_ask;

struct planned {
	struct job *job;
	uint32_t rank;        /* its place in the plan: who is before it */
	struct part *part;    /* where it will start */
	core_time start, end; /* by its limit, which may be less than it asks for (--time-min) */
	struct node_alloc_list nodes;
	struct plan_share *shares; /* beside nodes */
};
struct plan_share {
	struct list on_node;
	const struct planned *of;
	uint32_t index; /* in of->nodes */
};
struct plan_room {
	core_time from; /* before that all cores of the node are busy */
	uint32_t node;  /* by index */
};
/* The waiting jobs of the highest priority, in their order, each with the earliest start that those before it
 * leave. A start on any path takes nothing that somebody before it will have by then. */
struct plan {
	struct planned **v;
	size_t n, cap;
	core_time *times; /* when something ends, ascending: the only times at which a start can become
	                     possible */
	size_t time_count, time_cap;
	bool times_known;
	struct plan_room *rooms; /* as of then: the nodes, as they will have room but for the plan */
	size_t room_count, room_cap;
	core_time *not_before; /* in a search for one job: select_ask.not_before */
	size_t not_before_cap;
	bool broken;                  /* what it relied on takes longer */
	bool may_grow;                /* in this pass */
	uint64_t nodes_version, room; /* the cluster's when it was begun */
	core_time rest_until, retry_at;
	size_t slice; /* nodes looked at in this pass */
};
/* Before a pass: what can't be kept is forgotten. */
void plan_begin(struct cluster *c);
void plan_doubt(struct cluster *c); /* something that it relied on may take longer */
void plan_free(struct cluster *c);
/* The entry at that rank is the job's, and its time has not passed. */
bool plan_has(const struct cluster *c, size_t rank, const struct job *job);
enum plan_answer {
	PLAN_ADDED,
	PLAN_UNKNOWN, /* what it waits for has no limit, or the window ends before */
	PLAN_FULL,    /* nothing is added any more: those behind it must wait */
};
/* Does it fit at that time, which is ask->from? With as much of its limit as there is room for, but not less
 * than its --time-min: *minutes. out may be NULL. */
bool plan_fits(struct cluster *c, struct select_ask *ask, uint32_t *minutes, struct node_alloc_list *out);
/* sbatch(1), --time-min: of that limit the least that will do. */
uint32_t plan_least_limit(const struct job_spec *spec, uint32_t limit);
/* Finds the earliest start for the job, which is of that class, after `rank` others and not before `from`,
 * and enters it there; who had that rank, and all behind, are forgotten. */
enum plan_answer plan_add(struct cluster *c, const struct job_class *class, struct job *job, size_t rank,
                          core_time from);
/* The job (or a task of it) is about to start: where it has that rank, it is taken out. */
void plan_take(struct cluster *c, size_t rank, const struct job *job);
/* It was started: those of that rank and behind that it is in the way of are forgotten. */
void plan_started(struct cluster *c, size_t rank, const struct job *started);
/* When and where such a job would start, if it came now. */
void plan_outlook(struct cluster *c, const struct job_spec *spec, struct part *part, struct job_outlook *out);
/* NULL: nobody has that rank. */
const struct planned *plan_at(const struct cluster *c, size_t rank);
/* Those from that rank on are forgotten. */
void plan_cut(struct cluster *c, size_t rank);
