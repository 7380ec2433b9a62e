/* What a host list is made of: for hostlist.c and hostlist_parse.c alone. */
#pragma once
#include "core/util/arena.h"
#include "core/util/hostlist.h"

#define HOST_NAME_MAX_LEN   255u
#define HOST_DIGITS_MAX     18u    /* of a number; digits before these belong to the prefix */
#define HOSTLIST_RANGES_MAX 20000u /* that several dimensions may multiply to */

/* prefix + each number from lo to hi, written with at least `width` digits; width 0: the prefix alone.
 * The prefix ends in a digit only where the number has HOST_DIGITS_MAX digits, so a name has one form. */
struct host_range {
	const char *prefix; /* in the list's arena; equal neighbours mostly share it */
	uint64_t lo, hi;
	unsigned width;
};

struct hostlist {
	struct arena prefixes;
	struct host_range *v;
	size_t n, cap;
	uint64_t count; /* names */
};

unsigned host_digits(uint64_t v); /* how many it is written with */

/* Appends a range, or lengthens the last one when it goes on there; false: more names than can be counted. */
bool hostlist_push(struct hostlist *h, const char *prefix, size_t prefix_len, uint64_t lo, uint64_t hi,
                   unsigned width);

/* How much of the end of s[0..len) is a number: at most HOST_DIGITS_MAX digits. */
unsigned host_number_at_end(const char *s, size_t len, uint64_t *number);
