/* scancel: which jobs and steps are meant, and what becomes of each.
 *
 * Plain names are ended without a look: one that nobody knows, or that is over, is as good as ended. With a
 * filter, a signal, a step, -b or -i the jobs are looked up first, and a name that no living job has is an
 * error. Requests are sent many at a time, so that one wait for the controller's disk serves many. */
#include "applets/client/filters.h"
#include "applets/client/job_name.h"
#include "applets/client/scancel.h"
#include "applets/client/slurm_errno.h"
#include "core/taskset.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNDER_WAY_MAX      256
#define ESLURM_NOT_FED_JOB 7103
#define ESLURM_IN_TRANSIT  2020 /* what a signal to a job that waits is answered with */
#define EXIT_OF(number)    ((number)&0xff)

struct target {
	struct job_name name;
	const char *word; /* as it is said */
	const char *job;  /* what -i asks about: its name and partition; NULL: it wasn't looked up */
	const char *partition;
	bool found;      /* a named one: some living job has this name */
	uint64_t number; /* of the request */
};
struct targets {
	struct target *v;
	size_t n, cap;
};

static struct target *add_target(struct targets *t, const struct job_name *name, const char *word)
{
	t->v = xgrow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = (struct target){.name = *name, .word = word};
	return &t->v[t->n - 1];
}

/* ---- names ---- */

/* "12+1", a component of a heterogeneous job, and a number beyond all: names that no job here has. */
static bool is_nobodys(const char *word)
{
	size_t n = strspn(word, "0123456789");
	if (n > 0 && word[n] == '+' && word[n + 1])
		return strspn(word + n + 1, "0123456789") == strlen(word + n + 1);
	return n > 10 && !word[n];
}

static int add_words(struct targets *t, char **words, struct arena *arena)
{
	for (; *words; words++) {
		char *rest = arena_strdup(arena, *words);
		for (char *word = job_name_split(&rest); word; word = job_name_split(&rest)) {
			struct job_name name = {.step_id = CORE_NO_VAL};
			bool is = job_name_parse(word, &name, arena) &&
			          (name.step_id == CORE_NO_VAL || name.step_id < CORE_STEP_INTERACTIVE);
			if (!is && is_nobodys(word)) {
				name = (struct job_name){.step_id = CORE_NO_VAL};
			} else if (!is) {
				log_error("Invalid job id %s", word);
				return -1;
			}
			add_target(t, &name, word);
		}
	}
	return 0;
}

int scancel_check(struct scancel *s, char **words)
{
	struct targets t = {0};
	int rc = add_words(&t, words, &s->arena);
	free(t.v);
	return rc;
}

/* ---- what is said ---- */

static const char *kind_of(const struct scancel *s)
{
	return s->full ? "full " : s->batch ? "batch " : "";
}

static void say_begin(const struct scancel *s, const struct target *t)
{
	const char *what = t->name.step_id == CORE_NO_VAL ? "job" : "step";
	if (!s->verbose)
		return;
	if (s->signal)
		log_info("Signal %d to %s%s %s", s->signal, kind_of(s), what, t->word);
	else
		log_info("Terminating %s%s %s", kind_of(s), what, t->word);
}

/* Exit codes are the numbers of Slurm's errors, cut to a byte. */
static int report(const struct scancel *s, const struct target *t, const struct err *err)
{
	const bool gone = err->code == ERR_INVALID_JOB_ID || err->code == ERR_ALREADY_DONE;
	const bool over = gone && s->signal == 0; /* it can't have a signal */
	const bool step = t->name.step_id != CORE_NO_VAL;
	int number = slurm_errno_of(err->code);
	const char *text = err_code_text(err->code);
	if (gone && s->signal) {
		number = 1;
		text = err_code_text(ERR_INVALID_JOB_ID);
	} else if (s->signal && err->code == ERR_JOB_PENDING) {
		number = ESLURM_IN_TRANSIT;
		text = slurm_errno_text(number);
	} else if (step && err->code == ERR_ACCESS_DENIED) {
		number = slurm_errno_of(ERR_USER_UNKNOWN);
		text = err_code_text(ERR_USER_UNKNOWN);
	}
	if ((!over || s->verbose) && step && err->code == ERR_ACCESS_DENIED)
		log_error("Kill job error on job step id %" PRIu32 ": %s", t->name.job_id, text);
	else if (!over || s->verbose)
		log_error("Kill job error on job %sid %s: %s", step ? "step " : "", t->word, text);
	return over ? 0 : number ? EXIT_OF(number) : 1;
}

