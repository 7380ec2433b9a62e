#include "conf/slurm_conf.h"
#include "conf/param_value.h"
#include "conf/sched_params.h"

#include "conf/license_conf.h"
#include "conf/node_part.h"
#include "conf/priority_conf.h"
#include "conf/reader.h"
#include "core/records.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

const struct param_row param_rows[PARAM_COUNT] = {
#define P(name, type, dflt, class, accepted) {#name, PARAM_##type, dflt, PARAM_##class, accepted},
#include "conf/params.def"
#undef P
};

/* ---- errors ---- */

void conf_error_add(struct conf_errors *errors, const char *file, unsigned line, const char *fmt, ...)
{
	struct text t = TEXT_EMPTY;
	va_list ap;
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	errors->v = xgrow(errors->v, &errors->cap, errors->n + 1, sizeof(*errors->v));
	errors->v[errors->n++] = (struct conf_error){.file = file, .line = line, .text = text_take(&t)};
}

void conf_errors_free(struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->n; i++)
		free(errors->v[i].text);
	free(errors->v);
	*errors = (struct conf_errors){0};
}

/* ---- values ---- */

const char *conf_str(const struct slurm_conf *conf, enum param p)
{
	return conf->values[p].text ? conf->values[p].text : param_rows[p].dflt;
}

bool conf_is_set(const struct slurm_conf *conf, enum param p)
{
	return conf->values[p].text != NULL;
}

static uint64_t number(const struct slurm_conf *conf, enum param p)
{
	uint64_t v = 0;
	const char *s = conf_str(conf, p);
	if (!s || !param_number(param_rows[p].type, param_rows[p].name, s, &v, NULL))
		return 0;
	return param_limited(p, v);
}

uint32_t conf_u32(const struct slurm_conf *conf, enum param p)
{
	return (uint32_t)number(conf, p);
}

uint64_t conf_mib(const struct slurm_conf *conf, enum param p)
{
	return param_is_unlimited(conf_str(conf, p)) ? 0 : number(conf, p);
}

bool conf_bool(const struct slurm_conf *conf, enum param p)
{
	bool v = false;
	const char *s = conf_str(conf, p);
	if (param_rows[p].type == PARAM_FLAG)
		return number(conf, p) != 0;
	return s && param_bool(param_rows[p].name, s, &v, NULL) && v;
}

static bool list_has(const char *list, const char *word)
{
	return text_list_has(list, word, strlen(word));
}

bool conf_list_has(const struct slurm_conf *conf, enum param p, const char *word)
{
	return list_has(conf_str(conf, p), word);
}

/* ---- lines ---- */

struct parse {
	struct slurm_conf *conf;
	struct conf_errors *errors;
	struct node_part *records;
};

static int find_param(const char *key)
{
	for (int i = 0; i < PARAM_COUNT; i++)
		if (text_eq_nocase(param_rows[i].name, key))
			return i;
	return -1;
}

