/* Any bytes are a TaskProlog's output: the environment stays a list of NAME=VALUE, and what is printed are
 * whole lines. */
#include "applets/worker/task_hooks.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const base[] = {"PATH=/bin", "A=1", NULL};
	struct task_env env;
	struct text out = TEXT_EMPTY;
	task_env_copy(&env, base);
	task_hook_output((const char *)data, size, &env, &out);
	for (size_t i = 0; i < env.n; i++)
		if (!env.v[i] || env.v[i][0] == '=' || !strchr(env.v[i], '=') || strchr(env.v[i], '\n'))
			abort();
	if (env.v[env.n] || (out.len > 0 && out.s[out.len - 1] != '\n') || out.len > size + 1)
		abort();
	task_env_free(&env);
	text_free(&out);
	return 0;
}
