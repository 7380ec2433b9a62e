/* The options table: every option of the real srun, sbatch and salloc is a row; words, values and precedence;
 * columns' formats. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "applets/client/columns.h"
#include "applets/client/options.h"
#include "applets/client/signals.h"
#include "applets/client/squeue.h"
#include "applets/client/submit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool in_table(const char *name, enum submit_command command)
{
	for (size_t i = 0; i < option_count(); i++)
		if (option_is_for(i, command) && strcmp(option_name(i), name) == 0)
			return true;
	return false;
}

static void every_option_is_a_row(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum submit_command command;
	} files[] = {{"test/data/options-srun.txt", SUBMIT_SRUN},
	             {"test/data/options-sbatch.txt", SUBMIT_SBATCH},
	             {"test/data/options-salloc.txt", SUBMIT_SALLOC}};
	unsigned seen = 0;
	for (size_t i = 0; i < 3; i++) {
		char line[256];
		FILE *f = fopen(files[i].path, "re");
		assert_non_null(f);
		while (fgets(line, sizeof(line), f)) {
			char *name = strstr(line, "--");
			if (!name)
				continue;
			name[strcspn(name, " \n")] = '\0';
			seen++;
			if (!in_table(name + 2, files[i].command))
				fail_msg("%s lacks %s", files[i].path, name);
		}
		fclose(f);
	}
	assert_true(seen > 200);
}

/* Parses words as a command line; the error's text, or "". */
static const char *parse(struct submit *s, enum submit_command command, const char *words,
                         enum option_origin origin)
{
	static struct err err;
	char **v, *argv[64] = {(char *)(uintptr_t) "x"};
	int n = 0, rest = 0;
	err_clear(&err);
	if (s->program == NULL)
		submit_init(s, command, &err);
	assert_int_equal(directive_words(&s->arena, words, &v, &n, &err), 0);
	assert_true(n < 60);
	memcpy(argv + 1, v, (size_t)n * sizeof(*v));
	return submit_arguments(s, n + 1, argv, origin, &rest, &err) == 0 ? "" : err_text(&err);
}

static void values_are_read(void **state)
{
	(void)state;
	struct submit s = {0};
	assert_string_equal(parse(&s, SUBMIT_SBATCH,
	                          "-N2-4 -n 8 --cpus-per-task=2 -J 'my job' --mem=2G -t 1-2 --part=quick",
	                          ORIGIN_COMMAND_LINE),
	                    "");
	assert_int_equal(s.spec.nodes_min, 2);
	assert_int_equal(s.spec.nodes_max, 4);
	assert_int_equal(s.spec.tasks, 8);
	assert_true(s.spec.tasks_set);
	assert_int_equal(s.spec.cpus_per_task, 2);
	assert_string_equal(s.spec.name, "my job");
	assert_int_equal(s.spec.mem_per_node, 2048);
	assert_int_equal(s.spec.time_limit_min, 26 * 60);
	assert_string_equal(s.spec.partition, "quick"); /* an abbreviation, as getopt_long takes it */
	submit_free(&s);
}

static void distributions(void **state)
{
	static const struct {
		const char *option;
		uint32_t dist, plane_size;
		const char *words;
	} rows[] = {
	        {"-m block", DIST_BLOCK, 0, "block"},
	        {"-m *", DIST_BLOCK, 0, "block"},
	        {"-m *:fcyclic", DIST_BLOCK, 0, "block:fcyclic"},
	        {"-m CYCLIC:Block:cyclic", DIST_CYCLIC, 0, "cyclic:block:cyclic"},
	        {"-m plane=3", DIST_PLANE, 3, "plane"},
	};
	static const char *const bad[] = {"wrong",   "block:wrong",  "plane",   "plane=0",
	                                  "plane=x", "plane=-1",     "block=2", "block:block:block:block",
	                                  "block:",  "plane=2:block"};
	(void)state;
	unsetenv("SLURM_DIST_PLANESIZE");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct submit s = {0};
		assert_string_equal(parse(&s, SUBMIT_SRUN, rows[i].option, ORIGIN_COMMAND_LINE), "");
		assert_int_equal(s.dist, rows[i].dist);
		assert_int_equal(s.plane_size, rows[i].plane_size);
		assert_string_equal(s.dist_words, rows[i].words);
		submit_free(&s);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct submit s = {0};
		char option[64];
		snprintf(option, sizeof(option), "-m %s", bad[i]);
		assert_string_equal(parse(&s, SUBMIT_SRUN, option, ORIGIN_COMMAND_LINE),
		                    "Invalid --distribution specification");
		submit_free(&s);
	}
}

