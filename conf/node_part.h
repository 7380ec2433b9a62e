/* Records of slurm.conf: NodeName, DownNodes, NodeSet and PartitionName lines, with their DEFAULTs. */
#pragma once
#include "conf/slurm_conf.h"

struct node_part;

/* Lives in conf's arena. */
struct node_part *node_part_new(struct slurm_conf *conf, struct conf_errors *errors);
/* Is a line that begins with this key a record? */
bool node_part_takes(const char *key);
void node_part_line(struct node_part *np, const char *file, unsigned line, const char *text);
/* Expands host lists into conf->core's nodes and partitions, and checks them against each other. */
void node_part_finish(struct node_part *np);

/* The nodes of one NodeName line alone, as scontrol create and slurmd --conf give it, in the arena; conf
 * gives the port of those that name none. */
int node_part_nodes(const struct slurm_conf *conf, const char *line, struct arena *arena,
                    struct core_node_conf **nodes, size_t *n, struct err *err);

/* ---- a partition's values one by one, as scontrol gives them ---- */
enum part_value {
	PART_VALUE_OK,
	PART_UNKNOWN, /* no such key */
	PART_BAD_NUMBER,
	PART_BAD_TIME,
	PART_BAD_BOOL,
	PART_BAD_STATE,
	PART_BAD_SHARE,
	PART_BAD_BILLING,
	PART_BAD_JOB_DEFAULTS,
	PART_BAD_PREEMPT,
};
/* The words of OverSubscribe, State and PreemptMode, as slurm.conf has them; of what is no such value (a
 * newer controller's) NO, "?" and OFF. */
const char *node_part_share_word(uint32_t share);
const char *node_part_state_word(uint32_t state);
const char *node_part_preempt_word(uint32_t mode);
/* What a PartitionName line without any value means. */
struct core_part_conf node_part_default(void);
/* The key may be shortened; *name is its whole name. Texts live in the arena; nodes are not resolved. */
enum part_value node_part_set(struct core_part_conf *part, const char *key, const char *value,
                              struct arena *arena, const char **name);
