/* The protocol of MPI programs with their process manager, without sockets: requests, answers, what is
 * hostile. */
#include "applets/worker/pmi.h"

#include "core/util/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct pmi_step step;
	struct pmi_task task;
	struct err err;
};

static void set_up(struct fixture *f)
{
	*f = (struct fixture){0};
	f->step = (struct pmi_step){.name = "7.0", .mapping = "(vector,(0,2,1))", .size = 2};
	f->task = (struct pmi_task){.step = &f->step, .rank = 1};
}

static void tear_down(struct fixture *f)
{
	pmi_task_free(&f->task);
	pmi_kvs_free(&f->step.kvs);
	pmi_kvs_free(&f->step.node);
}

static enum pmi_event ask(struct fixture *f, const char *request)
{
	text_clear(&f->task.out);
	f->err = (struct err){0};
	pmi_take(&f->task, request, strlen(request));
	return pmi_next(&f->task, &f->err);
}

static void answer(struct fixture *f, const char *request, const char *wanted)
{
	assert_int_not_equal(PMI_BROKEN, ask(f, request));
	assert_string_equal(wanted, text_str(&f->task.out));
}

static enum pmi_event ask_2(struct fixture *f, const char *body)
{
	char *request = xprintf("%6zu%s", strlen(body), body);
	enum pmi_event event = ask(f, request);
	free(request);
	return event;
}

static void answer_2(struct fixture *f, const char *body, const char *wanted)
{
	char *whole = xprintf("%-6zu%s", strlen(wanted), wanted);
	assert_int_not_equal(PMI_BROKEN, ask_2(f, body));
	assert_string_equal(whole, text_str(&f->task.out));
	free(whole);
}

static void lines(void **state)
{
	struct fixture f;
	(void)state;
	set_up(&f);
	answer(&f, "cmd=init pmi_version=1 pmi_subversion=1\n",
	       "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\n");
	answer(&f, "cmd=get_maxes\n", "cmd=maxes rc=0 kvsname_max=256 keylen_max=64 vallen_max=1024\n");
	answer(&f, "cmd=get_my_kvsname\n", "cmd=my_kvsname rc=0 kvsname=7.0\n");
	answer(&f, "cmd=put kvsname=7.0 key=a value=b c\n", "cmd=put_result rc=0\n");
	answer(&f, "cmd=get kvsname=7.0 key=a\n", "cmd=get_result rc=0 value=b\n");
	answer(&f, "cmd=get kvsname=7.0 key=none\n", "cmd=get_result rc=1\n");
	answer(&f, "cmd=get kvsname=7.0 key=PMI_process_mapping\n",
	       "cmd=get_result rc=0 value=(vector,(0,2,1))\n");
	assert_int_equal(PMI_FENCE, ask(&f, "cmd=barrier_in\n"));
	assert_int_equal(1, f.step.kvs.fresh_count);
	pmi_kvs_settle(&f.step.kvs);
	pmi_fence_over(&f.task, NULL);
	assert_string_equal("cmd=barrier_out rc=0\n", text_str(&f.task.out));
	answer(&f, "mcmd=spawn\n", "");
	answer(&f, "nprocs=2\n", "");
	answer(&f, "endcmd\n", "cmd=spawn_result rc=-1 msg=not_supported\n");
	assert_int_equal(PMI_ABORT, ask(&f, "cmd=abort exitcode=7\n"));
	assert_int_equal(7, f.task.abort_code);
	answer(&f, "cmd=finalize\n", "cmd=finalize_ack rc=0\n");
	answer(&f, "cmd=init pmi_version=1 pmi_subversion=1\n", /* the shell's next program */
	       "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\n");
	tear_down(&f);
}

static void frames(void **state)
{
	struct fixture f;
	(void)state;
	set_up(&f);
	answer(&f, "cmd=init pmi_version=2 pmi_subversion=0\n",
	       "cmd=response_to_init rc=0 pmi_version=2 pmi_subversion=0\n");
	answer_2(&f, "cmd=job-getid;thrid=4;", "cmd=job-getid-response;thrid=4;rc=0;jobid=7.0;");
	answer_2(&f, "cmd=kvs-put;key=a;value=x;;y;", "cmd=kvs-put-response;rc=0;");
	answer_2(&f, "cmd=kvs-get;jobid=;srcid=-1;key=a;",
	         "cmd=kvs-get-response;rc=0;found=TRUE;value=x;;y;");
	answer_2(&f, "cmd=info-getjobattr;key=universeSize;",
	         "cmd=info-getjobattr-response;rc=0;found=TRUE;value=2;");
	answer_2(&f, "cmd=spawn;ncmds=1;", "cmd=spawn-response;rc=1;errmsg=not supported;");
	assert_int_equal(PMI_WAITS, ask_2(&f, "cmd=info-getnodeattr;key=n;wait=TRUE;"));
	assert_false(pmi_wake(&f.task));
	assert_int_equal(0, pmi_kvs_put(&f.step.node, "n", "v", false, NULL));
	assert_true(pmi_wake(&f.task));
	assert_non_null(strstr(text_str(&f.task.out), "found=TRUE;value=v;"));
	assert_int_equal(PMI_FENCE, ask_2(&f, "cmd=kvs-fence;"));
	pmi_fence_over(&f.task, "lost");
	assert_non_null(strstr(text_str(&f.task.out), "cmd=kvs-fence-response;rc=1;errmsg=lost;"));
	answer_2(&f, "cmd=finalize;", "cmd=finalize-response;rc=0;");
	tear_down(&f);
}

