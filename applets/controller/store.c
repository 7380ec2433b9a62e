/* The store's two ends: the loop's thread, which numbers changes and gathers them, and the writer thread,
 * which commits them. */
#include "applets/controller/store.h"

#include "applets/controller/blob_cache.h"
#include "applets/controller/store_db.h"
#include "core/util/arena.h"
#include "core/util/list.h"
#include "core/util/log.h"

#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WRITER_STACK (512u * 1024u)
#define CACHE_BYTES  (8u * 1024u * 1024u)

struct batch {
	struct text bytes;
	uint64_t last_seq, changes;
};

struct blob_read {
	struct list in_list;
	uint8_t hash[STORE_HASH_SIZE];
	bool whole; /* not a blob, but all of state.db */
	store_blob_done done;
	void *ctx;
	struct text bytes;
	int rc;
	struct err err;
};

struct store {
	/* The loop's thread. */
	struct loop *loop;
	const struct store_ops *ops;
	void *ctx;
	struct store_conf conf;
	struct batch open;
	struct blob_cache *cache;
	uint64_t seq, committed;
	struct store_stats stats;
	bool trial, failed_told, closing, closed;
	int lock_fd;

	/* The writer's thread; the loop's while the writer is idle. */
	struct store_db db;
	pthread_t thread;
	bool running;

	/* Between them. */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the writer: there is something to do */
	pthread_cond_t idle; /* the loop: the writer did it */
	struct batch handed;
	struct list reads, reads_done;
	bool busy, stop, posted;
	bool failed, keep; /* keep: a batch that fails stays in `handed` */
	uint64_t done_seq, done_commits;
	struct err failure;
};

void store_hash(const void *bytes, size_t n, uint8_t hash[STORE_HASH_SIZE])
{
	crypto_generichash(hash, STORE_HASH_SIZE, n ? bytes : (const void *)"", n, NULL, 0);
}

/* ---- the writer ---- */

static void store_done(void *ctx);

/* With the lock held. */
static void post_done(struct store *s)
{
	if (!s->posted && !s->stop) {
		s->posted = true;
		loop_post(s->loop, store_done, s);
	}
}

static void write_batch(struct store *s)
{
	struct batch batch = s->handed;
	struct err err = {0};
	bool keep = s->keep;
	s->handed = (struct batch){TEXT_EMPTY, 0, 0};
	s->busy = true;
	pthread_mutex_unlock(&s->lock);
	/* After a failed sync, what is visible may be on disk only in part: written again before anything
	 * stands on it. */
	int rc = keep ? store_db_settle(&s->db, &err) : 0;
	if (rc == 0)
		rc = store_db_apply(&s->db, batch.bytes.s, batch.bytes.len, batch.last_seq, &err);
	pthread_mutex_lock(&s->lock);
	s->busy = false;
	if (rc == 0) {
		s->done_seq = batch.last_seq;
		s->done_commits++;
	} else {
		s->failed = true;
		s->failure = err;
		if (s->keep) {
			s->handed = batch;
			batch.bytes = (struct text)TEXT_EMPTY;
		}
	}
	text_free(&batch.bytes);
}

static void read_blobs(struct store *s)
{
	while (!list_empty(&s->reads)) {
		struct blob_read *r = list_entry(s->reads.next, struct blob_read, in_list);
		list_remove(&r->in_list);
		s->busy = true;
		pthread_mutex_unlock(&s->lock);
		r->rc = r->whole ? store_db_copy(&s->db, &r->bytes, &r->err)
		                 : store_db_blob(&s->db, r->hash, &r->bytes, &r->err);
		pthread_mutex_lock(&s->lock);
		s->busy = false;
		list_append(&s->reads_done, &r->in_list);
	}
}

static void *writer(void *ctx)
{
	struct store *s = ctx;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->stop && list_empty(&s->reads) && (s->failed || s->handed.bytes.len == 0))
			pthread_cond_wait(&s->wake, &s->lock);
		if (!list_empty(&s->reads))
			read_blobs(s);
		if (!s->failed && s->handed.bytes.len > 0)
			write_batch(s);
		else if (s->stop)
			break;
		post_done(s);
		pthread_cond_broadcast(&s->idle);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- what the writer did, in the loop's thread ---- */

static void finish_reads(struct store *s, struct list *reads)
{
	while (!list_empty(reads)) {
		struct blob_read *r = list_entry(reads->next, struct blob_read, in_list);
		list_remove(&r->in_list);
		if (r->rc < 0)
			log_error("%s", err_text(&r->err));
		if (r->rc == 1 && !r->whole)
			blob_cache_put(s->cache, r->hash, r->bytes.s, r->bytes.len);
		if (!s->closing)
			r->done(r->ctx, r->rc == 1 ? (const uint8_t *)text_str(&r->bytes) : NULL,
			        r->bytes.len);
		text_free(&r->bytes);
		free(r);
	}
}

