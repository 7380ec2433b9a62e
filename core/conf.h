/* The configuration as the core sees it: plain values, made by conf/core_conf.c from a slurm.conf.
 * A cluster keeps a deep copy. */
#pragma once
#include "core/tres.h"
#include "core/util/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_node_state {
	CONF_NODE_UNKNOWN,
	CONF_NODE_DOWN,
	CONF_NODE_DRAIN,
	CONF_NODE_FAIL,
	CONF_NODE_FUTURE,
	CONF_NODE_CLOUD
};
enum conf_part_state { CONF_PART_UP, CONF_PART_DOWN, CONF_PART_DRAIN, CONF_PART_INACTIVE };

/* OverSubscribe of a partition */
enum conf_share { CONF_SHARE_NO, CONF_SHARE_EXCLUSIVE, CONF_SHARE_YES, CONF_SHARE_FORCE };

/* PreemptMode of a partition */
enum conf_preempt { CONF_PREEMPT_OFF, CONF_PREEMPT_CANCEL, CONF_PREEMPT_REQUEUE, CONF_PREEMPT_SUSPEND };

/* slurm.conf(5), MaxJobId and MaxJobCount: what they can be at most */
#define JOB_ID_MAX    0x03ffffffu
#define JOB_COUNT_MAX 0x03ff0000u

/* SelectTypeParameters */
enum {
	CONF_CR_CPU = 1,
	CONF_CR_CORE = 2,
	CONF_CR_SOCKET = 4,
	CONF_CR_MEMORY = 8,
	CONF_CR_ONE_TASK_PER_CORE = 16,
	CONF_CR_LLN = 32,
	CONF_CR_PACK_NODES = 64,
};

struct core_node_conf {
	char *name;
	char *addr;     /* NodeAddr, or the name */
	char *hostname; /* NodeHostName, or the name */
	uint32_t port;
	uint32_t cpus, boards, sockets, cores_per_socket, threads_per_core;
	uint64_t real_memory; /* MiB */
	uint64_t tmp_disk;    /* MiB */
	uint32_t weight;
	char *features;     /* comma list or NULL */
	char *features_act; /* of them those that are active; NULL: all */
	char *gres;
	enum conf_node_state state;
	char *reason;
	bool down_line; /* state and reason are of a DownNodes line */
	bool dynamic;   /* made at run time: slurm.conf doesn't have it */
};

struct core_part_conf {
	char *name;
	char *nodes;          /* host list as shown */
	uint32_t *node_index; /* into cluster_conf.nodes, ascending */
	size_t node_count;
	bool all_nodes;     /* Nodes=ALL: also those that are made later */
	char *set_features; /* of the NodeSets in Nodes: likewise those that have one of them; or NULL */
	bool is_default, hidden, root_only, lln, exclusive_user, no_root_jobs;
	bool req_resv;                           /* only jobs that name a reservation may use it */
	uint32_t max_time_min, default_time_min; /* CORE_INFINITE; default CORE_NO_VAL: as max */
	uint32_t max_nodes, min_nodes;           /* CORE_INFINITE */
	uint32_t max_cpus_per_node;              /* CORE_INFINITE */
	uint32_t priority_tier, priority_job_factor;
	uint64_t def_mem_per_node, def_mem_per_cpu, max_mem_per_node, max_mem_per_cpu; /* 0: none */
	uint32_t grace_time_s;
	uint32_t over_time_limit_min; /* CORE_NO_VAL: the cluster's */
	enum conf_part_state state;
	char *allow_groups, *allow_accounts, *allow_qos, *alloc_nodes; /* NULL: all */
	char *deny_accounts, *deny_qos;                                /* NULL: none */
	char *qos;
	char *alternate;       /* the partition that takes the jobs while this one takes none; or NULL */
	char *cpu_bind;        /* as it is shown; or NULL */
	uint32_t preempt_mode; /* enum conf_preempt */
	uint32_t def_cpu_per_gpu, def_mem_per_gpu; /* 0: none */
	char *billing;                             /* TRESBillingWeights as written; NULL: the CPUs count */
	uint32_t *allow_gids; /* of allow_groups: the caller's look-up, as the core knows no names */
	size_t allow_gid_count;
	uint32_t oversubscribe;     /* enum conf_share */
	uint32_t oversubscribe_max; /* how many jobs may have a core together */
	uint32_t select_flags; /* CONF_CR_CORE or _SOCKET, and _MEMORY, in place of the cluster's; 0: as there
	                        */
};

