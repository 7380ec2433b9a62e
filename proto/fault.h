/* Fault points, for a build that dies on purpose (make fault): before or after the n-th commit or send. */
#pragma once

#ifdef BATCHBOX_FAULTS
/* Counts its calls in this process; when the count reaches the number in the file that BATCHBOX_FAULT_FILE
 * names, the file is removed and the process kills itself. what: for the log. */
void fault_point(const char *what);
#else
static inline void fault_point(const char *what)
{
	(void)what;
}
#endif
