/* A partition's parameters: what scontrol and what slurm.conf take for each, and what comes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/node_part.h"
#include "core/records.h"
#include "core/util/arena.h"

static void scontrol_sets(void **state)
{
	(void)state;
	static const struct {
		const char *key, *value;
		enum part_value is;
	} rows[] = {
	        {"ExclusiveUser", "YES", PART_VALUE_OK},
	        {"exclusiveuser", "1", PART_BAD_BOOL},
	        {"DefaultTime", "none", PART_BAD_TIME},
	        {"defaulttime", "unlimited", PART_VALUE_OK},
	        {"MaxTime", "-1", PART_VALUE_OK},
	        {"OverSubscribe", "yes:3", PART_VALUE_OK},
	        {"OverSubscribe", "f", PART_VALUE_OK},
	        {"Shared", "forced", PART_BAD_SHARE},
	        {"OverSubscribe", "", PART_BAD_SHARE},
	        {"OverSubscribe", "force:32768", PART_BAD_SHARE},
	        {"OverSubscribe", "yes:x", PART_BAD_SHARE},
	        {"MaxNodes", "1k", PART_VALUE_OK},
	        {"MaxNodes", "2-3", PART_VALUE_OK},
	        {"MinNodes", "bad", PART_BAD_NUMBER},
	        {"DefMemPerCPU", "5G", PART_BAD_NUMBER},
	        {"DefMemPerCPU", "unlimited", PART_BAD_NUMBER},
	        {"MaxMemPerNode", "700", PART_VALUE_OK},
	        {"GraceTime", "1:00", PART_BAD_NUMBER},
	        {"OverTimeLimit", "70000", PART_BAD_NUMBER},
	        {"OverTimeLimit", "unlimited", PART_VALUE_OK},
	        {"PriorityTier", "65534", PART_BAD_NUMBER},
	        {"State", "dr", PART_VALUE_OK},
	        {"State", "d", PART_BAD_STATE},
	        {"PreemptMode", "suspend,gang", PART_VALUE_OK},
	        {"PreemptMode", "often", PART_BAD_PREEMPT},
	        {"CpuBind", "core", PART_VALUE_OK},
	        {"CpuBind", "bad", PART_BAD_TIME},
	        {"JobDefaults", "DefCpuPerGPU=2,DefMemPerGPU=7", PART_VALUE_OK},
	        {"JobDefaults", "bad=2", PART_BAD_JOB_DEFAULTS},
	        {"TRESBillingWeights", "cpu=1.5,mem=0.25G", PART_VALUE_OK},
	        {"TRESBillingWeights", "gres/gpu=1", PART_BAD_BILLING},
	        {"Alternate", "other", PART_VALUE_OK},
	        {"AllowQos", "high", PART_VALUE_OK},
	        {"SuspendTime", "30", PART_UNKNOWN},
	        {"SelectTypeParameters", "CR_Core", PART_UNKNOWN},
	        {"DefCpuPerGPU", "2", PART_UNKNOWN},
	        {"PowerDownOnIdle", "yes", PART_UNKNOWN},
	        {"max", "3", PART_UNKNOWN}, /* of several */
	        {"overs", "no", PART_VALUE_OK},
	        {"PartitionName", "x", PART_UNKNOWN},
	};
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core_part_conf part = node_part_default();
		const char *name = "";
		if (node_part_set(&part, rows[i].key, rows[i].value, &arena, &name) != rows[i].is)
			fail_msg("%s=%s is something else than %d", rows[i].key, rows[i].value,
			         (int)rows[i].is);
	}
	arena_free(&arena);
}

static struct core_part_conf after(struct arena *arena, const char *key, const char *value)
{
	struct core_part_conf part = node_part_default();
	const char *name;
	part.alternate = arena_strdup(arena, "before");
	part.def_mem_per_node = 9;
	assert_int_equal(node_part_set(&part, key, value, arena, &name), PART_VALUE_OK);
	return part;
}

static void what_comes_of_it(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	static const struct {
		const char *value;
		uint32_t how, most;
	} shares[] = {
	        {"no:3", CONF_SHARE_NO, 1},         {"exclusive:2", CONF_SHARE_EXCLUSIVE, 1},
	        {"yes", CONF_SHARE_YES, 4},         {"yes:1", CONF_SHARE_NO, 1},
	        {"yes:0", CONF_SHARE_EXCLUSIVE, 1}, {"force", CONF_SHARE_FORCE, 4},
	        {"force:1", CONF_SHARE_FORCE, 1},   {"force:0", CONF_SHARE_EXCLUSIVE, 1},
	};
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		const struct core_part_conf part = after(&arena, "OverSubscribe", shares[i].value);
		assert_int_equal(part.oversubscribe, shares[i].how);
		assert_int_equal(part.oversubscribe_max, shares[i].most);
	}
	assert_int_equal(after(&arena, "Priority", "5").priority_tier, 5);
	assert_int_equal(after(&arena, "Priority", "5").priority_job_factor, 5);
	assert_int_equal(after(&arena, "MaxNodes", "1k").max_nodes, 1024);
	assert_int_equal(after(&arena, "MaxNodes", "2-3").max_nodes, 2);
	assert_int_equal(after(&arena, "DefMemPerCPU", "5").def_mem_per_node, 0);
	assert_int_equal(after(&arena, "PreemptMode", "gang").preempt_mode, CONF_PREEMPT_OFF);
	assert_int_equal(after(&arena, "PreemptMode", "suspend,gang").preempt_mode, CONF_PREEMPT_SUSPEND);
	assert_string_equal(after(&arena, "CpuBind", "core").cpu_bind, "cores");
	assert_null(after(&arena, "CpuBind", "off").cpu_bind);
	assert_null(after(&arena, "Alternate", "").alternate);
	assert_null(after(&arena, "QOS", "").qos);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(scontrol_sets),
	        cmocka_unit_test(what_comes_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
