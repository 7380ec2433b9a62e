/* scontrol's verbs of jobs, and scontrol update jobid= */
#include "applets/client/filters.h"
#include "applets/client/complain.h"
#include "applets/client/scontrol.h"
#include "applets/common/users.h"
#include "conf/size.h"
#include "conf/time.h"
#include "core/util/log.h"
#include "proto/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- which jobs ---- */

static bool take_ids(struct scontrol *sc, const void *record)
{
	const struct job_list *list = record;
	for (uint32_t i = 0; i < list->jobs.n; i++) {
		const struct job_spec *spec = list->jobs.v[i].spec;
		uint32_t id = spec->array_job_id ? spec->array_job_id : spec->job_id;
		bool known = false; /* of an array all records have one name and one number */
		for (uint32_t k = 0; spec->array_job_id && k < sc->found.n; k++)
			known |= sc->found.v[k] == id;
		if (!known)
			filter_add_u32(&sc->found, id, &sc->arena);
	}
	return list->last;
}

/* Every job of that name, of that user if one is given, into sc->found. */
static int find_by_name(struct scontrol *sc, const char *name, uint32_t uid)
{
	struct job_query q;
	struct err err = {0};
	char *names[] = {(char *)(uintptr_t)name};
	schema_init(schema_of_job_query(), &q);
	q.names = (struct schema_strs){names, 1};
	q.all_states = true;
	if (uid != CORE_NO_VAL)
		q.uids = (struct schema_u32s){&uid, 1};
	sc->found = (struct schema_u32s){0};
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return -1;
	if (scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_ids, &err) != 0) {
		log_error("%s", err_text(&err));
		return -1;
	}
	if (sc->found.n == 0)
		log_error("No jobs with name '%s'", name);
	return sc->found.n ? 0 : -1;
}

/* ---- requests ---- */

/* Not all of an array's records could be changed: *said, what became of each. */
static int send(struct scontrol *sc, const struct job_update_request *m, bool *said, struct err *err)
{
	void *record = NULL;
	*said = false;
	if (connect_ask(&sc->connection, MSG_job_update_request, m, MSG_msg_ok, &sc->arena, &record, err) !=
	    0)
		return -1;
	const struct msg_ok *ok = record;
	for (uint32_t i = 0; i < ok->lines.n; i++)
		fprintf(stderr, "%s\n", ok->lines.v[i]);
	*said = ok->lines.n > 0;
	return *said ? -1 : 0;
}

/* Of an array's tasks by their numbers, as the real one does it; but an update of what isn't there as of a
 * job. */
static void say(const struct err *err, const char *job, const struct job_name *name, bool edit)
{
	if (name && name->tasks && !(edit && err->code == ERR_INVALID_JOB_ID))
		fprintf(stderr, "%" PRIu32 "_%s: %s\n", name->job_id, name->tasks, err_code_text(err->code));
	else
		fprintf(stderr, "%s for job %s\n", err_code_text(err->code), job);
	if (err->code == ERR_NOT_SUPPORTED && *err->text)
		log_info("%s", err->text);
}

/* The request, for the job of that number. */
static int change_one(struct scontrol *sc, struct job_update_request *m, const char *word)
{
	struct err err = {0};
	struct job_name name;
	m->as_uid = geteuid() == 0 ? sc->as_uid : CORE_NO_VAL;
	bool said = false, named = job_name_parse(word, &name, &sc->arena) && name.step_id == CORE_NO_VAL;
	m->job_id = name.job_id;
	m->tasks = named ? name.tasks : NULL;
	if (!named)
		err_set(&err, ERR_INVALID_JOB_ID, "%s", "");
	else if (send(sc, m, &said, &err) == 0)
		return 0;
	if (said)
		return 1;
	say(&err, word, named ? &name : NULL, m->verb == JOB_VERB_EDIT);
	if (m->verb <= JOB_VERB_RELEASE && !(named && name.tasks))
		fprintf(stderr, "slurm_suspend error: %s\n", err_code_text(err.code));
	return 1;
}

