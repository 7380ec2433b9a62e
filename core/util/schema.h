/* The schema interpreter: every message, change record and stored record is a table of numbered,
 * typed fields; one interpreter walks the table to encode, decode, free, copy, dump, compare and make
 * up random ones.
 *
 * A table is a list of rows in a .def file:
 *
 *     BEGIN(12, job_cancel)                        record number 12, struct job_cancel
 *     F(1, U32, job_id, REQUIRED, 0)               field number, kind, member, rule, default
 *     FS(2, RECS, filter, cancel_filter, OPTIONAL) a member of another record type
 *     END(job_cancel)
 *
 * core/util/schema_struct.h, included before the .def, turns it into `struct job_cancel`;
 * core/util/schema_table.h turns it into `const struct schema *schema_of_job_cancel(void)`.
 *
 * Bytes: a record is a sequence of fields, each a varint tag (number << 4 | critical << 3 | wire type) and
 * a value; a repeated field is repeated as often as it has elements. Integers are LEB128 varints, signed
 * ones zigzag; strings, bytes and nested records are length-prefixed. A field at its default is left out,
 * unless it is REQUIRED. A reader skips an unknown field, unless it is marked critical: that is an error
 * that names its number. A missing OPTIONAL or CRITICAL field has its default; a missing REQUIRED one is an
 * error. Each number has one form (no longer varint than needed), a field stands once, and the elements of a
 * repeated one (STRS, RECS) stand together; U32S and U64S are one field of packed varints. An empty list or
 * BYTES equals an absent one; where it is REQUIRED, STRS and RECS need one element at least, and a REQUIRED
 * STR or REC must not be NULL. Decoding is total: any bytes give a record or an error. ERR_CORRUPT: the bytes
 * are damaged; ERR_INVALID: a required field is missing; ERR_NOT_SUPPORTED: an unknown critical one;
 * ERR_LIMIT: too deep, or the record would take more memory than 1 MiB + 256 times its bytes, or than 64 MiB
 * + twice its bytes. A table has at most 256 fields. */
#pragma once
#include "core/util/arena.h"
#include "core/util/err.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schema_kind {
	KIND_BOOL,  /* bool */
	KIND_U32,   /* uint32_t */
	KIND_U64,   /* uint64_t */
	KIND_I32,   /* int32_t */
	KIND_I64,   /* int64_t */
	KIND_STR,   /* char *; NULL is the default; no NUL inside */
	KIND_BYTES, /* struct schema_bytes */
	KIND_U32S,  /* struct schema_u32s: packed list */
	KIND_U64S,  /* struct schema_u64s */
	KIND_STRS,  /* struct schema_strs */
	KIND_REC,   /* struct X *; NULL when absent */
	KIND_RECS,  /* struct X_list { struct X *v; uint32_t n; } */
};

enum schema_rule {
	SCHEMA_OPTIONAL,
	SCHEMA_REQUIRED, /* missing is an error */
	SCHEMA_CRITICAL, /* a reader that doesn't know it must refuse */
};

struct schema_bytes {
	uint8_t *v;
	uint32_t n;
};
struct schema_u32s {
	uint32_t *v;
	uint32_t n;
};
struct schema_u64s {
	uint64_t *v;
	uint32_t n;
};
struct schema_strs {
	char **v; /* no NULLs inside */
	uint32_t n;
};

struct schema;

struct schema_field {
	uint32_t number; /* 1.. */
	const char *name;
	enum schema_kind kind;
	enum schema_rule rule;
	int64_t dflt; /* integers and bool */
	size_t offset;
	const struct schema *(*sub)(void); /* KIND_REC, KIND_RECS */
};

struct schema {
	uint32_t number; /* unique in its .def file; 0: only ever nested */
	const char *name;
	size_t size; /* of the struct */
	const struct schema_field *fields;
	size_t field_count;
};

#define SCHEMA_DEPTH_MAX 8

/* Sets every member to its default. */
void schema_init(const struct schema *s, void *record);

/* Appends the encoding of record to out (binary: use out->len). */
void schema_encode(const struct schema *s, const void *record, struct text *out);

/* Decodes exactly n bytes into *record (which is initialised here). With an arena everything lives there;
 * with arena NULL it is malloc'ed and schema_free()d by the caller (also after an error there is nothing to
 * free). */
int schema_decode(const struct schema *s, void *record, const void *bytes, size_t n, struct arena *arena,
                  struct err *err);

/* Frees what the members of a malloc'ed record own, and sets all to defaults; not the record itself. */
void schema_free(const struct schema *s, void *record);

/* Deep copy into uninitialised *to; arena NULL: malloc'ed, to be schema_free()d. */
void schema_copy(const struct schema *s, void *to, const void *from, struct arena *arena);

/* Deep copy into uninitialised *to, all that it owns in one block of the caller's, which is aligned for any
 * type and lives as long as the copy: first how many bytes that takes, then the copy. Members of the copy are
 * never freed or replaced one by one. */
struct schema_packing {
	size_t aligned, bytes; /* their sum is what it takes */
};
struct schema_packing schema_measure(const struct schema *s, const void *from);
void schema_pack_into(const struct schema *s, void *to, const void *from, void *block,
                      struct schema_packing size);

/* 0 when equal in every field (NULL and "" differ, lists by element), else the first differing field's
 * number. */
uint32_t schema_differs(const struct schema *s, const void *a, const void *b);

/* One line for people: `job_cancel{job_id=7 signal=15}`; members at their default are left out; strings
 * escaped, bytes as a count (so that scripts, environments and keys never reach a log). */
void schema_dump(const struct schema *s, const void *record, struct text *out);

/* Fills *record with random members from *seed (splitmix64; advanced), all in the arena: for tests and
 * fuzzing. */
void schema_random(const struct schema *s, void *record, uint64_t *seed, struct arena *arena);

/* Lines "FILE-LEVEL-NAME RECORD-NUMBER RECORD-NAME FIELD-NUMBER FIELD-NAME KIND RULE" for the golden file. */
void schema_golden(const struct schema *s, const char *family, struct text *out);

/* Varints, for frames and for those who need them outside records. */
void varint_put(struct text *out, uint64_t v);
/* Bytes consumed, or 0 when they end early or are no varint of 64 bits. */
size_t varint_get(const uint8_t *bytes, size_t n, uint64_t *out);
