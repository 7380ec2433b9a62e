/* What happens to the cluster, by chance. */
#include "test/sim/sim.h"
#include "core/bits.h"
#include "core/util/arena.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- who is meant ---- */

static struct job *some_job(struct world *w)
{
	size_t n = job_count(w->c), at = n ? pick(w, (uint32_t)n) : 0;
	struct job *job = job_next(w->c, NULL);
	while (job && at-- > 0)
		job = job_next(w->c, job);
	return job;
}

static struct job *active_job(struct world *w)
{
	for (int tries = 0; tries < 8; tries++) {
		struct job *job = some_job(w);
		if (job && job_is_active(job))
			return job;
	}
	return NULL;
}

static struct host *some_host(struct world *w)
{
	return &w->hosts[pick(w, SIM_NODES)];
}

/* ---- jobs ---- */

/* Any job, a task of it, in any relation. */
static char *random_dependency(struct world *w, char text[96])
{
	static const char *const kinds[] = {"after", "afterany", "afterok", "afternotok", "aftercorr"};
	size_t n = 0;
	if (chance(w, 100))
		return (char *)(uintptr_t) "singleton";
	text[0] = '\0';
	const char *sep = chance(w, 300) ? "?" : ",";
	for (uint32_t i = 0, of = 1 + pick(w, 3); i < of; i++) {
		const struct job *job = some_job(w);
		uint32_t id = !job ? 1 : job->spec.array_job_id ? job->spec.array_job_id : job->job_id;
		n += (size_t)snprintf(text + n, 96 - n, "%s%s:%u", i ? sep : "", kinds[pick(w, 5)], id);
		if (chance(w, 200))
			n += (size_t)snprintf(text + n, 96 - n, "_%u", pick(w, 8));
		if (chance(w, 100))
			n += (size_t)snprintf(text + n, 96 - n, "+%u", pick(w, 8));
	}
	return text;
}

static void random_spec(struct world *w, struct job_spec *spec, char nodes[32], char text[96])
{
	static const char *const arrays[] = {"0-3", "1-7:2%2", "5", "1,4-6%1", "2-9", "[0-1]"};
	static const char *const parts[] = {NULL, "main", "low", "other"};
	static const char *const licenses[] = {"fluent", "fluent:2", "matlab", "fluent:3,matlab:1",
	                                       "matlab:2"};
	static const char *const features[] = {"odd",
	                                       "even",
	                                       "odd&all",
	                                       "all",
	                                       "odd|even",
	                                       "[odd|even]",
	                                       "[even*1&odd*1]",
	                                       "odd*1",
	                                       "[odd*2&even*1]&all"};
	uint32_t limits[] = {CORE_NO_VAL, 1, 5, 60, 0};
	spec->batch = chance(w, 600);
	spec->partition = (char *)(uintptr_t)parts[pick(w, 4)];
	spec->nodes_min = chance(w, 700) ? 1 : 1 + pick(w, 4);
	spec->nodes_max = chance(w, 300) ? spec->nodes_min + pick(w, 3) : 0;
	spec->tasks_set = chance(w, 500);
	spec->tasks = spec->tasks_set ? 1 + pick(w, 6) : spec->nodes_min;
	spec->cpus_per_task = chance(w, 700) ? 1 : 1 + pick(w, 3);
	spec->tasks_per_node = chance(w, 100) ? 1 + pick(w, 2) : 0;
	if (chance(w, 300))
		spec->mem_per_node = 50 + pick(w, 1500);
	else if (chance(w, 200))
		spec->mem_per_cpu = 20 + pick(w, 400);
	spec->features = (char *)(uintptr_t)(chance(w, 150) ? features[pick(w, 9)] : NULL);
	spec->exclusive = chance(w, 100);
	spec->oversubscribe = chance(w, 400);
	spec->exclusive_user = chance(w, 40);
	spec->time_limit_min = limits[pick(w, 5)];
	if (spec->time_limit_min != 1 && spec->time_limit_min != CORE_NO_VAL && chance(w, 150))
		spec->time_min_min = 1 + pick(w, 5);
	spec->requeue = chance(w, 600);
	spec->no_kill = chance(w, 150);
	spec->immediate = !spec->batch && chance(w, 50);
	spec->nice = chance(w, 100) ? (int32_t)pick(w, 20) - 10 : 0;
	spec->priority = chance(w, 60) ? pick(w, 1000) : CORE_NO_VAL;
	if (chance(w, 60)) {
		snprintf(nodes, 32, "n[%u-%u]", 1 + pick(w, 3), 3 + pick(w, 2));
		spec->req_nodes = nodes;
	} else if (chance(w, 60)) {
		snprintf(nodes, 32, "n%u", 1 + pick(w, SIM_NODES));
		spec->exc_nodes = nodes;
	}
	if (chance(w, 200))
		spec->licenses = (char *)(uintptr_t)licenses[pick(w, 5)];
	if (spec->batch && chance(w, 150))
		spec->array = (char *)(uintptr_t)arrays[pick(w, 6)];
	if (chance(w, 150))
		spec->dependency = random_dependency(w, text);
	spec->kill_invalid_depend = chance(w, 300) ? 1 : CORE_NO_VAL;
	if (chance(w, 60))
		spec->begin_time = world_now(w) + (core_time)pick(w, 600) * CORE_SECOND;
	/* By the number of the event: histories stay as they were before there was this. */
	if (w->next_seq % 5 == 0) {
		spec->warn_signal = 10;
		spec->warn_time_s = (uint32_t)(w->next_seq % 120);
		spec->warn_batch = spec->batch && w->next_seq % 2;
	}
}

