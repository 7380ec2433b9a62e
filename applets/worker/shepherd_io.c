/* The sessions with srun, and the pipes to and from the tasks.
 *
 * Output: at most SHEPHERD_WINDOW bytes are on the way; while the window is full the pipes are not read, and
 * the tasks wait as they do in a shell's pipe. Input: srun may have SHEPHERD_WINDOW bytes on the way that are
 * not credited (step_credit, from the shepherd); the slowest task decides. Credits of both directions share
 * the session with the data, so the session is read on while tasks are slow: a task that reads and writes
 * (cat) would wait for ever otherwise. */
#include "applets/worker/shepherd.h"
#include "core/util/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CHUNK                                                                                                \
	16000 /* bigger blocks are given back to the kernel by musl's free each time, which costs more than  \
	         a message */
#define INPUT_CHUNK 65536 /* input is dropped and credited in such pieces */

/* ---- output ---- */

static void stream_close(struct shepherd *s, struct stream *st)
{
	if (st->watch)
		loop_del_fd(s->loop, st->watch);
	if (st->fd >= 0)
		close(st->fd);
	st->watch = NULL;
	st->fd = -1;
}

static void stream_send(struct shepherd *s, const struct stream *st, uint8_t *data, size_t n, bool eof)
{
	struct step_output m;
	schema_init(schema_of_step_output(), &m);
	m.task = st->task->global;
	m.fd = st->number;
	m.data.v = data;
	m.data.n = (uint32_t)n;
	m.eof = eof;
	text_clear(&s->encoded);
	schema_encode(schema_of_step_output(), &m, &s->encoded);
	attached_output(s, n);
	if (!s->srun)
		return;
	conn_send_encoded(s->srun->conn, MSG_step_output, 0, s->encoded.s, s->encoded.len);
	s->window_used += n;
	s->output_sent += n;
}

static size_t window_left(const struct shepherd *s)
{
	if (s->discard)
		return CHUNK;
	if (!s->srun || s->window_used >= SHEPHERD_WINDOW)
		return 0;
	return SHEPHERD_WINDOW - s->window_used;
}

static void streams_unwatch(struct shepherd *s)
{
	for (uint32_t i = 0; i < s->task_count; i++)
		for (int k = 0; k < 2; k++) {
			struct stream *st = &s->tasks[i].out[k];
			if (st->watch)
				loop_del_fd(s->loop, st->watch);
			st->watch = NULL;
		}
}

/* A terminal ends with its task, whoever of the step still has it open: when all of it has been read. */
static bool stream_is_over(const struct stream *st)
{
	return st->terminal && st->task->exited;
}

static void stream_readable(void *ctx, uint32_t events)
{
	static uint8_t buf[CHUNK];
	struct stream *st = ctx;
	struct shepherd *s = st->task->shepherd;
	size_t room = window_left(s);
	(void)events;
	if (room == 0) {
		streams_unwatch(s);
		return;
	}
	ssize_t n = read(st->fd, buf, room < sizeof(buf) ? room : sizeof(buf));
	if (n < 0 && (errno == EINTR || (errno == EAGAIN && !stream_is_over(st))))
		return;
	if (n > 0) {
		stream_send(s, st, buf, (size_t)n, false);
		if (!st->terminal)
			st->left -= (uint64_t)n < st->left ? (uint64_t)n : st->left;
	} else {
		stream_close(s, st);
		stream_send(s, st, NULL, 0, true);
	}
	task_report_exit(st->task);
	shepherd_check(s);
}

/* A pipe keeps the order: once the bytes that are in it now have been read, all that its writers have written
 * so far was read. Of a terminal the kernel doesn't know how many these are: it is read to its end. */
void streams_mark(struct shepherd *s, struct task *t)
{
	for (uint32_t i = 0; i < s->task_count; i++)
		for (int k = 0; k < 2; k++) {
			struct stream *st = &s->tasks[i].out[k];
			int waiting = 0;
			if (st->fd >= 0 && (!t || t == &s->tasks[i]) &&
			    ioctl(st->fd, FIONREAD, &waiting) == 0)
				st->left = st->terminal ? 1 : (uint64_t)waiting;
		}
}

