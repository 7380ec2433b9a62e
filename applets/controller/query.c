/* What squeue, sinfo and scontrol show ask for: from the cluster's value, in chunks that hold the loop for at
 * most 2 ms. */
#include "applets/common/filename.h"
#include "applets/common/job_brief.h"
#include "applets/controller/controller.h"
#include "applets/controller/job_filter.h"
#include "core/taskset.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_US    2000
#define CHUNK_ROWS  256
#define CLOCK_EVERY 16 /* rows between looks at the clock */

/* ---- jobs ---- */

struct job_cursor {
	struct cursor base;
	struct job_query query;
	struct job_filter filter;
	struct arena arena, chunk; /* the query's; that of the rows under way */
	uint64_t last;             /* serial of the last job that was looked at */
	uint32_t id_at;            /* or the index into query.job_ids */
	bool in_array;             /* that one is an array, of which the records below `last` are to come */
	struct core_bits *wanted;  /* its tasks that were named; NULL: all */
};

static char *expanded(const struct job *job, uint32_t task, const char *pattern, struct arena *arena)
{
	uint32_t array = job->spec.array_job_id;
	const struct filename_facts facts = {.job_id = job->job_id,
	                                     .array_job_id = array ? array : CORE_NO_VAL,
	                                     .array_task_id = task,
	                                     .step_id = CORE_STEP_BATCH,
	                                     .user = job->spec.who->user_name,
	                                     .job_name = job->spec.name,
	                                     .node = job->state.batch_host,
	                                     .node_index = CORE_NO_VAL,
	                                     .task = CORE_NO_VAL};
	char *name = filename_expand(pattern, &facts, job->spec.work_dir), *copy = arena_strdup(arena, name);
	free(name);
	return copy;
}

static void fill_files(const struct job *job, struct job_info *info, struct arena *arena)
{
	const struct job_spec *spec = &job->spec;
	uint32_t task = info->spec->array_task_id;
	const char *out = spec->std_out ? spec->std_out : filename_default(spec->array_job_id != 0);
	info->std_in = expanded(job, task, spec->std_in ? spec->std_in : "/dev/null", arena);
	info->std_out = expanded(job, task, out, arena);
	info->std_err = spec->std_err ? expanded(job, task, spec->std_err, arena) : info->std_out;
}

static void fill_steps(const struct job *job, struct job_info *info, struct arena *arena)
{
	uint32_t n = 0;
	list_each (it, &job->steps)
		n++;
	info->steps.v = arena_array(arena, n, sizeof(*info->steps.v));
	list_each (it, &job->steps) {
		const struct step *step = list_entry(it, struct step, in_job);
		if (step->record.state == JOB_RUNNING)
			info->steps.v[info->steps.n++] = step->record;
	}
}

/* Of a record that stands for several tasks only those that were asked for are shown. */
static void narrow(const struct job_cursor *cur, const struct job *job, struct job_info *info,
                   struct arena *arena)
{
	struct core_bits *meant =
	        cur->wanted && job->tasks ? job_tasks_meant(cur->wanted, &job->spec, &job->state) : NULL;
	if (meant && meant->set < job->tasks->set) {
		struct text text = TEXT_EMPTY;
		info->spec = arena_memdup(arena, &job->spec, sizeof(job->spec));
		info->state = arena_memdup(arena, &job->state, sizeof(job->state));
		taskset_text(meant, true, &text);
		info->state->array_tasks = meant->set > 1 ? arena_strdup(arena, text_str(&text)) : NULL;
		if (meant->set == 1)
			info->spec->array_task_id = bits_next(meant, 0);
		text_free(&text);
	}
	free(meant);
}

