#include "applets/client/submit.h"
#include "core/util/arena.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ENV_FILE_MAX (4u << 20) /* bytes */

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

/* The next of a list's words, which may have commas between quotes; the quotes belong to the value. */
static char *next_word(char **rest)
{
	char *word = *rest, quote = 0, *p = word;
	if (!word)
		return NULL;
	for (; *p && (*p != ',' || quote); p++)
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
	*rest = *p ? p + 1 : NULL;
	*p = '\0';
	return word;
}

/* A word of --export: NAME, NAME=VALUE. What is in the environment already counts more. */
static void export_word(struct env_list *e, char *word)
{
	size_t n = strcspn(word, "=");
	char *name = xstrndup(word, n);
	if (word[n] && find(e, name, n) == e->n)
		put(e, xstrdup(word));
	else if (!word[n] && *name && getenv(name))
		env_list_set(e, name, "%s", getenv(name));
	free(name);
}

static bool has_all(const char *export_vars)
{
	char *copy = xstrdup(export_vars), *rest = copy;
	bool all = false;
	for (char *word; (word = next_word(&rest));)
		all |= text_eq_nocase(word, "ALL");
	free(copy);
	return all;
}

void env_list_export(struct env_list *e, const struct submit *s)
{
	const char *vars = s->export_vars;
	bool batch = s->command == SUBMIT_SBATCH, all = !vars || has_all(vars);
	/* SLURM_* always come along. */
	add_all(e, all ? "" : "SLURM_");
	bool none = vars && (text_eq_nocase(vars, "NONE") || text_eq_nocase(vars, "NIL"));
	char *copy = vars && !none ? xstrdup(vars) : NULL, *rest = copy;
	for (char *word; (word = next_word(&rest));)
		if (!text_eq_nocase(word, "ALL"))
			export_word(e, word);
	free(copy);
	if (batch && vars && !text_eq_nocase(vars, "ALL"))
		env_list_set(e, "SLURM_EXPORT_ENV", "%s", vars);
	/* The worker begins with what the user's login there has. */
	if (batch && (s->get_user_env || (!all && !text_eq_nocase(vars, "NIL"))))
		env_list_set(e, "SLURM_GET_USER_ENV", "1");
}

int env_list_read(struct env_list *e, const char *file, struct err *err)
{
	uint32_t number;
	struct text all = TEXT_EMPTY;
	char buf[4096];
	int fd = text_to_u32(file, &number) && number > 2 ? dup((int)number)
	                                                  : open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_NOT_FOUND, "Could not open user environment file %s", file);
	for (ssize_t n; (n = read(fd, buf, sizeof(buf))) > 0 && all.len < ENV_FILE_MAX;)
		text_add_n(&all, buf, (size_t)n);
	close(fd);
	for (size_t at = 0; at < all.len; at += strlen(all.s + at) + 1)
		if (strchr(all.s + at, '='))
			put(e, xstrdup(all.s + at));
	text_free(&all);
	return 0;
}

void env_list_distribution(struct env_list *e, const struct submit *s)
{
	if (!s->dist_words)
		return;
	env_list_set(e, "SLURM_DISTRIBUTION", "%s", s->dist_words);
	if (s->dist == DIST_PLANE)
		env_list_set(e, "SLURM_DIST_PLANESIZE", "%" PRIu32, s->plane_size);
	if (s->dist == DIST_ARBITRARY && s->command != SUBMIT_SRUN)
		env_list_set(e, "SLURM_ARBITRARY_NODELIST", "%s", s->spec.req_nodes);
}

/* What was asked for, as a number; 0 or "none" asks for nothing. */
static void number(struct env_list *e, const char *name, uint64_t value)
{
	if (value && value != CORE_NO_VAL && value != CORE_NO_VAL64)
		env_list_set(e, name, "%" PRIu64, value);
}

static void words(struct env_list *e, const char *name, const char *value)
{
	if (value)
		env_list_set(e, name, "%s", value);
}

/* "Task", "None": as the real ones have it. */
static void profile(struct env_list *e, const char *types)
{
	struct text shown = TEXT_EMPTY;
	for (const char *p = types; p && *p; p++)
		text_add_char(&shown, p == types || p[-1] == ',' ? (char)toupper((unsigned char)*p) : *p);
	if (types)
		env_list_set(e, "SLURM_PROFILE", "%s", text_str(&shown));
	text_free(&shown);
}

static void cpu_freq(struct env_list *e, const struct job_spec *spec)
{
	struct text t = TEXT_EMPTY;
	if (spec->cpu_freq_min)
		text_printf(&t, "%s-", spec->cpu_freq_min);
	text_add(&t, spec->cpu_freq_max ? spec->cpu_freq_max : "");
	if (spec->cpu_governor)
		text_printf(&t, "%s%s", t.len ? ":" : "", spec->cpu_governor);
	if (t.len)
		env_list_set(e, "SLURM_CPU_FREQ_REQ", "%s", t.s);
	text_free(&t);
}

