/* Licences: how many there are, who has them, and who could have them when. */
#include "core/license.h"
#include "core/cluster_priv.h"
#include "core/util/sort.h"

#include <inttypes.h>
#include <string.h>

/* ---- lists ---- */

/* As strtol() reads it: blanks and a sign may stand before it, and nothing is 0. */
static bool read_count(const char **at, uint32_t *count)
{
	const char *p = *at + strspn(*at, " \t");
	p += *p == '+';
	*count = 0;
	if (*p >= '0' && *p <= '9' && !text_read_u32(&p, count))
		return false;
	*at = p;
	return true;
}

bool license_next(const char **at, const char **name, size_t *n, uint32_t *count)
{
	const char *p = *at;
	if (!p)
		return false;
	p += strspn(p, ",;");
	*at = *p ? *at : p;
	*name = p;
	*n = strcspn(p, ":,;");
	*count = 1;
	if (*n == 0)
		return false;
	p += *n;
	if (*p == ':') {
		p++;
		if (!read_count(&p, count))
			return false;
	}
	if (*p && !strchr(",;", *p))
		return false;
	*at = p;
	return true;
}

static bool is_called(const char *name, size_t n, const char *called)
{
	return strlen(called) == n && memcmp(name, called, n) == 0;
}

uint64_t license_asked(const char *list, const char *called)
{
	uint64_t sum = 0;
	const char *name;
	size_t n;
	uint32_t count;
	while (license_next(&list, &name, &n, &count))
		sum += is_called(name, n, called) ? count : 0;
	return sum;
}

const struct license *license_named(const struct cluster *c, const char *name, size_t n)
{
	for (size_t i = 0; i < c->license_count; i++)
		if (is_called(name, n, c->licenses[i].conf->name))
			return &c->licenses[i];
	return NULL;
}

const struct license *license_at(const struct cluster *c, size_t index)
{
	return index < c->license_count ? &c->licenses[index] : NULL;
}

bool licenses_meet(const struct job_spec *a, const struct job_spec *b)
{
	const char *list = a->licenses, *name;
	size_t n;
	uint32_t count;
	while (license_next(&list, &name, &n, &count)) {
		const char *other = b->licenses, *called;
		size_t len;
		while (license_next(&other, &called, &len, &count))
			if (len == n && memcmp(name, called, n) == 0)
				return true;
	}
	return false;
}

/* ---- who has them ---- */

void licenses_make(struct cluster *c)
{
	free(c->licenses);
	c->license_count = c->conf->license_count;
	c->licenses = xcalloc(c->license_count + 1, sizeof(*c->licenses));
	for (size_t i = 0; i < c->license_count; i++)
		c->licenses[i].conf = &c->conf->licenses[i];
	list_each (it, &c->license_holds) {
		const struct job_spec *spec = &list_entry(it, struct license_hold, in_all)->job->spec;
		for (size_t i = 0; i < c->license_count; i++) {
			struct license *l = &c->licenses[i];
			l->used += license_asked(spec->licenses, l->conf->name);
			l->overdrawn = l->used > l->conf->total;
		}
	}
}

void licenses_free(struct cluster *c)
{
	free(c->licenses);
	c->licenses = NULL;
	c->license_count = 0;
}

static void count(struct cluster *c, const struct job_spec *spec, bool takes, bool late)
{
	for (size_t i = 0; i < c->license_count; i++) {
		struct license *l = &c->licenses[i];
		const uint64_t n = license_asked(spec->licenses, l->conf->name);
		l->used = takes ? l->used + n : l->used - n;
		if (l->used <= l->conf->total)
			l->overdrawn = false;
		else if (n > 0 && takes && late)
			l->overdrawn = true;
	}
}

void licenses_drop(struct cluster *c, struct job *job)
{
	if (!job->licensed)
		return;
	list_remove(&job->licensed->in_all);
	free(job->licensed);
	job->licensed = NULL;
	count(c, &job->spec, false, false);
	cluster_has_room(c);
}

bool job_has_licenses(const struct job *job)
{
	const bool there = job_is_active(job) || (job->state.flags & JOB_FLAG_COMPLETING);
	return there && text_or_null(job->spec.licenses);
}

