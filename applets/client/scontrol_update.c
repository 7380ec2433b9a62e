/* scontrol update, create, delete: which noun is meant. */
#include "applets/client/scontrol.h"
#include "core/util/log.h"

#include <stdio.h>
#include <string.h>

bool scontrol_is_key(const char *word, const char *key, size_t shortest)
{
	size_t n = strcspn(word, "=");
	return word[n] == '=' && n >= shortest && n <= strlen(key) && strncasecmp(word, key, n) == 0;
}

static bool any_is(int argc, char **argv, const char *key, size_t shortest)
{
	for (int i = 0; i < argc; i++)
		if (scontrol_is_key(argv[i], key, shortest))
			return true;
	return false;
}

static int refuse(const char *verb, const char *word)
{
	log_error("%s of %s is not supported by batchbox", verb, word);
	return 1;
}

/* "node", "NodeName": the noun of a request, with or without its value. */
static bool is_noun(const char *word, const char *noun, size_t shortest)
{
	size_t n = strcspn(word, "=");
	return n >= shortest && n <= strlen(noun) && strncasecmp(word, noun, n) == 0;
}

int scontrol_update(struct scontrol *sc, int argc, char **argv)
{
	static const struct {
		const char *key;
		size_t shortest;
	} others[] = {{"ReservationName", 3}, {"SlurmctldDebug", 3}, {"FrontendName", 3}, {"StepId", 4}};
	if (argc < 1) {
		fputs("too few arguments for update keyword\n", stderr);
		return 1;
	}
	if (any_is(argc, argv, "NodeName", 3) || is_noun(argv[0], "NodeName", 3))
		return scontrol_update_node(sc, argc, argv);
	if (any_is(argc, argv, "PartitionName", 3) && !any_is(argc, argv, "JobId", 3) &&
	    !any_is(argc, argv, "JobName", 4))
		return scontrol_update_part(sc, false, argc, argv);
	if (any_is(argc, argv, "JobId", 3) || any_is(argc, argv, "JobName", 4))
		return scontrol_update_job(sc, argc, argv);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (any_is(argc, argv, others[i].key, others[i].shortest))
			return refuse("update", others[i].key);
	fputs("No valid entity in update command\n"
	      "Input line must include \"NodeName\", \"PartitionName\", \"Reservation\", \"JobId\", or "
	      "\"SlurmctldDebug\"\n",
	      stderr);
	return 1;
}

int scontrol_create(struct scontrol *sc, int argc, char **argv)
{
	if (argc < 1) {
		fputs("too few arguments for create keyword\n", stderr);
		return 1;
	}
	if (is_noun(argv[0], "NodeName", 3))
		return scontrol_create_node(sc, argc, argv);
	if (any_is(argc, argv, "PartitionName", 3))
		return scontrol_update_part(sc, true, argc, argv);
	if (is_noun(argv[0], "PartitionName", 4)) {
		log_error("Invalid input: %s  Request aborted", argv[0]);
		return 1;
	}
	if (any_is(argc, argv, "ReservationName", 3) || text_starts_nocase(argv[0], "res"))
		return refuse("create", "reservations");
	log_error("Invalid creation entity: %s", argv[0]);
	return 1;
}

int scontrol_delete(struct scontrol *sc, int argc, char **argv)
{
	if (argc < 1) {
		fputs("too few arguments for delete keyword\n", stderr);
		return 1;
	}
	/* NOUN=NAME or NOUN NAME */
	const char *equals = strchr(argv[0], '=');
	const char *name = equals ? equals + 1 : argc > 1 ? argv[1] : NULL;
	if (!name) {
		log_error("Proper format is 'delete <ENTITY>=<ID>' or 'delete <ENTITY> <ID>'");
		return 1;
	}
	if (is_noun(argv[0], "PartitionName", 3))
		return scontrol_delete_part(sc, argv[0], name);
	if (is_noun(argv[0], "NodeName", 3))
		return scontrol_delete_node(sc, argv[0], name);
	if (is_noun(argv[0], "ReservationName", 3))
		return refuse("delete", "reservations");
	fprintf(stderr, "Invalid deletion entity: %s\n", argv[0]);
	return 1;
}
