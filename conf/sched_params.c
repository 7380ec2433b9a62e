#include "conf/sched_params.h"

#include "core/util/text.h"

#include <string.h>

#define NEVER (-1) /* bf_interval: no backfill */

static const struct sched_row {
	const char *word;
	size_t offset;
	uint32_t dflt, min, max;
	bool may_be_never;
} rows[] = {
#define ROW(word, dflt, min, max, never)                                                                     \
	{                                                                                                    \
#word, offsetof(struct cluster_conf, word), dflt, min, max, never                            \
	}
        ROW(bf_interval, 30, 1, 10800, true),
        ROW(bf_max_job_array_resv, 20, 0, 1000, false),
        ROW(bf_max_job_part, 0, 0, 1000000, false),
        ROW(bf_max_job_test, 500, 1, 1000000, false),
        ROW(bf_max_job_user, 0, 0, 1000000, false),
        /* Not the manual's day: what waits for something beyond it would be overtaken without end. */
        ROW(bf_window, 0, 1, 43200, false),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct sched_row *row_of(const char *word, size_t n, int64_t *value)
{
	for (size_t i = 0; i < ROWS; i++) {
		size_t name = strlen(rows[i].word);
		char number[16];
		uint32_t v;
		if (n <= name + 1 || n - name > sizeof(number) || word[name] != '=' ||
		    !text_starts_nocase(word, rows[i].word))
			continue;
		memcpy(number, word + name + 1, n - name - 1);
		number[n - name - 1] = '\0';
		if (rows[i].may_be_never && strcmp(number, "-1") == 0)
			*value = NEVER;
		else if (text_to_u32(number, &v) && v >= rows[i].min && v <= rows[i].max)
			*value = v;
		else
			return NULL;
		return &rows[i];
	}
	return NULL;
}

bool sched_params_knows(const char *word, size_t n)
{
	int64_t value;
	return row_of(word, n, &value) != NULL;
}

void sched_params_read(const char *list, struct cluster_conf *out)
{
	for (size_t i = 0; i < ROWS; i++)
		*(uint32_t *)(void *)((char *)out + rows[i].offset) = rows[i].dflt;
	for (const char *p = list; p && *p;) {
		size_t n = strcspn(p, ",");
		int64_t value = 0;
		const struct sched_row *row = row_of(p, n, &value);
		if (row && value == NEVER)
			out->backfill = false;
		else if (row)
			*(uint32_t *)(void *)((char *)out + row->offset) = (uint32_t)value;
		p += n + (p[n] == ',');
	}
}
