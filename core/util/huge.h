/* Memory in large pages, where the machine gives them: what is about to be written all over costs a page
 * fault for each 2 MiB then, not for each 4 KiB (madvise(2), MADV_HUGEPAGE). */
#pragma once
#include <stddef.h>

#define HUGE_PAGE ((size_t)2 << 20)

/* At least size bytes, not zeroed, in whole large pages: for sizes near a multiple of HUGE_PAGE. free() it.
 */
void *xhuge(size_t size) __attribute__((returns_nonnull, malloc));
