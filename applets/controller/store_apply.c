#include "applets/controller/store_db.h"
#include "core/util/arena.h"
#include "core/util/log.h"
#include "proto/fault.h"

#include <sodium.h>
#include <string.h>

/* ---- a batch's bytes ---- */

struct change {
	uint64_t number, key, sub;
	const uint8_t *name, *body;
	uint64_t name_len, body_len;
};

void store_change_put(struct text *batch, uint32_t number, uint64_t key, uint64_t sub, const void *name,
                      size_t name_len, const void *body, size_t n)
{
	varint_put(batch, number);
	varint_put(batch, key);
	varint_put(batch, sub);
	varint_put(batch, name_len);
	text_add_n(batch, name_len ? name : "", name_len);
	varint_put(batch, n);
	text_add_n(batch, n ? body : "", n);
}

static bool take_number(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
	size_t used = varint_get(*at, (size_t)(end - *at), out);
	*at += used;
	return used > 0;
}

static bool take_bytes(const uint8_t **at, const uint8_t *end, const uint8_t **out, uint64_t *n)
{
	if (!take_number(at, end, n) || *n > (uint64_t)(end - *at))
		return false;
	*out = *at;
	*at += *n;
	return true;
}

static bool take_change(const uint8_t **at, const uint8_t *end, struct change *c)
{
	return take_number(at, end, &c->number) && take_number(at, end, &c->key) &&
	       take_number(at, end, &c->sub) && take_bytes(at, end, &c->name, &c->name_len) &&
	       take_bytes(at, end, &c->body, &c->body_len);
}

uint64_t store_sum(uint32_t number, uint64_t key, uint64_t sub, const void *name, size_t name_len,
                   const void *body, size_t n)
{
	/* SipHash under a fixed key: it finds damage and rows in the wrong place, not malice. */
	static const uint8_t seed[crypto_shorthash_KEYBYTES] = "batchbox row v1";
	uint64_t parts[5] = {number, key, sub, 0, 0}, sum;
	crypto_shorthash((uint8_t *)&parts[3], name_len ? name : (const void *)"", name_len, seed);
	crypto_shorthash((uint8_t *)&parts[4], n ? body : (const void *)"", n, seed);
	crypto_shorthash((uint8_t *)&sum, (const uint8_t *)parts, sizeof(parts), seed);
	return sum;
}

/* ---- which statements a change runs ---- */

enum name_kind { NAME_NONE, NAME_SUB, NAME_TEXT, NAME_HASH };
#define STEPS_MAX 5
static const struct apply_row {
	uint32_t number;
	enum name_kind second; /* what ?2 is */
	uint8_t n;
	enum store_statement run[STEPS_MAX];
} apply_rows[] = {
        {2, NAME_NONE, 1, {SQL_PUT_SPEC}},
        {4, NAME_NONE, 1, {SQL_PUT_STATE}},
        {7, NAME_SUB, 1, {SQL_PUT_STEP}},
        {9, NAME_TEXT, 1, {SQL_PUT_NODE}},
        {10, NAME_NONE, 1, {SQL_PUT_META}},
        {12,
         NAME_NONE,
         5,
         {SQL_DROP_SPEC, SQL_DROP_STATE, SQL_DROP_STEPS, SQL_DROP_BLOBS, SQL_DROP_JOB_BLOBS}},
        {13, NAME_SUB, 1, {SQL_DROP_STEP}},
        {14, NAME_TEXT, 1, {SQL_DROP_NODE}},
        {15, NAME_TEXT, 1, {SQL_PUT_PART}},
        {16, NAME_TEXT, 1, {SQL_DROP_PART}},
        {26, NAME_TEXT, 1, {SQL_PUT_NODE_MADE}},
        {27, NAME_TEXT, 1, {SQL_DROP_NODE_MADE}},
        {STORE_BLOB, NAME_HASH, 1, {SQL_PUT_BLOB}},
        {STORE_JOB_BLOB, NAME_HASH, 1, {SQL_PUT_JOB_BLOB}},
};

