/* Selection: which nodes and which of their cores a job gets. Cores are tracked exactly, memory where the
 * parameters make it consumable. Nodes are taken by weight, then best fit, then the configuration's order. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"
#include "core/util/sort.h"

#include <string.h>

/* A node that could take part, and how much of the job it could take. */
struct candidate {
	struct node *node;
	uint32_t fit;   /* tasks */
	uint32_t cores; /* free ones */
	bool required;  /* named by --nodelist, or counted by --constraint */
	uint32_t tasks; /* what it gets */
};

/* Kept from one selection to the next. */
struct select_scratch {
	struct candidate *v;
	size_t cap;
	size_t looked; /* nodes, ever */
	struct node_view view;
};

struct selection {
	const struct cluster *c;
	const struct select_ask *ask;
	struct hostlist *req, *exc;
	struct constraint features;
	uint32_t alternative; /* of those in brackets, all nodes must have this one */
	uint64_t required;    /* candidates that must be taken: by name, or as they are counted */
	struct candidate *v;  /* the scratch's */
	size_t n;
	struct node_view *view; /* likewise: of the node that is looked at */
	uint32_t nodes_min, nodes_max, nodes_wanted, tasks, cpus_per_task;
	uint32_t task_count; /* that it starts; tasks: that are placed, of so many CPUs each */
	uint32_t shared;     /* up to which load (view.loads) cores are taken; 0: idle ones */
	uint32_t further;    /* the next load there is; CORE_INFINITE: none */
	bool whole;          /* all cores of each node */
	bool for_user;       /* no other user may have its nodes */
	bool by_socket;      /* whole sockets */
	bool by_memory;      /* memory is consumable */
	bool least_loaded;
	bool any;     /* is there room at all? Which nodes doesn't matter, and none must be among them */
	uint64_t fit; /* of the candidates together */
};

/* ---- features and memory ---- */

const char *node_features(const struct node *node, bool active)
{
	return active && node->conf->features_act ? node->conf->features_act : node->conf->features;
}

uint64_t select_memory(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                       const struct node *node, uint32_t cpus)
{
	uint64_t per_cpu, per_node;
	part_default_memory(c, part, &per_cpu, &per_node);
	if (spec->mem_per_node != CORE_NO_VAL64)
		return spec->mem_per_node ? spec->mem_per_node : node->conf->real_memory;
	if (spec->mem_per_cpu != CORE_NO_VAL64)
		return spec->mem_per_cpu * cpus;
	if (!(part_select_flags(c, part) & CONF_CR_MEMORY))
		return 0;
	return per_cpu ? per_cpu * cpus : per_node ? per_node : node->conf->real_memory;
}

/* ---- what a node can give ---- */

/* CPUs of a core that tasks may use. */
static uint32_t usable_per_core(const struct selection *s, const struct node *node)
{
	uint32_t threads = s->ask->spec->threads_per_core;
	return threads && threads < node->cpus_per_core ? threads : node->cpus_per_core;
}

/* With CR_ONE_TASK_PER_CORE, or --ntasks-per-core=1, a task has whole cores. */
static uint32_t task_cpus(const struct selection *s, const struct node *node)
{
	uint32_t per = usable_per_core(s, node);
	if (!(s->c->conf->select_flags & CONF_CR_ONE_TASK_PER_CORE) && s->ask->spec->tasks_per_core != 1)
		return s->cpus_per_task;
	return (s->cpus_per_task + per - 1) / per * per;
}

/* Cores that so many tasks take there. */
static uint32_t cores_for(const struct selection *s, const struct node *node, uint32_t tasks)
{
	uint32_t per = usable_per_core(s, node), min = s->ask->spec->min_cpus_node;
	/* sbatch(1), --overcommit: as if there were one task on each node. */
	uint64_t cpus = (uint64_t)(s->ask->spec->overcommit ? 1 : tasks) * task_cpus(s, node);
	cpus = cpus > min ? cpus : min;
	uint64_t cores = (cpus + per - 1) / per;
	if (s->by_socket && node->conf->cores_per_socket) {
		uint32_t size = node->conf->cores_per_socket;
		cores = (cores + size - 1) / size * size;
	}
	if (s->whole || cores > node->cores_total)
		cores = node->cores_total;
	return (uint32_t)cores;
}

