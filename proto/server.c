/* A server: connections that have not said who they are (pending), and the limits that keep them from
 * shutting others out. */
#include "core/util/arena.h"
#include "core/util/log.h"
#include "core/util/map.h"
#include "proto/conn_priv.h"
#include "proto/secret.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define OPEN_LIMIT_US  5000000
#define GRANT_LIMIT_US 10000000
#define EPHEMERAL_US   60000000
#define EPHEMERAL_USE_US                                                                                     \
	(EPHEMERAL_US - OPEN_LIMIT_US) /* for new connections: an OPEN finds its key alive                   \
	                                */
#define PENDING_MAX      1024
#define PENDING_PER_HOST 64
#define WAITING_MAX      64
#define ACCEPT_TURNS     64
#define LOG_EVERY_S      10
#define FDS_OTHER        64 /* log, store, libraries */

/* An X25519 key for all connections of a while. Lives in secret memory. */
struct ephemeral {
	uint64_t serial; /* 0: none */
	int64_t made;
	uint8_t e_secret[32], e_public[32];
};

struct address {
	uint64_t key;
	size_t n;
	struct list pending; /* oldest first */
};

struct pending {
	struct server *server;
	int fd;
	struct loop_fd *watch;
	uint64_t ephemeral;
	uint8_t hello[WIRE_HELLO_SIZE], open[WIRE_OPEN_SIZE];
	size_t got;
	int64_t until;
	struct address *from;
	char address[64];
	struct list in_server, in_address;
	/* a step session that waits for its grant */
	struct session_peer peer;
	struct session_keys *keys;
};

struct server {
	struct loop *loop;
	int fd, spare_fd; /* spare: closed to be able to turn somebody away when there is no other */
	uint16_t port;
	struct loop_fd *watch;
	const struct server_ops *ops;
	void *ctx;
	char *name, *cluster, *version;
	struct verifier verifier;
	uint8_t instance[16];
	bool has_instance;
	uint32_t slurm_uid;
	struct ephemeral *now, *before;
	uint64_t ephemerals;
	struct loop_timer *wipe;
	/* not authenticated */
	struct list pending; /* oldest first */
	size_t pending_count, pending_max;
	struct map addresses;
	struct loop_timer *expire;
	/* step sessions without their grant */
	struct list waiting;
	size_t waiting_count;
	struct loop_timer *waiting_expire;
	bool grants_changed, looking;
	/* sessions */
	struct list conns;
	size_t user_conns, user_conns_max, sessions_per_user;
	struct map users; /* uid -> count */
};

/* ---- keys that don't last ---- */

static void wipe_old(void *ctx);

static void plan_wipe(struct server *s)
{
	const struct ephemeral *oldest = s->before->serial ? s->before : s->now;
	loop_del_timer(s->loop, s->wipe);
	s->wipe = NULL;
	if (oldest->serial)
		s->wipe = loop_add_timer(s->loop, oldest->made + EPHEMERAL_US - loop_clock(), wipe_old, s);
}

static void wipe_old(void *ctx)
{
	struct server *s = ctx;
	int64_t now = loop_clock();
	s->wipe = NULL;
	if (s->before->serial && now - s->before->made >= EPHEMERAL_US)
		sodium_memzero(s->before, sizeof(*s->before));
	if (s->now->serial && now - s->now->made >= EPHEMERAL_US)
		sodium_memzero(s->now, sizeof(*s->now));
	plan_wipe(s);
}

static const struct ephemeral *ephemeral_for_hello(struct server *s)
{
	int64_t now = loop_clock();
	if (s->now->serial && now - s->now->made < EPHEMERAL_USE_US)
		return s->now;
	*s->before = *s->now;
	s->now->serial = ++s->ephemerals;
	s->now->made = now;
	randombytes_buf(s->now->e_secret, sizeof(s->now->e_secret));
	crypto_scalarmult_base(s->now->e_public, s->now->e_secret);
	plan_wipe(s);
	return s->now;
}

static const struct ephemeral *ephemeral_of(const struct server *s, uint64_t serial)
{
	return s->now->serial == serial ? s->now : s->before->serial == serial ? s->before : NULL;
}

