/* The link with the worker: the socket pair that we were started with, or a connection to our socket in the
 * spool. */
#include "applets/worker/shepherd.h"
#include "core/util/log.h"
#include "proto/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What srun exits with, of a step that the worker refused to start: 1. */
#define STATUS_REFUSED (1 << 8)

static void link_drop(struct shepherd *s)
{
	if (s->worker_watch)
		loop_del_fd(s->loop, s->worker_watch);
	if (s->worker >= 0)
		close(s->worker);
	s->worker_watch = NULL;
	s->worker = -1;
	s->session_follows = false;
}

void link_say(struct shepherd *s, enum link_type type, const void *record)
{
	struct err err = {0};
	if (s->worker >= 0 && link_send(s->worker, type, record, &err) != 0)
		log_verbose("%s", err_text(&err));
}

static bool is_for_us(const struct shepherd *s, uint64_t serial, uint32_t attempt)
{
	return serial == s->record.grant->serial && attempt >= s->record.grant->attempt;
}

static void link_message(struct shepherd *s, uint32_t type, const void *record)
{
	const struct job_signal *sig = record;
	const struct job_end *end = record;
	const struct job_notify *notify = record;
	const struct link_refuse *refuse = record;
	switch (type) {
	case LINK_SESSION:
		s->session_follows = true;
		break;
	case LINK_REFUSE:
		text_set(&s->refused, refuse->why ? refuse->why : "the worker refuses it");
		break;
	case LINK_SIGNAL:
		if (!is_for_us(s, sig->serial, sig->attempt))
			break;
		if (sig->suspend == SIGNAL_SUSPEND)
			end_suspend(s);
		else if (sig->suspend == SIGNAL_RESUME)
			end_resume(s, sig->time_left_s);
		else if (sig->warning)
			end_warn(s, (int)(sig->warning & 0xff));
		else
			end_signal(s, (int)(sig->signal & 0xff),
			           sig->batch_only || (s->batch && sig->launch != 0 && !sig->full),
			           sig->full);
		break;
	case LINK_NOTIFY:
		if (is_for_us(s, notify->serial, notify->attempt) && s->phase == SHEPHERD_RUNNING)
			shepherd_tell_user(s, "%s", notify->text);
		break;
	case LINK_END:
		if (is_for_us(s, end->serial, end->attempt))
			end_begin(s, end->kill_wait_s, end->text);
		break;
	default:
		break; /* hello, and what a newer worker may say */
	}
}

static void link_session(struct shepherd *s)
{
	struct session_peer peer;
	struct session_keys keys;
	struct err err = {0};
	int fd = handover_receive(s->worker, s->record.grant->step_id, s->record.grant->launch, &peer, &keys,
	                          &err);
	s->session_follows = false;
	if (fd >= 0)
		session_adopt(s, fd, &peer, &keys);
	else
		log_error("a session that was handed over is refused: %s", err_text(&err));
	handover_wipe(&keys);
	if (s->refused)
		shepherd_fail(s, STATUS_REFUSED, "%s", s->refused);
}

static void link_readable(void *ctx, uint32_t events)
{
	static uint8_t buf[LINK_PACKET_MAX];
	struct shepherd *s = ctx;
	struct arena arena;
	struct err err = {0};
	uint32_t type = 0;
	void *record = NULL;
	(void)events;
	if (s->session_follows) {
		link_session(s);
		return;
	}
	arena_init(&arena);
	int rc = link_receive(s->worker, buf, &arena, &type, &record, &err);
	if (rc < 0) {
		log_verbose("the worker is gone: %s", err_text(&err));
		link_drop(s);
	} else if (rc == 1 && record) {
		link_message(s, type, record);
	}
	arena_free(&arena);
}

void link_adopt(struct shepherd *s, int fd)
{
	struct err err = {0};
	const struct step_grant *g = s->record.grant;
	struct link_hello hello = {.version = LINK_VERSION,
	                           .launch = g->launch,
	                           .pid = (uint32_t)getpid(),
	                           .started = s->phase >= SHEPHERD_RUNNING,
	                           .ended = s->phase == SHEPHERD_LEAVING};
	link_drop(s);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	s->worker = fd;
	s->worker_watch = loop_add_fd(s->loop, fd, EPOLLIN, link_readable, s, &err);
	if (!s->worker_watch) {
		log_error("cannot watch the link: %s", err_text(&err));
		link_drop(s);
		return;
	}
	link_say(s, LINK_HELLO, &hello);
}

static void link_accept(void *ctx, uint32_t events)
{
	struct shepherd *s = ctx;
	struct ucred who;
	socklen_t n = sizeof(who);
	(void)events;
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 || who.uid != geteuid()) {
		log_error("uid %u tried to be this step's worker", n == sizeof(who) ? (unsigned)who.uid : 0);
		close(fd);
		return;
	}
	link_adopt(s, fd);
}

/* By a name relative to our directory: a path to the spool may be longer than a socket's name can be. */
int link_listen(struct shepherd *s, struct err *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "socket"};
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0 ||
	    bind(s->listener, (const struct sockaddr *)(const void *)&at, sizeof(at)) != 0 ||
	    listen(s->listener, 4) != 0)
		return err_sys(err, errno, "cannot listen in the launch's directory");
	s->listener_watch = loop_add_fd(s->loop, s->listener, EPOLLIN, link_accept, s, err);
	return s->listener_watch ? 0 : -1;
}
