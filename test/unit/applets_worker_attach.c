/* sattach under a shepherd: sessions beside srun's. */
#include "test/unit/worker_play.h"

struct other {
	struct play *p;
	struct conn *conn;
	struct text out, messages;
	uint64_t bytes, credit;
	bool closed, done, running, no_credit;
	int status;
};

static void other_got(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct other *o = ctx;
	struct arena arena;
	const struct schema *schema = message_schema(type);
	(void)id;
	arena_init(&arena);
	void *record = arena_alloc(&arena, schema->size);
	assert_int_equal(schema_decode(schema, record, body, n, &arena, NULL), 0);
	const struct step_output *output = record;
	const struct step_task_exit *exits = record;
	const struct step_message *said = record;
	const struct step_credit *credit = record;
	const struct msg_error *error = record;
	o->done |= type == MSG_step_done;
	o->running |= type == MSG_step_running;
	if (type == MSG_step_output) {
		const struct step_credit taken = {.bytes = output->data.n};
		o->bytes += output->data.n;
		if (o->out.len < 100000)
			text_add_n(&o->out, (const char *)output->data.v, output->data.n);
		if (!o->no_credit)
			conn_send(conn, MSG_step_credit, 0, &taken);
	} else if (type == MSG_step_task_exit) {
		o->status = (int)exits->tasks.v[0].status;
	} else if (type == MSG_step_message) {
		text_printf(&o->messages, "%s\n", said->text);
	} else if (type == MSG_step_credit) {
		o->credit += credit->bytes;
	} else if (type == MSG_msg_error) {
		text_printf(&o->messages, "error %s\n", error->text);
	}
	arena_free(&arena);
}

static void other_gone(void *ctx, struct conn *conn, const struct err *err)
{
	struct other *o = ctx;
	(void)conn;
	(void)err;
	o->conn = NULL;
	o->closed = true;
}

static const struct conn_ops other_ops = {.message = other_got, .closed = other_gone};

static void attach(struct other *o, struct play *p)
{
	struct conn *srun = p->conn;
	o->p = p;
	play_dial(p, STEP_RIGHT_ATTACH);
	conn_set_ctx(p->conn, &other_ops, o);
	o->conn = p->conn;
	p->conn = srun;
}

static void until(struct play *p, const bool *over)
{
	int64_t end = loop_clock() + LIMIT_US;
	while (!*over) {
		if (loop_clock() > end)
			fail_msg("nothing happened");
		loop_once(p->loop, 5);
	}
}

static void until_out(struct play *p, const struct text *out, const char *text)
{
	int64_t end = loop_clock() + LIMIT_US;
	while (!strstr(text_str(out), text)) {
		if (loop_clock() > end)
			fail_msg("not said: %s, but: %s", text, text_str(out));
		loop_once(p->loop, 5);
	}
}

static void send_input(struct conn *conn, const char *text, bool eof, uint32_t task)
{
	struct step_input m;
	schema_init(schema_of_step_input(), &m);
	m.data.v = (uint8_t *)(uintptr_t)text;
	m.data.n = (uint32_t)strlen(text);
	m.eof = eof;
	m.task = task;
	conn_send(conn, MSG_step_input, 0, &m);
}

static void begin(struct play *p, uint32_t tasks, const char *script)
{
	play_grant(p, tasks);
	play_spawn(p);
	play_session(p);
	play_shell(p, script);
	play_until(p, first_said);
}

static void end(struct other *o)
{
	if (o->conn)
		conn_close(o->conn);
	text_free(&o->out);
	text_free(&o->messages);
}

static void hears_all(void **state)
{
	struct play *p = *state;
	struct other o = {0};
	begin(p, 1, "echo early; until [ -e mark ]; do sleep 0.05; done; echo late; exit 3");
	attach(&o, p);
	until_out(p, &o.out, "early\n");
	char path[128];
	snprintf(path, sizeof(path), "%s/mark", p->dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	until(p, &o.closed);
	assert_string_equal(text_str(&o.out), "early\nlate\n");
	assert_true(o.done && o.running);
	assert_int_equal(o.status, 3 << 8);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "early\nlate\n");
	end(&o);
}

/* It has no right to end, to launch or to resize anything, and its own end is nobody's. */
static void may_only_that(void **state)
{
	struct play *p = *state;
	struct other o = {0};
	const struct step_signal kill = {.signal = SIGKILL};
	const struct step_window window = {.rows = 1, .columns = 1};
	begin(p, 1, "echo ready; read x; echo got $x");
	attach(&o, p);
	until(p, &o.running);
	conn_send(o.conn, MSG_step_signal, 0, &kill);
	conn_send(o.conn, MSG_step_window, 0, &window);
	struct conn *srun = p->conn;
	p->conn = o.conn;
	play_shell(p, "touch mark");
	p->conn = srun;
	until_out(p, &o.messages, "error ");
	conn_finish(o.conn);
	until(p, &o.closed);
	send_input(p->conn, "that\n", false, CORE_NO_VAL);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "ready\ngot that\n");
	assert_false(file_is_there(p));
	end(&o);
}

static void types(void **state)
{
	struct play *p = *state;
	struct other o = {0};
	begin(p, 2, "echo ready; read x; read y; echo $x $y");
	attach(&o, p);
	until(p, &o.running);
	send_input(o.conn, "one\n", false, 1);
	send_input(o.conn, "", true, 1);
	send_input(o.conn, "all\n", false, CORE_NO_VAL);
	send_input(o.conn, "nobody\n", false, 77);
	until_out(p, &p->out[1][0], "one\n");
	send_input(p->conn, "from srun\n", true, CORE_NO_VAL);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "ready\nall from srun\n");
	assert_string_equal(text_str(&p->out[1][0]), "ready\none\n");
	assert_int_equal(o.credit, 4 + 4 + 7);
	end(&o);
}

/* One that takes nothing doesn't hold the step up; what it missed it is told. */
static void is_slow(void **state)
{
	struct play *p = *state;
	struct other o = {.no_credit = true};
	const struct step_credit all = {.bytes = 1u << 30};
	begin(p, 1, "echo ready; read x; head -c 30000000 /dev/zero; read x; echo; echo end");
	attach(&o, p);
	until(p, &o.running);
	send_input(p->conn, "go\n", false, CORE_NO_VAL);
	int64_t limit = loop_clock() + LIMIT_US;
	while (p->bytes < 30000000 && loop_clock() < limit)
		loop_once(p->loop, 5);
	assert_true(o.bytes < 10000000);
	conn_send(o.conn, MSG_step_credit, 0, &all);
	until_out(p, &o.messages, " bytes of output are missing here");
	send_input(p->conn, "go\n", false, CORE_NO_VAL);
	play_until(p, is_closed);
	assert_int_equal(p->bytes, 30000000 + 6 + 5);
	end(&o);
}

/* What was written last, and not all of a large output. */
static void recent_output(void **state)
{
	struct play *p = *state;
	struct other o = {0};
	begin(p, 1, "seq 100000; echo ready; read x");
	until_out(p, &p->out[0][0], "\nready\n");
	attach(&o, p);
	until_out(p, &o.out, "\n100000\nready\n");
	assert_true(o.bytes >= 32000 && o.bytes < 200000);
	send_input(p->conn, "", true, CORE_NO_VAL);
	play_until(p, is_closed);
	end(&o);
}

static int tests(void)
{
	const struct CMUnitTest all[] = {T(hears_all), T(may_only_that), T(types), T(is_slow),
	                                 T(recent_output)};
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(int argc, char **argv)
{
	return play_main(argc, argv, tests);
}