static bool stream_is_out(const struct stream *st)
{
	return st->fd < 0 || st->left == 0;
}

void streams_watch(struct shepherd *s)
{
	struct err err = {0};
	if (window_left(s) == 0)
		return;
	for (uint32_t i = 0; i < s->task_count; i++)
		for (int k = 0; k < 2; k++) {
			struct stream *st = &s->tasks[i].out[k];
			while (st->fd >= 0 && stream_is_over(st) && window_left(s) > 0)
				stream_readable(st, EPOLLIN);
			if (st->fd < 0 || st->watch || window_left(s) == 0)
				continue;
			st->watch = loop_add_fd(s->loop, st->fd, EPOLLIN, stream_readable, st, &err);
			if (!st->watch)
				log_error("cannot watch a task's output: %s", err_text(&err));
		}
}

void streams_close(struct shepherd *s)
{
	for (uint32_t i = 0; i < s->task_count; i++)
		for (int k = 0; k < 2; k++) {
			struct stream *st = &s->tasks[i].out[k];
			if (st->fd < 0)
				continue;
			stream_close(s, st);
			stream_send(s, st, NULL, 0, true);
		}
}

/* Every pipe is at its end; when nobody of the step is left, being empty is as good: what holds such a pipe
 * open is no part of it. */
bool streams_at_end(const struct shepherd *s)
{
	for (uint32_t i = 0; i < s->task_count; i++)
		for (int k = 0; k < 2; k++) {
			const struct stream *st = &s->tasks[i].out[k];
			if (st->fd >= 0 && !(s->childless && st->left == 0))
				return false;
		}
	return true;
}

void task_exited(struct task *t, int status)
{
	t->exited = true;
	t->status = memory_status(t->shepherd, status);
	t->shepherd->tasks_exited++;
	input_close(t);
	mpi_task_exited(t);
	streams_mark(t->shepherd, t);
	if (t->out[0].terminal)
		streams_watch(t->shepherd);
	task_report_exit(t);
}

void task_report_exit(struct task *t)
{
	struct shepherd *s = t->shepherd;
	struct step_task_exit m;
	struct task_end end;
	if (!t->exited || t->reported || !stream_is_out(&t->out[0]) || !stream_is_out(&t->out[1]))
		return;
	if (!s->srun)
		return;
	schema_init(schema_of_step_task_exit(), &m);
	schema_init(schema_of_task_end(), &end);
	end.task = t->global;
	end.status = (uint32_t)t->status;
	m.tasks.v = &end;
	m.tasks.n = 1;
	conn_send(s->srun->conn, MSG_step_task_exit, 0, &m);
	attached_tell(s, MSG_step_task_exit, &m);
	t->reported = true;
}

/* ---- input ---- */

void input_close(struct task *t)
{
	if (t->in_watch)
		loop_del_fd(t->shepherd->loop, t->in_watch);
	if (t->in_fd >= 0)
		close(t->in_fd);
	t->in_watch = NULL;
	t->in_fd = -1;
}

/* Drops what every task has taken, and gives srun credit for it. */
static void input_drop(struct shepherd *s)
{
	size_t least = s->input.len;
	for (uint32_t i = 0; i < s->task_count; i++)
		if (s->tasks[i].in_fd >= 0 && s->tasks[i].in_at < least)
			least = s->tasks[i].in_at;
	if (least == 0 || (least < s->input.len && least < INPUT_CHUNK))
		return;
	memmove(s->input.s, s->input.s + least, s->input.len - least);
	s->input.len -= least;
	for (uint32_t i = 0; i < s->task_count; i++)
		s->tasks[i].in_at -= s->tasks[i].in_fd >= 0 ? least : s->tasks[i].in_at;
	if (s->srun) {
		struct step_credit credit = {.bytes = least};
		conn_send(s->srun->conn, MSG_step_credit, 0, &credit);
		if (s->input_paused && s->input.len < SHEPHERD_INPUT_MAX) {
			s->input_paused = false;
			conn_pause(s->srun->conn, false);
		}
	}
}

