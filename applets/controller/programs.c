#include "applets/controller/programs.h"

#include "applets/common/hook_program.h"
#include "core/util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_TIMEOUT_S  65534
#define MAIL_USUAL    "/bin/mail"
#define MAIL_ELSE     "/usr/bin/mail"
#define MAIL_LIMIT_S  60
#define MAILS_AT_ONCE 8
#define MAILS_WAITING 10000 /* more are dropped, which is said */

/* The last is no program: its job's prolog is killed, where it still runs. */
enum { PROGRAM_PROLOG = 1, PROGRAM_EPILOG, PROGRAM_MAIL, PROGRAM_PROLOG_OVER };

static const struct program_kind {
	const char *title;
	enum param path;
} kinds[] = {
        [PROGRAM_PROLOG] = {"prolog_slurmctld", P_PrologSlurmctld},
        [PROGRAM_EPILOG] = {"epilog_slurmctld", P_EpilogSlurmctld},
        [PROGRAM_MAIL] = {"MailProg", P_MailProg},
};

struct program {
	struct list in_list;
	struct programs *programs;
	struct program_order order;
	struct arena arena;
	pid_t pid; /* 0: it waits, or is over */
	struct loop_timer *timer;
	bool over, failed, killed;
};

struct programs {
	struct controller *ctl;
	struct list running, mails; /* mails: those that wait */
	size_t mails_running, mails_waiting;
};

static const struct program_kind *kind_of(const struct program *p)
{
	return &kinds[p->order.kind];
}

static void program_free(struct program *p)
{
	list_remove(&p->in_list);
	loop_del_timer(p->programs->ctl->loop, p->timer);
	arena_free(&p->arena);
	free(p);
}

/* ---- ends ---- */

static void report(struct program *p)
{
	struct controller *ctl = p->programs->ctl;
	const struct program_order *o = &p->order;
	const struct job *job = job_by_serial(ctl->cluster, o->serial);
	if (o->kind == PROGRAM_PROLOG && p->failed && job && !job->spec.batch)
		send_job_message(ctl, job, "PrologSlurmctld failed, job killed");
	if (o->kind == PROGRAM_PROLOG)
		report_prolog_slurmctld(ctl->cluster, o->serial, o->attempt, p->failed, controller_now());
	else if (o->kind == PROGRAM_EPILOG)
		report_epilog_slurmctld(ctl->cluster, o->serial, o->attempt, controller_now());
	ctl->touched = true;
}

static void mails_run(struct programs *all);

/* While nothing can be written it stays as it is: the order comes again with what the disk has. */
static void over(void *ctx)
{
	struct program *p = ctx;
	struct programs *all = p->programs;
	const bool mail = p->order.kind == PROGRAM_MAIL;
	p->timer = NULL;
	if (!mail && (all->ctl->degraded || all->ctl->stopping || !all->ctl->cluster))
		return;
	if (!mail && !p->killed)
		report(p);
	program_free(p);
	if (mail)
		mails_run(all);
}

/* Off the caller's call: it is an event of its own. */
static void end(struct program *p, bool failed)
{
	struct loop *loop = p->programs->ctl->loop;
	p->pid = 0;
	p->over = true;
	p->failed = failed;
	p->programs->mails_running -= p->order.kind == PROGRAM_MAIL;
	loop_del_timer(loop, p->timer);
	p->timer = loop_add_timer(loop, 0, over, p);
}

static void timed_out(void *ctx)
{
	struct program *p = ctx;
	p->timer = NULL;
	log_error("[job %u] %s runs longer than it may: it is killed", p->order.job_id, kind_of(p)->title);
	kill(-p->pid, SIGKILL);
}

static void ended(struct program *p, int status)
{
	if (status != 0 && !p->killed)
		log_error("[job %u] %s %s exit status %d:%d", p->order.job_id, kind_of(p)->title,
		          log_escape(conf_str(&p->programs->ctl->file->conf, kind_of(p)->path)),
		          WEXITSTATUS(status), WTERMSIG(status));
	end(p, status != 0);
}

