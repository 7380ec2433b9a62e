/* Asking a daemon of this host for a user's ticket. Whom to believe is decided before anything is sent:
 *
 *     /run/batchbox            root's, and nobody else may write it: root decides what is in it
 *     /run/batchbox/slurmctld  its owner is the daemon's user (SlurmUser, or root)
 *     .../auth                 who listens (SO_PEERCRED) must be that user, or root
 *
 * In a single-user cluster the first is $BATCHBOX_RUN_DIR and the user's own, and so must be all the rest. */
#include "core/util/arena.h"
#include "proto/conn_priv.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ASK_MAX 16 /* sockets that are tried */

struct ticket_ask {
	char *run_dir;
	uid_t run_owner;
	char *paths[ASK_MAX];
	uid_t owners[ASK_MAX]; /* of the directories */
	size_t count, next;
	int fd;
	uint8_t request[WIRE_REQUEST_SIZE];
	uint8_t kid[KEY_ID_SIZE]; /* the server's */
	uint8_t e_c[32];
	struct session_audience audience;
	uint8_t bytes[WIRE_ANSWER_SIZE];
	size_t got;
	struct wire_answer spare; /* a ticket of another key than the server says: still better than none */
	bool has_spare;
	struct err why; /* of the first daemon that did not do */
};

/* ---- which sockets ---- */

static int check_run_dir(struct ticket_ask *ask, struct err *err)
{
	struct stat st;
	if (lstat(ask->run_dir, &st) != 0)
		return err_set(
		        err, ERR_UNAUTHENTICATED,
		        "no daemon of the cluster runs on this host (%s: %s): start slurmd or sackd here",
		        ask->run_dir, strerror(errno));
	if (!S_ISDIR(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022))
		return err_set(
		        err, ERR_UNAUTHENTICATED,
		        "%s can't be trusted: it must be a directory of root (or, for a cluster of your own, "
		        "yours) that nobody else may write",
		        ask->run_dir);
	ask->run_owner = st.st_uid;
	return 0;
}

static bool add_path(struct ticket_ask *ask, char *path, uid_t owner)
{
	if (ask->count == ASK_MAX) {
		free(path);
		return false;
	}
	ask->owners[ask->count] = owner;
	ask->paths[ask->count++] = path;
	return true;
}

/* The directory is the daemon's, and what is in it its own business: its owner is who must listen. */
static bool trusted_owner(const struct ticket_ask *ask, const char *dir, uid_t *owner)
{
	struct stat st;
	if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || (st.st_mode & 022))
		return false;
	*owner = st.st_uid;
	return ask->run_owner == 0 || st.st_uid == 0 || st.st_uid == ask->run_owner;
}

static void find_in(struct ticket_ask *ask, const char *daemon)
{
	char *dir = xprintf("%s/%s", ask->run_dir, daemon);
	uid_t owner;
	DIR *d = NULL;
	if (trusted_owner(ask, dir, &owner)) {
		if (strcmp(daemon, "slurmd") != 0)
			add_path(ask, xprintf("%s/auth", dir), owner);
		else
			d = opendir(dir);
	}
	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (strncmp(e->d_name, "auth.", 5) == 0 &&
		    !add_path(ask, xprintf("%s/%s", dir, e->d_name), owner))
			break;
	if (d)
		closedir(d);
	free(dir);
}

/* ---- one of them ---- */

static void close_socket(struct ticket_ask *ask)
{
	if (ask->fd >= 0)
		close(ask->fd);
	ask->fd = -1;
	ask->got = 0;
}