static void typed_drop(struct task *t, size_t n)
{
	memmove(t->typed.s, t->typed.s + n, t->typed.len - n);
	text_cut(&t->typed, t->typed.len - n);
}

static bool input_is_left(const struct task *t)
{
	return t->typed.len > 0 || (!t->typed_eof && t->in_at < t->shepherd->input.len);
}

static void input_pump(struct task *t)
{
	struct shepherd *s = t->shepherd;
	while (t->in_fd >= 0 && input_is_left(t)) {
		const bool typed = t->typed.len > 0;
		ssize_t n = typed ? write(t->in_fd, t->typed.s, t->typed.len)
		                  : write(t->in_fd, s->input.s + t->in_at, s->input.len - t->in_at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			input_close(t); /* it doesn't read any more */
		else if (typed)
			typed_drop(t, (size_t)n);
		else
			t->in_at += (size_t)n;
	}
	if (t->in_fd >= 0 && (s->input_eof || (t->typed_eof && t->typed.len == 0)))
		input_close(t);
	if (t->in_watch) {
		loop_del_fd(s->loop, t->in_watch);
		t->in_watch = NULL;
	}
}

static void input_writable(void *ctx, uint32_t events)
{
	struct task *t = ctx;
	(void)events;
	input_pump(t);
	input_drop(t->shepherd);
	attached_unpause(t->shepherd);
}

void input_watch(struct shepherd *s)
{
	struct err err = {0};
	for (uint32_t i = 0; i < s->task_count; i++) {
		struct task *t = &s->tasks[i];
		if (t->in_fd < 0)
			continue;
		input_pump(t);
		if (t->in_fd >= 0 && input_is_left(t) && !t->in_watch)
			t->in_watch = loop_add_fd(s->loop, t->in_fd, EPOLLOUT, input_writable, t, &err);
	}
	input_drop(s);
	attached_unpause(s);
}

static void input_add(struct shepherd *s, const struct step_input *m)
{
	if (s->input_eof)
		return;
	text_add_n(&s->input, (const char *)m->data.v, m->data.n);
	s->input_eof = m->eof;
	if (s->phase == SHEPHERD_RUNNING)
		input_watch(s);
	/* srun goes on without credit: an old one. It is held up, at the risk named above. */
	if (s->input.len >= SHEPHERD_INPUT_MAX && s->srun && !s->input_paused) {
		s->input_paused = true;
		conn_pause(s->srun->conn, true);
	}
}

/* ---- sessions ---- */

static void refuse(struct step_session *p, uint64_t id, const struct err *err)
{
	log_error("a message of srun at %s is refused: %s", p->address, err_text(err));
	conn_send_error(p->conn, id, err, NULL);
}

/* --multi-prog: a program for each of our tasks, in their order? */
static bool programs_are_all(const struct shepherd *s, const struct step_launch *launch)
{
	if (launch->programs.n != s->task_count)
		return false;
	for (uint32_t i = 0; i < s->task_count; i++)
		if (launch->programs.v[i].task != s->tasks[i].global)
			return false;
	return true;
}

static void got_launch(struct step_session *p, uint64_t id, const uint8_t *body, size_t n)
{
	struct shepherd *s = p->shepherd;
	struct step_launch launch;
	struct err err = {0};
	if (s->launched && p == s->srun && s->phase != SHEPHERD_WAITING) {
		/* Its connection was cut before it knew that it had been heard. */
		log_verbose("srun at %s asks for the launch once more: not done again", p->address);
		return;
	}
	if (s->launched || s->batch || s->phase != SHEPHERD_WAITING || p != s->srun)
		err_set(&err, ERR_ALREADY_DONE, "this step was launched already");
	else if (schema_decode(schema_of_step_launch(), &launch, body, n, &s->arena, &err) != 0)
		err_prefix(&err, "step_launch");
	else if (launch.argv.n == 0)
		err_set(&err, ERR_INVALID, "there is no program to run");
	else if (launch.multi_prog && !programs_are_all(s, &launch))
		err_set(&err, ERR_INVALID, "there is not one program for each task of this node");
	if (err.code != 0) {
		refuse(p, id, &err);
		if (s->phase == SHEPHERD_WAITING && p == s->srun)
			shepherd_fail(s, SIGKILL, "%s", err_text(&err));
		return;
	}
	s->launch = launch;
	if (bind_prepare(s, &err) != 0) {
		refuse(p, id, &err);
		shepherd_give_up(s, 1 << 8, xstrdup(err_text(&err)));
		return;
	}
	shepherd_launch(s);
}

static void got_signal(struct step_session *p, const void *record)
{
	const struct step_signal *m = record;
	if (m->signal == SIGKILL)
		end_begin(p->shepherd, 0, NULL);
	else if (m->signal < NSIG)
		end_signal(p->shepherd, (int)m->signal, false, true);
}

static void got_input(struct step_session *p, const void *record)
{
	if (p == p->shepherd->srun)
		input_add(p->shepherd, record);
	else
		attached_typed(p, record);
}

static void got_credit(struct step_session *p, const void *record)
{
	struct shepherd *s = p->shepherd;
	const struct step_credit *m = record;
	if (p != s->srun) {
		attached_credit(p, m->bytes);
	} else {
		s->window_used -= m->bytes < s->window_used ? m->bytes : s->window_used;
		streams_watch(s);
	}
}

static void got_window(struct step_session *p, const void *record)
{
	const struct step_window *m = record;
	terminal_resize(p->shepherd, m->rows, m->columns);
}

static void got_kvs(struct step_session *p, const void *record)
{
	mpi_spread(p, record);
}

static const struct {
	uint32_t type;
	void (*take)(struct step_session *p, const void *record);
} takers[] = {
        {MSG_step_input, got_input},   {MSG_step_credit, got_credit}, {MSG_step_signal, got_signal},
        {MSG_step_window, got_window}, {MSG_step_kvs, got_kvs},
};

/* false: it is none of these. */
static bool take(struct step_session *p, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	size_t i = 0;
	while (i < sizeof(takers) / sizeof(takers[0]) && takers[i].type != type)
		i++;
	if (i == sizeof(takers) / sizeof(takers[0]))
		return false;
	const struct schema *schema = message_schema(type);
	struct arena arena;
	struct err err = {0};
	arena_init(&arena);
	void *record = arena_alloc(&arena, schema->size);
	if (schema_decode(schema, record, body, n, &arena, &err) != 0)
		refuse(p, id, &err);
	else
		takers[i].take(p, record);
	arena_free(&arena);
	return true;
}

static void session_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                            size_t n)
{
	struct step_session *p = ctx;
	struct err err = {0};
	(void)conn;
	if (type == MSG_step_launch) {
		got_launch(p, id, body, n);
	} else if (type == MSG_step_stat_query) {
		usage_tell(p, id);
	} else if (!take(p, type, id, body, n)) {
		err_set(&err, ERR_NOT_SUPPORTED, "%s is not supported by a step", message_name(type));
		refuse(p, id, &err);
	}
}

