/* Dependencies (sbatch(1), --dependency): a pending job waits until others have started or ended. What is
 * satisfied is dropped from its list, so that the list is what is left, also when the others are forgotten.
 */
#include "core/cluster_priv.h"

#include <inttypes.h>
#include <string.h>

/* ---- kinds ---- */

enum depend_kind {
	DEPEND_AFTER = 1,
	DEPEND_AFTERANY,
	DEPEND_AFTEROK,
	DEPEND_AFTERNOTOK,
	DEPEND_AFTERCORR,
	DEPEND_SINGLETON,
};
static const struct {
	const char *word;
	enum depend_kind kind;
} kinds[] = {
        {"after", DEPEND_AFTER},           {"afterany", DEPEND_AFTERANY},   {"afterok", DEPEND_AFTEROK},
        {"afternotok", DEPEND_AFTERNOTOK}, {"aftercorr", DEPEND_AFTERCORR}, {"singleton", DEPEND_SINGLETON},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *kind_word(uint32_t kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if ((uint32_t)kinds[i].kind == kind)
			return kinds[i].word;
	return "?";
}

/* ---- who waits for what ---- */

#define KEY_ARRAY     (UINT64_C(1) << 63)
#define KEY_SINGLETON (UINT64_C(1) << 62)

static uint64_t singleton_key(const struct job *job)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ job->spec.who->uid;
	for (const char *p = job->spec.name; p && *p; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return (hash & (KEY_SINGLETON - 1)) | KEY_SINGLETON;
}

static uint64_t key_of(const struct job *job, const struct dependency *d)
{
	if (d->kind == DEPEND_SINGLETON)
		return singleton_key(job);
	return d->serial ? d->serial : KEY_ARRAY | d->job_id;
}

void depend_leave(struct cluster *c, struct job *job)
{
	for (uint32_t i = 0; job->depends && i < job->depend_count; i++) {
		struct depend_link *link = &job->depends[i];
		struct list *head = map_get(&c->waits, link->key);
		list_remove(&link->in_wait);
		if (head && list_empty(head)) {
			map_del(&c->waits, link->key);
			free(head);
		}
	}
	free(job->depends);
	job->depends = NULL;
	job->depend_count = 0;
	list_remove(&job->in_look);
}

void depend_join(struct cluster *c, struct job *job)
{
	uint32_t n = job->state.state == JOB_PENDING ? job->state.depend.n : 0;
	depend_leave(c, job);
	if (n == 0)
		return;
	job->depends = xcalloc(n, sizeof(*job->depends));
	job->depend_count = n;
	for (uint32_t i = 0; i < n; i++) {
		struct depend_link *link = &job->depends[i];
		link->job = job;
		link->key = key_of(job, &job->state.depend.v[i]);
		struct list *head = map_get(&c->waits, link->key);
		if (!head) {
			head = xcalloc(1, sizeof(*head));
			list_init(head);
			map_put(&c->waits, link->key, head);
		}
		list_append(head, &link->in_wait);
	}
	depend_look_later(c, job);
}

void depend_look_later(struct cluster *c, struct job *job)
{
	list_remove(&job->in_look);
	list_append(&c->to_look, &job->in_look);
	c->sched_wanted = true;
}

static void fire(struct cluster *c, uint64_t key)
{
	struct list *head = map_get(&c->waits, key);
	for (struct list *it = head ? head->next : NULL; it && it != head; it = it->next)
		depend_look_later(c, list_entry(it, struct depend_link, in_wait)->job);
}

void depend_fire(struct cluster *c, const struct job *job)
{
	if (map_count(&c->waits) == 0)
		return;
	fire(c, job->serial);
	if (job->array)
		fire(c, KEY_ARRAY | job->spec.array_job_id);
	if (job_is_done(job))
		fire(c, singleton_key(job));
}

/* ---- is it satisfied? ---- */

enum verdict { WAITS, SATISFIED, FAILED };

/* Of one job; after a delay: *at is the time, if that is all that is missing. */
static enum verdict look_at_job(const struct cluster *c, const struct dependency *d, const struct job *target,
                                core_time *at)
{
	if (d->kind == DEPEND_AFTER) {
		if (target->state.state == JOB_PENDING || target->state.start_time == 0)
			return WAITS;
		core_time from = target->state.start_time + (core_time)d->delay_min * 60 * CORE_SECOND;
		if (from <= c->now)
			return SATISFIED;
		*at = from > *at ? from : *at;
		return WAITS;
	}
	if (!job_is_done(target))
		return WAITS;
	bool good = target->state.state == JOB_COMPLETED;
	if (d->kind == DEPEND_AFTERANY)
		return SATISFIED;
	return good == (d->kind != DEPEND_AFTERNOTOK) ? SATISFIED : FAILED;
}

/* One that is forgotten ended in a way that was not noted. */
static enum verdict look_at_forgotten(const struct dependency *d)
{
	return d->kind == DEPEND_AFTER || d->kind == DEPEND_AFTERANY ? SATISFIED : FAILED;
}

static enum verdict look_at_task(const struct cluster *c, const struct dependency *d, uint32_t task,
                                 core_time *at)
{
	for (struct job *job = array_next(c, d->job_id, NULL); job; job = array_next(c, d->job_id, job))
		if (job_has_task(job, task))
			return look_at_job(c, d, job, at);
	return SATISFIED;
}

/* Of all tasks of an array. Those that are forgotten have left their mark in any_failed. */
static enum verdict look_at_array(const struct cluster *c, struct dependency *d, core_time *at)
{
	bool waits = false;
	for (struct job *job = array_next(c, d->job_id, NULL); job; job = array_next(c, d->job_id, job)) {
		d->any_failed |= job_is_done(job) && job->state.state != JOB_COMPLETED;
		bool done =
		        d->kind == DEPEND_AFTER ? look_at_job(c, d, job, at) == SATISFIED : job_is_done(job);
		waits |= !done;
	}
	if (d->any_failed && (d->kind == DEPEND_AFTEROK || d->kind == DEPEND_AFTERCORR))
		return FAILED;
	if (waits)
		return WAITS;
	return d->kind == DEPEND_AFTERNOTOK && !d->any_failed ? FAILED : SATISFIED;
}

/* No job of that user and name that was submitted before is left. */
static enum verdict look_at_names(const struct cluster *c, const struct job *job)
{
	list_each (it, &c->jobs) {
		const struct job *other = list_entry(it, struct job, in_all);
		if (other->serial >= job->serial)
			break;
		bool mine = job->array && other->array == job->array;
		if (!job_is_done(other) && !mine && other->spec.who->uid == job->spec.who->uid &&
		    text_eq(other->spec.name, job->spec.name))
			return WAITS;
	}
	return SATISFIED;
}

/* aftercorr: each task waits for the other array's one of the same number. A record of several tasks is split
 * by what is known of each. */
static enum verdict look_at_tasks(struct cluster *c, struct job *job, const struct dependency *d)
{
	core_time at = 0;
	if (!job->tasks)
		return look_at_task(c, d, job->spec.array_task_id, &at);
	struct core_bits *by[] = {[WAITS] = bits_new(job->tasks->n),
	                          [SATISFIED] = bits_new(job->tasks->n),
	                          [FAILED] = bits_new(job->tasks->n)};
	for (uint32_t i = bits_next(job->tasks, 0); i < job->tasks->n; i = bits_next(job->tasks, i + 1))
		bits_add(by[look_at_task(c, d, i, &at)], i);
	enum verdict mine = by[WAITS]->set ? WAITS : by[SATISFIED]->set ? SATISFIED : FAILED;
	for (enum verdict v = SATISFIED; v <= FAILED; v++)
		if (v != mine && by[v]->set)
			array_split(c, job, by[v], false); /* is looked at for itself */
	for (enum verdict v = WAITS; v <= FAILED; v++)
		free(by[v]);
	return mine;
}

static enum verdict look(struct cluster *c, struct job *job, struct dependency *d, core_time *at)
{
	if (d->failed)
		return FAILED;
	if (d->kind == DEPEND_SINGLETON)
		return look_at_names(c, job);
	if (d->serial) {
		const struct job *target = job_by_serial(c, d->serial);
		return target ? look_at_job(c, d, target, at) : look_at_forgotten(d);
	}
	if (d->task_id != CORE_NO_VAL)
		return look_at_task(c, d, d->task_id, at);
	if (d->kind == DEPEND_AFTERCORR && job->array)
		return look_at_tasks(c, job, d);
	return look_at_array(c, d, at);
}

/* ---- a job's list ---- */

static void drop_all(struct job *job)
{
	for (uint32_t i = 0; i < job->state.depend.n; i++)
		schema_free(schema_of_dependency(), &job->state.depend.v[i]);
	free(job->state.depend.v);
	job->state.depend.v = NULL;
	job->state.depend.n = 0;
}

bool depend_is_hopeless(const struct job *job)
{
	uint32_t failed = 0;
	for (uint32_t i = 0; i < job->state.depend.n; i++)
		failed += job->state.depend.v[i].failed;
	return job->state.depend_any ? failed == job->state.depend.n : failed > 0;
}

/* True: something is different from before. */
static bool look_at_all(struct cluster *c, struct job *job)
{
	struct job_state *s = &job->state;
	bool changed = false, enough = false;
	const bool was_hopeless = depend_is_hopeless(job);
	core_time at = 0;
	for (uint32_t i = 0; i < s->depend.n && !enough;) {
		struct dependency *d = &s->depend.v[i], before = *d;
		enum verdict verdict = look(c, job, d, &at);
		d->failed = verdict == FAILED;
		changed |= verdict == SATISFIED || d->failed != before.failed ||
		           d->any_failed != before.any_failed;
		enough = verdict == SATISFIED && s->depend_any;
		if (verdict == SATISFIED) {
			schema_free(schema_of_dependency(), d);
			memmove(d, d + 1, (--s->depend.n - i) * sizeof(*d));
		} else {
			i++;
		}
	}
	if (enough || s->depend.n == 0)
		drop_all(job);
	else if (at > c->now)
		due_at(c, at, DUE_DEPEND, job->serial, 0);
	if (!was_hopeless && job->state.depend.n > 0 && depend_is_hopeless(job))
		mail_invalid_depend(c, job);
	return changed;
}

static void now_eligible(struct cluster *c, struct job *job)
{
	if (job->state.hold)
		return;
	core_time at = job->spec.begin_time > c->now ? job->spec.begin_time : c->now;
	if (job->state.eligible_time < at)
		job->state.eligible_time = job->state.accrue_time = at;
}

static void look_now(struct cluster *c, struct job *job)
{
	bool kill = job->spec.kill_invalid_depend == CORE_NO_VAL ? c->conf->kill_invalid_depend
	                                                         : job->spec.kill_invalid_depend != 0;
	if (job->state.state != JOB_PENDING || job->state.depend.n == 0)
		return;
	bool changed = look_at_all(c, job);
	if (job->state.depend.n > 0 && depend_is_hopeless(job) && kill) {
		job_end_pending(c, job, JOB_CANCELLED, REASON_DEP_NEVER);
		return;
	}
	if (!changed)
		return;
	if (job->state.depend.n == 0) {
		depend_leave(c, job);
		now_eligible(c, job);
	}
	emit_job_state(c, job);
	queue_settle(c, job);
}

void depend_run(struct cluster *c)
{
	while (!list_empty(&c->to_look)) {
		struct job *job = list_entry(c->to_look.next, struct job, in_look);
		list_remove(&job->in_look);
		look_now(c, job);
	}
}

/* ---- reading ---- */

/* "12", "12_3", "12_*", each with "+MINUTES" or not. */
static bool read_id(const char *p, struct dependency *d)
{
	d->task_id = CORE_NO_VAL;
	d->delay_min = 0;
	if (!text_read_u32(&p, &d->job_id) || d->job_id == 0)
		return false;
	if (p[0] == '_' && p[1] == '*')
		p += 2;
	else if (*p == '_' && (p++, !text_read_u32(&p, &d->task_id)))
		return false;
	if (*p == '+' && (p++, !text_read_u32(&p, &d->delay_min)))
		return false;
	return *p == '\0';
}

/* What to do with each dependency that was read. */
struct reader {
	const struct cluster *c;
	struct job *job; /* NULL: only check */
	bool satisfied;  /* one of several, any of which will do, was over before this job came */
};

static bool is_same(const struct dependency *a, const struct dependency *b)
{
	return a->kind == b->kind && a->job_id == b->job_id && a->task_id == b->task_id &&
	       a->delay_min == b->delay_min;
}

/* A job that isn't known any more, or never was, is nothing to wait for, as in the real one. */
static bool add(struct reader *r, struct dependency *d)
{
	const struct job *target = d->job_id ? job_by_id(r->c, d->job_id) : NULL;
	bool is_array = d->job_id && array_next(r->c, d->job_id, NULL);
	if (!r->job)
		return true;
	if (d->job_id != 0 && (d->job_id == r->job->job_id || d->job_id == r->job->spec.array_job_id))
		return false;
	bool known = is_array || (target && d->task_id == CORE_NO_VAL);
	if (is_array && d->task_id != CORE_NO_VAL) {
		known = false;
		for (struct job *j = array_next(r->c, d->job_id, NULL); j; j = array_next(r->c, d->job_id, j))
			known |= job_has_task(j, d->task_id);
	}
	struct job_state *s = &r->job->state;
	if (!known && d->kind != DEPEND_SINGLETON) {
		r->satisfied |= s->depend_any;
		return true;
	}
	d->serial = target && !is_array ? target->serial : 0;
	for (uint32_t i = 0; i < s->depend.n; i++)
		if (is_same(&s->depend.v[i], d))
			return true;
	s->depend.v = xrealloc(s->depend.v, (s->depend.n + 1) * sizeof(*d));
	s->depend.v[s->depend.n++] = *d;
	return true;
}

static bool read_kind(const char *word, size_t n, uint32_t *kind)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (strlen(kinds[i].word) == n && strncasecmp(kinds[i].word, word, n) == 0) {
			*kind = (uint32_t)kinds[i].kind;
			return true;
		}
	}
	return false;
}

