/* The sender: the file is read once to know what it is, and then for each node at that node's pace. When all
 * have it, all are told to give it its name; when one can't, none does.
 *
 *     waits for its turn ─▶ DIALLING ──OPENED──▶ SENDING ──RECEIVED──▶ STORED ──all are──▶ COMMITTING
 * ──DONE──▶ OVER */
#include "applets/client/bcast.h"

#include "core/util/arena.h"
#include "core/util/log.h"
#include "proto/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW         (4u << 20) /* bytes on the way to a node that it has not taken yet */
#define BLOCK_MAX      (512u << 10)
#define BLOCK_MIN      (4u << 10)
#define READ_AT_ONCE   (1u << 20)
#define FANOUT_DEFAULT 64
#define PATIENCE_S     60

enum place_phase { PLACE_WAITS, PLACE_DIALLING, PLACE_SENDING, PLACE_STORED, PLACE_COMMITTING, PLACE_OVER };

struct place {
	struct sender *sender;
	const struct step_place *info;
	struct conn *conn;
	enum place_phase phase;
	uint64_t sent, taken;
	struct loop_timer *silence;
	char *why; /* it failed */
};

struct sender {
	struct bcast *b;
	const struct step_ready *to;
	struct loop *loop;
	struct arena arena; /* of the message that is being dealt with */
	uint8_t hash[BCAST_HASH_SIZE];
	uint8_t *block;
	size_t block_size;
	struct place *places;
	uint32_t count, fanout, active, stored, over, failed;
	bool committing;
};

/* ---- the file ---- */

int bcast_open_source(struct bcast *b)
{
	b->fd = open(b->source, O_RDONLY | O_CLOEXEC);
	if (b->fd < 0 || fstat(b->fd, &b->st) != 0) {
		log_error("Can't open `%s`: %s", b->source, strerror(errno));
		return -1;
	}
	if (!S_ISREG(b->st.st_mode)) {
		log_error("Can't mmap file `%s`, %s.", b->source, strerror(ENODEV));
		return -1;
	}
	if (b->st.st_size == 0)
		log_error("Warning: file `%s` is empty.", b->source);
	return 0;
}

/* As many bytes as there are, from there on; fewer when the file has become shorter. */
static size_t read_at(int fd, uint8_t *to, size_t n, uint64_t at)
{
	size_t got = 0;
	while (got < n) {
		ssize_t now = pread(fd, to + got, n - got, (off_t)(at + got));
		if (now < 0 && errno == EINTR)
			continue;
		if (now <= 0)
			break;
		got += (size_t)now;
	}
	return got;
}

static void hash_file(struct sender *s)
{
	uint8_t *buf = xmalloc(READ_AT_ONCE);
	crypto_generichash_state state;
	const uint64_t size = (uint64_t)s->b->st.st_size;
	crypto_generichash_init(&state, NULL, 0, sizeof(s->hash));
	for (uint64_t at = 0; at < size;) {
		size_t n = read_at(s->b->fd, buf,
		                   size - at < READ_AT_ONCE ? (size_t)(size - at) : READ_AT_ONCE, at);
		if (n == 0)
			break; /* no node will find it whole */
		crypto_generichash_update(&state, buf, n);
		at += n;
	}
	crypto_generichash_final(&state, s->hash, sizeof(s->hash));
	free(buf);
}

char *bcast_dest(const struct bcast *b, const char *node)
{
	return b->per_node ? xprintf("%s%s", b->dest, node) : xstrdup(b->dest);
}

void bcast_check_compression(const char *library)
{
	if (library && *library && strcmp(library, "lz4") != 0 && strcmp(library, "none") != 0)
		log_error("Compression type '%s' unknown, disabling compression support.",
		          log_escape(library));
}

const char *bcast_dest_dir(const char *parameters, struct arena *arena)
{
	char *rest = parameters ? arena_strdup(arena, parameters) : NULL;
	while (rest) {
		char *value = text_split(&rest, ','), *word = text_split(&value, '=');
		if (text_eq_nocase(word, "DestDir") && value && *value)
			return value;
	}
	return NULL;
}

/* ---- a node ---- */

static void go_on(struct sender *s);

static void place_end(struct place *p)
{
	struct sender *s = p->sender;
	if (p->phase == PLACE_DIALLING || p->phase == PLACE_SENDING)
		s->active--;
	if (p->phase == PLACE_STORED)
		s->stored--;
	p->phase = PLACE_OVER;
	s->over++;
	if (p->silence)
		loop_del_timer(s->loop, p->silence);
	p->silence = NULL;
}