static void srun_never_came(void *ctx)
{
	struct shepherd *s = ctx;
	s->srun_lost = NULL;
	if (!s->launched) {
		shepherd_fail(s, SIGKILL, "srun was lost before it said what to run");
		return;
	}
	text_set(&s->end_text, "its srun was lost");
	end_begin(s, s->record.grant->kill_wait_s, NULL);
}

static void session_gone(struct step_session *p)
{
	struct shepherd *s = p->shepherd;
	list_remove(&p->in_all);
	if (s->srun == p)
		s->srun = NULL;
	free(p);
}

static void session_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct step_session *p = ctx;
	struct shepherd *s = p->shepherd;
	bool was_srun = s->srun == p;
	(void)conn;
	if (err)
		log_verbose("the session with srun at %s is lost: %s", p->address, err_text(err));
	session_gone(p);
	if (was_srun && s->phase != SHEPHERD_LEAVING) {
		streams_unwatch(s);
		if (!err && !s->launched)
			shepherd_fail(s, SIGKILL, "srun went away before it said what to run");
		else if (!err || s->ending)
			end_begin(s, s->record.grant->kill_wait_s,
			          NULL); /* it left: nobody is there to come back */
		else if (!s->srun_lost)
			s->srun_lost = loop_add_timer(s->loop, SHEPHERD_SRUN_LOST_US, srun_never_came, s);
	}
	shepherd_check(s);
}

