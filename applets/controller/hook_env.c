/* What the hooks are told of a job: slurm.conf(5), "PROLOG AND EPILOG SCRIPTS". Nothing else of the user's
 * reaches a program that a daemon runs. */
#include "applets/controller/controller.h"

#include <sys/wait.h>

#define HOOK_ENV_MAX 40 /* more than there are; after them room for a NULL */

static void add(struct schema_strs *env, struct arena *arena, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
static void add(struct schema_strs *env, struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	env->v[env->n++] = arena_vprintf(arena, fmt, ap);
	va_end(ap);
}

static char *cpus_per_node(const struct job *job, struct arena *arena)
{
	uint32_t n = job->state.nodes.n, *cpus = arena_array(arena, (size_t)n + 1, sizeof(*cpus));
	struct text out = TEXT_EMPTY;
	for (uint32_t i = 0; i < n; i++)
		cpus[i] = job->state.nodes.v[i].cpus;
	print_per_node(cpus, n, &out);
	char *s = arena_strdup(arena, text_str(&out));
	text_free(&out);
	return s;
}

static const char *word(const char *text)
{
	return text ? text : "(null)";
}

static void add_array(struct schema_strs *env, const struct job *job, struct arena *arena)
{
	if (job->spec.array_job_id == 0 || job->spec.array_task_id == CORE_NO_VAL)
		return;
	const struct array_facts facts = array_facts(job);
	add(env, arena, "SLURM_ARRAY_JOB_ID=%u", job->spec.array_job_id);
	add(env, arena, "SLURM_ARRAY_TASK_COUNT=%u", facts.count);
	add(env, arena, "SLURM_ARRAY_TASK_ID=%u", job->spec.array_task_id);
	add(env, arena, "SLURM_ARRAY_TASK_MAX=%u", facts.max);
	add(env, arena, "SLURM_ARRAY_TASK_MIN=%u", facts.min);
	add(env, arena, "SLURM_ARRAY_TASK_STEP=%u", facts.step);
}

/* What the controller's own programs are told, and MailProg. */
static void add_controller(struct schema_strs *env, const struct job *job, bool ended, struct arena *arena)
{
	const struct job_spec *spec = &job->spec;
	const char *const files[][2] = {
	        {"SLURM_JOB_STDERR", spec->std_err},
	        {"SLURM_JOB_STDIN", spec->std_in || !spec->batch ? spec->std_in : "/dev/null"},
	        {"SLURM_JOB_STDOUT", spec->std_out}};
	add_array(env, job, arena);
	add(env, arena, "SLURM_JOB_ACCOUNT=%s", word(spec->account));
	add(env, arena, "SLURM_JOB_GROUP=%s", word(spec->who->group_name));
	add(env, arena, "SLURM_JOB_NAME=%s", word(spec->name));
	add(env, arena, "SLURM_JOB_NODELIST=%s", job->state.nodes.n ? job_node_list(job, arena) : "(null)");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i][1])
			add(env, arena, "%s=%s", files[i][0], files[i][1]);
	add(env, arena, "SLURM_SCRIPT_CONTEXT=%s_slurmctld", ended ? "epilog" : "prolog");
}

/* The worker adds its own. */
static void add_worker(struct schema_strs *env, const struct job *job, struct arena *arena)
{
	if (job->spec.tasks_set)
		add(env, arena, "SLURM_JOB_NTASKS=%u", job->spec.tasks);
	add(env, arena, "SLURM_NODELIST=%s", job_node_list(job, arena));
	add(env, arena, "SLURM_UID=%u", job->spec.who->uid);
}

struct schema_strs hook_env(const struct controller *ctl, const struct job *job, enum hook_context context,
                            bool ended, struct arena *arena)
{
	const struct job_spec *spec = &job->spec;
	const struct job_state *state = &job->state;
	const struct identity *who = spec->who;
	struct schema_strs env = {.v = arena_array(arena, HOOK_ENV_MAX + 1, sizeof(*env.v))};
	uint32_t status = state->exit_status;
	add(&env, arena, "SLURM_CLUSTER_NAME=%s", cluster_conf_of(ctl->cluster)->cluster_name);
	add(&env, arena, "SLURM_JOBID=%u", job->job_id);
	if (spec->comment)
		add(&env, arena, "SLURM_JOB_COMMENT=%s", spec->comment);
	if (spec->features)
		add(&env, arena, "SLURM_JOB_CONSTRAINTS=%s", spec->features);
	if (state->nodes.n)
		add(&env, arena, "SLURM_JOB_CPUS_PER_NODE=%s", cpus_per_node(job, arena));
	if (ended) {
		add(&env, arena, "SLURM_JOB_DERIVED_EC=%u", state->derived_status);
		add(&env, arena, "SLURM_JOB_EXIT_CODE=%u", status);
		add(&env, arena, "SLURM_JOB_EXIT_CODE2=%d:%d", WEXITSTATUS((int)status),
		    WTERMSIG((int)status));
	}
	add(&env, arena, "SLURM_JOB_GID=%u", who->gid);
	add(&env, arena, "SLURM_JOB_ID=%u", job->job_id);
	if (state->nodes.n)
		add(&env, arena, "SLURM_JOB_NUM_NODES=%u", state->nodes.n);
	add(&env, arena, "SLURM_JOB_PARTITION=%s",
	    state->partition  ? state->partition
	    : spec->partition ? spec->partition
	                      : "");
	add(&env, arena, "SLURM_JOB_RESTART_COUNT=%u", state->restarts);
	add(&env, arena, "SLURM_JOB_UID=%u", who->uid);
	add(&env, arena, "SLURM_JOB_USER=%s", who->user_name ? who->user_name : "");
	add(&env, arena, "SLURM_JOB_WORK_DIR=%s", spec->work_dir ? spec->work_dir : "");
	if (context == HOOK_CONTROLLER)
		add_controller(&env, job, ended, arena);
	else
		add_worker(&env, job, arena);
	return env;
}
