/* What a TaskProlog prints, and what becomes of it; which programs root may run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/common/hook_program.h"
#include "applets/worker/task_hooks.h"
#include "core/util/arena.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *const base[] = {"HOME=/home/alice", "GONE=1", "KEPT=2", NULL};

/* The environment, a line for each entry. */
static void says(const char *output, const char *env_wanted, const char *printed)
{
	struct task_env env;
	struct text out = TEXT_EMPTY, all = TEXT_EMPTY;
	task_env_copy(&env, base);
	task_hook_output(output, strlen(output), &env, &out);
	for (size_t i = 0; env.v[i]; i++)
		text_printf(&all, "%s\n", env.v[i]);
	assert_string_equal(text_str(&all), env_wanted);
	assert_string_equal(text_str(&out), printed);
	task_env_free(&env);
	text_free(&out);
	text_free(&all);
}

static void lines(void **state)
{
	(void)state;
	says("", "HOME=/home/alice\nGONE=1\nKEPT=2\n", "");
	says("export ADDED=a b=c\nexport  SPACED = x \nunset GONE\nprint hello\nnonsense\n",
	     "HOME=/home/alice\nKEPT=2\nADDED=a b=c\nSPACED= x \n", "hello\n");
	says("export KEPT=3\nexport HOME=", "HOME=\nGONE=1\nKEPT=3\n", "");
	says("print\nprint \nprint  two spaces\nprintx y\nprint no newline",
	     "HOME=/home/alice\nGONE=1\nKEPT=2\n", "two spaces\nno newline\n");
	says("export =x\nexport B\n  export C=3\nexport\nunset\nunset KEPT=2\nunset NOTHERE\nunset HOM\n",
	     "HOME=/home/alice\nGONE=1\nKEPT=2\n", "");
}

static void zero_bytes(void **state)
{
	(void)state;
	static const char output[] = "export A=1\0B=2\nexport C=3\n";
	struct task_env env;
	struct text out = TEXT_EMPTY;
	task_env_copy(&env, base);
	task_hook_output(output, sizeof(output) - 1, &env, &out);
	assert_int_equal(env.n, 4);
	assert_string_equal(env.v[3], "C=3");
	task_env_free(&env);
	text_free(&out);
}

static void runs(void **state)
{
	(void)state;
	struct text out = TEXT_EMPTY;
	int status = -1;
	char *env[] = {"X=5", NULL};
	assert_int_equal(task_hook_run("/usr/bin/env", env, &out, &status), 0);
	assert_int_equal(status, 0);
	assert_string_equal(text_str(&out), "X=5\n");
	assert_int_equal(task_hook_run("/nowhere", env, &out, &status), 0);
	assert_int_equal(status, 127 << 8);
	text_free(&out);
}

/* What root may run. */
static void checked(void **state)
{
	(void)state;
	static const struct {
		mode_t dir, file;
		const char *words; /* NULL: it may be run */
	} rows[] = {{0755, 0755, NULL},
	            {0700, 0700, NULL},
	            {0755, 0644, "is not executable"},
	            {0755, 0775, "can be changed by others"},
	            {0755, 0757, "can be changed by others"},
	            {0775, 0755, "another program could be put there"},
	            {0757, 0755, "another program could be put there"}};
	char dir[] = "/tmp/bb-hooks-XXXXXX";
	struct err err = {0};
	assert_non_null(mkdtemp(dir));
	char *file = xprintf("%s/prolog", dir);
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err = (struct err){0};
		assert_int_equal(chmod(dir, rows[i].dir) | chmod(file, rows[i].file), 0);
		assert_int_equal(hook_check(file, &err), rows[i].words ? -1 : 0);
		if (rows[i].words)
			assert_non_null(strstr(err_text(&err), rows[i].words));
	}
	chmod(dir, 0700);
	chmod(file, 0700);
	assert_int_equal(hook_check(dir, &err), -1); /* no plain file */
	assert_int_equal(hook_check("prolog", &err), -1);
	assert_int_equal(hook_check("/nowhere/prolog", &err), -1);
	if (geteuid() == 0) {
		assert_int_equal(chown(file, 64999, 64999), 0);
		assert_int_equal(hook_check(file, &err), -1);
	}
	unlink(file);
	rmdir(dir);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(lines),
	        cmocka_unit_test(zero_bytes),
	        cmocka_unit_test(runs),
	        cmocka_unit_test(checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
