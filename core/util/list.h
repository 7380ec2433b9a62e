/* Intrusive doubly linked lists (circular, with a head). */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define list_entry(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define list_each(it, head)           for (struct list *it = (head)->next; it != (head); it = it->next)
/* The entry `it` may be removed in the body. */
#define list_each_safe(it, tmp, head)                                                                        \
	for (struct list *it = (head)->next, *tmp = it->next; it != (head); it = tmp, tmp = it->next)

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}
static inline void list_append(struct list *head, struct list *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}
static inline void list_prepend(struct list *head, struct list *l)
{
	list_append(head->next, l);
}
/* Safe on an entry that is in no list, if it was list_init-ed. */
static inline void list_remove(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	l->next = l->prev = l;
}
