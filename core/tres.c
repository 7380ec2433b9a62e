#include "core/tres.h"

#include <inttypes.h>

static const struct {
	const char *word, *unit;
} rows[] = {
#define TRES(symbol, word, unit) {word, unit},
#include "core/tres.def"
#undef TRES
};

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

void tres_print(const struct tres *t, struct text *out)
{
	bool first = true;
	for (int i = 0; i < TRES_COUNT; i++) {
		if (t->v[i] == 0)
			continue;
		text_printf(out, "%s%s=%" PRIu64 "%s", first ? "" : ",", rows[i].word, t->v[i], rows[i].unit);
		first = false;
	}
}
