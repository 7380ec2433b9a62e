#include "applets/controller/store_db.h"
#include "core/util/arena.h"
#include "core/util/log.h"

#include <stdio.h>
#include <string.h>

/* The tables of records, in the order in which they are loaded. Every query gives: serial, step id, name,
 * record, sum. */
static const struct load_table {
	const char *name;
	uint32_t number;
	const struct schema *(*schema)(void);
	const char *query;
} load_tables[] = {
        {"meta", 10, schema_of_meta, "SELECT 0, 0, NULL, record, sum FROM meta"},
        {"node_made", 26, schema_of_node_made,
         "SELECT 0, 0, name, record, sum FROM node_made ORDER BY rowid"},
        {"node", 9, schema_of_node_state, "SELECT 0, 0, name, record, sum FROM node ORDER BY name"},
        {"part", 15, schema_of_part_record, "SELECT 0, 0, name, record, sum FROM part ORDER BY name"},
        {"job_spec", 2, schema_of_job_spec,
         "SELECT serial, 0, NULL, record, sum FROM job_spec ORDER BY serial"},
        {"job_state", 4, schema_of_job_state,
         "SELECT serial, 0, NULL, record, sum FROM job_state ORDER BY serial"},
        {"step", 7, schema_of_step_record,
         "SELECT serial, step_id, NULL, record, sum FROM step ORDER BY serial, step_id"},
};
#define LOAD_TABLES (sizeof(load_tables) / sizeof(load_tables[0]))

struct load_row {
	uint64_t serial, sub;
	const char *name;
	const void *record;
	size_t n, name_len;
	uint64_t sum;
};

static void row_of(sqlite3_stmt *s, struct load_row *row)
{
	row->serial = (uint64_t)sqlite3_column_int64(s, 0);
	row->sub = (uint64_t)sqlite3_column_int64(s, 1);
	row->name = (const char *)sqlite3_column_text(s, 2);
	row->name_len = (size_t)sqlite3_column_bytes(s, 2);
	row->record = sqlite3_column_blob(s, 3);
	row->n = (size_t)sqlite3_column_bytes(s, 3);
	row->sum = (uint64_t)sqlite3_column_int64(s, 4);
}

/* "job 17 (serial 23)" as far as it can be told. */
static void row_title(struct store_db *db, const struct load_table *t, const struct load_row *row,
                      struct text *out)
{
	if (row->name) {
		text_printf(out, "%s %s", t->name, row->name);
	} else if (row->serial == 0) {
		text_add(out, "the cluster's numbers");
	} else {
		sqlite3_stmt *s = NULL;
		struct job_spec spec;
		struct arena arena;
		arena_init(&arena);
		spec.job_id = 0;
		if (sqlite3_prepare_v2(db->state, "SELECT record FROM job_spec WHERE serial = ?1", -1, &s,
		                       NULL) == SQLITE_OK &&
		    sqlite3_bind_int64(s, 1, (sqlite3_int64)row->serial) == SQLITE_OK &&
		    sqlite3_step(s) == SQLITE_ROW &&
		    schema_decode(schema_of_job_spec(), &spec, sqlite3_column_blob(s, 0),
		                  (size_t)sqlite3_column_bytes(s, 0), &arena, NULL) == 0)
			text_printf(out, "job %u (serial %llu)", spec.job_id,
			            (unsigned long long)row->serial);
		else
			text_printf(out, "the job of serial %llu", (unsigned long long)row->serial);
		sqlite3_finalize(s);
		arena_free(&arena);
	}
	text_printf(out, ": its row in table %s of %s/state.db is damaged", t->name, db->dir);
}

static int row_verify(const struct load_table *t, const struct load_row *row, void *record,
                      struct arena *arena, struct err *err)
{
	if (store_sum(t->number, row->serial, row->sub, row->name, row->name_len, row->record, row->n) !=
	    row->sum)
		return err_set(err, ERR_CORRUPT, "wrong checksum");
	return schema_decode(t->schema(), record, row->n ? row->record : "", row->n, arena, err);
}

/* ---- -i: what is damaged is put aside, with all of its job, and nothing of it is thrown away ---- */

