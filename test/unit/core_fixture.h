/* A cluster of three nodes and a partition in the core alone, what it told its controller, and the way back
 * from what it stored. For core_journey.c and core_admin.c. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/cluster.h"
#include "core/util/arena.h"

#include <stdlib.h>
#include <string.h>

#define T0 ((core_time)1700000000 * CORE_SECOND)

struct seen {
	int started, launched, granted, ended, job_ended, refused, suspended, resumed, warned;
	uint32_t mail_types;
	int mails, ready, prologs, prologs_over, node_prologs, epilogs;
	uint64_t launches[16];
	size_t launch_count;
};

struct lab {
	struct core_node_conf nodes[3];
	uint32_t index[3];
	struct core_part_conf part;
	struct cluster_conf conf;
	struct seen seen;
	struct text stored; /* every change: schema number, length, bytes */
	struct cluster *c;
};

/* ---- what it says ---- */

static void on_change(void *ctx, const struct schema *schema, const void *record)
{
	struct text body = TEXT_EMPTY, *stored = &((struct lab *)ctx)->stored;
	schema_encode(schema, record, &body);
	varint_put(stored, schema->number);
	varint_put(stored, body.len);
	text_add_n(stored, text_str(&body), body.len);
	text_free(&body);
}

static void on_action(void *ctx, const struct action *a)
{
	struct seen *s = &((struct lab *)ctx)->seen;
	switch (a->kind) {
	case ACTION_JOB_STARTED:
		s->started++;
		break;
	case ACTION_LAUNCH_BATCH:
		s->launched++;
		s->launches[s->launch_count++ % 16] = a->step->record.launch;
		break;
	case ACTION_GRANT_STEP:
		s->granted++;
		s->launches[s->launch_count++ % 16] = a->step->record.launch;
		break;
	case ACTION_END_JOB:
		s->ended++;
		break;
	case ACTION_JOB_ENDED:
		s->job_ended++;
		break;
	case ACTION_REFUSE_STEP:
		s->refused++;
		break;
	case ACTION_SUSPEND:
		s->suspended++;
		break;
	case ACTION_RESUME:
		s->resumed++;
		break;
	case ACTION_WARN:
		s->warned++;
		break;
	case ACTION_JOB_READY:
		s->ready++;
		break;
	case ACTION_MAIL:
		s->mails++;
		s->mail_types |= a->mail_type;
		break;
	case ACTION_PROLOG:
		s->prologs++;
		break;
	case ACTION_PROLOG_OVER:
		s->prologs_over++;
		break;
	case ACTION_EPILOG:
		s->epilogs++;
		break;
	case ACTION_NODE_PROLOG:
		s->node_prologs++;
		break;
	case ACTION_SIGNAL:
	case ACTION_END_STEP:
	case ACTION_STEP_ENDED:
	case ACTION_STEP_REFUSED:
		break;
	}
}

/* ---- its configuration ---- */

static char *word(const char *s)
{
	return (char *)(uintptr_t)s;
}

static struct core_part_conf new_part(const char *name, const char *nodes)
{
	return (struct core_part_conf){.name = word(name),
	                               .nodes = word(nodes),
	                               .max_time_min = CORE_INFINITE,
	                               .default_time_min = CORE_NO_VAL,
	                               .max_nodes = CORE_INFINITE,
	                               .max_cpus_per_node = CORE_INFINITE,
	                               .priority_tier = 1,
	                               .over_time_limit_min = CORE_NO_VAL};
}

