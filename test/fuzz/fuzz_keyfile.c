/* A key file of any content, size and mode: a key, or an error; the same key for the same bytes, and only
 * with a mode of its own. */
#include "proto/key.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void remove_file(void)
{
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

static void start(void)
{
	check(sodium_init() >= 0);
	snprintf(path, sizeof(path), "/tmp/fuzz_keyfile.XXXXXX");
	check(mkdtemp(path) != NULL);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/key");
	atexit(remove_file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!*path)
		start();
	if (size < 2)
		return 0;
	struct err err = {0};
	mode_t mode = (mode_t)(data[0] << 1 | data[1]) & 0777;
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	check(fd >= 0);
	check(write(fd, data + 2, size - 2) == (ssize_t)(size - 2));
	check(fchmod(fd, mode) == 0);
	close(fd);
	struct key_master *master = key_master_read(path, NULL, 0, &err);
	struct key_master *direct = key_master_from_bytes(data + 2, size - 2, NULL);
	if (master) {
		check((mode & 077) == 0 && direct &&
		      memcmp(key_master_id(master), key_master_id(direct), KEY_ID_SIZE) == 0);
		key_master_free(master);
	} else {
		check(err.code != 0 && err.text[0]);
	}
	if (direct)
		key_master_free(direct);
	return 0;
}
