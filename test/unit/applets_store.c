/* The store: what was committed is there after reopening, and what is damaged, foreign, newer, locked or full
 * is said and never emptied. */
#include "test/unit/applets_store_fixture.h"

#include "core/util/log.h"
#include "core/util/text.h"
#include "test/unit/user_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs the loop until the store has answered about everything that it was handed. */
static void settle(struct fixture *f, uint64_t seq, int failures)
{
	for (int i = 0; i < 2000 && f->committed < seq && f->failures < failures; i++)
		loop_once(f->loop, 10);
	assert_true(f->committed >= seq || f->failures >= failures);
}

/* ---- what is expected ---- */

#define EXPECT_MAX 64
struct expected {
	const struct schema *schema;
	void *record;
	bool seen;
};
struct expectation {
	struct expected v[EXPECT_MAX];
	size_t n;
	struct arena arena;
	uint64_t seed;
};

static void *made_up(struct expectation *e, const struct schema *schema)
{
	void *record = arena_alloc(&e->arena, schema->size);
	schema_random(schema, record, &e->seed, &e->arena);
	return record;
}

static void expect(struct expectation *e, const struct schema *schema, void *record)
{
	assert_true(e->n < EXPECT_MAX);
	e->v[e->n++] = (struct expected){schema, record, false};
}

static int check_row(void *ctx, const struct schema *schema, const void *record, struct err *err)
{
	struct expectation *e = ctx;
	for (size_t i = 0; i < e->n; i++) {
		if (!e->v[i].seen && e->v[i].schema == schema &&
		    schema_differs(schema, e->v[i].record, record) == 0) {
			e->v[i].seen = true;
			return 0;
		}
	}
	return err_set(err, ERR_INTERNAL, "a row of kind %s that nobody stored", schema->name);
}

static void check_all(struct fixture *f, struct expectation *e)
{
	for (size_t i = 0; i < e->n; i++)
		e->v[i].seen = false;
	if (store_load(f->store, check_row, e, &f->err) != 0)
		fail_msg("%s", err_text(&f->err));
	for (size_t i = 0; i < e->n; i++)
		if (!e->v[i].seen)
			fail_msg("row %zu of kind %s is missing", i, e->v[i].schema->name);
}

static struct job_spec *add_spec(struct fixture *f, struct expectation *e, uint64_t serial)
{
	struct job_spec *spec = made_up(e, schema_of_job_spec());
	struct job_state *state = made_up(e, schema_of_job_state());
	spec->serial = state->serial = serial;
	spec->script_hash.n = spec->env_hash.n = 0;
	spec->job_id = (uint32_t)serial + 100;
	store_change(f->store, schema_of_job_spec(), spec);
	store_change(f->store, schema_of_job_state(), state);
	expect(e, schema_of_job_spec(), spec);
	expect(e, schema_of_job_state(), state);
	return spec;
}

static void add_all_kinds(struct fixture *f, struct expectation *e)
{
	struct meta *meta = made_up(e, schema_of_meta());
	store_change(f->store, schema_of_meta(), meta);
	expect(e, schema_of_meta(), meta);
	for (uint64_t serial = 1; serial <= 5; serial++) {
		add_spec(f, e, serial);
		struct step_record *step = made_up(e, schema_of_step_record());
		step->serial = serial;
		step->step_id = serial == 1 ? CORE_STEP_BATCH : 0;
		store_change(f->store, schema_of_step_record(), step);
		expect(e, schema_of_step_record(), step);
	}
	for (int i = 0; i < 3; i++) {
		struct node_state *node = made_up(e, schema_of_node_state());
		node->name = arena_printf(&e->arena, "node-%d", i);
		store_change(f->store, schema_of_node_state(), node);
		expect(e, schema_of_node_state(), node);
	}
}

static void expectation_init(struct expectation *e)
{
	memset(e, 0, sizeof(*e));
	arena_init(&e->arena);
	e->seed = 42;
}

/* ---- tests ---- */

static void test_every_kind_comes_back(void **state)
{
	struct fixture *f = *state;
	struct expectation e;
	expectation_init(&e);
	must_open(f);
	assert_true(store_is_new(f->store));
	add_all_kinds(f, &e);
	uint64_t seq = store_seq(f->store);
	assert_int_equal(seq, e.n);
	commit(f);
	check_all(f, &e);
	shut(f);
	must_open(f);
	assert_false(store_is_new(f->store));
	assert_int_equal(store_seq(f->store), seq);
	check_all(f, &e);
	arena_free(&e.arena);
}

