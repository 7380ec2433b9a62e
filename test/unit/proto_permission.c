/* Every message times every kind of sender, against a second list, written by hand from what the messages are
 * for. */
#include "proto/permission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SLURM_UID 990u

/* Senders, by letter. The object is job 7 of uid 1000, on node n1. */
static const struct {
	char letter;
	struct session_peer peer;
} senders[] = {
        {'u',
         {.kind = SESSION_USER,
          .class = KEY_CLASS_LOGIN,
          .uid = 1001,
          .gid = 1000}}, /* another user of the owner's group */
        {'o', {.kind = SESSION_USER, .class = KEY_CLASS_WORKER, .host = "n1", .uid = 1000, .gid = 1000}},
        {'r', {.kind = SESSION_USER, .class = KEY_CLASS_CONTROLLER, .uid = 0}},
        {'s', {.kind = SESSION_USER, .class = KEY_CLASS_CONTROLLER, .uid = SLURM_UID, .gid = SLURM_UID}},
        {'w', {.kind = SESSION_DAEMON, .class = KEY_CLASS_WORKER, .host = "n1", .uid = UINT32_MAX}},
        {'W', {.kind = SESSION_DAEMON, .class = KEY_CLASS_WORKER, .host = "n10", .uid = UINT32_MAX}},
        {'l', {.kind = SESSION_DAEMON, .class = KEY_CLASS_LOGIN, .host = "n1", .uid = UINT32_MAX}},
        {'c', {.kind = SESSION_DAEMON, .class = KEY_CLASS_CONTROLLER, .host = "head", .uid = UINT32_MAX}},
        {'i',
         {.kind = SESSION_STEP,
          .class = KEY_CLASS_WORKER,
          .host = "n1",
          .uid = 1000,
          .step = {.rights = STEP_RIGHT_IO}}},
        {'a',
         {.kind = SESSION_STEP,
          .class = KEY_CLASS_WORKER,
          .host = "n1",
          .uid = 1000,
          .step = {.rights = STEP_RIGHT_ATTACH}}},
        {'g',
         {.kind = SESSION_STEP,
          .class = KEY_CLASS_WORKER,
          .host = "n1",
          .uid = 1000,
          .step = {.rights = STEP_RIGHT_SIGNAL}}},
        {'b',
         {.kind = SESSION_STEP,
          .class = KEY_CLASS_WORKER,
          .host = "n1",
          .uid = 1000,
          .step = {.rights = STEP_RIGHT_BCAST}}},
        {'t',
         {.kind = SESSION_STEP,
          .class = KEY_CLASS_WORKER,
          .host = "n1",
          .uid = 1000,
          .step = {.rights = STEP_RIGHT_STAT}}},
        {'n', {.kind = SESSION_DAEMON, .class = KEY_CLASS_CONFIGLESS, .host = "n1", .uid = UINT32_MAX}},
};
#define SENDERS (sizeof(senders) / sizeof(senders[0]))

/* Who may, in the order of the senders above. '-' first: the message is about no object. */
static const struct {
	const char *message, *may;
} list[] = {
        /* answers and pushes: nobody sends them to a server */
        {"msg_error", ""},
        {"msg_ok", ""},
        {"msg_welcome", ""},
        {"msg_pong", ""},
        {"submit_reply", ""},
        {"job_ready", ""},
        {"job_ended", ""},
        {"step_queued", ""},
        {"step_ready", ""},
        {"step_ended", ""},
        {"job_list", ""},
        {"node_list", ""},
        {"state_copy_part", ""},
        {"local_reply", ""},
        {"job_message", ""},
        {"part_list", ""},
        {"license_list", ""},
        {"config_reply", ""},
        {"stats_reply", ""},
        {"history_list", ""},
        {"script_reply", ""},
        {"step_running", ""},
        {"step_output", ""},
        {"step_task_exit", ""},
        {"step_message", ""},
        {"step_done", ""},
        {"bcast_state", ""},
        {"step_stat", ""},
        {"why_reply", ""},
        {"priority_list", ""},
        /* anybody */
        {"msg_ping", "-uorswWliagbt"},
        {"submit_batch", "uors"},
        {"alloc_request", "uors"},
        {"job_query", "uors"},
        {"why_query", "uors"},
        {"priority_query", "uors"},
        {"node_query", "uors"},
        {"part_query", "uors"},
        {"license_query", "uors"},
        {"config_query", "uors"},
        {"stats_query", "uors"},
        {"history_query", "uors"},
        {"local_query", "uors"},
        /* one's own job, and those who run the cluster */
        {"job_notify_request", "ors"},
        {"step_update_request", "ors"},
        {"program_order", ""},
        {"job_attach", "ors"},
        {"job_complete_request", "ors"},
        {"script_query", "ors"},
        {"job_signal_request", "ors"},
        {"job_update_request", "ors"},
        {"step_attach_request", "ors"},
        {"step_stat_request", "ors"},
        /* only who owns it: a step runs as the owner */
        {"step_create_request", "o"},
        {"bcast_request", "o"},
        /* those who run the cluster */
        {"node_update_request", "rs"},
        {"part_update_request", "rs"},
        {"node_create_request", "rs"},
        {"node_delete_request", "rs"},
        {"shutdown_request", "rs"},
        {"reconfigure_request", "rs"},
        {"log_level_request", "rs"},
        {"state_copy_request", "rs"},
        /* a worker about itself */
        {"worker_register", "w"},
        {"future_query", "w"},
        {"worker_heartbeat", "w"},
        {"step_started_report", "w"},
        {"job_gone_report", "w"},
        {"job_prolog_report", "w"},
        {"over_memory_report", "w"},
        {"launch_failed_report", "w"},
        {"step_fate", "w"},
        /* orders */
        {"worker_registered", "c"},
        {"future_reply", "c"},
        {"step_grant", "c"},
        {"job_signal", "c"},
        {"job_end", "c"},
        {"job_prolog", "c"},
        {"fate_ack", "c"},
        {"bcast_grant", "c"},
        {"job_notify", "c"},
        {"worker_stop", "c"},
        {"worker_reconfigure", "c"},
        /* a daemon that has no slurm.conf yet */
        {"config_fetch", "-n"},
        {"config_files", ""},
        /* with a step's key */
        {"step_launch", "i"},
        {"step_input", "ia"},
        {"step_window", "i"},
        {"step_kvs", "i"},
        {"step_mpi_abort", ""},
        {"bcast_open", "b"},
        {"bcast_data", "b"},
        {"bcast_commit", "b"},
        {"step_stat_query", "t"},
        {"step_signal", "g"},
        {"step_credit", "ia"},
};
#define ROWS (sizeof(list) / sizeof(list[0]))

