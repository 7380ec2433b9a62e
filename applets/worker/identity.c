#include "applets/worker/identity.h"

#include "core/util/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifdef BATCHBOX_TEST
struct identity_calls identity_calls = {setgroups, setresgid, setresuid};
#define SETGROUPS identity_calls.setgroups
#define SETRESGID identity_calls.setresgid
#define SETRESUID identity_calls.setresuid
#else
#define SETGROUPS setgroups
#define SETRESGID setresgid
#define SETRESUID setresuid
#endif

int identity_check(const struct identity *who, struct err *err)
{
	if (who->uid == (uint32_t)-1 || who->gid == (uint32_t)-1)
		return err_set(err, ERR_ACCESS_DENIED, "uid %u, gid %u: that is nobody", who->uid, who->gid);
	if (geteuid() == 0)
		return 0;
	if (who->uid != geteuid())
		return err_set(
		        err, ERR_ACCESS_DENIED,
		        "this worker runs as uid %u and can't run anything as uid %u: start slurmd as root",
		        (unsigned)geteuid(), who->uid);
	if (who->gid != getegid())
		return err_set(err, ERR_ACCESS_DENIED,
		               "this worker runs with gid %u and can't run anything with gid %u",
		               (unsigned)getegid(), who->gid);
	return 0;
}

/* The kernel may give the groups back in another order, doubles kept. */
static int verify_groups(const struct identity *who, struct err *err)
{
	int n = getgroups(0, NULL);
	if (n < 0 || (uint32_t)n != who->groups.n)
		return err_set(err, ERR_ACCESS_DENIED,
		               "%d supplementary groups are in force, not the %u of %s", n, who->groups.n,
		               who->user_name ? who->user_name : "the user");
	gid_t *have = xcalloc((size_t)n + 1, sizeof(*have));
	int rc = getgroups(n, have) == n ? 0 : -1;
	for (uint32_t i = 0; rc == 0 && i < who->groups.n; i++) {
		int at = 0;
		while (at < n && have[at] != who->groups.v[i])
			at++;
		rc = at < n ? 0 : -1;
	}
	free(have);
	return rc == 0 ? 0
	               : err_set(err, ERR_ACCESS_DENIED,
	                         "other supplementary groups are in force than those that were set");
}

static int verify_ids(const struct identity *who, struct err *err)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;
	if (getresgid(&rg, &eg, &sg) != 0 || rg != who->gid || eg != who->gid || sg != who->gid)
		return err_set(err, ERR_ACCESS_DENIED, "the group is not %u after setresgid", who->gid);
	if (getresuid(&r, &e, &s) != 0 || r != who->uid || e != who->uid || s != who->uid)
		return err_set(err, ERR_ACCESS_DENIED, "the user is not %u after setresuid", who->uid);
	if (who->uid != 0 && setuid(0) == 0)
		return err_set(err, ERR_ACCESS_DENIED, "root was not given up");
	return 0;
}

int identity_become(const struct identity *who, struct err *err)
{
	if (identity_check(who, err) != 0)
		return -1;
	if (geteuid() != 0)
		return verify_ids(who, err);
	if (SETGROUPS(who->groups.n, who->groups.v) != 0)
		return err_sys(err, errno, "cannot set the %u groups of uid %u", who->groups.n, who->uid);
	if (verify_groups(who, err) != 0)
		return -1;
	if (SETRESGID(who->gid, who->gid, who->gid) != 0)
		return err_sys(err, errno, "cannot become group %u", who->gid);
	if (SETRESUID(who->uid, who->uid, who->uid) != 0)
		return err_sys(err, errno, "cannot become uid %u", who->uid);
	/* Until it runs the user's program, this is a copy of the shepherd, with its sessions' keys; another
	 * uid makes it as dumpable as fs.suid_dumpable says. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(err, errno, "cannot forbid core dumps");
	return verify_ids(who, err);
}
