/* How a task ended, as srun tells it. A status is wait(2)'s, or CORE_SIGNAL_OOM. */
#pragma once
#include "proto/messages.h"
#include "core/util/text.h"

/* "Killed", "Exited with exit code 3", "Out Of Memory", added to out, whose text is returned. */
const char *task_end_words(int status, struct text *out);
/* "task 0", "tasks 0-3,7" of those that ended alike. */
void task_end_names(struct text *out, const uint32_t *numbers, uint32_t n);
/* What srun exits with for it. */
int task_end_code(int status);
/* srun says how tasks of a node ended, with those that ended well too where it is verbose; sattach, of
 * another's. */
void task_end_report(const char *node, const struct step_task_exit *m, unsigned verbose);
void task_end_report_others(const struct step_task_exit *m);
