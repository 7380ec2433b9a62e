/* srun, sbatch and salloc as `batchbox help` and -h tell of them: the rows of options.def, with a word for
 * what each option's argument is. */
#include "applets/client/command.h"
#include "applets/client/option_parsers.h"

#include <string.h>

/* The first row that fits counts. */
static const struct {
	const char *option; /* NULL: all that have this parser */
	int (*parse)(struct submit *s, const struct option_row *row, const char *value, struct err *err);
	const char *word;
} words[] = {
        {"account", option_str, "ACCOUNTS"},
        {"array", option_str, "TASKS"},
        {"comment", option_str, "TEXT"},
        {NULL, option_constraint, "FEATURES"},
        {"dependency", option_str, "KIND:JOBS"},
        {"epilog", option_str, "FILE"},
        {"bb", option_str, "TEXT"},
        {"export-file", option_str, "FILE"},
        {"export", option_str, "NAMES"},
        {"jobid", option_u32, "JOBS"},
        {"mail-user", option_str, "USERS"},
        {"partition", option_str, "PARTITIONS"},
        {"prolog", option_str, "FILE"},
        {"task-epilog", option_str, "FILE"},
        {"task-prolog", option_str, "FILE"},
        {"wrap", option_str, "COMMAND"},
        {NULL, option_str, "NAME"},
        {NULL, option_u32, "N"},
        {NULL, option_time, "TIME"},
        {NULL, option_begin, "TIME"},
        {NULL, option_mem, "SIZE"},
        {NULL, option_tmp, "SIZE"},
        {NULL, option_chdir, "DIR"},
        {NULL, option_cpus_per_task, "N"},
        {NULL, option_ntasks, "N"},
        {NULL, option_positive, "N"},
        {NULL, option_file, "FILE"},
        {NULL, option_node_list, "NODES"},
        {NULL, option_nodefile, "FILE"},
        {NULL, option_bbf, "FILE"},
        {NULL, option_deadline, "TIME"},
        {NULL, option_delay_boot, "TIME"},
        {NULL, option_switches, "N[@TIME]"},
        {NULL, option_extra_node_info, "S[:C[:T]]"},
        {NULL, option_hint, "KIND"},
        {NULL, option_profile, "KINDS"},
        {NULL, option_cpu_freq, "[MIN-]MAX[:GOVERNOR]"},
        {NULL, option_core_spec, "N"},
        {NULL, option_gres_number, "N"},
        {NULL, option_gres_mem, "SIZE"},
        {NULL, option_wait_all_nodes, "0|1"},
        {NULL, option_clusters, "CLUSTERS"},
        {NULL, option_kill_command, "SIGNAL"},
        {NULL, option_get_user_env, "[SECONDS][S|L]"},
        {NULL, option_nodes, "MIN[-MAX]"},
        {NULL, option_distribution, "KIND"},
        {NULL, option_exclusive, "user"},
        {NULL, option_immediate, "SECONDS"},
        {NULL, option_kill_bad_exit, "0|1"},
        {NULL, option_nice, "N"},
        {NULL, option_no_kill, "off"},
        {NULL, option_yes_no, "yes|no"},
        {NULL, option_open_mode, "append|truncate"},
        {NULL, option_propagate, "LIMITS"},
        {NULL, option_threads, "N"},
        {NULL, option_uid, "USERS"},
        {NULL, option_gid, "GROUPS"},
        {NULL, option_signal, "[B:]SIGNAL[@TIME]"},
        {NULL, option_bcast, "FILE"},
        {NULL, option_compress, "LIBRARY"},
        {NULL, option_send_libs, "yes|no"},
        {NULL, option_mail_type, "EVENTS"},
        {NULL, option_mpi, "KIND"},
        {NULL, option_priority, "N"},
        {NULL, option_gres, "LIST"},
};

static const char *word_of(const struct option_row *row)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].parse == row->parse &&
		    (!words[i].option || strcmp(words[i].option, row->name) == 0))
			return words[i].word;
	return "VALUE";
}

bool option_told(enum submit_command command, size_t i, struct command_option *out)
{
	const struct option_row *row = option_row_at(i);
	if (!row)
		return false;
	*out = (struct command_option){row->name, row->letter ? row->letter : 256, row->argument, NULL, NULL};
	if (!(row->commands & command))
		return true;
	out->help = row->parse == option_unsupported ? "" : row->help;
	if (row->argument != no_argument && row->parse != option_unsupported)
		out->word = word_of(row);
	return true;
}

bool option_variable(enum submit_command command, size_t i, struct text *name, struct text *help)
{
	const struct option_row *row = option_row_at(i);
	if (!row)
		return false;
	if (!(row->commands & command) || row->parse == option_unsupported)
		return true;
	const char *at = row->environment, *one;
	for (size_t n; (one = option_next_variable(&at, command, &n));)
		text_printf(name, "%s%.*s", name->len ? ", " : "", (int)n, one);
	if (name->len)
		text_printf(help, "as --%s", row->name);
	return true;
}

/* ---- the commands ---- */

static const struct command_word srun_variables[] = {
        {"SLURM_DIST_PLANESIZE", NULL, "the size of --distribution=plane"},
        {"SLURM_HOSTFILE", NULL, "a file with a host for each task, in order: --distribution=arbitrary"},
        {"SLURM_EXIT_ERROR", NULL,
         "the exit code where something else than an option is wrong, in place of 1"},
        {"SLURM_UMASK", NULL, "the umask of the job or step, in place of this process's"},
        COMMAND_COMMON_VARIABLES,
};
static const struct command_word sbatch_variables[] = {
        {"SLURM_DIST_PLANESIZE", NULL, "the size of --distribution=plane"},
        {"SLURM_HOSTFILE", NULL, "a file with a host for each task, in order: --distribution=arbitrary"},
        {"SLURM_EXIT_ERROR", NULL,
         "the exit code where something else than an option is wrong, in place of 1"},
        {"SLURM_UMASK", NULL, "the umask of the job or step, in place of this process's"},
        COMMAND_COMMON_VARIABLES,
};
static const struct command_word salloc_variables[] = {
        {"SHELL", NULL, "the shell that is started where no command is given"},
        {"SLURM_DIST_PLANESIZE", NULL, "the size of --distribution=plane"},
        {"SLURM_HOSTFILE", NULL, "a file with a host for each task, in order: --distribution=arbitrary"},
        {"SLURM_EXIT_ERROR", NULL,
         "the exit code where something else than an option is wrong, in place of 1"},
        {"SLURM_UMASK", NULL, "the umask of the job or step, in place of this process's"},
        COMMAND_COMMON_VARIABLES,
};

const struct command srun_command = {
        .name = "srun",
        .synopsis = "[OPTIONS] [COMMAND [ARGUMENTS...]]",
        .submit = SUBMIT_SRUN,
        .stop = true,
        .variables = srun_variables,
};
const struct command sbatch_command = {
        .name = "sbatch",
        .synopsis = "[OPTIONS] [SCRIPT [ARGUMENTS...]]",
        .submit = SUBMIT_SBATCH,
        .stop = true,
        .variables = sbatch_variables,
};
const struct command salloc_command = {
        .name = "salloc",
        .synopsis = "[OPTIONS] [COMMAND [ARGUMENTS...]]",
        .submit = SUBMIT_SALLOC,
        .stop = true,
        .variables = salloc_variables,
};
