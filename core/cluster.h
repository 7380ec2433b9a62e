/* The cluster as a value. Every change is a call below, with the time as an argument. Out come, through the
 * sink:
 *
 *   changes   full records (records.def) to be stored: idempotent, in order;
 *   actions   what the controller must do in the world, once the changes before it are on disk;
 *
 * and cluster_next_time(): when cluster_run() wants to be called next.
 * Pure: no I/O, no clock, no randomness, no globals. The controller and the simulator run the same code.
 * After any event the caller calls cluster_run(), which runs what is due and then the scheduler.
 *
 * Records that are handed out (job->spec ...) belong to the cluster and are read-only for callers. */
#pragma once
#include "core/conf.h"
#include "core/order.h"
#include "core/records.h"
#include "core/tres.h"
#include "core/util/list.h"

struct cluster;
struct planned;

/* ---- what comes out ---- */

enum action_kind {
	ACTION_JOB_STARTED,  /* resources are allocated: tell who waits for it; for a batch job
	                        ACTION_LAUNCH_BATCH follows, unless it is CONFIGURING yet */
	ACTION_LAUNCH_BATCH, /* send the batch script (step record's launch) to step->nodes[0] */
	ACTION_GRANT_STEP, /* a step was placed: send its grant to each of its nodes and tell the waiting srun
	                    */
	ACTION_SIGNAL,     /* send `signal` to step (NULL: every step of the job) on its nodes */
	ACTION_SUSPEND,   /* the job's processes (of step alone, if it isn't NULL) stand still, on node (NULL:
	                     on   all of its nodes) */
	ACTION_RESUME,    /* and go on */
	ACTION_WARN,      /* spec.warn_signal to what was running at state.warned_at (job_is_warned()), on all
	                     nodes or, again, on node: a launch gets it once */
	ACTION_END_JOB,   /* on node: end all that the job's attempt has there (TERM, KillWait, KILL), run the
	                     epilog, report */
	ACTION_END_STEP,  /* likewise for one step, on all of its nodes */
	ACTION_JOB_ENDED, /* the job has ended (it may still be COMPLETING): tell who waits */
	ACTION_STEP_ENDED,   /* all nodes of the step are done */
	ACTION_STEP_REFUSED, /* node did not take its part of the step: tell its srun (text says why) */
	ACTION_JOB_READY, /* its PrologSlurmctld, or the prologs of its nodes, ended well: tell who waits for
	                     its nodes; likewise */
	ACTION_PROLOG,    /* run PrologSlurmctld for the job, and report_prolog_slurmctld(); it may be running
	                     already */
	ACTION_PROLOG_OVER, /* the job doesn't start any more: kill its PrologSlurmctld, where that still runs
	                     */
	ACTION_NODE_PROLOG, /* on node: run the node's Prolog for the job's attempt now, and report_prolog();
	                       it may have been told already */
	ACTION_MAIL,        /* tell the user of mail_type (enum mail_type), which is often of a whole array */
	ACTION_EPILOG,      /* run EpilogSlurmctld, and report_epilog_slurmctld(); likewise */
	ACTION_REFUSE_STEP, /* a queued step can't be placed any more: tell the waiting srun (text says why)
	                     */
};

struct action {
	enum action_kind kind;
	const struct job *job;   /* NULL: ACTION_END_JOB of a job that is not known any more */
	uint64_t serial;         /* ACTION_END_JOB: of the job */
	const struct step *step; /* or NULL */
	const char *node;        /* ACTION_END_JOB; or NULL */
	uint64_t attempt;        /* ACTION_END_JOB */
	int signal;              /* ACTION_SIGNAL */
	uint32_t kill_wait_s;    /* ACTION_END_*: from SIGTERM to SIGKILL; 0: SIGKILL at once */
	const char *text; /* what the user is told: "CANCELLED AT <time>", "DUE TO TIME LIMIT", ... or NULL */
	bool signal_batch_only, signal_full; /* scancel --batch, --full */
	uint32_t mail_type;                  /* ACTION_MAIL */
};

