#include "applets/common/getent.h"

#include "core/util/log.h"
#include "proto/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GETENT_LIMIT_US 5000000
#define GETENT_BYTES    65536

/* A name that could be an option, a path or a second line is never given to another program. */
static bool key_is_plain(const char *key)
{
	size_t n = strlen(key);
	if (n == 0 || n > 255 || key[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)key[i];
		if (c <= ' ' || c == 0x7f || strchr(":/'\"`$;&|<>*?", c))
			return false;
	}
	return true;
}

static const char *getent_path(void)
{
	static const char *const paths[] = {"/usr/bin/getent", "/bin/getent"};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

/* Reads until the end, the size limit or the time limit; false when a limit was hit. */
static bool read_limited(int fd, struct text *out)
{
	int64_t until = loop_clock() + GETENT_LIMIT_US;
	char buf[4096];
	for (;;) {
		int64_t left = until - loop_clock();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (left <= 0 || poll(&p, 1, (int)(left / 1000) + 1) == 0)
			return false;
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text_add_n(out, buf, (size_t)n);
			if (out->len > GETENT_BYTES)
				return false;
		}
	}
}

static bool keep_first_line(struct text *out)
{
	if (out->len == 0)
		return false;
	char *end = memchr(out->s, '\n', out->len);
	if (!end || memchr(out->s, '\0', (size_t)(end - out->s)))
		return false;
	*end = '\0';
	out->len = (size_t)(end - out->s);
	for (size_t i = 0; i < out->len; i++)
		if ((unsigned char)out->s[i] < ' ' || out->s[i] == 0x7f)
			return false;
	return out->len > 0;
}

bool getent_line(const char *database, const char *key, struct text *out)
{
	const char *path = getent_path();
	int ends[2];
	if (!path || !key_is_plain(key) || pipe2(ends, O_CLOEXEC) != 0)
		return false;
	char name[] = "getent", dashes[] = "--", base[32], word[256];
	char *argv[] = {name, base, dashes, word, NULL}, *envp[] = {NULL};
	posix_spawn_file_actions_t files;
	pid_t pid = -1;
	int rc = -1;
	if (text_copy(base, sizeof(base), database) && text_copy(word, sizeof(word), key) &&
	    posix_spawn_file_actions_init(&files) == 0) {
		posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&files, ends[1], 1);
		posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
		rc = posix_spawn(&pid, path, &files, NULL, argv, envp);
		posix_spawn_file_actions_destroy(&files);
	}
	close(ends[1]);
	bool ok = rc == 0 && read_limited(ends[0], out);
	close(ends[0]);
	if (rc != 0)
		return false;
	if (!ok) {
		kill(pid, SIGKILL);
		log_error("getent %s gave no usable answer within its limits", database);
	}
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return ok && WIFEXITED(status) && WEXITSTATUS(status) == 0 && keep_first_line(out);
}
