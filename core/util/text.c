#include "core/util/text.h"
#include "core/util/arena.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a growing string ---- */

void text_reserve(struct text *t, size_t n)
{
	size_t need;
	if (__builtin_add_overflow(t->len, n, &need) || __builtin_add_overflow(need, (size_t)1, &need))
		need = SIZE_MAX;
	if (need > t->cap || !t->s)
		t->s = xgrow(t->s, &t->cap, need < 32 ? 32 : need, 1);
}

void text_add_n(struct text *t, const char *s, size_t n)
{
	text_reserve(t, n);
	if (n)
		memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_add_n(t, s, strlen(s));
}

void text_add_char(struct text *t, char c)
{
	if (t->len + 1 >= t->cap)
		text_reserve(t, 1);
	t->s[t->len++] = c;
	t->s[t->len] = '\0';
}

void text_vprintf(struct text *t, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	text_reserve(t, 0);
	int n = vsnprintf(t->s + t->len, t->cap - t->len, fmt, ap);
	if (n > 0 && (size_t)n >= t->cap - t->len) {
		text_reserve(t, (size_t)n);
		n = vsnprintf(t->s + t->len, t->cap - t->len, fmt, again);
	}
	va_end(again);
	if (n > 0)
		t->len += (size_t)n;
	t->s[t->len] = '\0';
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	text_vprintf(t, fmt, ap);
	va_end(ap);
}

size_t text_escape_byte(char c, char out[4])
{
	unsigned char byte = (unsigned char)c;
	out[0] = c;
	if (byte >= ' ' && byte < 0x7f && c != '\\')
		return 1;
	out[0] = '\\';
	out[1] = (char)('0' + (byte >> 6));
	out[2] = (char)('0' + (byte >> 3 & 7));
	out[3] = (char)('0' + (byte & 7));
	return 4;
}

void text_add_size(struct text *t, uint64_t n, char unit)
{
	static const char units[] = " KMGTP";
	const char *u = strchr(units, unit), *half = "";
	for (; n >= 1024 && n % 512 == 0 && u[1] && !*half; u++) {
		half = n % 1024 ? ".50" : "";
		n /= 1024;
	}
	text_printf(t, "%" PRIu64 "%s", n, half);
	if (*u != ' ')
		text_add_char(t, *u);
}

void text_add_escaped(struct text *t, const char *s, size_t n)
{
	text_reserve(t, n);
	t->s[t->len] = '\0';
	for (size_t i = 0; i < n; i++) {
		char escaped[4];
		text_add_n(t, escaped, text_escape_byte(s[i], escaped));
	}
}

void text_tame(struct text *t, size_t from)
{
	size_t i = from;
	while (i < t->len && (unsigned char)t->s[i] >= ' ' && t->s[i] != 0x7f)
		i++;
	if (i >= t->len)
		return;
	struct text tame = TEXT_EMPTY;
	for (i = from; i < t->len; i++) {
		char escaped[4];
		bool control = (unsigned char)t->s[i] < ' ' || t->s[i] == 0x7f;
		text_add_n(&tame, control ? escaped : &t->s[i],
		           control ? text_escape_byte(t->s[i], escaped) : 1);
	}
	t->len = from;
	text_add_n(t, text_str(&tame), tame.len);
	text_free(&tame);
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->s)
		t->s[0] = '\0';
}

void text_cut(struct text *t, size_t len)
{
	if (len >= t->len)
		return;
	t->len = len;
	t->s[len] = '\0';
}

void text_free(struct text *t)
{
	free(t->s);
	*t = (struct text)TEXT_EMPTY;
}

char *text_take(struct text *t)
{
	char *s = t->s ? t->s : xstrdup("");
	*t = (struct text)TEXT_EMPTY;
	return s;
}

const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}

/* ---- a string of its own ---- */

void text_set(char **to, const char *s)
{
	char *old = *to;
	*to = xstrdup(s);
	free(old);
}

const char *text_or_null(const char *s)
{
	return s && *s ? s : NULL;
}

/* ---- numbers ---- */

bool text_to_u64(const char *s, uint64_t *out)
{
	if (!s || !*s)
		return false;
	uint64_t v = 0;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

bool text_to_u32(const char *s, uint32_t *out)
{
	uint64_t v;
	if (!text_to_u64(s, &v) || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

bool text_to_i64(const char *s, int64_t *out)
{
	if (!s)
		return false;
	bool negative = *s == '-';
	uint64_t v;
	if (!text_to_u64(s + negative, &v) || v > (uint64_t)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool text_read_u32(const char **p, uint32_t *out)
{
	const char *start = *p;
	uint64_t v = 0;
	for (; **p >= '0' && **p <= '9' && v < UINT32_MAX; (*p)++)
		v = v * 10 + (uint64_t)(**p - '0');
	if (*p == start || v >= UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* ---- comparing ---- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_eq_nocase(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	for (; *a && lower(*a) == lower(*b); a++, b++)
		;
	return lower(*a) == lower(*b);
}

bool text_starts_nocase(const char *s, const char *prefix)
{
	for (; *prefix; s++, prefix++)
		if (lower(*s) != lower(*prefix))
			return false;
	return true;
}

bool text_list_has(const char *list, const char *word, size_t n)
{
	for (const char *p = list; p && *p;) {
		size_t len = strcspn(p, ",");
		if (len == n && strncasecmp(p, word, n) == 0)
			return true;
		p += len + (p[len] == ',');
	}
	return false;
}

bool text_copy(char *to, size_t size, const char *s)
{
	if (size == 0)
		return false;
	size_t n = strnlen(s, size);
	bool whole = n < size;
	if (!whole)
		n = size - 1;
	memcpy(to, s, n);
	to[n] = '\0';
	return whole;
}

#define DISTANCE_LEN_MAX 100u

unsigned text_distance(const char *a, const char *b, unsigned limit)
{
	size_t la = strlen(a), lb = strlen(b);
	if (la > DISTANCE_LEN_MAX || lb > DISTANCE_LEN_MAX)
		return limit;
	unsigned row[DISTANCE_LEN_MAX + 1];
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0], least = row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
			diagonal = row[j];
			if (diagonal + 1 < best)
				best = diagonal + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			if (best < least)
				least = best;
		}
		if (least >= limit)
			return limit;
	}
	return row[lb] < limit ? row[lb] : limit;
}

const char *text_nearest(const char *word, const char *const *names, size_t n)
{
	size_t third = strlen(word) / 3;
	if (third > DISTANCE_LEN_MAX)
		return NULL;
	unsigned best = (unsigned)third + 1;
	const char *nearest = NULL;
	for (size_t i = 0; i < n; i++) {
		unsigned d = text_distance(word, names[i], best);
		if (d < best) {
			best = d;
			nearest = names[i];
		}
	}
	return nearest;
}

/* ---- in place ---- */

char *text_split(char **rest, char sep)
{
	char *piece = *rest;
	if (!piece)
		return NULL;
	char *end = strchr(piece, sep);
	if (end)
		*end++ = '\0';
	*rest = end;
	return piece;
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *text_trim(char *s)
{
	while (blank(*s))
		s++;
	size_t n = strlen(s);
	while (n && blank(s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}
