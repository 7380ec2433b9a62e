#include "core/util/log.h"
#include "core/util/arena.h"
#include "core/util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* name: as SlurmctldDebug= and scontrol setdebug take it. tag: what stands before a message. */
static const struct {
	const char *name;
	const char *tag;
	int syslog_priority;
} levels[] = {
        [LOG_LEVEL_QUIET] = {"quiet", "", LOG_CRIT},
        [LOG_LEVEL_FATAL] = {"fatal", "fatal: ", LOG_CRIT},
        [LOG_LEVEL_ERROR] = {"error", "error: ", LOG_ERR},
        [LOG_LEVEL_INFO] = {"info", "", LOG_INFO},
        [LOG_LEVEL_VERBOSE] = {"verbose", "", LOG_INFO},
        [LOG_LEVEL_DEBUG] = {"debug", "debug:  ", LOG_DEBUG},
        [LOG_LEVEL_DEBUG2] = {"debug2", "debug2: ", LOG_DEBUG},
        [LOG_LEVEL_DEBUG3] = {"debug3", "debug3: ", LOG_DEBUG},
        [LOG_LEVEL_DEBUG4] = {"debug4", "debug4: ", LOG_DEBUG},
        [LOG_LEVEL_DEBUG5] = {"debug5", "debug5: ", LOG_DEBUG},
};
#define LEVEL_COUNT ((int)(sizeof(levels) / sizeof(levels[0])))

enum time_format {
	TIME_ISO8601,
	TIME_ISO8601_MS,
	TIME_RFC5424,
	TIME_RFC5424_MS,
	TIME_CLOCK,
	TIME_SHORT,
	TIME_THREAD_ID,
};
static const char *const time_formats[] = {
        [TIME_ISO8601] = "iso8601",       [TIME_ISO8601_MS] = "iso8601_ms", [TIME_RFC5424] = "rfc5424",
        [TIME_RFC5424_MS] = "rfc5424_ms", [TIME_CLOCK] = "clock",           [TIME_SHORT] = "short",
        [TIME_THREAD_ID] = "thread_id",
};

/* Levels are read without the lock, so that a message that nobody wants costs nothing. */
static struct {
	pthread_mutex_t lock;
	char prefix[64];
	_Atomic int stderr_level, file_level, syslog_level;
	char *path;
	int fd, syslog_fd;
	char syslog_path[108];
	int time_format;
	bool raw;
} log_state = {
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .stderr_level = LOG_LEVEL_INFO,
        .fd = -1,
        .syslog_fd = -1,
        .time_format = TIME_ISO8601_MS,
};

void log_init(const char *prefix, enum log_level stderr_level)
{
	pthread_mutex_lock(&log_state.lock);
	(void)text_copy(log_state.prefix, sizeof(log_state.prefix), prefix);
	log_state.stderr_level = (int)stderr_level;
	pthread_mutex_unlock(&log_state.lock);
}

void log_set_stderr_level(enum log_level level)
{
	log_state.stderr_level = (int)level;
}

enum log_level log_stderr_level(void)
{
	return (enum log_level)log_state.stderr_level;
}

void log_change_level(enum log_level level)
{
	log_state.stderr_level = (int)level;
	if (log_state.fd >= 0)
		log_state.file_level = (int)level;
	if (log_state.syslog_level > LOG_LEVEL_FATAL)
		log_state.syslog_level = (int)level;
}

void log_set_syslog(const char *socket_path, enum log_level level)
{
	pthread_mutex_lock(&log_state.lock);
	(void)text_copy(log_state.syslog_path, sizeof(log_state.syslog_path),
	                socket_path ? socket_path : "/dev/log");
	if (log_state.syslog_fd >= 0)
		(void)close(log_state.syslog_fd);
	log_state.syslog_fd = -1;
	log_state.syslog_level = (int)level;
	pthread_mutex_unlock(&log_state.lock);
}

bool log_set_time_format(const char *word)
{
	for (size_t i = 0; i < sizeof(time_formats) / sizeof(time_formats[0]); i++)
		if (text_eq_nocase(word, time_formats[i])) {
			log_state.time_format = (int)i;
			return true;
		}
	return false;
}

/* ---- the file ---- */

static int open_append(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return err_sys(err, errno, "can't open the log file %s", path);
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return err_set(err, ERR_INVALID, "the log file %s is a directory", path);
	}
	return fd;
}

/* Under the lock. */
static void replace_fd(int fd)
{
	if (log_state.fd >= 0)
		(void)close(log_state.fd);
	log_state.fd = fd;
}