/* Called during the calls below; must not call back into the cluster's changing functions. The records are
 * valid during the call. */
struct core_sink {
	void *ctx;
	void (*change)(void *ctx, const struct schema *schema, const void *record);
	void (*action)(void *ctx, const struct action *action);
};

/* ---- what is in it ---- */

struct node {
	uint32_t index;
	const struct core_node_conf *conf; /* never NULL while the node exists */
	struct node_state state;           /* what is remembered */
	bool connected;                    /* a worker's session is open and it answers */
	bool waited_for;                   /* not connected, and not for so long that it counts as silent */
	core_time last_heard;
	core_time silent_at; /* when it does; 0: never */
	core_time down_at;   /* when silence makes it DOWN; 0: never */
	struct list shares;  /* struct share: what jobs hold here */
	struct list planned; /* struct plan_share: what those that wait will hold */
	struct list leaving; /* attempts that lost the node and may still run there; nothing starts before
	                        they are gone */
	struct core_bits *cores_busy;
	uint32_t *core_jobs; /* how many jobs have each of them, beside those that are suspended */
	bool overdrawn;      /* jobs may be on it together that would not be put so now: one was suspended
	                        meanwhile, or the configuration is another one */
	uint32_t cores_total;
	uint32_t cores_free;
	uint32_t cpus_per_core; /* CPUs that each core counts as */
	uint32_t cpus_total;
	uint32_t cpus_alloc;
	uint64_t mem_alloc;
	uint32_t jobs;       /* allocations that are not released */
	core_time free_from; /* before that all cores are busy, as the plan knows it */
	bool room_moved;     /* which is to be found out anew */
	uint32_t user_jobs;  /* of them, those beside which no other user's may be */
	uint32_t completing; /* of them, those that are ending */
	uint32_t cpu_load;   /* 100ths; CORE_NO_VAL unknown */
	uint64_t free_mem;   /* MiB; CORE_NO_VAL64 unknown */
};

struct part {
	uint32_t index;
	const struct core_part_conf *conf;
	enum conf_part_state state;
	struct core_bits *nodes;    /* by index: its nodes */
	uint64_t cpus;              /* of them, as far as MaxCPUsPerNode lets jobs have them */
	uint32_t cpus_most;         /* of them, of one node */
	double weights[TRES_COUNT]; /* TRESBillingWeights; where the conf has none: CPU=1 */
	struct tres tres;           /* of all its nodes */
	uint64_t first_waiting; /* serial of the job that waits for room in it, before all others; 0: none */
};

struct job {
	uint64_t serial;
	uint32_t job_id;
	struct job_spec spec; /* never changed string by string: job_set_spec() */
	void *spec_block;     /* what it owns, of so many bytes */
	size_t spec_size;
	struct job_state state;
	struct part *part;       /* NULL: the configuration doesn't have it any more */
	struct list steps;       /* struct step, as they were started */
	struct list in_all;      /* struct cluster's jobs by serial */
	struct job_class *class; /* those of equal need with which it waits; NULL: it is not in the queue */
	struct order_link in_class;
	struct job_array *array; /* NULL: none */
	struct list in_array;
	bool cut_off; /* tasks that are cancelled while others of their record wait on: it goes at once */
	struct core_bits *
	        tasks; /* which of the array's tasks this record stands for; NULL: one (spec.array_task_id) */
	struct depend_link *depends; /* beside state.depend: what it waits for */
	uint32_t depend_count;
	struct list in_look;
	struct list step_queue;        /* steps that wait for room */
	struct share *shares;          /* beside state.nodes: what only memory has of each */
	struct license_hold *licensed; /* it has licences; NULL: none */
	uint32_t back_before;          /* all of state.nodes before this one are released */
	struct list in_unsaved;
	core_time last_heard;          /* of its srun or salloc */
	core_time priority_at;         /* when its priority was weighed last */
	core_time limit_at;            /* when its time is over; 0: never */
	const struct planned *planned; /* its place in the plan; an array's: of its next task; or NULL */
};

