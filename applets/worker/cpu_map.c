#include "applets/worker/cpu_map.h"

#include "applets/worker/hardware.h"
#include "core/util/arena.h"
#include "core/util/sort.h"
#include "core/util/text.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_MAX 8192

struct place {
	uint32_t package, core, cpu;
};

static int by_place(const void *pa, const void *pb, void *ctx)
{
	const struct place *a = pa, *b = pb;
	(void)ctx;
	if (a->package != b->package)
		return a->package < b->package ? -1 : 1;
	if (a->core != b->core)
		return a->core < b->core ? -1 : 1;
	return a->cpu < b->cpu ? -1 : a->cpu > b->cpu;
}

void cpu_map_find(struct cpu_map *out)
{
	cpu_set_t *mine = CPU_ALLOC(CPUS_MAX);
	const size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
	struct place *places = xcalloc(CPUS_MAX, sizeof(*places));
	size_t n = 0;
	*out = (struct cpu_map){0};
	if (mine && sched_getaffinity(0, size, mine) == 0)
		for (uint32_t i = 0; i < CPUS_MAX; i++)
			if (CPU_ISSET_S(i, size, mine)) {
				hardware_place(i, &places[n].package, &places[n].core);
				places[n++].cpu = i;
			}
	sort_stable(places, n, sizeof(*places), by_place, NULL);
	out->cpu = xcalloc(n + 1, sizeof(*out->cpu));
	out->n = n;
	for (size_t i = 0; i < n; i++)
		out->cpu[i] = places[i].cpu;
	free(places);
	CPU_FREE(mine);
}

void cpu_map_free(struct cpu_map *map)
{
	free(map->cpu);
	*map = (struct cpu_map){0};
}

/* "0-3,8" */
static void read_list(const char *s, struct cpu_mask *out)
{
	uint32_t first, last;
	while (text_read_u32(&s, &first)) {
		last = first;
		if (*s == '-' && (s++, !text_read_u32(&s, &last)))
			return;
		for (uint32_t i = first; i <= last && i < BINDING_CPUS; i++)
			cpu_mask_set(out, i);
		if (*s++ != ',')
			return;
	}
}

size_t cpu_map_ldoms(struct cpu_mask *out, size_t max)
{
	char path[64], line[4096];
	size_t n = 0;
	for (; n < max; n++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%zu/cpulist", n);
		FILE *f = fopen(path, "re");
		if (!f)
			break;
		out[n] = (struct cpu_mask){0};
		if (fgets(line, sizeof(line), f))
			read_list(line, &out[n]);
		fclose(f);
	}
	if (n == 0)
		memset(&out[n++], 0xff, sizeof(out[0]));
	return n;
}

static void add_range(struct text *out, uint32_t first, uint32_t last)
{
	text_printf(out, first == last ? "%s%u" : "%s%u-%u", out->len ? "," : "", first, last);
}

char *cpu_map_list(const struct cpu_map *map, const uint32_t *cores, size_t n, uint32_t threads_per_core)
{
	struct text list = TEXT_EMPTY;
	bool *in = xcalloc(CPUS_MAX, sizeof(*in));
	for (size_t i = 0; i < n; i++)
		for (uint32_t t = 0; t < threads_per_core; t++) {
			const uint64_t at = (uint64_t)cores[i] * threads_per_core + t;
			if (at < map->n)
				in[map->cpu[at]] = true;
		}
	for (uint32_t i = 0, first = 0; i < CPUS_MAX; i++) {
		if (in[i] && (i == 0 || !in[i - 1]))
			first = i;
		if (in[i] && (i + 1 == CPUS_MAX || !in[i + 1]))
			add_range(&list, first, i);
	}
	free(in);
	return list.len ? text_take(&list) : NULL;
}
