#include "applets/client/step_io_priv.h"

#include "applets/client/kvs_gather.h"
#include "applets/client/task_end.h"
#include "applets/client/terminal.h"

#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define GIVE_UP_US   15000000 /* a worker that is being restarted is there again by then */
#define REDIAL_US    100000
#define ABORT_WAIT_S 2 /* and KillWait */
#define INTERRUPT_US 1000000

#define SLURM_ERRNO_CPU_BIND 4032 /* what Slurm calls ERR_CPU_BIND */

/* ---- output ---- */

static void take_output(struct step_io *io, const struct step_output *m)
{
	const struct step_io_conf *conf = io->conf;
	const uint32_t only = m->fd == 1 ? conf->only_output_of : conf->only_error_of;
	if (m->task < io->task_count && (m->fd == 1 || m->fd == 2) &&
	    (only == CORE_NO_VAL || only == m->task))
		step_lines_take(&io->lines, &io->tasks[m->task].lines, m);
}

/* ---- ends of tasks ---- */

/* We hold a step that is ours; else it is another srun's (sattach). */
static bool is_ours(const struct step_io *io)
{
	return io->conf->launches != NULL;
}

static void step_signal_all(struct step_io *io, int signo)
{
	for (uint32_t i = 0; i < io->place_count; i++) {
		struct step_signal m = {.signal = (uint32_t)signo};
		if (io->places[i].conn && io->places[i].state != PLACE_DONE)
			conn_send(io->places[i].conn, MSG_step_signal, 0, &m);
	}
}

/* The controller ends the step: SIGTERM, KillWait, SIGKILL on every node. */
static void end_step(struct step_io *io, int signo)
{
	struct job_signal_request m;
	schema_init(schema_of_job_signal_request(), &m);
	m.job_id = io->conf->step->job_id;
	m.step_id = io->conf->step->step_id;
	m.signal = (uint32_t)signo;
	if (!io->conf->controller || client_send(io->conf->controller, MSG_job_signal_request, &m, NULL) != 0)
		step_signal_all(io, signo ? signo : SIGKILL);
}

static void abort_over(void *ctx)
{
	struct step_io *io = ctx;
	io->abort_timer = NULL;
	log_error("Timed out waiting for job step to complete");
	loop_stop(io->loop);
}

static void say_aborted(struct step_io *io)
{
	if (io->aborting)
		return;
	io->aborting = true;
	const uint32_t wait_s = io->conf->kill_wait_s + ABORT_WAIT_S;
	log_info("Job step aborted: Waiting up to %" PRIu32 " seconds for job step to finish.", wait_s);
	io->abort_timer = loop_add_timer(io->loop, (int64_t)(wait_s + 5) * 1000000, abort_over, io);
}

static void wait_over(void *ctx)
{
	struct step_io *io = ctx;
	io->wait_timer = NULL;
	log_info("First task exited %" PRIu32 "s ago", io->conf->wait_s);
	end_step(io, 0);
	say_aborted(io);
}

static void task_ended(struct step_io *io, const struct task_end *end)
{
	if (end->task >= io->task_count || io->tasks[end->task].ended)
		return;
	struct task *task = &io->tasks[end->task];
	int code = is_ours(io) || WIFEXITED((int)end->status) ? task_end_code((int)end->status) : 0;
	task->ended = true;
	task->status = end->status;
	task->place->tasks_left--;
	io->tasks_ended++;
	if (code > io->worst_code) {
		io->worst_code = code;
		io->worst = (int)end->status;
	}
	if (code != 0 && io->conf->kill_on_bad_exit && !io->aborting) {
		log_info("launch/slurm: _step_signal: Terminating StepId=%" PRIu32 ".%" PRIu32,
		         io->conf->step->job_id, io->conf->step->step_id);
		io->aborting = true;
		end_step(io, 0);
	}
	if (io->conf->wait_s && io->conf->wait_s != CORE_NO_VAL && !io->wait_timer &&
	    io->tasks_ended < io->task_count)
		io->wait_timer = loop_add_timer(io->loop, (int64_t)io->conf->wait_s * 1000000, wait_over, io);
}

/* MPI: a fence that a task asked for, and that never will be over, ends the step. */
static void abort_mpi(struct step_io *io, const char *why)
{
	if (io->aborting)
		return;
	if (why)
		log_error("mpi/pmi2: %s", why);
	end_step(io, SIGKILL);
	say_aborted(io);
}

