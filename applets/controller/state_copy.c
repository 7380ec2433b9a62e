/* `scontrol write state`: a copy of state.db, made between two commits, sent in parts. Nothing is written
 * here: the file is the caller's own. */
#include "applets/controller/controller.h"
#include "core/util/log.h"

#include <stdlib.h>
#include <string.h>

#define PART (256u * 1024u)

struct copy {
	struct cursor base;
	struct text bytes;
	size_t at;
};

static bool copy_next(struct cursor *cursor)
{
	struct copy *c = (struct copy *)cursor;
	size_t left = c->bytes.len - c->at, n = left < PART ? left : PART;
	const struct state_copy_part m = {.data = {(uint8_t *)c->bytes.s + c->at, (uint32_t)n},
	                                  .last = n == left};
	outbox_add(cursor->peer->ctl->outbox, cursor->peer->id, MSG_state_copy_part, cursor->id, false, &m);
	c->at += n;
	return m.last;
}

static void copy_free(struct cursor *cursor)
{
	struct copy *c = (struct copy *)cursor;
	text_free(&c->bytes);
	free(c);
}

static void copied(void *ctx, const uint8_t *bytes, size_t n)
{
	struct request *r = ctx;
	struct err err = {0};
	struct peer *peer = peer_by_id(r->ctl, r->peer_id);
	if (peer && bytes) {
		struct copy *c = xcalloc(1, sizeof(*c));
		text_add_n(&c->bytes, (const char *)bytes, n);
		log_info("a copy of the state (%zu bytes) goes to %s", n, peer_title(peer));
		r->peer = peer;
		cursor_start(&c->base, r, copy_next, copy_free);
	} else if (peer) {
		err_set(&err, ERR_STORE, "the state cannot be read: see the log of slurmctld");
		answer_error(r, &err);
	}
	request_finish(r);
}

int on_state_copy(struct request *r, struct err *err)
{
	(void)err;
	request_defer(r);
	store_copy(r->ctl->store, copied, r);
	return 0;
}
