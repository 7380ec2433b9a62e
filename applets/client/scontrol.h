/* scontrol's parts. */
#pragma once
#include "applets/client/command.h"
#include "applets/client/connect.h"
#include "applets/client/show.h"
#include "core/util/arena.h"
#include "core/util/map.h"

#include <sys/types.h>

struct scontrol {
	struct connect connection;
	struct show_ctx show;
	struct arena arena;
	struct schema_u32s found;       /* jobs by name */
	struct text shown;              /* nodes */
	struct map shown_names, hidden; /* hidden: partitions that are not to be seen */
	bool all, future, quiet;
	unsigned verbose; /* 0: without -v */
	uint32_t as_uid;  /* -u; CORE_NO_VAL: none */
	bool over;        /* exit, quit */
	const char *word; /* the verb as it was typed: complaints name it so */
};

/* Asks, and gives each of the answer's messages to take(), which says whether it was the last. */
int scontrol_ask_all(struct scontrol *sc, uint32_t type, const void *request, uint32_t want,
                     bool (*take)(struct scontrol *sc, const void *record), struct err *err);

/* A complaint that -Q silences; the exit code: 1. */
int scontrol_complain(const struct scontrol *sc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The answer to a request is msg_ok: 0. Else 1, and "CALL: why" was said; `denied` is the word for a caller
 * who may not, NULL: the code's own. */
int scontrol_request(struct scontrol *sc, uint32_t type, const void *request, const char *call,
                     const char *denied);
/* Connects once; prints why not, with the call's name in front as the real one does. */
int scontrol_connect(struct scontrol *sc, const char *call);
/* Each prints its errors and gives the exit code. argv is behind the verb. */
int scontrol_show(struct scontrol *sc, int argc, char **argv);
/* What it shows, by row; false: there is no such row. */
bool scontrol_show_noun(size_t i, struct command_word *out);
int scontrol_update(struct scontrol *sc, int argc, char **argv);
int scontrol_create(struct scontrol *sc, int argc, char **argv);
int scontrol_delete(struct scontrol *sc, int argc, char **argv);
/* The words of one noun; argv has all of them, the noun's own among them. */
int scontrol_update_job(struct scontrol *sc, int argc, char **argv);
int scontrol_update_step(struct scontrol *sc, int argc, char **argv);
int scontrol_update_node(struct scontrol *sc, int argc, char **argv);
int scontrol_update_part(struct scontrol *sc, bool create, int argc, char **argv);
int scontrol_delete_part(struct scontrol *sc, const char *word, const char *name);
int scontrol_create_node(struct scontrol *sc, int argc, char **argv);
int scontrol_delete_node(struct scontrol *sc, const char *word, const char *names);
/* KEY=...: is it that key, or at least so many letters of it? */
bool scontrol_is_key(const char *word, const char *key, size_t shortest);
/* The same with its value or without. */
bool scontrol_is_noun(const char *word, const char *noun, size_t shortest);
/* Does root or SlurmUser ask? */
bool scontrol_is_operator(const struct scontrol *sc);
/* The keys that update takes, "" for one that it refuses by name; NULL: there are no more. */
const char *scontrol_job_key(size_t i);
const char *scontrol_node_key(size_t i);
int scontrol_top(struct scontrol *sc, int argc, char **argv);
/* scontrol_verbs.c: small ones. */
int scontrol_ping(struct scontrol *sc, int argc, char **argv);
int scontrol_version(struct scontrol *sc, int argc, char **argv);
int scontrol_shutdown(struct scontrol *sc, int argc, char **argv);
int scontrol_abort(struct scontrol *sc, int argc, char **argv);
int scontrol_reconfigure(struct scontrol *sc, int argc, char **argv);
int scontrol_setdebug(struct scontrol *sc, int argc, char **argv);
int scontrol_setdebugflags(struct scontrol *sc, int argc, char **argv);
int scontrol_schedloglevel(struct scontrol *sc, int argc, char **argv);
int scontrol_fsdampeningfactor(struct scontrol *sc, int argc, char **argv);
int scontrol_takeover(struct scontrol *sc, int argc, char **argv);
int scontrol_token(struct scontrol *sc, int argc, char **argv);
int scontrol_cluster(struct scontrol *sc, int argc, char **argv);
int scontrol_errnumstr(struct scontrol *sc, int argc, char **argv);
int scontrol_reboot(struct scontrol *sc, int argc, char **argv);
int scontrol_cancel_reboot(struct scontrol *sc, int argc, char **argv);
/* scontrol_wait.c */
int scontrol_notify(struct scontrol *sc, int argc, char **argv);
int scontrol_wait_job(struct scontrol *sc, int argc, char **argv);
int scontrol_completing(struct scontrol *sc, int argc, char **argv);
/* scontrol_local.c: what the slurmd of this host knows. */
int scontrol_listpids(struct scontrol *sc, int argc, char **argv);
int scontrol_pidinfo(struct scontrol *sc, int argc, char **argv);
/* scontrol_show_more.c */
int scontrol_show_aliases(struct scontrol *sc, int argc, char **argv);
int scontrol_show_assoc_mgr(struct scontrol *sc, int argc, char **argv);
int scontrol_show_config(struct scontrol *sc, int argc, char **argv);
int scontrol_show_daemons(struct scontrol *sc, int argc, char **argv);
int scontrol_show_frontend(struct scontrol *sc, int argc, char **argv);
int scontrol_show_hostlist(struct scontrol *sc, int argc, char **argv);
int scontrol_show_hostlistsorted(struct scontrol *sc, int argc, char **argv);
int scontrol_show_hostnames(struct scontrol *sc, int argc, char **argv);
int scontrol_show_licenses(struct scontrol *sc, int argc, char **argv);
int scontrol_show_nothing(struct scontrol *sc, int argc, char **argv);
int scontrol_show_reservations(struct scontrol *sc, int argc, char **argv);
int scontrol_show_topology(struct scontrol *sc, int argc, char **argv);
int scontrol_show_slurmd(struct scontrol *sc, int argc, char **argv);
int scontrol_write(struct scontrol *sc, int argc, char **argv);
/* scontrol_write_config.c: into PATH.TIME; NULL: beside slurm.conf. */
int scontrol_write_config(struct scontrol *sc, const char *path);
/* The request for each of "12,13_1", or for each job of that name (of that user, unless uid is CORE_NO_VAL);
 * says what went wrong. m: its verb, and what goes with that. */
int scontrol_change_jobs(struct scontrol *sc, struct job_update_request *m, char *ids);
int scontrol_change_named(struct scontrol *sc, struct job_update_request *m, const char *name, uint32_t uid);
/* hold, uhold, release, requeue, requeuehold, suspend, resume: verb is of enum job_verb. */
int scontrol_jobs(struct scontrol *sc, uint32_t verb, int argc, char **argv);
