/* The local ticket socket: what can be sent to it, whom it serves, whom a client believes. */
#include "test/unit/proto_fixture.h"
#include "test/unit/user_fixture.h"

#include <sched.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

static int ask_socket(struct world *w, const char *file)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.60s/%.30s", w->run_dir, file);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void plausible_request(struct world *w, const char *audience, enum session_role role,
                              uint8_t bytes[WIRE_REQUEST_SIZE])
{
	struct wire_hello hello = {.version_min = 1, .version_max = 1, .role = role};
	struct wire_request request = {.role = role};
	memcpy(hello.kid, key_master_id(w->master), KEY_ID_SIZE);
	randombytes_buf(hello.nonce, sizeof(hello.nonce));
	wire_put_hello(&hello, request.hello);
	text_copy(request.audience, sizeof(request.audience), audience);
	randombytes_buf(request.e_c, sizeof(request.e_c));
	wire_put_request(&request, bytes);
}

/* Sends a request and reads all that comes until the end. */
static size_t exchange(struct world *w, int fd, const uint8_t *bytes, size_t n, struct wire_answer *a)
{
	uint8_t answer[WIRE_ANSWER_SIZE + 1];
	(void)!send(fd, bytes, n, MSG_NOSIGNAL);
	size_t got = raw_read(w, fd, answer, sizeof(answer));
	memset(a, 0, sizeof(*a));
	if (got == WIRE_ANSWER_SIZE)
		assert_int_equal(wire_get_answer(answer, a, NULL), 0);
	close(fd);
	return got;
}

static void a_ticket(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint8_t bytes[WIRE_REQUEST_SIZE], h[32], mac[32], psk[32];
	struct wire_answer a;
	struct wire_open open;
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	plausible_request(w, "head", ROLE_CONTROLLER, bytes);
	assert_int_equal(exchange(w, ask_socket(w, "slurmctld/auth"), bytes, sizeof(bytes), &a),
	                 WIRE_ANSWER_SIZE);
	assert_int_equal(a.code, 0);
	assert_string_equal(a.cluster, "lab");
	assert_int_equal(wire_get_open(a.open, &open, NULL), 0);
	assert_int_equal(open.kind, SESSION_USER);
	assert_int_equal(open.class, KEY_CLASS_CONTROLLER);
	assert_string_equal(open.host, "head");
	assert_int_equal(open.uid, geteuid());
	assert_int_equal(open.gid, getegid());
	wire_transcript(bytes + 8, "lab", a.open, h);
	wire_ticket(key_host_bytes(w->controller_key), h, mac, psk);
	assert_memory_equal(open.mac, mac, 32);
	assert_memory_equal(a.psk, psk, 32);
	world_free(w);
}

/* 0, 1, n-1, n+1 bytes, a megabyte, an answer in place of a request: no ticket, and the next one is served.
 */
static void sizes(void **state)
{
	(void)state;
	static const size_t n[] = {0, 1, WIRE_REQUEST_SIZE - 1, WIRE_REQUEST_SIZE + 1, 1 << 20};
	struct world *w = world_new();
	uint8_t *bytes = xcalloc(1, 1 << 20), whole[WIRE_REQUEST_SIZE];
	struct wire_answer a;
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
		int fd = ask_socket(w, "slurmctld/auth");
		plausible_request(w, "head", ROLE_CONTROLLER, bytes);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		ssize_t sent = send(fd, bytes, n[i], MSG_NOSIGNAL);
		assert_true(sent >= 0);
		shutdown(fd, SHUT_WR);
		assert_int_equal(exchange(w, fd, bytes, 0, &a), 0);
	}
	/* Nothing but silence: closed after 2 s, and nobody has to wait for it. */
	int silent = ask_socket(w, "slurmctld/auth");
	memset(whole, 0, sizeof(whole));
	memcpy(whole, (const uint8_t[]){'B', 'B', 'A', '1'}, 4);
	assert_int_equal(exchange(w, ask_socket(w, "slurmctld/auth"), whole, sizeof(whole), &a),
	                 WIRE_ANSWER_SIZE);
	assert_int_equal(a.code, NO_TICKET_VERSION);
	assert_true(sodium_is_zero(a.psk, sizeof(a.psk)));
	plausible_request(w, "head", ROLE_CONTROLLER, whole);
	assert_int_equal(exchange(w, ask_socket(w, "slurmctld/auth"), whole, sizeof(whole), &a),
	                 WIRE_ANSWER_SIZE);
	assert_int_equal(a.code, 0);
	uint8_t byte;
	assert_int_equal(raw_read(w, silent, &byte, 1), 0);
	close(silent);
	free(bytes);
	world_free(w);
}

