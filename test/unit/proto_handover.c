/* Step sessions that move between processes: what is not exactly that is refused, and leaves no descriptor
 * and no key behind. */
#include "proto/handover.h"
#include "test/unit/proto_fixture.h"

#include <grp.h>

struct bridge {
	int worker, shepherd; /* a SOCK_SEQPACKET pair */
	int tcp, other;       /* both ends of a connection */
	struct session_peer peer;
	struct session_keys keys;
};

static void tcp_pair(int *a, int *b)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	*a = raw_connect(ntohs(addr.sin_port));
	*b = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(*b >= 0);
	close(listener);
}

static struct bridge bridge_new(void)
{
	struct bridge b;
	int ends[2];
	memset(&b, 0, sizeof(b));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	b.worker = ends[0];
	b.shepherd = ends[1];
	tcp_pair(&b.other, &b.tcp);
	b.peer.kind = SESSION_STEP;
	b.peer.class = KEY_CLASS_WORKER;
	b.peer.uid = 1000;
	b.peer.gid = UINT32_MAX;
	b.peer.step = a_step();
	text_copy(b.peer.host, sizeof(b.peer.host), "n1");
	text_copy(b.peer.address, sizeof(b.peer.address), "10.0.0.1");
	randombytes_buf(&b.keys, sizeof(b.keys));
	return b;
}

static void bridge_free(struct bridge *b)
{
	close(b->worker);
	close(b->shepherd);
	close(b->tcp);
	close(b->other);
}

static int free_fd(void)
{
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 0);
	close(fd);
	return fd;
}

static void moved(void **state)
{
	(void)state;
	struct bridge b = bridge_new();
	struct session_peer peer;
	struct session_keys keys;
	struct err err = {0};
	assert_int_equal(handover_send(b.worker, b.tcp, &b.peer, &b.keys, &err), 0);
	close(b.tcp);
	int fd = handover_receive(b.shepherd, 0, 77, &peer, &keys, &err);
	if (fd < 0)
		fail_msg("%s", err_text(&err));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(peer.kind, SESSION_STEP);
	assert_int_equal(peer.uid, 1000);
	assert_int_equal(peer.step.uid, 1000);
	assert_int_equal(peer.step.serial, b.peer.step.serial);
	assert_int_equal(peer.step.launch, 77);
	assert_int_equal(peer.step.rights, b.peer.step.rights);
	assert_memory_equal(peer.step.instance, INSTANCE, 16);
	assert_string_equal(peer.host, "n1");
	assert_string_equal(peer.address, "10.0.0.1");
	assert_memory_equal(&keys, &b.keys, sizeof(keys));
	handover_wipe(&keys);
	assert_true(sodium_is_zero((uint8_t *)&keys, sizeof(keys)));
	assert_int_equal(send(b.other, "x", 1, 0), 1);
	char c;
	assert_int_equal(recv(fd, &c, 1, 0), 1);
	b.tcp = fd;
	bridge_free(&b);
}

/* Nothing comes out: an error, no descriptor more than before, the keys zero. */
static void refused(struct bridge *b, int before, uint32_t step_id, uint64_t launch)
{
	struct session_peer peer;
	struct session_keys keys;
	struct err err = {0};
	randombytes_buf(&keys, sizeof(keys));
	assert_int_equal(handover_receive(b->shepherd, step_id, launch, &peer, &keys, &err), -1);
	assert_int_not_equal(err.code, 0);
	assert_true(sodium_is_zero((uint8_t *)&keys, sizeof(keys)));
	assert_int_equal(free_fd(), before);
}

static void wrong_launch(void **state)
{
	(void)state;
	struct bridge b = bridge_new();
	int before = free_fd();
	assert_int_equal(handover_send(b.worker, b.tcp, &b.peer, &b.keys, NULL), 0);
	refused(&b, before, 0, 78);
	assert_int_equal(handover_send(b.worker, b.tcp, &b.peer, &b.keys, NULL), 0);
	refused(&b, before, 1, 77);
	bridge_free(&b);
}

static void wrong_descriptors(void **state)
{
	(void)state;
	struct bridge b = bridge_new();
	int pair[2], unconnected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	             udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(
	        connect(udp,
	                (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET,
	                                                         .sin_port = htons(9),
	                                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
	                sizeof(struct sockaddr_in)),
	        0);
	const int bad[] = {pair[0], unconnected, udp, file, b.shepherd};
	int before = free_fd();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(handover_send(b.worker, bad[i], &b.peer, &b.keys, NULL), 0);
		refused(&b, before, 0, 77);
	}
	close(pair[0]);
	close(pair[1]);
	close(unconnected);
	close(udp);
	close(file);
	bridge_free(&b);
}

/* The bytes of a true hand-over. */
static size_t recorded(struct bridge *b, uint8_t *bytes, size_t size)
{
	assert_int_equal(handover_send(b->worker, b->tcp, &b->peer, &b->keys, NULL), 0);
	ssize_t n = recv(b->shepherd, bytes, size, 0); /* its descriptor is dropped */
	assert_true(n > 0);
	return (size_t)n;
}

