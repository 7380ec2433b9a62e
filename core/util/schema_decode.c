#include "core/util/schema_kinds.h"

#include <assert.h>

/* Bytes of a peer may cost this much memory, no more: a part for each byte (an empty nested record of two
 * bytes becomes a whole struct), up to a ceiling that only the bytes' own copies pass. */
#define BUDGET_LEAST    ((size_t)1 << 20)
#define BUDGET_CEILING  ((size_t)64 << 20)
#define BUDGET_PER_BYTE 256u
#define ALLOC_OVERHEAD  16u

struct reader {
	const uint8_t *p, *end;
};

struct decoder {
	struct arena *arena;
	struct err *err;
	size_t budget;
};

/* Where an error is. */
struct place {
	const struct schema *schema;
	const struct schema_field *field;
};

size_t varint_get(const uint8_t *bytes, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n && i < 10; i++) {
		uint64_t part = bytes[i] & 0x7fu;
		if (i == 9 && part > 1)
			return 0;
		v |= part << (7 * i);
		if (bytes[i] & 0x80)
			continue;
		if (i > 0 && part == 0)
			return 0; /* each number has one form */
		*out = v;
		return i + 1;
	}
	return 0;
}

static int get_varint(struct reader *r, uint64_t *v)
{
	if (r->p < r->end && *r->p < 0x80) {
		*v = *r->p++;
		return 0;
	}
	size_t n = varint_get(r->p, (size_t)(r->end - r->p), v);
	r->p += n;
	return n ? 0 : -1;
}

/* Takes a length and that many bytes. */
static int get_bytes(struct reader *r, struct reader *value)
{
	uint64_t n;
	if (get_varint(r, &n) < 0 || n > (uint64_t)(r->end - r->p))
		return -1;
	value->p = r->p;
	value->end = r->p += n;
	return 0;
}

static size_t left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

static int bad(struct decoder *d, struct place at, enum err_code code, const char *what)
{
	return err_set(d->err, code, "record %s, field %s (%u): %s", at.schema->name, at.field->name,
	               (unsigned)at.field->number, what);
}

static int cut_off(struct decoder *d, struct place at)
{
	return bad(d, at, ERR_CORRUPT, "the value is no number, or ends behind the record");
}

/* Zeroed; NULL with the error set when the budget is spent. */
static void *take(struct decoder *d, struct place at, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > d->budget ||
	    d->budget - bytes < ALLOC_OVERHEAD) {
		(void)bad(d, at, ERR_LIMIT, "the record takes too much memory");
		return NULL;
	}
	d->budget -= bytes + ALLOC_OVERHEAD;
	return schema_alloc(d->arena, count, size);
}

/* ---- values ---- */

static int decode_record(struct decoder *d, const struct schema *s, void *record, struct reader r,
                         unsigned depth);

static int decode_number(struct decoder *d, struct place at, void *member, struct reader *r)
{
	uint64_t v;
	if (get_varint(r, &v) < 0)
		return cut_off(d, at);
	if (schema_kinds[at.field->kind].is_signed)
		v = v >> 1 ^ (v & 1 ? UINT64_MAX : 0);
	number_store(at.field, member, v);
	if (number_load(at.field, member) != v)
		return bad(d, at, ERR_CORRUPT, "the number is too large for its kind");
	return 0;
}

static char *decode_string(struct decoder *d, struct place at, const struct reader *value)
{
	size_t n = left(value);
	if (memchr(value->p, '\0', n)) {
		(void)bad(d, at, ERR_CORRUPT, "a NUL inside a string");
		return NULL;
	}
	char *s = take(d, at, n + 1, 1);
	if (s)
		memcpy(s, value->p, n);
	return s;
}

static int decode_bytes(struct decoder *d, struct place at, void *member, const struct reader *value)
{
	size_t n = left(value);
	if (n == 0)
		return 0;
	if (n > UINT32_MAX)
		return bad(d, at, ERR_LIMIT, "too long");
	void *v = take(d, at, n, 1);
	if (!v)
		return -1;
	memcpy(v, value->p, n);
	list_store(member, v, (uint32_t)n);
	return 0;
}

