/* The host's own getent, for users that /etc/passwd and /etc/group don't have (LDAP, SSSD). */
#pragma once
#include "core/util/text.h"

#include <stdbool.h>

/* Runs `getent DATABASE -- KEY` by absolute path with an empty environment, for at most 5 s. true: *out is
 * the first line that it printed (at most 64 KiB, printable or UTF-8 bytes only). false: unknown, no getent
 * here, or its answer is not to be trusted. */
bool getent_line(const char *database, const char *key, struct text *out);