static void on_child(void *ctx, int signo)
{
	struct programs *all = ctx;
	(void)signo;
	list_each_safe (it, tmp, &all->running) {
		struct program *p = list_entry(it, struct program, in_list);
		int status;
		if (p->pid > 0 && waitpid(p->pid, &status, WNOHANG) == p->pid)
			ended(p, status);
	}
}

/* ---- starts ---- */

/* slurm.conf(5), MailProg: two places are looked at by default. */
static const char *path_of(const struct slurm_conf *conf, uint32_t kind)
{
	const char *path = conf_str(conf, kinds[kind].path);
	return kind == PROGRAM_MAIL && strcmp(path, MAIL_USUAL) == 0 && access(path, X_OK) != 0 ? MAIL_ELSE
	                                                                                        : path;
}

/* As exec(2) wants it. */
static char **vector(const struct schema_strs *strs, struct arena *arena)
{
	char **v = arena_array(arena, (size_t)strs->n + 1, sizeof(*v));
	if (strs->n)
		memcpy(v, strs->v, strs->n * sizeof(*v));
	v[strs->n] = NULL;
	return v;
}

static void run(struct program *p)
{
	struct programs *all = p->programs;
	const struct slurm_conf *conf = &all->ctl->file->conf;
	const bool mail = p->order.kind == PROGRAM_MAIL;
	const char *path = path_of(conf, p->order.kind);
	uint32_t limit_s = mail ? MAIL_LIMIT_S : conf_u32(conf, P_PrologEpilogTimeout);
	struct err err = {0};
	list_append(&all->running, &p->in_list);
	all->mails_running += mail;
	if (!path) { /* the configuration has none any more */
		end(p, false);
	} else if (hook_spawn(path, vector(&p->order.arguments, &p->arena), vector(&p->order.env, &p->arena),
	                      &p->pid, &err) != 0) {
		log_error("[job %u] %s: %s", p->order.job_id, kind_of(p)->title, err_text(&err));
		end(p, true);
	} else if (limit_s < NO_TIMEOUT_S) {
		p->timer = loop_add_timer(all->ctl->loop, (int64_t)limit_s * 1000000, timed_out, p);
	}
}

static void mails_run(struct programs *all)
{
	while (!list_empty(&all->mails) && all->mails_running < MAILS_AT_ONCE) {
		struct program *p = list_entry(all->mails.next, struct program, in_list);
		list_remove(&p->in_list);
		all->mails_waiting--;
		run(p);
	}
}

static void take_mail(struct program *p)
{
	struct programs *all = p->programs;
	if (all->mails_waiting >= MAILS_WAITING) {
		log_error("[job %u] %d mails wait already for MailProg: this one is not sent",
		          p->order.job_id, MAILS_WAITING);
		program_free(p);
		return;
	}
	list_append(&all->mails, &p->in_list);
	all->mails_waiting++;
	mails_run(all);
}

/* The order for it may come again, after a reconfigure or when the state could be written again. */
static bool known(struct programs *all, const struct program_order *o)
{
	list_each (it, &all->running) {
		struct program *p = list_entry(it, struct program, in_list);
		if (p->order.kind != o->kind || p->order.serial != o->serial ||
		    p->order.attempt != o->attempt)
			continue;
		if (p->over && !p->timer)
			p->timer = loop_add_timer(all->ctl->loop, 0, over, p);
		return true;
	}
	return false;
}

/* Its job doesn't start any more. */
static void kill_prolog(struct programs *all, uint64_t serial)
{
	list_each (it, &all->running) {
		struct program *p = list_entry(it, struct program, in_list);
		if (p->order.kind != PROGRAM_PROLOG || p->order.serial != serial || p->pid <= 0)
			continue;
		p->killed = true;
		kill(-p->pid, SIGKILL);
	}
}

