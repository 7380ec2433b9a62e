/* The key file's checks, and what is derived from it: against formulas written out a second time here. */
#include "proto/key.h"

#include "core/util/arena.h"
#include "core/util/text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/proto_key.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	char command[80];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? 0 : -1;
}

static const char *at(const char *name)
{
	static char path[4][160];
	static unsigned turn;
	char *p = path[turn++ % 4];
	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static void write_file(const char *path, size_t n, mode_t mode)
{
	char *bytes = xcalloc(1, n + 1);
	memset(bytes, 'k', n);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	free(bytes);
}

/* Refused, with a text that names the file and contains `words`. */
static void refused(const char *path, const char *words)
{
	struct err err = {0};
	struct key_master *master = key_master_read(path, NULL, 0, &err);
	if (master)
		fail_msg("%s was accepted: expected a refusal about \"%s\"", path, words);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void accepted(const char *path)
{
	struct err err = {0};
	struct key_master *master = key_master_read(path, NULL, 0, &err);
	if (!master)
		fail_msg("%s", err.text);
	key_master_free(master);
}

/* What this process has read so far, of files and all else. */
static unsigned long long bytes_read(void)
{
	unsigned long long n = 0;
	FILE *f = fopen("/proc/self/io", "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "rchar: %llu", &n), 1);
	fclose(f);
	return n;
}

static void sizes(void **state)
{
	(void)state;
	write_file(at("k"), 31, 0400);
	refused(at("k"), "31 bytes");
	write_file(at("k"), 0, 0400);
	refused(at("k"), "0 bytes");
	unlink(at("k"));
	write_file(at("k"), 32, 0400);
	accepted(at("k"));
	unlink(at("k"));
	write_file(at("k"), 65536, 0600);
	accepted(at("k"));
	unlink(at("k"));
	write_file(at("k"), 65537, 0600);
	refused(at("k"), "65537 bytes");
	assert_int_equal(truncate(at("k"), 1 << 30), 0);
	unsigned long long before = bytes_read();
	refused(at("k"), "1073741824 bytes");
	assert_in_range(bytes_read() - before, 0, 65536); /* by its size alone */
	unlink(at("k"));
}

static void modes(void **state)
{
	(void)state;
	static const mode_t bad[] = {0440, 0404, 0620, 0602, 0610, 0601};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file(at("k"), 100, bad[i]);
		refused(at("k"), "chmod");
		unlink(at("k"));
	}
}

static void kinds_of_files(void **state)
{
	(void)state;
	write_file(at("real"), 100, 0400);
	assert_int_equal(symlink(at("real"), at("link")), 0);
	refused(at("link"), "symbolic link");
	assert_int_equal(mkfifo(at("fifo"), 0400), 0);
	refused(at("fifo"), "regular");
	assert_int_equal(mkdir(at("sub"), 0700), 0);
	refused(at("sub"), "regular");
	refused("/dev/zero", "regular");
	refused(at("nothing"), "No such file");
	unlink(at("real"));
}

static void foreign_owner(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("needs root: an owner can't be given away\n");
		skip();
	}
	write_file(at("k"), 100, 0400);
	assert_int_equal(chown(at("k"), 12345, 12345), 0);
	refused(at("k"), "12345");
	const uid_t allowed[] = {999, 12345};
	struct err err = {0};
	struct key_master *master = key_master_read(at("k"), allowed, 2, &err);
	assert_non_null(master);
	key_master_free(master);
	unlink(at("k"));
	assert_int_equal(mkdir(at("theirs"), 0755), 0);
	write_file(at("theirs/k"), 100, 0400);
	assert_int_equal(chown(at("theirs"), 12345, 12345), 0);
	refused(at("theirs/k"), "12345");
}

static void parents(void **state)
{
	(void)state;
	assert_int_equal(mkdir(at("a"), 0755), 0);
	assert_int_equal(mkdir(at("a/b"), 0755), 0);
	write_file(at("a/b/k"), 100, 0400);
	accepted(at("a/b/k"));
	assert_int_equal(chmod(at("a/b"), 0775), 0);
	refused(at("a/b/k"), "go-w");
	assert_int_equal(chmod(at("a/b"), 0755), 0);
	assert_int_equal(chmod(at("a"), 0757), 0);
	refused(at("a/b/k"), "go-w");
	/* A way in through a link is judged by where it leads, and by where it stands. */
	assert_int_equal(symlink(at("a/b"), at("short")), 0);
	refused(at("short/k"), "go-w");
	assert_int_equal(chmod(at("a"), 0755), 0);
	accepted(at("short/k"));
	assert_int_equal(mkdir(at("open"), 0700), 0);
	assert_int_equal(chmod(at("open"), 0777), 0);
	assert_int_equal(symlink(at("a/b"), at("open/way")), 0);
	refused(at("open/way/k"), "go-w");
}

/* FILE.next and FILE.prev are keys as FILE is: one that another can read or put there ends the start. */
static void neighbours(void **state)
{
	(void)state;
	static const char *const names[] = {"k.next", "k.prev"};
	uint8_t key[KEY_SIZE], id[KEY_ID_SIZE];
	struct err err = {0};
	write_file(at("k"), 100, 0400);
	write_file(at("other"), 200, 0400);
	struct key_master *master = key_master_read(at("other"), NULL, 0, &err);
	assert_non_null(master);
	memcpy(id, key_master_id(master), sizeof(id));
	key_master_free(master);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		write_file(at(names[i]), 200, 0440);
		refused(at("k"), "chmod");
		unlink(at(names[i]));
		write_file(at(names[i]), 31, 0400);
		refused(at("k"), "31 bytes");
		unlink(at(names[i]));
		assert_int_equal(symlink(at("other"), at(names[i])), 0);
		refused(at("k"), "symbolic link");
		unlink(at(names[i]));
		assert_int_equal(mkfifo(at(names[i]), 0400), 0);
		refused(at("k"), "regular");
		unlink(at(names[i]));
		write_file(at(names[i]), 200, 0400);
		master = key_master_read(at("k"), NULL, 0, &err);
		assert_non_null(master);
		/* Accepted beside FILE, which alone makes tickets. */
		assert_memory_not_equal(key_master_id(master), id, sizeof(id));
		assert_true(key_master_host(master, id, "lab", KEY_CLASS_WORKER, "n1", 0, key));
		key_master_free(master);
		unlink(at(names[i]));
	}
	unlink(at("k"));
	unlink(at("other"));
}