/* A question that is answered by neither y nor n is asked again; no answer at all is no. */
static bool agreed(const struct scancel *s, const struct target *t)
{
	char answer[64];
	if (!s->interactive)
		return true;
	for (;;) {
		printf("Cancel %s_id=%s name=%s partition=%s [y/n]? ",
		       t->name.step_id == CORE_NO_VAL ? "job" : "step", t->word, t->job ? t->job : "",
		       t->partition ? t->partition : "");
		fflush(stdout);
		if (!fgets(answer, sizeof(answer), stdin))
			return false;
		if (answer[0] == 'y' || answer[0] == 'Y')
			return true;
		if (answer[0] == 'n' || answer[0] == 'N')
			return false;
	}
}

/* ---- requests ---- */

static int ask_to_cancel(struct scancel *s, struct target *t, struct err *err)
{
	struct job_signal_request m;
	schema_init(schema_of_job_signal_request(), &m);
	m.job_id = t->name.job_id;
	m.tasks = t->name.tasks;
	m.step_id = t->name.step_id;
	m.signal = (uint32_t)s->signal;
	m.batch_only = s->batch;
	m.full = s->full;
	say_begin(s, t);
	if (client_send(s->connection.client, MSG_job_signal_request, &m, err) != 0)
		return -1;
	t->number = client_sent(s->connection.client);
	return 0;
}

/* Numbers grow with the targets: the one with this number, NULL if none has it. */
static const struct target *target_of(const struct targets *t, size_t sent, uint64_t number)
{
	size_t from = 0, to = sent;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (t->v[mid].number < number)
			from = mid + 1;
		else
			to = mid;
	}
	return from < sent && t->v[from].number == number ? &t->v[from] : NULL;
}

/* Those to which the user agrees. */
static void ask_user(const struct scancel *s, struct targets *t)
{
	size_t kept = 0;
	for (size_t i = 0; i < t->n; i++)
		if (agreed(s, &t->v[i]))
			t->v[kept++] = t->v[i];
	t->n = kept;
}

static int cancel_all(struct scancel *s, struct targets *t)
{
	int worst = 0;
	size_t sent = 0, answered = 0;
	struct arena arena;
	arena_init(&arena);
	while (answered < t->n) {
		struct err err = {0};
		uint64_t number = 0;
		uint32_t type = 0;
		void *record = NULL;
		int rc = 0;
		if (sent < t->n && sent - answered < UNDER_WAY_MAX) {
			rc = ask_to_cancel(s, &t->v[sent], &err);
			sent += rc == 0;
		} else {
			arena_reset(&arena);
			rc = client_answer(s->connection.client, &arena, -1, &number, &type, &record, &err);
		}
		const struct target *one = target_of(t, sent, number);
		answered += one != NULL;
		if (rc == 0)
			continue;
		rc = report(s, one ? one : &t->v[answered], &err);
		worst = rc > worst ? rc : worst;
		if (!one) /* the session is over */
			break;
	}
	arena_free(&arena);
	return worst;
}

/* ---- what was looked up ---- */

/* The tasks of a record that are meant by this list as well. */
static char *common_tasks(const char *record, const char *list, struct arena *arena)
{
	struct core_bits *have = taskset_parse(record, TASKS_END, NULL, NULL),
	                 *want = taskset_parse(list, TASKS_END, NULL, NULL);
	struct text out = TEXT_EMPTY;
	for (uint32_t i = 0; have && i < have->n; i++)
		if (bits_has(have, i) && !(want && i < want->n && bits_has(want, i)))
			bits_del(have, i);
	if (have)
		taskset_text(have, true, &out);
	char *tasks = arena_strdup(arena, text_str(&out));
	text_free(&out);
	free(have);
	free(want);
	return tasks;
}

