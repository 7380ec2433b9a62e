/* Nodes: registration, loss and return, what is allocated on them. */
#include "core/cluster_priv.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define REASON_NOT_RESPONDING "Not responding"
#define REASON_REBOOTED       "Node unexpectedly rebooted"

/* What cores_busy counts: CPUs, cores or sockets, as SelectTypeParameters says. */
static void node_shape(const struct cluster *c, struct node *node)
{
	const struct core_node_conf *conf = node->conf;
	uint32_t units = conf->cpus;
	if (c->conf->select_flags & CONF_CR_SOCKET)
		units = conf->sockets;
	else if (c->conf->select_flags & CONF_CR_CORE)
		units = conf->sockets * conf->cores_per_socket;
	if (units == 0 || units > conf->cpus)
		units = conf->cpus;
	node->cores_total = units;
	node->cpus_per_core = units ? conf->cpus / units : 1;
	node->cpus_total = conf->cpus;
}

struct node *node_new(struct cluster *c, const struct core_node_conf *conf, uint32_t index)
{
	struct node *node = xcalloc(1, sizeof(*node));
	node->index = index;
	node->conf = conf;
	node->cpu_load = CORE_NO_VAL;
	node->free_mem = CORE_NO_VAL64;
	schema_init(schema_of_node_state(), &node->state);
	node->state.name = xstrdup(conf->name);
	node_shape(c, node);
	node->cores_busy = bits_new(node->cores_total);
	switch (conf->state) {
	case CONF_NODE_DOWN:
		node->state.base = NODE_DOWN;
		break;
	case CONF_NODE_FUTURE:
		node->state.base = NODE_FUTURE;
		break;
	case CONF_NODE_DRAIN:
		node->state.flags = NODE_FLAG_DRAIN;
		break;
	case CONF_NODE_FAIL:
		node->state.flags = NODE_FLAG_FAIL;
		break;
	case CONF_NODE_UNKNOWN:
		break;
	}
	if (conf->reason)
		node->state.reason = xstrdup(conf->reason);
	return node;
}

void node_free(struct node *node)
{
	schema_free(schema_of_node_state(), &node->state);
	free(node->cores_busy);
	free(node);
}

struct node *node_by_name(const struct cluster *c, const char *name)
{
	return name ? map_get_text(&c->nodes_by_name, name) : NULL;
}

struct node *node_at(const struct cluster *c, size_t index)
{
	return index < c->node_count ? c->nodes[index] : NULL;
}

uint32_t node_shown_base(const struct node *node)
{
	if (node->state.base != NODE_IDLE || node->cpus_alloc == 0)
		return node->state.base;
	return node->cpus_alloc >= node->cpus_total ? NODE_ALLOCATED : NODE_MIXED;
}

uint32_t node_shown_flags(const struct node *node)
{
	uint32_t flags = node->state.flags;
	if (!node->connected && node->state.base != NODE_FUTURE)
		flags |= NODE_FLAG_NO_RESPOND;
	if (node->completing)
		flags |= NODE_FLAG_COMPLETING;
	return flags;
}

/* ---- allocations ---- */

void node_take(struct node *node, const struct node_alloc *share)
{
	for (uint32_t i = 0; i < share->cores.n; i++)
		bits_add(node->cores_busy, share->cores.v[i]);
	node->cpus_alloc += share->cpus;
	node->mem_alloc += share->mem;
	node->jobs++;
	if (share->phase >= ALLOC_ENDING)
		node->completing++;
}

void node_give_back(struct cluster *c, struct node *node, const struct node_alloc *share, bool was_ending)
{
	for (uint32_t i = 0; i < share->cores.n; i++)
		bits_del(node->cores_busy, share->cores.v[i]);
	assert(node->cpus_alloc >= share->cpus && node->mem_alloc >= share->mem && node->jobs > 0);
	node->cpus_alloc -= share->cpus;
	node->mem_alloc -= share->mem;
	node->jobs--;
	if (was_ending)
		node->completing--;
	node->state.last_busy = c->now;
	c->sched_wanted = true;
}