static void made(void **state)
{
	(void)state;
	struct err err = {0};
	struct stat st;
	assert_int_equal(key_file_make(at("new"), &err), 0);
	assert_int_equal(stat(at("new"), &st), 0);
	assert_int_equal(st.st_size, 1024);
	assert_int_equal(st.st_mode & 07777, 0400);
	accepted(at("new"));
	assert_int_equal(key_file_make(at("new"), &err), -1);
	assert_true(strstr(err.text, "exist") != NULL || err.code == ERR_EXISTS);
}

/* ---- derivations ---- */

static void hmac(const uint8_t *key, const struct text *message, uint8_t out[32])
{
	crypto_auth_hmacsha256(out, (const uint8_t *)message->s, message->len, key);
}

static void add_number(struct text *t, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		text_add_char(t, (char)(v >> (8 * i)));
}

static void add_string(struct text *t, const char *s)
{
	add_number(t, strlen(s), 4);
	text_add(t, s);
}

static const uint8_t FILE_BYTES[64] = "a key file with 64 bytes, the rest of them are zeros";

static void host_key(const char *cluster, uint32_t class, const char *name, uint32_t generation,
                     uint8_t out[32])
{
	crypto_auth_hmacsha256_state st;
	uint8_t prk[32];
	struct text m = TEXT_EMPTY;
	crypto_auth_hmacsha256_init(&st, (const uint8_t *)"batchbox/1 extract", 18);
	crypto_auth_hmacsha256_update(&st, FILE_BYTES, sizeof(FILE_BYTES));
	crypto_auth_hmacsha256_final(&st, prk);
	add_string(&m, "host");
	add_string(&m, cluster);
	add_number(&m, class, 4);
	add_string(&m, name);
	add_number(&m, generation, 4);
	hmac(prk, &m, out);
	text_free(&m);
}