static void list_move(struct list *from, struct list *to)
{
	list_init(to);
	while (!list_empty(from)) {
		struct list *first = from->next;
		list_remove(first);
		list_append(to, first);
	}
}

static void store_done(void *ctx)
{
	struct store *s = ctx;
	struct list reads;
	if (s->closed) {
		free(s);
		return;
	}
	pthread_mutex_lock(&s->lock);
	s->posted = false;
	uint64_t seq = s->done_seq;
	bool failed = s->failed;
	struct err failure = s->failure;
	s->stats.commits = s->done_commits;
	list_move(&s->reads_done, &reads);
	pthread_mutex_unlock(&s->lock);
	if (seq > s->committed) {
		s->stats.changes += seq - s->committed;
		s->committed = seq;
		if (s->trial && seq == s->seq) {
			s->trial = false;
			pthread_mutex_lock(&s->lock);
			s->keep = false;
			pthread_mutex_unlock(&s->lock);
		}
		s->ops->committed(s->ctx, seq);
	}
	finish_reads(s, &reads);
	if (failed && !s->failed_told) {
		s->failed_told = true;
		s->ops->failed(s->ctx, &failure);
	}
}

/* ---- life ---- */

static int start_writer(struct store *s, struct err *err)
{
	pthread_attr_t attr;
	sigset_t all, old;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WRITER_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&s->thread, &attr, writer, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	s->running = rc == 0;
	return rc == 0 ? 0 : err_sys(err, rc, "cannot start the writer thread");
}

struct store *store_open(struct loop *loop, const struct store_conf *conf, const struct store_ops *ops,
                         void *ctx, struct err *err)
{
	struct store *s = xcalloc(1, sizeof(*s));
	s->loop = loop;
	s->ops = ops;
	s->ctx = ctx;
	s->conf = *conf;
	s->cache = blob_cache_new(CACHE_BYTES);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	pthread_cond_init(&s->idle, NULL);
	list_init(&s->reads);
	list_init(&s->reads_done);
	s->lock_fd = store_lock_take(conf->dir, err);
	if (s->lock_fd < 0 || store_db_open(&s->db, conf->dir, err) != 0 ||
	    (conf->set_aside && store_db_set_aside(&s->db, err) != 0) || start_writer(s, err) != 0) {
		store_close(s);
		return NULL;
	}
	s->conf.dir = s->db.dir;
	s->seq = s->committed = s->done_seq = s->db.seq;
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	s->closing = true;
	if (s->running) {
		struct err err = {0};
		if (!s->trial && store_commit_now(s, &err) != 0)
			log_error("the last changes could not be written: %s", err_text(&err));
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	struct list reads;
	list_move(&s->reads_done, &reads);
	finish_reads(s, &reads);
	store_db_close(&s->db);
	store_lock_release(s->lock_fd);
	text_free(&s->open.bytes);
	text_free(&s->handed.bytes);
	blob_cache_free(s->cache);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->idle);
	s->closed = true;
	if (!s->posted)
		free(s); /* else store_done() does, which the loop still holds */
}

bool store_is_new(const struct store *s)
{
	return s->db.is_new;
}

const char *store_dir(const struct store *s)
{
	return s->db.dir;
}

/* With the lock held: until the writer touches the database no more. */
static void wait_idle(struct store *s)
{
	while (s->busy || !list_empty(&s->reads) || (s->handed.bytes.len > 0 && !s->failed))
		pthread_cond_wait(&s->idle, &s->lock);
}

