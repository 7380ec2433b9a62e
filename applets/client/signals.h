/* Signal names as scancel(1) takes them. */
#pragma once
#include <stddef.h>

/* "TERM", "SIGTERM", "15" -> 15; -1: none. */
int signal_parse(const char *word);
/* Their names, without SIG; NULL: there are no more. */
const char *signal_word(size_t i);
