#include "applets/client/multi_prog.h"

#include "core/util/log.h"
#include "core/util/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define TASKS_MAX (1u << 24) /* of a step */
#define FILE_MAX  (16u << 20)

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

/* ---- ranks: "0-3,7" ---- */

struct reader {
	struct multi_prog *m;
	const char *name;
	unsigned line;
	uint32_t limit; /* tasks below this there may be */
	uint32_t named; /* the highest, and one */
	bool star;
	struct err *err;
};

/* The line's number comes after what is wrong with it. */
static int line_wrong(const struct reader *r)
{
	return err_set(r->err, ERR_INVALID, "Line %u of configuration file %s invalid", r->line, r->name);
}

static int rank_wrong(const struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int rank_wrong(const struct reader *r, const char *fmt, ...)
{
	struct text why = TEXT_EMPTY;
	va_list ap;
	va_start(ap, fmt);
	text_vprintf(&why, fmt, ap);
	va_end(ap);
	log_error("%s", text_str(&why));
	text_free(&why);
	return line_wrong(r);
}

static bool is_number(const char *s, uint32_t *out)
{
	*out = UINT32_MAX;
	if (!*s || strspn(s, "0123456789") != strlen(s))
		return false;
	if (!text_to_u32(s, out))
		*out = UINT32_MAX; /* more than any step has */
	return true;
}

/* "3", "3-" or "3-5", in place. */
static int read_range(const struct reader *r, char *s, uint32_t *first, uint32_t *last)
{
	char *dash = strchr(s, '-');
	if (s[0] == '-')
		return is_number(s + 1, first) ? rank_wrong(r, "Invalid task id, %s < 0", s)
		                               : rank_wrong(r, "Invalid task range specification");
	if (dash && strspn(s, "0123456789") == (size_t)(dash - s)) {
		*dash = '\0';
		is_number(s, first);
		*last = *first;
		if (dash[1] && !is_number(dash + 1, last))
			return rank_wrong(r, "Invalid task range specification");
		if (*last < *first)
			return rank_wrong(r, "Invalid task range, %s-%s", s, dash + 1);
		s = dash[1] ? dash + 1 : s;
	} else if (is_number(s, first)) {
		*last = *first;
	} else {
		return rank_wrong(r, "Invalid task range specification (%s)", s);
	}
	return *last < r->limit ? 0 : rank_wrong(r, "Invalid task id, %s >= ntasks", s);
}

/* Each rank of the list that ends at `end` gets the command. */
static int take_ranks(struct reader *r, const char *list, const char *end, const char *command,
                      struct arena *arena)
{
	char *rest = arena_strndup(arena, list, (size_t)(end - list));
	uint32_t first = 0, last = 0, offset = 0;
	if (r->m->v && (rest[0] == ',' || strstr(rest, ",,")))
		log_error("Invalid task range specification (%s) ignored.", rest);
	for (char *one; (one = text_split(&rest, ',')) != NULL;) {
		if (!*one)
			continue;
		if (read_range(r, one, &first, &last) != 0)
			return -1;
		if (last >= r->named)
			r->named = last + 1;
		for (uint32_t task = first; r->m->v && task <= last; task++) {
			if (r->m->v[task].command)
				return rank_wrong(r, "Duplicate record for task %" PRIu32, task);
			r->m->v[task] = (struct multi_prog_task){command, offset++};
		}
	}
	return 0;
}

static void take_star(struct reader *r, const char *command)
{
	r->star = true;
	for (uint32_t task = 0; r->m->v && task < r->m->tasks; task++)
		if (!r->m->v[task].command)
			r->m->v[task] = (struct multi_prog_task){command, task};
}

/* ---- lines ---- */

/* The end of what begins at s: a newline that has no backslash before it, or the text's end. */
static const char *line_end(const char *s, unsigned *lines)
{
	for (; *s; s++) {
		if (*s != '\n')
			continue;
		++*lines;
		if (s[-1] != '\\')
			break;
	}
	return s;
}

static int take_line(struct reader *r, const char *s, const char *end, struct arena *arena)
{
	while (s < end && is_blank(*s))
		s++;
	if (s == end || *s == '#')
		return 0;
	const char *ranks = s;
	while (s < end && !is_blank(*s))
		s++;
	const char *ranks_end = s;
	while (s < end && is_blank(*s))
		s++;
	if (s == end || ranks_end[-1] == '\\')
		return line_wrong(r);
	if (ranks_end - ranks == 1 && *ranks == '*') {
		take_star(r, s);
		return 0;
	}
	if (r->star)
		return rank_wrong(r, "Task range specification with asterisk must be last");
	return take_ranks(r, ranks, ranks_end, s, arena);
}

static int take_lines(struct reader *r, const char *text, struct arena *arena)
{
	unsigned lines = 0;
	r->star = false;
	for (const char *s = text; *s;) {
		/* A lone newline has nothing before it that could continue it. */
		const char *end = *s == '\n' ? (lines++, s) : line_end(s + 1, &lines);
		r->line = *end ? lines : lines + 1;
		if (take_line(r, s, end, arena) != 0)
			return -1;
		s = *end ? end + 1 : end;
	}
	return 0;
}

int multi_prog_parse(struct multi_prog *m, const char *text, const char *name, uint32_t tasks,
                     struct arena *arena, struct err *err)
{
	struct reader r = {.m = m, .name = name, .limit = tasks ? tasks : TASKS_MAX, .err = err};
	*m = (struct multi_prog){.tasks = tasks};
	if (tasks == 0) { /* first how many there are */
		if (take_lines(&r, text, arena) != 0)
			return -1;
		r.limit = m->tasks = r.named ? r.named : 1;
	}
	m->v = arena_array(arena, m->tasks, sizeof(*m->v));
	for (uint32_t i = 0; i < m->tasks; i++)
		m->v[i] = (struct multi_prog_task){0};
	if (take_lines(&r, text, arena) != 0)
		return -1;
	for (uint32_t i = 0; i < m->tasks; i++)
		if (!m->v[i].command)
			return err_set(err, ERR_INVALID,
			               "Configuration file %s invalid, no record for task id %" PRIu32, name,
			               i);
	return 0;
}

int multi_prog_read(struct multi_prog *m, const char *name, uint32_t tasks, struct arena *arena,
                    struct err *err)
{
	struct text all = TEXT_EMPTY;
	char buf[4096];
	ssize_t n;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_INVALID, "Could not open multi_prog config file %s", name);
	while (((n = read(fd, buf, sizeof(buf))) > 0 && all.len < FILE_MAX) || (n < 0 && errno == EINTR))
		text_add_n(&all, buf, n > 0 ? (size_t)n : 0);
	close(fd);
	const char *text = arena_strndup(arena, text_str(&all), all.len);
	text_free(&all);
	if (n != 0)
		return err_set(err, ERR_INVALID, "Error reading multi_prog config file %s", name);
	return multi_prog_parse(m, text, name, tasks, arena, err);
}

