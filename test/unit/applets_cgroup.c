/* Where cgroups are, as the kernel's tables say; cgroup.conf's limits; lists of CPUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/worker/cgroup.h"
#include "applets/worker/cpu_map.h"
#include "core/records.h"

#include <stdlib.h>
#include <string.h>

#define ALL  7u
#define V1   "36 35 0:30 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
#define V1_F "37 36 0:31 / /sys/fs/cgroup/freezer rw,nosuid shared:9 - cgroup cgroup rw,freezer\n"
#define V1_C "38 36 0:32 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
#define V1_M "39 36 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define V1_U "40 36 0:34 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
#define V2   "36 35 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

/* What is found: the three bases, and what is missing. */
static void finds(const char *mounts, const char *own, enum cgroup_version version, unsigned wanted,
                  const char *name, const char *bases, const char *missing)
{
	const struct cgroup_sources from = {mounts, own};
	struct cgroup_tree tree;
	struct text said = TEXT_EMPTY, got = TEXT_EMPTY;
	cgroup_tree_find(&tree, &from, "/sys/fs/cgroup", version, wanted, name, &said);
	for (int use = 0; use < CGROUP_USES; use++)
		text_printf(&got, "%s%s", use ? " " : "", tree.base[use] ? tree.base[use] : "-");
	assert_string_equal(text_str(&got), bases);
	assert_string_equal(text_str(&said), missing);
	cgroup_tree_free(&tree);
	text_free(&said);
	text_free(&got);
}

static void version_1(void **state)
{
	(void)state;
	finds(V1 V1_F V1_C V1_M, "3:memory:/\n2:cpuset:/\n1:freezer:/\n", CGROUP_AUTODETECT, ALL, "n1",
	      "/sys/fs/cgroup/freezer/slurm_n1 /sys/fs/cgroup/cpuset/slurm_n1 /sys/fs/cgroup/memory/slurm_n1",
	      "");
	finds(V1 V1_F V1_C V1_M V1_U, "1:freezer:/\n0::/\n", CGROUP_AUTODETECT, 1, "c_n1",
	      "/sys/fs/cgroup/freezer/slurm_c_n1 - -", "");
	/* What isn't asked for isn't missed. */
	finds(V1 V1_F, "1:freezer:/\n", CGROUP_AUTODETECT, ALL, "n1", "/sys/fs/cgroup/freezer/slurm_n1 - -",
	      "cpuset is not mounted, so cores are not constrained; "
	      "memory is not mounted, so memory is not constrained");
	finds(V1, "", CGROUP_AUTODETECT, 1, "n1", "- - -",
	      "freezer is not mounted, so processes are tracked by their parents");
	finds("37 36 0:31 / /sys/fs/cgroup/freezer ro - cgroup cgroup rw,freezer\n", "1:freezer:/\n",
	      CGROUP_V1, 1, "n1", "- - -",
	      "freezer is mounted read-only, so processes are tracked by their parents");
	/* Several controllers in one hierarchy; one that is mounted over another. */
	finds("37 36 0:31 / /sys/fs/cgroup/both rw - cgroup cgroup rw,cpuset,freezer\n",
	      "1:cpuset,freezer:/\n", CGROUP_V1, 3, "n1",
	      "/sys/fs/cgroup/both/slurm_n1 /sys/fs/cgroup/both/slurm_n1 -", "");
	finds(V1_F "90 36 0:31 /lab/host /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n",
	      "1:freezer:/lab/host\n", CGROUP_V1, 1, "n1", "/sys/fs/cgroup/freezer/slurm_n1 - -", "");
	/* Elsewhere is not ours. */
	finds("37 36 0:31 / /mnt/freezer rw - cgroup cgroup rw,freezer\n", "1:freezer:/\n", CGROUP_V1, 1,
	      "n1", "- - -", "freezer is not mounted, so processes are tracked by their parents");
}