static void derived(void **state)
{
	(void)state;
	struct err err = {0};
	struct key_master *master = key_master_from_bytes(FILE_BYTES, sizeof(FILE_BYTES), &err);
	struct key_host *worker = key_host_derive(master, "lab", KEY_CLASS_WORKER, "n1", 0, &err);
	const struct key_step_of of = {.instance = "0123456789abcde",
	                               .serial = 1ull << 40,
	                               .step_id = 3,
	                               .launch = 99,
	                               .uid = 1000,
	                               .rights = 5};
	uint8_t expected[32], k[32], got[32];
	struct text m = TEXT_EMPTY;
	host_key("lab", 2, "n1", 0, k);
	add_string(&m, "step");
	text_add_n(&m, (const char *)of.instance, 16);
	add_number(&m, of.serial, 8);
	add_number(&m, of.step_id, 4);
	add_number(&m, of.launch, 8);
	add_number(&m, of.uid, 4);
	add_number(&m, of.rights, 4);
	hmac(k, &m, expected);
	key_step_derive(worker, &of, got);
	assert_memory_equal(got, expected, 32);
	assert_string_equal(key_host_name(worker), "n1");
	assert_string_equal(key_host_cluster(worker), "lab");
	assert_int_equal(key_host_class(worker), KEY_CLASS_WORKER);
	text_free(&m);
	key_host_free(worker);
	key_master_free(master);
}

/* Every input of a derivation changes the result, and no two of them can be shifted into each other. */
static void all_differ(void **state)
{
	(void)state;
	static const struct {
		const char *cluster;
		enum key_class class;
		const char *name;
		uint32_t generation;
	} hosts[] = {{"lab", KEY_CLASS_WORKER, "n1", 0},     {"lab", KEY_CLASS_LOGIN, "n1", 0},
	             {"lab", KEY_CLASS_CONTROLLER, "n1", 0}, {"lab", KEY_CLASS_WORKER, "n2", 0},
	             {"lab", KEY_CLASS_WORKER, "n1", 1},     {"labn", KEY_CLASS_WORKER, "1", 0},
	             {"la", KEY_CLASS_WORKER, "bn1", 0},     {"bal", KEY_CLASS_WORKER, "n1", 0}};
	enum { HOSTS = sizeof(hosts) / sizeof(hosts[0]), STEPS = 7 };
	uint8_t keys[HOSTS * STEPS][32];
	size_t n = 0;
	struct err err = {0};
	struct key_master *master = key_master_from_bytes(FILE_BYTES, sizeof(FILE_BYTES), &err);
	for (size_t i = 0; i < HOSTS; i++) {
		struct key_host *key = key_host_derive(master, hosts[i].cluster, hosts[i].class,
		                                       hosts[i].name, hosts[i].generation, &err);
		for (int k = 0; k < STEPS; k++) {
			struct key_step_of of = {
			        .serial = 1, .step_id = 2, .launch = 3, .uid = 4, .rights = 1};
			of.serial += k == 1;
			of.step_id += k == 2;
			of.launch += k == 3;
			of.uid += k == 4;
			of.rights += k == 5 ? 2u : 0u;
			of.instance[0] = k == 6;
			key_step_derive(key, &of, keys[n++]);
		}
		key_host_free(key);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(keys[i], keys[k], 32);
	key_master_free(master);
}

static void key_ids(void **state)
{
	(void)state;
	struct err err = {0};
	uint8_t other[64];
	memcpy(other, FILE_BYTES, sizeof(other));
	other[63] ^= 1;
	struct key_master *a = key_master_from_bytes(FILE_BYTES, sizeof(FILE_BYTES), &err);
	struct key_master *b = key_master_from_bytes(other, sizeof(other), &err);
	assert_memory_not_equal(key_master_id(a), key_master_id(b), KEY_ID_SIZE);
	assert_null(key_master_from_bytes(FILE_BYTES, 31, &err));
	err_clear(&err);
	char name[KEY_NAME_MAX + 2];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_null(key_host_derive(a, "lab", KEY_CLASS_WORKER, name, 0, &err));
	err_clear(&err);
	assert_null(key_host_derive(a, name, KEY_CLASS_WORKER, "n1", 0, &err));
	key_master_free(a);
	key_master_free(b);
}

static int child_is_closed(void)
{
	struct err err = {0};
	struct rlimit core;
	if (key_init(&err) != 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 1;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
		return 2;
	return 0;
}

/* In a child: a process that can't be dumped can't be checked for leaks by the sanitizer either. */
static void no_core(void **state)
{
	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child_is_closed());
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(sizes),         cmocka_unit_test(modes),   cmocka_unit_test(kinds_of_files),
	        cmocka_unit_test(foreign_owner), cmocka_unit_test(parents), cmocka_unit_test(neighbours),
	        cmocka_unit_test(made),          cmocka_unit_test(derived), cmocka_unit_test(all_differ),
	        cmocka_unit_test(key_ids),       cmocka_unit_test(no_core),
	};
	if (sodium_init() < 0)
		return 1;
	umask(022);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
