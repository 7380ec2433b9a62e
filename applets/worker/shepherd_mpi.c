/* MPI: each task has one end of a socket, on which it asks what pmi.h says. A fence is over when all tasks of
 * the step are in it: the shepherd of each node tells srun when its own are, with what they have put
 * (step_kvs), and srun gives all of it to all. Cut connections: what srun lacks is sent once more, and it
 * answers a fence that is over with the same once more. */
#include "applets/worker/pmi.h"
#include "applets/worker/shepherd.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES  16384
#define LAST_READS  16  /* of who has ended: more than a socket holds of small requests is not looked at */
#define CHUNK_PAIRS 128 /* of a step_kvs: below 256 KiB */

struct mpi_task {
	struct task *task;
	struct pmi_task pmi;
	int fd, theirs; /* -1: closed */
	struct loop_fd *watch;
	uint32_t events;
};

struct mpi {
	char *name;
	struct pmi_step step;
	struct mpi_task *tasks;
	uint32_t count, in_fence, ended;
	uint32_t fence; /* the one that goes on, or the last one */
	bool going_on;  /* all of ours are in it */
	bool aborted;
};

static void task_read(struct mpi_task *t);

/* ---- a task's connection ---- */

static void task_close(struct mpi_task *t)
{
	if (t->watch)
		loop_del_fd(t->task->shepherd->loop, t->watch);
	if (t->fd >= 0)
		close(t->fd);
	t->watch = NULL;
	t->fd = -1;
}

static void task_ready(void *ctx, uint32_t events)
{
	(void)events;
	task_read(ctx);
}

/* While it has not taken its answer, or waits for one, nothing is read of it. */
static void task_watch(struct mpi_task *t)
{
	struct loop *loop = t->task->shepherd->loop;
	struct err err = {0};
	const uint32_t events = t->pmi.out.len > 0                    ? EPOLLOUT
	                        : t->pmi.in_fence || t->pmi.waits_for ? 0
	                                                              : EPOLLIN;
	if (t->fd < 0 || (t->watch && events == t->events))
		return;
	if (t->watch)
		loop_del_fd(loop, t->watch);
	t->events = events;
	t->watch = events ? loop_add_fd(loop, t->fd, events, task_ready, t, &err) : NULL;
	if (events && !t->watch)
		log_error("cannot watch a task's PMI connection: %s", err_text(&err));
}

static bool task_flush(struct mpi_task *t)
{
	struct text *out = &t->pmi.out;
	while (t->fd >= 0 && out->len > 0) {
		ssize_t n = send(t->fd, out->s, out->len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0) {
			task_close(t);
			return false;
		}
		memmove(out->s, out->s + n, out->len - (size_t)n);
		text_cut(out, out->len - (size_t)n);
	}
	return t->fd >= 0;
}

/* ---- the end ---- */

static void step_abort(struct shepherd *s, uint32_t task, int code, const char *why)
{
	struct step_mpi_abort m;
	if (s->mpi->aborted)
		return;
	s->mpi->aborted = true;
	schema_init(schema_of_step_mpi_abort(), &m);
	m.task = task;
	m.code = (uint32_t)code;
	m.why = (char *)(uintptr_t)why;
	log_verbose("mpi/pmi2: task %" PRIu32 " ends the step (%d)%s%s", task, code, why ? ": " : "",
	            why ? why : "");
	if (why)
		shepherd_tell_user(s, "mpi/pmi2: task %" PRIu32 " %s", task, why);
	if (s->srun)
		conn_send(s->srun->conn, MSG_step_mpi_abort, 0, &m);
	end_begin(s, 0, NULL);
}

/* ---- fences ---- */

static void fence_over(struct shepherd *s)
{
	struct mpi *m = s->mpi;
	m->going_on = false;
	m->in_fence = 0;
	pmi_kvs_settle(&m->step.kvs);
	for (uint32_t i = 0; i < m->count; i++) {
		pmi_fence_over(&m->tasks[i].pmi, NULL);
		task_watch(&m->tasks[i]);
	}
}

