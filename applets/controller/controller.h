/* slurmctld: what its files share.
 *
 *   main.c            options, start-up, stop
 *   controller.c      the cluster's value in its daemon: loaded, run once a round, rebuilt after a failed
 * commit, reconfigured peer.c            connections: who it is, what it may send (handlers.def), who waits
 *   outbox.c          everything that leaves, when what it depends on is on disk
 *   store*.c          what must not be lost; history.c reads what has left
 *   actions.c         what the core wants done -> messages;  grant.c makes grants
 *   programs.c        the programs that the controller runs;  hook_env.c  what hooks are told of a job
 *   waiters.c         who waits for which job or step
 *   keys.c            the cluster's keys, also after root was given up
 *   submit.c job.c step.c node.c part.c worker.c query.c config_query.c stats.c history_query.c    handlers,
 * one noun each
 *
 * A round: events come in and call handlers, handlers call the core, the core's changes go into the store's
 * open batch and what is to be told into the outbox. Before the loop sleeps, controller_round() runs the
 * scheduler, hands the batch to the writer and marks what is in the outbox with the batch's number. The
 * writer's answer releases it. */
#pragma once
#include "applets/common/cluster_file.h"
#include "applets/common/daemon_log.h"
#include "applets/controller/outbox.h"
#include "applets/controller/store.h"
#include "core/cluster.h"
#include "core/util/arena.h"
#include "core/util/list.h"
#include "core/util/map.h"
#include "proto/conn.h"

#include <stdbool.h>
#include <stdint.h>

#define HEARTBEAT_S 5
#define SILENCE_US  (2 * HEARTBEAT_S * CORE_SECOND) /* two heartbeats were missed */
#define SCRIPT_MAX  (4u * 1024u * 1024u)            /* slurm.conf(5), SchedulerParameters=max_script_size */
#define RETRY_US    1000000                         /* between tries to write again */
/* How long an allocation lives on without the srun or salloc that holds it: time for it to dial again. */
#define ORPHAN_US      30000000
#define ORPHAN_BOOT_US 60000000 /* the same after a start of the controller, when everybody dials at once */

struct history;
struct stats;
struct programs;

struct controller {
	struct loop *loop;
	struct cluster_file *file; /* the newest; earlier ones live on, as others may hold their texts */
	const struct cluster_file *first_file; /* of the start */
	struct kept_file *kept_files;
	const char *conf_path;
	struct daemon_log log;
	uint8_t conf_hash[32]; /* of the newest file, for each worker that registers */
	struct cluster *cluster;
	struct store *store;
	struct outbox *outbox;
	struct history *history;
	struct stats *stats;
	struct programs *programs;
	struct server *server;
	struct ticket_server *tickets;
	struct key_master *master;
	struct key_host *own_key;
	struct key_helper *key_helper; /* NULL: we can read the key ourselves */
	struct map worker_keys;        /* node name -> struct key_host */
	struct map peers;              /* conn_id -> struct peer */
	struct map workers;            /* node name -> struct peer: registered ones */
	struct map waits;              /* job serial -> struct wait_list */
	struct list unsettled;         /* waiters whose submit_reply waits for this round's scheduling */
	struct loop_timer *due_timer, *watch_timer, *retry_timer, *purge_timer;
	struct request *step_asker; /* the request whose step_create() is running */
	uint8_t instance[16];       /* of a new database */
	core_time boot_time, due_at;
	uint32_t slurm_uid;
	bool single_user;
	bool configless;        /* enable_configless at the start */
	bool keep_edits;        /* slurmctld -R, and from the first load on: what was set at run time stays */
	bool touched;           /* the core was called in this round */
	bool degraded;          /* a commit failed and none has worked since: nothing is changed */
	bool stopping, leaving; /* leaving: the loop ends when all that was said has left */
	bool broken;            /* the state can't even be read any more: the process ends */
};

/* ---- controller.c ---- */
core_time controller_now(void);
void controller_init(struct controller *ctl, struct loop *loop, struct cluster_file *file);
/* Opens the store, loads the cluster, commits the new epoch. */
int controller_load(struct controller *ctl, const struct store_conf *conf, struct err *err);
/* Reads slurm.conf again and applies what can change at run time; says what can't. An error changes nothing.
 * hangup: by SIGHUP, which leaves nodes the weights and features that scontrol gave them (scontrol(1)). */
int controller_reconfigure(struct controller *ctl, bool hangup, struct err *err);
/* Commits what is there, lets out what depended on it, closes. */
void controller_stop(struct controller *ctl);

/* ---- keys.c ---- */
/* Only as root: the child that will read these files when it is asked, whoever we are by then. */
int key_helper_start(struct controller *ctl, const struct key_files *files, struct err *err);
void key_helper_end(struct controller *ctl);
/* Reads the keys and takes them into use; where they are what they were, nothing happens. An error leaves the
 * old ones in force. */
