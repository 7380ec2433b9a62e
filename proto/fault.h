/* Fault points, for a build that dies on purpose (make fault): before or after the n-th commit or send. Its
 * clock can be wrong on purpose, too. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef BATCHBOX_FAULTS
/* Counts its calls in this process; when the count reaches the number in the file that BATCHBOX_FAULT_FILE
 * names, the file is removed and the process kills itself. what: for the log. */
void fault_point(const char *what);
/* Microseconds that this host's clock is wrong by: BATCHBOX_CLOCK_OFFSET, in seconds, or what the file that
 * BATCHBOX_CLOCK_FILE names says just now: the clock jumps when that is written. */
int64_t fault_clock_offset(void);
/* What must always hold is looked at in such a build; in others it costs too much. */
static inline bool fault_checks(void)
{
	return true;
}
#else
static inline void fault_point(const char *what)
{
	(void)what;
}
static inline int64_t fault_clock_offset(void)
{
	return 0;
}
static inline bool fault_checks(void)
{
	return false;
}
#endif
