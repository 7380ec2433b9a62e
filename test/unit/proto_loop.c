#include "proto/loop.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

static char trace[64];

static void note(void *ctx)
{
	size_t n = strlen(trace);
	if (n + 1 < sizeof(trace))
		trace[n] = *(const char *)ctx;
}

static void stop(void *ctx)
{
	loop_stop(ctx);
}

static struct loop *fresh(void)
{
	struct err err = {0};
	struct loop *loop = loop_new(&err);
	assert_non_null(loop);
	memset(trace, 0, sizeof(trace));
	return loop;
}

/* Further apart than this process is held up between two lines. */
#define APART_US 100000
static void timers_in_order(void **state)
{
	(void)state;
	struct loop *loop = fresh();
	loop_add_timer(loop, 9 * APART_US, note, "d");
	loop_add_timer(loop, 1 * APART_US, note, "a");
	struct loop_timer *never = loop_add_timer(loop, 2 * APART_US, note, "x");
	loop_add_timer(loop, 5 * APART_US, note, "c");
	loop_add_timer(loop, 3 * APART_US, note, "b");
	loop_add_timer(loop, 10 * APART_US, stop, loop);
	struct loop_timer *late = loop_add_timer(loop, 3600000000ll, note, "y");
	loop_del_timer(loop, never);
	loop_run(loop);
	assert_string_equal(trace, "abcd");
	loop_del_timer(loop, late);
	loop_free(loop);
}

/* The heap against many random deletions: whatever is left fires in order. */
static int64_t last_from;
static unsigned fired;
struct shot {
	int64_t from, to; /* it is due at some time between */
	struct loop_timer *timer;
};
static void check_order(void *ctx)
{
	struct shot *s = ctx;
	assert_true(s->to >= last_from);
	last_from = s->from > last_from ? s->from : last_from;
	s->timer = NULL;
	fired++;
}

static void many_timers(void **state)
{
	(void)state;
	enum { N = 2000 };
	static struct shot shots[N];
	struct loop *loop = fresh();
	uint64_t seed = 7;
	unsigned kept = N;
	last_from = 0;
	fired = 0;
	for (int i = 0; i < N; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		int64_t delay = (int64_t)(seed >> 40) % 200000;
		shots[i].from = loop_clock() + delay;
		shots[i].timer = loop_add_timer(loop, delay, check_order, &shots[i]);
		shots[i].to = loop_clock() + delay;
	}
	for (int i = 0; i < N; i += 3, kept--)
		loop_del_timer(loop, shots[i].timer);
	int64_t until = loop_clock() + 20000000;
	while (fired < kept && loop_clock() < until)
		loop_once(loop, 100);
	assert_int_equal(fired, kept);
	loop_free(loop);
}

/* A timer that sets itself again at once doesn't keep descriptors waiting. */
static struct loop *busy_loop;
static unsigned busy_rounds;
static void again(void *ctx)
{
	busy_rounds++;
	loop_add_timer(busy_loop, 0, again, ctx);
}
static void readable(void *ctx, uint32_t events)
{
	assert_true(events & EPOLLIN);
	loop_stop(ctx);
}

static void busy_timer(void **state)
{
	(void)state;
	struct err err = {0};
	int ends[2];
	busy_loop = fresh();
	assert_int_equal(pipe(ends), 0);
	assert_non_null(loop_add_fd(busy_loop, ends[0], EPOLLIN, readable, busy_loop, &err));
	loop_add_timer(busy_loop, 0, again, NULL);
	for (int i = 0; i < 10; i++)
		loop_once(busy_loop, 0);
	assert_true(busy_rounds >= 5);
	assert_int_equal(write(ends[1], "x", 1), 1);
	loop_run(busy_loop);
	close(ends[0]);
	close(ends[1]);
	loop_free(busy_loop);
}

/* ---- descriptors ---- */

struct pair {
	struct loop *loop;
	struct loop_fd *handles[2];
	unsigned calls;
};

