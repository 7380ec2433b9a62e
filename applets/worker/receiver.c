/* The receiver: takes one file of sbcast or srun --bcast on one node. slurmd starts it with a grant and hands
 * it the session; it becomes the user before it looks at any path, and ends with the session. What it has not
 * committed by then is gone.
 *
 *     bcast_open ──▶ OPENED, bcast_data ... ──▶ RECEIVED (all of it, and it is what was meant)
 * ──bcast_commit──▶ DONE */
#include "applets/applet.h"
#include "applets/worker/identity.h"
#include "applets/worker/link.h"
#include "applets/worker/placed_file.h"
#include "core/util/log.h"
#include "proto/conn.h"
#include "proto/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SESSION_WAIT_MS 10000     /* slurmd sends it at once */
#define SILENCE_US      300000000 /* a sender that says nothing for so long has gone */
#define TELL_EVERY      (256u << 10)

struct receiver {
	struct loop *loop;
	struct arena arena; /* of the message that is being dealt with */
	struct conn *conn;
	struct loop_timer *silence;
	struct placed_file file;
	bool open, received, over;
	uint64_t size, got, told;
	uint32_t mode;
	bool keep_times;
	struct timespec times[2];
	uint8_t hash[BCAST_HASH_SIZE];
	crypto_generichash_state hashing;
	int exit_code, error;
};

static void tell(struct receiver *r, enum bcast_phase phase, const struct err *why)
{
	struct bcast_state m;
	schema_init(schema_of_bcast_state(), &m);
	m.phase = phase;
	m.received = r->told = r->got;
	m.error = why && why->code == ERR_SYSTEM ? (uint32_t)r->error : 0;
	m.why = (char *)(uintptr_t)(why ? err_text(why) : NULL);
	conn_send(r->conn, MSG_bcast_state, 0, &m);
}

static void fail(struct receiver *r, const struct err *err)
{
	r->error = r->file.error;
	placed_close(&r->file);
	r->over = true;
	r->exit_code = 1;
	tell(r, BCAST_FAILED, err);
	conn_finish(r->conn);
}

static void check_whole(struct receiver *r)
{
	uint8_t hash[BCAST_HASH_SIZE];
	struct err err = {0};
	if (r->got < r->size) {
		if (r->got - r->told >= TELL_EVERY)
			tell(r, BCAST_OPENED, NULL);
		return;
	}
	crypto_generichash_final(&r->hashing, hash, sizeof(hash));
	if (memcmp(hash, r->hash, sizeof(hash)) != 0)
		err_set(&err, ERR_CORRUPT, "the file changed while it was sent");
	else if (placed_attributes(&r->file, (mode_t)r->mode, r->keep_times ? r->times : NULL, &err) == 0)
		r->received = true;
	if (r->received)
		tell(r, BCAST_RECEIVED, NULL);
	else
		fail(r, &err);
}

static struct timespec moment(int64_t ns)
{
	int64_t seconds = ns / 1000000000, rest = ns % 1000000000;
	return (struct timespec){.tv_sec = (time_t)(seconds - (rest < 0)),
	                         .tv_nsec = (long)(rest < 0 ? rest + 1000000000 : rest)};
}

static void on_open(struct receiver *r, const struct bcast_open *m)
{
	struct err err = {0};
	if (r->open) {
		err_set(&err, ERR_UNEXPECTED, "%s", "");
	} else if (m->hash.n != sizeof(r->hash)) {
		err_set(&err, ERR_INVALID, "a hash of %u bytes", (unsigned)m->hash.n);
	} else if (placed_begin(&r->file, m->path, m->size, m->force, &err) == 0) {
		r->open = true;
		r->size = m->size;
		r->mode = m->mode & 0777;
		r->keep_times = m->keep_times;
		r->times[0] = moment(m->accessed_ns);
		r->times[1] = moment(m->modified_ns);
		memcpy(r->hash, m->hash.v, sizeof(r->hash));
		crypto_generichash_init(&r->hashing, NULL, 0, sizeof(r->hash));
		tell(r, BCAST_OPENED, NULL);
		check_whole(r);
		return;
	}
	fail(r, &err);
}

static void on_data(struct receiver *r, const struct bcast_data *m)
{
	struct err err = {0};
	if (!r->open || r->received || m->data.n > r->size - r->got)
		err_set(&err, ERR_UNEXPECTED, "%s", "");
	else if (placed_write(&r->file, m->data.v, m->data.n, &err) == 0) {
		crypto_generichash_update(&r->hashing, m->data.v, m->data.n);
		r->got += m->data.n;
		check_whole(r);
		return;
	}
	fail(r, &err);
}