static void send_kvs(struct shepherd *s)
{
	const struct mpi *m = s->mpi;
	const struct pmi_kvs *kvs = &m->step.kvs;
	char *pairs[CHUNK_PAIRS * 2];
	struct step_kvs part;
	size_t at = 0;
	if (!s->srun)
		return; /* mpi_resume */
	do {
		schema_init(schema_of_step_kvs(), &part);
		part.fence = m->fence;
		part.first = at == 0;
		part.pairs.v = pairs;
		for (; at < kvs->fresh_count && part.pairs.n < CHUNK_PAIRS * 2; at++) {
			pairs[part.pairs.n++] = kvs->fresh[at]->key;
			pairs[part.pairs.n++] = kvs->fresh[at]->value;
		}
		part.last = at >= kvs->fresh_count;
		conn_send(s->srun->conn, MSG_step_kvs, 0, &part);
	} while (!part.last);
}

static uint32_t first_ended(const struct mpi *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->tasks[i].task->exited)
			return m->tasks[i].task->global;
	return 0;
}

/* Are all of ours in the fence? One that has ended never will be. */
static void fence_check(struct shepherd *s)
{
	struct mpi *m = s->mpi;
	if (m->going_on || m->in_fence == 0)
		return;
	if (m->ended > 0 && m->in_fence + m->ended >= m->count) {
		step_abort(s, first_ended(m), 0, "has ended, and others wait for it in a fence");
		return;
	}
	if (m->in_fence < m->count)
		return;
	m->fence++;
	m->going_on = true;
	if (m->count == m->step.size)
		fence_over(s);
	else
		send_kvs(s);
}

/* srun's answer to a fence. Each part may come twice. */
void mpi_spread(struct step_session *p, const struct step_kvs *part)
{
	struct shepherd *s = p->shepherd;
	struct mpi *m = s->mpi;
	struct err err = {0};
	if (!m || p != s->srun || !m->going_on || part->fence != m->fence)
		return;
	for (uint32_t i = 0; i + 1 < part->pairs.n; i += 2)
		if (pmi_kvs_put(&m->step.kvs, part->pairs.v[i], part->pairs.v[i + 1], false, &err) != 0) {
			char why[200];
			snprintf(why, sizeof(why), "can't go on: %s", err_text(&err));
			step_abort(s, m->tasks[0].task->global, 0, why);
			return;
		}
	if (part->last)
		fence_over(s);
}

void mpi_resume(struct shepherd *s)
{
	if (s->mpi && s->mpi->going_on)
		send_kvs(s);
}

/* ---- requests ---- */

static void wake_others(struct mpi *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (pmi_wake(&m->tasks[i].pmi))
			task_watch(&m->tasks[i]);
}

/* false: of this task nothing more is to be dealt with now. */
static bool task_request(struct mpi_task *t)
{
	struct shepherd *s = t->task->shepherd;
	struct err err = {0};
	switch (pmi_next(&t->pmi, &err)) {
	case PMI_MORE:
	case PMI_WAITS:
		return false;
	case PMI_ANSWERED:
		return task_flush(t);
	case PMI_PUT:
		wake_others(s->mpi);
		return task_flush(t);
	case PMI_FENCE:
		s->mpi->in_fence++;
		return false;
	case PMI_ABORT:
		step_abort(s, t->task->global, t->pmi.abort_code, NULL);
		return false;
	case PMI_BROKEN:
		shepherd_tell_user(s, "mpi/pmi2: %s", err_text(&err));
		task_close(t);
		return false;
	}
	return false;
}

static void task_requests(struct mpi_task *t)
{
	while (t->fd >= 0 && task_request(t))
		;
}

