#include "core/why.h"

#include "core/cluster_priv.h"
#include "core/util/hostlist.h"

#include <inttypes.h>

#define NAMES_MAX 6 /* jobs that are named; of more the number is told */

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_minutes(struct text *out, uint64_t minutes)
{
	const uint64_t days = minutes / 1440, hours = minutes / 60 % 24, rest = minutes % 60;
	const char *sep = "";
	if (days)
		text_printf(out, "%" PRIu64 " day%s", days, plural(days)), sep = " ";
	if (hours)
		text_printf(out, "%s%" PRIu64 " h", sep, hours), sep = " ";
	if (rest || minutes == 0)
		text_printf(out, "%s%" PRIu64 " min", sep, rest);
}

/* From now on, rounded up. */
static void print_span(const struct cluster *c, core_time at, struct text *out)
{
	const core_time left = at > c->now ? at - c->now : 0;
	if (left < 60 * CORE_SECOND)
		text_printf(out, "%" PRId64 " s", (left + CORE_SECOND - 1) / CORE_SECOND);
	else
		print_minutes(out, (uint64_t)((left + 60 * CORE_SECOND - 1) / (60 * CORE_SECOND)));
}

static void print_limit(struct text *out, uint32_t minutes)
{
	if (minutes == CORE_INFINITE || minutes == CORE_NO_VAL)
		text_add(out, "no time limit");
	else
		print_minutes(out, minutes);
}

static void print_nodes(struct hostlist *names, struct text *out)
{
	text_add(out, " (");
	hostlist_compress(names, out);
	text_add(out, ")");
}

/* ---- what it asks for ---- */

/* Nodes that it wants or doesn't want. */
static void say_which(const struct job_spec *spec, struct text *out)
{
	if (text_or_null(spec->req_nodes))
		text_printf(out, ", on %s at the least", spec->req_nodes);
	if (text_or_null(spec->exc_nodes))
		text_printf(out, ", not on %s", spec->exc_nodes);
	if (text_or_null(spec->features))
		text_printf(out, ", with the features %s", spec->features);
	if (text_or_null(spec->prefer))
		text_printf(out, ", rather with the features %s", spec->prefer);
	if (spec->contiguous)
		text_add(out, ", on nodes that follow each other");
}

static void say_wants(const struct cluster *c, const struct job *job, struct text *out)
{
	const struct tres t = job_tres_asked(c, job);
	const struct job_spec *spec = &job->spec;
	text_printf(out, "Job %" PRIu32 " asks for %" PRIu64 " CPU%s", job->job_id, t.v[TRES_CPU],
	            plural(t.v[TRES_CPU]));
	if (part_select_flags(c, job->part) & CONF_CR_MEMORY)
		text_printf(out, " and %" PRIu64 " MiB", t.v[TRES_MEM]);
	text_printf(out, " on %" PRIu64 " node%s%s of partition %s, for ", t.v[TRES_NODE],
	            plural(t.v[TRES_NODE]), spec_is_whole(c, job->part, spec) ? " of its own" : "",
	            spec->partition ? spec->partition : job->part->conf->name);
	print_limit(out, job_time_limit(job));
	if (spec->time_min_min != CORE_NO_VAL) {
		text_add(out, ", at the least ");
		print_limit(out, spec->time_min_min);
	}
	say_which(spec, out);
	if (text_or_null(spec->licenses))
		text_printf(out, ", with licences %s", spec->licenses);
	text_add(out, ".\n");
}

/* ---- what no node has ---- */

static bool names_some(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                       unsigned lack, struct hostlist *names)
{
	for (size_t i = 0; i < part->conf->node_count; i++) {
		const struct node *node = c->nodes[part->conf->node_index[i]];
		if (select_lacks(c, part, spec, node) & lack)
			hostlist_add_name(names, node->conf->name);
	}
	return hostlist_count(names) > 0;
}

