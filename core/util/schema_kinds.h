/* What the interpreter's own files share: the kinds of members, and how each is read and set. */
#pragma once
#include "core/util/schema.h"

#include <string.h>

enum schema_wire {
	WIRE_VARINT = 0,
	WIRE_BYTES = 1, /* length-prefixed */
};
#define WIRE_MASK    7u
#define WIRE_COUNT   2u
#define TAG_CRITICAL 8u
#define TAG_SHIFT    4

/* More fields than any table has; a bitmap of those that were seen has this size. */
#define SCHEMA_FIELDS_MAX 256u

struct schema_kind_info {
	const char *name;
	enum schema_wire wire;
	bool is_signed;
	size_t element; /* of a list; 0: no list, or the size of the sub record */
};
extern const struct schema_kind_info schema_kinds[];

/* All list kinds look like this. Members are copied in and out, since their declared types differ. */
struct schema_list {
	void *v;
	uint32_t n;
};

static inline void *member_of(void *record, const struct schema_field *f)
{
	return (char *)record + f->offset;
}
static inline const void *member_in(const void *record, const struct schema_field *f)
{
	return (const char *)record + f->offset;
}
static inline void *pointer_load(const void *member)
{
	void *p;
	memcpy(&p, member, sizeof(p));
	return p;
}
static inline void pointer_store(void *member, void *p)
{
	memcpy(member, &p, sizeof(p));
}
static inline struct schema_list list_load(const void *member)
{
	struct schema_list list = {NULL, 0};
	memcpy(&list.v, member, sizeof(list.v));
	memcpy(&list.n, (const char *)member + offsetof(struct schema_list, n), sizeof(list.n));
	return list;
}
static inline void list_store(void *member, void *v, uint32_t n)
{
	memcpy(member, &v, sizeof(v));
	memcpy((char *)member + offsetof(struct schema_list, n), &n, sizeof(n));
}
static inline size_t list_element(const struct schema_field *f)
{
	return f->kind == KIND_RECS ? f->sub()->size : schema_kinds[f->kind].element;
}
static inline bool kind_is_number(enum schema_kind kind)
{
	return kind <= KIND_I64;
}

/* Numbers of all kinds as 64 bits; signed ones are sign-extended. */
static inline uint64_t number_load(const struct schema_field *f, const void *member)
{
	switch (f->kind) {
	case KIND_BOOL:
		return *(const bool *)member;
	case KIND_U32:
		return *(const uint32_t *)member;
	case KIND_I32:
		return (uint64_t)(int64_t) * (const int32_t *)member;
	case KIND_I64:
		return (uint64_t) * (const int64_t *)member;
	default:
		return *(const uint64_t *)member;
	}
}
static inline void number_store(const struct schema_field *f, void *member, uint64_t v)
{
	switch (f->kind) {
	case KIND_BOOL:
		*(bool *)member = v != 0;
		break;
	case KIND_U32:
		*(uint32_t *)member = (uint32_t)v;
		break;
	case KIND_I32:
		*(int32_t *)member = (int32_t)v;
		break;
	case KIND_I64:
		*(int64_t *)member = (int64_t)v;
		break;
	default:
		*(uint64_t *)member = v;
	}
}

/* Zeroed memory of the arena, or of malloc when that is NULL. */
static inline void *schema_alloc(struct arena *arena, size_t count, size_t size)
{
	return arena ? arena_array(arena, count, size) : xcalloc(count, size);
}
