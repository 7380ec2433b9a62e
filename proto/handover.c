#include "proto/handover.h"

#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*   magic[4] "BBT1"  format u16  oldest u16 (who knows that format can read it)  kind u8  class u8  zero u16
 * uid u32  gid u32 serial u64  launch u64  step u32  rights u32  instance[16]  host[256]  address[64] c2s[32]
 * s2c[32]  h[32] Big endian. A newer format only adds at the end. */
#define AT_FORMAT     4
#define AT_OLDEST     6
#define AT_KIND       8
#define AT_CLASS      9
#define AT_UID        12
#define AT_GID        16
#define AT_SERIAL     20
#define AT_LAUNCH     28
#define AT_STEP       36
#define AT_RIGHTS     40
#define AT_INSTANCE   44
#define AT_HOST       60
#define AT_ADDRESS    316
#define AT_KEYS       380
#define HANDOVER_SIZE 476
#define HANDOVER_MAX  4096
#define HANDOVER_FDS  8 /* room for more than is right, to see that it isn't */

static const uint8_t magic[4] = {'B', 'B', 'T', '1'};

static void put(uint8_t *to, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static uint64_t get(const uint8_t *from, unsigned bytes)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | from[i];
	return v;
}

static void encode(const struct session_peer *peer, const struct session_keys *keys,
                   uint8_t out[HANDOVER_SIZE])
{
	memset(out, 0, HANDOVER_SIZE);
	memcpy(out, magic, sizeof(magic));
	put(out + AT_FORMAT, HANDOVER_FORMAT, 2);
	put(out + AT_OLDEST, 1, 2);
	out[AT_KIND] = (uint8_t)peer->kind;
	out[AT_CLASS] = (uint8_t)peer->class;
	put(out + AT_UID, peer->uid, 4);
	put(out + AT_GID, peer->gid, 4);
	put(out + AT_SERIAL, peer->step.serial, 8);
	put(out + AT_LAUNCH, peer->step.launch, 8);
	put(out + AT_STEP, peer->step.step_id, 4);
	put(out + AT_RIGHTS, peer->step.rights, 4);
	memcpy(out + AT_INSTANCE, peer->step.instance, 16);
	text_copy((char *)out + AT_HOST, sizeof(peer->host), peer->host);
	text_copy((char *)out + AT_ADDRESS, sizeof(peer->address), peer->address);
	memcpy(out + AT_KEYS, keys->c2s, 32);
	memcpy(out + AT_KEYS + 32, keys->s2c, 32);
	memcpy(out + AT_KEYS + 64, keys->h, 32);
}

static int decode(const uint8_t *in, size_t n, struct session_peer *peer, struct session_keys *keys,
                  struct err *err)
{
	if (n < HANDOVER_SIZE || memcmp(in, magic, sizeof(magic)) != 0)
		return err_set(err, ERR_CORRUPT, "a handed-over session of %zu bytes is none", n);
	if (get(in + AT_OLDEST, 2) > HANDOVER_FORMAT)
		return err_set(err, ERR_VERSION,
		               "a session was handed over in format %u, which this program does not know: it "
		               "is too old",
		               (unsigned)get(in + AT_FORMAT, 2));
	if (in[AT_KIND] != SESSION_STEP || in[AT_CLASS] != KEY_CLASS_WORKER || in[AT_HOST + 255] ||
	    in[AT_ADDRESS + 63])
		return err_set(err, ERR_CORRUPT, "a handed-over session with impossible values");
	memset(peer, 0, sizeof(*peer));
	peer->kind = SESSION_STEP;
	peer->class = KEY_CLASS_WORKER;
	peer->uid = (uint32_t)get(in + AT_UID, 4);
	peer->gid = (uint32_t)get(in + AT_GID, 4);
	peer->step.uid = peer->uid;
	peer->step.serial = get(in + AT_SERIAL, 8);
	peer->step.launch = get(in + AT_LAUNCH, 8);
	peer->step.step_id = (uint32_t)get(in + AT_STEP, 4);
	peer->step.rights = (uint32_t)get(in + AT_RIGHTS, 4);
	memcpy(peer->step.instance, in + AT_INSTANCE, 16);
	memcpy(peer->host, in + AT_HOST, 256);
	memcpy(peer->address, in + AT_ADDRESS, 64);
	memcpy(keys->c2s, in + AT_KEYS, 32);
	memcpy(keys->s2c, in + AT_KEYS + 32, 32);
	memcpy(keys->h, in + AT_KEYS + 64, 32);
	return 0;
}

