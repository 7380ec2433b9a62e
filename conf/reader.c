#include "conf/reader.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDE_DEPTH 10
#define TEXTS_MAX     1000u
#define LINE_MAX_SIZE (16u << 20)

struct open_text {
	struct conf_text text;
	size_t at;
	unsigned line;
};

struct reader {
	struct arena *arena;
	const struct conf_source *source;
	struct conf_texts *kept; /* NULL, or every text that was read */
	struct open_text stack[INCLUDE_DEPTH];
	size_t depth, read; /* texts: now open, in all */
	struct conf_errors *errors;
	reader_line fn;
	void *ctx;
	const char *file; /* of the line that inih has in hand */
	unsigned line;
};

/* ---- physical lines ---- */

/* One line without its newline; false at the end. *whole: it ended in a newline. */
static bool read_physical(struct open_text *s, struct text *out, bool *whole)
{
	text_clear(out);
	*whole = false;
	for (;;) {
		int c = s->at < s->text.n ? (unsigned char)s->text.text[s->at++] : EOF;
		if (c == EOF)
			return out->len > 0;
		if (c == '\n') {
			*whole = true;
			return true;
		}
		if (out->len < LINE_MAX_SIZE)
			text_add_char(out, (char)(c == '\0' ? ' ' : c));
	}
}

/* Cuts an unescaped # and what follows; "\#" becomes "#". */
static void strip_comment(struct text *t)
{
	size_t to = 0;
	for (size_t i = 0; i < t->len; i++) {
		if (t->s[i] == '\\' && i + 1 < t->len && t->s[i + 1] == '#')
			i++;
		else if (t->s[i] == '#')
			break;
		t->s[to++] = t->s[i];
	}
	while (to > 0 && (t->s[to - 1] == ' ' || t->s[to - 1] == '\t' || t->s[to - 1] == '\r'))
		to--;
	if (t->s)
		t->s[to] = '\0';
	t->len = to;
}

/* ---- logical lines ---- */

static bool ends_in_backslash(const struct text *t)
{
	return t->len > 0 && t->s[t->len - 1] == '\\';
}

/* Joins continued lines. false: this source has no more. */
static bool read_logical(struct reader *r, struct text *out)
{
	struct open_text *s = &r->stack[r->depth - 1];
	struct text part = TEXT_EMPTY;
	bool whole = true, any = false, more = false;
	text_clear(out);
	while (read_physical(s, &part, &whole)) {
		s->line++;
		if (!any) {
			r->line = s->line;
			r->file = s->text.name;
		}
		any = true;
		strip_comment(&part);
		more = ends_in_backslash(&part);
		text_add_n(out, text_str(&part), part.len - more);
		if (!more)
			break;
	}
	if (more)
		conf_error_add(r->errors, s->text.name, s->line,
		               "the file ends in a continued line: it seems to be cut off");
	text_free(&part);
	return any;
}

static void push_file(struct reader *r, const char *path, bool beside)
{
	struct conf_text text;
	if (r->depth == INCLUDE_DEPTH) {
		conf_error_add(r->errors, r->file, r->line, "Include %s: more than %d files deep", path,
		               INCLUDE_DEPTH);
		return;
	}
	for (size_t i = 0; i < r->depth; i++) {
		if (strcmp(r->stack[i].text.name, path) == 0) {
			conf_error_add(r->errors, r->file, r->line, "Include %s: it includes itself", path);
			return;
		}
	}
	if (r->read++ == TEXTS_MAX)
		conf_error_add(r->errors, r->file, r->line, "Include %s: more than %u files", path,
		               TEXTS_MAX);
	if (r->read > TEXTS_MAX)
		return;
	int error = conf_source_load(r->source, r->arena, path, &text);
	if (error && r->depth == 0)
		conf_error_add(r->errors, path, 0, "cannot read it: %s", strerror(error));
	else if (error)
		conf_error_add(r->errors, r->file, r->line, "cannot read %s: %s", path, strerror(error));
	if (error)
		return;
	text.beside = beside;
	if (r->kept)
		conf_texts_add(r->kept, r->arena, &text);
	r->stack[r->depth++] = (struct open_text){.text = text};
}

/* "Include FILE", relative to the directory of the file that has it. */
static bool take_include(struct reader *r, const char *line)
{
	if (!text_starts_nocase(line, "include") || (line[7] != ' ' && line[7] != '\t'))
		return false;
	const char *name = line + 7 + strspn(line + 7, " \t");
	const char *slash = strrchr(r->file, '/');
	bool beside = !strchr(name, '/') && r->stack[r->depth - 1].text.beside;
	if (r->source->texts && !beside)
		conf_error_add(r->errors, r->file, r->line,
		               "Include %s: only files beside slurm.conf that are named without a path come "
		               "from the controller",
		               name);
	else if (*name == '/' || !slash)
		push_file(r, name, beside);
	else
		push_file(r, arena_printf(r->arena, "%.*s/%s", (int)(slash - r->file), r->file, name),
		          beside);
	return true;
}

