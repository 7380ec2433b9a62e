/* The user's files: opened after the change to the user, in a child, so that no path of a user is ever
 * followed with root's rights. The child sends each file back in a packet of its own. A FIFO may keep it
 * waiting, so this runs beside the loop. */
#include "applets/common/filename.h"
#include "applets/worker/identity.h"
#include "applets/worker/shepherd.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPENER_NOT_USER (-1) /* instead of an errno: the child could not become the user; a text follows */

struct opener_answer {
	int error;
	char text[500];
};

static bool is_null(const char *pattern)
{
	return strcmp(pattern, "none") == 0 || strcmp(pattern, "/dev/null") == 0;
}

static int file_add(struct shepherd *s, enum file_kind kind, char *path, int flags)
{
	s->files = xgrow(s->files, &s->file_cap, s->file_count + 1, sizeof(*s->files));
	s->files[s->file_count] = (struct user_file){
	        .kind = kind, .path = path, .flags = flags | O_CLOEXEC | O_NOCTTY, .fd = -1};
	return (int)s->file_count++;
}

static int file_find(struct shepherd *s, char *path, int flags)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (strcmp(s->files[i].path, path) == 0 &&
		    (s->files[i].flags & O_ACCMODE) == (flags & O_ACCMODE)) {
			free(path);
			return (int)i;
		}
	return file_add(s, FILE_NAMED, path, flags);
}

static int file_name(struct shepherd *s, const char *pattern, uint32_t local, int flags)
{
	const struct step_grant *g = s->record.grant;
	struct filename_facts facts = {.job_id = g->job_id,
	                               .array_job_id = g->array_job_id ? g->array_job_id : CORE_NO_VAL,
	                               .array_task_id = g->array_task_id,
	                               .step_id = g->step_id,
	                               .user = g->who->user_name,
	                               .job_name = g->job_name,
	                               .node = g->node,
	                               .node_index = g->job_node_index,
	                               .task = s->tasks[local].global};
	char *path = is_null(pattern) ? xstrdup("/dev/null")
	                              : filename_expand(pattern, &facts, s->launch.work_dir);
	return file_find(s, path, flags);
}

/* srun(1): task 0 has a terminal, and all others have nothing. */
static void files_name_terminal(struct shepherd *s)
{
	for (uint32_t i = 0; i < s->task_count; i++) {
		int *of = s->file_of + (size_t)i * 3;
		if (s->tasks[i].global == 0) {
			s->terminal = &s->tasks[i];
			file_add(s, FILE_TERMINAL_MASTER, xstrdup("/dev/ptmx"), O_RDWR);
			of[0] = file_add(s, FILE_TERMINAL, xstrdup("terminal"), O_RDWR);
		} else {
			of[0] = file_name(s, "none", i, O_RDWR);
		}
		of[1] = of[2] = of[0];
	}
}

static void files_name(struct shepherd *s)
{
	const struct step_launch *l = &s->launch;
	bool append = l->open_mode == 1 || (l->open_mode == 0 && s->record.append);
	int write_flags = O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC);
	s->file_of = xcalloc((size_t)s->task_count * 3, sizeof(*s->file_of));
	if (l->pty) {
		files_name_terminal(s);
		return;
	}
	for (uint32_t i = 0; i < s->task_count; i++) {
		int *of = s->file_of + (size_t)i * 3;
		if (l->std_in)
			of[0] = file_name(s, l->std_in, i, O_RDONLY);
		else if (l->stdin_task != CORE_NO_VAL && l->stdin_task != s->tasks[i].global)
			of[0] = file_name(s, "none", i, O_RDONLY);
		else
			of[0] = FILE_PIPE;
		of[1] = l->std_out ? file_name(s, l->std_out, i, write_flags) : FILE_PIPE;
		/* Without a name of its own stderr goes where stdout goes; to srun both go apart. */
		of[2] = l->std_err ? file_name(s, l->std_err, i, write_flags) : of[1];
	}
}

const struct user_file *files_of(const struct shepherd *s, uint32_t local, int number)
{
	int index = s->file_of[(size_t)local * 3 + (size_t)number];
	return index == FILE_PIPE ? NULL : &s->files[index];
}

/* ---- in the child ---- */

