/* --constraint (sbatch(1)): which features the nodes of a job must have. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSTRAINT_ITEMS 32 /* at most; more are refused */

#define CONSTRAINT_COUNT_MAX (1u << 24)

/* A name, or what stands in parentheses: names joined by & and |. */
struct constraint_item {
	const char *text; /* in the constraint's */
	size_t n;
	uint32_t count;  /* so many nodes must have it; 0: none was given */
	bool in_bracket; /* "[a|b]", "[a*1&b*2]" */
	bool or_before;  /* it is joined by |, to the one before it */
};

struct constraint {
	struct constraint_item v[CONSTRAINT_ITEMS];
	size_t n;
	uint32_t alternatives; /* in brackets, joined by |: all nodes must have one of them; 0: none */
	uint32_t counted;      /* nodes that are counted, in all */
};

/* NULL or "" is no constraint. False: it can't be read. */
bool constraint_parse(const char *text, struct constraint *out);
/* Does a node with these features (a comma list) have what each node must, and that alternative (from 0;
 * those that there are not don't count)? */
bool constraint_open(const struct constraint *c, const char *features, uint32_t alternative);
/* Is the item counted, and does the node have it? */
bool constraint_counts(const struct constraint_item *item);
bool constraint_has(const struct constraint_item *item, const char *features);
/* The next of all names, from *at on, which is NULL at first. */
bool constraint_name(const struct constraint *c, const char **at, size_t *n);
