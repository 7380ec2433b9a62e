/* The store has what memory has. */
#include "test/sim/sim.h"
#include "core/util/arena.h"

#include <stdlib.h>
#include <string.h>

static void compare(struct world *w, const struct schema *schema, const void *record, uint64_t key,
                    uint64_t sub, const char *name)
{
	const struct row *row = store_get(&w->store, schema->number, key, sub, name);
	struct row *now = row_of(schema, record);
	bool same = row && row->n == now->n && memcmp(row->bytes, now->bytes, now->n) == 0;
	row_free(now);
	if (!same)
		world_fail(w, "%s of serial %llu %s is not in the store as it is in memory", schema->name,
		           (unsigned long long)key, name);
}

static void compare_state(struct world *w, const struct job *job)
{
	const struct row *row = store_get(&w->store, schema_of_job_state()->number, job->serial, 0, "");
	struct job_state stored;
	struct err err = {0};
	uint32_t differs = 0;
	if (!row || schema_decode(schema_of_job_state(), &stored, row->bytes, row->n, NULL, &err) != 0)
		world_fail(w, "job %u is not in the store", job->job_id);
	stored.last_sched_eval = job->state.last_sched_eval; /* derived */
	if (w->conf.priority.multifactor)
		stored.priority = job->state.priority; /* likewise */
	/* What is back is stored at the latest when something starts there; a prolog that is not noted as
	 * over is only asked for again. */
	for (uint32_t i = 0; !list_empty(&job->in_unsaved) && i < stored.nodes.n && i < job->state.nodes.n;
	     i++)
		if (stored.nodes.v[i].phase == ALLOC_ENDING ||
		    (stored.nodes.v[i].phase == ALLOC_PROLOG && job->state.nodes.v[i].phase == ALLOC_READY))
			stored.nodes.v[i].phase = job->state.nodes.v[i].phase;
	differs = schema_differs(schema_of_job_state(), &stored, &job->state);
	schema_free(schema_of_job_state(), &stored);
	if (differs != 0)
		world_fail(w, "job %u differs from the store in field %u of its state", job->job_id, differs);
}

static void compare_node(struct world *w, const struct node *node)
{
	const struct row *row = store_get(&w->store, schema_of_node_state()->number, 0, 0, node->conf->name);
	struct node_state stored;
	uint32_t differs = 0;
	if (!row) {
		if (node->connected)
			world_fail(w, "%s is connected and not in the store", node->conf->name);
		return;
	}
	if (schema_decode(schema_of_node_state(), &stored, row->bytes, row->n, NULL, NULL) != 0)
		world_fail(w, "%s can't be read from the store", node->conf->name);
	stored.last_busy = node->state.last_busy; /* not worth a change of its own */
	if (stored.base == NODE_FUTURE || node->state.base == NODE_FUTURE)
		stored.base = node->state.base; /* the configuration's word */
	differs = schema_differs(schema_of_node_state(), &stored, &node->state);
	schema_free(schema_of_node_state(), &stored);
	if (differs != 0)
		world_fail(w, "%s differs from the store in field %u", node->conf->name, differs);
}

void property_store(struct world *w)
{
	size_t rows = 1 + part_record_count(w->c), history = 0, nodes = 0;
	compare(w, schema_of_meta(), cluster_meta(w->c), 0, 0, "");
	for (const struct job *job = job_next(w->c, NULL); job; job = job_next(w->c, job)) {
		compare(w, schema_of_job_spec(), &job->spec, job->serial, 0, "");
		compare_state(w, job);
		rows += 2;
		list_each (it, &job->steps) {
			const struct step_record *r = &list_entry(it, struct step, in_job)->record;
			compare(w, schema_of_step_record(), r, r->serial, r->step_id, "");
			rows++;
		}
	}
	for (size_t i = 0; node_at(w->c, i); i++)
		compare_node(w, node_at(w->c, i));
	list_each (it, &w->store.all) {
		const struct row *row = list_entry(it, struct row, in_all);
		history += row->kind == schema_of_history_job()->number;
		nodes += row->kind == schema_of_node_state()->number;
	}
	if (rows + history + nodes != w->store.count)
		world_fail(w, "the store has %zu live rows, memory has %zu", w->store.count - history - nodes,
		           rows);
	for (uint64_t serial = 1; serial < cluster_meta(w->c)->next_serial; serial++)
		if (map_get(&w->acked, serial) && !job_by_serial(w->c, serial) &&
		    !store_get(&w->store, schema_of_history_job()->number, serial, 0, ""))
			world_fail(w, "the job of serial %llu was acknowledged and is lost",
			           (unsigned long long)serial);
}
