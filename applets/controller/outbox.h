/* The outbox: every answer (also to a read), action and acknowledgement is queued here with the number of the
 * change that it depends on, and leaves when that is on disk. No other code of the controller sends on a
 * connection. */
#pragma once
#include "core/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox;

struct outbox_ops {
	/* Sends on the connection of that id, if it is still there. left: bytes for it that still wait here.
	 */
	void (*send)(void *ctx, uint64_t conn_id, uint32_t type, uint64_t id, const void *body, size_t n,
	             size_t left);
};

struct outbox *outbox_new(const struct outbox_ops *ops, void *ctx);
void outbox_free(struct outbox *o);

/* Queues a message of this round. id: of the request that it answers, 0: pushed. held: an order or
 * acknowledgement, which never leaves on the word of a state that is not on disk; the others are answers,
 * which may while the controller can't write (outbox_close_round). */
void outbox_add(struct outbox *o, uint64_t conn_id, uint32_t type, uint64_t id, bool held,
                const void *record);
void outbox_add_error(struct outbox *o, uint64_t conn_id, uint64_t id, const struct err *err,
                      const char *help);
void outbox_add_encoded(struct outbox *o, uint64_t conn_id, uint32_t type, uint64_t id, const void *body,
                        size_t n);

/* The round is over: what was queued in it depends on that change (answers, held). */
void outbox_close_round(struct outbox *o, uint64_t answers_on, uint64_t held_on);
/* Everything up to that change is on disk. */
void outbox_release(struct outbox *o, uint64_t committed);
/* What depends on later changes never happened: each request hears the error once, the rest is dropped. */
void outbox_fail(struct outbox *o, uint64_t committed, const struct err *err, const char *help);
/* Is an answer to that request queued? */
bool outbox_answers(const struct outbox *o, uint64_t conn_id, uint64_t id);
size_t outbox_waiting(const struct outbox *o);                       /* messages */
size_t outbox_waiting_for(const struct outbox *o, uint64_t conn_id); /* bytes */