static int put_aside(struct store_db *db, const struct load_table *t, const struct load_row *row,
                     struct err *err)
{
	struct text sql = TEXT_EMPTY;
	char *name = sqlite3_mprintf("%Q", row->name);
	if (row->serial == 0) {
		text_printf(&sql,
		            "INSERT INTO lost SELECT '%s', 0, 0, name, record, sum FROM %s WHERE name = "
		            "%s; DELETE FROM %s WHERE name = %s;",
		            t->name, t->name, name, t->name, name);
	} else {
		static const char *const tables[][2] = {
		        {"job_spec", "0"}, {"job_state", "0"}, {"step", "step_id"}};
		for (size_t i = 0; i < 3; i++)
			text_printf(&sql,
			            "INSERT INTO lost SELECT '%s', serial, %s, NULL, record, sum FROM %s "
			            "WHERE serial = %llu; DELETE FROM %s "
			            "WHERE serial = %llu;",
			            tables[i][0], tables[i][1], tables[i][0], (unsigned long long)row->serial,
			            tables[i][0], (unsigned long long)row->serial);
	}
	int rc = 0;
	if (strcmp(t->name, "meta") == 0)
		rc = err_set(err, ERR_CORRUPT, "this row cannot be skipped: restore state.db from a backup");
	else if (sqlite3_exec(db->state, text_str(&sql), NULL, NULL, NULL) != SQLITE_OK)
		rc = store_sql_error(db->state, "cannot put a damaged row aside", db->dir, err);
	sqlite3_free(name);
	text_free(&sql);
	return rc;
}

/* ---- reading ---- */

typedef int (*damaged_row)(void *ctx, struct store_db *db, const struct load_table *t,
                           const struct load_row *row, struct err *err);

static int read_table(struct store_db *db, const struct load_table *t, store_row row_fn, damaged_row damaged,
                      void *ctx, struct err *err)
{
	union {
		struct meta meta;
		struct node_state node;
		struct part_record part;
		struct job_spec spec;
		struct job_state state;
		struct step_record step;
	} record;
	sqlite3_stmt *s = NULL;
	struct arena arena;
	int rc = 0, step = SQLITE_ERROR;
	arena_init(&arena);
	if (sqlite3_prepare_v2(db->state, t->query, -1, &s, NULL) == SQLITE_OK) {
		while (rc == 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
			struct load_row row;
			struct err why = {0};
			row_of(s, &row);
			if (row_verify(t, &row, &record, &arena, &why) != 0)
				rc = damaged(ctx, db, t, &row, &why);
			else if (row_fn)
				rc = row_fn(ctx, t->schema(), &record, &why);
			if (rc != 0 && err)
				err_set(err, (enum err_code)(why.code ? why.code : ERR_CORRUPT), "%s",
				        err_text(&why));
			arena_reset(&arena);
		}
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = store_sql_error(db->state, "cannot read the state", db->dir, err);
	sqlite3_finalize(s);
	arena_free(&arena);
	return rc;
}

struct load {
	store_row row;
	void *ctx;
};

static int load_row(void *ctx, const struct schema *schema, const void *record, struct err *err)
{
	const struct load *load = ctx;
	return load->row ? load->row(load->ctx, schema, record, err) : 0;
}

static int damaged_stops(void *ctx, struct store_db *db, const struct load_table *t,
                         const struct load_row *row, struct err *err)
{
	struct text title = TEXT_EMPTY;
	char why[sizeof(err->text)];
	(void)ctx;
	text_copy(why, sizeof(why), err_text(err));
	row_title(db, t, row, &title);
	err_clear(err);
	err_set(err, ERR_CORRUPT,
	        "%s (%.80s): restore a backup; or start once with -i, which puts it aside and loses it",
	        text_str(&title), why);
	text_free(&title);
	return -1;
}

static int damaged_aside(void *ctx, struct store_db *db, const struct load_table *t,
                         const struct load_row *row, struct err *err)
{
	struct text title = TEXT_EMPTY;
	(void)ctx;
	row_title(db, t, row, &title);
	log_error("%s (%s): put aside (-i)", text_str(&title), err_text(err));
	text_free(&title);
	err_clear(err);
	return put_aside(db, t, row, err);
}

int store_db_load(struct store_db *db, bool skip_broken, store_row row, void *ctx, struct err *err)
{
	struct load load = {NULL, ctx};
	/* First what is damaged goes, so that no half of such a job is loaded. */
	for (size_t i = 0; skip_broken && i < LOAD_TABLES; i++)
		if (read_table(db, &load_tables[i], load_row, damaged_aside, &load, err) != 0)
			return -1;
	load.row = row;
	for (size_t i = 0; i < LOAD_TABLES; i++)
		if (read_table(db, &load_tables[i], load_row, damaged_stops, &load, err) != 0)
			return -1;
	return 0;
}

/* ---- fsck ---- */

struct check {
	void (*finding)(void *ctx, const char *text);
	void *ctx;
	int findings;
};

static void found(struct check *c, const char *text)
{
	c->findings++;
	c->finding(c->ctx, text);
}

static int damaged_found(void *ctx, struct store_db *db, const struct load_table *t,
                         const struct load_row *row, struct err *err)
{
	struct text title = TEXT_EMPTY;
	row_title(db, t, row, &title);
	text_printf(&title, ": %s", err_text(err));
	found(ctx, title.s);
	text_free(&title);
	return 0;
}

/* Queries whose every row is a fault: the first column says which. */
static const char *const state_faults[] = {
        "SELECT 'state.db: ' || integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
        "SELECT 'the job of serial ' || serial || ' has a state but no specification' FROM job_state WHERE "
        "serial NOT IN (SELECT serial FROM "
        "job_spec)",
        "SELECT 'the job of serial ' || serial || ' has a specification but no state' FROM job_spec WHERE "
        "serial NOT IN (SELECT serial FROM "
        "job_state)",
        "SELECT 'step ' || step_id || ' belongs to no job (serial ' || serial || ')' FROM step WHERE serial "
        "NOT IN (SELECT serial FROM job_spec)",
        "SELECT 'the job of serial ' || serial || ' lacks its script or environment ' || hex(hash) FROM "
        "job_blob WHERE hash NOT IN (SELECT hash "
        "FROM blob)",
        "SELECT 'script or environment ' || hex(hash) || ' belongs to no job' FROM blob WHERE hash NOT IN "
        "(SELECT hash FROM job_blob)",
        "SELECT 'put aside by an earlier start with -i: ' || kind || ' ' || coalesce(name, 'of serial ' || "
        "serial) FROM lost",
        "SELECT 'there is no row of the cluster''s numbers (meta)' WHERE NOT EXISTS (SELECT 1 FROM meta)",
};
static const char *const history_faults[] = {
        "SELECT 'history.db: ' || integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
};

static void check_queries(struct check *c, sqlite3 *sql, const char *const *queries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sqlite3_stmt *s = NULL;
		int step = SQLITE_ERROR;
		if (sqlite3_prepare_v2(sql, queries[i], -1, &s, NULL) == SQLITE_OK)
			while ((step = sqlite3_step(s)) == SQLITE_ROW)
				found(c, (const char *)sqlite3_column_text(s, 0));
		sqlite3_finalize(s);
		if (step != SQLITE_DONE)
			found(c, sqlite3_errmsg(sql));
	}
}

