/* A worker registers: its hardware, its boot, and what it runs are put beside what is known. */
#include "core/cluster_priv.h"

#include <inttypes.h>

#define REASON_NOT_RESPONDING "Not responding"
#define REASON_REBOOTED       "Node unexpectedly rebooted"

/* ---- hardware ---- */

static void add_low(struct text *why, const char *what)
{
	text_printf(why, "%s%s", why->len ? ", " : "", what);
}

/* In hundredths of a percent: so much of the configured memory must be there. */
static uint32_t memory_wanted(const struct cluster *c, const struct node *node)
{
	if (c->conf->reg_mem_percent != 0)
		return c->conf->reg_mem_percent;
	return node->conf->state == CONF_NODE_CLOUD ? 9000 : 10000;
}

/* True: what the worker found is less than what is configured, and why says it. */
static bool hardware_is_low(const struct cluster *c, const struct node *node, const struct hardware *hw,
                            struct text *why)
{
	const struct core_node_conf *conf = node->conf;
	if (c->conf->config_overrides || !hw)
		return false;
	const uint32_t percent = memory_wanted(c, node);
	if (hw->cpus < conf->cpus)
		add_low(why, "Low socket*core*thread count, Low CPUs");
	if (hw->real_memory * 10000 < conf->real_memory * percent) {
		add_low(why, "Low RealMemory");
		text_printf(why,
		            " (reported:%" PRIu64 " < %" PRIu32 ".%02" PRIu32 "%% of configured:%" PRIu64 ")",
		            hw->real_memory, percent / 100, percent % 100, conf->real_memory);
	}
	if (hw->tmp_disk < conf->tmp_disk)
		add_low(why, "Low TmpDisk");
	return why->len > 0;
}

void node_check_hardware(struct cluster *c, struct node *node)
{
	struct text why = TEXT_EMPTY;
	if (hardware_is_low(c, node, node->state.hardware, &why)) {
		node->state.flags |= NODE_FLAG_DRAIN | NODE_FLAG_INVALID_REG;
		if (!text_eq(node->state.reason, text_str(&why)))
			node_set_reason(c, node, text_str(&why), c->conf->slurm_uid);
	} else if (node->state.flags & NODE_FLAG_INVALID_REG) {
		node->state.flags &= ~(uint32_t)(NODE_FLAG_INVALID_REG | NODE_FLAG_DRAIN);
		node_set_reason(c, node, NULL, 0);
		if (node->state.base == NODE_UNKNOWN)
			node_move(node, NODE_IDLE);
	}
	text_free(&why);
}

static void take_hardware(struct node *node, const struct hardware *hw)
{
	if (!hw)
		return;
	if (!node->state.hardware)
		node->state.hardware = xcalloc(1, sizeof(*node->state.hardware));
	else
		schema_free(schema_of_hardware(), node->state.hardware);
	schema_copy(schema_of_hardware(), node->state.hardware, hw, NULL);
}

/* ---- states ---- */

/* slurm.conf(5), ReturnToService: 0 never; 1 if only silence made it DOWN; 2 always. */
static bool may_return(const struct cluster *c, const struct node *node)
{
	if (c->conf->return_to_service == 1)
		return text_eq(node->state.reason, REASON_NOT_RESPONDING);
	return c->conf->return_to_service == 2;
}

/* The reason that it has is why it serves nobody, whatever its base state becomes. */
static bool reason_stays(const struct node *node)
{
	return node->state.flags & (NODE_FLAG_DRAIN | NODE_FLAG_FAIL) && node->state.reason;
}

static void go_idle(struct cluster *c, struct node *node)
{
	node_move(node, NODE_IDLE);
	if (!reason_stays(node))
		node_set_reason(c, node, NULL, 0);
}

static void take_state(struct cluster *c, struct node *node, bool rebooted, bool joins)
{
	enum node_base_state base = (enum node_base_state)node->state.base;
	if (base == NODE_UNKNOWN && (node->state.flags & NODE_FLAG_INVALID_REG)) {
		return; /* as long as it isn't what it should be, it is nothing */
	}
	if (base == NODE_FUTURE && joins) {
		node_move(node, NODE_IDLE);
		node->state.left_future = true;
	} else if (base == NODE_UNKNOWN || (base == NODE_DOWN && may_return(c, node))) {
		go_idle(c, node);
	} else if (base == NODE_IDLE && rebooted && c->conf->return_to_service != 2) {
		node_move(node, NODE_DOWN);
		if (!reason_stays(node))
			node_set_reason(c, node, REASON_REBOOTED, c->conf->slurm_uid);
	}
}

/* ---- what runs there ---- */

static bool has_launch(const struct node_registration *reg, uint64_t launch)
{
	for (size_t i = 0; i < reg->launch_count; i++)
		if (reg->launches[i] == launch)
			return true;
	return false;
}

/* A step that should be there and isn't: never confirmed, so it is sent again (a worker starts no launch
 * twice); confirmed, so it was lost, and no exit code is made up. */