struct step {
	struct job *job;
	struct step_record record;
	struct step_request *request; /* what was asked for, while it waits in the queue */
	struct list in_job, in_step_queue;
	bool queued;
	core_time limit_at;
};

/* What srun asks for a step. Strings are the caller's; core copies. */
struct step_request {
	const char *name;
	uint32_t tasks; /* 0: one a node, or the job's */
	bool tasks_set;
	uint32_t nodes_min, nodes_max;   /* 0: all of the job's, or as many as the tasks need */
	uint32_t cpus_per_task;          /* 0: 1 */
	uint32_t tasks_per_node;         /* 0: none asked */
	uint64_t mem_per_node;           /* CORE_NO_VAL64: the job's share */
	const char *node_list, *exclude; /* host lists or NULL */
	uint32_t relative;               /* first node of the job; CORE_NO_VAL: none */
	uint32_t dist;                   /* enum task_dist; CORE_NO_VAL: default */
	uint32_t plane_size;
	uint32_t time_limit_min; /* CORE_NO_VAL */
	bool overlap, exclusive, whole, immediate, overcommit;
	bool exact;       /* only the CPUs that the tasks need, not all of the job's on each node */
	bool interactive; /* salloc's LaunchParameters=use_interactive_step */
	const char *srun_host;
	uint32_t srun_pid;
	uint64_t request; /* step_record.request */
};

/* ---- life ---- */

struct cluster *cluster_new(const struct cluster_conf *conf, const struct core_sink *sink);
void cluster_free(struct cluster *c);

/* Restoring, between cluster_new and cluster_start: rows of the store in any order (meta, node_state,
 * job_spec, job_state, step_record), or every change from the first on (a later row replaces an earlier one;
 * removals remove; rows of the history are passed over). Copies what it keeps. An error names the row; nodes
 * and partitions that the configuration no longer has are not errors: what ran on such a node is requeued or
 * ends as NODE_FAIL at cluster_start, what waits for such a partition waits with a reason. */
int cluster_load(struct cluster *c, const struct schema *schema, const void *record, struct err *err);
/* Raises the epoch (a change), puts restored jobs back into queues, allocations onto nodes. Once. `instance`
 * is used where the store had none. Every difference that had to be resolved is reported through `note` (may
 * be NULL). */
void cluster_start(struct cluster *c, core_time now, const uint8_t instance[16],
                   void (*note)(void *ctx, const char *text), void *ctx);
/* Another configuration (reconfigure): the same differences are resolved likewise. */
void cluster_reconfigure(struct cluster *c, const struct cluster_conf *conf, core_time now,
                         void (*note)(void *ctx, const char *text), void *ctx);

/* Runs what is due (limits, begin times, MinJobAge, timeouts) and the scheduler. */
void cluster_run(struct cluster *c, core_time now);
/* 0: nothing is due but by an event. */
core_time cluster_next_time(const struct cluster *c);

const struct meta *cluster_meta(const struct cluster *c);
const struct cluster_conf *cluster_conf_of(const struct cluster *c);

/* ---- jobs ---- */

/* Accepts a job: copies what is asked (serial and job_id in it are ignored), checks it against partitions and
 * limits. 0, and *out is the pending job (cluster_run() starts it); -1 with Slurm's refusal. A job that can
 * only wait is accepted. */
int job_submit(struct cluster *c, const struct job_spec *asked, core_time now, struct job **out,
               struct err *err);
void node_alloc_list_free(struct node_alloc_list *list);
/* As job_submit, but changes nothing: would it be accepted, and when and where could it start. */
struct job_outlook {
	core_time start; /* 0: unknown */
	const struct part *part;
	struct node_alloc_list nodes; /* the caller's: node_alloc_list_free() */
};
int job_test(struct cluster *c, const struct job_spec *asked, core_time now, struct job_outlook *out,
             struct err *err);
