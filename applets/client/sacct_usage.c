/* What sacct says of what steps used, and sstat of what they use: by all tasks together, by the one that used
 * most or least, on which node. Before a step has ended sacct knows nothing. */
#include "applets/client/sacct.h"
#include "applets/client/show.h"

#include <inttypes.h>

/* ---- all nodes' tasks together ---- */

/* What a node's only task used is what all on it used. */
static struct usage_spread of_all(const struct step_node *node, enum sacct_thing thing)
{
	const struct usage *u = node->usage;
	const uint64_t v[SACCT_THINGS] = {[SACCT_CPU] = u->user_us + u->system_us,
	                                  [SACCT_RSS] = u->max_rss_kb,
	                                  [SACCT_PAGES] = u->pages,
	                                  [SACCT_READ] = u->read_bytes,
	                                  [SACCT_WRITTEN] = u->written_bytes};
	const uint32_t task = node->tasks.n ? node->tasks.v[0] : 0;
	return (struct usage_spread){
	        .sum = v[thing], .most = v[thing], .most_task = task, .least = v[thing], .least_task = task};
}

static const struct usage_spread *of_tasks(const struct usage *u, enum sacct_thing thing)
{
	const struct usage_spread *const v[SACCT_THINGS] = {
	        [SACCT_CPU] = u->cpu_us,        [SACCT_RSS] = u->rss_kb, [SACCT_VM] = u->vm_kb,
	        [SACCT_PAGES] = u->page_faults, [SACCT_READ] = u->read,  [SACCT_WRITTEN] = u->written};
	return v[thing];
}

bool sacct_spread_of(const struct step_record *step, enum sacct_thing thing, struct sacct_spread *out)
{
	*out = (struct sacct_spread){0};
	for (uint32_t i = 0; i < step->nodes.n; i++) {
		const struct step_node *node = &step->nodes.v[i];
		if (!node->usage || node->usage->tasks == 0)
			continue;
		const struct usage_spread all = of_all(node, thing), *tasks = of_tasks(node->usage, thing),
		                          *use = tasks ? tasks : &all;
		const bool first = out->tasks == 0;
		if (!tasks && thing == SACCT_VM)
			continue; /* it was not sampled */
		out->tasks += node->usage->tasks;
		out->sum += use->sum;
		/* Of several, of which each was not counted, there is only the sum. */
		const char *name = tasks || node->usage->tasks == 1 ? node->node : NULL;
		if (first || use->most > out->most) {
			out->most = use->most;
			out->most_node = name;
			out->most_task = use->most_task;
		}
		if (first || use->least < out->least) {
			out->least = use->least;
			out->least_node = name;
			out->least_task = use->least_task;
		}
	}
	return out->tasks > 0;
}

/* ---- figures ---- */

enum figure { AVE, TOT, MAX, MAX_NODE, MAX_TASK, MIN, MIN_NODE, MIN_TASK };

/* Memory is bytes to --noconvert. tasks: over which it is the mean. */
static void print_amount(struct text *out, uint64_t n, uint32_t tasks, enum sacct_thing thing,
                         const struct sacct_ctx *ctx)
{
	const bool kib = thing == SACCT_RSS || thing == SACCT_VM;
	if (thing == SACCT_CPU)
		show_hms(out, (int64_t)(n / tasks / 1000000));
	else
		sacct_print_size(out, n * (kib ? 1024 : 1) / tasks, '\0', ctx);
}

/* In a list the real sstat prints the number of a CPU's task as a time, in ms. */
static void print_task(struct text *out, uint32_t task, bool as_time)
{
	if (as_time)
		show_hms(out, task / 1000);
	else
		text_printf(out, "%" PRIu32, task);
}

