/* Options in a batch script: its #SBATCH lines (sbatch(1)), and those of other systems. */
#include "applets/client/options.h"
#include "core/util/log.h"

#include <ctype.h>
#include <string.h>

static bool is_blank(char c)
{
	return isspace((unsigned char)c) != 0;
}

/* One word from *p on into out. A backslash takes the next character as it is, also between quotes, but
 * doesn't keep blanks together. -1: a quote is not closed. */
static int one_word(const char **p, struct text *out, char *open)
{
	bool escaped = false;
	char quote = 0;
	for (; **p && (quote || !is_blank(**p)); (*p)++) {
		char c = **p;
		if (escaped) {
			text_add_char(out, c);
			escaped = false;
		} else if (c == '\\') {
			escaped = true;
		} else if (quote && c == quote) {
			quote = 0;
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		} else if (!quote && c == '#') {
			*p += strlen(*p);
			break;
		} else {
			text_add_char(out, c);
		}
	}
	*open = quote;
	return quote ? -1 : 0;
}

int directive_words(struct arena *arena, const char *line, char ***words, int *count, struct err *err)
{
	char **v = arena_array(arena, strlen(line) / 2 + 3, sizeof(char *));
	int n = 0;
	for (const char *p = line + strspn(line, " \t"), *rest = p; *p; rest = p) {
		struct text word = TEXT_EMPTY;
		char open;
		while (is_blank(*p))
			p++;
		if (*p == ':' && (!p[1] || is_blank(p[1])))
			return err_set(err, ERR_INVALID, "Unexpected `:` in [%s]", rest);
		if (one_word(&p, &word, &open) != 0) {
			text_free(&word);
			return err_set(err, ERR_INVALID, "Unmatched `%c` in [%s]", open, rest);
		}
		bool none = word.len == 0;
		if (!none)
			v[n++] = arena_strdup(arena, text_str(&word));
		text_free(&word);
		if (none)
			break;
	}
	v[n] = NULL;
	*words = v;
	*count = n;
	return 0;
}

/* A line's words as a command line. */
static int line_arguments(struct submit *s, const char *file, unsigned number, const char *line, int *argc,
                          char ***argv)
{
	char **words = NULL;
	int n = 0;
	struct err why = {0};
	if (directive_words(&s->arena, line, &words, &n, &why) != 0) {
		log_write(LOG_LEVEL_FATAL, "%s: line %u: %s", file, number, err_text(&why));
		(void)submit_over(s, 1);
		return -1;
	}
	*argv = arena_array(&s->arena, (size_t)n + 2, sizeof(char *));
	(*argv)[0] = arena_strdup(&s->arena, s->program);
	for (int i = 0; i < n; i++)
		(*argv)[i + 1] = words[i];
	*argc = n + 1;
	return 0;
}

static bool is_component(const char *word)
{
	return strcmp(word, "hetjob") == 0 || strcmp(word, "packjob") == 0;
}

static int own_line(struct submit *s, int argc, char **argv, struct err *err)
{
	int rest = 0;
	if (submit_arguments(s, argc, argv, ORIGIN_SCRIPT, &rest, err) != 0)
		return -1;
	if (rest >= argc)
		return 0;
	if (is_component(argv[rest]))
		return err_set(err, ERR_NOT_SUPPORTED,
		               "heterogeneous jobs are not supported by batchbox: #SBATCH %s", argv[rest]);
	return err_set(err, ERR_INVALID, "Invalid directive found in batch script: %s", argv[rest]);
}

static int one_line(struct submit *s, const char *file, unsigned number, const char *line, struct err *err)
{
	static const char *const tags[] = {"#SBATCH", "#PBS", "#BSUB"};
	int argc = 0;
	char **argv = NULL;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		size_t n = strlen(tags[i]);
		if (strncmp(line, tags[i], n) != 0 || (i > 0 && s->ignore_pbs))
			continue;
		if (line_arguments(s, file, number, line + n, &argc, &argv) != 0)
			return -1;
		return i == 0 ? own_line(s, argc, argv, err) : submit_foreign(s, tags[i], argc, argv, err);
	}
	return 0;
}

int submit_directives(struct submit *s, const char *file, const char *script, size_t n, struct err *err)
{
	const char *end = script + n;
	unsigned number = 0;
	for (const char *line = script; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = stop ? (size_t)(stop - line) : (size_t)(end - line);
		char *text = arena_strndup(&s->arena, line, len);
		const char *first = text + strspn(text, " \t");
		number++;
		/* The first line that is neither blank nor a comment is the first command: nothing after it
		 * counts. */
		if (*first && *first != '#')
			return 0;
		if (one_line(s, file, number, text, err) != 0)
			return -1;
		line += len + 1;
	}
	return 0;
}
