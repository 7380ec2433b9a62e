/* What tasks write, on its way to our stdout and stderr: whole lines at a time, so that those of several
 * tasks don't mix, and with the task's number before each (srun -l). */
#pragma once
#include "core/util/text.h"
#include "proto/messages.h"

#include <stdbool.h>

struct step_lines {
	bool label, unbuffered;
	uint32_t tasks; /* of the step: how wide a label is */
};

struct task_lines {
	struct text held[2]; /* unfinished lines of stdout and stderr */
};

/* m->fd is 1 or 2. What is unfinished waits for its end. */
void step_lines_take(const struct step_lines *how, struct task_lines *of, const struct step_output *m);
void step_lines_free(struct task_lines *of);