static void other_audiences(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum session_role role;
		bool given;
	} cases[] = {{"head", ROLE_CONTROLLER, true}, {"n1", ROLE_WORKER, true},
	             {"n2", ROLE_WORKER, false},      {"n1", ROLE_CONTROLLER, false},
	             {"head", ROLE_WORKER, false},    {"head2", ROLE_CONTROLLER, false},
	             {"", ROLE_WORKER, false},        {"Head", ROLE_CONTROLLER, false}};
	struct world *w = world_new();
	struct wire_answer a;
	uint8_t bytes[WIRE_REQUEST_SIZE];
	w->tickets = start_tickets(w, "slurmd", "auth.n1", w->worker_key);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		plausible_request(w, cases[i].name, cases[i].role, bytes);
		assert_int_equal(exchange(w, ask_socket(w, "slurmd/auth.n1"), bytes, sizeof(bytes), &a),
		                 WIRE_ANSWER_SIZE);
		assert_int_equal(a.code, cases[i].given ? 0 : NO_TICKET_AUDIENCE);
		assert_int_equal(sodium_is_zero(a.psk, sizeof(a.psk)), !cases[i].given);
		assert_int_equal(sodium_is_zero(a.open, sizeof(a.open)), !cases[i].given);
	}
	world_free(w);
}

/* Whatever the request's bytes say besides the audience: the ticket is a user's, of the ids that the kernel
 * saw. */
static void every_byte_of_the_request(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint8_t bytes[WIRE_REQUEST_SIZE];
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	for (size_t i = 0; i < WIRE_REQUEST_SIZE; i++) {
		struct wire_answer a;
		struct wire_open open;
		plausible_request(w, "head", ROLE_CONTROLLER, bytes);
		bytes[i] ^= 1;
		assert_int_equal(exchange(w, ask_socket(w, "slurmctld/auth"), bytes, sizeof(bytes), &a),
		                 WIRE_ANSWER_SIZE);
		if (a.code)
			continue;
		assert_int_equal(wire_get_open(a.open, &open, NULL), 0);
		assert_int_equal(open.kind, SESSION_USER);
		assert_int_equal(open.uid, geteuid());
		assert_int_equal(open.gid, getegid());
		assert_string_equal(open.host, "head");
	}
	world_free(w);
}

/* Credentials and descriptors sent along change nothing, and no descriptor stays. */
static void ancillary(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct wire_answer a;
	struct wire_open open;
	uint8_t bytes[WIRE_REQUEST_SIZE];
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	plausible_request(w, "head", ROLE_CONTROLLER, bytes);
	int fd = ask_socket(w, "slurmctld/auth"), next = dup(0);
	close(next);
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(100 * sizeof(int))];
	} control;
	memset(&control, 0, sizeof(control));
	struct iovec iov = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr m = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = &control,
	                   .msg_controllen = sizeof(control.space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	const struct ucred lie = {.pid = getpid(), .uid = geteuid() ? geteuid() : 4242, .gid = getegid()};
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(lie));
	memcpy(CMSG_DATA(c), &lie, sizeof(lie));
	c = CMSG_NXTHDR(&m, c);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(100 * sizeof(int));
	for (int i = 0; i < 100; i++) {
		const int zero = 0;
		memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &zero, sizeof(zero));
	}
	assert_int_equal(sendmsg(fd, &m, MSG_NOSIGNAL), sizeof(bytes));
	assert_int_equal(exchange(w, fd, bytes, 0, &a), WIRE_ANSWER_SIZE);
	assert_int_equal(a.code, 0);
	assert_int_equal(wire_get_open(a.open, &open, NULL), 0);
	assert_int_equal(open.uid, geteuid());
	int after = dup(0);
	assert_int_equal(after, fd); /* the lowest that is free: none was kept */
	close(after);
	world_free(w);
}

