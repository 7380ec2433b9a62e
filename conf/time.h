/* Times as Slurm's users write and read them: limits, durations, stamps, --begin's words. Pure but for the
 * local time zone. */
#pragma once
#include "core/util/err.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stdint.h>

/* "5" (minutes), "M:S", "H:M:S", "D-H", "D-H:M", "D-H:M:S"; INFINITE, UNLIMITED, -1. Seconds, or -1 for no
 * limit; false when it is none of these. */
bool time_parse_limit(const char *s, int64_t *seconds);
/* The same in minutes, rounded up as Slurm does; CORE_INFINITE for no limit. */
bool time_parse_minutes(const char *s, uint32_t *minutes);
/* 0:07, 1:02:03, 1-02:03:04 (squeue's TIME). Negative: INVALID. */
void time_print_elapsed(struct text *out, int64_t seconds);
/* 00:00:07, 1-02:03:04 (scontrol's RunTime). */
void time_print_hms(struct text *out, int64_t seconds);
/* A limit in minutes as elapsed time; UNLIMITED for CORE_INFINITE. */
void time_print_limit(struct text *out, uint32_t minutes);
/* 2026-11-23T03:34:06 in local time, or as SLURM_TIME_FORMAT asks for ("standard", "relative" as the former,
 * or a strftime format). */
void time_print_stamp(struct text *out, int64_t time_us);
/* --begin and its like (sbatch(1)), words in any order and case: now[{+|-}N[UNIT]], today, tomorrow,
 * midnight, noon, fika, teatime, HH:MM[:SS][AM|PM], MMDD[YY], MM/DD[/YY], MM.DD[.YY], YYYY-MM-DD; between
 * them blanks, T or -. Both in microseconds since the epoch. What names no day means its next one, with
 * `past` (sacct(1), -S) its last one. false: *wrong_at is the place that is wrong, -1 when there is nothing
 * in it at all. */
bool time_parse_when_at(const char *s, int64_t now_us, bool past, int64_t *out_us, int *wrong_at);
/* The same for what is to come, without the place. */
bool time_parse_when(const char *s, int64_t now_us, int64_t *out_us);
