/* What daemons and commands read first: slurm.conf, batchbox.conf, and from them whom to talk to. */
#pragma once
#include "applets/common/daemon_log.h"
#include "conf/batchbox_conf.h"
#include "conf/companion.h"
#include "core/util/err.h"
#include "proto/key.h"
#include "proto/session.h"

#include <stdbool.h>

struct cluster_file {
	struct slurm_conf conf;
	struct conf_batchbox *own;    /* batchbox.conf's settings (defaults when there is no file) */
	struct companions companions; /* after cluster_file_check() */
	struct conf_source source;
	char *path;                  /* of slurm.conf */
	const char *controller_addr; /* host or number to dial */
	uint16_t controller_port;
	struct session_audience controller;
};

/* Where slurm.conf is, in the order of slurmd(8): path when not NULL, SLURM_CONF, /etc/slurm/slurm.conf where
 * it is there. NULL: nowhere. */
const char *cluster_file_find(const char *path);
/* The same for a command, which also finds what a daemon of this host has fetched from the controller. */
const char *cluster_file_find_fetched(void);
/* Reads slurm.conf and batchbox.conf. All errors are printed through log_error(), each with file and line; -1
 * then. */
int cluster_file_read(struct cluster_file *file, const char *path);
/* The same from what a controller sent, which lives at least until cluster_file_check(). */
int cluster_file_read_texts(struct cluster_file *file, const struct conf_texts *texts);
void cluster_file_set_path(struct cluster_file *file, const char *path);
void cluster_file_free(struct cluster_file *file);
/* SIGUSR2: reads the file for the log's sake alone. */
void cluster_file_log_again(struct daemon_log *log, const char *path);
/* For daemons: reads the files beside slurm.conf; unsafe parameters refuse the start (-1, each logged by
 * name); harmless ones that are set are said once. */
int cluster_file_check(struct cluster_file *file);
/* What a daemon without files of its own is sent, after cluster_file_check(): slurm.conf, its Includes, the
 * files beside it that are in use, and of batchbox.conf what is accepted. */
void cluster_file_texts(const struct cluster_file *file, struct arena *arena, struct conf_texts *out);
/* batchbox.conf's [auth] key_file, else the first of /etc/batchbox/batchbox.key, /etc/munge/munge.key that
 * exists. The string is the file's. */
const char *cluster_file_key_path(const struct cluster_file *file, struct err *err);
/* That file, and who may own it: root and the caller, SlurmUser, munge. path is the file's. */
struct key_files {
	const char *path;
	uid_t owners[2];
	size_t owner_count;
};
int cluster_file_key_files(const struct cluster_file *file, struct key_files *files, struct err *err);
/* Reads that file, which may be root's, the caller's own, SlurmUser's or munge's. NULL on error; the caller
 * frees it. */
struct key_master *cluster_file_read_key(const struct cluster_file *file, struct err *err);
/* A host's own key, from a master that is wiped before this returns; the log says which keys it came from.
 * NULL on error. */
struct key_host *cluster_file_host_key(const struct cluster_file *file, enum key_class class,
                                       const char *name, struct err *err);
/* "the cluster's key has id 0011223344556677" */
void key_master_log(const struct key_master *master);
/* uid and gid of SlurmUser (or of the caller in a single-user cluster). A missing user is an error with the
 * useradd line. */
int cluster_file_slurm_user(const struct cluster_file *file, uid_t *uid, gid_t *gid, struct err *err);
/* A cluster of one ordinary user: SlurmUser is the (not root) caller. */
bool cluster_file_single_user(const struct cluster_file *file);
/* The same from where keys are looked for on a host that has no configuration yet. */
struct key_master *cluster_file_read_first_key(struct err *err);
/* The address to listen at for a daemon that has this one: the loopback's where it is that, else NULL (all).
 */
const char *cluster_file_listen_at(const char *addr);
/* Where ticket sockets are: /run/batchbox, or $BATCHBOX_RUN_DIR for a cluster of batchbox up: a directory of
 * the caller's own or of root's, to which nobody else can write. */
const char *cluster_file_run_dir(const struct cluster_file *file);
/* Where slurm.conf says that the controller is, wherever it was reached. The text is the file's. */
void cluster_file_address(const struct cluster_file *file, const char **addr, uint16_t *port);
/* A line for each SlurmctldHost, as `scontrol ping` has them; none but the first can be up (scontrol(1),
 * ping). */
void cluster_file_print_ping(const struct slurm_conf *conf, bool up, struct text *out);