static void mpi_check(struct step_io *io)
{
	for (uint32_t i = 0; io->gather && i < io->place_count; i++)
		if (io->places[i].state == PLACE_DONE && kvs_gather_waits_for(io->gather, i)) {
			char why[400];
			snprintf(why, sizeof(why), "tasks wait in a fence, and all of node %s have ended",
			         io->places[i].info->node);
			abort_mpi(io, why);
			return;
		}
}

static void send_kvs(void *ctx, uint32_t place, const struct step_kvs *m)
{
	const struct step_io *io = ctx;
	const struct place *p = &io->places[place];
	if (p->state != PLACE_DONE && p->conn)
		conn_send(p->conn, MSG_step_kvs, 0, m);
}

static void take_kvs(struct place *place, const struct step_kvs *m)
{
	struct step_io *io = place->io;
	struct err err = {0};
	if (!io->gather)
		return;
	if (kvs_gather_take(io->gather, (uint32_t)(place - io->places), m, &err) != 0)
		abort_mpi(io, err_text(&err));
	mpi_check(io);
}

static void place_done(struct place *place)
{
	struct step_io *io = place->io;
	if (place->state == PLACE_DONE)
		return;
	place->state = PLACE_DONE;
	loop_del_timer(io->loop, place->redial);
	place->redial = NULL;
	mpi_check(io);
	if (++io->places_done == io->place_count)
		loop_stop(io->loop);
}

/* ---- the terminal ---- */

static bool has_terminal(const struct place *place)
{
	return place->io->conf->pty && place->info->tasks.n > 0 && place->info->tasks.v[0] == 0;
}

static void send_size(const struct step_io *io)
{
	struct step_window m;
	schema_init(schema_of_step_window(), &m);
	if (!io->conf->pty || !terminal_size(&m.rows, &m.columns))
		return;
	for (uint32_t i = 0; i < io->place_count; i++)
		if (has_terminal(&io->places[i]) && io->places[i].conn &&
		    io->places[i].state == PLACE_RUNNING)
			conn_send(io->places[i].conn, MSG_step_window, 0, &m);
}

/* A node's part is over without its shepherd's word. */
static void place_lost(struct place *place, const char *why)
{
	struct step_io *io = place->io;
	if (place->state == PLACE_DONE)
		return;
	for (uint32_t i = 0; i < place->info->tasks.n; i++) {
		uint32_t n = place->info->tasks.v[i];
		if (n < io->task_count && !io->tasks[n].ended) {
			const struct task_end end = {.task = n, .status = SIGKILL};
			task_ended(io, &end);
		}
	}
	log_error("%s: %s", place->info->node, why);
	io->lost_output = true;
	place_done(place);
}

/* ---- a shepherd's session ---- */

static void on_opened(void *ctx, struct conn *conn)
{
	struct place *place = ctx;
	(void)conn;
	place->give_up = 0;
	if (place->state == PLACE_DIALLING)
		place->state = PLACE_OPEN;
}

static void on_running(struct place *place, const struct step_running *m)
{
	place->state = PLACE_RUNNING;
	if (has_terminal(place)) {
		terminal_take();
		send_size(place->io); /* it may have changed since the launch, or while we were cut off */
	}
	if (m->output_sent > place->output_got) {
		log_error("%s: %" PRIu64 " bytes of output were lost with the connection", place->info->node,
		          m->output_sent - place->output_got);
		place->io->lost_output = true;
	}
	place->output_got = m->output_sent;
	log_verbose("launch/slurm: _task_start: Node %s, %" PRIu32 " tasks started", place->info->node,
	            place->info->tasks.n);
}

static void say_message(struct step_io *io, const struct step_message *m)
{
	if (strstr(m->text, "CANCELLED AT"))
		say_aborted(io);
	fprintf(stderr, "%s%s", m->text, terminal_line_end());
}

/* The shepherd can't bind the tasks as it was asked to: nothing is run, on other nodes neither. */
static void say_unbound(struct step_io *io, const struct place *place, const struct msg_error *m)
{
	const char *what = err_code_text(ERR_CPU_BIND);
	if (io->unbound)
		return;
	io->unbound = io->aborting = true;
	io->worst_code = SLURM_ERRNO_CPU_BIND & 0xff;
	io->worst = 1 << 8;
	log_error("%s", m->text);
	log_error("Task launch for StepId=%" PRIu32 ".%" PRIu32 " failed on node %s: %s",
	          io->conf->step->job_id, io->conf->step->step_id, place->info->node, what);
	log_error("Application launch failed: %s", what);
	log_info("Job step aborted");
	end_step(io, 0);
}

