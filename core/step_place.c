/* A step's place inside its job: nodes, cores, memory, and which task goes where. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"
#include "core/util/sort.h"

#include <string.h>

#define MAX_TASKS (1u << 24)

/* A share that could take part. */
struct place {
	struct share *share;
	uint32_t cap;   /* tasks that fit */
	uint32_t tasks; /* that it gets */
	uint32_t named; /* DIST_ARBITRARY: how often the list has it */
	bool required;  /* --nodelist has it, and others are to be taken as well */
};

struct placement {
	const struct cluster *c;
	const struct step_request *r;
	struct job *job;
	struct place *v;
	size_t n;
	struct hostlist *list; /* DIST_ARBITRARY: a node for each task, in order */
	uint32_t nodes_min, nodes_max, tasks, cpus_per_task;
	bool further; /* nodes that are not named may take part */
	bool exact;   /* only the cores that its tasks need, not all of the job's on each node */
};

/* ---- room ---- */

/* srun(1): with --overlap all resources are shared. */
static bool is_free(const struct placement *p, const struct share *share, uint32_t at)
{
	return p->r->overlap || !share_core_is_stepped(share, at);
}

static bool memory_fits(const struct placement *p, const struct place *place, bool ignore_use)
{
	const struct node_alloc *record = share_record(place->share);
	uint64_t need = p->r->mem_per_node == CORE_NO_VAL64 ? 0 : p->r->mem_per_node;
	uint64_t used = ignore_use || p->r->overlap ? 0 : place->share->step_mem;
	if (!(part_select_flags(p->c, p->job->part) & CONF_CR_MEMORY) || need == 0)
		return true;
	return need <= record->mem && used <= record->mem - need;
}

/* On one node: what is asked for, and MaxTasksPerNode. */
static uint32_t tasks_max(const struct placement *p)
{
	const uint32_t conf = p->c->conf->max_tasks_per_node ? p->c->conf->max_tasks_per_node : UINT32_MAX;
	const uint32_t asked = p->r->tasks_per_node ? p->r->tasks_per_node : UINT32_MAX;
	return asked < conf ? asked : conf;
}

static uint32_t capacity(const struct placement *p, const struct place *place, bool ignore_use)
{
	const struct node_alloc *record = share_record(place->share);
	uint32_t cores = 0, per_core = place->share->node->cpus_per_core;
	for (uint32_t i = 0; i < record->cores.n; i++)
		cores += ignore_use || is_free(p, place->share, i);
	if (cores == 0 || (!p->exact && cores < record->cores.n) || !memory_fits(p, place, ignore_use))
		return 0;
	/* A job's --overcommit or select/cons_tres's CR_CPU gives fewer CPUs than its cores have. */
	uint32_t cpus = cores * per_core < record->cpus ? cores * per_core : record->cpus;
	uint32_t cap = p->r->overcommit ? p->tasks : cpus / p->cpus_per_task;
	const uint32_t max = tasks_max(p);
	return cap > max ? max : cap;
}

/* ---- candidates ---- */

/* Is the node still the job's, and can something be sent there? */
static bool is_open(const struct share *share)
{
	return share->node && share_record(share)->phase < ALLOC_ENDING &&
	       share->node->state.base != NODE_DOWN;
}

/* Of a list shorter than --nodes others of the job's nodes take part, too (srun(1), --nodelist). */
static bool has_further(const struct step_request *r, struct hostlist *only)
{
	if (!only)
		return true;
	if (r->dist == DIST_ARBITRARY) {
		hostlist_uniq(only);
		return false;
	}
	return r->nodes_min > hostlist_count(only);
}

