/* sim [--seed N] [--histories N] [--events N] [--trace]: random histories through the core. A failing one is
 * named by its seed, and `sim --seed N --histories 1` (with the same --events) is that history again,
 * exactly. */
#include "test/sim/sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void run(struct world *w, unsigned events)
{
	world_restart(w);
	for (unsigned i = 0; i < events; i++) {
		struct event e;
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

static bool history(uint64_t seed, unsigned events, bool trace, uint64_t *started)
{
	struct world *w = world_new(seed, trace);
	bool ok = setjmp(w->failed) == 0;
	if (ok)
		run(w, events);
	else
		printf("not ok seed %llu (--events %u): %s\n", (unsigned long long)seed, events, w->why);
	*started += w->started_jobs;
	world_free(w);
	return ok;
}

static uint64_t number(const char *s)
{
	uint64_t n;
	if (text_to_u64(s, &n))
		return n;
	fprintf(stderr, "sim: not a number: %s\n", s);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	        {"seed", required_argument, NULL, 's'},
	        {"histories", required_argument, NULL, 'n'},
	        {"events", required_argument, NULL, 'e'},
	        {"trace", no_argument, NULL, 't'},
	        {NULL, 0, NULL, 0},
	};
	uint64_t seed = 1, histories = 200, started = 0;
	unsigned passed = 0, failed = 0, events = 300;
	bool trace = false;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 's')
			seed = number(optarg);
		else if (c == 'n')
			histories = number(optarg);
		else if (c == 'e')
			events = (unsigned)number(optarg);
		else if (c == 't')
			trace = true;
		else
			return 2;
	}
	for (uint64_t i = 0; i < histories; i++) {
		if (history(seed + i, events, trace, &started))
			passed++;
		else
			failed++;
	}
	printf("%llu jobs were started\n", (unsigned long long)started);
	printf("%u passed, %u failed\n", passed, failed);
	fflush(stdout);
	if (failed)
		_exit(1); /* what a history leaves behind that was broken off is no leak */
	return 0;
}
