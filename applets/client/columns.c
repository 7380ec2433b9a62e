#include "applets/client/columns.h"

#include "core/util/arena.h"
#include "core/util/log.h"
#include "core/util/sort.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_DEFAULT_WIDTH 20 /* of -O */
#define COLUMN_WIDTH_MAX     65536

void column_format_init(struct column_format *f)
{
	*f = (struct column_format){.prefix = xstrdup("")};
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

static void add_all(struct column_format *f, const struct column *columns, size_t n)
{
	bool first = true;
	for (size_t i = 0; i < n; i++) {
		if (columns[i].letter == '\0')
			continue;
		if (!first)
			text_set(&f->uses[f->n - 1].suffix, "|");
		column_format_add(f, &columns[i], 0, false, "");
		first = false;
	}
}

/* Literal text behind the last column, or before the first. */
static void add_literal(struct column_format *f, const char *s, size_t len)
{
	char **where = f->n ? &f->uses[f->n - 1].suffix : &f->prefix;
	char *longer = xprintf("%s%.*s", *where, (int)len, s);
	free(*where);
	*where = longer;
}

static size_t read_width(const char **p)
{
	size_t width = 0;
	for (; isdigit((unsigned char)**p); (*p)++)
		if (width < COLUMN_WIDTH_MAX)
			width = width * 10 + (size_t)(**p - '0');
	return width < COLUMN_WIDTH_MAX ? width : COLUMN_WIDTH_MAX;
}

void column_format_letters(struct column_format *f, const char *spec, const struct column *columns, size_t n)
{
	if (strcasecmp(spec, "%all") == 0) {
		add_all(f, columns, n);
		return;
	}
	for (const char *p = spec; *p;) {
		const char *start = p;
		if (*p != '%') {
			p += strcspn(p, "%");
			add_literal(f, start, (size_t)(p - start));
			continue;
		}
		p++;
		bool right = *p == '.';
		p += right;
		size_t width = read_width(&p);
		const struct column *column = column_by_letter(columns, n, *p);
		if (column) {
			column_format_add(f, column, width, right, "");
			p++;
			continue;
		}
		/* "%%i" reaches users as "%i": the real one prints such text as it stands. */
		if (*p == '%') {
			add_literal(f, p, 1);
			p++;
			continue;
		}
		log_error("Invalid job format specification: %.1s", p);
		p += *p != '\0';
		add_literal(f, start, (size_t)(p - start));
	}
}

/* ---- -O ---- */

/* "name[:[.][size][suffix]]" */
static void add_named(struct column_format *f, char *item, const struct column *columns, size_t n)
{
	char *colon = strchr(item, ':');
	size_t len = colon ? (size_t)(colon - item) : strlen(item);
	const struct column *column = column_by_name(columns, n, item, len);
	if (!column) {
		log_error("Invalid job format specification: %.*s", (int)len, item);
		return;
	}
	if (!colon) {
		column_format_add(f, column, COLUMN_DEFAULT_WIDTH, false, "");
		return;
	}
	const char *p = colon + 1;
	bool right = *p == '.';
	p += right;
	size_t width = read_width(&p);
	column_format_add(f, column, width ? width : *p ? 0 : COLUMN_DEFAULT_WIDTH, right, p);
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

static void print_cell(const struct column_use *use, const char *value, size_t len, struct text *out)
{
	size_t pad = 0;
	if (use->width && len > use->width && use->whole) {
		text_add_n(out, value, len);
		return;
	}
	if (use->width && len > use->width) {
		text_add_n(out, value, use->cut_mark ? use->width - 1 : use->width);
		if (use->cut_mark)
			text_add_char(out, '+');
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
		struct column_use use = f->uses[i];
		use.cut_mark = false;
		print_cell(&use, header, strlen(header), out);
		text_add(out, use.suffix);
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
		print_cell(&f->uses[i], text_str(&value), value.len, out);
		text_add(out, f->uses[i].suffix);
	}
	text_add_char(out, '\n');
	text_free(&value);
}

/* ---- sorting ---- */

struct sort_key {
	const struct column *column;
	bool descending;
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
		if (column->number) {
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

int column_sort(const void **records, size_t n, const char *spec, const struct column *columns,
                size_t column_count, const void *ctx, struct err *err)
{
	struct sort_by by = {.ctx = ctx, .a = TEXT_EMPTY, .b = TEXT_EMPTY};
	for (const char *p = spec; *p; p++) {
		if (*p == ',' || *p == '+' || *p == '#')
			continue;
		bool descending = *p == '-';
		p += descending;
		const struct column *column = column_by_letter(columns, column_count, *p);
		if (!column)
			return err_set(err, ERR_INVALID, "Invalid sort specification: %s", spec);
		if (by.n < sizeof(by.keys) / sizeof(by.keys[0]))
			by.keys[by.n++] = (struct sort_key){column, descending};
	}
	sort_stable(records, n, sizeof(*records), compare_records, &by);
	text_free(&by.a);
	text_free(&by.b);
	return 0;
}