void programs_take(struct programs *all, const void *body, size_t n)
{
	struct err err = {0};
	struct program *p = xcalloc(1, sizeof(*p));
	p->programs = all;
	list_init(&p->in_list);
	arena_init(&p->arena);
	if (schema_decode(schema_of_program_order(), &p->order, body, n, &p->arena, &err) != 0 ||
	    p->order.kind < PROGRAM_PROLOG || p->order.kind > PROGRAM_PROLOG_OVER) {
		log_error("an order for a program cannot be read: %s", err_text(&err));
		program_free(p);
		return;
	}
	if (p->order.kind == PROGRAM_MAIL) {
		take_mail(p);
		return;
	}
	if (p->order.kind == PROGRAM_PROLOG_OVER)
		kill_prolog(all, p->order.serial);
	if (p->order.kind == PROGRAM_PROLOG_OVER || known(all, &p->order))
		program_free(p);
	else
		run(p);
}

/* ---- orders ---- */

void order_hook(struct controller *ctl, const struct action *a)
{
	struct arena arena;
	struct program_order m;
	arena_init(&arena);
	schema_init(schema_of_program_order(), &m);
	m.kind = a->kind == ACTION_PROLOG   ? PROGRAM_PROLOG
	         : a->kind == ACTION_EPILOG ? PROGRAM_EPILOG
	                                    : PROGRAM_PROLOG_OVER;
	m.serial = a->job->serial;
	m.attempt = a->job->state.attempt;
	m.job_id = a->job->job_id;
	if (m.kind != PROGRAM_PROLOG_OVER)
		m.env = hook_env(ctl, a->job, HOOK_CONTROLLER, m.kind == PROGRAM_EPILOG, &arena);
	outbox_add(ctl->outbox, OUTBOX_SELF, MSG_program_order, 0, true, &m);
	arena_free(&arena);
}

void order_mail_program(struct controller *ctl, const struct job *job, char **arguments, uint32_t n,
                        struct schema_strs env)
{
	const struct program_order m = {.kind = PROGRAM_MAIL,
	                                .serial = job->serial,
	                                .attempt = job->state.attempt,
	                                .job_id = job->job_id,
	                                .arguments = {arguments, n},
	                                .env = env};
	outbox_add(ctl->outbox, OUTBOX_SELF, MSG_program_order, 0, true, &m);
}

void programs_check(const struct controller *ctl)
{
	for (size_t i = PROGRAM_PROLOG; i <= PROGRAM_EPILOG; i++) {
		const char *path = conf_str(&ctl->file->conf, kinds[i].path);
		struct err err = {0};
		if (path && hook_check(path, &err) != 0)
			log_error("%s: %s: it will fail for each job", param_rows[kinds[i].path].name,
			          err_text(&err));
	}
}

/* ---- life ---- */

struct programs *programs_new(struct controller *ctl)
{
	struct err err = {0};
	struct programs *all = xcalloc(1, sizeof(*all));
	all->ctl = ctl;
	list_init(&all->running);
	list_init(&all->mails);
	if (loop_add_signal(ctl->loop, SIGCHLD, on_child, all, &err) != 0)
		log_error("the ends of programs are not noticed: %s", err_text(&err));
	return all;
}

static void drop(struct list *list)
{
	list_each_safe (it, tmp, list) {
		struct program *p = list_entry(it, struct program, in_list);
		if (p->pid > 0 && p->order.kind != PROGRAM_MAIL) {
			kill(-p->pid, SIGKILL);
			while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
				;
		}
		program_free(p);
	}
}

void programs_free(struct programs *all)
{
	if (!all)
		return;
	if (all->mails_waiting)
		log_error("%zu mails were not sent any more", all->mails_waiting);
	drop(&all->running);
	drop(&all->mails);
	free(all);
}
