/* batchbox up [N] and batchbox down: a controller and N workers on this machine, under the caller's own
 * account, with a key, ports and a directory of their own (batchbox(1)). */
#include "applets/client/up.h"

#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "conf/size.h"
#include "core/util/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_US    30000000 /* how long the workers may take to be idle */
#define TRY_US      1000000
#define END_US      60000000 /* how long jobs and daemons may take to end */
#define PAUSE_NS    5000000L
#define TRIES       3 /* somebody else may take one of our ports before we do */
#define NAME_LENGTH 24

extern char **environ;

/* ---- programs ---- */

/* What it says while it starts goes to log/start.log: it is of interest only when it does not. */
static pid_t start(const struct up *up, const char *applet, const char *a, const char *b, struct err *err)
{
	char *argv[] = {(char *)(uintptr_t)applet, (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL};
	char *log = xprintf("%s/log/start.log", up->dir);
	posix_spawn_file_actions_t files;
	pid_t pid = -1;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&files, 1, 2);
	int rc = posix_spawn(&pid, "/proc/self/exe", &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	free(log);
	if (rc == 0)
		return pid;
	err_sys(err, rc, "cannot start %s", applet);
	return -1;
}

static void tell_start_log(const struct up *up)
{
	char *log = xprintf("%s/log/start.log", up->dir), line[1024];
	FILE *f = fopen(log, "re");
	while (f && fgets(line, sizeof(line), f))
		fputs(line, stderr);
	if (f)
		fclose(f);
	free(log);
}

static int finish(pid_t pid, const char *applet, struct err *err)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for %s", applet);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(err, ERR_INTERNAL, "%s did not start", applet);
}

int up_run(const struct up *up, const char *applet, const char *a, const char *b, struct err *err)
{
	pid_t pid = start(up, applet, a, b, err);
	return pid < 0 ? -1 : finish(pid, applet, err);
}

static void pause_a_moment(void)
{
	const struct timespec pause = {0, PAUSE_NS};
	nanosleep(&pause, NULL);
}

/* The daemon that has this pid file, which it holds locked as long as it runs; 0: none. */
static pid_t pid_of(const struct up *up, const char *daemon)
{
	char *path = xprintf("%s/run/%s.pid", up->dir, daemon), line[32] = "";
	FILE *f = fopen(path, "re");
	uint32_t pid = 0;
	if (f && flock(fileno(f), LOCK_EX | LOCK_NB) != 0 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!text_to_u32(line, &pid))
			pid = 0;
	}
	if (f)
		fclose(f);
	free(path);
	return (pid_t)pid;
}

/* ---- up ---- */

static void worker_name(char name[40], size_t i)
{
	snprintf(name, 40, "slurmd-worker-%zu", i + 1);
}

/* Starts what does not run: the controller, then all workers at once. */
static int start_daemons(const struct up *up, size_t workers, struct err *err)
{
	char name[40];
	pid_t *pids = xcalloc(workers, sizeof(*pids));
	int rc = 0;
	if (!pid_of(up, "slurmctld"))
		rc = up_run(up, "slurmctld", NULL, NULL, err);
	for (size_t i = 0; rc == 0 && i < workers; i++) {
		worker_name(name, i);
		if (!pid_of(up, name) &&
		    (pids[i] = start(up, "slurmd", "-N", strchr(name, '-') + 1, err)) < 0)
			rc = -1;
	}
	for (size_t i = 0; i < workers; i++)
		if (pids[i] > 0 && finish(pids[i], "slurmd", err) != 0)
			rc = -1;
	free(pids);
	return rc;
}

static size_t ready_nodes(struct connect *c, struct err *err)
{
	struct node_query q;
	struct arena arena;
	void *record = NULL;
	size_t ready = 0;
	bool last = false;
	uint32_t type = 0;
	schema_init(schema_of_node_query(), &q);
	arena_init(&arena);
	int rc = client_call(c->client, MSG_node_query, &q, &arena, &type, &record, NULL, err);
	while (rc == 0 && type == MSG_node_list && !last) {
		const struct node_list *list = record;
		for (uint32_t i = 0; i < list->nodes.n; i++)
			ready += list->nodes.v[i].base != NODE_UNKNOWN && list->nodes.v[i].base != NODE_DOWN;
		last = list->last;
		if (!last)
			rc = client_next(c->client, &arena, -1, &type, &record, err);
	}
	arena_free(&arena);
	return ready;
}

