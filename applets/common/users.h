/* Users and groups: /etc/passwd and /etc/group first; on a miss the host's own getent (absolute path, empty
 * environment, argument checked, output parsed as hostile, with a time limit), cached. A missing /etc/passwd
 * is normal. These calls may block for getent's time limit: daemons call them through users_resolve_async().
 */
#pragma once
#include "core/records.h"
#include "proto/loop.h"

#include <stdbool.h>
#include <sys/types.h>

struct user {
	uid_t uid;
	gid_t gid;
	char name[256], home[1024], shell[1024];
};

/* 0; -1: no such user (or no user database at all; root is known all the same). */
int user_by_name(const char *name, struct user *out);
int user_by_uid(uid_t uid, struct user *out);
/* "alice", or the number as text. The result lives in a cache of this process. */
const char *user_name_of(uid_t uid);
const char *group_name_of(gid_t gid);
int group_by_name(const char *name, gid_t *out);
/* A name or a number -> uid. */
int user_parse(const char *s, uid_t *out);

/* The whole identity for a grant: names, home, shell, all groups; malloc'ed members:
 * schema_free(schema_of_identity(), out). gid CORE_NO_VAL: the primary one; another must be one of the
 * user's. -1 with ERR_USER_UNKNOWN or ERR_GROUP_UNKNOWN. A uid that no database knows is an error, except the
 * caller's own in single-user mode (then named by number). */
int user_identity(uid_t uid, uint32_t gid, bool accept_unknown, struct identity *out, struct err *err);

/* The same off the loop's thread: done(ctx, identity or NULL, err) runs in the loop's thread; answers from
 * the cache (60 s) come before the call returns. The identity belongs to the cache and is valid during the
 * call. */
typedef void (*users_done)(void *ctx, const struct identity *who, const struct err *err);
void users_resolve_async(struct loop *loop, uid_t uid, uint32_t gid, bool accept_unknown, users_done done,
                         void *ctx);
