/* The slurmd of this host, which commands ask about its own steps (proto: local_query). */
#pragma once
#include "applets/client/connect.h"

/* Connects to the slurmd here of that node; node NULL: of the job's node (SLURMD_NODENAME) if it is one, else
 * to any. NULL with err ERR_NOT_FOUND: none of that name runs here; else why it can't be reached. */
struct client *local_open(struct connect *c, const char *node, struct arena *arena, struct err *err);
