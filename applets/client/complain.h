/* What several commands complain of in the same words: getopt's, which are glibc's, whatever libc this is
 * built with; times. */
#pragma once
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

/* After getopt_long() (with opterr 0 and a ':' at the front of its short options) gave '?' or ':'. Prints the
 * complaint and `Try "PROGRAM --help"`. */
void complain_option(const char *program, int c, char **argv);
/* The same; of a beginning that several of the options have it names them. */
void complain_option_of(const char *program, int c, char **argv, const struct option *options);

/* time_parse_when_at() of the wall clock; where it is wrong, that is said. */
bool complain_when(const char *value, bool past, int64_t *out_us);

/* -M and its like: of other clusters only slurmdbd knows. In the real one's words; from: "--cluster", or the
 * environment variable that named them. The exit code: 1. */
int complain_clusters(const char *names, const char *from);
