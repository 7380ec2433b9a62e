#include "applets/client/submit.h"

#include "applets/client/option_parsers.h"
#include "applets/common/rlimits.h"
#include "conf/time.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- what travels along ---- */

void submit_limits(struct submit *s, const struct slurm_conf *conf)
{
	const char *only = s->propagate, *except = NULL;
	if (!only) {
		only = conf_str(conf, P_PropagateResourceLimits);
		except = conf_str(conf, P_PropagateResourceLimitsExcept);
	}
	s->spec.limits.n = 0;
	s->spec.limits.v = arena_array(&s->arena, rlimit_count, sizeof(char *));
	for (size_t i = 0; i < rlimit_count; i++) {
		const struct rlimit_row *row = &rlimit_rows[i];
		struct rlimit limit;
		if (!rlimits_have(only, row->name) || (except && rlimits_have(except, row->name)) ||
		    getrlimit(row->resource, &limit) != 0)
			continue;
		s->spec.limits.v[s->spec.limits.n++] =
		        arena_printf(&s->arena, "%s=%" PRIu64 ":%" PRIu64, row->name,
		                     (uint64_t)limit.rlim_cur, (uint64_t)limit.rlim_max);
	}
}

static char *own_host(struct arena *arena)
{
	char host[256] = "";
	if (gethostname(host, sizeof(host) - 1) != 0)
		return arena_strdup(arena, "localhost");
	return arena_strdup(arena, host);
}

static char *short_host(struct arena *arena)
{
	char *host = own_host(arena);
	host[strcspn(host, ".")] = '\0';
	return host;
}

char *submit_directory(struct submit *s)
{
	char cwd[PATH_MAX];
	const char *here = getcwd(cwd, sizeof(cwd)) ? cwd : "/";
	if (!s->spec.work_dir)
		return arena_strdup(&s->arena, here);
	return s->spec.work_dir[0] == '/' ? s->spec.work_dir
	                                  : arena_printf(&s->arena, "%s/%s", here, s->spec.work_dir);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

void submit_print_file(const struct submit *s, const char *name, struct text *out)
{
	char cwd[PATH_MAX];
	const char *dir = s->spec.work_dir ? s->spec.work_dir : getcwd(cwd, sizeof(cwd));
	if (s->command == SUBMIT_SBATCH && *name != '/')
		text_printf(out, "%s/", dir ? dir : "");
	text_add(out, name);
}

/* ---- options against each other ---- */

/* What --hint means for the choice of nodes; options that say so themselves count more. */
static void settle_hint(struct submit *s)
{
	struct job_spec *spec = &s->spec;
	if (!s->hint || strcmp(s->hint, "multithread") == 0)
		return;
	if (spec->threads_per_core || spec->tasks_per_core) {
		s->hint = NULL;
		return;
	}
	spec->threads_per_core = 1;
	if (strcmp(s->hint, "memory_bound") == 0)
		spec->cores_per_socket = 1;
}

/* Nodes that are named are no fewer than are asked for. */
static int settle_nodes(struct submit *s, struct err *err)
{
	struct job_spec *spec = &s->spec;
	struct hostlist *named = spec->req_nodes ? hostlist_parse(spec->req_nodes, NULL) : NULL;
	uint64_t count = named ? hostlist_count(named) : 0;
	hostlist_free(named);
	if (count <= spec->nodes_min || count > UINT32_MAX)
		return 0;
	if (s->nodes_set && spec->nodes_max < count)
		return err_set(err, ERR_LIMIT, "invalid number of nodes (-N %" PRIu64 "-%" PRIu32 ")", count,
		               spec->nodes_max);
	spec->nodes_min = (uint32_t)count;
	return 0;
}

/* The later of the command line and the environment counts, if only one of them says it. */
static int settle_memory(struct submit *s)
{
	struct job_spec *spec = &s->spec;
	if (spec->mem_per_cpu == 0)
		spec->mem_per_cpu = CORE_NO_VAL64;
	if (spec->mem_per_node == CORE_NO_VAL64 || spec->mem_per_cpu == CORE_NO_VAL64)
		return 0;
	enum option_origin node = submit_origin(s, "mem"), cpu = submit_origin(s, "mem-per-cpu");
	if (node > cpu)
		spec->mem_per_cpu = CORE_NO_VAL64;
	else if (cpu > node)
		spec->mem_per_node = CORE_NO_VAL64;
	else
		return option_fatal(s, "--mem, --mem-per-cpu, and --mem-per-gpu are mutually exclusive.");
	return 0;
}

static void settle_numbers(struct submit *s)
{
	struct job_spec *spec = &s->spec;
	/* -B: one task for each thread that is asked for (sbatch(1)). */
	if (!spec->tasks_set && spec->sockets_per_node && spec->cores_per_socket && spec->threads_per_core) {
		spec->tasks = spec->sockets_per_node * spec->cores_per_socket * spec->threads_per_core;
		spec->tasks_set = true;
	}
	if (spec->tasks_per_node && !spec->tasks_set) {
		uint32_t nodes = spec->nodes_min ? spec->nodes_min : 1;
		spec->tasks = nodes * spec->tasks_per_node;
	}
	if (spec->tasks_set && spec->nodes_min > spec->tasks) {
		log_info("Warning: can't run %" PRIu32 " processes on %" PRIu32
		         " nodes, setting nnodes to %" PRIu32,
		         spec->tasks, spec->nodes_min, spec->tasks);
		spec->nodes_min = spec->nodes_max = spec->tasks;
	}
	if (!spec->nodes_min)
		spec->nodes_min = 1;
	if (!spec->tasks)
		spec->tasks = spec->nodes_min;
	if (!spec->cpus_per_task)
		spec->cpus_per_task = 1;
}

/* What can't go together; the order is that of the real ones. */
static int check_together(struct submit *s, struct err *err)
{
	const struct job_spec *spec = &s->spec;
	if (s->quiet && s->verbose)
		return err_set(err, ERR_LIMIT, "don't specify both --verbose (-v) and --quiet (-Q)");
	if (s->core_spec != CORE_NO_VAL && s->thread_spec != CORE_NO_VAL)
		return option_fatal(s, "-S/--core-spec and --thred-spec options are mutually exclusive");
	if (settle_memory(s) != 0)
		return -1;
	if (spec->deadline && spec->begin_time > spec->deadline)
		return err_set(err, ERR_LIMIT, "Incompatible begin and deadline time specification");
	if (s->dist == DIST_PLANE && s->job_id == CORE_NO_VAL && spec->nodes_min > 1 &&
	    (spec->tasks_set ? spec->tasks : spec->nodes_min) / s->plane_size < spec->nodes_min - 1)
		return err_set(err, ERR_LIMIT,
		               "Too few processes for the requested {plane,node} distribution");
	return 0;
}

int submit_finish(struct submit *s, const char *command_name, struct err *err)
{
	struct job_spec *spec = &s->spec;
	static struct identity nobody; /* required on the wire; the controller fills in who really asks */
	const char *mask_asked = getenv("SLURM_UMASK");
	mode_t mask = umask(022);
	umask(mask);
	spec->umask = mask_asked ? (uint32_t)strtoul(mask_asked, NULL, 8) & 0777 : mask;
	spec->work_dir = submit_directory(s);
	s->submit_host = own_host(&s->arena);
	spec->alloc_node = short_host(&s->arena);
	spec->alloc_sid = (uint32_t)getsid(0);
	if (!spec->name)
		spec->name = arena_strdup(&s->arena, base_name(command_name));
	if (s->hold)
		spec->priority = 0;
	settle_hint(s);
	if (check_together(s, err) != 0)
		return -1;
	spec->kill_on_bad_exit = s->kill_on_bad_exit;
	spec->who = &nobody;
	nobody.uid = geteuid();
	nobody.gid = getegid();
	if (s->job_id != CORE_NO_VAL)
		return 0;
	if (settle_nodes(s, err) != 0)
		return -1;
	settle_numbers(s);
	return 0;
}

int submit_check_conf(struct submit *s, const struct slurm_conf *conf, struct err *err)
{
	const struct {
		const char *said, *option;
		bool asked;
	} rows[] = {{"-S", "--core-spec", s->core_spec != CORE_NO_VAL},
	            {"--thread-spec", "--thread-spec", s->thread_spec != CORE_NO_VAL}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].asked)
			continue;
		if (conf_bool(conf, P_AllowSpecResourcesUsage))
			return err_set(err, ERR_NOT_SUPPORTED, "%s is not supported by batchbox",
			               rows[i].option);
		log_error(
		        "Ignoring %s since it's not allowed by configuration (AllowSpecResourcesUsage = No)",
		        rows[i].said);
	}
	return 0;
}