static int decode_packed(struct decoder *d, struct place at, void *member, struct reader value)
{
	size_t n = 0;
	for (const uint8_t *p = value.p; p < value.end; p++)
		n += *p < 0x80; /* the last byte of a varint */
	if (left(&value) && value.end[-1] >= 0x80)
		return cut_off(d, at);
	if (n == 0)
		return 0;
	if (n > UINT32_MAX)
		return bad(d, at, ERR_LIMIT, "too many elements");
	void *v = take(d, at, n, schema_kinds[at.field->kind].element);
	if (!v)
		return -1;
	list_store(member, v, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		uint64_t number;
		if (get_varint(&value, &number) < 0)
			return cut_off(d, at);
		if (at.field->kind == KIND_U64S)
			((uint64_t *)v)[i] = number;
		else if (number <= UINT32_MAX)
			((uint32_t *)v)[i] = (uint32_t)number;
		else
			return bad(d, at, ERR_CORRUPT, "the number is too large for its kind");
	}
	return 0;
}

static int decode_rec(struct decoder *d, struct place at, void *member, const struct reader *value,
                      unsigned depth)
{
	void *sub = take(d, at, 1, at.field->sub()->size);
	if (!sub)
		return -1;
	pointer_store(member, sub);
	return decode_record(d, at.field->sub(), sub, *value, depth + 1);
}

static int decode_element(struct decoder *d, struct place at, void *element, const struct reader *value,
                          unsigned depth)
{
	if (at.field->kind == KIND_RECS)
		return decode_record(d, at.field->sub(), element, *value, depth + 1);
	char *s = decode_string(d, at, value);
	pointer_store(element, s);
	return s ? 0 : -1;
}

/* How often a length-prefixed field with this tag stands from here on, one behind the other. */
static size_t count_repeated(struct reader r, uint64_t tag)
{
	struct reader value;
	uint64_t next = tag;
	size_t n = 0;
	while (next == tag && get_bytes(&r, &value) == 0) {
		n++;
		if (get_varint(&r, &next) < 0)
			break;
	}
	return n;
}

/* The elements of a repeated field stand together; a second group is refused as a doubled field. */
static int decode_repeated(struct decoder *d, struct place at, void *member, struct reader *r, uint64_t tag,
                           unsigned depth)
{
	size_t n = count_repeated(*r, tag), size = list_element(at.field);
	if (n == 0)
		return cut_off(d, at);
	if (n > UINT32_MAX)
		return bad(d, at, ERR_LIMIT, "too many elements");
	char *v = take(d, at, n, size);
	if (!v)
		return -1;
	list_store(member, v, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		struct reader value;
		uint64_t same;
		if ((i > 0 && get_varint(r, &same) < 0) || get_bytes(r, &value) < 0)
			return cut_off(d, at);
		if (decode_element(d, at, v + i * size, &value, depth) < 0)
			return -1;
	}
	return 0;
}

static int decode_member(struct decoder *d, struct place at, void *member, struct reader *r, uint64_t tag,
                         unsigned depth)
{
	struct reader value;
	if (kind_is_number(at.field->kind))
		return decode_number(d, at, member, r);
	if (at.field->kind == KIND_STRS || at.field->kind == KIND_RECS)
		return decode_repeated(d, at, member, r, tag, depth);
	if (get_bytes(r, &value) < 0)
		return cut_off(d, at);
	if (at.field->kind == KIND_BYTES)
		return decode_bytes(d, at, member, &value);
	if (at.field->kind == KIND_REC)
		return decode_rec(d, at, member, &value, depth);
	if (at.field->kind != KIND_STR)
		return decode_packed(d, at, member, value);
	char *s = decode_string(d, at, &value);
	pointer_store(member, s);
	return s ? 0 : -1;
}

/* ---- records ---- */

