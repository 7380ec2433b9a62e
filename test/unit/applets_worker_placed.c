/* A file that is there whole or not at all: what is in its place, links that lead elsewhere, nothing left
 * behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/worker/placed_file.h"
#include "core/util/arena.h"
#include "core/util/text.h"
#include "test/unit/user_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OTHER_UID 64998

struct place {
	char dir[64];
	struct placed_file f;
	struct err err;
};

static int set_up(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));
	text_copy(p->dir, sizeof(p->dir), "/tmp/bb-placed-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	placed_named_only = false;
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char *command = xprintf("rm -rf %s", p->dir);
	int rc = system(command);
	free(command);
	free(p);
	return rc;
}

static char *path_of(const struct place *p, const char *name)
{
	return xprintf("%s/%s", p->dir, name);
}

static void put(const struct place *p, const char *name, const char *text)
{
	char *path = path_of(p, name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static void holds(const struct place *p, const char *name, const char *text)
{
	char *path = path_of(p, name), got[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, got, sizeof(got) - 1) : -1;
	assert_true(n >= 0);
	assert_string_equal(got, text);
	close(fd);
	free(path);
}

static int begin(struct place *p, const char *name, bool replace)
{
	char *path = path_of(p, name);
	err_clear(&p->err);
	int rc = placed_begin(&p->f, path, 3, replace, &p->err);
	free(path);
	return rc;
}

static int all_of_it(struct place *p, const char *name, bool replace)
{
	int rc = begin(p, name, replace);
	if (rc == 0)
		rc = placed_write(&p->f, "new", 3, &p->err);
	if (rc == 0)
		rc = placed_attributes(&p->f, 0640, NULL, &p->err);
	if (rc == 0)
		rc = placed_commit(&p->f, &p->err);
	int error = p->f.error;
	placed_close(&p->f);
	return rc == 0 ? 0 : error;
}

/* How many entries the directory has. */
static int entries(const struct place *p)
{
	char *command = xprintf("exit $(ls -A %s | wc -l)", p->dir);
	int rc = system(command);
	free(command);
	return rc >> 8;
}

static void check_all(struct place *p)
{
	struct stat st;
	char *path = path_of(p, "file"), *symbolic = path_of(p, "link"), *hard = path_of(p, "hard"),
	     *fifo = path_of(p, "fifo"), *dir = path_of(p, "dir");
	assert_int_equal(all_of_it(p, "file", false), 0);
	holds(p, "file", "new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(all_of_it(p, "file", false), EEXIST);
	/* What else has that file, or is linked from its place, stays as it was. */
	put(p, "other", "old");
	put(p, "file", "old");
	assert_int_equal(link(path, hard), 0);
	assert_int_equal(symlink("other", symbolic), 0);
	assert_int_equal(all_of_it(p, "file", true), 0);
	assert_int_equal(all_of_it(p, "link", false), EEXIST);
	assert_int_equal(all_of_it(p, "link", true), 0);
	holds(p, "file", "new");
	holds(p, "link", "new");
	holds(p, "hard", "old");
	holds(p, "other", "old");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(all_of_it(p, "fifo", true), EEXIST);
	assert_int_equal(all_of_it(p, "dir", true), EISDIR);
	assert_int_equal(all_of_it(p, "dir", false), EEXIST);
	assert_int_equal(all_of_it(p, "none/file", false), ENOENT);
	assert_int_equal(all_of_it(p, "file/file", false), ENOTDIR);
	assert_int_equal(all_of_it(p, "..", false), EISDIR);
	assert_int_equal(chmod(dir, 0500), 0);
	assert_int_equal(all_of_it(p, "dir/file", false), EACCES);
	assert_int_equal(entries(p), 6);
	/* Somebody is quicker. */
	assert_int_equal(begin(p, "late", false), 0);
	put(p, "late", "old");
	assert_int_equal(placed_commit(&p->f, &p->err), -1);
	assert_int_equal(p->f.error, EEXIST);
	placed_close(&p->f);
	holds(p, "late", "old");
	assert_int_equal(entries(p), 7);
	/* So was somebody who brought the same: another node with the same directory. */
	assert_int_equal(begin(p, "twice", false), 0);
	assert_int_equal(placed_write(&p->f, "new", 3, &p->err), 0);
	put(p, "twice", "new");
	assert_int_equal(placed_commit(&p->f, &p->err), 0);
	placed_close(&p->f);
	holds(p, "twice", "new");
	assert_int_equal(entries(p), 8);
	/* Given up. */
	assert_int_equal(begin(p, "never", true), 0);
	assert_int_equal(placed_write(&p->f, "n", 1, &p->err), 0);
	placed_close(&p->f);
	assert_int_equal(entries(p), 8);
	free(path);
	free(symbolic);
	free(hard);
	free(fifo);
	free(dir);
}

static void without_a_name(void **state)
{
	check_all(*state);
}

static void where_each_file_has_one(void **state)
{
	placed_named_only = true;
	check_all(*state);
}

static void not_from_the_root(void **state)
{
	struct place *p = *state;
	assert_int_equal(placed_begin(&p->f, "relative", 3, false, &p->err), -1);
	assert_int_equal(p->f.error, EINVAL);
	placed_close(&p->f);
}

static void too_large(void **state)
{
	struct place *p = *state;
	char *path = path_of(p, "large");
	assert_int_equal(placed_begin(&p->f, path, UINT64_MAX, false, &p->err), -1);
	assert_int_equal(p->f.error, EFBIG);
	placed_close(&p->f);
	assert_int_equal(entries(p), 0);
	free(path);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(without_a_name),
	        T(where_each_file_has_one),
	        T(not_from_the_root),
	        T(too_large),
	};
	/* For root no directory is closed. */
	return become_ordinary(OTHER_UID) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
