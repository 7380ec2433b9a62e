/* What the core wants done in the world, as messages in the outbox. */
#include "applets/controller/controller.h"

#include "applets/controller/programs.h"
#include "core/util/log.h"
#include "core/util/log_flags.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void to_worker(struct controller *ctl, const char *node, uint32_t type, const void *record)
{
	struct peer *peer = worker_of(ctl, node);
	/* One that isn't connected hears of it when it registers. */
	if (peer)
		outbox_add(ctl->outbox, peer->id, type, 0, true, record);
}

void send_job_end(struct controller *ctl, const char *node, const struct job_end *m)
{
	to_worker(ctl, node, MSG_job_end, m);
}

void send_bcast_grant(struct controller *ctl, const struct bcast_grant *m)
{
	to_worker(ctl, m->node, MSG_bcast_grant, m);
}

void send_job_notify(struct controller *ctl, const struct job *job, char *text)
{
	const struct job_notify m = {.epoch = cluster_meta(ctl->cluster)->epoch,
	                             .serial = job->serial,
	                             .attempt = job->state.attempt,
	                             .text = text};
	if (job->state.batch_host)
		to_worker(ctl, job->state.batch_host, MSG_job_notify, &m);
}

void send_job_message(struct controller *ctl, const struct job *job, const char *text)
{
	const struct job_message said = {.job_id = job->job_id, .text = (char *)(uintptr_t)text};
	for (struct waiter *w = waiter_next(ctl, job->serial, NULL); w;
	     w = waiter_next(ctl, job->serial, w)) {
		if (w->kind != WAIT_ALLOC)
			continue;
		outbox_add(ctl->outbox, w->peer->id, MSG_job_message, w->id, false, &said);
		return;
	}
}

void tell_job(struct controller *ctl, const struct job *job, char *text)
{
	if (job->spec.batch)
		send_job_notify(ctl, job, text);
	else
		send_job_message(ctl, job, text);
}

/* ---- a batch script: script and environment come from the store ---- */

struct batch_start {
	struct controller *ctl;
	uint64_t serial, launch;
	struct schema_bytes script;
};

static void batch_free(struct batch_start *b)
{
	free(b->script.v);
	free(b);
}

/* The environment's blob: strings, each with its NUL. The facts of the allocation that sbatch could not know
 * are added. */
static void fill_env(const struct job *job, const uint8_t *bytes, size_t n, struct schema_strs *env,
                     struct arena *arena)
{
	static const char *const facts[] = {"SLURM_JOB_CPUS_PER_NODE", "SLURM_TASKS_PER_NODE"};
	uint32_t count = 0, nodes = job->state.nodes.n,
	         *values = arena_array(arena, nodes + 1u, sizeof(*values));
	for (size_t i = 0; i < n; i++)
		count += bytes[i] == '\0';
	env->v = arena_array(arena, (size_t)count + 2, sizeof(char *));
	char *at = arena_memdup(arena, bytes, n);
	for (uint32_t i = 0; i < count; i++) {
		env->v[env->n++] = at;
		at += strlen(at) + 1;
	}
	for (size_t f = 0; f < 2; f++) {
		struct text value = TEXT_EMPTY;
		for (uint32_t i = 0; i < nodes; i++) {
			const struct node_alloc *share = &job->state.nodes.v[i];
			values[i] = f == 0 ? share->cpus : job_tasks_on(job, share);
		}
		text_printf(&value, "%s=", facts[f]);
		print_per_node(values, nodes, &value);
		env->v[env->n++] = arena_strdup(arena, value.s);
		text_free(&value);
	}
}

static void send_batch(struct batch_start *b, const struct job *job, const struct step *step,
                       const uint8_t *env, size_t n)
{
	struct step_grant m;
	struct batch_launch batch;
	struct arena arena;
	const struct job_spec *spec = &job->spec;
	arena_init(&arena);
	fill_grant(b->ctl, job, step, 0, &m, &arena);
	schema_init(schema_of_batch_launch(), &batch);
	batch.script = b->script;
	batch.argv = spec->argv;
	batch.std_in = spec->std_in;
	batch.std_out = spec->std_out;
	batch.std_err = spec->std_err;
	batch.open_mode = spec->open_mode;
	batch.umask = spec->umask;
	batch.restarts = job->state.restarts;
	batch.command = spec->command;
	fill_env(job, env, n, &batch.env, &arena);
	m.batch = &batch;
	to_worker(b->ctl, step->record.nodes.v[0].node, MSG_step_grant, &m);
	arena_free(&arena);
}

