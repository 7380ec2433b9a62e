/* What must hold beyond cluster_check(): told by a second, slow and obvious look at the cluster. */
#include "test/sim/sim.h"
#include "core/bits.h"
#include "core/plan.h"
#include "core/util/hostlist.h"
#include "core/util/sort.h"

#include <stdlib.h>
#include <string.h>

/* ---- a slow look: would a job fit? ---- */

enum look {
	LOOK_PLAN, /* what is free now and stays so, as those before it in the plan are served */
	LOOK_NOW,
	LOOK_IF_IDLE,
	LOOK_IF_UP
};

static bool before(const struct job *a, const struct job *b)
{
	if (a->part->conf->priority_tier != b->part->conf->priority_tier)
		return a->part->conf->priority_tier > b->part->conf->priority_tier;
	return a->state.priority != b->state.priority ? a->state.priority > b->state.priority
	                                              : a->serial < b->serial;
}

static core_time limit_end(const struct world *w, const struct job *job)
{
	uint32_t minutes = job_time_limit(job);
	return world_now(w) +
	       (core_time)(minutes == CORE_INFINITE ? 365 * 24 * 60 : minutes) * 60 * CORE_SECOND;
}

/* What an earlier one will have there before the job would be over; NULL: nothing. */
static const struct node_alloc *has_planned(const struct world *w, const struct planned *e,
                                            const struct job *job, const struct node *node)
{
	if (e->job == job || !before(e->job, job) || e->start >= limit_end(w, job))
		return NULL;
	for (uint32_t i = 0; i < e->nodes.n; i++)
		if (strcmp(e->nodes.v[i].node, node->conf->name) == 0)
			return &e->nodes.v[i];
	return NULL;
}

/* Of all memory there, by those that run and those that are planned before the job: so much at that moment.
 */
static uint64_t memory_at(const struct world *w, const struct job *job, const struct node *node, core_time at)
{
	const struct planned *e;
	uint64_t sum = 0;
	for (const struct job *o = job_next(w->c, NULL); o; o = job_next(w->c, o)) {
		uint32_t minutes = o->state.time_limit_min;
		core_time end = world_now(w) + CORE_SECOND, by_limit = 0;
		if (o->state.state == JOB_SUSPENDED || (job_is_active(o) && minutes == CORE_INFINITE))
			end = INT64_MAX;
		else if (job_is_active(o))
			by_limit = job_run_since(o) + (core_time)minutes * 60 * CORE_SECOND;
		end = by_limit > end ? by_limit : end;
		for (uint32_t i = 0; i < o->state.nodes.n; i++) {
			const struct node_alloc *a = &o->state.nodes.v[i];
			if (end > at && a->phase != ALLOC_RELEASED && strcmp(a->node, node->conf->name) == 0)
				sum += a->mem;
		}
	}
	for (size_t rank = 0; (e = plan_at(w->c, rank)); rank++) {
		const struct node_alloc *a = has_planned(w, e, job, node);
		sum += a && e->start <= at && e->end > at ? a->mem : 0;
	}
	return sum;
}

static uint64_t planned_memory(const struct world *w, const struct job *job, const struct node *node)
{
	const struct planned *e;
	uint64_t most = node->mem_alloc;
	for (size_t rank = 0; (e = plan_at(w->c, rank)); rank++) {
		uint64_t sum = has_planned(w, e, job, node) ? memory_at(w, job, node, e->start) : 0;
		most = sum > most ? sum : most;
	}
	return most;
}

static bool usable(const struct node *node)
{
	return node->connected && node->state.base == NODE_IDLE &&
	       !(node->state.flags & (NODE_FLAG_DRAIN | NODE_FLAG_FAIL | NODE_FLAG_INVALID_REG)) &&
	       list_empty(&node->leaving);
}

static bool is_odd(const struct node *node)
{
	return strstr(node->conf->features, "odd") != NULL;
}

/* "[odd*2&even*1]", "odd*1": so many of each, at least. */
static uint32_t counted(const char *wanted, const char *feature)
{
	const char *at = wanted ? strstr(wanted, feature) : NULL;
	return at && at[strlen(feature)] == '*' ? (uint32_t)(at[strlen(feature) + 1] - '0') : 0;
}

