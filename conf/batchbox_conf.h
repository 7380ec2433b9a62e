/* batchbox.conf: our own settings, beside slurm.conf, an INI file; optional. Every setting is a row of the
 * table in batchbox_conf.c. */
#pragma once
#include "conf/server.h"
#include "conf/slurm_conf.h"

#define BATCHBOX_CONF "batchbox.conf"

struct conf_batchbox {
	struct arena arena;
	char *key_file;            /* [auth] key_file: NULL: searched for */
	struct conf_server server; /* [configless] server: where this host reaches the controller; host NULL:
	                            * where slurm.conf says */
	char *sackd_log, *sackd_pid; /* [sackd] log_file, pid_file: of a login node; NULL: see sackd(8) */
	uint32_t keep_days; /* [history] keep_days: jobs that ended longer ago leave the history; 0: none */
	char *unsafe; /* [accept] unsafe: comma list, without blanks, of unsafe parameters of slurm.conf and
	              the files beside it that the administrator accepts as not acted on */
};

/* Reads DIR/batchbox.conf, where DIR is slurm_conf_path's directory; a missing file leaves the defaults. -1:
 * errors has at least one. */
int batchbox_conf_read(struct conf_batchbox *own, const char *slurm_conf_path, struct conf_errors *errors);
int batchbox_conf_read_from(struct conf_batchbox *own, const struct conf_source *source,
                            struct conf_errors *errors);
void batchbox_conf_free(struct conf_batchbox *own);
