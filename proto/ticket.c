/* The daemon's local socket (shared/security.md, "Tickets from the local daemon"): a fixed request, a fixed
 * answer, one for a connection. Who asks is what the kernel says, and nothing else. */
#include "core/util/arena.h"
#include "core/util/log.h"
#include "core/util/map.h"
#include "proto/conn_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ASKERS_PER_USER 16
#define ASKERS_MAX      1024
#define ACCEPT_TURNS    64
#define LOG_EVERY_S     10

struct asker {
	struct ticket_server *server;
	int fd;
	struct ucred who;
	struct loop_fd *watch;
	uint8_t request[WIRE_REQUEST_SIZE + 1]; /* a byte more than is right shows that it isn't */
	size_t got;
	int64_t until;
	struct list in_server;
};

struct subuid_range {
	uint32_t first, count;
};

struct ticket_server {
	struct loop *loop;
	int fd, lock_fd;
	struct loop_fd *watch;
	struct loop_timer *expire;
	char *path, *controller, *worker, *subuid_path;
	const struct key_host *own;
	uint32_t single_uid;
	struct list askers; /* oldest first */
	size_t asker_count;
	struct map users; /* uid -> askers */
	/* /etc/subuid as it was read */
	struct subuid_range *ranges;
	size_t range_count, range_cap;
	struct stat subuid_stat;
};

/* ---- subordinate ids ---- */

static void add_range(struct ticket_server *s, char *line)
{
	char *rest = line;
	const char *name = text_split(&rest, ':'), *first = text_split(&rest, ':'),
	           *count = text_split(&rest, ':');
	struct subuid_range range;
	if (!name || !first || !count || !text_to_u32(first, &range.first) ||
	    !text_to_u32(count, &range.count))
		return;
	s->ranges = xgrow(s->ranges, &s->range_cap, s->range_count + 1, sizeof(*s->ranges));
	s->ranges[s->range_count++] = range;
}

/* Reads subuid(5) anew when the file is another one than before. false: it is there and can't be read. */
static bool refresh_ranges(struct ticket_server *s)
{
	struct stat st;
	char line[512];
	if (stat(s->subuid_path, &st) != 0) {
		s->range_count = 0;
		memset(&s->subuid_stat, 0, sizeof(s->subuid_stat));
		return errno == ENOENT || errno == ENOTDIR;
	}
	if (st.st_ino == s->subuid_stat.st_ino && st.st_dev == s->subuid_stat.st_dev &&
	    st.st_size == s->subuid_stat.st_size && st.st_mtim.tv_sec == s->subuid_stat.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == s->subuid_stat.st_mtim.tv_nsec)
		return true;
	FILE *f = fopen(s->subuid_path, "re");
	if (!f)
		return false;
	s->range_count = 0;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		add_range(s, line);
	}
	bool whole = !ferror(f);
	fclose(f);
	if (whole)
		s->subuid_stat = st;
	return whole;
}

static bool is_subordinate(struct ticket_server *s, uint32_t uid)
{
	if (!refresh_ranges(s)) {
		log_error("%s cannot be read: no tickets are given until it can", s->subuid_path);
		return true;
	}
	for (size_t i = 0; i < s->range_count; i++)
		if (uid >= s->ranges[i].first && uid - s->ranges[i].first < s->ranges[i].count)
			return true;
	return false;
}

/* ---- judging ---- */

static bool user_may(struct ticket_server *s, const struct ucred *who)
{
	if (who->uid == (uid_t)-1 || who->gid == (gid_t)-1 || who->uid == overflow_uid() ||
	    who->gid == overflow_gid())
		return false;
	if (s->single_uid != CORE_NO_VAL && who->uid != s->single_uid)
		return false;
	return who->uid == 0 || who->uid == s->single_uid || !is_subordinate(s, who->uid);
}

static bool audience_may(const struct ticket_server *s, const struct wire_request *request)
{
	if (request->role == ROLE_CONTROLLER)
		return text_eq(request->audience, s->controller);
	return s->worker && text_eq(request->audience, s->worker);
}

static void sign(const struct ticket_server *s, const struct asker *a, const struct wire_request *request,
                 struct wire_answer *answer)
{
	struct wire_open open = {.version = SESSION_VERSION,
	                         .kind = SESSION_USER,
	                         .class = key_host_class(s->own),
	                         .generation = key_host_generation(s->own),
	                         .uid = a->who.uid,
	                         .gid = a->who.gid,
	                         .role = request->role};
	uint8_t h[32];
	memcpy(open.kid, key_host_id(s->own), KEY_ID_SIZE);
	memcpy(open.e_c, request->e_c, sizeof(open.e_c));
	text_copy(open.host, sizeof(open.host), key_host_name(s->own));
	text_copy(open.audience, sizeof(open.audience), request->audience);
	wire_put_open(&open, answer->open);
	wire_transcript(request->hello, key_host_cluster(s->own), answer->open, h);
	wire_ticket(key_host_bytes(s->own), h, open.mac, answer->psk);
	wire_put_open(&open, answer->open);
}