static void on_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                       size_t n)
{
	struct place *place = ctx;
	struct step_io *io = place->io;
	struct err err = {0};
	const struct schema *schema = message_schema(type);
	(void)id;
	arena_reset(&io->arena);
	void *record = schema ? arena_alloc(&io->arena, schema->size) : NULL;
	if (!schema || schema_decode(schema, record, body, n, &io->arena, &err) != 0) {
		log_error("%s: %s", place->info->node, schema ? err_text(&err) : "an unknown message");
		return;
	}
	switch (type) {
	case MSG_step_running:
		on_running(place, record);
		break;
	case MSG_step_output: {
		const struct step_output *m = record;
		const struct step_credit credit = {.bytes = m->data.n};
		place->output_got += m->data.n;
		take_output(io, m);
		if (m->data.n)
			conn_send(conn, MSG_step_credit, 0, &credit);
		break;
	}
	case MSG_step_task_exit: {
		const struct step_task_exit *m = record;
		if (has_terminal(place))
			terminal_give_back();
		if (is_ours(io))
			task_end_report(place->info->node, m, io->conf->verbose);
		else
			task_end_report_others(m);
		for (uint32_t i = 0; i < m->tasks.n; i++)
			task_ended(io, &m->tasks.v[i]);
		break;
	}
	case MSG_step_message:
		say_message(io, record);
		break;
	case MSG_step_kvs:
		take_kvs(place, record);
		break;
	case MSG_step_mpi_abort:
		abort_mpi(io, NULL);
		break;
	case MSG_step_credit: {
		const struct step_credit *m = record;
		place->input_out -= m->bytes < place->input_out ? m->bytes : place->input_out;
		step_input_watch(io);
		break;
	}
	case MSG_msg_error: {
		const struct msg_error *m = record;
		if (m->code == ERR_CPU_BIND) {
			say_unbound(io, place, m);
			break;
		}
		log_error("%s: %s", place->info->node, m->text ? m->text : err_code_text((int)m->code));
		break;
	}
	case MSG_step_done: {
		const struct step_done *m = record;
		for (uint32_t i = 0; m->fate && i < m->fate->tasks.n; i++)
			task_ended(io, &m->fate->tasks.v[i]);
		if (m->fate && m->fate->failed_why) {
			if (!io->unbound)
				log_error("%s: %s", place->info->node, m->fate->failed_why);
			if (io->worst_code == 0) { /* no task has one to tell */
				io->worst_code = 1;
				io->worst = 1 << 8;
			}
		}
		place_done(place);
		break;
	}
	default:
		break;
	}
}

static void dial(struct place *place);

static void redial(void *ctx)
{
	struct place *place = ctx;
	place->redial = NULL;
	dial(place);
}

/* A worker that restarts, a cut connection: the launch waits for us for a while, and is done once however
 * often we ask for it. */
static void on_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct place *place = ctx;
	struct loop *loop = place->io->loop;
	char why[600];
	(void)conn;
	place->conn = NULL;
	if (place->state == PLACE_DONE)
		return;
	if (!err) {
		place_lost(place, "the step's end was not told");
		return;
	}
	if (!place->give_up)
		place->give_up = loop_clock() + GIVE_UP_US;
	if (connect_is_lost(err) && loop_clock() < place->give_up) {
		log_debug("%s: %s: once more", place->info->node, err_text(err));
		place->redial = loop_add_timer(loop, REDIAL_US, redial, place);
		return;
	}
	snprintf(why, sizeof(why), "%s; output may be lost", err_text(err));
	place_lost(place, place->state == PLACE_RUNNING ? why : err_text(err));
}

/* The worker is there, and holds our connection until the node's Prolog has ended, which may take as long as
 * PrologEpilogTimeout lets it. Should the node be lost meanwhile, the controller says so. */
static bool on_late(void *ctx, struct conn *conn)
{
	const struct place *place = ctx;
	(void)conn;
	if (is_ours(place->io))
		log_verbose("%s: not begun yet: its Prolog may still run", place->info->node);
	return is_ours(place->io);
}

static const struct conn_ops ops = {
        .opened = on_opened, .message = on_message, .closed = on_closed, .late = on_late};

