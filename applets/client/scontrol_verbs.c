/* scontrol's small verbs: about daemons, logs, and what this cluster has none of. */
#include "applets/applet.h"
#include "applets/client/complain.h"
#include "applets/client/scontrol.h"
#include "applets/client/slurm_errno.h"
#include "core/util/log.h"
#include "core/util/log_flags.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- daemons ---- */

int scontrol_ping(struct scontrol *sc, int argc, char **argv)
{
	struct msg_ping m = {.token = 1};
	struct text out = TEXT_EMPTY;
	struct err err = {0};
	void *record = NULL;
	(void)argc, (void)argv;
	/* No retry: the answer is wanted now. */
	bool up =
	        connect_open_within(&sc->connection, 0, &err) == 0 &&
	        connect_ask(&sc->connection, MSG_msg_ping, &m, MSG_msg_pong, &sc->arena, &record, &err) == 0;
	cluster_file_print_ping(&sc->connection.file.conf, up, &out);
	fwrite(text_str(&out), 1, out.len, stdout);
	text_free(&out);
	if (!up && err.code != ERR_CONNECT)
		log_error("%s", err_text(&err));
	return up ? 0 : 1;
}

int scontrol_version(struct scontrol *sc, int argc, char **argv)
{
	(void)argc, (void)argv;
	puts("slurm " SLURM_VERSION_TEXT);
	if (sc->verbose)
		puts("slurm_api_version: 2490368, 38.0.0");
	return 0;
}

int scontrol_shutdown(struct scontrol *sc, int argc, char **argv)
{
	struct shutdown_request m = {.workers_too = argc == 0};
	if (argc > 0 && strcmp(argv[0], "slurmctld") != 0 && strcmp(argv[0], "controller") != 0) {
		fprintf(stderr, "invalid shutdown argument:%s\n", argv[0]);
		return 1;
	}
	return scontrol_request(sc, MSG_shutdown_request, &m, "slurm_shutdown error",
	                        err_code_text(ERR_USER_UNKNOWN));
}

bool scontrol_is_operator(const struct scontrol *sc)
{
	uid_t slurm = (uid_t)-1;
	gid_t group;
	cluster_file_slurm_user(&sc->connection.file, &slurm, &group, NULL);
	return geteuid() == 0 || geteuid() == slurm;
}

int scontrol_abort(struct scontrol *sc, int argc, char **argv)
{
	(void)argc, (void)argv;
	if (!scontrol_is_operator(sc))
		return scontrol_complain(sc, "slurm_shutdown error: %s\n", err_code_text(ERR_USER_UNKNOWN));
	log_error("abort is not supported by batchbox: `scontrol shutdown slurmctld` ends the controller in "
	          "order; "
	          "SIGABRT to its process leaves a core file");
	return 1;
}

int scontrol_reconfigure(struct scontrol *sc, int argc, char **argv)
{
	struct reconfigure_request m = {0};
	(void)argc, (void)argv;
	return scontrol_request(sc, MSG_reconfigure_request, &m, "slurm_reconfigure error",
	                        err_code_text(ERR_USER_UNKNOWN));
}

/* ---- logs ---- */

#define DENIED "Permission denied"

int scontrol_setdebug(struct scontrol *sc, int argc, char **argv)
{
	struct log_level_request m;
	enum log_level level;
	(void)argc;
	schema_init(schema_of_log_level_request(), &m);
	if (!log_level_parse(argv[0], &level))
		return scontrol_complain(sc, "invalid debug level: %s\n", argv[0]);
	m.level = (uint32_t)level;
	return scontrol_request(sc, MSG_log_level_request, &m, "slurm_set_debug_level error", DENIED);
}

int scontrol_setdebugflags(struct scontrol *sc, int argc, char **argv)
{
	struct log_level_request m;
	uint64_t flags;
	const char *bad;
	size_t n;
	(void)argc;
	schema_init(schema_of_log_level_request(), &m);
	if (argv[0][0] != '+' && argv[0][0] != '-')
		return scontrol_complain(sc, "invalid debug flag: %s\nUsage: setdebugflags [+|-]NAME\n",
		                         argv[0]);
	if (!log_flags_parse(argv[0] + 1, &flags, &bad, &n)) {
		log_error("Invalid DebugFlag: %.*s", (int)n, bad);
		return scontrol_complain(sc, "invalid debug flag: %s\n", argv[0]);
	}
	*(argv[0][0] == '+' ? &m.flags_on : &m.flags_off) = argv[0] + 1;
	return scontrol_request(sc, MSG_log_level_request, &m, "slurm_set_debug_flags error", DENIED);
}

