#include "core/util/log_flags.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	bool acted;
} flags[] = {
#define LOG_FLAG(name, acted) {#name, acted},
#include "core/util/log_flags.def"
#undef LOG_FLAG
};

static _Atomic uint64_t in_force;

uint64_t log_flags(void)
{
	return in_force;
}

void log_set_flags(uint64_t set)
{
	in_force = set;
}

bool log_flags_parse(const char *words, uint64_t *out, const char **bad, size_t *n)
{
	*out = 0;
	for (const char *at = words ? words : ""; *at;) {
		size_t len = strcspn(at, ","), i = 0;
		while (i < LOG_FLAG_COUNT &&
		       (strlen(flags[i].name) != len || strncasecmp(flags[i].name, at, len) != 0))
			i++;
		if (len > 0 && i == LOG_FLAG_COUNT) {
			*bad = at;
			*n = len;
			return false;
		}
		if (len > 0)
			*out |= (uint64_t)1 << i;
		at += len + (at[len] == ',');
	}
	return true;
}

void log_flags_print(uint64_t set, struct text *out)
{
	for (size_t i = 0; i < LOG_FLAG_COUNT; i++)
		if (set >> i & 1)
			text_printf(out, "%s%s", out->len ? "," : "", flags[i].name);
}

uint64_t log_flags_silent(uint64_t set)
{
	for (size_t i = 0; i < LOG_FLAG_COUNT; i++)
		if (flags[i].acted)
			set &= ~((uint64_t)1 << i);
	return set;
}
