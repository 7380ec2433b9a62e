#include "applets/client/submit.h"

#include "core/util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define POLL_US 200000 /* how long a signal may go unnoticed while we wait */

static int failed(struct submit *s, const struct err *err)
{
	if (s->test_only)
		submit_refused_test(err);
	else
		submit_refused(submit_failure(s), err);
	return submit_error_exit();
}

static void give_up(struct allocation *a)
{
	struct job_signal_request m;
	schema_init(schema_of_job_signal_request(), &m);
	m.job_id = a->job_id;
	client_send(a->connection.client, MSG_job_signal_request, &m, NULL);
}

static int revoked(const struct submit *s, uint32_t job_id)
{
	bool srun = s->command != SUBMIT_SALLOC;
	log_info("Job allocation %" PRIu32 " has been revoked%s", job_id, srun ? "" : ".");
	if (srun)
		log_info("Force Terminated JobId=%" PRIu32, job_id);
	return 1;
}

static int aborted(const struct submit *s)
{
	if (s->command == SUBMIT_SALLOC)
		log_info("Job aborted due to signal");
	return 1;
}

/* The job's end came before its nodes. */
static int ended(const struct allocation *a, struct submit *s, const struct job_ended *end)
{
	if (a->configured && s->command == SUBMIT_SALLOC) {
		revoked(s, end->job_id);
		log_error("Job allocation %" PRIu32 " has been revoked", end->job_id);
		return 1;
	}
	if (a->configured) {
		log_error("Nodes %s are still not ready", log_escape(a->job->nodes));
		log_error("Something is wrong with the boot of the nodes.");
		return 1;
	}
	if (s->immediate_s != CORE_NO_VAL && end->state == JOB_FAILED) {
		log_error("Unable to allocate resources: %s", err_code_text(ERR_IMMEDIATE));
		return 1;
	}
	return revoked(s, end->job_id);
}

static void say_waiting(struct submit *s, const struct submit_reply *reply)
{
	if (reply->message)
		log_info("%s", log_escape(reply->message));
	if (s->command == SUBMIT_SALLOC)
		log_info("Pending job allocation %" PRIu32, reply->job_id);
	log_info("job %" PRIu32 " queued and waiting for resources", reply->job_id);
}

/* It has its nodes, which PrologSlurmctld or their own prologs get ready. */
static void configuring(struct allocation *a, const struct submit *s)
{
	a->configured = true;
	if (s->command != SUBMIT_SALLOC)
		return;
	log_info("Granted job allocation %" PRIu32, a->job_id);
	log_info("Waiting for resource configuration");
}

/* Waits for job_ready. */
static int wait_ready(struct allocation *a, struct submit *s, bool waiting, volatile int *interrupted)
{
	for (;;) {
		uint32_t type = 0;
		void *record = NULL;
		struct err err = {0};
		if (*interrupted) {
			revoked(s, a->job_id);
			give_up(a);
			return aborted(s);
		}
		if (client_next(a->connection.client, &a->arena, POLL_US, &type, &record, &err) != 0) {
			/* The controller restarts: the job is on its disk, we ask for it again. */
			struct job_attach m = {.job_id = a->job_id, .watch = true};
			log_debug("%s", err_text(&err));
			if (connect_again(&a->connection, &err) != 0 ||
			    client_send(a->connection.client, MSG_job_attach, &m, &err) != 0)
				return failed(s, &err);
			continue;
		}
		if (type == MSG_msg_error) {
			const struct msg_error *e = record;
			err_set(&err, (enum err_code)e->code, "%s", e->text ? e->text : "");
			return failed(s, &err);
		}
		if (type == MSG_job_message)
			log_info("%s", log_escape(((const struct job_message *)record)->text));
		if (type == MSG_job_ended)
			return ended(a, s, record);
		if (type != MSG_job_ready)
			continue;
		a->job = record;
		if (waiting)
			log_info("job %" PRIu32 " has been allocated resources", a->job_id);
		waiting = false;
		if (!a->job->configuring)
			return 0;
		if (!a->configured)
			configuring(a, s);
	}
}

int allocation_get(struct allocation *a, struct submit *s, volatile int *interrupted)
{
	struct err err = {0};
	void *record = NULL;
	arena_init(&a->arena);
	if (connect_configure(&a->connection, &err) != 0)
		return 1;
	submit_limits(s, &a->connection.file.conf);
	if (submit_check_conf(s, &a->connection.file.conf, &err) != 0 ||
	    connect_open(&a->connection, &err) != 0) {
		int rc = failed(s, &err);
		connect_help(rc, &err);
		return rc;
	}
	struct alloc_request m;
	schema_init(schema_of_alloc_request(), &m);
	m.spec = &s->spec;
	m.test_only = s->test_only;
	m.claimed_gid = s->gid;
	m.spec->request = connect_number();
	a->connection.interrupted = interrupted;
	if (submit_insist(s, &a->connection, MSG_alloc_request, &m, &m.again, &a->arena, &record, interrupted,
	                  &err) != 0) {
		if (err.code == ERR_MAX_JOBS && *interrupted)
			return aborted(s);
		int rc = failed(s, &err);
		connect_help(rc, &err);
		return rc;
	}
	const struct submit_reply *reply = record;
	a->job_id = reply->job_id;
	if (s->test_only) {
		submit_say_start(reply);
		return 0;
	}
	if (reply->waiting)
		say_waiting(s, reply);
	return wait_ready(a, s, reply->waiting, interrupted);
}

void allocation_release(struct allocation *a, uint32_t wait_status)
{
	struct job_complete_request m = {.job_id = a->job_id, .exit_status = wait_status};
	struct err err = {0};
	void *record = NULL;
	a->connection.interrupted = NULL;
	if (!a->connection.client && connect_again(&a->connection, &err) != 0)
		return;
	if (connect_insist(&a->connection, MSG_job_complete_request, &m, NULL, MSG_msg_ok, &a->arena, &record,
	                   &err) != 0 &&
	    err.code != ERR_ALREADY_DONE && err.code != ERR_INVALID_JOB_ID)
		log_error("the allocation of job %" PRIu32 " could not be given back: %s", a->job_id,
		          err_text(&err));
}

void allocation_free(struct allocation *a)
{
	connect_close(&a->connection);
	arena_free(&a->arena);
}
