/* Slurm's own numbers of errors (slurm_errno.def): what `scontrol errnumstr` prints, and commands that exit
 * with an error's number. */
#pragma once

/* The words for a number of Slurm's, or of the system's (errno); NULL: there is no such error. */
const char *slurm_errno_text(int number);
/* Slurm's number of one of ours (enum err_code); 0: it has none. */
int slurm_errno_of(int code);
