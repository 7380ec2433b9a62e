#include "applets/worker/containment.h"

#include "applets/worker/step_groups.h"
#include "applets/worker/worker.h"
#include "core/util/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SWEEP_AGAIN_US 100000
#define SWEEPS_MAX     100

/* ---- what is asked for ---- */

static bool has_plugin(const struct slurm_conf *conf, const char *name)
{
	return conf_list_has(conf, P_TaskPlugin, name) ||
	       conf_list_has(conf, P_TaskPlugin, name + strlen("task/"));
}

static unsigned wanted(const struct slurm_conf *conf, const struct cgroup_conf *own)
{
	unsigned uses = 0;
	if (text_eq_nocase(conf_str(conf, P_ProctrackType), "proctrack/cgroup"))
		uses |= 1u << CGROUP_TRACK;
	if (has_plugin(conf, "task/cgroup")) {
		uses |= own->cores ? 1u << CGROUP_CPUSET : 0;
		uses |= own->ram || own->swap ? 1u << CGROUP_MEMORY : 0;
	}
	return uses;
}

static void find_tree(struct worker *w, struct text *missing)
{
	struct containment *c = &w->containment;
	const unsigned uses = wanted(&w->file.conf, &c->conf);
	/* Several of one host are told apart (slurmd -N), also those of several clusters. */
	char *name = text_eq(w->node, w->host) ? xstrdup(w->node)
	                                       : xprintf("%s_%s", w->file.controller.cluster, w->node);
	if (c->conf.version == CGROUP_DISABLED && uses)
		text_add(missing, "CgroupPlugin=disabled");
	else if (uses)
		cgroup_tree_find_here(&c->tree, c->conf.mountpoint, c->conf.version, uses, name, missing);
	cgroup_tree_make(&c->tree, missing);
	if (c->tree.base[CGROUP_MEMORY] && c->conf.swap && !c->tree.unified) {
		char *file = xprintf("%s/memory.memsw.limit_in_bytes", c->tree.base[CGROUP_MEMORY]);
		if (access(file, F_OK) != 0)
			text_printf(missing,
			            "%sthis kernel does not account for swap, which is not constrained",
			            missing->len ? "; " : "");
		free(file);
	}
	free(name);
}

/* The bases that are not in use any more. What is in them yet stays. */
static void leave_tree(struct cgroup_tree *old, const struct cgroup_tree *new)
{
	for (int use = 0; use < CGROUP_USES; use++) {
		bool kept = false;
		for (int other = 0; other < CGROUP_USES; other++)
			kept |= text_eq(old->base[use], new->base[other]);
		if (old->base[use] && !kept)
			(void)rmdir(old->base[use]);
	}
	cgroup_tree_free(old);
}

void containment_configure(struct worker *w)
{
	struct containment *c = &w->containment;
	struct cgroup_tree old = c->tree;
	struct text missing = TEXT_EMPTY;
	c->tree = (struct cgroup_tree){0};
	cpu_map_free(&c->cpus);
	cpu_map_find(&c->cpus);
	cgroup_conf_take(&w->file.companions, &c->conf);
	find_tree(w, &missing);
	leave_tree(&old, &c->tree);
	if (missing.len && !text_eq(c->missing, missing.s))
		log_error("cgroups: %s", missing.s);
	text_set(&c->missing, text_or_null(missing.s));
	text_free(&missing);
}

/* ---- for a step ---- */

static char *step_path(const struct containment *c, const struct step_grant *g, struct arena *arena)
{
	char buf[16];
	const char *step = step_groups_word(g->step_id, buf);
	return c->tree.unified ? arena_printf(arena, "job_%u/step_%s", g->job_id, step)
	                       : arena_printf(arena, "uid_%u/job_%u/step_%s", g->who->uid, g->job_id, step);
}

static char *cpu_list(const struct worker *w, const struct schema_u32s *cores, struct arena *arena)
{
	char *list = cpu_map_list(&w->containment.cpus, cores->v, cores->n, w->threads_per_core),
	     *copy = NULL;
	if (list)
		copy = arena_strdup(arena, list);
	free(list);
	return copy;
}

static void fill_cpus(const struct worker *w, const struct step_grant *g, struct step_groups *out,
                      struct arena *arena)
{
	out->job_cpus = cpu_list(w, g->job_cores.n ? &g->job_cores : &g->cores, arena);
	out->cpus = cpu_list(w, &g->cores, arena);
	if (g->cores.n && !out->cpus)
		log_verbose("job %u: this host has none of the cores that it was given: it may use all",
		            g->job_id);
}

static struct memory_limit *memory_of(const struct worker *w, uint64_t mem_mib, struct arena *arena)
{
	const struct cgroup_limit limit =
	        cgroup_conf_limit(&w->containment.conf, mem_mib, w->hardware.real_memory << 20);
	struct memory_limit *out = arena_alloc(arena, sizeof(*out));
	schema_init(schema_of_memory_limit(), out);
	out->hard = limit.hard;
	out->soft = limit.soft;
	out->with_swap = limit.with_swap;
	return out;
}