int keys_load(struct controller *ctl, struct err *err);
/* Takes these; sessions under keys that are not among them are closed. */
void keys_use(struct controller *ctl, struct key_master *master, struct key_host *own);
void keys_free(struct controller *ctl);
/* A worker's own key, derived once. */
const struct key_host *worker_key(struct controller *ctl, const char *node, struct err *err);

/* ---- hook_env.c ---- */
enum hook_context { HOOK_WORKER, HOOK_CONTROLLER };
/* What the hooks of a worker, or of the controller itself, are told of a job; ended: with its exit codes. In
 * the arena. */
struct schema_strs hook_env(const struct controller *ctl, const struct job *job, enum hook_context context,
                            bool ended, struct arena *arena);

/* ---- peer.c ---- */
/* A connection. Messages to it go through the outbox. */
struct peer {
	struct controller *ctl;
	struct conn *conn;
	uint64_t id;
	struct list waits;     /* struct waiter */
	struct list cursors;   /* answers that come in several messages */
	struct worker *worker; /* a registered worker's */
	uint64_t follows;      /* a configless daemon's: the request that asked for every new configuration */
	bool paused;
};
extern const struct server_ops controller_server_ops;
struct peer *peer_by_id(struct controller *ctl, uint64_t id);
void peer_close(struct peer *peer);   /* as if it had broken */
void peer_drained(struct peer *peer); /* what waited for it has left: it may be read again, and told more */
bool peers_waiting(const struct controller *ctl); /* bytes for someone are still here */
void peers_close_all(struct controller *ctl);
/* Workers only: their reports stay unacknowledged, and they register again. */
void peers_close_workers(struct controller *ctl);
const char *peer_title(const struct peer *peer); /* for logs: "uid 1000 at 10.0.0.1" */

/* A message that is being handled. A handler returns 0, or -1 with err set, which is then the answer. */
struct request {
	struct controller *ctl;
	struct peer *peer; /* in the handler; after request_defer() look it up by peer_id */
	uint64_t peer_id, id;
	uint32_t type;
	void *m; /* the decoded message, in arena */
	struct arena arena;
	const char *help; /* what to do about the error, or NULL: the error code's own */
	unsigned holders;
};
/* The handler goes on later, and calls request_finish() (which may be before it returns). */
void request_defer(struct request *r);
void request_finish(struct request *r);
void answer(struct request *r, uint32_t type, const void *record);
void answer_ok(struct request *r);
void answer_error(struct request *r, const struct err *err);
/* What to do about an error of that code; NULL: its text says all. */
const char *error_help(int code);
uint32_t request_uid(const struct request *r);
bool request_is_operator(const struct request *r);
/* The job that a message names: looked up, and the sender's right to it checked. NULL with err set. */
struct job *request_job(struct request *r, uint32_t job_id, struct err *err);
/* The same for one that may be an array, or some of its tasks ("3", "3-5"; NULL: all): each record of them,
 * in the request's arena. Tasks whose record stands for others too are split off, which is a change;
 * to_cancel as jobs_meant() has it. */
int request_jobs(struct request *r, uint32_t job_id, const char *tasks, bool to_cancel, struct job ***jobs,
                 size_t *n, struct err *err);

/* An answer in several messages: next() makes one and returns true when it was the last. Runs on when the
 * peer has taken what was sent. */
struct cursor;
typedef bool (*cursor_next)(struct cursor *cursor);
struct cursor {
	struct list in_peer;
	struct peer *peer;
	uint64_t id;
	cursor_next next;
	void (*free)(struct cursor *cursor);
	struct loop_timer *timer;
	bool waiting; /* for something else than the peer: cursor_go() wakes it */
};
void cursor_start(struct cursor *cursor, struct request *r, cursor_next next,
                  void (*free_fn)(struct cursor *cursor));
void cursor_go(struct cursor *cursor);

/* ---- waiters.c ---- */
enum wait_kind {
	WAIT_ALLOC, /* srun or salloc that holds the allocation: job_ready, then job_ended */
	WAIT_END,   /* sbatch --wait: job_ended */
	WAIT_STEP,  /* srun: step_ready, then step_ended */
};
struct waiter {
	struct list in_job, in_peer, in_unsettled;
	struct peer *peer;
	uint64_t id; /* of the request */
	uint64_t serial;
	enum wait_kind kind;
	const struct step *step; /* WAIT_STEP, while it is queued */
	uint64_t launch;         /* WAIT_STEP, once it is placed */
	uint32_t worst; /* WAIT_END of an array: the exit status of the task that fared worst so far */
	bool replied;   /* submit_reply is out */
	bool ready;     /* job_ready or step_ready is out */
};
struct waiter *waiter_add(struct request *r, uint64_t serial, enum wait_kind kind);
/* For WAIT_END of a job or of its whole array: what takes the serial's place there. */
uint64_t waiter_key(const struct job *job);
void waiter_remove(struct waiter *w);
/* Walks those of a job: NULL starts, NULL ends; the given one may be removed after the next was asked for. */
struct waiter *waiter_next(struct controller *ctl, uint64_t serial, const struct waiter *after);
struct waiter *waiter_of_step(struct controller *ctl, const struct step *step);
/* An allocation that it held has ORPHAN_US to be claimed again, unless it is one that nobody holds (salloc
 * --no-shell). */
