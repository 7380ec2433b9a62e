/* An ordered set of what carries a link, by two numbers, the smaller first: a treap. Its shape comes from the
 * keys alone, so the same members always give the same tree. Adding and removing take O(log n). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order_link {
	struct order_link *up, *left, *right;
	uint64_t major, minor; /* minor is unique in the set */
	uint64_t heap;
};

struct order {
	struct order_link *root;
	size_t count;
};

void order_add(struct order *o, struct order_link *link, uint64_t major, uint64_t minor);
void order_del(struct order *o, struct order_link *link);
struct order_link *order_first(const struct order *o);        /* NULL: empty */
struct order_link *order_next(const struct order_link *link); /* NULL: it was the last */
bool order_before(const struct order_link *a, const struct order_link *b);
