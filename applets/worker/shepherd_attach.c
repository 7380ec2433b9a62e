/* Sessions of sattach beside srun's: they hear what srun hears, from then on, and may type. srun alone
 * decides how fast the tasks go: an attached one that takes its output too slowly misses some of it, and is
 * told. */
#include "applets/worker/shepherd.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What was written last is kept for who attaches later: between so many bytes and twice as many. */
#define RECENT_MIN (64u << 10)
/* Bytes on the way to an attached session, above which it misses what comes. */
#define ATTACHED_MAX (8u << 20)

static bool is_attached(const struct shepherd *s, const struct step_session *p)
{
	return p != s->srun && (p->rights & STEP_RIGHT_ATTACH);
}

/* One of s->recent, from its place on: its length, then its bytes. */
static size_t recent_one(const struct shepherd *s, size_t at, const char **bytes)
{
	uint32_t n;
	memcpy(&n, s->recent.s + at, sizeof(n));
	*bytes = s->recent.s + at + sizeof(n);
	return sizeof(n) + n;
}

static void recent_add(struct shepherd *s)
{
	const uint32_t n = (uint32_t)s->encoded.len;
	const char *bytes;
	size_t from = 0;
	if (s->recent.len >= 2 * RECENT_MIN) {
		while (s->recent.len - from > RECENT_MIN)
			from += recent_one(s, from, &bytes);
		memmove(s->recent.s, s->recent.s + from, s->recent.len - from);
		text_cut(&s->recent, s->recent.len - from);
	}
	text_add_n(&s->recent, (const char *)&n, sizeof(n));
	text_add_n(&s->recent, s->encoded.s, n);
}

void attached_output(struct shepherd *s, size_t n)
{
	recent_add(s);
	list_each (it, &s->sessions) {
		struct step_session *p = list_entry(it, struct step_session, in_all);
		if (!is_attached(s, p))
			continue;
		if (n > 0 && (p->missed > 0 || p->on_the_way >= ATTACHED_MAX)) {
			p->missed += n;
			continue;
		}
		p->on_the_way += n;
		conn_send_encoded(p->conn, MSG_step_output, 0, s->encoded.s, s->encoded.len);
	}
}

void attached_tell(struct shepherd *s, uint32_t type, const void *record)
{
	list_each (it, &s->sessions) {
		struct step_session *p = list_entry(it, struct step_session, in_all);
		if (is_attached(s, p))
			conn_send(p->conn, type, 0, record);
	}
}

void attached_credit(struct step_session *p, uint64_t bytes)
{
	struct step_message m;
	p->on_the_way -= bytes < p->on_the_way ? bytes : p->on_the_way;
	if (p->missed == 0 || p->on_the_way > ATTACHED_MAX / 2)
		return;
	struct text line = TEXT_EMPTY;
	text_printf(&line,
	            "slurmstepd-%s: error: %" PRIu64
	            " bytes of output are missing here: they were not taken in time",
	            p->shepherd->record.grant->node, p->missed);
	schema_init(schema_of_step_message(), &m);
	m.text = line.s;
	m.level = LOG_LEVEL_ERROR;
	conn_send(p->conn, MSG_step_message, 0, &m);
	text_free(&line);
	p->missed = 0;
}

void attached_begin(struct step_session *p)
{
	const struct shepherd *s = p->shepherd;
	struct step_task_exit m;
	if (s->phase != SHEPHERD_RUNNING)
		return;
	session_say_running(p);
	for (size_t at = 0; at < s->recent.len;) {
		const char *bytes;
		size_t n = recent_one(s, at, &bytes);
		conn_send_encoded(p->conn, MSG_step_output, 0, bytes, n - sizeof(uint32_t));
		p->on_the_way += n;
		at += n;
	}
	schema_init(schema_of_step_task_exit(), &m);
	m.tasks.v = xcalloc((size_t)s->task_count + 1, sizeof(*m.tasks.v));
	for (uint32_t i = 0; i < s->task_count; i++) {
		struct task_end *end = &m.tasks.v[m.tasks.n];
		if (!s->tasks[i].reported)
			continue;
		schema_init(schema_of_task_end(), end);
		end->task = s->tasks[i].global;
		end->status = (uint32_t)s->tasks[i].status;
		m.tasks.n++;
	}
	if (m.tasks.n > 0)
		conn_send(p->conn, MSG_step_task_exit, 0, &m);
	free(m.tasks.v);
}

/* ---- what it types ---- */

static bool is_full(const struct shepherd *s)
{
	bool full = s->input.len >= SHEPHERD_INPUT_MAX;
	for (uint32_t i = 0; i < s->task_count && !full; i++)
		full = s->tasks[i].typed.len >= SHEPHERD_INPUT_MAX;
	return full;
}

void attached_typed(struct step_session *p, const struct step_input *m)
{
	struct shepherd *s = p->shepherd;
	const struct step_credit credit = {.bytes = m->data.n};
	if (m->task == CORE_NO_VAL && !s->input_eof) {
		text_add_n(&s->input, (const char *)m->data.v, m->data.n);
		s->input_eof = m->eof && !s->terminal; /* there its srun goes on typing */
	}
	for (uint32_t i = 0; i < s->task_count && m->task != CORE_NO_VAL; i++) {
		struct task *t = &s->tasks[i];
		if (t->global != m->task || t->in_fd < 0 || t->typed_eof)
			continue;
		text_add_n(&t->typed, (const char *)m->data.v, m->data.n);
		t->typed_eof = m->eof;
	}
	conn_send(p->conn, MSG_step_credit, 0, &credit);
	if (s->phase == SHEPHERD_RUNNING)
		input_watch(s);
	if (is_full(s) && !p->paused) {
		p->paused = true;
		conn_pause(p->conn, true);
	}
}

void attached_unpause(struct shepherd *s)
{
	list_each_safe (it, next, &s->sessions) {
		struct step_session *p = list_entry(it, struct step_session, in_all);
		if (!p->paused || is_full(s))
			continue;
		p->paused = false;
		conn_pause(p->conn, false);
	}
}
