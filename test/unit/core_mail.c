/* --mail-type: its words, and of which events mail is wanted. */
#include "test/unit/core_fixture.h"

#include "core/mail.h"

static core_time at(int64_t seconds)
{
	return T0 + seconds * CORE_SECOND;
}

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 2, 1000, new_part("main", "n[1-3]"));
	lab->conf.max_array_size = 100;
	lab_start(lab, T0);
	*state = lab;
	return 0;
}

static struct job *submit(struct lab *lab, uint32_t types, const char *array)
{
	struct identity who = {.uid = 1000, .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.batch = true;
	spec.requeue_set = true;
	spec.mail_type = types;
	spec.time_limit_min = 10;
	spec.array = word(array);
	if (job_submit(lab->c, &spec, at(0), &job, &err) != 0)
		fail_msg("%s", err_text(&err));
	cluster_run(lab->c, at(0));
	return job;
}

static uint32_t told(struct lab *lab)
{
	const uint32_t types = lab->seen.mail_types;
	lab->seen.mail_types = 0;
	return types;
}

static void end(struct lab *lab, struct job *job, uint32_t status, int64_t second)
{
	report_step_ended(lab->c, job->state.batch_host, job->serial, job->state.attempt,
	                  job->state.batch_launch, status, NULL, NULL, at(second));
	report_job_gone(lab->c, job->state.batch_host, job->serial, job->state.attempt, at(second));
	cluster_run(lab->c, at(second));
}

static void its_words(void **state)
{
	static const struct {
		const char *list;
		bool good;
		const char *again;
	} rows[] = {
	        {"END", true, "END"},
	        {"fail,begin", true, "BEGIN,FAIL"},
	        {"all", true, "INVALID_DEPEND,BEGIN,END,FAIL,REQUEUE,STAGE_OUT"},
	        {"END,x", true, "END"},
	        {"NONE", true, ""},
	        {"none,end", true, ""},
	        {"x", false, ""},
	        {"", false, ""},
	        {"TIME_LIMIT,TIME_LIMIT_80", true, "TIME_LIMIT_80,TIME_LIMIT"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text again = TEXT_EMPTY;
		uint32_t types;
		assert_int_equal(mail_types_parse(rows[i].list, &types), rows[i].good);
		mail_types_text(types, &again);
		assert_string_equal(text_str(&again), rows[i].again);
		text_free(&again);
	}
}

static void a_job_that_ends(void **state)
{
	static const struct {
		uint32_t wanted, status, told;
	} rows[] = {{MAIL_BEGIN | MAIL_END | MAIL_FAIL, 0, MAIL_BEGIN | MAIL_END},
	            {MAIL_BEGIN | MAIL_END | MAIL_FAIL, 256, MAIL_BEGIN | MAIL_FAIL},
	            {MAIL_END, 256, 0},
	            {MAIL_FAIL, 0, 0},
	            {0, 9, 0}};
	struct lab *lab = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		end(lab, submit(lab, rows[i].wanted, NULL), rows[i].status, 1);
		assert_int_equal(told(lab), rows[i].told);
	}
}

/* Once for all tasks: when the first begins, when the last ends, and that one failed. */
static void an_array(void **state)
{
	struct lab *lab = *state;
	const uint32_t id = submit(lab, MAIL_BEGIN | MAIL_END | MAIL_FAIL, "1-3%1")->spec.array_job_id;
	assert_int_equal(lab->seen.mails, 1);
	for (uint32_t task = 1; task <= 3; task++) {
		struct job *job = NULL;
		while ((job = array_next(lab->c, id, job)) && job->spec.array_task_id != task)
			;
		assert_non_null(job);
		if (!job)
			return; /* which the analyzer doesn't know of the line above */
		assert_int_equal(lab->seen.mails, 1);
		end(lab, job, task == 2 ? 256 : 0, task);
	}
	assert_int_equal(lab->seen.mails, 2);
	assert_int_equal(told(lab), MAIL_BEGIN | MAIL_FAIL);
}

static void each_task_of_an_array(void **state)
{
	struct lab *lab = *state;
	submit(lab, MAIL_BEGIN | MAIL_ARRAY_TASKS, "1-3");
	assert_int_equal(lab->seen.mails, 3);
}

static void parts_of_the_time_limit(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, MAIL_TIME_LIMIT | MAIL_TIME_LIMIT_50 | MAIL_TIME_LIMIT_90, NULL);
	cluster_run(lab->c, at(299));
	assert_int_equal(told(lab), 0);
	cluster_run(lab->c, at(300));
	assert_int_equal(told(lab), MAIL_TIME_LIMIT_50);
	cluster_run(lab->c, at(539));
	assert_int_equal(told(lab), 0);
	cluster_run(lab->c, at(540));
	assert_int_equal(told(lab), MAIL_TIME_LIMIT_90);
	cluster_run(lab->c, at(600));
	assert_int_equal(job->state.state, JOB_TIMEOUT);
	assert_int_equal(told(lab), MAIL_TIME_LIMIT);
}

/* What was told before a restart is not told again. */
static void a_restart(void **state)
{
	struct lab *lab = *state;
	const uint64_t serial = submit(lab, MAIL_TIME_LIMIT_50 | MAIL_TIME_LIMIT_80, NULL)->serial;
	cluster_run(lab->c, at(310));
	assert_int_equal(told(lab), MAIL_TIME_LIMIT_50);
	cluster_free(lab->c);
	lab_start(lab, at(320));
	cluster_run(lab->c, at(480));
	assert_non_null(job_by_serial(lab->c, serial));
	assert_int_equal(told(lab), MAIL_TIME_LIMIT_80);
}

static void requeued_and_cancelled(void **state)
{
	struct lab *lab = *state;
	struct job *job = submit(lab, MAIL_REQUEUE | MAIL_END, NULL);
	struct err err = {0};
	assert_int_equal(job_requeue(lab->c, job, false, at(1), &err), 0);
	assert_int_equal(told(lab), MAIL_REQUEUE);
	assert_int_equal(job_cancel(lab->c, job, 0, false, false, 1000, at(2), &err), 0);
	assert_int_equal(told(lab), MAIL_END);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(its_words),
	        T(a_job_that_ends),
	        T(an_array),
	        T(each_task_of_an_array),
	        T(a_restart),
	        T(parts_of_the_time_limit),
	        T(requeued_and_cancelled),
	};
	return cmocka_run_group_tests_name("core_mail", tests, NULL, NULL);
}