static bool memory_fits(const struct selection *s, const struct node *node, uint32_t tasks)
{
	uint32_t cpus = cores_for(s, node, tasks) * node->cpus_per_core;
	uint64_t need = select_memory(s->c, s->ask->part, s->ask->spec, node, cpus);
	uint64_t used = s->ask->ignore_use || !s->by_memory ? 0 : s->view->mem;
	return need <= node->conf->real_memory && used <= node->conf->real_memory - need;
}

/* Of the core, or of its whole socket where those are given. */
static uint32_t load_of(const struct selection *s, const struct node *node, uint32_t core)
{
	uint32_t size = s->by_socket && node->conf->cores_per_socket ? node->conf->cores_per_socket : 1;
	uint32_t first = core / size * size, most = 0;
	if (s->ask->ignore_use)
		return 0;
	for (uint32_t i = first; i < first + size && i < node->cores_total; i++) {
		uint32_t load = s->shared                    ? s->view->loads[i]
		                : bits_has(s->view->busy, i) ? CORE_INFINITE
		                                             : 0;
		most = load > most ? load : most;
	}
	return most;
}

static void look_at(const struct selection *s, const struct node *node)
{
	view_node(s->c, node, s->ask, s->view);
	if (s->shared)
		view_loads(s->c, node, s->ask, s->view);
}

static uint32_t free_cores(struct selection *s, const struct node *node)
{
	uint32_t n = 0;
	if (s->ask->ignore_use)
		return node->cores_total;
	if (!s->by_socket && !s->shared)
		return s->view->cores_free;
	for (uint32_t i = 0; i < node->cores_total; i++) {
		uint32_t load = load_of(s, node, i);
		n += load <= s->shared;
		if (load > s->shared && load < s->further)
			s->further = load;
	}
	return n;
}

/* How many tasks the node can take now; 0: none. */
static uint32_t node_fit(struct selection *s, const struct node *node, uint32_t *cores)
{
	const struct job_spec *spec = s->ask->spec;
	uint32_t max_cpus = s->ask->part->conf->max_cpus_per_node;
	look_at(s, node);
	*cores = free_cores(s, node);
	uint32_t cpus = *cores * usable_per_core(s, node);
	if ((s->whole && *cores < node->cores_total) || cpus == 0)
		return 0;
	if (max_cpus != CORE_INFINITE && max_cpus != 0) {
		uint32_t used = s->ask->ignore_use ? 0 : s->view->part_cpus;
		max_cpus = max_cpus > used ? max_cpus - used : 0;
		cpus = cpus > max_cpus ? max_cpus : cpus;
		if (cpus == 0)
			return 0;
	}
	if (cpus < spec->min_cpus_node || node->conf->tmp_disk < spec->min_tmp_disk)
		return 0;
	uint32_t fit = spec->overcommit ? s->tasks : cpus / task_cpus(s, node);
	if (spec->tasks_per_node && fit > spec->tasks_per_node && !spec->cpus_min)
		fit = spec->tasks_per_node;
	if (spec->tasks_per_socket && fit / spec->tasks_per_socket >= node->conf->sockets && !spec->cpus_min)
		fit = spec->tasks_per_socket * node->conf->sockets;
	fit = fit > s->tasks ? s->tasks : fit;
	while (fit > 0 && !memory_fits(s, node, fit))
		fit--;
	return fit;
}

bool select_shape_fits(const struct job_spec *spec, const struct node *node)
{
	return node->conf->sockets >= spec->sockets_per_node &&
	       node->conf->cores_per_socket >= spec->cores_per_socket &&
	       node->conf->threads_per_core >= spec->threads_per_core &&
	       node->conf->cores_per_socket * node->conf->threads_per_core >= spec->tasks_per_socket;
}

/* ---- candidates ---- */

static bool is_named(const struct hostlist *list, const struct node *node)
{
	return list && hostlist_contains(list, node->conf->name);
}

