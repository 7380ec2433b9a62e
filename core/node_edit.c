/* What an administrator says of a node: scontrol update nodename= */
#include "core/cluster_priv.h"

#include <string.h>

/* ---- states ---- */

/* What a state word asks of the node, and in which states it may be asked. */
static const struct node_verb {
	const char *word;
	bool needs_reason, down, up, future;
	bool only_bad;   /* of one that is neither bad nor FUTURE it is an error */
	bool not_future; /* of a FUTURE one it is */
	bool idle_only;  /* of one with jobs */
	uint32_t set, clear;
} node_verbs[] = {
        {.word = "DRAIN", .needs_reason = true, .set = NODE_FLAG_DRAIN, .clear = NODE_FLAG_FAIL},
        {.word = "DOWN", .needs_reason = true, .down = true},
        {.word = "FAIL", .needs_reason = true, .set = NODE_FLAG_FAIL, .clear = NODE_FLAG_DRAIN},
        {.word = "RESUME", .up = true, .only_bad = true, .clear = NODE_FLAG_DRAIN | NODE_FLAG_FAIL},
        {.word = "IDLE",
         .up = true,
         .only_bad = true,
         .not_future = true,
         .clear = NODE_FLAG_DRAIN | NODE_FLAG_FAIL},
        {.word = "UNDRAIN", .clear = NODE_FLAG_DRAIN | NODE_FLAG_FAIL},
        {.word = "FUTURE",
         .future = true,
         .idle_only = true,
         .clear = NODE_FLAG_CLOUD | NODE_FLAG_POWERED_DOWN | NODE_FLAG_DYNAMIC_FUTURE | NODE_FLAG_DRAIN |
                  NODE_FLAG_FAIL},
};

static const struct node_verb *verb_of(const char *word)
{
	for (size_t i = 0; word && i < sizeof(node_verbs) / sizeof(node_verbs[0]); i++)
		if (text_eq_nocase(word, node_verbs[i].word))
			return &node_verbs[i];
	return NULL;
}

static bool is_bad(const struct node *node)
{
	return node->state.base == NODE_DOWN || (node->state.flags & (NODE_FLAG_DRAIN | NODE_FLAG_FAIL));
}

/* It has its time again. */
static void await(struct cluster *c, struct node *node)
{
	if (node->connected)
		return;
	node->last_heard = c->now;
	node_arm_down(c, node);
}

static void forget_place(struct cluster *c, struct node *node);

static void apply_verb(struct cluster *c, struct node *node, const struct node_verb *verb)
{
	struct node_state *s = &node->state;
	s->flags = (s->flags | verb->set) & ~verb->clear;
	if (verb->future) {
		node_move(node, NODE_FUTURE);
		s->left_future = false;
		forget_place(c, node);
		node_set_reason(c, node, NULL, 0);
	} else if (verb->up && (s->base == NODE_DOWN || s->base == NODE_FUTURE)) {
		s->left_future |= s->base == NODE_FUTURE;
		node_move(node, NODE_IDLE);
		await(c, node);
	}
	if (verb->clear && !is_bad(node))
		node_set_reason(c, node, NULL, 0);
}

static int check_state(const struct node *node, const struct node_edit *edit, struct err *err)
{
	const struct node_verb *verb = verb_of(edit->state);
	const bool future = node->state.base == NODE_FUTURE, bad = is_bad(node);
	if (!edit->state)
		return 0;
	/* What it lacks must come first. */
	const bool invalid = (node->state.flags & NODE_FLAG_INVALID_REG) && verb && !verb->future &&
	                     !verb->set && !verb->down;
	const bool silent = verb && text_eq(verb->word, "IDLE") && !node->connected;
	if (!verb || invalid || (verb->only_bad && !bad && !future && !silent) ||
	    (verb->not_future && future) || (verb->future && future && bad) ||
	    (verb->idle_only && !list_empty(&node->shares)))
		return err_set(err, ERR_INVALID_STATE, "%s", "");
	if (verb->needs_reason && !edit->reason && !node->state.reason)
		return err_set(err, ERR_INVALID,
		               "You must specify a reason when DOWNING or DRAINING a node. Request denied");
	return 0;
}

/* ---- features ---- */

static bool is_subset(const char *part, const char *all)
{
	for (const char *p = part; p && *p;) {
		size_t n = strcspn(p, ",");
		if (n && !text_list_has(all, p, n))
			return false;
		p += n + (p[n] == ',');
	}
	return true;
}