static void removes_both(void *ctx, uint32_t events)
{
	struct pair *p = ctx;
	(void)events;
	p->calls++;
	for (int i = 0; i < 2; i++)
		loop_del_fd(p->loop, p->handles[i]);
}

static void removal_in_a_callback(void **state)
{
	(void)state;
	struct err err = {0};
	struct pair p = {.loop = fresh()};
	int ends[2][2];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(ends[i]), 0);
		p.handles[i] = loop_add_fd(p.loop, ends[i][0], EPOLLIN, removes_both, &p, &err);
		assert_int_equal(write(ends[i][1], "x", 1), 1);
	}
	for (int i = 0; i < 3; i++)
		loop_once(p.loop, 0);
	assert_int_equal(p.calls, 1);
	assert_null(loop_add_fd(p.loop, -1, EPOLLIN, removes_both, &p, &err));
	assert_int_equal(err.code, ERR_SYSTEM);
	for (int i = 0; i < 2; i++) {
		close(ends[i][0]);
		close(ends[i][1]);
	}
	loop_free(p.loop);
}

/* ---- other threads, signals, hooks ---- */

static unsigned posts;
static void posted(void *ctx)
{
	if (++posts == 4000)
		loop_stop(ctx);
}
static void *poster(void *ctx)
{
	for (int i = 0; i < 1000; i++)
		loop_post(ctx, posted, ctx);
	return NULL;
}

static void posts_of_threads(void **state)
{
	(void)state;
	struct loop *loop = fresh();
	pthread_t threads[4];
	posts = 0;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, poster, loop), 0);
	loop_run(loop);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(posts, 4000);
	loop_post(loop, posted, loop); /* never run: freed with the loop */
	loop_free(loop);
}

static int got_signal;
static void on_signal(void *ctx, int signo)
{
	got_signal = signo;
	loop_stop(ctx);
}
static void on_alarm(int signo)
{
	(void)signo;
}

static void signals(void **state)
{
	(void)state;
	struct err err = {0};
	struct loop *loop = fresh();
	assert_int_equal(loop_add_signal(loop, SIGUSR1, on_signal, loop, &err), 0);
	assert_int_equal(loop_add_signal(loop, SIGUSR2, on_signal, loop, &err), 0);
	assert_int_equal(sigismember(loop_old_mask(loop), SIGUSR1), 0);
	raise(SIGUSR2);
	loop_run(loop);
	assert_int_equal(got_signal, SIGUSR2);
	assert_false(loop_interrupted(loop));
	struct sigaction sa = {.sa_handler = on_alarm}, old;
	sigaction(SIGALRM, &sa, &old);
	ualarm(2000, 0);
	loop_once(loop, 10000);
	assert_true(loop_interrupted(loop));
	sigaction(SIGALRM, &old, NULL);
	pthread_sigmask(SIG_SETMASK, loop_old_mask(loop), NULL);
	loop_free(loop);
}

static void before_sleep(void **state)
{
	(void)state;
	struct loop *loop = fresh();
	loop_before_sleep(loop, note, "1");
	loop_before_sleep(loop, note, "2");
	loop_once(loop, 0);
	loop_once(loop, 0);
	assert_string_equal(trace, "1212");
	loop_free(loop);
}

static void clocks(void **state)
{
	(void)state;
	struct loop *loop = fresh();
	int64_t before = loop_clock();
	loop_once(loop, 0);
	assert_true(loop_now(loop) >= before && loop_now(loop) <= loop_clock());
	assert_true(loop_wall_clock() > 1700000000ll * 1000000);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(timers_in_order),  cmocka_unit_test(many_timers),
	        cmocka_unit_test(busy_timer),       cmocka_unit_test(removal_in_a_callback),
	        cmocka_unit_test(posts_of_threads), cmocka_unit_test(signals),
	        cmocka_unit_test(before_sleep),     cmocka_unit_test(clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
