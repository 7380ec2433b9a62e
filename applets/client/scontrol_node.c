/* scontrol update, create and delete nodename= */
#include "applets/client/scontrol.h"
#include "conf/node_part.h"
#include "core/util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT_MAX 4294967280u

enum { KEY_TEXT, KEY_WEIGHT, KEY_REFUSED };
static const struct node_key {
	const char *name;
	size_t shortest;
	int kind;
	size_t offset;
} node_keys[] = {
        {"NodeName", 3, KEY_TEXT, offsetof(struct node_update_request, nodes)},
        {"State", 1, KEY_TEXT, offsetof(struct node_update_request, state)},
        {"Reason", 1, KEY_TEXT, offsetof(struct node_update_request, reason)},
        {"Weight", 1, KEY_WEIGHT, 0},
        {"Features", 1, KEY_TEXT, offsetof(struct node_update_request, features)},
        {"AvailableFeatures", 2, KEY_TEXT, offsetof(struct node_update_request, features)},
        {"ActiveFeatures", 2, KEY_TEXT, offsetof(struct node_update_request, features_act)},
        {"Comment", 2, KEY_TEXT, offsetof(struct node_update_request, comment)},
        {"Extra", 1, KEY_TEXT, offsetof(struct node_update_request, extra)},
        {"CpuBind", 3, KEY_REFUSED, 0},
        {"Gres", 1, KEY_REFUSED, 0},
        {"NodeAddr", 5, KEY_TEXT, offsetof(struct node_update_request, addr)},
        {"NodeHostname", 5, KEY_TEXT, offsetof(struct node_update_request, hostname)},
};

const char *scontrol_node_key(size_t i)
{
	size_t n = sizeof(node_keys) / sizeof(node_keys[0]);
	return i >= n ? NULL : node_keys[i].kind == KEY_REFUSED ? "" : node_keys[i].name;
}

static const struct node_key *key_of(const char *word)
{
	for (size_t i = 0; i < sizeof(node_keys) / sizeof(node_keys[0]); i++)
		if (scontrol_is_key(word, node_keys[i].name, node_keys[i].shortest))
			return &node_keys[i];
	return NULL;
}

/* States that slurmctld judges, by their beginnings. */
static const struct {
	const char *word;
	size_t shortest;
	bool refused; /* there is nothing behind it here */
	bool needs_reason;
} states[] = {
        {"DRAIN", 3, false, true},       {"DOWN", 3, false, true},
        {"FAIL", 3, false, true},        {"RESUME", 3, false, false},
        {"UNDRAIN", 3, false, false},    {"IDLE", 3, false, false},
        {"FUTURE", 3, false, false},     {"CANCEL_REBOOT", 3, false, false},
        {"POWER_DOWN", 7, false, false}, {"POWER_DOWN_ASAP", 12, false, false},
        {"POWER_UP", 7, false, false},   {"POWER_DOWN_FORCE", 12, false, false},
        {"ALLOCATED", 3, false, false},  {"MIXED", 3, false, false},
        {"UNKNOWN", 3, false, false},    {"NoResp", 3, true, false},
};
#define STATES (sizeof(states) / sizeof(states[0]))

static int check_state(struct node_update_request *m, char *word)
{
	size_t n = strlen(m->state);
	for (size_t i = 0; i < STATES; i++) {
		if (n < states[i].shortest || !text_starts_nocase(states[i].word, m->state))
			continue;
		if (states[i].refused) {
			log_error(
			        "State=%s is not supported by batchbox: whether a node responds is what its "
			        "connection says",
			        states[i].word);
			return -1;
		}
		m->state = (char *)(uintptr_t)states[i].word;
		if (!states[i].needs_reason || text_or_null(m->reason))
			return 0;
		fputs("You must specify a reason when DOWNING or DRAINING a node. Request denied\n", stderr);
		return -1;
	}
	fprintf(stderr,
	        "Invalid input: %s\nRequest aborted\n"
	        "Valid states are: NoResp DRAIN FAIL FUTURE RESUME POWER_DOWN POWER_UP UNDRAIN\n"
	        "Not all states are valid given a node's prior state\n",
	        word);
	return -1;
}

static int take_weight(const char *value, uint32_t *weight)
{
	int64_t n;
	if (!*value) {
		*weight = 0; /* as with the real one */
		return 0;
	}
	if (!text_to_i64(value, &n))
		log_error("Weight value (%s) is not a valid number", value);
	else if (n < 0)
		log_error("Weight value (%s) is less than zero", value);
	else if (n > WEIGHT_MAX)
		log_error("Weight value (%s) is greater than %u", value, WEIGHT_MAX);
	else {
		*weight = (uint32_t)n;
		return 0;
	}
	fputs("No changes specified\n", stderr);
	return -1;
}

