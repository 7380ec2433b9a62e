/* Steps of srun under a shepherd: sessions, output, input, ends. */
#include "test/unit/worker_play.h"

/* ---- steps ---- */

static void step_play(struct play *p, uint32_t tasks)
{
	play_grant(p, tasks);
	play_spawn(p);
	play_session(p);
}

static void step_output(void **state)
{
	struct play *p = *state;
	step_play(p, 3);
	play_shell(p, "echo out $SLURM_PROCID $SLURM_LOCALID $SLURM_GTIDS $SLURM_STEP_ID; echo err >&2; exit "
	              "$SLURM_PROCID");
	play_until(p, is_closed);
	assert_false(p->cut);
	assert_true(p->running && p->done && p->started);
	for (int i = 0; i < 3; i++) {
		char expected[64];
		snprintf(expected, sizeof(expected), "out %d %d 0,1,2 0\n", i, i);
		assert_string_equal(text_str(&p->out[i][0]), expected);
		assert_string_equal(text_str(&p->out[i][1]), "err\n");
		assert_true(p->exited[i]);
		assert_int_equal(p->status[i], i << 8);
	}
	const struct step_fate *fate = play_fate(p);
	assert_int_equal(fate->status, 2 << 8);
	assert_int_equal(fate->tasks.n, 3);
	assert_int_equal(p->ends, 6);
}

/* Task 1 reads 40 MiB into its memory, task 2 counts for a while. */
static void step_usage(void **state)
{
	struct play *p = *state;
	step_play(p, 3);
	play_shell(p, "case $SLURM_PROCID in\n1) x=$(head -c 41943040 /dev/zero | tr '\\0' x) ;;\n"
	              "2) i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done ;;\nesac");
	play_until(p, is_closed);
	const struct usage *u = play_fate(p)->usage;
	assert_int_equal(u->rss_kb->most_task, 1);
	assert_true(u->rss_kb->most > 40960);
	assert_true(u->rss_kb->least < 40960);
	assert_true(u->rss_kb->sum > u->rss_kb->most && u->rss_kb->sum < 3 * u->rss_kb->most);
	assert_int_equal(u->max_rss_kb, u->rss_kb->most);
	assert_int_equal(u->cpu_us->least_task, 0);
	assert_true(u->cpu_us->sum <= u->user_us + u->system_us);
	assert_true(u->cpu_us->least < u->cpu_us->most);
}

/* Of a single one there is nothing to be told apart. */
static void step_usage_of_one(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "true");
	play_until(p, is_closed);
	const struct usage *u = play_fate(p)->usage;
	assert_true(u->max_rss_kb > 0);
	assert_null(u->rss_kb);
	assert_null(u->cpu_us);
}

static void step_cannot_exec(void **state, const char *program, int status, const char *said)
{
	struct play *p = *state;
	const char *const argv[] = {program, NULL};
	step_play(p, 1);
	play_launch(p, argv);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][1]), said);
	assert_int_equal(p->status[0], status << 8);
	assert_int_equal(play_fate(p)->status, status << 8);
}
static void step_missing_program(void **state)
{
	step_cannot_exec(state, "nosuchcmd", 2,
	                 "slurmstepd-worker-1: error: execve(): nosuchcmd: No such file or directory\n");
}
static void step_not_executable(void **state)
{
	step_cannot_exec(state, "/etc/passwd", 13,
	                 "slurmstepd-worker-1: error: execve(): /etc/passwd: Permission denied\n");
}

static void step_input(void **state)
{
	struct play *p = *state;
	struct step_input m;
	static uint8_t block[100000];
	memset(block, 'a', sizeof(block));
	step_play(p, 2);
	play_shell(p, "if [ $SLURM_PROCID = 0 ]; then cat | wc -c; else head -c 3; fi");
	for (int i = 0; i < 30; i++) {
		schema_init(schema_of_step_input(), &m);
		m.data.v = block;
		m.data.n = sizeof(block);
		m.eof = i == 29;
		conn_send(p->conn, MSG_step_input, 0, &m);
	}
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "3000000\n");
	assert_string_equal(text_str(&p->out[1][0]), "aaa");
	assert_int_equal(p->credit, 3000000);
}

