#include "applets/client/option_parsers.h"

#include "applets/client/complain.h"
#include "applets/client/mpi.h"
#include "applets/client/signals.h"
#include "applets/common/rlimits.h"
#include "applets/common/users.h"
#include "conf/size.h"
#include "conf/time.h"
#include "core/util/log.h"
#include "proto/loop.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX         60
#define SIGNAL_TIME_MAX     65535
#define SIGNAL_TIME_DEFAULT 60
#define DELAY_BOOT_MAX_S    UINT32_MAX

int option_bad(const struct option_row *row, struct err *err)
{
	return err_set(err, ERR_INVALID, "Invalid --%s specification", row->name);
}

int option_bad_number(const struct option_row *row, const char *value, struct err *err)
{
	return err_set(err, ERR_LIMIT, "Invalid numeric value \"%s\" for --%s.", value ? value : "",
	               row->name);
}

int option_fatal(struct submit *s, const char *fmt, ...)
{
	struct text words = TEXT_EMPTY;
	va_list ap;
	va_start(ap, fmt);
	text_vprintf(&words, fmt, ap);
	va_end(ap);
	log_write(LOG_LEVEL_FATAL, "%s", text_str(&words));
	text_free(&words);
	return submit_over(s, 1);
}

int option_word(const char *const *words, const char *word, size_t n)
{
	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == n && strncasecmp(words[i], word, n) == 0)
			return i;
	return -1;
}

/* ---- generic ---- */

PARSER(str)
{
	(void)err;
	*OPTION_AT(char *) = arena_strdup(&s->arena, value);
	return 0;
}

/* A comma in a constraint is an &, and is shown so. */
PARSER(constraint)
{
	(void)err;
	char *text = arena_strdup(&s->arena, value);
	for (char *p = text; (p = strchr(p, ','));)
		*p = '&';
	*OPTION_AT(char *) = text;
	return 0;
}

PARSER(u32)
{
	return text_to_u32(value, OPTION_AT(uint32_t)) ? 0 : option_bad_number(row, value, err);
}

PARSER(positive)
{
	uint32_t n;
	if (!text_to_u32(value, &n) || n == 0)
		return option_bad_number(row, value, err);
	*OPTION_AT(uint32_t) = n;
	return 0;
}

PARSER(flag)
{
	(void)err, (void)value;
	*OPTION_AT(bool) = true;
	return 0;
}

PARSER(time)
{
	return time_parse_minutes(value, OPTION_AT(uint32_t)) ? 0 : option_bad(row, err);
}

/* A file of a batch job: "none" is /dev/null; of a step it is a word of its own. */
PARSER(file)
{
	(void)err;
	bool none = s->command == SUBMIT_SBATCH && text_eq_nocase(value, "none");
	*OPTION_AT(char *) = arena_strdup(&s->arena, none ? "/dev/null" : value);
	return 0;
}

PARSER(unsupported)
{
	(void)s, (void)value;
	return err_set(err, ERR_NOT_SUPPORTED, "--%s is not supported by batchbox: %s", row->name,
	               row->reason);
}

PARSER(help)
{
	OPTION_UNUSED;
	return 0;
}

PARSER(version)
{
	OPTION_UNUSED;
	return 0;
}

/* -v counts up; SLURM_DEBUG and its like say how far. */
PARSER(verbose)
{
	(void)row, (void)err;
	if (value)
		s->verbose = (unsigned)strtoul(value, NULL, 10);
	else
		s->verbose++;
	return 0;
}

/* ---- when ---- */

static int when(const struct option_row *row, const char *value, int64_t *out, struct err *err)
{
	if (complain_when(value, false, out))
		return 0;
	return option_bad(row, err);
}

PARSER(begin)
{
	return when(row, value, &s->spec.begin_time, err);
}

/* sbatch(1), --deadline: without a limit the job needs a minute at least. */
PARSER(deadline)
{
	return when(row, value, &s->spec.deadline, err);
}

PARSER(delay_boot)
{
	int64_t seconds;
	if (!time_parse_limit(value, &seconds) || seconds < 0 || seconds > DELAY_BOOT_MAX_S)
		return option_bad(row, err);
	s->spec.delay_boot_s = (uint32_t)seconds;
	return 0;
}

/* ---- one option each ---- */

PARSER(chdir)
{
	(void)row, (void)err;
	s->spec.work_dir = arena_strdup(&s->arena, value);
	s->chdir_set = true;
	return 0;
}