static void check_blobs(struct check *c, struct store_db *db)
{
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(db->state, "SELECT hash, content FROM blob", -1, &s, NULL) == SQLITE_OK) {
		while (sqlite3_step(s) == SQLITE_ROW) {
			uint8_t hash[STORE_HASH_SIZE];
			store_hash(sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1), hash);
			if (sqlite3_column_bytes(s, 0) != STORE_HASH_SIZE ||
			    memcmp(hash, sqlite3_column_blob(s, 0), sizeof(hash)) != 0)
				found(c, "a script or environment does not agree with its hash");
		}
	}
	sqlite3_finalize(s);
}

static void check_history(struct check *c, struct store_db *db)
{
	sqlite3_stmt *s = NULL;
	struct arena arena;
	arena_init(&arena);
	if (sqlite3_prepare_v2(db->history, "SELECT serial, job_id, record, sum FROM job ORDER BY serial", -1,
	                       &s, NULL) == SQLITE_OK) {
		while (sqlite3_step(s) == SQLITE_ROW) {
			struct history_job job;
			const void *bytes = sqlite3_column_blob(s, 2);
			size_t n = (size_t)sqlite3_column_bytes(s, 2);
			uint64_t serial = (uint64_t)sqlite3_column_int64(s, 0),
			         sum = (uint64_t)sqlite3_column_int64(s, 3);
			char line[128];
			if (store_sum(11, serial, 0, NULL, 0, bytes, n) != sum ||
			    schema_decode(schema_of_history_job(), &job, n ? bytes : "", n, &arena, NULL) !=
			            0) {
				snprintf(line, sizeof(line),
				         "history.db: the row of job %lld (serial %llu) is damaged",
				         (long long)sqlite3_column_int64(s, 1), (unsigned long long)serial);
				found(c, line);
			}
			arena_reset(&arena);
		}
	}
	sqlite3_finalize(s);
	arena_free(&arena);
}

int store_check(const char *dir, void (*finding)(void *ctx, const char *text), void *ctx, struct err *err)
{
	struct store_db db;
	struct check c = {finding, ctx, 0};
	int rc = store_db_open_read_only(&db, dir, err);
	if (rc == 0) {
		check_queries(&c, db.state, state_faults, sizeof(state_faults) / sizeof(state_faults[0]));
		for (size_t i = 0; rc == 0 && i < LOAD_TABLES; i++)
			rc = read_table(&db, &load_tables[i], NULL, damaged_found, &c, err);
		check_blobs(&c, &db);
		if (db.history) {
			check_queries(&c, db.history, history_faults,
			              sizeof(history_faults) / sizeof(history_faults[0]));
			check_history(&c, &db);
		} else if (db.is_dir) {
			found(&c, "history.db is missing");
		}
	}
	store_db_close(&db);
	return rc == 0 ? c.findings : -1;
}