/* One ticket for a connection: a descriptor that root connected and somebody inherited gives no second one.
 */
static void one_for_a_connection(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint8_t bytes[WIRE_REQUEST_SIZE], answer[WIRE_ANSWER_SIZE], more[1];
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	int fd = ask_socket(w, "slurmctld/auth");
	plausible_request(w, "head", ROLE_CONTROLLER, bytes);
	assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	assert_int_equal(raw_read(w, fd, answer, sizeof(answer)), sizeof(answer));
	(void)!send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
	assert_int_equal(raw_read(w, fd, more, sizeof(more)), 0);
	close(fd);
	world_free(w);
}

/* 16 at once a user; the rest are closed, and room comes back. */
static void sixteen_at_once(void **state)
{
	(void)state;
	struct world *w = world_new();
	int fds[40];
	uint8_t byte, bytes[WIRE_REQUEST_SIZE];
	struct wire_answer a;
	unsigned open_ones = 0;
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	for (int i = 0; i < 40; i++)
		fds[i] = ask_socket(w, "slurmctld/auth");
	for (int i = 0; i < 20; i++)
		loop_once(w->loop, 1);
	for (int i = 0; i < 40; i++)
		open_ones += recv(fds[i], &byte, 1, MSG_DONTWAIT) < 0;
	assert_int_equal(open_ones, 16);
	for (int i = 0; i < 40; i++)
		close(fds[i]);
	for (int i = 0; i < 20; i++)
		loop_once(w->loop, 1);
	plausible_request(w, "head", ROLE_CONTROLLER, bytes);
	assert_int_equal(exchange(w, ask_socket(w, "slurmctld/auth"), bytes, sizeof(bytes), &a),
	                 WIRE_ANSWER_SIZE);
	assert_int_equal(a.code, 0);
	world_free(w);
}

/* ---- as other users: in children, while the parent serves ---- */

/* Runs fn in a child with these ids; its exit status. */
static int child(struct world *w, uid_t ruid, uid_t euid, gid_t gid, int (*fn)(struct world *w))
{
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!become_user(ruid, euid, gid))
			_exit(99);
		_exit(fn(w));
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		loop_once(w->loop, 5);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

/* Plain calls: a child must not use what belongs to the parent's tests. */
static int ask_plainly(const char *path, const uint8_t *bytes, struct wire_answer *a)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	uint8_t answer[WIRE_ANSWER_SIZE];
	size_t got = 0;
	text_copy(addr.sun_path, sizeof(addr.sun_path), path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
	    send(fd, bytes, WIRE_REQUEST_SIZE, 0) != WIRE_REQUEST_SIZE)
		return -1;
	while (got < sizeof(answer)) {
		ssize_t n = recv(fd, answer + got, sizeof(answer) - got, 0);
		if (n <= 0)
			return -1;
		got += (size_t)n;
	}
	close(fd);
	return wire_get_answer(answer, a, NULL);
}

static uint8_t child_request[WIRE_REQUEST_SIZE];
static uint32_t child_uid, child_gid, child_code;