static void submit(struct world *w)
{
	struct identity who = {.uid = 1000 + pick(w, 3), .gid = 1000};
	struct job_spec spec;
	struct job *job = NULL;
	struct err err = {0};
	char nodes[32], text[96];
	struct job_outlook outlook = {0};
	schema_init(schema_of_job_spec(), &spec);
	random_spec(w, &spec, nodes, text);
	spec.who = &who;
	int test = chance(w, 100) ? job_test(w->c, &spec, world_now(w), &outlook, &err) : 1;
	node_alloc_list_free(&outlook.nodes);
	int rc = test == 1 ? job_submit(w->c, &spec, world_now(w), &job, &err) : test;
	if (rc == 0 && job && job->tasks)
		w->tasks_in += job->tasks->set;
	if (rc == 0 && job)
		world_trace(w, "submit job %u: %s -N%u -n%u -c%u part %s limit %u", job->job_id,
		            spec.batch ? "batch" : "srun", spec.nodes_min, spec.tasks, spec.cpus_per_task,
		            job->spec.partition, spec.time_limit_min);
	else if (rc != 0 && err.code == ERR_INTERNAL)
		world_fail(w, "a submit is refused by mistake: %s", err_text(&err));
}

static void cancel(struct world *w)
{
	static const int signals[] = {0, 9, 15, 10};
	struct job *job = some_job(w);
	struct err err = {0};
	int signal = signals[pick(w, 4)];
	if (!job)
		return;
	world_trace(w, "cancel job %u with %d", job->job_id, signal);
	job_cancel(w->c, job, signal, chance(w, 200), chance(w, 200), 1000, world_now(w), &err);
}

static void complete(struct world *w)
{
	struct job *job = some_job(w);
	struct err err = {0};
	if (!job || job->spec.batch)
		return;
	world_trace(w, "complete job %u", job->job_id);
	job_complete(w->c, job, chance(w, 700) ? 0 : 3 << 8, world_now(w), &err);
}

static void hold(struct world *w)
{
	struct job *job = some_job(w);
	struct err err = {0};
	bool admin = chance(w, 400);
	if (!job)
		return;
	world_trace(w, "hold job %u", job->job_id);
	if (job_hold(w->c, job, admin, chance(w, 500), world_now(w), &err) == 0 &&
	    job->state.state == JOB_PENDING && job->state.hold == 0)
		world_fail(w, "job %u was held and isn't", job->job_id);
}

