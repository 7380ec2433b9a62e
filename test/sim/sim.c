/* sim [--seed N] [--histories N] [--events N] [--trace] [--large | --small]: random histories through the
 * core, so many large ones and so many of small clusters (a fourth of the events). A failing one is named by
 * its seed, made as short as it can be and still fail alike, and told. What is told of it, or as much as its
 * lines `seed` (or `small`) and `event`, is a file for sim --replay FILE, which runs that history again,
 * exactly. */
#include "test/sim/sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Which of a seed's events happen. Each has chances of its own, whatever happened before it. */
struct history {
	uint64_t seed;
	bool *happens, small;
	unsigned events, tries;
};

static void run(struct world *w, const struct history *h)
{
	world_restart(w);
	for (unsigned i = 0; i < h->events; i++) {
		struct event e;
		if (!h->happens[i])
			continue;
		world_seed(w, h->seed, i);
		if (w->trace)
			printf("event %u\n", i);
		core_time until = w->mono + (core_time)pick(w, 4000) * 1000;
		random_event(w);
		while (world_take(w, until > w->mono ? until : w->mono, &e)) {
			w->mono = e.at > w->mono ? e.at : w->mono;
			host_sees(w, &e);
			free(e.cores.v);
			if (chance(w, 700))
				world_round(w, true);
		}
		w->mono = until > w->mono ? until : w->mono;
		world_round(w, true);
	}
	world_rest(w);
}

/* What went wrong, the caller's to free(); NULL: nothing. */
static char *history_fails(const struct history *h, bool trace, struct small_counts *counts)
{
	if (h->small)
		return small_fails(h->seed, h->happens, h->events, trace, counts);
	struct world *w = world_new(h->seed, trace);
	char *why = NULL;
	if (trace)
		printf("seed %llu\n", (unsigned long long)h->seed);
	if (setjmp(w->failed) == 0)
		run(w, h);
	else
		why = xstrdup(w->why);
	counts->started += w->started_jobs;
	world_free(w);
	return why;
}

/* ---- shorter ---- */

#define TRIES 300 /* some minutes */

/* The same complaint of another job. */
static bool is_alike(const char *a, const char *b)
{
	while (*a && *b) {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b)
			return false;
		a += *a != '\0';
		b += *b != '\0';
	}
	return *a == *b;
}

static bool fails_alike(const struct history *h, const char *why)
{
	char *other = history_fails(h, false, &(struct small_counts){0});
	const bool alike = other && is_alike(why, other);
	free(other);
	return alike;
}

/* Does it go without so many of those that are left, from the first one on? */
static bool drop(struct history *h, unsigned first, unsigned n, const char *why)
{
	bool *before = xcalloc(h->events + 1u, sizeof(bool)), any = false;
	memcpy(before, h->happens, h->events * sizeof(bool));
	for (unsigned i = first, left = n; i < h->events && left > 0; i++) {
		left -= h->happens[i];
		any = any || h->happens[i];
		h->happens[i] = false;
	}
	const bool good = any && h->tries++ < TRIES && fails_alike(h, why);
	if (!good)
		memcpy(h->happens, before, h->events * sizeof(bool));
	free(before);
	return good;
}

static unsigned count(const struct history *h)
{
	unsigned n = 0;
	for (unsigned i = 0; i < h->events; i++)
		n += h->happens[i];
	return n;
}

static void shrink(struct history *h, const char *why)
{
	for (unsigned size = count(h) / 2, before = 0; size > 0;) {
		before = count(h);
		for (unsigned i = 0; i < h->events; i++)
			while (h->happens[i] && drop(h, i, size, why))
				;
		if (size > 1)
			size /= 2;
		else if (count(h) == before)
			size = 0;
	}
}

/* ---- one history ---- */

static struct history history_new(uint64_t seed, unsigned events, bool happen)
{
	struct history h = {.seed = seed, .happens = xcalloc(events + 1u, sizeof(bool)), .events = events};
	for (unsigned i = 0; i < events; i++)
		h.happens[i] = happen;
	return h;
}

