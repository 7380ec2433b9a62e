/* Selection: which nodes and which of their cores a job gets. Cores are tracked exactly, memory where the
 * parameters make it consumable. Nodes are taken by weight, then best fit, then name. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"
#include "core/util/sort.h"

#include <string.h>

/* A node that could take part, and how much of the job it could take. */
struct candidate {
	struct node *node;
	uint32_t fit;   /* tasks */
	uint32_t cpus;  /* free ones */
	bool required;  /* named by --nodelist */
	uint32_t tasks; /* what it gets */
};

struct selection {
	const struct cluster *c;
	const struct select_ask *ask;
	struct hostlist *req, *exc;
	struct candidate *v;
	size_t n;
	uint32_t nodes_min, nodes_max, tasks, cpus_per_task;
	bool whole; /* all cores of each node */
};

bool node_is_usable(const struct node *node)
{
	const uint32_t bad = NODE_FLAG_DRAIN | NODE_FLAG_FAIL | NODE_FLAG_INVALID_REG | NODE_FLAG_MAINT;
	return node->connected && node->state.base == NODE_IDLE && !(node->state.flags & bad);
}

/* ---- what a node can give ---- */

static bool has_feature(const char *features, const char *word, size_t len)
{
	for (const char *p = features; p && *p;) {
		size_t n = strcspn(p, ",");
		if (n == len && strncasecmp(p, word, len) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

/* "a&b": all of them. Other operators are refused at submit. */
static bool has_features(const struct node *node, const char *wanted)
{
	for (const char *p = wanted; p && *p;) {
		size_t n = strcspn(p, "&,");
		if (n && !has_feature(node->conf->features, p, n))
			return false;
		p += n + (p[n] != '\0');
	}
	return true;
}

static uint64_t memory_needed(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                              const struct node *node, uint32_t cpus)
{
	if (spec->mem_per_node != CORE_NO_VAL64)
		return spec->mem_per_node ? spec->mem_per_node : node->conf->real_memory;
	if (spec->mem_per_cpu != CORE_NO_VAL64)
		return spec->mem_per_cpu * cpus;
	if (!(c->conf->select_flags & CONF_CR_MEMORY))
		return 0;
	uint64_t per_cpu =
	        part->conf->def_mem_per_cpu ? part->conf->def_mem_per_cpu : c->conf->def_mem_per_cpu;
	uint64_t per_node =
	        part->conf->def_mem_per_node ? part->conf->def_mem_per_node : c->conf->def_mem_per_node;
	return per_cpu ? per_cpu * cpus : per_node ? per_node : node->conf->real_memory;
}

static uint32_t cpus_for(const struct selection *s, uint32_t tasks)
{
	uint32_t cpus = tasks * s->cpus_per_task;
	uint32_t min = s->ask->spec->min_cpus_node;
	return cpus > min ? cpus : min;
}

static bool memory_fits(const struct selection *s, const struct node *node, uint32_t tasks)
{
	uint32_t cpus = s->whole ? node->cpus_total : cpus_for(s, tasks);
	uint64_t need = memory_needed(s->c, s->ask->part, s->ask->spec, node, cpus);
	uint64_t used =
	        s->ask->ignore_use || !(s->c->conf->select_flags & CONF_CR_MEMORY) ? 0 : node->mem_alloc;
	return need <= node->conf->real_memory && used <= node->conf->real_memory - need;
}

/* How many tasks the node can take now; 0: none. */
static uint32_t node_fit(const struct selection *s, const struct node *node, uint32_t *free_cpus)
{
	const struct job_spec *spec = s->ask->spec;
	uint32_t busy = s->ask->ignore_use ? 0 : node->cores_busy->set;
	uint32_t cpus = (node->cores_total - busy) * node->cpus_per_core;
	*free_cpus = cpus;
	if (s->whole && busy > 0)
		return 0;
	if (cpus < spec->min_cpus_node || node->conf->tmp_disk < spec->min_tmp_disk)
		return 0;
	uint32_t fit = spec->overcommit ? (cpus ? s->tasks : 0) : cpus / s->cpus_per_task;
	if (spec->tasks_per_node && fit > spec->tasks_per_node)
		fit = spec->tasks_per_node;
	fit = fit > s->tasks ? s->tasks : fit;
	while (fit > 0 && !memory_fits(s, node, fit))
		fit--;
	return fit;
}

static bool shape_fits(const struct job_spec *spec, const struct node *node)
{
	return node->conf->sockets >= spec->sockets_per_node &&
	       node->conf->cores_per_socket >= spec->cores_per_socket &&
	       node->conf->threads_per_core >= spec->threads_per_core;
}

/* ---- candidates ---- */

/* SELECT_UNAVAILABLE when a node that --nodelist names can't be used. */
static enum select_answer gather(struct selection *s)
{
	const struct part *part = s->ask->part;
	const struct job_spec *spec = s->ask->spec;
	size_t required = 0;
	s->v = xcalloc(part->conf->node_count + 1, sizeof(*s->v));
	for (size_t i = 0; i < part->conf->node_count; i++) {
		struct node *node = s->c->nodes[part->conf->node_index[i]];
		bool named = s->req && hostlist_contains(s->req, node->conf->name);
		if (s->exc && hostlist_contains(s->exc, node->conf->name))
			continue;
		if ((!s->ask->ignore_state && !node_is_usable(node)) || !has_features(node, spec->features) ||
		    !shape_fits(spec, node)) {
			if (named)
				return SELECT_UNAVAILABLE;
			continue;
		}
		struct candidate *cand = &s->v[s->n];
		cand->node = node;
		cand->required = named;
		cand->fit = node_fit(s, node, &cand->cpus);
		if (cand->fit == 0) {
			if (named)
				return SELECT_BUSY;
			continue;
		}
		required += named;
		s->n++;
	}
	/* A named node outside of the partition never comes. */
	return s->req && required < hostlist_count(s->req) ? SELECT_NEVER : SELECT_OK;
}

/* Required ones first, then weight, then the one that is filled up best, then the configuration's order. */
static int by_best_fit(const void *pa, const void *pb, void *ctx)
{
	const struct candidate *a = pa, *b = pb;
	(void)ctx;
	if (a->required != b->required)
		return a->required ? -1 : 1;
	if (a->node->conf->weight != b->node->conf->weight)
		return a->node->conf->weight < b->node->conf->weight ? -1 : 1;
	if (a->cpus != b->cpus)
		return a->cpus < b->cpus ? -1 : 1;
	return a->node->index < b->node->index ? -1 : 1;
}

static int by_size(const void *pa, const void *pb, void *ctx)
{
	const struct candidate *a = pa, *b = pb;
	if (a->required != b->required)
		return a->required ? -1 : 1;
	if (a->fit != b->fit)
		return a->fit > b->fit ? -1 : 1;
	return by_best_fit(pa, pb, ctx);
}

static int by_index(const void *pa, const void *pb, void *ctx)
{
	const struct candidate *a = pa, *b = pb;
	(void)ctx;
	return a->node->index < b->node->index ? -1 : a->node->index > b->node->index;
}

/* How many of the first candidates are enough; 0: none is. */
static size_t enough(const struct selection *s)
{
	uint64_t fit = 0;
	for (size_t i = 0; i < s->n && i < s->nodes_max; i++) {
		fit += s->v[i].fit;
		if (i + 1 >= s->nodes_min && fit >= s->tasks)
			return i + 1;
	}
	return 0;
}

/* One node that takes all: the tightest fit, before the general order is tried. */
static bool single_node(struct selection *s)
{
	if (s->nodes_min > 1)
		return false;
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].fit < s->tasks || (s->req && !s->v[i].required))
			continue;
		struct candidate first = s->v[i];
		memmove(&s->v[1], &s->v[0], i * sizeof(*s->v));
		s->v[0] = first;
		return !s->req || hostlist_count(s->req) == 1;
	}
	return false;
}