/* The scheduler has no log of its own, as where SlurmSchedLogFile isn't set. */
int scontrol_schedloglevel(struct scontrol *sc, int argc, char **argv)
{
	static const char *const levels[] = {"0", "1", "disable", "enable"};
	(void)argc;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (text_eq_nocase(argv[0], levels[i]))
			return scontrol_complain(sc, "slurm_set_schedlog_level error: %s\n",
			                         scontrol_is_operator(sc) ? err_code_text(ERR_OP_DISABLED)
			                                                  : DENIED);
	return scontrol_complain(sc, "invalid schedlog level: %s\n", argv[0]);
}

/* ---- what is not here ---- */

int scontrol_fsdampeningfactor(struct scontrol *sc, int argc, char **argv)
{
	uint32_t factor;
	(void)argc;
	if (!text_to_u32(argv[0], &factor) || factor == 0) {
		scontrol_complain(sc, "invalid dampening factor: %s\n", argv[0]);
		return 0; /* as there */
	}
	if (!scontrol_is_operator(sc))
		return scontrol_complain(sc, "slurm_set_fs_dampeningfactor error: %s\n", DENIED);
	log_error("fsdampeningfactor is not supported by batchbox: jobs have no fairshare here");
	return 1;
}

int scontrol_takeover(struct scontrol *sc, int argc, char **argv)
{
	uint32_t index = 1;
	(void)sc;
	if (argc > 1) {
		fputs("takeover: too many arguments\n", stderr);
		return 1;
	}
	if (argc == 1) {
		index = text_to_u32(argv[0], &index) ? index : 0;
		fprintf(stderr, "takeover: invalid backup controller index (%u)\n", (unsigned)index);
	} else {
		fprintf(stderr, "slurm_takeover error: %s\n", err_code_text(ERR_CONNECT));
	}
	log_info("there is one controller: batchbox has no backup controllers");
	return 1;
}

/* Tokens are auth/jwt's. */
int scontrol_token(struct scontrol *sc, int argc, char **argv)
{
	(void)sc;
	for (int i = 0; i < argc; i++)
		if (!text_starts_nocase(argv[i], "lifespan=") && !text_starts_nocase(argv[i], "username=")) {
			fprintf(stderr, "Invalid option: `%s`\n", argv[i]);
			return 1;
		}
	fputs("Error fetching token\n", stderr);
	log_info("batchbox has no auth/jwt: commands get a ticket from a daemon of their own host");
	return 1;
}

int scontrol_cluster(struct scontrol *sc, int argc, char **argv)
{
	if (argc == 0)
		return 0;
	sc->over = true;
	return complain_clusters(argv[0], "--cluster");
}

int scontrol_errnumstr(struct scontrol *sc, int argc, char **argv)
{
	int64_t number;
	(void)sc, (void)argc;
	if (!text_to_i64(argv[0], &number) || number < 0 || number > INT32_MAX) {
		fputs("numeric arguments required for keyword:errnumstr\n", stderr);
		return 1;
	}
	const char *text = slurm_errno_text((int)number);
	if (text)
		puts(text);
	else
		printf("Unknown error %d\n", (int)number);
	return 0;
}

/* ---- reboot ---- */

static int check_next_state(const char *word)
{
	if (!*word)
		fputs("missing state\n", stderr);
	else if (!text_eq_nocase(word, "DOWN") && !text_eq_nocase(word, "RESUME"))
		fprintf(stderr, "Invalid state: %s\nValid states: DOWN, RESUME\n", word);
	else
		return 0;
	return 1;
}

int scontrol_reboot(struct scontrol *sc, int argc, char **argv)
{
	int lists = 0;
	for (int i = 0; i < argc; i++) {
		if (text_starts_nocase(argv[i], "nextstate=")) {
			if (check_next_state(strchr(argv[i], '=') + 1) != 0)
				return 1;
		} else if (text_starts_nocase(argv[i], "reason=")) {
			if (!strchr(argv[i], '=')[1]) {
				fputs("missing reason\n", stderr);
				return 1;
			}
		} else if (lists > 0 || !text_eq_nocase(argv[i], "ASAP")) {
			lists++;
		}
	}
	if (lists != 1) {
		fprintf(stderr, lists == 0 ? "Missing node list. Specify ALL|<NodeList>\n"
		                           : "too many arguments for keyword:reboot\n");
		return 1;
	}
	if (conf_str(&sc->connection.file.conf, P_RebootProgram))
		log_error("reboot is not supported by batchbox");
	else
		log_error("RebootProgram isn't defined");
	fputs("scontrol_reboot_nodes error: Unspecified error\n", stderr);
	return 1;
}

int scontrol_cancel_reboot(struct scontrol *sc, int argc, char **argv)
{
	struct node_update_request m;
	char state[] = "CANCEL_REBOOT";
	(void)argc;
	schema_init(schema_of_node_update_request(), &m);
	m.nodes = argv[0];
	m.state = state;
	return scontrol_request(sc, MSG_node_update_request, &m, "slurm_update error",
	                        err_code_text(ERR_USER_UNKNOWN));
}