static int wait_ready(struct connect *c, const struct up *up, struct err *err)
{
	size_t want = c->file.conf.core.node_count;
	for (int64_t until = loop_clock() + READY_US; loop_clock() < until; pause_a_moment()) {
		size_t ready = ready_nodes(c, err);
		if (err->code)
			return -1;
		if (ready == want)
			return 0;
	}
	return err_set(err, ERR_TIMEOUT, "the workers did not come up: see %s/log", up->dir);
}

/* Whatever the caller's environment says of another cluster is not meant. */
static void set_environment(const struct up *up)
{
	char *conf = xprintf("%s/slurm.conf", up->dir), *run = xprintf("%s/run", up->dir);
	setenv("SLURM_CONF", conf, 1);
	setenv("BATCHBOX_RUN_DIR", run, 1);
	unsetenv("SLURM_CONF_SERVER");
	free(conf);
	free(run);
}

static void print_environment(const struct up *up)
{
	printf("export SLURM_CONF=%s/slurm.conf\nexport BATCHBOX_RUN_DIR=%s/run\nexport PATH=%s/bin:$PATH\n",
	       up->dir, up->dir, up->dir);
}

static size_t daemons_alive(const struct up *up, size_t workers)
{
	char name[40];
	size_t alive = pid_of(up, "slurmctld") != 0;
	for (size_t i = 0; i < workers; i++) {
		worker_name(name, i);
		alive += pid_of(up, name) != 0;
	}
	return alive;
}

static int wait_gone(const struct up *up, size_t workers, int64_t until, struct err *err)
{
	for (size_t alive; (alive = daemons_alive(up, workers)) > 0; pause_a_moment())
		if (loop_clock() > until)
			return err_set(err, ERR_TIMEOUT, "%zu daemons do not end: see %s/log", alive,
			               up->dir);
	return 0;
}

/* By signals, for a worker may have no connection to the controller just now. */
static int end_daemons(const struct up *up, size_t workers, int64_t until, struct err *err)
{
	char name[40];
	for (size_t i = 0; i <= workers; i++) {
		worker_name(name, i);
		pid_t pid = pid_of(up, i < workers ? name : "slurmctld");
		if (pid)
			kill(pid, SIGTERM);
	}
	return wait_gone(up, workers, until, err);
}

/* A cluster that didn't come up whole, and has never run a job, leaves nothing. */
static void undo(const struct up *up, size_t workers)
{
	struct err err = {0};
	if (end_daemons(up, workers, loop_clock() + END_US, &err) != 0 || up_remove(up, &err) != 0)
		log_error("%s", err_text(&err));
}

/* The daemons of a cluster that is there, all of them, and a connection. One may be about to die, or to be
 * started by somebody else who was killed meanwhile: so it is tried for a while. */
static int reach(const struct up *up, struct connect *c, struct err *err)
{
	for (int64_t until = loop_clock() + READY_US;; pause_a_moment()) {
		err_clear(err);
		if (start_daemons(up, c->file.conf.core.node_count, err) == 0 &&
		    connect_open_within(c, TRY_US, err) == 0)
			return 0;
		if (loop_clock() > until)
			return -1;
	}
}

/* What is asked of a cluster that is there must be as it has it. */
static int check_as_asked(const struct up *up, const struct cluster_conf *has, struct err *err)
{
	const struct core_node_conf *node = &has->nodes[0];
	struct text other = TEXT_EMPTY;
	if (up->workers && up->workers != has->node_count)
		text_printf(&other, "%zu workers", has->node_count);
	else if (up->cpus && up->cpus != node->cpus)
		text_printf(&other, "%u CPUs for each worker", node->cpus);
	else if (up->mem && up->mem != node->real_memory)
		text_printf(&other, "%llu MiB for each worker", (unsigned long long)node->real_memory);
	else if (up->partition && !text_eq(up->partition, has->parts[0].name))
		text_printf(&other, "the partition %s", has->parts[0].name);
	if (other.len == 0)
		return 0;
	err_set(err, ERR_EXISTS,
	        "the cluster %s is there, with %s: end it with batchbox down, or choose another --name",
	        up->name, text_str(&other));
	text_free(&other);
	return -1;
}

