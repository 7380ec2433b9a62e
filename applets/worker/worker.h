/* slurmd: what its files share.
 *
 *   main.c        options, start-up, the loop
 *   hardware.c    what this host has
 *   join.c        a node that slurm.conf doesn't have (slurmd -Z, -F)
 *   control.c     the one connection to the controller
 *   grants.c      the table of launches: granted, running, ended; what srun may claim
 *   shepherds.c   one process for each launch that runs; the links with them
 *   bcasts.c      files that jobs' users bring (sbcast): granted, received
 *   jobs.c        orders about jobs: end, signal; when nothing of a job is left
 *   hooks.c       the administrator's programs around a job: Prolog, Epilog
 *   health.c      HealthCheckProgram
 *   containment.c what slurm.conf wants of cgroups; cgroup.c: where they are; step_groups.c: those of a step
 *   spool.c       what is on disk about all that
 *   local.c       what users of this host ask: processes of steps
 *   emulate.c     many nodes in one process, which run nothing: for measuring
 *
 * A launch is in the table from its grant until the controller has acknowledged its fate:
 *
 *     GRANTED ──srun claims it, or it is a batch script──▶ RUNNING ──▶ ENDED ──fate_ack──▶ gone
 *        └──void after GRANT_VOID_US, or its job is ended──────────────▲
 *     RUNNING ──its shepherd was lost──▶ LOST ──nothing of it is left──┘ */
#pragma once
#include "applets/common/cluster_file.h"
#include "applets/worker/containment.h"
#include "applets/worker/link.h"
#include "applets/worker/spool.h"
#include "core/util/list.h"
#include "core/util/map.h"
#include "proto/conn.h"

#include <sys/types.h>

/* How long an srun grant waits to be claimed. */
#define GRANT_VOID_US 60000000

enum launch_state { LAUNCH_GRANTED, LAUNCH_RUNNING, LAUNCH_LOST, LAUNCH_ENDED };

struct launch {
	struct worker *worker;
	uint64_t number, serial;
	uint32_t attempt, step_id, job_id, uid;
	bool batch;
	enum launch_state state;
	bool started;             /* its tasks were started */
	bool foreign;             /* of another controller's database: nobody is to be told */
	struct loop_timer *timer; /* GRANTED: void; RUNNING without link: the next try; LOST: the next look */
	/* the shepherd */
	pid_t pid; /* 0: not known */
	uint64_t pid_start;
	int link; /* -1: none */
	struct loop_fd *link_watch;
	unsigned link_tries;
	struct job_end *end;        /* an order that came while there was no link */
	struct job_signal *suspend; /* likewise the last one to stand still or go on */
	struct step_fate fate;      /* ENDED */
	bool fate_told;             /* the last registration had it */
	bool prolog_waits, prolog_failed;
	int64_t sleeps_until; /* emulate.c: or, while it is suspended, for how long */
	struct list held;     /* sessions of srun that came while the prolog ran (grants.c) */
	struct list in_all;
};

struct worker;

/* How the orders of the controller are carried out: in earnest (worker_orders), or only as the controller
 * sees it (emulate.c). */
struct worker_orders {
	/* Keeps what was granted, before anything of it is started. -1: it is not to be started. */
	int (*record)(struct worker *w, const struct step_grant *grant, struct err *err);
	void (*start)(struct launch *l, const struct step_grant *grant);
	/* To who runs it: LINK_END, LINK_SIGNAL. */
	void (*tell)(struct launch *l, enum link_type type, const void *record);
	void (*ack)(struct worker *w, uint64_t launch); /* the controller has its fate */
	void (*disown)(struct worker *w);               /* all that is here is another controller's */
	void (*obeyed)(struct worker *w);               /* epoch and instance are new: to be kept */
	void (*reconfigure)(struct worker *w, const struct config_file_list *files);
	void (*dial)(struct worker *w);    /* it is time to: control_dial(), now or later */
	void (*settled)(struct worker *w); /* what was dialled is registered, or over; NULL: nobody asks */
};
extern const struct worker_orders worker_orders;

