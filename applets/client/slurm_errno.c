#include "applets/client/slurm_errno.h"

#include "core/util/err.h"

#include <stddef.h>
#include <string.h>

#define SYSTEM_LAST 133 /* of Linux's errno */

static const struct row {
	int number, code; /* code 0: words has the text */
	const char *words;
} rows[] = {
#define OURS(number, name)   {number, ERR_##name, NULL},
#define WORDS(number, words) {number, 0, words},
#include "applets/client/slurm_errno.def"
#undef OURS
#undef WORDS
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

const char *slurm_errno_text(int number)
{
	if (number == 0)
		return "No error";
	if (number > 0 && number <= SYSTEM_LAST)
		return strerror(number);
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].number == number)
			return rows[i].code ? err_code_text(rows[i].code) : rows[i].words;
	return NULL;
}

int slurm_errno_of(int code)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].code == code)
			return rows[i].number;
	return 0;
}
