#include "applets/client/columns.h"

#include "core/util/arena.h"
#include "core/util/log.h"
#include "core/util/sort.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_DEFAULT_WIDTH 20 /* of -O */
#define COLUMN_WIDTH_MAX     65536

void column_format_init(struct column_format *f)
{
	*f = (struct column_format){.prefix = xstrdup(""), .what = "job format"};
}

void column_format_free(struct column_format *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->uses[i].suffix);
	free(f->uses);
	free(f->prefix);
	*f = (struct column_format){0};
}

void column_format_add(struct column_format *f, const struct column *column, size_t width, bool right,
                       const char *suffix)
{
	f->uses = xgrow(f->uses, &f->cap, f->n + 1, sizeof(*f->uses));
	f->uses[f->n++] = (struct column_use){
	        .column = column, .width = width, .right = right, .suffix = xstrdup(suffix)};
}

const struct column *column_by_letter(const struct column *columns, size_t n, char letter)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i].letter == letter && letter != '\0')
			return &columns[i];
	return NULL;
}

const struct column *column_by_name(const struct column *columns, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i].name && strlen(columns[i].name) == len &&
		    strncasecmp(columns[i].name, name, len) == 0)
			return &columns[i];
	return NULL;
}

bool column_format_has(const struct column_format *f, const char *header)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->uses[i].column && strcmp(f->uses[i].column->header, header) == 0)
			return true;
	return false;
}

/* ---- -o ---- */

/* Literal text behind the last column, or before the first. */
static void add_literal(struct column_format *f, const char *s, size_t len)
{
	char **where = f->n ? &f->uses[f->n - 1].suffix : &f->prefix;
	char *longer = xprintf("%s%.*s", *where, (int)len, s);
	free(*where);
	*where = longer;
}

static void add_all(struct column_format *f, const struct column *columns, size_t n)
{
	bool first = true;
	for (size_t i = 0; i < n; i++) {
		char letter = columns[i].letter;
		if (letter == '\0')
			continue;
		if (!first)
			add_literal(f, "|", 1);
		column_format_add(f, &columns[i], 0, false,
		                  f->spaced_capitals && isupper((unsigned char)letter) ? " " : "");
		first = false;
	}
}

static size_t read_width(const char **p)
{
	size_t width = 0;
	for (; isdigit((unsigned char)**p); (*p)++)
		if (width < COLUMN_WIDTH_MAX)
			width = width * 10 + (size_t)(**p - '0');
	return width < COLUMN_WIDTH_MAX ? width : COLUMN_WIDTH_MAX;
}

static bool is_all(const char *s, size_t len)
{
	return len == 3 && strncasecmp(s, "all", 3) == 0;
}

/* What stands behind a percent sign up to the next one. */
static void add_letter(struct column_format *f, const char *start, size_t len, const struct column *columns,
                       size_t n)
{
	const char *p = start, *end = start + len;
	bool right = *p == '.';
	p += right;
	size_t width = read_width(&p);
	const struct column *column = p < end ? column_by_letter(columns, n, *p) : NULL;
	if (column) {
		column_format_add(f, column, width, right, "");
		add_literal(f, p + 1, (size_t)(end - p - 1));
		return;
	}
	if (f->bare_letters)
		fprintf(stderr, "Invalid node format specification: %.*s\n", p < end, p);
	else
		log_error("Invalid %s specification: %.*s", f->what, p < end, p);
	if (f->drops_unknown)
		return;
	add_literal(f, "%", 1);
	add_literal(f, start, len);
}

void column_format_letters(struct column_format *f, const char *spec, const struct column *columns, size_t n)
{
	size_t len = strcspn(spec, "%");
	add_literal(f, spec, len);
	for (const char *p = spec + len; *p; p += len) {
		p += strspn(p, "%");
		len = strcspn(p, "%");
		if (is_all(p, len))
			add_all(f, columns, n);
		else if (len)
			add_letter(f, p, len, columns, n);
	}
}

/* ---- -O ---- */

/* "name[:[.][size][suffix]]" */
static void add_named(struct column_format *f, char *item, const struct column *columns, size_t n)
{
	char *colon = strchr(item, ':');
	size_t len = colon ? (size_t)(colon - item) : strlen(item);
	const char *p = colon ? colon + 1 : "";
	bool right = *p == '.', no_size = *p == '.' || *p == '-';
	p += no_size;
	no_size = no_size || isdigit((unsigned char)*p); /* a size of 0 is one, too */
	size_t width = read_width(&p);
	if (f->all_is_a_name && is_all(item, len)) {
		add_all(f, columns, n);
		return;
	}
	const struct column *column = column_by_name(columns, n, item, len);
	if (column) {
		column_format_add(f, column, no_size || *p ? width : COLUMN_DEFAULT_WIDTH, right, p);
		return;
	}
	log_error("Invalid %s specification: %.*s", f->what, (int)len, item);
	add_literal(f, p, strlen(p));
}

void column_format_names(struct column_format *f, const char *spec, const struct column *columns, size_t n)
{
	char *copy = xstrdup(spec), *rest = copy;
	for (char *item = text_split(&rest, ','); item; item = text_split(&rest, ','))
		if (*item)
			add_named(f, item, columns, n);
	free(copy);
}