static void place_failed(struct place *p, const char *why, uint32_t error)
{
	struct sender *s = p->sender;
	if (p->phase == PLACE_OVER)
		return;
	p->why = xstrdup(why);
	s->failed++;
	if (error)
		s->b->error = (int)error;
	place_end(p);
	if (p->conn)
		conn_close(p->conn);
	p->conn = NULL;
	go_on(s);
}

static void silent(void *ctx)
{
	struct place *p = ctx;
	p->silence = NULL;
	place_failed(p, err_code_text(ERR_TIMEOUT), 0);
}

static void heard(struct place *p)
{
	struct sender *s = p->sender;
	const uint32_t seconds = s->b->patience_s ? s->b->patience_s : PATIENCE_S;
	if (p->silence)
		loop_del_timer(s->loop, p->silence);
	p->silence = loop_add_timer(s->loop, (int64_t)seconds * 1000000, silent, p);
}

/* When one has failed, the others get no more: none is to have it. */
static void feed(struct place *p)
{
	struct sender *s = p->sender;
	const uint64_t size = (uint64_t)s->b->st.st_size;
	while (p->phase == PLACE_SENDING && s->failed == 0 && p->sent < size && p->sent - p->taken < WINDOW &&
	       conn_waiting(p->conn) < WINDOW) {
		uint64_t left = size - p->sent;
		size_t n = read_at(s->b->fd, s->block, left < s->block_size ? (size_t)left : s->block_size,
		                   p->sent);
		if (n == 0) {
			place_failed(p, "the file became shorter while it was sent", 0);
			return;
		}
		const struct bcast_data m = {.data = {s->block, (uint32_t)n}};
		conn_send(p->conn, MSG_bcast_data, 0, &m);
		p->sent += n;
	}
}

static void on_state(struct place *p, const struct bcast_state *m)
{
	struct sender *s = p->sender;
	heard(p);
	p->taken = m->received < p->sent ? m->received : p->sent;
	switch (m->phase) {
	case BCAST_OPENED:
		if (p->phase == PLACE_DIALLING)
			p->phase = PLACE_SENDING;
		feed(p);
		break;
	case BCAST_RECEIVED:
		if (p->phase == PLACE_DIALLING || p->phase == PLACE_SENDING) {
			s->active--;
			s->stored++;
			p->phase = PLACE_STORED;
			/* It waits for the others now, and has nothing to say. */
			loop_del_timer(s->loop, p->silence);
			p->silence = NULL;
		}
		break;
	case BCAST_DONE:
		if (p->phase == PLACE_COMMITTING)
			place_end(p);
		break;
	default:
		place_failed(p, m->why ? m->why : "no reason given", m->error);
		return;
	}
	go_on(s);
}

static void on_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                       size_t n)
{
	struct place *p = ctx;
	struct arena *arena = &p->sender->arena;
	struct err err = {0};
	const struct schema *schema = message_schema(type);
	(void)conn, (void)id;
	arena_reset(arena);
	void *record = schema ? arena_alloc(arena, schema->size) : NULL;
	if (!schema || schema_decode(schema, record, body, n, arena, &err) != 0) {
		place_failed(p, schema ? err_text(&err) : "an unknown message", 0);
	} else if (type == MSG_bcast_state) {
		on_state(p, record);
	} else if (type == MSG_msg_error) {
		const struct msg_error *m = record;
		place_failed(p, m->text ? m->text : err_code_text((int)m->code), 0);
	}
}

static void on_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct place *p = ctx;
	(void)conn;
	p->conn = NULL;
	place_failed(p, err ? err_text(err) : "the file's end was not told", 0);
}

static void on_drained(void *ctx, struct conn *conn)
{
	(void)conn;
	feed(ctx);
}

/* The worker is there, and holds our connection until the node's Prolog has ended, which may take as long as
 * PrologEpilogTimeout lets it, unless the user set a limit. */
static bool on_late(void *ctx, struct conn *conn)
{
	struct place *p = ctx;
	(void)conn;
	if (p->sender->b->patience_s == 0) {
		loop_del_timer(p->sender->loop, p->silence);
		p->silence = NULL;
	}
	log_verbose("%s: not begun yet: its Prolog may still run", p->info->node);
	return true;
}

static const struct conn_ops ops = {
        .message = on_message, .closed = on_closed, .drained = on_drained, .late = on_late};

