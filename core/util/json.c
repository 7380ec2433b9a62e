#include "core/util/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct json json_begin(struct text *out)
{
	return (struct json){.out = out};
}

static void new_line(struct json *j)
{
	text_add_char(j->out, '\n');
	for (unsigned i = 0; i < j->depth; i++)
		text_add(j->out, "  ");
}

/* What stands before a value: nothing behind its key, else a comma and a line of its own. */
static void before_value(struct json *j)
{
	if (j->keyed || j->depth == 0) {
		j->keyed = false;
		return;
	}
	assert(j->closing[j->depth - 1] == ']');
	if (j->filled[j->depth - 1])
		text_add_char(j->out, ',');
	j->filled[j->depth - 1] = true;
	new_line(j);
}

static void open_one(struct json *j, char bracket, char closing)
{
	before_value(j);
	assert(j->depth < JSON_DEPTH_MAX);
	text_add_char(j->out, bracket);
	j->filled[j->depth] = false;
	j->closing[j->depth++] = closing;
}

void json_object(struct json *j)
{
	open_one(j, '{', '}');
}

void json_list(struct json *j)
{
	open_one(j, '[', ']');
}

void json_end(struct json *j)
{
	assert(j->depth > 0 && !j->keyed);
	j->depth--;
	new_line(j);
	text_add_char(j->out, j->closing[j->depth]);
	if (j->depth == 0)
		text_add_char(j->out, '\n');
}

/* ---- strings ---- */

/* How many bytes of s are one character of UTF-8 (RFC 3629: no overlong forms, surrogates or numbers above
 * U+10FFFF); 0: it isn't any. */
static size_t character(const unsigned char *s)
{
	static const struct {
		unsigned char from, to, second_from, second_to;
		uint8_t more;
	} forms[] = {
	        {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
	        {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2},
	        {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].from || s[0] > forms[i].to)
			continue;
		if (forms[i].more && (s[1] < forms[i].second_from || s[1] > forms[i].second_to))
			return 0;
		for (size_t k = 2; k <= forms[i].more; k++)
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		return 1 + (size_t)forms[i].more;
	}
	return 0;
}

static void quoted(struct json *j, const char *s)
{
	static const char plain[] = "\"\\/\b\f\n\r\t", letters[] = "\"\\/bfnrt";
	text_add_char(j->out, '"');
	for (const unsigned char *p = (const unsigned char *)s; *p;) {
		size_t n = character(p);
		const char *found = n == 1 ? strchr(plain, *p) : NULL;
		if (n == 0)
			text_add(j->out, "\xef\xbf\xbd");
		else if (found)
			text_printf(j->out, "\\%c", letters[found - plain]);
		else if (n == 1 && *p < 0x20)
			text_printf(j->out, "\\u%04x", *p);
		else
			text_add_n(j->out, (const char *)p, n);
		p += n ? n : 1;
	}
	text_add_char(j->out, '"');
}

void json_key(struct json *j, const char *key)
{
	assert(j->depth > 0 && j->closing[j->depth - 1] == '}' && !j->keyed);
	if (j->filled[j->depth - 1])
		text_add_char(j->out, ',');
	j->filled[j->depth - 1] = true;
	new_line(j);
	quoted(j, key);
	text_add(j->out, ": ");
	j->keyed = true;
}

/* ---- values ---- */

void json_null(struct json *j)
{
	before_value(j);
	text_add(j->out, "null");
}

void json_bool(struct json *j, bool value)
{
	before_value(j);
	text_add(j->out, value ? "true" : "false");
}

void json_int(struct json *j, int64_t value)
{
	before_value(j);
	text_printf(j->out, "%" PRId64, value);
}

void json_real(struct json *j, double value)
{
	if (!isfinite(value)) {
		json_null(j);
		return;
	}
	before_value(j);
	/* The shortest text that is read as this number again. */
	for (int digits = 15; digits <= 17; digits++) {
		char *s = NULL;
		struct text t = TEXT_EMPTY;
		text_printf(&t, "%.*g", digits, value);
		bool same = strtod(text_str(&t), &s) == value || digits == 17;
		if (same) {
			text_add(j->out, text_str(&t));
			if (!strpbrk(text_str(&t), ".e"))
				text_add(j->out, ".0");
		}
		text_free(&t);
		if (same)
			break;
	}
}

void json_str(struct json *j, const char *s)
{
	if (!s) {
		json_null(j);
		return;
	}
	before_value(j);
	quoted(j, s);
}

void json_text(struct json *j, const char *s)
{
	json_str(j, s ? s : "");
}

void json_words(struct json *j, const char *s)
{
	struct text copy = TEXT_EMPTY;
	text_add(&copy, s ? s : "");
	char *rest = copy.s;
	json_list(j);
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ','))
		if (*word)
			json_str(j, word);
	json_end(j);
	text_free(&copy);
}

void json_rows(struct json *j, const struct json_row *rows, size_t n, const void *record, const void *ctx)
{
	json_object(j);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].when && !rows[i].when(record, ctx))
			continue;
		json_key(j, rows[i].key);
		rows[i].value(j, record, ctx);
	}
	json_end(j);
}
