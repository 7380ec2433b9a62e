/* A file that is there whole or not at all: it is written without a name, and gets the one that it was asked
 * to have when all of it has arrived. The path is followed once, with the rights of whoever runs this: for a
 * user's path that is the user. */
#pragma once
#include "core/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct placed_file {
	int dir, fd;     /* -1: not open */
	char *name;      /* in dir */
	char *temporary; /* what it is called meanwhile, where the file system knows no file without a name;
	                    or NULL */
	bool replace;
	int error; /* errno of what failed */
};

#ifdef BATCHBOX_TEST
extern bool placed_named_only; /* as on a file system that knows no file without a name */
#endif

/* The texts of errors are those of errno alone. replace: a file that is there goes when the new one comes;
 * without, it is an error. What is there and is no file or link is always one. */
int placed_begin(struct placed_file *f, const char *path, uint64_t size, bool replace, struct err *err);
int placed_write(struct placed_file *f, const void *data, size_t n, struct err *err);
/* The last before the name. times NULL: now. */
int placed_attributes(struct placed_file *f, mode_t mode, const struct timespec times[2], struct err *err);
/* What came to be there meanwhile is an error, unless it is the same. */
int placed_commit(struct placed_file *f, struct err *err);
/* Leaves nothing, unless it was committed. */
void placed_close(struct placed_file *f);
