/* What an answer leaves out is nothing that squeue's columns show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "applets/client/squeue.h"
#include "applets/common/job_brief.h"

#include <string.h>

#define ROUNDS 40

/* Numbers as jobs have them: the columns' arithmetic trusts the controller. */
static void tame(const struct schema *s, void *record)
{
	for (const struct schema_field *f = s->fields; f < s->fields + s->field_count; f++) {
		char *member = (char *)record + f->offset;
		if (f->kind == KIND_U32 || f->kind == KIND_I32)
			*(uint32_t *)(void *)member &= 0xffff;
		else if (f->kind == KIND_U64 || f->kind == KIND_I64)
			*(uint64_t *)(void *)member &= 0xffffff;
		else if (f->kind == KIND_REC && *(void **)(void *)member)
			tame(f->sub(), *(void **)(void *)member);
	}
}

static void random_job(struct job_info *job, uint64_t *seed, struct arena *arena)
{
	schema_random(schema_of_job_info(), job, seed, arena);
	tame(schema_of_job_info(), job);
}

/* The text of a column, of all of a job and of what is left of it. */
static void assert_same(const struct column *column, const struct job_info *whole,
                        const struct job_info *brief, const struct step_record *step)
{
	const struct squeue_ctx ctx = {.now = 1000000, .cluster = "c"};
	const struct squeue_row a = {.job = whole, .step = step, .task = CORE_NO_VAL},
	                        b = {.job = brief, .step = step, .task = CORE_NO_VAL};
	struct text x = TEXT_EMPTY, y = TEXT_EMPTY;
	column->value(&x, &a, &ctx);
	column->value(&y, &b, &ctx);
	assert_string_equal(text_str(&x), text_str(&y));
	if (column->number)
		assert_true(column->number(&a, &ctx) == column->number(&b, &ctx));
	text_free(&x);
	text_free(&y);
}

static bool shows_files(const struct column *column)
{
	const char letters[] = {'%', column->letter, '\0'};
	return (column->letter && squeue_shows_files(letters, NULL)) ||
	       (column->name && squeue_shows_files(NULL, column->name));
}

static void columns_lack_nothing(void **state)
{
	(void)state;
	uint64_t seed = 5;
	struct arena arena;
	arena_init(&arena);
	for (int round = 0; round < ROUNDS; round++) {
		struct job_info whole;
		random_job(&whole, &seed, &arena);
		struct job_info brief = whole, briefer = whole;
		job_brief(&brief, JOB_LEAVE_PROCESS | JOB_LEAVE_PLACES, &arena);
		job_brief(&briefer, JOB_LEAVE_PROCESS | JOB_LEAVE_PLACES | JOB_LEAVE_FILES, &arena);
		for (size_t i = 0; i < squeue_job_column_count; i++)
			assert_same(&squeue_job_columns[i], &whole,
			            shows_files(&squeue_job_columns[i]) ? &brief : &briefer, NULL);
		struct step_record step;
		schema_random(schema_of_step_record(), &step, &seed, &arena);
		tame(schema_of_step_record(), &step);
		for (size_t i = 0; i < squeue_step_column_count; i++)
			assert_same(&squeue_step_columns[i], &whole, &briefer, &step);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

/* And what is left out is gone, in the copy alone. */
static void it_is_left_out(void **state)
{
	(void)state;
	uint64_t seed = 6;
	struct arena arena;
	arena_init(&arena);
	for (int round = 0; round < ROUNDS; round++) {
		struct job_info whole, kept;
		random_job(&whole, &seed, &arena);
		schema_copy(schema_of_job_info(), &kept, &whole, &arena);
		struct job_info brief = whole;
		job_brief(&brief, JOB_LEAVE_PROCESS | JOB_LEAVE_FILES | JOB_LEAVE_PLACES, &arena);
		assert_true(brief.spec->limits.n == 0 && brief.spec->env_hash.n == 0 &&
		            !brief.spec->who->home);
		assert_true(!brief.spec->work_dir && !brief.std_out && brief.spec->argv.n == 0);
		assert_int_equal(brief.state->nodes.n, 0);
		assert_int_equal(schema_differs(schema_of_job_info(), &whole, &kept), 0);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

static void formats_of_files(void **state)
{
	(void)state;
	static const struct {
		const char *letters, *names;
		bool shows;
	} rows[] = {{NULL, NULL, false},          {"%i %j", NULL, false},
	            {"%i %.10Z", NULL, true},     {"%all", NULL, true},
	            {"%ALL", NULL, true},         {"%o", NULL, true},
	            {NULL, "JobId,State", false}, {NULL, "jobid,WorkDir:30", true},
	            {NULL, "STDERR", true},       {NULL, "Command", true}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(squeue_shows_files(rows[i].letters, rows[i].names), rows[i].shows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(columns_lack_nothing),
	        cmocka_unit_test(it_is_left_out),
	        cmocka_unit_test(formats_of_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