static void release(struct world *w)
{
	struct job *job = some_job(w);
	struct err err = {0};
	bool admin = chance(w, 600);
	if (!job)
		return;
	uint32_t was = job->state.hold;
	world_trace(w, "release job %u", job->job_id);
	if (job_release(w->c, job, admin, world_now(w), &err) == 0 && was == 2 && !admin)
		world_fail(w, "a user released job %u, which an administrator holds", job->job_id);
}

static void requeue(struct world *w)
{
	struct job *job = some_job(w);
	struct err err = {0};
	if (!job)
		return;
	world_trace(w, "requeue job %u", job->job_id);
	job_requeue(w->c, job, chance(w, 200), world_now(w), &err);
}

static void suspend(struct world *w)
{
	struct job *job = chance(w, 700) ? active_job(w) : some_job(w);
	struct err err = {0};
	if (!job)
		return;
	const core_time limit = job->limit_at;
	/* Started at a time that is yet to come, by a clock that was set back meanwhile. */
	const bool astray = job->state.start_time > job->state.suspend_time;
	bool resumes = job->state.state == JOB_SUSPENDED || chance(w, 100);
	world_trace(w, "%s job %u", resumes ? "resume" : "suspend", job->job_id);
	bool was = job->state.state == JOB_SUSPENDED;
	int rc = resumes ? job_resume(w->c, job, world_now(w), &err)
	                 : job_suspend(w->c, job, world_now(w), &err);
	if (rc == 0 && !resumes) {
		map_put(&w->was_suspended, job->serial, job);
		map_put(&w->stands_still, job->serial, job);
	} else if (rc == 0) {
		map_del(&w->stands_still, job->serial);
	}
	if ((rc == 0) != (resumes ? was : job_is_active(job)))
		world_fail(w, "job %u is %s: %s", job->job_id, job_state_word(job->state.state),
		           err_text(&err));
	if (rc == 0 && resumes && w->skew == 0 && !astray && limit != 0 && job->limit_at < limit)
		world_fail(w, "the time of job %u was less when it was resumed", job->job_id);
}

/* One verb for some tasks of an array. */
static void array_verb(struct world *w)
{
	static const char *const tasks[] = {NULL, "1", "3", "2-4", "0,5", "[1-7:2]"};
	const struct job *any = some_job(w);
	struct job **jobs = NULL;
	struct err err = {0};
	size_t n = 0;
	uint32_t id = any && any->array ? any->spec.array_job_id : 0, verb = pick(w, 5);
	const char *which = tasks[pick(w, 6)];
	if (id == 0 || jobs_meant(w->c, id, which, verb == 0, world_now(w), &jobs, &n, &err) != 0)
		return;
	world_trace(w, "verb %u for %zu records of array %u (%s)", verb, n, id, which ? which : "all");
	for (size_t i = 0; i < n; i++) {
		if (which && jobs[i]->tasks && jobs[i]->state.state == JOB_PENDING && jobs[i]->tasks->set < 2)
			world_fail(w, "one task of array %u was not made a job of its own", id);
		if (verb == 0)
			job_cancel(w->c, jobs[i], 0, false, false, 1000, world_now(w), &err);
		else if (verb == 1)
			job_hold(w->c, jobs[i], false, false, world_now(w), &err);
		else if (verb == 2)
			job_release(w->c, jobs[i], false, world_now(w), &err);
		else if (verb == 3)
			job_set_array_limit(w->c, jobs[i], pick(w, 4), world_now(w));
		else
			job_requeue(w->c, jobs[i], false, world_now(w), &err);
	}
	free(jobs);
}