static void hosts_of_a_job(void **state)
{
	(void)state;
	struct submit s = {0};
	unsetenv("SLURM_HOSTFILE");
	assert_string_equal(parse(&s, SUBMIT_SALLOC, "-m arbitrary -c 2 -w b,a,b", ORIGIN_COMMAND_LINE), "");
	assert_int_equal(submit_hosts(&s), 0);
	assert_int_equal(s.spec.tasks, 3);
	assert_int_equal(s.spec.nodes_min, 2);
	assert_int_equal(s.spec.nodes_max, 2);
	assert_int_equal(s.spec.min_cpus_node, 4); /* two tasks on b */
	submit_free(&s);
	s = (struct submit){0};
	assert_string_equal(parse(&s, SUBMIT_SALLOC, "-m arbitrary", ORIGIN_COMMAND_LINE), "");
	assert_int_equal(submit_hosts(&s), -1);
	submit_free(&s);
}

static void bad_values(void **state)
{
	(void)state;
	static const struct {
		const char *words, *says;
	} rows[] = {
	        {"-n 0", "Invalid numeric value \"0\" for --ntasks."},
	        {"-N abc", "\"abc\" is not a valid node count"},
	        {"-t abc", "Invalid --time specification"},
	        {"--mem=abc", "Invalid --mem specification"},
	        {"--signal=FOO@10", "Invalid --signal specification"},
	        {"-m arbitrary", ""},
	        {"-m block,pack", "--distribution=block,pack is not supported by batchbox"},
	        {"--gres=gpu:1", "Invalid generic resource (gres) specification"},
	        {"--gres=none", ""},
	        {"--gres=gpu:0", ""},
	        {"-N 2-1", "Maximum node count 1 is less than minimum node count 2"},
	        {"-N 1-x", "\"x\" is not a valid node count"},
	        {"--mincpus=0", "Invalid numeric value \"0\" for --mincpus."},
	        {"-B 1:x", "Invalid numeric value \"x\" for second arg of -B."},
	        {"-B 2:1:1-2", ""},
	        {"--hint=x", "unrecognized --hint argument \"x\", see --hint=help"},
	        {"--acctg-freq=task=5,energy=1", ""},
	        {"--acctg-freq=foo=5", "Invalid --acctg-freq specification: foo=5"},
	        {"--cpu-freq=low-high:performance", ""},
	        {"--cpu-freq=low-", "Invalid --cpu-freq argument"},
	        {"--mem-bind=v,map_mem:0,1", ""},
	        {"--mem-bind=wrong", "unrecognized --mem-bind argument \"wrong\""},
	        {"--gpu-bind=single:2", ""},
	        {"--gpu-bind=single", "Invalid --gpu-bind argument: gpu:single"},
	        {"--profile=Task,energy", ""},
	        {"--profile=", "invalid --profile= option"},
	        {"--nice=2147483646", "Invalid --nice value, out of range (+/- 2147483645)"},
	        {"--priority=-1", "Priority must be >= 0"},
	        {"--switches=x@5", "Invalid numeric value \"x\" for --switches."},
	        {"--get-user-env=10L", ""},
	        {"--get-user-env=x", "Invalid --get-user-env specification"},
	        {"--exclusive=wrong", "Invalid --exclusive specification"},
	        {"--container=/x", "--container is not supported by batchbox: OCI containers are not run"},
	        {"--comment=", ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct submit s = {0};
		assert_string_equal(parse(&s, SUBMIT_SBATCH, rows[i].words, ORIGIN_COMMAND_LINE),
		                    rows[i].says);
		submit_free(&s);
	}
}

static void later_origins_win(void **state)
{
	(void)state;
	struct submit s = {0};
	struct err err = {0};
	static const char script[] =
	        "#!/bin/sh\n# a comment\n\n#SBATCH --job-name=script -p one\n#SBATCH -n 3 ### three of them\n"
	        "#SBATCH --comment \"a # b\"\nhostname\n#SBATCH -n 9\n";
	assert_string_equal(parse(&s, SUBMIT_SBATCH, "-J line", ORIGIN_COMMAND_LINE), "");
	setenv("SBATCH_PARTITION", "two", 1);
	assert_int_equal(submit_environment(&s, &err), 0);
	unsetenv("SBATCH_PARTITION");
	assert_int_equal(submit_directives(&s, "job.sh", script, strlen(script), &err), 0);
	assert_string_equal(s.spec.name, "line");
	assert_string_equal(s.spec.partition, "two");
	assert_int_equal(s.spec.tasks, 3);
	assert_string_equal(s.spec.comment, "a # b");
	assert_int_equal(submit_origin(&s, "ntasks"), ORIGIN_SCRIPT);
	submit_free(&s);
}

static void directive_forms(void **state)
{
	(void)state;
	static const struct {
		const char *line, *joined;
	} rows[] = {
	        {"--job-name=multijob ### Name of the job", "--job-name=multijob"},
	        {"  --cpus-per-task       2  ", "--cpus-per-task|2"},
	        {"--comment='dask held out' -n1", "--comment=dask held out|-n1"},
	        {"-J \"a 'b' c\"", "-J|a 'b' c"},
	        {"--output=%x_%j.out #end", "--output=%x_%j.out"},
	        {"-J a#b", "-J|a"},
	        {"-J a\\#b", "-J|a#b"},
	        {"-J 'it\\'s' -n1", "-J|it's|-n1"},
	        {"-J \"a\\\\b\"", "-J|a\\b"},
	        {"-J c\\ d", "-J|c|d"},
	        {"-J \"\" -n1", "-J"},
	        {"-J x:y", "-J|x:y"},
	        {"", ""},
	        {"# nothing", ""},
	};
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char **words;
		int n;
		struct err err = {0};
		struct text joined = TEXT_EMPTY;
		assert_int_equal(directive_words(&arena, rows[i].line, &words, &n, &err), 0);
		for (int k = 0; k < n; k++)
			text_printf(&joined, "%s%s", k ? "|" : "", words[k]);
		assert_string_equal(text_str(&joined), rows[i].joined);
		text_free(&joined);
	}
	struct err err = {0};
	char **words;
	int n;
	assert_int_equal(directive_words(&arena, "-J 'open", &words, &n, &err), -1);
	assert_string_equal(err_text(&err), "Unmatched `'` in [ 'open]");
	err_clear(&err);
	assert_int_equal(directive_words(&arena, " : -J b", &words, &n, &err), -1);
	assert_string_equal(err_text(&err), "Unexpected `:` in [: -J b]");
	arena_free(&arena);
}

