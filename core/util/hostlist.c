#include "core/util/hostlist.h"
#include "core/util/hostlist_range.h"
#include "core/util/sort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers and names ---- */

unsigned host_digits(uint64_t v)
{
	unsigned n = 1;
	for (; v >= 10; v /= 10)
		n++;
	return n;
}

/* The digits that v is written with in a range of this width. */
static unsigned written(unsigned width, uint64_t v)
{
	unsigned digits = host_digits(v);
	return width > digits ? width : digits;
}

unsigned host_number_at_end(const char *s, size_t len, uint64_t *number)
{
	unsigned digits = 0;
	uint64_t v = 0, ten = 1;
	for (; digits < HOST_DIGITS_MAX && digits < len; digits++, ten *= 10) {
		char c = s[len - 1 - digits];
		if (c < '0' || c > '9')
			break;
		v += (uint64_t)(c - '0') * ten;
	}
	*number = v;
	return digits;
}

static uint64_t range_count(const struct host_range *r)
{
	return r->hi - r->lo + 1;
}

static void range_name(const struct host_range *r, uint64_t v, char *out, size_t size)
{
	if (r->width)
		(void)snprintf(out, size, "%s%0*llu", r->prefix, (int)r->width, (unsigned long long)v);
	else
		(void)snprintf(out, size, "%s", r->prefix);
}

/* Whether the numbers from lo on are written alike in both widths. */
static bool same_writing(unsigned width_a, unsigned width_b, uint64_t lo)
{
	return width_a == width_b || (width_a <= host_digits(lo) && width_b <= host_digits(lo));
}

/* b goes on where a ends. */
static bool follows(const struct host_range *a, const struct host_range *b)
{
	return a->width && b->width && b->lo == a->hi + 1 && same_writing(a->width, b->width, b->lo) &&
	       (a->prefix == b->prefix || strcmp(a->prefix, b->prefix) == 0);
}

/* ---- making ---- */

struct hostlist *hostlist_new(void)
{
	struct hostlist *h = xcalloc(1, sizeof(*h));
	arena_init(&h->prefixes);
	return h;
}

void hostlist_free(struct hostlist *h)
{
	if (!h)
		return;
	arena_free(&h->prefixes);
	free(h->v);
	free(h);
}

static void append(struct hostlist *h, const struct host_range *r)
{
	h->v = xgrow(h->v, &h->cap, h->n + 1, sizeof(*h->v));
	h->v[h->n++] = *r;
}

/* The prefix of the last range, if it is the same, or a copy. */
static const char *prefix_for(struct hostlist *h, const char *prefix, size_t len)
{
	const char *last = h->n ? h->v[h->n - 1].prefix : NULL;
	if (last && strncmp(last, prefix, len) == 0 && last[len] == '\0')
		return last;
	return arena_strndup(&h->prefixes, prefix, len);
}

bool hostlist_push(struct hostlist *h, const char *prefix, size_t prefix_len, uint64_t lo, uint64_t hi,
                   unsigned width)
{
	struct host_range r = {prefix_for(h, prefix, prefix_len), lo, hi, width};
	if (range_count(&r) > (uint64_t)INT64_MAX - h->count)
		return false; /* an index is an int64_t */
	h->count += range_count(&r);
	if (h->n && follows(&h->v[h->n - 1], &r))
		h->v[h->n - 1].hi = hi;
	else
		append(h, &r);
	return true;
}

void hostlist_add_name(struct hostlist *h, const char *name)
{
	size_t len = strnlen(name, HOST_NAME_MAX_LEN);
	uint64_t number;
	unsigned digits = host_number_at_end(name, len, &number);
	(void)hostlist_push(h, name, len - digits, number, number, digits);
}

/* ---- asking ---- */

uint64_t hostlist_count(const struct hostlist *h)
{
	return h->count;
}

/* The range that holds the name, from h->v[0] on; *at: the name's place in it, *before: names in earlier
 * ranges. */
