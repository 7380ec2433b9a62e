#include "applets/client/complain.h"

#include "conf/time.h"
#include "proto/loop.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void complain_option(const char *program, int c, char **argv)
{
	const char *word = optind > 0 ? argv[optind - 1] : "";
	bool is_long = strncmp(word, "--", 2) == 0;
	if (c == ':' && is_long)
		fprintf(stderr, "%s: option '%s' requires an argument\n", program, word);
	else if (c == ':')
		fprintf(stderr, "%s: option requires an argument -- '%c'\n", program, optopt);
	else if (is_long && optopt != 0 && strchr(word, '='))
		fprintf(stderr, "%s: option '%.*s' doesn't allow an argument\n", program,
		        (int)strcspn(word, "="), word);
	else if (is_long)
		fprintf(stderr, "%s: unrecognized option '%s'\n", program, word);
	else
		fprintf(stderr, "%s: invalid option -- '%c'\n", program, optopt);
	fprintf(stderr, "Try \"%s --help\" for more information\n", program);
}

bool complain_when(const char *value, bool past, int64_t *out_us)
{
	int at;
	if (time_parse_when_at(value, loop_wall_clock(), past, out_us, &at))
		return true;
	if (at >= 0)
		fprintf(stderr, "Invalid time specification (pos=%d): %s\n", at, value);
	return false;
}
