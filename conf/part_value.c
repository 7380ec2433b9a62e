/* The parameters of a partition: in slurm.conf's PartitionName lines, and as scontrol gives them. */
#include "conf/node_part.h"
#include "conf/record.h"
#include "core/records.h"
#include "core/tres.h"
#include "core/util/list.h"

#include <string.h>
#include <strings.h>

#define SHARE_MOST 32767u

/* ---- values with words of their own ---- */

static const char *const share_words[] = {"NO", "EXCLUSIVE", "YES", "FORCE"};
static const char *const state_words[] = {"UP", "DOWN", "DRAIN", "INACTIVE"};
static const char *const preempt_words[] = {"OFF", "CANCEL", "REQUEUE", "SUSPEND", "GANG"};

const char *node_part_share_word(uint32_t share)
{
	return share < 4 ? share_words[share] : share_words[CONF_SHARE_NO];
}

const char *node_part_state_word(uint32_t state)
{
	return state < 4 ? state_words[state] : "?";
}

const char *node_part_preempt_word(uint32_t mode)
{
	return mode < 4 ? preempt_words[mode] : preempt_words[CONF_PREEMPT_OFF];
}

/* slurm.conf's words are whole; scontrol takes their beginnings, and counts that mean something else. */
static bool read_share(struct arena *arena, void *at, const char *s, bool running)
{
	struct core_part_conf *part = list_entry(at, struct core_part_conf, oversubscribe);
	const size_t n = strcspn(s, ":");
	uint32_t how = 0, most = 4;
	(void)arena;
	while (how < 4 && !(n > 0 && strncasecmp(s, share_words[how], n) == 0 &&
	                    (running || strlen(share_words[how]) == n)))
		how++;
	if (how == 4 || (s[n] && !text_to_u32(s + n + 1, &most)) || most > SHARE_MOST)
		return false;
	const bool counts = how == CONF_SHARE_YES || how == CONF_SHARE_FORCE;
	/* For one job alone YES is NO, and for none it is a node of one's own. */
	if (s[n] && !running && (!counts || most == 0 || (most == 1 && how == CONF_SHARE_YES)))
		return false;
	if (counts && most == 0)
		how = CONF_SHARE_EXCLUSIVE;
	else if (how == CONF_SHARE_YES && most == 1)
		how = CONF_SHARE_NO;
	part->oversubscribe = how;
	part->oversubscribe_max = how >= CONF_SHARE_YES ? most : 1;
	return true;
}

static bool read_state(struct arena *arena, void *at, const char *s, bool running)
{
	(void)arena;
	for (uint32_t i = 0; i < 4; i++) {
		const bool part = running && strlen(s) >= 2 && text_starts_nocase(state_words[i], s);
		if (!text_eq_nocase(state_words[i], s) && !part)
			continue;
		*(enum conf_part_state *)at = (enum conf_part_state)i;
		return true;
	}
	return false;
}

/* Without a slurmdbd there is no GRES, licence or burst buffer that could be weighed. */
static bool read_billing(struct arena *arena, void *at, const char *s, bool running)
{
	static const char *const kinds[] = {"gres/", "license/", "bb/", "ic/"};
	double weights[TRES_COUNT];
	for (size_t at_word = 0; running && s[at_word]; at_word += s[at_word] == ',') {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (text_starts_nocase(s + at_word, kinds[i]))
				return false;
		at_word += strcspn(s + at_word, ",");
	}
	*(char **)at = *s ? arena_strdup(arena, s) : NULL;
	return tres_weights(s, weights) == 0;
}

/* One of four; a word behind it is not looked at, as there. */
static bool read_select(struct arena *arena, void *at, const char *s, bool running)
{
	static const struct {
		const char *word;
		uint32_t flags;
	} words[] = {{"CR_Core", CONF_CR_CORE},
	             {"CR_Core_Memory", CONF_CR_CORE | CONF_CR_MEMORY},
	             {"CR_Socket", CONF_CR_SOCKET},
	             {"CR_Socket_Memory", CONF_CR_SOCKET | CONF_CR_MEMORY}};
	char *first = arena_strndup(arena, s, strcspn(s, ","));
	(void)running;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_eq_nocase(first, words[i].word)) {
			*(uint32_t *)at = words[i].flags;
			return true;
		}
	}
	return false;
}

