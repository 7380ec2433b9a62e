#include "proto/loop.h"
#include "proto/fault.h"

#include "core/util/arena.h"
#include "core/util/list.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define LOOP_EVENTS  64
#define LOOP_SIGNALS 16

struct loop_fd {
	int fd;
	bool dead; /* removed during this round: its events are not delivered any more */
	loop_fd_fn fn;
	void *ctx;
	struct list in_loop; /* watched, or dead */
};

struct loop_timer {
	int64_t at;
	uint64_t order; /* equal times fire as they were set */
	size_t index;   /* in the heap */
	loop_fn fn;
	void *ctx;
};

struct loop_post_item {
	struct loop_post_item *next;
	loop_fn fn;
	void *ctx;
};

struct loop {
	int epoll, event;
	bool stopping, interrupted;
	int64_t now;
	struct loop_timer **heap;
	size_t timers, heap_cap;
	uint64_t timer_order;
	struct list watched, dead;
	struct {
		int signo;
		loop_signal_fn fn;
		void *ctx;
	} signals[LOOP_SIGNALS];
	size_t signal_count;
	int signal_fd;
	sigset_t signal_set, old_mask;
	struct {
		loop_fn fn;
		void *ctx;
	} before[8];
	size_t before_count;
	pthread_mutex_t lock;
	struct loop_post_item *posted, **posted_end;
};

int64_t loop_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t loop_wall_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + fault_clock_offset();
}

int64_t loop_now(const struct loop *loop)
{
	return loop->now;
}

/* ---- posts from other threads ---- */

static void run_posted(void *ctx, uint32_t events)
{
	struct loop *loop = ctx;
	uint64_t count;
	(void)events;
	if (read(loop->event, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&loop->lock);
	struct loop_post_item *item = loop->posted;
	loop->posted = NULL;
	loop->posted_end = &loop->posted;
	pthread_mutex_unlock(&loop->lock);
	while (item) {
		struct loop_post_item *next = item->next;
		item->fn(item->ctx);
		free(item);
		item = next;
	}
}

void loop_post(struct loop *loop, loop_fn fn, void *ctx)
{
	struct loop_post_item *item = xmalloc(sizeof(*item));
	*item = (struct loop_post_item){NULL, fn, ctx};
	pthread_mutex_lock(&loop->lock);
	bool first = loop->posted == NULL;
	*loop->posted_end = item;
	loop->posted_end = &item->next;
	pthread_mutex_unlock(&loop->lock);
	uint64_t one = 1;
	/* The counter can't overflow: one write for each batch. */
	while (first && write(loop->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- life ---- */

struct loop *loop_new(struct err *err)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));
	loop->signal_fd = -1;
	loop->posted_end = &loop->posted;
	list_init(&loop->watched);
	list_init(&loop->dead);
	sigemptyset(&loop->signal_set);
	pthread_sigmask(SIG_SETMASK, NULL, &loop->old_mask);
	pthread_mutex_init(&loop->lock, NULL);
	loop->now = loop_clock();
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll < 0 || loop->event < 0 ||
	    !loop_add_fd(loop, loop->event, EPOLLIN, run_posted, loop, err)) {
		err_sys(err, errno, "cannot make an event loop");
		loop_free(loop);
		return NULL;
	}
	return loop;
}

static void bury(struct list *handles)
{
	list_each_safe (it, tmp, handles) {
		list_remove(it);
		free(list_entry(it, struct loop_fd, in_loop));
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (size_t i = 0; i < loop->timers; i++)
		free(loop->heap[i]);
	free(loop->heap);
	bury(&loop->watched);
	bury(&loop->dead);
	for (struct loop_post_item *item = loop->posted, *next; item; item = next) {
		next = item->next;
		free(item);
	}
	if (loop->epoll >= 0)
		close(loop->epoll);
	if (loop->event >= 0)
		close(loop->event);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

/* ---- fds ---- */

struct loop_fd *loop_add_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *ctx,
                            struct err *err)
{
	struct loop_fd *handle = xcalloc(1, sizeof(*handle));
	*handle = (struct loop_fd){.fd = fd, .fn = fn, .ctx = ctx};
	struct epoll_event ev = {.events = events, .data.ptr = handle};
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
		err_sys(err, errno, "cannot watch file descriptor %d", fd);
		free(handle);
		return NULL;
	}
	list_append(&loop->watched, &handle->in_loop);
	return handle;
}

void loop_mod_fd(struct loop *loop, struct loop_fd *handle, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = handle};
	epoll_ctl(loop->epoll, EPOLL_CTL_MOD, handle->fd, &ev);
}

void loop_del_fd(struct loop *loop, struct loop_fd *handle)
{
	if (!handle || handle->dead)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, handle->fd, NULL);
	handle->dead = true;
	/* Events of this round may still point to it. */
	list_remove(&handle->in_loop);
	list_append(&loop->dead, &handle->in_loop);
}

/* ---- timers: a binary heap ---- */

