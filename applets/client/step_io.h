/* A step as its srun sees it: connections to its shepherds, their output, our input, the tasks' ends. */
#pragma once
#include "applets/client/submit.h"

#include <stdbool.h>

struct step_io_conf {
	const struct step_ready *step;
	const struct step_launch
	        *launches; /* one for each of step->places; NULL: it runs already (sattach) */
	const char *cluster;
	struct client *controller; /* pushes about the job and the step come here; NULL: none */
	struct allocation *allocation;
	bool label, unbuffered, kill_on_bad_exit, quit_on_interrupt, disable_status;
	bool pty;        /* task 0 has a terminal; ours, where there is one, is taken for it */
	uint32_t wait_s; /* after the first task's end; CORE_NO_VAL or 0: for ever */
	uint32_t kill_wait_s;
	int64_t message_timeout_us; /* in which a worker that is dialled must be there */
	bool mpi;                   /* --mpi=pmi2 */
	int stdin_fd;               /* -1: none */
	uint32_t only_output_of, only_error_of, only_input_for; /* a task; CORE_NO_VAL: all */
	unsigned verbose;
};

/* Runs the step to its end. Its exit code: the highest of the tasks' (128 + signal). *wait_status: the same
 * as wait(2) has it. */
int step_io_run(const struct step_io_conf *conf, uint32_t *wait_status);
