/* The parsers that rows of options.def name. Each reads one value into struct submit; -1 with err:
 * ERR_INVALID where the real commands exit with 255, another code where they exit with 1. */
#pragma once
#include "applets/client/options.h"

struct option_row {
	const char *name;
	char letter;
	int argument; /* getopt's no_argument, required_argument, optional_argument */
	unsigned commands;
	const char *environment;
	int (*parse)(struct submit *s, const struct option_row *row, const char *value, struct err *err);
	size_t offset; /* of the member, for the generic parsers */
	const char *help;
};

#define PARSER(name)                                                                                         \
	int option_##name(struct submit *s, const struct option_row *row, const char *value, struct err *err)
PARSER(str);
PARSER(u32);
PARSER(flag);
PARSER(time);
PARSER(mem);
PARSER(begin);
PARSER(chdir);
PARSER(cpus_per_task);
PARSER(distribution);
PARSER(threads);
PARSER(exclusive);
PARSER(uid);
PARSER(gid);
PARSER(hold);
PARSER(immediate);
PARSER(kill_bad_exit);
PARSER(mpi);
PARSER(nice);
PARSER(no_kill);
PARSER(no_requeue);
PARSER(yes_no);
PARSER(requeue);
PARSER(propagate);
PARSER(nodes);
PARSER(ntasks);
PARSER(ntasks_per_node);
PARSER(open_mode);
PARSER(priority);
PARSER(tmp);
PARSER(gres);
PARSER(mail_type);
PARSER(signal);
PARSER(verbose);
PARSER(help);
PARSER(version);
PARSER(unsupported);

/* The value in force, for -v. */
void option_print(const struct submit *s, const struct option_row *row, struct text *out);

/* The rows; NULL: there are no more. */
const struct option_row *option_row_at(size_t i);
/* What stands before a row's name in the environment of that command: SLURM, SBATCH, SALLOC. */
const char *option_prefix(enum submit_command command);