static int check_features(const struct node *node, const struct node_edit *edit, struct err *err)
{
	const char *all = edit->features ? edit->features : node->conf->features;
	const char *active = edit->features_act ? edit->features_act : node->conf->features_act;
	return is_subset(active, all) ? 0 : err_set(err, ERR_ACTIVE_FEATURE_NO_SUBSET, "%s", "");
}

/* The configuration is the cluster's own copy. */
static struct core_node_conf *conf_of(struct cluster *c, const struct node *node)
{
	return &c->conf->nodes[node->index];
}

/* What is remembered of weight and features, into the configuration. */
static void take_conf(struct cluster *c, const struct node *node)
{
	struct core_node_conf *conf = conf_of(c, node);
	const struct node_state *s = &node->state;
	if (s->weight != CORE_NO_VAL)
		conf->weight = s->weight;
	if (s->features)
		conf->features = *s->features ? arena_strdup(&c->conf_arena, s->features) : NULL;
	if (s->features_act)
		conf->features_act = arena_strdup(&c->conf_arena, s->features_act);
	if (s->addr)
		conf->addr = arena_strdup(&c->conf_arena, s->addr);
	if (s->hostname)
		conf->hostname = arena_strdup(&c->conf_arena, s->hostname);
}

static void set_features(struct cluster *c, struct node *node, const struct node_edit *edit)
{
	struct node_state *s = &node->state;
	/* Kept even when empty: "" is another word than slurm.conf's. All that are available are active,
	 * until something else is said. */
	if (edit->features)
		text_set(&s->features, edit->features);
	if (edit->features_act || edit->features)
		text_set(&s->features_act, edit->features_act ? edit->features_act : edit->features);
	if (edit->weight != CORE_NO_VAL)
		s->weight = edit->weight;
	if (edit->addr)
		text_set(&s->addr, text_or_null(edit->addr));
	if (edit->hostname)
		text_set(&s->hostname, text_or_null(edit->hostname));
	take_conf(c, node);
}

/* Where it is, is not known any more. */
static void forget_place(struct cluster *c, struct node *node)
{
	struct core_node_conf *conf = conf_of(c, node);
	if (node->state.addr)
		conf->addr = conf->name;
	if (node->state.hostname)
		conf->hostname = conf->name;
	text_set(&node->state.addr, NULL);
	text_set(&node->state.hostname, NULL);
}

void node_edits_apply(struct cluster *c, bool keep)
{
	for (size_t i = 0; i < c->node_count; i++) {
		struct node *node = c->nodes[i];
		struct node_state *s = &node->state;
		const bool found = (s->flags & NODE_FLAG_DYNAMIC_FUTURE) != 0; /* its place is no edit */
		const bool edited = s->weight != CORE_NO_VAL || s->features || s->features_act ||
		                    (!found && (s->addr || s->hostname));
		if (keep || !edited) {
			take_conf(c, node);
			continue;
		}
		s->weight = CORE_NO_VAL;
		text_set(&s->features, NULL);
		text_set(&s->features_act, NULL);
		if (!found) {
			text_set(&s->addr, NULL);
			text_set(&s->hostname, NULL);
		}
		take_conf(c, node);
		emit_node(c, node);
	}
}

/* ---- the whole ---- */

int node_edit(struct cluster *c, const char *name, const struct node_edit *edit, uint32_t by_uid,
              core_time now, struct err *err)
{
	struct node *node = node_by_name(c, name);
	const struct node_verb *verb = verb_of(edit->state);
	c->now = now;
	if (!node)
		return err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	if (check_state(node, edit, err) != 0 || check_features(node, edit, err) != 0)
		return -1;
	set_features(c, node, edit);
	if (edit->comment)
		text_set(&node->state.comment, text_or_null(edit->comment));
	if (edit->extra)
		text_set(&node->state.extra, text_or_null(edit->extra));
	if (verb && !verb->down)
		apply_verb(c, node, verb);
	/* Of a node that is well there is no reason. */
	if (edit->reason && ((verb && verb->down) || is_bad(node)))
		node_set_reason(c, node, text_or_null(edit->reason), by_uid);
	if (verb && verb->down) {
		node->state.left_future |= node->state.base == NODE_FUTURE;
		node_set_down(c, node, NULL, by_uid);
	} else {
		emit_node(c, node);
	}
	cluster_nodes_changed(c);
	return 0;
}

int node_update(struct cluster *c, const char *name, const char *state, const char *reason, uint32_t by_uid,
                core_time now, struct err *err)
{
	const struct node_edit edit = {.state = state, .reason = reason, .weight = CORE_NO_VAL};
	return node_edit(c, name, &edit, by_uid, now, err);
}
