/* slurmd: what its files share.
 *
 *   main.c        options, start-up, the loop
 *   hardware.c    what this host has
 *   control.c     the one connection to the controller
 *   grants.c      the table of launches: granted, running, ended; what srun may claim
 *   shepherds.c   one process for each launch that runs; the links with them
 *   jobs.c        orders about jobs: end, signal; when nothing of a job is left
 *   spool.c       what is on disk about all that
 *
 * A launch is in the table from its grant until the controller has acknowledged its fate:
 *
 *     GRANTED ──srun claims it, or it is a batch script──▶ RUNNING ──▶ ENDED ──fate_ack──▶ gone
 *        └──void after GRANT_VOID_US, or its job is ended──────────────▲
 *     RUNNING ──its shepherd was lost──▶ LOST ──nothing of it is left──┘ */
#pragma once
#include "applets/common/cluster_file.h"
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
	struct job_end *end;   /* an order that came while there was no link */
	struct step_fate fate; /* ENDED */
	struct list in_all;
};

struct worker {
	struct loop *loop;
	struct cluster_file file;
	const char *node; /* our NodeName */
	const char *node_addr;
	char host[256]; /* this host's own name */
	uint16_t port;
	struct key_host *key;
	struct server *server;
	struct ticket_server *tickets;
	struct spool spool;
	/* from the configuration */
	char *conf_path, *working_cluster, *log_path;
	uint32_t log_level, kill_wait_s;
	bool keep_log_level; /* -v said it */
	bool append;
	struct hardware hardware;
	bool rebooted;       /* -b */
	uint64_t open_files; /* the soft limit that slurmd was started with: the tasks' */
	const char *tmp_fs;
	int64_t start_time;
	uint64_t life_id;
	/* launches */
	struct map by_number; /* struct launch */
	struct list launches;
	struct map children;    /* shepherds that this life started and has not waited for; by pid */
	struct launch *reading; /* the launch whose link is being read; NULL when it went meanwhile */
	struct list ended;      /* jobs.c */
	struct map ended_by_serial;
	/* the controller */
	struct control *control;
	uint64_t epoch; /* the highest that was obeyed */
	uint8_t instance[16];
	bool has_instance;
	struct schema_bytes conf_hash, conf_digest;
	uint8_t hash[32]; /* conf_hash */
	struct worker_kept_file *kept_files;
};

/* configure.c */
/* The node of that name (asked), or the one that is this host. NULL: none. */
const struct core_node_conf *worker_find_node(const struct worker *w, const struct cluster_file *file,
                                              const char *asked, const char *full_host);
/* %h and %n in the paths of slurm.conf(5); malloc'ed. */
char *worker_expand_path(const struct worker *w, const char *path);
/* Takes what w->file says of that node. */
void worker_configure(struct worker *w, const struct core_node_conf *node);
/* Reads the file again; one with errors, or without this node, leaves the old one in force, and the log says
 * why. */
void worker_reconfigure(struct worker *w);
void worker_configure_free(struct worker *w);

/* control.c */
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
const char *launch_name(const struct launch *l); /* for logs: "job 42 step 0 (launch 7)" */

/* shepherds.c */
void shepherds_init(struct worker *w);
int shepherd_spawn(struct launch *l, struct err *err);
void shepherd_find(
        struct launch *l); /* after a restart: connects to a living one, or ends what a dead one left */
void shepherd_send(struct launch *l, enum link_type type, const void *record);
void shepherd_unlink(struct launch *l);

/* jobs.c */
void jobs_init(struct worker *w);
void jobs_end(struct worker *w, const struct job_end *order);
void jobs_signal(struct worker *w, const struct job_signal *order);
/* An end was ordered for that attempt: nothing more of it may be launched. */
bool jobs_is_ending(const struct worker *w, uint64_t serial, uint32_t attempt);
void jobs_launch_gone(struct worker *w, uint64_t serial);
void jobs_registered(struct worker *w); /* tells again what the controller may not have heard */
void jobs_disown(struct worker *w);     /* serials will mean other jobs from now on */
void jobs_free(struct worker *w);