/* Byte by byte it is the same. */
static void pieces(void **state)
{
	struct fixture f;
	(void)state;
	set_up(&f);
	for (const char *p = "cmd=init pmi_version=2 pmi_subversion=0"; *p; p++) {
		pmi_take(&f.task, p, 1);
		assert_int_equal(PMI_MORE, pmi_next(&f.task, &f.err));
	}
	pmi_take(&f.task, "\n    14cmd=job-getid", 20);
	assert_int_equal(PMI_ANSWERED, pmi_next(&f.task, &f.err));
	assert_int_equal(PMI_MORE, pmi_next(&f.task, &f.err));
	pmi_take(&f.task, ";", 1);
	assert_int_equal(PMI_ANSWERED, pmi_next(&f.task, &f.err));
	tear_down(&f);
}

static void hostile(void **state)
{
	struct fixture f;
	char piece[4096];
	enum pmi_event event = PMI_MORE;
	(void)state;
	set_up(&f);
	assert_int_equal(PMI_BROKEN, ask(&f, "rubbish\n"));
	ask(&f, "cmd=init pmi_version=1 pmi_subversion=1\n");
	assert_int_equal(PMI_BROKEN, ask(&f, "cmd=bogus\n"));
	assert_string_equal("invalid pmi1 command received: 'bogus'", err_text(&f.err));
	pmi_take(&f.task, "cmd=get\0key\n", 12);
	assert_int_equal(PMI_BROKEN, pmi_next(&f.task, &f.err));
	memset(piece, 'x', sizeof(piece));
	for (int i = 0; event == PMI_MORE && i < 64; i++) { /* a line without end */
		pmi_take(&f.task, piece, sizeof(piece));
		event = pmi_next(&f.task, &f.err);
	}
	assert_int_equal(PMI_BROKEN, event);
	assert_true(f.task.in.len < 2 * PMI_REQUEST_MAX);
	tear_down(&f);
	static const char *const heads[] = {"-00001", "999999", "      ", "0     ", "65537 ", "1x    "};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		set_up(&f);
		ask(&f, "cmd=init pmi_version=2 pmi_subversion=0\n");
		assert_int_equal(PMI_BROKEN, ask(&f, heads[i]));
		tear_down(&f);
	}
}

/* Also one whose end came along. */
static void long_line(void **state)
{
	struct fixture f;
	char *line = xcalloc(1, PMI_REQUEST_MAX + 3);
	(void)state;
	memset(line, ' ', PMI_REQUEST_MAX + 1);
	memcpy(line, "cmd=init", 8);
	line[PMI_REQUEST_MAX] = '\n';
	line[PMI_REQUEST_MAX + 1] = '\0';
	set_up(&f);
	assert_int_equal(PMI_ANSWERED, ask(&f, line));
	line[PMI_REQUEST_MAX] = ' ';
	line[PMI_REQUEST_MAX + 1] = '\n';
	assert_int_equal(PMI_BROKEN, ask(&f, line));
	assert_string_equal("a request is longer than 65536 bytes", err_text(&f.err));
	tear_down(&f);
	free(line);
}

static void limits(void **state)
{
	struct pmi_kvs kvs = {0};
	char key[PMI_KEY_MAX + 2], value[PMI_VALUE_MAX + 2];
	struct err err = {0};
	size_t n = 0;
	(void)state;
	memset(key, 'k', sizeof(key));
	memset(value, 'v', sizeof(value));
	key[PMI_KEY_MAX + 1] = value[PMI_VALUE_MAX + 1] = '\0';
	assert_int_equal(-1, pmi_kvs_put(&kvs, key, "", true, &err));
	assert_int_equal(-1, pmi_kvs_put(&kvs, "", "", true, &err));
	assert_int_equal(-1, pmi_kvs_put(&kvs, "a", value, true, &err));
	value[PMI_VALUE_MAX] = '\0';
	err = (struct err){0};
	for (; err.code == 0; n++) {
		char name[32];
		snprintf(name, sizeof(name), "key%zu", n);
		pmi_kvs_put(&kvs, name, value, true, &err);
	}
	assert_int_equal(ERR_LIMIT, err.code);
	assert_true(kvs.bytes <= PMI_KVS_MAX && n > 10000);
	assert_int_equal(0, pmi_kvs_put(&kvs, "key0", "short", true, NULL)); /* in place of the old one */
	assert_string_equal("short", pmi_kvs_get(&kvs, "key0"));
	assert_int_equal(n - 1, kvs.fresh_count); /* and is told once */
	pmi_kvs_free(&kvs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines),     cmocka_unit_test(frames),
	                                   cmocka_unit_test(pieces),    cmocka_unit_test(hostile),
	                                   cmocka_unit_test(long_line), cmocka_unit_test(limits)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
