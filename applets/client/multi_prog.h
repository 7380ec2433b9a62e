/* srun --multi-prog: a file that says which task runs which program. */
#pragma once
#include "core/util/arena.h"
#include "core/util/err.h"
#include "proto/messages.h"

struct multi_prog_task {
	const char
	        *command; /* program and arguments, not taken apart; it ends as the line does; NULL: none */
	uint32_t offset;  /* its place within its line's ranks; of '*', its number */
};

struct multi_prog {
	struct multi_prog_task *v; /* by task */
	uint32_t tasks;
};

/* Parses text, which must outlive *m. name: the file's, for messages. tasks 0: as many as it names. -1 when
 * it is wrong, or has no record for a task; in the real one's words, of which the first may have been logged.
 */
int multi_prog_parse(struct multi_prog *m, const char *text, const char *name, uint32_t tasks,
                     struct arena *arena, struct err *err);
/* The same with the file. */
int multi_prog_read(struct multi_prog *m, const char *name, uint32_t tasks, struct arena *arena,
                    struct err *err);
/* What one task runs, with more[], which ends with NULL, after it. No words at all: none can be made out. */
struct schema_strs multi_prog_argv(const struct multi_prog *m, uint32_t task, char *const *more,
                                   struct arena *arena);
