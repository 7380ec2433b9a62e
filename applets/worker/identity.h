/* Becoming the user of a grant, in a child that then opens the user's files or runs the user's program. */
#pragma once
#include "core/records.h"
#include "core/util/err.h"

#include <grp.h>
#include <sys/types.h>

/* setgroups, setresgid, setresuid, each verified by reading back; root can't come back. As an ordinary user
 * nothing can be changed: then anybody but ourselves is refused. On any failure the caller must end: it may
 * be half of somebody. */
int identity_become(const struct identity *who, struct err *err);
/* May this process run things as that user at all? -1 says why not. */
int identity_check(const struct identity *who, struct err *err);

#ifdef BATCHBOX_TEST
/* The system calls, for tests that make one of them fail or lie. */
struct identity_calls {
	int (*setgroups)(size_t n, const gid_t *groups);
	int (*setresgid)(gid_t r, gid_t e, gid_t s);
	int (*setresuid)(uid_t r, uid_t e, uid_t s);
};
extern struct identity_calls identity_calls;
#endif