/* A new cluster, or one that is there. */
static int bring_up(struct up *up, struct connect *c, struct err *err)
{
	bool fresh = !up_exists(up);
	if (fresh && up->workers == 0)
		up->workers = 1;
	for (int i = 0;; i++) {
		if (fresh && up_make(up, err) != 0) {
			struct err also = {0};
			if (up_remove(up, &also) != 0)
				log_error("%s", err_text(&also));
			return -1;
		}
		if (connect_configure(c, err) != 0)
			return -1;
		size_t has = c->file.conf.core.node_count;
		if (!fresh && check_as_asked(up, &c->file.conf.core, err) != 0)
			return -1;
		err_clear(err);
		if ((fresh ? start_daemons(up, has, err) : reach(up, c, err)) == 0)
			break;
		bool over = !fresh || i + 1 == TRIES;
		if (over)
			tell_start_log(up);
		connect_close(c);
		if (fresh)
			undo(up, has);
		if (over)
			return -1;
	}
	return (!c->client && connect_open(c, err) != 0) || wait_ready(c, up, err) != 0 ? -1 : 0;
}

/* ---- down ---- */

/* How many jobs live; each is told to end. */
static size_t end_jobs(struct connect *c, struct err *err)
{
	struct job_query q;
	struct arena arena;
	void *record = NULL;
	struct schema_u32s ids = {0};
	size_t cap = 0;
	bool last = false;
	uint32_t type = 0;
	schema_init(schema_of_job_query(), &q);
	arena_init(&arena);
	int rc = client_call(c->client, MSG_job_query, &q, &arena, &type, &record, NULL, err);
	while (rc == 0 && type == MSG_job_list && !last) {
		const struct job_list *list = record;
		for (uint32_t i = 0; i < list->jobs.n; i++) {
			ids.v = xgrow(ids.v, &cap, ids.n + 1u, sizeof(*ids.v));
			ids.v[ids.n++] = list->jobs.v[i].spec->job_id;
		}
		last = list->last;
		if (!last)
			rc = client_next(c->client, &arena, -1, &type, &record, err);
	}
	for (uint32_t i = 0; i < ids.n; i++) {
		struct job_signal_request m;
		struct err over = {0};
		schema_init(schema_of_job_signal_request(), &m);
		m.job_id = ids.v[i];
		m.signal = SIGKILL;
		if (client_call(c->client, MSG_job_signal_request, &m, &arena, &type, &record, NULL, &over) !=
		    0)
			log_debug("job %u: %s", m.job_id, err_text(&over)); /* it has ended by itself */
	}
	free(ids.v);
	arena_free(&arena);
	return ids.n;
}

static int bring_down(struct up *up, struct connect *c, struct err *err)
{
	if (!up_exists(up) && up_remains(up)) {
		log_info("the cluster %s was not made whole: what there is of it goes", up->name);
		return up_remove(up, err);
	}
	if (!up_exists(up))
		return err_set(err, ERR_NOT_FOUND, "there is no cluster %s of yours", up->name);
	/* What died is started once more: only together do they know what still runs. */
	if (connect_configure(c, err) != 0 || reach(up, c, err) != 0 || wait_ready(c, up, err) != 0)
		return -1;
	size_t workers = c->file.conf.core.node_count;
	int64_t until = loop_clock() + END_US;
	for (size_t jobs; (jobs = end_jobs(c, err)) > 0 || err->code; pause_a_moment())
		if (err->code || loop_clock() > until)
			return err->code ? -1 : err_set(err, ERR_TIMEOUT, "%zu jobs do not end", jobs);
	return end_daemons(up, workers, until, err) == 0 ? up_remove(up, err) : -1;
}

/* ---- the command line ---- */

enum { OPT_CPUS = 256, OPT_MEM, OPT_NAME, OPT_PARTITION };
static const struct command_option up_options[] = {
        {"cpus", OPT_CPUS, required_argument, "N", "CPUs of each worker (default: this machine's, divided)"},
        {"help", 'h', no_argument, NULL, "this text"},
        {"mem", OPT_MEM, required_argument, "SIZE",
         "memory of each worker (default: this machine's, divided)"},
        {"name", OPT_NAME, required_argument, "CLUSTER",
         "of the cluster: several stand side by side (default: local)"},
        {"partition", OPT_PARTITION, required_argument, "NAME", "of the partition (default: main)"},
};
static const struct command_option down_options[] = {
        {"help", 'h', no_argument, NULL, "this text"},
        {"name", OPT_NAME, required_argument, "CLUSTER", "of the cluster (default: local)"},
};
static const struct command_word variables[] = {{NULL, NULL, NULL}};

