/* DebugFlags: subsystems that say more than the level asks for. */
#pragma once
#include "core/util/log.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stdint.h>

enum log_flag_number {
#define LOG_FLAG(name, acted) LOG_FLAG_##name,
#include "core/util/log_flags.def"
#undef LOG_FLAG
	LOG_FLAG_COUNT,
};
_Static_assert(LOG_FLAG_COUNT <= 64, "the flags fit a word");

uint64_t log_flags(void);
void log_set_flags(uint64_t set);
/* Words with commas between them, each known whatever its case. false: *bad is the first that isn't known, of
 * *n bytes. NULL is none. */
bool log_flags_parse(const char *words, uint64_t *flags, const char **bad, size_t *n);
/* "Backfill,Gres"; "" for none. */
void log_flags_print(uint64_t set, struct text *out);
/* Those under which nothing is said here. */
uint64_t log_flags_silent(uint64_t set);

#define log_flag(name, ...)                                                                                  \
	do {                                                                                                 \
		if (log_flags() >> LOG_FLAG_##name & 1)                                                      \
			log_write(LOG_LEVEL_INFO, __VA_ARGS__);                                              \
	} while (0)