/* ---- printing ---- */

static bool is_whole(const struct column_use *use, const char *value)
{
	if (use->whole)
		return true;
	if (!use->right)
		return false;
	return use->column->width == COLUMN_WHOLE
	               ? *value != '(' || strcmp(value, "(null)") == 0
	               : use->column->width == COLUMN_WHOLE_NUMBER && isdigit((unsigned char)*value);
}

static void print_cell(const struct column_use *use, const char *value, size_t len, bool heading,
                       struct text *out)
{
	size_t pad = 0;
	/* What there isn't is not cut to the left: the real one shows all of "(null)" or nothing. */
	if (use->width && !use->right && use->width < len && strcmp(value, "(null)") == 0)
		len = 0;
	if (use->width && len > use->width && !heading && is_whole(use, value)) {
		text_add_n(out, value, len);
		return;
	}
	if (use->width && len > use->width) {
		bool mark = !heading && use->column->width == COLUMN_KEEP_MARK && value[len - 1] == '*';
		bool cut = use->cut_mark && !heading;
		text_add_n(out, value, mark || cut ? use->width - 1 : use->width);
		if (mark || cut)
			text_add_char(out, mark ? '*' : '+');
		return;
	}
	if (use->width)
		pad = use->width - len;
	if (!use->right)
		text_add_n(out, value, len);
	for (size_t i = 0; i < pad; i++)
		text_add_char(out, ' ');
	if (use->right)
		text_add_n(out, value, len);
}

void column_print_header(const struct column_format *f, struct text *out)
{
	text_add(out, f->prefix);
	for (size_t i = 0; i < f->n; i++) {
		const char *header = f->uses[i].column->header;
		print_cell(&f->uses[i], header, strlen(header), true, out);
		text_add(out, f->uses[i].suffix);
	}
	text_add_char(out, '\n');
}

void column_print_row(const struct column_format *f, const void *record, const void *ctx, struct text *out)
{
	struct text value = TEXT_EMPTY;
	text_add(out, f->prefix);
	for (size_t i = 0; i < f->n; i++) {
		text_clear(&value);
		f->uses[i].column->value(&value, record, ctx);
		text_tame(&value, 0);
		print_cell(&f->uses[i], text_str(&value), value.len, false, out);
		text_add(out, f->uses[i].suffix);
	}
	text_add_char(out, '\n');
	text_free(&value);
}

/* ---- sorting ---- */

struct sort_key {
	const struct column *column;
	bool descending, by_text;
};
struct sort_by {
	struct sort_key keys[32];
	size_t n;
	const void *ctx;
	struct text a, b; /* values under comparison */
};

static int compare_text(struct sort_by *by, const struct column *column, const void *a, const void *b)
{
	text_clear(&by->a);
	text_clear(&by->b);
	column->value(&by->a, a, by->ctx);
	column->value(&by->b, b, by->ctx);
	return strcmp(text_str(&by->a), text_str(&by->b));
}

static int compare_records(const void *pa, const void *pb, void *by_)
{
	struct sort_by *by = by_;
	const void *a = *(const void *const *)pa, *b = *(const void *const *)pb;
	for (size_t i = 0; i < by->n; i++) {
		const struct column *column = by->keys[i].column;
		int c;
		if (column->number && !by->keys[i].by_text) {
			int64_t na = column->number(a, by->ctx), nb = column->number(b, by->ctx);
			c = na < nb ? -1 : na > nb;
		} else {
			c = compare_text(by, column, a, b);
		}
		if (c != 0)
			return by->keys[i].descending ? -c : c;
	}
	return 0;
}

static int read_key(const char **p, struct sort_key *key, const struct column *columns, size_t n,
                    const struct column_sorting *how, struct err *err)
{
	bool marked = false;
	for (; **p == '+' || **p == '-' || (**p == '#' && how->marked); (*p)++) {
		key->descending |= **p == '-';
		marked |= **p == '#';
	}
	const char *letter = *p;
	if (*letter == '\0' || *letter == ',')
		return 0;
	*p += 1;
	key->column =
	        how->never && strchr(how->never, *letter) ? NULL : column_by_letter(columns, n, *letter);
	key->by_text = how->marked && strchr(how->marked, *letter) && !marked;
	return key->column || how->lenient
	               ? 0
	               : err_set(err, ERR_INVALID, "Invalid sort specification: %.1s", letter);
}

int column_sort(const void **records, size_t n, const char *spec, const struct column *columns,
                size_t column_count, const struct column_sorting *how, const void *ctx, struct err *err)
{
	struct sort_by by = {.ctx = ctx, .a = TEXT_EMPTY, .b = TEXT_EMPTY};
	for (const char *p = spec; *p;) {
		struct sort_key key = {0};
		if (*p == ',' || strncmp(p, "cluster", 7) == 0) {
			p += *p == ',' ? 1 : 7;
			continue;
		}
		if (read_key(&p, &key, columns, column_count, how, err) != 0)
			return -1;
		if (key.column && by.n < sizeof(by.keys) / sizeof(by.keys[0]))
			by.keys[by.n++] = key;
	}
	sort_stable(records, n, sizeof(*records), compare_records, &by);
	text_free(&by.a);
	text_free(&by.b);
	return 0;
}
