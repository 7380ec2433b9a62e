/* scontrol update jobid= */
#include "applets/client/complain.h"
#include "applets/client/scontrol.h"
#include "applets/common/users.h"
#include "conf/size.h"
#include "conf/time.h"
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

static bool read_number(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	return text_to_u32(value, (uint32_t *)(void *)((char *)e + offset));
}

static bool read_size(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	return size_parse_mib(value, (uint64_t *)(void *)((char *)e + offset));
}

static bool read_disk(struct job_edit *e, const char *value, char sign, size_t offset)
{
	uint64_t mib;
	(void)sign;
	if (!size_parse_mib(value, &mib) || mib >= CORE_NO_VAL)
		return false;
	*(uint32_t *)(void *)((char *)e + offset) = (uint32_t)mib;
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

static bool read_minutes(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	return time_parse_minutes(value, (uint32_t *)(void *)((char *)e + offset));
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

/* What is wanted at least counts. */
static bool read_cpus(struct job_edit *e, const char *value, char sign, size_t offset)
{
	uint32_t max;
	(void)sign;
	(void)offset;
	return bounds(value, &e->cpus, &max);
}

static bool read_nice(struct job_edit *e, const char *value, char sign, size_t offset)
{
	int64_t nice = 100;
	(void)sign;
	(void)offset;
	if (value && !text_to_i64(value, &nice))
		return false;
	if (nice < -2147483645 || nice > 2147483645)
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

static bool read_bit(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)sign;
	*(uint32_t *)(void *)((char *)e + offset) = strcmp(value, "1") == 0;
	return strcmp(value, "0") == 0 || strcmp(value, "1") == 0;
}

static bool read_accrue(struct job_edit *e, const char *value, char sign, size_t offset)
{
	(void)value, (void)sign, (void)offset;
	e->reset_accrue = true;
	return true;
}

/* ---- update: keys ---- */

/* error: what is printed for a bad value, with one %s for it or none; read NULL: refused by name. */
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
#define NO(name, shortest)                                                                                   \
	{                                                                                                    \
		name, shortest, NULL, 0, NULL                                                                \
	}
        K("Account", 3, read_text, account, NULL),
        K("AdminComment", 3, read_text, admin_comment, NULL),
        K("ArrayTaskThrottle", 10, read_number, array_limit, "Invalid ArrayTaskThrottle value"),
        NO("BurstBuffer", 1),
        NO("ClusterFeatures", 8),
        NO("Clusters", 8),
        K("Comment", 3, read_text, comment, NULL),
        NO("Contiguous", 3),
        NO("CoreSpec", 4),
        K("CPUsPerTask", 9, read_number, cpus_per_task, "Invalid CPUsPerTask value: %s"),
        NO("Deadline", 3),
        NO("DelayBoot", 5),
        K("Dependency", 1, read_text, dependency, NULL),
        K("EligibleTime", 2, read_when, begin_time, NULL),
        K("EndTime", 2, read_when, end_time, NULL),
        K("ExcNodeList", 3, read_text, exc_nodes, NULL),
        K("Features", 1, read_text, features, NULL),
        NO("Gres", 1),
        NO("Licenses", 1),
        NO("MailType", 5),
        NO("MailUser", 5),
        K("MinCPUsNode", 4, read_number, min_cpus_node, "Invalid MinCPUsNode value: %s"),
        K("MinMemoryCPU", 10, read_size, mem_per_cpu, "Invalid MinMemoryCPU value: %s"),
        K("MinMemoryNode", 10, read_size, mem_per_node, "Invalid MinMemoryNode value: %s"),
        K("MinTmpDiskNode", 4, read_disk, min_tmp_disk, "Invalid MinTmpDiskNode value: %s"),
        K("Name", 2, read_text, name, NULL),
        K("JobName", 4, read_text, name, NULL),
        K("Nice", 2, read_nice, nice, "Invalid nice value, must be between -2147483645 and 2147483645"),
        K("NodeList", 5, read_text, req_nodes, NULL),
        K("NumCPUs", 4, read_cpus, cpus, "Invalid NumCPUs value: %s"),
        K("NumNodes", 4, read_nodes, nodes_min, "Invalid node count: %s"),
        K("NumTasks", 4, read_number, tasks, "Invalid NumTasks value: %s"),
        K("OverSubscribe", 1, read_yes, oversubscribe, "Invalid OverSubscribe value: %s"),
        K("Partition", 2, read_text, partition, NULL),
        NO("Prefer", 3),
        K("Priority", 2, read_number, priority, "Invalid Priority value: %s"),
        NO("QOS", 3),
        NO("Reboot", 3),
        K("ReqCores", 4, read_number, cores_per_socket, "Invalid ReqCores value: %s"),
        K("ReqNodeList", 8, read_text, req_nodes, NULL),
        K("ReqNodes", 8, read_nodes, nodes_min, "Invalid node count: %s"),
        K("ReqProcs", 8, read_number, tasks, "Invalid NumTasks value: %s"),
        K("ReqSockets", 4, read_number, sockets_per_node, "Invalid ReqSockets value: %s"),
        K("ReqThreads", 4, read_number, threads_per_core, "Invalid ReqThreads value: %s"),
        K("Requeue", 4, read_bit, requeue, "Invalid Requeue value: %s"),
        NO("ReservationName", 3),
        K("ResetAccrueTime", 5, read_accrue, reset_accrue, NULL),
        K("Shared", 2, read_yes, oversubscribe, "Invalid OverSubscribe value: %s"),
        NO("SiteFactor", 3),
        K("StartTime", 2, read_when, begin_time, NULL),
        K("StdOut", 2, read_text, std_out, NULL),
        NO("Switches", 2),
        K("TasksPerNode", 2, read_number, tasks_per_node, "Invalid TasksPerNode value: %s"),
        NO("ThreadSpec", 4),
        K("TimeLimit", 5, read_limit, time_limit_min, "Invalid TimeLimit value"),
        K("TimeMin", 5, read_minutes, time_min_min, "Invalid TimeMin value"),
        NO("wait-for-switch", 4),
        K("WCKey", 1, read_text, wckey, NULL),
        K("WorkDir", 2, read_text, work_dir, NULL),
#undef K
#undef NO
};

const char *scontrol_job_key(size_t i)
{
	return i >= sizeof(job_keys) / sizeof(job_keys[0]) ? NULL : job_keys[i].read ? job_keys[i].name : "";
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
	if (key->read == read_when)
		fputs("No changes specified\n", stderr);
	else if (strchr(key->error, '%'))
		log_error("%.*s%s", (int)(strchr(key->error, '%') - key->error), key->error, value);
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
	if (!key) {
		fprintf(stderr, "Update of this parameter is not supported: %s\nRequest aborted\n", word);
		return -1;
	}
	if (!key->read) {
		log_error("update of a job's %s is not supported by batchbox", key->name);
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
	}
	if (!any) {
		fputs("No changes specified\n", stderr);
		return 1;
	}
	struct job_update_request m;
	schema_init(schema_of_job_update_request(), &m);
	m.verb = JOB_VERB_EDIT;
	m.edit = &edit;
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return 1;
	return t.ids ? scontrol_change_jobs(sc, &m, t.ids) : scontrol_change_named(sc, &m, t.name, t.uid);
}
