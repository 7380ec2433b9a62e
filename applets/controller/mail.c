/* slurm.conf(5), MailProg: what is written of a job's event, to whom, and what the program is told besides.
 */
#include "applets/controller/programs.h"

#include "conf/time.h"
#include "core/mail.h"
#include "core/util/log.h"

#include <ctype.h>
#include <string.h>
#include <sys/wait.h>

#define ENV_MORE 8 /* variables beside those that hooks have */

enum { TIME_NONE, TIME_QUEUED, TIME_RUN };

static const struct mail_row {
	enum mail_type type;
	const char *words;
	int time; /* TIME_* */
	bool end; /* with state and exit codes */
} rows[] = {
        {MAIL_BEGIN, "Began", TIME_QUEUED, false},
        {MAIL_END, "Ended", TIME_RUN, true},
        {MAIL_FAIL, "Failed", TIME_RUN, true},
        {MAIL_REQUEUE, "Requeued", TIME_RUN, false},
        {MAIL_INVALID_DEPEND, "Invalid dependency", TIME_NONE, false},
        {MAIL_TIME_LIMIT, "Reached time limit", TIME_RUN, false},
        {MAIL_TIME_LIMIT_90, "Reached 90% of time limit", TIME_RUN, false},
        {MAIL_TIME_LIMIT_80, "Reached 80% of time limit", TIME_RUN, false},
        {MAIL_TIME_LIMIT_50, "Reached 50% of time limit", TIME_RUN, false},
};

/* Of a job, or of all tasks of its array. */
struct outcome {
	const char *state;
	int least, most, signal;
	bool exited; /* all of them, by themselves */
};

static void count(struct outcome *o, const struct job *job, bool first)
{
	const int status = (int)job->state.exit_status, code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	const char *state = job_state_word(job->state.state);
	o->state = first || strcmp(o->state, state) == 0 ? state : "Mixed";
	o->least = first || code < o->least ? code : o->least;
	o->most = first || code > o->most ? code : o->most;
	o->exited &= WIFEXITED(status) || job->state.state == JOB_CANCELLED;
	if (WIFSIGNALED(status) && WTERMSIG(status) > o->signal)
		o->signal = WTERMSIG(status);
}

static struct outcome outcome_of(const struct controller *ctl, const struct job *job, bool whole)
{
	struct outcome o = {.exited = true};
	bool first = true;
	if (!whole) {
		count(&o, job, true);
		return o;
	}
	for (struct job *t = array_next(ctl->cluster, job->spec.array_job_id, NULL); t; first = false) {
		count(&o, t, first);
		t = array_next(ctl->cluster, job->spec.array_job_id, t);
	}
	return o;
}

static int64_t seconds(const struct job *job, int kind)
{
	const struct job_state *s = &job->state;
	core_time from =
	        job->spec.begin_time > job->spec.submit_time ? job->spec.begin_time : job->spec.submit_time;
	core_time to = s->start_time;
	if (kind == TIME_RUN) {
		from = job_run_since(job);
		to = s->end_time ? s->end_time : controller_now();
	}
	return s->start_time && to > from ? (to - from) / CORE_SECOND : 0;
}

static char *elapsed(const struct job *job, int kind, struct arena *arena)
{
	struct text out = TEXT_EMPTY;
	time_print_hms(&out, seconds(job, kind));
	char *s = arena_strdup(arena, text_str(&out));
	text_free(&out);
	return s;
}