static int run(struct store_db *db, enum store_statement which, struct err *err)
{
	sqlite3_stmt *statement = db->statements[which];
	int rc = sqlite3_step(statement);
	sqlite3 *sql = sqlite3_db_handle(statement);
	int answer = rc == SQLITE_DONE || rc == SQLITE_ROW
	                     ? 0
	                     : store_sql_error(sql, "cannot write the state", db->dir, err);
	sqlite3_reset(statement);
	return answer;
}

/* A parameter that a statement lacks is SQLITE_RANGE, which is as it should be. */
static void bind_change(sqlite3_stmt *s, const struct change *c, enum name_kind second)
{
	sqlite3_bind_int64(s, 1, (sqlite3_int64)c->key);
	if (second == NAME_SUB)
		sqlite3_bind_int64(s, 2, (sqlite3_int64)c->sub);
	else if (second == NAME_TEXT)
		sqlite3_bind_text(s, 2, (const char *)c->name, (int)c->name_len, SQLITE_STATIC);
	else if (second == NAME_HASH)
		sqlite3_bind_blob(s, 2, c->name, (int)c->name_len, SQLITE_STATIC);
	sqlite3_bind_blob(s, 3, c->body_len ? (const void *)c->body : "", (int)c->body_len, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4,
	                   (sqlite3_int64)store_sum((uint32_t)c->number, c->key, c->sub, c->name, c->name_len,
	                                            c->body, c->body_len));
}

static int apply_change(struct store_db *db, const struct change *c, struct err *err)
{
	for (size_t i = 0; i < sizeof(apply_rows) / sizeof(apply_rows[0]); i++) {
		if (apply_rows[i].number != c->number)
			continue;
		for (uint8_t k = 0; k < apply_rows[i].n; k++) {
			bind_change(db->statements[apply_rows[i].run[k]], c, apply_rows[i].second);
			if (run(db, apply_rows[i].run[k], err) != 0)
				return -1;
		}
		return 0;
	}
	return c->number == 11 || c->number == STORE_PURGE
	               ? 0
	               : err_set(err, ERR_INTERNAL, "no table for changes of kind %u", (unsigned)c->number);
}

/* ---- the history ---- */

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	if (text)
		sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(s, at);
}

static int apply_history(struct store_db *db, const struct change *c, struct arena *arena, struct err *err)
{
	struct history_job job;
	sqlite3_stmt *s = db->statements[SQL_PUT_HISTORY];
	struct text nodes = TEXT_EMPTY;
	if (schema_decode(schema_of_history_job(), &job, c->body, (size_t)c->body_len, arena, err) != 0)
		return -1;
	bind_change(s, c, NAME_NONE);
	for (uint32_t i = 0; i < job.state->nodes.n; i++)
		text_printf(&nodes, "%s%s", i ? "," : "", job.state->nodes.v[i].node);
	sqlite3_bind_int64(s, 5, job.spec->job_id);
	bind_text(s, 6, job.spec->who->user_name);
	sqlite3_bind_int64(s, 7, job.spec->who->uid);
	bind_text(s, 8, job.spec->name);
	bind_text(s, 9, job.state->partition ? job.state->partition : job.spec->partition);
	bind_text(s, 10, job_state_word(job.state->state));
	sqlite3_bind_int64(s, 11, job.spec->submit_time / CORE_SECOND);
	sqlite3_bind_int64(s, 12, job.state->start_time / CORE_SECOND);
	sqlite3_bind_int64(s, 13, job.state->end_time / CORE_SECOND);
	bind_text(s, 14, nodes.s);
	sqlite3_bind_int64(s, 15, job.state->exit_status);
	if (job.spec->array_job_id)
		sqlite3_bind_int64(s, 16, job.spec->array_job_id);
	else
		sqlite3_bind_null(s, 16);
	text_free(&nodes);
	return run(db, SQL_PUT_HISTORY, err);
}

static int purge_slice(struct store_db *db, const struct change *c, struct err *err)
{
	sqlite3_bind_int64(db->statements[SQL_PURGE_HISTORY], 1, (sqlite3_int64)c->key);
	return run(db, SQL_PURGE_HISTORY, err);
}

