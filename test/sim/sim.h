/* The simulator: random histories through the core, with a store, workers, links and sruns that exist only as
 * values.
 *
 *   sim.c        options, histories, the count
 *   world.c      one history's world: made, run round by round, killed and restored, brought to rest
 *   events.c     what happens in it
 *   worker.c     workers: they dedupe launches, keep fates, lose links and power
 *   store.c      the changes as rows
 *   property.c   what must hold beyond cluster_check()
 *   small.c      histories of small clusters, each decision of which is compared with
 *   reference.c  a scheduler that is slow and obvious
 *
 * Two clocks: mono is what really passes, and moves what is under way; the core is told mono + skew, and skew
 * jumps. */
#pragma once
#include "core/cluster.h"
#include "core/util/list.h"
#include "core/util/map.h"
#include "core/util/text.h"

#include <setjmp.h>

#define SIM_NODES    6
#define SIM_PARTS    3
#define SIM_LICENSES 2

/* ---- the store ---- */

struct row {
	uint32_t kind; /* schema number */
	uint64_t key, sub;
	char name[24];
	char *bytes;
	size_t n;
	struct list in_all;
};
struct store {
	struct map rows; /* hash of kind and key -> row */
	struct list all;
	size_t count;
};
void store_init(struct store *s);
void store_free(struct store *s);
/* A change's identity and bytes; the batch keeps it until it is committed or lost. */
struct row *row_of(const struct schema *schema, const void *record);
void row_free(struct row *row);
void store_apply(struct store *s, struct row *row); /* takes it */
const struct row *store_get(const struct store *s, uint32_t kind, uint64_t key, uint64_t sub,
                            const char *name);
const struct schema *schema_of_kind(uint32_t kind);

/* ---- what is under way ---- */

enum under_way {
	/* to a worker, on its connection */
	TO_GRANT,
	TO_END,
	TO_ACK,
	/* to the core, on a worker's connection */
	FROM_REGISTER,
	FROM_STARTED,
	FROM_FATE,
	FROM_GONE,
	FROM_PROLOG,
	/* on a host */
	HOST_CLAIM, /* srun dials */
	HOST_VOID,  /* nobody did */
	HOST_ENDS,  /* by itself */
	HOST_KILL,
	HOST_DIAL,
	HOST_BOOT,
	/* the controller's programs have ended */
	HOOK_PROLOG,
	HOOK_EPILOG,
};
struct event {
	core_time at;
	uint64_t seq;
	enum under_way what;
	uint32_t node;
	uint64_t conn; /* 0: doesn't need the connection */
	uint64_t serial, launch;
	uint32_t attempt, step_id, status;
	bool batch, failed;
	struct schema_u32s cores;
};

/* ---- workers ---- */

struct launch {
	struct list in_node;
	uint64_t number, serial;
	uint32_t attempt, step_id, status;
	bool batch, started, over, killed;
	core_time end_time; /* the core's clock */
	struct schema_u32s cores;
};
struct ended_job {
	uint32_t attempt;
	bool reported;
};
struct host {
	char name[16];
	uint32_t index;
	bool powered, linked; /* linked: registered, and nothing cut since */
	uint64_t conn;        /* changes with each connection */
	uint32_t boot, registered_boot;
	core_time boot_time;
	struct list launches;
	struct map done;            /* launches whose fates were acknowledged */
	struct map ended;           /* serial -> struct ended_job */
	core_time last_delivery[2]; /* each direction is first in, first out */
};

/* What the core wanted done; goes out when its changes are committed. */
struct wanted {
	enum action_kind kind;
	char node[16];
	uint64_t serial, launch;
	uint32_t attempt, step_id;
	bool ack;      /* no action: the fate of launch is acknowledged */
	bool confirm;  /* no action: it is on disk that the launch was started */
	bool one_node; /* of ACTION_END_STEP: a launch that should not run */
	struct step_record step;
	struct schema_u32s *job_cores; /* beside step.nodes: all that the job has there */
};

