/* A file of srun --multi-prog of any bytes: programs for all tasks, or one error. */
#include "applets/client/multi_prog.h"
#include "core/util/log.h"

#include <stdlib.h>

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct multi_prog m;
	struct err err = {0};
	log_init("srun", LOG_LEVEL_QUIET);
	arena_init(&arena);
	const char *text = arena_strndup(&arena, (const char *)data, size);
	const uint32_t tasks = size % 64;
	if (multi_prog_parse(&m, text, "f", tasks, &arena, &err) != 0)
		check(err.text[0]);
	else
		for (uint32_t i = 0; i < m.tasks && i < 64; i++) {
			const struct schema_strs argv = multi_prog_argv(&m, i, NULL, &arena);
			for (uint32_t k = 0; k < argv.n; k++)
				check(argv.v[k] != NULL);
		}
	check(m.tasks >= tasks);
	arena_free(&arena);
	return 0;
}
