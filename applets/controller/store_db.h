/* state.db and history.db as SQLite sees them: opening, refusing, applying batches, reading rows. No threads
 * here: one thread at a time may use a store_db. */
#pragma once
#include "applets/controller/store.h"
#include "core/util/text.h"

#include <sqlite3.h>

enum store_statement {
#define SQL(symbol, base, text) SQL_##symbol,
#include "applets/controller/store_sql.def"
#undef SQL
	SQL_COUNT
};

struct store_db {
	sqlite3 *state, *history;
	sqlite3_stmt *statements[SQL_COUNT];
	bool is_new;
	bool is_dir;  /* else a file, without a history (read only) */
	uint64_t seq; /* of the last change that is on disk */
	char dir[4096];
};

/* ---- store_open.c ---- */
int store_db_open(struct store_db *db, const char *dir, struct err *err);
/* dir may also be a file: a copy of state.db alone. */
int store_db_open_read_only(struct store_db *db, const char *dir, struct err *err);
void store_db_close(struct store_db *db);
/* Moves the WAL into the database and empties it, both synced: what is visible is on disk. */
int store_db_settle(struct store_db *db, struct err *err);
/* -c: state.db gets another name; a new one goes on with its meta. Called on an open db, which is opened
 * again. */
int store_db_set_aside(struct store_db *db, struct err *err);
/* All of state.db as the bytes of a file, with what its WAL has: 1 (text_free it), or -1. */
int store_db_copy(struct store_db *db, struct text *out, struct err *err);
/* Another connection to history.db, for readers. */
sqlite3 *store_history_reader(const char *dir, struct err *err);
/* The directory is on a file system of another host, where WAL does not work. */
bool store_on_network(const char *dir);
/* Slurm's way to say what SQLite said, with the mend. */
int store_sql_error(sqlite3 *sql, const char *what, const char *dir, struct err *err);

/* ---- store_apply.c ---- */
/* Applies a batch (one or several that follow each other) in one transaction and commits. */
int store_db_apply(struct store_db *db, const char *bytes, size_t n, uint64_t last_seq, struct err *err);
void store_change_put(struct text *batch, uint32_t number, uint64_t key, uint64_t sub, const void *name,
                      size_t name_len, const void *body, size_t n);
/* The checksum of a row. */
uint64_t store_sum(uint32_t number, uint64_t key, uint64_t sub, const void *name, size_t name_len,
                   const void *body, size_t n);
/* A blob: 1 found (text_free it), 0 not there, -1 damaged or unreadable. */
int store_db_blob(struct store_db *db, const uint8_t hash[STORE_HASH_SIZE], struct text *out,
                  struct err *err);

/* ---- store_load.c ---- */
int store_db_load(struct store_db *db, bool skip_broken, store_row row, void *ctx, struct err *err);

/* ---- store_lock.c ---- */
/* Takes the directory's lock; the fd, or -1. store_lock_release empties and closes it. */
int store_lock_take(const char *dir, struct err *err);
void store_lock_release(int fd);
/* Without taking it: an error that says which controller holds it, or 0. */
int store_lock_is_free(const char *dir, struct err *err);