/* Are these nodes, in numbers, what the constraint wants of all of them together? */
static bool features_agree(const char *wanted, uint32_t odd, uint32_t even)
{
	if (!wanted || strcmp(wanted, "odd|even") == 0 || strcmp(wanted, "all") == 0)
		return true;
	if (strcmp(wanted, "[odd|even]") == 0)
		return odd == 0 || even == 0;
	if (strchr(wanted, '*'))
		return odd >= counted(wanted, "odd") && even >= counted(wanted, "even");
	return strstr(wanted, "odd") ? even == 0 : odd == 0;
}

static uint64_t memory_for(const struct world *w, const struct job *job, const struct node *node,
                           uint32_t cpus)
{
	if (job->spec.mem_per_node != CORE_NO_VAL64)
		return job->spec.mem_per_node ? job->spec.mem_per_node : node->conf->real_memory;
	if (job->spec.mem_per_cpu != CORE_NO_VAL64)
		return job->spec.mem_per_cpu * cpus;
	if (!(w->conf.select_flags & CONF_CR_MEMORY))
		return 0;
	return w->conf.def_mem_per_cpu ? w->conf.def_mem_per_cpu * cpus : node->conf->real_memory;
}

/* What it started with counts until it is gone, also when it is to start again. */
static bool has_started(const struct job *job)
{
	return job->state.state != JOB_PENDING || (job->state.flags & JOB_FLAG_COMPLETING);
}

static bool may_share(const struct job *job)
{
	const struct core_part_conf *part = job->part ? job->part->conf : NULL;
	if (has_started(job))
		return job->state.shares;
	return part && ((part->oversubscribe == CONF_SHARE_FORCE &&
	                 (part->oversubscribe_max > 1 || !job->spec.exclusive)) ||
	                (part->oversubscribe == CONF_SHARE_YES && job->spec.oversubscribe));
}

/* The job's share of the node, unless it has given it back or stands still. */
static const struct node_alloc *holds(const struct world *w, const struct job *job, const struct node *node)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		const struct node_alloc *a = &job->state.nodes.v[i];
		if (strcmp(a->node, node->conf->name) == 0)
			return a->phase == ALLOC_RELEASED || map_get(&w->stands_still, job->serial) ? NULL
			                                                                            : a;
	}
	return NULL;
}

static bool has_core(const struct node_alloc *a, uint32_t core)
{
	for (uint32_t i = 0; a && i < a->cores.n; i++)
		if (a->cores.v[i] == core)
			return true;
	return false;
}

/* May the job have the core, beside those who have it? */
static bool core_is_open(const struct world *w, const struct job *job, const struct node *node, uint32_t core,
                         bool plan)
{
	uint32_t like_it = 0, most = job->part ? job->part->conf->oversubscribe_max : 0;
	for (const struct job *o = job_next(w->c, NULL); o; o = job_next(w->c, o)) {
		if (o == job || !has_core(holds(w, o, node), core))
			continue;
		if (!may_share(job) || !may_share(o))
			return false;
		like_it += o->part == job->part || w->conf.select_flags == 0;
		/* Of whole nodes those who came later counted those who were there. */
		if (has_started(job) && o->part && o->part->conf->oversubscribe_max > most)
			most = o->part->conf->oversubscribe_max;
	}
	const struct planned *e;
	for (size_t rank = 0; plan && (e = plan_at(w->c, rank)); rank++) {
		if (!has_core(has_planned(w, e, job, node), core))
			continue;
		if (!may_share(job) || !may_share(e->job))
			return false;
		like_it += e->part == job->part || w->conf.select_flags == 0;
	}
	return like_it == 0 || like_it < most;
}

static bool for_user(const struct job *job)
{
	if (has_started(job))
		return job->state.for_user;
	return job->spec.exclusive_user || (job->part && job->part->conf->exclusive_user);
}