/* Sends these bytes with so many copies of the connection. */
static void send_raw(struct bridge *b, const uint8_t *bytes, size_t n, size_t copies)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(64 * sizeof(int))];
	} control;
	memset(&control, 0, sizeof(control));
	struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	if (copies) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(copies * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(copies * sizeof(int));
		for (size_t i = 0; i < copies; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &b->tcp, sizeof(int));
	}
	assert_int_equal(sendmsg(b->worker, &m, MSG_NOSIGNAL), n);
}

static void counts_and_sizes(void **state)
{
	(void)state;
	static const size_t copies[] = {0, 2, 3, 8, 9, 40};
	struct bridge b = bridge_new();
	uint8_t bytes[8192];
	size_t n = recorded(&b, bytes, sizeof(bytes));
	int before = free_fd();
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		send_raw(&b, bytes, n, copies[i]);
		refused(&b, before, 0, 77);
	}
	for (size_t size = 1; size < n; size += 25) {
		send_raw(&b, bytes, size, 1);
		refused(&b, before, 0, 77);
	}
	memset(bytes + n, 0, sizeof(bytes) - n);
	send_raw(&b, bytes, sizeof(bytes), 1);
	refused(&b, before, 0, 77); /* cut: more than any format has */
	shutdown(b.worker, SHUT_RDWR);
	refused(&b, before, 0, 77);
	bridge_free(&b);
}

/* A newer worker adds fields at the end, or says that an old shepherd can't understand it. */
static void formats(void **state)
{
	(void)state;
	struct bridge b = bridge_new();
	struct session_peer peer;
	struct session_keys keys;
	struct err err = {0};
	uint8_t bytes[1024] = {0};
	size_t n = recorded(&b, bytes, sizeof(bytes));
	int before = free_fd();
	bytes[5] = HANDOVER_FORMAT + 1;
	send_raw(&b, bytes, n + 40, 1);
	int fd = handover_receive(b.shepherd, 0, 77, &peer, &keys, &err);
	assert_int_equal(fd, before);
	assert_memory_equal(&keys, &b.keys, sizeof(keys));
	close(fd);
	bytes[7] = HANDOVER_FORMAT + 1;
	send_raw(&b, bytes, n + 40, 1);
	refused(&b, before, 0, 77);
	bytes[7] = 1;
	bytes[8] = SESSION_USER;
	send_raw(&b, bytes, n, 1);
	refused(&b, before, 0, 77);
	bytes[8] = SESSION_STEP;
	bytes[0] = 'X';
	send_raw(&b, bytes, n, 1);
	refused(&b, before, 0, 77);
	bridge_free(&b);
}

/* Somebody else got hold of a way to our socket. */
static int receive_as_other(struct bridge *b)
{
	struct session_peer peer;
	struct session_keys keys;
	struct err err = {0};
	int rc = handover_receive(b->shepherd, 0, 77, &peer, &keys, &err);
	return rc == -1 && err.code == ERR_ACCESS_DENIED ? 0 : 1;
}

static void foreign_sender(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("needs root: to be another user\n");
		skip();
	}
	struct bridge b = bridge_new();
	int status, ends[2];
	/* The pair is made by uid 1666 and used by uid 1000's receiver. */
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setgroups(0, NULL) != 0 || setresuid(1666, 1666, 0) != 0 ||
		    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0 || setresuid(0, 0, 0) != 0)
			_exit(99);
		b.worker = ends[0];
		b.shepherd = ends[1];
		if (handover_send(b.worker, b.tcp, &b.peer, &b.keys, NULL) != 0)
			_exit(98);
		_exit(receive_as_other(&b));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	bridge_free(&b);
}

/* A worker that dies before sendmsg leaves srun with a cut connection; one that dies behind it leaves the
 * shepherd a whole session. */
static void worker_killed(void **state)
{
	(void)state;
	for (int after = 0; after < 2; after++) {
		struct bridge b = bridge_new();
		struct session_peer peer;
		struct session_keys keys;
		struct err err = {0};
		int status;
		char c;
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			close(b.shepherd);
			close(b.other);
			if (after && handover_send(b.worker, b.tcp, &b.peer, &b.keys, NULL) != 0)
				_exit(1);
			raise(SIGKILL);
		}
		close(b.worker);
		close(b.tcp);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		b.worker = b.tcp = -1;
		int fd = handover_receive(b.shepherd, 0, 77, &peer, &keys, &err);
		if (after) {
			assert_true(fd >= 0);
			assert_int_equal(send(fd, "y", 1, 0), 1);
			assert_int_equal(recv(b.other, &c, 1, 0), 1);
			close(fd);
		} else {
			assert_int_equal(fd, -1);
			assert_int_equal(recv(b.other, &c, 1, 0), 0);
		}
		close(b.shepherd);
		close(b.other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(moved),
	        cmocka_unit_test(wrong_launch),
	        cmocka_unit_test(wrong_descriptors),
	        cmocka_unit_test(counts_and_sizes),
	        cmocka_unit_test(formats),
	        cmocka_unit_test(foreign_sender),
	        cmocka_unit_test(worker_killed),
	};
	if (sodium_init() < 0)
		return 1;
	log_init("proto_handover", LOG_LEVEL_QUIET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