static void on_commit(struct receiver *r)
{
	struct err err = {0};
	if (!r->received)
		err_set(&err, ERR_UNEXPECTED, "%s", "");
	else if (placed_commit(&r->file, &err) == 0) {
		placed_close(&r->file);
		r->over = true;
		tell(r, BCAST_DONE, NULL);
		conn_finish(r->conn);
		return;
	}
	fail(r, &err);
}

static void silent(void *ctx)
{
	struct receiver *r = ctx;
	r->silence = NULL;
	r->exit_code = 1;
	loop_stop(r->loop);
}

static void heard(struct receiver *r)
{
	if (r->silence)
		loop_del_timer(r->loop, r->silence);
	r->silence = loop_add_timer(r->loop, SILENCE_US, silent, r);
}

static void on_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                       size_t n)
{
	struct receiver *r = ctx;
	struct err err = {0};
	const struct schema *schema = message_schema(type);
	(void)conn, (void)id;
	heard(r);
	if (r->over)
		return;
	arena_reset(&r->arena);
	void *record = schema ? arena_alloc(&r->arena, schema->size) : NULL;
	if (!schema || schema_decode(schema, record, body, n, &r->arena, &err) != 0) {
		fail(r, &err);
		return;
	}
	switch (type) {
	case MSG_bcast_open:
		on_open(r, record);
		break;
	case MSG_bcast_data:
		on_data(r, record);
		break;
	case MSG_bcast_commit:
		on_commit(r);
		break;
	default:
		err_set(&err, ERR_UNEXPECTED, "%s", "");
		fail(r, &err);
	}
}

static void on_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct receiver *r = ctx;
	(void)conn, (void)err;
	r->conn = NULL;
	loop_stop(r->loop);
}

static const struct conn_ops ops = {.message = on_message, .closed = on_closed};

static void on_signal(void *ctx, int signo)
{
	struct receiver *r = ctx;
	(void)signo;
	r->exit_code = 1;
	loop_stop(r->loop);
}

/* ---- from slurmd: the grant, then the session ---- */

static bool comes(void)
{
	struct pollfd p = {.fd = LINK_SHEPHERD_FD, .events = POLLIN};
	return poll(&p, 1, SESSION_WAIT_MS) > 0;
}

static int take_session(struct receiver *r, struct err *err)
{
	static uint8_t buf[LINK_PACKET_MAX];
	struct session_peer peer;
	struct session_keys keys;
	uint32_t type = 0;
	void *record = NULL;
	if (!comes() || link_receive(LINK_SHEPHERD_FD, buf, &r->arena, &type, &record, err) != 1 ||
	    type != LINK_BCAST || !record)
		return err_set(err, ERR_UNEXPECTED, "slurmd gave no grant");
	const struct bcast_grant *grant = record;
	int fd =
	        comes() ? handover_receive(LINK_SHEPHERD_FD, grant->step_id, grant->launch, &peer, &keys, err)
	                : err_set(err, ERR_TIMEOUT, "slurmd gave no session");
	close(LINK_SHEPHERD_FD);
	if (fd < 0)
		return -1;
	/* From here on all is done as the user. The process still can't be looked into. */
	if (identity_become(grant->who, err) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
		r->conn = conn_adopt(r->loop, fd, &keys, &peer, &ops, r, err);
	else
		close(fd);
	handover_wipe(&keys);
	return r->conn ? 0 : -1;
}

static int run(struct receiver *r, struct err *err)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	link_standard_files();
	setsid();
	prctl(PR_SET_NAME, "slurmd-bcast");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(err, errno, "prctl");
	if (key_init(err) != 0)
		return -1;
	umask(077);
	if (chdir("/") != 0)
		return err_sys(err, errno, "cannot enter /");
	r->loop = loop_new(err);
	if (!r->loop || loop_add_signal(r->loop, SIGTERM, on_signal, r, err) != 0 ||
	    take_session(r, err) != 0)
		return -1;
	heard(r);
	loop_run(r->loop);
	placed_close(&r->file);
	if (r->conn)
		conn_close(r->conn);
	loop_free(r->loop);
	arena_free(&r->arena);
	return 0;
}

/* receiver: started by slurmd; fd LINK_SHEPHERD_FD is the link. */
int receiver_main(int argc, char **argv)
{
	static struct receiver r = {.file = {.dir = -1, .fd = -1}};
	struct err err = {0};
	(void)argv;
	log_init("slurmd-bcast", LOG_LEVEL_ERROR);
	if (argc != 1) {
		log_error("this program is started by slurmd");
		return 1;
	}
	arena_init(&r.arena);
	if (run(&r, &err) != 0) {
		log_error("%s", err_text(&err));
		return 1;
	}
	return r.exit_code;
}
