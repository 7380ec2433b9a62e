#include "applets/controller/store_db.h"
#include "core/util/arena.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define BUSY_MS 10000 /* somebody may be reading the history with sqlite3 */

/* Tables that came after the first release's: made where they are missing. A part's record is a partition
 * that was set at run time. */
#define LATER_TABLES                                                                                         \
	"CREATE TABLE IF NOT EXISTS part(name TEXT PRIMARY KEY, record BLOB NOT NULL, sum INTEGER NOT "      \
	"NULL) WITHOUT ROWID;"                                                                               \
	"CREATE TABLE IF NOT EXISTS node_made(name TEXT PRIMARY KEY, record BLOB NOT NULL, sum INTEGER NOT " \
	"NULL);"

static const char state_tables[] =
        "CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK(id = 1), record BLOB NOT NULL, sum INTEGER NOT NULL);"
        "CREATE TABLE progress(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL);"
        "CREATE TABLE job_spec(serial INTEGER PRIMARY KEY, record BLOB NOT NULL, sum INTEGER NOT NULL);"
        "CREATE TABLE job_state(serial INTEGER PRIMARY KEY, record BLOB NOT NULL, sum INTEGER NOT NULL);"
        "CREATE TABLE step(serial INTEGER, step_id INTEGER, record BLOB NOT NULL, sum INTEGER NOT NULL,"
        " PRIMARY KEY(serial, step_id)) WITHOUT ROWID;"
        "CREATE TABLE node(name TEXT PRIMARY KEY, record BLOB NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE blob(hash BLOB PRIMARY KEY, content BLOB NOT NULL);"
        "CREATE TABLE job_blob(serial INTEGER, hash BLOB, PRIMARY KEY(serial, hash)) WITHOUT ROWID;"
        "CREATE INDEX job_blob_hash ON job_blob(hash);"
        "CREATE TABLE lost(kind TEXT, serial INTEGER, sub INTEGER, name TEXT, record BLOB, sum "
        "INTEGER);" LATER_TABLES;

/* Came after the first release. */
#define ARRAY_INDEX "CREATE INDEX job_by_array ON job(array_job_id) WHERE array_job_id IS NOT NULL;"

/* The columns beside the record are for people and for the indexes; times are Unix seconds. */
static const char history_tables[] = "CREATE TABLE job(serial INTEGER PRIMARY KEY, job_id INTEGER NOT NULL, "
                                     "user TEXT, uid INTEGER NOT NULL, name TEXT,"
                                     " partition TEXT, state TEXT, submit_time INTEGER, start_time INTEGER, "
                                     "end_time INTEGER NOT NULL, nodes TEXT,"
                                     " exit_status INTEGER, record BLOB NOT NULL, sum INTEGER NOT NULL, "
                                     "array_job_id INTEGER);"
                                     "CREATE INDEX job_by_id ON job(job_id);"
                                     "CREATE INDEX job_by_end ON job(end_time, serial);"
                                     "CREATE INDEX job_by_user ON job(uid, end_time, serial);" ARRAY_INDEX;

static const struct {
	const char *file, *tables, *what;
	int application;
} databases[] = {
        {"state.db", state_tables, "a batchbox state database", STORE_APPLICATION},
        {"history.db", history_tables, "a batchbox history database", STORE_HISTORY_APP},
};
enum { DB_STATE, DB_HISTORY };

static const struct {
	enum { STATEMENT_state, STATEMENT_history } base;
	const char *text;
} statements[] = {
#define SQL(symbol, base, text) {STATEMENT_##base, text},
#include "applets/controller/store_sql.def"
#undef SQL
};

