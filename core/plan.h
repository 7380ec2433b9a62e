/* The plan: when those that wait will start, and on what. */
#pragma once
#include "core/cluster.h"
#include "core/view.h"

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
/* The waiting jobs of the highest priority, in their order, each with a start that those before it leave. A
 * start on any path takes nothing that somebody before it will have by then.
 *
 * No two places are in each other's way, whatever else happens to the plan: a place that is in the way of a
 * new one before it is forgotten, and so are all when something takes longer than they relied on. When
 * something becomes free, or a place is given up, places may be found that are earlier: they are looked for
 * in order, from the first one on (a run), as far as time allows, and until then the ones that there are
 * hold.
 */
struct plan {
	struct planned **v;
	size_t n, cap;
	size_t sure;      /* so many of the first have the earliest place, as of this run */
	uint64_t run;     /* its number, from 1 */
	bool again;       /* another one is due after it */
	core_time *times; /* when something ends, ascending: the only times at which a start can become
	                     possible */
	size_t time_count, time_cap;
	size_t stale;   /* ends that have come or gone meanwhile */
	core_time soon; /* one of the times that stands for what is ending now; 0: none does */
	bool times_known;
	struct plan_room *rooms; /* the nodes, as they will have room but for the plan; ascending */
	size_t room_count, room_cap;
	uint32_t *moved; /* nodes that are to be put in another place there */
	size_t moved_count, moved_cap;
	core_time *not_before; /* in a search for one job: select_ask.not_before */
	size_t not_before_cap;
	struct node_view view;
	bool broken;                  /* what it relied on takes longer */
	unsigned put_off;             /* how often its turn was */
	bool turn;                    /* this pass is for planning */
	bool denied;                  /* there was no time in it for a search */
	uint64_t nodes_version, room; /* the cluster's when the run began */
	core_time rest_until, retry_at;
	size_t slice, slice_max; /* nodes looked at in this pass, and how many may be */
	size_t search;           /* in the last search */
	uint64_t searches;       /* ever */
};
/* Before a pass: what can't be kept is forgotten. */
void plan_begin(struct cluster *c);
/* After it, in which so many have a place. full: others were not looked at. */
void plan_end(struct cluster *c, size_t rank, bool full);
/* There was no time in the last pass for all that was to be looked for: it goes on in another. */
bool plan_is_due(const struct cluster *c);
/* The time for planning has come: the next pass is for it, unless something else has happened. */
void plan_turn(struct cluster *c);
void plan_doubt(struct cluster *c); /* something that it relied on may take longer */
void plan_free(struct cluster *c);
enum plan_answer {
	PLAN_ADDED,   /* it has a place, as before or a new one */
	PLAN_UNKNOWN, /* what it waits for has no limit, or the window ends before */
	PLAN_FULL,    /* nothing is added any more: those behind it must wait */
};
/* Gives the job, which is of that class, a place after `rank` others, at its earliest start but not before
 * `from`; or leaves it the one that it has. Who is in its way there is forgotten. */
enum plan_answer plan_add(struct cluster *c, struct job_class *class, struct job *job, size_t rank,
                          core_time from);
/* The job (or a task of it) is about to start: its (next) place is given up. */
void plan_take(struct cluster *c, const struct job *job);
/* It was started: those of that rank and behind that it is in the way of are forgotten. */
void plan_started(struct cluster *c, size_t rank, const struct job *started);
/* It doesn't wait any more: all of its places are given up. */
void plan_forget(struct cluster *c, const struct job *job);
/* NULL: nobody has that rank. */
const struct planned *plan_at(const struct cluster *c, size_t rank);
/* Those from that rank on are forgotten. */
void plan_cut(struct cluster *c, size_t rank);

/* ---- plan_search.c ---- */
/* The earliest start of such a job in any of these partitions, after `rank` others and not before `from`:
 * *best gets part, start, end and nodes. False: none is known. */
bool plan_find(struct cluster *c, struct part *const *parts, uint32_t n, const struct job_spec *spec,
               size_t rank, core_time from, struct planned *best);
/* Does it fit at that time, which is ask->from? With as much of its limit as there is room for, but not less
 * than its --time-min: *minutes. out may be NULL. */
bool plan_fits(struct cluster *c, struct select_ask *ask, uint32_t *minutes, struct node_alloc_list *out);
/* sbatch(1), --time-min: of that limit the least that will do. */
uint32_t plan_least_limit(const struct job_spec *spec, uint32_t limit);
/* When and where such a job would start, if it came now. */
void plan_outlook(struct cluster *c, const struct job_spec *spec, struct part *part, struct job_outlook *out);

/* ---- plan_times.c ---- */
/* Times and rooms are as things are now. */
void plan_know_times(struct cluster *c);
/* Something will end then that is new. */
void plan_note_time(struct cluster *c, core_time at);
/* What runs on the node, or until when, has changed. */
void plan_room_moved(struct cluster *c, struct node *node);
/* The job, which was running, will give back what it has at another time. */
void plan_end_moved(struct cluster *c, const struct job *job);
/* The index of the first of the times after that one. */
size_t plan_time_after(const struct plan *p, core_time at);