static void print_figure(struct text *out, const struct sacct_spread *s, enum sacct_thing thing,
                         enum figure figure, bool listed, const struct sacct_ctx *ctx)
{
	const bool listed_cpu = listed && ctx->sstat && thing == SACCT_CPU;
	switch (figure) {
	case AVE:
		print_amount(out, s->sum, s->tasks, thing, ctx);
		break;
	case TOT:
		print_amount(out, s->sum, 1, thing, ctx);
		break;
	case MAX:
		print_amount(out, s->most, 1, thing, ctx);
		break;
	case MIN:
		print_amount(out, s->least, 1, thing, ctx);
		break;
	case MAX_NODE:
	case MIN_NODE:
		text_add(out, figure == MAX_NODE ? s->most_node : s->least_node);
		break;
	case MAX_TASK:
	case MIN_TASK:
		print_task(out, figure == MAX_TASK ? s->most_task : s->least_task, listed_cpu);
		break;
	}
}

/* Is the figure that of one task, and is it known which? */
static bool is_known(const struct sacct_spread *s, enum figure figure)
{
	if (figure == MAX_NODE || figure == MAX_TASK)
		return s->most_node != NULL;
	if (figure == MIN || figure == MIN_NODE || figure == MIN_TASK)
		return s->least_node != NULL;
	return true;
}

static void one(struct text *out, const struct sacct_row *row, enum sacct_thing thing, enum figure figure,
                const struct sacct_ctx *ctx)
{
	struct sacct_spread s;
	if (row->step && sacct_spread_of(row->step, thing, &s) && is_known(&s, figure))
		print_figure(out, &s, thing, figure, false, ctx);
}

/* What is told of in lists, in their order, with the real one's numbers. */
static const struct listed {
	const char *word, *type, *name;
	int id;
	enum sacct_thing thing; /* SACCT_THINGS: energy, which is not measured */
	bool in, out;
} listed[] = {
        {"cpu", "cpu", NULL, 1, SACCT_CPU, true, false},
        {"energy", "energy", NULL, 3, SACCT_THINGS, true, true},
        {"fs/disk", "fs", "disk", 6, SACCT_READ, true, false},
        {"fs/disk", "fs", "disk", 6, SACCT_WRITTEN, false, true},
        {"mem", "mem", NULL, 2, SACCT_RSS, true, false},
        {"pages", "pages", NULL, 8, SACCT_PAGES, true, false},
        {"vmem", "vmem", NULL, 7, SACCT_VM, true, false},
};

#define LISTED (sizeof(listed) / sizeof(listed[0]))

/* "cpu=00:00:01,energy=0,fs/disk=4096,mem=3M,pages=0,vmem=9M", or what was written: "energy=0,fs/disk=0".
 * Energy is not measured, and is 0 as with the real one; to sstat the first node had most and least of it. */
static void list(struct text *out, const struct sacct_row *row, bool written, enum figure figure,
                 const struct sacct_ctx *ctx)
{
	const bool amount = figure == AVE || figure == TOT || figure == MAX || figure == MIN,
	           task = figure == MAX_TASK || figure == MIN_TASK;
	const char *between = "";
	struct sacct_spread s;
	for (size_t i = 0; row->step && i < LISTED; i++) {
		const bool energy = listed[i].thing == SACCT_THINGS;
		if (!(written ? listed[i].out : listed[i].in) ||
		    (energy && (task || (!amount && !ctx->sstat))) ||
		    !sacct_spread_of(row->step, energy ? SACCT_CPU : listed[i].thing, &s) ||
		    !is_known(&s, figure))
			continue;
		text_printf(out, "%s%s=", between, listed[i].word);
		between = ",";
		if (energy && amount)
			text_add(out, "0");
		else if (energy)
			text_add(out, row->step->nodes.v[0].node);
		else
			print_figure(out, &s, listed[i].thing, figure, true, ctx);
	}
}

/* ---- for --json ---- */

