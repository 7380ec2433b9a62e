/* Jobs, arrays, tasks and steps by name: read, compared, printed. */
#include "applets/client/job_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void read_names(void **state)
{
	static const struct {
		const char *word, *tasks;
		uint32_t job_id, step_id;
	} good[] = {
	        {"12", NULL, 12, CORE_NO_VAL},
	        {"12_3", "3", 12, CORE_NO_VAL},
	        {"12_[3-5,9]", "3-5,9", 12, CORE_NO_VAL},
	        {"12_[3-5%2]", "3-5", 12, CORE_NO_VAL},
	        {"12_3-5", "3-5", 12, CORE_NO_VAL},
	        {"12.7", NULL, 12, 7},
	        {"12_3.batch", "3", 12, CORE_STEP_BATCH},
	        {"12.Extern", NULL, 12, CORE_STEP_EXTERN},
	};
	static const char *const bad[] = {"",     "0",     "x",        "12_", "12_x", "_3",     "12.",
	                                  "12.x", "12_[3", "12_[5-3]", "-1",  "12 ",  "12_3_4", "4294967296"};
	struct arena arena;
	struct job_name name;
	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(job_name_parse(good[i].word, &name, &arena));
		assert_int_equal(name.job_id, good[i].job_id);
		assert_int_equal(name.step_id, good[i].step_id);
		assert_int_equal(name.tasks == NULL, good[i].tasks == NULL);
		if (name.tasks)
			assert_string_equal(name.tasks, good[i].tasks);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (job_name_parse(bad[i], &name, &arena))
			fail_msg("%s was taken", bad[i]);
	arena_free(&arena);
}

static void split_lists(void **state)
{
	char list[] = "12,13_[1,5],14_2.0,,15_[1,2", *rest = list;
	(void)state;
	assert_string_equal(job_name_split(&rest), "12");
	assert_string_equal(job_name_split(&rest), "13_[1,5]");
	assert_string_equal(job_name_split(&rest), "14_2.0");
	assert_string_equal(job_name_split(&rest), "");
	assert_string_equal(job_name_split(&rest), "15_[1,2");
	assert_null(job_name_split(&rest));
	assert_null(job_name_split(&rest));
}

static bool means(const char *word, const struct job_spec *spec, const struct job_state *job, uint32_t step)
{
	struct arena arena;
	struct job_name name;
	arena_init(&arena);
	assert_true(job_name_parse(word, &name, &arena));
	bool yes = job_name_means(&name, spec, job, step);
	arena_free(&arena);
	return yes;
}

static void compared(void **state)
{
	char list[] = "3-9:2";
	struct job_spec task = {.job_id = 14, .array_job_id = 12, .array_task_id = 3},
	                set = {.job_id = 12, .array_job_id = 12, .array_task_id = CORE_NO_VAL},
	                single = {.job_id = 12, .array_task_id = CORE_NO_VAL};
	struct job_state one = {.state = JOB_RUNNING}, some = {.state = JOB_PENDING, .array_tasks = list};
	(void)state;
	assert_true(means("12", &task, &one, CORE_NO_VAL));
	assert_true(means("14", &task, &one, CORE_NO_VAL));
	assert_true(means("12_3", &task, &one, CORE_NO_VAL));
	assert_true(means("12_3.0", &task, &one, 0));
	assert_false(means("12_3.0", &task, &one, 1));
	assert_false(means("12_3.0", &task, &one, CORE_NO_VAL));
	assert_false(means("12_4", &task, &one, CORE_NO_VAL));
	assert_false(means("14_3", &task, &one, CORE_NO_VAL));
	assert_true(means("12_[4-5]", &set, &some, CORE_NO_VAL));
	assert_false(means("12_[4,6]", &set, &some, CORE_NO_VAL));
	assert_true(means("12", &single, &one, CORE_NO_VAL));
	assert_false(means("12_3", &single, &one, CORE_NO_VAL));
}

static void prints(const char *want, const char *tasks, uint32_t limit, uint32_t state)
{
	struct job_spec spec = {.job_id = 12, .array_job_id = 12, .array_task_id = tasks ? CORE_NO_VAL : 7};
	char copy[128];
	struct text out = TEXT_EMPTY;
	snprintf(copy, sizeof(copy), "%s", tasks ? tasks : "");
	struct job_state job = {.state = state, .array_tasks = tasks ? copy : NULL, .array_limit = limit};
	text_add(&out, "> ");
	job_name_print(&out, &spec, &job);
	assert_string_equal(text_str(&out) + 2, want);
	text_free(&out);
}

/* Each as the real squeue printed it. */
static void printed(void **state)
{
	const char *list = "1-900:7,990-999";
	(void)state;
	unsetenv("SLURM_BITSTR_LEN");
	prints("12_7", NULL, 2, JOB_RUNNING);
	prints("12_[3-5%2]", "3-5", 2, JOB_PENDING);
	prints("12_[4]", "4", 0, JOB_PENDING);
	prints("12", "3-5", 0, JOB_CANCELLED);
	prints("12_[1-199:3%4]", "1-199:3", 4, JOB_PENDING);
	prints("12_[1,8,15,22,29,36,43,50,57,64", list, 0, JOB_PENDING);
	setenv("SLURM_BITSTR_LEN", "40", 1);
	prints("12_[1,8,15,22,29,36,43,50,57,64,71,78,85...]", list, 0, JOB_PENDING);
	setenv("SLURM_BITSTR_LEN", "16", 1);
	prints("12_[1,8,15,22,29...]", list, 0, JOB_PENDING);
	setenv("SLURM_BITSTR_LEN", "0", 1);
	prints("12_[1-3,5]", "1-3,5", 0, JOB_PENDING);
	unsetenv("SLURM_BITSTR_LEN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(read_names),
	        cmocka_unit_test(split_lists),
	        cmocka_unit_test(compared),
	        cmocka_unit_test(printed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
