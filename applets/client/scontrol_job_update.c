/* scontrol update jobid= */
#include "applets/client/complain.h"
#include "applets/client/filters.h"
#include "applets/client/option_parsers.h"
#include "applets/client/scontrol.h"
#include "applets/common/users.h"
#include "conf/time.h"
#include "core/mail.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- update: values ---- */

typedef bool (*read_value)(struct job_edit *e, const char *value, char sign, size_t offset);

static bool read_text(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	*(char **)(void *)((char *)e + offset) = (char *)(uintptr_t)value;
	return true;
}

/* A comma in a constraint is an &. */
static bool read_features(struct job_edit *e, const char *value, char sign, size_t offset)
{
	for (char *p = (char *)(uintptr_t)value; (p = strchr(p, ','));) /* of our own words */
		*p = '&';
	return read_text(e, value, sign, offset);
}

static bool read_number(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	return text_to_u32(value, (uint32_t *)(void *)((char *)e + offset));
}

/* Megabytes without a unit, as the manual has it. */
static bool read_size(struct job_edit *e, const char *value, char sign, size_t offset)
{
	uint32_t mib;
	(void)sign;
	if (!text_to_u32(value, &mib))
		return false;
	*(uint64_t *)(void *)((char *)e + offset) = mib;
	return true;
}

static bool read_limit(struct job_edit *e, const char *value, char sign, size_t offset)
{
	uint32_t minutes;
	(void)offset;
	if (*value == '+' || *value == '-')
		sign = *value++;
	if (!time_parse_minutes(value, &minutes))
		return false;
	if (sign == '+')
		e->time_add_min = minutes;
	else if (sign == '-')
		e->time_take_min = minutes;
	else
		e->time_limit_min = minutes;
	return true;
}

static bool read_when(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	return complain_when(value, false, (int64_t *)(void *)((char *)e + offset));
}

/* MIN[-MAX] */
static bool bounds(const char *value, uint32_t *min, uint32_t *max)
{
	char first[16];
	size_t n = strcspn(value, "-");
	if (n >= sizeof(first))
		return false;
	memcpy(first, value, n);
	first[n] = '\0';
	return text_to_u32(first, min) && (!value[n] || text_to_u32(value + n + 1, max));
}

static bool read_nodes(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	(void)offset;
	return bounds(value, &e->nodes_min, &e->nodes_max);
}

static bool read_cpus(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	(void)offset;
	if (bounds(value, &e->cpus, &e->cpus_max) && e->cpus_max > 0)
		return e->cpus > 0 && e->cpus <= e->cpus_max; /* none: JOB_UNSET, which is the most */
	log_error("Invalid numeric value \"%s\" for NumCPUs.", value);
	return false;
}

static bool read_nice(struct job_edit *e, const char *value, char sign, size_t offset)
{
	int64_t nice = 100;
	(void)sign;
	(void)offset;
	if (value && !text_to_i64(*value ? value : "0", &nice))
		return false;
	if (nice < -CORE_NICE_MAX || nice > CORE_NICE_MAX)
		return false;
	e->nice = (int32_t)nice;
	e->nice_set = true;
	return true;
}

static bool read_yes(struct job_edit *e, const char *value, char sign, size_t offset)
{
	bool yes = text_starts_nocase("yes", value) || strcmp(value, "1") == 0,
	     no = text_starts_nocase("no", value) || strcmp(value, "0") == 0;
	(void)sign;
	*(uint32_t *)(void *)((char *)e + offset) = yes;
	return *value && (yes || no);
}

/* "yes", "1"; all else that says no, and nothing at all, is no. */
static bool read_yes_or_none(struct job_edit *e, const char *value, char sign, size_t offset)
{
	return read_yes(e, *value ? value : "0", sign, offset);
}

static bool read_bit(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	*(uint32_t *)(void *)((char *)e + offset) = strcmp(value, "1") == 0;
	return strcmp(value, "0") == 0 || strcmp(value, "1") == 0;
}

/* Minutes, into seconds. */
static bool read_delay(struct job_edit *e, const char *value, char sign, size_t offset)
{
	int64_t seconds;
	(void)sign, (void)offset;
	if (!time_parse_limit(value, &seconds) || seconds >= CORE_NO_VAL)
		return false;
	e->delay_boot_s = seconds < 0 ? CORE_INFINITE : (uint32_t)seconds;
	return true;
}

static bool read_minutes(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	return time_parse_minutes(value, (uint32_t *)(void *)((char *)e + offset));
}

