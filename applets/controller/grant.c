/* The messages that say what a job or step has: job_ready, step_ready and the workers' grants. */
#include "applets/controller/controller.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static char *compressed(struct hostlist *h, struct arena *arena)
{
	struct text out = TEXT_EMPTY;
	hostlist_compress(h, &out);
	char *s = arena_strdup(arena, text_str(&out));
	text_free(&out);
	hostlist_free(h);
	return s;
}

char *alloc_node_list(const struct node_alloc_list *nodes, struct arena *arena)
{
	struct hostlist *h = hostlist_new();
	for (uint32_t i = 0; i < nodes->n; i++)
		hostlist_add_name(h, nodes->v[i].node);
	return compressed(h, arena);
}

char *job_node_list(const struct job *job, struct arena *arena)
{
	return alloc_node_list(&job->state.nodes, arena);
}

char *step_node_list(const struct step_record *record, struct arena *arena)
{
	struct hostlist *h = hostlist_new();
	for (uint32_t i = 0; i < record->nodes.n; i++)
		hostlist_add_name(h, record->nodes.v[i].node);
	return compressed(h, arena);
}

void print_per_node(const uint32_t *v, uint32_t n, struct text *out)
{
	for (uint32_t i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n && v[i + same] == v[i];)
			same++;
		text_printf(out, same > 1 ? "%s%u(x%u)" : "%s%u", i ? "," : "", v[i], same);
	}
}

/* ---- the allocation ---- */

void fill_job_ready(struct controller *ctl, const struct job *job, struct job_ready *m, struct arena *arena)
{
	uint32_t n = job->state.nodes.n;
	schema_init(schema_of_job_ready(), m);
	m->job_id = job->job_id;
	m->serial = job->serial;
	m->nodes = job_node_list(job, arena);
	m->node_count = n;
	m->cpus_per_node = (struct schema_u32s){arena_array(arena, n, sizeof(uint32_t)), n};
	m->tasks_per_node = (struct schema_u32s){arena_array(arena, n, sizeof(uint32_t)), n};
	m->node_addrs = (struct schema_strs){arena_array(arena, n, sizeof(char *)), n};
	for (uint32_t i = 0; i < n; i++) {
		const struct node_alloc *share = &job->state.nodes.v[i];
		const struct node *node = node_by_name(ctl->cluster, share->node);
		m->cpus_per_node.v[i] = share->cpus;
		m->tasks_per_node.v[i] = job_tasks_on(job, share);
		m->node_addrs.v[i] = node ? node->conf->addr : share->node;
	}
	m->partition = job->state.partition;
	m->tasks = job->spec.tasks;
	m->tasks_set = job->spec.tasks_set;
	m->nodes_min = job->spec.nodes_min;
	m->time_limit_min = job->state.time_limit_min;
	m->mem_per_node = job->spec.mem_per_node;
	m->mem_per_cpu = job->spec.mem_per_cpu;
	m->cluster_name = cluster_conf_of(ctl->cluster)->cluster_name;
	m->who = job->spec.who;
	m->job_name = job->spec.name;
	m->configuring = job_awaits_nodes(job);
	m->cpus_per_task = job->spec.cpus_per_task_set ? job->spec.cpus_per_task : 0;
}

void send_job_ready(struct controller *ctl, const struct job *job, struct waiter *w)
{
	struct job_ready m;
	struct arena arena;
	arena_init(&arena);
	fill_job_ready(ctl, job, &m, &arena);
	outbox_add(ctl->outbox, w->peer->id, MSG_job_ready, w->id, false, &m);
	w->ready = true;
	arena_free(&arena);
}

/* ---- grants ---- */

uint64_t seconds_left(const struct job *job, const struct step *step, core_time now)
{
	core_time end = job->limit_at;
	if (step && step->limit_at && (end == 0 || step->limit_at < end))
		end = step->limit_at;
	if (end == 0)
		return 0;
	return end > now ? (uint64_t)((end - now) / CORE_SECOND) + 1 : 1;
}

static uint32_t share_index(const struct job *job, const char *node)
{
	for (uint32_t i = 0; i < job->state.nodes.n; i++)
		if (strcmp(job->state.nodes.v[i].node, node) == 0)
			return i;
	return 0;
}

