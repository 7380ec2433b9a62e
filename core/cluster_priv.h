/* What the core's files share. Nothing outside core/ includes it. */
#pragma once
#include "core/bits.h"
#include "core/cluster.h"
#include "core/constraint.h"
#include "core/due.h"
#include "core/license.h"
#include "core/plan.h"
#include "core/priority.h"
#include "core/taskset.h"
#include "core/util/arena.h"
#include "core/util/map.h"
#include "core/util/slab.h"
#include "core/view.h"

#include <stdlib.h>

#define CORE_SIGTERM 15
#define CORE_SIGCONT 18
#define CORE_SIGSTOP 19

/* Notes about differences that had to be resolved. */
struct notes {
	void (*say)(void *ctx, const char *text);
	void *ctx;
};

struct cluster {
	struct arena conf_arena;
	struct cluster_conf *conf;
	struct core_sink sink;
	struct meta meta;
	struct node **nodes;
	struct node *node_block;      /* they lie side by side, as selection goes through all of them */
	struct core_bits *nodes_open; /* by index: those that have an idle core */
	size_t node_count;
	struct select_scratch *scratch;
	struct part **parts;
	size_t part_count;
	struct map nodes_by_name, parts_by_name;
	struct license *licenses;
	size_t license_count;
	struct list license_holds; /* struct license_hold: running jobs that have some */
	struct map jobs_by_serial, jobs_by_id, steps_by_launch;
	struct list jobs;                  /* by serial */
	struct slab job_slab;              /* struct job, ... */
	struct slabs spec_slabs;           /* ... and what their specs own */
	uint32_t jobs_in[JOB_STATE_COUNT]; /* how many are in each base state */
	struct list classes;               /* struct job_class: what waits */
	struct map classes_by_need;
	size_t class_count, queue_length;
	struct map arrays_by_id; /* struct job_array */
	bool arrays_unsettled;   /* one of them has become full in this pass */
	uint64_t array_tasks;    /* tasks that are not jobs of their own yet */
	struct map waits;        /* struct depend_link by what they wait for */
	struct list to_look;     /* jobs whose dependencies are to be looked at */
	struct due_heap due;
	struct plan plan;
	struct list unsaved; /* jobs of whose nodes some are back, which was not emitted yet */
	struct sched_stats stats;

	struct list part_edits;    /* struct part_edit: partitions set at run time */
	struct list nodes_made;    /* struct node_made_entry: nodes that slurm.conf doesn't have */
	struct node_state *strays; /* loaded before their nodes, or of nodes that are gone */
	size_t stray_count, stray_cap;

	core_time now;
	bool sched_wanted; /* something changed that may let a job start */
	uint64_t room; /* raised by whatever may let a job start that couldn't: refusals of before are void */
	uint64_t nodes_version; /* raised when nodes change in what they could give at all */
	uint32_t lowest_priority;
	/* What factors of priorities are fractions of: all nodes, and the largest PriorityJobFactor. */
	struct tres all_tres;
	uint32_t job_factor_max;
	core_time weigh_at;    /* when priorities are made anew, or go on being made */
	core_time weigh_began; /* when that began... */
	uint64_t weighed_to;   /* ... and the last serial that has its own; 0: all have */
};

/* ---- emit.c: every change of a record leaves the core here, and states change in one place ---- */
void emit_meta(struct cluster *c);
void emit_job_spec(struct cluster *c, const struct job *job);
void emit_job_state(struct cluster *c, struct job *job);
/* Later, but before anything starts on what it gave back: until then an older state is as good, as a worker
 * that registers says again what is gone. The nodes of a large job come back one by one. */