/* ---- pending connections ---- */

/* An IPv6 host has a whole /64 to come from. */
static uint64_t address_key(const struct sockaddr_storage *addr)
{
	uint64_t key = 0;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	if (addr->ss_family == AF_INET) {
		memcpy(&v4, addr, sizeof(v4));
		return (uint64_t)0xffff << 32 | ntohl(v4.sin_addr.s_addr);
	}
	memcpy(&v6, addr, sizeof(v6));
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
		uint32_t last;
		memcpy(&last, v6.sin6_addr.s6_addr + 12, sizeof(last));
		return (uint64_t)0xffff << 32 | ntohl(last);
	}
	memcpy(&key, v6.sin6_addr.s6_addr, sizeof(key));
	return key;
}

static struct address *address_get(struct server *s, uint64_t key)
{
	struct address *a = map_get(&s->addresses, key);
	if (a)
		return a;
	a = xcalloc(1, sizeof(*a));
	a->key = key;
	list_init(&a->pending);
	map_put(&s->addresses, key, a);
	return a;
}

/* It is no longer one that hasn't said who it is. */
static void leave_pending(struct pending *p)
{
	struct server *s = p->server;
	if (!p->from)
		return;
	list_remove(&p->in_server);
	list_remove(&p->in_address);
	s->pending_count--;
	if (--p->from->n == 0) {
		map_del(&s->addresses, p->from->key);
		free(p->from);
	}
	p->from = NULL;
}

static void pending_free(struct pending *p)
{
	struct server *s = p->server;
	if (!p->from) {
		list_remove(&p->in_server);
		s->waiting_count--;
	}
	leave_pending(p);
	loop_del_fd(s->loop, p->watch);
	if (p->fd >= 0)
		close(p->fd);
	secret_free(p->keys);
	free(p);
}

static void log_refusal(const struct pending *p, const char *why)
{
	char key[96];
	unsigned more = 0;
	snprintf(key, sizeof(key), "refused %s", p->address);
	if (!log_once_in(key, LOG_EVERY_S, &more))
		return;
	if (more)
		log_info("refused a connection of %s: %s (and %u more of this address before)", p->address,
		         log_escape(why), more);
	else
		log_info("refused a connection of %s: %s", p->address, log_escape(why));
}

