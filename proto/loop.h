/* The event loop: epoll, timers, signals, wake-ups from other threads. One loop belongs to one thread;
 * loop_post() alone may be called from any. */
#pragma once
#include "core/util/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;

typedef void (*loop_fd_fn)(void *ctx, uint32_t events); /* EPOLLIN ... */
typedef void (*loop_fn)(void *ctx);
typedef void (*loop_signal_fn)(void *ctx, int signo);

struct loop *loop_new(struct err *err);
void loop_free(struct loop *loop);
/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
/* One round: waits at most timeout_ms (-1: until something happens). */
void loop_once(struct loop *loop, int timeout_ms);
void loop_stop(struct loop *loop);
/* The last round's wait was ended by a signal that has a handler. */
bool loop_interrupted(const struct loop *loop);

/* Monotonic microseconds, read once a round (loop_now) or from the clock (loop_clock). */
int64_t loop_now(const struct loop *loop);
int64_t loop_clock(void);
/* Wall-clock microseconds since the epoch. */
int64_t loop_wall_clock(void);

/* The fd stays the caller's. Level-triggered. Removing inside any callback is safe. NULL with err set when
 * epoll refuses the fd. */
struct loop_fd *loop_add_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *ctx,
                            struct err *err);
void loop_mod_fd(struct loop *loop, struct loop_fd *handle, uint32_t events);
void loop_del_fd(struct loop *loop, struct loop_fd *handle);

/* One-shot timers, microseconds on the monotonic clock. A fired or cancelled handle is gone. */
struct loop_timer *loop_add_timer(struct loop *loop, int64_t delay_us, loop_fn fn, void *ctx);
void loop_del_timer(struct loop *loop, struct loop_timer *timer);

/* Through a signalfd; the signal is blocked in this thread (do it before other threads start). */
int loop_add_signal(struct loop *loop, int signo, loop_signal_fn fn, void *ctx, struct err *err);
/* The mask that was in force before loop_add_signal calls: for children. */
const sigset_t *loop_old_mask(const struct loop *loop);

/* Called in every round before sleeping: the place where batches are closed. */
void loop_before_sleep(struct loop *loop, loop_fn fn, void *ctx);
/* From any thread: fn(ctx) runs once in the loop's thread. */
void loop_post(struct loop *loop, loop_fn fn, void *ctx);
