/* sinfo's rows: groups of nodes of one partition that look alike in what is printed. */
#pragma once
#include "applets/client/columns.h"
#include "proto/messages.h"

struct sinfo_group {
	const struct part_info *part; /* NULL: the nodes are in no partition */
	uint32_t part_order;
	const struct node_info **nodes; /* in the cluster's order; none: an empty partition */
	size_t n, cap;
};

extern const struct column sinfo_columns[];
extern const size_t sinfo_column_count;

/* "idle", "mix-", "drained*": the compact or the long word of a node's state with the flag's sign. */
void sinfo_state(struct text *out, const struct node_info *node, bool compact);
/* Does the node have the state that a user names ("idle", "drain", "down", "no_respond" ...)? */
bool sinfo_state_is(const struct node_info *node, const char *word);
/* Is the word known at all? */
bool sinfo_state_known(const char *word);
/* Those words; NULL: there are no more. */
const char *sinfo_state_word(size_t i);

enum sinfo_kind { SINFO_ALLOCATED, SINFO_IDLE, SINFO_OTHER, SINFO_KINDS };
enum sinfo_kind sinfo_kind_of(const struct node_info *node);