static void depend_anew(struct world *w)
{
	struct job *job = some_job(w);
	char text[96];
	struct err err = {0};
	const char *list = chance(w, 300) ? "" : random_dependency(w, text);
	if (!job)
		return;
	world_trace(w, "job %u depends on %s", job->job_id, list);
	job_set_dependency(w->c, job, list, world_now(w), &err);
}

/* ---- steps ---- */

static void create_step(struct world *w)
{
	struct job *job = active_job(w);
	struct step *step = NULL;
	struct err err = {0};
	char node[16];
	if (!job)
		return;
	struct step_request r = {.name = "step",
	                         .tasks = chance(w, 700) ? 1 + pick(w, 4) : 0,
	                         .nodes_min = chance(w, 500) ? 1 + pick(w, 2) : 0,
	                         .cpus_per_task = chance(w, 200) ? 1 + pick(w, 2) : 0,
	                         .tasks_per_node = chance(w, 100) ? 1 : 0,
	                         .mem_per_node = chance(w, 300) ? pick(w, 600) : CORE_NO_VAL64,
	                         .relative = chance(w, 50) ? pick(w, 3) : CORE_NO_VAL,
	                         .dist = chance(w, 300) ? pick(w, 3) : CORE_NO_VAL,
	                         .plane_size = 1 + pick(w, 3),
	                         .time_limit_min = chance(w, 100) ? 1 : CORE_NO_VAL,
	                         .overlap = chance(w, 150),
	                         .exact = chance(w, 500),
	                         .immediate = chance(w, 50),
	                         .interactive = chance(w, 20)};
	r.tasks_set = r.tasks != 0;
	r.nodes_max = r.nodes_min && chance(w, 700) ? r.nodes_min + pick(w, 2) : 0;
	if (chance(w, 80)) {
		snprintf(node, sizeof(node), "n%u", 1 + pick(w, SIM_NODES));
		r.node_list = node;
	}
	int rc = step_create(w->c, job, &r, world_now(w), &step, &err);
	world_trace(w, "step of job %u: %s", job->job_id,
	            rc != 0        ? err_text(&err)
	            : step->queued ? "waits"
	                           : "placed");
	if (rc != 0 || step->queued)
		return;
	uint32_t tasks = 0;
	for (uint32_t i = 0; i < step->record.nodes.n; i++)
		tasks += step->record.nodes.v[i].tasks.n;
	if (tasks != step->record.tasks || tasks == 0 || (r.nodes_max && step->record.nodes.n > r.nodes_max))
		world_fail(w, "step %u.%u asked for %u tasks on at most %u nodes and has %u on %u",
		           job->job_id, step->record.step_id, r.tasks, r.nodes_max, tasks,
		           step->record.nodes.n);
}

static void end_step(struct world *w)
{
	struct job *job = active_job(w);
	struct err err = {0};
	bool queued = chance(w, 300);
	struct list *list = job ? queued ? &job->step_queue : &job->steps : NULL;
	if (!list || list_empty(list))
		return;
	struct step *step = queued ? list_entry(list->next, struct step, in_step_queue)
	                           : list_entry(list->prev, struct step, in_job);
	world_trace(w, "cancel step %u.%u", job->job_id, step->record.step_id);
	if (queued && chance(w, 500))
		step_forget(w->c, step, world_now(w));
	else
		step_cancel(w->c, step,
		            chance(w, 500)   ? 9
		            : chance(w, 500) ? 0
		                             : 15,
		            1000, world_now(w), &err);
}

/* ---- hosts ---- */

static void cut(struct world *w)
{
	struct host *h = some_host(w);
	world_trace(w, "the link of %s is cut", h->name);
	host_cut(w, h);
}

static void crash(struct world *w)
{
	struct host *h = some_host(w);
	if (!h->powered)
		return;
	world_trace(w, "%s crashes", h->name);
	host_crash(w, h);
}

static void lose_disk(struct world *w)
{
	struct host *h = some_host(w);
	world_trace(w, "%s loses its spool", h->name);
	host_loses_disk(w, h);
}

