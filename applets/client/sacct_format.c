/* The formats of sacct and sstat: "JobID,State%20,...", in columns or between bars. */
#include "applets/client/sacct.h"

#include "core/util/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_column(struct column_format *f, const struct sacct_format *o, const struct column *column,
                       int64_t width)
{
	bool bars = o->parsable || o->parsable2;
	width = width ? width : column->width;
	column_format_add(f, column, bars ? 0 : (size_t)(width < 0 ? -width : width), width > 0,
	                  !bars          ? " "
	                  : o->delimiter ? o->delimiter
	                                 : "|");
	f->uses[f->n - 1].cut_mark = true;
}

int sacct_format_read(const struct sacct_format *o, const char *spec, struct column_format *f,
                      struct err *err)
{
	char *copy = xstrdup(spec), *rest = copy;
	int rc = 0;
	column_format_init(f);
	for (size_t i = 0; !*spec && i < o->column_count; i++)
		add_column(f, o, &o->columns[i], 0);
	for (char *word = text_split(&rest, ','); rc == 0 && word; word = text_split(&rest, ',')) {
		char *percent = strchr(word, '%');
		size_t len = percent ? (size_t)(percent - word) : strlen(word);
		int64_t width = 0;
		if (len == 0)
			continue;
		const struct column *column = column_by_name(o->columns, o->column_count, word, len);
		if (percent && !text_to_i64(percent + 1, &width))
			width = 0; /* as the real one has it */
		if (!column) {
			rc = err_set(err, ERR_INVALID, "Invalid field requested: \"%.*s\"", (int)len, word);
			break;
		}
		add_column(f, o, column, width);
	}
	if (rc == 0 && o->parsable2 && f->n)
		text_set(&f->uses[f->n - 1].suffix, "");
	free(copy);
	return rc;
}

void sacct_format_header(const struct sacct_format *o, const struct column_format *f)
{
	struct text out = TEXT_EMPTY;
	column_print_header(f, &out);
	for (size_t i = 0; !o->parsable && !o->parsable2 && i < f->n; i++) {
		for (size_t k = 0; k < f->uses[i].width; k++)
			text_add_char(&out, '-');
		text_add(&out, i + 1 < f->n ? " " : " \n");
	}
	fputs(text_str(&out), stdout);
	text_free(&out);
}

void sacct_format_names(const struct sacct_format *o)
{
	for (size_t i = 0; i < o->column_count; i++)
		printf("%-19s%s", o->columns[i].header, i % 4 == 3 || i + 1 == o->column_count ? "\n" : " ");
}
