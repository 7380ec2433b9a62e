#include "conf/param_value.h"

#include "core/conf.h"
#include "core/taskset.h"
#include "core/util/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- which numbers a type has ---- */

static const struct {
	uint64_t most;
	bool thousands; /* K behind the number means 1,024 of them, as in the wider types of slurm.conf(5) */
} ranges[] = {
        [PARAM_U16] = {UINT16_MAX, false},     [PARAM_FLAG] = {UINT16_MAX, false},
        [PARAM_SECONDS] = {UINT16_MAX, false}, [PARAM_MINUTES] = {UINT16_MAX, false},
        [PARAM_U32] = {UINT32_MAX, true},      [PARAM_LONG_SECONDS] = {UINT32_MAX, true},
        [PARAM_U64] = {UINT64_MAX - 1, true},  [PARAM_MIB] = {UINT64_MAX - 1, true},
        [PARAM_PORT] = {UINT16_MAX, false},
};

bool param_is_number(enum param_type type)
{
	return (size_t)type < sizeof(ranges) / sizeof(ranges[0]) && ranges[type].most != 0;
}

bool param_is_unlimited(const char *s)
{
	return text_eq_nocase(s, "infinite") || text_eq_nocase(s, "unlimited");
}

static bool wrong(struct text *why, const char *name, const char *quote, const char *s, const char *what)
{
	if (!why)
		return false;
	text_printf(why, "%s value %s%.60s%s is %s", name, quote, s, *quote == '(' ? ")" : quote, what);
	return false;
}

static bool number(enum param_type type, const char *name, const char *s, uint64_t *out, struct text *why)
{
	const uint64_t most = ranges[type].most;
	const char *quote = ranges[type].thousands ? "(" : "\"";
	char *end;
	*out = most;
	if (param_is_unlimited(s))
		return true;
	errno = 0;
	long long v = strtoll(s, &end, 0);
	if (ranges[type].thousands && end != s && (*end == 'k' || *end == 'K')) {
		end++;
		if (v > INT64_MAX / 1024 || v < INT64_MIN / 1024)
			errno = ERANGE;
		else
			v *= 1024;
	}
	if (end == s || *end)
		return wrong(why, name, quote, s,
		             type == PARAM_MIB && (*end == 'M' || *end == 'G' || *end == 'T' || *end == 'm' ||
		                                   *end == 'g' || *end == 't')
		                     ? "not a valid number: it is counted in megabytes, without a letter"
		                     : "not a valid number");
	if (v < 0)
		return wrong(why, name, "(", s, "less than zero");
	if (errno || (uint64_t)v > most) {
		struct text what = TEXT_EMPTY;
		text_printf(&what, "greater than %" PRIu64, most);
		wrong(why, name, "(", s, what.s);
		text_free(&what);
		return false;
	}
	*out = (uint64_t)v;
	return true;
}

/* "6817", "6817-6820": the first of a range is the one that counts. */
static bool port(const char *name, const char *s, uint64_t *out, struct text *why)
{
	char first[16];
	uint32_t v = 0;
	const size_t n = strcspn(s, "-");
	if (n < sizeof(first)) {
		memcpy(first, s, n);
		first[n] = '\0';
		if (text_to_u32(first, &v) && v > 0 && v <= UINT16_MAX) {
			*out = v;
			return true;
		}
	}
	if (why)
		text_printf(why, "Invalid %s %.60s: a port is a number from 1 to %d", name, s, UINT16_MAX);
	return false;
}

bool param_number(enum param_type type, const char *name, const char *s, uint64_t *out, struct text *why)
{
	return type == PARAM_PORT ? port(name, s, out, why) : number(type, name, s, out, why);
}

bool param_bool(const char *name, const char *s, bool *out, struct text *why)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"yes", true}, {"no", false}, {"true", true}, {"false", false},
	             {"1", true},   {"0", false},  {"up", true},   {"down", false}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_eq_nocase(s, words[i].word)) {
			*out = words[i].value;
			return true;
		}
	}
	if (why)
		text_printf(why, "\"%.60s\" is not a valid option for \"%s\"", s, name);
	return false;
}

/* ---- what some may be beyond their type ---- */

static const struct {
	enum param param;
	uint64_t least; /* less: `as`, or where that is 0 an error */
	uint64_t as;
	const char *error; /* why less is wrong */
	uint64_t most;     /* more is taken as this; 0: as its type has it */
} limits[] = {
        {P_FirstJobId, 1, 0, "FirstJobId cannot be zero", 0},
        {P_MaxArraySize, 0, 0, NULL, TASKS_END},
        {P_MaxDBDMsgs, 10001, 0, "MaxDBDMsgs value needs to be greater than 10000", 0},
        {P_MaxJobCount, 1, 0, "MaxJobCount=0, No jobs permitted", JOB_COUNT_MAX},
        {P_MaxJobId, 0, 0, NULL, JOB_ID_MAX},
        {P_MaxStepCount, 1, 0, "MaxStepCount=0, No steps permitted", 0},
        {P_MessageTimeout, 1, 10, NULL, 0},
        {P_MinJobAge, 2, 2, NULL, 0},
        {P_SchedulerTimeSlice, 5, 30, NULL, 0},
        {P_TreeWidth, 1, 50, NULL, 0},
};

uint64_t param_limited(enum param p, uint64_t v)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].param != p)
			continue;
		if (v < limits[i].least && limits[i].as)
			return limits[i].as;
		return limits[i].most && v > limits[i].most ? limits[i].most : v;
	}
	return v;
}

bool param_check(enum param p, const char *s, struct text *why)
{
	const struct param_row *row = &param_rows[p];
	uint64_t v;
	bool b;
	if (row->type == PARAM_BOOL)
		return param_bool(row->name, s, &b, why);
	if (!param_is_number(row->type))
		return true;
	if (!param_number(row->type, row->name, s, &v, why))
		return false;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].param == p && limits[i].error && v < limits[i].least) {
			text_add(why, limits[i].error);
			return false;
		}
	}
	return true;
}
