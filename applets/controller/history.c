#include "applets/controller/history.h"

#include "applets/controller/store_db.h"
#include "core/util/list.h"
#include "core/util/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define READER_STACK (512u * 1024u)
#define PAGE_ROWS    200
#define PAGE_BYTES   (256u * 1024u)

struct reading {
	struct list in_list;
	struct history_place *place;
	history_done done;
	void *ctx;
	struct err err;
	struct history *h;
};

struct history {
	struct loop *loop;
	sqlite3 *sql;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct list wanted;
	struct list finished; /* posted to the loop */
	bool stop, running;
};

void history_place_free(struct history_place *place)
{
	hostlist_free(place->filter.nodes);
	map_free(&place->skip);
	arena_free(&place->arena);
	text_free(&place->page);
	free(place);
}

static bool is_in(uint32_t v, uint32_t least, uint32_t most)
{
	return v >= least && (most == CORE_INFINITE || v <= most);
}

static bool has_reason(const struct schema_strs *reasons, const struct job_state *state)
{
	for (uint32_t i = 0; i < reasons->n; i++)
		if (text_eq_nocase(reasons->v[i], job_reason_word(state->reason)))
			return true;
	return reasons->n == 0;
}

static bool has_constraints(const struct schema_strs *wanted, const struct job_spec *spec)
{
	for (uint32_t i = 0; i < wanted->n; i++)
		if (!spec->features || !strstr(spec->features, wanted->v[i]))
			return false;
	return true;
}

/* sacct(1): -C, -g, -i, -I, -k, -K, -R. */
static bool history_in_ranges(const struct history_query *q, const struct job_spec *spec,
                              const struct job_state *state)
{
	uint32_t cpus = 0,
	         limit = state->time_limit_min != CORE_NO_VAL ? state->time_limit_min : spec->time_limit_min;
	bool gid = q->gids.n == 0;
	for (uint32_t i = 0; i < state->nodes.n; i++)
		cpus += state->nodes.v[i].cpus;
	for (uint32_t i = 0; i < q->gids.n && spec->who; i++)
		gid |= q->gids.v[i] == spec->who->gid;
	return gid && has_reason(&q->reasons, state) && has_constraints(&q->constraints, spec) &&
	       is_in(state->nodes.n, q->nodes_least, q->nodes_most) &&
	       is_in(cpus, q->cpus_least, q->cpus_most) && is_in(limit, q->limit_least, q->limit_most);
}

/* Was the job in that state at some time between the query's two? sacct(1), -s and DEFAULT TIME WINDOW. */
static bool was_in(uint32_t want, const struct history_query *q, const struct job_state *state)
{
	bool ended_later = state->end_time == 0 || state->end_time >= q->from;
	switch (want) {
	case JOB_PENDING:
		return state->eligible_time && state->eligible_time <= q->to &&
		       (state->start_time ? state->start_time >= q->from : ended_later);
	case JOB_RUNNING:
		return state->start_time && state->start_time <= q->to && ended_later;
	case JOB_SUSPENDED:
		return state->state == JOB_SUSPENDED && state->start_time <= q->to;
	default:
		return state->state == want && state->end_time >= q->from && state->end_time <= q->to;
	}
}

static bool in_states(const struct history_query *q, const struct job_state *state)
{
	for (uint32_t i = 0; i < q->states.n; i++)
		if (was_in(q->states.v[i], q, state))
			return true;
	return q->states.n == 0;
}

bool history_wants(const struct history_place *place, const struct job_spec *spec,
                   const struct job_state *state)
{
	const struct history_query *q = &place->query;
	if (q->job_ids.n > 0 && !job_named(&q->job_ids, &q->tasks, spec, state))
		return false;
	if (!history_in_ranges(q, spec, state))
		return false;
	if (q->from && state->end_time && state->end_time < q->from)
		return false;
	if (spec->submit_time > q->to || !in_states(q, state))
		return false;
	/* Those that could not start yet are shown when they, or how they ended, are asked for. */
	if (q->job_ids.n == 0 && q->states.n == 0 &&
	    (state->eligible_time == 0 || state->eligible_time > q->to))
		return false;
	return job_filter_wants(&place->filter, spec, state);
}

/* ---- the reader's thread ---- */

#define COLUMNS "SELECT serial, end_time, record, sum FROM job WHERE "
#define AFTER   "(end_time, serial) > (?1, ?2) AND end_time >= ?4 ORDER BY end_time, serial LIMIT ?5"

/* By which index: the ids that are named, the users, or the time alone. ?3 is the id or uid. */
static const char *query_text(const struct history_query *q)
{
	if (q->job_ids.n > 0)
		return COLUMNS "(job_id = ?3 OR array_job_id = ?3) AND " AFTER;
	return q->uids.n > 0 ? COLUMNS "uid = ?3 AND " AFTER : COLUMNS AFTER;
}

static const struct schema_u32s *query_list(const struct history_query *q)
{
	return q->job_ids.n > 0 ? &q->job_ids : &q->uids;
}

