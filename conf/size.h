/* Memory and disk sizes. */
#pragma once
#include "core/util/text.h"

#include <stdbool.h>
#include <stdint.h>

/* "1800" (MiB), "1G", "200MB", "100K" (rounded up), "2T": MiB. false when it is no size, or too large. */
bool size_parse_mib(const char *s, uint64_t *mib);
/* "1800M", "1G", "1.50G": as text_add_size(). 0: "0". */
void size_print_mib(struct text *out, uint64_t mib);