/* May the job have that node at all? */
static bool is_open(const struct selection *s, const struct node *node)
{
	const struct job_spec *spec = s->ask->spec;
	if (s->ask->without && bits_has(s->ask->without, node->index))
		return false;
	if (s->ask->ignore_state ? node->state.base == NODE_FUTURE : !node_is_usable(node))
		return false;
	return (s->features.n == 0 ||
	        constraint_open(&s->features, node_features(node, true), s->alternative)) &&
	       select_shape_fits(spec, node) && !is_named(s->exc, node);
}

/* What runs there has all cores at that time, still; nobody need look at the plan. */
static bool is_full_then(const struct selection *s, const struct node *node)
{
	return !s->ask->ignore_use && s->ask->from > s->c->now && node->free_from > s->ask->from;
}

#define PASSED_OVER 16 /* so many full nodes take as long as one that is looked at */

size_t select_looked(const struct cluster *c)
{
	return c->scratch->looked;
}

/* What keeps the job off the node at that time does so until the first of those that are there ends: at any
 * time before, they are there as well, and maybe others. */
static void consider(struct selection *s, struct node *node)
{
	struct candidate cand = {.node = node};
	s->c->scratch->looked++;
	if (!is_open(s, node))
		return;
	if (s->ask->ignore_use || !view_is_for_others(s->c, node, s->ask, s->for_user))
		cand.fit = node_fit(s, node, &cand.cores);
	if (cand.fit == 0 && s->ask->not_before)
		s->ask->not_before[node->index] = view_first_end(s->c, node, s->ask);
	if (cand.fit == 0)
		return;
	cand.required = is_named(s->req, node);
	s->required += cand.required;
	s->fit += cand.fit;
	s->v[s->n++] = cand;
}

/* Those that were found will do, whatever the others are. */
static bool is_answered(const struct selection *s)
{
	return s->any && s->n >= s->nodes_min && s->n <= s->nodes_max && s->fit >= s->tasks;
}

/* Only nodes with an idle core can take anything now. */
static void gather_now(struct selection *s)
{
	const struct core_bits *open = s->c->nodes_open, *in = s->ask->part->nodes;
	for (size_t w = 0; w < (open->n + 63) / 64; w++)
		for (uint64_t left = open->words[w] & in->words[w]; left && !is_answered(s); left &= left - 1)
			consider(s, s->c->nodes[w * 64 + (size_t)__builtin_ctzll(left)]);
}

/* In a search: those that have room by then, but for the plan, and of which nothing else is known. */
static void gather_known(struct selection *s)
{
	const struct plan *p = &s->c->plan;
	size_t i = 0;
	for (; i < p->room_count && p->rooms[i].from <= s->ask->from && !is_answered(s); i++)
		if (s->ask->not_before[p->rooms[i].node] <= s->ask->from)
			consider(s, s->c->nodes[p->rooms[i].node]);
	s->c->scratch->looked += i / PASSED_OVER;
}

static void gather_all(struct selection *s)
{
	const struct core_part_conf *part = s->ask->part->conf;
	size_t i = 0;
	for (; i < part->node_count && !is_answered(s); i++) {
		struct node *node = s->c->nodes[part->node_index[i]];
		if (s->shared || !is_full_then(s, node))
			consider(s, node);
	}
	s->c->scratch->looked += i / PASSED_OVER;
}

/* False: a node that --nodelist names can't take part. The order of what is gathered doesn't matter. */
static bool gather(struct selection *s)
{
	s->required = s->n = s->fit = 0;
	if (!s->shared && !s->ask->ignore_use && s->ask->from <= s->c->now)
		gather_now(s);
	else if (s->ask->not_before)
		gather_known(s);
	else
		gather_all(s);
	return !s->req || s->required == hostlist_count(s->req);
}

static int by_place(const struct candidate *a, const struct candidate *b)
{
	if (a->required != b->required)
		return a->required ? -1 : 1;
	if (a->node->conf->weight != b->node->conf->weight)
		return a->node->conf->weight < b->node->conf->weight ? -1 : 1;
	return 0;
}

static int by_index(const void *pa, const void *pb, void *ctx)
{
	const struct candidate *a = pa, *b = pb;
	(void)ctx;
	return a->node->index < b->node->index ? -1 : a->node->index > b->node->index;
}

