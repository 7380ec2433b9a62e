/* scontrol update, create, delete: which noun is meant. */
#include "applets/client/scontrol.h"
#include "applets/client/slurm_errno.h"
#include "core/util/log.h"

#include <stdio.h>
#include <string.h>

bool scontrol_is_key(const char *word, const char *key, size_t shortest)
{
	size_t n = strcspn(word, "=");
	return word[n] == '=' && n >= shortest && n <= strlen(key) && strncasecmp(word, key, n) == 0;
}

bool scontrol_is_noun(const char *word, const char *noun, size_t shortest)
{
	size_t n = strcspn(word, "=");
	return n >= shortest && n <= strlen(noun) && strncasecmp(word, noun, n) == 0;
}

/* With its value or without. */
static bool any_is(int argc, char **argv, const char *noun, size_t shortest)
{
	for (int i = 0; i < argc; i++)
		if (scontrol_is_noun(argv[i], noun, shortest))
			return true;
	return false;
}

#define ESLURM_RESERVATION_INVALID 2053

static int refuse(const char *verb, const char *word)
{
	log_error("%s of %s is not supported by batchbox", verb, word);
	return 1;
}

/* "jobid 12" stands for "jobid=12": joined. Of no other key. */
static int join_words(struct scontrol *sc, int argc, char **argv)
{
	int n = 0;
	for (int i = 0; i < argc; i++) {
		const bool bare = !strchr(argv[i], '=') && (scontrol_is_noun(argv[i], "JobId", 3) ||
		                                            scontrol_is_noun(argv[i], "JobName", 4));
		if (bare && i + 1 < argc && !strchr(argv[i + 1], '=')) {
			argv[n++] = arena_printf(&sc->arena, "%s=%s", argv[i], argv[i + 1]);
			i++;
		} else {
			argv[n++] = argv[i];
		}
	}
	return n;
}

/* A number alone, as SlurmctldDebug is. */
static int update_debug(struct scontrol *sc, int argc, char **argv)
{
	struct log_level_request m;
	const char *value = NULL;
	schema_init(schema_of_log_level_request(), &m);
	for (int i = 0; i < argc; i++)
		if (scontrol_is_noun(argv[i], "SlurmctldDebug", 3))
			value = strchr(argv[i], '=') ? strchr(argv[i], '=') + 1 : NULL;
	if (!value || !text_to_u32(*value ? value : "0", &m.level) || m.level > LOG_LEVEL_DEBUG5) {
		fprintf(stderr, "invalid debug level: %s\nslurm_update error: No error\n",
		        value ? value : "(null)");
		return 1;
	}
	return scontrol_request(sc, MSG_log_level_request, &m, "slurm_update error", "Permission denied");
}

/* There are no front end nodes: all that can be said of one is what is wrong. */
static int update_frontend(struct scontrol *sc, int argc, char **argv)
{
	const char *state = NULL, *reason = NULL;
	for (int i = 0; i < argc; i++) {
		char *equals = strchr(argv[i], '=');
		if (!equals) {
			log_error("Invalid input: %s  Request aborted", argv[i]);
			fputs("slurm_update error: No error\n", stderr);
			return 1;
		}
		if (scontrol_is_key(argv[i], "State", 1))
			state = argv[i];
		else if (scontrol_is_key(argv[i], "Reason", 1))
			reason = equals + 1;
		else if (!scontrol_is_key(argv[i], "FrontendName", 5)) {
			fprintf(stderr, "Update of this parameter is not supported: %s\nRequest aborted\n",
			        argv[i]);
			return 1;
		}
	}
	const char *word = state ? strchr(state, '=') + 1 : "";
	if (state && !text_eq_nocase(word, "DOWN") && !text_eq_nocase(word, "DRAIN") &&
	    !text_eq_nocase(word, "RESUME")) {
		fprintf(stderr, "Invalid input: %s\nRequest aborted\nValid states are: DRAIN RESUME\n",
		        state);
		return 1;
	}
	if (state && !text_eq_nocase(word, "RESUME") && !reason) {
		fputs("You must specify a reason when DOWNING or DRAINING a frontend node\nRequest aborted\n",
		      stderr);
		return 1;
	}
	if (!state && !reason) {
		fputs("No changes specified\n", stderr);
		return 1;
	}
	return scontrol_complain(
	        sc, "slurm_update error: %s\n",
	        err_code_text(scontrol_is_operator(sc) ? ERR_INVALID_NODE_NAME : ERR_USER_UNKNOWN));
}