/* Nobody is there beside whom it can't be. */
static bool users_agree(const struct world *w, const struct job *job, const struct node *node, bool plan)
{
	for (const struct job *o = job_next(w->c, NULL); o; o = job_next(w->c, o)) {
		bool there = false;
		for (uint32_t i = 0; i < o->state.nodes.n; i++)
			there = there || (strcmp(o->state.nodes.v[i].node, node->conf->name) == 0 &&
			                  o->state.nodes.v[i].phase != ALLOC_RELEASED);
		if (there && o->spec.who->uid != job->spec.who->uid && (for_user(o) || for_user(job)))
			return false;
	}
	const struct planned *e;
	for (size_t rank = 0; plan && (e = plan_at(w->c, rank)); rank++)
		if (has_planned(w, e, job, node) && e->job->spec.who->uid != job->spec.who->uid &&
		    (for_user(e->job) || for_user(job)))
			return false;
	return true;
}

/* Free cores, one socket or core after the other. */
static uint32_t free_cores(const struct world *w, const struct job *job, const struct node *node,
                           enum look look)
{
	uint32_t size = w->conf.select_flags & CONF_CR_SOCKET ? node->conf->cores_per_socket : 1, n = 0;
	if (look <= LOOK_NOW && !users_agree(w, job, node, look == LOOK_PLAN))
		return 0;
	for (uint32_t first = 0; first < node->cores_total; first += size) {
		bool free = true;
		for (uint32_t i = first; i < first + size; i++)
			free = free && (look > LOOK_NOW || core_is_open(w, job, node, i, look == LOOK_PLAN));
		n += free ? size : 0;
	}
	return n;
}

/* As many as would need the CPUs that an update said. */
static uint32_t tasks_placed(const struct job *job)
{
	const uint32_t n = job->spec.cpus_min / job->spec.cpus_per_task;
	return job->spec.cpus_min == 0 ? job->spec.tasks : n > 0 ? n : 1;
}

static uint32_t tasks_that_fit(const struct world *w, const struct job *job, const struct node *node,
                               enum look look)
{
	uint32_t free = free_cores(w, job, node, look), per = node->cpus_per_core, best = 0;
	bool whole = job->spec.exclusive || w->conf.select_flags == 0 ||
	             job->part->conf->oversubscribe == CONF_SHARE_EXCLUSIVE;
	if (whole && free < node->cores_total)
		return 0;
	for (uint32_t tasks = 1; tasks <= tasks_placed(job) + job->spec.nodes_min &&
	                         tasks * job->spec.cpus_per_task <= free * per;
	     tasks++) {
		uint32_t cores = (tasks * job->spec.cpus_per_task + per - 1) / per;
		if (w->conf.select_flags & CONF_CR_SOCKET)
			cores = (cores + node->conf->cores_per_socket - 1) / node->conf->cores_per_socket *
			        node->conf->cores_per_socket;
		uint64_t memory = memory_for(w, job, node, (whole ? node->cores_total : cores) * per);
		uint64_t used =
		        look <= LOOK_NOW && (w->conf.select_flags & CONF_CR_MEMORY) ? node->mem_alloc : 0;
		if (look == LOOK_PLAN && (w->conf.select_flags & CONF_CR_MEMORY))
			used = planned_memory(w, job, node);
		if (job->spec.tasks_per_node && tasks > job->spec.tasks_per_node && !job->spec.cpus_min)
			break;
		if (used + memory <= node->conf->real_memory)
			best = tasks;
	}
	return best;
}

/* What each node of the partition could take of the job. */
struct caps {
	uint32_t of[SIM_NODES], n;
	bool odd[SIM_NODES], named[SIM_NODES];
};

static struct caps caps_of(const struct world *w, const struct job *job, enum look look,
                           const struct hostlist *req, const struct hostlist *exc)
{
	struct caps caps = {0};
	for (size_t i = 0; job->part && i < job->part->conf->node_count; i++) {
		const struct node *node = node_at(w->c, job->part->conf->node_index[i]);
		const bool out =
		        (exc && hostlist_contains(exc, node->conf->name)) || node->state.base == NODE_FUTURE;
		if (out || (look != LOOK_IF_UP && !usable(node)))
			continue;
		caps.odd[caps.n] = is_odd(node);
		caps.named[caps.n] = req && hostlist_contains(req, node->conf->name);
		caps.of[caps.n] = tasks_that_fit(w, job, node, look);
		caps.n += caps.of[caps.n] > 0;
	}
	return caps;
}

