/* `scontrol show config`: every parameter with the value in force, as the real one prints it. */
#include "applets/applet.h"
#include "applets/common/users.h"
#include "applets/controller/controller.h"
#include "conf/time.h"

#include "core/util/log_flags.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

struct shown {
	const struct controller *ctl;
	const struct slurm_conf *conf;
	enum param param;
	struct text value;
};

/* ---- forms ---- */

static const char *set_text(const struct shown *s)
{
	const char *text = conf_str(s->conf, s->param);
	return text && *text ? text : NULL;
}

static void form_TEXT(struct shown *s)
{
	text_add(&s->value, set_text(s) ? set_text(s) : "(null)");
}

static void form_EMPTY(struct shown *s)
{
	text_add(&s->value, set_text(s) ? set_text(s) : "");
}

/* NoHold means Alloc as well. */
static void form_PROLOG_FLAGS(struct shown *s)
{
	static const char *const flags[] = {"Alloc", "DeferBatch", "NoHold", "Serial"};
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (conf_list_has(s->conf, s->param, flags[i]) ||
		    (i == 0 && conf_list_has(s->conf, s->param, "NoHold")))
			text_printf(&s->value, "%s%s", s->value.len ? "," : "", flags[i]);
	if (s->value.len == 0)
		text_add(&s->value, "(null)");
}

static void form_NULL_TYPE(struct shown *s)
{
	text_add(&s->value, set_text(s) ? set_text(s) : "(null type)");
}

static void form_UPPER(struct shown *s)
{
	for (const char *p = set_text(s); p && *p; p++)
		text_add_char(&s->value, (char)toupper((unsigned char)*p));
	if (s->value.len == 0)
		text_add(&s->value, "NONE");
}

static void number(struct shown *s, const char *unit)
{
	text_printf(&s->value, "%" PRIu32 "%s%s", conf_u32(s->conf, s->param), *unit ? " " : "", unit);
}

static void form_NUMBER(struct shown *s)
{
	number(s, "");
}

static void form_SECONDS(struct shown *s)
{
	number(s, "sec");
}

static void form_MINUTES(struct shown *s)
{
	if (conf_u32(s->conf, s->param) == UINT16_MAX)
		text_add(&s->value, "UNLIMITED");
	else
		number(s, "min");
}

static void form_USEC(struct shown *s)
{
	number(s, "usec");
}

static void form_RATE(struct shown *s)
{
	number(s, "nodes/min");
}

static void form_PERCENT(struct shown *s)
{
	number(s, "percent");
}

static void form_SIZE(struct shown *s)
{
	uint64_t mib = conf_mib(s->conf, s->param);
	if (mib == 0)
		text_add(&s->value, "UNLIMITED");
	else
		text_printf(&s->value, "%" PRIu64, mib);
}

/* A limit as it was written, in one form. */
static void form_TIME(struct shown *s)
{
	int64_t seconds = 0;
	if (time_parse_limit(set_text(s), &seconds) && seconds >= 0)
		time_print_hms(&s->value, seconds);
	else
		text_add(&s->value, "49710-06:27:16"); /* as an endless one is shown there */
}

/* In the order of the real one, which makes one of all that begin alike. */
static void form_PRIORITY_FLAGS(struct shown *s)
{
	static const struct {
		const char *word, *by;
	} flags[] = {{"ACCRUE_ALWAYS", "ACCRUE_ALWAYS"},
	             {"SMALL_RELATIVE_TO_TIME", "SMALL_RELATIVE_TO_TIME"},
	             {"CALCULATE_RUNNING", "CALCULATE_RUNNING"},
	             {"DEPTH_OBLIVIOUS", "DEPTH_OBLIVIOUS"},
	             {"NO_FAIR_TREE", "NO_FAIR_TREE,DEPTH_OBLIVIOUS"},
	             {"INCR_ONLY", "INCR_ONLY"},
	             {"MAX_TRES", "MAX_TRES"},
	             {"NO_NORMAL_ALL",
	              "NO_NORMAL_ALL,NO_NORMAL_ASSOC,NO_NORMAL_PART,NO_NORMAL_QOS,NO_NORMAL_TRES"}};
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		bool any = false;
		for (const char *p = flags[i].by; *p && !any; p += strcspn(p, ","), p += *p == ',')
			any = text_list_has(set_text(s), p, strcspn(p, ","));
		if (any)
			text_printf(&s->value, "%s%s", s->value.len ? "," : "", flags[i].word);
	}
}

static void form_YESNO(struct shown *s)
{
	text_add(&s->value, conf_bool(s->conf, s->param) ? "Yes" : "No");
}

static void form_FLAG(struct shown *s)
{
	text_add(&s->value, conf_bool(s->conf, s->param) ? "1" : "0");
}

static void form_BOOT_TIME(struct shown *s)
{
	char text[32];
	struct tm tm;
	time_t at = (time_t)(s->ctl->boot_time / CORE_SECOND);
	localtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	text_add(&s->value, text);
}

static void form_HASH(struct shown *s)
{
	text_add(&s->value, "Match");
}

static void form_NODE_COUNT(struct shown *s)
{
	const size_t more = conf_u32(s->conf, P_MaxNodeCount),
	             have = cluster_conf_of(s->ctl->cluster)->node_count;
	text_printf(&s->value, "%zu", more > have ? more : have);
}