/* ---- down and up ---- */

static void set_reason(struct cluster *c, struct node *node, const char *reason, uint32_t uid)
{
	free(node->state.reason);
	node->state.reason = xstrdup(reason);
	node->state.reason_uid = reason ? uid : CORE_NO_VAL;
	node->state.reason_time = reason ? c->now : 0;
}

/* Every job with a share there loses the node: it is requeued, or ends as NODE_FAIL. */
static void fail_jobs_on(struct cluster *c, struct node *node)
{
	list_each_safe (it, tmp, &c->jobs) {
		struct job *job = list_entry(it, struct job, in_all);
		struct node_alloc *share = job_share_on(job, node->conf->name);
		if (!share || share->phase == ALLOC_RELEASED)
			continue;
		bool active = job_is_active(job);
		if (active) {
			free(job->state.failed_node);
			job->state.failed_node = xstrdup(node->conf->name);
		}
		if (active && job->spec.batch && job->spec.requeue)
			job_requeue_after(c, job, false, "DUE TO NODE FAILURE");
		else if (active)
			job_end_allocated(c, job, JOB_NODE_FAIL, REASON_NODE_DOWN, 0, "DUE TO NODE FAILURE",
			                  c->conf->kill_wait_s);
		/* Ending a job may have freed it; look again. Nothing will be reported from a node that is
		 * down. */
		if ((share = job_share_on(job, node->conf->name)) && share->phase != ALLOC_RELEASED)
			job_release_node(c, job, share);
	}
}

void node_set_down(struct cluster *c, struct node *node, const char *reason, uint32_t uid)
{
	node->state.base = NODE_DOWN;
	if (reason)
		set_reason(c, node, reason, uid);
	emit_node(c, node);
	fail_jobs_on(c, node);
	c->sched_wanted = true;
}

void node_arm_down(struct cluster *c, struct node *node)
{
	if (c->conf->slurmd_timeout_s > 0)
		due_add(&c->due,
		        (struct due){.at = node->last_heard + c->conf->slurmd_timeout_s * CORE_SECOND,
		                     .kind = DUE_NODE_DOWN,
		                     .key = node->index});
}

void node_lost(struct cluster *c, const char *name, core_time now)
{
	struct node *node = node_by_name(c, name);
	c->now = now;
	if (!node || !node->connected)
		return;
	node->connected = false;
	node->cpu_load = CORE_NO_VAL;
	node_arm_down(c, node);
	c->sched_wanted = true;
}

void node_heard(struct cluster *c, const char *name, uint32_t cpu_load, uint64_t free_mem, core_time now)
{
	struct node *node = node_by_name(c, name);
	c->now = now;
	if (!node)
		return;
	node->last_heard = now;
	if (cpu_load != CORE_NO_VAL)
		node->cpu_load = cpu_load;
	if (free_mem != CORE_NO_VAL64)
		node->free_mem = free_mem;
}

/* ---- registration ---- */

static void replace(char **where, const char *with)
{
	if (with && !text_eq(*where, with)) {
		free(*where);
		*where = xstrdup(with);
	}
}

/* 1: what the worker found is less than what is configured, and why says it. */
static int hardware_is_low(const struct cluster *c, const struct node *node, const struct hardware *hw,
                           struct text *why)
{
	if (c->conf->config_overrides || !hw)
		return 0;
	if (hw->real_memory < node->conf->real_memory)
		text_printf(why, "Low RealMemory (reported:%" PRIu64 " < 100.00%% of configured:%" PRIu64 ")",
		            hw->real_memory, node->conf->real_memory);
	else if (hw->cpus < node->conf->cpus)
		text_printf(why,
		            "Low socket*core*thread count, Low CPUs (reported:%" PRIu32 " configured:%" PRIu32
		            ")",
		            hw->cpus, node->conf->cpus);
	else if (hw->tmp_disk < node->conf->tmp_disk)
		text_printf(why, "Low TmpDisk (reported:%" PRIu64 " configured:%" PRIu64 ")", hw->tmp_disk,
		            node->conf->tmp_disk);
	return why->len > 0;
}

