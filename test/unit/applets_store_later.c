/* What the store learned later: partitions that were set at run time, and a history that ends. */
#include "test/unit/applets_store_fixture.h"

/* Partitions, into a text. */
static int take(void *ctx, const struct schema *schema, const void *record, struct err *err)
{
	const struct part_record *part = record;
	(void)err;
	if (schema == schema_of_part_record())
		text_printf(ctx, "%s=%u ", part->name, part->max_time_min);
	return 0;
}

static void change_part(struct fixture *f, const char *name, uint32_t minutes)
{
	struct part_record part;
	schema_init(schema_of_part_record(), &part);
	part.name = (char *)(uintptr_t)name;
	part.max_time_min = minutes;
	store_change(f->store, schema_of_part_record(), &part);
}

static void partitions_are_stored_by_name(void **state)
{
	struct fixture *f = *state;
	const struct part_gone gone = {.name = (char *)(uintptr_t) "b"};
	must_open(f);
	change_part(f, "a", 1);
	change_part(f, "b", 2);
	change_part(f, "c", 3);
	change_part(f, "a", 10);
	store_change(f->store, schema_of_part_gone(), &gone);
	commit(f);
	shut(f);
	must_open(f);
	struct text parts = TEXT_EMPTY;
	assert_int_equal(store_load(f->store, take, &parts, &f->err), 0);
	assert_string_equal(text_str(&parts), "a=10 c=3 ");
	text_free(&parts);
}

/* A database of the release before has no such table, and gets it. */
static void an_older_database_is_opened(void **state)
{
	struct fixture *f = *state;
	must_open(f);
	shut(f);
	sql(f, "state.db", "DROP TABLE part");
	must_open(f);
	change_part(f, "a", 1);
	commit(f);
	shut(f);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM part"), 1);
}

static void end_job(struct fixture *f, uint64_t serial, int64_t end_s)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job_state job;
	schema_init(schema_of_job_spec(), &spec);
	schema_init(schema_of_job_state(), &job);
	spec.serial = job.serial = serial;
	spec.job_id = (uint32_t)serial;
	spec.who = &who;
	job.end_time = end_s * CORE_SECOND;
	const struct history_job history = {.serial = serial, .spec = &spec, .state = &job};
	store_change(f->store, schema_of_history_job(), &history);
}

static void the_history_ends_in_slices(void **state)
{
	struct fixture *f = *state;
	must_open(f);
	for (uint64_t i = 1; i <= 1200; i++)
		end_job(f, i, (int64_t)i);
	commit(f);
	store_purge(f->store, 1001);
	commit(f);
	assert_int_equal(sql_value(f, "history.db", "SELECT count(*) FROM job"), 700);
	store_purge(f->store, 1001);
	store_purge(f->store, 1001);
	commit(f);
	assert_int_equal(sql_value(f, "history.db", "SELECT count(*) FROM job"), 200);
	assert_int_equal(sql_value(f, "history.db", "SELECT min(serial) FROM job"), 1001);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(partitions_are_stored_by_name),
	        T(an_older_database_is_opened),
	        T(the_history_ends_in_slices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
