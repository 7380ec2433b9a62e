/* The environment of the tasks: what came with the launch, and what the node's daemon sets, as srun(1) and
 * sbatch(1) list it under "OUTPUT ENVIRONMENT VARIABLES" and as the real slurmstepd gives it. */
#include "applets/worker/shepherd.h"
#include "core/util/hostlist.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct env {
	struct arena *arena;
	char **v;
	size_t n, cap;
};

static size_t env_find(const struct env *e, const char *name, size_t n)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i] && strncmp(e->v[i], name, n) == 0 && e->v[i][n] == '=')
			return i;
	return e->n;
}

static void env_put(struct env *e, size_t at, char *entry)
{
	e->v = xgrow(e->v, &e->cap, e->n + 2, sizeof(*e->v));
	e->v[at] = entry;
	if (at == e->n)
		e->n++;
	e->v[e->n] = NULL;
}

/* An entry as it came. Of Slurm's own variables the last one counts: the controller adds its facts behind
 * what was submitted. */
static void env_add(struct env *e, char *entry)
{
	const char *equals = strchr(entry, '=');
	if (!equals)
		return;
	size_t at = strncmp(entry, "SLURM_", 6) == 0 ? env_find(e, entry, (size_t)(equals - entry)) : e->n;
	env_put(e, at, entry);
}

