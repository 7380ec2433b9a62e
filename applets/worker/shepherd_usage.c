/* What a step's tasks used, all together and each: what the kernel says of them when they are waited for,
 * and what samples say of them before (shepherd_sample.c). What a task leaves running when it ends is in the
 * sum alone. */
#include "applets/worker/shepherd.h"
#include "conf/job_acct.h"

#include <stdlib.h>

struct task_usage usage_of(const struct rusage *ru)
{
	return (struct task_usage){
	        .user_us = (uint64_t)ru->ru_utime.tv_sec * 1000000 + (uint64_t)ru->ru_utime.tv_usec,
	        .system_us = (uint64_t)ru->ru_stime.tv_sec * 1000000 + (uint64_t)ru->ru_stime.tv_usec,
	        .rss_kb = (uint64_t)ru->ru_maxrss,
	        .pages = (uint64_t)ru->ru_majflt,
	        .read = (uint64_t)ru->ru_inblock * 512,
	        .written = (uint64_t)ru->ru_oublock * 512,
	};
}

enum thing { CPU, RSS, VM, PAGES, READ, WRITTEN };

struct figure {
	uint64_t last, most;
};

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static struct figure one_figure(uint64_t n)
{
	return (struct figure){n, n};
}

/* A task's. What its last sample is too old for, its end has told. */
static struct figure figure_of(const struct task *t, enum thing thing, bool sampled)
{
	const struct task_usage *end = &t->used;
	const struct task_sample none = {0}, *sample = sampled ? &t->sample : &none;
	const struct process_usage *last = &sample->last;
	const uint32_t memory = t->shepherd->record.acct_memory;
	const uint64_t peak_kb = sampled && memory != JOB_ACCT_RSS ? 0 : end->rss_kb;
	switch (thing) {
	case CPU:
		return one_figure(greater(last->user_us + last->system_us, end->user_us + end->system_us));
	case RSS:
		return (struct figure){last->rss_kb ? last->rss_kb : peak_kb,
		                       greater(sample->rss_most_kb, peak_kb)};
	case VM:
		return (struct figure){last->vm_kb, sample->vm_most_kb};
	case PAGES:
		return one_figure(greater(last->pages, end->pages));
	case READ: /* samples count what was read, its end only what came from a disk */
		return one_figure(sample->known ? last->read : end->read);
	default:
		return one_figure(sample->known ? last->written : end->written);
	}
}

static struct usage_spread *spread_of(const struct shepherd *s, enum thing thing, bool sampled,
                                      struct arena *arena)
{
	struct usage_spread *spread = arena_alloc(arena, sizeof(*spread));
	bool first = true;
	schema_init(schema_of_usage_spread(), spread);
	for (uint32_t i = 0; i < s->task_count; i++) {
		const struct task *t = &s->tasks[i];
		const struct figure n = figure_of(t, thing, sampled);
		if (t->pid == 0)
			continue;
		spread->sum += n.last;
		if (first || n.most > spread->most) {
			spread->most = n.most;
			spread->most_task = t->global;
		}
		if (first || n.most < spread->least) {
			spread->least = n.most;
			spread->least_task = t->global;
		}
		first = false;
	}
	return spread;
}

static uint32_t started(const struct shepherd *s)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->task_count; i++)
		n += s->tasks[i].pid > 0;
	return n;
}

static void spreads(const struct shepherd *s, bool sampled, struct usage *out, struct arena *arena)
{
	out->cpu_us = spread_of(s, CPU, sampled, arena);
	out->rss_kb = spread_of(s, RSS, sampled, arena);
	out->page_faults = spread_of(s, PAGES, sampled, arena);
	out->read = spread_of(s, READ, sampled, arena);
	out->written = spread_of(s, WRITTEN, sampled, arena);
	if (sampled)
		out->vm_kb = spread_of(s, VM, sampled, arena);
}

struct usage *usage_of_step(const struct shepherd *s, bool live, struct arena *arena)
{
	struct usage *out = arena_alloc(arena, sizeof(*out));
	struct rusage ru;
	const bool sampled = live || s->record.acct_gathers;
	schema_init(schema_of_usage(), out);
	if (getrusage(RUSAGE_CHILDREN, &ru) != 0)
		return out;
	const struct task_usage all = usage_of(&ru);
	out->user_us = all.user_us;
	out->system_us = all.system_us;
	out->max_rss_kb = all.rss_kb;
	out->pages = all.pages;
	out->read_bytes = all.read;
	out->written_bytes = all.written;
	out->tasks = live ? started(s) : s->tasks_exited;
	if (out->tasks > 0 && (sampled || s->task_count > 1))
		spreads(s, sampled, out, arena);
	return out;
}

void usage_tell(struct step_session *p, uint64_t id)
{
	struct shepherd *s = p->shepherd;
	struct step_stat m;
	struct arena arena;
	arena_init(&arena);
	schema_init(schema_of_step_stat(), &m);
	if (s->phase == SHEPHERD_RUNNING)
		samples_take(s, &m.pids);
	m.usage = usage_of_step(s, true, &arena);
	conn_send(p->conn, MSG_step_stat, id, &m);
	free(m.pids.v);
	arena_free(&arena);
}
