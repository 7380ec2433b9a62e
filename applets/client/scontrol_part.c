/* scontrol create, update and delete partitionname= */
#include "applets/client/filters.h"
#include "applets/client/scontrol.h"
#include "conf/node_part.h"
#include "core/util/log.h"

#include <stdio.h>
#include <string.h>

/* The real one's words for a bad value; true where it says "slurm_update error: No error" behind them. */
static bool say_bad(enum part_value why, const char *word, const char *name, const char *value)
{
	switch (why) {
	case PART_UNKNOWN:
		if (!strchr(word, '=')) {
			log_error("Invalid input: %s  Request aborted", word);
			return true;
		}
		log_error("Update of this parameter is not supported: %s", word);
		fputs("\n", stderr);
		log_error("Request aborted");
		return true;
	case PART_BAD_TIME:
		if (text_eq(name, "GraceTime"))
			log_error("Invalid GraceTime value: %s", value);
		else
			log_error("Invalid input %s", word);
		return true;
	case PART_BAD_PREEMPT:
		log_error("Invalid input: %s", word);
		return true;
	case PART_BAD_BOOL:
		log_error("Invalid input: %s", word);
		log_error("Acceptable %s values are YES and NO", name);
		return true;
	case PART_BAD_STATE:
		log_error("Invalid input: %s", word);
		log_error("Acceptable State values are UP, DOWN, DRAIN and INACTIVE");
		return true;
	case PART_BAD_SHARE:
		log_error("Invalid input: %s", word);
		log_error("Acceptable OverSubscribe values are NO, EXCLUSIVE, YES:#, and FORCE:#");
		return true;
	case PART_BAD_BILLING:
		fputs("slurm_update error: Invalid TRESBillingWeights specification\n", stderr);
		return false;
	case PART_BAD_JOB_DEFAULTS:
		fputs("slurm_update error: Invalid JobDefaults specification\n", stderr);
		return false;
	case PART_BAD_NUMBER:
	case PART_VALUE_OK:
		break;
	}
	if (text_eq(name, "MaxNodes")) {
		log_error("Invalid numeric value \"%s\" for %s.", value, name);
		return false;
	}
	if (text_eq(name, "MinNodes")) {
		log_error("\"%s\" is not a valid node count", value);
		return false;
	}
	log_error("Invalid %s value: %s", name, value);
	return true;
}

static int take_word(struct scontrol *sc, struct part_update_request *m, char *word)
{
	struct core_part_conf scratch = node_part_default();
	char *equals = strchr(word, '=');
	const char *name = word;
	if (scontrol_is_key(word, "PartitionName", 3)) {
		m->name = equals + 1;
		return 0;
	}
	char *key = arena_strndup(&sc->arena, word, strcspn(word, "="));
	enum part_value why =
	        equals ? node_part_set(&scratch, key, equals + 1, &sc->arena, &name) : PART_UNKNOWN;
	if (why == PART_VALUE_OK) {
		filter_words(name, &m->keys, &sc->arena);
		m->values.v[m->values.n++] = equals + 1;
		return 0;
	}
	if (say_bad(why, word, name, equals ? equals + 1 : ""))
		fputs("slurm_update error: No error\n", stderr);
	return -1;
}

static int send(struct scontrol *sc, const struct part_update_request *m, const char *what)
{
	struct err err = {0};
	void *record = NULL;
	if (scontrol_connect(sc, what) != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_part_update_request, m, MSG_msg_ok, &sc->arena, &record, &err) ==
	    0)
		return 0;
	fprintf(stderr, "%s: %s\n", what,
	        err.code == ERR_ACCESS_DENIED ? err_code_text(ERR_USER_UNKNOWN) : err_code_text(err.code));
	if (err.code == ERR_NOT_SUPPORTED)
		log_info("%s", err_text(&err));
	return 1;
}

int scontrol_update_part(struct scontrol *sc, bool create, int argc, char **argv)
{
	struct part_update_request m;
	schema_init(schema_of_part_update_request(), &m);
	m.create = create;
	m.values.v = arena_array(&sc->arena, (size_t)argc + 1, sizeof(char *));
	for (int i = 0; i < argc; i++)
		if (take_word(sc, &m, argv[i]) != 0)
			return 1;
	if (create && text_eq_nocase(m.name, "DEFAULT")) {
		log_error("PartitionName cannot be \"DEFAULT\".");
		return 1;
	}
	if (!create && m.keys.n == 0) {
		log_error("No changes specified");
		return 1;
	}
	return send(sc, &m, create ? "Error creating the partition" : "slurm_update error");
}

int scontrol_delete_part(struct scontrol *sc, const char *word, const char *name)
{
	struct part_update_request m;
	char what[300];
	schema_init(schema_of_part_update_request(), &m);
	m.name = (char *)(uintptr_t)name;
	m.remove = true;
	snprintf(what, sizeof(what), "delete_partition %s", word);
	return send(sc, &m, what);
}