/* A job that was found; of an array those tasks alone that its record stands for. `asked`: what the command
 * line has of it, or NULL. */
static void add_found(struct targets *t, const struct job_info *job, const struct job_name *asked,
                      struct arena *arena)
{
	struct job_name name = {.job_id = job->spec->job_id, .step_id = CORE_NO_VAL};
	struct text word = TEXT_EMPTY;
	job_name_print(&word, job->spec, job->state);
	if (job->spec->array_job_id) {
		name.job_id = job->spec->array_job_id;
		name.tasks = job->state->array_tasks
		                     ? job->state->array_tasks
		                     : arena_printf(arena, "%" PRIu32, job->spec->array_task_id);
	}
	if (asked && asked->tasks && job->state->array_tasks) {
		name.tasks = common_tasks(job->state->array_tasks, asked->tasks, arena);
		text_clear(&word);
		text_printf(&word, strpbrk(name.tasks, ",-") ? "%" PRIu32 "_[%s]" : "%" PRIu32 "_%s",
		            name.job_id, name.tasks);
	}
	if (asked) {
		name.step_id = asked->step_id;
		if (name.step_id != CORE_NO_VAL)
			job_name_step(&word, name.step_id);
	}
	struct target *added = add_target(t, &name, arena_strdup(arena, text_str(&word)));
	added->job = job->spec->name;
	added->partition = job->spec->partition;
	text_free(&word);
}

/* Of a living job what was named, or all of it where nothing was, if the filters match. */
static void add_wanted(struct targets *t, const struct job_info *job, struct targets *named, bool matches,
                       struct arena *arena)
{
	if (job->state->state > JOB_SUSPENDED)
		return;
	if (named->n == 0 && matches)
		add_found(t, job, NULL, arena);
	for (size_t i = 0; i < named->n; i++) {
		struct job_name name = named->v[i].name;
		const uint32_t step = name.step_id;
		name.step_id = CORE_NO_VAL;
		if (!name.job_id || !job_name_means(&name, job->spec, job->state, CORE_NO_VAL))
			continue;
		named->v[i].found = true;
		name.step_id = step;
		if (matches)
			add_found(t, job, &name, arena);
	}
}

static void query_named(struct job_query *query, const struct targets *named, struct arena *arena)
{
	query->job_ids.v = arena_array(arena, named->n + 1, sizeof(uint32_t));
	query->tasks.v = arena_array(arena, named->n + 1, sizeof(char *));
	for (size_t i = 0; i < named->n; i++) {
		query->job_ids.v[query->job_ids.n++] = named->v[i].name.job_id;
		query->tasks.v[query->tasks.n++] =
		        named->v[i].name.tasks ? named->v[i].name.tasks : arena_strdup(arena, "");
	}
}

/* What this query matches goes into t; t NULL: it only notes which of the named ones there are. */
static int look_up(struct scancel *s, const struct job_query *filters, struct targets *t,
                   struct targets *named)
{
	struct job_query query = *filters;
	struct targets ignored = {0};
	struct err err = {0};
	uint32_t type = 0;
	void *record = NULL;
	query_named(&query, named, &s->arena);
	int rc = client_call(s->connection.client, MSG_job_query, &query, &s->arena, &type, &record, NULL,
	                     &err);
	while (rc == 0 && type == MSG_job_list) {
		const struct job_list *list = record;
		for (uint32_t i = 0; i < list->jobs.n; i++)
			add_wanted(t ? t : &ignored, &list->jobs.v[i], named, t != NULL, &s->arena);
		if (list->last)
			break;
		rc = client_next(s->connection.client, &s->arena, -1, &type, &record, &err);
	}
	free(ignored.v);
	if (rc == 0 || err.code == ERR_INVALID_JOB_ID)
		return 0;
	fprintf(stderr, "slurm_load_jobs error: %s\n", err_text(&err));
	return -1;
}