/* Was the node made DOWN by silence or a reboot, and may it come back by itself (ReturnToService)? */
static bool may_return(const struct cluster *c, const struct node *node)
{
	if (c->conf->return_to_service == 2)
		return true;
	return c->conf->return_to_service == 1 && node->state.reason &&
	       strcmp(node->state.reason, REASON_NOT_RESPONDING) == 0;
}

static void update_base(struct cluster *c, struct node *node, bool rebooted)
{
	if (rebooted) {
		fail_jobs_on(c, node);
		if (c->conf->return_to_service != 2 && node->state.base == NODE_IDLE) {
			node->state.base = NODE_DOWN;
			set_reason(c, node, REASON_REBOOTED, 0);
		}
	}
	if (node->state.base == NODE_UNKNOWN)
		node->state.base = NODE_IDLE;
	/* With 2 a node comes back after a reboot too. */
	else if (node->state.base == NODE_DOWN && may_return(c, node) &&
	         (!rebooted || c->conf->return_to_service == 2)) {
		node->state.base = NODE_IDLE;
		set_reason(c, node, NULL, 0);
	}
}

static void take_hardware(struct cluster *c, struct node *node, const struct hardware *hw)
{
	struct text why = TEXT_EMPTY;
	if (hw) {
		if (!node->state.hardware)
			node->state.hardware = xcalloc(1, sizeof(*node->state.hardware));
		else
			schema_free(schema_of_hardware(), node->state.hardware);
		schema_copy(schema_of_hardware(), node->state.hardware, hw, NULL);
	}
	if (hardware_is_low(c, node, hw, &why)) {
		node->state.flags |= NODE_FLAG_DRAIN | NODE_FLAG_INVALID_REG;
		if (!text_eq(node->state.reason, text_str(&why)))
			set_reason(c, node, text_str(&why), 0);
	} else if (node->state.flags & NODE_FLAG_INVALID_REG) {
		node->state.flags &= ~(uint32_t)(NODE_FLAG_INVALID_REG | NODE_FLAG_DRAIN);
		set_reason(c, node, NULL, 0);
	}
	text_free(&why);
}

static bool has_launch(const struct node_registration *reg, uint64_t launch)
{
	for (size_t i = 0; i < reg->launch_count; i++)
		if (reg->launches[i] == launch)
			return true;
	return false;
}

/* A step that should be there and isn't: never confirmed, so it is sent again (a worker starts no launch
 * twice); confirmed, so it was lost. */
static void reconcile_step(struct cluster *c, struct node *node, struct step *step, struct step_node *share,
                           const struct node_registration *reg)
{
	const char *name = node->conf->name;
	if (share->phase == STEP_ENDED || has_launch(reg, step->record.launch))
		return;
	if (share->phase == STEP_RUNNING) {
		report_step_ended(c, name, step->record.serial, step->record.attempt, step->record.launch, 9,
		                  NULL, "its processes were lost with their shepherd", c->now);
		return;
	}
	bool batch = step->record.step_id == CORE_STEP_BATCH;
	emit_action(c, &(struct action){.kind = batch ? ACTION_LAUNCH_BATCH : ACTION_GRANT_STEP,
	                                .job = step->job,
	                                .step = step,
	                                .node = name});
}

static void reconcile_jobs(struct cluster *c, struct node *node, const struct node_registration *reg)
{
	list_each_safe (it, tmp, &c->jobs) {
		struct job *job = list_entry(it, struct job, in_all);
		struct node_alloc *share = job_share_on(job, node->conf->name);
		if (!share || share->phase == ALLOC_RELEASED)
			continue;
		if (share->phase >= ALLOC_ENDING) {
			emit_action(c, &(struct action){.kind = ACTION_END_JOB,
			                                .job = job,
			                                .node = node->conf->name,
			                                .attempt = job->state.attempt,
			                                .kill_wait_s = c->conf->kill_wait_s,
			                                .text = ""});
			continue;
		}
		list_each_safe (st, st_tmp, &job->steps) {
			struct step *step = list_entry(st, struct step, in_job);
			struct step_node *sn =
			        step_is_running(step) ? step_share_on(step, node->conf->name) : NULL;
			if (sn)
				reconcile_step(c, node, step, sn, reg);
		}
	}
}

