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

/* ---- words and dates ---- */

/* What is read, and how far it has come. */
struct scan {
	const char *start, *p;
	int64_t now_us, at_us; /* at_us: of "now"; 0: a day and a time of day */
	struct tm tm;
	bool date, clock; /* what has been said */
};

static int64_t from_tm(struct tm *tm)
{
	tm->tm_isdst = -1;
	return (int64_t)mktime(tm) * 1000000;
}

static void skip_blanks(struct scan *c)
{
	c->p += strspn(c->p, " \t");
}

/* The word at p, in any case; it is passed over. */
static bool take_word(struct scan *c, const char *word)
{
	if (!text_starts_nocase(c->p, word) || isalpha((unsigned char)c->p[strlen(word)]))
		return false;
	c->p += strlen(word);
	return true;
}

static size_t digits_at(const char *p)
{
	return strspn(p, "0123456789");
}

/* A number of so many digits between two values; it is passed over if it is one. */
static bool take_number(struct scan *c, size_t least, size_t most, int low, int high, int *out)
{
	size_t n = digits_at(c->p);
	if (n < least)
		return false;
	n = n > most ? most : n;
	int v = 0;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (c->p[i] - '0');
	if (v < low || v > high)
		return false;
	c->p += n;
	*out = v;
	return true;
}

static bool take_unit(struct scan *c, int64_t *seconds)
{
	static const struct {
		const char *word;
		int64_t seconds;
	} units[] = {{"seconds", 1}, {"second", 1},   {"minutes", 60}, {"minute", 60},    {"hours", 3600},
	             {"hour", 3600}, {"days", 86400}, {"day", 86400},  {"weeks", 604800}, {"week", 604800}};
	skip_blanks(c);
	*seconds = 1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!take_word(c, units[i].word))
			continue;
		*seconds = units[i].seconds;
		return true;
	}
	return !isalpha((unsigned char)*c->p);
}

/* "now", "now+30", "now + 1 hour" */
static bool take_now(struct scan *c)
{
	int64_t n, unit;
	c->at_us = c->now_us;
	skip_blanks(c);
	if (*c->p != '+' && *c->p != '-')
		return true;
	struct scan ahead = *c;
	int sign = *ahead.p++ == '+' ? 1 : -1;
	skip_blanks(&ahead);
	if (!digits(&ahead.p, &n) || !take_unit(&ahead, &unit))
		return false;
	c->p = ahead.p;
	c->at_us += sign * n * unit * 1000000;
	return true;
}

static void set_clock(struct scan *c, int hour, int minute, int second)
{
	c->tm.tm_hour = hour;
	c->tm.tm_min = minute;
	c->tm.tm_sec = second;
	c->clock = true;
}

static void set_date(struct scan *c, int year, int month, int day)
{
	c->tm.tm_year = year - 1900;
	c->tm.tm_mon = month - 1;
	c->tm.tm_mday = day;
	c->date = true;
}

/* "16:30", "4:30:10 pm" */
static bool take_clock(struct scan *c)
{
	int h, m, sec = 0;
	if (!take_number(c, 1, 2, 0, 23, &h) || *c->p != ':')
		return false;
	c->p++;
	if (!take_number(c, 1, 2, 0, 59, &m))
		return false;
	if (*c->p == ':' && (c->p++, !take_number(c, 1, 2, 0, 59, &sec)))
		return false;
	struct scan ahead = *c;
	skip_blanks(&ahead);
	bool pm = take_word(&ahead, "pm");
	if (pm || take_word(&ahead, "am")) {
		c->p = ahead.p;
		h = pm && h < 12 ? h + 12 : !pm && h == 12 ? 0 : h;
	}
	set_clock(c, h, m, sec);
	return true;
}

/* YYYY-MM-DD */
static bool take_long_date(struct scan *c)
{
	int year, month, day;
	if (!take_number(c, 4, 4, 1970, 9999, &year) || *c->p++ != '-' ||
	    !take_number(c, 2, 2, 1, 12, &month) || *c->p++ != '-' || !take_number(c, 2, 2, 1, 31, &day))
		return false;
	set_date(c, year, month, day);
	return true;
}

/* MM/DD[/YY], MM.DD[.YY] and MMDD[YY]; without a year it is this one. */
static bool take_short_date(struct scan *c)
{
	int month, day, year = c->tm.tm_year + 1900;
	bool joined = digits_at(c->p) > 2;
	if (!take_number(c, 1, 2, 1, 12, &month))
		return false;
	char sep = *c->p;
	if (!joined)
		c->p++;
	if (!take_number(c, 1, 2, 1, 31, &day))
		return false;
	bool more = joined ? digits_at(c->p) > 0 : *c->p == sep;
	if (more) {
		c->p += !joined;
		if (!take_number(c, 2, sep == '/' ? 4 : 2, 0, 9999, &year))
			return false;
		year += year < 100 ? 2000 : 0;
	}
	set_date(c, year, month, day);
	return true;
}

static bool take_date_or_clock(struct scan *c)
{
	size_t n = digits_at(c->p);
	const char *after = c->p + n;
	if (n == 0)
		return false;
	if (n <= 2 && *after == ':')
		return take_clock(c);
	if (n == 4 && *after == '-' && digits_at(after + 1) == 2)
		return take_long_date(c);
	if (n <= 2 ? *after == '/' || *after == '.' : (n == 4 && *after != '-') || n == 6)
		return take_short_date(c);
	return false;
}

static bool take_day_word(struct scan *c)
{
	static const struct {
		const char *word;
		int hour, days;
		bool of_day;
	} words[] = {{"today", 0, 0, false}, {"tomorrow", 0, 1, false}, {"midnight", 0, 0, true},
	             {"noon", 12, 0, true},  {"fika", 15, 0, true},     {"teatime", 16, 0, true}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!take_word(c, words[i].word))
			continue;
		if (words[i].of_day) {
			set_clock(c, words[i].hour, 0, 0);
		} else {
			c->tm.tm_mday += words[i].days;
			c->date = true;
		}
		return true;
	}
	return false;
}

/* Between a date and a time of day: blanks, T or -. */
static bool take_separator(struct scan *c)
{
	if (c->date && !c->clock && (*c->p == 'T' || *c->p == 't' || *c->p == '-') &&
	    isdigit((unsigned char)c->p[1])) {
		c->p++;
		return take_clock(c);
	}
	skip_blanks(c);
	return true;
}

bool time_parse_when_at(const char *s, int64_t now_us, int64_t *out_us, size_t *pos)
{
	time_t now = (time_t)(now_us / 1000000);
	struct scan c = {.start = s, .p = s, .now_us = now_us};
	bool good = *s != '\0' && localtime_r(&now, &c.tm) != NULL;
	while (good && *c.p) {
		const char *before = c.p;
		good = take_word(&c, "now") ? take_now(&c) : take_day_word(&c) || take_date_or_clock(&c);
		good = good && take_separator(&c) && c.p > before;
	}
	*pos = (size_t)(c.p - s);
	if (!good)
		return false;
	if (c.at_us) {
		*out_us = c.at_us;
		return true;
	}
	if (!c.clock)
		set_clock(&c, 0, 0, 0);
	struct tm copy = c.tm;
	*out_us = from_tm(&copy);
	if (!c.date && *out_us < now_us) {
		c.tm.tm_mday++;
		*out_us = from_tm(&c.tm);
	}
	return true;
}

bool time_parse_when(const char *s, int64_t now_us, int64_t *out_us)
{
	size_t pos;
	return time_parse_when_at(s, now_us, out_us, &pos);
}
