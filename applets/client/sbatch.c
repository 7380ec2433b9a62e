/* sbatch(1) */
#include "applets/applet.h"
#include "applets/client/submit.h"
#include "conf/time.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct script {
	char *bytes;
	size_t n;
	char *path;          /* NULL: standard input or --wrap */
	const char *name;    /* for the job's name */
	struct env_list env; /* of --export-file */
};

static int get_script(struct submit *s, int argc, char **argv, int rest, struct script *script,
                      struct err *err)
{
	if (s->wrap != NULL) {
		if (rest < argc)
			return err_set(err, ERR_INVALID, "Script arguments not permitted with --wrap option");
		struct text t = TEXT_EMPTY;
		text_printf(&t, "#!/bin/sh\n# This script was created by sbatch --wrap.\n\n%s\n", s->wrap);
		script->n = t.len;
		script->bytes = text_take(&t);
		script->name = "wrap";
		return 0;
	}
	script->path = rest < argc ? script_path(&s->arena, argv[rest], submit_directory(s)) : NULL;
	script->name = rest < argc ? argv[rest] : "sbatch";
	return script_read(script->path, &script->bytes, &script->n, err);
}

/* Command line, script and environment, in the order of their precedence; origins decide. False: the program
 * ends with *rc. */
static bool parse(struct submit *s, int argc, char **argv, struct script *script, int *rc)
{
	struct err err = {0};
	int rest = argc;
	if (submit_arguments(s, argc, argv, ORIGIN_COMMAND_LINE, &rest, &err) != 0 ||
	    submit_environment(s, &err) != 0) {
		*rc = submit_exit_code(s, &err);
		return false;
	}
	log_set_stderr_level(s->quiet ? LOG_LEVEL_ERROR
	                              : (enum log_level)(LOG_LEVEL_INFO + (s->verbose > 5 ? 5 : s->verbose)));
	*rc = submit_error_exit();
	if (get_script(s, argc, argv, rest, script, &err) != 0) {
		log_error("%s", err_text(&err));
		return false;
	}
	if (!s->wrap && submit_directives(s, script->name, script->bytes, script->n, &err) != 0) {
		*rc = submit_exit_code(s, &err);
		return false;
	}
	submit_show(s);
	s->spec.batch = true;
	if (script->path) {
		s->spec.command = script->path;
		s->spec.argv.v = argv + rest + 1;
		s->spec.argv.n = (uint32_t)(argc - rest - 1);
	}
	if (submit_hosts(s) != 0)
		return false;
	if (submit_finish(s, script->name, &err) == 0 &&
	    (!s->export_file || env_list_read(&script->env, s->export_file, &err) == 0))
		return true;
	*rc = submit_exit_code(s, &err);
	return false;
}

/* -W: the job's end becomes ours. */
static int wait_end(struct connect *c, uint32_t job_id, struct arena *arena, struct err *err)
{
	for (;;) {
		uint32_t type = 0;
		void *record = NULL;
		if (client_next(c->client, arena, -1, &type, &record, err) != 0) {
			/* The controller restarts: the job goes on. */
			const struct job_attach m = {.job_id = job_id, .watch = true, .whole_array = true};
			if (connect_again(c, err) != 0 ||
			    client_send(c->client, MSG_job_attach, &m, err) != 0)
				return -1;
			continue;
		}
		if (type == MSG_msg_error) {
			const struct msg_error *e = record;
			return err_set(err, (enum err_code)e->code, "%s", e->text ? e->text : "");
		}
		if (type != MSG_job_ended)
			continue;
		const struct job_ended *end = record;
		int status = (int)end->exit_status;
		if (end->state == JOB_COMPLETED)
			return 0;
		/* A job that a signal ended counts as one that failed with 1. */
		return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
	}
}

static int send(struct submit *s, struct connect *c, const struct script *script, struct err *err)
{
	struct env_list env = {0};
	struct arena arena;
	void *record = NULL;
	arena_init(&arena);
	submit_limits(s, &c->file.conf);
	if (s->export_file ? env_list_read(&env, s->export_file, err) != 0
	                   : (env_list_export(&env, s), false))
		return -1;
	env_list_submit(&env, s);
	struct submit_batch m;
	schema_init(schema_of_submit_batch(), &m);
	m.spec = &s->spec;
	m.script = (struct schema_bytes){(uint8_t *)script->bytes, (uint32_t)script->n};
	m.env = (struct schema_strs){env.v, (uint32_t)env.n};
	m.test_only = s->test_only;
	m.wait = s->wait;
	m.claimed_gid = s->gid;
	m.spec->request = connect_number();
	int rc = submit_insist(s, c, MSG_submit_batch, &m, &m.again, &arena, &record, NULL, err);
	if (rc == 0) {
		const struct submit_reply *reply = record;
		if (reply->message)
			fprintf(stderr, "%s\n", reply->message);
		if (s->test_only)
			submit_say_start(reply);
		else if (s->quiet)
			; /* nothing */
		else if (s->parsable)
			printf("%" PRIu32 "\n", reply->job_id);
		else
			printf("Submitted batch job %" PRIu32 "\n", reply->job_id);
		fflush(stdout);
		if (s->wait && !s->test_only)
			rc = wait_end(c, reply->job_id, &arena, err);
	}
	env_list_free(&env);
	arena_free(&arena);
	return rc;
}

static void failed(const struct submit *s, const struct err *err)
{
	if (s->test_only)
		submit_refused_test(err);
	else
		submit_refused(submit_failure(s), err);
}

int sbatch_main(int argc, char **argv)
{
	struct submit s;
	struct connect c = {0};
	struct script script = {0};
	struct err err = {0};
	log_init("sbatch", LOG_LEVEL_INFO);
	submit_init(&s, SUBMIT_SBATCH, &err);
	int rc = 0;
	if (!parse(&s, argc, argv, &script, &rc)) {
		/* said */
	} else if (s.uid != CORE_NO_VAL && s.uid != geteuid()) {
		rc = 1;
		log_error("--uid is not supported by batchbox: run sbatch as that user");
	} else if (connect_configure(&c, &err) != 0 || submit_check_conf(&s, &c.file.conf, &err) != 0 ||
	           connect_open(&c, &err) != 0 || (rc = send(&s, &c, &script, &err)) < 0) {
		failed(&s, &err);
		rc = submit_error_exit();
	}
	connect_help(rc, &err);
	connect_close(&c);
	free(script.bytes);
	submit_free(&s);
	return rc;
}
