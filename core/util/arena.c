#include "core/util/arena.h"
#include "core/util/huge.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_FIRST 2048u
#define BLOCK_MAX   262144u

struct arena_block {
	struct arena_block *next;
	size_t size; /* bytes of data */
	size_t used;
	max_align_t data[];
};

static _Noreturn void out_of_memory(size_t size)
{
	(void)fprintf(stderr, "fatal: out of memory (%zu bytes asked for)\n", size);
	abort();
}

static size_t checked_product(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory(SIZE_MAX);
	return bytes;
}

/* ---- plain memory ---- */

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);
	if (!p)
		out_of_memory(size);
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	size_t bytes = checked_product(count, size);
	void *p = calloc(1, bytes ? bytes : 1);
	if (!p)
		out_of_memory(bytes);
	return p;
}

void *xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);
	if (!q)
		out_of_memory(size);
	return q;
}

void *xgrow(void *p, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return p;
	size_t want = *cap < 8 ? 8 : *cap;
	while (want < need)
		want = want > SIZE_MAX / 2 ? need : want * 2;
	p = xrealloc(p, checked_product(want, size));
	*cap = want;
	return p;
}

char *xstrndup(const char *s, size_t n)
{
	if (!s)
		return NULL;
	n = strnlen(s, n);
	char *copy = xmalloc(n + 1);
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return s ? xstrndup(s, strlen(s)) : NULL;
}

char *xprintf(const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	size_t size = n < 0 ? 1 : (size_t)n + 1;
	char *s = xmalloc(size);
	s[0] = '\0';
	if (n > 0)
		(void)vsnprintf(s, size, fmt, again);
	va_end(again);
	return s;
}

/* ---- arenas ---- */

void arena_init(struct arena *arena)
{
	arena->head = NULL;
	arena->used = 0;
	arena->keep_large = false;
}

void arena_free(struct arena *arena)
{
	struct arena_block *next;
	for (struct arena_block *b = arena->head; b; b = next) {
		next = b->next;
		free(b);
	}
	arena_init(arena);
}

void arena_reset(struct arena *arena)
{
	struct arena_block *keep = arena->head;
	if (!keep)
		return;
	const bool keep_large = arena->keep_large;
	arena->head = keep->next;
	arena_free(arena);
	arena->keep_large = keep_large;
	if (keep->size > BLOCK_MAX && !(keep_large && keep->size < HUGE_PAGE)) {
		free(keep);
		return;
	}
	keep->next = NULL;
	keep->used = 0;
	arena->head = keep;
}

static struct arena_block *block_new(size_t size)
{
	size_t bytes;
	if (__builtin_add_overflow(size, sizeof(struct arena_block), &bytes))
		out_of_memory(size);
	struct arena_block *b = bytes > HUGE_PAGE / 4 * 3 ? xhuge(bytes) : xmalloc(bytes);
	b->next = NULL;
	b->size = size;
	b->used = 0;
	return b;
}

/* The block that takes `size` more bytes. A large piece gets a block of its own behind the head, so that the
 * rest of the head stays in use. */
static struct arena_block *block_for(struct arena *arena, size_t size)
{
	struct arena_block *head = arena->head;
	if (head && head->size - head->used >= size)
		return head;
	if (head && size > (head->size > BLOCK_MAX ? HUGE_PAGE : BLOCK_MAX) / 4) {
		struct arena_block *own = block_new(size);
		own->next = head->next;
		head->next = own;
		return own;
	}
	size_t grown = head ? head->size * 2 : BLOCK_FIRST;
	if (grown > BLOCK_MAX) /* this one will be large */
		grown = HUGE_PAGE - sizeof(struct arena_block);
	struct arena_block *b = block_new(grown > size ? grown : size);
	b->next = head;
	arena->head = b;
	return b;
}

static void *take(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	if (size > SIZE_MAX - align)
		out_of_memory(size);
	size = size ? (size + align - 1) / align * align : align;
	struct arena_block *b = block_for(arena, size);
	void *p = (char *)b->data + b->used;
	b->used += size;
	arena->used += size;
	return p;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *p = take(arena, size);
	return memset(p, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	return arena_alloc(arena, checked_product(count, size));
}

void *arena_memdup(struct arena *arena, const void *p, size_t n)
{
	void *copy = take(arena, n);
	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
	if (!s)
		return NULL;
	n = strnlen(s, n);
	char *copy = take(arena, n + 1);
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
	return s ? arena_strndup(arena, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	size_t size = n < 0 ? 1 : (size_t)n + 1;
	char *s = take(arena, size);
	s[0] = '\0';
	if (n > 0)
		(void)vsnprintf(s, size, fmt, again);
	va_end(again);
	return s;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *s = arena_vprintf(arena, fmt, ap);
	va_end(ap);
	return s;
}