static uint64_t count_of(const struct sacct_spread *s, enum sacct_thing thing, enum sacct_total total)
{
	const uint64_t v[SACCT_TOTALS] = {[SACCT_MOST] = s->most,
	                                  [SACCT_LEAST] = s->least,
	                                  [SACCT_MEAN] = s->sum / s->tasks,
	                                  [SACCT_SUM] = s->sum};
	return thing == SACCT_CPU                        ? v[total] / 1000
	       : thing == SACCT_RSS || thing == SACCT_VM ? v[total] * 1024
	                                                 : v[total];
}

size_t sacct_amounts(const struct step_record *step, bool written, enum sacct_total total,
                     struct sacct_amount out[SACCT_AMOUNTS])
{
	size_t n = 0;
	_Static_assert(LISTED <= SACCT_AMOUNTS, "all must fit");
	for (size_t i = 0; i < LISTED; i++) {
		const bool energy = listed[i].thing == SACCT_THINGS;
		struct sacct_spread s;
		if (!(written ? listed[i].out : listed[i].in) ||
		    (energy && (total == SACCT_MOST || total == SACCT_LEAST)))
			continue;
		if (!energy && (!sacct_spread_of(step, listed[i].thing, &s) ||
		                !is_known(&s, total == SACCT_LEAST ? MIN : MAX)))
			continue;
		out[n++] = (struct sacct_amount){.type = listed[i].type,
		                                 .name = listed[i].name,
		                                 .id = listed[i].id,
		                                 .count = energy ? 0 : count_of(&s, listed[i].thing, total)};
	}
	return n;
}

/* ---- columns ---- */

#define ONE(name, thing, figure)                                                                             \
	void sacct_##name(struct text *out, const void *record, const void *ctx)                             \
	{                                                                                                    \
		one(out, record, SACCT_##thing, figure, ctx);                                                \
	}
#define LIST(name, written, figure)                                                                          \
	void sacct_##name(struct text *out, const void *record, const void *ctx)                             \
	{                                                                                                    \
		list(out, record, written, figure, ctx);                                                     \
	}
ONE(ave_cpu, CPU, AVE)
ONE(ave_rss, RSS, AVE)
ONE(ave_vm, VM, AVE)
ONE(ave_pages, PAGES, AVE)
ONE(ave_read, READ, AVE)
ONE(ave_written, WRITTEN, AVE)
ONE(max_rss, RSS, MAX)
ONE(max_rss_node, RSS, MAX_NODE)
ONE(max_rss_task, RSS, MAX_TASK)
ONE(max_vm, VM, MAX)
ONE(max_vm_node, VM, MAX_NODE)
ONE(max_vm_task, VM, MAX_TASK)
ONE(max_pages, PAGES, MAX)
ONE(max_pages_node, PAGES, MAX_NODE)
ONE(max_pages_task, PAGES, MAX_TASK)
ONE(max_read, READ, MAX)
ONE(max_read_node, READ, MAX_NODE)
ONE(max_read_task, READ, MAX_TASK)
ONE(max_written, WRITTEN, MAX)
ONE(max_written_node, WRITTEN, MAX_NODE)
ONE(max_written_task, WRITTEN, MAX_TASK)
ONE(min_cpu, CPU, MIN)
ONE(min_cpu_node, CPU, MIN_NODE)
ONE(min_cpu_task, CPU, MIN_TASK)
LIST(in_ave, false, AVE)
LIST(in_max, false, MAX)
LIST(in_max_node, false, MAX_NODE)
LIST(in_max_task, false, MAX_TASK)
LIST(in_min, false, MIN)
LIST(in_min_node, false, MIN_NODE)
LIST(in_min_task, false, MIN_TASK)
LIST(in_tot, false, TOT)
LIST(out_ave, true, AVE)
LIST(out_max, true, MAX)
LIST(out_max_node, true, MAX_NODE)
LIST(out_max_task, true, MAX_TASK)
LIST(out_min, true, MIN)
LIST(out_min_node, true, MIN_NODE)
LIST(out_min_task, true, MIN_TASK)
LIST(out_tot, true, TOT)