static void test_later_rows_replace_and_removals_remove(void **state)
{
	struct fixture *f = *state;
	struct expectation e;
	expectation_init(&e);
	must_open(f);
	struct job_spec *one = add_spec(f, &e, 1);
	one->name = arena_strdup(&e.arena, "renamed");
	store_change(f->store, schema_of_job_spec(), one);
	e.n = 2;
	struct expectation gone;
	expectation_init(&gone);
	add_spec(f, &gone, 2);
	struct step_record *step = made_up(&gone, schema_of_step_record());
	step->serial = 2;
	store_change(f->store, schema_of_step_record(), step);
	step->serial = 1;
	step->step_id = 7;
	store_change(f->store, schema_of_step_record(), step);
	struct node_state *node = made_up(&gone, schema_of_node_state());
	store_change(f->store, schema_of_node_state(), node);
	commit(f);
	store_change(f->store, schema_of_job_gone(), &(struct job_gone){.serial = 2});
	store_change(f->store, schema_of_step_gone(), &(struct step_gone){.serial = 1, .step_id = 7});
	store_change(f->store, schema_of_node_gone(), &(struct node_gone){.name = node->name});
	commit(f);
	shut(f);
	must_open(f);
	check_all(f, &e);
	arena_free(&e.arena);
	arena_free(&gone.arena);
}

static void test_batches_are_committed_in_order(void **state)
{
	struct fixture *f = *state;
	must_open(f);
	for (uint64_t i = 1; i <= 300; i++) {
		struct meta meta;
		schema_init(schema_of_meta(), &meta);
		meta.next_serial = i;
		assert_int_equal(store_change(f->store, schema_of_meta(), &meta), i);
		store_hand_over(f->store);
	}
	settle(f, 300, 1);
	assert_int_equal(f->committed, 300);
	assert_int_equal(store_committed(f->store), 300);
	assert_true(store_stats(f->store).commits <= 300 && store_stats(f->store).commits >= 1);
	assert_int_equal(store_stats(f->store).changes, 300);
}

struct blob_answer {
	int calls;
	size_t n;
	char bytes[64];
};

static void blob_done(void *ctx, const uint8_t *bytes, size_t n)
{
	struct blob_answer *a = ctx;
	a->calls++;
	a->n = n;
	a->bytes[0] = '\0';
	if (bytes)
		snprintf(a->bytes, sizeof(a->bytes), "%.*s", (int)n, (const char *)bytes);
}

static void read_blob(struct fixture *f, const uint8_t *hash, struct blob_answer *a)
{
	*a = (struct blob_answer){0};
	store_read_blob(f->store, hash, blob_done, a);
	for (int i = 0; i < 2000 && a->calls == 0; i++)
		loop_once(f->loop, 10);
	assert_int_equal(a->calls, 1);
}

static void add_blob_job(struct fixture *f, uint64_t serial, uint8_t *hash, const char *script)
{
	struct identity who = {.uid = 1, .gid = 1};
	struct job_spec spec;
	struct job_state js;
	schema_init(schema_of_job_spec(), &spec);
	schema_init(schema_of_job_state(), &js);
	spec.serial = js.serial = serial;
	spec.job_id = (uint32_t)serial;
	spec.who = &who;
	store_hash(script, strlen(script), hash);
	spec.script_hash = (struct schema_bytes){hash, STORE_HASH_SIZE};
	store_change(f->store, schema_of_job_spec(), &spec);
	store_change(f->store, schema_of_job_state(), &js);
	store_blob(f->store, hash, script, strlen(script));
}

static void test_scripts_are_kept_once_and_leave_with_their_last_job(void **state)
{
	struct fixture *f = *state;
	uint8_t shared[STORE_HASH_SIZE], own[STORE_HASH_SIZE];
	struct blob_answer a;
	must_open(f);
	add_blob_job(f, 1, shared, "#!/bin/sh\nshared\n");
	add_blob_job(f, 2, shared, "#!/bin/sh\nshared\n");
	add_blob_job(f, 3, own, "#!/bin/sh\nown\n");
	read_blob(f, own, &a);
	assert_string_equal(a.bytes, "#!/bin/sh\nown\n");
	shut(f);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM blob"), 2);
	must_open(f); /* with an empty cache */
	read_blob(f, shared, &a);
	assert_string_equal(a.bytes, "#!/bin/sh\nshared\n");
	store_change(f->store, schema_of_job_gone(), &(struct job_gone){.serial = 1});
	store_change(f->store, schema_of_job_gone(), &(struct job_gone){.serial = 3});
	shut(f);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM blob"), 1);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM job_blob"), 1);
	must_open(f);
	read_blob(f, own, &a);
	assert_int_equal(a.n, 0);
	store_change(f->store, schema_of_job_gone(), &(struct job_gone){.serial = 2});
	shut(f);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM blob"), 0);
}