static void update_node(struct world *w)
{
	static const char *const verbs[] = {"DRAIN",   "DOWN", "RESUME", "RESUME",
	                                    "UNDRAIN", "IDLE", "FAIL",   "RESUME"};
	const struct host *h = some_host(w);
	const char *verb = verbs[pick(w, 8)];
	struct err err = {0};
	world_trace(w, "node %s %s", h->name, verb);
	node_update(w->c, h->name, verb, chance(w, 500) ? "by chance" : NULL, 0, world_now(w), &err);
}

/* ---- what an administrator changes ---- */

static void edit_job(struct world *w)
{
	struct job *job = some_job(w);
	struct job_edit e;
	struct err err = {0};
	char nodes[32];
	if (!job)
		return;
	schema_init(schema_of_job_edit(), &e);
	if (chance(w, 300))
		e.time_limit_min = 1 + pick(w, 90);
	if (chance(w, 100))
		e.time_add_min = pick(w, 10);
	if (chance(w, 150))
		e.priority = pick(w, 1000);
	if (chance(w, 150)) {
		e.nice = (int32_t)pick(w, 200) - 100;
		e.nice_set = true;
	}
	if (chance(w, 200)) {
		e.nodes_min = 1 + pick(w, 4);
		e.nodes_max = e.nodes_min + pick(w, 2);
	}
	if (chance(w, 150))
		e.tasks = 1 + pick(w, 6);
	if (chance(w, 100))
		e.cpus = 1 + pick(w, 8);
	if (chance(w, 100))
		e.partition = (char *)(uintptr_t)(chance(w, 500) ? "main" : "low");
	if (chance(w, 100))
		e.begin_time = world_now(w) + (core_time)pick(w, 600) * CORE_SECOND;
	if (chance(w, 100)) {
		snprintf(nodes, sizeof(nodes), "n%u", 1 + pick(w, SIM_NODES));
		e.req_nodes = chance(w, 700) ? nodes : (char *)(uintptr_t) "";
	}
	if (chance(w, 100))
		e.mem_per_node = 50 + pick(w, 500);
	if (chance(w, 100))
		e.licenses = (char *)(uintptr_t)(chance(w, 500)   ? "fluent:2"
		                                 : chance(w, 500) ? "matlab"
		                                                  : "");
	world_trace(w, "update job %u", job->job_id);
	uint32_t before = job->spec.nodes_min;
	if (job_update(w->c, job, &e, chance(w, 700), world_now(w), &err) != 0 &&
	    job->spec.nodes_min != before)
		world_fail(w, "a refused update of job %u changed it", job->job_id);
}

static void top(struct world *w)
{
	struct job *jobs[2] = {some_job(w), some_job(w)};
	struct err err = {0};
	if (!jobs[0] || !jobs[1] || jobs[0] == jobs[1])
		return;
	world_trace(w, "top %u,%u", jobs[0]->job_id, jobs[1]->job_id);
	if (job_top(w->c, jobs, 2, world_now(w), &err) == 0 && jobs[0]->part &&
	    jobs[0]->part == jobs[1]->part && jobs[0]->spec.who->uid == jobs[1]->spec.who->uid &&
	    jobs[0]->state.priority <= jobs[1]->state.priority)
		world_fail(w, "job %u was put before %u and isn't", jobs[0]->job_id, jobs[1]->job_id);
}

static void edit_node(struct world *w)
{
	const struct host *h = some_host(w);
	const struct node_edit e = {.weight = chance(w, 600) ? 1 + pick(w, 3) : CORE_NO_VAL, .comment = "c"};
	struct err err = {0};
	world_trace(w, "update node %s", h->name);
	node_edit(w->c, h->name, &e, 0, world_now(w), &err);
}