static void exports(void **state)
{
	(void)state;
	setenv("ONE", "1", 1);
	setenv("TWO", "2", 1);
	static const struct {
		const char *export_vars;
		bool one, two, three;
	} rows[] = {{NULL, true, true, false},         {"ALL", true, true, false},
	            {"NONE", false, false, false},     {"ONE", true, false, false},
	            {"ALL,THREE=3", true, true, true}, {"THREE=3,TWO", false, true, true}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct env_list e = {0};
		bool one = false, two = false, three = false;
		const struct submit s = {.command = SUBMIT_SBATCH,
		                         .export_vars = (char *)(uintptr_t)rows[i].export_vars};
		env_list_export(&e, &s);
		for (size_t k = 0; k < e.n; k++) {
			one = one || strcmp(e.v[k], "ONE=1") == 0;
			two = two || strcmp(e.v[k], "TWO=2") == 0;
			three = three || strcmp(e.v[k], "THREE=3") == 0;
		}
		if (one != rows[i].one || two != rows[i].two || three != rows[i].three)
			fail_msg("--export=%s: %d %d %d", rows[i].export_vars ? rows[i].export_vars : "", one,
			         two, three);
		env_list_free(&e);
	}
}

static void counts_are_folded(void **state)
{
	(void)state;
	static const uint32_t v[] = {1, 1, 1, 2, 4, 4};
	struct text out = TEXT_EMPTY;
	env_counts(&out, v, 6);
	assert_string_equal(out.s, "1(x3),2,4(x2)");
	text_free(&out);
}