/* For each of "12,13". */
static int change_listed(struct scontrol *sc, struct job_update_request *m, char *ids)
{
	int rc = 0;
	char *rest = ids;
	for (char *word = job_name_split(&rest); word; word = job_name_split(&rest))
		if (*word)
			rc |= change_one(sc, m, word);
	return rc;
}

/* For each job of that name, of that user if one is given. */
static int change_named(struct scontrol *sc, struct job_update_request *m, const char *name, uint32_t uid)
{
	int rc = 0;
	if (find_by_name(sc, name, uid) != 0)
		return 1;
	for (uint32_t i = 0; i < sc->found.n; i++) {
		char word[16];
		snprintf(word, sizeof(word), "%" PRIu32, sc->found.v[i]);
		rc |= change_one(sc, m, word);
	}
	return rc;
}

/* ---- hold, uhold, release, requeue, requeuehold, suspend, resume ---- */

int scontrol_jobs(struct scontrol *sc, uint32_t verb, int argc, char **argv)
{
	static const char *const names[] = {[JOB_VERB_HOLD] = "hold",
	                                    [JOB_VERB_UHOLD] = "uhold",
	                                    [JOB_VERB_RELEASE] = "release",
	                                    [JOB_VERB_REQUEUE] = "requeue",
	                                    [JOB_VERB_REQUEUE_HOLD] = "requeuehold",
	                                    [JOB_VERB_SUSPEND] = "suspend",
	                                    [JOB_VERB_RESUME] = "resume"};
	struct job_update_request m = {.verb = verb};
	int rc = 0;
	if (argc < 1) {
		fprintf(stderr, "too few arguments for keyword:%s\n", names[verb]);
		return 1;
	}
	const bool requeues = verb == JOB_VERB_REQUEUE || verb == JOB_VERB_REQUEUE_HOLD;
	for (; requeues && argc > 1; argc--, argv++) {
		if (text_eq_nocase(argv[0], "incomplete"))
			m.incomplete = true;
		else if (verb == JOB_VERB_REQUEUE_HOLD && text_eq_nocase(argv[0], "state=specialexit"))
			m.verb = JOB_VERB_REQUEUE_SPECIAL;
		else
			break;
	}
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return 1;
	for (int i = 0; i < argc; i++) {
		bool named = text_starts_nocase(argv[i], "jobname=") || text_starts_nocase(argv[i], "name=");
		rc |= named ? change_named(sc, &m, strchr(argv[i], '=') + 1, CORE_NO_VAL)
		            : change_listed(sc, &m, argv[i]);
	}
	return rc;
}

int scontrol_top(struct scontrol *sc, int argc, char **argv)
{
	struct job_update_request m = {.verb = JOB_VERB_TOP, .as_uid = CORE_NO_VAL};
	struct err err = {0};
	if (argc < 1) {
		fputs("too few arguments for keyword:top\n", stderr);
		return 1;
	}
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return 1;
	char *list = xstrdup(argv[0]), *rest = list;
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		uint32_t id;
		/* Who may not do that is told so first, whatever jobs he names. */
		filter_add_u32(&m.top, text_to_u32(word, &id) ? id : 0, &sc->arena);
	}
	free(list);
	m.job_id = m.top.n ? m.top.v[0] : 0;
	bool said;
	if (send(sc, &m, &said, &err) == 0)
		return 0;
	say(&err, argv[0], NULL, false);
	return 1;
}

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
        NO("TimeMin", 5),
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
	struct job_update_request m = {.verb = JOB_VERB_EDIT, .edit = &edit};
	if (scontrol_connect(sc, "slurm_update error") != 0)
		return 1;
	return t.ids ? change_listed(sc, &m, t.ids) : change_named(sc, &m, t.name, t.uid);
}
