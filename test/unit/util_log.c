#include "core/util/log.h"
#include "core/util/log_flags.h"
#include "core/util/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/util_log.XXXXXX";
static char path[64], rotated[64], stderr_path[64];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/log", dir);
	(void)snprintf(rotated, sizeof(rotated), "%s/log.1", dir);
	(void)snprintf(stderr_path, sizeof(stderr_path), "%s/stderr", dir);
	return 0;
}

static int drop_dir(void **state)
{
	(void)state;
	(void)log_open_file(NULL, LOG_LEVEL_QUIET, NULL);
	(void)unlink(path);
	(void)unlink(rotated);
	(void)unlink(stderr_path);
	return rmdir(dir);
}

static void read_file(const char *name, struct text *out)
{
	FILE *f = fopen(name, "re");
	assert_non_null(f);
	text_clear(out);
	for (int c; (c = getc(f)) != EOF;)
		text_add_char(out, (char)c);
	(void)fclose(f);
}

/* What `body` writes to stderr. */
static void capture(void (*body)(void), struct text *out)
{
	int saved = dup(STDERR_FILENO),
	    fd = open(stderr_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(saved >= 0 && fd >= 0);
	(void)dup2(fd, STDERR_FILENO);
	body();
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(fd);
	read_file(stderr_path, out);
}

static void all_levels(void)
{
	log_write(LOG_LEVEL_FATAL, "very bad");
	log_error("bad %d", 7);
	log_info("job 17 queued");
	log_verbose("v\n");
	log_debug("one");
	log_debug2("two");
	log_debug3("three");
	log_write(LOG_LEVEL_QUIET, "never");
}

static void on_stderr(void **state)
{
	(void)state;
	struct text out = TEXT_EMPTY;
	log_init("srun", LOG_LEVEL_INFO);
	capture(all_levels, &out);
	assert_string_equal(out.s, "srun: fatal: very bad\nsrun: error: bad 7\nsrun: job 17 queued\n");
	log_set_stderr_level(LOG_LEVEL_DEBUG2);
	assert_int_equal(log_stderr_level(), LOG_LEVEL_DEBUG2);
	capture(all_levels, &out);
	assert_string_equal(out.s, "srun: fatal: very bad\nsrun: error: bad 7\nsrun: job 17 queued\nsrun: v\n"
	                           "srun: debug:  one\nsrun: debug2: two\n");
	log_set_stderr_level(LOG_LEVEL_QUIET);
	capture(all_levels, &out);
	assert_string_equal(text_str(&out), "");
	text_free(&out);
}

static void hostile_text(void)
{
	log_error("two\nlines \x1b[2J \xc3\xa9 a\tb");
}

static void terminals_are_safe(void **state)
{
	(void)state;
	struct text out = TEXT_EMPTY;
	struct err err = {0};
	log_init("srun", LOG_LEVEL_INFO);
	assert_int_equal(log_open_file(path, LOG_LEVEL_INFO, &err), 0);
	capture(hostile_text, &out);
	assert_string_equal(out.s, "srun: error: two\nlines \\033[2J \xc3\xa9 a\tb\n");
	read_file(path, &out);
	assert_non_null(strstr(out.s, "error: two\\012lines \\033[2J \xc3\xa9 a\tb\n"));
	(void)log_open_file(NULL, LOG_LEVEL_QUIET, NULL);
	(void)unlink(path);
	text_free(&out);
}

static void expect_line(const char **at, const char *message)
{
	static const char shape[] = "[0000-00-00T00:00:00.000] ";
	for (const char *s = shape; *s; s++, (*at)++)
		assert_true(*s == '0' ? **at >= '0' && **at <= '9' : **at == *s);
	size_t n = strlen(message);
	assert_int_equal(strncmp(*at, message, n), 0);
	assert_int_equal((*at)[n], '\n');
	*at += n + 1;
}

static void in_a_file(void **state)
{
	(void)state;
	struct text out = TEXT_EMPTY;
	struct err err = {0};
	struct stat st;
	log_init("slurmctld", LOG_LEVEL_QUIET);
	assert_int_equal(log_file_fd(), -1);
	assert_int_equal(log_open_file(path, LOG_LEVEL_DEBUG, &err), 0);
	assert_true(log_file_fd() >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(fcntl(log_file_fd(), F_GETFD) & FD_CLOEXEC);
	all_levels();
	read_file(path, &out);
	const char *at = out.s;
	expect_line(&at, "fatal: very bad");
	expect_line(&at, "error: bad 7");
	expect_line(&at, "job 17 queued");
	expect_line(&at, "v");
	expect_line(&at, "debug:  one");
	assert_string_equal(at, "");

	/* A rotation: the old name goes on being written until the reopen. */
	assert_int_equal(rename(path, rotated), 0);
	log_info("old");
	log_reopen();
	log_info("new");
	read_file(rotated, &out);
	assert_non_null(strstr(out.s, "] old\n"));
	read_file(path, &out);
	at = out.s;
	expect_line(&at, "new");
	assert_string_equal(at, "");

	assert_int_equal(log_open_file(dir, LOG_LEVEL_INFO, &err), -1);
	err_clear(&err);
	assert_int_equal(log_open_file("/nonexistent/log", LOG_LEVEL_INFO, &err), -1);
	assert_non_null(strstr(err.text, "/nonexistent/log: No such file"));
	assert_true(log_file_fd() >= 0); /* the one before stays */
	assert_int_equal(log_open_file(NULL, LOG_LEVEL_QUIET, NULL), 0);
	assert_int_equal(log_file_fd(), -1);
	text_free(&out);
}

static void level_names(void **state)
{
	(void)state;
	enum log_level level;
	for (int i = LOG_LEVEL_QUIET; i <= LOG_LEVEL_DEBUG5; i++) {
		char digit[2] = {(char)('0' + i), '\0'};
		assert_true(log_level_parse(log_level_name((enum log_level)i), &level) && (int)level == i);
		assert_true(log_level_parse(digit, &level) && (int)level == i);
	}
	assert_true(log_level_parse("Debug2", &level) && level == LOG_LEVEL_DEBUG2);
	assert_false(log_level_parse("10", &level));
	assert_false(log_level_parse("loud", &level));
	assert_false(log_level_parse("", &level));
	assert_false(log_level_parse(NULL, &level));
	assert_string_equal(log_level_name((enum log_level)99), "unknown");
}

static void escapes(void **state)
{
	(void)state;
	char text[2000];
	assert_string_equal(log_escape("a\nb\\"), "a\\012b\\134");
	assert_string_equal(log_escape(NULL), "(null)");
	memset(text, '\n', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	const char *cut = log_escape(text);
	assert_true(strlen(cut) < 512);
	assert_string_equal(cut + strlen(cut) - 7, "\\012...");
	const char *several[8];
	for (int i = 0; i < 8; i++) {
		char s[2] = {(char)('a' + i), '\0'};
		several[i] = log_escape(s);
	}
	for (int i = 0; i < 8; i++)
		assert_true(several[i][0] == 'a' + i && several[i][1] == '\0');
}

static void once(void **state)
{
	(void)state;
	unsigned suppressed = 42;
	assert_true(log_once_in("10.0.0.1", 3600, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_false(log_once_in("10.0.0.1", 3600, &suppressed));
	assert_false(log_once_in("10.0.0.1", 3600, &suppressed));
	assert_true(log_once_in("10.0.0.2", 3600, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_true(log_once_in("10.0.0.1", 0, &suppressed)); /* the time is over */
	assert_int_equal(suppressed, 2);
	assert_true(log_once_in("10.0.0.1", 0, &suppressed));
	assert_int_equal(suppressed, 0);
	/* Any number of keys, of any length. */
	for (int i = 0; i < 1000; i++) {
		char key[200];
		(void)snprintf(key, sizeof(key), "%d-%0150d", i, i);
		assert_true(log_once_in(key, 3600, &suppressed));
		assert_false(log_once_in(key, 3600, &suppressed));
	}
}

#define THREADS 4
#define LINES   500

static void *write_lines(void *arg)
{
	for (int i = 0; i < LINES; i++) {
		unsigned suppressed;
		const char *name = log_escape(arg);
		(void)log_once_in(arg, 1, &suppressed);
		log_info("%s line %d of %s", name, i, log_escape(arg));
	}
	return NULL;
}

static void threads(void **state)
{
	(void)state;
	static char names[THREADS][8] = {"a\n", "bb\n", "ccc\n", "dddd\n"};
	pthread_t thread[THREADS];
	struct text out = TEXT_EMPTY;
	(void)unlink(path);
	log_init("x", LOG_LEVEL_QUIET);
	assert_int_equal(log_open_file(path, LOG_LEVEL_INFO, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, write_lines, names[i]), 0);
	for (int i = 0; i < 50; i++)
		log_reopen();
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	read_file(path, &out);
	int next[THREADS] = {0};
	const char *at = out.s;
	while (*at) {
		char expected[64];
		const char *name = strstr(at, "] ") + 2;
		size_t t = strcspn(name, "\\") - 1; /* "a" is thread 0, "bb" 1 ... */
		assert_true(t < THREADS);
		char plain[16];
		(void)snprintf(plain, sizeof(plain), "%.*s\\012", (int)t + 1, names[t]);
		(void)snprintf(expected, sizeof(expected), "%s line %d of %s", plain, next[t]++, plain);
		expect_line(&at, expected);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(next[i], LINES);
	text_free(&out);
}

/* A line of each LogTimeFormat; digits are 0, letters of a month's name x. */
static void time_formats(void **state)
{
	(void)state;
	static const struct {
		const char *word, *shape;
	} wanted[] = {
	        {"iso8601", "[0000-00-00T00:00:00] hello\n"},
	        {"iso8601_ms", "[0000-00-00T00:00:00.000] hello\n"},
	        {"rfc5424", "[0000-00-00T00:00:00+00:00] hello\n"},
	        {"rfc5424_ms", "[0000-00-00T00:00:00.000+00:00] hello\n"},
	        {"short", "[xxx 00 00:00:00] hello\n"},
	};
	struct text out = TEXT_EMPTY;
	log_init("x", LOG_LEVEL_QUIET);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		(void)unlink(path);
		assert_true(log_set_time_format(wanted[i].word));
		assert_int_equal(log_open_file(path, LOG_LEVEL_INFO, NULL), 0);
		log_info("hello");
		read_file(path, &out);
		bool in_stamp = true;
		for (char *c = out.s; *c; c++) {
			in_stamp = in_stamp && *c != ']';
			if (*c >= '0' && *c <= '9')
				*c = '0';
			else if (in_stamp && ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')) &&
			         *c != 'T')
				*c = 'x';
			else if (in_stamp && *c == '-' && c > out.s + 15)
				*c = '+'; /* west of Greenwich */
		}
		assert_string_equal(out.s, wanted[i].shape);
	}
	/* These have numbers of any length. */
	(void)unlink(path);
	assert_true(log_set_time_format("Clock"));
	assert_int_equal(log_open_file(path, LOG_LEVEL_INFO, NULL), 0);
	log_info("hello");
	assert_true(log_set_time_format("thread_id"));
	log_info("hello");
	read_file(path, &out);
	assert_int_equal(strspn(out.s, "[0123456789") + strlen("] hello\n"), strcspn(out.s, "\n") + 1);
	char pid[32];
	(void)snprintf(pid, sizeof(pid), " %5d ", (int)getpid());
	assert_non_null(strstr(strchr(out.s, '\n'), pid));
	assert_false(log_set_time_format("iso8602"));
	assert_true(log_set_time_format("iso8601_ms"));
	text_free(&out);
}

/* The socket of a daemon of syslog, that takes two lines and then no more. */
static void to_syslog(void **state)
{
	(void)state;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char line[600] = "";
	assert_true(text_copy(at.sun_path, sizeof(at.sun_path), path));
	(void)unlink(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	log_init("slurmx", LOG_LEVEL_QUIET);
	log_set_syslog(path, LOG_LEVEL_ERROR);
	log_info("not this");
	log_error("a\nb %d", 7);
	ssize_t n = recv(fd, line, sizeof(line) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	line[n] = '\0';
	char tail[80];
	(void)snprintf(tail, sizeof(tail), " slurmx[%d]: error: a\\012b 7", (int)getpid());
	assert_memory_equal(line, "<27>", 4); /* daemon, err */
	assert_string_equal(line + n - (ssize_t)strlen(tail), tail);
	assert_int_equal(recv(fd, line, sizeof(line), MSG_DONTWAIT), -1);
	/* One that is stuck holds nobody up. */
	for (int i = 0; i < 5000; i++)
		log_error("more");
	log_change_level(LOG_LEVEL_DEBUG);
	while (recv(fd, line, sizeof(line), MSG_DONTWAIT) > 0)
		;
	log_debug("now this");
	n = recv(fd, line, sizeof(line) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	line[n] = '\0';
	assert_non_null(strstr(line, "debug:  now this"));
	(void)close(fd);
	log_error("nobody there");
	log_set_syslog(NULL, LOG_LEVEL_QUIET);
}

static void flags(void **state)
{
	(void)state;
	uint64_t set;
	const char *bad = NULL;
	size_t n = 0;
	struct text out = TEXT_EMPTY;
	assert_true(log_flags_parse("gres,BACKFILL,,NO_CONF_HASH", &set, &bad, &n));
	log_flags_print(set, &out);
	assert_string_equal(out.s, "Backfill,Gres,NO_CONF_HASH");
	text_clear(&out);
	log_flags_print(log_flags_silent(set), &out);
	assert_string_equal(out.s, "Backfill,Gres");
	assert_false(log_flags_parse("Steps,Stepsx,foo", &set, &bad, &n));
	assert_int_equal(n, 6);
	assert_memory_equal(bad, "Stepsx", n);
	assert_true(log_flags_parse(NULL, &set, &bad, &n));
	assert_int_equal(set, 0);
	(void)unlink(path);
	log_init("x", LOG_LEVEL_QUIET);
	assert_int_equal(log_open_file(path, LOG_LEVEL_INFO, NULL), 0);
	log_flag(Steps, "not yet");
	assert_true(log_flags_parse("steps", &set, &bad, &n));
	log_set_flags(set);
	log_flag(Steps, "now");
	log_flag(TraceJobs, "not this");
	log_set_flags(0);
	read_file(path, &out);
	assert_non_null(strstr(out.s, "] now\n"));
	assert_null(strstr(out.s, "not"));
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(on_stderr), cmocka_unit_test(terminals_are_safe),
	        cmocka_unit_test(in_a_file), cmocka_unit_test(level_names),
	        cmocka_unit_test(escapes),   cmocka_unit_test(once),
	        cmocka_unit_test(threads),   cmocka_unit_test(time_formats),
	        cmocka_unit_test(to_syslog), cmocka_unit_test(flags),
	};
	return cmocka_run_group_tests_name("util_log", tests, make_dir, drop_dir);
}