void emit_job_state_later(struct cluster *c, struct job *job);
void emit_unsaved(struct cluster *c);
void emit_step(struct cluster *c, const struct step *step);
void emit_node(struct cluster *c, const struct node *node);
void emit_node_gone(struct cluster *c, const char *name);
void emit_node_made(struct cluster *c, const struct node_made *record);
void emit_node_unmade(struct cluster *c, const char *name);
void emit_part(struct cluster *c, const struct part_record *record);
void emit_part_gone(struct cluster *c, const char *name);
void emit_history(struct cluster *c, const struct job *job);
void emit_job_gone(struct cluster *c, const struct job *job);
void emit_step_gone(struct cluster *c, const struct step *step);
void emit_action(struct cluster *c, const struct action *action);
/* The only ways a state or phase changes; each checks its table of allowed moves. */
void job_move(struct cluster *c, struct job *job, enum job_base_state to);
void alloc_move(struct node_alloc *share, enum alloc_phase to);
void step_move(struct step *step, enum job_base_state to);
void step_node_move(struct step_node *share, enum step_phase to);
void node_move(struct node *node, enum node_base_state to);

/* ---- share.c: what a job holds on a node ---- */
struct share {
	struct list on_node;
	struct job *job;
	struct node *node;         /* NULL: the configuration doesn't have it any more */
	uint32_t index;            /* of the record in job->state.nodes */
	struct core_bits *stepped; /* which of its cores, by their place in the record, steps have for
	                              themselves; NULL: none yet */
	uint64_t step_mem;         /* MiB that steps have for themselves */
	bool idle;                 /* its job is (or ended) suspended: the cores are not counted as busy */
};
struct node_alloc *share_record(const struct share *share);
/* Makes job->shares after state.nodes and takes what is not released from the nodes. late: it does not start
 * now, so that others may have its cores, too, without being allowed to. */
void shares_take(struct cluster *c, struct job *job, bool late);
void shares_free(struct job *job);
/* Gives a share's cores and memory back to its node; the record's phase is the caller's. */
void share_give_back(struct cluster *c, struct share *share);
/* The cores of all shares of the job are free for others, or its own again. */
void shares_set_idle(struct cluster *c, struct job *job, bool idle);
/* The job's share of a node; NULL: it has none. */
struct share *share_on(const struct cluster *c, const struct job *job, const char *name);
/* Everything that a node has is off it (before it goes with its configuration). */
void shares_leave(struct node *node);
bool share_core_is_stepped(const struct share *share, uint32_t at);
void share_step_take(struct share *share, const struct step_record *step, const struct step_node *sn);
void share_step_give_back(struct share *share, const struct step_record *step, const struct step_node *sn);

/* ---- class.c: the queue: pending jobs that may start, by what they need ---- */
struct job_class {
	struct list in_all;
	struct job_class *same_hash;
	uint64_t hash;
	struct part *part;      /* the first of parts */
	struct part **parts;    /* where they may start, in the order in which that is tried */
	uint32_t part_count;    /* at least 1 */
	struct order jobs;      /* by priority, then as they were submitted */
	enum job_reason reason; /* of all of them; NONE: nothing but their place in the order */
	uint64_t refused_at;    /* cluster.room when the first of them found none */
	struct order_link *at;  /* in a pass: whose turn it is... */
	uint32_t tasks_planned; /* ... of whose tasks so many were planned */
	bool waits;             /* and one before it could not start */
	core_time planned_from; /* as the one before it */
	uint64_t no_place;      /* the run of the plan in which none was found; 0: in none */
	uint64_t known_at;      /* cluster.nodes_version of... */
	int outlook;            /* enum select_outlook */
};
struct job *class_head(const struct job_class *class);
void queue_add(struct cluster *c, struct job *job);
void queue_remove(struct cluster *c, struct job *job);
/* Its priority is another one: if it is in the queue, it takes its new place there. */
void queue_reorder(struct cluster *c, struct job *job);
/* Adds it to the queue if it may start, else sees to it that it comes back when it may. */
void queue_settle(struct cluster *c, struct job *job);
/* When it may start at the earliest: 0 is at once, CORE_INFINITE64 is not before an event. */
core_time job_eligible_at(const struct job *job);

/* ---- array.c ---- */

