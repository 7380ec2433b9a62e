/* What must always hold. */
#include "core/cluster_priv.h"

#define BREACH(...) return err_set(err, ERR_INTERNAL, __VA_ARGS__)

/* ---- nodes: what they count is what their shares add up to ---- */

/* Those who have a core together. */
struct together {
	const struct job *first;
	uint32_t jobs;
	bool shared; /* all of them may */
};

/* Not more than one of them lets share: of the share's partition, or, where nodes are what is given, of all.
 * Which of them came last, and by whose limit it was let in, is not known any more. */
static int check_like_it(const struct cluster *c, const struct node *node, const struct share *share,
                         uint32_t core, struct err *err)
{
	uint32_t like_it = 0, limit = 0;
	list_each (it, &node->shares) {
		const struct share *other = list_entry(it, struct share, on_node);
		const struct node_alloc *r = share_record(other);
		const bool counts = conf_is_linear(c->conf) || other->job->part == share->job->part;
		const uint32_t lets = share_limit(other->job->part, &other->job->spec);
		for (uint32_t i = 0; !other->idle && counts && i < r->cores.n; i++) {
			if (r->cores.v[i] != core)
				continue;
			like_it++;
			limit = lets > limit ? lets : limit;
		}
	}
	if (like_it > limit)
		BREACH("core %u of %s has %u jobs of a partition that lets %u share, one is job %u", core,
		       node->conf->name, like_it, limit, share->job->job_id);
	return 0;
}

/* No core is given twice, unless all who have it may share it. */
static int check_cores(const struct cluster *c, const struct node *node, const struct share *share,
                       struct together *seen, struct err *err)
{
	const struct node_alloc *r = share_record(share);
	const bool shares = share->job->state.shares;
	for (uint32_t i = 0; i < r->cores.n; i++) {
		const uint32_t core = r->cores.v[i];
		if (core >= node->cores_total)
			continue; /* another configuration took it away */
		struct together *t = &seen[core];
		t->shared = shares && (t->shared || t->jobs == 0);
		if (t->jobs++ > 0 && !t->shared && !node->overdrawn)
			BREACH("core %u of %s is given twice (jobs %u and %u)", core, node->conf->name,
			       t->first->job_id, share->job->job_id);
		if (t->jobs > 1 && !node->overdrawn && check_like_it(c, node, share, core, err) != 0)
			return -1;
		t->first = share->job;
	}
	return 0;
}

static int check_counts(const struct node *node, const struct together *seen, struct err *err)
{
	uint32_t busy = 0;
	for (uint32_t i = 0; i < node->cores_total; i++) {
		busy += seen[i].jobs > 0;
		if (seen[i].jobs != node->core_jobs[i] || (seen[i].jobs > 0) != bits_has(node->cores_busy, i))
			BREACH("core %u of %s has %u jobs, %u are counted, and it is %s", i, node->conf->name,
			       seen[i].jobs, node->core_jobs[i],
			       bits_has(node->cores_busy, i) ? "busy" : "free");
	}
	if (busy != node->cores_busy->set || node->cores_free != node->cores_total - busy)
		BREACH("%s counts %u busy cores, its jobs have %u", node->conf->name, node->cores_busy->set,
		       busy);
	return 0;
}

static int check_open(const struct cluster *c, const struct node *node, struct err *err)
{
	if (bits_has(c->nodes_open, node->index) != (node->cores_free > 0))
		BREACH("%s has %u idle cores, and is %s those that have some", node->conf->name,
		       node->cores_free, node->cores_free > 0 ? "not among" : "among");
	return 0;
}

/* Where a job is that wants to be among its user's there is nobody else's. */
static int check_users(const struct node *node, struct err *err)
{
	uint32_t only = 0;
	list_each (it, &node->shares) {
		const struct share *share = list_entry(it, struct share, on_node);
		only += share->job->state.for_user;
		if (share->job->state.for_user && !node->overdrawn &&
		    node_is_for_others(node, share->job->spec.who->uid, true))
			BREACH("job %u has %s beside another user's, and should not", share->job->job_id,
			       node->conf->name);
	}
	if (only != node->user_jobs)
		BREACH("%s counts %u jobs for one user and has %u", node->conf->name, node->user_jobs, only);
	return 0;
}