static void unknown_key(struct parse *p, const char *file, unsigned line, const char *key, const char *value)
{
	const char *names[PARAM_COUNT];
	for (int i = 0; i < PARAM_COUNT; i++)
		names[i] = param_rows[i].name;
	const char *near = text_nearest(key, names, PARAM_COUNT);
	conf_error_add(p->errors, file, line, "unknown parameter %s=%.60s%s%s%s", key, value,
	               near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

/* "name(addr)" */
static void add_host(struct slurm_conf *conf, const char *value)
{
	const char *open = strchr(value, '(');
	size_t n = open ? (size_t)(open - value) : strlen(value);
	struct conf_host *longer = arena_array(&conf->arena, conf->host_count + 1, sizeof(*longer));
	if (conf->host_count)
		memcpy(longer, conf->hosts, conf->host_count * sizeof(*longer));
	char *name = arena_strndup(&conf->arena, value, n), *addr = name;
	if (open)
		addr = arena_strndup(&conf->arena, open + 1, strcspn(open + 1, ")"));
	longer[conf->host_count] = (struct conf_host){name, addr};
	conf->hosts = longer;
	conf->host_count++;
}

static void set_param(struct parse *p, const char *file, unsigned line, const char *key, const char *value)
{
	int i = find_param(key);
	if (i < 0) {
		unknown_key(p, file, line, key, value);
		return;
	}
	struct text why = TEXT_EMPTY;
	if (!param_check((enum param)i, value, &why)) {
		conf_error_add(p->errors, file, line, "%s", why.s);
		text_free(&why);
		return;
	}
	if (i == P_SlurmctldHost) {
		add_host(p->conf, value);
	} else if (p->conf->values[i].text && strcmp(p->conf->values[i].text, value) != 0) {
		conf_error_add(p->errors, file, line, "%s stands twice: %s in line %u of %s, %.60s here",
		               param_rows[i].name, p->conf->values[i].text, p->conf->values[i].line,
		               p->conf->values[i].file, value);
	}
	p->conf->values[i] = (struct conf_value){value, file, line};
}

static void take_line(void *ctx, const char *file, unsigned line, const char *key, const char *value)
{
	struct parse *p = ctx;
	/* The whole line again, since a line of parameters may hold several pairs. */
	const char *all = arena_printf(&p->conf->arena, "%s=%s", key, value), *rest = all;
	if (node_part_takes(key)) {
		node_part_line(p->records, file, line, all);
		return;
	}
	const char *k, *v;
	while (reader_pair(&p->conf->arena, &rest, &k, &v)) {
		if (k)
			set_param(p, file, line, k, v);
		else
			conf_error_add(p->errors, file, line, "%.60s: a Parameter=Value is wanted", v);
	}
}

/* ---- the whole ---- */

static bool cluster_name_is_good(const char *s)
{
	return s && *s && strlen(s) <= 40 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(s);
}

static void check_whole(struct slurm_conf *conf, struct conf_errors *errors)
{
	const char *file = conf->path;
	if (!conf_is_set(conf, P_ClusterName))
		conf_error_add(errors, file, 0, "ClusterName is missing");
	else if (!cluster_name_is_good(conf_str(conf, P_ClusterName)))
		conf_error_add(errors, conf->values[P_ClusterName].file, conf->values[P_ClusterName].line,
		               "ClusterName=%s: letters, digits, '-', '_' and '.' are allowed, up to 40",
		               conf_str(conf, P_ClusterName));
	if (conf->host_count == 0 && conf_str(conf, P_ControlMachine)) {
		add_host(conf, conf_str(conf, P_ControlMachine));
		if (conf_str(conf, P_ControlAddr))
			conf->hosts[0].addr = arena_strdup(&conf->arena, conf_str(conf, P_ControlAddr));
	}
	if (conf->host_count == 0)
		conf_error_add(errors, file, 0,
		               "SlurmctldHost is missing: name the host that runs slurmctld");
	if (conf_u32(conf, P_FirstJobId) > conf_u32(conf, P_MaxJobId))
		conf_error_add(errors, file, 0, "FirstJobId > MaxJobId: %s is more than %s",
		               conf_str(conf, P_FirstJobId), conf_str(conf, P_MaxJobId));
	if (conf->core.node_count == 0)
		conf_error_add(errors, file, 0, "no NodeName line: there is no node to run anything on");
}

static uint32_t select_flags(const struct slurm_conf *conf)
{
	static const struct {
		const char *word;
		uint32_t flags;
	} words[] = {{"CR_CPU", CONF_CR_CPU},       {"CR_CPU_Memory", CONF_CR_CPU | CONF_CR_MEMORY},
	             {"CR_Core", CONF_CR_CORE},     {"CR_Core_Memory", CONF_CR_CORE | CONF_CR_MEMORY},
	             {"CR_Socket", CONF_CR_SOCKET}, {"CR_Socket_Memory", CONF_CR_SOCKET | CONF_CR_MEMORY},
	             {"CR_Memory", CONF_CR_MEMORY}, {"CR_ONE_TASK_PER_CORE", CONF_CR_ONE_TASK_PER_CORE},
	             {"CR_LLN", CONF_CR_LLN},       {"CR_Pack_Nodes", CONF_CR_PACK_NODES}};
	uint32_t flags = 0;
	if (text_eq_nocase(conf_str(conf, P_SelectType), "select/linear"))
		return conf_list_has(conf, P_SelectTypeParameters, "CR_Memory") ? CONF_CR_MEMORY : 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (conf_list_has(conf, P_SelectTypeParameters, words[i].word))
			flags |= words[i].flags;
	/* cons_tres without a word of its own counts cores and memory. */
	return flags & (CONF_CR_CPU | CONF_CR_CORE | CONF_CR_SOCKET) ? flags
	                                                             : flags | CONF_CR_CORE | CONF_CR_MEMORY;
}

/* SlurmctldParameters=node_reg_mem_percent=90.5, in hundredths. */
static uint32_t reg_mem_percent(struct slurm_conf *conf)
{
	static const char key[] = "node_reg_mem_percent=";
	char *list = arena_strdup(&conf->arena, conf_str(conf, P_SlurmctldParameters));
	uint32_t whole = 0, part = 0;
	for (char *word = list ? text_split(&list, ',') : NULL; word; word = text_split(&list, ',')) {
		if (!text_starts_nocase(word, key))
			continue;
		char *dot = strchr(word, '.');
		if (dot) {
			const char digits[] = {dot[1] ? dot[1] : '0', dot[1] && dot[2] ? dot[2] : '0', '\0'};
			text_to_u32(digits, &part);
			*dot = '\0';
		}
		return text_to_u32(word + strlen(key), &whole) && whole <= 100 ? whole * 100 + part : 0;
	}
	return 0;
}

static void fill_core(struct slurm_conf *conf)
{
	struct cluster_conf *c = &conf->core;
	c->cluster_name = arena_strdup(&conf->arena, conf_str(conf, P_ClusterName));
	c->select_flags = select_flags(conf);
	c->config_overrides = conf_list_has(conf, P_SlurmdParameters, "config_overrides");
	c->reg_mem_percent = reg_mem_percent(conf);
	c->max_node_count = conf_u32(conf, P_MaxNodeCount);
	c->first_job_id = conf_u32(conf, P_FirstJobId);
	c->max_job_id = conf_u32(conf, P_MaxJobId);
	c->max_job_count = conf_u32(conf, P_MaxJobCount);
	c->max_array_size = conf_u32(conf, P_MaxArraySize);
	c->kill_invalid_depend = conf_list_has(conf, P_DependencyParameters, "kill_invalid_depend");
	c->max_step_count = conf_u32(conf, P_MaxStepCount);
	c->max_tasks_per_node = conf_u32(conf, P_MaxTasksPerNode);
	c->min_job_age_s = conf_u32(conf, P_MinJobAge);
	c->kill_wait_s = conf_u32(conf, P_KillWait);
	c->inactive_limit_s = conf_u32(conf, P_InactiveLimit);
	c->wait_time_s = conf_u32(conf, P_WaitTime);
	c->over_time_limit_min = conf_u32(conf, P_OverTimeLimit);
	if (c->over_time_limit_min == UINT16_MAX)
		c->over_time_limit_min = CORE_INFINITE;
	c->slurmd_timeout_s = conf_u32(conf, P_SlurmdTimeout);
	c->slurmctld_timeout_s = conf_u32(conf, P_SlurmctldTimeout);
	c->return_to_service = conf_u32(conf, P_ReturnToService);
	c->def_mem_per_node = conf_mib(conf, P_DefMemPerNode);
	c->def_mem_per_cpu = conf_mib(conf, P_DefMemPerCPU);
	c->max_mem_per_node = conf_mib(conf, P_MaxMemPerNode);
	c->max_mem_per_cpu = conf_mib(conf, P_MaxMemPerCPU);
	const char *enforce = conf_str(conf, P_EnforcePartLimits);
	c->enforce_part_limits = list_has("no,0,false", enforce) ? 0 : list_has("any", enforce) ? 1 : 2;
	c->billing_max = conf_list_has(conf, P_PriorityFlags, "MAX_TRES");
	c->keep_part_info = conf_list_has(conf, P_ReconfigFlags, "KeepPartInfo");
	c->keep_part_state = conf_list_has(conf, P_ReconfigFlags, "KeepPartState");
	c->job_requeue = conf_bool(conf, P_JobRequeue);
	c->disable_root_jobs = conf_bool(conf, P_DisableRootJobs);
	c->prolog_slurmctld = conf_str(conf, P_PrologSlurmctld) != NULL;
	c->epilog_slurmctld = conf_str(conf, P_EpilogSlurmctld) != NULL;
	c->prolog_nohold = conf_list_has(conf, P_PrologFlags, "NoHold");
	c->prolog_alloc =
	        conf_str(conf, P_Prolog) && (conf_list_has(conf, P_PrologFlags, "Alloc") || c->prolog_nohold);
	c->prolog_defer_batch = conf_list_has(conf, P_PrologFlags, "DeferBatch");
	c->backfill = text_eq_nocase(conf_str(conf, P_SchedulerType), "sched/backfill");
	sched_params_read(conf_str(conf, P_SchedulerParameters), c);
	c->bf_licenses = conf_list_has(conf, P_SchedulerParameters, "bf_licenses");
	c->allow_zero_lic = conf_list_has(conf, P_SchedulerParameters, "allow_zero_lic");
	c->nohold_on_prolog_fail = conf_list_has(conf, P_SchedulerParameters, "nohold_on_prolog_fail");
}

int slurm_conf_read_from(struct slurm_conf *conf, const struct conf_source *source,
                         struct conf_errors *errors)
{
	size_t before = errors->n;
	memset(conf, 0, sizeof(*conf));
	arena_init(&conf->arena);
	conf->path = arena_strdup(&conf->arena, source->path);
	struct parse p = {.conf = conf, .errors = errors, .records = node_part_new(conf, errors)};
	reader_run(&conf->arena, source, conf->path, &conf->texts, errors, take_line, &p);
	fill_core(conf);
	priority_conf_read(conf, errors);
	license_conf_read(conf, errors);
	node_part_finish(p.records);
	if (conf->texts.n > 0) /* else that it can't be read is all there is to say */
		check_whole(conf, errors);
	return errors->n > before ? -1 : 0;
}

int slurm_conf_read(struct slurm_conf *conf, const char *path, struct conf_errors *errors)
{
	const struct conf_source source = {.path = path};
	return slurm_conf_read_from(conf, &source, errors);
}

int slurm_conf_read_text(struct slurm_conf *conf, const char *name, const char *text, size_t n,
                         struct conf_errors *errors)
{
	struct conf_text one = {.name = name, .text = text ? text : "", .n = n};
	const struct conf_texts texts = {&one, 1};
	const struct conf_source source = {.path = name, .texts = &texts};
	return slurm_conf_read_from(conf, &source, errors);
}

void slurm_conf_free(struct slurm_conf *conf)
{
	arena_free(&conf->arena);
	memset(conf, 0, sizeof(*conf));
}

/* ---- classes ---- */

static bool list_is_within(const char *list, const char *of)
{
	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");
		if (n && !text_list_has(of, p, n))
			return false;
		p += n + (p[n] == ',');
	}
	return true;
}

static bool value_is_served(const struct slurm_conf *conf, int i)
{
	const struct param_row *row = &param_rows[i];
	const char *text = conf->values[i].text;
	if (!text || (row->dflt && text_eq_nocase(text, row->dflt)) || text_eq_nocase(text, "none") ||
	    text_eq_nocase(text, "(null)"))
		return true;
	if (row->accepted && row->type == PARAM_LIST)
		return list_is_within(text, row->accepted);
	if (row->accepted)
		return list_has(row->accepted, text);
	if (row->type == PARAM_BOOL) {
		bool v = false, d = false;
		param_bool(row->name, text, &v, NULL);
		if (row->dflt)
			param_bool(row->name, row->dflt, &d, NULL);
		return v == d;
	}
	/* 0 and UNLIMITED mean "none" for limits. */
	return param_is_number(row->type) && (strcmp(text, "0") == 0 || param_is_unlimited(text));
}

/* Why one word of a list is not served, where that needs saying. */
static const char *why_not(enum param p, const char *text)
{
	static const struct {
		enum param param;
		const char *word, *why;
	} reasons[] = {
	        {P_PrologFlags, "Contain", " (there is no extern step that processes of logins could join)"},
	        {P_PrologFlags, "X11", " (X11 forwarding is not there; it needs Contain)"},
	};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].param == p && list_has(text, reasons[i].word))
			return reasons[i].why;
	return "";
}

