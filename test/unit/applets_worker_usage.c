/* What /proc says of a process, read; and what a shepherd says of its tasks. */
#include "applets/worker/process_usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void stat_line(void **state)
{
	struct process_usage u = {0};
	(void)state;
	assert_true(process_usage_stat(
	        "42 (a b) c) S 1 42 42 0 -1 4194304 500 60 7 8 150 50 25 5 20 0 1 0 99 1\n", 100, &u));
	assert_int_equal(u.pages, 15);
	assert_int_equal(u.user_us, 1750000);
	assert_int_equal(u.system_us, 550000);
	/* A name that is made to look like the rest. */
	assert_true(process_usage_stat(
	        "42 (x) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1) R 1 42 42 0 -1 0 0 0 3 0 0 0 0 0 20\n", 100, &u));
	assert_int_equal(u.pages, 3);
	assert_int_equal(u.user_us, 0);
	static const char *const bad[] = {"",
	                                  "42",
	                                  "42 (sh)",
	                                  "42 (sh) S",
	                                  "42 (sh) S 1 42 42 0 -1 0 0 0 3 0 0 0 0",
	                                  "42 (sh) S 1 42 x 0 -1 0 0 0 3 0 0 0 0 0 20",
	                                  "42 sh S 1 42 42 0 -1 0 0 0 3 0 0 0 0 0 20"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (process_usage_stat(bad[i], 100, &u))
			fail_msg("read: %s", bad[i]);
	assert_false(process_usage_stat("42 (sh) S 1 42 42 0 -1 0 0 0 3 0 0 0 0 0 20", 0, &u));
}

#define STATUS                                                                                               \
	"Name:\tVmRSS: 5 kB\nVmPeak:\t   9000 kB\nVmSize:\t   8000 kB\nVmHWM:\t    700 kB\nVmRSS:\t    "     \
	"600 kB\n"                                                                                           \
	"RssAnon:\t    100 kB\nRssFile:\t    400 kB\n"

static void status_lines(void **state)
{
	struct process_usage u = {0};
	(void)state;
	assert_true(process_usage_status(STATUS, PROCESS_RSS, &u));
	assert_int_equal(u.vm_kb, 8000);
	assert_int_equal(u.vm_peak_kb, 9000);
	assert_int_equal(u.rss_kb, 600);
	assert_int_equal(u.rss_peak_kb, 700);
	u = (struct process_usage){0};
	assert_true(process_usage_status(STATUS, PROCESS_PRIVATE, &u));
	assert_int_equal(u.rss_kb, 100);
	assert_int_equal(u.rss_peak_kb, 0);
	/* One that is dead, and others that no kernel writes. */
	u = (struct process_usage){0};
	assert_false(process_usage_status("Name:\tsh\nState:\tZ (zombie)\n", PROCESS_RSS, &u));
	assert_false(process_usage_status("VmSize:\t-1 kB\nVmRSS:\t1 kB\n", PROCESS_RSS, &u));
	assert_false(process_usage_status("VmSize: 99999999999999999999999 kB\n", PROCESS_RSS, &u));
	assert_false(process_usage_status("VmSize:\t 5 kB\n", PROCESS_RSS, &u));
	assert_false(process_usage_status("", PROCESS_RSS, &u));
	assert_true(process_usage_smaps(
	        "5500-ffff ---p 00000000 00:00 0 [rollup]\nRss:   900 kB\nPss:  321 kB\n", &u));
	assert_int_equal(u.rss_kb, 321);
	assert_false(process_usage_smaps("Rss:  900 kB\n", &u));
}

static void io_lines(void **state)
{
	struct process_usage u = {0};
	(void)state;
	assert_true(
	        process_usage_io("rchar: 1234\nwchar: 18446744073709551615\nsyscr: 5\nread_bytes: 0\n", &u));
	assert_int_equal(u.read, 1234);
	assert_true(u.written == UINT64_MAX);
	assert_false(process_usage_io("rchar: 1234\n", &u));
	assert_false(process_usage_io("rchar 1234\nwchar 5\n", &u));
}

/* A child that has touched so much, and told so. */
static void of_a_process(void **state)
{
	enum { MIB = 24 };
	struct process_usage u, shared, none;
	int ends[2], stop[2];
	char byte = 0;
	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(stop), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char *memory = malloc((size_t)MIB << 20);
		if (!memory)
			_exit(1);
		memset(memory, 1, (size_t)MIB << 20);
		/* What is read counts, wherever it comes from. */
		if (write(ends[1], memory, 100) != 100 || read(stop[0], &byte, 1) != 1)
			_exit(1);
		_exit(0);
	}
	char said[100];
	assert_int_equal(read(ends[0], said, sizeof(said)), sizeof(said));
	assert_true(process_usage_read(pid, PROCESS_RSS, &u));
	assert_true(u.rss_kb >= MIB * 1024u && u.rss_peak_kb >= u.rss_kb);
	assert_true(u.vm_kb >= u.rss_kb && u.vm_peak_kb >= u.vm_kb);
	assert_true(u.written >= sizeof(said));
	assert_true(process_usage_read(pid, PROCESS_PRIVATE, &shared));
	assert_true(shared.rss_kb >= MIB * 1024u && shared.rss_kb <= u.rss_kb);
	assert_int_equal(write(stop[1], &byte, 1), 1);
	/* Dead, and not waited for: its times and I/O are still there, its memory is not. */
	siginfo_t dead;
	assert_int_equal(waitid(P_PID, (id_t)pid, &dead, WEXITED | WNOWAIT), 0);
	assert_true(process_usage_read(pid, PROCESS_RSS, &u));
	assert_int_equal(u.vm_kb, 0);
	assert_true(u.written >= sizeof(said) && u.read >= 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_usage_read(pid, PROCESS_RSS, &none));
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(stop[i]);
	}
}

int main(void)
{
	const struct CMUnitTest all[] = {
	        cmocka_unit_test(stat_line),
	        cmocka_unit_test(status_lines),
	        cmocka_unit_test(io_lines),
	        cmocka_unit_test(of_a_process),
	};
	return cmocka_run_group_tests(all, NULL, NULL);
}
