/* Do two hosts have the same slurm.conf, and if not, in what do they differ? Also cgroup.conf and
 * topology.conf; gres.conf may be each host's own (gres.conf(5)). companions may be NULL. */
#pragma once
#include "conf/companion.h"

#define CONF_DIGEST_ITEM 8u
#define CONF_DIGEST_MAX  (1024u * CONF_DIGEST_ITEM)

/* A hash of what both ends must agree on: every global parameter, nodes and partitions. */
void slurm_conf_hash(const struct slurm_conf *conf, const struct companions *companions, uint8_t out[32]);
/* Half of an item is a hash of a name, half of its value. Returns how many bytes; what doesn't fit is left
 * out. */
size_t slurm_conf_digest(const struct slurm_conf *conf, const struct companions *companions,
                         uint8_t out[CONF_DIGEST_MAX]);
/* Names what differs from the digest of another host; a few names and the number of the others. Any bytes
 * will do. Empty: nothing that could be seen. */
void slurm_conf_differences(const struct slurm_conf *conf, const struct companions *companions,
                            const uint8_t *digest, size_t n, struct text *out);