static int gather(struct placement *p, struct err *err)
{
	const struct step_request *r = p->r;
	struct hostlist *only = r->node_list ? hostlist_parse(r->node_list, err) : NULL;
	struct hostlist *without = r->exclude ? hostlist_parse(r->exclude, err) : NULL;
	int rc = (r->node_list && !only) || (r->exclude && !without) ? -1 : 0;
	p->further = has_further(r, only);
	size_t named = 0;
	p->v = xcalloc((size_t)p->job->state.nodes.n + 1, sizeof(*p->v));
	for (uint32_t i = r->relative == CORE_NO_VAL ? 0 : r->relative; rc == 0 && i < p->job->state.nodes.n;
	     i++) {
		struct share *share = &p->job->shares[i];
		const char *name = share_record(share)->node;
		const bool is_named = only && hostlist_contains(only, name);
		if ((!is_named && !p->further) || (without && hostlist_contains(without, name)) ||
		    !is_open(share))
			continue;
		p->v[p->n++] = (struct place){.share = share, .required = is_named && p->further};
		named += is_named;
	}
	if (rc == 0 && only && named < hostlist_count(only))
		rc = err_set(err, ERR_NODE_CONFIG_UNAVAILABLE, "%s is not in this job's allocation",
		             r->node_list);
	hostlist_free(only);
	hostlist_free(without);
	return rc;
}

/* srun(1): a step without options has one task on each of the job's nodes; fewer tasks than nodes take as
 * many nodes. */
static void defaults(struct placement *p)
{
	const struct step_request *r = p->r;
	uint32_t job_nodes = (uint32_t)p->n;
	p->exact = r->exact || r->exclusive;
	p->cpus_per_task = r->cpus_per_task ? r->cpus_per_task : 1;
	p->tasks = r->tasks ? r->tasks : r->nodes_min ? r->nodes_min : job_nodes;
	p->nodes_min = r->nodes_min ? r->nodes_min : job_nodes;
	if (p->nodes_min > p->tasks)
		p->nodes_min = p->tasks;
	p->nodes_max = r->nodes_max > p->nodes_min ? r->nodes_max : r->nodes_min ? p->nodes_min : job_nodes;
	if (p->nodes_max < p->nodes_min)
		p->nodes_max = p->nodes_min;
	if (!p->further && p->nodes_min < p->n && p->n <= p->tasks) /* all nodes that are named take part */
		p->nodes_min = p->nodes_max = (uint32_t)p->n;
}

/* The list says it all. */
static int count_named(struct placement *p, struct err *err)
{
	struct hostlist_iter it;
	uint64_t count = hostlist_count(p->list);
	if (count > MAX_TASKS)
		return err_set(err, ERR_INVALID_TASK_COUNT, "%s", "");
	hostlist_iter_init(&it, p->list);
	for (const char *name; (name = hostlist_next(&it));)
		for (size_t i = 0; i < p->n; i++)
			if (strcmp(share_record(p->v[i].share)->node, name) == 0)
				p->v[i].named++;
	p->tasks = (uint32_t)count;
	p->nodes_min = p->nodes_max = (uint32_t)p->n;
	return 0;
}

static int by_room(const void *pa, const void *pb, void *ctx)
{
	const struct place *const *a = pa, *const *b = pb;
	(void)ctx;
	if ((*a)->required != (*b)->required)
		return (*a)->required ? -1 : 1;
	return (*a)->cap > (*b)->cap ? -1 : (*a)->cap < (*b)->cap;
}

static int by_name(const void *pa, const void *pb, void *ctx)
{
	const struct place *const *a = pa, *const *b = pb;
	(void)ctx;
	return (int)(*b)->required - (int)(*a)->required;
}

/* Takes places in that order until they are enough. */
static bool take(const struct placement *p, struct place *const *order)
{
	uint64_t room = 0;
	uint32_t nodes = 0;
	for (size_t i = 0; i < p->n; i++)
		p->v[i].tasks = 0;
	for (size_t i = 0; p->list && i < p->n; i++)
		if (order[i]->cap < order[i]->named)
			return false;
	for (size_t i = 0; i < p->n; i++)
		if (order[i]->required && order[i]->cap == 0)
			return false;
	for (size_t i = 0; i < p->n && nodes < p->nodes_max; i++) {
		/* A single node must have room for all. */
		if (order[i]->cap == 0 || (p->nodes_max == 1 && order[i]->cap < p->tasks))
			continue;
		order[i]->tasks = 1;
		room += order[i]->cap;
		nodes++;
		if (nodes >= p->nodes_min && room >= p->tasks)
			return true;
	}
	return false;
}