static void answer(struct asker *a)
{
	struct ticket_server *s = a->server;
	struct wire_request request;
	struct wire_answer reply = {0};
	struct err err = {0};
	uint8_t bytes[WIRE_ANSWER_SIZE];
	text_copy(reply.cluster, sizeof(reply.cluster), key_host_cluster(s->own));
	if (wire_get_request(a->request, &request, &err) != 0)
		reply.code = NO_TICKET_VERSION;
	else if (!user_may(s, &a->who))
		reply.code = NO_TICKET_USER;
	else if (!audience_may(s, &request))
		reply.code = NO_TICKET_AUDIENCE;
	else
		sign(s, a, &request, &reply);
	wire_put_answer(&reply, bytes);
	/* A fresh socket's buffer takes it whole. */
	if (send(a->fd, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof(bytes))
		log_debug("uid %u did not take its ticket", (unsigned)a->who.uid);
	sodium_memzero(&reply, sizeof(reply));
	sodium_memzero(bytes, sizeof(bytes));
	if (reply.code != 0)
		log_debug("no ticket for uid %u: %s", (unsigned)a->who.uid, wire_no_ticket_text(reply.code));
}

/* ---- askers ---- */

static size_t askers_of(const struct ticket_server *s, uint32_t uid)
{
	return (size_t)(uintptr_t)map_get(&s->users, uid);
}

static void asker_free(struct asker *a)
{
	struct ticket_server *s = a->server;
	size_t n = askers_of(s, a->who.uid) - 1;
	if (n > 0)
		map_put(&s->users, a->who.uid, (void *)(uintptr_t)n);
	else
		map_del(&s->users, a->who.uid);
	list_remove(&a->in_server);
	s->asker_count--;
	loop_del_fd(s->loop, a->watch);
	close(a->fd);
	free(a);
}

static void expire(void *ctx);

static void plan_expiry(struct ticket_server *s)
{
	loop_del_timer(s->loop, s->expire);
	s->expire = NULL;
	if (!list_empty(&s->askers)) {
		const struct asker *oldest = list_entry(s->askers.next, struct asker, in_server);
		s->expire = loop_add_timer(s->loop, oldest->until - loop_clock(), expire, s);
	}
}

static void expire(void *ctx)
{
	struct ticket_server *s = ctx;
	int64_t now = loop_clock();
	s->expire = NULL;
	list_each_safe (it, next, &s->askers) {
		struct asker *a = list_entry(it, struct asker, in_server);
		if (a->until > now)
			break;
		asker_free(a);
	}
	plan_expiry(s);
}

/* recv() without room for control messages: descriptors and credentials that are sent along are dropped by
 * the kernel. */
static void asker_event(void *ctx, uint32_t events)
{
	struct asker *a = ctx;
	(void)events;
	ssize_t n = recv(a->fd, a->request + a->got, sizeof(a->request) - a->got, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		a->got += (size_t)n;
	if (n > 0 && a->got < WIRE_REQUEST_SIZE)
		return;
	if (n > 0 && a->got == WIRE_REQUEST_SIZE)
		answer(a);
	asker_free(a);
}

static void take_asker(struct ticket_server *s, int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	struct err err = {0};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 || len != sizeof(who) ||
	    askers_of(s, who.uid) >= ASKERS_PER_USER) {
		close(fd);
		return;
	}
	if (s->asker_count >= ASKERS_MAX)
		asker_free(list_entry(s->askers.next, struct asker, in_server));
	struct asker *a = xcalloc(1, sizeof(*a));
	a->server = s;
	a->fd = fd;
	a->who = who;
	a->until = loop_clock() + TICKET_TIME_US;
	list_append(&s->askers, &a->in_server);
	s->asker_count++;
	map_put(&s->users, who.uid, (void *)(uintptr_t)(askers_of(s, who.uid) + 1));
	a->watch = loop_add_fd(s->loop, fd, EPOLLIN, asker_event, a, &err);
	if (!a->watch) {
		asker_free(a);
		return;
	}
	if (!s->expire)
		plan_expiry(s);
	asker_event(a, EPOLLIN); /* the request is usually there by now */
}

static void accept_event(void *ctx, uint32_t events)
{
	struct ticket_server *s = ctx;
	unsigned more;
	(void)events;
	for (int i = 0; i < ACCEPT_TURNS; i++) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			take_asker(s, fd);
		} else if ((errno == EMFILE || errno == ENFILE) && !list_empty(&s->askers)) {
			asker_free(list_entry(s->askers.next, struct asker, in_server));
		} else if (errno == EMFILE || errno == ENFILE) {
			if (log_once_in("ticket descriptors", LOG_EVERY_S, &more))
				log_error("no file descriptors are left for tickets: raise LimitNOFILE");
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

/* ---- the socket ---- */

static int make_directory(const char *dir, struct err *err)
{
	struct stat st;
	char *parent = xstrdup(dir);
	char *slash = strrchr(parent, '/');
	int rc = 0;
	if (slash && slash != parent) {
		*slash = '\0';
		if (mkdir(parent, 0755) == 0)
			(void)chmod(parent, 0755);
	}
	if (mkdir(dir, 0755) == 0)
		(void)chmod(dir, 0755); /* whatever the umask */
	else if (errno != EEXIST)
		rc = err_sys(err, errno,
		             "cannot make %s for the ticket socket: as root, mkdir -p %s and chown it to "
		             "this daemon's user",
		             dir, dir);
	if (rc == 0 && (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode)))
		rc = err_set(err, ERR_CONFIG, "%s is no directory: remove it", dir);
	else if (rc == 0 && st.st_uid != geteuid() && st.st_uid != 0)
		rc = err_set(err, ERR_CONFIG,
		             "%s belongs to uid %u: commands would not trust it; chown it to uid %u", dir,
		             (unsigned)st.st_uid, (unsigned)geteuid());
	else if (rc == 0 && (st.st_mode & 022))
		rc = err_set(err, ERR_CONFIG, "others may write %s: chmod 0755 %s", dir, dir);
	free(parent);
	return rc;
}

static int take_lock(struct ticket_server *s, const char *dir, const char *file, struct err *err)
{
	char *path = xprintf("%s/.%s.lock", dir, file);
	int rc = 0;
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		rc = err_sys(err, errno, "cannot open %s", path);
	else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
		rc = errno == EWOULDBLOCK ? err_set(err, ERR_LOCKED,
		                                    "another daemon serves %s: end that one first", s->path)
		                          : err_sys(err, errno, "cannot lock %s", path);
	free(path);
	return rc;
}

/* With the lock held: a socket that nobody listens on is a dead daemon's. */
static int remove_stale(const struct ticket_server *s, const struct sockaddr_un *addr, struct err *err)
{
	struct stat st;
	if (lstat(s->path, &st) != 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "cannot look at %s", s->path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_EXISTS, "%s is no socket: remove it", s->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	int rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	int why = errno;
	close(fd);
	if (rc == 0 || why != ECONNREFUSED)
		return err_set(err, ERR_LOCKED, "another process listens on %s: end that one first", s->path);
	return unlink(s->path) == 0 ? 0 : err_sys(err, errno, "cannot remove the dead socket %s", s->path);
}

static int listen_there(struct ticket_server *s, struct err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	if (!text_copy(addr.sun_path, sizeof(addr.sun_path), s->path))
		return err_set(err, ERR_CONFIG,
		               "%s is too long for a socket's path (%zu characters at most): use a shorter "
		               "directory",
		               s->path, sizeof(addr.sun_path) - 1);
	if (remove_stale(s, &addr, err) != 0)
		return -1;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	if (bind(s->fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 || chmod(s->path, 0666) != 0 ||
	    listen(s->fd, 256) != 0)
		return err_sys(err, errno, "cannot listen on %s", s->path);
	return 0;
}

struct ticket_server *ticket_server_new(struct loop *loop, const struct ticket_server_conf *conf,
                                        struct err *err)
{
	struct ticket_server *s = xcalloc(1, sizeof(*s));
	s->loop = loop;
	s->fd = s->lock_fd = -1;
	s->path = xprintf("%s/%s", conf->dir, conf->file);
	s->controller = xstrdup(conf->controller);
	s->worker = xstrdup(conf->worker);
	s->subuid_path = xstrdup(conf->subuid_path ? conf->subuid_path : "/etc/subuid");
	s->own = conf->own;
	s->single_uid = conf->single_uid;
	list_init(&s->askers);
	map_init_u64(&s->users);
	if (make_directory(conf->dir, err) == 0 && take_lock(s, conf->dir, conf->file, err) == 0 &&
	    listen_there(s, err) == 0 && (s->watch = loop_add_fd(loop, s->fd, EPOLLIN, accept_event, s, err)))
		return s;
	ticket_server_free(s);
	return NULL;
}

void ticket_server_set_key(struct ticket_server *s, const struct key_host *own)
{
	s->own = own;
}

void ticket_server_free(struct ticket_server *s)
{
	if (!s)
		return;
	list_each_safe (it, next, &s->askers)
		asker_free(list_entry(it, struct asker, in_server));
	loop_del_timer(s->loop, s->expire);
	loop_del_fd(s->loop, s->watch);
	if (s->watch)
		unlink(s->path);
	if (s->fd >= 0)
		close(s->fd);
	if (s->lock_fd >= 0)
		close(s->lock_fd); /* with the lock; its file stays: removing it would let two hold one */
	map_free(&s->users);
	free(s->ranges);
	free(s->path);
	free(s->controller);
	free(s->worker);
	free(s->subuid_path);
	free(s);
}
