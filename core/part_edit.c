/* Partitions that scontrol changes, makes or removes: each is a record of its own, which stands in the place
 * of what slurm.conf says of that partition. */
#include "core/cluster_priv.h"
#include "core/util/hostlist.h"

#include <string.h>

struct part_edit {
	struct list in_all;
	struct part_record record;
};

/* Members that the record and the configuration have by the same name. */
#define PART_VALUES(V)                                                                                       \
	V(all_nodes)                                                                                         \
	V(is_default)                                                                                        \
	V(hidden)                                                                                            \
	V(root_only)                                                                                         \
	V(lln)                                                                                               \
	V(exclusive_user)                                                                                    \
	V(no_root_jobs)                                                                                      \
	V(max_time_min)                                                                                      \
	V(default_time_min)                                                                                  \
	V(max_nodes)                                                                                         \
	V(min_nodes)                                                                                         \
	V(max_cpus_per_node)                                                                                 \
	V(priority_tier)                                                                                     \
	V(priority_job_factor)                                                                               \
	V(def_mem_per_node)                                                                                  \
	V(def_mem_per_cpu)                                                                                   \
	V(max_mem_per_node)                                                                                  \
	V(max_mem_per_cpu)                                                                                   \
	V(grace_time_s)                                                                                      \
	V(over_time_limit_min)                                                                               \
	V(oversubscribe)                                                                                     \
	V(oversubscribe_max)                                                                                 \
	V(req_resv)                                                                                          \
	V(preempt_mode)                                                                                      \
	V(def_cpu_per_gpu)                                                                                   \
	V(def_mem_per_gpu)                                                                                   \
	V(select_flags)
#define PART_TEXTS(T)                                                                                        \
	T(name)                                                                                              \
	T(nodes)                                                                                             \
	T(allow_groups)                                                                                      \
	T(allow_accounts)                                                                                    \
	T(deny_accounts)                                                                                     \
	T(allow_qos)                                                                                         \
	T(alloc_nodes)                                                                                       \
	T(set_features)                                                                                      \
	T(billing)                                                                                           \
	T(deny_qos)                                                                                          \
	T(qos)                                                                                               \
	T(alternate)                                                                                         \
	T(cpu_bind)

/* The texts are the configuration's own. */
static struct part_record record_of(const struct core_part_conf *conf)
{
	struct part_record record;
	schema_init(schema_of_part_record(), &record);
#define V(member) record.member = conf->member;
	PART_VALUES(V)
	PART_TEXTS(V)
#undef V
	record.state = conf->state;
	record.allow_gids = (struct schema_u32s){conf->allow_gids, (uint32_t)conf->allow_gid_count};
	return record;
}

static struct core_part_conf conf_of(const struct part_record *record)
{
	struct core_part_conf conf = {0};
#define V(member) conf.member = record->member;
	PART_VALUES(V)
	PART_TEXTS(V)
#undef V
	conf.state = record->state <= CONF_PART_INACTIVE ? (enum conf_part_state)record->state : CONF_PART_UP;
	conf.allow_gids = record->allow_gids.v;
	conf.allow_gid_count = record->allow_gids.n;
	return conf;
}

/* ---- the records ---- */

static struct part_edit *edit_of(const struct cluster *c, const char *name)
{
	list_each (it, &c->part_edits) {
		struct part_edit *edit = list_entry(it, struct part_edit, in_all);
		if (text_eq(edit->record.name, name))
			return edit;
	}
	return NULL;
}

static void edit_free(struct part_edit *edit)
{
	list_remove(&edit->in_all);
	schema_free(schema_of_part_record(), &edit->record);
	free(edit);
}

void part_edit_load(struct cluster *c, const struct part_record *record)
{
	struct part_edit *edit = xcalloc(1, sizeof(*edit)), *old = edit_of(c, record->name);
	schema_copy(schema_of_part_record(), &edit->record, record, NULL);
	/* In the place of the one before, so that partitions keep their order. */
	list_append(old ? &old->in_all : &c->part_edits, &edit->in_all);
	if (old)
		edit_free(old);
}

void part_edit_forget(struct cluster *c, const char *name)
{
	struct part_edit *edit = edit_of(c, name);
	if (edit)
		edit_free(edit);
}

size_t part_record_count(const struct cluster *c)
{
	size_t n = 0;
	list_each (it, &c->part_edits)
		n++;
	return n;
}

void part_edits_free(struct cluster *c)
{
	list_each_safe (it, tmp, &c->part_edits)
		edit_free(list_entry(it, struct part_edit, in_all));
}

/* ---- into a configuration ---- */

