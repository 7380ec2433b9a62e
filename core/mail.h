/* sbatch(1), --mail-type: of what a user wants mail. */
#pragma once
#include "core/util/text.h"

#include <stdbool.h>
#include <stdint.h>

enum mail_type {
	MAIL_BEGIN = 1,
	MAIL_END = 2,
	MAIL_FAIL = 4,
	MAIL_REQUEUE = 8,
	MAIL_INVALID_DEPEND = 16,
	MAIL_STAGE_OUT = 32,
	MAIL_TIME_LIMIT = 64,
	MAIL_TIME_LIMIT_90 = 128,
	MAIL_TIME_LIMIT_80 = 256,
	MAIL_TIME_LIMIT_50 = 512,
	MAIL_ARRAY_TASKS = 1024,
};

/* A list of --mail-type's words, in any case; NONE among them is none at all, and what is no such word is
 * passed over, as by the real one. False: nothing of it is. */
bool mail_types_parse(const char *list, uint32_t *types);
/* The same words again; nothing for 0. */
void mail_types_text(uint32_t types, struct text *out);