struct job_array {
	uint32_t id;
	struct list records; /* struct job, by serial */
	uint32_t limit;      /* how many tasks may run at once; 0: all */
	uint32_t running;
	bool unsettled;
	struct array_facts facts; /* count 0: not looked at yet */
};
/* A new or loaded job with array_job_id takes its place among the array's records; and leaves it. */
void array_join(struct cluster *c, struct job *job);
void array_leave(struct cluster *c, struct job *job);
/* As many of its tasks run as may. */
bool array_is_full(const struct job *job);
/* How many of its waiting tasks the plan may have. */
uint32_t array_plannable(const struct cluster *c, const struct job *job);
/* job_move tells. */
void array_count_move(struct cluster *c, const struct job *job, bool was_active, bool is_active);
/* After a pass: what is full leaves the queue. */
void arrays_settle(struct cluster *c);
/* The record that stands for those of the wanted tasks that this one stands for (at least one): this one or a
 * new one. */
struct job *array_split(struct cluster *c, struct job *job, const struct core_bits *wanted, bool cut_off);
/* The first of its tasks, as a job that is about to start. */
struct job *array_take_first(struct cluster *c, struct job *job);
/* After all are loaded: no task is in two records. */
void arrays_mend(struct cluster *c);

/* ---- depend.c ---- */
struct depend_link {
	struct list in_wait; /* all that wait for the same */
	struct job *job;
	uint64_t key;
};
/* What is left of a job's dependencies, parsed or loaded, is watched; and is not any more. */
void depend_join(struct cluster *c, struct job *job);
void depend_leave(struct cluster *c, struct job *job);
/* The job has started or ended: those that wait for it are looked at. */
void depend_fire(struct cluster *c, const struct job *job);
/* Parses, and drops what is satisfied already. */
int depend_parse(struct cluster *c, struct job *job, const char *text, struct err *err);
int depend_check(const struct cluster *c, const char *text, struct err *err);
void depend_look_later(struct cluster *c, struct job *job);
void depend_run(struct cluster *c); /* looks at those */
bool depend_is_hopeless(const struct job *job);

/* ---- view.c ---- */
/* When what is ending is expected to have ended: with the second. */
core_time plan_soon(const struct cluster *c);
/* When the job will have given back what it has: by its limit, but not before that. */
core_time job_expected_end(const struct cluster *c, const struct job *job);
core_time span_end(core_time from, uint32_t minutes); /* CORE_INFINITE: a year */

/* ---- job.c, submit.c ---- */
struct job *job_alloc(struct cluster *c);
void job_free(struct cluster *c, struct job *job);
/* What was asked for is copied whole: all of a job's strings are in one block. */
void job_set_spec(struct cluster *c, struct job *job, const struct job_spec *spec);
void job_index(struct cluster *c, struct job *job); /* into the cluster's maps and lists */
uint32_t job_new_id(struct cluster *c);             /* takes the next one */
/* That it asks for in all: its tasks', or as many as an update said (scontrol(1), NumCPUs). */
uint64_t spec_cpus(const struct job_spec *spec);
/* As many nodes as its tasks need where each has the CPUs of the partition's largest; at least the least that
 * it asks for, and maybe more than it may have. */
uint32_t spec_nodes_guess(const struct part *part, const struct job_spec *spec);
/* Minutes; CORE_INFINITE when there is no end. */
uint32_t spec_time_limit(const struct part *part, const struct job_spec *spec);
/* What a submit checks, and an update likewise. */
/* part_limits.c: may this user use the partition that is asked for (or the default one)? */
int part_names_check(const struct cluster *c, const char *names, struct err *err);
/* The list with the Alternate of each that takes no jobs, malloc'ed; NULL: it stays as it is. */
char *part_alternates(const struct cluster *c, const char *names);
bool part_has_group(const struct part *part, const struct identity *who); /* AllowGroups */
struct part *job_check_part(const struct cluster *c, const struct job_spec *spec, struct err *err);
int check_node_names(const struct cluster *c, const char *list, struct err *err);
int check_spec_numbers(const struct job_spec *spec, struct err *err);

/* ---- priority.c ---- */
bool spec_has_priority(const struct job_spec *spec); /* one of its own, that nothing changes */
uint32_t job_new_priority(struct cluster *c, struct job *job);
/* It gets that one (or the next to it that a nice value can make) by another nice value, or has it as its own
 * where it has one of its own. */
