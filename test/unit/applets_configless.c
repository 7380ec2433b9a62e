/* What a configless daemon takes from the controller, and how it keeps it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/common/cluster_file.h"
#include "applets/common/configless.h"
#include "core/util/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char slurm_conf[] =
        "ClusterName=c\nSlurmctldHost=head\nNodeName=n1\nProlog=/bin/p\nInclude more.conf\n";
static char dir[64], cache[80];
static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena);
	text_copy(dir, sizeof(dir), "/tmp/batchbox-configless-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(cache, sizeof(cache), "%s/cache", dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	char *rm = xprintf("rm -rf %s", dir);
	arena_free(&arena);
	int rc = system(rm); /* NOLINT(cert-env33-c): the test's own directory */
	free(rm);
	return rc;
}

/* NAME, TEXT, NAME, TEXT ... NULL */
static int take(struct conf_texts *texts, const struct conf_server *server, struct err *err, const char *name,
                ...)
{
	struct config_file v[8];
	struct config_file_list files = {v, 0};
	va_list ap;
	va_start(ap, name);
	for (; name; name = va_arg(ap, const char *)) {
		char *text = va_arg(ap, char *);
		v[files.n].name = (char *)(uintptr_t)name;
		v[files.n++].text = (struct schema_bytes){(uint8_t *)text, (uint32_t)strlen(text)};
	}
	va_end(ap);
	return configless_take(&files, server, &arena, texts, err);
}

static void names(void **state)
{
	(void)state;
	static const char *const bad[] = {"../x", "/etc/passwd", "",     ".new.slurm.conf", "a b",
	                                  "a\nb", "a/b",         "a\\b", "slurm.conf"};
	struct conf_texts texts;
	struct err err = {0};
	assert_int_equal(take(&texts, NULL, &err, "slurm.conf", "x", "a-1_b.conf", "y", NULL), 0);
	assert_int_equal(texts.n, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&err);
		assert_int_equal(take(&texts, NULL, &err, "slurm.conf", "x", bad[i], "y", NULL), -1);
		assert_non_null(strstr(err_text(&err), "a file with the name"));
	}
	assert_int_equal(take(&texts, NULL, &err, "other.conf", "x", NULL), -1);
	assert_int_equal(take(&texts, NULL, &err, NULL), -1);
}

/* Of batchbox.conf what is accepted comes through, and where the controller is; never a key's path. */
static void own_settings(void **state)
{
	(void)state;
	struct conf_texts texts;
	struct err err = {0};
	struct cluster_file file;
	const struct conf_server server = {"10.0.0.1", 7000};
	assert_int_equal(take(&texts, &server, &err, "slurm.conf", slurm_conf, "more.conf", "KillWait=9\n",
	                      "batchbox.conf",
	                      "[auth]\nkey_file = /tmp/evil\n[accept]\nunsafe = Prolog\n[configless]\nserver "
	                      "= evil:1\n",
	                      NULL),
	                 0);
	assert_int_equal(cluster_file_read_texts(&file, &texts), 0);
	assert_int_equal(cluster_file_check(&file), 0);
	assert_true(!file.own->key_file || strcmp(file.own->key_file, "/tmp/evil") != 0);
	assert_string_equal(file.own->unsafe, "Prolog");
	assert_string_equal(file.controller_addr, "10.0.0.1");
	assert_int_equal(file.controller_port, 7000);
	assert_string_equal(file.controller.name, "head");
	assert_int_equal(conf_u32(&file.conf, P_KillWait), 9);
	/* What this host would send on has neither. */
	struct conf_texts sent;
	cluster_file_texts(&file, &arena, &sent);
	assert_int_equal(sent.n, 3);
	const struct conf_text *own = conf_texts_find(&sent, "batchbox.conf");
	assert_non_null(own);
	assert_string_equal(own->text, "[accept]\nunsafe = Prolog\n");
	cluster_file_free(&file);
	assert_int_equal(take(&texts, NULL, &err, "slurm.conf", "x", "batchbox.conf", "[x]\n=", NULL), -1);
}

static void kept(void **state)
{
	(void)state;
	struct conf_texts texts, back, fewer;
	struct err err = {0};
	struct stat st;
	assert_int_equal(take(&texts, NULL, &err, "slurm.conf", slurm_conf, "more.conf", "KillWait=9\n",
	                      "a.conf", "", NULL),
	                 0);
	assert_int_equal(configless_load(cache, &arena, &back, &err), -1);
	assert_int_equal(configless_store(cache, &texts, &err), 0);
	assert_int_equal(configless_load(cache, &arena, &back, &err), 0);
	assert_string_equal(back.v[0].name, "slurm.conf");
	assert_true(configless_equal(&texts, &back));
	assert_int_equal(stat(cache, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	/* A file that a user may read stays one under any umask, and what is no more is removed. */
	umask(077);
	assert_int_equal(take(&fewer, NULL, &err, "slurm.conf", "x", NULL), 0);
	assert_int_equal(configless_store(cache, &fewer, &err), 0);
	umask(022);
	assert_int_equal(configless_load(cache, &arena, &back, &err), 0);
	assert_int_equal(back.n, 1);
	assert_false(configless_equal(&texts, &back));
	assert_true(configless_equal(&fewer, &back));
	char *path = xprintf("%s/slurm.conf", cache);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* A link in a file's place is replaced, not followed. */
	char *victim = xprintf("%s/victim", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(configless_store(cache, &fewer, &err), 0);
	assert_int_equal(access(victim, F_OK), -1);
	/* A directory that others may write is not ours. */
	assert_int_equal(chmod(cache, 0777), 0);
	assert_int_equal(configless_store(cache, &fewer, &err), -1);
	assert_int_equal(configless_load(cache, &arena, &back, &err), -1);
	assert_int_equal(chmod(cache, 0755), 0);
	/* Nor is one behind a link. */
	char *moved = xprintf("%s/moved", dir);
	assert_int_equal(rename(cache, moved), 0);
	assert_int_equal(symlink(moved, cache), 0);
	assert_int_equal(configless_store(cache, &fewer, &err), -1);
	free(moved);
	free(victim);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(names, begin, end),
	        cmocka_unit_test_setup_teardown(own_settings, begin, end),
	        cmocka_unit_test_setup_teardown(kept, begin, end),
	};
	log_init("applets_configless", LOG_LEVEL_QUIET);
	return cmocka_run_group_tests_name("applets_configless", tests, NULL, NULL);
}
