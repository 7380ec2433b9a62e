/* The store: what the cluster must not lose, in StateSaveLocation.
 *
 *   state.db    what lives now: meta, jobs, steps, nodes, scripts and environments by content hash
 *   history.db  the jobs that have left (sacct reads it; people may open it with sqlite3)
 *   lock        flock, with the holder's host and boot id
 *
 * Changes are encoded in the loop's thread into a batch, numbered in one sequence, and handed over as bytes
 * to the writer thread. It applies all that is handed over in one transaction, with the number of the last
 * one. So a batch holds whole events of the core, and a transaction whole batches. A change, in a batch
 * (integers are varints):
 *
 *     number | key | sub | name length, name | body length, body
 *
 * number: of the record's schema (records.def), or STORE_BLOB, STORE_JOB_BLOB. key and sub: the row's key
 * (serial, step id); name: the row's key where that is text (a node) or a hash (a blob). body: the encoded
 * record.
 *
 * Each row carries a 64-bit checksum of its key and bytes, verified whenever it is read. */
#pragma once
#include "core/records.h"
#include "proto/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_VERSION     1          /* of both databases' tables */
#define STORE_APPLICATION 0x62627374 /* "bbst": state.db's application_id */
#define STORE_HISTORY_APP 0x62626869 /* "bbhi": history.db's */
#define STORE_HASH_SIZE   32

/* Changes that are no records of the core. */
enum { STORE_BLOB = 1000, STORE_JOB_BLOB = 1001, STORE_PURGE = 1002 };

struct store;

/* Both run in the loop's thread. */
struct store_ops {
	/* Everything up to change number `seq` is on disk. */
	void (*committed)(void *ctx, uint64_t seq);
	/* A commit failed; nothing behind the last committed() is on disk. The store takes no more until
	 * store_recover(). */
	void (*failed)(void *ctx, const struct err *err);
};

struct store_conf {
	const char *dir;
	bool set_aside;   /* -c: the live state is put under another name; identities go on where they were */
	bool skip_broken; /* -i: a job with a damaged row is put aside (table `lost`), and the start goes on
	                   */
};

/* Opens or makes both databases and takes the lock. NULL with err set, and what to do, for one that is
 * locked, foreign, newer, damaged, not writable, or half missing: never starts empty over something that is
 * there. `loop` must outlive the store. */
struct store *store_open(struct loop *loop, const struct store_conf *conf, const struct store_ops *ops,
                         void *ctx, struct err *err);
/* Commits what was handed over or still open, ends the writer, closes. */
void store_close(struct store *store);
/* True when there was no database: everything starts at 1. */
bool store_is_new(const struct store *store);

/* Calls row() for meta, every node_state, job_spec, job_state and step_record, verified. Stops at row()'s
 * error. The record is valid during the call. Only while nothing is handed over: at the start, or after
 * store_recover(). */
typedef int (*store_row)(void *ctx, const struct schema *schema, const void *record, struct err *err);
int store_load(struct store *store, store_row row, void *ctx, struct err *err);

/* Adds a change to the open batch and returns its number. */
uint64_t store_change(struct store *store, const struct schema *schema, const void *record);
/* A script or environment; goes when the last job that names it goes. hash: of store_hash(). */
void store_blob(struct store *store, const uint8_t hash[STORE_HASH_SIZE], const void *bytes, size_t n);
/* A slice of what ended before that time (Unix seconds) leaves the history with the open batch. */
void store_purge(struct store *store, int64_t before);
void store_hash(const void *bytes, size_t n, uint8_t hash[STORE_HASH_SIZE]);
/* The number of the last change so far, and of the last one on disk. */
uint64_t store_seq(const struct store *store);
uint64_t store_committed(const struct store *store);

/* Ends the open batch and hands it to the writer (nothing happens when it is empty). */
void store_hand_over(struct store *store);
/* Hands over and waits until it is on disk: at the start and at the end. Runs no callback. */
int store_commit_now(struct store *store, struct err *err);

/* After failed(): forgets what is not on disk. The caller then loads the cluster from what is. The next batch
 * is on trial: when it fails too it is kept, and store_retry() tries it again, until committed(). */
void store_recover(struct store *store);
void store_retry(struct store *store);
bool store_on_trial(const struct store *store);

/* A blob that is in memory; valid until the next call that stores or reads one. */
bool store_blob_cached(struct store *store, const uint8_t hash[STORE_HASH_SIZE], const uint8_t **bytes,
                       size_t *n);
/* Reads a blob: done(ctx, NULL, 0) when it is not there or damaged. From the cache before the call returns,
 * else later. */
typedef void (*store_blob_done)(void *ctx, const uint8_t *bytes, size_t n);
void store_read_blob(struct store *store, const uint8_t hash[STORE_HASH_SIZE], store_blob_done done,
                     void *ctx);

/* All that is on disk of state.db, as a database file's bytes: done(ctx, NULL, 0) when it can't be read. The
 * writer makes no commit meanwhile. */
void store_copy(struct store *store, store_blob_done done, void *ctx);

struct store_stats {
	uint64_t commits, changes;
};
struct store_stats store_stats(const struct store *store);
const char *store_dir(const struct store *store);

/* `batchbox fsck DIR`'s part: reads both databases, changes nothing; finding() gets a line for each fault.
 * The number of faults, or -1. */
int store_check(const char *dir, void (*finding)(void *ctx, const char *text), void *ctx, struct err *err);