/* More than all buffers and windows together, through a task that reads and writes. */
static void step_echo(void **state)
{
	struct play *p = *state;
	struct step_input m;
	static uint8_t block[60000];
	memset(block, 'y', sizeof(block));
	const char *const argv[] = {"cat", NULL};
	step_play(p, 1);
	play_launch(p, argv);
	uint64_t sent = 0;
	int64_t until = loop_clock() + LIMIT_US;
	while (sent < 6000000 && loop_clock() < until) {
		if (sent - p->credit > 1000000) {
			loop_once(p->loop, 5);
			continue;
		}
		schema_init(schema_of_step_input(), &m);
		m.data.v = block;
		m.data.n = sizeof(block);
		conn_send(p->conn, MSG_step_input, 0, &m);
		sent += sizeof(block);
	}
	schema_init(schema_of_step_input(), &m);
	m.eof = true;
	conn_send(p->conn, MSG_step_input, 0, &m);
	play_until(p, is_closed);
	assert_int_equal(p->bytes, 6000000);
}

static void step_much_output(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "head -c 50000000 /dev/zero; echo end >&2");
	play_until(p, is_closed);
	assert_int_equal(p->bytes, 50000004);
	assert_string_equal(text_str(&p->out[0][1]), "");
	assert_int_equal(p->status[0], 0);
}

/* Nothing is read from tasks beyond the window while srun gives no credit. */
static void step_window(void **state)
{
	struct play *p = *state;
	p->no_credit = true;
	step_play(p, 1);
	play_shell(p, "head -c 3000000 /dev/zero; touch mark");
	int64_t until = loop_clock() + LIMIT_US;
	while (p->bytes < (1u << 20) && loop_clock() < until)
		loop_once(p->loop, 5);
	for (int i = 0; i < 40; i++)
		loop_once(p->loop, 5);
	assert_int_equal(p->bytes, 1u << 20);
	assert_false(file_is_there(p));
	assert_false(p->exited[0]);
	p->no_credit = false;
	struct step_credit all = {.bytes = 1u << 20};
	conn_send(p->conn, MSG_step_credit, 0, &all);
	play_until(p, is_closed);
	assert_int_equal(p->bytes, 3000000);
}

/* As with the real srun: a background process that holds the output keeps the step. */
static void step_background_output(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "(sleep 0.5; echo late) & echo early; exit 4");
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "early\nlate\n");
	assert_int_equal(p->status[0], 4 << 8);
}

static void step_files(void **state)
{
	struct play *p = *state;
	const char *const argv[] = {"sh", "-c", "echo $SLURM_PROCID; echo e$SLURM_PROCID >&2; cat", NULL};
	struct step_launch m;
	char out[] = "o-%j-%t";
	step_play(p, 2);
	step_launch_init(p, &m, argv);
	m.std_out = out;
	m.stdin_task = 1;
	conn_send(p->conn, MSG_step_launch, 0, &m);
	struct step_input input;
	schema_init(schema_of_step_input(), &input);
	input.data.v = (uint8_t *)(uintptr_t) "typed\n";
	input.data.n = 6;
	input.eof = true;
	conn_send(p->conn, MSG_step_input, 0, &input);
	play_until(p, is_closed);
	assert_file(p, "o-42-0", "0\ne0\n");
	assert_file(p, "o-42-1", "1\ne1\ntyped\n");
}