/* COUNT[@TIME]; what is no count is 0, and what is no time leaves that as it was: as the real one. */
static bool read_switches(struct job_edit *e, const char *value, char sign, size_t offset)
{
	const char *at = strchr(value, '@');
	char count[16];
	size_t n = strspn(value, "0123456789");
	int64_t seconds;
	(void)sign, (void)offset;
	snprintf(count, sizeof(count), "%.*s", (int)(n < 10 ? n : 0), value);
	if (!text_to_u32(count, &e->switches))
		e->switches = 0;
	if (at && time_parse_limit(at + 1, &seconds))
		e->switches_wait_s =
		        seconds >= 0 && seconds < CORE_NO_VAL ? (uint32_t)seconds : CORE_INFINITE;
	return true;
}

/* A number, or what is none of one: what is asked for is refused, or of no effect. */
static bool read_spec(struct job_edit *e, const char *value, char sign, size_t offset)
{
	int64_t n;
	return text_to_i64(value, &n) && read_text(e, value, sign, offset);
}

static bool read_factor(struct job_edit *e, const char *value, char sign, size_t offset)
{
	int64_t n;
	if (text_to_i64(value, &n) && (n < -2147483645 || n > 2147483645))
		return false;
	return read_text(e, value, sign, offset);
}

static bool read_mail(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign, (void)offset;
	const bool good = mail_types_parse(value, &e->mail_type);
	e->no_mail = good && e->mail_type == 0;
	return good;
}

static bool read_gres(struct job_edit *e, const char *value, char sign, size_t offset)
{
	return !text_eq_nocase(value, "help") && read_text(e, value, sign, offset);
}

static bool read_accrue(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)value, (void)sign, (void)offset;
	e->reset_accrue = true;
	return true;
}

/* ---- update: keys ---- */

