#include "applets/controller/job_filter.h"

#include "core/license.h"
#include "core/taskset.h"
#include "core/util/text.h"

#include <stdlib.h>
#include <string.h>

static bool has_u32(const struct schema_u32s *list, uint32_t v)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (list->v[i] == v)
			return true;
	return false;
}

static bool has_text(const struct schema_strs *list, const char *s)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (text_eq(list->v[i], s))
			return true;
	return false;
}

static bool wants_user(const struct job_filter *f, const struct identity *who)
{
	if (f->uids.n == 0 && f->users.n == 0)
		return true;
	return who && (has_u32(&f->uids, who->uid) || has_text(&f->users, who->user_name));
}

/* A list of partitions that a pending job may start in counts for each of them. */
static bool wants_partition(const struct job_filter *f, const char *partitions)
{
	if (f->partitions.n == 0)
		return true;
	for (const char *p = partitions; p && *p;) {
		size_t n = strcspn(p, ",");
		for (uint32_t i = 0; i < f->partitions.n; i++)
			if (strlen(f->partitions.v[i]) == n && strncmp(f->partitions.v[i], p, n) == 0)
				return true;
		p += n + (p[n] == ',');
	}
	return false;
}

static bool wants_state(const struct job_filter *f, const struct job_state *state)
{
	if (f->states.n == 0)
		return !f->live_only || state->state <= JOB_SUSPENDED || (state->flags & JOB_FLAG_COMPLETING);
	for (uint32_t i = 0; i < f->states.n; i++) {
		uint32_t want = f->states.v[i];
		/* A flag hides the state. */
		if (want & 0x10000u ? (state->flags & want & 0xffffu) != 0
		                    : state->state == want && !state->flags)
			return true;
	}
	return false;
}

static bool wants_nodes(const struct job_filter *f, const struct job_state *state)
{
	if (!f->nodes)
		return true;
	for (uint32_t i = 0; i < state->nodes.n; i++)
		if (hostlist_contains(f->nodes, state->nodes.v[i].node))
			return true;
	return false;
}

struct core_bits *job_tasks_meant(const struct core_bits *wanted, const struct job_spec *spec,
                                  const struct job_state *state)
{
	struct core_bits *meant = bits_new(wanted->n), *of = NULL;
	if (state->array_tasks)
		of = taskset_parse(state->array_tasks, TASKS_END, NULL, NULL);
	else if (bits_has(wanted, spec->array_task_id))
		bits_add(meant, spec->array_task_id);
	for (uint32_t i = of ? bits_next(wanted, 0) : wanted->n; i < wanted->n; i = bits_next(wanted, i + 1))
		if (bits_has(of, i))
			bits_add(meant, i);
	free(of);
	return meant;
}

static bool is_meant(const char *tasks, const struct job_spec *spec, const struct job_state *state)
{
	struct core_bits *wanted = taskset_parse(tasks, TASKS_END, NULL, NULL);
	struct core_bits *meant = wanted ? job_tasks_meant(wanted, spec, state) : NULL;
	bool any = meant && meant->set > 0;
	free(wanted);
	free(meant);
	return any;
}

bool job_named(const struct schema_u32s *ids, const struct schema_strs *tasks, const struct job_spec *spec,
               const struct job_state *state)
{
	for (uint32_t i = 0; i < ids->n; i++) {
		const char *some = i < tasks->n ? tasks->v[i] : "";
		bool array = ids->v[i] == spec->array_job_id;
		if (*some ? array && is_meant(some, spec, state) : array || ids->v[i] == spec->job_id)
			return true;
	}
	return false;
}

static bool wants_text(const struct schema_strs *list, const char *s)
{
	return list->n == 0 || (s && has_text(list, s));
}

/* One of those names, however many of it. */
static bool wants_licenses(const struct schema_strs *wanted, const char *list)
{
	const char *name;
	size_t n;
	uint32_t count;
	while (wanted->n > 0 && license_next(&list, &name, &n, &count))
		for (uint32_t i = 0; i < wanted->n; i++)
			if (strlen(wanted->v[i]) == n && memcmp(wanted->v[i], name, n) == 0)
				return true;
	return wanted->n == 0;
}

bool job_filter_wants(const struct job_filter *f, const struct job_spec *spec, const struct job_state *state)
{
	return wants_text(&f->accounts, spec->account) && wants_text(&f->qoses, spec->qos) &&
	       wants_text(&f->reservations, spec->reservation) && wants_text(&f->wckeys, spec->wckey) &&
	       wants_licenses(&f->licenses, spec->licenses) && wants_user(f, spec->who) &&
	       (f->names.n == 0 || has_text(&f->names, spec->name)) &&
	       wants_partition(f, state->partition ? state->partition : spec->partition) &&
	       wants_state(f, state) && wants_nodes(f, state);
}
