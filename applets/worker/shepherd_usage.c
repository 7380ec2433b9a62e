/* What a step's tasks used, all together and each: what the kernel says of them when they are waited for.
 * What a task leaves running when it ends is in the sum alone. */
#include "applets/worker/shepherd.h"

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

static uint64_t used_cpu(const struct task_usage *u)
{
	return u->user_us + u->system_us;
}
static uint64_t used_rss(const struct task_usage *u)
{
	return u->rss_kb;
}
static uint64_t used_pages(const struct task_usage *u)
{
	return u->pages;
}
static uint64_t used_read(const struct task_usage *u)
{
	return u->read;
}
static uint64_t used_written(const struct task_usage *u)
{
	return u->written;
}

static struct usage_spread *spread_of(struct shepherd *s, uint64_t (*of)(const struct task_usage *))
{
	struct usage_spread *spread = arena_alloc(&s->arena, sizeof(*spread));
	bool first = true;
	schema_init(schema_of_usage_spread(), spread);
	for (uint32_t i = 0; i < s->task_count; i++) {
		const struct task *t = &s->tasks[i];
		const uint64_t n = of(&t->used);
		if (t->pid == 0)
			continue;
		spread->sum += n;
		if (first || n > spread->most) {
			spread->most = n;
			spread->most_task = t->global;
		}
		if (first || n < spread->least) {
			spread->least = n;
			spread->least_task = t->global;
		}
		first = false;
	}
	return spread;
}

struct usage *usage_of_step(struct shepherd *s)
{
	struct usage *out = arena_alloc(&s->arena, sizeof(*out));
	struct rusage ru;
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
	out->tasks = s->tasks_exited;
	if (s->task_count < 2)
		return out;
	out->cpu_us = spread_of(s, used_cpu);
	out->rss_kb = spread_of(s, used_rss);
	out->page_faults = spread_of(s, used_pages);
	out->read = spread_of(s, used_read);
	out->written = spread_of(s, used_written);
	return out;
}