static void script_is_lost(struct batch_start *b, const struct job *job)
{
	struct controller *ctl = b->ctl;
	log_error("job %u: its script or environment is not in the store any more", job->job_id);
	ctl->touched = true;
	report_launch_failed(ctl->cluster, job->state.batch_host, b->serial, job->state.attempt, b->launch,
	                     "the controller has lost the job's script", controller_now());
}

/* The job and its batch step, if they still are what the read was begun for. */
static const struct job *batch_job(const struct batch_start *b, const struct step **step)
{
	*step = step_by_launch(b->ctl->cluster, b->launch);
	const struct job *job = *step ? (*step)->job : NULL;
	return job && job->serial == b->serial && job_is_active(job) && !b->ctl->stopping && !b->ctl->degraded
	               ? job
	               : NULL;
}

static void env_is_there(void *ctx, const uint8_t *bytes, size_t n)
{
	struct batch_start *b = ctx;
	const struct step *step;
	const struct job *job = batch_job(b, &step);
	if (job && bytes)
		send_batch(b, job, step, bytes, n);
	else if (job)
		script_is_lost(b, job);
	batch_free(b);
}

static void script_is_there(void *ctx, const uint8_t *bytes, size_t n)
{
	struct batch_start *b = ctx;
	const struct step *step;
	const struct job *job = batch_job(b, &step);
	if (job && bytes && job->spec.env_hash.n == STORE_HASH_SIZE) {
		b->script = (struct schema_bytes){xmalloc(n + 1), (uint32_t)n};
		memcpy(b->script.v, bytes, n);
		store_read_blob(b->ctl->store, job->spec.env_hash.v, env_is_there, b);
		return;
	}
	if (job)
		script_is_lost(b, job);
	batch_free(b);
}

/* Off the core's call: losing the script is an event of its own. */
static void read_script(void *ctx)
{
	struct batch_start *b = ctx;
	const struct step *step;
	const struct job *job = batch_job(b, &step);
	if (job && job->spec.script_hash.n == STORE_HASH_SIZE) {
		store_read_blob(b->ctl->store, job->spec.script_hash.v, script_is_there, b);
		return;
	}
	if (job)
		script_is_lost(b, job);
	batch_free(b);
}

static void launch_batch(struct controller *ctl, const struct action *a)
{
	const struct job_spec *spec = &a->job->spec;
	const uint8_t *script, *env;
	size_t script_n, env_n;
	if (!worker_of(ctl, a->step->record.nodes.v[0].node))
		return;
	struct batch_start *b = xcalloc(1, sizeof(*b));
	*b = (struct batch_start){.ctl = ctl, .serial = a->job->serial, .launch = a->step->record.launch};
	if (spec->script_hash.n == STORE_HASH_SIZE && spec->env_hash.n == STORE_HASH_SIZE &&
	    store_blob_cached(ctl->store, spec->script_hash.v, &script, &script_n) &&
	    store_blob_cached(ctl->store, spec->env_hash.v, &env, &env_n)) {
		b->script = (struct schema_bytes){(uint8_t *)(uintptr_t)script, (uint32_t)script_n};
		send_batch(b, a->job, a->step, env, env_n);
		free(b);
		return;
	}
	loop_add_timer(ctl->loop, 0, read_script, b);
}

/* ---- steps ---- */

static void grant_step(struct controller *ctl, const struct action *a)
{
	const struct step_record *r = &a->step->record;
	struct arena arena;
	arena_init(&arena);
	for (uint32_t i = 0; i < r->nodes.n; i++) {
		struct step_grant m;
		if (a->node && strcmp(a->node, r->nodes.v[i].node) != 0)
			continue;
		if (!worker_of(ctl, r->nodes.v[i].node))
			continue;
		fill_grant(ctl, a->job, a->step, i, &m, &arena);
		to_worker(ctl, r->nodes.v[i].node, MSG_step_grant, &m);
	}
	arena_free(&arena);
	if (a->node)
		return; /* again, to a worker that came back: its srun was told then */
	struct waiter *w = waiter_of_step(ctl, a->step);
	if (!w && ctl->step_asker) {
		w = waiter_add(ctl->step_asker, r->serial, WAIT_STEP);
		ctl->step_asker = NULL;
	}
	if (!w)
		return;
	w->step = NULL;
	w->launch = r->launch;
	w->ready = true;
	send_step_ready(ctl, a->step, STEP_RIGHTS_SRUN, w->peer, w->id);
}