/* The tasks that SLURM_TASKS_PER_NODE has of a node: where no number was asked for, as many as its CPUs take.
 */
uint32_t job_tasks_on(const struct job *job, const struct node_alloc *share);
struct job *job_by_id(const struct cluster *c, uint32_t job_id); /* the latest of that id */
struct job *job_by_serial(const struct cluster *c, uint64_t serial);
/* Cancels in any state; signal 0 or SIGKILL ends it, another signal is sent to its steps. ERR_ALREADY_DONE
 * when it has ended. A record that jobs_meant() cut off is gone afterwards. */
int job_cancel(struct cluster *c, struct job *job, int signal, bool batch_only, bool full, uint32_t by_uid,
               core_time now, struct err *err);
/* srun or salloc gives its allocation back. status as wait(2): 0 is COMPLETED, else FAILED. */
int job_complete(struct cluster *c, struct job *job, uint32_t status, core_time now, struct err *err);
/* for_user: it is one that the user may lift, whoever asks. */
int job_hold(struct cluster *c, struct job *job, bool admin, bool for_user, core_time now, struct err *err);
int job_release(struct cluster *c, struct job *job, bool admin, core_time now, struct err *err);
int job_requeue(struct cluster *c, struct job *job, bool hold, core_time now, struct err *err);
/* Held, in the state SPECIAL_EXIT until it is released (scontrol(1), requeuehold). */
int job_requeue_special(struct cluster *c, struct job *job, core_time now, struct err *err);
/* Its processes stand still, its time with them, and its cores are free for others; its memory stays its own.
 */
int job_suspend(struct cluster *c, struct job *job, core_time now, struct err *err);
/* It goes on on its cores, whoever else has them by now. */
int job_resume(struct cluster *c, struct job *job, core_time now, struct err *err);
/* Since when it would have been running, had it never been suspended; a suspended one's is as of when it was.
 */
core_time job_run_since(const struct job *job);
/* scontrol update jobid=: all of the edit, or -1 and nothing of it. */
int job_update(struct cluster *c, struct job *job, const struct job_edit *edit, bool admin, core_time now,
               struct err *err);
/* scontrol top: the jobs in their new order, before all others of their user and partition. */
int job_top(struct cluster *c, struct job **jobs, size_t n, core_time now, struct err *err);
/* ---- arrays (sbatch(1), --array) ----
 * Tasks that have not started are one record, which stands for a set of them (job->tasks). */
/* The array's next record, in order of serials; after == NULL: its first. NULL: none. */
struct job *array_next(const struct cluster *c, uint32_t array_job_id, const struct job *after);
/* Backwards: its last record of a lesser serial than that (UINT64_MAX: its last). */
struct job *array_before(const struct cluster *c, uint32_t array_job_id, uint64_t serial);
/* The whole array, as it was submitted: SLURM_ARRAY_TASK_COUNT, _MIN, _MAX and _STEP (sbatch(1)). All 0 for a
 * job that is of none. */
struct array_facts {
	uint32_t count, min, max, step;
};
struct array_facts array_facts(const struct job *job);
bool job_has_task(const struct job *job, uint32_t task);
/* Who is meant by "12", "12_3" or "12_[3-5]" (tasks: NULL, "3", "3-5"): a job, or all of an array's records,
 * or those with these tasks: a record that stands for others, too, is split, which is a change. to_cancel:
 * each will be cancelled at once; what is split off needs no number of its own then, and is in the history
 * alone afterwards, as with the real one. *out is the caller's to free(). -1: nobody. */
int jobs_meant(struct cluster *c, uint32_t job_id, const char *tasks, bool to_cancel, core_time now,
               struct job ***out, size_t *n, struct err *err);
