#include "core/constraint.h"

#include "core/util/text.h"

#include <string.h>

/* ---- reading ---- */

static bool is_join(char c)
{
	return c == '&' || c == '|' || c == ',';
}

/* A name has none of these. */
static size_t name_length(const char *p)
{
	return strcspn(p, "&|,*()[] \t");
}

/* "(a&b": names and what joins them, up to the closing parenthesis. */
static bool read_group(const char **at, struct constraint_item *item)
{
	const char *p = *at + 1;
	item->text = p;
	for (;;) {
		const size_t n = name_length(p);
		if (n == 0)
			return false;
		p += n;
		if (*p == ')')
			break;
		if (!is_join(*p++))
			return false;
	}
	item->n = (size_t)(p - item->text);
	*at = p + 1;
	return true;
}

/* "*2": as the real one reads it, what is behind the digits is passed over. */
static bool read_count(const char **at, struct constraint_item *item)
{
	const char *p = *at + 1;
	uint64_t n = 0;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		n = n < CONSTRAINT_COUNT_MAX ? n * 10 + (uint64_t)(*p - '0') : n;
	item->count = n < CONSTRAINT_COUNT_MAX ? (uint32_t)n : CONSTRAINT_COUNT_MAX;
	p += strcspn(p, "&|,()[]");
	*at = p;
	return n > 0;
}

static bool read_item(const char **at, struct constraint_item *item)
{
	if (**at == '(') {
		if (!read_group(at, item))
			return false;
	} else {
		item->text = *at;
		item->n = name_length(*at);
		*at += item->n;
		if (item->n == 0)
			return false;
	}
	return **at != '*' || read_count(at, item);
}

/* In brackets: alternatives, none with a count; or counts, each with one. */
static bool bracket_is_good(struct constraint *c)
{
	uint32_t items = 0, counts = 0, ors = 0, ands = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (!c->v[i].in_bracket)
			continue;
		if (items++ > 0)
			*(c->v[i].or_before ? &ors : &ands) += 1;
		counts += c->v[i].count > 0;
	}
	if ((ors > 0 && (ands > 0 || counts > 0)) || (ands > 0 && counts < items))
		return false;
	c->alternatives = counts ? 0 : items;
	return true;
}

bool constraint_counts(const struct constraint_item *item)
{
	return item->count > 0;
}

/* What joins it to the next one: behind a closing bracket nothing need, which means &. Only the last of all
 * may have one that joins it to nothing. */
static bool read_join(const char **at, bool *in_bracket, bool *or_before)
{
	const char *p = *at;
	bool closed = p[-1] == ')';
	if (*p == ']' && *in_bracket) {
		*in_bracket = false;
		closed = true;
		p++;
	}
	*or_before = *p == '|';
	*at = p + is_join(*p);
	if (is_join(*p))
		return !(*in_bracket && p[1] == ']');
	return closed || !*p;
}

bool constraint_parse(const char *text, struct constraint *out)
{
	const char *p = text ? text : "";
	bool in_bracket = false, had_bracket = false, or_before = false;
	*out = (struct constraint){0};
	while (*p) {
		if (*p == '[') {
			if (had_bracket)
				return false;
			in_bracket = had_bracket = true;
			p++;
		}
		if (out->n == CONSTRAINT_ITEMS)
			return false;
		struct constraint_item *item = &out->v[out->n++];
		item->in_bracket = in_bracket;
		item->or_before = or_before;
		if (!read_item(&p, item) || !read_join(&p, &in_bracket, &or_before))
			return false;
	}
	if (in_bracket || !bracket_is_good(out))
		return false;
	/* Joined by |, a count is of no use: each node has one or the other. */
	for (size_t i = 0; i < out->n; i++) {
		const bool or_behind = i + 1 < out->n && out->v[i + 1].or_before;
		if (!out->v[i].in_bracket && (out->v[i].or_before || or_behind))
			out->v[i].count = 0;
		out->counted += out->v[i].count;
	}
	return true;
}

/* ---- is it so? ---- */

/* From left to right, as the real one does: & binds no more tightly than |. */
bool constraint_has(const struct constraint_item *item, const char *features)
{
	bool has = true, either = false;
	for (const char *p = item->text, *end = p + item->n; p < end;) {
		const size_t n = name_length(p);
		const bool one = text_list_has(features, p, n);
		has = either ? has || one : has && one;
		p += n;
		either = p < end && *p == '|';
		p += p < end;
	}
	return has;
}

bool constraint_open(const struct constraint *c, const char *features, uint32_t alternative)
{
	bool has = true;
	uint32_t at = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct constraint_item *item = &c->v[i];
		if (item->in_bracket && item->count == 0 && at++ == alternative &&
		    !constraint_has(item, features))
			return false;
		if (item->in_bracket || item->count > 0)
			continue;
		const bool one = constraint_has(item, features);
		has = item->or_before && i > 0 ? has || one : has && one;
	}
	return has;
}

bool constraint_name(const struct constraint *c, const char **at, size_t *n)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct constraint_item *item = &c->v[i];
		if (!item->text) /* never: each was read from the text */
			break;
		const char *end = item->text + item->n;
		if (*at && *at >= end)
			continue;
		if (!*at || *at < item->text) {
			*at = item->text;
		} else {
			*at += *n;
			*at += *at < end; /* what joins them */
		}
		*n = name_length(*at);
		if (*at<end && * n> 0)
			return true;
		*at = end;
	}
	return false;
}