static void reconcile_step(struct cluster *c, const char *name, struct step *step,
                           const struct node_registration *reg)
{
	const struct step_record *r = &step->record;
	const struct step_node *sn = step_is_running(step) ? step_share_on(step, name) : NULL;
	bool batch = r->step_id == CORE_STEP_BATCH;
	if (!sn || sn->phase == STEP_ENDED || has_launch(reg, r->launch))
		return;
	if (sn->phase == STEP_RUNNING)
		report_step_ended(c, name, r->serial, r->attempt, r->launch, CORE_SIGKILL, NULL,
		                  "its processes were lost with their shepherd", c->now);
	else
		emit_action(c, &(struct action){.kind = batch ? ACTION_LAUNCH_BATCH : ACTION_GRANT_STEP,
		                                .job = step->job,
		                                .step = step,
		                                .node = name});
}

static void reconcile_share(struct cluster *c, const char *name, struct share *share,
                            const struct node_registration *reg)
{
	struct job *job = share->job;
	if (share_record(share)->phase >= ALLOC_ENDING) {
		job_end_share(c, share, "", c->conf->kill_wait_s);
		return;
	}
	prolog_order_on(c, share);
	/* A lost batch script ends its job, whose other steps then end with it. */
	list_each_safe (it, tmp, &job->steps) {
		if (job_is_active(job))
			reconcile_step(c, name, list_entry(it, struct step, in_job), reg);
	}
	warn_again(c, job, name);
	/* It may not have heard of the last word. */
	if (job_is_active(job) && job->state.suspend_time != 0)
		emit_action(c, &(struct action){.kind = job->state.state == JOB_SUSPENDED ? ACTION_SUSPEND
		                                                                          : ACTION_RESUME,
		                                .job = job,
		                                .node = name,
		                                .attempt = job->state.attempt});
}

/* What runs there for an attempt that has lost this node. It must be gone before anything is started. */
static void reconcile_foreign(struct cluster *c, struct node *node, const struct node_registration *reg)
{
	for (size_t i = 0; reg->serials && reg->attempts && i < reg->launch_count; i++) {
		const struct job *job = job_by_serial(c, reg->serials[i]);
		const struct share *share = job ? share_on(c, job, node->conf->name) : NULL;
		if (share && job->state.attempt == reg->attempts[i] &&
		    share_record(share)->phase != ALLOC_RELEASED)
			continue;
		leaving_add(node, reg->serials[i], reg->attempts[i]);
		emit_action(c, &(struct action){.kind = ACTION_END_JOB,
		                                .job = job,
		                                .serial = reg->serials[i],
		                                .node = node->conf->name,
		                                .attempt = reg->attempts[i],
		                                .text = "DUE TO NODE FAILURE"});
	}
}

static bool ended_before_boot(const struct node_registration *reg, uint64_t launch)
{
	for (size_t i = 0; reg->end_times && launch != 0 && i < reg->launch_count; i++)
		if (reg->launches[i] == launch)
			return reg->end_times[i] != 0 && reg->end_times[i] <= reg->boot_time;
	return false;
}

/* What ran there ended with the old boot, but for batch scripts that had ended before: their fates come now.
 */
static void lose_to_reboot(struct cluster *c, struct node *node, const struct node_registration *reg)
{
	for (struct list *it = node->shares.next, *next; it != &node->shares; it = next) {
		struct share *share = list_entry(it, struct share, on_node);
		const struct job *job = share->job;
		next = it->next;
		if (!job_is_active(job) || !ended_before_boot(reg, job->state.batch_launch))
			job_lose_node(c, share);
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
	bool rebooted = node->state.boot_id && reg->boot_id && !text_eq(node->state.boot_id, reg->boot_id);
	node->connected = true;
	node->last_heard = now;
	node->waited_for = false;
	node->silent_at = node->down_at = 0;
	leaving_clear(node);
	if (reg->boot_id)
		text_set(&node->state.boot_id, reg->boot_id);
	if (reg->version)
		text_set(&node->state.version, reg->version);
	node->state.boot_time = reg->boot_time;
	node->state.slurmd_start_time = reg->slurmd_start_time;
	if (node->state.last_busy == 0)
		node->state.last_busy = now;
	node->state.flags &= ~(uint32_t)NODE_FLAG_POWERED_DOWN;
	take_hardware(node, reg->hardware);
	node_check_hardware(c, node);
	take_state(c, node, rebooted, reg->joins);
	emit_node(c, node);
	if (rebooted)
		lose_to_reboot(c, node, reg);
	for (struct list *it = node->shares.next, *next; it != &node->shares; it = next) {
		struct share *share = list_entry(it, struct share, on_node);
		next = it->next;
		reconcile_share(c, node->conf->name, share, reg);
	}
	reconcile_foreign(c, node, reg);
	cluster_nodes_changed(c);
	return 0;
}