/* Fields mostly come in the table's order: look from the last one on, then from the start. */
static const struct schema_field *find_field(const struct schema *s, uint64_t number, size_t *hint)
{
	for (size_t tried = 0, i = *hint; tried < s->field_count; tried++, i++) {
		if (i >= s->field_count)
			i = 0;
		if (s->fields[i].number == number) {
			*hint = i + 1;
			return &s->fields[i];
		}
	}
	return NULL;
}

static int skip_unknown(struct decoder *d, const struct schema *s, struct reader *r, uint64_t tag)
{
	struct reader value;
	uint64_t number;
	if (tag & TAG_CRITICAL)
		return err_set(d->err, ERR_NOT_SUPPORTED,
		               "record %s has the critical field %llu, which this version doesn't know",
		               s->name, (unsigned long long)(tag >> TAG_SHIFT));
	if ((tag & WIRE_MASK) == WIRE_VARINT ? get_varint(r, &number) < 0 : get_bytes(r, &value) < 0)
		return err_set(d->err, ERR_CORRUPT, "record %s: field %llu ends behind the record", s->name,
		               (unsigned long long)(tag >> TAG_SHIFT));
	return 0;
}

static int check_required(struct decoder *d, const struct schema *s, const uint64_t *seen)
{
	for (size_t i = 0; i < s->field_count; i++)
		if (s->fields[i].rule == SCHEMA_REQUIRED && !(seen[i / 64] >> (i % 64) & 1))
			return bad(d, (struct place){s, &s->fields[i]}, ERR_INVALID, "required, but missing");
	return 0;
}

static int decode_record(struct decoder *d, const struct schema *s, void *record, struct reader r,
                         unsigned depth)
{
	uint64_t seen[SCHEMA_FIELDS_MAX / 64] = {0};
	size_t hint = 0;
	assert(s->field_count <= SCHEMA_FIELDS_MAX);
	schema_init(s, record);
	if (depth > SCHEMA_DEPTH_MAX)
		return err_set(d->err, ERR_LIMIT, "record %s is nested deeper than %d", s->name,
		               SCHEMA_DEPTH_MAX);
	while (r.p < r.end) {
		uint64_t tag;
		if (get_varint(&r, &tag) < 0 || tag >> TAG_SHIFT == 0 || (tag & WIRE_MASK) >= WIRE_COUNT)
			return err_set(d->err, ERR_CORRUPT, "record %s: no valid field tag", s->name);
		struct place at = {s, find_field(s, tag >> TAG_SHIFT, &hint)};
		if (!at.field) {
			if (skip_unknown(d, s, &r, tag) < 0)
				return -1;
			continue;
		}
		if ((tag & WIRE_MASK) != (uint64_t)schema_kinds[at.field->kind].wire)
			return bad(d, at, ERR_CORRUPT, "wrong wire type");
		size_t i = (size_t)(at.field - s->fields);
		if (seen[i / 64] >> (i % 64) & 1)
			return bad(d, at, ERR_CORRUPT, "stands there twice");
		seen[i / 64] |= (uint64_t)1 << (i % 64);
		if (decode_member(d, at, member_of(record, at.field), &r, tag, depth) < 0)
			return -1;
	}
	return check_required(d, s, seen);
}

static size_t budget_for(size_t n)
{
	if (n > SIZE_MAX / BUDGET_PER_BYTE - BUDGET_CEILING)
		return SIZE_MAX;
	size_t by_bytes = BUDGET_LEAST + n * BUDGET_PER_BYTE;
	size_t ceiling = BUDGET_CEILING + n * 2;
	return by_bytes < ceiling ? by_bytes : ceiling;
}

int schema_decode(const struct schema *s, void *record, const void *bytes, size_t n, struct arena *arena,
                  struct err *err)
{
	static const uint8_t nothing[1];
	const uint8_t *p = n ? bytes : nothing;
	struct decoder d = {arena, err, budget_for(n)};
	if (decode_record(&d, s, record, (struct reader){p, p + n}, 1) == 0)
		return 0;
	if (arena)
		schema_init(s, record);
	else
		schema_free(s, record);
	return -1;
}
