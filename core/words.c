#include "core/records.h"
#include "core/util/text.h"

#include <stddef.h>

struct word_row {
	uint32_t number;
	const char *word, *code;
};

static const struct word_row job_states[] = {
#define JOB_STATE(symbol, number, word, code) {number, word, code},
#define JOB_FLAG(symbol, bit, word, code)
#define JOB_REASON(symbol, number, word)
#define NODE_STATE(symbol, number, word)
#define NODE_FLAG(symbol, bit, word)
#include "core/words.def"
#undef JOB_STATE
#undef JOB_FLAG
};

static const struct word_row job_flags[] = {
#define JOB_STATE(symbol, number, word, code)
#define JOB_FLAG(symbol, bit, word, code) {1u << (bit), word, code},
#include "core/words.def"
#undef JOB_FLAG
#undef JOB_REASON
};

static const struct word_row job_reasons[] = {
#define JOB_FLAG(symbol, bit, word, code)
#define JOB_REASON(symbol, number, word) {number, word, NULL},
#include "core/words.def"
#undef JOB_REASON
#undef NODE_STATE
};

static const struct word_row node_states[] = {
#define JOB_REASON(symbol, number, word)
#define NODE_STATE(symbol, number, word) {number, word, NULL},
#include "core/words.def"
#undef NODE_STATE
#undef NODE_FLAG
};

static const struct word_row node_flags[] = {
#define NODE_STATE(symbol, number, word)
#define NODE_FLAG(symbol, bit, word) {1u << (bit), word, NULL},
#include "core/words.def"
#undef JOB_STATE
#undef JOB_FLAG
#undef JOB_REASON
#undef NODE_STATE
#undef NODE_FLAG
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct word_row *row_of(const struct word_row *rows, size_t n, uint32_t number)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

const char *job_state_word(uint32_t state)
{
	const struct word_row *row = row_of(job_states, COUNT(job_states), state);
	return row ? row->word : "?";
}

const char *job_state_code(uint32_t state)
{
	const struct word_row *row = row_of(job_states, COUNT(job_states), state);
	return row ? row->code : "?";
}

const char *job_flag_word(uint32_t flag)
{
	const struct word_row *row = row_of(job_flags, COUNT(job_flags), flag);
	return row ? row->word : NULL;
}

const char *job_flag_code(uint32_t flag)
{
	const struct word_row *row = row_of(job_flags, COUNT(job_flags), flag);
	return row ? row->code : NULL;
}

/* The table's first flags hide the base state; the first that is set counts. */
static const struct word_row *shown_row(uint32_t state, uint32_t flags)
{
	for (size_t i = 0; i < COUNT(job_flags); i++)
		if (flags & job_flags[i].number)
			return &job_flags[i];
	return row_of(job_states, COUNT(job_states), state);
}

const char *job_shown_word(uint32_t state, uint32_t flags)
{
	const struct word_row *row = shown_row(state, flags);
	return row ? row->word : "?";
}

const char *job_shown_code(uint32_t state, uint32_t flags)
{
	const struct word_row *row = shown_row(state, flags);
	return row ? row->code : "?";
}

int job_state_parse(const char *word)
{
	for (size_t i = 0; i < COUNT(job_states); i++)
		if (text_eq_nocase(word, job_states[i].word) || text_eq_nocase(word, job_states[i].code))
			return (int)job_states[i].number;
	for (size_t i = 0; i < COUNT(job_flags); i++)
		if (text_eq_nocase(word, job_flags[i].word) || text_eq_nocase(word, job_flags[i].code))
			return (int)(0x10000 | job_flags[i].number);
	return -1;
}

const char *job_reason_word(uint32_t reason)
{
	const struct word_row *row = row_of(job_reasons, COUNT(job_reasons), reason);
	return row ? row->word : "None";
}

const char *node_state_word(uint32_t base)
{
	const struct word_row *row = row_of(node_states, COUNT(node_states), base);
	return row ? row->word : "?";
}

void node_flags_text(uint32_t flags, struct text *out)
{
	for (size_t i = 0; i < COUNT(node_flags); i++)
		if (flags & node_flags[i].number)
			text_printf(out, "+%s", node_flags[i].word);
}

const char *job_sharing_word(uint32_t sharing)
{
	static const char *const words[] = {
	        [SHARING_UNSET] = "OK", [SHARING_OK] = "OK",     [SHARING_NO] = "NO",
	        [SHARING_YES] = "YES",  [SHARING_USER] = "USER", [SHARING_MCS] = "MCS"};
	return sharing < COUNT(words) ? words[sharing] : "OK";
}

const char *job_features(const struct job_spec *spec, const struct job_state *state)
{
	const bool preferred = state->state != JOB_PENDING && !state->settles && text_or_null(spec->prefer);
	return preferred ? spec->prefer : spec->features;
}