static void answer(int to, const struct opener_answer *a, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.space = {0}};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)a,
	                    .iov_len = offsetof(struct opener_answer, text) + strlen(a->text) + 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	if (fd >= 0) {
		m.msg_control = control.space;
		m.msg_controllen = sizeof(control.space);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	if (sendmsg(to, &m, MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* errno in *error where it is -1. *slave: of the master that was opened last. */
static int opener_open(const struct user_file *f, int *slave, int *error)
{
	int fd = -1;
	*error = 0;
	if (f->kind == FILE_TERMINAL_MASTER) {
		*error = terminal_open(&fd, slave);
	} else if (f->kind == FILE_TERMINAL) {
		fd = *slave;
		*slave = -1;
		*error = fd < 0 ? ENXIO : 0;
	} else {
		fd = open(f->path, f->flags, 0666);
		*error = fd < 0 ? errno : 0;
	}
	return fd;
}

static void opener_child(const struct shepherd *s, int to) __attribute__((noreturn));
static void opener_child(const struct shepherd *s, int to)
{
	struct opener_answer a = {0};
	struct err err = {0};
	int slave = -1;
	if (identity_become(s->record.grant->who, &err) != 0) {
		a.error = OPENER_NOT_USER;
		text_copy(a.text, sizeof(a.text), err_text(&err));
		answer(to, &a, -1);
		_exit(1);
	}
	umask((mode_t)(s->launch.umask & 0777));
	if (chdir(s->launch.work_dir ? s->launch.work_dir : "/") != 0 && chdir("/") != 0)
		_exit(1);
	for (size_t i = 0; i < s->file_count; i++) {
		if (s->files[i].fd >= 0)
			continue;
		int fd = opener_open(&s->files[i], &slave, &a.error);
		answer(to, &a, fd);
		if (fd >= 0)
			close(fd);
	}
	_exit(0);
}

/* ---- in the shepherd ---- */

/* One answer: 1 with *error and *fd (-1: none), 0 nothing there, -1 the child is gone or sent nonsense. */
static int receive(struct shepherd *s, struct opener_answer *a, int *fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = a, .iov_len = sizeof(*a)};
	struct msghdr m = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = control.space,
	                   .msg_controllen = sizeof(control.space)};
	*fd = -1;
	ssize_t n = recvmsg(s->opener_fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	if ((size_t)n <= offsetof(struct opener_answer, text) || (m.msg_flags & (MSG_CTRUNC | MSG_TRUNC))) {
		if (*fd >= 0)
			close(*fd);
		return -1;
	}
	a->text[sizeof(a->text) - 1] = '\0';
	return 1;
}

/* What comes back must be something to read from or write to. */
static int check_kind(enum file_kind kind, int fd)
{
	struct stat st;
	if (kind != FILE_NAMED)
		return terminal_check(fd);
	if (fstat(fd, &st) != 0)
		return errno;
	if (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		return 0;
	return S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
}

static struct user_file *next_unanswered(struct shepherd *s)
{
	while (s->files_answered < s->file_count) {
		struct user_file *f = &s->files[s->files_answered];
		if (f->fd < 0 && f->error == 0)
			return f;
		s->files_answered++;
	}
	return NULL;
}

static void opener_done(struct shepherd *s)
{
	loop_del_fd(s->loop, s->opener_watch);
	close(s->opener_fd);
	s->opener_watch = NULL;
	s->opener_fd = -1;
	shepherd_files_opened(s);
}

static void opener_readable(void *ctx, uint32_t events)
{
	struct shepherd *s = ctx;
	struct user_file *f;
	(void)events;
	while ((f = next_unanswered(s)) != NULL) {
		struct opener_answer a;
		int fd, rc = receive(s, &a, &fd);
		if (rc == 0)
			return;
		if (rc < 0) {
			f->error = EIO;
			break;
		}
		if (a.error == OPENER_NOT_USER) {
			loop_del_fd(s->loop, s->opener_watch);
			s->opener_watch = NULL;
			shepherd_fail(s, SIGKILL, "%s", a.text);
			return;
		}
		f->fd = fd;
		f->error = fd < 0 ? (a.error ? a.error : EIO) : check_kind(f->kind, fd);
		if (f->error)
			break;
	}
	opener_done(s);
}

int files_open(struct shepherd *s, struct err *err)
{
	int ends[2];
	files_name(s);
	for (size_t i = 0; i < s->file_count; i++)
		if (strcmp(s->files[i].path, "/dev/null") == 0)
			s->files[i].fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (!next_unanswered(s)) {
		shepherd_files_opened(s);
		return 0;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return err_sys(err, errno, "cannot make a socket pair");
	s->opener = fork();
	if (s->opener == 0)
		opener_child(s, ends[1]);
	close(ends[1]);
	s->opener_fd = ends[0];
	if (s->opener < 0)
		return err_sys(err, errno, "cannot fork");
	s->childless = false;
	s->opener_watch = loop_add_fd(s->loop, s->opener_fd, EPOLLIN, opener_readable, s, err);
	return s->opener_watch ? 0 : -1;
}

void files_abort(struct shepherd *s)
{
	if (s->opener > 0)
		kill(s->opener, SIGKILL);
	if (s->opener_watch)
		loop_del_fd(s->loop, s->opener_watch);
	if (s->opener_fd >= 0)
		close(s->opener_fd);
	s->opener_watch = NULL;
	s->opener_fd = -1;
}

int files_take_master(struct shepherd *s)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].kind == FILE_TERMINAL_MASTER) {
			int fd = s->files[i].fd;
			s->files[i].fd = -1;
			return fd;
		}
	return -1;
}

void files_close(struct shepherd *s)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].fd >= 0) {
			close(s->files[i].fd);
			s->files[i].fd = -1;
		}
}