int scontrol_update(struct scontrol *sc, int argc, char **argv)
{
	static const char *const none = "No valid entity in update command\n"
	                                "Input line must include \"NodeName\", \"PartitionName\", "
	                                "\"Reservation\", \"JobId\", or "
	                                "\"SlurmctldDebug\"\n";
	argc = join_words(sc, argc, argv);
	if (any_is(argc, argv, "JobId", 3) || any_is(argc, argv, "JobName", 4))
		return scontrol_update_job(sc, argc, argv);
	if (any_is(argc, argv, "NodeName", 3))
		return scontrol_update_node(sc, argc, argv);
	if (any_is(argc, argv, "PartitionName", 3))
		return scontrol_update_part(sc, false, argc, argv);
	if (any_is(argc, argv, "StepId", 4))
		return scontrol_update_step(sc, argc, argv);
	if (any_is(argc, argv, "FrontendName", 5))
		return update_frontend(sc, argc, argv);
	if (any_is(argc, argv, "ReservationName", 3))
		return refuse("update", "reservations");
	if (any_is(argc, argv, "SlurmctldDebug", 3))
		return update_debug(sc, argc, argv);
	fputs(none, stderr);
	return 1;
}

int scontrol_create(struct scontrol *sc, int argc, char **argv)
{
	if (any_is(argc, argv, "NodeName", 3))
		return scontrol_create_node(sc, argc, argv);
	if (scontrol_is_noun(argv[0], "PartitionName", 4) && !strchr(argv[0], '=')) {
		log_error("Invalid input: %s  Request aborted", argv[0]);
		return 1;
	}
	if (any_is(argc, argv, "PartitionName", 3))
		return scontrol_update_part(sc, true, argc, argv);
	if (any_is(argc, argv, "ReservationName", 3) || text_starts_nocase(argv[0], "res"))
		return refuse("create", "reservations");
	log_error("Invalid creation entity: %s", argv[0]);
	return 1;
}

int scontrol_delete(struct scontrol *sc, int argc, char **argv)
{
	/* NOUN=NAME or NOUN NAME */
	const char *equals = strchr(argv[0], '=');
	const char *name = equals ? equals + 1 : argc > 1 ? argv[1] : NULL;
	if (!name || argc > 2) {
		log_error("Proper format is 'delete <ENTITY>=<ID>' or 'delete <ENTITY> <ID>'");
		return 1;
	}
	if (equals && argc > 1) {
		fprintf(stderr, "Invalid deletion entity: %s\n", argv[0]);
		return 1;
	}
	if (scontrol_is_noun(argv[0], "PartitionName", 3))
		return scontrol_delete_part(sc, argv[0], name);
	if (scontrol_is_noun(argv[0], "NodeName", 3))
		return scontrol_delete_node(sc, argv[0], name);
	if (scontrol_is_noun(argv[0], "ReservationName", 3)) /* there are none */
		return scontrol_complain(sc, "delete_reservation %s: %s\n", argv[0],
		                         scontrol_is_operator(sc)
		                                 ? slurm_errno_text(ESLURM_RESERVATION_INVALID)
		                                 : err_code_text(ERR_USER_UNKNOWN));
	fprintf(stderr, "Invalid deletion entity: %s\n", argv[0]);
	return 1;
}