/* Says one byte about why, and closes. */
static void refuse(struct pending *p, enum wire_refusal code, const char *why)
{
	const uint8_t byte = (uint8_t)code;
	char rest[4096];
	log_refusal(p, why);
	/* Unread bytes would make the close a reset, which may overtake the byte. */
	for (int i = 0; i < 32 && recv(p->fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
		;
	if (send(p->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug2("%s was gone before it was told why", p->address);
	pending_free(p);
}

static void drop(struct pending *p, const char *why)
{
	log_refusal(p, why);
	pending_free(p);
}

static void expire_pending(void *ctx);

/* All have the same time, so the oldest is the next to expire. */
static void plan_expiry(struct server *s)
{
	loop_del_timer(s->loop, s->expire);
	s->expire = NULL;
	if (!list_empty(&s->pending)) {
		const struct pending *oldest = list_entry(s->pending.next, struct pending, in_server);
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the freed are in no list */
		int64_t left = oldest->until - loop_clock();
		s->expire = loop_add_timer(s->loop, left, expire_pending, s);
	}
}

static void expire_pending(void *ctx)
{
	struct server *s = ctx;
	int64_t now = loop_clock();
	s->expire = NULL;
	list_each_safe (it, next, &s->pending) {
		struct pending *p = list_entry(it, struct pending, in_server);
		if (p->until > now)
			break;
		drop(p, "no OPEN within 5 s");
	}
	plan_expiry(s);
}

static void drop_oldest_of(struct address *a, const char *why)
{
	drop(list_entry(a->pending.next, struct pending, in_address), why);
}

static int64_t oldest_until(const struct address *a)
{
	return list_entry(a->pending.next, const struct pending, in_address)->until;
}

/* Of several, the one with the oldest connection. */
static struct address *fullest_address(const struct server *s)
{
	struct address *fullest = NULL;
	size_t at = 0;
	void *value;
	while (map_next(&s->addresses, &at, &value)) {
		struct address *a = value;
		if (!fullest || a->n > fullest->n ||
		    (a->n == fullest->n && oldest_until(a) < oldest_until(fullest)))
			fullest = a;
	}
	return fullest;
}

/* ---- step sessions ---- */

static void hand_over(struct pending *p)
{
	struct server *s = p->server; /* NOLINT(clang-analyzer-unix.Malloc): the freed are in no list */
	struct session_peer peer = p->peer;
	struct session_keys *keys = p->keys;
	int fd = p->fd;
	p->fd = -1;
	p->keys = NULL;
	pending_free(p);
	s->ops->step_opened(s->ctx, fd, &peer, keys);
	secret_free(keys);
}

static void expire_waiting(void *ctx);

static void plan_waiting_expiry(struct server *s)
{
	loop_del_timer(s->loop, s->waiting_expire);
	s->waiting_expire = NULL;
	if (!list_empty(&s->waiting)) {
		const struct pending *oldest = list_entry(s->waiting.next, struct pending, in_server);
		s->waiting_expire = loop_add_timer(s->loop, oldest->until - loop_clock(), expire_waiting, s);
	}
}

static void expire_waiting(void *ctx)
{
	struct server *s = ctx;
	int64_t now = loop_clock();
	s->waiting_expire = NULL;
	list_each_safe (it, next, &s->waiting) {
		struct pending *p = list_entry(it, struct pending, in_server);
		if (p->until > now)
			break;
		refuse(p, REFUSED_STEP, "its step was not granted within 10 s");
	}
	plan_waiting_expiry(s);
}

static void step_session(struct pending *p)
{
	struct server *s = p->server;
	if (!s->ops->step_known) {
		refuse(p, REFUSED_USER, "step sessions are not served here");
	} else if (s->ops->step_known(s->ctx, &p->peer)) {
		hand_over(p);
	} else if (s->waiting_count >= WAITING_MAX) {
		refuse(p, REFUSED_BUSY, "too many step sessions wait for their grants");
	} else {
		/* The grant may be on its way. Nothing more is read until it is here; only an end of the
		 * connection is noticed. */
		leave_pending(p);
		p->until = loop_clock() + GRANT_LIMIT_US;
		list_append(&s->waiting, &p->in_server);
		s->waiting_count++;
		loop_mod_fd(s->loop, p->watch, 0);
		plan_waiting_expiry(s);
	}
}

/* What is called here may change grants again: then the list is walked once more, by the outermost call; as
 * after each hand-over. */
void server_grants_changed(struct server *s)
{
	s->grants_changed = true;
	if (s->looking)
		return;
	s->looking = true;
	while (s->grants_changed) {
		s->grants_changed = false;
		list_each (it, &s->waiting) { /* NOLINT(clang-analyzer-unix.Malloc): as above */
			struct pending *p = list_entry(it, struct pending, in_server);
			if (!s->ops->step_known(s->ctx, &p->peer))
				continue;
			hand_over(p);
			s->grants_changed = true;
			break;
		}
	}
	s->looking = false;
}

/* ---- sessions ---- */

static bool is_limited(const struct server *s, const struct session_peer *peer)
{
	return peer->kind == SESSION_USER && peer->uid != 0 && peer->uid != s->slurm_uid;
}

static size_t sessions_of(const struct server *s, uint32_t uid)
{
	return (size_t)(uintptr_t)map_get(&s->users, uid);
}

static void count_user(struct server *s, uint32_t uid, int change)
{
	size_t n = sessions_of(s, uid) + (size_t)change;
	if (n > 0)
		map_put(&s->users, uid, (void *)(uintptr_t)n);
	else
		map_del(&s->users, uid);
	s->user_conns += (size_t)change;
}

void server_forget(struct conn *c)
{
	struct server *s = c->server;
	if (!s)
		return;
	c->server = NULL;
	list_remove(&c->in_server);
	if (is_limited(s, &c->peer))
		count_user(s, c->peer.uid, -1);
}

static void start_session(struct pending *p)
{
	struct server *s = p->server;
	struct session_peer peer = p->peer;
	struct session_keys *keys = p->keys;
	struct err err = {0};
	int fd = p->fd;
	p->fd = -1;
	p->keys = NULL;
	loop_del_fd(s->loop, p->watch);
	p->watch = NULL;
	pending_free(p);
	struct conn *c =
	        conn_serve(s->loop, fd, keys, &peer, s->version, s->has_instance ? s->instance : NULL, &err);
	secret_free(keys);
	if (!c) {
		log_error("cannot take a session of %s: %s", peer.address, err_text(&err));
		return;
	}
	c->slurm_uid = s->slurm_uid;
	c->server = s;
	list_append(&s->conns, &c->in_server);
	if (is_limited(s, &peer))
		count_user(s, peer.uid, 1);
	conn_retain(c);
	if (!s->ops->accepted(s->ctx, c)) {
		c->held = true; /* not even a welcome */
		conn_close(c);
	} else if (c->phase != CONN_DEAD) {
		conn_start(c);
	}
	conn_release(c);
}

static void opened(struct pending *p)
{
	struct server *s = p->server;
	const struct ephemeral *e = ephemeral_of(s, p->ephemeral);
	char why[200];
	if (!e) {
		drop(p, "its key has expired");
		return;
	}
	p->keys = secret_alloc(sizeof(*p->keys));
	enum wire_refusal refusal =
	        verify_open(&s->verifier, p->hello, e->e_secret, p->open, &p->peer, p->keys, why);
	text_copy(p->peer.address, sizeof(p->peer.address), p->address);
	if (refusal)
		refuse(p, refusal, why);
	else if (p->peer.kind == SESSION_STEP)
		step_session(p);
	else if (!s->ops->accepted)
		refuse(p, REFUSED_USER, "only step sessions are served here");
	else if (is_limited(s, &p->peer) && sessions_of(s, p->peer.uid) >= s->sessions_per_user)
		refuse(p, REFUSED_BUSY, "its user has too many sessions already");
	else if (is_limited(s, &p->peer) && s->user_conns >= s->user_conns_max)
		refuse(p, REFUSED_BUSY,
		       "no file descriptors are left for users' sessions: raise LimitNOFILE");
	else
		start_session(p);
}

/* Reads OPEN, byte-counted: nothing behind it is touched, since a step's session goes to another process. */
static void pending_event(void *ctx, uint32_t events)
{
	struct pending *p = ctx;
	struct server *s = p->server;
	(void)events;
	if (!p->from) { /* a waiting step session whose peer is gone */
		pending_free(p);
		plan_waiting_expiry(s);
		return;
	}
	ssize_t n = recv(p->fd, p->open + p->got, WIRE_OPEN_SIZE - p->got, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		pending_free(p);
		return;
	}
	p->got += (size_t)n;
	/* Nobody has to send 648 bytes to learn that this is another protocol. */
	if (p->got >= 4 && memcmp(p->open, "BBO1", 4) != 0)
		refuse(p, REFUSED_VERSION, "it does not speak our protocol");
	else if (p->got == WIRE_OPEN_SIZE)
		opened(p);
}

/* ---- accepting ---- */

static void greet(struct server *s, int fd, const struct sockaddr_storage *addr)
{
	const uint64_t key = address_key(addr);
	struct address *from = map_get(&s->addresses, key);
	if (from && from->n >= PENDING_PER_HOST)
		drop_oldest_of(from,
		               "more than 64 connections of one address that have not said who they are");
	if (s->pending_count >= s->pending_max)
		drop_oldest_of(fullest_address(s), "too many connections that have not said who they are");
	struct pending *p = xcalloc(1, sizeof(*p));
	const struct ephemeral *e = ephemeral_for_hello(s);
	const struct verifier *v = &s->verifier;
	struct wire_hello hello = {
	        .version_min = SESSION_VERSION, .version_max = SESSION_VERSION, .role = v->role};
	struct err err = {0};
	p->server = s;
	p->fd = fd;
	p->ephemeral = e->serial;
	p->until = loop_clock() + OPEN_LIMIT_US;
	address_text(addr, p->address);
	memcpy(hello.kid, v->master ? key_master_id(v->master) : key_host_id(v->own), KEY_ID_SIZE);
	memcpy(hello.e_s, e->e_public, sizeof(hello.e_s));
	randombytes_buf(hello.nonce, sizeof(hello.nonce));
	wire_put_hello(&hello, p->hello);
	p->from = address_get(s, key);
	list_append(&s->pending, &p->in_server);
	list_append(&p->from->pending, &p->in_address);
	p->from->n++;
	s->pending_count++;
	if (!s->expire)
		plan_expiry(s);
	p->watch = loop_add_fd(s->loop, fd, EPOLLIN, pending_event, p, &err);
	if (!p->watch || send(fd, p->hello, WIRE_HELLO_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT) != WIRE_HELLO_SIZE)
		pending_free(p);
}

/* No descriptor is left: the oldest that hasn't said who it is goes; without one, whoever comes is turned
 * away with the spare one. */
static bool make_room(struct server *s)
{
	unsigned more;
	if (log_once_in("file descriptors", LOG_EVERY_S, &more))
		log_error("no file descriptors are left for new connections: raise LimitNOFILE");
	if (s->pending_count > 0) {
		drop_oldest_of(fullest_address(s), "no file descriptors are left");
		return true;
	}
	if (s->spare_fd < 0)
		return false;
	close(s->spare_fd);
	s->spare_fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (s->spare_fd >= 0)
		close(s->spare_fd);
	s->spare_fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	return false;
}

static void accept_event(void *ctx, uint32_t events)
{
	struct server *s = ctx;
	(void)events;
	for (int i = 0; i < ACCEPT_TURNS; i++) {
		struct sockaddr_storage addr = {0};
		socklen_t len = sizeof(addr);
		int fd = accept4(s->fd, (struct sockaddr *)&addr, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			socket_tune(fd);
			greet(s, fd, &addr);
		} else if (errno == EMFILE || errno == ENFILE) {
			if (!make_room(s))
				return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

/* ---- life ---- */

static int listen_on(const char *address, uint16_t port, struct err *err)
{
	struct sockaddr_storage addr;
	const int on = 1, off = 0;
	bool any = !address;
	if (!address_numeric(address ? address : "::", port, &addr))
		return err_set(err, ERR_INVALID, "%s is no numeric address to listen on", address);
	int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && any) { /* a kernel without IPv6 */
		address_numeric("0.0.0.0", port, &addr);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (any && addr.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	int rc = bind(fd, (const struct sockaddr *)&addr, address_length(&addr));
	if (rc != 0 && any && addr.ss_family == AF_INET6 &&
	    errno == EADDRNOTAVAIL) { /* IPv6 is switched off */
		close(fd);
		return listen_on("0.0.0.0", port, err);
	}
	if (rc == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	err_sys(err, errno, "cannot listen on port %u%s", (unsigned)port,
	        errno == EADDRINUSE ? " (another daemon has it: end that one first)" : "");
	close(fd);
	return -1;
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_storage addr = {0};
	struct sockaddr_in v4;
	socklen_t len = sizeof(addr);
	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		return 0;
	memcpy(&v4, &addr, sizeof(v4)); /* the port stands at the same place in both families */
	return ntohs(v4.sin_port);
}

/* Users' sessions and unknown connections get what the daemons' sessions leave. */
static void share_descriptors(struct server *s, uint32_t reserve)
{
	struct rlimit limit = {1024, 1024};
	getrlimit(RLIMIT_NOFILE, &limit);
	/* A worker's limit is inherited by tasks: that one is the administrator's. */
	if (limit.rlim_cur < limit.rlim_max && s->verifier.role == ROLE_CONTROLLER) {
		struct rlimit raised = {limit.rlim_max, limit.rlim_max};
		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			limit = raised;
	}
	size_t all = limit.rlim_cur > 1u << 20 ? 1u << 20 : (size_t)limit.rlim_cur;
	size_t left = all > reserve + FDS_OTHER ? all - reserve - FDS_OTHER : 0;
	if (left < 64) {
		log_error("%zu file descriptors are too few for %u connections of workers: raise LimitNOFILE",
		          all, (unsigned)reserve);
		left = 64;
	}
	s->pending_max = left / 2 < PENDING_MAX ? left / 2 : PENDING_MAX;
	s->user_conns_max = left - s->pending_max;
}

struct server *server_new(struct loop *loop, const struct server_conf *conf, const char *address,
                          uint16_t port, const struct server_ops *ops, void *ctx, struct err *err)
{
	int fd = listen_on(address, port, err);
	if (fd < 0)
		return NULL;
	struct server *s = xcalloc(1, sizeof(*s));
	*s = (struct server){.loop = loop,
	                     .fd = fd,
	                     .spare_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
	                     .port = bound_port(fd),
	                     .ops = ops,
	                     .ctx = ctx,
	                     .name = xstrdup(conf->name),
	                     .cluster = xstrdup(conf->cluster),
	                     .version = xstrdup(conf->version),
	                     .slurm_uid = conf->slurm_uid};
	s->verifier = (struct verifier){.role = conf->role,
	                                .name = s->name,
	                                .cluster = s->cluster,
	                                .master = conf->master,
	                                .own = conf->own,
	                                .single_uid = conf->single_uid};
	s->now = secret_alloc(sizeof(*s->now));
	s->before = secret_alloc(sizeof(*s->before));
	list_init(&s->pending);
	list_init(&s->waiting);
	list_init(&s->conns);
	map_init_u64(&s->addresses);
	map_init_u64(&s->users);
	s->sessions_per_user = conf->sessions_per_user ? conf->sessions_per_user : SESSIONS_PER_USER;
	share_descriptors(s, conf->fd_reserve);
	if (conf->instance)
		server_set_instance(s, conf->instance);
	s->watch = loop_add_fd(loop, fd, EPOLLIN, accept_event, s, err);
	if (s->watch)
		return s;
	server_free(s);
	return NULL;
}

uint16_t server_port(const struct server *s)
{
	return s->port;
}

void server_set_instance(struct server *s, const uint8_t instance[16])
{
	memcpy(s->instance, instance, sizeof(s->instance));
	s->has_instance = true;
}

static bool kid_is_ours(const struct server *s, const uint8_t kid[KEY_ID_SIZE])
{
	return s->verifier.master ? key_master_has(s->verifier.master, kid)
	                          : key_host_bytes_of(s->verifier.own, kid) != NULL;
}

size_t server_set_keys(struct server *s, const struct key_master *master, const struct key_host *own)
{
	const char *why = "its key was taken out of the cluster";
	struct err err = {0};
	size_t n = 0;
	s->verifier.master = master;
	s->verifier.own = own;
	err_set(&err, ERR_UNAUTHENTICATED, "%s", why);
	list_each (it, &s->conns) {
		struct conn *c = list_entry(it, struct conn, in_server);
		if (kid_is_ours(s, c->peer.kid))
			continue;
		conn_fail_later(c, &err);
		n++;
	}
	list_each_safe (it, next, &s->waiting) {
		struct pending *p = list_entry(it, struct pending, in_server);
		if (!kid_is_ours(s, p->peer.kid))
			refuse(p, REFUSED_KEY, why);
	}
	plan_waiting_expiry(s);
	return n;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	loop_del_fd(s->loop, s->watch);
	loop_del_timer(s->loop, s->wipe);
	loop_del_timer(s->loop, s->expire);
	loop_del_timer(s->loop, s->waiting_expire);
	close(s->fd);
	if (s->spare_fd >= 0)
		close(s->spare_fd);
	list_each_safe (it, next, &s->pending)
		pending_free(list_entry(it, struct pending, in_server));
	list_each_safe (it, next, &s->waiting)
		pending_free(list_entry(it, struct pending, in_server));
	list_each_safe (it, next, &s->conns)
		server_forget(list_entry(it, struct conn, in_server));
	map_free(&s->addresses);
	map_free(&s->users);
	secret_free(s->now);
	secret_free(s->before);
	free(s->name);
	free(s->cluster);
	free(s->version);
	free(s);
}