/* One of "singleton", "12", "KIND:ID[:ID...]", in a text of its own. */
static int read_term(struct reader *r, char *term, struct err *err)
{
	struct dependency d;
	schema_init(schema_of_dependency(), &d);
	char *rest = strchr(term, ':');
	size_t n = rest ? (size_t)(rest - term) : strlen(term);
	d.kind = DEPEND_AFTERANY;
	if (!rest && read_id(term, &d))
		return add(r, &d) ? 0 : err_set(err, ERR_DEPENDENCY, "%s", "");
	if (n == strlen("expand") && strncasecmp(term, "expand", n) == 0)
		return err_set(err, ERR_NOT_ON_SYSTEM, "%s", "");
	if (n == strlen("afterburstbuffer") && strncasecmp(term, "afterburstbuffer", n) == 0)
		return err_set(err, ERR_NOT_SUPPORTED,
		               "--dependency=afterburstbuffer is not supported: there are no burst buffers");
	if (!read_kind(term, n, &d.kind) || (d.kind == DEPEND_SINGLETON) != !rest)
		return err_set(err, ERR_DEPENDENCY, "%s", "");
	d.task_id = CORE_NO_VAL;
	if (!rest)
		return add(r, &d) ? 0 : err_set(err, ERR_DEPENDENCY, "%s", "");
	rest++;
	for (char *id; rest && (id = text_split(&rest, ':')) != NULL;) {
		if (!read_id(id, &d) || !add(r, &d))
			return err_set(err, ERR_DEPENDENCY, "%s", "");
	}
	return 0;
}