struct core_license_conf {
	char *name;
	uint32_t total;
};

/* PriorityType, the weights of its factors and how they are reckoned (slurm.conf(5)) */
struct priority_conf {
	bool multifactor; /* else priority/basic, and nothing else here counts */
	uint32_t age, assoc, fairshare, job_size, partition, qos; /* weights */
	double tres[TRES_COUNT];
	uint32_t max_age_s, calc_period_s;
	bool favor_small;
	/* PriorityFlags */
	bool small_relative_to_time, accrue_always, calculate_running, incr_only, no_normal_part,
	        no_normal_tres;
};

struct cluster_conf {
	char *cluster_name;
	uint32_t slurm_uid; /* SlurmUser, in whose name the controller gives reasons */
	struct core_node_conf *nodes;
	size_t node_count;
	uint32_t max_node_count; /* MaxNodeCount; less than slurm.conf has: no more can be made */
	struct core_part_conf *parts;
	size_t part_count;
	struct core_license_conf *licenses;
	size_t license_count;
	uint32_t select_flags; /* CONF_CR_* */
	bool config_overrides;
	uint32_t reg_mem_percent; /* node_reg_mem_percent, in hundredths; 0: the default */
	uint32_t first_job_id, max_job_id, max_job_count, max_array_size, max_step_count, max_tasks_per_node;
	uint32_t min_job_age_s, kill_wait_s, inactive_limit_s, wait_time_s, over_time_limit_min;
	uint32_t slurmd_timeout_s, slurmctld_timeout_s;
	uint32_t return_to_service;                                                    /* 0, 1, 2 */
	uint64_t def_mem_per_node, def_mem_per_cpu, max_mem_per_node, max_mem_per_cpu; /* 0: none */
	bool billing_max; /* PriorityFlags=MAX_TRES: the dearest counts, not the sum */
	struct priority_conf priority;
	bool job_requeue, disable_root_jobs;
	bool prolog_slurmctld, epilog_slurmctld; /* there are such programs */
	/* PrologFlags, where there is a Prolog: Alloc, NoHold, DeferBatch */
	bool prolog_alloc, prolog_nohold, prolog_defer_batch;
	bool backfill; /* SchedulerType, and not bf_interval=-1 */
	/* SchedulerParameters: seconds, minutes (0: no end), jobs (0: no limit) */
	uint32_t bf_interval, bf_window, bf_max_job_test, bf_max_job_user, bf_max_job_part,
	        bf_max_job_array_resv;
	uint32_t bf_slice; /* nodes that planning looks at in one go; 0: the default */
	bool bf_licenses;  /* SchedulerParameters: they are planned as well; else who lacks some has no place
	                    */
	bool allow_zero_lic;          /* likewise: more than there are may be asked for */
	bool nohold_on_prolog_fail;   /* SchedulerParameters */
	bool kill_invalid_depend;     /* DependencyParameters */
	uint32_t enforce_part_limits; /* 0 NO, 1 ANY, 2 ALL */
	/* What was set at run time outlives reading slurm.conf (ReconfigFlags, slurmctld -R). */
	bool keep_part_info, keep_part_state, keep_node_edits;
};

/* A deep copy in the arena. */
struct cluster_conf *cluster_conf_copy(const struct cluster_conf *conf, struct arena *arena);