static void fill_job(const struct job_cursor *cur, const struct job *job, struct job_info *info,
                     struct arena *arena)
{
	struct controller *ctl = cur->base.peer->ctl;
	struct text reason = TEXT_EMPTY, tres_text = TEXT_EMPTY, depend = TEXT_EMPTY;
	struct tres tres = job_tres(ctl->cluster, job);
	schema_init(schema_of_job_info(), info);
	info->spec = (struct job_spec *)(uintptr_t)&job->spec;
	info->state = (struct job_state *)(uintptr_t)&job->state;
	narrow(cur, job, info, arena);
	info->reason = job_reason(ctl->cluster, job);
	job_reason_text(ctl->cluster, job, &reason);
	info->reason_text = arena_strdup(arena, text_str(&reason));
	job_depend_text(job, &depend);
	info->dependency = depend.len ? arena_strdup(arena, text_str(&depend)) : NULL;
	text_free(&depend);
	info->nodes = job->state.nodes.n ? job_node_list(job, arena) : NULL;
	info->start_time = job->state.start_time;
	info->end_limit = job->limit_at;
	if (job->state.state == JOB_PENDING) {
		info->start_time = job_planned_start(job);
		info->end_limit = job_planned_end(job);
	}
	if (job_planned_nodes(job))
		info->sched_nodes = alloc_node_list(job_planned_nodes(job), arena);
	tres_print(&tres, &tres_text);
	info->tres = arena_strdup(arena, text_str(&tres_text));
	if (job->state.nodes.n) {
		struct tres asked = job_tres_asked(ctl->cluster, job);
		text_clear(&tres_text);
		tres_print(&asked, &tres_text);
		info->tres_req = arena_strdup(arena, text_str(&tres_text));
	}
	info->billing = tres.v[TRES_BILLING];
	info->cpus = (uint32_t)tres.v[TRES_CPU];
	info->node_count = job_nodes_guess(job);
	info->limit_min = job_time_limit(job);
	info->sharing = job_sharing(ctl->cluster, job);
	if (job->spec.batch && !(cur->query.leave_out & JOB_LEAVE_FILES))
		fill_files(job, info, arena);
	if (cur->query.with_steps)
		fill_steps(job, info, arena);
	job_brief(info, cur->query.leave_out, arena);
	text_free(&reason);
	text_free(&tres_text);
}

static bool is_wanted(const struct job_cursor *cur, const struct job *job)
{
	struct core_bits *meant = cur->wanted ? job_tasks_meant(cur->wanted, &job->spec, &job->state) : NULL;
	bool wanted = !cur->wanted || meant->set > 0;
	free(meant);
	return wanted;
}

/* An array's records: first the one that has its number, then the youngest before the older ones, as the real
 * one lists them. */
static struct job *next_of_array(struct job_cursor *cur, uint32_t id)
{
	const struct cluster *c = cur->base.peer->ctl->cluster;
	struct job *job, *own = job_by_id(c, id);
	if (own && own->spec.array_job_id != id)
		own = NULL;
	if (!cur->in_array) {
		const char *tasks = cur->id_at < cur->query.tasks.n ? cur->query.tasks.v[cur->id_at] : "";
		cur->wanted = *tasks ? taskset_parse(tasks, TASKS_END, NULL, NULL) : NULL;
		cur->in_array = true;
		cur->last = UINT64_MAX;
		if (own && is_wanted(cur, own))
			return own;
	}
	while ((job = array_before(c, id, cur->last))) {
		cur->last = job->serial;
		if (job != own && is_wanted(cur, job))
			return job;
	}
	free(cur->wanted);
	cur->wanted = NULL;
	cur->in_array = false;
	return NULL;
}

/* The next of those that the query names. */
static struct job *next_named(struct job_cursor *cur)
{
	const struct cluster *c = cur->base.peer->ctl->cluster;
	for (; cur->id_at < cur->query.job_ids.n; cur->id_at++) {
		uint32_t id = cur->query.job_ids.v[cur->id_at];
		struct job *job;
		if (cur->in_array || array_next(c, id, NULL)) {
			if ((job = next_of_array(cur, id)))
				return job;
		} else if ((job = job_by_id(c, id)) &&
		           job_named(&cur->query.job_ids, &cur->query.tasks, &job->spec, &job->state)) {
			cur->id_at++;
			return job;
		}
	}
	return NULL;
}

/* The next job that the query may mean; NULL at the end. */
static struct job *next_job(struct job_cursor *cur)
{
	struct cluster *c = cur->base.peer->ctl->cluster;
	struct job *job;
	if (cur->query.job_ids.n > 0)
		return next_named(cur);
	job = job_after(c, cur->last);
	if (job)
		cur->last = job->serial;
	return job;
}

