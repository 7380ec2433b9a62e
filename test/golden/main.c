/* Prints a line for each field of every stored record and message: `make lint` compares them with
 * numbers.txt, so that no number is ever reused or changed by accident. */
#include "core/records.h"
#include "proto/messages.h"

#include <stdio.h>

static const struct schema *(*const records[])(void) = {
#define BEGIN(number, name) schema_of_##name,
#define F(...)
#define FS(...)
#define END(name)
#include "core/records.def"
};

static const struct schema *(*const messages[])(void) = {
#include "proto/messages.def"
#undef BEGIN
#undef F
#undef FS
#undef END
};

int main(void)
{
	struct text out = TEXT_EMPTY;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		schema_golden(records[i](), "record", &out);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		schema_golden(messages[i](), "message", &out);
	fputs(text_str(&out), stdout);
	text_free(&out);
	return 0;
}
