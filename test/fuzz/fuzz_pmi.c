/* Any bytes come from a task on its PMI connection, in pieces: each is a request that is answered, or the end
 * of the connection; what waits stays within its limits. */
#include "applets/worker/pmi.h"

#include <stdlib.h>

#define PIECE 97

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pmi_step step = {.name = "7.0", .mapping = "(vector,(0,2,1))", .size = 2};
	struct pmi_task task = {.step = &step};
	enum pmi_event event = PMI_MORE;
	struct err err = {0};
	for (size_t at = 0; at < size && event != PMI_BROKEN; at += PIECE) {
		pmi_take(&task, data + at, size - at < PIECE ? size - at : PIECE);
		while ((event = pmi_next(&task, &err)) != PMI_MORE && event != PMI_BROKEN) {
			pmi_fence_over(&task, event == PMI_FENCE ? NULL : "lost");
			if (event == PMI_WAITS &&
			    pmi_kvs_put(&step.node, task.waits_for, "", false, &err) == 0)
				pmi_wake(&task);
			free(task.waits_for);
			task.waits_for = NULL;
			text_clear(&task.out);
		}
		if (step.kvs.bytes > PMI_KVS_MAX || task.in.len > 2 * PMI_REQUEST_MAX + PIECE)
			abort();
	}
	pmi_task_free(&task);
	pmi_kvs_free(&step.kvs);
	pmi_kvs_free(&step.node);
	return 0;
}
