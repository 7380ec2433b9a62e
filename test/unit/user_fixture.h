/* Tests as other users. */
#pragma once
#include <grp.h>
#include <stdbool.h>
#include <unistd.h>

/* For good, and with no other groups; ruid is another than euid in a set-user-id program. Root only. */
static inline bool become_user(uid_t ruid, uid_t euid, gid_t gid)
{
	return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(ruid, euid, euid) == 0;
}

/* Root becomes that user; others stay who they are. */
static inline bool become_ordinary(uid_t uid)
{
	return geteuid() != 0 || become_user(uid, uid, uid);
}
