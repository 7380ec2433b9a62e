#include "conf/companion.h"

#include "conf/companion_check.h"
#include "conf/reader.h"
#include "core/util/hostlist.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

const char *const companion_names[COMPANION_FILES] = {"cgroup.conf", "gres.conf", "topology.conf"};

const struct companion_row companion_rows[COMPANION_KEYS] = {
#define C(name, type, dflt, class, accepted)                                                                 \
	{COMPANION_CGROUP, #name, COMPANION_##type, dflt, PARAM_##class, accepted},
#include "conf/cgroup.def"
#undef C
#define C(name, type, dflt, class, accepted)                                                                 \
	{COMPANION_GRES, #name, COMPANION_##type, dflt, PARAM_##class, accepted},
#include "conf/gres.def"
#undef C
#define C(name, type, dflt, class, accepted)                                                                 \
	{COMPANION_TOPOLOGY, #name, COMPANION_##type, dflt, PARAM_##class, accepted},
#include "conf/topology.def"
#undef C
};
const size_t companion_row_count = COMPANION_KEYS;

/* ---- values ---- */

/* Is it one of those words, or with `some` a list of them? */
static bool words_are_known(const char *accepted, const char *s, bool some)
{
	if (!some)
		return text_list_has(accepted, s, strlen(s)) && !strchr(s, ',');
	while (*s) {
		size_t n = strcspn(s, ",");
		if (n == 0 || !text_list_has(accepted, s, n))
			return false;
		s += n + (s[n] == ',');
	}
	return true;
}

static bool number_is_good(const char *s)
{
	size_t whole = strspn(s, "0123456789"), part = 0;
	const char *p = s + whole;
	if (*p == '.')
		part = strspn(++p, "0123456789");
	p += part;
	return whole + part > 0 && whole < 16 && (*p == '\0' || strcmp(p, "%") == 0);
}

static bool count_is_good(const char *s)
{
	size_t n = strspn(s, "0123456789");
	return n > 0 && n < 16 && (s[n] == '\0' || (strchr("kmgtpKMGTP", s[n]) && s[n + 1] == '\0'));
}

static bool hosts_are_good(const char *s)
{
	struct hostlist *list = hostlist_parse(s, NULL);
	bool good = list && hostlist_count(list) > 0 && hostlist_count(list) <= HOSTLIST_EXPAND_MAX;
	hostlist_free(list);
	return good;
}

/* What is wanted, or NULL: it is well-formed. */
static const char *wrong_form(const struct companion_row *row, const char *s)
{
	switch (row->type) {
	case COMPANION_BOOL:
		return words_are_known("yes,no,true,false,1,0,up,down", s, false) ? NULL
		                                                                  : "yes or no is wanted";
	case COMPANION_NUMBER:
		return number_is_good(s) ? NULL : "a number is wanted";
	case COMPANION_COUNT:
		return count_is_good(s) ? NULL : "a number is wanted, as 4 or 10G";
	case COMPANION_PATH:
		return *s == '/' ? NULL : "an absolute path is wanted";
	case COMPANION_WORD:
	case COMPANION_WORDS:
		return words_are_known(row->accepted, s, row->type == COMPANION_WORDS) ? NULL : row->accepted;
	case COMPANION_HOSTS:
		return hosts_are_good(s) ? NULL : "a host list is wanted";
	case COMPANION_STR:
		break;
	}
	return *s ? NULL : "a value is wanted";
}

/* ---- lines ---- */

struct parse {
	struct companions *c;
	enum companion_file file;
	struct conf_errors *errors;
};

static int find_key(enum companion_file file, const char *key)
{
	for (int i = 0; i < COMPANION_KEYS; i++)
		if (companion_rows[i].file == file && text_eq_nocase(companion_rows[i].name, key))
			return i;
	return -1;
}

static void unknown_key(struct parse *p, const char *file, unsigned line, const char *key, const char *value)
{
	const char *names[COMPANION_KEYS];
	size_t n = 0;
	for (int i = 0; i < COMPANION_KEYS; i++)
		if (companion_rows[i].file == p->file)
			names[n++] = companion_rows[i].name;
	const char *near = text_nearest(key, names, n);
	conf_error_add(p->errors, file, line, "unknown parameter %s=%.60s%s%s%s", key, value,
	               near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static struct companion_line *new_line(struct parse *p, const char *file, unsigned line)
{
	struct arena *arena = &p->c->arena;
	struct companion_line *all = p->c->files[p->file].lines;
	size_t n = p->c->files[p->file].count;
	if (p->file == COMPANION_CGROUP && n > 0)
		return &all[0];
	/* Powers of two. */
	if ((n & (n - 1)) == 0) {
		struct companion_line *longer = arena_array(arena, n ? 2 * n : 1, sizeof(*longer));
		if (n)
			memcpy(longer, all, n * sizeof(*longer));
		p->c->files[p->file].lines = all = longer;
	}
	memset(&all[n], 0, sizeof(all[n]));
	all[n].file = file;
	all[n].line = line;
	p->c->files[p->file].count++;
	return &all[n];
}

static void set_value(struct parse *p, struct companion_line *to, const char *file, unsigned line,
                      const char *key, const char *value)
{
	int i = find_key(p->file, key);
	if (i < 0) {
		unknown_key(p, file, line, key, value);
		return;
	}
	const struct companion_row *row = &companion_rows[i];
	const char *wrong = wrong_form(row, value);
	if (wrong)
		conf_error_add(p->errors, file, line, "%s=%.60s: %s%s", row->name, value,
		               wrong == row->accepted ? "one of these is wanted: " : "", wrong);
	else if (to->values[i] && strcmp(to->values[i], value) != 0)
		conf_error_add(p->errors, file, line, "%s stands twice: %.60s and %.60s", row->name,
		               to->values[i], value);
	else
		to->values[i] = value;
}

static void take_line(void *ctx, const char *file, unsigned line, const char *key, const char *value)
{
	struct parse *p = ctx;
	const char *rest = arena_printf(&p->c->arena, "%s=%s", key, value), *k, *v;
	struct companion_line *to = new_line(p, file, line);
	while (reader_pair(&p->c->arena, &rest, &k, &v)) {
		if (k)
			set_value(p, to, file, line, k, v);
		else
			conf_error_add(p->errors, file, line, "%.60s: a Parameter=Value is wanted", v);
	}
}

/* ---- the whole ---- */

bool companion_in_use(const struct slurm_conf *conf, enum companion_file file)
{
	switch (file) {
	case COMPANION_CGROUP:
		return true;
	case COMPANION_GRES:
		return conf_str(conf, P_GresTypes) && *conf_str(conf, P_GresTypes) &&
		       !text_eq_nocase(conf_str(conf, P_GresTypes), "none");
	case COMPANION_TOPOLOGY:
		return text_eq_nocase(conf_str(conf, P_TopologyPlugin), "topology/tree");
	case COMPANION_FILES:
		break;
	}
	return false;
}

static void read_one(struct parse *p, const struct conf_source *source, const struct slurm_conf *conf)
{
	struct conf_text text;
	size_t before = p->errors->n;
	const char *path = conf_source_beside(source, &p->c->arena, companion_names[p->file]);
	int error = conf_source_load(source, &p->c->arena, path, &text);
	if (error == ENOENT && p->file == COMPANION_TOPOLOGY)
		conf_error_add(p->errors, conf->values[P_TopologyPlugin].file,
		               conf->values[P_TopologyPlugin].line,
		               "TopologyPlugin=topology/tree needs %s, which is not there", path);
	else if (error && error != ENOENT)
		conf_error_add(p->errors, path, 0, "cannot read it: %s", strerror(error));
	if (error)
		return;
	reader_run(&p->c->arena, source, path, &p->c->files[p->file].texts, p->errors, take_line, p);
	/* What is missing may be what a line with an error had. */
	if (p->errors->n == before)
		companion_check(p->c, p->file, conf, p->errors);
}

int companions_read(struct companions *c, const struct conf_source *source, const struct slurm_conf *conf,
                    struct conf_errors *errors)
{
	size_t before = errors->n;
	memset(c, 0, sizeof(*c));
	arena_init(&c->arena);
	for (int i = 0; i < COMPANION_FILES; i++) {
		struct parse p = {.c = c, .file = (enum companion_file)i, .errors = errors};
		if (companion_in_use(conf, p.file))
			read_one(&p, source, conf);
	}
	return errors->n > before ? -1 : 0;
}

void companions_free(struct companions *c)
{
	arena_free(&c->arena);
	memset(c, 0, sizeof(*c));
}

/* ---- classes ---- */

/* The value of a key of cgroup.conf, when it isn't the default. */
static const char *unlike_default(const struct companions *c, int key)
{
	const struct companion_row *row = &companion_rows[key];
	if (row->file != COMPANION_CGROUP || c->files[COMPANION_CGROUP].count == 0)
		return NULL;
	const char *text = c->files[COMPANION_CGROUP].lines[0].values[key];
	if (!text || (row->dflt && text_eq_nocase(text, row->dflt)))
		return NULL;
	return row->type == COMPANION_BOOL && words_are_known("no,false,0,down", text, false) ? NULL : text;
}

/* ConstrainDevices keeps jobs from the devices of GRES that they were not given, and from no other. */
static bool constrains_nothing(int key, const struct slurm_conf *conf)
{
	return key == CGROUP_ConstrainDevices && !conf_str(conf, P_GresTypes);
}

void companions_check_unsafe(const struct companions *c, const struct slurm_conf *conf, const char *accepted,
                             struct conf_errors *errors)
{
	const char *plugins = conf_str(conf, P_TaskPlugin);
	if (!text_list_has(plugins, "task/cgroup", 11) && !text_list_has(plugins, "cgroup", 6))
		return;
	for (int i = 0; i < COMPANION_KEYS; i++) {
		const struct companion_row *row = &companion_rows[i];
		const char *text = unlike_default(c, i);
		if (row->class != PARAM_UNSAFE || !text || constrains_nothing(i, conf) ||
		    (accepted && text_list_has(accepted, row->name, strlen(row->name))))
			continue;
		conf_error_add(
		        errors, c->files[row->file].lines[0].file, 0,
		        "%s=%s is not supported, and ignoring it would not be safe: remove it, or accept "
		        "that by `unsafe = %s` in section [accept] of batchbox.conf",
		        row->name, text, row->name);
	}
}

void companions_harmless(const struct companions *c, struct text *out)
{
	for (int i = 0; i < COMPANION_KEYS; i++)
		if (companion_rows[i].class == PARAM_HARMLESS && unlike_default(c, i))
			text_printf(out, "%s%s", out->len ? ", " : "", companion_rows[i].name);
}
