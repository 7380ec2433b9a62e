/* What the files of a step's srun share: step_io.c (connections, ends, signals) and step_input.c (our input).
 */
#pragma once
#include "applets/client/step_io.h"
#include "applets/client/step_lines.h"
#include "core/util/arena.h"
#include "proto/loop.h"

enum place_state { PLACE_DIALLING, PLACE_OPEN, PLACE_RUNNING, PLACE_DONE };

struct place {
	struct step_io *io;
	const struct step_place *info;
	struct conn *conn;
	enum place_state state;
	uint32_t tasks_left;
	uint64_t input_out; /* bytes of input on the way, not credited */
	int64_t give_up;    /* when, since no connection could be had; 0: there is one, or none was tried */
	struct loop_timer *redial;
	uint64_t output_got; /* bytes */
};

struct task {
	uint32_t number, status;
	struct place *place;
	bool ended;
	struct task_lines lines;
};

struct step_io {
	const struct step_io_conf *conf;
	struct loop *loop;
	struct place *places;
	uint32_t place_count, places_done;
	struct task *tasks; /* by global number */
	uint32_t task_count, tasks_ended;
	struct loop_fd *input, *controller;
	bool input_is_file, input_ended, aborting, lost_output;
	int64_t last_interrupt;
	int worst, worst_code;
	bool unbound; /* its tasks could not be bound to CPUs */
	struct loop_timer *wait_timer, *abort_timer;
	int signal_seen;
	struct step_lines lines;
	struct kvs_gather *gather; /* --mpi=pmi2; else NULL */
	struct arena arena;        /* of the message that is being dealt with */
};

/* Reads our input while every node that still runs has room for it, and sends it to all of them; else no
 * longer waits for it. To be called when room may have come or gone. */
void step_input_watch(struct step_io *io);
