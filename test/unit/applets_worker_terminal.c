/* srun --pty under a shepherd: task 0's terminal. */
#include "test/unit/worker_play.h"

static void launch_terminal(struct play *p, const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct step_launch m;
	step_launch_init(p, &m, argv);
	m.pty = true;
	m.rows = 33;
	m.columns = 111;
	conn_send(p->conn, MSG_step_launch, 0, &m);
}

static void terminal_play(struct play *p, uint32_t tasks, const char *script)
{
	play_grant(p, tasks);
	play_spawn(p);
	play_session(p);
	launch_terminal(p, script);
}

static void type(struct play *p, const char *keys, bool eof)
{
	struct step_input m;
	schema_init(schema_of_step_input(), &m);
	m.data.v = (uint8_t *)(uintptr_t)keys;
	m.data.n = (uint32_t)strlen(keys);
	m.eof = eof;
	conn_send(p->conn, MSG_step_input, 0, &m);
}

static void until_shown(struct play *p, const char *text)
{
	int64_t until = loop_clock() + LIMIT_US;
	while (!strstr(text_str(&p->out[0][0]), text)) {
		if (loop_clock() > until)
			fail_msg("not shown: %s, but: %s", text, text_str(&p->out[0][0]));
		loop_once(p->loop, 5);
	}
}

static void is_one(void **state)
{
	struct play *p = *state;
	terminal_play(
	        p, 1,
	        "test -t 0 && test -t 1 && test -t 2 && echo three; stty size; "
	        "test $(stat -c %u $(tty)) = $(id -u) && echo own; test $(ps -o sid= $$) = $$ && echo leads; "
	        "echo error >&2; : </dev/tty && echo controls; exit 3");
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]),
	                    "three\r\n33 111\r\nown\r\nleads\r\nerror\r\ncontrols\r\n");
	assert_string_equal(text_str(&p->out[0][1]), "");
	assert_int_equal(p->status[0], 3 << 8);
	assert_int_equal(play_fate(p)->status, 3 << 8);
}

static void takes_keys(void **state)
{
	struct play *p = *state;
	struct step_window size = {.rows = 50, .columns = 132};
	terminal_play(p, 1,
	              "trap 'echo sized; stty size' WINCH; trap 'echo interrupted' INT; echo ready; "
	              "read line; echo got $line; until [ -e mark ]; do sleep 0.05; done; cat; echo end");
	until_shown(p, "ready\r\n");
	type(p, "one\n", false);
	until_shown(p, "got one\r\n");
	type(p, "\003", false);
	until_shown(p, "interrupted\r\n");
	conn_send(p->conn, MSG_step_window, 0, &size);
	until_shown(p, "50 132\r\n");
	char path[128];
	snprintf(path, sizeof(path), "%s/mark", p->dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	type(p, "two\n", false);
	until_shown(p, "two\r\ntwo\r\n"); /* by the terminal, and by cat */
	type(p, "\004", false);
	until_shown(p, "end\r\n");
	play_until(p, is_closed);
	assert_int_equal(p->status[0], 0);
}

/* All of what the task wrote at its end comes, whatever it left behind that has the terminal open. */
static void ends_with_its_task(void **state)
{
	struct play *p = *state;
	terminal_play(p, 1, "trap '' HUP; sleep 1000 & seq 20000; echo last; exit 4");
	play_until(p, is_closed);
	assert_non_null(strstr(text_str(&p->out[0][0]), "\r\n20000\r\nlast\r\n"));
	assert_int_equal(p->bytes, 108894 + 20000 + 6);
	assert_int_equal(p->status[0], 4 << 8);
}

static void only_for_task_0(void **state)
{
	struct play *p = *state;
	terminal_play(p, 3, "test -t 0 && echo terminal || { echo none; test ! -s /dev/stdin; exit 5; }");
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "terminal\r\n");
	for (int i = 1; i < 3; i++) {
		assert_string_equal(text_str(&p->out[i][0]), "");
		assert_int_equal(p->status[i], 5 << 8);
	}
}

/* Sizes of other steps, of no terminal, and absurd ones, are nothing. */
static void strange_sizes(void **state)
{
	struct play *p = *state;
	struct step_window size = {.rows = UINT32_MAX, .columns = 70000};
	play_grant(p, 1);
	play_spawn(p);
	play_session(p);
	conn_send(p->conn, MSG_step_window, 0, &size);
	launch_terminal(p, "echo ready; read x; stty size");
	until_shown(p, "ready\r\n");
	conn_send(p->conn, MSG_step_window, 0, &size);
	type(p, "\n", false);
	play_until(p, is_closed);
	assert_non_null(strstr(text_str(&p->out[0][0]), "65535 65535\r\n"));
}

static void srun_is_cut(void **state)
{
	struct play *p = *state;
	terminal_play(p, 1, "echo ready; read x; echo got $x");
	until_shown(p, "ready\r\n");
	conn_close(p->conn);
	p->running = false;
	play_session(p);
	play_until(p, is_running);
	type(p, "again\n", false);
	play_until(p, is_closed);
	assert_non_null(strstr(text_str(&p->out[0][0]), "got again\r\n"));
}

static int tests(void)
{
	const struct CMUnitTest all[] = {T(is_one),          T(takes_keys),    T(ends_with_its_task),
	                                 T(only_for_task_0), T(strange_sizes), T(srun_is_cut)};
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(int argc, char **argv)
{
	return play_main(argc, argv, tests);
}
