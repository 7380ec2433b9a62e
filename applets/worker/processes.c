#include "applets/worker/processes.h"

#include "core/util/arena.h"
#include "core/util/map.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENVIRON_MAX (8u << 20) /* more than execve takes */

static ssize_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

bool process_read(pid_t pid, struct process *out)
{
	char path[64], buf[1024];
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (read_file(path, buf, sizeof(buf)) <= 0)
		return false;
	/* The name is in parentheses and may itself contain some. */
	char *rest = strrchr(buf, ')');
	long ppid, pgid, sid;
	unsigned long long start;
	if (!rest ||
	    sscanf(rest + 1,
	           " %c %ld %ld %ld %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
	           &out->state, &ppid, &pgid, &sid, &start) != 5)
		return false;
	out->pid = pid;
	out->ppid = (pid_t)ppid;
	out->pgid = (pid_t)pgid;
	out->sid = (pid_t)sid;
	out->start = start;
	return true;
}

bool process_environment(pid_t pid, struct text *out)
{
	char path[64], buf[16384];
	snprintf(path, sizeof(path), "/proc/%ld/environ", (long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	for (ssize_t n; (n = read(fd, buf, sizeof(buf))) > 0 && out->len < ENVIRON_MAX;)
		text_add_n(out, buf, (size_t)n);
	close(fd);
	return out->len > 0;
}

const char *environment_value(const struct text *environment, const char *name)
{
	size_t n = strlen(name);
	for (size_t at = 0; at < environment->len; at += strlen(environment->s + at) + 1)
		if (strncmp(environment->s + at, name, n) == 0 && environment->s[at + n] == '=')
			return environment->s + at + n + 1;
	return NULL;
}

void processes_each(bool (*fn)(void *ctx, const struct process *p), void *ctx)
{
	DIR *proc = opendir("/proc");
	if (!proc)
		return;
	for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
		uint32_t pid;
		struct process p;
		if (text_to_u32(entry->d_name, &pid) && process_read((pid_t)pid, &p) && !fn(ctx, &p))
			break;
	}
	closedir(proc);
}

struct process_table {
	struct process *v;
	size_t n, cap;
	struct map by_pid;
};

static bool collect(void *ctx, const struct process *p)
{
	struct process_table *t = ctx;
	t->v = xgrow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = *p;
	return true;
}

struct process_table *process_table_new(void)
{
	struct process_table *t = xcalloc(1, sizeof(*t));
	processes_each(collect, t);
	map_init_u64(&t->by_pid);
	for (size_t i = 0; i < t->n; i++)
		map_put(&t->by_pid, (uint64_t)t->v[i].pid, &t->v[i]);
	return t;
}

void process_table_free(struct process_table *t)
{
	map_free(&t->by_pid);
	free(t->v);
	free(t);
}

/* The table is no snapshot, so a chain may lead in a circle: no longer chain than there are processes. */
pid_t process_table_branch(const struct process_table *t, pid_t pid, pid_t root)
{
	const struct process *p = map_get(&t->by_pid, (uint64_t)pid);
	for (size_t i = 0; p && i < t->n; i++) {
		if (p->ppid == root)
			return p->pid;
		p = map_get(&t->by_pid, (uint64_t)p->ppid);
	}
	return 0;
}

bool process_table_descends(const struct process_table *t, pid_t pid, pid_t root)
{
	return process_table_branch(t, pid, root) != 0;
}

const struct process *process_table_at(const struct process_table *t, size_t i)
{
	return i < t->n ? &t->v[i] : NULL;
}

size_t processes_signal_descendants(pid_t root, int signo)
{
	struct process_table *t = process_table_new();
	size_t living = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct process *p = &t->v[i];
		if (p->pid != root && process_table_descends(t, p->pid, root) && kill(p->pid, signo) == 0 &&
		    p->state != 'Z')
			living++;
	}
	process_table_free(t);
	return living;
}