/* ---- a transaction ---- */

static int sql_do(struct store_db *db, sqlite3 *sql, const char *statement, struct err *err)
{
	return sqlite3_exec(sql, statement, NULL, NULL, NULL) == SQLITE_OK
	               ? 0
	               : store_sql_error(sql, "cannot write the state", db->dir, err);
}

static int commit(struct store_db *db, sqlite3 *sql, struct err *err)
{
	fault_point("before commit");
	int rc = sql_do(db, sql, "COMMIT", err);
	fault_point("after commit");
	return rc;
}

static void roll_back(sqlite3 *sql)
{
	if (!sqlite3_get_autocommit(sql) && sqlite3_exec(sql, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		log_debug("rollback: %s", sqlite3_errmsg(sql));
}

/* Runs each change of the batch that the function is for. */
static int each_change(struct store_db *db, const char *bytes, size_t n, bool history, struct err *err)
{
	const uint8_t *at = (const uint8_t *)bytes, *end = at + n;
	struct arena arena;
	int rc = 0;
	arena_init(&arena);
	while (rc == 0 && at < end) {
		struct change c;
		if (!take_change(&at, end, &c))
			rc = err_set(err, ERR_INTERNAL, "a batch of changes is damaged in memory");
		else if (!history)
			rc = apply_change(db, &c, err);
		else if (c.number == 11)
			rc = apply_history(db, &c, &arena, err);
		else if (c.number == STORE_PURGE)
			rc = purge_slice(db, &c, err);
		arena_reset(&arena);
	}
	arena_free(&arena);
	return rc;
}

static bool has_history(const char *bytes, size_t n)
{
	const uint8_t *at = (const uint8_t *)bytes, *end = at + n;
	struct change c;
	while (at < end && take_change(&at, end, &c))
		if (c.number == 11 || c.number == STORE_PURGE)
			return true;
	return false;
}

int store_db_apply(struct store_db *db, const char *bytes, size_t n, uint64_t last_seq, struct err *err)
{
	/* A job that leaves: into the history first, and only then out of the state. A repeat replaces the
	 * row by itself. */
	if (has_history(bytes, n) &&
	    (sql_do(db, db->history, "BEGIN IMMEDIATE", err) != 0 ||
	     each_change(db, bytes, n, true, err) != 0 || commit(db, db->history, err) != 0)) {
		roll_back(db->history);
		return -1;
	}
	int rc = sql_do(db, db->state, "BEGIN IMMEDIATE", err);
	if (rc == 0)
		rc = each_change(db, bytes, n, false, err);
	if (rc == 0) {
		sqlite3_bind_int64(db->statements[SQL_PUT_SEQ], 1, (sqlite3_int64)last_seq);
		rc = run(db, SQL_PUT_SEQ, err);
	}
	if (rc == 0)
		rc = commit(db, db->state, err);
	if (rc != 0)
		roll_back(db->state);
	else
		db->seq = last_seq;
	return rc;
}

/* ---- blobs ---- */

int store_db_blob(struct store_db *db, const uint8_t hash[STORE_HASH_SIZE], struct text *out, struct err *err)
{
	sqlite3_stmt *s = db->statements[SQL_GET_BLOB];
	uint8_t again[STORE_HASH_SIZE];
	int rc = 0;
	sqlite3_bind_blob(s, 2, hash, STORE_HASH_SIZE, SQLITE_STATIC);
	int step = sqlite3_step(s);
	if (step == SQLITE_ROW) {
		const void *bytes = sqlite3_column_blob(s, 0);
		size_t n = (size_t)sqlite3_column_bytes(s, 0);
		store_hash(bytes, n, again);
		if (memcmp(hash, again, sizeof(again)) == 0) {
			text_add_n(out, n ? bytes : "", n);
			rc = 1;
		} else {
			rc = err_set(err, ERR_CORRUPT, "a script or environment in %s/state.db is damaged",
			             db->dir);
		}
	} else if (step != SQLITE_DONE) {
		rc = store_sql_error(db->state, "cannot read a script", db->dir, err);
	}
	sqlite3_reset(s);
	return rc;
}
