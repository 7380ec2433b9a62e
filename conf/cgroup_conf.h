/* cgroup.conf(5), as it is acted on. */
#pragma once
#include "conf/companion.h"

enum cgroup_version { CGROUP_AUTODETECT, CGROUP_V1, CGROUP_V2, CGROUP_DISABLED };

struct cgroup_conf {
	const char *mountpoint;
	enum cgroup_version version;
	bool cores, ram, swap;                               /* that are constrained */
	double allowed_ram, allowed_swap, max_ram, max_swap; /* percent */
	uint64_t min_ram_mib;
	uint32_t swappiness; /* CORE_NO_VAL: the kernel's */
};

/* With the defaults for what the file doesn't say. The strings are the file's. */
void cgroup_conf_take(const struct companions *c, struct cgroup_conf *out);

struct cgroup_limit {
	uint64_t hard, soft, with_swap; /* bytes; 0: none */
};
/* What a job or step with so much memory (MiB; 0: none was allocated) is held to on a host that has `total`
 * bytes of it. */
struct cgroup_limit cgroup_conf_limit(const struct cgroup_conf *conf, uint64_t mem_mib, uint64_t total);
