/* What this host has: for the registration, for heartbeats, and for `slurmd -C`. */
#pragma once
#include "core/records.h"

#include <stdio.h>

/* tmp_fs: TmpFS of slurm.conf, NULL: none is looked at. Strings are malloc'ed:
 * schema_free(schema_of_hardware(), out). */
void hardware_find(struct hardware *out, const char *tmp_fs);
/* Where a CPU is: the numbers of its package and, in that, of its core. */
void hardware_place(uint32_t cpu, uint32_t *package, uint32_t *core);
/* The NodeName line of slurm.conf for it, and the time since boot, as the real `slurmd -C` prints them. */
void hardware_print(const struct hardware *hw, const char *node, FILE *to);

/* Different after each boot; "" where the kernel doesn't say. out has room for 64 bytes. */
void hardware_boot_id(char out[64]);
int64_t hardware_boot_time(void); /* microseconds since the epoch; 0 unknown */
uint32_t hardware_load(void);     /* 100ths of the load average of a minute; CORE_NO_VAL unknown */
uint64_t hardware_free_mem(void); /* MiB; CORE_NO_VAL64 unknown */