/* error: what is printed for a bad value, with one %s for it or none; NULL: see bad_value(). */
static const struct job_key {
	const char *name;
	size_t shortest;
	read_value read;
	size_t offset;
	const char *error;
} job_keys[] = {
#define K(name, shortest, read, member, error)                                                               \
	{                                                                                                    \
		name, shortest, read, offsetof(struct job_edit, member), error                               \
	}
        K("Account", 3, read_text, account, NULL),
        K("AdminComment", 3, read_text, admin_comment, NULL),
        K("ArrayTaskThrottle", 10, read_number, array_limit, "Invalid ArrayTaskThrottle value"),
        K("BurstBuffer", 1, read_text, burst_buffer, NULL),
        K("ClusterFeatures", 8, read_text, cluster_features, NULL),
        K("Clusters", 8, read_text, clusters, NULL),
        K("Comment", 3, read_text, comment, NULL),
        K("Contiguous", 3, read_yes_or_none, contiguous, "Invalid Contiguous value: %s"),
        K("CoreSpec", 4, read_spec, core_spec, "Invalid CoreSpec value: %s"),
        K("CPUsPerTask", 9, read_number, cpus_per_task, "Invalid CPUsPerTask value: %s"),
        K("Deadline", 3, read_when, deadline, NULL),
        K("DelayBoot", 5, read_delay, delay_boot_s, "Invalid DelayBoot value"),
        K("Dependency", 1, read_text, dependency, NULL),
        K("EligibleTime", 2, read_when, begin_time, NULL),
        K("EndTime", 2, read_when, end_time, NULL),
        K("ExcNodeList", 3, read_text, exc_nodes, NULL),
        K("Features", 1, read_features, features, NULL),
        K("Gres", 1, read_gres, gres, NULL),
        K("Licenses", 1, read_text, licenses, NULL),
        K("MailType", 5, read_mail, mail_type, NULL),
        K("MailUser", 5, read_text, mail_user, NULL),
        K("MinCPUsNode", 4, read_number, min_cpus_node, "Invalid MinCPUsNode value: %s"),
        K("MinMemoryCPU", 10, read_size, mem_per_cpu, "Invalid MinMemoryCPU value: %s"),
        K("MinMemoryNode", 10, read_size, mem_per_node, "Invalid MinMemoryNode value: %s"),
        K("MinTmpDiskNode", 4, read_number, min_tmp_disk, "Invalid MinTmpDiskNode value: %s"),
        K("Name", 2, read_text, name, NULL),
        K("JobName", 4, read_text, name, NULL),
        K("Nice", 2, read_nice, nice, "Nice value out of range (+/- 2147483645). Value ignored"),
        K("NodeList", 5, read_text, req_nodes, NULL),
        K("NumCPUs", 4, read_cpus, cpus, "Invalid NumCPUs value: %s"),
        K("NumNodes", 4, read_nodes, nodes_min, "Invalid numeric value \"%s\" for requested node count."),
        K("NumTasks", 4, read_number, tasks, "Invalid NumTasks value: %s"),
        K("OverSubscribe", 1, read_yes, oversubscribe, "Invalid OverSubscribe value: %s"),
        K("Partition", 2, read_text, partition, NULL),
        K("Prefer", 3, read_features, prefer, NULL),
        K("Priority", 2, read_number, priority, "Invalid Priority value: %s"),
        K("QOS", 3, read_text, qos, NULL),
        K("Reboot", 3, read_yes_or_none, reboot, "Invalid reboot value: %s"),
        K("ReqCores", 4, read_number, cores_per_socket, "Invalid ReqCores value: %s"),
        K("ReqNodeList", 8, read_text, req_nodes, NULL),
        K("ReqNodes", 8, read_nodes, nodes_min, "Invalid numeric value \"%s\" for requested node count."),
        K("ReqProcs", 8, read_number, tasks, "Invalid NumTasks value: %s"),
        K("ReqSockets", 4, read_number, sockets_per_node, "Invalid ReqSockets value: %s"),
        K("ReqThreads", 4, read_number, threads_per_core, "Invalid ReqThreads value: %s"),
        K("Requeue", 4, read_bit, requeue, "Invalid Requeue value: %s"),
        K("ReservationName", 3, read_text, reservation, NULL),
        K("ResetAccrueTime", 5, read_accrue, reset_accrue, NULL),
        K("Shared", 2, read_yes, oversubscribe, "Invalid OverSubscribe value: %s"),
        K("SiteFactor", 3, read_factor, site_factor,
          "SiteFactor value out of range (+/- 2147483645). Value ignored"),
        K("StartTime", 2, read_when, begin_time, NULL),
        K("StdOut", 2, read_text, std_out, NULL),
        K("Switches", 2, read_switches, switches, NULL),
        K("TasksPerNode", 2, read_number, tasks_per_node, "Invalid TasksPerNode value: %s"),
        K("ThreadSpec", 4, read_spec, core_spec, "Invalid ThreadSpec value: %s"),
        K("TimeLimit", 5, read_limit, time_limit_min, "Invalid TimeLimit value"),
        K("TimeMin", 5, read_minutes, time_min_min, "Invalid TimeMin value"),
        K("wait-for-switch", 4, read_number, switches_wait_s, "Invalid wait-for-switch value: %s"),
        K("WCKey", 1, read_text, wckey, NULL),
        K("WorkDir", 2, read_text, work_dir, NULL),
#undef K
};

const char *scontrol_job_key(size_t i)
{
	return i >= sizeof(job_keys) / sizeof(job_keys[0]) ? NULL : job_keys[i].name;
}

static const struct job_key *key_of(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(job_keys) / sizeof(job_keys[0]); i++)
		if (n >= job_keys[i].shortest && n <= strlen(job_keys[i].name) &&
		    strncasecmp(name, job_keys[i].name, n) == 0)
			return &job_keys[i];
	return NULL;
}

static int bad_value(const struct job_key *key, const char *value)
{
	if (key->read == read_when || key->read == read_gres)
		fputs("No changes specified\n", stderr);
	if (key->read == read_gres)
		puts("Valid gres options are:");
	else if (key->read == read_when)
		return -1;
	else if (key->read == read_mail)
		fprintf(stderr, "Invalid MailType: %s\n", value);
	else if (strchr(key->error, '%'))
		log_error("%.*s%s%s", (int)(strchr(key->error, '%') - key->error), key->error, value,
		          strchr(key->error, '%') + 2);
	else
		log_error("%s", key->error);
	return -1;
}

/* One word of the command line into the edit. */
static int take_word(struct job_edit *edit, char *word)
{
	char *equals = strchr(word, '='), sign = 0;
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	if (equals && n && (word[n - 1] == '+' || word[n - 1] == '-'))
		sign = word[--n];
	const struct job_key *key = key_of(word, n);
	const char *value = equals ? equals + 1 : NULL;
	if (!equals && !(key && (key->read == read_nice || key->read == read_accrue))) {
		fprintf(stderr, "Invalid input: %s\nRequest aborted\n", word);
		return -1;
	}
	if (!key || (equals && key->read == read_accrue)) {
		fprintf(stderr, "Update of this parameter is not supported: %s\nRequest aborted\n", word);
		return -1;
	}
	if (sign && key->read != read_limit) {
		log_error("Option %s does not accept [+|-]= syntax", word);
		return -1;
	}
	return key->read(edit, value, sign, key->offset) ? 0 : bad_value(key, value);
}

