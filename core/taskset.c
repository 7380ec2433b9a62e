/* Sets of task numbers: read and written. */
#include "core/taskset.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

/* One of "3", "1-7", "1-7:2". */
static bool read_range(const char **p, uint32_t range[3])
{
	if (!text_read_u32(p, &range[0]))
		return false;
	range[1] = range[0];
	range[2] = 1;
	if (**p == '-') {
		(*p)++;
		if (!text_read_u32(p, &range[1]))
			return false;
		if (**p == ':') {
			(*p)++;
			if (!text_read_u32(p, &range[2]))
				return false;
		}
	}
	return range[1] >= range[0] && range[2] > 0;
}

/* Goes over the ranges, and into the set if there is one. *top is the greatest number. */
static bool read_ranges(const char **p, struct core_bits *set, uint32_t end, uint32_t *top)
{
	uint32_t range[3];
	do {
		if (!read_range(p, range) || range[1] >= end)
			return false;
		*top = range[1] > *top ? range[1] : *top;
		for (uint64_t i = range[0]; set && i <= range[1]; i += range[2])
			bits_add(set, (uint32_t)i);
	} while (**p == ',' && (*p)++ && **p && !strchr("]%", **p));
	return true;
}

/* What follows the ranges. */
static bool read_limit(const char *p, uint32_t *limit)
{
	if (*p != '%')
		return *p == '\0';
	p++;
	if (!limit)
		return false;
	if (!text_read_u32(&p, limit))
		*limit = 0;
	return !strchr(p, '%');
}

struct core_bits *taskset_parse(const char *list, uint32_t end, uint32_t *limit, struct err *err)
{
	bool bracket = *list == '[';
	const char *start = list + bracket, *p = start;
	char rest[16] = "";
	uint32_t top = 0;
	bool good = read_ranges(&p, NULL, end, &top);
	/* "[1-3%2]" as squeue prints it, and "[1-3]%2". */
	size_t n = good ? strlen(p) : sizeof(rest);
	if (good && bracket) {
		const char *close = strchr(p, ']');
		good = close && n < sizeof(rest);
		if (good) {
			memcpy(rest, p, (size_t)(close - p));
			memcpy(rest + (close - p), close + 1, n - (size_t)(close - p));
		}
	} else if (good && n < sizeof(rest)) {
		memcpy(rest, p, n + 1);
	} else {
		good = false;
	}
	if (limit)
		*limit = 0;
	if (!good || !read_limit(rest, limit)) {
		err_set(err, ERR_INVALID_ARRAY, "%s", "");
		return NULL;
	}
	struct core_bits *set = bits_new(top + 1);
	p = start;
	read_ranges(&p, set, end, &top);
	return set;
}

/* ---- writing ---- */

/* How many members from `at` on lie `step` apart; step is the distance to the next one. */
static uint32_t row_from(const struct core_bits *set, uint32_t at, uint32_t *step)
{
	uint32_t next = bits_next(set, at + 1), n = 1;
	if (next >= set->n)
		return 1;
	*step = next - at;
	if (*step == 1)
		return bits_free_from(set, at) - at;
	for (; next < set->n && next - at == *step; n++) {
		at = next;
		next = bits_next(set, at + 1);
	}
	return n;
}

#define SHOWN_COMMAS 13 /* squeue: a list that is longer becomes first-last:step, if it can */

/* The whole set as one row, with steps greater than 1. */
static bool is_one_row(const struct core_bits *set, uint32_t *step)
{
	uint32_t at = bits_next(set, 0);
	return at < set->n && row_from(set, at, step) == set->set && *step > 1;
}

void taskset_text(const struct core_bits *set, bool steps, struct text *out)
{
	const char *comma = "";
	size_t start = out->len;
	uint32_t whole = 1;
	for (uint32_t at = bits_next(set, 0); at < set->n;) {
		uint32_t step = 1, n = row_from(set, at, &step);
		bool row = step == 1 ? n > 1 : steps && n > 2;
		uint32_t last = row ? at + (n - 1) * step : at;
		text_printf(out, "%s%u", comma, at);
		if (row)
			text_printf(out, "-%u", last);
		if (row && step > 1)
			text_printf(out, ":%u", step);
		comma = ",";
		at = bits_next(set, last + 1);
		if (!steps && out->len - start > SHOWN_COMMAS && is_one_row(set, &whole)) {
			text_cut(out, start);
			taskset_text(set, true, out);
			return;
		}
	}
}
