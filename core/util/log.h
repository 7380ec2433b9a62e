/* The log: Slurm's levels, one line an event, to stderr, a file, syslog or all of them.
 * Bytes of peers are escaped by the caller's %s through log_escape. Never a key, never a script. */
#pragma once
#include "core/util/err.h"

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_QUIET,
	LOG_LEVEL_FATAL,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_INFO,
	LOG_LEVEL_VERBOSE,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_DEBUG2,
	LOG_LEVEL_DEBUG3,
	LOG_LEVEL_DEBUG4,
	LOG_LEVEL_DEBUG5,
};

/* prefix: the program's name as it stands before messages on stderr ("slurmctld", "sbatch"). */
void log_init(const char *prefix, enum log_level stderr_level);
void log_set_stderr_level(enum log_level level);
enum log_level log_stderr_level(void);
/* A running daemon's: of stderr, of the file where there is one, and of syslog where that hears more than
 * fatal errors. */
void log_change_level(enum log_level level);
/* Opens (appending, 0600 for a new one) or reopens a log file; NULL closes it. */
int log_open_file(const char *path, enum log_level level, struct err *err);
void log_reopen(void); /* after a rotation */
int log_file_fd(void); /* -1: none */
/* Datagrams to that socket; NULL: /dev/log. What it doesn't take at once is lost. */
void log_set_syslog(const char *socket_path, enum log_level level);
/* How the file's lines begin: a word of LogTimeFormat; false when it is none. */
bool log_set_time_format(const char *word);
/* stderr is a terminal that doesn't go to the left by itself at the end of a line. */
void log_set_raw(bool raw);
/* "quiet" .. "debug5" or 0..9 -> level; false when it is neither. */
bool log_level_parse(const char *s, enum log_level *out);
const char *log_level_name(enum log_level level);

void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_verbose(...) log_write(LOG_LEVEL_VERBOSE, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_debug2(...)  log_write(LOG_LEVEL_DEBUG2, __VA_ARGS__)
#define log_debug3(...)  log_write(LOG_LEVEL_DEBUG3, __VA_ARGS__)
/* A peer's text made safe for a log line; the result lives in a ring of 8 buffers of this thread. */
const char *log_escape(const char *s);
/* True at most once in `seconds` for each key; *suppressed says how many were swallowed since. */
bool log_once_in(const char *key, unsigned seconds, unsigned *suppressed);