static int check_node(const struct cluster *c, const struct node *node, struct err *err)
{
	struct together *seen = xcalloc((size_t)node->cores_total + 1, sizeof(*seen));
	uint32_t cpus = 0, jobs = 0, completing = 0;
	uint64_t mem = 0;
	int rc = 0;
	for (struct list *it = node->shares.next; it != &node->shares && rc == 0; it = it->next) {
		const struct share *share = list_entry(it, struct share, on_node);
		const struct node_alloc *r = share_record(share);
		cpus += share->idle ? 0 : r->cpus;
		mem += r->mem;
		jobs++;
		completing += r->phase >= ALLOC_ENDING;
		if (share->node != node || r->phase == ALLOC_RELEASED)
			rc = err_set(err, ERR_INTERNAL, "%s lists a share of job %u that is not its own",
			             node->conf->name, share->job->job_id);
		else if (!share->idle)
			rc = check_cores(c, node, share, seen, err);
	}
	if (rc == 0)
		rc = check_counts(node, seen, err) == 0 ? check_open(c, node, err) : -1;
	if (rc == 0)
		rc = check_users(node, err);
	free(seen);
	if (rc != 0)
		return rc;
	if (cpus != node->cpus_alloc || mem != node->mem_alloc || jobs != node->jobs ||
	    completing != node->completing)
		BREACH("%s counts %u CPUs, %u jobs, %u ending; its jobs make %u, %u, %u", node->conf->name,
		       node->cpus_alloc, node->jobs, node->completing, cpus, jobs, completing);
	if (node->state.base == NODE_DOWN && jobs > 0 && !node->connected && node->down_at == 0 &&
	    c->conf->slurmd_timeout_s != 0)
		BREACH("%s is DOWN for good and has %u jobs", node->conf->name, jobs);
	return 0;
}

/* ---- steps: their cores are their job's, and none is in two that don't share ---- */

static int check_part(const struct cluster *c, const struct step *step, const struct step_node *sn,
                      struct core_bits **seen, uint64_t *mem, struct err *err)
{
	const struct step_record *r = &step->record;
	const struct share *share = share_on(c, step->job, sn->node);
	if (!share)
		BREACH("step %u.%u is on %s, its job is not", step->job->job_id, r->step_id, sn->node);
	const struct node_alloc *record = share_record(share);
	if (!seen[share->index])
		seen[share->index] = bits_new(record->cores.n);
	mem[share->index] += r->overlap || r->mem_shared ? 0 : sn->mem;
	for (uint32_t i = 0; i < sn->cores.n; i++) {
		uint32_t at = 0;
		while (at < record->cores.n && record->cores.v[at] != sn->cores.v[i])
			at++;
		if (at == record->cores.n)
			BREACH("step %u.%u has core %u of %s, its job has not", step->job->job_id, r->step_id,
			       sn->cores.v[i], sn->node);
		if (r->overlap)
			continue;
		if (!bits_add(seen[share->index], at))
			BREACH("core %u of %s is in two steps, one is %u.%u", sn->cores.v[i], sn->node,
			       step->job->job_id, r->step_id);
		if (!share_core_is_stepped(share, at))
			BREACH("core %u of %s has step %u.%u but is free", sn->cores.v[i], sn->node,
			       step->job->job_id, r->step_id);
	}
	return 0;
}

static int check_steps(const struct cluster *c, struct job *job, struct err *err)
{
	uint32_t n = job->state.nodes.n;
	struct core_bits **seen = xcalloc((size_t)n + 1, sizeof(struct core_bits *));
	uint64_t *mem = xcalloc((size_t)n + 1, sizeof(*mem));
	int rc = 0;
	for (struct list *it = job->steps.next; it != &job->steps && rc == 0; it = it->next) {
		const struct step *step = list_entry(it, struct step, in_job);
		const struct step_record *r = &step->record;
		if (step_by_launch(c, r->launch) != step || r->serial != job->serial)
			rc = err_set(err, ERR_INTERNAL, "step %u.%u is not found by its launch", job->job_id,
			             r->step_id);
		if (!step_is_running(step) || rc != 0)
			continue;
		if (r->attempt != job->state.attempt)
			rc = err_set(err, ERR_INTERNAL, "job %u has a running step %u of another attempt",
			             job->job_id, r->step_id);
		bool open = false;
		for (uint32_t k = 0; k < r->nodes.n && rc == 0; k++) {
			open = open || r->nodes.v[k].phase != STEP_ENDED;
			if (r->nodes.v[k].phase != STEP_ENDED)
				rc = check_part(c, step, &r->nodes.v[k], seen, mem, err);
		}
		if (rc == 0 && !open)
			rc = err_set(err, ERR_INTERNAL, "step %u.%u runs and has ended everywhere",
			             job->job_id, r->step_id);
	}
	for (uint32_t i = 0; i < n && rc == 0; i++) {
		const struct share *share = &job->shares[i];
		if ((seen[i] ? seen[i]->set : 0) != (share->stepped ? share->stepped->set : 0) ||
		    mem[i] != share->step_mem)
			rc = err_set(err, ERR_INTERNAL,
			             "job %u on %s counts other cores or memory in steps than its steps have",
			             job->job_id, share_record(share)->node);
	}
	for (uint32_t i = 0; i < n; i++)
		free(seen[i]);
	free(seen);
	free(mem);
	return rc;
}