int log_open_file(const char *path, enum log_level level, struct err *err)
{
	int fd = path ? open_append(path, err) : -1;
	if (path && fd < 0)
		return -1;
	char *copy = xstrdup(path);
	pthread_mutex_lock(&log_state.lock);
	replace_fd(fd);
	free(log_state.path);
	log_state.path = copy;
	log_state.file_level = path ? (int)level : LOG_LEVEL_QUIET;
	pthread_mutex_unlock(&log_state.lock);
	return 0;
}

void log_reopen(void)
{
	struct err err = {0};
	bool failed = false;
	pthread_mutex_lock(&log_state.lock);
	if (log_state.path) {
		/* The old file is better than none. */
		int fd = open_append(log_state.path, &err);
		failed = fd < 0;
		if (!failed)
			replace_fd(fd);
	}
	pthread_mutex_unlock(&log_state.lock);
	if (failed)
		log_error("%s", err_text(&err));
}

int log_file_fd(void)
{
	pthread_mutex_lock(&log_state.lock);
	int fd = log_state.fd;
	pthread_mutex_unlock(&log_state.lock);
	return fd;
}

/* ---- levels by name ---- */

bool log_level_parse(const char *s, enum log_level *out)
{
	uint32_t number;
	if (text_to_u32(s, &number)) {
		if (number >= (uint32_t)LEVEL_COUNT)
			return false;
		*out = (enum log_level)number;
		return true;
	}
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (text_eq_nocase(s, levels[i].name)) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

const char *log_level_name(enum log_level level)
{
	return (int)level >= 0 && (int)level < LEVEL_COUNT ? levels[level].name : "unknown";
}

/* ---- writing ---- */

/* One write for a line, so that lines of several processes don't mix. What a full disk or a closed terminal
 * doesn't take is lost: there is nowhere to say it. */
static void write_line(int fd, const struct text *line)
{
	for (size_t at = 0; at < line->len;) {
		ssize_t n = write(fd, line->s + at, line->len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

/* Control bytes never reach a terminal or a file; UTF-8 does. In a file an event is one line; on a terminal a
 * message may have several. */
static void add_printable(struct text *out, const char *s, bool newlines)
{
	const char *end = newlines && log_state.raw ? "\r\n" : "\n";
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '\n' && newlines)
			text_add(out, end);
		else if ((c < ' ' && c != '\t') || c == 0x7f)
			text_add_escaped(out, s, 1);
		else
			text_add_char(out, *s);
	}
	text_add(out, end);
}

void log_set_raw(bool raw)
{
	pthread_mutex_lock(&log_state.lock);
	log_state.raw = raw;
	pthread_mutex_unlock(&log_state.lock);
}

/* As the real one's lines begin. */
static void add_timestamp(struct text *out)
{
	struct timespec now;
	struct tm tm;
	char day[32] = "", zone[16] = "", name[16] = "";
	clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &tm))
		memset(&tm, 0, sizeof(tm));
	int format = log_state.time_format, ms = (int)(now.tv_nsec / 1000000);
	bool is_short = format == TIME_SHORT || format == TIME_THREAD_ID,
	     has_ms = format == TIME_ISO8601_MS || format == TIME_RFC5424_MS;
	if (format == TIME_CLOCK) {
		text_printf(out, "[%lld] ", (long long)clock());
		return;
	}
	(void)strftime(day, sizeof(day), is_short ? "%b %d %T" : "%Y-%m-%dT%T", &tm);
	text_printf(out, "[%s", day);
	if (has_ms)
		text_printf(out, ".%03d", ms);
	if (format == TIME_RFC5424 || format == TIME_RFC5424_MS) {
		(void)strftime(zone, sizeof(zone), "%z", &tm); /* +hhmm */
		text_printf(out, "%.3s:%s", zone, strlen(zone) == 5 ? zone + 3 : "00");
	}
	if (format == TIME_THREAD_ID) {
		(void)pthread_getname_np(pthread_self(), name, sizeof(name));
		text_printf(out, ".%06d %5d %-12s %p", (int)(now.tv_nsec / 1000), (int)getpid(), name,
		            (void *)pthread_self());
	}
	text_add(out, "] ");
}

