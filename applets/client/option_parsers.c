#include "applets/client/option_parsers.h"
#include "applets/client/complain.h"

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

#define THREADS_MAX 60
#define UNUSED      (void)s, (void)row, (void)value, (void)err
#define AT(type)    ((type *)(void *)((char *)s + row->offset))

static int bad(const struct option_row *row, struct err *err)
{
	return err_set(err, ERR_INVALID, "Invalid --%s specification", row->name);
}

static int bad_number(const struct option_row *row, const char *value, struct err *err)
{
	return err_set(err, ERR_LIMIT, "Invalid numeric value \"%s\" for --%s.", value ? value : "",
	               row->name);
}

/* ---- generic ---- */

PARSER(str)
{
	(void)err;
	/* "--comment=" takes a value back. */
	*AT(char *) = *value ? arena_strdup(&s->arena, value) : NULL;
	return 0;
}

PARSER(u32)
{
	return text_to_u32(value, AT(uint32_t)) ? 0 : bad_number(row, value, err);
}

PARSER(flag)
{
	(void)err;
	*AT(bool) = !value || strcmp(value, "0") != 0;
	return 0;
}

PARSER(time)
{
	return time_parse_minutes(value, AT(uint32_t)) ? 0 : bad(row, err);
}

PARSER(mem)
{
	return size_parse_mib(value, AT(uint64_t)) ? 0 : bad(row, err);
}

PARSER(unsupported)
{
	UNUSED;
	return err_set(err, ERR_NOT_SUPPORTED, "--%s is not supported by batchbox", row->name);
}

PARSER(help)
{
	UNUSED;
	return 0;
}

PARSER(version)
{
	UNUSED;
	return 0;
}

PARSER(verbose)
{
	UNUSED;
	s->verbose++;
	return 0;
}

/* ---- one option each ---- */

PARSER(begin)
{
	return complain_when(value, false, &s->spec.begin_time) ? 0 : bad(row, err);
}

PARSER(chdir)
{
	(void)row, (void)err;
	s->spec.work_dir = arena_strdup(&s->arena, value);
	s->chdir_set = true;
	return 0;
}

PARSER(cpus_per_task)
{
	if (!text_to_u32(value, &s->spec.cpus_per_task) || s->spec.cpus_per_task == 0)
		return bad_number(row, value, err);
	s->spec.cpus_per_task_set = s->cpus_per_task_set = true;
	return 0;
}

/* Of sockets and cores, which matter only where tasks are bound to CPUs. */
static bool is_inner_level(const char *word)
{
	return strcmp(word, "*") == 0 || strcmp(word, "block") == 0 || strcmp(word, "cyclic") == 0 ||
	       strcmp(word, "fcyclic") == 0;
}

/* Of nodes: the first level. */
static bool node_level(struct submit *s, const char *word)
{
	if (strcmp(word, "block") == 0 || strcmp(word, "*") == 0)
		s->dist = DIST_BLOCK;
	else if (strcmp(word, "cyclic") == 0)
		s->dist = DIST_CYCLIC;
	else if (strcmp(word, "plane") == 0)
		s->dist = DIST_PLANE;
	else
		return false;
	return true;
}

static int plane(struct submit *s, const struct option_row *row, const char *size, struct err *err)
{
	if (!size)
		size = getenv("SLURM_DIST_PLANESIZE");
	s->dist_words = arena_strdup(&s->arena, "plane");
	if (size && text_to_u32(size, &s->plane_size) && s->plane_size > 0)
		return 0;
	log_error("Invalid plane size or size not specified");
	return bad(row, err);
}