static bool try_seed(uint64_t seed, unsigned events, bool small, bool trace, struct small_counts *counts)
{
	struct history h = history_new(seed, events, true);
	h.small = small;
	char *why = history_fails(&h, trace, counts);
	if (why) {
		printf("not ok %s %llu (--events %u): %s\n", small ? "--small, seed" : "seed",
		       (unsigned long long)seed, events, why);
		fflush(stdout);
		shrink(&h, why);
		printf("# The shortest history that fails alike, %u events; `sim --replay FILE` runs these "
		       "lines again.\n",
		       count(&h));
		char *again = history_fails(&h, true, &(struct small_counts){0});
		printf("# %s\n", again ? again : "it did not fail again");
		free(again);
	}
	free(h.happens);
	const bool good = why == NULL;
	free(why);
	return good;
}

/* The numbers behind a word at the beginning of the file's lines. */
static bool read_history(const char *path, struct history *h)
{
	char line[1024];
	unsigned long long n;
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	*h = history_new(0, 1u << 20, false);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "seed %llu", &n) == 1)
			h->seed = n;
		else if (sscanf(line, "small %llu", &n) == 1)
			h->seed = n, h->small = true;
		else if (sscanf(line, "event %llu", &n) == 1 && n < h->events)
			h->happens[n] = true;
	}
	fclose(f);
	return true;
}

static int replay(const char *path)
{
	struct history h;
	if (!read_history(path, &h)) {
		fprintf(stderr, "sim: %s can't be read\n", path);
		return 2;
	}
	char *why = history_fails(&h, true, &(struct small_counts){0});
	printf("%s%s\n", why ? "not ok: " : "ok: nothing went wrong", why ? why : "");
	fflush(stdout);
	if (why)
		_exit(1);
	free(h.happens);
	return 0;
}

static uint64_t number(const char *s)
{
	uint64_t n;
	if (text_to_u64(s, &n))
		return n;
	fprintf(stderr, "sim: not a number: %s\n", s);
	exit(2);
}

struct wishes {
	uint64_t seed, histories;
	unsigned events;
	bool large, small, trace;
};

/* How many failed. */
static unsigned run_kind(const struct wishes *w, bool small, struct small_counts *counts)
{
	unsigned failed = 0;
	for (uint64_t i = 0; i < w->histories; i++)
		failed += !try_seed(w->seed + i, small ? w->events / 4 : w->events, small, w->trace, counts);
	return failed;
}

/* What compares nothing proves nothing: one of the small histories decides several hundred times. */
static bool say_counts(const struct wishes *w, const struct small_counts *counts)
{
	const struct reference_counts *did = &counts->compared;
	printf("%llu jobs were started\n", (unsigned long long)counts->started);
	if (!w->small)
		return true;
	const unsigned long long submitted = counts->taken + counts->refused;
	printf("%llu jobs were submitted to small clusters, %llu of them refused; %llu planned starts and "
	       "%llu jobs "
	       "without one are as the reference scheduler says\n",
	       submitted, (unsigned long long)counts->refused, (unsigned long long)did->planned,
	       (unsigned long long)did->never);
	if (w->events < 300 || (did->planned > 20 * w->histories && did->never > w->histories))
		return true;
	printf("not ok: that is less than these histories have\n");
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	        {"seed", required_argument, NULL, 's'},   {"histories", required_argument, NULL, 'n'},
	        {"events", required_argument, NULL, 'e'}, {"trace", no_argument, NULL, 't'},
	        {"replay", required_argument, NULL, 'r'}, {"small", no_argument, NULL, 'S'},
	        {"large", no_argument, NULL, 'L'},        {NULL, 0, NULL, 0},
	};
	struct wishes w = {.seed = 1, .histories = 200, .events = 300, .large = true, .small = true};
	struct small_counts counts = {0};
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 's')
			w.seed = number(optarg);
		else if (c == 'n')
			w.histories = number(optarg);
		else if (c == 'e')
			w.events = (unsigned)number(optarg);
		else if (c == 't')
			w.trace = true;
		else if (c == 'S')
			w.large = false;
		else if (c == 'L')
			w.small = false;
		else if (c == 'r')
			return replay(optarg);
		else
			return 2;
	}
	unsigned failed =
	        (w.large ? run_kind(&w, false, &counts) : 0) + (w.small ? run_kind(&w, true, &counts) : 0);
	const uint64_t all = w.histories * ((unsigned)w.large + w.small);
	failed += !say_counts(&w, &counts);
	printf("%llu passed, %u failed\n", (unsigned long long)all - failed, failed);
	fflush(stdout);
	if (failed)
		_exit(1); /* what a history leaves behind that was broken off is no leak */
	return 0;
}
