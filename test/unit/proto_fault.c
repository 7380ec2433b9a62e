/* The build that dies on purpose: at the point whose number is in the file, once. */
#define BATCHBOX_FAULTS 1
#include "proto/fault.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static char path[64];

/* Passes three points in a child; the signal that it died of, or 0. */
static int three_points(const char *content)
{
	int status;
	if (content) {
		FILE *f = fopen(path, "we");
		assert_non_null(f);
		fputs(content, f);
		fclose(f);
	}
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (int i = 0; i < 3; i++)
			fault_point("test");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void dies_once(void **state)
{
	(void)state;
	log_init("proto_fault", LOG_LEVEL_QUIET);
	snprintf(path, sizeof(path), "/tmp/proto_fault.%d", (int)getpid());
	unsetenv("BATCHBOX_FAULT_FILE");
	assert_int_equal(three_points("1"), 0);
	setenv("BATCHBOX_FAULT_FILE", path, 1);
	assert_int_equal(three_points("4\n"), 0);
	assert_int_equal(three_points("three"), 0);
	assert_int_equal(three_points("3\n"), SIGKILL);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(three_points(NULL), 0); /* the file is gone: the next one lives */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(dies_once)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
