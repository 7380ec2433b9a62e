#include "applets/client/submit.h"
#include "core/util/arena.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRIPT_MAX (4u << 20) /* the real one's max_script_size */

static int read_all(int fd, const char *what, struct text *out, struct err *err)
{
	char buf[65536];
	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EISDIR)
			return 0; /* a directory is an empty script there */
		if (n < 0)
			return err_sys(err, errno, "Unable to read %s", what);
		if (n == 0)
			return 0;
		text_add_n(out, buf, (size_t)n);
		if (out->len > SCRIPT_MAX)
			return err_set(err, ERR_SCRIPT_TOO_LARGE, "Batch script %s is larger than %u bytes",
			               what, SCRIPT_MAX);
	}
}

static int check(const char *script, size_t n, struct err *err)
{
	if (n == 0)
		return err_set(err, ERR_INVALID, "Batch script is empty!");
	size_t blank = 0;
	while (blank < n && (script[blank] == ' ' || script[blank] == '\t' || script[blank] == '\n'))
		blank++;
	if (blank == n)
		return err_set(err, ERR_INVALID, "Batch script contains only whitespace!");
	if (n < 2 || script[0] != '#' || script[1] != '!') {
		log_error("This does not look like a batch script.  The first");
		log_error("line must start with #! followed by the path to an interpreter.");
		return err_set(err, ERR_INVALID, "For instance: #!/bin/sh");
	}
	if (memchr(script, '\0', n)) {
		log_error("The Slurm controller does not allow scripts that");
		return err_set(err, ERR_INVALID, "contain a NULL character '\\0'.");
	}
	const char *cr = memchr(script, '\r', n);
	if (cr && cr + 1 < script + n && cr[1] == '\n') {
		log_error("Batch script contains DOS line breaks (\\r\\n)");
		return err_set(err, ERR_INVALID, "instead of expected UNIX line breaks (\\n).");
	}
	return 0;
}

/* A file of that name in the directories of PATH that the user may read. */
static char *in_path(struct arena *arena, const char *name)
{
	char *rest = arena_strdup(arena, getenv("PATH"));
	while (rest) {
		const char *dir = text_split(&rest, ':');
		char *path = arena_printf(arena, "%s/%s", *dir ? dir : ".", name);
		struct stat st;
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, R_OK) == 0)
			return path;
	}
	return NULL;
}

char *script_path(struct arena *arena, const char *name, const char *work_dir)
{
	if (*name == '.' || *name == '/')
		return arena_strdup(arena, name);
	char *path = arena_printf(arena, "%s/%s", work_dir, name), *found = NULL;
	if (access(path, F_OK) == 0)
		return path;
	if (!strchr(name, '/'))
		found = in_path(arena, name);
	return found ? found : arena_strdup(arena, name);
}

int script_read(const char *path, char **script, size_t *n, struct err *err)
{
	struct text t = TEXT_EMPTY;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : 0;
	if (fd < 0)
		return err_set(err, ERR_INVALID, "Unable to open file %s", path);
	int rc = read_all(fd, path ? path : "standard input", &t, err);
	if (path)
		close(fd);
	if (rc == 0)
		rc = check(text_str(&t), t.len, err);
	if (rc != 0) {
		text_free(&t);
		return -1;
	}
	*n = t.len;
	*script = text_take(&t);
	return 0;
}