void priority_set(struct cluster *c, struct job *job, uint32_t to);
uint32_t priority_reach(struct cluster *c, const struct job *job); /* the most that can be set */
/* What it is weighed by has changed, of one job, or of all: also in time, which is asked for again. */
void job_weigh(struct cluster *c, struct job *job);
void priorities_weigh(struct cluster *c);
void priorities_weigh_some(struct cluster *c); /* when it is time: slice by slice */

/* ---- job_life.c ---- */
/* With that time limit. */
void job_start(struct cluster *c, struct job *job, uint32_t minutes, struct node_alloc_list *nodes);
/* Its nodes are ready for it: what waits for that is told by this word, and its script goes there. */
void job_launch(struct cluster *c, struct job *job, enum action_kind word);
/* Its attempt is ending, and nothing of it is left anywhere: is that so now? */
void job_look_back(struct cluster *c, struct job *job);
/* Ends a job that has an allocation: state, reason and actions. `text` as in struct action. */
struct job_end_how {
	enum job_base_state state;
	enum job_reason reason;
	uint32_t status;
	const char *text;
	uint32_t kill_wait_s;
};
void job_end_allocated(struct cluster *c, struct job *job, const struct job_end_how *how);
void job_end_pending(struct cluster *c, struct job *job, enum job_base_state state, enum job_reason reason);
/* Back into the queue; what it has is ended first. */
void job_requeue_now(struct cluster *c, struct job *job, bool hold, const char *text);
/* A share's node has nothing of the job any more. The last one completes the end (or the requeue). */
void job_release_share(struct cluster *c, struct job *job, struct share *share);
/* The node is lost to the job: it ends, is requeued, or goes on without (--no-kill). */
void job_lose_node(struct cluster *c, struct share *share);
void job_end_share(struct cluster *c, struct share *share, const char *text, uint32_t kill_wait_s);
void job_set_limit(struct cluster *c, struct job *job);
void job_set_purge(struct cluster *c, struct job *job);

/* The class of those that ask for the same; NULL: none of them waits. */
struct job_class *class_find(const struct cluster *c, const struct part *part, const struct job_spec *spec);

/* ---- oversub.c ---- */
/* With how many jobs of that partition, itself among them, such a job may have a core together, beside those
 * of other partitions that share likewise; 0: it has its cores alone. */
uint32_t share_limit(const struct part *part, const struct job_spec *spec);
/* It gets all cores of each of its nodes. */
bool spec_is_whole(const struct cluster *c, const struct part *part, const struct job_spec *spec);
/* No other user may have its nodes meanwhile (ExclusiveUser, --exclusive=user). */
bool spec_is_for_user(const struct part *part, const struct job_spec *spec);
/* Other users' jobs are there, and they or that user's job must not have it together. */
bool node_is_for_others(const struct node *node, uint32_t uid, bool for_user);
/* What it started with stays so, whatever becomes of its partition. */
void job_start_sharing(struct job *job);
/* SelectTypeParameters for what runs in that partition: its own, where the cluster's is CR_Core or CR_Socket.
 * part may be NULL. */
uint32_t part_select_flags(const struct cluster *c, const struct part *part);
/* select/linear: whole nodes are given. */
bool conf_is_linear(const struct cluster_conf *conf);
/* Of each of the node's cores: 0, it is idle; n + 1, n jobs of that partition (of all, where whole nodes are
 * given) have it, and maybe others that share; CORE_INFINITE: somebody has it alone. loads has room for them.
 */
/* One more job there, which shares or not, and counts or not. */
void loads_add(uint32_t *loads, const struct node *node, const struct node_alloc *record, bool shares,
               bool counts);
void node_loads(const struct cluster *c, const struct node *node, const struct part *part, uint32_t *loads);

