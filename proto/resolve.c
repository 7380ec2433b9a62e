#include "core/util/arena.h"
#include "proto/conn_priv.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESOLVE_STACK 524288

/* Shared by the loop and the thread: whoever lets go of it last frees it. A loop that ends, or a connection
 * that is closed, doesn't wait for a name server. */
struct resolve {
	pthread_mutex_t lock;
	struct loop *loop; /* NULL: cancelled */
	char *name;
	uint16_t port;
	resolve_done done;
	void *ctx;
	struct sockaddr_storage addrs[RESOLVE_MAX];
	size_t n;
	struct err err;
};

/* ---- addresses ---- */

socklen_t address_length(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

bool address_numeric(const char *name, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, name, &v4.sin_addr) == 1) {
		memcpy(out, &v4, sizeof(v4));
		return true;
	}
	if (inet_pton(AF_INET6, name, &v6.sin6_addr) == 1) {
		memcpy(out, &v6, sizeof(v6));
		return true;
	}
	return false;
}

void address_text(const struct sockaddr_storage *addr, char out[64])
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	out[0] = '\0';
	if (addr->ss_family == AF_INET) {
		memcpy(&v4, addr, sizeof(v4));
		inet_ntop(AF_INET, &v4.sin_addr, out, 64);
	} else if (addr->ss_family == AF_INET6) {
		memcpy(&v6, addr, sizeof(v6));
		if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
			inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, out, 64);
		else
			inet_ntop(AF_INET6, &v6.sin6_addr, out, 64);
	}
}

void socket_tune(int fd)
{
	const int on = 1, idle = 30, interval = 10, count = 3;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

/* ---- names ---- */

/* A line of /etc/hosts answers without a thread: that is how clusters usually name their hosts. */
static size_t hosts_file(const char *name, uint16_t port, struct sockaddr_storage *out, size_t max)
{
	char line[1024];
	size_t n = 0;
	FILE *f = fopen("/etc/hosts", "re");
	while (f && n < max && fgets(line, sizeof(line), f)) {
		char *rest = line;
		bool found = false;
		line[strcspn(line, "#\n")] = '\0';
		for (char *p = line; *p; p++)
			if (*p == '\t')
				*p = ' ';
		const char *address = text_split(&rest, ' ');
		for (char *word = text_split(&rest, ' '); address && word && !found;
		     word = text_split(&rest, ' '))
			found = *word && text_eq_nocase(word, name);
		if (found && address_numeric(address, port, &out[n]))
			n++;
	}
	if (f)
		fclose(f);
	return n;
}

static void look_up(struct resolve *r)
{
	char service[8];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	snprintf(service, sizeof(service), "%u", (unsigned)r->port);
	int rc = getaddrinfo(r->name, service, &hints, &list);
	for (struct addrinfo *ai = rc == 0 ? list : NULL; ai && r->n < RESOLVE_MAX; ai = ai->ai_next)
		if ((ai->ai_family == AF_INET || ai->ai_family == AF_INET6) &&
		    ai->ai_addrlen <= sizeof(r->addrs[0]))
			memcpy(&r->addrs[r->n++], ai->ai_addr, ai->ai_addrlen);
	if (list)
		freeaddrinfo(list);
	if (r->n == 0)
		err_set(&r->err, ERR_CONNECT,
		        "the address of host %s cannot be found (%s): check NodeAddr, SlurmctldHost and "
		        "/etc/hosts",
		        r->name, rc ? gai_strerror(rc) : "it has none");
}

static void resolve_free(struct resolve *r)
{
	pthread_mutex_destroy(&r->lock);
	free(r->name);
	free(r);
}

static void resolve_finished(void *ctx)
{
	struct resolve *r = ctx;
	/* The thread may still be about to let go of the lock. */
	pthread_mutex_lock(&r->lock);
	pthread_mutex_unlock(&r->lock);
	if (r->done)
		r->done(r->ctx, r->addrs, r->n, &r->err);
	resolve_free(r);
}

static void *resolve_thread(void *ctx)
{
	struct resolve *r = ctx;
	look_up(r);
	pthread_mutex_lock(&r->lock);
	bool wanted = r->loop != NULL;
	if (wanted)
		loop_post(r->loop, resolve_finished, r);
	pthread_mutex_unlock(&r->lock);
	if (!wanted)
		resolve_free(r);
	return NULL;
}

static int start_thread(struct resolve *r)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, RESOLVE_STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&thread, &attr, resolve_thread, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

struct resolve *resolve_start(struct loop *loop, const char *name, uint16_t port, resolve_done done,
                              void *ctx)
{
	struct sockaddr_storage addrs[RESOLVE_MAX];
	struct err err = {0};
	memset(addrs, 0, sizeof(addrs));
	size_t n = address_numeric(name, port, &addrs[0]) ? 1 : hosts_file(name, port, addrs, RESOLVE_MAX);
	if (n > 0) {
		done(ctx, addrs, n, &err);
		return NULL;
	}
	struct resolve *r = xcalloc(1, sizeof(*r));
	*r = (struct resolve){.loop = loop, .name = xstrdup(name), .port = port, .done = done, .ctx = ctx};
	pthread_mutex_init(&r->lock, NULL);
	int rc = start_thread(r);
	if (rc == 0)
		return r;
	err_set(&err, ERR_CONNECT, "cannot start a thread to look up %s: %s", name, strerror(rc));
	resolve_free(r);
	done(ctx, NULL, 0, &err);
	return NULL;
}

void resolve_cancel(struct resolve *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->done = NULL;
	r->loop = NULL;
	pthread_mutex_unlock(&r->lock);
	/* The thread frees it; or, when it has posted it, the loop. */
}
