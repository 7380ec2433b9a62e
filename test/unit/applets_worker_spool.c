/* The spool alone: records, what is remembered of acknowledged launches, and damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/worker/recordfile.h"
#include "applets/worker/spool.h"
#include "core/util/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char dir[64], path[128];
	struct spool spool;
};

static void reopen(struct place *p)
{
	struct err err = {0};
	spool_close(&p->spool);
	if (spool_open(&p->spool, p->path, geteuid(), &err) != 0)
		fail_msg("%s", err_text(&err));
}

static int set_up(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));
	struct err err = {0};
	text_copy(p->dir, sizeof(p->dir), "/tmp/bb-spool-XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/spool", p->dir);
	*state = p;
	return spool_open(&p->spool, p->path, geteuid(), &err);
}

static int tear_down(void **state)
{
	struct place *p = *state;
	spool_close(&p->spool);
	char *command = xprintf("rm -rf %s", p->dir);
	int rc = system(command);
	free(command);
	free(p);
	return rc;
}

/* A grant with everything that a spool looks at; of the arena. */
static struct step_grant *make_grant(struct arena *arena, uint64_t launch)
{
	struct step_grant *g = arena_alloc(arena, sizeof(*g));
	uint64_t seed = launch;
	schema_random(schema_of_step_grant(), g, &seed, arena);
	g->launch = launch;
	g->job_id = 42;
	g->who = arena_alloc(arena, sizeof(*g->who));
	schema_init(schema_of_identity(), g->who);
	g->who->uid = geteuid();
	g->who->gid = getegid();
	g->batch = arena_alloc(arena, sizeof(*g->batch));
	schema_init(schema_of_batch_launch(), g->batch);
	g->batch->script.v = arena_memdup(arena, "#!/bin/sh\n", 10);
	g->batch->script.n = 10;
	return g;
}

static void launches(void **state)
{
	struct place *p = *state;
	struct arena arena;
	struct launch_record record, read;
	struct err err = {0};
	struct stat st;
	char path[192];
	size_t n;
	pid_t pid;
	uint64_t start;
	arena_init(&arena);
	schema_init(schema_of_launch_record(), &record);
	record.grant = make_grant(&arena, 7);
	assert_int_equal(spool_record(&p->spool, &record, &err), 0);
	snprintf(path, sizeof(path), "%s/job00042/slurm_script", p->path);
	assert_string_equal(record.script_path, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(st.st_size, 10);
	free(record.script_path);
	reopen(p);
	uint64_t *all = spool_launches(&p->spool, &n);
	assert_int_equal(n, 1);
	assert_int_equal(all[0], 7);
	free(all);
	assert_int_equal(spool_read_grant(&p->spool, 7, &read, &err), 0);
	assert_int_equal(read.grant->launch, 7);
	assert_int_equal(read.grant->batch->script.n, 0);
	schema_free(schema_of_launch_record(), &read);
	assert_false(spool_read_shepherd(&p->spool, 7, &pid, &start));
	assert_true(spool_claim(&p->spool, 7));
	assert_false(spool_claim(&p->spool, 7));
	assert_true(spool_read_shepherd(&p->spool, 7, &pid, &start));
	assert_int_equal(pid, 0);
	spool_remove(&p->spool, 7, 42);
	assert_int_not_equal(stat(path, &st), 0);
	all = spool_launches(&p->spool, &n);
	assert_int_equal(n, 0);
	free(all);
	arena_free(&arena);
}

/* Whatever byte of a record changes, or where it is cut: it is not read. */
static void damage(void **state)
{
	struct place *p = *state;
	uint8_t instance[16] = {9, 8, 7};
	struct controller_record read;
	struct text bytes = TEXT_EMPTY;
	struct err err = {0};
	spool_write_controller(&p->spool, 12, instance);
	assert_int_equal(recordfile_slurp(p->spool.dir, "controller", 1000, &bytes, &err), 0);
	for (size_t i = 0; i < 2 * bytes.len; i++) {
		bool cut = i >= bytes.len;
		size_t at = cut ? i - bytes.len : i;
		int fd = openat(p->spool.dir, "controller", O_WRONLY | O_TRUNC | O_CLOEXEC);
		bytes.s[at] ^= cut ? 0 : 0x20;
		assert_true(write(fd, bytes.s, cut ? at : bytes.len) >= 0);
		bytes.s[at] ^= cut ? 0 : 0x20;
		close(fd);
		err_clear(&err);
		assert_int_equal(spool_read_controller(&p->spool, &read, &err), -1);
		assert_int_equal(err.code, ERR_CORRUPT);
	}
	text_free(&bytes);
	unlinkat(p->spool.dir, "controller", 0);
	err_clear(&err);
	assert_int_equal(spool_read_controller(&p->spool, &read, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void done_launches(void **state)
{
	struct place *p = *state;
	struct stat st;
	for (uint64_t i = 1; i <= SPOOL_DONE_MAX + 10; i++) {
		spool_mark_done(&p->spool, i);
		spool_mark_done(&p->spool, i);
	}
	for (int round = 0; round < 2; round++) {
		assert_false(spool_is_done(&p->spool, 10));
		assert_true(spool_is_done(&p->spool, 11));
		assert_true(spool_is_done(&p->spool, SPOOL_DONE_MAX + 10));
		reopen(p);
	}
	/* A crash in the middle of a write: the whole ones count. */
	assert_int_equal(write(p->spool.done, "abc", 3), 3);
	reopen(p);
	assert_true(spool_is_done(&p->spool, SPOOL_DONE_MAX + 10));
	assert_int_equal(fstat(p->spool.done, &st), 0);
	assert_int_equal(st.st_size % 8, 0);
	spool_mark_done(&p->spool, 1u << 20);
	reopen(p);
	assert_true(spool_is_done(&p->spool, 1u << 20));
	spool_forget_done(&p->spool);
	reopen(p);
	assert_false(spool_is_done(&p->spool, 1u << 20));
}

int main(void)
{
	log_init("test", LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(launches, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(damage, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(done_launches, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