/* Nobody is preempted with PreemptType=preempt/none, whatever is said here; GANG is the cluster's alone. */
static bool read_preempt(struct arena *arena, void *at, const char *s, bool running)
{
	char *copy = arena_strdup(arena, s), *rest = copy;
	uint32_t v = 0, mode = CONF_PREEMPT_OFF;
	(void)running;
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		if (!record_word(word, preempt_words, 5, &v))
			return false;
		mode = v < 4 && v > mode ? v : mode;
	}
	*(uint32_t *)at = mode;
	return *s != '\0';
}

/* Tasks are not bound with TaskPlugin=task/none. */
static bool read_bind(struct arena *arena, void *at, const char *s, bool running)
{
	static const struct {
		const char *word, *shown;
	} rows[] = {{"none", "none"},
	            {"socket", "sockets"},
	            {"ldom", "ldoms"},
	            {"core", "cores"},
	            {"thread", "threads"}};
	(void)arena;
	(void)running;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!text_eq_nocase(s, rows[i].word) && !text_eq_nocase(s, rows[i].shown))
			continue;
		*(char **)at = arena_strdup(arena, rows[i].shown);
		return true;
	}
	*(char **)at = NULL;
	return text_eq_nocase(s, "off");
}

/* For jobs with GPUs. */
static bool read_job_defaults(struct arena *arena, void *at, const char *s, bool running)
{
	struct core_part_conf *part = list_entry(at, struct core_part_conf, def_cpu_per_gpu);
	uint32_t cpus = 0, mem = 0;
	char *copy = arena_strdup(arena, s), *rest = copy;
	(void)running;
	for (char *word = text_split(&rest, ','); word && *s; word = text_split(&rest, ',')) {
		char *value = strchr(word, '=');
		uint32_t v;
		if (!value || !text_to_u32(value + 1, &v))
			return false;
		*value = '\0';
		if (text_eq_nocase(word, "DefCpuPerGPU"))
			cpus = v;
		else if (text_eq_nocase(word, "DefMemPerGPU"))
			mem = v;
		else
			return false;
	}
	part->def_cpu_per_gpu = cpus;
	part->def_mem_per_gpu = mem;
	return true;
}

/* ---- the rows ---- */

#define P(name, how, member)                                                                                 \
	{                                                                                                    \
		.key = (name), .kind = FIELD_##how, .offset = offsetof(struct core_part_conf, member)        \
	}