/* --multi-prog: each task has its own program; one has none. */
static void step_programs(void **state)
{
	struct play *p = *state;
	const char *const argv[] = {"programs.conf", NULL};
	static char *first[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
	                        (char *)(uintptr_t) "echo one $SLURM_PROCID"},
	            *second[] = {(char *)(uintptr_t) "echo", (char *)(uintptr_t) "two"};
	struct task_program programs[3];
	struct step_launch m;
	step_play(p, 3);
	step_launch_init(p, &m, argv);
	for (uint32_t i = 0; i < 3; i++) {
		schema_init(schema_of_task_program(), &programs[i]);
		programs[i].task = i;
	}
	programs[0].argv = (struct schema_strs){first, 3};
	programs[1].argv = (struct schema_strs){second, 2};
	m.multi_prog = true;
	m.programs.v = programs;
	m.programs.n = 3;
	conn_send(p->conn, MSG_step_launch, 0, &m);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "one 0\n");
	assert_string_equal(text_str(&p->out[1][0]), "two\n");
	assert_string_equal(text_str(&p->out[2][1]),
	                    "slurmstepd-worker-1: error: No executable program specified for this task\n");
	assert_int_equal(p->status[0], 0);
	assert_int_equal(p->status[2], 2 << 8);
}

/* They must be those of the node's tasks: srun may be anyone's program. */
static void step_programs_of_others(void **state)
{
	struct play *p = *state;
	const char *const argv[] = {"programs.conf", NULL};
	static char *words[] = {(char *)(uintptr_t) "true"};
	struct task_program programs[2];
	struct step_launch m;
	step_play(p, 2);
	step_launch_init(p, &m, argv);
	for (uint32_t i = 0; i < 2; i++) {
		schema_init(schema_of_task_program(), &programs[i]);
		programs[i].task = 2 * i; /* the second is no task of this node */
		programs[i].argv = (struct schema_strs){words, 1};
	}
	m.multi_prog = true;
	m.programs.v = programs;
	m.programs.n = 2;
	conn_send(p->conn, MSG_step_launch, 0, &m);
	play_until(p, is_closed);
	assert_string_equal(p->failed_why, "there is not one program for each task of this node");
	assert_false(p->running);
}

/* A shepherd that is older than its srun knows nothing of step_launch's field mpi: it must not run the tasks
 * as if they had been launched without. Here the field has a number that no shepherd knows. */
static void step_launch_of_a_newer_srun(void **state)
{
	struct play *p = *state;
	const char *const argv[] = {"true", NULL};
	char type[] = "pmi2";
	struct step_mpi mpi = {.type = type};
	const struct schema *known = schema_of_step_launch();
	struct schema newer = *known;
	struct schema_field *fields = xcalloc(known->field_count, sizeof(*fields));
	struct step_launch m;
	struct text body = TEXT_EMPTY;
	memcpy(fields, known->fields, known->field_count * sizeof(*fields));
	fields[known->field_count - 1].number = 1000;
	assert_string_equal(fields[known->field_count - 1].name, "mpi");
	newer.fields = fields;
	step_play(p, 1);
	step_launch_init(p, &m, argv);
	m.mpi = &mpi;
	schema_encode(&newer, &m, &body);
	conn_send_encoded(p->conn, MSG_step_launch, 0, body.s, body.len);
	play_until(p, is_closed);
	assert_non_null(strstr(p->failed_why, "step_launch: "));
	assert_non_null(strstr(p->failed_why, "1000"));
	assert_false(p->running);
	text_free(&body);
	free(fields);
}

static void step_bad_file(void **state)
{
	struct play *p = *state;
	const char *const argv[] = {"true", NULL};
	struct step_launch m;
	char out[] = "/nonexistent/%t";
	step_play(p, 1);
	step_launch_init(p, &m, argv);
	m.std_out = out;
	conn_send(p->conn, MSG_step_launch, 0, &m);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->messages), "slurmstepd-worker-1: error: Could not open stdout file "
	                                            "/nonexistent/0: No such file or directory\n");
	assert_string_equal(p->failed_why,
	                    "Could not open stdout file /nonexistent/0: No such file or directory");
	assert_int_equal(play_fate(p)->status, 53);
}

static void step_signal(void **state)
{
	struct play *p = *state;
	struct step_signal m = {.signal = SIGUSR1};
	step_play(p, 2);
	play_shell(p, "trap 'echo got; exit 9' USR1; echo ready; while :; do sleep 0.05; done");
	play_until(p, first_said);
	while (p->out[1][0].len == 0)
		loop_once(p->loop, 5);
	conn_send(p->conn, MSG_step_signal, 0, &m);
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[1][0]), "ready\ngot\n");
	assert_int_equal(p->status[0], 9 << 8);
}