struct worker {
	const struct worker_orders *orders;
	const char *version; /* that is registered */
	struct loop *loop;
	struct cluster_file file;
	const char *node; /* our NodeName */
	const char *node_addr;
	char host[256]; /* this host's own name */
	uint16_t port;
	struct key_host *key, *old_key; /* old_key: while the new one is being taken into use */
	struct server *server;
	struct ticket_server *tickets;
	struct spool spool;
	/* from the configuration */
	char *conf_path, *working_cluster;
	struct daemon_log log;
	uint32_t kill_wait_s;
	bool append;
	struct hardware hardware;
	uint32_t cores, cores_per_socket, threads_per_core; /* as the configuration has them */
	struct containment containment;
	bool rebooted;       /* -b */
	uint32_t joins;      /* enum worker_joins */
	const char *feature; /* -F's, or NULL */
	char *node_line;     /* what our node is, where slurm.conf doesn't say it */
	struct core_node_conf *own_node;
	struct arena own_arena; /* of own_node */
	uint64_t open_files;    /* the soft limit that slurmd was started with: the tasks' */
	const char *tmp_fs;
	int64_t start_time;
	uint64_t life_id;
	/* launches */
	struct map by_number; /* struct launch */
	struct list launches;
	struct list bcasts;
	uint32_t bcast_count;
	struct map
	        children; /* shepherds and receivers that this life started and has not waited for; by pid */
	struct launch *reading; /* the launch whose link is being read; NULL when it went meanwhile */
	struct list ended;      /* jobs.c */
	struct map ended_by_serial;
	/* hooks.c */
	bool has_hooks;
	struct map hooks, hook_pids; /* struct hook; by serial, by pid */
	struct list hook_queue;      /* PrologFlags=Serial: those whose turn is still to come */
	/* health.c */
	struct {
		pid_t pid; /* 0: it doesn't run */
		struct loop_timer *timer, *limit;
		bool starting; /* the first run: registration waits for it */
	} health;
	/* the controller */
	struct control *control;
	int64_t last_order; /* when something was heard of it last; 0: never */
	uint64_t epoch;     /* the highest that was obeyed */
	uint8_t instance[16];
	bool has_instance;
	struct schema_bytes conf_hash, conf_digest;
	uint8_t hash[32]; /* conf_hash */
	/* configless: where the configuration was fetched, and what came */
	const char *conf_servers; /* NULL: it is in files of this host */
	struct arena fetched;
	struct conf_texts texts;
	struct worker_kept_file *kept_files;
};

/* main.c */
void worker_init(struct worker *w, const struct worker_orders *orders);
/* path NULL, verbose 0: what slurm.conf says. */
int worker_open_log(struct worker *w, const char *given, unsigned verbose, bool foreground, struct err *err);
int worker_pidfile(const struct worker *w, struct err *err);

/* emulate.c: slurmd --emulate; the exit code. count 0: all of those named (a host list), or whose host this
 * is.
 */
int worker_emulate(const char *conf_path, const char *names, uint32_t count, const char *log,
                   unsigned verbose, bool foreground);

/* configure.c */
/* The node of that name (asked), or the one that is this host. NULL: none. */
const struct core_node_conf *worker_find_node(const struct worker *w, const struct cluster_file *file,
                                              const char *asked, const char *full_host);
/* Is name this host's, with its domain or without? */
bool worker_names_host(const char *name, const char *host, const char *short_host);
/* %h and %n in the paths of slurm.conf(5); malloc'ed. */
char *worker_expand_path(const struct worker *w, const char *path);
/* Takes what w->file says of that node. */
void worker_configure(struct worker *w, const struct core_node_conf *node);
/* Reads the configuration from where slurmd(8) says, and checks it; -1: it was logged why not. */
int worker_read_configuration(struct worker *w, const char *conf_servers, const char *path);
/* Configless: keeps what was fetched, once the spool is there. */
int worker_keep_configuration(struct worker *w, struct err *err);
/* Reads the file again, or with files takes what the controller sent; one with errors, or without this node,
 * leaves the old one in force, and the log says why. */
void worker_reconfigure(struct worker *w, const struct config_file_list *files);
void worker_configure_free(struct worker *w);

/* join.c */
/* slurmd -Z: the node that this host is, with what --conf says of it in place of what was found. NULL:
 * `extra` can't be read, and the log says why. */
const struct core_node_conf *join_as_new(struct worker *w, const char *name, const char *extra);
/* slurmd -F: asks the controller which FUTURE node this host is, until it answers or refuses. */
const struct core_node_conf *join_as_future(struct worker *w, struct err *err);
/* The line that stands for it among others: "CPUs=2 ... RealMemory=1000 Feature=x"; the caller's. */
char *join_node_line(const struct hardware *hw, const char *extra);