void licenses_settle(struct cluster *c, struct job *job, bool late)
{
	const bool has = job_has_licenses(job);
	if (has == (job->licensed != NULL))
		return;
	if (!has) {
		licenses_drop(c, job);
		return;
	}
	job->licensed = xcalloc(1, sizeof(*job->licensed));
	job->licensed->job = job;
	list_append(&c->license_holds, &job->licensed->in_all);
	count(c, &job->spec, true, late);
}

/* ---- who could have them ---- */

int licenses_check(const struct cluster *c, const struct job_spec *spec, struct err *err)
{
	const char *list = text_or_null(spec->licenses), *name;
	size_t n;
	uint32_t one;
	while (license_next(&list, &name, &n, &one)) {
		const struct license *l = license_named(c, name, n);
		const uint64_t asked = l ? license_asked(spec->licenses, l->conf->name) : 0;
		if (!l)
			return err_set(err, ERR_INVALID_LICENSES,
			               "there is no license %.*s: `scontrol show licenses` lists those that "
			               "there are",
			               (int)n, name);
		if (asked > l->conf->total && !c->conf->allow_zero_lic)
			return err_set(err, ERR_INVALID_LICENSES,
			               "%" PRIu64 " licenses %s are asked for, and there are %" PRIu32, asked,
			               l->conf->name, l->conf->total);
	}
	return list && *list ? err_set(err, ERR_INVALID_LICENSES,
	                               "--licenses takes NAME[:COUNT],..., as fluent:2,matlab")
	                     : 0;
}

/* Who has some of it, and will have, for how long. */
struct stretch {
	core_time at;
	int64_t more;
};

static int by_time(const void *pa, const void *pb, void *ctx)
{
	const struct stretch *a = pa, *b = pb;
	(void)ctx;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->more < b->more ? -1 : a->more > b->more; /* what ends then comes first */
}

struct stretches {
	struct stretch *v;
	size_t n;
	int64_t at_first;
};

/* So many of it from one time to another, as far as that is within the span. */
static void add_stretch(struct stretches *s, const struct select_ask *ask, core_time from, core_time to,
                        uint64_t n)
{
	if (n == 0 || from >= ask->to || to <= ask->from)
		return;
	if (from <= ask->from)
		s->at_first += (int64_t)n;
	else
		s->v[s->n++] = (struct stretch){from, (int64_t)n};
	s->v[s->n++] = (struct stretch){to, -(int64_t)n};
}

/* The most that is used at any moment of the span, by those that run and those before in the plan. */
static uint64_t used_within(const struct cluster *c, const struct license *l, const struct select_ask *ask)
{
	const size_t rank = ask->rank < c->plan.n ? ask->rank : c->plan.n;
	size_t holds = 0;
	list_each (it, &c->license_holds)
		holds++;
	struct stretches s = {.v = xcalloc(holds + 2 * rank + 1, sizeof(*s.v))};
	list_each (it, &c->license_holds) {
		const struct job *job = list_entry(it, struct license_hold, in_all)->job;
		add_stretch(&s, ask, 0, job_expected_end(c, job),
		            license_asked(job->spec.licenses, l->conf->name));
	}
	for (size_t i = 0; i < rank; i++) {
		const struct planned *e = c->plan.v[i];
		add_stretch(&s, ask, e->start, e->end, license_asked(e->job->spec.licenses, l->conf->name));
	}
	sort_stable(s.v, s.n, sizeof(*s.v), by_time, NULL);
	int64_t sum = s.at_first, most = sum;
	for (size_t i = 0; i < s.n; i++) {
		sum += s.v[i].more;
		most = sum > most ? sum : most;
	}
	free(s.v);
	return (uint64_t)most;
}

bool licenses_are_planned(const struct cluster *c)
{
	return c->conf->backfill && c->conf->bf_licenses;
}

bool licenses_fit(const struct cluster *c, const struct select_ask *ask)
{
	const char *list = text_or_null(ask->spec->licenses), *name;
	const bool later = ask->from > c->now, planned = licenses_are_planned(c) && ask->from != 0;
	size_t n;
	uint32_t one;
	while (license_next(&list, &name, &n, &one)) {
		const struct license *l = license_named(c, name, n);
		const uint64_t asked = l ? license_asked(ask->spec->licenses, l->conf->name) : 0;
		if (!l || asked > l->conf->total)
			return false;
		if (ask->ignore_use || (later && !planned))
			continue;
		const uint64_t used = planned ? used_within(c, l, ask) : l->used;
		if (used > l->conf->total || asked > l->conf->total - used)
			return false;
	}
	return true;
}
