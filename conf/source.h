/* Where the files of a configuration are: in a directory, or in memory (what a controller sent). */
#pragma once
#include "core/util/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct conf_text {
	const char *name; /* its path; in memory: its name */
	const char *text;
	size_t n;
	bool beside; /* slurm.conf, or in its directory and named without a path */
};
struct conf_texts {
	struct conf_text *v;
	size_t n;
};

struct conf_source {
	const char *path;               /* of slurm.conf */
	const struct conf_texts *texts; /* NULL: files; else these alone, by their names */
};

/* 0, or an errno. Everything is copied into the arena. */
int conf_source_load(const struct conf_source *source, struct arena *arena, const char *path,
                     struct conf_text *out);
/* The path of a file that stands beside slurm.conf. */
const char *conf_source_beside(const struct conf_source *source, struct arena *arena, const char *name);
/* Appends; the list grows in the arena. */
void conf_texts_add(struct conf_texts *texts, struct arena *arena, const struct conf_text *text);
/* NULL: none of that name. */
const struct conf_text *conf_texts_find(const struct conf_texts *texts, const char *name);