static void step_over(struct controller *ctl, const struct action *a)
{
	struct waiter *w = waiter_of_step(ctl, a->step);
	if (!w)
		return;
	struct step_ended m;
	schema_init(schema_of_step_ended(), &m);
	m.job_id = a->job->job_id;
	m.step_id = a->step->record.step_id;
	m.state = a->step->record.state;
	m.exit_status = a->step->record.exit_status;
	outbox_add(ctl->outbox, w->peer->id, MSG_step_ended, w->id, false, &m);
	waiter_remove(w);
}

static void step_refused(struct controller *ctl, const struct action *a)
{
	const struct waiter *w = waiter_of_step(ctl, a->step);
	struct step_ended m;
	if (!w)
		return;
	schema_init(schema_of_step_ended(), &m);
	m.job_id = a->job->job_id;
	m.step_id = a->step->record.step_id;
	m.state = a->step->record.state;
	m.lost_node = (char *)(uintptr_t)a->node;
	m.why = (char *)(uintptr_t)a->text;
	outbox_add(ctl->outbox, w->peer->id, MSG_step_ended, w->id, false, &m);
}

static void refuse_step(struct controller *ctl, const struct action *a)
{
	struct waiter *w = waiter_of_step(ctl, a->step);
	struct err err = {0};
	if (!w)
		return;
	if (job_is_active(a->job))
		err_set(&err, ERR_NODE_CONFIG_UNAVAILABLE, "%s", a->text ? a->text : "");
	else
		err_set(&err, ERR_ALREADY_DONE, "%s", "");
	outbox_add_error(ctl->outbox, w->peer->id, w->id, &err, NULL);
	waiter_remove(w);
}

/* ---- jobs ---- */

static void job_started(struct controller *ctl, const struct job *job)
{
	for (struct waiter *w = waiter_next(ctl, job->serial, NULL); w;
	     w = waiter_next(ctl, job->serial, w)) {
		if (w->kind != WAIT_ALLOC)
			continue;
		if (!w->replied) {
			const struct submit_reply reply = {
			        .job_id = job->job_id,
			        .serial = job->serial,
			        .cluster_name = cluster_conf_of(ctl->cluster)->cluster_name};
			outbox_add(ctl->outbox, w->peer->id, MSG_submit_reply, w->id, false, &reply);
			w->replied = true;
		}
		send_job_ready(ctl, job, w);
	}
}

void send_job_ended(struct controller *ctl, const struct job *job, struct waiter *w)
{
	struct job_ended m;
	schema_init(schema_of_job_ended(), &m);
	m.job_id = job->job_id;
	m.state = job->state.state;
	m.exit_status = job->state.exit_status;
	m.reason = job_reason(ctl->cluster, job);
	outbox_add(ctl->outbox, w->peer->id, MSG_job_ended, w->id, false, &m);
	waiter_remove(w);
}

/* Of one that a signal ended, or that never ran, 1 is as good as any. */
static uint32_t rank_of(uint32_t status)
{
	return WIFEXITED((int)status) ? (uint32_t)WEXITSTATUS((int)status) : 1;
}

void tell_array_waiters(struct controller *ctl, const struct job *job)
{
	bool all = true;
	uint32_t worst = 0;
	if (!waiter_next(ctl, waiter_key(job), NULL))
		return;
	for (struct job *t = array_next(ctl->cluster, job->spec.array_job_id, NULL); t;
	     t = array_next(ctl->cluster, job->spec.array_job_id, t)) {
		uint32_t status = t->state.exit_status;
		if (t->state.state <= JOB_SUSPENDED) {
			all = false;
			continue;
		}
		if (t->state.state != JOB_COMPLETED && rank_of(status) == 0)
			status = 1u << 8;
		worst = rank_of(status) > rank_of(worst) ? status : worst;
	}
	struct waiter *next;
	for (struct waiter *w = waiter_next(ctl, waiter_key(job), NULL); w; w = next) {
		next = waiter_next(ctl, w->serial, w);
		w->worst = rank_of(worst) > rank_of(w->worst) ? worst : w->worst;
		if (!all)
			continue;
		struct job_ended m;
		schema_init(schema_of_job_ended(), &m);
		m.job_id = job->spec.array_job_id;
		m.state = w->worst ? JOB_FAILED : JOB_COMPLETED;
		m.exit_status = w->worst;
		outbox_add(ctl->outbox, w->peer->id, MSG_job_ended, w->id, false, &m);
		waiter_remove(w);
	}
}