/* So many of its array's tasks may run at once; 0: all. */
void job_set_array_limit(struct cluster *c, struct job *job, uint32_t limit, core_time now);
/* --dependency anew ("" or NULL: none). */
int job_set_dependency(struct cluster *c, struct job *job, const char *text, core_time now, struct err *err);
/* As squeue's %E has it: "afterok:28(unfulfilled)"; nothing when there is none left. */
void job_depend_text(const struct job *job, struct text *out);
/* enum job_reason: for a pending job why it waits now, derived and not stored; for others what was recorded.
 */
uint32_t job_reason(const struct cluster *c, const struct job *job);
/* The same as squeue's reason column has it. */
void job_reason_text(const struct cluster *c, const struct job *job, struct text *out);
/* In minutes: its time limit in force, or, before the start, the one asked for or its partition's.
 * CORE_INFINITE: none. CORE_NO_VAL: its partition is gone. */
uint32_t job_time_limit(const struct job *job);
/* When and where the plan has it start; an array's: its next task. 0 and NULL: it isn't in the plan. */
core_time job_planned_start(const struct job *job);
core_time job_planned_end(const struct job *job); /* by its limit */
const struct node_alloc_list *job_planned_nodes(const struct job *job);
/* Is that step one of those that ACTION_WARN is for? */
bool job_is_warned(const struct job *job, const struct step *step);
void job_heard(struct job *job, core_time now); /* its srun or salloc is alive */
/* enum job_sharing: what it asks for while it is pending, then as it started. */
uint32_t job_sharing(const struct cluster *c, const struct job *job);
bool job_is_done(const struct job *job);   /* a final base state, nothing left to end */
bool job_is_active(const struct job *job); /* RUNNING or SUSPENDED, not ending */
/* Nodes: that it has, else that its tasks need in its partition (squeue(1), NODES: before a start an
 * estimate). */
uint32_t job_nodes_guess(const struct job *job);
struct tres job_tres(const struct cluster *c,
                     const struct job *job); /* allocated, or asked for while pending */
struct tres job_tres_asked(const struct cluster *c, const struct job *job);
/* Both, as the history has them. */
void job_amounts_of(const struct cluster *c, const struct job *job, struct job_amounts *asked,
                    struct job_amounts *had);

/* Walks all jobs by serial: NULL starts, NULL ends. */
struct job *job_next(const struct cluster *c, const struct job *after);
/* The first with a higher serial than that, which may be of a job that has gone. NULL: none. */
struct job *job_after(const struct cluster *c, uint64_t serial);
size_t job_count(const struct cluster *c);

/* ---- steps ---- */

/* Asks for a step in a running job. 0: *out is placed (ACTION_GRANT_STEP has come) or queued (out->queued;
 * the action comes later); -1: it can never run, or (immediate) not now. */
int step_create(struct cluster *c, struct job *job, const struct step_request *request, core_time now,
                struct step **out, struct err *err);
struct step *step_by_id(const struct job *job, uint32_t step_id);
struct step *step_by_launch(const struct cluster *c, uint64_t launch);
/* A queued step's srun is gone, or a step that was never claimed. */
void step_forget(struct cluster *c, struct step *step, core_time now);
/* A launch's number for something that is no step, and is not kept: never given out again. */
uint64_t cluster_take_launch(struct cluster *c);
/* Another time limit, in minutes (CORE_INFINITE or 0: none), of a step that runs. */
void step_update(struct cluster *c, struct step *step, uint32_t limit_min, core_time now);
int step_cancel(struct cluster *c, struct step *step, int signal, uint32_t by_uid, core_time now,
                struct err *err);

/* ---- what workers report (each may come twice, late, or after a restart) ---- */

/* The launch is running (or was, when a fate follows). Unknown or old ones: false, the worker must end it. */
bool report_step_started(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                         uint64_t launch, core_time now);
/* All tasks of the launch on that node have ended. A batch script's fate ends its job. text: see
 * step_record.end_text. Repeats are ignored. */
