/* A scheduler that is slow and obvious, for clusters of a few nodes: it tries every set of nodes at every
 * time at which something ends. It shares no code with core/select.c, view.c and plan.c; it is given what
 * runs, and where those before in the plan will be.
 *
 * It knows: nodes, tasks, CPUs of a task, tasks of a node, CPUs of a node, memory of a node or CPU, threads,
 * whole cores and sockets, whole nodes, nodes of one user alone, lists of nodes, nodes in a row, features
 * (the forms in `forms`), preferred ones, licences in the plan, and of partitions nodes, states, times,
 * MinNodes, MaxNodes and MaxCPUsPerNode. It doesn't know cores that are shared (OverSubscribe), --time-min,
 * arrays, suspended jobs, several partitions, and jobs without a limit: it is not asked about such. */
#include "test/sim/sim.h"

#include "core/cluster_priv.h"
#include "core/util/hostlist.h"

#include <stdio.h>
#include <string.h>

#define CORES_MAX 64
#define HOLDS_MAX 400
#define NEVER     INT64_MAX

/* Somebody has something on a node for some time. */
struct hold {
	const struct job *job;
	const struct part *part;
	const struct node_alloc *share;
	core_time from, to;
};

struct picture {
	const struct cluster *c;
	core_time now;
	struct hold v[HOLDS_MAX];
	size_t n;
};

/* ---- what a job asks for ---- */

static bool is_whole(const struct picture *p, const struct job *job)
{
	const bool linear = !(p->c->conf->select_flags & (CONF_CR_CPU | CONF_CR_CORE | CONF_CR_SOCKET));
	return linear || job->spec.exclusive || job->part->conf->oversubscribe == CONF_SHARE_EXCLUSIVE;
}

static bool wants_its_user_alone(const struct job *job)
{
	return job->spec.exclusive_user || job->part->conf->exclusive_user;
}

static bool has(const struct node *node, char feature)
{
	return node->conf->features && strchr(node->conf->features, feature);
}

/* Of a set of nodes: how many have a, b, both, either. */
struct featured {
	uint32_t n, a, b, both, either;
};

static bool all_a(struct featured f)
{
	return f.a == f.n;
}

static bool all_b(struct featured f)
{
	return f.b == f.n;
}

static bool all_both(struct featured f)
{
	return f.both == f.n;
}

static bool all_either(struct featured f)
{
	return f.either == f.n;
}

static bool all_of_one(struct featured f)
{
	return f.a == f.n || f.b == f.n;
}

/* Two different nodes, one with a and one with b. */
static bool one_of_each(struct featured f)
{
	return f.a >= 1 && f.b >= 1 && f.either >= 2;
}

static const struct form {
	const char *text;
	bool (*good)(struct featured f);
	uint32_t nodes; /* at least */
} forms[] = {
        {"a", all_a, 1},        {"b", all_b, 1},          {"a&b", all_both, 1},
        {"a|b", all_either, 1}, {"[a|b]", all_of_one, 1}, {"[a*1&b*1]", one_of_each, 2},
};

static const struct form *form_of(const char *text)
{
	for (size_t i = 0; text && i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].text, text) == 0)
			return &forms[i];
	return NULL;
}

static bool is_on(const char *list, const struct node *node)
{
	struct hostlist *names = list ? hostlist_parse(list, NULL) : NULL;
	const bool is = names && hostlist_contains(names, node->conf->name);
	hostlist_free(names);
	return is;
}

static uint32_t names_on(const char *list)
{
	struct hostlist *names = list ? hostlist_parse(list, NULL) : NULL;
	const uint32_t n = names ? (uint32_t)hostlist_count(names) : 0;
	hostlist_free(names);
	return n;
}

/* ---- one node ---- */

