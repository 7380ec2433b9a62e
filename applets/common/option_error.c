#include "applets/common/option_error.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void option_error(const char *program, int c, char **argv)
{
	/* Behind an option that lacks its argument optind may point past the end. */
	const char *word = c == ':' && optind > 1 && !argv[optind - 1] ? argv[optind - 2]
	                   : optind > 0                                ? argv[optind - 1]
	                                                               : "";
	bool is_long = word && strncmp(word, "--", 2) == 0;
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
}
