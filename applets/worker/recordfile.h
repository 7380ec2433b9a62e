/* A record in a file of the spool: "BBX1", the length (4 bytes, little-endian), a checksum of the bytes (8),
 * the encoded record. Written as NAME.new and renamed, so that a name always has a whole record. */
#pragma once
#include "core/util/schema.h"

/* durable: the bytes are on the disk before the name appears. */
int recordfile_write(int dir_fd, const char *name, const struct schema *schema, const void *record,
                     bool durable, struct err *err);
/* The record is malloc'ed: schema_free() it. ERR_NOT_FOUND when there is no such file, ERR_CORRUPT when it is
 * damaged. */
int recordfile_read(int dir_fd, const char *name, const struct schema *schema, void *record, struct err *err);
/* A whole small file, at most `limit` bytes; appended to out. */
int recordfile_slurp(int dir_fd, const char *name, size_t limit, struct text *out, struct err *err);