static uint32_t task_cpus(const struct picture *p, const struct job *job, const struct node *node)
{
	const uint32_t per = job->spec.cpus_per_task ? job->spec.cpus_per_task : 1,
	               threads = node->conf->threads_per_core;
	return p->c->conf->select_flags & CONF_CR_ONE_TASK_PER_CORE ? (per + threads - 1) / threads * threads
	                                                            : per;
}

static uint32_t cores_of_tasks(const struct picture *p, const struct job *job, const struct node *node,
                               uint32_t tasks)
{
	const uint32_t all = node->conf->sockets * node->conf->cores_per_socket,
	               threads = node->conf->threads_per_core, socket = node->conf->cores_per_socket;
	uint32_t cpus = tasks * task_cpus(p, job, node);
	if (is_whole(p, job))
		return all;
	if (cpus < job->spec.min_cpus_node)
		cpus = job->spec.min_cpus_node;
	uint32_t cores = (cpus + threads - 1) / threads;
	if (p->c->conf->select_flags & CONF_CR_SOCKET)
		cores = (cores + socket - 1) / socket * socket;
	return cores < all ? cores : all;
}

static uint64_t memory_of_tasks(const struct picture *p, const struct job *job, const struct node *node,
                                uint32_t tasks)
{
	const uint32_t cpus = cores_of_tasks(p, job, node, tasks) * node->conf->threads_per_core;
	if (job->spec.mem_per_node != CORE_NO_VAL64)
		return job->spec.mem_per_node ? job->spec.mem_per_node : node->conf->real_memory;
	if (job->spec.mem_per_cpu != CORE_NO_VAL64)
		return job->spec.mem_per_cpu * cpus;
	return p->c->conf->select_flags & CONF_CR_MEMORY ? node->conf->real_memory : 0;
}

/* What others have of a node in a span. */
struct taken {
	bool core[CORES_MAX];
	uint64_t memory;    /* the most at any moment */
	uint32_t part_cpus; /* likewise, of the partition's jobs */
	bool other_users;
};

static bool meets(const struct hold *h, const struct node *node, core_time from, core_time to)
{
	return h->from < to && h->to > from && strcmp(h->share->node, node->conf->name) == 0;
}

static void take_moment(const struct picture *p, const struct job *job, const struct node *node, core_time at,
                        struct taken *t)
{
	uint64_t memory = 0;
	uint32_t cpus = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct hold *h = &p->v[i];
		if (!meets(h, node, at, at + 1))
			continue;
		memory += h->share->mem;
		cpus += h->part == job->part ? h->share->cpus : 0;
	}
	t->memory = memory > t->memory ? memory : t->memory;
	t->part_cpus = cpus > t->part_cpus ? cpus : t->part_cpus;
}

static struct taken taken_of(const struct picture *p, const struct job *job, const struct node *node,
                             core_time from, core_time to)
{
	struct taken t = {0};
	take_moment(p, job, node, from, &t);
	for (size_t i = 0; i < p->n; i++) {
		const struct hold *h = &p->v[i];
		if (!meets(h, node, from, to))
			continue;
		for (uint32_t k = 0; k < h->share->cores.n; k++)
			t.core[h->share->cores.v[k]] = true;
		if (h->from > from)
			take_moment(p, job, node, h->from, &t);
		if (h->job->spec.who->uid != job->spec.who->uid &&
		    (wants_its_user_alone(job) || wants_its_user_alone(h->job)))
			t.other_users = true;
	}
	return t;
}

static uint32_t cores_free(const struct picture *p, const struct node *node, const struct taken *t)
{
	const bool sockets = (p->c->conf->select_flags & CONF_CR_SOCKET) != 0;
	uint32_t n = 0;
	for (uint32_t s = 0; s < node->conf->sockets; s++) {
		uint32_t idle = 0;
		for (uint32_t i = 0; i < node->conf->cores_per_socket; i++)
			idle += !t->core[s * node->conf->cores_per_socket + i];
		n += sockets && idle < node->conf->cores_per_socket ? 0 : idle;
	}
	return n;
}

