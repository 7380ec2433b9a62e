/* Arenas: memory that lives and dies together (a request, a configuration, a decoded message).
 * Out of memory ends the process: everything that was acknowledged is on disk by then. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena {
	struct arena_block *head;
	size_t used;     /* bytes handed out since init or reset */
	bool keep_large; /* for who sets it: a reset keeps a large page as well. Not for what lives as long as
	                    a peer likes */
};

void arena_init(struct arena *arena);
void arena_free(struct arena *arena);  /* frees all; the arena can be used again */
void arena_reset(struct arena *arena); /* forgets all, keeps one block for reuse */
/* Zeroed memory, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
/* count * size with the multiplication checked. */
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *arena, const char *s); /* NULL in, NULL out */
char *arena_strndup(struct arena *arena, const char *s, size_t n);
void *arena_memdup(struct arena *arena, const void *p, size_t n);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap);

/* malloc and friends that end the process when memory is out. */
void *xmalloc(size_t size) __attribute__((returns_nonnull, malloc));
void *xcalloc(size_t count, size_t size) __attribute__((returns_nonnull, malloc));
void *xrealloc(void *p, size_t size) __attribute__((returns_nonnull));
/* p (an array of `size`-byte elements with room for *cap), grown to hold at least `need`: v = xgrow(v, ...).
 */
void *xgrow(void *p, size_t *cap, size_t need, size_t size);
char *xstrdup(const char *s); /* NULL in, NULL out */
char *xstrndup(const char *s, size_t n);
char *xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
