#include "applets/client/kvs_gather.h"

#include "core/util/arena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_PAIRS 128 /* of a step_kvs: below 256 KiB */

struct contribution {
	struct text words; /* key, NUL, value, NUL ... */
	bool whole;
};

struct kvs_gather {
	kvs_send_fn send;
	void *ctx;
	struct contribution *of;
	uint32_t places, whole, fence; /* the last one that is over */
	size_t bytes;
	struct text result; /* of that */
};

struct kvs_gather *kvs_gather_new(uint32_t places, kvs_send_fn send, void *ctx)
{
	struct kvs_gather *g = xcalloc(1, sizeof(*g));
	g->of = xcalloc((size_t)places + 1, sizeof(*g->of));
	g->places = places;
	g->send = send;
	g->ctx = ctx;
	return g;
}

/* The next pairs of the result, from *at on. */
static void next_pairs(const struct text *result, size_t *at, char **room, struct schema_strs *pairs)
{
	pairs->v = room;
	pairs->n = 0;
	while (*at < result->len && pairs->n < CHUNK_PAIRS * 2) {
		char *word = result->s + *at;
		room[pairs->n++] = word;
		*at += strlen(word) + 1;
	}
}

static void tell(const struct kvs_gather *g, uint32_t place)
{
	char *room[CHUNK_PAIRS * 2];
	struct step_kvs m;
	size_t at = 0;
	do {
		schema_init(schema_of_step_kvs(), &m);
		m.fence = g->fence;
		m.first = at == 0;
		next_pairs(&g->result, &at, room, &m.pairs);
		m.last = at >= g->result.len;
		g->send(g->ctx, place, &m);
	} while (!m.last);
}

/* All are there. */
static void fence_over(struct kvs_gather *g)
{
	text_clear(&g->result);
	for (uint32_t i = 0; i < g->places; i++) {
		struct contribution *c = &g->of[i];
		if (c->words.len > 0)
			text_add_n(&g->result, c->words.s, c->words.len);
		text_free(&c->words);
		c->whole = false;
	}
	g->whole = 0;
	g->bytes = 0;
	g->fence++;
	for (uint32_t i = 0; i < g->places; i++)
		tell(g, i);
}

static int add_pairs(struct kvs_gather *g, struct contribution *c, const struct schema_strs *pairs,
                     struct err *err)
{
	for (uint32_t i = 0; i + 1 < pairs->n; i += 2)
		for (uint32_t k = i; k < i + 2; k++) {
			const size_t size = strlen(pairs->v[k]) + 1;
			if (g->bytes + size > STEP_KVS_MAX)
				return err_set(
				        err, ERR_LIMIT,
				        "the tasks put more than %u MB of keys and values before a fence",
				        STEP_KVS_MAX >> 20);
			text_add_n(&c->words, pairs->v[k], size);
			g->bytes += size;
		}
	return 0;
}

int kvs_gather_take(struct kvs_gather *g, uint32_t place, const struct step_kvs *m, struct err *err)
{
	struct contribution *c = &g->of[place];
	if (m->fence == g->fence) {
		if (m->last)
			tell(g, place);
		return 0;
	}
	if (m->fence != g->fence + 1)
		return err_set(err, ERR_INVALID, "fence %u was not to come after fence %u", m->fence,
		               g->fence);
	if (m->first) { /* perhaps once more, since the connection was cut */
		g->bytes -= c->words.len;
		text_clear(&c->words);
		g->whole -= c->whole;
		c->whole = false;
	}
	if (add_pairs(g, c, &m->pairs, err) != 0)
		return -1;
	if (m->last && !c->whole) {
		c->whole = true;
		g->whole++;
	}
	if (g->whole == g->places)
		fence_over(g);
	return 0;
}

bool kvs_gather_waits_for(const struct kvs_gather *g, uint32_t place)
{
	return g->whole > 0 && !g->of[place].whole;
}

void kvs_gather_free(struct kvs_gather *g)
{
	if (!g)
		return;
	for (uint32_t i = 0; i < g->places; i++)
		text_free(&g->of[i].words);
	text_free(&g->result);
	free(g->of);
	free(g);
}
