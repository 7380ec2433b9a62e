/* The cluster's keys, read at the start and again at a reconfigure. A controller that dropped root can't read
 * them any more: then a child that was forked first, and keeps root, does it. It knows one path and one
 * order, reads nothing else, and ends with the controller. */
#include "applets/controller/controller.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_LIMIT_MS 5000

struct key_helper {
	pid_t pid;
	int fd;
	uint32_t asked; /* each question has a number: an answer that came too late is not taken for the next
	                 */
};

struct key_answer {
	uint32_t number;
	int32_t code; /* of an error, or 0 */
	uint32_t n;
	uint8_t prk[KEYS_MAX][KEY_SIZE];
	char text[800];
};

/* ---- the child ---- */

static void read_for(const struct key_files *files, struct key_answer *a)
{
	struct err err = {0};
	struct key_master *master = key_master_read(files->path, files->owners, files->owner_count, &err);
	if (master) {
		a->n = (uint32_t)key_master_export(master, a->prk);
		key_master_free(master);
	} else {
		a->code = err.code ? err.code : ERR_INTERNAL;
		text_copy(a->text, sizeof(a->text), err_text(&err));
	}
}

/* Nothing of the controller's stays open here: above all not the lock on its pid file. */
static void close_others(int keep)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		(void)dup2(null, fd);
	if (keep > 3)
		(void)syscall(SYS_close_range, 3u, (unsigned)keep - 1, 0u);
	(void)syscall(SYS_close_range, (unsigned)keep + 1, ~0u, 0u);
}

static _Noreturn void be_helper(int fd, pid_t parent, const struct key_files *files)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};
	uint32_t number;
	struct err err = {0};
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	close_others(fd);
	/* It ends by the end of the socket; by PDEATHSIG, too, should a stray copy of the other end live on.
	 */
	if (prctl(PR_SET_NAME, "slurmctld-keys") != 0 || key_init(&err) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	for (;;) {
		ssize_t n = recv(fd, &number, sizeof(number), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(number))
			_exit(0);
		struct key_answer a = {.number = number};
		read_for(files, &a);
		n = send(fd, &a, sizeof(a), MSG_NOSIGNAL);
		sodium_memzero(&a, sizeof(a));
		if (n < 0)
			_exit(0);
	}
}

/* ---- the controller ---- */

int key_helper_start(struct controller *ctl, const struct key_files *files, struct err *err)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return err_sys(err, errno, "cannot make a socket for the process that reads the key");
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		be_helper(ends[1], parent, files);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_sys(err, errno, "cannot start the process that reads the key");
	}
	ctl->key_helper = xcalloc(1, sizeof(*ctl->key_helper));
	*ctl->key_helper = (struct key_helper){.pid = pid, .fd = ends[0]};
	return 0;
}

void key_helper_end(struct controller *ctl)
{
	struct key_helper *h = ctl->key_helper;
	if (!h)
		return;
	close(h->fd);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(h);
	ctl->key_helper = NULL;
}

static int gone(struct err *err)
{
	return err_set(err, ERR_SYSTEM,
	               "the process that reads the key for slurmctld is gone: restart slurmctld (no job "
	               "notices) to read the key again");
}

/* The answer to the last question. A local file needs no time: the loop may wait for it. */
static int receive(struct key_helper *h, struct key_answer *a, struct err *err)
{
	int64_t until = loop_clock() + HELPER_LIMIT_MS * 1000;
	for (;;) {
		struct pollfd p = {.fd = h->fd, .events = POLLIN};
		int64_t left = (until - loop_clock()) / 1000;
		int rc = poll(&p, 1, left > 0 ? (int)left : 0);
		if (rc < 0 && errno == EINTR)
			continue;
		if (rc == 0)
			return err_set(err, ERR_TIMEOUT,
			               "the key could not be read within %d s: look at its disk",
			               HELPER_LIMIT_MS / 1000);
		ssize_t n = rc < 0 ? -1 : recv(h->fd, a, sizeof(*a), MSG_DONTWAIT);
		if (n != (ssize_t)sizeof(*a))
			return gone(err);
		if (a->number == h->asked)
			return 0;
	}
}

static struct key_master *ask_helper(struct key_helper *h, struct err *err)
{
	struct key_answer a = {0};
	struct key_master *master = NULL;
	h->asked++;
	if (send(h->fd, &h->asked, sizeof(h->asked), MSG_NOSIGNAL) != (ssize_t)sizeof(h->asked)) {
		gone(err);
		return NULL;
	}
	if (receive(h, &a, err) == 0) {
		a.text[sizeof(a.text) - 1] = '\0';
		if (a.code != 0)
			err_set(err, (enum err_code)a.code, "%s", a.text);
		else if (!(master = key_master_import(a.prk, a.n)))
			err_set(err, ERR_INTERNAL, "the process that reads the key sent %u of them", a.n);
	}
	sodium_memzero(&a, sizeof(a));
	return master;
}

static struct key_master *read_keys(struct controller *ctl, struct err *err)
{
	return ctl->key_helper ? ask_helper(ctl->key_helper, err) : cluster_file_read_key(ctl->file, err);
}

int keys_load(struct controller *ctl, struct err *err)
{
	const struct session_audience *audience = &ctl->file->controller;
	struct key_master *master = read_keys(ctl, err);
	struct key_host *own = master ? key_host_derive(master, audience->cluster, KEY_CLASS_CONTROLLER,
	                                                audience->name, 0, err)
	                              : NULL;
	if (own && (!ctl->master || !key_master_equal(ctl->master, master))) {
		if (ctl->master) /* else there is no log yet */
			key_master_log(master);
		keys_use(ctl, master, own);
		return 0;
	}
	key_host_free(own);
	key_master_free(master);
	return own ? 0 : -1;
}

void keys_use(struct controller *ctl, struct key_master *master, struct key_host *own)
{
	size_t closed = 0;
	if (ctl->server)
		closed = server_set_keys(ctl->server, master, NULL);
	if (ctl->tickets)
		ticket_server_set_key(ctl->tickets, own);
	if (closed)
		log_info("%zu sessions under keys that are accepted no more were closed", closed);
	keys_free(ctl);
	ctl->master = master;
	ctl->own_key = own;
}

const struct key_host *worker_key(struct controller *ctl, const char *node, struct err *err)
{
	struct key_host *key = map_get_text(&ctl->worker_keys, node);
	if (key)
		return key;
	key = key_host_derive(ctl->master, ctl->file->controller.cluster, KEY_CLASS_WORKER, node, 0, err);
	if (key)
		map_put_text(&ctl->worker_keys, key_host_name(key), key);
	return key;
}

void keys_free(struct controller *ctl)
{
	size_t at = 0;
	void *key;
	while (map_next(&ctl->worker_keys, &at, &key))
		key_host_free(key);
	map_free(&ctl->worker_keys);
	map_init_text(&ctl->worker_keys);
	key_host_free(ctl->own_key);
	key_master_free(ctl->master);
	ctl->own_key = NULL;
	ctl->master = NULL;
}