PARSER(distribution)
{
	char *words = arena_strdup(&s->arena, value), *rest = words;
	for (char *c = words; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (strchr(words, ',') || strcmp(words, "arbitrary") == 0)
		return err_set(err, ERR_NOT_SUPPORTED, "--%s=%s is not supported by batchbox", row->name,
		               value);
	char *size = strchr(words, '=');
	if (size)
		*size++ = '\0';
	const char *nodes = text_split(&rest, ':');
	if (!node_level(s, nodes) || (s->dist == DIST_PLANE ? rest != NULL : size != NULL))
		return bad(row, err);
	if (s->dist == DIST_PLANE)
		return plane(s, row, size, err);
	const char *shown = s->dist == DIST_BLOCK ? "block" : "cyclic";
	s->dist_words = rest ? arena_printf(&s->arena, "%s:%s", shown, rest) : arena_strdup(&s->arena, shown);
	for (unsigned level = 0; rest; level++)
		if (!is_inner_level(text_split(&rest, ':')) || level > 1)
			return bad(row, err);
	return 0;
}

PARSER(threads)
{
	uint32_t n;
	(void)s;
	if (!text_to_u32(value, &n) || n == 0)
		return bad_number(row, value, err);
	if (n > THREADS_MAX)
		log_error("Thread value --threads=%" PRIu32 " exceeds recommended limit of %d", n,
		          THREADS_MAX);
	return 0;
}

PARSER(exclusive)
{
	if (value && *value && !text_eq_nocase(value, "exclusive"))
		return err_set(err, ERR_NOT_SUPPORTED, "--%s=%s is not supported by batchbox", row->name,
		               value);
	s->spec.exclusive = s->exclusive_step = true;
	return 0;
}

PARSER(uid)
{
	uid_t uid;
	if (geteuid() != 0)
		return err_set(err, ERR_INVALID, "--%s only permitted by root user", row->name);
	if (user_parse(value, &uid) != 0)
		return bad(row, err);
	*AT(uint32_t) = uid;
	return 0;
}

PARSER(gid)
{
	gid_t gid;
	if (geteuid() != 0)
		return err_set(err, ERR_INVALID, "--%s only permitted by root user", row->name);
	if (group_by_name(value, &gid) != 0)
		return bad(row, err);
	*AT(uint32_t) = gid;
	return 0;
}

PARSER(hold)
{
	UNUSED;
	s->spec.priority = 0;
	return 0;
}

PARSER(immediate)
{
	s->spec.immediate = true;
	s->immediate_s = 5;
	return !value || text_to_u32(value, &s->immediate_s) ? 0 : bad_number(row, value, err);
}

PARSER(kill_bad_exit)
{
	(void)row, (void)err;
	s->kill_set = true;
	s->kill_on_bad_exit = !value || strcmp(value, "0") != 0;
	return 0;
}

PARSER(mpi)
{
	(void)s, (void)row;
	if (text_eq_nocase(value, "none"))
		return 0;
	if (text_eq_nocase(value, "list")) {
		fputs("MPI plugin types are...\n\tnone\n", stdout);
		return submit_over(s, 0);
	}
	return err_set(err, ERR_NOT_SUPPORTED, "--mpi=%s is not supported by batchbox: only none is", value);
}

PARSER(nice)
{
	int64_t v = 100;
	if (value && (!text_to_i64(value, &v) || v > INT32_MAX || v < INT32_MIN))
		return bad(row, err);
	if (v < 0 && geteuid() != 0)
		v = 0; /* as the real one: only root may raise a priority */
	s->spec.nice = (int32_t)v;
	return 0;
}

PARSER(no_kill)
{
	(void)row, (void)err;
	s->spec.no_kill = !value || !text_eq_nocase(value, "off");
	return 0;
}

PARSER(yes_no)
{
	bool yes = text_eq_nocase(value, "yes");
	if (!yes && !text_eq_nocase(value, "no"))
		return bad(row, err);
	*AT(uint32_t) = yes;
	return 0;
}

PARSER(no_requeue)
{
	UNUSED;
	s->spec.requeue = false;
	s->spec.requeue_set = true;
	return 0;
}

PARSER(requeue)
{
	UNUSED;
	s->spec.requeue = true;
	s->spec.requeue_set = true;
	return 0;
}

/* "3", "2-4", with k for 1024 */
static bool node_number(const char **p, uint32_t *out)
{
	uint32_t n;
	if (!text_read_u32(p, &n))
		return false;
	uint64_t v = n;
	if (**p == 'k' || **p == 'K') {
		v *= 1024;
		(*p)++;
	}
	*out = (uint32_t)v;
	return v < CORE_NO_VAL;
}

PARSER(nodes)
{
	const char *p = value;
	uint32_t min = 0, max = 0;
	(void)row;
	bool ok = node_number(&p, &min);
	max = min;
	if (ok && *p == '-') {
		p++;
		ok = node_number(&p, &max);
	}
	if (!ok || *p)
		return err_set(err, ERR_INVALID, "\"%s\" is not a valid node count", value);
	if (min == 0 || max < min)
		return err_set(err, ERR_INVALID, "invalid number of nodes (-N %u-%u)", min, max);
	s->spec.nodes_min = min;
	s->spec.nodes_max = max;
	s->nodes_set = true;
	return 0;
}

PARSER(ntasks)
{
	if (!text_to_u32(value, &s->spec.tasks) || s->spec.tasks == 0)
		return bad_number(row, value, err);
	s->spec.tasks_set = true;
	return 0;
}

PARSER(ntasks_per_node)
{
	return text_to_u32(value, &s->spec.tasks_per_node) && s->spec.tasks_per_node > 0
	               ? 0
	               : bad_number(row, value, err);
}

PARSER(open_mode)
{
	if (*value == 'a' || *value == 'A')
		s->spec.open_mode = 1;
	else if (*value == 't' || *value == 'T')
		s->spec.open_mode = 2;
	else
		return bad(row, err);
	return 0;
}

PARSER(priority)
{
	uint32_t v;
	if (text_eq_nocase(value, "TOP"))
		v = CORE_NO_VAL - 1;
	else if (!text_to_u32(value, &v) || v >= CORE_NO_VAL)
		return bad_number(row, value, err);
	s->spec.priority = v;
	return 0;
}

PARSER(tmp)
{
	uint64_t mib;
	if (!size_parse_mib(value, &mib) || mib > UINT32_MAX)
		return bad(row, err);
	s->spec.min_tmp_disk = (uint32_t)mib;
	return 0;
}

PARSER(gres)
{
	(void)s;
	return text_eq_nocase(value, "none") || !*value ? 0 : option_unsupported(s, row, value, err);
}

PARSER(mail_type)
{
	(void)s;
	return text_eq_nocase(value, "none") || !*value ? 0 : option_unsupported(s, row, value, err);
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

PARSER(signal)
{
	/* A bad one is told as such, a good one as what it is. */
	const char *at = strrchr(value, '@'), *p = value;
	uint32_t seconds = 0;
	if ((*p == 'R' || *p == 'B' || *p == 'r' || *p == 'b') && p[1] == ':')
		p += 2;
	if (at && !text_to_u32(at + 1, &seconds))
		return bad(row, err);
	bool number = *p >= '0' && *p <= '9';
	static const char *const names[] = {"HUP",  "INT", "QUIT", "ABRT", "KILL", "ALRM", "TERM", "USR1",
	                                    "USR2", "URG", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "XCPU"};
	size_t n = at ? (size_t)(at - p) : strlen(p);
	bool known = number;
	if (n > 3 && strncasecmp(p, "SIG", 3) == 0) {
		p += 3;
		n -= 3;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		known = known || (strlen(names[i]) == n && strncasecmp(p, names[i], n) == 0);
	return known ? option_unsupported(s, row, value, err) : bad(row, err);
}

/* ---- -v ---- */

#define MEMBER ((const void *)((const char *)s + row->offset))

static const char *text_or(const char *s)
{
	return s ? s : "";
}

void option_print(const struct submit *s, const struct option_row *row, struct text *out)
{
	if (row->parse == option_str || row->parse == option_chdir)
		text_add(out,
		         text_or(row->parse == option_chdir ? s->spec.work_dir : *(char *const *)MEMBER));
	else if (row->parse == option_u32)
		text_printf(out, "%" PRIu32, *(const uint32_t *)MEMBER);
	else if (row->parse == option_verbose)
		text_printf(out, "%u", s->verbose);
	else if (row->parse == option_nodes)
		text_printf(out, s->spec.nodes_max > s->spec.nodes_min ? "%u-%u" : "%u", s->spec.nodes_min,
		            s->spec.nodes_max);
	else if (row->parse == option_ntasks)
		text_printf(out, "%" PRIu32, s->spec.tasks);
	else if (row->parse == option_cpus_per_task)
		text_printf(out, "%" PRIu32, s->spec.cpus_per_task);
	else if (row->parse == option_ntasks_per_node)
		text_printf(out, "%" PRIu32, s->spec.tasks_per_node);
	else if (row->parse == option_time)
		time_print_limit(out, *(const uint32_t *)MEMBER);
	else if (row->parse == option_mem)
		size_print_mib(out, *(const uint64_t *)MEMBER);
	else
		text_add(out, "set");
}
