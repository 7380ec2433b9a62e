#include "applets/common/job_brief.h"

static void leave_process(struct job_spec *spec, struct arena *arena)
{
	struct identity *who = arena_memdup(arena, spec->who, sizeof(*who));
	who->groups.n = 0;
	who->home = who->shell = NULL;
	spec->who = who;
	spec->limits.n = spec->export_env.n = spec->script_hash.n = spec->env_hash.n = 0;
}

static void leave_files(struct job_info *info)
{
	struct job_spec *spec = info->spec;
	info->std_in = info->std_out = info->std_err = NULL;
	spec->std_in = spec->std_out = spec->std_err = spec->work_dir = spec->command = NULL;
	spec->argv.n = 0;
}

void job_brief(struct job_info *info, uint32_t leave_out, struct arena *arena)
{
	if (leave_out & (JOB_LEAVE_PROCESS | JOB_LEAVE_FILES))
		info->spec = arena_memdup(arena, info->spec, sizeof(*info->spec));
	if (leave_out & JOB_LEAVE_PROCESS && info->spec->who)
		leave_process(info->spec, arena);
	if (leave_out & JOB_LEAVE_FILES)
		leave_files(info);
	if (leave_out & JOB_LEAVE_PLACES) {
		info->state = arena_memdup(arena, info->state, sizeof(*info->state));
		info->state->nodes.n = 0;
	}
}
