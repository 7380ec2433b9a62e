#include "proto/fault.h"

#ifdef BATCHBOX_FAULTS
#include "core/util/log.h"
#include "core/util/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

void fault_point(const char *what)
{
	static atomic_uint_least64_t count;
	const char *path = getenv("BATCHBOX_FAULT_FILE");
	uint64_t at, now = atomic_fetch_add(&count, 1) + 1;
	if (!path)
		return;
	char buf[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	if (!text_to_u64(text_trim(buf), &at) || at != now)
		return;
	unlink(path);
	log_info("fault point %llu: %s", (unsigned long long)now, what);
	kill(getpid(), SIGKILL);
	pause();
}

int64_t fault_clock_offset(void)
{
	const char *text = getenv("BATCHBOX_CLOCK_OFFSET");
	int64_t seconds = 0;
	return text && text_to_i64(text, &seconds) ? seconds * 1000000 : 0;
}
#endif
