#include "proto/fault.h"

#ifdef BATCHBOX_FAULTS
#include "core/util/log.h"
#include "core/util/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A trimmed line; false when there is no such file. */
static bool read_small(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	const char *trimmed = text_trim(buf);
	memmove(buf, trimmed, strlen(trimmed) + 1);
	return true;
}

void fault_point(const char *what)
{
	static atomic_uint_least64_t count;
	const char *path = getenv("BATCHBOX_FAULT_FILE");
	uint64_t at, now = atomic_fetch_add(&count, 1) + 1;
	if (!path)
		return;
	char buf[32];
	if (!read_small(path, buf, sizeof(buf)) || !text_to_u64(buf, &at) || at != now)
		return;
	unlink(path);
	log_info("fault point %llu: %s", (unsigned long long)now, what);
	kill(getpid(), SIGKILL);
	pause();
}

int64_t fault_clock_offset(void)
{
	const char *text = getenv("BATCHBOX_CLOCK_OFFSET"), *path = getenv("BATCHBOX_CLOCK_FILE");
	char buf[32];
	int64_t seconds = 0;
	if (path && read_small(path, buf, sizeof(buf)))
		text = buf;
	return text && text_to_i64(text, &seconds) ? seconds * 1000000 : 0;
}
#endif