/* Tasks of the job that the node could take during that span; 0: it can't be one of its nodes. */
static uint32_t capacity(const struct picture *p, const struct job *job, const struct node *node,
                         core_time from, core_time to)
{
	const struct taken t = taken_of(p, job, node, from, to);
	const bool counts = (p->c->conf->select_flags & CONF_CR_MEMORY) != 0;
	const uint32_t all = node->conf->sockets * node->conf->cores_per_socket,
	               idle = cores_free(p, node, &t), most = job->part->conf->max_cpus_per_node;
	uint32_t cpus = idle * node->conf->threads_per_core, best = 0;
	if (!node->connected || node->state.base != NODE_IDLE ||
	    (node->state.flags & (NODE_FLAG_DRAIN | NODE_FLAG_FAIL)) || is_on(job->spec.exc_nodes, node) ||
	    t.other_users || (is_whole(p, job) && idle < all))
		return 0;
	if (most != CORE_INFINITE && cpus + t.part_cpus > most)
		cpus = most > t.part_cpus ? most - t.part_cpus : 0;
	for (uint32_t tasks = 1; tasks <= job->spec.tasks; tasks++) {
		const uint64_t memory = memory_of_tasks(p, job, node, tasks);
		if (tasks * task_cpus(p, job, node) > cpus || job->spec.min_cpus_node > cpus ||
		    (job->spec.tasks_per_node && tasks > job->spec.tasks_per_node) ||
		    memory + (counts ? t.memory : 0) > node->conf->real_memory)
			break;
		best = tasks;
	}
	return best;
}

/* ---- sets of nodes ---- */

static void node_bounds(const struct job *job, const struct form *form, uint32_t *least, uint32_t *most)
{
	const struct core_part_conf *part = job->part->conf;
	const uint32_t named = names_on(job->spec.req_nodes);
	*least = job->spec.nodes_min > part->min_nodes ? job->spec.nodes_min : part->min_nodes;
	*least = named > *least ? named : *least;
	*least = form && form->nodes > *least ? form->nodes : *least;
	*most = job->spec.nodes_max ? job->spec.nodes_max : part->max_nodes;
	*most = job->spec.nodes_max && *most < *least ? *least : *most;
}

static bool set_is_good(const struct picture *p, const struct job *job, const struct form *form, uint64_t set,
                        core_time from, core_time to)
{
	const struct core_part_conf *part = job->part->conf;
	struct featured f = {0};
	uint32_t least, most, room = 0, named = 0, last = 0;
	node_bounds(job, form, &least, &most);
	for (uint32_t i = 0; i < part->node_count; i++) {
		const struct node *node = p->c->nodes[part->node_index[i]];
		if (!(set >> i & 1))
			continue;
		if (job->spec.contiguous && f.n > 0 && part->node_index[i] != last + 1)
			return false;
		const uint32_t fits = capacity(p, job, node, from, to);
		if (fits == 0)
			return false;
		last = part->node_index[i];
		room += fits;
		named += is_on(job->spec.req_nodes, node);
		f.n++;
		f.a += has(node, 'a');
		f.b += has(node, 'b');
		f.both += has(node, 'a') && has(node, 'b');
		f.either += has(node, 'a') || has(node, 'b');
	}
	return f.n >= least && f.n <= most && room >= job->spec.tasks &&
	       named == names_on(job->spec.req_nodes) && (!form || form->good(f));
}

static bool licenses_suffice(const struct picture *p, const struct job *job, core_time from, core_time to)
{
	if (!job->spec.licenses)
		return true;
	for (size_t k = 0; k <= p->n; k++) {
		const core_time at = k < p->n ? p->v[k].from : from;
		uint64_t used = 0;
		if (at < from && k < p->n)
			continue;
		const struct job *counted = NULL;
		for (size_t i = 0; i < p->n && at < to; i++) {
			const struct hold *h = &p->v[i];
			if (h->from > at || h->to <= at || !h->job->spec.licenses || h->job == counted)
				continue; /* holds of one job are one behind the other */
			counted = h->job;
			used += (uint64_t)(h->job->spec.licenses[strlen("lic:")] - '0');
		}
		if (at < to && used + (uint64_t)(job->spec.licenses[strlen("lic:")] - '0') >
		                       p->c->conf->licenses[0].total)
			return false;
	}
	return true;
}

