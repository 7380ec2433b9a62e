/* scontrol update, hold, release, requeue */
#include "applets/client/scontrol.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int scontrol_jobs(struct scontrol *sc, uint32_t verb, int argc, char **argv)
{
	static const char *const names[] = {"hold", "uhold", "release", "requeue", "requeuehold"};
	int rc = 0;
	if (argc < 1) {
		fprintf(stderr, "too few arguments for keyword:%s\n", names[verb]);
		return 1;
	}
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return 1;
	for (int i = 0; i < argc; i++) {
		char *rest = argv[i];
		for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
			struct job_update_request m = {.verb = verb};
			struct err err = {0};
			void *record = NULL;
			if (!text_to_u32(word, &m.job_id) || m.job_id == 0)
				err_set(&err, ERR_INVALID_JOB_ID, "%s", "");
			else if (connect_ask(&sc->connection, MSG_job_update_request, &m, MSG_msg_ok,
			                     &sc->arena, &record, &err) == 0)
				continue;
			rc = 1;
			fprintf(stderr, "%s for job %s\n", err_code_text(err.code), word);
			if (verb <= JOB_VERB_RELEASE)
				fprintf(stderr, "slurm_suspend error: %s\n", err_code_text(err.code));
		}
	}
	return rc;
}

struct update {
	char *node, *state, *reason;
	bool other;
};

static int update_node(struct scontrol *sc, const struct update *u)
{
	struct node_update_request m = {.nodes = u->node, .state = u->state, .reason = u->reason};
	struct err err = {0};
	void *record = NULL;
	bool needs =
	        u->state && (text_starts_nocase(u->state, "drain") || text_starts_nocase(u->state, "down") ||
	                     text_starts_nocase(u->state, "fail"));
	if (needs && !u->reason) {
		fputs("You must specify a reason when DOWNING or DRAINING a node. Request denied\n", stderr);
		return 1;
	}
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_node_update_request, &m, MSG_msg_ok, &sc->arena, &record,
	                &err) == 0)
		return 0;
	fprintf(stderr, "slurm_update error: %s\n",
	        err.code == ERR_ACCESS_DENIED ? err_code_text(ERR_USER_UNKNOWN) : err_code_text(err.code));
	return 1;
}

/* Nodes can be updated; other records are refused by name. */
int scontrol_update(struct scontrol *sc, int argc, char **argv)
{
	struct update u = {0};
	if (argc < 1) {
		fputs("too few arguments for update keyword\n", stderr);
		return 1;
	}
	for (int i = 0; i < argc; i++) {
		char *equals = strchr(argv[i], '=');
		if (!equals) {
			fprintf(stderr, "Update of this parameter is not supported: %s\nRequest aborted\n",
			        argv[i]);
			return 1;
		}
		*equals = '\0';
		if (text_starts_nocase(argv[i], "NodeName"))
			u.node = equals + 1;
		else if (text_starts_nocase(argv[i], "State"))
			u.state = equals + 1;
		else if (text_starts_nocase(argv[i], "Reason"))
			u.reason = equals + 1;
		else if (u.node || i == 0) {
			*equals = '=';
			if (i == 0)
				log_error("update of %s is not supported by batchbox: only nodes' State and "
				          "Reason are",
				          argv[i]);
			else
				fprintf(stderr,
				        "Update of this parameter is not supported: %s\nRequest aborted\n",
				        argv[i]);
			return 1;
		}
	}
	return u.node ? update_node(sc, &u) : 1;
}