/* Each node could take a part, but they are too few. */
static void say_together(const struct job_spec *spec, struct text *out)
{
	if (spec->nodes_max == 0)
		text_add(out, "not even all together have");
	else if (spec->nodes_max == 1)
		text_add(out, "none alone has");
	else
		text_printf(out, "no %" PRIu32 " together have", spec->nodes_max);
	text_printf(out, " %" PRIu32 " tasks' CPUs and memory, even when idle", spec->tasks);
}

static void say_lacks(const struct cluster *c, const struct part *part, const struct job_spec *spec,
                      struct text *out)
{
	const uint32_t per_task = spec->cpus_per_task ? spec->cpus_per_task : 1;
	const uint32_t least = per_task > spec->min_cpus_node ? per_task : spec->min_cpus_node;
	const uint64_t together = (uint64_t)spec->tasks_per_node * per_task;
	struct text want[LACK_KINDS] = {TEXT_EMPTY, TEXT_EMPTY, TEXT_EMPTY,
	                                TEXT_EMPTY, TEXT_EMPTY, TEXT_EMPTY};
	text_printf(&want[0], "the %" PRIu64 " CPUs that have to be on one",
	            together > least ? together : least);
	text_add(&want[1], "the memory that is asked for");
	if (spec->mem_per_node != CORE_NO_VAL64 || spec->mem_per_cpu != CORE_NO_VAL64)
		text_printf(&want[1], " (%" PRIu64 " MiB%s)",
		            spec->mem_per_node != CORE_NO_VAL64 ? spec->mem_per_node : spec->mem_per_cpu,
		            spec->mem_per_node != CORE_NO_VAL64 ? "" : " for each CPU");
	text_printf(&want[2], "the features %s%s%s", spec->features ? spec->features : spec->prefer,
	            spec->features && text_or_null(spec->prefer) ? " and " : "",
	            spec->features && text_or_null(spec->prefer) ? spec->prefer : "");
	text_printf(&want[3], "%" PRIu32 " MiB of temporary disk", spec->min_tmp_disk);
	text_add(&want[4], "the sockets, cores and threads that are asked for");
	text_add(&want[5], "a place on the list of nodes that may be used");
	const char *sep = "";
	text_printf(out, "Of the %zu node%s of partition %s, ", part->conf->node_count,
	            plural(part->conf->node_count), part->conf->name);
	for (unsigned i = 0; i < LACK_KINDS; i++) {
		struct hostlist *names = hostlist_new();
		if (names_some(c, part, spec, 1u << i, names)) {
			text_printf(out, "%s%" PRIu64 " lack%s %s", sep, (uint64_t)hostlist_count(names),
			            hostlist_count(names) == 1 ? "s" : "", text_str(&want[i]));
			print_nodes(names, out);
			sep = ", ";
		}
		hostlist_free(names);
		text_free(&want[i]);
	}
	if (!*sep)
		say_together(spec, out);
	text_add(out, ".\n");
}

void spec_why_never(const struct cluster *c, const struct job_spec *spec, struct text *out)
{
	const struct part *part = part_first_asked(c, spec);
	if (!part || part->conf->node_count == 0)
		return;
	struct job_spec asked = *spec;
	if (text_or_null(spec->prefer)) /* a submit is refused for what it prefers */
		asked = spec_as_preferred(spec);
	say_lacks(c, part, &asked, out);
	if (out->len && out->s[out->len - 1] == '\n') /* it is the end of a line */
		out->s[--out->len] = '\0';
}

/* ---- what keeps it ---- */