static void job_over(struct controller *ctl, const struct job *job)
{
	struct waiter *next;
	if (job->array)
		tell_array_waiters(ctl, job);
	for (struct waiter *w = waiter_next(ctl, job->serial, NULL); w; w = next) {
		next = waiter_next(ctl, job->serial, w);
		struct err err = {0};
		if (w->kind == WAIT_STEP)
			continue;
		if (w->kind == WAIT_ALLOC && !w->replied) {
			err_set(&err, job->spec.immediate ? ERR_IMMEDIATE : ERR_JOB_CANCELLED, "%s", "");
			outbox_add_error(ctl->outbox, w->peer->id, w->id, &err, NULL);
			waiter_remove(w);
		} else {
			send_job_ended(ctl, job, w);
		}
	}
}

/* ---- signals and ends ---- */

static void fill_signal(struct controller *ctl, const struct action *a, struct job_signal *out)
{
	struct job_signal m;
	schema_init(schema_of_job_signal(), &m);
	m.epoch = cluster_meta(ctl->cluster)->epoch;
	m.serial = a->job->serial;
	m.attempt = a->job->state.attempt;
	m.launch = a->step ? a->step->record.launch : 0;
	m.signal = (uint32_t)a->signal;
	m.batch_only = a->signal_batch_only;
	m.full = a->signal_full;
	*out = m;
}

static void signal_nodes(struct controller *ctl, const struct action *a)
{
	struct job_signal m;
	fill_signal(ctl, a, &m);
	uint32_t n = a->step ? a->step->record.nodes.n : a->job->state.nodes.n;
	for (uint32_t i = 0; i < n; i++)
		to_worker(ctl, a->step ? a->step->record.nodes.v[i].node : a->job->state.nodes.v[i].node,
		          MSG_job_signal, &m);
}

/* To each step by itself: each has its own time. */
static void suspend_nodes(struct controller *ctl, const struct action *a)
{
	bool resume = a->kind == ACTION_RESUME;
	struct job_signal m;
	fill_signal(ctl, a, &m);
	m.signal = resume ? SIGCONT : SIGSTOP;
	m.full = true;
	m.suspend = resume ? SIGNAL_RESUME : SIGNAL_SUSPEND;
	list_each (it, &a->job->steps) {
		const struct step *step = list_entry(it, struct step, in_job);
		const struct step_record *r = &step->record;
		if (r->state != JOB_RUNNING || (a->step && a->step != step))
			continue;
		m.launch = r->launch;
		m.time_left_s = resume ? seconds_left(a->job, step, controller_now()) : 0;
		for (uint32_t i = 0; i < r->nodes.n; i++)
			if (r->nodes.v[i].phase != STEP_ENDED &&
			    (!a->node || strcmp(a->node, r->nodes.v[i].node) == 0))
				to_worker(ctl, r->nodes.v[i].node, MSG_job_signal, &m);
	}
}

/* To each step by itself: those that came later don't get it. */
static void warn_nodes(struct controller *ctl, const struct action *a)
{
	struct job_signal m;
	fill_signal(ctl, a, &m);
	m.warning = a->job->spec.warn_signal;
	m.signal = a->node ? 0 : m.warning;
	m.batch_only = a->job->spec.warn_batch;
	list_each (it, &a->job->steps) {
		const struct step *step = list_entry(it, struct step, in_job);
		const struct step_record *r = &step->record;
		if (!job_is_warned(a->job, step))
			continue;
		m.launch = r->launch;
		for (uint32_t i = 0; i < r->nodes.n; i++)
			if (r->nodes.v[i].phase != STEP_ENDED &&
			    (!a->node || strcmp(a->node, r->nodes.v[i].node) == 0))
				to_worker(ctl, r->nodes.v[i].node, MSG_job_signal, &m);
	}
}

static struct job_end end_of(struct controller *ctl, const struct action *a)
{
	struct job_end m;
	schema_init(schema_of_job_end(), &m);
	m.epoch = cluster_meta(ctl->cluster)->epoch;
	m.serial = a->serial ? a->serial : a->job->serial;
	m.attempt = (uint32_t)a->attempt;
	m.job_id = a->job ? a->job->job_id : 0; /* it may not be known any more */
	m.kill_wait_s = a->kill_wait_s;
	m.text = (char *)(uintptr_t)a->text;
	return m;
}

