/* What a process uses, as proc(5) shows it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum process_memory {
	PROCESS_RSS,     /* what is resident, with what is shared */
	PROCESS_PSS,     /* of what is shared a fair part */
	PROCESS_PRIVATE, /* nothing of what is shared */
};

/* Times, page faults and I/O are also those of children that the process has waited for. */
struct process_usage {
	uint64_t user_us, system_us;
	uint64_t rss_kb,
	        rss_peak_kb; /* as enum process_memory has it; the peak is known of PROCESS_RSS alone */
	uint64_t vm_kb, vm_peak_kb;
	uint64_t pages;         /* faults that needed I/O */
	uint64_t read, written; /* bytes, by read(2), write(2) and the like */
};

/* Each adds what a file of /proc/PID says to *out; false: it is not such a file. ticks: a second's clock
 * ticks. */
bool process_usage_stat(const char *text, uint64_t ticks, struct process_usage *out);
bool process_usage_status(const char *text, enum process_memory memory, struct process_usage *out);
bool process_usage_smaps(const char *text, struct process_usage *out); /* smaps_rollup */
bool process_usage_io(const char *text, struct process_usage *out);

/* All of it. false: there is no such process. Of one that has ended and was not waited for yet memory is 0;
 * of one that may not be looked at, I/O. */
bool process_usage_read(pid_t pid, enum process_memory memory, struct process_usage *out);