int node_register(struct cluster *c, const char *name, const struct node_registration *reg, core_time now,
                  struct err *err)
{
	struct node *node = node_by_name(c, name);
	c->now = now;
	if (!node)
		return err_set(err, ERR_INVALID_NODE_NAME, "no NodeName=%s in the controller's slurm.conf",
		               name);
	bool rebooted = node->state.boot_id && reg->boot_id && strcmp(node->state.boot_id, reg->boot_id) != 0;
	node->connected = true;
	node->last_heard = now;
	replace(&node->state.boot_id, reg->boot_id);
	replace(&node->state.version, reg->version);
	node->state.boot_time = reg->boot_time;
	node->state.slurmd_start_time = reg->slurmd_start_time;
	if (node->state.last_busy == 0)
		node->state.last_busy = now;
	take_hardware(c, node, reg->hardware);
	update_base(c, node, rebooted);
	emit_node(c, node);
	reconcile_jobs(c, node, reg);
	c->sched_wanted = true;
	return 0;
}

/* ---- scontrol update nodename= ---- */

static const struct node_verb {
	const char *word;
	bool needs_reason, down, resume;
	uint32_t set, clear;
} node_verbs[] = {
        {"DRAIN", true, false, false, NODE_FLAG_DRAIN, 0},
        {"DOWN", true, true, false, 0, 0},
        {"FAIL", true, false, false, NODE_FLAG_FAIL, 0},
        {"RESUME", false, false, true, 0, NODE_FLAG_DRAIN | NODE_FLAG_FAIL},
        {"IDLE", false, false, true, 0, NODE_FLAG_DRAIN | NODE_FLAG_FAIL},
        {"UNDRAIN", false, false, false, 0, NODE_FLAG_DRAIN | NODE_FLAG_FAIL},
};

int node_update(struct cluster *c, const char *name, const char *state, const char *reason, uint32_t by_uid,
                core_time now, struct err *err)
{
	struct node *node = node_by_name(c, name);
	const struct node_verb *verb = NULL;
	c->now = now;
	if (!node)
		return err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	for (size_t i = 0; state && i < sizeof(node_verbs) / sizeof(node_verbs[0]); i++)
		if (text_eq_nocase(state, node_verbs[i].word))
			verb = &node_verbs[i];
	if (state && !verb)
		return err_set(err, ERR_INVALID_STATE, "%s", "");
	if (reason)
		set_reason(c, node, reason, by_uid);
	if (verb) {
		node->state.flags = (node->state.flags | verb->set) & ~verb->clear;
		if (verb->resume && node->state.base == NODE_DOWN)
			node->state.base = NODE_IDLE;
		if (verb->clear && !reason && !(node->state.flags & (NODE_FLAG_DRAIN | NODE_FLAG_FAIL)) &&
		    node->state.base != NODE_DOWN)
			set_reason(c, node, NULL, 0);
	}
	if (verb && verb->down)
		node_set_down(c, node, NULL, by_uid);
	else
		emit_node(c, node);
	c->sched_wanted = true;
	return 0;
}

/* ---- partitions ---- */

struct part *part_by_name(const struct cluster *c, const char *name)
{
	return name ? map_get_text(&c->parts_by_name, name) : NULL;
}

struct part *part_at(const struct cluster *c, size_t index)
{
	return index < c->part_count ? c->parts[index] : NULL;
}

struct part *part_default(const struct cluster *c)
{
	for (size_t i = 0; i < c->part_count; i++)
		if (c->parts[i]->conf->is_default)
			return c->parts[i];
	return NULL;
}