static void say_unusable(const struct cluster *c, const struct job *job, struct text *out)
{
	struct hostlist *down = hostlist_new();
	for (size_t i = 0; i < job->part->conf->node_count; i++) {
		const struct node *node = c->nodes[job->part->conf->node_index[i]];
		if (!node_is_usable(node))
			hostlist_add_name(down, node->conf->name);
	}
	if (hostlist_count(down) > 0) {
		text_printf(out, "%" PRIu64 " of the %zu nodes of partition %s can't be used",
		            (uint64_t)hostlist_count(down), job->part->conf->node_count,
		            job->part->conf->name);
		print_nodes(down, out);
		text_add(out, "; `sinfo -R` says why.\n");
	}
	hostlist_free(down);
}

/* Of those with an idle CPU, which is of no use without. */
static void say_free_memory(const struct cluster *c, const struct job *job, struct text *out)
{
	const struct node *most = NULL;
	uint64_t free = 0;
	bool idle = false;
	for (size_t i = 0; i < job->part->conf->node_count; i++) {
		const struct node *node = c->nodes[job->part->conf->node_index[i]];
		if (!node_is_usable(node) || node->cores_free == 0)
			continue;
		idle = true;
		if (node->mem_alloc >= node->conf->real_memory ||
		    node->conf->real_memory - node->mem_alloc <= free)
			continue;
		most = node;
		free = node->conf->real_memory - node->mem_alloc;
	}
	if (most)
		text_printf(out, "Beside idle CPUs the most memory is free on %s: %" PRIu64 " MiB.\n",
		            most->conf->name, free);
	else if (idle)
		text_add(out, "No node with idle CPUs has memory that is free.\n");
}

static void say_free(const struct cluster *c, const struct job *job, struct text *out)
{
	uint64_t cpus = 0, nodes = 0, up = 0;
	const struct node *most = NULL;
	for (size_t i = 0; i < job->part->conf->node_count; i++) {
		const struct node *node = c->nodes[job->part->conf->node_index[i]];
		if (!node_is_usable(node))
			continue;
		up++;
		nodes += node->cores_free > 0;
		cpus += (uint64_t)node->cores_free * node->cpus_per_core;
		if (node->cores_free > 0 && (!most || node->cores_free > most->cores_free))
			most = node;
	}
	text_printf(out,
	            "%" PRIu64 " CPU%s idle on %" PRIu64 " of the %" PRIu64 " usable node%s of partition %s",
	            cpus, cpus == 1 ? " is" : "s are", nodes, up, plural(up), job->part->conf->name);
	if (most)
		text_printf(out, ", the most on %s: %" PRIu32, most->conf->name,
		            most->cores_free * most->cpus_per_core);
	text_add(out, ".\n");
	if (part_select_flags(c, job->part) & CONF_CR_MEMORY)
		say_free_memory(c, job, out);
}

static void say_before(const struct cluster *c, const struct job *job, struct text *out)
{
	uint64_t n = 0;
	struct text names = TEXT_EMPTY;
	list_each (it, &c->classes) {
		const struct job_class *class = list_entry(it, struct job_class, in_all);
		for (struct order_link *at = order_first(&class->jobs); at; at = order_next(at)) {
			const struct job *other = list_entry(at, struct job, in_class);
			if (!order_before(at, &job->in_class))
				break;
			if (n++ < NAMES_MAX)
				text_printf(&names, "%s%" PRIu32, names.len ? ", " : "", other->job_id);
		}
	}
	if (n == 0)
		text_add(out, "Nobody is before it in the queue.\n");
	else
		text_printf(out, "%" PRIu64 " job%s before it in the queue: %s%s.\n", n,
		            n == 1 ? " is" : "s are", text_str(&names), n > NAMES_MAX ? " and others" : "");
	text_free(&names);
}