static void step_end_by_order(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "echo ready; exec sleep 1000");
	play_until(p, first_said);
	send_end(p, 30, "");
	play_until(p, is_closed);
	assert_ptr_equal(strstr(text_str(&p->messages),
	                        "slurmstepd-worker-1: error: *** STEP 42.0 ON worker-1 CANCELLED AT "),
	                 text_str(&p->messages));
	assert_int_equal(p->status[0], SIGTERM);
	assert_int_equal(play_fate(p)->status, SIGTERM);
}

/* srun that closes its session without a word may come back; one that says goodbye may not. */
static void step_srun_leaves(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "echo ready; exec sleep 1000");
	play_until(p, first_said);
	conn_finish(p->conn);
	assert_int_equal(play_fate(p)->status, SIGTERM);
}

static void step_srun_comes_back(void **state)
{
	struct play *p = *state;
	step_play(p, 1);
	play_shell(p, "echo ready; while [ ! -e mark ]; do sleep 0.05; done; echo more; exit 2");
	play_until(p, first_said);
	conn_close(p->conn);
	p->running = false;
	play_session(p);
	play_until(p, is_running);
	char path[128];
	snprintf(path, sizeof(path), "%s/mark", p->dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "ready\nmore\n");
	assert_int_equal(p->status[0], 2 << 8);
}

/* The worker's end of the link closes; another worker connects through the spool and hands a session over. */
static void worker_restarts(void **state)
{
	struct play *p = *state;
	play_grant(p, 1);
	play_spawn(p);
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/spool/launch/21/socket", p->dir);
	int64_t until = loop_clock() + LIMIT_US;
	while (access(to.sun_path, F_OK) != 0 && loop_clock() < until)
		loop_once(p->loop, 2);
	close(p->link);
	p->link = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	while (connect(p->link, (struct sockaddr *)&to, sizeof(to)) != 0 && loop_clock() < until)
		loop_once(p->loop, 2);
	play_session(p);
	play_shell(p, "echo hello");
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "hello\n");
	assert_int_equal(play_fate(p)->status, 0);
}

/* What the worker's server never hands over, but a broken worker might. */
static void wrong_hand_over(void **state)
{
	struct play *p = *state;
	play_grant(p, 1);
	play_spawn(p);
	p->wrong_launch = true;
	play_session(p);
	play_until(p, is_closed);
	assert_true(p->cut);
	p->wrong_launch = false;
	play_session(p);
	play_shell(p, "echo well");
	play_until(p, is_closed);
	assert_string_equal(text_str(&p->out[0][0]), "well\n");
}

static void session_without_the_right(void **state)
{
	struct play *p = *state;
	play_grant(p, 1);
	play_spawn(p);
	play_dial(p, STEP_RIGHT_STAT);
	play_shell(p, "touch mark");
	int64_t until = loop_clock() + LIMIT_US;
	while (p->messages.len == 0 && loop_clock() < until)
		loop_once(p->loop, 5);
	assert_ptr_equal(strstr(text_str(&p->messages), "error "), text_str(&p->messages));
	assert_false(file_is_there(p));
}

static int tests(void)
{
	const struct CMUnitTest all[] = {
	        T(step_output),
	        T(step_usage),
	        T(step_usage_of_one),
	        T(step_missing_program),
	        T(step_not_executable),
	        T(step_input),
	        T(step_echo),
	        T(step_much_output),
	        T(step_window),
	        T(step_background_output),
	        T(step_files),
	        T(step_programs),
	        T(step_programs_of_others),
	        T(step_launch_of_a_newer_srun),
	        T(step_bad_file),
	        T(step_signal),
	        T(step_end_by_order),
	        T(step_srun_leaves),
	        T(step_srun_comes_back),
	        T(worker_restarts),
	        T(wrong_hand_over),
	        T(session_without_the_right),
	};
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(int argc, char **argv)
{
	return play_main(argc, argv, tests);
}
