#include "applets/client/mpi.h"

#include "core/util/log.h"
#include "core/util/text.h"

#include <stdlib.h>
#include <string.h>

#define MAPPING_MAX 1024 /* a value's length in PMI */

/* Slurm 22.05 takes openmpi for none, and cray_shasta does nothing elsewhere. */
static const struct {
	const char *name, *kind, *why_not;
} kinds[] = {
        {"none", NULL, NULL},
        {"openmpi", NULL, NULL},
        {"pmi2", "pmi2", NULL},
        {"cray_shasta", NULL, "mpi/cray_shasta is for Cray's machines"},
        {"pmix", NULL,
         "a PMIx server is a library of its own; Open MPI's mpirun brings one along, and MPICH takes pmi2"},
};

void mpi_list(FILE *to)
{
	fputs("MPI plugin types are...\n\tnone\n\tpmi2\n", to);
}

static bool is_pmix(const char *value)
{
	uint32_t version;
	return strncmp(value, "pmix_v", 6) == 0 && text_to_u32(value + 6, &version);
}

int mpi_kind(const char *value, const char **kind)
{
	const char *name = is_pmix(value) ? "pmix" : value, *why = NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		*kind = kinds[i].kind;
		why = kinds[i].why_not;
		if (!why)
			return 0;
	}
	if (why)
		log_error("mpi/%s is not supported by batchbox: %s", value, why);
	else
		log_error("Couldn't find the specified plugin name for mpi/%s looking at all files", value);
	if (!why)
		log_error("cannot find mpi plugin for mpi/%s", value);
	log_error("MPI: Cannot create context for mpi/%s", value);
	log_error("MPI: Unable to load any plugin");
	log_error("Invalid MPI type '%s', --mpi=list for acceptable types", value);
	return -1;
}

/* ---- the mapping ---- */

struct block {
	uint32_t node, nodes, tasks;
};

static bool extends(const struct block *b, uint32_t node, uint32_t tasks)
{
	return b->tasks == tasks && b->node + b->nodes == node;
}

/* The blocks of tasks that follow each other; node_of has each task's node. */
static size_t find_blocks(const uint32_t *node_of, uint32_t tasks, struct block *blocks)
{
	size_t n = 0;
	for (uint32_t i = 0, end; i < tasks; i = end) {
		for (end = i + 1; end < tasks && node_of[end] == node_of[i]; end++)
			;
		if (n > 0 && extends(&blocks[n - 1], node_of[i], end - i))
			blocks[n - 1].nodes++;
		else
			blocks[n++] = (struct block){node_of[i], 1, end - i};
	}
	return n;
}

/* One block over and over (cyclic, plane) may be said once, for what would be too long. The last may break
 * off. */
static size_t fold(const struct block *b, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const bool last = i + 1 == n;
		const bool same = b[i].node == b[0].node && b[i].tasks == b[0].tasks &&
		                  b[i].nodes == b[0].nodes,
		           broken_off = last && b[i].node == b[0].node && b[i].tasks <= b[0].tasks &&
		                        (b[i].nodes == 1 || b[i].tasks == b[0].tasks) &&
		                        b[i].nodes <= b[0].nodes;
		if (!same && !broken_off)
			return n;
	}
	return n > 0;
}

static void mapping_add(struct text *out, const struct block *blocks, size_t n, size_t limit)
{
	text_add(out, "(vector");
	for (size_t i = 0; i < n && out->len <= limit; i++)
		text_printf(out, ",(%u,%u,%u)", blocks[i].node, blocks[i].nodes, blocks[i].tasks);
	text_add(out, ")");
}

char *mpi_mapping(const struct step_ready *step, size_t limit, struct arena *arena)
{
	uint32_t *node_of = xcalloc((size_t)step->tasks + 1, sizeof(*node_of));
	struct block *blocks = xcalloc((size_t)step->tasks + 1, sizeof(*blocks));
	struct text out = TEXT_EMPTY;
	for (uint32_t p = 0; p < step->places.n; p++)
		for (uint32_t i = 0; i < step->places.v[p].tasks.n; i++)
			if (step->places.v[p].tasks.v[i] < step->tasks)
				node_of[step->places.v[p].tasks.v[i]] = p;
	const size_t n = find_blocks(node_of, step->tasks, blocks);
	mapping_add(&out, blocks, n, limit);
	if (out.len > limit) {
		text_clear(&out);
		mapping_add(&out, blocks, fold(blocks, n), limit);
	}
	char *mapping = out.len <= limit ? arena_strdup(arena, text_str(&out)) : NULL;
	text_free(&out);
	free(node_of);
	free(blocks);
	return mapping;
}

struct step_mpi *mpi_launch(const struct step_ready *step, const char *kind, struct arena *arena)
{
	if (!kind)
		return NULL;
	struct step_mpi *m = arena_alloc(arena, sizeof(*m));
	schema_init(schema_of_step_mpi(), m);
	m->type = arena_strdup(arena, kind);
	m->mapping = mpi_mapping(step, MAPPING_MAX, arena);
	return m;
}