/* Whose end lets it start then: by their limits, or as they are planned themselves. */
static void say_rests_on(const struct cluster *c, const struct planned *e, struct text *out)
{
	struct text ends = TEXT_EMPTY;
	uint32_t n = 0;
	for (const struct job *o = job_next(c, NULL); o; o = job_next(c, o)) {
		const bool runs = job_is_active(o) && job_expected_end(c, o) == e->start,
		           planned = o->planned && o->planned != e && o->planned->end == e->start;
		if ((runs || planned) && n++ < NAMES_MAX)
			text_printf(&ends, "%s%" PRIu32, ends.len ? ", " : "", o->job_id);
	}
	if (n > 0)
		text_printf(out, ", when the time of job%s %s%s is over", plural(n), text_str(&ends),
		            n > NAMES_MAX ? " and others" : "");
	text_free(&ends);
}

static void say_plan(const struct cluster *c, const struct job *job, struct text *out)
{
	const struct planned *e = job->planned;
	if (!c->conf->backfill) {
		text_add(out, "Nothing is planned, as SchedulerType isn't sched/backfill.\n");
		return;
	}
	if (!e) {
		text_printf(out,
		            "It is not in the plan: what it waits for has no time limit or ends beyond "
		            "bf_window, "
		            "or it is not among the first %" PRIu32 " jobs, which are planned.\n",
		            c->conf->bf_max_job_test);
		return;
	}
	struct hostlist *names = hostlist_new();
	for (uint32_t i = 0; i < e->nodes.n; i++)
		hostlist_add_name(names, e->nodes.v[i].node);
	text_add(out, "It is planned to start in ");
	print_span(c, e->start, out);
	text_add(out, " on ");
	hostlist_compress(names, out);
	hostlist_free(names);
	say_rests_on(c, e, out);
	text_add(out, "; earlier, if others end before their limits.\n");
}

/* ---- licences ---- */

static void say_holders(const struct cluster *c, const char *name, struct text *out)
{
	uint64_t n = 0;
	list_each (it, &c->license_holds) {
		const struct job *job = list_entry(it, struct license_hold, in_all)->job;
		if (license_asked(job->spec.licenses, name) > 0 && n++ < NAMES_MAX)
			text_printf(out, "%s%" PRIu32, n == 1 ? "; taken by job " : ", ", job->job_id);
	}
	if (n > NAMES_MAX)
		text_add(out, " and others");
}

/* Of each that it asks for: how many, and who has the others. */
static void say_licenses(const struct cluster *c, const struct job *job, struct text *out)
{
	const char *list = job->spec.licenses, *name;
	size_t n;
	uint32_t count;
	while (license_next(&list, &name, &n, &count)) {
		const struct license *l = license_named(c, name, n);
		if (!l) {
			text_printf(
			        out,
			        "It asks for licence %.*s, which the configuration doesn't have any more.\n",
			        (int)n, name);
			continue;
		}
		text_printf(out,
		            "It asks for %" PRIu32 " of licence %s, of which %" PRIu64 " of %" PRIu32
		            " %s free",
		            count, l->conf->name, l->used < l->conf->total ? l->conf->total - l->used : 0,
		            l->conf->total, l->conf->total == 1 ? "is" : "are");
		say_holders(c, l->conf->name, out);
		text_add(out, ".\n");
	}
	if (!licenses_are_planned(c))
		text_add(out, "Licences are not planned, as SchedulerParameters doesn't have bf_licenses: "
		              "it starts when they are free, and jobs behind it may take them before.\n");
	else
		say_plan(c, job, out);
}

static void say_part_limits(const struct job *job, struct text *out)
{
	const struct core_part_conf *part = job->part->conf;
	text_printf(out, "Partition %s allows ", part->name);
	if (part->max_nodes != CORE_INFINITE)
		text_printf(out, "at most %" PRIu32 " node%s", part->max_nodes, plural(part->max_nodes));
	else
		text_printf(out, "jobs of all its %zu nodes", part->node_count);
	text_add(out, " and ");
	print_limit(out, part->max_time_min);
	if (part->min_nodes > 1 && part->min_nodes != CORE_INFINITE)
		text_printf(out, ", and at least %" PRIu32 " nodes", part->min_nodes);
	text_printf(out,
	            ", and this job doesn't keep to it. `scontrol update jobid=%" PRIu32 "` changes it.\n",
	            job->job_id);
}

