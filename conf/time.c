#include "conf/time.h"

#include "core/records.h"

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

void time_print_stamp(struct text *out, int64_t time_us)
{
	const char *format = getenv("SLURM_TIME_FORMAT");
	char buf[256];
	struct tm tm;
	time_t t = (time_t)(time_us / 1000000);
	if (!format || !*format || strcmp(format, "standard") == 0 || strcmp(format, "relative") == 0)
		format = "%Y-%m-%dT%H:%M:%S";
	if (!localtime_r(&t, &tm) || strftime(buf, sizeof(buf), format, &tm) == 0)
		text_add(out, "INVALID");
	else
		text_add(out, buf);
}
