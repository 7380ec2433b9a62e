/* What getopt(3) says of a bad option, in the words of glibc's, which Slurm's users know. */
#pragma once

/* c is what getopt_long() returned for an option string that begins with ':', that is ':' or '?'. One line to
 * stderr. */
void option_error(const char *program, int c, char **argv);