/* ---- select.c ---- */
/* What a job that can't start now waits for. */
enum select_outlook {
	SELECT_BUSY,        /* the end of others */
	SELECT_UNAVAILABLE, /* nodes that are down or drained */
	SELECT_NEVER,       /* another configuration */
};
struct select_ask {
	const struct part *part;
	const struct job_spec *spec;
	const struct core_bits *without; /* nodes by index that it may not have; or NULL */
	core_time from, to; /* when: beside those of the plan before rank; 0: now, whatever is planned */
	size_t rank;
	/* In a search over ascending times, by the node's index: before that the job finds no place there.
	 * NULL: nothing is known. */
	core_time *not_before;
	bool *settles;     /* where it has room: is that only without what it prefers? or NULL */
	bool ignore_use;   /* as if every node were free */
	bool ignore_state; /* and up */
};
void view_node(const struct cluster *c, const struct node *node, const struct select_ask *ask,
               struct node_view *view);
/* When the first of those ends who have something there in the span that is asked for; CORE_INFINITE64:
 * nobody has. */
core_time view_first_end(const struct cluster *c, const struct node *node, const struct select_ask *ask);
/* view->loads, for a job that may share its cores. */
void view_loads(const struct cluster *c, const struct node *node, const struct select_ask *ask,
                struct node_view *view);
/* Other users' jobs are there beside which the job, which wants only its own user's, must not be, or that
 * want only their own. */
bool view_is_for_others(const struct cluster *c, const struct node *node, const struct select_ask *ask,
                        bool for_user);
/* Finds nodes and cores for a job: *out is filled (malloc'ed members; out may be NULL). False: there is no
 * room. Changes nothing. */
bool select_job(const struct cluster *c, const struct select_ask *ask, struct node_alloc_list *out);
/* active: now, and not only after a reboot (scontrol(1), ActiveFeatures). */
const char *node_features(const struct node *node, bool active);
/* MiB of one node, for so many of its CPUs: what is asked for, else the defaults, else all (slurm.conf(5),
 * DefMemPerNode). */
uint64_t select_memory(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                       const struct node *node, uint32_t cpus);
/* Has it as many sockets, cores and threads as each of the job's nodes must? */
bool select_shape_fits(const struct job_spec *spec, const struct node *node);
/* What it prefers takes the place of the features that it must have (sbatch(1), --prefer). Shares its texts.
 */
struct job_spec spec_as_preferred(const struct job_spec *spec);
enum select_outlook select_outlook(const struct cluster *c, const struct part *part,
                                   const struct job_spec *spec);
/* What that node doesn't have of what each node of such a job must, however idle it is: bits. */
enum {
	LACK_CPUS = 1,
	LACK_MEMORY = 2,
	LACK_FEATURES = 4,
	LACK_TMP_DISK = 8,
	LACK_SHAPE = 16,
	LACK_LISTED = 32, /* --exclude has it */
	LACK_KINDS = 6,
};
unsigned select_lacks(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                      const struct node *node);
/* How many nodes were looked at, ever: what selection took in time. */
size_t select_looked(const struct cluster *c);
struct select_scratch *select_new(void);
void select_free(struct select_scratch *scratch);
/* What no node of the partition has; for the refusals of a submit. 0, or -1 with Slurm's error. */
int select_check(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                 struct err *err);
/* Is that a constraint (sbatch(1)), of features that the partition's nodes have? */
bool select_has_features(const struct cluster *c, const struct part *part, const char *wanted);
bool node_is_usable(const struct node *node); /* may something be started there? */

/* ---- node.c, registration.c ---- */
void node_init(struct node *node, const struct core_node_conf *conf, uint32_t index);
void node_clear(struct node *node);
void node_set_down(struct cluster *c, struct node *node, const char *reason, uint32_t uid);
void node_set_reason(struct cluster *c, struct node *node, const char *reason, uint32_t uid);
/* Drains a node that found less than is configured, and lets it go when that is over. */
void node_check_hardware(struct cluster *c, struct node *node);
void node_arm_down(struct cluster *c, struct node *node);
/* Its connection has closed: a slurmd that is started again shows no NO_RESPOND, only one that stays away, or
 * was silent before. */
#define NODE_PATIENCE_S 10
void node_wait_for(struct cluster *c, struct node *node);
void node_fail_jobs(struct cluster *c, struct node *node);
/* Something became free: what waits is tried again. */
void cluster_has_room(struct cluster *c);
/* Nodes came, went, or may be used or not. */
void cluster_nodes_changed(struct cluster *c);