int store_load(struct store *s, store_row row, void *ctx, struct err *err)
{
	pthread_mutex_lock(&s->lock);
	wait_idle(s);
	int rc = store_db_load(&s->db, s->conf.skip_broken, row, ctx, err);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* ---- changes ---- */

static uint64_t numbered(struct store *s)
{
	s->open.changes++;
	s->open.last_seq = ++s->seq;
	return s->seq;
}

static void job_blob(struct store *s, uint64_t serial, const struct schema_bytes *hash)
{
	if (hash->n == STORE_HASH_SIZE)
		store_change_put(&s->open.bytes, STORE_JOB_BLOB, serial, 0, hash->v, hash->n, NULL, 0);
}

uint64_t store_change(struct store *s, const struct schema *schema, const void *record)
{
	uint64_t key = 0, sub = 0;
	const char *name = NULL;
	if (schema == schema_of_step_record()) {
		key = ((const struct step_record *)record)->serial;
		sub = ((const struct step_record *)record)->step_id;
	} else if (schema == schema_of_step_gone()) {
		key = ((const struct step_gone *)record)->serial;
		sub = ((const struct step_gone *)record)->step_id;
	} else if (schema == schema_of_node_state()) {
		name = ((const struct node_state *)record)->name;
	} else if (schema == schema_of_node_gone()) {
		name = ((const struct node_gone *)record)->name;
	} else if (schema == schema_of_node_made()) {
		name = ((const struct node_made *)record)->name;
	} else if (schema == schema_of_node_unmade()) {
		name = ((const struct node_unmade *)record)->name;
	} else if (schema == schema_of_part_record()) {
		name = ((const struct part_record *)record)->name;
	} else if (schema == schema_of_part_gone()) {
		name = ((const struct part_gone *)record)->name;
	} else if (schema != schema_of_meta()) {
		/* job_spec, job_state, job_gone and history_job all begin with the serial. */
		memcpy(&key, record, sizeof(key));
	}
	struct text body = TEXT_EMPTY;
	schema_encode(schema, record, &body);
	store_change_put(&s->open.bytes, schema->number, key, sub, name, name ? strlen(name) : 0, body.s,
	                 body.len);
	text_free(&body);
	if (schema == schema_of_job_spec()) {
		job_blob(s, key, &((const struct job_spec *)record)->script_hash);
		job_blob(s, key, &((const struct job_spec *)record)->env_hash);
	}
	return numbered(s);
}

void store_blob(struct store *s, const uint8_t hash[STORE_HASH_SIZE], const void *bytes, size_t n)
{
	store_change_put(&s->open.bytes, STORE_BLOB, 0, 0, hash, STORE_HASH_SIZE, bytes, n);
	blob_cache_put(s->cache, hash, bytes, n);
	numbered(s);
}

void store_purge(struct store *s, int64_t before)
{
	store_change_put(&s->open.bytes, STORE_PURGE, (uint64_t)before, 0, NULL, 0, NULL, 0);
	numbered(s);
}

uint64_t store_seq(const struct store *s)
{
	return s->seq;
}

uint64_t store_committed(const struct store *s)
{
	return s->committed;
}

struct store_stats store_stats(const struct store *s)
{
	return s->stats;
}

void store_hand_over(struct store *s)
{
	if (s->open.bytes.len == 0)
		return;
	pthread_mutex_lock(&s->lock);
	if (s->failed && !s->keep) {
		/* These changes stand on ones that are lost. */
		text_clear(&s->open.bytes);
	} else if (s->handed.bytes.len == 0) {
		struct text empty = s->handed.bytes;
		s->handed = s->open;
		s->open.bytes = empty;
	} else {
		text_add_n(&s->handed.bytes, s->open.bytes.s, s->open.bytes.len);
		s->handed.last_seq = s->open.last_seq;
		s->handed.changes += s->open.changes;
		text_clear(&s->open.bytes);
	}
	s->open.changes = 0;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

int store_commit_now(struct store *s, struct err *err)
{
	store_hand_over(s);
	pthread_mutex_lock(&s->lock);
	wait_idle(s);
	int rc = 0;
	if (s->failed)
		rc = err_set(err, (enum err_code)s->failure.code, "%s", err_text(&s->failure));
	else
		s->committed = s->done_seq;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* ---- after a failure ---- */

void store_recover(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	wait_idle(s);
	/* The failed transaction was rolled back: the connection shows what was committed before, and its
	 * next commit overwrites the rest. */
	text_clear(&s->open.bytes);
	text_clear(&s->handed.bytes);
	s->open.changes = s->handed.changes = 0;
	s->seq = s->committed = s->done_seq = s->db.seq;
	s->failed = s->failed_told = false;
	s->keep = s->trial = true;
	pthread_mutex_unlock(&s->lock);
}

void store_retry(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->failed = false;
	s->failed_told = false;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

bool store_on_trial(const struct store *s)
{
	return s->trial;
}

/* ---- blobs ---- */

bool store_blob_cached(struct store *s, const uint8_t hash[STORE_HASH_SIZE], const uint8_t **bytes, size_t *n)
{
	return blob_cache_get(s->cache, hash, bytes, n);
}

static struct blob_read *read_new(store_blob_done done, void *ctx)
{
	struct blob_read *r = xcalloc(1, sizeof(*r));
	r->done = done;
	r->ctx = ctx;
	return r;
}

static void read_start(struct store *s, struct blob_read *r)
{
	pthread_mutex_lock(&s->lock);
	list_append(&s->reads, &r->in_list);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void store_read_blob(struct store *s, const uint8_t hash[STORE_HASH_SIZE], store_blob_done done, void *ctx)
{
	const uint8_t *bytes;
	size_t n;
	if (blob_cache_get(s->cache, hash, &bytes, &n)) {
		done(ctx, bytes, n);
		return;
	}
	struct blob_read *r = read_new(done, ctx);
	memcpy(r->hash, hash, sizeof(r->hash));
	read_start(s, r);
}

void store_copy(struct store *s, store_blob_done done, void *ctx)
{
	struct blob_read *r = read_new(done, ctx);
	r->whole = true;
	read_start(s, r);
}