static int64_t nanoseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static void open_there(struct place *p)
{
	const struct bcast *b = p->sender->b;
	struct bcast_open m;
	schema_init(schema_of_bcast_open(), &m);
	m.path = bcast_dest(b, p->info->node);
	m.size = (uint64_t)b->st.st_size;
	m.mode = (uint32_t)b->st.st_mode & 07777;
	m.hash = (struct schema_bytes){p->sender->hash, sizeof(p->sender->hash)};
	m.force = b->force;
	m.keep_times = b->preserve;
	m.accessed_ns = nanoseconds(&b->st.st_atim);
	m.modified_ns = nanoseconds(&b->st.st_mtim);
	conn_send(p->conn, MSG_bcast_open, 0, &m);
	free(m.path);
}

static void dial(struct place *p)
{
	const struct step_ready *to = p->sender->to;
	struct session_audience audience = {.role = ROLE_WORKER};
	struct key_step_of of = {.serial = to->serial,
	                         .step_id = to->step_id,
	                         .launch = to->launch,
	                         .uid = to->uid != CORE_NO_VAL ? to->uid : geteuid(),
	                         .rights = to->rights};
	struct err err = {0};
	const struct conn_credential credential = {.step_key = p->info->key.v,
	                                           .step = &of,
	                                           .step_kid = p->info->kid.n == KEY_ID_SIZE ? p->info->kid.v
	                                                                                     : NULL};
	text_copy(audience.name, sizeof(audience.name), p->info->node);
	text_copy(audience.cluster, sizeof(audience.cluster), p->sender->b->cluster);
	if (to->instance.n == sizeof(of.instance))
		memcpy(of.instance, to->instance.v, sizeof(of.instance));
	p->phase = PLACE_DIALLING;
	p->sender->active++;
	if (p->info->key.n == KEY_SIZE)
		p->conn = conn_dial(p->sender->loop, p->info->addr, (uint16_t)p->info->port, &audience,
		                    &credential, p->sender->b->message_timeout_us, &ops, p, &err);
	else
		err_set(&err, ERR_UNAUTHENTICATED, "the controller gave no key for this node");
	if (!p->conn) {
		place_failed(p, err_text(&err), 0);
		return;
	}
	heard(p);
	open_there(p);
}

/* ---- all ---- */

static void commit(struct sender *s)
{
	s->committing = true;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct bcast_commit m = {0};
		struct place *p = &s->places[i];
		p->phase = PLACE_COMMITTING;
		heard(p);
		conn_send(p->conn, MSG_bcast_commit, 0, &m);
	}
}

/* Who was asked and has not said yet whether it can be there is heard out: each node that can't is told of.
 */
static bool still_to_say(const struct sender *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->places[i].phase == PLACE_DIALLING)
			return true;
	return false;
}

static void go_on(struct sender *s)
{
	for (uint32_t i = 0; i < s->count && s->active < s->fanout && s->failed == 0 && !s->committing; i++)
		if (s->places[i].phase == PLACE_WAITS)
			dial(&s->places[i]);
	if (s->over == s->count || (s->failed > 0 && !s->committing && !still_to_say(s)))
		loop_stop(s->loop);
	else if (s->stored == s->count && !s->committing)
		commit(s);
}

static void say_failures(const struct sender *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->places[i].why)
			log_error("REQUEST_FILE_BCAST(%s): %s", s->places[i].info->node, s->places[i].why);
}

static void sender_free(struct sender *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		if (s->places[i].conn)
			conn_close(s->places[i].conn);
		free(s->places[i].why);
	}
	loop_free(s->loop);
	arena_free(&s->arena);
	free(s->places);
	free(s->block);
}

static size_t block_size(uint64_t asked)
{
	return asked == 0 || asked > BLOCK_MAX ? BLOCK_MAX : asked < BLOCK_MIN ? BLOCK_MIN : (size_t)asked;
}

int bcast_run(struct bcast *b, const struct step_ready *to)
{
	struct sender s = {.b = b,
	                   .to = to,
	                   .block_size = block_size(b->block),
	                   .count = to->places.n,
	                   .fanout = b->fanout ? b->fanout : FANOUT_DEFAULT};
	struct err err = {0};
	signal(SIGPIPE, SIG_IGN);
	s.loop = loop_new(&err);
	if (!s.loop) {
		log_error("%s", err_text(&err));
		return -1;
	}
	arena_init(&s.arena);
	hash_file(&s);
	s.block = xmalloc(s.block_size);
	s.places = xcalloc(s.count + 1u, sizeof(*s.places));
	for (uint32_t i = 0; i < s.count; i++)
		s.places[i] = (struct place){.sender = &s, .info = &to->places.v[i]};
	go_on(&s);
	if (s.over < s.count && !(s.failed > 0 && !still_to_say(&s)))
		loop_run(s.loop);
	say_failures(&s);
	b->node_errors = s.failed;
	sender_free(&s);
	return b->node_errors == 0 ? 0 : -1;
}