/* Returns the entry's slot. */
static size_t env_set(struct env *e, const char *name, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
static size_t env_set(struct env *e, const char *name, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *value = arena_vprintf(e->arena, fmt, ap);
	va_end(ap);
	size_t at = env_find(e, name, strlen(name));
	env_put(e, at, arena_printf(e->arena, "%s=%s", name, value));
	return at;
}

static void env_default(struct env *e, const char *name, const char *value)
{
	if (value && env_find(e, name, strlen(name)) == e->n)
		env_set(e, name, "%s", value);
}

static uint64_t count_hosts(const char *list)
{
	struct hostlist *h = list ? hostlist_parse(list, NULL) : NULL;
	uint64_t n = h ? hostlist_count(h) : 1;
	hostlist_free(h);
	return n;
}

/* "4" on one node, "4(x3)" on three. */
static char *per_node(struct env *e, uint32_t value, uint64_t nodes)
{
	return nodes > 1 ? arena_printf(e->arena, "%u(x%" PRIu64 ")", value, nodes)
	                 : arena_printf(e->arena, "%u", value);
}

static char *global_ids(struct env *e, const struct step_grant *g)
{
	struct text ids = TEXT_EMPTY;
	for (uint32_t i = 0; i < g->tasks.n; i++)
		text_printf(&ids, "%s%u", i ? "," : "", g->tasks.v[i]);
	char *s = arena_strdup(e->arena, text_str(&ids));
	text_free(&ids);
	return s;
}

static void env_node(struct env *e, const struct shepherd *s)
{
	const struct step_grant *g = s->record.grant;
	env_set(e, "SLURMD_NODENAME", "%s", g->node);
	env_set(e, "SLURM_CPUS_ON_NODE", "%u", g->cpus_on_node);
	env_set(e, "SLURM_GTIDS", "%s", global_ids(e, g));
	env_set(e, "SLURM_JOB_GID", "%u", g->who->gid);
	env_set(e, "SLURM_JOB_UID", "%u", g->who->uid);
	env_set(e, "SLURM_JOB_USER", "%s", g->who->user_name ? g->who->user_name : "");
	env_set(e, "SLURM_NODEID", "%u", g->node_index);
	env_set(e, "SLURM_TOPOLOGY_ADDR", "%s", g->node);
	env_set(e, "SLURM_TOPOLOGY_ADDR_PATTERN", "node");
	if (s->record.conf_path)
		env_set(e, "SLURM_CONF", "%s", s->record.conf_path);
	env_default(e, "TMPDIR", "/tmp");
}

static void env_batch(struct env *e, const struct shepherd *s)
{
	const struct step_grant *g = s->record.grant;
	uint64_t nodes = count_hosts(g->job_nodes);
	env_set(e, "ENVIRONMENT", "BATCH");
	env_set(e, "HOSTNAME", "%s", s->record.host ? s->record.host : g->node);
	env_set(e, "SLURM_JOB_ID", "%u", g->job_id);
	env_set(e, "SLURM_JOBID", "%u", g->job_id);
	env_set(e, "SLURM_JOB_NAME", "%s", g->job_name ? g->job_name : "");
	env_set(e, "SLURM_JOB_NODELIST", "%s", g->job_nodes ? g->job_nodes : g->node);
	env_set(e, "SLURM_NODELIST", "%s", g->job_nodes ? g->job_nodes : g->node);
	env_set(e, "SLURM_JOB_NUM_NODES", "%" PRIu64, nodes);
	env_set(e, "SLURM_NNODES", "%" PRIu64, nodes);
	env_set(e, "SLURM_JOB_PARTITION", "%s", g->partition ? g->partition : "");
	env_set(e, "SLURM_NODE_ALIASES", "(null)");
	if (g->cluster_name)
		env_set(e, "SLURM_CLUSTER_NAME", "%s", g->cluster_name);
	if (s->record.working_cluster)
		env_set(e, "SLURM_WORKING_CLUSTER", "%s", s->record.working_cluster);
	if (g->array_job_id) {
		env_set(e, "SLURM_ARRAY_JOB_ID", "%u", g->array_job_id);
		env_set(e, "SLURM_ARRAY_TASK_ID", "%u", g->array_task_id);
		env_set(e, "SLURM_ARRAY_TASK_COUNT", "%u", g->array_count);
		env_set(e, "SLURM_ARRAY_TASK_MIN", "%u", g->array_min);
		env_set(e, "SLURM_ARRAY_TASK_MAX", "%u", g->array_max);
		env_set(e, "SLURM_ARRAY_TASK_STEP", "%u", g->array_step);
	}
	if (g->batch->restarts > 0)
		env_set(e, "SLURM_RESTART_COUNT", "%u", g->batch->restarts);
	env_default(e, "SLURM_JOB_CPUS_PER_NODE", per_node(e, g->cpus_on_node, nodes));
	env_default(e, "SLURM_TASKS_PER_NODE", per_node(e, 1, nodes));
}

/* --export=NONE: the script starts from the user's own environment, not the submitter's. */
static void env_login(struct env *e, const struct step_grant *g)
{
	size_t at = env_find(e, "SLURM_GET_USER_ENV", strlen("SLURM_GET_USER_ENV"));
	if (at == e->n)
		return;
	env_default(e, "USER", g->who->user_name);
	env_default(e, "LOGNAME", g->who->user_name);
	env_default(e, "HOME", g->who->home);
	env_default(e, "SHELL", g->who->shell);
	env_default(e, "PATH",
	            g->who->uid == 0 ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	                             : "/usr/local/bin:/usr/bin:/bin");
}

/* srun sends all of this itself; what it leaves out has the grant's values. */
static void env_step(struct env *e, const struct shepherd *s)
{
	const struct step_grant *g = s->record.grant;
	char *job_id = arena_printf(e->arena, "%u", g->job_id),
	     *step_id = arena_printf(e->arena, "%u", g->step_id),
	     *tasks = arena_printf(e->arena, "%u", g->task_count);
	env_default(e, "SLURM_JOB_ID", job_id);
	env_default(e, "SLURM_JOBID", job_id);
	env_set(e, "SLURM_STEP_ID", "%s", step_id);
	env_set(e, "SLURM_STEPID", "%s", step_id);
	env_default(e, "SLURM_JOB_NODELIST", g->job_nodes);
	env_default(e, "SLURM_NODELIST", g->job_nodes);
	env_default(e, "SLURM_JOB_NUM_NODES", arena_printf(e->arena, "%" PRIu64, count_hosts(g->job_nodes)));
	env_default(e, "SLURM_JOB_PARTITION", g->partition);
	env_default(e, "SLURM_CLUSTER_NAME", g->cluster_name);
	env_default(e, "SLURM_STEP_NODELIST", g->step_nodes);
	env_default(e, "SLURM_STEP_NUM_TASKS", tasks);
	if (!s->launch.preserve_env) {
		env_default(e, "SLURM_NTASKS", tasks);
		env_default(e, "SLURM_NPROCS", tasks);
	}
	if (s->binding.word) {
		const char *loud = bind_is_told(s) ? "verbose" : "quiet";
		env_set(e, "SLURM_CPU_BIND", "%s,%s%s", loud, s->binding.type, s->binding.list);
		env_set(e, "SLURM_CPU_BIND_LIST", "%s", s->binding.list);
		env_set(e, "SLURM_CPU_BIND_TYPE", "%s", s->binding.type);
		env_set(e, "SLURM_CPU_BIND_VERBOSE", "%s", loud);
	}
	if (s->record.working_cluster)
		env_default(e, "SLURM_WORKING_CLUSTER", s->record.working_cluster);
	if (s->srun && s->srun->address[0])
		env_set(e, "SLURM_LAUNCH_NODE_IPADDR", "%s", s->srun->address);
}

static void env_mpi(struct env *e, struct shepherd *s)
{
	const struct step_grant *g = s->record.grant;
	env_set(e, "SLURM_MPI_TYPE", "%s", s->launch.mpi->type);
	env_set(e, "PMI_JOBID", "%u.%u", g->job_id, g->step_id);
	env_set(e, "PMI_SIZE", "%u", g->task_count);
	s->env_pmi_fd = env_set(e, "PMI_FD", "0");
	s->env_pmi_rank = env_set(e, "PMI_RANK", "0");
}

void env_make(struct shepherd *s)
{
	struct env e = {.arena = &s->arena};
	e.v = xgrow(NULL, &e.cap, (size_t)s->launch.env.n + 64, sizeof(*e.v));
	e.v[0] = NULL;
	for (uint32_t i = 0; i < s->launch.env.n; i++)
		env_add(&e, s->launch.env.v[i]);
	if (s->batch) {
		env_batch(&e, s);
		env_login(&e, s->record.grant);
	} else {
		env_step(&e, s);
	}
	env_node(&e, s);
	s->env_procid = env_set(&e, "SLURM_PROCID", "0");
	s->env_localid = env_set(&e, "SLURM_LOCALID", "0");
	s->env_pid = env_set(&e, "SLURM_TASK_PID", "0");
	if (!s->batch && s->launch.mpi)
		env_mpi(&e, s);
	s->env = e.v;
}