/* On how many nodes the tasks of one whose CPUs an update said could run, where each was the largest. */
static uint32_t nodes_for_tasks(const struct world *w, const struct job *job)
{
	uint32_t most = 0;
	for (size_t i = 0; job->part && i < job->part->conf->node_count; i++) {
		const struct node *node = node_at(w->c, job->part->conf->node_index[i]);
		most = node->cpus_total > most ? node->cpus_total : most;
	}
	most /= job->spec.cpus_per_task;
	most = most == 0 ? 1 : most;
	if (job->spec.tasks_per_node && most > job->spec.tasks_per_node)
		most = job->spec.tasks_per_node;
	return (job->spec.tasks + most - 1) / most;
}

/* The most nodes that it may have. */
static uint32_t most_nodes(const struct job *job, uint32_t nodes_min, uint32_t tasks)
{
	uint32_t most = job->spec.nodes_max == 0 ? UINT32_MAX : job->spec.nodes_max;
	if (job->spec.cpus_min && job->spec.tasks_set && most > tasks)
		most = tasks;
	return most > nodes_min ? most : nodes_min;
}

/* Is there a set of nodes that would do? Each one is tried. */
static bool would_fit(const struct world *w, const struct job *job, enum look look)
{
	struct hostlist *req = job->spec.req_nodes ? hostlist_parse(job->spec.req_nodes, NULL) : NULL;
	struct hostlist *exc = job->spec.exc_nodes ? hostlist_parse(job->spec.exc_nodes, NULL) : NULL;
	const struct caps caps = caps_of(w, job, look, req, exc);
	const uint32_t asked = req ? (uint32_t)hostlist_count(req) : 0,
	               sum = counted(job->spec.features, "odd") + counted(job->spec.features, "even");
	uint32_t nodes_min = job->spec.nodes_min > asked ? job->spec.nodes_min : asked;
	nodes_min = nodes_min > sum ? nodes_min : sum;
	uint32_t tasks = job->spec.tasks > nodes_min || job->spec.tasks_set ? job->spec.tasks : nodes_min;
	const uint32_t nodes_max = most_nodes(job, nodes_min, tasks);
	if (job->spec.cpus_min) {
		tasks = tasks_placed(job) > nodes_min ? tasks_placed(job) : nodes_min;
		if (nodes_for_tasks(w, job) > nodes_max)
			tasks = UINT32_MAX;
	}
	bool fits = false;
	for (uint32_t set = 1; set < 1u << caps.n && !fits; set++) {
		uint32_t n = 0, odd = 0, named = 0;
		uint64_t room = 0;
		for (uint32_t i = 0; i < caps.n; i++) {
			if (!(set & 1u << i))
				continue;
			n++;
			odd += caps.odd[i];
			named += caps.named[i];
			room += caps.of[i];
		}
		fits = n >= nodes_min && n <= nodes_max && named == asked && room >= tasks &&
		       features_agree(job->spec.features, odd, n - odd);
	}
	hostlist_free(req);
	hostlist_free(exc);
	return fits;
}

/* ---- licences, counted anew ---- */

static uint64_t licenses_wanted(const struct job *job, const char *name)
{
	const char *at = job->spec.licenses ? strstr(job->spec.licenses, name) : NULL;
	return !at ? 0 : at[strlen(name)] == ':' ? (uint64_t)(at[strlen(name) + 1] - '0') : 1;
}

/* Of one of them there are not so many as the job wants, or, unless nobody had any, not now. */
static bool lacks_licenses(const struct world *w, const struct job *job, bool if_idle)
{
	static const char *const names[SIM_LICENSES] = {"fluent", "matlab"};
	for (size_t i = 0; i < SIM_LICENSES; i++) {
		const uint64_t wanted = licenses_wanted(job, names[i]);
		uint64_t used = 0;
		for (const struct job *o = job_next(w->c, NULL); o && !if_idle; o = job_next(w->c, o))
			used += job_is_active(o) || (o->state.flags & JOB_FLAG_COMPLETING)
			                ? licenses_wanted(o, names[i])
			                : 0;
		if (wanted > 0 && (i >= w->conf.license_count || used + wanted > w->licenses[i].total))
			return true;
	}
	return false;
}