static const struct conn_ops session_ops = {.message = session_message, .closed = session_closed};

/* srun came back: what it missed is told again, output goes on from where it is. */
static void session_resume(struct shepherd *s)
{
	if (s->srun_lost)
		loop_del_timer(s->loop, s->srun_lost);
	s->srun_lost = NULL;
	s->window_used = 0;
	s->input_paused = false;
	if (s->phase != SHEPHERD_RUNNING)
		return;
	session_started(s);
	for (uint32_t i = 0; i < s->task_count; i++) {
		s->tasks[i].reported = false;
		task_report_exit(&s->tasks[i]);
	}
	streams_watch(s);
	mpi_resume(s);
}

void session_adopt(struct shepherd *s, int fd, const struct session_peer *peer,
                   const struct session_keys *keys)
{
	struct err err = {0};
	struct step_session *p = xcalloc(1, sizeof(*p));
	p->shepherd = s;
	p->rights = peer->step.rights;
	text_copy(p->address, sizeof(p->address), peer->address);
	list_append(&s->sessions, &p->in_all);
	p->conn = conn_adopt(s->loop, fd, keys, peer, &session_ops, p, &err);
	if (!p->conn) {
		log_error("cannot take a session of srun at %s: %s", p->address, err_text(&err));
		session_gone(p);
		return;
	}
	if ((p->rights & STEP_RIGHT_ATTACH) && !(p->rights & STEP_RIGHT_IO))
		attached_begin(p);
	if (!(p->rights & STEP_RIGHT_IO) || s->batch)
		return;
	if (s->srun) {
		struct step_session *old = s->srun;
		conn_close(old->conn);
		session_gone(old);
	}
	s->srun = p;
	session_resume(s);
}

void session_say_running(struct step_session *p)
{
	const struct shepherd *s = p->shepherd;
	struct step_running m;
	schema_init(schema_of_step_running(), &m);
	uint32_t *pids = xcalloc((size_t)s->task_count * 2, sizeof(*pids)), *numbers = pids + s->task_count;
	for (uint32_t i = 0; i < s->task_count; i++) {
		pids[i] = (uint32_t)s->tasks[i].pid;
		numbers[i] = s->tasks[i].global;
	}
	m.pids.v = pids;
	m.tasks.v = numbers;
	m.output_sent = p == s->srun ? s->output_sent : 0;
	m.pids.n = m.tasks.n = s->task_count;
	conn_send(p->conn, MSG_step_running, 0, &m);
	free(pids);
}

void session_started(struct shepherd *s)
{
	list_each (it, &s->sessions)
		session_say_running(list_entry(it, struct step_session, in_all));
}

void session_ended(struct shepherd *s, const struct step_fate *fate)
{
	struct step_done m;
	list_each_safe (it, next, &s->sessions) {
		struct step_session *p = list_entry(it, struct step_session, in_all);
		schema_init(schema_of_step_done(), &m);
		m.fate = (struct step_fate *)(uintptr_t)fate;
		conn_send(p->conn, MSG_step_done, 0, &m);
		conn_finish(p->conn);
	}
}