static void test_damaged_script_is_not_given_out(void **state)
{
	struct fixture *f = *state;
	uint8_t hash[STORE_HASH_SIZE];
	struct blob_answer a;
	must_open(f);
	add_blob_job(f, 1, hash, "#!/bin/sh\nrm old\n");
	shut(f);
	sql(f, "state.db", "UPDATE blob SET content = replace(CAST(content AS TEXT), 'old', 'all')");
	must_open(f);
	read_blob(f, hash, &a);
	assert_int_equal(a.n, 0);
}

/* ---- the history ---- */

static void leave(struct fixture *f, struct expectation *e, uint64_t serial)
{
	struct history_job h;
	schema_init(schema_of_history_job(), &h);
	h.serial = serial;
	h.spec = made_up(e, schema_of_job_spec());
	h.state = made_up(e, schema_of_job_state());
	h.spec->serial = h.state->serial = serial;
	store_change(f->store, schema_of_history_job(), &h);
	store_change(f->store, schema_of_job_gone(), &(struct job_gone){.serial = serial});
}

static void test_a_job_that_leaves_is_in_the_history_once(void **state)
{
	struct fixture *f = *state;
	struct expectation e;
	expectation_init(&e);
	must_open(f);
	add_spec(f, &e, 9);
	commit(f);
	leave(f, &e, 9);
	commit(f);
	leave(f, &e, 9); /* as after a crash between the two databases */
	commit(f);
	shut(f);
	assert_int_equal(sql_value(f, "history.db", "SELECT count(*) FROM job WHERE serial = 9"), 1);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM job_spec"), 0);
	assert_int_equal(
	        sql_value(f, "history.db", "SELECT count(*) FROM job WHERE user IS NULL AND record IS NULL"),
	        0);
	arena_free(&e.arena);
}

/* ---- refusals ---- */