static struct host_range *find(const struct hostlist *h, const char *name, uint64_t *at, uint64_t *before)
{
	size_t len = strlen(name);
	uint64_t number;
	unsigned digits = host_number_at_end(name, len, &number);
	const char *last_prefix = NULL;
	bool same = false;
	*before = 0;
	for (size_t i = 0; i < h->n; i++) {
		struct host_range *r = &h->v[i];
		if (r->prefix != last_prefix) {
			last_prefix = r->prefix;
			same = strncmp(r->prefix, name, len - digits) == 0 && !r->prefix[len - digits];
		}
		if (same && !r->width == !digits && number >= r->lo && number <= r->hi &&
		    (!digits || written(r->width, number) == digits)) {
			*at = number - r->lo;
			return r;
		}
		*before += range_count(r);
	}
	return NULL;
}

bool hostlist_contains(const struct hostlist *h, const char *name)
{
	uint64_t at, before;
	return find(h, name, &at, &before) != NULL;
}

int64_t hostlist_index(const struct hostlist *h, const char *name)
{
	uint64_t at, before;
	return find(h, name, &at, &before) ? (int64_t)(before + at) : -1;
}

int hostlist_remove(struct hostlist *h, const char *name)
{
	uint64_t at, before;
	struct host_range *r = find(h, name, &at, &before);
	if (!r)
		return -1;
	size_t i = (size_t)(r - h->v);
	struct host_range rest = *r;
	rest.lo += at + 1;
	h->count--;
	if (range_count(r) == 1) {
		h->n--;
		memmove(r, r + 1, (h->n - i) * sizeof(*r));
	} else if (at == 0) {
		r->lo++;
	} else {
		r->hi = r->lo + at - 1;
		if (rest.lo <= rest.hi) {
			append(h, &rest); /* makes room */
			memmove(&h->v[i + 2], &h->v[i + 1], (h->n - i - 2) * sizeof(*r));
			h->v[i + 1] = rest;
		}
	}
	return 0;
}

/* ---- order ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Runs of digits by value; those with a leading zero come first and go bytewise, as in Slurm. */
static int compare_runs(const char *a, size_t la, const char *b, size_t lb)
{
	bool zero = *a == '0' || *b == '0';
	if (!zero && la != lb)
		return la < lb ? -1 : 1;
	int c = memcmp(a, b, la < lb ? la : lb);
	if (c == 0 && la != lb)
		return la < lb ? -1 : 1;
	return c;
}