static uint32_t index_of(const struct cluster_conf *conf, const struct map *index, const char *name)
{
	uintptr_t at = (uintptr_t)map_get_text(index, name);
	return at && at <= conf->node_count ? (uint32_t)at - 1 : CORE_NO_VAL;
}

/* One of the features of its NodeSets. */
static bool has_feature_of(const struct core_part_conf *part, const struct core_node_conf *node)
{
	for (const char *p = part->set_features; p && *p;) {
		size_t n = strcspn(p, ",");
		if (n && text_list_has(node->features, p, n))
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

/* The nodes that its text names, as indexes and as a text in the configuration's order. Those that aren't
 * there are left out, and counted. */
static size_t resolve_nodes(struct core_part_conf *part, const struct cluster_conf *conf,
                            const struct map *index, struct arena *arena)
{
	struct hostlist *h = part->nodes ? hostlist_parse(part->nodes, NULL) : NULL, *shown = hostlist_new();
	bool *in = xcalloc(conf->node_count + 1, sizeof(*in));
	const bool all = part->all_nodes || text_eq_nocase(part->nodes, "ALL");
	size_t missing = part->nodes && *part->nodes && !h;
	struct hostlist_iter it;
	if (h && !all && hostlist_count(h) <= HOSTLIST_EXPAND_MAX) {
		hostlist_iter_init(&it, h);
		for (const char *name; (name = hostlist_next(&it));) {
			uint32_t at = index_of(conf, index, name);
			if (at == CORE_NO_VAL)
				missing++;
			else
				in[at] = true;
		}
	}
	part->node_index = arena_array(arena, conf->node_count + 1, sizeof(*part->node_index));
	part->node_count = 0;
	for (size_t i = 0; i < conf->node_count; i++) {
		if (!in[i] && !all && !has_feature_of(part, &conf->nodes[i]))
			continue;
		part->node_index[part->node_count++] = (uint32_t)i;
		hostlist_add_name(shown, conf->nodes[i].name);
	}
	char *text = hostlist_string(shown);
	part->nodes = arena_strdup(arena, text);
	free(text);
	free(in);
	hostlist_free(shown);
	hostlist_free(h);
	return missing;
}

static void index_nodes(const struct cluster_conf *conf, struct map *index)
{
	map_init_text(index);
	for (size_t i = 0; i < conf->node_count; i++)
		map_put_text(index, conf->nodes[i].name, (void *)(uintptr_t)(i + 1));
}

void parts_resolve_nodes(struct cluster_conf *conf, struct arena *arena)
{
	struct map index;
	index_nodes(conf, &index);
	for (size_t i = 0; i < conf->part_count; i++)
		resolve_nodes(&conf->parts[i], conf, &index, arena);
	map_free(&index);
}

static void forget_all(struct cluster *c)
{
	list_each_safe (it, tmp, &c->part_edits) {
		struct part_edit *edit = list_entry(it, struct part_edit, in_all);
		emit_part_gone(c, edit->record.name);
		edit_free(edit);
	}
}

/* Of what was set only the states stay (ReconfigFlags=KeepPartState). */
static void keep_states(struct cluster *c, const struct cluster_conf *file)
{
	list_each_safe (it, tmp, &c->part_edits) {
		struct part_edit *edit = list_entry(it, struct part_edit, in_all);
		const struct core_part_conf *part = NULL;
		for (size_t i = 0; i < file->part_count && !part; i++)
			if (text_eq(file->parts[i].name, edit->record.name))
				part = &file->parts[i];
		if (!part || edit->record.gone || edit->record.state == (uint32_t)part->state) {
			emit_part_gone(c, edit->record.name);
			edit_free(edit);
			continue;
		}
		struct part_record record = record_of(part);
		record.state = edit->record.state;
		part_edit_load(c, &record);
		emit_part(c, &record);
	}
}

static bool has_part(const struct cluster_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->part_count; i++)
		if (text_eq(conf->parts[i].name, name))
			return true;
	return false;
}

static void add_part(struct cluster_conf *conf, const struct part_edit *edit,
                     const struct core_part_conf *file, const struct map *index, struct arena *arena)
{
	if (edit && edit->record.gone)
		return;
	struct core_part_conf *part = &conf->parts[conf->part_count++];
	*part = edit ? conf_of(&edit->record) : *file;
	if (edit)
		resolve_nodes(part, conf, index, arena);
}

struct cluster_conf *part_edits_apply(struct cluster *c, const struct cluster_conf *file, struct arena *arena)
{
	struct cluster_conf *conf = arena_memdup(arena, file, sizeof(*file));
	struct map index;
	size_t n = 0;
	if (!file->keep_part_info && file->keep_part_state)
		keep_states(c, file);
	else if (!file->keep_part_info)
		forget_all(c);
	if (list_empty(&c->part_edits))
		return conf;
	index_nodes(file, &index);
	list_each (it, &c->part_edits)
		n++;
	conf->parts = arena_array(arena, file->part_count + n + 1, sizeof(*conf->parts));
	conf->part_count = 0;
	/* Each in its place; those that slurm.conf doesn't have come behind. */
	for (size_t i = 0; i < file->part_count; i++)
		add_part(conf, edit_of(c, file->parts[i].name), &file->parts[i], &index, arena);
	list_each (it, &c->part_edits) {
		const struct part_edit *edit = list_entry(it, struct part_edit, in_all);
		if (!has_part(file, edit->record.name))
			add_part(conf, edit, NULL, &index, arena);
	}
	map_free(&index);
	return conf;
}

/* ---- what an administrator does ---- */

static size_t part_place(const struct cluster *c, const char *name)
{
	size_t i = 0;
	while (i < c->conf->part_count && !text_eq(c->conf->parts[i].name, name))
		i++;
	return i;
}

static void keep(struct cluster *c, const struct core_part_conf *part)
{
	const struct part_record record = record_of(part);
	part_edit_load(c, &record);
	emit_part(c, &record);
}

/* There is one default partition: the new one takes it over. */
static void take_default(struct cluster *c, struct cluster_conf *conf, size_t at)
{
	for (size_t i = 0; conf->parts[at].is_default && i < conf->part_count; i++) {
		if (i == at || !conf->parts[i].is_default)
			continue;
		conf->parts[i].is_default = false;
		keep(c, &conf->parts[i]);
	}
}

/* That MaxTime is less than a default that was there before is no fault of its own. */
static int check_new_part(const struct core_part_conf *part, const struct core_part_conf *old,
                          struct err *err)
{
	if (part->default_time_min != CORE_NO_VAL && part->default_time_min > part->max_time_min &&
	    (!old || old->default_time_min != part->default_time_min))
		return err_set(err, ERR_TIME_LIMIT_EXCEEDED, "%s", "");
	return 0;
}

int part_update(struct cluster *c, const struct core_part_conf *wanted, bool create, core_time now,
                struct err *err)
{
	size_t at = part_place(c, wanted->name);
	struct cluster_conf conf = *c->conf;
	const struct notes quiet = {NULL, NULL};
	struct arena arena;
	struct map index;
	int rc = 0;
	c->now = now;
	if (!wanted->name || (at < c->conf->part_count) == create)
		return err_set(err, ERR_INVALID_PARTITION, "%s", "");
	arena_init(&arena);
	index_nodes(c->conf, &index);
	conf.part_count += create;
	conf.parts = arena_array(&arena, conf.part_count + 1, sizeof(*conf.parts));
	for (size_t i = 0; i < c->conf->part_count; i++)
		conf.parts[i] = c->conf->parts[i];
	conf.parts[at] = *wanted;
	if (resolve_nodes(&conf.parts[at], c->conf, &index, &arena) > 0)
		rc = err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	else
		rc = check_new_part(&conf.parts[at], create ? NULL : &c->conf->parts[at], err);
	if (rc == 0) {
		take_default(c, &conf, at);
		keep(c, &conf.parts[at]);
		cluster_take_conf(c, &conf, &quiet);
	}
	map_free(&index);
	arena_free(&arena);
	return rc;
}

int part_delete(struct cluster *c, const char *name, core_time now, struct err *err)
{
	const struct part *part = part_by_name(c, name);
	struct cluster_conf conf = *c->conf;
	const struct notes quiet = {NULL, NULL};
	struct arena arena;
	c->now = now;
	if (!part)
		return err_set(err, ERR_INVALID_PARTITION, "%s", "");
	list_each (it, &c->jobs) {
		const struct job *job = list_entry(it, struct job, in_all);
		if ((job->part == part || (job->state.state == JOB_PENDING && job->spec.partition &&
		                           text_list_has(job->spec.partition, name, strlen(name)))) &&
		    !job_is_done(job))
			return err_set(err, ERR_PARTITION_IN_USE, "%s", "");
	}
	struct part_record gone;
	schema_init(schema_of_part_record(), &gone);
	gone.name = part->conf->name;
	gone.gone = true;
	part_edit_load(c, &gone);
	emit_part(c, &gone);
	arena_init(&arena);
	conf.parts = arena_array(&arena, conf.part_count + 1, sizeof(*conf.parts));
	conf.part_count = 0;
	for (size_t i = 0; i < c->conf->part_count; i++)
		if (&c->conf->parts[i] != part->conf)
			conf.parts[conf.part_count++] = c->conf->parts[i];
	cluster_take_conf(c, &conf, &quiet);
	arena_free(&arena);
	return 0;
}