static int believe(const struct ticket_ask *ask, size_t i, struct err *err)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	if (getsockopt(ask->fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		return err_sys(err, errno, "cannot see who listens on %s", ask->paths[i]);
	if (who.uid != 0 && who.uid != ask->owners[i])
		return err_set(err, ERR_UNAUTHENTICATED,
		               "%s is served by uid %u, not by uid %u or root: it isn't asked for a ticket",
		               ask->paths[i], (unsigned)who.uid, (unsigned)ask->owners[i]);
	return 0;
}

/* Connects, checks, and sends the request. A full queue is waited for, for as long as a ticket may take. */
static int start_one(struct ticket_ask *ask, size_t i, struct err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_usec = TICKET_TIME_US % 1000000,
	                              .tv_sec = TICKET_TIME_US / 1000000};
	if (!text_copy(addr.sun_path, sizeof(addr.sun_path), ask->paths[i]))
		return err_set(err, ERR_CONFIG, "%s is too long for a socket's path", ask->paths[i]);
	ask->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ask->fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	setsockopt(ask->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(ask->fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0)
		return err_set(err, ERR_UNAUTHENTICATED, "no daemon answers on %s: %s", ask->paths[i],
		               strerror(errno));
	if (believe(ask, i, err) != 0)
		return -1;
	if (send(ask->fd, ask->request, sizeof(ask->request), MSG_NOSIGNAL) != (ssize_t)sizeof(ask->request))
		return err_set(err, ERR_UNAUTHENTICATED, "the daemon on %s takes no request: %s",
		               ask->paths[i], strerror(errno));
	return 0;
}

/* A ticket must be for what was asked. Whether it is good, the server will say. */
static int check_answer(struct ticket_ask *ask, struct wire_answer *a, struct wire_open *open,
                        struct err *err)
{
	const char *path = ask->paths[ask->next - 1];
	if (wire_get_answer(ask->bytes, a, err) != 0)
		return -1;
	if (strcmp(a->cluster, ask->audience.cluster) != 0)
		return err_set(err, ERR_UNAUTHENTICATED,
		               "the daemon on %s is of cluster %s, not of %s: check ClusterName", path,
		               a->cluster, ask->audience.cluster);
	if (a->code != 0)
		return err_set(err, ERR_UNAUTHENTICATED, "the daemon on %s gives no ticket: %s", path,
		               wire_no_ticket_text(a->code));
	if (wire_get_open(a->open, open, err) != 0 || open->kind != SESSION_USER ||
	    open->role != ask->audience.role || strcmp(open->audience, ask->audience.name) != 0 ||
	    memcmp(open->e_c, ask->e_c, sizeof(open->e_c)) != 0)
		return err_set(err, ERR_UNAUTHENTICATED, "the daemon on %s gave a ticket for something else",
		               path);
	return 0;
}

/* 1: a whole ticket of the server's key; 0: more bytes are to come; -1: on to the next. */
static int read_answer(struct ticket_ask *ask, struct wire_answer *a, struct err *err)
{
	struct wire_open open;
	ssize_t n = recv(ask->fd, ask->bytes + ask->got, sizeof(ask->bytes) - ask->got, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return err_set(err, ERR_UNAUTHENTICATED, "the daemon on %s gave no ticket",
		               ask->paths[ask->next - 1]);
	ask->got += (size_t)n;
	if (ask->got < sizeof(ask->bytes))
		return 0;
	if (check_answer(ask, a, &open, err) != 0)
		return -1;
	if (memcmp(open.kid, ask->kid, KEY_ID_SIZE) == 0)
		return 1;
	if (!ask->has_spare)
		ask->spare = *a;
	ask->has_spare = true;
	return -1;
}

static void remember(struct ticket_ask *ask, const struct err *err)
{
	if (!ask->why.code && err->code)
		ask->why = *err;
}

/* ---- all of them in turn ---- */

struct ticket_ask *ticket_ask_new(const struct opening *o, const struct session_audience *audience,
                                  struct err *err)
{
	static const char *const daemons[] = {"slurmctld", "slurmd", "sackd"};
	const char *own = getenv("BATCHBOX_RUN_DIR");
	struct wire_request request;
	/* Somebody else's program with our ids would hand our rights to its caller; and its environment is
	 * the caller's. */
	if (getauxval(AT_SECURE)) {
		err_set(err, ERR_UNAUTHENTICATED,
		        "this program was made set-user-id or got capabilities: it asks for no ticket then");
		return NULL;
	}
	struct ticket_ask *ask = xcalloc(1, sizeof(*ask));
	ask->fd = -1;
	ask->run_dir = xstrdup(own && *own ? own : "/run/batchbox");
	ask->audience = *audience;
	memcpy(ask->kid, o->hello.kid, KEY_ID_SIZE);
	memcpy(ask->e_c, o->e_public, sizeof(ask->e_c));
	memset(&request, 0, sizeof(request));
	request.role = audience->role;
	memcpy(request.hello, o->hello_bytes, sizeof(request.hello));
	memcpy(request.e_c, o->e_public, sizeof(request.e_c));
	text_copy(request.audience, sizeof(request.audience), audience->name);
	wire_put_request(&request, ask->request);
	if (check_run_dir(ask, err) != 0) {
		ticket_ask_free(ask);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
		find_in(ask, daemons[i]);
	return ask;
}

static int use_spare(struct ticket_ask *ask, uint8_t open[WIRE_OPEN_SIZE], uint8_t psk[32], struct err *err)
{
	if (!ask->has_spare) {
		if (ask->why.code)
			return err_set(err, (enum err_code)ask->why.code, "%s", err_text(&ask->why));
		return err_set(err, ERR_UNAUTHENTICATED,
		               "no daemon of the cluster runs on this host (looked in %s): start slurmd or "
		               "sackd here",
		               ask->run_dir);
	}
	memcpy(open, ask->spare.open, WIRE_OPEN_SIZE);
	memcpy(psk, ask->spare.psk, 32);
	return 1;
}

int ticket_ask_step(struct ticket_ask *ask, uint8_t open[WIRE_OPEN_SIZE], uint8_t psk[32], struct err *err)
{
	for (;;) {
		struct wire_answer a;
		struct err why = {0};
		if (ask->fd >= 0) {
			int rc = read_answer(ask, &a, &why);
			if (rc == 0)
				return 0;
			remember(ask, &why);
			close_socket(ask);
			if (rc > 0) {
				memcpy(open, a.open, WIRE_OPEN_SIZE);
				memcpy(psk, a.psk, 32);
				sodium_memzero(&a, sizeof(a));
				return 1;
			}
		}
		if (ask->next == ask->count)
			return use_spare(ask, open, psk, err);
		if (start_one(ask, ask->next++, &why) != 0) {
			remember(ask, &why);
			close_socket(ask);
		}
	}
}

void ticket_ask_skip(struct ticket_ask *ask)
{
	struct err why = {0};
	if (ask->fd >= 0)
		err_set(&why, ERR_TIMEOUT, "the daemon on %s gave no ticket within 2 s",
		        ask->paths[ask->next - 1]);
	remember(ask, &why);
	close_socket(ask);
}

int ticket_ask_fd(const struct ticket_ask *ask)
{
	return ask->fd;
}

void ticket_ask_free(struct ticket_ask *ask)
{
	if (!ask)
		return;
	close_socket(ask);
	for (size_t i = 0; i < ask->count; i++)
		free(ask->paths[i]);
	free(ask->run_dir);
	sodium_memzero(ask, sizeof(*ask));
	free(ask);
}