bool lacks_for_good(const struct world *w, const struct job *job)
{
	return lacks_licenses(w, job, true);
}

/* ---- after a pass ---- */

static bool share_nodes(const struct part *a, const struct part *b)
{
	for (size_t i = 0; i < a->conf->node_count; i++)
		for (size_t k = 0; k < b->conf->node_count; k++)
			if (a->conf->node_index[i] == b->conf->node_index[k])
				return true;
	return false;
}

static bool waits(const struct world *w, const struct job *job)
{
	uint32_t reason = job_reason(w->c, job);
	return job->state.state == JOB_PENDING && job->part &&
	       (reason == REASON_RESOURCES || reason == REASON_PRIORITY);
}

static bool has_node_of(const struct world *w, const struct job *job, const struct part *part)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		for (size_t k = 0; k < part->conf->node_count; k++)
			if (strcmp(job->state.nodes.v[i].node,
			           node_at(w->c, part->conf->node_index[k])->conf->name) == 0)
				return true;
	return false;
}

static bool has_node(const struct job *job, const char *name)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		if (strcmp(job->state.nodes.v[i].node, name) == 0)
			return true;
	return false;
}

/* A job has what it asked for. */
static void check_allocation(struct world *w, const struct job *job)
{
	const struct job_spec *spec = &job->spec;
	struct hostlist *req = spec->req_nodes ? hostlist_parse(spec->req_nodes, NULL) : hostlist_new();
	struct hostlist *exc = spec->exc_nodes ? hostlist_parse(spec->exc_nodes, NULL) : hostlist_new();
	struct hostlist_iter it;
	const uint32_t sum = counted(spec->features, "odd") + counted(spec->features, "even");
	uint32_t n = job->state.nodes.n, tasks = 0, cpus = 0, odd = 0;
	bool ok = n >= spec->nodes_min &&
	          (spec->nodes_max == 0 || n <= spec->nodes_max || n <= hostlist_count(req) || n <= sum);
	hostlist_iter_init(&it, req);
	for (const char *name; (name = hostlist_next(&it));)
		ok = ok && has_node(job, name);
	for (uint32_t i = 0; i < n; i++) {
		const struct node_alloc *a = &job->state.nodes.v[i];
		const struct node *node = node_by_name(w->c, a->node);
		odd += is_odd(node);
		ok = ok && !hostlist_contains(exc, a->node) &&
		     (spec->cpus_min || a->cpus >= a->tasks * spec->cpus_per_task);
		ok = ok && a->cores.n > 0 && a->cores.n * node->cpus_per_core == a->cpus;
		if (w->conf.select_flags & CONF_CR_MEMORY)
			ok = ok && node->mem_alloc <= node->conf->real_memory &&
			     a->mem == memory_for(w, job, node, a->cpus);
		tasks += a->tasks;
		cpus += a->cpus;
	}
	ok = ok && cpus >= spec->cpus_min / spec->cpus_per_task * spec->cpus_per_task;
	hostlist_free(req);
	hostlist_free(exc);
	if (!features_agree(spec->features, odd, n - odd))
		world_fail(w, "job %u got nodes without the features %s", job->job_id, spec->features);
	if (!ok || tasks < spec->tasks)
		world_fail(w, "job %u got something else than it asked for: %u nodes, %u tasks", job->job_id,
		           n, tasks);
}

/* Its cores are its own, or those have them with it who may. */
static void check_sharing(struct world *w, const struct job *job)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		const struct node *node = node_by_name(w->c, job->state.nodes.v[i].node);
		const struct node_alloc *a = holds(w, job, node);
		if (!users_agree(w, job, node, false))
			world_fail(w, "job %u was started beside another user's on %s", job->job_id,
			           node->conf->name);
		for (uint32_t k = 0; a && k < a->cores.n; k++) {
			if (!core_is_open(w, job, node, a->cores.v[k], false))
				world_fail(w, "job %u was started on core %u of %s, which is not for it",
				           job->job_id, a->cores.v[k], node->conf->name);
			for (const struct job *o = job_next(w->c, NULL); o; o = job_next(w->c, o)) {
				if (o == job || !has_core(holds(w, o, node), a->cores.v[k]))
					continue;
				map_put(&w->was_shared, o->serial, w);
				map_put(&w->was_shared, job->serial, w);
			}
		}
	}
}

