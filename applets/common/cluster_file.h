/* What daemons and commands read first: slurm.conf, batchbox.conf, and from them whom to talk to. */
#pragma once
#include "conf/slurm_conf.h"
#include "core/util/err.h"
#include "proto/key.h"
#include "proto/session.h"

#include <stdbool.h>

struct cluster_file {
	struct slurm_conf conf;
	struct conf_batchbox *own;   /* batchbox.conf's settings (defaults when there is no file) */
	const char *path;            /* of slurm.conf, or NULL */
	const char *controller_addr; /* host or number to dial */
	uint16_t controller_port;
	struct session_audience controller;
};

/* Finds and reads the configuration (SLURM_CONF, path when not NULL, /etc/slurm/slurm.conf). All errors are
 * printed through log_error(), each with file and line; -1 then. */
int cluster_file_read(struct cluster_file *file, const char *path);
void cluster_file_free(struct cluster_file *file);
/* For daemons: unsafe parameters refuse the start (-1, each logged by name); harmless ones that are set are
 * said once. */
int cluster_file_check(const struct cluster_file *file);
/* batchbox.conf's [auth] key_file, else the first of /etc/batchbox/batchbox.key, /etc/munge/munge.key that
 * exists. The string is the file's. */
const char *cluster_file_key_path(const struct cluster_file *file, struct err *err);
/* Reads that file, which may be root's, the caller's own, SlurmUser's or munge's. NULL on error; the caller
 * frees it. */
struct key_master *cluster_file_read_key(const struct cluster_file *file, struct err *err);
/* uid and gid of SlurmUser (or of the caller in a single-user cluster). A missing user is an error with the
 * useradd line. */
int cluster_file_slurm_user(const struct cluster_file *file, uid_t *uid, gid_t *gid, struct err *err);
/* A cluster of one ordinary user: SlurmUser is the (not root) caller. */
bool cluster_file_single_user(const struct cluster_file *file);
/* Where ticket sockets are: /run/batchbox, or $BATCHBOX_RUN_DIR for a single-user cluster. */
const char *cluster_file_run_dir(const struct cluster_file *file);
