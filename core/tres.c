#include "core/tres.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *word, *unit;
} rows[] = {
#define TRES(symbol, word, unit) {word, unit},
#include "core/tres.def"
#undef TRES
};

const char *tres_word(enum tres_id id)
{
	return rows[id].word;
}

void tres_add(struct tres *to, const struct tres *what)
{
	for (int i = 0; i < TRES_COUNT; i++)
		to->v[i] += what->v[i];
}

int tres_sub(struct tres *from, const struct tres *what)
{
	if (!tres_fits(what, from))
		return -1;
	for (int i = 0; i < TRES_COUNT; i++)
		from->v[i] -= what->v[i];
	return 0;
}

bool tres_fits(const struct tres *need, const struct tres *free)
{
	for (int i = 0; i < TRES_COUNT; i++)
		if (need->v[i] > free->v[i])
			return false;
	return true;
}

static void print_one(struct text *out, bool first, const char *word, uint64_t value, const char *unit)
{
	text_printf(out, "%s%s=", first ? "" : ",", word);
	if (*unit)
		text_add_size(out, value, *unit);
	else
		text_printf(out, "%" PRIu64, value);
}

void tres_print(const struct tres *t, struct text *out)
{
	bool first = true;
	for (int i = 0; i < TRES_COUNT; i++) {
		if (t->v[i] == 0)
			continue;
		print_one(out, first, rows[i].word, t->v[i], rows[i].unit);
		first = false;
	}
}

/* Names of the real one's that there are none of here. */
static bool is_known_name(const char *word, size_t n)
{
	static const char *const whole[] = {"energy", "vmem", "pages"};
	static const char *const kinds[] = {"gres/", "license/", "bb/", "fs/", "ic/"};
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (strlen(whole[i]) == n && strncasecmp(word, whole[i], n) == 0)
			return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (n > strlen(kinds[i]) && strncasecmp(word, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}

/* Of memory the unit is a megabyte: a weight for a gigabyte is a 1024th of it for one. */
static int read_weight(const char *value, size_t n, bool memory, double *out)
{
	static const char units[] = "KMGTP";
	char number[32], *end;
	if (n == 0 || n >= sizeof(number))
		return -1;
	memcpy(number, value, n);
	number[n] = '\0';
	*out = strtod(number, &end);
	const char *unit = *end ? strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end) : NULL;
	if (end == number || (*end && (!unit || end[1])) || !(*out > -1e15 && *out < 1e15))
		return -1;
	for (long steps = unit ? unit - units - (memory ? 1 : -1) : 0; steps != 0;
	     steps += steps > 0 ? -1 : 1)
		*out = steps > 0 ? *out / 1024 : *out * 1024;
	return 0;
}

int tres_weights(const char *text, double weights[TRES_COUNT])
{
	for (int i = 0; i < TRES_COUNT; i++)
		weights[i] = 0;
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, ","), name = strcspn(p, "=,");
		double weight;
		int at = 0;
		if (name == 0 || name >= n)
			return -1;
		while (at < TRES_COUNT &&
		       !(strlen(rows[at].word) == name && strncasecmp(p, rows[at].word, name) == 0))
			at++;
		if ((at == TRES_COUNT && !is_known_name(p, name)) ||
		    read_weight(p + name + 1, n - name - 1, at == TRES_MEM, &weight) != 0)
			return -1;
		if (at < TRES_COUNT)
			weights[at] = weight;
		p += n + (p[n] == ',');
	}
	return 0;
}
