#include "applets/common/daemon_log.h"

#include "applets/common/daemon.h"
#include "core/util/arena.h"
#include "core/util/log_flags.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int level_of(const struct slurm_conf *conf, enum param which, enum log_level *level, struct err *err)
{
	const char *word = conf_str(conf, which);
	if (!word || log_level_parse(word, level))
		return 0;
	return err_set(err, ERR_CONFIG,
	               "%s=%s is not a level of the log: quiet, fatal, error, info, verbose, debug "
	               "or debug2 to debug5",
	               param_rows[which].name, word);
}

static enum log_level raised(enum log_level level, unsigned by)
{
	return by >= (unsigned)(LOG_LEVEL_DEBUG5 - level) ? LOG_LEVEL_DEBUG5 : (enum log_level)(level + by);
}

static enum log_level syslog_default(const struct daemon_log *log)
{
	if (log->foreground)
		return LOG_LEVEL_QUIET;
	return log->path || log->level == LOG_LEVEL_QUIET ? LOG_LEVEL_FATAL : log->level;
}

static void take_flags(const struct slurm_conf *conf)
{
	const char *bad, *words = getenv("SLURM_DEBUG_FLAGS");
	uint64_t flags = 0;
	size_t n;
	struct text silent = TEXT_EMPTY;
	if (!words)
		words = conf_str(conf, P_DebugFlags);
	else if (!log_flags_parse(words, &flags, &bad, &n))
		log_error("Invalid DebugFlag: %.*s (in SLURM_DEBUG_FLAGS)", (int)n, bad);
	if (!log_flags_parse(words, &flags, &bad, &n) || flags == log_flags())
		return;
	log_set_flags(flags);
	log_flags_print(log_flags_silent(flags), &silent);
	if (silent.len)
		log_info("DebugFlags under which nothing is said here: %s", silent.s);
	text_free(&silent);
}

int daemon_log_take(struct daemon_log *log, const struct slurm_conf *conf, struct err *err)
{
	enum log_level level = LOG_LEVEL_INFO, to_syslog = LOG_LEVEL_QUIET;
	if (level_of(conf, log->debug, &level, err) != 0 || level_of(conf, log->syslog, &to_syslog, err) != 0)
		return -1;
	if (!log->started || log->verbose == 0)
		log->level = raised(level, log->verbose);
	/* A word that isn't known counts as the default, as with Slurm. */
	if (!text_copy(log->time_format, sizeof(log->time_format), conf_str(conf, P_LogTimeFormat)) ||
	    !log_set_time_format(log->time_format)) {
		(void)text_copy(log->time_format, sizeof(log->time_format), "iso8601_ms");
		log_set_time_format(log->time_format);
	}
	if (!log->started)
		log_set_stderr_level(log->level);
	else
		log_change_level(log->level);
	log_set_syslog(NULL, conf_str(conf, log->syslog) ? to_syslog : syslog_default(log));
	take_flags(conf);
	log->started = true;
	return 0;
}

void daemon_log_again(struct daemon_log *log, const struct slurm_conf *conf)
{
	struct err err = {0};
	if (daemon_log_take(log, conf, &err) != 0)
		log_error("the log stays as it was: %s", err_text(&err));
}

int daemon_log_open(struct daemon_log *log, struct err *err)
{
	return log->path ? log_open_file(log->path, log->level, err) : 0;
}

int daemon_log_start(struct daemon_log *log, const char *path, const struct slurm_conf *conf, struct err *err)
{
	if (path) {
		log->path = daemon_absolute_path(path);
		if (daemon_parent(log->path, geteuid(), getegid(), err) != 0)
			return -1;
	}
	return daemon_log_take(log, conf, err) == 0 ? daemon_log_open(log, err) : -1;
}

void daemon_log_chdir(const struct daemon_log *log, const char *other)
{
	char *dir = xstrdup(log->path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	const char *places[3] = {NULL, other, "/var/tmp"};
	size_t i = 0;
	if (slash)
		slash[slash == dir] = '\0';
	places[0] = dir;
	while (i < 3 && (!places[i] || chdir(places[i]) != 0))
		i++;
	if (i == 3)
		log_error("cannot change the working directory to any of %s, %s, /var/tmp", dir ? dir : "-",
		          other);
	free(dir);
}

void daemon_log_set_level(struct daemon_log *log, enum log_level level)
{
	log->level = level;
	log_change_level(level);
}