/* The node's Epilog follows there. */
static void end_job(struct controller *ctl, const struct action *a)
{
	struct job_end m = end_of(ctl, a);
	struct arena arena;
	arena_init(&arena);
	if (a->job && conf_str(&ctl->file->conf, P_Epilog))
		m.hook_env = hook_env(ctl, a->job, HOOK_WORKER, true, &arena);
	send_job_end(ctl, a->node, &m);
	arena_free(&arena);
}

/* PrologFlags=Alloc */
static void order_prolog(struct controller *ctl, const struct action *a)
{
	struct arena arena;
	arena_init(&arena);
	const struct job_prolog m = {.epoch = cluster_meta(ctl->cluster)->epoch,
	                             .serial = a->job->serial,
	                             .attempt = (uint32_t)a->attempt,
	                             .job_id = a->job->job_id,
	                             .hook_env = hook_env(ctl, a->job, HOOK_WORKER, false, &arena)};
	to_worker(ctl, a->node, MSG_job_prolog, &m);
	arena_free(&arena);
}

static void end_step(struct controller *ctl, const struct action *a)
{
	struct job_end m = end_of(ctl, a);
	m.launch = a->step->record.launch;
	for (uint32_t i = 0; i < a->step->record.nodes.n; i++)
		if (a->step->record.nodes.v[i].phase != STEP_ENDED)
			send_job_end(ctl, a->step->record.nodes.v[i].node, &m);
}

static void on_action(void *ctx, const struct action *a)
{
	struct controller *ctl = ctx;
	switch (a->kind) {
	case ACTION_JOB_STARTED:
	case ACTION_JOB_READY:
		job_started(ctl, a->job);
		break;
	case ACTION_LAUNCH_BATCH:
		launch_batch(ctl, a);
		break;
	case ACTION_GRANT_STEP:
		grant_step(ctl, a);
		break;
	case ACTION_SIGNAL:
		signal_nodes(ctl, a);
		break;
	case ACTION_SUSPEND:
	case ACTION_RESUME:
		suspend_nodes(ctl, a);
		break;
	case ACTION_WARN:
		warn_nodes(ctl, a);
		break;
	case ACTION_END_JOB:
		end_job(ctl, a);
		break;
	case ACTION_END_STEP:
		end_step(ctl, a);
		break;
	case ACTION_JOB_ENDED:
		job_over(ctl, a->job);
		break;
	case ACTION_STEP_ENDED:
		step_over(ctl, a);
		break;
	case ACTION_STEP_REFUSED:
		step_refused(ctl, a);
		break;
	case ACTION_REFUSE_STEP:
		refuse_step(ctl, a);
		break;
	case ACTION_NODE_PROLOG:
		order_prolog(ctl, a);
		break;
	case ACTION_MAIL:
		order_mail(ctl, a);
		break;
	case ACTION_PROLOG:
	case ACTION_PROLOG_OVER:
	case ACTION_EPILOG:
		order_hook(ctl, a);
		break;
	}
}

/* DebugFlags=TraceJobs,Steps */
static void trace(struct controller *ctl, const struct schema *schema, const void *record)
{
	if (schema == schema_of_job_state()) {
		const struct job_state *s = record;
		const struct job *job = job_by_serial(ctl->cluster, s->serial);
		log_flag(TraceJobs, "trace: JobId=%" PRIu32 " State=%s Restarts=%" PRIu32 " Nodes=%" PRIu32,
		         job ? job->job_id : 0, job_shown_word(s->state, s->flags), s->restarts, s->nodes.n);
	} else if (schema == schema_of_step_record()) {
		const struct step_record *s = record;
		const struct job *job = job_by_serial(ctl->cluster, s->serial);
		log_flag(Steps,
		         "steps: StepId=%" PRIu32 ".%" PRIu32 " State=%s Launch=%" PRIu64 " Nodes=%" PRIu32,
		         job ? job->job_id : 0, s->step_id, job_state_word(s->state), s->launch, s->nodes.n);
	}
}

static void on_change(void *ctx, const struct schema *schema, const void *record)
{
	struct controller *ctl = ctx;
	if (log_flags())
		trace(ctl, schema, record);
	store_change(ctl->store, schema, record);
}

struct core_sink controller_sink(struct controller *ctl)
{
	return (struct core_sink){.ctx = ctl, .change = on_change, .action = on_action};
}