/* The launch uses more memory than it asked for: all of its step is killed. Its job; NULL: it ends already.
 */
const struct job *report_over_memory(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                                     uint64_t launch, core_time now);
void report_step_ended(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                       uint64_t launch, uint32_t status, const struct usage *usage, const char *text,
                       core_time now);
/* Nothing of the job's attempt is left on that node: its share is released. */
void report_job_gone(struct cluster *c, const char *name, uint64_t serial, uint32_t attempt, core_time now);
/* The batch script or a step could not be launched there: requeued and held as Slurm does, or failed. */
void report_launch_failed(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                          uint64_t launch, const char *why, core_time now);
/* Likewise, but the node is at fault: it is drained with that reason, and a batch job requeued, if it may be.
 */
void report_node_unfit(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                       uint64_t launch, const char *reason, const char *why, core_time now);
/* The launch was not started because the node's Prolog failed: the node is drained, and the job requeued and
 * held (or cancelled, when it can't be requeued). */
void report_prolog_failed(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt,
                          uint64_t launch, const char *why, core_time now);
/* A Prolog that ACTION_NODE_PROLOG ordered has ended there. When it was the job's last, who waits for its
 * nodes gets them; a failed one is as in report_prolog_failed(). */
void report_prolog(struct cluster *c, const char *node, uint64_t serial, uint32_t attempt, bool failed,
                   core_time now);
/* Who waits for the job's nodes is to wait on: they are not ready yet. */
bool job_awaits_nodes(const struct job *job);
/* PrologSlurmctld has ended: the job goes on to its nodes, or is requeued, where it can't be ends. */
void report_prolog_slurmctld(struct cluster *c, uint64_t serial, uint32_t attempt, bool failed,
                             core_time now);
/* EpilogSlurmctld has ended, however. */
void report_epilog_slurmctld(struct cluster *c, uint64_t serial, uint32_t attempt, core_time now);
/* The node's Epilog failed: it is drained. What the job had there is released by report_job_gone(). */
void report_epilog_failed(struct cluster *c, const char *node, core_time now);

/* ---- nodes ---- */

struct node_registration {
	const char *boot_id, *version;
	core_time boot_time, slurmd_start_time;
	const struct hardware *hardware;
	/* what runs there, and ended unacknowledged there: launches. Allocations of running jobs that the
	 * worker knows nothing of end (a batch job whose script is not among them: launched again only if
	 * never recorded there, as its state tells). */
	const uint64_t *launches;
	size_t launch_count;
	/* of each of these launches; NULL: not known. What of them runs on behalf of an attempt that has lost
	 * the node is ended, and nothing is started there before the worker has reported that it is gone. */
	const uint64_t *serials;
	const uint32_t *attempts;
	/* of each: when it ended, by the worker's clock; 0: it has not. NULL: not known. What ended before
	 * boot_time has a true fate, which a reboot doesn't undo. */
	const core_time *end_times;
	bool joins; /* by itself: a FUTURE node becomes one by it */
};
/* The worker's session is authenticated and complete. Refusals: hardware below the configuration (the node is
 * drained with the reason, and 0 returned: it stays connected), unknown node (-1). */
int node_register(struct cluster *c, const char *name, const struct node_registration *reg, core_time now,
                  struct err *err);
void node_heard(struct cluster *c, const char *name, uint32_t cpu_load, uint64_t free_mem, core_time now);
/* The session is closed, or two heartbeats were missed. NO_RESPOND once nothing was heard for 10 s (so that a
 * slurmd may be started again), DOWN after SlurmdTimeout by cluster_run. */
void node_lost(struct cluster *c, const char *name, core_time now);
/* scontrol update nodename=, all of it or nothing. state: word as there ("DRAIN", "DOWN", "RESUME", "IDLE",
 * "UNDRAIN", "FAIL"). */
