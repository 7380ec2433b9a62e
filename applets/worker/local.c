/* What users of this host ask their slurmd: scontrol listpids, pidinfo, show slurmd. All of it may be seen in
 * /proc and in squeue; a session comes with a ticket that we made, so its user is of this host. */
#include "applets/applet.h"
#include "applets/worker/processes.h"
#include "applets/worker/worker.h"
#include "core/util/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct answer {
	struct worker *w;
	const struct local_query *query;
	struct process_table *table;
	struct local_reply m;
	size_t cap;
	struct arena *arena;
};

static bool is_running(const struct launch *l)
{
	return l->state == LAUNCH_RUNNING && !l->foreign && l->pid > 0;
}

static void add(struct answer *a, const struct launch *l, pid_t pid, uint32_t local, uint32_t global)
{
	if (a->m.processes.n == a->cap) {
		size_t cap = a->cap ? a->cap * 2 : 64;
		struct local_process *longer = arena_array(a->arena, cap, sizeof(*longer));
		if (a->cap)
			memcpy(longer, a->m.processes.v, a->cap * sizeof(*longer));
		a->m.processes.v = longer;
		a->cap = cap;
	}
	a->m.processes.v[a->m.processes.n++] = (struct local_process){.pid = (uint32_t)pid,
	                                                              .job_id = l->job_id,
	                                                              .step_id = l->step_id,
	                                                              .local = local,
	                                                              .global = global};
}

static bool is_task(const uint64_t *tasks, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (tasks[i] == (uint64_t)pid)
			return true;
	return false;
}

/* The step's tasks that are left, then their descendants. */
static void add_step(struct answer *a, const struct launch *l)
{
	struct launch_record record;
	size_t n = 0;
	if (spool_read_grant(&a->w->spool, l->number, &record, NULL) != 0)
		return;
	uint64_t *tasks = spool_read_tasks(&a->w->spool, l->number, &n);
	const struct schema_u32s *numbers = &record.grant->tasks;
	for (size_t i = 0; i < n; i++)
		if (process_table_descends(a->table, (pid_t)tasks[i], l->pid))
			add(a, l, (pid_t)tasks[i], (uint32_t)i, i < numbers->n ? numbers->v[i] : 0);
	const struct process *p;
	for (size_t i = 0; (p = process_table_at(a->table, i)); i++)
		if (p->state != 'Z' && process_table_descends(a->table, p->pid, l->pid) &&
		    !is_task(tasks, n, p->pid))
			add(a, l, p->pid, CORE_NO_VAL, CORE_NO_VAL);
	free(tasks);
	schema_free(schema_of_launch_record(), &record);
}

static bool is_wanted(const struct answer *a, const struct launch *l)
{
	const struct local_query *q = a->query;
	if (q->pid)
		return process_table_descends(a->table, (pid_t)q->pid, l->pid);
	return (q->job_id == 0 || q->job_id == l->job_id) &&
	       (q->step_id == CORE_NO_VAL || q->step_id == l->step_id);
}

static void fill(struct answer *a)
{
	struct worker *w = a->w;
	a->m.steps.v = arena_array(a->arena, map_count(&w->by_number), sizeof(*a->m.steps.v));
	list_each (it, &w->launches) {
		const struct launch *l = list_entry(it, struct launch, in_all);
		if (!is_running(l))
			continue;
		a->m.steps.v[a->m.steps.n++] = (struct launch_status){.serial = l->serial,
		                                                      .attempt = l->attempt,
		                                                      .step_id = l->step_id,
		                                                      .launch = l->number,
		                                                      .job_id = l->job_id};
		if (is_wanted(a, l) && a->query->pid)
			add(a, l, (pid_t)a->query->pid, CORE_NO_VAL, CORE_NO_VAL);
		else if (is_wanted(a, l))
			add_step(a, l);
	}
	a->m.node = (char *)(uintptr_t)w->node;
	a->m.host = w->host;
	a->m.hardware = &w->hardware;
	a->m.start_time = w->start_time;
	a->m.last_order = w->last_order;
	a->m.pid = (uint32_t)getpid();
	a->m.log_level = w->log.level;
	a->m.log_path = w->log.path;
	a->m.version = (char *)(uintptr_t)w->version;
}

static void message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct local_query query;
	struct arena arena;
	struct err err = {0};
	struct answer a = {.w = ctx, .query = &query, .arena = &arena};
	arena_init(&arena);
	if (type != MSG_local_query)
		err_set(&err, ERR_NOT_SUPPORTED, "%s is not for a slurmd", message_name(type));
	else if (schema_decode(schema_of_local_query(), &query, body, n, &arena, &err) == 0) {
		schema_init(schema_of_local_reply(), &a.m);
		a.table = process_table_new();
		fill(&a);
		conn_send(conn, MSG_local_reply, id, &a.m);
		process_table_free(a.table);
	}
	if (err.code)
		conn_send_error(conn, id, &err, NULL);
	arena_free(&arena);
}

static void closed(void *ctx, struct conn *conn, const struct err *err)
{
	(void)ctx, (void)conn, (void)err;
}

bool local_accepted(void *ctx, struct conn *conn)
{
	static const struct conn_ops ops = {.message = message, .closed = closed};
	if (conn_peer(conn)->kind != SESSION_USER)
		return false;
	conn_set_ctx(conn, &ops, ctx);
	return true;
}