PARSER(threads)
{
	uint32_t n;
	(void)s;
	if (!text_to_u32(value, &n) || n == 0)
		return option_bad_number(row, value, err);
	if (n > THREADS_MAX)
		log_error("Thread value --threads=%" PRIu32 " exceeds recommended limit of %d", n,
		          THREADS_MAX);
	return 0;
}

/* The last one said counts. */
static void share_anew(struct submit *s)
{
	s->spec.exclusive = s->spec.exclusive_user = s->spec.exclusive_mcs = s->spec.oversubscribe = false;
}

PARSER(exclusive)
{
	const bool plain = !value || !*value || text_eq_nocase(value, "exclusive");
	if (!plain && !text_eq_nocase(value, "user") && !text_eq_nocase(value, "mcs"))
		return option_bad(row, err);
	share_anew(s);
	s->spec.exclusive = s->exclusive_step = plain;
	s->spec.exclusive_user = !plain && text_eq_nocase(value, "user");
	s->spec.exclusive_mcs = !plain && !s->spec.exclusive_user;
	return 0;
}

PARSER(oversubscribe)
{
	OPTION_UNUSED;
	share_anew(s);
	s->spec.oversubscribe = true;
	s->exclusive_step = false;
	return 0;
}

PARSER(uid)
{
	uid_t uid;
	if (geteuid() != 0)
		return err_set(err, ERR_INVALID, "--%s only permitted by root user", row->name);
	if (user_parse(value, &uid) != 0)
		return option_bad(row, err);
	*OPTION_AT(uint32_t) = uid;
	return 0;
}

PARSER(gid)
{
	gid_t gid;
	if (geteuid() != 0)
		return err_set(err, ERR_INVALID, "--%s only permitted by root user", row->name);
	if (group_by_name(value, &gid) != 0)
		return option_bad(row, err);
	*OPTION_AT(uint32_t) = gid;
	return 0;
}

PARSER(immediate)
{
	s->spec.immediate = true;
	s->immediate_s = 5;
	(void)row;
	if (!value || !*value || text_to_u32(value, &s->immediate_s))
		return 0;
	return err_set(err, ERR_LIMIT, "Invalid numeric value \"%s\" for immediate.", value);
}

PARSER(kill_bad_exit)
{
	uint32_t yes = 1;
	if (value && *value && !text_to_u32(value, &yes))
		return option_bad_number(row, value, err);
	s->kill_set = true;
	s->kill_on_bad_exit = yes != 0;
	return 0;
}

PARSER(kill_command)
{
	s->kill_command = value && *value ? signal_parse(value) : SIGTERM;
	return s->kill_command > 0 ? 0 : option_bad(row, err);
}

PARSER(mpi)
{
	(void)row, (void)err;
	if (text_eq(value, "list")) {
		mpi_list(stdout);
		return submit_over(s, 0);
	}
	s->mpi = arena_strdup(&s->arena, value);
	return 0;
}

/* What is no number counts as 0, as with the real ones. */
PARSER(nice)
{
	long long v = value && *value ? strtoll(value, NULL, 10) : 100;
	(void)row;
	if (v > CORE_NICE_MAX || v < -CORE_NICE_MAX)
		return err_set(err, ERR_INVALID, "Invalid --nice value, out of range (+/- %d)",
		               CORE_NICE_MAX);
	s->spec.nice = (int32_t)v;
	return 0;
}

PARSER(priority)
{
	(void)row;
	if (text_eq_nocase(value, "TOP")) {
		s->spec.priority = CORE_NO_VAL - 1;
		return 0;
	}
	long long v = strtoll(value, NULL, 10);
	if (v < 0)
		return err_set(err, ERR_INVALID, "Priority must be >= 0");
	if (v >= CORE_NO_VAL)
		return err_set(err, ERR_INVALID, "Priority must be < %" PRIu32, CORE_NO_VAL);
	s->spec.priority = (uint32_t)v;
	return 0;
}

PARSER(no_kill)
{
	if (value && *value && !text_eq_nocase(value, "off"))
		return option_bad(row, err);
	s->spec.no_kill = !value || !*value;
	return 0;
}

PARSER(yes_no)
{
	bool yes = text_eq_nocase(value, "yes");
	if (!yes && !text_eq_nocase(value, "no"))
		return option_bad(row, err);
	*OPTION_AT(uint32_t) = yes;
	return 0;
}

PARSER(no_requeue)
{
	OPTION_UNUSED;
	s->spec.requeue = false;
	s->spec.requeue_set = true;
	return 0;
}