/* ---- words ---- */

static void expand(struct text *out, char c, uint32_t task, uint32_t offset)
{
	if (c == 't')
		text_printf(out, "%" PRIu32, task);
	else if (c == 'o')
		text_printf(out, "%" PRIu32, offset);
}

static bool is_over(const char *s)
{
	return *s == '\0' || *s == '\n';
}

/* One word at *s, which goes on to what follows it. '...' is taken as it is; outside of it % has a meaning
 * with t and o, and vanishes with any other character; a backslash takes the next character as it is, and
 * vanishes with a line's end. False: a quote is not closed. */
static bool read_word(const char **at, const struct multi_prog_task *t, uint32_t task, struct text *out)
{
	bool quoted = false;
	const char *s = *at;
	for (; quoted ? *s != '\0' : !is_over(s) && !is_blank(*s); s++) {
		if (*s == '\'') {
			quoted = !quoted;
		} else if (quoted && *s == '\n' && s[-1] != '\\') {
			return false;
		} else if (!quoted && *s == '\\' && s[1]) {
			if (*++s != '\n')
				text_add_char(out, *s);
		} else if (!quoted && *s == '%' && s[1] && !is_blank(s[1])) {
			expand(out, *++s, task, t->offset);
		} else if (quoted || (*s != '%' && *s != '\\')) {
			text_add_char(out, *s);
		}
	}
	*at = s;
	return !quoted;
}

struct schema_strs multi_prog_argv(const struct multi_prog *m, uint32_t task, char *const *more,
                                   struct arena *arena)
{
	const struct multi_prog_task *t = &m->v[task];
	struct schema_strs argv = {0};
	struct text word = TEXT_EMPTY;
	uint32_t after = 0;
	while (more && more[after])
		after++;
	/* A word has one character and a blank at least. */
	const size_t length = (size_t)(line_end(t->command, &(unsigned){0}) - t->command);
	argv.v = arena_array(arena, length + 1 + after, sizeof(*argv.v));
	bool whole = true;
	for (const char *s = t->command; whole && !is_over(s);) {
		text_clear(&word);
		whole = read_word(&s, t, task, &word);
		argv.v[argv.n++] = arena_strndup(arena, text_str(&word), word.len);
		while (!is_over(s) && is_blank(*s))
			s++;
	}
	text_free(&word);
	for (uint32_t i = 0; i < after; i++)
		argv.v[argv.n++] = more[i];
	if (!whole)
		argv.n = 0;
	return argv;
}
