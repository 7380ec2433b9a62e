#include "conf/batchbox_conf.h"

#include "conf/companion.h"
#include "conf/server.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

/* What the setting of a value may say of it: why it is wrong, malloc'ed; NULL: it is taken. */
typedef char *(*read_setting)(struct arena *arena, const char *value, void *to);

static char *read_text(struct arena *arena, const char *value, void *to)
{
	*(char **)to = arena_strdup(arena, value);
	return NULL;
}

static char *read_path(struct arena *arena, const char *value, void *to)
{
	return value[0] == '/' ? read_text(arena, value, to) : xstrdup("an absolute path is wanted");
}

static char *read_days(struct arena *arena, const char *value, void *to)
{
	uint32_t days;
	(void)arena;
	if (!text_to_u32(value, &days) || days == 0 || days > 100000)
		return xstrdup("a number of days is wanted");
	*(uint32_t *)to = days;
	return NULL;
}

static char *read_server(struct arena *arena, const char *value, void *to)
{
	struct conf_server *server = to;
	const char *rest = value;
	return conf_server_next(arena, &rest, server) && !*rest ? NULL
	                                                        : xstrdup("HOST or HOST:PORT is wanted");
}

/* ---- what is accepted ---- */

/* Every parameter that a file of the configuration may set. */
static size_t all_names(const char **names)
{
	size_t n = 0;
	for (int i = 0; i < PARAM_COUNT; i++)
		names[n++] = param_rows[i].name;
	for (size_t i = 0; i < companion_row_count; i++)
		names[n++] = companion_rows[i].name;
	return n;
}

/* A comma list, blanks allowed; what comes out has none. A name that no file knows is a mistake, and what it
 * was to accept would go on refusing the start. */
static char *read_accepted(struct arena *arena, const char *value, void *to)
{
	const char **names = xcalloc(PARAM_COUNT + companion_row_count, sizeof(*names));
	size_t n = all_names(names);
	struct text list = TEXT_EMPTY, wrong = TEXT_EMPTY;
	for (const char *p = value; *p;) {
		size_t len = strcspn(p, ",");
		char *word = xstrndup(p, len), *name = text_trim(word);
		size_t i = 0;
		while (i < n && !text_eq_nocase(names[i], name))
			i++;
		if (i == n && *name) {
			const char *near = text_nearest(name, names, n);
			text_printf(&wrong, "%s%.60s is no parameter of slurm.conf%s%s%s",
			            wrong.len ? "; " : "", name, near ? " (did you mean " : "",
			            near ? near : "", near ? "?)" : "");
		} else if (*name) {
			text_printf(&list, "%s%s", list.len ? "," : "", names[i]);
		}
		free(word);
		p += len + (p[len] == ',');
	}
	*(char **)to = arena_strdup(arena, text_str(&list));
	text_free(&list);
	free(names);
	return wrong.len ? text_take(&wrong) : NULL;
}

/* ---- settings ---- */

static const struct setting {
	const char *section, *name;
	read_setting read;
	size_t offset;
} settings[] = {
        {"auth", "key_file", read_text, offsetof(struct conf_batchbox, key_file)},
        {"history", "keep_days", read_days, offsetof(struct conf_batchbox, keep_days)},
        {"accept", "unsafe", read_accepted, offsetof(struct conf_batchbox, unsafe)},
        {"sackd", "log_file", read_path, offsetof(struct conf_batchbox, sackd_log)},
        {"sackd", "pid_file", read_path, offsetof(struct conf_batchbox, sackd_pid)},
        {"configless", "server", read_server, offsetof(struct conf_batchbox, server)},
};
#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

struct parse {
	struct conf_batchbox *own;
	struct conf_errors *errors;
	const char *path;
	const char *rest; /* of the text */
	size_t left;
	unsigned line;
};

static void take_value(struct parse *p, const struct setting *setting, const char *value)
{
	char *wrong = setting->read(&p->own->arena, value, (char *)p->own + setting->offset);
	if (wrong)
		conf_error_add(p->errors, p->path, p->line, "[%s] %s = %.60s: %s", setting->section,
		               setting->name, value, wrong);
	free(wrong);
}

/* By the name that is meant, its section is told. */
static void unknown_setting(struct parse *p, const char *section, const char *name)
{
	const char *names[SETTING_COUNT], *home = NULL;
	struct text t = TEXT_EMPTY;
	for (size_t i = 0; i < SETTING_COUNT; i++)
		names[i] = settings[i].name;
	const char *near = text_nearest(name, names, SETTING_COUNT);
	for (size_t i = 0; near && i < SETTING_COUNT; i++)
		if (strcmp(near, names[i]) == 0)
			home = settings[i].section;
	if (*section)
		text_printf(&t, "[%s] %s is not a setting", section, name);
	else
		text_printf(&t, "%s stands in no section", name);
	if (near && text_eq_nocase(near, name))
		text_printf(&t, ": it belongs below a line [%s]", home);
	else if (near)
		text_printf(&t, " (did you mean %s, below a line [%s]?)", near, home);
	conf_error_add(p->errors, p->path, p->line, "%s", t.s);
	text_free(&t);
}

static int take(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (text_eq_nocase(section, settings[i].section) && text_eq_nocase(name, settings[i].name)) {
			take_value(p, &settings[i], value);
			return 1;
		}
	}
	unknown_setting(p, section, name);
	return 1;
}

static char *give_line(char *str, int num, void *stream)
{
	struct parse *p = stream;
	if (p->left == 0 || num <= 1)
		return NULL;
	size_t n = 0;
	while (n < p->left && n < (size_t)num - 1 && (n == 0 || p->rest[n - 1] != '\n')) {
		str[n] = p->rest[n] == '\0' ? ' ' : p->rest[n];
		n++;
	}
	str[n] = '\0';
	p->line += n > 0 && (p->line == 0 || p->rest[-1] == '\n');
	p->rest += n;
	p->left -= n;
	return str;
}

static void parse_text(struct parse *p)
{
	ini_use_stack = 0;
	ini_allow_realloc = 1;
	ini_initial_alloc = 4096;
	ini_max_line = 1 << 20;
	ini_allow_multiline = 0;
	ini_allow_inline_comments = 0;
	ini_stop_on_first_error = 0;
	int rc = ini_parse_stream(give_line, p, take, p);
	if (rc != 0)
		conf_error_add(p->errors, p->path, rc > 0 ? (unsigned)rc : 0,
		               "not a [section], a name = value, or a comment");
}

int batchbox_conf_read_from(struct conf_batchbox *own, const struct conf_source *source,
                            struct conf_errors *errors)
{
	size_t before = errors->n;
	struct conf_text text;
	*own = (struct conf_batchbox){0};
	arena_init(&own->arena);
	const char *path = conf_source_beside(source, &own->arena, BATCHBOX_CONF);
	int error = conf_source_load(source, &own->arena, path, &text);
	if (error == ENOENT)
		return 0;
	if (error) {
		conf_error_add(errors, path, 0, "cannot read it: %s", strerror(error));
		return -1;
	}
	struct parse p = {.own = own, .errors = errors, .path = path, .rest = text.text, .left = text.n};
	parse_text(&p);
	return errors->n > before ? -1 : 0;
}

int batchbox_conf_read(struct conf_batchbox *own, const char *slurm_conf_path, struct conf_errors *errors)
{
	const struct conf_source source = {.path = slurm_conf_path};
	return batchbox_conf_read_from(own, &source, errors);
}

void batchbox_conf_free(struct conf_batchbox *own)
{
	arena_free(&own->arena);
	*own = (struct conf_batchbox){0};
}