static int take_word(struct node_update_request *m, char *word)
{
	const struct node_key *key = key_of(word);
	char *equals = strchr(word, '=');
	if (!equals) {
		log_error("Invalid input: %s  Request aborted", word);
		fputs("slurm_update error: No error\n", stderr);
		return -1;
	}
	if (!key) {
		fprintf(stderr, "Update of this parameter is not supported: %s\nRequest aborted\n", word);
		return -1;
	}
	if (key->kind == KEY_REFUSED) {
		log_error("update of a node's %s is not supported by batchbox", key->name);
		return -1;
	}
	if (key->kind == KEY_WEIGHT)
		return take_weight(equals + 1, &m->weight);
	*(char **)(void *)((char *)m + key->offset) = equals + 1;
	return 0;
}

static int ask_update(struct scontrol *sc, const struct node_update_request *m)
{
	struct err err = {0};
	void *record = NULL;
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_node_update_request, m, MSG_msg_ok, &sc->arena, &record, &err) ==
	    0)
		return 0;
	fprintf(stderr, "slurm_update error: %s\n",
	        err.code == ERR_ACCESS_DENIED ? err_code_text(ERR_USER_UNKNOWN) : err_code_text(err.code));
	return 1;
}

int scontrol_update_node(struct scontrol *sc, int argc, char **argv)
{
	struct node_update_request m;
	char *state_word = NULL;
	schema_init(schema_of_node_update_request(), &m);
	for (int i = 0; i < argc; i++) {
		if (take_word(&m, argv[i]) != 0)
			return 1;
		if (m.state && m.state == strchr(argv[i], '=') + 1)
			state_word = argv[i];
	}
	if (argc < 2) {
		fputs("No changes specified\n", stderr);
		return 1;
	}
	return m.state && check_state(&m, state_word) != 0 ? 1 : ask_update(sc, &m);
}

/* ---- create and delete ---- */

/* The words as one NodeName line; a value with blanks stands in quotes again. */
static char *line_of(int argc, char **argv)
{
	struct text line = TEXT_EMPTY;
	for (int i = 0; i < argc; i++) {
		const char *equals = strchr(argv[i], '='), *sep = i ? " " : "";
		if (equals && strpbrk(equals, " \t"))
			text_printf(&line, "%s%.*s=\"%s\"", sep, (int)(equals - argv[i]), argv[i],
			            equals + 1);
		else
			text_printf(&line, "%s%s", sep, argv[i]);
	}
	return text_take(&line);
}

int scontrol_create_node(struct scontrol *sc, int argc, char **argv)
{
	static const char what[] = "Error creating the node(s)";
	struct node_create_request m = {.line = line_of(argc, argv)};
	struct core_node_conf *nodes;
	struct err err = {0};
	void *record = NULL;
	size_t n = 0;
	int rc = 1;
	if (!scontrol_is_operator(sc)) {
		free(m.line);
		return scontrol_complain(sc, "%s: %s\n", what, err_code_text(ERR_USER_UNKNOWN));
	}
	bool parsed = strchr(m.line, '=') &&
	              node_part_nodes(&sc->connection.file.conf, m.line, &sc->arena, &nodes, &n, &err) == 0;
	const bool state_is_good =
	        parsed ? nodes[0].state == CONF_NODE_FUTURE || nodes[0].state == CONF_NODE_CLOUD
	               : !text_starts_nocase(err_text(&err), "State=");
	if (!state_is_good) {
		log_error("Only State=FUTURE and State=CLOUD allowed for nodes created by scontrol");
		fprintf(stderr, "%s: %s\n", what, err_code_text(ERR_INVALID_STATE));
	} else if (!parsed) {
		log_error("Failed to parse nodeline '%s'", m.line);
		fprintf(stderr, "%s: Unspecified error\n", what);
		if (err.code)
			log_error("%s", err_text(&err));
	} else if (scontrol_connect(sc, what) == 0) {
		rc = connect_ask(&sc->connection, MSG_node_create_request, &m, MSG_msg_ok, &sc->arena,
		                 &record, &err) == 0
		             ? 0
		             : 1;
		if (rc != 0)
			fprintf(stderr, "%s: %s\n", what,
			        err.code == ERR_ACCESS_DENIED ? err_code_text(ERR_USER_UNKNOWN)
			                                      : err_text(&err));
	}
	free(m.line);
	return rc;
}

int scontrol_delete_node(struct scontrol *sc, const char *word, const char *names)
{
	struct node_delete_request m = {.nodes = (char *)(uintptr_t)names};
	struct err err = {0};
	void *record = NULL;
	char what[300];
	snprintf(what, sizeof(what), "delete_node %s", word);
	if (!*names) {
		fprintf(stderr, "%s: %s\n", what,
		        err_code_text(scontrol_is_operator(sc) ? ERR_INVALID_NODE_NAME : ERR_USER_UNKNOWN));
		return 1;
	}
	if (scontrol_connect(sc, what) != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_node_delete_request, &m, MSG_msg_ok, &sc->arena, &record,
	                &err) == 0)
		return 0;
	if (err.code == ERR_ACCESS_DENIED) {
		fprintf(stderr, "%s: %s\n", what, err_code_text(ERR_USER_UNKNOWN));
		return 1;
	}
	log_error("failed to delete nodes %s", err_text(&err));
	fprintf(stderr, "%s: %s\n", what, err_code_text(err.code));
	return 1;
}