static int read_list(struct reader *r, const char *list, struct err *err)
{
	char *copy = xstrdup(list), *at = copy;
	int rc = 0;
	for (bool more = true; more && rc == 0;) {
		size_t n = strcspn(at, ",?");
		more = at[n] != '\0';
		at[n] = '\0';
		rc = read_term(r, at, err);
		at += n + more;
	}
	free(copy);
	return rc;
}

int depend_check(const struct cluster *c, const char *text, struct err *err)
{
	struct reader r = {.c = c};
	return text && *text ? read_list(&r, text, err) : 0;
}

int depend_parse(struct cluster *c, struct job *job, const char *text, struct err *err)
{
	struct reader r = {.c = c, .job = job};
	drop_all(job);
	job->state.depend_any = text && strchr(text, '?');
	if (text && *text && read_list(&r, text, err) != 0)
		return -1;
	if (r.satisfied)
		drop_all(job);
	look_at_all(c, job);
	return 0;
}

/* ---- an update ---- */

/* Does the job wait, over others, for the one of that serial? */
static bool waits_for(const struct cluster *c, const struct job *job, const struct job *whom, unsigned depth)
{
	for (uint32_t i = 0; i < job->state.depend.n; i++) {
		const struct dependency *d = &job->state.depend.v[i];
		const struct job *next = d->serial   ? job_by_serial(c, d->serial)
		                         : d->job_id ? array_next(c, d->job_id, NULL)
		                                     : NULL;
		if (next == whom || (next && whom->array && next->array == whom->array))
			return true;
		if (next && next->state.state == JOB_PENDING &&
		    (depth == 0 || waits_for(c, next, whom, depth - 1)))
			return true;
	}
	return false;
}