void handover_wipe(struct session_keys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}

int handover_send(int sock, int fd, const struct session_peer *peer, const struct session_keys *keys,
                  struct err *err)
{
	uint8_t bytes[HANDOVER_SIZE];
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr m = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = &control,
	                   .msg_controllen = sizeof(control.space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;
	encode(peer, keys, bytes);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	int why = errno;
	sodium_memzero(bytes, sizeof(bytes));
	if (n == (ssize_t)sizeof(bytes))
		return 0;
	return n < 0 ? err_sys(err, why, "cannot hand a session over")
	             : err_set(err, ERR_TRUNCATED, "a session was handed over in part");
}

/* ---- receiving ---- */

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

static bool is_connected_tcp(int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int domain = option(fd, SO_DOMAIN);
	return (domain == AF_INET || domain == AF_INET6) && option(fd, SO_TYPE) == SOCK_STREAM &&
	       option(fd, SO_PROTOCOL) == IPPROTO_TCP && getpeername(fd, (struct sockaddr *)&addr, &len) == 0;
}

/* The other end was made by root or by us. */
static int check_sender(int sock, struct err *err)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		return err_sys(err, errno, "cannot see who hands a session over");
	if (who.uid != 0 && who.uid != geteuid())
		return err_set(err, ERR_ACCESS_DENIED, "uid %u hands a session over: refused",
		               (unsigned)who.uid);
	return 0;
}

/* Collects the descriptors of a message; all are ours now. The kernel puts all of a message into one header.
 */
static size_t collect(const struct msghdr *m, int fds[HANDOVER_FDS])
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return 0;
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (n > HANDOVER_FDS)
		n = HANDOVER_FDS; /* there is no room for more */
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return n;
}

static int check(int sock, const struct msghdr *m, size_t n, const int *fds, size_t fd_count,
                 uint32_t step_id, uint64_t launch, struct session_peer *peer, struct session_keys *keys,
                 struct err *err)
{
	const uint8_t *bytes = m->msg_iov->iov_base;
	if (check_sender(sock, err) != 0)
		return -1;
	if (m->msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return err_set(err, ERR_CORRUPT, "a handed-over session was cut");
	if (fd_count != 1)
		return err_set(err, ERR_CORRUPT, "a session was handed over with %zu descriptors", fd_count);
	if (!is_connected_tcp(fds[0]))
		return err_set(err, ERR_CORRUPT, "what was handed over is no connected TCP socket");
	if (decode(bytes, n, peer, keys, err) != 0)
		return -1;
	if (peer->step.step_id != step_id || peer->step.launch != launch)
		return err_set(err, ERR_STALE, "a session of launch %llu was handed over to launch %llu",
		               (unsigned long long)peer->step.launch, (unsigned long long)launch);
	return 0;
}

int handover_receive(int sock, uint32_t step_id, uint64_t launch, struct session_peer *peer,
                     struct session_keys *keys, struct err *err)
{
	uint8_t bytes[HANDOVER_MAX];
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(HANDOVER_FDS * sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr m = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = &control,
	                   .msg_controllen = sizeof(control.space)};
	int fds[HANDOVER_FDS] = {-1};
	ssize_t n;
	memset(keys, 0, sizeof(*keys));
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, errno, "cannot receive a session");
	size_t fd_count = collect(&m, fds);
	int rc = check(sock, &m, (size_t)n, fds, fd_count, step_id, launch, peer, keys, err);
	sodium_memzero(bytes, sizeof(bytes));
	if (rc == 0)
		return fds[0];
	for (size_t i = 0; i < fd_count; i++)
		close(fds[i]);
	handover_wipe(keys);
	return -1;
}