/* A line of a header: what its user calls the job must not begin another. */
static char *one_line(const char *text, struct arena *arena)
{
	char *s = arena_strdup(arena, text ? text : "");
	for (char *p = s; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	return s;
}

static char *subject(const struct job *job, const struct mail_row *row, bool whole, const struct outcome *o,
                     struct arena *arena)
{
	struct text t = TEXT_EMPTY;
	if (whole)
		text_printf(&t, "Slurm Array Summary Job_id=%u_* (%u)", job->spec.array_job_id, job->job_id);
	else if (job->array)
		text_printf(&t, "Slurm Array Task Job_id=%u_%u (%u)", job->spec.array_job_id,
		            job->spec.array_task_id, job->job_id);
	else
		text_printf(&t, "Slurm Job_id=%u", job->job_id);
	text_printf(&t, " Name=%s %s", one_line(job->spec.name, arena), row->words);
	if (row->time != TIME_NONE && !whole)
		text_printf(&t, ", %s time %s", row->time == TIME_RUN ? "Run" : "Queued",
		            elapsed(job, row->time, arena));
	if (row->end)
		text_printf(&t, ", %s", o->state);
	if (row->end && whole)
		text_printf(&t, ", ExitCode [%d-%d]", o->least, o->most);
	else if (row->end && o->exited)
		text_printf(&t, ", ExitCode %d", o->most);
	char *s = arena_strdup(arena, text_str(&t));
	text_free(&t);
	return s;
}

/* What hooks are told, but for which of them this is, and what this is about. */
static struct schema_strs mail_env(const struct controller *ctl, const struct job *job,
                                   const struct mail_row *row, bool whole, const struct outcome *o,
                                   struct arena *arena)
{
	const struct schema_strs hooks = hook_env(ctl, job, HOOK_CONTROLLER, row->end, arena);
	struct schema_strs env = {.v = arena_array(arena, (size_t)hooks.n + ENV_MORE, sizeof(*env.v))};
	for (uint32_t i = 0; i < hooks.n; i++)
		if (strncmp(hooks.v[i], "SLURM_SCRIPT_CONTEXT=", 21) != 0)
			env.v[env.n++] = hooks.v[i];
	env.v[env.n++] = arena_printf(arena, "SLURM_JOB_STATE=%s", job_state_word(job->state.state));
	env.v[env.n++] = arena_printf(arena, "SLURM_JOB_MAIL_TYPE=%s", row->words);
	if (row->time == TIME_QUEUED && !whole)
		env.v[env.n++] =
		        arena_printf(arena, "SLURM_JOB_QUEUED_TIME=%s", elapsed(job, row->time, arena));
	if (row->time == TIME_RUN)
		env.v[env.n++] = arena_printf(arena, "SLURM_JOB_RUN_TIME=%s", elapsed(job, row->time, arena));
	if (row->end)
		env.v[env.n++] = arena_printf(arena, "SLURM_JOB_EXIT_CODE_MAX=%d", o->most);
	if (row->end && whole)
		env.v[env.n++] = arena_printf(arena, "SLURM_JOB_EXIT_CODE_MIN=%d", o->least);
	if (row->end && whole && o->signal)
		env.v[env.n++] = arena_printf(arena, "SLURM_JOB_TERM_SIGNAL_MAX=%d", o->signal);
	return env;
}

char *mail_default_user(const struct controller *ctl, const struct identity *who, struct arena *arena)
{
	const char *domain = conf_str(&ctl->file->conf, P_MailDomain);
	if (!who->user_name)
		return NULL;
	return domain ? arena_printf(arena, "%s@%s", who->user_name, domain)
	              : arena_strdup(arena, who->user_name);
}

void order_mail(struct controller *ctl, const struct action *a)
{
	const struct job *job = a->job;
	const bool whole = job->array && !(job->spec.mail_type & MAIL_ARRAY_TASKS) &&
	                   (a->mail_type & (MAIL_BEGIN | MAIL_END | MAIL_FAIL));
	const struct mail_row *row = rows;
	const struct job *last = whole ? job_by_id(ctl->cluster, job->spec.array_job_id) : NULL;
	if (last && last->array == job->array)
		job = last; /* the record whose number the array has */
	struct arena arena;
	arena_init(&arena);
	while (row->type != a->mail_type && row < rows + sizeof(rows) / sizeof(rows[0]) - 1)
		row++;
	const struct outcome o = outcome_of(ctl, job, whole);
	char *to = job->spec.mail_user ? job->spec.mail_user : mail_default_user(ctl, job->spec.who, &arena);
	if (to && *to != '-') /* which would be an option of the program */
		order_mail_program(ctl, job,
		                   (char *[]){arena_strdup(&arena, "-s"),
		                              subject(job, row, whole, &o, &arena), one_line(to, &arena)},
		                   3, mail_env(ctl, job, row, whole, &o, &arena));
	else
		log_error("[job %u] no mail is sent to %s", job->job_id,
		          to ? log_escape(to) : "a user without a name");
	arena_free(&arena);
}
