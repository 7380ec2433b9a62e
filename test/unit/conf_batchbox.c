/* batchbox.conf: what it says, what is refused, and that it may be missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/batchbox_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64], own_path[96], slurm_path[96];

static int make_dir(void **state)
{
	(void)state;
	text_copy(dir, sizeof(dir), "/tmp/batchbox-conf-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(own_path, sizeof(own_path), "%s/batchbox.conf", dir);
	snprintf(slurm_path, sizeof(slurm_path), "%s/slurm.conf", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(own_path);
	return rmdir(dir);
}

/* The first error's text, if there is one, goes into said. */
static int read_text(struct conf_batchbox *own, const char *text, char said[200])
{
	struct conf_errors errors = {0};
	FILE *f = fopen(own_path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
	int rc = batchbox_conf_read(own, slurm_path, &errors);
	assert_int_equal(rc, errors.n ? -1 : 0);
	text_copy(said, 200, errors.n ? errors.v[0].text : "");
	for (size_t i = 0; i < errors.n; i++)
		assert_true(errors.v[i].line > 0);
	conf_errors_free(&errors);
	return rc;
}

static void a_missing_file(void **state)
{
	(void)state;
	struct conf_batchbox own;
	struct conf_errors errors = {0};
	assert_int_equal(batchbox_conf_read(&own, slurm_path, &errors), 0);
	assert_int_equal(errors.n, 0);
	assert_null(own.key_file);
	assert_null(own.unsafe);
	assert_int_equal(own.keep_days, 0);
	batchbox_conf_free(&own);
}

static void every_setting(void **state)
{
	(void)state;
	struct conf_batchbox own;
	char said[200];
	assert_int_equal(read_text(&own,
	                           "[auth]\nkey_file = /etc/k\n[History]\nKeep_Days = 90\n"
	                           "[accept]\nunsafe =  prolog ,Epilog,, ConstrainCores \n"
	                           "[configless]\nserver = [fd00::1]:7000\n",
	                           said),
	                 0);
	assert_string_equal(own.key_file, "/etc/k");
	assert_int_equal(own.keep_days, 90);
	assert_string_equal(own.unsafe, "Prolog,Epilog,ConstrainCores");
	assert_string_equal(own.server.host, "fd00::1");
	assert_int_equal(own.server.port, 7000);
	batchbox_conf_free(&own);
}

static void what_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
	        {"[history]\nkeep_days = 0\n", "[history] keep_days = 0: a number of days is wanted"},
	        {"[history]\nkeep_days = 3 weeks\n",
	         "[history] keep_days = 3 weeks: a number of days is wanted"},
	        {"[history]\nkeep_days = 100001\n",
	         "[history] keep_days = 100001: a number of days is wanted"},
	        {"[history]\nkeepdays = 7\n",
	         "[history] keepdays is not a setting (did you mean keep_days, below a line [history]?)"},
	        {"[auth]\nkeep_days = 7\n",
	         "[auth] keep_days is not a setting: it belongs below a line [history]"},
	        {"# x\nUnsafe = Prolog\n", "Unsafe stands in no section: it belongs below a line [accept]"},
	        {"quux = 1\n", "quux stands in no section"},
	        {"[accept]\nunsafe = Prolog, Epilogue,, Prvatedata\n",
	         "[accept] unsafe = Prolog, Epilogue,, Prvatedata: Epilogue is no parameter of slurm.conf "
	         "(did you "
	         "mean Epilog?); Prvatedata is no parameter of slurm.conf (did you mean PrivateData?)"},
	        {"[configless]\nserver = a,b\n", "[configless] server = a,b: HOST or HOST:PORT is wanted"},
	        {"key_file\n", "not a [section], a name = value, or a comment"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conf_batchbox own;
		char said[200];
		assert_int_equal(read_text(&own, rows[i].text, said), -1);
		assert_string_equal(said, rows[i].says);
		batchbox_conf_free(&own);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_missing_file),
	        cmocka_unit_test(every_setting),
	        cmocka_unit_test(what_is_refused),
	};
	return cmocka_run_group_tests_name("conf_batchbox", tests, make_dir, remove_dir);
}