/* What steps are told by no variable. */
static void job_options(struct env_list *e, const struct submit *s)
{
	const struct job_spec *spec = &s->spec;
	number(e, "SLURM_MEM_PER_NODE", spec->mem_per_node);
	number(e, "SLURM_MEM_PER_CPU", spec->mem_per_cpu);
	words(e, "SLURM_ACCTG_FREQ", s->acctg_freq);
	words(e, "SLURM_HINT", s->hint);
	/* As the real ones have it: no limit. */
	if (s->hint && strcmp(s->hint, "multithread") == 0 && !spec->tasks_per_core)
		number(e, "SLURM_NTASKS_PER_CORE", UINT16_MAX);
	words(e, "SLURM_GPU_BIND", spec->tres_bind ? spec->tres_bind + strlen("gpu:") : NULL);
	words(e, "SLURM_GPU_FREQ", spec->tres_freq ? spec->tres_freq + strlen("gpu:") : NULL);
	profile(e, s->profile);
	if (s->mem_bind_set) {
		env_list_set(e, "SLURM_MEM_BIND", "%s", s->mem_bind.given);
		env_list_set(e, "SLURM_MEM_BIND_VERBOSE", "%s", s->mem_bind.verbose ? "verbose" : "quiet");
	}
}

void env_list_options(struct env_list *e, const struct submit *s)
{
	const struct job_spec *spec = &s->spec;
	uint32_t tasks = spec->tasks_set ? spec->tasks : spec->nodes_min * spec->tasks_per_node;
	number(e, "SLURM_NTASKS", tasks);
	number(e, "SLURM_NPROCS", tasks);
	env_list_distribution(e, s);
	if (spec->cpus_per_task_set)
		number(e, "SLURM_CPUS_PER_TASK", spec->cpus_per_task);
	number(e, "SLURM_NTASKS_PER_NODE", spec->tasks_per_node);
	number(e, "SLURM_NTASKS_PER_CORE", spec->tasks_per_core);
	number(e, "SLURM_NTASKS_PER_SOCKET", spec->tasks_per_socket);
	number(e, "SLURM_THREADS_PER_CORE", spec->threads_per_core);
	number(e, "SLURM_OVERCOMMIT", spec->overcommit);
	words(e, "SLURM_JOB_ACCOUNT", spec->account);
	cpu_freq(e, spec);
	if (s->command != SUBMIT_SRUN)
		job_options(e, s);
}

void env_list_submit(struct env_list *e, const struct submit *s)
{
	const struct job_spec *spec = &s->spec;
	char cwd[4096];
	env_list_set(e, "SLURM_PRIO_PROCESS", "%d", getpriority(PRIO_PROCESS, 0));
	env_list_set(e, "SLURM_SUBMIT_DIR", "%s", getcwd(cwd, sizeof(cwd)) ? cwd : "/");
	env_list_set(e, "SLURM_SUBMIT_HOST", "%s", s->submit_host);
	env_list_set(e, "SLURM_JOB_NAME", "%s", spec->name);
	env_list_options(e, s);
	words(e, "SLURM_JOB_DEPENDENCY", spec->dependency);
	if (spec->open_mode && s->command == SUBMIT_SBATCH)
		env_list_set(e, "SLURM_OPEN_MODE", "%s", spec->open_mode == 1 ? "a" : "t");
}

void env_list_binding(struct env_list *e, const char *what, bool verbose, const char *type, const char *list)
{
	const char *loud = verbose ? "verbose" : "quiet";
	char name[64];
	snprintf(name, sizeof(name), "SLURM_%s", what);
	env_list_set(e, name, *type ? "%s,%s%s" : "%s", loud, type, list);
	snprintf(name, sizeof(name), "SLURM_%s_LIST", what);
	env_list_set(e, name, "%s", list);
	snprintf(name, sizeof(name), "SLURM_%s_TYPE", what);
	env_list_set(e, name, "%s", type);
	snprintf(name, sizeof(name), "SLURM_%s_VERBOSE", what);
	env_list_set(e, name, "%s", loud);
}

void env_list_bindings(struct env_list *e, const struct submit *s)
{
	if (s->mem_bind_set)
		env_list_binding(e, "MEM_BIND", s->mem_bind.verbose, s->mem_bind.type ? s->mem_bind.type : "",
		                 s->mem_bind.list ? s->mem_bind.list : "");
	if (s->mem_bind.prefer) {
		env_list_set(e, "SLURM_MEM_BIND_PREFER", "prefer");
		env_list_set(e, "SLURM_MEM_BIND", "%s,prefer%s%s%s",
		             s->mem_bind.verbose ? "verbose" : "quiet", s->mem_bind.type ? "," : "",
		             s->mem_bind.type ? s->mem_bind.type : "",
		             s->mem_bind.list ? s->mem_bind.list : "");
	}
	if (s->mem_bind.sort)
		env_list_set(e, "SLURM_MEM_BIND_SORT", "sort");
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
