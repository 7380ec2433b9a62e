/* What a shepherd says of running tasks (sstat), and what of that is in the fate. */
#include "test/unit/worker_play.h"

#define MIB  20u
#define GROW "x=$(head -c 20971520 /dev/zero | tr '\\0' x); echo grown; read y"

struct asker {
	struct play *p;
	struct conn *conn;
	struct arena arena;
	const struct step_stat *stat;
	bool refused, closed;
};

static void asker_got(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body, size_t n)
{
	struct asker *a = ctx;
	const struct schema *schema = message_schema(type);
	(void)conn, (void)id;
	void *record = arena_alloc(&a->arena, schema->size);
	assert_int_equal(schema_decode(schema, record, body, n, &a->arena, NULL), 0);
	if (type == MSG_step_stat)
		a->stat = record;
	a->refused |= type == MSG_msg_error;
}

static void asker_gone(void *ctx, struct conn *conn, const struct err *err)
{
	struct asker *a = ctx;
	(void)conn, (void)err;
	a->conn = NULL;
	a->closed = true;
}

static const struct conn_ops asker_ops = {.message = asker_got, .closed = asker_gone};

static void asker_dial(struct asker *a, struct play *p, uint32_t rights)
{
	struct conn *srun = p->conn;
	a->p = p;
	arena_init(&a->arena);
	play_dial(p, rights);
	conn_set_ctx(p->conn, &asker_ops, a);
	a->conn = p->conn;
	p->conn = srun;
}

static void asker_ask(struct asker *a)
{
	static const struct step_stat_query query = {0};
	int64_t until = loop_clock() + LIMIT_US;
	a->stat = NULL;
	conn_send(a->conn, MSG_step_stat_query, 1, &query);
	while (!a->stat && !a->refused && !a->closed && loop_clock() < until)
		loop_once(a->p->loop, 5);
}

static void asker_end(struct asker *a)
{
	if (a->conn)
		conn_close(a->conn);
	arena_free(&a->arena);
}

static void type(struct play *p, const char *text)
{
	struct step_input m;
	schema_init(schema_of_step_input(), &m);
	m.data.v = (uint8_t *)(uintptr_t)text;
	m.data.n = (uint32_t)strlen(text);
	conn_send(p->conn, MSG_step_input, 0, &m);
}

static bool all_said(struct play *p)
{
	for (uint32_t i = 0; i < p->grant.tasks.n; i++)
		if (p->out[i][0].len == 0)
			return false;
	return true;
}

static void begin(struct play *p, uint32_t tasks, const char *script)
{
	play_grant(p, tasks);
	play_spawn(p);
	play_session(p);
	play_shell(p, script);
	play_until(p, all_said);
}

static void live(void **state)
{
	struct play *p = *state;
	struct asker a = {0};
	p->gathers = true;
	begin(p, 2, "[ $SLURM_PROCID = 0 ] && { echo small; read y; exit; }; " GROW);
	asker_dial(&a, p, STEP_RIGHT_STAT);
	asker_ask(&a);
	assert_non_null(a.stat);
	const struct usage *u = a.stat->usage;
	assert_int_equal(u->tasks, 2);
	assert_int_equal(a.stat->pids.n, 2);
	assert_int_equal(u->rss_kb->most_task, 1);
	assert_true(u->rss_kb->most >= MIB * 1024 && u->rss_kb->least < MIB * 1024);
	assert_true(u->vm_kb->most >= u->rss_kb->most && u->vm_kb->least > 0);
	/* What went through the pipe was written by the task's children. */
	assert_true(u->written->most >= MIB << 20);
	assert_int_equal(u->written->most_task, 1);
	assert_true(u->cpu_us->sum > 0);
	asker_ask(&a);
	assert_non_null(a.stat);
	type(p, "on\n");
	play_until(p, is_closed);
	const struct usage *end = play_fate(p)->usage;
	assert_true(end->vm_kb->most >= u->vm_kb->most);
	assert_true(end->rss_kb->most >= u->rss_kb->most);
	assert_true(end->written->most >= u->written->most);
	assert_int_equal(end->tasks, 2);
	asker_end(&a);
}

/* Samples by themselves, of one task; what it leaves in the background counts as long as it lives. */
static void sampled(void **state)
{
	struct play *p = *state;
	struct asker a = {0};
	p->gathers = true;
	p->interval_s = 1;
	begin(p, 1, "(" GROW ") & echo began; wait");
	asker_dial(&a, p, STEP_RIGHT_STAT);
	int64_t until = loop_clock() + LIMIT_US;
	do
		asker_ask(&a);
	while (a.stat && a.stat->usage->rss_kb->most < MIB * 1024 && loop_clock() < until);
	const struct step_stat *said = a.stat;
	if (!said || said->usage->rss_kb->most < MIB * 1024)
		fail_msg("it did not grow");
	assert_true(said && said->pids.n >= 2);
	type(p, "on\n");
	play_until(p, is_closed);
	const struct usage *end = play_fate(p)->usage;
	assert_true(end->rss_kb->most >= MIB * 1024 && end->vm_kb->most >= MIB * 1024);
	asker_end(&a);
}

/* Without JobAcctGatherType the end has what it had, however often somebody asked. */
static void only_asked(void **state)
{
	struct play *p = *state;
	struct asker a = {0};
	begin(p, 1, GROW);
	asker_dial(&a, p, STEP_RIGHT_STAT);
	asker_ask(&a);
	assert_non_null(a.stat);
	assert_true(a.stat->usage->vm_kb->most >= MIB * 1024);
	type(p, "on\n");
	play_until(p, is_closed);
	const struct usage *end = play_fate(p)->usage;
	assert_null(end->vm_kb);
	assert_null(end->rss_kb);
	assert_true(end->max_rss_kb >= MIB * 1024);
	asker_end(&a);
}

/* A script's shepherd answers too. */
static void of_a_script(void **state)
{
	struct play *p = *state;
	struct asker a = {0};
	char path[128];
	snprintf(path, sizeof(path), "%s/fifo", p->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	play_batch(p, "#!/bin/sh\n(read y <fifo) & touch mark; wait\n");
	play_spawn(p);
	play_until(p, file_is_there);
	asker_dial(&a, p, STEP_RIGHT_STAT);
	asker_ask(&a);
	assert_non_null(a.stat);
	assert_int_equal(a.stat->usage->tasks, 1);
	assert_true(a.stat->usage->rss_kb->most > 0);
	assert_true(a.stat->pids.n >= 1);
	int fifo = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fifo, "\n", 1), 1);
	close(fifo);
	assert_int_equal(play_fate(p)->status, 0);
	asker_end(&a);
}

static void needs_the_right(void **state)
{
	static const uint32_t others[] = {STEP_RIGHT_ATTACH, STEP_RIGHT_SIGNAL};
	struct play *p = *state;
	begin(p, 1, "echo here; read x");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct asker a = {0};
		asker_dial(&a, p, others[i]);
		asker_ask(&a);
		assert_null(a.stat);
		assert_true(a.refused);
		asker_end(&a);
	}
	type(p, "on\n");
	play_until(p, is_closed);
}

static int tests(void)
{
	const struct CMUnitTest all[] = {T(live), T(sampled), T(only_asked), T(of_a_script),
	                                 T(needs_the_right)};
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(int argc, char **argv)
{
	return play_main(argc, argv, tests);
}