void fill_grant(struct controller *ctl, const struct job *job, const struct step *step, uint32_t index,
                struct step_grant *m, struct arena *arena)
{
	const struct step_record *r = &step->record;
	const struct step_node *sn = &r->nodes.v[index];
	const struct node *node = node_by_name(ctl->cluster, sn->node);
	const struct meta *meta = cluster_meta(ctl->cluster);
	const struct cluster_conf *conf = cluster_conf_of(ctl->cluster);
	uint32_t at = share_index(job, sn->node);
	const struct node_alloc *share = &job->state.nodes.v[at];
	bool batch = r->step_id == CORE_STEP_BATCH;
	schema_init(schema_of_step_grant(), m);
	m->epoch = meta->epoch;
	m->serial = job->serial;
	m->attempt = r->attempt;
	m->step_id = r->step_id;
	m->launch = r->launch;
	m->job_id = job->job_id;
	m->who = job->spec.who;
	m->node_index = batch ? at : index;
	m->job_node_index = at;
	m->cores = sn->cores.n ? sn->cores : share->cores;
	m->mem = sn->mem ? sn->mem : share->mem;
	if (!batch) {
		m->job_mem = share->mem;
		m->job_cores = share->cores;
	}
	m->tasks = sn->tasks;
	m->task_count = r->tasks;
	m->cpus_per_task = r->cpus_per_task;
	m->cpus_on_node = share->cpus;
	if (!batch && sn->cores.n && node && sn->cores.n * node->cpus_per_core < share->cpus)
		m->cpus_on_node = sn->cores.n * node->cpus_per_core;
	m->job_nodes = job_node_list(job, arena);
	m->step_nodes = step_node_list(r, arena);
	m->job_name = job->spec.name;
	m->partition = job->state.partition;
	m->cpu_bind = job->part ? job->part->conf->cpu_bind : NULL;
	m->time_left_s = seconds_left(job, step, controller_now());
	m->instance = meta->instance;
	m->node = sn->node;
	m->node_addr = node ? node->conf->addr : NULL;
	m->kill_wait_s = conf->kill_wait_s;
	m->step_name = r->name;
	m->work_dir = job->spec.work_dir;
	m->cluster_name = conf->cluster_name;
	m->limits = job->spec.limits;
	if (conf_str(&ctl->file->conf, P_Prolog))
		m->hook_env = hook_env(ctl, job, HOOK_WORKER, false, arena);
	if (job->spec.array_job_id) {
		struct array_facts facts = array_facts(job);
		m->array_job_id = job->spec.array_job_id;
		m->array_task_id = job->spec.array_task_id;
		m->array_count = facts.count;
		m->array_min = facts.min;
		m->array_max = facts.max;
		m->array_step = facts.step;
	}
}

/* ---- a step for its srun ---- */

int fill_step_place(struct controller *ctl, char *name, struct key_step_of *of, struct step_place *place,
                    struct arena *arena, struct err *err)
{
	const struct node *node = node_by_name(ctl->cluster, name);
	const struct peer *worker = worker_of(ctl, name);
	const struct key_host *key = worker_key(ctl, name, err);
	if (!key || !node)
		return err_set(err, ERR_INVALID_NODE_NAME, "node %s is not in the configuration", name);
	memcpy(of->instance, cluster_meta(ctl->cluster)->instance.v, sizeof(of->instance));
	place->node = name;
	place->addr = node->conf->addr;
	place->port = worker && worker->worker->port ? worker->worker->port : node->conf->port;
	place->key = (struct schema_bytes){arena_alloc(arena, KEY_SIZE), KEY_SIZE};
	place->kid = (struct schema_bytes){arena_alloc(arena, KEY_ID_SIZE), KEY_ID_SIZE};
	/* The key that the worker uses just now: in a rotation it may not know another one yet. */
	memcpy(place->kid.v, worker ? conn_peer(worker->conn)->kid : key_host_id(key), KEY_ID_SIZE);
	if (!key_step_derive_of(key, place->kid.v, of, place->key.v)) {
		memcpy(place->kid.v, key_host_id(key), KEY_ID_SIZE);
		key_step_derive(key, of, place->key.v);
	}
	return 0;
}

void wipe_step_places(struct step_ready *m)
{
	for (uint32_t i = 0; i < m->places.n; i++)
		if (m->places.v[i].key.v)
			sodium_memzero(m->places.v[i].key.v, KEY_SIZE);
}

static int fill_place(struct controller *ctl, const struct step *step, uint32_t i, uint32_t rights,
                      struct step_place *place, struct arena *arena, struct err *err)
{
	const struct step_node *sn = &step->record.nodes.v[i];
	struct key_step_of of = {.serial = step->record.serial,
	                         .step_id = step->record.step_id,
	                         .launch = step->record.launch,
	                         .uid = step->job->spec.who->uid,
	                         .rights = rights};
	if (fill_step_place(ctl, sn->node, &of, place, arena, err) != 0)
		return -1;
	const struct node *node = node_by_name(ctl->cluster, sn->node);
	place->tasks = sn->tasks;
	place->cpus = sn->cores.n * (node->cpus_per_core ? node->cpus_per_core : 1);
	return 0;
}

void send_step_ready(struct controller *ctl, const struct step *step, uint32_t rights, struct peer *peer,
                     uint64_t id)
{
	const struct step_record *r = &step->record;
	struct step_ready m;
	struct arena arena;
	struct err err = {0};
	int rc = 0;
	arena_init(&arena);
	schema_init(schema_of_step_ready(), &m);
	m.job_id = step->job->job_id;
	m.serial = r->serial;
	m.step_id = r->step_id;
	m.launch = r->launch;
	m.rights = rights;
	m.uid = step->job->spec.who->uid;
	m.instance = cluster_meta(ctl->cluster)->instance;
	m.places.v = arena_array(&arena, r->nodes.n, sizeof(*m.places.v));
	m.places.n = r->nodes.n;
	m.tasks = r->tasks;
	m.nodes = step_node_list(r, &arena);
	m.cpus_per_task = r->cpus_per_task;
	for (uint32_t i = 0; rc == 0 && i < r->nodes.n; i++) {
		schema_init(schema_of_step_place(), &m.places.v[i]);
		rc = fill_place(ctl, step, i, m.rights, &m.places.v[i], &arena, &err);
	}
	if (rc == 0)
		outbox_add(ctl->outbox, peer->id, MSG_step_ready, id, false, &m);
	else
		outbox_add_error(ctl->outbox, peer->id, id, &err, NULL);
	wipe_step_places(&m);
	arena_free(&arena);
}
