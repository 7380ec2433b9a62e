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
		int n = clock_parts(dash + 1, part);
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

/* ---- words and dates ---- */

static int64_t from_tm(struct tm *tm)
{
	tm->tm_isdst = -1;
	return (int64_t)mktime(tm) * 1000000;
}

static bool unit_seconds(const char *word, int64_t *out)
{
	static const struct {
		const char *word;
		int64_t seconds;
	} units[] = {{"", 1},         {"second", 1},    {"seconds", 1},   {"minute", 60},
	             {"minutes", 60}, {"hour", 3600},   {"hours", 3600},  {"day", 86400},
	             {"days", 86400}, {"week", 604800}, {"weeks", 604800}};
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (text_eq_nocase(word, units[i].word)) {
			*out = units[i].seconds;
			return true;
		}
	}
	return false;
}

/* "now+30", "now+1hour" */
static bool parse_now(const char *s, int64_t now_us, int64_t *out)
{
	int64_t n, unit;
	if (!text_starts_nocase(s, "now"))
		return false;
	s += 3;
	if (*s == '\0') {
		*out = now_us;
		return true;
	}
	if (*s != '+' && *s != '-')
		return false;
	int sign = *s++ == '+' ? 1 : -1;
	if (!digits(&s, &n) || !unit_seconds(s, &unit))
		return false;
	*out = now_us + sign * n * unit * 1000000;
	return true;
}

/* "16:30", "4:30:10pm" into tm; what follows must be the end. */
static bool parse_clock(const char *s, struct tm *tm)
{
	int64_t h, m, sec = 0;
	if (!digits(&s, &h) || *s++ != ':' || !digits(&s, &m))
		return false;
	if (*s == ':' && (s++, !digits(&s, &sec)))
		return false;
	if (text_eq_nocase(s, "pm") && h < 12)
		h += 12;
	else if (text_eq_nocase(s, "am") && h == 12)
		h = 0;
	else if (*s && !text_eq_nocase(s, "am") && !text_eq_nocase(s, "pm"))
		return false;
	if (h > 23 || m > 59 || sec > 59)
		return false;
	tm->tm_hour = (int)h;
	tm->tm_min = (int)m;
	tm->tm_sec = (int)sec;
	return true;
}

static bool parse_date(const char *s, size_t n, struct tm *tm)
{
	int64_t a, b, c;
	const char *p = s;
	if (!digits(&p, &a))
		return false;
	if (p == s + n && n == 6) { /* MMDDYY */
		c = a % 100;
		b = a / 100 % 100;
		a = a / 10000;
		c += 2000;
	} else if (*p == '/') { /* MM/DD[/YY] */
		p++;
		if (!digits(&p, &b))
			return false;
		c = tm->tm_year + 1900;
		if (*p == '/' && (p++, !digits(&p, &c)))
			return false;
		c += c < 100 ? 2000 : 0;
	} else if (*p == '-') { /* YYYY-MM-DD */
		c = a;
		p++;
		if (!digits(&p, &a) || *p++ != '-' || !digits(&p, &b))
			return false;
	} else {
		return false;
	}
	if (p != s + n || a < 1 || a > 12 || b < 1 || b > 31 || c < 1970 || c > 9999)
		return false;
	tm->tm_mon = (int)a - 1;
	tm->tm_mday = (int)b;
	tm->tm_year = (int)c - 1900;
	tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
	return true;
}

static bool parse_word(const char *s, struct tm *tm, bool *of_day)
{
	static const struct {
		const char *word;
		int hour, days;
		bool of_day;
	} words[] = {{"today", 0, 0, false},  {"tomorrow", 0, 1, false},  {"midnight", 0, 0, true},
	             {"noon", 12, 0, true},   {"elevenses", 11, 0, true}, {"fika", 15, 0, true},
	             {"teatime", 16, 0, true}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!text_eq_nocase(s, words[i].word))
			continue;
		tm->tm_hour = words[i].hour;
		tm->tm_min = tm->tm_sec = 0;
		tm->tm_mday += words[i].days;
		*of_day = words[i].of_day;
		return true;
	}
	return false;
}

bool time_parse_when(const char *s, int64_t now_us, int64_t *out_us)
{
	time_t now = (time_t)(now_us / 1000000);
	struct tm tm;
	bool of_day = false;
	if (parse_now(s, now_us, out_us))
		return true;
	if (!localtime_r(&now, &tm))
		return false;
	if (!parse_word(s, &tm, &of_day)) {
		size_t n = strcspn(s, "T");
		if (parse_clock(s, &tm))
			of_day = true;
		else if (!parse_date(s, n, &tm) || (s[n] && !parse_clock(s + n + 1, &tm)))
			return false;
	}
	struct tm copy = tm;
	*out_us = from_tm(&copy);
	if (of_day && *out_us < now_us) {
		tm.tm_mday++;
		*out_us = from_tm(&tm);
	}
	return true;
}
