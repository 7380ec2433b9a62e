#include "core/util/schema_kinds.h"

#include <stdlib.h>

const struct schema_kind_info schema_kinds[] = {
        [KIND_BOOL] = {"BOOL", WIRE_VARINT, false, 0},
        [KIND_U32] = {"U32", WIRE_VARINT, false, 0},
        [KIND_U64] = {"U64", WIRE_VARINT, false, 0},
        [KIND_I32] = {"I32", WIRE_VARINT, true, 0},
        [KIND_I64] = {"I64", WIRE_VARINT, true, 0},
        [KIND_STR] = {"STR", WIRE_BYTES, false, 0},
        [KIND_BYTES] = {"BYTES", WIRE_BYTES, false, 1},
        [KIND_U32S] = {"U32S", WIRE_BYTES, false, sizeof(uint32_t)},
        [KIND_U64S] = {"U64S", WIRE_BYTES, false, sizeof(uint64_t)},
        [KIND_STRS] = {"STRS", WIRE_BYTES, false, sizeof(char *)},
        [KIND_REC] = {"REC", WIRE_BYTES, false, 0},
        [KIND_RECS] = {"RECS", WIRE_BYTES, false, 0},
};

#define EACH_FIELD(f, s) (const struct schema_field *f = (s)->fields; f < (s)->fields + (s)->field_count; f++)

void schema_init(const struct schema *s, void *record)
{
	memset(record, 0, s->size);
	for
		EACH_FIELD (f, s)
			if (f->dflt)
				number_store(f, member_of(record, f), (uint64_t)f->dflt);
}

/* ---- free ---- */

static void free_members(const struct schema *s, void *record);

static void free_member(const struct schema_field *f, void *member)
{
	if (kind_is_number(f->kind))
		return;
	void *p = pointer_load(member); /* the pointer comes first in lists, too */
	if (!p)
		return;
	if (f->kind == KIND_REC) {
		free_members(f->sub(), p);
	} else if (f->kind == KIND_STRS) {
		for (uint32_t i = 0; i < list_load(member).n; i++)
			free(((char **)p)[i]);
	} else if (f->kind == KIND_RECS) {
		for (uint32_t i = 0; i < list_load(member).n; i++)
			free_members(f->sub(), (char *)p + i * list_element(f));
	}
	free(p);
}

static void free_members(const struct schema *s, void *record)
{
	for
		EACH_FIELD (f, s)
			free_member(f, member_of(record, f));
}

void schema_free(const struct schema *s, void *record)
{
	free_members(s, record);
	schema_init(s, record);
}

/* ---- copy ---- */

static char *copy_string(struct arena *arena, const char *s)
{
	return arena ? arena_strdup(arena, s) : xstrdup(s);
}

static void copy_list(const struct schema_field *f, void *to, const void *from, struct arena *arena)
{
	struct schema_list list = list_load(from);
	size_t size = list_element(f);
	if (list.n == 0) {
		list_store(to, NULL, 0);
		return;
	}
	void *v = schema_alloc(arena, list.n, size);
	if (f->kind == KIND_STRS) {
		for (uint32_t i = 0; i < list.n; i++)
			((char **)v)[i] = copy_string(arena, ((char **)list.v)[i]);
	} else if (f->kind == KIND_RECS) {
		for (uint32_t i = 0; i < list.n; i++)
			schema_copy(f->sub(), (char *)v + i * size, (const char *)list.v + i * size, arena);
	} else {
		memcpy(v, list.v, list.n * size);
	}
	list_store(to, v, list.n);
}

static void copy_member(const struct schema_field *f, void *to, const void *from, struct arena *arena)
{
	if (f->kind == KIND_STR) {
		pointer_store(to, copy_string(arena, pointer_load(from)));
	} else if (f->kind == KIND_REC) {
		const void *sub = pointer_load(from);
		if (!sub)
			return;
		void *copy = schema_alloc(arena, 1, f->sub()->size);
		schema_copy(f->sub(), copy, sub, arena);
		pointer_store(to, copy);
	} else if (!kind_is_number(f->kind)) {
		copy_list(f, to, from, arena);
	}
}

void schema_copy(const struct schema *s, void *to, const void *from, struct arena *arena)
{
	memcpy(to, from, s->size);
	for
		EACH_FIELD (f, s)
			copy_member(f, member_of(to, f), member_in(from, f), arena);
}

/* ---- compare ---- */

static bool same_list(const struct schema_field *f, const void *a, const void *b)
{
	struct schema_list x = list_load(a), y = list_load(b);
	size_t size = list_element(f);
	if (x.n != y.n)
		return false;
	if (f->kind == KIND_STRS) {
		for (uint32_t i = 0; i < x.n; i++)
			if (!text_eq(((char **)x.v)[i], ((char **)y.v)[i]))
				return false;
		return true;
	}
	if (f->kind == KIND_RECS) {
		for (uint32_t i = 0; i < x.n; i++)
			if (schema_differs(f->sub(), (char *)x.v + i * size, (char *)y.v + i * size))
				return false;
		return true;
	}
	return x.n == 0 || memcmp(x.v, y.v, x.n * size) == 0;
}

static bool same_member(const struct schema_field *f, const void *a, const void *b)
{
	if (kind_is_number(f->kind))
		return number_load(f, a) == number_load(f, b);
	if (f->kind != KIND_STR && f->kind != KIND_REC)
		return same_list(f, a, b);
	const void *x = pointer_load(a), *y = pointer_load(b);
	if (!x || !y)
		return x == y;
	return f->kind == KIND_STR ? text_eq(x, y) : schema_differs(f->sub(), x, y) == 0;
}

uint32_t schema_differs(const struct schema *s, const void *a, const void *b)
{
	for
		EACH_FIELD (f, s)
			if (!same_member(f, member_in(a, f), member_in(b, f)))
				return f->number;
	return 0;
}
