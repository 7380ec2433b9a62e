/* The words of node states as sinfo prints and takes them. */
#include "applets/client/sinfo.h"
#include "core/records.h"

#include <string.h>

/* The first row that fits names the state. want and not are flags; base -1: any. */
static const struct state_row {
	int base;
	uint32_t want, not ;
	const char *word, *compact;
} state_rows[] = {
        {-1, NODE_FLAG_INVALID_REG, 0, "inval", "inval"},
        {NODE_DOWN, NODE_FLAG_DRAIN, 0, "drained", "drain"},
        {NODE_IDLE, NODE_FLAG_DRAIN | NODE_FLAG_COMPLETING, 0, "draining", "drng"},
        {NODE_ALLOCATED, NODE_FLAG_DRAIN, 0, "draining", "drng"},
        {NODE_MIXED, NODE_FLAG_DRAIN, 0, "draining", "drng"},
        {-1, NODE_FLAG_DRAIN, 0, "drained", "drain"},
        {NODE_DOWN, 0, 0, "down", "down"},
        {NODE_ALLOCATED, NODE_FLAG_FAIL, 0, "failing", "failg"},
        {NODE_MIXED, NODE_FLAG_FAIL, 0, "failing", "failg"},
        {-1, NODE_FLAG_FAIL, 0, "fail", "fail"},
        {NODE_FUTURE, 0, 0, "future", "futr"},
        {NODE_ALLOCATED, NODE_FLAG_COMPLETING, 0, "completing", "comp"},
        {NODE_MIXED, NODE_FLAG_COMPLETING, 0, "completing", "comp"},
        {NODE_IDLE, NODE_FLAG_COMPLETING, 0, "completing", "comp"},
        {-1, NODE_FLAG_MAINT, 0, "maint", "maint"},
        {NODE_ALLOCATED, 0, 0, "allocated", "alloc"},
        {NODE_MIXED, 0, 0, "mixed", "mix"},
        {NODE_IDLE, NODE_FLAG_RESERVED, 0, "reserved", "resv"},
        {NODE_IDLE, NODE_FLAG_PLANNED, 0, "planned", "plnd"},
        {NODE_IDLE, 0, 0, "idle", "idle"},
        {NODE_ERROR, 0, 0, "error", "err"},
        {-1, 0, 0, "unknown", "unk"},
};

static const struct state_row *row_of(const struct node_info *node)
{
	size_t i = 0;
	for (; i + 1 < sizeof(state_rows) / sizeof(state_rows[0]); i++) {
		const struct state_row *row = &state_rows[i];
		if ((row->base < 0 || (uint32_t)row->base == node->base) &&
		    (node->flags & row->want) == row->want && !(node->flags & row->not ))
			break;
	}
	return &state_rows[i];
}

void sinfo_state(struct text *out, const struct node_info *node, bool compact)
{
	const struct state_row *row = row_of(node);
	text_add(out, compact ? row->compact : row->word);
	if (node->flags & NODE_FLAG_NO_RESPOND)
		text_add(out, "*");
}

/* What -t takes beside the words above: flags, and the words that stand for several states. */
static const struct {
	const char *word;
	uint32_t flag;
} flag_words[] = {
        {"drain", NODE_FLAG_DRAIN},
        {"draining", NODE_FLAG_DRAIN},
        {"drained", NODE_FLAG_DRAIN},
        {"comp", NODE_FLAG_COMPLETING},
        {"completing", NODE_FLAG_COMPLETING},
        {"fail", NODE_FLAG_FAIL},
        {"maint", NODE_FLAG_MAINT},
        {"no_respond", NODE_FLAG_NO_RESPOND},
        {"planned", NODE_FLAG_PLANNED},
        {"plnd", NODE_FLAG_PLANNED},
        {"resv", NODE_FLAG_RESERVED},
        {"reserved", NODE_FLAG_RESERVED},
        {"cloud", NODE_FLAG_CLOUD},
        {"powered_down", NODE_FLAG_POWERED_DOWN},
        /* What no node here can be in. */
        {"power_down", 0},
        {"powering_down", 0},
        {"powering_up", 0},
        {"perfctrs", 0},
        {"npc", 0},
};
static const struct {
	const char *word;
	uint32_t base;
} base_words[] = {
        {"alloc", NODE_ALLOCATED}, {"allocated", NODE_ALLOCATED}, {"down", NODE_DOWN},
        {"future", NODE_FUTURE},   {"futr", NODE_FUTURE},         {"idle", NODE_IDLE},
        {"mix", NODE_MIXED},       {"mixed", NODE_MIXED},         {"unk", NODE_UNKNOWN},
        {"unknown", NODE_UNKNOWN},
};

bool sinfo_state_is(const struct node_info *node, const char *word)
{
	const struct state_row *row = row_of(node);
	if (text_eq_nocase(word, "all"))
		return true;
	/* draining and drained tell nodes with and without jobs apart. */
	if (text_eq_nocase(word, "draining") || text_eq_nocase(word, "drng"))
		return strcmp(row->word, "draining") == 0;
	if (text_eq_nocase(word, "drained"))
		return strcmp(row->word, "drained") == 0;
	for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++)
		if (text_eq_nocase(word, flag_words[i].word))
			return (node->flags & flag_words[i].flag) != 0;
	for (size_t i = 0; i < sizeof(base_words) / sizeof(base_words[0]); i++)
		if (text_eq_nocase(word, base_words[i].word))
			/* Those of which a part is in use count as allocated. */
			return node->base == base_words[i].base ||
			       (base_words[i].base == NODE_ALLOCATED && node->base == NODE_MIXED);
	return false;
}

const char *sinfo_state_word(size_t i)
{
	size_t bases = sizeof(base_words) / sizeof(base_words[0]);
	size_t flags = sizeof(flag_words) / sizeof(flag_words[0]);
	return i < bases ? base_words[i].word : i - bases < flags ? flag_words[i - bases].word : NULL;
}

bool sinfo_state_known(const char *word)
{
	if (text_eq_nocase(word, "all") || text_eq_nocase(word, "drng"))
		return true;
	for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++)
		if (text_eq_nocase(word, flag_words[i].word))
			return true;
	for (size_t i = 0; i < sizeof(base_words) / sizeof(base_words[0]); i++)
		if (text_eq_nocase(word, base_words[i].word))
			return true;
	return false;
}

enum sinfo_kind sinfo_kind_of(const struct node_info *node)
{
	if (node->base == NODE_ALLOCATED || node->base == NODE_MIXED)
		return SINFO_ALLOCATED;
	if (node->base == NODE_IDLE &&
	    !(node->flags & (NODE_FLAG_DRAIN | NODE_FLAG_NO_RESPOND | NODE_FLAG_INVALID_REG)))
		return SINFO_IDLE;
	return SINFO_OTHER;
}
