/* A store in a directory of its own, and what sqlite finds in its files. For applets_store.c and
 * applets_store_later.c. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/controller/store.h"
#include "applets/controller/store_db.h"
#include "core/util/arena.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct fixture {
	char dir[64];
	struct loop *loop;
	struct store *store;
	uint64_t committed;
	int failures;
	struct err failure;
	struct err err;
};

static void on_committed(void *ctx, uint64_t seq)
{
	((struct fixture *)ctx)->committed = seq;
}

static void on_failed(void *ctx, const struct err *err)
{
	struct fixture *f = ctx;
	f->failures++;
	f->failure = *err;
}

static const struct store_ops ops = {.committed = on_committed, .failed = on_failed};

static bool try_open(struct fixture *f, struct store_conf conf)
{
	conf.dir = f->dir;
	err_clear(&f->err);
	f->store = store_open(f->loop, &conf, &ops, f, &f->err);
	return f->store != NULL;
}

static void must_open(struct fixture *f)
{
	if (!try_open(f, (struct store_conf){0}))
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

static void commit(struct fixture *f)
{
	if (store_commit_now(f->store, &f->err) != 0)
		fail_msg("%s", err_text(&f->err));
}

static void sql(struct fixture *f, const char *file, const char *statement)
{
	char *path = xprintf("%s/%s", f->dir, file);
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, statement, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", statement, sqlite3_errmsg(db));
	sqlite3_close(db);
	free(path);
}

static int64_t sql_value(struct fixture *f, const char *file, const char *query)
{
	char *path = xprintf("%s/%s", f->dir, file);
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, query, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	free(path);
	return v;
}
