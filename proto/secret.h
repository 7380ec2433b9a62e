/* Small pieces of memory for session keys: kept out of core files, wiped when they are given back. Any
 * thread. */
#pragma once
#include <stddef.h>

#define SECRET_MAX 512

void *secret_alloc(size_t n) __attribute__((returns_nonnull)); /* zeroed; n at most SECRET_MAX */
void secret_free(void *p);                                     /* NULL is allowed */
size_t secret_live(void);                                      /* pieces that are in use: for tests */