static bool jobs_next(struct cursor *base)
{
	struct job_cursor *cur = (struct job_cursor *)(void *)base;
	struct controller *ctl = base->peer->ctl;
	struct job_list m;
	int64_t until = loop_clock() + CHUNK_US;
	unsigned looked = 0;
	arena_reset(&cur->chunk);
	schema_init(schema_of_job_list(), &m);
	m.jobs.v = arena_array(&cur->chunk, CHUNK_ROWS, sizeof(*m.jobs.v));
	m.last = true;
	m.now = controller_now();
	for (struct job *job; m.last && (job = next_job(cur));) {
		if (job->spec.who && job_filter_wants(&cur->filter, &job->spec, &job->state))
			fill_job(cur, job, &m.jobs.v[m.jobs.n++], &cur->chunk);
		if (m.jobs.n == CHUNK_ROWS || (++looked % CLOCK_EVERY == 0 && loop_clock() > until))
			m.last = false;
	}
	outbox_add(ctl->outbox, base->peer->id, MSG_job_list, base->id, false, &m);
	return m.last;
}

static void jobs_free(struct cursor *base)
{
	struct job_cursor *cur = (struct job_cursor *)(void *)base;
	hostlist_free(cur->filter.nodes);
	free(cur->wanted);
	arena_free(&cur->chunk);
	arena_free(&cur->arena);
	free(cur);
}

int on_job_query(struct request *r, struct err *err)
{
	const struct job_query *m = r->m;
	struct hostlist *nodes = m->nodes ? hostlist_parse(m->nodes, err) : NULL;
	if (m->nodes && !nodes)
		return -1;
	/* One job that isn't there is an error, of several none is: as the real one answers. */
	if (m->job_ids.n == 1 && !job_by_id(r->ctl->cluster, m->job_ids.v[0]) &&
	    !array_next(r->ctl->cluster, m->job_ids.v[0], NULL)) {
		hostlist_free(nodes);
		return err_set(err, ERR_INVALID_JOB_ID, "%s", "");
	}
	struct job_cursor *cur = xcalloc(1, sizeof(*cur));
	arena_init(&cur->arena);
	arena_init(&cur->chunk);
	cur->chunk.keep_large = true;
	schema_copy(schema_of_job_query(), &cur->query, m, &cur->arena);
	cur->filter = (struct job_filter){.uids = cur->query.uids,
	                                  .users = cur->query.users,
	                                  .names = cur->query.names,
	                                  .accounts = cur->query.accounts,
	                                  .qoses = cur->query.qoses,
	                                  .reservations = cur->query.reservations,
	                                  .wckeys = cur->query.wckeys,
	                                  .licenses = cur->query.licenses,
	                                  .partitions = cur->query.partitions,
	                                  .states = cur->query.all_states ? (struct schema_u32s){NULL, 0}
	                                                                  : cur->query.states,
	                                  .nodes = nodes,
	                                  .live_only = !cur->query.all_states};
	cursor_start(&cur->base, r, jobs_next, jobs_free);
	return 0;
}

/* ---- nodes ---- */

struct node_parts {
	struct schema_strs names;
	uint64_t billing; /* of the whole node, in the dearest of them */
};

struct node_cursor {
	struct cursor base;
	struct hostlist *nodes;
	bool future, cloud; /* these are shown too */
	size_t at;
	struct map parts_of; /* node index + 1 -> struct node_parts, in the arena */
	struct arena arena;
};

static void map_parts(struct node_cursor *cur, const struct cluster *c)
{
	const struct part *part;
	size_t count = 0;
	while (part_at(c, count))
		count++;
	for (size_t p = 0; (part = part_at(c, p)); p++) {
		for (size_t i = 0; i < part->conf->node_count; i++) {
			uint64_t key = (uint64_t)part->conf->node_index[i] + 1;
			const struct core_node_conf *node = node_at(c, part->conf->node_index[i])->conf;
			const struct tres all = {
			        .v = {[TRES_CPU] = node->cpus, [TRES_MEM] = node->real_memory}};
			const uint64_t billing = part_billing(c, part, &all);
			struct node_parts *parts = map_get(&cur->parts_of, key);
			if (!parts) {
				parts = arena_alloc(&cur->arena, sizeof(*parts));
				parts->names.v = arena_array(&cur->arena, count, sizeof(char *));
				map_put(&cur->parts_of, key, parts);
			}
			parts->names.v[parts->names.n++] = arena_strdup(&cur->arena, part->conf->name);
			parts->billing = billing > parts->billing ? billing : parts->billing;
		}
	}
}

