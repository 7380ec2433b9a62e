/* The changes as rows, as the controller's store keeps them: idempotent, the last one counts. */
#include "test/sim/sim.h"
#include "core/util/arena.h"

#include <stdlib.h>
#include <string.h>

static const struct schema *(*const kinds[])(void) = {
        schema_of_meta,        schema_of_job_spec,    schema_of_job_state, schema_of_step_record,
        schema_of_node_state,  schema_of_job_gone,    schema_of_step_gone, schema_of_node_gone,
        schema_of_history_job, schema_of_part_record, schema_of_part_gone,
};

const struct schema *schema_of_kind(uint32_t kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i]()->number == kind)
			return kinds[i]();
	return NULL;
}

static uint64_t key_hash(uint32_t kind, uint64_t key, uint64_t sub, const char *name)
{
	uint64_t h = kind * UINT64_C(1000003) + 1;
	h = (h ^ key) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ sub ^ (h >> 31)) * UINT64_C(0x9e3779b97f4a7c15);
	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return h ? h : 1;
}

void store_init(struct store *s)
{
	map_init_u64(&s->rows);
	list_init(&s->all);
	s->count = 0;
}

void row_free(struct row *row)
{
	free(row->bytes);
	free(row);
}

void store_free(struct store *s)
{
	list_each_safe (it, tmp, &s->all)
		row_free(list_entry(it, struct row, in_all));
	map_free(&s->rows);
}

struct row *row_of(const struct schema *schema, const void *record)
{
	struct row *row = xcalloc(1, sizeof(*row));
	struct text bytes = TEXT_EMPTY;
	row->kind = schema->number;
	list_init(&row->in_all);
	if (schema == schema_of_node_state())
		text_copy(row->name, sizeof(row->name), ((const struct node_state *)record)->name);
	else if (schema == schema_of_node_gone())
		text_copy(row->name, sizeof(row->name), ((const struct node_gone *)record)->name);
	else if (schema == schema_of_part_record())
		text_copy(row->name, sizeof(row->name), ((const struct part_record *)record)->name);
	else if (schema == schema_of_part_gone())
		text_copy(row->name, sizeof(row->name), ((const struct part_gone *)record)->name);
	else if (schema != schema_of_meta())
		row->key = *(const uint64_t *)record; /* each begins with its serial */
	if (schema == schema_of_step_record())
		row->sub = ((const struct step_record *)record)->step_id;
	else if (schema == schema_of_step_gone())
		row->sub = ((const struct step_gone *)record)->step_id;
	schema_encode(schema, record, &bytes);
	row->n = bytes.len;
	row->bytes = text_take(&bytes);
	return row;
}

const struct row *store_get(const struct store *s, uint32_t kind, uint64_t key, uint64_t sub,
                            const char *name)
{
	return map_get(&s->rows, key_hash(kind, key, sub, name));
}

static void drop(struct store *s, uint32_t kind, uint64_t key, uint64_t sub, const char *name)
{
	struct row *row = map_del(&s->rows, key_hash(kind, key, sub, name));
	if (!row)
		return;
	list_remove(&row->in_all);
	row_free(row);
	s->count--;
}

void store_apply(struct store *s, struct row *row)
{
	if (row->kind == schema_of_step_gone()->number) {
		drop(s, schema_of_step_record()->number, row->key, row->sub, "");
		row_free(row);
	} else if (row->kind == schema_of_job_gone()->number) {
		drop(s, schema_of_job_spec()->number, row->key, 0, "");
		drop(s, schema_of_job_state()->number, row->key, 0, "");
		row_free(row);
	} else if (row->kind == schema_of_node_gone()->number) {
		drop(s, schema_of_node_state()->number, 0, 0, row->name);
		row_free(row);
	} else if (row->kind == schema_of_part_gone()->number) {
		drop(s, schema_of_part_record()->number, 0, 0, row->name);
		row_free(row);
	} else {
		drop(s, row->kind, row->key, row->sub, row->name);
		map_put(&s->rows, key_hash(row->kind, row->key, row->sub, row->name), row);
		list_append(&s->all, &row->in_all);
		s->count++;
	}
}