/* Required ones first, then weight, then the one that is filled up best (or is the emptiest), then the
 * configuration's order. */
static int by_best_fit(const void *pa, const void *pb, void *ctx)
{
	const struct candidate *a = pa, *b = pb;
	const struct selection *s = ctx;
	int place = by_place(a, b);
	if (place != 0)
		return place;
	if (a->cores != b->cores)
		return (a->cores < b->cores) != s->least_loaded ? -1 : 1;
	return by_index(pa, pb, NULL);
}

/* Where few nodes must take much: those that can take most. */
static int by_size(const void *pa, const void *pb, void *ctx)
{
	const struct candidate *a = pa, *b = pb;
	if (a->required != b->required)
		return a->required ? -1 : 1;
	if (a->fit != b->fit)
		return a->fit > b->fit ? -1 : 1;
	return by_best_fit(pa, pb, ctx);
}

/* How many of the first candidates are enough, with all that are required, which come first; 0: none is. */
static size_t enough(const struct selection *s, size_t at_least)
{
	uint64_t fit = 0;
	for (size_t i = 0; i < s->n && i < s->nodes_max; i++) {
		fit += s->v[i].fit;
		if (i + 1 >= at_least && i + 1 >= s->required && fit >= s->tasks)
			return i + 1;
	}
	return 0;
}

/* One node that takes all: the tightest fit, before several are tried. */
static bool single_node(struct selection *s)
{
	size_t best = s->n;
	if (s->nodes_wanted > 1)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].fit >= s->tasks && (best == s->n || by_best_fit(&s->v[i], &s->v[best], s) < 0))
			best = i;
	if (best == s->n || (s->required > 0 && !s->v[best].required))
		return false;
	struct candidate first = s->v[best];
	s->v[best] = s->v[0];
	s->v[0] = first;
	return true;
}

/* How many candidates from the first on, which follow each other, are enough, and have all that are named; 0:
 * none are. */
static size_t run_from(const struct selection *s, size_t first, size_t at_least)
{
	uint64_t fit = 0, named = 0;
	for (size_t i = first; i < s->n && i - first < s->nodes_max; i++) {
		if (i > first && s->v[i].node->index != s->v[i - 1].node->index + 1)
			return 0;
		fit += s->v[i].fit;
		named += s->v[i].required;
		if (i + 1 - first >= at_least && fit >= s->tasks && named == s->required)
			return i + 1 - first;
	}
	return 0;
}

/* --contiguous: the shortest row of nodes that follow each other, and of these the first. */
static size_t choose_row(struct selection *s)
{
	size_t best = 0, first = 0;
	sort_stable(s->v, s->n, sizeof(*s->v), by_index, NULL);
	for (uint32_t least = s->nodes_wanted; best == 0 && least >= s->nodes_min; least = s->nodes_min) {
		for (size_t i = 0; i < s->n; i++) {
			size_t n = run_from(s, i, least);
			if (n == 0 || (best && n >= best))
				continue;
			best = n;
			first = i;
		}
		if (least == s->nodes_min)
			break;
	}
	memmove(s->v, s->v + first, best * sizeof(*s->v));
	return best;
}

/* ---- nodes that are counted ---- */

/* Each place that the constraint counts gets a node of its own; one that has a node may be given another. */
struct places {
	const struct selection *s;
	const struct constraint_item **of; /* each place's */
	size_t *node;                      /* likewise: the candidate's index + 1; 0: none yet */
	bool *tried;                       /* candidates, in this round */
};

static bool find_place(struct places *p, size_t place, size_t n)
{
	for (size_t i = 0; i < p->s->n; i++) {
		size_t other = 0;
		if (p->tried[i] || !constraint_has(p->of[place], node_features(p->s->v[i].node, true)))
			continue;
		p->tried[i] = true;
		while (other < n && p->node[other] != i + 1)
			other++;
		if (other == n || find_place(p, other, n)) {
			p->node[place] = i + 1;
			return true;
		}
	}
	return false;
}