/* The job's first nodes with room, as many as are wanted, or else those with most of it. False: they are not
 * enough. */
static bool choose(struct placement *p, bool ignore_use, const bool *held)
{
	struct place **order = xcalloc(p->n + 1, sizeof(*order));
	for (size_t i = 0; i < p->n; i++) {
		p->v[i].cap = held && held[p->v[i].share->index] ? 0 : capacity(p, &p->v[i], ignore_use);
		order[i] = &p->v[i];
	}
	sort_stable(order, p->n, sizeof(*order), by_name, NULL);
	bool ok = take(p, order);
	if (!ok && p->nodes_max > 1 && p->nodes_max < p->n) {
		sort_stable(order, p->n, sizeof(*order), by_room, NULL);
		ok = take(p, order);
	}
	free(order);
	return ok;
}

/* ---- tasks ---- */

/* One task on each chosen place; the rest goes round in turn by one, or by --distribution=plane's size. In
 * blocks, too: they are as even as the room allows, and differ in how their tasks are numbered alone. */
static void spread(struct placement *p)
{
	uint32_t left = p->tasks;
	const uint32_t turn = p->r->dist == DIST_PLANE && p->r->plane_size ? p->r->plane_size : 1;
	for (size_t i = 0; p->list && i < p->n; i++)
		p->v[i].tasks = p->v[i].named;
	if (p->list)
		return;
	for (size_t i = 0; i < p->n; i++) {
		p->v[i].tasks = p->v[i].tasks && left ? 1 : 0;
		left -= p->v[i].tasks;
	}
	for (bool first = true, more = true; left > 0 && more; first = false) {
		more = false;
		for (size_t i = 0; i < p->n && left > 0; i++) {
			struct place *place = &p->v[i];
			uint32_t take = place->tasks ? place->cap - place->tasks : 0;
			const uint32_t share = first ? turn - 1 : turn; /* the first round's one is there */
			take = take < share ? take : share;
			take = take < left ? take : left;
			place->tasks += take;
			left -= take;
			more = more || take > 0 || (first && turn == 1);
		}
	}
}

/* Global numbers in the order of the list. */
static void number_named(const struct placement *p, struct step_record *r)
{
	struct hostlist_iter it;
	uint32_t next = 0, *given = xcalloc((size_t)r->nodes.n + 1, sizeof(*given));
	hostlist_iter_init(&it, p->list);
	for (const char *name; (name = hostlist_next(&it)); next++)
		for (uint32_t n = 0; n < r->nodes.n; n++)
			if (strcmp(r->nodes.v[n].node, name) == 0 && given[n] < r->nodes.v[n].tasks.n)
				r->nodes.v[n].tasks.v[given[n]++] = next;
	free(given);
}

/* Global numbers: as many at a time on each node as its turn has. */
static void number_tasks(const struct placement *p, struct step_record *r)
{
	uint32_t turn = r->dist == DIST_CYCLIC                      ? 1
	                : r->dist == DIST_PLANE && p->r->plane_size ? p->r->plane_size
	                                                            : UINT32_MAX;
	uint32_t next = 0, *given = xcalloc((size_t)r->nodes.n + 1, sizeof(*given));
	while (next < p->tasks) {
		uint32_t before = next;
		for (uint32_t n = 0; n < r->nodes.n; n++)
			for (uint32_t k = 0; k < turn && given[n] < r->nodes.v[n].tasks.n; k++)
				r->nodes.v[n].tasks.v[given[n]++] = next++;
		if (next == before)
			break;
	}
	free(given);
}

/* ---- the record ---- */

