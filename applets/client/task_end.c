#include "applets/client/task_end.h"

#include "core/records.h"

#include <inttypes.h>
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