/* control.c */
void control_dial(struct worker *w);
void control_start(struct worker *w);
void control_stop(struct worker *w);
/* Registers anew, on a new connection: what is on its way on the old one is settled as after any other cut.
 */
void control_renew(struct worker *w);
/* Sends when this worker is registered; what is lost otherwise is in the next registration. */
void control_send(struct worker *w, uint32_t type, const void *record);
bool control_is_up(const struct worker *w);

/* grants.c */
int grants_load(struct worker *w, struct err *err);
void grants_receive(struct worker *w, const struct step_grant *grant);
bool grants_step_known(void *ctx, const struct session_peer *peer);
void grants_step_opened(void *ctx, int fd, const struct session_peer *peer, const struct session_keys *keys);
void grants_ack(struct worker *w, uint64_t number);
/* Before anything of it was started: it ends with that status. failed: it could not be started, else it was
 * not to be. */
void launch_void(struct launch *l, int status, bool failed, const char *why);
/* The fate is on disk. */
void launch_ended(struct launch *l);
void launch_forget(struct launch *l);
/* The entry alone; the spool keeps what it has. */
void launch_free(struct launch *l);
/* Another controller's database: all that is here belongs to nobody. */
void grants_disown(struct worker *w);
/* The real worker's record and start (worker_orders). */
int grants_record(struct worker *w, const struct step_grant *grant, struct err *err);
void grants_start(struct launch *l, const struct step_grant *grant);
/* The Prolog of that attempt has ended: what waited for it is started, or fails. */
void grants_prolog_over(struct worker *w, uint64_t serial, uint32_t attempt, bool failed);
/* What must hold of whatever the controller grants. */
struct grant_facts {
	const char *node;
	const struct schema_bytes *instance;
	uint64_t serial;
	uint32_t attempt;
	const struct identity *who;
};
int grants_check(const struct worker *w, const struct grant_facts *g, struct err *err);
/* A step that waits to be claimed has all the time while its program is brought (srun --bcast). */
void grants_hold(struct worker *w, uint64_t serial, uint32_t step_id, bool hold);
const char *launch_name(const struct launch *l); /* for logs: "job 42 step 0 (launch 7)" */

/* shepherds.c */
/* This program as that applet (argv[0]), with link as its fd LINK_SHEPHERD_FD. */
int worker_spawn(char *const argv[], int link, pid_t *pid, struct err *err);
void shepherds_init(struct worker *w);
int shepherd_spawn(struct launch *l, struct err *err);
void shepherd_find(
        struct launch *l); /* after a restart: connects to a living one, or ends what a dead one left */
void shepherd_send(struct launch *l, enum link_type type, const void *record);
void shepherd_unlink(struct launch *l);

/* local.c */
/* A session of a user of this host: scontrol's. */
bool local_accepted(void *ctx, struct conn *conn);

/* bcasts.c */
void bcasts_grant(struct worker *w, const struct bcast_grant *grant);
bool bcasts_known(const struct worker *w, const struct session_peer *peer);
void bcasts_opened(struct worker *w, int fd, const struct session_peer *peer,
                   const struct session_keys *keys);
/* A session that came while the attempt's Prolog ran is served now, or ends. */
void bcasts_prolog_over(struct worker *w, uint64_t serial, uint32_t attempt, bool failed);
void bcasts_reap(struct worker *w, pid_t pid);
void bcasts_end(struct worker *w, uint64_t serial, uint32_t attempt);
/* Something is on its way for an attempt up to that one. */
bool bcasts_of(const struct worker *w, uint64_t serial, uint32_t attempt);
void bcasts_free(struct worker *w);

/* jobs.c */
void jobs_init(struct worker *w);
void jobs_end(struct worker *w, const struct job_end *order);
void jobs_signal(struct worker *w, const struct job_signal *order);
/* A line for the standard error of the attempt's batch script, if that runs here. */
void jobs_notify(struct worker *w, const struct job_notify *order);
/* An end was ordered for that attempt: nothing more of it may be launched. */
bool jobs_is_ending(const struct worker *w, uint64_t serial, uint32_t attempt);
void jobs_launch_gone(struct worker *w, uint64_t serial);
void jobs_registered(struct worker *w); /* tells again what the controller may not have heard */
/* The Epilog of the job that was ended here is through. */
void jobs_epilog_over(struct worker *w, uint64_t serial, bool failed);
void jobs_disown(struct worker *w); /* serials will mean other jobs from now on */
void jobs_free(struct worker *w);