/* ---- jobs ---- */

static int check_job(const struct cluster *c, struct job *job, struct err *err)
{
	bool completing = job->state.flags & JOB_FLAG_COMPLETING, holds = false, ending = false,
	     active = job_is_active(job);
	for (uint32_t i = 0; i < job->state.nodes.n; i++) {
		const struct share *share = &job->shares[i];
		uint32_t phase = job->state.nodes.v[i].phase;
		holds = holds || phase != ALLOC_RELEASED;
		ending = ending || phase == ALLOC_ENDING;
		if (active && phase != ALLOC_RELEASED && share->node &&
		    share->idle != (job->state.state == JOB_SUSPENDED))
			BREACH("job %u is %s, and its cores on %s are %s", job->job_id,
			       job_state_word(job->state.state), job->state.nodes.v[i].node,
			       share->idle ? "free" : "busy");
		if (share->job != job || share->index != i)
			BREACH("job %u has a share of something else", job->job_id);
		if (share->node && list_empty(&share->on_node) != (phase == ALLOC_RELEASED))
			BREACH("job %u and node %s disagree about its share", job->job_id,
			       job->state.nodes.v[i].node);
		if (!share->node && phase != ALLOC_RELEASED)
			BREACH("job %u holds %s, which is not there", job->job_id,
			       job->state.nodes.v[i].node);
	}
	if (map_get(&c->jobs_by_serial, job->serial) != job)
		BREACH("job %u is not found by its serial", job->job_id);
	if (job->spec.serial != job->serial || job->state.serial != job->serial ||
	    job->spec.job_id != job->job_id)
		BREACH("job %u has records of another job", job->job_id);
	if (job->state.state == JOB_SUSPENDED && job->state.suspend_time == 0)
		BREACH("job %u is suspended since never", job->job_id);
	if (job->state.state == JOB_PENDING && job->state.suspend_time != 0)
		BREACH("job %u waits and was suspended", job->job_id);
	if (active && !holds)
		BREACH("job %u runs without a node", job->job_id);
	if (active && ending)
		BREACH("job %u runs and is ending on a node", job->job_id);
	if (!active && holds && !completing)
		BREACH("job %u is %s, not completing, and holds nodes", job->job_id,
		       job_state_word(job->state.state));
	if (completing && !holds && !job->state.epilog)
		BREACH("job %u is completing without a node or an epilog to wait for", job->job_id);
	if (job->state.epilog && !completing)
		BREACH("job %u has an epilog before its end", job->job_id);
	if (job_is_configuring(job) && (!active || step_by_id(job, CORE_STEP_BATCH)))
		BREACH("job %u is configuring, and has ended or been launched", job->job_id);
	if (!active && !list_empty(&job->step_queue))
		BREACH("job %u does not run and has steps in its queue", job->job_id);
	if (job_is_done(job) && job->state.end_time == 0)
		BREACH("job %u is done and has not ended", job->job_id);
	return check_steps(c, job, err);
}

/* ---- the queue: who may start is in it, once, in order ---- */

static int check_queue(const struct cluster *c, struct err *err)
{
	size_t classes = 0, jobs = 0;
	list_each (it, &c->classes) {
		const struct job_class *class = list_entry(it, struct job_class, in_all);
		size_t n = 0;
		classes++;
		for (struct order_link *link = order_first(&class->jobs), *next; link; link = next) {
			const struct job *job = list_entry(link, struct job, in_class);
			next = order_next(link);
			n++;
			if (job->class != class || job->part != class->part)
				BREACH("job %u is in a class that is not its own", job->job_id);
			if (next && !order_before(link, next))
				BREACH("job %u is queued in the wrong order", job->job_id);
		}
		if (n == 0 || n != class->jobs.count)
			BREACH("a class counts %zu jobs and has %zu", class->jobs.count, n);
		jobs += n;
	}
	if (classes != c->class_count || jobs != c->queue_length)
		BREACH("the queue counts %zu jobs in %zu classes and has %zu in %zu", c->queue_length,
		       c->class_count, jobs, classes);
	return 0;
}

