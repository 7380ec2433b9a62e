/* Host lists: "head,worker-[1-3],rack[0-3]n[01-16,20]" as Slurm writes them (slurm.conf(5), "NODE
 * CONFIGURATION"). Prefixes, zero padding, several bracketed dimensions (the last one runs fastest) and lists
 * in brackets; kept as ranges, so that counting never expands. Order is kept as given until sorted. As
 * in Slurm, nothing may follow the last bracket of a name. */
#pragma once
#include "core/util/err.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTLIST_EXPAND_MAX 1000000u /* names that any caller may expand to */

struct hostlist;

/* Parses; NULL with err set on bad syntax (the position is named), too many names to count in 63 bits, or
 * brackets before the last one that multiply to more than 20,000 ranges. Empty elements ("a,,b") are skipped.
 */
struct hostlist *hostlist_parse(const char *s, struct err *err);
struct hostlist *hostlist_new(void);
void hostlist_free(struct hostlist *h); /* NULL is fine */
/* One literal name of at most 255 bytes (the rest is cut), joined to the last range if it follows it. */
void hostlist_add_name(struct hostlist *h, const char *name);
/* As hostlist_parse; after an error the list is as before. */
int hostlist_add(struct hostlist *h, const char *s, struct err *err);
uint64_t hostlist_count(const struct hostlist *h);
bool hostlist_contains(const struct hostlist *h, const char *name);
int64_t hostlist_index(const struct hostlist *h, const char *name); /* -1: not there */
/* As `scontrol show hostlistsorted`: by prefix (digits inside it by value), no number first, then by count of
 * digits, then by number: n, n1, n2, n10, n001. Doubles stay, and of ranges that overlap the one that starts
 * first comes first. */
void hostlist_sort(struct hostlist *h);
void hostlist_uniq(struct hostlist *h);                    /* sorts, and drops doubles */
int hostlist_remove(struct hostlist *h, const char *name); /* the first such; -1: not there */
/* The compressed form, as in NODELIST columns. */
void hostlist_compress(const struct hostlist *h, struct text *out);
char *hostlist_string(const struct hostlist *h); /* the caller frees */

struct hostlist_iter {
	const struct hostlist *list;
	size_t range;
	uint64_t at;
	char name[256];
};
void hostlist_iter_init(struct hostlist_iter *it, const struct hostlist *h);
const char *hostlist_next(struct hostlist_iter *it); /* NULL at the end; valid until the next call */
/* All names, in order: an array of n strings, one xmalloc'ed block that the caller frees.
 * NULL with err set when there are more than limit. */
char **hostlist_expand(const struct hostlist *h, size_t limit, size_t *n, struct err *err);
