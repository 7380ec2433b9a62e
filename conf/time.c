#include "conf/time.h"

#include "core/records.h"
#include "core/util/log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- limits ---- */

static bool digits(const char **p, int64_t *out)
{
	int64_t v = 0;
	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); (*p)++) {
		if (v > 100000000000)
			return false;
		v = v * 10 + (**p - '0');
	}
	*out = v;
	return true;
}

/* Up to three numbers between colons; how many, or -1. */
static int clock_parts(const char *p, int64_t part[3])
{
	int n = 0;
	while (n < 3) {
		if (!digits(&p, &part[n]))
			return -1;
		n++;
		if (*p == '\0')
			return n;
		if (*p++ != ':')
			return -1;
	}
	return -1;
}

bool time_parse_limit(const char *s, int64_t *seconds)
{
	int64_t days = 0, part[3] = {0};
	if (text_eq_nocase(s, "infinite") || text_eq_nocase(s, "unlimited") || strcmp(s, "-1") == 0) {
		*seconds = -1;
		return true;
	}
	const char *p = s, *dash = strchr(s, '-');
	if (dash) {
		if (!digits(&p, &days) || p != dash)
			return false;
		int n = dash[1] ? clock_parts(dash + 1, part) : 1;
		*seconds = days * 86400 + part[0] * 3600 + part[1] * 60 + part[2];
		return n > 0;
	}
	switch (clock_parts(s, part)) {
	case 1:
		*seconds = part[0] * 60;
		return true;
	case 2:
		*seconds = part[0] * 60 + part[1];
		return true;
	case 3:
		*seconds = part[0] * 3600 + part[1] * 60 + part[2];
		return true;
	default:
		return false;
	}
}

bool time_parse_minutes(const char *s, uint32_t *minutes)
{
	int64_t seconds;
	if (!time_parse_limit(s, &seconds) || seconds > (int64_t)60 * (CORE_NO_VAL - 1))
		return false;
	*minutes = seconds < 0 ? CORE_INFINITE : (uint32_t)((seconds + 59) / 60);
	return true;
}

/* ---- printing ---- */

void time_print_elapsed(struct text *out, int64_t s)
{
	if (s < 0)
		text_add(out, "INVALID");
	else if (s >= 86400)
		text_printf(out, "%" PRId64 "-%02d:%02d:%02d", s / 86400, (int)(s / 3600 % 24),
		            (int)(s / 60 % 60), (int)(s % 60));
	else if (s >= 3600)
		text_printf(out, "%d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
	else
		text_printf(out, "%d:%02d", (int)(s / 60), (int)(s % 60));
}

void time_print_hms(struct text *out, int64_t s)
{
	if (s < 0)
		text_add(out, "INVALID");
	else if (s >= 86400)
		time_print_elapsed(out, s);
	else
		text_printf(out, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

void time_print_limit(struct text *out, uint32_t minutes)
{
	if (minutes == CORE_INFINITE)
		text_add(out, "UNLIMITED");
	else
		time_print_elapsed(out, (int64_t)minutes * 60);
}

#define STANDARD "%Y-%m-%dT%H:%M:%S"

/* Days since some day long ago, by the calendar. */
static int day_of(const struct tm *tm)
{
	int y = tm->tm_year + 1899; /* years that have ended */
	return y * 365 + y / 4 - y / 100 + y / 400 + tm->tm_yday;
}

/* squeue(1), SLURM_TIME_FORMAT=relative: as much as is needed, seen from now. */
static const char *relative_format(const struct tm *tm)
{
	struct tm today;
	time_t now = time(NULL);
	if (!localtime_r(&now, &today))
		return STANDARD;
	int days = day_of(tm) - day_of(&today);
	if (days == 0)
		return "%H:%M:%S";
	if (days == 1)
		return "Tomorr %H:%M";
	if (days == -1)
		return "Ystday %H:%M";
	if (days > 0 && days < 7)
		return "%a %H:%M";
	return tm->tm_year == today.tm_year ? "%-d %b %H:%M" : "%-d %b %Y";
}

void time_print_stamp(struct text *out, int64_t time_us)
{
	const char *format = getenv("SLURM_TIME_FORMAT");
	char buf[256];
	struct tm tm = {0};
	time_t t = (time_t)(time_us / 1000000);
	bool known = localtime_r(&t, &tm) != NULL;
	if (!format || !*format || strcmp(format, "standard") == 0)
		format = STANDARD;
	else if (strcmp(format, "relative") == 0)
		format = relative_format(&tm);
	else if (!strchr(format, '%')) {
		static bool said;
		if (!said)
			log_error("invalid SLURM_TIME_FORMAT = '%s'", format);
		said = true;
		format = STANDARD;
	}
	if (!known || strftime(buf, sizeof(buf), format, &tm) == 0)
		text_add(out, "INVALID");
	else
		text_add(out, buf);
}
