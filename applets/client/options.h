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
	        kill_on_bad_exit, kill_set, hold;
	bool over;     /* an option asked for no more than to be printed, or was unknown */
	int exit_code; /* then */
	bool ignore_pbs, bell, no_bell, quit_on_interrupt, disable_status, multi_prog, preserve_env,
	        get_user_env, pty;
	char *submit_dir;  /* salloc's: where it was called */
	char *submit_host; /* with its domain, where gethostname(2) has one */
	bool nodes_set, cpus_per_task_set, chdir_set;
	unsigned verbose;
	uint32_t immediate_s;                        /* CORE_NO_VAL: not asked */
	uint32_t job_id, relative, wait_s, uid, gid; /* CORE_NO_VAL */
	uint32_t core_spec, thread_spec;             /* CORE_NO_VAL */
	int kill_command;                            /* signal; 0: none */
	char *wrap, *export_vars, *export_file, *propagate;
	char *bcast, *bcast_exclude; /* as they were given; bcast "": without a value */
	char *hint, *profile, *acctg_freq, *cpu_bind, *mpi; /* as they were given */
	char *cpu_freq;                                     /* as SLURM_CPU_FREQ_REQ has it */
	struct mem_bind {
		char *given, *type, *list;
		bool verbose, prefer, sort;
	} mem_bind;
	bool mem_bind_set;
	uint32_t dist, plane_size;      /* enum task_dist; CORE_NO_VAL: not asked */
	char *nodes_in_order;           /* -w as it was given, for -m arbitrary */
	char *dist_words;               /* as SLURM_DISTRIBUTION has it */
	enum option_origin origin[256]; /* by row */
	const char *given[256];         /* the value, by row; NULL: none */
	enum option_origin parsing;     /* where the value that is being read comes from */
	const char *variable;           /* the one whose value can't be read */
};

/* Defaults. */
int submit_init(struct submit *s, enum submit_command command, struct err *err);
void submit_free(struct submit *s);
/* The options that environment variables stand for, as srun(1), sbatch(1) and salloc(1) list them. */
int submit_environment(struct submit *s, struct err *err);
/* What SLURM_EXIT_ERROR says, or 1: for errors that are none of the options'. */
int submit_error_exit(void);
/* Parses argv[1..]; *rest is the index of the first word that is no option. -1: the program ends with
 * submit_exit_code(), also after -h and -V, and unknown options, of which it has complained. */
int submit_arguments(struct submit *s, int argc, char **argv, enum option_origin origin, int *rest,
                     struct err *err);
/* Nothing is left to do: sets what submit_exit_code() gives, and returns -1. */
int submit_over(struct submit *s, int exit_code);
/* After one of these failed: prints err, if that was not done, and gives the exit code: 255 where a value
 * can't be read, as the real ones do. */
int submit_exit_code(const struct submit *s, const struct err *err);
/* One option by its long name. */
int submit_set(struct submit *s, const char *name, const char *value, enum option_origin origin,
               struct err *err);
/* #SBATCH lines at the head of a script, and #PBS and #BSUB lines. file is named in mistakes. (directives.c)
 */
int submit_directives(struct submit *s, const char *file, const char *script, size_t n, struct err *err);
/* One #PBS or #BSUB line: its words behind that. (directives_foreign.c) */
int submit_foreign(struct submit *s, const char *tag, int argc, char **argv, struct err *err);
/* The lines of -v. */
void submit_show(const struct submit *s);
/* Fills in what follows from the rest: names, directories, numbers of tasks and nodes; checks them against
 * each other. */
int submit_finish(struct submit *s, const char *command_name, struct err *err);

/* Splits a directive's options into words: quotes and backslashes count, a # ends them, and so does an empty
 * word. Words for mistakes are without file and line. */
int directive_words(struct arena *arena, const char *line, char ***words, int *count, struct err *err);

/* "Batch job submission failed" and the like: what goes before the controller's words. */
const char *submit_failure(const struct submit *s);
/* A file's name as -v shows it: below the working directory. */
void submit_print_file(const struct submit *s, const char *name, struct text *out);

/* Where an option's value came from. */
enum option_origin submit_origin(const struct submit *s, const char *name);

/* Rows, for tests and help. */
size_t option_count(void);
const char *option_name(size_t row);
bool option_is_for(size_t row, enum submit_command command);
struct option_row;
size_t option_row_number(const struct option_row *row);
/* Why it is refused; NULL: it is not. */
const char *option_reason(size_t row);
/* The next variable of a row's list, and how long its name is, if the command reads it; *at begins as the
 * list. NULL: there are no more. */
const char *option_next_variable(const char **at, enum submit_command command, size_t *n);
