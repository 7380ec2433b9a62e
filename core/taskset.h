/* Sets of an array's task numbers, as --array writes them (sbatch(1)): "1-7:2,9%3". */
#pragma once
#include "core/bits.h"
#include "core/util/err.h"
#include "core/util/text.h"

#define TASKS_END 4000001u /* slurm.conf(5), MaxArraySize: what it can be at most */

/* Reads a list of numbers, ranges and ranges with a step, in brackets or not, and what follows a '%' into
 * *limit (0: nothing, or no limit; NULL: '%' is an error). What the real one passes over is passed over: a
 * comma at the end, and words behind the '%' that are no number. Each number must be less than `end`. The set
 * is the caller's to free(). NULL: ERR_INVALID_ARRAY. */
struct core_bits *taskset_parse(const char *list, uint32_t end, uint32_t *limit, struct err *err);
/* The shortest list: with `steps` a row of at least three with equal distances is first-last:step, which is
 * what is stored; without, as squeue prints it: such a row only where it is the whole set and would be long.
 */
void taskset_text(const struct core_bits *set, bool steps, struct text *out);
