/* What srun, sbatch and salloc share beside their options. */
#pragma once
#include "applets/client/connect.h"
#include "applets/client/options.h"

/* Resource limits of this process, "NOFILE=1024:4096", into spec.limits: those that --propagate names, or
 * else slurm.conf. */
void submit_limits(struct submit *s, const struct slurm_conf *conf);

/* ---- environments (env.c) ---- */
struct env_list {
	char **v;
	size_t n, cap;
};
void env_list_set(struct env_list *e, const char *name, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
/* As this process's own environment has it, or not at all. */
void env_list_restore(struct env_list *e, const char *name);
void env_list_free(struct env_list *e);
/* This process's environment, as --export wants it: ALL, NONE, names, NAME=VALUE. */
void env_list_export(struct env_list *e, const struct submit *s);
/* --export-file: what the file, or the open file of that number, says. */
int env_list_read(struct env_list *e, const char *file, struct err *err);
/* SLURM_SUBMIT_DIR, _HOST, SLURM_JOB_NAME ... : what a submission adds. */
void env_list_submit(struct env_list *e, const struct submit *s);
/* What options ask for: SLURM_MEM_PER_NODE, SLURM_NTASKS_PER_CORE ... */
void env_list_options(struct env_list *e, const struct submit *s);
/* --mem-bind of a step. */
void env_list_bindings(struct env_list *e, const struct submit *s);
/* SLURM_`what`, and SLURM_`what`_LIST, _TYPE and _VERBOSE. */
void env_list_binding(struct env_list *e, const char *what, bool verbose, const char *type, const char *list);
/* What -m asks for, if it does. */
void env_list_distribution(struct env_list *e, const struct submit *s);
/* What a job's allocation adds: SLURM_JOB_ID, _NODELIST ... */
void env_list_job(struct env_list *e, const struct job_ready *job);
/* "1(x3)", "2,1(x2)" */
void env_counts(struct text *out, const uint32_t *v, uint32_t n);

/* ---- scripts (script.c) ---- */
/* Where a script is, as sbatch(1) has it under "SCRIPT PATH RESOLUTION"; the name itself when it is nowhere.
 */
char *script_path(struct arena *arena, const char *name, const char *work_dir);
/* Reads and checks a script: path, or NULL for standard input. The bytes are malloc'ed. Errors in the real
 * one's words. */
int script_read(const char *path, char **script, size_t *n, struct err *err);

/* ---- -m arbitrary (submit_hosts.c) ---- */
struct hostfile;
/* SLURM_HOSTFILE, which means -m arbitrary, or else what -w names for it: hosts->list stays NULL where
 * neither is so. Strings live in the arena of s. Says what is wrong. */
int submit_read_hosts(struct submit *s, struct hostfile *hosts);
/* The same for a job without a step (salloc, sbatch): it gets these hosts, and as many tasks. */
int submit_hosts(struct submit *s);

/* What slurm.conf has to say of the options: says what it makes of --core-spec and its like. */
int submit_check_conf(struct submit *s, const struct slurm_conf *conf, struct err *err);

/* Prints a controller's refusal as the real commands do: what it says of it, then `what`: the code's words.
 */
void submit_refused(const char *what, const struct err *err);
/* The same of a request that was only tested. */
void submit_refused_test(const struct err *err);
/* Where the job begins: --chdir, or here. In the arena. */
char *submit_directory(struct submit *s);

/* ---- allocations (alloc.c): srun and salloc ---- */
struct allocation {
	struct connect connection;
	struct arena arena;
	const struct job_ready *job;
	uint32_t job_id;
	bool configured; /* it has had to wait for PrologSlurmctld, and this was said */
	bool ended;      /* the controller said so */
	uint32_t end_state;
};
/* Asks, waits while it is queued (saying so), 0 when it is there. Otherwise the exit code of the program,
 * above 0. *interrupted names a flag that a signal handler sets: the wait ends and the request is cancelled.
 */
int allocation_get(struct allocation *a, struct submit *s, volatile int *interrupted);
void allocation_release(struct allocation *a, uint32_t wait_status);
void allocation_free(struct allocation *a);

/* What --test-only says. */
void submit_say_start(const struct submit_reply *reply);
/* connect_insist() with a message that asks for a job: while there is no room for one more (slurm.conf(5),
 * MaxJobCount) it is asked for again, later and later, until it is given up or *interrupted (may be NULL) is
 * set. */
int submit_insist(const struct submit *s, struct connect *c, uint32_t type, void *m, bool *again,
                  struct arena *arena, void **reply, volatile int *interrupted, struct err *err);
