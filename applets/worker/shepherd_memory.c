/* A step that uses up its memory: the kernel kills some of its processes, and counts them. The others go on
 * (cgroup.conf(5), ConstrainRAMSpace). */
#include "applets/worker/shepherd.h"

#include <inttypes.h>

static uint64_t killed(const struct shepherd *s)
{
	const struct step_groups *g = s->record.groups;
	return g && g->memory ? step_groups_oom(g) : 0;
}

int memory_status(struct shepherd *s, int status)
{
	const uint64_t now = killed(s);
	if (now <= s->oom_told)
		return status;
	s->oom_told = now;
	return CORE_SIGNAL_OOM;
}

void memory_ended(struct shepherd *s)
{
	const struct step_grant *g = s->record.grant;
	char word[16];
	if (s->oom || (s->oom = killed(s)) == 0)
		return;
	shepherd_tell_user(s,
	                   "Detected %" PRIu64
	                   " oom-kill event(s) in StepId=%u.%s. Some of your processes may "
	                   "have been killed by the cgroup out-of-memory handler.",
	                   s->oom, g->job_id, step_groups_word(g->step_id, word));
}