static void form_NEXT_JOB_ID(struct shown *s)
{
	uint32_t next = cluster_meta(s->ctl->cluster)->next_job_id,
	         first = cluster_conf_of(s->ctl->cluster)->first_job_id;
	text_printf(&s->value, "%" PRIu32, next < first ? first : next);
}

static void form_SLURM_USER(struct shown *s)
{
	text_printf(&s->value, "%s(%" PRIu32 ")", user_name_of(s->ctl->slurm_uid), s->ctl->slurm_uid);
}

static void form_SLURMD_USER(struct shown *s)
{
	uid_t uid = s->ctl->single_user ? s->ctl->slurm_uid : 0;
	text_printf(&s->value, "%s(%u)", user_name_of(uid), (unsigned)uid);
}

static void form_FLAGS(struct shown *s)
{
	log_flags_print(log_flags(), &s->value);
	if (s->value.len == 0)
		text_add(&s->value, "(null)");
}

static void form_LEVEL(struct shown *s)
{
	text_add(&s->value, log_level_name(s->ctl->log.level));
}

static void form_TIME_FORMAT(struct shown *s)
{
	text_add(&s->value, s->ctl->log.time_format);
}

static void form_CONF_PATH(struct shown *s)
{
	text_add(&s->value, s->ctl->file->path ? s->ctl->file->path : "(null)");
}

static void form_VERSION(struct shown *s)
{
	text_add(&s->value, SLURM_VERSION_TEXT);
}

static void form_MULTIPLE(struct shown *s)
{
	text_add(&s->value, "Yes");
}

/* One line for each, which on_config_query() makes. */
static void form_HOSTS(struct shown *s)
{
	(void)s;
}

/* ---- rows ---- */

static const struct {
	const char *name;
	enum param param;
	void (*form)(struct shown *s);
	bool weighed; /* with PriorityType=priority/multifactor only */
} rows[] = {
#define SHOWN(name, param, form)   {name, P_##param, form_##form, false},
#define WEIGHED(name, param, form) {name, P_##param, form_##form, true},
#include "applets/controller/config_rows.def"
#undef SHOWN
#undef WEIGHED
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void add(struct config_reply *m, char *name, struct text *value, struct arena *arena)
{
	m->names.v[m->names.n++] = name;
	m->values.v[m->values.n++] = arena_strdup(arena, text_str(value));
}

static void add_hosts(struct config_reply *m, struct shown *s, struct arena *arena)
{
	for (size_t i = 0; i < s->conf->host_count; i++) {
		const struct conf_host *host = &s->conf->hosts[i];
		text_clear(&s->value);
		text_add(&s->value, host->name);
		if (host->addr && !text_eq(host->addr, host->name))
			text_printf(&s->value, "(%s)", host->addr);
		add(m, arena_printf(arena, "SlurmctldHost[%zu]", i), &s->value, arena);
	}
}

int on_log_level(struct request *r, struct err *err)
{
	const struct log_level_request *m = r->m;
	uint64_t on, off;
	const char *bad;
	size_t n;
	if ((m->level != CORE_NO_VAL && m->level > LOG_LEVEL_DEBUG5) ||
	    !log_flags_parse(m->flags_on, &on, &bad, &n) || !log_flags_parse(m->flags_off, &off, &bad, &n))
		return err_set(err, ERR_INVALID, "%s", "a level or flag that slurmctld does not know");
	if (m->level != CORE_NO_VAL) {
		daemon_log_set_level(&r->ctl->log, (enum log_level)m->level);
		log_info("Set debug level to '%s', as %s asked", log_level_name(r->ctl->log.level),
		         peer_title(r->peer));
	}
	if (on || off) {
		struct text words = TEXT_EMPTY;
		log_set_flags((log_flags() | on) & ~off);
		log_flags_print(log_flags(), &words);
		log_info("Set DebugFlags to %s, as %s asked", words.len ? words.s : "none",
		         peer_title(r->peer));
		text_free(&words);
	}
	answer_ok(r);
	return 0;
}

int on_config_query(struct request *r, struct err *err)
{
	struct shown s = {.ctl = r->ctl, .conf = &r->ctl->file->conf, .value = TEXT_EMPTY};
	struct config_reply m;
	size_t n = ROWS + s.conf->host_count;
	(void)err;
	schema_init(schema_of_config_reply(), &m);
	m.names.v = arena_array(&r->arena, n, sizeof(char *));
	m.values.v = arena_array(&r->arena, n, sizeof(char *));
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].weighed && !s.conf->core.priority.multifactor)
			continue;
		s.param = rows[i].param;
		text_clear(&s.value);
		if (rows[i].form == form_HOSTS) {
			add_hosts(&m, &s, &r->arena);
			continue;
		}
		rows[i].form(&s);
		add(&m, arena_strdup(&r->arena, rows[i].name), &s.value, &r->arena);
	}
	text_free(&s.value);
	m.path = (char *)(uintptr_t)r->ctl->file->path;
	m.boot_time = r->ctl->boot_time;
	m.now = controller_now();
	answer(r, MSG_config_reply, &m);
	return 0;
}
