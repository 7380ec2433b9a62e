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