/* ---- the plan: in order, of those that wait, and nothing twice at a time ---- */

static bool at_once(const struct planned *a, const struct planned *b)
{
	return a != b && a->start < b->end && b->start < a->end;
}

static int check_planned_node(const struct node *node, struct err *err)
{
	list_each (it, &node->planned) {
		const struct plan_share *a = list_entry(it, struct plan_share, on_node);
		const bool shares = share_limit(a->of->part, &a->of->job->spec) > 0;
		uint64_t mem = 0;
		struct core_bits *cores = bits_new(node->cores_total);
		bool twice = false;
		for (uint32_t i = 0; i < a->of->nodes.v[a->index].cores.n; i++)
			twice |= !bits_add(cores, a->of->nodes.v[a->index].cores.v[i]);
		list_each (other, &node->planned) {
			const struct plan_share *b = list_entry(other, struct plan_share, on_node);
			const struct node_alloc *record = &b->of->nodes.v[b->index];
			mem += a->of->start >= b->of->start && a->of->start < b->of->end ? record->mem : 0;
			const bool both = shares && share_limit(b->of->part, &b->of->job->spec) > 0;
			for (uint32_t i = 0; !both && at_once(a->of, b->of) && i < record->cores.n; i++)
				twice |= bits_has(cores, record->cores.v[i]);
		}
		free(cores);
		if (twice)
			BREACH("%s has a core planned for job %u and another", node->conf->name,
			       a->of->job->job_id);
		if (mem > node->conf->real_memory)
			BREACH("%s has more memory planned at the start of job %u than it has",
			       node->conf->name, a->of->job->job_id);
	}
	return 0;
}

static int check_plan(const struct cluster *c, struct err *err)
{
	for (size_t i = 0; i < c->plan.n; i++) {
		const struct planned *e = c->plan.v[i];
		if (e->rank != i || !e->job->class || !e->job->planned)
			BREACH("job %u is planned as number %u, and stands at %zu", e->job->job_id, e->rank,
			       i);
		if (i > 0 && e->job != c->plan.v[i - 1]->job &&
		    !order_before(&c->plan.v[i - 1]->job->in_class, &e->job->in_class))
			BREACH("job %u is planned before one that is before it",
			       c->plan.v[i - 1]->job->job_id);
	}
	for (size_t i = 0; i < c->node_count; i++)
		if (check_planned_node(c->nodes[i], err) != 0)
			return -1;
	return 0;
}

static int check_place(const struct cluster *c, const struct job *job, struct err *err)
{
	core_time at = job_eligible_at(job);
	if (job->class && at == CORE_INFINITE64)
		BREACH("job %u is %s and queued", job->job_id, job_state_word(job->state.state));
	if (!job->class && at <= c->now) {
		/* It has just become so: then its time is due. */
		if (due_next(&c->due) == 0 || due_next(&c->due) > c->now)
			BREACH("job %u may start and is not queued", job->job_id);
	}
	return 0;
}

/* ---- arrays and dependencies ---- */

static int check_record(const struct job_array *array, const struct job *job, struct core_bits *seen,
                        struct err *err)
{
	uint32_t one = job->spec.array_task_id;
	if (job->array != array || job->spec.array_job_id != array->id)
		BREACH("job %u is listed by array %u, which is not its own", job->job_id, array->id);
	if (!job->tasks != !job->state.array_tasks || (job->tasks && job->tasks->set == 0))
		BREACH("job %u of array %u stands for no task", job->job_id, array->id);
	if (job->tasks && job->state.start_time && job->state.nodes.n)
		BREACH("job %u has run and stands for %u tasks", job->job_id, job->tasks->set);
	for (uint32_t i = job->tasks ? bits_next(job->tasks, 0) : one; !job->tasks || i < job->tasks->n;
	     i = bits_next(job->tasks, i + 1)) {
		if (!bits_add(seen, i))
			BREACH("task %u of array %u is in two records, one is job %u", i, array->id,
			       job->job_id);
		if (!job->tasks)
			break;
	}
	return 0;
}