/* Somebody with no end may be what it waits for: it has no place in the plan, and holds nobody up. */
static bool waits_for_no_end(const struct world *w)
{
	if (w->conf.bf_window)
		return true;
	for (const struct job *o = job_next(w->c, NULL); o; o = job_next(w->c, o))
		if (o->state.nodes.n > 0 && !job_is_done(o) &&
		    (job_time_limit(o) == CORE_INFINITE || o->state.state == JOB_SUSPENDED))
			return true;
	const struct planned *e;
	for (size_t rank = 0; (e = plan_at(w->c, rank)); rank++)
		if (job_time_limit(e->job) == CORE_INFINITE)
			return true;
	return false;
}

/* When it is off its cores by its limit; 0: it has none (any more). */
static core_time off_its_cores(const struct job *job)
{
	if (!job_is_active(job) || job->state.state == JOB_SUSPENDED)
		return 0;
	if (job->state.time_limit_min == CORE_INFINITE)
		return INT64_MAX;
	return job_run_since(job) + (core_time)job->state.time_limit_min * 60 * CORE_SECOND;
}

static void check_promise(struct world *w, const struct planned *e, const struct job *job)
{
	for (uint32_t i = 0; i < e->nodes.n; i++)
		for (uint32_t k = 0; k < job->state.nodes.n; k++) {
			const struct node_alloc *a = &e->nodes.v[i], *b = &job->state.nodes.v[k];
			if (strcmp(a->node, b->node) != 0 || b->phase == ALLOC_RELEASED)
				continue;
			for (uint32_t x = 0; x < a->cores.n; x++)
				for (uint32_t y = 0; y < b->cores.n; y++)
					if (a->cores.v[x] == b->cores.v[y])
						world_fail(w,
						           "job %u is to start on %s on a core that job %u "
						           "still has",
						           e->job->job_id, a->node, job->job_id);
		}
}

/* Each that is planned finds at its start what it was promised: no core is another's by then. */
static void check_planned(struct world *w)
{
	const struct planned *e;
	for (size_t rank = 0; (e = plan_at(w->c, rank)); rank++)
		for (const struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job))
			if (off_its_cores(job) > e->start && !(may_share(job) && may_share(e->job)))
				check_promise(w, e, job);
}

/* Nobody before a job that was started waits for a node that it got, unless the plan has it start by then. */
/* A job that no end was known for, which has one now, may be passed once, until there is time to look for it.
 */
static void check_started(struct world *w)
{
	for (const struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job)) {
		if (!map_get(&w->started_now, job->serial) || !job->part || !job_is_active(job))
			continue;
		check_allocation(w, job);
		check_sharing(w, job);
		for (const struct job *o = job_next(w->c, NULL); o; o = job_next(w->c, o))
			if (waits(w, o) && before(o, job) && w->passes == 1 && !o->planned &&
			    has_node_of(w, job, o->part) &&
			    !(w->conf.backfill && (waits_for_no_end(w) || plan_is_due(w->c))))
				world_fail(w, "job %u was started, and job %u before it waits for room",
				           job->job_id, o->job_id);
	}
}

/* What runs is within its limit, and no step waits in a job whose cores all are free. */
static void check_running(struct world *w, const struct job *job)
{
	uint32_t minutes = job->state.time_limit_min;
	if (job->state.state == JOB_SUSPENDED)
		return;
	if (minutes != CORE_INFINITE &&
	    job_run_since(job) + (core_time)minutes * 60 * CORE_SECOND <= world_now(w))
		world_fail(w, "job %u runs beyond its limit of %u minutes", job->job_id, minutes);
	if (list_empty(&job->step_queue) || (job->state.flags & JOB_FLAG_CONFIGURING))
		return;
	list_each (it, &job->steps) {
		const struct step_record *r = &list_entry(it, struct step, in_job)->record;
		if (r->state == JOB_RUNNING && !r->overlap)
			return;
	}
	world_fail(w, "a step of job %u waits, and nothing else runs in it", job->job_id);
}