/* 0: answered as child_code says, with child_uid and child_gid in it. */
static int child_asks(struct world *w)
{
	char path[108];
	struct wire_answer a;
	struct wire_open open;
	snprintf(path, sizeof(path), "%.60s/slurmctld/auth", w->run_dir);
	if (ask_plainly(path, child_request, &a) != 0)
		return 1;
	if (a.code != child_code)
		return 10 + (int)a.code;
	if (a.code)
		return sodium_is_zero(a.psk, sizeof(a.psk)) ? 0 : 3;
	if (wire_get_open(a.open, &open, NULL) != 0)
		return 4;
	return open.uid == child_uid && open.gid == child_gid && open.kind == SESSION_USER ? 0 : 5;
}

static bool need_root(void)
{
	if (geteuid() == 0)
		return false;
	print_message("needs root: to be other users\n");
	return true;
}

static void serve_with_subuid(struct world *w, const char *lines, uint32_t single)
{
	struct err err = {0};
	char dir[96], subuid[96];
	snprintf(dir, sizeof(dir), "%.60s/slurmctld", w->run_dir);
	snprintf(subuid, sizeof(subuid), "%.60s/subuid", w->run_dir);
	FILE *f = fopen(subuid, "we");
	fputs(lines, f);
	fclose(f);
	const struct ticket_server_conf conf = {.dir = dir,
	                                        .file = "auth",
	                                        .own = w->controller_key,
	                                        .controller = "head",
	                                        .single_uid = single,
	                                        .subuid_path = subuid};
	ticket_server_free(w->tickets);
	w->tickets = ticket_server_new(w->loop, &conf, &err);
	if (!w->tickets)
		fail_msg("%s", err_text(&err));
}

static void ask_as(struct world *w, uid_t ruid, uid_t euid, gid_t gid, uint32_t code)
{
	plausible_request(w, "head", ROLE_CONTROLLER, child_request);
	child_uid = euid;
	child_gid = gid;
	child_code = code;
	int rc = child(w, ruid, euid, gid, child_asks);
	if (rc != 0)
		fail_msg("uid %u (real %u): %d", (unsigned)euid, (unsigned)ruid, rc);
}

static void who_is_served(void **state)
{
	(void)state;
	if (need_root())
		skip();
	struct world *w = world_new();
	serve_with_subuid(w, "alice:100000:65536\n# a comment\nbroken:line\nbob:x:5\n1001:200000:10\n:::\n",
	                  CORE_NO_VAL);
	ask_as(w, 1000, 1000, 1000, 0);
	ask_as(w, 0, 0, 0, 0);
	ask_as(w, 990, 990, 990, 0);
	/* Effective, not real ids. */
	ask_as(w, 1000, 2000, 1000, 0);
	ask_as(w, 0, 1000, 1000, 0);
	/* The kernel's words for "somebody else's user". */
	ask_as(w, 65534, 65534, 1000, NO_TICKET_USER);
	ask_as(w, 1000, 1000, 65534, NO_TICKET_USER);
	/* Subordinate ids. */
	ask_as(w, 100000, 100000, 1000, NO_TICKET_USER);
	ask_as(w, 165535, 165535, 1000, NO_TICKET_USER);
	ask_as(w, 165536, 165536, 1000, 0);
	ask_as(w, 200009, 200009, 1000, NO_TICKET_USER);
	ask_as(w, 200010, 200010, 1000, 0);
	/* The file is read again when it changes. */
	char subuid[96];
	snprintf(subuid, sizeof(subuid), "%.60s/subuid", w->run_dir);
	FILE *f = fopen(subuid, "we");
	fputs("carol:300000:1\n", f);
	fclose(f);
	ask_as(w, 200009, 200009, 1000, 0);
	ask_as(w, 300000, 300000, 1000, NO_TICKET_USER);
	/* A single user's cluster. */
	serve_with_subuid(w, "", 1000);
	ask_as(w, 1000, 1000, 1000, 0);
	ask_as(w, 1001, 1001, 1001, NO_TICKET_USER);
	ask_as(w, 0, 0, 0, NO_TICKET_USER);
	world_free(w);
}