const struct command up_command = {
        .name = "batchbox up",
        .synopsis = "[OPTIONS] [WORKERS]",
        .note = "Starts a cluster of your own on this machine: eval \"$(batchbox up 3)\"",
        COMMAND_OPTIONS(up_options),
        .variables = variables,
};
const struct command down_command = {
        .name = "batchbox down",
        .synopsis = "[OPTIONS]",
        .note = "Ends a cluster of batchbox up, its jobs with it, and removes what it left.",
        COMMAND_OPTIONS(down_options),
        .variables = variables,
};

/* Names stand in paths, in slurm.conf and in what a shell evaluates. */
static int take_name(const char *value, const char **out, struct err *err)
{
	size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-_");
	if (n == 0 || n > NAME_LENGTH || value[n] || !islower((unsigned char)value[0]))
		return err_set(
		        err, ERR_INVALID,
		        "\"%s\" is no name: a small letter, then at most %d small letters, digits, - and _",
		        value, NAME_LENGTH - 1);
	*out = value;
	return 0;
}

static int take_number(const char *what, const char *value, uint32_t most, uint32_t *out, struct err *err)
{
	if (text_to_u32(value, out) && *out > 0 && *out <= most)
		return 0;
	return err_set(err, ERR_INVALID, "%s: \"%s\" is no number from 1 to %u", what, value, most);
}

static int take_option(int c, struct up *up, struct err *err)
{
	switch (c) {
	case OPT_NAME:
		return take_name(optarg, &up->name, err);
	case OPT_PARTITION:
		return take_name(optarg, &up->partition, err);
	case OPT_CPUS:
		return take_number("--cpus", optarg, 4096, &up->cpus, err);
	default:
		return size_parse_mib(optarg, &up->mem) && up->mem > 0
		               ? 0
		               : err_set(err, ERR_INVALID, "--mem: \"%s\" is no size, such as 500M or 4G",
		                         optarg);
	}
}

/* 0: go on; else the program ends with *rc. */
static int parse(int argc, char **argv, bool down, struct up *up, int *rc, struct err *err)
{
	const struct command *command = down ? &down_command : &up_command;
	struct command_getopt options;
	command_getopt_init(&options, command);
	*rc = 1;
	for (int c; (c = command_getopt_next(&options, argc, argv)) != -1;) {
		if (c == 'h') {
			command_print_usage(command, stdout);
			*rc = 0;
			return -1;
		}
		if (c == '?' || c == ':') {
			complain_option(command->name, c, argv);
			return -1;
		}
		if (take_option(c, up, err) != 0)
			return -1;
	}
	if (optind < argc && !down &&
	    take_number("WORKERS", argv[optind++], UP_WORKERS_MAX, &up->workers, err) != 0)
		return -1;
	if (optind < argc)
		return err_set(err, ERR_INVALID, "\"%s\" is one word too many: see --help", argv[optind]);
	return 0;
}

static void say_made(const struct up *up, const struct cluster_conf *core)
{
	bool other = strcmp(up->name, "local") != 0;
	char *closed = geteuid() == 0 ? up_closed_place() : NULL;
	log_info("cluster %s: %zu workers of %u CPUs and %llu MiB; `batchbox down%s%s` ends it", up->name,
	         core->node_count, core->nodes[0].cpus, (unsigned long long)core->nodes[0].real_memory,
	         other ? " --name=" : "", other ? up->name : "");
	if (closed)
		log_info("other users than root cannot use it: %s is closed to them, and the commands are "
		         "links "
		         "to this program",
		         closed);
	free(closed);
}

static int run(int argc, char **argv, bool down)
{
	struct up up = {.name = "local"};
	struct connect c = {0};
	struct err err = {0};
	int rc = 1, lock = -1;
	log_init(down ? "batchbox down" : "batchbox up", LOG_LEVEL_INFO);
	if (parse(argc, argv, down, &up, &rc, &err) == 0 && (lock = up_place(&up, &err)) >= 0) {
		set_environment(&up);
		rc = (down ? bring_down(&up, &c, &err) : bring_up(&up, &c, &err)) == 0 ? 0 : 1;
		if (rc == 0 && !down) {
			print_environment(&up);
			say_made(&up, &c.file.conf.core);
		}
	}
	if (err.code)
		log_error("%s", err_text(&err));
	connect_close(&c);
	if (lock >= 0)
		up_leave(&up, lock);
	return rc;
}

int up_main(int argc, char **argv)
{
	return run(argc, argv, false);
}

int down_main(int argc, char **argv)
{
	return run(argc, argv, true);
}