static size_t choose(struct selection *s)
{
	sort_stable(s->v, s->n, sizeof(*s->v), by_best_fit, NULL);
	if (single_node(s))
		return 1;
	size_t n = enough(s);
	if (n == 0) {
		sort_stable(s->v, s->n, sizeof(*s->v), by_size, NULL);
		n = enough(s);
	}
	return n;
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

static void fill_share(const struct selection *s, const struct candidate *cand, struct node_alloc *share)
{
	const struct node *node = cand->node;
	uint32_t cpus = cpus_for(s, cand->tasks ? cand->tasks : 1);
	if (s->ask->spec->overcommit && cpus > cand->cpus)
		cpus = cand->cpus;
	uint32_t units =
	        s->whole ? node->cores_total : (cpus + node->cpus_per_core - 1) / node->cpus_per_core;
	schema_init(schema_of_node_alloc(), share);
	share->node = xstrdup(node->conf->name);
	share->phase = ALLOC_READY;
	share->cores.v = xcalloc(units + 1, sizeof(uint32_t));
	for (uint32_t i = bits_free_from(node->cores_busy, 0);
	     share->cores.n < units && i < node->cores_total; i = bits_free_from(node->cores_busy, i + 1))
		share->cores.v[share->cores.n++] = i;
	share->cpus = units * node->cpus_per_core;
	share->tasks = cand->tasks;
	if (s->c->conf->select_flags & CONF_CR_MEMORY)
		share->mem = memory_needed(s->c, s->ask->part, s->ask->spec, node, share->cpus);
}

void node_alloc_list_free(struct node_alloc_list *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		schema_free(schema_of_node_alloc(), &list->v[i]);
	free(list->v);
	*list = (struct node_alloc_list){0};
}

static void prepare(struct selection *s)
{
	const struct job_spec *spec = s->ask->spec;
	s->req = spec->req_nodes ? hostlist_parse(spec->req_nodes, NULL) : NULL;
	s->exc = spec->exc_nodes ? hostlist_parse(spec->exc_nodes, NULL) : NULL;
	s->cpus_per_task = spec->cpus_per_task ? spec->cpus_per_task : 1;
	s->nodes_min = spec->nodes_min ? spec->nodes_min : 1;
	if (s->req && hostlist_count(s->req) > s->nodes_min)
		s->nodes_min = (uint32_t)hostlist_count(s->req);
	s->nodes_max = spec->nodes_max >= s->nodes_min ? spec->nodes_max
	               : spec->nodes_max               ? s->nodes_min
	                                               : UINT32_MAX;
	s->tasks = spec->tasks > s->nodes_min || spec->tasks_set ? spec->tasks : s->nodes_min;
	/* Fewer tasks than nodes: every node still gets its one CPU. */
	if (s->tasks == 0)
		s->tasks = 1;
	s->whole = spec->exclusive || s->c->conf->select_flags == 0;
}

enum select_answer select_job(const struct cluster *c, const struct select_ask *ask,
                              struct node_alloc_list *out)
{
	struct selection s = {.c = c, .ask = ask};
	prepare(&s);
	enum select_answer answer = gather(&s);
	size_t n = answer == SELECT_OK ? choose(&s) : 0;
	if (n > 0 && out) {
		sort_stable(s.v, n, sizeof(*s.v), by_index, NULL);
		spread(&s, n);
		out->v = xcalloc(n, sizeof(*out->v));
		out->n = (uint32_t)n;
		for (size_t i = 0; i < n; i++)
			fill_share(&s, &s.v[i], &out->v[i]);
	}
	free(s.v);
	hostlist_free(s.req);
	hostlist_free(s.exc);
	if (n > 0)
		return SELECT_OK;
	if (ask->ignore_use)
		return ask->ignore_state ? SELECT_NEVER : SELECT_UNAVAILABLE;
	/* Would it fit if the others ended? If their nodes came back? */
	struct select_ask wider = *ask;
	wider.ignore_use = true;
	if (select_job(c, &wider, NULL) == SELECT_OK)
		return SELECT_BUSY;
	wider.ignore_state = true;
	return select_job(c, &wider, NULL) == SELECT_OK ? SELECT_UNAVAILABLE : SELECT_NEVER;
}

/* ---- what no node has ---- */

int select_check_node(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                      struct err *err)
{
	uint32_t cpus = spec->cpus_per_task > spec->min_cpus_node ? spec->cpus_per_task : spec->min_cpus_node;
	bool cpus_ok = false, mem_ok = false, features_ok = !spec->features;
	for (size_t i = 0; i < part->conf->node_count; i++) {
		const struct node *node = c->nodes[part->conf->node_index[i]];
		cpus_ok = cpus_ok || node->cpus_total >= cpus;
		mem_ok = mem_ok || memory_needed(c, part, spec, node, cpus) <= node->conf->real_memory;
		features_ok = features_ok || has_features(node, spec->features);
	}
	if (!features_ok)
		return err_set(err, ERR_INVALID_FEATURE, "%s", "");
	if (!cpus_ok)
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s", err_code_text(ERR_TOO_MANY_CPUS));
	if (!mem_ok)
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s", err_code_text(ERR_INVALID_MEMORY));
	/* A fixed number of nodes that can't hold the tasks, however empty they are. */
	const struct select_ask ask = {.part = part, .spec = spec, .ignore_use = true, .ignore_state = true};
	if (spec->nodes_max && spec->nodes_max <= part->conf->node_count &&
	    select_job(c, &ask, NULL) != SELECT_OK)
		return err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s", "");
	return 0;
}
