#include "applets/worker/process_usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the files ---- */

#define STAT_MAJFLT 12 /* numbers of fields in stat, as proc(5) counts them */
#define STAT_UTIME  14
#define STAT_LAST   17

bool process_usage_stat(const char *text, uint64_t ticks, struct process_usage *out)
{
	/* The name is in parentheses and may itself contain some. */
	const char *p = strrchr(text, ')');
	uint64_t v[STAT_LAST + 1] = {0};
	if (!p || ticks == 0 || p[1] != ' ' || p[2] == '\0')
		return false;
	p += 3; /* behind the state, field 3 */
	for (unsigned field = 4; field <= STAT_LAST; field++) {
		char *end;
		if (*p != ' ')
			return false;
		long long n = strtoll(p, &end, 10);
		if (end == p)
			return false;
		v[field] = n > 0 ? (uint64_t)n : 0;
		p = end;
	}
	out->pages = v[STAT_MAJFLT] + v[STAT_MAJFLT + 1];
	out->user_us = (v[STAT_UTIME] + v[STAT_UTIME + 2]) * 1000000 / ticks;
	out->system_us = (v[STAT_UTIME + 1] + v[STAT_UTIME + 3]) * 1000000 / ticks;
	return true;
}

/* The number behind a line's name: "VmRSS:\t    1234 kB". */
static bool number_of(const char *text, const char *name, uint64_t *out)
{
	const size_t n = strlen(name);
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, n) != 0 || line[n] != ':')
			continue;
		const char *p = line + n + 1 + strspn(line + n + 1, " \t");
		char *end;
		errno = 0;
		unsigned long long value = strtoull(p, &end, 10);
		if (end == p || *p == '-' || errno != 0)
			return false;
		*out = value;
		return true;
	}
	return false;
}

bool process_usage_status(const char *text, enum process_memory memory, struct process_usage *out)
{
	/* A process without memory, as a dead one, has no such lines. */
	if (!number_of(text, "VmSize", &out->vm_kb))
		return false;
	if (!number_of(text, "VmPeak", &out->vm_peak_kb))
		out->vm_peak_kb = out->vm_kb;
	if (memory == PROCESS_PRIVATE)
		return number_of(text, "RssAnon", &out->rss_kb);
	if (!number_of(text, "VmRSS", &out->rss_kb))
		return false;
	if (memory == PROCESS_RSS && !number_of(text, "VmHWM", &out->rss_peak_kb))
		out->rss_peak_kb = out->rss_kb;
	return true;
}

bool process_usage_smaps(const char *text, struct process_usage *out)
{
	return number_of(text, "Pss", &out->rss_kb);
}

bool process_usage_io(const char *text, struct process_usage *out)
{
	return number_of(text, "rchar", &out->read) && number_of(text, "wchar", &out->written);
}

/* ---- reading them ---- */

static bool read_file(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	if (fd < 0)
		return false;
	for (ssize_t got; n < size - 1 && (got = read(fd, buf + n, size - 1 - n)) > 0;)
		n += (size_t)got;
	close(fd);
	buf[n] = '\0';
	return n > 0;
}

bool process_usage_read(pid_t pid, enum process_memory memory, struct process_usage *out)
{
	char buf[8192];
	const long ticks = sysconf(_SC_CLK_TCK);
	*out = (struct process_usage){0};
	if (!read_file(pid, "stat", buf, sizeof(buf)) ||
	    !process_usage_stat(buf, ticks > 0 ? (uint64_t)ticks : 100, out))
		return false;
	if (read_file(pid, "status", buf, sizeof(buf)))
		process_usage_status(buf, memory, out);
	if (memory == PROCESS_PSS && read_file(pid, "smaps_rollup", buf, sizeof(buf)))
		process_usage_smaps(buf, out);
	if (read_file(pid, "io", buf, sizeof(buf)))
		process_usage_io(buf, out);
	return true;
}
