/* srun(1): a step, in a job of its own or in the one that it is called in. */
#include "applets/applet.h"
#include "applets/client/cpu_bind.h"
#include "applets/client/hostfile.h"
#include "applets/client/mpi.h"
#include "applets/client/multi_prog.h"
#include "applets/client/option_parsers.h"
#include "applets/client/srun_bcast.h"
#include "applets/client/srun_hooks.h"
#include "applets/client/step_io.h"
#include "applets/client/terminal.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"
#include "proto/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define POLL_US     200000
#define LEVEL_INFO  3u       /* of SRUN_DEBUG: what is said without -v and -Q */
#define END_STEP_US 10000000 /* how long the end of a step that was not launched is waited for */

static volatile int interrupted;

static void on_signal(int signo)
{
	interrupted = signo;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

struct srun {
	struct submit s;
	struct allocation a;
	bool own_job;
	char **argv;         /* the command */
	const char *program; /* its file here, for --bcast */
	struct multi_prog programs;
	struct hostfile hosts; /* -m arbitrary */
	struct arena arena;
	const struct step_ready *step;
	const char *mpi; /* "pmi2"; NULL: none */
	int stdin_fd;
};

/* ---- in a job ---- */

/* The job's facts come from the controller, whatever the environment says. */
static int attach(struct srun *r)
{
	struct job_attach m = {.job_id = r->s.job_id, .watch = true};
	struct err err = {0};
	uint32_t type = 0;
	void *record = NULL;
	arena_init(&r->a.arena);
	r->a.job_id = r->s.job_id;
	if (connect_configure(&r->a.connection, &err) != 0)
		return 1;
	submit_limits(&r->s, &r->a.connection.file.conf);
	/* The job runs: whoever of its daemons is away is being restarted. */
	r->a.connection.interrupted = &interrupted;
	r->a.connection.was_open = true;
	int rc = connect_again(&r->a.connection, &err);
	do {
		if (rc == 0)
			rc = client_call(r->a.connection.client, MSG_job_attach, &m, &r->a.arena, &type,
			                 &record, NULL, &err);
		while (rc == 0 && type != MSG_job_ready && type != MSG_job_ended && !interrupted)
			rc = client_next(r->a.connection.client, &r->a.arena, POLL_US, &type, &record, &err);
		/* The controller restarts: the job goes on meanwhile. */
	} while (rc != 0 && connect_is_lost(&err) && !interrupted &&
	         (rc = connect_again(&r->a.connection, &err)) == 0);
	if (rc == 0 && type == MSG_job_ready) {
		r->a.job = record;
		return 0;
	}
	if (rc == 0)
		err_set(&err, ERR_ALREADY_DONE, "%s", "");
	log_error("Unable to confirm allocation for job %" PRIu32 ": %s", r->s.job_id,
	          err_code_text(err.code));
	log_info("Check SLURM_JOB_ID environment variable. Expired or invalid job %" PRIu32, r->s.job_id);
	return 1;
}

/* ---- the step ---- */

static void fill_request(const struct srun *r, struct step_create_request *m, char **argv)
{
	const struct submit *s = &r->s;
	const struct job_ready *job = r->a.job;
	const char *slash = strrchr(argv[0], '/');
	schema_init(schema_of_step_create_request(), m);
	m->job_id = job->job_id;
	m->name = s->spec.name ? s->spec.name : (char *)(uintptr_t)(slash ? slash + 1 : argv[0]);
	m->nodes_min = s->nodes_set ? s->spec.nodes_min : 0;
	m->nodes_max = s->nodes_set ? s->spec.nodes_max : 0;
	m->tasks = s->spec.tasks;
	m->tasks_set = s->spec.tasks_set;
	m->cpus_per_task = s->spec.cpus_per_task;
	m->tasks_per_node = s->spec.tasks_per_node;
	m->mem_per_node = s->spec.mem_per_node;
	m->node_list = s->spec.req_nodes;
	m->exclude = s->spec.exc_nodes;
	m->relative = s->relative;
	m->dist = s->dist;
	m->plane_size = s->plane_size;
	m->time_limit_min = s->spec.time_limit_min;
	m->overlap = s->overlap;
	m->exact = s->exact || s->cpus_per_task_set || s->exclusive_step;
	m->overcommit = s->spec.overcommit;
	m->immediate = s->immediate_s != CORE_NO_VAL;
	m->srun_host = s->spec.alloc_node;
	m->srun_pid = (uint32_t)getpid();
	if (r->own_job) {
		/* The allocation was made for this step. */
		m->nodes_min = m->nodes_max = job->node_count;
		bool each = !s->spec.tasks_set && job->tasks < job->node_count;
		m->tasks = each ? job->node_count : job->tasks;
		m->tasks_set = true;
	} else if (!m->tasks && m->nodes_min) {
		m->tasks = m->nodes_min * (m->tasks_per_node ? m->tasks_per_node : 1);
	}
	if (r->hosts.list) {
		m->node_list = r->hosts.list;
		m->tasks = r->hosts.count;
		m->tasks_set = true;
		m->nodes_min = m->nodes_max = m->tasks_per_node = 0;
	}
	if (m->nodes_min > m->tasks && m->tasks_set) {
		log_info("Warning: can't run %" PRIu32 " processes on %" PRIu32
		         " nodes, setting nnodes to %" PRIu32,
		         m->tasks, m->nodes_min, m->tasks);
		m->nodes_min = m->nodes_max = m->tasks;
	}
}

static int create_failed(const struct srun *r, const struct err *err)
{
	char what[64];
	snprintf(what, sizeof(what), "Unable to create step for job %" PRIu32, r->a.job_id);
	submit_refused(what, err);
	return 1;
}

/* The controller has restarted: we come back to the job, and then to the step, which it may have made. */
static int ask_again(struct srun *r, struct step_create_request *m, uint32_t *type, void **record,
                     struct err *err)
{
	const struct job_attach attach = {.job_id = r->a.job_id, .watch = true};
	log_debug("%s: asking once more", err_text(err));
	m->again = true;
	if (connect_again(&r->a.connection, err) != 0 ||
	    client_send(r->a.connection.client, MSG_job_attach, &attach, err) != 0)
		return -1;
	return client_call(r->a.connection.client, MSG_step_create_request, m, &r->arena, type, record, NULL,
	                   err);
}

/* Waits until the step is placed; the queue is the controller's. */
static int create(struct srun *r)
{
	struct step_create_request m;
	struct err err = {0};
	uint32_t type = 0;
	void *record = NULL;
	bool said = false;
	fill_request(r, &m, r->argv);
	m.request = connect_number();
	int rc = client_call(r->a.connection.client, MSG_step_create_request, &m, &r->arena, &type, &record,
	                     NULL, &err);
	while ((rc == 0 && type != MSG_step_ready) || (rc != 0 && connect_is_lost(&err))) {
		if (interrupted) {
			log_info("Cancelled pending job step with signal %d", interrupted);
			return 1;
		}
		if (rc != 0) {
			rc = ask_again(r, &m, &type, &record, &err);
			if (rc != 0 && !r->a.connection.client)
				break; /* it has been away too long */
			continue;
		}
		if (type == MSG_step_queued && !said) {
			const struct step_queued *q = record;
			said = true;
			log_info("Job %" PRIu32 " step creation temporarily disabled, retrying (%s)",
			         r->a.job_id, q->why ? q->why : "");
		} else if (type == MSG_job_message) {
			log_info("%s", ((const struct job_message *)record)->text);
		} else if (type == MSG_job_ended) {
			log_info("Force Terminated JobId=%" PRIu32, r->a.job_id);
			return 1;
		} else if (type == MSG_msg_error) {
			const struct msg_error *e = record;
			err_set(&err, (enum err_code)e->code, "%s", e->text ? e->text : "");
			return create_failed(r, &err);
		}
		rc = client_next(r->a.connection.client, &r->arena, POLL_US, &type, &record, &err);
	}
	if (rc != 0)
		return create_failed(r, &err);
	r->step = record;
	if (said)
		log_info("Step created for job %" PRIu32, r->a.job_id);
	return 0;
}

/* ---- what the tasks get ---- */

static void step_env(struct srun *r, struct env_list *env)
{
	const struct step_ready *step = r->step;
	uint32_t *counts = xcalloc(step->places.n + 1, sizeof(*counts));
	struct text per_node = TEXT_EMPTY;
	/* The same that the controller takes where nothing is asked for. */
	const char *spread = step->tasks <= step->places.n ? "cyclic" : "block";
	env_list_export(env, &r->s);
	if (r->own_job) {
		if (r->s.spec.mem_per_node != CORE_NO_VAL64 || r->s.spec.mem_per_cpu != CORE_NO_VAL64)
			env_list_set(env, "SLURM_DISTRIBUTION", "%s", spread);
		env_list_submit(env, &r->s);
		env_list_job(env, r->a.job);
	} else {
		env_list_set(env, "SLURM_JOB_ID", "%" PRIu32, r->a.job->job_id);
		env_list_set(env, "SLURM_JOBID", "%" PRIu32, r->a.job->job_id);
		env_list_set(env, "SLURM_JOB_NODELIST", "%s", r->a.job->nodes);
		env_list_set(env, "SLURM_JOB_NUM_NODES", "%" PRIu32, r->a.job->node_count);
		env_list_set(env, "SLURM_NODELIST", "%s", r->a.job->nodes);
		env_list_set(env, "SLURM_PRIO_PROCESS", "%d", getpriority(PRIO_PROCESS, 0));
		if (submit_origin(&r->s, "job-name") == ORIGIN_COMMAND_LINE)
			env_list_set(env, "SLURM_JOB_NAME", "%s", r->s.spec.name);
		env_list_set(env, "SLURM_DISTRIBUTION", "%s", spread);
		env_list_options(env, &r->s);
		text_clear(&per_node);
		env_counts(&per_node, r->a.job->cpus_per_node.v, r->a.job->cpus_per_node.n);
		env_list_set(env, "SLURM_JOB_CPUS_PER_NODE_PACK_GROUP_0", "%s", text_str(&per_node));
		text_clear(&per_node);
	}
	env_list_bindings(env, &r->s);
	cpu_bind_environment(&r->s, &r->a.connection.file.conf, env);
	if (r->s.label)
		env_list_set(env, "SLURM_LABELIO", "1");
	for (uint32_t i = 0; i < step->places.n; i++)
		counts[i] = step->places.v[i].tasks.n;
	env_counts(&per_node, counts, step->places.n);
	env_list_set(env, "SLURM_NNODES", "%" PRIu32, step->places.n);
	env_list_set(env, "SLURM_NTASKS", "%" PRIu32, step->tasks);
	env_list_set(env, "SLURM_NPROCS", "%" PRIu32, step->tasks);
	env_list_set(env, "SLURM_TASKS_PER_NODE", "%s", text_str(&per_node));
	env_list_set(env, "SLURM_STEP_ID", "%" PRIu32, step->step_id);
	env_list_set(env, "SLURM_STEPID", "%" PRIu32, step->step_id);
	env_list_set(env, "SLURM_STEP_NODELIST", "%s", step->nodes);
	env_list_set(env, "SLURM_STEP_NUM_NODES", "%" PRIu32, step->places.n);
	env_list_set(env, "SLURM_STEP_NUM_TASKS", "%" PRIu32, step->tasks);
	env_list_set(env, "SLURM_STEP_TASKS_PER_NODE", "%s", text_str(&per_node));
	env_list_set(env, "SLURM_UMASK", "%04o", (unsigned)r->s.spec.umask);
	uint32_t rows, columns;
	if (r->s.pty && terminal_size(&rows, &columns)) {
		env_list_set(env, "SLURM_PTY_WIN_COL", "%" PRIu32, columns);
		env_list_set(env, "SLURM_PTY_WIN_ROW", "%" PRIu32, rows);
	}
	static const char *const preserved[] = {"SLURM_NNODES", "SLURM_NTASKS", "SLURM_NPROCS",
	                                        "SLURM_TASKS_PER_NODE"};
	for (size_t i = 0; r->s.preserve_env && i < sizeof(preserved) / sizeof(preserved[0]); i++)
		env_list_restore(env, preserved[i]);
	text_free(&per_node);
	free(counts);
}

/* "all", "none", a task's number, or a file: what -i, -o and -e take. */
static char *stream_name(const char *s)
{
	return !s || text_eq_nocase(s, "all") ? NULL : (char *)(uintptr_t)s;
}

static void fill_launch(struct srun *r, const struct env_list *env, struct step_launch *m)
{
	struct submit *s = &r->s;
	const struct slurm_conf *conf = &r->a.connection.file.conf;
	size_t n = 0;
	while (r->argv[n])
		n++;
	schema_init(schema_of_step_launch(), m);
	m->argv = (struct schema_strs){r->argv, (uint32_t)n};
	m->env = (struct schema_strs){env->v, (uint32_t)env->n};
	m->work_dir = s->spec.work_dir;
	m->umask = s->spec.umask;
	m->std_in = stream_name(s->spec.std_in);
	m->std_out = stream_name(s->spec.std_out);
	m->std_err = stream_name(s->spec.std_err);
	m->open_mode = s->spec.open_mode;
	m->limits = s->spec.limits;
	m->kill_on_bad_exit = s->kill_on_bad_exit;
	m->unbuffered = s->unbuffered;
	m->preserve_env = s->preserve_env;
	m->pty = s->pty;
	m->cpu_bind = cpu_bind_launch(s, conf);
	m->mem_bind = mem_bind_launch(s, conf);
	if (s->pty)
		terminal_size(&m->rows, &m->columns);
	m->task_prolog = s->task_prolog;
	m->task_epilog = s->task_epilog;
	m->acctg_freq = s->acctg_freq;
	m->mpi = mpi_launch(r->step, r->mpi, &r->arena);
	uint32_t task;
	if (m->std_in && text_to_u32(m->std_in, &task)) {
		m->stdin_task = task;
		m->std_in = NULL;
	}
	if (m->std_in && text_eq_nocase(m->std_in, "none"))
		m->std_in = (char *)(uintptr_t) "/dev/null";
}

/* The launch for each of the step's nodes: they differ in what the tasks of --multi-prog run. */
static const struct step_launch *launches(struct srun *r, const struct step_launch *common)
{
	const uint32_t n = r->step->places.n;
	struct step_launch *all = arena_array(&r->arena, n, sizeof(*all));
	for (uint32_t i = 0; i < n; i++) {
		const struct schema_u32s *tasks = &r->step->places.v[i].tasks;
		all[i] = *common;
		if (!r->s.multi_prog)
			continue;
		all[i].multi_prog = true;
		all[i].programs.v = arena_array(&r->arena, tasks->n, sizeof(*all[i].programs.v));
		for (uint32_t k = 0; k < tasks->n && tasks->v[k] < r->programs.tasks; k++) {
			struct task_program *p = &all[i].programs.v[all[i].programs.n++];
			schema_init(schema_of_task_program(), p);
			p->task = tasks->v[k];
			p->argv = multi_prog_argv(&r->programs, p->task, r->argv + 1, &r->arena);
		}
	}
	return all;
}

static void say_layout(const struct srun *r)
{
	for (uint32_t i = 0; i < r->step->places.n; i++) {
		struct text tasks = TEXT_EMPTY;
		const struct step_place *p = &r->step->places.v[i];
		for (uint32_t k = 0; k < p->tasks.n; k++)
			text_printf(&tasks, "%s%" PRIu32, k ? "," : "", p->tasks.v[k]);
		log_verbose("launching StepId=%" PRIu32 ".%" PRIu32 " on host %s, %" PRIu32 " tasks: %s",
		            r->step->job_id, r->step->step_id, p->node, p->tasks.n, text_str(&tasks));
		text_free(&tasks);
	}
}

/* What slurm.conf says where no option does. */
static int take_defaults(struct srun *r)
{
	const struct slurm_conf *conf = &r->a.connection.file.conf;
	if (!r->s.kill_set)
		r->s.kill_on_bad_exit = conf_bool(conf, P_KillOnBadExit);
	if (r->s.wait_s == CORE_NO_VAL)
		r->s.wait_s = conf_u32(conf, P_WaitTime);
	return r->s.mpi || mpi_kind(conf_str(conf, P_MpiDefault), &r->mpi) == 0 ? 0 : 1;
}

/* A status as the real one prints it. */
static int shown(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : status;
}

/* The step's CPUs are free once it is over: who asks for another one next needs not wait for them. */
static void end_step(struct srun *r)
{
	struct client *controller = r->a.connection.client;
	struct job_signal_request m;
	uint32_t type = 0;
	void *record = NULL;
	schema_init(schema_of_job_signal_request(), &m);
	m.job_id = r->step->job_id;
	m.step_id = r->step->step_id;
	struct err err = {0};
	int rc = client_send(controller, MSG_job_signal_request, &m, &err);
	int64_t end = loop_clock() + END_STEP_US;
	while (rc == 0 && !interrupted && loop_clock() < end && type != MSG_step_ended &&
	       type != MSG_job_ended)
		rc = client_next(controller, &r->arena, POLL_US, &type, &record, &err);
}

/* When it fails, nothing of the step is launched, and the controller ends it. */
static int prolog(struct srun *r, const struct env_list *env)
{
	const char *path = srun_hook_path(&r->s, &r->a.connection.file.conf, SRUN_PROLOG);
	int status = path ? srun_hook_run(path, SRUN_PROLOG, r->argv, env) : 0;
	if (status == 0)
		return 0;
	log_error("srun prolog failed rc = %d. Aborting step.", shown(status));
	end_step(r);
	return 1;
}

static void epilog(struct srun *r, const struct env_list *env)
{
	const char *path = srun_hook_path(&r->s, &r->a.connection.file.conf, SRUN_EPILOG);
	int status = path ? srun_hook_run(path, SRUN_EPILOG, r->argv, env) : 0;
	if (status != 0)
		log_error("srun epilog failed status=%d", shown(status));
}

/* --bcast: on each node its copy is run. NULL: they could not be made. */
static const struct step_launch *with_copies(struct srun *r, const struct step_launch *all)
{
	const uint32_t n = r->step->places.n;
	struct step_launch *changed = arena_array(&r->arena, n, sizeof(*changed));
	char **copies;
	if (srun_bcast_send(&r->s, &r->a.connection, r->step, r->program, n ? all[0].work_dir : NULL,
	                    &r->arena, &copies) != 0)
		return NULL;
	for (uint32_t i = 0; i < n; i++) {
		changed[i] = all[i];
		changed[i].argv.v = arena_array(&r->arena, all[i].argv.n, sizeof(char *));
		memcpy(changed[i].argv.v, all[i].argv.v, all[i].argv.n * sizeof(char *));
		changed[i].argv.v[0] = copies[i];
	}
	return changed;
}

static int run_step(struct srun *r, uint32_t *wait_status)
{
	struct env_list env = {0};
	struct step_launch launch;
	step_env(r, &env);
	fill_launch(r, &env, &launch);
	say_layout(r);
	const struct step_launch *all = launches(r, &launch);
	if (r->s.bcast && !(all = with_copies(r, all))) {
		env_list_free(&env);
		end_step(r);
		return 1;
	}
	const struct step_io_conf conf = {.step = r->step,
	                                  .launches = all,
	                                  .cluster = r->a.connection.file.controller.cluster,
	                                  .controller = r->a.connection.client,
	                                  .allocation = &r->a,
	                                  .label = r->s.label,
	                                  .pty = r->s.pty,
	                                  .mpi = r->mpi != NULL,
	                                  .unbuffered = r->s.unbuffered,
	                                  .kill_on_bad_exit = r->s.kill_on_bad_exit,
	                                  .quit_on_interrupt = r->s.quit_on_interrupt,
	                                  .disable_status = r->s.disable_status,
	                                  .wait_s = r->s.wait_s,
	                                  .kill_wait_s = r->a.connection.file.conf.core.kill_wait_s,
	                                  .message_timeout_us = connect_patience_us(&r->a.connection),
	                                  .stdin_fd = launch.std_in ? -1 : r->stdin_fd,
	                                  .only_output_of = CORE_NO_VAL,
	                                  .only_error_of = CORE_NO_VAL,
	                                  .only_input_for = CORE_NO_VAL,
	                                  .verbose = r->s.verbose};
	int rc = prolog(r, &env);
	if (rc == 0) {
		rc = step_io_run(&conf, wait_status);
		epilog(r, &env);
	}
	env_list_free(&env);
	return rc;
}

/* ---- the whole ---- */

/* --multi-prog: where -n is not given there are as many tasks as the file names. */
static int read_programs(struct srun *r)
{
	struct err err = {0};
	if (multi_prog_read(&r->programs, r->argv[0], r->s.spec.tasks_set ? r->s.spec.tasks : 0, &r->arena,
	                    &err) != 0) {
		log_error("%s", err_text(&err));
		return -1;
	}
	r->s.spec.tasks = r->programs.tasks;
	r->s.spec.tasks_set = true;
	return 0;
}

/* A job for the hosts of -m arbitrary has on each of them what the one with most tasks needs. */
static int read_hosts(struct srun *r)
{
	struct submit *s = &r->s;
	if (submit_read_hosts(s, &r->hosts) != 0)
		return -1;
	if (!r->hosts.list)
		return 0;
	s->spec.tasks = r->own_job ? r->hosts.nodes * r->hosts.most : r->hosts.count;
	s->spec.tasks_set = true;
	if (r->own_job) {
		s->spec.req_nodes = r->hosts.names;
		s->spec.nodes_min = s->spec.nodes_max = r->hosts.nodes;
		s->spec.tasks_per_node = r->hosts.most;
		s->nodes_set = true;
	}
	return 0;
}

/* SRUN_DEBUG: srun's own level, for what it starts. */
static void export_level(const struct submit *s)
{
	char level[16];
	snprintf(level, sizeof(level), "%u", LEVEL_INFO + s->verbose - (s->quiet ? 1 : 0));
	setenv("SRUN_DEBUG", level, 1);
}

/* What means something in a job only, or only without one. */
static int check_place(struct srun *r)
{
	if (r->own_job && r->s.relative != CORE_NO_VAL)
		return option_fatal(&r->s, "--relative option invalid for job allocation request");
	struct err err = {0};
	struct connect c;
	if (!cpu_bind_is_asked(&r->s))
		return 0;
	if (connect_configure(&c, &err) != 0)
		return submit_over(&r->s, 1);
	int rc = cpu_bind_check(&r->s, &c.file.conf);
	connect_close(&c);
	return rc;
}

static int check_bcast(struct srun *r)
{
	struct err err = {0};
	if (r->s.multi_prog)
		err_set(&err, ERR_NOT_SUPPORTED,
		        "--bcast with --multi-prog is not supported by batchbox: copy the programs by "
		        "sbcast");
	else if (key_init(&err) == 0) {
		r->program = srun_bcast_find(r->argv[0], &r->arena);
		return r->program ? 0 : -1;
	}
	log_error("%s", err_text(&err));
	return -1;
}

static int parse(struct srun *r, int argc, char **argv)
{
	struct err err = {0};
	int rest = argc;
	submit_init(&r->s, SUBMIT_SRUN, &err);
	r->s.kill_on_bad_exit = false;
	if (submit_arguments(&r->s, argc, argv, ORIGIN_COMMAND_LINE, &rest, &err) != 0 ||
	    submit_environment(&r->s, &err) != 0) {
		return submit_exit_code(&r->s, &err);
	}
	log_set_stderr_level(
	        r->s.quiet ? LOG_LEVEL_ERROR
	                   : (enum log_level)(LOG_LEVEL_INFO + (r->s.verbose > 5 ? 5 : r->s.verbose)));
	r->argv = argv + rest;
	export_level(&r->s);
	submit_show(&r->s);
	if (rest >= argc && !r->s.test_only) {
		log_write(LOG_LEVEL_FATAL, "No command given to execute.");
		return 1;
	}
	if (r->s.mpi && mpi_kind(r->s.mpi, &r->mpi) != 0)
		return 1;
	if (r->s.pty && (r->s.spec.std_in || r->s.spec.std_out || r->s.spec.std_err)) {
		log_error("--error/--input/--output are incompatible with --pty");
		return 1;
	}
	r->own_job = r->s.job_id == CORE_NO_VAL;
	if (r->s.bcast && check_bcast(r) != 0)
		return 1;
	if (r->s.multi_prog && rest < argc && read_programs(r) != 0)
		return 1;
	if (read_hosts(r) != 0)
		return 1;
	/* Inside a job SLURM_JOB_NAME is the job's; a step has its command's, or -J's. */
	if (!r->own_job && submit_origin(&r->s, "job-name") != ORIGIN_COMMAND_LINE)
		r->s.spec.name = NULL;
	if (submit_finish(&r->s, rest < argc ? argv[rest] : "srun", &err) != 0 || check_place(r) != 0)
		return submit_exit_code(&r->s, &err);
	r->s.spec.command = r->argv[0];
	return 0;
}

/* --pty takes the terminal that is standard input; without one it means nothing. */
static void find_terminal(struct srun *r)
{
	uint32_t rows, columns;
	if (!r->s.pty || terminal_size(&rows, &columns))
		return;
	log_error("ioctl(TIOCGWINSZ): %s",
	          errno == ENOTTY ? "Inappropriate ioctl for device" : strerror(errno)); /* as glibc has it */
	log_error("Not using a pseudo-terminal, disregarding --pty option");
	r->s.pty = false;
}

/* -i FILE is a file of this host. */
static int open_input(struct srun *r)
{
	uint32_t task;
	const char *name = stream_name(r->s.spec.std_in);
	r->stdin_fd = 0;
	if (!name || text_eq_nocase(name, "none") || text_to_u32(name, &task) || strchr(name, '%'))
		return 0;
	r->stdin_fd = open(name, O_RDONLY | O_CLOEXEC);
	if (r->stdin_fd < 0) {
		log_error("Could not open stdin file: %s", strerror(errno));
		return 1;
	}
	r->s.spec.std_in = NULL;
	return 0;
}

int srun_main(int argc, char **argv)
{
	struct srun r = {0};
	uint32_t status = 1 << 8;
	log_init("srun", LOG_LEVEL_INFO);
	arena_init(&r.arena);
	int rc = parse(&r, argc, argv);
	if (rc != 0 || r.s.over)
		return rc;
	catch_signals();
	rc = r.own_job ? allocation_get(&r.a, &r.s, &interrupted) : attach(&r);
	if (rc == 0 && !r.s.test_only) {
		if (r.own_job)
			log_verbose("jobid %" PRIu32 ": nodes(%" PRIu32 "):`%s'", r.a.job_id,
			            r.a.job->node_count, r.a.job->nodes);
		rc = take_defaults(&r);
		find_terminal(&r);
		if (rc == 0)
			rc = open_input(&r);
		if (rc == 0)
			rc = create(&r);
		if (rc == 0)
			rc = run_step(&r, &status);
		if (r.own_job && !r.a.ended)
			allocation_release(&r.a, status);
	}
	arena_free(&r.arena);
	allocation_free(&r.a);
	submit_free(&r.s);
	return rc;
}
