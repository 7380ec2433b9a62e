/* What the store learned later: partitions that were set at run time, and a history that ends. */
#include "applets/controller/store.h"
#include "applets/controller/store_db.h"
#include "core/util/arena.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

struct fixture {
	char dir[64];
	struct loop *loop;
	struct store *store;
	struct err err;
	char parts[256]; /* those that were loaded */
};

static void on_committed(void *ctx, uint64_t seq)
{
	(void)ctx;
	(void)seq;
}

static void on_failed(void *ctx, const struct err *err)
{
	(void)ctx;
	fail_msg("%s", err_text(err));
}

static const struct store_ops ops = {.committed = on_committed, .failed = on_failed};

static void start(struct fixture *f)
{
	const struct store_conf conf = {.dir = f->dir};
	f->store = store_open(f->loop, &conf, &ops, f, &f->err);
	if (!f->store)
		fail_msg("%s", err_text(&f->err));
}

static void commit(struct fixture *f)
{
	if (store_commit_now(f->store, &f->err) != 0)
		fail_msg("%s", err_text(&f->err));
}

static void shut(struct fixture *f)
{
	store_close(f->store);
	f->store = NULL;
	loop_once(f->loop, 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	text_copy(f->dir, sizeof(f->dir), "/tmp/bbstore-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->loop = loop_new(&f->err);
	assert_non_null(f->loop);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	if (f->store)
		shut(f);
	loop_free(f->loop);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static int64_t sql_value(struct fixture *f, const char *file, const char *statement)
{
	char *path = xprintf("%s/%s", f->dir, file);
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, statement, -1, &s, NULL), SQLITE_OK);
	int64_t value = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;
	sqlite3_finalize(s);
	sqlite3_close(db);
	free(path);
	return value;
}

static int take(void *ctx, const struct schema *schema, const void *record, struct err *err)
{
	struct fixture *f = ctx;
	(void)err;
	if (schema == schema_of_part_record()) {
		const struct part_record *part = record;
		size_t at = strlen(f->parts);
		snprintf(f->parts + at, sizeof(f->parts) - at, "%s=%u ", part->name, part->max_time_min);
	}
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
	start(f);
	change_part(f, "a", 1);
	change_part(f, "b", 2);
	change_part(f, "c", 3);
	change_part(f, "a", 10);
	store_change(f->store, schema_of_part_gone(), &gone);
	commit(f);
	shut(f);
	start(f);
	assert_int_equal(store_load(f->store, take, f, &f->err), 0);
	assert_string_equal(f->parts, "a=10 c=3 ");
}

/* A database of the release before has no such table, and gets it. */
static void an_older_database_is_opened(void **state)
{
	struct fixture *f = *state;
	start(f);
	shut(f);
	sql_value(f, "state.db", "DROP TABLE part");
	start(f);
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
	start(f);
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