/* Our own datagrams: syslog() waits for a daemon that is stuck, and the log would wait with it. */
static void write_syslog(int priority, const char *tag, const char *message)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct text line = TEXT_EMPTY;
	char when[32] = "";
	struct tm tm;
	time_t now = time(NULL);
	if (localtime_r(&now, &tm))
		(void)strftime(when, sizeof(when), "%b %e %T", &tm);
	(void)text_copy(to.sun_path, sizeof(to.sun_path), log_state.syslog_path);
	text_printf(&line, "<%d>%s %s[%d]: %s", LOG_DAEMON | priority, when, log_state.prefix, (int)getpid(),
	            tag);
	add_printable(&line, message, false);
	if (log_state.syslog_fd < 0)
		log_state.syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log_state.syslog_fd >= 0) /* without the newline */
		(void)sendto(log_state.syslog_fd, line.s, line.len - 1, MSG_NOSIGNAL,
		             (const struct sockaddr *)(const void *)&to, sizeof(to));
	text_free(&line);
}

/* Under the lock. */
static void write_everywhere(int level, const char *message)
{
	struct text line = TEXT_EMPTY;
	if (level <= log_state.stderr_level) {
		if (log_state.prefix[0])
			text_printf(&line, "%s: ", log_state.prefix);
		text_add(&line, levels[level].tag);
		add_printable(&line, message, true);
		write_line(STDERR_FILENO, &line);
	}
	if (log_state.fd >= 0 && level <= log_state.file_level) {
		text_clear(&line);
		add_timestamp(&line);
		text_add(&line, levels[level].tag);
		add_printable(&line, message, false);
		write_line(log_state.fd, &line);
	}
	if (level <= log_state.syslog_level)
		write_syslog(levels[level].syslog_priority, levels[level].tag, message);
	text_free(&line);
}

static bool wanted(int level)
{
	return level > LOG_LEVEL_QUIET && level < LEVEL_COUNT &&
	       (level <= log_state.stderr_level || level <= log_state.file_level ||
	        level <= log_state.syslog_level);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	if (!wanted((int)level))
		return;
	int saved_errno = errno;
	struct text message = TEXT_EMPTY;
	va_list ap;
	va_start(ap, fmt);
	text_vprintf(&message, fmt, ap);
	va_end(ap);
	while (message.len && message.s[message.len - 1] == '\n')
		message.s[--message.len] = '\0';

	pthread_mutex_lock(&log_state.lock);
	write_everywhere((int)level, text_str(&message));
	pthread_mutex_unlock(&log_state.lock);
	text_free(&message);
	errno = saved_errno;
}

/* ---- peers' bytes ---- */

#define ESCAPE_RING 8u
#define ESCAPE_SIZE 512u /* longer results are cut, with "..." */

const char *log_escape(const char *s)
{
	static _Thread_local char ring[ESCAPE_RING][ESCAPE_SIZE];
	static _Thread_local unsigned turn;
	static const char cut[] = "...";
	if (!s)
		return "(null)";
	char *out = ring[turn++ % ESCAPE_RING];
	const size_t room = ESCAPE_SIZE - sizeof(cut);
	size_t n = 0;
	for (; *s; s++) {
		char escaped[4];
		size_t more = text_escape_byte(*s, escaped);
		if (n + more > room) {
			memcpy(out + n, cut, sizeof(cut));
			return out;
		}
		memcpy(out + n, escaped, more);
		n += more;
	}
	out[n] = '\0';
	return out;
}

/* ---- once in a while ---- */

#define ONCE_SLOTS 256u /* when more keys are in use, the one that spoke longest ago is forgotten */
#define ONCE_KEY   64u  /* keys are told apart by their first bytes */

struct once {
	char key[ONCE_KEY];
	int64_t said_s;
	unsigned suppressed;
	bool used;
};

static struct once *once_find(struct once *slots, const char *key)
{
	struct once *oldest = &slots[0];
	for (size_t i = 0; i < ONCE_SLOTS; i++) {
		if (slots[i].used && strncmp(slots[i].key, key, ONCE_KEY - 1) == 0)
			return &slots[i];
		if (!slots[i].used)
			oldest = oldest->used ? &slots[i] : oldest;
		else if (oldest->used && slots[i].said_s < oldest->said_s)
			oldest = &slots[i];
	}
	oldest->used = false;
	return oldest;
}

bool log_once_in(const char *key, unsigned seconds, unsigned *suppressed)
{
	static struct once slots[ONCE_SLOTS];
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);

	pthread_mutex_lock(&log_state.lock);
	struct once *o = once_find(slots, key);
	bool say = !o->used || now.tv_sec - o->said_s >= (int64_t)seconds;
	*suppressed = 0;
	if (!say) {
		o->suppressed++;
	} else {
		*suppressed = o->used ? o->suppressed : 0;
		(void)text_copy(o->key, sizeof(o->key), key);
		o->used = true;
		o->said_s = now.tv_sec;
		o->suppressed = 0;
	}
	pthread_mutex_unlock(&log_state.lock);
	return say;
}