int job_set_dependency(struct cluster *c, struct job *job, const char *text, core_time now, struct err *err)
{
	c->now = now;
	if (job->state.state != JOB_PENDING)
		return err_set(err, ERR_JOB_NOT_PENDING, "%s", "");
	struct dependency_list old = job->state.depend;
	bool old_any = job->state.depend_any;
	job->state.depend = (struct dependency_list){0};
	int rc = depend_parse(c, job, text, err);
	if (rc == 0 && waits_for(c, job, job, 100))
		rc = err_set(err, ERR_CIRCULAR_DEPENDENCY, "one of these waits for job %" PRIu32 " itself",
		             job->job_id);
	if (rc != 0) {
		drop_all(job);
		job->state.depend = old;
		job->state.depend_any = old_any;
		return -1;
	}
	struct dependency_list new = job->state.depend;
	job->state.depend = old;
	drop_all(job);
	job->state.depend = new;
	struct job_spec spec = job->spec;
	spec.dependency = xstrdup(text_or_null(text));
	job_set_spec(c, job, &spec);
	free(spec.dependency);
	if (new.n > 0)
		job->state.eligible_time = job->state.accrue_time = 0;
	else
		now_eligible(c, job);
	depend_join(c, job);
	emit_job_spec(c, job);
	emit_job_state(c, job);
	queue_settle(c, job);
	return 0;
}

/* ---- writing ---- */

void job_depend_text(const struct job *job, struct text *out)
{
	for (uint32_t i = 0; i < job->state.depend.n; i++) {
		const struct dependency *d = &job->state.depend.v[i];
		text_printf(out, "%s%s", i == 0 ? "" : job->state.depend_any ? "?" : ",", kind_word(d->kind));
		if (d->job_id)
			text_printf(out, ":%u", d->job_id);
		if (d->task_id != CORE_NO_VAL)
			text_printf(out, "_%u", d->task_id);
		else if (d->job_id && d->serial == 0)
			text_add(out, "_*");
		if (d->delay_min)
			text_printf(out, "+%u", d->delay_min);
		text_add(out, d->failed ? "(failed)" : "(unfulfilled)");
	}
}