static void fill_node(const struct node_cursor *cur, const struct node *node, struct node_info *info)
{
	const struct core_node_conf *conf = node->conf;
	const struct node_parts *parts = map_get(&cur->parts_of, (uint64_t)node->index + 1);
	schema_init(schema_of_node_info(), info);
	info->name = conf->name;
	info->addr = conf->addr;
	info->hostname = conf->hostname;
	info->port = conf->port;
	info->state = (struct node_state *)(uintptr_t)&node->state;
	info->base = node_shown_base(node);
	info->flags = node_shown_flags(node);
	info->cpus = conf->cpus;
	info->boards = conf->boards;
	info->sockets = conf->sockets;
	info->cores_per_socket = conf->cores_per_socket;
	info->threads_per_core = conf->threads_per_core;
	info->real_memory = conf->real_memory;
	info->tmp_disk = conf->tmp_disk;
	info->weight = conf->weight;
	info->features = conf->features;
	info->features_act = conf->features_act;
	info->gres = conf->gres;
	info->cpus_alloc = node_shown_cpus(node);
	info->mem_alloc = node->mem_alloc;
	info->cpu_load = node->cpu_load;
	info->free_mem = node->free_mem;
	if (parts) {
		info->partitions = parts->names;
		info->billing = parts->billing;
	}
}

/* Of what isn't there yet nothing is seen. */
static bool is_hidden(const struct node_cursor *cur, const struct node *node)
{
	return (node->state.base == NODE_FUTURE && !cur->future) ||
	       ((node->state.flags & NODE_FLAG_CLOUD) && (node->state.flags & NODE_FLAG_POWERED_DOWN) &&
	        !cur->cloud);
}

static bool nodes_next(struct cursor *base)
{
	struct node_cursor *cur = (struct node_cursor *)(void *)base;
	struct controller *ctl = base->peer->ctl;
	struct node_list m;
	struct arena arena;
	const struct node *node;
	arena_init(&arena);
	schema_init(schema_of_node_list(), &m);
	m.nodes.v = arena_array(&arena, CHUNK_ROWS, sizeof(*m.nodes.v));
	m.now = controller_now();
	while (m.nodes.n < CHUNK_ROWS && (node = node_at(ctl->cluster, cur->at))) {
		cur->at++;
		if (!is_hidden(cur, node) && (!cur->nodes || hostlist_contains(cur->nodes, node->conf->name)))
			fill_node(cur, node, &m.nodes.v[m.nodes.n++]);
	}
	m.last = node_at(ctl->cluster, cur->at) == NULL;
	outbox_add(ctl->outbox, base->peer->id, MSG_node_list, base->id, false, &m);
	arena_free(&arena);
	return m.last;
}

static void nodes_free(struct cursor *base)
{
	struct node_cursor *cur = (struct node_cursor *)(void *)base;
	hostlist_free(cur->nodes);
	map_free(&cur->parts_of);
	arena_free(&cur->arena);
	free(cur);
}

int on_node_query(struct request *r, struct err *err)
{
	const struct node_query *m = r->m;
	struct hostlist *nodes = m->nodes ? hostlist_parse(m->nodes, err) : NULL;
	if (m->nodes && !nodes)
		return -1;
	struct node_cursor *cur = xcalloc(1, sizeof(*cur));
	cur->nodes = nodes;
	cur->future = m->future;
	cur->cloud = conf_list_has(&r->ctl->file->conf, P_PrivateData, "cloud");
	arena_init(&cur->arena);
	map_init_u64(&cur->parts_of);
	map_parts(cur, r->ctl->cluster);
	cursor_start(&cur->base, r, nodes_next, nodes_free);
	return 0;
}

/* ---- partitions ---- */

