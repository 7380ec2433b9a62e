#include "core/util/hostlist_range.h"
#include "core/util/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIMENSIONS_MAX 8u

struct span {
	uint64_t lo, hi;
	unsigned width;
};

/* "rack" + the spans of "[0-3]" */
struct dimension {
	const char *text;
	size_t text_len;
	size_t first, n; /* in parser.spans */
};

struct parser {
	const char *all, *p;
	struct hostlist *list;
	struct err *err;
	struct span *spans; /* of the element that is being read */
	size_t span_n, span_cap;
	struct dimension dims[DIMENSIONS_MAX];
	size_t dim_n;
	char prefix[HOST_NAME_MAX_LEN + 1];
};

__attribute__((format(printf, 4, 5))) static int bad(struct parser *p, enum err_code code, const char *at,
                                                     const char *fmt, ...)
{
	char why[200];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_set(p->err, code, "invalid host list '%.120s', character %zu: %s", log_escape(p->all),
	               (size_t)(at - p->all) + 1, why);
}

/* ---- reading an element ---- */

static bool is_name_char(char c)
{
	return c > ' ' && c < 0x7f && c != ',' && c != '[' && c != ']';
}

static int read_number(struct parser *p, uint64_t *number, unsigned *digits)
{
	const char *start = p->p;
	*number = 0;
	for (; *p->p >= '0' && *p->p <= '9'; p->p++) {
		if ((size_t)(p->p - start) == HOST_DIGITS_MAX)
			return bad(p, ERR_INVALID, start, "a number has more than %u digits",
			           HOST_DIGITS_MAX);
		*number = *number * 10 + (uint64_t)(*p->p - '0');
	}
	if (p->p == start)
		return bad(p, ERR_INVALID, start, "a number is missing (ranges are written as in n[1-3,7])");
	*digits = (unsigned)(p->p - start);
	return 0;
}

static int read_span(struct parser *p)
{
	const char *start = p->p;
	struct span s;
	unsigned ignored;
	if (read_number(p, &s.lo, &s.width) < 0)
		return -1;
	s.hi = s.lo;
	if (*p->p == '-') {
		p->p++;
		if (read_number(p, &s.hi, &ignored) < 0)
			return -1;
	}
	if (s.hi < s.lo)
		return bad(p, ERR_INVALID, start, "the range %.*s runs backwards", (int)(p->p - start),
		           start);
	p->spans = xgrow(p->spans, &p->span_cap, p->span_n + 1, sizeof(*p->spans));
	p->spans[p->span_n++] = s;
	return 0;
}

/* From '[' to behind ']'. */
static int read_bracket(struct parser *p, struct dimension *d)
{
	const char *start = p->p;
	d->first = p->span_n;
	do {
		p->p++;
		if (read_span(p) < 0)
			return -1;
	} while (*p->p == ',');
	if (*p->p == '\0')
		return bad(p, ERR_INVALID, start, "the bracket isn't closed");
	if (*p->p != ']')
		return bad(p, ERR_INVALID, p->p, "only numbers, '-' and ',' may stand in brackets");
	p->p++;
	d->n = p->span_n - d->first;
	return 0;
}

static int read_element(struct parser *p)
{
	p->span_n = p->dim_n = 0;
	for (;;) {
		const char *start = p->p;
		while (is_name_char(*p->p))
			p->p++;
		if (*p->p == '\0' || *p->p == ',') {
			if (p->dim_n && p->p > start)
				return bad(p, ERR_INVALID, start,
				           "nothing may follow the last bracket of a name");
			return 0;
		}
		if (*p->p != '[')
			return bad(p, ERR_INVALID, p->p,
			           *p->p == ']' ? "a ']' without its '['" : "not a character of a host name");
		if (p->dim_n == DIMENSIONS_MAX)
			return bad(p, ERR_INVALID, p->p, "more than %u brackets in a name", DIMENSIONS_MAX);
		struct dimension *d = &p->dims[p->dim_n++];
		d->text = start;
		d->text_len = (size_t)(p->p - start);
		if (read_bracket(p, d) < 0)
			return -1;
	}
}

/* ---- adding it ---- */

static int too_long(struct parser *p, const char *element)
{
	return bad(p, ERR_INVALID, element, "a host name has more than %u characters", HOST_NAME_MAX_LEN);
}

static int push(struct parser *p, const char *element, size_t prefix_len, const struct span *s)
{
	if (hostlist_push(p->list, p->prefix, prefix_len, s->lo, s->hi, s->width))
		return 0;
	return bad(p, ERR_LIMIT, element, "more hosts than can be counted");
}

