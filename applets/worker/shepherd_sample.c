/* What the tasks of a running step use: looked up in /proc from time to time (JobAcctGatherFrequency,
 * --acctg-freq) and whenever sstat asks. A task counts with all that descends from it. */
#include "applets/worker/processes.h"
#include "applets/worker/shepherd.h"
#include "conf/job_acct.h"
#include "core/util/map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first sample: by then a task is its program, and one that ends before needs none. */
#define FIRST_US 1000000
#define MIB      (UINT64_C(1) << 20)

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static enum process_memory memory_of(const struct shepherd *s)
{
	switch (s->record.acct_memory) {
	case JOB_ACCT_PSS:
		return PROCESS_PSS;
	case JOB_ACCT_PRIVATE:
		return PROCESS_PRIVATE;
	default:
		return PROCESS_RSS;
	}
}

static void add(struct process_usage *sum, const struct process_usage *one)
{
	sum->user_us += one->user_us;
	sum->system_us += one->system_us;
	sum->pages += one->pages;
	sum->read += one->read;
	sum->written += one->written;
	sum->rss_kb += one->rss_kb;
	sum->vm_kb += one->vm_kb;
	/* When each had its peak is not known: that of one alone is the least that there was. */
	sum->rss_peak_kb = greater(sum->rss_peak_kb, one->rss_peak_kb);
	sum->vm_peak_kb = greater(sum->vm_peak_kb, one->vm_peak_kb);
}

/* What was used by a process that is gone is still used. */
static void keep(struct task_sample *sample, const struct process_usage *now)
{
	struct process_usage *last = &sample->last;
	sample->known = true;
	last->user_us = greater(last->user_us, now->user_us);
	last->system_us = greater(last->system_us, now->system_us);
	last->pages = greater(last->pages, now->pages);
	last->read = greater(last->read, now->read);
	last->written = greater(last->written, now->written);
	if (now->vm_kb == 0)
		return; /* it has ended */
	last->rss_kb = now->rss_kb;
	last->vm_kb = now->vm_kb;
	sample->rss_most_kb = greater(sample->rss_most_kb, greater(now->rss_kb, now->rss_peak_kb));
	sample->vm_most_kb = greater(sample->vm_most_kb, greater(now->vm_kb, now->vm_peak_kb));
}

/* ---- a sample of all ---- */

struct look {
	struct shepherd *s;
	struct process_table *table;
	struct map tasks;          /* struct task, by pid */
	struct process_usage *now; /* by local number */
};

/* A task's descendant that lost its parents is ours, and still of the task's process group. */
static struct task *task_of(const struct look *l, const struct process *p)
{
	pid_t branch = process_table_branch(l->table, p->pid, getpid());
	struct task *t = branch ? map_get(&l->tasks, (uint64_t)branch) : NULL;
	return t || !branch ? t : map_get(&l->tasks, (uint64_t)p->pgid);
}

static void look_at(const struct look *l, const struct process *p)
{
	struct process_usage one;
	const struct task *t = task_of(l, p);
	if (t && process_usage_read(p->pid, memory_of(l->s), &one))
		add(&l->now[t->local], &one);
}

static void add_pid(struct schema_u32s *pids, size_t *cap, pid_t pid)
{
	pids->v = xgrow(pids->v, cap, pids->n + 1u, sizeof(*pids->v));
	pids->v[pids->n++] = (uint32_t)pid;
}

/* OverMemoryKill (slurm.conf(5)): who uses more than it asked for says so, once, and the controller ends it,
 * on all of its nodes. */
static void check_memory(struct shepherd *s, const struct process_usage *now)
{
	const struct step_grant *g = s->record.grant;
	const struct link_over_memory m = {.launch = g->launch};
	const uint64_t limit = g->mem * MIB;
	uint64_t used = 0;
	char word[16];
	if (!s->record.acct_kills || s->ending || s->killing)
		return;
	for (uint32_t i = 0; i < s->task_count; i++)
		used += now[i].rss_kb * 1024;
	if (limit == 0 || used <= limit)
		return;
	if (!s->over_memory)
		shepherd_tell_user(
		        s, "StepId=%u.%s exceeded memory limit (%" PRIu64 " > %" PRIu64 "), being killed",
		        g->job_id, step_groups_word(g->step_id, word), used, limit);
	s->over_memory = true;
	link_say(s, LINK_OVER_MEMORY, &m);
}

void samples_take(struct shepherd *s, struct schema_u32s *pids)
{
	struct look l = {.s = s, .table = process_table_new()};
	const struct process *p;
	size_t cap = 0;
	l.now = xcalloc(s->task_count + 1u, sizeof(*l.now));
	map_init_u64(&l.tasks);
	for (uint32_t i = 0; i < s->task_count; i++)
		if (s->tasks[i].pid > 0 && !s->tasks[i].exited && s->tasks[i].epilog == 0)
			map_put(&l.tasks, (uint64_t)s->tasks[i].pid, &s->tasks[i]);
	for (size_t i = 0; (p = process_table_at(l.table, i)); i++) {
		if (p->state == 'Z' || !process_table_descends(l.table, p->pid, getpid()))
			continue;
		if (pids)
			add_pid(pids, &cap, p->pid);
		look_at(&l, p);
	}
	for (uint32_t i = 0; i < s->task_count; i++)
		if (l.now[i].vm_kb > 0)
			keep(&s->tasks[i].sample, &l.now[i]);
	check_memory(s, l.now);
	map_free(&l.tasks);
	process_table_free(l.table);
	free(l.now);
}

void samples_last(struct shepherd *s, pid_t pid)
{
	struct process_usage one;
	for (uint32_t i = 0; i < s->task_count; i++) {
		struct task *t = &s->tasks[i];
		if (t->pid == pid && !t->exited && t->epilog == 0 &&
		    process_usage_read(pid, memory_of(s), &one))
			keep(&t->sample, &one);
	}
}

/* ---- from time to time ---- */

static void sample_again(void *ctx)
{
	struct shepherd *s = ctx;
	s->sample_timer = NULL;
	if (s->phase != SHEPHERD_RUNNING)
		return;
	samples_take(s, NULL);
	s->sample_timer = loop_add_timer(s->loop, (int64_t)s->sample_s * 1000000, sample_again, s);
}

/* A script's --acctg-freq is in its environment, as with Slurm, where its steps find it too. */
static const char *own_interval(const struct shepherd *s)
{
	static const char name[] = "SLURM_ACCTG_FREQ=";
	for (uint32_t i = 0; s->batch && i < s->launch.env.n; i++)
		if (strncmp(s->launch.env.v[i], name, strlen(name)) == 0)
			return s->launch.env.v[i] + strlen(name);
	return s->launch.acctg_freq;
}

void samples_begin(struct shepherd *s)
{
	if (!s->record.acct_gathers)
		return;
	s->sample_s = s->record.acct_interval_s;
	job_acct_interval(own_interval(s), &s->sample_s);
	if (s->sample_s > 0)
		s->sample_timer = loop_add_timer(s->loop, FIRST_US, sample_again, s);
}
