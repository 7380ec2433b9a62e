#include "conf/cgroup_conf.h"

#include "core/records.h"
#include "core/util/text.h"

#include <stdlib.h>

#define MIB (1024.0 * 1024.0)

static const char *value_of(const struct companions *c, enum companion_key key)
{
	const struct companion_line *lines = c->files[COMPANION_CGROUP].lines;
	const char *text = c->files[COMPANION_CGROUP].count ? lines[0].values[key] : NULL;
	return text ? text : companion_rows[key].dflt;
}

static bool yes(const struct companions *c, enum companion_key key)
{
	static const char no[] = "no,false,0,down";
	const char *text = value_of(c, key);
	size_t n = 0;
	while (text && text[n])
		n++;
	return text && !text_list_has(no, text, n);
}

static double number(const struct companions *c, enum companion_key key)
{
	return strtod(value_of(c, key), NULL);
}

static enum cgroup_version version_of(const char *plugin)
{
	return text_eq_nocase(plugin, "cgroup/v1")   ? CGROUP_V1
	       : text_eq_nocase(plugin, "cgroup/v2") ? CGROUP_V2
	       : text_eq_nocase(plugin, "disabled")  ? CGROUP_DISABLED
	                                             : CGROUP_AUTODETECT;
}

void cgroup_conf_take(const struct companions *c, struct cgroup_conf *out)
{
	const char *swappiness = value_of(c, CGROUP_MemorySwappiness);
	*out = (struct cgroup_conf){.mountpoint = value_of(c, CGROUP_CgroupMountpoint),
	                            .version = version_of(value_of(c, CGROUP_CgroupPlugin)),
	                            .cores = yes(c, CGROUP_ConstrainCores),
	                            .ram = yes(c, CGROUP_ConstrainRAMSpace),
	                            .swap = yes(c, CGROUP_ConstrainSwapSpace),
	                            .allowed_ram = number(c, CGROUP_AllowedRAMSpace),
	                            .allowed_swap = number(c, CGROUP_AllowedSwapSpace),
	                            .max_ram = number(c, CGROUP_MaxRAMPercent),
	                            .max_swap = number(c, CGROUP_MaxSwapPercent),
	                            .min_ram_mib = (uint64_t)number(c, CGROUP_MinRAMSpace),
	                            .swappiness =
	                                    swappiness ? (uint32_t)strtod(swappiness, NULL) : CORE_NO_VAL};
	/* cgroup.conf(5): with swap alone, RAM is held to the same. */
	if (out->swap && !out->ram)
		out->allowed_ram = 100;
	if (!out->swap)
		out->swappiness = CORE_NO_VAL;
}

static double between(double least, double n, double most)
{
	n = n > most ? most : n;
	return n < least ? least : n;
}

struct cgroup_limit cgroup_conf_limit(const struct cgroup_conf *conf, uint64_t mem_mib, uint64_t total)
{
	const double all = (double)total, mem = mem_mib ? (double)mem_mib * MIB : all;
	const double least = (double)conf->min_ram_mib * MIB, most = all * conf->max_ram / 100,
	             most_swap = all * conf->max_swap / 100;
	const double swap = between(least, mem * (conf->allowed_ram + conf->allowed_swap) / 100, most_swap);
	const double hard = conf->ram ? between(least, mem * conf->allowed_ram / 100, most) : swap;
	const double soft = between(least, mem, hard);
	struct cgroup_limit out = {0};
	if (!conf->ram && !conf->swap)
		return out;
	out.hard = (uint64_t)hard;
	out.soft = (uint64_t)soft;
	/* It holds RAM, too: it can't be less. */
	if (conf->swap)
		out.with_swap = (uint64_t)(swap > hard ? swap : hard);
	return out;
}