void waiters_peer_closed(struct peer *peer);
void waiters_job_over(struct controller *ctl, uint64_t serial);
/* After the cluster was loaded: allocations that nobody holds have a while to be claimed; waiters of jobs
 * that are lost are told. */
void waiters_loaded(struct controller *ctl, int64_t grace_us);
void waiters_free(struct controller *ctl);

/* ---- actions.c, grant.c ---- */
struct core_sink controller_sink(struct controller *ctl);
void fill_job_ready(struct controller *ctl, const struct job *job, struct job_ready *m, struct arena *arena);
void send_job_ready(struct controller *ctl, const struct job *job, struct waiter *w);
void send_job_ended(struct controller *ctl, const struct job *job, struct waiter *w); /* and w is gone */
/* Those who wait for all of the job's array: what became of the tasks that have ended; the end, if all have.
 */
void tell_array_waiters(struct controller *ctl, const struct job *job);
/* Keys for the step's nodes with these rights. */
/* A node of a step, or of something like it, for who will dial it; of->instance is filled in. */
int fill_step_place(struct controller *ctl, char *name, struct key_step_of *of, struct step_place *place,
                    struct arena *arena, struct err *err);
void wipe_step_places(struct step_ready *m); /* the keys */
void send_step_ready(struct controller *ctl, const struct step *step, uint32_t rights, struct peer *peer,
                     uint64_t id);
/* As its srun has them. */
#define STEP_RIGHTS_SRUN (STEP_RIGHT_IO | STEP_RIGHT_SIGNAL)
void send_bcast_grant(struct controller *ctl, const struct bcast_grant *m);
/* A line for the batch script's standard error. */
void send_job_notify(struct controller *ctl, const struct job *job, char *text);
/* The one or the other: for the batch script's standard error, or from the srun or salloc that holds the job.
 */
void tell_job(struct controller *ctl, const struct job *job, char *text);
/* A line from the srun or salloc that holds the allocation. */
void send_job_message(struct controller *ctl, const struct job *job, const char *text);
void send_job_end(struct controller *ctl, const char *node, const struct job_end *m);
/* The grant of one node's share, in the arena; `batch` is left to the caller. */
/* Of the job's and the step's time; 0: there is no end. */
uint64_t seconds_left(const struct job *job, const struct step *step, core_time now);
void fill_grant(struct controller *ctl, const struct job *job, const struct step *step, uint32_t index,
                struct step_grant *m, struct arena *arena);
/* "4(x3),2": equal neighbours together, as SLURM_JOB_CPUS_PER_NODE has it. */
void print_per_node(const uint32_t *v, uint32_t n, struct text *out);
char *job_node_list(const struct job *job, struct arena *arena);
char *alloc_node_list(const struct node_alloc_list *nodes, struct arena *arena);
char *step_node_list(const struct step_record *record, struct arena *arena);
const struct key_host *worker_key(struct controller *ctl, const char *node, struct err *err);

/* ---- worker.c ---- */
struct worker {
	struct peer *peer;
	char *node;
	uint64_t life_id;
	bool configless;
	uint16_t port; /* for steps; 0: the configured one */
	int64_t heard; /* monotonic */
};
struct peer *worker_of(struct controller *ctl, const char *node);
void worker_closed(struct peer *peer);
/* Connections of nodes that the configuration in force doesn't have. */
void workers_close_foreign(struct controller *ctl);
void workers_watch(struct controller *ctl); /* starts looking for silent ones */

/* ---- config_push.c ---- */
/* At the start and after a reconfigure: says what of slurm.conf can't be sent. */
void config_push_check(const struct controller *ctl);
/* The configuration in force, for a configless worker. */
void config_push_worker(struct controller *ctl, const struct peer *peer);
/* The other configless daemons that are connected. */
void config_push_followers(struct controller *ctl);

/* ---- submit.c ---- */
/* After the scheduler ran: who asked for an allocation hears whether it waits. */
void submits_settle(struct controller *ctl);

/* ---- node.c ---- */
/* A slurmd that joins by itself says what its node is, before it registers as that. */
int worker_join(struct request *r, const struct worker_register *m, struct err *err);

/* ---- part.c ---- */
/* The ids of the groups that partitions name; may ask the host's user database. */
void parts_resolve_groups(struct cluster_conf *conf, struct arena *arena);

/* ---- stats.c ---- */
struct stats *stats_new(void);
void stats_free(struct stats *s);
void stats_message(struct stats *s, uint32_t type, uint32_t uid, int64_t us);
void stats_cycle(struct stats *s, const struct cluster *c, int64_t us);

/* ---- the handlers of handlers.def ---- */
#define HANDLER(message, function, effect) int function(struct request *r, struct err *err);
#include "applets/controller/handlers.def"
#undef HANDLER
