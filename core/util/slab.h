/* Slabs: many pieces of one size, which come and go, in a few large blocks (large pages once there are many).
 * A piece that is given back is the next one that is taken. Blocks stay until the slab is freed. */
#pragma once
#include <stddef.h>

struct slab {
	size_t size; /* of a piece, rounded up */
	void *free;  /* pieces that were given back, each with the next one's address in it */
	struct slab_block *blocks;
	char *fresh, *end; /* what of the newest block was never taken */
};

/* Pieces of `size` bytes, aligned for any type. Nothing is allocated yet. */
void slab_init(struct slab *slab, size_t size);
/* Not zeroed. Never NULL. */
void *slab_take(struct slab *slab) __attribute__((returns_nonnull));
void slab_give(struct slab *slab, void *piece); /* NULL is nothing */
void slab_free(struct slab *slab);              /* with all pieces; it can be used again */

/* Slabs of all sizes up to SLABS_MAX; what is larger comes from malloc. */
#define SLABS_STEP  64u
#define SLABS_COUNT 32u
#define SLABS_MAX   ((size_t)SLABS_STEP * SLABS_COUNT)
struct slabs {
	struct slab of[SLABS_COUNT];
};
void slabs_init(struct slabs *slabs);
void *slabs_take(struct slabs *slabs, size_t size) __attribute__((returns_nonnull));
void slabs_give(struct slabs *slabs, void *piece, size_t size); /* with the size that it was taken with */
/* Of what is larger than SLABS_MAX, each piece must have been given back. */
void slabs_free(struct slabs *slabs);
