#include "applets/client/task_end.h"

#include "core/records.h"
#include "core/util/arena.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

const char *task_end_words(int status, struct text *out)
{
	if (core_status_signal((uint32_t)status) == CORE_SIGNAL_OOM) {
		text_add(out, "Out Of Memory");
	} else if (WIFSIGNALED(status)) {
		text_add(out, strsignal(WTERMSIG(status)));
		if (WCOREDUMP(status))
			text_add(out, " (core dumped)");
	} else {
		text_printf(out, "Exited with exit code %d", WEXITSTATUS(status));
	}
	return text_str(out);
}

void task_end_names(struct text *out, const uint32_t *numbers, uint32_t n)
{
	text_add(out, n == 1 ? "task " : "tasks ");
	for (uint32_t i = 0; i < n;) {
		uint32_t last = i;
		while (last + 1 < n && numbers[last + 1] == numbers[last] + 1)
			last++;
		text_printf(out, "%s%" PRIu32, i ? "," : "", numbers[i]);
		if (last > i)
			text_printf(out, "-%" PRIu32, numbers[last]);
		i = last + 1;
	}
}

int task_end_code(int status)
{
	if (core_status_signal((uint32_t)status) == CORE_SIGNAL_OOM)
		return 1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* As the real sattach: of an end by a signal it says nothing. */
void task_end_report_others(const struct step_task_exit *m)
{
	for (uint32_t i = 0; i < m->tasks.n; i++)
		if (WIFEXITED((int)m->tasks.v[i].status) && m->tasks.v[i].status != 0)
			log_error("task %" PRIu32 " exited with exit code %d", m->tasks.v[i].task,
			          WEXITSTATUS((int)m->tasks.v[i].status));
}

void task_end_report(const char *node, const struct step_task_exit *m, unsigned verbose)
{
	bool *said = xcalloc(m->tasks.n + 1, sizeof(*said));
	uint32_t *numbers = xcalloc(m->tasks.n + 1, sizeof(*numbers));
	for (uint32_t i = 0; i < m->tasks.n; i++) {
		uint32_t n = 0;
		if (said[i] || (m->tasks.v[i].status == 0 && verbose == 0))
			continue;
		for (uint32_t k = i; k < m->tasks.n; k++) {
			if (m->tasks.v[k].status != m->tasks.v[i].status)
				continue;
			numbers[n++] = m->tasks.v[k].task;
			said[k] = true;
		}
		struct text who = TEXT_EMPTY, what = TEXT_EMPTY;
		task_end_names(&who, numbers, n);
		if (m->tasks.v[i].status)
			log_error("%s: %s: %s", node, text_str(&who),
			          task_end_words((int)m->tasks.v[i].status, &what));
		else
			log_verbose("%s: %s: Completed", node, text_str(&who));
		text_free(&who);
		text_free(&what);
	}
	free(said);
	free(numbers);
}