static bool fits(const struct picture *p, const struct job *job, core_time from)
{
	const core_time to = from + (core_time)job->spec.time_limit_min * 60 * CORE_SECOND;
	const struct form *own = form_of(job->spec.features), *rather = form_of(job->spec.prefer);
	if (!licenses_suffice(p, job, from, to))
		return false;
	for (uint64_t set = 1; set < UINT64_C(1) << job->part->conf->node_count; set++)
		if (set_is_good(p, job, own, set, from, to) ||
		    (rather && set_is_good(p, job, rather, set, from, to)))
			return true;
	return false;
}

static core_time earliest(const struct picture *p, const struct job *job)
{
	core_time best = NEVER;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].to > p->now && p->v[i].to < best && fits(p, job, p->v[i].to))
			best = p->v[i].to;
	return best;
}

/* ---- the queue ---- */

static bool comes_before(const struct job *a, const struct job *b)
{
	const uint32_t tier_a = a->part->conf->priority_tier, tier_b = b->part->conf->priority_tier;
	if (tier_a != tier_b)
		return tier_a > tier_b;
	if (a->state.priority != b->state.priority)
		return a->state.priority > b->state.priority;
	return a->serial < b->serial;
}

static bool is_waiting(const struct picture *p, const struct job *job)
{
	const struct core_part_conf *part = job->part->conf;
	return job->state.state == JOB_PENDING && !(job->state.flags & JOB_FLAG_COMPLETING) &&
	       job->state.hold == 0 && job->spec.begin_time <= p->now && job->state.eligible_time <= p->now &&
	       job->state.depend.n == 0 && job->part->state == CONF_PART_UP &&
	       job->spec.time_limit_min <= part->max_time_min && job->spec.nodes_min <= part->max_nodes &&
	       job->spec.nodes_max <= part->max_nodes &&
	       (job->spec.nodes_max == 0 || job->spec.nodes_min >= part->min_nodes);
}

static const struct job *next_waiting(const struct picture *p, const struct job *after)
{
	const struct job *best = NULL;
	for (const struct job *job = job_next(p->c, NULL); job; job = job_next(p->c, job))
		if (is_waiting(p, job) && (!after || comes_before(after, job)) &&
		    (!best || comes_before(job, best)))
			best = job;
	return best;
}

static void hold(struct picture *p, const struct job *job, const struct part *part,
                 const struct node_alloc_list *nodes, core_time from, core_time to)
{
	for (uint32_t i = 0; i < nodes->n && p->n < HOLDS_MAX; i++)
		if (nodes->v[i].phase != ALLOC_RELEASED)
			p->v[p->n++] = (struct hold){job, part, &nodes->v[i], from, to};
}

/* What the job finds: those that run, and those before it in the plan. without_later: as it was when its turn
 * came, without those that were started just now though they are behind it. */
static void draw(struct picture *p, const struct job *job, size_t rank, bool without_later)
{
	p->n = 0;
	for (const struct job *o = job_next(p->c, NULL); o; o = job_next(p->c, o)) {
		const core_time soon = p->now + CORE_SECOND,
		                end = o->state.start_time +
		                      (core_time)o->state.time_limit_min * 60 * CORE_SECOND;
		if (without_later && o->state.start_time == p->now && job_is_active(o) &&
		    comes_before(job, o))
			continue;
		hold(p, o, o->part, &o->state.nodes, 0, job_is_active(o) && end > soon ? end : soon);
	}
	for (size_t i = 0; i < rank; i++) {
		const struct planned *e = plan_at(p->c, i);
		hold(p, e->job, e->part, &e->nodes, e->start, e->end);
	}
}

