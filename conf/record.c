#include "conf/record.h"

#include "conf/size.h"
#include "conf/time.h"
#include "core/records.h"
#include "core/util/text.h"

#include <ctype.h>
#include <string.h>

#define U16_MOST 65533u

bool record_word(const char *s, const char *const *words, size_t n, uint32_t *out)
{
	for (size_t i = 0; i < n; i++) {
		if (text_eq_nocase(s, words[i])) {
			*out = (uint32_t)i;
			return true;
		}
	}
	return false;
}

const struct record_row *record_row_of(const struct record_row *rows, size_t n, const char *key, bool running)
{
	for (size_t i = 0; i < n; i++)
		if (text_eq_nocase(rows[i].key, key) && !(running ? rows[i].file_only : rows[i].running_only))
			return &rows[i];
	return NULL;
}

static bool is_unlimited(const char *s)
{
	return text_eq_nocase(s, "UNLIMITED") || text_eq_nocase(s, "INFINITE");
}

static bool read_u32(const char *s, uint32_t *out, uint32_t most, bool unlimited)
{
	uint32_t v;
	if (unlimited && is_unlimited(s)) {
		*out = CORE_INFINITE;
		return true;
	}
	if (!text_to_u32(s, &v) || v > most)
		return false;
	*out = v;
	return true;
}

/* Of "2-3" the first number counts. */
static bool read_nodes(const char *s, uint32_t *out, bool running)
{
	char number[16];
	size_t n = strspn(s, "0123456789");
	uint32_t v, times = 1;
	if (!running || is_unlimited(s))
		return read_u32(s, out, UINT32_MAX, true);
	if (n == 0 || n >= sizeof(number))
		return false;
	memcpy(number, s, n);
	number[n] = '\0';
	if (toupper((unsigned char)s[n]) == 'K' || toupper((unsigned char)s[n]) == 'M')
		times = toupper((unsigned char)s[n++]) == 'K' ? 1024 : 1024 * 1024;
	if (!text_to_u32(number, &v) || v > CORE_NO_VAL / times || (s[n] != '\0' && s[n] != '-'))
		return false;
	*out = v * times;
	return true;
}

static bool read_memory(const char *s, uint64_t *out, bool running)
{
	char number[24];
	size_t n = strspn(s, "0123456789");
	uint64_t v = 0, times = 1;
	if (!running && is_unlimited(s)) {
		*out = 0;
		return true;
	}
	if (n == 0 || n >= sizeof(number) || n > 15)
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)(s[i] - '0');
	if (!running && s[n] && s[n + 1] == '\0')
		times = toupper((unsigned char)s[n]) == 'K'   ? 1024
		        : toupper((unsigned char)s[n]) == 'M' ? 1024 * 1024
		                                              : 0;
	if ((s[n] && running) || times == 0 || (s[n] && times == 1))
		return false;
	*out = v * times;
	return true;
}

static bool read_bool(const char *s, bool *out, bool running)
{
	static const char *const words[] = {"NO", "YES", "0", "1"};
	uint32_t v;
	if (!record_word(s, words, running ? 2 : 4, &v))
		return false;
	*out = v % 2;
	return true;
}

bool record_read(struct arena *arena, const struct record_row *row, void *record, const char *s, bool running)
{
	void *at = (char *)record + row->offset;
	if (row->own)
		return row->own(arena, at, s, running);
	switch (row->kind) {
	case FIELD_STR:
		*(char **)at = arena_strdup(arena, s);
		return true;
	case FIELD_U32:
	case FIELD_U32_INF:
		return read_u32(s, at, UINT32_MAX, row->kind == FIELD_U32_INF);
	case FIELD_U16:
	case FIELD_U16_INF:
		return read_u32(s, at, U16_MOST, row->kind == FIELD_U16_INF);
	case FIELD_NODES:
		return read_nodes(s, at, running);
	case FIELD_SECONDS:
		return read_u32(s, at, UINT32_MAX, !running);
	case FIELD_LIST:
		*(char **)at = text_eq_nocase(s, "ALL") || !*s ? NULL : arena_strdup(arena, s);
		return true;
	case FIELD_WORD:
		*(char **)at = *s ? arena_strdup(arena, s) : NULL;
		return true;
	case FIELD_MIB:
		if (is_unlimited(s)) {
			*(uint64_t *)at = 0;
			return true;
		}
		return size_parse_mib(s, at);
	case FIELD_MEMORY:
		return read_memory(s, at, running);
	case FIELD_TIME_MIN:
		return time_parse_minutes(s, at);
	case FIELD_BOOL:
		return read_bool(s, at, running);
	case FIELD_IGNORED:
		return true;
	case FIELD_REFUSED:
		return *s == '\0' || text_eq_nocase(s, row->none);
	}
	return false;
}