/* ---- update ---- */

struct job_target {
	char *ids, *name;
	uint32_t uid;
};

/* JobId=, and JobName= and UserID= where no JobId= stands. */
static int take_target(struct job_target *t, char *word, bool *taken)
{
	char *value = strchr(word, '=');
	uid_t uid;
	*taken = true;
	if (scontrol_is_key(word, "JobId", 3)) {
		t->ids = value + 1;
	} else if (!t->ids && scontrol_is_key(word, "JobName", 4)) {
		t->name = value + 1;
	} else if (scontrol_is_key(word, "UserID", 4)) {
		if (user_parse(value + 1, &uid) != 0) {
			fprintf(stderr, "Invalid UserID: %s\nRequest aborted\n", value + 1);
			return -1;
		}
		t->uid = uid;
	} else {
		*taken = false;
	}
	return 0;
}

/* ---- more or less time than it has now ---- */

struct limit_seen {
	bool found;
	uint32_t minutes;
};

static struct limit_seen seen;

static bool see_limit(struct scontrol *sc, const void *record)
{
	const struct job_list *list = record;
	(void)sc;
	for (uint32_t i = 0; i < list->jobs.n; i++)
		seen = (struct limit_seen){true, list->jobs.v[i].limit_min};
	return list->last;
}

/* The real one asks for the job first, which is why these two mistakes have words of their own. An array, or
 * several jobs, it refuses; here each of them is changed from what it has. False: it was said. */
static bool limit_can_change(struct scontrol *sc, const struct job_edit *edit, const char *ids)
{
	struct job_name name;
	struct job_query q;
	struct err err = {0};
	if (edit->time_add_min == CORE_NO_VAL && edit->time_take_min == CORE_NO_VAL)
		return true;
	if (strpbrk(ids, ",[") || !job_name_parse(ids, &name, &sc->arena) || name.step_id != CORE_NO_VAL)
		return true;
	schema_init(schema_of_job_query(), &q);
	filter_add_job(&name, &q.job_ids, &q.tasks, &sc->arena);
	seen = (struct limit_seen){0};
	const bool asked = scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, see_limit, &err) == 0;
	if (!asked && err.code != ERR_INVALID_JOB_ID)
		return true; /* the update itself tells why */
	if (!seen.found) {
		log_error("Could not load state information for job %s: %s", ids,
		          err_code_text(ERR_INVALID_JOB_ID));
		return false;
	}
	if (edit->time_take_min == CORE_NO_VAL || seen.minutes == CORE_INFINITE ||
	    edit->time_take_min <= seen.minutes)
		return true;
	char by[16] = "UNLIMITED";
	if (edit->time_take_min != CORE_INFINITE)
		snprintf(by, sizeof(by), "%" PRIu32, edit->time_take_min);
	log_error("TimeLimit decrement larger than current time limit (%s > %" PRIu32 ")", by, seen.minutes);
	return false;
}

int scontrol_update_job(struct scontrol *sc, int argc, char **argv)
{
	struct job_target t = {.uid = CORE_NO_VAL};
	struct job_edit edit;
	bool taken, any = false;
	schema_init(schema_of_job_edit(), &edit);
	for (int i = 0; i < argc; i++) {
		if (take_target(&t, argv[i], &taken) != 0)
			return 1;
		if (!taken && take_word(&edit, argv[i]) != 0)
			return 1;
		any = any || !taken;
		const bool changes_limit =
		        edit.time_add_min != CORE_NO_VAL || edit.time_take_min != CORE_NO_VAL;
		if (changes_limit && !t.ids) {
			log_error("JobId must precede TimeLimit increment or decrement");
			return 1;
		}
	}
	if (!any) {
		fputs("No changes specified\n", stderr);
		return 1;
	}
	struct job_update_request m;
	schema_init(schema_of_job_update_request(), &m);
	m.verb = JOB_VERB_EDIT;
	m.edit = &edit;
	if (scontrol_connect(sc, "slurm_update error") != 0 || !limit_can_change(sc, &edit, t.ids))
		return 1;
	return t.ids ? scontrol_change_jobs(sc, &m, t.ids) : scontrol_change_named(sc, &m, t.name, t.uid);
}