struct step_groups *containment_groups(const struct worker *w, const struct step_grant *g,
                                       struct arena *arena)
{
	const struct containment *c = &w->containment;
	const struct cgroup_tree *tree = &c->tree;
	if (!tree->base[CGROUP_TRACK] && !tree->base[CGROUP_CPUSET] && !tree->base[CGROUP_MEMORY])
		return NULL;
	struct step_groups *out = arena_alloc(arena, sizeof(*out));
	schema_init(schema_of_step_groups(), out);
	out->unified = tree->unified;
	out->track = tree->base[CGROUP_TRACK];
	out->cpuset = tree->base[CGROUP_CPUSET];
	out->memory = tree->base[CGROUP_MEMORY];
	out->path = step_path(c, g, arena);
	if (out->cpuset)
		fill_cpus(w, g, out, arena);
	if (out->memory) {
		out->limit = memory_of(w, g->mem, arena);
		out->job_limit = memory_of(w, g->job_mem ? g->job_mem : g->mem, arena);
		out->swappiness = c->conf.swappiness;
	}
	return out;
}

/* ---- binding ---- */

/* The partition's CpuBind, or TaskPluginParam: what tasks are bound to that don't say it themselves. */
static const char *usual_binding(const struct worker *w, const struct step_grant *g)
{
	static const char *const words[] = {"none", "sockets", "cores", "threads"};
	const struct slurm_conf *conf = &w->file.conf;
	if (g->cpu_bind)
		return g->cpu_bind;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (conf_list_has(conf, P_TaskPluginParam, words[i]))
			return words[i];
	return NULL;
}

static const char *autobind(const struct slurm_conf *conf)
{
	static const char *const words[] = {"autobind=sockets", "autobind=cores", "autobind=threads"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (conf_list_has(conf, P_TaskPluginParam, words[i]))
			return strchr(words[i], '=') + 1;
	return NULL;
}

struct node_cpus *containment_cpus(const struct worker *w, const struct step_grant *g, struct arena *arena)
{
	const struct slurm_conf *conf = &w->file.conf;
	const struct cpu_map *map = &w->containment.cpus;
	if (!has_plugin(conf, "task/affinity"))
		return NULL;
	struct node_cpus *out = arena_alloc(arena, sizeof(*out));
	schema_init(schema_of_node_cpus(), out);
	out->cores = w->cores;
	out->cores_per_socket = w->cores_per_socket;
	out->threads_per_core = w->threads_per_core;
	out->machine = (struct schema_u32s){map->cpu, (uint32_t)map->n};
	out->bind = (char *)(uintptr_t)usual_binding(w, g);
	out->autobind = (char *)(uintptr_t)autobind(conf);
	out->verbose = !g->cpu_bind && conf_list_has(conf, P_TaskPluginParam, "verbose");
	return out;
}

/* ---- what is left over ---- */

/* Of a launch that runs here, as far as we know, or whose shepherd was lost and is looked after. */
static bool is_ours(const struct worker *w, uint32_t job_id, const char *step)
{
	char buf[16];
	list_each (it, &w->launches) {
		const struct launch *l = list_entry(it, struct launch, in_all);
		if (l->job_id == job_id && l->state != LAUNCH_ENDED &&
		    strcmp(step_groups_word(l->step_id, buf), step) == 0)
			return true;
	}
	return false;
}

/* dir is a base, or a user's or job's directory; job_id 0: not yet in a job's. How many can't be removed. */
static size_t sweep_dir(const struct worker *w, const char *path, uint32_t job_id)
{
	size_t left = 0;
	DIR *dir = opendir(path);
	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
		char *below = xprintf("%s/%s", path, e->d_name);
		uint32_t id = 0;
		if (strncmp(e->d_name, "step_", 5) == 0 && job_id && !is_ours(w, job_id, e->d_name + 5)) {
			log_info("%s is left over: what is in it is ended", below);
			left += !cgroup_remove(below);
		} else if (strncmp(e->d_name, "uid_", 4) == 0 ||
		           (strncmp(e->d_name, "job_", 4) == 0 && text_to_u32(e->d_name + 4, &id))) {
			left += sweep_dir(w, below, id);
			(void)rmdir(below);
		}
		free(below);
	}
	if (dir)
		closedir(dir);
	return left;
}

static void sweep_again(void *ctx)
{
	struct worker *w = ctx;
	w->containment.sweep = NULL;
	containment_sweep(w);
}

void containment_sweep(struct worker *w)
{
	struct containment *c = &w->containment;
	size_t left = 0;
	for (int use = 0; use < CGROUP_USES; use++)
		if (c->tree.base[use])
			left += sweep_dir(w, c->tree.base[use], 0);
	if (left == 0)
		return;
	if (++c->sweeps < SWEEPS_MAX)
		c->sweep = loop_add_timer(w->loop, SWEEP_AGAIN_US, sweep_again, w);
	else
		log_error("cgroups: %zu that are left over can't be removed", left);
}

void containment_free(struct worker *w)
{
	struct containment *c = &w->containment;
	if (c->sweep)
		loop_del_timer(w->loop, c->sweep);
	leave_tree(&c->tree, &(struct cgroup_tree){0});
	cpu_map_free(&c->cpus);
	free(c->missing);
	c->missing = NULL;
}
