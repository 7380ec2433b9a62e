/* Fault points, for a build that dies on purpose (make fault): before or after the n-th commit or send. Its
 * clock can be wrong on purpose, too. */
#pragma once
#include <stdint.h>

#ifdef BATCHBOX_FAULTS
/* Counts its calls in this process; when the count reaches the number in the file that BATCHBOX_FAULT_FILE
 * names, the file is removed and the process kills itself. what: for the log. */
void fault_point(const char *what);
/* Microseconds that this host's clock is wrong by: BATCHBOX_CLOCK_OFFSET, in seconds. */
int64_t fault_clock_offset(void);
#else
static inline void fault_point(const char *what)
{
	(void)what;
}
static inline int64_t fault_clock_offset(void)
{
	return 0;
}
#endif