static bool fill_places(struct places *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->s->features.n; i++)
		for (uint32_t k = 0; k < p->s->features.v[i].count; k++)
			p->of[n++] = &p->s->features.v[i];
	for (size_t i = 0; i < n; i++) {
		memset(p->tried, 0, p->s->n * sizeof(bool));
		if (!find_place(p, i, n))
			return false;
	}
	return true;
}

/* The candidates that are counted are required: the best ones, or those that take most. */
static bool require_counted(struct selection *s, sort_compare order)
{
	const size_t n = s->features.counted;
	if (n == 0)
		return true;
	if (n > s->n)
		return false;
	struct places p = {.s = s,
	                   .of = xcalloc(n, sizeof(*p.of)),
	                   .node = xcalloc(n, sizeof(*p.node)),
	                   .tried = xcalloc(s->n, sizeof(bool))};
	sort_stable(s->v, s->n, sizeof(*s->v), order, s);
	const bool full = fill_places(&p);
	for (size_t i = 0; full && i < n; i++) {
		struct candidate *cand = &s->v[p.node[i] - 1];
		s->required += !cand->required;
		cand->required = true;
	}
	free(p.of);
	free(p.node);
	free(p.tried);
	return full && s->required <= s->nodes_max;
}

static size_t choose_best(struct selection *s)
{
	if (s->ask->spec->contiguous)
		return choose_row(s);
	if (s->required <= 1 && single_node(s))
		return 1;
	sort_stable(s->v, s->n, sizeof(*s->v), by_best_fit, s);
	size_t wanted = s->nodes_wanted < s->n ? s->nodes_wanted : s->n; /* as many as there are */
	size_t n = enough(s, wanted > s->nodes_min ? wanted : s->nodes_min);
	if (n == 0)
		n = enough(s, s->nodes_min);
	if (n == 0) {
		sort_stable(s->v, s->n, sizeof(*s->v), by_size, s);
		n = enough(s, s->nodes_min);
	}
	return n;
}

static size_t choose(struct selection *s)
{
	const uint64_t named = s->required;
	size_t n = require_counted(s, by_best_fit) ? choose_best(s) : 0;
	if (n > 0 || s->features.counted == 0)
		return n;
	for (size_t i = 0; i < s->n; i++)
		s->v[i].required = is_named(s->req, s->v[i].node);
	s->required = named;
	return require_counted(s, by_size) ? choose_best(s) : 0;
}

/* All that it may have, in the first of its alternatives in which that is enough. */
static size_t gather_and_choose(struct selection *s)
{
	for (s->alternative = 0; s->alternative == 0 || s->alternative < s->features.alternatives;
	     s->alternative++) {
		const size_t n = !gather(s) ? 0 : is_answered(s) ? s->n : choose(s);
		if (n > 0)
			return n;
	}
	return 0;
}

/* ---- sharing out ---- */

/* Each node gets one task, then they are filled up in order (block distribution, as sbatch(1) describes it).
 */
static void spread(struct selection *s, size_t n)
{
	uint32_t left = s->tasks;
	for (size_t i = 0; i < n && left > 0; i++, left--)
		s->v[i].tasks = 1;
	for (size_t i = 0; i < n && left > 0; i++) {
		uint32_t more = s->v[i].fit - s->v[i].tasks;
		more = more < left ? more : left;
		s->v[i].tasks += more;
		left -= more;
	}
}

/* Whole nodes have their tasks dealt out evenly (slurm.conf(5), CR_Pack_Nodes). */
static void spread_evenly(struct selection *s, size_t n)
{
	uint32_t left = s->tasks;
	for (bool more = true; left > 0 && more;) {
		more = false;
		for (size_t i = 0; i < n && left > 0; i++) {
			if (s->v[i].tasks >= s->v[i].fit)
				continue;
			s->v[i].tasks++;
			left--;
			more = true;
		}
	}
}

/* The first ones that it may have. */
static void fill_cores(const struct selection *s, const struct node *node, uint32_t want,
                       struct schema_u32s *out)
{
	look_at(s, node);
	out->v = xcalloc((size_t)want + 1, sizeof(uint32_t));
	for (uint32_t i = 0; out->n < want && i < node->cores_total; i++)
		if (load_of(s, node, i) <= s->shared)
			out->v[out->n++] = i;
}

