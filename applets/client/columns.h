/* Columns: one row a column, and from it -o (letters), -O and --format (names), headers, widths, truncation
 * and sorting. squeue(1), sinfo(1) and sacct(1) describe the formats. */
#pragma once
#include "core/util/err.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In place of a width, how a value that is too long is cut: as the real ones have it, some are not when they
 * are printed to the right. */
enum {
	COLUMN_WHOLE = 100000, /* lists of names are not; what is in brackets is */
	COLUMN_WHOLE_NUMBER,   /* numbers and times are not; words are */
	COLUMN_KEEP_MARK,      /* a '*' at the end stays, on either side */
};

struct column {
	char letter;      /* of -o; 0: none */
	const char *name; /* of -O or --format, lower case; NULL: none */
	const char *header;
	int width; /* sacct's default; negative: to the left; 0: no default; or one of the above */
	void (*value)(struct text *out, const void *record, const void *ctx);
	int64_t (*number)(const void *record, const void *ctx); /* sort key; NULL: the value's text */
};

struct column_use {
	const struct column *column; /* NULL: literal text only */
	size_t width;                /* 0: as wide as the value */
	bool right;
	bool cut_mark; /* a value that was cut ends in '+' (sacct) */
	bool whole;    /* a value is never cut */
	char *suffix;  /* printed behind, never NULL */
};

struct column_format {
	char *prefix;         /* before the first column */
	const char *what;     /* in complaints: "job format", "job step format" */
	bool bare_letters;    /* those about -o are "Invalid node format ..." without a prefix (sinfo) */
	bool spaced_capitals; /* "all" puts a blank behind each column that has a capital letter (sinfo) */
	bool all_is_a_name;   /* of -O, too (sinfo) */
	bool drops_unknown;   /* a letter that is not known is gone with what stands behind it (sprio) */
	struct column_use *uses;
	size_t n, cap;
};

void column_format_init(struct column_format *f);
void column_format_free(struct column_format *f);
void column_format_add(struct column_format *f, const struct column *column, size_t width, bool right,
                       const char *suffix);

/* "%.18i %9P text": unknown letters are kept as they stand and reported, as squeue does. "%%i" is read as
 * "%i" there. "%all" is every column with a letter, separated by bars. */
void column_format_letters(struct column_format *f, const char *spec, const struct column *columns, size_t n);
/* "jobid:8,name:.20,state:SUFFIX": 20 wide without a size; a suffix without a size means unpadded. Of an
 * unknown name, which is reported, the suffix stays. */
void column_format_names(struct column_format *f, const char *spec, const struct column *columns, size_t n);

const struct column *column_by_letter(const struct column *columns, size_t n, char letter);
const struct column *column_by_name(const struct column *columns, size_t n, const char *name, size_t len);
/* Does the format print that column? */
bool column_format_has(const struct column_format *f, const char *header);

/* One line each, with its newline. */
void column_print_header(const struct column_format *f, struct text *out);
void column_print_row(const struct column_format *f, const void *record, const void *ctx, struct text *out);

struct column_sorting {
	const char *never;  /* letters that there is no sorting by, or NULL */
	const char *marked; /* letters that sort by `number` behind a '#', else by their text; NULL: no '#' */
	bool lenient;       /* what there is no sorting by is passed over */
};
/* Sorts `records` (n pointers) by "P,t,-p": letters of columns, each ascending or, after '-', descending.
 * Stable. "cluster" is the same for all. What there is no sorting by is an error that names it. */
int column_sort(const void **records, size_t n, const char *spec, const struct column *columns,
                size_t column_count, const struct column_sorting *how, const void *ctx, struct err *err);