PARSER(requeue)
{
	OPTION_UNUSED;
	s->spec.requeue = true;
	s->spec.requeue_set = true;
	return 0;
}

PARSER(open_mode)
{
	if (*value == 'a' || *value == 'A')
		s->spec.open_mode = 1;
	else if (*value == 't' || *value == 'T')
		s->spec.open_mode = 2;
	else
		return option_bad(row, err);
	return 0;
}

PARSER(propagate)
{
	const char *word = "";
	size_t n = 0;
	if (!rlimits_valid(value, &word, &n)) {
		log_error("Bad rlimit name: %.*s", (int)n, word);
		return err_set(err, ERR_LIMIT, "--%s=%s is not valid.", row->name, value);
	}
	s->propagate = arena_strdup(&s->arena, value && *value ? value : "ALL");
	return 0;
}

/* [R|B:]SIGNAL[@SECONDS] */
PARSER(signal)
{
	const char *p = value;
	size_t flags = strspn(p, "RBrb");
	if (flags && p[flags] == ':')
		p += flags + 1;
	p += strspn(p, " ");
	const char *at = strchr(p, '@');
	char *word = arena_strndup(&s->arena, p, at ? (size_t)(at - p) : strlen(p));
	uint32_t seconds = SIGNAL_TIME_DEFAULT;
	int number = signal_parse(word);
	if (number <= 0 || (at && at[1] && (!text_to_u32(at + 1, &seconds) || seconds > SIGNAL_TIME_MAX)))
		return option_bad(row, err);
	s->spec.warn_signal = (uint32_t)number;
	s->spec.warn_time_s = seconds;
	s->spec.warn_batch = memchr(value, 'B', flags) || memchr(value, 'b', flags);
	return 0;
}

/* [TIMEOUT][MODE] */
PARSER(get_user_env)
{
	const char *p = value ? value : "";
	uint32_t seconds;
	if (isdigit((unsigned char)*p) && !text_read_u32(&p, &seconds))
		return option_bad(row, err);
	if (*p && (!strchr("SsLl", *p) || p[1]))
		return option_bad(row, err);
	*OPTION_AT(bool) = true;
	return 0;
}

PARSER(wait_all_nodes)
{
	uint32_t n;
	(void)s;
	if (!text_to_u32(value, &n))
		return option_bad_number(row, value, err);
	return n <= 1 ? 0 : option_bad(row, err);
}

PARSER(clusters)
{
	(void)row, (void)err;
	if (!text_eq_nocase(value, "all"))
		return submit_over(s, complain_clusters(value, "--cluster"));
	log_error("Problem talking to database");
	log_error("No clusters can be reached now. Contact your admin to resolve the problem.");
	return submit_over(s, 1);
}

PARSER(reboot)
{
	(void)value;
	if (geteuid() == 0)
		return err_set(err, ERR_NOT_SUPPORTED,
		               "--%s is not supported by batchbox: nodes are not booted for jobs", row->name);
	log_error("rebooting of nodes is only allowed for admins");
	return err_set(err, ERR_ACCESS_DENIED, "%s: Access/permission denied", submit_failure(s));
}

/* ---- -v ---- */

#define MEMBER ((const void *)((const char *)s + row->offset))

static void print_limit(struct text *out, uint32_t minutes)
{
	if (minutes == CORE_INFINITE)
		text_add(out, "UNLIMITED");
	else
		time_print_hms(out, (int64_t)minutes * 60);
}

void option_print(const struct submit *s, const struct option_row *row, struct text *out)
{
	const char *given = s->given[option_row_number(row)];
	if (row->parse == option_verbose)
		text_printf(out, "%u", s->verbose);
	else if (row->parse == option_time)
		print_limit(out, *(const uint32_t *)MEMBER);
	else if (row->parse == option_mem && !given)
		size_print_mib(out, *(const uint64_t *)MEMBER);
	else if (row->parse == option_begin)
		time_print_stamp(out, s->spec.begin_time);
	else if (row->parse == option_deadline)
		time_print_stamp(out, s->spec.deadline);
	else if (row->parse == option_nice)
		text_printf(out, "%" PRId32, s->spec.nice);
	else if (row->parse == option_exclusive)
		text_add(out, "exclusive");
	else if (row->parse == option_file)
		submit_print_file(s, *(char *const *)MEMBER, out);
	else if (row->argument == 0 || !given)
		text_add(out, "set");
	else
		text_add(out, given);
}
