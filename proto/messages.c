#include "proto/messages.h"

#include "core/util/schema_table.h"

#include "proto/messages.def"

#include "core/util/schema_end.h"

/* Rows of number 0 are only ever nested: each gets a label of its own, which no message on the wire names. */
#define NESTED_FIRST     0x10000
#define LABEL_OF(number) ((number) ? (number) : NESTED_FIRST + __LINE__)

const struct schema *message_schema(uint32_t type)
{
	if (type >= NESTED_FIRST)
		return NULL;
	/* A number that is given twice does not build. */
	switch (type) {
#define BEGIN(number, name)                                                                                  \
	case LABEL_OF(number):                                                                               \
		return schema_of_##name();
#define F(...)
#define FS(...)
#define END(name)
#include "proto/messages.def"
#undef BEGIN
#undef F
#undef FS
#undef END
	default:
		return NULL;
	}
}

const char *message_name(uint32_t type)
{
	const struct schema *schema = message_schema(type);
	return schema ? schema->name : "?";
}
