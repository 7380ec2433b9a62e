/* Where a daemon's log goes and how much is said: the same rules for all of them (slurm.conf(5)).
 *
 *   the file     SlurmctldLogFile, SlurmdLogFile, [sackd] log_file of batchbox.conf, or -L
 *   stderr       of a daemon in the foreground; in the background until it serves
 *   syslog       as SlurmctldSyslogDebug, SlurmdSyslogDebug say. Else: nothing in the foreground; in the
 * background fatal errors, or, where there is no file, all */
#pragma once
#include "conf/slurm_conf.h"
#include "core/util/err.h"
#include "core/util/log.h"

#include <stdbool.h>

struct daemon_log {
	enum param debug, syslog; /* P_SlurmctldDebug, P_SlurmctldSyslogDebug ... */
	char *path;               /* of the file, malloc'ed and absolute, or NULL */
	char time_format[16];     /* LogTimeFormat's word */
	unsigned verbose;         /* how often -v was given: then the level stays what it was at the start */
	bool foreground;
	bool started;
	enum log_level level; /* in force */
};

/* Takes levels, DebugFlags and LogTimeFormat from the configuration, at the start and again. A wrong word is
 * an error that changes nothing. */
int daemon_log_take(struct daemon_log *log, const struct slurm_conf *conf, struct err *err);
/* The same for a running daemon: what is wrong is logged. */
void daemon_log_again(struct daemon_log *log, const struct slurm_conf *conf);
/* Opens the file, if there is one, at the level in force. */
int daemon_log_open(struct daemon_log *log, struct err *err);
/* All of that for a daemon that stays who it is: path NULL: no file; its directory is made where it is
 * missing.
 */
int daemon_log_start(struct daemon_log *log, const char *path, const struct slurm_conf *conf,
                     struct err *err);
/* The directory that -s names (slurmctld(8), slurmd(8)): the file's, else other, else /var/tmp. */
void daemon_log_chdir(const struct daemon_log *log, const char *other);
/* scontrol setdebug: until the configuration is taken again. */
void daemon_log_set_level(struct daemon_log *log, enum log_level level);
