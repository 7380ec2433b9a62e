#include "applets/client/step_stat.h"

#include "proto/conn.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE       64       /* nodes that are asked */
#define DIAL_LIMIT_US 15000000 /* a worker waits 10 s for a step that it may hear of yet */
#define ANSWER_US     15000000

struct place {
	struct asker *asker;
	const struct step_place *info;
	struct conn *conn;
	struct loop_timer *silence;
	struct stat_answer *answer;
	bool over;
};

struct asker {
	const struct step_ready *to;
	const char *cluster;
	struct loop *loop;
	struct arena *arena;
	struct place *places;
	uint32_t next, active, over;
};

static void ask_more(struct asker *a);

static void settle(struct place *p, const char *why)
{
	struct asker *a = p->asker;
	p->over = true;
	if (why && !p->answer->stat)
		p->answer->why = arena_strdup(a->arena, why);
	if (p->silence)
		loop_del_timer(a->loop, p->silence);
	p->silence = NULL;
	if (p->conn)
		conn_close(p->conn);
	p->conn = NULL;
	a->active--;
	a->over++;
}

static void place_end(struct place *p, const char *why)
{
	if (p->over)
		return;
	settle(p, why);
	ask_more(p->asker);
}

static void silent(void *ctx)
{
	struct place *p = ctx;
	p->silence = NULL;
	place_end(p, err_code_text(ERR_TIMEOUT));
}

static void on_message(void *ctx, struct conn *conn, uint32_t type, uint64_t id, const uint8_t *body,
                       size_t n)
{
	struct place *p = ctx;
	struct arena *arena = p->asker->arena;
	const struct schema *schema = message_schema(type);
	struct err err = {0};
	(void)conn, (void)id;
	if (type != MSG_step_stat && type != MSG_msg_error && type != MSG_step_done)
		return; /* what every session of a step hears */
	void *record = arena_alloc(arena, schema->size);
	if (schema_decode(schema, record, body, n, arena, &err) != 0) {
		place_end(p, err_text(&err));
	} else if (type == MSG_step_stat) {
		p->answer->stat = record;
		place_end(p, NULL);
	} else if (type == MSG_msg_error) {
		const struct msg_error *m = record;
		place_end(p, m->text ? m->text : err_code_text((int)m->code));
	} else {
		place_end(p, err_code_text(ERR_ALREADY_DONE));
	}
}

static void on_closed(void *ctx, struct conn *conn, const struct err *err)
{
	struct place *p = ctx;
	(void)conn;
	p->conn = NULL;
	place_end(p, err ? err_text(err) : err_code_text(ERR_ALREADY_DONE));
}

static const struct conn_ops ops = {.message = on_message, .closed = on_closed};

static struct conn *dial(struct place *p, struct err *err)
{
	const struct asker *a = p->asker;
	struct session_audience audience = {.role = ROLE_WORKER};
	struct key_step_of of = {.serial = a->to->serial,
	                         .step_id = a->to->step_id,
	                         .launch = a->to->launch,
	                         .uid = a->to->uid,
	                         .rights = a->to->rights};
	const struct conn_credential credential = {.step_key = p->info->key.v,
	                                           .step = &of,
	                                           .step_kid = p->info->kid.n == KEY_ID_SIZE ? p->info->kid.v
	                                                                                     : NULL};
	text_copy(audience.name, sizeof(audience.name), p->info->node);
	text_copy(audience.cluster, sizeof(audience.cluster), a->cluster);
	if (a->to->instance.n == sizeof(of.instance))
		memcpy(of.instance, a->to->instance.v, sizeof(of.instance));
	if (p->info->key.n != KEY_SIZE) {
		err_set(err, ERR_UNAUTHENTICATED, "the controller gave no key for this node");
		return NULL;
	}
	return conn_dial(a->loop, p->info->addr, (uint16_t)p->info->port, &audience, &credential,
	                 DIAL_LIMIT_US, &ops, p, err);
}

static void ask(struct place *p)
{
	static const struct step_stat_query query = {0};
	struct asker *a = p->asker;
	struct err err = {0};
	a->active++;
	p->conn = dial(p, &err);
	if (!p->conn) {
		settle(p, err_text(&err));
		return;
	}
	p->silence = loop_add_timer(a->loop, DIAL_LIMIT_US + ANSWER_US, silent, p);
	conn_send(p->conn, MSG_step_stat_query, 1, &query);
}

static void ask_more(struct asker *a)
{
	while (a->next < a->to->places.n && a->active < AT_ONCE)
		ask(&a->places[a->next++]);
	if (a->over == a->to->places.n)
		loop_stop(a->loop);
}

struct stat_answer *step_stat_ask(const struct step_ready *to, const char *cluster, struct arena *arena,
                                  struct err *err)
{
	struct asker a = {.to = to, .cluster = cluster, .arena = arena, .loop = loop_new(err)};
	const uint32_t n = to->places.n;
	struct stat_answer *answers = arena_array(arena, n + 1u, sizeof(*answers));
	if (!a.loop)
		return NULL;
	a.places = xcalloc(n + 1u, sizeof(*a.places));
	for (uint32_t i = 0; i < n; i++) {
		answers[i] = (struct stat_answer){0};
		a.places[i] = (struct place){.asker = &a, .info = &to->places.v[i], .answer = &answers[i]};
	}
	ask_more(&a);
	if (a.over < n)
		loop_run(a.loop);
	for (uint32_t i = 0; i < n; i++)
		if (a.places[i].conn)
			conn_close(a.places[i].conn);
	loop_free(a.loop);
	free(a.places);
	return answers;
}