static bool waits_for_planned_licenses(const struct world *w, const struct job *job)
{
	return w->conf.backfill && w->conf.bf_licenses && job->part && job->state.state == JOB_PENDING &&
	       job_reason(w->c, job) == REASON_LICENSES;
}

static bool waits_behind_somebody(const struct world *w, const struct job *job)
{
	for (const struct job *o = job_next(w->c, NULL); o; o = job_next(w->c, o))
		if (o != job && (waits(w, o) || waits_for_planned_licenses(w, o)) && before(o, job) &&
		    share_nodes(o->part, job->part))
			return true;
	return false;
}

void property_after_pass(struct world *w)
{
	check_started(w);
	check_planned(w);
	property_priorities(w);
	map_free(&w->started_now);
	map_init_u64(&w->started_now);
	for (const struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job)) {
		if (job_is_active(job))
			check_running(w, job);
		if (job->state.state != JOB_PENDING || (job->state.flags & JOB_FLAG_COMPLETING))
			continue;
		switch (job_reason(w->c, job)) {
		case REASON_RESOURCES:
			if (would_fit(w, job, LOOK_NOW))
				world_fail(w, "job %u waits for resources that are free", job->job_id);
			if (!would_fit(w, job, LOOK_IF_IDLE))
				world_fail(w, "job %u waits for resources that nobody gives back",
				           job->job_id);
			break;
		case REASON_LICENSES:
			if (!lacks_licenses(w, job, false) && !(w->conf.backfill && w->conf.bf_licenses))
				world_fail(w, "job %u waits for licences that are free", job->job_id);
			break;
		case REASON_PRIORITY:
			if (!waits_behind_somebody(w, job))
				world_fail(w, "job %u waits behind nobody", job->job_id);
			if (w->passes > 0 && job->planned && !plan_is_due(w->c) &&
			    would_fit(w, job, LOOK_PLAN))
				world_fail(w, "job %u is planned for later and could start now", job->job_id);
			break;
		case REASON_NODES_UNAVAILABLE:
		case REASON_REQ_NODE_NOT_AVAIL:
			if (would_fit(w, job, LOOK_IF_IDLE))
				world_fail(w, "job %u waits for nodes that are up", job->job_id);
			if (!would_fit(w, job, LOOK_IF_UP))
				world_fail(w, "job %u waits for nodes that are not enough", job->job_id);
			break;
		default:
			break;
		}
	}
}

/* ---- what is said to have happened did happen ---- */

/* After a reboot nothing of before holds the node, but for a script that had ended and now says so. */
void property_after_boot(struct world *w, const struct host *h)
{
	for (const struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job)) {
		bool ended_before = false;
		if (!job_is_active(job) || job->state.start_time > h->boot_time)
			continue;
		list_each (it, &h->launches) {
			const struct launch *l = list_entry(it, struct launch, in_node);
			ended_before = ended_before || (l->number == job->state.batch_launch && l->over &&
			                                l->end_time <= h->boot_time);
		}
		for (uint32_t i = 0; i < job->state.nodes.n; i++)
			if (strcmp(job->state.nodes.v[i].node, h->name) == 0 &&
			    job->state.nodes.v[i].phase != ALLOC_RELEASED && !ended_before)
				world_fail(w, "job %u goes on on %s, which has been rebooted", job->job_id,
				           h->name);
	}
	for (struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job)) {
		if (job->state.state != JOB_PENDING || job->state.restarts == 0)
			continue;
		list_each (it, &h->launches) {
			const struct launch *l = list_entry(it, struct launch, in_node);
			if (l->number == job->state.batch_launch && l->over && l->end_time <= h->boot_time &&
			    map_get(&w->was_active, job->serial))
				world_fail(w, "job %u is requeued, and its script had ended", job->job_id);
		}
	}
}