static void fill_share(const struct selection *s, const struct candidate *cand, struct node_alloc *share)
{
	const struct node *node = cand->node;
	uint32_t cores = cores_for(s, node, cand->tasks ? cand->tasks : 1);
	schema_init(schema_of_node_alloc(), share);
	share->node = xstrdup(node->conf->name);
	share->phase = ALLOC_READY;
	fill_cores(s, node, cores, &share->cores);
	share->cpus = share->cores.n * node->cpus_per_core;
	share->tasks = cand->tasks;
	if (s->by_memory)
		share->mem = select_memory(s->c, s->ask->part, s->ask->spec, node, share->cpus);
}

void node_alloc_list_free(struct node_alloc_list *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		schema_free(schema_of_node_alloc(), &list->v[i]);
	free(list->v);
	*list = (struct node_alloc_list){0};
}

/* Tasks whose CPUs were counted by themselves: in turn, as far as there are CPUs, and the rest evenly. */
static void deal_tasks(const struct selection *s, struct node_alloc_list *out)
{
	uint32_t left = s->task_count;
	for (uint32_t i = 0; i < out->n; i++)
		out->v[i].tasks = 0;
	for (uint32_t dealt = 1; dealt > 0;) {
		dealt = 0;
		for (uint32_t i = 0; i < out->n && dealt < left; i++)
			if (out->v[i].tasks < out->v[i].cpus / s->cpus_per_task) {
				out->v[i].tasks++;
				dealt++;
			}
		left -= dealt;
	}
	for (uint32_t i = 0; i < out->n; i++)
		out->v[i].tasks += left / out->n + (i < left % out->n);
}

static void fill(struct selection *s, size_t n, struct node_alloc_list *out)
{
	sort_stable(s->v, n, sizeof(*s->v), by_index, NULL);
	if (s->ask->spec->spread_job || (s->whole && !(s->c->conf->select_flags & CONF_CR_PACK_NODES)))
		spread_evenly(s, n);
	else
		spread(s, n);
	out->v = xcalloc(n, sizeof(*out->v));
	out->n = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		fill_share(s, &s->v[i], &out->v[i]);
	if (s->ask->spec->cpus_min)
		deal_tasks(s, out);
}

/* sbatch(1), --nodes: of a range as many as possible, but none without a task; --spread-job: of all. */
static uint32_t nodes_wanted(const struct selection *s)
{
	const struct job_spec *spec = s->ask->spec;
	uint32_t most = spec->spread_job ? s->nodes_max : spec->nodes_max;
	const uint32_t all = (uint32_t)s->ask->part->conf->node_count;
	if (spec->tasks_set && most > s->task_count)
		most = s->task_count;
	most = most > all ? all : most;
	return spec->use_min_nodes || most < s->nodes_min ? s->nodes_min : most;
}

/* Whose CPUs are counted by themselves: what is placed then is as many as would need these, on no more nodes
 * than tasks. */
static void count_cpus(struct selection *s)
{
	const struct job_spec *spec = s->ask->spec;
	s->tasks = spec->cpus_min / s->cpus_per_task;
	s->tasks = s->tasks < s->nodes_min ? s->nodes_min : s->tasks;
	if (spec->tasks_set && s->nodes_max > s->task_count)
		s->nodes_max = s->task_count > s->nodes_min ? s->task_count : s->nodes_min;
	const uint32_t guess = spec_nodes_guess(s->ask->part, spec);
	if (guess > s->nodes_max) /* its tasks can't run there, so that none is enough */
		s->nodes_min = guess;
}

