/* The cluster's records (records.def) as C structs, with the words and numbers that they use. */
#pragma once
#include <stdint.h>

#define CORE_NO_VAL     0xfffffffeu
#define CORE_INFINITE   0xffffffffu
#define CORE_NO_VAL64   0x7ffffffffffffffell /* fits a table's default */
#define CORE_INFINITE64 0x7fffffffffffffffll
#define CORE_NICE_MAX   2147483645 /* either way */

/* Step ids that stand for something else than the n-th srun of a job. */
#define CORE_STEP_PENDING     0xfffffffdu
#define CORE_STEP_EXTERN      0xfffffffcu
#define CORE_STEP_BATCH       0xfffffffbu
#define CORE_STEP_INTERACTIVE 0xfffffffau

#include "core/util/schema_struct.h"
#include "core/records.def"
#include "core/util/schema_end.h"

/* Signal numbers and wait(2)'s statuses, as records and messages carry them on every system. */
#define CORE_SIGKILL 9
/* In a signal's place, as with Slurm: the kernel killed something since its memory was used up. sacct shows
 * it as 0:125. */
#define CORE_SIGNAL_OOM 125
static inline uint32_t core_status_signal(uint32_t status)
{
	return status & 0x7f;
}

typedef int64_t core_time; /* microseconds since the epoch */
#define CORE_SECOND ((core_time)1000000)

/* Words of states, flags, reasons and phases: each table row is (symbol, number, long word, short word). */
enum job_base_state {
#define JOB_STATE(symbol, number, word, code) JOB_##symbol = (number),
#define JOB_FLAG(symbol, bit, word, code)
#define JOB_REASON(symbol, number, word)
#define NODE_STATE(symbol, number, word)
#define NODE_FLAG(symbol, bit, word)
#include "core/words.def"
#undef JOB_STATE
	JOB_STATE_COUNT
};
enum job_flag {
#define JOB_STATE(symbol, number, word, code)
#undef JOB_FLAG
#define JOB_FLAG(symbol, bit, word, code) JOB_FLAG_##symbol = 1 << (bit),
#include "core/words.def"
#undef JOB_FLAG
};
enum job_reason {
#define JOB_FLAG(symbol, bit, word, code)
#undef JOB_REASON
#define JOB_REASON(symbol, number, word) REASON_##symbol = (number),
#include "core/words.def"
#undef JOB_REASON
};
enum node_base_state {
#define JOB_REASON(symbol, number, word)
#undef NODE_STATE
#define NODE_STATE(symbol, number, word) NODE_##symbol = (number),
#include "core/words.def"
#undef NODE_STATE
};
enum node_flag {
#define NODE_STATE(symbol, number, word)
#undef NODE_FLAG
#define NODE_FLAG(symbol, bit, word) NODE_FLAG_##symbol = 1 << (bit),
#include "core/words.def"
#undef JOB_STATE
#undef JOB_FLAG
#undef JOB_REASON
#undef NODE_STATE
#undef NODE_FLAG
};

/* A job's hold on one node, in this order only. */
enum alloc_phase {
	ALLOC_PROLOG,
	ALLOC_READY,
	ALLOC_RUNNING,
	ALLOC_ENDING,
	ALLOC_EPILOG,
	ALLOC_RELEASED,
};
/* A step's life on one node, in this order only. */
enum step_phase {
	STEP_GRANTED,
	STEP_RUNNING,
	STEP_ENDED,
};
/* Who may have a job's resources as well: what scontrol calls OverSubscribe. */
enum job_sharing {
	SHARING_UNSET,
	SHARING_OK, /* nodes, but not cores */
	SHARING_NO,
	SHARING_YES,
	SHARING_USER,
	SHARING_MCS,
};
enum task_dist {
	DIST_BLOCK,
	DIST_CYCLIC,
	DIST_PLANE,
	DIST_ARBITRARY,
};

const char *job_state_word(uint32_t state); /* "PENDING"; "?" for no state */
const char *job_state_code(uint32_t state); /* "PD" */
const char *job_flag_word(uint32_t flag);   /* one bit; NULL: no such flag */
const char *job_flag_code(uint32_t flag);
/* The word that squeue shows for state and flags together: COMPLETING wins over COMPLETED, and so on. */
/* The features that count: those that it prefers, once it has begun with them (sbatch(1), --prefer). */
const char *job_features(const struct job_spec *spec, const struct job_state *state);
const char *job_shown_word(uint32_t state, uint32_t flags);
const char *job_shown_code(uint32_t state, uint32_t flags);
/* A state or flag by long or short word, case-insensitive: its number, or (flags) 0x10000 | bit; -1: none. */
int job_state_parse(const char *word);
const char *job_sharing_word(uint32_t sharing); /* "OK", "YES" ... */
const char *job_reason_word(uint32_t reason);
const char *node_state_word(uint32_t base);             /* "IDLE" */
void node_flags_text(uint32_t flags, struct text *out); /* "+DRAIN+NOT_RESPONDING" */
