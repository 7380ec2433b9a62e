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
	bool was_open; /* the local daemon knew us: when it is away, too, it is being restarted */
	const volatile int *interrupted; /* NULL, or what ends a wait for the controller */
};

/* How long a command that has something at stake, a job or a step, waits for a controller that is away. */
#define CONNECT_PATIENCE_US 300000000

/* Reads the configuration; its errors have been printed when this fails. */
int connect_configure(struct connect *c, struct err *err);
/* Connects; ERR_CONNECT with Slurm's words after CONNECT_LIMIT_US. */
int connect_open(struct connect *c, struct err *err);
/* The same with another limit, and without any retry when limit_us is 0. */
int connect_open_within(struct connect *c, int64_t limit_us, struct err *err);
void connect_close(struct connect *c);
/* MessageTimeout: how long the other side may take to answer. */
int64_t connect_patience_us(const struct connect *c);

/* A request with one answer of type `want`; *record lives in the arena. */
int connect_ask(struct connect *c, uint32_t type, const void *request, uint32_t want, struct arena *arena,
                void **record, struct err *err);

/* The connection was lost, so that nobody knows what became of the request. */
bool connect_is_lost(const struct err *err);
/* Connects anew, with CONNECT_PATIENCE_US. */
int connect_again(struct connect *c, struct err *err);
/* As connect_ask, for a request with a number of its own (connect_number): when the connection is lost, it is
 * made anew, and the request is sent again with *again set. again == NULL: asking twice does no harm. */
int connect_insist(struct connect *c, uint32_t type, const void *request, bool *again, uint32_t want,
                   struct arena *arena, void **record, struct err *err);
uint64_t connect_number(void);

/* When rc isn't 0: one more line, with the program's prefix, that says what to do about the error; nothing
 * for errors that speak for themselves. */
void connect_help(int rc, const struct err *err);