struct world {
	uint64_t seed, rng;
	bool trace;
	core_time mono, skew;
	struct cluster *c;
	struct cluster_conf conf;
	struct core_node_conf nodes[SIM_NODES];
	struct core_part_conf parts[SIM_PARTS];
	struct core_license_conf licenses[SIM_LICENSES];
	uint32_t part_nodes[SIM_PARTS][SIM_NODES];
	char part_lists[SIM_PARTS][128];
	struct host hosts[SIM_NODES];
	struct store store;
	struct row **batch;
	size_t batch_n, batch_cap;
	struct wanted *wanted;
	size_t wanted_n, wanted_cap;
	struct event *heap;
	size_t heap_n, heap_cap;
	uint64_t next_seq, next_conn;
	struct map acked;         /* serials that somebody was told of */
	struct map statuses;      /* launch of a batch script -> its true status + 1, or SIM_LOST */
	struct map confirmed;     /* launch and node of what is known to have been started */
	struct map launched;      /* launch of a batch script -> index of its node + 1 */
	struct map was_suspended; /* serials: others may have had their cores meanwhile */
	struct map stands_still;  /* serials of those that are, or ended, suspended */
	struct map stood_still;   /* of those that were suspended when another configuration came */
	struct map warned;        /* serial -> the attempt that was warned last */
	struct map was_shared;    /* serials: they had cores with others, as their partition allows */
	struct map was_active;    /* serials of jobs that ran before a host registered after a boot */
	uint64_t passes; /* in this round: in a later one others may be eligible, by a start of the first */
	struct map started_now;       /* serials of the jobs that this round started */
	uint64_t tasks_in, tasks_out; /* of arrays: submitted, forgotten */
	uint64_t ended_jobs, started_jobs, restarts, rounds;
	jmp_buf failed;
	char why[600];
};
#define SIM_LOST       UINTPTR_MAX
#define SIM_MAYBE_LOST ((uintptr_t)1 << 20) /* it had ended, and its fate was lost */

/* ---- world.c ---- */
_Noreturn void world_fail(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void world_trace(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
core_time world_now(const struct world *w);
void world_seed(struct world *w, uint64_t seed, uint64_t event); /* the chances of one event */
uint32_t pick(struct world *w, uint32_t n);                      /* 0 .. n - 1 */
bool chance(struct world *w, uint32_t of_1000);
/* When a configuration is taken, shares are taken anew: the cores of what had ended suspended before are its
 * own again until it is gone. */
void world_will_take_conf(struct world *w);
void world_took_conf(struct world *w);
/* Whom a partition lets share, by chance. */
void random_sharing(struct world *w, struct core_part_conf *part);
struct world *world_new(uint64_t seed, bool trace);
void world_free(struct world *w);
/* Other numbers of nodes, cores, partitions than before. */
void world_vary_conf(struct world *w);
/* The controller's round: run, commit, send; or dies on the way and is started again. */
void world_round(struct world *w, bool may_die);
void world_restart(struct world *w);
void world_put(struct world *w, struct event event);
struct wanted *world_wants(struct world *w);
bool world_take(struct world *w, core_time until, struct event *out);
/* Everything heals, nobody asks for anything new, all jobs come to their end. */
void world_rest(struct world *w);

/* ---- events.c ---- */
void random_event(struct world *w);

/* ---- worker.c ---- */
void host_init(struct host *h, uint32_t index);
void host_free(struct host *h);
void host_cut(struct world *w, struct host *h); /* the link only */
void host_crash(struct world *w, struct host *h);
void host_loses_disk(struct world *w, struct host *h); /* and what runs, but not the boot */
void host_sees(struct world *w, const struct event *event);
void wanted_send(struct world *w, const struct wanted *a);

/* ---- property.c ---- */
void property_after_pass(struct world *w);
void property_after_boot(struct world *w, const struct host *h);
void property_history(struct world *w, const struct history_job *h);
void property_store(struct world *w);
bool lacks_for_good(const struct world *w, const struct job *job); /* licences that there aren't */
bool waits_for_others(const struct world *w, const struct job *job);
void property_at_rest(struct world *w);

/* ---- priorities.c ---- */
void property_priorities(struct world *w);

/* ---- reference.c ---- */
struct reference_counts {
	uint64_t planned, never; /* jobs that wait: with a time to start, and without any */
};
/* Are all of those that wait as the reference scheduler says: none of them could start now beside those
 * before it, and each is planned where it can start first? For clusters and jobs that it knows. */
bool reference_agrees(const struct cluster *c, core_time now, struct reference_counts *counts,
                      struct text *why);

/* ---- small.c ---- */
struct small_counts {
	uint64_t started, taken, refused; /* jobs */
	struct reference_counts compared;
};
/* What went wrong, the caller's to free(); NULL: nothing. */
char *small_fails(uint64_t seed, const bool *wanted, unsigned events, bool trace,
                  struct small_counts *counts);
