/* When something is to begin, as people write it (sbatch(1), --begin). */
#include "conf/time.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#define DELTA_MAX_S 100000000000 /* some 3,000 years */

struct when {
	const char *p;
	struct tm tm;
	bool any, has_date, has_year, has_time;
};

/* ---- pieces ---- */

/* Does it go on with that word, in any case? Then it is behind it. */
static bool take_word(struct when *w, const char *word)
{
	if (!text_starts_nocase(w->p, word))
		return false;
	w->p += strlen(word);
	return true;
}

static void skip_blanks(struct when *w)
{
	while (isspace((unsigned char)*w->p))
		w->p++;
}

static int digit_at(const char *p)
{
	return isdigit((unsigned char)*p) ? *p - '0' : -1;
}

/* One or two digits; -1: there is none. */
static int take_number(struct when *w)
{
	int n = digit_at(w->p);
	if (n < 0)
		return -1;
	w->p++;
	if (digit_at(w->p) >= 0)
		n = n * 10 + digit_at(w->p++);
	return n;
}

/* Exactly two; where there aren't, it stands at what is none. */
static bool take_two(struct when *w, int *out)
{
	int first = digit_at(w->p);
	if (first < 0)
		return false;
	w->p++;
	if (digit_at(w->p) < 0)
		return false;
	*out = first * 10 + digit_at(w->p++);
	return true;
}

/* A number of two digits within bounds; one that isn't is wrong from its beginning. */
static bool take_two_within(struct when *w, int least, int most, int *out)
{
	const char *start = w->p;
	if (!take_two(w, out))
		return false;
	if (*out >= least && *out <= most)
		return true;
	w->p = start;
	return false;
}

static bool wrong_from(struct when *w, const char *start)
{
	w->p = start;
	return false;
}

static void set_clock(struct when *w, int hour, int minute, int second)
{
	w->tm.tm_hour = hour;
	w->tm.tm_min = minute;
	w->tm.tm_sec = second;
	w->has_time = true;
}

/* ---- what it may consist of ---- */

static const struct when_unit {
	const char *word;
	int64_t seconds;
} units[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800}};

/* Behind "now": nothing, or "+1hour". What is no unit is wrong from the number's last digit on. */
static bool take_delta(struct when *w)
{
	const char *start = w->p;
	int64_t n = 0, unit = 1;
	skip_blanks(w);
	if (*w->p != '+' && *w->p != '-') {
		w->p = start;
		return true;
	}
	int sign = *w->p++ == '+' ? 1 : -1;
	skip_blanks(w);
	if (digit_at(w->p) < 0)
		return wrong_from(w, start);
	for (; digit_at(w->p) >= 0; w->p++)
		if ((n = n * 10 + digit_at(w->p)) > DELTA_MAX_S)
			return wrong_from(w, start);
	const char *end = w->p;
	skip_blanks(w);
	bool found = !*w->p || w->p > end || *w->p == 'T' || *w->p == '-';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!take_word(w, units[i].word))
			continue;
		found = true;
		unit = units[i].seconds;
		take_word(w, "s");
		break;
	}
	if (!found)
		return wrong_from(w, end - 1);
	time_t at = mktime(&w->tm) + (time_t)(sign * n * unit);
	return localtime_r(&at, &w->tm) || wrong_from(w, start);
}

static bool take_now(struct when *w)
{
	w->has_date = w->has_year = w->has_time = true;
	return take_delta(w);
}

/* The words but "now"; false: it is none of them. */
static bool take_day_word(struct when *w)
{
	static const struct {
		const char *word;
		int hour; /* -1: a day */
		int days;
	} words[] = {{"today", -1, 0}, {"tomorrow", -1, 1}, {"midnight", 0, 0},
	             {"noon", 12, 0},  {"fika", 15, 0},     {"teatime", 16, 0}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!take_word(w, words[i].word))
			continue;
		if (words[i].hour >= 0) {
			set_clock(w, words[i].hour, 0, 0);
		} else {
			w->tm.tm_mday += words[i].days;
			w->has_date = w->has_year = true;
		}
		return true;
	}
	return false;
}