static int compare_prefixes(const char *a, const char *b)
{
	if (a == b)
		return 0;
	while (*a || *b) {
		if (is_digit(*a) && is_digit(*b)) {
			size_t la = strspn(a, "0123456789"), lb = strspn(b, "0123456789");
			int c = compare_runs(a, la, b, lb);
			if (c != 0)
				return c;
			a += la;
			b += lb;
		} else if (*a != *b) {
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return 0;
}

static int compare_ranges(const void *pa, const void *pb, void *ctx)
{
	const struct host_range *a = pa, *b = pb;
	(void)ctx;
	int c = compare_prefixes(a->prefix, b->prefix);
	if (c != 0)
		return c;
	if (a->width != b->width)
		return a->width < b->width ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->hi < b->hi ? -1 : a->hi > b->hi;
}

/* Cuts ranges into pieces whose numbers all have the same count of digits, which then is the width: pieces
 * of the same prefix and width are of one kind, and others share no name with them. */
static void cut_by_digits(struct hostlist *h)
{
	struct host_range *old = h->v;
	size_t n = h->n;
	h->v = NULL;
	h->n = h->cap = 0;
	for (size_t i = 0; i < n; i++) {
		struct host_range r = old[i], piece = r;
		if (!r.width) {
			append(h, &r);
			continue;
		}
		uint64_t end = 1; /* the first number that needs a digit more */
		for (piece.width = 0; piece.width < written(r.width, r.lo); piece.width++)
			end *= 10;
		for (; piece.lo <= r.hi; piece.lo = end, piece.width++, end *= 10) {
			piece.hi = r.hi < end ? r.hi : end - 1;
			append(h, &piece);
		}
	}
	free(old);
}

/* Drops what neighbours of one kind have in common. */
static void drop_doubles(struct hostlist *h)
{
	size_t kept = 0;
	h->count = 0;
	for (size_t i = 0; i < h->n; i++) {
		struct host_range *r = &h->v[i], *last = kept ? &h->v[kept - 1] : NULL;
		if (last && last->width == r->width && r->lo <= last->hi &&
		    compare_prefixes(last->prefix, r->prefix) == 0) {
			if (r->hi > last->hi) {
				h->count += r->hi - last->hi;
				last->hi = r->hi;
			}
			continue;
		}
		h->count += range_count(r);
		h->v[kept++] = *r;
	}
	h->n = kept;
}

static void join_neighbours(struct hostlist *h)
{
	size_t kept = 0;
	for (size_t i = 0; i < h->n; i++) {
		if (kept && follows(&h->v[kept - 1], &h->v[i]))
			h->v[kept - 1].hi = h->v[i].hi;
		else
			h->v[kept++] = h->v[i];
	}
	h->n = kept;
}

void hostlist_sort(struct hostlist *h)
{
	cut_by_digits(h);
	sort_stable(h->v, h->n, sizeof(*h->v), compare_ranges, NULL);
	join_neighbours(h);
}

void hostlist_uniq(struct hostlist *h)
{
	cut_by_digits(h);
	sort_stable(h->v, h->n, sizeof(*h->v), compare_ranges, NULL);
	drop_doubles(h);
	join_neighbours(h);
}

/* ---- writing ---- */

static void add_number(struct text *out, const struct host_range *r, uint64_t v)
{
	text_printf(out, "%0*llu", (int)r->width, (unsigned long long)v);
}

/* How many ranges from r on stand in one pair of brackets. */
static size_t group_size(const struct host_range *r, size_t left)
{
	size_t n = 1;
	if (!r->width)
		return 1;
	while (n < left && r[n].width && strcmp(r->prefix, r[n].prefix) == 0)
		n++;
	return n;
}

void hostlist_compress(const struct hostlist *h, struct text *out)
{
	size_t n;
	for (size_t first = 0; first < h->n; first += n) {
		const struct host_range *r = &h->v[first];
		n = group_size(r, h->n - first);
		if (first > 0)
			text_add_char(out, ',');
		text_add(out, r->prefix);
		if (!r->width)
			continue;
		bool bracket = n > 1 || r->lo != r->hi;
		if (bracket)
			text_add_char(out, '[');
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				text_add_char(out, ',');
			add_number(out, &r[i], r[i].lo);
			if (r[i].lo != r[i].hi) {
				text_add_char(out, '-');
				add_number(out, &r[i], r[i].hi);
			}
		}
		if (bracket)
			text_add_char(out, ']');
	}
}

char *hostlist_string(const struct hostlist *h)
{
	struct text t = TEXT_EMPTY;
	hostlist_compress(h, &t);
	return text_take(&t);
}

/* ---- walking ---- */

void hostlist_iter_init(struct hostlist_iter *it, const struct hostlist *h)
{
	it->list = h;
	it->range = 0;
	it->at = 0;
	it->name[0] = '\0';
}

const char *hostlist_next(struct hostlist_iter *it)
{
	if (it->range >= it->list->n)
		return NULL;
	const struct host_range *r = &it->list->v[it->range];
	range_name(r, r->lo + it->at, it->name, sizeof(it->name));
	if (++it->at == range_count(r)) {
		it->range++;
		it->at = 0;
	}
	return it->name;
}

/* Bytes for all names with their NULs, at most. */
static size_t names_size(const struct hostlist *h)
{
	size_t bytes = 0;
	for (size_t i = 0; i < h->n; i++) {
		const struct host_range *r = &h->v[i];
		bytes += (size_t)range_count(r) * (strlen(r->prefix) + written(r->width, r->hi) + 1);
	}
	return bytes;
}

char **hostlist_expand(const struct hostlist *h, size_t limit, size_t *n, struct err *err)
{
	if (limit > HOSTLIST_EXPAND_MAX)
		limit = HOSTLIST_EXPAND_MAX;
	if (h->count > limit) {
		(void)err_set(err, ERR_LIMIT,
		              "the host list names %llu hosts, more than the %zu that are allowed here",
		              (unsigned long long)h->count, limit);
		return NULL;
	}
	size_t count = (size_t)h->count;
	char **names = xmalloc(count * sizeof(*names) + names_size(h));
	char *at = (char *)(names + count);
	struct hostlist_iter it;
	hostlist_iter_init(&it, h);
	for (size_t i = 0; i < count; i++) {
		const char *name = hostlist_next(&it);
		size_t size = strlen(name) + 1;
		names[i] = memcpy(at, name, size);
		at += size;
	}
	*n = count;
	return names;
}
