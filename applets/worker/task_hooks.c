#include "applets/worker/task_hooks.h"

#include "core/util/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the environment ---- */

static size_t env_find(const struct task_env *env, const char *name, size_t n)
{
	size_t i = 0;
	while (i < env->n && !(strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '='))
		i++;
	return i;
}

static void env_put(struct task_env *env, const char *name, size_t n, const char *value, size_t len)
{
	size_t at = env_find(env, name, n);
	char *entry = xmalloc(n + len + 2);
	memcpy(entry, name, n);
	entry[n] = '=';
	memcpy(entry + n + 1, value, len);
	entry[n + 1 + len] = '\0';
	if (at == env->n) {
		env->v = xgrow(env->v, &env->cap, env->n + 2, sizeof(*env->v));
		env->v[++env->n] = NULL;
	} else {
		free(env->v[at]);
	}
	env->v[at] = entry;
}

static void env_unset(struct task_env *env, const char *name, size_t n)
{
	for (size_t at; (at = env_find(env, name, n)) < env->n;) {
		free(env->v[at]);
		memmove(env->v + at, env->v + at + 1, (env->n - at) * sizeof(*env->v));
		env->n--;
	}
}

void task_env_copy(struct task_env *env, char *const *from)
{
	*env = (struct task_env){0};
	env->v = xgrow(NULL, &env->cap, 1, sizeof(*env->v));
	for (; *from; from++) {
		env->v = xgrow(env->v, &env->cap, env->n + 2, sizeof(*env->v));
		env->v[env->n++] = xstrdup(*from);
	}
	env->v[env->n] = NULL;
}

void task_env_set(struct task_env *env, const char *name, const char *value)
{
	env_put(env, name, strlen(name), value, strlen(value));
}

void task_env_unset(struct task_env *env, const char *name)
{
	env_unset(env, name, strlen(name));
}

void task_env_free(struct task_env *env)
{
	for (size_t i = 0; i < env->n; i++)
		free(env->v[i]);
	free(env->v);
	*env = (struct task_env){0};
}

/* ---- what a prolog says ---- */

/* The words behind a line's first one; NULL: its first word is another. */
static const char *after(const char *line, size_t n, const char *word, size_t *left)
{
	size_t len = strlen(word);
	if (n <= len || memcmp(line, word, len) != 0 || line[len] != ' ')
		return NULL;
	*left = n - len - 1;
	return line + len + 1;
}

static void trim(const char **s, size_t *n)
{
	while (*n > 0 && (**s == ' ' || **s == '\t')) {
		(*s)++;
		(*n)--;
	}
	while (*n > 0 && ((*s)[*n - 1] == ' ' || (*s)[*n - 1] == '\t'))
		(*n)--;
}

static void take_line(const char *line, size_t n, struct task_env *env, struct text *out)
{
	size_t left;
	const char *rest, *equals;
	if (memchr(line, '\0', n))
		return; /* it can't be in an environment */
	if ((rest = after(line, n, "print", &left))) {
		trim(&rest, &left);
		text_add_n(out, rest, left);
		if (left > 0)
			text_add_char(out, '\n');
	} else if ((rest = after(line, n, "export", &left)) && (equals = memchr(rest, '=', left))) {
		size_t name = (size_t)(equals - rest), value = left - name - 1;
		trim(&rest, &name);
		if (name > 0)
			env_put(env, rest, name, equals + 1, value);
	} else if ((rest = after(line, n, "unset", &left))) {
		trim(&rest, &left);
		if (left > 0 && !memchr(rest, '=', left))
			env_unset(env, rest, left);
	}
}

void task_hook_output(const char *output, size_t n, struct task_env *env, struct text *out)
{
	while (n > 0) {
		const char *end = memchr(output, '\n', n);
		size_t len = end ? (size_t)(end - output) : n, used = len + (end != NULL);
		take_line(output, len, env, out);
		output += used;
		n -= used;
	}
}

/* ---- running ---- */

static void read_all(int fd, struct text *out)
{
	char buf[4096];
	for (ssize_t n; (n = read(fd, buf, sizeof(buf))) != 0;) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		/* What is too much is read all the same: a prolog that writes must not hang. */
		if (out->len < TASK_HOOK_OUTPUT_MAX)
			text_add_n(out, buf, (size_t)n);
	}
}

void task_hook_exec(const char *path, char *const *env, int out)
{
	char *argv[] = {(char *)(uintptr_t)path, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(out >= 0 ? out : null, 1) >= 0 && dup2(null, 2) >= 0)
		execve(path, argv, env);
	_exit(127);
}

int task_hook_run(const char *path, char *const *env, struct text *output, int *status)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	pid_t pid = fork();
	if (pid == 0)
		task_hook_exec(path, env, ends[1]);
	int rc = pid < 0 ? errno : 0;
	close(ends[1]);
	if (rc == 0)
		read_all(ends[0], output);
	close(ends[0]);
	while (rc == 0 && waitpid(pid, status, 0) < 0)
		rc = errno == EINTR ? 0 : errno;
	return rc;
}
