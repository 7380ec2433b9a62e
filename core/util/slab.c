#include "core/util/slab.h"
#include "core/util/arena.h"
#include "core/util/huge.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define BLOCK_FIRST ((size_t)16 << 10)

struct slab_block {
	struct slab_block *next;
	size_t size; /* with this header */
	max_align_t data[];
};

void slab_init(struct slab *slab, size_t size)
{
	const size_t align = alignof(max_align_t);
	*slab = (struct slab){.size = (size + align - 1) / align * align};
	if (slab->size < sizeof(void *))
		slab->size = align;
}

/* Each block is twice the one before it, up to a large page. */
static void add_block(struct slab *slab)
{
	size_t size = slab->blocks ? slab->blocks->size * 2 : BLOCK_FIRST;
	if (size > HUGE_PAGE)
		size = HUGE_PAGE;
	if (size < sizeof(struct slab_block) + slab->size)
		size = sizeof(struct slab_block) + slab->size;
	struct slab_block *b = size == HUGE_PAGE ? xhuge(size) : xmalloc(size);
	b->next = slab->blocks;
	b->size = size;
	slab->blocks = b;
	slab->fresh = (char *)b->data;
	slab->end = (char *)b + size;
	ASAN_POISON_MEMORY_REGION(slab->fresh, (size_t)(slab->end - slab->fresh));
}

void *slab_take(struct slab *slab)
{
	void *piece = slab->free;
	if (piece) {
		ASAN_UNPOISON_MEMORY_REGION(piece, slab->size);
		memcpy(&slab->free, piece, sizeof(slab->free));
		return piece;
	}
	if (!slab->fresh || (size_t)(slab->end - slab->fresh) < slab->size)
		add_block(slab);
	piece = slab->fresh;
	slab->fresh += slab->size;
	ASAN_UNPOISON_MEMORY_REGION(piece, slab->size);
	return piece;
}

void slab_give(struct slab *slab, void *piece)
{
	if (!piece)
		return;
	memcpy(piece, &slab->free, sizeof(slab->free));
	slab->free = piece;
	ASAN_POISON_MEMORY_REGION(piece, slab->size);
}

void slab_free(struct slab *slab)
{
	struct slab_block *next;
	for (struct slab_block *b = slab->blocks; b; b = next) {
		next = b->next;
		ASAN_UNPOISON_MEMORY_REGION(b, b->size);
		free(b);
	}
	slab_init(slab, slab->size);
}

/* ---- of all sizes ---- */

static struct slab *slab_for(struct slabs *slabs, size_t size)
{
	return size > SLABS_MAX ? NULL : &slabs->of[size ? (size - 1) / SLABS_STEP : 0];
}

void slabs_init(struct slabs *slabs)
{
	for (size_t i = 0; i < SLABS_COUNT; i++)
		slab_init(&slabs->of[i], (i + 1) * SLABS_STEP);
}

void *slabs_take(struct slabs *slabs, size_t size)
{
	struct slab *slab = slab_for(slabs, size);
	return slab ? slab_take(slab) : xmalloc(size);
}

void slabs_give(struct slabs *slabs, void *piece, size_t size)
{
	struct slab *slab = slab_for(slabs, size);
	if (slab)
		slab_give(slab, piece);
	else
		free(piece);
}

void slabs_free(struct slabs *slabs)
{
	for (size_t i = 0; i < SLABS_COUNT; i++)
		slab_free(&slabs->of[i]);
}
