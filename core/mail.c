/* Mail: which events of a job are told, once each. What is written, and to whom, is the controller's. */
#include "core/mail.h"

#include "core/cluster_priv.h"

#include <string.h>

#define ALL (MAIL_BEGIN | MAIL_END | MAIL_FAIL | MAIL_REQUEUE | MAIL_INVALID_DEPEND | MAIL_STAGE_OUT)

/* In the order in which they are shown. */
static const struct mail_word {
	const char *word;
	uint32_t types;
} words[] = {
        {"INVALID_DEPEND", MAIL_INVALID_DEPEND},
        {"BEGIN", MAIL_BEGIN},
        {"END", MAIL_END},
        {"FAIL", MAIL_FAIL},
        {"REQUEUE", MAIL_REQUEUE},
        {"TIME_LIMIT_50", MAIL_TIME_LIMIT_50},
        {"TIME_LIMIT_80", MAIL_TIME_LIMIT_80},
        {"TIME_LIMIT_90", MAIL_TIME_LIMIT_90},
        {"TIME_LIMIT", MAIL_TIME_LIMIT},
        {"STAGE_OUT", MAIL_STAGE_OUT},
        {"ARRAY_TASKS", MAIL_ARRAY_TASKS},
        {"ALL", ALL},
        {"NONE", 0},
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static const struct mail_word *word_of(const char *s, size_t n)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strlen(words[i].word) == n && strncasecmp(words[i].word, s, n) == 0)
			return &words[i];
	return NULL;
}

bool mail_types_parse(const char *list, uint32_t *types)
{
	bool known = false, none = false;
	uint32_t sum = 0;
	for (const char *p = list;; p++) {
		const size_t n = strcspn(p, ",");
		const struct mail_word *word = word_of(p, n);
		known |= word != NULL;
		none |= word && word->types == 0;
		sum |= word ? word->types : 0;
		p += n;
		if (!*p)
			break;
	}
	*types = none ? 0 : sum;
	return known;
}

void mail_types_text(uint32_t types, struct text *out)
{
	const char *comma = "";
	for (size_t i = 0; i < WORDS && words[i].types != ALL; i++) {
		if (!(types & words[i].types))
			continue;
		text_printf(out, "%s%s", comma, words[i].word);
		comma = ",";
	}
}

/* ---- events ---- */

static void mail(struct cluster *c, const struct job *job, enum mail_type type)
{
	if (job->spec.mail_type & (uint32_t)type)
		emit_action(c, &(struct action){.kind = ACTION_MAIL,
		                                .job = job,
		                                .attempt = job->state.attempt,
		                                .mail_type = (uint32_t)type});
}

/* Is this one task of an array whose user wants mail of the whole? */
static bool is_part(const struct job *job)
{
	return job->array && !(job->spec.mail_type & MAIL_ARRAY_TASKS);
}

void mail_begin(struct cluster *c, const struct job *job)
{
	if (is_part(job))
		list_each (it, &job->array->records) {
			const struct job *other = list_entry(it, struct job, in_array);
			if (other != job && other->state.attempt > 0)
				return; /* it has begun already */
		}
	if (job->state.restarts == 0 || !is_part(job))
		mail(c, job, MAIL_BEGIN);
}

static bool has_failed(const struct job *job)
{
	return job->state.state != JOB_COMPLETED && job->state.state != JOB_CANCELLED;
}

void mail_end(struct cluster *c, const struct job *job)
{
	bool failed = has_failed(job);
	if (is_part(job)) {
		list_each (it, &job->array->records) {
			const struct job *other = list_entry(it, struct job, in_array);
			if (other->state.state <= JOB_SUSPENDED)
				return; /* it goes on */
			failed |= has_failed(other);
		}
	}
	mail(c, job, failed ? MAIL_FAIL : MAIL_END);
}

void mail_requeue(struct cluster *c, const struct job *job)
{
	mail(c, job, MAIL_REQUEUE);
}

void mail_invalid_depend(struct cluster *c, const struct job *job)
{
	mail(c, job, MAIL_INVALID_DEPEND);
}

void mail_time_limit(struct cluster *c, const struct job *job)
{
	mail(c, job, MAIL_TIME_LIMIT);
}

/* ---- parts of the time limit ---- */

static const struct part_row {
	uint32_t percent;
	enum mail_type type;
} part_rows[] = {{50, MAIL_TIME_LIMIT_50}, {80, MAIL_TIME_LIMIT_80}, {90, MAIL_TIME_LIMIT_90}};
#define PARTS (sizeof(part_rows) / sizeof(part_rows[0]))

static core_time part_time(const struct job *job, const struct part_row *row)
{
	return job_run_since(job) +
	       (core_time)job->state.time_limit_min * 60 * CORE_SECOND * row->percent / 100;
}

/* What is past already has been told. */
void mail_arm(struct cluster *c, const struct job *job)
{
	const uint32_t minutes = job->state.time_limit_min;
	if (minutes == CORE_INFINITE || minutes == CORE_NO_VAL)
		return;
	for (size_t i = 0; i < PARTS; i++)
		if ((job->spec.mail_type & (uint32_t)part_rows[i].type) &&
		    part_time(job, &part_rows[i]) > c->now)
			due_at(c, part_time(job, &part_rows[i]), DUE_MAIL, job->serial,
			       (uint64_t)i << 32 | job->state.attempt);
}

/* Another limit, or a suspension, has set the time anew. */
void mail_due(struct cluster *c, const struct due *due)
{
	const struct job *job = job_by_serial(c, due->key);
	const size_t i = (size_t)(due->attempt >> 32);
	if (job && job_is_active(job) && job->state.state != JOB_SUSPENDED &&
	    job->state.attempt == (uint32_t)due->attempt && part_time(job, &part_rows[i]) == due->at)
		mail(c, job, part_rows[i].type);
}