/* One piece of what it has sent; false: there is none, or it is not its time. */
static bool task_take(struct mpi_task *t)
{
	static char buf[READ_BYTES];
	if (t->fd < 0 || t->pmi.out.len > 0 || t->pmi.in_fence || t->pmi.waits_for)
		return false;
	ssize_t n = read(t->fd, buf, sizeof(buf));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		task_close(t);
	if (n <= 0)
		return false;
	pmi_take(&t->pmi, buf, (size_t)n);
	task_requests(t);
	return true;
}

static void task_read(struct mpi_task *t)
{
	if (!task_flush(t) || t->pmi.in_fence || t->pmi.waits_for) {
		task_watch(t);
		return;
	}
	/* First what came behind a fence, and waits in its buffer. */
	task_requests(t);
	task_take(t);
	task_watch(t);
	fence_check(t->task->shepherd);
}

/* ---- the step's life ---- */

static int task_begin(struct mpi *m, struct mpi_task *t, struct task *task, struct err *err)
{
	int ends[2];
	t->task = task;
	t->pmi.step = &m->step;
	t->pmi.rank = task->global;
	t->fd = t->theirs = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return err_sys(err, errno, "cannot make a task's PMI connection");
	t->fd = ends[0];
	t->theirs = ends[1];
	return fcntl(t->fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : err_sys(err, errno, "cannot set up a socket");
}

int mpi_begin(struct shepherd *s, struct err *err)
{
	const struct step_mpi *wanted = s->batch ? NULL : s->launch.mpi;
	const struct step_grant *g = s->record.grant;
	if (!wanted)
		return 0;
	if (strcmp(wanted->type, "pmi2") != 0)
		return err_set(err, ERR_NOT_SUPPORTED, "this slurmd knows no --mpi=%s", wanted->type);
	struct mpi *m = s->mpi = xcalloc(1, sizeof(*m));
	m->name = xprintf("%u.%u", g->job_id, g->step_id);
	m->step.name = m->name;
	m->step.size = g->task_count;
	if (wanted->mapping && strlen(wanted->mapping) <= PMI_VALUE_MAX)
		m->step.mapping = wanted->mapping;
	m->tasks = xcalloc(s->task_count, sizeof(*m->tasks));
	for (; m->count < s->task_count; m->count++)
		if (task_begin(m, &m->tasks[m->count], &s->tasks[m->count], err) != 0) {
			mpi_end(s);
			return -1;
		}
	return 0;
}

int mpi_task_fd(const struct task *t)
{
	const struct mpi *m = t->shepherd->mpi;
	return m ? m->tasks[t->local].theirs : -1;
}

static void close_theirs(struct mpi_task *t)
{
	if (t->theirs >= 0)
		close(t->theirs);
	t->theirs = -1;
}

void mpi_started(struct shepherd *s)
{
	for (uint32_t i = 0; s->mpi && i < s->mpi->count; i++) {
		close_theirs(&s->mpi->tasks[i]);
		task_watch(&s->mpi->tasks[i]);
	}
}

void mpi_task_exited(struct task *t)
{
	struct mpi *m = t->shepherd->mpi;
	if (!m)
		return;
	struct mpi_task *mine = &m->tasks[t->local];
	/* It may have said that the step is to end, and left. */
	for (int i = 0; i < LAST_READS && !m->aborted && task_take(mine); i++)
		;
	task_close(mine);
	m->ended++;
	if (mine->pmi.in_fence && !m->going_on) {
		mine->pmi.in_fence = false;
		m->in_fence--;
	}
	if (t->shepherd->phase == SHEPHERD_RUNNING && !t->shepherd->ending && !t->shepherd->killing)
		fence_check(t->shepherd);
}

void mpi_end(struct shepherd *s)
{
	struct mpi *m = s->mpi;
	if (!m)
		return;
	for (uint32_t i = 0; i < m->count; i++) {
		task_close(&m->tasks[i]);
		close_theirs(&m->tasks[i]);
		pmi_task_free(&m->tasks[i].pmi);
	}
	pmi_kvs_free(&m->step.kvs);
	pmi_kvs_free(&m->step.node);
	free(m->tasks);
	free(m->name);
	free(m);
	s->mpi = NULL;
}