/* Adds the row to the page when it is wanted. */
static void take_row(struct reading *r, sqlite3_stmt *s, struct history_list *list, struct arena *arena)
{
	struct history_place *p = r->place;
	struct history_job job;
	struct err err = {0};
	uint64_t serial = (uint64_t)sqlite3_column_int64(s, 0), sum = (uint64_t)sqlite3_column_int64(s, 3);
	const void *bytes = sqlite3_column_blob(s, 2);
	size_t n = (size_t)sqlite3_column_bytes(s, 2);
	p->end_time = sqlite3_column_int64(s, 1);
	p->serial = serial;
	if (map_get(&p->skip, serial))
		return;
	if (store_sum(11, serial, 0, NULL, 0, bytes, n) != sum)
		err_set(&err, ERR_CORRUPT, "wrong checksum");
	else if (schema_decode(schema_of_history_job(), &job, n ? bytes : "", n, arena, &err) == 0 &&
	         history_wants(p, job.spec, job.state)) {
		list->jobs.v[list->jobs.n++] = job;
		if (p->query.job_ids.n > 1) /* by its own number and by its array's */
			map_put(&p->skip, serial, p);
	}
	if (err.code)
		log_error("history.db: the row of serial %llu is damaged and skipped: %s",
		          (unsigned long long)serial, err_text(&err));
}

static int read_rows(struct reading *r, sqlite3_stmt *s, struct history_list *list, struct arena *arena)
{
	struct history_place *p = r->place;
	const struct schema_u32s *named = query_list(&p->query);
	int rows = 0, rc;
	sqlite3_bind_int64(s, 1, p->end_time);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)p->serial);
	if (named->n > 0)
		sqlite3_bind_int64(s, 3, named->v[p->list_at]);
	sqlite3_bind_int64(s, 4, p->query.from / CORE_SECOND);
	sqlite3_bind_int64(s, 5, PAGE_ROWS);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		rows++;
		take_row(r, s, list, arena);
		if (arena->used > PAGE_BYTES)
			return SQLITE_ROW;
	}
	if (rc != SQLITE_DONE)
		return rc;
	return rows == PAGE_ROWS ? SQLITE_ROW : SQLITE_DONE;
}

static void read_page(struct reading *r)
{
	struct history_place *p = r->place;
	struct history *h = r->h;
	struct history_list list;
	struct arena arena;
	sqlite3_stmt *s = NULL;
	arena_init(&arena);
	schema_init(schema_of_history_list(), &list);
	list.jobs.v = arena_array(&arena, PAGE_ROWS, sizeof(*list.jobs.v));
	int rc = sqlite3_prepare_v2(h->sql, query_text(&p->query), -1, &s, NULL);
	if (rc == SQLITE_OK)
		rc = read_rows(r, s, &list, &arena);
	if (rc == SQLITE_DONE) {
		/* On to the next id or user. */
		p->end_time = INT64_MIN;
		p->serial = 0;
		p->last = ++p->list_at >= query_list(&p->query)->n;
	} else if (rc != SQLITE_ROW) {
		err_set(&r->err, ERR_STORE, "cannot read the history: %s", sqlite3_errmsg(h->sql));
	}
	sqlite3_finalize(s);
	list.last = p->last;
	text_clear(&p->page);
	schema_encode(schema_of_history_list(), &list, &p->page);
	arena_free(&arena);
}

static void finished(void *ctx)
{
	struct reading *r = ctx;
	struct history *h = r->h;
	pthread_mutex_lock(&h->lock);
	list_remove(&r->in_list);
	pthread_mutex_unlock(&h->lock);
	r->done(r->ctx, r->place, r->err.code ? &r->err : NULL);
	free(r);
}

static void *reader(void *ctx)
{
	struct history *h = ctx;
	pthread_mutex_lock(&h->lock);
	for (;;) {
		while (!h->stop && list_empty(&h->wanted))
			pthread_cond_wait(&h->wake, &h->lock);
		if (h->stop)
			break;
		struct reading *r = list_entry(h->wanted.next, struct reading, in_list);
		list_remove(&r->in_list);
		pthread_mutex_unlock(&h->lock);
		read_page(r);
		pthread_mutex_lock(&h->lock);
		list_append(&h->finished, &r->in_list);
		loop_post(h->loop, finished, r);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* ---- life ---- */

struct history *history_open(struct loop *loop, const char *dir, struct err *err)
{
	struct history *h = xcalloc(1, sizeof(*h));
	pthread_attr_t attr;
	sigset_t all, old;
	h->loop = loop;
	list_init(&h->wanted);
	list_init(&h->finished);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->wake, NULL);
	h->sql = store_history_reader(dir, err);
	if (!h->sql) {
		history_close(h);
		return NULL;
	}
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, READER_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&h->thread, &attr, reader, h);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	h->running = rc == 0;
	if (rc != 0) {
		err_sys(err, rc, "cannot start the history's thread");
		history_close(h);
		return NULL;
	}
	return h;
}

static void drop_all(struct list *list)
{
	while (!list_empty(list)) {
		struct reading *r = list_entry(list->next, struct reading, in_list);
		list_remove(&r->in_list);
		history_place_free(r->place);
		free(r);
	}
}

/* The loop runs no more when this is called: what was posted to it is dropped here. */
void history_close(struct history *h)
{
	if (!h)
		return;
	if (h->running) {
		pthread_mutex_lock(&h->lock);
		h->stop = true;
		pthread_cond_signal(&h->wake);
		pthread_mutex_unlock(&h->lock);
		pthread_join(h->thread, NULL);
	}
	drop_all(&h->wanted);
	drop_all(&h->finished);
	sqlite3_close(h->sql);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->wake);
	free(h);
}

void history_read(struct history *h, struct history_place *place, history_done done, void *ctx)
{
	struct reading *r = xcalloc(1, sizeof(*r));
	*r = (struct reading){.place = place, .done = done, .ctx = ctx, .h = h};
	pthread_mutex_lock(&h->lock);
	list_append(&h->wanted, &r->in_list);
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
}