void submit_refused_test(const struct err *err)
{
	const char *words = err_code_text(err->code);
	bool own = err->code < ERR_UNAUTHENTICATED;
	if (!own && *err->text && strcmp(err->text, words) != 0)
		log_error("%s", err->text);
	fprintf(stderr, "allocation failure: %s\n", own ? err_text(err) : words);
}

void submit_refused(const char *what, const struct err *err)
{
	const char *words = err_code_text(err->code);
	/* Our own errors have no words there: what they say is the message. */
	bool own = err->code < ERR_UNAUTHENTICATED;
	if (own || err->code == ERR_UNAUTHENTICATED) {
		log_error("%s: %s", what, err_text(err));
		return;
	}
	if (*err->text && strcmp(err->text, words) != 0)
		log_error("%s", err->text);
	log_error("%s: %s", what, words);
}

/* ---- no room ---- */

/* What each says of that, and how often it asks again: after one second, two, three ... */
static const struct {
	const char *words;
	unsigned retries;
} full_words[] = {
        [SUBMIT_SBATCH] = {"Slurm temporarily unable to accept job, sleeping and retrying", 15},
        [SUBMIT_SALLOC] = {"Slurm job queue full, sleeping and retrying.", 10},
        [SUBMIT_SRUN] = {"Slurm controller not responding, sleeping and retrying.", 10},
};

int submit_insist(const struct submit *s, struct connect *c, uint32_t type, void *m, bool *again,
                  struct arena *arena, void **reply, volatile int *interrupted, struct err *err)
{
	for (unsigned tries = 1;; tries++) {
		int rc = connect_insist(c, type, m, again, MSG_submit_reply, arena, reply, err);
		if (rc == 0 || err->code != ERR_MAX_JOBS || s->test_only ||
		    tries > full_words[s->command].retries)
			return rc;
		if (tries == 1)
			log_error("%s", full_words[s->command].words);
		struct timespec left = {.tv_sec = tries};
		while (nanosleep(&left, &left) != 0 && !(interrupted && *interrupted))
			;
		if (interrupted && *interrupted)
			return rc;
		*err = (struct err){0};
	}
}

void submit_say_start(const struct submit_reply *reply)
{
	if (reply->start_time == 0) {
		log_info("Job %" PRIu32 " can not start before other jobs end, using %" PRIu32
		         " processors in partition %s",
		         reply->job_id, reply->cpus, reply->partition);
		return;
	}
	struct text at = TEXT_EMPTY;
	time_print_stamp(&at, reply->start_time);
	log_info("Job %" PRIu32 " to start at %s using %" PRIu32 " processors on nodes %s in partition %s",
	         reply->job_id, text_str(&at), reply->cpus, reply->nodes ? reply->nodes : "",
	         reply->partition);
	text_free(&at);
}
