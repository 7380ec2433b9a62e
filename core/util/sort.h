/* A stable merge sort (musl's qsort is ten times slower than this needs to be). */
#pragma once
#include <stddef.h>

typedef int (*sort_compare)(const void *a, const void *b, void *ctx);

/* Sorts n elements of `size` bytes in place; stable. Uses n * size bytes of temporary memory. */
void sort_stable(void *base, size_t n, size_t size, sort_compare compare, void *ctx);
