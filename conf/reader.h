/* Lines of slurm.conf as Slurm reads them: comments stripped, continued lines joined, Includes followed; and
 * their pairs. */
#pragma once
#include "conf/slurm_conf.h"

/* One logical line's first pair: "NodeName" and everything behind the first "=". */
typedef void (*reader_line)(void *ctx, const char *file, unsigned line, const char *key, const char *value);

/* Reads path from the source. Strings that reach the callback live in the arena. kept: NULL, or what gets
 * every text that was read, in order. */
void reader_run(struct arena *arena, const struct conf_source *source, const char *path,
                struct conf_texts *kept, struct conf_errors *errors, reader_line fn, void *ctx);

/* Takes the next "Key=value" of *rest (values may be quoted); false at the end. On bad syntax *key is NULL
 * and *value says what stood there. */
bool reader_pair(struct arena *arena, const char **rest, const char **key, const char **value);
