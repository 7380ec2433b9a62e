#include "applets/controller/outbox.h"

#include "core/util/arena.h"
#include "core/util/list.h"
#include "core/util/map.h"
#include "core/util/text.h"
#include "proto/messages.h"

#include <stdlib.h>
#include <string.h>

#define ENCODED_KEPT 1048576 /* bytes of memory that stay for the next letter */

struct letter {
	struct list in_list;
	uint64_t conn_id, id, depends;
	uint32_t type;
	bool held;
	size_t n;
	uint8_t body[];
};

/* Numbers of changes only grow, so that the letters of closed rounds stand in the order in which they leave.
 * While the controller can't write, answers overtake what is held; then the two are two lists. */
struct outbox {
	const struct outbox_ops *ops;
	void *ctx;
	struct list open, closed, held_back;
	struct map waiting; /* conn id -> struct load */
	size_t count;
	struct text encoded; /* a letter's body while it is written */
};

struct load {
	uint64_t conn_id;
	size_t bytes, letters;
};

struct outbox *outbox_new(const struct outbox_ops *ops, void *ctx)
{
	struct outbox *o = xcalloc(1, sizeof(*o));
	o->ops = ops;
	o->ctx = ctx;
	list_init(&o->open);
	list_init(&o->closed);
	list_init(&o->held_back);
	map_init_u64(&o->waiting);
	return o;
}

static size_t load_change(struct outbox *o, uint64_t conn_id, size_t bytes, bool more)
{
	struct load *load = map_get(&o->waiting, conn_id);
	if (!load) {
		load = xcalloc(1, sizeof(*load));
		load->conn_id = conn_id;
		map_put(&o->waiting, conn_id, load);
	}
	load->bytes = more ? load->bytes + bytes : load->bytes - bytes;
	load->letters = more ? load->letters + 1 : load->letters - 1;
	size_t left = load->bytes;
	if (load->letters == 0) {
		map_del(&o->waiting, conn_id);
		free(load);
	}
	return left;
}

static size_t letter_unlink(struct outbox *o, struct letter *l)
{
	list_remove(&l->in_list);
	o->count--;
	return load_change(o, l->conn_id, l->n, false);
}

static void drop_all(struct outbox *o, struct list *list)
{
	while (!list_empty(list)) {
		struct letter *l = list_entry(list->next, struct letter, in_list);
		letter_unlink(o, l);
		free(l);
	}
}

void outbox_free(struct outbox *o)
{
	if (!o)
		return;
	drop_all(o, &o->open);
	drop_all(o, &o->closed);
	drop_all(o, &o->held_back);
	map_free(&o->waiting);
	text_free(&o->encoded);
	free(o);
}

static void add(struct outbox *o, uint64_t conn_id, uint32_t type, uint64_t id, bool held, const void *body,
                size_t n)
{
	struct letter *l = xmalloc(sizeof(*l) + n);
	*l = (struct letter){.conn_id = conn_id, .id = id, .type = type, .held = held, .n = n};
	if (n)
		memcpy(l->body, body, n);
	list_append(&o->open, &l->in_list);
	load_change(o, conn_id, n, true);
	o->count++;
}

void outbox_add(struct outbox *o, uint64_t conn_id, uint32_t type, uint64_t id, bool held, const void *record)
{
	text_clear(&o->encoded);
	schema_encode(message_schema(type), record, &o->encoded);
	add(o, conn_id, type, id, held, o->encoded.s, o->encoded.len);
	if (o->encoded.len > ENCODED_KEPT)
		text_free(&o->encoded);
}

void outbox_add_encoded(struct outbox *o, uint64_t conn_id, uint32_t type, uint64_t id, const void *body,
                        size_t n)
{
	add(o, conn_id, type, id, false, body, n);
}

void outbox_add_error(struct outbox *o, uint64_t conn_id, uint64_t id, const struct err *err,
                      const char *help)
{
	struct msg_error m = {.code = (uint32_t)(err->code ? err->code : ERR_INTERNAL)};
	char *text = *err->text ? xstrdup(err->text) : NULL, *advice = xstrdup(help);
	m.text = text;
	m.help = advice;
	outbox_add(o, conn_id, MSG_msg_error, id, false, &m);
	free(text);
	free(advice);
}

void outbox_close_round(struct outbox *o, uint64_t answers_on, uint64_t held_on)
{
	while (!list_empty(&o->open)) {
		struct letter *l = list_entry(o->open.next, struct letter, in_list);
		list_remove(&l->in_list);
		l->depends = l->held ? held_on : answers_on;
		/* Behind a letter that is held back no other may go first to the same worker: all of its
		 * letters are held. */
		list_append(l->held && answers_on != held_on ? &o->held_back : &o->closed, &l->in_list);
	}
}

static void release(struct outbox *o, struct list *list, uint64_t committed)
{
	while (!list_empty(list)) {
		struct letter *l = list_entry(list->next, struct letter, in_list);
		if (l->depends > committed)
			return;
		size_t left = letter_unlink(o, l);
		o->ops->send(o->ctx, l->conn_id, l->type, l->id, l->body, l->n, left);
		free(l);
	}
}

void outbox_release(struct outbox *o, uint64_t committed)
{
	release(o, &o->held_back, committed);
	release(o, &o->closed, committed);
}

static bool same_request(const struct letter *a, const struct letter *b)
{
	return a->conn_id == b->conn_id && a->id == b->id;
}

static bool told_before(struct list *list, const struct letter *letter)
{
	list_each (it, list) {
		const struct letter *l = list_entry(it, struct letter, in_list);
		if (l == letter)
			return false;
		if (same_request(l, letter))
			return true;
	}
	return false;
}

void outbox_fail(struct outbox *o, uint64_t committed, const struct err *err, const char *help)
{
	struct list lost;
	outbox_release(o, committed);
	list_init(&lost);
	for (int i = 0; i < 3; i++) {
		struct list *list = i == 0 ? &o->held_back : i == 1 ? &o->closed : &o->open;
		while (!list_empty(list)) {
			struct list *first = list->next;
			list_remove(first);
			list_append(&lost, first);
		}
	}
	list_each (it, &lost) {
		const struct letter *l = list_entry(it, struct letter, in_list);
		if (l->id && !l->held && !told_before(&lost, l))
			outbox_add_error(o, l->conn_id, l->id, err, help);
	}
	drop_all(o, &lost);
}

bool outbox_answers(const struct outbox *o, uint64_t conn_id, uint64_t id)
{
	const struct list *lists[] = {&o->open, &o->closed};
	for (size_t i = 0; i < 2; i++) {
		list_each (it, lists[i]) {
			const struct letter *l = list_entry(it, struct letter, in_list);
			if (l->conn_id == conn_id && l->id == id)
				return true;
		}
	}
	return false;
}

size_t outbox_waiting(const struct outbox *o)
{
	return o->count;
}

size_t outbox_waiting_for(const struct outbox *o, uint64_t conn_id)
{
	const struct load *load = map_get(&o->waiting, conn_id);
	return load ? load->bytes : 0;
}