/* Nodes of those names, all of them in that partition, whose index and count are filled in. */
static void lab_conf(struct lab *lab, const char *const names[3], uint32_t cpus, uint64_t memory,
                     struct core_part_conf part)
{
	for (uint32_t i = 0; i < 3; i++) {
		lab->nodes[i] = (struct core_node_conf){.name = word(names[i]),
		                                        .addr = word(names[i]),
		                                        .hostname = word(names[i]),
		                                        .port = 6818,
		                                        .cpus = cpus,
		                                        .boards = 1,
		                                        .sockets = cpus,
		                                        .cores_per_socket = 1,
		                                        .threads_per_core = 1,
		                                        .real_memory = memory,
		                                        .weight = 1};
		lab->index[i] = i;
	}
	lab->part = part;
	lab->part.node_index = lab->index;
	lab->part.node_count = 3;
	lab->part.is_default = true;
	lab->conf = (struct cluster_conf){.cluster_name = word("lab"),
	                                  .nodes = lab->nodes,
	                                  .node_count = 3,
	                                  .parts = &lab->part,
	                                  .part_count = 1,
	                                  .select_flags = CONF_CR_CORE,
	                                  .max_job_count = 10000,
	                                  .min_job_age_s = 300};
}

/* ---- from what was stored ---- */

static const struct schema *schema_by_number(uint64_t number)
{
	static const struct schema *(*const all[])(void) = {
	        schema_of_meta,        schema_of_job_spec,    schema_of_job_state, schema_of_step_record,
	        schema_of_node_state,  schema_of_job_gone,    schema_of_step_gone, schema_of_node_gone,
	        schema_of_history_job, schema_of_part_record, schema_of_part_gone, schema_of_node_made,
	        schema_of_node_unmade,
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]()->number == number)
			return all[i]();
	return NULL;
}

/* Feeds all stored changes that are wanted (NULL: every one), in order, to a fresh cluster; each put replaces
 * the one before. */
static void replay(struct cluster *c, const struct text *stored, bool (*wanted)(const struct schema *s))
{
	const uint8_t *at = (const uint8_t *)text_str(stored), *end = at + stored->len;
	struct arena arena;
	arena_init(&arena);
	while (at < end) {
		uint64_t number = 0, n = 0;
		struct err err = {0};
		at += varint_get(at, (size_t)(end - at), &number);
		at += varint_get(at, (size_t)(end - at), &n);
		const struct schema *s = schema_by_number(number);
		assert_non_null(s);
		void *record = arena_alloc(&arena, s->size);
		assert_int_equal(schema_decode(s, record, n ? at : (const void *)"", (size_t)n, &arena, &err),
		                 0);
		if (!wanted || wanted(s))
			assert_int_equal(cluster_load(c, s, record, &err), 0);
		at += n;
	}
	arena_free(&arena);
}

/* ---- it runs ---- */

static void check_cluster(const struct cluster *c)
{
	struct err err = {0};
	if (cluster_check(c, &err) != 0)
		fail_msg("%s", err_text(&err));
}

static void lab_register(struct lab *lab, const char *name, const uint64_t *launches, size_t n, core_time now)
{
	struct hardware hw = {.cpus = 64, .real_memory = 100000, .tmp_disk = 1000};
	struct err err = {0};
	const struct node_registration reg = {.boot_id = "boot-1",
	                                      .version = "22.05.8",
	                                      .hardware = &hw,
	                                      .launches = launches,
	                                      .launch_count = n};
	assert_int_equal(node_register(lab->c, name, &reg, now, &err), 0);
}

/* From what was stored before, if anything was; every node registers. */
static void lab_start(struct lab *lab, core_time now)
{
	static const uint8_t instance[16] = {1};
	const struct core_sink sink = {lab, on_change, on_action};
	lab->c = cluster_new(&lab->conf, &sink);
	replay(lab->c, &lab->stored, NULL);
	cluster_start(lab->c, now, instance, NULL, NULL);
	for (int i = 0; i < 3; i++)
		lab_register(lab, lab->nodes[i].name, NULL, 0, now);
	cluster_run(lab->c, now);
	check_cluster(lab->c);
}

static void lab_free(struct lab *lab)
{
	cluster_free(lab->c);
	text_free(&lab->stored);
	free(lab);
}

/* cmocka's teardown, with a last look at what must always hold. */
__attribute__((unused)) static int lab_teardown(void **state)
{
	struct lab *lab = *state;
	check_cluster(lab->c);
	lab_free(lab);
	return 0;
}