/* An attempt that lost a node and may still run there. */
struct leaving {
	struct list on_node;
	uint64_t serial;
	uint32_t attempt;
};
void leaving_add(struct node *node, uint64_t serial, uint32_t attempt);
bool leaving_is_gone(struct node *node, uint64_t serial,
                     uint32_t attempt); /* true: it was the node's last one */
void leaving_clear(struct node *node);

/* ---- part.c ---- */
void parts_make(struct cluster *c);
void parts_free(struct cluster *c);

/* ---- part_list.c ---- */
bool parts_are_several(const struct job_spec *spec);
/* Those that are asked for and exist, in the order in which they are tried; the caller frees. */
struct part **parts_asked(const struct cluster *c, const struct job_spec *spec, uint32_t *n);
/* The first of them, or the default one; NULL: there is none. */
struct part *part_first_asked(const struct cluster *c, const struct job_spec *spec);
/* What keeps such jobs from that partition, and a class from all of its partitions; NONE: nothing. */
enum job_reason part_list_reason(const struct cluster *c, const struct job_spec *spec,
                                 const struct part *part);
enum job_reason class_limits_reason(const struct cluster *c, const struct job_class *class);

/* ---- part_limits.c ---- */
/* What keeps such jobs from ever starting there as it is; NONE: nothing. */
enum job_reason part_limits_reason(const struct cluster *c, const struct part *part,
                                   const struct job_spec *spec);
/* More than all of the partition's nodes have together. */
bool part_lacks_cpus(const struct part *part, const struct job_spec *spec);
/* EnforcePartLimits: the same as refusals, where the configuration wants that. */
int part_enforce(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                 struct err *err);
/* MaxMemPerCPU: more memory for a CPU means more CPUs. */
void part_raise_cpus(const struct cluster *c, const struct part *part, struct job_spec *spec);
/* DefMemPerCPU and DefMemPerNode that count in the partition (NULL: the cluster's), MiB; 0: none. */
void part_default_memory(const struct cluster *c, const struct part *part, uint64_t *per_cpu,
                         uint64_t *per_node);

/* ---- part_edit.c ---- */
void part_edit_load(struct cluster *c, const struct part_record *record);
void part_edit_forget(struct cluster *c, const char *name);
void part_edits_free(struct cluster *c);
/* The configuration with what was set at run time, in the arena; what of that is dropped is said to the
 * store. */
struct cluster_conf *part_edits_apply(struct cluster *c, const struct cluster_conf *file,
                                      struct arena *arena);

/* The nodes that each partition names, by their places in conf; those that aren't there are left out. */
void parts_resolve_nodes(struct cluster_conf *conf, struct arena *arena);

/* ---- node_made.c ---- */
void node_made_load(struct cluster *c, const struct node_made *record);
void node_made_forget(struct cluster *c, const char *name);
void nodes_made_free(struct cluster *c);
/* The configuration with the nodes that were made, in the arena; those that it has itself are forgotten. */
struct cluster_conf *nodes_made_apply(struct cluster *c, const struct cluster_conf *file,
                                      struct arena *arena);

/* ---- node_edit.c ---- */
/* Weight and features that were set at run time, into the configuration; or forgotten. */
void node_edits_apply(struct cluster *c, bool keep);

/* ---- step.c, step_place.c ---- */
struct step *step_new(struct cluster *c, struct job *job, uint32_t step_id);
void step_free(struct cluster *c, struct step *step);
void step_start_batch(struct cluster *c, struct job *job);
void step_set_limit(struct cluster *c, struct step *step);
/* Its running steps have stood still since it was suspended. */
void steps_count_suspended(struct cluster *c, struct job *job);
void step_queue_run(struct cluster *c, struct job *job);
void step_queue_refuse(struct cluster *c, struct job *job, const char *text);
/* Its part on one node is over: what it had there is free. Ends the step with the last part, as `state`
 * unless its tasks say more. */
void step_node_over(struct cluster *c, struct step *step, struct step_node *sn, uint32_t status,
                    const char *text);
