/* What a partition wants of its jobs: a reservation, another partition meanwhile, a time within its limit. */
#include "test/unit/core_fixture.h"

static int setup(void **state)
{
	static const char *const names[3] = {"n1", "n2", "n3"};
	static struct core_part_conf parts[3];
	struct lab *lab = calloc(1, sizeof(*lab));
	lab_conf(lab, names, 4, 1000, new_part("main", "n[1-3]"));
	parts[0] = parts[1] = parts[2] = lab->part;
	parts[1].name = word("other");
	parts[2].name = word("third");
	parts[1].is_default = parts[2].is_default = false;
	lab->conf.parts = parts;
	lab->conf.part_count = 3;
	lab_start(lab, T0);
	*state = lab;
	return 0;
}

static struct core_part_conf conf_of(const struct lab *lab, const char *name)
{
	return *part_by_name(lab->c, name)->conf;
}

/* The refusal, or 0; *part is then as it has become. */
static int update(struct lab *lab, struct core_part_conf *part)
{
	struct err err = {0};
	char name[16];
	text_copy(name, sizeof(name), part->name);
	if (part_update(lab->c, part, false, T0, &err) != 0)
		return (int)err.code;
	*part = conf_of(lab, name);
	return 0;
}

/* The refusal, or 0 and the job. */
static int submit(struct lab *lab, const char *parts, struct job **job)
{
	struct identity who = {.uid = 1, .gid = 1000};
	struct job_spec spec;
	struct err err = {0};
	schema_init(schema_of_job_spec(), &spec);
	spec.who = &who;
	spec.partition = word(parts);
	if (job_submit(lab->c, &spec, T0, job, &err) != 0)
		return (int)err.code;
	cluster_run(lab->c, T0);
	return 0;
}

static void only_with_a_reservation(void **state)
{
	struct lab *lab = *state;
	struct core_part_conf part = conf_of(lab, "main");
	struct job *job, *waits;
	struct job_edit edit;
	struct err err = {0};
	part.req_resv = true;
	assert_int_equal(update(lab, &part), 0);
	assert_int_equal(submit(lab, "main", &job), ERR_ACCESS_DENIED);
	assert_int_equal(submit(lab, NULL, &job), ERR_ACCESS_DENIED);
	assert_int_equal(submit(lab, "main,other", &job), 0);
	assert_string_equal(job->state.partition, "other");
	part = conf_of(lab, "other");
	part.state = CONF_PART_DOWN;
	assert_int_equal(update(lab, &part), 0);
	assert_int_equal(submit(lab, "other", &waits), 0);
	schema_init(schema_of_job_edit(), &edit);
	edit.partition = word("main");
	assert_int_equal(job_update(lab->c, waits, &edit, true, T0, &err), -1);
	assert_int_equal(err.code, ERR_PARTITION_CONFIG_UNAVAILABLE);
}

static void another_one_meanwhile(void **state)
{
	struct lab *lab = *state;
	struct core_part_conf part = conf_of(lab, "main");
	struct job *job;
	part.alternate = word("other");
	part.state = CONF_PART_DRAIN;
	assert_int_equal(update(lab, &part), 0);
	assert_int_equal(submit(lab, "main", &job), 0);
	assert_string_equal(job->spec.partition, "other");
	assert_int_equal(submit(lab, NULL, &job), 0);
	assert_string_equal(job->spec.partition, "other");
	assert_int_equal(submit(lab, "main,third", &job), 0);
	assert_string_equal(job->spec.partition, "other,third");
	part.state = CONF_PART_INACTIVE;
	assert_int_equal(update(lab, &part), 0);
	assert_int_equal(submit(lab, "main", &job), 0);
	assert_string_equal(job->spec.partition, "other");
	part.state = CONF_PART_DOWN; /* it takes jobs, and they wait */
	assert_int_equal(update(lab, &part), 0);
	assert_int_equal(submit(lab, "main", &job), 0);
	assert_string_equal(job->spec.partition, "main");
	part.state = CONF_PART_DRAIN;
	part.alternate = word("nowhere");
	assert_int_equal(update(lab, &part), 0);
	assert_int_equal(submit(lab, "main", &job), ERR_INVALID_PARTITION);
	part.alternate = word("main");
	assert_int_equal(update(lab, &part), 0);
	assert_int_equal(submit(lab, "main", &job), ERR_PARTITION_DOWN);
}

static void a_default_within_the_limit(void **state)
{
	struct lab *lab = *state;
	struct core_part_conf part = conf_of(lab, "main");
	part.max_time_min = 10;
	part.default_time_min = 11;
	assert_int_equal(update(lab, &part), ERR_TIME_LIMIT_EXCEEDED);
	part.default_time_min = 10;
	assert_int_equal(update(lab, &part), 0);
	part = conf_of(lab, "main");
	part.max_time_min = 5; /* the default was there before */
	assert_int_equal(update(lab, &part), 0);
}

static void all_of_it_is_kept(void **state)
{
	struct lab *lab = *state;
	struct core_part_conf part = conf_of(lab, "other");
	part.alternate = word("main");
	part.deny_qos = word("low");
	part.qos = word("normal");
	part.cpu_bind = word("cores");
	part.preempt_mode = CONF_PREEMPT_REQUEUE;
	part.req_resv = true;
	part.exclusive_user = true;
	part.def_cpu_per_gpu = 2;
	part.def_mem_per_gpu = 3;
	part.oversubscribe = CONF_SHARE_FORCE;
	part.oversubscribe_max = 3;
	assert_int_equal(update(lab, &part), 0);
	cluster_free(lab->c);
	lab->conf.keep_part_info = true;
	lab_start(lab, T0 + CORE_SECOND);
	part = conf_of(lab, "other");
	assert_string_equal(part.alternate, "main");
	assert_string_equal(part.deny_qos, "low");
	assert_string_equal(part.qos, "normal");
	assert_string_equal(part.cpu_bind, "cores");
	assert_int_equal(part.preempt_mode, CONF_PREEMPT_REQUEUE);
	assert_true(part.req_resv && part.exclusive_user);
	assert_int_equal(part.def_cpu_per_gpu, 2);
	assert_int_equal(part.def_mem_per_gpu, 3);
	assert_int_equal(part.oversubscribe, CONF_SHARE_FORCE);
	assert_int_equal(part.oversubscribe_max, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(only_with_a_reservation, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(another_one_meanwhile, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(a_default_within_the_limit, setup, lab_teardown),
	        cmocka_unit_test_setup_teardown(all_of_it_is_kept, setup, lab_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