void slurm_conf_check_unsafe(const struct slurm_conf *conf, const char *accepted, struct conf_errors *errors)
{
	for (int i = 0; i < PARAM_COUNT; i++) {
		const struct param_row *row = &param_rows[i];
		bool closed = row->class == PARAM_UNSAFE || (row->class == PARAM_ACTED && row->accepted);
		if (!closed || value_is_served(conf, i) || list_has(accepted, row->name))
			continue;
		conf_error_add(errors, conf->values[i].file, conf->values[i].line,
		               "%s=%s is not supported%s, and ignoring it would not be safe: remove it, or "
		               "accept that by `unsafe = %s` in section "
		               "[accept] of batchbox.conf",
		               row->name, conf->values[i].text, why_not((enum param)i, conf->values[i].text),
		               row->name);
	}
}

/* NAME, or NAME=VALUE */
static bool all_words_in(const struct param_row *row, const char *s)
{
	while (row->accepted && *s) {
		size_t n = strcspn(s, ",");
		if (!text_list_has(row->accepted, s, strcspn(s, "=,")) &&
		    !(row == &param_rows[P_SchedulerParameters] && sched_params_knows(s, n)))
			return false;
		s += n + (s[n] == ',');
	}
	return row->accepted != NULL;
}

void slurm_conf_harmless(const struct slurm_conf *conf, struct text *out)
{
	for (int i = 0; i < PARAM_COUNT; i++)
		if (param_rows[i].class == PARAM_HARMLESS && conf->values[i].text &&
		    !all_words_in(&param_rows[i], conf->values[i].text) &&
		    !(param_rows[i].dflt && text_eq_nocase(conf->values[i].text, param_rows[i].dflt)))
			text_printf(out, "%s%s", out->len ? ", " : "", param_rows[i].name);
}

void slurm_conf_limited(const struct slurm_conf *conf, struct text *out)
{
	for (int i = 0; i < PARAM_COUNT; i++) {
		uint64_t v;
		const struct param_row *row = &param_rows[i];
		if (!conf->values[i].text || !param_is_number(row->type) ||
		    !param_number(row->type, row->name, conf->values[i].text, &v, NULL) ||
		    param_limited((enum param)i, v) == v)
			continue;
		text_printf(out, "%s%s=%s is taken as %" PRIu64, out->len ? ", " : "", row->name,
		            conf->values[i].text, param_limited((enum param)i, v));
	}
}
