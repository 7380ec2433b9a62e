/* scontrol write: what the controller has, into a file of the caller's own. */
#include "applets/client/scontrol.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The number at the front; what is none of a job is 0. An array's tasks have one script. */
static uint32_t job_of(const char *word)
{
	char digits[16];
	uint32_t id;
	snprintf(digits, sizeof(digits), "%.*s", (int)strspn(word, "0123456789"), word);
	return text_to_u32(digits, &id) ? id : 0;
}

/* write batch_script JOB [FILE] */
static int write_script(struct scontrol *sc, int argc, char **argv)
{
	struct script_query m = {0};
	struct err err = {0};
	void *record = NULL;
	char name[64];
	if (argc < 1) {
		fputs("which job's batch script? write batch_script JOB [FILE]\n", stderr);
		return 1;
	}
	m.job_id = job_of(argv[0]);
	if (m.job_id == 0)
		err_set(&err, ERR_INVALID_JOB_ID, "%s", "");
	else if (scontrol_connect(sc, "scontrol_print_job error") != 0)
		return 1;
	if (err.code || connect_ask(&sc->connection, MSG_script_query, &m, MSG_script_reply, &sc->arena,
	                            &record, &err) != 0) {
		fprintf(stderr, "job script retrieval failed: %s\n",
		        err_code_text(err.code == ERR_ACCESS_DENIED ? ERR_USER_UNKNOWN : err.code));
		return 1;
	}
	const struct script_reply *reply = record;
	snprintf(name, sizeof(name), "slurm-%" PRIu32 ".sh", m.job_id);
	const char *path = argc > 1 ? argv[1] : name;
	bool out = strcmp(path, "-") == 0;
	FILE *f = out ? stdout : fopen(path, "we");
	if (!f) {
		fprintf(stderr, "failed to open file `%s`: %s\n", path, strerror(errno));
		return 1;
	}
	bool written = fwrite(reply->script.v, 1, reply->script.n, f) == reply->script.n;
	written = (out ? fflush(f) : fclose(f)) == 0 && written;
	if (!written)
		fprintf(stderr, "failed to write file `%s`: %s\n", path, strerror(errno));
	else if (!out && !sc->quiet)
		printf("batch script for job %" PRIu32 " written to %s\n", m.job_id, path);
	return written ? 0 : 1;
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
	const bool script = strlen(argv[0]) >= 5 && text_starts_nocase("batch_script", argv[0]);
	const bool config = text_eq_nocase(argv[0], "config");
	if (argc > (script ? 3 : 2) && (script || config)) {
		fprintf(stderr, "too many arguments for keyword:%s\n", sc->word);
		return 1;
	}
	if (script)
		return write_script(sc, argc - 1, argv + 1);
	if (config)
		return scontrol_write_config(sc, argc > 1 ? argv[1] : NULL);
	if (text_eq_nocase(argv[0], "state"))
		return write_state(sc, argc - 1, argv + 1);
	fprintf(stderr, "invalid write argument:%s\n", argv[0]);
	return 1;
}