/* Root in a user namespace is, outside, the user who made it; an id that isn't mapped to us is nobody. */
static int namespace_asks(struct world *w)
{
	/* After a change of ids /proc/self belongs to root. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || unshare(CLONE_NEWUSER) != 0)
		return 77;
	FILE *f = fopen("/proc/self/setgroups", "we");
	if (f) {
		fputs("deny", f);
		fclose(f);
	}
	f = fopen("/proc/self/uid_map", "we");
	if (!f || fprintf(f, "0 1000 1") < 0 || fclose(f) != 0)
		return 77;
	f = fopen("/proc/self/gid_map", "we");
	if (!f || fprintf(f, "0 1000 1") < 0 || fclose(f) != 0)
		return 77;
	if (geteuid() != 0)
		return 78;
	return child_asks(w);
}

static void user_namespace(void **state)
{
	(void)state;
	if (need_root())
		skip();
	struct world *w = world_new();
	serve_with_subuid(w, "", CORE_NO_VAL);
	plausible_request(w, "head", ROLE_CONTROLLER, child_request);
	child_uid = child_gid = 1000;
	child_code = 0;
	int rc = child(w, 1000, 1000, 1000, namespace_asks);
	world_free(w);
	if (rc == 77) {
		print_message("this kernel gives users no namespaces\n");
		skip();
	}
	assert_int_equal(rc, 0);
}

/* ---- the socket's place ---- */

static struct ticket_server *try_server(struct world *w, const char *name, struct err *err)
{
	char dir[160];
	snprintf(dir, sizeof(dir), "%.60s/%.90s", w->run_dir, name);
	const struct ticket_server_conf conf = {.dir = dir,
	                                        .file = "auth",
	                                        .own = w->controller_key,
	                                        .controller = "head",
	                                        .single_uid = CORE_NO_VAL};
	err_clear(err);
	return ticket_server_new(w->loop, &conf, err);
}

static void stale_and_live(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct err err = {0};
	struct stat st;
	char path[108];
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	w->tickets = try_server(w, "slurmctld", &err);
	assert_non_null(w->tickets);
	snprintf(path, sizeof(path), "%.60s/slurmctld/auth", w->run_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	snprintf(path, sizeof(path), "%.60s/slurmctld", w->run_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	/* A second daemon. */
	assert_null(try_server(w, "slurmctld", &err));
	assert_int_equal(err.code, ERR_LOCKED);
	uint8_t bytes[WIRE_REQUEST_SIZE];
	struct wire_answer a;
	plausible_request(w, "head", ROLE_CONTROLLER, bytes);
	assert_int_equal(exchange(w, ask_socket(w, "slurmctld/auth"), bytes, sizeof(bytes), &a),
	                 WIRE_ANSWER_SIZE);
	ticket_server_free(w->tickets);
	w->tickets = NULL;
	/* A socket that a dead process left, one that lives without the lock, and something else. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.60s/slurmctld/auth", w->run_dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_null(try_server(w, "slurmctld", &err));
	assert_non_null(strstr(err.text, "another process listens"));
	close(fd);
	w->tickets = try_server(w, "slurmctld", &err);
	assert_non_null(w->tickets);
	ticket_server_free(w->tickets);
	fd = open(addr.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	w->tickets = try_server(w, "slurmctld", &err);
	assert_null(w->tickets);
	assert_non_null(strstr(err.text, "remove it"));
	/* Places that don't do. */
	assert_null(try_server(w, "not/there/yet/slurmctld", &err));
	assert_non_null(strstr(err.text, "mkdir"));
	assert_null(try_server(
	        w, "a-very-long-name-a-very-long-name-a-very-long-name-a-very-long-name-a-very-long-name",
	        &err));
	assert_non_null(strstr(err.text, "too long"));
	world_free(w);
}

/* ---- the client's side ---- */

/* Steps through an ask while the parent's loop serves; 1 or -1. */
static int run_ask(struct world *w, struct ticket_ask *ask, uint8_t open[WIRE_OPEN_SIZE], struct err *err)
{
	uint8_t psk[32];
	int rc, turns = 0;
	while ((rc = ticket_ask_step(ask, open, psk, err)) == 0 && turns++ < 2000)
		loop_once(w->loop, 5);
	ticket_ask_free(ask);
	return rc;
}

static int ask_all(struct world *w, const char *cluster, struct wire_open *open, struct err *err)
{
	struct opening o = {0};
	struct wire_hello hello = {.version_min = 1, .version_max = 1, .role = ROLE_CONTROLLER};
	struct session_audience audience = to_controller();
	uint8_t bytes[WIRE_OPEN_SIZE];
	text_copy(audience.cluster, sizeof(audience.cluster), cluster);
	memcpy(hello.kid, key_master_id(w->master), KEY_ID_SIZE);
	opening_start(&o);
	wire_put_hello(&hello, o.hello_bytes);
	assert_int_equal(opening_hello(&o, &audience, err), 0);
	struct ticket_ask *ask = ticket_ask_new(&o, &audience, err);
	if (!ask)
		return -1;
	int rc = run_ask(w, ask, bytes, err);
	if (rc == 1)
		assert_int_equal(wire_get_open(bytes, open, err), 0);
	return rc;
}

static void daemons_in_turn(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct err err = {0};
	struct wire_open open;
	uint8_t other_bytes[64] = "another";
	struct key_master *other = key_master_from_bytes(other_bytes, sizeof(other_bytes), &err);
	struct key_host *foreign = key_host_derive(other, "lab", KEY_CLASS_WORKER, "x1", 0, &err);
	struct key_host *elsewhere = key_host_derive(w->master, "lab2", KEY_CLASS_WORKER, "x2", 0, &err);
	/* None. */
	assert_int_equal(ask_all(w, "lab", &open, &err), -1);
	assert_non_null(strstr(err.text, "no daemon of the cluster"));
	err_clear(&err);
	/* A daemon of another cluster only. */
	struct ticket_server *wrong = start_tickets(w, "slurmd", "auth.x2", elsewhere);
	assert_int_equal(ask_all(w, "lab", &open, &err), -1);
	assert_non_null(strstr(err.text, "lab2"));
	err_clear(&err);
	/* One with another key is better than none, and one with the right key better than that. */
	struct ticket_server *bad_key = start_tickets(w, "slurmd", "auth.x1", foreign);
	assert_int_equal(ask_all(w, "lab", &open, &err), 1);
	assert_string_equal(open.host, "x1");
	struct ticket_server *login = start_tickets(w, "sackd", "auth", w->login_key);
	assert_int_equal(ask_all(w, "lab", &open, &err), 1);
	assert_string_equal(open.host, "login1");
	struct ticket_server *worker = start_tickets(w, "slurmd", "auth.n1", w->worker_key);
	assert_int_equal(ask_all(w, "lab", &open, &err), 1);
	assert_string_equal(open.host, "n1");
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	assert_int_equal(ask_all(w, "lab", &open, &err), 1);
	assert_string_equal(open.host, "head");
	ticket_server_free(wrong);
	ticket_server_free(bad_key);
	ticket_server_free(login);
	ticket_server_free(worker);
	key_host_free(foreign);
	key_host_free(elsewhere);
	key_master_free(other);
	world_free(w);
}

static void places_not_to_be_trusted(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct err err = {0};
	struct wire_open open;
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	assert_int_equal(chmod(w->run_dir, 0777), 0);
	assert_int_equal(ask_all(w, "lab", &open, &err), -1);
	assert_non_null(strstr(err.text, "can't be trusted"));
	err_clear(&err);
	assert_int_equal(chmod(w->run_dir, 0755), 0);
	char dir[96];
	snprintf(dir, sizeof(dir), "%.60s/slurmctld", w->run_dir);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(ask_all(w, "lab", &open, &err), -1);
	err_clear(&err);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(ask_all(w, "lab", &open, &err), 1);
	setenv("BATCHBOX_RUN_DIR", "/nonexistent", 1);
	assert_int_equal(ask_all(w, "lab", &open, &err), -1);
	world_free(w);
}

/* A listener that is another user's, in a directory of SlurmUser's: nothing is sent to it. */
static int listens_as_mallory(struct world *w)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	uint8_t byte;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.60s/slurmctld/auth", w->run_dir);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 || listen(fd, 5) != 0)
		return 2;
	int victim = accept(fd, NULL, NULL);
	/* An end, and not a byte before it. */
	return victim >= 0 && recv(victim, &byte, 1, 0) == 0 ? 0 : 1;
}

static void false_daemon(void **state)
{
	(void)state;
	if (need_root())
		skip();
	struct world *w = world_new();
	struct err err = {0};
	struct wire_open open;
	char dir[96], path[108];
	int status;
	snprintf(dir, sizeof(dir), "%.60s/slurmctld", w->run_dir);
	snprintf(path, sizeof(path), "%.60s/slurmctld/auth", w->run_dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(chown(dir, 1666, 1666), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (setresuid(1666, 1666, 1666) != 0)
			_exit(99);
		_exit(listens_as_mallory(w));
	}
	struct stat st;
	int64_t until = loop_clock() + WAIT_US;
	while (stat(path, &st) != 0 && loop_clock() < until)
		sched_yield();
	/* The directory goes back to SlurmUser, the listener stays mallory's. */
	assert_int_equal(chown(dir, 990, 990), 0);
	int rc = -1;
	/* It may not listen yet. */
	while (loop_clock() < until) {
		err_clear(&err);
		rc = ask_all(w, "lab", &open, &err);
		if (rc > 0 || strstr(err.text, "1666"))
			break;
	}
	assert_int_equal(rc, -1);
	assert_non_null(strstr(err.text, "it isn't asked"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	world_free(w);
}

/* A copy of this program that belongs to somebody else and is set-user-id: it asks for nothing. */
static int ask_securely(void)
{
	struct opening o = {0};
	const struct session_audience audience = to_controller();
	struct err err = {0};
	if (!getauxval(AT_SECURE))
		return 77;
	return ticket_ask_new(&o, &audience, &err) || !strstr(err.text, "set-user-id");
}

static int copy_self(const char *to)
{
	char bytes[65536];
	ssize_t n;
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
	    out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	while ((n = read(in, bytes, sizeof(bytes))) > 0 && write(out, bytes, (size_t)n) == n)
		;
	close(in);
	return close(out) == 0 && n == 0 ? 0 : -1;
}

static void set_user_id(void **state)
{
	(void)state;
	if (need_root())
		skip();
	struct world *w = world_new();
	char path[96];
	int status;
	snprintf(path, sizeof(path), "%.60s/copy", w->run_dir);
	assert_int_equal(copy_self(path), 0);
	assert_int_equal(chown(path, 1666, 1666), 0);
	assert_int_equal(chmod(path, 04755), 0);
	w->tickets = start_tickets(w, "slurmctld", "auth", w->controller_key);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (become_user(1000, 1000, 1000))
			execl(path, path, "ask", (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	world_free(w);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("/tmp is mounted without set-user-id programs\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_ticket),        cmocka_unit_test(sizes),
	        cmocka_unit_test(other_audiences), cmocka_unit_test(every_byte_of_the_request),
	        cmocka_unit_test(ancillary),       cmocka_unit_test(one_for_a_connection),
	        cmocka_unit_test(sixteen_at_once), cmocka_unit_test(who_is_served),
	        cmocka_unit_test(user_namespace),  cmocka_unit_test(stale_and_live),
	        cmocka_unit_test(daemons_in_turn), cmocka_unit_test(places_not_to_be_trusted),
	        cmocka_unit_test(false_daemon),    cmocka_unit_test(set_user_id),
	};
	if (sodium_init() < 0)
		return 1;
	if (argc == 2 && strcmp(argv[1], "ask") == 0)
		_exit(ask_securely());
	umask(022);
	log_init("proto_ticket", LOG_LEVEL_QUIET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