static void fill_cores(const struct placement *p, const struct place *place, struct step_node *sn)
{
	const struct node_alloc *record = share_record(place->share);
	uint32_t per = place->share->node->cpus_per_core ? place->share->node->cpus_per_core : 1;
	uint64_t want = ((uint64_t)place->tasks * p->cpus_per_task + per - 1) / per;
	sn->cores.v = xcalloc((size_t)record->cores.n + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < record->cores.n && (!p->exact || sn->cores.n < want); i++)
		if (is_free(p, place->share, i))
			sn->cores.v[sn->cores.n++] = record->cores.v[i];
}

static void fill_record(const struct placement *p, struct step *step)
{
	struct step_record *r = &step->record;
	r->tasks = p->tasks;
	r->cpus_per_task = p->cpus_per_task;
	r->overlap = p->r->overlap;
	r->mem_shared = p->r->mem_per_node == CORE_NO_VAL64 || p->r->mem_per_node == 0;
	r->time_limit_min = p->r->time_limit_min;
	r->srun_pid = p->r->srun_pid;
	r->request = p->r->request;
	r->nodes.v = xcalloc(p->n, sizeof(*r->nodes.v));
	for (size_t i = 0; i < p->n; i++) {
		const struct node_alloc *record = share_record(p->v[i].share);
		if (p->v[i].tasks == 0)
			continue;
		struct step_node *sn = &r->nodes.v[r->nodes.n++];
		schema_init(schema_of_step_node(), sn);
		sn->node = xstrdup(record->node);
		sn->mem = r->mem_shared ? record->mem : p->r->mem_per_node;
		sn->tasks.v = xcalloc(p->v[i].tasks, sizeof(uint32_t));
		sn->tasks.n = p->v[i].tasks;
		fill_cores(p, &p->v[i], sn);
	}
	/* srun(1): one task a node is dealt out, more are put in blocks. */
	r->dist = p->r->dist != CORE_NO_VAL ? p->r->dist : p->tasks <= r->nodes.n ? DIST_CYCLIC : DIST_BLOCK;
	if (p->list)
		number_named(p, r);
	else
		number_tasks(p, r);
}

enum place_answer step_place(struct cluster *c, struct step *step, const bool *held, struct err *err)
{
	struct placement p = {.c = c, .r = step->request, .job = step->job};
	enum place_answer answer = PLACE_NEVER;
	if (step->request->dist == DIST_ARBITRARY)
		p.list = hostlist_parse(step->request->node_list, NULL); /* its errors are gather's */
	if (gather(&p, err) == 0) {
		defaults(&p);
		if (p.list && count_named(&p, err) != 0) {
			answer = PLACE_NEVER;
		} else if (p.n > 0 && choose(&p, false, held)) {
			answer = PLACE_OK;
			spread(&p);
			fill_record(&p, step);
		} else if (p.n > 0 && choose(&p, true, NULL)) {
			answer = PLACE_WAIT;
		} else {
			const uint64_t nodes = p.nodes_max < p.n ? p.nodes_max : p.n;
			if (nodes && c->conf->max_tasks_per_node &&
			    p.tasks > nodes * c->conf->max_tasks_per_node)
				err_set(err, ERR_BAD_TASK_COUNT, "%s", "");
			err_set(err,
			        p.nodes_min > p.n || p.n == 0 ? ERR_NODE_CONFIG_UNAVAILABLE
			                                      : ERR_TOO_MANY_STEP_CPUS,
			        "%s", "");
		}
	}
	hostlist_free(p.list);
	free(p.v);
	return answer;
}

uint32_t step_could_use(struct cluster *c, const struct step *step, bool *held)
{
	struct placement p = {.c = c, .r = step->request, .job = step->job};
	uint32_t more = 0;
	if (gather(&p, NULL) == 0) {
		for (size_t i = 0; i < p.n; i++) {
			more += !held[p.v[i].share->index];
			held[p.v[i].share->index] = true;
		}
	}
	free(p.v);
	return more;
}
