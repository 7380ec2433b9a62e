/* Any bytes are a record or an error; a record encodes to bytes that decode to the same. The first byte
 * chooses the table and where the memory comes from; the seed of a random record is taken from the rest, too.
 */
#include "test/unit/test_records.h"

#include <stdlib.h>
#include <string.h>

static void check(bool ok)
{
	if (!ok)
		abort();
}

static const struct schema *choose(uint8_t byte)
{
	static const struct schema *(*const tables[])(void) = {
	        schema_of_test_all,  schema_of_test_must, schema_of_test_chain,
	        schema_of_test_wide, schema_of_test_old,  schema_of_test_leaf,
	};
	return tables[byte % (sizeof(tables) / sizeof(tables[0]))]();
}

static void check_roundtrip(const struct schema *s, const void *record)
{
	struct text bytes = TEXT_EMPTY;
	struct err err = {0};
	void *back = malloc(s->size);
	check(back != NULL);
	schema_encode(s, record, &bytes);
	check(schema_decode(s, back, bytes.s, bytes.len, NULL, &err) == 0);
	check(schema_differs(s, record, back) == 0);
	schema_free(s, back);
	text_clear(&bytes);
	schema_dump(s, record, &bytes);
	for (size_t i = 0; i < bytes.len; i++)
		check(bytes.s[i] >= ' ' && bytes.s[i] < 0x7f);
	text_free(&bytes);
	free(back);
}

static void check_random(const struct schema *s, const uint8_t *data, size_t size)
{
	uint64_t seed = 0;
	struct arena arena;
	arena_init(&arena);
	memcpy(&seed, data, size < sizeof(seed) ? size : sizeof(seed));
	void *record = arena_alloc(&arena, s->size);
	schema_random(s, record, &seed, &arena);
	check_roundtrip(s, record);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const struct schema *s = choose(data[0] & 0x3f);
	bool in_arena = data[0] & 0x40;
	struct arena arena;
	struct err err = {0};
	arena_init(&arena);
	void *record = malloc(s->size);
	check(record != NULL);
	if (schema_decode(s, record, data + 1, size - 1, in_arena ? &arena : NULL, &err) == 0) {
		check(err.code == 0);
		check_roundtrip(s, record);
		if (!in_arena)
			schema_free(s, record);
	} else {
		check(err.code != 0 && err.text[0]);
	}
	free(record);
	arena_free(&arena);
	if (data[0] & 0x80)
		check_random(s, data + 1, size - 1);
	return 0;
}