static void own_group(void **state)
{
	(void)state;
	static const struct {
		const char *own, *base;
	} rows[] = {
	        {"1:freezer:/\n", ""},
	        {"1:freezer:/box/one\n", "/box/one"},
	        {"1:freezer:/system.slice/slurmd.service\n", ""},
	        {"1:freezer:/user.slice/session-1.scope\n", ""},
	        {"1:freezer:/../elsewhere\n", ""},
	        {"1:cpuset:/x\n0::/y\n", ""},
	        {"nonsense\n1:freezer\n", ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *wanted = NULL;
		struct text all = TEXT_EMPTY;
		text_printf(&all, "/sys/fs/cgroup/freezer%s/slurm_n1 - -", rows[i].base);
		wanted = text_take(&all);
		finds(V1_F, rows[i].own, CGROUP_V1, 1, "n1", wanted, "");
		free(wanted);
	}
	/* A mount that begins further down, and another namespace's. */
	finds("37 36 0:31 /docker/1 /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n",
	      "1:freezer:/docker/1/in\n", CGROUP_V1, 1, "n1", "/sys/fs/cgroup/freezer/in/slurm_n1 - -", "");
	finds("37 36 0:31 /.. /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n", "1:freezer:/in\n",
	      CGROUP_V1, 1, "n1", "/sys/fs/cgroup/freezer/slurm_n1 - -", "");
}

static void version_2(void **state)
{
	(void)state;
	finds(V2, "0::/\n", CGROUP_AUTODETECT, 5, "n1",
	      "/sys/fs/cgroup/n1_slurmstepd.scope - /sys/fs/cgroup/n1_slurmstepd.scope", "");
	finds(V2, "0::/system.slice/slurmd.service\n", CGROUP_AUTODETECT, 1, "n1",
	      "/sys/fs/cgroup/system.slice/n1_slurmstepd.scope - -", "");
	finds(V2, "0::/box\n", CGROUP_AUTODETECT, 1, "c_n1", "/sys/fs/cgroup/box/c_n1_slurmstepd.scope - -",
	      "");
	finds(V1 V1_F V1_U, "1:freezer:/\n0::/\n", CGROUP_V2, 1, "n1",
	      "/sys/fs/cgroup/unified/n1_slurmstepd.scope - -", "");
	finds(V2, "0::/\n", CGROUP_V1, 1, "n1", "- - -",
	      "freezer is not mounted, so processes are tracked by their parents");
	finds(V1 V1_F, "1:freezer:/\n", CGROUP_V2, 1, "n1", "- - -",
	      "cgroup2 is not mounted, so processes are tracked by their parents");
}

static void garbage(void **state)
{
	(void)state;
	static const char *const mounts[] = {"",
	                                     "\n\n",
	                                     "a b c",
	                                     "1 2 3 4 5 6",
	                                     "1 2 3 4 5 6 -",
	                                     "1 2 3 4 5 6 - cgroup",
	                                     "1 2 3 / /sys/fs/cgroup/freezer rw - cgroup x"};
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		finds(mounts[i], "::::\n", CGROUP_V1, 1, "n1", "- - -",
		      "freezer is not mounted, so processes are tracked by their parents");
}

/* ---- limits ---- */

#define MIB ((uint64_t)1 << 20)

static struct cgroup_conf usual(void)
{
	return (struct cgroup_conf){.ram = true,
	                            .allowed_ram = 100,
	                            .max_ram = 100,
	                            .max_swap = 100,
	                            .min_ram_mib = 30,
	                            .swappiness = CORE_NO_VAL};
}

static void limit_is(const struct cgroup_conf *c, uint64_t mem, uint64_t hard, uint64_t soft, uint64_t swap)
{
	const struct cgroup_limit got = cgroup_conf_limit(c, mem, 1000 * MIB);
	assert_int_equal(got.hard, hard * MIB);
	assert_int_equal(got.soft, soft * MIB);
	assert_int_equal(got.with_swap, swap * MIB);
}

static void limits(void **state)
{
	(void)state;
	struct cgroup_conf c = usual();
	limit_is(&c, 100, 100, 100, 0);
	limit_is(&c, 10, 30, 30, 0);    /* MinRAMSpace */
	limit_is(&c, 0, 1000, 1000, 0); /* none was allocated: MaxRAMPercent */
	limit_is(&c, 5000, 1000, 1000, 0);
	c.max_ram = 50;
	limit_is(&c, 0, 500, 500, 0);
	limit_is(&c, 800, 500, 500, 0);
	c = usual();
	c.allowed_ram = 150;
	limit_is(&c, 100, 150, 100, 0);
	c.allowed_ram = 50;
	limit_is(&c, 100, 50, 50, 0);
	c = usual();
	c.swap = true;
	limit_is(&c, 100, 100, 100, 100);
	c.allowed_swap = 50;
	limit_is(&c, 100, 100, 100, 150);
	c.max_swap = 12;
	limit_is(&c, 100, 100, 100, 120);
	c = usual();
	c.swap = true;
	c.ram = false;
	c.allowed_swap = 20;
	limit_is(&c, 100, 120, 100, 120); /* RAM is held to the same */
	c.swap = false;
	limit_is(&c, 100, 0, 0, 0);
}

/* ---- CPUs ---- */

static void lists(void **state)
{
	(void)state;
	uint32_t cpus[] = {0, 2, 1, 3, 4, 5}; /* the kernel counts the threads of cores last */
	const struct cpu_map map = {cpus, 6};
	static const struct {
		uint32_t cores[4];
		size_t n;
		uint32_t threads;
		const char *list;
	} rows[] = {
	        {{0}, 1, 1, "0"},
	        {{0, 1}, 2, 1, "0,2"},
	        {{0, 1, 2, 3}, 4, 1, "0-3"},
	        {{0}, 1, 2, "0,2"},
	        {{1}, 1, 2, "1,3"},
	        {{0, 1, 2}, 3, 2, "0-5"},
	        {{5, 9}, 2, 1, "5"},
	        {{9}, 1, 1, NULL},
	        {{0}, 0, 1, NULL},
	        {{2, 0xffffffffu}, 2, 2, "4-5"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got = cpu_map_list(&map, rows[i].cores, rows[i].n, rows[i].threads);
		if (rows[i].list)
			assert_string_equal(got, rows[i].list);
		else
			assert_null(got);
		free(got);
	}
}

static void this_host(void **state)
{
	(void)state;
	struct cpu_map map;
	cpu_map_find(&map);
	assert_true(map.n > 0);
	cpu_map_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(version_1), cmocka_unit_test(own_group), cmocka_unit_test(version_2),
	        cmocka_unit_test(garbage),   cmocka_unit_test(limits),    cmocka_unit_test(lists),
	        cmocka_unit_test(this_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
