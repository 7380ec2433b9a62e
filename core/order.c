#include "core/order.h"

/* splitmix64's finisher: spreads consecutive numbers. */
static uint64_t spread(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

bool order_before(const struct order_link *a, const struct order_link *b)
{
	return a->major != b->major ? a->major < b->major : a->minor < b->minor;
}

/* Puts `with` (may be NULL) where `link` hangs. */
static void replace(struct order *o, const struct order_link *link, struct order_link *with)
{
	if (!link->up)
		o->root = with;
	else if (link->up->left == link)
		link->up->left = with;
	else
		link->up->right = with;
	if (with)
		with->up = link->up;
}

/* Exchanges a link with its parent, keeping the order. */
static void rotate_up(struct order *o, struct order_link *link)
{
	struct order_link *up = link->up;
	bool is_left = up->left == link;
	struct order_link *inner = is_left ? link->right : link->left;
	replace(o, up, link);
	if (is_left) {
		link->right = up;
		up->left = inner;
	} else {
		link->left = up;
		up->right = inner;
	}
	up->up = link;
	if (inner)
		inner->up = up;
}

void order_add(struct order *o, struct order_link *link, uint64_t major, uint64_t minor)
{
	struct order_link *up = NULL, **at = &o->root;
	*link = (struct order_link){.major = major, .minor = minor, .heap = spread(minor)};
	while (*at) {
		up = *at;
		at = order_before(link, up) ? &up->left : &up->right;
	}
	*at = link;
	link->up = up;
	while (link->up && link->heap > link->up->heap)
		rotate_up(o, link);
	o->count++;
}

void order_del(struct order *o, struct order_link *link)
{
	while (link->left && link->right)
		rotate_up(o, link->left->heap > link->right->heap ? link->left : link->right);
	replace(o, link, link->left ? link->left : link->right);
	link->up = link->left = link->right = NULL;
	o->count--;
}

struct order_link *order_first(const struct order *o)
{
	struct order_link *link = o->root;
	while (link && link->left)
		link = link->left;
	return link;
}

struct order_link *order_next(const struct order_link *link)
{
	if (link->right) {
		struct order_link *next = link->right;
		while (next->left)
			next = next->left;
		return next;
	}
	while (link->up && link->up->right == link)
		link = link->up;
	return link->up;
}
