#include "conf/batchbox_conf.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

static bool read_text(struct arena *arena, const char *value, void *to)
{
	*(char **)to = arena_strdup(arena, value);
	return true;
}

static bool read_days(struct arena *arena, const char *value, void *to)
{
	uint32_t days;
	(void)arena;
	if (!text_to_u32(value, &days) || days == 0 || days > 100000)
		return false;
	*(uint32_t *)to = days;
	return true;
}

static const struct setting {
	const char *section, *name;
	bool (*read)(struct arena *arena, const char *value, void *to);
	size_t offset;
	const char *wanted; /* said of a bad value */
} settings[] = {
        {"auth", "key_file", read_text, offsetof(struct conf_batchbox, key_file), NULL},
        {"history", "keep_days", read_days, offsetof(struct conf_batchbox, keep_days), "a number of days"},
        {"accept", "unsafe", read_text, offsetof(struct conf_batchbox, unsafe), NULL},
};
#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

struct parse {
	struct conf_batchbox *own;
	struct conf_errors *errors;
	const char *path;
};

static void take_value(struct parse *p, const struct setting *setting, const char *value)
{
	if (!setting->read(&p->own->arena, value, (char *)p->own + setting->offset))
		conf_error_add(p->errors, p->path, 0, "[%s] %s = %.60s: %s is wanted", setting->section,
		               setting->name, value, setting->wanted);
}

static int take(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	const char *names[SETTING_COUNT];
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		names[i] = settings[i].name;
		if (text_eq_nocase(section, settings[i].section) && text_eq_nocase(name, settings[i].name)) {
			take_value(p, &settings[i], value);
			return 1;
		}
	}
	const char *near = text_nearest(name, names, SETTING_COUNT);
	conf_error_add(p->errors, p->path, 0, "[%s] %s is not a setting%s%s%s", section, name,
	               near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
	return 1;
}

int batchbox_conf_read(struct conf_batchbox *own, const char *slurm_conf_path, struct conf_errors *errors)
{
	size_t before = errors->n;
	*own = (struct conf_batchbox){0};
	arena_init(&own->arena);
	const char *slash = strrchr(slurm_conf_path, '/');
	const char *path = slash ? arena_printf(&own->arena, "%.*s/batchbox.conf",
	                                        (int)(slash - slurm_conf_path), slurm_conf_path)
	                         : "batchbox.conf";
	FILE *f = fopen(path, "re");
	if (!f && errno == ENOENT)
		return 0;
	if (!f) {
		conf_error_add(errors, path, 0, "cannot read it: %s", strerror(errno));
		return -1;
	}
	struct parse p = {own, errors, path};
	ini_use_stack = 0;
	ini_allow_realloc = 1;
	ini_initial_alloc = 4096;
	ini_max_line = 1 << 20;
	ini_allow_multiline = 0;
	int rc = ini_parse_file(f, take, &p);
	fclose(f);
	if (rc != 0)
		conf_error_add(errors, path, rc > 0 ? (unsigned)rc : 0,
		               "not a [section], a name = value, or a comment");
	return errors->n > before ? -1 : 0;
}

void batchbox_conf_free(struct conf_batchbox *own)
{
	arena_free(&own->arena);
	*own = (struct conf_batchbox){0};
}