static void dial(struct place *place)
{
	const struct step_ready *step = place->io->conf->step;
	struct session_audience audience = {.role = ROLE_WORKER};
	struct key_step_of of = {.serial = step->serial,
	                         .step_id = step->step_id,
	                         .launch = step->launch,
	                         .uid = step->uid != CORE_NO_VAL ? step->uid : geteuid(),
	                         .rights = step->rights};
	struct err err = {0};
	text_copy(audience.name, sizeof(audience.name), place->info->node);
	text_copy(audience.cluster, sizeof(audience.cluster), place->io->conf->cluster);
	if (step->instance.n == sizeof(of.instance))
		memcpy(of.instance, step->instance.v, sizeof(of.instance));
	const struct conn_credential credential = {
	        .step_key = place->info->key.v,
	        .step = &of,
	        .step_kid = place->info->kid.n == KEY_ID_SIZE ? place->info->kid.v : NULL};
	if (place->info->key.n != KEY_SIZE) {
		place_lost(place, "the controller gave no key for this node");
		return;
	}
	place->conn = conn_dial(place->io->loop, place->info->addr, (uint16_t)place->info->port, &audience,
	                        &credential, place->io->conf->message_timeout_us, &ops, place, &err);
	if (!place->conn)
		place_lost(place, err_text(&err));
	else if (place->state != PLACE_RUNNING && is_ours(place->io))
		conn_send(place->conn, MSG_step_launch, 0,
		          &place->io->conf->launches[place - place->io->places]);
}

/* ---- what the controller says meanwhile ---- */

/* A worker did not take its part: nothing will ever answer there, and the step is ended everywhere. */
static void launch_refused(struct place *place, const char *why)
{
	struct step_io *io = place->io;
	if (place->state != PLACE_DIALLING)
		return; /* who answers there says it himself */
	log_error("Task launch for StepId=%" PRIu32 ".%" PRIu32 " failed on node %s: %s",
	          io->conf->step->job_id, io->conf->step->step_id, place->info->node, why);
	for (uint32_t i = 0; i < place->info->tasks.n; i++) {
		const struct task_end end = {.task = place->info->tasks.v[i], .status = 1 << 8};
		task_ended(io, &end);
	}
	place_done(place);
	if (io->places_done == io->place_count)
		return;
	end_step(io, 0);
	say_aborted(io);
}

static void controller_says(struct step_io *io, uint32_t type, const void *record)
{
	if (type == MSG_step_ended) {
		const struct step_ended *m = record;
		for (uint32_t i = 0; m->lost_node && i < io->place_count; i++)
			if (strcmp(io->places[i].info->node, m->lost_node) == 0)
				launch_refused(&io->places[i], m->why ? m->why : "no reason given");
	} else if (type == MSG_job_message) {
		log_info("%s", ((const struct job_message *)record)->text);
	} else if (type == MSG_job_ended) {
		const struct job_ended *m = record;
		if (io->conf->allocation) {
			io->conf->allocation->ended = true;
			io->conf->allocation->end_state = m->state;
		}
		say_aborted(io);
	}
}

static void controller_ready(void *ctx, uint32_t events)
{
	struct step_io *io = ctx;
	(void)events;
	for (;;) {
		uint32_t type = 0;
		void *record = NULL;
		struct err err = {0};
		arena_reset(&io->arena);
		if (client_next(io->conf->controller, &io->arena, 0, &type, &record, &err) != 0) {
			/* The controller is away: the step goes on, and what it says is asked for at the end.
			 */
			log_debug("%s", err_text(&err));
			loop_del_fd(io->loop, io->controller);
			io->controller = NULL;
			break;
		}
		if (type == 0)
			break;
		controller_says(io, type, record);
	}
}

/* ---- signals ---- */

static void say_states(const struct step_io *io)
{
	struct text who = TEXT_EMPTY;
	uint32_t *numbers = xcalloc(io->task_count + 1, sizeof(*numbers)), n = 0;
	for (uint32_t i = 0; i < io->task_count; i++)
		if (!io->tasks[i].ended)
			numbers[n++] = i;
	if (n) {
		task_end_names(&who, numbers, n);
		log_info("StepId=%" PRIu32 ".%" PRIu32 " %s: running", io->conf->step->job_id,
		         io->conf->step->step_id, text_str(&who));
	}
	text_free(&who);
	free(numbers);
}

static void force_end(struct step_io *io)
{
	terminal_give_back();
	log_info("forcing job termination");
	end_step(io, SIGKILL);
	say_aborted(io);
}

/* srun(1): the first ^C shows what runs, or with -X goes to the tasks; one more within a second ends all. */
static void on_interrupt(struct step_io *io)
{
	int64_t now = loop_clock();
	bool last = io->conf->quit_on_interrupt || now - io->last_interrupt <= INTERRUPT_US;
	io->last_interrupt = now;
	if (!last && !io->conf->disable_status) {
		log_info("interrupt (one more within 1 sec to abort)");
		say_states(io);
		return;
	}
	log_info("sending Ctrl-C to StepId=%" PRIu32 ".%" PRIu32, io->conf->step->job_id,
	         io->conf->step->step_id);
	step_signal_all(io, SIGINT);
	if (last)
		force_end(io);
}