static int check_array(const struct job_array *array, uint64_t *tasks, struct err *err)
{
	uint32_t running = 0, end = 0;
	list_each (it, &array->records) {
		const struct job *job = list_entry(it, struct job, in_array);
		uint32_t mine = job->tasks ? job->tasks->n : job->spec.array_task_id + 1;
		end = mine > end ? mine : end;
	}
	struct core_bits *seen = bits_new(end);
	int rc = 0;
	for (struct list *it = array->records.next; it != &array->records && rc == 0; it = it->next) {
		const struct job *job = list_entry(it, struct job, in_array);
		running += job_is_active(job);
		*tasks += job->tasks ? job->tasks->set : 0;
		rc = check_record(array, job, seen, err);
	}
	free(seen);
	if (rc == 0 && running != array->running)
		BREACH("array %u counts %u running tasks and has %u", array->id, array->running, running);
	return rc;
}

static int check_arrays(const struct cluster *c, struct err *err)
{
	void *value;
	uint64_t tasks = 0;
	for (size_t at = 0; map_next(&c->arrays_by_id, &at, &value);)
		if (check_array(value, &tasks, err) != 0)
			return -1;
	if (tasks != c->array_tasks)
		BREACH("%llu tasks are not jobs yet, %llu are counted", (unsigned long long)tasks,
		       (unsigned long long)c->array_tasks);
	return 0;
}

/* Whoever waits for others is told when they change. */
static int check_depends(const struct job *job, struct err *err)
{
	bool waits = job->state.state == JOB_PENDING && job->state.depend.n > 0;
	if (waits != (job->depend_count > 0))
		BREACH("job %u has %u dependencies and watches %u", job->job_id, job->state.depend.n,
		       job->depend_count);
	if (job->depend_count == 0 && !list_empty(&job->in_look))
		BREACH("job %u is to be looked at for no dependency", job->job_id);
	return 0;
}

/* ---- licences: none is given twice ---- */

static uint64_t planned_at(const struct cluster *c, core_time at, const char *name)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < c->plan.n; i++) {
		const struct planned *e = c->plan.v[i];
		sum += e->start <= at && e->end > at ? license_asked(e->job->spec.licenses, name) : 0;
	}
	return sum;
}

static int check_licenses(const struct cluster *c, struct err *err)
{
	for (size_t i = 0; i < c->license_count; i++) {
		const struct license *l = &c->licenses[i];
		uint64_t used = 0;
		for (const struct job *job = job_next(c, NULL); job; job = job_next(c, job))
			used += job_has_licenses(job) ? license_asked(job->spec.licenses, l->conf->name) : 0;
		if (used != l->used)
			BREACH("%llu licences %s are counted as used, the jobs that run have %llu",
			       (unsigned long long)l->used, l->conf->name, (unsigned long long)used);
		for (size_t k = 0; licenses_are_planned(c) && k < c->plan.n; k++)
			if (planned_at(c, c->plan.v[k]->start, l->conf->name) > l->conf->total)
				BREACH("there are %u licences %s, and more are planned at the start of job "
				       "%u",
				       l->conf->total, l->conf->name, c->plan.v[k]->job->job_id);
		if (used > l->conf->total && !l->overdrawn)
			BREACH("there are %u licences %s, and %llu are given away", l->conf->total,
			       l->conf->name, (unsigned long long)used);
	}
	return 0;
}

int cluster_check(const struct cluster *c, struct err *err)
{
	const struct job *last = NULL;
	uint32_t states[JOB_STATE_COUNT] = {0};
	for (size_t i = 0; i < c->node_count; i++)
		if (check_node(c, c->nodes[i], err) != 0)
			return -1;
	for (struct job *job = job_next(c, NULL); job; job = job_next(c, job)) {
		if (check_job(c, job, err) != 0 || check_place(c, job, err) != 0 ||
		    check_depends(job, err) != 0)
			return -1;
		if (last && last->serial >= job->serial)
			BREACH("jobs %u and %u are out of order", last->job_id, job->job_id);
		states[job->state.state]++;
		last = job;
	}
	for (int i = 0; i < JOB_STATE_COUNT; i++)
		if (states[i] != c->jobs_in[i])
			BREACH("%u jobs are counted as %s, %u are", c->jobs_in[i],
			       job_state_word((uint32_t)i), states[i]);
	if (check_licenses(c, err) != 0 || check_arrays(c, err) != 0 || check_queue(c, err) != 0)
		return -1;
	return check_plan(c, err);
}