/* "16:30", "4:30:10 pm" */
static bool take_clock(struct when *w)
{
	const char *start = w->p;
	int minute, second = 0, hour = take_number(w);
	if (hour > 23)
		return wrong_from(w, start);
	w->p++; /* the colon */
	if (!take_two_within(w, 0, 59, &minute))
		return false;
	if (*w->p == ':' && (w->p++, !take_two_within(w, 0, 59, &second)))
		return false;
	const char *end = w->p;
	skip_blanks(w);
	const char *half = w->p;
	if (take_word(w, "pm")) {
		if (hour > 12)
			return wrong_from(w, half);
		hour += hour < 12 ? 12 : 0;
	} else if (take_word(w, "am")) {
		if (hour > 12)
			return wrong_from(w, half);
		hour = hour == 12 ? 0 : hour;
	} else {
		w->p = end;
	}
	set_clock(w, hour, minute, second);
	return true;
}

/* "2031-01-20" */
static bool take_iso_date(struct when *w)
{
	int year = 0, month, day;
	for (int i = 0; i < 4; i++)
		year = year * 10 + digit_at(w->p++);
	w->p++;
	if (!take_two_within(w, 1, 12, &month))
		return false;
	w->p++;
	if (!take_two_within(w, 1, 31, &day))
		return false;
	w->tm.tm_year = year - 1900;
	w->tm.tm_mon = month - 1;
	w->tm.tm_mday = day;
	w->has_date = w->has_year = true;
	return true;
}

/* "0120", "012031", "1/20", "01/20/31", "01.20.31" */
static bool take_date(struct when *w)
{
	const char *start = w->p;
	int year, month = take_number(w), day;
	if (month < 1 || month > 12)
		return wrong_from(w, start);
	const char mark = *w->p == '/' || *w->p == '.' ? *w->p : '\0';
	if (mark)
		w->p++;
	start = w->p;
	if (!mark && !take_two(w, &day))
		return wrong_from(w, start);
	if (mark && (day = take_number(w)) < 0)
		return false;
	if (day < 1 || day > 31)
		return wrong_from(w, start);
	w->tm.tm_mon = month - 1;
	w->tm.tm_mday = day;
	w->has_date = true;
	if (mark && *w->p != mark)
		return true;
	if (mark)
		w->p++;
	else if (digit_at(w->p) < 0)
		return true;
	if (!take_two(w, &year))
		return false;
	w->tm.tm_year = year + 100;
	w->has_year = true;
	return true;
}

static bool is_iso_date(const char *p)
{
	static const char like[] = "dddd-dd-dd";
	for (size_t i = 0; like[i]; i++)
		if (like[i] == 'd' ? digit_at(p + i) < 0 : p[i] != like[i])
			return false;
	return true;
}

static bool take_piece(struct when *w)
{
	const char *p = w->p;
	w->any = true;
	if (take_word(w, "now"))
		return take_now(w);
	if (digit_at(p) < 0)
		return take_day_word(w);
	if (is_iso_date(p))
		return take_iso_date(w);
	size_t digits = strspn(p, "0123456789");
	return digits <= 2 && p[digits] == ':' ? take_clock(w) : take_date(w);
}

/* ---- the whole ---- */

static int64_t at_of(const struct when *w, int days, int years)
{
	struct tm tm = w->tm;
	tm.tm_mday += days;
	tm.tm_year += years;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000000;
}

/* What was left out: no day means the nearest, no year likewise. */
static int64_t complete(const struct when *w, int64_t now_us, bool past)
{
	const int64_t at = at_of(w, 0, 0), day_us = (int64_t)86400 * 1000000;
	if (!w->has_date)
		return past ? (at > now_us ? at_of(w, -1, 0) : at) : at < now_us ? at_of(w, 1, 0) : at;
	if (w->has_year)
		return at;
	if (past)
		return at > now_us ? at_of(w, 0, -1) : at;
	return at <= now_us - day_us ? at_of(w, 0, 1) : at;
}

bool time_parse_when_at(const char *s, int64_t now_us, bool past, int64_t *out_us, int *wrong_at)
{
	time_t now = (time_t)(now_us / 1000000);
	struct when w = {.p = s};
	*wrong_at = -1;
	if (!localtime_r(&now, &w.tm))
		return false;
	for (;;) {
		while (*w.p == 'T' || *w.p == '-' || isspace((unsigned char)*w.p))
			w.p++;
		if (!*w.p)
			break;
		if (!take_piece(&w)) {
			*wrong_at = w.p - s > INT_MAX ? INT_MAX : (int)(w.p - s);
			return false;
		}
	}
	if (!w.any)
		return false;
	if (!w.has_time)
		set_clock(&w, 0, 0, 0);
	*out_us = complete(&w, now_us, past);
	return true;
}

bool time_parse_when(const char *s, int64_t now_us, int64_t *out_us)
{
	int wrong_at;
	return time_parse_when_at(s, now_us, false, out_us, &wrong_at);
}