static void fill_part(const struct cluster *c, const struct part *part, struct part_info *info,
                      struct arena *arena)
{
	const struct core_part_conf *conf = part->conf;
	struct tres tres = {0};
	struct text text = TEXT_EMPTY;
	schema_init(schema_of_part_info(), info);
	info->name = conf->name;
	info->nodes = conf->node_count ? conf->nodes : NULL;
	info->node_names.v = arena_array(arena, conf->node_count, sizeof(char *));
	for (size_t i = 0; i < conf->node_count; i++) {
		const struct core_node_conf *node = node_at(c, conf->node_index[i])->conf;
		info->node_names.v[info->node_names.n++] = node->name;
		tres.v[TRES_CPU] += node->cpus;
		tres.v[TRES_MEM] += node->real_memory;
	}
	tres.v[TRES_NODE] = conf->node_count;
	tres.v[TRES_BILLING] = part_billing(c, part, &tres);
	tres_print(&tres, &text);
	info->billing = conf->billing;
	info->deny_accounts = conf->deny_accounts;
	info->tres = conf->node_count ? arena_strdup(arena, text_str(&text)) : NULL;
	text_free(&text);
	info->total_cpus = (uint32_t)tres.v[TRES_CPU];
	info->total_nodes = (uint32_t)conf->node_count;
	info->is_default = conf->is_default;
	info->hidden = conf->hidden;
	info->root_only = conf->root_only;
	info->lln = conf->lln;
	info->select_flags = conf->select_flags;
	info->exclusive_user = conf->exclusive_user;
	info->no_root_jobs = conf->no_root_jobs;
	info->max_time_min = conf->max_time_min;
	info->default_time_min = conf->default_time_min;
	info->max_nodes = conf->max_nodes;
	info->min_nodes = conf->min_nodes;
	info->max_cpus_per_node = conf->max_cpus_per_node;
	info->priority_tier = conf->priority_tier;
	info->priority_job_factor = conf->priority_job_factor;
	info->def_mem_per_node = conf->def_mem_per_node;
	info->def_mem_per_cpu = conf->def_mem_per_cpu;
	info->max_mem_per_node = conf->max_mem_per_node;
	info->max_mem_per_cpu = conf->max_mem_per_cpu;
	info->grace_time_s = conf->grace_time_s;
	info->over_time_limit_min = conf->over_time_limit_min;
	info->state = part->state;
	info->allow_groups = conf->allow_groups;
	info->allow_accounts = conf->allow_accounts;
	info->allow_qos = conf->allow_qos;
	info->alloc_nodes = conf->alloc_nodes;
	info->deny_qos = conf->deny_qos;
	info->qos = conf->qos;
	info->alternate = conf->alternate;
	info->cpu_bind = conf->cpu_bind;
	info->preempt_mode = conf->preempt_mode;
	info->req_resv = conf->req_resv;
	info->def_cpu_per_gpu = conf->def_cpu_per_gpu;
	info->def_mem_per_gpu = conf->def_mem_per_gpu;
	info->oversubscribe = conf->oversubscribe;
	info->oversubscribe_max = conf->oversubscribe_max;
}

int on_part_query(struct request *r, struct err *err)
{
	const struct part_query *m = r->m;
	const struct cluster *c = r->ctl->cluster;
	struct part_list list;
	size_t count = 0;
	schema_init(schema_of_part_list(), &list);
	for (uint32_t i = 0; i < m->names.n; i++)
		if (!part_by_name(c, m->names.v[i]) && m->names.n == 1)
			return err_set(err, ERR_INVALID_PARTITION, "%s", "");
	while (part_at(c, count))
		count++;
	list.parts.v = arena_array(&r->arena, count, sizeof(*list.parts.v));
	list.now = controller_now();
	for (size_t i = 0; i < count; i++) {
		const struct part *part = part_at(c, i);
		bool wanted = m->names.n == 0;
		for (uint32_t k = 0; k < m->names.n && !wanted; k++)
			wanted = text_eq(m->names.v[k], part->conf->name);
		if (wanted)
			fill_part(c, part, &list.parts.v[list.parts.n++], &r->arena);
	}
	answer(r, MSG_part_list, &list);
	return 0;
}