/* Partition "more" comes and goes; the others change state, time and nodes. */
static void edit_part(struct world *w)
{
	static const enum conf_part_state states[] = {CONF_PART_UP,   CONF_PART_UP,    CONF_PART_UP,
	                                              CONF_PART_DOWN, CONF_PART_DRAIN, CONF_PART_INACTIVE};
	static const char *const names[] = {"main", "low", "other", "more"};
	const char *name = names[pick(w, 4)];
	const struct part *old = part_by_name(w->c, name);
	struct core_part_conf part = {.max_time_min = CORE_INFINITE,
	                              .default_time_min = CORE_NO_VAL,
	                              .max_nodes = CORE_INFINITE,
	                              .max_cpus_per_node = CORE_INFINITE,
	                              .priority_tier = 1,
	                              .over_time_limit_min = CORE_NO_VAL};
	struct err err = {0};
	char nodes[32];
	world_will_take_conf(w);
	if (old && chance(w, 200)) {
		world_trace(w, "delete partition %s", name);
		if (part_delete(w->c, name, world_now(w), &err) != 0)
			return;
		if (part_by_name(w->c, name))
			world_fail(w, "partition %s was deleted and is there", name);
		world_took_conf(w);
		return;
	}
	if (old)
		part = *old->conf;
	part.name = (char *)(uintptr_t)name;
	part.state = states[pick(w, 6)];
	part.priority_tier = 1 + pick(w, 3);
	if (chance(w, 300))
		random_sharing(w, &part);
	if (chance(w, 300)) {
		snprintf(nodes, sizeof(nodes), "n[%u-%u]", 1 + pick(w, 3), 3 + pick(w, 4));
		part.nodes = nodes;
	}
	world_trace(w, "%s partition %s", old ? "update" : "create", name);
	bool was = part_update(w->c, &part, !old, world_now(w), &err) == 0;
	const struct part *now = part_by_name(w->c, name);
	if (was)
		world_took_conf(w);
	if (was && (!now || now->state != part.state || now->conf->priority_tier != part.priority_tier))
		world_fail(w, "partition %s is not what it was made", name);
}

/* ---- the whole ---- */

static void reconfigure(struct world *w)
{
	world_trace(w, "reconfigure");
	world_vary_conf(w);
	w->conf.keep_part_info = chance(w, 500);
	w->conf.keep_part_state = chance(w, 500);
	w->conf.keep_node_edits = chance(w, 500);
	world_will_take_conf(w);
	cluster_reconfigure(w->c, &w->conf, world_now(w), NULL, NULL);
	world_took_conf(w);
	for (uint32_t i = 0; i < SIM_NODES; i++)
		if (w->hosts[i].linked && !node_by_name(w->c, w->hosts[i].name))
			host_cut(w, &w->hosts[i]);
}

static void clock_jumps(struct world *w)
{
	w->skew += ((core_time)pick(w, 7200) - 3600) * CORE_SECOND;
	world_trace(w, "the clock jumps");
}

static void time_passes(struct world *w)
{
	core_time next = cluster_next_time(w->c) - w->skew;
	if (cluster_next_time(w->c) != 0 && next > w->mono && chance(w, 500))
		w->mono = next;
	else
		w->mono += (core_time)pick(w, 120) * CORE_SECOND;
}

void random_event(struct world *w)
{
	static const struct {
		uint32_t weight;
		void (*run)(struct world *w);
	} rows[] = {
	        {300, submit},     {50, cancel},       {40, complete},   {20, hold},       {30, release},
	        {15, requeue},     {250, create_step}, {40, end_step},   {20, cut},        {8, crash},
	        {3, lose_disk},    {12, update_node},  {3, reconfigure}, {6, clock_jumps}, {80, time_passes},
	        {25, edit_job},    {5, top},           {6, edit_node},   {8, edit_part},   {25, array_verb},
	        {15, depend_anew}, {40, suspend},
	};
	uint32_t sum = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		sum += rows[i].weight;
	uint32_t at = pick(w, sum);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (at < rows[i].weight) {
			rows[i].run(w);
			return;
		}
		at -= rows[i].weight;
	}
}
