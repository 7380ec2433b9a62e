#include "applets/common/filename.h"

#include "core/records.h"
#include "core/util/arena.h"
#include "core/util/text.h"

#include <string.h>

#define FILENAME_WIDTH_MAX 10 /* what a wider field is cut to, as the real program does */

static void add_number(struct text *out, unsigned width, uint32_t number)
{
	text_printf(out, "%0*u", (int)width, number);
}

static void add_step(struct text *out, unsigned width, uint32_t step_id)
{
	if (step_id == CORE_STEP_BATCH)
		text_add(out, "batch");
	else
		add_number(out, width, step_id);
}

/* Adds what the letter stands for; false: it stands for nothing here. */
static bool add_symbol(struct text *out, char letter, unsigned width, const struct filename_facts *f)
{
	switch (letter) {
	case 'A':
		add_number(out, width, f->array_job_id == CORE_NO_VAL ? f->job_id : f->array_job_id);
		return true;
	case 'a':
		add_number(out, width, f->array_task_id);
		return true;
	case 'J':
		add_number(out, width, f->job_id);
		if (f->step_id != CORE_STEP_BATCH)
			text_printf(out, ".%u", f->step_id);
		return true;
	case 'j':
		add_number(out, width, f->job_id);
		return true;
	case 's':
		add_step(out, width, f->step_id);
		return true;
	case 'n':
		if (f->node_index != CORE_NO_VAL)
			add_number(out, width, f->node_index);
		return f->node_index != CORE_NO_VAL;
	case 't':
		if (f->task != CORE_NO_VAL)
			add_number(out, width, f->task);
		return f->task != CORE_NO_VAL;
	case 'N':
		text_add_n(out, f->node ? f->node : "", f->node ? strcspn(f->node, ".") : 0);
		return true;
	case 'u':
		text_add(out, f->user ? f->user : "");
		return true;
	case 'x':
		text_add(out, f->job_name ? f->job_name : "");
		return true;
	default:
		return false;
	}
}

/* A symbol at p (behind the %): its width and where its letter stands. */
static const char *symbol_letter(const char *p, unsigned *width)
{
	*width = 0;
	for (; *p >= '0' && *p <= '9'; p++)
		*width = *width > FILENAME_WIDTH_MAX ? *width : *width * 10 + (unsigned)(*p - '0');
	if (*width > FILENAME_WIDTH_MAX)
		*width = FILENAME_WIDTH_MAX;
	return p;
}

/* One backslash anywhere makes the whole name literal; each then stands for the character behind it. */
static void add_literal(struct text *out, const char *pattern)
{
	for (const char *p = pattern; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		text_add_char(out, *p);
	}
}

static void add_expanded(struct text *out, const char *pattern, const struct filename_facts *facts)
{
	for (const char *p = pattern; *p; p++) {
		unsigned width;
		const char *letter;
		if (*p != '%') {
			text_add_char(out, *p);
			continue;
		}
		if (p[1] == '%') {
			text_add_char(out, *p++);
			continue;
		}
		letter = symbol_letter(p + 1, &width);
		if (add_symbol(out, *letter, width, facts))
			p = letter;
		else if (letter == p + 1 || *letter == 't' || *letter == 'n')
			text_add_char(out, '%');
		/* else: an unknown letter behind a width loses its %, as in the real program */
	}
}

char *filename_expand(const char *pattern, const struct filename_facts *facts, const char *work_dir)
{
	struct text out = TEXT_EMPTY;
	if (pattern[0] != '/' && work_dir) {
		text_add(&out, work_dir);
		if (out.len == 0 || out.s[out.len - 1] != '/')
			text_add_char(&out, '/');
	}
	if (strchr(pattern, '\\'))
		add_literal(&out, pattern);
	else
		add_expanded(&out, pattern, facts);
	return text_take(&out);
}

const char *filename_default(bool of_array)
{
	return of_array ? "slurm-%A_%a.out" : "slurm-%j.out";
}

static bool pattern_has(const char *pattern, const char *letters)
{
	if (strchr(pattern, '\\'))
		return false;
	for (const char *p = strchr(pattern, '%'); p && p[1]; p = strchr(p, '%')) {
		unsigned width;
		if (p[1] == '%') {
			p += 2;
			continue;
		}
		p = symbol_letter(p + 1, &width);
		if (*p && strchr(letters, *p))
			return true;
	}
	return false;
}

bool filename_per_task(const char *pattern)
{
	return pattern_has(pattern, "t");
}

bool filename_per_node(const char *pattern)
{
	return pattern_has(pattern, "nN");
}
