/* scontrol write: what the controller has, into a file of the caller's own. */
#include "applets/client/job_name.h"
#include "applets/client/scontrol.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* write batch_script JOB [FILE] */
static int write_script(struct scontrol *sc, int argc, char **argv)
{
	struct script_query m = {0};
	struct err err = {0};
	void *record = NULL;
	char name[64];
	struct job_name job;
	if (argc < 1 || !job_name_parse(argv[0], &job, &sc->arena)) {
		fprintf(stderr, "invalid write argument: batch_script\n");
		return 1;
	}
	m.job_id = job.job_id; /* an array's tasks have one script */
	if (scontrol_connect(sc, "scontrol_print_job error") != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_script_query, &m, MSG_script_reply, &sc->arena, &record, &err) !=
	    0) {
		fprintf(stderr, "job script retrieval failed: %s\n", err_text(&err));
		return 1;
	}
	const struct script_reply *reply = record;
	snprintf(name, sizeof(name), "slurm-%" PRIu32 ".sh", m.job_id);
	const char *path = argc > 1 ? argv[1] : name;
	bool out = strcmp(path, "-") == 0;
	FILE *f = out ? stdout : fopen(path, "wex");
	if (!f) {
		fprintf(stderr, "failed to open file `%s`\n", path);
		return 1;
	}
	fwrite(reply->script.v, 1, reply->script.n, f);
	if (!out && fclose(f) == 0)
		printf("batch script for job %" PRIu32 " written to %s\n", m.job_id, path);
	return 0;
}

/* ---- write state FILE ---- */

static int receive_state(struct scontrol *sc, FILE *f, struct err *err)
{
	struct state_copy_request m = {0};
	if (client_send(sc->connection.client, MSG_state_copy_request, &m, err) != 0)
		return -1;
	for (bool last = false; !last;) {
		uint32_t type = 0;
		void *record = NULL;
		struct arena arena;
		arena_init(&arena);
		int rc = client_next(sc->connection.client, &arena, -1, &type, &record, err);
		if (rc == 0 && type == MSG_state_copy_part) {
			const struct state_copy_part *part = record;
			last = part->last;
			if (fwrite(part->data.v, 1, part->data.n, f) != part->data.n)
				rc = err_sys(err, errno, "cannot write");
		}
		arena_free(&arena);
		if (rc != 0)
			return -1;
	}
	return fflush(f) == 0 && fsync(fileno(f)) == 0 ? 0 : err_sys(err, errno, "cannot write");
}

/* Closed to others: scripts and environments of all users are in it. */
static int write_state(struct scontrol *sc, int argc, char **argv)
{
	struct err err = {0};
	if (argc != 1) {
		fprintf(stderr, "too %s arguments for keyword:write state\n", argc ? "many" : "few");
		return 1;
	}
	if (scontrol_connect(sc, "scontrol_write_state error") != 0)
		return 1;
	int fd = open(argv[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		fprintf(stderr, "Could not create file %s: %s\n", argv[0], strerror(errno));
		return 1;
	}
	int rc = receive_state(sc, f, &err);
	if (fclose(f) != 0 && rc == 0)
		rc = err_sys(&err, errno, "cannot write");
	if (rc == 0) {
		printf("Slurm state saved to %s\n", argv[0]);
		return 0;
	}
	unlink(argv[0]);
	fprintf(stderr, "the state was not saved to %s: %s\n", argv[0], err_text(&err));
	return 1;
}

int scontrol_write(struct scontrol *sc, int argc, char **argv)
{
	if (argc == 0) {
		fprintf(stderr, "too few arguments for keyword:write\n");
		return 1;
	}
	if (text_eq_nocase(argv[0], "batch_script"))
		return write_script(sc, argc - 1, argv + 1);
	if (text_eq_nocase(argv[0], "state"))
		return write_state(sc, argc - 1, argv + 1);
	if (text_eq_nocase(argv[0], "config"))
		log_error("write config is not supported by batchbox");
	else
		fprintf(stderr, "invalid write argument:%s\n", argv[0]);
	return 1;
}
