/* Reading history.db: pages by key, in short transactions, on a connection and a thread of its own. */
#pragma once
#include "applets/controller/job_filter.h"
#include "core/util/arena.h"
#include "core/util/map.h"
#include "core/util/text.h"
#include "proto/loop.h"
#include "proto/messages.h"

struct history;

struct history *history_open(struct loop *loop, const char *dir, struct err *err);
void history_close(struct history *h);

/* One query's place in the history. The reader's between history_read() and its answer. */
struct history_place {
	struct history_query query; /* in the arena */
	struct job_filter filter;
	struct map skip; /* serials that were shown already (they lived when the query came) */
	struct arena arena;
	size_t list_at;   /* into query.job_ids or query.uids */
	int64_t end_time; /* the last row's key */
	uint64_t serial;
	/* The answer: an encoded history_list. */
	struct text page;
	bool last;
};
void history_place_free(struct history_place *place);
/* done() runs in the loop's thread; damaged rows are logged and skipped. */
typedef void (*history_done)(void *ctx, struct history_place *place, const struct err *err);
void history_read(struct history *h, struct history_place *place, history_done done, void *ctx);

/* Does the query mean this job? (Times: it was there at some time between `from` and `to`.) */
bool history_wants(const struct history_place *place, const struct job_spec *spec,
                   const struct job_state *state);
