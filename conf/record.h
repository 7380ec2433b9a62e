/* One Parameter=Value of a record (a NodeName or PartitionName line), read into a member by its table's row.
 */
#pragma once
#include "core/util/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a value is read into its member. */
enum field_kind {
	FIELD_STR,
	FIELD_U32,
	FIELD_U16,      /* of 16 bits, less the two that mean none and no end */
	FIELD_U16_INF,  /* or UNLIMITED, INFINITE */
	FIELD_U32_INF,  /* likewise, of 32 bits */
	FIELD_NODES,    /* FIELD_U32_INF; scontrol takes "1k" and "2-3", too */
	FIELD_SECONDS,  /* in slurm.conf UNLIMITED, too */
	FIELD_MIB,      /* with a unit; UNLIMITED: none */
	FIELD_MEMORY,   /* MiB; in slurm.conf with the factor K or M, and UNLIMITED: none */
	FIELD_LIST,     /* ALL: none is left out */
	FIELD_WORD,     /* text; an empty one is none */
	FIELD_TIME_MIN, /* a time limit */
	FIELD_BOOL,
	FIELD_IGNORED, /* harmless */
	FIELD_REFUSED, /* unsafe to ignore, unless it says none */
};

struct record_row {
	const char *key;
	enum field_kind kind;
	size_t offset;
	const char *none;  /* FIELD_REFUSED: the value that is fine */
	bool file_only;    /* slurm.conf has it, scontrol has not */
	bool running_only; /* the other way round */
	/* In place of a kind; `at` is the member. */
	bool (*own)(struct arena *arena, void *at, const char *s, bool running);
};

/* Texts live in the arena. running: by scontrol, which takes some values otherwise than slurm.conf. False: it
 * is no value for that. */
bool record_read(struct arena *arena, const struct record_row *row, void *record, const char *s,
                 bool running);
/* By its whole name, in any case; NULL: there is none. */
const struct record_row *record_row_of(const struct record_row *rows, size_t n, const char *key,
                                       bool running);
/* Which of the words it is, in any case. */
bool record_word(const char *s, const char *const *words, size_t n, uint32_t *out);

/* A PartitionName line's rows; their members are those of struct core_part_conf. */
const struct record_row *part_value_rows(size_t *n);
struct core_part_conf;
/* What else follows from a value that was read for that key. */
void part_value_follow(struct core_part_conf *part, const char *key);