/* A line that is more than blank, and no Include. */
static bool next_line(struct reader *r, struct text *out)
{
	while (r->depth > 0) {
		if (!read_logical(r, out)) {
			r->depth--;
			continue;
		}
		char *line = out->s ? text_trim(out->s) : NULL;
		if (!line || *line == '\0' || take_include(r, line))
			continue;
		size_t key = strcspn(line, "=");
		if (line[key] == '\0' || line[0] == '[' || memchr(line, ':', key)) {
			conf_error_add(r->errors, r->file, r->line, "not a Parameter=Value line: %.60s",
			               line);
			continue;
		}
		/* inih takes what it gets: trimmed, with its separator. */
		memmove(out->s, line, strlen(line) + 1);
		out->len = strlen(out->s);
		return true;
	}
	return false;
}

/* ---- inih in the middle ---- */

static char *give_line(char *str, int num, void *stream)
{
	struct reader *r = stream;
	struct text line = TEXT_EMPTY;
	if (num <= 1)
		return NULL;
	/* inih asks for the rest of a long line in pieces: it gets what is left of it first. */
	static _Thread_local struct text rest;
	static _Thread_local size_t at;
	if (at >= rest.len) {
		text_clear(&rest);
		at = 0;
		if (!next_line(r, &line)) {
			text_free(&line);
			text_free(&rest);
			rest = (struct text)TEXT_EMPTY;
			return NULL;
		}
		text_add_n(&rest, line.s, line.len);
		text_add_char(&rest, '\n');
		text_free(&line);
	}
	size_t n = rest.len - at < (size_t)num - 1 ? rest.len - at : (size_t)num - 1;
	memcpy(str, rest.s + at, n);
	str[n] = '\0';
	at += n;
	return str;
}

static int take_pair(void *user, const char *section, const char *name, const char *value)
{
	struct reader *r = user;
	(void)section;
	r->fn(r->ctx, r->file, r->line, arena_strdup(r->arena, name), arena_strdup(r->arena, value));
	return 1;
}

/* inih's switches are variables of the process: set the same way each time. */
static void inih_setup(void)
{
	ini_use_stack = 0;
	ini_allow_realloc = 1;
	ini_initial_alloc = 4096;
	ini_max_line = LINE_MAX_SIZE;
	ini_allow_multiline = 0;
	ini_allow_inline_comments = 0;
	ini_stop_on_first_error = 0;
	ini_allow_bom = 1;
}

void reader_run(struct arena *arena, const struct conf_source *source, const char *path,
                struct conf_texts *kept, struct conf_errors *errors, reader_line fn, void *ctx)
{
	struct reader r = {.arena = arena,
	                   .source = source,
	                   .kept = kept,
	                   .errors = errors,
	                   .fn = fn,
	                   .ctx = ctx,
	                   .file = arena_strdup(arena, path)};
	push_file(&r, path, true);
	inih_setup();
	if (r.depth > 0 && ini_parse_stream(give_line, &r, take_pair, &r) < 0)
		conf_error_add(errors, path, 0, "out of memory, or a line of more than %u bytes",
		               LINE_MAX_SIZE);
}

/* ---- pairs within a line ---- */

static const char *take_value(struct arena *arena, const char **rest)
{
	const char *p = *rest;
	if (*p == '"' || *p == '\'') {
		const char *end = strchr(p + 1, *p);
		if (!end)
			return NULL;
		*rest = end + 1;
		return arena_strndup(arena, p + 1, (size_t)(end - p - 1));
	}
	size_t n = strcspn(p, " \t");
	*rest = p + n;
	return arena_strndup(arena, p, n);
}

bool reader_pair(struct arena *arena, const char **rest, const char **key, const char **value)
{
	const char *p = *rest + strspn(*rest, " \t");
	if (*p == '\0')
		return false;
	size_t n = 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '.')
		n++;
	const char *q = p + n + strspn(p + n, " \t");
	if (n == 0 || *q != '=') {
		size_t word = strcspn(p, " \t");
		*key = NULL;
		*value = arena_strndup(arena, p, word);
		*rest = p + word;
		return true;
	}
	*key = arena_strndup(arena, p, n);
	q++;
	q += strspn(q, " \t");
	*rest = q;
	*value = take_value(arena, rest);
	if (!*value) {
		*key = NULL;
		*value = "a quote that is not closed";
		*rest = "";
	}
	return true;
}