/* It is over on all of its nodes. */
void step_end_all(struct cluster *c, struct step *step, enum job_base_state state, uint32_t status);
void steps_drop(struct cluster *c, struct job *job); /* of an earlier attempt */
struct step_node *step_share_on(const struct step *step, const char *node);
bool step_is_running(const struct step *step);
enum place_answer { PLACE_OK, PLACE_WAIT, PLACE_NEVER };
/* Finds nodes, cores and memory inside the job for step->request, and fills the record. `held` are shares, by
 * index, that it must leave to steps before it; NULL: none. */
enum place_answer step_place(struct cluster *c, struct step *step, const bool *held, struct err *err);
/* Adds the shares that the step could use to held; how many that are more than before. */
uint32_t step_could_use(struct cluster *c, const struct step *step, bool *held);

/* ---- sched.c, due.c ---- */
void sched_pass(struct cluster *c);
void due_run(struct cluster *c);
/* scontrol update jobid=: refuses what there is none of; then what else has rules of its own, into the spec.
 */
int job_edit_refuse(const struct job_edit *e, bool admin, bool pending, struct err *err);
int job_edit_asks(const struct cluster *c, const struct job_edit *e, struct job_spec *spec, bool admin,
                  bool pending, struct err *err);
/* Watches over a job that has a deadline and may start. */
void due_deadline(struct cluster *c, const struct job *job);
void due_at(struct cluster *c, core_time at, enum due_kind kind, uint64_t key, uint64_t attempt);

/* ---- warn.c: --signal ---- */
/* Its limit is (again) known: when it will be warned. */
/* hook.c: the controller's programs around an attempt */
void hook_begin(struct cluster *c,
                struct job *job); /* at its start, before that is emitted: it may have to wait */
bool job_is_configuring(const struct job *job);
void hook_end(struct cluster *c, struct job *job);           /* when it begins to end, before anything else */
void hook_actions(struct cluster *c, const struct job *job); /* what must run for it now, also again */
/* report.c: an administrator's reason stays */
void node_drain_for(struct cluster *c, const char *name, const char *reason);
/* prolog.c: the nodes' own programs at the start of an attempt (PrologFlags=Alloc) */
void prolog_begin(struct cluster *c, struct job *job); /* its nodes are known, and nothing was emitted */
void prolog_order(struct cluster *c, const struct job *job);
void prolog_order_on(struct cluster *c, const struct share *share); /* again, where it may not be known */
bool prolog_defers_batch(const struct cluster *c, const struct job *job);
/* One of its nodes has run it, or is no more of the job. */
void prolog_look(struct cluster *c, struct job *job);
/* The job ends, or waits again, because a prolog on that node failed. */
void prolog_fails_job(struct cluster *c, struct job *job, const char *node);
/* mail.c: what has just happened to a job, for who wants mail of it */
void mail_begin(struct cluster *c, const struct job *job);
void mail_end(struct cluster *c, const struct job *job);
void mail_requeue(struct cluster *c, const struct job *job);
void mail_invalid_depend(struct cluster *c, const struct job *job);
void mail_time_limit(struct cluster *c, const struct job *job);
void mail_arm(struct cluster *c, const struct job *job); /* its time limit is set: parts of it fall due */
void mail_due(struct cluster *c, const struct due *due);
void warn_arm(struct cluster *c, struct job *job);
void warn_due(struct cluster *c, const struct due *due);
/* The worker of that node is there again, and may not have heard of it. */
void warn_again(struct cluster *c, struct job *job, const char *node);

/* ---- cluster.c, restore.c ---- */
void notes_add(const struct notes *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cluster_make_nodes(struct cluster *c);
void cluster_free_nodes(struct node **nodes, struct node *block, size_t n);
/* A job's place after a restart or another configuration: its partition, shares, queue, times. */
void job_settle(struct cluster *c, struct job *job, const struct notes *notes);
/* Everything finds its place in another configuration, which is copied. */
void cluster_take_conf(struct cluster *c, const struct cluster_conf *conf, const struct notes *notes);