static void formats(void **state)
{
	(void)state;
	struct identity who = {.uid = 1, .user_name = (char *)(uintptr_t) "alice"};
	struct job_spec spec;
	struct job_state js;
	schema_init(schema_of_job_spec(), &spec);
	schema_init(schema_of_job_state(), &js);
	spec.job_id = 7;
	spec.who = &who;
	spec.name = (char *)(uintptr_t) "multi-sum";
	spec.partition = (char *)(uintptr_t) "compute";
	struct job_info job = {.spec = &spec, .state = &js, .reason = REASON_RESOURCES, .node_count = 3};
	const struct squeue_row row = {.job = &job, .task = CORE_NO_VAL};
	const struct squeue_ctx ctx = {0};
	static const struct {
		const char *format, *header, *line;
	} rows[] = {
	        {"%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R",
	         "             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)\n",
	         "                 7   compute multi-su    alice PD       0:00      3 (Resources)\n"},
	        {"%i|%T", "JOBID|STATE\n", "7|PENDING\n"},
	        {"%%i|%%T", "JOBID|STATE\n", "7|PENDING\n"}, /* as the real one reads it */
	        {"JobId=%i Name=%j", "JobId=JOBID Name=NAME\n", "JobId=7 Name=multi-sum\n"},
	        {"%2t%10j", "STNAME      \n", "PDmulti-sum \n"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct column_format f;
		struct text out = TEXT_EMPTY;
		column_format_init(&f);
		column_format_letters(&f, rows[i].format, squeue_job_columns, squeue_job_column_count);
		column_print_header(&f, &out);
		assert_string_equal(out.s, rows[i].header);
		text_clear(&out);
		column_print_row(&f, &row, &ctx, &out);
		assert_string_equal(out.s, rows[i].line);
		text_free(&out);
		column_format_free(&f);
	}
	struct column_format f;
	struct text out = TEXT_EMPTY;
	column_format_init(&f);
	column_format_names(&f, "JobID:8,name:.12,StateCompact:\x1f", squeue_job_columns,
	                    squeue_job_column_count);
	column_print_row(&f, &row, &ctx, &out);
	assert_string_equal(out.s, "7          multi-sumPD\x1f\n");
	text_free(&out);
	column_format_free(&f);
}

static void warnings(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		uint32_t signal, time_s;
		bool batch;
	} rows[] = {
	        {"--signal=USR1", SIGUSR1, 60, false},    {"--signal=SIGUSR2@", SIGUSR2, 60, false},
	        {"--signal=b:10@65535", 10, 65535, true}, {"--signal=RB:HUP@0", SIGHUP, 0, true},
	        {"--signal=R:usr1@5", SIGUSR1, 5, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct submit s = {0};
		assert_string_equal(parse(&s, SUBMIT_SBATCH, rows[i].value, ORIGIN_COMMAND_LINE), "");
		assert_int_equal(s.spec.warn_signal, rows[i].signal);
		assert_int_equal(s.spec.warn_time_s, rows[i].time_s);
		assert_int_equal(s.spec.warn_batch, rows[i].batch);
		submit_free(&s);
	}
}

static void signals(void **state)
{
	(void)state;
	assert_int_equal(signal_parse("TERM"), SIGTERM);
	assert_int_equal(signal_parse("sigusr2"), SIGUSR2);
	assert_int_equal(signal_parse("9"), SIGKILL);
	assert_int_equal(signal_parse("FOO"), -1);
	assert_int_equal(signal_parse("0"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_option_is_a_row),
	        cmocka_unit_test(values_are_read),
	        cmocka_unit_test(distributions),
	        cmocka_unit_test(hosts_of_a_job),
	        cmocka_unit_test(bad_values),
	        cmocka_unit_test(later_origins_win),
	        cmocka_unit_test(directive_forms),
	        cmocka_unit_test(exports),
	        cmocka_unit_test(counts_are_folded),
	        cmocka_unit_test(formats),
	        cmocka_unit_test(signals),
	        cmocka_unit_test(warnings),
	};
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
