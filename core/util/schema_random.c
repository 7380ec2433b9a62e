#include "core/util/schema_kinds.h"

#define LIST_MAX   3u
#define STRING_MAX 300u

struct maker {
	uint64_t *seed;
	struct arena *arena;
};

/* splitmix64: Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014). */
static uint64_t next(struct maker *m)
{
	uint64_t z = *m->seed += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t below(struct maker *m, uint64_t n)
{
	return next(m) % n;
}

static uint64_t random_bits(struct maker *m)
{
	static const uint64_t edges[] = {
	        0,
	        1,
	        0x7f,
	        0x80,
	        0x3fff,
	        0x4000,
	        INT32_MAX,
	        (uint64_t)INT32_MAX + 1,
	        UINT32_MAX,
	        INT64_MAX,
	        (uint64_t)INT64_MAX + 1,
	        UINT64_MAX,
	};
	if (below(m, 2) == 0)
		return edges[below(m, sizeof(edges) / sizeof(edges[0]))];
	return next(m) >> below(m, 64);
}

static char *random_string(struct maker *m)
{
	static const size_t lengths[] = {0, 1, 5, 127, 128, STRING_MAX};
	size_t n = lengths[below(m, sizeof(lengths) / sizeof(lengths[0]))];
	if (below(m, 2) == 0)
		n = below(m, 20);
	char *s = arena_alloc(m->arena, n + 1);
	bool any_byte = below(m, 4) == 0;
	for (size_t i = 0; i < n; i++)
		s[i] = any_byte ? (char)(1 + below(m, 255)) : (char)('a' + below(m, 26));
	return s;
}

static void random_members(struct maker *m, const struct schema *s, void *record, unsigned depth);

static void random_list(struct maker *m, const struct schema_field *f, void *member, unsigned depth)
{
	size_t size = list_element(f);
	uint32_t n = (uint32_t)below(m, LIST_MAX + 1);
	if (f->kind != KIND_STRS && f->kind != KIND_RECS && below(m, 8) == 0)
		n = 200; /* its length takes two bytes */
	if (n == 0 && f->rule == SCHEMA_REQUIRED)
		n = 1;
	if (n == 0)
		return;
	char *v = arena_array(m->arena, n, size);
	for (uint32_t i = 0; i < n; i++) {
		void *element = v + i * size;
		switch (f->kind) {
		case KIND_BYTES:
			*(uint8_t *)element = (uint8_t)next(m);
			break;
		case KIND_U32S:
			*(uint32_t *)element = (uint32_t)random_bits(m);
			break;
		case KIND_U64S:
			*(uint64_t *)element = random_bits(m);
			break;
		case KIND_STRS:
			pointer_store(element, random_string(m));
			break;
		default:
			random_members(m, f->sub(), element, depth + 1);
		}
	}
	list_store(member, v, n);
}

static void random_member(struct maker *m, const struct schema_field *f, void *member, unsigned depth)
{
	/* A quarter of what may be missing is. */
	if (f->rule != SCHEMA_REQUIRED && below(m, 4) == 0)
		return;
	bool nested = f->kind == KIND_REC || f->kind == KIND_RECS;
	if (nested && depth == SCHEMA_DEPTH_MAX)
		return;
	if (kind_is_number(f->kind)) {
		number_store(f, member, f->kind == KIND_BOOL ? below(m, 2) : random_bits(m));
	} else if (f->kind == KIND_STR) {
		pointer_store(member, random_string(m));
	} else if (f->kind == KIND_REC) {
		void *sub = arena_alloc(m->arena, f->sub()->size);
		random_members(m, f->sub(), sub, depth + 1);
		pointer_store(member, sub);
	} else {
		random_list(m, f, member, depth);
	}
}

static void random_members(struct maker *m, const struct schema *s, void *record, unsigned depth)
{
	schema_init(s, record);
	for (const struct schema_field *f = s->fields; f < s->fields + s->field_count; f++)
		random_member(m, f, member_of(record, f), depth);
}

void schema_random(const struct schema *s, void *record, uint64_t *seed, struct arena *arena)
{
	struct maker m = {seed, arena};
	random_members(&m, s, record, 1);
}
