/* Text: a growing string, and strict readers of numbers, words and patterns. */
#pragma once
#include "core/util/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *s;    /* always NUL-terminated once anything was added; NULL before */
	size_t len; /* without the NUL */
	size_t cap;
};
#define TEXT_EMPTY                                                                                           \
	{                                                                                                    \
		NULL, 0, 0                                                                                   \
	}

/* Makes room for n more bytes (and the NUL) behind t->s + t->len; who writes there adds to len, and the NUL.
 */
void text_reserve(struct text *t, size_t n);
void text_add(struct text *t, const char *s);
void text_add_n(struct text *t, const char *s, size_t n);
void text_add_char(struct text *t, char c);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *t, const char *fmt, va_list ap);
/* A size of so many `unit`s (K, M, G, T or P; ' ': of none, below K) in the largest one that it is a whole
 * number of, or has a half of: 3072 M as "3G", 1536 M as "1.50G". */
void text_add_size(struct text *t, uint64_t n, char unit);
/* Adds s with control and non-ASCII bytes written as \ooo: for logs and terminals. */
void text_add_escaped(struct text *t, const char *s, size_t n);
/* One byte of it: writes 1 or 4 characters (no NUL), says how many. The backslash counts as a control byte.
 */
size_t text_escape_byte(char c, char out[4]);
/* Control bytes behind the first `from` bytes, which could move a terminal's cursor or begin a line that
 * isn't ours, become escapes; letters of any language stay. */
void text_tame(struct text *t, size_t from);
void text_clear(struct text *t);           /* keeps the memory */
void text_cut(struct text *t, size_t len); /* to its first len bytes; a shorter one stays as it is */
void text_free(struct text *t);
char *text_take(struct text *t);            /* the caller owns the string (never NULL); t is empty again */
const char *text_str(const struct text *t); /* never NULL */

/* *to, memory of its own or NULL, becomes a copy of s (NULL: none), which may lie in the old one. */
void text_set(char **to, const char *s);
const char *text_or_null(const char *s); /* NULL for "" too */

/* Whole-string decimal numbers: no blanks, no sign for unsigned, no overflow. true when read. */
bool text_to_u64(const char *s, uint64_t *out);
bool text_to_u32(const char *s, uint32_t *out);
bool text_to_i64(const char *s, int64_t *out);
/* The decimal number that *p begins with, below UINT32_MAX; *p then is behind it. Another or none: false, and
 * *p is anywhere in its digits. */
bool text_read_u32(const char **p, uint32_t *out);

bool text_eq(const char *a, const char *b);        /* both may be NULL; NULL equals only NULL */
bool text_eq_nocase(const char *a, const char *b); /* ASCII */
bool text_starts_nocase(const char *s, const char *prefix);
/* Is the word, of so many bytes, one of the comma-separated list's, in whatever case? No list: no. */
bool text_list_has(const char *list, const char *word, size_t n);
/* The copied bytes always end in NUL; false when s did not fit whole. */
bool text_copy(char *to, size_t size, const char *s);
/* Levenshtein distance without regard to case, for "nearest known name"; stops counting at `limit`. */
unsigned text_distance(const char *a, const char *b, unsigned limit);
/* The nearest of `n` names to `word` (at most a third of its length away), or NULL. */
const char *text_nearest(const char *word, const char *const *names, size_t n);
/* Splits s in place at `sep`; returns the next piece or NULL; *rest starts as s. Empty pieces are given. */
char *text_split(char **rest, char sep);
char *text_trim(char *s); /* in place, blanks at both ends */