static void add_filter(struct text *out, const char *name, const struct schema_strs *words)
{
	for (uint32_t i = 0; i < words->n; i++)
		text_printf(out, "%s=%s ", name, words->v[i]);
}

static void say_none(const struct scancel *s)
{
	const struct job_query *q = &s->query;
	struct text filters = TEXT_EMPTY;
	add_filter(&filters, "account", &q->accounts);
	add_filter(&filters, "job_name", &q->names);
	if (q->nodes)
		text_printf(&filters, "nodelist=%s ", q->nodes);
	add_filter(&filters, "partition", &q->partitions);
	add_filter(&filters, "qos", &q->qoses);
	add_filter(&filters, "reservation", &q->reservations);
	if (s->state)
		text_printf(&filters, "state=%s ", s->state);
	if (s->user)
		text_printf(&filters, "user_name=%s ", s->user);
	add_filter(&filters, "wckey", &q->wckeys);
	log_error("No active jobs match ALL job filters, including: %s", text_str(&filters));
	text_free(&filters);
}

static int cancel_looked_up(struct scancel *s, struct targets *named)
{
	struct targets t = {0};
	struct job_query all;
	int worst = 0;
	schema_init(schema_of_job_query(), &all);
	int rc = named->n && s->filtered ? look_up(s, &all, NULL, named) : 0;
	if (rc == 0)
		rc = look_up(s, &s->query, &t, named);
	for (size_t i = 0; rc == 0 && i < named->n; i++) {
		const struct target *one = &named->v[i];
		if (one->found)
			continue;
		worst = 1;
		if (!s->quiet)
			log_error("Kill job error on job %sid %s: %s",
			          one->name.step_id == CORE_NO_VAL ? "" : "step ", one->word,
			          err_code_text(ERR_INVALID_JOB_ID));
	}
	if (rc == 0 && t.n == 0 && s->filtered && s->verbose)
		say_none(s);
	if (rc == 0) {
		ask_user(s, &t);
		int answered = cancel_all(s, &t);
		worst = answered > worst ? answered : worst;
	}
	free(t.v);
	return rc == 0 ? worst : 1;
}

/* ---- the whole ---- */

/* This cluster is in no federation: no job has siblings. */
static int without_siblings(struct scancel *s, struct targets *named)
{
	struct job_query all;
	int worst = 0;
	schema_init(schema_of_job_query(), &all);
	if (look_up(s, &all, NULL, named) != 0)
		return 1;
	for (size_t i = 0; i < named->n; i++) {
		if (!named->v[i].found)
			continue;
		log_error("Kill job error on job id %s: %s", named->v[i].word,
		          slurm_errno_text(ESLURM_NOT_FED_JOB));
		worst = EXIT_OF(ESLURM_NOT_FED_JOB);
	}
	return worst;
}

/* Names that no job can have are not asked for. */
static void drop_nobodys(const struct scancel *s, struct targets *t)
{
	const struct err err = {.code = ERR_INVALID_JOB_ID};
	size_t kept = 0;
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].name.job_id) {
			t->v[kept++] = t->v[i];
		} else {
			say_begin(s, &t->v[i]);
			report(s, &t->v[i], &err);
		}
	}
	t->n = kept;
}

int scancel_jobs(struct scancel *s, char **words)
{
	struct targets named = {0};
	bool look = s->filtered || s->interactive || s->signal || s->batch;
	int rc = add_words(&named, words, &s->arena) == 0 ? 0 : 1;
	for (size_t i = 0; i < named.n; i++)
		look = look || named.v[i].name.step_id != CORE_NO_VAL;
	if (rc == 0 && s->sibling) {
		rc = without_siblings(s, &named);
	} else if (rc == 0 && look) {
		rc = cancel_looked_up(s, &named);
	} else if (rc == 0) {
		drop_nobodys(s, &named);
		rc = cancel_all(s, &named);
	}
	free(named.v);
	return rc;
}