int store_sql_error(sqlite3 *sql, const char *what, const char *dir, struct err *err)
{
	int code = sql ? sqlite3_errcode(sql) & 0xff : SQLITE_NOMEM;
	const char *said = sql ? sqlite3_errmsg(sql) : "out of memory";
	int saved = sql ? sqlite3_system_errno(sql) : 0;
	switch (code) {
	case SQLITE_FULL:
		return err_set(err, ERR_STORE, "%s in %s: the disk is full: make room there", what, dir);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_LOCKED,
		               "%s in %s: another program holds the database: close it and start again", what,
		               dir);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(err, ERR_CORRUPT,
		               "%s in %s: the database is damaged (%s): restore it from a backup, or move it "
		               "away and see batchbox fsck",
		               what, dir, said);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return err_set(err, ERR_STORE,
		               "%s in %s: it cannot be written (%s): check the file system, owner and mode",
		               what, dir, said);
	case SQLITE_IOERR:
		return err_set(err, ERR_STORE, "%s in %s: %s (%s): check the disk", what, dir, said,
		               strerror(saved));
	default:
		return err_set(err, ERR_STORE, "%s in %s: %s", what, dir, said);
	}
}

bool store_on_network(const char *dir)
{
	/* NFS, SMB, CIFS, SMB2, AFS, Coda, 9p, Ceph, FUSE (sshfs), Lustre: where another host may write, or
	 * shared memory is not shared. */
	static const uint32_t kinds[] = {0x6969,     0x517b,     0xff534d42, 0xfe534d42, 0x5346414f,
	                                 0x73757245, 0x01021997, 0x00c36400, 0x65735546, 0x0bd00bd0};
	struct statfs fs;
	if (statfs(dir, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((uint32_t)fs.f_type == kinds[i])
			return true;
	return false;
}

static int sql_run(sqlite3 *sql, const char *statement, const char *what, const char *dir, struct err *err)
{
	return sqlite3_exec(sql, statement, NULL, NULL, NULL) == SQLITE_OK
	               ? 0
	               : store_sql_error(sql, what, dir, err);
}

static int sql_number(sqlite3 *sql, const char *query, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(sql, query, -1, &statement, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? 0 : -1;
}

static void sync_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		log_debug("cannot sync %s: %s", dir, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Made whole under another name first: a database of that name has always been complete. */
static int database_make(const char *dir, int which, struct err *err)
{
	char *path = xprintf("%s/%s", dir, databases[which].file), *fresh = xprintf("%s.new", path);
	sqlite3 *sql = NULL;
	int rc = -1;
	if (unlink(fresh) != 0 && errno != ENOENT) {
		err_sys(err, errno, "cannot remove %s", fresh);
	} else if (sqlite3_open_v2(fresh, &sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	           SQLITE_OK) {
		store_sql_error(sql, databases[which].file, dir, err);
	} else {
		char *text = xprintf("PRAGMA synchronous = FULL; BEGIN; PRAGMA application_id = %d; PRAGMA "
		                     "user_version = %d; %s COMMIT",
		                     databases[which].application, STORE_VERSION, databases[which].tables);
		rc = sql_run(sql, text, databases[which].file, dir, err);
		free(text);
	}
	sqlite3_close(sql);
	if (rc == 0 && (chmod(fresh, 0600) != 0 || rename(fresh, path) != 0))
		rc = err_sys(err, errno, "cannot put %s in place", path);
	if (rc == 0)
		sync_directory(dir);
	free(path);
	free(fresh);
	return rc;
}

/* Is it ours, and of a version that we know? */
static int database_judge(sqlite3 *sql, const char *dir, int which, struct err *err)
{
	int64_t application = 0, version = 0;
	const char *file = databases[which].file;
	if (sql_number(sql, "PRAGMA application_id", &application) != 0 ||
	    sql_number(sql, "PRAGMA user_version", &version) != 0)
		return store_sql_error(sql, file, dir, err);
	if (application != databases[which].application)
		return err_set(err, ERR_CORRUPT,
		               "%s/%s is not %s: move it away, or set another StateSaveLocation", dir, file,
		               databases[which].what);
	if (version > STORE_VERSION)
		return err_set(err, ERR_VERSION,
		               "%s/%s has format %lld, this program knows up to %d: it was written by a "
		               "newer batchbox; run that one",
		               dir, file, (long long)version, STORE_VERSION);
	return 0;
}

static bool is_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static sqlite3 *database_open(const char *dir, int which, bool read_only, struct err *err)
{
	char *path = is_file(dir) ? xstrdup(dir) : xprintf("%s/%s", dir, databases[which].file);
	sqlite3 *sql = NULL;
	int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int rc = sqlite3_open_v2(path, &sql, flags | SQLITE_OPEN_NOMUTEX, NULL);
	free(path);
	if (rc != SQLITE_OK)
		store_sql_error(sql, databases[which].file, dir, err);
	else
		sqlite3_busy_timeout(sql, read_only ? 1000 : which == DB_STATE ? 0 : BUSY_MS);
	/* EXCLUSIVE before the first look: then the WAL's index is in our memory, and no other program writes
	 * behind our back. */
	if (rc == SQLITE_OK && which == DB_STATE && !read_only)
		rc = sql_run(sql, "PRAGMA locking_mode = EXCLUSIVE", databases[which].file, dir, err) == 0
		             ? SQLITE_OK
		             : SQLITE_ERROR;
	if (rc == SQLITE_OK && database_judge(sql, dir, which, err) == 0)
		return sql;
	sqlite3_close(sql);
	return NULL;
}

sqlite3 *store_history_reader(const char *dir, struct err *err)
{
	return database_open(dir, DB_HISTORY, true, err);
}

static int database_tune(sqlite3 *sql, const char *dir, int which, struct err *err)
{
	const char *file = databases[which].file;
	if (sql_run(sql, store_on_network(dir) ? "PRAGMA journal_mode = DELETE" : "PRAGMA journal_mode = WAL",
	            file, dir, err) != 0 ||
	    sql_run(sql, "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY", file, dir, err) != 0)
		return -1;
	/* Takes the lock now, and shows a read-only file system before anybody is served. */
	return sql_run(sql, "BEGIN IMMEDIATE; COMMIT", file, dir, err);
}

static int prepare_all(struct store_db *db, struct err *err)
{
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3 *sql = statements[i].base == STATEMENT_state ? db->state : db->history;
		if (sqlite3_prepare_v3(sql, statements[i].text, -1, SQLITE_PREPARE_PERSISTENT,
		                       &db->statements[i], NULL) != SQLITE_OK)
			return store_sql_error(sql, "cannot prepare for work", db->dir, err);
	}
	return 0;
}

static bool there(const char *dir, const char *file)
{
	char path[4200];
	struct stat st;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return lstat(path, &st) == 0;
}

static int make_missing(const char *dir, bool *is_new, struct err *err)
{
	bool state = there(dir, "state.db"), history = there(dir, "history.db"),
	     wal = there(dir, "state.db-wal");
	*is_new = !state;
	if (!state && (history || wal))
		return err_set(err, ERR_STORE,
		               "%s/state.db is missing, but %s is there: restore state.db; to begin anew "
		               "without those jobs, move %s away too",
		               dir, history ? "history.db" : "state.db-wal",
		               history ? "history.db" : "state.db-wal");
	if (!history && state)
		log_error("%s/history.db is missing: the history of past jobs begins anew", dir);
	if (!history && database_make(dir, DB_HISTORY, err) != 0)
		return -1;
	return state ? 0 : database_make(dir, DB_STATE, err);
}

static int add_later(struct store_db *db, struct err *err)
{
	int64_t has = 0;
	if (sql_run(db->state, LATER_TABLES, "cannot add a table", db->dir, err) != 0)
		return -1;
	if (sql_number(db->history,
	               "SELECT count(*) FROM pragma_table_info('job') WHERE name = 'array_job_id'",
	               &has) != 0)
		return store_sql_error(db->history, "cannot read history.db", db->dir, err);
	return has ? 0
	           : sql_run(db->history, "ALTER TABLE job ADD COLUMN array_job_id INTEGER;" ARRAY_INDEX,
	                     "cannot add a column", db->dir, err);
}

int store_db_open(struct store_db *db, const char *dir, struct err *err)
{
	int64_t seq = 0;
	memset(db, 0, sizeof(*db));
	if (!text_copy(db->dir, sizeof(db->dir), dir))
		return err_set(err, ERR_CONFIG, "the path of StateSaveLocation is too long: %s", dir);
	mode_t mask = umask(077);
	int rc = make_missing(dir, &db->is_new, err);
	if (rc == 0)
		rc = (db->state = database_open(dir, DB_STATE, false, err)) &&
		                     (db->history = database_open(dir, DB_HISTORY, false, err)) &&
		                     database_tune(db->state, dir, DB_STATE, err) == 0 &&
		                     database_tune(db->history, dir, DB_HISTORY, err) == 0
		             ? 0
		             : -1;
	umask(mask);
	if (rc == 0)
		rc = add_later(db, err);
	if (rc == 0)
		rc = prepare_all(db, err);
	if (rc == 0 && sql_number(db->state, "SELECT coalesce(max(seq), 0) FROM progress", &seq) != 0)
		rc = store_sql_error(db->state, "cannot read state.db", dir, err);
	db->seq = (uint64_t)seq;
	if (rc != 0)
		store_db_close(db);
	return rc;
}

int store_db_open_read_only(struct store_db *db, const char *dir, struct err *err)
{
	memset(db, 0, sizeof(*db));
	if (!text_copy(db->dir, sizeof(db->dir), dir) || (!is_file(dir) && !there(dir, "state.db")))
		return err_set(err, ERR_NOT_FOUND,
		               "there is no state.db in %s: give the directory that StateSaveLocation names",
		               dir);
	db->is_dir = !is_file(dir);
	if (!(db->state = database_open(dir, DB_STATE, true, err)))
		return -1;
	return !there(dir, "history.db") || (db->history = database_open(dir, DB_HISTORY, true, err)) ? 0
	                                                                                              : -1;
}

void store_db_close(struct store_db *db)
{
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	sqlite3_close(db->state);
	sqlite3_close(db->history);
	db->state = db->history = NULL;
}

int store_db_settle(struct store_db *db, struct err *err)
{
	static const char checkpoint[] = "PRAGMA wal_checkpoint(TRUNCATE)";
	if (sql_run(db->history, checkpoint, "history.db", db->dir, err) != 0)
		return -1;
	return sql_run(db->state, checkpoint, "state.db", db->dir, err);
}

/* Where a database's header says how it is written: a copy has no WAL. */
#define HEADER_WRITE_VERSION 18
#define HEADER_READ_VERSION  19
#define ROLLBACK_JOURNAL     1

int store_db_copy(struct store_db *db, struct text *out, struct err *err)
{
	sqlite3_int64 n = 0;
	unsigned char *bytes = sqlite3_serialize(db->state, "main", &n, 0);
	if (!bytes)
		return store_sql_error(db->state, "cannot copy state.db", db->dir, err);
	text_add_n(out, (const char *)bytes, (size_t)n);
	sqlite3_free(bytes);
	if (n > HEADER_READ_VERSION)
		out->s[HEADER_WRITE_VERSION] = out->s[HEADER_READ_VERSION] = ROLLBACK_JOURNAL;
	return 1;
}

int store_db_set_aside(struct store_db *db, struct err *err)
{
	char dir[sizeof(db->dir)], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	text_copy(dir, sizeof(dir), db->dir);
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H-%M-%S", &tm);
	char *kept = xprintf("%s/state.db.before-%s", dir, stamp), *escaped = sqlite3_mprintf("%Q", kept);
	char *statement = xprintf("VACUUM INTO %s", escaped);
	/* A whole copy first; what is left behind is only what says where identities go on. */
	int rc = sql_run(db->state, statement, "cannot copy state.db", dir, err);
	if (rc == 0)
		rc = sql_run(db->state,
		             "BEGIN; DELETE FROM job_spec; DELETE FROM job_state; DELETE FROM step; DELETE "
		             "FROM node; DELETE FROM blob;"
		             "DELETE FROM job_blob; DELETE FROM part; COMMIT",
		             "cannot clear state.db", dir, err);
	if (rc == 0)
		log_info("-c: all jobs and node states are forgotten; the state before is kept as %s", kept);
	sqlite3_free(escaped);
	free(statement);
	free(kept);
	return rc;
}
