/* Configless hosts: a daemon fetches slurm.conf and what belongs to it from the controller (slurmd(8),
 * --conf-server), and keeps it in a directory of its own, where the commands of this host find it. */
#pragma once
#include "conf/server.h"
#include "conf/source.h"
#include "proto/loop.h"
#include "proto/messages.h"

/* Where the link `conf` to that directory is: /run/slurm, or in a single-user cluster its own run directory.
 */
const char *configless_link_dir(void);

struct configless;
struct configless_ops {
	/* What the controller sent, checked for form alone. */
	void (*files)(void *ctx, const struct conf_texts *texts);
	/* One try failed; the next follows by itself unless configless_stop() is called. */
	void (*failed)(void *ctx, const struct err *err);
};
/* Asks the servers ("HOST[:PORT],...") in turn until one answers. follow: and is told from then on whenever
 * the files change. NULL with err set: no key, or no list of servers. */
struct configless *configless_start(struct loop *loop, const char *servers, bool follow,
                                    const struct configless_ops *ops, void *ctx, struct err *err);
void configless_stop(struct configless *c);
/* One more server behind those, in place of the one that was named so before: where the files say that the
 * controller is. */
void configless_also(struct configless *c, const char *host, uint16_t port);

/* The same, waiting: 0 with texts in the arena, or -1. ERR_CONNECT: no server could be reached in the time
 * that Slurm's daemons try. */
int configless_fetch(const char *servers, struct arena *arena, struct conf_texts *texts, struct err *err);

/* The files of a message, if their names and number are sane. server: NULL, or where the controller was
 * reached, which is kept with them. */
int configless_take(const struct config_file_list *files, const struct conf_server *server,
                    struct arena *arena, struct conf_texts *texts, struct err *err);
void configless_fill(const struct conf_texts *texts, struct config_file_list *files, struct arena *arena);
bool configless_equal(const struct conf_texts *a, const struct conf_texts *b);

/* Writes the files into dir, which is made, each whole or not at all; others there are removed. */
int configless_store(const char *dir, const struct conf_texts *texts, struct err *err);
/* What was written there; -1: nothing that can be used, and nobody else could have put it there. */
int configless_load(const char *dir, struct arena *arena, struct conf_texts *texts, struct err *err);
/* Points the link at dir. A failure is only logged: the daemon itself doesn't need it. */
void configless_link(const char *dir);
