/* What an administrator says of a node: scontrol update nodename= */
#include "core/cluster_priv.h"

#include <string.h>

/* ---- states ---- */

static const struct node_verb {
	const char *word;
	bool needs_reason, down, up, only_bad;
	uint32_t set, clear;
} node_verbs[] = {
        {"DRAIN", true, false, false, false, NODE_FLAG_DRAIN, 0},
        {"DOWN", true, true, false, false, 0, 0},
        {"FAIL", true, false, false, false, NODE_FLAG_FAIL, 0},
        {"RESUME", false, false, true, false, 0, NODE_FLAG_DRAIN | NODE_FLAG_FAIL},
        {"IDLE", false, false, true, true, 0, NODE_FLAG_DRAIN | NODE_FLAG_FAIL},
        {"UNDRAIN", false, false, false, false, 0, NODE_FLAG_DRAIN},
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

static void apply_verb(struct cluster *c, struct node *node, const struct node_verb *verb, bool has_reason)
{
	struct node_state *s = &node->state;
	s->flags = (s->flags | verb->set) & ~verb->clear;
	if (verb->up && s->base == NODE_DOWN) {
		node_move(node, NODE_IDLE);
		if (!node->connected) { /* it has its time again */
			node->last_heard = c->now;
			node_arm_down(c, node);
		}
	}
	if (verb->clear && !has_reason && !is_bad(node))
		node_set_reason(c, node, NULL, 0);
}

static int check_state(const struct node *node, const struct node_edit *edit, struct err *err)
{
	const struct node_verb *verb = verb_of(edit->state);
	if (!edit->state)
		return 0;
	if (!verb || node->state.base == NODE_FUTURE || (verb->only_bad && !is_bad(node)))
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
}

static void set_features(struct cluster *c, struct node *node, const struct node_edit *edit)
{
	struct node_state *s = &node->state;
	/* Kept even when empty: "" is another word than slurm.conf's. */
	if (edit->features)
		text_set(&s->features, edit->features);
	if (edit->features_act)
		text_set(&s->features_act, edit->features_act);
	if (edit->weight != CORE_NO_VAL)
		s->weight = edit->weight;
	take_conf(c, node);
}

void node_edits_apply(struct cluster *c, bool keep)
{
	for (size_t i = 0; i < c->node_count; i++) {
		struct node *node = c->nodes[i];
		struct node_state *s = &node->state;
		if (s->weight == CORE_NO_VAL && !s->features && !s->features_act)
			continue;
		if (keep) {
			take_conf(c, node);
			continue;
		}
		s->weight = CORE_NO_VAL;
		text_set(&s->features, NULL);
		text_set(&s->features_act, NULL);
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
	/* Of a node that is well there is no reason. */
	if (edit->reason && (is_bad(node) || (verb && verb->needs_reason)))
		node_set_reason(c, node, text_or_null(edit->reason), by_uid);
	if (verb && !verb->down)
		apply_verb(c, node, verb, edit->reason != NULL);
	if (verb && verb->down)
		node_set_down(c, node, NULL, by_uid);
	else
		emit_node(c, node);
	cluster_nodes_changed(c);
	return 0;
}

int node_update(struct cluster *c, const char *name, const char *state, const char *reason, uint32_t by_uid,
                core_time now, struct err *err)
{
	const struct node_edit edit = {.state = state, .reason = reason, .weight = CORE_NO_VAL};
	return node_edit(c, name, &edit, by_uid, now, err);
}
