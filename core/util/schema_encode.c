#include "core/util/schema_kinds.h"

#include <assert.h>

#define VARINT_MAX 10u /* bytes */

static size_t varint_write(uint8_t *to, uint64_t v)
{
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		to[n++] = (uint8_t)(v | 0x80);
	to[n++] = (uint8_t)v;
	return n;
}

/* In place, since small copies through memcpy cost more than the rest with musl. */
static void append_varint(struct text *out, uint64_t v)
{
	out->len += varint_write((uint8_t *)out->s + out->len, v);
}

void varint_put(struct text *out, uint64_t v)
{
	text_reserve(out, VARINT_MAX);
	append_varint(out, v);
	out->s[out->len] = '\0';
}

static uint64_t tag_of(const struct schema_field *f)
{
	return (uint64_t)f->number << TAG_SHIFT | (f->rule == SCHEMA_CRITICAL ? TAG_CRITICAL : 0) |
	       (uint64_t)schema_kinds[f->kind].wire;
}

/* A tag and a number: a varint's value, or the length of what follows. */
static void put_tagged(struct text *out, const struct schema_field *f, uint64_t v)
{
	text_reserve(out, 2 * VARINT_MAX);
	append_varint(out, tag_of(f));
	append_varint(out, v);
	out->s[out->len] = '\0';
}

static void put_bytes(struct text *out, const struct schema_field *f, const void *v, size_t n)
{
	put_tagged(out, f, n);
	text_add_n(out, v, n);
}

/* A value whose length is known only afterwards is written behind a length of one byte, 0, which is widened
 * in the rarer case that it needs more. Returns where the value starts. */
static size_t begin_value(struct text *out, const struct schema_field *f)
{
	put_tagged(out, f, 0);
	return out->len;
}

static void end_value(struct text *out, size_t start)
{
	uint8_t bytes[VARINT_MAX];
	size_t len = out->len - start, n = varint_write(bytes, len);
	if (n > 1) {
		text_add_n(out, (const char *)bytes, n - 1); /* makes room */
		memmove(out->s + start + n - 1, out->s + start, len);
	}
	memcpy(out->s + start - 1, bytes, n);
}

static void encode_record(const struct schema *s, const void *record, struct text *out, unsigned depth);

static void encode_number(const struct schema_field *f, const void *member, struct text *out)
{
	uint64_t v = number_load(f, member);
	if (v == (uint64_t)f->dflt && f->rule != SCHEMA_REQUIRED)
		return;
	if (schema_kinds[f->kind].is_signed)
		v = v << 1 ^ (v >> 63 ? UINT64_MAX : 0);
	put_tagged(out, f, v);
}

static void encode_packed(const struct schema_field *f, struct schema_list list, struct text *out)
{
	size_t start = begin_value(out, f);
	for (uint32_t i = 0; i < list.n; i++)
		varint_put(out, f->kind == KIND_U32S ? ((const uint32_t *)list.v)[i]
		                                     : ((const uint64_t *)list.v)[i]);
	end_value(out, start);
}

static void encode_sub(const struct schema_field *f, const void *sub, struct text *out, unsigned depth)
{
	size_t start = begin_value(out, f);
	encode_record(f->sub(), sub, out, depth + 1);
	end_value(out, start);
}

static void encode_list(const struct schema_field *f, struct schema_list list, struct text *out,
                        unsigned depth)
{
	/* An empty packed list can be said, an empty repeated one can't: REQUIRED means one at least there.
	 */
	if (list.n == 0 && f->rule != SCHEMA_REQUIRED)
		return;
	switch (f->kind) {
	case KIND_BYTES:
		put_bytes(out, f, list.v, list.n);
		break;
	case KIND_STRS:
		for (uint32_t i = 0; i < list.n; i++)
			put_bytes(out, f, ((char **)list.v)[i], strlen(((char **)list.v)[i]));
		break;
	case KIND_RECS:
		for (uint32_t i = 0; i < list.n; i++)
			encode_sub(f, (const char *)list.v + i * list_element(f), out, depth);
		break;
	default:
		encode_packed(f, list, out);
	}
}

static void encode_record(const struct schema *s, const void *record, struct text *out, unsigned depth)
{
	assert(depth <= SCHEMA_DEPTH_MAX);
	for (const struct schema_field *f = s->fields; f < s->fields + s->field_count; f++) {
		const void *member = member_in(record, f);
		if (kind_is_number(f->kind)) {
			encode_number(f, member, out);
		} else if (f->kind != KIND_STR && f->kind != KIND_REC) {
			encode_list(f, list_load(member), out, depth);
		} else {
			const void *p = pointer_load(member);
			if (p && f->kind == KIND_STR)
				put_bytes(out, f, p, strlen(p));
			else if (p)
				encode_sub(f, p, out, depth);
		}
	}
}

void schema_encode(const struct schema *s, const void *record, struct text *out)
{
	encode_record(s, record, out, 1);
}