static void prepare(struct selection *s)
{
	const struct job_spec *spec = s->ask->spec;
	const struct core_part_conf *part = s->ask->part->conf;
	uint32_t flags = part_select_flags(s->c, s->ask->part);
	s->req = spec->req_nodes ? hostlist_parse(spec->req_nodes, NULL) : NULL;
	s->exc = spec->exc_nodes ? hostlist_parse(spec->exc_nodes, NULL) : NULL;
	if (s->req)
		hostlist_uniq(s->req);
	constraint_parse(spec->features, &s->features);
	s->cpus_per_task = spec->cpus_per_task ? spec->cpus_per_task : 1;
	s->nodes_min = spec->nodes_min ? spec->nodes_min : 1;
	if (s->nodes_min < part->min_nodes && part->min_nodes != CORE_INFINITE)
		s->nodes_min = part->min_nodes;
	if (s->req && hostlist_count(s->req) > s->nodes_min)
		s->nodes_min = (uint32_t)hostlist_count(s->req);
	if (s->features.counted > s->nodes_min)
		s->nodes_min = s->features.counted;
	s->nodes_max = spec->nodes_max >= s->nodes_min ? spec->nodes_max
	               : spec->nodes_max               ? s->nodes_min
	                                               : part->max_nodes;
	/* Fewer tasks than nodes: every node still gets its one CPU. */
	s->task_count =
	        spec->tasks > s->nodes_min || (spec->tasks_set && spec->tasks) ? spec->tasks : s->nodes_min;
	s->tasks = s->task_count;
	if (spec->cpus_min)
		count_cpus(s);
	s->nodes_wanted = nodes_wanted(s);
	s->whole = spec_is_whole(s->c, s->ask->part, spec);
	s->for_user = spec_is_for_user(s->ask->part, spec);
	s->by_socket = (flags & CONF_CR_SOCKET) != 0;
	s->by_memory = (flags & CONF_CR_MEMORY) != 0;
	s->least_loaded = (flags & CONF_CR_LLN) || part->lln;
}

static struct candidate *scratch_of(const struct cluster *c, size_t n)
{
	struct select_scratch *scratch = c->scratch;
	if (scratch->cap < n)
		scratch->v = xgrow(scratch->v, &scratch->cap, n, sizeof(*scratch->v));
	return scratch->v;
}

struct select_scratch *select_new(void)
{
	return xcalloc(1, sizeof(struct select_scratch));
}

void select_free(struct select_scratch *scratch)
{
	free(scratch->view.own);
	free(scratch->view.loads);
	free(scratch->v);
	free(scratch);
}

struct job_spec spec_as_preferred(const struct job_spec *spec)
{
	struct job_spec as = *spec;
	as.features = spec->prefer;
	as.prefer = NULL;
	return as;
}

/* Where no nodes have that now, those will do that have what they must. */
static bool select_preferred(const struct cluster *c, const struct select_ask *asked,
                             struct node_alloc_list *out)
{
	const struct job_spec spec = spec_as_preferred(asked->spec);
	struct select_ask ask = *asked;
	ask.spec = &spec;
	return select_job(c, &ask, out);
}

bool select_job(const struct cluster *c, const struct select_ask *ask, struct node_alloc_list *out)
{
	const bool prefers = text_or_null(ask->spec->prefer) != NULL;
	if (prefers && select_preferred(c, ask, out)) {
		if (ask->settles)
			*ask->settles = false;
		return true;
	}
	if (ask->settles)
		*ask->settles = prefers;
	struct selection s = {.c = c,
	                      .ask = ask,
	                      .v = scratch_of(c, ask->part->conf->node_count + 1),
	                      .view = &c->scratch->view};
	const uint32_t limit = ask->ignore_use ? 0 : share_limit(ask->part, ask->spec);
	prepare(&s);
	s.any = !out && !s.req && !ask->spec->contiguous && s.features.counted == 0;
	size_t n = gather_and_choose(&s);
	/* Cores that others have only where there are not enough idle ones, and then those that the fewest of
	 * its partition have. */
	for (s.further = 1; n == 0 && s.further <= limit;) {
		s.shared = s.further;
		s.further = CORE_INFINITE;
		n = gather_and_choose(&s);
	}
	if (n > 0 && out)
		fill(&s, n, out);
	hostlist_free(s.req);
	hostlist_free(s.exc);
	return n > 0;
}

enum select_outlook select_outlook(const struct cluster *c, const struct part *part,
                                   const struct job_spec *spec)
{
	struct select_ask ask = {.part = part, .spec = spec, .ignore_use = true};
	if (select_job(c, &ask, NULL))
		return SELECT_BUSY;
	ask.ignore_state = true;
	return select_job(c, &ask, NULL) ? SELECT_UNAVAILABLE : SELECT_NEVER;
}
