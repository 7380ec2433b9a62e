/* The options of srun, sbatch and salloc: one table (options.def), one function that sets them and remembers
 * where each value came from. */
#pragma once
#include "core/util/arena.h"
#include "core/util/err.h"
#include "proto/messages.h"

#include <stdbool.h>
#include <stdio.h>

enum submit_command { SUBMIT_SRUN = 1, SUBMIT_SBATCH = 2, SUBMIT_SALLOC = 4 };
/* Later ones override earlier ones. */
enum option_origin { ORIGIN_DEFAULT, ORIGIN_SCRIPT, ORIGIN_ENVIRONMENT, ORIGIN_COMMAND_LINE };

struct submit {
	enum submit_command command;
	const char *program;
	struct arena arena;
	struct job_spec spec; /* strings live in the arena */
	char *prolog, *epilog, *task_prolog, *task_epilog;
	bool quiet, parsable, test_only, wait, label, unbuffered, overlap, exact, exclusive_step, no_shell,
	        kill_on_bad_exit, kill_set;
	bool over;     /* an option asked for no more than to be printed, or was unknown */
	int exit_code; /* then */
	bool ignore_pbs, ignore_bell, quit_on_interrupt, disable_status, multi_prog, preserve_env, pty;
	bool nodes_set, cpus_per_task_set, chdir_set;
	unsigned verbose;
	uint32_t immediate_s;                        /* CORE_NO_VAL: not asked */
	uint32_t job_id, relative, wait_s, uid, gid; /* CORE_NO_VAL */
	char *wrap, *export_vars, *propagate;
	uint32_t dist, plane_size;      /* enum task_dist; CORE_NO_VAL: not asked */
	char *dist_words;               /* as SLURM_DISTRIBUTION has it */
	enum option_origin origin[256]; /* by row */
};

/* Defaults, then (but for sbatch, whose script comes first) the environment. */
int submit_init(struct submit *s, enum submit_command command, struct err *err);
void submit_free(struct submit *s);
int submit_environment(struct submit *s, struct err *err);
/* Parses argv[1..]; *rest is the index of the first word that is no option. -1: the program ends with
 * submit_exit_code(), also after -h and -V, and unknown options, of which it has complained. */
int submit_arguments(struct submit *s, int argc, char **argv, enum option_origin origin, int *rest,
                     struct err *err);
/* Nothing is left to do: sets what submit_exit_code() gives, and returns -1. */
int submit_over(struct submit *s, int exit_code);
/* After one of these failed: prints err, if that was not done, and gives the exit code: 255 where a value
 * can't be read, as the real ones do. */
int submit_exit_code(const struct submit *s, const struct err *err);
/* #SBATCH lines at the head of a script. */
int submit_directives(struct submit *s, const char *script, size_t n, struct err *err);
/* The lines of -v. */
void submit_show(const struct submit *s);
/* Fills in what follows from the rest: names, directories, numbers of tasks and nodes; checks them against
 * each other. */
int submit_finish(struct submit *s, const char *command_name, struct err *err);

/* Splits a directive's options into words as a shell would, up to a # that begins a word. */
int directive_words(struct arena *arena, const char *line, char ***words, int *count, struct err *err);

/* Where an option's value came from. */
enum option_origin submit_origin(const struct submit *s, const char *name);

/* Rows, for tests and help. */
size_t option_count(void);
const char *option_name(size_t row);
bool option_is_for(size_t row, enum submit_command command);