struct node_edit {
	const char *state, *reason, *features, *features_act, *comment, *extra, *addr,
	        *hostname; /* NULL: unchanged; "": none, or as configured */
	uint32_t weight;   /* CORE_NO_VAL: unchanged */
};
int node_edit(struct cluster *c, const char *name, const struct node_edit *edit, uint32_t by_uid,
              core_time now, struct err *err);
int node_update(struct cluster *c, const char *name, const char *state, const char *reason, uint32_t by_uid,
                core_time now, struct err *err);
/* Nodes that slurm.conf doesn't have, all or none; those that are there already stay as they are. */
int nodes_create(struct cluster *c, const struct core_node_conf *wanted, size_t n, core_time now,
                 struct err *err);
/* A slurmd that joins by itself says what its node is: made where it isn't there yet, or changed. Comes
 * before node_register(). */
int node_join(struct cluster *c, const struct core_node_conf *wanted, core_time now, struct err *err);
/* The FUTURE node that a slurmd -F on that host becomes: the one that it was before, or one of its shape (and
 * with that feature, unless NULL) that nobody has. NULL with err set: there is none. */
const char *node_take_future(struct cluster *c, const char *hostname, const char *addr,
                             const struct hardware *hw, const char *feature, core_time now, struct err *err);
/* One of slurm.conf's comes back when that is read again. */
int node_delete(struct cluster *c, const char *name, core_time now, struct err *err);
struct node *node_by_name(const struct cluster *c, const char *name);
struct node *node_at(const struct cluster *c, size_t index); /* NULL past the end */
/* CPUs that jobs have; those that two have at once, one of them resumed, count once. */
uint32_t node_shown_cpus(const struct node *node);
uint32_t node_shown_base(const struct node *node); /* enum node_base_state with ALLOCATED and MIXED */
uint32_t node_shown_flags(const struct node *node);

/* Licences in order of the configuration; NULL past the end. */
struct license;
const struct license *license_at(const struct cluster *c, size_t index);

/* What so much costs in that partition (NULL: the CPUs). */
uint64_t part_billing(const struct cluster *c, const struct part *part, const struct tres *t);
struct part *part_by_name(const struct cluster *c, const char *name);
struct part *part_at(const struct cluster *c, size_t index);
struct part *part_default(const struct cluster *c);
/* The partition becomes as wanted says (its node_index is not read, nodes is). create: it must be new. */
int part_update(struct cluster *c, const struct core_part_conf *wanted, bool create, core_time now,
                struct err *err);
size_t part_record_count(const struct cluster *c); /* how many are as scontrol left them, or gone */
int part_delete(struct cluster *c, const char *name, core_time now, struct err *err);

/* ---- proof and figures ---- */

/* Checks everything that must always hold (no core given twice, totals add up, states and lists agree). 0, or
 * -1 with the first breach. */
int cluster_check(const struct cluster *c, struct err *err);

/* Of the passes in which somebody had to wait, so that others were planned behind him (sdiag(1),
 * Backfilling). */
struct plan_figure {
	uint64_t last, sum;
};
struct plan_stats {
	uint64_t started_ever, started; /* before their turn; since the last reset */
	uint64_t cycles;
	core_time when;           /* the last one; 0: there was none */
	struct plan_figure depth, /* jobs that were looked at, from the first that waits on */
	        tries,            /* how many of them were looked for room, now or later */
	        queue,            /* who was in the queue, for each partition of his */
	        table;            /* times at which something ends */
};
struct sched_stats {
	uint64_t submitted, started, completed, cancelled, failed;
	uint64_t cycles, cycle_depth_sum;
	uint32_t last_queue_length;
	uint64_t pending, running;
	struct plan_stats plan;
};
/* Times of passes are measured by the caller round cluster_run(). */
const struct sched_stats *cluster_stats(const struct cluster *c);
void cluster_stats_reset(struct cluster *c);