/* Is what the plan gives the job its due, and nobody else's? */
static bool place_is_good(const struct picture *p, const struct planned *e)
{
	const struct core_part_conf *part = e->part->conf;
	uint64_t set = 0;
	uint32_t tasks = 0;
	for (uint32_t i = 0; i < e->nodes.n; i++) {
		const struct node_alloc *share = &e->nodes.v[i];
		const struct node *node = NULL;
		for (uint32_t k = 0; k < part->node_count; k++) {
			if (strcmp(p->c->nodes[part->node_index[k]]->conf->name, share->node) != 0)
				continue;
			node = p->c->nodes[part->node_index[k]];
			set |= UINT64_C(1) << k;
		}
		if (!node)
			return false;
		const struct taken t = taken_of(p, e->job, node, e->start, e->end);
		const uint32_t least = share->tasks ? share->tasks : 1;
		for (uint32_t k = 0; k < share->cores.n; k++)
			if (t.core[share->cores.v[k]])
				return false;
		if (share->cores.n != cores_of_tasks(p, e->job, node, least) ||
		    ((p->c->conf->select_flags & CONF_CR_MEMORY) &&
		     share->mem != memory_of_tasks(p, e->job, node, least)))
			return false;
		tasks += share->tasks;
	}
	const struct form *own = form_of(e->job->spec.features), *rather = form_of(e->job->spec.prefer);
	return tasks == e->job->spec.tasks &&
	       (set_is_good(p, e->job, own, set, e->start, e->end) ||
	        (rather && set_is_good(p, e->job, rather, set, e->start, e->end)));
}

static void say_time(core_time now, core_time at, struct text *out)
{
	if (at == NEVER)
		text_add(out, "never");
	else
		text_printf(out, "in %lld s", (long long)((at - now) / CORE_SECOND));
}

static void say_times(const struct picture *p, const struct job *job, core_time planned, core_time found,
                      struct text *why)
{
	text_printf(why, "job %u, which waits for the reason %s, is planned to start ", job->job_id,
	            job_reason_word(job_reason(p->c, job)));
	say_time(p->now, planned, why);
	text_add(why, ", and the reference says ");
	say_time(p->now, found, why);
}

/* e: its place in the plan, or NULL. Has it one? */
static bool look_at_one(struct picture *p, const struct job *job, const struct planned *e, size_t rank,
                        struct reference_counts *counts, struct text *why)
{
	draw(p, job, rank, true);
	const core_time start = earliest(p, job);
	*(start == NEVER ? &counts->never : &counts->planned) += 1;
	if (fits(p, job, p->now))
		text_printf(why, "job %u waits, and could start now", job->job_id);
	else if (start != (e ? e->start : NEVER))
		say_times(p, job, e ? e->start : NEVER, start, why);
	draw(p, job, rank, false);
	if (e && why->len == 0 && !place_is_good(p, e))
		text_printf(why,
		            "job %u is planned where it can't be, or somebody behind it was started there",
		            job->job_id);
	return e != NULL;
}

bool reference_agrees(const struct cluster *c, core_time now, struct reference_counts *counts,
                      struct text *why)
{
	struct picture *p = xcalloc(1, sizeof(*p));
	size_t rank = 0;
	p->c = c;
	p->now = now;
	for (const struct job *job = next_waiting(p, NULL); job && why->len == 0;
	     job = next_waiting(p, job)) {
		const struct planned *e = plan_at(c, rank);
		rank += look_at_one(p, job, e && e->job == job ? e : NULL, rank, counts, why);
	}
	if (why->len == 0 && plan_at(c, rank))
		text_printf(why, "job %u is planned, and doesn't wait", plan_at(c, rank)->job->job_id);
	free(p);
	return why->len == 0;
}
