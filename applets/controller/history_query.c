/* sacct: first the jobs that live, from the cluster's value, then those of the history that were not among
 * them. */
#include "applets/controller/controller.h"
#include "applets/controller/history.h"

#include <stdlib.h>

#define LIVE_ROWS 128

struct sacct_cursor {
	struct cursor base;
	struct history_place *place; /* NULL while the reader has it and the peer is gone */
	struct sacct_read *read;     /* a page is on its way */
	uint64_t last;               /* serial of the last live job */
	bool live_done;
};

/* What the reader's answer finds again: the cursor may be gone by then. */
struct sacct_read {
	struct sacct_cursor *cursor;
	bool ready;
	struct err err;
};

static void live_rows(struct sacct_cursor *cur)
{
	struct controller *ctl = cur->base.peer->ctl;
	struct cluster *c = ctl->cluster;
	struct history_list m;
	struct arena arena;
	struct job *last = job_by_serial(c, cur->last), *job = job_next(c, last);
	arena_init(&arena);
	schema_init(schema_of_history_list(), &m);
	m.jobs.v = arena_array(&arena, LIVE_ROWS, sizeof(*m.jobs.v));
	m.now = controller_now();
	while (!last && job && job->serial <= cur->last)
		job = job_next(c, job);
	for (; job && m.jobs.n < LIVE_ROWS; job = job_next(c, job)) {
		uint32_t n = 0;
		cur->last = job->serial;
		map_put(&cur->place->skip, job->serial, cur);
		if (!job->spec.who || !history_wants(cur->place, &job->spec, &job->state))
			continue;
		struct history_job *h = &m.jobs.v[m.jobs.n++];
		schema_init(schema_of_history_job(), h);
		h->serial = job->serial;
		h->spec = &job->spec;
		h->state = &job->state;
		h->asked = arena_alloc(&arena, sizeof(*h->asked));
		struct job_amounts *had = arena_alloc(&arena, sizeof(*had));
		job_amounts_of(c, job, h->asked, had);
		if (job->state.nodes.n)
			h->had = had;
		list_each (it, &job->steps)
			n++;
		h->steps.v = arena_array(&arena, n, sizeof(*h->steps.v));
		list_each (it, &job->steps)
			h->steps.v[h->steps.n++] = list_entry(it, struct step, in_job)->record;
	}
	cur->live_done = job == NULL;
	if (m.jobs.n > 0)
		outbox_add(ctl->outbox, cur->base.peer->id, MSG_history_list, cur->base.id, false, &m);
	arena_free(&arena);
}

static void page_is_there(void *ctx, struct history_place *place, const struct err *err)
{
	struct sacct_read *read = ctx;
	struct sacct_cursor *cur = read->cursor;
	if (!cur) {
		history_place_free(place);
		free(read);
		return;
	}
	cur->place = place;
	read->ready = true;
	if (err)
		read->err = *err;
	cursor_go(&cur->base);
}

static bool sacct_next(struct cursor *base)
{
	struct sacct_cursor *cur = (struct sacct_cursor *)(void *)base;
	struct controller *ctl = base->peer->ctl;
	bool last = false;
	if (!cur->live_done) {
		live_rows(cur);
		return false;
	}
	if (cur->read && cur->read->ready) {
		struct sacct_read *read = cur->read;
		cur->read = NULL;
		last = cur->place->last || read->err.code;
		if (read->err.code)
			outbox_add_error(ctl->outbox, base->peer->id, base->id, &read->err, NULL);
		else
			outbox_add_encoded(ctl->outbox, base->peer->id, MSG_history_list, base->id,
			                   cur->place->page.s, cur->place->page.len);
		free(read);
	}
	if (!last && !cur->read) {
		cur->read = xcalloc(1, sizeof(*cur->read));
		cur->read->cursor = cur;
		struct history_place *place = cur->place;
		cur->place = NULL;
		history_read(ctl->history, place, page_is_there, cur->read);
	}
	base->waiting = !last;
	return last;
}

static void sacct_free(struct cursor *base)
{
	struct sacct_cursor *cur = (struct sacct_cursor *)(void *)base;
	if (cur->read && !cur->read->ready)
		cur->read->cursor = NULL; /* the reader's answer frees */
	else
		free(cur->read);
	if (cur->place)
		history_place_free(cur->place);
	free(cur);
}

int on_history_query(struct request *r, struct err *err)
{
	const struct history_query *m = r->m;
	struct hostlist *nodes = m->nodes ? hostlist_parse(m->nodes, err) : NULL;
	if (m->nodes && !nodes)
		return -1;
	struct sacct_cursor *cur = xcalloc(1, sizeof(*cur));
	struct history_place *p = cur->place = xcalloc(1, sizeof(*p));
	arena_init(&p->arena);
	map_init_u64(&p->skip);
	schema_copy(schema_of_history_query(), &p->query, m, &p->arena);
	if (!p->query.all_users && p->query.uids.n == 0 && p->query.job_ids.n == 0) {
		p->query.uids = (struct schema_u32s){arena_alloc(&p->arena, sizeof(uint32_t)), 1};
		p->query.uids.v[0] = request_uid(r);
	}
	if (p->query.to == 0)
		p->query.to = controller_now();
	if (p->query.from_now)
		p->query.from = p->query.to;
	p->filter = (struct job_filter){.uids = p->query.uids,
	                                .names = p->query.names,
	                                .accounts = p->query.accounts,
	                                .qoses = p->query.qoses,
	                                .wckeys = p->query.wckeys,
	                                .partitions = p->query.partitions,
	                                .nodes = nodes};
	p->end_time = INT64_MIN;
	cursor_start(&cur->base, r, sacct_next, sacct_free);
	return 0;
}