static const char *may(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(list[i].message, name) == 0)
			return list[i].may;
	return NULL;
}

static void matrix(void **state)
{
	(void)state;
	size_t messages = 0;
	for (uint32_t type = 1; type < 0x20000; type++) {
		const struct schema *schema = message_schema(type);
		const char *row = schema ? may(schema->name) : "";
		if (!row) {
			fail_msg("%s is missing in this test's list: who may send it?", schema->name);
			return;
		}
		messages += schema != NULL;
		bool object = *row != '-';
		for (size_t i = 0; i < SENDERS; i++) {
			const struct session_peer *peer = &senders[i].peer;
			struct err err = {0};
			bool sent = permission_may_send(type, peer, SLURM_UID);
			bool done = sent && (!object ||
			                     permission_check(type, peer, SLURM_UID, 1000, "n1", &err) == 0);
			bool expected = strchr(row, senders[i].letter) != NULL;
			if (done != expected)
				fail_msg("%s by '%c': %s, but %s", message_name(type), senders[i].letter,
				         done ? "may" : "may not", expected ? "should" : "should not");
			if (sent && !done)
				assert_int_equal(err.code, ERR_ACCESS_DENIED);
		}
	}
	assert_int_equal(messages, ROWS);
}

/* The second check alone denies what the first does, too. */
static void check_implies_send(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 300; type++)
		for (size_t i = 0; i < SENDERS; i++)
			if (permission_check(type, &senders[i].peer, SLURM_UID, senders[i].peer.uid,
			                     senders[i].peer.host, NULL) == 0)
				assert_true(permission_may_send(type, &senders[i].peer, SLURM_UID));
}

/* A cluster without a SlurmUser known: the value in its place is no user. */
static void no_slurm_user(void **state)
{
	(void)state;
	const struct session_peer peer = {.kind = SESSION_USER, .uid = CORE_NO_VAL};
	assert_false(permission_may_send(MSG_shutdown_request, &peer, CORE_NO_VAL));
	assert_int_equal(permission_check(MSG_job_update_request, &peer, CORE_NO_VAL, 1000, NULL, NULL), -1);
}

/* Another user's step session; a worker without the object's node. */
static void foreign_objects(void **state)
{
	(void)state;
	struct session_peer step = senders[8].peer, worker = senders[4].peer;
	struct err err = {0};
	step.uid = 1001;
	assert_int_equal(permission_check(MSG_step_launch, &step, SLURM_UID, 1000, NULL, &err), -1);
	assert_string_equal(err_text(&err), "Access/permission denied");
	assert_int_equal(permission_check(MSG_step_fate, &worker, SLURM_UID, 1000, NULL, NULL), -1);
	assert_int_equal(permission_check(MSG_step_fate, &worker, SLURM_UID, 1000, "n1", NULL), 0);
}

/* Numbers, names and limits. */
static void tables(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 0x20000; type++) {
		const struct schema *schema = message_schema(type);
		if (!schema) {
			assert_int_equal(message_limit(type), 0);
			assert_string_equal(message_name(type), "?");
			continue;
		}
		assert_int_equal(schema->number, type);
		assert_string_equal(message_name(type), schema->name);
		assert_true(message_limit(type) >= 1024);
		assert_true(message_limit(type) <= 64u << 20);
	}
	assert_null(message_schema(UINT32_MAX));
	assert_int_equal(message_limit(UINT32_MAX), 0);
}

/* Any record of any type survives the wire. */
static void all_messages(void **state)
{
	(void)state;
	uint64_t seed = 11;
	for (uint32_t type = 1; type < 0x10000; type++) {
		const struct schema *schema = message_schema(type);
		if (!schema)
			continue;
		for (int i = 0; i < 20; i++) {
			struct arena arena;
			struct err err = {0};
			struct text bytes = TEXT_EMPTY;
			arena_init(&arena);
			void *there = arena_alloc(&arena, schema->size),
			     *back = arena_alloc(&arena, schema->size);
			schema_random(schema, there, &seed, &arena);
			schema_encode(schema, there, &bytes);
			if (schema_decode(schema, back, bytes.s, bytes.len, &arena, &err) != 0)
				fail_msg("%s: %s", schema->name, err_text(&err));
			assert_int_equal(schema_differs(schema, there, back), 0);
			text_free(&bytes);
			arena_free(&arena);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(matrix),        cmocka_unit_test(check_implies_send),
	        cmocka_unit_test(no_slurm_user), cmocka_unit_test(foreign_objects),
	        cmocka_unit_test(tables),        cmocka_unit_test(all_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
