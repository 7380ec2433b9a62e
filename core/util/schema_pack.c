#include "core/util/schema_kinds.h"

#include <stdalign.h>
#include <stdlib.h>

/* What a record owns goes into two parts of one block: structs and lists, which are aligned, and behind them
 * bytes. The first walk measures (to is NULL), the second copies. */
struct packer {
	char *aligned, *bytes;
	size_t aligned_size, bytes_size;
};

static void *put_aligned(struct packer *p, size_t size)
{
	const size_t align = alignof(max_align_t);
	void *at = p->aligned ? p->aligned + p->aligned_size : NULL;
	p->aligned_size += (size + align - 1) / align * align;
	return at;
}

static void *put_bytes(struct packer *p, const void *from, size_t size)
{
	char *at = p->bytes ? p->bytes + p->bytes_size : NULL;
	p->bytes_size += size;
	return at ? memcpy(at, from, size) : NULL;
}

static void pack_members(struct packer *p, const struct schema *s, void *to, const void *from);

static void *pack_records(struct packer *p, const struct schema *s, const void *from, uint32_t n)
{
	char *to = put_aligned(p, n * s->size);
	if (to)
		memcpy(to, from, n * s->size);
	for (uint32_t i = 0; i < n; i++)
		pack_members(p, s, to ? to + i * s->size : NULL, (const char *)from + i * s->size);
	return to;
}

static void *pack_list(struct packer *p, const struct schema_field *f, struct schema_list list)
{
	if (f->kind == KIND_RECS)
		return pack_records(p, f->sub(), list.v, list.n);
	if (f->kind == KIND_BYTES)
		return put_bytes(p, list.v, list.n);
	size_t size = list.n * list_element(f);
	void *to = put_aligned(p, size);
	if (to && f->kind != KIND_STRS)
		memcpy(to, list.v, size);
	for (uint32_t i = 0; f->kind == KIND_STRS && i < list.n; i++) {
		const char *string = ((char **)list.v)[i];
		char *copy = put_bytes(p, string, strlen(string) + 1);
		if (to)
			((char **)to)[i] = copy;
	}
	return to;
}

static void pack_members(struct packer *p, const struct schema *s, void *to, const void *from)
{
	for (const struct schema_field *f = s->fields; f < s->fields + s->field_count; f++) {
		const void *member = member_in(from, f), *pointer;
		void *copy;
		if (kind_is_number(f->kind) || !(pointer = pointer_load(member)))
			continue;
		if (f->kind == KIND_STR)
			copy = put_bytes(p, pointer, strlen(pointer) + 1);
		else if (f->kind == KIND_REC)
			copy = pack_records(p, f->sub(), pointer, 1);
		else
			copy = list_load(member).n ? pack_list(p, f, list_load(member)) : NULL;
		if (to)
			pointer_store(member_of(to, f), copy);
	}
}

struct schema_packing schema_measure(const struct schema *s, const void *from)
{
	struct packer p = {0};
	pack_members(&p, s, NULL, from);
	return (struct schema_packing){p.aligned_size, p.bytes_size};
}

void schema_pack_into(const struct schema *s, void *to, const void *from, void *block,
                      struct schema_packing size)
{
	struct packer p = {.aligned = block, .bytes = (char *)block + size.aligned};
	memcpy(to, from, s->size);
	if (size.aligned + size.bytes > 0)
		pack_members(&p, s, to, from);
}
