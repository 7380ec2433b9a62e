/* Signal names as scancel(1) takes them. */
#pragma once

/* "TERM", "SIGTERM", "15" -> 15; -1: none. */
int signal_parse(const char *word);
