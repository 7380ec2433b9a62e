/* Where each task goes: lists and files of hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/client/hostfile.h"
#include "core/util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void lists(void **state)
{
	static const struct {
		const char *list;
		uint32_t want;
		const char *all, *names;
		uint32_t count, nodes, most;
	} rows[] = {
	        {"b,a,b", 0, "b,a,b", "a,b", 3, 2, 2},
	        {"b,a,b", 2, "b,a", "a,b", 2, 2, 1},
	        {"n[3,1-2]", 0, "n[3,1-2]", "n[1-3]", 3, 3, 1},
	        {",,x,,", 0, "x", "x", 1, 1, 1},
	        {"n[1,1,1],n2", 0, "n[1,1,1-2]", "n[1-2]", 4, 2, 3},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena;
		struct hostfile h = {0};
		arena_init(&arena);
		assert_int_equal(hostfile_of_list(&h, rows[i].list, rows[i].want, &arena, NULL), 0);
		assert_string_equal(h.list, rows[i].all);
		assert_string_equal(h.names, rows[i].names);
		assert_int_equal(h.count, rows[i].count);
		assert_int_equal(h.nodes, rows[i].nodes);
		assert_int_equal(h.most, rows[i].most);
		arena_free(&arena);
	}
}

static void refused(const char *bytes, size_t n, uint32_t want, const char *words)
{
	char path[] = "/tmp/bb-hostfile-XXXXXX";
	struct arena arena;
	struct hostfile h = {0};
	struct err err = {0};
	int fd = mkstemp(path);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
	arena_init(&arena);
	int rc = hostfile_read(&h, path, want, &arena, &err);
	unlink(path);
	if (words) {
		assert_int_equal(rc, -1);
		assert_string_equal(err_text(&err), words);
	} else {
		assert_int_equal(rc, 0);
		assert_int_equal(h.count, 3);
	}
	arena_free(&arena);
}

static void files(void **state)
{
	(void)state;
	refused("a\nb\r\n c\t\n\n", 10, 0, NULL);
	refused("a b,c", 5, 3, NULL);
	refused("a\0,b\0,c", 7, 0, NULL);
	refused("", 0, 0, "Hostlist is empty!");
	refused("\n\n ,", 4, 0, "Hostlist is empty!");
	refused("a\nb\n", 4, 3, "Too few NodeNames in Slurm Hostfile");
	refused("n[1-99999999]", 13, 1, "the list of hosts names more than 1000000");
	struct hostfile h;
	struct arena arena;
	struct err err = {0};
	arena_init(&arena);
	assert_int_equal(hostfile_read(&h, "/nonexistent/hosts", 0, &arena, &err), -1);
	assert_string_equal(
	        err_text(&err),
	        "slurm_allocate_resources error opening file /nonexistent/hosts, No such file or directory");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest all[] = {cmocka_unit_test(lists), cmocka_unit_test(files)};
	return cmocka_run_group_tests(all, NULL, NULL);
}