#define OWN(name, how, member) .key = (name), .own = (how), .offset = offsetof(struct core_part_conf, member)
static const struct record_row rows[] = {
        P("PartitionName", STR, name),
        P("Nodes", STR, nodes),
        P("Default", BOOL, is_default),
        P("Hidden", BOOL, hidden),
        P("RootOnly", BOOL, root_only),
        P("LLN", BOOL, lln),
        P("DisableRootJobs", BOOL, no_root_jobs),
        P("ExclusiveUser", BOOL, exclusive_user),
        P("ReqResv", BOOL, req_resv),
        P("MaxTime", TIME_MIN, max_time_min),
        P("DefaultTime", TIME_MIN, default_time_min),
        P("MaxNodes", NODES, max_nodes),
        P("MinNodes", NODES, min_nodes),
        P("PriorityTier", U16, priority_tier),
        P("PriorityJobFactor", U16, priority_job_factor),
        P("DefMemPerNode", MEMORY, def_mem_per_node),
        P("DefMemPerCPU", MEMORY, def_mem_per_cpu),
        P("MaxMemPerNode", MEMORY, max_mem_per_node),
        P("MaxMemPerCPU", MEMORY, max_mem_per_cpu),
        P("MaxCPUsPerNode", U32_INF, max_cpus_per_node),
        P("GraceTime", SECONDS, grace_time_s),
        P("OverTimeLimit", U16_INF, over_time_limit_min),
        {OWN("State", read_state, state)},
        {OWN("OverSubscribe", read_share, oversubscribe)},
        {OWN("Shared", read_share, oversubscribe)},
        P("AllowGroups", LIST, allow_groups),
        P("AllowAccounts", LIST, allow_accounts),
        P("DenyAccounts", WORD, deny_accounts),
        P("AllocNodes", LIST, alloc_nodes),
        P("AllowQos", LIST, allow_qos),
        P("DenyQos", WORD, deny_qos),
        P("QOS", WORD, qos),
        P("Alternate", WORD, alternate),
        {OWN("PreemptMode", read_preempt, preempt_mode)},
        {OWN("CpuBind", read_bind, cpu_bind)},
        {OWN("TRESBillingWeights", read_billing, billing)},
        {OWN("JobDefaults", read_job_defaults, def_cpu_per_gpu), .running_only = true},
        {.key = "DefCpuPerGPU",
         .kind = FIELD_U32,
         .offset = offsetof(struct core_part_conf, def_cpu_per_gpu),
         .file_only = true},
        {.key = "DefMemPerGPU",
         .kind = FIELD_U32,
         .offset = offsetof(struct core_part_conf, def_mem_per_gpu),
         .file_only = true},
        P("Priority", U16, priority_tier), /* and the factor: see below */
        {.key = "ResumeTimeout", .kind = FIELD_IGNORED, .file_only = true},
        {.key = "SuspendTime", .kind = FIELD_IGNORED, .file_only = true},
        {.key = "SuspendTimeout", .kind = FIELD_IGNORED, .file_only = true},
        {OWN("SelectTypeParameters", read_select, select_flags), .file_only = true},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct record_row *part_value_rows(size_t *n)
{
	*n = ROWS;
	return rows;
}

struct core_part_conf node_part_default(void)
{
	return (struct core_part_conf){.max_time_min = CORE_INFINITE,
	                               .default_time_min = CORE_NO_VAL,
	                               .max_nodes = CORE_INFINITE,
	                               .max_cpus_per_node = CORE_INFINITE,
	                               .priority_tier = 1,
	                               .priority_job_factor = 1,
	                               .oversubscribe_max = 1,
	                               .over_time_limit_min = CORE_NO_VAL};
}

void part_value_follow(struct core_part_conf *part, const char *key)
{
	/* Of the two ways to count memory the last one said counts. */
	if (text_eq_nocase(key, "DefMemPerNode"))
		part->def_mem_per_cpu = 0;
	else if (text_eq_nocase(key, "DefMemPerCPU"))
		part->def_mem_per_node = 0;
	else if (text_eq_nocase(key, "MaxMemPerNode"))
		part->max_mem_per_cpu = 0;
	else if (text_eq_nocase(key, "MaxMemPerCPU"))
		part->max_mem_per_node = 0;
	else if (text_eq_nocase(key, "Priority"))
		part->priority_job_factor = part->priority_tier;
}

/* ---- one value at run time ---- */

/* A whole key, or one that begins with the word, if it is the only one. */
static const struct record_row *row_of(const char *key)
{
	const struct record_row *row = record_row_of(rows, ROWS, key, true);
	size_t found = 0;
	for (size_t i = 0; !row && i < ROWS && strlen(key) >= 3; i++)
		found += !rows[i].file_only && text_starts_nocase(rows[i].key, key);
	for (size_t i = 0; !row && found == 1 && i < ROWS; i++)
		if (!rows[i].file_only && text_starts_nocase(rows[i].key, key))
			return &rows[i];
	return row;
}

static enum part_value what_is_bad(const struct record_row *row)
{
	static const struct {
		bool (*own)(struct arena *arena, void *at, const char *s, bool running);
		enum part_value bad;
	} owns[] = {{read_state, PART_BAD_STATE},     {read_share, PART_BAD_SHARE},
	            {read_billing, PART_BAD_BILLING}, {read_preempt, PART_BAD_PREEMPT},
	            {read_bind, PART_BAD_TIME},       {read_job_defaults, PART_BAD_JOB_DEFAULTS}};
	for (size_t i = 0; i < sizeof(owns) / sizeof(owns[0]); i++)
		if (row->own == owns[i].own)
			return owns[i].bad;
	if (row->kind == FIELD_TIME_MIN)
		return PART_BAD_TIME;
	return row->kind == FIELD_BOOL ? PART_BAD_BOOL : PART_BAD_NUMBER;
}

enum part_value node_part_set(struct core_part_conf *part, const char *key, const char *value,
                              struct arena *arena, const char **name)
{
	const struct record_row *row = row_of(key);
	struct core_part_conf wanted = *part;
	if (!row || text_eq(row->key, "PartitionName"))
		return PART_UNKNOWN;
	*name = row->key;
	if (text_eq(row->key, "Nodes")) { /* another list: the old one's words are gone */
		wanted.all_nodes = text_eq_nocase(value, "ALL");
		wanted.set_features = NULL;
	}
	if (!record_read(arena, row, &wanted, value, true))
		return what_is_bad(row);
	*part = wanted;
	part_value_follow(part, row->key);
	return PART_VALUE_OK;
}
