#include "core/util/huge.h"
#include "core/util/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

void *xhuge(size_t size)
{
	if (size > SIZE_MAX - HUGE_PAGE)
		return xmalloc(size);
	size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	void *p = aligned_alloc(HUGE_PAGE, size);
	if (!p)
		return xmalloc(size);
	/* A kernel without them, or that was told not to, gives small ones. */
	(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}