static void say_part_state(const struct job *job, uint32_t reason, struct text *out)
{
	text_printf(
	        out,
	        "Partition %s is %s, and starts nothing until an administrator opens it: `scontrol update "
	        "partitionname=%s state=up`.\n",
	        job->part->conf->name, reason == REASON_PART_DOWN ? "DOWN" : "INACTIVE",
	        job->part->conf->name);
}

static void say_memory_limit(const struct job *job, struct text *out)
{
	text_printf(
	        out,
	        "It asks for more memory than partition %s, or the cluster, allows on a node or for a CPU "
	        "(MaxMemPerNode, MaxMemPerCPU: `scontrol show partition %s`).\n",
	        job->part->conf->name, job->part->conf->name);
}

static void say_reason(const struct cluster *c, const struct job *job, uint32_t reason, struct text *out)
{
	struct text depends = TEXT_EMPTY;
	switch (reason) {
	case REASON_HELD_USER:
	case REASON_HELD_ADMIN:
	case REASON_REQUEUED_HELD:
	case REASON_LAUNCH_FAILED_HELD:
		text_printf(out, "It is held by %s: `scontrol release %" PRIu32 "` lets it go.\n",
		            job->state.hold == 2 ? "an administrator" : "its user", job->job_id);
		break;
	case REASON_DEPENDENCY:
	case REASON_DEP_NEVER:
		job_depend_text(job, &depends);
		text_printf(out, "It waits for %s%s.\n", text_str(&depends),
		            reason == REASON_DEP_NEVER ? ", which can't come true any more" : "");
		break;
	case REASON_BEGIN_TIME:
		text_add(out, "It may not begin for another ");
		print_span(c, job_eligible_at(job), out);
		text_add(out, ".\n");
		break;
	case REASON_ARRAY_TASK_LIMIT:
		text_printf(out, "%" PRIu32 " of its array's tasks run, as many as may at once.\n",
		            job->array ? job->array->running : 0);
		break;
	case REASON_PART_TIME_LIMIT:
	case REASON_PART_NODE_LIMIT:
		say_part_limits(job, out);
		break;
	case REASON_PART_DOWN:
	case REASON_PART_INACTIVE:
		say_part_state(job, reason, out);
		break;
	case REASON_MAX_MEM_PER_LIMIT:
		say_memory_limit(job, out);
		break;
	case REASON_PART_CONFIG:
	case REASON_BAD_CONSTRAINTS:
		say_lacks(c, job->part, &job->spec, out);
		break;
	case REASON_NODES_UNAVAILABLE:
	case REASON_REQ_NODE_NOT_AVAIL:
		say_unusable(c, job, out);
		break;
	case REASON_LICENSES:
		say_licenses(c, job, out);
		break;
	case REASON_RESOURCES:
	case REASON_PRIORITY:
		say_free(c, job, out);
		say_unusable(c, job, out);
		say_before(c, job, out);
		say_plan(c, job, out);
		break;
	default:
		text_printf(out, "The reason is %s.\n", job_reason_word(reason));
	}
	text_free(&depends);
}

void job_why(const struct cluster *c, const struct job *job, struct text *out)
{
	if (job->state.state != JOB_PENDING || (job->state.flags & JOB_FLAG_COMPLETING)) {
		text_printf(out, "Job %" PRIu32 " does not wait: it is %s.\n", job->job_id,
		            job_shown_word(job->state.state, job->state.flags));
		return;
	}
	if (!job->part) {
		text_printf(out,
		            "Job %" PRIu32 " waits for partition %s, which the configuration doesn't have.\n",
		            job->job_id, job->spec.partition ? job->spec.partition : "(none)");
		return;
	}
	say_wants(c, job, out);
	say_reason(c, job, job_reason(c, job), out);
}
