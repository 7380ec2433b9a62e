/* What every command does first: read slurm.conf, reach the controller with a ticket of the local daemon. */
#pragma once
#include "applets/common/cluster_file.h"
#include "core/util/err.h"
#include "proto/conn.h"

#include <stdbool.h>

/* How long a command tries to reach a controller that is away, as Slurm's do. */
#define CONNECT_LIMIT_US 9000000

struct connect {
	struct cluster_file file;
	bool configured;
	struct client *client;
};

/* Reads the configuration; its errors have been printed when this fails. */
int connect_configure(struct connect *c, struct err *err);
/* Connects; ERR_CONNECT with Slurm's words after CONNECT_LIMIT_US. */
int connect_open(struct connect *c, struct err *err);
/* The same with another limit, and without any retry when limit_us is 0. */
int connect_open_within(struct connect *c, int64_t limit_us, struct err *err);
void connect_close(struct connect *c);
bool connect_knows_node(const struct connect *c, const char *name);

/* A request with one answer of type `want`; *record lives in the arena. */
int connect_ask(struct connect *c, uint32_t type, const void *request, uint32_t want, struct arena *arena,
                void **record, struct err *err);

/* When rc isn't 0: one more line, with the program's prefix, that says what to do about the error; nothing
 * for errors that speak for themselves. */
void connect_help(int rc, const struct err *err);