static void refused(struct fixture *f, enum err_code code, const char *says)
{
	assert_false(try_open(f, (struct store_conf){0}));
	assert_int_equal(f->err.code, code);
	if (!strstr(f->err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", f->err.text, says);
}

static void make_state(struct fixture *f)
{
	struct expectation e;
	expectation_init(&e);
	must_open(f);
	add_all_kinds(f, &e);
	shut(f);
	arena_free(&e.arena);
}

static void test_damaged_row_stops_the_start_and_names_the_job(void **state)
{
	struct fixture *f = *state;
	struct expectation e;
	expectation_init(&e);
	make_state(f);
	sql(f, "state.db", "UPDATE job_state SET sum = sum + 1 WHERE serial = 3");
	must_open(f);
	e.n = 0;
	assert_int_equal(store_load(f->store, NULL, NULL, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CORRUPT);
	assert_non_null(strstr(f->err.text, "job 103"));
	assert_non_null(strstr(f->err.text, "job_state"));
	shut(f);
	/* -i: that job is put aside whole, and nothing of it is thrown away. */
	assert_true(try_open(f, (struct store_conf){.skip_broken = true}));
	assert_int_equal(store_load(f->store, NULL, NULL, &f->err), 0);
	shut(f);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM lost"), 3);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM job_spec"), 4);
	arena_free(&e.arena);
}

static void test_row_in_another_rows_place_is_found(void **state)
{
	struct fixture *f = *state;
	make_state(f);
	sql(f, "state.db", "UPDATE job_spec SET serial = 77 WHERE serial = 2");
	must_open(f);
	assert_int_equal(store_load(f->store, NULL, NULL, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CORRUPT);
}

static void test_newer_database_is_refused(void **state)
{
	struct fixture *f = *state;
	make_state(f);
	sql(f, "state.db", "PRAGMA user_version = 99");
	refused(f, ERR_VERSION, "newer batchbox");
	sql(f, "state.db", "PRAGMA user_version = 1");
	sql(f, "history.db", "PRAGMA user_version = 99");
	refused(f, ERR_VERSION, "history.db");
}

static void test_foreign_database_is_refused(void **state)
{
	struct fixture *f = *state;
	make_state(f);
	sql(f, "state.db", "PRAGMA application_id = 4711");
	refused(f, ERR_CORRUPT, "not a batchbox state database");
}

static void overwrite(struct fixture *f, const char *file, off_t at, const char *bytes, size_t n)
{
	char *path = xprintf("%s/%s", f->dir, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
	free(path);
}

static void test_file_that_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;
	make_state(f);
	overwrite(f, "state.db", 0, "this is a text\n", 15);
	refused(f, ERR_CORRUPT, "state.db");
}

static void test_empty_file_is_refused_and_stays(void **state)
{
	struct fixture *f = *state;
	char *path = xprintf("%s/state.db", f->dir);
	struct stat st;
	make_state(f);
	assert_int_equal(truncate(path, 0), 0);
	refused(f, ERR_CORRUPT, "state.db");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	free(path);
}

static void test_damaged_page_is_refused(void **state)
{
	struct fixture *f = *state;
	char junk[4096];
	memset(junk, 0x5a, sizeof(junk));
	make_state(f);
	for (off_t page = 1; page < 12; page++)
		overwrite(f, "state.db", page * 4096, junk, sizeof(junk));
	if (try_open(f, (struct store_conf){0})) {
		assert_int_equal(store_load(f->store, NULL, NULL, &f->err), -1);
		assert_int_equal(f->err.code, ERR_CORRUPT);
	} else {
		assert_int_equal(f->err.code, ERR_CORRUPT);
	}
}

static void test_missing_half_is_refused(void **state)
{
	struct fixture *f = *state;
	char *path = xprintf("%s/state.db", f->dir);
	make_state(f);
	assert_int_equal(unlink(path), 0);
	refused(f, ERR_STORE, "state.db is missing");
	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

static void test_second_controller_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	must_open(f);
	const struct store_conf conf = {.dir = f->dir};
	assert_null(store_open(f->loop, &conf, &ops, f, &err));
	assert_int_equal(err.code, ERR_LOCKED);
	assert_non_null(strstr(err.text, "another slurmctld (host "));
}

static void test_database_held_by_another_program_is_refused(void **state)
{
	struct fixture *f = *state;
	char *path = xprintf("%s/state.db", f->dir);
	sqlite3 *db = NULL;
	make_state(f);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	refused(f, ERR_LOCKED, "another program holds");
	sqlite3_close(db);
	must_open(f);
	free(path);
}

static void test_unwritable_directory_is_refused(void **state)
{
	struct fixture *f = *state;
	int status = 0;
	make_state(f);
	/* Root may write everywhere: an ordinary user is tried, in a process of its own. */
	assert_int_equal(chmod(f->dir, 0755), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!become_ordinary(65534))
			_exit(9);
		if (geteuid() != 65534 && chmod(f->dir, 0555) != 0)
			_exit(9);
		struct err err = {0};
		struct store_conf conf = {.dir = f->dir};
		struct store *s = store_open(f->loop, &conf, &ops, f, &err);
		_exit(!s && (err.code == ERR_STORE || err.code == ERR_SYSTEM) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(chmod(f->dir, 0700), 0);
}

static void test_files_are_private(void **state)
{
	struct fixture *f = *state;
	static const char *const files[] = {"state.db", "history.db", "lock"};
	must_open(f);
	store_change(f->store, schema_of_meta(), &(struct meta){.epoch = 1});
	commit(f);
	for (size_t i = 0; i < 3; i++) {
		char *path = xprintf("%s/%s", f->dir, files[i]);
		struct stat st;
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		free(path);
	}
}

static void test_set_aside_keeps_a_copy_and_the_numbers(void **state)
{
	struct fixture *f = *state;
	make_state(f);
	assert_true(try_open(f, (struct store_conf){.set_aside = true}));
	shut(f);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM job_spec"), 0);
	assert_int_equal(sql_value(f, "state.db", "SELECT count(*) FROM meta"), 1);
	char *command = xprintf("ls %s | grep -c '^state.db.before-'", f->dir), count[8] = "";
	FILE *p = popen(command, "r"); /* NOLINT(cert-env33-c) */
	assert_non_null(p);
	assert_non_null(fgets(count, sizeof(count), p));
	pclose(p);
	free(command);
	assert_string_equal(count, "1\n");
}

/* ---- a disk that is full ---- */

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_full_disk_loses_nothing_that_was_committed(void **state)
{
	struct fixture *f = *state;
	struct expectation e, lost;
	struct rlimit old;
	expectation_init(&e);
	expectation_init(&lost);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	must_open(f);
	add_all_kinds(f, &e);
	commit(f);
	uint64_t safe = store_committed(f->store);
	limit_file_size(16 * 1024);
	for (uint64_t serial = 100; serial < 120; serial++)
		add_spec(f, &lost, serial);
	store_hand_over(f->store);
	settle(f, UINT64_MAX, 1);
	assert_int_equal(f->failures, 1);
	assert_int_equal(f->failure.code, ERR_STORE);
	assert_int_equal(store_committed(f->store), safe);

	/* What comes behind a failed batch is dropped with it. */
	add_spec(f, &lost, 121);
	store_hand_over(f->store);

	/* From what the disk has; the next batch is tried again until it fits. */
	store_recover(f->store);
	assert_int_equal(store_seq(f->store), safe);
	check_all(f, &e);
	add_spec(f, &e, 200);
	store_hand_over(f->store);
	settle(f, UINT64_MAX, 2);
	assert_true(store_on_trial(f->store));
	store_retry(f->store);
	settle(f, UINT64_MAX, 3);
	assert_int_equal(f->failures, 3);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	store_retry(f->store);
	settle(f, store_seq(f->store), 99);
	assert_false(store_on_trial(f->store));
	check_all(f, &e);
	shut(f);
	must_open(f);
	check_all(f, &e);
	arena_free(&e.arena);
	arena_free(&lost.arena);
}

/* ---- fsck ---- */

struct findings {
	int n;
	char all[2048];
};

static void add_finding(void *ctx, const char *text)
{
	struct findings *found = ctx;
	size_t at = strlen(found->all);
	found->n++;
	snprintf(found->all + at, sizeof(found->all) - at, "%s\n", text);
}

static void test_fsck_finds_what_is_wrong(void **state)
{
	struct fixture *f = *state;
	struct findings found = {0};
	struct expectation e;
	expectation_init(&e);
	make_state(f);
	must_open(f);
	leave(f, &e, 5);
	shut(f);
	assert_int_equal(store_check(f->dir, add_finding, &found, &f->err), 0);
	assert_int_equal(found.n, 0);
	sql(f, "state.db",
	    "DELETE FROM job_spec WHERE serial = 1; UPDATE job_spec SET record = x'00' WHERE serial = 2");
	sql(f, "history.db", "UPDATE job SET sum = 0");
	assert_true(store_check(f->dir, add_finding, &found, &f->err) >= 4);
	assert_non_null(strstr(found.all, "has a state but no specification"));
	assert_non_null(strstr(found.all, "belongs to no job"));
	assert_non_null(strstr(found.all, "table job_spec"));
	assert_non_null(strstr(found.all, "history.db"));
	arena_free(&e.arena);
}

static void test_fsck_of_nothing_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct findings found = {0};
	assert_int_equal(store_check(f->dir, add_finding, &found, &f->err), -1);
	assert_int_equal(f->err.code, ERR_NOT_FOUND);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_every_kind_comes_back),
	        T(test_later_rows_replace_and_removals_remove),
	        T(test_batches_are_committed_in_order),
	        T(test_scripts_are_kept_once_and_leave_with_their_last_job),
	        T(test_damaged_script_is_not_given_out),
	        T(test_a_job_that_leaves_is_in_the_history_once),
	        T(test_damaged_row_stops_the_start_and_names_the_job),
	        T(test_row_in_another_rows_place_is_found),
	        T(test_newer_database_is_refused),
	        T(test_foreign_database_is_refused),
	        T(test_file_that_is_no_database_is_refused),
	        T(test_empty_file_is_refused_and_stays),
	        T(test_damaged_page_is_refused),
	        T(test_missing_half_is_refused),
	        T(test_second_controller_is_refused),
	        T(test_database_held_by_another_program_is_refused),
	        T(test_unwritable_directory_is_refused),
	        T(test_files_are_private),
	        T(test_set_aside_keeps_a_copy_and_the_numbers),
	        T(test_full_disk_loses_nothing_that_was_committed),
	        T(test_fsck_finds_what_is_wrong),
	        T(test_fsck_of_nothing_is_an_error),
	};
	log_init("test", LOG_LEVEL_QUIET);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
