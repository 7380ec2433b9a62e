#include "applets/controller/job_filter.h"

#include "core/util/text.h"

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
		/* While it is completing, that is what is shown. */
		if (want & 0x10000u ? (state->flags & want & 0xffffu) != 0
		                    : state->state == want && !(state->flags & JOB_FLAG_COMPLETING))
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

bool job_filter_wants(const struct job_filter *f, const struct job_spec *spec, const struct job_state *state)
{
	return wants_user(f, spec->who) && (f->names.n == 0 || has_text(&f->names, spec->name)) &&
	       wants_partition(f, state->partition ? state->partition : spec->partition) &&
	       wants_state(f, state) && wants_nodes(f, state);
}