/* n1[8-12] is n[18-19,110-112]: digits at the end of the prefix belong to the number. */
static int push_span(struct parser *p, const char *element, size_t len, struct span s)
{
	unsigned digits = host_digits(s.lo) > s.width ? host_digits(s.lo) : s.width;
	uint64_t end = 1, number;
	if (host_number_at_end(p->prefix, len, &number) == 0)
		return push(p, element, len, &s);
	for (unsigned i = 0; i < digits; i++)
		end *= 10;
	for (uint64_t lo = s.lo; lo <= s.hi; lo = end, digits++, end *= 10) {
		uint64_t hi = s.hi < end ? s.hi : end - 1;
		unsigned room = HOST_DIGITS_MAX - digits;
		size_t from = len > room ? len - room : 0;
		unsigned taken = host_number_at_end(p->prefix + from, len - from, &number);
		struct span whole = {number * end + lo, number * end + hi, digits + taken};
		if (push(p, element, len - taken, &whole) < 0)
			return -1;
	}
	return 0;
}

/* Adds dimension i and those behind it; p->prefix holds `len` bytes of those before. */
static int push_dimension(struct parser *p, const char *element, size_t i, size_t len)
{
	const struct dimension *d = &p->dims[i];
	if (d->text_len > HOST_NAME_MAX_LEN - len)
		return too_long(p, element);
	memcpy(p->prefix + len, d->text, d->text_len);
	len += d->text_len;
	for (const struct span *s = p->spans + d->first; s < p->spans + d->first + d->n; s++) {
		unsigned digits = host_digits(s->hi) > s->width ? host_digits(s->hi) : s->width;
		if (len + digits > HOST_NAME_MAX_LEN)
			return too_long(p, element);
		if (i + 1 == p->dim_n) {
			if (push_span(p, element, len, *s) < 0)
				return -1;
			continue;
		}
		for (uint64_t v = s->lo; v <= s->hi; v++) {
			int n = snprintf(p->prefix + len, sizeof(p->prefix) - len, "%0*llu", (int)s->width,
			                 (unsigned long long)v);
			if (push_dimension(p, element, i + 1, len + (size_t)n) < 0)
				return -1;
		}
	}
	return 0;
}

/* What the dimensions multiply to, before it is made. */
static int check_product(struct parser *p, const char *element)
{
	uint64_t product = p->dims[p->dim_n - 1].n;
	for (size_t i = 0; i + 1 < p->dim_n; i++) {
		uint64_t count = 0;
		const struct dimension *d = &p->dims[i];
		for (size_t j = d->first; j < d->first + d->n; j++)
			if (__builtin_add_overflow(count, p->spans[j].hi - p->spans[j].lo + 1, &count))
				count = UINT64_MAX;
		if (__builtin_mul_overflow(product, count, &product))
			product = UINT64_MAX;
	}
	if (p->dim_n > 1 &&
	    product > HOSTLIST_RANGES_MAX -
	                      (p->list->n < HOSTLIST_RANGES_MAX ? p->list->n : HOSTLIST_RANGES_MAX))
		return bad(p, ERR_LIMIT, element, "the brackets multiply to more than %u ranges",
		           HOSTLIST_RANGES_MAX);
	return 0;
}

static int push_element(struct parser *p, const char *element)
{
	if (p->dim_n)
		return check_product(p, element) < 0 ? -1 : push_dimension(p, element, 0, 0);
	size_t len = (size_t)(p->p - element);
	if (len > HOST_NAME_MAX_LEN)
		return too_long(p, element);
	if (len == 0)
		return 0;
	struct span s;
	s.width = host_number_at_end(element, len, &s.lo);
	s.hi = s.lo;
	memcpy(p->prefix, element, len - s.width);
	return push(p, element, len - s.width, &s);
}

/* ---- lists ---- */

static int add_elements(struct parser *p)
{
	for (;;) {
		const char *element = p->p;
		if (read_element(p) < 0 || push_element(p, element) < 0)
			return -1;
		if (*p->p == '\0')
			return 0;
		p->p++;
	}
}

int hostlist_add(struct hostlist *h, const char *s, struct err *err)
{
	struct parser p = {.all = s, .p = s, .list = h, .err = err};
	size_t n = h->n;
	uint64_t count = h->count;
	struct host_range last = n ? h->v[n - 1] : (struct host_range){0};
	int rc = add_elements(&p);
	free(p.spans);
	if (rc < 0) {
		h->n = n;
		h->count = count;
		if (n)
			h->v[n - 1] = last;
	}
	return rc;
}

struct hostlist *hostlist_parse(const char *s, struct err *err)
{
	struct hostlist *h = hostlist_new();
	if (hostlist_add(h, s, err) == 0)
		return h;
	hostlist_free(h);
	return NULL;
}