void property_history(struct world *w, const struct history_job *h)
{
	const struct job_state *s = h->state;
	if (s->state < JOB_COMPLETED)
		world_fail(w, "job %u goes into the history as %s", h->spec->job_id,
		           job_state_word(s->state));
	for (uint32_t i = 0; i < s->nodes.n; i++)
		if (s->nodes.v[i].phase != ALLOC_RELEASED)
			world_fail(w, "job %u goes into the history and holds %s", h->spec->job_id,
			           s->nodes.v[i].node);
	for (uint32_t i = 0; i < h->steps.n; i++)
		if (h->steps.v[i].state <= JOB_SUSPENDED)
			world_fail(w, "job %u goes into the history with step %u %s", h->spec->job_id,
			           h->steps.v[i].step_id, job_state_word(h->steps.v[i].state));
	if (s->state == JOB_TIMEOUT && h->spec->warn_signal && !h->spec->warn_batch && s->warned_at == 0)
		world_fail(w, "job %u has timed out without a warning", h->spec->job_id);
	if (!h->spec->batch || (s->state != JOB_COMPLETED && s->state != JOB_FAILED) || s->batch_launch == 0)
		return;
	uintptr_t truth = (uintptr_t)map_get(&w->statuses, s->batch_launch);
	if (truth == 0)
		world_fail(w, "job %u has ended as %s, and its script has not", h->spec->job_id,
		           job_state_word(s->state));
	uint32_t status = truth == SIM_LOST ? 9 : (uint32_t)((truth & ~SIM_MAYBE_LOST) - 1);
	bool lost = truth == SIM_LOST || (truth & SIM_MAYBE_LOST);
	if (s->exit_status != status && !(lost && s->exit_status == 9) && s->reason != REASON_LAUNCH_FAILED)
		world_fail(w, "job %u has ended with status %u, its script with %u", h->spec->job_id,
		           s->exit_status, status);
}

/* ---- at rest ---- */

/* Somebody whom the job waits for is not over, or never came to the end that was wanted: it may wait for
 * good.
 */
bool waits_for_others(const struct world *w, const struct job *job)
{
	for (uint32_t i = 0; i < job->state.depend.n; i++) {
		const struct dependency *d = &job->state.depend.v[i];
		if (d->failed)
			return true;
		for (const struct job *other = job_next(w->c, NULL); other; other = job_next(w->c, other)) {
			bool meant = d->job_id == 0         ? other->serial < job->serial
			             : d->serial            ? other->serial == d->serial
			             : other->array == NULL ? false
			                                    : other->spec.array_job_id == d->job_id;
			if (meant && !job_is_done(other))
				return true;
		}
	}
	return false;
}

void property_at_rest(struct world *w)
{
	const struct node *node;
	for (struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job)) {
		uint32_t reason = job_reason(w->c, job);
		if (job_is_done(job) || waits_for_others(w, job))
			continue;
		bool out = !job->part || job->part->state == CONF_PART_DOWN ||
		           job->part->state == CONF_PART_INACTIVE || reason == REASON_PART_CONFIG ||
		           reason == REASON_BAD_CONSTRAINTS || reason == REASON_PART_TIME_LIMIT ||
		           reason == REASON_PART_NODE_LIMIT || lacks_for_good(w, job);
		if (job->state.state != JOB_PENDING || (!out && would_fit(w, job, LOOK_IF_UP)))
			world_fail(w, "job %u is %s (%s) when all has come to rest", job->job_id,
			           job_shown_word(job->state.state, job->state.flags),
			           job_reason_word(reason));
		if (reason == REASON_BAD_CONSTRAINTS && job->part && would_fit(w, job, LOOK_IF_UP) &&
		    job->part->conf->max_time_min == CORE_INFINITE)
			world_fail(w, "job %u is said never to fit, and does", job->job_id);
	}
	for (size_t i = 0; (node = node_at(w->c, i)); i++)
		if (node->cpus_alloc || node->mem_alloc || node->jobs || node->cores_busy->set)
			world_fail(w, "%s has %u CPUs of %u jobs given away when all has come to rest",
			           node->conf->name, node->cpus_alloc, node->jobs);
	for (uint32_t i = 0; i < SIM_NODES; i++)
		list_each (it, &w->hosts[i].launches)
			if (w->hosts[i].linked && node_by_name(w->c, w->hosts[i].name))
				world_fail(w, "launch %llu of serial %llu is left over on %s",
				           (unsigned long long)list_entry(it, struct launch, in_node)->number,
				           (unsigned long long)list_entry(it, struct launch, in_node)->serial,
				           w->hosts[i].name);
}