/* It ends us, and not the step. */
static void leave(int signo)
{
	sigset_t it;
	terminal_give_back();
	signal(signo, SIG_DFL);
	sigemptyset(&it);
	sigaddset(&it, signo);
	raise(signo);
	sigprocmask(SIG_UNBLOCK, &it, NULL);
}

static void on_signal(void *ctx, int signo)
{
	struct step_io *io = ctx;
	if (!is_ours(io) && signo != SIGWINCH && signo != SIGTSTP && signo != SIGCONT)
		leave(signo);
	io->signal_seen = signo;
	switch (signo) {
	case SIGINT:
		on_interrupt(io);
		return;
	case SIGTERM:
	case SIGHUP:
	case SIGQUIT:
		force_end(io);
		return;
	case SIGWINCH:
		send_size(io);
		return;
	case SIGTSTP:
		terminal_stop();
		return;
	case SIGCONT:
		if (io->conf->pty) {
			terminal_resume();
			send_size(io);
			return;
		}
		break;
	default:
		break;
	}
	step_signal_all(io, signo);
}

static int add_signals(struct step_io *io, struct err *err)
{
	static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,  SIGUSR1,
	                              SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, SIGTSTP};
	/* The last two matter to a terminal alone. */
	const size_t n = sizeof(signals) / sizeof(signals[0]) - (io->conf->pty ? 0 : 2);
	for (size_t i = 0; i < n; i++)
		if (loop_add_signal(io->loop, signals[i], on_signal, io, err) != 0)
			return -1;
	return 0;
}

/* ---- the whole ---- */

static void make_tables(struct step_io *io)
{
	const struct step_ready *step = io->conf->step;
	io->task_count = step->tasks;
	io->tasks = xcalloc(step->tasks + 1, sizeof(*io->tasks));
	io->place_count = step->places.n;
	io->places = xcalloc(step->places.n + 1, sizeof(*io->places));
	for (uint32_t p = 0; p < step->places.n; p++) {
		struct place *place = &io->places[p];
		place->io = io;
		place->info = &step->places.v[p];
		place->tasks_left = place->info->tasks.n;
		for (uint32_t i = 0; i < place->info->tasks.n; i++) {
			uint32_t n = place->info->tasks.v[i];
			if (n < io->task_count) {
				io->tasks[n].number = n;
				io->tasks[n].place = place;
			}
		}
	}
}

static void free_tables(struct step_io *io)
{
	for (uint32_t i = 0; i < io->place_count; i++)
		conn_close(io->places[i].conn);
	for (uint32_t i = 0; i < io->task_count; i++)
		step_lines_free(&io->tasks[i].lines);
	kvs_gather_free(io->gather);
	loop_free(io->loop);
	arena_free(&io->arena);
	free(io->tasks);
	free(io->places);
}

static void before_sleep(void *ctx)
{
	struct step_io *io = ctx;
	step_input_watch(io);
}

int step_io_run(const struct step_io_conf *conf, uint32_t *wait_status)
{
	struct step_io io = {.conf = conf,
	                     .lines = {.label = conf->label,
	                               .unbuffered = conf->unbuffered || conf->pty,
	                               .tasks = conf->step->tasks}};
	struct err err = {0};
	signal(SIGPIPE, SIG_IGN);
	io.loop = loop_new(&err);
	if (!io.loop || add_signals(&io, &err) != 0) {
		log_error("%s", err_text(&err));
		return 1;
	}
	arena_init(&io.arena);
	make_tables(&io);
	if (conf->mpi)
		io.gather = kvs_gather_new(io.place_count, send_kvs, &io);
	loop_before_sleep(io.loop, before_sleep, &io);
	if (conf->controller)
		io.controller = loop_add_fd(io.loop, client_fd(conf->controller), EPOLLIN, controller_ready,
		                            &io, &err);
	/* What the controller said already lies in the client's buffer, where no poll sees it. */
	if (io.controller)
		controller_ready(&io, 0);
	for (uint32_t i = 0; i < io.place_count; i++)
		dial(&io.places[i]);
	if (io.places_done < io.place_count)
		loop_run(io.loop);
	terminal_give_back();
	*wait_status = (uint32_t)io.worst;
	int code = io.worst_code;
	if (io.lost_output && code == 0) {
		code = 1;
		*wait_status = 1 << 8;
	}
	if (io.signal_seen == SIGINT && io.aborting && code < 130)
		code = 130;
	free_tables(&io);
	return code;
}
