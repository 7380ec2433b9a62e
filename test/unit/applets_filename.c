/* File name patterns, compared with what the real sbatch and srun 22.05.8 make of the same patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/common/filename.h"
#include "core/records.h"

#include <stdlib.h>

static const struct filename_facts batch = {.job_id = 21,
                                            .array_job_id = CORE_NO_VAL,
                                            .array_task_id = CORE_NO_VAL,
                                            .step_id = CORE_STEP_BATCH,
                                            .user = "alice",
                                            .job_name = "nm",
                                            .node = "worker-1.example.org",
                                            .node_index = 0,
                                            .task = 0};
static const struct filename_facts step = {.job_id = 128,
                                           .array_job_id = 126,
                                           .array_task_id = 7,
                                           .step_id = 0,
                                           .user = "alice",
                                           .job_name = "nm",
                                           .node = "worker-1",
                                           .node_index = 2,
                                           .task = 13};

struct row {
	const char *pattern, *name;
};

static void check(const struct filename_facts *facts, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *got = filename_expand(rows[i].pattern, facts, NULL);
		assert_string_equal(got, rows[i].name);
		free(got);
	}
}

static void batch_patterns(void **state)
{
	static const struct row rows[] = {
	        {"a-%j-%5j-%A-%a-%J-%s-%t-%n-%N-%u-%x-%%-%q-%3u-%",
	         "a-21-00021-21-4294967294-21-batch-0-0-worker-1-alice-nm-%-%q-alice-%"},
	        {"\\\\b-%j", "\\b-%j"},
	        {"\\b-%j", "b-%j"},
	        {"c\\-%j", "c-%j"},
	        {"d\\\\\\-%j", "d\\-%j"},
	        {"%4q-a", "4q-a"},
	        {"%4-b", "4-b"},
	        {"%99j", "0000000021"},
	        {"%5J", "00021"},
	        {"%3s", "batch"},
	        {"%%%j", "%21"},
	        {"%%j", "%j"},
	        {"%4%%j", "4%j"},
	        {"\\\\\\\\g%j", "\\\\g%j"},
	        {"d-%4%-%12j-%0j", "d-4%-0000000021-21"},
	        {"%03a", "4294967294"},
	        {"", ""},
	        {"%99999999999999999999j", "0000000021"},
	};
	(void)state;
	check(&batch, rows, sizeof(rows) / sizeof(rows[0]));
}

static void step_patterns(void **state)
{
	static const struct row rows[] = {
	        {"job%J.out", "job128.0.out"},
	        {"job%4j.out", "job0128.out"},
	        {"job%j-%2t.out", "job128-13.out"},
	        {"f-%5J-%3s", "f-00128.0-000"},
	        {"%A_%a", "126_7"},
	        {"%3n%%t", "002%t"},
	};
	struct filename_facts client = step;
	static const struct row unknown[] = {{"%j-%t-%2n", "128-%t-%2n"}};
	(void)state;
	check(&step, rows, sizeof(rows) / sizeof(rows[0]));
	client.task = client.node_index = CORE_NO_VAL;
	check(&client, unknown, 1);
}

static void work_dirs(void **state)
{
	char *a = filename_expand("x%j", &step, "/home/alice"),
	     *b = filename_expand("/x%j", &step, "/home/alice"), *c = filename_expand("x", &step, "/");
	(void)state;
	assert_string_equal(a, "/home/alice/x128");
	assert_string_equal(b, "/x128");
	assert_string_equal(c, "/x");
	free(a);
	free(b);
	free(c);
}

static void own_names(void **state)
{
	(void)state;
	assert_true(filename_per_task("a%t"));
	assert_true(filename_per_task("%%%3t"));
	assert_false(filename_per_task("%%t"));
	assert_false(filename_per_task("\\%t"));
	assert_false(filename_per_task("%j%"));
	assert_true(filename_per_node("%N"));
	assert_true(filename_per_node("%j-%2n"));
	assert_false(filename_per_node("%j-n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(batch_patterns),
	        cmocka_unit_test(step_patterns),
	        cmocka_unit_test(work_dirs),
	        cmocka_unit_test(own_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
