/* The outbox: nothing leaves before what it depends on is on disk, in order, and a failed commit is told once
 * to each request. */
#include "applets/controller/outbox.h"

#include "core/util/text.h"
#include "proto/messages.h"

#include <stdlib.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

struct fixture {
	struct outbox *o;
	struct text sent; /* "conn:type/id " for each */
	size_t left;
};

static void send(void *ctx, uint64_t conn_id, uint32_t type, uint64_t id, const void *body, size_t n,
                 size_t left)
{
	struct fixture *f = ctx;
	struct msg_error m;
	f->left = left;
	if (type == MSG_msg_error) {
		assert_int_equal(schema_decode(schema_of_msg_error(), &m, body, n, NULL, NULL), 0);
		text_printf(&f->sent, "%llu:error%u/%llu ", (unsigned long long)conn_id, m.code,
		            (unsigned long long)id);
		schema_free(schema_of_msg_error(), &m);
		return;
	}
	text_printf(&f->sent, "%llu:%s/%llu ", (unsigned long long)conn_id, message_name(type),
	            (unsigned long long)id);
}

static const struct outbox_ops ops = {.send = send};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->o = outbox_new(&ops, f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	outbox_free(f->o);
	text_free(&f->sent);
	free(f);
	return 0;
}

static void ok(struct fixture *f, uint64_t conn, uint64_t id)
{
	const struct msg_ok m = {0};
	outbox_add(f->o, conn, MSG_msg_ok, id, false, &m);
}

static void order(struct fixture *f, uint64_t conn)
{
	const struct fate_ack m = {.launch = 1};
	outbox_add(f->o, conn, MSG_fate_ack, 0, true, &m);
}

static void sent(struct fixture *f, const char *what)
{
	assert_string_equal(text_str(&f->sent), what);
	text_clear(&f->sent);
}

static void test_nothing_leaves_before_its_round_is_closed_and_on_disk(void **state)
{
	struct fixture *f = *state;
	ok(f, 1, 10);
	outbox_release(f->o, 100);
	sent(f, "");
	outbox_close_round(f->o, 5, 5);
	outbox_release(f->o, 4);
	sent(f, "");
	outbox_release(f->o, 5);
	sent(f, "1:msg_ok/10 ");
	assert_int_equal(outbox_waiting(f->o), 0);
}

static void test_rounds_leave_in_order(void **state)
{
	struct fixture *f = *state;
	ok(f, 1, 10);
	order(f, 2);
	outbox_close_round(f->o, 3, 3);
	ok(f, 1, 11);
	outbox_close_round(f->o, 7, 7);
	ok(f, 3, 12); /* a read: of the same state */
	outbox_close_round(f->o, 7, 7);
	outbox_release(f->o, 3);
	sent(f, "1:msg_ok/10 2:fate_ack/0 ");
	outbox_release(f->o, 7);
	sent(f, "1:msg_ok/11 3:msg_ok/12 ");
}

static void test_what_waits_for_a_peer_is_counted(void **state)
{
	struct fixture *f = *state;
	char body[100] = "";
	outbox_add_encoded(f->o, 1, MSG_job_list, 5, body, sizeof(body));
	outbox_add_encoded(f->o, 1, MSG_job_list, 5, body, 10);
	outbox_add_encoded(f->o, 2, MSG_job_list, 6, body, 1);
	assert_int_equal(outbox_waiting(f->o), 3);
	assert_int_equal(outbox_waiting_for(f->o, 1), 110);
	assert_true(outbox_answers(f->o, 1, 5));
	assert_false(outbox_answers(f->o, 2, 5));
	outbox_close_round(f->o, 1, 1);
	outbox_release(f->o, 1);
	assert_int_equal(outbox_waiting_for(f->o, 1), 0);
	assert_int_equal(f->left, 0);
}

static void test_a_failed_commit_is_told_once_to_each_request(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	err_set(&err, ERR_STORE, "%s", "");
	ok(f, 1, 1);
	outbox_close_round(f->o, 1, 1);
	ok(f, 1, 10);
	ok(f, 1, 10); /* a second message of the same answer */
	ok(f, 2, 10);
	order(f, 3);
	ok(f, 4, 0); /* pushed: nobody asked */
	outbox_close_round(f->o, 2, 2);
	ok(f, 5, 11); /* of the round that is open */
	outbox_fail(f->o, 1, &err, NULL);
	sent(f, "1:msg_ok/1 ");
	outbox_close_round(f->o, 1, 1);
	outbox_release(f->o, 1);
	sent(f, "1:error10/10 2:error10/10 5:error10/11 ");
	assert_int_equal(outbox_waiting(f->o), 0);
}

static void test_answers_pass_what_is_held_while_nothing_can_be_written(void **state)
{
	struct fixture *f = *state;
	order(f, 3);
	ok(f, 1, 10);
	outbox_close_round(f->o, 4, 9);
	outbox_release(f->o, 4);
	sent(f, "1:msg_ok/10 ");
	outbox_release(f->o, 9);
	sent(f, "3:fate_ack/0 ");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_nothing_leaves_before_its_round_is_closed_and_on_disk),
	        T(test_rounds_leave_in_order),
	        T(test_what_waits_for_a_peer_is_counted),
	        T(test_a_failed_commit_is_told_once_to_each_request),
	        T(test_answers_pass_what_is_held_while_nothing_can_be_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