static bool earlier(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_set(struct loop *loop, size_t i, struct loop_timer *timer)
{
	loop->heap[i] = timer;
	timer->index = i;
}

static void heap_up(struct loop *loop, size_t i)
{
	struct loop_timer *timer = loop->heap[i];
	while (i > 0 && earlier(timer, loop->heap[(i - 1) / 2])) {
		heap_set(loop, i, loop->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_set(loop, i, timer);
}

static void heap_down(struct loop *loop, size_t i)
{
	struct loop_timer *timer = loop->heap[i];
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= loop->timers)
			break;
		if (child + 1 < loop->timers && earlier(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!earlier(loop->heap[child], timer))
			break;
		heap_set(loop, i, loop->heap[child]);
		i = child;
	}
	heap_set(loop, i, timer);
}

struct loop_timer *loop_add_timer(struct loop *loop, int64_t delay_us, loop_fn fn, void *ctx)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));
	*timer = (struct loop_timer){.at = loop_clock() + (delay_us > 0 ? delay_us : 0),
	                             .order = loop->timer_order++,
	                             .fn = fn,
	                             .ctx = ctx};
	loop->heap = xgrow(loop->heap, &loop->heap_cap, loop->timers + 1, sizeof(struct loop_timer *));
	loop->timers++;
	heap_set(loop, loop->timers - 1, timer);
	heap_up(loop, loop->timers - 1);
	return timer;
}

void loop_del_timer(struct loop *loop, struct loop_timer *timer)
{
	if (!timer)
		return;
	size_t i = timer->index;
	struct loop_timer *last = loop->heap[--loop->timers];
	if (last != timer) {
		heap_set(loop, i, last);
		heap_down(loop, i);
		heap_up(loop, last->index);
	}
	free(timer);
}

static void run_timers(struct loop *loop)
{
	/* Only those that were set before this round: one that sets itself again at once must not keep others
	 * waiting. */
	uint64_t end = loop->timer_order;
	for (;;) {
		struct loop_timer *timer = loop->timers ? loop->heap[0] : NULL;
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed left the heap */
		if (!timer || timer->at > loop->now || timer->order >= end)
			break;
		loop_fn fn = timer->fn;
		void *ctx = timer->ctx;
		loop_del_timer(loop, timer);
		fn(ctx);
	}
}

/* ---- signals ---- */

static void take_signal(void *ctx, uint32_t events)
{
	struct loop *loop = ctx;
	struct signalfd_siginfo info;
	(void)events;
	while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		for (size_t i = 0; i < loop->signal_count; i++)
			if (loop->signals[i].signo == (int)info.ssi_signo)
				loop->signals[i].fn(loop->signals[i].ctx, (int)info.ssi_signo);
}

int loop_add_signal(struct loop *loop, int signo, loop_signal_fn fn, void *ctx, struct err *err)
{
	if (loop->signal_count == LOOP_SIGNALS)
		return err_set(err, ERR_LIMIT, "more than %d signals in one loop", LOOP_SIGNALS);
	sigaddset(&loop->signal_set, signo);
	if (pthread_sigmask(SIG_BLOCK, &loop->signal_set, NULL) != 0)
		return err_set(err, ERR_SYSTEM, "cannot block signal %d", signo);
	int fd = signalfd(loop->signal_fd, &loop->signal_set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a signalfd for signal %d", signo);
	bool first = loop->signal_fd < 0;
	loop->signal_fd = fd;
	if (first && !loop_add_fd(loop, fd, EPOLLIN, take_signal, loop, err))
		return -1;
	loop->signals[loop->signal_count].signo = signo;
	loop->signals[loop->signal_count].fn = fn;
	loop->signals[loop->signal_count++].ctx = ctx;
	return 0;
}

const sigset_t *loop_old_mask(const struct loop *loop)
{
	return &loop->old_mask;
}

void loop_before_sleep(struct loop *loop, loop_fn fn, void *ctx)
{
	/* More hooks than there are is our own mistake. */
	assert(loop->before_count < sizeof(loop->before) / sizeof(loop->before[0]));
	loop->before[loop->before_count].fn = fn;
	loop->before[loop->before_count++].ctx = ctx;
}

/* ---- running ---- */

static int wait_ms(const struct loop *loop, int timeout_ms)
{
	if (loop->timers == 0)
		return timeout_ms;
	int64_t us = loop->heap[0]->at - loop_clock();
	int64_t ms = us <= 0 ? 0 : us / 1000 + 1;
	if (ms > 3600000)
		ms = 3600000;
	return timeout_ms >= 0 && timeout_ms < ms ? timeout_ms : (int)ms;
}

void loop_once(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[LOOP_EVENTS];
	for (size_t i = 0; i < loop->before_count; i++)
		loop->before[i].fn(loop->before[i].ctx);
	if (loop->stopping)
		return;
	int n = epoll_wait(loop->epoll, events, LOOP_EVENTS, wait_ms(loop, timeout_ms));
	loop->interrupted = n < 0 && errno == EINTR;
	loop->now = loop_clock();
	for (int i = 0; i < n; i++) {
		struct loop_fd *handle = events[i].data.ptr;
		if (!handle->dead)
			handle->fn(handle->ctx, events[i].events);
	}
	run_timers(loop);
	bury(&loop->dead);
}

bool loop_interrupted(const struct loop *loop)
{
	return loop->interrupted;
}

void loop_run(struct loop *loop)
{
	while (!loop->stopping)
		loop_once(loop, -1);
	loop->stopping = false;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}
