#include "applets/client/submit.h"
#include "core/util/arena.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static size_t find(const struct env_list *e, const char *name, size_t n)
{
	for (size_t i = 0; i < e->n; i++)
		if (strncmp(e->v[i], name, n) == 0 && e->v[i][n] == '=')
			return i;
	return e->n;
}

static void put(struct env_list *e, char *entry)
{
	size_t at = find(e, entry, strcspn(entry, "="));
	e->v = xgrow(e->v, &e->cap, e->n + 2, sizeof(*e->v));
	if (at < e->n)
		free(e->v[at]);
	else
		e->n++;
	e->v[at] = entry;
	e->v[e->n] = NULL;
}

void env_list_set(struct env_list *e, const char *name, const char *fmt, ...)
{
	struct text t = TEXT_EMPTY;
	va_list ap;
	text_printf(&t, "%s=", name);
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	put(e, text_take(&t));
}

void env_list_restore(struct env_list *e, const char *name)
{
	const char *value = getenv(name);
	size_t at = find(e, name, strlen(name));
	if (value) {
		env_list_set(e, name, "%s", value);
	} else if (at < e->n) {
		free(e->v[at]);
		e->v[at] = e->v[--e->n];
		e->v[e->n] = NULL;
	}
}

void env_list_free(struct env_list *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i]);
	free(e->v);
	*e = (struct env_list){0};
}

static void add_all(struct env_list *e, const char *prefix)
{
	for (char **p = environ; *p; p++)
		if (strncmp(*p, prefix, strlen(prefix)) == 0 && strchr(*p, '='))
			put(e, xstrdup(*p));
}

void env_list_export(struct env_list *e, const char *export_vars)
{
	if (!export_vars || text_eq_nocase(export_vars, "ALL")) {
		add_all(e, "");
		return;
	}
	/* SLURM_* always come along. */
	add_all(e, "SLURM_");
	if (text_eq_nocase(export_vars, "NONE") || text_eq_nocase(export_vars, "NIL")) {
		env_list_set(e, "SLURM_EXPORT_ENV", "%s", export_vars);
		if (text_eq_nocase(export_vars, "NONE"))
			env_list_set(e, "SLURM_GET_USER_ENV", "1");
		return;
	}
	char *copy = xstrdup(export_vars), *rest = copy;
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		if (text_eq_nocase(word, "ALL")) {
			add_all(e, "");
		} else if (strchr(word, '=')) {
			put(e, xstrdup(word));
		} else if (*word && getenv(word)) {
			env_list_set(e, word, "%s", getenv(word));
		}
	}
	env_list_set(e, "SLURM_EXPORT_ENV", "%s", export_vars);
	free(copy);
}

void env_list_distribution(struct env_list *e, const struct submit *s)
{
	if (!s->dist_words)
		return;
	env_list_set(e, "SLURM_DISTRIBUTION", "%s", s->dist_words);
	if (s->dist == DIST_PLANE)
		env_list_set(e, "SLURM_DIST_PLANESIZE", "%" PRIu32, s->plane_size);
}

void env_list_submit(struct env_list *e, const struct submit *s)
{
	const struct job_spec *spec = &s->spec;
	char cwd[4096];
	env_list_set(e, "SLURM_PRIO_PROCESS", "0");
	env_list_set(e, "SLURM_SUBMIT_DIR", "%s", getcwd(cwd, sizeof(cwd)) ? cwd : "/");
	env_list_set(e, "SLURM_SUBMIT_HOST", "%s", spec->alloc_node);
	env_list_set(e, "SLURM_JOB_NAME", "%s", spec->name);
	uint32_t tasks = spec->tasks_set ? spec->tasks : spec->nodes_min * spec->tasks_per_node;
	if (tasks) {
		env_list_set(e, "SLURM_NTASKS", "%" PRIu32, tasks);
		env_list_set(e, "SLURM_NPROCS", "%" PRIu32, tasks);
	}
	env_list_distribution(e, s);
	if (spec->cpus_per_task_set)
		env_list_set(e, "SLURM_CPUS_PER_TASK", "%" PRIu32, spec->cpus_per_task);
	if (spec->tasks_per_node)
		env_list_set(e, "SLURM_NTASKS_PER_NODE", "%" PRIu32, spec->tasks_per_node);
	if (spec->mem_per_node != CORE_NO_VAL64)
		env_list_set(e, "SLURM_MEM_PER_NODE", "%" PRIu64, spec->mem_per_node);
	if (spec->mem_per_cpu != CORE_NO_VAL64)
		env_list_set(e, "SLURM_MEM_PER_CPU", "%" PRIu64, spec->mem_per_cpu);
}

void env_counts(struct text *out, const uint32_t *v, uint32_t n)
{
	for (uint32_t i = 0; i < n;) {
		uint32_t same = i;
		while (same < n && v[same] == v[i])
			same++;
		text_printf(out, "%s%" PRIu32, i ? "," : "", v[i]);
		if (same - i > 1)
			text_printf(out, "(x%" PRIu32 ")", same - i);
		i = same;
	}
}

void env_list_job(struct env_list *e, const struct job_ready *job)
{
	struct text cpus = TEXT_EMPTY, tasks = TEXT_EMPTY;
	env_counts(&cpus, job->cpus_per_node.v, job->cpus_per_node.n);
	env_counts(&tasks, job->tasks_per_node.v, job->tasks_per_node.n);
	env_list_set(e, "SLURM_JOB_ID", "%" PRIu32, job->job_id);
	env_list_set(e, "SLURM_JOBID", "%" PRIu32, job->job_id);
	env_list_set(e, "SLURM_JOB_NODELIST", "%s", job->nodes);
	env_list_set(e, "SLURM_NODELIST", "%s", job->nodes);
	env_list_set(e, "SLURM_JOB_NUM_NODES", "%" PRIu32, job->node_count);
	env_list_set(e, "SLURM_NNODES", "%" PRIu32, job->node_count);
	env_list_set(e, "SLURM_JOB_CPUS_PER_NODE", "%s", text_str(&cpus));
	env_list_set(e, "SLURM_TASKS_PER_NODE", "%s", text_str(&tasks));
	if (job->partition)
		env_list_set(e, "SLURM_JOB_PARTITION", "%s", job->partition);
	if (job->cluster_name)
		env_list_set(e, "SLURM_CLUSTER_NAME", "%s", job->cluster_name);
	if (cluster_file_find_fetched())
		env_list_set(e, "SLURM_CONF", "%s", cluster_file_find_fetched());
	text_free(&cpus);
	text_free(&tasks);
}
